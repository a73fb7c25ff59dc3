package opinion

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func analyse(t testing.TB, all []Ballot, c Config) *Result {
	t.Helper()
	r, err := Analyse(tableOf(t, all), c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// written is a result as text in which every bit of every number shows.
func written(t testing.TB, r *Result) string {
	t.Helper()
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestSameBits: 100 orders of arrival, batches, restarts and numbers of processors.
func TestSameBits(t *testing.T) {
	all := camps(3, 3, 150, 40, 25, 0.8, 0.2)
	for i := range all {
		all[i].At = int64(i / 3) // some at the same moment
		if i%50 == 0 {           // some change their mind, some in the same moment
			b := all[i]
			b.Value = -b.Value
			all = append(all, b)
		}
	}
	want := written(t, analyse(t, all, Config{}))
	if !strings.Contains(want, `"K":3`) {
		t.Fatalf("no three groups: %.200s", want)
	}
	r := rand.New(rand.NewPCG(1, 1))
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	rounds := few(100, 12)
	for round := range rounds {
		runtime.GOMAXPROCS(1 + round%4)
		shuffle := slices.Clone(all)
		r.Shuffle(len(shuffle), func(i, j int) { shuffle[i], shuffle[j] = shuffle[j], shuffle[i] })
		// A first part at once, then batches into a Live that is made anew now and then.
		first := 1 + r.IntN(len(shuffle))
		table := tableOf(t, shuffle[:first])
		live, err := NewLive(table, Config{K: 3, R: 2})
		if err != nil {
			t.Fatal(err)
		}
		for rest := shuffle[first:]; len(rest) > 0; {
			n := 1 + r.IntN(min(len(rest), 400))
			if err := live.Cast(rest[:n]...); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
			if r.IntN(3) == 0 {
				live.Result()
			}
			if r.IntN(6) == 0 {
				if live, err = NewLive(table, Config{K: 3, R: 2}); err != nil {
					t.Fatal(err)
				}
			}
		}
		live.Choose()
		if got := written(t, live.Result()); got != want {
			t.Fatalf("round %d differs:\n%s", round, firstDifference(got, want))
		}
	}
}

// TestSameBitsReal: the same of real votes with moderation, and of more statements than
// pairs are counted of; a restart reads the votes back from what was kept.
func TestSameBitsReal(t *testing.T) {
	check := func(name string, all []Ballot, out Moderation, rounds int) {
		config := Config{Out: out, K: 3, R: 2}
		want := written(t, analyse(t, all, config))
		r := rand.New(rand.NewPCG(2, 2))
		for round := range rounds {
			shuffle := slices.Clone(all)
			r.Shuffle(len(shuffle), func(i, j int) { shuffle[i], shuffle[j] = shuffle[j], shuffle[i] })
			first := len(shuffle)/2 + r.IntN(len(shuffle)/2)
			live, err := NewLive(tableOf(t, shuffle[:first]), Config{K: 3, R: 2})
			if err != nil {
				t.Fatal(err)
			}
			live.Moderate(out)
			rest := shuffle[first:]
			if err := live.Cast(rest[:len(rest)/2]...); err != nil {
				t.Fatal(err)
			}
			live.Result()
			again := NewTable() // a restart
			live.table.Each(func(b Ballot) {
				if err := again.Cast(b); err != nil {
					t.Fatal(err)
				}
			})
			if live, err = NewLive(again, config); err != nil {
				t.Fatal(err)
			}
			if err := live.Cast(rest[len(rest)/2:]...); err != nil {
				t.Fatal(err)
			}
			if got := written(t, live.Result()); got != want {
				t.Fatalf("%s, round %d differs:\n%s", name, round, firstDifference(got, want))
			}
		}
	}
	check("more than 2,000 statements", camps(9, 2, 60, tableLimit+100, 400, 0.8, 0.3), Moderation{"s3000": true}, few(5, 2))
	for _, name := range realSets {
		all, out := real(t, name)
		check(name, all, out, few(20, 3))
	}
}

// TestUnvoted: a statement that nobody voted on changes nothing but its own line, also where
// those who did were taken out.
func TestUnvoted(t *testing.T) {
	all := camps(7, 2, 120, 30, 20, 0.8, 0.2)
	without := func(r *Result) string {
		r.Items = slices.DeleteFunc(slices.Clone(r.Items), func(it Item) bool { return it.All.Seen() == 0 })
		r.Statements = len(r.Items)
		return written(t, r)
	}
	want := without(analyse(t, all, Config{}))
	live, err := NewLive(tableOf(t, append(slices.Clone(all), Ballot{"guest", "s900", 1, 5}, Ballot{"guest", "c0", -1, 5})), Config{})
	if err != nil {
		t.Fatal(err)
	}
	for range 40 {
		if err := live.AddStatement(fmt.Sprint("x", len(live.table.statements))); err != nil {
			t.Fatal(err)
		}
	}
	if !live.Remove("guest") {
		t.Fatal("the guest was not there")
	}
	live.Choose()
	if got := without(live.Result()); got != want {
		t.Error(firstDifference(got, want))
	}
}

func firstDifference(a, b string) string {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return a[max(0, i-60):min(len(a), i+60)] + "\n" + b[max(0, i-60):min(len(b), i+60)]
		}
	}
	return "one is longer"
}

// TestLiveIsAnalyse: whatever is cast, changed, removed and moderated, what Live keeps
// gives what is computed from nothing.
func TestLiveIsAnalyse(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		id := func(label string, n int) string { return fmt.Sprint(label, rapid.IntRange(0, n).Draw(rt, label)) }
		first := Ballot{"p0", "s0", 1, 1}
		live, err := NewLive(tableOf(t, []Ballot{first}), Config{K: 2, R: 1})
		if err != nil {
			rt.Fatal(err)
		}
		cast := []Ballot{first}
		out := Moderation{}
		for n := range rapid.IntRange(1, 60).Draw(rt, "steps") {
			switch rapid.IntRange(0, 12).Draw(rt, "what") {
			case 0:
				p := id("p", 8)
				if p != "p0" {
					live.Remove(p)
					cast = slices.DeleteFunc(cast, func(b Ballot) bool { return b.Person == p })
				}
			case 1:
				out = Moderation{id("s", 6): true}
				delete(out, "s0")
				live.Moderate(out)
			case 2:
				live.Result()
			default:
				b := Ballot{id("p", 8), id("s", 6), int8(rapid.IntRange(-1, 1).Draw(rt, "v")), int64(rapid.IntRange(0, 5).Draw(rt, "at"))}
				if err := live.Cast(b); err != nil {
					rt.Fatal(n, err)
				}
				cast = append(cast, b)
			}
		}
		table := tableOf(t, cast)
		for _, s := range live.table.statements { // statements stay known when their voters have gone
			if err := table.AddStatement(s); err != nil {
				rt.Fatal(err)
			}
		}
		want, err := Analyse(table, Config{K: 2, R: 1, Out: out})
		if err != nil {
			rt.Fatal(err)
		}
		if got := written(t, live.Result()); got != written(t, want) {
			rt.Fatal(firstDifference(got, written(t, want)))
		}
	})
}

// TestProducts: the covariance from integer tables is the one over the votes.
func TestProducts(t *testing.T) {
	x := tableOf(t, camps(5, 3, 200, 60, 20, 0.7, 0.2)).matrix(nil)
	a, b := newCovariance(x, countPairs(x)), newCovariance(x, nil)
	v, y, z, tmp := make([]float64, a.m), make([]float64, a.m), make([]float64, a.m), make([]float64, a.m)
	for j := range v {
		v[j] = math.Sin(float64(j))
	}
	a.times(y, v, tmp)
	b.times(z, v, tmp)
	for j := range y {
		if math.Abs(y[j]-z[j]) > 1e-12 {
			t.Fatalf("at %d: %g and %g", j, y[j], z[j])
		}
	}
	va, ea := a.eigen(3, 1e-9)
	vb, _ := b.eigen(3, 1e-9)
	for k := range va {
		if math.Abs(va[k]-vb[k]) > 1e-9 {
			t.Errorf("value %d: %g and %g", k, va[k], vb[k])
		}
		a.times(y, ea[k], tmp)
		for j := range y {
			if math.Abs(y[j]-va[k]*ea[k][j]) > 1e-6 {
				t.Fatalf("vector %d is none: %g", k, y[j]-va[k]*ea[k][j])
			}
		}
	}
	for k, s := range a.variances(ea) {
		if o := b.variances(ea)[k]; math.Abs(s-o) > 1e-9*math.Abs(s) {
			t.Errorf("variance %d: %g and %g", k, s, o)
		}
	}
}

// TestManyPeople counts pairs in more than one packed block.
func TestManyPeople(t *testing.T) {
	x := &matrix{ids: []string{"0", "1"}, counts: make([]Counts, 2)}
	want := pair{}
	for i := range 2*packedPeople + 5 {
		a, b := uint32(i%3), uint32(i/3%3)
		x.rows = append(x.rows, []uint32{a, 4 | b})
		want.n++
		want.a += int32(a) - 1
		want.b += int32(b) - 1
		want.s += (int32(a) - 1) * (int32(b) - 1)
	}
	if got := countPairs(x).cell[0]; got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	for i := range x.rows { // all of one kind: each field is as full as it gets
		x.rows[i] = []uint32{2, 4 | 2}
	}
	n := int32(len(x.rows))
	if got := countPairs(x).cell[0]; got != (pair{n, n, n, n}) {
		t.Errorf("%+v, want %d each", got, n)
	}
}

func TestLastVoteWins(t *testing.T) {
	for _, c := range []struct {
		name string
		in   []Ballot
		want int8
	}{
		{"later", []Ballot{{"p", "s", 1, 1}, {"p", "s", -1, 2}}, -1},
		{"later, come first", []Ballot{{"p", "s", -1, 2}, {"p", "s", 1, 1}}, -1},
		{"same moment: by value", []Ballot{{"p", "s", 1, 5}, {"p", "s", -1, 5}}, 1},
		{"same moment, other order", []Ballot{{"p", "s", -1, 5}, {"p", "s", 1, 5}}, 1},
		{"twice", []Ballot{{"p", "s", 0, 5}, {"p", "s", 0, 5}}, 0},
	} {
		n := 0
		tableOf(t, c.in).Each(func(b Ballot) {
			if n++; b.Value != c.want {
				t.Errorf("%s: %d", c.name, b.Value)
			}
		})
		if n != 1 {
			t.Errorf("%s: %d votes", c.name, n)
		}
	}
}

func TestRefused(t *testing.T) {
	table := NewTable()
	for _, c := range []struct {
		b    Ballot
		want Reason
	}{
		{Ballot{"p", "s", 2, 0}, ErrValue},
		{Ballot{"p", "s", -128, 0}, ErrValue},
		{Ballot{"p", "s", 0, -1}, ErrTime},
		{Ballot{"p", "s", 0, math.MaxInt64}, ErrTime},
		{Ballot{"", "s", 0, 0}, ErrPerson},
		{Ballot{strings.Repeat("x", MaxID+1), "s", 0, 0}, ErrPerson},
		{Ballot{"p", "", 0, 0}, ErrStatement},
	} {
		if err := table.Cast(c.b); !errors.Is(err, c.want) {
			t.Errorf("%.20v: %v, want %v", c.b, err, c.want)
		}
	}
	for n := 0; ; n++ {
		if err := table.AddStatement(fmt.Sprint(n)); err != nil {
			if !errors.Is(err, ErrStatements) || n != MaxStatements {
				t.Errorf("statement %d: %v", n, err)
			}
			break
		}
	}
	if _, err := Analyse(NewTable(), Config{}); !errors.Is(err, ErrNothing) {
		t.Errorf("no votes: %v", err)
	}
	one := tableOf(t, []Ballot{{"p", "s", 1, 0}})
	for _, c := range []Config{{K: -1}, {K: MaxGroups + 1}, {K: 2, R: Factors + 1}, {K: 2, R: -1}} {
		if _, err := Analyse(one, c); !errors.Is(err, ErrConfig) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	// What is refused leaves nobody behind.
	if err := one.Cast(Ballot{"stranger", "", 1, 0}); err == nil {
		t.Error("a vote on nothing is taken")
	}
	if people, _, _ := one.Size(); people != 1 {
		t.Errorf("%d people", people)
	}
	if _, err := Analyse(one, Config{Out: Moderation{"s": true}}); !errors.Is(err, ErrNothing) {
		t.Errorf("all left out: %v", err)
	}
}

// TestSmall: few people, few statements, everybody alike.
func TestSmall(t *testing.T) {
	alike := camps(1, 1, 50, 20, 20, 1, 1)
	for name, all := range map[string][]Ballot{
		"one vote": {{"p", "s", 1, 0}}, "one person": camps(1, 1, 1, 20, 20, 0.8, 0), "one statement": camps(1, 2, 60, 1, 1, 0.9, 0),
		"two people": camps(1, 2, 2, 30, 30, 0.9, 0), "all alike": alike, "all pass": func() []Ballot {
			p := slices.Clone(alike)
			for i := range p {
				p[i].Value = 0
			}
			return p
		}(),
	} {
		r := analyse(t, all, Config{})
		if r.K != 1 || len(r.Groups) != 1 || r.Groups[0].Size != r.People {
			t.Errorf("%s: %d groups, %d of %d people", name, r.K, r.Groups[0].Size, r.People)
		}
		written(t, r) // has no number that is none
		// Asked for groups that are not there, it does not fail.
		analyse(t, all, Config{K: 5, R: 3})
	}
	r := analyse(t, alike, Config{})
	if len(r.Agree) == 0 || len(r.Disagree) != 0 || len(r.Divides) != 0 {
		t.Errorf("where all agree: %d agreed, %d not, %d divide", len(r.Agree), len(r.Disagree), len(r.Divides))
	}
}

// TestKeepsIDs: a group keeps its id though it is no longer the largest.
func TestKeepsIDs(t *testing.T) {
	all := camps(2, 2, 100, 40, 30, 0.85, 0.1)
	first := analyse(t, all, Config{})
	before := map[string]int{}
	for _, g := range first.Groups {
		for _, p := range g.People {
			before[p] = 1 - g.ID // as if they had been published the other way round
		}
	}
	second := analyse(t, all, Config{Previous: before})
	for _, g := range second.Groups {
		for _, p := range g.People {
			if before[p] != g.ID {
				t.Fatalf("%s was in %d, is in %d", p, before[p], g.ID)
			}
		}
	}
}

// TestKeepIDs: how ids are kept where the number of groups is another than it was.
func TestKeepIDs(t *testing.T) {
	for _, c := range []struct {
		name string
		both [][]int // people of each new group by the id they had; the last of a row had none
		want []int
	}{
		{"the same", [][]int{{50, 0, 0}, {0, 40, 0}}, []int{0, 1}},
		{"the other way round", [][]int{{3, 40, 0}, {50, 2, 0}}, []int{1, 0}},
		{"three to two, 2 is gone", [][]int{{2, 50, 0, 0}, {40, 0, 0, 0}}, []int{1, 0}},
		{"three to two, 2 and 1 in one", [][]int{{0, 30, 50, 0}, {60, 0, 0, 0}}, []int{1, 0}},
		{"three to two, 0 is gone: 1 stays, 2 cannot", [][]int{{0, 0, 50, 0}, {0, 40, 0, 0}}, []int{0, 1}},
		{"the same, the larger first", [][]int{{0, 50, 0, 0}, {0, 0, 40, 0}}, []int{1, 0}},
		{"four to two, 0 and 1 are gone", [][]int{{0, 0, 0, 50, 0}, {0, 0, 40, 0, 0}}, []int{0, 1}},
		{"two to three, 0 in two parts", [][]int{{0, 60, 0}, {25, 0, 0}, {30, 0, 0}}, []int{1, 2, 0}},
		{"two to three, one of new people", [][]int{{0, 0, 70}, {50, 0, 0}, {0, 40, 0}}, []int{2, 0, 1}},
		{"one to two", [][]int{{20, 30}, {40, 0}}, []int{1, 0}},
		{"equal: rather each has an id that was one of theirs", [][]int{{10, 5, 0}, {5, 0, 0}}, []int{1, 0}},
		{"nobody is left", [][]int{{0, 0, 9}, {0, 0, 8}}, []int{0, 1}},
	} {
		var people []Person
		before := map[string]int{}
		for g, row := range c.both {
			for old, n := range row {
				for range n {
					id := fmt.Sprint("p", len(people))
					people = append(people, Person{ID: id, Group: g})
					if old < len(row)-1 {
						before[id] = old
					}
				}
			}
		}
		for _, g := range []int{Between, Unplaced} { // who is in none, or was, counts for nothing
			for old := -2; old < 3; old++ {
				id := fmt.Sprint("none", g, old)
				people = append(people, Person{ID: id, Group: g}, Person{ID: id + "was", Group: 0})
				before[id], before[id+"was"] = old, g
			}
		}
		if got := keepIDs(people, before, len(c.both)); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// TestKeepsIDsShrunk: of three camps published one goes home; in the next result those that
// stay have ids 0 and 1, and what had either of them has it still.
func TestKeepsIDsShrunk(t *testing.T) {
	all := camps(2, 3, 150, 40, 30, 0.85, 0.1)
	before := map[string]int{}
	for i := range 150 {
		before[fmt.Sprint("p", i)] = i % 3
	}
	for gone := range 3 {
		left := slices.DeleteFunc(slices.Clone(all), func(b Ballot) bool { return before[b.Person] == gone })
		r := analyse(t, left, Config{Previous: before})
		if r.K != 2 {
			t.Fatalf("%d groups", r.K)
		}
		for _, g := range r.Groups {
			for _, p := range g.People {
				if old := before[p]; old < 2 && old != g.ID || old == 2 && g.ID != gone {
					t.Fatalf("without %d: %s was in %d, is in %d", gone, p, old, g.ID)
				}
			}
		}
	}
}

// TestNoise: what chance makes of other numbers of people is near what it is said to be.
func TestNoise(t *testing.T) {
	for _, all := range [][]Ballot{camps(1, 3, 2000, 60, 20, 0.75, 0.25), camps(1, 2, 2000, 300, 20, 0.75, 0.25), camps(1, 2, 2000, 200, 100, 0.75, 0.25)} {
		x := tableOf(t, all).matrix(nil)
		ids := make([]uint64, len(x.people))
		for i, v := range x.people {
			ids[i] = v.hash
		}
		greatest := func(y *matrix) (mean float64) {
			for s := range uint64(5) {
				v, _ := newCovariance(y.dealt(s), nil).eigen(1, 0.01)
				mean += v[0] / 5
			}
			return mean
		}
		whole := greatest(x)
		for _, n := range []int{1600, 1000, 500, 250} {
			got, want := x.noise(n)/x.noise(len(x.rows)), greatest(x.some(resample(ids, n, 7)))/whole
			t.Logf("%d statements, %d people of %d: %.3f times, said %.3f", len(x.ids), n, len(x.rows), want, got)
			if math.Abs(got/want-1) > 0.1 {
				t.Errorf("%d people: %g, said %g", n, want, got)
			}
		}
	}
}

func TestShares(t *testing.T) {
	for _, c := range []struct {
		hits, of  int
		low, high float64
	}{ // from tables of the beta distribution
		{0, 0, 0.05, 0.95}, {1, 1, 0.223607, 0.974679}, {5, 10, 0.271250, 0.728750}, {0, 9, 0.005116, 0.258866},
	} {
		s := NewShare(c.hits, c.of)
		if math.Abs(s.Low-c.low) > 2e-4 || math.Abs(s.High-c.high) > 2e-4 {
			t.Errorf("%d of %d: %.6f–%.6f, want %.6f–%.6f", c.hits, c.of, s.Low, s.High, c.low, c.high)
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		of := rapid.IntRange(0, 100_000).Draw(rt, "of")
		hits := rapid.IntRange(0, of).Draw(rt, "hits")
		s := NewShare(hits, of)
		if !(0 < s.Low && s.Low < s.Mean && s.Mean < s.High && s.High < 1) {
			rt.Fatalf("%+v", s)
		}
		if p := notAbove(s.Low, hits, of); math.Abs(p-0.05) > 1e-6 {
			rt.Fatalf("below %g lies %g", s.Low, p)
		}
		near := 0.1
		if min(hits, of-hits) >= 10 {
			near = 0.012
		}
		if q := quickLow(float64(hits+1), float64(of-hits+1)); math.Abs(q-s.Low) > near {
			rt.Fatalf("%d of %d: %g, quickly %g", hits, of, s.Low, q)
		}
	})
}

// TestLost: as many votes the other way as it says take a statement off the list, and one
// fewer does not.
func TestLost(t *testing.T) {
	all := camps(4, 1, 40, 12, 12, 0.9, 1)
	r := analyse(t, all, Config{K: 1})
	if len(r.Agree) == 0 {
		t.Fatal("nothing agreed")
	}
	e := r.Agree[0]
	for _, n := range []int{e.Lost - 1, e.Lost} {
		if gone := notAbove(e.Bar, e.Share.Hits, e.Share.Of+n) > e.Limit; gone != (n == e.Lost) {
			t.Errorf("with %d votes of %d: gone %t", n, e.Lost, gone)
		}
	}
}

// TestNext: every statement can come, one that says more comes more often, none comes
// twice, and the probabilities are those of the draws.
func TestNext(t *testing.T) {
	all := camps(6, 2, 100, 20, 10, 0.85, 0.1)
	live, err := NewLive(tableOf(t, all), Config{K: 2, R: 1})
	if err != nil {
		t.Fatal(err)
	}
	drawn, sum := map[string]int{}, map[string]float64{}
	const draws = 4000
	for i := range draws {
		d, ok := live.Next("newcomer", nil, (float64(i)+0.5)/draws)
		if !ok {
			t.Fatal("nothing to ask")
		}
		drawn[d.Statement]++
		sum[d.Statement] = d.Probability
	}
	var total float64
	for s, p := range sum {
		total += p
		if math.Abs(float64(drawn[s])/draws-p) > 0.001 {
			t.Errorf("%s: drawn %d of %d, said %g", s, drawn[s], draws, p)
		}
	}
	if len(drawn) != 20 || math.Abs(total-1) > 1e-9 {
		t.Errorf("%d statements, probabilities add up to %g", len(drawn), total)
	}
	if sum["c0"] >= sum["s7"] {
		t.Errorf("what all agree on (%g) says no less than what divides (%g)", sum["c0"], sum["s7"])
	}
	shown := map[string]bool{}
	for range 20 {
		d, ok := live.Next("p0", shown, 0.3)
		if !ok {
			break
		}
		if shown[d.Statement] || slices.ContainsFunc(all, func(b Ballot) bool { return b.Person == "p0" && b.Statement == d.Statement }) {
			t.Fatalf("%s again", d.Statement)
		}
		shown[d.Statement] = true
	}
	if len(shown) != 10 {
		t.Errorf("%d statements were left, want 10", len(shown))
	}
	if _, ok := live.Next("p0", nil, math.NaN()); ok {
		t.Error("drew with no number")
	}
}

// TestCauses: the votes that put somebody somewhere are on what sets their camp apart.
func TestCauses(t *testing.T) {
	live, err := NewLive(tableOf(t, camps(6, 2, 100, 20, 15, 0.85, 0.3)), Config{K: 2, R: 1})
	if err != nil {
		t.Fatal(err)
	}
	all, ok := live.Causes("p3")
	if !ok || len(all) != 5 {
		t.Fatalf("%d causes", len(all))
	}
	for i, c := range all {
		if strings.HasPrefix(c.Statement, "c") || i > 0 && math.Abs(c.Weight) > math.Abs(all[i-1].Weight) {
			t.Errorf("cause %d: %+v", i, c)
		}
	}
	if _, ok := live.Causes("nobody"); ok {
		t.Error("somebody who is not there has causes")
	}
}

func TestAdjustedRand(t *testing.T) {
	for _, c := range []struct {
		a, b []int
		want float64
	}{
		{[]int{0, 0, 1, 1}, []int{1, 1, 0, 0}, 1},
		{[]int{0, 0, 0, 0}, []int{0, 0, 0, 0}, 1},
		{[]int{0, 0, 1, 1}, []int{0, 0, 0, 0}, 0},
		{[]int{0, 0, 1, 2}, []int{0, 0, 1, 1}, 4.0 / 7},
	} {
		if got := AdjustedRand(c.a, c.b); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%v and %v: %g, want %g", c.a, c.b, got, c.want)
		}
	}
}

// FuzzAnalyse: no votes make it fail otherwise than with a Reason, and none make a number
// that is none.
func FuzzAnalyse(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1, 1, 2, 2, 3, 1, 9, 9, 2}, byte(2))
	f.Add([]byte{}, byte(0))
	f.Add([]byte{0, 0, 0, 1, 1, 2, 2, 3, 1, 9, 9, 2}, byte(6)) // more groups than there may be
	f.Fuzz(func(t *testing.T, votes []byte, k byte) {
		table := NewTable()
		for i := 0; i+2 < len(votes) && i < 600; i += 3 {
			if err := table.Cast(Ballot{fmt.Sprint(votes[i] % 40), fmt.Sprint(votes[i+1] % 12), int8(votes[i+2]%4) - 1, int64(i)}); err != nil && !errors.Is(err, ErrValue) {
				t.Fatal(err)
			}
		}
		r, err := Analyse(table, Config{K: int(k % 7)})
		if err != nil {
			var why Reason
			if !errors.As(err, &why) {
				t.Fatal(err)
			}
			return
		}
		if _, err := json.Marshal(r); err != nil { // NaN and ±∞ cannot be written
			t.Fatal(err)
		}
		in := 0
		for _, g := range r.Groups {
			in += g.Size
		}
		for _, p := range r.Persons {
			if p.Group < 0 {
				in++
			}
		}
		if in != r.People {
			t.Fatalf("%d people, %d accounted for", r.People, in)
		}
	})
}
