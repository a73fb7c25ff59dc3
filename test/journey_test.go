package journey

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/xuri/excelize/v2"
)

const password = "dong-thuan-ha-thanh"

// signIn signs a person in and returns their page.
func signIn(site *Site, login string) *Page {
	p := site.Page()
	p.Go("/dang-nhap")
	p.Type("input[name=login]", login)
	p.Type("input[name=password]", password)
	p.Follow("main form button")
	p.Wait("a.office")
	return p
}

// TestJourney goes through the half-year as its people do, in a browser: reader,
// clerk, secretary, editor, operator.
func TestJourney(t *testing.T) {
	site := Open(t)
	t.Run("reader", func(t *testing.T) { reader(t, site.Page().For(t)) })
	t.Run("clerk", func(t *testing.T) { clerk(t, signIn(site, "chuyenvien").For(t)) })
	t.Run("returned sheet", func(t *testing.T) { returned(t, signIn(site, "chuyenvien2").For(t)) })
	t.Run("secretary", func(t *testing.T) { secretary(t, signIn(site, "thuky").For(t)) })
	t.Run("report", func(t *testing.T) { composer(t, signIn(site, "cumtruong").For(t)) })
	t.Run("editor", func(t *testing.T) { editor(t, signIn(site, "bientap").For(t)) })
	t.Run("operator", func(t *testing.T) { operator(t, signIn(site, "quantri").For(t)) })
	t.Run("without scripts", func(t *testing.T) { withoutScripts(t, site) })
}

// look holds a page to what every page must be: nothing for axe to find, nothing
// to scroll sideways for on a phone, in light and dark.
func look(p *Page, name string) {
	p.Axe()
	p.Screenshot(name)
	p.Size(360, 740)
	p.Fits()
	p.Dark(true)
	p.Axe()
	p.Screenshot(name + "-360-dark")
	p.Dark(false)
	p.Size(1280, 900)
}

// reader goes from the first page to the file behind a number: three taps.
func reader(t *testing.T, p *Page) {
	p.Go("/")
	p.WaitText("h1", "Cụm thi đua số 3")
	look(p, "home")
	p.Follow("//a[contains(., 'Hội nghị sơ kết phong trào thi đua')]")
	p.WaitText("main", "09/07/2026 | 17:03")
	look(p, "news")
	p.Go("/bao-cao/ht3-2026-6t")
	look(p, "report")
	p.Follow(`//p/a[@class='number'][contains(@href, '/so/cong_khai_dat')]`) // first tap
	p.WaitText("main", "Phường Tây Lĩnh")
	look(p, "figure")
	p.Follow(`//th/a[contains(@href, 'DV01')]`) // second
	p.WaitText("main", "SHA-256")
	look(p, "entry")
	hash := p.Text(".files .mono")
	_, data := p.Download(".files a") // third
	sum := sha256.Sum256(data)
	if got := hex.EncodeToString(sum[:]); !strings.HasPrefix(got, strings.TrimPrefix(strings.TrimSpace(hash), "SHA-256 ")) || len(hash) < 20 {
		t.Errorf("the file's SHA-256 is %s, the page shows %s", got, hash)
	}
	p.Go("/thi-dua/ht3/2026-6t?lang=en")
	p.WaitText("main", "Trial scoring")
	look(p, "ranking-en")
	p.Go("/don-vi/DV01?lang=vi")
	look(p, "unit")
	p.Go("/tim?q=giai+phong+mat+bang")
	p.Wait("mark")
	look(p, "search")
	p.Size(1920, 1080)
	p.Go("/thi-dua/ht3/2026-6t")
	p.Screenshot("ranking-hall")
}

func clerk(t *testing.T, p *Page) {
	p.WaitText("main", "Nộp số liệu: Năm 2026")
	look(p, "duties")
	p.Follow("//h2/a[contains(., 'Năm 2026')]")
	sheet := p.Path()

	// Two ways to write a number, the keys, and a block from Excel.
	p.Type("#f-ho", "1.234,5")
	p.Press(kb.Enter)
	p.Type("#f-ho_ngheo_dau", "1234.5")
	p.Focus("#f-quan_triet_da_trien_khai")
	p.Paste("18\n20\n")
	p.Click("//button[contains(., 'Lưu số liệu')]")
	p.WaitText(".save-bar .state", "Đã lưu")
	p.Go(sheet)
	for sel, want := range map[string]string{"#f-ho": "1.234,5", "#f-ho_ngheo_dau": "1.234,5", "#f-quan_triet_da_trien_khai": "18", "#f-quan_triet_phai_trien_khai": "20"} {
		if got := p.Value(sel); got != want {
			t.Errorf("%s was kept as %q, want %q", sel, got, want)
		}
	}
	look(p, "sheet")

	// What is no number is refused beside its field, and stays.
	p.Allow("status of 422")
	p.Type("#f-ho", "ba mươi")
	p.Click("//button[contains(., 'Lưu số liệu')]")
	p.WaitText("#p-ho", "không phải là số")
	if got := p.Value("#f-ho"); got != "ba mươi" {
		t.Errorf("what was typed became %q", got)
	}
	p.Type("#f-ho", "12.960")

	// The connection is lost in the middle of a save: nothing is lost, and it is
	// sent once when the network is back.
	p.Allow("Failed to fetch", "ERR_INTERNET_DISCONNECTED", "net::ERR")
	p.Offline(true)
	p.Click("//button[contains(., 'Lưu số liệu')]")
	p.WaitText(".save-bar .state", "giữ trên máy này")
	p.Offline(false)
	p.WaitText(".save-bar .state", "Đã lưu")
	p.Go(sheet)
	if got := p.Value("#f-ho"); got != "12.960" {
		t.Errorf("after the network came back the server has %q", got)
	}

	// The unit's workbook: down, filled in, up, seen, confirmed.
	p.Go(sheet + "/excel")
	look(p, "excel")
	_, data := p.Download("//a[contains(., 'Tải biểu')]")
	file := filepath.Join(t.TempDir(), "bieu.xlsx")
	fillIn(t, data, file)
	p.Upload("#f-file", file)
	p.Follow("//button[contains(., 'Xem trước')]")
	p.WaitText("main", "là công thức")
	look(p, "preview")
	p.Follow("//button[contains(., 'Xác nhận ghi')]")
	p.WaitText("main", "Đã lưu số liệu")

	// Evidence: a file and a document by its number; other points need a reason.
	p.Go(sheet + "/tieu-chi")
	picture := filepath.Join(t.TempDir(), "bang-tin.png")
	if err := os.WriteFile(picture, photo(t), 0o600); err != nil {
		t.Fatal(err)
	}
	p.Click("//article[@id='c-1.1']//summary[contains(., 'Thêm minh chứng')]")
	p.Upload("//article[@id='c-1.1']//input[@type='file']", picture)
	p.Follow("//article[@id='c-1.1']//button[contains(., 'Gửi tệp')]")
	p.WaitText("//article[@id='c-1.1']", "bang-tin.png")
	p.Click("//article[@id='c-1.2']//summary[contains(., 'Thêm minh chứng')]")
	p.Type("//article[@id='c-1.2']//input[@name='number']", "12-KH/ĐU")
	p.Type("//article[@id='c-1.2']//input[@name='date']", "05/03/2026")
	p.Type("//article[@id='c-1.2']//input[@name='abstract']", "Kế hoạch quán triệt")
	p.Type("//article[@id='c-1.2']//input[@name='issuer']", "Đảng ủy phường Yên Lãng")
	p.Follow("//article[@id='c-1.2']//button[contains(., 'Ghi văn bản')]")
	p.WaitText("//article[@id='c-1.2']", "12-KH/ĐU")
	p.WaitText("//article[@id='c-1.2']", "≥ 85 % → 2 điểm")
	look(p, "points")

	p.Go(sheet + "/loi-van")
	p.Type("//section[@id='s-1.1']//textarea", "Đảng ủy phường ban hành chương trình đúng hạn.")
	p.Follow("//section[@id='s-1.1']//button")
	p.WaitText("main", "Đã lưu lời văn")
	look(p, "paragraphs")

	// An incomplete sheet is not handed in, and it is said what is missing.
	p.Go(sheet)
	p.Follow("//button[contains(., 'Nộp phiếu')]")
	p.WaitText("main", "còn thiếu số liệu")
	p.Go(sheet + "/nhat-ky")
	p.WaitText("main", "Excel")
	look(p, "trail")
}

// fillIn does in a unit's workbook what a clerk does in Excel: two figures, and one
// cell with a formula, which is refused.
func fillIn(t *testing.T, data []byte, to string) {
	t.Helper()
	x, err := excelize.OpenReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	for cell, v := range map[string]int{"F7": 7, "F8": 8} {
		if err := x.SetCellValue("Số liệu", cell, v); err != nil {
			t.Fatal(err)
		}
	}
	if err := x.SetCellFormula("Số liệu", "F9", "=1+1"); err != nil {
		t.Fatal(err)
	}
	if err := x.SaveAs(to); err != nil {
		t.Fatal(err)
	}
}

func photo(t *testing.T) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 320, 200))
	for i := range 320 {
		img.Set(i, i*200/320, color.RGBA{0xa1, 0x1d, 0x21, 255})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// returned mends a sheet that came back with a reason, and hands it in again.
func returned(t *testing.T, p *Page) {
	p.WaitText("main", "chưa gồm quý IV")
	p.Follow("//h2/a[contains(., 'Năm 2026')]")
	p.Type("#f-tiep_dan_luot", "260")
	p.Click("//button[contains(., 'Lưu số liệu')]")
	p.WaitText(".save-bar .state", "Đã lưu")
	p.Follow("//button[contains(., 'Nộp phiếu')]")
	p.WaitText("main", "Đã nộp phiếu")
	if p.Has("#f-ho") {
		t.Error("a sheet that was handed in can still be typed in")
	}
}

func secretary(t *testing.T, p *Page) {
	p.Follow("//a[contains(., 'Theo dõi: Năm 2026')]")
	look(p, "board")
	board := p.Path()
	p.Follow("//th/a[contains(., 'Phường Bạch Liên')]")
	p.Click("//article[@id='c-3.1']//summary[contains(., 'Điểm thẩm định')]")
	p.Type("//article[@id='c-3.1']//input[@name='points']", "4,5")
	p.Type("//article[@id='c-3.1']//textarea[@name='reason']", "Thiếu ảnh ngày gỡ")
	p.Follow("//article[@id='c-3.1']//button[contains(., 'Ghi điểm')]")
	p.WaitText("//article[@id='c-3.1']", "Thẩm định: 4,5 điểm.")
	p.Type("//form[contains(@action, 'tra-lai')]//textarea", "Xin bổ sung minh chứng 2.1")
	p.Follow("//button[contains(., 'Trả lại đơn vị')]")
	p.WaitText("main", "Đã trả lại đơn vị")

	p.Go(board + "/tong-hop")
	look(p, "consolidated")
	p.Go(board + "/tieu-chi")
	_, table := p.Download("//a[contains(., 'Tải mẫu')]")
	file := filepath.Join(t.TempDir(), "tieu-chi.xlsx")
	if err := os.WriteFile(file, table, 0o600); err != nil {
		t.Fatal(err)
	}

	// A new period, its criteria from the workbook, published: units can begin.
	p.Go("/viec/cum/ht3/ky-moi")
	p.Allow("status of 422")
	p.Follow("main form button.main")
	p.WaitText("main", "Xin ghi tên kỳ")
	look(p, "new-period-refused")
	p.Type("input[name=name]", "6 tháng đầu năm 2027")
	p.Type("input[name=code]", "2027-6t")
	p.Set("input[name=starts]", "2027-01-01")
	p.Set("input[name=ends]", "2027-06-30")
	p.Set("input[name=due]", "2027-06-30T17:00")
	p.Set("input[name=freeze]", "2027-07-05T17:00")
	p.Follow("main form button.main")
	p.WaitText("main", "Đã mở kỳ")
	p.Upload("#f-file", file)
	p.Follow("//button[contains(., 'Kiểm tra và lưu nháp')]")
	p.WaitText("main", "Bảng tiêu chí hợp lệ")
	look(p, "criteria-draft")
	p.Follow("//button[contains(., 'Công bố phiên bản 1')]")
	p.WaitText("main", "Đã công bố tiêu chí")
	if n := p.Count("tbody tr"); n != 12 {
		t.Errorf("%d sheets were opened, want 12", n)
	}
}

func composer(t *testing.T, p *Page) {
	p.Follow("//a[contains(., 'Theo dõi: 6 tháng đầu năm 2026')]")
	p.Follow("//a[contains(., 'Soạn báo cáo')]")
	look(p, "desk")
	desk := p.Path()
	p.Type("#b-2\\.1", "Viết tay: [[ho]] hộ, [[khong_co]].")
	p.Follow("//section[@id='m-2.1']//button[contains(., 'Lưu')]")
	p.Follow("//a[contains(., 'Xem trước')]")
	p.WaitText("mark", "[[khong_co]]")
	p.Go(desk)
	p.Allow("status of 422")
	p.Type("textarea[name=reason]", "Bổ sung đánh giá")
	p.Follow("//section[@id='m-publish']//button")
	p.WaitText("main", "không có trong số liệu đã chốt")
	p.Type("#b-2\\.1", "Viết tay: [[ho]] hộ.")
	p.Follow("//section[@id='m-2.1']//button[contains(., 'Lưu')]")
	p.Follow("//button[contains(., 'Soạn lại từ số liệu')]")
	if got := p.Value("#b-2\\.1"); got != "Viết tay: [[ho]] hộ." {
		t.Errorf("composing anew changed what was written to %q", got)
	}
	p.Type("textarea[name=reason]", "Bổ sung đánh giá")
	p.Follow("//section[@id='m-publish']//button")
	p.WaitText("main", "Đã công bố báo cáo")
	p.Go("/bao-cao/ht3-2026-6t")
	p.WaitText("main", "Đính chính: Bổ sung đánh giá")
	for path, magic := range map[string]string{"/bao-cao/ht3-2026-6t.docx?layout=nd30": "PK", "/bao-cao/ht3-2026-6t.docx?layout=dang-05hd": "PK", "/bao-cao/ht3-2026-6t.xlsx": "PK", "/bao-cao/ht3-2026-6t.pdf": "%PDF", "/bao-cao/ht3-2026-6t.json": "{"} {
		if status, _, body := p.Fetch(path); status != 200 || !bytes.HasPrefix(body, []byte(magic)) {
			t.Errorf("%s: %d, %.20q", path, status, body)
		}
	}
	p.Print("report-print")
}

func editor(t *testing.T, p *Page) {
	p.Go("/bao-cao/ht3-2026-6t")
	p.Follow("//button[contains(., 'Soạn tin từ báo cáo')]")
	look(p, "news-draft")
	if got := p.Value("[name=lead]"); !strings.Contains(got, "12 đơn vị") {
		t.Errorf("the draft begins with %q", got)
	}
	p.Go("/viec/tin")
	look(p, "news-desk")
}

func operator(t *testing.T, p *Page) {
	for _, path := range []string{"/quan-tri", "/quan-tri/mau", "/quan-tri/tai-khoan", "/quan-tri/don-vi"} {
		if status := p.Go(path); status != 200 {
			t.Errorf("%s: %d", path, status)
		}
		look(p, strings.Trim(strings.ReplaceAll(path, "/", "-"), "-"))
	}
}

// withoutScripts saves a figure with the forms alone.
func withoutScripts(t *testing.T, site *Site) {
	p := signIn(site, "lanhdao").For(t)
	p.Go("/viec")
	p.Follow("//h2/a[contains(., 'Năm 2026')]")
	sheet := p.Path()
	p.Scripts(false)
	p.Go(sheet)
	p.Type("#f-tdp_truoc", "24")
	p.Follow("//button[contains(., 'Lưu số liệu')]")
	p.Scripts(true)
	p.Go(sheet)
	if got := p.Value("#f-tdp_truoc"); got != "24" {
		t.Errorf("without scripts the figure was kept as %q", got)
	}
}
