package journey

import (
	"strings"
	"testing"
)

// TestEmulationYear goes through the rest of the year by five roles: a unit changes its
// registration and scores another, the secretary follows, commends and lays down a
// chain, the lead and the superior look, and everybody reads the covenant.
func TestEmulationYear(t *testing.T) {
	site := Open(t)

	// Everybody reads the covenant, both versions and their difference.
	p := site.Page().For(t)
	p.Go("/thi-dua/ht3/2026-nam")
	look(p, "period-open")
	p.Follow("//a[contains(., 'Giao ước thi đua')]")
	p.WaitText("main", "Bản lần 2")
	p.Click("details summary")
	look(p, "covenant")

	// The clerk changes a target; without a reason it is refused beside the field.
	c := signIn(site, "chuyenvien").For(t)
	c.Go("/viec")
	look(c, "duties-cross")
	c.Follow("//a[contains(., 'Chấm chéo')]")
	look(c, "cross")
	scorer := c.Path()
	c.Click("#c-line-3\\.1 summary")
	c.Type("[name='3.1']", "4")
	c.Click("//button[@value='luu']")
	c.WaitText(".state", "Đã lưu")
	c.Type("[name=remark]", "Hồ sơ rõ ràng, nhật ký niêm yết cần có ngày gỡ.")
	c.Click("[name=agree]")
	c.Allow("422")
	c.Click("//button[@value='nop']")
	c.WaitText("#p-r-3\\.1", "xin ghi nhận xét")
	look(c, "cross-refused")
	c.Type("[name='r-3.1']", "Một nhóm nội dung thiếu ngày gỡ")
	// The network goes: what was typed stays on the device, and is sent when it is back.
	c.Offline(true)
	c.Allow("ERR_INTERNET_DISCONNECTED", "Failed to fetch", "net::")
	c.Click("//button[@value='nop']")
	c.WaitText(".state", "")
	c.Offline(false)
	c.WaitText("main", "Đã nộp bảng chấm chéo")
	if path, _, _ := strings.Cut(c.Path(), "?"); path != scorer {
		t.Errorf("after handing in at %s", c.Path())
	}
	look(c, "cross-handed")
	if name, data := c.Download("//a[contains(@href, 'bang.docx')]"); !strings.HasSuffix(name, ".docx") || len(data) < 2000 {
		t.Errorf("F4 is %q of %d bytes", name, len(data))
	}
	c.Go("/viec")
	c.Follow("//a[contains(@href, '/viec/phieu/')]")
	c.Follow("//nav[contains(@class, 'tabs')]//a[contains(., 'Đăng ký')]")
	look(c, "registration")
	c.Follow("//a[contains(., 'Điều chỉnh đăng ký')]")
	c.Type("[name='t-2.3']", "99")
	c.Click("//button[@value='gui']")
	c.WaitText("main", "Xin nêu lý do điều chỉnh")
	look(c, "registration-refused")
	c.Type("[name=reason]", "Tăng chỉ tiêu theo kết luận hội nghị")
	c.Click("//button[@value='gui']")
	c.WaitText("main", "Đã gửi bản đăng ký")
	look(c, "registration-sent")

	// The secretary answers it, with a duty to lead there; and follows the scoring.
	s := signIn(site, "thuky").For(t)
	s.Go("/viec")
	s.Follow("//a[contains(., 'Trả lời bản đăng ký')]")
	s.WaitText("main", "trước: 98")
	s.Follow("//button[@value='accept']")
	s.WaitText("main", "Được chấp nhận")
	s.Go("/viec")
	s.Follow("//a[contains(@href, '/viec/ky/')]")
	look(s, "board")
	board, _, _ := strings.Cut(s.Path(), "?")
	s.Follow("//a[contains(@href, '/dang-ky')]")
	look(s, "registrations")
	s.Go(board + "/cham-cheo")
	s.WaitText("main", "giữ kín")
	look(s, "cross-board")
	s.Go("/viec/cum/ht3/quy-trinh")
	look(s, "chain")
	s.Set("[name=from]", "2027-01-04")
	s.Type("[name=reason]", "Quy chế năm 2027")
	s.Follow("//button[contains(., 'Đặt quy trình')]")
	s.WaitText("main", "Từ ngày 04/01/2027")

	// Commendation: rules with their records, and candidates.
	s.Go(board + "/khen-thuong")
	s.Click("#dieu-kien details summary")
	look(s, "commendation")
	s.WaitText("#dieu-kien", "KT-0")
	s.Click("//article[@id='kp-giay-khen']//summary")
	s.Click("//article[@id='kp-giay-khen']//input[@name='unit']")
	s.Follow("//article[@id='kp-giay-khen']//button")
	s.WaitText("main", "Đã lưu đề cử")
	// The superior and the lead see it; a clerk does not.
	sup := signIn(site, "captren").For(t)
	sup.Go(board + "/khen-thuong?lang=en")
	sup.WaitText("h1", "Commendation")
	look(sup, "commendation-en")
	l := signIn(site, "cumtruong").For(t)
	if code := l.Go(board + "/cham-cheo"); code != 200 {
		t.Errorf("the lead: %d", code)
	}
	c.Allow("403")
	if code := c.Go(board + "/khen-thuong"); code != 403 {
		t.Errorf("a clerk sees the commendation: %d", code)
	}
}
