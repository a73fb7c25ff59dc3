package conversation

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"hash/fnv"
	"html/template"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"dongthuan/internal/lang"
	"dongthuan/internal/opinion"
)

//go:embed report.html
var reportHTML string

// Report is what the report is made of.
type Report struct {
	Document *Document
	Result   *opinion.Result // nil in parity mode
	Read     *Read
	Body     map[string]string
}

// page writes in one language.
type page struct {
	Report
	text lang.Catalog
	Lang string
}

// WriteReport writes the report as one HTML file that needs nothing else.
func WriteReport(w io.Writer, text lang.Catalog, l string, r Report) error {
	p := &page{r, text, l}
	t, err := template.New("report").Funcs(template.FuncMap{"t": p.t, "n": p.n, "entries": p.entries, "card": p.card, "add": func(a, b int) int { return a + b }, "two": func(f float64) string { return p.decimal(f, 2) }, "percent": p.percent}).Parse(reportHTML)
	if err != nil {
		return err
	}
	return t.Execute(w, p)
}

func (p *page) t(key string, args ...any) string { return p.text.Text(p.Lang, key, args...) }

func (p *page) n(n int) string { return lang.Figure(p.Lang, int64(n)*1000) }

func (p *page) decimal(f float64, places int) string { return Decimal(p.Lang, f, places) }

// Decimal writes a number as the language l does.
func Decimal(l string, f float64, places int) string {
	s := strconv.FormatFloat(f, 'f', places, 64)
	if strings.Trim(s, "-0.") == "" {
		s = strings.TrimPrefix(s, "-")
	}
	if l == "vi" {
		s = strings.ReplaceAll(s, ".", ",")
	}
	return strings.Replace(s, "-", "−", 1)
}

// percent of a share, without a digit after the comma.
func (p *page) percent(f float64) string { return p.decimal(100*f, 0) + "\u00a0%" }

// chance is a small probability.
func (p *page) chance(f float64) string {
	if f < 0.0001 {
		return "< " + p.decimal(0.01, 2) + " %"
	}
	return p.decimal(100*f, 2) + " %"
}

// bar is one row of a card: the votes of all or of a group.
type bar struct {
	Name                  string
	Counts                opinion.Counts
	Agree, Pass, Disagree template.CSS // widths
	Words                 string       // share, counts, interval
	Low, Width            template.CSS // of the interval
	Side                  string
}

// entry is a listed statement as it is shown.
type entry struct {
	ID, Body string
	Bars     []bar
	Why      string
	Lost     string
}

func (p *page) item(id ID) (ItemOf, bool) {
	for _, it := range p.Document.Items {
		if it.ID == id {
			return it, true
		}
	}
	return ItemOf{}, false
}

func (p *page) body(id string) string {
	if b := p.Body[id]; b != "" {
		return b
	}
	return p.t("conversation.statement") + " " + id
}

func (p *page) bar(name string, c opinion.Counts, side string, s opinion.Share) bar {
	n := float64(max(c.Seen(), 1))
	width := func(k int) template.CSS { return template.CSS(fmt.Sprintf("width:%.2f%%", 100*float64(k)/n)) }
	return bar{Name: name, Counts: c, Agree: width(c.Agree), Pass: width(c.Pass), Disagree: width(c.Disagree), Side: side,
		Words: p.t("conversation.share", p.percent(float64(s.Hits)/float64(max(s.Of, 1))), p.t("conversation.side."+side), p.n(s.Hits), p.n(s.Of), p.decimal(100*s.Low, 0), p.decimal(100*s.High, 0))}
}

// entries of a list of all.
func (p *page) entries(list []EntryOf) (all []entry) {
	for _, e := range list {
		it, _ := p.item(e.ID)
		x := entry{ID: string(e.ID), Body: p.body(string(e.ID)), Why: p.why(e.Entry), Lost: p.t("conversation.lost", p.n(e.Lost))}
		x.Bars = append(x.Bars, p.bar(p.t("conversation.all"), it.All, e.Side, e.Share))
		for g, s := range e.Groups {
			x.Bars = append(x.Bars, p.bar(p.t("conversation.group", g+1), it.Groups[g], e.Side, s))
		}
		all = append(all, x)
	}
	return all
}

// card are the entries that set a group apart.
func (p *page) card(g int) (all []entry) {
	for _, e := range p.Document.Lists.Apart[g] {
		it, _ := p.item(e.ID)
		var rest opinion.Counts
		for h, c := range it.Groups {
			if h != g {
				rest.Agree, rest.Disagree, rest.Pass = rest.Agree+c.Agree, rest.Disagree+c.Disagree, rest.Pass+c.Pass
			}
		}
		all = append(all, entry{ID: string(e.ID), Body: p.body(string(e.ID)), Why: p.why(e.Entry), Lost: p.t("conversation.lost", p.n(e.Lost)),
			Bars: []bar{p.bar(p.t("conversation.group", g+1), it.Groups[g], e.Side, e.Share), p.bar(p.t("conversation.rest"), rest, e.Side, *e.Rest)}})
	}
	return all
}

func (p *page) why(e opinion.Entry) string {
	switch e.Rule {
	case "apart":
		return p.t("conversation.why.apart", p.decimal(100*e.Score, 0), p.chance(e.Chance), p.chance(e.Limit))
	case "split", "passes":
		return p.t("conversation.why."+e.Rule, p.percent(e.Share.Low))
	}
	return p.t("conversation.why."+e.Rule, p.percent(e.Bar), p.chance(e.Chance), p.chance(e.Limit))
}

// Facts at the top.
func (p *page) Facts() [][2]string {
	d := p.Document
	return [][2]string{{p.n(d.People), p.t("conversation.facts.people")}, {p.n(d.Statements), p.t("conversation.facts.statements")}, {p.n(d.Votes), p.t("conversation.facts.votes")}, {p.n(d.K), p.t("conversation.facts.groups")}}
}

// Period of the votes, "" where the file does not say.
func (p *page) Period() string {
	if p.Read == nil || p.Read.From.IsZero() {
		return ""
	}
	return p.t("conversation.period", lang.Date(p.Read.From), lang.Date(p.Read.To))
}

// Found says how many groups there are.
func (p *page) Found() string {
	if p.Document.K < 2 {
		return p.t("conversation.groups.none")
	}
	return p.t("conversation.groups.found", p.Document.K)
}

const (
	mapWidth, mapHeight = 720.0, 520.0
	mapDots             = 2000 // more cannot be told apart
)

// dot is a person on the map.
type dot struct {
	X, Y, R string
	RX, RY  string
	Class   string
	Shape   string // path of a group's mark about 0, 0
}

// shapes tell groups apart without colour.
var shapes = []string{"M-4,0a4,4 0 1,0 8,0a4,4 0 1,0-8,0", "M-3.6-3.6h7.2v7.2h-7.2z", "M0-4.8L4.4,3.4H-4.4z", "M0-5L5,0 0,5-5,0z", "M-1.4-4.4h2.8v3h3v2.8h-3v3h-2.8v-3h-3v-2.8h3z"}

// GroupRow is a group in the table beside the map.
type GroupRow struct {
	Name, Class, Shape string
	Size               string
	Where, Spread      string
	X, Y               string
}

// drawn is the map: dots, and the table that says the same.
type drawn struct {
	Dots   []dot
	Rows   []GroupRow
	Few    string
	Alt    string
	Width  float64
	Height float64
	Right  []string
	Up     []string
}

// Map draws the people; nil where there is nothing to draw.
func (p *page) Map() *drawn {
	r := p.Result
	if r == nil || len(r.Persons) == 0 {
		return nil
	}
	m := &drawn{Width: mapWidth, Height: mapHeight, Alt: p.t("conversation.map.alt", p.n(len(r.Persons)), p.Document.K)}
	var xs, ys []float64
	for _, q := range r.Persons {
		if q.Group != opinion.Unplaced {
			xs, ys = append(xs, math.Abs(q.X)), append(ys, math.Abs(q.Y))
		}
	}
	sx, sy := reach(xs)*1.15, reach(ys)*1.15
	at := func(x, y float64) (float64, float64) {
		return mapWidth / 2 * (1 + min(max(x/sx, -0.99), 0.99)), mapHeight / 2 * (1 - min(max(y/sy, -0.98), 0.98))
	}
	f := func(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) }
	shown := r.Persons
	if len(shown) > mapDots {
		shown = slices.Clone(shown)
		slices.SortFunc(shown, func(a, b opinion.Person) int { return strings.Compare(digest(a.ID), digest(b.ID)) })
		shown = shown[:mapDots]
		m.Few = p.t("conversation.map.few", p.n(mapDots), p.n(len(r.Persons)))
	}
	type sums struct{ n, x, y, xx, yy float64 }
	by := map[int]*sums{}
	for _, q := range r.Persons {
		s := by[q.Group]
		if s == nil {
			s = &sums{}
			by[q.Group] = s
		}
		s.n, s.x, s.y, s.xx, s.yy = s.n+1, s.x+q.X, s.y+q.Y, s.xx+q.X*q.X, s.yy+q.Y*q.Y
	}
	for _, q := range shown {
		if q.Group == opinion.Unplaced {
			continue // where they stand is not known
		}
		x, y := at(q.X, q.Y)
		d := dot{X: f(x), Y: f(y), RX: f(q.EX / sx * mapWidth / 2), RY: f(q.EY / sy * mapHeight / 2), Class: "gb", Shape: shapes[0]}
		if q.Group >= 0 {
			d.Class, d.Shape = "g"+strconv.Itoa(q.Group%5), shapes[q.Group%5]
		}
		m.Dots = append(m.Dots, d)
	}
	for g := range p.Document.K + 2 {
		id, name := g, p.t("conversation.group", g+1)
		row := GroupRow{Class: "g" + strconv.Itoa(g%5), Shape: shapes[g%5]}
		switch {
		case p.Document.K == 1 && g == 0:
			name = p.t("conversation.all")
		case g == p.Document.K:
			id, name, row.Class, row.Shape = opinion.Between, p.t("conversation.map.between"), "gb", shapes[0]
		case g == p.Document.K+1:
			id, name, row.Class, row.Shape = opinion.Unplaced, p.t("conversation.map.unplaced"), "gu", ""
		}
		s := by[id]
		if s == nil {
			continue
		}
		row.Name, row.Size = name, p.n(int(s.n))
		if id != opinion.Unplaced {
			mx, my := s.x/s.n, s.y/s.n
			row.Where = p.decimal(mx, 2) + "; " + p.decimal(my, 2)
			row.Spread = p.decimal(math.Sqrt(max(s.xx/s.n-mx*mx, 0)), 2) + "; " + p.decimal(math.Sqrt(max(s.yy/s.n-my*my, 0)), 2)
			if id >= 0 && p.Document.K > 1 {
				x, y := at(mx, my)
				row.X, row.Y = f(x), f(y)
			}
		}
		m.Rows = append(m.Rows, row)
	}
	m.Right, m.Up = p.meaning(r.Axes[0]), p.meaning(r.Axes[1])
	return m
}

func (p *page) meaning(axis []opinion.Loading) (all []string) {
	for _, l := range axis {
		key := "conversation.map.agrees"
		if l.Weight < 0 {
			key = "conversation.map.disagrees"
		}
		all = append(all, p.t(key, p.body(l.ID)))
	}
	return all
}

// reach is what all but the two furthest in a hundred are within.
func reach(v []float64) float64 {
	if len(v) == 0 {
		return 1
	}
	slices.Sort(v)
	return max(v[len(v)*98/100], 1e-9)
}

func digest(id string) string {
	h := fnv.New64a()
	h.Write([]byte(id))
	return string(h.Sum(nil))
}

// WriteStatements writes every statement with its counts.
func WriteStatements(w io.Writer, d *Document) error {
	c := csv.NewWriter(w)
	head := []string{"statement", "body", "agree", "disagree", "pass", "agreement", "agreement_low", "disagreement", "disagreement_low"}
	for _, g := range d.Groups {
		if d.K > 1 {
			n := strconv.Itoa(g.ID)
			head = append(head, "group_"+n+"_agree", "group_"+n+"_disagree", "group_"+n+"_pass")
		}
	}
	if err := c.Write(head); err != nil {
		return err
	}
	f := func(x float64) string { return strconv.FormatFloat(x, 'f', 6, 64) }
	for _, it := range d.Items {
		row := []string{string(it.ID), cell(it.Body), strconv.Itoa(it.All.Agree), strconv.Itoa(it.All.Disagree), strconv.Itoa(it.All.Pass), f(it.Agreement.Mean), f(it.Agreement.Low), f(it.Disagreement.Mean), f(it.Disagreement.Low)}
		for _, g := range it.Groups {
			row = append(row, strconv.Itoa(g.Agree), strconv.Itoa(g.Disagree), strconv.Itoa(g.Pass))
		}
		if err := c.Write(row); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

// cell keeps a spreadsheet from taking somebody's words for a formula.
func cell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

// WritePeople writes where each person stands.
func WritePeople(w io.Writer, d *Document) error {
	c := csv.NewWriter(w)
	if err := c.Write([]string{"person", "votes", "group", "x", "y", "x_sd", "y_sd", "sure"}); err != nil {
		return err
	}
	f := func(x float64) string { return strconv.FormatFloat(x, 'f', 6, 64) }
	for _, p := range d.Persons {
		if err := c.Write([]string{cell(string(p.ID)), strconv.Itoa(p.Votes), strconv.Itoa(p.Group), f(p.X), f(p.Y), f(p.EX), f(p.EY), f(p.Sure)}); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}
