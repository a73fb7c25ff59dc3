package legal

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
)

// Kind says why a day is worked or not.
type Kind string

const (
	Work     Kind = "work"      // an ordinary working day, Monday to Friday
	Weekend  Kind = "weekend"   // Saturday and Sunday
	Holiday  Kind = "holiday"   // public holiday, Labour Code 2019 Article 112
	InLieu   Kind = "in_lieu"   // for a holiday that fell on a weekend, Article 111(3)
	SwapOff  Kind = "swap_off"  // exchanged by decree for a day of rest
	SwapWork Kind = "swap_work" // the day of rest that is worked for it
	Proposed Kind = "proposed"  // may become a holiday; counts as what it is by the week
)

// Kinds are those that a day of a year's file may have; Work undoes what the
// program ships for a day.
var Kinds = []Kind{Holiday, InLieu, SwapOff, SwapWork, Proposed, Work}

// Day is one day of the calendar. Words are empty where it is as the week has it.
type Day struct {
	Date      time.Time `json:"-"`
	Kind      Kind      `json:"kind"`
	VI        string    `json:"vi"`
	EN        string    `json:"en"`
	Source    string    `json:"source"`
	Confirmed string    `json:"-"` // the office that confirmed it, "" while nobody has
	Edited    bool      `json:"-"` // by the operator
}

// Words are what the day is called in a language.
func (d Day) Words(l string) string {
	if l == "en" && d.EN != "" {
		return d.EN
	}
	return d.VI
}

// Off reports whether the day is a day off.
func (d Day) Off() bool {
	switch d.Kind {
	case Work, SwapWork:
		return false
	case Proposed:
		return isWeekend(d.Date)
	}
	return true
}

func isWeekend(t time.Time) bool {
	return t.Weekday() == time.Saturday || t.Weekday() == time.Sunday
}

// Year is the calendar's data for one year.
type Year struct {
	Year   int
	Source string
	// Computed is true where nobody has published the year yet: days follow from the
	// Labour Code and our lunar computation.
	Computed bool
	Days     []Day // those that differ from the week, in order
}

// Calendar answers which days are worked. It is never changed once made.
type Calendar struct {
	years map[int]Year
	days  map[string]Day
}

// First and Last bound the years that the calendar answers for.
const First, Last = 2000, 2100

var shipped = mustShipped()

func mustShipped() map[int]Year {
	all := map[int]Year{}
	names, err := data.ReadDir("data")
	if err != nil {
		panic(err)
	}
	for _, f := range names {
		if f.Name() == "rules.json" {
			continue
		}
		b, err := data.ReadFile("data/" + f.Name())
		if err != nil {
			panic(err)
		}
		y, err := ParseYear(b)
		if err != nil {
			panic(fmt.Sprintf("%s: %v", f.Name(), err))
		}
		all[y.Year] = y
	}
	return all
}

type yearFile struct {
	Year   int    `json:"year"`
	Source string `json:"source"`
	Status string `json:"status"`
	Days   []struct {
		Date string `json:"day"`
		Day
	} `json:"days"`
}

// ParseYear reads a year's file.
func ParseYear(b []byte) (Year, error) {
	var f yearFile
	if err := json.Unmarshal(b, &f); err != nil {
		return Year{}, fault.New(fault.Invalid, "legal.file.form").In("file").Because(err)
	}
	if f.Year < First || f.Year > Last {
		return Year{}, fault.New(fault.Invalid, "legal.year.range", First, Last).In("file")
	}
	y := Year{Year: f.Year, Source: f.Source}
	var problems fault.List
	seen := map[string]bool{}
	for _, d := range f.Days {
		date, err := time.ParseInLocation(time.DateOnly, d.Date, lang.Vietnam)
		switch {
		case err != nil || date.Year() != f.Year:
			problems.Add("file", "legal.file.day", d.Date)
		case seen[d.Date]:
			problems.Add("file", "legal.file.twice", lang.Date(date))
		default:
			day := d.Day
			day.Date = date
			if err := day.Check(); err != nil {
				problems = append(problems, fault.All(err)...)
			}
			y.Days = append(y.Days, day)
		}
		seen[d.Date] = true
	}
	slices.SortFunc(y.Days, byDate)
	return y, problems.Or()
}

// MarshalJSON writes the form that ParseYear reads.
func (y Year) MarshalJSON() ([]byte, error) {
	f := yearFile{Year: y.Year, Source: y.Source, Status: "chưa xác nhận"}
	for _, d := range y.Days {
		f.Days = append(f.Days, struct {
			Date string `json:"day"`
			Day
		}{d.Date.Format(time.DateOnly), d})
	}
	return json.Marshal(f)
}

func byDate(a, b Day) int { return a.Date.Compare(b.Date) }

// Check returns what is wrong with a day that somebody enters.
func (d Day) Check() error {
	var problems fault.List
	if d.Date.IsZero() || d.Date.Year() < First || d.Date.Year() > Last {
		problems.Add("day", "legal.date.range", First, Last)
		return problems
	}
	weekend := isWeekend(d.Date)
	switch {
	case !slices.Contains(Kinds, d.Kind):
		problems.Add("kind", "legal.kind.bad")
	case d.Kind == SwapWork && !weekend:
		problems.Add("kind", "legal.kind.swapwork", lang.Date(d.Date))
	case (d.Kind == InLieu || d.Kind == SwapOff) && weekend:
		problems.Add("kind", "legal.kind.swapoff", lang.Date(d.Date))
	}
	if d.VI == "" && d.Kind != Work {
		problems.Add("vi", "legal.name.missing")
	}
	if d.Source == "" {
		problems.Add("source", "legal.source.missing")
	}
	return problems.Or()
}

// Computed is a year as the Labour Code has it: Tết with the last day of the old
// lunar year and the first four of the new one, National Day with the day beside it
// that joins the weekend, holidays on a weekend made up on the next working day. The
// Prime Minister's choice for the year replaces it.
func Computed(year int) Year {
	const article = "Bộ luật Lao động 45/2019/QH14, Điều 112; tính bằng phần mềm"
	y := Year{Year: year, Source: article, Computed: true}
	day := func(m time.Month, d int) time.Time { return time.Date(year, m, d, 0, 0, 0, 0, lang.Vietnam) }
	add := func(t time.Time, vi, en string) {
		y.Days = append(y.Days, Day{Date: t, Kind: Holiday, VI: vi, EN: en, Source: article})
	}
	add(day(time.January, 1), "Tết Dương lịch", "New Year’s Day")
	tet := Tet(year)
	add(tet.AddDate(0, 0, -1), "Tết Nguyên đán, ngày cuối tháng Chạp", "Lunar New Year")
	for i := range 4 {
		add(tet.AddDate(0, 0, i), fmt.Sprintf("Tết Nguyên đán, mùng %d", i+1), "Lunar New Year")
	}
	add(HungKings(year), "Giỗ Tổ Hùng Vương", "Hùng Kings’ Commemoration Day")
	add(day(time.April, 30), "Ngày Chiến thắng", "Reunification Day")
	add(day(time.May, 1), "Ngày Quốc tế Lao động", "International Labour Day")
	national := day(time.September, 2)
	beside := -1
	if w := national.Weekday(); w == time.Thursday || w == time.Monday || w == time.Sunday {
		beside = 1
	}
	add(national, "Quốc khánh", "National Day")
	add(national.AddDate(0, 0, beside), "Quốc khánh, ngày liền kề", "National Day, the day beside it")
	taken := map[string]bool{}
	for _, d := range y.Days {
		taken[d.Date.Format(time.DateOnly)] = true
	}
	slices.SortFunc(y.Days, byDate)
	for _, d := range slices.Clone(y.Days) {
		if !isWeekend(d.Date) {
			continue
		}
		next := d.Date
		for taken[next.Format(time.DateOnly)] || isWeekend(next) {
			next = next.AddDate(0, 0, 1)
		}
		taken[next.Format(time.DateOnly)] = true
		y.Days = append(y.Days, Day{Date: next, Kind: InLieu, VI: "Nghỉ bù " + strings.Split(d.VI, ",")[0], EN: "In lieu of " + strings.Split(d.EN, ",")[0], Source: "Bộ luật Lao động 45/2019/QH14, Điều 111 khoản 3; tính bằng phần mềm"})
	}
	slices.SortFunc(y.Days, byDate)
	return y
}

// NewCalendar is what the program ships, with the days that the operator entered
// in place of it.
func NewCalendar(edited []Day) *Calendar {
	c := &Calendar{years: map[int]Year{}, days: map[string]Day{}}
	own := map[int][]Day{}
	for _, d := range edited {
		d.Edited = true
		own[d.Date.Year()] = append(own[d.Date.Year()], d)
	}
	for year := First; year <= Last; year++ {
		y, ok := shipped[year]
		if !ok && own[year] == nil {
			continue // computed when it is asked for
		}
		if !ok {
			y = Computed(year)
		}
		all := map[string]Day{}
		for _, d := range append(slices.Clone(y.Days), own[year]...) {
			all[d.Date.Format(time.DateOnly)] = d
		}
		y.Days = slices.SortedFunc(maps.Values(all), byDate)
		c.years[year] = y
		maps.Copy(c.days, all)
	}
	return c
}

// computed are all years as the Labour Code has them, made when first asked for.
var computed = sync.OnceValue(func() *Calendar {
	c := &Calendar{years: map[int]Year{}, days: map[string]Day{}}
	for n := First - 1; n <= Last+1; n++ {
		y := Computed(n)
		c.years[n] = y
		for _, d := range y.Days {
			c.days[d.Date.Format(time.DateOnly)] = d
		}
	}
	return c
})

// Year returns a year's days that differ from the week.
func (c *Calendar) Year(year int) Year {
	if y, ok := c.years[year]; ok {
		return y
	}
	return computed().years[year]
}

// Day says what a day is.
func (c *Calendar) Day(t time.Time) Day {
	t = midnight(t)
	key := t.Format(time.DateOnly)
	from := c
	if _, ok := c.years[t.Year()]; !ok {
		from = computed()
	}
	if d, ok := from.days[key]; ok {
		return d
	}
	d := Day{Date: t, Kind: Work}
	if isWeekend(t) {
		d.Kind = Weekend
	}
	return d
}

// Off reports whether a day is a day off.
func (c *Calendar) Off(t time.Time) bool { return c.Day(t).Off() }

// Next is the first working day from t on, t included.
func (c *Calendar) Next(t time.Time) time.Time {
	t = midnight(t)
	for c.Off(t) {
		t = t.AddDate(0, 0, 1)
	}
	return t
}

// Add is the n-th working day after t, before it where n is negative; t itself is
// not counted.
func (c *Calendar) Add(t time.Time, n int) time.Time {
	t = midnight(t)
	step := cmp.Compare(n, 0)
	for n != 0 {
		if t = t.AddDate(0, 0, step); !c.Off(t) {
			n -= step
		}
	}
	return t
}

// Between counts the working days after a up to b, negative where b lies before a.
func (c *Calendar) Between(a, b time.Time) int {
	a, b = midnight(a), midnight(b)
	if b.Before(a) {
		return -c.Between(b, a)
	}
	n := 0
	for a.Before(b) {
		if a = a.AddDate(0, 0, 1); !c.Off(a) {
			n++
		}
	}
	return n
}

func midnight(t time.Time) time.Time {
	y, m, d := t.In(lang.Vietnam).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, lang.Vietnam)
}
