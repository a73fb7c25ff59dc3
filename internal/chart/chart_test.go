package chart

import (
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// check reads a picture as XML and fails where it is not well formed, carries a
// style, or draws outside its frame.
func check(t interface {
	Helper()
	Fatalf(string, ...any)
}, svg string) {
	t.Helper()
	dec := xml.NewDecoder(strings.NewReader(svg))
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("not well formed: %v\n%s", err, svg)
		}
		el, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		at := map[string]float64{}
		for _, a := range el.Attr {
			if a.Name.Local == "style" || strings.HasPrefix(a.Name.Local, "on") {
				t.Fatalf("attribute %s is not allowed", a.Name.Local)
			}
			at[a.Name.Local], _ = strconv.ParseFloat(a.Value, 64)
		}
		if el.Name.Local == "rect" && (at["x"] < 0 || at["x"]+at["width"] > width+.01) {
			t.Fatalf("a bar from %v of width %v runs out of %v", at["x"], at["width"], width)
		}
	}
}

func TestBarsStayInside(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.String()
		value := rapid.Int64Range(-1000, 1_000_000_000_000)
		var stacks []Stack
		var pairs []Pair
		for range rapid.IntRange(0, 15).Draw(t, "rows") {
			stacks = append(stacks, Stack{name.Draw(t, "name"), rapid.SliceOfN(value, 0, 7).Draw(t, "parts"), "x"})
			pairs = append(pairs, Pair{name.Draw(t, "name"), value.Draw(t, "before"), value.Draw(t, "now"), "a", "b"})
		}
		for _, svg := range []string{string(Stacked(Text{"a", "T", "D"}, stacks, 0)), string(Paired(Text{"b", "T", "D"}, pairs))} {
			if strings.ContainsFunc(svg, func(r rune) bool { return r < 0x20 && r != '\n' && r != '\t' || r == 0xFFFE || r == 0xFFFF }) {
				continue // a name that XML cannot carry never leaves lang.Clean
			}
			check(t, svg)
		}
	})
}

func TestLongAndOddNames(t *testing.T) {
	svg := string(Stacked(Text{"a", `T"<`, "D"}, []Stack{{strings.Repeat("Phường Văn Miếu - Quốc Tử Giám ", 9), []int64{1, 0, 2}, "3"}, {"<script>", nil, ""}}, 0))
	check(t, svg)
	if strings.Contains(svg, "<script") || !strings.Contains(svg, "…") {
		t.Error(svg)
	}
}
