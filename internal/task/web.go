package task

import (
	"context"
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
	"dongthuan/internal/policy"
	"dongthuan/internal/unit"
	"dongthuan/internal/web"
)

type pages struct {
	*web.Site
	service *Service
	others  Others
	duties  []Duties
}

// Others is what these pages show from other rooms.
type Others struct {
	Units func(ctx context.Context, ids []string, on time.Time) (map[string]unit.Unit, error)
	// Desks are the places that the actor's roles work at.
	Desks func(context.Context, web.Base) ([]Link, error)
	// Left says how many working days are left from one moment to another.
	Left func(ctx context.Context, from, to time.Time) (int, error)
	// Actor is an account with the rights it has now; nobody where it has ended.
	Actor func(ctx context.Context, accountID string) (policy.Actor, error)
	// Source is the conclusion of a conference that a task came from, without To where it
	// came from none.
	Source func(ctx context.Context, taskID string) (Link, error)
}

// Serve adds the pages of key tasks and of duties, to which every room hands its own.
func Serve(site *web.Site, s *Service, others Others, duties ...Duties) {
	p := pages{site, s, others, duties}
	site.Handle(web.Route{Pattern: "GET /viec", Action: policy.Work, Page: p.mine})
	site.Handle(web.Route{Pattern: "POST /viec/lich", Action: policy.Work, Write: p.makeFeed})
	site.Handle(web.Route{Pattern: "POST /viec/lich/thoi", Action: policy.Work, Write: p.endFeed})
	site.Handle(web.Route{Pattern: "GET /viec/lich/{feed}", Action: policy.ReadPublic, Page: p.calendar})
	read := func(pattern string, show func(http.ResponseWriter, *http.Request) error) {
		site.Handle(web.Route{Pattern: pattern, Action: policy.TaskRead, Page: show})
	}
	write := func(pattern string, action policy.Action, limit int64, act func(http.ResponseWriter, *http.Request) (web.Outcome, error)) {
		site.Handle(web.Route{Pattern: pattern, Action: action, Write: act, Limit: limit})
	}
	read("GET /nhiem-vu/{cluster}", p.board)
	read("GET /nhiem-vu/{cluster}/nhiem-vu.xlsx", p.workbook)
	read("GET /nhiem-vu/{cluster}/nhiem-vu.ics", p.feed)
	site.Handle(web.Route{Pattern: "GET /nhiem-vu/{cluster}/moi", Action: policy.TaskManage, Page: p.blank})
	write("POST /nhiem-vu/{cluster}/moi", policy.TaskManage, 0, p.create)
	site.Handle(web.Route{Pattern: "GET /nhiem-vu/{cluster}/nhap", Action: policy.TaskManage, Page: p.importForm})
	write("POST /nhiem-vu/{cluster}/nhap", policy.TaskManage, maxWorkbook+maxWorkbook/2, p.take)
	read("GET /nhiem-vu/{cluster}/{task}", p.one)
	site.Handle(web.Route{Pattern: "GET /nhiem-vu/{cluster}/{task}/sua", Action: policy.TaskManage, Page: p.form})
	write("POST /nhiem-vu/{cluster}/{task}/sua", policy.TaskManage, 0, p.change)
	write("POST /nhiem-vu/{cluster}/{task}/xong", policy.TaskDo, evidence.MaxSize+1<<20, p.tick)
	write("POST /nhiem-vu/{cluster}/{task}/ghi-chu", policy.TaskDo, 0, p.tell)
	write("POST /nhiem-vu/{cluster}/{task}/hoi", policy.TaskManage, 0, p.ask)
	write("POST /nhiem-vu/{cluster}/{task}/mien", policy.TaskManage, 0, p.excuse)
	write("POST /nhiem-vu/{cluster}/{task}/mo-lai", policy.TaskManage, 0, p.reopen)
	write("POST /nhiem-vu/{cluster}/{task}/huy", policy.TaskManage, 0, p.cancel)
}

// here is the cluster of a request, and the names of its units.
type here struct {
	web.Base
	Cluster cluster.Cluster
	Members []cluster.Member
	Names   map[string]unit.Unit
	May     bool // set and change tasks
}

// Name is what a unit is called, with its code in the cluster.
func (h here) Name(unitID string) string { return h.Names[unitID].FullName() }

// Path is where the cluster's tasks stand.
func (h here) Tasks() string { return "/nhiem-vu/" + h.Cluster.Code }

// Code is a unit's code in the cluster, "" where it has left.
func (h here) Code(unitID string) string {
	for _, m := range h.Members {
		if m.UnitID == unitID {
			return m.Code
		}
	}
	return ""
}

func (p pages) here(r *http.Request) (h here, err error) {
	if h.Base, err = p.Base(r); err != nil {
		return h, err
	}
	if err := policy.May(h.Actor, policy.Work, policy.Object{}); err != nil {
		return h, err
	}
	if h.Cluster, err = p.service.clusters.Get(r.Context(), r.PathValue("cluster")); err != nil {
		return h, err
	}
	if err := p.service.MayRead(r.Context(), h.Actor, h.Cluster.ID); err != nil {
		return h, err
	}
	h.May = policy.May(h.Actor, policy.TaskManage, policy.Object{Cluster: h.Cluster.ID}) == nil
	if h.Members, err = p.service.clusters.Members(r.Context(), h.Cluster.ID, h.Now); err != nil {
		return h, err
	}
	return h, p.name(r.Context(), &h, nil)
}

// name learns the names of the cluster's units, and of more.
func (p pages) name(ctx context.Context, h *here, more []string) (err error) {
	ids := more
	for _, m := range h.Members {
		ids = append(ids, m.UnitID)
	}
	h.Names, err = p.others.Units(ctx, ids, h.Now)
	return err
}

type boardPage struct {
	here
	Rows   []row
	ByUnit []unitRow
	View   string // "han" or "don-vi"
	Show   string // "", "late", "open", "done"
	Counts counts
}

type counts struct{ All, Open, Late, Done int }

// row is a task on the board.
type row struct {
	Task
	Late    bool
	Left    int // working days, below 0 past the day
	Ticked  int
	Of      int
	Mine    bool // the actor's unit owes a share
	Product string
}

// Over is how many working days the task is late.
func (r row) Over() int { return -r.Left }

type unitRow struct {
	UnitID           string
	Done, Late, Owes int
	Tasks            []row
}

func (p pages) board(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	h, err := p.here(r)
	if err != nil {
		return err
	}
	all, err := p.service.List(ctx, h.Actor, h.Cluster.ID)
	if err != nil {
		return err
	}
	page := boardPage{here: h, View: "han", Show: r.URL.Query().Get("xem")}
	if r.URL.Query().Get("theo") == "don-vi" {
		page.View = "don-vi"
	}
	var more []string
	for _, t := range all {
		for _, part := range t.Parts {
			if _, ok := h.Names[part.UnitID]; !ok {
				more = append(more, part.UnitID)
			}
		}
	}
	if more != nil {
		if err := p.name(ctx, &page.here, more); err != nil {
			return err
		}
	}
	units := map[string]*unitRow{}
	var order []string
	for _, t := range all {
		rw := row{Task: t, Late: t.Late(h.Now)}
		rw.Ticked, rw.Of = t.Ticked()
		if t.State == Open {
			if rw.Left, err = p.others.Left(ctx, h.Now, t.Due); err != nil {
				return err
			}
		}
		for _, part := range t.Parts {
			rw.Mine = rw.Mine || part.Owes() && t.State == Open && slices.Contains(h.Actor.Units(), part.UnitID)
		}
		page.Counts.All++
		switch {
		case rw.Late:
			page.Counts.Late++
			page.Counts.Open++
		case t.State == Open:
			page.Counts.Open++
		case t.State == Done:
			page.Counts.Done++
		}
		if page.Show == "late" && !rw.Late || page.Show == "open" && t.State != Open || page.Show == "done" && t.State != Done {
			continue
		}
		page.Rows = append(page.Rows, rw)
		if t.State == Cancelled {
			continue
		}
		for _, part := range t.Parts {
			u := units[part.UnitID]
			if u == nil {
				u = &unitRow{UnitID: part.UnitID}
				units[part.UnitID] = u
				order = append(order, part.UnitID)
			}
			switch {
			case !part.Owes():
				u.Done++
			case rw.Late:
				u.Late++
				u.Owes++
			default:
				u.Owes++
			}
			if part.Owes() {
				u.Tasks = append(u.Tasks, rw)
			}
		}
	}
	// In the cluster's own order; units that have left come last.
	slices.SortStableFunc(order, func(a, b string) int { return place(h.Members, a) - place(h.Members, b) })
	for _, id := range order {
		page.ByUnit = append(page.ByUnit, *units[id])
	}
	return p.Render(w, r, "task/board", page)
}

func place(members []cluster.Member, unitID string) int {
	if i := slices.IndexFunc(members, func(m cluster.Member) bool { return m.UnitID == unitID }); i >= 0 {
		return i
	}
	return len(members)
}

func (p pages) feed(w http.ResponseWriter, r *http.Request) error {
	h, err := p.here(r)
	if err != nil {
		return err
	}
	all, err := p.service.List(r.Context(), h.Actor, h.Cluster.ID)
	if err != nil {
		return err
	}
	own := h.Actor.Units()
	var events []document.Event
	for _, t := range all {
		if t.State == Cancelled {
			continue
		}
		mine := len(own) == 0
		for _, part := range t.Parts {
			mine = mine || slices.Contains(own, part.UnitID)
		}
		if mine {
			events = append(events, document.Event{UID: t.ID + "@nhiem-vu", Day: t.Due, Summary: t.Title, Description: t.Product + "\n" + t.Source, URL: p.Origin(r) + h.Tasks() + "/" + t.ID, Stamp: h.Now, Remind: 3})
		}
	}
	w.Header().Set("Content-Type", "text/calendar; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="nhiem-vu-`+h.Cluster.Code+`.ics"`)
	return document.WriteICalendar(w, h.Words("task.of", h.Cluster.Name), slices.Values(events))
}

type onePage struct {
	here
	Task     View
	Source   Link // the conclusion it came from
	Left     int
	Late     bool
	Mine     []Part // shares of the actor's units
	Err      error
	Which    string // the form that was refused
	Typed    url.Values
	LostFile bool
	Chat     string // ready to be pasted into a group of chat
	Accept   string
}

// Over is how many working days the task is late.
func (o onePage) Over() int { return -o.Left }

// Again is what was typed in the form that was refused, for a unit's form where
// there is one for each.
func (o onePage) Again(which, unitID string) string {
	if which != o.Which || unitID != "" && o.Typed.Get("unit") != unitID {
		return ""
	}
	if which == "tick" || which == "note" {
		return o.Typed.Get("note")
	}
	return o.Typed.Get("reason")
}

// ErrOf is what is wrong with that form.
func (o onePage) ErrOf(which, unitID string) error {
	if which != o.Which || unitID != "" && o.Typed.Get("unit") != unitID {
		return fault.List(nil)
	}
	return o.Err
}

func (p pages) load(r *http.Request) (page onePage, err error) {
	page = onePage{Err: fault.List(nil), Typed: url.Values{}, Accept: evidence.Accept}
	if page.here, err = p.here(r); err != nil {
		return page, err
	}
	if page.Task, err = p.service.Get(r.Context(), page.Actor, r.PathValue("task")); err != nil {
		return page, err
	}
	t := page.Task
	if t.ClusterID != page.Cluster.ID {
		return page, fault.New(fault.NotFound, "task.missing")
	}
	var more, owing []string
	for _, part := range t.Parts {
		more = append(more, part.UnitID)
	}
	if err := p.name(r.Context(), &page.here, more); err != nil {
		return page, err
	}
	for _, part := range t.Parts {
		if slices.Contains(page.Actor.Units(), part.UnitID) && policy.May(page.Actor, policy.TaskDo, policy.Object{Unit: part.UnitID}) == nil {
			page.Mine = append(page.Mine, part)
		}
		if part.Owes() {
			owing = append(owing, page.Name(part.UnitID))
		}
	}
	page.Late = t.Task.Late(page.Now)
	if page.Source, err = p.others.Source(r.Context(), t.ID); err != nil {
		return page, err
	}
	if page.Left, err = p.others.Left(r.Context(), page.Now, t.Due); err != nil {
		return page, err
	}
	key := "task.chat"
	if page.Late {
		key = "task.chat.late"
	}
	page.Chat = page.Words(key, t.Title, lang.Date(t.Due), strings.Join(owing, ", "), t.Product, p.Origin(r)+page.Tasks()+"/"+t.ID)
	return page, nil
}

func (p pages) one(w http.ResponseWriter, r *http.Request) error {
	page, err := p.load(r)
	if err != nil {
		return err
	}
	return p.Render(w, r, "task/one", page)
}

// done leads back to the task, or shows the refused form with what was typed.
func (p pages) done(page onePage, which, key string, ack ledger.Ack, err error) (web.Outcome, error) {
	if err == nil {
		return web.Saved(ack, page.Tasks()+"/"+page.Task.ID, key), nil
	}
	if k := fault.KindOf(err); k == fault.Internal || k == fault.Forbidden || k == fault.NotFound || k == fault.Busy {
		return web.Outcome{}, err
	}
	page.Err, page.Which = err, which
	return web.Again("task/one", page, err), nil
}

func (p pages) tick(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	page, err := p.load(r)
	if err != nil {
		return web.Outcome{}, err
	}
	f, err := p.service.files.ReadForm(r)
	if err != nil {
		return web.Outcome{}, err
	}
	defer f.Close()
	page.Typed = f.Values
	file, err := f.File("file")
	page.LostFile = file != nil
	if err != nil {
		return p.done(page, "tick", "", ledger.Ack{}, err)
	}
	ref := evidence.Reference{Number: lang.Line(f.Get("number")), Abstract: f.Get("abstract")}
	if ref.Number != "" {
		if ref.Date, err = lang.ParseDate(f.Get("date")); err != nil {
			for _, e := range fault.All(err) {
				e.In("date")
			}
			return p.done(page, "tick", "", ledger.Ack{}, err)
		}
	}
	ack, err := p.service.Tick(r.Context(), page.Actor, page.Task.ID, f.Get("unit"), f.Get("note"), file, ref)
	return p.done(page, "tick", "task.done.ticked", ack, err)
}

// simple answers a form of one unit and some words.
func (p pages) simple(r *http.Request, which, key string, act func(page onePage, unitID, words string) (ledger.Ack, error)) (web.Outcome, error) {
	page, err := p.load(r)
	if err != nil {
		return web.Outcome{}, err
	}
	if err := r.ParseForm(); err != nil {
		return web.Outcome{}, err
	}
	page.Typed = r.PostForm
	words := r.PostForm.Get("reason")
	if which == "note" {
		words = r.PostForm.Get("note")
	}
	ack, err := act(page, r.PostForm.Get("unit"), words)
	return p.done(page, which, key, ack, err)
}

func (p pages) tell(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	return p.simple(r, "note", "task.done.told", func(page onePage, unitID, words string) (ledger.Ack, error) {
		return p.service.Tell(r.Context(), page.Actor, page.Task.ID, unitID, words)
	})
}

func (p pages) ask(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	return p.simple(r, "ask", "task.done.asked", func(page onePage, unitID, words string) (ledger.Ack, error) {
		return p.service.Ask(r.Context(), page.Actor, page.Task.ID, unitID, words)
	})
}

func (p pages) excuse(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	return p.simple(r, "excuse", "task.done.excused", func(page onePage, unitID, words string) (ledger.Ack, error) {
		return p.service.Excuse(r.Context(), page.Actor, page.Task.ID, unitID, words)
	})
}

func (p pages) reopen(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	return p.simple(r, "reopen", "task.done.reopened", func(page onePage, unitID, words string) (ledger.Ack, error) {
		return p.service.Reopen(r.Context(), page.Actor, page.Task.ID, unitID, words)
	})
}

func (p pages) cancel(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	return p.simple(r, "cancel", "task.done.cancelled", func(page onePage, _, words string) (ledger.Ack, error) {
		return p.service.Cancel(r.Context(), page.Actor, page.Task.ID, words)
	})
}

type formPage struct {
	here
	Err                         error
	ID                          string
	Version                     string
	Title, Product, Source, Due string
	Share                       map[string]Role // by unit
	Reason                      string
}

// Shares are the roles that a unit may have, none first.
func (formPage) Shares() []Role { return []Role{"", Leads, With} }

func (p pages) blank(w http.ResponseWriter, r *http.Request) error {
	h, err := p.manager(r)
	if err != nil {
		return err
	}
	return p.Render(w, r, "task/form", formPage{here: h, Err: fault.List(nil), Share: map[string]Role{}})
}

func (p pages) manager(r *http.Request) (here, error) {
	h, err := p.here(r)
	if err != nil {
		return h, err
	}
	return h, policy.May(h.Actor, policy.TaskManage, policy.Object{Cluster: h.Cluster.ID})
}

// typed reads the form; a day that cannot be read is an error of its field.
func (page *formPage) typed(r *http.Request) (Draft, error) {
	f := r.PostFormValue
	page.Title, page.Product, page.Source, page.Due, page.Reason, page.Version = f("title"), f("product"), f("source"), f("due"), f("reason"), f("version")
	d := Draft{Title: page.Title, Product: page.Product, Source: page.Source}
	page.Share = map[string]Role{}
	for _, m := range page.Members {
		switch role := Role(f("share-" + m.UnitID)); role {
		case Leads:
			d.Leads = append(d.Leads, m.UnitID)
			page.Share[m.UnitID] = role
		case With:
			d.With = append(d.With, m.UnitID)
			page.Share[m.UnitID] = role
		}
	}
	if lang.Line(page.Due) == "" {
		return d, nil // the draft's own check says that it is missing
	}
	var err error
	if d.Due, err = lang.ParseDate(page.Due); err != nil {
		for _, e := range fault.All(err) {
			e.In("due")
		}
	}
	return d, err
}

func (p pages) create(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	h, err := p.manager(r)
	if err != nil {
		return web.Outcome{}, err
	}
	page := formPage{here: h, Err: fault.List(nil)}
	d, err := page.typed(r)
	if err == nil {
		var t Task
		var ack ledger.Ack
		if t, ack, err = p.service.Create(r.Context(), h.Actor, h.Cluster.ID, d); err == nil {
			return web.Saved(ack, h.Tasks()+"/"+t.ID, "task.done.set"), nil
		}
	}
	return formAgain(page, err)
}

func formAgain(page formPage, err error) (web.Outcome, error) {
	if k := fault.KindOf(err); k == fault.Internal || k == fault.Forbidden || k == fault.NotFound || k == fault.Busy {
		return web.Outcome{}, err
	}
	page.Err = err
	return web.Again("task/form", page, err), nil
}

func (p pages) loadForm(r *http.Request) (formPage, View, error) {
	h, err := p.manager(r)
	if err != nil {
		return formPage{}, View{}, err
	}
	t, err := p.service.Get(r.Context(), h.Actor, r.PathValue("task"))
	if err != nil {
		return formPage{}, t, err
	}
	if t.ClusterID != h.Cluster.ID {
		return formPage{}, t, fault.New(fault.NotFound, "task.missing")
	}
	page := formPage{here: h, Err: fault.List(nil), ID: t.ID, Version: strconv.FormatInt(t.Version, 10), Title: t.Title, Product: t.Product, Source: t.Source, Due: t.Due.Format(time.DateOnly), Share: map[string]Role{}}
	for _, part := range t.Parts {
		page.Share[part.UnitID] = part.Role
	}
	return page, t, nil
}

func (p pages) form(w http.ResponseWriter, r *http.Request) error {
	page, _, err := p.loadForm(r)
	if err != nil {
		return err
	}
	return p.Render(w, r, "task/form", page)
}

func (p pages) change(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	page, t, err := p.loadForm(r)
	if err != nil {
		return web.Outcome{}, err
	}
	d, err := page.typed(r)
	// Units that have left the cluster are not in the form and keep their share.
	for _, part := range t.Parts {
		if page.Code(part.UnitID) == "" {
			if part.Role == Leads {
				d.Leads = append(d.Leads, part.UnitID)
			} else {
				d.With = append(d.With, part.UnitID)
			}
		}
	}
	if err == nil {
		version, parseErr := strconv.ParseInt(page.Version, 10, 64)
		if parseErr != nil {
			version = 0 // matches no version, which is a conflict
		}
		var ack ledger.Ack
		if ack, err = p.service.Change(r.Context(), page.Actor, t.ID, version, d, page.Reason); err == nil {
			return web.Saved(ack, page.Tasks()+"/"+t.ID, "task.done.changed"), nil
		}
		if fault.KindOf(err) == fault.Conflict {
			page.Version = strconv.FormatInt(t.Version, 10) // saving once more puts this over it
		}
	}
	return formAgain(page, err)
}
