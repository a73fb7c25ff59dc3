package opinion

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// Share is how many of those who voted did something, as the posterior of a proportion
// under a uniform prior: Beta(hits+1, of−hits+1) (Bayes 1763; Gelman et al., Bayesian Data
// Analysis, 2.4). Low and High hold the middle 90 %.
type Share struct {
	Hits int     `json:"hits"`
	Of   int     `json:"of"`
	Mean float64 `json:"mean"`
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// shares remembers quantiles: most are asked for again after the next vote.
type shares map[[2]int]Share

func (s shares) of(hits, of int) Share {
	key := [2]int{hits, of}
	x, ok := s[key]
	if !ok {
		x = NewShare(hits, of)
		s[key] = x
	}
	return x
}

// NewShare is the share of hits of n, with 0 ≤ hits ≤ n.
func NewShare(hits, of int) Share {
	a, b := float64(hits+1), float64(of-hits+1)
	return Share{hits, of, a / (a + b), betaQuantile(0.05, a, b), betaQuantile(0.95, a, b)}
}

// betaQuantile is x with I_x(a, b) = p, by Newton's method between bounds from a normal
// start (Abramowitz & Stegun 26.5.22).
func betaQuantile(p, a, b float64) float64 {
	lo, hi := 0.0, 1.0
	z := math.Sqrt2 * math.Erfinv(2*p-1)
	mean, sd := a/(a+b), math.Sqrt(a*b/((a+b)*(a+b)*(a+b+1)))
	x := min(max(mean+z*sd, mean/8), 1-(1-mean)/8)
	la, _ := math.Lgamma(a)
	lb, _ := math.Lgamma(b)
	lab, _ := math.Lgamma(a + b)
	for range 60 {
		f := mathext.RegIncBeta(a, b, x) - p
		if f > 0 {
			hi = x
		} else {
			lo = x
		}
		slope := math.Exp(lab - la - lb + (a-1)*math.Log(x) + (b-1)*math.Log1p(-x))
		next := x - f/slope
		if !(next > lo && next < hi) {
			next = (lo + hi) / 2
		}
		if math.Abs(next-x) < 1e-10 {
			return next
		}
		x = next
	}
	return x
}

// notAbove is the posterior probability, under a uniform prior, that the share is at most x:
// of a credible bound, not a p-value.
func notAbove(x float64, hits, of int) float64 {
	return mathext.RegIncBeta(float64(hits+1), float64(of-hits+1), x)
}

// atLeast is the exact p-value of hits of n votes or more, were the share x, one-sided:
// P(Bin(n, x) ≥ hits) (Clopper & Pearson, Biometrika 26, 1934).
func atLeast(x float64, hits, of int) float64 {
	if hits == 0 {
		return 1
	}
	return mathext.RegIncBeta(float64(hits), float64(of-hits+1), x)
}

// Forecast is where, with a probability of about 90 %, the share among the next n voters
// will lie: the middle of the beta-binomial distribution (Gelman et al., 2.5). It is wider
// than the interval of the share itself by the chance of who those n are.
func Forecast(hits, of, n int) (low, high float64) {
	a, b := float64(hits+1), float64(of-hits+1)
	lg := func(x float64) float64 { y, _ := math.Lgamma(x); return y }
	base := lg(a+b) - lg(a) - lg(b) + lg(float64(n)+1) - lg(a+b+float64(n))
	var sum float64
	from, to := -1, n
	for k := range n + 1 {
		before := sum
		sum += math.Exp(base + lg(float64(k)+a) + lg(float64(n-k)+b) - lg(float64(k)+1) - lg(float64(n-k)+1))
		// A value of which more than half lies outside is outside.
		if from < 0 && (before+sum)/2 > 0.05 {
			from = k
		}
		if (before+sum)/2 < 0.95 {
			to = k
		}
	}
	if n == 0 || from < 0 {
		return 0, 1
	}
	return float64(from) / float64(n), float64(max(to, from)) / float64(n)
}

// twoShares tests that the share of a of n is greater than that of b of m, one-sided, with
// one added to each count and two to each total: z of pooled proportions (Agresti & Caffo,
// Am. Stat. 54, 2000). It returns the chance of seeing this were they equal.
func twoShares(a, n, b, m int) float64 {
	x, y := float64(a+1)/float64(n+2), float64(b+1)/float64(m+2)
	pooled := float64(a+b+2) / float64(n+m+4)
	v := pooled * (1 - pooled) * (1/float64(n+2) + 1/float64(m+2))
	return math.Erfc((x-y)/math.Sqrt(2*v)) / 2
}

// lowDifference is by how much the share of a of n is above that of b of m, at least, with
// 95 %, −1 to 1: Wald's, with a vote added to each count (Agresti & Caffo).
func lowDifference(a, n, b, m int) float64 {
	p, q := float64(a+1)/float64(n+2), float64(b+1)/float64(m+2)
	return p - q - 1.6449*math.Sqrt(p*(1-p)/float64(n+2)+q*(1-q)/float64(m+2))
}
