package opinion

import (
	"cmp"
	"math"
	"slices"
)

// PolisEntry is a statement that is representative of a group.
type PolisEntry struct {
	Statement string
	Side      string // "agree" or "disagree": what the group does more than the others
	Hits, Of  int    // members on that side, and members who voted

	Share     float64 // (Hits+1) ⁄ (Of+2)
	Test      float64 // z of Share against one half
	Ratio     float64 // Share over that of all the other groups together
	RatioTest float64 // z of their difference

	BestAgree bool // what the group agrees on best; Side may still be "disagree"
	Agrees    int  // members who agree, where BestAgree
}

const (
	polisSure    = 1.2816 // z of 90 %, one-sided
	polisEntries = 5      // of a list
)

// polisCount is how people voted on a statement.
type polisCount struct{ agree, disagree, seen int }

// count counts the votes of rows on each column.
func (m polisMatrix) count(rows []int) []polisCount {
	counts := make([]polisCount, m.cols)
	for _, i := range rows {
		for j, x := range m.row(i) {
			if math.IsNaN(x) {
				continue
			}
			counts[j].seen++
			switch x {
			case -1:
				counts[j].agree++
			case 1:
				counts[j].disagree++
			}
		}
	}
	return counts
}

// list fills in everything about statements that is counted by group. Statements that are
// out are on no list, but have a consensus and a priority as all others do.
func (r *PolisResult) list(raw polisMatrix, out Moderation) {
	grouped := make([]polisCount, raw.cols) // votes of all groups together
	counts := make([][]polisCount, len(r.Groups))
	for g, group := range r.Groups {
		counts[g] = raw.count(group.Rows)
		r.ByGroup = append(r.ByGroup, polisCounts(counts[g]))
		for j, c := range counts[g] {
			grouped[j] = grouped[j].plus(c, 1)
		}
	}
	r.GroupConsensus, r.Priority = make([]float64, raw.cols), make([]float64, raw.cols)
	for j, all := range grouped {
		r.GroupConsensus[j] = 1
		for g := range counts {
			r.GroupConsensus[j] *= polisShare(counts[g][j].agree, counts[g][j].seen)
		}
		r.Priority[j] = polisPriority(all, r.Extremity[j])
	}

	for g := range counts {
		var stats []polisStats
		for j, c := range counts[g] {
			if !out[r.Statements[j]] {
				stats = append(stats, polisStatsOf(r.Statements[j], c, grouped[j].plus(c, -1)))
			}
		}
		r.Representative = append(r.Representative, polisRepresentative(stats))
	}

	var everybody []polisStats
	rows := make([]int, raw.rows)
	for i := range rows {
		rows[i] = i
	}
	everyone := raw.count(rows)
	r.All, r.Cast = polisCounts(everyone), make([]int, raw.rows)
	for i := range r.Cast {
		for _, x := range raw.row(i) {
			if !math.IsNaN(x) {
				r.Cast[i]++
			}
		}
	}
	for j, c := range everyone {
		if !out[r.Statements[j]] {
			everybody = append(everybody, polisStatsOf(r.Statements[j], c, polisCount{}))
		}
	}
	r.Agree = polisConsensus(everybody, func(s polisStats) polisSide { return s.agree })
	r.Disagree = polisConsensus(everybody, func(s polisStats) polisSide { return s.disagree })
}

func polisCounts(of []polisCount) []Counts {
	all := make([]Counts, len(of))
	for j, c := range of {
		all[j] = Counts{Agree: c.agree, Disagree: c.disagree, Pass: c.seen - c.agree - c.disagree}
	}
	return all
}

func (c polisCount) plus(d polisCount, times int) polisCount {
	return polisCount{c.agree + times*d.agree, c.disagree + times*d.disagree, c.seen + times*d.seen}
}

// polisPriority is greater for what many agree on, few pass on, tells people apart, and
// few have seen yet (conversation.clj, importance-metric and priority-metric).
func polisPriority(c polisCount, extremity float64) float64 {
	pass := polisShare(c.seen-c.agree-c.disagree, c.seen)
	importance := (1 - pass) * (extremity + 1) * polisShare(c.agree, c.seen)
	return math.Pow(importance*(1+8*math.Exp2(-float64(c.seen)/5)), 2)
}

// polisShare draws a share towards one half by two votes that nobody cast.
func polisShare(hits, of int) float64 { return float64(hits+1) / float64(of+2) }

// polisStats compares how a group voted on a statement with the other groups.
type polisStats struct {
	statement       string
	count           polisCount
	agree, disagree polisSide
}

// polisSide holds the figures of those who agree, or of those who disagree, named as in
// PolisEntry.
type polisSide struct {
	hits                          int
	share, test, ratio, ratioTest float64
}

func polisStatsOf(statement string, group, rest polisCount) polisStats {
	side := func(hits, others int) polisSide {
		share := polisShare(hits, group.seen)
		return polisSide{hits, share, polisOneShare(hits, group.seen),
			share / polisShare(others, rest.seen), polisTwoShares(hits, group.seen, others, rest.seen)}
	}
	return polisStats{statement, group, side(group.agree, rest.agree), side(group.disagree, rest.disagree)}
}

// polisOneShare is z of a share of n against one half, one vote added (stats.clj, prop-test).
func polisOneShare(hits, n int) float64 {
	m := float64(n + 1)
	return 2 * math.Sqrt(m) * (float64(hits+1)/m - 0.5)
}

// polisTwoShares is z of the difference between the shares a of n and b of m, one added to
// each of the four (stats.clj, two-prop-test).
func polisTwoShares(a, n, b, m int) float64 {
	x, y, p, q := float64(a+1), float64(b+1), float64(n+1), float64(m+1)
	pooled := (x + y) / (p + q)
	if pooled == 1 {
		return 0
	}
	return (x/p - y/q) / math.Sqrt(pooled*(1-pooled)*(1/p+1/q))
}

func (s polisStats) entry() PolisEntry {
	side, name := s.disagree, "disagree"
	if s.agree.ratioTest > s.disagree.ratioTest {
		side, name = s.agree, "agree"
	}
	return PolisEntry{Statement: s.statement, Side: name, Hits: side.hits, Of: s.count.seen,
		Share: side.share, Test: side.test, Ratio: side.ratio, RatioTest: side.ratioTest}
}

func (s polisSide) passes() bool { return s.ratioTest > polisSure && s.test > polisSure }

// betterAgree says that s is agreed on better than best, nil if there is none yet
// (repness.clj, beats-best-agr?).
func (s polisStats) betterAgree(best *polisStats) bool {
	a := s.agree
	switch {
	case s.count.agree == 0 && s.count.disagree == 0:
		return false
	case best == nil:
		return a.test > polisSure || a.ratio > 1 && a.share > 0.5
	case best.agree.ratio > 1:
		b := best.agree
		return a.ratio*a.ratioTest*a.share*a.test > b.ratio*b.ratioTest*b.share*b.test
	}
	return a.share*a.test > best.agree.share*best.agree.test
}

// polisRepresentative chooses what a group is known by: what it agrees on best, and what
// passes both tests on a side, the strongest first. Where nothing passes it is the one
// statement that comes nearest (repness.clj, select-rep-comments).
func polisRepresentative(stats []polisStats) []PolisEntry {
	var bestAgree, best *polisStats
	var passing []PolisEntry
	nearest := math.Inf(-1)
	for i := range stats {
		s := &stats[i]
		if s.agree.passes() || s.disagree.passes() {
			passing = append(passing, s.entry())
		}
		if near := max(s.agree.ratioTest, s.disagree.ratioTest); near > nearest {
			best, nearest = s, near
		}
		if s.betterAgree(bestAgree) {
			bestAgree = s
		}
	}

	var list []PolisEntry
	if bestAgree != nil {
		e := bestAgree.entry()
		e.BestAgree, e.Agrees = true, bestAgree.agree.hits
		list = append(list, e)
		passing = slices.DeleteFunc(passing, func(p PolisEntry) bool { return p.Statement == e.Statement })
	} else if len(passing) == 0 && best != nil {
		list = append(list, best.entry())
	}
	strength := func(e PolisEntry) float64 { return e.Ratio * e.RatioTest * e.Share * e.Test }
	slices.SortStableFunc(passing, func(a, b PolisEntry) int { return cmp.Compare(strength(b), strength(a)) })
	list = append(list, passing...)
	list = list[:min(len(list), polisEntries)]
	slices.SortStableFunc(list, func(a, b PolisEntry) int { return cmp.Compare(a.Side, b.Side) }) // agree < disagree
	return list
}

// polisConsensus lists the statements that more than half of all people are on a side of,
// and clearly so (repness.clj, select-consensus-comments).
func polisConsensus(stats []polisStats, side func(polisStats) polisSide) (ids []string) {
	strength := func(s polisStats) float64 { return side(s).share * side(s).test }
	stats = slices.DeleteFunc(slices.Clone(stats), func(s polisStats) bool {
		return !(side(s).share > 0.5 && side(s).test > polisSure)
	})
	slices.SortStableFunc(stats, func(a, b polisStats) int { return cmp.Compare(strength(b), strength(a)) })
	for _, s := range stats[:min(len(stats), polisEntries)] {
		ids = append(ids, s.statement)
	}
	return ids
}
