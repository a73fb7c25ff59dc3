package opinion

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// tailOf is P(Bin(n, x) ≥ hits), summed term by term: slow, and with nothing in common with
// what is tested.
func tailOf(x float64, hits, n int) (sum float64) {
	for k := hits; k <= n; k++ {
		term := 1.0
		for i := range k { // n over k, and as many x
			term *= float64(n-i) / float64(k-i) * x
			for j := i * (n - k) / k; j < (i+1)*(n-k)/k; j++ { // the others with it, so that nothing runs over
				term *= 1 - x
			}
		}
		if k == 0 {
			term = math.Pow(1-x, float64(n))
		}
		sum += term
	}
	return sum
}

// atMost is the probability that a share, of which hits of n were seen, is at most x, under a
// uniform prior: hits+1 of n+1 uniform numbers are below x.
func atMost(x float64, hits, n int) float64 { return tailOf(x, hits+1, n+1) }

// lowOf is the bound that a share is above with 95 %, by halving.
func lowOf(hits, n int) float64 {
	low, high := 0.0, 1.0
	for range 50 {
		if mid := (low + high) / 2; atMost(mid, hits, n) < 0.05 {
			low = mid
		} else {
			high = mid
		}
	}
	return low
}

// itemOf is a statement on which groups voted so; all votes are theirs.
func itemOf(id string, groups ...Counts) Item {
	it := Item{ID: id}
	for _, g := range groups {
		it.All = it.All.Plus(g)
	}
	if len(groups) > 1 {
		it.Groups = groups
	}
	return it
}

// others adds n votes that are not on a side, in group g, or among those in no group where g is
// below 0.
func others(it Item, side string, g, n int) Item {
	more := Counts{Agree: n}
	if side == "agree" {
		more = Counts{Disagree: n}
	}
	it.All = it.All.Plus(more)
	it.Groups = slices.Clone(it.Groups)
	if g >= 0 {
		it.Groups[g] = it.Groups[g].Plus(more)
	}
	return it
}

func idsOf(list []Entry) (ids []string) {
	for _, e := range list {
		ids = append(ids, e.ID)
	}
	return ids
}

// about says whether two numbers are the same but for rounding.
func about(a, b float64) bool { return math.Abs(a-b) < 1e-6 }

func TestChances(t *testing.T) {
	for _, c := range []struct {
		x              float64
		hits, of       int
		p, credibility float64 // by hand
	}{
		{0.6, 5, 5, 0.07776, 0.046656},     // 0.6⁵, 0.6⁶
		{0.6, 0, 5, 1, 1 - 0.004096},       // 1 − 0.4⁶
		{0.6, 0, 0, 1, 0.6},                // the prior
		{0.5, 2, 3, 0.5, 0.3125},           // 4/8, (4+1)/16
		{0.25, 1, 2, 0.4375, 0.15625},      // 1 − 0.75², 3·0.25²·0.75 + 0.25³
		{0.6, 9, 10, 0.046357, 0.03023309}, // 10·0.6⁹·0.4 + 0.6¹⁰, 11·0.6¹⁰·0.4 + 0.6¹¹
	} {
		if p := atLeast(c.x, c.hits, c.of); math.Abs(p-c.p) > 1e-5 {
			t.Errorf("%d of %d against %g: p %.6f, want %.6f", c.hits, c.of, c.x, p, c.p)
		}
		if p := notAbove(c.x, c.hits, c.of); math.Abs(p-c.credibility) > 1e-5 {
			t.Errorf("%d of %d at most %g: %.6f, want %.6f", c.hits, c.of, c.x, p, c.credibility)
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		of := r.IntN(200)
		hits, x := r.IntN(of+1), 0.05+0.9*r.Float64()
		if p := atLeast(x, hits, of); !about(p, tailOf(x, hits, of)) {
			t.Fatalf("%d of %d against %g: p %g, summed %g", hits, of, x, p, tailOf(x, hits, of))
		}
		if p := notAbove(x, hits, of); !about(p, atMost(x, hits, of)) {
			t.Fatalf("%d of %d at most %g: %g, summed %g", hits, of, x, p, atMost(x, hits, of))
		}
	}
}

// TestDiscovered: the greatest p that is at most its rank's part of 10 % passes, and with it
// all below, though some of them are above their own part.
func TestDiscovered(t *testing.T) {
	for _, c := range []struct {
		p     []float64
		limit float64
	}{
		{[]float64{0.5, 0.03, 0.9, 0.04}, 0.05},  // parts are 0.025, 0.05, 0.075, 0.1: the second passes, and the first with it
		{[]float64{0.01, 0.04, 0.9, 0.95}, 0.05}, // both are below their own parts
		{[]float64{0.026, 0.5, 0.9, 0.8}, -1},
		{[]float64{0.1, 0.1}, 0.1},
		{[]float64{0.0999}, 0.1},
		{[]float64{0.1001}, -1},
		{nil, -1},
	} {
		if got := discovered(c.p); !about(got, c.limit) {
			t.Errorf("%v: %g, want %g", c.p, got, c.limit)
		}
	}
}

// checkList compares a list of bounds with what is known of it.
func checkList(t *testing.T, list []Entry, rule string, want []Entry) {
	t.Helper()
	if !slices.Equal(idsOf(list), idsOf(want)) {
		t.Fatalf("listed %v, want %v", idsOf(list), idsOf(want))
	}
	for i, e := range list {
		w := want[i]
		if e.Side != w.Side || e.Share.Hits != w.Share.Hits || e.Share.Of != w.Share.Of || e.Rule != rule || e.Chance != 0 || e.Limit != 0 {
			t.Errorf("%s: %+v, want %+v", e.ID, e, w)
		}
		if low := lowOf(w.Share.Hits, w.Share.Of); !about(e.Score, low) || !about(e.Share.Low, low) {
			t.Errorf("%s: score %g, low %g, want %g", e.ID, e.Score, e.Share.Low, low)
		}
	}
}

func share(hits, of int) Share { return Share{Hits: hits, Of: of} }

// TestDivides: both sides are above a quarter, with 95 %.
func TestDivides(t *testing.T) {
	items := []Item{
		itemOf("four", Counts{4, 4, 0}),       // P(Bin(9, ¼) ≥ 5) = 0.0489
		itemOf("three", Counts{3, 3, 0}),      // P(Bin(7, ¼) ≥ 4) = 0.0706: too few
		itemOf("third", Counts{65, 35, 0}),    // P(Bin(101, ¼) ≥ 36) = 0.011
		itemOf("thirty", Counts{30, 70, 0}),   // P(Bin(101, ¼) ≥ 31) = 0.12
		itemOf("even", Counts{50, 50, 0}),     // surely
		itemOf("quarter", Counts{25, 75, 0}),  // is no more than a quarter
		itemOf("passed", Counts{20, 20, 100}), // one in seven on each side
		itemOf("groups", Counts{40, 0, 2}, Counts{0, 44, 2}),
		itemOf("nobody", Counts{}),
	}
	list, more := divides(shares{}, items)
	checkList(t, list, "split", []Entry{
		{ID: "even", Side: "disagree", Share: share(50, 100)},
		{ID: "groups", Side: "agree", Share: share(40, 88)},
		{ID: "third", Side: "disagree", Share: share(35, 100)},
		{ID: "four", Side: "disagree", Share: share(4, 8)},
	})
	if more != 0 {
		t.Errorf("%d more", more)
	}
	if g := list[1].Groups; len(g) != 2 || g[0].Hits != 40 || g[0].Of != 42 || g[1].Hits != 0 || g[1].Of != 46 || !about(g[0].Low, lowOf(40, 42)) {
		t.Errorf("by group: %+v", g)
	}
}

// TestUncertain: more than one in five pass, with 95 %.
func TestUncertain(t *testing.T) {
	list, more := uncertain(shares{}, []Item{
		itemOf("many", Counts{30, 30, 40}),
		itemOf("thirty", Counts{60, 10, 30}), // P(Bin(101, 0.2) ≥ 31) = 0.008
		itemOf("less", Counts{70, 5, 25}),    // P(Bin(101, 0.2) ≥ 26) = 0.10
		itemOf("three", Counts{0, 0, 3}),     // 0.2⁴ = 0.0016; above 0.05^¼ = 0.473
		itemOf("half", Counts{1, 0, 1}),      // 3·0.2²·0.8 + 0.2³ = 0.104
		itemOf("fifth", Counts{0, 80, 20}),
	})
	checkList(t, list, "passes", []Entry{{ID: "three", Side: "pass", Share: share(3, 3)}, {ID: "many", Side: "pass", Share: share(40, 100)}, {ID: "thirty", Side: "pass", Share: share(30, 100)}})
	if more != 0 || !about(list[0].Score, math.Pow(0.05, 0.25)) {
		t.Errorf("%d more, score %g", more, list[0].Score)
	}
	var many []Item
	for j := range Listed + 3 { // one passes more than the other, all pass the rule
		many = append(many, itemOf(fmt.Sprint(j), Counts{60 - j, 0, 40 + j}))
	}
	list, more = uncertain(shares{}, many)
	if more != 3 || len(list) != Listed || list[0].ID != fmt.Sprint(Listed+2) || list[Listed-1].ID != "3" {
		t.Errorf("%v and %d more", idsOf(list), more)
	}
}

// apartBy says by its definition whether a of n is above b of m: z of pooled proportions with
// one more hit and two more votes each, and Wald's bound of the difference.
func apartBy(a, n, b, m int) (chance, low float64) {
	x, y, nn, mm := float64(a+1)/float64(n+2), float64(b+1)/float64(m+2), float64(n+2), float64(m+2)
	p := (x*nn + y*mm) / (nn + mm)
	z := (x - y) / math.Sqrt(p*(1-p)*(1/nn+1/mm))
	return 0.5 - 0.5*math.Erf(z/math.Sqrt2), x - y - 1.6449*math.Sqrt(x*(1-x)/nn+y*(1-y)/mm)
}

// TestApart: by hand, and as a slow program that goes by the definitions lists it.
func TestApart(t *testing.T) {
	// 41/52 against 6/52: z = (0.7885 − 0.1154) ⁄ √(0.4519 · 0.5481 · 2/52) = 6.90.
	if c := twoShares(40, 50, 5, 50); math.Abs(c/2.65e-12-1) > 0.05 {
		t.Errorf("chance %g", c)
	}
	// 0.6731 − 1.6449 · √(0.7885·0.2115 ⁄ 52 + 0.1154·0.8846 ⁄ 52)
	if l := lowDifference(40, 50, 5, 50); math.Abs(l-0.5547) > 1e-3 {
		t.Errorf("low %g", l)
	}
	lists, more := apart(shares{}, []Item{
		itemOf("split", Counts{40, 10, 0}, Counts{5, 45, 0}, Counts{4, 46, 0}),
		itemOf("same", Counts{25, 25, 0}, Counts{25, 25, 0}, Counts{25, 25, 0}),
		itemOf("third", Counts{10, 10, 30}, Counts{10, 10, 30}, Counts{45, 2, 3}),
		itemOf("few", Counts{1, 0, 0}, Counts{0, 1, 0}, Counts{}),
	}, 3)
	for g, want := range [][]string{{"split agree"}, {"split disagree"}, {"third agree", "split disagree"}} {
		var got []string
		for _, e := range lists[g] {
			got = append(got, e.ID+" "+e.Side)
		}
		if !slices.Equal(got, want) || more[g] != 0 {
			t.Errorf("group %d: %v and %d more, want %v", g, got, more[g], want)
		}
	}
	if e := lists[0][0]; e.Share.Hits != 40 || e.Share.Of != 50 || e.Rest.Hits != 9 || e.Rest.Of != 100 || e.Rule != "apart" || !about(e.Rest.Low, lowOf(9, 100)) {
		t.Errorf("%+v, rest %+v", e, *e.Rest)
	}
	if lists, _ := apart(shares{}, []Item{itemOf("one", Counts{40, 10, 0})}, 1); len(lists) != 1 || lists[0] != nil {
		t.Errorf("one group is set apart by %v", lists)
	}
	for seed := range uint64(20) {
		items := randomItems(seed, 3, 40)
		type test struct {
			id, side    string
			g           int
			chance, low float64
		}
		var all []test
		for _, it := range items {
			for g, c := range it.Groups {
				for _, side := range []string{"agree", "disagree"} {
					hits, of := -c.hits(side), -c.Seen() // of the members of all other groups
					for _, d := range it.Groups {
						hits, of = hits+d.hits(side), of+d.Seen()
					}
					chance, low := apartBy(c.hits(side), c.Seen(), hits, of)
					all = append(all, test{it.ID, side, g, chance, low})
				}
			}
		}
		limit := -1.0 // Benjamini & Hochberg by their definition: the greatest q·i/m with i chances below it
		for i := 1; i <= len(all); i++ {
			part, below := 0.1*float64(i)/float64(len(all)), 0
			for _, x := range all {
				if x.chance <= part {
					below++
				}
			}
			if below >= i {
				limit = part
			}
		}
		lists, more := apart(shares{}, items, 3)
		for g := range 3 {
			var want []test
			for _, x := range all {
				if x.g == g && x.chance <= limit && x.low > 0 {
					want = append(want, x)
				}
			}
			slices.SortStableFunc(want, func(a, b test) int {
				switch {
				case a.low > b.low:
					return -1
				case a.low < b.low:
					return 1
				}
				return 0
			})
			if len(lists[g]) != min(len(want), Listed) || len(lists[g])+more[g] != len(want) {
				t.Fatalf("seed %d, group %d: %d and %d more, want %d", seed, g, len(lists[g]), more[g], len(want))
			}
			for i, e := range lists[g] {
				if w := want[i]; e.ID != w.id || e.Side != w.side || !about(e.Chance, w.chance) || !about(e.Score, w.low) || !about(e.Limit, limit) {
					t.Errorf("seed %d, group %d, %d: %+v, want %+v", seed, g, i, e, w)
				}
			}
		}
	}
}

// randomItems are statements on which k groups of various sizes differ more or less; some vote
// and are in no group.
func randomItems(seed uint64, k, n int) []Item {
	r := rand.New(rand.NewPCG(seed, 44))
	items := make([]Item, n)
	for j := range items {
		groups := make([]Counts, k)
		all := 0.2 + 0.75*r.Float64()
		for g := range groups {
			agree, of := min(max(all+0.25*r.NormFloat64(), 0), 1), 3+r.IntN(60<<(2*g)/(1<<g))
			for range of {
				switch x := r.Float64(); {
				case x < agree:
					groups[g].Agree++
				case x < agree+(1-agree)*0.6:
					groups[g].Disagree++
				default:
					groups[g].Pass++
				}
			}
		}
		items[j] = itemOf(fmt.Sprint("s", j), groups...)
		items[j].All = items[j].All.Plus(Counts{r.IntN(3), r.IntN(3), r.IntN(3)})
	}
	return items
}

// TestLostOfLists: after as many more votes the other way as it says, in the group in which
// that is soonest or in none, an entry of any list goes; after any fewer it stays, whichever
// group they are in. By trying each number, with the limit as it was.
func TestLostOfLists(t *testing.T) {
	check := func(what string, e Entry, groups int, stays func(g, n int) bool) {
		t.Helper()
		for n := range e.Lost + 1 {
			gone := false
			for g := -1; g < groups; g++ {
				gone = gone || !stays(g, n)
			}
			if gone != (n == e.Lost) {
				t.Errorf("%s, %s: gone after %d is %t, said to be lost after %d", what, e.ID, n, gone, e.Lost)
				return
			}
		}
	}
	listed := map[string]int{}
	byBound, byChance := 0, 0 // how entries of groups are lost
	for seed := range uint64(30) {
		k := 1 + int(seed%3)
		items := randomItems(seed, k, 30)
		at := map[string]Item{}
		for _, it := range items {
			at[it.ID] = it
		}
		groups := len(items[0].Groups)
		for _, side := range sides {
			bar := barOf(items, side)
			chance := chances(items, side, bar)
			limit := discovered(chance)
			list, _ := consensus(shares{}, items, side, bar, limit, chance)
			for _, e := range list {
				listed[side]++
				check("most "+side, e, groups, func(g, n int) bool {
					it := others(at[e.ID], side, g, n)
					stays := tailOf(bar, it.All.hits(side), it.All.Seen()) <= limit
					for _, c := range it.Groups {
						stays = stays && atMost(bar, c.hits(side), c.Seen()) <= 0.05
					}
					return stays
				})
			}
		}
		for what, list := range map[string]func(shares, []Item) ([]Entry, int){"divides": divides, "uncertain": uncertain} {
			entries, _ := list(shares{}, items)
			for _, e := range entries {
				listed[what]++
				check(what, e, 0, func(_, n int) bool {
					again, _ := list(shares{}, []Item{others(at[e.ID], e.Side, -1, n)})
					return len(again) == 1
				})
			}
		}
		lists, _ := apart(shares{}, items, k)
		for g, list := range lists {
			for _, e := range list {
				listed["apart"]++
				var last [2]bool
				check("apart", e, 0, func(_, n int) bool {
					c := others(at[e.ID], e.Side, g, n).Groups[g]
					chance, low := apartBy(c.hits(e.Side), c.Seen(), e.Rest.Hits, e.Rest.Of)
					last = [2]bool{chance <= e.Limit, low > 0}
					return chance <= e.Limit && low > 0
				})
				if last[0] {
					byBound++
				}
				if last[1] {
					byChance++
				}
			}
		}
	}
	t.Logf("entries tried: %v; of groups, lost by the bound %d, by chance %d", listed, byBound, byChance)
	for _, what := range []string{"agree", "divides", "uncertain", "apart"} {
		if listed[what] < 20 {
			t.Errorf("%d of %s: too few to tell", listed[what], what)
		}
	}
	if byBound == 0 || byChance == 0 {
		t.Errorf("entries of groups are lost by the bound %d times, by chance %d", byBound, byChance)
	}
}

// TestLostByBound: 5 of 10 against 100 of 1,000 at a limit of 0.02 stays with 12 more the other
// way, and not with 13: 6/25 − 101/1002 − 1.6449·√(0.24·0.76 ⁄ 25 + 0.1008·0.8992 ⁄ 1002) =
// −0.0021, though z = 2.19 leaves a chance of 0.014.
func TestLostByBound(t *testing.T) {
	items := []Item{itemOf("s", Counts{5, 5, 0}, Counts{100, 900, 0})}
	for j := range 18 { // of 76 tests 0.1 · 15/76 = 0.02
		n := 500
		if j < 6 {
			n = 990
		}
		items = append(items, itemOf(fmt.Sprint(j), Counts{5, 5, 0}, Counts{n, 1000 - n, 0}))
	}
	lists, _ := apart(shares{}, items, 2)
	at := slices.IndexFunc(lists[0], func(e Entry) bool { return e.ID == "s" })
	if at < 0 {
		t.Fatalf("not listed: %v", idsOf(lists[0]))
	}
	if e := lists[0][at]; e.Lost != 13 || e.Limit < 0.015 || e.Limit > 0.03 {
		t.Errorf("lost after %d, limit %g", e.Lost, e.Limit)
	}
}

// TestInEach: every group has to be above the bar, each with 95 %.
func TestInEach(t *testing.T) {
	good, tight := Counts{90, 10, 0}, Counts{9, 1, 0} // 9 of 10: 11·0.6¹⁰·0.4 + 0.6¹¹ = 0.030
	for _, c := range []struct {
		name   string
		groups []Counts
		more   int
		want   bool
	}{
		{"all", []Counts{good, good, tight}, 0, true},
		{"five of five: 0.6⁶ = 0.047", []Counts{good, {5, 0, 0}}, 0, true},
		{"four of four: 0.6⁵ = 0.078", []Counts{good, {4, 0, 0}, good}, 0, false},
		{"the first below", []Counts{{55, 45, 0}, good}, 0, false},
		{"the last below", []Counts{good, good, {55, 45, 0}}, 0, false},
		{"passes count", []Counts{good, {60, 0, 40}}, 0, false},
		{"nobody voted", []Counts{good, {}}, 0, false},
		{"one more in the tight one: 9 of 11, 0.083", []Counts{good, tight}, 1, false},
		{"one more in the large one", []Counts{good, good}, 1, true},
		{"thirty more: 90 of 130", []Counts{good, {900, 0, 0}}, 30, true}, // P(Bin(131, 0.6) ≥ 91) = 0.018
		{"forty more: 90 of 140", []Counts{good, {900, 0, 0}}, 40, false},
	} {
		it := itemOf("s", c.groups...)
		if got := inEach(&it, "agree", 0.6, c.more); got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
	}
	// In the list too: what all together surely agree on, and one group does not, is not on it.
	all := itemOf("all", Counts{190, 10, 0}, Counts{45, 5, 0})
	but := itemOf("but", Counts{190, 10, 0}, Counts{25, 25, 0})
	items := []Item{all, but}
	list, _ := consensus(shares{}, items, "agree", 0.6, 0.05, chances(items, "agree", 0.6))
	if !slices.Equal(idsOf(list), []string{"all"}) || list[0].Rule != "everygroup" || len(list[0].Groups) != 2 {
		t.Errorf("listed %+v", list)
	}
	if p := chances(items, "agree", 0.6); p[1] > 0.001 {
		t.Errorf("among all %g", p[1])
	}
}

// quantileOf is the 5 % quantile of Beta(a, b) with a, b > 1, by adding up its density.
func quantileOf(a, b float64) float64 {
	const steps = 400_000
	density := func(i int) float64 {
		x := (float64(i) + 0.5) / steps
		return math.Pow(x, a-1) * math.Pow(1-x, b-1)
	}
	var all, sum float64
	for i := range steps {
		all += density(i)
	}
	for i := range steps {
		if sum += density(i); sum >= 0.05*all {
			return float64(i+1) / steps
		}
	}
	return 1
}

// TestJoint: 8 of 10 and 3 of 4 agree. The mean is 9/12 · 4/6 = ½, the mean square 90/156 ·
// 20/42 = 0.274725, so the variance 0.024725, and a = b = ½ (0.25 ⁄ 0.024725 − 1) = 4.5556.
func TestJoint(t *testing.T) {
	it := itemOf("s", Counts{3, 0, 1}, Counts{8, 2, 0}).Exact()
	j := it.Agreement
	if !about(j.Mean, 0.5) {
		t.Errorf("mean %g", j.Mean)
	}
	if want := quantileOf(4.5556, 4.5556); math.Abs(j.Low-want) > 1e-4 {
		t.Errorf("low %g, want %g", j.Low, want)
	}
	if want := min(lowOf(8, 10), lowOf(3, 4)); !about(j.Min, want) || !about(want, lowOf(3, 4)) {
		t.Errorf("min %g, want %g", j.Min, want)
	}
	d := it.Disagreement // 3/12 · 1/6
	if !about(d.Mean, 1.0/24) || !about(d.Min, lowOf(0, 4)) || d.Low >= d.Mean {
		t.Errorf("disagreement %+v", d)
	}
	// The product itself, by drawing: as near as a beta distribution is.
	r := rand.New(rand.NewPCG(5, 5))
	beta := func(hits, of int) float64 { // of as many and one more uniform numbers the next after hits
		u := make([]float64, of+1)
		for i := range u {
			u[i] = r.Float64()
		}
		slices.Sort(u)
		return u[hits]
	}
	var drawn []float64
	for range 40_000 {
		drawn = append(drawn, beta(8, 10)*beta(3, 4))
	}
	slices.Sort(drawn)
	if low := drawn[len(drawn)/20]; math.Abs(low-j.Low) > 0.015 {
		t.Errorf("of products drawn 5 %% are below %g, said %g", low, j.Low)
	}
	// One group: the share's own.
	one := itemOf("s", Counts{8, 2, 0}).Exact()
	if low := lowOf(8, 10); !about(one.Agreement.Mean, 0.75) || !about(one.Agreement.Low, low) || !about(one.Agreement.Min, low) || !about(one.Disagreement.Low, lowOf(2, 10)) {
		t.Errorf("of one group %+v", one)
	}
	// In a result bounds are near, exact once asked for, and lists go by the exact ones.
	res := analyse(t, camps(2, 2, 200, 30, 20, 0.85, 0.4), Config{})
	if res.K != 2 || len(res.Agree) < 3 {
		t.Fatalf("%d groups, %d agreed on", res.K, len(res.Agree))
	}
	for _, it := range res.Items {
		e := it.Exact()
		if e.Agreement.Mean != it.Agreement.Mean || math.Abs(e.Agreement.Low-it.Agreement.Low) > 0.03 || math.Abs(e.Agreement.Min-it.Agreement.Min) > 0.03 {
			t.Errorf("%s: %+v, exactly %+v", it.ID, it.Agreement, e.Agreement)
		}
		if i := slices.IndexFunc(res.Agree, func(a Entry) bool { return a.ID == it.ID }); i >= 0 && res.Agree[i].Score != e.Agreement.Low {
			t.Errorf("%s is ordered by %g, its bound is %g", it.ID, res.Agree[i].Score, e.Agreement.Low)
		}
	}
	if !slices.IsSortedFunc(res.Agree, func(a, b Entry) int {
		if a.Score >= b.Score {
			return -1
		}
		return 1
	}) {
		t.Error("what most agree on is not in order")
	}
}

// TestConsensusExactly: 17 of 17 is surer than 90 of 100 by the exact bound, though not by the
// quick one; and 5 of 5 are too few, of which a posterior would be sure.
func TestConsensusExactly(t *testing.T) {
	var items []Item
	for _, c := range []Counts{{17, 0, 0}, {90, 10, 0}, {5, 0, 0}} {
		items = append(items, itemOf(fmt.Sprint(c.Agree), c))
		items[len(items)-1].Agreement = joint([]Counts{c}, "agree")
	}
	list, _ := consensus(shares{}, items, "agree", 0.6, 0.05, chances(items, "agree", 0.6))
	t.Logf("quick %.4f %.4f, exact %.4f %.4f", items[0].Agreement.Low, items[1].Agreement.Low, lowOf(17, 17), lowOf(90, 100))
	if !slices.Equal(idsOf(list), []string{"17", "90"}) {
		t.Errorf("listed %v", idsOf(list))
	}
}

// TestProgress: each known step is told from nothing to all, and never backwards.
func TestProgress(t *testing.T) {
	type told struct {
		step     Step
		done, of int
	}
	var all []told
	analyse(t, camps(3, 2, 100, 30, 20, 0.85, 0.2), Config{Progress: func(s Step, done, of int) { all = append(all, told{s, done, of}) }})
	var steps []Step
	for i, x := range all {
		if x.done < 0 || x.done > x.of || x.of < 1 {
			t.Errorf("%+v", x)
		}
		if i > 0 && all[i-1].step == x.step {
			if x.of != all[i-1].of || x.done < all[i-1].done {
				t.Errorf("%+v after %+v", x, all[i-1])
			}
			continue
		}
		if i > 0 && all[i-1].done != all[i-1].of {
			t.Errorf("%+v is not the end", all[i-1])
		}
		if x.done != 0 {
			t.Errorf("%+v is not the beginning", x)
		}
		steps = append(steps, x.step)
	}
	if !slices.Equal(steps, []Step{Counting, Choosing, Listing}) || all[len(all)-1].done != all[len(all)-1].of {
		t.Errorf("steps %v, the last %+v", steps, all[len(all)-1])
	}
	if n := len(slices.DeleteFunc(all, func(x told) bool { return x.step != Choosing })); n < resamples {
		t.Errorf("the longest step was told %d times", n)
	}
}

// TestStrength: where all vote on everything and agree with their camp's stance with 0.8, pass
// with 0.08 and disagree with 0.12, the camps are at ±0.68 on each statement.
func TestStrength(t *testing.T) {
	r := analyse(t, camps(8, 2, 600, 40, 40, 0.8, 0), Config{})
	if r.K != 2 || r.R != 1 || math.Abs(r.Strength[0]-0.68) > 0.02 {
		t.Errorf("%d groups, %d factors, strength %.3f", r.K, r.R, r.Strength)
	}
	for _, g := range r.Groups {
		if math.Abs(math.Abs(g.X)-0.68) > 0.03 {
			t.Errorf("group %d is at %g", g.ID, g.X)
		}
	}
	// What chance makes is the like of what it makes of votes dealt anew.
	x := tableOf(t, shuffled(camps(8, 2, 600, 40, 40, 0.8, 0), 1)).matrix(nil)
	if v, _ := newCovariance(x, nil).eigen(Factors, 1e-6); math.Abs(r.Chance[0]/v[0]-1) > 0.1 {
		t.Errorf("chance %.4f, of votes dealt anew %.4f", r.Chance, v)
	}
}
