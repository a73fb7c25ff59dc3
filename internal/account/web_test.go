package account

import (
	"bytes"
	"crypto/tls"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"dongthuan/internal/policy"
	"dongthuan/internal/web"
)

func TestSignInPages(t *testing.T) {
	s, c := open(t, Settings{})
	site := serve(t, s, false)
	newAccount(t, s, "dv01", good, clerkOf("U1"))
	b := newBrowser(t, site)
	if w := b.get("/tai-khoan"); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/dang-nhap?den=%2Ftai-khoan" {
		t.Fatalf("GET /tai-khoan = %d %s", w.Code, w.Header().Get("Location"))
	}
	w := b.get("/dang-nhap?den=%2Ftai-khoan&ten=DV01")
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `name="den" value="/tai-khoan"`) || !strings.Contains(w.Body.String(), `value="dv01"`) {
		t.Fatalf("GET /dang-nhap = %d %s", w.Code, w.Body)
	}
	w = b.post("/dang-nhap", "login", "Dv01 <b>", "password", "không đúng", "den", "/tai-khoan")
	if body := w.Body.String(); w.Code != http.StatusUnprocessableEntity || !strings.Contains(body, `value="Dv01 &lt;b&gt;"`) || !strings.Contains(body, `value="/tai-khoan"`) ||
		strings.Contains(body, "không đúng") || len(w.Result().Cookies()) != 0 {
		t.Fatalf("wrong password = %d %s", w.Code, body)
	}
	w = b.post("/dang-nhap", "login", "dv01", "password", good, "den", "/tai-khoan")
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/tai-khoan" || w.Header().Get("Cache-Control") != "no-store" {
		t.Fatalf("right password = %d %v", w.Code, w.Header())
	}
	for _, cookie := range w.Result().Cookies() {
		if !strings.HasSuffix(cookie.Name, "-local") || cookie.Secure || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "/" || cookie.Domain != "" {
			t.Errorf("cookie %+v", cookie)
		}
		if cookie.Name == web.SessionCookies[1] && (cookie.MaxAge != 0 || strings.Contains(w.Body.String(), cookie.Value)) {
			t.Errorf("session cookie %+v", cookie)
		}
	}
	if w := b.get("/dang-nhap"); w.Header().Get("Location") != home {
		t.Errorf("signed in, GET /dang-nhap goes to %q", w.Header().Get("Location"))
	}
	w = b.get("/tai-khoan")
	for _, want := range []string{"Chuyên viên Phường Cầu Mây", "dv01", "Chrome, Android", "20/11/2026 – không thời hạn", "Quản trị tại máy chủ"} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("/tai-khoan does not say %q", want)
		}
	}
	c.pass(time.Minute)
	if w := b.post("/dang-xuat"); w.Code != http.StatusSeeOther || b.cookies[web.SessionCookies[1]] != nil || b.cookies[deviceCookies[1]] == nil {
		t.Errorf("sign-out = %d, cookies %v", w.Code, b.cookies)
	}
	if w := b.get("/tai-khoan"); w.Code != http.StatusSeeOther {
		t.Errorf("after sign-out GET /tai-khoan = %d", w.Code)
	}
}

// An unknown login and a wrong password are answered alike.
func TestNoEnumeration(t *testing.T) {
	s, _ := open(t, Settings{})
	site := serve(t, s, false)
	newAccount(t, s, "dv01", good)
	off := newAccount(t, s, "dv02", good)
	newAccount(t, s, "dv03", "") // a one-time code waits
	if _, err := s.Disable(ctx, System, off.ID); err != nil {
		t.Fatal(err)
	}
	answer := func(login, password string) string {
		w := newBrowser(t, site).post("/dang-nhap", "login", login, "password", password)
		var b bytes.Buffer
		if err := w.Header().Write(&b); err != nil {
			t.Fatal(err)
		}
		return w.Result().Status + b.String() + strings.ReplaceAll(w.Body.String(), login, "")
	}
	want := answer("dv09", "Matkhau@123456")
	for _, login := range []string{"dv01", "dv02", "dv03"} {
		if got := answer(login, "Matkhau@123456"); got != want {
			t.Errorf("%s is answered otherwise than an unknown login:\n%s\n%s", login, got, want)
		}
	}
	for range 6 {
		answer("dv09", "x")
		answer("dv01", "x")
	}
	if got, want := answer("dv01", "x"), answer("dv09", "x"); got != want || !strings.HasPrefix(got, "503") {
		t.Errorf("made to wait, they are answered otherwise:\n%s\n%s", got, want)
	}
}

// Signing in sends nobody to another site.
func TestOpenRedirect(t *testing.T) {
	s, _ := open(t, Settings{})
	site := serve(t, s, false)
	newAccount(t, s, "dv01", good)
	for _, to := range []string{"//evil.example", "/\\evil.example", "https://evil.example", "https:evil.example", "///evil.example",
		"/\t/evil.example", "\t//evil.example", "/\n/evil.example", "javascript:alert(1)", "evil.example", "@evil.example", "/.//evil.example",
		"/%2f%2fevil.example", "/%09/evil.example", "http:\\\\evil.example", "/\x00/evil.example", strings.Repeat("/", 600)} {
		b := newBrowser(t, site)
		b.get("/dang-nhap?" + url.Values{"den": {to}}.Encode())
		w := b.post("/dang-nhap", "login", "dv01", "password", good, "den", to)
		base, _ := url.Parse("http://127.0.0.1:8080/dang-nhap")
		went, err := base.Parse(w.Header().Get("Location"))
		if w.Code != http.StatusSeeOther || err != nil || went.Host != "127.0.0.1:8080" || went.Scheme != "http" {
			t.Errorf("den=%q: %d to %q", to, w.Code, w.Header().Get("Location"))
		}
		again := b.get("/dang-nhap?" + url.Values{"den": {to}}.Encode())
		if went, err = base.Parse(again.Header().Get("Location")); err != nil || went.Host != "127.0.0.1:8080" {
			t.Errorf("signed in, den=%q: to %q", to, again.Header().Get("Location"))
		}
	}
}

func TestPlainHTTP(t *testing.T) {
	s, _ := open(t, Settings{})
	site := serve(t, s, false)
	newAccount(t, s, "dv01", good)
	for _, test := range []struct{ name, base, remote string }{
		{"another machine", "http://192.168.1.5:8080", "192.168.1.9:5000"},
		{"a spoofed loopback host", "http://127.0.0.1:8080", "192.168.1.9:5000"},
		{"this machine by its name in the network", "http://may-chu:8080", "127.0.0.1:5000"},
	} {
		b := newBrowser(t, site)
		b.base, b.remote = test.base, test.remote
		if w := b.get("/dang-nhap"); w.Code != http.StatusOK || strings.Contains(w.Body.String(), `name="password"`) || !strings.Contains(w.Body.String(), "https") {
			t.Errorf("%s: GET = %d", test.name, w.Code)
		}
		if w := b.post("/dang-nhap", "login", "dv01", "password", good); w.Code != http.StatusForbidden || len(b.cookies) != 0 {
			t.Errorf("%s: POST = %d, cookies %v", test.name, w.Code, b.cookies)
		}
		// A plain cookie of this machine opens nothing from there.
		o := signIn(t, s, try("dv01", good))
		b.cookies[web.SessionCookies[1]] = &http.Cookie{Name: web.SessionCookies[1], Value: o.Token}
		if w := b.get("/tai-khoan"); w.Code != http.StatusSeeOther {
			t.Errorf("%s: a plain cookie opened /tai-khoan: %d", test.name, w.Code)
		}
	}
}

func TestSecureCookies(t *testing.T) {
	for _, behind := range []bool{false, true} {
		s, _ := open(t, Settings{})
		site := serve(t, s, behind)
		newAccount(t, s, "dv01", good)
		r := httptest.NewRequest(http.MethodPost, "https://thidua.example/dang-nhap", strings.NewReader(url.Values{"login": {"dv01"}, "password": {good}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		r.TLS = new(tls.ConnectionState)
		if behind {
			r.TLS = nil
			r.RemoteAddr = "127.0.0.1:5000"
			r.Header.Set("X-Forwarded-Proto", "https")
		}
		w := httptest.NewRecorder()
		site.ServeHTTP(w, r)
		cookies := w.Result().Cookies()
		if w.Code != http.StatusSeeOther || len(cookies) != 2 {
			t.Fatalf("behind proxy %v: %d, %v", behind, w.Code, cookies)
		}
		for _, cookie := range cookies {
			if !strings.HasPrefix(cookie.Name, "__Host-") || !cookie.Secure || !cookie.HttpOnly || cookie.Path != "/" || cookie.Domain != "" || cookie.SameSite != http.SameSiteLaxMode {
				t.Errorf("behind proxy %v: cookie %+v", behind, cookie)
			}
		}
	}
}

// Without a session cookie nobody asks the database.
func TestActorOfPublic(t *testing.T) {
	s, c := open(t, Settings{})
	site := serve(t, s, false)
	broken := &Service{now: c.now, local: site.Local} // any question would panic
	for _, cookie := range []string{"", "lang=en", "d-local=x"} {
		r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1:8080/", nil)
		r.RemoteAddr = "127.0.0.1:5000"
		if cookie != "" {
			r.Header.Set("Cookie", cookie)
		}
		if a, err := broken.Actor(r); err != nil || a.SignedIn() {
			t.Errorf("Actor with %q = %+v, %v", cookie, a, err)
		}
	}
}

func TestFirstSignIn(t *testing.T) {
	s, c := open(t, Settings{RequireTOTP: true})
	site := serve(t, s, false)
	_, code, _, err := s.Create(ctx, System, Draft{Login: "dv01", Office: "Chuyên viên Phường Cầu Mây", Roles: []Role{clerkOf("U1")}})
	if err != nil {
		t.Fatal(err)
	}
	b := newBrowser(t, site)
	w := b.post("/dang-nhap", "login", "dv01", "password", code, "den", "/viec/bang")
	if w.Header().Get("Location") != "/tai-khoan/mat-khau?den=%2Fviec%2Fbang" {
		t.Fatalf("sign-in with a one-time code goes to %q", w.Header().Get("Location"))
	}
	if w := b.get("/tai-khoan/mat-khau?den=%2Fviec%2Fbang"); strings.Contains(w.Body.String(), `name="old"`) {
		t.Error("the one-time code is asked for again")
	}
	w = b.post("/tai-khoan/mat-khau", "new", "phuongcaumay2026", "again", "phuongcaumay2026")
	if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `id="e-new"`) {
		t.Errorf("a weak password = %d", w.Code)
	}
	before := b.cookies[web.SessionCookies[1]].Value
	w = b.post("/tai-khoan/mat-khau", "new", good, "again", good, "den", "/viec/bang")
	if !strings.HasPrefix(w.Header().Get("Location"), "/tai-khoan/hai-lop") || b.cookies[web.SessionCookies[1]].Value == before {
		t.Fatalf("after the password = %d to %q", w.Code, w.Header().Get("Location"))
	}
	if w := b.get("/tai-khoan"); w.Code != http.StatusOK {
		t.Errorf("one's own page, not enrolled = %d", w.Code)
	}
	w = b.get("/tai-khoan/hai-lop")
	found := regexp.MustCompile(`name="secret" value="([A-Z2-7]+)"`).FindStringSubmatch(w.Body.String())
	if found == nil || !strings.Contains(w.Body.String(), `<svg class="qr"`) || strings.Contains(w.Body.String(), "style=") {
		t.Fatalf("enrolment page = %d %s", w.Code, w.Body)
	}
	secret, _ := parseSecret(found[1])
	if w := b.post("/tai-khoan/hai-lop", "secret", found[1], "code", "000000"); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), found[1]) {
		t.Errorf("a wrong code = %d, or another secret", w.Code)
	}
	w = b.post("/tai-khoan/hai-lop", "secret", found[1], "code", c.code(secret))
	codes := regexp.MustCompile(`<li class="code">([A-Z2-9-]{14})</li>`).FindAllStringSubmatch(w.Body.String(), -1)
	if w.Code != http.StatusOK || len(codes) != recoveryCodes {
		t.Fatalf("enrolled = %d, %d codes", w.Code, len(codes))
	}
	r := httptest.NewRequest(http.MethodGet, b.base+"/", nil)
	r.RemoteAddr = b.remote
	r.AddCookie(&http.Cookie{Name: web.SessionCookies[1], Value: b.cookies[web.SessionCookies[1]].Value})
	if a, err := s.Actor(r); err != nil || !a.Enrolled {
		t.Errorf("Actor = %+v, %v", a, err)
	}

	// The next sign-in, in two steps.
	c.pass(time.Minute)
	b = newBrowser(t, site)
	w = b.post("/dang-nhap", "login", "dv01", "password", good, "den", "/viec/bang")
	if w.Header().Get("Location") != "/dang-nhap/ma?den=%2Fviec%2Fbang" {
		t.Fatalf("first step goes to %q", w.Header().Get("Location"))
	}
	if w := b.get("/tai-khoan"); w.Code != http.StatusSeeOther {
		t.Errorf("after the first step GET /tai-khoan = %d", w.Code)
	}
	if w := b.get("/dang-nhap/ma?den=%2Fviec%2Fbang"); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `value="/viec/bang"`) {
		t.Errorf("second step page = %d", w.Code)
	}
	if w := b.post("/dang-nhap/ma", "code", "123", "den", "/viec/bang"); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("half a code = %d", w.Code)
	}
	if w := b.post("/dang-nhap/ma", "code", html.UnescapeString(codes[0][1]), "den", "/viec/bang"); w.Header().Get("Location") != "/viec/bang" {
		t.Errorf("second step = %d to %q", w.Code, w.Header().Get("Location"))
	}
	if w := newBrowser(t, site).get("/dang-nhap/ma"); w.Header().Get("Location") != "/dang-nhap?den=" {
		t.Errorf("second step without a first goes to %q", w.Header().Get("Location"))
	}
}

func TestOwnPages(t *testing.T) {
	s, c := open(t, Settings{})
	site := serve(t, s, false)
	a := newAccount(t, s, "dv01", good)
	b, other := newBrowser(t, site), newBrowser(t, site)
	b.signIn("dv01", good)
	c.pass(time.Minute)
	other.signIn("dv01", good)
	mine := b.cookies[web.SessionCookies[1]].Value
	sessions, err := s.Sessions(ctx, a.ID)
	if err != nil || len(sessions) != 2 {
		t.Fatalf("Sessions = %v, %v", sessions, err)
	}
	// Somebody else's session cannot be ended by its id.
	newAccount(t, s, "dv02", another)
	stranger := newBrowser(t, site)
	stranger.signIn("dv02", another)
	if w := stranger.post("/tai-khoan/phien/dung", "id", sessions[0].ID); w.Code != http.StatusNotFound || !live(t, s, mine) {
		t.Errorf("a stranger ending a session = %d", w.Code)
	}
	for _, session := range sessions {
		if session.token != stored(mine) {
			if w := b.post("/tai-khoan/phien/dung", "id", session.ID); w.Code != http.StatusSeeOther {
				t.Errorf("end = %d", w.Code)
			}
		}
	}
	if w := other.get("/tai-khoan"); w.Code != http.StatusSeeOther {
		t.Errorf("the ended session's page = %d", w.Code)
	}
	other.signIn("dv01", good)
	if w := b.post("/tai-khoan/phien/dung-khac"); w.Code != http.StatusSeeOther || !live(t, s, mine) {
		t.Errorf("end others = %d", w.Code)
	}
	if w := other.get("/tai-khoan"); w.Code != http.StatusSeeOther {
		t.Errorf("the other session's page = %d", w.Code)
	}
	if w := b.post("/tai-khoan/mat-khau", "old", "sai", "new", another, "again", another); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `id="e-old"`) {
		t.Errorf("wrong old password = %d", w.Code)
	}
	if w := b.post("/tai-khoan/mat-khau", "old", good, "new", another, "again", another); w.Code != http.StatusSeeOther {
		t.Errorf("change = %d %s", w.Code, w.Body)
	}
	if w := b.get("/tai-khoan"); w.Code != http.StatusOK {
		t.Errorf("after the change = %d", w.Code)
	}
	if w := b.post("/tai-khoan/ma-du-phong"); w.Code != http.StatusConflict {
		t.Errorf("recovery codes without a factor = %d", w.Code)
	}
	c.pass(16 * time.Minute)
	if w := b.get("/tai-khoan"); !strings.Contains(w.Body.String(), "/tai-khoan/xac-nhan?den=") {
		t.Error("the password is not asked for again after 15 minutes")
	}
	if w := b.post("/tai-khoan/xac-nhan", "confirm", "sai", "den", "//evil.example"); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("wrong confirmation = %d", w.Code)
	}
	if w := b.post("/tai-khoan/xac-nhan", "confirm", another, "den", "//evil.example"); w.Header().Get("Location") != "/tai-khoan" {
		t.Errorf("confirmation = %d to %q", w.Code, w.Header().Get("Location"))
	}
}

func TestOperatorPages(t *testing.T) {
	s, c := open(t, Settings{})
	site := serve(t, s, false)
	newAccount(t, s, "root", good, operatorRole())
	plain := newAccount(t, s, "dv01", another, clerkOf("U1"))
	b := newBrowser(t, site)
	b.signIn("root", good)

	w := b.get("/quan-tri/tai-khoan?q=dv01")
	if !strings.Contains(w.Body.String(), "Chuyên viên đơn vị · Phường Cầu Mây") {
		t.Errorf("list = %d %s", w.Code, w.Body)
	}
	if w := b.get("/quan-tri/tai-khoan/them"); strings.Contains(w.Body.String(), `value="operator"`) || !strings.Contains(w.Body.String(), "hai người") {
		t.Error("the operator's role is offered, or not explained")
	}
	w = b.post("/quan-tri/tai-khoan/them", "login", "x", "office", "Thư ký cụm", "role", "secretary", "from", "31/12/26", "unit", "U1")
	for _, want := range []string{`id="e-login"`, `id="e-from"`, `value="31/12/26"`, `value="x"`} {
		if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), want) {
			t.Errorf("a bad form = %d without %s", w.Code, want)
		}
	}
	w = b.post("/quan-tri/tai-khoan/them", "login", "thuky", "office", "Thư ký cụm", "role", "secretary", "cluster", "C3", "from", "2026-11-20", "to", "2026-12-31")
	code := regexp.MustCompile(`[A-Z2-9]{4}(-[A-Z2-9]{4}){3}`).FindString(w.Body.String())
	if w.Code != http.StatusOK || code == "" || !strings.Contains(w.Body.String(), `<svg class="qr"`) || !strings.Contains(w.Body.String(), "http://127.0.0.1:8080/dang-nhap?ten=thuky") {
		t.Fatalf("add = %d %s", w.Code, w.Body)
	}
	a, err := s.ByLogin(ctx, "thuky")
	if err != nil || len(a.Roles) != 1 || a.Roles[0].Last().Format("02/01/2006") != "31/12/2026" {
		t.Fatalf("ByLogin = %+v, %v", a, err)
	}
	path := "/quan-tri/tai-khoan/" + a.ID
	if w := b.get(path); strings.Contains(w.Body.String(), code) || !strings.Contains(w.Body.String(), "20/11/2026 – 31/12/2026") {
		t.Errorf("its page = %d, or shows the code again", w.Code)
	}
	if w := newBrowser(t, site).signIn("thuky", code); w.Code != http.StatusSeeOther {
		t.Errorf("sign-in with the slip = %d", w.Code)
	}
	for _, test := range []struct {
		path  string
		pairs []string
		code  int
	}{
		{"/vai-tro", []string{"role", "editor", "from", "2026-11-20"}, http.StatusSeeOther},
		{"/vai-tro", []string{"role", "editor", "from", "2026-11-20"}, http.StatusUnprocessableEntity},
		{"/vai-tro", []string{"role", "operator", "from", "2026-11-20"}, http.StatusForbidden},
		{"/vai-tro", []string{"role", "clerk", "unit", "MADE-UP", "from", "2026-11-20"}, http.StatusUnprocessableEntity},
		{"/thu-hoi", []string{"held", a.Roles[0].ID}, http.StatusSeeOther},
		{"/thu-hoi", []string{"held", plain.Roles[0].ID}, http.StatusNotFound},
		{"/ten", []string{"office", "Thư ký Cụm thi đua số 3"}, http.StatusSeeOther},
		{"/ten", []string{"office", ""}, http.StatusUnprocessableEntity},
		{"/dung", nil, http.StatusSeeOther},
		{"/dat-lai", nil, http.StatusConflict},
		{"/mo", nil, http.StatusSeeOther},
		{"/dat-lai", nil, http.StatusOK},
	} {
		if w := b.post(path+test.path, test.pairs...); w.Code != test.code {
			t.Errorf("POST %s %v = %d, want %d", test.path, test.pairs, w.Code, test.code)
		}
	}
	root, err := s.ByLogin(ctx, "root")
	if err != nil {
		t.Fatal(err)
	}
	for _, act := range []string{"/dung", "/dat-lai"} {
		if w := b.post("/quan-tri/tai-khoan/" + root.ID + act); w.Code != http.StatusConflict {
			t.Errorf("on oneself POST %s = %d", act, w.Code)
		}
	}
	c.pass(16 * time.Minute)
	if w := b.post(path + "/dung"); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("16 minutes after the password POST /dung = %d", w.Code)
	}
	if w := b.post(path+"/dung", "confirm", good); w.Code != http.StatusSeeOther {
		t.Errorf("with the password POST /dung = %d", w.Code)
	}

	// Nobody else gets in.
	other := newBrowser(t, site)
	other.signIn("dv01", another)
	n := count(t, s.db, `select count(*) from ledger_leaf`)
	for _, route := range site.Routes() {
		method, pattern, _ := strings.Cut(route.Pattern, " ")
		if route.Action != policy.Manage {
			continue
		}
		if w := other.do(method, strings.ReplaceAll(pattern, "{id}", a.ID), nil); w.Code != http.StatusForbidden {
			t.Errorf("a clerk's %s = %d", route.Pattern, w.Code)
		}
		if w := newBrowser(t, site).do(method, strings.ReplaceAll(pattern, "{id}", a.ID), nil); w.Code != http.StatusForbidden && w.Code != http.StatusSeeOther {
			t.Errorf("the public's %s = %d", route.Pattern, w.Code)
		}
	}
	if m := count(t, s.db, `select count(*) from ledger_leaf`); m != n {
		t.Errorf("%d leaves were written by those who may not", m-n)
	}
}

// Every page, in both languages, with nothing untranslated and nothing inline.
func TestPagesRender(t *testing.T) {
	s, c := open(t, Settings{})
	site := serve(t, s, false)
	newAccount(t, s, "root", good, operatorRole())
	a := newAccount(t, s, "dv01", another, clerkOf("U1"), Role{Role: policy.Auditor, Cluster: "GONE", From: today()})
	seen := map[string]bool{}
	check := func(page, body string) {
		t.Helper()
		seen[page] = true
		for _, bad := range []string{"⟦", "%!", "style=", "onclick", "<script>", "<no value>"} {
			if strings.Contains(body, bad) {
				t.Errorf("%s holds %q:\n%s", page, bad, body)
			}
		}
		for _, id := range regexp.MustCompile(` id="[^"]+"`).FindAllString(body, -1) {
			if strings.Count(body, id) > 1 {
				t.Errorf("%s has%s twice", page, id)
			}
		}
	}
	for _, l := range []string{"vi", "en"} {
		b := newBrowser(t, site)
		path := func(p string) string { return p + "?lang=" + l }
		check("signin", b.get(path("/dang-nhap")).Body.String())
		check("signin", b.post(path("/dang-nhap"), "login", "x", "password", "y").Body.String())
		b.signIn("root", good)
		for _, p := range []struct{ page, at string }{{"own", "/tai-khoan"}, {"password", "/tai-khoan/mat-khau"}, {"confirm", "/tai-khoan/xac-nhan"},
			{"enrol", "/tai-khoan/hai-lop"}, {"list", "/quan-tri/tai-khoan"}, {"add", "/quan-tri/tai-khoan/them"}, {"one", "/quan-tri/tai-khoan/" + a.ID}} {
			w := b.get(path(p.at))
			if w.Code != http.StatusOK {
				t.Errorf("%s = %d", p.at, w.Code)
			}
			check(p.page, w.Body.String())
		}
		check("add", b.post(path("/quan-tri/tai-khoan/them"), "login", "?", "role", "clerk").Body.String())
		check("slip", b.post(path("/quan-tri/tai-khoan/"+a.ID+"/dat-lai")).Body.String())
		c.pass(20 * time.Minute)
		check("own", b.get(path("/tai-khoan")).Body.String())
		check("one", b.get(path("/quan-tri/tai-khoan/"+a.ID)).Body.String())
		check("enrol", b.get(path("/tai-khoan/hai-lop")).Body.String())
		if w := b.post("/tai-khoan/xac-nhan", "confirm", good); w.Code != http.StatusSeeOther {
			t.Fatal(w.Code)
		}
		secret := newSecret()
		w := b.post(path("/tai-khoan/hai-lop"), "secret", base32Text.EncodeToString(secret), "code", c.code(secret))
		if w.Code != http.StatusOK {
			t.Fatalf("enrol = %d", w.Code)
		}
		check("codes", w.Body.String())
		check("own", b.get(path("/tai-khoan")).Body.String())
		c.pass(time.Minute)
		half := newBrowser(t, site)
		half.signIn("root", good)
		check("second", half.get(path("/dang-nhap/ma")).Body.String())
		check("second", half.post(path("/dang-nhap/ma"), "code", "1").Body.String())
		if w := b.post("/tai-khoan/hai-lop/bo"); w.Code != http.StatusSeeOther {
			t.Fatalf("unenrol = %d", w.Code)
		}
		words := func(key string, args ...any) string { return site.Text.Text(l, key, args...) }
		slip, err := SlipText(words, "https://thidua.example/", a, "K7QM-2XWB-94TE-AAAA")
		if err != nil || !strings.Contains(slip, "K7QM-2XWB-94TE-AAAA") || !strings.Contains(slip, "https://thidua.example/dang-nhap?ten=dv01\n") || strings.Contains(slip, "⟦") {
			t.Errorf("SlipText = %s, %v", slip, err)
		}
	}
	for name := range site.Pages() {
		if room, page, _ := strings.Cut(name, "/"); room == "account" && !seen[page] {
			t.Errorf("page %s was not looked at", page)
		}
	}
}
