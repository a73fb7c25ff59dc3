package report

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
	"dongthuan/internal/policy"
	"dongthuan/internal/web"
)

// Others is what the pages of reports need from other rooms.
type Others struct {
	// Draft makes a news draft and returns its address.
	Draft func(ctx context.Context, actor policy.Actor, title, lead, body string) (to string, ack ledger.Ack, err error)
	// News is the published items about a report's period.
	News func(ctx context.Context) ([]Link, error)
}

// Link is an address with its words.
type Link struct{ To, Words string }

type pages struct {
	*web.Site
	service *Service
	others  Others
}

// Serve adds the pages of reports.
func Serve(site *web.Site, s *Service, others Others) {
	p := pages{site, s, others}
	site.Handle(web.Route{Pattern: "GET /bao-cao", Action: policy.ReadPublic, Page: p.list, Kept: true})
	site.Handle(web.Route{Pattern: "GET /bao-cao/{slug}", Action: policy.ReadPublic, Page: p.read, Kept: true})
	site.Handle(web.Route{Pattern: "POST /bao-cao/{slug}/tin", Action: policy.NewsWrite, Write: p.draft})
	site.Handle(web.Route{Pattern: "GET /viec/ky/{period}/bao-cao", Action: policy.ReportRead, Page: p.ofPeriod})
	site.Handle(web.Route{Pattern: "POST /viec/ky/{period}/bao-cao", Action: policy.ReportWrite, Write: p.start})
	site.Handle(web.Route{Pattern: "GET /viec/bao-cao/{id}", Action: policy.ReportRead, Page: p.desk})
	site.Handle(web.Route{Pattern: "GET /viec/bao-cao/{id}/xem", Action: policy.ReportRead, Page: p.preview})
	write := func(pattern string, h func(http.ResponseWriter, *http.Request) (web.Outcome, error), limit int64) {
		site.Handle(web.Route{Pattern: pattern, Action: policy.ReportWrite, Write: h, Limit: limit})
	}
	write("POST /viec/bao-cao/{id}/muc/{section}", p.saveSection, 1<<20)
	write("POST /viec/bao-cao/{id}/chon/{section}", p.setPicks, 0)
	write("POST /viec/bao-cao/{id}/soan-lai", p.recompose, 0)
	write("POST /viec/bao-cao/{id}/nhiem-vu", p.setTasks, 1<<20)
	write("POST /viec/bao-cao/{id}/the-thuc", p.setLetter, 0)
	write("POST /viec/bao-cao/{id}/cong-bo", p.publish, 0)
}

type listPage struct {
	web.Base
	Reports []Report
}

func (p pages) list(w http.ResponseWriter, r *http.Request) error {
	base, err := p.Base(r)
	if err != nil {
		return err
	}
	all, err := p.service.List(r.Context(), "")
	if err != nil {
		return err
	}
	return p.Render(w, r, "report/list", listPage{base, all})
}

type readPage struct {
	web.Base
	Public
	Preview  bool
	PDF      bool // a PDF can be made here
	MayDraft bool
	Points   Bars
	Compared Bars
}

// read answers /bao-cao/SLUG and the same address with .docx, .xlsx, .pdf and
// .json: one report, one address.
func (p pages) read(w http.ResponseWriter, r *http.Request) error {
	slug, kind, _ := strings.Cut(r.PathValue("slug"), ".")
	version, _ := strconv.ParseInt(r.URL.Query().Get("phien-ban"), 10, 64) // not a number reads as the newest
	public, err := p.service.Read(r.Context(), slug, version)
	if err != nil {
		return err
	}
	if kind != "" {
		return p.file(w, r, public.Compiled, kind)
	}
	base, err := p.Base(r)
	if err != nil {
		return err
	}
	page := readPage{Base: base, Public: public, PDF: hasConverter(), MayDraft: base.Actor.Has(policy.Editor)}
	page.Points, page.Compared = pointsBars(base, public.Compiled), comparedBars(base, public.Compiled)
	return p.Render(w, r, "report/read", page)
}

// preview shows a report as it would be published now.
func (p pages) preview(w http.ResponseWriter, r *http.Request) error {
	base, err := p.Base(r)
	if err != nil {
		return err
	}
	desk, err := p.service.Desk(r.Context(), base.Actor, r.PathValue("id"))
	if err != nil {
		return err
	}
	if kind := r.URL.Query().Get("tep"); kind != "" {
		return p.file(w, r, desk.Compiled, kind)
	}
	page := readPage{Base: base, Public: Public{Report: desk.Report, Compiled: desk.Compiled}, Preview: true, PDF: hasConverter()}
	page.Points, page.Compared = pointsBars(base, desk.Compiled), comparedBars(base, desk.Compiled)
	return p.Render(w, r, "report/read", page)
}

type periodPage struct {
	web.Base
	PeriodID string
	Name     string
	Err      error
}

// ofPeriod leads to the report of a period, or offers to make it.
func (p pages) ofPeriod(w http.ResponseWriter, r *http.Request) error {
	base, err := p.Base(r)
	if err != nil {
		return err
	}
	period, err := p.service.clusters.PeriodByID(r.Context(), nil, r.PathValue("period"))
	if err != nil {
		return err
	}
	if err := policy.May(base.Actor, policy.ReportRead, policy.Object{Cluster: period.ClusterID}); err != nil {
		return err
	}
	if existing, ok, err := p.service.OfPeriod(r.Context(), period.ID); err != nil {
		return err
	} else if ok {
		http.Redirect(w, r, "/viec/bao-cao/"+existing.ID, http.StatusSeeOther)
		return nil
	}
	return p.Render(w, r, "report/start", periodPage{base, period.ID, period.Name, nil})
}

func (p pages) start(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	base, err := p.Base(r)
	if err != nil {
		return web.Outcome{}, err
	}
	id, ack, err := p.service.Start(r.Context(), base.Actor, r.PathValue("period"))
	if fault.KindOf(err) == fault.Conflict {
		period, _ := p.service.clusters.PeriodByID(r.Context(), nil, r.PathValue("period")) // found a moment ago
		return web.Again("report/start", periodPage{base, period.ID, period.Name, err}, err), nil
	}
	if err != nil {
		return web.Outcome{}, err
	}
	return web.Saved(ack, "/viec/bao-cao/"+id, "report.done.started"), nil
}

type deskPage struct {
	web.Base
	Desk
	Tree     []Part
	Picked   map[string][]string // unit ids by section
	MayWrite bool
	Err      error
	ErrAt    string
	Typed    map[string][]string
	Blank    []Task
}

// Was returns what was typed in a refused form at a place, or a fallback.
func (p deskPage) Was(at, name, fallback string) string {
	if p.ErrAt == at && len(p.Typed[name]) > 0 {
		return p.Typed[name][0]
	}
	return fallback
}

// ErrIn returns the error where it belongs to a place.
func (p deskPage) ErrIn(at string) error {
	if p.ErrAt == at {
		return p.Err
	}
	return nil
}

// Has reports whether a unit's paragraph stands in a section.
func (p deskPage) Has(section, unit string) bool { return slices.Contains(p.Picked[section], unit) }

// Section returns a section by its code, for the templates.
func (p deskPage) Section(code string) Section { return p.Report.Sections[code] }

// Office returns the letter's office of a layout.
func (p deskPage) Office(layout string) Office { return p.Report.Letter.office(layout) }

// Offers reports whether any unit wrote a paragraph for a section.
func (p deskPage) Offers(section string) int {
	n := 0
	for _, u := range p.Source.Units {
		if u.Paragraphs[section] != "" {
			n++
		}
	}
	return n
}

func (p pages) deskPage(r *http.Request) (deskPage, error) {
	base, err := p.Base(r)
	if err != nil {
		return deskPage{}, err
	}
	desk, err := p.service.Desk(r.Context(), base.Actor, r.PathValue("id"))
	if err != nil {
		return deskPage{}, err
	}
	page := deskPage{Base: base, Desk: desk, Tree: Tree, Picked: map[string][]string{}, Blank: make([]Task, 3)}
	page.MayWrite = policy.May(base.Actor, policy.ReportWrite, policy.Object{Cluster: desk.Report.ClusterID}) == nil
	for _, pick := range desk.Report.Picks {
		page.Picked[pick.Section] = append(page.Picked[pick.Section], pick.UnitID)
	}
	lang.SortBy(page.Source.Units, func(u Unit) string { return u.Code })
	return page, nil
}

func (p pages) desk(w http.ResponseWriter, r *http.Request) error {
	page, err := p.deskPage(r)
	if err != nil {
		return err
	}
	return p.Render(w, r, "report/desk", page)
}

// answer goes back to the place that was changed, or shows the desk again with
// what was typed and what is wrong with it.
func (p pages) answer(r *http.Request, at, done string, ack ledger.Ack, err error) (web.Outcome, error) {
	if err == nil {
		return web.Saved(ack, "/viec/bao-cao/"+r.PathValue("id")+"#m-"+at, done), nil
	}
	if kind := fault.KindOf(err); kind != fault.Invalid && kind != fault.Conflict {
		return web.Outcome{}, err
	}
	page, loadErr := p.deskPage(r)
	if loadErr != nil {
		return web.Outcome{}, loadErr
	}
	page.Err, page.ErrAt, page.Typed = err, at, r.Form
	return web.Again("report/desk", page, err), nil
}

func (p pages) saveSection(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	actor, err := p.Actor(r)
	if err != nil {
		return web.Outcome{}, err
	}
	code := r.PathValue("section")
	body := r.FormValue("body")
	seen, _ := strconv.ParseInt(r.FormValue("seen"), 10, 64) // not a number reads as never seen
	if r.FormValue("take") != "" {
		body = r.FormValue("generated")
	}
	ack, err := p.service.SaveSection(r.Context(), actor, r.PathValue("id"), code, body, seen)
	return p.answer(r, code, "report.done.section", ack, err)
}

func (p pages) setPicks(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	actor, err := p.Actor(r)
	if err != nil {
		return web.Outcome{}, err
	}
	if err := r.ParseForm(); err != nil {
		return web.Outcome{}, err
	}
	ack, err := p.service.SetPicks(r.Context(), actor, r.PathValue("id"), r.PathValue("section"), r.PostForm["unit"])
	return p.answer(r, r.PathValue("section"), "report.done.picked", ack, err)
}

func (p pages) recompose(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	actor, err := p.Actor(r)
	if err != nil {
		return web.Outcome{}, err
	}
	ack, err := p.service.Recompose(r.Context(), actor, r.PathValue("id"))
	return p.answer(r, "top", "report.done.recomposed", ack, err)
}

func (p pages) setTasks(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	actor, err := p.Actor(r)
	if err != nil {
		return web.Outcome{}, err
	}
	if err := r.ParseForm(); err != nil {
		return web.Outcome{}, err
	}
	f := r.PostForm
	var tasks []Task
	for i := range f["task"] {
		at := func(name string) string {
			if i < len(f[name]) {
				return f[name][i]
			}
			return ""
		}
		tasks = append(tasks, Task{at("task"), at("lead"), at("with"), at("due"), at("product")})
	}
	ack, err := p.service.SetTasks(r.Context(), actor, r.PathValue("id"), tasks)
	return p.answer(r, "tasks", "report.done.tasks", ack, err)
}

func (p pages) setLetter(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	actor, err := p.Actor(r)
	if err != nil {
		return web.Outcome{}, err
	}
	letter := Letter{Place: lang.Line(r.FormValue("place")), Date: lang.Line(r.FormValue("date")), Lead: lang.Clean(r.FormValue("lead")), Layouts: map[string]Office{}}
	for _, layout := range []string{"nd30", "dang-05hd"} {
		get := func(name string) string { return lang.Line(r.FormValue(layout + "." + name)) }
		var recipients []string
		for _, line := range strings.Split(r.FormValue(layout+".recipients"), "\n") {
			if line = lang.Line(line); line != "" {
				recipients = append(recipients, line)
			}
		}
		letter.Layouts[layout] = Office{get("number"), get("superior"), get("issuer"), get("authority"), get("title"), get("signer"), get("addressee"), recipients}
	}
	ack, err := p.service.SetLetter(r.Context(), actor, r.PathValue("id"), r.FormValue("title"), r.FormValue("abstract"), letter)
	return p.answer(r, "letter", "report.done.letter", ack, err)
}

func (p pages) publish(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	actor, err := p.Actor(r)
	if err != nil {
		return web.Outcome{}, err
	}
	ack, err := p.service.Publish(r.Context(), actor, r.PathValue("id"), r.FormValue("reason"))
	return p.answer(r, "publish", "report.done.published", ack, err)
}

// draft makes a news draft from a published report: its opening, and its first
// figures, for the editor to write on.
func (p pages) draft(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	actor, err := p.Actor(r)
	if err != nil {
		return web.Outcome{}, err
	}
	if err := policy.May(actor, policy.NewsWrite, policy.Object{}); err != nil {
		return web.Outcome{}, err
	}
	public, err := p.service.Read(r.Context(), r.PathValue("slug"), 0)
	if err != nil {
		return web.Outcome{}, err
	}
	title, lead, body := newsOf(public.Compiled)
	to, ack, err := p.others.Draft(r.Context(), actor, title, lead, body)
	if err != nil {
		return web.Outcome{}, err
	}
	return web.Saved(ack, to, "report.done.drafted"), nil
}

func newsOf(c Compiled) (title, lead, body string) {
	var paragraphs []string
	for _, part := range c.Parts {
		if len(part.Paragraphs) > 0 && (part.Code == "0" || strings.HasPrefix(part.Code, "1.")) {
			paragraphs = append(paragraphs, part.Paragraphs[0].String())
		}
	}
	if len(paragraphs) > 0 {
		lead, paragraphs = paragraphs[0], paragraphs[1:]
	}
	body = strings.Join(paragraphs, "\n\n") + "\n\n[Toàn văn báo cáo](/bao-cao/" + c.Slug + ")"
	return c.Cluster + ": " + lang.InSentence(c.Abstract), lead, body
}
