package app

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"dongthuan/internal/db"
	"dongthuan/internal/db/dbtest"
)

// seeded is the whole program over the demonstration data, with a server.
type seeded struct {
	*App
	clock *Clock
	url   string
}

// seed is the demonstration's database and files, made once for all tests.
var seed = sync.OnceValues(func() (source string, err error) {
	source, seedRemove, err = dbtest.Template(func(source string) error {
		clock := &Clock{}
		clock.Set(DemoStart)
		d, err := db.Open(context.Background(), source)
		if err != nil {
			return err
		}
		if seedFiles, err = os.MkdirTemp("", "seed-"); err != nil {
			return err
		}
		a, err := New(context.Background(), d, Settings{Demo: true, Now: clock.Now, Files: seedFiles, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			return err
		}
		return errors.Join(Seed(context.Background(), a, clock), a.Close(context.Background()), d.Close())
	})
	return source, err
})

var (
	seedFiles  string
	seedRemove func()
)

func TestMain(m *testing.M) {
	code := m.Run()
	if seedRemove != nil {
		seedRemove()
		os.RemoveAll(seedFiles)
	}
	os.Exit(code)
}

// demonstration serves a copy of the demonstration. When the test ends, everything
// recorded must still hold.
func demonstration(t testing.TB) *seeded {
	t.Helper()
	template, err := seed()
	if err != nil {
		t.Fatal(err)
	}
	files := t.TempDir()
	if err := os.CopyFS(files, os.DirFS(seedFiles)); err != nil {
		t.Fatal(err)
	}
	return serveApp(t, dbtest.Copy(t, template), files)
}

// emptyApp is the program over an empty database.
func emptyApp(t testing.TB) *seeded {
	t.Helper()
	return serveApp(t, dbtest.Source(t), t.TempDir())
}

func serveApp(t testing.TB, source, files string) *seeded {
	t.Helper()
	d, err := db.Open(context.Background(), source)
	if err != nil {
		t.Fatal(err)
	}
	clock := &Clock{}
	clock.Set(DemoStart)
	a, err := New(context.Background(), d, Settings{Demo: true, Now: clock.Now, Files: files, Log: slog.New(slog.NewTextHandler(testLog{t}, &slog.HandlerOptions{Level: slog.LevelWarn}))})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(a.Handler())
	t.Cleanup(func() {
		srv.Close()
		problems, err := a.Verify(context.Background())
		if err != nil || len(problems) > 0 {
			t.Errorf("what is recorded does not hold: %v, %v", problems, err)
		}
		if err := a.Close(context.Background()); err != nil {
			t.Error(err)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return &seeded{a, clock, srv.URL}
}

// testLog fails the test that logs an internal error.
type testLog struct{ t testing.TB }

func (l testLog) Write(b []byte) (int, error) {
	if strings.Contains(string(b), "level=ERROR") {
		l.t.Errorf("logged: %s", b)
	}
	return len(b), nil
}

// visitor is a browser without scripts.
type visitor struct {
	t    testing.TB
	base string
	http *http.Client
}

func (s *seeded) visitor(t testing.TB, login string) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	v := &visitor{t, s.url, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	if login != "" {
		if code, body, to := v.post("/dang-nhap", url.Values{"login": {login}, "password": {DemoPassword}}); code != http.StatusSeeOther || to != "/viec" {
			t.Fatalf("sign in as %s: %d → %q\n%s", login, code, to, body)
		}
	}
	return v
}

func (v *visitor) do(method, path string, form url.Values, header ...string) (code int, body, to string) {
	v.t.Helper()
	var in io.Reader
	if form != nil {
		in = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequest(method, v.base+path, in)
	if err != nil {
		v.t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := v.http.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer resp.Body.Close()
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") {
		return resp.StatusCode, "", "" // does not end
	}
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return resp.StatusCode, string(b), resp.Header.Get("Location")
}

func (v *visitor) get(path string) (int, string) {
	v.t.Helper()
	code, body, _ := v.do("GET", path, nil)
	return code, body
}

func (v *visitor) post(path string, form url.Values, header ...string) (int, string, string) {
	v.t.Helper()
	if form == nil {
		form = url.Values{}
	}
	return v.do("POST", path, form, header...)
}

// The consolidated table of the demonstration, in tenths, ties and all.
var table = []struct {
	unit   string
	groups [6]int64
	bonus  int64
	cut    int64
	total  int64
	class  string
}{
	{"DV01", [6]int64{145, 185, 235, 135, 140, 95}, 15, 0, 950, "Xuất sắc"},
	{"DV02", [6]int64{140, 190, 230, 140, 135, 90}, 20, 5, 940, "Tốt"},
	{"DV03", [6]int64{140, 180, 225, 135, 135, 90}, 10, 0, 915, "Tốt"},
	{"DV04", [6]int64{135, 180, 220, 130, 130, 90}, 10, 10, 885, "Tốt"},
	{"DV05", [6]int64{145, 175, 215, 130, 130, 85}, 5, 0, 885, "Tốt"},
	{"DV06", [6]int64{135, 170, 215, 135, 125, 90}, 10, 5, 875, "Tốt"},
	{"DV07", [6]int64{130, 175, 205, 125, 130, 85}, 5, 0, 855, "Tốt"},
	{"DV08", [6]int64{140, 165, 200, 125, 120, 85}, 0, 10, 825, "Khá"},
	{"DV09", [6]int64{135, 165, 195, 120, 120, 85}, 5, 0, 825, "Khá"},
	{"DV10", [6]int64{130, 160, 190, 130, 120, 80}, 10, 0, 820, "Khá"},
	{"DV12", [6]int64{125, 150, 175, 125, 115, 80}, 5, 0, 775, "Khá"},
	{"DV11", [6]int64{125, 155, 185, 120, 120, 80}, 0, 20, 765, "Khá"},
}

// TestDemonstrationRanking goes the whole way of the data: figures, rules, reasons,
// verification, freezing, publication, and out of the API.
func TestDemonstrationRanking(t *testing.T) {
	s := demonstration(t)
	code, body := s.visitor(t, "").get("/api/v1/clusters/ht3/periods/2026-6t/ranking")
	if code != http.StatusOK {
		t.Fatalf("ranking: %d %s", code, body)
	}
	var got apiRanking
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	if got.Period != "2026-6t" || len(got.Rows) != len(table) {
		t.Fatalf("period %s with %d rows", got.Period, len(got.Rows))
	}
	for i, want := range table {
		row := got.Rows[i]
		if row.Rank != i+1 || row.Unit != want.unit || [6]int64(row.Groups) != want.groups || row.Bonus != want.bonus || row.Deduction != want.cut || row.Total != want.total || row.Class != want.class {
			t.Errorf("place %d = %+v, want %+v", i+1, row, want)
		}
	}
}

// TestFiguresOpenToEvidence follows a number down: the report's number, its units,
// an entry, its file.
func TestFiguresOpenToEvidence(t *testing.T) {
	v := demonstration(t).visitor(t, "")
	for _, step := range []struct{ path, want string }{
		{"/bao-cao/ht3-2026-6t", `href="/thi-dua/ht3/2026-6t/so/kien_nghi_dung_han">3.170</a>`},
		{"/thi-dua/ht3/2026-6t/so/kien_nghi_dung_han", `/thi-dua/ht3/2026-6t/don-vi/DV01/so/kien_nghi_dung_han`},
		{"/thi-dua/ht3/2026-6t/don-vi/DV01/so/kien_nghi_dung_han", "131/BC-UBND"},
		{"/thi-dua/ht3/2026-6t/don-vi/DV01/so/cong_khai_dat", "/tep/"},
	} {
		code, body := v.get(step.path)
		if code != http.StatusOK || !strings.Contains(body, step.want) {
			t.Errorf("%s: %d, has no %s", step.path, code, step.want)
		}
	}
}
