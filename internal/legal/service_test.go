package legal

import (
	"context"
	"crypto/rand"
	"testing"
	"time"

	"dongthuan/internal/db/dbtest"
	"dongthuan/internal/fault"
	"dongthuan/internal/ledger"
	"dongthuan/internal/policy"
)

var operator = policy.Actor{Account: "A", Office: "Quản trị", Enrolled: true, Holds: []policy.Membership{{Role: policy.Operator}}}

// TestLateChange holds that a change of the calendar or of a rule moves running
// deadlines, tells of them in the same transaction, and leaves closed ones alone.
func TestLateChange(t *testing.T) {
	d := dbtest.Open(t)
	now := func() time.Time { return day("2026-11-20").Add(8 * time.Hour) }
	book, err := ledger.Open(t.Context(), d, now)
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	s := New(d, book, now)
	var moved []Move
	s.Moved = func(_ context.Context, _ *ledger.Tx, m []Move) error { moved = m; return nil }

	open, closed := rand.Text(), rand.Text()
	_, err = book.Write(t.Context(), func(tx *ledger.Tx) error {
		for _, object := range []string{open, closed} {
			a, err := s.SetTx(t.Context(), tx, "test", object, "NB-01", day("2026-11-19"))
			if err != nil {
				return err
			}
			if got := a.Due.Format(time.DateOnly); got != "2026-11-26" {
				t.Errorf("due %s", got)
			}
		}
		if err := s.CloseTx(t.Context(), tx, "test", closed); err != nil {
			return err
		}
		return tx.Record(t.Context(), ledger.SheetChanged, open, struct{}{})
	})
	if err != nil {
		t.Fatal(err)
	}
	holiday := Day{Date: day("2026-11-24"), Kind: Holiday, VI: "Ngày Văn hóa Việt Nam", Source: "Nghị quyết", Confirmed: "x"}
	if _, err := s.ChangeDays(t.Context(), policy.Actor{Account: "B", Enrolled: true, Holds: []policy.Membership{{Role: policy.Editor}}}, []Day{holiday}); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("an editor changed the calendar: %v", err)
	}
	if _, err := s.ChangeDays(t.Context(), operator, []Day{holiday}); err != nil {
		t.Fatal(err)
	}
	if len(moved) != 1 || moved[0].Object != open || moved[0].Due.Format(time.DateOnly) != "2026-11-28" || !moved[0].Was.Equal(day("2026-11-27")) {
		t.Errorf("moved %+v", moved)
	}
	_, a, ok, err := s.Of(t.Context(), "test", open)
	if err != nil || !ok || a.Due.Format(time.DateOnly) != "2026-11-27" {
		t.Errorf("due %v, %v", a.Due, err)
	}
	if was, _, _, err := s.Of(t.Context(), "test", closed); err != nil || !was.Due.Equal(day("2026-11-27")) {
		t.Errorf("what was closed moved to %v, %v", was.Due, err)
	}
	if _, err := s.ChangeDays(t.Context(), operator, []Day{{Date: holiday.Date, Kind: Holiday, VI: holiday.VI, Source: holiday.Source, Confirmed: "y"}}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("the same again: %v", err)
	}
	moved = nil
	if _, err := s.ChangeRule(t.Context(), operator, Rule{ID: "NB-01", Effect: Latest, Value: 3, Unit: Workdays, VI: "Trả lời kiến nghị", Article: "Quy chế cụm", From: day("2026-01-01")}); err != nil {
		t.Fatal(err)
	}
	if len(moved) != 1 || moved[0].Due.Format(time.DateOnly) != "2026-11-26" {
		t.Errorf("moved %+v", moved)
	}
	if _, err := s.DropDay(t.Context(), operator, holiday.Date); err != nil {
		t.Fatal(err)
	}
	if _, a, _, err := s.Of(t.Context(), "test", open); err != nil || a.Due.Format(time.DateOnly) != "2026-11-24" {
		t.Errorf("due %v, %v", a.Due, err)
	}
	if n, err := s.Open(t.Context()); err != nil || n != 1 {
		t.Errorf("%d running, %v", n, err)
	}
	if _, err := s.ConfirmYear(t.Context(), operator, 2026); err != nil {
		t.Fatal(err)
	}
	c, err := s.Calendar(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, y := range c.Year(2026).Days {
		if want := y.Kind != Proposed; (y.Confirmed == operator.Office) != want {
			t.Errorf("%s confirmed by %q", y.Date.Format(time.DateOnly), y.Confirmed)
		}
	}
	if problems, err := ledger.Verify(t.Context(), d); err != nil || problems != nil {
		t.Errorf("%v, %v", problems, err)
	}
}
