package score

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"slices"
	"strconv"
)

// Pair says that Scorer marks the sheet of Scored.
type Pair struct{ Scorer, Scored string }

// ErrNoDraw is returned where no draw meets all conditions.
var ErrNoDraw = errors.New("score: no draw keeps all conditions")

// drawTries is how many orders are tried before the conditions are found to leave
// no draw. With few conflicts one of the first few fits.
const drawTries = 20000

// Draw assigns cross-scorers: every unit marks each others and is marked by each
// others, none marks itself, no two units mark one another, and no pair is in
// conflict (in either direction). The same seed and the same units in whatever order
// give the same pairs, so that anybody can repeat the draw.
//
// The units are sorted and shuffled (Fisher and Yates; Durstenfeld, Algorithm 235,
// 1964) by a stream of numbers from SHA-256(seed, try, block), without modulo bias.
// The unit at place i marks those at i+1 … i+each around the circle; a draw with a
// pair in conflict is thrown away and the next try is made. Two units would mark one
// another only where 2·each ≥ n, so that many are refused.
func Draw(seed string, units []string, each int, conflict func(a, b string) bool) ([]Pair, error) {
	order := slices.Clone(units)
	slices.Sort(order)
	order = slices.Compact(order)
	n := len(order)
	if each < 1 || each > (n-1)/2 {
		return nil, ErrNoDraw
	}
	sorted := slices.Clone(order)
next:
	for try := range drawTries {
		copy(order, sorted)
		s := stream{seed: seed + "\n" + strconv.Itoa(try)}
		for i := n - 1; i > 0; i-- {
			j := s.below(uint64(i + 1))
			order[i], order[j] = order[j], order[i]
		}
		pairs := make([]Pair, 0, n*each)
		for i, scorer := range order {
			for k := 1; k <= each; k++ {
				scored := order[(i+k)%n]
				if conflict != nil && (conflict(scorer, scored) || conflict(scored, scorer)) {
					continue next
				}
				pairs = append(pairs, Pair{scorer, scored})
			}
		}
		slices.SortFunc(pairs, comparePairs)
		return pairs, nil
	}
	return nil, ErrNoDraw
}

func comparePairs(a, b Pair) int {
	if a.Scorer != b.Scorer {
		if a.Scorer < b.Scorer {
			return -1
		}
		return 1
	}
	switch {
	case a.Scored < b.Scored:
		return -1
	case a.Scored > b.Scored:
		return 1
	}
	return 0
}

// Third chooses who looks a sheet over again where its scorers are far apart: of the
// units that may, one with the fewest third marks so far, by lot from the seed.
func Third(seed, scored string, units []string, have map[string]int, may func(scorer string) bool) (string, bool) {
	var best []string
	least := -1
	for _, u := range slices.Sorted(slices.Values(units)) {
		if u == scored || !may(u) {
			continue
		}
		switch {
		case least < 0 || have[u] < least:
			best, least = []string{u}, have[u]
		case have[u] == least:
			best = append(best, u)
		}
	}
	if best == nil {
		return "", false
	}
	s := stream{seed: seed + "\nthird\n" + scored}
	return best[s.below(uint64(len(best)))], true
}

// stream gives numbers from a seed.
type stream struct {
	seed  string
	block int
	left  []byte
}

func (s *stream) next() uint64 {
	if len(s.left) < 8 {
		sum := sha256.Sum256([]byte(s.seed + "\n" + strconv.Itoa(s.block)))
		s.left = sum[:]
		s.block++
	}
	n := binary.BigEndian.Uint64(s.left)
	s.left = s.left[8:]
	return n
}

// below returns a number from 0 to n−1, each as likely: values of the last, partial
// round are thrown away.
func (s *stream) below(n uint64) uint64 {
	limit := ^uint64(0) - (^uint64(0)%n+1)%n
	for {
		if v := s.next(); v <= limit {
			return v % n
		}
	}
}
