package emulation

import (
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"dongthuan/internal/document"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/score"
	"dongthuan/internal/web"
)

// The workbook of a criteria table; doc/criteria.md describes it. A group's row
// has its code in the first column, a criterion's row in the second.
const (
	criteriaSheet = "Tiêu chí"
	inputsSheet   = "Số liệu"
	extrasSheet   = "Thưởng trừ"
	settingsSheet = "Thiết lập"
)

var (
	criteriaColumns = []string{"Nhóm", "Mã", "Tên", "Điểm tối đa", "Đơn vị tính", "Quy tắc", "Cần minh chứng (x)", "Có thể không áp dụng (x)", "Diễn giải"}
	inputsColumns   = []string{"Tiêu chí", "Mã chỉ tiêu", "Tên chỉ tiêu", "Đơn vị tính", "Định nghĩa"}
	extrasColumns   = []string{"Loại (thưởng/trừ)", "Mã", "Nội dung", "Điểm mỗi lần", "Số lần tối đa"}
	settingsColumns = []string{"Mục", "Giá trị"}
)

const (
	setNA      = "Khi không áp dụng (quy đổi / đủ điểm)"
	setCap     = "Trần điểm thưởng"
	setClasses = "Xếp loại"
	setTies    = "Tiêu chí phụ khi bằng điểm"
	setNote    = "Ghi chú"
)

// WriteCriteria writes a criteria table as the workbook that ReadCriteria reads.
func WriteCriteria(w io.Writer, c Criteria) error {
	tick := func(b bool) document.CellOut {
		if b {
			return text("x")
		}
		return text("")
	}
	points := func(tenths int64) document.CellOut {
		v := tenths * 100
		return number(&v, document.CellStyle{Look: document.LookDecimal, Decimals: 1})
	}
	table := []document.RowOut{headRow(criteriaColumns)}
	inputs := []document.RowOut{headRow(inputsColumns)}
	for _, g := range c.Groups {
		name := text(g.Name)
		name.Style.Bold = true
		table = append(table, document.RowOut{Cells: []document.CellOut{text(g.Code), text(""), name, points(g.Max), text(""), text(""), text(""), text(""), text("")}})
		for _, cr := range g.Criteria {
			table = append(table, document.RowOut{Cells: []document.CellOut{text(""), text(cr.Code), text(cr.Name), points(cr.Max), text(cr.UnitLabel), text(cr.Rule.String()), tick(cr.EvidenceRequired), tick(cr.MayNotApply), text(cr.Definition)}})
			for _, in := range cr.Inputs {
				inputs = append(inputs, inputRow(cr.Code, in))
			}
		}
	}
	for _, in := range c.Inputs {
		if in.Criterion == "" {
			inputs = append(inputs, inputRow("", in))
		}
	}
	extras := []document.RowOut{headRow(extrasColumns)}
	for _, e := range c.Extras {
		side := "trừ"
		if e.Bonus {
			side = "thưởng"
		}
		most := text("")
		if e.MaxCases > 0 {
			v := e.MaxCases * lang.Unit
			most = number(&v, document.CellStyle{})
		}
		extras = append(extras, document.RowOut{Cells: []document.CellOut{text(side), text(e.Code), text(e.Name), points(e.Points), most}})
	}
	na := "quy đổi"
	if c.NA == score.Full {
		na = "đủ điểm"
	}
	var classes []string
	for _, cl := range c.Classes {
		classes = append(classes, lang.Points("vi", cl.From)+" "+cl.Name)
	}
	settings := []document.RowOut{headRow(settingsColumns)}
	for _, s := range [][2]string{{setNA, na}, {setCap, lang.Points("vi", c.BonusCap)}, {setClasses, strings.Join(classes, "; ")}, {setTies, writeTies(c.TieBreakers)}, {setNote, c.Note}} {
		settings = append(settings, document.RowOut{Cells: []document.CellOut{text(s[0]), text(s[1])}})
	}
	sheet := func(name string, rows []document.RowOut, widths ...float64) document.SheetOut {
		s := document.SheetOut{Name: name, Rows: slices.Values(rows), HeadFrom: 1, HeadTo: 1}
		for _, width := range widths {
			s.Columns = append(s.Columns, document.ColumnOut{Width: width})
		}
		return s
	}
	return document.WriteWorkbook(w, []document.SheetOut{
		sheet(criteriaSheet, table, 8, 8, 56, 12, 18, 30, 14, 14, 60),
		sheet(inputsSheet, inputs, 10, 34, 50, 14, 60),
		sheet(extrasSheet, extras, 16, 8, 56, 14, 14),
		sheet(settingsSheet, settings, 40, 60),
	})
}

func headRow(names []string) document.RowOut {
	var cells []document.CellOut
	for _, n := range names {
		cells = append(cells, header(n))
	}
	return document.RowOut{Cells: cells}
}

func inputRow(criterion string, in Input) document.RowOut {
	return document.RowOut{Cells: []document.CellOut{text(criterion), text(in.Indicator), text(in.Label), text(in.UnitLabel), text(in.Definition)}}
}

// ReadCriteria reads a criteria table from its workbook. Every problem found is
// returned, each with its cell; Check of what was read adds what does not add up.
func ReadCriteria(book *document.Workbook) (Criteria, error) {
	var c Criteria
	var problems fault.List
	tables := map[string]*table{}
	for name, head := range map[string][]string{criteriaSheet: criteriaColumns, inputsSheet: inputsColumns, extrasSheet: extrasColumns, settingsSheet: settingsColumns} {
		t, err := openTable(book, name, head)
		if err != nil {
			problems = append(problems, fault.All(err)...)
		}
		tables[name] = t
	}
	if err := problems.Or(); err != nil {
		return c, err
	}
	readTable(&c, tables[criteriaSheet], &problems)
	readInputs(&c, tables[inputsSheet], &problems)
	readExtras(&c, tables[extrasSheet], &problems)
	readSettings(&c, tables[settingsSheet], &problems)
	if err := problems.Or(); err != nil {
		return c, err
	}
	return c, c.Check()
}

// table is a sheet whose columns were found by their heads.
type table struct {
	sheet *document.Sheet
	head  int
	at    []int
}

func openTable(book *document.Workbook, name string, heads []string) (*table, error) {
	sheet := book.Sheet(name)
	if sheet == nil {
		return nil, fault.New(fault.Invalid, "emulation.excel.nosheet", name).In("file")
	}
	for r := range min(len(sheet.Rows), 20) {
		at := make([]int, len(heads))
		found := 0
		for i, h := range heads {
			at[i] = -1
			for c := range sheet.Rows[r] {
				if lang.Fold(sheet.At(r, c).Text) == lang.Fold(h) {
					at[i] = c
					found++
					break
				}
			}
		}
		if found == len(heads) {
			return &table{sheet, r, at}, nil
		}
		if found > len(heads)/2 {
			return nil, fault.New(fault.Invalid, "emulation.excel.nocolumn", heads[slices.Index(at, -1)]).In("file")
		}
	}
	return nil, fault.New(fault.Invalid, "emulation.excel.nocolumn", heads[0]).In("file")
}

func (t *table) rows() int                        { return len(t.sheet.Rows) }
func (t *table) cell(r, column int) document.Cell { return t.sheet.At(r, t.at[column]) }
func (t *table) text(r, column int) string        { return lang.Line(t.cell(r, column).Text) }
func (t *table) ticked(r, column int) bool        { return t.text(r, column) != "" }
func (t *table) ref(r, column int) string {
	return t.sheet.Name + "!" + document.CellRef(r, t.at[column])
}

// points reads a cell of points in tenths.
func (t *table) points(r, column int, problems *fault.List) int64 {
	n, err := t.cell(r, column).Figure()
	if err != nil || n < 0 || n%100 != 0 || t.cell(r, column).Formula {
		problems.Add("file", "emulation.criteria.points", t.ref(r, column), t.text(r, column))
		return 0
	}
	return n / 100
}

func readTable(c *Criteria, t *table, problems *fault.List) {
	for r := t.head + 1; r < t.rows(); r++ {
		group, code, name := t.text(r, 0), t.text(r, 1), t.text(r, 2)
		switch {
		case group == "" && code == "" && name == "":
			continue
		case group != "":
			c.Groups = append(c.Groups, Group{Code: group, Name: name, Max: t.points(r, 3, problems)})
			continue
		case len(c.Groups) == 0:
			problems.Add("file", "emulation.criteria.nogroup", r+1, code)
			continue
		}
		g := &c.Groups[len(c.Groups)-1]
		cr := Criterion{Code: code, Name: name, GroupCode: g.Code, Max: t.points(r, 3, problems), UnitLabel: t.text(r, 4),
			EvidenceRequired: t.ticked(r, 6), MayNotApply: t.ticked(r, 7), Definition: t.text(r, 8)}
		var err error
		if cr.Rule, err = score.ParseRule(t.text(r, 5), cr.Max); err != nil {
			var syntax *score.SyntaxError
			if errors.As(err, &syntax) && !strings.HasPrefix(syntax.Code, "sum.") {
				problems.Add("file", "emulation.criteria.rule", t.ref(r, 5), t.text(r, 5), syntax.Token)
			} else {
				problems.Add("file", "emulation.criteria.rule.sum", t.ref(r, 5), t.text(r, 5))
			}
		}
		g.Criteria = append(g.Criteria, cr)
	}
}

func readInputs(c *Criteria, t *table, problems *fault.List) {
	seen := map[string]bool{}
	for r := t.head + 1; r < t.rows(); r++ {
		in := Input{Indicator: t.text(r, 1), Label: t.text(r, 2), UnitLabel: t.text(r, 3), Definition: t.text(r, 4)}
		code := t.text(r, 0)
		if in.Indicator == "" && code == "" && in.Label == "" {
			continue
		}
		if code == "" {
			if !seen[in.Indicator] {
				c.Inputs = append(c.Inputs, in)
			}
			seen[in.Indicator] = true
			continue
		}
		found := false
		for gi := range c.Groups {
			for ci := range c.Groups[gi].Criteria {
				if cr := &c.Groups[gi].Criteria[ci]; cr.Code == code {
					cr.Inputs = append(cr.Inputs, in)
					found = true
				}
			}
		}
		if !found {
			problems.Add("file", "emulation.criteria.nogroup", r+1, code)
		}
	}
}

func readExtras(c *Criteria, t *table, problems *fault.List) {
	for r := t.head + 1; r < t.rows(); r++ {
		e := Extra{Bonus: lang.Fold(t.text(r, 0)) == "thuong", Code: t.text(r, 1), Name: t.text(r, 2)}
		if e.Code == "" && e.Name == "" {
			continue
		}
		if side := lang.Fold(t.text(r, 0)); side != "thuong" && side != "tru" {
			problems.Add("file", "emulation.criteria.setting", extrasColumns[0], t.text(r, 0))
		}
		e.Points = t.points(r, 3, problems)
		if t.text(r, 4) != "" {
			n, err := t.cell(r, 4).Figure()
			if err != nil || n < 0 || n%lang.Unit != 0 {
				problems.Add("file", "emulation.criteria.points", t.ref(r, 4), t.text(r, 4))
			}
			e.MaxCases = n / lang.Unit
		}
		c.Extras = append(c.Extras, e)
	}
}

func readSettings(c *Criteria, t *table, problems *fault.List) {
	c.NA = score.Rescale
	bad := func(name, value string) { problems.Add("file", "emulation.criteria.setting", name, value) }
	for r := t.head + 1; r < t.rows(); r++ {
		name, value := t.text(r, 0), t.text(r, 1)
		switch lang.Fold(name) {
		case lang.Fold(setNA):
			switch lang.Fold(value) {
			case "du diem":
				c.NA = score.Full
			case "quy doi":
			default:
				bad(name, value)
			}
		case lang.Fold(setCap):
			n, err := t.cell(r, 1).Figure()
			if err != nil || n < 0 || n%100 != 0 {
				bad(name, value)
			}
			c.BonusCap = n / 100
		case lang.Fold(setClasses):
			for _, part := range strings.Split(strings.TrimRight(value, "; "), ";") {
				at, class, ok := strings.Cut(strings.TrimSpace(part), " ")
				n, err := score.ParsePoints(at)
				if !ok || err != nil {
					bad(name, part)
					continue
				}
				c.Classes = append(c.Classes, score.Class{From: n, Name: class})
			}
		case lang.Fold(setTies):
			ties, err := readTies(value)
			if err != nil {
				bad(name, value)
			}
			c.TieBreakers = ties
		case lang.Fold(setNote):
			c.Note = value
		}
	}
	if len(c.Classes) == 0 {
		bad(setClasses, "")
	}
}

// consolidatedBook is the consolidated table as a workbook: ranking, points by
// criterion, figures.
func consolidatedBook(w io.Writer, b web.Base, board Board) error {
	ranking := []document.RowOut{{Height: 24, Cells: []document.CellOut{{Kind: document.CellText, Text: board.Cluster.Name + ": " + board.Period.Name, Style: document.CellStyle{Look: document.LookTitle}, Span: 8 + len(board.Ranking.Groups)}}}}
	head := headRow(rankingRows(b, Ranking{Groups: board.Ranking.Groups})[0])
	ranking = append(ranking, head)
	for _, row := range board.Ranking.Rows {
		cells := []document.CellOut{wholeCell(int64(row.Rank)), text(row.Unit), text(row.Name)}
		for _, g := range row.Groups {
			cells = append(cells, pointsCell(g, false))
		}
		cells = append(cells, pointsCell(row.Base, false), pointsCell(row.Bonus, false), pointsCell(row.Deduction, false), pointsCell(row.Total, true), text(row.Class))
		ranking = append(ranking, document.RowOut{Cells: cells})
	}
	lines := []document.RowOut{headRow([]string{b.Words("emulation.criterion"), b.Words("emulation.label"), b.Words("emulation.max.short")})}
	for _, row := range board.Ranking.Rows {
		lines[0].Cells = append(lines[0].Cells, header(row.Unit))
	}
	for i, cr := range board.Criteria.All() {
		cells := []document.CellOut{text(cr.Code), text(cr.Name), pointsCell(cr.Max, false)}
		for _, st := range board.Standings {
			cells = append(cells, pointsCell(st.Lines[i].Points, false))
		}
		lines = append(lines, document.RowOut{Cells: cells})
	}
	figures := []document.RowOut{headRow([]string{b.Words("emulation.indicator"), b.Words("emulation.label"), b.Words("emulation.unitlabel")})}
	for _, row := range board.Ranking.Rows {
		figures[0].Cells = append(figures[0].Cells, header(row.Unit))
	}
	for _, in := range board.Criteria.Inputs {
		cells := []document.CellOut{text(in.Indicator), text(in.Label), text(in.UnitLabel)}
		for _, st := range board.Standings {
			cells = append(cells, number(st.Sheet.Figures[in.Indicator].Value, document.CellStyle{}))
		}
		figures = append(figures, document.RowOut{Cells: cells})
	}
	return document.WriteWorkbook(w, []document.SheetOut{
		{Name: document.SheetName(b.Words("emulation.ranking")), Rows: slices.Values(ranking), HeadFrom: 2, HeadTo: 2, Columns: []document.ColumnOut{{Width: 7}, {Width: 8}, {Width: 30}}},
		{Name: document.SheetName(b.Words("emulation.criteria")), Rows: slices.Values(lines), HeadFrom: 1, HeadTo: 1, Columns: []document.ColumnOut{{Width: 8}, {Width: 50}}},
		{Name: document.SheetName(b.Words("emulation.tab.figures")), Rows: slices.Values(figures), HeadFrom: 1, HeadTo: 1, Columns: []document.ColumnOut{{Width: 28}, {Width: 50}, {Width: 14}}},
	})
}

func wholeCell(n int64) document.CellOut {
	return document.CellOut{Kind: document.CellNumber, Text: strconv.FormatInt(n, 10), Style: document.CellStyle{Look: document.LookInteger}}
}
