package account

import (
	"context"
	"net/http"

	"dongthuan/internal/fault"
	"dongthuan/internal/policy"
	"dongthuan/internal/qr"
	"dongthuan/internal/web"
)

// ownBase is what every page of one's own account has.
type ownBase struct {
	web.Base
	Visit Visit
	Fresh bool // the password was given lately: it is not asked for again
	Err   error
}

// mine returns who visits, or the refusal that leads to signing in.
func (p pages) mine(r *http.Request) (ownBase, error) {
	base, err := p.Base(r)
	if err != nil {
		return ownBase{}, err
	}
	if err := policy.May(base.Actor, policy.OwnAccount, policy.Object{}); err != nil {
		return ownBase{}, err
	}
	v, err := p.service.visit(r.Context(), p.service.cookie(r))
	return ownBase{Base: base, Visit: v, Fresh: v.Session.Fresh(base.Now), Err: nothingWrong}, err
}

// prove takes the password a form asks for where it was not given lately.
func (p pages) prove(r *http.Request, fresh bool) error {
	if fresh {
		return nil
	}
	return p.service.Prove(r.Context(), p.service.cookie(r), r.PostFormValue("confirm"))
}

type ownPage struct {
	ownBase
	Sessions []Session
	Roles    []roleRow
	Required bool
}

// roleRow is a role with the names of its words.
type roleRow struct {
	Role
	Place string // "" for roles of the installation
	Now   bool
	Ended bool // holds no more, or never will
}

func (p pages) own(w http.ResponseWriter, r *http.Request) error {
	b, err := p.mine(r)
	if err != nil {
		return err
	}
	page, err := p.ownPage(r.Context(), b)
	if err != nil {
		return err
	}
	return p.Render(w, r, "account/own", page)
}

func (p pages) ownPage(ctx context.Context, b ownBase) (ownPage, error) {
	page := ownPage{ownBase: b, Required: p.service.set.RequireTOTP}
	var err error
	if page.Sessions, err = p.service.Sessions(ctx, b.Visit.Account.ID); err != nil {
		return page, err
	}
	page.Roles, err = p.roleRows(ctx, b.Base, b.Visit.Account.Roles)
	return page, err
}

func (p pages) roleRows(ctx context.Context, base web.Base, roles []Role) ([]roleRow, error) {
	if len(roles) == 0 {
		return nil, nil
	}
	names := map[string]string{}
	for _, list := range []func(context.Context) ([]Place, error){p.places.Units, p.places.Clusters} {
		all, err := list(ctx)
		if err != nil {
			return nil, err
		}
		for _, place := range all {
			names[place.ID] = place.Name
		}
	}
	var rows []roleRow
	for _, r := range roles {
		row := roleRow{Role: r, Place: names[r.Unit+r.Cluster], Now: r.On(base.Now), Ended: r.Over(base.Now) || r.Never()}
		if row.Place == "" && r.Unit+r.Cluster != "" {
			row.Place = base.Words("account.role.place.gone")
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func (p pages) endSession(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	b, err := p.mine(r)
	if err != nil {
		return web.Outcome{}, err
	}
	id := r.PostFormValue("id")
	if err := p.service.EndSession(r.Context(), p.service.cookie(r), id); err != nil {
		return web.Outcome{}, err
	}
	if id == b.Visit.Session.ID {
		p.setCookie(w, r, web.SessionCookies, "", 0)
		return web.Plain("/", "account.done.signout"), nil
	}
	return web.Plain("/tai-khoan", "account.done.session"), nil
}

func (p pages) endOthers(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	if _, err := p.mine(r); err != nil {
		return web.Outcome{}, err
	}
	if err := p.service.EndOthers(r.Context(), p.service.cookie(r)); err != nil {
		return web.Outcome{}, err
	}
	return web.Plain("/tai-khoan", "account.done.sessions"), nil
}

type confirmPage struct {
	ownBase
	To string
}

func (p pages) confirmForm(w http.ResponseWriter, r *http.Request) error {
	b, err := p.mine(r)
	if err != nil {
		return err
	}
	return p.Render(w, r, "account/confirm", confirmPage{b, web.SafePath(r.URL.Query().Get("den"), "/tai-khoan")})
}

// confirm takes the password once more and goes back to the page that asked.
func (p pages) confirm(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	b, err := p.mine(r)
	if err != nil {
		return web.Outcome{}, err
	}
	page := confirmPage{b, web.SafePath(r.PostFormValue("den"), "/tai-khoan")}
	if err := p.prove(r, false); err != nil {
		page.Err = err
		return again("account/confirm", page, err)
	}
	return web.Plain(page.To, ""), nil
}

type passwordPage struct {
	ownBase
	To  string
	Min int
}

func (p pages) passwordForm(w http.ResponseWriter, r *http.Request) error {
	b, err := p.mine(r)
	if err != nil {
		return err
	}
	to := web.SafePath(r.URL.Query().Get("den"), "")
	if !b.Actor.Enrolled && !b.Visit.Account.OneTime {
		http.Redirect(w, r, "/tai-khoan/hai-lop", http.StatusSeeOther)
		return nil
	}
	return p.Render(w, r, "account/password", passwordPage{b, to, minPassword})
}

func (p pages) changePassword(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	b, err := p.mine(r)
	if err != nil {
		return web.Outcome{}, err
	}
	first := b.Visit.Account.OneTime
	page := passwordPage{b, web.SafePath(r.PostFormValue("den"), ""), minPassword}
	token, ack, err := p.service.ChangePassword(r.Context(), p.service.cookie(r), r.PostFormValue("old"), r.PostFormValue("new"), r.PostFormValue("again"))
	if err != nil {
		page.Err = err
		return again("account/password", page, err)
	}
	p.setCookie(w, r, web.SessionCookies, token, 0)
	switch {
	case first && p.service.set.RequireTOTP && !b.Visit.Account.HasFactor:
		return web.Saved(ack, "/tai-khoan/hai-lop", "account.done.password"), nil
	case first:
		return web.Saved(ack, p.next(true, page.To), "account.done.password"), nil
	}
	return web.Saved(ack, "/tai-khoan", "account.done.password"), nil
}

type enrolPage struct {
	ownBase
	Secret, Spaced string
	QR             qr.Code
	Required       bool
}

func (p pages) enrolPage(b ownBase, secret []byte) (enrolPage, error) {
	page := enrolPage{ownBase: b, Secret: base32Text.EncodeToString(secret), Required: p.service.set.RequireTOTP}
	for i := 0; i < len(page.Secret); i += 4 {
		if i > 0 {
			page.Spaced += " "
		}
		page.Spaced += page.Secret[i:min(i+4, len(page.Secret))]
	}
	var err error
	page.QR, err = qr.New(factorURI(p.service.set.Issuer, b.Visit.Account.Login, secret))
	return page, err
}

// enrolForm offers a new secret. It is kept by the form alone until a code of it
// comes back: reading a page changes nothing.
func (p pages) enrolForm(w http.ResponseWriter, r *http.Request) error {
	b, err := p.mine(r)
	if err != nil {
		return err
	}
	if b.Visit.Account.OneTime {
		http.Redirect(w, r, "/tai-khoan/mat-khau", http.StatusSeeOther)
		return nil
	}
	page, err := p.enrolPage(b, newSecret())
	if err != nil {
		return err
	}
	return p.Render(w, r, "account/enrol", page)
}

type codesPage struct {
	ownBase
	Codes []string
}

func (p pages) enrol(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	b, err := p.mine(r)
	if err != nil {
		return web.Outcome{}, err
	}
	if err := p.prove(r, b.Fresh); err != nil {
		return p.enrolAgain(r, b, err)
	}
	codes, token, ack, err := p.service.Enrol(r.Context(), p.service.cookie(r), r.PostFormValue("secret"), r.PostFormValue("code"))
	if err != nil {
		b.Fresh = true // the password was right just now
		return p.enrolAgain(r, b, err)
	}
	return p.showCodes(w, r, b, codes, token, ack.Recorded())
}

// enrolAgain shows the same secret: it is already in the person's phone.
func (p pages) enrolAgain(r *http.Request, b ownBase, err error) (web.Outcome, error) {
	secret, ok := parseSecret(r.PostFormValue("secret"))
	if !ok {
		secret = newSecret()
	}
	b.Err = err
	page, qrErr := p.enrolPage(b, secret)
	if qrErr != nil {
		return web.Outcome{}, qrErr
	}
	return again("account/enrol", page, err)
}

// showCodes shows recovery codes, which no address could show again.
func (p pages) showCodes(w http.ResponseWriter, r *http.Request, b ownBase, codes []string, token string, recorded bool) (web.Outcome, error) {
	if !recorded {
		return web.Outcome{}, fault.New(fault.Conflict, "account.changed")
	}
	p.setCookie(w, r, web.SessionCookies, token, 0)
	b.Actor.Enrolled = true
	return web.Shown("account/codes", codesPage{b, codes}), nil
}

func (p pages) newCodes(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	b, err := p.mine(r)
	if err != nil {
		return web.Outcome{}, err
	}
	if err = p.prove(r, b.Fresh); err == nil {
		codes, token, ack, failed := p.service.NewCodes(r.Context(), p.service.cookie(r))
		if failed == nil {
			return p.showCodes(w, r, b, codes, token, ack.Recorded())
		}
		err = failed
	}
	return p.ownAgain(r, b, err)
}

func (p pages) unenrol(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	b, err := p.mine(r)
	if err != nil {
		return web.Outcome{}, err
	}
	if err = p.prove(r, b.Fresh); err == nil {
		token, ack, failed := p.service.Unenrol(r.Context(), p.service.cookie(r))
		if failed == nil {
			p.setCookie(w, r, web.SessionCookies, token, 0)
			return web.Saved(ack, "/tai-khoan", "account.done.unenrol"), nil
		}
		err = failed
	}
	return p.ownAgain(r, b, err)
}

func (p pages) ownAgain(r *http.Request, b ownBase, err error) (web.Outcome, error) {
	b.Err = err
	page, pageErr := p.ownPage(r.Context(), b)
	if pageErr != nil {
		return web.Outcome{}, pageErr
	}
	return again("account/own", page, err)
}
