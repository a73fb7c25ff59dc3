package conference

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"dongthuan/internal/document"
	"dongthuan/internal/fault"
	"dongthuan/internal/ledger"
	"dongthuan/internal/qr"
	"dongthuan/internal/web"
)

// findLetter leads from the code that somebody typed to the letter's page.
func (p pages) findLetter(w http.ResponseWriter, r *http.Request) error {
	_, v, err := p.publicView(r)
	if err != nil {
		return err
	}
	d, err := p.Bearer(r.Context(), nil, v.ID, r.URL.Query().Get("ma"))
	if err != nil {
		return err
	}
	http.Redirect(w, r, v.LetterPath(d.Code()), http.StatusSeeOther)
	return nil
}

// letterPage is a delegate's own page: answer, programme, the hall, feedback. It asks for
// no account and is light.
type letterPage struct {
	web.Base
	View
	Me      Delegate
	Hall    Hall
	Mine    *Speech // that waits or goes on
	Place   int     // in the queue, from 1
	Voted   bool
	Err     error
	At      string
	Form    url.Values
	QR      qr.Code
	Items   []Slot     // of the programme
	Offered []paperRow // papers to read before and in the meeting
	Asks    bool       // for feedback
	Changes Change     // of the programme, since the version before
	Own     *Paper     // of the delegate's unit, where it is read in the hall
	OwnAt   time.Time  // when, zero where that is open
	Pdf     bool
}

func (p letterPage) Was(field, fallback string) string {
	if p.Form.Has(field) {
		return p.Form.Get(field)
	}
	return fallback
}

// ErrIn is the error of a form, nil for another form's.
func (p letterPage) ErrIn(at string) error {
	if p.At == at {
		return p.Err
	}
	return nil
}

// Here is the letter's address.
func (p letterPage) Here() string { return p.LetterPath(p.Me.Code()) }

// Stream is where the hall's states come from.
func (p letterPage) Stream() string {
	if p.Watched() {
		return p.Address() + "/truc-tiep"
	}
	return p.Here() + "/truc-tiep"
}

func (p pages) letterPage(r *http.Request) (letterPage, error) {
	base, err := p.Base(r)
	if err != nil {
		return letterPage{}, err
	}
	v, err := p.ByCode(r.Context(), r.PathValue("code"))
	if err != nil {
		return letterPage{}, err
	}
	page := letterPage{Base: base, View: v, Form: url.Values{}}
	if page.Me, err = p.Bearer(r.Context(), nil, v.ID, r.PathValue("letter")); err != nil {
		return page, err
	}
	page.Items = v.Shows()
	page.Hall = hallOf(v, base.Now)
	for i, s := range v.Waiting() {
		if s.DelegateID == page.Me.ID {
			page.Mine, page.Place = &s, i+1
		}
	}
	for _, s := range v.Speeches {
		if s.DelegateID == page.Me.ID && s.State == Speaking {
			page.Mine, page.Place = &s, 0
		}
	}
	if x := page.Hall.Vote; x != nil {
		if page.Voted, err = p.HasVoted(r.Context(), x.ID, page.Me.ID); err != nil {
			return page, err
		}
	}
	for _, x := range v.Papers {
		if x.State == Accepted {
			page.Offered = append(page.Offered, paperRow{x, v.Name(x.UnitID)})
		}
	}
	if len(v.Programmes) > 1 {
		page.Changes = Diff(v.Programmes[1], v.Programmes[0])
	}
	if own, ok := v.Paper(page.Me.UnitID); ok && own.Reading && page.Me.UnitID != "" {
		page.Own, page.OwnAt = &own, v.PaperAt(own.ID)
	}
	_, page.Pdf = document.Converter()
	page.Asks = v.TakesFeedback(base.Now) && page.Me.Attended() && !page.Me.GaveFeedback
	page.QR, err = qr.New(p.letterAddress(r, v, page.Me))
	return page, err
}

// private keeps a letter's page out of caches and of others' logs of where a reader came
// from: its address is its key.
func private(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("X-Robots-Tag", "noindex")
}

func (p pages) letter(w http.ResponseWriter, r *http.Request) error {
	page, err := p.letterPage(r)
	if err != nil {
		return err
	}
	private(w)
	return p.Render(w, r, "conference/letter", page)
}

// act answers a form of the letter. Its page, which is read whole, is needed only to say
// what was wrong: hundreds send at once.
func (p pages) act(r *http.Request, at, done string, do func(f url.Values) (ledger.Ack, error)) (web.Outcome, error) {
	if err := r.ParseForm(); err != nil {
		return web.Outcome{}, err
	}
	ack, err := do(r.PostForm)
	if err == nil {
		return web.Saved(ack, Conference{Code: r.PathValue("code")}.LetterPath(tidy(r.PathValue("letter")))+"#"+at, done), nil
	}
	if kind := fault.KindOf(err); kind != fault.Invalid && kind != fault.Conflict {
		return web.Outcome{}, err
	}
	page, other := p.letterPage(r)
	if other != nil {
		return web.Outcome{}, other
	}
	page.Err, page.At, page.Form = err, at, r.PostForm
	return web.Again("conference/letter", page, err), nil
}

func (p pages) answer(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	return p.act(r, "tra-loi", "conference.done.replied", func(f url.Values) (ledger.Ack, error) {
		return p.Reply(r.Context(), r.PathValue("code"), r.PathValue("letter"), Answer(f.Get("answer")), f.Get("substitute"), f.Get("reason"))
	})
}

func (p pages) ask(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	return p.act(r, "phat-bieu", "conference.done.queued", func(f url.Values) (ledger.Ack, error) {
		_, ack, err := p.Ask(r.Context(), r.PathValue("code"), r.PathValue("letter"), f.Get("kind"), f.Get("subject"))
		return ack, err
	})
}

func (p pages) withdraw(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	return p.act(r, "phat-bieu", "conference.done.withdrawn", func(f url.Values) (ledger.Ack, error) {
		return p.Withdraw(r.Context(), r.PathValue("code"), r.PathValue("letter"), f.Get("speech"))
	})
}

func (p pages) cast(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	return p.act(r, "bieu-quyet", "conference.done.cast", func(f url.Values) (ledger.Ack, error) {
		return p.Cast(r.Context(), r.PathValue("code"), r.PathValue("letter"), f.Get("vote"), f.Get("choice"))
	})
}

func (p pages) feedback(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	return p.act(r, "gop-y", "conference.done.feedback", func(f url.Values) (ledger.Ack, error) {
		return p.GiveFeedback(r.Context(), r.PathValue("code"), r.PathValue("letter"), Feedback{whole(f.Get("useful")), whole(f.Get("timely")), f.Get("better")})
	})
}

func (p pages) ownCalendar(w http.ResponseWriter, r *http.Request) error {
	page, err := p.letterPage(r)
	if err != nil {
		return err
	}
	private(w)
	return p.sendCalendar(w, r, page.View, page.Me.UnitID, page.Me.Code())
}

// letterStream is the hall of a conference that not everybody may watch.
func (p pages) letterStream(w http.ResponseWriter, r *http.Request) error {
	c, err := findConference(r.Context(), p.db, "code", r.PathValue("code"))
	if err != nil {
		return err
	}
	if _, err := p.Bearer(r.Context(), nil, c.ID, r.PathValue("letter")); err != nil {
		return err
	}
	return p.Hub.Serve(w, r, c.Code+inside)
}

func (p pages) letterPaper(w http.ResponseWriter, r *http.Request) error {
	page, err := p.letterPage(r)
	if err != nil {
		return err
	}
	private(w)
	return p.reading(w, r, page.Base, page.View, page.Here())
}

func (p pages) ownLetter(kind string) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		page, err := p.letterPage(r)
		if err != nil {
			return err
		}
		private(w)
		return p.sendLetters(w, r, here{Base: page.Base, View: page.View}, []Delegate{page.Me}, kind, "giay-moi-"+page.Code)
	}
}

// deskPage checks delegates in, with the network and without.
type deskPage struct {
	web.Base
	View
	Desk Desk
	Data string // of the delegates, as JSON, for the script
	Err  error  // of the form for a walk-in, where scripts do not run
	Form url.Values
}

// Here is the desk's address.
func (p deskPage) Here() string { return p.Address() + "/ban/" + p.Desk.Secret }

// deskDelegate is what a desk knows of a delegate: no code that opens a letter.
type deskDelegate struct {
	ID      string `json:"id"`
	Mark    string `json:"mark"`
	Who     string `json:"who"`
	Office  string `json:"office"`
	Where   string `json:"where"`
	Seat    string `json:"seat"`
	Answer  Answer `json:"answer"`
	Present string `json:"present"` // since when and where, "" where not
	Out     bool   `json:"out"`
	WalkIn  bool   `json:"walkin"`
}

// deskData is what a desk knows, and when.
func deskData(v View, now time.Time) ([]byte, error) {
	all := []deskDelegate{}
	for _, d := range v.Delegates {
		x := deskDelegate{ID: d.ID, Mark: d.Mark, Who: d.Name, Office: d.As(), Where: v.Where(d), Seat: d.Seat, Answer: d.Answer, WalkIn: d.WalkIn, Out: !d.LeftAt.IsZero()}
		if d.Answer == Sends {
			x.Who = ""
		}
		if c := v.CodeOf(d.UnitID); c != "" {
			x.Where = c + " " + x.Where
		}
		if d.Attended() {
			x.Present = clockWords(d.PresentAt) + ", " + d.PresentBy
		}
		all = append(all, x)
	}
	return json.Marshal(map[string]any{"delegates": all, "state": v.State, "now": now.UnixMilli()})
}

func (p pages) deskPage(r *http.Request) (deskPage, error) {
	base, err := p.Base(r)
	if err != nil {
		return deskPage{}, err
	}
	desk, v, err := p.DeskBy(r.Context(), r.PathValue("code"), r.PathValue("desk"))
	if err != nil {
		return deskPage{}, err
	}
	data, err := deskData(v, base.Now)
	return deskPage{Base: base, View: v, Desk: desk, Data: string(data)}, err
}

func (p pages) desk(w http.ResponseWriter, r *http.Request) error {
	page, err := p.deskPage(r)
	if err != nil {
		return err
	}
	private(w)
	return p.Render(w, r, "conference/desk", page)
}

func (p pages) deskData(w http.ResponseWriter, r *http.Request) error {
	page, err := p.deskPage(r)
	if err != nil {
		return err
	}
	private(w)
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, err = w.Write([]byte(page.Data))
	return err
}

// deskWorker is the service worker that opens the desk's page again without a network: it
// keeps the page and what it loads, asks the network first, and sends nothing by itself.
func (p pages) deskWorker(w http.ResponseWriter, r *http.Request) error {
	page, err := p.deskPage(r)
	if err != nil {
		return err
	}
	private(w)
	w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	w.Header().Set("Service-Worker-Allowed", page.Here()) // it lies below the page
	_, err = w.Write([]byte(strings.ReplaceAll(worker, "PAGE", strconv.Quote(page.Here()))))
	return err
}

const worker = `'use strict';
const page = PAGE, store = 'desk ' + page;
self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (e) => e.waitUntil(self.clients.claim()));
self.addEventListener('fetch', (e) => {
  const url = new URL(e.request.url);
  if (e.request.method !== 'GET' || url.origin !== location.origin || !(url.pathname === page || url.pathname.startsWith('/static/'))) return;
  e.respondWith(fetch(e.request).then(async (r) => {
    if (r.ok) (await caches.open(store)).put(url.pathname, r.clone());
    else if (r.status >= 500) return (await (await caches.open(store)).match(url.pathname)) || r;
    return r;
  }).catch(async () => (await (await caches.open(store)).match(url.pathname)) || Response.error()));
});
`

// deskScans takes what a desk has seen: JSON from its script, which may come from a desk
// that was closed meanwhile, or its form where there are no scripts.
func (p pages) deskScans(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	base, err := p.Base(r)
	if err != nil {
		return web.Outcome{}, err
	}
	if err := r.ParseForm(); err != nil {
		return web.Outcome{}, err
	}
	f := r.PostForm
	code, secret := r.PathValue("code"), r.PathValue("desk")
	if text := f.Get("scans"); text != "" {
		var scans []Scan
		if err := json.Unmarshal([]byte(text), &scans); err != nil {
			return web.Outcome{}, fault.New(fault.Invalid, "conference.scan.bad").Because(err)
		}
		sent, _ := strconv.ParseInt(f.Get("now"), 10, 64) // none is "at once"
		done, ack, err := p.DeskScans(r.Context(), code, secret, scans, sent)
		if err != nil {
			return web.Outcome{}, err
		}
		for i := range done {
			if strings.HasPrefix(done[i].Words, "conference.") {
				done[i].Words = base.Words(done[i].Words, done[i].Args...)
			}
		}
		return web.SavedData(ack, map[string]any{"scans": done}), nil
	}
	page, err := p.deskPage(r)
	if err != nil {
		return web.Outcome{}, err
	}
	at := page.Now.UnixMilli()
	scan := Scan{ID: rand.Text(), Mark: f.Get("mark"), Delegate: f.Get("delegate"), How: "list", At: at}
	if f.Has("office") {
		scan = Scan{ID: scan.ID, How: "walkin", At: at, Unit: f.Get("unit"), Body: f.Get("body"), Office: f.Get("office"), Name: f.Get("name")}
	}
	done, ack, err := p.DeskScans(r.Context(), code, secret, []Scan{scan}, at)
	if err != nil {
		return web.Outcome{}, err
	}
	if done[0].Kind == "refused" {
		page.Err, page.Form = fault.New(fault.Invalid, done[0].Words, done[0].Args...).In(done[0].Field), f
		return web.Again("conference/desk", page, page.Err), nil
	}
	key := map[string]string{"present": "conference.done.in", "again": "conference.done.again", "out": "conference.done.presence"}[done[0].Kind]
	if key == "" {
		key = "conference.done.unknown"
	}
	return web.Saved(ack, page.Here(), key), nil
}
