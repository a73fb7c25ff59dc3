package report

import (
	"html/template"
	"slices"
	"strconv"

	"dongthuan/internal/chart"
	"dongthuan/internal/lang"
	"dongthuan/internal/web"
)

// Bars is a chart with the table that says the same.
type Bars struct {
	Title  string
	SVG    template.HTML
	Legend []Key
	Head   []string
	Rows   [][]string
}

// Key names a colour of a chart.
type Key struct{ Class, Words string }

// mostBars is how many units or figures a chart shows: more is a table's work.
const mostBars = 40

// pointsBars draws the points by group of every unit.
func pointsBars(b web.Base, c Compiled) Bars {
	bars := Bars{Title: b.Words("report.chart.points"), Head: []string{b.Words("report.unit")}}
	var most int64
	for i, g := range c.Groups {
		most += g.Max
		bars.Legend = append(bars.Legend, Key{"s" + strconv.Itoa(i%6+1), g.Code + ". " + g.Name})
		bars.Head = append(bars.Head, g.Code)
	}
	bars.Head = append(bars.Head, b.Words("report.base"))
	var stacks []chart.Stack
	for _, p := range c.Points[:min(len(c.Points), mostBars)] {
		stacks = append(stacks, chart.Stack{Name: p.Name, Parts: p.Groups, Label: lang.PointsFixed(b.Lang, p.Base)})
		row := []string{p.Name}
		for _, g := range append(slices.Clone(p.Groups), p.Base) {
			row = append(row, lang.PointsFixed(b.Lang, g))
		}
		bars.Rows = append(bars.Rows, row)
	}
	bars.SVG = chart.Stacked(chart.Text{ID: "points", Title: bars.Title, Description: b.Words("report.chart.table"), Write: func(n int64) string { return lang.Points(b.Lang, n) }}, stacks, most)
	return bars
}

// comparedBars draws this period's figures beside the last one's: those without
// points first, for they are what a reader of the report looks for.
func comparedBars(b web.Base, c Compiled) Bars {
	bars := Bars{Title: b.Words("report.chart.compared"), Head: []string{b.Words("report.figure"), c.LastName, c.Period},
		Legend: []Key{{"s0", c.LastName}, {"s1", c.Period}}}
	var pairs []chart.Pair
	for _, f := range slices.Backward(c.Figures) {
		if f.Last == nil || len(pairs) == 12 {
			continue
		}
		last, now := lang.Figure(b.Lang, *f.Last), lang.Figure(b.Lang, f.Now)
		pairs = append(pairs, chart.Pair{Name: f.Label, Before: *f.Last, Now: f.Now, BeforeLabel: last, NowLabel: now})
		bars.Rows = append(bars.Rows, []string{f.Label, last, now})
	}
	if len(pairs) == 0 {
		return Bars{}
	}
	slices.Reverse(pairs)
	slices.Reverse(bars.Rows)
	bars.SVG = chart.Paired(chart.Text{ID: "compared", Title: bars.Title, Description: b.Words("report.chart.table")}, pairs)
	return bars
}
