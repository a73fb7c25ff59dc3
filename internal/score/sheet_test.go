package score

import (
	"math/rand/v2"
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

func TestTotal(t *testing.T) {
	three := []Criterion{
		{Code: "3.1", Max: 60, Points: 45},
		{Code: "3.2", Max: 60, Points: 60},
		{Code: "3.4", Max: 40, Points: 40, NotApplicable: true},
	}
	none := []Criterion{{Code: "4.1", Max: 50, Points: 50, NotApplicable: true}}
	for _, test := range []struct {
		name  string
		sheet Sheet
		want  Total
	}{
		{"empty", Sheet{}, Total{}},
		{"not applicable rescales inside the group",
			Sheet{Groups: []Group{{"III", three}}},
			Total{Groups: []GroupTotal{{"III", 140, 160, true, false}}, Base: 140, Max: 160, Points: 140}},
		{"not applicable in full",
			Sheet{Groups: []Group{{"III", three}}, Policy: Full},
			Total{Groups: []GroupTotal{{"III", 145, 160, false, false}}, Base: 145, Max: 160, Points: 145}},
		{"a group that does not apply rescales the sheet", // 140 × 210/160 is 183,75
			Sheet{Groups: []Group{{"III", three}, {"IV", none}}},
			Total{Groups: []GroupTotal{{"III", 140, 160, true, false}, {"IV", 0, 50, false, true}}, Base: 185, Max: 210, Points: 185}},
		{"nothing applies",
			Sheet{Groups: []Group{{"IV", none}}},
			Total{Groups: []GroupTotal{{"IV", 0, 50, false, true}}, Max: 50}},
		{"void counts as nothing and does not rescale",
			Sheet{Groups: []Group{{"III", []Criterion{
				{Code: "3.1", Max: 60, Points: 60},
				{Code: "3.4", Max: 40, Points: 40, Void: true, NotApplicable: true}}}}},
			Total{Groups: []GroupTotal{{"III", 60, 100, false, false}}, Base: 60, Max: 100, Points: 60}},
		{"bonus and deductions hold to their caps",
			Sheet{
				Bonus:      []Item{{"T1", 10, 4, 0}, {"T2", 5, 9, 20}, {"T3", 10, -1, 0}},
				BonusCap:   50,
				Deductions: []Item{{"P1", 5, 3, 10}, {"P2", 20, 1, 0}, {"P3", 20, 1 << 62, 40}},
			},
			Total{Bonus: 50, Deduction: 70, Points: -20}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := test.sheet.Total(); !reflect.DeepEqual(got, test.want) {
				t.Errorf("Total = %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestClassify(t *testing.T) {
	classes := []Class{{850, "Tốt"}, {950, "Xuất sắc"}, {700, "Khá"}}
	for points, want := range map[int64]string{
		1040: "Xuất sắc", 950: "Xuất sắc", 949: "Tốt", 850: "Tốt", 845: "Khá", 700: "Khá", 699: "", -10: "",
	} {
		if got, ok := Classify(classes, points); got.Name != want || ok != (want != "") {
			t.Errorf("Classify(%d) = %q, %v, want %q", points, got.Name, ok, want)
		}
	}
	if got := (Total{Points: 1040}).Capped(); got != 1000 {
		t.Errorf("Capped = %d, want 1000", got)
	}
}

// Rescaling stays within the group, keeps full marks full and none none, and
// never takes points away.
func TestRescaleBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := drawGroup(t, "III")
		sum, applicable := int64(0), int64(0)
		for _, c := range g.Criteria {
			sum += c.Worth()
			if c.applies() {
				applicable += c.Max
			}
		}
		got := Sheet{Groups: []Group{g}}.Total().Groups[0]
		switch {
		case got.Points < 0 || got.Points > got.Max || got.Points%half != 0:
			t.Fatalf("%+v of %+v", got, g)
		case got.NotApplicable != (applicable == 0):
			t.Fatalf("%+v, %d points apply", got, applicable)
		case got.Points < sum:
			t.Fatalf("%+v is less than the sum %d", got, sum)
		case applicable > 0 && sum == applicable && got.Points != got.Max:
			t.Fatalf("%+v, but everything was full", got)
		}
	})
}

func drawGroup(t *rapid.T, code string) Group {
	g := Group{Code: code}
	for range rapid.IntRange(1, 6).Draw(t, "criteria") {
		most := rapid.Int64Range(1, 12).Draw(t, "max")
		g.Criteria = append(g.Criteria, Criterion{
			Code:          code + string(rune('a'+len(g.Criteria))),
			Max:           most * half,
			Points:        rapid.Int64Range(0, most).Draw(t, "points") * half,
			NotApplicable: rapid.Bool().Draw(t, "na"),
			Void:          rapid.IntRange(0, 9).Draw(t, "void") == 0,
		})
	}
	return g
}

// row is a unit with points in two groups and a deduction.
func row(unit string, one, three, deduction int64) Row {
	return Row{Unit: unit, Sheet: Sheet{
		Groups: []Group{
			{"I", []Criterion{{Code: "1.1", Max: 500, Points: one}}},
			{"III", []Criterion{{Code: "3.1", Max: 500, Points: three}}},
		},
		Deductions: []Item{{"P", 1, deduction, 0}},
	}}
}

func TestRank(t *testing.T) {
	group, fewer := TieBreaker{"group", "III"}, TieBreaker{By: "deductions"}
	none := TieBreaker{}
	rows := []Row{
		row("A", 300, 300, 0),
		row("B", 280, 220, 0), // 500, group III 220
		row("C", 285, 215, 0), // 500, group III 215, no deduction
		row("D", 295, 215, 10),
		row("E", 295, 215, 10), // equal to D in everything
		row("F", 100, 100, 0),
	}
	want := []struct {
		unit   string
		rank   int
		shared bool
		by     TieBreaker
	}{
		{"A", 1, false, none},
		{"B", 2, false, group},
		{"C", 3, false, fewer},
		{"D", 4, true, fewer},
		{"E", 4, true, fewer},
		{"F", 6, false, none},
	}
	for i, got := range Rank(rows, []TieBreaker{group, fewer}) {
		if w := want[i]; got.Unit != w.unit || got.Rank != w.rank || got.Shared != w.shared || got.DecidedBy != w.by {
			t.Errorf("place %d = %s, rank %d, shared %v, by %q, want %+v",
				i, got.Unit, got.Rank, got.Shared, got.DecidedBy, w)
		}
	}
	for i, got := range Rank(rows, nil) {
		if want := []int{1, 2, 2, 2, 2, 6}[i]; got.Rank != want {
			t.Errorf("without tie-breakers %s has rank %d, want %d", got.Unit, got.Rank, want)
		}
	}
}

func TestRankOrderDoesNotMatter(t *testing.T) {
	ties := []TieBreaker{{"group", "III"}, {By: "deductions"}}
	rapid.Check(t, func(t *rapid.T) {
		var rows []Row
		for range rapid.IntRange(0, 12).Draw(t, "units") {
			few := rapid.Int64Range(0, 3)
			rows = append(rows, row(string(rune('A'+len(rows))),
				few.Draw(t, "one")*half, few.Draw(t, "three")*half, few.Draw(t, "deduction")*half))
		}
		want := Rank(rows, ties)
		shuffled := append([]Row(nil), rows...)
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		random.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		if got := Rank(shuffled, ties); !reflect.DeepEqual(got, want) {
			t.Fatalf("Rank = %+v, shuffled %+v", want, got)
		}
		for i := 1; i < len(want); i++ {
			above, here := want[i-1], want[i]
			if above.Total.Points < here.Total.Points || above.Rank > here.Rank {
				t.Fatalf("%s (%d) stands above %s (%d)", above.Unit, above.Total.Points, here.Unit, here.Total.Points)
			}
			if here.Rank != above.Rank && here.Rank != i+1 {
				t.Fatalf("place %d has rank %d", i+1, here.Rank)
			}
		}
	})
}

func TestParseTieBreaker(t *testing.T) {
	for _, text := range []string{"group III", "base", "bonus", "deductions"} {
		if got, err := ParseTieBreaker(text); err != nil || got.String() != text {
			t.Errorf("ParseTieBreaker(%q) = %q, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "group", "deductions III", "ballot"} {
		if got, err := ParseTieBreaker(text); err == nil {
			t.Errorf("ParseTieBreaker(%q) = %q, want a refusal", text, got)
		}
	}
}

func TestWhyPlace(t *testing.T) {
	unit := func(name string, points ...int64) Row {
		g := Group{Code: "I"}
		for i, p := range points {
			g.Criteria = append(g.Criteria, Criterion{
				Code: string(rune('a' + i)), Max: 40, Points: p, NotApplicable: p < 0,
			})
		}
		return Row{Unit: name, Sheet: Sheet{Groups: []Group{g}}}
	}
	me := unit("X", 40, 20, 20, -1, 35)
	cluster := []Row{me, unit("Y", 40, 25, 40, 10, 30), unit("Z", 40, 10, 40, -1, 30)}
	want := []Loss{
		{"I", "c", 20, 40, 20, 40, 20},
		{"I", "b", 20, 40, 20, 20, 0},
		{"I", "e", 35, 40, 5, 30, -5},
	}
	if got := WhyPlace(me, MediansOf(cluster)); !reflect.DeepEqual(got, want) {
		t.Errorf("WhyPlace = %+v, want %+v", got, want)
	}
	if got := median([]int64{20, 25}); got != 23 {
		t.Errorf("median of 20, 25 = %d, want 23", got)
	}
}
