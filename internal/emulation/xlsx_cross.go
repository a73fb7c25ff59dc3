package emulation

import (
	"io"
	"slices"
	"strings"

	"dongthuan/internal/document"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
)

// The workbook of a scorer: one row a criterion. Column A is hidden and holds the
// criterion's code; people fill in the columns of points and remarks.
const (
	crossSheet = "Chấm chéo"
	crossMark  = "dongthuan/chamcheo/v1"
)

var crossHead = []string{"Mã", "Tiêu chí", "Tên tiêu chí", "Điểm tối đa", "Điểm tự chấm", "Điểm chấm chéo", "Nhận xét"}

func (p crossPage) write(w io.Writer) error {
	rows := []document.RowOut{
		{Height: 24, Cells: []document.CellOut{text(crossMark), {Kind: document.CellText, Text: "Chấm chéo: " + p.Unit.FullName() + ", " + p.Period.Name, Style: document.CellStyle{Look: document.LookTitle}, Span: 6}}},
		{Height: 32, Cells: []document.CellOut{text(p.Cross.ID), {Kind: document.CellText, Text: "Điền cột F và cột G. Điểm khác điểm tự chấm phải có nhận xét. Xin không thêm, xóa dòng. Hạn nộp: " + lang.Moment(p.Draw.Due) + ".", Style: document.CellStyle{Look: document.LookNote}, Span: 6}}},
	}
	var head []document.CellOut
	for _, h := range crossHead {
		head = append(head, header(h))
	}
	rows = append(rows, document.RowOut{Cells: head})
	for _, g := range p.Groups {
		for _, l := range g.Lines {
			if l.Own == nil {
				continue
			}
			mark := document.CellOut{Style: document.CellStyle{Look: document.LookDecimal, Decimals: 1}}
			if l.Mark.Points != nil {
				mark = pointsCell(*l.Mark.Points, false)
			}
			mark.Style.Input = true
			remark := text(l.Mark.Remark)
			remark.Style.Input = true
			rows = append(rows, document.RowOut{Cells: []document.CellOut{text(l.Criterion.Code), text(l.Criterion.Code), text(l.Criterion.Name),
				pointsCell(l.Criterion.Max, false), pointsCell(*l.Own, false), mark, remark}})
		}
	}
	return document.WriteWorkbook(w, []document.SheetOut{{
		Name: crossSheet, Rows: slices.Values(rows), HeadFrom: 3, HeadTo: 3, Protect: true,
		Columns: []document.ColumnOut{{Hidden: true}, {Width: 9}, {Width: 60}, {Width: 12}, {Width: 13}, {Width: 15}, {Width: 60}},
	}})
}

// read compares a filled-in workbook with the table.
func (p crossPage) read(book *document.Workbook) ([]crossPreview, error) {
	sheet := book.Sheet(crossSheet)
	if sheet == nil || sheet.At(0, 0).Text != crossMark {
		return nil, fault.New(fault.Invalid, "emulation.excel.nosheet", crossSheet).In("file")
	}
	if sheet.At(1, 0).Text != p.Cross.ID {
		return nil, fault.New(fault.Invalid, "emulation.excel.wrongunit", lang.Line(sheet.At(0, 1).Text)).In("file")
	}
	lines := map[string]crossFormLine{}
	for _, g := range p.Groups {
		for _, l := range g.Lines {
			lines[l.Criterion.Code] = l
		}
	}
	var all []crossPreview
	for r := 3; r < len(sheet.Rows); r++ {
		code := lang.Line(sheet.At(r, 0).Text)
		if code == "" {
			continue
		}
		row := crossPreview{Ref: document.CellRef(r, 5), Code: code, Remark: lang.Clean(sheet.At(r, 6).Text)}
		l, ok := lines[code]
		if !ok {
			row.Problem = p.Words("emulation.criterion.missing", code)
			all = append(all, row)
			continue
		}
		row.Name, row.Old, row.Seen = l.Criterion.Name, l.Mark.Points, l.Mark.Version
		if c := sheet.At(r, 5); strings.TrimSpace(c.Text) != "" {
			n, err := c.Figure()
			if err == nil && n%100 != 0 {
				err = fault.New(fault.Invalid, "emulation.points.half")
			}
			if err == nil {
				tenths := n / 100
				if e := inRange(&tenths, l.Criterion); e != nil {
					err = e
				}
				row.New = lang.Points(p.Lang, tenths)
				row.Changed = !same(l.Mark.Points, &tenths)
			}
			if err != nil {
				row.Problem = p.Site.Words(p.Lang, err)
			}
		}
		row.Changed = row.Changed || row.Remark != l.Mark.Remark
		all = append(all, row)
	}
	return all, nil
}

// write is the cross-scoring of a period when it is closed: a table of sums, and every
// mark with its remark.
func (p crossBoardPage) write(w io.Writer) error {
	sums := []document.RowOut{{Cells: []document.CellOut{header("Mã"), header("Đơn vị"), header("Đơn vị chấm"), header("Tự chấm"), header("Chấm chéo"), header("Chênh lệch")}}}
	marks := []document.RowOut{{Cells: []document.CellOut{header("Mã"), header("Đơn vị"), header("Tiêu chí"), header("Tự chấm"), header("Đơn vị chấm"), header("Chấm chéo"), header("Lần ba"), header("Nhận xét")}}}
	for _, r := range p.Table.Rows {
		code, name := p.Codes[r.Sheet.UnitID], p.Names[r.Sheet.UnitID].FullName()
		var by []string
		for _, x := range r.Crosses {
			by = append(by, p.Codes[x.Scorer])
		}
		sums = append(sums, document.RowOut{Cells: []document.CellOut{text(code), text(name), text(strings.Join(by, ", ")), pointsCell(r.Own, false), pointsCell(r.Middle, false), pointsCell(r.Middle-r.Own, false)}})
		for _, l := range r.Lines {
			for _, g := range l.Given {
				third := ""
				if g.Third {
					third = "x"
				}
				own := document.CellOut{}
				if l.Own != nil {
					own = pointsCell(*l.Own, false)
				}
				marks = append(marks, document.RowOut{Cells: []document.CellOut{text(code), text(name), text(l.Criterion.Code), own, text(p.Codes[g.Scorer]), pointsCell(g.Points, false), text(third), text(g.Remark)}})
			}
		}
	}
	strict := []document.RowOut{{Cells: []document.CellOut{header("Mã"), header("Đơn vị chấm"), header("Chặt hơn (+), rộng hơn (−), điểm mỗi phiếu")}}}
	for _, s := range p.Strict {
		v := s.Value * 10
		strict = append(strict, document.RowOut{Cells: []document.CellOut{text(s.Code), text(s.Name), number(&v, document.CellStyle{Look: document.LookDecimal, Decimals: 2})}})
	}
	return document.WriteWorkbook(w, []document.SheetOut{
		{Name: "Tổng hợp", Rows: slices.Values(sums), HeadFrom: 1, HeadTo: 1, Columns: []document.ColumnOut{{Width: 9}, {Width: 32}, {Width: 18}, {Width: 12}, {Width: 12}, {Width: 12}}},
		{Name: "Điểm từng tiêu chí", Rows: slices.Values(marks), HeadFrom: 1, HeadTo: 1, Columns: []document.ColumnOut{{Width: 9}, {Width: 32}, {Width: 10}, {Width: 10}, {Width: 12}, {Width: 12}, {Width: 9}, {Width: 60}}},
		{Name: "Độ chặt", Rows: slices.Values(strict), HeadFrom: 1, HeadTo: 1, Columns: []document.ColumnOut{{Width: 9}, {Width: 32}, {Width: 30}}},
	})
}
