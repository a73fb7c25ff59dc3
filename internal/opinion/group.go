package opinion

import (
	"cmp"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/mathext"
)

// MaxGroups is the most groups that are looked for, and 2 to the power of the number of factors.
const MaxGroups = 5

const (
	seedings  = 5    // of k-means, the best is kept
	rounds    = 40   // of k-means at most
	tryRounds = 12   // of each seeding
	seedingOf = 800  // people that seedings are tried on
	resamples = 50   // to find how many groups are stable
	sampleOf  = 1500 // people in a resample at most
	stableAt  = 0.85 // mean Jaccard of the least stable group: "highly stable" (Hennig, J. Multivar. Anal. 99, 2008)
	near      = 0.06 // more groups may be less stable than fewer by this much: more than chance moves the mean of 50, less than what tells a good number from a poor one in planted camps
	strict    = 1.12 // times what it is chance is taken to be in a resample: weak factors count less, and the numbers of groups chosen come back better
	smallest  = 5    // people that make a group
	fewest    = 30   // people that are looked at for groups: fewer are easily told apart
)

// points are people on the map, with a weight by how sure their place is.
type points struct {
	at     [][Factors]float64
	weight []float64
	hash   []uint64 // of ids
}

func hashOf(id []byte) uint64 {
	h := fnv.New64a()
	h.Write(id)
	return mix(h.Sum64())
}

// mix spreads the bits of a hash (SplitMix64's finaliser), as ids differ in few.
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// empty takes all points out, and makes room for n.
func (p *points) empty(n int) {
	p.at, p.weight, p.hash = slices.Grow(p.at[:0], n), slices.Grow(p.weight[:0], n), slices.Grow(p.hash[:0], n)
}

func (p *points) add(id uint64, q place) {
	p.at = append(p.at, q.at)
	p.weight = append(p.weight, q.sure)
	p.hash = append(p.hash, id)
}

func distance(a, b *[Factors]float64) float64 {
	x, y, z := a[0]-b[0], a[1]-b[1], a[2]-b[2]
	return x*x + y*y + z*z
}

// nearest is the centre a point belongs to, the first of equals.
func nearest(p *[Factors]float64, centres [][Factors]float64) (g int, d float64) {
	d = math.Inf(1)
	for i := range centres {
		if e := distance(p, &centres[i]); e < d {
			g, d = i, e
		}
	}
	return g, d
}

// lloyd improves centres until nobody changes (Lloyd, IEEE Trans. Inf. Theory 28, 1982).
func (p *points) lloyd(centres [][Factors]float64, rounds int) (of []int, inertia float64) {
	of = make([]int, len(p.at))
	for round := range rounds {
		var sum [MaxGroups][Factors]float64
		var weight [MaxGroups]float64
		moved := round == 0
		inertia = 0
		for i := range p.at {
			at, g, near := &p.at[i], 0, math.Inf(1)
			for h := range centres { // nearest, without a call
				c := &centres[h]
				x, y, z := at[0]-c[0], at[1]-c[1], at[2]-c[2]
				if d := x*x + y*y + z*z; d < near {
					g, near = h, d
				}
			}
			moved = moved || of[i] != g
			of[i] = g
			w := p.weight[i]
			inertia += w * near
			weight[g] += w
			s := &sum[g]
			s[0], s[1], s[2] = s[0]+w*at[0], s[1]+w*at[1], s[2]+w*at[2]
		}
		if !moved {
			break
		}
		for g := range centres {
			if weight[g] > 0 {
				for k := range Factors {
					centres[g][k] = sum[g][k] / weight[g]
				}
			}
		}
	}
	return of, inertia
}

// seed chooses centres by k-means++ (Arthur & Vassilvitskii, SODA 2007).
func (p *points) seed(k int, r *rand.Rand) [][Factors]float64 {
	far := make([]float64, len(p.at))
	var total float64
	for i, w := range p.weight {
		far[i] = w
		total += w
	}
	var centres [][Factors]float64
	for {
		at := r.Float64() * total
		pick := len(far) - 1
		for i, f := range far {
			if at -= f; at < 0 {
				pick = i
				break
			}
		}
		centres = append(centres, p.at[pick])
		if len(centres) == k {
			return centres
		}
		total = 0
		for i := range far {
			if d := p.weight[i] * distance(&p.at[i], &centres[len(centres)-1]); len(centres) == 1 || d < far[i] {
				far[i] = d
			}
			total += far[i]
		}
	}
}

// few are about n people, those whose hashes are least: the same for any order, and most
// of them the same when others come.
func (p *points) few(n int) *points {
	if len(p.at) <= n {
		return p
	}
	q := &points{}
	limit := math.MaxUint64 / uint64(len(p.at)) * uint64(n)
	for i, h := range p.hash {
		if h <= limit {
			q.at, q.weight, q.hash = append(q.at, p.at[i]), append(q.weight, p.weight[i]), append(q.hash, h)
		}
	}
	if len(q.at) < n/2 { // the hashes of a few thousand people are never so uneven
		return p
	}
	return q
}

// clusters are k groups by k-means, the largest first.
func (p *points) clusters(k int) (of []int, centres [][Factors]float64) {
	if k < 2 || len(p.at) < k {
		return make([]int, len(p.at)), nil
	}
	few := p.few(seedingOf)
	best := math.Inf(1)
	for s := range seedings {
		c := few.seed(k, rand.New(rand.NewPCG(uint64(s), uint64(k))))
		if _, inertia := few.lloyd(c, tryRounds); inertia < best {
			best, centres = inertia, c
		}
	}
	of, _ = p.lloyd(centres, rounds)
	return sortBySize(of, centres)
}

// sortBySize numbers groups by their size, and of equals by where their first member
// stands.
func sortBySize(of []int, centres [][Factors]float64) ([]int, [][Factors]float64) {
	size, first := make([]int, len(centres)), make([]int, len(centres))
	for i := len(of) - 1; i >= 0; i-- {
		size[of[i]]++
		first[of[i]] = i
	}
	order := make([]int, len(centres))
	for g := range order {
		order[g] = g
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Or(size[b]-size[a], first[a]-first[b]) })
	to, sorted := make([]int, len(centres)), make([][Factors]float64, len(centres))
	for n, g := range order {
		to[g], sorted[n] = n, centres[g]
	}
	for i := range of {
		of[i] = to[of[i]]
	}
	return of, sorted
}

// Stability is how well k groups come back when one person in five is left out and all is
// computed anew, of 1,500 people at most: the mean Jaccard index of each group with the one
// most like it, the largest group first.
type Stability struct {
	K       int       `json:"k"`
	Groups  []float64 `json:"groups"`
	Enough  bool      `json:"enough"`  // all at least 0.85, of five people or more; of those as stable, to 0.06, the most groups are taken
	Smaller int       `json:"smaller"` // people in the smallest group
}

// choose finds the largest number of groups that are all stable, and about as stable as
// fewer would be; 1 where none is: that the people are one group is an answer. Looked for are
// up to 2^r groups, as many as r splits in two that cross make. More can stand apart in r
// directions, three camps on one line: but parts of a line come back however it is cut, so that
// camps could not be told from pieces of one. progress is told of each resample.
func choose(x *matrix, r int, chance [Factors]float64, all []place, ids []uint64, progress func(done, of int)) (int, []Stability) {
	whole := &points{}
	at := make([]int, len(all)) // of row i among the placed, -1 where not
	for i, q := range all {
		if at[i] = -1; q.placed() {
			at[i] = len(whole.at)
			whole.add(ids[i], q)
		}
	}
	var found []Stability
	groups := map[int][]int{}
	for k := 2; k <= min(MaxGroups, 1<<r) && len(whole.at) >= fewest; k++ {
		groups[k], _ = whole.clusters(k)
		found = append(found, Stability{K: k, Groups: make([]float64, k)})
	}
	if found == nil {
		return 1, nil
	}
	for s := range resamples {
		if progress != nil {
			progress(s, resamples)
		}
		rows := resample(ids, min(len(ids)*4/5, sampleOf), uint64(s))
		y := x.some(rows)
		of := chance // of fewer people
		for k := range of {
			of[k] *= strict * x.noise(len(rows)) / x.noise(len(ids))
		}
		f := newCovariance(y, nil).fit(r, of)
		placing := f.placing()
		part := &points{}
		var members []int // of the whole, by point of the part
		for _, i := range rows {
			if q := placing.place(x.rows[i]); q.placed() && at[i] >= 0 {
				part.add(ids[i], q)
				members = append(members, at[i])
			}
		}
		for n := range found {
			k := found[n].K
			of, _ := part.clusters(k)
			for g, j := range jaccard(groups[k], members, of, k) {
				found[n].Groups[g] += j / resamples
			}
		}
	}
	k, best := 1, 0.0
	for n := range found {
		s := &found[n]
		size := make([]int, s.K)
		for _, g := range groups[s.K] {
			size[g]++
		}
		s.Smaller = slices.Min(size)
		least := slices.Min(s.Groups)
		s.Enough = least >= stableAt && s.Smaller >= smallest
		if s.Enough && least >= best-near {
			k, best = s.K, max(best, least)
		}
	}
	return k, found
}

// Apart is the chance of Result.Separation up to which groups are camps.
const Apart = 0.05

// separation is the greatest chance, over all pairs of k groups, that as few people would
// stand half-way between two as do, were there one peak of people only. Along the line
// through the middles, three stretches of a third of their distance are counted: about each
// middle, and half-way. With one peak, wherever it is, there are at least as many half-way as
// about one of the two; so each of the two is tested against half-way by the sign test, and
// the greater chance counts (intersection–union test: Berger, Technometrics 24, 1982).
func separation(all []place, ids []uint64, k, r int) (greatest float64) {
	if k < 2 {
		return 0
	}
	whole := &points{}
	for i, q := range all {
		if q.placed() {
			for n := r; n < Factors; n++ {
				q.at[n] = 0
			}
			whole.add(ids[i], q)
		}
	}
	of, centres := whole.clusters(k)
	for g := range centres {
		for h := range g {
			d := distance(&centres[g], &centres[h])
			var about [3]int // g, half-way, h
			for i := range of {
				if of[i] != g && of[i] != h {
					continue
				}
				var along float64 // 0 at g, 1 at h
				for n := range Factors {
					along += (whole.at[i][n] - centres[g][n]) * (centres[h][n] - centres[g][n]) / d
				}
				for n := range about {
					if math.Abs(along-float64(n)/2) <= 1.0/6 {
						about[n]++
					}
				}
			}
			greatest = max(greatest, fewer(about[1], about[0]), fewer(about[1], about[2]))
		}
	}
	return greatest
}

// fewer is the chance that of a+b throws of a coin a or fewer are heads.
func fewer(a, b int) float64 {
	if b == 0 {
		return 1
	}
	return mathext.RegIncBeta(float64(b), float64(a+1), 0.5)
}

const (
	nulls     = 39      // shuffled copies: the first factor, made by chance, passes once in forty
	nullVotes = 400_000 // votes in them at most: as many people as cast these
)

// factorsAbove says how many factors are more than chance makes: the first ones whose
// eigenvalue is above the greatest of 39 copies of the votes in which the votes on each
// statement are dealt anew to those who voted on it (parallel analysis: Horn,
// Psychometrika 30, 1965). mean is what chance makes of each eigenvalue. Of more votes than
// nullVotes a sample of the people is looked at, and its mean scaled to all. Each eigenvalue is
// held against that of its rank, as Horn does: beside a factor that is real, one that is not is
// found more often than once in forty.
func factorsAbove(x *matrix, ids []uint64) (r int, mean [Factors]float64) {
	part := x
	if x.votes > nullVotes {
		part = x.some(resample(ids, len(x.rows)*nullVotes/x.votes, 1<<32))
	}
	values := func(y *matrix) []float64 {
		v, _ := newCovariance(y, nil).eigen(Factors, 0.03) // so few products cost less than a table of pairs
		return v
	}
	real := values(part)
	scale := x.noise(len(x.rows)) / x.noise(len(part.rows))
	var chance [Factors]float64
	for s := range nulls {
		for k, v := range values(part.dealt(uint64(s))) {
			chance[k] = max(chance[k], v)
			mean[k] += v / nulls * scale
		}
	}
	for r < len(real) && real[r] > chance[r] {
		r++
	}
	return r, mean
}

// noise is in proportion to the greatest eigenvalue that the covariance of n people has who vote
// by chance, and on each statement as often as those of x: the edge of Marchenko & Pastur
// (Math. USSR-Sbornik 1, 1967) less the diagonal, with v = p ⁄ (p + ε)² for a statement's
// variance 2√(Σv² ⁄ n) + Σv ⁄ n. It falls more slowly than the root of n, or not at all, as ε
// falls too. Right to a tenth where people vote about as often, to a fifth for 2.5 times as many
// people where a few cast most votes.
func (x *matrix) noise(n int) float64 {
	e := math.Sqrt(shrink / float64(n))
	var sum, squares float64
	for _, c := range x.counts {
		p := float64(c.Seen()) / float64(len(x.rows))
		v := p / (p + e) / (p + e)
		sum, squares = sum+v, squares+v*v
	}
	return 2*math.Sqrt(squares/float64(n)) + sum/float64(n)
}

// dealt is a copy in which the votes on each statement are dealt anew.
func (x *matrix) dealt(seed uint64) *matrix {
	y := &matrix{people: x.people, ids: x.ids, counts: x.counts, votes: x.votes, rows: make([][]uint32, len(x.rows))}
	on := make([][]uint32, len(x.ids))
	for _, row := range x.rows {
		for _, c := range row {
			on[c>>2] = append(on[c>>2], c)
		}
	}
	r := rand.New(rand.NewPCG(seed, 0))
	for _, votes := range on {
		r.Shuffle(len(votes), func(i, j int) { votes[i], votes[j] = votes[j], votes[i] })
	}
	for i, row := range x.rows {
		y.rows[i] = make([]uint32, len(row))
		for n, c := range row {
			j := c >> 2
			y.rows[i][n], on[j] = on[j][0], on[j][1:]
		}
	}
	return y
}

// memberAt is how probable it must be that somebody's group is theirs and no other, in
// standard deviations of a normal distribution: four in five.
const memberAt = 0.8416

// member is the group that a person on the map is in: the nearest centre's, if the
// distance to the plane half-way to each other centre is more than its uncertainty; -1
// between groups. Who stands on a border is in no group, and so does not change it with
// each vote of others.
func member(q *place, centres [][Factors]float64) int {
	g, near := nearest(&q.at, centres)
	for h := range centres {
		if h == g {
			continue
		}
		var variance float64
		for k := range Factors {
			across := (centres[h][k] - centres[g][k]) * q.err[k]
			variance += across * across
		}
		if (distance(&q.at, &centres[h])-near)/2 < memberAt*math.Sqrt(variance) {
			return -1
		}
	}
	return g
}

// resample takes n of the people, by hash.
func resample(ids []uint64, n int, s uint64) []int {
	rows := make([]int, len(ids))
	for i := range rows {
		rows[i] = i
	}
	key := func(i int) uint64 { return mix(ids[i] + (s+1)*0x9e3779b97f4a7c15) }
	slices.SortFunc(rows, func(a, b int) int { return cmp.Or(cmp.Compare(key(a), key(b)), a-b) })
	rows = rows[:n]
	slices.Sort(rows)
	return rows
}

// jaccard is, for each group of the whole, how like it the likest group of a part is,
// over the members of the part.
func jaccard(whole, members, part []int, k int) []float64 {
	var both [MaxGroups][MaxGroups]int
	var a, b [MaxGroups]int
	for i, m := range members {
		both[whole[m]][part[i]]++
		a[whole[m]]++
		b[part[i]]++
	}
	like := make([]float64, k)
	for g := range k {
		for h := range k {
			if either := a[g] + b[h] - both[g][h]; either > 0 {
				like[g] = max(like[g], float64(both[g][h])/float64(either))
			}
		}
	}
	return like
}

// AdjustedRand is how alike two divisions of the same people are: 1 the same, about 0 as
// alike as by chance (Hubert & Arabie, J. Classif. 2, 1985). Two divisions that both put
// everybody into one group are the same.
func AdjustedRand(a, b []int) float64 {
	both, as, bs := map[[2]int]int{}, map[int]int{}, map[int]int{}
	for i := range a {
		both[[2]int{a[i], b[i]}]++
		as[a[i]]++
		bs[b[i]]++
	}
	var same, inA, inB int
	for _, n := range both {
		same += n * (n - 1) / 2
	}
	for _, n := range as {
		inA += n * (n - 1) / 2
	}
	for _, n := range bs {
		inB += n * (n - 1) / 2
	}
	if inA == same && inB == same {
		return 1
	}
	chance := float64(inA) * float64(inB) / (float64(len(a)) * float64(len(a)-1) / 2)
	return (float64(same) - chance) / (float64(inA+inB)/2 - chance)
}
