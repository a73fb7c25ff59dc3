package emulation

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"dongthuan/internal/cluster"
	"dongthuan/internal/db"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
	"dongthuan/internal/policy"
)

// AppealState says where an appeal stands.
type AppealState string

const (
	AppealOpen      AppealState = "open"
	AppealAccepted  AppealState = "accepted"
	AppealRefused   AppealState = "refused"
	AppealWithdrawn AppealState = "withdrawn"
)

// Appeal is a unit's word against the points of one line of its sheet: a criterion,
// or a deduction. It is answered by a date.
type Appeal struct {
	ID, SheetID string
	Subject     string // "criterion:3.1", "claim:ID"
	Reason      string
	Office      string
	At          time.Time
	Due         time.Time // the moment at which it should have been answered
	State       AppealState
	Answer      string
	AnsweredBy  string
	AnsweredAt  time.Time
}

// Line is the criterion's code or the claim's id.
func (a Appeal) Line() string { _, line, _ := strings.Cut(a.Subject, ":"); return line }

// LastDay is the day by which it is answered.
func (a Appeal) LastDay() time.Time { return a.Due.Add(-1) }

// Late reports whether it was not answered in time.
func (a Appeal) Late(now time.Time) bool {
	return a.State == AppealOpen && !now.Before(a.Due) || a.State != AppealOpen && a.AnsweredAt.After(a.Due)
}

const (
	ruleAnswer = "NB-01" // within which an appeal is answered
	ruleAppeal = "NB-02" // within which a unit may appeal after its sheet is verified

	// AppealRoom is what the legal clock keeps deadlines of appeals under.
	AppealRoom = "emulation.appeal"
)

const maxReason = 4000

func wordsOf(text, field string) (string, error) {
	text = lang.Clean(text)
	switch {
	case text == "":
		return "", fault.New(fault.Invalid, "emulation.reason.missing").In(field)
	case utf8.RuneCountInString(text) > maxReason:
		return "", fault.New(fault.Invalid, "emulation.reason.long", maxReason).In(field)
	}
	return text, nil
}

// disputable reports whether points of a sheet may still change by an appeal: it has
// been verified, and the ranking is not public yet. That figures are closed does not
// matter: an appeal changes points, never figures.
func disputable(sheet Sheet, period cluster.Period) bool {
	return !sheet.VerifiedAt.IsZero() && (sheet.State == Verified || sheet.State == Frozen) && (period.State == cluster.Open || period.State == cluster.Frozen)
}

// appealable returns why a line cannot be appealed, nil if it can.
func (s *Service) appealable(ctx context.Context, q db.Query, sheet Sheet, period cluster.Period, now time.Time) error {
	if !disputable(sheet, period) {
		return fault.New(fault.Conflict, "emulation.appeal.notnow")
	}
	until, err := s.legal.Due(ctx, q, ruleAppeal, sheet.VerifiedAt)
	if err != nil {
		return err
	}
	if !now.Before(until.End()) {
		return fault.New(fault.Conflict, "emulation.appeal.over", lang.Date(until.Due))
	}
	return nil
}

// Appeal says that the points of a line are wrong, and why. The clock of the answer
// starts.
func (s *Service) Appeal(ctx context.Context, actor policy.Actor, sheetID, subject, reason string) (ledger.Ack, error) {
	return s.book.Write(ctx, func(tx *ledger.Tx) error {
		sheet, period, err := s.disputed(ctx, tx, actor, sheetID, policy.SheetAppeal)
		if err != nil {
			return err
		}
		if err := s.appealable(ctx, tx, sheet, period, tx.At()); err != nil {
			return err
		}
		c, err := s.kept.load(ctx, tx, sheet.CriteriaID)
		if err != nil {
			return err
		}
		kind, line, _ := strings.Cut(subject, ":")
		name := line
		switch kind {
		case "criterion":
			if _, ok := c.Criterion(line); !ok {
				return fault.New(fault.NotFound, "emulation.criterion.missing", line)
			}
		case "claim":
			i := slices.IndexFunc(sheet.Claims, func(cl Claim) bool { return cl.ID == line })
			if i < 0 {
				return fault.New(fault.NotFound, "emulation.claim.missing")
			}
			e, _ := c.Extra(sheet.Claims[i].ExtraID)
			if e.Bonus || sheet.Claims[i].State != Accepted {
				return fault.New(fault.Conflict, "emulation.appeal.claim")
			}
			name = e.Code
		default:
			return fault.New(fault.NotFound, "emulation.criterion.missing", line)
		}
		if reason, err = wordsOf(reason, "reason"); err != nil {
			return err
		}
		a := Appeal{ID: newID(), SheetID: sheet.ID, Subject: subject, Reason: reason, Office: actor.Office, At: tx.At(), State: AppealOpen}
		due, err := s.legal.SetTx(ctx, tx, AppealRoom, a.ID, ruleAnswer, a.At)
		if err != nil {
			return err
		}
		a.Due = due.End()
		if err := insertAppeal(ctx, tx, a); err != nil {
			return err
		}
		if err := s.noteChanges(ctx, tx, actor, &sheet, []Change{{Subject: "appeal:" + name, Reason: reason, Source: "form", Office: actor.Office}}); err != nil {
			return err
		}
		if err := tx.Record(ctx, ledger.ScoreAppealed, a.ID, map[string]any{"sheet": sheet.ID, "line": name, "office": actor.Office,
			"reason": reason, "rule": ruleAnswer, "due": db.Time(a.Due)}); err != nil {
			return err
		}
		return s.Told(ctx, tx, SheetEvent{By: actor, Sheet: sheet, Period: period, Changes: sheet.said})
	})
}

// disputed reads a sheet for an act on its appeals, which go on after figures are
// closed, until the ranking is public.
func (s *Service) disputed(ctx context.Context, tx *ledger.Tx, actor policy.Actor, sheetID string, action policy.Action) (Sheet, cluster.Period, error) {
	sheet, err := touch(ctx, tx, sheetID)
	if err != nil {
		return sheet, cluster.Period{}, err
	}
	object, period, err := s.object(ctx, tx, sheet)
	if err != nil {
		return sheet, period, err
	}
	if err := policy.May(actor, action, object); err != nil {
		return sheet, period, err
	}
	one := []Sheet{sheet}
	if err := fill(ctx, tx, one, "id", sheet.ID); err != nil {
		return sheet, period, err
	}
	return one[0], period, nil
}

// AnswerAppeal accepts an appeal, with the points that a criterion gets (nil where
// they stay or a deduction is taken back), or refuses it; the answer says why. Nobody
// answers for the cluster what their own unit appealed.
func (s *Service) AnswerAppeal(ctx context.Context, actor policy.Actor, appealID string, accept bool, points *int64, answer string) (ledger.Ack, error) {
	return s.closeAppeal(ctx, actor, appealID, policy.SheetVerify, func(tx *ledger.Tx, sheet *Sheet, a *Appeal) error {
		if slices.Contains(actor.Units(), sheet.UnitID) {
			return fault.New(fault.Forbidden, "emulation.appeal.own")
		}
		var err error
		if a.Answer, err = wordsOf(answer, "answer"); err != nil {
			return err
		}
		a.State = AppealRefused
		if !accept {
			return nil
		}
		a.State = AppealAccepted
		c, err := s.kept.load(ctx, tx, sheet.CriteriaID)
		if err != nil {
			return err
		}
		if line, ok := strings.CutPrefix(a.Subject, "claim:"); ok {
			i := slices.IndexFunc(sheet.Claims, func(cl Claim) bool { return cl.ID == line })
			if i < 0 {
				return fault.New(fault.NotFound, "emulation.claim.missing")
			}
			e, _ := c.Extra(sheet.Claims[i].ExtraID)
			if err := moveClaim(ctx, tx, line, Accepted, Withdrawn, a.Answer); err != nil {
				return err
			}
			return s.noteChanges(ctx, tx, actor, sheet, []Change{{Subject: "deduction:" + e.Code, Old: string(Accepted), New: string(Withdrawn), Reason: a.Answer, Source: "form", Office: actor.Office}})
		}
		cr, ok := c.Criterion(a.Line())
		if !ok {
			return fault.New(fault.NotFound, "emulation.criterion.missing", a.Line())
		}
		if points == nil {
			return fault.New(fault.Invalid, "emulation.appeal.points").In("points")
		}
		if err := inRange(points, cr); err != nil {
			return err.In("points")
		}
		m := sheet.Marks[cr.ID]
		if same(m.Verified, points) && !m.Void {
			return fault.New(fault.Invalid, "emulation.appeal.same").In("points")
		}
		changes := []Change{{Subject: "verified:" + cr.Code, Old: figureText(m.Verified), New: figureText(points), Reason: a.Answer}}
		if m.Void {
			changes = append(changes, Change{Subject: "void:" + cr.Code, Old: yes(true), New: yes(false), Reason: a.Answer})
		}
		m.CriterionID, m.Verified, m.VerifiedReason, m.Void, m.VoidReason = cr.ID, points, a.Answer, false, ""
		return s.saveMark(ctx, tx, actor, sheet, m, cr, changes)
	})
}

// WithdrawAppeal takes an appeal back.
func (s *Service) WithdrawAppeal(ctx context.Context, actor policy.Actor, appealID string) (ledger.Ack, error) {
	return s.closeAppeal(ctx, actor, appealID, policy.SheetAppeal, func(_ *ledger.Tx, _ *Sheet, a *Appeal) error {
		a.State = AppealWithdrawn
		return nil
	})
}

func (s *Service) closeAppeal(ctx context.Context, actor policy.Actor, appealID string, action policy.Action, fn func(*ledger.Tx, *Sheet, *Appeal) error) (ledger.Ack, error) {
	return s.book.Write(ctx, func(tx *ledger.Tx) error {
		all, err := listAppeals(ctx, tx, `where id = $1`, appealID)
		if err != nil {
			return err
		}
		if len(all) == 0 {
			return fault.New(fault.NotFound, "emulation.appeal.missing")
		}
		sheet, period, err := s.disputed(ctx, tx, actor, all[0].SheetID, action)
		if err != nil {
			return err
		}
		// Read again: taking the sheet has waited for whoever was answering.
		if all, err = listAppeals(ctx, tx, `where id = $1`, appealID); err != nil {
			return err
		}
		a := all[0]
		if a.State != AppealOpen {
			return fault.New(fault.Conflict, "emulation.appeal.closed")
		}
		if !disputable(sheet, period) {
			return fault.New(fault.Conflict, "emulation.appeal.notnow")
		}
		if err := fn(tx, &sheet, &a); err != nil {
			return err
		}
		a.AnsweredAt, a.AnsweredBy = tx.At(), actor.Office
		if err := saveAppeal(ctx, tx, a); err != nil {
			return err
		}
		if err := s.legal.CloseTx(ctx, tx, AppealRoom, a.ID); err != nil {
			return err
		}
		c, err := s.kept.load(ctx, tx, sheet.CriteriaID)
		if err != nil {
			return err
		}
		if err := s.noteChanges(ctx, tx, actor, &sheet, []Change{{Subject: "answer:" + lineName(sheet, c, a), Old: string(AppealOpen), New: string(a.State), Reason: a.Answer, Source: "form", Office: actor.Office}}); err != nil {
			return err
		}
		if err := tx.Record(ctx, ledger.AppealDecided, a.ID, map[string]any{"sheet": sheet.ID, "line": lineName(sheet, c, a), "office": actor.Office, "state": a.State, "answer": a.Answer}); err != nil {
			return err
		}
		return s.Told(ctx, tx, SheetEvent{By: actor, Sheet: sheet, Period: period, Changes: sheet.said})
	})
}

// lineName is how people call the line: the criterion's or the deduction's code.
func lineName(sheet Sheet, c Criteria, a Appeal) string {
	for _, cl := range sheet.Claims {
		if cl.ID == a.Line() {
			if e, ok := c.Extra(cl.ExtraID); ok {
				return e.Code
			}
		}
	}
	return a.Line()
}

// Appeals returns the appeals of a sheet to who may see it, the newest first.
func (s *Service) Appeals(ctx context.Context, sheetID string) ([]Appeal, error) {
	return listAppeals(ctx, s.db, `where sheet_id = $1`, sheetID)
}

// Pending is an open appeal with whose it is.
type Pending struct {
	Appeal
	UnitID string
	Period cluster.Period
}

// PendingAppeals returns the open appeals of a cluster's open periods, by the day of
// their answer.
func (s *Service) PendingAppeals(ctx context.Context, clusterID string) ([]Pending, error) {
	periods, err := s.clusters.Periods(ctx, clusterID)
	if err != nil {
		return nil, err
	}
	var all []Pending
	for _, p := range periods {
		if p.State != cluster.Open && p.State != cluster.Frozen {
			continue
		}
		appeals, err := listAppeals(ctx, s.db, `where state = 'open' and sheet_id in (select id from emulation_sheet where period_id = $1)`, p.ID)
		if err != nil {
			return nil, err
		}
		for _, a := range appeals {
			sheet, err := findSheet(ctx, s.db, `where id = $1`, a.SheetID)
			if err != nil {
				return nil, err
			}
			all = append(all, Pending{a, sheet.UnitID, p})
		}
	}
	return all, nil
}

// MoveAppealTx gives an appeal another day, after a late change of the calendar, and
// returns whose it is.
func (s *Service) MoveAppealTx(ctx context.Context, tx *ledger.Tx, id string, due time.Time) (Pending, error) {
	all, err := listAppeals(ctx, tx, `where id = $1`, id)
	if err != nil || len(all) == 0 {
		return Pending{}, err
	}
	a := all[0]
	a.Due = due
	if err := saveAppeal(ctx, tx, a); err != nil {
		return Pending{}, err
	}
	sheet, err := findSheet(ctx, tx, `where id = $1`, a.SheetID)
	if err != nil {
		return Pending{}, err
	}
	p, err := s.clusters.PeriodByID(ctx, tx, sheet.PeriodID)
	return Pending{a, sheet.UnitID, p}, err
}

// openAppeals counts the open appeals of a period.
func openAppeals(ctx context.Context, q db.Query, periodID string) (n int64, err error) {
	err = q.QueryRowContext(ctx, `select count(*) from emulation_appeal where state = 'open' and sheet_id in (select id from emulation_sheet where period_id = $1)`, periodID).Scan(&n)
	return n, err
}

func insertAppeal(ctx context.Context, tx *ledger.Tx, a Appeal) error {
	_, err := tx.ExecContext(ctx, `
		insert into emulation_appeal (id, sheet_id, subject, reason, office, at, due_at, state, answer, answered_by, answered_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, '', '', '')`, a.ID, a.SheetID, a.Subject, a.Reason, a.Office, db.Time(a.At), db.Time(a.Due), a.State)
	if db.IsDuplicate(err) {
		return fault.New(fault.Conflict, "emulation.appeal.twice").Because(err)
	}
	if err != nil {
		return fmt.Errorf("insert an appeal: %w", err)
	}
	return nil
}

func saveAppeal(ctx context.Context, tx *ledger.Tx, a Appeal) error {
	if _, err := tx.ExecContext(ctx, `update emulation_appeal set due_at = $1, state = $2, answer = $3, answered_by = $4, answered_at = $5 where id = $6`,
		db.Time(a.Due), a.State, a.Answer, a.AnsweredBy, db.Time(a.AnsweredAt), a.ID); err != nil {
		return fmt.Errorf("save appeal %s: %w", a.ID, err)
	}
	return nil
}

func listAppeals(ctx context.Context, q db.Query, where string, args ...any) ([]Appeal, error) {
	return db.All(ctx, q, func(rows *sql.Rows) (a Appeal, err error) {
		return a, rows.Scan(&a.ID, &a.SheetID, &a.Subject, &a.Reason, &a.Office, db.When(&a.At), db.When(&a.Due), &a.State, &a.Answer, &a.AnsweredBy, db.When(&a.AnsweredAt))
	}, `select id, sheet_id, subject, reason, office, at, due_at, state, answer, answered_by, answered_at from emulation_appeal `+where+` order by due_at desc, id`, args...)
}
