package conference

import (
	"bytes"
	"cmp"
	"context"

	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"dongthuan/internal/cluster"
	"dongthuan/internal/document"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
	"dongthuan/internal/policy"
	"dongthuan/internal/web"
)

// ownPage lists the conferences of the clusters that the actor works in.
type ownPage struct {
	web.Base
	Groups []ownGroup
}

type ownGroup struct {
	Cluster   cluster.Cluster
	All       []Conference
	MayManage bool
}

func (p pages) own(w http.ResponseWriter, r *http.Request) error {
	base, err := p.Base(r)
	if err != nil {
		return err
	}
	if err := policy.May(base.Actor, policy.Work, policy.Object{}); err != nil {
		return err
	}
	page := ownPage{Base: base}
	clusters, err := p.clusters.List(r.Context())
	if err != nil {
		return err
	}
	for _, c := range clusters {
		if p.MayRead(r.Context(), base.Actor, c.ID, base.Now) != nil {
			continue
		}
		g := ownGroup{Cluster: c, MayManage: policy.May(base.Actor, policy.ConferenceManage, policy.Object{Cluster: c.ID}) == nil && !c.Closed}
		if g.All, err = p.OfCluster(r.Context(), c.ID); err != nil {
			return err
		}
		page.Groups = append(page.Groups, g)
	}
	return p.Render(w, r, "conference/own", page)
}

// newPage sets up a conference, or clones one.
type newPage struct {
	web.Base
	Cluster cluster.Cluster
	Periods []cluster.Period
	All     []Conference // to clone
	From    string
	Err     error
	Form    url.Values
}

// Value is what was typed, or a fallback.
func (p newPage) Value(field, fallback string) string {
	if p.Form.Has(field) {
		return p.Form.Get(field)
	}
	return fallback
}

func (newPage) Kinds() []string { return Kinds }

func (p pages) newPage(r *http.Request) (newPage, error) {
	base, err := p.Base(r)
	if err != nil {
		return newPage{}, err
	}
	page := newPage{Base: base, From: r.URL.Query().Get("tu"), Form: url.Values{}}
	if page.Cluster, err = p.clusters.Get(r.Context(), r.PathValue("cluster")); err != nil {
		return page, err
	}
	if err := policy.May(base.Actor, policy.ConferenceManage, policy.Object{Cluster: page.Cluster.ID}); err != nil {
		return page, err
	}
	if page.Periods, err = p.others.Periods(r.Context(), page.Cluster.ID); err != nil {
		return page, err
	}
	if page.All, err = p.OfCluster(r.Context(), page.Cluster.ID); err != nil {
		return page, err
	}
	for _, c := range page.All {
		if c.ID == page.From {
			page.Form.Set("title", c.Title)
			page.Form.Set("theme", c.Theme)
			page.Form.Set("place", c.Place)
			page.Form.Set("kind", c.Kind)
			page.Form.Set("letter", c.Letter)
		}
	}
	return page, nil
}

func (p pages) newForm(w http.ResponseWriter, r *http.Request) error {
	page, err := p.newPage(r)
	if err != nil {
		return err
	}
	return p.Render(w, r, "conference/new", page)
}

func (p pages) create(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	page, err := p.newPage(r)
	if err != nil {
		return web.Outcome{}, err
	}
	if err := r.ParseForm(); err != nil {
		return web.Outcome{}, err
	}
	page.From = r.PostForm.Get("from")
	c, ack, err := p.Create(r.Context(), page.Actor, page.Cluster.ID, draftOf(r.PostForm), page.From)
	if err == nil {
		return web.Saved(ack, c.Work()+"/chuong-trinh", "conference.done.created"), nil
	}
	if kind := fault.KindOf(err); kind != fault.Invalid && kind != fault.Conflict {
		return web.Outcome{}, err
	}
	page.Err, page.Form = err, r.PostForm
	return web.Again("conference/new", page, err), nil
}

// itemsOf reads the rows of the programme's form in the order that they say.
func itemsOf(f url.Values) []Item {
	type row struct {
		order int64
		item  Item
	}
	var rows []row
	n := min(whole(f.Get("n")), 200)
	for i := range n {
		at := func(name string) string { return f.Get(name + "-" + strconv.FormatInt(i, 10)) }
		if at("drop") != "" {
			continue
		}
		it := Item{ID: at("id"), Kind: at("kind"), Title: at("title"), Presenter: at("presenter"), At: at("at"), Script: at("script"), HandsTo: at("hands")}
		if text := lang.Line(at("minutes")); text != "" {
			if it.Minutes = whole(text); it.Minutes < 0 {
				it.Typed = text
			}
		}
		rows = append(rows, row{whole(at("ord")), it})
	}
	slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(a.order, b.order) })
	var items []Item
	for _, r := range rows {
		items = append(items, r.item)
	}
	// Without scripts an item moves by a button of its row.
	if way, id, ok := strings.Cut(f.Get("move"), "-"); ok {
		i := slices.IndexFunc(items, func(it Item) bool { return it.ID == id })
		j := i - 1
		if way == "down" {
			j = i + 1
		}
		if i >= 0 && j >= 0 && j < len(items) {
			items[i], items[j] = items[j], items[i]
		}
	}
	return items
}

func (p pages) saveProgramme(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	h, err := p.manager(r, "programme")
	if err != nil {
		return web.Outcome{}, err
	}
	if err := r.ParseForm(); err != nil {
		return web.Outcome{}, err
	}
	items := itemsOf(r.PostForm)
	ack, err := p.SaveProgramme(r.Context(), h.Actor, h.ID, r.PostForm.Get("seen"), items)
	if err == nil {
		return web.Saved(ack, h.Work()+"/chuong-trinh", "conference.done.programme"), nil
	}
	if kind := fault.KindOf(err); kind != fault.Invalid && kind != fault.Conflict {
		return web.Outcome{}, err
	}
	h.Err, h.At, h.Form = err, "chuong-trinh", r.PostForm
	d, derr := p.data(r.Context(), h)
	if derr != nil {
		return web.Outcome{}, derr
	}
	d.Drafted = Schedule(h.Starts, slices.DeleteFunc(items, Item.empty))
	return web.Again("conference/programme", d, err), nil
}

func (p pages) publish(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	return p.try(r, "programme", "cong-bo", "/chuong-trinh", "conference.done.published", func(h here) (ledger.Ack, error) {
		return p.Publish(r.Context(), h.Actor, h.ID, r.PostForm.Get("note"))
	})
}

func delegateOf(f url.Values) DelegateDraft {
	d := DelegateDraft{UnitID: f.Get("unit"), Also: f.Get("also"), Body: f.Get("body"), Office: f.Get("office"), Name: f.Get("name"), Role: f.Get("role"), Seat: f.Get("seat")}
	if text := lang.Line(f.Get("rank")); text != "" {
		d.Rank = whole(text)
	}
	if d.UnitID != "" {
		d.Body = ""
	}
	return d
}

func (p pages) addDelegate(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	return p.try(r, "delegates", "them", "/dai-bieu#them", "conference.done.invited", func(h here) (ledger.Ack, error) {
		return p.AddDelegates(r.Context(), h.Actor, h.ID, []DelegateDraft{delegateOf(r.PostForm)})
	})
}

func (p pages) changeDelegate(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	id := r.PathValue("delegate")
	act := r.FormValue("act")
	done := map[string]string{"remove": "conference.done.removed", "letter": "conference.done.letter", "answer": "conference.done.answered"}[act]
	if done == "" {
		done = "conference.done.delegate"
	}
	return p.try(r, "delegates", id, "/dai-bieu#d-"+id, done, func(h here) (ledger.Ack, error) {
		f := r.PostForm
		switch act {
		case "remove":
			return p.RemoveDelegate(r.Context(), h.Actor, h.ID, id)
		case "letter":
			return p.NewLetter(r.Context(), h.Actor, h.ID, id)
		case "answer":
			return p.ReplyFor(r.Context(), h.Actor, h.ID, id, Answer(f.Get("answer")), f.Get("substitute"), f.Get("reason"))
		}
		return p.ChangeDelegate(r.Context(), h.Actor, h.ID, id, whole(f.Get("seen")), delegateOf(f))
	})
}

const maxWorkbook = 2 << 20

// importDelegates shows what a file or a pasted block says, and invites when the person
// has seen it.
func (p pages) importDelegates(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	h, err := p.manager(r, "delegates")
	if err != nil {
		return web.Outcome{}, err
	}
	table, block, err := document.SentTable(r, maxWorkbook, "Đại biểu", document.Limits{Rows: maxDelegates + 1})
	if err != nil {
		if fault.KindOf(err) == fault.Internal {
			return web.Outcome{}, err
		}
		return p.again(r, h, "nhap", url.Values{"block": {block}}, err)
	}
	rows := h.readDelegates(table)
	sure := true
	var drafts []DelegateDraft
	var changes []Delegate
	for _, row := range rows {
		sure = sure && (row.Err == nil || row.Known && row.Was == nil)
		switch {
		case !row.Known:
			drafts = append(drafts, row.Draft)
		case row.Was != nil:
			changes = append(changes, *row.Was)
		}
	}
	d, err := p.data(r.Context(), h)
	if err != nil {
		return web.Outcome{}, err
	}
	d.Rows, d.New, d.Changed, d.Sure, d.Block, d.At = rows, len(drafts), len(changes), sure, block, "nhap"
	if len(rows) == 0 {
		return p.again(r, h, "nhap", url.Values{"block": {block}}, fault.New(fault.Invalid, "conference.import.empty").In("file"))
	}
	if r.FormValue("act") != "set" || !sure || len(drafts)+len(changes) == 0 {
		return web.Shown("conference/delegates", d), nil
	}
	ack, err := p.AddDelegates(r.Context(), h.Actor, h.ID, drafts, changes...)
	if err != nil {
		return p.again(r, h, "nhap", url.Values{"block": {block}}, err)
	}
	return web.Saved(ack, h.Work()+"/dai-bieu", "conference.done.imported"), nil
}

func (p pages) workbook(w http.ResponseWriter, r *http.Request) error {
	h, err := p.manager(r, "delegates")
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := h.WriteDelegates(&b); err != nil {
		return err
	}
	w.Header().Set("Content-Type", document.XLSXType)
	w.Header().Set("Content-Disposition", `attachment; filename="dai-bieu-`+h.Code+`.xlsx"`)
	_, err = b.WriteTo(w)
	return err
}

// letters sends all letters as one file.
func (p pages) letters(kind string) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		h, err := p.manager(r, "delegates")
		if err != nil {
			return err
		}
		var some []Delegate
		for _, d := range h.Delegates {
			if !d.WalkIn && d.Answer != Declined {
				some = append(some, d)
			}
		}
		if len(some) == 0 {
			return fault.New(fault.Conflict, "conference.letters.none")
		}
		return p.sendLetters(w, r, h, some, kind, "giay-moi-"+h.Code)
	}
}

func (p pages) sendLetters(w http.ResponseWriter, r *http.Request, h here, delegates []Delegate, kind, name string) error {
	layout, err := document.ParseLayout(r.URL.Query().Get("layout"))
	if err != nil {
		return err
	}
	var docs []document.Document
	for _, d := range delegates {
		doc, err := h.LetterFor(d, p.letterAddress(r, h.View, d), h.Now)
		if err != nil {
			return err
		}
		docs = append(docs, doc)
	}
	return sendAll(w, r, kind, name, layout, docs)
}

func sendAll(w http.ResponseWriter, r *http.Request, kind, name string, layout document.Layout, docs []document.Document) error {
	var b bytes.Buffer
	if err := document.WriteAll(&b, layout, docs); err != nil {
		return err
	}
	body, media := b.Bytes(), document.DOCXType
	if kind == "pdf" {
		var err error
		if body, err = document.ToPDF(r.Context(), body); err != nil {
			return err
		}
		media = document.PDFType
	}
	w.Header().Set("Content-Type", media)
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+"."+kind+`"`)
	w.Header().Set("Cache-Control", "no-store")
	_, err := w.Write(body)
	return err
}

// oneLetter sends one letter to the secretariat, or to the unit that it is for.
func (p pages) oneLetter(w http.ResponseWriter, r *http.Request) error {
	h, err := p.here(r, "delegates")
	if err != nil {
		return err
	}
	id, kind, _ := strings.Cut(r.PathValue("delegate"), ".")
	d, ok := h.Delegate(id)
	if !ok || kind != "docx" && kind != "pdf" {
		return web.NotFound()
	}
	if !h.MayManage && !h.Mine(d.UnitID) {
		return policy.May(h.Actor, policy.ConferenceManage, policy.Object{Cluster: h.ClusterID})
	}
	return p.sendLetters(w, r, h, []Delegate{d}, kind, "giay-moi-"+h.Code+"-"+d.Mark)
}

// internal sends the documents that are not public, or not yet.
func (p pages) internal(kind, name string) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		h, err := p.here(r, "overview")
		if err != nil {
			return err
		}
		if (name == "kich-ban" || name == "ky-ten") && !h.MayManage {
			return policy.May(h.Actor, policy.ConferenceManage, policy.Object{Cluster: h.ClusterID})
		}
		doc, err := p.documentOf(r.Context(), h.View, name, h.Base, p.origin(r), false)
		if err != nil {
			return err
		}
		return document.Send(w, r, kind, name+"-"+h.Code, doc)
	}
}

func (p pages) documentOf(ctx context.Context, v View, name string, b web.Base, origin string, everybody bool) (document.Document, error) {
	switch name {
	case "kich-ban":
		return v.RunningOrder(b.Now), nil
	case "ky-ten":
		return v.SignList(b.Now), nil
	case "chuong-trinh":
		return v.Programme(b.Now, origin+v.Address())
	case "ky-yeu":
		return v.Proceedings(b.Now), nil
	}
	m, err := p.MinutesOf(ctx, v, everybody)
	if err != nil {
		return document.Document{}, err
	}
	if name == "bien-ban" {
		return v.MinutesDocument(m), nil
	}
	if len(m.Conclusions) == 0 {
		return document.Document{}, fault.New(fault.Conflict, "conference.conclusions.none")
	}
	tasks, err := p.taskLines(ctx, v)
	if err != nil {
		return document.Document{}, err
	}
	at := b.Now
	if v.MinutesVersion > 0 && (everybody || v.Minutes == MinutesSigned) {
		all, err := p.Signings(ctx, v.ID)
		if err != nil {
			return document.Document{}, err
		}
		at = all[0].At
	}
	return v.Notice(m.Conclusions, tasks, at), nil
}

func (p pages) cards(name string) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		h, err := p.manager(r, "delegates")
		if err != nil {
			return err
		}
		var b bytes.Buffer
		switch name {
		case "the":
			err = h.WriteBadges(&b, p.others.Font)
		case "bien-ten":
			err = h.WriteSigns(&b, p.others.Font)
		default:
			err = h.WriteSeats(&b, p.others.Font)
		}
		if err != nil {
			return err
		}
		return sendPDF(w, name+"-"+h.Code, &b)
	}
}

func (p pages) askPapers(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	return p.try(r, "papers", "giao", "/tham-luan", "conference.done.asked", func(h here) (ledger.Ack, error) {
		due, _ := lang.ParseMoment(r.PostForm.Get("due")) // none is refused beside its field
		return p.AskPapers(r.Context(), h.Actor, h.ID, r.PostForm["unit"], r.PostForm.Get("reading") != "", whole(r.PostForm.Get("minutes")), due)
	})
}

func (p pages) arrange(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	return p.try(r, "papers", "sap-xep", "/tham-luan", "conference.done.arranged", func(h here) (ledger.Ack, error) {
		f := r.PostForm
		order := f["paper"]
		type at struct {
			id string
			n  int64
		}
		var all []at
		reading, mins := map[string]bool{}, map[string]int64{}
		for i, id := range order {
			n := int64(i)
			if text := lang.Line(f.Get("ord-" + id)); text != "" {
				n = whole(text)
			}
			all = append(all, at{id, n})
			if f.Get("reading-"+id) != "" {
				reading[id] = true
			}
			mins[id] = whole(f.Get("minutes-" + id))
		}
		slices.SortStableFunc(all, func(a, b at) int { return cmp.Compare(a.n, b.n) })
		order = nil
		for _, x := range all {
			order = append(order, x.id)
		}
		return p.ArrangePapers(r.Context(), h.Actor, h.ID, order, reading, mins)
	})
}

// paperPage is one paper: for its unit to hand in, for the secretariat to judge.
type paperPage struct {
	here
	Paper   Paper
	MayHand bool
	File    string
	Back    string
}

// Hour is when the paper is to be read, nil where that is open.
func (p paperPage) Hour() *time.Time {
	if at := p.PaperAt(p.Paper.ID); !at.IsZero() {
		return &at
	}
	return nil
}

// Fits says how long the text takes to read, against what it has.
func (p paperPage) Fits() bool { return p.Paper.ReadingTime() <= p.Paper.Minutes }

func (p pages) paperPage(r *http.Request) (paperPage, error) {
	base, err := p.Base(r)
	if err != nil {
		return paperPage{}, err
	}
	one, v, err := p.OnePaper(r.Context(), base.Actor, r.PathValue("paper"))
	if err != nil {
		return paperPage{}, err
	}
	page := paperPage{here: p.seen(r, base, v, "paper"), Paper: one}
	page.MayHand = policy.May(base.Actor, policy.PaperWrite, policy.Object{Unit: one.UnitID}) == nil
	if it, ok, err := p.PaperFile(r.Context(), one); err != nil {
		return page, err
	} else if ok {
		page.File = it.Path()
	}
	return page, nil
}

func (p pages) paper(w http.ResponseWriter, r *http.Request) error {
	page, err := p.paperPage(r)
	if err != nil {
		return err
	}
	return p.Render(w, r, "conference/paper", page)
}

func (p pages) paperAgain(page paperPage, at string, form url.Values, ack ledger.Ack, err error, done string) (web.Outcome, error) {
	if err == nil {
		return web.Saved(ack, "/viec/tham-luan/"+page.Paper.ID, done), nil
	}
	if kind := fault.KindOf(err); kind != fault.Invalid && kind != fault.Conflict && kind != fault.TooLarge {
		return web.Outcome{}, err
	}
	page.Err, page.At, page.Form = err, at, form
	return web.Again("conference/paper", page, err), nil
}

func (p pages) handIn(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	page, err := p.paperPage(r)
	if err != nil {
		return web.Outcome{}, err
	}
	if err := policy.May(page.Actor, policy.PaperWrite, policy.Object{Unit: page.Paper.UnitID}); err != nil {
		return web.Outcome{}, err
	}
	f, err := p.files.ReadForm(r)
	if err != nil {
		return web.Outcome{}, err
	}
	defer f.Close()
	file, err := f.File("file")
	var ack ledger.Ack
	if err == nil {
		ack, err = p.HandIn(r.Context(), page.Actor, page.Paper.ID, whole(f.Get("seen")), f.Get("title"), f.Get("presenter"), f.Get("body"), file)
	}
	return p.paperAgain(page, "nop", f.Values, ack, err, "conference.done.handed")
}

func (p pages) decide(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	page, err := p.paperPage(r)
	if err != nil {
		return web.Outcome{}, err
	}
	if err := policy.May(page.Actor, policy.ConferenceManage, policy.Object{Cluster: page.ClusterID}); err != nil {
		return web.Outcome{}, err
	}
	if err := r.ParseForm(); err != nil {
		return web.Outcome{}, err
	}
	if r.PostForm.Get("act") == "drop" {
		ack, err := p.DropPaper(r.Context(), page.Actor, page.Paper.ID, whole(r.PostForm.Get("seen")))
		if err == nil {
			return web.Saved(ack, page.Work()+"/tham-luan", "conference.done.dropped"), nil
		}
		return p.paperAgain(page, "xet", r.PostForm, ack, err, "")
	}
	accept := r.PostForm.Get("act") == "accept"
	done := "conference.done.returned"
	if accept {
		done = "conference.done.accepted"
	}
	ack, err := p.DecidePaper(r.Context(), page.Actor, page.Paper.ID, whole(r.PostForm.Get("seen")), accept, r.PostForm.Get("remark"))
	return p.paperAgain(page, "xet", r.PostForm, ack, err, done)
}
