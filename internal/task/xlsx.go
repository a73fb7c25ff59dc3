package task

import (
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"dongthuan/internal/cluster"
	"dongthuan/internal/document"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
	"dongthuan/internal/web"
)

// The workbook of tasks: one row a task; units by their codes in the cluster. The
// same columns are read and written, those after the deadline only written.
var columns = []string{"Số", "Nhiệm vụ", "Sản phẩm", "Căn cứ", "Chủ trì (mã đơn vị)", "Phối hợp (mã đơn vị)", "Hạn", "Tình trạng", "Đã xong", "Chưa xong"}

// read columns of a file that is taken in.
const (
	colNumber = iota
	colTitle
	colProduct
	colSource
	colLeads
	colWith
	colDue
	colRead
)

// maxWorkbook is the largest file of tasks, in bytes; maxRows how many it may hold.
const (
	maxWorkbook = 2 << 20
	maxRows     = 500
)

func words(s string) document.CellOut {
	return document.CellOut{Kind: document.CellText, Text: s, Style: document.CellStyle{Look: document.LookWords}}
}

func (p pages) workbook(w http.ResponseWriter, r *http.Request) error {
	h, err := p.here(r)
	if err != nil {
		return err
	}
	all, err := p.service.List(r.Context(), h.Actor, h.Cluster.ID)
	if err != nil {
		return err
	}
	var more []string
	for _, t := range all {
		for _, part := range t.Parts {
			more = append(more, part.UnitID)
		}
	}
	if err := p.name(r.Context(), &h, more); err != nil {
		return err
	}
	h.Lang = "vi" // the file is read again by its own language
	w.Header().Set("Content-Type", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
	w.Header().Set("Content-Disposition", `attachment; filename="nhiem-vu-`+h.Cluster.Code+`.xlsx"`)
	return h.write(w, all)
}

func (h here) write(w io.Writer, all []Task) error {
	head := document.RowOut{}
	for _, c := range columns {
		head.Cells = append(head.Cells, document.CellOut{Kind: document.CellText, Text: c, Style: document.CellStyle{Look: document.LookHeader}})
	}
	rows := []document.RowOut{head}
	for _, t := range all {
		codes := map[Role][]string{}
		var done, owing []string
		for _, part := range t.Parts {
			code := h.Code(part.UnitID)
			if code == "" {
				code = h.Name(part.UnitID)
			}
			codes[part.Role] = append(codes[part.Role], code)
			switch {
			case !part.DoneAt.IsZero():
				done = append(done, code)
			case part.Owes():
				owing = append(owing, code)
			}
		}
		state := h.Words("task.state." + string(t.State))
		if t.Late(h.Now) {
			state = h.Words("task.state.late")
		}
		rows = append(rows, document.RowOut{Cells: []document.CellOut{
			{Kind: document.CellNumber, Text: strconv.FormatInt(t.Number, 10), Style: document.CellStyle{Look: document.LookInteger}},
			words(t.Title), words(t.Product), words(t.Source), words(strings.Join(codes[Leads], ", ")), words(strings.Join(codes[With], ", ")),
			{Kind: document.CellDate, Text: t.Due.Format(time.DateOnly), Style: document.CellStyle{Look: document.LookDay}},
			words(state), words(strings.Join(done, ", ")), words(strings.Join(owing, ", "))}})
	}
	sheet := document.SheetOut{Name: "Nhiệm vụ", Rows: slices.Values(rows), HeadFrom: 1, HeadTo: 1}
	for _, width := range []float64{6, 50, 40, 30, 18, 18, 12, 14, 18, 18} {
		sheet.Columns = append(sheet.Columns, document.ColumnOut{Width: width})
	}
	return document.WriteWorkbook(w, []document.SheetOut{sheet})
}

type importPage struct {
	here
	Err   error
	Block string // pasted
	Rows  []importRow
	Sure  bool // nothing is wrong with the rows
}

type importRow struct {
	Line        int
	Draft       Draft
	Leads, With string // as written
	Due         string
	Problem     string
}

func (p pages) importForm(w http.ResponseWriter, r *http.Request) error {
	h, err := p.manager(r)
	if err != nil {
		return err
	}
	return p.Render(w, r, "task/import", importPage{here: h, Err: fault.List(nil)})
}

// take shows what a file or a pasted block says, and sets the tasks when the person
// has seen it.
func (p pages) take(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	h, err := p.manager(r)
	if err != nil {
		return web.Outcome{}, err
	}
	page := importPage{here: h, Err: fault.List(nil)}
	table, block, err := document.SentTable(r, maxWorkbook, "Nhiệm vụ", document.Limits{Rows: maxRows + 1})
	page.Block = block
	if err != nil {
		if k := fault.KindOf(err); k == fault.Internal {
			return web.Outcome{}, err
		}
		page.Err = err
		return web.Again("task/import", page, err), nil
	}
	drafts := page.read(table)
	if page.Err != nil && len(fault.All(page.Err)) > 0 {
		return web.Again("task/import", page, page.Err), nil
	}
	if r.FormValue("act") != "set" || !page.Sure {
		return web.Shown("task/import", page), nil
	}
	var ack ledger.Ack
	if _, ack, err = p.service.CreateMany(r.Context(), h.Actor, h.Cluster.ID, drafts); err != nil {
		if fault.KindOf(err) == fault.Internal {
			return web.Outcome{}, err
		}
		page.Err = err
		return web.Again("task/import", page, err), nil
	}
	return web.Saved(ack, h.Tasks(), "task.done.import"), nil
}

// read turns rows into drafts, each with what is wrong with it.
func (page *importPage) read(table [][]string) []Draft {
	var drafts []Draft
	page.Sure = true
	ids := make([]string, len(page.Members))
	for i, m := range page.Members {
		ids[i] = m.UnitID
	}
	for i, cells := range table {
		cell := func(k int) string {
			if k < len(cells) {
				return cells[k]
			}
			return ""
		}
		if strings.TrimSpace(strings.Join(cells, "")) == "" || lang.Fold(cell(colTitle)) == lang.Fold(columns[colTitle]) {
			continue
		}
		row := importRow{Line: i + 1, Leads: cell(colLeads), With: cell(colWith), Due: cell(colDue)}
		row.Draft = Draft{Title: cell(colTitle), Product: cell(colProduct), Source: cell(colSource)}
		var problems fault.List
		note := func(err error) {
			if list := fault.All(err); list != nil {
				problems = append(problems, list...)
			}
		}
		var err error
		if row.Draft.Leads, err = codes(page.Members, row.Leads); err != nil {
			note(err)
		}
		if row.Draft.With, err = codes(page.Members, row.With); err != nil {
			note(err)
		}
		if row.Draft.Due, err = lang.ParseDate(row.Due); err != nil && lang.Line(row.Due) != "" {
			note(err)
		}
		if problems == nil {
			row.Draft, err = row.Draft.clean(ids)
			note(err)
		}
		if problems != nil {
			page.Sure = false
			row.Problem = page.Site.Words(page.Lang, problems)
		} else {
			drafts = append(drafts, row.Draft)
		}
		page.Rows = append(page.Rows, row)
	}
	if page.Rows == nil {
		page.Sure = false
		page.Err = fault.New(fault.Invalid, "task.import.empty").In("file")
	}
	return drafts
}

// codes finds units by their codes in the cluster; “tất cả” is all of them.
func codes(members []cluster.Member, text string) ([]string, error) {
	var ids []string
	switch lang.Fold(text) {
	case "":
		return nil, nil
	case "tat ca", "all":
		for _, m := range members {
			ids = append(ids, m.UnitID)
		}
		return ids, nil
	}
	for _, code := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(",; \n", r) }) {
		i := slices.IndexFunc(members, func(m cluster.Member) bool { return strings.EqualFold(m.Code, code) })
		if i < 0 {
			return nil, fault.New(fault.Invalid, "task.import.unit", code)
		}
		ids = append(ids, members[i].UnitID)
	}
	return ids, nil
}
