package score

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestDraw: balanced, never to oneself, never reciprocal, no conflicts, and the same
// whatever the order of the units.
func TestDraw(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(3, 40).Draw(t, "n")
		each := rapid.IntRange(1, (n-1)/2).Draw(t, "each")
		seed := rapid.String().Draw(t, "seed")
		units := make([]string, n)
		for i := range units {
			units[i] = fmt.Sprintf("DV%02d", i+1)
		}
		forbidden := map[Pair]bool{}
		if each*8 < n {
			for range rapid.IntRange(0, 2).Draw(t, "conflicts") {
				forbidden[Pair{rapid.SampledFrom(units).Draw(t, "a"), rapid.SampledFrom(units).Draw(t, "b")}] = true
			}
		}
		conflict := func(a, b string) bool { return forbidden[Pair{a, b}] }
		pairs, err := Draw(seed, units, each, conflict)
		if err != nil {
			t.Fatal(err)
		}
		marks, marked, have := map[string]int{}, map[string]int{}, map[Pair]bool{}
		for _, p := range pairs {
			marks[p.Scorer]++
			marked[p.Scored]++
			have[p] = true
			switch {
			case p.Scorer == p.Scored:
				t.Fatalf("%s marks itself", p.Scorer)
			case have[Pair{p.Scored, p.Scorer}]:
				t.Fatalf("%s and %s mark one another", p.Scorer, p.Scored)
			case conflict(p.Scorer, p.Scored) || conflict(p.Scored, p.Scorer):
				t.Fatalf("%v is a conflict", p)
			}
		}
		for _, u := range units {
			if marks[u] != each || marked[u] != each {
				t.Fatalf("%s marks %d and is marked by %d, want %d", u, marks[u], marked[u], each)
			}
		}
		shuffled := slices.Clone(units)
		rand.Shuffle(n, func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		again, err := Draw(seed, shuffled, each, conflict)
		if err != nil || !slices.Equal(pairs, again) {
			t.Fatalf("another order of the units gives another draw: %v", err)
		}
	})
}

// TestDrawStands pins the draw, computed apart in Python, so that a seed published today can be repeated by a
// later version.
func TestDrawStands(t *testing.T) {
	pairs, err := Draw("xo-so-20-11-2026", []string{"DV01", "DV02", "DV03", "DV04", "DV05"}, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := "[{DV01 DV02} {DV02 DV04} {DV03 DV01} {DV04 DV05} {DV05 DV03}]"
	if got := fmt.Sprint(pairs); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestNoDraw(t *testing.T) {
	for _, c := range []struct {
		units []string
		each  int
		bad   bool
	}{{nil, 1, false}, {[]string{"a", "b"}, 1, false}, {[]string{"a", "b", "c", "d"}, 2, false}, {[]string{"a", "b", "c"}, 0, false}, {[]string{"a", "b", "c"}, 1, true}} {
		if _, err := Draw("s", c.units, c.each, func(string, string) bool { return c.bad }); !errors.Is(err, ErrNoDraw) {
			t.Errorf("Draw(%v, %d, conflict %v) = %v, want ErrNoDraw", c.units, c.each, c.bad, err)
		}
	}
}

// TestDrawIsFair: over many seeds every pair comes about as often as any other.
func TestDrawIsFair(t *testing.T) {
	units := []string{"a", "b", "c", "d", "e", "f"}
	count := map[Pair]int{}
	const draws = 6000
	for i := range draws {
		pairs, err := Draw(fmt.Sprint(i), units, 1, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range pairs {
			count[p]++
		}
	}
	// 30 pairs, 6 a draw: each is expected 1200 times; χ² of 30 cells stays under 70
	// in all but one of 100,000 fair draws.
	if len(count) != 30 {
		t.Fatalf("%d pairs came up, want 30", len(count))
	}
	chi := 0.0
	for n := range maps.Values(count) {
		d := float64(n - draws/5)
		chi += d * d / (draws / 5)
	}
	if chi > 70 {
		t.Errorf("χ² = %.1f: %v", chi, count)
	}
}

func TestThird(t *testing.T) {
	units := []string{"a", "b", "c", "d"}
	got, ok := Third("s", "a", units, map[string]int{"b": 1}, func(u string) bool { return u != "c" })
	if !ok || got != "d" {
		t.Errorf("got %q, want d: a is marked, b has one already, c may not", got)
	}
	if _, ok := Third("s", "a", units, nil, func(string) bool { return false }); ok {
		t.Error("nobody may, and somebody was chosen")
	}
}

func TestCrossArithmetic(t *testing.T) {
	for _, c := range []struct {
		own    int64
		marks  []int64
		spread int64
		middle int64
	}{{55, nil, 0, 0}, {55, []int64{45}, 10, 45}, {55, []int64{45, 50}, 5, 50}, {55, []int64{40, 50}, 10, 45}, {0, []int64{10, 60, 20}, 50, 20}, {30, []int64{5, 10}, 5, 10}} {
		if got := Spread(c.own, c.marks); got != c.spread {
			t.Errorf("Spread(%d, %v) = %d, want %d", c.own, c.marks, got, c.spread)
		}
		if got := Middle(c.marks); got != c.middle {
			t.Errorf("Middle(%v) = %d, want %d", c.marks, got, c.middle)
		}
	}
}

// TestStrictness: a scorer 0.8 of a point under the others is 0.8 stricter.
func TestStrictness(t *testing.T) {
	got := Strictness([]CrossTotal{
		{"a", "x", 892, 920}, {"b", "x", 900, 920}, {"a", "y", 842, 850}, {"c", "y", 850, 850},
		{"b", "z", 800, 800}, {"c", "z", 800, 800}})
	want := map[string]int64{"a": 80, "b": -40, "c": -40}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	// One scorer a sheet: against what all took off on average.
	got = Strictness([]CrossTotal{{"a", "x", 900, 920}, {"b", "y", 850, 850}, {"c", "z", 790, 800}})
	want = map[string]int64{"a": 100, "b": -100, "c": 0}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
