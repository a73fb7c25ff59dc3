// Package task keeps key tasks (nhiệm vụ trọng tâm): who leads, who cooperates, by
// when, with which product; and shows a person's work, all that the actor's units
// owe, by when.
//
// task.go holds the rules, duty.go the page of duties that every room hands its own
// to, store.go the SQL, service.go the acts that write, xlsx.go the workbooks,
// web.go the pages.
package task

import (
	"embed"
	"slices"
	"time"
	"unicode/utf8"

	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
)

//go:embed text.json
var Text []byte

//go:embed pages/*.html
var Pages embed.FS

// RoomName is what evidence and deadlines of this room are kept under.
const RoomName = "task"

// State of a task.
type State string

const (
	Open      State = "open"
	Done      State = "done"      // every leading unit has ticked it, with its product
	Cancelled State = "cancelled" // with a reason
)

// Role of a unit in a task.
type Role string

const (
	Leads Role = "lead" // chủ trì: answers for the product
	With  Role = "with" // phối hợp: ticks its own share
)

// Task is something to be done by a day, with a product that shows it.
type Task struct {
	ID, ClusterID string
	Number        int64
	Draft
	State     State
	Reason    string // of the cancelling
	Version   int64
	Office    string // that set it
	CreatedAt time.Time
	ClosedAt  time.Time
	Parts     []Part
}

// Draft is what a person says of a task.
type Draft struct {
	Title   string
	Product string // what shows that it is done
	Source  string // conclusion, programme: number and date
	Due     time.Time
	Leads   []string // ids of units
	With    []string
}

// End is the moment at which the last day has passed.
func (d Draft) End() time.Time { return d.Due.AddDate(0, 0, 1) }

// Part is one unit's share.
type Part struct {
	UnitID            string
	Role              Role
	DoneAt            time.Time
	DoneBy            string
	ExcusedAt         time.Time
	ExcusedBy, Excuse string
	AskedAt           time.Time // progress was asked for and has not been told since
}

// Owes reports whether the unit still has something to do.
func (p Part) Owes() bool { return p.DoneAt.IsZero() && p.ExcusedAt.IsZero() }

// Part returns a unit's share.
func (t Task) Part(unitID string) (Part, bool) {
	i := slices.IndexFunc(t.Parts, func(p Part) bool { return p.UnitID == unitID })
	if i < 0 {
		return Part{}, false
	}
	return t.Parts[i], true
}

// Late reports whether the task is open past its day.
func (t Task) Late(now time.Time) bool { return t.State == Open && !now.Before(t.End()) }

// Ticked counts the units that have done their share, and all that have one.
func (t Task) Ticked() (done, all int) {
	for _, p := range t.Parts {
		if !p.Owes() {
			done++
		}
	}
	return done, len(t.Parts)
}

// finished reports whether no leading unit owes anything, and at least one did its
// share: a task of which everybody was excused is cancelled, not done.
func (t Task) finished() bool {
	some := false
	for _, p := range t.Parts {
		if p.Role == Leads {
			if p.Owes() {
				return false
			}
			some = some || !p.DoneAt.IsZero()
		}
	}
	return some
}

// Note is a line of a task's story.
type Note struct {
	ID, UnitID, Office, Kind, Body string
	At                             time.Time
}

const (
	maxTitle = 500
	maxText  = 2000
)

// clean is the draft as it is kept, and what is wrong with it. units are those that
// may have a share.
func (d Draft) clean(units []string) (Draft, error) {
	d.Title, d.Product, d.Source = lang.Line(d.Title), lang.Clean(d.Product), lang.Line(d.Source)
	var problems fault.List
	switch {
	case d.Title == "":
		problems.Add("title", "task.title.missing")
	case utf8.RuneCountInString(d.Title) > maxTitle:
		problems.Add("title", "task.long", maxTitle)
	}
	switch {
	case d.Product == "":
		problems.Add("product", "task.product.missing")
	case utf8.RuneCountInString(d.Product) > maxText:
		problems.Add("product", "task.long", maxText)
	}
	if utf8.RuneCountInString(d.Source) > maxTitle {
		problems.Add("source", "task.long", maxTitle)
	}
	if d.Due.IsZero() {
		problems.Add("due", "task.due.missing")
	}
	if len(d.Leads) == 0 {
		problems.Add("leads", "task.leads.missing")
	}
	seen := map[string]bool{}
	for _, id := range slices.Concat(d.Leads, d.With) {
		if !slices.Contains(units, id) {
			problems.Add("leads", "task.unit.other")
		}
		if seen[id] {
			problems.Add("with", "task.unit.twice")
		}
		seen[id] = true
	}
	return d, problems.Or()
}
