package emulation

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"dongthuan/internal/cluster"
	"dongthuan/internal/document"
	"dongthuan/internal/lang"
	"dongthuan/internal/policy"
	"dongthuan/internal/web"
)

// The forms of the emulation year that come from sheets and registrations: F1
// registration, F2 covenant, F3 self-score, F4 cross-score, F5 consolidation. They are
// Vietnamese, as the offices that sign them. The forms of commendation are in its room.

func (p pages) serveForms() {
	for _, kind := range []string{"docx", "pdf"} {
		p.Handle(web.Route{Pattern: "GET /viec/phieu/{sheet}/tu-cham." + kind, Action: policy.SheetRead, Page: p.selfForm(kind)})
		p.Handle(web.Route{Pattern: "GET /viec/cham-cheo/{cross}/bang." + kind, Action: policy.SheetCross, Page: p.crossDocument(kind)})
		p.Handle(web.Route{Pattern: "GET /viec/ky/{id}/tong-hop." + kind, Action: policy.PeriodFollow, Page: p.consolidatedForm(kind)})
	}
}

// unitDocument starts a paper that a unit signs, clusterDocument one of the cluster.
func unitDocument(v View, now time.Time) document.Document {
	return document.Document{Superior: v.Cluster.Name, Issuer: v.Unit.FullName(), Date: now,
		Signature: document.Signature{Authority: "TM. " + v.Unit.FullName(), Title: "Thủ trưởng đơn vị"}, Recipients: []string{v.Cluster.Name, "Lưu: VT"}}
}

func clusterDocument(c cluster.Cluster, now time.Time) document.Document {
	return document.Document{Superior: c.Superior, Issuer: c.Name, Date: now,
		Signature: document.Signature{Authority: "TM. " + c.Name, Title: "Cụm trưởng"}, Recipients: []string{c.Superior, "Các đơn vị trong cụm", "Lưu: VT"}}
}

func points1(tenths int64) string { return lang.PointsFixed("vi", tenths) }

func pointsOr(tenths *int64, none string) string {
	if tenths == nil {
		return none
	}
	return points1(*tenths)
}

func figureOr(v *int64, none string) string {
	if v == nil {
		return none
	}
	return lang.Figure("vi", *v)
}

// targetTable is a registration as a table.
func targetTable(c Criteria, r Registration) document.Table {
	t := document.Table{Small: true, Columns: []document.Column{{Title: "Tiêu chí", Width: 8, Align: document.Center}, {Title: "Nội dung", Width: 34}, {Title: "Số gốc", Width: 10, Align: document.Right},
		{Title: "Chỉ tiêu", Width: 10, Align: document.Right}, {Title: "Đơn vị, cách đo", Width: 20}, {Title: "Thời hạn", Width: 14, Align: document.Center}}}
	for _, cr := range c.All() {
		if x := r.Targets[cr.Code]; x.Given() {
			note := cr.Name
			if x.Note != "" {
				note += " (" + x.Note + ")"
			}
			t.Rows = append(t.Rows, []string{cr.Code, note, figureOr(x.Baseline, "–"), figureOr(x.Target, "–"), x.Measure, lang.Date(x.Due)})
		}
	}
	return t
}

func lines(text string) []string {
	var all []string
	for line := range strings.SplitSeq(text, "\n") {
		if line = lang.Line(line); line != "" {
			all = append(all, line)
		}
	}
	return all
}

// targetsDOCX is F1, the registration (bản đăng ký).
func (p pages) targetsDOCX(w http.ResponseWriter, r *http.Request) error {
	page, err := p.targetsPage(r)
	if err != nil {
		return err
	}
	d := unitDocument(page.View, page.Now)
	d.TypeName, d.Abstract = "Bản đăng ký", "thi đua "+lang.InSentence(page.Period.Name)
	if page.Reg.N > 1 {
		d.Abstract += " (điều chỉnh lần " + strconv.FormatInt(page.Reg.N-1, 10) + ")"
	}
	d.Addressees = []string{page.Cluster.Name}
	if !page.Reg.SentAt.IsZero() {
		d.Date = page.Reg.SentAt
	}
	d.Body = []document.Block{document.Plain(page.Unit.FullName() + " đăng ký với " + page.Cluster.Name + " các chỉ tiêu thi đua " + lang.InSentence(page.Period.Name) + " như sau:"),
		document.Heading{Level: 1, Ordinal: "I", Text: "Chỉ tiêu thi đua"}, targetTable(page.Criteria, page.Reg)}
	ordinals := []string{"II", "III", "IV"}
	for _, part := range []struct{ title, text string }{{"Danh hiệu, hình thức khen thưởng đăng ký", page.Reg.Titles}, {"Mô hình “Dân vận khéo” đăng ký", page.Reg.Models}, {"Lý do điều chỉnh", page.Reg.Reason}} {
		if part.text == "" {
			continue
		}
		d.Body = append(d.Body, document.Heading{Level: 1, Ordinal: ordinals[0], Text: part.title}, document.List{Items: lines(part.text)})
		ordinals = ordinals[1:]
	}
	d.Body = append(d.Body, document.Plain(page.Unit.FullName()+" cam kết thực hiện đúng các nội dung đã đăng ký."))
	return document.Send(w, r, "docx", "dang-ky-"+page.Period.Code+"-"+page.View.Member.Code, d)
}

// pledgeDOCX is F2, the covenant (giao ước), to be signed on paper by every unit.
func (p pages) pledgeDOCX(w http.ResponseWriter, r *http.Request) error {
	page, err := p.targetBoardPage(r)
	if err != nil {
		return err
	}
	g := page.Draft
	if n, err := strconv.ParseInt(r.URL.Query().Get("lan"), 10, 64); err == nil {
		i := slices.IndexFunc(page.Pledges, func(v Pledge) bool { return v.N == n })
		if i < 0 {
			return web.NotFound()
		}
		g = page.Pledges[i]
	}
	d := clusterDocument(page.Cluster, g.SignedOn)
	d.Place, d.TypeName, d.Abstract = g.Place, "Giao ước thi đua", page.Period.Name
	if g.N > 1 {
		d.Abstract += " (điều chỉnh lần " + strconv.FormatInt(g.N-1, 10) + ")"
	}
	d.Recipients = nil
	var names []string
	annex := document.Annex{Title: "Chỉ tiêu thi đua các đơn vị đăng ký", Landscape: true}
	t := document.Table{Small: true, Columns: []document.Column{{Title: "Đơn vị", Width: 20}, {Title: "Tiêu chí", Width: 8, Align: document.Center}, {Title: "Nội dung", Width: 40}, {Title: "Số gốc", Width: 9, Align: document.Right},
		{Title: "Chỉ tiêu", Width: 9, Align: document.Right}, {Title: "Đơn vị, cách đo", Width: 20}, {Title: "Thời hạn", Width: 12, Align: document.Center}}}
	for _, row := range page.Regs {
		names = append(names, row.Name)
		d.Signers = append(d.Signers, document.Signature{Title: "Đại diện " + row.Name})
		if !row.Has || row.Reg.State != RegAccepted {
			continue
		}
		for _, cells := range targetTable(page.Criteria, row.Reg).Rows {
			t.Rows = append(t.Rows, append([]string{row.Name}, cells...))
		}
	}
	if page.Cluster.Superior != "" {
		d.Signers = append(d.Signers, document.Signature{Authority: "Chứng kiến của", Title: page.Cluster.Superior})
	}
	d.Body = append(d.Body, document.Plain("Các đơn vị thuộc "+page.Cluster.Name+" gồm: "+strings.Join(names, ", ")+" thống nhất ký giao ước thi đua "+lang.InSentence(page.Period.Name)+" với các nội dung sau:"))
	for i, line := range g.Undertakings() {
		d.Body = append(d.Body, document.Plain(strconv.Itoa(i+1)+". "+line))
	}
	if g.Reason != "" {
		d.Body = append(d.Body, document.Paragraph{Runs: []document.Run{{Text: "Lý do điều chỉnh: " + g.Reason, Italic: true}}})
	}
	d.Body = append(d.Body, document.Plain("Giao ước có hiệu lực từ ngày ký; các đơn vị cam kết thực hiện nghiêm túc và báo cáo kết quả với cụm theo quy định."))
	if len(t.Rows) > 0 {
		annex.Body = []document.Block{t}
		d.Annexes = []document.Annex{annex}
	}
	return document.Send(w, r, "docx", "giao-uoc-"+page.Cluster.Code+"-"+page.Period.Code, d)
}

// selfForm is F3, the self-scored table (bảng tự chấm).
func (p pages) selfForm(kind string) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		page, err := p.pointsPage(r)
		if err != nil {
			return err
		}
		d := unitDocument(page.View, page.Now)
		if !page.Sheet.SubmittedAt.IsZero() {
			d.Date = page.Sheet.SubmittedAt
		}
		d.TypeName, d.Abstract = "Bảng tự chấm điểm", "thi đua "+lang.InSentence(page.Period.Name)
		t := document.Table{Small: true, Bold: map[int]bool{}, Columns: []document.Column{{Title: "TT", Width: 7, Align: document.Center}, {Title: "Tiêu chí", Width: 42}, {Title: "Điểm tối đa", Width: 9, Align: document.Right},
			{Title: "Điểm tự chấm", Width: 9, Align: document.Right}, {Title: "Cách tính, lý do", Width: 33}}}
		var sum, most int64
		for _, g := range page.Groups {
			t.Bold[len(t.Rows)] = true
			head := len(t.Rows)
			t.Rows = append(t.Rows, []string{g.Group.Code, g.Group.Name, points1(g.Group.Max), "", ""})
			var own int64
			for _, l := range g.Lines {
				why := strings.Join(l.How, "; ")
				if l.Mark.SelfReason != "" {
					why = l.Mark.SelfReason
				}
				if l.Mark.NotApply {
					why = "Không có đối tượng: " + l.Mark.NotApplyReason
				}
				if v := l.Own(); v != nil {
					own += *v
				}
				t.Rows = append(t.Rows, []string{l.Criterion.Code, l.Criterion.Name, points1(l.Criterion.Max), pointsOr(l.Own(), "–"), why})
			}
			t.Rows[head][3] = points1(own)
			sum, most = sum+own, most+g.Group.Max
		}
		t.Bold[len(t.Rows)] = true
		t.Rows = append(t.Rows, []string{"", "Cộng (chưa quy đổi, chưa thưởng, trừ)", points1(most), points1(sum), ""})
		for _, e := range page.Bonuses {
			for _, cl := range e.Claims {
				if cl.State == Claimed || cl.State == Accepted {
					t.Rows = append(t.Rows, []string{"", "Thưởng: " + e.Name, "", "+" + points1(e.Points*cl.Cases), cl.Reason})
				}
			}
		}
		d.Body = []document.Block{document.Plain(page.Unit.FullName() + " tự chấm điểm thi đua " + lang.InSentence(page.Period.Name) + " như sau:"), t,
			document.Plain("Đơn vị chịu trách nhiệm về tính trung thực của số liệu và minh chứng kèm theo.")}
		return document.Send(w, r, kind, "tu-cham-"+page.Period.Code+"-"+page.View.Member.Code, d)
	}
}

// crossDocument is F4, a scorer's table (bảng chấm chéo).
func (p pages) crossDocument(kind string) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		page, err := p.crossPage(r)
		if err != nil {
			return err
		}
		scorer, err := p.units.Get(r.Context(), page.Cross.Scorer, page.Period.Ends)
		if err != nil {
			return err
		}
		d := document.Document{Superior: page.Cluster.Name, Issuer: scorer.FullName(), Date: page.Now, TypeName: "Bảng chấm chéo", Abstract: "thi đua " + lang.InSentence(page.Period.Name) + " của " + page.Unit.FullName(),
			Signature: document.Signature{Authority: "TM. " + scorer.FullName(), Title: "Thủ trưởng đơn vị"}, Recipients: []string{page.Cluster.Name, "Lưu: VT"}}
		if page.Cross.Handed {
			d.Date = page.Cross.HandedAt
		}
		t := document.Table{Small: true, Columns: []document.Column{{Title: "TT", Width: 7, Align: document.Center}, {Title: "Tiêu chí", Width: 40}, {Title: "Tối đa", Width: 8, Align: document.Right},
			{Title: "Tự chấm", Width: 8, Align: document.Right}, {Title: "Chấm chéo", Width: 8, Align: document.Right}, {Title: "Nhận xét", Width: 30}}}
		for _, g := range page.Groups {
			for _, l := range g.Lines {
				t.Rows = append(t.Rows, []string{l.Criterion.Code, l.Criterion.Name, points1(l.Criterion.Max), pointsOr(l.Own, "–"), pointsOr(l.Mark.Points, ""), l.Mark.Remark})
			}
		}
		d.Body = []document.Block{document.Plain(scorer.FullName() + " chấm chéo " + page.Unit.FullName() + ", " + lang.InSentence(page.Period.Name) + ":"), t}
		if page.Cross.Remark != "" {
			d.Body = append(d.Body, document.Paragraph{Runs: []document.Run{{Text: "Nhận xét chung: ", Bold: true}, {Text: page.Cross.Remark}}})
		}
		return document.Send(w, r, kind, "cham-cheo-"+page.Period.Code+"-"+page.View.Member.Code, d)
	}
}

// consolidatedForm is F5, the table of the cluster (bảng tổng hợp).
func (p pages) consolidatedForm(kind string) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		page, err := p.boardPage(r)
		if err != nil {
			return err
		}
		return document.Send(w, r, kind, "tong-hop-"+page.Cluster.Code+"-"+page.Period.Code, ConsolidatedDocument(page.Cluster, page.Period, page.Ranking, page.Now))
	}
}

// ConsolidatedDocument is the ranking of a period as a form of its own.
func ConsolidatedDocument(c cluster.Cluster, p cluster.Period, ranking Ranking, now time.Time) document.Document {
	d := clusterDocument(c, now)
	d.TypeName, d.Abstract = "Bảng tổng hợp điểm", "thi đua "+lang.InSentence(p.Name)
	if p.Trial {
		d.Abstract += " (chấm thử)"
	}
	d.Body = []document.Block{document.Plain(c.Name + " tổng hợp điểm thi đua " + lang.InSentence(p.Name) + " của các đơn vị tại Phụ lục kèm theo."), ties(ranking)}
	d.Annexes = []document.Annex{{Title: "Tổng hợp điểm thi đua " + lang.InSentence(p.Name), Landscape: true, Body: []document.Block{ConsolidatedTable(ranking)}}}
	return d
}

func ties(ranking Ranking) document.Block {
	var shared []string
	for _, row := range ranking.Rows {
		if row.Shared {
			shared = append(shared, row.Name)
		}
	}
	if shared == nil {
		return document.Plain("Thứ hạng được xác định theo tổng điểm và các tiêu chí phụ đã công bố trước kỳ.")
	}
	return document.Plain("Các đơn vị đồng hạng: " + strings.Join(shared, ", ") + ".")
}

// ConsolidatedTable is the ranking as a table: groups, bonus, deduction, total, class.
func ConsolidatedTable(ranking Ranking) document.Table {
	t := document.Table{Small: true, Columns: []document.Column{{Title: "Hạng", Width: 6, Align: document.Center}, {Title: "Đơn vị", Width: 24}}}
	for _, g := range ranking.Groups {
		t.Columns = append(t.Columns, document.Column{Title: g.Code + " (" + lang.Points("vi", g.Max) + ")", Width: 8, Align: document.Right})
	}
	t.Columns = append(t.Columns, document.Column{Title: "Cộng", Width: 8, Align: document.Right}, document.Column{Title: "Thưởng", Width: 8, Align: document.Right}, document.Column{Title: "Trừ", Width: 7, Align: document.Right},
		document.Column{Title: "Tổng", Width: 8, Align: document.Right}, document.Column{Title: "Xếp loại", Width: 10, Align: document.Center})
	for _, row := range ranking.Rows {
		cells := []string{strconv.Itoa(row.Rank), row.Name}
		for _, g := range row.Groups {
			cells = append(cells, points1(g))
		}
		t.Rows = append(t.Rows, append(cells, points1(row.Base), points1(row.Bonus), points1(row.Deduction), points1(row.Total), row.Class))
	}
	return t
}
