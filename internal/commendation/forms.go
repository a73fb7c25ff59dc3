package commendation

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"dongthuan/internal/document"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/legal"
)

// The dossier: F6 paper of the ballot, F7 minutes of the count, F8 minutes of the
// cluster's meeting, F9 submission, F10 report of achievements, F11 list. They are
// Vietnamese, as the offices that sign them.

// Forms are the dossier's forms that concern the whole cluster, by their address.
var Forms = []struct{ Name, Number string }{{"phieu-suy-ton", "F6"}, {"bien-ban-kiem-phieu", "F7"}, {"bien-ban-hop-cum", "F8"}, {"to-trinh", "F9"}, {"trich-ngang", "F11"}}

// Form makes a form of the dossier. name is as in Forms.
func (v View) Form(name string, now time.Time) (document.Document, error) {
	if !v.Opened {
		return document.Document{}, fault.New(fault.NotFound, "commendation.missing")
	}
	switch name {
	case "phieu-suy-ton":
		return v.paper(now)
	case "bien-ban-kiem-phieu":
		return v.countMinutes()
	case "bien-ban-hop-cum":
		return v.meetingMinutes()
	case "to-trinh":
		return v.submission(now)
	case "trich-ngang":
		return v.list(now)
	}
	return document.Document{}, fault.New(fault.NotFound, "commendation.form.missing")
}

func (v View) start(typeName, abstract string, day time.Time) document.Document {
	return document.Document{Superior: v.Cluster.Superior, Issuer: v.Cluster.Name, Date: day, TypeName: typeName, Abstract: abstract,
		Signature: document.Signature{Authority: "TM. " + v.Cluster.Name, Title: "Cụm trưởng"}, Recipients: []string{v.Cluster.Superior, "Các đơn vị trong cụm", "Lưu: VT"}}
}

func points(tenths int64) string { return lang.PointsFixed("vi", tenths) }

// paper is F6: one for each title with a ballot, candidates by rank.
func (v View) paper(now time.Time) (document.Document, error) {
	d := v.start("Phiếu suy tôn", "danh hiệu thi đua "+lang.InSentence(v.Period.Name), now)
	d.Undated = true
	d.Body = []document.Block{document.Plain("Đánh dấu X vào ô “Đồng ý” hoặc “Không đồng ý” của từng đơn vị. Phiếu không ghi tên người bỏ phiếu. Phiếu hợp lệ là phiếu do ban kiểm phiếu phát, có đóng dấu treo và không chọn quá số lượng của danh hiệu.")}
	any := false
	for _, t := range v.Round.Titles {
		candidates := v.Round.Candidates[t.Code]
		if !t.Ballot || len(candidates) == 0 {
			continue
		}
		any = true
		text := t.Name
		if t.Max > 0 {
			text += fmt.Sprintf(" (chọn không quá %d đơn vị)", t.Max)
		}
		table := document.Table{Columns: []document.Column{{Title: "TT", Width: 6, Align: document.Center}, {Title: "Đơn vị", Width: 44}, {Title: "Tổng điểm", Width: 14, Align: document.Right}, {Title: "Đồng ý", Width: 18}, {Title: "Không đồng ý", Width: 18}}}
		n := 0
		for _, s := range v.Standings {
			if contains(candidates, s.UnitID) {
				n++
				table.Rows = append(table.Rows, []string{strconv.Itoa(n), s.Name, points(s.Total), "", ""})
			}
		}
		d.Body = append(d.Body, document.Heading{Level: 2, Ordinal: "", Text: text}, table)
	}
	if !any {
		return d, fault.New(fault.Conflict, "commendation.nocandidates", "")
	}
	d.Signers = []document.Signature{{Title: "Dấu của ban kiểm phiếu"}}
	d.Recipients = nil
	return d, nil
}

func contains(all []string, s string) bool {
	for _, x := range all {
		if x == s {
			return true
		}
	}
	return false
}

func shareWords(t legal.Threshold, base string) string {
	sign := "từ"
	if t.Strict {
		sign = "quá"
	}
	of := map[string]string{"valid": "số phiếu hợp lệ", "present": "số đại biểu có mặt", "members": "tổng số thành viên"}[base]
	share := fmt.Sprintf("%d/%d", t.Num, t.Den)
	if t.Den == 100 {
		share = fmt.Sprintf("%d %%", t.Num)
	}
	return sign + " " + share + " " + of
}

// counted are the blocks of one counting: its papers and its tally.
func (v View) counted(t Title, b Ballot) []document.Block {
	share := v.Shares[b.Threshold]
	blocks := []document.Block{
		document.List{Items: []string{
			fmt.Sprintf("Thành viên của cụm: %d; có mặt: %d", b.Members, b.Present),
			fmt.Sprintf("Số phiếu phát ra: %d; số phiếu thu về: %d", b.Issued, b.Returned),
			fmt.Sprintf("Số phiếu hợp lệ: %d; số phiếu không hợp lệ: %d", b.Valid, b.Returned-b.Valid),
			"Điều kiện được suy tôn: " + shareWords(share, b.Base) + fmt.Sprintf(" (ít nhất %d phiếu)", share.Least(b.of())),
		}}}
	table := document.Table{Columns: []document.Column{{Title: "TT", Width: 6, Align: document.Center}, {Title: "Đơn vị", Width: 44}, {Title: "Số phiếu", Width: 14, Align: document.Right}, {Title: "Tỷ lệ", Width: 14, Align: document.Right}, {Title: "Kết quả", Width: 22}}}
	for i, x := range b.Outcome(t, share) {
		result := "Không đạt"
		switch {
		case x.Elected:
			result = "Được suy tôn"
		case x.Tied:
			result = "Bằng phiếu, bầu lại"
		case x.Passed:
			result = "Đạt tỷ lệ, hết số lượng"
		}
		table.Rows = append(table.Rows, []string{strconv.Itoa(i + 1), v.Name(x.UnitID), strconv.FormatInt(x.Votes, 10), lang.Percent("vi", x.Votes, x.Of), result})
	}
	return append(blocks, table)
}

// countMinutes is F7.
func (v View) countMinutes() (document.Document, error) {
	if len(v.Round.Ballots) == 0 {
		return document.Document{}, fault.New(fault.Conflict, "commendation.notcounted")
	}
	first := v.Round.Ballots[0]
	d := v.start("Biên bản", "kiểm phiếu suy tôn danh hiệu thi đua "+lang.InSentence(v.Period.Name), first.HeldAt)
	d.Undated, d.Recipients = true, []string{"Lưu: VT, hồ sơ khen thưởng"}
	d.Body = append(d.Body, document.Plain("Thời gian: "+clock(first.HeldAt)+"."), document.Plain("Địa điểm: "+orDots(first.Place)+"."),
		document.Plain("Ban kiểm phiếu gồm: "+strings.Join(lines(first.Board), "; ")+"."))
	n := 0
	for _, t := range v.Round.Titles {
		b, ok := v.Round.Last(t.Code)
		if !ok {
			continue
		}
		n++
		d.Body = append(d.Body, document.Heading{Level: 2, Ordinal: strconv.Itoa(n), Text: t.Name})
		if b.N > 1 {
			d.Body = append(d.Body, document.Plain(fmt.Sprintf("Bỏ phiếu lần %d. Lý do: %s", b.N, b.Reason)))
		}
		d.Body = append(d.Body, v.counted(t, b)...)
	}
	d.Body = append(d.Body, document.Plain("Biên bản được lập thành hai bản, đã đọc cho các thành viên ban kiểm phiếu cùng nghe và ký tên."))
	for _, office := range lines(first.Board) {
		d.Signers = append(d.Signers, document.Signature{Title: office})
	}
	return d, nil
}

func clock(t time.Time) string {
	if t.IsZero() {
		return "....."
	}
	t = t.In(lang.Vietnam)
	return fmt.Sprintf("%02d giờ %02d, ngày %s", t.Hour(), t.Minute(), lang.Date(t))
}

func orDots(s string) string {
	if s == "" {
		return "................"
	}
	return s
}

// meetingMinutes is F8, in the form of the State's minutes (Decree 30/2020, form 1.9).
func (v View) meetingMinutes() (document.Document, error) {
	var held time.Time
	var place string
	var present, members int64
	if len(v.Round.Ballots) > 0 {
		b := v.Round.Ballots[0]
		held, place, present, members = b.HeldAt, b.Place, b.Present, b.Members
	}
	d := v.start("Biên bản", "họp cụm xét, đề nghị khen thưởng "+lang.InSentence(v.Period.Name), held)
	d.Undated, d.Recipients = true, []string{"Lưu: VT, hồ sơ khen thưởng"}
	attended := "................"
	if members > 0 {
		attended = fmt.Sprintf("%d/%d thành viên của cụm", present, members)
	}
	d.Body = []document.Block{
		document.Plain("Thời gian bắt đầu: " + clock(held) + "."), document.Plain("Địa điểm: " + orDots(place) + "."),
		document.Plain("Thành phần tham dự: " + attended + "."), document.Plain("Chủ trì (chủ tọa): Cụm trưởng " + v.Cluster.Name + "."), document.Plain("Thư ký: Thư ký " + v.Cluster.Name + "."),
		document.Heading{Level: 2, Ordinal: "1", Text: "Kết quả chấm điểm"}, v.scores(),
		document.Heading{Level: 2, Ordinal: "2", Text: "Đơn vị không đủ điều kiện"}}
	d.Body = append(d.Body, v.excluded()...)
	d.Body = append(d.Body, document.Heading{Level: 2, Ordinal: "3", Text: "Kết quả suy tôn"})
	none := true
	for _, t := range v.Round.Titles {
		if b, ok := v.Round.Last(t.Code); ok {
			none = false
			d.Body = append(d.Body, document.Heading{Level: 3, Ordinal: "", Text: t.Name})
			d.Body = append(d.Body, v.counted(t, b)...)
		} else if names := v.names(v.Round.Candidates[t.Code]); !t.Ballot && names != nil {
			none = false
			d.Body = append(d.Body, document.Heading{Level: 3, Ordinal: "", Text: t.Name}, document.List{Items: names})
		}
	}
	if none {
		d.Body = append(d.Body, document.Plain("Chưa có kết quả."))
	}
	d.Body = append(d.Body, document.Plain("Cuộc họp kết thúc vào ..... giờ ....., ngày "+dateOrDots(held)+"."))
	d.Signers = []document.Signature{{Title: "Thư ký"}, {Title: "Chủ tọa"}}
	return d, nil
}

func dateOrDots(t time.Time) string {
	if t.IsZero() {
		return "....."
	}
	return lang.Date(t)
}

// scores is the ranking in brief.
func (v View) scores() document.Table {
	t := document.Table{Small: true, Columns: []document.Column{{Title: "Hạng", Width: 8, Align: document.Center}, {Title: "Đơn vị", Width: 50}, {Title: "Tổng điểm", Width: 16, Align: document.Right}, {Title: "Xếp loại", Width: 26, Align: document.Center}}}
	for _, s := range v.Standings {
		t.Rows = append(t.Rows, []string{strconv.Itoa(s.Rank), s.Name, points(s.Total), s.Class})
	}
	return t
}

// excluded are the units that no title is open to but for points, with rule and record.
func (v View) excluded() []document.Block {
	var items []string
	for _, s := range v.Standings {
		seen := map[string]bool{}
		for _, t := range v.Round.Titles {
			for _, f := range v.Round.Eligible(t, s, v.Period, v.Records) {
				if f.Rule.Check == "points" || seen[f.Rule.ID+f.By] {
					continue
				}
				seen[f.Rule.ID+f.By] = true
				text := s.Name + ": không đạt điều kiện " + f.Rule.ID + " (" + f.Rule.VI + "; " + f.Rule.Article + ")"
				if f.By != "" {
					text += ": " + f.By
				}
				items = append(items, text)
			}
		}
	}
	if items == nil {
		return []document.Block{document.Plain("Không có.")}
	}
	return []document.Block{document.List{Items: items}}
}

func (v View) names(units []string) []string {
	var all []string
	for _, s := range v.Standings {
		if contains(units, s.UnitID) {
			all = append(all, s.Name)
		}
	}
	return all
}

// proposed are the titles with who is proposed for them.
func (v View) proposed() []struct {
	Title Title
	Units []Standing
} {
	var all []struct {
		Title Title
		Units []Standing
	}
	given := map[string]bool{}
	for _, t := range v.Round.Titles {
		x := struct {
			Title Title
			Units []Standing
		}{Title: t}
		elected := v.Elected(t)
		for _, s := range v.Standings {
			if contains(elected, s.UnitID) && !given[s.UnitID] {
				given[s.UnitID] = true
				x.Units = append(x.Units, s)
			}
		}
		if x.Units != nil {
			all = append(all, x)
		}
	}
	return all
}

// submission is F9 (tờ trình).
func (v View) submission(now time.Time) (document.Document, error) {
	day := now
	if !v.Round.ProposedAt.IsZero() {
		day = v.Round.ProposedAt
	}
	d := v.start("Tờ trình", "về việc đề nghị khen thưởng "+lang.InSentence(v.Period.Name), day)
	if v.Cluster.Superior != "" {
		d.Addressees = []string{v.Cluster.Superior}
	}
	all := v.proposed()
	if all == nil {
		return d, fault.New(fault.Conflict, "commendation.nobody")
	}
	d.Body = []document.Block{document.Plain("Căn cứ kết quả thực hiện giao ước thi đua và kết quả chấm điểm " + lang.InSentence(v.Period.Name) + ", biên bản họp cụm và biên bản kiểm phiếu, " + v.Cluster.Name + " kính đề nghị xem xét, khen thưởng các tập thể sau:")}
	for i, x := range all {
		items := make([]string, len(x.Units))
		for k, s := range x.Units {
			items[k] = fmt.Sprintf("%s: %s điểm, hạng %d", s.Name, points(s.Total), s.Rank)
			if b, ok := v.Round.Last(x.Title.Code); ok {
				items[k] += fmt.Sprintf("; %d/%d phiếu", b.Votes[s.UnitID], b.of())
			}
		}
		d.Body = append(d.Body, document.Heading{Level: 2, Ordinal: strconv.Itoa(i + 1), Text: x.Title.Name}, document.List{Items: items})
	}
	d.Body = append(d.Body, document.Plain("Hồ sơ gửi kèm: báo cáo thành tích của các tập thể, biên bản họp cụm, biên bản kiểm phiếu, bảng tổng hợp điểm, danh sách trích ngang."), document.Plain("Kính trình xem xét, quyết định."))
	return d, nil
}

// Achievements is F10, the report of one unit (báo cáo thành tích).
func (v View) Achievements(s Standing, now time.Time) document.Document {
	title := ""
	for _, x := range v.proposed() {
		for _, u := range x.Units {
			if u.UnitID == s.UnitID {
				title = x.Title.Name
			}
		}
	}
	abstract := "thành tích đề nghị khen thưởng " + lang.InSentence(v.Period.Name)
	if title != "" {
		abstract = "thành tích đề nghị tặng " + title + " " + lang.InSentence(v.Period.Name)
	}
	d := document.Document{Superior: v.Cluster.Name, Issuer: s.Name, Date: now, TypeName: "Báo cáo", Abstract: abstract,
		Signature: document.Signature{Authority: "TM. " + s.Name, Title: "Thủ trưởng đơn vị"}, Recipients: []string{v.Cluster.Name, "Lưu: VT"}}
	d.Body = []document.Block{document.Heading{Level: 1, Ordinal: "I", Text: "Thông tin chung"},
		document.Plain(s.Name + " là thành viên của " + v.Cluster.Name + "."),
		document.Heading{Level: 1, Ordinal: "II", Text: "Kết quả, thành tích"},
		document.Plain(fmt.Sprintf("Tổng điểm thi đua %s: %s; xếp hạng %d/%d; xếp loại %s.", lang.InSentence(v.Period.Name), points(s.Total), s.Rank, len(v.Standings), orDots(s.Class)))}
	if len(s.Strengths) > 0 {
		d.Body = append(d.Body, document.Plain("Những mặt đạt cao hơn mức trung vị của cụm:"), document.List{Items: s.Strengths})
	}
	if len(s.Figures) > 0 {
		t := document.Table{Small: true, Columns: []document.Column{{Title: "Chỉ tiêu", Width: 48}, {Title: "Đơn vị tính", Width: 16, Align: document.Center}, {Title: "Kỳ trước", Width: 18, Align: document.Right}, {Title: "Kỳ này", Width: 18, Align: document.Right}}}
		for _, f := range s.Figures {
			t.Rows = append(t.Rows, []string{f.Label, f.Unit, f.Last, f.Value})
		}
		d.Body = append(d.Body, document.Plain("Số liệu đã được thẩm định, có minh chứng:"), t)
	}
	if len(s.Models) > 0 {
		d.Body = append(d.Body, document.Plain("Mô hình “Dân vận khéo” đã đăng ký:"), document.List{Items: s.Models})
	}
	d.Body = append(d.Body, document.Heading{Level: 1, Ordinal: "III", Text: "Đề nghị khen thưởng"}, document.Plain(s.Name+" đề nghị được xét tặng "+orDots(title)+"."))
	return d
}

// list is F11 (trích ngang).
func (v View) list(now time.Time) (document.Document, error) {
	all := v.proposed()
	if all == nil {
		return document.Document{}, fault.New(fault.Conflict, "commendation.nobody")
	}
	d := v.start("Danh sách trích ngang", "tập thể đề nghị khen thưởng "+lang.InSentence(v.Period.Name), now)
	t := document.Table{Small: true, Columns: []document.Column{{Title: "TT", Width: 5, Align: document.Center}, {Title: "Tập thể", Width: 20}, {Title: "Hình thức đề nghị", Width: 13}, {Title: "Tổng điểm", Width: 8, Align: document.Right}, {Title: "Hạng", Width: 8, Align: document.Center}, {Title: "Số phiếu", Width: 8, Align: document.Center}, {Title: "Tóm tắt thành tích", Width: 38}}}
	n := 0
	for _, x := range all {
		for _, s := range x.Units {
			n++
			votes := "–"
			if b, ok := v.Round.Last(x.Title.Code); ok {
				votes = fmt.Sprintf("%d/%d", b.Votes[s.UnitID], b.of())
			}
			t.Rows = append(t.Rows, []string{strconv.Itoa(n), s.Name, x.Title.Name, points(s.Total), strconv.Itoa(s.Rank), votes, strings.Join(s.Strengths[:min(3, len(s.Strengths))], "; ")})
		}
	}
	d.Body = []document.Block{document.Plain("Kèm theo Tờ trình của " + v.Cluster.Name + " về việc đề nghị khen thưởng " + lang.InSentence(v.Period.Name) + ":"), t}
	return d, nil
}
