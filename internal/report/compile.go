package report

import (
	"regexp"
	"strings"

	"dongthuan/internal/lang"
)

// Compiled is a report with its numbers filled in. It holds all that the page,
// the files and the data show, and is kept whole for each published version.
type Compiled struct {
	Slug      string      `json:"slug"`
	Title     string      `json:"title"`
	Abstract  string      `json:"abstract"`
	Cluster   string      `json:"cluster"`
	Period    string      `json:"period"`
	Path      string      `json:"path"`
	LastName  string      `json:"last_period,omitempty"`
	Trial     bool        `json:"trial"`
	Letter    Letter      `json:"letter"`
	Missing   []string    `json:"missing"`
	Parts     []Compound  `json:"sections"`
	Tasks     []Task      `json:"tasks"`
	Figures   []FigureRow `json:"figures"`
	Groups    []Group     `json:"groups"`
	Points    []PointsRow `json:"points"`
	UnitTable UnitTable   `json:"unit_table"`
}

// Compound is one part of the tree with its text.
type Compound struct {
	Part
	Paragraphs []Paragraph `json:"paragraphs"`
}

// Paragraph is a run of pieces; Source names the unit whose words it is.
type Paragraph struct {
	Pieces []Piece `json:"pieces"`
	Source string  `json:"source,omitempty"`
}

// String is the paragraph as plain text.
func (p Paragraph) String() string {
	var b strings.Builder
	for _, piece := range p.Pieces {
		b.WriteString(piece.Text)
	}
	return b.String()
}

// Piece is text, or a number with the address that opens it.
type Piece struct {
	Text string `json:"text"`
	To   string `json:"to,omitempty"`
	Bad  bool   `json:"bad,omitempty"` // a field that no frozen figure answers
}

// FigureRow is one indicator of the whole cluster, thousandths.
type FigureRow struct {
	Code  string `json:"indicator"`
	Label string `json:"label"`
	Unit  string `json:"unit_label"`
	Now   int64  `json:"value"`
	Last  *int64 `json:"last,omitempty"`
	To    string `json:"evidence"`
}

// PointsRow is one unit's points, tenths.
type PointsRow struct {
	Rank      int     `json:"rank"`
	Unit      string  `json:"unit"`
	Name      string  `json:"name"`
	Groups    []int64 `json:"groups"`
	Base      int64   `json:"base"`
	Bonus     int64   `json:"bonus"`
	Deduction int64   `json:"deduction"`
	Total     int64   `json:"total"`
	Class     string  `json:"class"`
	To        string  `json:"evidence"`
}

// UnitTable is the annex of models: registered and recognised by unit, or
// whichever two indicators stand under its heading.
type UnitTable struct {
	Columns []Indicator `json:"columns"`
	Rows    []UnitRow   `json:"rows"`
}

// UnitRow is a unit's values; nil is absent.
type UnitRow struct {
	Unit   string   `json:"unit"`
	Name   string   `json:"name"`
	Values []*int64 `json:"values"`
}

// field is a number in the text: [[code]] is the cluster's total, [[code@DV03]]
// a unit's figure, [[a/b]] the percentage of two totals.
var field = regexp.MustCompile(`\[\[([^\[\]]{1,140})\]\]`)

// badFields returns the fields of a text that the source cannot answer.
func badFields(s Source, text string) []string {
	var bad []string
	for _, m := range field.FindAllStringSubmatch(text, -1) {
		if fill(s, "vi", m[1]).Bad {
			bad = append(bad, m[0])
		}
	}
	return bad
}

// fill answers one field.
func fill(s Source, l, text string) Piece {
	bad := Piece{Text: "[[" + text + "]]", Bad: true}
	if num, den, ok := strings.Cut(text, "/"); ok {
		n, _, okN, _ := s.Sum(strings.TrimSpace(num))
		d, _, okD, _ := s.Sum(strings.TrimSpace(den))
		if !okN || !okD || d == 0 {
			return bad
		}
		return Piece{Text: strings.ReplaceAll(lang.Percent(l, n, d), " %", "%"), To: s.Path + "/so/" + strings.TrimSpace(num)}
	}
	code, unit, of := strings.Cut(text, "@")
	code = strings.TrimSpace(code)
	if of {
		u, ok := s.unit(strings.TrimSpace(unit))
		v, has := u.Values[code]
		if !ok || !has {
			return bad
		}
		return Piece{Text: lang.Figure(l, v), To: s.Path + "/don-vi/" + u.Code + "/so/" + code}
	}
	v, _, ok, _ := s.Sum(code)
	if !ok {
		return bad
	}
	return Piece{Text: lang.Figure(l, v), To: s.Path + "/so/" + code}
}

// pieces splits a paragraph into text and numbers.
func pieces(s Source, l, text string) []Piece {
	var all []Piece
	at := 0
	for _, m := range field.FindAllStringSubmatchIndex(text, -1) {
		if m[0] > at {
			all = append(all, Piece{Text: text[at:m[0]]})
		}
		all = append(all, fill(s, l, text[m[2]:m[3]]))
		at = m[1]
	}
	if at < len(text) {
		all = append(all, Piece{Text: text[at:]})
	}
	return all
}

// Compile fills a report in from its source, in the language of its text:
// Vietnamese.
func Compile(r Report, s Source) Compiled {
	const l = "vi"
	c := Compiled{Slug: r.Slug, Title: r.Title, Abstract: r.Abstract, Cluster: s.Cluster.Name, Period: s.Period.Name, Path: s.Path,
		LastName: s.LastName, Trial: s.Period.Trial, Letter: r.Letter, Missing: s.Missing(), Groups: s.Groups}
	plain := func(text string) string { return Paragraph{Pieces: pieces(s, l, text)}.String() }
	for _, t := range r.Tasks {
		c.Tasks = append(c.Tasks, Task{plain(t.Task), t.Lead, t.With, t.Due, plain(t.Product)})
	}
	names := map[string]string{}
	for _, u := range s.Units {
		names[u.ID] = u.Name
	}
	for _, p := range Tree {
		part := Compound{Part: p}
		for _, text := range strings.Split(r.Sections[p.Code].Body, "\n") {
			if text = strings.TrimSpace(text); text != "" {
				part.Paragraphs = append(part.Paragraphs, Paragraph{Pieces: pieces(s, l, text)})
			}
		}
		for _, pick := range r.Picks {
			if pick.Section != p.Code {
				continue
			}
			for _, text := range strings.Split(pick.Body, "\n") {
				if text = strings.TrimSpace(text); text != "" {
					part.Paragraphs = append(part.Paragraphs, Paragraph{Pieces: []Piece{{Text: text}}, Source: names[pick.UnitID]})
				}
			}
		}
		c.Parts = append(c.Parts, part)
	}
	for _, in := range s.Indicators {
		now, last, ok, hasLast := s.Sum(in.Code)
		if !ok {
			continue
		}
		row := FigureRow{Code: in.Code, Label: in.Label, Unit: in.UnitLabel, Now: now, To: s.Path + "/so/" + in.Code}
		if hasLast {
			row.Last = &last
		}
		c.Figures = append(c.Figures, row)
	}
	for _, u := range s.Units {
		c.Points = append(c.Points, PointsRow{u.Rank, u.Code, u.Name, u.Groups, u.Base, u.Bonus, u.Deduction, u.Total, u.Class, s.Path + "/don-vi/" + u.Code})
	}
	c.UnitTable = models(s)
	return c
}

// models is annex III: what each unit registered and had recognised in the
// movement. Until models have a room of their own their numbers are the figures
// of the last scored group but one.
func models(s Source) UnitTable {
	var t UnitTable
	if len(s.Groups) < 2 {
		return t
	}
	group := s.Groups[len(s.Groups)-2].Code
	seen := map[string]bool{}
	for _, c := range s.Criteria {
		if c.Group != group {
			continue
		}
		for _, code := range c.Inputs {
			if in, ok := s.indicator(code); ok && !seen[code] {
				seen[code] = true
				t.Columns = append(t.Columns, in)
			}
		}
	}
	for _, u := range s.Units {
		row := UnitRow{Unit: u.Code, Name: u.Name}
		for _, in := range t.Columns {
			var v *int64
			if n, ok := u.Values[in.Code]; ok {
				v = &n
			}
			row.Values = append(row.Values, v)
		}
		t.Rows = append(t.Rows, row)
	}
	lang.SortBy(t.Rows, func(r UnitRow) string { return r.Unit })
	return t
}
