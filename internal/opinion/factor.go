package opinion

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// covariance of statements: for j ≠ k
//
//	C[j,k] = Σ (x_ij − μ_j)(x_ik − μ_k) ⁄ (n (p_j + ε)(p_k + ε))
//
// summed over the people i who voted on both; n is how many people there are, p the share
// of them who voted on a statement, ε = √(shrink/n). It is the covariance of votes of
// which the missing ones are put at the mean, scaled so that a statement that few have
// seen counts by what was said on it, not by how often; ε keeps rare ones from counting
// by chance. The diagonal is left out: it says nothing of how two statements go together,
// and is mostly noise.
type covariance struct {
	m     int
	sums  []float64 // of products, the upper triangle as in pairs; nil above tableLimit
	x     *matrix   // for products over the votes where there are no sums
	pairs *pairs
	mean  []float64
	scale []float64 // 1 ⁄ (√n (p + ε))
}

const shrink = 50

func newCovariance(x *matrix, p *pairs) *covariance {
	c := &covariance{m: len(x.ids), x: x, pairs: p, mean: make([]float64, len(x.ids)), scale: make([]float64, len(x.ids))}
	c.means()
	if p != nil {
		c.sums = make([]float64, len(p.cell))
		c.fill()
	}
	return c
}

// fill takes all sums from the integers.
func (c *covariance) fill() {
	for j := range c.m {
		row, pairs := c.row(j), c.pairs.row(j)
		u, mean := c.mean[j], c.mean[j+1:]
		for k := range row {
			row[k] = pairs[k].product(u, mean[k])
		}
	}
}

// row is the sums of j with the columns after it.
func (c *covariance) row(j int) []float64 {
	from := c.pairs.at[j] + j + 1
	return c.sums[from : from+c.m-j-1]
}

// product is the sum of products of deviations from means u and v.
func (q *pair) product(u, v float64) float64 {
	return float64(q.s) - v*float64(q.a) - u*float64(q.b) + u*v*float64(q.n)
}

// means takes means and scales from the counts.
func (c *covariance) means() {
	n := float64(max(len(c.x.rows), 1))
	e := math.Sqrt(shrink / n)
	for j, k := range c.x.counts {
		c.mean[j] = k.mean()
		c.scale[j] = 1 / (math.Sqrt(n) * (float64(k.Seen())/n + e))
	}
}

// changed takes the sums of a statement whose counts have changed.
func (c *covariance) changed(j int) {
	for k := range j {
		c.set(k, j)
	}
	for k := j + 1; k < c.m; k++ {
		c.set(j, k)
	}
}

// set takes the sum of a pair j < k from the integers.
func (c *covariance) set(j, k int) {
	at := c.pairs.at[j] + k
	c.sums[at] = c.pairs.cell[at].product(c.mean[j], c.mean[k])
}

// times sets y to C v; t is as long as v and is overwritten.
func (c *covariance) times(y, v, t []float64) {
	for j, s := range c.scale {
		t[j] = s * v[j]
	}
	if c.sums != nil {
		clear(y)
		for j := range c.m {
			row := c.row(j)
			y[j] += floats.Dot(row, t[j+1:])
			floats.AddScaled(y[j+1:], t[j], row)
		}
	} else {
		c.overVotes(y, t)
	}
	for j, s := range c.scale {
		y[j] *= s
	}
}

// overVotes is the product in one pass over the votes: with d a person's deviations,
// Σ d (d·t) less the diagonal Σ d² t. Each of the three deviations of a statement is in a
// table, so that a vote costs one reading and one addition each way.
func (c *covariance) overVotes(y, t []float64) {
	deviation, sum := make([]float64, 4*c.m), make([]float64, 4*c.m)
	for j := range c.m {
		for v := range 3 {
			deviation[4*j+v] = (float64(v-1) - c.mean[j]) * t[j]
		}
	}
	for _, row := range c.x.rows {
		var d float64
		for _, q := range row {
			d += deviation[q]
		}
		for _, q := range row {
			sum[q] += d
		}
	}
	for j, k := range c.x.counts {
		y[j] = -k.spread() * t[j]
		for v := range 3 {
			y[j] += (float64(v-1) - c.mean[j]) * sum[4*j+v]
		}
	}
}

const lanczosMost = 90 // steps

// eigen returns the r greatest eigenvalues of C above 0 with their vectors, by Lanczos'
// method with full reorthogonalisation (Golub & Van Loan, Matrix Computations, 10.3). The
// start is made of the statements' ids, so that the result depends on nothing else.
func (c *covariance) eigen(r int, good float64) (values []float64, vectors [][]float64) {
	m := c.m
	steps := min(m, lanczosMost)
	basis := make([][]float64, 0, steps)
	alpha, beta := make([]float64, 0, steps), make([]float64, 0, steps)
	v := make([]float64, m)
	for j, id := range c.x.ids {
		v[j] = float64(hashOf([]byte(id))>>11)/(1<<53) - 0.5
	}
	t, w := make([]float64, m), make([]float64, m)
	c.times(w, v, t) // into the range of C
	copy(v, w)
	norm := floats.Norm(v, 2)
	if norm == 0 {
		return nil, nil
	}
	floats.Scale(1/norm, v)
	for len(basis) < steps {
		basis = append(basis, append([]float64(nil), v...))
		c.times(w, v, t)
		alpha = append(alpha, floats.Dot(w, v))
		for range 2 { // once is not enough in floating point (Parlett, The Symmetric Eigenvalue Problem, 6.9)
			for _, b := range basis {
				floats.AddScaled(w, -floats.Dot(w, b), b)
			}
		}
		norm = floats.Norm(w, 2)
		k := len(basis)
		last := k == steps || norm <= 1e-12*math.Abs(alpha[0])
		if last || k >= 2*r && k%4 == 0 {
			var done bool
			if values, vectors, done = ritz(basis, alpha, beta, norm, r, good); done || last {
				break
			}
		}
		beta = append(beta, norm)
		floats.ScaleTo(v, 1/norm, w)
	}
	return values, vectors
}

// ritz takes the pairs out of the tridiagonal matrix, and says whether they are good.
func ritz(basis [][]float64, alpha, beta []float64, next float64, r int, enough float64) (values []float64, vectors [][]float64, good bool) {
	k := len(alpha)
	tri := mat.NewSymDense(k, nil)
	for i := range k {
		tri.SetSym(i, i, alpha[i])
		if i+1 < k {
			tri.SetSym(i, i+1, beta[i])
		}
	}
	var e mat.EigenSym
	if !e.Factorize(tri, true) {
		return nil, nil, false
	}
	all := e.Values(nil) // ascending
	var s mat.Dense
	e.VectorsTo(&s)
	good = true
	for i := range min(r, k) {
		at := k - 1 - i
		if all[at] <= 0 {
			break
		}
		good = good && math.Abs(next*s.At(k-1, at)) <= enough*all[k-1]
		v := make([]float64, len(basis[0]))
		for b := range basis {
			floats.AddScaled(v, s.At(b, at), basis[b])
		}
		floats.Scale(1/floats.Norm(v, 2), v)
		if v[greatest(v)] < 0 { // a vector and its opposite are one: the greatest loading is above 0
			floats.Scale(-1, v)
		}
		values, vectors = append(values, all[at]), append(vectors, v)
	}
	return values, vectors, good
}

// greatest is where the greatest number by size stands, the first of equals.
func greatest(v []float64) (at int) {
	for j := range v {
		if math.Abs(v[j]) > math.Abs(v[at]) {
			at = j
		}
	}
	return at
}

// Factors is how many factors there are at most: two make the map, three the groups.
const Factors = 3

// factors is the model of a vote: x_ij = μ_j + w_j·u_i + e, u_i of a person distributed as
// N(0, I), e as N(0, σ²) (probabilistic principal components: Tipping & Bishop, J. R.
// Statist. Soc. B 61, 1999; here with missing votes, the loadings w from the covariance).
type factors struct {
	r        int
	counted  int // that say where somebody stands: those beyond what chance makes
	mean     []float64
	loading  []float64 // Factors numbers a statement
	noise    float64   // σ²
	strength [Factors]float64
}

// fit finds the model with r factors. chance is the eigenvalue that chance makes of each:
// as much of a factor's variance as it makes of the eigenvalue is taken to be chance too,
// so that few votes are not made too much of.
func (c *covariance) fit(r int, chance [Factors]float64) *factors {
	f := &factors{mean: c.mean, loading: make([]float64, Factors*c.m)}
	values, vectors := c.eigen(r, 1e-3)
	for k, variance := range c.variances(vectors) {
		if variance *= 1 - chance[k]/values[k]; variance <= 0 {
			break
		}
		f.r, f.counted = f.r+1, f.counted+1
		f.strength[k] = math.Sqrt(variance / float64(c.m))
		for j, a := range vectors[k] {
			f.loading[Factors*j+k] = a * math.Sqrt(variance)
		}
	}
	var all, explained float64
	for j, k := range c.x.counts {
		all += k.spread()
		for i := range Factors {
			explained += float64(k.Seen()) * f.loading[Factors*j+i] * f.loading[Factors*j+i]
		}
	}
	f.noise = max(all-explained, all/10) / float64(max(c.x.votes, 1))
	return f
}

// variances of people along directions v, by moments: a person's deviations d on two
// statements j ≠ k that they voted on have the expected product λ v_j v_k, so that
//
//	λ = Σ_i Σ_j≠k d_j d_k v_j v_k ⁄ Σ_i Σ_j≠k v_j² v_k²
func (c *covariance) variances(vectors [][]float64) []float64 {
	var num, den [Factors]float64
	if c.sums != nil {
		for j := range c.m {
			row, pairs := c.row(j), c.pairs.row(j)
			for f, v := range vectors {
				var a, b float64
				for k, x := range v[j+1:] {
					a += row[k] * x
					b += float64(pairs[k].n) * x * x
				}
				num[f], den[f] = num[f]+a*v[j], den[f]+b*v[j]*v[j]
			}
		}
	} else {
		for _, row := range c.x.rows {
			for f, v := range vectors {
				var sum, squares, d2, v4 float64
				for _, q := range row {
					a := v[q>>2]
					d := (float64(q&3) - 1 - c.mean[q>>2]) * a
					a *= a
					sum, squares, d2, v4 = sum+d, squares+a, d2+d*d, v4+a*a
				}
				num[f], den[f] = num[f]+sum*sum-d2, den[f]+squares*squares-v4
			}
		}
	}
	found := make([]float64, len(vectors))
	for f := range found {
		if den[f] > 0 {
			found[f] = num[f] / den[f]
		}
	}
	return found
}

// heaviest are the three statements that weigh most on a factor.
func (f *factors) heaviest(k int, ids []string) (all []Loading) {
	for j, id := range ids {
		if w := f.loading[Factors*j+k]; w != 0 {
			all = append(all, Loading{id, w})
		}
	}
	slices.SortStableFunc(all, func(a, b Loading) int { return cmp.Compare(math.Abs(b.Weight), math.Abs(a.Weight)) })
	return slices.Clone(all[:min(len(all), 3)])
}

// place is where a person stands, and how surely.
type place struct {
	u    [Factors]float64 // expected, for what they would vote
	at   [Factors]float64 // on the map
	sure float64          // share of the variance that their votes have settled, 0 to 1
	err  [Factors]float64 // standard deviation of at
}

// placed says whether somebody's votes say enough to put them on the map.
func (p place) placed() bool { return p.sure >= placedAt }

const placedAt = 0.4

// workspace of placing: tables by statement.
type placing struct {
	f         *factors
	deviation []float64 // 4 a statement
	weight    float64   // of all factors
}

func (f *factors) placing() *placing {
	p := &placing{f: f, deviation: make([]float64, 4*len(f.mean))}
	for j, m := range f.mean {
		for v := range 3 {
			p.deviation[4*j+v] = float64(v-1) - m
		}
	}
	for _, s := range f.strength[:f.counted] {
		p.weight += s * s
	}
	return p
}

// place is the posterior of u: covariance σ²(σ²I + W'W)⁻¹ and mean (σ²I + W'W)⁻¹W'd over
// the statements the person voted on. On the map it is stretched so that its variance
// does not depend on how many votes there are (constrained empirical Bayes: Louis, JASA
// 79, 1984; Ghosh, JASA 87, 1992): who voted little is uncertain, not moderate.
func (p *placing) place(row []uint32) (q place) {
	if p.f.r == 0 || p.f.noise <= 0 {
		return q
	}
	var a00, a01, a02, a11, a12, a22, b0, b1, b2 float64
	loading, deviation := p.f.loading, p.deviation
	if p.f.r <= 2 { // most conversations: what the third factor would add is 0
		for _, c := range row {
			w := loading[Factors*(c>>2) : Factors*(c>>2)+2 : Factors*(c>>2)+2]
			d, w0, w1 := deviation[c], w[0], w[1]
			a00 += w0 * w0
			a01 += w0 * w1
			a11 += w1 * w1
			b0 += w0 * d
			b1 += w1 * d
		}
	} else {
		for _, c := range row {
			w := loading[Factors*(c>>2) : Factors*(c>>2)+Factors : Factors*(c>>2)+Factors]
			d, w0, w1, w2 := deviation[c], w[0], w[1], w[2]
			a00 += w0 * w0
			a01 += w0 * w1
			a02 += w0 * w2
			a11 += w1 * w1
			a12 += w1 * w2
			a22 += w2 * w2
			b0 += w0 * d
			b1 += w1 * d
			b2 += w2 * d
		}
	}
	s := p.f.noise
	a00, a11, a22 = a00+s, a11+s, a22+s
	// The inverse by cofactors: the matrix is positive definite, and small.
	c00, c01, c02 := a11*a22-a12*a12, a02*a12-a01*a22, a01*a12-a02*a11
	c11, c12, c22 := a00*a22-a02*a02, a01*a02-a00*a12, a00*a11-a01*a01
	det := a00*c00 + a01*c01 + a02*c02
	q.u = [Factors]float64{(c00*b0 + c01*b1 + c02*b2) / det, (c01*b0 + c11*b1 + c12*b2) / det, (c02*b0 + c12*b1 + c22*b2) / det}
	for k, left := range [Factors]float64{s * c00 / det, s * c11 / det, s * c22 / det} {
		settled := max(1-left, 1e-9)
		q.at[k] = q.u[k] / math.Sqrt(settled) * p.f.strength[k]
		q.err[k] = math.Sqrt(max(left, 0)) * p.f.strength[k]
		if k < p.f.counted {
			q.sure += settled * p.f.strength[k] * p.f.strength[k] / p.weight
		}
	}
	return q
}

// expected is what the model expects a person to vote on a column.
func (f *factors) expected(p place, j int) float64 {
	e := f.mean[j]
	for k := range Factors {
		e += f.loading[Factors*j+k] * p.u[k]
	}
	return e
}
