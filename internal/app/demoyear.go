package app

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"dongthuan/internal/cluster"
	"dongthuan/internal/commendation"
	"dongthuan/internal/emulation"
	"dongthuan/internal/lang"
	"dongthuan/internal/policy"
)

// The demonstration's year around the sheets: registrations, the covenant, the chain
// of approval, cross-scoring under way.

type targetData struct{ Criterion, Baseline, Target, Measure, Due string }

type pledgeData struct {
	Place, Signed, Reason string
	Body                  []string
	Add                   []string `json:"body_add"`
}

type yearData struct {
	CallDue string `json:"call_due"`
	Units   []struct {
		Unit           string
		Titles, Models []string
		Targets        []targetData
	}
	Changes []struct {
		Unit, Sent, Reason string
		Set                targetData
	}
	Pledge  pledgeData
	Pledge2 pledgeData
}

func (t targetData) cells(seen int64) []emulation.TargetCell {
	var all []emulation.TargetCell
	for f, text := range map[string]string{"b": t.Baseline, "t": t.Target, "m": t.Measure, "d": t.Due} {
		all = append(all, emulation.TargetCell{Name: f + "-" + t.Criterion, Text: text, Seen: seen})
	}
	return all
}

// moment reads "2026-03-10T17:00" in Vietnam.
func moment(s string) time.Time {
	t, err := time.ParseInLocation("2006-01-02T15:04", s, lang.Vietnam)
	if err != nil {
		return time.Time{}
	}
	return t
}

// yearAhead opens the year's period, with what the units register and sign.
func (s *seeder) yearAhead() error {
	if err := s.open(cluster.Period{Code: "2026-nam", Name: "Năm 2026", Starts: day("2026-01-01"), Ends: day("2026-12-31"),
		Due: day("2026-11-30").Add(17 * time.Hour), FreezeAt: day("2026-12-15").Add(17 * time.Hour), PreviousID: s.periods["2026-6t"].ID}); err != nil {
		return err
	}
	var data yearData
	if err := read("registration.json", &data); err != nil {
		return err
	}
	p := s.periods["2026-nam"]
	if _, err := s.Emulation.CallTargets(s.ctx, s.secretary(), p.ID, moment(data.CallDue)); err != nil {
		return err
	}
	for i, u := range data.Units {
		s.clock.Set(day("2026-03-05").Add(8*time.Hour + time.Duration(i)*23*time.Minute))
		d := emulation.RegistrationDraft{Titles: strings.Join(u.Titles, "\n"), Models: strings.Join(u.Models, "\n"), Whole: true}
		for _, t := range u.Targets {
			d.Cells = append(d.Cells, t.cells(0)...)
		}
		id := s.units[u.Unit].ID
		if _, _, err := s.Emulation.Register(s.ctx, s.clerk(u.Unit), p.ID, id, d, true); err != nil {
			return fmt.Errorf("registration of %s: %w", u.Unit, err)
		}
		if u.Unit == "DV11" {
			s.clock.Set(day("2026-03-06").Add(9 * time.Hour))
			if _, err := s.Emulation.DecideTargets(s.ctx, s.secretary(), p.ID, id, false, "Chỉ tiêu nhân rộng mô hình cần nêu nơi dự kiến áp dụng."); err != nil {
				return err
			}
			s.clock.Set(day("2026-03-09").Add(15 * time.Hour))
			again := emulation.RegistrationDraft{Cells: []emulation.TargetCell{{Name: "n-5.3", Text: "Dự kiến áp dụng tại Xã Mai Vân", Seen: 1}}}
			if _, _, err := s.Emulation.Register(s.ctx, s.clerk(u.Unit), p.ID, id, again, true); err != nil {
				return err
			}
		}
	}
	s.clock.Set(day("2026-03-12").Add(10 * time.Hour))
	for _, u := range data.Units {
		if _, err := s.Emulation.DecideTargets(s.ctx, s.secretary(), p.ID, s.units[u.Unit].ID, true, ""); err != nil {
			return fmt.Errorf("accept the registration of %s: %w", u.Unit, err)
		}
	}
	return s.sign(p, data.Pledge, 0)
}

func (s *seeder) sign(p cluster.Period, g pledgeData, seen int64) error {
	s.clock.Set(day(g.Signed).Add(10 * time.Hour))
	if _, err := s.Emulation.SavePledge(s.ctx, s.secretary(), p.ID, strings.Join(g.Body, "\n"), g.Place, g.Reason, seen); err != nil {
		return err
	}
	s.clock.Set(day(g.Signed).Add(11 * time.Hour))
	all, err := s.Emulation.Pledges(s.ctx, s.secretary(), p)
	if err != nil {
		return err
	}
	_, err = s.Emulation.SignPledge(s.ctx, s.secretary(), p.ID, day(g.Signed), nil, all[0].Version)
	return err
}

// yearChanged is what was changed of registrations and covenant after the half-year.
func (s *seeder) yearChanged() error {
	var data yearData
	if err := read("registration.json", &data); err != nil {
		return err
	}
	p := s.periods["2026-nam"]
	for _, ch := range data.Changes {
		s.clock.Set(moment(ch.Sent))
		id := s.units[ch.Unit].ID
		all, err := s.Emulation.Registrations(s.ctx, s.clerk(ch.Unit), p.ID, id)
		if err != nil {
			return err
		}
		d := emulation.RegistrationDraft{Cells: ch.Set.cells(all[0].Targets[ch.Set.Criterion].Version), Titles: all[0].Titles, Models: all[0].Models, Seen: all[0].Version, Reason: ch.Reason, Whole: true}
		if _, _, err := s.Emulation.Register(s.ctx, s.clerk(ch.Unit), p.ID, id, d, true); err != nil {
			return err
		}
		s.clock.Set(moment(ch.Sent).AddDate(0, 0, 2))
		if _, err := s.Emulation.DecideTargets(s.ctx, s.secretary(), p.ID, id, true, "Cụm nhất trí."); err != nil {
			return err
		}
	}
	if err := s.until(day(data.Pledge2.Signed)); err != nil {
		return err
	}
	data.Pledge2.Body = slices.Concat(data.Pledge.Body, data.Pledge2.Add)
	return s.sign(p, data.Pledge2, 0)
}

// demoSeed gives the demonstration the same draw every time: DV03 marks a sheet that
// is handed in.
const demoSeed = "DONGTHUANHATHANH2026NAMA"

// crossScoring draws the scorers of the year, and hands in what is ready.
func (s *seeder) crossScoring() error {
	p := s.periods["2026-nam"]
	newSeed := s.Emulation.NewSeed
	s.Emulation.NewSeed = func() string { return demoSeed }
	defer func() { s.Emulation.NewSeed = newSeed }()
	if _, err := s.Emulation.DrawCross(s.ctx, s.secretary(), p.ID, emulation.DrawOptions{Each: 2, Spread: 10, Due: moment("2026-12-05T17:00")}); err != nil {
		return err
	}
	// From December the superior confirms: a chain in three steps takes over.
	_, err := s.Emulation.SetChain(s.ctx, s.secretary(), s.cluster.ID, emulation.Chain{From: day("2026-12-01"), Reason: "Quy chế hoạt động của cụm, sửa đổi ngày 16/11/2026", Steps: []emulation.Step{
		{Name: "Thư ký kiểm tra hồ sơ", Role: policy.Secretary, Days: 3}, {Name: "Cụm trưởng thẩm định", Role: policy.Lead, Days: 3}, {Name: "Cơ quan cấp trên xác nhận", Role: policy.Superior, Days: 5}}})
	if err != nil {
		return err
	}
	owed, err := s.Emulation.OwedCrosses(s.ctx, "")
	if err != nil {
		return err
	}
	for _, o := range owed {
		code := ""
		for c, u := range s.units {
			if u.ID == o.Cross.Scorer {
				code = c
			}
		}
		if !o.Ready || code == "DV03" || code == "DV05" { // these two are for the visitor
			continue
		}
		v, err := s.Emulation.OpenCross(s.ctx, s.clerk(code), o.Cross.ID)
		if err != nil {
			return err
		}
		var cells []emulation.MarkCell
		if own := v.Own[criterionID(v.Criteria, "3.1")]; own != nil && *own >= 10 {
			cells = append(cells, emulation.MarkCell{Code: "3.1", Text: lang.Points("vi", *own-5), Remark: "Nhật ký niêm yết thiếu ngày gỡ của một nhóm nội dung"})
		}
		if _, err := s.Emulation.HandInCross(s.ctx, s.clerk(code), o.Cross.ID, cells, "Hồ sơ đầy đủ, số liệu khớp minh chứng.", true); err != nil {
			return fmt.Errorf("cross-score by %s: %w", code, err)
		}
	}
	return nil
}

// commend opens the commendation of the year, with a record that excludes one unit.
func (s *seeder) commend() error {
	v, err := s.Commend.Open(s.ctx, s.secretary(), s.periods["2026-nam"].ID)
	if err != nil {
		return err
	}
	if _, err := s.Commend.Start(s.ctx, s.secretary(), s.periods["2026-nam"].ID, v.Round.Titles); err != nil {
		return err
	}
	_, err = s.Commend.AddRecord(s.ctx, s.secretary(), s.cluster.ID, commendation.Record{UnitID: s.units["DV08"].ID, Kind: "disciplined", From: day("2026-08-20"), To: day("2027-08-19"),
		Number: "128-QĐ/TU", Dated: day("2026-08-20"), Issuer: "Thành ủy Hà Thanh", Abstract: "Thi hành kỷ luật khiển trách tập thể lãnh đạo (số liệu minh họa)"})
	return err
}

func criterionID(c emulation.Criteria, code string) string {
	cr, _ := c.Criterion(code)
	return cr.ID
}
