package conference

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"dongthuan/internal/cluster"
	"dongthuan/internal/document"

	"dongthuan/internal/fault"
	"dongthuan/internal/web"
)

// listPage is every conference, for everybody.
type listPage struct {
	web.Base
	Live, Coming, Closed []listed
}

type listed struct {
	Conference
	Cluster cluster.Cluster
}

func (p pages) list(w http.ResponseWriter, r *http.Request) error {
	base, err := p.Base(r)
	if err != nil {
		return err
	}
	page := listPage{Base: base}
	all, err := p.All(r.Context())
	if err != nil {
		return err
	}
	for _, c := range all {
		if !c.Shown() {
			continue
		}
		x := listed{Conference: c}
		if x.Cluster, err = p.clusters.ByID(r.Context(), c.ClusterID); err != nil {
			return err
		}
		switch c.State {
		case Live:
			page.Live = append(page.Live, x)
		case Preparing:
			page.Coming = append(page.Coming, x)
		default:
			page.Closed = append(page.Closed, x)
		}
	}
	slices.Reverse(page.Coming) // the next one first
	return p.Render(w, r, "conference/list", page)
}

// publicView is a conference that everybody may see.
func (p pages) publicView(r *http.Request) (web.Base, View, error) {
	base, err := p.Base(r)
	if err != nil {
		return base, View{}, err
	}
	v, err := p.ByCode(r.Context(), r.PathValue("code"))
	if err == nil && !v.Shown() {
		err = fault.New(fault.NotFound, "conference.unknown")
	}
	return base, v, err
}

// onePage is the public page of a conference.
type onePage struct {
	web.Base
	View
	Known    Programme // that was published last
	Public   []Slot    // its items
	Versions []versionRow
	Papers   []paperRow
	Work     bool // the actor works on it
	News     string
	Photos   []photo
	Count    Count
	Pdf      bool
	Composed Minutes
}

type versionRow struct {
	Programme
	Changes Change
}

type paperRow struct {
	Paper
	Unit string
}

func (p pages) one(w http.ResponseWriter, r *http.Request) error {
	base, v, err := p.publicView(r)
	if err != nil {
		return err
	}
	page := onePage{Base: base, View: v, Count: v.Count()}
	_, page.Pdf = document.Converter()
	page.Known = v.Announced()
	page.Public = Schedule(page.Known.Starts, page.Known.Items)
	for i, pr := range v.Programmes {
		row := versionRow{Programme: pr}
		if i+1 < len(v.Programmes) {
			row.Changes = Diff(v.Programmes[i+1], pr)
		}
		page.Versions = append(page.Versions, row)
	}
	if v.PublicMinutes() {
		for _, x := range v.Papers {
			if x.State == Accepted {
				page.Papers = append(page.Papers, paperRow{x, v.Name(x.UnitID)})
			}
		}
		if page.Photos, err = p.photos(r.Context(), v.ID, RoomName); err != nil {
			return err
		}
		if page.Composed, err = p.MinutesOf(r.Context(), v, true); err != nil {
			return err
		}
	}
	page.Work = base.Actor.SignedIn() && p.MayRead(r.Context(), base.Actor, v.ClusterID, v.Starts) == nil
	return p.Render(w, r, "conference/one", page)
}

func (p pages) publicDocument(kind, name string) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		base, v, err := p.publicView(r)
		if err != nil {
			return err
		}
		if name != "chuong-trinh" && !v.PublicMinutes() {
			return fault.New(fault.NotFound, "conference.notpublic")
		}
		doc, err := p.documentOf(r.Context(), v, name, base, p.origin(r), true)
		if err != nil {
			return err
		}
		return document.Send(w, r, kind, name+"-"+v.Code, doc)
	}
}

// archives keeps those made last: they take PDFs. Each is made once for all who wait for
// it, and sent while others are made.
type archives struct {
	mu  sync.Mutex
	all []*archiveKept // the one asked for last first
}

type archiveKept struct {
	conference string
	mu         sync.Mutex // held while it is made
	of         string     // digest of what it was made of
	body       []byte
}

// mostKept is how many archives are kept.
const mostKept = 4

func (a *archives) get(conference string) *archiveKept {
	a.mu.Lock()
	defer a.mu.Unlock()
	i := slices.IndexFunc(a.all, func(k *archiveKept) bool { return k.conference == conference })
	k := &archiveKept{conference: conference}
	if i >= 0 {
		k = a.all[i]
		a.all = slices.Delete(a.all, i, i+1)
	}
	a.all = slices.Insert(a.all, 0, k)
	a.all = a.all[:min(len(a.all), mostKept)]
	return k
}

func (k *archiveKept) make(of string, write func() ([]byte, error)) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.of != of || k.body == nil {
		body, err := write()
		if err != nil {
			return nil, err
		}
		k.of, k.body = of, body
	}
	return k.body, nil
}

func (p pages) archive(w http.ResponseWriter, r *http.Request) error {
	base, v, err := p.publicView(r)
	if err != nil {
		return err
	}
	if !v.PublicMinutes() {
		if err := p.MayRead(r.Context(), base.Actor, v.ClusterID, v.Starts); err != nil {
			return fault.New(fault.NotFound, "conference.notpublic")
		}
	}
	of, err := p.digest(r.Context(), v)
	if err != nil {
		return err
	}
	body, err := p.kept.get(v.ID).make(of, func() ([]byte, error) {
		var b bytes.Buffer
		// Made for whoever asks next too: it goes on when this reader goes away.
		err := p.WriteArchive(context.WithoutCancel(r.Context()), &b, v)
		return b.Bytes(), err
	})
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/zip")
	w.Header().Set("Content-Disposition", `attachment; filename="ho-so-`+v.Code+`.zip"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
	return nil
}

// digest of all that an archive is made of.
func (p pages) digest(ctx context.Context, v View) (string, error) {
	signed, err := p.Signings(ctx, v.ID)
	if err != nil {
		return "", err
	}
	tasks, err := p.taskLines(ctx, v)
	if err != nil {
		return "", err
	}
	photos, err := p.photos(ctx, v.ID, RoomName)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal([]any{v, signed, tasks, photos})
	return hashOf(string(text)), err
}

// readingPage is a paper to be read on a phone.
type readingPage struct {
	web.Base
	View
	Paper Paper
	Unit  string
	File  string
	Back  string
}

func (p pages) readPaper(w http.ResponseWriter, r *http.Request) error {
	base, v, err := p.publicView(r)
	if err != nil {
		return err
	}
	if !v.PublicMinutes() && (!base.Actor.SignedIn() || p.MayRead(r.Context(), base.Actor, v.ClusterID, v.Starts) != nil) {
		return fault.New(fault.NotFound, "conference.notpublic")
	}
	return p.reading(w, r, base, v, v.Address())
}

func (p pages) reading(w http.ResponseWriter, r *http.Request, base web.Base, v View, back string) error {
	for _, x := range v.Papers {
		if x.ID != r.PathValue("paper") || x.State != Accepted {
			continue
		}
		page := readingPage{Base: base, View: v, Paper: x, Unit: v.Name(x.UnitID), Back: back}
		if it, ok, err := p.PaperFile(r.Context(), x); err != nil {
			return err
		} else if ok && (v.PublicMinutes() || base.Actor.SignedIn()) {
			page.File = it.Path()
		}
		return p.Render(w, r, "conference/reading", page)
	}
	return fault.New(fault.NotFound, "conference.paper.missing")
}

// hallPage is what is live: the screen, and a delegate's phone.
type hallPage struct {
	web.Base
	View
	Hall Hall
}

// mayWatch lets everybody into a hall whose minutes will be public, and into another those
// who may read the conference; delegates have an address of their own.
func (p pages) mayWatch(r *http.Request, c Conference) error {
	if c.Watched() {
		return nil
	}
	base, err := p.Base(r)
	if err != nil {
		return err
	}
	if !c.Shown() || !base.Actor.SignedIn() || p.MayRead(r.Context(), base.Actor, c.ClusterID, c.Starts) != nil {
		return fault.New(fault.NotFound, "conference.notpublic")
	}
	return nil
}

func (p pages) screen(w http.ResponseWriter, r *http.Request) error {
	base, v, err := p.publicView(r)
	if err != nil {
		return err
	}
	if err := p.mayWatch(r, v.Conference); err != nil {
		return err
	}
	return p.Render(w, r, "conference/screen", hallPage{base, v, hallOf(v, base.Now)})
}

// stream sends the hall's states. A hall that somebody watches is there and may be
// watched, so that ten thousand who come back at once are not ten thousand queries.
func (p pages) stream(w http.ResponseWriter, r *http.Request) error {
	topic := r.PathValue("code")
	if strings.Contains(topic, "/") {
		return web.NotFound()
	}
	if p.Hub.Watching(topic) == 0 {
		c, err := findConference(r.Context(), p.db, "code", topic)
		if err != nil {
			return err
		}
		if err := p.mayWatch(r, c); err != nil {
			return err
		}
		if !c.Watched() {
			topic += inside
		}
	}
	return p.Hub.Serve(w, r, topic)
}

// workStream tells the pages of those who run it that something was done.
func (p pages) workStream(w http.ResponseWriter, r *http.Request) error {
	base, err := p.Base(r)
	if err != nil {
		return err
	}
	c, err := findConference(r.Context(), p.db, "id", r.PathValue("id"))
	if err != nil {
		return err
	}
	if err := p.MayRead(r.Context(), base.Actor, c.ClusterID, c.Starts); err != nil {
		return err
	}
	return p.Hub.Serve(w, r, c.Code+forWork)
}

// state is the same once, for browsers without events.
func (p pages) state(w http.ResponseWriter, r *http.Request) error {
	c, err := findConference(r.Context(), p.db, "code", r.PathValue("code"))
	if err != nil {
		return err
	}
	if err := p.mayWatch(r, c); err != nil {
		return err
	}
	body, err := p.Service.State(r.Context(), c.Code+inside)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, err = w.Write([]byte(`{"now":` + strconv.FormatInt(p.now().UnixMilli(), 10) + `,"state":` + string(body) + `}`))
	return err
}

// calendar is the conference as an appointment: for everybody, or with ?don-vi= for a
// unit, which is reminded of its paper too.
func (p pages) calendar(w http.ResponseWriter, r *http.Request) error {
	_, v, err := p.publicView(r)
	if err != nil {
		return err
	}
	unit := ""
	for _, m := range v.Members {
		if m.Code == r.URL.Query().Get("don-vi") {
			unit = m.UnitID
		}
	}
	return p.sendCalendar(w, r, v, unit, "")
}

func (p pages) sendCalendar(w http.ResponseWriter, r *http.Request, v View, unit, letter string) error {
	now := v.Announced()
	if now.At.IsZero() {
		now.At = v.CreatedAt
	}
	slots := Schedule(now.Starts, now.Items)
	ends := now.Starts.Add(time.Hour)
	if len(slots) > 0 {
		ends = slots[len(slots)-1].End
	}
	host := p.origin(r)
	a := document.Appointment{UID: v.ID + "@dongthuan", Starts: now.Starts, Ends: ends, Summary: v.Title, Description: v.FullTitle(), Place: now.Place, URL: host + v.Address(), Stamp: now.At, Sequence: now.Version}
	if letter != "" {
		a.URL = host + v.LetterPath(letter)
	}
	all := []document.Appointment{a}
	if paper, ok := v.Paper(unit); ok && unit != "" && paper.State != Accepted {
		all = append(all, document.Appointment{UID: paper.ID + "@dongthuan", Starts: paper.Due.Add(-30 * time.Minute), Ends: paper.Due, Summary: "Hạn nộp tham luận: " + v.Title, URL: host + "/viec/tham-luan/" + paper.ID, Stamp: now.At})
	}
	var b bytes.Buffer
	if err := document.WriteAppointments(&b, v.Cluster.Name, all); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/calendar; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="hoi-nghi-`+v.Code+`.ics"`)
	_, err := b.WriteTo(w)
	return err
}
