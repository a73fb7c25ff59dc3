package opinion

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"
	"testing"
)

// few is how often a test repeats what it measures: fewer times under the race detector,
// which takes ten times as long and looks for something else, and under -short.
func few(n, short int) int {
	if raceDetector || testing.Short() {
		return short
	}
	return n
}

// groupsIn is the group of each person that has one; with between those on a border too,
// in the nearest group.
func groupsIn(r *Result, between bool) map[string]int {
	in := map[string]int{}
	for _, p := range r.Persons {
		switch {
		case p.Group >= 0:
			in[p.ID] = p.Group
		case p.Group == Between && between:
			least := math.Inf(1)
			for _, g := range r.Groups {
				if d := math.Hypot(p.X-g.X, p.Y-g.Y); d < least {
					in[p.ID], least = g.ID, d
				}
			}
		}
	}
	return in
}

func polisGroups(all []Ballot, out Moderation) map[string]int {
	r := Polis(all, out, nil)
	in := map[string]int{}
	for _, g := range r.Groups {
		for _, row := range g.Rows {
			in[r.People[row]] = g.ID
		}
	}
	return in
}

// alike is the adjusted Rand index over the people in both.
func alike(a, b map[string]int) float64 {
	var x, y []int
	for p, g := range a {
		if h, ok := b[p]; ok {
			x, y = append(x, g), append(y, h)
		}
	}
	return AdjustedRand(x, y)
}

// TestStability: groups come back when one person in five is left out and everything, the
// number of groups too, is found anew.
func TestStability(t *testing.T) {
	runs := few(20, 3)
	var ours, everybody, theirs, worse, covered float64
	for _, name := range realSets {
		all, out := real(t, name)
		people := peopleOf(all)
		whole := analyse(t, all, Config{Out: out})
		polis := polisGroups(all, out)
		var a, b, c float64
		ks := map[int]int{}
		for s := range runs {
			r := rand.New(rand.NewPCG(uint64(s), 99))
			keep := map[string]bool{}
			for _, p := range people {
				keep[p] = r.Float64() < 0.8
			}
			part := slices.DeleteFunc(slices.Clone(all), func(b Ballot) bool { return !keep[b.Person] })
			again := analyse(t, part, Config{Out: out})
			ks[again.K]++
			a += alike(groupsIn(whole, false), groupsIn(again, false)) / float64(runs)
			b += alike(groupsIn(whole, true), groupsIn(again, true)) / float64(runs)
			c += alike(polis, polisGroups(part, out)) / float64(runs)
		}
		// Who is compared: those whom a result says something about.
		grouped, between := float64(len(groupsIn(whole, false)))/float64(len(whole.Persons)), float64(len(groupsIn(whole, true)))/float64(len(whole.Persons))
		t.Logf("%-28s k %d, again %v: ARI %.3f of the %.0f %% in a group; %.3f with those between groups, %.0f %%; parity %.3f of the %.0f %% in the conversation", name, whole.K, ks, a, 100*grouped, b, 100*between, c, 100*float64(len(polis))/float64(len(whole.Persons)))
		ours, everybody, theirs, covered = ours+a/5, everybody+b/5, theirs+c/5, covered+grouped/5
		if a < c-0.02 {
			worse++
		}
	}
	t.Logf("in a group: %.0f %% of people on the mean", 100*covered)
	t.Logf("mean ARI %.3f; with those between groups %.3f; parity %.3f; worse by more than 0.02 on %.0f of 5", ours, everybody, theirs, worse)
	if ours < 0.80 || everybody < 0.80 || worse > 1 {
		t.Error("groups do not come back well enough")
	}
}

// TestFalseGroups: where votes are dealt anew, there are no groups.
func TestFalseGroups(t *testing.T) {
	runs, wrong, tried := few(40, 4), 0, 0
	for _, name := range realSets {
		all, out := real(t, name)
		last := lastVotes(t, all, out)
		found := 0
		for s := range runs {
			if analyse(t, shuffled(last, uint64(s)), Config{}).K > 1 {
				found++
			}
		}
		t.Logf("%-28s groups in %d of %d shuffles", name, found, runs)
		wrong, tried = wrong+found, tried+runs
	}
	t.Logf("false groups: %.1f %%", 100*float64(wrong)/float64(tried))
	if float64(wrong) > 0.05*float64(tried) {
		t.Error("groups are found where there are none")
	}
}

// TestFalseGroupsGenerated: the same of generated votes, few and many a person.
func TestFalseGroupsGenerated(t *testing.T) {
	runs, wrong, tried := few(20, 4), 0, 0
	for _, c := range []struct{ n, m, votes int }{{60, 40, 30}, {200, 40, 12}, {400, 80, 20}, {1500, 60, 10}} {
		found := 0
		for s := range runs {
			if analyse(t, shuffled(camps(uint64(s), 3, c.n, c.m, c.votes, 0.8, 0.25), uint64(s)), Config{}).K > 1 {
				found++
			}
		}
		t.Logf("%d people × %d of %d statements: groups in %d of %d shuffles", c.n, c.votes, c.m, found, runs)
		wrong, tried = wrong+found, tried+runs
	}
	if float64(wrong) > 0.05*float64(tried) {
		t.Error("groups are found where there are none")
	}
}

// TestStabilityGenerated: planted camps come back when one person in five is left out and all
// is found anew.
func TestStabilityGenerated(t *testing.T) {
	runs := few(5, 2)
	for _, c := range []struct {
		g, n, m, votes int
		clear          float64
	}{{2, 60, 40, 30, 0.8}, {2, 200, 40, 15, 0.75}, {3, 300, 60, 20, 0.75}, {4, 500, 60, 25, 0.75}} {
		var mean float64
		for s := range runs {
			all := camps(uint64(s), c.g, c.n, c.m, c.votes, c.clear, 0.25)
			r := rand.New(rand.NewPCG(uint64(s), 98))
			keep := map[string]bool{}
			for _, p := range peopleOf(all) {
				keep[p] = r.Float64() < 0.8
			}
			whole := analyse(t, all, Config{})
			again := analyse(t, slices.DeleteFunc(slices.Clone(all), func(b Ballot) bool { return !keep[b.Person] }), Config{})
			mean += alike(groupsIn(whole, false), groupsIn(again, false)) / float64(runs)
		}
		t.Logf("%d camps, %d people × %d of %d statements: ARI %.3f", c.g, c.n, c.votes, c.m, mean)
		if mean < 0.8 {
			t.Error("camps do not come back")
		}
	}
}

// TestCrossed: two splits that say nothing of each other make four camps, in two directions.
func TestCrossed(t *testing.T) {
	runs := few(10, 2)
	for _, c := range []struct {
		n, m, votes int
		clear       float64
	}{{600, 60, 30, 0.75}, {600, 60, 20, 0.7}, {200, 40, 30, 0.75}} {
		right, mean, placed := 0, 0.0, 0.0
		for s := range runs {
			r := analyse(t, crossed(uint64(s), c.n, c.m, c.votes, c.clear), Config{})
			truth := map[string]int{}
			for i := range c.n {
				truth[fmt.Sprint("p", i)] = i % 4
			}
			in := groupsIn(r, false)
			mean += alike(in, truth) / float64(runs)
			placed += float64(len(in)) / float64(c.n*runs)
			if r.K == 4 && r.R == 2 {
				right++
			}
			if a := alike(in, truth); a < 0.9 {
				t.Errorf("seed %d: %d groups, ARI %.3f", s, r.K, a)
			}
		}
		t.Logf("%d people × %d of %d statements, %.0f %% clear: four camps %d of %d times, ARI %.3f, %.0f %% in a group", c.n, c.votes, c.m, 100*c.clear, right, runs, mean, 100*placed)
		if right < runs || placed < 0.7 {
			t.Error("crossed camps are not found")
		}
	}
	// Dealt anew there are none.
	for s := range runs {
		if r := analyse(t, shuffled(crossed(uint64(s), 600, 60, 30, 0.75), uint64(s)), Config{}); r.K > 1 {
			t.Errorf("shuffled, seed %d: %d groups", s, r.K)
		}
	}
}

// TestMinority: a camp of one in ten, or of one in twenty where each votes on forty statements,
// is found in a large conversation. What is smaller may not be, and what is found has to be it.
func TestMinority(t *testing.T) {
	const n = 5000
	for _, c := range []struct {
		size, m, votes int
		found          bool
	}{{500, 60, 20, true}, {250, 300, 40, true}, {100, 300, 40, false}} {
		r := analyse(t, minority(1, c.size, n, c.m, c.votes, 0.75), Config{})
		truth := map[string]int{}
		for i := range n {
			if truth[fmt.Sprint("p", i)] = 0; i < c.size {
				truth[fmt.Sprint("p", i)] = 1
			}
		}
		a := alike(groupsIn(r, false), truth)
		t.Logf("a camp of %d in %d people × %d of %d statements: %d groups, ARI %.3f", c.size, n, c.votes, c.m, r.K, a)
		if c.found && a < 0.9 || r.K > 1 && a < 0.9 {
			t.Error("the camp is not found")
		}
	}
}

// TestPower: planted camps are found, as many as there are, with their people.
func TestPower(t *testing.T) {
	runs := few(10, 2)
	for _, c := range []struct {
		n, m, votes int
		clear       float64
	}{{200, 40, 30, 0.75}, {500, 60, 30, 0.75}, {1000, 60, 25, 0.8}, {60, 40, 40, 0.8}} {
		for g := 2; g <= 4; g++ {
			var mean, placed float64
			right := 0
			for s := range runs {
				r := analyse(t, camps(uint64(s), g, c.n, c.m, c.votes, c.clear, 0.25), Config{})
				truth := map[string]int{}
				for i := range c.n {
					truth[fmt.Sprint("p", i)] = i % g
				}
				mean += alike(groupsIn(r, false), truth) / float64(runs)
				for _, p := range r.Persons {
					if p.Group >= 0 {
						placed += 1 / float64(c.n*runs)
					}
				}
				if r.K == g {
					right++
				}
			}
			t.Logf("%d camps, %d people × %d of %d statements, %.0f %% clear: number right %d of %d, ARI %.3f, %.0f %% in a group", g, c.n, c.votes, c.m, 100*c.clear, right, runs, mean, 100*placed)
			if mean < 0.9 || float64(right) < 0.8*float64(runs) || placed < 0.7 {
				t.Error("camps are not found")
			}
		}
	}
}

// TestHeldOut: votes that were held back are foreseen better than by two components of the
// parity mode, whichever scale suits those best.
func TestHeldOut(t *testing.T) {
	runs := few(10, 2)
	var ours, theirs float64
	better := 0
	for _, name := range realSets {
		all, out := real(t, name)
		last := lastVotes(t, all, out)
		var own float64
		var polis [3]float64 // by scale
		for s := range runs {
			r := rand.New(rand.NewPCG(uint64(s), 3))
			var seen, held []Ballot
			for _, b := range last {
				if r.Float64() < 0.2 {
					held = append(held, b)
				} else {
					seen = append(seen, b)
				}
			}
			x := tableOf(t, seen).matrix(nil)
			live, err := NewLive(tableOf(t, seen), Config{})
			if err != nil {
				t.Fatal(err)
			}
			f := live.cov.fit(live.config.R, live.config.Chance)
			placing := f.placing()
			column, row := map[string]int{}, map[string]int{}
			for j, id := range x.ids {
				column[id] = j
			}
			for i, v := range x.people {
				row[v.id] = i
			}
			p := Polis(seen, nil, nil)
			pcol, prow := map[string]int{}, map[string]int{}
			for j, id := range p.Statements {
				pcol[id] = j
			}
			for i, id := range p.People {
				prow[id] = i
			}
			var base, e float64
			var pe [3]float64
			for _, b := range held {
				j, ok := column[b.Statement]
				i, voted := row[b.Person]
				if !ok {
					continue // nobody else voted on it: there is nothing to go by
				}
				v := float64(b.Value)
				base += (v - f.mean[j]) * (v - f.mean[j])
				var q place
				if voted {
					q = placing.place(x.rows[i])
				}
				d := v - f.expected(q, j)
				e += d * d
				for scale, power := range []float64{0, 0.25, 0.5} {
					guess := -p.Center[pcol[b.Statement]]
					if voted {
						// Places are scaled by √(columns ⁄ votes); the power undoes some of it.
						n := math.Pow(float64(len(p.Statements))/float64(len(x.rows[i])), power-0.5)
						for k := range 2 {
							guess -= n * p.Places[prow[b.Person]][k] * p.Components[k][pcol[b.Statement]]
						}
					}
					pe[scale] += (v - guess) * (v - guess)
				}
			}
			own += (1 - e/base) / float64(runs)
			for k := range polis {
				polis[k] += (1 - pe[k]/base) / float64(runs)
			}
		}
		best := slices.Max(polis[:])
		t.Logf("%-28s R² %.3f; parity %.3f (as it is %.3f)", name, own, best, polis[2])
		ours, theirs = ours+own/5, theirs+best/5
		if own > best {
			better++
		}
	}
	t.Logf("mean R² %.3f; parity %.3f; better on %d of 5", ours, theirs, better)
	if better < 4 || ours <= theirs {
		t.Error("held-back votes are not foreseen better")
	}
}

// TestQuietPeople: how far from the centre somebody stands does not say how much they
// voted.
func TestQuietPeople(t *testing.T) {
	var all []float64
	for _, name := range realSets {
		ballots, out := real(t, name)
		r := analyse(t, ballots, Config{Out: out})
		var far, votes []float64
		for _, p := range r.Persons {
			far, votes = append(far, math.Hypot(p.X, p.Y)), append(votes, float64(p.Votes))
		}
		rho := spearman(far, votes)
		p := Polis(ballots, out, nil)
		cast := map[string]float64{}
		for _, q := range r.Persons {
			cast[q.ID] = float64(q.Votes)
		}
		far, votes = nil, nil
		for _, i := range p.InConversation {
			far, votes = append(far, math.Hypot(p.Places[i][0], p.Places[i][1])), append(votes, cast[p.People[i]])
		}
		t.Logf("%-28s Spearman %.2f; parity, in the conversation, %.2f", name, rho, spearman(far, votes))
		all = append(all, math.Abs(rho))
	}
	sort.Float64s(all)
	t.Logf("median |Spearman| %.2f", all[2])
	if all[2] > 0.25 {
		t.Error("the map shows who was busy")
	}
}

// spearman is the rank correlation, ties at the mean of their ranks.
func spearman(x, y []float64) float64 {
	rank := func(v []float64) []float64 {
		order := make([]int, len(v))
		for i := range order {
			order[i] = i
		}
		slices.SortFunc(order, func(a, b int) int {
			switch {
			case v[a] < v[b]:
				return -1
			case v[a] > v[b]:
				return 1
			}
			return 0
		})
		r := make([]float64, len(v))
		for i := 0; i < len(order); {
			j := i
			for j < len(order) && v[order[j]] == v[order[i]] {
				j++
			}
			for k := i; k < j; k++ {
				r[order[k]] = float64(i+j-1) / 2
			}
			i = j
		}
		return r
	}
	a, b := rank(x), rank(y)
	mean := float64(len(a)-1) / 2
	var ab, aa, bb float64
	for i := range a {
		ab += (a[i] - mean) * (b[i] - mean)
		aa += (a[i] - mean) * (a[i] - mean)
		bb += (b[i] - mean) * (b[i] - mean)
	}
	return ab / math.Sqrt(aa*bb)
}

// TestIntervals: groups are found, and an interval forecast for each statement and group,
// from half of the people; the others are placed by what was found, and the share of those
// who fall into a group lies in it nine times in ten.
func TestIntervals(t *testing.T) {
	runs := few(10, 3)
	var inside, cells, shown float64
	for _, name := range realSets {
		all, out := real(t, name)
		last := lastVotes(t, all, out)
		var in, n, in2 float64
		for s := range runs {
			r := rand.New(rand.NewPCG(uint64(s), 4))
			side := map[string]int{}
			var half [2][]Ballot
			for _, b := range last {
				h, ok := side[b.Person]
				if !ok {
					h = r.IntN(2)
					side[b.Person] = h
				}
				half[h] = append(half[h], b)
			}
			live, err := NewLive(tableOf(t, half[0]), Config{})
			if err != nil {
				t.Fatal(err)
			}
			first := live.Result()
			others := groupsBy(live, half[1])
			counts := map[string][]Counts{}
			for _, b := range half[1] {
				if g, ok := others[b.Person]; ok {
					if counts[b.Statement] == nil {
						counts[b.Statement] = make([]Counts, first.K)
					}
					counts[b.Statement][g].add(uint32(b.Value+1), 1)
				}
			}
			for _, it := range first.Items {
				groups := it.Groups
				if groups == nil {
					groups = []Counts{it.All}
				}
				for g, c := range groups {
					if counts[it.ID] == nil {
						continue
					}
					other := counts[it.ID][g]
					if c.Seen() < 5 || other.Seen() < 5 {
						continue
					}
					for _, kind := range sides {
						low, high := Forecast(c.hits(kind), c.Seen(), other.Seen())
						share := float64(other.hits(kind)) / float64(other.Seen())
						if n++; share >= low-1e-12 && share <= high+1e-12 {
							in++
						}
						if x := NewShare(c.hits(kind), c.Seen()); share >= x.Low && share <= x.High {
							in2++
						}
					}
				}
			}
		}
		t.Logf("%-28s %.1f %% of %.0f; in the interval of the share itself %.1f %%", name, 100*in/n, n, 100*in2/n)
		inside, cells, shown = inside+in, cells+n, shown+in2
	}
	t.Logf("covered: %.1f %% of %.0f; by the interval of the share itself %.1f %%", 100*inside/cells, cells, 100*shown/cells)
	if c := inside / cells; c < 0.85 || c > 0.95 {
		t.Error("the intervals are not what they say")
	}
}

// groupsBy places people whom a Live does not know by what it has found.
func groupsBy(l *Live, all []Ballot) map[string]int {
	f := l.model()
	k := max(l.config.K, 1)
	centres := l.members(&Result{}, f, l.places(f), k)
	column := map[string]uint32{}
	for j, id := range l.x.ids {
		column[id] = uint32(j)
	}
	rows := map[string][]uint32{}
	for _, b := range all {
		if j, ok := column[b.Statement]; ok {
			rows[b.Person] = append(rows[b.Person], j<<2|uint32(b.Value+1))
		}
	}
	placing := f.placing()
	in := map[string]int{}
	for p, row := range rows {
		q := placing.place(row)
		if len(centres) == 0 {
			in[p] = 0
			continue
		}
		if !q.placed() {
			continue
		}
		for n := f.counted; n < Factors; n++ {
			q.at[n] = 0
		}
		if g := member(&q, centres); g >= 0 {
			in[p] = g
		}
	}
	return in
}

// TestShareCovers: the interval of a share holds the share that people are drawn from nine
// times in ten, whatever it is.
func TestShareCovers(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	for _, n := range []int{5, 20, 100, 1000} {
		in := 0
		const draws = 4000
		for range draws {
			p, hits := r.Float64(), 0
			for range n {
				if r.Float64() < p {
					hits++
				}
			}
			if s := NewShare(hits, n); s.Low <= p && p <= s.High {
				in++
			}
		}
		if c := float64(in) / draws; c < 0.885 || c > 0.915 {
			t.Errorf("of %d people: %.3f", n, c)
		}
	}
}

// TestSeparation: where people spread along a range of opinion it is not said that few stand
// between groups; where camps are planted it is.
func TestSeparation(t *testing.T) {
	runs, said, missed := few(20, 3), 0, 0
	for s := range runs {
		for _, n := range []int{100, 400} {
			for dimensions := range 2 {
				if r := analyse(t, spread(uint64(s), dimensions+1, n, 50, 25), Config{}); r.K > 1 && r.Separation <= Apart {
					said++
				}
			}
			for g := 2; g <= 3; g++ {
				if r := analyse(t, camps(uint64(s), g, n, 50, 25, 0.75, 0.25), Config{}); r.Separation > Apart || r.K != g {
					missed++
				}
			}
		}
	}
	t.Logf("of %d ranges of opinion %d were said to have nobody between; of %d times camps %d were missed", 4*runs, said, 4*runs, missed)
	if float64(said) > 0.1*float64(4*runs) || float64(missed) > 0.25*float64(4*runs) {
		t.Error("groups are said to be apart where they are not, or not where they are")
	}
	for _, name := range realSets {
		all, out := real(t, name)
		r := analyse(t, all, Config{Out: out})
		t.Logf("%-28s %d groups, separation %.3f", name, r.K, r.Separation)
	}
}

// TestFalseConsensus: where all votes are dealt anew nothing is agreed on by most of
// everybody.
func TestFalseConsensus(t *testing.T) {
	runs, wrong, tried, listed, items := few(40, 4), 0, 0, 0, 0
	inGroups := 0 // of shuffles, with groups that are not there
	for _, name := range realSets {
		all, out := real(t, name)
		last := lastVotes(t, all, out)
		found := 0
		for s := range runs {
			r := analyse(t, mixed(last, uint64(s)), Config{})
			items += r.Statements
			if n := len(r.Agree) + len(r.Disagree); n > 0 {
				found++
				listed += n
			}
			if r := analyse(t, mixed(last, uint64(s)), Config{K: 2, R: 1}); len(r.Agree)+len(r.Disagree) > 0 {
				inGroups++
			}
		}
		t.Logf("%-28s something agreed in %d of %d shuffles", name, found, runs)
		wrong, tried = wrong+found, tried+runs
	}
	t.Logf("false consensus: in %.1f %% of shuffles, of %.2f %% of statements", 100*float64(wrong)/float64(tried), 100*float64(listed)/float64(items))
	t.Logf("where two groups are made of them: in %.1f %%", 100*float64(inGroups)/float64(tried))
	if float64(max(wrong, inGroups)) > 0.10*float64(tried) {
		t.Error("consensus is found where there is none")
	}
}

// TestFalseConsensusGenerated: the same of generated votes, of which more or fewer agree in
// general.
func TestFalseConsensusGenerated(t *testing.T) {
	runs, wrong, inGroups := few(20, 4), 0, 0
	for s := range runs {
		for g := 2; g <= 4; g++ {
			all := mixed(camps(uint64(s), g, 150, 40, 20, 0.8, float64(g)/6), uint64(s))
			if r := analyse(t, all, Config{}); len(r.Agree)+len(r.Disagree) > 0 {
				wrong++
			}
			if r := analyse(t, all, Config{K: 2, R: 1}); len(r.Agree)+len(r.Disagree) > 0 {
				inGroups++
			}
		}
	}
	t.Logf("false consensus in %d of %d shuffles, where two groups are made of them in %d", wrong, 3*runs, inGroups)
	if float64(max(wrong, inGroups)) > 0.10*float64(3*runs) {
		t.Error("consensus is found where there is none")
	}
}

// TestPlantedConsensus: what was planted is found, and nothing else.
func TestPlantedConsensus(t *testing.T) {
	for g := 2; g <= 4; g++ {
		planted, found, others := 0, 0, 0
		for s := range few(10, 2) {
			// Eight statements in forty are agreed on by 82 %.
			r := analyse(t, camps(uint64(s), g, 600, 40, 25, 0.82, 0.2), Config{})
			planted += 8
			for _, e := range r.Agree {
				if strings.HasPrefix(e.ID, "c") {
					found++
				} else {
					others++
				}
			}
			for _, e := range r.Disagree { // nobody planted any
				if !strings.HasPrefix(e.ID, "c") {
					others++
				}
			}
		}
		t.Logf("%d camps: %d of %d planted statements of consensus found, %d others", g, found, planted, others)
		if float64(found) < 0.8*float64(planted) {
			t.Error("consensus is missed")
		}
		if float64(others) > FalseDiscovery*float64(found+others) {
			t.Error("what camps differ on is called consensus")
		}
	}
}
