package conversation

import (
	_ "embed"
	"fmt"
	"hash/fnv"
	"html/template"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"dongthuan/internal/document"
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
	t, err := template.New("report").Funcs(template.FuncMap{"t": p.t, "n": p.n, "entries": p.entries, "card": p.card, "add": func(a, b int) int { return a + b }, "two": func(f float64) string { return p.decimal(f, 2) }, "percent": p.percent, "more": func(n int) string { return p.t(form("conversation.more", n), p.n(n)) }}).Parse(reportHTML)
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
	Spoken                string       // the counts in words
	Words                 string       // share, counts, interval
	Interval              template.CSS // where it is drawn; "" on passes, which have no end to go from
}

// entry is a listed statement as it is shown.
type entry struct {
	ID, Body string
	Bars     []bar
	Why      string
	Next     string
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
	var interval template.CSS
	switch side {
	case "agree":
		interval = template.CSS(fmt.Sprintf("left:%.1f%%;right:%.1f%%", 100*s.Low, 100*(1-s.High)))
	case "disagree": // drawn from the right
		interval = template.CSS(fmt.Sprintf("left:%.1f%%;right:%.1f%%", 100*(1-s.High), 100*s.Low))
	}
	return bar{Name: name, Counts: c, Agree: width(c.Agree), Pass: width(c.Pass), Disagree: width(c.Disagree), Interval: interval,
		Spoken: p.t("conversation.counts", p.n(c.Agree), p.n(c.Pass), p.n(c.Disagree)),
		Words:  p.t("conversation.share", p.percent(float64(s.Hits)/float64(max(s.Of, 1))), p.t("conversation.side."+side), p.n(s.Hits), p.n(s.Of), p.decimal(100*s.Low, 0), p.decimal(100*s.High, 0))}
}

// entries of a list of all.
func (p *page) entries(list []EntryOf) (all []entry) {
	for _, e := range list {
		it, _ := p.item(e.ID)
		x := p.entry(e)
		x.Bars = append(x.Bars, p.bar(p.t("conversation.all"), it.All, e.Side, e.Share))
		for g, s := range e.Groups {
			x.Bars = append(x.Bars, p.bar(p.t("conversation.group", g+1), it.Groups[g], e.Side, s))
		}
		all = append(all, x)
	}
	return all
}

func (p *page) entry(e EntryOf) entry {
	x := entry{ID: string(e.ID), Body: p.body(string(e.ID)), Why: p.why(e.Entry), Next: p.t("conversation.next", p.n(e.Share.Of), p.decimal(100*e.Next[0], 0), p.decimal(100*e.Next[1], 0))}
	if e.Lost > 0 {
		x.Lost = p.t(form("conversation.lost", e.Lost), p.n(e.Lost))
	}
	return x
}

// card are the entries that set a group apart.
func (p *page) card(g int) (all []entry) {
	for _, e := range p.Document.Lists.Apart[g] {
		it, _ := p.item(e.ID)
		var rest opinion.Counts
		for h, c := range it.Groups {
			if h != g {
				rest = rest.Plus(c)
			}
		}
		x := p.entry(e)
		x.Bars = []bar{p.bar(p.t("conversation.group", g+1), it.Groups[g], e.Side, e.Share), p.bar(p.t("conversation.rest"), rest, e.Side, *e.Rest)}
		all = append(all, x)
	}
	return all
}

func (p *page) why(e opinion.Entry) string {
	switch e.Rule {
	case "apart":
		return p.t("conversation.why.apart", p.decimal(100*e.Score, 0), p.chance(e.Chance), p.chance(e.Limit))
	case "polis.most", "polis.apart":
		return p.t("conversation.why." + e.Rule)
	case "split", "passes":
		return p.t("conversation.why."+e.Rule, p.percent(e.Share.Low))
	}
	return p.t("conversation.why."+e.Rule, p.percent(e.Bar), p.chance(e.Chance), p.chance(e.Limit))
}

// Facts at the top.
func (p *page) Facts() [][2]string {
	d := p.Document
	return [][2]string{{p.n(d.People), p.t(form("conversation.facts.people", d.People))}, {p.n(d.Statements), p.t(form("conversation.facts.statements", d.Statements))}, {p.n(d.Votes), p.t(form("conversation.facts.votes", d.Votes))}, {p.n(d.K), p.t(form("conversation.facts.groups", d.K))}}
}

// form is the key of a text about a number: one is another in some languages.
func form(key string, n int) string {
	if n == 1 {
		return key + ".one"
	}
	return key
}

// Separate says whether few people stand between groups, "" where there is one.
func (p *page) Separate() string {
	switch d := p.Document; {
	case d.K < 2 || d.Parity():
		return ""
	case d.Separation <= opinion.Apart:
		return p.t("conversation.separate.camps")
	}
	return p.t("conversation.separate.range")
}

// Lead of a list: in what sense most do.
func (p *page) Lead(list string) string {
	if p.Document.Parity() {
		return p.t("conversation.parity.lead")
	}
	return p.t("conversation." + list + ".lead")
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
	RX, RY  string // of the ring, "" without one
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
	persons := p.Document.Persons
	if len(persons) == 0 {
		return nil
	}
	m := &drawn{Width: mapWidth, Height: mapHeight, Alt: p.t("conversation.map.alt", p.n(len(persons)), p.Document.K)}
	var xs, ys []float64
	for _, q := range persons {
		if q.Group != opinion.Unplaced {
			xs, ys = append(xs, math.Abs(q.X)), append(ys, math.Abs(q.Y))
		}
	}
	sx, sy := reach(xs)*1.15, reach(ys)*1.15
	at := func(x, y float64) (float64, float64) {
		return mapWidth / 2 * (1 + min(max(x/sx, -0.99), 0.99)), mapHeight / 2 * (1 - min(max(y/sy, -0.98), 0.98))
	}
	f := func(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) }
	shown := persons
	if len(shown) > mapDots {
		shown = slices.Clone(shown)
		slices.SortFunc(shown, func(a, b PersonOf) int { return strings.Compare(digest(string(a.ID)), digest(string(b.ID))) })
		shown = shown[:mapDots]
		m.Few = p.t("conversation.map.few", p.n(mapDots), p.n(len(persons)))
	}
	type sums struct{ n, x, y, xx, yy float64 }
	by := map[int]*sums{}
	for _, q := range persons {
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
		d := dot{X: f(x), Y: f(y), Class: "gb", Shape: shapes[0]}
		if q.Doubt != nil {
			d.RX, d.RY = f(q.EX/sx*mapWidth/2), f(q.EY/sy*mapHeight/2)
		}
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
	if r := p.Result; r != nil {
		m.Right, m.Up = p.meaning(r.Axes[0]), p.meaning(r.Axes[1])
	}
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
	return document.WriteCSV(w, func(yield func([]string) bool) {
		head := []string{"statement", "body", "agree", "disagree", "pass", "agreement", "agreement_low", "disagreement", "disagreement_low"}
		if d.K > 1 {
			for _, g := range d.Groups {
				n := strconv.Itoa(g.ID)
				head = append(head, "group_"+n+"_agree", "group_"+n+"_disagree", "group_"+n+"_pass")
			}
		}
		if !yield(head) {
			return
		}
		for _, it := range d.Items {
			row := append([]string{string(it.ID), it.Body}, counted(it.All)...)
			row = append(row, places(it.Agreement.Mean)...)
			if no := it.Disagreement; no != nil {
				row = append(row, places(it.Agreement.Low, no.Mean, no.Low)...)
			} else {
				row = append(row, "", "", "") // parity mode has none of these
			}
			for _, g := range it.Groups {
				row = append(row, counted(g)...)
			}
			if !yield(row) {
				return
			}
		}
	})
}

func counted(c opinion.Counts) []string {
	return []string{strconv.Itoa(c.Agree), strconv.Itoa(c.Disagree), strconv.Itoa(c.Pass)}
}

func places(all ...float64) (row []string) {
	for _, x := range all {
		row = append(row, strconv.FormatFloat(x, 'f', 6, 64))
	}
	return row
}

// WritePeople writes where each person stands.
func WritePeople(w io.Writer, d *Document) error {
	return document.WriteCSV(w, func(yield func([]string) bool) {
		if !yield([]string{"person", "votes", "group", "x", "y", "x_sd", "y_sd", "sure"}) {
			return
		}
		for _, p := range d.Persons {
			row := append([]string{string(p.ID), strconv.Itoa(p.Votes), strconv.Itoa(p.Group)}, places(p.X, p.Y)...)
			if p.Doubt != nil {
				row = append(row, places(p.EX, p.EY, p.Sure)...)
			} else {
				row = append(row, "", "", "")
			}
			if !yield(row) {
				return
			}
		}
	})
}
