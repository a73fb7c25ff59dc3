package task

import (
	"context"
	"crypto/rand"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"dongthuan/internal/cluster"
	"dongthuan/internal/db"
	"dongthuan/internal/evidence"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
	"dongthuan/internal/policy"
)

// Service keeps tasks. Each method that writes is one transaction, recorded in the
// ledger.
type Service struct {
	db       *db.DB
	book     *ledger.Ledger
	clusters *cluster.Service
	files    *evidence.Store
	now      func() time.Time
	// Told is told in the same transaction of what happened to a task, so that those
	// concerned are.
	Told func(ctx context.Context, tx *ledger.Tx, e Event) error
}

// Event is what others hear of a task: set, changed, asked, done, excused, reopened,
// cancelled.
type Event struct {
	Kind  string
	Task  Task
	Units []string // that it concerns
	By    policy.Actor
	Words string // the reason, or what was said
}

// New returns the service over d, recording in book.
func New(d *db.DB, book *ledger.Ledger, clusters *cluster.Service, files *evidence.Store, now func() time.Time) *Service {
	return &Service{db: d, book: book, clusters: clusters, files: files, now: now, Told: func(context.Context, *ledger.Tx, Event) error { return nil }}
}

// members are the units of a cluster today.
func (s *Service) members(ctx context.Context, clusterID string) ([]string, error) {
	all, err := s.clusters.Members(ctx, clusterID, s.now())
	ids := make([]string, len(all))
	for i, m := range all {
		ids[i] = m.UnitID
	}
	return ids, err
}

// MayRead refuses who has nothing to do with the cluster: its tasks are read by its
// offices and by all its units.
func (s *Service) MayRead(ctx context.Context, actor policy.Actor, clusterID string) error {
	refused := policy.May(actor, policy.TaskRead, policy.Object{Cluster: clusterID})
	if refused == nil || !actor.SignedIn() || !actor.Enrolled {
		return refused
	}
	units, err := s.members(ctx, clusterID)
	if err != nil {
		return err
	}
	for _, u := range actor.Units() {
		if slices.Contains(units, u) && policy.May(actor, policy.TaskRead, policy.Object{Unit: u}) == nil {
			return nil
		}
	}
	return refused
}

// MayFile lets those who may read a task see its products; the object is the task's
// id.
func (s *Service) MayFile(ctx context.Context, actor policy.Actor, id string) error {
	t, err := findTask(ctx, s.db, id)
	if err != nil {
		return err
	}
	return s.MayRead(ctx, actor, t.ClusterID)
}

// Create sets a task.
func (s *Service) Create(ctx context.Context, actor policy.Actor, clusterID string, d Draft) (Task, ledger.Ack, error) {
	all, ack, err := s.CreateMany(ctx, actor, clusterID, []Draft{d})
	if err != nil {
		return Task{}, ack, err
	}
	return all[0], ack, nil
}

// CreateMany sets tasks, all of them or none.
func (s *Service) CreateMany(ctx context.Context, actor policy.Actor, clusterID string, drafts []Draft) (made []Task, ack ledger.Ack, err error) {
	if err := policy.May(actor, policy.TaskManage, policy.Object{Cluster: clusterID}); err != nil {
		return nil, ack, err
	}
	ack, err = s.book.Write(ctx, func(tx *ledger.Tx) error {
		made = nil
		for _, d := range drafts {
			t, err := s.CreateTx(ctx, tx, actor, clusterID, d)
			if err != nil {
				return err
			}
			made = append(made, t)
		}
		return nil
	})
	return made, ack, err
}

// CreateTx sets a task inside the caller's transaction.
func (s *Service) CreateTx(ctx context.Context, tx *ledger.Tx, actor policy.Actor, clusterID string, d Draft) (t Task, err error) {
	units, err := s.members(ctx, clusterID)
	if err != nil {
		return t, err
	}
	if d, err = d.clean(units); err != nil {
		return t, err
	}
	t = Task{ID: rand.Text(), ClusterID: clusterID, Draft: d, State: Open, Version: 1, Office: actor.Office, CreatedAt: tx.At()}
	t.setParts()
	if t.Number, err = nextNumber(ctx, tx, clusterID); err != nil {
		return t, err
	}
	if err := insertTask(ctx, tx, t); err != nil {
		return t, err
	}
	if err := tx.Record(ctx, ledger.TaskSet, t.ID, record(t, actor, nil)); err != nil {
		return t, err
	}
	return t, s.Told(ctx, tx, Event{Kind: "set", Task: t, Units: slices.Concat(d.Leads, d.With), By: actor})
}

// setParts makes the parts of the units that lead and cooperate, keeping what a unit
// has done already.
func (t *Task) setParts() {
	old := t.Parts
	t.Parts = nil
	for role, units := range map[Role][]string{Leads: t.Leads, With: t.With} {
		for _, u := range units {
			p := Part{UnitID: u}
			if i := slices.IndexFunc(old, func(o Part) bool { return o.UnitID == u }); i >= 0 {
				p = old[i]
			}
			p.Role = role
			t.Parts = append(t.Parts, p)
		}
	}
	order := slices.Concat(t.Leads, t.With)
	slices.SortFunc(t.Parts, func(a, b Part) int { return slices.Index(order, a.UnitID) - slices.Index(order, b.UnitID) })
}

func record(t Task, actor policy.Actor, more map[string]any) map[string]any {
	all := map[string]any{"cluster": t.ClusterID, "number": t.Number, "title": t.Title, "product": t.Product, "source": t.Source,
		"due": db.Day(t.Due, lang.Vietnam), "leads": t.Leads, "with": t.With, "state": t.State, "office": actor.Office}
	for k, v := range more {
		all[k] = v
	}
	return all
}

// act changes a task in one transaction. fn says what happened: the ledger's type,
// the line of its story, and whom it concerns.
func (s *Service) act(ctx context.Context, actor policy.Actor, id string, may func(Task) error, fn func(tx *ledger.Tx, t *Task) (ledger.Type, Note, []string, error)) (ledger.Ack, error) {
	return s.book.Write(ctx, func(tx *ledger.Tx) error {
		t, err := findTask(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := may(t); err != nil {
			return err
		}
		kind, note, units, err := fn(tx, &t)
		if err != nil {
			return err
		}
		if t.State == Open && t.finished() {
			t.State, t.ClosedAt = Done, tx.At()
		}
		if err := saveTask(ctx, tx, t); err != nil {
			return err
		}
		note.ID, note.Office = rand.Text(), actor.Office
		if err := insertNote(ctx, tx, t.ID, note); err != nil {
			return err
		}
		if err := tx.Record(ctx, kind, t.ID, record(t, actor, map[string]any{"act": note.Kind, "unit": note.UnitID, "words": note.Body})); err != nil {
			return err
		}
		return s.Told(ctx, tx, Event{Kind: note.Kind, Task: t, Units: units, By: actor, Words: note.Body})
	})
}

func manages(actor policy.Actor) func(Task) error {
	return func(t Task) error { return policy.May(actor, policy.TaskManage, policy.Object{Cluster: t.ClusterID}) }
}

func does(actor policy.Actor, unitID string) func(Task) error {
	return func(t Task) error {
		if err := policy.May(actor, policy.TaskDo, policy.Object{Unit: unitID}); err != nil {
			return err
		}
		if _, ok := t.Part(unitID); !ok {
			return fault.New(fault.NotFound, "task.part.missing")
		}
		return nil
	}
}

func open(t Task) error {
	if t.State != Open {
		return fault.New(fault.Conflict, "task.closed."+string(t.State))
	}
	return nil
}

func reasonOf(text, field string) (string, error) {
	text = lang.Clean(text)
	if text == "" {
		return "", fault.New(fault.Invalid, "task.reason.missing").In(field)
	}
	if utf8.RuneCountInString(text) > maxText {
		return "", fault.New(fault.Invalid, "task.long", maxText).In(field)
	}
	return text, nil
}

// Change corrects a task. Another day needs a reason, and everybody concerned hears
// of it.
func (s *Service) Change(ctx context.Context, actor policy.Actor, id string, version int64, d Draft, reason string) (ledger.Ack, error) {
	return s.act(ctx, actor, id, manages(actor), func(tx *ledger.Tx, t *Task) (ledger.Type, Note, []string, error) {
		none := Note{}
		if err := open(*t); err != nil {
			return "", none, nil, err
		}
		if t.Version != version {
			return "", none, nil, fault.New(fault.Conflict, "task.moved")
		}
		units, err := s.members(ctx, t.ClusterID)
		if err != nil {
			return "", none, nil, err
		}
		// A unit that has left the cluster keeps the share it has.
		for _, p := range t.Parts {
			units = append(units, p.UnitID)
		}
		if d, err = d.clean(units); err != nil {
			return "", none, nil, err
		}
		for _, p := range t.Parts {
			if !slices.Contains(d.Leads, p.UnitID) && !slices.Contains(d.With, p.UnitID) && !p.Owes() {
				return "", none, nil, fault.New(fault.Invalid, "task.part.done").In("leads")
			}
		}
		reason, err := reasonOf(reason, "reason")
		if err != nil {
			return "", none, nil, err
		}
		concerned := slices.Concat(t.Leads, t.With, d.Leads, d.With)
		if !d.Due.Equal(t.Due) {
			reason = lang.Date(t.Due) + " → " + lang.Date(d.Due) + ": " + reason
		}
		t.Draft = d
		t.setParts()
		slices.Sort(concerned)
		return ledger.TaskChanged, Note{Kind: "changed", Body: reason}, slices.Compact(concerned), nil
	})
}

// Tick says that a unit has done its share. A leading unit attaches the product: a
// file, or the number of a document.
func (s *Service) Tick(ctx context.Context, actor policy.Actor, id, unitID, note string, file *evidence.Pending, ref evidence.Reference) (ledger.Ack, error) {
	return s.act(ctx, actor, id, does(actor, unitID), func(tx *ledger.Tx, t *Task) (ledger.Type, Note, []string, error) {
		none := Note{}
		if err := open(*t); err != nil {
			return "", none, nil, err
		}
		part, _ := t.Part(unitID)
		if !part.DoneAt.IsZero() {
			return "", none, nil, fault.New(fault.Conflict, "task.part.ticked")
		}
		if note = lang.Clean(note); utf8.RuneCountInString(note) > maxText {
			return "", none, nil, fault.New(fault.Invalid, "task.long", maxText).In("note")
		}
		use := evidence.Use{Room: RoomName, Object: t.ID}
		switch {
		case file != nil:
			if _, err := s.files.Keep(ctx, tx, file, use); err != nil {
				return "", none, nil, err
			}
		case ref.Number != "":
			if _, err := s.files.KeepReference(ctx, tx, ref, use); err != nil {
				return "", none, nil, err
			}
		case part.Role == Leads:
			return "", none, nil, fault.New(fault.Invalid, "task.product.attach").In("file")
		}
		for i := range t.Parts {
			if p := &t.Parts[i]; p.UnitID == unitID {
				p.DoneAt, p.DoneBy, p.AskedAt = tx.At(), actor.Office, time.Time{}
				p.ExcusedAt, p.ExcusedBy, p.Excuse = time.Time{}, "", ""
			}
		}
		return ledger.TaskDone, Note{UnitID: unitID, Kind: "done", Body: note}, nil, nil
	})
}

// Tell adds a note on progress, and answers one that was asked for.
func (s *Service) Tell(ctx context.Context, actor policy.Actor, id, unitID, note string) (ledger.Ack, error) {
	return s.act(ctx, actor, id, does(actor, unitID), func(tx *ledger.Tx, t *Task) (ledger.Type, Note, []string, error) {
		note, err := reasonOf(note, "note")
		if err != nil {
			return "", Note{}, nil, err
		}
		for i := range t.Parts {
			if t.Parts[i].UnitID == unitID {
				t.Parts[i].AskedAt = time.Time{}
			}
		}
		return ledger.TaskChanged, Note{UnitID: unitID, Kind: "note", Body: note}, nil, nil
	})
}

// Ask asks the units that owe a share how far they are; one unit, or all of them.
func (s *Service) Ask(ctx context.Context, actor policy.Actor, id, unitID, words string) (ledger.Ack, error) {
	return s.act(ctx, actor, id, manages(actor), func(tx *ledger.Tx, t *Task) (ledger.Type, Note, []string, error) {
		if err := open(*t); err != nil {
			return "", Note{}, nil, err
		}
		var asked []string
		for i := range t.Parts {
			if p := &t.Parts[i]; p.Owes() && (unitID == "" || p.UnitID == unitID) {
				p.AskedAt = tx.At()
				asked = append(asked, p.UnitID)
			}
		}
		if asked == nil {
			return "", Note{}, nil, fault.New(fault.Conflict, "task.part.ticked")
		}
		return ledger.TaskChanged, Note{UnitID: unitID, Kind: "asked", Body: lang.Clean(words)}, asked, nil
	})
}

// Excuse relieves a unit of its share, with a reason that stays beside it.
func (s *Service) Excuse(ctx context.Context, actor policy.Actor, id, unitID, reason string) (ledger.Ack, error) {
	return s.act(ctx, actor, id, manages(actor), func(tx *ledger.Tx, t *Task) (ledger.Type, Note, []string, error) {
		if err := open(*t); err != nil {
			return "", Note{}, nil, err
		}
		part, ok := t.Part(unitID)
		if !ok {
			return "", Note{}, nil, fault.New(fault.NotFound, "task.part.missing")
		}
		if !part.Owes() {
			return "", Note{}, nil, fault.New(fault.Conflict, "task.part.ticked")
		}
		reason, err := reasonOf(reason, "reason")
		if err != nil {
			return "", Note{}, nil, err
		}
		for i := range t.Parts {
			if p := &t.Parts[i]; p.UnitID == unitID {
				p.ExcusedAt, p.ExcusedBy, p.Excuse, p.AskedAt = tx.At(), actor.Office, reason, time.Time{}
			}
		}
		return ledger.TaskChanged, Note{UnitID: unitID, Kind: "excused", Body: reason}, []string{unitID}, nil
	})
}

// Reopen gives a unit its share back: the product was not what was asked for.
func (s *Service) Reopen(ctx context.Context, actor policy.Actor, id, unitID, reason string) (ledger.Ack, error) {
	return s.act(ctx, actor, id, manages(actor), func(tx *ledger.Tx, t *Task) (ledger.Type, Note, []string, error) {
		part, ok := t.Part(unitID)
		if !ok {
			return "", Note{}, nil, fault.New(fault.NotFound, "task.part.missing")
		}
		if part.Owes() || t.State == Cancelled {
			return "", Note{}, nil, fault.New(fault.Conflict, "task.part.open")
		}
		reason, err := reasonOf(reason, "reason")
		if err != nil {
			return "", Note{}, nil, err
		}
		for i := range t.Parts {
			if p := &t.Parts[i]; p.UnitID == unitID {
				*p = Part{UnitID: p.UnitID, Role: p.Role}
			}
		}
		t.State, t.ClosedAt = Open, time.Time{}
		return ledger.TaskChanged, Note{UnitID: unitID, Kind: "reopened", Body: reason}, []string{unitID}, nil
	})
}

// Cancel ends a task that is not to be done any more.
func (s *Service) Cancel(ctx context.Context, actor policy.Actor, id, reason string) (ledger.Ack, error) {
	return s.act(ctx, actor, id, manages(actor), func(tx *ledger.Tx, t *Task) (ledger.Type, Note, []string, error) {
		if err := open(*t); err != nil {
			return "", Note{}, nil, err
		}
		reason, err := reasonOf(reason, "reason")
		if err != nil {
			return "", Note{}, nil, err
		}
		t.State, t.Reason, t.ClosedAt = Cancelled, reason, tx.At()
		return ledger.TaskChanged, Note{Kind: "cancelled", Body: reason}, slices.Concat(t.Leads, t.With), nil
	})
}

// View is a task with its story and its products.
type View struct {
	Task
	Notes    []Note
	Products []evidence.Item
}

// Get returns a task to somebody of its cluster.
func (s *Service) Get(ctx context.Context, actor policy.Actor, id string) (View, error) {
	t, err := findTask(ctx, s.db, id)
	if err != nil {
		return View{}, err
	}
	if err := s.MayRead(ctx, actor, t.ClusterID); err != nil {
		return View{}, err
	}
	v := View{Task: t}
	if v.Notes, err = listNotes(ctx, s.db, id); err != nil {
		return v, err
	}
	v.Products, err = s.files.Items(ctx, nil, evidence.Use{Room: RoomName, Object: id})
	return v, err
}

// List returns the tasks of a cluster by their days.
func (s *Service) List(ctx context.Context, actor policy.Actor, clusterID string) ([]Task, error) {
	if err := s.MayRead(ctx, actor, clusterID); err != nil {
		return nil, err
	}
	return listTasks(ctx, s.db, `where t.cluster_id = $1`, clusterID)
}

// Owed returns the open tasks of which units still owe their share.
func (s *Service) Owed(ctx context.Context, units ...string) ([]Task, error) {
	return owed(ctx, s.db, units)
}

// AllOpen returns every open task, for reminders.
func (s *Service) AllOpen(ctx context.Context) ([]Task, error) {
	return listTasks(ctx, s.db, `where t.state = 'open'`)
}

// Some returns those of a cluster's tasks that ids name.
func (s *Service) Some(ctx context.Context, clusterID string, ids []string) ([]Task, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	marks, args := make([]string, len(ids)), []any{clusterID}
	for i, id := range ids {
		marks[i], args = "$"+strconv.Itoa(i+2), append(args, id)
	}
	return listTasks(ctx, s.db, `where t.cluster_id = $1 and t.id in (`+strings.Join(marks, ", ")+`)`, args...)
}
