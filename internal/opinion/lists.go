package opinion

import (
	"math"
	"slices"
)

const (
	// Bar is the share that "most of every group" must pass; where people agree with
	// statements more than that in general, it is their general share, up to HighBar.
	Bar     = 0.6
	HighBar = 0.75
	// Split is the share that each side must pass for a statement to divide.
	Split = 0.25
	// Unsure is the share of passes from which a statement is uncertain.
	Unsure = 0.2
	// FalseDiscovery is the share of wrong entries that is allowed in a list.
	FalseDiscovery = 0.1
	// Listed is how long a list is at most.
	Listed = 10
)

// Item is a statement with its votes.
type Item struct {
	ID     string   `json:"id"`
	All    Counts   `json:"all"`
	Groups []Counts `json:"groups,omitempty"` // members of each group only
	// Agreement is the group-informed consensus: the probability that one person of each
	// group, taken by chance, all agree; Low is below it with 95 %. Disagreement likewise.
	Agreement    Joint `json:"agreement"`
	Disagreement Joint `json:"disagreement"`
}

// Joint is the product of the groups' shares: Mean exact, Low from a beta distribution
// with the same mean and variance. In the Items of a Result Low and Min are near enough to
// show where they stand (see quickLow); Exact makes them what they say. All are 0 to 1.
type Joint struct {
	Mean float64 `json:"mean"`
	Low  float64 `json:"low"`
	Min  float64 `json:"min"` // the lowest bound of a single group
}

// Entry is a statement in a list, with all that put it there.
type Entry struct {
	ID string `json:"id"`
	// Side is "agree", "disagree" or "pass": what the share is of.
	Side string `json:"side"`
	// Share of all who voted on it, or of the group whose list this is.
	Share Share `json:"share"`
	// Rest is the share of all others, in lists of groups.
	Rest *Share `json:"rest,omitempty"`
	// Groups are the shares by group, in lists of all.
	Groups []Share `json:"groups,omitempty"`
	// Score puts the list in order: the lower bound, with 95 %, of what the list is about. Of
	// what most agree or disagree on it is that of the groups' joint share (see Joint), of
	// what divides or is uncertain that of the share, all exact; of what sets a group apart
	// that of the difference of two shares, by the normal distribution (Wald).
	Score float64 `json:"score"`
	// Rule is why it is listed: "everygroup", "everyone", "apart", "split", "passes".
	Rule string `json:"rule"`
	// Chance is the p-value of what put it there: of as many votes on its side or more, were
	// the share among all just Bar, exact; in lists of groups of a difference as great, were
	// there none, by the normal distribution. Limit is the greatest that the list takes
	// (Benjamini & Hochberg, J. R. Statist. Soc. B 57, 1995). Both are 0 where the rule is a
	// bound. Groups are found on the same votes that these tests are made on: in lists of
	// groups it is a measure to order and cut by, and the real chance is greater.
	Chance float64 `json:"chance,omitempty"`
	Limit  float64 `json:"limit,omitempty"`
	// Bar is the share that has to be passed, in lists of what most agree or disagree on.
	Bar float64 `json:"bar,omitempty"`
	// Lost is after how many more votes the other way the rule no longer holds, Bar and Limit
	// staying what they are: all of them in the group in which that is soonest. From a list
	// that is full it may go sooner, when another passes it.
	Lost int `json:"lost"`
}

// Group is people who answer alike.
type Group struct {
	ID     int      `json:"id"`
	Size   int      `json:"size"`
	People []string `json:"people"`
	// X, Y is its middle on the map.
	X float64 `json:"x"`
	Y float64 `json:"y"`
	// Apart are the statements that set it apart from all others; More are how many more
	// would.
	Apart []Entry `json:"apart"`
	More  int     `json:"more"`
}

// discovered is the Benjamini–Hochberg procedure: the chance up to which tests stand, so
// that FalseDiscovery of them are expected to be wrong; below 0 where none stands.
func discovered(chances []float64) (limit float64) {
	sorted := slices.Clone(chances)
	slices.Sort(sorted)
	for i := len(sorted) - 1; i >= 0; i-- {
		if sorted[i] <= FalseDiscovery*float64(i+1)/float64(len(sorted)) {
			return FalseDiscovery * float64(i+1) / float64(len(sorted))
		}
	}
	return -1
}

// tally counts the votes of the members of each group on each column.
func tally(x *matrix, member []int, k int) [][]Counts {
	flat := make([][]int32, k)
	for g := range flat {
		flat[g] = make([]int32, 4*len(x.ids))
	}
	for i, row := range x.rows {
		if g := member[i]; g >= 0 {
			in := flat[g]
			for _, c := range row {
				in[c]++
			}
		}
	}
	counts := make([][]Counts, k)
	for g, in := range flat {
		counts[g] = make([]Counts, len(x.ids))
		for j := range counts[g] {
			counts[g][j] = Counts{Agree: int(in[4*j+2]), Disagree: int(in[4*j]), Pass: int(in[4*j+1])}
		}
	}
	return counts
}

func (c Counts) hits(side string) int {
	switch side {
	case "agree":
		return c.Agree
	case "disagree":
		return c.Disagree
	}
	return c.Pass
}

// joint of the groups' shares.
func joint(groups []Counts, side string) Joint { return jointBy(groups, side, quickLow) }

func jointBy(groups []Counts, side string, low func(a, b float64) float64) Joint {
	least := 1.0
	for _, c := range groups {
		least = min(least, low(float64(c.hits(side)+1), float64(c.Seen()-c.hits(side)+1)))
	}
	mean, a, b := product(groups, side)
	return Joint{Mean: mean, Low: low(a, b), Min: least}
}

// product is the mean of the groups' shares multiplied, and a and b of the beta distribution
// with its mean and variance.
func product(groups []Counts, side string) (mean, a, b float64) {
	mean, second := 1.0, 1.0
	for _, c := range groups {
		a, b := float64(c.hits(side)+1), float64(c.Seen()-c.hits(side)+1)
		mean *= a / (a + b)
		second *= a * (a + 1) / ((a + b) * (a + b + 1))
	}
	t := mean*(1-mean)/(second-mean*mean) - 1
	return mean, mean * t, (1 - mean) * t
}

// exactLow is the 5 % quantile of a beta distribution.
func exactLow(a, b float64) float64 { return betaQuantile(surely, a, b) }

// among are the groups, or all where there is one group.
func (it *Item) among() []Counts {
	if it.Groups == nil {
		return []Counts{it.All}
	}
	return it.Groups
}

// Exact is the item with bounds that are exact.
func (it Item) Exact() Item {
	groups := it.among()
	it.Agreement, it.Disagreement = jointBy(groups, "agree", exactLow), jointBy(groups, "disagree", exactLow)
	return it
}

// quickLow is the 5 % quantile of a beta distribution, by the normal distribution of its
// logarithmic odds: to 0.01 with ten or more on either side, to 0.1 with few. It is good enough
// for the many items that are in no list, and some twenty times quicker; lists are sorted by
// exact bounds, and intervals that are shown are exact.
func quickLow(a, b float64) float64 {
	odds := digamma(a) - digamma(b) - 1.6449*math.Sqrt(trigamma(a)+trigamma(b))
	return 1 / (1 + math.Exp(-odds))
}

// digamma and trigamma by their asymptotic series, from 6 on (Abramowitz & Stegun 6.3.18,
// 6.4.12).
func digamma(x float64) (y float64) {
	for ; x < 6; x++ {
		y -= 1 / x
	}
	i := 1 / (x * x)
	return y + math.Log(x) - 1/(2*x) - i*(1.0/12-i*(1.0/120-i/252))
}

func trigamma(x float64) (y float64) {
	for ; x < 6; x++ {
		y += 1 / (x * x)
	}
	i := 1 / (x * x)
	return y + 1/x + i/2 + i/x*(1.0/6-i*(1.0/30-i/42))
}

// consensus lists what most of every group, and most of all, agree or disagree on.
func consensus(s shares, items []Item, side string, bar, limit float64, chance []float64) ([]Entry, int) {
	var list []Entry
	at := map[string]*Item{}
	for j := range items {
		it := &items[j]
		if chance[j] > limit || !inEach(it, side, bar, 0) {
			continue
		}
		at[it.ID] = it
		_, a, b := product(it.among(), side)
		e := Entry{ID: it.ID, Side: side, Rule: "everyone", Chance: chance[j], Limit: limit, Bar: bar, Score: exactLow(a, b)}
		if it.Groups != nil {
			e.Rule = "everygroup"
		}
		list = append(list, e)
	}
	list, more := ordered(list)
	for i := range list {
		e := &list[i]
		it := at[e.ID]
		e.Share = s.of(it.All.hits(side), it.All.Seen())
		for _, c := range it.Groups {
			e.Groups = append(e.Groups, s.of(c.hits(side), c.Seen()))
		}
		e.Lost = lost(func(n int) bool {
			return atLeast(bar, it.All.hits(side), it.All.Seen()+n) > limit || !inEach(it, side, bar, n)
		})
	}
	return list, more
}

// barOf is Bar, or how much people are on a side in general: of ten statements that two in
// three agree on, whatever they say, none is what people agree on. Three in four are many
// however that may be.
func barOf(items []Item, side string) float64 {
	var hits, of int
	for _, it := range items {
		hits, of = hits+it.All.hits(side), of+it.All.Seen()
	}
	return min(max(Bar, float64(hits+1)/float64(of+2)), HighBar)
}

// chances are the p-values of tests that each statement's share among all is above bar. Where
// it is not as counted there is nothing to test.
func chances(items []Item, side string, bar float64) []float64 {
	all := make([]float64, len(items))
	for j, it := range items {
		if all[j] = 1; float64(it.All.hits(side)) > bar*float64(it.All.Seen()) {
			all[j] = atLeast(bar, it.All.hits(side), it.All.Seen())
		}
	}
	return all
}

// inEach says whether a side's share is above bar in every group too, each by a credible bound
// of 95 %, when n more have voted otherwise in any one of them. The tests among all hold false
// discoveries down; a small group need not pass what a large crowd has to.
func inEach(it *Item, side string, bar float64, n int) bool {
	return !slices.ContainsFunc(it.Groups, func(c Counts) bool {
		hits, of := c.hits(side), c.Seen()+n
		return float64(hits) <= bar*float64(of) || notAbove(bar, hits, of) > surely
	})
}

// ordered sorts by score, of equals the first first, and keeps Listed; more are left out. It
// takes one after the other into a short list, as most are on none.
func ordered(list []Entry) (best []Entry, more int) {
	best = make([]Entry, 0, Listed+1)
	for i := range list {
		e := &list[i]
		if len(best) == Listed && e.Score <= best[Listed-1].Score {
			continue
		}
		at := len(best)
		for at > 0 && best[at-1].Score < e.Score {
			at--
		}
		best = slices.Insert(best, at, *e)
		best = best[:min(len(best), Listed)]
	}
	return best, len(list) - len(best)
}

// lost is the least number of votes that makes gone true: doubled until it does, then
// halved down to it.
func lost(gone func(n int) bool) int {
	high := 1
	for !gone(high) {
		if high *= 2; high > 1<<24 {
			return high
		}
	}
	low := high / 2
	for high-low > 1 {
		if mid := (low + high) / 2; gone(mid) {
			high = mid
		} else {
			low = mid
		}
	}
	return high
}

// divides lists what splits the people: both sides are surely above Split.
func divides(s shares, items []Item) ([]Entry, int) {
	return above(s, items, Split, "split", func(c Counts) string {
		if c.Agree < c.Disagree {
			return "agree"
		}
		return "disagree"
	})
}

// uncertain lists what many pass on.
func uncertain(s shares, items []Item) ([]Entry, int) {
	return above(s, items, Unsure, "passes", func(Counts) string { return "pass" })
}

// surely is the chance that a bound of 95 % leaves.
const surely = 0.05

// above lists where the share of one side is above bound, with 95 %.
func above(s shares, items []Item, bound float64, rule string, side func(Counts) string) ([]Entry, int) {
	type candidate struct {
		it   *Item
		side string
	}
	var list []Entry
	from := map[string]candidate{}
	for j := range items {
		it := &items[j]
		side := side(it.All)
		hits, n := it.All.hits(side), it.All.Seen()
		if float64(hits) <= bound*float64(n) || notAbove(bound, hits, n) > surely {
			continue
		}
		from[it.ID] = candidate{it, side}
		list = append(list, Entry{ID: it.ID, Side: side, Score: s.of(hits, n).Low, Rule: rule})
	}
	list, more := ordered(list)
	for i := range list {
		e := &list[i]
		it := from[e.ID].it
		hits, n := it.All.hits(e.Side), it.All.Seen()
		e.Share = s.of(hits, n)
		for _, c := range it.Groups {
			e.Groups = append(e.Groups, s.of(c.hits(e.Side), c.Seen()))
		}
		e.Lost = lost(func(x int) bool { return notAbove(bound, hits, n+x) > surely })
	}
	return list, more
}

var sides = []string{"agree", "disagree"}

// apart lists, for each group, where its share is above that of all other members of
// groups.
func apart(s shares, items []Item, k int) (lists [][]Entry, more []int) {
	lists, more = make([][]Entry, k), make([]int, k)
	if k < 2 {
		return lists, more
	}
	all := make([]float64, 0, 2*k*len(items))
	rest := func(it Item, g int, side string) (hits, of int) {
		for h, c := range it.Groups {
			if h != g {
				hits, of = hits+c.hits(side), of+c.Seen()
			}
		}
		return hits, of
	}
	each := func(fn func(it Item, g int, side string, c Counts, hits, of int)) {
		for _, it := range items {
			for g, c := range it.Groups {
				for _, side := range sides {
					hits, of := rest(it, g, side)
					fn(it, g, side, c, hits, of)
				}
			}
		}
	}
	each(func(_ Item, _ int, side string, c Counts, hits, of int) {
		all = append(all, twoShares(c.hits(side), c.Seen(), hits, of))
	})
	limit := discovered(all)
	n := 0
	each(func(it Item, g int, side string, c Counts, hits, of int) {
		chance := all[n]
		n++
		if chance > limit {
			return
		}
		low := lowDifference(c.hits(side), c.Seen(), hits, of)
		if low <= 0 {
			return
		}
		lists[g] = append(lists[g], Entry{ID: it.ID, Side: side, Share: Share{Hits: c.hits(side), Of: c.Seen()}, Rest: &Share{Hits: hits, Of: of}, Score: low, Rule: "apart", Chance: chance, Limit: limit})
	})
	for g := range lists {
		lists[g], more[g] = ordered(lists[g])
		for i := range lists[g] {
			e := &lists[g][i]
			a, b := e.Share, *e.Rest
			e.Share = s.of(a.Hits, a.Of)
			*e.Rest = s.of(b.Hits, b.Of)
			e.Lost = lost(func(n int) bool {
				return twoShares(a.Hits, a.Of+n, b.Hits, b.Of) > limit || lowDifference(a.Hits, a.Of+n, b.Hits, b.Of) <= 0
			})
		}
	}
	return lists, more
}
