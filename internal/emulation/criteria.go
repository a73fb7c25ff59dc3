package emulation

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"dongthuan/internal/fault"
	"dongthuan/internal/indicator"
	"dongthuan/internal/lang"
	"dongthuan/internal/score"
)

// Criteria is one version of a period's criteria table. It is never edited once
// published: a change is the next version, and a sheet keeps the one it was
// given under.
type Criteria struct {
	ID, PeriodID string
	Version      int64
	Published    bool
	PublishedAt  time.Time
	NA           score.Policy // what a criterion that does not apply does to its group
	BonusCap     int64        // tenths
	Classes      []score.Class
	TieBreakers  []score.TieBreaker
	Note         string
	Groups       []Group
	Inputs       []Input // every figure a sheet asks for, each indicator once
	Extras       []Extra
}

// Group of criteria. Max is in tenths and equals the sum of its criteria's.
type Group struct {
	ID, Code, Name string
	Max            int64
	Criteria       []Criterion
}

// Criterion is one line of the table.
type Criterion struct {
	ID, Code, Name   string
	GroupCode        string
	Max              int64 // tenths
	UnitLabel        string
	Rule             score.Rule
	EvidenceRequired bool
	MayNotApply      bool
	Definition       string
	Inputs           []Input // in the order the rule takes them
}

// Input is a figure that a sheet asks for.
type Input struct {
	Indicator  string // code of its definition
	Label      string
	UnitLabel  string
	Definition string
	Criterion  string // id of the criterion it is for, "" for a figure without points
}

// Extra is an item of the bonus or the deduction ledger.
type Extra struct {
	ID       string
	Bonus    bool
	Code     string
	Name     string
	Points   int64 // tenths for each case
	MaxCases int64 // 0 means no limit
}

// Criterion returns the criterion with a code.
func (c Criteria) Criterion(code string) (Criterion, bool) {
	for _, g := range c.Groups {
		for _, cr := range g.Criteria {
			if cr.Code == code {
				return cr, true
			}
		}
	}
	return Criterion{}, false
}

// All returns the criteria of all groups in order.
func (c Criteria) All() []Criterion {
	var all []Criterion
	for _, g := range c.Groups {
		all = append(all, g.Criteria...)
	}
	return all
}

// Input returns the input of an indicator.
func (c Criteria) Input(code string) (Input, bool) {
	i := slices.IndexFunc(c.Inputs, func(in Input) bool { return in.Indicator == code })
	if i < 0 {
		return Input{}, false
	}
	return c.Inputs[i], true
}

// Extra returns an item of a ledger by its id.
func (c Criteria) Extra(id string) (Extra, bool) {
	i := slices.IndexFunc(c.Extras, func(e Extra) bool { return e.ID == id })
	if i < 0 {
		return Extra{}, false
	}
	return c.Extras[i], true
}

// Max is the sum of the groups, in tenths.
func (c Criteria) Max() int64 {
	var sum int64
	for _, g := range c.Groups {
		sum += g.Max
	}
	return sum
}

// Check returns everything that is wrong with the table, each with the code of
// its group or criterion: sums that do not add up, codes given twice, rules that
// do not take the inputs given, indicators that mean two things.
func (c Criteria) Check() error {
	var problems fault.List
	if len(c.Groups) == 0 {
		problems.Add("", "emulation.criteria.empty")
	}
	seen := map[string]bool{}
	labels := map[string]string{}
	for _, g := range c.Groups {
		if g.Code == "" || seen["g"+g.Code] {
			problems.Add(g.Code, "emulation.criteria.group.twice", g.Code)
		}
		seen["g"+g.Code] = true
		var sum int64
		for _, cr := range g.Criteria {
			sum += cr.Max
			if cr.Code == "" || seen[cr.Code] {
				problems.Add(cr.Code, "emulation.criteria.code.twice", cr.Code)
			}
			seen[cr.Code] = true
			if cr.Name == "" {
				problems.Add(cr.Code, "emulation.criteria.name.missing", cr.Code)
			}
			if want := len(cr.Rule.Inputs()); want != len(cr.Inputs) {
				problems.Add(cr.Code, "emulation.criteria.inputs", cr.Code, want, len(cr.Inputs))
			}
			for _, in := range cr.Inputs {
				checkInput(&problems, labels, in, cr.Code)
			}
		}
		if sum != g.Max {
			problems.Add(g.Code, "emulation.criteria.sum", g.Code, tenths(sum), tenths(g.Max))
		}
	}
	for _, in := range c.Inputs {
		checkInput(&problems, labels, in, in.Indicator)
	}
	for _, e := range c.Extras {
		side := "-"
		if e.Bonus {
			side = "+"
		}
		if e.Code == "" || e.Name == "" || e.Points <= 0 || seen[side+e.Code] {
			problems.Add(e.Code, "emulation.criteria.extra", e.Code)
		}
		seen[side+e.Code] = true
	}
	return problems.Or()
}

func checkInput(problems *fault.List, labels map[string]string, in Input, where string) {
	if !indicator.ValidCode(in.Indicator) {
		problems.Add(where, "emulation.criteria.indicator.bad", where, in.Indicator)
	}
	if old, ok := labels[in.Indicator]; ok && old != in.Label {
		problems.Add(where, "emulation.criteria.indicator.twice", in.Indicator, old, in.Label)
	}
	labels[in.Indicator] = in.Label
}

// tenths writes points for the words of an error, which are read in either
// language: 14,5.
func tenths(n int64) string { return lang.Points("vi", n) }

// writeClasses and readClasses keep the classes as one line of text,
// "950 Xuất sắc; 850 Tốt; 700 Khá", the points in tenths.
func writeClasses(all []score.Class) string {
	parts := make([]string, len(all))
	for i, c := range all {
		parts[i] = itoa(c.From) + " " + c.Name
	}
	return strings.Join(parts, "; ")
}

func readClasses(text string) ([]score.Class, error) {
	var all []score.Class
	for _, part := range strings.Split(text, ";") {
		at, name, ok := strings.Cut(strings.TrimSpace(part), " ")
		n, err := strconv.ParseInt(at, 10, 64)
		if !ok || err != nil {
			return nil, fmt.Errorf("classes %q: %q is not points and a name", text, part)
		}
		all = append(all, score.Class{From: n, Name: name})
	}
	return all, nil
}

// writeTies and readTies keep the tie-breakers as "group III, deductions".
func writeTies(all []score.TieBreaker) string {
	parts := make([]string, len(all))
	for i, t := range all {
		parts[i] = t.String()
	}
	return strings.Join(parts, ", ")
}

func readTies(text string) ([]score.TieBreaker, error) {
	var all []score.TieBreaker
	for _, part := range strings.Split(text, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		t, err := score.ParseTieBreaker(part)
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, nil
}
