package app

import (
	"strings"
	"testing"
	"time"

	"dongthuan/internal/emulation"
	"dongthuan/internal/fault"
	"dongthuan/internal/ledger"
	"dongthuan/internal/legal"
	"dongthuan/internal/policy"
)

// TestAppeal follows an appeal from the unit's word to points that changed: its clock,
// who may answer, the trail, the notices, and that no ranking is published past it.
func TestAppeal(t *testing.T) {
	s := demonstration(t)
	ctx := t.Context()
	secretary := s.actor(t, "thuky", policy.Secretary, "")
	clerk := s.actor(t, "chuyenvien", policy.Clerk, "DV09")
	sheet := s.sheetOf(t, "2026-nam", "DV09")
	all, err := s.Emulation.Appeals(ctx, sheet)
	if err != nil || len(all) != 1 || all[0].State != emulation.AppealOpen {
		t.Fatalf("%+v, %v", all, err)
	}
	a := all[0]
	// From 18/11/2026: 19, 20, 23, 24 and 25/11 are the five working days.
	if got := isoDay(a.LastDay()); got != "2026-11-25" {
		t.Errorf("due %s", got)
	}
	if _, err := s.Emulation.Appeal(ctx, clerk, sheet, a.Subject, "lần nữa"); keys(err) != "=emulation.appeal.twice" {
		t.Errorf("twice: %v", err)
	}
	if _, err := s.Emulation.Appeal(ctx, s.actor(t, "chuyenvien2", policy.Clerk, "DV05"), sheet, "criterion:1.1", "của đơn vị khác"); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("another unit's points: %v", err)
	}
	if _, err := s.Emulation.Appeal(ctx, s.actor(t, "chuyenvien2", policy.Clerk, "DV05"), s.sheetOf(t, "2026-nam", "DV05"), "criterion:1.1", "chưa thẩm định"); keys(err) != "=emulation.appeal.notnow" {
		t.Errorf("points that were not given yet: %v", err)
	}
	own := secretary
	own.Holds = append(own.Holds, clerk.Holds...)
	points := int64(60)
	if _, err := s.Emulation.AnswerAppeal(ctx, own, a.ID, true, &points, "đúng"); keys(err) != "=emulation.appeal.own" {
		t.Errorf("answered by who appealed: %v", err)
	}
	if _, err := s.Emulation.AnswerAppeal(ctx, clerk, a.ID, true, &points, "đúng"); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("answered by the unit: %v", err)
	}
	if _, err := s.Emulation.AnswerAppeal(ctx, secretary, a.ID, true, nil, "đúng"); keys(err) != "points=emulation.appeal.points" {
		t.Errorf("accepted without points: %v", err)
	}
	if _, err := s.Emulation.AnswerAppeal(ctx, secretary, a.ID, false, nil, " "); keys(err) != "answer=emulation.reason.missing" {
		t.Errorf("refused without a word: %v", err)
	}

	// A holiday declared late gives the cluster a day more, and both sides are told.
	before := len(s.told(t, "thuky"))
	operator := policy.Actor{Account: "o", Office: "Quản trị hệ thống", Enrolled: true, Holds: []policy.Membership{{Role: policy.Operator}}}
	if _, err := s.Legal.ChangeDays(ctx, operator, []legal.Day{{Date: day("2026-11-24"), Kind: legal.Holiday, VI: "Ngày Văn hóa Việt Nam", Source: "Nghị quyết"}}); err != nil {
		t.Fatal(err)
	}
	if all, err = s.Emulation.Appeals(ctx, sheet); err != nil || isoDay(all[0].LastDay()) != "2026-11-26" {
		t.Errorf("after the holiday %s, %v", isoDay(all[0].LastDay()), err)
	}
	if told := s.told(t, "thuky"); len(told) != before+1 || told[0].Lines[0].Text != "notice.legal.moved" {
		t.Errorf("the secretariat was not told that the day moved: %d", len(told)-before)
	}

	// Figures close at their moment; the appeal stays open, and no ranking goes past it.
	s.clock.Set(day("2026-12-15").Add(18 * time.Hour))
	if err := s.Emulation.FreezeDue(ctx); err != nil {
		t.Fatal(err)
	}
	period := s.places(t).period
	if _, err := s.Emulation.Publish(ctx, secretary, period, ""); keys(err) != "=emulation.publish.appeals" {
		t.Errorf("published past an appeal: %v", err)
	}
	v, err := s.Emulation.Open(ctx, secretary, sheet)
	if err != nil {
		t.Fatal(err)
	}
	was := v.Standing.Total.Points
	if _, err := s.Emulation.AnswerAppeal(ctx, secretary, a.ID, true, &points, "Đã đối chiếu sổ theo dõi; chấp nhận."); err != nil {
		t.Fatal(err)
	}
	if v, err = s.Emulation.Open(ctx, secretary, sheet); err != nil || v.Standing.Total.Points <= was {
		t.Errorf("%d points before, %d after, %v", was, v.Standing.Total.Points, err)
	}
	if _, err := s.Emulation.AnswerAppeal(ctx, secretary, a.ID, false, nil, "thôi"); keys(err) != "=emulation.appeal.closed" {
		t.Errorf("answered twice: %v", err)
	}
	trail, err := s.Emulation.Trail(ctx, clerk, sheet, "")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, ch := range trail[:3] {
		found = append(found, ch.Subject+" "+ch.Reason)
	}
	if got := strings.Join(found, "; "); !strings.Contains(got, "answer:2.3") || !strings.Contains(got, "verified:2.3 Đã đối chiếu") {
		t.Errorf("the trail says %s", got)
	}
	if all, err := s.Emulation.Appeals(ctx, sheet); err != nil || !all[0].Late(s.Now()) {
		t.Errorf("an answer after its day is late: %+v, %v", all[0], err)
	}
	if _, err := s.Emulation.Publish(ctx, secretary, period, ""); err != nil {
		t.Errorf("published when all is answered: %v", err)
	}
	if problems, err := ledger.Verify(ctx, s.DB); err != nil || problems != nil {
		t.Errorf("%v, %v", problems, err)
	}
}
