package conference

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
)

// Delegate is somebody who is invited, by office. Name is only needed for badges, is
// shown to those who run the conference and to the bearer of the letter, and can be
// erased; no public page and no leaf has it.
type Delegate struct {
	ID, ConferenceID string
	Order            int64
	DelegateDraft
	Mark, Secret          string // together the code of the letter; the mark alone finds, it opens nothing
	Answer                Answer
	Reason                string // of declining
	Substitute            string // office that comes instead
	AnsweredAt            time.Time
	AnsweredBy            string // "" by the letter
	PresentAt             time.Time
	PresentHow, PresentBy string
	LeftAt                time.Time
	WalkIn                bool
	GaveFeedback          bool
	Version               int64
}

// DelegateDraft is what a person says of a delegate.
type DelegateDraft struct {
	UnitID string // "" for a guest
	Also   string // another unit of the cluster that the delegate comes for too, or ""
	Body   string // where a guest comes from, as typed
	Office string // chức danh, as typed: “UVTV, Trưởng Ban Dân vận”
	Name   string
	Role   string
	Rank   int64 // protocol order, the lowest first; 0 after all that have one
	Seat   string
}

// Answer to an invitation.
type Answer string

const (
	Invited   Answer = "invited"
	Confirmed Answer = "confirmed"
	Sends     Answer = "substitute"
	Declined  Answer = "declined"
)

// Roles of delegates, in their order on lists.
var Roles = []string{"chair", "secretary", "guest", "speaker", "member", "observer"}

func (d DelegateDraft) clean(units []string) (DelegateDraft, error) {
	d.Body, d.Office, d.Name, d.Seat = lang.Line(d.Body), lang.Line(d.Office), lang.Line(d.Name), lang.Line(d.Seat)
	var problems fault.List
	if d.Office == "" {
		problems.Add("office", "conference.delegate.office")
	}
	if d.UnitID == "" && d.Body == "" {
		problems.Add("unit", "conference.delegate.unit")
	}
	if d.UnitID != "" && !slices.Contains(units, d.UnitID) {
		problems.Add("unit", "conference.delegate.other")
	}
	if d.Also == d.UnitID {
		d.Also = ""
	}
	if d.Also != "" && (d.UnitID == "" || !slices.Contains(units, d.Also)) {
		problems.Add("also", "conference.delegate.other")
	}
	if !slices.Contains(Roles, d.Role) {
		problems.Add("role", "conference.delegate.role")
	}
	if d.Rank < 0 || d.Rank > 999 {
		problems.Add("rank", "conference.delegate.rank")
	}
	for field, text := range map[string]string{"office": d.Office, "body": d.Body, "name": d.Name} {
		if utf8.RuneCountInString(text) > 200 {
			problems.Add(field, "conference.long", 200)
		}
	}
	if utf8.RuneCountInString(d.Seat) > 20 {
		problems.Add("seat", "conference.long", 20)
	}
	return d, problems.Or()
}

// For reports whether the delegate comes for a unit: one of an office in two units comes
// for both, with one letter and one vote.
func (d Delegate) For(unitID string) bool {
	return unitID != "" && (d.UnitID == unitID || d.Also == unitID)
}

// Code is what stands in the letter: with it its bearer speaks for the delegate.
func (d Delegate) Code() string { return d.Mark + d.Secret }

// Spelled is the code as it is printed.
func (d Delegate) Spelled() string {
	code := d.Code()
	var parts []string
	for len(code) > 4 {
		parts, code = append(parts, code[:4]), code[4:]
	}
	return strings.Join(append(parts, code), "-")
}

// As is the office that comes: the delegate's, or the substitute's.
func (d Delegate) As() string {
	if d.Answer == Sends {
		return d.Substitute + " (dự thay)"
	}
	return d.Office
}

// Present reports whether the delegate is in the hall.
func (d Delegate) Present() bool { return !d.PresentAt.IsZero() && d.LeftAt.IsZero() }

// Votes reports whether the delegate has a vote: who comes for a unit, and is no guest nor
// observer.
func (d Delegate) Votes() bool { return d.UnitID != "" && d.Role != "guest" && d.Role != "observer" }

// Attended reports whether the delegate came at all.
func (d Delegate) Attended() bool { return !d.PresentAt.IsZero() }

// Attendance of a delegate as the minutes name it.
func (d Delegate) Attendance() string {
	switch {
	case d.Attended() && d.Answer == Sends:
		return "substitute"
	case d.Attended():
		return "present"
	case d.Answer == Declined:
		return "excused"
	}
	return "absent"
}

// byProtocol orders delegates: by rank, then role, then as they were entered.
func byProtocol(all []Delegate) {
	rank := func(n int64) int64 {
		if n == 0 {
			return 1000
		}
		return n
	}
	slices.SortStableFunc(all, func(a, b Delegate) int {
		return cmp.Or(cmp.Compare(rank(a.Rank), rank(b.Rank)), cmp.Compare(slices.Index(Roles, a.Role), slices.Index(Roles, b.Role)), cmp.Compare(a.Order, b.Order))
	})
}

// Count of delegates, of a unit or of all.
type Count struct {
	Invited, Confirmed, Substitute, Declined, Silent, Present, WalkIn, Excused int
}

func count(all []Delegate) (n Count) {
	for _, d := range all {
		if d.WalkIn {
			n.WalkIn++
		} else {
			n.Invited++
		}
		switch d.Answer {
		case Confirmed:
			n.Confirmed++
		case Sends:
			n.Substitute++
		case Declined:
			n.Declined++
			if !d.Attended() {
				n.Excused++
			}
		default:
			n.Silent++
		}
		if d.Attended() {
			n.Present++
		}
	}
	return n
}

// UnitPresence is a row of the board: who of a unit is here.
type UnitPresence struct {
	UnitID, Code, Name string
	Count
	Missing []Delegate
}

// Came is how many of those invited came.
func (n Count) Came() int { return n.Present - n.WalkIn }

// Quorum is how many units are represented, of how many that are invited. The cluster
// meets where more than half of them are.
type Quorum struct{ Here, Of int }

// Met reports whether more than half of the units are here.
func (q Quorum) Met() bool { return 2*q.Here > q.Of }

// quorum counts the units that have somebody in the hall.
func quorum(all []Delegate) (q Quorum) {
	here := map[string]bool{}
	for _, d := range all {
		if d.UnitID == "" || d.WalkIn && !d.Present() {
			continue
		}
		for _, u := range []string{d.UnitID, d.Also} {
			if u != "" {
				here[u] = here[u] || d.Present()
			}
		}
	}
	for _, is := range here {
		q.Of++
		if is {
			q.Here++
		}
	}
	return q
}

// Scan is a delegate seen at a desk. ID is made by the desk, so that a scan sent twice is
// one; At is the desk's time, corrected by how far its clock was off when it sent.
type Scan struct {
	ID       string `json:"id"`
	Mark     string `json:"mark"`     // or
	Delegate string `json:"delegate"` // its id
	How      string `json:"how"`      // "scan", "list", "paper", "walkin", "out"
	At       int64  `json:"at"`       // of the desk's clock, Unix milliseconds
	// Of a walk-in only:
	Unit   string `json:"unit"`
	Body   string `json:"body"`
	Office string `json:"office"`
	Name   string `json:"name"`
}

// Scanned says what became of a scan. Kind is "present", "again" (since when, at which
// desk), "out", "unknown" or "refused".
type Scanned struct {
	ID       string `json:"id"`
	Kind     string `json:"kind"`
	Delegate string `json:"delegate,omitempty"`
	Words    string `json:"words"`
	Args     []any  `json:"-"`               // of Words, where it is a key of the catalogue
	Field    string `json:"field,omitempty"` // of a walk-in that was refused
}

// seen is one scan of a delegate in the log: when, at which desk, and how.
type seen struct {
	id, desk, how string
	at, got       time.Time
}

// replay reads presence from all scans of a delegate, in the order of their times: desks
// that were offline hand theirs in late, and it is the same whichever came first. Doubles
// are those of somebody who was in the hall already.
func (d *Delegate) replay(log []seen) (doubles []seen) {
	slices.SortStableFunc(log, func(a, b seen) int {
		return cmp.Or(a.at.Compare(b.at), a.got.Compare(b.got), cmp.Compare(flag(a.how == "out"), flag(b.how == "out")), strings.Compare(a.id, b.id))
	})
	d.PresentAt, d.PresentHow, d.PresentBy, d.LeftAt = time.Time{}, "", "", time.Time{}
	for _, s := range log {
		switch {
		case s.how == "out":
			if d.Present() {
				d.LeftAt = s.at
			}
		case d.PresentAt.IsZero():
			d.PresentAt, d.PresentHow, d.PresentBy = s.at, s.how, s.desk
		case !d.LeftAt.IsZero(): // came back
			d.LeftAt = time.Time{}
		default:
			doubles = append(doubles, s)
		}
	}
	return doubles
}

// skewed corrects a desk's time by its clock: sent is what that clock said when the
// scans were sent, got what ours said when they came. A time after that is ours, and so is
// one long before: that clock is not off, it is wrong.
func skewed(at, sent int64, got time.Time) time.Time {
	t := got.Add(time.Duration(at-sent) * time.Millisecond)
	if sent == 0 || t.After(got) || got.Sub(t) > 48*time.Hour {
		return got
	}
	return t
}

// earliest is when somebody can have come to a conference: a day before it begins, or before
// now where that is earlier still, as in a rehearsal.
func (c Conference) earliest(now time.Time) time.Time {
	if now.After(c.Starts) {
		now = c.Starts
	}
	return now.Add(-24 * time.Hour)
}
