package opinion

import (
	"slices"
)

// Config says how a result is made. The zero Config finds everything itself.
type Config struct {
	Out Moderation // statements that are left out
	// K is the published number of groups, 1 to MaxGroups, and R of factors, up to Factors;
	// with K 0 both are found.
	K, R int
	// Chance is what chance makes of the eigenvalue of each factor, found and published
	// with K and R (see Result).
	Chance [Factors]float64
	// Separation is that of the published result (see Result).
	Separation float64
	// Previous is the group of each person in the last published result: groups keep the
	// ids of those they share most people with. Ids are 0 to K−1 always; where there are fewer
	// groups than were published, one that had an id of K or more takes that of a group that
	// is gone.
	Previous map[string]int
	// Progress is told how far long work is.
	Progress func(step Step, done, of int)
}

// Step of long work.
type Step string

const (
	Counting Step = "count"  // votes and pairs of statements
	Choosing Step = "choose" // how many groups there are
	Listing  Step = "list"
)

// Person is where somebody stands.
type Person struct {
	ID    string `json:"id"`
	Votes int    `json:"votes"`
	// X, Y is the place on the map, in votes (see Result.Strength).
	X float64 `json:"x"`
	Y float64 `json:"y"`
	// EX, EY are standard deviations of X and Y.
	EX float64 `json:"ex"`
	EY float64 `json:"ey"`
	// Sure is the share of the variance that their votes have settled, 0 to 1.
	Sure float64 `json:"sure"`
	// Group is its id; Between where two are about as near, Unplaced where there are too
	// few votes to tell. Where there is one group everybody is in 0.
	Group int `json:"group"`
}

// People who are in no group.
const (
	Between  = -1
	Unplaced = -2
)

// Result of an analysis.
type Result struct {
	People, Statements, Votes int // that took part
	R, K                      int // factors, groups
	// Chance is, by rank, the eigenvalue that the covariance of statements would have on the
	// mean, were the votes on each dealt anew: votes squared, 0 or more; 0 where K and R were
	// given without it.
	Chance [Factors]float64
	// Strength is the standard deviation of people along each direction of the map. Who stands
	// one such from the middle is expected to vote that much otherwise than the mean, as the
	// root of the mean square over statements, where agreeing is 1 and disagreeing −1. X, Y, EX
	// and EY are in this unit. 0 for a direction that is not there.
	Strength [Factors]float64
	// Axes say what the map's two directions mean: the statements that weigh most in each.
	Axes      [2][]Loading
	Stability []Stability // where K was found
	// Separation is the chance that so few people would stand half-way between two groups,
	// were there one peak of people and no groups. Above Apart the groups are two sides of a
	// range of opinion, with a border that somebody drew; below it few stand between them. 0
	// with one group.
	Separation         float64
	Groups             []Group
	Persons            []Person // by id
	Items              []Item   // by id
	Agree, Disagree    []Entry  // what most of every group agree or disagree on
	Divides, Uncertain []Entry
	// More are how many statements pass the rule of a list and are not on it, as Listed are.
	More struct{ Agree, Disagree, Divides, Uncertain int }
}

// Loading is how a statement weighs on an axis of the map: who agrees with it stands to
// the right, or up, where it is above 0.
type Loading struct {
	ID     string  `json:"id"`
	Weight float64 `json:"weight"`
}

// Analyse finds groups and lists. The same votes, moderation and config give the same
// result, to the bit. It may return ErrNothing or ErrConfig.
func Analyse(t *Table, c Config) (*Result, error) {
	l, err := NewLive(t, c)
	if err != nil {
		return nil, err
	}
	return l.Result(), nil
}

// Live keeps what a result is made of, so that the next one after some votes takes
// milliseconds. Its results are those of Analyse, to the bit. It is not for use by several
// goroutines at once.
type Live struct {
	table  *Table
	config Config
	x      *matrix
	pairs  *pairs // nil above tableLimit
	cov    *covariance
	dirty  map[int]bool // columns whose counts have changed
	stale  bool         // columns are others than before
	shares shares
	found  []Stability
	fitted *factors // nil where votes have come since
	all    []place  // of the last result: memory that is used again
	pts    points
}

// NewLive counts the votes of t, which is the Live's from now on, and, where config.K is
// 0, finds the number of groups.
func NewLive(t *Table, c Config) (*Live, error) {
	if c.K < 0 || c.K > MaxGroups || c.R < 0 || c.R > Factors {
		return nil, ErrConfig
	}
	l := &Live{table: t, config: c, shares: shares{}, dirty: map[int]bool{}}
	l.count()
	if l.x.votes == 0 {
		return nil, ErrNothing
	}
	switch {
	case c.K == 0:
		l.Choose()
	case c.R == 0:
		l.config.R = min(c.K-1, Factors)
	}
	return l, nil
}

func (l *Live) progress(s Step, done, of int) {
	if l.config.Progress != nil {
		l.config.Progress(s, done, of)
	}
}

// count makes everything anew.
func (l *Live) count() {
	l.progress(Counting, 0, 1)
	l.x = l.table.matrix(l.config.Out)
	l.pairs = nil
	if len(l.x.ids) <= tableLimit {
		l.pairs = countPairs(l.x)
	}
	l.cov = newCovariance(l.x, l.pairs)
	clear(l.dirty)
	l.stale, l.fitted = false, nil
	l.progress(Counting, 1, 1)
}

// refresh brings the covariance up to the votes.
func (l *Live) refresh() {
	if l.stale {
		l.count()
		return
	}
	if len(l.dirty) == 0 {
		return
	}
	l.cov.means()
	if l.pairs != nil {
		for j := range l.dirty {
			l.cov.changed(j)
		}
	}
	clear(l.dirty)
	l.fitted = nil
}

// Choose finds the number of factors and of groups anew; until then they stay what they
// were, so that the groups on a page do not come and go with each vote.
func (l *Live) Choose() {
	l.refresh()
	ids := make([]uint64, len(l.x.people))
	for i, v := range l.x.people {
		ids[i] = v.hash
	}
	l.progress(Choosing, 0, resamples)
	l.config.R, l.config.Chance = factorsAbove(l.x, ids)
	l.config.K, l.config.Separation, l.found, l.fitted = 1, 0, nil, nil
	if l.config.R > 0 {
		all := l.places(l.cov.fit(l.config.R, l.config.Chance))
		l.config.K, l.found = choose(l.x, l.config.R, l.config.Chance, all, ids, func(done, of int) { l.progress(Choosing, done, of) })
		l.config.Separation = separation(all, ids, l.config.K, l.config.R)
	}
	l.progress(Choosing, resamples, resamples)
}

func (l *Live) places(f *factors) []place {
	p := f.placing()
	l.all = slices.Grow(l.all[:0], len(l.x.rows))
	for _, row := range l.x.rows {
		l.all = append(l.all, p.place(row))
	}
	return l.all
}

// AddStatement makes a statement known before anybody votes on it.
func (l *Live) AddStatement(id string) error {
	if _, known := l.table.slots.find([]byte(id)); known {
		return nil
	}
	l.stale = true
	return l.table.AddStatement(id)
}

// Keep has groups keep the ids of those of a published result that they share most people
// with, from the next result on, as Config.Previous does.
func (l *Live) Keep(published map[string]int) { l.config.Previous = published }

// Moderate sets which statements are left out.
func (l *Live) Moderate(out Moderation) { l.config.Out, l.stale = out, true }

// model of the votes: two factors at least, for the map; those that chance could have made
// are on the map only.
func (l *Live) model() *factors {
	if l.fitted != nil {
		return l.fitted
	}
	f := l.cov.fit(min(max(l.config.R, 2), Factors), l.config.Chance)
	if l.config.R > 0 {
		f.counted = min(l.config.R, f.r)
	}
	l.fitted = f
	return f
}

// Result of the votes as they are.
func (l *Live) Result() *Result {
	l.refresh()
	l.progress(Listing, 0, 1)
	x, k := l.x, max(l.config.K, 1)
	res := &Result{People: len(x.rows), Statements: len(x.ids) + len(x.unvoted), Votes: x.votes, R: l.config.R, Chance: l.config.Chance, Separation: l.config.Separation, Stability: l.found}
	f := l.model()
	res.Strength = f.strength
	for k := range res.Axes {
		res.Axes[k] = f.heaviest(k, l.x.ids)
	}
	all := l.places(f)
	centres := l.members(res, f, all, k)
	res.K = max(len(centres), 1)
	member := make([]int, len(all))
	for i, p := range res.Persons {
		member[i] = p.Group
	}
	counts := tally(x, member, res.K)
	res.Items = make([]Item, len(x.ids))
	byGroup := make([]Counts, len(x.ids)*res.K) // of all items, one after the other
	for j, id := range x.ids {
		it := Item{ID: id, All: x.counts[j]}
		among := byGroup[j*res.K : (j+1)*res.K : (j+1)*res.K]
		for g := range counts {
			among[g] = counts[g][j]
		}
		if res.K > 1 {
			it.Groups = among
		} else {
			among[0] = it.All
		}
		it.Agreement, it.Disagreement = joint(among, "agree"), joint(among, "disagree")
		res.Items[j] = it
	}
	bars := [2]float64{barOf(res.Items, "agree"), barOf(res.Items, "disagree")}
	yes, no := chances(res.Items, "agree", bars[0]), chances(res.Items, "disagree", bars[1])
	limit := discovered(append(slices.Clone(yes), no...))
	res.Agree, res.More.Agree = consensus(l.shares, res.Items, "agree", bars[0], limit, yes)
	res.Disagree, res.More.Disagree = consensus(l.shares, res.Items, "disagree", bars[1], limit, no)
	res.Divides, res.More.Divides = divides(l.shares, res.Items)
	res.Uncertain, res.More.Uncertain = uncertain(l.shares, res.Items)
	if len(l.shares) > 1<<18 {
		clear(l.shares)
	}
	lists, more := apart(l.shares, res.Items, res.K)
	res.Groups = make([]Group, res.K)
	for g := range res.Groups {
		res.Groups[g] = Group{ID: g, Apart: lists[g], More: more[g]}
		if g < len(centres) {
			res.Groups[g].X, res.Groups[g].Y = centres[g][0], centres[g][1]
		}
	}
	for _, g := range member {
		if g >= 0 {
			res.Groups[g].Size++
		}
	}
	for g := range res.Groups {
		res.Groups[g].People = make([]string, 0, res.Groups[g].Size)
	}
	for i, g := range member {
		if g >= 0 {
			res.Groups[g].People = append(res.Groups[g].People, x.people[i].id)
		}
	}
	for _, id := range x.unvoted {
		it := Item{ID: id}
		if res.K > 1 {
			it.Groups = make([]Counts, res.K)
		}
		it.Agreement, it.Disagreement = joint(make([]Counts, res.K), "agree"), joint(make([]Counts, res.K), "disagree")
		at, _ := slices.BinarySearchFunc(res.Items, id, func(a Item, id string) int { return natural(a.ID, id) })
		res.Items = slices.Insert(res.Items, at, it)
	}
	l.progress(Listing, 1, 1)
	return res
}

// members puts people into k groups, and keeps the ids of the last result.
func (l *Live) members(res *Result, f *factors, all []place, k int) (centres [][Factors]float64) {
	pts := &l.pts
	pts.empty(len(all))
	if k > 1 {
		for i, q := range all {
			if q.placed() {
				for n := f.counted; n < Factors; n++ {
					q.at[n] = 0
				}
				pts.add(l.x.people[i].hash, q)
			}
		}
		_, centres = pts.clusters(k)
	}
	res.Persons = make([]Person, len(all))
	for i, q := range all {
		p := Person{ID: l.x.people[i].id, Votes: len(l.x.rows[i]), X: q.at[0], Y: q.at[1], EX: q.err[0], EY: q.err[1], Sure: q.sure}
		switch {
		case len(centres) == 0:
		case !q.placed():
			p.Group = Unplaced
		default:
			if p.Group = member(&q, centres); p.Group < 0 {
				p.Group = Between
			}
		}
		res.Persons[i] = p
	}
	if len(centres) > 1 && l.config.Previous != nil {
		to := keepIDs(res.Persons, l.config.Previous, len(centres))
		sorted := make([][Factors]float64, len(centres))
		for g, c := range centres {
			sorted[to[g]] = c
		}
		centres = sorted
		for i := range res.Persons {
			if g := res.Persons[i].Group; g >= 0 {
				res.Persons[i].Group = to[g]
			}
		}
	}
	return centres
}

// keepIDs gives groups 0 to k−1 the ids 0 to k−1 by greatest overlap: the most people are in
// a group with the id of the group that they were in before, and of ways that are equal in
// this, the most groups have an id that a member of theirs had.
//
// Ids number the groups without gaps, as items and people's groups are read by them. So with
// the same number of groups all that live on keep their ids. With more, each old group's id
// goes to one of its parts, and new ids are k and on of before. With fewer, an old id of the
// new k or more cannot be kept, nor can one below be left free: its group takes the id of one
// that is gone. before has the id of each person, below 0 for none; to has the new id of each.
func keepIDs(people []Person, before map[string]int, k int) (to []int) {
	var both [MaxGroups][MaxGroups]int
	for _, p := range people {
		if old, ok := before[p.ID]; ok && p.Group >= 0 && old >= 0 && old < k {
			both[p.Group][old]++
		}
	}
	best, most, shared := make([]int, k), -1, -1
	var try func(to []int, used uint, kept, groups int)
	try = func(to []int, used uint, kept, groups int) {
		if len(to) == k {
			if kept > most || kept == most && groups > shared {
				most, shared = kept, groups
				copy(best, to)
			}
			return
		}
		for g := range k {
			if n := both[len(to)][g]; used&(1<<g) == 0 {
				try(append(slices.Clone(to), g), used|1<<g, kept+n, groups+min(n, 1))
			}
		}
	}
	try(nil, 0, 0, 0)
	return best
}

// Cast takes votes, as Table.Cast does. Where one cannot be taken, those before it are.
func (l *Live) Cast(ballots ...Ballot) error {
	for _, b := range ballots {
		if err := l.cast(b); err != nil {
			return err
		}
	}
	return nil
}

func (l *Live) cast(b Ballot) error {
	slot, known := l.table.slots.find([]byte(b.Statement))
	if l.stale || !known || l.x.to[slot] == unvoted {
		if err := l.table.Cast(b); err != nil {
			return err
		}
		l.stale = true // columns are others: all is counted anew at the next result
		return nil
	}
	if err := l.table.Cast(b); err != nil {
		return err
	}
	v := l.table.voter(b.Person)
	i, found := slices.BinarySearchFunc(l.x.people, v, func(a, b *voter) int { return natural(a.id, b.id) })
	l.table.settle()
	row := v.row(l.x.to, nil)
	var old []uint32
	if found {
		old = l.x.rows[i]
	}
	if slices.Equal(old, row) {
		return nil
	}
	l.replace(i, found, v, old, row)
	return nil
}

// replace sets the row of a person, and counts what is different in it.
func (l *Live) replace(i int, found bool, v *voter, old, row []uint32) {
	switch {
	case len(row) == 0:
		l.x.people, l.x.rows = slices.Delete(l.x.people, i, i+1), slices.Delete(l.x.rows, i, i+1)
	case found:
		l.x.rows[i] = row
	default:
		l.x.people, l.x.rows = slices.Insert(l.x.people, i, v), slices.Insert(l.x.rows, i, row)
	}
	l.x.votes += len(row) - len(old)
	work := slices.Clone(old)
	count := func(c uint32, by int) {
		l.x.counts[c>>2].add(c&3, by)
		l.stale = l.stale || l.x.counts[c>>2].Seen() == 0 // it has no column any more
		l.dirty[int(c>>2)] = true
		if l.pairs != nil {
			l.pairs.change(work, c, int32(by))
		}
	}
	for _, c := range old {
		if !slices.Contains(row, c) {
			work = slices.DeleteFunc(work, func(d uint32) bool { return d == c })
			count(c, -1)
		}
	}
	for _, c := range row {
		if !slices.Contains(old, c) {
			count(c, 1)
			work = append(work, c)
		}
	}
}

// Remove takes a person out with all their votes, as if they had never been.
func (l *Live) Remove(person string) bool {
	v := l.table.voter(person)
	if v == nil {
		return false
	}
	l.table.Remove(person)
	if l.stale {
		return true
	}
	if i, found := slices.BinarySearchFunc(l.x.people, v, func(a, b *voter) int { return natural(a.id, b.id) }); found {
		l.replace(i, true, v, l.x.rows[i], nil)
	}
	return true
}
