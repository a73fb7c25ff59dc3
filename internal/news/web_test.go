package news

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"image"
	"image/jpeg"
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

	"dongthuan/internal/evidence"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
	"dongthuan/internal/policy"
	"dongthuan/internal/web"
)

// browser asks a site of its own, as actor.
type browser struct {
	*desk
	site  *web.Site
	actor policy.Actor
	lang  string
}

func visit(t *testing.T) *browser {
	t.Helper()
	k := open(t)
	b := &browser{desk: k, lang: "vi"}
	text, err := lang.Load(web.Text, policy.Text, lang.Text, evidence.Text, Text)
	if err != nil {
		t.Fatal(err)
	}
	if b.site, err = web.New(web.Settings{
		Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Text: text, Now: func() time.Time { return k.clock },
		Actor: func(*http.Request) (policy.Actor, error) { return b.actor, nil }, Changes: k.book.Changes,
	}, web.Room{Name: "news", Pages: Pages}); err != nil {
		t.Fatal(err)
	}
	Serve(b.site, k.Service)
	evidence.Serve(b.site, k.files, evidence.Owners{RoomName: k.MayFile})
	return b
}

func (b *browser) do(r *http.Request) (int, string, http.Header) {
	b.t.Helper()
	r.Header.Set("Accept-Language", b.lang)
	w := httptest.NewRecorder()
	b.site.ServeHTTP(w, r)
	body := w.Body.String()
	if i := strings.Index(body, "⟦"); i >= 0 {
		b.t.Errorf("%s %s has no words: %.60s", r.Method, r.URL, body[i:])
	}
	return w.Code, body, w.Header()
}

func (b *browser) get(path string) (int, string, http.Header) {
	b.t.Helper()
	r := httptest.NewRequest("GET", path, nil)
	if b.actor.SignedIn() {
		r.AddCookie(&http.Cookie{Name: web.SessionCookies[1], Value: "x"})
	}
	return b.do(r)
}

// post sends a form as the editor's page does, the file last but for the button.
func (b *browser) post(path string, fields map[string]string, file []byte, name string) (int, string, http.Header) {
	b.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for k, v := range fields {
		if k != "act" {
			w.WriteField(k, v)
		}
	}
	part, err := w.CreateFormFile("photo", name)
	if err != nil {
		b.t.Fatal(err)
	}
	part.Write(file)
	w.WriteField("act", fields["act"])
	w.Close()
	r := httptest.NewRequest("POST", path, &body)
	r.Header.Set("Content-Type", w.FormDataContentType())
	return b.do(r)
}

func form(d Draft, more ...string) map[string]string {
	f := map[string]string{"category": d.Category, "title": d.Title, "lead": d.Lead, "body": d.Body, "byline": d.Byline, "version": "0", "act": "save"}
	for i := 0; i < len(more); i += 2 {
		f[more[i]] = more[i+1]
	}
	return f
}

func picture() []byte {
	var b bytes.Buffer
	jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 1000, 500)), nil)
	return b.Bytes()
}

// has reports what of want the page lacks.
func has(t *testing.T, page string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(page, w) {
			t.Errorf("the page has no %q", w)
		}
	}
}

func TestEditorsJourney(t *testing.T) {
	b := visit(t)
	b.actor = editor()
	if _, page, _ := b.get("/viec/tin"); !strings.Contains(page, "Chưa có tin nào.") {
		t.Error("no empty state")
	}
	if code, page, _ := b.get("/viec/tin/moi"); code != 200 || !strings.Contains(page, `value="Ban Biên tập"`) {
		t.Errorf("new: %d", code)
	}
	// A preview writes nothing and keeps what was typed.
	d := whole()
	d.Body = "Đoạn **một** <b>x</b>.\n\nĐoạn hai."
	code, page, _ := b.post("/viec/tin/moi", form(d, "act", "preview", "alt", "mô tả ảnh"), picture(), "a.jpg")
	if code != 200 {
		t.Fatalf("preview: %d", code)
	}
	has(t, page, "Đoạn <strong>một</strong>", "Đoạn hai./.", "Đoạn **một** &lt;b&gt;x&lt;/b&gt;.", `value="mô tả ảnh"`, "xin chọn lại"[4:])
	if all, _ := b.List(t.Context(), editor()); len(all) != 0 {
		t.Fatal("a preview was saved")
	}
	// A photograph without a description is refused; the text stays.
	code, page, _ = b.post("/viec/tin/moi", form(d), picture(), "a.jpg")
	if code != 422 {
		t.Fatalf("no description: %d", code)
	}
	has(t, page, `id="e-alt"`, "Đoạn **một**", `role="alert"`)
	// So is a file that is no picture.
	code, page, _ = b.post("/viec/tin/moi", form(d, "alt", "x"), []byte("<svg onload=alert(1)>"), "a.png")
	if code != 422 {
		t.Fatalf("SVG: %d", code)
	}
	has(t, page, `id="e-photo"`, "Đoạn **một**")
	if code, page, _ = b.post("/viec/tin/moi", form(d, "alt", "x"), make([]byte, evidence.MaxSize+1), "a.png"); code != 413 {
		t.Errorf("too large: %d", code)
	}
	has(t, page, "Đoạn **một**")

	code, _, h := b.post("/viec/tin/moi", form(d, "alt", "Hội trường", "caption", "Quang cảnh"), picture(), "a.jpg")
	if code != 303 || !strings.Contains(h.Get("Location"), "?xong=news.done.saved&ma=") {
		t.Fatalf("create: %d %v", code, h)
	}
	path, _, _ := strings.Cut(h.Get("Location"), "?")
	id := strings.TrimPrefix(path, "/viec/tin/")
	_, page, _ = b.get(h.Get("Location"))
	it := b.desk.get(id)
	has(t, page, "Đã lưu bản nháp.", `src="/tep/`+it.Photos[0].Hash+`/nho" width="1000" height="500"`, `name="alt`+it.Photos[0].ID+`"`)

	// Published, it is read by all; its photograph too.
	p := it.Photos[0]
	code, _, h = b.post(path, form(d, "act", "publish", "version", "2", "alt"+p.ID, "Hội trường mới", "caption"+p.ID, "Quang cảnh hội nghị", "place"+p.ID, "1"), nil, "")
	if code != 303 || !strings.Contains(h.Get("Location"), "news.done.published") {
		t.Fatalf("publish: %d %v", code, h)
	}
	b.actor = policy.Actor{}
	code, page, _ = b.get("/tin/so-ket-phong-trao-thi-dua-6-thang")
	if code != 200 {
		t.Fatalf("read: %d", code)
	}
	has(t, page, `<p class="category"><a href="/tin?muc=cong-tac-dang">Công tác Đảng</a></p>`, `<time datetime="2026-07-09T17:03&#43;07:00">09/07/2026 | 17:03</time>`, "Lượt xem: 0",
		`<img src="/tep/`+p.Hash+`/anh" width="1000" height="500" alt="Hội trường mới" loading="lazy">`, "<figcaption>Quang cảnh hội nghị</figcaption>",
		`<p class="byline">Ban Biên tập phường Cầu Mây</p>`, "Đoạn hai./.")
	if code, _, h := b.get("/tep/" + p.Hash + "/anh"); code != 200 || h.Get("Content-Type") != "image/jpeg" {
		t.Errorf("photograph: %d %v", code, h)
	}

	// A correction without words is refused; with words it is seen with its time.
	b.actor = editor()
	d.Lead = "Sáng 10/07."
	if code, page, _ = b.post(path, form(d, "version", "3"), nil, ""); code != 422 {
		t.Fatalf("correction without words: %d", code)
	}
	has(t, page, `id="e-correction"`)
	b.clock = b.clock.Add(90 * time.Minute)
	if code, _, h = b.post(path, form(d, "version", "3", "correction", "Sửa ngày họp."), nil, ""); code != 303 || !strings.Contains(h.Get("Location"), "news.done.corrected") {
		t.Fatalf("correction: %d %v", code, h)
	}
	b.actor = policy.Actor{}
	_, page, _ = b.get("/tin/so-ket-phong-trao-thi-dua-6-thang")
	has(t, page, "Sáng 10/07.", "09/07/2026 | 18:33", "Sửa ngày họp.", "Có đính chính")

	// Taken down, its address says so.
	b.actor = editor()
	retract := func(reason string) (int, string, http.Header) {
		r := httptest.NewRequest("POST", path+"/go", strings.NewReader(url.Values{"version": {"4"}, "reason": {reason}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return b.do(r)
	}
	if code, page, _ = retract(""); code != 422 {
		t.Errorf("no reason: %d", code)
	}
	has(t, page, `id="e-reason"`)
	if code, _, _ = retract("Đăng nhầm chuyên mục."); code != 303 {
		t.Fatalf("retract: %d", code)
	}
	_, page, _ = b.get(path)
	has(t, page, "Đăng nhầm chuyên mục.", "Tin đã gỡ")
	b.actor = policy.Actor{}
	code, page, _ = b.get("/tin/so-ket-phong-trao-thi-dua-6-thang")
	if code != 410 || strings.Contains(page, "Đoạn") {
		t.Errorf("taken down: %d", code)
	}
	has(t, page, "Đăng nhầm chuyên mục.", "09/07/2026 | 18:33")
	if code, _, _ := b.get("/tep/" + p.Hash + "/anh"); code != 404 {
		t.Errorf("photograph of what was taken down: %d", code)
	}
}

func TestTwoEditorsSeeBothTexts(t *testing.T) {
	b := visit(t)
	b.actor = editor()
	it := b.create(Change{Draft: whole()}, nil)
	theirs, mine := whole(), whole()
	theirs.Body, mine.Body = "Chữ của người kia.", "Chữ của tôi."
	if err := b.desk.save(it, Change{Draft: theirs}, nil); err != nil {
		t.Fatal(err)
	}
	code, page, _ := b.post("/viec/tin/"+it.ID, form(mine, "version", "1"), nil, "")
	if code != 409 {
		t.Fatalf("second editor: %d", code)
	}
	has(t, page, "Chữ của người kia.", "Chữ của tôi.</textarea>", `name="version" value="2"`)
	if code, _, _ = b.post("/viec/tin/"+it.ID, form(mine, "version", "2"), nil, ""); code != 303 {
		t.Fatalf("after comparing: %d", code)
	}
	_, page, _ = b.get("/viec/tin/" + it.ID)
	has(t, page, "Chữ của tôi.</textarea>", "Chữ của người kia.") // among the versions
}

func TestPagesAskThePolicy(t *testing.T) {
	b := visit(t)
	it := b.create(Change{Draft: whole()}, nil)
	for _, role := range policy.Roles {
		b.actor = holder(role)
		want := map[bool][3]int{true: {200, 200, 303}, false: {403, 403, 403}}[policy.Allows(role, policy.NewsWrite)]
		list, _, _ := b.get("/viec/tin")
		edit, _, _ := b.get("/viec/tin/" + it.ID)
		save, _, _ := b.post("/viec/tin/moi", form(whole()), nil, "")
		preview, _, _ := b.post("/viec/tin/moi", form(whole(), "act", "preview"), nil, "")
		if got := [3]int{list, edit, save}; got != want || (preview == 200) != (list == 200) {
			t.Errorf("%s: %v and preview %d, want %v", role, got, preview, want)
		}
	}
	b.actor = policy.Actor{}
	if code, _, h := b.get("/viec/tin"); code != 303 || !strings.HasPrefix(h.Get("Location"), "/dang-nhap") {
		t.Errorf("the public: %d", code)
	}
	for _, path := range []string{"/tin/" + it.Slug, "/tin/khong-co", "/tin?muc=khong-co", "/tin?trang=2", "/tin?trang=-1", "/tin?trang=x", "/tin/" + it.ID} {
		if code, _, _ := b.get(path); code != 404 {
			t.Errorf("%s: %d", path, code)
		}
	}
}

// TestNothingTypedRuns puts a canary in every field and looks at every page.
func TestNothingTypedRuns(t *testing.T) {
	const canary = `"'><script>alert(1)</script><img src=x onerror=alert(1)>[a](javascript:alert(1)) ![b](https://example.org/b.png) {{.}}`
	b := visit(t)
	b.actor = editor()
	d := Draft{canary, canary, canary, canary, canary}
	it := b.create(Change{Draft: d, Publish: true, Caption: canary, Alt: canary}, b.photo(10, 10))
	d.Lead += "!"
	if err := b.desk.save(it, Change{Draft: d, Correction: canary}, nil); err != nil {
		t.Fatal(err)
	}
	down := b.create(Change{Draft: d, Publish: true}, nil)
	if _, err := b.Retract(t.Context(), editor(), down.ID, down.Version, canary); err != nil {
		t.Fatal(err)
	}
	outside := regexp.MustCompile(`(?i)<script>|<img src=x|<img src="?https?://example|href="javascript:|<[a-z][^>"']*\sonerror=|{{`)
	_, preview, _ := b.post("/viec/tin/"+it.ID, form(d, "act", "preview", "version", "3", "correction", canary, "alt", canary, "caption", canary), nil, "")
	_, conflict, _ := b.post("/viec/tin/"+it.ID, form(d, "version", "1", "correction", canary), nil, "")
	pages := map[string]string{"preview": preview, "conflict": conflict}
	for _, path := range []string{"/viec/tin", "/viec/tin/" + it.ID, "/viec/tin/" + down.ID, "/tin", "/tin?muc=" + it.CategorySlug, it.Path(), down.Path()} {
		for _, b.lang = range lang.Languages {
			code, page, _ := b.get(path)
			if code != 200 && code != 410 {
				t.Errorf("%s: %d", path, code)
			}
			pages[path+" "+b.lang] = page
		}
	}
	for path, page := range pages {
		page = strings.ReplaceAll(page, "{{.}}", "") // shown as text, and never read as a template
		if found := outside.FindString(page); found != "" {
			t.Errorf("%s: %s", path, found)
		}
		if !strings.Contains(page, "&lt;script&gt;") {
			t.Errorf("%s does not show the canary", path)
		}
	}
}

func TestFeeds(t *testing.T) {
	b := visit(t)
	if code, page, _ := b.get("/tin.atom"); code != 200 || !strings.Contains(page, "<updated>2026-01-01") {
		t.Errorf("empty feed: %d %s", code, page)
	}
	d := whole()
	d.Title, d.Lead = `Tin & "tức" <1>`, `Mở đầu & <b>kết</b>`
	it := b.create(Change{Draft: d, Publish: true, Alt: `"ảnh"`}, b.photo(40, 20))
	code, page, h := b.get("/tin.atom")
	if code != 200 || h.Get("Content-Type") != "application/atom+xml; charset=utf-8" {
		t.Fatalf("Atom: %d %v", code, h)
	}
	var atom struct {
		XMLName xml.Name `xml:"http://www.w3.org/2005/Atom feed"`
		ID      string   `xml:"id"`
		Title   string   `xml:"title"`
		Updated string   `xml:"updated"`
		Link    struct {
			Rel  string `xml:"rel,attr"`
			Href string `xml:"href,attr"`
		} `xml:"link"`
		Author struct {
			Name string `xml:"name"`
		} `xml:"author"`
		Entries []struct {
			ID        string `xml:"id"`
			Title     string `xml:"title"`
			Updated   string `xml:"updated"`
			Published string `xml:"published"`
			Summary   string `xml:"summary"`
			Content   string `xml:"content"`
			Link      struct {
				Href string `xml:"href,attr"`
			} `xml:"link"`
		} `xml:"entry"`
	}
	if err := xml.Unmarshal([]byte(page), &atom); err != nil {
		t.Fatal(err)
	}
	if atom.ID == "" || atom.Author.Name == "" || atom.Link.Rel != "self" || atom.Link.Href != "http://example.com/tin.atom" || len(atom.Entries) != 1 {
		t.Fatalf("feed %+v", atom)
	}
	e := atom.Entries[0]
	if e.ID != "urn:dongthuan:news:"+it.ID || e.Title != d.Title || e.Published != "2026-07-09T17:03:00+07:00" || e.Updated != e.Published ||
		e.Link.Href != "http://example.com"+it.Path() || e.Summary != "Mở đầu &amp; &lt;b&gt;kết&lt;/b&gt;" {
		t.Errorf("entry %+v", e)
	}
	has(t, e.Content, "Đoạn hai./.", `src="http://example.com/tep/`+it.Photos[0].Hash+`/anh"`, `alt="&#34;ảnh&#34;"`, "&lt;b&gt;")
	r := httptest.NewRequest("GET", "/tin.atom", nil)
	r.Header.Set("If-None-Match", h.Get("ETag"))
	if code, _, _ := b.do(r); code != 304 {
		t.Errorf("unchanged feed: %d", code)
	}

	code, page, h = b.get("/tin.json")
	if code != 200 || h.Get("Content-Type") != "application/feed+json; charset=utf-8" {
		t.Fatalf("JSON: %d %v", code, h)
	}
	var feed struct {
		Version string `json:"version"`
		Title   string `json:"title"`
		FeedURL string `json:"feed_url"`
		HomeURL string `json:"home_page_url"`
		Items   []struct {
			ID, URL, Title, Summary, Image string
			HTML                           string    `json:"content_html"`
			Published                      time.Time `json:"date_published"`
			Tags                           []string
		} `json:"items"`
	}
	if err := json.Unmarshal([]byte(page), &feed); err != nil {
		t.Fatal(err)
	}
	if feed.Version != "https://jsonfeed.org/version/1.1" || feed.FeedURL != "http://example.com/tin.json" || len(feed.Items) != 1 {
		t.Fatalf("feed %+v", feed)
	}
	if i := feed.Items[0]; i.ID != e.ID || i.Summary != d.Lead || !i.Published.Equal(it.PublishedAt) || i.Tags[0] != d.Category || i.Image == "" || i.HTML == "" {
		t.Errorf("item %+v", i)
	}
}

func TestViewsOfThePage(t *testing.T) {
	b := visit(t)
	it := b.create(Change{Draft: whole(), Publish: true}, nil)
	for range 1234 {
		b.get(it.Path())
	}
	b.do(httptest.NewRequest("HEAD", it.Path(), nil))
	if err := b.FlushViews(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := b.desk.get(it.ID).Views; got != 1234 {
		t.Errorf("%d views, want 1234", got)
	}
	b.create(Change{Draft: whole(), Publish: true}, nil) // any write makes kept pages anew
	_, page, _ := b.get(it.Path())
	has(t, page, "Lượt xem: 1.234")
	b.lang = "en"
	_, page, _ = b.get(it.Path())
	has(t, page, "Views: 1,234", `<article class="article" lang="vi">`)
}

// TestDatesAreVietnams shows a time near midnight, whatever the machine's zone.
func TestDatesAreVietnams(t *testing.T) {
	b := visit(t)
	for _, zone := range []*time.Location{time.UTC, time.FixedZone("summer", -3*3600)} {
		for _, test := range []struct{ utc, want string }{
			{"2026-07-08T17:30:00Z", "09/07/2026 | 00:30"},
			{"2026-03-29T01:59:00Z", "29/03/2026 | 08:59"},
			{"2026-12-31T16:59:00Z", "31/12/2026 | 23:59"},
		} {
			at, err := time.Parse(time.RFC3339, test.utc)
			if err != nil {
				t.Fatal(err)
			}
			var id string
			if _, err := b.book.Write(t.Context(), func(tx *ledger.Tx) (err error) {
				id, err = b.PublishSeed(t.Context(), tx, Seed{Draft: whole(), At: at.In(zone)})
				return err
			}); err != nil {
				t.Fatal(err)
			}
			_, page, _ := b.get(b.desk.get(id).Path())
			has(t, page, test.want)
		}
	}
}

func TestManyPages(t *testing.T) {
	b := visit(t)
	if _, err := b.book.Write(t.Context(), func(tx *ledger.Tx) error {
		for i := range 2*pageSize + 1 {
			if _, err := b.PublishSeed(t.Context(), tx, Seed{Draft: whole(), At: b.clock.Add(-time.Duration(i) * time.Hour)}); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string][]string{
		"/tin":                                 {`href="/tin?trang=2"`},
		"/tin?trang=2":                         {`href="/tin" rel="prev"`, `href="/tin?trang=3"`},
		"/tin?muc=cong-tac-dang&trang=3":       {`href="/tin?muc=cong-tac-dang&amp;trang=2" rel="prev"`},
		"/tin?muc=cong-tac-dang":               {`href="/tin?muc=cong-tac-dang&amp;trang=2" rel="next"`, `aria-current="true"`},
		"/tin/" + slugOf(whole().Title):        {"Tin liên quan"},
		"/tin/" + slugOf(whole().Title) + "-2": {"Tin liên quan"},
	} {
		code, page, _ := b.get(path)
		if code != 200 {
			t.Errorf("%s: %d", path, code)
		}
		has(t, page, want...)
	}
	if _, page, _ := b.get("/tin?trang=3"); strings.Contains(page, `rel="next"`) {
		t.Error("the last page offers another")
	}
}

func TestNoInlineStyleOrScript(t *testing.T) {
	for _, name := range []string{"list", "one", "gone", "own", "edit"} {
		f, err := Pages.Open("pages/" + name + ".html")
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(f)
		if err != nil {
			t.Fatal(err)
		}
		if found := regexp.MustCompile(`(?i)<script|<style|\sstyle=|\son[a-z]+=`).Find(body); found != nil {
			t.Errorf("%s has %s", name, found)
		}
	}
}
