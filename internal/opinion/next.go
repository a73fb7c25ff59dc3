package opinion

import (
	"cmp"
	"math"
	"slices"
)

// Cause is a vote that put somebody where they stand.
type Cause struct {
	Statement string  `json:"statement"`
	Vote      int8    `json:"vote"`
	Weight    float64 `json:"weight"` // share of all votes' pull in the direction they stand in, against it below 0
}

// Causes are the votes that pull a person most to where they stand, at most five:
// u·w_j (x_j − μ_j), for the person's own eyes. ok is false where they have not voted.
func (l *Live) Causes(person string) (all []Cause, ok bool) {
	l.refresh()
	v := l.table.voter(person)
	if v == nil {
		return nil, false
	}
	f := l.model()
	row := v.row(l.x.to, nil)
	q := f.placing().place(row)
	var total float64
	for _, c := range row {
		j := int(c >> 2)
		var along float64
		for k := range Factors {
			along += q.u[k] * f.loading[Factors*j+k]
		}
		pull := along * (float64(c&3) - 1 - f.mean[j])
		total += math.Abs(pull)
		all = append(all, Cause{Statement: l.x.ids[j], Vote: int8(c&3) - 1, Weight: pull})
	}
	slices.SortStableFunc(all, func(a, b Cause) int { return cmp.Compare(math.Abs(b.Weight), math.Abs(a.Weight)) })
	all = all[:min(len(all), 5)]
	for i := range all {
		if total > 0 {
			all[i].Weight /= total
		}
	}
	return all, true
}

// Draw is a statement that somebody is asked about next, and how probable it was. Keep it
// with the vote, or with its being skipped: what is shown more is voted on more, and only
// these probabilities can tell the one from the other (Horvitz & Thompson, JASA 47, 1952).
type Draw struct {
	Statement   string  `json:"statement"`
	Probability float64 `json:"probability"`
}

// explore is the share of draws that any statement is as likely in.
const explore = 0.2

// Next draws the statement that a person is asked about next, among those not voted on nor
// in shown. Its probability grows with the information that a vote is expected to bring,
// in bits: ½ log₂(1 + w'Σw ⁄ σ²) on where the person stands, and ½ log₂((n+3) ⁄ (n+2)) on
// the share of a statement that n have voted on (Lindley, Ann. Math. Stat. 27, 1956); one
// draw in five is among all alike. at is a random number, 0 ≤ at < 1. ok is false where
// nothing is left to ask.
func (l *Live) Next(person string, shown map[string]bool, at float64) (d Draw, ok bool) {
	l.refresh()
	f := l.model()
	var row []uint32
	if v := l.table.voter(person); v != nil {
		row = v.row(l.x.to, nil)
	}
	voted := make([]bool, len(l.x.ids))
	for _, c := range row {
		voted[c>>2] = true
	}
	q := f.placing().place(row)
	var left []string
	var bits []float64
	var total float64
	for j, id := range l.x.ids {
		if voted[j] || shown[id] {
			continue
		}
		var doubt float64
		for k := range Factors {
			if f.strength[k] > 0 {
				s := q.err[k] / f.strength[k] * f.loading[Factors*j+k]
				doubt += s * s
			}
		}
		n := float64(l.x.counts[j].Seen())
		b := math.Log2((n+3)/(n+2)) / 2
		if f.noise > 0 {
			b += math.Log2(1+doubt/f.noise) / 2
		}
		left, bits, total = append(left, id), append(bits, b), total+b
	}
	for _, id := range l.x.unvoted {
		if !shown[id] {
			b := math.Log2(3.0/2) / 2
			left, bits, total = append(left, id), append(bits, b), total+b
		}
	}
	if len(left) == 0 || !(at >= 0 && at < 1) {
		return Draw{}, false
	}
	for i, id := range left {
		p := explore/float64(len(left)) + (1-explore)*bits[i]/total
		if at -= p; at < 0 || i == len(left)-1 {
			return Draw{id, p}, true
		}
	}
	return Draw{}, false
}
