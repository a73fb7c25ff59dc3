package legal

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
)

// Effect says what a period of time means.
type Effect string

const (
	// Latest is the last day on which something may be done: an end on a day off
	// moves to the next working day (Civil Code 2015, Article 148(5)).
	Latest Effect = "latest"
	// Minimum is how long something must last. It is never moved; the date given is
	// the last day counted.
	Minimum Effect = "minimum"
	// Validity is until when something holds. It is never moved.
	Validity Effect = "validity"
)

// Unit is what a period is counted in.
type Unit string

const (
	Days      Unit = "day"      // calendar days
	Workdays  Unit = "workday"  // working days
	WorkHours Unit = "workhour" // hours of working days
	Hours     Unit = "hour"     // hours, day and night
	Months    Unit = "month"    // to the same date; the last day of a month without it
	Quarter   Unit = "quarter"  // to the end of the quarter
	YearEnd   Unit = "year"     // to the end of the year
)

// Rule is a period that an article sets, as it is on its days of validity.
type Rule struct {
	ID        string
	Effect    Effect
	Value     int
	Unit      Unit
	VI, EN    string // what is to be done
	TriggerVI string
	TriggerEN string
	Article   string
	From, To  time.Time // valid from a day until the day before To; zero To for ever
	Confirmed string    // the office that confirmed it, "" while nobody has
	Edited    bool      // a version that the operator entered
}

// Words say what is to be done.
func (r Rule) Words(l string) string { return pick(l, r.VI, r.EN) }

// Trigger says from when the rule counts.
func (r Rule) Trigger(l string) string { return pick(l, r.TriggerVI, r.TriggerEN) }

func pick(l, vi, en string) string {
	if l == "en" && en != "" {
		return en
	}
	return vi
}

// On reports whether the rule is valid on a day.
func (r Rule) On(t time.Time) bool { return !t.Before(r.From) && (r.To.IsZero() || t.Before(r.To)) }

// Check returns what is wrong with a version that somebody enters.
func (r Rule) Check() error {
	var problems fault.List
	if !slices.Contains([]Effect{Latest, Minimum, Validity}, r.Effect) {
		problems.Add("effect", "legal.effect.bad")
	}
	if !slices.Contains(units, r.Unit) {
		problems.Add("unit", "legal.unit.bad")
	}
	if r.Value < 1 || r.Value > 3650 {
		problems.Add("value", "legal.value.bad")
	}
	if r.VI == "" {
		problems.Add("vi", "legal.name.missing")
	}
	if r.Article == "" {
		problems.Add("article", "legal.article.missing")
	}
	if r.From.IsZero() {
		problems.Add("from", "legal.from.missing")
	}
	return problems.Or()
}

var units = []Unit{Days, Workdays, WorkHours, Hours, Months, Quarter, YearEnd}

// Threshold is a share that must be reached, compared in integers.
type Threshold struct {
	ID      string `json:"id"`
	Num     int64  `json:"num"`
	Den     int64  `json:"den"`
	Strict  bool   `json:"strict"` // more than the share, not the share itself
	OfVI    string `json:"of_vi"`  // of what: all households, not those present
	OfEN    string `json:"of_en"`
	VI      string `json:"vi"`
	EN      string `json:"en"`
	Article string `json:"article"`
}

// Of says of what the share is taken.
func (t Threshold) Of(l string) string { return pick(l, t.OfVI, t.OfEN) }

// Words say what is decided.
func (t Threshold) Words(l string) string { return pick(l, t.VI, t.EN) }

// Passes reports whether n of all reach the share.
func (t Threshold) Passes(n, all int64) bool {
	if t.Strict {
		return n*t.Den > t.Num*all
	}
	return n*t.Den >= t.Num*all
}

// Least is the smallest number of all that passes.
func (t Threshold) Least(all int64) int64 {
	if t.Strict {
		return t.Num*all/t.Den + 1
	}
	return (t.Num*all + t.Den - 1) / t.Den
}

// Rules are the versions of every rule, and the thresholds.
type Rules struct {
	versions   []Rule // by id, then by day of validity
	thresholds []Threshold
}

var shippedRules = mustRules()

func mustRules() Rules {
	b, err := data.ReadFile("data/rules.json")
	if err != nil {
		panic(err)
	}
	var f struct {
		Rules []struct {
			ID        string `json:"id"`
			Kind      Effect `json:"kind"`
			Value     int    `json:"value"`
			Unit      Unit   `json:"unit"`
			VI        string `json:"vi"`
			EN        string `json:"en"`
			TriggerVI string `json:"trigger_vi"`
			TriggerEN string `json:"trigger_en"`
			Article   string `json:"article"`
			From      string `json:"from"`
			To        string `json:"to"`
		} `json:"rules"`
		Thresholds []Threshold `json:"thresholds"`
	}
	if err := json.Unmarshal(b, &f); err != nil {
		panic(err)
	}
	all := Rules{thresholds: f.Thresholds}
	for _, r := range f.Rules {
		rule := Rule{ID: r.ID, Effect: r.Kind, Value: r.Value, Unit: r.Unit, VI: r.VI, EN: r.EN, TriggerVI: r.TriggerVI, TriggerEN: r.TriggerEN, Article: r.Article, From: mustDay(r.From)}
		if r.To != "" {
			rule.To = mustDay(r.To)
		}
		if err := rule.Check(); err != nil {
			panic(fmt.Sprintf("rule %s: %v", r.ID, err))
		}
		all.versions = append(all.versions, rule)
	}
	all.sort()
	return all
}

func mustDay(s string) time.Time {
	t, err := time.ParseInLocation(time.DateOnly, s, lang.Vietnam)
	if err != nil {
		panic(err)
	}
	return t
}

func (a *Rules) sort() {
	slices.SortStableFunc(a.versions, func(x, y Rule) int {
		if c := strings.Compare(x.ID, y.ID); c != 0 {
			return c
		}
		return x.From.Compare(y.From)
	})
	// A later version ends the one before it.
	for i := 1; i < len(a.versions); i++ {
		before, v := &a.versions[i-1], a.versions[i]
		if before.ID == v.ID && (before.To.IsZero() || before.To.After(v.From)) {
			before.To = v.From
		}
	}
}

// NewRules is what the program ships with the versions that the operator entered;
// one of the same rule and day takes the shipped one's place.
func NewRules(edited []Rule) Rules {
	all := Rules{thresholds: shippedRules.thresholds}
	for _, r := range shippedRules.versions {
		if !slices.ContainsFunc(edited, func(e Rule) bool { return e.ID == r.ID && e.From.Equal(r.From) }) {
			all.versions = append(all.versions, r)
		}
	}
	for _, r := range edited {
		r.Edited = true
		all.versions = append(all.versions, r)
	}
	all.sort()
	return all
}

// Get returns the version of a rule that was valid on a day: the law of the day
// that starts the clock goes on to hold for it.
func (a Rules) Get(id string, on time.Time) (Rule, error) {
	known := false
	for _, r := range a.versions {
		if r.ID != id {
			continue
		}
		known = true
		if r.On(on) {
			return r, nil
		}
	}
	if known {
		return Rule{}, fault.New(fault.Invalid, "legal.rule.notyet", id, lang.Date(on)).In("rule")
	}
	return Rule{}, fault.New(fault.NotFound, "legal.rule.missing", id).In("rule")
}

// Versions are all versions of all rules, by id and day.
func (a Rules) Versions() []Rule { return a.versions }

// On are the rules valid on a day.
func (a Rules) On(t time.Time) []Rule {
	var all []Rule
	for _, r := range a.versions {
		if r.On(t) {
			all = append(all, r)
		}
	}
	return all
}

// Thresholds are the shares that decisions need.
func (a Rules) Thresholds() []Threshold { return a.thresholds }

// Threshold returns the share with an id.
func (a Rules) Threshold(id string) (Threshold, error) {
	for _, t := range a.thresholds {
		if t.ID == id {
			return t, nil
		}
	}
	return Threshold{}, fault.New(fault.NotFound, "legal.rule.missing", id)
}
