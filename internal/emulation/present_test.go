package emulation

import (
	"math/big"
	"slices"
	"strings"
	"testing"

	"dongthuan/internal/lang"
	"dongthuan/internal/score"
	"dongthuan/internal/web"
)

// TestHowSaysThatAShareIsAboveOne: more done than was due may be true or two cells
// swapped, so the person is told, in either language, and only then.
func TestHowSaysThatAShareIsAboveOne(t *testing.T) {
	words, err := lang.Load(Text)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		done, due int64
		want      bool
	}{{13, 14, false}, {14, 14, false}, {15, 14, true}} {
		for l, note := range map[string]string{"vi": "15 lớn hơn 14", "en": "15 is more than 14"} {
			b := web.Base{Lang: l, Site: &web.Site{Settings: web.Settings{Text: words}}}
			r := score.Result{Steps: []score.Step{{Verb: score.VerbLinear, Num: c.done * lang.Unit, Den: c.due * lang.Unit, Worth: 60, Points: new(big.Rat)}}}
			lines := how(b, Criterion{}, r)
			got := slices.ContainsFunc(lines, func(line string) bool { return strings.Contains(line, note) })
			if got != c.want {
				t.Errorf("%d of %d in %s: the note is %v, want %v: %q", c.done, c.due, l, got, c.want, lines)
			}
		}
	}
}
