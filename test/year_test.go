package journey

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestYear goes through what the year brings beside figures: a task from the
// secretary to its product, an appeal to its answer, a holiday declared late, and
// what each of the people concerned hears of it.
func TestYear(t *testing.T) {
	site := Open(t)

	// The public asks when something is due, and why.
	p := site.Page().For(t)
	p.Go("/lich")
	p.WaitText("main", "Tết Nguyên đán")
	look(p, "calendar")
	p.Go("/lich/han")
	p.Set("[name=quy-tac]", "CK-01")
	p.Type("[name=tu]", "24/04/2026")
	p.Follow("main form button.main")
	p.WaitText(".due h2", "06/05/2026")
	p.WaitText(".why", "Giỗ Tổ Hùng Vương")
	look(p, "due")
	p.Go("/lich/han?quy-tac=CK-01&tu=hôm nay")
	p.Wait(".field-bad")
	p.Go("/lich/quy-tac")
	look(p, "rules")
	if p.Go("/nhiem-vu/ht3"); !strings.HasPrefix(p.Path(), "/dang-nhap") {
		t.Errorf("the public is at %s", p.Path())
	}

	// The secretary sets a task; without a product it is refused beside the field, and
	// what was typed stays.
	s := signIn(site, "thuky").For(t)
	s.Go("/nhiem-vu/ht3")
	look(s, "tasks")
	s.Follow("//a[contains(., 'Giao nhiệm vụ')]")
	look(s, "task-new")
	s.Type("[name=title]", "Báo cáo kết quả tiếp xúc trước kỳ họp")
	s.Set("[name=due]", "2026-11-27")
	s.Click("//tr[contains(., 'Yên Lãng')]//input[@value='lead']")
	s.Click("//tr[contains(., 'Bạch Liên')]//input[@value='with']")
	s.Type("[name=product]", "Báo cáo có số liệu")
	s.Follow("main form button.main")
	s.WaitText("main", "Đã giao nhiệm vụ")
	task, _, _ := strings.Cut(s.Path(), "?")
	look(s, "task")

	// Its clerk hears of it, and hands in the product.
	c := signIn(site, "chuyenvien").For(t)
	c.Go("/viec/thong-bao")
	look(c, "notices")
	c.Follow("//a[contains(., 'Báo cáo kết quả tiếp xúc')]")
	if c.Path() != task {
		t.Errorf("the notice leads to %s", c.Path())
	}
	c.Allow("422")
	c.Follow("//button[contains(., 'Báo hoàn thành')]")
	c.WaitText("main", "Xin gửi kèm sản phẩm")
	look(c, "task-refused")
	file := filepath.Join(t.TempDir(), "bao-cao.pdf")
	if err := os.WriteFile(file, onePage, 0o600); err != nil {
		t.Fatal(err)
	}
	c.Upload("[name=file]", file)
	c.Follow("//button[contains(., 'Báo hoàn thành')]")
	c.WaitText("main", "bao-cao.pdf")
	c.WaitText("main", "hoàn thành")
	c.Go("/viec")
	look(c, "duties")

	// The secretary hears of that, answers an appeal in time, and the unit's board.
	s.Go("/viec/thong-bao")
	s.WaitText("main", "báo hoàn thành: Báo cáo kết quả tiếp xúc")
	s.Go("/viec")
	s.Follow("//a[contains(., 'Trả lời kiến nghị')]")
	s.Wait(".appeal.wait")
	s.Click(".appeal summary")
	s.WaitText(".appeal .why", "không tính")
	look(s, "appeal")
	s.Type(".appeal [name=points]", "5")
	s.Type(".appeal [name=answer]", "Đã đối chiếu sổ theo dõi, chấp nhận kiến nghị.")
	s.Follow(".appeal button[value=accept]")
	s.WaitText(".appeal", "Đã đối chiếu sổ theo dõi")
	s.Go("/nhiem-vu/ht3?theo=don-vi")
	look(s, "tasks-by-unit")
	s.Go("/nhiem-vu/ht3/nhap")
	s.Type("[name=block]", "20\tViệc nhập từ bảng tính\tBáo cáo\t\tDV01, DV02\tDV03\t01/12/2026\n21\tViệc sai\t\t\tDV99\t\t32/12/2026")
	s.Follow("//form[.//textarea[@name='block']]//button[contains(., 'Xem trước')]")
	s.WaitText("main", "DV99")
	look(s, "task-import")

	// The operator declares a holiday.
	o := signIn(site, "quantri").For(t)
	o.Go("/quan-tri/lich?nam=2026&ngay=2026-11-24")
	look(o, "calendar-manage")
	o.Set("[name=kind]", "holiday")
	o.Set("[name=source]", "Nghị quyết của Quốc hội")
	o.Follow("#day button.main")
	o.WaitText("main", "Đã lưu lịch")
	o.Go("/lich/han?quy-tac=NB-01&tu=20/11/2026")
	o.WaitText(".due h2", "30/11/2026")

	// The leader sees what the unit owes, in English.
	l := signIn(site, "lanhdao").For(t)
	l.Go("/viec?lang=en")
	l.WaitText("h1", "My work")
	l.Go("/nhiem-vu/ht3?lang=en&xem=late")
	l.WaitText("main", "overdue")
	look(l, "tasks-en")
}

// onePage is the smallest PDF that a reader opens.
var onePage = []byte("%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj\nxref\n0 4\n0000000000 65535 f \n0000000009 00000 n \n0000000052 00000 n \n0000000101 00000 n \ntrailer<</Size 4/Root 1 0 R>>\nstartxref\n164\n%%EOF\n")
