package conference

import (
	"io"
	"slices"
	"strconv"
	"strings"

	"dongthuan/internal/document"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
)

// The workbook of delegates: the same columns are read and written, those after the seat
// only written.
var columns = []string{"TT", "Đơn vị (mã), cơ quan", "Chức danh", "Họ và tên", "Vai trò", "Thứ tự lễ tân", "Chỗ ngồi", "Trả lời", "Dự thay", "Có mặt lúc"}

// The columns that are read.
const (
	colWhere = iota + 1
	colOffice
	colName
	colRole
	colRank
	colSeat
)

// roleWords are the roles as the workbook writes them.
var roleWords = map[string]string{"chair": "chủ trì", "secretary": "thư ký", "guest": "khách mời", "speaker": "báo cáo viên", "member": "thành viên", "observer": "dự thính"}

var answerWords = map[Answer]string{Invited: "chưa trả lời", Confirmed: "sẽ dự", Sends: "cử người dự thay", Declined: "báo vắng"}

func words(s string) document.CellOut {
	return document.CellOut{Kind: document.CellText, Text: s, Style: document.CellStyle{Look: document.LookWords}}
}

func number(n int64) document.CellOut {
	return document.CellOut{Kind: document.CellNumber, Text: strconv.FormatInt(n, 10), Style: document.CellStyle{Look: document.LookInteger}}
}

func sheet(name string, head []string, widths []float64, rows [][]document.CellOut) document.SheetOut {
	top := document.RowOut{}
	for _, h := range head {
		top.Cells = append(top.Cells, document.CellOut{Kind: document.CellText, Text: h, Style: document.CellStyle{Look: document.LookHeader}})
	}
	all := []document.RowOut{top}
	for _, r := range rows {
		all = append(all, document.RowOut{Cells: r})
	}
	out := document.SheetOut{Name: name, Rows: slices.Values(all), HeadFrom: 1, HeadTo: 1}
	for _, w := range widths {
		out.Columns = append(out.Columns, document.ColumnOut{Width: w})
	}
	return out
}

// WriteDelegates writes the delegates as a workbook.
func (v View) WriteDelegates(w io.Writer) error {
	var rows [][]document.CellOut
	for i, d := range v.Delegates {
		where := v.CodeOf(d.UnitID)
		if where == "" {
			where = v.Where(d)
		} else if also := v.CodeOf(d.Also); also != "" {
			where += "; " + also
		}
		rank, came := words(""), ""
		if d.Rank > 0 {
			rank = number(d.Rank)
		}
		if d.Attended() {
			came = clockWords(d.PresentAt)
		}
		rows = append(rows, []document.CellOut{number(int64(i + 1)), words(where), words(d.Office), words(d.Name), words(roleWords[d.Role]), rank, words(d.Seat), words(answerWords[d.Answer]), words(d.Substitute), words(came)})
	}
	return document.WriteWorkbook(w, []document.SheetOut{sheet("Đại biểu", columns, []float64{6, 28, 40, 24, 14, 12, 10, 18, 24, 12}, rows)})
}

// writeFigures writes what the day recorded, without names.
func (v View) writeFigures(w io.Writer, tasks []TaskLine) error {
	var presence, speeches, votes, jobs [][]document.CellOut
	for _, u := range v.ByUnit() {
		name := u.Name
		if name == "" {
			name = "Khách mời"
		}
		presence = append(presence, []document.CellOut{words(u.Code), words(name), number(int64(u.Invited)), number(int64(u.Present)), number(int64(u.Substitute)), number(int64(u.Excused)), number(int64(u.WalkIn))})
	}
	kinds := map[string]string{"speech": "phát biểu", "reply": "trao đổi lại", "paper": "tham luận"}
	for _, s := range v.Speeches {
		if s.State != Spoken {
			continue
		}
		it, _ := v.Item(s.Item)
		speeches = append(speeches, []document.CellOut{words(clockWords(s.Start)), words(clockWords(s.End)), number(minutes(s.Lasted(s.End))), words(it.Title), words(s.Label), words(kinds[s.Kind]), words(s.Subject)})
	}
	for i := len(v.Votes) - 1; i >= 0; i-- {
		x := v.Votes[i]
		if !x.Closed() {
			continue
		}
		ways := map[string]string{"hands": "giơ tay", "phone": "điện thoại (tham khảo)", "paper": "phiếu kín"}
		votes = append(votes, []document.CellOut{words(x.Question), words(ways[x.Way]), number(x.Present), number(x.Yes), number(x.No), number(x.Abstain)})
	}
	for _, t := range tasks {
		jobs = append(jobs, []document.CellOut{number(t.Number), words(t.Title), words(strings.Join(t.Leads, ", ")), words(strings.Join(t.With, ", ")), words(lang.Date(t.Due)), words(t.Product)})
	}
	return document.WriteWorkbook(w, []document.SheetOut{
		sheet("Hiện diện", []string{"Mã", "Đơn vị", "Mời", "Có mặt", "Dự thay", "Vắng có lý do", "Ngoài danh sách"}, []float64{8, 40, 9, 9, 9, 14, 16}, presence),
		sheet("Phát biểu", []string{"Từ", "Đến", "Phút", "Mục", "Người phát biểu", "Loại", "Nội dung"}, []float64{8, 8, 8, 36, 44, 14, 40}, speeches),
		sheet("Biểu quyết", []string{"Nội dung", "Cách", "Có mặt", "Tán thành", "Không", "Không ý kiến"}, []float64{50, 22, 10, 10, 10, 14}, votes),
		sheet("Nhiệm vụ", []string{"Số", "Nhiệm vụ", "Chủ trì", "Phối hợp", "Hạn", "Sản phẩm"}, []float64{6, 50, 30, 24, 12, 40}, jobs),
	})
}

// Row is a line of a list that is taken in, with what is wrong with it.
type Row struct {
	Line  int
	Draft DelegateDraft
	Where string
	Known bool      // on the list already: not invited again
	Was   *Delegate // who is on the list already and is changed by the row, nil for others
	Twin  bool      // somebody of this name comes for another unit too
	Err   error
}

// Guest reports whether the row's unit is none of the cluster's.
func (r Row) Guest() bool { return r.Draft.UnitID == "" }

// unitOf finds the unit of the cluster that a cell means, by code or name as people type
// them: DV 03, P. Yên Lãng.
func (v View) unitOf(text string) string {
	text = lang.Fold(text)
	long := text
	for short, word := range map[string]string{"p ": "phuong ", "x ": "xa "} {
		if rest, ok := strings.CutPrefix(text, short); ok {
			long = word + rest
		}
	}
	bare := func(s string) string { return strings.ReplaceAll(s, " ", "") }
	for _, m := range v.Members {
		if bare(lang.Fold(m.Code)) == bare(text) || lang.Fold(v.Name(m.UnitID)) == long {
			return m.UnitID
		}
	}
	return ""
}

// readDelegates turns the rows of a table into delegates. Units are named by their code or
// their name; who is on the list already is known by unit and office.
func (v View) readDelegates(table [][]string) (rows []Row) {
	var units []string
	for _, m := range v.Members {
		units = append(units, m.UnitID)
	}
	known := map[string][]Delegate{}
	key := func(d DelegateDraft) string {
		return d.UnitID + "\n" + lang.Fold(d.Body) + "\n" + lang.Fold(d.Office) + "\n" + lang.Fold(d.Name)
	}
	for _, d := range v.Delegates {
		known[key(d.DelegateDraft)] = append(known[key(d.DelegateDraft)], d)
	}
	for i, cells := range table {
		cell := func(k int) string {
			if k < len(cells) {
				return lang.Line(cells[k])
			}
			return ""
		}
		if strings.Join(cells, "") == "" || lang.Fold(cell(colOffice)) == lang.Fold(columns[colOffice]) {
			continue
		}
		row := Row{Line: i + 1, Where: cell(colWhere)}
		d := DelegateDraft{Office: cell(colOffice), Name: cell(colName), Seat: cell(colSeat), Role: "member"}
		var problems fault.List
		first, second, two := strings.Cut(row.Where, ";") // an office in two units
		if d.UnitID = v.unitOf(first); d.UnitID == "" || row.Where == "" {
			d.UnitID, d.Body, d.Role = "", row.Where, "guest"
		} else if two {
			if d.Also = v.unitOf(second); d.Also == "" {
				problems.Add("also", "conference.import.second", lang.Line(second))
			}
		}
		if text := cell(colRole); text != "" {
			d.Role = ""
			for role, w := range roleWords {
				if lang.Fold(w) == lang.Fold(text) || role == text {
					d.Role = role
				}
			}
			// Who is said to be a member comes for a unit: its code was mistyped.
			if d.UnitID == "" && d.Role == "member" && d.Body != "" {
				problems.Add("unit", "conference.import.unit", d.Body)
			}
		}
		if text := cell(colRank); text != "" {
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				n = -1
			}
			d.Rank = n
		}
		var err error
		if row.Draft, err = d.clean(units); err != nil {
			problems = append(problems, fault.All(err)...)
		}
		row.Err = problems.Or()
		k := key(row.Draft)
		if of := known[k]; len(of) > 0 {
			known[k], row.Known = of[1:], true
			row.Was = changed(of[0], row.Draft, cell)
		}
		rows = append(rows, row)
	}
	v.twins(rows)
	return rows
}

// changed is a delegate on the list with what the row's filled cells say otherwise: seats
// and protocol are put in order in the workbook, and it is taken in again. Nil where they
// say the same.
func changed(d Delegate, row DelegateDraft, cell func(int) string) *Delegate {
	was := d.DelegateDraft
	if cell(colRole) != "" {
		d.Role = row.Role
	}
	if cell(colRank) != "" {
		d.Rank = row.Rank
	}
	if cell(colSeat) != "" {
		d.Seat = row.Seat
	}
	if row.Also != "" {
		d.Also = row.Also
	}
	if d.DelegateDraft == was {
		return nil
	}
	return &d
}

// twins marks rows whose name comes for another unit too, in the file or on the list: one
// person is invited once, and the second unit named in the same row.
func (v View) twins(rows []Row) {
	units := map[string]map[string]bool{}
	note := func(d DelegateDraft) {
		if n := lang.Fold(d.Name); n != "" && d.UnitID != "" {
			if units[n] == nil {
				units[n] = map[string]bool{}
			}
			units[n][d.UnitID] = true
		}
	}
	for _, d := range v.Delegates {
		note(d.DelegateDraft)
	}
	for _, r := range rows {
		note(r.Draft)
	}
	for i := range rows {
		rows[i].Twin = len(units[lang.Fold(rows[i].Draft.Name)]) > 1
	}
}

// Said is how a row has it of who is on the list: seat, protocol order, role.
func (r Row) Said() string {
	var all []string
	if r.Was.Seat != "" {
		all = append(all, r.Was.Seat)
	}
	if r.Was.Rank > 0 {
		all = append(all, "#"+strconv.FormatInt(r.Was.Rank, 10))
	}
	return strings.Join(append(all, roleWords[r.Was.Role]), ", ")
}
