// Package lineage is the arithmetic of units that change over time: which
// version holds on a day, and where a unit went or came from when units are
// merged, divided and renamed. It knows no database and no words.
//
// Days are texts like "2025-07-01", so that text order is time order. Stretches
// of days are half open: the first day is in, the last one is not.
package lineage

import (
	"math/big"
	"slices"
)

// Span is a stretch of days: From is its first, To the first day after it, ""
// where it is still open.
type Span struct{ From, To string }

// Holds reports whether day lies in s.
func (s Span) Holds(day string) bool { return s.From <= day && (s.To == "" || day < s.To) }

// Meets reports whether s and o have a day in common.
func (s Span) Meets(o Span) bool {
	return (s.To == "" || o.From < s.To) && (o.To == "" || s.From < o.To)
}

// Overlap finds two spans that have a day in common.
func Overlap(spans []Span) (i, j int, found bool) {
	for i := range spans {
		for j := range i {
			if spans[i].Meets(spans[j]) {
				return j, i, true
			}
		}
	}
	return 0, 0, false
}

// On returns the index of the span that holds on day. Where none does it returns
// the nearest one, with exact false: the last that ended before the day, or else
// the first that begins after it. It returns -1 for no spans at all.
func On(spans []Span, day string) (index int, exact bool) {
	before, after := -1, -1
	for i, s := range spans {
		switch {
		case s.Holds(day):
			return i, true
		case s.From > day:
			if after < 0 || s.From < spans[after].From {
				after = i
			}
		case before < 0 || s.To > spans[before].To:
			before = i
		}
	}
	if before >= 0 {
		return before, false
	}
	return after, false
}

// Chain follows next from id, without id itself, and stops at "" or where it
// would come round again.
func Chain(id string, next func(string) string) []string {
	seen := map[string]bool{id: true}
	var chain []string
	for id = next(id); id != "" && !seen[id]; id = next(id) {
		seen[id] = true
		chain = append(chain, id)
	}
	return chain
}

// Kind says how much of a unit went over.
type Kind string

const (
	Whole     Kind = "whole"     // toàn bộ
	Part      Kind = "part"      // một phần
	Remainder Kind = "remainder" // phần còn lại
	Rename    Kind = "rename"    // đổi tên: the same area under another unit
)

// Kinds are all kinds.
var Kinds = []Kind{Whole, Part, Remainder, Rename}

// Known reports whether k is one of Kinds.
func (k Kind) Known() bool { return slices.Contains(Kinds, k) }

// Empties reports whether nothing of the unit stays behind.
func (k Kind) Empties() bool { return k == Whole || k == Remainder || k == Rename }

// Link says that on Day, From or a part of it became To or a part of it. Share is
// how much of From went, nil where nobody said.
type Link struct {
	From, To string
	Kind     Kind
	Day      string
	Share    *big.Rat
}

// Graph is the lives of units and the links between them.
//
// A walk goes through links of strictly later (or, backward, earlier) days: all
// that is decided for one day happens at once. So every walk ends, whatever
// circle the links make.
type Graph struct {
	lives   map[string][]Span
	out, in map[string][]Link // by day
}

// New returns the graph. Links to a unit itself are left out: they say nothing.
func New(lives map[string][]Span, links []Link) *Graph {
	g := &Graph{lives, map[string][]Link{}, map[string][]Link{}}
	for _, l := range links {
		if l.From != l.To {
			g.out[l.From] = append(g.out[l.From], l)
			g.in[l.To] = append(g.in[l.To], l)
		}
	}
	byDay := func(a, b Link) int {
		if a.Day != b.Day {
			return compare(a.Day, b.Day)
		}
		return compare(a.From+a.To, b.From+b.To)
	}
	for _, m := range []map[string][]Link{g.out, g.in} {
		for _, links := range m {
			slices.SortStableFunc(links, byDay)
		}
	}
	return g
}

func compare(a, b string) int {
	if a < b {
		return -1
	} else if a > b {
		return 1
	}
	return 0
}

// Alive reports whether unit exists on day.
func (g *Graph) Alive(unit, day string) bool {
	return slices.ContainsFunc(g.lives[unit], func(s Span) bool { return s.Holds(day) })
}

// Reach is where a walk came out.
type Reach struct {
	Units []Reached
	// Untold are the units at which the trail is lost: they do not exist on the
	// day asked for, and no link says what became of them or where they came from.
	Untold []string
}

// Reached is one unit at the end of a walk.
type Reached struct {
	Unit string
	// Whole is true where all of the unit asked about lies in this one.
	Whole bool
	// Share is how much of the unit asked about lies in this one, nil unless every
	// link on every way there says how much, or takes all.
	Share *big.Rat
}

// emptied returns the first day in (after, until] on which all of unit went
// elsewhere, "" if there is none.
func (g *Graph) emptied(unit, after, until string) string {
	for _, l := range g.out[unit] {
		if l.Day > after && l.Day <= until && l.Kind.Empties() {
			return l.Day
		}
	}
	return ""
}

// amount is how much of the first unit arrived somewhere.
type amount struct {
	share *big.Rat // nil: not known
	split bool     // a part was left on the way
}

func (a amount) plus(b amount) amount {
	sum := amount{split: a.split || b.split}
	if a.share != nil && b.share != nil {
		sum.share = new(big.Rat).Add(a.share, b.share)
	}
	return sum
}

func (a amount) times(share *big.Rat, split bool) amount {
	got := amount{split: a.split || split}
	if a.share != nil && share != nil {
		got.share = new(big.Rat).Mul(a.share, share)
	}
	return got
}

// Forward says where unit, as it stood on day from, is on day on.
func (g *Graph) Forward(unit, from, on string) Reach {
	one := big.NewRat(1, 1)
	arrived := map[string]map[string]amount{from: {unit: {share: one}}} // day → unit
	days := []string{from}
	found := map[string]amount{}
	untold := map[string]bool{}
	for len(days) > 0 {
		day := slices.Min(days)
		days = slices.DeleteFunc(days, func(d string) bool { return d == day })
		for u, a := range arrived[day] {
			last := ""
			for links := g.out[u]; len(links) > 0; {
				n := 1
				for n < len(links) && links[n].Day == links[0].Day {
					n++
				}
				today := links[:n]
				links = links[n:]
				if today[0].Day <= day || today[0].Day > on {
					continue
				}
				last = today[0].Day
				rest, empties := left(today)
				for _, l := range today {
					var went amount
					switch l.Kind {
					case Whole, Rename:
						went = a.times(one, false)
						if len(today) > 1 {
							went = amount{split: true}
						}
					case Remainder:
						went = a.times(rest, true)
					default:
						went = a.times(l.Share, true)
					}
					if arrived[last] == nil {
						arrived[last] = map[string]amount{}
						days = append(days, last)
					}
					if before, ok := arrived[last][l.To]; ok {
						went = before.plus(went)
					}
					arrived[last][l.To] = went
				}
				if empties {
					a = amount{}
					last = "gone"
					break
				}
				a = a.times(rest, true)
			}
			switch {
			case last == "gone":
			case g.Alive(u, on):
				if before, ok := found[u]; ok {
					a = before.plus(a)
				}
				found[u] = a
			case last == "" || last < g.end(u, on):
				untold[u] = true
			}
		}
	}
	r := Reach{Untold: keys(untold)}
	for _, u := range keys(found) {
		a := found[u]
		r.Units = append(r.Units, Reached{u, !a.split && len(found) == 1 && len(untold) == 0, a.share})
	}
	return r
}

// left is what one day's links leave of a unit, nil where it is not known, and
// whether any of them takes all that is left.
func left(links []Link) (*big.Rat, bool) {
	rest := big.NewRat(1, 1)
	empties := false
	for _, l := range links {
		switch {
		case l.Kind.Empties():
			empties = true
		case l.Share == nil || rest == nil:
			rest = nil
		default:
			rest.Sub(rest, l.Share)
		}
	}
	return rest, empties
}

// end is the first day on which unit is gone, looking back from day on: "" where
// it never was.
func (g *Graph) end(unit, on string) string {
	end := ""
	for _, s := range g.lives[unit] {
		if s.To != "" && s.To <= on && s.To > end {
			end = s.To
		}
	}
	return end
}

// Backward says which units of day from made up unit as it stands on day on. It
// is Forward read the other way: where both exist on their days, u is in
// Backward(v, on, from) exactly if v is in Forward(u, from, on).
func (g *Graph) Backward(unit, on, from string) Reach {
	type state struct{ unit, before string } // before: the day it was left, "" for the start
	seen := map[state]bool{{unit, ""}: true}
	todo := []state{{unit, ""}}
	found, untold := map[string]bool{}, map[string]bool{}
	for len(todo) > 0 {
		s := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		// A way is open from day a if the unit was not emptied before it was left.
		open := func(a string) bool {
			if s.before == "" {
				return g.emptied(s.unit, a, on) == ""
			}
			e := g.emptied(s.unit, a, s.before)
			return e == "" || e == s.before
		}
		origin := false
		for _, l := range g.in[s.unit] {
			if l.Day <= from || l.Day > on || s.before != "" && l.Day >= s.before || !open(l.Day) {
				continue
			}
			origin = true
			next := state{l.From, l.Day}
			if !seen[next] {
				seen[next] = true
				todo = append(todo, next)
			}
		}
		if g.Alive(s.unit, from) && open(from) {
			found[s.unit] = true
		} else if !origin {
			untold[s.unit] = true
		}
	}
	r := Reach{Untold: keys(untold)}
	for _, u := range keys(found) {
		r.Units = append(r.Units, Reached{Unit: u})
	}
	return r
}

func keys[V any](m map[string]V) []string {
	all := make([]string, 0, len(m))
	for k := range m {
		all = append(all, k)
	}
	slices.Sort(all)
	return all
}

// Answer is yes, no, or that the links do not say.
type Answer int

const (
	Untold Answer = iota
	Yes
	No
)

// Covered says whether all of unit, as it stood on day from, lies within the
// units of by on day on.
func (g *Graph) Covered(unit, from, on string, by ...string) Answer {
	r := g.Forward(unit, from, on)
	for _, u := range r.Units {
		if !slices.Contains(by, u.Unit) {
			return No
		}
	}
	if len(r.Untold) > 0 || len(r.Units) == 0 {
		return Untold
	}
	return Yes
}
