package emulation

import (
	"io"
	"net/http"
	"slices"
	"strings"

	"dongthuan/internal/document"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/policy"
	"dongthuan/internal/web"
)

// The workbook a unit fills in. Column A is hidden and holds what the program
// needs to know a row again; people fill in columns F and G.
const (
	figuresSheet = "Số liệu"
	formMark     = "dongthuan/phieu/v1"
)

var figuresHead = []string{"Mã", "Tiêu chí", "Chỉ tiêu", "Đơn vị tính", "Kỳ trước", "Số liệu kỳ này", "Ước (x)", "Định nghĩa"}

func text(s string) document.CellOut {
	return document.CellOut{Kind: document.CellText, Text: s, Style: document.CellStyle{Look: document.LookWords}}
}

func header(s string) document.CellOut {
	return document.CellOut{Kind: document.CellText, Text: s, Style: document.CellStyle{Look: document.LookHeader}}
}

// number writes thousandths as a spreadsheet number.
func number(v *int64, style document.CellStyle) document.CellOut {
	if style.Look == document.LookPlain {
		style.Look = document.LookInteger
	}
	c := document.CellOut{Style: style}
	if v != nil {
		c.Kind, c.Text = document.CellNumber, strings.ReplaceAll(strings.ReplaceAll(lang.Figure("en", *v), ",", ""), "−", "-")
		if *v%lang.Unit != 0 && style.Look == document.LookInteger {
			c.Style.Look, c.Style.Decimals = document.LookDecimal, 2
		}
	}
	return c
}

func pointsCell(tenths int64, bold bool) document.CellOut {
	v := tenths * 100
	return number(&v, document.CellStyle{Look: document.LookDecimal, Decimals: 1, Bold: bold})
}

// WriteForm writes the workbook of one unit.
func WriteForm(w io.Writer, v View) error {
	title := document.CellStyle{Look: document.LookTitle}
	note := document.CellStyle{Look: document.LookNote}
	rows := []document.RowOut{
		{Height: 24, Cells: []document.CellOut{{Kind: document.CellText, Text: formMark}, {Kind: document.CellText, Text: v.Unit.FullName() + ": " + v.Period.Name, Style: title, Span: 7}}},
		{Height: 32, Cells: []document.CellOut{{Kind: document.CellText, Text: v.Sheet.ID}, {Kind: document.CellText, Text: "Điền cột F (số liệu kỳ này); cột G ghi x nếu là số ước. Số 0 là một số liệu, ô trống là chưa có. Xin không thêm, xóa dòng. Hạn nộp: " + lang.Moment(v.Period.Due) + ".", Style: note, Span: 7}}},
	}
	var head []document.CellOut
	for _, h := range figuresHead {
		head = append(head, header(h))
	}
	rows = append(rows, document.RowOut{Cells: head})
	codes := map[string]string{}
	for _, cr := range v.Criteria.All() {
		for _, in := range cr.Inputs {
			if codes[in.Indicator] == "" {
				codes[in.Indicator] = cr.Code
			}
		}
	}
	for _, in := range v.Criteria.Inputs {
		f := figureOf(v, in)
		estimate := ""
		if f.Estimate {
			estimate = "x"
		}
		mark := text(estimate)
		mark.Style.Input = true
		rows = append(rows, document.RowOut{Cells: []document.CellOut{
			text(in.Indicator), text(codes[in.Indicator]), text(in.Label), text(in.UnitLabel), number(f.Last, document.CellStyle{}),
			number(f.Value, document.CellStyle{Look: document.LookInteger, Input: true}), mark, text(in.Definition)}})
	}
	return document.WriteWorkbook(w, []document.SheetOut{{
		Name: figuresSheet, Rows: slices.Values(rows), HeadFrom: 3, HeadTo: 3, Protect: true,
		Columns: []document.ColumnOut{{Hidden: true}, {Width: 9}, {Width: 46}, {Width: 14}, {Width: 13}, {Width: 16}, {Width: 8}, {Width: 60}},
	}})
}

// Preview is what a workbook would change, row by row. Nothing is written by it.
type Preview struct {
	Rows                   []PreviewRow
	Changed, Same, Refused int
}

// PreviewRow is one cell of a workbook beside what is there.
type PreviewRow struct {
	Ref, Indicator, Label string
	Old, New              *int64
	Estimate              bool
	Typed                 string // what stands in the file, or what will be sent when confirmed
	Seen                  int64
	Change                bool
	Problem               error
}

// ReadForm compares a filled-in workbook with the sheet.
func ReadForm(book *document.Workbook, v View) (*Preview, error) {
	sheet := book.Sheet(figuresSheet)
	if sheet == nil {
		return nil, fault.New(fault.Invalid, "emulation.excel.nosheet", figuresSheet).In("file")
	}
	if got := sheet.At(1, 0).Text; sheet.At(0, 0).Text == formMark && got != v.Sheet.ID {
		return nil, fault.New(fault.Invalid, "emulation.excel.wrongunit", lang.Line(sheet.At(0, 1).Text)).In("file")
	}
	at, err := findColumns(sheet)
	if err != nil {
		return nil, err
	}
	p := &Preview{}
	seen := map[string]bool{}
	for r := at.head + 1; r < len(sheet.Rows); r++ {
		code := lang.Line(sheet.At(r, at.code).Text)
		if code == "" {
			continue
		}
		row := readRow(v, code, sheet.At(r, at.value), sheet.At(r, at.estimate))
		if seen[code] {
			row.Problem = fault.New(fault.Invalid, "emulation.excel.twice", code)
		}
		seen[code] = true
		switch {
		case row.Problem != nil:
			p.Refused++
		case row.Change:
			p.Changed++
		default:
			p.Same++
		}
		p.Rows = append(p.Rows, row)
	}
	return p, nil
}

type columnsAt struct{ head, code, value, estimate int }

// findColumns finds the head row by its words, folded: people move and retype
// heads, and Excel keeps some as NFD.
func findColumns(sheet *document.Sheet) (columnsAt, error) {
	want := []string{lang.Fold(figuresHead[0]), lang.Fold(figuresHead[5]), lang.Fold(figuresHead[6])}
	missing := figuresHead[5]
	for r := range min(len(sheet.Rows), 20) {
		at := [3]int{-1, -1, -1}
		for c := range sheet.Rows[r] {
			if i := slices.Index(want, lang.Fold(sheet.At(r, c).Text)); i >= 0 && at[i] < 0 {
				at[i] = c
			}
		}
		if at[0] >= 0 && at[1] >= 0 {
			if at[2] < 0 {
				at[2] = 199 // no such column: every estimate reads as empty
			}
			return columnsAt{r, at[0], at[1], at[2]}, nil
		}
		if at[1] >= 0 {
			missing = figuresHead[0]
		}
	}
	return columnsAt{}, fault.New(fault.Invalid, "emulation.excel.nocolumn", missing).In("file")
}

func readRow(v View, code string, value, estimate document.Cell) PreviewRow {
	row := PreviewRow{Ref: value.Ref, Indicator: code, Label: code, Typed: value.Text}
	in, ok := v.Criteria.Input(code)
	if !ok {
		row.Problem = fault.New(fault.Invalid, "emulation.cell.unknown", code)
		return row
	}
	old := v.Sheet.Figures[code]
	row.Label, row.Old, row.Seen = in.Label, old.Value, old.Version
	row.Estimate = lang.Line(estimate.Text) != ""
	switch {
	case value.Formula:
		row.Problem = fault.New(fault.Invalid, "emulation.excel.formula", value.Ref)
	case value.Merged:
		row.Problem = fault.New(fault.Invalid, "emulation.excel.merged", value.Ref)
	case value.Kind == document.CellDate:
		row.Problem = fault.New(fault.Invalid, "emulation.excel.date", value.Ref)
	case value.Kind == document.CellError:
		row.Problem = fault.New(fault.Invalid, "emulation.excel.error", value.Ref)
	case value.Kind == document.CellBool:
		row.Problem = fault.New(fault.Invalid, "lang.number.bad", value.Text)
	case value.Kind != document.CellEmpty && lang.Line(value.Text) != "":
		n, err := value.Figure()
		if err == nil && n < 0 {
			err = fault.New(fault.Invalid, "emulation.cell.negative")
		}
		if err == nil {
			err = sensible(in, v.Criteria, &n)
		}
		if row.Problem = err; err == nil {
			row.New, row.Typed = &n, lang.Figure("vi", n)
		}
	}
	row.Change = row.Problem == nil && (!same(row.Old, row.New) || old.Estimate != (row.Estimate && row.New != nil))
	return row
}

func (p pages) excel(w http.ResponseWriter, r *http.Request) error {
	head, err := p.sheetPage(r, "excel")
	if err != nil {
		return err
	}
	return p.Render(w, r, "emulation/excel", figuresPage{sheetPage: head})
}

func (p pages) template(w http.ResponseWriter, r *http.Request) error {
	base, err := p.Base(r)
	if err != nil {
		return err
	}
	v, err := p.Open(r.Context(), base.Actor, r.PathValue("sheet"))
	if err != nil {
		return err
	}
	attachment(w, document.XLSXType, v.Cluster.Code+"-"+v.Period.Code+"-"+v.Member.Code+".xlsx")
	return WriteForm(w, v)
}

func (p pages) previewExcel(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	head, err := p.sheetPage(r, "excel")
	if err != nil {
		return web.Outcome{}, err
	}
	if err := policy.May(head.Actor, policy.SheetEdit, policy.Object{Unit: head.Sheet.UnitID, Cluster: head.Period.ClusterID}); err != nil {
		return web.Outcome{}, err
	}
	page := figuresPage{sheetPage: head}
	file, info, err := r.FormFile("file")
	if err != nil {
		page.Err = fault.New(fault.Invalid, "emulation.file.missing").In("file").Because(err)
		return web.Again("emulation/excel", page, page.Err), nil
	}
	defer file.Close()
	book, err := document.ReadWorkbook(r.Context(), file, info.Size, document.Limits{})
	if err == nil {
		page.Preview, err = ReadForm(book, head.View)
	}
	if fault.KindOf(err) == fault.Internal && err != nil {
		return web.Outcome{}, err
	}
	if err != nil {
		page.Err = inField(err, "file")
		return web.Again("emulation/excel", page, page.Err), nil
	}
	return web.Shown("emulation/excel", page), nil
}
