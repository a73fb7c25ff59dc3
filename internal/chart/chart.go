// Package chart draws bars as SVG on the server. A chart carries classes and
// attributes only, no styles, because the pages allow none; its colours stand in
// the one style sheet. Value axes start at zero. The table that says the same is
// its caller's.
package chart

import (
	"fmt"
	"html/template"
	"strings"
)

// The picture is drawn for a phone's width and grows with the page: names stand
// above their bars, so that long ones fit.
const (
	width   = 360.0
	row     = 40.0 // height of one bar with its name
	bar     = 14.0
	gap     = 3.0
	right   = 52.0 // room for the number at the end
	letters = 54   // of a name, at most
)

// Stack is one bar of parts that add up.
type Stack struct {
	Name  string
	Parts []int64
	Label string // written at the end of the bar
}

// Pair is a name with two values: the one before, and now.
type Pair struct {
	Name                 string
	Before, Now          int64
	BeforeLabel, NowText string
}

// Text names a chart for those who do not see it. ID must differ on one page.
type Text struct{ ID, Title, Description string }

// Stacked draws horizontal bars of parts; most is the value of the full width,
// the largest sum where it is zero.
func Stacked(t Text, all []Stack, most int64) template.HTML {
	for _, s := range all {
		most = max(most, sum(s.Parts))
	}
	p := begin(t, float64(len(all))*row)
	for i, s := range all {
		y := float64(i) * row
		p.name(s.Name, y)
		x := 0.0
		for j, part := range s.Parts {
			w := scale(part, most, width-right)
			p.rect(x, y+20, w, bar, fmt.Sprintf("s%d edge", j%6+1))
			x += w
		}
		p.text(width-right+6, y+31, s.Label, "")
	}
	return p.end(float64(len(all)) * row)
}

// Paired draws two bars for each name. Each pair has a scale of its own, its
// larger value the full width, so that unlike things stand in one picture.
func Paired(t Text, all []Pair) template.HTML {
	const high = 54.0
	p := begin(t, float64(len(all))*high)
	for i, s := range all {
		y := float64(i) * high
		most := max(s.Before, s.Now)
		p.name(s.Name, y)
		p.rect(0, y+20, scale(s.Before, most, width-right-20), bar-2, "s0")
		p.text(width-right-14, y+30, s.BeforeLabel, "soft")
		p.rect(0, y+20+bar, scale(s.Now, most, width-right-20), bar-2, "s1")
		p.text(width-right-14, y+30+bar, s.NowText, "")
	}
	return p.end(float64(len(all)) * high)
}

func sum(parts []int64) (n int64) {
	for _, p := range parts {
		n += max(p, 0)
	}
	return n
}

// scale is a value's length; a negative one has none.
func scale(v, most int64, full float64) float64 {
	if v <= 0 || most <= 0 {
		return 0
	}
	return min(float64(v)/float64(most), 1) * full
}

type picture struct{ strings.Builder }

func begin(t Text, height float64) *picture {
	p := &picture{}
	fmt.Fprintf(p, `<svg class="chart" viewBox="0 0 %.0f %.0f" role="img" aria-labelledby="%s-t %s-d"><title id="%s-t">%s</title><desc id="%s-d">%s</desc>`,
		width, max(height, 10)+4, esc(t.ID), esc(t.ID), esc(t.ID), esc(t.Title), esc(t.ID), esc(t.Description))
	return p
}

func (p *picture) end(height float64) template.HTML {
	fmt.Fprintf(p, `<line class="axis" x1="0" y1="0" x2="0" y2="%.0f"/></svg>`, height)
	return template.HTML(p.String()) // every text in it was escaped
}

func (p *picture) rect(x, y, w, h float64, class string) {
	if w > 0 {
		fmt.Fprintf(p, `<rect class="%s" x="%.2f" y="%.1f" width="%.2f" height="%.1f"/>`, class, x, y, w, h)
	}
}

func (p *picture) name(s string, y float64) { p.text(2, y+14, cut(s, letters), "") }

func (p *picture) text(x, y float64, s, class string) {
	if class != "" {
		class = ` class="` + class + `"`
	}
	fmt.Fprintf(p, `<text%s x="%.1f" y="%.1f">%s</text>`, class, x, y, esc(s))
}

// cut shortens a name that would run out of the picture.
func cut(s string, most int) string {
	r := []rune(s)
	if len(r) <= most {
		return s
	}
	return strings.TrimSpace(string(r[:most-1])) + "…"
}

func esc(s string) string { return template.HTMLEscapeString(s) }
