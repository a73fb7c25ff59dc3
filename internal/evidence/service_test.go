package evidence

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dongthuan/internal/db"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
	"dongthuan/internal/policy"
	"dongthuan/internal/web"
)

// house is a store with a ledger; the ledger and the files are verified at the
// end of the test.
type house struct {
	*Store
	book   *ledger.Ledger
	folder string
}

func build(t *testing.T) house {
	t.Helper()
	s, folder := openStore(t)
	book, err := ledger.Open(t.Context(), s.db, noon)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { book.Close() })
	t.Cleanup(func() {
		ctx := context.Background()
		if p, err := ledger.Verify(ctx, s.db); err != nil || p != nil {
			t.Errorf("ledger: %v, %v", p, err)
		}
		if p, err := s.Verify(ctx); err != nil || p != nil {
			t.Errorf("files: %v, %v", p, err)
		}
		nothingLeft(t, s, folder)
	})
	return house{s, book, folder}
}

func (h house) keep(t *testing.T, body []byte, name string, use Use) Item {
	t.Helper()
	p, err := h.Prepare(t.Context(), bytes.NewReader(body), name)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	var it Item
	if _, err := h.book.Write(t.Context(), func(tx *ledger.Tx) (err error) {
		it, err = h.Keep(t.Context(), tx, p, use)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return it
}

func (h house) read(t *testing.T, hash string, v Variant) []byte {
	t.Helper()
	r, err := h.Open(t.Context(), hash, v)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// long is a PDF of several rows on PostgreSQL.
func long() []byte {
	filler := bytes.Repeat([]byte("% Đồng Thuận\n"), 60_000)
	return append(append([]byte("%PDF-1.4\n"), filler...), "9 0 obj\n<<>>\nendobj\nstartxref\n"+itoa(9+len(filler))+"\n%%EOF\n"...)
}

func itoa(n int) string {
	b := []byte{}
	for ; n > 0; n /= 10 {
		b = append([]byte{byte('0' + n%10)}, b...)
	}
	return string(b)
}

var sheet = Use{"emulation", "SHEET"}

func TestKeepAndOpen(t *testing.T) {
	h := build(t)
	body := long()
	it := h.keep(t, body, "Báo cáo.pdf", sheet)
	if got := h.read(t, it.Hash, Original); !bytes.Equal(got, body) {
		t.Errorf("read %d bytes that differ from %d", len(got), len(body))
	}
	got, err := h.Get(t.Context(), it.ID)
	if err != nil || got != it {
		t.Errorf("Get = %+v, %v; want %+v", got, err, it)
	}
	all, err := h.Items(t.Context(), nil, sheet)
	if err != nil || len(all) != 1 || all[0] != it {
		t.Errorf("Items = %v, %v", all, err)
	}
	r, err := h.Open(t.Context(), it.Hash, Original)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for _, at := range []int64{chunk - 3, 3 * chunk, int64(len(body)) - 5, 0} {
		if _, err := r.Seek(at, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 5)
		if _, err := io.ReadFull(r, b); err != nil || !bytes.Equal(b, body[at:at+5]) {
			t.Errorf("at %d: %q, %v", at, b, err)
		}
	}
	events, err := ledger.History(t.Context(), h.db, it.ID)
	if err != nil || len(events) != 1 || strings.Contains(events[0].Payload, it.Hash) || strings.Contains(events[0].Payload, "Báo") {
		t.Errorf("the leaf tells the hash or the name: %v, %v", events, err)
	}
}

func TestSameContentSharesBytes(t *testing.T) {
	h := build(t)
	a := h.keep(t, pdf(), "a.pdf", sheet)
	b := h.keep(t, pdf(), "b.pdf", Use{"emulation", "OTHER"})
	if a.Hash != b.Hash || a.ID == b.ID {
		t.Errorf("kept as %v and %v", a, b)
	}
	n := 0
	if err := h.EachFile(t.Context(), func(hash string, open func() (io.ReadCloser, error)) error {
		n++
		r, err := open()
		if err != nil {
			return err
		}
		defer r.Close()
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, pdf()) || hash != a.Hash {
			t.Errorf("%s: %q, %v", hash, got, err)
		}
		return nil
	}); err != nil || n != 1 {
		t.Errorf("%d files, %v", n, err)
	}
	of, err := h.ItemsOf(t.Context(), nil, "emulation", []string{"SHEET", "OTHER", "NONE"})
	if err != nil || len(of["SHEET"]) != 1 || len(of["OTHER"]) != 1 || len(of) != 2 {
		t.Errorf("ItemsOf = %v, %v", of, err)
	}
}

// TestBytesBeforeRow looks at the disk from inside the transaction: the bytes are
// in their place before the row can commit. A transaction that then fails leaves
// no row, and the file can be kept again.
func TestBytesBeforeRow(t *testing.T) {
	h := build(t)
	p := prepare(t, h.Store, asJPEG(corners(30, 30)), "a.jpg")
	gone := errors.New("gone")
	for _, outcome := range []error{gone, nil} {
		_, err := h.book.Write(t.Context(), func(tx *ledger.Tx) error {
			it, err := h.Keep(t.Context(), tx, p, sheet)
			if err != nil {
				return err
			}
			if h.db.Engine() == db.SQLite {
				for _, v := range []Variant{Original, Public, Small} {
					if _, err := os.Stat(filepath.Join(h.folder, place(it.Hash, v))); err != nil {
						t.Error(err)
					}
				}
			}
			return outcome
		})
		if !errors.Is(err, outcome) {
			t.Errorf("Write = %v, want %v", err, outcome)
		}
		all, err := h.Items(t.Context(), nil, sheet)
		if want := map[bool]int{true: 0, false: 1}[outcome != nil]; err != nil || len(all) != want {
			t.Errorf("after %v: %d items, %v", outcome, len(all), err)
		}
	}
	if got := h.read(t, p.Hash(), Public); http.DetectContentType(got) != "image/jpeg" {
		t.Error("no public copy")
	}
}

func TestReference(t *testing.T) {
	h := build(t)
	keep := func(r Reference) (it Item, err error) {
		_, err = h.book.Write(t.Context(), func(tx *ledger.Tx) (err error) {
			it, err = h.KeepReference(t.Context(), tx, r, sheet)
			return err
		})
		return it, err
	}
	day := time.Date(2026, 7, 9, 0, 0, 0, 0, lang.Vietnam)
	for _, test := range []struct {
		r    Reference
		want string
	}{
		{Reference{Date: day}, "evidence.number.missing"},
		{Reference{Number: "05-BC/ĐU"}, "evidence.date.missing"},
		{Reference{Number: "05-BC/ĐU", Date: noon().AddDate(0, 0, 1)}, "evidence.date.future"},
		{Reference{Number: strings.Repeat("5", 101), Date: day}, "evidence.long"},
	} {
		if _, err := keep(test.r); key(err) != test.want {
			t.Errorf("KeepReference(%v) = %v, want %s", test.r, err, test.want)
		}
	}
	it, err := keep(Reference{"  05-BC/ĐU\n", day, "Sơ kết 6 tháng", "Đảng ủy phường Cầu Mây"})
	if err != nil || it.Title() != "05-BC/ĐU, 09/07/2026: Sơ kết 6 tháng" || it.Path() != "" {
		t.Errorf("KeepReference = %+v, %v", it, err)
	}
	got, err := h.Get(t.Context(), it.ID)
	if err != nil || !got.Date.Equal(day) || got.Number != "05-BC/ĐU" || got.Issuer != it.Issuer {
		t.Errorf("Get = %+v, %v", got, err)
	}
}

func TestWithdraw(t *testing.T) {
	h := build(t)
	it := h.keep(t, pdf(), "a.pdf", sheet)
	withdraw := func(id, reason string) error {
		_, err := h.book.Write(t.Context(), func(tx *ledger.Tx) error { return h.Withdraw(t.Context(), tx, id, reason) })
		return err
	}
	for _, test := range []struct{ id, reason, want string }{
		{it.ID, " ", "evidence.reason.missing"},
		{rand.Text(), "nhầm tệp", "evidence.missing"},
		{it.ID, "nhầm tệp", ""},
		{it.ID, "lần nữa", "evidence.withdrawn"},
	} {
		if err := withdraw(test.id, test.reason); key(err) != test.want {
			t.Errorf("Withdraw(%s) = %v, want %s", test.reason, err, test.want)
		}
	}
	got, err := h.Get(t.Context(), it.ID)
	if err != nil || !got.WithdrawnAt.Equal(noon()) || got.Reason != "nhầm tệp" {
		t.Errorf("Get = %+v, %v", got, err)
	}
	h.read(t, it.Hash, Original)
}

func TestVerifySeesTampering(t *testing.T) {
	s, folder := openStore(t)
	book, err := ledger.Open(t.Context(), s.db, noon)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { book.Close() })
	h := house{s, book, folder}
	it := h.keep(t, pdf(), "a.pdf", sheet)
	if s.db.Engine() == db.SQLite {
		err = os.WriteFile(filepath.Join(folder, place(it.Hash, Original)), []byte("x"), 0o600)
	} else {
		err = s.db.Write(t.Context(), func(tx *db.Tx) error {
			_, err := tx.ExecContext(t.Context(), `update evidence_chunk set body = $1`, []byte("x"))
			return err
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	if problems, err := s.Verify(t.Context()); err != nil || len(problems) != 1 {
		t.Errorf("Verify = %v, %v", problems, err)
	}
	// Restoring puts the right bytes back, and no others.
	put := func(body []byte) error {
		return s.db.Write(t.Context(), func(tx *db.Tx) error { return s.PutRaw(t.Context(), tx, it.Hash, bytes.NewReader(body)) })
	}
	if err := put([]byte("y")); err == nil {
		t.Error("wrong bytes were restored")
	}
	if err := put(pdf()); err != nil {
		t.Error(err)
	}
	if problems, err := s.Verify(t.Context()); err != nil || problems != nil {
		t.Errorf("Verify after restoring = %v, %v", problems, err)
	}
	nothingLeft(t, s, folder)
}

func TestSweep(t *testing.T) {
	s, folder := openStore(t)
	if s.db.Engine() != db.SQLite {
		t.Skip("PostgreSQL has no folder")
	}
	if err := os.WriteFile(filepath.Join(folder, coming, "cut"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Sweep(); err != nil {
		t.Error(err)
	}
	nothingLeft(t, s, folder)
	prepare(t, s, pdf(), "a.pdf")
}

func clerk() policy.Actor {
	return policy.Actor{Account: rand.Text(), Office: "Văn phòng", Enrolled: true, Holds: []policy.Membership{{Role: policy.Clerk, Unit: "U"}}}
}

// site serves the store with two rooms: what "open" owns anybody may see, what
// "closed" owns only people who are signed in.
func (h house) site(t *testing.T, actor *policy.Actor) *web.Site {
	t.Helper()
	text, err := lang.Load(web.Text, policy.Text, lang.Text, Text)
	if err != nil {
		t.Fatal(err)
	}
	site, err := web.New(web.Settings{Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Text: text, Now: noon,
		Actor: func(*http.Request) (policy.Actor, error) { return *actor, nil }, Changes: h.book.Changes})
	if err != nil {
		t.Fatal(err)
	}
	Serve(site, h.Store, map[string]func(context.Context, policy.Actor, string) error{
		"open": func(context.Context, policy.Actor, string) error { return nil },
		"closed": func(_ context.Context, a policy.Actor, _ string) error {
			return policy.May(a, policy.SheetRead, policy.Object{Unit: "U"})
		},
	})
	return site
}

func get(site http.Handler, path string, header ...string) *http.Response {
	r := httptest.NewRequest("GET", path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	site.ServeHTTP(w, r)
	return w.Result()
}

func TestDownload(t *testing.T) {
	h := build(t)
	var actor policy.Actor
	site := h.site(t, &actor)
	body := long()
	it := h.keep(t, body, "Báo cáo “mật”.pdf", Use{"open", "1"})
	res := get(site, it.Path())
	got, _ := io.ReadAll(res.Body)
	sum := sha256.Sum256(got)
	if res.StatusCode != 200 || hex.EncodeToString(sum[:]) != it.Hash {
		t.Fatalf("%d, %d bytes", res.StatusCode, len(got))
	}
	for name, want := range map[string]string{
		"Content-Type":            "application/pdf",
		"X-Content-Type-Options":  "nosniff",
		"Content-Security-Policy": "sandbox; default-src 'none'",
		"Cache-Control":           "public, no-cache",
		"Content-Disposition":     `attachment; filename="Bao cao _mat_.pdf"; filename*=UTF-8''B%C3%A1o%20c%C3%A1o%20%E2%80%9Cm%E1%BA%ADt%E2%80%9D.pdf`,
	} {
		if got := res.Header.Get(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if res := get(site, it.Path(), "If-None-Match", res.Header.Get("ETag")); res.StatusCode != 304 {
		t.Errorf("with its ETag: %d", res.StatusCode)
	}
	res = get(site, it.Path(), "Range", "bytes=262140-262149")
	if got, _ := io.ReadAll(res.Body); res.StatusCode != 206 || !bytes.Equal(got, body[262140:262150]) {
		t.Errorf("range: %d %q", res.StatusCode, got)
	}
	if res := get(site, it.Path()+"/anh"); res.StatusCode != 404 {
		t.Errorf("a PDF as an image: %d", res.StatusCode)
	}
	for _, path := range []string{"/tep/" + strings.Repeat("0", 64), "/tep/..", "/tep/" + strings.ToUpper(it.Hash), "/tep/%2e%2e%2fx", "/tep/" + it.Hash + "/goc"} {
		if res := get(site, path); res.StatusCode != 404 && res.StatusCode != 307 {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	}
}

func TestImages(t *testing.T) {
	h := build(t)
	var actor policy.Actor
	site := h.site(t, &actor)
	photo := h.keep(t, withSegment(asJPEG(corners(900, 600)), 0xe1, exif(6)), "a.jpg", Use{"open", "1"})
	drawing := h.keep(t, asPNG(corners(20, 10)), "b.png", Use{"open", "1"})
	if photo.Width != 600 || photo.Height != 900 {
		t.Errorf("%d × %d", photo.Width, photo.Height)
	}
	for path, want := range map[string]string{photo.Path(): "image/jpeg", "/tep/" + photo.Hash + "/nho": "image/jpeg", drawing.Path(): "image/png"} {
		res := get(site, path)
		body, _ := io.ReadAll(res.Body)
		if res.StatusCode != 200 || res.Header.Get("Content-Type") != want || len(metadata(t, body)) > 0 ||
			res.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" || res.Header.Get("Content-Disposition") != "" {
			t.Errorf("%s: %d %v", path, res.StatusCode, res.Header)
		}
	}
	// The original of a photograph tells where it was taken.
	if res := get(site, "/tep/"+photo.Hash); res.StatusCode != 303 || res.Header.Get("Location") != photo.Path() {
		t.Errorf("public original: %d to %s", res.StatusCode, res.Header.Get("Location"))
	}
	if res := get(site, "/tep/"+drawing.Hash); res.StatusCode != 200 {
		t.Errorf("original that tells nothing: %d", res.StatusCode)
	}
	actor = clerk()
	if res := get(site, "/tep/"+photo.Hash); res.StatusCode != 200 || !strings.HasPrefix(res.Header.Get("Content-Disposition"), "attachment") {
		t.Errorf("original: %d %v", res.StatusCode, res.Header)
	}
}

func TestOnlyOwnersLetSee(t *testing.T) {
	h := build(t)
	var actor policy.Actor
	site := h.site(t, &actor)
	closed := h.keep(t, pdf(), "a.pdf", Use{"closed", "1"})
	stray := h.keep(t, asPNG(corners(4, 4)), "b.png", Use{"nowhere", "1"})
	outsider := policy.Actor{Account: "x", Enrolled: true, Holds: []policy.Membership{{Role: policy.Clerk, Unit: "OTHER"}}}
	ask := func(a policy.Actor, path string, want int) *http.Response {
		t.Helper()
		actor = a
		res := get(site, path)
		if res.StatusCode != want {
			t.Errorf("%s by %q: %d, want %d", path, a.Account, res.StatusCode, want)
		}
		return res
	}
	ask(policy.Actor{}, closed.Path(), 404)
	ask(outsider, closed.Path(), 404)
	if res := ask(clerk(), closed.Path(), 200); res.Header.Get("Cache-Control") != "private, no-cache" {
		t.Errorf("kept by others: %v", res.Header)
	}
	ask(clerk(), stray.Path(), 404)
	// A second use lets everybody see the same bytes, until it is withdrawn.
	open := h.keep(t, pdf(), "c.pdf", Use{"open", "1"})
	ask(policy.Actor{}, closed.Path(), 200)
	if _, err := h.book.Write(t.Context(), func(tx *ledger.Tx) error { return h.Withdraw(t.Context(), tx, open.ID, "nhầm") }); err != nil {
		t.Fatal(err)
	}
	ask(policy.Actor{}, closed.Path(), 404)
	ask(clerk(), closed.Path(), 200)
}

func TestReadForm(t *testing.T) {
	h := build(t)
	send := func(fill func(*multipart.Writer)) (*Form, error) {
		var b bytes.Buffer
		w := multipart.NewWriter(&b)
		fill(w)
		w.Close()
		r := httptest.NewRequest("POST", "/", &b)
		r.Header.Set("Content-Type", w.FormDataContentType())
		return h.ReadForm(r)
	}
	file := func(w *multipart.Writer, field, name string, body []byte) {
		part, err := w.CreateFormFile(field, name)
		if err != nil {
			t.Fatal(err)
		}
		part.Write(body)
	}
	f, err := send(func(w *multipart.Writer) {
		w.WriteField("title", "Sơ kết")
		file(w, "good", "a.pdf", pdf())
		file(w, "bad", "a.exe", []byte("MZ"))
		file(w, "none", "", nil)
		w.WriteField("act", "save")
	})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if f.Get("title") != "Sơ kết" || f.Get("act") != "save" {
		t.Errorf("fields: %v", f.Values)
	}
	if p, err := f.File("good"); p == nil || err != nil || p.Name() != "a.pdf" {
		t.Errorf("good: %v, %v", p, err)
	}
	if p, err := f.File("bad"); p != nil || key(err) != "evidence.kind" || fault.All(err)[0].Field != "bad" {
		t.Errorf("bad: %v, %v", p, err)
	}
	if p, err := f.File("none"); p != nil || err != nil {
		t.Errorf("none: %v, %v", p, err)
	}
	if _, err := send(func(w *multipart.Writer) { w.WriteField("title", strings.Repeat("x", maxText+1)) }); err == nil {
		t.Error("an endless field was read")
	}
	r := httptest.NewRequest("POST", "/", strings.NewReader("--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.pdf\"\r\n\r\n%PDF-1.4 cut"))
	r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	if _, err := h.ReadForm(r); key(err) != "evidence.form" {
		t.Errorf("cut form: %v", err)
	}
	r = httptest.NewRequest("POST", "/", strings.NewReader("title=x"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if f, err := h.ReadForm(r); err != nil || f.Get("title") != "x" {
		t.Errorf("plain form: %v, %v", f, err)
	}
}
