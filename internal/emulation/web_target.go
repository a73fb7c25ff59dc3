package emulation

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"dongthuan/internal/cluster"
	"dongthuan/internal/document"
	"dongthuan/internal/evidence"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
	"dongthuan/internal/legal"
	"dongthuan/internal/policy"
	"dongthuan/internal/web"
)

func (p pages) serveTargets() {
	p.Handle(web.Route{Pattern: "GET /viec/ky/{id}/dang-ky", Action: policy.PeriodFollow, Page: p.targetBoard})
	p.Handle(web.Route{Pattern: "GET /viec/ky/{id}/dang-ky.xlsx", Action: policy.PeriodFollow, Page: p.targetsBook})
	p.Handle(web.Route{Pattern: "POST /viec/ky/{id}/dang-ky", Action: policy.PeriodManage, Write: p.callTargets})
	p.Handle(web.Route{Pattern: "POST /viec/ky/{id}/giao-uoc", Action: policy.PeriodManage, Write: p.savePledge})
	p.Handle(web.Route{Pattern: "POST /viec/ky/{id}/giao-uoc/ky", Action: policy.PeriodManage, Write: p.signPledge, Limit: evidence.MaxSize + 1<<20})
	p.Handle(web.Route{Pattern: "GET /viec/ky/{id}/giao-uoc.docx", Action: policy.PeriodFollow, Page: p.pledgeDOCX})
	p.Handle(web.Route{Pattern: "GET /viec/phieu/{sheet}/dang-ky", Action: policy.SheetRead, Page: p.targets})
	p.Handle(web.Route{Pattern: "POST /viec/phieu/{sheet}/dang-ky", Action: policy.TargetEdit, Write: p.saveTargets})
	p.Handle(web.Route{Pattern: "POST /viec/phieu/{sheet}/dang-ky/tra-loi", Action: policy.TargetDecide, Write: p.decideTargets})
	p.Handle(web.Route{Pattern: "GET /viec/phieu/{sheet}/dang-ky.xlsx", Action: policy.SheetRead, Page: p.unitTargetsBook})
	p.Handle(web.Route{Pattern: "POST /viec/phieu/{sheet}/dang-ky/excel", Action: policy.TargetEdit, Write: p.readTargetsBook, Limit: 6 << 20, Plain: "shows a preview and writes nothing"})
	p.Handle(web.Route{Pattern: "GET /viec/phieu/{sheet}/dang-ky.docx", Action: policy.SheetRead, Page: p.targetsDOCX})
	p.Handle(web.Route{Pattern: "GET /thi-dua/{cluster}/{period}/giao-uoc", Action: policy.ReadPublic, Page: p.pledge, Kept: true})
	p.Handle(web.Route{Pattern: "GET /viec/cum/{cluster}/quy-trinh", Action: policy.PeriodManage, Page: p.chain})
	p.Handle(web.Route{Pattern: "POST /viec/cum/{cluster}/quy-trinh", Action: policy.PeriodManage, Write: p.setChain})
}

// targetBoardPage is where the secretariat follows registrations and writes the
// covenant.
type targetBoardPage struct {
	boardPage
	Regs    []regRow
	CallDue time.Time
	Pledges []Pledge
	Draft   Pledge // what the form starts from
	Form    url.Values
}

type regRow struct {
	Code, Name, Path string
	Reg              Registration
	Has              bool
	Targets          int
}

// Was is what was typed in a form that was refused, or what stands there at first.
func (p targetBoardPage) Was(field, fallback string) string {
	if p.Form == nil || !p.Form.Has(field) {
		return fallback
	}
	return p.Form.Get(field)
}

// RegCount counts the registrations in a state.
func (p targetBoardPage) RegCount(state RegistrationState) (n int) {
	for _, r := range p.Regs {
		if r.Has && r.Reg.State == state {
			n++
		}
	}
	return n
}

// Next reports whether the form writes a version after a signed one.
func (p targetBoardPage) Next() bool { return p.Draft.N > 1 }

func (p pages) targetBoardPage(r *http.Request) (targetBoardPage, error) {
	head, err := p.boardPage(r)
	if err != nil {
		return targetBoardPage{}, err
	}
	page := targetBoardPage{boardPage: head}
	if page.CallDue, err = p.RegisterDue(r.Context(), head.Period.ID); err != nil {
		return page, err
	}
	newest, err := newestRegistrations(r.Context(), p.db, head.Period.ID)
	if err != nil {
		return page, err
	}
	for _, row := range head.Rows {
		reg, ok := newest[row.Sheet.UnitID]
		rr := regRow{row.Code, row.Name, sheetPath(row.Sheet.ID) + "/dang-ky", reg, ok, 0}
		for _, t := range reg.Targets {
			if t.Given() {
				rr.Targets++
			}
		}
		page.Regs = append(page.Regs, rr)
	}
	if page.Pledges, err = p.Pledges(r.Context(), head.Actor, head.Period); err != nil {
		return page, err
	}
	switch {
	case len(page.Pledges) == 0:
		page.Draft = Pledge{N: 1, Body: defaultPledge}
	case page.Pledges[0].Signed:
		page.Draft = page.Pledges[0]
		page.Draft.N, page.Draft.Reason, page.Draft.Signed = page.Draft.N+1, "", false
	default:
		page.Draft = page.Pledges[0]
	}
	return page, nil
}

// defaultPledge is what a covenant starts from; the cluster changes it.
const defaultPledge = `Tổ chức thực hiện tốt phong trào thi đua năm; hoàn thành các chỉ tiêu đã đăng ký tại Phụ lục.
Thực hiện đầy đủ Luật Thực hiện dân chủ ở cơ sở: công khai đúng nơi, đủ ngày; lấy ý kiến Nhân dân đúng quy trình; trả lời mọi ý kiến đúng hạn.
Đẩy mạnh phong trào thi đua “Dân vận khéo”; mỗi đơn vị có ít nhất một mô hình đăng ký với cụm.
Báo cáo trung thực, số liệu có minh chứng; tự chấm, chấm chéo khách quan, đúng hạn.
Dự đủ các hội nghị của cụm, đúng thành phần; giúp đỡ nhau và nhân rộng cách làm hay.`

func (p pages) targetBoard(w http.ResponseWriter, r *http.Request) error {
	page, err := p.targetBoardPage(r)
	if err != nil {
		return err
	}
	return p.Render(w, r, "emulation/targetboard", page)
}

func (p pages) answerTargetBoard(r *http.Request, done string, ack ledger.Ack, err error) (web.Outcome, error) {
	if err == nil {
		return web.Saved(ack, boardPath(r.PathValue("id"))+"/dang-ky", done), nil
	}
	if kind := fault.KindOf(err); kind != fault.Invalid && kind != fault.Conflict && kind != fault.TooLarge {
		return web.Outcome{}, err
	}
	page, loadErr := p.targetBoardPage(r)
	if loadErr != nil {
		return web.Outcome{}, loadErr
	}
	page.Err, page.Form = err, r.Form
	return web.Again("emulation/targetboard", page, err), nil
}

func (p pages) callTargets(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	actor, err := p.Actor(r)
	if err != nil {
		return web.Outcome{}, err
	}
	due, _ := lang.ParseMoment(r.FormValue("due")) // what is no day is refused as past
	ack, err := p.CallTargets(r.Context(), actor, r.PathValue("id"), due)
	return p.answerTargetBoard(r, "emulation.done.called", ack, err)
}

func (p pages) savePledge(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	actor, err := p.Actor(r)
	if err != nil {
		return web.Outcome{}, err
	}
	seen, _ := strconv.ParseInt(r.FormValue("seen"), 10, 64)
	ack, err := p.SavePledge(r.Context(), actor, r.PathValue("id"), r.FormValue("body"), r.FormValue("place"), r.FormValue("reason"), seen)
	return p.answerTargetBoard(r, "emulation.done.pledge", ack, err)
}

func (p pages) signPledge(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	page, err := p.targetBoardPage(r)
	if err != nil {
		return web.Outcome{}, err
	}
	if err := policy.May(page.Actor, policy.PeriodManage, policy.Object{Cluster: page.Period.ClusterID}); err != nil {
		return web.Outcome{}, err
	}
	on, err := lang.ParseDate(r.FormValue("on"))
	if err != nil {
		return p.answerTargetBoard(r, "", ledger.Ack{}, fault.New(fault.Invalid, "emulation.pledge.day").In("on"))
	}
	var pending *evidence.Pending
	if file, head, err := r.FormFile("file"); err == nil {
		defer file.Close()
		if pending, err = p.files.Prepare(r.Context(), file, head.Filename); err != nil {
			return p.answerTargetBoard(r, "", ledger.Ack{}, err)
		}
		defer pending.Close()
	}
	seen, _ := strconv.ParseInt(r.FormValue("seen"), 10, 64)
	ack, err := p.SignPledge(r.Context(), page.Actor, page.Period.ID, on, pending, seen)
	return p.answerTargetBoard(r, "emulation.done.signed", ack, err)
}

// pledgePage is the covenant as everybody may read it, all signed versions.
type pledgePage struct {
	periodPage
	Versions []pledgeVersion
}

type pledgeVersion struct {
	Pledge
	Added, Removed []string // against the version before
	First          bool
}

func (p pages) pledge(w http.ResponseWriter, r *http.Request) error {
	head, err := p.periodPage(r)
	if err != nil {
		return err
	}
	all, err := p.Pledges(r.Context(), policy.Actor{}, head.Period)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return fault.New(fault.NotFound, "emulation.pledge.missing")
	}
	page := pledgePage{periodPage: head}
	for i, g := range all {
		v := pledgeVersion{Pledge: g, First: i == len(all)-1}
		if !v.First {
			before, now := all[i+1].Undertakings(), g.Undertakings()
			v.Added, v.Removed = without(now, before), without(before, now)
		}
		page.Versions = append(page.Versions, v)
	}
	return p.Render(w, r, "emulation/pledge", page)
}

// without returns the lines of a that b has not.
func without(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
}

// targetsPage is a unit's registration.
type targetsPage struct {
	sheetPage
	Versions  []Registration // the newest first
	Reg       Registration   // what the grid shows
	Groups    []targetGroup
	CallDue   time.Time
	MayWrite  bool
	MayDecide bool
	Fresh     bool // the grid starts a new version
	Conflicts map[string]Target
	Why       []legal.Step // of the answer’s day
	AnswerBy  time.Time
}

type targetGroup struct {
	Code, Name string
	Lines      []targetLine
}

type targetLine struct {
	Criterion Criterion
	Target    Target
	Was       Target // of the accepted version before
	Row       int
}

// Changed reports whether the line differs from the accepted version before.
func (l targetLine) Changed() bool {
	for _, f := range targetFields {
		if l.Target.Field(f) != l.Was.Field(f) {
			return true
		}
	}
	return false
}

// Text is what stands in a field of a line.
func (p targetsPage) Text(l targetLine, field string) string {
	if v, ok := p.Typed[field+"-"+l.Criterion.Code]; ok {
		return v[0]
	}
	return p.shown(l.Target, field)
}

func (p targetsPage) shown(t Target, field string) string {
	switch field {
	case "b", "t":
		v := t.Baseline
		if field == "t" {
			v = t.Target
		}
		if v == nil {
			return ""
		}
		return lang.Figure(p.Lang, *v)
	case "d":
		return lang.Date(t.Due)
	}
	return t.Field(field)
}

// Before is a field of the accepted version before.
func (p targetsPage) Before(l targetLine, field string) string { return p.shown(l.Was, field) }

// Both says what somebody else wrote in a cell meanwhile, "" where nobody did.
func (p targetsPage) Both(l targetLine, field string) string {
	t, ok := p.Conflicts[field+"-"+l.Criterion.Code]
	if !ok {
		return ""
	}
	return p.Words("emulation.cell.theirs", t.Office, p.shown(t, field))
}

// Seen is the version of a cell that the form says its writer saw; of the texts, where
// the field is "".
func (p targetsPage) Seen(l targetLine, field string) string {
	name := field + "-" + l.Criterion.Code
	if t, ok := p.Conflicts[name]; ok {
		return itoa(t.Version)
	}
	if v, ok := p.Typed["v-"+name]; ok {
		return v[0]
	}
	return itoa(l.Target.Version)
}

// SeenText is the version of the texts that the form says its writer saw.
func (p targetsPage) SeenText() string { return p.WasText("v-titles", itoa(p.Reg.Version)) }

// WasText is what was typed in a text of the form, or what stands there.
func (p targetsPage) WasText(field, fallback string) string {
	if v, ok := p.Typed[field]; ok {
		return v[0]
	}
	return fallback
}

func (p pages) targetsPage(r *http.Request) (targetsPage, error) {
	ctx := r.Context()
	head, err := p.sheetPage(r, "targets")
	if err != nil {
		return targetsPage{}, err
	}
	object := policy.Object{Unit: head.Sheet.UnitID, Cluster: head.Period.ClusterID}
	page := targetsPage{sheetPage: head}
	if page.Versions, err = p.Registrations(ctx, head.Actor, head.Period.ID, head.Sheet.UnitID); err != nil {
		return page, err
	}
	if page.CallDue, err = p.RegisterDue(ctx, head.Period.ID); err != nil {
		return page, err
	}
	page.Reg = Registration{State: RegDraft, N: 1, Targets: map[string]Target{}}
	var before Registration
	if len(page.Versions) > 0 {
		page.Reg = page.Versions[0]
		if len(page.Versions) > 1 {
			before = page.Versions[1]
		}
	}
	may := registers(head.Period) == nil && policy.May(head.Actor, policy.TargetEdit, object) == nil
	page.MayWrite = may && page.Reg.Editable()
	if may && page.Reg.State == RegAccepted && r.URL.Query().Get("sua") != "" || may && page.Reg.State == RegAccepted && r.Method == http.MethodPost {
		before, page.Fresh, page.MayWrite = page.Reg, true, true
		page.Reg.N, page.Reg.Reason = page.Reg.N+1, ""
	}
	page.MayDecide = page.Reg.State == RegSent && policy.May(head.Actor, policy.TargetDecide, policy.Object{Cluster: head.Period.ClusterID}) == nil && !slices.Contains(head.Actor.Units(), head.Sheet.UnitID)
	if page.Reg.State == RegSent {
		deadline, why, ok, err := p.legal.Of(ctx, RegisterRoom, page.Reg.ID)
		if err != nil {
			return page, err
		}
		if ok {
			page.Why, page.AnswerBy = why.Why, deadline.Due.Add(-1)
		}
	}
	row := 0
	for _, g := range head.Criteria.Groups {
		tg := targetGroup{Code: g.Code, Name: g.Name}
		for _, cr := range g.Criteria {
			tg.Lines = append(tg.Lines, targetLine{cr, page.Reg.Targets[cr.Code], before.Targets[cr.Code], row})
			row++
		}
		page.Groups = append(page.Groups, tg)
	}
	return page, nil
}

func (p pages) targets(w http.ResponseWriter, r *http.Request) error {
	page, err := p.targetsPage(r)
	if err != nil {
		return err
	}
	return p.Render(w, r, "emulation/targets", page)
}

// draft reads the grid's fields.
func (p targetsPage) draft(form url.Values) RegistrationDraft {
	d := RegistrationDraft{Titles: form.Get("titles"), Models: form.Get("models"), Reason: form.Get("reason"), Whole: form.Has("titles")}
	d.Seen, _ = strconv.ParseInt(form.Get("v-titles"), 10, 64)
	for _, cr := range p.Criteria.All() {
		for _, f := range targetFields {
			name := f + "-" + cr.Code
			if !form.Has(name) {
				continue
			}
			seen, _ := strconv.ParseInt(form.Get("v-"+name), 10, 64)
			d.Cells = append(d.Cells, TargetCell{name, form.Get(name), seen})
		}
	}
	return d
}

func (p pages) saveTargets(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	if _, err := p.allowed(r, policy.TargetEdit); err != nil {
		return web.Outcome{}, err
	}
	page, err := p.targetsPage(r)
	if err != nil {
		return web.Outcome{}, err
	}
	if err := r.ParseForm(); err != nil {
		return web.Outcome{}, err
	}
	send := r.PostForm.Get("act") == "gui"
	reg, ack, err := p.Register(r.Context(), page.Actor, page.Period.ID, page.Sheet.UnitID, page.draft(r.PostForm), send)
	script := strings.HasPrefix(r.Header.Get("Accept"), "application/json")
	to := sheetPath(page.Sheet.ID) + "/dang-ky"
	var conflict *ErrTargetConflict
	errors.As(err, &conflict)
	switch {
	case err == nil && send:
		return web.Saved(ack, to, "emulation.done.sent"), nil
	case err == nil && script && !page.Fresh:
		return web.SavedData(ack, page.savedTargets(reg, ack.At())), nil
	case err == nil:
		return web.Saved(ack, to, "emulation.done.targets"), nil
	case IsNothing(err) && script:
		return web.NotSaved(http.StatusOK, page.savedTargets(page.Reg, p.now())), nil
	case conflict != nil && script:
		return web.NotSaved(http.StatusConflict, map[string]any{"conflicts": page.bothTargets(r.PostForm, conflict), "problem": page.Words("emulation.cell.conflict")}), nil
	case script && fault.KindOf(err) == fault.Invalid:
		return web.NotSaved(http.StatusUnprocessableEntity, map[string]any{"fields": p.FieldWords(page.Lang, err), "problem": page.Words("emulation.cell.refused")}), nil
	}
	return p.answerTargets(page, r, err, conflict)
}

func (p pages) answerTargets(page targetsPage, r *http.Request, err error, conflict *ErrTargetConflict) (web.Outcome, error) {
	if kind := fault.KindOf(err); kind != fault.Invalid && kind != fault.Conflict && kind != fault.TooLarge {
		return web.Outcome{}, err
	}
	page.Err, page.Typed = err, r.PostForm
	if conflict != nil {
		page.Conflicts = conflict.Theirs
	}
	return web.Again("emulation/targets", page, err), nil
}

func (p targetsPage) savedTargets(reg Registration, at time.Time) map[string]any {
	var cells []map[string]any
	for _, cr := range p.Criteria.All() {
		t := reg.Targets[cr.Code]
		for _, f := range targetFields {
			cells = append(cells, map[string]any{"name": f + "-" + cr.Code, "version": t.Version, "text": p.shown(t, f)})
		}
	}
	for name, text := range map[string]string{"titles": reg.Titles, "models": reg.Models, "reason": reg.Reason} {
		cells = append(cells, map[string]any{"name": name, "version": reg.Version, "text": text})
	}
	return map[string]any{"saved": true, "time": at.In(lang.Vietnam).Format("15:04"), "cells": cells}
}

func (p targetsPage) bothTargets(form url.Values, conflict *ErrTargetConflict) []map[string]any {
	var all []map[string]any
	for name, t := range conflict.Theirs {
		field, _, _ := strings.Cut(name, "-")
		theirs := p.shown(t, field)
		all = append(all, map[string]any{"name": name, "mine": form.Get(name), "theirs": theirs, "version": t.Version, "office": t.Office, "words": p.Words("emulation.cell.theirs", t.Office, theirs)})
	}
	return all
}

func (p pages) decideTargets(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	if _, err := p.allowed(r, policy.TargetDecide); err != nil {
		return web.Outcome{}, err
	}
	page, err := p.targetsPage(r)
	if err != nil {
		return web.Outcome{}, err
	}
	accept := r.FormValue("to") == "accept"
	ack, err := p.DecideTargets(r.Context(), page.Actor, page.Period.ID, page.Sheet.UnitID, accept, r.FormValue("answer"))
	if err != nil {
		return p.answerTargets(page, r, err, nil)
	}
	done := "emulation.done.regreturned"
	if accept {
		done = "emulation.done.regaccepted"
	}
	return web.Saved(ack, sheetPath(page.Sheet.ID)+"/dang-ky", done), nil
}

func (p pages) unitTargetsBook(w http.ResponseWriter, r *http.Request) error {
	page, err := p.targetsPage(r)
	if err != nil {
		return err
	}
	attachment(w, document.XLSXType, "dang-ky-"+page.Period.Code+"-"+page.View.Member.Code+".xlsx")
	return page.write(w)
}

func (p pages) readTargetsBook(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	if _, err := p.allowed(r, policy.TargetEdit); err != nil {
		return web.Outcome{}, err
	}
	page, err := p.targetsPage(r)
	if err != nil {
		return web.Outcome{}, err
	}
	file, head, err := r.FormFile("file")
	if err != nil {
		err = fault.New(fault.Invalid, "emulation.file.missing").In("file").Because(err)
	} else {
		defer file.Close()
		var rows [][]string
		if rows, err = document.ReadTable(r.Context(), file, head.Filename, head.Size, targetSheet, document.Limits{Rows: 500}); err == nil {
			page.Typed, err = page.read(rows)
		}
	}
	if err != nil {
		return p.answerTargets(page, r, err, nil)
	}
	page.Typed.Set("from-file", "1")
	return web.Shown("emulation/targets", page), nil
}

// FromFile reports whether the grid shows what a file says, to be looked at and saved.
func (p targetsPage) FromFile() bool { return p.Typed.Get("from-file") != "" }

func (p pages) targetsBook(w http.ResponseWriter, r *http.Request) error {
	page, err := p.targetBoardPage(r)
	if err != nil {
		return err
	}
	attachment(w, document.XLSXType, page.Cluster.Code+"-"+page.Period.Code+"-dang-ky.xlsx")
	return page.write(w)
}

// chainPage is where the steps of a cluster are laid down.
type chainPage struct {
	web.Base
	Cluster cluster.Cluster
	Chains  []Chain
	Rows    []chainRow
	Roles   []policy.Role
	Err     error
	Form    url.Values
}

type chainRow struct{ N, Name, Role, Days string }

// RoleWords names a step's role.
func (p chainPage) RoleWords(role policy.Role) string {
	if role == "" {
		return p.Words("emulation.chain.any")
	}
	return p.Words("policy.role." + string(role))
}

func (p pages) chainPage(r *http.Request) (chainPage, error) {
	base, err := p.Base(r)
	if err != nil {
		return chainPage{}, err
	}
	page := chainPage{Base: base, Roles: StepRoles}
	if page.Cluster, err = p.clusters.Get(r.Context(), r.PathValue("cluster")); err != nil {
		return page, err
	}
	if err := policy.May(base.Actor, policy.PeriodManage, policy.Object{Cluster: page.Cluster.ID}); err != nil {
		return page, err
	}
	if page.Chains, err = p.Chains(r.Context(), page.Cluster.ID); err != nil {
		return page, err
	}
	steps := []Step{{Name: base.Words("emulation.chain.first")}}
	if len(page.Chains) > 0 {
		steps = page.Chains[0].Steps
	}
	for i := range maxSteps {
		row := chainRow{N: strconv.Itoa(i + 1)}
		if i < len(steps) {
			row.Name, row.Role, row.Days = steps[i].Name, string(steps[i].Role), strconv.FormatInt(steps[i].Days, 10)
		}
		page.Rows = append(page.Rows, row)
	}
	return page, nil
}

func (p pages) chain(w http.ResponseWriter, r *http.Request) error {
	page, err := p.chainPage(r)
	if err != nil {
		return err
	}
	return p.Render(w, r, "emulation/chain", page)
}

func (p pages) setChain(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	page, err := p.chainPage(r)
	if err != nil {
		return web.Outcome{}, err
	}
	c := Chain{Reason: r.FormValue("reason")}
	c.From, _ = lang.ParseDate(r.FormValue("from")) // none is before today, which is refused
	for i := range page.Rows {
		row := chainRow{page.Rows[i].N, r.FormValue("name-" + page.Rows[i].N), r.FormValue("role-" + page.Rows[i].N), r.FormValue("days-" + page.Rows[i].N)}
		page.Rows[i] = row
		if lang.Line(row.Name) == "" && row.Role == "" && (lang.Line(row.Days) == "" || lang.Line(row.Days) == "0") {
			continue
		}
		for len(c.Steps) < i {
			c.Steps = append(c.Steps, Step{}) // a gap, which is refused beside its row
		}
		days, err := strconv.ParseInt(strings.TrimSpace(row.Days), 10, 64)
		if err != nil && strings.TrimSpace(row.Days) != "" {
			days = -1
		}
		c.Steps = append(c.Steps, Step{row.Name, policy.Role(row.Role), days})
	}
	ack, err := p.SetChain(r.Context(), page.Actor, page.Cluster.ID, c)
	if err != nil {
		if fault.KindOf(err) != fault.Invalid {
			return web.Outcome{}, err
		}
		page.Err, page.Form = err, r.Form
		return web.Again("emulation/chain", page, err), nil
	}
	return web.Saved(ack, "/viec/cum/"+page.Cluster.Code+"/quy-trinh", "emulation.done.chain"), nil
}
