package unit

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"dongthuan/internal/lang"
	"dongthuan/internal/lineage"
	"dongthuan/internal/policy"
	"dongthuan/internal/web"
)

// serve returns the site with the pages of units; who asks is in X-Test-Role.
func serve(t testing.TB, s *Service) *web.Site {
	t.Helper()
	words, err := lang.Load(lang.Text, policy.Text, web.Text, Text)
	if err != nil {
		t.Fatal(err)
	}
	site, err := web.New(web.Settings{
		Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Text: words, Now: func() time.Time { return noon },
		Actor: func(r *http.Request) (policy.Actor, error) {
			switch r.Header.Get("X-Test-Role") {
			case "operator":
				return operator, nil
			case "clerk":
				return clerk, nil
			}
			return policy.Actor{}, nil
		},
		Changes: s.book.Changes,
	}, web.Room{Name: "unit", Pages: Pages})
	if err != nil {
		t.Fatal(err)
	}
	Serve(site, s, func(_ context.Context, id string) ([]Figure, error) {
		return []Figure{{"6 tháng đầu năm 2026", "Hộ nghèo", "4", "/so-lieu/x"}}, nil
	}, func(_ context.Context, id string) ([]Membership, error) {
		return []Membership{{"Cụm thi đua số 3", "DV01", "Cụm trưởng", day("2026-01-01"), time.Time{}, "/thi-dua/ht3"}}, nil
	})
	return site
}

func send(t testing.TB, site *web.Site, role, method, target string, form url.Values) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(form.Encode()))
	if method == "POST" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	r.Header.Set("X-Test-Role", role)
	if role != "" {
		r.AddCookie(&http.Cookie{Name: web.SessionCookies[1], Value: "x"})
	}
	w := httptest.NewRecorder()
	site.ServeHTTP(w, r)
	checkPage(t, target, w)
	return w
}

var inline = regexp.MustCompile(`(?i)\sstyle=|<style|\son[a-z]+=|<script>|javascript:`)

// checkPage looks for missing words and for what the content policy forbids.
func checkPage(t testing.TB, target string, w *httptest.ResponseRecorder) {
	t.Helper()
	body := w.Body.String()
	if strings.Contains(body, "⟦") || strings.Contains(body, "%!") || inline.MatchString(body) {
		t.Errorf("%s: missing words, or something inline:\n%s", target, body)
	}
	if w.Code >= 500 {
		t.Errorf("%s = %d", target, w.Code)
	}
}

func get200(t testing.TB, site *web.Site, role, target string, want ...string) string {
	t.Helper()
	w := send(t, site, role, "GET", target, nil)
	if w.Code != 200 {
		t.Fatalf("GET %s = %d, want 200", target, w.Code)
	}
	body := w.Body.String()
	for _, s := range want {
		if !strings.Contains(body, s) {
			t.Errorf("GET %s has no %q", target, s)
		}
	}
	return body
}

// story is a small history: two wards under a district, merged and divided on
// 01/07/2025, one gone without a word, and the code of the first used again.
func story(t testing.TB) (*Service, *web.Site) {
	t.Helper()
	s := open(t)
	text := list[:strings.Index(list, "99001,Cầu Mây")] +
		"99003,Gần Xa,phuong,991,2000-01-01,2020-01-01,NQ 0\n" +
		"99004,Thanh Khê,phuong,991,2000-01-01,2025-07-01,NQ 1\n" +
		"99001,Cầu Mây,phuong,99,2025-07-01,,NQ 2\n99005,Nghĩa Sơn,phuong,99,2025-07-01,,NQ 2\n99004,Thanh Khê,phuong,99,2025-07-01,,NQ 2\n"
	links := linksFile + "99001;;99005;part;2025-07-01;NQ 2\n99004;;99004;whole;2025-07-01;NQ 2\n"
	for _, body := range []string{text, links} {
		if r, _, err := s.Import(context.Background(), operator, strings.NewReader(body), time.Time{}, false); err != nil {
			t.Fatal(err, firstProblems(r))
		}
	}
	return s, serve(t, s)
}

func TestPublicPages(t *testing.T) {
	_, site := story(t)
	t.Run("the list", func(t *testing.T) {
		get200(t, site, "", "/don-vi", "Thành phố Hà Thanh", `href="/don-vi/99"`)
		get200(t, site, "", "/don-vi?lang=en", "Units", "Thành phố Hà Thanh")
	})
	t.Run("search is folded, and of a day", func(t *testing.T) {
		get200(t, site, "", "/don-vi?q=cau+may", `/don-vi/99001"`, "Phường Cầu Mây")
		get200(t, site, "", "/don-vi?q=hoa+binh", "Không tìm thấy")
		get200(t, site, "", "/don-vi?q=HO%C3%80+b&ngay=2020-01-01", "Phường Hoà Bình", "Quận Đông", `/don-vi/99001?ngay=2020-01-01`)
	})
	t.Run("an ambiguous code asks for a date", func(t *testing.T) {
		get200(t, site, "", "/don-vi/99001", "từng thuộc nhiều đơn vị", "Phường Hoà Bình", "Phường Cầu Mây", "?ngay=2025-07-01", "?ngay=2000-01-01")
	})
	t.Run("with a date it is one unit", func(t *testing.T) {
		body := get200(t, site, "", "/don-vi/99001?ngay=2020-01-01", "<h1>Phường Hoà Bình</h1>", "Quận Đông", "nay thuộc", "Phường Nghĩa Sơn", "một phần", "<svg", "NQ 1", "Hộ nghèo", "Cụm thi đua số 3")
		if strings.Contains(body, " %)") || strings.Contains(body, "50") && strings.Contains(body, "50 %") {
			t.Error("a share that nobody gave is shown")
		}
		get200(t, site, "", "/don-vi/99001?ngay=2026-01-01", "<h1>Phường Cầu Mây</h1>", "Hình thành từ", "Phường Yên Lãng", "toàn bộ")
	})
	t.Run("an old address leads to what it is part of now", func(t *testing.T) {
		w := send(t, site, "", "GET", "/don-vi/99002", nil)
		if to := w.Header().Get("Location"); w.Code != 302 || to != "/don-vi/99001?ngay=2026-11-20&tu=99002" {
			t.Fatalf("GET /don-vi/99002 = %d %s", w.Code, to)
		}
		get200(t, site, "", "/don-vi/99001?ngay=2026-11-20&tu=99002", "Phường Yên Lãng (mã 99002) – đơn vị này nay thuộc", "/don-vi/99002?ngay=2000-01-01")
		if body := get200(t, site, "", "/don-vi/99001?ngay=2026-11-20&tu=99003"); strings.Contains(body, "– đơn vị này nay thuộc") {
			t.Error("an address that is not its own past led to it")
		}
	})
	t.Run("a unit set up anew under its name needs no date", func(t *testing.T) {
		get200(t, site, "", "/don-vi/99004", "<h1>Phường Thanh Khê</h1>", "Hình thành từ")
	})
	t.Run("where the source does not tell, the page says so", func(t *testing.T) {
		get200(t, site, "", "/don-vi/99003", "Nguồn dữ liệu không cho biết Phường Gần Xa")
	})
	t.Run("a day without the unit", func(t *testing.T) {
		get200(t, site, "", "/don-vi/99005?ngay=2001-01-01", "không tồn tại ngày 01/01/2001")
		get200(t, site, "", "/don-vi/99001?ngay=1990-01-01", "không ứng với đúng một đơn vị")
	})
	t.Run("what is not there", func(t *testing.T) {
		for target, want := range map[string]int{"/don-vi/12345": 404, "/don-vi/%20": 404, "/don-vi/99?ngay=tomorrow": 422, "/don-vi?ngay=31-31-31": 422} {
			if w := send(t, site, "", "GET", target, nil); w.Code != want {
				t.Errorf("GET %s = %d, want %d", target, w.Code, want)
			}
		}
	})
	t.Run("every page in English", func(t *testing.T) {
		for _, target := range []string{"/don-vi?q=x", "/don-vi/99", "/don-vi/99001", "/don-vi/99001?ngay=2020-01-01", "/don-vi/99003"} {
			sep := "?"
			if strings.Contains(target, "?") {
				sep = "&"
			}
			get200(t, site, "", target+sep+"lang=en")
		}
	})
}

func TestAnEmptyRegistry(t *testing.T) {
	site := serve(t, open(t))
	get200(t, site, "", "/don-vi", "Chưa có đơn vị nào")
	get200(t, site, "", "/don-vi?q=x", "Không tìm thấy")
}

func TestLongListsArePaged(t *testing.T) {
	s := open(t)
	var b strings.Builder
	b.WriteString("code,name,kind,parent_code,from\n99,Hà Thanh,thanh_pho,,2000-01-01\n")
	for i := range 120 {
		b.WriteString("99" + itoa(100+i) + ",Phường số " + itoa(i) + ",phuong,99,2000-01-01\n")
	}
	if r, _, err := s.Import(context.Background(), operator, strings.NewReader(b.String()), time.Time{}, false); err != nil {
		t.Fatal(err, firstProblems(r))
	}
	site := serve(t, s)
	get200(t, site, "", "/don-vi?q=phuong", "120 đơn vị", "Trang 1/3", "trang=2")
	get200(t, site, "", "/don-vi?q=phuong&trang=3", "Trang 3/3", "trang=2")
	get200(t, site, "", "/don-vi?q=phuong&trang=99", "Trang 3/3")
	get200(t, site, "", "/don-vi/99", "Trang 1/3", "Đơn vị trực thuộc: 120")
}

func TestOperatorPages(t *testing.T) {
	s, site := story(t)
	ctx := context.Background()
	top, err := s.ByCode(ctx, "99", noon)
	if err != nil {
		t.Fatal(err)
	}
	ward, err := s.ByCode(ctx, "99005", noon)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("only operators", func(t *testing.T) {
		for _, route := range site.Routes() {
			if route.Action != policy.UnitManage {
				continue
			}
			method, target, _ := strings.Cut(strings.Replace(route.Pattern, "{id}", top.ID, 1), " ")
			if w := send(t, site, "clerk", method, target, nil); w.Code != 403 {
				t.Errorf("%s %s by a clerk = %d, want 403", method, target, w.Code)
			}
			if w := send(t, site, "", method, target, nil); w.Code != 303 && w.Code != 403 {
				t.Errorf("%s %s by nobody = %d", method, target, w.Code)
			}
			if w := send(t, site, "operator", method, target, nil); w.Code != 200 && w.Code != 422 {
				t.Errorf("%s %s empty = %d, want 200 or 422", method, target, w.Code)
			}
			send(t, site, "operator", method, target+"?lang=en", nil)
		}
	})
	t.Run("register", func(t *testing.T) {
		form := url.Values{"name": {"Hồ Trúc"}, "kind": {"phuong"}, "code": {"99005"}, "parent": {"99"}, "from": {"2026-01-01"}, "basis": {"NQ 3"}}
		w := send(t, site, "operator", "POST", "/quan-tri/don-vi/moi", form)
		if body := w.Body.String(); w.Code != 422 || !strings.Contains(body, "Mã 99005 đã thuộc Phường Nghĩa Sơn") || !strings.Contains(body, `value="Hồ Trúc"`) {
			t.Errorf("a code in use = %d\n%s", w.Code, body)
		}
		form.Set("code", "99006")
		form.Set("parent", "12")
		if w := send(t, site, "operator", "POST", "/quan-tri/don-vi/moi", form); w.Code != 422 || !strings.Contains(w.Body.String(), "e-parent") {
			t.Errorf("an unknown parent = %d", w.Code)
		}
		form.Set("parent", "99")
		if w := send(t, site, "operator", "POST", "/quan-tri/don-vi/moi", form); w.Code != 303 {
			t.Fatalf("register = %d\n%s", w.Code, w.Body)
		}
		get200(t, site, "operator", "/don-vi/99006?xong=unit.done.registered", "Phường Hồ Trúc", "Đã thêm đơn vị", "/quan-tri/don-vi/sua/")
	})
	t.Run("change and end", func(t *testing.T) {
		get200(t, site, "operator", "/quan-tri/don-vi/sua/"+ward.ID, `value="Nghĩa Sơn"`, `value="99"`)
		form := url.Values{"name": {"Nghĩa Sơn Mới"}, "kind": {"phuong"}, "code": {"99005"}, "parent": {"99"}, "from": {"2026-10-01"}}
		if w := send(t, site, "operator", "POST", "/quan-tri/don-vi/sua/"+ward.ID, form); w.Code != 303 {
			t.Fatalf("change = %d\n%s", w.Code, w.Body)
		}
		get200(t, site, "", "/don-vi/99005", "<h1>Phường Nghĩa Sơn Mới</h1>", "Phường Nghĩa Sơn</a>", "01/10/2026")
		if w := send(t, site, "operator", "POST", "/quan-tri/don-vi/ket-thuc/"+top.ID, url.Values{"day": {"2026-11-01"}}); w.Code != 422 || !strings.Contains(w.Body.String(), "trực thuộc") {
			t.Errorf("ending the city = %d", w.Code)
		}
		if w := send(t, site, "operator", "POST", "/quan-tri/don-vi/ket-thuc/"+ward.ID, url.Values{"day": {"2026-11-10"}}); w.Code != 303 {
			t.Errorf("ending a ward = %d", w.Code)
		}
	})
	t.Run("link", func(t *testing.T) {
		form := url.Values{"from": {"99006"}, "to": {"99004"}, "kind": {"part"}, "day": {"2026-11-05"}, "share": {"37,5 %"}}
		if w := send(t, site, "operator", "POST", "/quan-tri/don-vi/noi", form); w.Code != 422 || !strings.Contains(w.Body.String(), "e-method") {
			t.Errorf("a share without its method = %d", w.Code)
		}
		form.Set("method", "theo diện tích, Đề án 12")
		if w := send(t, site, "operator", "POST", "/quan-tri/don-vi/noi", form); w.Code != 303 {
			t.Fatalf("link = %d\n%s", w.Code, w.Body)
		}
		get200(t, site, "", "/don-vi/99006", "37,5 %", "theo diện tích, Đề án 12")
		get200(t, site, "", "/don-vi/99006?ngay=2026-02-02", "62,5 %", "37,5 %")
	})
}

// upload sends the form of an import.
func upload(t testing.TB, site *web.Site, fields map[string]string, file string) *httptest.ResponseRecorder {
	t.Helper()
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	for name, value := range fields {
		if err := m.WriteField(name, value); err != nil {
			t.Fatal(err)
		}
	}
	if file != "" {
		part, err := m.CreateFormFile("file", "units.csv")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(part, file); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("POST", "/quan-tri/don-vi/nhap", &body)
	r.Header.Set("Content-Type", m.FormDataContentType())
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("X-Test-Role", "operator")
	w := httptest.NewRecorder()
	site.ServeHTTP(w, r)
	checkPage(t, "import", w)
	return w
}

var hidden = regexp.MustCompile(`<input type="hidden" name="([a-z]+)" value="([^"]*)">`)

func TestImportByForm(t *testing.T) {
	s := open(t)
	site := serve(t, s)
	ctx := context.Background()
	w := upload(t, site, nil, list)
	if w.Code != 200 || !strings.Contains(w.Body.String(), "Xác nhận nhập") {
		t.Fatalf("preview = %d\n%s", w.Code, w.Body)
	}
	if all, err := s.All(ctx, noon); err != nil || len(all) != 0 {
		t.Fatalf("the preview wrote %v, %v", all, err)
	}
	fields := map[string]string{}
	for _, m := range hidden.FindAllStringSubmatch(w.Body.String(), -1) {
		fields[m[1]] = strings.ReplaceAll(m[2], "&#43;", "+")
	}
	// Somebody registers one of its units meanwhile: the preview no longer holds.
	if _, _, err := s.Register(ctx, operator, Draft{Name: "Hà Thanh", Kind: City, Code: "99", From: day("2000-01-01")}); err != nil {
		t.Fatal(err)
	}
	if w := upload(t, site, fields, ""); w.Code != 409 || !strings.Contains(w.Body.String(), "khác với bản xem trước") {
		t.Fatalf("a preview that no longer holds = %d\n%s", w.Code, w.Body)
	} else {
		for _, m := range hidden.FindAllStringSubmatch(w.Body.String(), -1) {
			fields[m[1]] = strings.ReplaceAll(m[2], "&#43;", "+")
		}
	}
	if w := upload(t, site, fields, ""); w.Code != 303 {
		t.Fatalf("confirm = %d\n%s", w.Code, w.Body)
	}
	if w := upload(t, site, fields, ""); w.Code != 200 || !strings.Contains(w.Body.String(), "đã có đủ") {
		t.Errorf("confirm again = %d", w.Code)
	}
	get200(t, site, "operator", "/quan-tri/don-vi", "Các tệp đã nhập", "Danh sách đơn vị")
	w = upload(t, site, nil, "code,name,kind,from\n1,,tinh,2000-01-01\n")
	if body := w.Body.String(); w.Code != 422 || !strings.Contains(body, "Dòng 2:") || strings.Contains(body, "Xác nhận nhập") {
		t.Errorf("a bad file = %d\n%s", w.Code, body)
	}
	for _, bad := range []map[string]string{{"held": "!!"}, {"held": "H4sI"}, nil} {
		if w := upload(t, site, bad, ""); w.Code != 422 || !strings.Contains(w.Body.String(), "e-file") {
			t.Errorf("no file (%v) = %d", bad, w.Code)
		}
	}
	if w := upload(t, site, map[string]string{"day": "hôm qua"}, list); w.Code != 422 || !strings.Contains(w.Body.String(), "e-day") {
		t.Errorf("a bad day = %d", w.Code)
	}
}

// Every kind of unit and link has its words.
func TestWordsOfKinds(t *testing.T) {
	words, err := lang.Load(Text)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range Kinds() {
		if !words.Has("unit.kind." + k) {
			t.Errorf("no words for %s", k)
		}
	}
	for _, k := range lineage.Kinds {
		if !words.Has("unit.link." + string(k)) {
			t.Errorf("no words for %s", k)
		}
	}
	for _, f := range []Format{List, Links, National, Snapshot} {
		if !words.Has("unit.format."+string(f)) || !words.Has("unit.import.other."+string(f)) {
			t.Errorf("no words for %s", f)
		}
	}
}
