package account

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"dongthuan/internal/fault"
	"dongthuan/internal/policy"
	"dongthuan/internal/web"
)

// Place is a unit or a cluster that a role may be held over.
type Place struct{ ID, Name string }

// Places are what roles are held over, handed over by app: the units and the
// clusters of today, in the order they are shown.
type Places struct {
	Units    func(ctx context.Context) ([]Place, error)
	Clusters func(ctx context.Context) ([]Place, error)
}

type pages struct {
	*web.Site
	service *Service
	places  Places
}

// Actor tells who sends a request; web.Settings.Actor is this.
func (s *Service) Actor(r *http.Request) (policy.Actor, error) {
	v, _, err := s.Visit(r.Context(), s.cookie(r))
	return v.Actor, err
}

// cookie returns the session's value.
func (s *Service) cookie(r *http.Request) string {
	if len(r.Header["Cookie"]) == 0 {
		return ""
	}
	return s.value(r, web.SessionCookies)
}

// deviceCookies are the names of the cookie by which a browser is known again.
var deviceCookies = [2]string{"__Host-d", "d-local"}

// value reads the cookie that fits how the request came.
func (s *Service) value(r *http.Request, names [2]string) string {
	name := names[0]
	if s.bare(r) {
		name = names[1]
	}
	c, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}

// bare reports a request without TLS that stays on this machine. Only there does
// the cookie without the __Host- prefix count: anywhere else, somebody on the way
// could have put it into the browser.
func (s *Service) bare(r *http.Request) bool { return r.TLS == nil && s.local != nil && s.local(r) }

// Serve adds signing in, one's own account, and the operator's pages.
func Serve(site *web.Site, s *Service, places Places) {
	s.local = site.Local
	p := pages{site, s, places}
	const session = "a session is not a business fact"
	page := func(pattern string, action policy.Action, show func(http.ResponseWriter, *http.Request) error) {
		site.Handle(web.Route{Pattern: pattern, Action: action, Page: func(w http.ResponseWriter, r *http.Request) error {
			w.Header().Set("Cache-Control", "no-store")
			return show(w, r)
		}})
	}
	write := func(pattern string, action policy.Action, plain string, act func(http.ResponseWriter, *http.Request) (web.Outcome, error)) {
		site.Handle(web.Route{Pattern: pattern, Action: action, Plain: plain, Limit: 16 << 10, Write: func(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
			w.Header().Set("Cache-Control", "no-store")
			return act(w, r)
		}})
	}
	page("GET /dang-nhap", policy.ReadPublic, p.signInForm)
	write("POST /dang-nhap", policy.ReadPublic, session, p.signIn)
	page("GET /dang-nhap/ma", policy.ReadPublic, p.secondForm)
	write("POST /dang-nhap/ma", policy.ReadPublic, session, p.second)
	write("POST /dang-xuat", policy.ReadPublic, session, p.signOut)

	page("GET /tai-khoan", policy.OwnAccount, p.own)
	write("POST /tai-khoan/phien/dung", policy.OwnAccount, session, p.endSession)
	write("POST /tai-khoan/phien/dung-khac", policy.OwnAccount, session, p.endOthers)
	page("GET /tai-khoan/mat-khau", policy.OwnAccount, p.passwordForm)
	write("POST /tai-khoan/mat-khau", policy.OwnAccount, "", p.changePassword)
	page("GET /tai-khoan/xac-nhan", policy.OwnAccount, p.confirmForm)
	write("POST /tai-khoan/xac-nhan", policy.OwnAccount, session, p.confirm)
	page("GET /tai-khoan/hai-lop", policy.OwnAccount, p.enrolForm)
	write("POST /tai-khoan/hai-lop", policy.OwnAccount, "", p.enrol)
	write("POST /tai-khoan/hai-lop/bo", policy.OwnAccount, "", p.unenrol)
	write("POST /tai-khoan/ma-du-phong", policy.OwnAccount, "", p.newCodes)

	page("GET /quan-tri/tai-khoan", policy.Manage, p.list)
	page("GET /quan-tri/tai-khoan/them", policy.Manage, p.addForm)
	write("POST /quan-tri/tai-khoan/them", policy.Manage, "", p.add)
	page("GET /quan-tri/tai-khoan/{id}", policy.Manage, p.one)
	write("POST /quan-tri/tai-khoan/{id}/ten", policy.Manage, "", p.rename)
	write("POST /quan-tri/tai-khoan/{id}/vai-tro", policy.Manage, "", p.grant)
	write("POST /quan-tri/tai-khoan/{id}/thu-hoi", policy.Manage, "", p.revoke)
	write("POST /quan-tri/tai-khoan/{id}/dung", policy.Manage, "", p.disable)
	write("POST /quan-tri/tai-khoan/{id}/mo", policy.Manage, "", p.enable)
	write("POST /quan-tri/tai-khoan/{id}/dat-lai", policy.Manage, "", p.reset)
}

// nothingWrong stands in a form for no error: a nil one has no type left by the
// time it reaches the component that wants an error.
var nothingWrong error = fault.List(nil)

// again answers with the form where the person can mend it, and leaves the rest
// to the site.
func again(page string, data any, err error) (web.Outcome, error) {
	switch fault.KindOf(err) {
	case fault.Invalid, fault.Conflict, fault.Busy:
		return web.Again(page, data, err), nil
	}
	return web.Outcome{}, err
}

// home is where people go after signing in, when they came from nowhere.
const home = "/viec"

type signInPage struct {
	web.Base
	Err       error
	Plain     bool // over plain HTTP: nobody signs in
	Login, To string
}

func (p pages) signInForm(w http.ResponseWriter, r *http.Request) error {
	base, err := p.Base(r)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	to := web.SafePath(q.Get("den"), "")
	if base.Actor.SignedIn() {
		http.Redirect(w, r, p.next(base.Actor.Enrolled, to), http.StatusSeeOther)
		return nil
	}
	return p.Render(w, r, "account/signin", signInPage{base, nothingWrong, !p.Secure(r), Login(q.Get("ten")), to})
}

func (p pages) signIn(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	base, err := p.Base(r)
	if err != nil {
		return web.Outcome{}, err
	}
	page := signInPage{base, nothingWrong, !p.Secure(r), r.PostFormValue("login"), web.SafePath(r.PostFormValue("den"), "")}
	if page.Plain {
		return web.Again("account/signin", page, fault.New(fault.Forbidden, "account.plainhttp")), nil
	}
	try := p.try(r)
	try.Login, try.Password = page.Login, r.PostFormValue("password")
	opened, err := p.service.SignIn(r.Context(), try)
	if err != nil {
		page.Err = err
		if fault.KindOf(err) == fault.Forbidden { // the password was right
			return web.Again("account/signin", page, err), nil
		}
		return again("account/signin", page, err)
	}
	p.keepSession(w, r, opened)
	if opened.Stage == AtFactor {
		return web.Plain("/dang-nhap/ma?"+url.Values{"den": {page.To}}.Encode(), ""), nil
	}
	return web.Plain(p.opened(opened, page.To), ""), nil
}

// try is what a request tells about where it comes from.
func (p pages) try(r *http.Request) Try {
	return Try{Source: p.Source(r), Agent: r.UserAgent(), Old: p.service.cookie(r), Device: p.service.value(r, deviceCookies)}
}

// opened is where a new session goes: to what is still to be set, or on.
func (p pages) opened(o Opened, to string) string {
	return p.next(o.Account.Actor(p.Now(), p.service.set.RequireTOTP).Enrolled, to)
}

func (p pages) next(enrolled bool, to string) string {
	switch {
	case !enrolled:
		return "/tai-khoan/mat-khau?" + url.Values{"den": {to}}.Encode()
	case to == "":
		return home
	}
	return to
}

// keepSession sets the cookies of a session that has begun.
func (p pages) keepSession(w http.ResponseWriter, r *http.Request, o Opened) {
	p.setCookie(w, r, web.SessionCookies, o.Token, 0)
	if o.Device != "" {
		p.setCookie(w, r, deviceCookies, o.Device, deviceFor)
	}
}

// setCookie sets the cookie that fits how the request came; a session's goes with
// the browser's window. An empty value removes it.
func (p pages) setCookie(w http.ResponseWriter, r *http.Request, names [2]string, value string, keep time.Duration) {
	c := &http.Cookie{Name: names[0], Value: value, Path: "/", HttpOnly: true, Secure: true, SameSite: http.SameSiteLaxMode, MaxAge: int(keep / time.Second)}
	if p.service.bare(r) {
		c.Name, c.Secure = names[1], false
	}
	if value == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

type secondPage struct {
	web.Base
	Err error
	To  string
}

func (p pages) secondForm(w http.ResponseWriter, r *http.Request) error {
	base, err := p.Base(r)
	if err != nil {
		return err
	}
	to := web.SafePath(r.URL.Query().Get("den"), "")
	pending, err := p.service.Pending(r.Context(), p.service.cookie(r))
	if err != nil {
		return err
	}
	if !pending {
		http.Redirect(w, r, "/dang-nhap?"+url.Values{"den": {to}}.Encode(), http.StatusSeeOther)
		return nil
	}
	return p.Render(w, r, "account/second", secondPage{base, nothingWrong, to})
}

func (p pages) second(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	base, err := p.Base(r)
	if err != nil {
		return web.Outcome{}, err
	}
	page := secondPage{base, nothingWrong, web.SafePath(r.PostFormValue("den"), "")}
	opened, err := p.service.Second(r.Context(), p.service.cookie(r), r.PostFormValue("code"), p.try(r))
	if fault.KindOf(err) == fault.Conflict {
		return web.Again("account/signin", signInPage{base, err, !p.Secure(r), "", page.To}, err), nil
	}
	if err != nil {
		page.Err = err
		return again("account/second", page, err)
	}
	p.keepSession(w, r, opened)
	return web.Plain(p.opened(opened, page.To), ""), nil
}

func (p pages) signOut(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	if value := p.service.cookie(r); value != "" {
		if err := p.service.SignOut(r.Context(), value); err != nil {
			return web.Outcome{}, err
		}
	}
	p.setCookie(w, r, web.SessionCookies, "", 0)
	return web.Plain("/", "account.done.signout"), nil
}
