package opinion

import (
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"testing"
)

// The open sets of Polis with their golden results, beside the repository.
const polisData = "../../../shared/data/polis/golden"

var polisSets = []string{"15-per-hour-seattle", "brexit-consensus", "football-concussions", "london.youth.policing", "scoop-hivemind.freshwater"}

// polisGolden is a golden result, as an independent program wrote it.
type polisGolden struct {
	People         polisIDs              `json:"pids"`
	Statements     polisIDs              `json:"tids"`
	InConversation polisIDs              `json:"in_conv"` // in no order
	Center         []float64             `json:"center"`
	Components     [2][]float64          `json:"comps"` // sign arbitrary
	Places         [][2]float64          `json:"proj"`
	Extremity      []float64             `json:"ext"`
	Base           [3]json.RawMessage    `json:"base"` // ids, id of each of Rows, centres
	Rows           []int                 `json:"rows"`
	K              int                   `json:"k"`
	Silhouettes    map[int]float64       `json:"sil"`
	Groups         map[string]int        `json:"groups"`
	GroupCenters   [][2]float64          `json:"gcen"`
	Representative map[int][]polisListed `json:"repness"`
	Consensus      map[string]polisIDs   `json:"consensus"`
	GroupConsensus map[string]float64    `json:"gac"`
	Priority       map[string]float64    `json:"priorities"`
}

type polisListed struct {
	Statement json.Number `json:"tid"`
	Side      string      `json:"repful"`
	Hits      int         `json:"n_success"`
	Of        int         `json:"n_trials"`
	Share     float64     `json:"p_success"`
	Test      float64     `json:"p_test"`
	Ratio     float64     `json:"repness"`
	RatioTest float64     `json:"repness_test"`
	BestAgree bool        `json:"best_agree"`
	Agrees    int         `json:"n_agree"`
}

type polisIDs []json.Number

func (ids polisIDs) strings() (all []string) {
	for _, id := range ids {
		all = append(all, id.String())
	}
	return all
}

// TestPolisGolden: whoever starts power iteration from ones finds the same people, groups
// and lists as whoever starts elsewhere. Numbers that hang on the components are near only:
// the iteration stops, at the rounding of a sum, up to some 1e-7 from where it would end.
func TestPolisGolden(t *testing.T) {
	for _, name := range polisSets {
		t.Run(name, func(t *testing.T) {
			ballots, out, want := polisRead(t, name)
			polisCompare(t, Polis(ballots, out, nil), want, 1e-6)
		})
	}
}

// TestPolisGoldenStart starts where the golden program did, at RandomState(1) of NumPy. Its
// components then lie on our way to the bit, a few steps before or after the sum of ours
// comes to rest, and from there on all numbers are the same.
func TestPolisGoldenStart(t *testing.T) {
	for _, name := range polisSets {
		t.Run(name, func(t *testing.T) {
			ballots, out, want := polisRead(t, name)
			r, raw := polisVotesOf(ballots)
			moderated := raw.without(r.Statements, out)
			center, x := moderated.centred()
			r.Center = center
			random := polisTwister(1)
			for k := range r.Components {
				v := make([]float64, x.cols)
				for j := range v {
					v[j] = random()
				}
				stopped, nearest, least := polisSteps, 0, math.Inf(1)
				before := 0.0
				for step := range polisSteps + 1 {
					if step > stopped+10 {
						break
					}
					var strength float64
					v, strength = x.power(v)
					if strength == before {
						stopped = min(stopped, step)
					}
					before = strength
					var off float64
					for j := range v {
						off = max(off, math.Abs(v[j]-want.Components[k][j]))
					}
					if off < least {
						nearest, least = step, off
						r.Components[k] = v
					}
				}
				if least > 1e-13 || stopped > nearest+10 {
					t.Errorf("component %d comes within %g at step %d, and stops at %d", k, least, nearest, stopped)
				}
				x.deflate(r.Components[k])
			}
			r.group(raw, moderated)
			r.list(raw, out)
			polisCompare(t, r, want, 1e-9)
		})
	}
}

// polisTwister gives the numbers of NumPy's RandomState(seed).random_sample, 0 to 1: the
// Mersenne Twister MT19937 (Matsumoto & Nishimura, ACM TOMACS 8, 1998), 53 bits a number.
func polisTwister(seed uint32) func() float64 {
	const n, m = 624, 397
	state, at := [n]uint32{seed}, n
	for i := uint32(1); i < n; i++ {
		state[i] = 1812433253*(state[i-1]^state[i-1]>>30) + i
	}
	next := func() uint32 {
		if at == n {
			at = 0
			for i := range state {
				y := state[i]&(1<<31) | state[(i+1)%n]&(1<<31-1)
				state[i] = state[(i+m)%n] ^ y>>1 ^ y&1*0x9908b0df
			}
		}
		y := state[at]
		at++
		y ^= y >> 11
		y ^= y << 7 & 0x9d2c5680
		y ^= y << 15 & 0xefc60000
		return y ^ y>>18
	}
	return func() float64 {
		high, low := next()>>5, next()>>6
		return (float64(high)*(1<<26) + float64(low)) / (1 << 53)
	}
}

// polisRead reads the input and the golden result of a set.
func polisRead(t *testing.T, name string) (ballots []Ballot, out Moderation, want polisGolden) {
	t.Helper()
	if _, err := os.Stat(polisData); err != nil {
		t.Skip("skipped: the open data of Polis are not beside the repository")
	}
	open := func(name string) io.Reader {
		f, err := os.Open(filepath.Join(polisData, name))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return f
	}
	table := func(r io.Reader) [][]string {
		rows, err := csv.NewReader(r).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		return rows[1:]
	}
	number := func(s string) int64 {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	votes, err := gzip.NewReader(open("input/" + name + "/votes.csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range table(votes) {
		ballots = append(ballots, Ballot{row[0], row[1], int8(number(row[2])), number(row[3])})
	}
	out = Moderation{}
	for _, row := range table(open("input/" + name + "/mods.csv")) {
		out[row[0]] = row[1] == "-1" || row[2] == "1"
	}
	if err := json.NewDecoder(open(name + ".json")).Decode(&want); err != nil {
		t.Fatal(err)
	}
	return ballots, out, want
}

// polisCompare asks for equality, and of numbers that hang on the components for off at
// most, relative where they are above 1.
func polisCompare(t *testing.T, got PolisResult, want polisGolden, off float64) {
	t.Helper()
	polisEqual(t, "People", got.People, want.People.strings())
	polisEqual(t, "Statements", got.Statements, want.Statements.strings())
	polisEqual(t, "InConversation", got.InConversation, want.Rows)
	var in []string
	for _, row := range got.InConversation {
		in = append(in, got.People[row])
	}
	slices.Sort(in)
	ids := want.InConversation.strings()
	slices.Sort(ids)
	polisEqual(t, "people in the conversation", in, ids)

	// The sign of a component is arbitrary, and with it that of all places along it.
	var sign [2]float64
	for k := range sign {
		sign[k] = math.Copysign(1, polisDot(got.Components[k], want.Components[k]))
		for j := range want.Components[k] {
			want.Components[k][j] *= sign[k]
		}
		polisNear(t, "Components", got.Components[k], want.Components[k], off)
	}
	near := func(what string, got, want [][2]float64) {
		t.Helper()
		var a, b []float64
		for _, p := range got {
			a = append(a, p[0], p[1])
		}
		for _, p := range want {
			b = append(b, sign[0]*p[0], sign[1]*p[1])
		}
		polisNear(t, what, a, b, off)
	}
	polisNear(t, "Center", got.Center, want.Center, 1e-9)
	near("Places", got.Places, want.Places)
	polisNear(t, "Extremity", got.Extremity, want.Extremity, off)

	var baseIDs, labels []int
	var centers [][2]float64
	for i, to := range []any{&baseIDs, &labels, &centers} {
		if err := json.Unmarshal(want.Base[i], to); err != nil {
			t.Fatal(err)
		}
	}
	var gotIDs, gotLabels []int
	var gotCenters [][2]float64
	label := map[int]int{} // id of the base cluster of a row
	for _, b := range got.Base {
		gotIDs, gotCenters = append(gotIDs, b.ID), append(gotCenters, b.Center)
		for _, row := range b.Rows {
			label[row] = b.ID
		}
	}
	for _, row := range got.InConversation {
		gotLabels = append(gotLabels, label[row])
	}
	polisEqual(t, "ids of Base", gotIDs, baseIDs)
	polisEqual(t, "base cluster of each person", gotLabels, labels)
	near("centres of Base", gotCenters, centers)

	polisEqual(t, "K", got.K, want.K)
	polisNearMap(t, "Silhouettes", got.Silhouettes, want.Silhouettes, off)
	groups := map[string]int{}
	gotCenters = nil
	for _, g := range got.Groups {
		gotCenters = append(gotCenters, g.Center)
		for _, row := range g.Rows {
			groups[got.People[row]] = g.ID
		}
	}
	polisEqual(t, "Groups", groups, want.Groups)
	near("centres of Groups", gotCenters, want.GroupCenters)

	polisEqual(t, "number of Representative", len(got.Representative), len(want.Representative))
	for g, list := range got.Representative {
		golden := want.Representative[got.Groups[g].ID]
		if len(list) != len(golden) {
			t.Errorf("Representative of group %d = %v, want %v", g, list, golden)
			continue
		}
		for i, e := range list {
			w := golden[i]
			polisNear(t, "figures of "+e.Statement, []float64{e.Share, e.Test, e.Ratio, e.RatioTest}, []float64{w.Share, w.Test, w.Ratio, w.RatioTest}, 1e-9)
			e.Share, e.Test, e.Ratio, e.RatioTest = 0, 0, 0, 0
			polisEqual(t, "Representative", e, PolisEntry{Statement: w.Statement.String(), Side: w.Side, Hits: w.Hits, Of: w.Of, BestAgree: w.BestAgree, Agrees: w.Agrees})
		}
	}
	polisEqual(t, "Agree", got.Agree, want.Consensus["agree"].strings())
	polisEqual(t, "Disagree", got.Disagree, want.Consensus["disagree"].strings())
	byID := func(columns []float64) map[string]float64 {
		m := map[string]float64{}
		for j, x := range columns {
			m[got.Statements[j]] = x
		}
		return m
	}
	polisNearMap(t, "GroupConsensus", byID(got.GroupConsensus), want.GroupConsensus, 1e-9)
	polisNearMap(t, "Priority", byID(got.Priority), want.Priority, off)
}

func polisEqual(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s = %v, want %v", what, got, want)
	}
}

func polisNear(t *testing.T, what string, got, want []float64, off float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d numbers, want %d", what, len(got), len(want))
		return
	}
	for i := range got {
		if !(math.Abs(got[i]-want[i]) <= off*max(1, math.Abs(want[i]))) {
			t.Errorf("%s: number %d = %v, want %v", what, i, got[i], want[i])
			return
		}
	}
}

func polisNearMap[K comparable](t *testing.T, what string, got, want map[K]float64, off float64) {
	t.Helper()
	var a, b []float64
	for k := range maps.Keys(want) {
		if x, ok := got[k]; ok {
			a = append(a, x)
		}
		b = append(b, want[k])
	}
	polisEqual(t, "number of "+what, len(got), len(want))
	polisNear(t, what, a, b, off)
}

// polisCast makes ballots from one line of votes a person: + agrees, - disagrees, 0 passes,
// a dot is no vote.
func polisCast(lines ...string) (ballots []Ballot) {
	value := map[rune]int8{'+': 1, '-': -1, '0': 0}
	for i, line := range lines {
		for j, c := range line {
			if v, ok := value[c]; ok {
				ballots = append(ballots, Ballot{fmt.Sprint("p", i), fmt.Sprint("s", j), v, 0})
			}
		}
	}
	return ballots
}

func TestPolisSmall(t *testing.T) {
	root := math.Sqrt(0.5)
	for _, test := range []struct {
		name       string
		ballots    []Ballot
		out        Moderation
		components [2][]float64
		places     [][2]float64
		in         []int
		k, groups  int
	}{
		{name: "no ballots"},
		{name: "one vote", ballots: polisCast("+"), components: [2][]float64{{-1}, {0}},
			places: [][2]float64{{1, 0}}, in: []int{0}, k: 2, groups: 1},
		{name: "one person", ballots: polisCast("+0-"), components: [2][]float64{{-root, 0, root}, {0, 0, 0}},
			places: [][2]float64{{2 * root, 0}}, in: []int{0}, k: 2, groups: 1},
		{name: "one person who passes", ballots: polisCast("00"), components: [2][]float64{{0, 0}, {0, 0}},
			places: [][2]float64{{}}, in: []int{0}, k: 2, groups: 1},
		{name: "one statement", ballots: polisCast("+", "-", "0", "+"), components: [2][]float64{{1}, {0}},
			places: [][2]float64{{-1, 0}, {1, 0}, {0, 0}, {-1, 0}}, in: []int{0, 1, 2, 3}, k: 2, groups: 2},
		{name: "all moderated out", ballots: polisCast("+-", "-+", ".+"), out: Moderation{"s0": true, "s1": true},
			components: [2][]float64{{0, 0}, {0, 0}}, places: [][2]float64{{}, {}, {}}, in: []int{0, 1, 2}, k: 2, groups: 1},
		{name: "all of one mind", ballots: polisCast("++", "++", "+."), components: [2][]float64{{0, 0}, {0, 0}},
			places: [][2]float64{{}, {}, {}}, in: []int{0, 1, 2}, k: 2, groups: 1},
		{name: "opposites that add up to nothing", ballots: polisCast("+-", "-+", "+-", "-+"), components: [2][]float64{{-root, root}, {0, 0}},
			places: [][2]float64{{2 * root, 0}, {-2 * root, 0}, {2 * root, 0}, {-2 * root, 0}}, in: []int{0, 1, 2, 3}, k: 2, groups: 2},
		{name: "opposites", ballots: polisCast("++", "--", "++", "--"), components: [2][]float64{{root, root}, {0, 0}},
			places: [][2]float64{{-2 * root, 0}, {2 * root, 0}, {-2 * root, 0}, {2 * root, 0}}, in: []int{0, 1, 2, 3}, k: 2, groups: 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := Polis(test.ballots, test.out, nil)
			for k := range test.components {
				polisNear(t, "Components", got.Components[k], test.components[k], 1e-12)
			}
			var a, b []float64
			for _, p := range got.Places {
				a = append(a, p[0], p[1])
			}
			for _, p := range test.places {
				b = append(b, p[0], p[1])
			}
			polisNear(t, "Places", a, b, 1e-12)
			polisEqual(t, "InConversation", got.InConversation, test.in)
			polisEqual(t, "K", got.K, test.k)
			polisEqual(t, "number of Groups", len(got.Groups), test.groups)
			polisEqual(t, "number of Representative", len(got.Representative), test.groups)
			polisNumbers(t, got)
			if test.out != nil {
				polisEqual(t, "Agree", got.Agree, []string(nil))
				polisEqual(t, "Disagree", got.Disagree, []string(nil))
				for _, list := range got.Representative {
					polisEqual(t, "Representative", len(list), 0)
				}
			}
		})
	}
}

// polisNumbers refuses numbers that are none.
func polisNumbers(t *testing.T, r PolisResult) {
	t.Helper()
	if _, err := json.Marshal(r); err != nil { // refuses NaN and infinities, wherever
		t.Error(err)
	}
}

func TestPolisInConversation(t *testing.T) {
	everything, most, some, little := "+-+-+-+-", "+-+-+-+.", "+-+.....", ".0......"
	for _, test := range []struct {
		name  string
		lines []string
		want  []int
	}{
		{"fewer than fifteen people", []string{little, everything, some}, []int{0, 1, 2}},
		{"fifteen of sixteen, the quietest left out", append([]string{little, some}, slices.Repeat([]string{most}, 14)...),
			[]int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}},
		{"of equals the first", append(slices.Repeat([]string{everything}, 14), some, some, some),
			[]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14}},
		{"enough without the quiet", append([]string{some}, slices.Repeat([]string{most}, 15)...),
			[]int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}},
		{"fewer than seven statements", append([]string{"+-."}, slices.Repeat([]string{"+-0"}, 15)...),
			[]int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := Polis(polisCast(test.lines...), nil, nil)
			polisEqual(t, "InConversation", got.InConversation, test.want)
			polisNumbers(t, got)
		})
	}
}

func TestPolisLastVote(t *testing.T) {
	ballots := polisCast("+-", "-+", "++")
	changed := append([]Ballot{{"p0", "s0", -1, 9}, {"p0", "s0", 0, 9}}, ballots...)
	polisEqual(t, "the result with earlier votes", Polis(changed, nil, nil), Polis(ballots, nil, nil))
}

// TestPolisLists counts by hand: of ten people five agree with s0 and five disagree, and all
// agree with s1.
func TestPolisLists(t *testing.T) {
	got := Polis(polisCast(append(slices.Repeat([]string{"++"}, 5), slices.Repeat([]string{"-+"}, 5)...)...), nil, nil)
	polisEqual(t, "K", got.K, 2)
	polisEqual(t, "Agree", got.Agree, []string{"s1"})
	polisEqual(t, "Disagree", got.Disagree, []string(nil))
	polisNear(t, "GroupConsensus", got.GroupConsensus, []float64{6. / 7 * 1 / 7, 6. / 7 * 6 / 7}, 1e-12)
	// Only s0 varies: the components are (1, 0) and nothing.
	polisNear(t, "Extremity", got.Extremity, []float64{math.Sqrt2, 0}, 1e-12)
	polisNear(t, "Priority", got.Priority, []float64{
		math.Pow(11./12*(math.Sqrt2+1)*6/12*3, 2), math.Pow(11./12*11/12*3, 2),
	}, 1e-12)

	test := 2 * math.Sqrt(6) * 0.5
	apart := (1 - 1./6) / math.Sqrt(7./12*5/12*2/6)
	polisEqual(t, "number of Representative", len(got.Representative), 2)
	for g, want := range [][]PolisEntry{
		{{Statement: "s0", Side: "agree", Hits: 5, Of: 5, Share: 6. / 7, Test: test, Ratio: 6, RatioTest: apart, BestAgree: true, Agrees: 5}},
		// What the group agrees on best comes first, even on the side "disagree": that is where
		// a statement goes that tells nobody apart, its two z being equal.
		{{Statement: "s1", Side: "disagree", Hits: 0, Of: 5, Share: 1. / 7, Test: -2 * math.Sqrt(6) / 3, Ratio: 1, BestAgree: true, Agrees: 5},
			{Statement: "s0", Side: "disagree", Hits: 5, Of: 5, Share: 6. / 7, Test: test, Ratio: 6, RatioTest: apart}},
	} {
		list := got.Representative[g]
		if len(list) != len(want) {
			t.Fatalf("Representative of group %d = %v, want %v", g, list, want)
		}
		for i, e := range list {
			w := want[i]
			polisNear(t, "figures of "+e.Statement, []float64{e.Share, e.Test, e.Ratio, e.RatioTest}, []float64{w.Share, w.Test, w.Ratio, w.RatioTest}, 1e-12)
			e.Share, e.Test, e.Ratio, e.RatioTest = w.Share, w.Test, w.Ratio, w.RatioTest
			polisEqual(t, "Representative", e, w)
		}
	}
}
