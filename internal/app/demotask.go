package app

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"dongthuan/internal/evidence"
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
	return s.until(day("2026-11-16"))
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
