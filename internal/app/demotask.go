package app

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"dongthuan/internal/cluster"
	"dongthuan/internal/emulation"
	"dongthuan/internal/evidence"
	"dongthuan/internal/lang"
	"dongthuan/internal/task"
)

type taskData struct {
	Set   string
	Tasks []struct {
		Number                      int64
		Title, Product, Source, Due string
		Leads, With                 []string
		Done                        map[string]string
		Excused                     map[string]struct{ On, Reason string }
	}
	Notes []struct {
		Number                int64
		Unit, On, Asked, Text string
	}
}

// taskEvent is something that happened to a task of the demonstration.
type taskEvent struct {
	at time.Time
	do func() error
}

// keyTasks sets the tasks of the half-year's conclusions, and lets happen to them
// what happened until the day at which the rest of the year goes on.
func (s *seeder) keyTasks() error {
	var data taskData
	if err := read("tasks.json", &data); err != nil {
		return err
	}
	ids := map[int64]task.Task{}
	units := func(codes []string) []string {
		var all []string
		for _, c := range codes {
			all = append(all, s.units[c].ID)
		}
		return all
	}
	var drafts []task.Draft
	for _, t := range data.Tasks {
		drafts = append(drafts, task.Draft{Title: t.Title, Product: t.Product, Source: t.Source, Due: day(t.Due), Leads: units(t.Leads), With: units(t.With)})
	}
	made, _, err := s.Tasks.CreateMany(s.ctx, s.secretary(), s.cluster.ID, drafts)
	if err != nil {
		return err
	}
	for i, t := range data.Tasks {
		ids[t.Number] = made[i]
		for _, code := range slices.Sorted(maps.Keys(t.Done)) {
			on := day(t.Done[code]).Add(10 * time.Hour)
			s.later = append(s.later, taskEvent{on, func() error {
				ref := evidence.Reference{}
				if slices.Contains(t.Leads, code) {
					ref = evidence.Reference{Number: fmt.Sprintf("%d/BC-%s", 40+t.Number, strings.TrimPrefix(code, "DV")), Date: day(t.Done[code]), Abstract: "Kết quả thực hiện nhiệm vụ số " + fmt.Sprint(t.Number), Issuer: s.units[code].FullName()}
				}
				_, err := s.Tasks.Tick(s.ctx, s.clerk(code), ids[t.Number].ID, s.units[code].ID, "", nil, ref)
				return err
			}})
		}
		for code, e := range t.Excused {
			s.later = append(s.later, taskEvent{day(e.On).Add(9 * time.Hour), func() error {
				_, err := s.Tasks.Excuse(s.ctx, s.secretary(), ids[t.Number].ID, s.units[code].ID, e.Reason)
				return err
			}})
		}
	}
	for _, n := range data.Notes {
		s.later = append(s.later,
			taskEvent{day(n.Asked).Add(9 * time.Hour), func() error {
				_, err := s.Tasks.Ask(s.ctx, s.secretary(), ids[n.Number].ID, s.units[n.Unit].ID, "")
				return err
			}},
			taskEvent{day(n.On).Add(15 * time.Hour), func() error {
				_, err := s.Tasks.Tell(s.ctx, s.clerk(n.Unit), ids[n.Number].ID, s.units[n.Unit].ID, n.Text)
				return err
			}})
	}
	slices.SortStableFunc(s.later, func(a, b taskEvent) int { return a.at.Compare(b.at) })
	return s.until(day("2026-07-20"))
}

// until lets happen what lies before t.
func (s *seeder) until(t time.Time) error {
	for len(s.later) > 0 && s.later[0].at.Before(t) {
		s.clock.Set(s.later[0].at)
		if err := s.later[0].do(); err != nil {
			return err
		}
		s.later = s.later[1:]
	}
	return nil
}

// dispute verifies a sheet with fewer points than its unit expects, and lets the unit
// appeal: one appeal is answered by the day the demonstration begins, one is not.
func (s *seeder) dispute(p cluster.Period, unit string) error {
	id, err := s.Emulation.SheetID(s.ctx, p.ID, s.units[unit].ID)
	if err != nil {
		return err
	}
	text := map[string]struct {
		line, points, judged, appealed, answer string
		at                                     time.Time
	}{
		"DV07": {"3.1", "4,5", "02 nội dung niêm yết chưa có biên bản gỡ.", "Hai nội dung này còn trong thời gian niêm yết 30 ngày, chưa đến ngày gỡ; đề nghị xem lại nhật ký niêm yết kèm theo.", "Nhật ký niêm yết cho thấy hai nội dung chưa hết 30 ngày; cụm chấp nhận kiến nghị.", day("2026-11-17").Add(9 * time.Hour)},
		"DV09": {"2.3", "3", "Có phản ánh trả lời quá hạn chưa được tính vào mẫu số.", "Ba phản ánh được chuyển đúng thẩm quyền trong hạn và đã báo người gửi; đề nghị không tính là quá hạn.", "", day("2026-11-18").Add(14 * time.Hour)},
	}[unit]
	tenths := func(words string) *int64 {
		n, err := lang.ParseFigure(words)
		if err != nil {
			return nil
		}
		n /= 100
		return &n
	}
	if _, err := s.Emulation.Judge(s.ctx, s.secretary(), id, text.line, tenths(text.points), false, text.judged); err != nil {
		return err
	}
	if err := s.settleClaims(id); err != nil {
		return err
	}
	if _, err := s.Emulation.Accept(s.ctx, s.secretary(), id); err != nil {
		return err
	}
	s.later = append(s.later, taskEvent{text.at, func() error {
		_, err := s.Emulation.Appeal(s.ctx, s.clerk(unit), id, "criterion:"+text.line, text.appealed)
		return err
	}})
	if text.answer != "" {
		s.later = append(s.later, taskEvent{text.at.Add(26 * time.Hour), func() error {
			all, err := s.Emulation.Appeals(s.ctx, id)
			if err != nil {
				return err
			}
			_, err = s.Emulation.AnswerAppeal(s.ctx, s.secretary(), all[0].ID, true, tenths("5,5"), text.answer)
			return err
		}})
	}
	slices.SortStableFunc(s.later, func(a, b taskEvent) int { return a.at.Compare(b.at) })
	return nil
}

// settleClaims accepts what the unit claims as bonus.
func (s *seeder) settleClaims(id string) error {
	v, err := s.Emulation.Open(s.ctx, s.secretary(), id)
	if err != nil {
		return err
	}
	for _, cl := range v.Sheet.Claims {
		if cl.State == emulation.Claimed {
			if _, err := s.Emulation.MoveClaim(s.ctx, s.secretary(), id, cl.ID, emulation.Accepted, ""); err != nil {
				return err
			}
		}
	}
	return nil
}
