package score

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// TieBreaker is a rule that parts units of equal total.
type TieBreaker struct {
	By    string // "group", "base", "bonus" or "deductions"
	Group string // the group's code, for By "group"
}

// ParseTieBreaker reads "group III" and "base" (the more the better), "bonus"
// and "deductions" (the fewer the better).
func ParseTieBreaker(text string) (TieBreaker, error) {
	by, group, _ := strings.Cut(text, " ")
	switch by {
	case "group":
		if group == "" {
			return TieBreaker{}, fmt.Errorf("tie-breaker %q: which group", text)
		}
		return TieBreaker{By: by, Group: group}, nil
	case "base", "bonus", "deductions":
		if group != "" {
			return TieBreaker{}, fmt.Errorf("tie-breaker %q: nothing may follow %s", text, by)
		}
		return TieBreaker{By: by}, nil
	}
	return TieBreaker{}, fmt.Errorf("tie-breaker %q: unknown", text)
}

// String is the text that ParseTieBreaker reads; empty for the zero TieBreaker.
func (t TieBreaker) String() string {
	if t.Group != "" {
		return t.By + " " + t.Group
	}
	return t.By
}

// Value is what the tie-breaker looks at in a total, in tenths.
func (t TieBreaker) Value(total Total) int64 {
	switch t.By {
	case "group":
		g, _ := total.Group(t.Group)
		return g.Points
	case "base":
		return total.Base
	case "bonus":
		return total.Bonus
	}
	return total.Deduction
}

// compare is negative when a goes before b.
func (t TieBreaker) compare(a, b Total) int {
	if t.By == "group" || t.By == "base" {
		return cmp.Compare(t.Value(b), t.Value(a))
	}
	return cmp.Compare(t.Value(a), t.Value(b))
}

// Row is one unit to be ranked. Units differ from each other.
type Row struct {
	Unit  string
	Sheet Sheet
}

// Placed is a row with its place.
type Placed struct {
	Row
	Total Total
	Rank  int
	// Shared says that another unit has the same rank: neither the total nor any
	// tie-breaker parts them.
	Shared bool
	// DecidedBy is the last tie-breaker that had to be looked at to part the row
	// from its neighbours of equal total; zero if the total alone did.
	DecidedBy TieBreaker
}

// Rank orders units by total, the highest first, then by the tie-breakers in
// turn. Units still equal share a rank, and the next rank is skipped: 1, 2, 2, 4;
// among themselves they stand by unit. The order of the rows given does not
// matter, and they are not changed.
func Rank(rows []Row, ties []TieBreaker) []Placed {
	placed := make([]Placed, len(rows))
	for i, r := range rows {
		placed[i] = Placed{Row: r, Total: r.Sheet.Total()}
	}
	slices.SortFunc(placed, func(a, b Placed) int {
		order, _ := compare(a.Total, b.Total, ties)
		return cmp.Or(order, cmp.Compare(a.Unit, b.Unit))
	})
	depth := make([]int, len(placed)) // tie-breakers looked at; 0 is the total alone
	for i := range placed {
		placed[i].Rank = i + 1
		if i == 0 {
			continue
		}
		above, here := &placed[i-1], &placed[i]
		order, deep := compare(above.Total, here.Total, ties)
		if order == 0 {
			here.Rank = above.Rank
			here.Shared, above.Shared = true, true
			continue
		}
		depth[i-1], depth[i] = max(depth[i-1], deep), deep
	}
	spread(placed, depth)
	for i, d := range depth {
		if d > 0 {
			placed[i].DecidedBy = ties[d-1]
		}
	}
	return placed
}

// spread gives all rows of one rank the depth of the deepest: what parted the
// first of them from the row above parted the others too.
func spread(placed []Placed, depth []int) {
	for from := 0; from < len(placed); {
		to, deepest := from, 0
		for ; to < len(placed) && placed[to].Rank == placed[from].Rank; to++ {
			deepest = max(deepest, depth[to])
		}
		for ; from < to; from++ {
			depth[from] = deepest
		}
	}
}

// compare orders two totals, the better first, and says how many tie-breakers it
// took.
func compare(a, b Total, ties []TieBreaker) (order, depth int) {
	if order := cmp.Compare(b.Points, a.Points); order != 0 {
		return order, 0
	}
	for i, t := range ties {
		if order := t.compare(a, b); order != 0 {
			return order, i + 1
		}
	}
	return 0, len(ties)
}

// Loss is what one criterion cost a unit, in tenths.
type Loss struct {
	Group, Criterion string
	Points, Max      int64
	Lost             int64 // Max − Points
	Median           int64 // of the units it applies to; between two tenths, the upper
	Behind           int64 // Median − Points; below 0 the unit is ahead
}

// Medians are what each criterion gave the units it applies to, in the middle, by
// codes of group and criterion.
type Medians map[[2]string]int64

// MediansOf computes the medians of a cluster's rows, once for all its units.
func MediansOf(cluster []Row) Medians {
	worths := map[[2]string][]int64{}
	for _, r := range cluster {
		for _, g := range r.Sheet.Groups {
			for _, c := range g.Criteria {
				if c.applies() {
					key := [2]string{g.Code, c.Code}
					worths[key] = append(worths[key], c.Worth())
				}
			}
		}
	}
	m := make(Medians, len(worths))
	for key, all := range worths {
		m[key] = median(all)
	}
	return m
}

// WhyPlace says where a unit's points went: each criterion that applies to it and
// is not full, or is behind the cluster's median, the dearest loss first, then
// the furthest behind, then by the order of the sheet. m are the medians of all
// units, this one among them.
func WhyPlace(row Row, m Medians) []Loss {
	var losses []Loss
	for _, g := range row.Sheet.Groups {
		for _, c := range g.Criteria {
			if !c.applies() {
				continue
			}
			l := Loss{Group: g.Code, Criterion: c.Code, Points: c.Worth(), Max: c.Max}
			l.Lost = l.Max - l.Points
			l.Median = m[[2]string{g.Code, c.Code}]
			l.Behind = l.Median - l.Points
			if l.Lost > 0 || l.Behind > 0 {
				losses = append(losses, l)
			}
		}
	}
	slices.SortStableFunc(losses, func(a, b Loss) int {
		return cmp.Or(cmp.Compare(b.Lost, a.Lost), cmp.Compare(b.Behind, a.Behind))
	})
	return losses
}

func median(values []int64) int64 {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	high := values[len(values)/2]
	low := values[(len(values)-1)/2]
	return (low + high + 1) / 2
}
