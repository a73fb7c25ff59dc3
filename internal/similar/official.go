package similar

import (
	"cmp"
	"slices"
	"strings"

	"dongthuan/internal/fault"
)

// official is an official's word, by numbers of texts.
type official struct {
	together []int // the least number of those that belong together
	apart    map[[2]int]bool
	odds     map[int][]int // who belongs apart from whom
}

// take reads links. One to an opinion that is not there any more is left out; one that
// contradicts others is refused.
func (g *Grouping) take(all []*text, links []Link) (*official, error) {
	o := &official{together: make([]int, len(all)), apart: map[[2]int]bool{}, odds: map[int][]int{}}
	for i := range o.together {
		o.together[i] = i
	}
	find := func(id string) (int, bool) {
		return slices.BinarySearchFunc(all, id, func(t *text, id string) int { return strings.Compare(t.id, id) })
	}
	for _, pass := range []bool{false, true} { // what belongs together first
		for _, l := range links {
			if l.Apart != pass {
				continue
			}
			a, okA := find(l.A)
			b, okB := find(l.B)
			if !okA || !okB {
				g.Skipped = append(g.Skipped, l)
				continue
			}
			x, y := root(o.together, a), root(o.together, b)
			if !pass {
				o.together[max(x, y)] = min(x, y)
				continue
			}
			if x == y {
				return nil, fault.New(fault.Conflict, "similar.contradiction", l.A, l.B)
			}
			if key := [2]int{min(x, y), max(x, y)}; !o.apart[key] {
				o.apart[key] = true
				o.odds[x], o.odds[y] = append(o.odds[x], y), append(o.odds[y], x)
			}
		}
	}
	for i := range o.together {
		o.together[i] = root(o.together, i)
	}
	slices.SortFunc(g.Skipped, func(a, b Link) int { return cmp.Or(strings.Compare(a.A, b.A), strings.Compare(a.B, b.B)) })
	return o, nil
}

// root of a tree of sets; ways are shortened.
func root(parent []int, i int) int {
	for parent[i] != i {
		parent[i] = parent[parent[i]]
		i = parent[i]
	}
	return i
}

// divide puts groups together that an official put together, and takes apart what belongs
// apart; each group is numbers of texts. of is everybody's leader.
//
// Who belongs apart from somebody in the group they were found in leaves it, the one less
// like the leader, with all texts of the same words, and makes a group of its own. Then what
// belongs together is joined, whole groups at a time. Where that brings two together again
// that belong apart, the one further from where most are leaves, with those it belongs to.
func (o *official) divide(all []*text, vectors []vector, of []int) [][]int {
	group := slices.Clone(of) // by text, a name of its group
	if len(o.apart) > 0 {
		o.evict(all, vectors, of, group)
	}
	parent := make([]int, len(all)) // of names of groups
	for i := range parent {
		parent[i] = i
	}
	for i, t := range o.together {
		a, b := root(parent, group[i]), root(parent, group[t])
		parent[max(a, b)] = min(a, b)
	}
	for i := range group {
		group[i] = root(parent, group[i])
	}
	if len(o.apart) > 0 {
		o.part(all, of, group)
	}
	members := map[int][]int{}
	var order []int
	for i, n := range group {
		if members[n] == nil {
			order = append(order, n)
		}
		members[n] = append(members[n], i)
	}
	parts := make([][]int, 0, len(order))
	for _, n := range order {
		parts = append(parts, members[n])
	}
	return parts
}

// evict takes out of each group that was found who belongs apart from somebody nearer to its
// leader, one after the other.
func (o *official) evict(all []*text, vectors []vector, of, group []int) {
	var named []int // texts of sets that belong apart from others
	for i, t := range o.together {
		if o.odds[t] != nil {
			named = append(named, i)
		}
	}
	near := func(i int) float64 { return vectors[i].dot(&vectors[of[i]], 0, 0, 0) }
	slices.SortStableFunc(named, func(a, b int) int {
		return cmp.Or(cmp.Compare(of[a], of[b]), b2i(b == of[b])-b2i(a == of[a]), cmp.Compare(near(b), near(a)), a-b)
	})
	stays := map[int]map[int]bool{} // by group, sets of those who stay
	same := map[string][]int{}
	for i, t := range all {
		same[t.same] = append(same[t.same], i)
	}
	for _, i := range named {
		g, set := group[i], o.together[i]
		if g != of[i] {
			continue // left already, with another of the same words
		}
		if stays[g] == nil {
			stays[g] = map[int]bool{}
		}
		if !slices.ContainsFunc(o.odds[set], func(s int) bool { return stays[g][s] }) {
			stays[g][set] = true
			continue
		}
		for _, j := range same[all[i].same] {
			if group[j] == g && !stays[g][o.together[j]] {
				group[j] = i
			}
		}
		group[i] = i
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// part takes sets out of joined groups until nobody is with somebody they belong apart from.
func (o *official) part(all []*text, of, group []int) {
	for {
		// How many of a group were found with each of its leaders: most are the core.
		core := map[[2]int]int{}
		in := map[int][]int{} // members of sets that belong apart from others, by group
		for i := range all {
			core[[2]int{group[i], of[i]}]++
			if o.odds[o.together[i]] != nil {
				in[group[i]] = append(in[group[i]], i)
			}
		}
		moved := false
		for g, named := range in {
			weight := map[int]int{} // of sets: how many were found with the same leaders
			for _, i := range named {
				weight[o.together[i]] = max(weight[o.together[i]], core[[2]int{g, of[i]}])
			}
			var sets []int
			for s := range weight {
				sets = append(sets, s)
			}
			slices.SortFunc(sets, func(a, b int) int { return cmp.Or(weight[b]-weight[a], a-b) })
			stays := map[int]bool{}
			for _, s := range sets {
				if !slices.ContainsFunc(o.odds[s], func(x int) bool { return stays[x] }) {
					stays[s] = true
					continue
				}
				moved = true
				for i := range all {
					if o.together[i] == s && group[i] == g {
						group[i] = len(all) + s // a name that no group has
					}
				}
			}
		}
		if !moved {
			return
		}
	}
}
