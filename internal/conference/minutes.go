package conference

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"dongthuan/internal/lang"
)

// MinutesState is where the minutes stand.
type MinutesState string

const (
	MinutesDraft   MinutesState = "draft"
	MinutesChecked MinutesState = "checked"
	MinutesSigned  MinutesState = "signed" // locked
)

// Note is what a secretary wrote of an item.
type Note struct {
	Item    string
	Body    string
	Version int64
	Office  string
	At      time.Time
}

// Conclusion is a sentence that the conference concluded, and the task it became.
type Conclusion struct {
	ID      string
	Order   int64
	Item    string
	Body    string
	TaskID  string
	Office  string
	At      time.Time
	Version int64
}

// Minutes are the minutes as they would be signed now: what the day itself recorded, and
// what the secretaries wrote. Signed minutes are this, frozen.
type Minutes struct {
	Title       string       `json:"title"`
	Place       string       `json:"place"`
	Opened      time.Time    `json:"opened"`
	Ended       time.Time    `json:"ended"`
	Invited     int          `json:"invited"`
	Present     int          `json:"present"`
	Substitutes int          `json:"substitutes"`
	Excused     []string     `json:"excused"`
	Absent      []string     `json:"absent"`
	WalkIns     int          `json:"walk_ins"`
	Units       Quorum       `json:"units"`
	Attendance  []string     `json:"attendance"` // by unit, offices only
	Chair       []string     `json:"chair"`
	Secretaries []string     `json:"secretaries"`
	Parts       []MinutePart `json:"parts"`
	Conclusions []string     `json:"conclusions"`
}

// MinutePart is one item.
type MinutePart struct {
	Item      string   `json:"item"`
	Title     string   `json:"title"`
	Presenter string   `json:"presenter"`
	Times     []Run    `json:"times"` // when it was under way
	Body      string   `json:"body"`
	Filled    []string `json:"filled"` // what the program knows: who spoke, how it was voted
}

// Came is how many of those invited came.
func (m Minutes) Came() int { return m.Present - m.WalkIns }

// compose writes the minutes from programme, presence, speakers, votes and notes.
func compose(v View) Minutes {
	c := v.Conference
	m := Minutes{Title: c.FullTitle(), Place: c.Place, Opened: c.OpenedAt, Ended: c.ClosedAt, Units: v.Represented()}
	if len(v.Runs) > 0 && m.Opened.IsZero() {
		m.Opened = v.Runs[0].Start
	}
	byUnit := map[string][]string{}
	var order []string
	for _, d := range v.Delegates {
		where := v.Where(d)
		if !d.WalkIn {
			m.Invited++
		}
		switch d.Attendance() {
		case "present", "substitute":
			m.Present++
			if d.Answer == Sends {
				m.Substitutes++
			}
			if d.WalkIn {
				m.WalkIns++
			}
			if byUnit[where] == nil {
				order = append(order, where)
			}
			byUnit[where] = append(byUnit[where], d.As())
		case "excused":
			m.Excused = append(m.Excused, d.Office+", "+where)
		default:
			m.Absent = append(m.Absent, d.Office+", "+where)
		}
		if !d.Attended() {
			continue
		}
		switch d.Role {
		case "chair":
			m.Chair = append(m.Chair, d.As()+" "+where)
		case "secretary":
			m.Secretaries = append(m.Secretaries, d.As()+" "+where)
		}
	}
	for _, where := range order {
		m.Attendance = append(m.Attendance, where+": "+strings.Join(byUnit[where], "; "))
	}
	notes := map[string]string{}
	for _, n := range v.Notes {
		notes[n.Item] = n.Body
	}
	if rest := v.filled(""); len(rest) > 0 { // before the first item was begun
		m.Parts = append(m.Parts, MinutePart{Title: "Trước khi vào chương trình", Filled: rest})
	}
	for _, s := range v.ran() {
		p := MinutePart{Item: s.ID, Title: s.Title, Presenter: s.Presenter, Body: notes[s.ID]}
		for _, r := range v.Runs {
			if r.Item != s.ID {
				continue
			}
			p.Times = append(p.Times, Run{Start: r.Start, End: r.End})
		}
		p.Filled = v.filled(s.ID)
		idle := p.Times == nil || s.Kind == "break" || s.Kind == "reception"
		if idle && p.Body == "" && p.Filled == nil {
			continue // it was not held, or nothing is to be told of it
		}
		m.Parts = append(m.Parts, p)
	}
	for _, x := range v.Conclusions {
		m.Conclusions = append(m.Conclusions, x.Body)
	}
	return m
}

// ran are the items in the order in which they were really begun; one that was not stands
// after the one before it in the programme.
func (v View) ran() []Slot {
	at, last := map[string]time.Time{}, time.Time{}
	for _, s := range v.Slots {
		if i := slices.IndexFunc(v.Runs, func(r Run) bool { return r.Item == s.ID }); i >= 0 {
			last = v.Runs[i].Start
		}
		at[s.ID] = last
	}
	all := slices.Clone(v.Slots)
	slices.SortStableFunc(all, func(a, b Slot) int { return at[a.ID].Compare(at[b.ID]) })
	return all
}

// when writes when the item was under way: 08 giờ 20–08 giờ 45; 10 giờ 05–10 giờ 10.
func (p MinutePart) when() string {
	var all []string
	for _, r := range p.Times {
		text := hour(r.Start)
		if !r.End.IsZero() {
			text += "–" + hour(r.End)
		}
		all = append(all, text)
	}
	return strings.Join(all, "; ")
}

// filled are the sentences about an item that the program can write itself.
func (v View) filled(item string) []string {
	var all []string
	for _, s := range v.Speeches {
		if s.Item != item || s.State != Spoken {
			continue
		}
		text := s.Label
		switch s.Kind {
		case "paper":
			text += " trình bày tham luận"
			if s.Subject != "" {
				text += " “" + s.Subject + "”"
			}
		case "reply":
			text += " trao đổi lại"
			if s.Subject != "" {
				text += ": " + s.Subject
			}
		default:
			text += " phát biểu"
			if s.Subject != "" {
				text += ": " + s.Subject
			}
		}
		text += fmt.Sprintf(" (%s–%s)", hour(s.Start), hour(s.End))
		if s.Note.Body != "" {
			text += ". " + s.Note.Body
		}
		all = append(all, endSentence(text))
	}
	for i := len(v.Votes) - 1; i >= 0; i-- {
		x := v.Votes[i]
		switch {
		case x.Item != item || x.Open:
		case x.Cancelled != "":
			all = append(all, endSentence("Hủy biểu quyết “"+x.Question+"”. Lý do: "+x.Cancelled))
		default:
			all = append(all, endSentence(x.sentence()))
		}
	}
	return all
}

func (x Vote) sentence() string {
	way := map[string]string{"hands": "giơ tay", "phone": "lấy ý kiến tham khảo trên điện thoại", "paper": "bỏ phiếu kín"}[x.Way]
	text := fmt.Sprintf("Biểu quyết (%s): “%s”. Đại biểu biểu quyết có mặt %d; tán thành %d (%s), không tán thành %d, không có ý kiến %d", way, x.Question, x.Present, x.Yes, lang.Percent("vi", x.Yes, x.Present), x.No, x.Abstain)
	if x.Way == "hands" && x.Silent() > 0 {
		text += fmt.Sprintf(", không biểu quyết %d", x.Silent())
	}
	if x.Way == "paper" {
		text += fmt.Sprintf("; phát ra %d phiếu, thu về %d, hợp lệ %d", x.Issued, x.Returned, x.Valid)
	}
	if x.Way == "phone" {
		return text + "; kết quả có giá trị tham khảo"
	}
	if x.Passed() {
		return text + "; được thông qua"
	}
	return text + "; không được thông qua"
}

// hour writes a time of day as minutes do: 08 giờ 10.
func hour(t time.Time) string {
	if t.IsZero() {
		return "....."
	}
	t = t.In(lang.Vietnam)
	return fmt.Sprintf("%02d giờ %02d", t.Hour(), t.Minute())
}

// endSentence closes a sentence that is not closed.
func endSentence(s string) string {
	s = strings.TrimSpace(s)
	if s == "" || strings.HasSuffix(s, ".") || strings.HasSuffix(s, "!") || strings.HasSuffix(s, "?") {
		return s
	}
	return strings.TrimRight(s, ";,: ") + "."
}

// shortened reports whether a full stop ends a word cut short and not a sentence: TP. Hà
// Nội, đ/c. Trưởng ban, v.v. where the sentence goes on in small letters.
func shortened(before, after []rune) bool {
	at := len(before)
	for at > 0 && before[at-1] != ' ' && before[at-1] != '(' {
		at--
	}
	switch strings.ToLower(string(before[at:])) {
	case "tp", "tx", "tt", "q", "p", "h", "kp", "tdp", "ts", "ths", "pgs", "gs", "đ/c", "đc", "ts.bs", "ubnd", "hđnd":
		return true
	}
	next := strings.TrimLeft(string(after), " ")
	return strings.HasSuffix(string(before), "v.v") && next != "" && unicode.IsLower([]rune(next)[0])
}

// Sentences splits what was written of an item, so that one of them can be marked as a
// conclusion.
func Sentences(body string) []string {
	var all []string
	for _, line := range strings.Split(body, "\n") {
		from := 0
		runes := []rune(line)
		for i, r := range runes {
			last := i == len(runes)-1
			ends := r == '!' || r == '?' || r == ';' || r == '.' && !shortened(runes[from:i], runes[i+1:])
			if ends && (last || runes[i+1] == ' ') || last {
				if s := strings.TrimSpace(strings.TrimLeft(string(runes[from:i+1]), "-•+ ")); len([]rune(s)) > 8 {
					all = append(all, s)
				}
				from = i + 1
			}
		}
	}
	return all
}
