package emulation

import (
	"io"
	"net/url"
	"slices"
	"strings"

	"dongthuan/internal/document"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
)

// The workbook of a registration: one row a criterion, found again by its code, so
// that a CSV file with the same columns is read too.
const targetSheet = "Đăng ký"

var targetHead = []string{"Tiêu chí", "Tên tiêu chí", "Số gốc", "Chỉ tiêu", "Đơn vị, cách đo", "Thời hạn", "Ghi chú"}

var targetColumns = []document.ColumnOut{{Width: 10}, {Width: 60}, {Width: 13}, {Width: 13}, {Width: 30}, {Width: 13}, {Width: 40}}

func targetCells(cr Criterion, t Target, input bool) []document.CellOut {
	in := func(c document.CellOut) document.CellOut { c.Style.Input = input; return c }
	due := document.CellOut{Style: document.CellStyle{Look: document.LookDay}}
	if !t.Due.IsZero() {
		due.Kind, due.Text = document.CellDate, t.Due.In(lang.Vietnam).Format("2006-01-02")
	}
	return []document.CellOut{text(cr.Code), text(cr.Name), in(number(t.Baseline, document.CellStyle{})), in(number(t.Target, document.CellStyle{})), in(text(t.Measure)), in(due), in(text(t.Note))}
}

func (p targetsPage) write(w io.Writer) error {
	rows := []document.RowOut{headRow(targetHead)}
	for _, cr := range p.Criteria.All() {
		rows = append(rows, document.RowOut{Cells: targetCells(cr, p.Reg.Targets[cr.Code], true)})
	}
	return document.WriteWorkbook(w, []document.SheetOut{{Name: targetSheet, Rows: slices.Values(rows), HeadFrom: 1, HeadTo: 1, Columns: targetColumns}})
}

// read takes rows of a file as if they were typed into the grid: they are shown, and
// written when the person has looked at them.
func (p targetsPage) read(rows [][]string) (url.Values, error) {
	typed := url.Values{}
	for _, row := range rows {
		cell := func(k int) string {
			if k < len(row) {
				return strings.TrimSpace(row[k])
			}
			return ""
		}
		cr, ok := p.Criteria.Criterion(cell(0))
		if !ok {
			continue // the head, and what a person wrote around the table
		}
		for i, f := range targetFields {
			k := []int{2, 3, 4, 5, 6}[i]
			v := cell(k)
			if f == "d" {
				if day, err := lang.ParseDate(v); err == nil {
					v = lang.Date(day)
				}
			}
			typed.Set(f+"-"+cr.Code, v)
		}
	}
	if len(typed) == 0 {
		return nil, fault.New(fault.Invalid, "emulation.target.file").In("file")
	}
	return typed, nil
}

// write is every accepted registration of a period, one sheet.
func (p targetBoardPage) write(w io.Writer) error {
	rows := []document.RowOut{headRow(append([]string{"Mã", "Đơn vị", "Lần", "Tình trạng"}, targetHead...))}
	for _, r := range p.Regs {
		state := p.Words("emulation.target.state.none")
		if r.Has {
			state = p.Words("emulation.target.state." + string(r.Reg.State))
		}
		lead := []document.CellOut{text(r.Code), text(r.Name), text(itoa(r.Reg.N)), text(state)}
		any := false
		for _, cr := range p.Criteria.All() {
			if t := r.Reg.Targets[cr.Code]; t.Given() {
				any = true
				rows = append(rows, document.RowOut{Cells: append(slices.Clone(lead), targetCells(cr, t, false)...)})
			}
		}
		if !any {
			rows = append(rows, document.RowOut{Cells: lead})
		}
	}
	columns := append([]document.ColumnOut{{Width: 9}, {Width: 30}, {Width: 6}, {Width: 16}}, targetColumns...)
	return document.WriteWorkbook(w, []document.SheetOut{{Name: targetSheet, Rows: slices.Values(rows), HeadFrom: 1, HeadTo: 1, Columns: columns}})
}
