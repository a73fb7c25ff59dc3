package journey

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dongthuan/internal/qr"
)

// halfDay is the conference that the demonstration prepares, played by six browsers: the
// chair, two secretaries, a desk, two delegates' phones, and the screen.
type halfDay struct {
	t                   *testing.T
	site                *Site
	work                string // address of the work on it
	thuky, cumpho, lead *Page
	desk                *Page
	line                *proxy // of the desk
	phones              [2]*Page
	screen              *Page
	letters             []string // addresses of the delegates' letters, in their order
}

const halfDayCode = "/hoi-nghi/ht3-20261218"

// TestHalfDay plays a whole half-day: the programme, letters, check-in with a desk that
// loses its network, the floor, votes, minutes by two at once, conclusions, a task, the
// archive opened from disk.
func TestHalfDay(t *testing.T) {
	h := &halfDay{t: t, site: Open(t)}
	h.thuky, h.cumpho, h.lead = signIn(h.site, "thuky"), signIn(h.site, "cumpho"), signIn(h.site, "cumtruong")
	h.screen, h.line = h.site.Page(), newProxy(t, h.site)
	h.desk = Browse(t, h.line.url())
	h.phones[0], h.phones[1] = h.site.Page(), h.site.Page()
	for _, part := range []struct {
		name string
		do   func()
	}{{"programme", h.programme}, {"letters", h.invitation}, {"check-in", h.checkIn}, {"floor", h.floor}, {"votes", h.votes}, {"minutes", h.minutes}, {"conclusions", h.conclusions}, {"afterwards", h.afterwards}} {
		if !t.Run(part.name, func(t *testing.T) {
			for _, p := range []**Page{&h.thuky, &h.cumpho, &h.lead, &h.desk, &h.screen, &h.phones[0], &h.phones[1]} {
				*p = (*p).For(t)
			}
			h.t = t
			part.do()
		}) {
			return // what follows builds on it
		}
	}
}

func (h *halfDay) programme() {
	p := h.thuky
	p.Go(halfDayCode)
	look(p, "conference-public")
	p.Follow("//a[contains(., 'Vào phần làm việc')]")
	h.work, _, _ = strings.Cut(p.Path(), "?")
	look(p, "conference-overview")
	p.Follow("//nav[contains(@class, 'tabs')]//a[contains(., 'Chương trình')]")
	look(p, "conference-programme")
	// An item moves up by its button; the times follow before anything is saved.
	p.Click("tbody tr:nth-child(4) [data-move='-1']")
	p.WaitText("tbody tr:nth-child(3) [data-time]", "08:10")
	if got := p.Value("tbody tr:nth-child(3) [name^='title-']"); !strings.HasPrefix(got, "Báo cáo sơ kết") {
		h.t.Errorf("in the third row stands %q", got)
	}
	// Another is drawn up with the mouse, and back.
	p.Size(1280, 900)
	p.Drag("tbody tr:nth-child(5) .grip", "tbody tr:nth-child(4) .grip")
	p.WaitText("tbody tr:nth-child(5) [data-time]", Eval[string](p, `document.querySelectorAll('tbody tr')[4].querySelector('[data-time]').textContent`))
	if got := p.Value("tbody tr:nth-child(5) [name^='title-']"); strings.HasPrefix(got, "Kết quả") || got == "" {
		h.t.Errorf("after the drag the fifth row is %q", got)
	}
	p.Drag("tbody tr:nth-child(5) .grip", "tbody tr:nth-child(4) .grip")
	p.Type("tbody tr:nth-child(7) [name^='minutes-']", "mười")
	p.Allow("422")
	p.Follow("//button[contains(., 'Lưu chương trình')]")
	p.WaitText("tbody tr:nth-child(7)", "Số phút của một mục phải")
	p.Type("tbody tr:nth-child(7) [name^='minutes-']", "10")
	p.Follow("//button[contains(., 'Lưu chương trình')]")
	p.WaitText("main", "Đã lưu chương trình")
	p.WaitText("#cong-bo", "từ 08:20 sang 08:10")
	p.Type("#cong-bo input[name=note]", "Đưa báo cáo lên trước")
	p.Follow("#cong-bo button")
	p.WaitText("main", "Đã công bố chương trình")
	h.screen.Go(halfDayCode)
	h.screen.WaitText("main", "Lần 2")
	h.screen.Click("//summary[contains(., 'Thay đổi so với lần trước')]")
	h.screen.WaitText("main", "từ 08:20 sang 08:10")
}

func (h *halfDay) invitation() {
	p := h.thuky
	p.Go(h.work + "/dai-bieu")
	look(p, "conference-delegates")
	h.letters = Eval[[]string](p, `[...document.querySelectorAll('tbody a[href*="/giay-moi/"]:not([href$=".docx"]):not([href$=".pdf"])')].map(a => new URL(a.href).pathname)`)
	if len(h.letters) != 36 {
		h.t.Fatalf("%d letters", len(h.letters))
	}
	if name, data := p.Download("tbody tr:nth-child(13) a[href$='.docx']"); !strings.HasSuffix(name, ".docx") || len(data) < 5000 {
		h.t.Errorf("the letter is %q of %d bytes", name, len(data))
	}
	for i, phone := range h.phones {
		phone.Size(360, 740)
		phone.Go(h.letters[12+i]) // heads of DV03 and DV04
		phone.WaitText("main", "Trả lời giấy mời")
		phone.Follow("//button[contains(., 'Tôi sẽ dự')]")
		phone.WaitText("main", "đã ghi nhận trả lời")
	}
	phone := h.phones[0]
	phone.Axe()
	phone.Fits()
	phone.Screenshot("conference-letter-360")
	p.Go(h.work + "/tham-luan")
	look(p, "conference-papers")
}

// codePicture is a photograph of a delegate's code, as a phone would send it.
func (h *halfDay) codePicture(letter string) string {
	return h.picture(h.site.URL + letter)
}

func (h *halfDay) picture(text string) string {
	code, err := qr.New(text)
	if err != nil {
		h.t.Fatal(err)
	}
	data, err := code.PNG()
	if err != nil {
		h.t.Fatal(err)
	}
	name := filepath.Join(h.t.TempDir(), "ma.png")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		h.t.Fatal(err)
	}
	return name
}

func (h *halfDay) checkIn() {
	p := h.thuky
	p.Go(h.work + "/diem-danh")
	p.Type("[name=name]", "Bàn 1")
	p.Follow("//button[contains(., 'Mở bàn')]")
	p.WaitText("main", "Đã mở bàn đón tiếp")
	look(p, "conference-presence")
	d := h.desk
	d.Size(360, 740)
	d.Go(Eval[string](p, `document.querySelector('a[href*="/ban/"]').getAttribute('href')`))
	d.Wait("[data-camera]")
	// By a photograph of the code, and by typing it.
	d.Upload("[data-photo]", h.codePicture(h.letters[12]))
	d.WaitText("[data-say]", "Phường Yên Lãng")
	d.WaitText("[data-sync]", "Đã gửi hết")
	code := h.letters[13][strings.LastIndex(h.letters[13], "/")+1:]
	d.Type("[data-find]", strings.ToLower(code[:4]+"-"+code[4:8]))
	d.Press("\r")
	d.WaitText("[data-say]", "Phường Hồ Trúc")
	d.WaitText("[data-sync]", "Đã gửi hết")
	d.Axe()
	d.Fits()
	d.Screenshot("conference-desk-360")
	// The network goes: two more are seen, and wait on the device.
	d.Allow("Failed to fetch", "net::")
	h.line.Cut(true)
	for _, i := range []int{14, 15} {
		photo := h.codePicture(h.letters[i])
		if i == 15 { // a badge has the mark alone
			photo = h.picture(h.letters[i][strings.LastIndex(h.letters[i], "/")+1:][:6])
		}
		d.Upload("[data-photo]", photo)
		d.WaitText("[data-say]", "✓")
		d.WaitText("[data-sync]", map[int]string{14: "1 lượt chờ gửi", 15: "2 lượt chờ gửi"}[i])
	}
	d.Screenshot("conference-desk-offline-360")
	d.Upload("[data-photo]", h.codePicture(h.letters[14]))
	d.WaitText("[data-say]", "đã điểm danh lúc")
	// Without a network the page opens again, with what it holds.
	d.Go(d.Path())
	d.WaitText("[data-sync]", "3 lượt chờ gửi")
	// Meanwhile the secretary sees one of them too.
	p.Click("//summary[contains(., 'Điểm danh theo danh sách')]")
	p.Follow("//tr[contains(., 'Phường Thanh Khương')][contains(., 'Phụ trách dân vận')]//button[contains(., 'Có mặt')]")
	p.WaitText("main", "Đã ghi điểm danh")
	h.line.Cut(false)
	d.WaitText("[data-sync]", "Đã gửi hết")
	// Both have seen one delegate: the desk hears where, the secretariat when.
	d.WaitText("[data-refused]", "Phường Thanh Khương")
	d.WaitText("[data-refused]", "đã điểm danh lúc")
	d.Axe()
	d.Screenshot("conference-desk-twice-360")
	d.Click("[data-refused] button")
	p.WaitText("[data-live-part=bang]", "4/36") // by itself
	p.WaitText("[data-live-part=bang]", "4/12")
	// A walk-in takes one form; nine more are ticked from the paper list.
	d.Click("//summary[contains(., 'ngoài danh sách')]")
	d.Type("#f-office", "Phóng viên")
	d.Click("[data-walkin-form] button")
	d.WaitText("[data-say]", "ghi cơ quan của khách") // and what was typed stands there still
	d.Type("#f-body", "Đài Phát thanh")
	d.Click("[data-walkin-form] button")
	d.WaitText("[data-say]", "Phóng viên, Đài Phát thanh")
	// Somebody who is there already, found by name: Enter never sends them home.
	d.Type("[data-find]", "Phóng viên")
	d.Press("\r")
	d.WaitText("[data-say]", "đã điểm danh lúc")
	d.WaitText("[data-count-at]", "4/36 +1")
	p.Go(h.work + "/diem-danh")
	p.Click("//summary[contains(., 'Quét trùng')]")
	p.WaitText("[data-live-part=bang]", "ghi lại lúc")
	p.Click("//summary[contains(., 'Nhập các chữ ký')]")
	Eval[int](p, `[...document.querySelectorAll('#giay input[name=delegate]')].slice(0, 9).map(c => c.click()).length`)
	p.Follow("//section[@id='giay']//button[contains(., 'Nhập các chữ ký')]")
	p.WaitText("[data-live-part=bang]", "13/36")
}

func (h *halfDay) floor() {
	lead, screen := h.lead, h.screen
	lead.Go(h.work + "/dieu-hanh")
	lead.WaitText("main", "Kết luận hội nghị ngày 09/07/2026") // what became of the last ones
	screen.Size(1920, 1080)
	screen.Go(halfDayCode + "/man-hinh")
	lead.Follow("//button[contains(., 'Khai mạc')]")
	lead.WaitText("main", "Hội nghị đã khai mạc")
	// The phones see that it began, by themselves.
	for _, phone := range h.phones {
		phone.WaitText("main", "Chủ tọa chưa mở danh sách phát biểu")
	}
	for range 6 { // to the floor
		lead.Follow("//button[contains(., 'Tiếp theo')]")
	}
	lead.WaitText("[data-live-part=muc]", "Thảo luận (giao ban)")
	screen.WaitText("[data-hall=item]", "Thảo luận (giao ban)")
	for i, phone := range h.phones {
		phone.Wait("[data-ask]")
		phone.Follow("//button[@value='speech']")
		phone.WaitText("[data-hall=place]", []string{"Thứ 1", "Thứ 2"}[i])
	}
	h.phones[1].Axe()
	h.phones[1].Fits()
	h.phones[1].Screenshot("conference-phone-queue-360")
	lead.WaitText("[data-live-part=cho]", "Phường Hồ Trúc")
	// The chair turns them round; both phones show it without being touched.
	lead.Follow("//li[contains(., 'Phường Hồ Trúc')]//button[@value='up']")
	h.phones[1].WaitText("[data-hall=place]", "Thứ 1")
	h.phones[0].WaitText("[data-hall=place]", "Thứ 2")
	look(lead, "conference-chair")
	// A secretary adds a raised hand.
	// As long as the chair's finger is on the list, nothing in it moves.
	finger := func(event string) {
		Eval[bool](lead, `document.querySelector('[data-live-part=cho] .queue-who').dispatchEvent(new PointerEvent('`+event+`', { bubbles: true }))`)
	}
	finger("pointerdown")
	h.thuky.Go(h.work + "/dieu-hanh")
	h.thuky.Click("//summary[contains(., 'Ghi người giơ tay')]")
	Eval[string](h.thuky, `(s => s.value = [...s.options].find(o => o.text.includes('Bạch Liên')).value)(document.querySelector('#h-d'))`)
	h.thuky.Type("[name=subject]", "Mẫu bảng tiếp thu")
	h.thuky.Follow("//button[contains(., 'Ghi vào danh sách')]")
	screen.WaitText("[data-hall=three]", "Phường Bạch Liên")
	time.Sleep(1500 * time.Millisecond) // the chair's page has heard of it too
	if text := lead.Text("[data-live-part=cho]"); strings.Contains(text, "giơ tay") {
		h.t.Errorf("the list moved under the finger: %s", text)
	}
	finger("pointerup")
	lead.WaitText("[data-live-part=cho]", "giơ tay")
	lead.Follow("//li[contains(., 'Phường Hồ Trúc')]//button[@value='call']")
	screen.WaitText("[data-hall=speaker]", "Phường Hồ Trúc")
	screen.WaitText("[data-hall=timer]", "còn")
	h.phones[1].WaitText("main", "Xin mời phát biểu")
	// Amber one minute before the end, then what is over is counted.
	ahead := func(minutes float64) {
		Eval[bool](screen, fmt.Sprintf(`(window.realNow ||= Date.now, Date.now = () => realNow.call(Date) + %g * 60000, true)`, minutes))
	}
	ahead(4.2)
	screen.Wait("[data-hall=timer].soon")
	ahead(6.5)
	screen.Wait("[data-hall=timer].over")
	screen.WaitText("[data-hall=timer]", "quá 1:")
	ahead(0)
	screen.WaitText("[data-hall=timer]", "còn")
	screen.Axe()
	screen.Screenshot("conference-screen-1920")
	screen.Dark(true)
	screen.Axe()
	screen.Screenshot("conference-screen-1920-dark")
	screen.Dark(false)
	// The line goes for a moment; the phone catches up by itself.
	h.phones[0].Allow("ERR_INTERNET_DISCONNECTED", "Failed to fetch", "net::")
	h.phones[0].Offline(true)
	lead.Follow("//button[contains(., 'Kết thúc lượt')]")
	lead.Follow("//li[contains(., 'Phường Bạch Liên')]//button[@value='call']")
	h.phones[0].Offline(false)
	h.phones[0].WaitText("[data-hall=speaker]", "Phường Bạch Liên")
	h.phones[0].WaitText("[data-hall=place]", "Thứ 1")
	h.phones[0].Follow("//button[contains(., 'Rút đăng ký')]")
	h.phones[0].WaitText("main", "Đã rút đăng ký")
	lead.Follow("//button[contains(., 'Kết thúc lượt')]")
	lead.WaitText("[data-live-part=cho]", "Chưa có ai đăng ký")
}

func (h *halfDay) votes() {
	lead, screen := h.lead, h.screen
	lead.Click("//summary[contains(., 'Mở biểu quyết')]")
	lead.Type("[name=question]", "Tổ chức tọa đàm vào tháng 3/2027?")
	lead.Click("[name=way][value=phone]")
	lead.Follow("//button[contains(., 'Mở biểu quyết')]")
	for i, phone := range h.phones {
		phone.Wait("[data-vote-form]")
		phone.WaitText("[data-vote-box]", "tháng 3/2027")
		if i == 0 {
			phone.Axe()
			phone.Screenshot("conference-phone-vote-360")
		}
		phone.Follow([]string{"//button[@value='yes']", "//button[@value='abstain']"}[i])
		phone.WaitText("[data-vote-box]", "Đã ghi nhận")
	}
	lead.WaitText("[data-live-part=phieu]", "2/5") // fourteen are there, five of them come for a unit
	for _, p := range []*Page{lead, screen} {      // sealed
		if text := p.Text("main"); strings.Contains(text, "Tán thành 1") {
			h.t.Errorf("a number is shown before the vote is closed: %s", text)
		}
	}
	lead.Follow("//button[contains(., 'Đóng biểu quyết')]")
	screen.WaitText("[data-hall=result]", "Tán thành 1 · Không tán thành 0 · Không có ý kiến 1")
	lead.Click("//summary[contains(., 'Mở biểu quyết')]")
	lead.Type("[name=question]", "Thông qua nhiệm vụ năm 2027")
	lead.Follow("//button[contains(., 'Mở biểu quyết')]")
	lead.Type("[name=yes]", "4")
	lead.Type("[name=no]", "0")
	lead.Type("[name=abstain]", "0")
	lead.Allow("422")
	lead.Follow("//button[contains(., 'Đóng biểu quyết')]")
	lead.WaitText("main", "Tổng ba số là 4, trong khi có mặt 5")
	lead.Axe()
	lead.Screenshot("conference-chair-count")
	lead.Type("[name=abstain]", "1")
	lead.Follow("//button[contains(., 'Đóng biểu quyết')]")
	lead.WaitText("[data-live-part=phieu]", "Được thông qua")
	screen.WaitText("[data-hall=result]", "Được thông qua")
	screen.Screenshot("conference-screen-vote-1920")
}

// noteOf is the field of the item under way.
const noteOf = ".minute.now textarea[data-note]"

func (h *halfDay) minutes() {
	a, b := h.thuky, h.cumpho
	a.Go(h.work + "/bien-ban")
	b.Go(h.work + "/bien-ban")
	a.WaitText(".minute.now", "Phường Hồ Trúc phát biểu") // written by itself
	a.Type(noteOf, "Các đơn vị thống nhất dùng chung mẫu bảng tiếp thu. Giao Cụm trưởng hướng dẫn.")
	a.WaitText(".minute.now .state", "Đã lưu")
	// The other secretary sees it, then both write at once: the second has both versions.
	for range 200 {
		if strings.Contains(b.Value(noteOf), "thống nhất dùng chung") {
			break
		}
	}
	b.WaitText(".minute.now .state", "Thư ký Cụm thi đua số 3")
	b.Type(noteOf, "Các đơn vị thống nhất dùng chung mẫu bảng tiếp thu. Hạn 31/01/2027.")
	b.WaitText(".minute.now .state", "Đã lưu")
	a.Allow("409")
	a.Type(noteOf, "Các đơn vị thống nhất dùng chung mẫu bảng tiếp thu. Giao Cụm trưởng hướng dẫn, hoàn thành trong tháng 1.")
	a.WaitText(".minute.now .clash", "Hạn 31/01/2027")
	look(a, "conference-minutes-conflict")
	a.Click("//div[contains(@class, 'clash')]//button[contains(., 'Giữ bản của tôi')]")
	a.WaitText(".minute.now .state", "Đã lưu")
	// On to the papers, then to the end.
	lead := h.lead
	for range 3 {
		lead.Follow("//button[contains(., 'Tiếp theo')]")
	}
	lead.WaitText("[data-live-part=muc]", "Tham luận")
	lead.Click("//summary[contains(., 'Tham luận')]")
	lead.Follow("//li[contains(., 'DV01')]//button[@value='paper']")
	h.screen.WaitText("[data-hall=kind]", "Tham luận")
	lead.Follow("//button[contains(., 'Kết thúc lượt')]")
	lead.Follow("//button[contains(., 'Bế mạc')]")
	lead.WaitText("main", "Hội nghị đã bế mạc")
	h.screen.WaitText("main", "Hội nghị đã bế mạc")
	h.phones[0].WaitText("main", "Hội nghị đã bế mạc")
}

func (h *halfDay) conclusions() {
	p := h.thuky
	p.Go(h.work + "/bien-ban")
	p.Click("//section[contains(@class, 'minute')][contains(., 'Thảo luận (giao ban)')]//summary[contains(., 'Đánh dấu kết luận')]")
	p.Follow("//li[contains(., 'thống nhất dùng chung')]//button[contains(., 'là kết luận')]")
	p.WaitText("main", "Đã ghi kết luận")
	p.Go(h.work + "/ket-luan")
	p.Click("//summary[contains(., 'Giao nhiệm vụ')]")
	p.Type("textarea[name=product]", "Mẫu bảng tiếp thu và hướng dẫn")
	p.Set("[name=due]", "2027-01-29")
	p.Click("//label[contains(., 'DV03 Phường Yên Lãng')]/input[@name='leads']")
	look(p, "conference-conclusions")
	p.Follow("//button[contains(., 'Giao nhiệm vụ')]")
	p.WaitText("main", "Đã giao nhiệm vụ từ kết luận")
	p.Follow("//a[contains(., 'Nhiệm vụ số')]")
	p.WaitText("main", "Từ kết luận hội nghị")
	p.Follow("//a[contains(., 'thống nhất dùng chung')]") // and back
	p.WaitText(".conclusions", "0/1 đơn vị xong")
	p.Go(h.work + "/bien-ban")
	p.Follow("//button[contains(., 'Đã soát xong')]")
	h.lead.Go(h.work + "/bien-ban")
	h.lead.Follow("//button[contains(., 'Ký biên bản')]")
	h.lead.WaitText("main", "Đã ký và khóa biên bản")
	if h.lead.Has("textarea[data-note]") {
		h.t.Error("signed minutes can still be written")
	}
	look(h.lead, "conference-minutes-signed")
}

func (h *halfDay) afterwards() {
	p := h.thuky
	p.Go(h.work + "/sau")
	p.Follow("//button[contains(., 'Tạo bản nháp tin')]")
	p.WaitText("main", "Đã tạo bản nháp tin")
	look(p, "conference-after")
	h.screen.Size(1280, 900)
	h.screen.Go(halfDayCode)
	if name, data := h.screen.Download("//a[contains(., 'Biên bản')]"); !strings.HasSuffix(name, ".docx") || len(data) < 5000 {
		h.t.Errorf("the minutes are %q of %d bytes", name, len(data))
	}
	_, data := h.screen.Download("//a[contains(., 'Hồ sơ hội nghị')]")
	folder := h.unpack(data)
	// The archive is a folder on a disk, and opens from it: nothing else is needed.
	page := Browse(h.t, "file:///")
	page.Go(folder + "/index.html")
	page.WaitText("main, body", "thống nhất dùng chung mẫu bảng tiếp thu")
	page.Axe()
	page.Screenshot("conference-archive")
	page.Size(360, 740)
	page.Fits()
	page.Screenshot("conference-archive-360")
}

// unpack writes the archive to a folder, and compares every file with its hash.
func (h *halfDay) unpack(data []byte) string {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		h.t.Fatal(err)
	}
	folder := h.t.TempDir()
	if err := os.CopyFS(folder, z); err != nil {
		h.t.Fatal(err)
	}
	sums, err := os.ReadFile(filepath.Join(folder, "SHA256SUMS"))
	if err != nil {
		h.t.Fatal(err)
	}
	for line := range strings.Lines(string(sums)) {
		want, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		f, err := os.Open(filepath.Join(folder, name))
		if err != nil {
			h.t.Fatal(err)
		}
		sum := sha256.New()
		_, err = io.Copy(sum, f)
		f.Close()
		if err != nil || hex.EncodeToString(sum.Sum(nil)) != want {
			h.t.Errorf("%s does not have its hash: %v", name, err)
		}
	}
	return folder
}
