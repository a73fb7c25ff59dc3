// Package chart draws bars as SVG: attributes and classes only, so that the
// site's policy lets them through and its style sheet colours them, in the dark
// and in print too.
//
// A chart has no viewBox: its height is fixed and its widths are percentages, so
// that text keeps its size on a phone and on a wide screen while bars stretch.
// Every value axis begins at zero. The numbers also belong in a table beside the
// chart, which is the caller's.
package chart

import (
	"fmt"
	"html/template"
	"math"
	"regexp"
	"strconv"
	"strings"

	"dongthuan/internal/lang"
)

// Text is what a chart says in words.
type Text struct {
	ID          string // begins the ids inside: letters, digits, hyphens; once on a page
	Title       string // what it shows, for who does not see it
	Description string // what there is to see in it, in a sentence or two
	// Write says a value of the axis as the page's language does: lang.Points,
	// lang.Figure. Without it the axis has lines and no numbers.
	Write func(int64) string
	// Series names the parts of a bar, for who points at one.
	Series []string
	// Common gives all rows of Paired one axis. Without it each row has a scale of
	// its own, for rows whose units differ.
	Common bool
}

// Stack is one bar of Stacked: its parts stand one after another, Label behind them.
type Stack struct {
	Name  string
	Parts []int64
	Label string
}

// Pair is two bars of Paired, each with its value in words behind it. A value that
// is not there is zero with "–" for its words.
type Pair struct {
	Name        string
	Before, Now int64
	BeforeLabel string
	NowLabel    string
}

// Class is the colour of part i of a bar, for the legend: s1 to s6, then again.
func Class(i int) string { return "s" + strconv.Itoa(i%6+1) }

// The colours of Paired.
const (
	NowClass    = "s1"
	BeforeClass = "s0"
)

// maxValue keeps sums and scales inside 64 bits.
const maxValue = 1_000_000_000_000_000

// Sizes, in the pixels that text has. The text of a chart is 13 px.
const (
	lineHeight = 18
	barHeight  = 18
	pairHeight = 15
	gap        = 12
	digit      = 8.2 // a digit's, the widest sign of numbers
	narrow     = 320 // the width in which everything still fits
	nameMost   = 42  // letters of a name on one line of that width
)

// Stacked draws a bar for each row. The axis ends at most, or further where a bar
// does not fit. What cannot be drawn honestly makes no chart, and the table beside
// it still says everything: no rows, a value below zero, or one past all measure.
func Stacked(t Text, rows []Stack, most int64) template.HTML {
	var top int64
	longest := 0
	for _, r := range rows {
		var sum int64
		for _, v := range r.Parts {
			if sum += v; v < 0 || v > maxValue || sum > maxValue {
				return ""
			}
		}
		top = max(top, sum)
		longest = max(longest, len([]rune(r.Label)))
	}
	if len(rows) == 0 || most > maxValue {
		return ""
	}
	d := begin(t, top, most, longest)
	for _, r := range rows {
		d.open(r.Name)
		at := int64(0)
		for i, v := range r.Parts {
			if v > 0 {
				d.bar(Class(i), at, at+v, barHeight, d.part(r.Name, i, v))
			}
			at += v
		}
		d.value(at, barHeight, r.Label)
		d.y += barHeight + gap
		d.close()
	}
	return d.end()
}

// part says what a part of a bar is, "" where nobody told its name.
func (d *drawing) part(name string, i int, v int64) string {
	if i >= len(d.text.Series) || d.text.Write == nil {
		return ""
	}
	return name + ", " + d.text.Series[i] + ": " + d.text.Write(v)
}

// Paired draws two bars for each row: this period's above the last one's. What
// cannot be drawn honestly makes no chart, as with Stacked.
func Paired(t Text, rows []Pair) template.HTML {
	var top int64
	longest := 1
	for _, r := range rows {
		if r.Now < 0 || r.Now > maxValue || r.Before < 0 || r.Before > maxValue {
			return ""
		}
		top = max(top, r.Now, r.Before)
		longest = max(longest, len([]rune(r.NowLabel)), len([]rune(r.BeforeLabel)))
	}
	if len(rows) == 0 {
		return ""
	}
	d := begin(t, top, 0, longest)
	for _, r := range rows {
		if !t.Common {
			d.max = max(1, r.Now, r.Before)
		}
		d.open(r.Name)
		for _, b := range []struct {
			class, label string
			value        int64
		}{{NowClass, r.NowLabel, r.Now}, {BeforeClass, r.BeforeLabel, r.Before}} {
			if b.value > 0 {
				d.bar(b.class, 0, b.value, pairHeight, "")
			}
			d.value(b.value, pairHeight, b.label)
			d.y += pairHeight + 1
		}
		d.y += gap
		d.close()
	}
	if !t.Common {
		d.ticks = nil
	}
	return d.end()
}

// drawing is a chart while it is drawn, from above downwards.
type drawing struct {
	text  Text
	max   int64 // value at the end of the axis
	step  int64
	ticks []int64
	width float64 // of the axis, in percent
	y     int
	body  strings.Builder
}

// begin sets the scale. The longest number still has room behind the longest bar
// where the chart is narrowest.
func begin(t Text, top, most int64, longest int) *drawing {
	d := &drawing{text: t, y: 2}
	d.step, d.max = scale(top)
	if most >= top && most > 0 {
		d.step, _ = scale(most)
		d.max = most
	}
	for v := int64(0); v <= d.max; v += d.step {
		d.ticks = append(d.ticks, v)
	}
	room := (float64(longest)*digit + 10) / narrow * 100
	d.width = 100 - math.Min(math.Max(math.Ceil(room), 12), 60)
	return d
}

// scale chooses a step of 1, 2 or 5 and zeros, and an end of the axis in whole
// steps, at most five of them, that is not below top.
func scale(top int64) (step, end int64) {
	step = 1
	for i := 0; step*5 < top; i++ {
		step = []int64{2, 5, 10}[i%3] * pow10(i/3)
	}
	return step, max(step, (top+step-1)/step*step)
}

func pow10(n int) int64 {
	p := int64(1)
	for range n {
		p *= 10
	}
	return p
}

// at is where a value stands, in percent with two decimals.
func (d *drawing) at(v int64) float64 {
	return math.Round(float64(v)/float64(d.max)*d.width*100) / 100
}

func percent(p float64) string { return strconv.FormatFloat(p, 'f', -1, 64) + "%" }

// open begins a row with its name on a line of its own, or on two.
func (d *drawing) open(name string) {
	name = lang.Line(name)
	d.body.WriteString("<g>\n")
	lines, whole := wrap(name, nameMost)
	if !whole {
		fmt.Fprintf(&d.body, "<title>%s</title>\n", escape(name))
	}
	for _, l := range lines {
		d.y += lineHeight
		fmt.Fprintf(&d.body, `<text x="0" y="%d">%s</text>`+"\n", d.y-5, escape(l))
	}
}

func (d *drawing) close() { d.body.WriteString("</g>\n") }

func (d *drawing) bar(class string, from, to int64, height int, words string) {
	x := d.at(from)
	width := math.Round((d.at(to)-x)*100) / 100
	fmt.Fprintf(&d.body, `<rect class="%s edge" x="%s" y="%d" width="%s" height="%d"`, class, percent(x), d.y, percent(width), height)
	if words = lang.Line(words); words != "" {
		fmt.Fprintf(&d.body, "><title>%s</title></rect>\n", escape(words))
	} else {
		d.body.WriteString("/>\n")
	}
}

// value writes a number behind the bar that ends at v.
func (d *drawing) value(v int64, height int, words string) {
	fmt.Fprintf(&d.body, `<text x="%s" dx="6" y="%d">%s</text>`+"\n", percent(d.at(v)), d.y+height/2+5, escape(lang.Line(words)))
}

// end draws the axis behind the rows and returns the whole.
func (d *drawing) end() template.HTML {
	t := d.text
	bottom := d.y - gap + 6
	height := bottom + 2
	var axis strings.Builder
	line := func(v int64) {
		x := percent(d.at(v))
		fmt.Fprintf(&axis, `<line class="axis" x1="%s" y1="0" x2="%s" y2="%d"/>`+"\n", x, x, bottom)
	}
	if d.ticks == nil {
		line(0)
	}
	for _, v := range d.ticks {
		line(v)
	}
	if d.ticks != nil && t.Write != nil {
		height += lineHeight
		d.numbers(&axis, bottom+15)
	}
	id := notInID.ReplaceAllString(t.ID, "")
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" class="chart" width="100%%" height="%d" role="img" aria-labelledby="%s-t %s-d">`+"\n", height, id, id)
	fmt.Fprintf(&b, `<title id="%s-t">%s</title>`+"\n", id, escape(lang.Line(t.Title)))
	fmt.Fprintf(&b, `<desc id="%s-d">%s</desc>`+"\n", id, escape(lang.Line(t.Description)))
	b.WriteString(axis.String())
	b.WriteString(d.body.String())
	b.WriteString("</svg>")
	// Safe: every text in it went through escape, the id holds letters, digits and
	// hyphens only, and all else is numbers and classes of ours.
	return template.HTML(b.String())
}

var notInID = regexp.MustCompile(`[^A-Za-z0-9-]`)

// numbers writes the axis's values below it, and leaves out those that would touch
// each other where the chart is narrowest.
func (d *drawing) numbers(axis *strings.Builder, y int) {
	longest := 0
	for _, v := range d.ticks {
		longest = max(longest, len([]rune(d.text.Write(v))))
	}
	apart := narrow * d.width / 100 * float64(d.step) / float64(d.max)
	every := min(len(d.ticks), 1+int((float64(longest)*digit+8)/apart))
	for i := 0; i < len(d.ticks); i += every {
		anchor := "middle"
		if i == 0 {
			anchor = "start"
		}
		fmt.Fprintf(axis, `<text class="soft" x="%s" y="%d" text-anchor="%s">%s</text>`+"\n",
			percent(d.at(d.ticks[i])), y, anchor, escape(lang.Line(d.text.Write(d.ticks[i]))))
	}
}

// escape makes text safe inside elements and quoted attributes.
func escape(s string) string { return template.HTMLEscapeString(s) }

// wrap breaks a name into at most two lines of at most `most` letters, at blanks
// where it can. whole is false where the end had to be left out.
func wrap(s string, most int) (lines []string, whole bool) {
	r := []rune(s)
	for len(lines) < 2 {
		if len(r) <= most {
			return append(lines, string(r)), true
		}
		cut := most
		for i := most; i > most/2; i-- {
			if r[i] == ' ' {
				cut = i
				break
			}
		}
		lines = append(lines, strings.TrimSpace(string(r[:cut])))
		r = []rune(strings.TrimSpace(string(r[cut:])))
	}
	last := []rune(lines[1])
	lines[1] = strings.TrimSpace(string(last[:min(len(last), most-1)])) + "…"
	return lines, false
}
