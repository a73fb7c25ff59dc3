package emulation

import (
	"html/template"

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

// groupBars draws the points by group of every unit of a ranking.
func groupBars(b web.Base, r Ranking) Bars {
	bars := Bars{Title: b.Words("emulation.chart.groups"), Head: []string{b.Words("cluster.unit")}}
	for i, g := range r.Groups {
		bars.Legend = append(bars.Legend, Key{"s" + itoa(int64(i%6+1)), g.Code + ". " + g.Name})
		bars.Head = append(bars.Head, g.Code)
	}
	bars.Head = append(bars.Head, b.Words("emulation.base"))
	var stacks []chart.Stack
	for _, row := range r.Rows {
		stacks = append(stacks, chart.Stack{Name: row.Name, Parts: row.Groups, Label: lang.PointsFixed(b.Lang, row.Base)})
		cells := []string{row.Name}
		for _, g := range row.Groups {
			cells = append(cells, lang.PointsFixed(b.Lang, g))
		}
		bars.Rows = append(bars.Rows, append(cells, lang.PointsFixed(b.Lang, row.Base)))
	}
	var most int64
	for _, g := range r.Groups {
		most += g.Max
	}
	bars.SVG = chart.Stacked(chart.Text{ID: "groups", Title: bars.Title, Description: b.Words("emulation.chart.table"), Write: func(n int64) string { return lang.Points(b.Lang, n) }}, stacks, most)
	return bars
}

// SampleBars is a chart for the page of components.
func SampleBars(b web.Base) Bars {
	return groupBars(b, Ranking{Groups: []RankGroup{{"I", "A", 150}, {"II", "B", 200}, {"III", "C", 250}, {"IV", "D", 150}, {"V", "E", 150}, {"VI", "F", 100}},
		Rows: []RankingRow{{Name: "Phường Văn Miếu - Quốc Tử Giám và vùng phụ cận có tên rất dài để thử", Groups: []int64{145, 185, 235, 135, 140, 95}, Base: 935}, {Name: "Xã An Phúc", Groups: []int64{0, 0, 0, 0, 0, 0}}}})
}
