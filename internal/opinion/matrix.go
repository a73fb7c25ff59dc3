package opinion

import "slices"

// tableLimit is up to how many statements pairs are counted in integer tables; above it
// products go over the votes.
const tableLimit = 2000

// matrix is people × statements, sparse: what the arithmetic works on. Statements that are
// left out, or that nobody voted on, have no column, people without a vote on the others no
// row: what is not there changes no bit.
type matrix struct {
	people  []*voter
	rows    [][]uint32 // column<<2 | value+1, by column
	ids     []string   // of columns
	counts  []Counts   // of columns, over all rows
	votes   int
	to      []int32  // column of a slot; leftOut, or unvoted
	unvoted []string // ids
}

const (
	leftOut = -1
	unvoted = -2
)

// Counts of votes on a statement.
type Counts struct {
	Agree    int `json:"agree"`
	Disagree int `json:"disagree"`
	Pass     int `json:"pass"`
}

// Seen is how many voted, passes included.
func (c Counts) Seen() int { return c.Agree + c.Disagree + c.Pass }

// Plus is both together.
func (c Counts) Plus(d Counts) Counts {
	return Counts{c.Agree + d.Agree, c.Disagree + d.Disagree, c.Pass + d.Pass}
}

// mean of the votes, 0 where there are none.
func (c Counts) mean() float64 {
	if n := c.Seen(); n > 0 {
		return float64(c.Agree-c.Disagree) / float64(n)
	}
	return 0
}

// spread is the sum of squared deviations from the mean.
func (c Counts) spread() float64 {
	m := c.mean()
	return float64(c.Agree+c.Disagree) - m*m*float64(c.Seen())
}

func (c *Counts) add(value uint32, by int) {
	switch value {
	case 0:
		c.Disagree += by
	case 1:
		c.Pass += by
	default:
		c.Agree += by
	}
}

// columns maps slots to columns.
func (t *Table) columns(out Moderation) (to []int32, ids []string) {
	to = make([]int32, len(t.statements))
	for i, s := range t.statements {
		if to[i] = leftOut; !out[s] {
			to[i] = int32(len(ids))
			ids = append(ids, s)
		}
	}
	return to, ids
}

// row is a person's votes on columns, appended to in.
func (v *voter) row(to []int32, in []uint32) []uint32 {
	n := len(in)
	in = slices.Grow(in, len(v.cells))[:n+len(v.cells)]
	for _, c := range v.cells {
		if j := to[c>>slotShift]; j >= 0 {
			in[n] = uint32(j)<<2 | uint32(c&3)
			n++
		}
	}
	return in[:n]
}

// matrix of the last votes.
func (t *Table) matrix(out Moderation) *matrix {
	t.settle()
	to, ids := t.columns(out)
	x := &matrix{ids: ids, to: to}
	n := 0
	for _, v := range t.people {
		n += len(v.cells)
	}
	arena := make([]uint32, 0, n)
	for _, v := range t.people {
		from := len(arena)
		if arena = v.row(to, arena); len(arena) > from {
			x.people = append(x.people, v)
			x.rows = append(x.rows, arena[from:len(arena):len(arena)])
		}
	}
	x.votes = len(arena)
	tally := make([]int, 4*len(ids))
	for _, c := range arena {
		tally[c]++
	}
	x.counts = make([]Counts, len(ids))
	for j := range x.counts {
		x.counts[j] = Counts{Agree: tally[4*j+2], Disagree: tally[4*j], Pass: tally[4*j+1]}
	}
	x.close(arena)
	return x
}

// close takes columns without votes out, and moves the others in cells up.
func (x *matrix) close(cells []uint32) {
	if !slices.ContainsFunc(x.counts, func(c Counts) bool { return c.Seen() == 0 }) {
		return
	}
	at := make([]int32, len(x.ids))
	ids, n := x.ids, int32(0)
	x.ids = nil
	for j, c := range x.counts {
		if c.Seen() == 0 {
			at[j] = unvoted
			x.unvoted = append(x.unvoted, ids[j])
			continue
		}
		at[j] = n
		x.counts[n] = c
		x.ids = append(x.ids, ids[j])
		n++
	}
	x.counts = x.counts[:n]
	for i, j := range x.to {
		if j >= 0 {
			x.to[i] = at[j]
		}
	}
	for i, c := range cells {
		cells[i] = uint32(at[c>>2])<<2 | c&3
	}
}

// some is the matrix of some of the people, by row.
func (x *matrix) some(rows []int) *matrix {
	y := &matrix{ids: x.ids, counts: make([]Counts, len(x.ids))}
	for _, i := range rows {
		y.people, y.rows = append(y.people, x.people[i]), append(y.rows, x.rows[i])
		y.votes += len(x.rows[i])
		for _, c := range x.rows[i] {
			y.counts[c>>2].add(c&3, 1)
		}
	}
	return y
}

// pair counts the people who voted on both of two statements j < k: N of them, with S the
// sum of products of their votes, A that of their votes on j, B on k. All are exact, so
// that a vote can be put in, changed and taken out in any order.
type pair struct{ s, a, b, n int32 }

// pairs is the upper triangle, row by row.
type pairs struct {
	m    int
	at   []int // where row j begins, less j+1: pair (j, k) is at[j] + k
	cell []pair
}

func newPairs(m int) *pairs {
	p := &pairs{m: m, at: make([]int, m), cell: make([]pair, m*(m-1)/2)}
	from := 0
	for j := range p.at {
		p.at[j] = from - j - 1
		from += m - j - 1
	}
	return p
}

// row is the pairs of j with the columns after it.
func (p *pairs) row(j int) []pair {
	from := p.at[j] + j + 1
	return p.cell[from : from+p.m-j-1]
}

// packed sums four numbers of a pair in 64 bits: N in 15, A+N and B+N in 16 each, S+A+B+N
// in 17. They cannot overflow for up to packedPeople people; one addition counts a pair,
// where four would.
const packedPeople = 1<<15 - 1

// cacheBytes is how much of the table is worked on at a time, to stay in a core's cache.
const cacheBytes = 256 << 10

// countPairs counts all pairs of x. Time: half the sum of squared votes of each person.
func countPairs(x *matrix) *pairs {
	p := newPairs(len(x.ids))
	at := make([]int, len(x.rows)) // how far each row is counted
	block := max(1, cacheBytes/8/max(1, p.m))
	sums := packedSums{m: p.m, at: p.at, sum: make([]uint64, min(block*p.m, len(p.cell)))}
	for from := 0; from < len(x.rows); from += packedPeople {
		to := min(from+packedPeople, len(x.rows))
		for top := 0; top < p.m; top += block {
			upTo := min(top+block, p.m)
			sums.first = p.at[top] + top + 1
			for i := from; i < to; i++ {
				row := x.rows[i]
				n := at[i]
				for ; n+1 < len(row) && int(row[n+1]>>2) < upTo; n += 2 {
					sums.countTwo(row[n], row[n+1], row[n+2:])
				}
				if n < len(row) && int(row[n]>>2) < upTo {
					sums.countRow(row[n], row[n+1:])
					n++
				}
				at[i] = n
			}
			last := p.at[upTo-1] + p.m
			for i, q := range sums.sum[:last-sums.first] {
				if q == 0 {
					continue
				}
				n, a, b, s := int32(q&(1<<15-1)), int32(q>>15&(1<<16-1)), int32(q>>31&(1<<16-1)), int32(q>>47)
				a, b = a-n, b-n
				c := &p.cell[sums.first+i]
				c.n, c.a, c.b, c.s = c.n+n, c.a+a, c.b+b, c.s+s-a-b-n
				sums.sum[i] = 0
			}
		}
	}
	return p
}

// packedSums are those of the pairs of some neighbouring columns with all after them; first
// is the first pair's place in the triangle.
type packedSums struct {
	m, first int
	at       []int
	sum      []uint64
}

// of are the sums of column i with those from k on.
func (p *packedSums) of(i, k int) []uint64 {
	return p.sum[p.at[i]+k-p.first : p.at[i]+p.m-p.first]
}

// packed is what a pair adds, by the second vote's value.
func packed(c uint32) [4]uint64 {
	v := uint64(c & 3) // vote + 1
	base, step := 1+v<<15, uint64(1)<<31+v<<47
	return [4]uint64{base, base + step, base + 2*step}
}

// countRow counts one vote with those after it in the row.
func (p *packedSums) countRow(c uint32, after []uint32) {
	add, j := packed(c), int(c>>2)
	sum := p.of(j, j+1)
	first := uint32(j + 1)
	for _, d := range after {
		sum[d>>2-first] += add[d&3]
	}
}

// countTwo counts two neighbours in a row with each other and with those after them.
func (p *packedSums) countTwo(b, c uint32, after []uint32) {
	addB, addC, i, j := packed(b), packed(c), int(b>>2), int(c>>2)
	p.of(i, j)[0] += addB[c&3]
	first := uint32(j + 1)
	sumC := p.of(j, j+1)
	sumB := p.of(i, j+1)[:len(sumC)]
	for _, d := range after {
		k, v := d>>2-first, d&3
		sumB[k] += addB[v]
		sumC[k] += addC[v]
	}
}

// change counts a person's vote on a column in (by 1) or out (by -1), beside the other
// votes in their row.
func (p *pairs) change(row []uint32, cell uint32, by int32) {
	x := int32(cell&3) - 1
	for _, d := range row {
		y := int32(d&3) - 1
		switch j, k := cell>>2, d>>2; {
		case j < k:
			c := &p.cell[p.at[j]+int(k)]
			c.n, c.a, c.b, c.s = c.n+by, c.a+by*x, c.b+by*y, c.s+by*x*y
		case k < j:
			c := &p.cell[p.at[k]+int(j)]
			c.n, c.a, c.b, c.s = c.n+by, c.a+by*y, c.b+by*x, c.s+by*x*y
		}
	}
}
