package emulation

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"dongthuan/internal/cluster"
	"dongthuan/internal/document"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
	"dongthuan/internal/policy"
	"dongthuan/internal/web"
)

func (p pages) serveCross() {
	p.Handle(web.Route{Pattern: "GET /viec/ky/{id}/cham-cheo", Action: policy.PeriodFollow, Page: p.crossBoard})
	p.Handle(web.Route{Pattern: "POST /viec/ky/{id}/cham-cheo", Action: policy.PeriodManage, Write: p.drawCross})
	p.Handle(web.Route{Pattern: "POST /viec/ky/{id}/cham-cheo/dong", Action: policy.PeriodManage, Write: p.closeCross})
	p.Handle(web.Route{Pattern: "GET /viec/ky/{id}/cham-cheo.xlsx", Action: policy.PeriodFollow, Page: p.crossResults})
	p.Handle(web.Route{Pattern: "GET /viec/cham-cheo/{cross}", Action: policy.SheetCross, Page: p.crossForm})
	p.Handle(web.Route{Pattern: "POST /viec/cham-cheo/{cross}", Action: policy.SheetCross, Write: p.saveCross})
	p.Handle(web.Route{Pattern: "GET /viec/cham-cheo/{cross}/bang.xlsx", Action: policy.SheetCross, Page: p.crossBook})
	p.Handle(web.Route{Pattern: "POST /viec/cham-cheo/{cross}/excel", Action: policy.SheetCross, Write: p.readCrossBook, Limit: 6 << 20, Plain: "shows a preview and writes nothing"})
}

func crossPath(id string) string { return "/viec/cham-cheo/" + id }

type crossBoardPage struct {
	boardPage
	Table    CrossTable
	Drawn    bool
	Units    []boardUnit // whom conflicts can name
	Progress []crossProgress
	Strict   []strictRow
	Form     url.Values
}

type boardUnit struct{ ID, Code, Name string }

// crossProgress is how far one scorer is.
type crossProgress struct {
	Code, Name   string
	Handed, Owes int
	Third        bool
	Waits        int // sheets not handed in by their own units yet
}

type strictRow struct {
	Code, Name string
	Value      int64 // hundredths of a point a sheet; above zero stricter
}

// Text says how strict, in words: “0,8 điểm chặt hơn”.
func (p crossBoardPage) Text(r strictRow) string {
	n := lang.Figure(p.Lang, abs(r.Value)*10)
	switch {
	case r.Value > 0:
		return p.Words("emulation.cross.stricter", n)
	case r.Value < 0:
		return p.Words("emulation.cross.milder", n)
	}
	return p.Words("emulation.cross.even")
}

// Share is the length of a bar in per cent of the longest.
func (p crossBoardPage) Share(r strictRow) int64 {
	most := int64(1)
	for _, s := range p.Strict {
		most = max(most, abs(s.Value))
	}
	return abs(r.Value) * 100 / most
}

// From is where a milder scorer's bar begins, left of the middle.
func (p crossBoardPage) From(r strictRow) int64 { return 100 - p.Share(r) }

func abs(n int64) int64 { return max(n, -n) }

func (p pages) crossBoardPage(r *http.Request) (crossBoardPage, error) {
	head, err := p.boardPage(r)
	if err != nil {
		return crossBoardPage{}, err
	}
	page := crossBoardPage{boardPage: head}
	for _, row := range head.Rows {
		page.Units = append(page.Units, boardUnit{row.Sheet.UnitID, row.Code, row.Name})
	}
	page.Table, err = p.CrossOf(r.Context(), head.Actor, head.Period.ID)
	if fault.KindOf(err) == fault.NotFound {
		return page, nil
	}
	if err != nil {
		return page, err
	}
	page.Drawn = true
	slices.SortFunc(page.Table.Rows, func(a, b CrossRow) int {
		return strings.Compare(head.Codes[a.Sheet.UnitID], head.Codes[b.Sheet.UnitID])
	})
	by := map[string]*crossProgress{}
	for _, row := range page.Table.Rows {
		for _, x := range row.Crosses {
			key := x.Scorer + strconv.FormatBool(x.Third)
			if by[key] == nil {
				by[key] = &crossProgress{Code: head.Codes[x.Scorer], Name: head.Names[x.Scorer].FullName(), Third: x.Third}
			}
			switch {
			case x.Handed:
				by[key].Handed++
			case !crossable(row.Sheet):
				by[key].Waits++
			}
			by[key].Owes++
		}
	}
	for _, c := range by {
		page.Progress = append(page.Progress, *c)
	}
	slices.SortFunc(page.Progress, func(a, b crossProgress) int {
		return cmp.Or(strings.Compare(a.Code, b.Code), cmp.Compare(a.Owes, b.Owes))
	})
	if page.Table.Draw.State == DrawClosed {
		for unit, v := range page.Table.Strictness() {
			page.Strict = append(page.Strict, strictRow{head.Codes[unit], head.Names[unit].FullName(), v})
		}
		slices.SortFunc(page.Strict, func(a, b strictRow) int {
			return cmp.Or(cmp.Compare(b.Value, a.Value), strings.Compare(a.Code, b.Code))
		})
	}
	return page, nil
}

// Apart are the lines of a sheet whose marks, or whose middle and own points, are
// further apart than the limit: what the working group explains.
func (p crossBoardPage) Apart(r CrossRow) []CrossLine {
	var all []CrossLine
	for _, l := range r.Lines {
		if l.Middle != nil && (l.Spread > p.Table.Draw.Spread || abs(*l.Middle-*l.Own) > p.Table.Draw.Spread) {
			all = append(all, l)
		}
	}
	return all
}

// DrawName is what the draw calls a unit.
func (p crossBoardPage) DrawName(unitID string) string {
	sheets := make([]Sheet, len(p.Table.Rows))
	for i, r := range p.Table.Rows {
		sheets[i] = r.Sheet
	}
	return drawNames(sheets, p.Codes)[unitID]
}

// Waiting counts the tables that are not handed in.
func (p crossBoardPage) Waiting() int { return p.Table.out(p.Table.Draw.State == DrawThird) }

// Pairs is the draw as it can be repeated: scorer, scored.
func (p crossBoardPage) Pairs() [][2]string {
	var all [][2]string
	for _, r := range p.Table.Rows {
		for _, x := range r.Crosses {
			if !x.Third {
				all = append(all, [2]string{p.DrawName(x.Scorer), p.DrawName(r.Sheet.UnitID)})
			}
		}
	}
	slices.SortFunc(all, func(a, b [2]string) int { return cmp.Or(strings.Compare(a[0], b[0]), strings.Compare(a[1], b[1])) })
	return all
}

// Was is what was typed in the form of the draw, or what stands there at first.
func (p crossBoardPage) Was(field, fallback string) string {
	if p.Form == nil {
		return fallback
	}
	return p.Form.Get(field)
}

func (p pages) crossBoard(w http.ResponseWriter, r *http.Request) error {
	page, err := p.crossBoardPage(r)
	if err != nil {
		return err
	}
	return p.Render(w, r, "emulation/crossboard", page)
}

func (p pages) answerCrossBoard(r *http.Request, done string, ack ledger.Ack, err error) (web.Outcome, error) {
	if err == nil {
		return web.Saved(ack, boardPath(r.PathValue("id"))+"/cham-cheo", done), nil
	}
	if kind := fault.KindOf(err); kind != fault.Invalid && kind != fault.Conflict {
		return web.Outcome{}, err
	}
	page, loadErr := p.crossBoardPage(r)
	if loadErr != nil {
		return web.Outcome{}, loadErr
	}
	page.Err, page.Form = err, r.Form
	return web.Again("emulation/crossboard", page, err), nil
}

func (p pages) drawCross(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	page, err := p.crossBoardPage(r)
	if err != nil {
		return web.Outcome{}, err
	}
	if err := policy.May(page.Actor, policy.PeriodManage, policy.Object{Cluster: page.Period.ClusterID}); err != nil {
		return web.Outcome{}, err
	}
	o, err := page.options(r)
	if err != nil {
		return p.answerCrossBoard(r, "", ledger.Ack{}, err)
	}
	ack, err := p.DrawCross(r.Context(), page.Actor, page.Period.ID, o)
	return p.answerCrossBoard(r, "emulation.done.drawn", ack, err)
}

// options reads the form of the draw. Conflicts are written "DV01 DV04; DV02 DV07".
func (p crossBoardPage) options(r *http.Request) (DrawOptions, error) {
	var o DrawOptions
	var problems fault.List
	o.Each, _ = strconv.ParseInt(r.FormValue("each"), 10, 64) // not a number is refused as 0 is
	if spread, err := tenthsOf(r.FormValue("spread"), "spread"); err != nil {
		problems = append(problems, fault.All(err)...)
	} else if spread != nil {
		o.Spread = *spread
	}
	var err error
	if o.Due, err = lang.ParseMoment(r.FormValue("due")); err != nil {
		problems.Add("due", "emulation.cross.due")
	}
	ids := map[string]string{}
	for _, u := range p.Units {
		ids[strings.ToUpper(u.Code)] = u.ID
	}
	for _, pair := range strings.FieldsFunc(r.FormValue("conflicts"), func(c rune) bool { return c == ';' || c == '\n' }) {
		codes := strings.Fields(strings.ToUpper(pair))
		if len(codes) == 0 {
			continue
		}
		if len(codes) != 2 || ids[codes[0]] == "" || ids[codes[1]] == "" || codes[0] == codes[1] {
			problems.Add("conflicts", "emulation.cross.conflict.bad", lang.Line(pair))
			continue
		}
		o.Conflicts = append(o.Conflicts, [2]string{ids[codes[0]], ids[codes[1]]})
	}
	return o, problems.Or()
}

func (p pages) closeCross(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	actor, err := p.Actor(r)
	if err != nil {
		return web.Outcome{}, err
	}
	ack, err := p.CloseCross(r.Context(), actor, r.PathValue("id"))
	return p.answerCrossBoard(r, "emulation.done.crossclosed", ack, err)
}

// crossPage is a scorer's table.
type crossPage struct {
	web.Base
	CrossView
	Groups    []crossGroup
	Member    cluster.Member
	May       bool
	Err       error
	Conflicts map[string]CrossMark
	Typed     url.Values
	Preview   []crossPreview
}

type crossGroup struct {
	Group Group
	Lines []crossFormLine
}

type crossFormLine struct {
	lineView
	Own  *int64
	Mark CrossMark
	Row  int
}

// crossPreview is a row of a workbook beside what is there.
type crossPreview struct {
	Ref, Code, Name string
	Old             *int64
	New, Remark     string
	Seen            int64
	Changed         bool
	Problem         string
}

func (p pages) crossPage(r *http.Request) (crossPage, error) {
	base, err := p.Base(r)
	if err != nil {
		return crossPage{}, err
	}
	v, err := p.OpenCross(r.Context(), base.Actor, r.PathValue("cross"))
	if err != nil {
		return crossPage{}, err
	}
	page := crossPage{Base: base, CrossView: v}
	page.May = v.Draw.takes(v.Cross) == nil && crossable(v.Sheet)
	row := 0
	for _, g := range byGroup(base, v.View) {
		cg := crossGroup{Group: g.Group}
		for _, l := range g.Lines {
			if !v.Cross.Covers(l.Criterion.Code) {
				continue
			}
			cg.Lines = append(cg.Lines, crossFormLine{l, v.Own[l.Criterion.ID], v.Cross.Marks[l.Criterion.ID], row})
			row++
		}
		if cg.Lines != nil {
			page.Groups = append(page.Groups, cg)
		}
	}
	return page, nil
}

// Points is what stands in a line's field.
func (p crossPage) Points(l crossFormLine) string {
	if v, ok := p.Typed[l.Criterion.Code]; ok {
		return v[0]
	}
	if l.Mark.Points == nil {
		return ""
	}
	return lang.Points(p.Lang, *l.Mark.Points)
}

// Remark is what stands in a line's remark.
func (p crossPage) Remark(l crossFormLine) string {
	if v, ok := p.Typed["r-"+l.Criterion.Code]; ok {
		return v[0]
	}
	return l.Mark.Remark
}

// Seen is the version of a line that the form says its writer saw.
func (p crossPage) Seen(l crossFormLine) string {
	if m, ok := p.Conflicts[l.Criterion.Code]; ok {
		return itoa(m.Version)
	}
	if v, ok := p.Typed["v-"+l.Criterion.Code]; ok {
		return v[0]
	}
	return itoa(l.Mark.Version)
}

// Whole is what stands in the remark of the whole table.
func (p crossPage) Whole() string {
	if v, ok := p.Typed["remark"]; ok {
		return v[0]
	}
	return p.Cross.Remark
}

// Both is the other version of a line, nil where there is none.
func (p crossPage) Both(code string) *CrossMark {
	if m, ok := p.Conflicts[code]; ok {
		return &m
	}
	return nil
}

// TheirText is the other version's points.
func (p crossPage) TheirText(m *CrossMark) string {
	if m.Points == nil {
		return "–"
	}
	return lang.Points(p.Lang, *m.Points)
}

// Counted says how many lines are marked, of those asked for.
func (p crossPage) Counted() string {
	have, want := 0, 0
	for _, g := range p.Groups {
		for _, l := range g.Lines {
			if l.Own == nil {
				continue
			}
			want++
			if l.Mark.Points != nil {
				have++
			}
		}
	}
	return strconv.Itoa(have) + "/" + strconv.Itoa(want)
}

func (p pages) crossForm(w http.ResponseWriter, r *http.Request) error {
	page, err := p.crossPage(r)
	if err != nil {
		return err
	}
	return p.Render(w, r, "emulation/cross", page)
}

// markCells reads the grid's fields: points CODE, remark r-CODE, version seen v-CODE.
func markCells(form url.Values, c Criteria) []MarkCell {
	var cells []MarkCell
	for _, cr := range c.All() {
		text, ok := form[cr.Code]
		if !ok {
			continue
		}
		seen, _ := strconv.ParseInt(form.Get("v-"+cr.Code), 10, 64) // not a number reads as never seen
		cells = append(cells, MarkCell{Code: cr.Code, Text: text[0], Remark: form.Get("r-" + cr.Code), Seen: seen})
	}
	return cells
}

func (p pages) saveCross(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	page, err := p.crossPage(r)
	if err != nil {
		return web.Outcome{}, err
	}
	if err := r.ParseForm(); err != nil {
		return web.Outcome{}, err
	}
	ctx, id := r.Context(), page.Cross.ID
	cells := markCells(r.PostForm, page.Criteria)
	script := strings.HasPrefix(r.Header.Get("Accept"), "application/json")
	var ack ledger.Ack
	if r.PostForm.Get("act") == "nop" {
		if ack, err = p.HandInCross(ctx, page.Actor, id, cells, r.PostForm.Get("remark"), r.PostForm.Get("agree") != ""); err == nil {
			return web.Saved(ack, crossPath(id), "emulation.done.cross"), nil
		}
	} else if ack, err = p.SaveCross(ctx, page.Actor, id, cells, r.PostForm.Get("remark")); err == nil {
		if !script {
			return web.Saved(ack, crossPath(id), "emulation.done.marks"), nil
		}
		return web.SavedData(ack, p.savedMarks(ctx, page, cells, ack)), nil
	}
	var conflict *ErrCrossConflict
	errors.As(err, &conflict)
	switch {
	case IsNothing(err) && script:
		return web.NotSaved(http.StatusOK, p.savedMarks(ctx, page, cells, ack)), nil
	case script && conflict != nil:
		return web.NotSaved(http.StatusConflict, map[string]any{"conflicts": crossConflicts(page, cells, conflict), "problem": page.Words("emulation.cell.conflict")}), nil
	case script && fault.KindOf(err) == fault.Invalid:
		return web.NotSaved(http.StatusUnprocessableEntity, map[string]any{"fields": p.FieldWords(page.Lang, err), "problem": page.Words("emulation.cell.refused")}), nil
	}
	if kind := fault.KindOf(err); kind != fault.Invalid && kind != fault.Conflict {
		return web.Outcome{}, err
	}
	page.Err, page.Typed = err, r.PostForm
	if conflict != nil {
		page.Conflicts = conflict.Theirs
	}
	return web.Again("emulation/cross", page, err), nil
}

// savedMarks answers a script with what the table has now.
func (p pages) savedMarks(ctx context.Context, page crossPage, cells []MarkCell, ack ledger.Ack) map[string]any {
	at := p.now()
	if !ack.At().IsZero() {
		at = ack.At()
	}
	answer := map[string]any{"saved": true, "time": at.In(lang.Vietnam).Format("15:04")}
	v, err := p.OpenCross(ctx, page.Actor, page.Cross.ID)
	if err != nil {
		return answer // the marks are saved; their versions come with the next page
	}
	var all []map[string]any
	for _, cell := range cells {
		cr, _ := page.Criteria.Criterion(cell.Code)
		m := v.Cross.Marks[cr.ID]
		text := ""
		if m.Points != nil {
			text = lang.Points(page.Lang, *m.Points)
		}
		all = append(all, map[string]any{"name": cell.Code, "version": m.Version, "text": text})
	}
	answer["version"], answer["cells"] = v.Cross.Version, all
	return answer
}

func crossConflicts(page crossPage, cells []MarkCell, conflict *ErrCrossConflict) []map[string]any {
	var all []map[string]any
	for _, cell := range cells {
		m, ok := conflict.Theirs[cell.Code]
		if !ok {
			continue
		}
		theirs := ""
		if m.Points != nil {
			theirs = lang.Points(page.Lang, *m.Points)
		}
		all = append(all, map[string]any{"name": cell.Code, "mine": cell.Text, "theirs": theirs, "version": m.Version, "office": m.Office, "words": page.Words("emulation.cell.theirs", m.Office, theirs)})
	}
	return all
}

func (p pages) crossBook(w http.ResponseWriter, r *http.Request) error {
	page, err := p.crossPage(r)
	if err != nil {
		return err
	}
	attachment(w, document.XLSXType, "cham-cheo-"+page.Period.Code+"-"+page.View.Member.Code+".xlsx")
	return page.write(w)
}

func (p pages) readCrossBook(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	page, err := p.crossPage(r)
	if err != nil {
		return web.Outcome{}, err
	}
	file, head, err := r.FormFile("file")
	if err == nil {
		defer file.Close()
		var book *document.Workbook
		if book, err = document.ReadWorkbook(r.Context(), file, head.Size, document.Limits{Rows: 500}); err == nil {
			page.Preview, err = page.read(book)
		}
	} else {
		err = fault.New(fault.Invalid, "emulation.file.missing").In("file").Because(err)
	}
	if err != nil {
		if kind := fault.KindOf(err); kind != fault.Invalid && kind != fault.TooLarge {
			return web.Outcome{}, err
		}
		page.Err = err
		return web.Again("emulation/cross", page, err), nil
	}
	// The cells of the file stand in the grid, to be looked at and saved.
	page.Typed = url.Values{}
	for _, row := range page.Preview {
		if row.Problem == "" {
			page.Typed.Set(row.Code, row.New)
			page.Typed.Set("r-"+row.Code, row.Remark)
		}
	}
	return web.Shown("emulation/cross", page), nil
}

func (p pages) crossResults(w http.ResponseWriter, r *http.Request) error {
	page, err := p.crossBoardPage(r)
	if err != nil {
		return err
	}
	if !page.Drawn || page.Table.Draw.State != DrawClosed {
		return fault.New(fault.Conflict, "emulation.cross.blind")
	}
	attachment(w, document.XLSXType, page.Cluster.Code+"-"+page.Period.Code+"-cham-cheo.xlsx")
	return page.write(w)
}
