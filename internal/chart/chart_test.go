package chart

import (
	"encoding/xml"
	"errors"
	"flag"
	"html/template"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"

	"dongthuan/internal/lang"

	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write the golden charts anew")

func points(n int64) string { return lang.Points("vi", n) }

func TestGolden(t *testing.T) {
	golden(t, "stacked.svg", Stacked(Text{ID: "diem", Title: "Điểm theo nhóm của từng đơn vị", Description: "Phường Cầu Mây cao nhất.", Write: points,
		Series: []string{"Nhóm I", "Nhóm II", "Nhóm III", "Nhóm IV", "Nhóm V", "Thưởng"}}, []Stack{
		{"Phường Cầu Mây", []int64{195, 240, 190, 140, 140, 20}, "92,5"},
		{"Ủy ban nhân dân xã Đông Phú và các tổ dân phố ven sông mới sáp nhập năm 2025", []int64{145, 0, 170, 130, 130, 0}, "57,5"},
		{"Xã <Hoà Thạch> & “Yên Hòa”", []int64{0, 0, 0, 0, 0, 0}, "0,0"},
	}, 1000))
	pairs := []Pair{
		{"Số cuộc đối thoại", 36000, 48000, "36", "48"},
		{"Tỷ lệ hộ nghèo (%)", 0, 1250, "–", "1,25"},
		{"Ý kiến đã trả lời", 1234500, 0, "1.234,5", "0"},
	}
	text := Text{ID: "ky", Title: "Kỳ này so với kỳ trước"}
	golden(t, "paired.svg", Paired(text, pairs))
	text.Common, text.Write = true, func(n int64) string { return lang.Figure("vi", n) }
	golden(t, "common.svg", Paired(text, pairs))
}

func golden(t *testing.T, name string, svg template.HTML) {
	t.Helper()
	got := string(svg)
	check(t, got)
	if *update {
		if err := os.WriteFile("testdata/"+name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is now\n%s", name, got)
	}
}

// check reads a chart as XML: nothing styled, nothing outside, ids and roles there.
func check(t interface {
	Helper()
	Fatalf(string, ...any)
}, svg string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(svg))
	d.Strict = true
	height, ids, end := 0.0, map[string]bool{}, 0.0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("not well formed: %v\n%s", err, svg)
		}
		e, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		a := map[string]string{}
		for _, at := range e.Attr {
			if at.Name.Local == "style" || strings.HasPrefix(at.Name.Local, "on") || at.Name.Local == "href" {
				t.Fatalf("%s has %s", e.Name.Local, at.Name.Local)
			}
			a[at.Name.Local] = at.Value
		}
		number := func(name string) float64 {
			n, err := strconv.ParseFloat(strings.TrimSuffix(a[name], "%"), 64)
			if err != nil {
				t.Fatalf("%s of %s: %v", name, e.Name.Local, err)
			}
			return n
		}
		if id := a["id"]; id != "" {
			if ids[id] {
				t.Fatalf("id %s twice", id)
			}
			ids[id] = true
		}
		switch e.Name.Local {
		case "svg":
			height = number("height")
			if a["role"] != "img" || a["aria-labelledby"] == "" {
				t.Fatalf("svg lacks role or name")
			}
		case "rect":
			if x, w, y, h := number("x"), number("width"), number("y"), number("height"); x < 0 || w < 0 || x+w > 88.001 || y < 0 || y+h > height {
				t.Fatalf("a bar at %v+%v, %v+%v is outside of %v", x, w, y, h, height)
			} else {
				end = max(end, x+w)
			}
		case "text", "line":
			for _, name := range []string{"x", "x1", "x2"} {
				if a[name] != "" && (number(name) < 0 || number(name) > 88.001) {
					t.Fatalf("%s at %s", e.Name.Local, a[name])
				}
			}
			for _, name := range []string{"y", "y1", "y2"} {
				if a[name] != "" && (number(name) < 0 || number(name) > height) {
					t.Fatalf("%s at y %s of %v", e.Name.Local, a[name], height)
				}
			}
		case "style", "script", "foreignObject", "image", "a":
			t.Fatalf("has a %s", e.Name.Local)
		}
	}
	if len(ids) != 2 {
		t.Fatalf("ids %v, want a title's and a description's", ids)
	}
}

func TestOddData(t *testing.T) {
	for _, test := range []struct {
		name  string
		rows  []Stack
		most  int64
		drawn bool
	}{
		{"no rows", nil, 0, false},
		{"all zero", []Stack{{"a", []int64{0}, "0"}, {"b", []int64{0}, "0"}}, 0, true},
		{"one row", []Stack{{"a", []int64{5}, "5"}}, 0, true},
		{"no parts", []Stack{{"a", nil, "–"}}, 0, true},
		{"nine parts", []Stack{{"a", []int64{1, 2, 3, 4, 5, 6, 7, 8, 9}, "45"}}, 0, true},
		{"past the end of the axis", []Stack{{"a", []int64{5000}, "5000"}}, 10, true},
		{"a name without blanks", []Stack{{strings.Repeat("ưỡ", 500), []int64{1}, "1"}}, 0, true},
		{"no name", []Stack{{"", []int64{1}, ""}}, 0, true},
		{"signs", []Stack{{"\x00\x1b]<>&\"'\u202e\xff", []int64{1}, "\x00<"}}, 0, true},
		{"a long number", []Stack{{"a", []int64{1}, strings.Repeat("9", 99)}}, 0, true},
		{"negative", []Stack{{"a", []int64{2, -1}, "1"}}, 0, false},
		{"absurd", []Stack{{"a", []int64{1 << 62}, "1"}}, 0, false},
		{"an absurd axis", []Stack{{"a", []int64{1}, "1"}}, 1 << 62, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			svg := string(Stacked(Text{ID: `a" onload="x`, Title: "T", Write: points, Series: []string{"<x>"}}, test.rows, test.most))
			if (svg != "") != test.drawn {
				t.Fatalf("Stacked = %q", svg)
			}
			if test.drawn {
				check(t, svg)
			}
		})
	}
	for _, rows := range [][]Pair{nil, {{"x", -1, 0, "−1", "0"}}, {{"x", 0, 1 << 60, "0", "1"}}} {
		if svg := Paired(Text{ID: "a", Title: "T"}, rows); svg != "" {
			t.Errorf("Paired(%v) = %q", rows, svg)
		}
	}
}

func TestBarsStayInside(t *testing.T) {
	value := rapid.OneOf(rapid.Int64Range(0, 1000), rapid.Int64Range(0, maxValue/8), rapid.Just(int64(0)))
	rapid.Check(t, func(t *rapid.T) {
		var rows []Stack
		var pairs []Pair
		for range rapid.IntRange(1, 15).Draw(t, "rows") {
			name, label := rapid.String().Draw(t, "name"), rapid.StringN(0, 20, -1).Draw(t, "label")
			rows = append(rows, Stack{name, rapid.SliceOfN(value, 0, 8).Draw(t, "values"), label})
			pairs = append(pairs, Pair{name, value.Draw(t, "before"), value.Draw(t, "now"), label, label})
		}
		text := Text{ID: rapid.String().Draw(t, "id"), Title: rapid.String().Draw(t, "title"), Description: rapid.String().Draw(t, "description"), Series: []string{"a", "b"}}
		for _, text.Common = range []bool{false, true} {
			check(t, string(Stacked(text, rows, value.Draw(t, "most"))))
			check(t, string(Paired(text, pairs)))
			text.Write = points
		}
	})
}

func TestScale(t *testing.T) {
	for _, test := range []struct{ top, step, end int64 }{
		{0, 1, 1}, {1, 1, 1}, {5, 1, 5}, {6, 2, 6}, {11, 5, 15}, {47, 10, 50}, {1000, 200, 1000}, {1001, 500, 1500}, {2501, 1000, 3000},
	} {
		if step, end := scale(test.top); step != test.step || end != test.end {
			t.Errorf("scale(%d) = %d, %d; want %d, %d", test.top, step, end, test.step, test.end)
		}
	}
}

func TestClass(t *testing.T) {
	if Class(0) != "s1" || Class(5) != "s6" || Class(6) != "s1" {
		t.Errorf("Class = %s %s %s", Class(0), Class(5), Class(6))
	}
}
