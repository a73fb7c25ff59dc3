package account

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"dongthuan/internal/db"
	"dongthuan/internal/db/dbtest"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
	"dongthuan/internal/policy"
	"dongthuan/internal/web"
)

var ctx = context.Background()

const (
	good    = "mưa rơi trên mái tôn cũ"
	another = "sông chảy qua cánh đồng"
	// cheap makes argon2id quick where its cost is not what is tested.
	cheap = 64
)

// clock is a clock that stands until it is moved.
type clock struct{ at time.Time }

func (c *clock) now() time.Time       { return c.at }
func (c *clock) pass(d time.Duration) { c.at = c.at.Add(d) }
func newClock() *clock                { return &clock{time.Date(2026, 11, 20, 8, 0, 0, 0, lang.Vietnam)} }
func today() time.Time                { return Day(newClock().at) }
func clerkOf(unit string) Role        { return Role{Role: policy.Clerk, Unit: unit, From: today()} }
func operatorRole() Role              { return Role{Role: policy.Operator, From: today()} }
func try(login, password string) Try {
	return Try{Login: login, Password: password, Source: "203.0.113.7"}
}
func from(t Try, source string) Try   { t.Source = source; return t }
func known(t Try, device string) Try  { t.Device = device; return t }
func (c *clock) code(s []byte) string { return hotp(s, stepAt(c.at), factorDigits) }

// open returns a service over an empty database; what it recorded is verified at
// the end of the test.
func open(t testing.TB, set Settings) (*Service, *clock) {
	t.Helper()
	if set.Memory == 0 {
		set.Memory = cheap
	}
	c, d := newClock(), dbtest.Open(t)
	book, err := ledger.Open(ctx, d, c.now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { book.Close() })
	t.Cleanup(func() {
		if problems, err := ledger.Verify(ctx, d); err != nil || len(problems) > 0 {
			t.Errorf("ledger.Verify = %v, %v", problems, err)
		}
	})
	return New(d, book, set, c.now), c
}

// newAccount makes an account whose password is good, or with "" a one-time code.
func newAccount(t testing.TB, s *Service, login, password string, roles ...Role) Account {
	t.Helper()
	secret, err := s.Prepare(ctx, password)
	if err != nil {
		t.Fatal(err)
	}
	var a Account
	if _, err := s.book.Write(ctx, func(tx *ledger.Tx) (err error) {
		a, err = s.CreateTx(ctx, tx, System, Draft{Login: login, Office: "Chuyên viên Phường Cầu Mây", Roles: roles}, secret)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return a
}

func signIn(t testing.TB, s *Service, in Try) Opened {
	t.Helper()
	o, err := s.SignIn(ctx, in)
	if err != nil {
		t.Fatalf("SignIn(%s) = %v", in.Login, err)
	}
	return o
}

func live(t testing.TB, s *Service, token string) bool {
	t.Helper()
	_, ok, err := s.Visit(ctx, token)
	if err != nil {
		t.Fatal(err)
	}
	return ok
}

// key is the text key of an error's first words.
func key(err error) string {
	if l := fault.All(err); len(l) > 0 {
		return l[0].Text
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func count(t testing.TB, q db.Query, query string, args ...any) (n int) {
	t.Helper()
	if err := q.QueryRowContext(ctx, query, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// browser keeps cookies between requests to a site, over loopback unless told.
type browser struct {
	t       testing.TB
	site    http.Handler
	base    string
	remote  string
	cookies map[string]*http.Cookie
}

func newBrowser(t testing.TB, site http.Handler) *browser {
	return &browser{t, site, "http://127.0.0.1:8080", "127.0.0.1:50000", map[string]*http.Cookie{}}
}

func (b *browser) do(method, path string, form url.Values) *httptest.ResponseRecorder {
	b.t.Helper()
	r := httptest.NewRequest(method, b.base+path, strings.NewReader(form.Encode()))
	r.RemoteAddr = b.remote
	r.Header.Set("User-Agent", "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36")
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for _, c := range b.cookies {
		r.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
	}
	w := httptest.NewRecorder()
	b.site.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		} else {
			b.cookies[c.Name] = c
		}
	}
	return w
}

func (b *browser) get(path string) *httptest.ResponseRecorder { return b.do(http.MethodGet, path, nil) }

func (b *browser) post(path string, pairs ...string) *httptest.ResponseRecorder {
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return b.do(http.MethodPost, path, form)
}

func (b *browser) signIn(login, password string) *httptest.ResponseRecorder {
	b.t.Helper()
	w := b.post("/dang-nhap", "login", login, "password", password)
	if w.Code != http.StatusSeeOther {
		b.t.Fatalf("sign-in of %s = %d %s", login, w.Code, w.Body)
	}
	return w
}

// serve puts the pages of s on a site of their own.
func serve(t testing.TB, s *Service, behindProxy bool) *web.Site {
	t.Helper()
	text, err := lang.Load(lang.Text, web.Text, policy.Text, Text)
	if err != nil {
		t.Fatal(err)
	}
	site, err := web.New(web.Settings{Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Text: text, Now: s.now, Actor: s.Actor,
		Changes: s.book.Changes, BehindProxy: behindProxy}, web.Room{Name: "account", Pages: Pages})
	if err != nil {
		t.Fatal(err)
	}
	place := func(id, name string) func(context.Context) ([]Place, error) {
		return func(context.Context) ([]Place, error) { return []Place{{id, name}}, nil }
	}
	Serve(site, s, Places{Units: place("U1", "Phường Cầu Mây"), Clusters: place("C3", "Cụm thi đua số 3")})
	return site
}
