package similar

import (
	"cmp"
	"math"
	"slices"
)

// vector of a text: sublinear TF-IDF (Salton & Buckley, Inf. Process. Manag. 24, 1988) of
// length 1, from the rarest feature.
type vector struct {
	all []weighted
	// left is the length of what is behind each feature, itself included: no product can
	// be more than what is done of it and the product of what is left of both.
	left []float64
}

type weighted struct {
	feature int32
	weight  float64
}

// dot is the product of two vectors of what is from their i-th and j-th feature on. Where it
// is sure to be less than least it may end early, with less than least.
func (v *vector) dot(o *vector, i, j int, least float64) (s float64) {
	for i < len(v.all) && j < len(o.all) {
		switch x, y := &v.all[i], &o.all[j]; {
		case x.feature < y.feature:
			i++
		case x.feature > y.feature:
			j++
		default:
			s += x.weight * y.weight
			i, j = i+1, j+1
			continue
		}
		if i < len(v.all) && j < len(o.all) && s+v.left[i]*o.left[j] < least-1e-9 {
			return s
		}
	}
	return s
}

// rarest is the most that a feature's rarity counts against that of one that all have: what
// one person alone writes, a slip or a name, is no more than what the matter is.
const rarest = 2.0

// outstanding is the most that it counts against that of what is written on the mean.
const outstanding = 1.2

// faint is what a weak word counts.
const faint = 0.4

// weigh makes the texts' vectors. Features are numbered from the rarest.
func (g *Grouping) weigh(all []*text) []vector {
	df := map[feature]int{}
	last := map[feature]int{} // text that a feature was seen in last
	for i, t := range all {
		t.features(func(f feature, _ bool) {
			if last[f] != i+1 {
				last[f] = i + 1
				df[f]++
			}
		})
	}
	order := make([]feature, 0, len(df))
	for f := range df {
		order = append(order, f)
	}
	slices.SortFunc(order, func(a, b feature) int { return cmp.Or(df[a]-df[b], cmp.Compare(a, b)) })
	var sum, times float64
	g.features, g.rarity = make(map[feature]int32, len(order)), make([]float64, len(order))
	for n, f := range order {
		g.features[f] = int32(n)
		rarity := min(math.Log(float64(len(all)+1)/float64(df[f]+1))+1, rarest)
		g.rarity[n] = rarity
		sum += rarity * float64(df[f])
		times += float64(df[f])
	}
	// Where all write nearly the same, what is rare is a slip.
	most := min(rarest, outstanding*sum/max(times, 1))
	for n := range g.rarity {
		g.rarity[n] = min(g.rarity[n], most)
	}
	vectors := make([]vector, len(all))
	for i, t := range all {
		vectors[i] = g.vector(t)
	}
	return vectors
}

func (g *Grouping) vector(t *text) vector {
	var found []weighted // by feature, weight is how often
	t.features(func(f feature, weakly bool) {
		w := 1.0
		if weakly {
			w = faint
		}
		found = append(found, weighted{g.features[f], w})
	})
	slices.SortStableFunc(found, func(a, b weighted) int { return cmp.Compare(a.feature, b.feature) })
	v := vector{all: found[:0]}
	for i := 0; i < len(found); {
		n := i + 1
		for n < len(found) && found[n].feature == found[i].feature {
			n++
		}
		w := found[i].weight * (1 + math.Log(float64(n-i))) * g.rarity[found[i].feature]
		v.all = append(v.all, weighted{found[i].feature, w})
		i = n
	}
	var length float64
	for _, x := range v.all { // in order, for the same bits each time
		length += x.weight * x.weight
	}
	length = math.Sqrt(length)
	v.left = make([]float64, len(v.all))
	var behind float64
	for i := len(v.all) - 1; i >= 0; i-- {
		v.all[i].weight /= length
		behind += v.all[i].weight * v.all[i].weight
		v.left[i] = math.Sqrt(behind)
	}
	return v
}

// index finds vectors that may be near another. Only those are compared that share a feature
// among the rarest of each: what is left of a vector behind these is shorter than the
// threshold, and cannot reach it alone (Bayardo, Ma & Srikant, WWW 2007).
type index struct {
	threshold float64
	vectors   []vector
	holds     map[int32][]held // who has a feature among their rarest
	seen      []int            // by vector, the question it was seen in last
	asked     int
	compared  int // pairs so far
}

type held struct {
	vector, at int32 // the feature's place in the vector
	left       float64
}

func newIndex(threshold float64, vectors []vector) *index {
	return &index{threshold: threshold, vectors: vectors, holds: map[int32][]held{}, seen: make([]int, len(vectors))}
}

func (x *index) rare(v *vector) int {
	for n := range v.all {
		if v.left[n] < x.threshold-1e-9 {
			return n
		}
	}
	return len(v.all)
}

func (x *index) add(i int) {
	v := &x.vectors[i]
	for at, w := range v.all[:x.rare(v)] {
		x.holds[w.feature] = append(x.holds[w.feature], held{int32(i), int32(at), v.left[at]})
	}
}

// near calls fn with everybody at the threshold, until it returns false. Two that meet late
// for the first time, with little behind it, are not compared further (Xiao et al., ACM
// Trans. Database Syst. 36, 2011).
func (x *index) near(i int, fn func(j int, cos float64) bool) {
	v := &x.vectors[i]
	x.asked++
	for at, w := range v.all[:x.rare(v)] {
		least := (x.threshold - 1e-9) / v.left[at]
		for _, h := range x.holds[w.feature] {
			j := h.vector
			if h.left < least || x.seen[j] == x.asked {
				continue
			}
			x.seen[j] = x.asked
			x.compared++
			o := &x.vectors[j]
			if c := v.dot(o, at, int(h.at), x.threshold); c >= x.threshold && !fn(int(j), c) {
				return
			}
		}
	}
}

// crowd is how many neighbours are counted at most: who has so many stands in the middle of
// a group, however many more there are.
const crowd = 48

// cluster finds leaders, those with most neighbours first, and gives everybody the likest
// leader whose group they are not against (leader algorithm: Hartigan, Clustering
// Algorithms, 1975, ch. 3). Nobody joins a group by being like another member only, so
// groups do not drift.
func (g *Grouping) cluster(all []*text, vectors []vector, progress func(done, of int)) []int {
	// Texts of the same words are one, as often as they are there; those without words are
	// alone.
	first, times := make([]int, len(all)), make([]int, len(all))
	said := map[string]int{}
	var order []int
	for i, t := range all {
		at, ok := said[t.same]
		if !ok || t.empty() {
			at = i
			said[t.same] = i
			order = append(order, i)
		}
		first[i] = at
		times[at]++
	}
	done, of := 0, 3*len(order)
	step := func() {
		if done++; progress != nil && done%1000 == 0 {
			progress(done, of)
		}
	}

	dense := make([]int, len(all))
	x := newIndex(g.threshold, vectors)
	for _, i := range order {
		step()
		dense[i] += times[i]
		x.near(i, func(j int, _ float64) bool {
			if !all[i].against(all[j]) {
				dense[i] += times[j]
				dense[j] += times[i]
			}
			return dense[i] < crowd
		})
		x.add(i)
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(min(dense[b], crowd)+times[b], min(dense[a], crowd)+times[a]) })

	leads := newIndex(g.threshold, vectors)
	is := make([]bool, len(all))
	for _, i := range order {
		step()
		free := true
		leads.near(i, func(j int, _ float64) bool {
			free = all[i].against(all[j])
			return free
		})
		if free {
			is[i] = true
			leads.add(i)
		}
	}

	// The likest pairs first, so that who joins before whom does not depend on the order.
	type choice struct {
		i, lead int
		cos     float64
	}
	var choices []choice
	for _, i := range order {
		step()
		if is[i] {
			continue
		}
		leads.near(i, func(j int, c float64) bool {
			choices = append(choices, choice{i, j, c})
			return true
		})
	}
	slices.SortFunc(choices, func(a, b choice) int {
		return cmp.Or(cmp.Compare(b.cos, a.cos), a.i-b.i, a.lead-b.lead)
	})
	to := make([]int, len(all))
	for i := range to {
		to[i] = -1
	}
	groups := map[int]*company{}
	for _, i := range order {
		if is[i] {
			to[i] = i
			groups[i] = newCompany(all[i])
		}
	}
	for _, c := range choices {
		if to[c.i] < 0 && groups[c.lead].takes(all[c.i]) {
			to[c.i] = c.lead
		}
	}
	// Who is against somebody in each group near leads those who come after.
	for _, i := range order {
		if to[i] >= 0 {
			continue
		}
		best := 0.0
		leads.near(i, func(j int, c float64) bool {
			if c > best && !is[j] && groups[j].takes(all[i]) {
				best, to[i] = c, j
			}
			return true
		})
		if to[i] < 0 {
			to[i] = i
			groups[i] = newCompany(all[i])
			leads.add(i)
		}
	}
	for i := range all {
		to[i] = to[first[i]]
	}
	if progress != nil {
		progress(of, of)
	}
	g.compared = x.compared + leads.compared
	return to
}

// company are the members of a group who say more than their leader does: with them, too,
// nobody may be at odds.
type company struct{ voices []*text }

// loudest is how many voices are listened to.
const loudest = 32

func newCompany(lead *text) *company { return &company{[]*text{lead}} }

// takes reports whether a text is against nobody, and listens to it from then on if it says
// something new.
func (c *company) takes(t *text) bool {
	fresh := true
	for _, v := range c.voices {
		if t.against(v) {
			return false
		}
		fresh = fresh && !t.echoes(v)
	}
	if fresh {
		if len(c.voices) == loudest {
			return false
		}
		c.voices = append(c.voices, t)
	}
	return true
}

// echoes reports whether a text says nothing that could be at odds with others but what
// another says: the same numbers, denials and marks.
func (t *text) echoes(o *text) bool {
	if !slices.Equal(t.numbers, o.numbers) || !slices.Equal(t.negated, o.negated) {
		return false
	}
	for i := range t.words {
		w := &t.words[i]
		if w.role >= operator && w.role != figure && !slices.ContainsFunc(o.words, func(x word) bool { return x.plain == w.plain && x.role == w.role }) {
			return false
		}
		if w.marks != "" && w.role != weak && slices.ContainsFunc(o.words, func(x word) bool { return x.plain == w.plain && x.marks != w.marks }) {
			return false
		}
	}
	return true
}
