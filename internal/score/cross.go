package score

import (
	"math/big"
	"slices"
)

// Spread is how far apart marks of one line are, in tenths: the highest less the
// lowest. One mark alone is compared with the unit's own points.
func Spread(own int64, marks []int64) int64 {
	if len(marks) == 0 {
		return 0
	}
	all := marks
	if len(marks) == 1 {
		all = []int64{own, marks[0]}
	}
	return slices.Max(all) - slices.Min(all)
}

// Middle is what marks of one line come to, in tenths on the half-point grid: of one
// the mark, of two their mean, of more their median; between two steps, the higher.
func Middle(marks []int64) int64 {
	if len(marks) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(marks))
	a, b := sorted[(len(sorted)-1)/2], sorted[len(sorted)/2]
	// (a+b)/2 rounded to the nearest 5, half up.
	return (a + b + 5) / 10 * 5
}

// CrossTotal is the sum of one scorer's marks of one sheet, beside the sum of the
// unit's own points over the same lines. Both in tenths.
type CrossTotal struct {
	Scorer, Scored string
	Sum, Own       int64
}

// Strictness says how much stricter each scorer marked than the others would have,
// in hundredths of a point a sheet; below zero it was milder. A sheet's scorer is
// compared with the mean of the sheet's other scorers; where there is none, what it
// took off the unit's own points is compared with what all scorers took off on
// average. A scorer without sheets is not in the map.
func Strictness(totals []CrossTotal) map[string]int64 {
	off := new(big.Rat) // what scorers take off on average
	for _, t := range totals {
		off.Add(off, new(big.Rat).SetInt64(t.Own-t.Sum))
	}
	if len(totals) > 0 {
		off.Quo(off, new(big.Rat).SetInt64(int64(len(totals))))
	}
	sums, sheets := map[string]*big.Rat{}, map[string]int64{}
	for _, t := range totals {
		var others, n int64
		for _, o := range totals {
			if o.Scored == t.Scored && o.Scorer != t.Scorer {
				others, n = others+o.Sum, n+1
			}
		}
		var d *big.Rat
		if n > 0 {
			d = new(big.Rat).Sub(big.NewRat(others, n), new(big.Rat).SetInt64(t.Sum))
		} else {
			d = new(big.Rat).Sub(new(big.Rat).SetInt64(t.Own-t.Sum), off)
		}
		if sums[t.Scorer] == nil {
			sums[t.Scorer] = new(big.Rat)
		}
		sums[t.Scorer].Add(sums[t.Scorer], d)
		sheets[t.Scorer]++
	}
	strict := map[string]int64{}
	for scorer, sum := range sums {
		mean := new(big.Rat).Quo(sum, new(big.Rat).SetInt64(sheets[scorer]))
		strict[scorer] = roundHalfAway(mean.Mul(mean, big.NewRat(10, 1)))
	}
	return strict
}

// roundHalfAway rounds to the nearest whole number, halves away from zero.
func roundHalfAway(r *big.Rat) int64 {
	n, d := new(big.Int).Abs(r.Num()), r.Denom()
	n.Mul(n, big.NewInt(2)).Add(n, d).Div(n, new(big.Int).Mul(d, big.NewInt(2)))
	if r.Sign() < 0 {
		return -n.Int64()
	}
	return n.Int64()
}
