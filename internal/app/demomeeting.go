package app

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"

	"dongthuan/internal/conference"
	"dongthuan/internal/lang"
	"dongthuan/internal/policy"
	"dongthuan/internal/task"
)

type meetingData struct {
	Theme, Place, Letter string
	Items                []conference.Item
	Delegates            []struct {
		Unit, Where, Office, Role, Seat string
		Rank                            int64
	}
	Papers []paperData
	Notes  map[string]string
	Floor  []struct {
		Unit, Office, Subject, Note string
		Minutes                     int64
	}
	Conclusions []string
}

type paperData struct {
	Unit, Presenter, Title, Body string
	Reading                      bool
	Minutes                      int64
}

// meetings are the demonstration's conferences: one that is over, one that is being
// prepared, one that is live when the demonstration begins.
type meetings struct {
	data   meetingData
	closed string // ids
	live   string
}

func (s *seeder) lead() policy.Actor {
	return policy.Actor{Account: "demo", Office: "Cụm trưởng Cụm thi đua số 3", Enrolled: true, Holds: []policy.Membership{{Role: policy.Lead, Cluster: s.cluster.ID}}}
}

// acts runs acts one after the other; the first error ends them.
func acts(all ...func() error) error {
	for _, do := range all {
		if err := do(); err != nil {
			return err
		}
	}
	return nil
}

// prepareMeeting sets up the conference of the half-year, asks for papers and publishes.
func (s *seeder) prepareMeeting() error {
	if err := read("conference.json", &s.meetings.data); err != nil {
		return err
	}
	d := s.meetings.data
	c, _, err := s.Conferences.Create(s.ctx, s.secretary(), s.cluster.ID, conference.Draft{PeriodID: s.periods["2026-6t"].ID, Kind: "review", Title: "Hội nghị sơ kết phong trào thi đua 6 tháng đầu năm, triển khai nhiệm vụ trọng tâm 6 tháng cuối năm 2026",
		Theme: d.Theme, Place: d.Place, Starts: day("2026-07-09").Add(7*time.Hour + 30*time.Minute), Public: true, Letter: d.Letter, Number: "01-TB/CTĐ"}, "")
	if err != nil {
		return err
	}
	s.meetings.closed = c.ID
	if _, err := s.Conferences.SaveProgramme(s.ctx, s.secretary(), c.ID, c.Seen(), d.Items); err != nil {
		return err
	}
	var delegates []conference.DelegateDraft
	for _, x := range d.Delegates {
		delegates = append(delegates, conference.DelegateDraft{UnitID: s.units[x.Unit].ID, Body: x.Where, Office: x.Office, Role: x.Role, Rank: x.Rank, Seat: x.Seat})
	}
	if _, err := s.Conferences.AddDelegates(s.ctx, s.secretary(), c.ID, delegates); err != nil {
		return err
	}
	for _, reading := range []bool{true, false} {
		var units []string
		for _, p := range d.Papers {
			if p.Reading == reading {
				units = append(units, s.units[p.Unit].ID)
			}
		}
		if _, err := s.Conferences.AskPapers(s.ctx, s.secretary(), c.ID, units, reading, 8, day("2026-07-08").Add(9*time.Hour)); err != nil {
			return err
		}
	}
	if _, err := s.Conferences.Publish(s.ctx, s.secretary(), c.ID, ""); err != nil {
		return err
	}
	s.clock.Set(day("2026-07-07").Add(10 * time.Hour))
	v, err := s.Conferences.Open(s.ctx, s.secretary(), c.ID)
	if err != nil {
		return err
	}
	return s.handPapers(v, len(d.Papers), true)
}

// handPapers lets units hand in the first papers, from the data, and accepts them.
func (s *seeder) handPapers(v conference.View, n int, accept bool) error {
	for i, x := range s.meetings.data.Papers[:n] {
		p, ok := v.Paper(s.units[x.Unit].ID)
		if !ok {
			return fmt.Errorf("no paper of %s", x.Unit)
		}
		if _, err := s.Conferences.HandIn(s.ctx, s.clerk(x.Unit), p.ID, 0, x.Title, x.Presenter, x.Body, nil); err != nil {
			return fmt.Errorf("paper of %s: %w", x.Unit, err)
		}
		if !accept && i > 0 {
			continue
		}
		if _, err := s.Conferences.DecidePaper(s.ctx, s.secretary(), p.ID, 0, true, ""); err != nil {
			return err
		}
	}
	return nil
}

// replies lets delegates answer from their letters: all will come, but one who sends a
// substitute and one who declines.
func (s *seeder) replies(v conference.View, silent int) error {
	for i, d := range v.Delegates {
		answer, substitute, reason := conference.Confirmed, "", ""
		switch {
		case i >= len(v.Delegates)-silent:
			continue
		case d.UnitID == s.units["DV08"].ID && d.Role == "member":
			answer, substitute = conference.Sends, "Cấp phó phụ trách dân vận"
		case d.UnitID == s.units["DV11"].ID && d.Role == "speaker":
			answer, reason = conference.Declined, "Dự họp Hội đồng nhân dân xã"
		}
		if _, err := s.Conferences.Reply(s.ctx, v.Code, d.Code(), answer, substitute, reason); err != nil {
			return err
		}
	}
	return nil
}

// republish makes version 2 of the programme: the break is shorter, the floor has more.
func (s *seeder) republish() error {
	v, err := s.Conferences.Open(s.ctx, s.secretary(), s.meetings.closed)
	if err != nil {
		return err
	}
	if err := s.replies(v, 0); err != nil {
		return err
	}
	items := slices.Clone(v.Items)
	for i := range items {
		switch items[i].Kind {
		case "break":
			items[i].Minutes = 10
		case "results":
			items[i].Minutes = 20
		}
	}
	if _, err := s.Conferences.SaveProgramme(s.ctx, s.secretary(), v.ID, v.Seen(), items); err != nil {
		return err
	}
	_, err = s.Conferences.Publish(s.ctx, s.secretary(), v.ID, "Thêm thời gian giải trình chênh lệch")
	return err
}

// checkIn lets the delegates who will come be seen at the desk, one every few seconds.
func (s *seeder) checkIn(v conference.View, from time.Time, left int) error {
	s.clock.Set(from)
	desk, _, err := s.Conferences.OpenDesk(s.ctx, s.secretary(), v.ID, "Bàn đón tiếp")
	if err != nil {
		return err
	}
	var scans []conference.Scan
	for i, d := range v.Delegates {
		if d.Answer == conference.Declined || i >= len(v.Delegates)-left {
			continue
		}
		scans = append(scans, conference.Scan{ID: fmt.Sprintf("demo-%s-%d", v.Code, i), Mark: d.Mark, How: "scan", At: from.Add(time.Duration(i) * 40 * time.Second).UnixMilli()})
	}
	at := from.Add(time.Duration(len(v.Delegates)) * 40 * time.Second)
	s.clock.Set(at)
	_, _, err = s.Conferences.DeskScans(s.ctx, v.Code, desk.Secret, scans, at.UnixMilli())
	return err
}

// speak lets a delegate of the data ask, be called and end.
func (s *seeder) speak(v conference.View, i int, at time.Time) error {
	x := s.meetings.data.Floor[i]
	s.clock.Set(at)
	letter := ""
	for _, d := range v.Delegates {
		if d.UnitID == s.units[x.Unit].ID && d.Office == x.Office {
			letter = d.Code()
		}
	}
	sp, _, err := s.Conferences.Ask(s.ctx, v.Code, letter, "speech", x.Subject)
	if err != nil {
		return err
	}
	return acts(
		func() error { _, err := s.Conferences.Call(s.ctx, s.lead(), v.ID, "", sp.ID); return err },
		func() error {
			s.clock.Set(at.Add(time.Duration(x.Minutes) * time.Minute))
			_, err := s.Conferences.EndSpeech(s.ctx, s.lead(), v.ID, sp.ID)
			return err
		},
		func() error {
			_, _, err := s.Conferences.NoteSpeech(s.ctx, s.secretary(), v.ID, sp.ID, 0, x.Note)
			return err
		})
}

// holdMeeting holds the conference of the half-year, a few minutes late here and there.
func (s *seeder) holdMeeting() error {
	v, err := s.Conferences.Open(s.ctx, s.secretary(), s.meetings.closed)
	if err != nil {
		return err
	}
	if err := s.checkIn(v, v.Starts.Add(-8*time.Minute), 0); err != nil {
		return err
	}
	if _, err := s.Conferences.Begin(s.ctx, s.secretary(), v.ID); err != nil {
		return err
	}
	now, floors := "", 0
	for i, slot := range v.Slots {
		at := slot.Starts.Add(time.Duration(i%4) * time.Minute)
		if i == 0 {
			at = slot.Starts.Add(20 * time.Minute) // most have been received by then
		}
		s.clock.Set(at)
		if _, err := s.Conferences.GoTo(s.ctx, s.lead(), v.ID, now, slot.ID); err != nil {
			return err
		}
		now = slot.ID
		switch {
		case slot.Kind == "floor" && floors == 0:
			floors++
			for k := range s.meetings.data.Floor {
				if err := s.speak(v, k, at.Add(time.Duration(2+7*k)*time.Minute)); err != nil {
					return err
				}
			}
		case slot.Kind == "papers":
			if err := s.readPapers(v, at); err != nil {
				return err
			}
		case slot.Kind == "conclusion":
			if err := s.votes(v, at); err != nil {
				return err
			}
		}
		if note := s.meetings.data.Notes[slot.Kind]; note != "" {
			if _, _, err := s.Conferences.SaveNote(s.ctx, s.secretary(), v.ID, slot.ID, 0, note); err != nil {
				return err
			}
		}
	}
	s.clock.Set(v.Slots[len(v.Slots)-1].End.Add(2 * time.Minute))
	_, err = s.Conferences.Finish(s.ctx, s.lead(), v.ID)
	return err
}

func (s *seeder) readPapers(v conference.View, at time.Time) error {
	for _, p := range v.Papers {
		if !p.Reading {
			continue
		}
		s.clock.Set(at)
		now, err := s.Conferences.ByCode(s.ctx, v.Code)
		if err != nil {
			return err
		}
		speaks := ""
		for _, sp := range now.Speeches {
			if sp.State == conference.Speaking {
				speaks = sp.ID
			}
		}
		if _, err := s.Conferences.CallPaper(s.ctx, s.lead(), v.ID, speaks, p.ID); err != nil {
			return err
		}
		at = at.Add(7*time.Minute + 30*time.Second)
	}
	s.clock.Set(at)
	return nil
}

// votes lets the hall vote: once by hands, once by phone.
func (s *seeder) votes(v conference.View, at time.Time) error {
	s.clock.Set(at.Add(6 * time.Minute))
	if _, err := s.Conferences.OpenVote(s.ctx, s.lead(), v.ID, "Thời gian tổ chức tọa đàm quý IV: tháng 11/2026", "phone"); err != nil {
		return err
	}
	v, err := s.Conferences.Open(s.ctx, s.secretary(), v.ID)
	if err != nil {
		return err
	}
	for i, d := range v.Delegates {
		if !d.Present() || !d.Votes() || i%6 == 5 {
			continue
		}
		if _, err := s.Conferences.Cast(s.ctx, v.Code, d.Code(), v.Votes[0].ID, conference.Choices[min(i%9/4, 2)]); err != nil {
			return err
		}
	}
	s.clock.Set(at.Add(8 * time.Minute))
	if _, err := s.Conferences.CloseVote(s.ctx, s.lead(), v.ID, v.Votes[0].ID, conference.Vote{}, false); err != nil {
		return err
	}
	s.clock.Set(at.Add(9 * time.Minute))
	if _, err := s.Conferences.OpenVote(s.ctx, s.lead(), v.ID, "Thông qua nhiệm vụ trọng tâm 6 tháng cuối năm 2026", "hands"); err != nil {
		return err
	}
	if v, err = s.Conferences.Open(s.ctx, s.secretary(), v.ID); err != nil {
		return err
	}
	s.clock.Set(at.Add(11 * time.Minute))
	_, err = s.Conferences.CloseVote(s.ctx, s.lead(), v.ID, v.Votes[0].ID, conference.Vote{Yes: v.Votes[0].Present - 1, Abstain: 1}, false)
	return err
}

// feedbacks are the answers of the day after.
func (s *seeder) feedbacks() error {
	v, err := s.Conferences.Open(s.ctx, s.secretary(), s.meetings.closed)
	if err != nil {
		return err
	}
	for i, d := range v.Delegates[:9] {
		f := conference.Feedback{Useful: int64(3 + i%3), Timely: int64(4 - i%2)}
		if i == 2 {
			f.Better = "Gửi báo cáo sơ kết trước hội nghị ít nhất hai ngày."
		}
		if _, err := s.Conferences.GiveFeedback(s.ctx, v.Code, d.Code(), f); err != nil {
			return err
		}
	}
	return nil
}

// concludeMeeting marks the conclusions, ties them to the tasks that were set, and signs
// the minutes.
func (s *seeder) concludeMeeting() error {
	id := s.meetings.closed
	v, err := s.Conferences.Open(s.ctx, s.secretary(), id)
	if err != nil {
		return err
	}
	item := ""
	for _, slot := range v.Slots {
		if slot.Kind == "conclusion" {
			item = slot.ID
		}
	}
	for _, body := range s.meetings.data.Conclusions {
		if _, err := s.Conferences.Conclude(s.ctx, s.secretary(), id, item, body); err != nil {
			return err
		}
	}
	tasks, err := s.Tasks.List(s.ctx, s.secretary(), s.cluster.ID)
	if err != nil {
		return err
	}
	if v, err = s.Conferences.Open(s.ctx, s.secretary(), id); err != nil {
		return err
	}
	for i, x := range v.Conclusions {
		k := slices.IndexFunc(tasks, func(t task.Task) bool { return t.Number == int64(i+1) })
		if k < 0 {
			return errors.New("a conclusion without its task")
		}
		if _, err := s.Conferences.LinkTask(s.ctx, s.secretary(), id, x.ID, x.Version, tasks[k].ID); err != nil {
			return err
		}
	}
	if err := s.photograph(id); err != nil {
		return err
	}
	return acts(
		func() error { _, err := s.Conferences.CheckMinutes(s.ctx, s.secretary(), id); return err },
		func() error { _, err := s.Conferences.Sign(s.ctx, s.lead(), id); return err })
}

// photograph attaches a generated picture, as the demonstration's other ones are.
func (s *seeder) photograph(id string) error {
	body, err := demoFile("jpg", "Hội nghị sơ kết 6 tháng đầu năm 2026", []string{"Ảnh minh họa", "Hội trường Đảng ủy phường Cầu Mây"})
	if err != nil {
		return err
	}
	file, err := s.Files.Prepare(s.ctx, bytes.NewReader(body), "Toàn cảnh hội nghị tại Hội trường Đảng ủy phường Cầu Mây.jpg")
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = s.Conferences.AddFile(s.ctx, s.secretary(), id, conference.RoomName, file)
	return err
}

// nextMeetings sets up the conference that is being prepared and the one of today, both
// cloned from the half-year's.
func (s *seeder) nextMeetings() error {
	d := s.meetings.data
	coming, _, err := s.Conferences.Create(s.ctx, s.secretary(), s.cluster.ID, conference.Draft{PeriodID: s.periods["2026-nam"].ID, Kind: "review", Title: "Hội nghị tổng kết phong trào thi đua năm 2026, triển khai nhiệm vụ năm 2027",
		Theme: d.Theme, Place: "Hội trường Đảng ủy phường Nghĩa Sơn", Starts: day("2026-12-18").Add(7*time.Hour + 30*time.Minute), Public: true, Letter: d.Letter}, s.meetings.closed)
	if err != nil {
		return err
	}
	var units []string
	for _, p := range d.Papers[:6] {
		units = append(units, s.units[p.Unit].ID)
	}
	// Five are read in the forty minutes of the programme, the sixth is printed.
	for i, some := range [][]string{units[:5], units[5:]} {
		if _, err := s.Conferences.AskPapers(s.ctx, s.secretary(), coming.ID, some, i == 0, 8, day("2026-12-10").Add(17*time.Hour)); err != nil {
			return err
		}
	}
	if _, err := s.Conferences.Publish(s.ctx, s.secretary(), coming.ID, ""); err != nil {
		return err
	}
	v, err := s.Conferences.Open(s.ctx, s.secretary(), coming.ID)
	if err != nil {
		return err
	}
	if err := s.replies(v, 14); err != nil {
		return err
	}
	// One paper is accepted, one waits, one came back; DV03's is still to be written.
	if err := s.handPapers(v, 1, true); err != nil {
		return err
	}
	for _, code := range []string{"DV04", "DV06"} {
		p, _ := v.Paper(s.units[code].ID)
		x := d.Papers[slices.IndexFunc(d.Papers, func(x paperData) bool { return x.Unit == code })]
		if _, err := s.Conferences.HandIn(s.ctx, s.clerk(code), p.ID, 0, x.Title, x.Presenter, x.Body, nil); err != nil {
			return err
		}
		if code == "DV06" {
			if _, err := s.Conferences.DecidePaper(s.ctx, s.secretary(), p.ID, 0, false, "Đề nghị bổ sung số liệu cả năm và rút xuống 8 phút đọc."); err != nil {
				return err
			}
		}
	}
	now, _, err := s.Conferences.Create(s.ctx, s.secretary(), s.cluster.ID, conference.Draft{PeriodID: s.periods["2026-nam"].ID, Kind: "meeting", Title: "Hội nghị giao ban quý IV năm 2026 và tọa đàm về quy chế dân chủ ở cơ sở",
		Theme: d.Theme, Place: d.Place, Starts: DemoStart.Add(-75 * time.Minute), Public: true, Letter: d.Letter}, s.meetings.closed)
	if err != nil {
		return err
	}
	s.meetings.live = now.ID
	items := slices.DeleteFunc(slices.Clone(now.Items), func(it conference.Item) bool { return it.Kind == "results" })
	items[0].Minutes = 10
	if _, err := s.Conferences.SaveProgramme(s.ctx, s.secretary(), now.ID, now.Seen(), items); err != nil {
		return err
	}
	for _, p := range d.Papers[:5] {
		if _, err := s.Conferences.AskPapers(s.ctx, s.secretary(), now.ID, []string{s.units[p.Unit].ID}, true, p.Minutes, DemoStart.Add(-24*time.Hour)); err != nil {
			return err
		}
	}
	if _, err := s.Conferences.Publish(s.ctx, s.secretary(), now.ID, ""); err != nil {
		return err
	}
	if v, err = s.Conferences.Open(s.ctx, s.secretary(), now.ID); err != nil {
		return err
	}
	if err := s.replies(v, 2); err != nil {
		return err
	}
	return s.handPapers(v, 5, true)
}

// beginMeeting brings today's conference to its discussion: somebody speaks, some wait,
// five have not come yet.
func (s *seeder) beginMeeting() error {
	id := s.meetings.live
	v, err := s.Conferences.Open(s.ctx, s.secretary(), id)
	if err != nil {
		return err
	}
	if err := s.checkIn(v, v.Starts.Add(-12*time.Minute), 4); err != nil {
		return err
	}
	if _, err := s.Conferences.Begin(s.ctx, s.secretary(), id); err != nil {
		return err
	}
	if v, err = s.Conferences.Open(s.ctx, s.secretary(), id); err != nil {
		return err
	}
	now := ""
	for i, slot := range v.Slots {
		s.clock.Set(slot.Starts.Add(time.Duration(14-2*i) * time.Minute)) // six minutes late in the end
		if _, err := s.Conferences.GoTo(s.ctx, s.lead(), id, now, slot.ID); err != nil {
			return err
		}
		now = slot.ID
		if slot.Kind == "floor" {
			break
		}
		if note := s.meetings.data.Notes[slot.Kind]; note != "" && slot.Kind != "results" {
			if _, _, err := s.Conferences.SaveNote(s.ctx, s.secretary(), id, slot.ID, 0, note); err != nil {
				return err
			}
		}
	}
	if err := s.speak(v, 0, DemoStart.Add(-9*time.Minute)); err != nil {
		return err
	}
	s.clock.Set(DemoStart.Add(-3 * time.Minute))
	var first string
	for i, code := range []string{"DV12", "DV05", "DV03", "DV09"} {
		for _, d := range v.Delegates {
			if d.UnitID != s.units[code].ID || d.Role != "member" || !d.Present() {
				continue
			}
			subject := []string{"Cách tính tiêu chí 3.4", "", "Hạn niêm yết khi nhà văn hóa cũ đóng cửa", "Kinh nghiệm sửa quy ước tổ dân phố"}[i]
			sp, _, err := s.Conferences.Ask(s.ctx, v.Code, d.Code(), "speech", subject)
			if err != nil {
				return fmt.Errorf("%s asks to speak: %w", code, err)
			}
			if first == "" {
				first = sp.ID
			}
		}
	}
	s.clock.Set(DemoStart.Add(-2 * time.Minute))
	_, err = s.Conferences.Call(s.ctx, s.lead(), id, "", first)
	return err
}

// meetingLinks are the addresses that play the parts of today's conference, for the
// visitor of the demonstration.
func (a *App) meetingLinks(w *world) [][2]string {
	all, err := a.Conferences.All(w.ctx)
	if err != nil {
		return nil
	}
	var links [][2]string
	for _, c := range all {
		if c.State != conference.Live {
			continue
		}
		v, err := a.Conferences.ByCode(w.ctx, c.Code)
		if err != nil {
			return nil
		}
		links = append(links, [2]string{"màn hình (screen)", c.Address() + "/man-hinh"}, [2]string{"chủ tọa (chair): cumtruong", c.Work() + "/dieu-hanh"}, [2]string{"thư ký (secretary): thuky, cumpho", c.Work() + "/bien-ban"})
		n := 0
		for _, d := range v.Delegates {
			if d.Role == "member" && d.Present() && n < 2 {
				n++
				links = append(links, [2]string{"đại biểu (delegate) " + v.CodeOf(d.UnitID), c.Address() + "/giay-moi/" + d.Code()})
			}
		}
		for _, desk := range v.Desks {
			links = append(links, [2]string{lang.InSentence(desk.Name) + " (desk)", c.Address() + "/ban/" + desk.Secret})
		}
	}
	return links
}
