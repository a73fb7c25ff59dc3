package conference

import (
	"io"
	"slices"
	"strconv"
	"strings"

	"dongthuan/internal/cluster"
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
	Known bool // on the list already: not invited again
	Err   error
}

// readDelegates turns the rows of a table into delegates. Units are named by their code or
// their name; who is on the list already is known by unit and office.
func (v View) readDelegates(table [][]string) (rows []Row) {
	var units []string
	for _, m := range v.Members {
		units = append(units, m.UnitID)
	}
	known := map[string]int{}
	key := func(d DelegateDraft) string {
		return d.UnitID + "\n" + lang.Fold(d.Body) + "\n" + lang.Fold(d.Office) + "\n" + lang.Fold(d.Name)
	}
	for _, d := range v.Delegates {
		known[key(d.DelegateDraft)]++
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
		if k := slices.IndexFunc(v.Members, func(m cluster.Member) bool {
			return strings.EqualFold(m.Code, row.Where) || lang.Fold(v.Name(m.UnitID)) == lang.Fold(row.Where)
		}); k >= 0 && row.Where != "" {
			d.UnitID = v.Members[k].UnitID
		} else {
			d.Body = row.Where
		}
		var problems fault.List
		if text := cell(colRole); text != "" {
			d.Role = ""
			for role, w := range roleWords {
				if lang.Fold(w) == lang.Fold(text) || role == text {
					d.Role = role
				}
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
		if k := key(row.Draft); known[k] > 0 {
			known[k]--
			row.Known = true
		}
		rows = append(rows, row)
	}
	return rows
}
