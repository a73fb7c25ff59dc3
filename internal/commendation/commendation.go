// Package commendation proposes and records the titles of units (khen thưởng tập
// thể): who may have which title and by which rule not, the ballot on paper, the
// dossier's forms F6 to F11, the decision, the certificate and its public page. It
// knows units only, never persons.
//
// commendation.go holds the rules; store.go the SQL; service.go the acts that write;
// forms.go the documents; certificate.go what is printed on pre-printed sheets; web.go
// the pages.
package commendation

import (
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"dongthuan/internal/cluster"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/legal"
)

//go:embed text.json
var Text []byte

//go:embed pages/*.html
var Pages embed.FS

//go:embed rules.json
var shipped []byte

// Rule is a condition of eligibility, as dated data.
type Rule struct {
	ID      string   `json:"id"`
	Check   string   `json:"check"`  // counts, points, void, record, before
	Kind    string   `json:"kind"`   // of the record, where Check is record
	Titles  []string `json:"titles"` // codes it is for; none is all
	VI      string   `json:"vi"`
	EN      string   `json:"en"`
	Article string   `json:"article"`
	From    string   `json:"from"` // yyyy-mm-dd
	To      string   `json:"to"`   // the first day it no longer holds
}

// Words say what the rule asks.
func (r Rule) Words(l string) string {
	if l == "en" {
		return r.EN
	}
	return r.VI
}

func (r Rule) on(day string) bool { return r.From <= day && (r.To == "" || day < r.To) }

// Title is what a unit can be given. Max is how many units, 0 without limit; Points the
// least, in tenths. Threshold names a share of legal's, taken of Base.
type Title struct {
	Code      string `json:"code"`
	Name      string `json:"name"`
	Max       int64  `json:"max"`
	Points    int64  `json:"points"`
	Ballot    bool   `json:"ballot"`
	Threshold string `json:"threshold"`
	Base      string `json:"base"` // valid, present, members
}

// thresholds are the shares a title can ask for.
var thresholds = []string{"NB-12", "NB-13", "NB-14", "NB-15"}

// bases are what a share can be taken of.
var bases = []string{"valid", "present", "members"}

// quorum is the share of members that must be present.
const quorum = "NB-11"

var defaults = func() (d struct {
	Rules  []Rule  `json:"rules"`
	Titles []Title `json:"titles"`
}) {
	if err := json.Unmarshal(shipped, &d); err != nil {
		panic(fmt.Sprintf("commendation: rules.json: %v", err))
	}
	return d
}()

// State of a round.
type State string

const (
	Open     State = "open"     // candidates and ballots
	Proposed State = "proposed" // the dossier is with the superior
	Decided  State = "decided"
)

// Round is the commendation of one period.
type Round struct {
	ID, PeriodID, ClusterID string
	State                   State
	Titles                  []Title
	Version                 int64
	Office                  string
	At                      time.Time // the law of this day holds
	ProposedAt              time.Time
	Number                  string // of the decision
	Dated                   time.Time
	Issuer                  string
	DecidedAt               time.Time
	Candidates              map[string][]string // unit ids by title
	Ballots                 []Ballot            // every counting, the last of a title first
	Awards                  []Award
}

// Title returns a title of the round.
func (r Round) Title(code string) (Title, bool) {
	i := slices.IndexFunc(r.Titles, func(t Title) bool { return t.Code == code })
	if i < 0 {
		return Title{}, false
	}
	return r.Titles[i], true
}

// Last returns the last counting of a title.
func (r Round) Last(title string) (Ballot, bool) {
	i := slices.IndexFunc(r.Ballots, func(b Ballot) bool { return b.Title == title })
	if i < 0 {
		return Ballot{}, false
	}
	return r.Ballots[i], true
}

// Award is a title that a unit was given. Code is its public address.
type Award struct {
	Code, RoundID, UnitID, Title, Name string
	At                                 time.Time
}

// Record is a document that excludes a unit for a time.
type Record struct {
	ID, ClusterID, UnitID string
	Kind                  string
	From, To              time.Time // days; To is the last, zero without end
	Number                string
	Dated                 time.Time
	Issuer, Abstract      string
	Office                string
	At                    time.Time
	EndedWhy              string
	EndedAt               time.Time
}

// Kinds of records, as in the rules.
var Kinds = []string{"disciplined", "disunity", "falsified", "awarded"}

// Document names the record's document as an official writes it.
func (r Record) Document() string {
	return r.Number + ", " + lang.Date(r.Dated) + ", " + r.Issuer + ": " + r.Abstract
}

// touches reports whether the record holds on a day of the period.
func (r Record) touches(p cluster.Period) bool {
	return r.EndedAt.IsZero() && !r.From.After(p.Ends) && (r.To.IsZero() || !r.To.Before(p.Starts))
}

// Standing is what a unit's year came to, handed over by emulation.
type Standing struct {
	UnitID, Code, Name string
	SheetID            string
	Rank               int
	Total              int64 // tenths
	Groups             []int64
	Class              string
	ClassBefore        string // of the period before, "" where it was not ranked
	Verified           bool
	Trial              bool
	Void               []string // codes of criteria voided, with why
	Titles, Models     []string // registered
	Figures            []Figure
	Strengths          []string // lines where it has more than the median
}

// Figure is one number of the unit's year.
type Figure struct{ Label, Unit, Last, Value string }

// Failure is a rule that a unit does not meet, and by what.
type Failure struct {
	Rule   Rule
	By     string // the record, in words; "" where the rule says all
	Record string // id of the record
}

// classes from which a class before counts as good.
var good = []string{"Xuất sắc", "Tốt"}

// Eligible returns the rules a unit fails for a title, none where it may have it.
func (r Round) Eligible(t Title, s Standing, p cluster.Period, records []Record) []Failure {
	var all []Failure
	day := r.At.In(lang.Vietnam).Format("2006-01-02")
	for _, rule := range defaults.Rules {
		if !rule.on(day) || len(rule.Titles) > 0 && !slices.Contains(rule.Titles, t.Code) {
			continue
		}
		switch rule.Check {
		case "counts":
			if !s.Verified || s.Trial {
				all = append(all, Failure{Rule: rule})
			}
		case "points":
			if s.Total < t.Points {
				all = append(all, Failure{Rule: rule, By: lang.Points("vi", s.Total) + " < " + lang.Points("vi", t.Points)})
			}
		case "void":
			if len(s.Void) > 0 {
				all = append(all, Failure{Rule: rule, By: strings.Join(s.Void, "; ")})
			}
		case "before":
			if s.ClassBefore != "" && !slices.Contains(good, s.ClassBefore) {
				all = append(all, Failure{Rule: rule, By: s.ClassBefore})
			}
		case "record":
			for _, rec := range records {
				if rec.UnitID == s.UnitID && rec.Kind == rule.Kind && rec.touches(p) {
					all = append(all, Failure{rule, rec.Document(), rec.ID})
				}
			}
		}
	}
	return all
}

// Ballot is one counting of a secret ballot on paper: totals only.
type Ballot struct {
	ID, RoundID, Title string
	N                  int64
	Members, Present   int64
	Issued, Returned   int64
	Valid              int64
	Threshold, Base    string
	Place              string
	HeldAt             time.Time
	Board              string // offices of the tally board, one a line
	Reason             string // why it was counted again
	Office             string
	At                 time.Time
	Votes              map[string]int64 // by unit id
}

// of is what the share is taken of.
func (b Ballot) of() int64 {
	switch b.Base {
	case "present":
		return b.Present
	case "members":
		return b.Members
	}
	return b.Valid
}

// Check returns what cannot be: more papers than members, more votes than papers.
func (b Ballot) Check(t Title, candidates []string, share legal.Threshold) error {
	var problems fault.List
	for _, x := range []struct {
		field     string
		n, atMost int64
	}{{"members", b.Members, 1000}, {"present", b.Present, b.Members}, {"issued", b.Issued, b.Present}, {"returned", b.Returned, b.Issued}, {"valid", b.Valid, b.Returned}} {
		if x.n < 0 || x.n > x.atMost || x.field == "members" && x.n == 0 {
			problems.Add(x.field, "commendation.ballot."+x.field, x.atMost)
		}
	}
	if len(problems) == 0 && !share.Passes(b.Present, b.Members) {
		problems.Add("present", "commendation.ballot.quorum", share.Least(b.Members), b.Members)
	}
	var sum int64
	for _, u := range candidates {
		if n, ok := b.Votes[u]; !ok || n < 0 || n > b.Valid {
			problems.Add("v-"+u, "commendation.ballot.votes", b.Valid)
		} else {
			sum += n
		}
	}
	if each := t.Max; each > 0 && sum > b.Valid*each {
		problems.Add("valid", "commendation.ballot.sum", sum, b.Valid, each)
	}
	if b.HeldAt.IsZero() {
		problems.Add("held", "commendation.ballot.held")
	}
	if len(lines(b.Board)) < 3 {
		problems.Add("board", "commendation.ballot.board")
	}
	if b.N > 1 && b.Reason == "" {
		problems.Add("reason", "commendation.reason")
	}
	return problems.Or()
}

// Tally is one candidate's outcome.
type Tally struct {
	UnitID  string
	Votes   int64
	Of      int64
	Passed  bool // the share is reached
	Elected bool // and there is a place for it
	Tied    bool // as many votes as another at the last place: to be voted on again
}

// Outcome says who is acclaimed: those who reach the share, as many as there are
// places, by votes. Equal votes at the last place elect none of them.
func (b Ballot) Outcome(t Title, share legal.Threshold) []Tally {
	var all []Tally
	for u, n := range b.Votes {
		all = append(all, Tally{UnitID: u, Votes: n, Of: b.of(), Passed: b.of() > 0 && share.Passes(n, b.of())})
	}
	slices.SortFunc(all, func(a, c Tally) int {
		if a.Votes != c.Votes {
			return int(c.Votes - a.Votes)
		}
		return strings.Compare(a.UnitID, c.UnitID)
	})
	places := len(all)
	if t.Max > 0 {
		places = int(t.Max)
	}
	for i := range all {
		if !all[i].Passed {
			continue
		}
		// Those with at least as many votes: they all have to fit.
		n := 0
		for _, o := range all {
			if o.Passed && o.Votes >= all[i].Votes {
				n++
			}
		}
		switch {
		case n <= places:
			all[i].Elected = true
		case i < places || slices.ContainsFunc(all[:min(places, len(all))], func(o Tally) bool { return o.Votes == all[i].Votes }):
			all[i].Tied = true
		}
	}
	return all
}

func lines(text string) []string {
	var all []string
	for line := range strings.SplitSeq(text, "\n") {
		if line = lang.Line(line); line != "" {
			all = append(all, line)
		}
	}
	return all
}
