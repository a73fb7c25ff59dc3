package score

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

// given makes inputs of whole figures.
func given(figures ...int64) []Input {
	in := make([]Input, len(figures))
	for i, n := range figures {
		in[i] = Given(n * Unit)
	}
	return in
}

func TestCompute(t *testing.T) {
	for _, test := range []struct {
		rule string
		max  int64
		in   []Input
		want int64 // tenths
	}{
		{"yes", 30, given(1), 30},
		{"yes", 30, given(0), 0},
		{"yes 2 + yes 1", 30, given(1, 0), 20},
		{"linear", 60, given(14, 14), 60},
		{"linear", 60, given(12, 14), 50}, // 5,14
		{"linear", 60, given(13, 14), 55}, // 5,57
		{"linear", 40, given(20, 10), 40}, // never above the worth
		{"linear", 40, given(-1, 10), 0},
		{"linear", 30, given(1, 12), 5}, // 0,25 rounds up
		{"linear", 30, []Input{Given(999), Given(12_000)}, 0},
		{"steps 98:6 95:5 90:3", 60, given(98, 100), 60},
		{"steps 98:6 95:5 90:3", 60, []Input{Given(97_999), Given(100_000)}, 50},
		{"steps 98:6 95:5 90:3", 60, given(89, 100), 0},
		{"steps 66.6:2", 20, given(2, 3), 20},
		{"steps 66.7:2", 20, given(2, 3), 0},
		{"steps 80:6 60:4 0:2", 60, given(0, 5), 20},
		{"upto 0:3 15:2", 30, given(-4), 30},
		{"upto 0:3 15:2", 30, given(1), 20},
		{"upto 0:3 15:2", 30, given(16), 0},
		{"atleast 1:2 3:4", 40, given(0), 0},
		{"atleast 1:2 3:4", 40, given(2), 20},
		{"atleast 1:2 3:4", 40, given(7), 40},
		{"count 1 max 5", 50, given(3), 30},
		{"count 1 max 5", 50, given(9), 50},
		{"count 1 max 5", 50, given(-9), 0},
		{"short 4 by 1", 40, given(24, 26), 20},
		{"short 4 by 1", 40, given(27, 26), 40},
		{"short 4 by 1", 40, given(0, 26), 0},
		{"less 3 by 1 by 0.5", 30, given(1, 1), 15},
		{"less 3 by 1 by 0.5", 30, given(0, 0), 30},
		{"less 3 by 1 by 0.5", 30, given(9, 9), 0},
		{"less 3 by 1", 30, given(-5), 30},
		{"judged", 45, []Input{Given(4_500)}, 45},
		{"judged", 45, []Input{Given(1_250)}, 15},
		{"atleast 1:2 + linear 2", 40, given(1, 2, 3), 35}, // 2 + 1,33 is 3,33
		{"linear", 40, []Input{Given(MaxFigure), Given(MaxFigure)}, 40},
		{"count 1 max 5", 50, []Input{Given(MaxFigure)}, 50},
		{"short 4 by 1", 40, []Input{Given(-MaxFigure), Given(MaxFigure)}, 0},
	} {
		got := must(t, test.rule, test.max).Compute(test.in)
		if !got.OK() || got.Points != test.want {
			t.Errorf("%s of %v = %d, %q, want %d", test.rule, test.in, got.Points, got.Cannot, test.want)
		}
	}
}

func TestComputeCannot(t *testing.T) {
	absent := Input{}
	for _, test := range []struct {
		rule  string
		max   int64
		in    []Input
		want  Reason
		input int
	}{
		{"yes", 30, nil, ErrCount, 0},
		{"yes", 30, given(1, 1), ErrCount, 1},
		{"yes", 30, given(2), ErrYesNo, 0},
		{"linear", 40, []Input{Given(0), absent}, ErrAbsent, 1},
		{"linear", 40, given(0, 0), ErrZero, 1},
		{"linear", 40, given(1, -1), ErrDenominator, 1},
		{"atleast 1:2 + linear 2", 40, given(1, 0, 0), ErrZero, 2},
		{"count 1 max 5", 50, []Input{Given(MaxFigure + 1)}, ErrRange, 0},
		{"count 1 max 5", 50, []Input{Given(math.MinInt64)}, ErrRange, 0},
		{"judged", 40, given(5), ErrJudged, 0},
		{"judged", 40, given(-1), ErrJudged, 0},
		{"rank 1:5", 50, given(1, 0), ErrZero, 1},
	} {
		got := must(t, test.rule, test.max).Compute(test.in)
		if got.Cannot != test.want || got.Input != test.input || got.Points != 0 || got.Exact != nil {
			t.Errorf("%s of %v = %+v, want %s at %d", test.rule, test.in, got, test.want, test.input)
		}
	}
}

func TestComputeRank(t *testing.T) {
	r := must(t, "rank 1:5 3:4 4:2", 50)
	cluster := [][]Input{given(9, 10), given(18, 20), given(1, 2), given(1, 4), {{}, Given(Unit)}, given(3, 0), nil}
	for i, want := range []struct {
		place  int
		points int64
	}{{1, 50}, {1, 50}, {3, 40}, {4, 20}} {
		got := r.Compute(cluster[i], cluster...)
		if !got.OK() || got.Points != want.points || got.Steps[0].Place != want.place || got.Steps[0].Of != 4 {
			t.Errorf("unit %d = %d points, %+v, want place %d of 4, %d points",
				i, got.Points, got.Steps, want.place, want.points)
		}
	}
	if got := r.Compute(given(1, 9)); got.Points != 50 || got.Steps[0].Of != 1 {
		t.Errorf("alone = %d points, place of %d", got.Points, got.Steps[0].Of)
	}
}

func TestSteps(t *testing.T) {
	got := must(t, "steps 80:6 60:4", 60).Compute(given(5, 6)).Steps[0]
	if got.Num != 5*Unit || got.Den != 6*Unit || got.Reach == nil || *got.Reach != (Threshold{800, 60}) {
		t.Errorf("Steps = %+v", got)
	}
	if got.Points.Cmp(big.NewRat(60, 1)) != 0 || got.Worth != 60 {
		t.Errorf("points %v of %d, want 60 of 60", got.Points, got.Worth)
	}
	if got := must(t, "linear", 60).Compute(given(12, 14)); got.Exact.Cmp(big.NewRat(360, 7)) != 0 {
		t.Errorf("Exact = %v, want 360/7", got.Exact)
	}
}

// Whatever the figures, points are half points between 0 and the maximum, or
// there is a reason.
func TestPointsWithin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, max := drawRule(t)
		r := must(t, text, max)
		in := make([]Input, len(r.Inputs()))
		for i := range in {
			in[i] = Input{Value: rapid.Int64().Draw(t, "value"), Given: rapid.Bool().Draw(t, "given")}
			if rapid.Bool().Draw(t, "small") {
				in[i] = Given(rapid.Int64Range(0, 3).Draw(t, "figure") * Unit)
			}
		}
		got := r.Compute(in, in)
		if got.Points < 0 || got.Points > max || got.Points%half != 0 {
			t.Fatalf("%s of %v = %d, max %d", r, in, got.Points, max)
		}
		if !got.OK() && got.Points != 0 {
			t.Fatalf("%s of %v cannot be computed but has %d points", r, in, got.Points)
		}
		if got.OK() && len(got.Steps) != len(r.parts) {
			t.Fatalf("%s explains %d parts of %d", r, len(got.Steps), len(r.parts))
		}
	})
}

// Doing more never earns less.
func TestMonotone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, worth := drawRule(t)
		r := must(t, text, worth)
		figure := rapid.Int64Range(-MaxFigure, MaxFigure)
		if rapid.Bool().Draw(t, "small") {
			figure = rapid.Int64Range(0, 200*Unit)
		}
		var low, high []Input
		var peers [][]Input
		for _, need := range r.Inputs() {
			a, b := figure.Draw(t, "a"), figure.Draw(t, "b")
			a, b = min(a, b), max(a, b)
			switch {
			case need.Role == RoleDenominator:
				a = max(a, 1)
				b = a
			case need.Role == RoleYesNo:
				a, b = 0, Unit
			case need.Role == RolePoints:
				a, b = 0, Unit/Point
			case need.Role == RoleDays, need.Verb == VerbLess:
				a, b = b, a // fewer is better
			}
			low, high = append(low, Given(a)), append(high, Given(b))
		}
		for range 3 {
			var peer []Input
			for _, need := range r.Inputs() {
				n := figure.Draw(t, "peer")
				if need.Role == RoleDenominator {
					n = max(n, 1)
				}
				peer = append(peer, Given(n))
			}
			peers = append(peers, peer)
		}
		worse, better := r.Compute(low, peers...), r.Compute(high, peers...)
		if !worse.OK() || !better.OK() {
			t.Fatalf("%s: %v, %v", r, worse.Cannot, better.Cannot)
		}
		if worse.Exact.Cmp(better.Exact) > 0 || worse.Points > better.Points {
			t.Fatalf("%s: %v gives %v, but %v only %v", r, low, worse.Exact, high, better.Exact)
		}
	})
}
