package cluster

import (
	"net/http"
	"time"

	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
	"dongthuan/internal/policy"
	"dongthuan/internal/unit"
	"dongthuan/internal/web"
)

func (p pages) serveManage() {
	page := func(pattern string, show func(http.ResponseWriter, *http.Request) error) {
		p.Handle(web.Route{Pattern: pattern, Action: policy.UnitManage, Page: show})
	}
	write := func(pattern string, act func(http.ResponseWriter, *http.Request) (web.Outcome, error)) {
		p.Handle(web.Route{Pattern: pattern, Action: policy.UnitManage, Write: act})
	}
	page("GET /quan-tri/cum", p.manageList)
	write("POST /quan-tri/cum", p.create)
	page("GET /quan-tri/cum/{cluster}", p.manageOne)
	write("POST /quan-tri/cum/{cluster}/thong-tin", p.describe)
	write("POST /quan-tri/cum/{cluster}/them", p.join)
	write("POST /quan-tri/cum/{cluster}/ban-giao", p.handOver)
	write("POST /quan-tri/cum/{cluster}/thoi", p.leave)
	write("POST /quan-tri/cum/{cluster}/khoi", p.blocks)
}

func (p pages) manager(r *http.Request) (web.Base, error) {
	base, err := p.Base(r)
	if err != nil {
		return base, err
	}
	return base, policy.May(base.Actor, policy.UnitManage, policy.Object{})
}

type manageList struct {
	web.Base
	Err     error
	Typed   Cluster
	Cluster []Cluster
}

func (p pages) loadList(r *http.Request) (page manageList, err error) {
	page.Err = fault.List(nil)
	if page.Base, err = p.manager(r); err != nil {
		return page, err
	}
	page.Cluster, err = p.service.List(r.Context())
	return page, err
}

func (p pages) manageList(w http.ResponseWriter, r *http.Request) error {
	page, err := p.loadList(r)
	if err != nil {
		return err
	}
	return p.Render(w, r, "cluster/manage", page)
}

func manageAt(code string) string { return "/quan-tri/cum/" + code }

// refused shows a page again with what is wrong; what is ours or not allowed is no
// error of a form.
func refused(page string, data any, err error) (web.Outcome, error) {
	if k := fault.KindOf(err); k != fault.Invalid && k != fault.Conflict {
		return web.Outcome{}, err
	}
	return web.Again(page, data, err), nil
}

func (p pages) create(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	page, err := p.loadList(r)
	if err != nil {
		return web.Outcome{}, err
	}
	page.Typed = Cluster{Code: lang.Line(r.PostFormValue("code")), Name: r.PostFormValue("name"), Superior: r.PostFormValue("superior"), Basis: r.PostFormValue("basis")}
	made, ack, err := p.service.Create(r.Context(), page.Actor, page.Typed, nil)
	if err != nil {
		page.Err = err
		return refused("cluster/manage", page, err)
	}
	return web.Saved(ack, manageAt(made.Code), "cluster.done.created"), nil
}

type termsPage struct {
	web.Base
	Cluster Cluster
	Members []memberRow
	Err     error
	At      string // the form that was refused
	Typed   func(field string) string
	Roles   []Role
}

// Errs is what is wrong with a form.
func (t termsPage) Errs(at string) error {
	if t.At == at {
		return t.Err
	}
	return fault.List(nil)
}

// Was is what was typed in a refused form.
func (t termsPage) Was(at, field, fallback string) string {
	if t.At == at {
		return t.Typed(field)
	}
	return fallback
}

// Running are the terms that run, or will.
func (t termsPage) Running() []memberRow {
	var all []memberRow
	seen := map[string]bool{}
	for _, m := range t.Members {
		if (m.To.IsZero() || t.Now.Before(m.To)) && !seen[m.UnitID] {
			seen[m.UnitID] = true
			all = append(all, m)
		}
	}
	return all
}

// Holder is the unit that holds a role in the term that has no end.
func (t termsPage) Holder(role Role) string {
	for _, m := range t.Members {
		if m.Role == role && m.To.IsZero() {
			return m.UnitID
		}
	}
	return ""
}

func (p pages) loadTerms(r *http.Request) (page termsPage, err error) {
	page = termsPage{Err: fault.List(nil), Typed: r.PostFormValue, Roles: []Role{Plain, Lead, Deputy}}
	if page.Base, err = p.manager(r); err != nil {
		return page, err
	}
	if page.Cluster, err = p.service.Get(r.Context(), r.PathValue("cluster")); err != nil {
		return page, err
	}
	terms, err := p.service.Terms(r.Context(), page.Cluster.ID)
	if err != nil {
		return page, err
	}
	for _, m := range terms {
		on := page.Now
		if !m.On(on) {
			on = m.From
		}
		units, err := p.others.Units(r.Context(), []string{m.UnitID}, on)
		if err != nil {
			return page, err
		}
		page.Members = append(page.Members, memberRow{m, units[m.UnitID], m.On(page.Now)})
	}
	return page, nil
}

func (p pages) manageOne(w http.ResponseWriter, r *http.Request) error {
	page, err := p.loadTerms(r)
	if err != nil {
		return err
	}
	return p.Render(w, r, "cluster/terms", page)
}

// answer leads back to the terms, or shows the refused form.
func (p pages) answer(page termsPage, at, key string, ack ledger.Ack, err error) (web.Outcome, error) {
	if err != nil {
		page.Err, page.At = err, at
		return refused("cluster/terms", page, err)
	}
	return web.Saved(ack, manageAt(page.Cluster.Code), key), nil
}

func (p pages) describe(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	page, err := p.loadTerms(r)
	if err != nil {
		return web.Outcome{}, err
	}
	c := page.Cluster
	c.Name, c.Superior, c.Basis, c.Closed = r.PostFormValue("name"), r.PostFormValue("superior"), r.PostFormValue("basis"), r.PostFormValue("closed") != ""
	ack, err := p.service.Describe(r.Context(), page.Actor, c)
	return p.answer(page, "describe", "cluster.done.described", ack, err)
}

// dayIn reads a day of a form; what cannot be read is an error of its field, and an
// empty one is left to the service.
func dayIn(r *http.Request, field string) (time.Time, error) {
	text := lang.Line(r.PostFormValue(field))
	if text == "" {
		return time.Time{}, nil
	}
	t, err := lang.ParseDate(text)
	for _, e := range fault.All(err) {
		return t, e.In(field)
	}
	return t, err
}

func (p pages) join(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	page, err := p.loadTerms(r)
	if err != nil {
		return web.Outcome{}, err
	}
	from, err := dayIn(r, "from")
	if err != nil {
		return p.answer(page, "join", "", ledger.Ack{}, err)
	}
	var u unit.Unit
	if code := lang.Line(r.PostFormValue("unit")); code != "" && !from.IsZero() {
		if u, err = p.others.Find(r.Context(), code, from); err != nil {
			for _, e := range fault.All(err) {
				err = fault.New(fault.Invalid, e.Text, e.Args...).In("unit")
			}
			return p.answer(page, "join", "", ledger.Ack{}, err)
		}
	}
	ack, err := p.service.Join(r.Context(), page.Actor, page.Cluster.ID, Member{UnitID: u.ID, Code: r.PostFormValue("code"), Role: Role(r.PostFormValue("role")), From: from})
	return p.answer(page, "join", "cluster.done.changed", ack, err)
}

func (p pages) handOver(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	page, err := p.loadTerms(r)
	if err != nil {
		return web.Outcome{}, err
	}
	on, err := dayIn(r, "on")
	if err != nil {
		return p.answer(page, "handover", "", ledger.Ack{}, err)
	}
	ack, err := p.service.HandOver(r.Context(), page.Actor, page.Cluster.ID, on, r.PostFormValue("lead"), r.PostFormValue("deputy"), r.PostFormValue("basis"))
	return p.answer(page, "handover", "cluster.done.changed", ack, err)
}

func (p pages) blocks(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	page, err := p.loadTerms(r)
	if err != nil {
		return web.Outcome{}, err
	}
	blocks := map[string]string{}
	for _, m := range page.Members {
		if text, ok := r.PostForm["b-"+m.ID]; ok {
			blocks[m.ID] = text[0]
		}
	}
	ack, err := p.service.SetBlocks(r.Context(), page.Actor, page.Cluster.ID, blocks)
	return p.answer(page, "blocks", "cluster.done.changed", ack, err)
}

func (p pages) leave(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	page, err := p.loadTerms(r)
	if err != nil {
		return web.Outcome{}, err
	}
	at := "leave-" + r.PostFormValue("member")
	to, err := dayIn(r, "to")
	if err == nil && to.IsZero() {
		err = fault.New(fault.Invalid, "cluster.period.day.missing").In("to")
	}
	if err != nil {
		return p.answer(page, at, "", ledger.Ack{}, err)
	}
	ack, err := p.service.Leave(r.Context(), page.Actor, page.Cluster.ID, r.PostFormValue("member"), to, r.PostFormValue("reason"))
	return p.answer(page, at, "cluster.done.changed", ack, err)
}
