package opinion

import (
	"math"
	"slices"
)

// PolisResult is what the published Polis pipeline makes of votes. Rows are people and
// columns are statements, each in the order of their first ballot. In the pipeline, and so
// in Center, Components and Places, to agree is -1, to disagree 1 and to pass 0.
//
// Comments name the file of the published source of Polis (math/src/polismath/math) that
// states a rule.
type PolisResult struct {
	People     []string // id of each row
	Statements []string // id of each column
	Votes      int      // cells of the matrix that hold one
	Cast       []int    // of each row

	InConversation []int // rows that take part in grouping, ascending

	Center     []float64    // mean vote of each column, -1 to 1; 0 where it is out
	Components [2][]float64 // by column, of length 1; zeros where the votes vary in no such way
	Places     [][2]float64 // of each row, along the two components
	Extremity  []float64    // of each column: how far from the middle agreeing with it alone puts a person

	Base        []PolisCluster  // at most 100, of people
	K           int             // number of groups that was chosen, 2 to 5, also where there are fewer; 0 without people
	Silhouettes map[int]float64 // mean over Base, -1 to 1, for each number of groups tried
	Groups      []PolisCluster  // of Base; fewer than K where there are fewer places

	Representative  [][]PolisEntry // of each of Groups: at most 5, agreed ones first
	Agree, Disagree []string       // statements of consensus among all people: at most 5, the clearest first

	All     []Counts   // votes on each column
	ByGroup [][]Counts // of the members of each of Groups
	// GroupConsensus of each column is the product over Groups of the share who agree, with
	// 1 added to those and 2 to all; out or not.
	GroupConsensus []float64
	// Priority of each column, above 0: a statement is shown with a probability in
	// proportion to it. Counts are those of Groups. Polis gives statements about the
	// participants themselves (meta) 49 instead.
	Priority []float64
}

// PolisCluster is people who stand near each other.
type PolisCluster struct {
	ID     int        // from 0; one that lost all its members leaves a gap
	Center [2]float64 // mean of Places
	Rows   []int      // of its people, ascending
}

// Bounds of the pipeline (conversation.clj).
const (
	polisPeople     = 100_000 // people and statements that come later are left out
	polisStatements = 10_000
	polisVotes      = 7  // so many votes bring a person into the conversation
	polisFewest     = 15 // people in the conversation, if there are as many
	polisSteps      = 100
	polisBase       = 100
	polisBaseSteps  = 100
	polisGroupSteps = 20 // 100 are meant, but passed under a name that nothing reads
	polisMaxGroups  = 5
	polisSettled    = 0.01 // clusters that move less have settled
)

// Polis runs the published Polis pipeline over ballots: a person's last ballot on a
// statement in this order counts, whatever its time. It is plain and dense, in memory and
// time of people × statements, to be compared with.
//
// It starts cold, as a Polis server does that meets all the votes at once. It differs in
// two things, so that the same ballots give the same result: power iteration starts from
// ones instead of random numbers, and conversations of more than 10,000 people are not
// sampled. progress, where it is not nil, is told of each step of power iteration, most of
// the work. PolisCells says how much is too much.
func Polis(ballots []Ballot, out Moderation, progress func(done, of int)) PolisResult {
	r, raw := polisVotesOf(ballots)
	if raw.rows == 0 {
		return r
	}
	moderated := raw.without(r.Statements, out)
	r.Center, r.Components = moderated.principal(progress)
	r.group(raw, moderated)
	r.list(raw, out)
	return r
}

// PolisCells is how many cells, people × statements, Polis can be asked for in good
// conscience: three numbers of eight bytes each are held, 768 MiB.
const PolisCells = 1 << 25

// group does what comes between the components and the lists.
func (r *PolisResult) group(raw, moderated polisMatrix) {
	r.InConversation = raw.inConversation()
	r.Places = moderated.places(r.Center, r.Components)
	r.Extremity = polisExtremity(r.Center, r.Components)
	r.cluster()
}

// A polisMatrix holds votes by row and column, row after row; NaN where there is none.
type polisMatrix struct {
	rows, cols int
	cells      []float64
}

func (m polisMatrix) row(i int) []float64 { return m.cells[i*m.cols : (i+1)*m.cols] }

func (m polisMatrix) clone() polisMatrix {
	m.cells = slices.Clone(m.cells)
	return m
}

// polisVotesOf puts ballots into a matrix, and names its rows and columns
// (named_matrix.clj, update-nmat).
func polisVotesOf(ballots []Ballot) (r PolisResult, m polisMatrix) {
	rows, cols := map[string]int{}, map[string]int{}
	r.Silhouettes = map[int]float64{}
	var counted []Ballot
	for _, b := range ballots {
		_, known := rows[b.Person]
		_, met := cols[b.Statement]
		if !known && len(rows) == polisPeople || !met && len(cols) == polisStatements {
			continue
		}
		if !known {
			rows[b.Person] = len(rows)
			r.People = append(r.People, b.Person)
		}
		if !met {
			cols[b.Statement] = len(cols)
			r.Statements = append(r.Statements, b.Statement)
		}
		counted = append(counted, b)
	}
	m = polisMatrix{len(rows), len(cols), make([]float64, len(rows)*len(cols))}
	for i := range m.cells {
		m.cells[i] = math.NaN()
	}
	for _, b := range counted {
		m.row(rows[b.Person])[cols[b.Statement]] = float64(-b.Value)
	}
	for _, v := range m.cells {
		if !math.IsNaN(v) {
			r.Votes++
		}
	}
	return r, m
}

// without returns m with everybody passing on the statements that are out, also those who
// did not vote on them (named_matrix.clj).
func (m polisMatrix) without(statements []string, out Moderation) polisMatrix {
	m = m.clone()
	for j, id := range statements {
		if out[id] {
			for i := range m.rows {
				m.row(i)[j] = 0
			}
		}
	}
	return m
}

// inConversation returns the rows of those who voted on enough statements, and while they
// are too few, of those who voted most (conversation.clj). Among equals the earlier row
// comes first.
func (m polisMatrix) inConversation() (rows []int) {
	votes, rest := make([]int, m.rows), []int(nil)
	for i := range votes {
		for _, x := range m.row(i) {
			if !math.IsNaN(x) {
				votes[i]++
			}
		}
		if votes[i] >= min(polisVotes, m.cols) {
			rows = append(rows, i)
		} else {
			rest = append(rest, i)
		}
	}
	slices.SortStableFunc(rest, func(a, b int) int { return votes[b] - votes[a] })
	rows = append(rows, rest[:min(len(rest), max(0, polisFewest-len(rows)))]...)
	slices.Sort(rows)
	return rows
}

// principal returns the column means and the first two principal components, missing votes
// taken as the mean of their column. One row or one column is its own component (pca.clj).
func (m polisMatrix) principal(progress func(done, of int)) (center []float64, comps [2][]float64) {
	if m.rows == 1 || m.cols == 1 {
		center = make([]float64, m.cols)
		comps = [2][]float64{make([]float64, m.cols), make([]float64, m.cols)}
		if m.rows > 1 {
			comps[0][0] = 1
		} else if length := polisLength(m.cells); length > 0 {
			for j, x := range m.cells {
				comps[0][j] = x / length
			}
		}
		return center, comps
	}
	center, x := m.centred()
	for k := range comps {
		comps[k] = x.strongest(func(step int) {
			if progress != nil {
				progress(k*polisSteps+min(step, polisSteps), len(comps)*polisSteps)
			}
		})
		x.deflate(comps[k])
	}
	return center, comps
}

// centred returns the column means, and m with these taken off and missing votes put at 0.
func (m polisMatrix) centred() (center []float64, x polisMatrix) {
	center, x = make([]float64, m.cols), m.clone()
	for j := range center {
		var sum, n float64
		for i := range m.rows {
			if v := m.row(i)[j]; !math.IsNaN(v) {
				sum += v
				n++
			}
		}
		center[j] = sum / n // a column is there because somebody voted on it
		for i := range m.rows {
			cell := &x.row(i)[j]
			if *cell -= center[j]; math.IsNaN(*cell) {
				*cell = 0
			}
		}
	}
	return center, x
}

// strongest finds the direction in which rows vary most by power iteration, from ones,
// until its strength stays the same to the bit (pca.clj). Equal strength does not mean
// equal direction: its error is then about the root of a rounding error, 1e-8, so that two
// programs that add in another order agree to no more than that. Where ones lie across all
// rows, as when half answer just the other way, the longest row is where it starts.
func (m polisMatrix) strongest(tell func(step int)) []float64 {
	v := make([]float64, m.cols)
	for j := range v {
		v[j] = 1
	}
	if _, strength := m.power(v); strength <= 1e-12*polisDot(m.cells, m.cells) {
		longest := 0
		for i := range m.rows {
			if polisLength(m.row(i)) > polisLength(m.row(longest)) {
				longest = i
			}
		}
		copy(v, m.row(longest))
	}
	before := 0.0
	for step := range polisSteps + 1 {
		tell(step)
		var strength float64
		if v, strength = m.power(v); strength == before {
			break // also where rows do not vary: v is 0
		}
		before = strength
	}
	return v
}

// power is one step: the sum of rows, each as often as it goes along v, brought to length 1.
func (m polisMatrix) power(v []float64) (w []float64, strength float64) {
	w = make([]float64, m.cols)
	for i := range m.rows {
		row := m.row(i)
		along := polisDot(v, row)
		for j, x := range row {
			w[j] += along * x
		}
	}
	if strength = polisLength(w); strength > 0 {
		for j := range w {
			w[j] /= strength
		}
	}
	return w, strength
}

// deflate takes the direction v out of every row (pca.clj).
func (m polisMatrix) deflate(v []float64) {
	square := polisDot(v, v)
	if square == 0 {
		return
	}
	for i := range m.rows {
		row := m.row(i)
		along := polisDot(v, row) / square
		for j := range row {
			row[j] -= along * v[j]
		}
	}
}

// places puts each row on the components by its votes alone, and stretches it by
// √(columns ⁄ votes), so that those with few votes do not all stand in the middle
// (pca.clj). Statements that are out count as votes.
func (m polisMatrix) places(center []float64, comps [2][]float64) [][2]float64 {
	places := make([][2]float64, m.rows)
	for i := range places {
		var p [2]float64
		var votes float64
		for j, x := range m.row(i) {
			if math.IsNaN(x) {
				continue
			}
			votes++
			for k := range p {
				p[k] += (x - center[j]) * comps[k][j]
			}
		}
		stretch := math.Sqrt(float64(m.cols) / max(votes, 1))
		places[i] = [2]float64{stretch * p[0], stretch * p[1]}
	}
	return places
}

// polisExtremity is how far from the middle somebody would stand who only agreed with one
// statement (conversation.clj, pca.clj).
func polisExtremity(center []float64, comps [2][]float64) []float64 {
	extremity := make([]float64, len(center))
	for j, c := range center {
		extremity[j] = math.Sqrt(float64(len(center))) * (1 + c) * math.Hypot(comps[0][j], comps[1][j])
	}
	return extremity
}

// cluster finds base clusters of people, and groups of base clusters: as many as have the
// greatest silhouette, and of equals the more (conversation.clj).
func (r *PolisResult) cluster() {
	points, weights := make([][2]float64, len(r.InConversation)), make([]float64, len(r.InConversation))
	for i, row := range r.InConversation {
		points[i], weights[i] = r.Places[row], 1
	}
	for _, c := range polisMeans(points, weights, polisBase, polisBaseSteps) {
		base := PolisCluster{ID: c.id, Center: c.center}
		for _, i := range c.members {
			base.Rows = append(base.Rows, r.InConversation[i])
		}
		r.Base = append(r.Base, base)
	}

	points, weights = make([][2]float64, len(r.Base)), make([]float64, len(r.Base))
	for i, b := range r.Base {
		points[i], weights[i] = b.Center, float64(len(b.Rows))
	}
	var groups []polisMean
	for k := 2; k <= min(polisMaxGroups, 2+len(r.Base)/12); k++ {
		tried := polisMeans(points, weights, k, polisGroupSteps)
		r.Silhouettes[k] = polisSilhouette(points, tried)
		if r.K == 0 || r.Silhouettes[k] >= r.Silhouettes[r.K] {
			r.K, groups = k, tried
		}
	}
	for _, c := range groups {
		group := PolisCluster{ID: c.id, Center: c.center}
		for _, i := range c.members {
			group.Rows = append(group.Rows, r.Base[i].Rows...)
		}
		slices.Sort(group.Rows)
		r.Groups = append(r.Groups, group)
	}
}

// polisMean is a cluster of points.
type polisMean struct {
	id      int
	center  [2]float64
	members []int // indices of points, ascending
}

// polisMeans is k-means over weighted points. It starts from the first k distinct ones
// (clusters.clj).
func polisMeans(points [][2]float64, weights []float64, k, steps int) []polisMean {
	var clusters []polisMean
	for _, p := range points {
		if len(clusters) == k {
			break
		}
		if !slices.ContainsFunc(clusters, func(c polisMean) bool { return c.center == p }) {
			clusters = append(clusters, polisMean{id: len(clusters), center: p})
		}
	}
	for range steps {
		next := polisStep(points, weights, clusters)
		settled := polisSame(clusters, next)
		clusters = next
		if settled {
			break
		}
	}
	return clusters
}

// polisStep gives each point to the nearest cluster, of equals to the last, and moves
// clusters to the mean of their points. Empty ones are gone (clusters.clj).
func polisStep(points [][2]float64, weights []float64, clusters []polisMean) (next []polisMean) {
	members := make([][]int, len(clusters))
	for i, p := range points {
		nearest, least := 0, math.Inf(1)
		for c := range clusters {
			if d := polisDistance(p, clusters[c].center); d <= least {
				nearest, least = c, d
			}
		}
		members[nearest] = append(members[nearest], i)
	}
	for c, all := range members {
		if len(all) == 0 {
			continue
		}
		var sum [2]float64
		var weight float64
		for _, i := range all {
			sum[0] += weights[i] * points[i][0]
			sum[1] += weights[i] * points[i][1]
			weight += weights[i]
		}
		next = append(next, polisMean{clusters[c].id, [2]float64{sum[0] / weight, sum[1] / weight}, all})
	}
	return next
}

// polisSame says that clusters stand where they stood, as far as both lists go, each
// sorted by place (clusters.clj).
func polisSame(a, b []polisMean) bool {
	sorted := func(clusters []polisMean) (centers [][2]float64) {
		for _, c := range clusters {
			centers = append(centers, c.center)
		}
		slices.SortFunc(centers, func(p, q [2]float64) int { return slices.Compare(p[:], q[:]) })
		return centers
	}
	p, q := sorted(a), sorted(b)
	for i := range min(len(p), len(q)) {
		if polisDistance(p[i], q[i]) >= polisSettled {
			return false
		}
	}
	return true
}

// polisSilhouette is the mean silhouette of points, each weighing the same. It is 0 for a
// point alone in its cluster, and where there is one cluster (clusters.clj).
func polisSilhouette(points [][2]float64, clusters []polisMean) float64 {
	if len(clusters) < 2 {
		return 0
	}
	var total float64
	for own, c := range clusters {
		for _, i := range c.members {
			if len(c.members) == 1 {
				continue
			}
			var inside float64
			outside := math.Inf(1)
			for other, o := range clusters {
				var sum float64
				for _, j := range o.members {
					sum += polisDistance(points[i], points[j])
				}
				if other == own {
					inside = sum / float64(len(o.members)-1)
				} else {
					outside = min(outside, sum/float64(len(o.members)))
				}
			}
			if most := max(inside, outside); most > 0 {
				total += (outside - inside) / most
			}
		}
	}
	return total / float64(len(points))
}

func polisDistance(p, q [2]float64) float64 { return math.Hypot(p[0]-q[0], p[1]-q[1]) }

func polisLength(v []float64) float64 { return math.Sqrt(polisDot(v, v)) }

func polisDot(a, b []float64) (sum float64) {
	for i, x := range a {
		sum += x * b[i]
	}
	return sum
}
