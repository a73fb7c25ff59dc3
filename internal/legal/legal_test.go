package legal

import (
	"testing"
	"time"

	"dongthuan/internal/fault"
	"dongthuan/internal/lang"

	"pgregory.net/rapid"
)

func day(s string) time.Time { return mustDay(s) }

// TestDue holds the hard dates: around Tết 2026 and 2027, 30/4 and 1/5, 2/9, swap
// days, month ends, leap years, and those of the demonstration's cases.
func TestDue(t *testing.T) {
	c, rules := NewCalendar(nil), NewRules(nil)
	rule := func(e Effect, n int, u Unit) Rule {
		return Rule{ID: "x", Effect: e, Value: n, Unit: u, Article: "Điều 1"}
	}
	known := func(id, from string) Rule {
		r, err := rules.Get(id, day(from))
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for _, test := range []struct {
		name, from, want string
		rule             Rule
	}{
		{"consultation", "2026-04-01", "2026-04-21", known("YK-01", "2026-04-01")},
		{"recognition of a covenant", "2026-05-27", "2026-06-03", known("HU-03b", "2026-05-27")},
		{"publication over three holidays", "2026-04-24", "2026-05-06", known("CK-01", "2026-04-24")},
		{"acting head, to New Year’s Day", "2026-07-01", "2027-01-04", known("TD-02", "2026-07-01")},
		{"dialogue, to a Sunday", "2026-04-10", "2026-05-11", known("DD-02b", "2026-04-10")},
		{"recovery of land", "2026-01-12", "2026-05-12", known("DD-01b", "2026-01-12")},
		{"notice of recovery", "2026-01-12", "2027-01-12", known("DD-01c", "2026-01-12")},
		{"appraisal", "2026-05-04", "2026-06-03", known("DD-03a", "2026-05-04")},
		{"permit of a house", "2026-03-10", "2026-04-09", known("XD-01b", "2026-03-10")},
		{"draft covenant on the board", "2026-04-20", "2026-05-20", known("HU-01", "2026-04-20")},
		{"list of the first quarter", "2026-02-11", "2026-03-31", known("CK-04", "2026-02-11")},
		{"list of the fourth quarter", "2026-12-31", "2026-12-31", known("CK-04", "2026-12-31")},
		{"dialogue of the year 2028, whose last day is a Sunday", "2028-02-11", "2029-01-02", known("DT-01", "2028-02-11")},

		{"one working day before Tết 2026", "2026-02-13", "2026-02-23", rule(Latest, 1, Workdays)},
		{"three days into Tết 2026", "2026-02-13", "2026-02-23", rule(Latest, 3, Days)},
		{"a minimum within Tết stays", "2026-02-13", "2026-02-16", rule(Minimum, 3, Days)},
		{"validity within Tết stays", "2026-02-13", "2026-02-16", rule(Validity, 3, Days)},
		{"five working days over Tết 2027", "2027-02-03", "2027-02-17", rule(Latest, 5, Workdays)},
		{"to mùng 1 of 2027", "2027-01-06", "2027-02-12", rule(Latest, 1, Months)},
		{"2/1 is off, 10/1 is worked", "2025-12-31", "2026-01-08", rule(Latest, 4, Workdays)},
		{"the Saturday that is worked counts", "2026-01-08", "2026-01-10", rule(Latest, 2, Workdays)},
		{"an end on the Saturday that is worked stays", "2026-01-08", "2026-01-10", rule(Latest, 2, Days)},
		{"the swap before 2/9", "2026-08-20", "2026-08-22", rule(Latest, 2, Workdays)},
		{"over 2/9", "2026-08-28", "2026-09-03", rule(Latest, 1, Workdays)},
		{"to 31/8, a day off by exchange", "2026-08-21", "2026-09-03", rule(Latest, 10, Days)},
		{"30/4 of 2027, a Friday", "2027-04-29", "2027-05-04", rule(Latest, 1, Workdays)},
		{"a proposed holiday is a working day", "2026-11-23", "2026-11-24", rule(Latest, 1, Workdays)},
		{"month end", "2026-01-31", "2026-03-02", rule(Latest, 1, Months)},
		{"month end of a leap year", "2028-01-31", "2028-02-29", rule(Validity, 1, Months)},
		{"a year from 29 February", "2028-02-29", "2029-02-28", rule(Validity, 12, Months)},
		{"29 February counts", "2028-02-28", "2028-02-29", rule(Validity, 1, Days)},
		{"over the year’s end", "2026-12-31", "2027-01-04", rule(Latest, 1, Workdays)},
	} {
		a, err := c.Due(test.rule, day(test.from))
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
		} else if got := a.Due.Format(time.DateOnly); got != test.want {
			t.Errorf("%s: %s from %s is %s, want %s; %v", test.name, test.rule.ID, test.from, got, test.want, a.Why)
		} else if len(a.Why) < 2 || a.Sure() {
			t.Errorf("%s: reasons %v", test.name, a.Why)
		}
	}
	at := func(s string) time.Time {
		v, err := time.ParseInLocation("2006-01-02 15:04", s, lang.Vietnam)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, test := range []struct {
		from, want string
		rule       Rule
	}{
		{"2026-11-20 16:00", "2026-11-23 16:00", rule(Latest, 8, WorkHours)},
		{"2026-11-20 20:00", "2026-11-23 17:00", rule(Latest, 8, WorkHours)},
		{"2026-11-20 11:00", "2026-11-20 14:00", rule(Latest, 2, WorkHours)},
		{"2026-02-13 16:00", "2026-02-23 09:00", rule(Latest, 2, WorkHours)},
		{"2026-02-13 16:00", "2026-02-16 16:00", known("DL-02", "2026-02-13")},
	} {
		a, err := c.Due(test.rule, at(test.from))
		if err != nil || !a.Due.Equal(at(test.want)) || !a.Exact {
			t.Errorf("%d %s from %s is %v, want %s; %v", test.rule.Value, test.rule.Unit, test.from, a.Due, test.want, err)
		}
	}
}

func TestDueProperties(t *testing.T) {
	c := NewCalendar(nil)
	rapid.Check(t, func(t *rapid.T) {
		r := Rule{ID: "x", Effect: rapid.SampledFrom([]Effect{Latest, Minimum, Validity}).Draw(t, "effect"),
			Unit: rapid.SampledFrom(units).Draw(t, "unit"), Value: rapid.IntRange(1, 120).Draw(t, "value")}
		hours := rapid.IntRange(0, 24*366*40).Draw(t, "from")
		from := day("2019-01-01").Add(time.Duration(hours) * time.Hour)
		a, err := c.Due(r, from)
		if err != nil {
			t.Fatal(err)
		}
		b, err := c.Due(r, from.Add(time.Duration(rapid.IntRange(0, 400).Draw(t, "later"))*time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		if b.Due.Before(a.Due) {
			t.Fatalf("not monotone: %v, then %v", a.Due, b.Due)
		}
		if r.Effect == Latest && !a.Exact && c.Off(a.Due) {
			t.Fatalf("due at the latest on a day off, %v", a.Due)
		}
		if r.Effect == Minimum && r.Unit == Days && !a.Due.Equal(midnight(from).AddDate(0, 0, r.Value)) {
			t.Fatalf("a minimum was moved to %v", a.Due)
		}
		if a.Due.Before(midnight(from)) {
			t.Fatalf("due %v before it began %v", a.Due, from)
		}
		if !a.Exact {
			n := rapid.IntRange(-40, 40).Draw(t, "working days")
			moved := c.Add(from, n)
			if n != 0 && c.Off(moved) || n < 0 && !moved.Before(midnight(from)) || n >= 0 && c.Between(from, moved) != n {
				t.Fatalf("%d working days from %v are %v, and between them lie %d", n, from, moved, c.Between(from, moved))
			}
			if r.Effect == Minimum {
				start, err := c.Start(r, a.Due.AddDate(0, 0, 1))
				if err != nil || start.Before(midnight(from)) {
					t.Fatalf("to have passed by %v it may start on %v, %v", a.Due, start, err)
				}
			}
		}
	})
}

// TestThresholds holds the vectors of the law: never a share of those present.
func TestThresholds(t *testing.T) {
	rules := NewRules(nil)
	for _, test := range []struct {
		id        string
		all, want int64
	}{
		{"DB-04a", 311, 208}, {"DB-04b", 311, 156}, {"DB-04b", 312, 157}, {"DB-01x", 311, 32}, {"DB-05", 17, 12}, {"HU-02b", 312, 157}, {"NB-11", 12, 8}, {"NB-12", 12, 7}, {"DB-04a", 3, 2}, {"DB-04b", 1, 1},
	} {
		th, err := rules.Threshold(test.id)
		if err != nil {
			t.Fatal(err)
		}
		if got := th.Least(test.all); got != test.want || !th.Passes(got, test.all) || th.Passes(got-1, test.all) {
			t.Errorf("%s of %d: %d, want %d", test.id, test.all, got, test.want)
		}
	}
	passed, err := rules.Threshold("HU-02b")
	if err != nil || passed.Passes(150, 312) || !passed.Passes(171, 312) {
		t.Error("150 of 312 is 80 % of those present, and does not pass; 171 does")
	}
}

func TestCalendar(t *testing.T) {
	c := NewCalendar(nil)
	if y := c.Year(2027); y.Computed {
		t.Error("2027 is shipped")
	}
	// The year that is shipped for 2027 is what the Labour Code gives.
	for _, d := range Computed(2027).Days {
		if got := c.Day(d.Date); got.Kind != d.Kind {
			t.Errorf("%s: shipped %s, computed %s", d.Date.Format(time.DateOnly), got.Kind, d.Kind)
		}
	}
	if n := c.Between(day("2025-12-31"), day("2026-12-31")); n != 250 {
		t.Errorf("%d working days in 2026", n)
	}
	edited := NewCalendar([]Day{
		{Date: day("2026-11-24"), Kind: Holiday, VI: "Ngày Văn hóa Việt Nam", Source: "x", Confirmed: "Quản trị"},
		{Date: day("2026-04-27"), Kind: Work, Source: "x"},
		{Date: day("2031-01-02"), Kind: SwapOff, VI: "hoán đổi", Source: "x"},
	})
	for date, want := range map[string]Kind{"2026-11-24": Holiday, "2026-04-27": Work, "2026-04-28": Work, "2031-01-01": Holiday, "2031-01-02": SwapOff, "2031-01-04": Weekend, "2026-01-10": SwapWork, "2024-02-10": Holiday, "2024-02-14": InLieu} {
		if got := edited.Day(day(date)).Kind; got != want {
			t.Errorf("%s is %s, want %s", date, got, want)
		}
	}
	if n := c.Off(day("2026-11-24")); n {
		t.Error("a calendar once made has changed")
	}
}

func TestRuleVersions(t *testing.T) {
	later := Rule{ID: "YK-01", Effect: Minimum, Value: 30, Unit: Days, VI: "Lấy ý kiến", Article: "Luật mới, Điều 1", From: day("2027-01-01"), Confirmed: "Quản trị"}
	rules := NewRules([]Rule{later})
	for on, want := range map[string]int{"2026-04-01": 20, "2026-12-31": 20, "2027-01-01": 30} {
		r, err := rules.Get("YK-01", day(on))
		if err != nil || r.Value != want {
			t.Errorf("on %s: %d, %v; want %d", on, r.Value, err, want)
		}
	}
	if _, err := rules.Get("YK-01", day("2020-01-01")); fault.KindOf(err) != fault.Invalid {
		t.Errorf("before the law: %v", err)
	}
	if _, err := rules.Get("YK-99", day("2026-01-01")); fault.KindOf(err) != fault.NotFound {
		t.Errorf("no rule: %v", err)
	}
}

func FuzzParseYear(f *testing.F) {
	for _, n := range []string{"2026", "2027"} {
		b, err := data.ReadFile("data/" + n + ".json")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`{"year":2026,"days":[{"day":"2026-13-01"}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		y, err := ParseYear(b)
		if err != nil {
			if fault.KindOf(err) != fault.Invalid {
				t.Fatalf("%v", err)
			}
			return
		}
		again, err := y.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		if z, err := ParseYear(again); err != nil || len(z.Days) != len(y.Days) {
			t.Fatalf("%s came back as %v, %v", again, z, err)
		}
	})
}
