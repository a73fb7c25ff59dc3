package conference

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"path"
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
	"dongthuan/internal/qr"
	"dongthuan/internal/web"
)

type pages struct {
	*web.Site
	*Service
	others Others
	kept   *archives
}

// Others is what the pages need that is not of this room.
type Others struct {
	Font    []byte
	Address string // the site's own, the one asked at when empty
	// Periods that a conference can review, and the open tasks a conclusion can be tied to.
	Periods   func(ctx context.Context, clusterID string) ([]cluster.Period, error)
	OpenTasks func(ctx context.Context, actor policy.Actor, clusterID string) ([]TaskChoice, error)
}

// TaskChoice is a task to choose from.
type TaskChoice struct{ ID, Words string }

// Serve registers the room's pages.
func Serve(site *web.Site, s *Service, others Others) {
	p := pages{site, s, others, &archives{}}
	public := func(pattern string, page func(http.ResponseWriter, *http.Request) error, kept bool) {
		site.Handle(web.Route{Pattern: "GET " + pattern, Action: policy.ReadPublic, Page: page, Kept: kept})
	}
	public("/hoi-nghi", p.list, true)
	public("/hoi-nghi/{code}", p.one, true)
	public("/hoi-nghi/{code}/man-hinh", p.screen, false)
	public("/hoi-nghi/{code}/truc-tiep", p.stream, false)
	public("/hoi-nghi/{code}/trang-thai", p.state, false)
	public("/hoi-nghi/{code}/lich.ics", p.calendar, false)
	public("/hoi-nghi/{code}/giay-moi", p.findLetter, false)
	public("/hoi-nghi/{code}/tham-luan/{paper}", p.readPaper, false)
	public("/hoi-nghi/{code}/ho-so.zip", p.archive, false)
	for _, kind := range []string{"docx", "pdf"} {
		public("/hoi-nghi/{code}/bien-ban."+kind, p.publicDocument(kind, "bien-ban"), false)
		public("/hoi-nghi/{code}/ket-luan."+kind, p.publicDocument(kind, "ket-luan"), false)
		public("/hoi-nghi/{code}/ky-yeu."+kind, p.publicDocument(kind, "ky-yeu"), false)
		public("/hoi-nghi/{code}/chuong-trinh."+kind, p.publicDocument(kind, "chuong-trinh"), false)
	}

	letter := func(pattern string, page func(http.ResponseWriter, *http.Request) error) {
		site.Handle(web.Route{Pattern: "GET /hoi-nghi/{code}/" + pattern, Action: policy.ConferenceLetter, Page: page})
	}
	sends := func(pattern string, write func(http.ResponseWriter, *http.Request) (web.Outcome, error)) {
		site.Handle(web.Route{Pattern: "POST /hoi-nghi/{code}/" + pattern, Action: policy.ConferenceLetter, Write: write, Limit: 1 << 20})
	}
	letter("giay-moi/{letter}", p.letter)
	letter("giay-moi/{letter}/lich.ics", p.ownCalendar)
	letter("giay-moi/{letter}/truc-tiep", p.letterStream)
	letter("giay-moi/{letter}/tham-luan/{paper}", p.letterPaper)
	letter("giay-moi/{letter}/thu.docx", p.ownLetter("docx"))
	letter("giay-moi/{letter}/thu.pdf", p.ownLetter("pdf"))
	sends("giay-moi/{letter}/tra-loi", p.answer)
	sends("giay-moi/{letter}/phat-bieu", p.ask)
	sends("giay-moi/{letter}/rut", p.withdraw)
	sealed := func(pattern string, write func(http.ResponseWriter, *http.Request) (web.Outcome, error)) {
		site.Handle(web.Route{Pattern: "POST /hoi-nghi/{code}/" + pattern, Action: policy.ConferenceLetter, Write: write, Sealed: true})
	}
	sealed("giay-moi/{letter}/bieu-quyet", p.cast)
	sealed("giay-moi/{letter}/gop-y", p.feedback)
	letter("ban/{desk}", p.desk)
	letter("ban/{desk}/du-lieu", p.deskData)
	letter("ban/{desk}/sw.js", p.deskWorker)
	sends("ban/{desk}", p.deskScans)

	work := func(pattern string, action policy.Action, page func(http.ResponseWriter, *http.Request) error) {
		site.Handle(web.Route{Pattern: "GET /viec/" + pattern, Action: action, Page: page})
	}
	does := func(pattern string, action policy.Action, write func(http.ResponseWriter, *http.Request) (web.Outcome, error)) {
		site.Handle(web.Route{Pattern: "POST /viec/" + pattern, Action: action, Write: write, Limit: 24 << 20})
	}
	work("hoi-nghi", policy.Work, p.own)
	work("cum/{cluster}/hoi-nghi-moi", policy.ConferenceManage, p.newForm)
	does("cum/{cluster}/hoi-nghi-moi", policy.ConferenceManage, p.create)
	work("hoi-nghi/{id}", policy.ConferenceRead, p.overview)
	work("hoi-nghi/{id}/truc-tiep", policy.ConferenceRead, p.workStream)
	does("hoi-nghi/{id}", policy.ConferenceManage, p.change)
	work("hoi-nghi/{id}/chuong-trinh", policy.ConferenceRead, p.tab("programme"))
	does("hoi-nghi/{id}/chuong-trinh", policy.ConferenceManage, p.saveProgramme)
	does("hoi-nghi/{id}/cong-bo", policy.ConferenceManage, p.publish)
	work("hoi-nghi/{id}/dai-bieu", policy.ConferenceRead, p.tab("delegates"))
	does("hoi-nghi/{id}/dai-bieu", policy.ConferenceManage, p.addDelegate)
	does("hoi-nghi/{id}/dai-bieu/nhap", policy.ConferenceManage, p.importDelegates)
	does("hoi-nghi/{id}/dai-bieu/{delegate}", policy.ConferenceManage, p.changeDelegate)
	work("hoi-nghi/{id}/dai-bieu.xlsx", policy.ConferenceManage, p.workbook)
	work("hoi-nghi/{id}/giay-moi/{delegate}", policy.ConferenceRead, p.oneLetter)
	for _, kind := range []string{"docx", "pdf"} {
		work("hoi-nghi/{id}/giay-moi."+kind, policy.ConferenceManage, p.letters(kind))
		work("hoi-nghi/{id}/kich-ban."+kind, policy.ConferenceManage, p.internal(kind, "kich-ban"))
		work("hoi-nghi/{id}/ky-ten."+kind, policy.ConferenceManage, p.internal(kind, "ky-ten"))
		work("hoi-nghi/{id}/bien-ban."+kind, policy.ConferenceRead, p.internal(kind, "bien-ban"))
		work("hoi-nghi/{id}/ket-luan."+kind, policy.ConferenceRead, p.internal(kind, "ket-luan"))
		work("hoi-nghi/{id}/ky-yeu."+kind, policy.ConferenceRead, p.internal(kind, "ky-yeu"))
	}
	work("hoi-nghi/{id}/the.pdf", policy.ConferenceManage, p.cards("the"))
	work("hoi-nghi/{id}/bien-ten.pdf", policy.ConferenceManage, p.cards("bien-ten"))
	work("hoi-nghi/{id}/so-do.pdf", policy.ConferenceManage, p.cards("so-do"))
	work("hoi-nghi/{id}/tham-luan", policy.ConferenceRead, p.tab("papers"))
	does("hoi-nghi/{id}/tham-luan", policy.ConferenceManage, p.askPapers)
	does("hoi-nghi/{id}/tham-luan/sap-xep", policy.ConferenceManage, p.arrange)
	work("tham-luan/{paper}", policy.ConferenceRead, p.paper)
	does("tham-luan/{paper}", policy.PaperWrite, p.handIn)
	does("tham-luan/{paper}/xet", policy.ConferenceManage, p.decide)
	work("hoi-nghi/{id}/diem-danh", policy.ConferenceRead, p.tab("presence"))
	does("hoi-nghi/{id}/diem-danh", policy.ConferenceManage, p.presenceAct)
	work("hoi-nghi/{id}/dieu-hanh", policy.ConferenceRead, p.tab("chair"))
	does("hoi-nghi/{id}/dieu-hanh", policy.ConferenceManage, p.chairAct)
	work("hoi-nghi/{id}/bien-ban", policy.ConferenceRead, p.tab("minutes"))
	does("hoi-nghi/{id}/bien-ban", policy.ConferenceManage, p.minutesAct)
	does("hoi-nghi/{id}/bien-ban/ky", policy.ConferenceSign, p.signAct)
	work("hoi-nghi/{id}/ket-luan", policy.ConferenceRead, p.tab("conclusions"))
	does("hoi-nghi/{id}/ket-luan", policy.ConferenceManage, p.conclusionAct)
	work("hoi-nghi/{id}/sau", policy.ConferenceRead, p.tab("after"))
	does("hoi-nghi/{id}/sau", policy.ConferenceManage, p.afterAct)
}

// origin is the address of the site, for codes that are printed.
func (p pages) origin(r *http.Request) string {
	if p.others.Address != "" {
		return p.others.Address
	}
	return p.Origin(r)
}

func (p pages) letterAddress(r *http.Request, v View, d Delegate) string {
	return p.origin(r) + v.LetterPath(d.Code())
}

// here is a conference as those who work on it see it; every tab embeds it.
type here struct {
	web.Base
	View
	Tab       string
	MayManage bool
	MaySign   bool
	OwnUnits  []string // of the actor, in the cluster
	Err       error
	At        string // the form that was refused
	Form      url.Values
	Edit      string // id of the delegate whose forms are open: four hundred at once are megabytes
	Theirs    *Note  // what another has written meanwhile, where that is why
	origin    string
}

// Erred reports whether a form was refused; with it the form is shown, whatever happened
// meanwhile.
func (h here) Erred(at string) bool { return h.ErrIn(at) != nil }

// Checked is whether a box was ticked in a refused form, or a fallback.
func (h here) Checked(at, field string, fallback bool) bool {
	if h.At == at && h.Err != nil {
		return h.Form.Get(field) != ""
	}
	return fallback
}

// Was is what was typed in a refused form, or a fallback.
func (h here) Was(at, field, fallback string) string {
	if h.At == at && h.Form.Has(field) {
		return h.Form.Get(field)
	}
	return fallback
}

// ErrIn is the error of a form, nil for another form's.
func (h here) ErrIn(at string) error {
	if h.At == at {
		return h.Err
	}
	return nil
}

// Mine reports whether the actor acts for a unit.
func (h here) Mine(unitID string) bool { return slices.Contains(h.OwnUnits, unitID) }

// Roles, Ways, ItemKinds and Kinds are what forms offer.
func (here) Roles() []string     { return Roles }
func (here) Ways() []string      { return Ways }
func (here) ItemKinds() []string { return ItemKinds }
func (here) Kinds() []string     { return Kinds }

// Link is the address in a delegate's letter.
func (h here) Link(d Delegate) string { return h.origin + h.LetterPath(d.Code()) }

// PublicAddress is where everybody finds the conference, and enters the code of a letter.
func (h here) PublicAddress() string { return h.origin + h.Address() }

// Origin is the site's address, for what is typed on other devices.
func (h here) Origin() string { return h.origin }

// Late is how many minutes the hall is behind.
func (h here) Late() int64 { return Late(h.Slots, h.Current, h.CurrentSince, h.Now) }

// Turn is what a unit, or a guest, has spoken so far.
func (h here) Turn(s Speech) Turns { return h.Turns(h.Now)[s.side()] }

// MinutesLong is a length in minutes, rounded.
func (t Turns) Minutes() int64 { return minutes(t.Time) }

// Suggested are those who wait in the order that is fair.
func (h here) Suggested() []Speech { return Suggest(h.Speeches, h.Now) }

// FairAlready reports whether the chair's order is the suggested one.
func (h here) FairAlready() bool {
	return slices.EqualFunc(h.Waiting(), h.Suggested(), func(a, b Speech) bool { return a.ID == b.ID })
}

// Speaker is who speaks, nil where nobody does.
func (h here) Speaker() *Speech {
	for i := range h.Speeches {
		if h.Speeches[i].State == Speaking {
			return &h.Speeches[i]
		}
	}
	return nil
}

// OpenVote is the vote that is open, nil where none is.
func (h here) OpenVote() *Vote {
	for i := range h.Votes {
		if h.Votes[i].Open {
			return &h.Votes[i]
		}
	}
	return nil
}

// CurrentSlot is the item under way, nil where none is.
func (h here) CurrentSlot() *Slot {
	for i := range h.Slots {
		if h.Slots[i].ID == h.Current {
			return &h.Slots[i]
		}
	}
	return nil
}

// NextSlot is the item after the one under way, nil after the last.
func (h here) NextSlot() *Slot {
	if h.Current == "" {
		if len(h.Slots) == 0 || len(h.Runs) > 0 && h.State != Live {
			return nil
		}
		return &h.Slots[0]
	}
	for i := range h.Slots {
		if h.Slots[i].ID == h.Current && i+1 < len(h.Slots) {
			return &h.Slots[i+1]
		}
	}
	return nil
}

// TickAt is the time that ticks of the signed list begin with: when the conference began.
func (h here) TickAt() time.Time {
	if h.Now.Before(h.Starts) {
		return h.Now
	}
	return h.Starts
}

// Begun is when an item really began, zero where it did not.
func (h here) Begun(item string) time.Time {
	for _, r := range h.Runs {
		if r.Item == item {
			return r.Start
		}
	}
	return time.Time{}
}

// Note is what was written of an item.
func (h here) Note(item string) Note {
	for _, n := range h.Notes {
		if n.Item == item {
			return n
		}
	}
	return Note{Item: item}
}

// Filled are the sentences that the program writes of an item.
func (h here) Filled(item string) []string { return h.filled(item) }

// Spoken are the speeches of an item, to note what was said.
func (h here) Spoken(item string) (all []Speech) {
	for _, s := range h.Speeches {
		if s.Item == item && s.State == Spoken {
			all = append(all, s)
		}
	}
	return all
}

// Marked reports whether a sentence is a conclusion already.
func (h here) Marked(sentence string) bool {
	return slices.ContainsFunc(h.Conclusions, func(c Conclusion) bool {
		return lang.Fold(strings.TrimRight(c.Body, ". ")) == lang.Fold(strings.TrimRight(sentence, ".; "))
	})
}

// SentencesOf splits what was written of an item.
func (h here) SentencesOf(item string) []string { return Sentences(h.Note(item).Body) }

// ConcludedIn are the conclusions drawn at an item.
func (h here) ConcludedIn(item string) (n int) {
	for _, c := range h.Conclusions {
		if c.Item == item {
			n++
		}
	}
	return n
}

// Blank is an empty row of the programme's form, NoDelegate an empty form of a delegate.
func (here) Blank() Slot              { return Slot{Item: Item{Kind: "other"}} }
func (here) NoDelegate() Delegate     { return Delegate{} }
func (h here) NextVersion() int64     { return h.Published + 1 }
func (h here) HasPaper(u string) bool { _, ok := h.Paper(u); return ok }

// PaperRead reports whether a unit's paper was read, or is being read.
func (h here) PaperRead(unitID string) bool {
	return slices.ContainsFunc(h.Speeches, func(s Speech) bool { return s.Kind == "paper" && s.UnitID == unitID && s.State != Dropped })
}

// Chose reports whether a value was ticked in a form that was refused.
func (h here) Chose(at, field, value string) bool {
	return h.At == at && slices.Contains(h.Form[field], value)
}

func (p pages) here(r *http.Request, tab string) (here, error) {
	base, err := p.Base(r)
	if err != nil {
		return here{}, err
	}
	v, err := p.Open(r.Context(), base.Actor, r.PathValue("id"))
	if err != nil {
		return here{}, err
	}
	return p.seen(r, base, v, tab), nil
}

func (p pages) seen(r *http.Request, base web.Base, v View, tab string) here {
	h := here{Base: base, View: v, Tab: tab, Edit: r.URL.Query().Get("sua"), origin: p.origin(r)}
	object := policy.Object{Cluster: v.ClusterID}
	h.MayManage = policy.May(base.Actor, policy.ConferenceManage, object) == nil
	h.MaySign = policy.May(base.Actor, policy.ConferenceSign, object) == nil
	for _, u := range base.Actor.Units() {
		if v.CodeOf(u) != "" && policy.May(base.Actor, policy.PaperWrite, policy.Object{Unit: u}) == nil {
			h.OwnUnits = append(h.OwnUnits, u)
		}
	}
	return h
}

// manager is here for those who may manage, before anything they typed is judged.
func (p pages) manager(r *http.Request, tab string) (here, error) {
	h, err := p.here(r, tab)
	if err == nil && !h.MayManage {
		err = policy.May(h.Actor, policy.ConferenceManage, policy.Object{Cluster: h.ClusterID})
	}
	return h, err
}

// tabData is what a tab shows beside the conference.
type tabData struct {
	here
	Periods  []cluster.Period
	Changes  Change // of the draft against what is public
	Drafted  []Slot // the programme as it was typed, where it was refused
	Tasks    map[string]TaskState
	Choices  []TaskChoice
	Earlier  *Earlier
	Signings []Signed
	Photos   []photo
	Answers  []Feedback
	Answered int
	Rows     []Row // of a list that is taken in
	New      int   // of them are not on the list yet
	Doubles  []Double
	Changed  int  // of them change somebody on it
	Sure     bool // nothing is wrong with them
	Block    string
	Pdf      bool
	Composed Minutes
	QR       *qr.Code // of the public page, for feedback
}

// FeedbackMean is the mean of the answers, in tenths.
func (d tabData) FeedbackMean() Feedback {
	var sum Feedback
	n := int64(len(d.Answers))
	for _, a := range d.Answers {
		sum.Useful += a.Useful
		sum.Timely += a.Timely
	}
	if n == 0 {
		return sum
	}
	return Feedback{Useful: (sum.Useful*20 + n) / (2 * n), Timely: (sum.Timely*20 + n) / (2 * n)}
}

// Earlier is the conference before this one, with what became of its conclusions.
type Earlier struct {
	Conference  Conference
	Conclusions []Conclusion
	Tasks       map[string]TaskState
}

// Done counts the conclusions of which the task is done, and those that have one.
func (e Earlier) Done() (n int) {
	for _, c := range e.Conclusions {
		if e.Tasks[c.TaskID].State == "done" {
			n++
		}
	}
	return n
}

// Open counts those that are still to do.
func (e Earlier) Open() (n int) {
	for _, c := range e.Conclusions {
		if e.Tasks[c.TaskID].State == "open" {
			n++
		}
	}
	return n
}

type photo struct{ ID, Path, Words, Hash string }

func (p pages) data(ctx context.Context, h here) (tabData, error) {
	d := tabData{here: h}
	_, d.Pdf = document.Converter()
	var err error
	switch h.Tab {
	case "overview":
		if d.Periods, err = p.others.Periods(ctx, h.ClusterID); err != nil {
			return d, err
		}
		d.Earlier, err = p.earlier(ctx, h.View)
	case "programme":
		if len(h.Programmes) > 0 {
			d.Changes = Diff(h.Programmes[0], Programme{Items: h.Items, Starts: h.Starts, Place: h.Place})
		}
		d.Drafted = h.Slots
	case "presence":
		if h.MayManage {
			if d.Doubles, err = p.Service.Doubles(ctx, h.View); err != nil {
				return d, err
			}
			d.Photos, err = p.photos(ctx, h.ID, ListRoom)
		}
	case "chair":
		d.Earlier, err = p.earlier(ctx, h.View)
	case "minutes":
		d.Signings, err = p.Signings(ctx, h.ID)
		if err == nil {
			d.Composed, err = p.MinutesOf(ctx, h.View, false)
		}
	case "conclusions":
		if d.Tasks, err = p.tasksOf(ctx, h.ClusterID, h.Conclusions); err != nil {
			return d, err
		}
		if d.Choices, err = p.others.OpenTasks(ctx, h.Actor, h.ClusterID); err != nil {
			return d, err
		}
		d.Earlier, err = p.earlier(ctx, h.View)
	case "after":
		if d.Photos, err = p.photos(ctx, h.ID, RoomName); err != nil {
			return d, err
		}
		if d.Answers, d.Answered, err = p.FeedbackOf(ctx, h.ID); err != nil {
			return d, err
		}
		code, qrErr := qr.New(h.PublicAddress())
		d.QR, err = &code, qrErr
	}
	return d, err
}

func (p pages) tasksOf(ctx context.Context, clusterID string, conclusions []Conclusion) (map[string]TaskState, error) {
	var ids []string
	for _, c := range conclusions {
		if c.TaskID != "" {
			ids = append(ids, c.TaskID)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	return p.Service.Tasks(ctx, clusterID, ids)
}

func (p pages) earlier(ctx context.Context, v View) (*Earlier, error) {
	c, conclusions, ok, err := p.Service.Earlier(ctx, v.Conference)
	if err != nil || !ok {
		return nil, err
	}
	tasks, err := p.tasksOf(ctx, c.ClusterID, conclusions)
	return &Earlier{c, conclusions, tasks}, err
}

func (p pages) photos(ctx context.Context, id, room string) ([]photo, error) {
	all, err := p.Files(ctx, id, room)
	var some []photo
	for _, it := range all {
		some = append(some, photo{it.ID, it.Path(), strings.TrimSuffix(it.Title(), path.Ext(it.Name)), it.Hash})
	}
	return some, err
}

func (p pages) overview(w http.ResponseWriter, r *http.Request) error {
	return p.tab("overview")(w, r)
}

// tab shows a tab.
func (p pages) tab(name string) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		h, err := p.here(r, name)
		if err != nil {
			return err
		}
		d, err := p.data(r.Context(), h)
		if err != nil {
			return err
		}
		return p.Render(w, r, "conference/"+name, d)
	}
}

// try answers a form of a tab: done goes back to it, a refusal shows it as it was typed.
func (p pages) try(r *http.Request, tab, at, to, done string, do func(h here) (ledger.Ack, error)) (web.Outcome, error) {
	h, err := p.manager(r, tab)
	if err != nil {
		return web.Outcome{}, err
	}
	if err := r.ParseForm(); err != nil {
		return web.Outcome{}, err
	}
	ack, err := do(h)
	if err == nil {
		return web.Saved(ack, h.Work()+to, done), nil
	}
	return p.again(r, h, at, r.PostForm, err)
}

func (p pages) again(r *http.Request, h here, at string, form url.Values, err error) (web.Outcome, error) {
	if kind := fault.KindOf(err); kind != fault.Invalid && kind != fault.Conflict && kind != fault.TooLarge && (kind != fault.NotFound || len(fault.All(err)) == 0 || fault.All(err)[0].Field == "") {
		return web.Outcome{}, err
	}
	h.Err, h.At, h.Form = err, at, form
	if fault.KindOf(err) == fault.Conflict { // what stands there now is shown beside what was typed
		if now, nerr := p.Open(r.Context(), h.Actor, h.ID); nerr == nil {
			h.View = now
		}
	}
	d, derr := p.data(r.Context(), h)
	if derr != nil {
		return web.Outcome{}, derr
	}
	return web.Again("conference/"+h.Tab, d, err), nil
}

func whole(text string) int64 {
	n, err := strconv.ParseInt(lang.Line(text), 10, 64)
	if err != nil {
		return -1 // what is no number is refused as too small
	}
	return n
}

func draftOf(f url.Values) Draft {
	starts, _ := lang.ParseMoment(f.Get("starts")) // none is refused beside its field
	return Draft{PeriodID: f.Get("period"), Kind: f.Get("kind"), Title: f.Get("title"), Theme: f.Get("theme"), Place: f.Get("place"), Starts: starts, Public: f.Get("public") != "", Number: f.Get("number"), Letter: f.Get("letter")}
}

func (p pages) change(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	return p.try(r, "overview", "cai-dat", "", "conference.done.changed", func(h here) (ledger.Ack, error) {
		return p.Change(r.Context(), h.Actor, h.ID, draftOf(r.PostForm), whole(r.PostForm.Get("speech")))
	})
}

// send answers with a PDF.
func sendPDF(w http.ResponseWriter, name string, b *bytes.Buffer) error {
	w.Header().Set("Content-Type", document.PDFType)
	w.Header().Set("Content-Disposition", `inline; filename="`+name+`.pdf"`)
	_, err := b.WriteTo(w)
	return err
}
