package emulation

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"dongthuan/internal/evidence"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
	"dongthuan/internal/legal"
	"dongthuan/internal/policy"
	"dongthuan/internal/web"
)

func (p pages) serveSheet() {
	read := func(pattern string, h func(http.ResponseWriter, *http.Request) error) {
		p.Handle(web.Route{Pattern: pattern, Action: policy.SheetRead, Page: h})
	}
	write := func(pattern string, action policy.Action, h func(http.ResponseWriter, *http.Request) (web.Outcome, error)) {
		p.Handle(web.Route{Pattern: pattern, Action: action, Write: h})
	}
	read("GET /viec/phieu/{sheet}", p.figures)
	write("POST /viec/phieu/{sheet}/so-lieu", policy.SheetEdit, p.saveFigures)
	read("GET /viec/phieu/{sheet}/tieu-chi", p.points)
	write("POST /viec/phieu/{sheet}/tieu-chi/{code}", policy.SheetEdit, p.setMark)
	p.Handle(web.Route{Pattern: "POST /viec/phieu/{sheet}/kien-nghi", Action: policy.SheetAppeal, Write: p.appeal})
	p.Handle(web.Route{Pattern: "POST /viec/phieu/{sheet}/kien-nghi/{appeal}", Action: policy.SheetVerify, Write: p.answerAppeal})
	p.Handle(web.Route{Pattern: "POST /viec/phieu/{sheet}/kien-nghi/{appeal}/rut", Action: policy.SheetAppeal, Write: p.withdrawAppeal})
	p.Handle(web.Route{Pattern: "POST /viec/phieu/{sheet}/tieu-chi/{code}/tep", Action: policy.SheetEdit, Write: p.addFile, Limit: evidence.MaxSize + 1<<20})
	write("POST /viec/phieu/{sheet}/tieu-chi/{code}/van-ban", policy.SheetEdit, p.addReference)
	write("POST /viec/phieu/{sheet}/minh-chung/{item}/rut", policy.SheetEdit, p.withdrawProof)
	write("POST /viec/phieu/{sheet}/thuong", policy.SheetEdit, p.claimBonus)
	write("POST /viec/phieu/{sheet}/tru", policy.SheetVerify, p.deduct)
	write("POST /viec/phieu/{sheet}/thuong/{claim}/rut", policy.SheetEdit, p.withdrawClaim)
	write("POST /viec/phieu/{sheet}/cong-tru/{claim}", policy.SheetVerify, p.decideClaim)
	read("GET /viec/phieu/{sheet}/loi-van", p.paragraphs)
	write("POST /viec/phieu/{sheet}/loi-van/{section}", policy.SheetEdit, p.saveParagraph)
	read("GET /viec/phieu/{sheet}/excel", p.excel)
	read("GET /viec/phieu/{sheet}/mau.xlsx", p.template)
	p.Handle(web.Route{Pattern: "POST /viec/phieu/{sheet}/excel", Action: policy.SheetEdit, Write: p.previewExcel, Limit: 6 << 20, Plain: "shows a preview and writes nothing"})
	write("POST /viec/phieu/{sheet}/nop", policy.SheetSubmit, p.submit)
	write("POST /viec/phieu/{sheet}/tra-lai", policy.SheetVerify, p.giveBack)
	write("POST /viec/phieu/{sheet}/tham-dinh", policy.SheetVerify, p.accept)
	write("POST /viec/phieu/{sheet}/diem/{code}", policy.SheetVerify, p.judge)
	read("GET /viec/phieu/{sheet}/nhat-ky", p.sheetTrail)
}

// sheetPage is what all pages of a sheet show.
type sheetPage struct {
	web.Base
	View
	Tab      string
	MayEdit  bool // the unit's own, and it may be changed now
	MayJudge bool // the secretariat's, and it may be judged now
	Have     int
	Want     int
	Err      error
	ErrAt    string       // the criterion, section or claim the error belongs to
	Typed    url.Values   // what was typed where a form was refused
	StepDue  time.Time    // the last day of the step the sheet waits at, zero where it has none
	AgainWhy []legal.Step // why a returned sheet is due on its day
}

// Was returns what was typed in a refused form at a place, or a fallback.
func (p sheetPage) Was(at, field, fallback string) string {
	if p.Typed != nil && p.ErrAt == at {
		return p.Typed.Get(field)
	}
	return fallback
}

// Waits is the step the sheet waits at, nil where it waits at none.
func (p sheetPage) Waits() *Step {
	if st, ok := p.Chain.step(p.Sheet); ok {
		return &st
	}
	return nil
}

// LastStep reports whether passing the step verifies the sheet.
func (p sheetPage) LastStep() bool { return p.Sheet.Step >= int64(len(p.Chain.Steps)) }

// earlierStep is a step that a sheet can be returned to.
type earlierStep struct {
	N    int64
	Name string
}

// Earlier are the steps before the one the sheet waits at.
func (p sheetPage) Earlier() []earlierStep {
	if len(p.Chain.Steps) < 2 {
		return nil
	}
	last := p.Sheet.Step
	if p.Sheet.State == Verified {
		last = int64(len(p.Chain.Steps)) + 1
	}
	var all []earlierStep
	for n := int64(1); n < last; n++ {
		all = append(all, earlierStep{n, p.Chain.Steps[n-1].Name})
	}
	return all
}

// ErrIn returns the error where it belongs to a place, nil elsewhere.
func (p sheetPage) ErrIn(at string) error {
	if p.ErrAt == at {
		return p.Err
	}
	return nil
}

func (p pages) sheetPage(r *http.Request, tab string) (sheetPage, error) {
	base, err := p.Base(r)
	if err != nil {
		return sheetPage{}, err
	}
	v, err := p.Open(r.Context(), base.Actor, r.PathValue("sheet"))
	if err != nil {
		return sheetPage{}, err
	}
	page := sheetPage{Base: base, View: v, Tab: tab}
	object := policy.Object{Unit: v.Sheet.UnitID, Cluster: v.Period.ClusterID}
	takes := v.Period.Takes(p.now()) == nil
	page.MayEdit = takes && policy.May(base.Actor, policy.SheetEdit, object) == nil && v.Sheet.Editable() == nil
	page.MayJudge = takes && mayJudge(base.Actor, object, v.Chain, v.Sheet) == nil && v.Sheet.Verifiable() == nil
	page.Have, page.Want = v.Sheet.Done(v.Criteria)
	if st, ok := v.Chain.step(v.Sheet); ok && st.Days > 0 {
		c, err := p.legal.Calendar(r.Context(), nil)
		if err != nil {
			return page, err
		}
		page.StepDue = c.Add(v.Sheet.StepAt, int(st.Days))
	}
	if v.Sheet.State == Returned && v.Sheet.AgainBy.After(v.Period.Due) {
		again, err := p.legal.Due(r.Context(), nil, ruleAgain, v.Sheet.StepAt)
		if err != nil {
			return page, err
		}
		page.AgainWhy = again.Why
	}
	return page, nil
}

// allowed returns who asks where the policy lets them do action to the sheet, so
// that nobody is told what is wrong with a form they may not send.
func (p pages) allowed(r *http.Request, action policy.Action) (policy.Actor, error) {
	actor, err := p.Actor(r)
	if err != nil {
		return actor, err
	}
	sheet, err := findSheet(r.Context(), p.db, `where id = $1`, r.PathValue("sheet"))
	if err != nil {
		return actor, err
	}
	object, _, err := p.object(r.Context(), p.db, sheet)
	if err != nil {
		return actor, err
	}
	if action == policy.SheetVerify {
		chain, err := chainOf(r.Context(), p.db, sheet.ChainID)
		if err != nil {
			return actor, err
		}
		return actor, mayJudge(actor, object, chain, sheet)
	}
	return actor, policy.May(actor, action, object)
}

func sheetPath(id string) string { return "/viec/phieu/" + id }

// figuresPage is the grid of figures.
type figuresPage struct {
	sheetPage
	Groups    []figureGroup
	Cells     map[string]Cell // as typed, where the save was refused
	Conflicts map[string]Conflict
	Preview   *Preview // figures read from a workbook, to be confirmed
}

type figureGroup struct {
	Code, Name string
	Lines      []figureLine
}

type figureLine struct {
	Criterion *Criterion
	Figures   []figureView
}

// Text is what stands in a cell's field.
func (p figuresPage) Text(f figureView) string {
	if c, ok := p.Cells[f.Indicator()]; ok {
		return c.Text
	}
	if f.Value == nil {
		return ""
	}
	return lang.Figure(p.Lang, *f.Value)
}

// Indicator is the code of the figure, which both of its halves carry.
func (f figureView) Indicator() string { return f.Input.Indicator }

// Ticked reports whether the estimate box stands ticked.
func (p figuresPage) Ticked(f figureView) bool {
	if c, ok := p.Cells[f.Indicator()]; ok {
		return c.Estimate
	}
	return f.Estimate
}

// Conflict returns the other version of a cell, nil where there is none.
func (p figuresPage) Conflict(code string) *Conflict {
	if c, ok := p.Conflicts[code]; ok {
		return &c
	}
	return nil
}

func (p pages) figuresPage(r *http.Request) (figuresPage, error) {
	head, err := p.sheetPage(r, "figures")
	if err != nil {
		return figuresPage{}, err
	}
	page := figuresPage{sheetPage: head}
	shown := map[string]bool{}
	for _, g := range head.Criteria.Groups {
		fg := figureGroup{Code: g.Code, Name: g.Name}
		for _, cr := range g.Criteria {
			line := figureLine{Criterion: &cr}
			for _, in := range cr.Inputs {
				if !shown[in.Indicator] { // a figure two criteria share is entered once
					shown[in.Indicator] = true
					line.Figures = append(line.Figures, figureOf(head.View, in))
				}
			}
			if len(line.Figures) > 0 {
				fg.Lines = append(fg.Lines, line)
			}
		}
		page.Groups = append(page.Groups, fg)
	}
	if rest := loose(head.View); len(rest) > 0 {
		page.Groups = append(page.Groups, figureGroup{Name: head.Words("emulation.figures.loose"), Lines: []figureLine{{Figures: rest}}})
	}
	return page, nil
}

func (p pages) figures(w http.ResponseWriter, r *http.Request) error {
	page, err := p.figuresPage(r)
	if err != nil {
		return err
	}
	return p.Render(w, r, "emulation/figures", page)
}

// cellsOf reads the grid's fields: the figure CODE, the version its writer saw
// v-CODE, the estimate mark e-CODE. Fields that were not sent are left alone.
func cellsOf(form url.Values, c Criteria) []Cell {
	var cells []Cell
	for _, in := range c.Inputs {
		text, ok := form[in.Indicator]
		if !ok {
			continue
		}
		seen, _ := strconv.ParseInt(form.Get("v-"+in.Indicator), 10, 64) // not a number reads as never seen
		cells = append(cells, Cell{Indicator: in.Indicator, Text: text[0], Estimate: form.Get("e-"+in.Indicator) != "", Seen: seen})
	}
	return cells
}

func (p pages) saveFigures(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	if err := r.ParseForm(); err != nil {
		return web.Outcome{}, err
	}
	if _, err := p.allowed(r, policy.SheetEdit); err != nil {
		return web.Outcome{}, err
	}
	page, err := p.figuresPage(r)
	if err != nil {
		return web.Outcome{}, err
	}
	cells := cellsOf(r.PostForm, page.Criteria)
	source := "grid"
	if r.PostForm.Get("source") == "xlsx" {
		source = "xlsx"
	}
	sheet, ack, err := p.SaveFigures(r.Context(), page.Actor, page.Sheet.ID, cells, source)
	script := strings.HasPrefix(r.Header.Get("Accept"), "application/json")
	switch {
	case IsNothing(err):
		// Saving what is there already is no error: the page says so.
		if script {
			return web.NotSaved(http.StatusOK, savedCells(page.Lang, cells, sheet, p.now())), nil
		}
		return web.Again("emulation/figures", page, err), nil
	case err != nil && script:
		return p.refuseCells(page, err)
	case err != nil:
		page.Err, page.Cells, page.Conflicts = err, map[string]Cell{}, map[string]Conflict{}
		for _, c := range cells {
			page.Cells[c.Indicator] = c
		}
		var conflict *ErrConflict
		if errors.As(err, &conflict) {
			for _, c := range conflict.Cells {
				page.Conflicts[c.Indicator] = c
			}
		}
		return web.Again("emulation/figures", page, err), nil
	case script:
		return web.SavedData(ack, savedCells(page.Lang, cells, sheet, ack.At())), nil
	}
	return web.Saved(ack, sheetPath(sheet.ID), "emulation.done.figures"), nil
}

func savedCells(l string, cells []Cell, sheet Sheet, at time.Time) map[string]any {
	type cell struct {
		Name    string `json:"name"`
		Version int64  `json:"version"`
		Text    string `json:"text"`
	}
	var all []cell
	for _, c := range cells {
		f := sheet.Figures[c.Indicator]
		text := ""
		if f.Value != nil {
			text = lang.Figure(l, *f.Value)
		}
		all = append(all, cell{c.Indicator, f.Version, text})
	}
	return map[string]any{"saved": true, "time": at.In(lang.Vietnam).Format("15:04"), "version": sheet.Version, "cells": all}
}

// refuseCells answers a script whose cells were refused: nothing was written, and
// each cell is told why.
func (p pages) refuseCells(page figuresPage, err error) (web.Outcome, error) {
	var conflict *ErrConflict
	if errors.As(err, &conflict) {
		type both struct {
			Name    string `json:"name"`
			Mine    string `json:"mine"`
			Theirs  string `json:"theirs"`
			Version int64  `json:"version"`
			Office  string `json:"office"`
			Words   string `json:"words"`
		}
		var all []both
		for _, c := range conflict.Cells {
			theirs := ""
			if c.Theirs.Value != nil {
				theirs = lang.Figure(page.Lang, *c.Theirs.Value)
			}
			all = append(all, both{c.Indicator, c.Mine, theirs, c.Theirs.Version, c.Theirs.Office,
				page.Words("emulation.cell.theirs", c.Theirs.Office, theirs)})
		}
		return web.NotSaved(http.StatusConflict, map[string]any{"conflicts": all, "problem": page.Words("emulation.cell.conflict")}), nil
	}
	if fault.KindOf(err) == fault.Internal {
		return web.Outcome{}, err
	}
	return web.NotSaved(http.StatusUnprocessableEntity, map[string]any{"fields": p.FieldWords(page.Lang, err), "problem": page.Words("emulation.cell.refused")}), nil
}

// pointsPage is the criteria with points and evidence.
type pointsPage struct {
	sheetPage
	Groups  []groupLines
	Bonuses []extraView
	Cuts    []extraView
	// Appeals by their subject, the newest first; an appeal may be made until Until.
	Appeals   map[string][]appealView
	MayAppeal bool
	MayAnswer bool
	Until     time.Time
}

// appealView is an appeal with why it is to be answered by its day.
type appealView struct {
	Appeal
	Why []legal.Step
}

// AppealsOf are the appeals of a line.
func (p pointsPage) AppealsOf(kind, line string) appealsOf {
	return appealsOf{p, p.Appeals[kind+":"+line], kind, line}
}

// appealsOf is a line's appeals on its page.
type appealsOf struct {
	Page pointsPage
	List []appealView
	Kind string
	Line string
}

// Open reports whether one of them waits for its answer.
func (a appealsOf) Open() bool {
	return slices.ContainsFunc(a.List, func(v appealView) bool { return v.State == AppealOpen })
}

// Errs is what is wrong with a form of the line, nil for a form of another one.
func (a appealsOf) Errs(at string) error { return a.Page.ErrIn(at) }

type extraView struct {
	Extra
	Claims []Claim
}

func (p pages) pointsPage(r *http.Request) (pointsPage, error) {
	head, err := p.sheetPage(r, "points")
	if err != nil {
		return pointsPage{}, err
	}
	page := pointsPage{sheetPage: head, Groups: byGroup(head.Base, head.View), Appeals: map[string][]appealView{}}
	if err := p.appeals(r, &page); err != nil {
		return page, err
	}
	for _, e := range head.Criteria.Extras {
		v := extraView{Extra: e}
		for _, cl := range head.Sheet.Claims {
			if cl.ExtraID == e.ID {
				v.Claims = append(v.Claims, cl)
			}
		}
		if e.Bonus {
			page.Bonuses = append(page.Bonuses, v)
		} else {
			page.Cuts = append(page.Cuts, v)
		}
	}
	return page, nil
}

func (p pages) appeals(r *http.Request, page *pointsPage) error {
	ctx := r.Context()
	object := policy.Object{Unit: page.Sheet.UnitID, Cluster: page.Period.ClusterID}
	if policy.May(page.Actor, policy.SheetRead, object) != nil {
		return nil // the public sees points, not what was said about them
	}
	all, err := p.Appeals(ctx, page.Sheet.ID)
	if err != nil {
		return err
	}
	for _, a := range all {
		v := appealView{Appeal: a}
		if a.State == AppealOpen {
			_, why, _, err := p.legal.Of(ctx, AppealRoom, a.ID)
			if err != nil {
				return err
			}
			v.Why = why.Why
		}
		page.Appeals[a.Subject] = append(page.Appeals[a.Subject], v)
	}
	if !disputable(page.Sheet, page.Period) {
		return nil
	}
	until, err := p.legal.Due(ctx, nil, ruleAppeal, page.Sheet.VerifiedAt)
	if err != nil {
		return err
	}
	page.Until = until.Due
	page.MayAppeal = page.Now.Before(until.End()) && policy.May(page.Actor, policy.SheetAppeal, object) == nil
	page.MayAnswer = policy.May(page.Actor, policy.SheetVerify, object) == nil && !slices.Contains(page.Actor.Units(), page.Sheet.UnitID)
	return nil
}

func (p pages) appeal(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	actor, err := p.allowed(r, policy.SheetAppeal)
	if err != nil {
		return web.Outcome{}, err
	}
	at := r.FormValue("at")
	ack, err := p.Appeal(r.Context(), actor, r.PathValue("sheet"), r.FormValue("subject"), r.FormValue("reason"))
	if err == nil {
		at = strings.TrimPrefix(at, "kn-")
	}
	return p.answerPoints(r, at, "emulation.done.appeal", ack, err)
}

func (p pages) answerAppeal(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	actor, err := p.allowed(r, policy.SheetVerify)
	if err != nil {
		return web.Outcome{}, err
	}
	var ack ledger.Ack
	points, err := tenthsOf(r.FormValue("points"), "points")
	if err == nil {
		ack, err = p.AnswerAppeal(r.Context(), actor, r.PathValue("appeal"), r.FormValue("to") == "accept", points, r.FormValue("answer"))
	}
	if err == nil {
		return web.Saved(ack, sheetPath(r.PathValue("sheet"))+"/tieu-chi#kn-"+r.PathValue("appeal"), "emulation.done.answer"), nil
	}
	return p.answerPoints(r, r.FormValue("at"), "emulation.done.answer", ack, err)
}

func (p pages) withdrawAppeal(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	actor, err := p.allowed(r, policy.SheetAppeal)
	if err != nil {
		return web.Outcome{}, err
	}
	ack, err := p.WithdrawAppeal(r.Context(), actor, r.PathValue("appeal"))
	return p.answerPoints(r, r.FormValue("at"), "emulation.done.withdrawn", ack, err)
}

func (p pages) points(w http.ResponseWriter, r *http.Request) error {
	page, err := p.pointsPage(r)
	if err != nil {
		return err
	}
	return p.Render(w, r, "emulation/points", page)
}

// answerPoints goes back to the line that was changed, or shows the page again
// with what was typed and what is wrong with it.
func (p pages) answerPoints(r *http.Request, at, done string, ack ledger.Ack, err error) (web.Outcome, error) {
	if err == nil {
		return web.Saved(ack, sheetPath(r.PathValue("sheet"))+"/tieu-chi#c-"+at, done), nil
	}
	kind := fault.KindOf(err)
	if kind != fault.Invalid && kind != fault.Conflict && kind != fault.TooLarge {
		return web.Outcome{}, err
	}
	page, loadErr := p.pointsPage(r)
	if loadErr != nil {
		return web.Outcome{}, loadErr
	}
	page.Err, page.ErrAt, page.Typed = err, at, r.Form
	return web.Again("emulation/points", page, err), nil
}

// tenthsOf reads points as typed: "14,5"; nil where the field is empty.
func tenthsOf(text, field string) (*int64, error) {
	if lang.Line(text) == "" {
		return nil, nil
	}
	n, err := lang.ParseFigure(text)
	if err != nil {
		l := fault.All(err)
		return nil, l[0].In(field)
	}
	if n%100 != 0 {
		return nil, fault.New(fault.Invalid, "emulation.points.half").In(field)
	}
	n /= 100
	return &n, nil
}

func (p pages) setMark(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	code := r.PathValue("code")
	actor, err := p.allowed(r, policy.SheetEdit)
	if err != nil {
		return web.Outcome{}, err
	}
	var ack ledger.Ack
	self, err := tenthsOf(r.FormValue("self"), "self")
	if err == nil {
		ack, err = p.SetMark(r.Context(), actor, r.PathValue("sheet"), code, MarkChange{
			NotApply: r.FormValue("na") != "", NotApplyReason: r.FormValue("na_reason"), Self: self, SelfReason: r.FormValue("self_reason")})
	}
	return p.answerPoints(r, code, "emulation.done.mark", ack, err)
}

func (p pages) judge(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	code := r.PathValue("code")
	actor, err := p.allowed(r, policy.SheetVerify)
	if err != nil {
		return web.Outcome{}, err
	}
	var ack ledger.Ack
	points, err := tenthsOf(r.FormValue("points"), "points")
	if err == nil {
		ack, err = p.Judge(r.Context(), actor, r.PathValue("sheet"), code, points, r.FormValue("void") != "", r.FormValue("reason"))
	}
	return p.answerPoints(r, code, "emulation.done.judged", ack, err)
}

func (p pages) addFile(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	code := r.PathValue("code")
	actor, err := p.allowed(r, policy.SheetEdit)
	if err != nil {
		return web.Outcome{}, err
	}
	file, head, err := r.FormFile("file")
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return p.answerPoints(r, code, "", ledger.Ack{}, fault.New(fault.TooLarge, "web.large", lang.Size("vi", evidence.MaxSize)).In("file"))
	}
	if err != nil {
		return p.answerPoints(r, code, "", ledger.Ack{}, fault.New(fault.Invalid, "emulation.file.missing").In("file").Because(err))
	}
	defer file.Close()
	var ack ledger.Ack
	pending, err := p.files.Prepare(r.Context(), file, head.Filename)
	if err == nil {
		defer pending.Close()
		ack, err = p.AddProofs(r.Context(), actor, r.PathValue("sheet"), NewProof{Criterion: code, File: pending})
	}
	return p.answerPoints(r, code, "emulation.done.evidence", ack, inField(err, "file"))
}

// inField puts an error without a field beside one.
func inField(err error, field string) error {
	if l := fault.All(err); len(l) == 1 && l[0].Field == "" {
		return l[0].In(field)
	}
	return err
}

func (p pages) addReference(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	code := r.PathValue("code")
	actor, err := p.allowed(r, policy.SheetEdit)
	if err != nil {
		return web.Outcome{}, err
	}
	var ack ledger.Ack
	date, err := lang.ParseDate(r.FormValue("date"))
	if err != nil {
		err = inField(err, "date")
	} else {
		ack, err = p.AddProofs(r.Context(), actor, r.PathValue("sheet"), NewProof{Criterion: code, Reference: evidence.Reference{
			Number: lang.Line(r.FormValue("number")), Date: date, Abstract: lang.Line(r.FormValue("abstract")), Issuer: lang.Line(r.FormValue("issuer"))}})
	}
	return p.answerPoints(r, code, "emulation.done.evidence", ack, err)
}

func (p pages) withdrawProof(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	actor, err := p.allowed(r, policy.SheetEdit)
	if err != nil {
		return web.Outcome{}, err
	}
	ack, err := p.WithdrawProof(r.Context(), actor, r.PathValue("sheet"), r.PathValue("item"), r.FormValue("reason"))
	return p.answerPoints(r, r.FormValue("at"), "emulation.done.withdrawn", ack, err)
}

func casesOf(r *http.Request) int64 {
	n, _ := strconv.ParseInt(strings.TrimSpace(r.FormValue("cases")), 10, 64) // not a number is 0, which is refused in words
	return n
}

func (p pages) claimBonus(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	actor, err := p.allowed(r, policy.SheetEdit)
	if err != nil {
		return web.Outcome{}, err
	}
	ack, err := p.ClaimBonus(r.Context(), actor, r.PathValue("sheet"), r.FormValue("extra"), casesOf(r), r.FormValue("reason"))
	return p.answerPoints(r, "bonus", "emulation.done.bonus", ack, err)
}

func (p pages) deduct(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	actor, err := p.allowed(r, policy.SheetVerify)
	if err != nil {
		return web.Outcome{}, err
	}
	ack, err := p.Deduct(r.Context(), actor, r.PathValue("sheet"), r.FormValue("extra"), casesOf(r), r.FormValue("reason"))
	return p.answerPoints(r, "deduction", "emulation.done.deducted", ack, err)
}

func (p pages) withdrawClaim(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	actor, err := p.allowed(r, policy.SheetEdit)
	if err != nil {
		return web.Outcome{}, err
	}
	ack, err := p.MoveClaim(r.Context(), actor, r.PathValue("sheet"), r.PathValue("claim"), Withdrawn, r.FormValue("reason"))
	return p.answerPoints(r, "bonus", "emulation.done.withdrawn", ack, err)
}

func (p pages) decideClaim(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	actor, err := p.allowed(r, policy.SheetVerify)
	if err != nil {
		return web.Outcome{}, err
	}
	to := map[string]ClaimState{"accept": Accepted, "refuse": Refused, "withdraw": Withdrawn}[r.FormValue("to")]
	if to == "" {
		return web.Outcome{}, fault.New(fault.Invalid, "emulation.claim.missing")
	}
	at := "bonus"
	if to == Withdrawn {
		at = "deduction"
	}
	ack, err := p.MoveClaim(r.Context(), actor, r.PathValue("sheet"), r.PathValue("claim"), to, r.FormValue("reason"))
	return p.answerPoints(r, at, "emulation.done.claim", ack, err)
}

// paragraphsPage is the unit's text for the report.
type paragraphsPage struct {
	sheetPage
	Sections []string
}

func (p pages) paragraphs(w http.ResponseWriter, r *http.Request) error {
	head, err := p.sheetPage(r, "paragraphs")
	if err != nil {
		return err
	}
	return p.Render(w, r, "emulation/paragraphs", paragraphsPage{head, Sections})
}

func (p pages) saveParagraph(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	actor, err := p.allowed(r, policy.SheetEdit)
	if err != nil {
		return web.Outcome{}, err
	}
	section := r.PathValue("section")
	seen, _ := strconv.ParseInt(r.FormValue("seen"), 10, 64) // not a number reads as never seen
	ack, err := p.SaveParagraph(r.Context(), actor, r.PathValue("sheet"), section, r.FormValue("body"), seen)
	if kind := fault.KindOf(err); err == nil || kind != fault.Invalid && kind != fault.Conflict {
		return web.Saved(ack, sheetPath(r.PathValue("sheet"))+"/loi-van#s-"+section, "emulation.done.paragraph"), err
	}
	head, loadErr := p.sheetPage(r, "paragraphs")
	if loadErr != nil {
		return web.Outcome{}, loadErr
	}
	head.Err, head.ErrAt, head.Typed = err, section, r.Form
	return web.Again("emulation/paragraphs", paragraphsPage{head, Sections}, err), nil
}

// move answers the acts that change the sheet's state: on refusal the sheet's
// figures are shown with what is missing.
func (p pages) answerState(r *http.Request, done string, ack ledger.Ack, err error) (web.Outcome, error) {
	if err == nil {
		return web.Saved(ack, sheetPath(r.PathValue("sheet")), done), nil
	}
	if kind := fault.KindOf(err); kind != fault.Invalid && kind != fault.Conflict {
		return web.Outcome{}, err
	}
	page, loadErr := p.figuresPage(r)
	if loadErr != nil {
		return web.Outcome{}, loadErr
	}
	page.Err, page.ErrAt, page.Typed = err, "state", r.Form
	return web.Again("emulation/figures", page, err), nil
}

func (p pages) submit(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	actor, err := p.allowed(r, policy.SheetSubmit)
	if err != nil {
		return web.Outcome{}, err
	}
	ack, err := p.Submit(r.Context(), actor, r.PathValue("sheet"))
	return p.answerState(r, "emulation.done.submitted", ack, err)
}

func (p pages) giveBack(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	actor, err := p.allowed(r, policy.SheetVerify)
	if err != nil {
		return web.Outcome{}, err
	}
	step, _ := strconv.ParseInt(r.FormValue("step"), 10, 64) // none is the unit
	ack, err := p.Return(r.Context(), actor, r.PathValue("sheet"), r.FormValue("reason"), step)
	return p.answerState(r, "emulation.done.returned", ack, err)
}

func (p pages) accept(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	actor, err := p.allowed(r, policy.SheetVerify)
	if err != nil {
		return web.Outcome{}, err
	}
	ack, err := p.Accept(r.Context(), actor, r.PathValue("sheet"))
	return p.answerState(r, "emulation.done.verified", ack, err)
}

type trailPage struct {
	sheetPage
	Changes []changeView
}

type changeView struct {
	Change
	What, OldText, NewText string
}

func (p pages) sheetTrail(w http.ResponseWriter, r *http.Request) error {
	head, err := p.sheetPage(r, "trail")
	if err != nil {
		return err
	}
	changes, err := p.Trail(r.Context(), head.Actor, head.Sheet.ID, "")
	if err != nil {
		return err
	}
	page := trailPage{sheetPage: head}
	for _, c := range changes {
		page.Changes = append(page.Changes, inWords(head.Base, head.Criteria, c))
	}
	return p.Render(w, r, "emulation/trail", page)
}

// inWords says a change as a person reads it.
func inWords(b web.Base, c Criteria, ch Change) changeView {
	v := changeView{Change: ch, OldText: ch.Old, NewText: ch.New}
	kind, code, _ := strings.Cut(ch.Subject, ":")
	number := func(write func(string, int64) string) {
		for _, t := range []*string{&v.OldText, &v.NewText} {
			if n, err := strconv.ParseInt(*t, 10, 64); err == nil {
				*t = write(b.Lang, n)
			} else {
				*t = "–"
			}
		}
	}
	v.What = b.Words("emulation.trail."+kind, code)
	switch kind {
	case "figure":
		if in, ok := c.Input(code); ok {
			v.What = in.Label
		}
		number(lang.Figure)
	case "appeal":
		v.OldText, v.NewText = "–", b.Words("emulation.appeal.state.open")
	case "answer":
		v.OldText, v.NewText = b.Words("emulation.appeal.state."+ch.Old), b.Words("emulation.appeal.state."+ch.New)
	case "self", "verified":
		number(lang.Points)
	case "void", "notapply":
		v.OldText, v.NewText = b.Words("emulation.yes."+ch.Old), b.Words("emulation.yes."+ch.New)
	case "state":
		v.OldText, v.NewText = stateWords(b, State(ch.Old)), stateWords(b, State(ch.New))
	case "bonus", "deduction":
		if ch.Old != "" {
			v.OldText, v.NewText = b.Words("emulation.claim."+ch.Old), b.Words("emulation.claim."+ch.New)
		}
	}
	return v
}

func stateWords(b web.Base, s State) string {
	if s == "" {
		return "–"
	}
	return b.Words("emulation.state." + string(s))
}

// TheirText is the value another office gave to a cell in conflict.
func (p figuresPage) TheirText(c *Conflict) string {
	if c.Theirs.Value == nil {
		return "–"
	}
	return lang.Figure(p.Lang, *c.Theirs.Value)
}
