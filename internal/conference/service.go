package conference

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"dongthuan/internal/cluster"
	"dongthuan/internal/db"
	"dongthuan/internal/evidence"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
	"dongthuan/internal/live"
	"dongthuan/internal/policy"
	"dongthuan/internal/unit"
)

// Service does what people may do with conferences. Each method that writes is one
// transaction, recorded in the ledger; the hall is shown what changed afterwards.
type Service struct {
	db       *db.DB
	book     *ledger.Ledger
	clusters *cluster.Service
	units    *unit.Service
	files    *evidence.Store
	now      func() time.Time
	// Hub shows the hall to those who watch, and tells the pages of those who run it that
	// something was done.
	Hub  *live.Hub
	acts atomic.Int64 // done in this process, or heard of
	// Told is told in the same transaction of what units must hear; app sets it, and the
	// two below.
	Told func(ctx context.Context, tx *ledger.Tx, e Event) error
	// MakeTask sets a task inside the caller's transaction and returns its id.
	MakeTask func(ctx context.Context, tx *ledger.Tx, actor policy.Actor, clusterID string, d TaskDraft) (string, error)
	// Tasks returns what became of tasks, by id.
	Tasks func(ctx context.Context, clusterID string, ids []string) (map[string]TaskState, error)
	// MakeNews makes a draft of an article, with photographs, and returns its id.
	MakeNews func(ctx context.Context, tx *ledger.Tx, actor policy.Actor, title, lead, body string, photos []evidence.Item) (string, error)
}

// Event is what others hear: "programme", "changed", "paper.asked", "paper.handed",
// "paper.returned", "paper.accepted".
type Event struct {
	Kind       string
	Conference Conference
	Units      []string
	By         policy.Actor
	Words      string
	Paper      Paper
}

// TaskDraft is what a conclusion says of the task it becomes.
type TaskDraft struct {
	Title, Product, Source string
	Due                    time.Time
	Leads, With            []string
}

// TaskState is what became of a task.
type TaskState struct {
	Number    int64
	Title     string
	Product   string
	Leads     []string // ids of units
	With      []string
	State     string // "open", "done", "cancelled"
	Late      bool
	Done, All int
	Due       time.Time
	Path      string
}

// New returns the service over d, recording in book.
func New(d *db.DB, book *ledger.Ledger, clusters *cluster.Service, units *unit.Service, files *evidence.Store, now func() time.Time) *Service {
	return &Service{db: d, book: book, clusters: clusters, units: units, files: files, now: now,
		Told: func(context.Context, *ledger.Tx, Event) error { return nil }}
}

// View is a conference with all that belongs to it.
type View struct {
	Conference
	Cluster     cluster.Cluster
	Members     []cluster.Member // of the cluster, on its day
	Units       map[string]unit.Unit
	Slots       []Slot
	Programmes  []Programme // the newest first
	Delegates   []Delegate  // by protocol
	Papers      []Paper     // those to be read first, in order
	Runs        []Run
	Speeches    []Speech
	Votes       []Vote // the newest first
	Notes       []Note
	Conclusions []Conclusion
	Desks       []Desk

	present, invited int // delegates, counted by the database
}

// Name is what a unit is called.
func (v View) Name(unitID string) string { return v.Units[unitID].FullName() }

// CodeOf is a unit's code in the cluster.
func (v View) CodeOf(unitID string) string {
	for _, m := range v.Members {
		if m.UnitID == unitID {
			return m.Code
		}
	}
	return ""
}

// Where is where a delegate comes from.
func (v View) Where(d Delegate) string {
	switch {
	case d.UnitID == "":
		return d.Body
	case d.Also != "":
		return v.Name(d.UnitID) + "; " + v.Name(d.Also)
	}
	return v.Name(d.UnitID)
}

// Quorum of the units.
func (v View) Quorum() Quorum { return quorum(v.Delegates) }

// Represented is how many of the cluster's units came, at any time.
func (v View) Represented() Quorum {
	q := Quorum{Of: len(v.Members)}
	for _, m := range v.Members {
		if slices.ContainsFunc(v.Delegates, func(d Delegate) bool { return d.For(m.UnitID) && d.Attended() }) {
			q.Here++
		}
	}
	return q
}

// Announced is the programme that everybody knows: the version published last, or the
// draft before there is one.
func (v View) Announced() Programme {
	if len(v.Programmes) > 0 {
		return v.Programmes[0]
	}
	return Programme{Items: v.Items, Starts: v.Starts, Place: v.Place}
}

// Shows are the items as delegates and the screen see them: what was announced, and once
// the hall is open what really goes on.
func (v View) Shows() []Slot {
	if v.State == Preparing {
		p := v.Announced()
		return Schedule(p.Starts, p.Items)
	}
	return v.Slots
}

// Count of all delegates.
func (v View) Count() Count { return count(v.Delegates) }

// ByUnit is the board of presence: units in their order, guests last.
func (v View) ByUnit() []UnitPresence {
	var rows []UnitPresence
	add := func(id, code, name string, which func(Delegate) bool) {
		var mine []Delegate
		row := UnitPresence{UnitID: id, Code: code, Name: name}
		for _, d := range v.Delegates {
			if which(d) {
				mine = append(mine, d)
				if !d.Attended() && d.Answer != Declined {
					row.Missing = append(row.Missing, d)
				}
			}
		}
		if row.Count = count(mine); len(mine) > 0 {
			rows = append(rows, row)
		}
	}
	for _, m := range v.Members {
		add(m.UnitID, m.Code, v.Name(m.UnitID), func(d Delegate) bool { return d.For(m.UnitID) })
	}
	for _, id := range slices.SortedFunc(maps.Keys(v.Units), func(a, b string) int { return strings.Compare(v.Name(a), v.Name(b)) }) {
		if v.CodeOf(id) == "" {
			add(id, "", v.Name(id), func(d Delegate) bool { return d.UnitID == id })
		}
	}
	add("", "", "", func(d Delegate) bool { return d.UnitID == "" })
	return rows
}

// Paper of a unit.
func (v View) Paper(unitID string) (Paper, bool) {
	i := slices.IndexFunc(v.Papers, func(p Paper) bool { return p.UnitID == unitID })
	if i < 0 {
		return Paper{}, false
	}
	return v.Papers[i], true
}

// Turns by unit, or by a guest's label.
func (v View) Turns(now time.Time) map[string]Turns { return turnsOf(v.Speeches, now) }

// Waiting are those who wait to speak, in the chair's order.
func (v View) Waiting() []Speech { return waitingIn(v.Speeches) }

// Delegate by id.
func (v View) Delegate(id string) (Delegate, bool) {
	i := slices.IndexFunc(v.Delegates, func(d Delegate) bool { return d.ID == id })
	if i < 0 {
		return Delegate{}, false
	}
	return v.Delegates[i], true
}

func (s *Service) view(ctx context.Context, q db.Query, c Conference) (v View, err error) {
	v.Conference = c
	v.Slots = Schedule(c.Starts, c.Items)
	if v.Cluster, err = s.clusters.ByID(ctx, c.ClusterID); err != nil {
		return v, err
	}
	if v.Members, err = s.clusters.Members(ctx, c.ClusterID, c.Starts); err != nil {
		return v, err
	}
	if v.Programmes, err = listProgrammes(ctx, q, c.ID); err != nil {
		return v, fmt.Errorf("list programmes: %w", err)
	}
	if v.Papers, err = listPapers(ctx, q, `conference_id = $1`, c.ID); err != nil {
		return v, fmt.Errorf("list papers: %w", err)
	}
	if v.Notes, err = listNotes(ctx, q, c.ID); err != nil {
		return v, fmt.Errorf("list notes: %w", err)
	}
	if v.Conclusions, err = listConclusions(ctx, q, `conference_id`, c.ID); err != nil {
		return v, fmt.Errorf("list conclusions: %w", err)
	}
	if v.Desks, err = listDesks(ctx, q, `closed_at = '' and conference_id = $1`, c.ID); err != nil {
		return v, fmt.Errorf("list desks: %w", err)
	}
	if err := s.floor(ctx, q, &v); err != nil {
		return v, err
	}
	if v.Delegates, err = listDelegates(ctx, q, v.ID); err != nil {
		return v, fmt.Errorf("list delegates: %w", err)
	}
	var ids []string
	for _, m := range v.Members {
		ids = append(ids, m.UnitID)
	}
	for _, d := range v.Delegates {
		for _, u := range []string{d.UnitID, d.Also} {
			if u != "" {
				ids = append(ids, u)
			}
		}
	}
	v.Units, err = s.units.GetMany(ctx, ids, c.Starts)
	return v, err
}

// floor reads what the hall itself writes: runs, speeches, votes, and how many are there.
func (s *Service) floor(ctx context.Context, q db.Query, v *View) (err error) {
	if v.Runs, err = listRuns(ctx, q, v.ID); err != nil {
		return fmt.Errorf("list runs: %w", err)
	}
	if v.Speeches, err = listSpeeches(ctx, q, `conference_id = $1`, v.ID); err != nil {
		return fmt.Errorf("list speeches: %w", err)
	}
	if v.Votes, err = listVotes(ctx, q, `v.conference_id = $1`, v.ID); err != nil {
		return fmt.Errorf("list votes: %w", err)
	}
	if v.present, v.invited, err = countDelegates(ctx, q, v.ID); err != nil {
		return fmt.Errorf("count delegates: %w", err)
	}
	return nil
}

// How topics of a conference end, after its code: of those who run it, and of the hall of a
// conference whose minutes will not be public, for its delegates and those who may read it.
const (
	forWork = "/viec"
	inside  = "/trong"
)

// State is what the hub shows of a topic, as JSON: of a code the hall; of the work on it
// only that something was done, as its pages fetch themselves what they may see. Ballots
// and notes so reach the secretaries at once, and the phones not at all.
func (s *Service) State(ctx context.Context, topic string) ([]byte, error) {
	code, work := strings.CutSuffix(topic, forWork)
	if work {
		return fmt.Appendf(nil, `{"acts":%d}`, s.acts.Add(1)), nil
	}
	code, own := strings.CutSuffix(code, inside)
	var h Hall
	err := s.db.Read(ctx, func(q db.Query) error {
		c, err := findConference(ctx, q, "code", code)
		if err != nil {
			return err
		}
		v := View{Conference: c, Slots: Schedule(c.Starts, c.Items)}
		if !own && !c.Watched() {
			h = hallOf(View{Conference: Conference{State: c.State}}, s.now()) // it was when they began to watch
			return nil
		}
		if c.State == Preparing {
			if v.Programmes, err = listProgrammes(ctx, q, c.ID); err != nil {
				return err
			}
		}
		if err := s.floor(ctx, q, &v); err != nil {
			return err
		}
		h = hallOf(v, s.now())
		return nil
	})
	if err != nil {
		return nil, err
	}
	return json.Marshal(h)
}

// Watched reports whether everybody may watch the hall: of a conference whose minutes will
// be public.
func (c Conference) Watched() bool { return c.Public && c.Shown() }

// MayRead lets the cluster's offices and all its units in.
func (s *Service) MayRead(ctx context.Context, actor policy.Actor, clusterID string, on time.Time) error {
	refused := policy.May(actor, policy.ConferenceRead, policy.Object{Cluster: clusterID})
	if refused == nil || !actor.SignedIn() || !actor.Enrolled {
		return refused
	}
	units, err := s.members(ctx, clusterID, on)
	if err != nil {
		return err
	}
	for _, u := range actor.Units() {
		if slices.Contains(units, u) && policy.May(actor, policy.ConferenceRead, policy.Object{Unit: u}) == nil {
			return nil
		}
	}
	return refused
}

func (s *Service) members(ctx context.Context, clusterID string, on time.Time) ([]string, error) {
	all, err := s.clusters.Members(ctx, clusterID, on)
	ids := make([]string, len(all))
	for i, m := range all {
		ids[i] = m.UnitID
	}
	return ids, err
}

// Open returns a conference to those who may read it.
func (s *Service) Open(ctx context.Context, actor policy.Actor, id string) (View, error) {
	c, err := findConference(ctx, s.db, "id", id)
	if err != nil {
		return View{}, err
	}
	if err := s.MayRead(ctx, actor, c.ClusterID, c.Starts); err != nil {
		return View{}, err
	}
	return s.view(ctx, s.db, c)
}

// ByCode returns a conference by its public code, to everybody.
func (s *Service) ByCode(ctx context.Context, code string) (View, error) {
	c, err := findConference(ctx, s.db, "code", code)
	if err != nil {
		return View{}, err
	}
	return s.view(ctx, s.db, c)
}

// All returns every conference, the latest first.
func (s *Service) All(ctx context.Context) ([]Conference, error) {
	return listConferences(ctx, s.db, ``)
}

// OfCluster returns the conferences of a cluster, the latest first.
func (s *Service) OfCluster(ctx context.Context, clusterID string) ([]Conference, error) {
	return listConferences(ctx, s.db, `where cluster_id = $1`, clusterID)
}

// MayList decides who may see the lists that delegates have signed: they show names.
func (s *Service) MayList(ctx context.Context, actor policy.Actor, object string) error {
	c, err := findConference(ctx, s.db, "id", object)
	if err != nil {
		return err
	}
	return policy.May(actor, policy.ConferenceManage, policy.Object{Cluster: c.ClusterID})
}

// MayFile decides who may see a file of the room: photographs and papers of a conference
// whose minutes are public everybody, all else those who may read the conference.
func (s *Service) MayFile(ctx context.Context, actor policy.Actor, object string) error {
	c, err := findConference(ctx, s.db, "id", object)
	if err == nil {
		if c.PublicMinutes() {
			return nil
		}
		return s.MayRead(ctx, actor, c.ClusterID, c.Starts)
	}
	if fault.KindOf(err) != fault.NotFound {
		return err
	}
	p, err := findPaper(ctx, s.db, object)
	if err != nil {
		return err
	}
	if c, err = findConference(ctx, s.db, "id", p.ConferenceID); err != nil {
		return err
	}
	if p.State == Accepted && c.PublicMinutes() {
		return nil
	}
	return s.MayRead(ctx, actor, c.ClusterID, c.Starts)
}

// write runs an act on a conference in one transaction, taking its row, and shows the
// hall what changed.
func (s *Service) write(ctx context.Context, actor policy.Actor, id string, action policy.Action, in []State, fn func(*ledger.Tx, *Conference) error) (ledger.Ack, error) {
	return s.shown(ctx, func(tx *ledger.Tx) (string, error) {
		c, err := takeConference(ctx, tx, id)
		if err != nil {
			return "", err
		}
		if err := policy.May(actor, action, policy.Object{Cluster: c.ClusterID}); err != nil {
			return "", err
		}
		if !slices.Contains(in, c.State) {
			return "", fault.New(fault.Conflict, "conference.is."+string(c.State))
		}
		return c.Code, fn(tx, &c)
	})
}

// shown runs a transaction on the conference whose code fn returns, and shows its hall.
func (s *Service) shown(ctx context.Context, fn func(*ledger.Tx) (code string, err error)) (ledger.Ack, error) {
	var code string
	ack, err := s.book.Write(ctx, func(tx *ledger.Tx) (err error) {
		if code, err = fn(tx); err != nil {
			return err
		}
		for _, ending := range topics {
			if err := live.Changing(ctx, tx, code+ending); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && s.Hub != nil {
		for _, ending := range topics {
			s.Hub.Changed(code + ending)
		}
	}
	return ack, err
}

var topics = []string{"", inside, forWork}

var (
	any3      = []State{Preparing, Live, Closed}
	notClosed = []State{Preparing, Live}
)

// Create sets up a conference. Cloned from another it takes structure, roles and the
// letter, never answers, presence or results.
func (s *Service) Create(ctx context.Context, actor policy.Actor, clusterID string, d Draft, from string) (Conference, ledger.Ack, error) {
	var made Conference
	ack, err := s.book.Write(ctx, func(tx *ledger.Tx) error {
		if err := policy.May(actor, policy.ConferenceManage, policy.Object{Cluster: clusterID}); err != nil {
			return err
		}
		d, err := d.clean()
		if err != nil {
			return err
		}
		c, err := s.clusters.ByID(ctx, clusterID)
		if err != nil {
			return err
		}
		made = Conference{ID: rand.Text(), ClusterID: clusterID, Draft: d, State: Preparing, Version: 1, SpeechMinutes: 5, Minutes: MinutesDraft, Office: actor.Office, CreatedAt: tx.At(), Items: standard()}
		if made.Code, err = freeCode(ctx, tx, c.Code+"-"+d.Starts.In(lang.Vietnam).Format("20060102")); err != nil {
			return err
		}
		var delegates []Delegate
		if from != "" {
			old, err := findConference(ctx, tx, "id", from)
			if err != nil {
				return err
			}
			if old.ClusterID != clusterID {
				return fault.New(fault.NotFound, "conference.unknown")
			}
			made.ClonedFrom, made.Items, made.SpeechMinutes = old.ID, old.Items, old.SpeechMinutes
			if made.Letter == "" {
				made.Letter = old.Letter
			}
			if delegates, err = listDelegates(ctx, tx, old.ID); err != nil {
				return err
			}
		}
		if err := insertConference(ctx, tx, made); err != nil {
			return err
		}
		units, err := s.members(ctx, clusterID, d.Starts)
		if err != nil {
			return err
		}
		for i, x := range delegates {
			if x.WalkIn || x.UnitID != "" && !slices.Contains(units, x.UnitID) {
				continue // a unit that has left the cluster is not invited again unasked
			}
			if !slices.Contains(units, x.Also) {
				x.Also = ""
			}
			d := invite(made.ID, x.DelegateDraft, int64(i+1))
			if err := insertDelegate(ctx, tx, d); err != nil {
				return err
			}
			if err := recordDelegate(ctx, tx, ledger.DelegateInvited, d, map[string]any{"from": from, "office_of": actor.Office}); err != nil {
				return err
			}
		}
		return tx.Record(ctx, ledger.ConferenceCreated, made.ID, map[string]any{"code": made.Code, "cluster": clusterID, "title": made.Title, "starts": db.Time(made.Starts), "from": from, "office": actor.Office})
	})
	return made, ack, err
}

func freeCode(ctx context.Context, tx *ledger.Tx, code string) (string, error) {
	for n := 1; ; n++ {
		try := code
		if n > 1 {
			try += "-" + strconv.Itoa(n)
		}
		var found int
		if err := tx.QueryRowContext(ctx, `select count(*) from conference where code = $1`, try).Scan(&found); err != nil {
			return "", fmt.Errorf("find a free code: %w", err)
		}
		if found == 0 {
			return try, nil
		}
	}
}

// Change corrects what a conference is; while it runs or after it, only what is written
// about it can be.
func (s *Service) Change(ctx context.Context, actor policy.Actor, id string, d Draft, speechMinutes int64) (ledger.Ack, error) {
	return s.write(ctx, actor, id, policy.ConferenceManage, any3, func(tx *ledger.Tx, c *Conference) error {
		d, err := d.clean()
		if err != nil {
			return err
		}
		if speechMinutes < 1 || speechMinutes > 60 {
			return fault.New(fault.Invalid, "conference.speech.minutes").In("speech")
		}
		if c.State != Preparing && (!d.Starts.Equal(c.Starts) || d.Place != c.Place) {
			return fault.New(fault.Conflict, "conference.begun").In("starts")
		}
		c.Draft, c.SpeechMinutes = d, speechMinutes
		if err := saveConference(ctx, tx, *c); err != nil {
			return err
		}
		return tx.Record(ctx, ledger.ConferenceChanged, c.ID, map[string]any{"act": "settings", "title": c.Title, "starts": db.Time(c.Starts), "place": c.Place, "public": c.Public, "office": actor.Office})
	})
}

// Files of a conference: photographs in RoomName, signed lists in ListRoom.
func (s *Service) Files(ctx context.Context, id, room string) ([]evidence.Item, error) {
	all, err := s.files.Items(ctx, nil, evidence.Use{Room: room, Object: id})
	return slices.DeleteFunc(all, func(it evidence.Item) bool { return !it.WithdrawnAt.IsZero() }), err
}

// AddFile keeps a photograph, or a scanned list.
func (s *Service) AddFile(ctx context.Context, actor policy.Actor, id, room string, file *evidence.Pending) (ledger.Ack, error) {
	return s.write(ctx, actor, id, policy.ConferenceManage, any3, func(tx *ledger.Tx, c *Conference) error {
		if file == nil {
			return fault.New(fault.Invalid, "conference.file.missing").In("file")
		}
		if !file.Kind().Image() && (file.Kind() != evidence.PDF || room != ListRoom) {
			return fault.New(fault.Invalid, "conference.file.kind").In("file")
		}
		_, err := s.files.Keep(ctx, tx, file, evidence.Use{Room: room, Object: c.ID})
		return err
	})
}

// DropFile withdraws one of them, with the reason.
func (s *Service) DropFile(ctx context.Context, actor policy.Actor, id, file, reason string) (ledger.Ack, error) {
	return s.write(ctx, actor, id, policy.ConferenceManage, any3, func(tx *ledger.Tx, c *Conference) error {
		it, err := s.files.Get(ctx, file)
		if err != nil {
			return err
		}
		if it.Room != RoomName && it.Room != ListRoom || it.Object != c.ID {
			return fault.New(fault.NotFound, "conference.unknown")
		}
		return s.files.Withdraw(ctx, tx, file, reason)
	})
}
