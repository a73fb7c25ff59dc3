package account

import (
	"context"
	"net/http"
	"time"

	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
	"dongthuan/internal/policy"
	"dongthuan/internal/qr"
	"dongthuan/internal/web"
)

// manager returns the operator's page base, or the refusal.
func (p pages) manager(r *http.Request) (ownBase, error) {
	base, err := p.Base(r)
	if err != nil {
		return ownBase{}, err
	}
	if err := policy.May(base.Actor, policy.Manage, policy.Object{}); err != nil {
		return ownBase{}, err
	}
	v, err := p.service.visit(r.Context(), p.service.cookie(r))
	return ownBase{Base: base, Visit: v, Fresh: v.Session.Fresh(base.Now), Err: nothingWrong}, err
}

type listPage struct {
	ownBase
	Text     string
	Accounts []accountRow
	More     bool
}

type accountRow struct {
	Account
	Roles []roleRow // held today
}

func (p pages) list(w http.ResponseWriter, r *http.Request) error {
	b, err := p.manager(r)
	if err != nil {
		return err
	}
	page := listPage{ownBase: b, Text: lang.Line(r.URL.Query().Get("q"))}
	accounts, more, err := p.service.List(r.Context(), b.Actor, page.Text)
	if err != nil {
		return err
	}
	page.More = more
	var roles []Role
	for _, a := range accounts {
		roles = append(roles, a.On(b.Now)...)
	}
	rows, err := p.roleRows(r.Context(), b.Base, roles)
	if err != nil {
		return err
	}
	for _, a := range accounts {
		n := len(a.On(b.Now))
		page.Accounts = append(page.Accounts, accountRow{a, rows[:n]})
		rows = rows[n:]
	}
	return p.Render(w, r, "account/list", page)
}

// roleForm is the part of a form by which a role is given.
type roleForm struct {
	Err                           error
	Role, Unit, Cluster, From, To string
	Groups                        []roleGroup
	Units, Clusters               []Place
}

// roleGroup are the roles of one reach. The operator's is not among them: giving
// it takes two persons, and the command line.
type roleGroup struct {
	Key   string
	Roles []policy.Role
}

func roleGroups() []roleGroup {
	groups := []roleGroup{{Key: "account.role.of.unit"}, {Key: "account.role.of.cluster"}, {Key: "account.role.of.all"}}
	for _, r := range policy.Roles {
		if r == policy.Operator {
			continue
		}
		i := 2
		switch r.Scope() {
		case policy.OfUnit:
			i = 0
		case policy.OfCluster:
			i = 1
		}
		groups[i].Roles = append(groups[i].Roles, r)
	}
	return groups
}

func (p pages) roleForm(r *http.Request, now time.Time) (roleForm, error) {
	f := roleForm{Err: nothingWrong, Groups: roleGroups(), From: now.In(lang.Vietnam).Format("2006-01-02")}
	if r.Method == http.MethodPost {
		f.Role, f.Unit, f.Cluster = r.PostFormValue("role"), r.PostFormValue("unit"), r.PostFormValue("cluster")
		f.From, f.To = r.PostFormValue("from"), r.PostFormValue("to")
	}
	var err error
	if f.Units, err = p.places.Units(r.Context()); err != nil {
		return f, err
	}
	f.Clusters, err = p.places.Clusters(r.Context())
	return f, err
}

// role reads the form. The last day is part of the role, so the role ends on the
// day after it.
func (f roleForm) role() (Role, error) {
	role := Role{Role: policy.Role(f.Role), Unit: f.Unit, Cluster: f.Cluster}
	var problems fault.List
	read := func(text, field string) time.Time {
		if lang.Line(text) == "" {
			return time.Time{}
		}
		t, err := lang.ParseDate(text)
		for _, e := range fault.All(err) {
			problems = append(problems, e.In(field))
		}
		return t
	}
	role.From, role.To = read(f.From, "from"), read(f.To, "to")
	if !role.To.IsZero() {
		role.To = role.To.AddDate(0, 0, 1)
	}
	if len(problems) > 0 {
		return role, problems
	}
	if !has(f.Units, role.Unit) || !has(f.Clusters, role.Cluster) {
		return role, fault.New(fault.Invalid, "account.role.place.gone").In("role")
	}
	return role, role.Check()
}

// has reports whether id is one of places, or none at all.
func has(places []Place, id string) bool {
	for _, p := range places {
		if p.ID == id {
			return true
		}
	}
	return id == ""
}

type addPage struct {
	ownBase
	Login, Office string
	Role          roleForm
}

func (p pages) addForm(w http.ResponseWriter, r *http.Request) error {
	b, err := p.manager(r)
	if err != nil {
		return err
	}
	page := addPage{ownBase: b}
	if page.Role, err = p.roleForm(r, b.Now); err != nil {
		return err
	}
	return p.Render(w, r, "account/add", page)
}

func (p pages) add(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	b, err := p.manager(r)
	if err != nil {
		return web.Outcome{}, err
	}
	page := addPage{ownBase: b, Login: r.PostFormValue("login"), Office: r.PostFormValue("office")}
	if page.Role, err = p.roleForm(r, b.Now); err != nil {
		return web.Outcome{}, err
	}
	refuse := func(err error) (web.Outcome, error) {
		page.Err, page.Role.Err = err, err
		return again("account/add", page, err)
	}
	d := Draft{Login: page.Login, Office: page.Office}
	_, err = d.Clean()
	problems := fault.All(err)
	if page.Role.Role != "" {
		role, err := page.Role.role()
		if err != nil {
			problems = append(problems, fault.All(err)...)
		}
		d.Roles = []Role{role}
	}
	if len(problems) > 0 {
		return refuse(problems)
	}
	if err := p.prove(r, b.Fresh); err != nil {
		return refuse(err)
	}
	page.Fresh = true
	a, code, ack, err := p.service.Create(r.Context(), b.Actor, d)
	if err != nil {
		return refuse(err)
	}
	return p.slip(r, page.ownBase, a, code, ack, "account.slip.new")
}

type slipPage struct {
	ownBase
	Account Account
	Code    string
	Address string
	Words   string
	QR      qr.Code
}

// slip shows the code that no address could show again.
func (p pages) slip(r *http.Request, b ownBase, a Account, code string, ack ledger.Ack, key string) (web.Outcome, error) {
	site := "https://" + r.Host
	if p.service.bare(r) {
		site = "http://" + r.Host
	}
	page := slipPage{ownBase: b, Account: a, Code: code, Address: SignInAddress(site, a.Login), Words: b.Words(key)}
	var err error
	if page.QR, err = qr.New(page.Address); err != nil {
		return web.Outcome{}, err
	}
	return web.SavedPage(ack, "account/slip", page), nil
}

type onePage struct {
	ownBase
	Account Account
	Roles   []roleRow
	Role    roleForm
	Office  string
}

func (p pages) one(w http.ResponseWriter, r *http.Request) error {
	page, err := p.onePage(r)
	if err != nil {
		return err
	}
	return p.Render(w, r, "account/one", page)
}

func (p pages) onePage(r *http.Request) (page onePage, err error) {
	if page.ownBase, err = p.manager(r); err != nil {
		return page, err
	}
	if page.Account, err = p.service.Get(r.Context(), r.PathValue("id")); err != nil {
		return page, err
	}
	page.Office = page.Account.Office
	if page.Roles, err = p.roleRows(r.Context(), page.Base, page.Account.Roles); err != nil {
		return page, err
	}
	page.Role, err = p.roleForm(r, page.Now)
	return page, err
}

// act runs one act on an account from its page: the person is asked who they are
// where that was long ago, and errors come back to the page.
func (p pages) act(r *http.Request, done string, fn func(context.Context, *onePage) (ledger.Ack, error)) (web.Outcome, error) {
	page, err := p.onePage(r)
	if err != nil {
		return web.Outcome{}, err
	}
	var ack ledger.Ack
	if err = p.prove(r, page.Fresh); err == nil {
		page.Fresh = true
		ack, err = fn(r.Context(), &page)
	}
	if err != nil {
		page.Err, page.Role.Err = err, err
		return again("account/one", page, err)
	}
	return web.Saved(ack, "/quan-tri/tai-khoan/"+page.Account.ID, done), nil
}

func (p pages) rename(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	return p.act(r, "account.done.rename", func(ctx context.Context, page *onePage) (ledger.Ack, error) {
		page.Office = r.PostFormValue("office")
		return p.service.Rename(ctx, page.Actor, page.Account.ID, page.Office)
	})
}

func (p pages) grant(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	return p.act(r, "account.done.grant", func(ctx context.Context, page *onePage) (ledger.Ack, error) {
		role, err := page.Role.role()
		if err != nil {
			return ledger.Ack{}, err
		}
		return p.service.Grant(ctx, page.Actor, page.Account.ID, role)
	})
}

func (p pages) revoke(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	return p.act(r, "account.done.revoke", func(ctx context.Context, page *onePage) (ledger.Ack, error) {
		return p.service.Revoke(ctx, page.Actor, page.Account.ID, r.PostFormValue("held"))
	})
}

func (p pages) disable(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	return p.act(r, "account.done.disable", func(ctx context.Context, page *onePage) (ledger.Ack, error) {
		if page.Account.ID == page.Actor.Account {
			return ledger.Ack{}, fault.New(fault.Conflict, "account.self")
		}
		return p.service.Disable(ctx, page.Actor, page.Account.ID)
	})
}

func (p pages) enable(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	return p.act(r, "account.done.enable", func(ctx context.Context, page *onePage) (ledger.Ack, error) {
		return p.service.Enable(ctx, page.Actor, page.Account.ID)
	})
}

func (p pages) reset(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	page, err := p.onePage(r)
	if err != nil {
		return web.Outcome{}, err
	}
	if err = p.prove(r, page.Fresh); err == nil && page.Account.ID == page.Actor.Account {
		err = fault.New(fault.Conflict, "account.self")
	}
	if err == nil {
		a, code, ack, failed := p.service.Reset(r.Context(), page.Actor, page.Account.ID)
		if failed == nil {
			page.Fresh = true
			return p.slip(r, page.ownBase, a, code, ack, "account.slip.reset")
		}
		page.Fresh, err = true, failed
	}
	page.Err, page.Role.Err = err, err
	return again("account/one", page, err)
}
