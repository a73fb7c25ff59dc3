package conference

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"dongthuan/internal/document"
	"dongthuan/internal/lang"
	"dongthuan/internal/qr"
)

// The papers of a conference. They are Vietnamese, as the offices that sign them.

func (v View) start(typeName, abstract string, at time.Time) document.Document {
	return document.Document{Superior: v.Cluster.Superior, Issuer: v.Cluster.Name, Date: at, TypeName: typeName, Abstract: abstract,
		Signature: document.Signature{Authority: "TM. " + v.Cluster.Name, Title: "Cụm trưởng"}, Recipients: []string{v.Cluster.Superior, "Các đơn vị trong cụm", "Lưu: VT"}}
}

// when writes the moment a conference begins: 08 giờ 00, thứ Năm, ngày 09/07/2026.
func when(t time.Time) string {
	t = t.In(lang.Vietnam)
	day := [...]string{"Chủ nhật", "thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy"}[t.Weekday()]
	return hour(t) + ", " + day + ", ngày " + lang.Date(t)
}

// LetterFor is the invitation of one delegate. address is that of the letter's page.
func (v View) LetterFor(d Delegate, address string, now time.Time) (document.Document, error) {
	known := v.Announced()
	at := known.At
	if at.IsZero() {
		at = now
	}
	doc := v.start("Giấy mời", "dự "+lang.InSentence(v.Title), at)
	doc.Addressees = []string{d.Office + ", " + v.Where(d)}
	if d.Name != "" {
		doc.Addressees = []string{d.Name + ", " + d.Office + ", " + v.Where(d)}
	}
	doc.Body = []document.Block{document.Plain(v.Cluster.Name + " trân trọng kính mời đồng chí dự " + lang.InSentence(v.FullTitle()) + "."),
		document.Paragraph{Runs: []document.Run{{Text: "Thời gian: ", Bold: true}, {Text: when(known.Starts) + "."}}},
		document.Paragraph{Runs: []document.Run{{Text: "Địa điểm: ", Bold: true}, {Text: known.Place + "."}}}}
	if d.Seat != "" {
		doc.Body = append(doc.Body, document.Paragraph{Runs: []document.Run{{Text: "Chỗ ngồi: ", Bold: true}, {Text: d.Seat + "."}}})
	}
	if p, ok := v.Paper(d.UnitID); ok && d.Role == "speaker" && d.UnitID != "" {
		text := fmt.Sprintf("Tham luận: %d phút", p.Minutes)
		if at := v.PaperAt(p.ID); !at.IsZero() {
			text += ", dự kiến lúc " + hour(at)
		}
		if p.Title != "" {
			text += ", “" + p.Title + "”"
		}
		doc.Body = append(doc.Body, document.Plain(text+"; gửi bài trước "+strings.ReplaceAll(lang.Moment(p.Due), " | ", ", ")+"."))
	}
	for _, line := range strings.Split(v.Letter, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			doc.Body = append(doc.Body, document.Plain(line))
		}
	}
	doc.Body = append(doc.Body, document.Plain("Đề nghị đồng chí xác nhận, cử người dự thay hoặc báo vắng bằng cách quét mã dưới đây; không cần tài khoản. Khi đến dự, xin đưa mã này tại bàn đón tiếp."))
	code, err := picture(address, 30, "Mã giấy mời: "+d.Spelled())
	if err != nil {
		return doc, err
	}
	doc.Body = append(doc.Body, code, document.Plain("Rất mong đồng chí đến dự."))
	doc.Recipients = []string{"Như trên", "Lưu: VT"}
	return doc, nil
}

func (v View) table(slots []Slot) document.Table {
	t := document.Table{Columns: []document.Column{{Title: "Thời gian", Width: 14, Align: document.Center}, {Title: "Nội dung", Width: 46}, {Title: "Người thực hiện", Width: 30}, {Title: "Phút", Width: 8, Align: document.Right}}}
	for _, s := range slots {
		if s.NewDay {
			t.Rows = append(t.Rows, []string{"", "Ngày " + lang.Date(s.Starts), "", ""})
		}
		t.Rows = append(t.Rows, []string{clockWords(s.Starts), s.Title, s.Presenter, strconv.FormatInt(s.Minutes, 10)})
	}
	return t
}

// Programme as a document: the version that is public, or the draft before there is one.
func (v View) Programme(now time.Time, address string) (document.Document, error) {
	items, starts, place, at, note := v.Items, v.Starts, v.Place, now, "Bản dự thảo."
	if len(v.Programmes) > 0 {
		p := v.Programmes[0]
		items, starts, place, at, note = p.Items, p.Starts, p.Place, p.At, fmt.Sprintf("Chương trình lần %d; bản hiện hành tại %s.", p.Version, address)
	}
	doc := v.start("Chương trình", lang.InSentence(v.FullTitle()), at)
	doc.Body = []document.Block{document.Plain("Thời gian: " + when(starts) + "."), document.Plain("Địa điểm: " + place + "."), v.table(Schedule(starts, items))}
	last := document.Paragraph{Runs: []document.Run{{Text: note, Italic: true}}} // a line of text, where the document ends
	if len(v.Programmes) == 0 {
		doc.Body = append(doc.Body, last)
		return doc, nil
	}
	code, err := picture(address, 22, "Quét mã để xem chương trình hiện hành")
	doc.Body = append(doc.Body, code, last)
	return doc, err
}

// picture is a QR code as a document shows it, so many millimetres wide.
func picture(text string, mm float64, words string) (document.Picture, error) {
	code, err := qr.New(text)
	if err != nil {
		return document.Picture{}, err
	}
	png, err := code.PNG()
	return document.Picture{PNG: png, MM: mm, Words: words}, err
}

// RunningOrder is the internal script: who says what, and who goes on.
func (v View) RunningOrder(now time.Time) document.Document {
	doc := v.start("Kịch bản điều hành", lang.InSentence(v.FullTitle()), now)
	doc.Body = []document.Block{document.Plain("Thời gian: " + when(v.Starts) + ". Địa điểm: " + v.Place + ".")}
	t := document.Table{Columns: []document.Column{{Title: "Giờ", Width: 9, Align: document.Center}, {Title: "Phút", Width: 7, Align: document.Right}, {Title: "Nội dung, người thực hiện", Width: 30}, {Title: "Lời dẫn", Width: 40}, {Title: "Chuyển tiếp cho", Width: 14}}, Small: true}
	for _, s := range v.Slots {
		what := s.Title
		if s.Presenter != "" {
			what += "\n" + s.Presenter
		}
		script := s.Script
		if s.Kind == "papers" && script == "" {
			script = v.papersScript()
		}
		t.Rows = append(t.Rows, []string{clockWords(s.Starts), strconv.FormatInt(s.Minutes, 10), what, script, s.HandsTo})
	}
	doc.Body = append(doc.Body, t)
	doc.Recipients = []string{"Chủ tọa, thư ký, người dẫn chương trình", "Lưu: VT"}
	return doc
}

func (v View) papersScript() string {
	var lines []string
	for _, p := range v.Papers {
		if p.Reading {
			lines = append(lines, fmt.Sprintf("%d. %s: “%s” (%d phút)", len(lines)+1, v.Name(p.UnitID), p.Title, p.Minutes))
		}
	}
	if lines == nil {
		return ""
	}
	return "Kính mời lần lượt:\n" + strings.Join(lines, "\n")
}

// SignList is the paper fallback: a list to sign, by units.
func (v View) SignList(now time.Time) document.Document {
	doc := v.start("Danh sách", "đại biểu dự "+lang.InSentence(v.Title), now)
	doc.Undated = true
	t := document.Table{Columns: []document.Column{{Title: "TT", Width: 6, Align: document.Center}, {Title: "Chức danh", Width: 36}, {Title: "Đơn vị, cơ quan", Width: 30}, {Title: "Chỗ", Width: 8, Align: document.Center}, {Title: "Ký tên", Width: 20}}}
	for i, d := range v.Delegates {
		who := d.As()
		if d.Name != "" && d.Answer != Sends {
			who = d.Name + "\n" + who
		}
		t.Rows = append(t.Rows, []string{strconv.Itoa(i + 1), who, v.Where(d), d.Seat, ""})
	}
	for range 5 { // for those who come unannounced
		t.Rows = append(t.Rows, []string{strconv.Itoa(len(t.Rows) + 1), "", "", "", "\n"})
	}
	doc.Body = []document.Block{document.Plain("Thời gian: " + when(v.Starts) + ". Địa điểm: " + v.Place + "."), t}
	doc.Signers = []document.Signature{{Title: "Người lập danh sách"}, {Title: "Thư ký"}}
	doc.Recipients = nil
	return doc
}

// Document of minutes, in the form of the State's minutes (Decree 30/2020, form 1.9).
func (v View) MinutesDocument(m Minutes) document.Document {
	doc := v.start("Biên bản", lang.InSentence(m.Title), m.Opened)
	doc.Undated, doc.Recipients = true, []string{"Các đơn vị trong cụm", "Lưu: VT, hồ sơ hội nghị"}
	ended := "....."
	if !m.Ended.IsZero() {
		ended = hour(m.Ended) + ", ngày " + lang.Date(m.Ended)
	}
	began := "....."
	if !m.Opened.IsZero() {
		began = hour(m.Opened) + ", ngày " + lang.Date(m.Opened)
	}
	doc.Body = []document.Block{
		document.Plain("Thời gian bắt đầu: " + began + "."), document.Plain("Địa điểm: " + m.Place + "."),
		document.Plain(fmt.Sprintf("Thành phần tham dự: mời %d đại biểu; có mặt %d (trong đó dự thay %d, ngoài danh sách %d); vắng có lý do %d; vắng không báo %d. Có %d/%d đơn vị trong cụm dự.", m.Invited, m.Present, m.Substitutes, m.WalkIns, len(m.Excused), len(m.Absent), m.Units.Here, m.Units.Of))}
	if len(m.Excused) > 0 {
		doc.Body = append(doc.Body, document.Plain("Vắng có lý do: "+strings.Join(m.Excused, "; ")+"."))
	}
	if len(m.Absent) > 0 {
		doc.Body = append(doc.Body, document.Plain("Vắng không báo: "+strings.Join(m.Absent, "; ")+"."))
	}
	doc.Body = append(doc.Body, document.Plain("Chủ tọa: "+orDots(strings.Join(m.Chair, "; "))+"."), document.Plain("Thư ký: "+orDots(strings.Join(m.Secretaries, "; "))+"."),
		document.Heading{Level: 2, Text: "Nội dung (theo diễn biến hội nghị):"})
	for i, p := range m.Parts {
		title := p.Title
		if p.Presenter != "" {
			title += " (" + p.Presenter + ")"
		}
		if when := p.when(); when != "" {
			title += ", " + when
		}
		doc.Body = append(doc.Body, document.Heading{Level: 3, Ordinal: strconv.Itoa(i + 1), Text: title})
		for _, line := range strings.Split(p.Body, "\n") {
			if line = strings.TrimSpace(line); line != "" {
				doc.Body = append(doc.Body, document.Plain(line))
			}
		}
		if len(p.Filled) > 0 {
			doc.Body = append(doc.Body, document.List{Items: p.Filled})
		}
	}
	if len(m.Conclusions) > 0 {
		doc.Body = append(doc.Body, document.Heading{Level: 2, Text: "Kết luận"})
		for i, x := range m.Conclusions {
			doc.Body = append(doc.Body, document.Plain(strconv.Itoa(i+1)+". "+x))
		}
	}
	doc.Body = append(doc.Body, document.Plain("Hội nghị kết thúc vào "+ended+"."))
	doc.Signers = []document.Signature{{Title: "Thư ký"}, {Title: "Chủ tọa"}}
	doc.PartySigners = []document.Signature{{Title: "Người ghi biên bản"}, {Title: "Chủ trì"}}
	return doc
}

func orDots(s string) string {
	if s == "" {
		return "................"
	}
	return s
}

// Notice of the conclusions (thông báo kết luận), with the tasks they became.
func (v View) Notice(conclusions []string, tasks []TaskLine, at time.Time) document.Document {
	doc := v.start("Thông báo", "kết luận "+lang.InSentence(v.Title), at)
	doc.Number = v.Number
	doc.Body = []document.Block{document.Plain(fmt.Sprintf("Ngày %s, tại %s, %s tổ chức %s. Sau khi nghe báo cáo, các tham luận và ý kiến của đại biểu, chủ tọa kết luận như sau:", lang.Date(v.Starts), v.Place, v.Cluster.Name, lang.InSentence(v.FullTitle())))}
	for i, x := range conclusions {
		doc.Body = append(doc.Body, document.Plain(strconv.Itoa(i+1)+". "+x))
	}
	doc.Body = append(doc.Body, document.Plain("Trên đây là kết luận của hội nghị. "+v.Cluster.Name+" thông báo để các đơn vị biết, thực hiện"+map[bool]string{true: " các nhiệm vụ tại phụ lục kèm theo"}[len(tasks) > 0]+"."))
	if len(tasks) > 0 {
		t := document.Table{Columns: []document.Column{{Title: "Số", Width: 5, Align: document.Center}, {Title: "Nhiệm vụ", Width: 34}, {Title: "Chủ trì", Width: 18}, {Title: "Phối hợp", Width: 14}, {Title: "Hạn", Width: 12, Align: document.Center}, {Title: "Sản phẩm", Width: 24}}, Small: true}
		for _, x := range tasks {
			t.Rows = append(t.Rows, []string{strconv.FormatInt(x.Number, 10), x.Title, strings.Join(x.Leads, ", "), strings.Join(x.With, ", "), lang.Date(x.Due), x.Product})
		}
		doc.Annexes = []document.Annex{{Title: "Nhiệm vụ theo kết luận hội nghị", Landscape: true, Body: []document.Block{t}}}
	}
	return doc
}

// TaskLine is a task as the notice lists it, units by name.
type TaskLine struct {
	Number         int64
	Title, Product string
	Leads, With    []string
	Due            time.Time
}

// Proceedings (kỷ yếu) are the accepted papers with their contents; what is missing is
// named.
func (v View) Proceedings(now time.Time) document.Document {
	doc := v.start("Kỷ yếu", "tham luận tại "+lang.InSentence(v.FullTitle()), now)
	doc.Recipients = []string{"Các đơn vị trong cụm", "Lưu: VT"}
	var contents document.Contents
	var missing, open, late []string
	var papers []document.Block
	n := 0
	for _, p := range v.Papers {
		switch {
		case p.Missing():
			missing = append(missing, v.Name(p.UnitID))
		case p.State != Accepted:
			open = append(open, v.Name(p.UnitID))
		case p.CameLate():
			late = append(late, v.Name(p.UnitID))
		}
		if p.State != Accepted {
			continue
		}
		n++
		mark := fmt.Sprintf("bai%d", n)
		contents.Entries = append(contents.Entries, document.Entry{Mark: mark, Text: fmt.Sprintf("%d. %s (%s, %s)", n, p.Title, p.Presenter, v.Name(p.UnitID))})
		papers = append(papers, document.PageBreak{}, document.Heading{Level: 1, Ordinal: strconv.Itoa(n), Text: p.Title, Mark: mark},
			document.Paragraph{Runs: []document.Run{{Text: p.Presenter + ", " + v.Name(p.UnitID), Italic: true}}})
		for _, line := range strings.Split(p.Body, "\n") {
			if line = strings.TrimSpace(line); line != "" {
				papers = append(papers, document.Plain(line))
			}
		}
	}
	doc.Body = []document.Block{document.Heading{Level: 2, Text: "Mục lục"}, contents}
	for _, x := range []struct {
		words string
		units []string
	}{{"Chưa có bài", missing}, {"Đã nộp, đang hoàn chỉnh", open}, {"Nộp sau thời hạn", late}} {
		if x.units != nil {
			doc.Body = append(doc.Body, document.Paragraph{Runs: []document.Run{{Text: x.words + ": " + strings.Join(x.units, ", ") + ".", Italic: true}}})
		}
	}
	doc.Body = append(doc.Body, papers...)
	return doc
}

// article is the draft of the news: offices, numbers, quotes from the minutes. The editor
// finishes it.
func article(v View) (title, lead, body string) {
	m := compose(v)
	title = v.Title
	lead = fmt.Sprintf("Ngày %s, tại %s, %s tổ chức %s. Dự hội nghị có %d đại biểu của %d đơn vị.", lang.Date(v.Starts), v.Place, v.Cluster.Name, lang.InSentence(v.FullTitle()), m.Present, m.Units.Here)
	var b strings.Builder
	var guests []string
	for _, d := range v.Delegates {
		if d.Attended() && d.Role == "guest" {
			guests = append(guests, d.As()+" "+v.Where(d))
		}
	}
	if len(guests) > 0 {
		fmt.Fprintf(&b, "Dự hội nghị có %s.\n\n", strings.Join(guests, "; "))
	}
	if len(m.Chair) > 0 {
		fmt.Fprintf(&b, "%s chủ trì hội nghị.\n\n", strings.Join(m.Chair, "; "))
	}
	for _, p := range m.Parts {
		it, ok := v.Item(p.Item)
		if !ok || it.Kind == "opening" || it.Kind == "closing" || p.Body == "" {
			continue
		}
		if p.Presenter != "" {
			fmt.Fprintf(&b, "**%s** (%s):\n\n", p.Title, p.Presenter)
		} else {
			fmt.Fprintf(&b, "**%s:**\n\n", p.Title)
		}
		for _, s := range Sentences(p.Body)[:min(2, len(Sentences(p.Body)))] {
			fmt.Fprintf(&b, "> %s\n\n", s)
		}
	}
	papers := 0
	for _, s := range v.Speeches {
		if s.Kind == "paper" && s.State == Spoken {
			papers++
			fmt.Fprintf(&b, "- %s: “%s”\n", s.Label, s.Subject)
		}
	}
	if papers > 0 {
		b.WriteString("\n")
	}
	if len(m.Conclusions) > 0 {
		b.WriteString("Kết luận hội nghị:\n\n")
		for i, x := range m.Conclusions {
			fmt.Fprintf(&b, "%d. %s\n", i+1, x)
		}
	}
	return title, lead, strings.TrimSpace(b.String())
}
