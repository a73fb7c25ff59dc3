package lineage

import (
	"fmt"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestSpanIsHalfOpen(t *testing.T) {
	s := Span{"2019-10-19", "2025-07-01"}
	for day, want := range map[string]bool{"2019-10-18": false, "2019-10-19": true, "2025-06-30": true, "2025-07-01": false} {
		if got := s.Holds(day); got != want {
			t.Errorf("Holds(%s) = %v, want %v", day, got, want)
		}
	}
	if s.Meets(Span{"2025-07-01", ""}) {
		t.Error("two spans that touch were said to overlap")
	}
}

func TestOn(t *testing.T) {
	spans := []Span{{"2010-01-01", "2015-01-01"}, {"2020-01-01", ""}}
	for _, test := range []struct {
		day   string
		want  int
		exact bool
	}{
		{"2009-05-05", 0, false}, {"2010-01-01", 0, true}, {"2014-12-31", 0, true},
		{"2015-01-01", 0, false}, {"2019-12-31", 0, false}, {"2020-01-01", 1, true}, {"2199-01-01", 1, true},
	} {
		if got, exact := On(spans, test.day); got != test.want || exact != test.exact {
			t.Errorf("On(%s) = %d, %v, want %d, %v", test.day, got, exact, test.want, test.exact)
		}
	}
	if got, _ := On(nil, "2020-01-01"); got != -1 {
		t.Errorf("On(no spans) = %d, want -1", got)
	}
}

func TestChainStopsAtACircle(t *testing.T) {
	next := map[string]string{"a": "b", "b": "c", "c": "a"}
	if got := Chain("a", func(u string) string { return next[u] }); !slices.Equal(got, []string{"b", "c"}) {
		t.Errorf("Chain = %v, want [b c]", got)
	}
}

// The small country of these tests: a and b merge into m in 2020; m is divided
// between x and y in 2025; p is gone and nobody says where to.
func country(share ...*big.Rat) *Graph {
	var s *big.Rat
	if len(share) > 0 {
		s = share[0]
	}
	return New(map[string][]Span{
		"a": {{"2000-01-01", "2020-01-01"}}, "b": {{"2000-01-01", "2020-01-01"}},
		"m": {{"2020-01-01", "2025-07-01"}}, "p": {{"2000-01-01", "2020-01-01"}},
		"x": {{"2025-07-01", ""}}, "y": {{"2025-07-01", ""}},
	}, []Link{
		{From: "a", To: "m", Kind: Whole, Day: "2020-01-01"}, {From: "b", To: "m", Kind: Whole, Day: "2020-01-01"},
		{From: "m", To: "x", Kind: Part, Day: "2025-07-01", Share: s}, {From: "m", To: "y", Kind: Remainder, Day: "2025-07-01"},
	})
}

func names(r Reach) (all []string) {
	for _, u := range r.Units {
		all = append(all, u.Unit)
	}
	return all
}

func TestForwardAndBackward(t *testing.T) {
	g := country()
	r := g.Forward("a", "2010-01-01", "2022-01-01")
	if len(r.Units) != 1 || r.Units[0].Unit != "m" || !r.Units[0].Whole || r.Units[0].Share.Cmp(big.NewRat(1, 1)) != 0 {
		t.Errorf("a in 2022 = %+v, want m, whole", r)
	}
	r = g.Forward("a", "2010-01-01", "2026-01-01")
	if !slices.Equal(names(r), []string{"x", "y"}) || r.Units[0].Whole || len(r.Untold) > 0 {
		t.Errorf("a in 2026 = %+v, want x and y in parts", r)
	}
	for _, u := range r.Units {
		if u.Share != nil {
			t.Errorf("%s has a share %v that nobody gave", u.Unit, u.Share)
		}
	}
	if r := g.Forward("p", "2010-01-01", "2026-01-01"); len(r.Units) != 0 || !slices.Equal(r.Untold, []string{"p"}) {
		t.Errorf("p in 2026 = %+v, want untold", r)
	}
	if r := g.Backward("x", "2026-01-01", "2010-01-01"); !slices.Equal(names(r), []string{"a", "b"}) {
		t.Errorf("x in 2010 = %+v, want a and b", r)
	}
	if r := g.Forward("a", "2010-01-01", "2015-01-01"); !slices.Equal(names(r), []string{"a"}) || !r.Units[0].Whole {
		t.Errorf("a in 2015 = %+v, want itself", r)
	}
}

func TestSharesOnlyWhereGiven(t *testing.T) {
	r := country(big.NewRat(1, 4)).Forward("a", "2010-01-01", "2026-01-01")
	if r.Units[0].Share.Cmp(big.NewRat(1, 4)) != 0 || r.Units[1].Share.Cmp(big.NewRat(3, 4)) != 0 {
		t.Errorf("shares = %v, %v, want 1/4, 3/4", r.Units[0].Share, r.Units[1].Share)
	}
}

func TestAPartLeavesTheUnitItself(t *testing.T) {
	g := New(map[string][]Span{"a": {{"2000-01-01", ""}}, "b": {{"2000-01-01", ""}}},
		[]Link{{From: "a", To: "b", Kind: Part, Day: "2010-01-01"}})
	r := g.Forward("a", "2005-01-01", "2020-01-01")
	if !slices.Equal(names(r), []string{"a", "b"}) || r.Units[0].Whole {
		t.Errorf("a in 2020 = %+v, want a and b in parts", r)
	}
	if r := g.Forward("a", "2015-01-01", "2020-01-01"); !slices.Equal(names(r), []string{"a"}) || !r.Units[0].Whole {
		t.Errorf("a of 2015 in 2020 = %+v, want a whole", r)
	}
}

func TestARestAfterAPartMayBeUntold(t *testing.T) {
	g := New(map[string][]Span{"a": {{"2000-01-01", "2015-01-01"}}, "b": {{"2000-01-01", ""}}},
		[]Link{{From: "a", To: "b", Kind: Part, Day: "2010-01-01"}})
	r := g.Forward("a", "2005-01-01", "2020-01-01")
	if !slices.Equal(names(r), []string{"b"}) || !slices.Equal(r.Untold, []string{"a"}) {
		t.Errorf("a in 2020 = %+v, want b, and the rest untold", r)
	}
	if got := g.Covered("a", "2005-01-01", "2020-01-01", "b"); got != Untold {
		t.Errorf("Covered = %v, want untold", got)
	}
}

func TestCovered(t *testing.T) {
	g := country()
	for _, test := range []struct {
		by   []string
		want Answer
	}{{[]string{"x", "y"}, Yes}, {[]string{"x"}, No}, {[]string{"x", "y", "p"}, Yes}, {nil, No}} {
		if got := g.Covered("a", "2010-01-01", "2026-01-01", test.by...); got != test.want {
			t.Errorf("Covered by %v = %v, want %v", test.by, got, test.want)
		}
	}
	if got := g.Covered("p", "2010-01-01", "2026-01-01", "x"); got != Untold {
		t.Errorf("Covered(p) = %v, want untold", got)
	}
}

func TestWalkEndsInACircle(t *testing.T) {
	lives := map[string][]Span{"a": {{"2000-01-01", ""}}, "b": {{"2000-01-01", ""}}}
	g := New(lives, []Link{
		{From: "a", To: "b", Kind: Whole, Day: "2010-01-01"}, {From: "b", To: "a", Kind: Whole, Day: "2010-01-01"},
		{From: "b", To: "a", Kind: Whole, Day: "2012-01-01"}, {From: "a", To: "a", Kind: Whole, Day: "2013-01-01"},
	})
	if r := g.Forward("a", "2005-01-01", "2020-01-01"); !slices.Equal(names(r), []string{"a"}) {
		t.Errorf("a in 2020 = %+v, want a again", r)
	}
}

// anyGraph draws units with lives and links on few days, circles and
// contradictions included.
func anyGraph(t *rapid.T) (*Graph, []string) {
	units := []string{"a", "b", "c", "d", "e", "f"}
	day := rapid.Custom(func(t *rapid.T) string { return fmt.Sprintf("20%02d-01-01", rapid.IntRange(10, 20).Draw(t, "year")) })
	lives := map[string][]Span{}
	for _, u := range units {
		from := day.Draw(t, "from")
		to := day.Draw(t, "to")
		if to <= from {
			to = ""
		}
		lives[u] = []Span{{from, to}}
	}
	links := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Link {
		l := Link{From: rapid.SampledFrom(units).Draw(t, "f"), To: rapid.SampledFrom(units).Draw(t, "t"),
			Kind: rapid.SampledFrom(Kinds).Draw(t, "kind"), Day: day.Draw(t, "day")}
		if rapid.Bool().Draw(t, "shared") {
			l.Share = big.NewRat(rapid.Int64Range(0, 4).Draw(t, "num"), 4)
		}
		return l
	}), 0, 25).Draw(t, "links")
	return New(lives, links), units
}

func TestForwardAndBackwardAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g, units := anyGraph(t)
		from := fmt.Sprintf("20%02d-06-01", rapid.IntRange(9, 15).Draw(t, "d0"))
		on := fmt.Sprintf("20%02d-06-01", rapid.IntRange(15, 21).Draw(t, "d1"))
		for _, u := range units {
			if !g.Alive(u, from) {
				continue
			}
			ahead := names(g.Forward(u, from, on))
			for _, v := range units {
				if !g.Alive(v, on) {
					continue
				}
				back := names(g.Backward(v, on, from))
				if slices.Contains(ahead, v) != slices.Contains(back, u) {
					t.Fatalf("%s of %s → %s: forward %v, backward of %s %v", u, from, on, ahead, v, back)
				}
			}
		}
	})
}

func TestForwardHoldsTogether(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g, units := anyGraph(t)
		from, on := "2010-06-01", "2019-06-01"
		for _, u := range units {
			r := g.Forward(u, from, on)
			for _, got := range r.Units {
				if !g.Alive(got.Unit, on) {
					t.Fatalf("%s reached %s, which does not exist on %s", u, got.Unit, on)
				}
				if got.Whole && (len(r.Units) > 1 || len(r.Untold) > 0) {
					t.Fatalf("%s lies wholly in %s and elsewhere: %+v", u, got.Unit, r)
				}
			}
			for _, lost := range r.Untold {
				if g.Alive(lost, on) {
					t.Fatalf("%s is called lost but exists", lost)
				}
			}
		}
	})
}

// Spans that are cut at days never overlap, and On finds the one that holds.
func TestSpansCutAtDays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		years := rapid.SliceOfNDistinct(rapid.IntRange(1950, 2050), 1, 12, rapid.ID[int]).Draw(t, "years")
		slices.Sort(years)
		var spans []Span
		for i, y := range years {
			s := Span{From: fmt.Sprintf("%d-01-01", y)}
			if i+1 < len(years) {
				s.To = fmt.Sprintf("%d-01-01", years[i+1])
			}
			spans = append(spans, s)
		}
		if i, j, found := Overlap(spans); found {
			t.Fatalf("%v and %v overlap", spans[i], spans[j])
		}
		day := fmt.Sprintf("%d-06-01", rapid.IntRange(1940, 2060).Draw(t, "day"))
		i, exact := On(spans, day)
		if exact != (day >= spans[0].From) || exact && !spans[i].Holds(day) {
			t.Fatalf("On(%s) = %v, %v", day, spans[i], exact)
		}
	})
}
