package score

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParseRule(t *testing.T) {
	for _, test := range []struct {
		text string
		max  int64
		want string // canonical text
	}{
		{"yes", 30, "yes"},
		{"yes 3", 30, "yes"},
		{"yes 2 + yes 1", 30, "yes 2 + yes 1"},
		{"  linear   4 ", 40, "linear"},
		{"steps 95:3 85,5:2 70:1", 30, "steps 95:3 85.5:2 70:1"},
		{"upto 0:3 15:2", 30, "upto 0:3 15:2"},
		{"atleast 1:2 + linear 2", 40, "atleast 1:2 + linear 2"},
		{"count 1 max 5", 50, "count 1 max 5"},
		{"short 4 by 1", 40, "short 4 by 1"},
		{"less 3 by 1 by 0,5", 30, "less 3 by 1 by 0.5"},
		{"rank 1:5 3:4 6:3 12:2", 50, "rank 1:5 3:4 6:3 12:2"},
		{"judged", 45, "judged"},
	} {
		r, err := ParseRule(test.text, test.max)
		if err != nil {
			t.Errorf("ParseRule(%q) = %v", test.text, err)
			continue
		}
		if r.String() != test.want {
			t.Errorf("ParseRule(%q) = %q, want %q", test.text, r, test.want)
		}
		if r.Max() != test.max {
			t.Errorf("ParseRule(%q) is worth %d, want %d", test.text, r.Max(), test.max)
		}
	}
}

func TestParseRuleRefuses(t *testing.T) {
	for _, test := range []struct {
		text  string
		max   int64
		code  string
		token string
		pos   int
	}{
		{"", 30, "rule.empty", "", 0},
		{"yes 3 +", 30, "rule.empty", "", 7},
		{"yes 3 + + yes", 30, "rule.empty", "+", 8},
		{strings.Repeat("yes + ", 200), 30, "rule.long", "", 1000},
		{"yes", 0, "max.bad", "0", 0},
		{"yes", -5, "max.bad", "-0.5", 0},
		{"yes", 33, "max.bad", "3.3", 0},
		{"about 3", 30, "verb.unknown", "about", 0},
		{"yes 2 + Yes 1", 30, "verb.unknown", "Yes", 8},
		{"yes three", 30, "points.bad", "three", 4},
		{"yes 3.25", 30, "points.bad", "3.25", 4},
		{"yes 99999999999999999999", 30, "points.bad", "99999999999999999999", 4},
		{"yes -3", 30, "points.bad", "-3", 4},
		{"yes 0", 30, "points.zero", "0", 4},
		{"steps", 30, "threshold.none", "", 5},
		{"steps 95", 30, "threshold.bad", "95", 6},
		{"steps 95:3 85.55:2", 30, "threshold.bad", "85.55:2", 11},
		{"rank 0:3", 30, "threshold.bad", "0:3", 5},
		{"steps 85:3 95:2", 30, "threshold.order", "95:2", 11},
		{"steps 95:2 85:3", 30, "threshold.order", "85:3", 11},
		{"upto 15:3 0:2", 30, "threshold.order", "0:2", 10},
		{"atleast 3:1 1:3", 30, "threshold.order", "1:3", 12},
		{"count 1 5", 50, "word.missing", "5", 8},
		{"count 1 max", 50, "word.missing", "", 11},
		{"short 4", 40, "word.missing", "", 7},
		{"short 4 by 1 by 1", 40, "word.extra", "by", 13},
		{"yes 2 1", 30, "word.extra", "1", 6},
		{"yes 2 + yes 2", 30, "sum.over", "4", 13},
		{"yes + yes", 30, "sum.over", "6", 9},
		{"linear 2", 30, "sum.under", "2", 8},
	} {
		_, err := ParseRule(test.text, test.max)
		var bad *SyntaxError
		if !errors.As(err, &bad) {
			t.Errorf("ParseRule(%q) = %v, want %s", test.text, err, test.code)
			continue
		}
		if bad.Code != test.code || bad.Token != test.token || bad.Pos != test.pos {
			t.Errorf("ParseRule(%q) = %s %q at %d, want %s %q at %d",
				test.text, bad.Code, bad.Token, bad.Pos, test.code, test.token, test.pos)
		}
	}
}

func TestInputs(t *testing.T) {
	r := must(t, "atleast 1:1 + linear 2 + judged 1 + less 2 by 1 by 0.5", 60)
	var got []Role
	for _, need := range r.Inputs() {
		got = append(got, need.Role)
	}
	want := []Role{RoleCount, RoleNumerator, RoleDenominator, RolePoints, RoleCount, RoleCount}
	if !slices.Equal(got, want) {
		t.Errorf("Inputs = %v, want %v", got, want)
	}
	if !r.NeedsComment() {
		t.Error("NeedsComment = false for judged")
	}
}

func TestParsePoints(t *testing.T) {
	for text, want := range map[string]int64{"3": 30, "0.5": 5, "0,5": 5, "12.0": 120} {
		if got, err := ParsePoints(text); err != nil || got != want {
			t.Errorf("ParsePoints(%q) = %d, %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", ".5", "1.", "1.25", "-1", "1,0,0", " 1"} {
		if got, err := ParsePoints(text); err == nil {
			t.Errorf("ParsePoints(%q) = %d, want a refusal", text, got)
		}
	}
	if got := FormatPoints(45); got != "4.5" {
		t.Errorf("FormatPoints(45) = %s", got)
	}
}

// Any rule that reads can be written and read again to the same rule.
func TestRuleRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, max := drawRule(t)
		r, err := ParseRule(text, max)
		if err != nil {
			t.Fatalf("ParseRule(%q, %d) = %v", text, max, err)
		}
		again, err := ParseRule(r.String(), max)
		if err != nil || again.String() != r.String() {
			t.Fatalf("%q became %q, then %q, %v", text, r, again, err)
		}
		if !slices.Equal(again.Inputs(), r.Inputs()) {
			t.Fatalf("%q reads %v, written and read again %v", text, r.Inputs(), again.Inputs())
		}
	})
}

func FuzzParseRule(f *testing.F) {
	for _, text := range []string{
		"yes", "linear 4", "steps 95:3 85:2 70:1", "upto 0:3 15:2", "atleast 1:2 + linear 2",
		"count 1 max 5", "short 4 by 1", "less 3 by 1 by 0,5", "rank 1:5 3:4", "judged", "+", "yes 1 + ",
	} {
		f.Add(text, int64(30))
	}
	f.Fuzz(func(t *testing.T, text string, max int64) {
		r, err := ParseRule(text, max)
		if err != nil {
			var bad *SyntaxError
			if !errors.As(err, &bad) || bad.Code == "" || bad.Pos < 0 || bad.Pos > len(text) {
				t.Fatalf("ParseRule(%q, %d) = %#v", text, max, err)
			}
			return
		}
		again, err := ParseRule(r.String(), max)
		if err != nil || again.String() != r.String() {
			t.Fatalf("%q became %q, then %q, %v", text, r, again, err)
		}
		in := make([]Input, len(r.Inputs()))
		for i := range in {
			in[i] = Given(int64(i) * Unit)
		}
		if got := r.Compute(in, in); got.OK() && (got.Points < 0 || got.Points > max) {
			t.Fatalf("%q gives %d of %d", r, got.Points, max)
		}
	})
}

func must(t interface {
	Helper()
	Fatalf(string, ...any)
}, text string, max int64) Rule {
	t.Helper()
	r, err := ParseRule(text, max)
	if err != nil {
		t.Fatalf("ParseRule(%q, %d) = %v", text, max, err)
	}
	return r
}

// drawRule makes a rule of one to three parts, each worth a whole number of half
// points, and the maximum they add up to.
func drawRule(t *rapid.T) (string, int64) {
	var parts []string
	total := int64(0)
	for range rapid.IntRange(1, 3).Draw(t, "parts") {
		worth := int64(rapid.IntRange(1, 20).Draw(t, "worth")) * half
		parts = append(parts, drawPart(t, decimal(worth, 1), worth))
		total += worth
	}
	return strings.Join(parts, " + "), total
}

func drawPart(t *rapid.T, p string, worth int64) string {
	small := func(name string) int { return rapid.IntRange(1, 40).Draw(t, name) }
	lower := decimal(worth-1, 1)
	switch verb := rapid.SampledFrom([]Verb{
		VerbYes, VerbLinear, VerbJudged, VerbSteps, VerbUpto, VerbAtLeast,
		VerbCount, VerbShort, VerbLess, VerbRank,
	}).Draw(t, "verb"); verb {
	case VerbSteps:
		return fmt.Sprintf("steps %d,5:%s %d:%s", 50+small("high"), p, small("low"), lower)
	case VerbUpto:
		return fmt.Sprintf("upto 0:%s %d.25:%s", p, small("late"), lower)
	case VerbAtLeast:
		return fmt.Sprintf("atleast %d:%s %d:%s", small("low"), lower, 50+small("high"), p)
	case VerbCount:
		return fmt.Sprintf("count %s max %s", decimal(int64(small("each")), 1), p)
	case VerbShort:
		return fmt.Sprintf("short %s by %s", p, decimal(int64(small("each")), 1))
	case VerbLess:
		return fmt.Sprintf("less %s by %s by 0,5", p, decimal(int64(small("each")), 1))
	case VerbRank:
		return fmt.Sprintf("rank %d:%s %d:%s", small("first"), p, 50+small("last"), lower)
	default:
		return fmt.Sprintf("%s %s", verb, p)
	}
}
