package report

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"dongthuan/internal/document"
	"dongthuan/internal/lang"
	"dongthuan/internal/web"
)

// file answers a report as a file: docx in a layout, xlsx, pdf, or json.
func (p pages) file(w http.ResponseWriter, r *http.Request, c Compiled, kind string) error {
	name := `attachment; filename="` + c.Slug
	switch kind {
	case "json":
		return p.JSON(w, http.StatusOK, c)
	case "xlsx":
		w.Header().Set("Content-Type", document.XLSXType)
		w.Header().Set("Content-Disposition", name+`.xlsx"`)
		return WriteXLSX(w, c)
	case "docx", "pdf":
		layout, err := document.ParseLayout(r.URL.Query().Get("layout"))
		if err != nil {
			return err
		}
		var b bytes.Buffer
		if err := WriteDOCX(&b, c, layout); err != nil {
			return err
		}
		if kind == "docx" {
			w.Header().Set("Content-Type", document.DOCXType)
			w.Header().Set("Content-Disposition", name+"-"+layout.Name+`.docx"`)
			_, err := b.WriteTo(w)
			return err
		}
		pdf, err := document.ToPDF(r.Context(), b.Bytes())
		if err != nil {
			return err
		}
		w.Header().Set("Content-Type", document.PDFType)
		w.Header().Set("Content-Disposition", name+`.pdf"`)
		_, err = w.Write(pdf)
		return err
	}
	return web.NotFound()
}

func hasConverter() bool {
	_, ok := document.Converter()
	return ok
}

// WriteDOCX writes the report as a Word file in an official layout.
func WriteDOCX(w io.Writer, c Compiled, l document.Layout) error {
	text := vietnamese()
	o := c.Letter.office(l.Name)
	d := document.Document{Superior: o.Superior, Issuer: o.Issuer, Number: o.Number, Place: c.Letter.Place, TypeName: c.Title, Abstract: c.Abstract,
		Signature: document.Signature{Authority: o.Authority, Title: o.Title, Name: ""}, Recipients: o.Recipients}
	if t, err := lang.ParseDate(c.Letter.Date); err == nil {
		d.Date = t
	}
	if o.Addressee != "" {
		d.Addressees = []string{o.Addressee}
	}
	d.Body = append(d.Body, document.Plain(c.Letter.Lead))
	if len(c.Missing) > 0 {
		d.Body = append(d.Body, document.Paragraph{Runs: []document.Run{{Text: text("report.missing.units") + ": " + strings.Join(c.Missing, ", ") + ".", Italic: true}}})
	}
	for _, part := range c.Parts {
		d.Body = append(d.Body, document.Heading{Level: part.Level, Ordinal: part.Ordinal, Text: text(part.Key)})
		for i, p := range part.Paragraphs {
			runs := []document.Run{}
			for _, piece := range p.Pieces {
				runs = append(runs, document.Run{Text: piece.Text})
			}
			if p.Source != "" {
				runs = append(runs, document.Run{Text: " (" + text("report.source", p.Source) + ")", Italic: true})
			}
			d.Body = append(d.Body, document.Paragraph{Runs: runs})
			if part.Code == "3" && i == 0 {
				d.Body = append(d.Body, taskTable(text, c)...)
			}
		}
		if part.Code == "3" && len(part.Paragraphs) == 0 {
			d.Body = append(d.Body, taskTable(text, c)...)
		}
	}
	d.Annexes = annexes(text, c)
	return d.WriteDOCX(w, l)
}

type words func(key string, args ...any) string

// vietnamese is the words of the official files, which are always Vietnamese.
func vietnamese() words {
	catalog, err := lang.Load(Text)
	return func(key string, args ...any) string {
		if err != nil {
			return key
		}
		return catalog.Text("vi", key, args...)
	}
}

func taskTable(text words, c Compiled) []document.Block {
	if len(c.Tasks) == 0 {
		return nil
	}
	t := document.Table{Columns: []document.Column{{Title: text("report.no"), Width: 5, Align: document.Center}, {Title: text("report.task"), Width: 32}, {Title: text("report.task.lead"), Width: 17},
		{Title: text("report.task.with"), Width: 14}, {Title: text("report.task.due"), Width: 14, Align: document.Center}, {Title: text("report.task.product"), Width: 26}}, Small: true}
	for i, task := range c.Tasks {
		t.Rows = append(t.Rows, []string{strconv.Itoa(i + 1), task.Task, task.Lead, task.With, task.Due, task.Product})
	}
	return []document.Block{t}
}

func annexes(text words, c Compiled) []document.Annex {
	figures := document.Table{Columns: []document.Column{{Title: text("report.no"), Width: 5, Align: document.Center}, {Title: text("report.figure"), Width: 50}, {Title: text("report.unitlabel"), Width: 14, Align: document.Center}}, Small: true}
	if c.LastName != "" {
		figures.Columns = append(figures.Columns, document.Column{Title: c.LastName, Width: 15, Align: document.Right})
	}
	figures.Columns = append(figures.Columns, document.Column{Title: c.Period, Width: 15, Align: document.Right})
	for i, f := range c.Figures {
		row := []string{strconv.Itoa(i + 1), f.Label, f.Unit}
		if c.LastName != "" {
			last := "–"
			if f.Last != nil {
				last = lang.Figure("vi", *f.Last)
			}
			row = append(row, last)
		}
		figures.Rows = append(figures.Rows, append(row, lang.Figure("vi", f.Now)))
	}
	points := document.Table{Columns: []document.Column{{Title: text("report.rank"), Width: 7, Align: document.Center}, {Title: text("report.unit"), Width: 26}}, Small: true}
	for _, g := range c.Groups {
		points.Columns = append(points.Columns, document.Column{Title: g.Code, Width: 8, Align: document.Right})
	}
	for _, title := range []string{text("report.base"), text("report.bonus"), text("report.deduction"), text("report.total")} {
		points.Columns = append(points.Columns, document.Column{Title: title, Width: 9, Align: document.Right})
	}
	points.Columns = append(points.Columns, document.Column{Title: text("report.class"), Width: 13, Align: document.Center})
	for _, r := range c.Points {
		row := []string{strconv.Itoa(r.Rank), r.Name}
		for _, g := range r.Groups {
			row = append(row, lang.PointsFixed("vi", g))
		}
		points.Rows = append(points.Rows, append(row, lang.PointsFixed("vi", r.Base), lang.PointsFixed("vi", r.Bonus), lang.PointsFixed("vi", r.Deduction), lang.PointsFixed("vi", r.Total), r.Class))
	}
	all := []document.Annex{
		{Number: "I", Title: text("report.annex.figures"), Body: []document.Block{figures}},
		{Number: "II", Title: text("report.annex.points"), Landscape: true, Body: []document.Block{points}},
	}
	if c.Trial {
		all[1].Body = append([]document.Block{document.Paragraph{Runs: []document.Run{{Text: text("report.trial"), Italic: true}}}}, all[1].Body...)
	}
	if len(c.UnitTable.Columns) > 0 {
		models := document.Table{Columns: []document.Column{{Title: text("report.unit"), Width: 30}}, Small: true}
		for _, in := range c.UnitTable.Columns {
			models.Columns = append(models.Columns, document.Column{Title: in.Label, Width: 18, Align: document.Right})
		}
		for _, r := range c.UnitTable.Rows {
			row := []string{r.Name}
			for _, v := range r.Values {
				if v == nil {
					row = append(row, "–")
				} else {
					row = append(row, lang.Figure("vi", *v))
				}
			}
			models.Rows = append(models.Rows, row)
		}
		all = append(all, document.Annex{Number: "III", Title: text("report.annex.models"), Body: []document.Block{models}})
	}
	return all
}

// WriteXLSX writes the annexes of the report as a workbook.
func WriteXLSX(w io.Writer, c Compiled) error {
	text := vietnamese()
	word := func(s string) document.CellOut {
		return document.CellOut{Kind: document.CellText, Text: s, Style: document.CellStyle{Look: document.LookWords}}
	}
	head := func(titles ...string) document.RowOut {
		var row document.RowOut
		for _, t := range titles {
			row.Cells = append(row.Cells, document.CellOut{Kind: document.CellText, Text: t, Style: document.CellStyle{Look: document.LookHeader}})
		}
		return row
	}
	title := func(name string, span int) document.RowOut {
		return document.RowOut{Height: 24, Cells: []document.CellOut{{Kind: document.CellText, Text: c.Cluster + ": " + name + ", " + c.Period, Style: document.CellStyle{Look: document.LookTitle}, Span: span}}}
	}
	figures := func(yield func(document.RowOut) bool) {
		if !yield(title(text("report.annex.figures"), 5)) || !yield(head(text("report.no"), text("report.figure"), text("report.unitlabel"), c.LastName, c.Period)) {
			return
		}
		for i, f := range c.Figures {
			if !yield(document.RowOut{Cells: []document.CellOut{whole(int64(i + 1)), word(f.Label), word(f.Unit), thousandths(f.Last), thousandths(&f.Now)}}) {
				return
			}
		}
	}
	points := func(yield func(document.RowOut) bool) {
		titles := []string{text("report.rank"), text("report.unit")}
		for _, g := range c.Groups {
			titles = append(titles, g.Code)
		}
		titles = append(titles, text("report.base"), text("report.bonus"), text("report.deduction"), text("report.total"), text("report.class"))
		if !yield(title(text("report.annex.points"), len(titles))) || !yield(head(titles...)) {
			return
		}
		for _, r := range c.Points {
			row := document.RowOut{Cells: []document.CellOut{whole(int64(r.Rank)), word(r.Name)}}
			for _, n := range append(slices.Clone(r.Groups), r.Base, r.Bonus, r.Deduction, r.Total) {
				row.Cells = append(row.Cells, tenths(n))
			}
			row.Cells = append(row.Cells, word(r.Class))
			if !yield(row) {
				return
			}
		}
	}
	models := func(yield func(document.RowOut) bool) {
		titles := []string{text("report.unit")}
		for _, in := range c.UnitTable.Columns {
			titles = append(titles, in.Label)
		}
		if !yield(head(titles...)) {
			return
		}
		for _, r := range c.UnitTable.Rows {
			row := document.RowOut{Cells: []document.CellOut{word(r.Name)}}
			for _, v := range r.Values {
				row.Cells = append(row.Cells, thousandths(v))
			}
			if !yield(row) {
				return
			}
		}
	}
	return document.WriteWorkbook(w, []document.SheetOut{
		{Name: "Phụ lục I", Rows: figures, HeadFrom: 2, HeadTo: 2, Portrait: true, Columns: []document.ColumnOut{{Width: 6}, {Width: 60}, {Width: 14}, {Width: 18}, {Width: 18}}},
		{Name: "Phụ lục II", Rows: points, HeadFrom: 2, HeadTo: 2, Columns: []document.ColumnOut{{Width: 7}, {Width: 30}}},
		{Name: "Phụ lục III", Rows: models, HeadFrom: 1, HeadTo: 1, Columns: []document.ColumnOut{{Width: 30}}},
	})
}

func whole(n int64) document.CellOut {
	return document.CellOut{Kind: document.CellNumber, Text: strconv.FormatInt(n, 10), Style: document.CellStyle{Look: document.LookInteger}}
}

func tenths(n int64) document.CellOut {
	return document.CellOut{Kind: document.CellNumber, Text: plainDecimal(n, 10), Style: document.CellStyle{Look: document.LookDecimal, Decimals: 1}}
}

func thousandths(v *int64) document.CellOut {
	c := document.CellOut{Style: document.CellStyle{Look: document.LookInteger}}
	if v != nil {
		c.Kind, c.Text = document.CellNumber, plainDecimal(*v, 1000)
		if *v%1000 != 0 {
			c.Style = document.CellStyle{Look: document.LookDecimal, Decimals: 2}
		}
	}
	return c
}

// plainDecimal writes n/unit as a spreadsheet reads it: 1234.5.
func plainDecimal(n, unit int64) string {
	s := strconv.FormatInt(n/unit, 10)
	if rest := n % unit; rest != 0 {
		if rest < 0 {
			rest = -rest
			if n/unit == 0 {
				s = "-0"
			}
		}
		digits := strconv.FormatInt(unit+rest, 10)[1:]
		s += "." + strings.TrimRight(digits, "0")
	}
	return s
}
