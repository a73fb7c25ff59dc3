package emulation

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"dongthuan/internal/cluster"
	"dongthuan/internal/document"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
	"dongthuan/internal/policy"
	"dongthuan/internal/web"
)

func (p pages) servePeriod() {
	p.Handle(web.Route{Pattern: "GET /viec/ky/{id}", Action: policy.PeriodFollow, Page: p.board})
	p.Handle(web.Route{Pattern: "GET /viec/ky/{id}/tong-hop", Action: policy.PeriodFollow, Page: p.consolidated})
	p.Handle(web.Route{Pattern: "GET /viec/ky/{id}/tong-hop.xlsx", Action: policy.PeriodFollow, Page: p.consolidatedXLSX})
	p.Handle(web.Route{Pattern: "GET /viec/ky/{id}/tieu-chi", Action: policy.PeriodManage, Page: p.criteriaDraft})
	p.Handle(web.Route{Pattern: "GET /viec/ky/{id}/tieu-chi.xlsx", Action: policy.PeriodFollow, Page: p.criteriaXLSX})
	p.Handle(web.Route{Pattern: "POST /viec/ky/{id}/tieu-chi", Action: policy.PeriodManage, Write: p.importCriteria, Limit: 6 << 20})
	p.Handle(web.Route{Pattern: "POST /viec/ky/{id}/cong-bo-tieu-chi", Action: policy.PeriodManage, Write: p.publishCriteria})
	p.Handle(web.Route{Pattern: "POST /viec/ky/{id}/chot", Action: policy.PeriodManage, Write: p.freeze})
	p.Handle(web.Route{Pattern: "POST /viec/ky/{id}/cong-bo", Action: policy.PeriodManage, Write: p.publish})
	p.Handle(web.Route{Pattern: "POST /viec/ky/{id}/dinh-chinh", Action: policy.SheetVerify, Write: p.proposeCorrection})
	p.Handle(web.Route{Pattern: "POST /viec/ky/{id}/dinh-chinh/{correction}", Action: policy.SheetVerify, Write: p.decideCorrection})
	p.Handle(web.Route{Pattern: "GET /viec/cum/{cluster}/ky-moi", Action: policy.PeriodManage, Page: p.newPeriod})
	p.Handle(web.Route{Pattern: "POST /viec/cum/{cluster}/ky-moi", Action: policy.PeriodManage, Write: p.openPeriod})
}

func boardPath(id string) string { return "/viec/ky/" + id }

type boardPage struct {
	web.Base
	Board
	Public    string
	Rows      []boardRow
	MayManage bool
	Report    string
	Commend   string
	Fixes     []Correction
	MayFix    bool
	At        string     // the form that was refused
	Form      url.Values // what was typed in it
	Err       error
	Counts    map[State]int
	Late      int
}

type boardRow struct {
	Code, Name string
	Sheet      Sheet
	Have, Want int
	Late       bool
	Total      int64
	Rank       int
}

func (p pages) boardPage(r *http.Request) (boardPage, error) {
	base, err := p.Base(r)
	if err != nil {
		return boardPage{}, err
	}
	b, err := p.Board(r.Context(), base.Actor, r.PathValue("id"))
	if err != nil {
		return boardPage{}, err
	}
	page := boardPage{Base: base, Board: b, Public: PeriodPath(b.Cluster, b.Period), Counts: map[State]int{}}
	page.MayManage = policy.May(base.Actor, policy.PeriodManage, policy.Object{Cluster: b.Cluster.ID}) == nil
	if p.others.MakeReport != nil {
		page.Report = p.others.MakeReport(b.Period.ID)
	}
	if b.Period.State == cluster.Published {
		page.MayFix = policy.May(base.Actor, policy.SheetVerify, policy.Object{Cluster: b.Cluster.ID}) == nil
		if page.Fixes, err = p.Corrections(r.Context(), b.Period.ID); err != nil {
			return page, err
		}
	}
	if p.others.Commend != nil {
		page.Commend = p.others.Commend(b.Period.ID)
	}
	for _, st := range b.Standings {
		row := boardRow{Code: b.Codes[st.Sheet.UnitID], Name: b.Names[st.Sheet.UnitID].FullName(), Sheet: st.Sheet, Total: st.Total.Points, Rank: st.Rank}
		row.Have, row.Want = st.Sheet.Done(b.Criteria)
		row.Late = b.Period.State == cluster.Open && base.Now.After(st.Sheet.DueAt(b.Period)) && st.Sheet.Editable() == nil
		if row.Late {
			page.Late++
		}
		page.Counts[st.Sheet.State]++
		page.Rows = append(page.Rows, row)
	}
	lang.SortBy(page.Rows, func(r boardRow) string { return r.Code })
	return page, nil
}

func (p pages) board(w http.ResponseWriter, r *http.Request) error {
	page, err := p.boardPage(r)
	if err != nil {
		return err
	}
	return p.Render(w, r, "emulation/board", page)
}

func (p pages) consolidated(w http.ResponseWriter, r *http.Request) error {
	page, err := p.boardPage(r)
	if err != nil {
		return err
	}
	return p.Render(w, r, "emulation/consolidated", consolidatedPage{page, groupBars(page.Base, page.Ranking), p.whyAll(page)})
}

type consolidatedPage struct {
	boardPage
	Bars Bars
	Why  map[string][]whyLine
}

// whyAll explains every place of a board.
func (p pages) whyAll(page boardPage) map[string][]whyLine {
	all := map[string][]whyLine{}
	Explain(page.Criteria, page.Standings)
	for _, row := range page.Ranking.Rows {
		lines := whyLines(page.Criteria, page.Standings, row.UnitID)
		if len(lines) > 6 {
			lines = lines[:6]
		}
		all[row.UnitID] = lines
	}
	return all
}

func (p pages) consolidatedXLSX(w http.ResponseWriter, r *http.Request) error {
	page, err := p.boardPage(r)
	if err != nil {
		return err
	}
	attachment(w, document.XLSXType, page.Cluster.Code+"-"+page.Period.Code+"-tong-hop.xlsx")
	return consolidatedBook(w, page.Base, page.Board)
}

type draftPage struct {
	boardPage
	DraftCriteria *Criteria
}

func (p pages) draftPage(r *http.Request) (draftPage, error) {
	head, err := p.boardPage(r)
	if err != nil {
		return draftPage{}, err
	}
	c, ok, err := p.DraftOf(r.Context(), head.Actor, head.Period.ID)
	page := draftPage{boardPage: head}
	if ok {
		page.DraftCriteria = &c
	}
	return page, err
}

func (p pages) criteriaDraft(w http.ResponseWriter, r *http.Request) error {
	page, err := p.draftPage(r)
	if err != nil {
		return err
	}
	return p.Render(w, r, "emulation/draft", page)
}

// criteriaXLSX gives the newest table of the period as a workbook to change and
// import again; where the period has none, that of the period before; else an
// empty one.
func (p pages) criteriaXLSX(w http.ResponseWriter, r *http.Request) error {
	page, err := p.boardPage(r)
	if err != nil {
		return err
	}
	c, err := p.startingCriteria(r.Context(), page.Board)
	if err != nil {
		return err
	}
	attachment(w, document.XLSXType, page.Cluster.Code+"-"+page.Period.Code+"-tieu-chi.xlsx")
	return WriteCriteria(w, c)
}

func (s *Service) startingCriteria(ctx context.Context, b Board) (Criteria, error) {
	if len(b.Heads) > 0 {
		return loadCriteria(ctx, s.db, b.Heads[0].ID)
	}
	if b.Period.PreviousID != "" {
		last, err := s.clusters.PeriodByID(ctx, nil, b.Period.PreviousID)
		if err != nil {
			return Criteria{}, err
		}
		c, err := s.PublicCriteria(ctx, last)
		if fault.KindOf(err) != fault.NotFound {
			return c, err
		}
	}
	return Criteria{}, nil
}

func (p pages) importCriteria(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	actor, err := p.Actor(r)
	if err != nil {
		return web.Outcome{}, err
	}
	file, head, err := r.FormFile("file")
	if err == nil {
		defer file.Close()
	}
	var ack ledger.Ack
	if err != nil {
		err = fault.New(fault.Invalid, "emulation.file.missing").In("file").Because(err)
	} else {
		var book *document.Workbook
		if book, err = document.ReadWorkbook(r.Context(), file, head.Size, document.Limits{}); err == nil {
			var c Criteria
			if c, err = ReadCriteria(book); err == nil {
				_, ack, err = p.SaveCriteria(r.Context(), actor, r.PathValue("id"), c)
			}
		}
	}
	if err == nil {
		return web.Saved(ack, boardPath(r.PathValue("id"))+"/tieu-chi", "emulation.done.imported"), nil
	}
	return p.answerDraft(r, err)
}

func (p pages) answerDraft(r *http.Request, err error) (web.Outcome, error) {
	switch fault.KindOf(err) {
	case fault.Invalid, fault.Conflict, fault.TooLarge:
		page, loadErr := p.draftPage(r)
		if loadErr != nil {
			return web.Outcome{}, loadErr
		}
		page.Err = err
		return web.Again("emulation/draft", page, err), nil
	}
	return web.Outcome{}, err
}

func (p pages) publishCriteria(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	actor, err := p.Actor(r)
	if err != nil {
		return web.Outcome{}, err
	}
	ack, err := p.PublishCriteria(r.Context(), actor, r.PathValue("id"))
	if err != nil {
		return p.answerDraft(r, err)
	}
	return web.Saved(ack, boardPath(r.PathValue("id")), "emulation.done.criteria"), nil
}

func (p pages) answerBoard(r *http.Request, done string, ack ledger.Ack, err error) (web.Outcome, error) {
	if err == nil {
		return web.Saved(ack, boardPath(r.PathValue("id")), done), nil
	}
	if kind := fault.KindOf(err); kind != fault.Invalid && kind != fault.Conflict {
		return web.Outcome{}, err
	}
	page, loadErr := p.boardPage(r)
	if loadErr != nil {
		return web.Outcome{}, loadErr
	}
	page.Err = err
	return web.Again("emulation/board", page, err), nil
}

func (p pages) freeze(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	actor, err := p.Actor(r)
	if err != nil {
		return web.Outcome{}, err
	}
	ack, err := p.Freeze(r.Context(), actor, r.PathValue("id"))
	return p.answerBoard(r, "emulation.done.frozen", ack, err)
}

func (p pages) publish(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	actor, err := p.Actor(r)
	if err != nil {
		return web.Outcome{}, err
	}
	ack, err := p.Publish(r.Context(), actor, r.PathValue("id"), lang.Clean(r.FormValue("reason")))
	return p.answerBoard(r, "emulation.done.published", ack, err)
}

// Was is what was typed in a refused form, or a fallback.
func (p boardPage) Was(at, field, fallback string) string {
	if p.At != at || p.Form == nil {
		return fallback
	}
	return p.Form.Get(field)
}

// ErrIn is the error of a form, nil for another form's.
func (p boardPage) ErrIn(at string) error {
	if p.At == at {
		return p.Err
	}
	return nil
}

func (p pages) answerFix(r *http.Request, at, done string, ack ledger.Ack, err error) (web.Outcome, error) {
	out, failed := p.answerBoard(r, done, ack, err)
	if err == nil || failed != nil {
		return out, failed
	}
	page, loadErr := p.boardPage(r)
	if loadErr != nil {
		return web.Outcome{}, loadErr
	}
	page.Err, page.At, page.Form = err, at, r.Form
	return web.Again("emulation/board", page, err), nil
}

func (p pages) proposeCorrection(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	head, err := p.boardPage(r)
	if err != nil {
		return web.Outcome{}, err
	}
	if err := policy.May(head.Actor, policy.SheetVerify, policy.Object{Cluster: head.Cluster.ID}); err != nil {
		return web.Outcome{}, err
	}
	var ack ledger.Ack
	points, err := tenthsOf(r.FormValue("points"), "points")
	if err == nil {
		ack, err = p.ProposeCorrection(r.Context(), head.Actor, r.FormValue("sheet"), r.FormValue("criterion"), points, r.FormValue("reason"))
	}
	return p.answerFix(r, "fix", "emulation.done.fix", ack, err)
}

func (p pages) decideCorrection(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	head, err := p.boardPage(r)
	if err != nil {
		return web.Outcome{}, err
	}
	if err := policy.May(head.Actor, policy.SheetVerify, policy.Object{Cluster: head.Cluster.ID}); err != nil {
		return web.Outcome{}, err
	}
	id := r.PathValue("correction")
	ack, err := p.DecideCorrection(r.Context(), head.Actor, id, r.FormValue("to") == "approve", r.FormValue("answer"))
	return p.answerFix(r, id, "emulation.done.fixed", ack, err)
}

type newPeriodPage struct {
	web.Base
	Cluster cluster.Cluster
	Before  []cluster.Period
	Err     error
	Code    string
	Name    string
	Starts  string
	Ends    string
	Due     string
	Freeze  string
	After   string
	Trial   bool
}

func (p pages) newPeriodPage(r *http.Request) (newPeriodPage, error) {
	base, err := p.Base(r)
	if err != nil {
		return newPeriodPage{}, err
	}
	page := newPeriodPage{Base: base}
	if page.Cluster, err = p.clusters.Get(r.Context(), r.PathValue("cluster")); err != nil {
		return page, err
	}
	if err := policy.May(base.Actor, policy.PeriodManage, policy.Object{Cluster: page.Cluster.ID}); err != nil {
		return page, err
	}
	page.Before, err = p.clusters.Periods(r.Context(), page.Cluster.ID)
	return page, err
}

func (p pages) newPeriod(w http.ResponseWriter, r *http.Request) error {
	page, err := p.newPeriodPage(r)
	if err != nil {
		return err
	}
	return p.Render(w, r, "emulation/newperiod", page)
}

func (p pages) openPeriod(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	page, err := p.newPeriodPage(r)
	if err != nil {
		return web.Outcome{}, err
	}
	page.Code, page.Name, page.Starts, page.Ends = r.FormValue("code"), r.FormValue("name"), r.FormValue("starts"), r.FormValue("ends")
	page.Due, page.Freeze, page.After, page.Trial = r.FormValue("due"), r.FormValue("freeze"), r.FormValue("after"), r.FormValue("trial") != ""
	// An unreadable date stays zero, and Check says beside its field that it is missing.
	day := func(text string) time.Time { t, _ := lang.ParseDate(text); return t }
	moment := func(text string) time.Time { t, _ := lang.ParseMoment(text); return t }
	period := cluster.Period{ClusterID: page.Cluster.ID, Code: lang.Line(page.Code), Name: lang.Line(page.Name), Starts: day(page.Starts), Ends: day(page.Ends),
		Due: moment(page.Due), FreezeAt: moment(page.Freeze), Trial: page.Trial, PreviousID: page.After}
	saved, ack, err := p.clusters.OpenPeriod(r.Context(), page.Actor, period)
	if err != nil {
		page.Err = err
		return web.Again("emulation/newperiod", page, err), nil
	}
	return web.Saved(ack, boardPath(saved.ID)+"/tieu-chi", "emulation.done.period"), nil
}

// HandedIn says how many units have handed in, of how many.
func (p boardPage) HandedIn() string {
	n := p.Counts[Submitted] + p.Counts[Verified] + p.Counts[Frozen]
	return itoa(int64(n)) + "/" + itoa(int64(len(p.Rows)))
}

// Problems lists what is wrong, one sentence each.
func (p boardPage) Problems() []string {
	var all []string
	for _, e := range fault.All(p.Err) {
		all = append(all, p.Words(e.Text, e.Args...))
	}
	return all
}

// Count says how many sheets are in a state.
func (p boardPage) Count(s State) int { return p.Counts[s] }
