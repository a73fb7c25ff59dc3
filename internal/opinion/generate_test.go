package opinion

import (
	"bufio"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
)

// realSets are conversations of Polis' open data (CC BY 4.0), beside the repository.
var realSets = []string{"15-per-hour-seattle", "brexit-consensus", "football-concussions", "london.youth.policing", "scoop-hivemind.freshwater"}

// real reads a set's ballots in their order, and its moderation.
func real(t testing.TB, name string) ([]Ballot, Moderation) {
	t.Helper()
	folder := filepath.Join("..", "..", "..", "shared", "data", "polis", "golden", "input", name)
	f, err := os.Open(filepath.Join(folder, "votes.csv.gz"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("skipped: the open data of Polis is not at %s", folder)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(bufio.NewReader(f))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(z).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var all []Ballot
	for _, r := range rows[1:] {
		at, err := strconv.ParseInt(r[3], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		v, err := strconv.ParseInt(r[2], 10, 8)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, Ballot{r[0], r[1], int8(v), at})
	}
	mods, err := os.Open(filepath.Join(folder, "mods.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer mods.Close()
	if rows, err = csv.NewReader(mods).ReadAll(); err != nil {
		t.Fatal(err)
	}
	out := Moderation{}
	for _, r := range rows[1:] {
		if r[1] == "-1" || r[2] == "1" {
			out[r[0]] = true
		}
	}
	return all, out
}

func tableOf(t testing.TB, all []Ballot) *Table {
	t.Helper()
	table := NewTable()
	for _, b := range all {
		if err := table.Cast(b); err != nil {
			t.Fatal(err)
		}
	}
	return table
}

// lastVotes are the votes that count, one a person and statement.
func lastVotes(t testing.TB, all []Ballot, out Moderation) (last []Ballot) {
	tableOf(t, all).Each(func(b Ballot) {
		if !out[b.Statement] {
			last = append(last, b)
		}
	})
	return last
}

// peopleOf are those who voted, in their order.
func peopleOf(all []Ballot) (ids []string) {
	seen := map[string]bool{}
	for _, b := range all {
		if !seen[b.Person] {
			seen[b.Person] = true
			ids = append(ids, b.Person)
		}
	}
	return ids
}

// shuffled deals the votes on each statement anew to those who voted on it: shares stay,
// groups go.
func shuffled(last []Ballot, seed uint64) []Ballot {
	on := map[string][]int{}
	var order []string
	for i, b := range last {
		if on[b.Statement] == nil {
			order = append(order, b.Statement)
		}
		on[b.Statement] = append(on[b.Statement], i)
	}
	r := rand.New(rand.NewPCG(seed, 5))
	dealt := append([]Ballot(nil), last...)
	for _, s := range order {
		for i, j := range r.Perm(len(on[s])) {
			dealt[on[s][i]].Value = last[on[s][j]].Value
		}
	}
	return dealt
}

// mixed deals all votes anew over all cells: no statement is more agreed on than others.
func mixed(last []Ballot, seed uint64) []Ballot {
	r := rand.New(rand.NewPCG(seed, 6))
	dealt := append([]Ballot(nil), last...)
	for i, j := range r.Perm(len(last)) {
		dealt[i].Value = last[j].Value
	}
	return dealt
}

// camps plants groups: camp i%g of person "p<i>". A share same of the statements are those
// that all agree on ("c<j>"), on each of the others camps differ ("s<j>"); everybody votes
// their camp's stance with probability clear, against it with 0.6 of what is left.
func camps(seed uint64, g, n, m, votes int, clear, same float64) []Ballot {
	r := rand.New(rand.NewPCG(seed, 77))
	stance := make([][]int8, g)
	for c := range stance {
		stance[c] = make([]int8, m)
		for j := range stance[c] {
			stance[c][j] = int8(r.IntN(2)*2 - 1)
		}
	}
	for j := range m { // what sets camps apart is not what all agree on
		if g > 1 && !slices.ContainsFunc(stance, func(s []int8) bool { return s[j] != stance[0][j] }) {
			stance[j%g][j] = -stance[j%g][j]
		}
	}
	name := make([]string, m)
	for j := range m {
		name[j] = "s" + strconv.Itoa(j)
		if float64(j) < same*float64(m) {
			name[j] = "c" + strconv.Itoa(j)
			for c := range stance {
				stance[c][j] = 1
			}
		}
	}
	var all []Ballot
	for i := range n {
		for _, j := range r.Perm(m)[:votes] {
			all = append(all, Ballot{fmt.Sprint("p", i), name[j], said(r, stance[i%g][j], clear), int64(1000 + len(all))})
		}
	}
	return all
}

// spread is people along ranges of opinion: where they stand is normally distributed in each
// of the dimensions, and nobody belongs to anything.
func spread(seed uint64, dimensions, n, m, votes int) []Ballot {
	r := rand.New(rand.NewPCG(seed, 78))
	loading, middle := make([][]float64, m), make([]float64, m)
	for j := range m {
		for range dimensions {
			loading[j] = append(loading[j], r.NormFloat64())
		}
		middle[j] = 0.7 * r.NormFloat64()
	}
	var all []Ballot
	for i := range n {
		u := make([]float64, dimensions)
		for k := range u {
			u[k] = r.NormFloat64()
		}
		for _, j := range r.Perm(m)[:votes] {
			z := middle[j] + r.NormFloat64()
			for k := range u {
				z += loading[j][k] * u[k]
			}
			var v int8
			if z > 0.4 {
				v = 1
			} else if z < -0.4 {
				v = -1
			}
			all = append(all, Ballot{fmt.Sprint("p", i), "s" + strconv.Itoa(j), v, int64(1000 + len(all))})
		}
	}
	return all
}

// crossed plants two splits that say nothing of each other: of person "p<i>" i%2 is the side on
// the first half of the statements, i/2%2 that on the others. Four camps, and two directions
// of opinion.
func crossed(seed uint64, n, m, votes int, clear float64) []Ballot {
	return divided(rand.New(rand.NewPCG(seed, 79)), n, m, votes, clear, func(i, j int) bool {
		if j < m/2 {
			return i%2 == 1
		}
		return i/2%2 == 1
	})
}

// minority plants one camp: of n people the first so many are of the other stance on half of
// the statements, and like all others on the rest.
func minority(seed uint64, size, n, m, votes int, clear float64) []Ballot {
	return divided(rand.New(rand.NewPCG(seed, 80)), n, m, votes, clear, func(i, j int) bool { return i < size && j < m/2 })
}

// divided are the votes of n people, each on so many of m statements, with a stance on each
// drawn for all, and the opposite for those whom other says so of.
func divided(r *rand.Rand, n, m, votes int, clear float64, other func(i, j int) bool) []Ballot {
	stance := make([]int8, m)
	for j := range stance {
		stance[j] = int8(r.IntN(2)*2 - 1)
	}
	var all []Ballot
	for i := range n {
		for _, j := range r.Perm(m)[:votes] {
			v := stance[j]
			if other(i, j) {
				v = -v
			}
			all = append(all, Ballot{fmt.Sprint("p", i), "s" + strconv.Itoa(j), said(r, v, clear), int64(1000 + len(all))})
		}
	}
	return all
}

// said is what somebody votes whose camp's stance is v: v with probability clear, the opposite
// with 0.6 of what is left, pass with the rest.
func said(r *rand.Rand, v int8, clear float64) int8 {
	switch x := r.Float64(); {
	case x < clear:
		return v
	case x < clear+(1-clear)*0.6:
		return -v
	}
	return 0
}
