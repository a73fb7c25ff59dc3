package legal

import (
	"strings"
	"time"

	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
)

// Step is one reason why a deadline falls on its day: words under a key of this
// package, with their values.
type Step struct {
	Key  string
	Args []any
	// A day's own name, in both languages, and the days it is of: From to To.
	VI, EN   string
	From, To time.Time
	// Sure is false where the step rests on something that nobody has confirmed.
	Sure bool
}

// Answer is a deadline and its reasons.
type Answer struct {
	Rule Rule
	From time.Time
	// Due is the last day, at midnight in Vietnam; the moment for hours.
	Due   time.Time
	Exact bool // Due is a moment, not a day
	Why   []Step
}

// Sure reports whether everything that the answer rests on has been confirmed.
func (a Answer) Sure() bool {
	for _, s := range a.Why {
		if !s.Sure {
			return false
		}
	}
	return true
}

// End is the moment at which the deadline has passed: the end of the last day.
func (a Answer) End() time.Time {
	if a.Exact {
		return a.Due
	}
	return a.Due.AddDate(0, 0, 1)
}

// Working hours of a day, as administrative offices commonly keep them.
var workHours = [][2]time.Duration{{8 * time.Hour, 12 * time.Hour}, {13 * time.Hour, 17 * time.Hour}}

// Due is when a rule that starts at a moment ends, and why. The first day is not
// counted (Civil Code 2015, Article 147(2)); an end on a day off moves to the next
// working day for what is due at the latest (Article 148(5)).
func (c *Calendar) Due(r Rule, from time.Time) (Answer, error) {
	a := Answer{Rule: r, From: from}
	start := midnight(from)
	if y := start.Year(); y < First || y > Last-12 {
		return a, fault.New(fault.Invalid, "legal.date.range", First, Last-12).In("from")
	}
	say := func(sure bool, key string, args ...any) {
		a.Why = append(a.Why, Step{Key: "legal.why." + key, Args: args, Sure: sure})
	}
	sure := r.Confirmed != ""
	say(sure, "rule."+string(r.Effect)+"."+string(r.Unit), r.Value, r.Article)
	switch r.Unit {
	case Days:
		say(sure, "first", lang.Date(start))
		a.Due = start.AddDate(0, 0, r.Value)
		say(true, "day", r.Value, lang.Date(a.Due))
	case Workdays:
		say(sure, "first", lang.Date(start))
		a.Due = start
		for n := 0; n < r.Value; {
			a.Due = a.Due.AddDate(0, 0, 1)
			if d := c.Day(a.Due); d.Off() {
				a.skip(d, "skip")
			} else {
				a.special(d)
				n++
			}
		}
		say(true, "workday", r.Value, lang.Date(a.Due))
	case Hours:
		a.Exact, a.Due = true, from.Add(time.Duration(r.Value)*time.Hour)
		say(true, "hour", r.Value, lang.Moment(a.Due))
		return a, nil
	case WorkHours:
		a.Exact, a.Due = true, c.afterWork(&a, from, time.Duration(r.Value)*time.Hour)
		say(true, "workhour", r.Value, lang.Moment(a.Due))
		return a, nil
	case Months:
		a.Due = addMonths(start, r.Value)
		if a.Due.Day() != start.Day() {
			say(sure, "month.short", r.Value, lang.Date(a.Due), start.Day())
		} else {
			say(true, "month", r.Value, lang.Date(a.Due))
		}
	case Quarter:
		q := (int(start.Month()) - 1) / 3
		a.Due = time.Date(start.Year(), time.Month(3*q+4), 0, 0, 0, 0, 0, lang.Vietnam)
		say(true, "quarter", q+1, start.Year(), lang.Date(a.Due))
	case YearEnd:
		a.Due = time.Date(start.Year(), time.December, 31, 0, 0, 0, 0, lang.Vietnam)
		say(true, "year", start.Year(), lang.Date(a.Due))
	}
	if r.Effect == Latest {
		moved := a.Due
		for d := c.Day(moved); d.Off(); d = c.Day(moved) {
			a.skip(d, "off")
			moved = moved.AddDate(0, 0, 1)
		}
		if !moved.Equal(a.Due) {
			a.special(c.Day(moved))
			say(sure, "moved", lang.Date(moved))
			a.Due = moved
		}
	} else if r.Unit != Workdays && c.Off(a.Due) {
		say(true, "stays."+string(r.Effect), lang.Date(a.Due))
	}
	return a, nil
}

// skip says that a day off is not counted, or that a period may not end on it.
// Days that follow each other for the same reason are said once.
func (a *Answer) skip(d Day, how string) {
	s := Step{Key: "legal.why." + how, VI: d.VI, EN: d.EN, From: d.Date, To: d.Date, Sure: d.Kind == Weekend || d.Confirmed != ""}
	if d.Kind == Weekend {
		s.Key += ".weekend"
	}
	if n := len(a.Why) - 1; n >= 0 {
		last := &a.Why[n]
		sameName := family(last.VI) == family(s.VI)
		if (last.Key == s.Key || last.Key == s.Key+".range") && sameName && last.Sure == s.Sure && last.To.AddDate(0, 0, 1).Equal(s.From) {
			last.Key, last.To, last.VI = s.Key+".range", s.To, family(s.VI)
			last.Args = []any{lang.Date(last.From), lang.Date(last.To)}
			return
		}
	}
	s.Args = []any{lang.Date(d.Date)}
	a.Why = append(a.Why, s)
}

// family is a holiday's name without which of its days it is.
func family(name string) string {
	name, _, _ = strings.Cut(name, ",")
	return name
}

// special says that a day counts though one would not think so.
func (a *Answer) special(d Day) {
	if d.Kind == SwapWork || d.Kind == Proposed {
		a.Why = append(a.Why, Step{Key: "legal.why.counts", Args: []any{lang.Date(d.Date)}, VI: d.VI, EN: d.EN, From: d.Date, To: d.Date, Sure: d.Confirmed != ""})
	}
}

// addMonths goes to the same date n months later, or to the last day of a month
// that has no such date (Civil Code 2015, Article 148(3)).
func addMonths(t time.Time, n int) time.Time {
	y, m, d := t.Date()
	last := time.Date(y, m+time.Month(n)+1, 0, 0, 0, 0, 0, lang.Vietnam)
	return time.Date(last.Year(), last.Month(), min(d, last.Day()), 0, 0, 0, 0, lang.Vietnam)
}

// afterWork is the moment after so many hours of work.
func (c *Calendar) afterWork(a *Answer, from time.Time, left time.Duration) time.Time {
	for day := midnight(from); ; day = day.AddDate(0, 0, 1) {
		d := c.Day(day)
		if d.Off() {
			a.skip(d, "skip")
			continue
		}
		for _, h := range workHours {
			begin, end := day.Add(h[0]), day.Add(h[1])
			if begin.Before(from) {
				begin = from
			}
			if !begin.Before(end) {
				continue
			}
			if left <= end.Sub(begin) {
				return begin.Add(left)
			}
			left -= end.Sub(begin)
		}
	}
}

// Start is the last day on which a minimum period may begin so that it has passed
// before a day: the last day to give notice of a meeting.
func (c *Calendar) Start(r Rule, event time.Time) (time.Time, error) {
	event = midnight(event)
	day := event
	for range 3700 {
		day = day.AddDate(0, 0, -1)
		a, err := c.Due(r, day)
		if err != nil {
			return time.Time{}, err
		}
		if a.Due.Before(event) {
			return day, nil
		}
	}
	return time.Time{}, fault.New(fault.Invalid, "legal.date.range", First, Last).In("from")
}

// Words say a step in a language.
func (s Step) Words(text lang.Catalog, l string) string {
	words := text.Text(l, s.Key, s.Args...)
	if name := pick(l, s.VI, s.EN); name != "" {
		words += ": " + name
	}
	return words
}
