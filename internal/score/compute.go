package score

import (
	"math/big"
	"slices"
)

// MaxFigure is the largest figure the arithmetic takes, in thousandths, either
// side of zero: a million million. Nothing counted here comes near it.
const MaxFigure = 1_000_000_000_000 * Unit

// half is the step of points, in tenths: each criterion is rounded to it.
const half = Point / 2

// Input is one figure in thousandths, or its absence. The zero Input is absent,
// which is not the same as a given 0: nobody has counted yet.
type Input struct {
	Value int64
	Given bool
}

// Given is the input of a figure in thousandths.
func Given(value int64) Input { return Input{Value: value, Given: true} }

// Reason says why points cannot be computed. It is a stable key for a sentence
// in the reader's language, and an error. The empty Reason means that they can.
type Reason string

func (r Reason) Error() string { return "score: " + string(r) }

const (
	ErrAbsent      Reason = "input.absent"         // a figure is missing
	ErrCount       Reason = "input.count"          // more or fewer inputs than the rule reads
	ErrRange       Reason = "input.range"          // beyond MaxFigure
	ErrYesNo       Reason = "input.yesno"          // neither 0 nor 1
	ErrJudged      Reason = "input.points"         // judged below 0 or above the worth
	ErrZero        Reason = "denominator.zero"     // nothing was due: ask for "not applicable"
	ErrDenominator Reason = "denominator.negative" // a total below 0
)

// Result is what the figures of a criterion are worth, and why.
type Result struct {
	// Points in tenths, rounded to the nearest half point, halves up.
	Points int64
	// Exact is the worth in tenths before that rounding.
	Exact *big.Rat
	// Steps explains each part of the rule, in order.
	Steps []Step
	// Cannot is empty when Points hold. Otherwise Points is 0, Exact and Steps
	// are nil, and Input is the index of the figure at fault.
	Cannot Reason
	Input  int
}

// OK says that points were computed.
func (r Result) OK() bool { return r.Cannot == "" }

// Step explains the points of one part as data, so that a page can write
// "5/6 = 83,3 % ≥ 80 % → 6 điểm" in the reader's language.
type Step struct {
	Verb   Verb
	Inputs []int64    // as read, in thousandths
	Num    int64      // numerator and denominator of the ratio, in thousandths;
	Den    int64      // both 0 where the verb has none
	Reach  *Threshold // the threshold reached, nil if none or the verb has none
	Place  int        // place among Of units, for rank; else 0
	Of     int
	Per    []int64  // count, short, less: tenths given or taken for one
	Worth  int64    // the most this part can give, in tenths
	Points *big.Rat // tenths, exact
}

// Peers are the ratios of every unit of a cluster under one rule, ready for ranking:
// for each part of the rule that ranks, the lowest first.
type Peers map[int][]*big.Rat

// Peers prepares the figures of every unit of the cluster, once for all of them. Whoever
// has no usable ratio holds no place. A rule without rank needs none.
func (r Rule) Peers(all [][]Input) Peers {
	peers := Peers{}
	from := 0
	for _, p := range r.parts {
		if p.verb == VerbRank {
			ratios := []*big.Rat{}
			for _, in := range all {
				if len(in) < from+2 {
					continue
				}
				if step, _, why := p.compute(in[from : from+2]); why == "" {
					ratios = append(ratios, big.NewRat(step.Num, step.Den))
				}
			}
			slices.SortFunc(ratios, (*big.Rat).Cmp)
			peers[from] = ratios
		}
		from += len(p.roles())
	}
	return peers
}

// Compute gives the points for the figures in, one for each of Inputs in order.
// Peers are the same figures of every unit of the cluster, this one among them;
// only rank reads them. Compute never panics and never guesses: what cannot be
// computed says so in Result.Cannot.
func (r Rule) Compute(in []Input, peers ...[]Input) Result { return r.Among(in, r.Peers(peers)) }

// Among is Compute with peers that were prepared.
func (r Rule) Among(in []Input, peers Peers) Result {
	if len(in) != len(r.Inputs()) {
		return Result{Cannot: ErrCount, Input: min(len(in), len(r.Inputs()))}
	}
	result := Result{Exact: new(big.Rat)}
	from := 0
	for _, p := range r.parts {
		to := from + len(p.roles())
		step, at, why := p.compute(in[from:to])
		if why != "" {
			return Result{Cannot: why, Input: from + at}
		}
		if p.verb == VerbRank {
			p.place(&step, peers[from])
		}
		result.Exact.Add(result.Exact, step.Points)
		result.Steps = append(result.Steps, step)
		from = to
	}
	result.Points = nearestHalf(result.Exact)
	return result
}

// compute checks the figures and gives the part's step. A refusal comes with the
// index of the figure at fault.
func (p part) compute(in []Input) (step Step, at int, why Reason) {
	step = Step{Verb: p.verb, Per: p.per, Worth: p.max(), Points: new(big.Rat)}
	for i, role := range p.roles() {
		if why := p.check(role, in[i]); why != "" {
			return Step{}, i, why
		}
		step.Inputs = append(step.Inputs, in[i].Value)
	}
	x := step.Inputs[0]
	switch p.verb {
	case VerbLinear, VerbSteps, VerbShort, VerbRank:
		step.Num, step.Den = x, step.Inputs[1]
	}
	switch p.verb {
	case VerbYes:
		step.Points.SetFrac64(x*p.points, Unit)
	case VerbLinear:
		share := clamp(big.NewRat(step.Num, step.Den), 1)
		step.Points.Mul(share, whole(p.points))
	case VerbSteps:
		permille := new(big.Rat).Mul(big.NewRat(step.Num, step.Den), whole(1000))
		step.reach(p.table, func(t Threshold) bool { return permille.Cmp(whole(t.At)) >= 0 })
	case VerbUpto:
		step.reach(p.table, func(t Threshold) bool { return x <= t.At })
	case VerbAtLeast:
		// The highest threshold stands last, and the later one reached wins.
		for i := range p.table {
			step.reach(p.table[i:i+1], func(t Threshold) bool { return x >= t.At })
		}
	case VerbCount:
		each := new(big.Rat).Mul(whole(p.per[0]), big.NewRat(x, Unit))
		step.Points = clamp(each, p.points)
	case VerbShort:
		step.Points = p.left([]int64{max(0, step.Den-step.Num)})
	case VerbLess:
		step.Points = p.left(step.Inputs)
	case VerbJudged:
		step.Points.SetFrac64(x, Unit/Point)
	}
	return step, 0, ""
}

func (p part) check(role Role, in Input) Reason {
	switch {
	case !in.Given:
		return ErrAbsent
	case in.Value > MaxFigure || in.Value < -MaxFigure:
		return ErrRange
	case role == RoleYesNo && in.Value != 0 && in.Value != Unit:
		return ErrYesNo
	case role == RoleDenominator && in.Value == 0:
		return ErrZero
	case role == RoleDenominator && in.Value < 0:
		return ErrDenominator
	case role == RolePoints && (in.Value < 0 || in.Value > p.points*(Unit/Point)):
		return ErrJudged
	}
	return ""
}

// reach gives the points of the first threshold that holds.
func (s *Step) reach(table []Threshold, holds func(Threshold) bool) {
	for _, t := range table {
		if holds(t) {
			s.Reach, s.Points = &t, whole(t.Points)
			return
		}
	}
}

// left is what remains of the part's points when each figure takes its share.
func (p part) left(figures []int64) *big.Rat {
	rest := whole(p.points)
	for i, n := range figures {
		taken := new(big.Rat).Mul(whole(p.per[i]), big.NewRat(n, Unit))
		rest.Sub(rest, taken)
	}
	return clamp(rest, p.points)
}

// place finds the unit's place by its ratio, the highest first. Equal ratios
// share a place.
func (p part) place(s *Step, ratios []*big.Rat) {
	own := big.NewRat(s.Num, s.Den)
	upTo, _ := slices.BinarySearchFunc(ratios, own, func(r, own *big.Rat) int {
		if r.Cmp(own) > 0 {
			return 1
		}
		return -1 // the first that is higher
	})
	s.Place = len(ratios) - upTo + 1
	s.Of = max(len(ratios), s.Place)
	s.reach(p.table, func(t Threshold) bool { return int64(s.Place) <= t.At })
}

func whole(n int64) *big.Rat { return new(big.Rat).SetInt64(n) }

// clamp holds x between 0 and most.
func clamp(x *big.Rat, most int64) *big.Rat {
	if x.Sign() < 0 {
		return new(big.Rat)
	}
	if top := whole(most); x.Cmp(top) > 0 {
		return top
	}
	return x
}

// nearestHalf rounds tenths, not below 0, to the nearest half point, halves up.
func nearestHalf(x *big.Rat) int64 {
	// ⌊x/5 + 1/2⌋ × 5 is ⌊(2a + 5b) / 10b⌋ × 5 for x = a/b.
	a, b := x.Num(), x.Denom()
	top := new(big.Int).Mul(a, big.NewInt(2))
	top.Add(top, new(big.Int).Mul(b, big.NewInt(half)))
	bottom := new(big.Int).Mul(b, big.NewInt(2*half))
	return new(big.Int).Div(top, bottom).Int64() * half
}
