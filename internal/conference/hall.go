package conference

import (
	"cmp"
	"slices"
	"time"
	"unicode/utf8"

	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
)

// Speech is one turn to speak: asked for, called, spoken.
type Speech struct {
	ID, ConferenceID, Item string
	DelegateID             string // "" where the chair calls somebody who is on no list
	UnitID                 string
	Label                  string // office and unit as the screen shows them
	Kind                   string // "speech" phát biểu, "reply" trao đổi lại, "paper" tham luận
	Subject                string
	How                    string // "phone", "hand", "chair"
	State                  SpeechState
	Order                  int64
	Minutes                int64
	AskedAt, Start, End    time.Time
	Note                   Note // what was said, for the minutes
}

// SpeechState is where a request stands.
type SpeechState string

const (
	Waiting   SpeechState = "waiting"
	Speaking  SpeechState = "speaking"
	Spoken    SpeechState = "spoken"
	Dropped   SpeechState = "dropped"   // by the chair
	Withdrawn SpeechState = "withdrawn" // by who asked
)

// Lasted is how long the speech took, until now where it goes on.
func (s Speech) Lasted(now time.Time) time.Duration {
	switch {
	case s.Start.IsZero():
		return 0
	case s.End.IsZero():
		return now.Sub(s.Start)
	}
	return s.End.Sub(s.Start)
}

// Turns is how often, and how long, a unit has spoken from the floor. Papers, which the
// programme gives, are not counted.
type Turns struct {
	N    int
	Time time.Duration
}

// turnsOf counts the turns by unit; guests count under their label.
func turnsOf(all []Speech, now time.Time) map[string]Turns {
	turns := map[string]Turns{}
	for _, s := range all {
		if s.Kind == "paper" || s.State != Spoken && s.State != Speaking {
			continue
		}
		t := turns[s.side()]
		t.N++
		t.Time += s.Lasted(now)
		turns[s.side()] = t
	}
	return turns
}

// side is whom a speech is counted for.
func (s Speech) side() string {
	if s.UnitID != "" {
		return s.UnitID
	}
	return s.Label
}

// Suggest orders those who wait: a reply first, then units that have spoken less often,
// then for less time, then who asked first; and a unit that waits twice speaks its second
// turn after everybody's first. The chair decides.
func Suggest(all []Speech, now time.Time) []Speech {
	turns := turnsOf(all, now)
	var waiting []Speech
	for _, s := range all {
		if s.State == Waiting {
			waiting = append(waiting, s)
		}
	}
	slices.SortStableFunc(waiting, func(a, b Speech) int { return cmp.Or(a.AskedAt.Compare(b.AskedAt), cmp.Compare(a.ID, b.ID)) })
	ahead := map[string]int{}
	nth := map[string]int{}
	for _, s := range waiting {
		nth[s.ID] = ahead[s.side()]
		ahead[s.side()]++
	}
	reply := func(s Speech) int {
		if s.Kind == "reply" {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(waiting, func(a, b Speech) int {
		x, y := turns[a.side()], turns[b.side()]
		return cmp.Or(cmp.Compare(reply(a), reply(b)), cmp.Compare(x.N+nth[a.ID], y.N+nth[b.ID]), cmp.Compare(x.Time, y.Time))
	})
	return waiting
}

// waitingIn are those who wait, in the chair's order.
func waitingIn(all []Speech) []Speech {
	var waiting []Speech
	for _, s := range all {
		if s.State == Waiting {
			waiting = append(waiting, s)
		}
	}
	slices.SortStableFunc(waiting, func(a, b Speech) int {
		return cmp.Or(cmp.Compare(a.Order, b.Order), a.AskedAt.Compare(b.AskedAt), cmp.Compare(a.ID, b.ID))
	})
	return waiting
}

// Vote asks the hall. Way is "hands" (counted by people), "phone" (advisory, sealed until
// closed) or "paper" (a secret ballot, of which the totals are entered).
type Vote struct {
	ID, ConferenceID, Item  string
	Question, Way           string
	Open                    bool
	Present                 int64 // delegates with a vote in the hall: when it was opened, then when it was closed
	Yes, No, Abstain        int64
	Issued, Returned, Valid int64 // of a paper ballot
	OpenedAt, ClosedAt      time.Time
	Office                  string
	Cast                    int64  // how many have voted by phone; who is asked apart
	Cancelled               string // why it was cancelled, "" where it was not
}

// Closed reports whether it has a result.
func (v Vote) Closed() bool { return !v.Open && v.Cancelled == "" }

// Ways to vote, and the Choices there are.
var (
	Ways    = []string{"hands", "phone", "paper"}
	Choices = []string{"yes", "no", "abstain"}
)

// Voted is how many took part.
func (v Vote) Voted() int64 { return v.Yes + v.No + v.Abstain }

// Silent is how many were there and did not take part, where hands were counted.
func (v Vote) Silent() int64 { return v.Present - v.Voted() }

// Passed reports whether more than half of those present agreed.
func (v Vote) Passed() bool { return 2*v.Yes > v.Present }

// check says what is wrong with totals that people counted. Fewer hands than delegates
// are counted only where silent says that the others did not vote.
func (v Vote) check(silent bool) error {
	var problems fault.List
	for _, x := range []struct {
		field string
		n     int64
	}{{"yes", v.Yes}, {"no", v.No}, {"abstain", v.Abstain}, {"issued", v.Issued}, {"returned", v.Returned}, {"valid", v.Valid}} {
		if x.n < 0 {
			problems.Add(x.field, "conference.vote.number")
		}
	}
	if problems != nil {
		return problems
	}
	switch {
	case v.Way == "hands" && v.Voted() > v.Present:
		return fault.New(fault.Invalid, "conference.vote.sum", v.Voted(), v.Present).In("yes")
	case v.Way == "hands" && v.Voted() < v.Present && !silent:
		return fault.New(fault.Invalid, "conference.vote.fewer", v.Voted(), v.Present, v.Silent()).In("silent")
	case v.Way == "paper" && v.Issued > v.Present:
		return fault.New(fault.Invalid, "conference.vote.issued", v.Issued, v.Present).In("issued")
	case v.Way == "paper" && v.Returned > v.Issued:
		return fault.New(fault.Invalid, "conference.vote.returned", v.Returned, v.Issued).In("returned")
	case v.Way == "paper" && v.Valid > v.Returned:
		return fault.New(fault.Invalid, "conference.vote.valid", v.Valid, v.Returned).In("valid")
	case v.Way == "paper" && v.Voted() != v.Valid:
		return fault.New(fault.Invalid, "conference.vote.papers", v.Voted(), v.Valid).In("yes")
	}
	return nil
}

func subjectOf(text string) (string, error) {
	text = lang.Line(text)
	if utf8.RuneCountInString(text) > 200 {
		return "", fault.New(fault.Invalid, "conference.long", 200).In("subject")
	}
	return text, nil
}

// Hall is what everybody in the hall may see: the screen and the phones show it. It names
// offices and units, no persons.
type Hall struct {
	State   State      `json:"state"`
	Item    *HallItem  `json:"item"`
	Speaker *HallTurn  `json:"speaker"`
	Queue   []HallTurn `json:"queue"` // the first twenty
	Order   []string   `json:"order"` // the first eight letters of the ids of all that wait, at most 400
	Waiting int        `json:"waiting"`
	Taking  bool       `json:"taking"`
	Next    []HallItem `json:"next"` // the next three items
	Vote    *HallVote  `json:"vote"`
	Present int        `json:"present"`
	Invited int        `json:"invited"`
	Done    []string   `json:"done"` // items that are over
}

// HallItem is an item as the hall sees it; times are Unix milliseconds.
type HallItem struct {
	ID        string `json:"id"`
	N         int    `json:"n"`
	Title     string `json:"title"`
	Presenter string `json:"presenter"`
	Kind      string `json:"kind"`
	Since     int64  `json:"since,omitempty"`
	Until     int64  `json:"until,omitempty"` // by when its minutes are over
	Planned   int64  `json:"planned"`
}

// HallTurn is a speech as the hall sees it.
type HallTurn struct {
	ID      string `json:"id"`
	Label   string `json:"label"`
	Kind    string `json:"kind"`
	Subject string `json:"subject,omitempty"`
	Since   int64  `json:"since,omitempty"`
	Until   int64  `json:"until,omitempty"`
}

// Ends is by when the item's minutes are over.
func (x HallItem) Ends() time.Time { return time.UnixMilli(x.Until) }

// Ends is by when the speech's minutes are over.
func (x HallTurn) Ends() time.Time { return time.UnixMilli(x.Until) }

// HallVote is a vote as the hall sees it: no number before it is closed.
type HallVote struct {
	ID       string `json:"id"`
	Question string `json:"question"`
	Way      string `json:"way"`
	Open     bool   `json:"open"`
	Present  int64  `json:"present"`
	Closed   int64  `json:"closed,omitempty"` // when, to take it off the screen after three minutes
	Yes      int64  `json:"yes,omitempty"`
	No       int64  `json:"no,omitempty"`
	Abstain  int64  `json:"abstain,omitempty"`
	Passed   bool   `json:"passed,omitempty"`
}

// shownFor is how long the result of a vote stays on the screen.
const shownFor = 3 * time.Minute

// hallOf makes the state of the hall.
func hallOf(v View, now time.Time) Hall {
	c := v.Conference
	h := Hall{State: c.State, Taking: c.Taking && c.State == Live, Present: v.present, Invited: v.invited, Queue: []HallTurn{}, Order: []string{}, Next: []HallItem{}, Done: []string{}}
	at := -1
	for i, s := range v.Shows() {
		item := HallItem{ID: s.ID, N: s.N, Title: s.Title, Presenter: s.Presenter, Kind: s.Kind, Planned: s.Starts.UnixMilli()}
		switch {
		case s.ID == c.Current:
			at = i
			item.Since, item.Until = c.CurrentSince.UnixMilli(), c.CurrentSince.Add(s.End.Sub(s.Starts)).UnixMilli()
			h.Item = &item
		case at >= 0 || c.Current == "" && c.State != Closed:
			if len(h.Next) < 3 {
				h.Next = append(h.Next, item)
			}
		}
	}
	for _, r := range v.Runs {
		if !r.End.IsZero() && r.Item != c.Current && !slices.Contains(h.Done, r.Item) {
			h.Done = append(h.Done, r.Item)
		}
	}
	for _, s := range v.Speeches {
		if s.State == Speaking {
			h.Speaker = &HallTurn{ID: s.ID, Label: s.Label, Kind: s.Kind, Subject: s.Subject, Since: s.Start.UnixMilli(), Until: s.Start.Add(time.Duration(s.Minutes) * time.Minute).UnixMilli()}
		}
	}
	for i, s := range waitingIn(v.Speeches) {
		h.Waiting++
		if i < 20 {
			h.Queue = append(h.Queue, HallTurn{ID: s.ID, Label: s.Label, Kind: s.Kind, Subject: s.Subject})
		}
		if i < 400 {
			h.Order = append(h.Order, s.ID[:min(8, len(s.ID))])
		}
	}
	for _, x := range v.Votes { // the newest first
		if x.Cancelled != "" || !x.Open && now.Sub(x.ClosedAt) > shownFor {
			continue
		}
		h.Vote = &HallVote{ID: x.ID, Question: x.Question, Way: x.Way, Open: x.Open, Present: x.Present}
		if !x.Open {
			h.Vote.Closed = x.ClosedAt.UnixMilli()
			h.Vote.Yes, h.Vote.No, h.Vote.Abstain, h.Vote.Passed = x.Yes, x.No, x.Abstain, x.Passed()
		}
		break
	}
	return h
}
