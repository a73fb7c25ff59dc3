// Package similar groups opinions that say the same in nearly the same words, in
// Vietnamese as people type it: without marks, abbreviated, with a word lost. It compares
// words, not meanings, and keeps what an official has put together or apart.
package similar

import (
	"cmp"
	_ "embed"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"dongthuan/internal/fault"
)

// Words holds the words of this package.
//
//go:embed text.json
var Words []byte

// Text is an opinion.
type Text struct{ ID, Body string }

// Link is an official's word on two opinions: they belong together, or apart. It is kept
// whatever the words say; one that puts two together also puts their groups together.
type Link struct {
	A, B  string
	Apart bool
}

// Options of grouping; the zero value is what was measured to be best.
type Options struct {
	Threshold float64 // least cosine to a group's leader, 0 to 1; Default where 0
	Progress  func(done, of int)
}

// Default is the least cosine at which two opinions are taken to say the same.
const Default = 0.75

// Bounds of what is taken.
const (
	MaxBody  = 100_000 // bytes
	MaxTexts = 200_000
)

// Group is opinions that say the same.
type Group struct {
	ID      string   `json:"id"`   // of the medoid
	Body    string   `json:"body"` // of the medoid: the opinion most like all others
	Size    int      `json:"size"`
	Members []string `json:"members"` // ids, the likest to the medoid first
	Terms   []string `json:"terms"`   // at most five that mark it, as they were written
	Least   []Member `json:"least"`   // the two least like it, to be looked at
}

// Member of a group, with its cosine to the group's medoid.
type Member struct {
	ID         string  `json:"id"`
	Body       string  `json:"body"`
	Similarity float64 `json:"similarity"`
}

// weighted is a feature of a text.
type weighted struct {
	feature int32
	weight  float64
}

// vector of a text: sublinear TF-IDF (Salton & Buckley, Inf. Process. Manag. 24, 1988) of
// length 1, by feature.
type vector []weighted

func (v vector) dot(o vector) (s float64) {
	for i, j := 0, 0; i < len(v) && j < len(o); {
		switch {
		case v[i].feature < o[j].feature:
			i++
		case v[i].feature > o[j].feature:
			j++
		default:
			s += v[i].weight * o[j].weight
			i, j = i+1, j+1
		}
	}
	return s
}

// Grouping is groups, and what further opinions are compared with.
type Grouping struct {
	Groups    []Group // the largest first
	threshold float64
	number    map[string]int32 // of features
	rarity    []float64        // IDF of features
	leaders   []leader
}

type leader struct {
	group string
	text  *text
	v     vector
}

// Find groups texts. The result does not depend on their order: ids decide between equals.
func Find(texts []Text, links []Link, o Options) (*Grouping, error) {
	if o.Threshold == 0 {
		o.Threshold = Default
	}
	if !(o.Threshold > 0 && o.Threshold <= 1) {
		return nil, fault.New(fault.Invalid, "similar.threshold")
	}
	all, err := check(texts)
	if err != nil {
		return nil, err
	}
	together, apart, err := unite(all, links)
	if err != nil {
		return nil, err
	}
	g := &Grouping{threshold: o.Threshold}
	vectors := g.weigh(all)
	of := g.cluster(all, vectors, o.Progress)
	for _, members := range divide(all, vectors, of, together, apart) {
		g.describe(all, vectors, members)
	}
	slices.SortFunc(g.Groups, func(a, b Group) int { return cmp.Or(b.Size-a.Size, strings.Compare(a.ID, b.ID)) })
	return g, nil
}

func check(texts []Text) ([]*text, error) {
	if len(texts) == 0 {
		return nil, fault.New(fault.Invalid, "similar.empty")
	}
	if len(texts) > MaxTexts {
		return nil, fault.New(fault.Invalid, "similar.many", MaxTexts)
	}
	all := make([]*text, len(texts))
	for i, t := range texts {
		switch {
		case t.ID == "" || len(t.ID) > 200 || !utf8.ValidString(t.ID):
			return nil, fault.New(fault.Invalid, "similar.id", i+1)
		case len(t.Body) > MaxBody:
			return nil, fault.New(fault.Invalid, "similar.long", t.ID, MaxBody)
		case !utf8.ValidString(t.Body):
			return nil, fault.New(fault.Invalid, "similar.utf8", t.ID)
		}
		all[i] = read(t.ID, t.Body)
	}
	slices.SortFunc(all, func(a, b *text) int { return strings.Compare(a.id, b.id) })
	for i := range all {
		if i > 0 && all[i].id == all[i-1].id {
			return nil, fault.New(fault.Invalid, "similar.twice", all[i].id)
		}
	}
	return all, nil
}

// unite makes one of what belongs together (by number, the least of each), and pairs of
// what belongs apart.
func unite(all []*text, links []Link) (together []int, apart map[[2]int]bool, err error) {
	together = make([]int, len(all))
	for i := range together {
		together[i] = i
	}
	find := func(id string) (int, error) {
		i, ok := slices.BinarySearchFunc(all, id, func(t *text, id string) int { return strings.Compare(t.id, id) })
		if !ok {
			return 0, fault.New(fault.Invalid, "similar.link", id)
		}
		return i, nil
	}
	var root func(i int) int
	root = func(i int) int {
		if together[i] != i {
			together[i] = root(together[i])
		}
		return together[i]
	}
	apart = map[[2]int]bool{}
	for _, pass := range []bool{false, true} { // what belongs together first
		for _, l := range links {
			if l.Apart != pass {
				continue
			}
			a, err := find(l.A)
			if err != nil {
				return nil, nil, err
			}
			b, err := find(l.B)
			if err != nil {
				return nil, nil, err
			}
			x, y := root(a), root(b)
			if !pass {
				together[max(x, y)] = min(x, y)
				continue
			}
			if x == y {
				return nil, nil, fault.New(fault.Conflict, "similar.contradiction", l.A, l.B)
			}
			apart[[2]int{min(x, y), max(x, y)}] = true
		}
	}
	for i := range together {
		together[i] = root(i)
	}
	return together, apart, nil
}

// weigh makes the texts' vectors. Features are numbered from the rarest.
func (g *Grouping) weigh(all []*text) []vector {
	features := make([]map[string]int, len(all))
	df := map[string]int{}
	for i, t := range all {
		features[i] = map[string]int{}
		for _, f := range t.features() {
			features[i][f]++
		}
		for f := range features[i] {
			df[f]++
		}
	}
	names := make([]string, 0, len(df))
	for f := range df {
		names = append(names, f)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(df[a]-df[b], strings.Compare(a, b)) })
	g.number, g.rarity = make(map[string]int32, len(names)), make([]float64, len(names))
	for n, f := range names {
		g.number[f] = int32(n)
		g.rarity[n] = math.Log(float64(len(all)+1)/float64(df[f]+1)) + 1
	}
	vectors := make([]vector, len(all))
	for i := range all {
		vectors[i] = g.vector(features[i])
	}
	return vectors
}

func (g *Grouping) vector(features map[string]int) vector {
	v := make(vector, 0, len(features))
	var length float64
	for f, n := range features {
		if at, ok := g.number[f]; ok {
			w := (1 + math.Log(float64(n))) * g.rarity[at]
			v = append(v, weighted{at, w})
		}
	}
	slices.SortFunc(v, func(a, b weighted) int { return int(a.feature - b.feature) })
	for _, x := range v { // in order, for the same bits each time
		length += x.weight * x.weight
	}
	for i := range v {
		v[i].weight /= math.Sqrt(length)
	}
	return v
}

// neighbour is a text near another.
type neighbour struct {
	at  int
	cos float64
}

// cluster finds leaders, those with most neighbours first, and gives everybody the leader
// they are likest to (leader algorithm: Hartigan, Clustering Algorithms, 1975, ch. 3).
// Nobody joins a group by being like another member only, so groups do not drift.
func (g *Grouping) cluster(all []*text, vectors []vector, progress func(done, of int)) []int {
	// Texts of the same words are one, as often as they are there.
	first, times := make([]int, len(all)), make([]int, len(all))
	said := map[string]int{}
	var order []int
	for i, t := range all {
		at, ok := said[t.line]
		if !ok {
			at = i
			said[t.line] = i
			order = append(order, i)
		}
		first[i] = at
		times[at]++
	}
	near := g.neighbours(all, vectors, order, progress)
	dense := make([]int, len(all))
	for _, i := range order {
		dense[i] = times[i]
		for _, n := range near[i] {
			dense[i] += times[n.at]
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return dense[b] - dense[a] })
	of := make([]int, len(all))
	for i := range of {
		of[i] = -1
	}
	leads := make([]bool, len(all))
	for _, i := range order {
		if !slices.ContainsFunc(near[i], func(n neighbour) bool { return leads[n.at] }) {
			leads[i], of[i] = true, i
		}
	}
	for _, i := range order {
		best := -1.0
		for _, n := range near[i] {
			if !leads[i] && leads[n.at] && n.cos > best {
				best, of[i] = n.cos, n.at
			}
		}
	}
	for i := range all {
		of[i] = of[first[i]]
	}
	return of
}

// neighbours are, of each text among some, those at the threshold and not against it, by number. Only
// texts are compared that share a feature among the rarest of each: what is left of a
// vector behind these is shorter than the threshold, and cannot reach it alone (Bayardo,
// Ma & Srikant, WWW 2007).
func (g *Grouping) neighbours(all []*text, vectors []vector, among []int, progress func(done, of int)) [][]neighbour {
	holds := make([][]int32, len(g.rarity)) // texts that have a feature among their rarest
	near := make([][]neighbour, len(all))
	seen := make([]int, len(all))
	for i := range seen {
		seen[i] = -1
	}
	for n, i := range among {
		v := vectors[i]
		if progress != nil && n%1000 == 0 {
			progress(n, len(among))
		}
		left := 1.0
		for _, x := range v {
			if left < g.threshold*g.threshold-1e-9 {
				break
			}
			left -= x.weight * x.weight
			for _, j := range holds[x.feature] {
				if seen[j] == i {
					continue
				}
				seen[j] = i
				if c := v.dot(vectors[j]); c >= g.threshold && !all[i].against(all[j]) {
					near[i] = append(near[i], neighbour{int(j), c})
					near[j] = append(near[j], neighbour{i, c})
				}
			}
			holds[x.feature] = append(holds[x.feature], int32(i))
		}
	}
	for i := range near {
		slices.SortFunc(near[i], func(a, b neighbour) int { return a.at - b.at })
	}
	if progress != nil {
		progress(len(among), len(among))
	}
	return near
}

// divide puts groups together that an official put together, and takes apart what belongs
// apart; each group is numbers of texts.
func divide(all []*text, vectors []vector, of, together []int, apart map[[2]int]bool) [][]int {
	parent := make([]int, len(all))
	for i := range parent {
		parent[i] = i
	}
	var root func(i int) int
	root = func(i int) int {
		if parent[i] != i {
			parent[i] = root(parent[i])
		}
		return parent[i]
	}
	join := func(a, b int) {
		x, y := root(a), root(b)
		parent[max(x, y)] = min(x, y)
	}
	for i := range all {
		join(i, of[i])
		join(i, together[i])
	}
	groups := map[int][]int{}
	var order []int
	for i := range all {
		r := root(i)
		if groups[r] == nil {
			order = append(order, r)
		}
		groups[r] = append(groups[r], i)
	}
	var parts [][]int
	for _, r := range order {
		if len(apart) == 0 {
			parts = append(parts, groups[r])
			continue
		}
		// Those nearest to the leader stay; who belongs apart from one of them begins, or
		// joins, another part. What was put together moves together.
		lead := of[groups[r][0]]
		units := map[int][]int{}
		best := map[int]float64{}
		var keys []int
		for _, i := range groups[r] {
			u := together[i]
			if units[u] == nil {
				keys = append(keys, u)
			}
			units[u] = append(units[u], i)
			best[u] = max(best[u], vectors[i].dot(vectors[lead]))
		}
		slices.SortStableFunc(keys, func(a, b int) int { return cmp.Compare(best[b], best[a]) })
		var into [][]int
		var holds [][]int
		for _, u := range keys {
			n := slices.IndexFunc(holds, func(us []int) bool {
				return !slices.ContainsFunc(us, func(o int) bool { return apart[[2]int{min(u, o), max(u, o)}] })
			})
			if n < 0 {
				n = len(into)
				into, holds = append(into, nil), append(holds, nil)
			}
			into[n], holds[n] = append(into[n], units[u]...), append(holds[n], u)
		}
		parts = append(parts, into...)
	}
	return parts
}

// describe adds a group.
func (g *Grouping) describe(all []*text, vectors []vector, members []int) {
	slices.Sort(members)
	sum := map[int32]float64{}
	for _, i := range members {
		for _, x := range vectors[i] {
			sum[x.feature] += x.weight
		}
	}
	// The sum of cosines to all members is one product with the sum of their vectors.
	medoid, most := members[0], -1.0
	for _, i := range members {
		var s float64
		for _, x := range vectors[i] {
			s += x.weight * sum[x.feature]
		}
		if s > most+1e-12 {
			medoid, most = i, s
		}
	}
	list := make([]Member, len(members))
	for n, i := range members {
		list[n] = Member{all[i].id, all[i].body, min(vectors[i].dot(vectors[medoid]), 1)}
	}
	slices.SortStableFunc(list, func(a, b Member) int {
		return cmp.Or(cmp.Compare(b.Similarity, a.Similarity), strings.Compare(a.ID, b.ID))
	})
	group := Group{ID: all[medoid].id, Body: all[medoid].body, Size: len(members), Terms: g.terms(all, members, sum)}
	for _, m := range list {
		group.Members = append(group.Members, m.ID)
	}
	for n := len(list) - 1; n > 0 && len(group.Least) < 2; n-- {
		if list[n].ID != group.ID {
			group.Least = append(group.Least, list[n])
		}
	}
	g.Groups = append(g.Groups, group)
	g.leaders = append(g.leaders, leader{group.ID, all[medoid], vectors[medoid]})
}

// terms are what marks a group: features of the greatest weight over its members, none
// within another, in the way they are mostly written.
func (g *Grouping) terms(all []*text, members []int, sum map[int32]float64) []string {
	written := map[string]map[string]int{}
	count := func(f, w string) {
		if at, ok := g.number[f]; ok && sum[at] > 0 {
			if written[f] == nil {
				written[f] = map[string]int{}
			}
			written[f][w]++
		}
	}
	for _, i := range members {
		before, glue, glued := word{}, "", ""
		for _, w := range all[i].words {
			if negation[w.plain] {
				glue, glued = "khong_", w.written+" "
				continue
			}
			now := word{glue + w.plain, glued + w.written}
			count(now.plain, now.written)
			if before.plain != "" {
				count(before.plain+" "+now.plain, before.written+" "+now.written)
			}
			before, glue, glued = now, "", ""
		}
	}
	features := make([]string, 0, len(written))
	for f := range written {
		features = append(features, f)
	}
	weight := func(f string) float64 {
		w := sum[g.number[f]]
		if strings.Contains(f, " ") {
			w *= 1.5 // two words say more than one
		}
		return w
	}
	slices.SortFunc(features, func(a, b string) int { return cmp.Or(cmp.Compare(weight(b), weight(a)), strings.Compare(a, b)) })
	var terms []string
	var taken []string
	for _, f := range features {
		if len(terms) == 5 {
			break
		}
		if slices.ContainsFunc(taken, func(t string) bool {
			return slices.ContainsFunc(strings.Fields(f), func(w string) bool { return slices.Contains(strings.Fields(t), w) })
		}) {
			continue
		}
		best, most := "", 0
		for w, n := range written[f] {
			// Of forms as frequent the one with most marks: it is the one that was meant.
			if n > most || n == most && (len(w) > len(best) || len(w) == len(best) && w < best) {
				best, most = w, n
			}
		}
		taken, terms = append(taken, f), append(terms, best)
	}
	return terms
}

// Nearest is the group whose leader a further opinion is likest to, without grouping all
// anew; ok is false where none is near enough, or all near are against it.
func (g *Grouping) Nearest(t Text) (group string, similarity float64, ok bool) {
	x := read(t.ID, t.Body)
	features := map[string]int{}
	for _, f := range x.features() {
		features[f]++
	}
	v := g.vector(features)
	for _, l := range g.leaders {
		if c := v.dot(l.v); c >= g.threshold && c > similarity && !x.against(l.text) {
			group, similarity, ok = l.group, c, true
		}
	}
	return group, similarity, ok
}
