package conversation

import (
	"cmp"
	"encoding/json"
	"io"
	"slices"

	"dongthuan/internal/fault"
	"dongthuan/internal/opinion"
)

// ReadDocument reads a result.json, of this schema.
func ReadDocument(r io.Reader) (*Document, error) {
	var d Document
	if err := json.NewDecoder(r).Decode(&d); err != nil {
		return nil, fault.New(fault.Invalid, "conversation.other").Because(err)
	}
	if d.Schema != Schema {
		return nil, fault.New(fault.Invalid, "conversation.other.schema", d.Schema, Schema)
	}
	// What Compare goes by: groups in the order of their ids, everybody in one place.
	people := len(d.Between) + len(d.Unplaced)
	for i, g := range d.Groups {
		if people += len(g.People); g.ID != i {
			return nil, fault.New(fault.Invalid, "conversation.other")
		}
	}
	if len(d.Groups) != d.K || d.K > opinion.MaxGroups || len(d.where()) != people {
		return nil, fault.New(fault.Invalid, "conversation.other")
	}
	return &d, nil
}

// where is the group of each person, -1 between groups and -2 with too few votes.
func (d *Document) where() map[ID]int {
	at := map[ID]int{}
	put := func(people []ID, place int) {
		for _, p := range people {
			at[p] = place
		}
	}
	for i, g := range d.Groups {
		put(g.People, i)
	}
	put(d.Between, opinion.Between)
	put(d.Unplaced, opinion.Unplaced)
	return at
}

// Difference is what two documents do not agree on; of two values the first is of this one,
// the second of the other.
type Difference struct {
	// Identical says that the groups, their ids, the people in each, and all lists in their
	// order are the same. Figures are not compared.
	Identical bool   `json:"identical"`
	K         [2]int `json:"k"`
	People    [2]int `json:"people"`
	Only      [2]int `json:"only"`   // people that the other has not
	Common    int    `json:"common"` // people with a group in both
	// Alike is the adjusted Rand index of the groups of those, 1 where they are the same; 0
	// where there are fewer than two.
	Alike float64 `json:"alike"`
	// Matched are groups that are one, by the greatest number of people that stay.
	Matched []Match `json:"matched"`
	// Moved are people of both who are not in the matching group, by id.
	Moved []Move `json:"moved"`
	// Lists are those that differ.
	Lists []ListDifference `json:"lists"`
}

// Match is a group here and the one there that it is.
type Match struct {
	Groups [2]int `json:"groups"` // ids
	Common int    `json:"common"` // people in both
}

// Move is somebody in another group here than there; -1 is between groups, -2 too few votes.
type Move struct {
	ID     ID     `json:"id"`
	Groups [2]int `json:"groups"`
}

// ListDifference is what differs in a list.
type ListDifference struct {
	List string `json:"list"` // "agree", "disagree", "apart", "divides" or "uncertain"
	// Groups are those whose list it is, where List is "apart"; -1 where the other document
	// has no such group.
	Groups    *[2]int `json:"groups,omitempty"`
	Added     []ID    `json:"added"`     // here only
	Removed   []ID    `json:"removed"`   // there only
	Turned    []ID    `json:"turned"`    // in both, on another side
	Reordered bool    `json:"reordered"` // those in both are in another order
}

// Compare says what differs in a from b.
func Compare(a, b *Document) Difference {
	d := Difference{K: [2]int{a.K, b.K}, People: [2]int{a.People, b.People}, Matched: []Match{}, Moved: []Move{}, Lists: []ListDifference{}}
	here, there := a.where(), b.where()
	both := make([][]int, len(a.Groups)) // people by group here and there
	for i := range both {
		both[i] = make([]int, len(b.Groups))
	}
	var x, y []int
	d.Only[1] = len(there)
	for p, g := range here {
		h, ok := there[p]
		if !ok {
			d.Only[0]++
			continue
		}
		if d.Only[1]--; g >= 0 && h >= 0 {
			x, y = append(x, g), append(y, h)
			both[g][h]++
		}
	}
	if d.Common = len(x); d.Common > 1 {
		d.Alike = opinion.AdjustedRand(x, y)
	}
	to := match(both)
	d.Identical = d.K[0] == d.K[1] && d.Only == [2]int{}
	for g, h := range to {
		if h >= 0 {
			d.Matched = append(d.Matched, Match{[2]int{g, h}, both[g][h]})
		}
		d.Identical = d.Identical && (h == g || h < 0 && len(a.Groups[g].People)+len(b.Groups[g].People) == 0)
	}
	for p, g := range here {
		h, ok := there[p]
		same := g == h
		if g >= 0 && h >= 0 {
			same = to[g] == h
		}
		if ok && !same {
			d.Moved = append(d.Moved, Move{p, [2]int{g, h}})
		}
	}
	slices.SortFunc(d.Moved, func(a, b Move) int {
		return cmp.Or(cmp.Compare(len(a.ID), len(b.ID)), cmp.Compare(a.ID, b.ID)) // 9 before 10
	})

	list := func(name string, groups *[2]int, a, b []EntryOf) {
		if l := lists(a, b); l != nil {
			l.List, l.Groups = name, groups
			d.Lists = append(d.Lists, *l)
		}
	}
	list("agree", nil, a.Lists.Agree, b.Lists.Agree)
	list("disagree", nil, a.Lists.Disagree, b.Lists.Disagree)
	apart := func(of *Document, g int) []EntryOf {
		if g < 0 || g >= len(of.Lists.Apart) {
			return nil
		}
		return of.Lists.Apart[g]
	}
	for g, h := range to {
		list("apart", &[2]int{g, h}, apart(a, g), apart(b, h))
	}
	for h := range b.Groups {
		if !slices.Contains(to, h) {
			list("apart", &[2]int{-1, h}, nil, apart(b, h))
		}
	}
	if a.Parity() == b.Parity() { // in parity mode there are no such lists
		list("divides", nil, a.Lists.Divides, b.Lists.Divides)
		list("uncertain", nil, a.Lists.Uncertain, b.Lists.Uncertain)
	}
	d.Identical = d.Identical && len(d.Moved) == 0 && len(d.Lists) == 0
	return d
}

// match gives each group here at most one there, so that the most people stay; -1 where none
// is left with anybody in common. There are few groups: all ways are tried.
func match(both [][]int) []int {
	best, most := make([]int, len(both)), -1
	var try func(to []int, kept int)
	try = func(to []int, kept int) {
		if len(to) == len(both) {
			if kept > most {
				most = kept
				copy(best, to)
			}
			return
		}
		for h, n := range both[len(to)] {
			if n > 0 && !slices.Contains(to, h) {
				try(append(slices.Clone(to), h), kept+n)
			}
		}
		try(append(slices.Clone(to), -1), kept)
	}
	try(nil, 0)
	return best
}

// lists says what differs in list a from b, nil where nothing does.
func lists(a, b []EntryOf) *ListDifference {
	l := &ListDifference{Added: []ID{}, Removed: []ID{}, Turned: []ID{}}
	find := func(in []EntryOf, id ID) int { return slices.IndexFunc(in, func(e EntryOf) bool { return e.ID == id }) }
	last := -1
	for _, e := range a {
		i := find(b, e.ID)
		if i < 0 {
			l.Added = append(l.Added, e.ID)
			continue
		}
		if b[i].Side != e.Side {
			l.Turned = append(l.Turned, e.ID)
		}
		l.Reordered = l.Reordered || i < last
		last = i
	}
	for _, e := range b {
		if find(a, e.ID) < 0 {
			l.Removed = append(l.Removed, e.ID)
		}
	}
	if len(l.Added)+len(l.Removed)+len(l.Turned) == 0 && !l.Reordered {
		return nil
	}
	return l
}
