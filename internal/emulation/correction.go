package emulation

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"dongthuan/internal/cluster"
	"dongthuan/internal/db"
	"dongthuan/internal/fault"
	"dongthuan/internal/ledger"
	"dongthuan/internal/policy"
)

// Correction (đính chính) changes points that were published. One person proposes it,
// another approves it; then the result is published anew, with the difference and the
// reason, and the version before stays to be read.
type Correction struct {
	ID, PeriodID, SheetID string
	UnitID                string
	Criterion             string // code
	Points                int64  // tenths
	Reason                string
	Office, Account       string
	At                    time.Time
	State                 string // open, approved, refused
	Answer                string
	DecidedBy             string
	DecidedAt             time.Time
	Version               int64 // of the result it led to, 0 where to none
}

// ProposeCorrection says that published points of a line are wrong.
func (s *Service) ProposeCorrection(ctx context.Context, actor policy.Actor, sheetID, code string, points *int64, reason string) (ledger.Ack, error) {
	return s.book.Write(ctx, func(tx *ledger.Tx) error {
		sheet, err := findSheet(ctx, tx, `where id = $1`, sheetID)
		if err != nil {
			return err
		}
		object, p, err := s.object(ctx, tx, sheet)
		if err != nil {
			return err
		}
		if err := policy.May(actor, policy.SheetVerify, policy.Object{Cluster: object.Cluster}); err != nil {
			return err
		}
		if p.State != cluster.Published {
			return fault.New(fault.Conflict, "emulation.correct.notpublished", p.Name)
		}
		c, err := s.kept.load(ctx, tx, sheet.CriteriaID)
		if err != nil {
			return err
		}
		cr, ok := c.Criterion(code)
		var problems fault.List
		if !ok {
			problems.Add("criterion", "emulation.criterion.missing", code)
		}
		if points == nil {
			problems.Add("points", "emulation.appeal.points")
		} else if err := inRange(points, cr); ok && err != nil {
			problems = append(problems, err.In("points"))
		}
		if reason, err = wordsOf(reason, "reason"); err != nil {
			problems = append(problems, fault.All(err)...)
		}
		if err := problems.Or(); err != nil {
			return err
		}
		x := Correction{ID: newID(), PeriodID: p.ID, SheetID: sheet.ID, Criterion: code, Points: *points, Reason: reason, Office: actor.Office, Account: actor.Account, At: tx.At(), State: "open"}
		if _, err := tx.ExecContext(ctx, `
			insert into emulation_correction (id, period_id, sheet_id, criterion, points, reason, office, account, at, state, answer, decided_by, decided_at, version)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'open', '', '', '', 0)`,
			x.ID, x.PeriodID, x.SheetID, x.Criterion, x.Points, x.Reason, x.Office, x.Account, db.Time(x.At)); err != nil {
			return fmt.Errorf("insert a correction: %w", err)
		}
		return tx.Record(ctx, ledger.SheetMarked, sheet.ID, map[string]any{"office": actor.Office, "correction": x.ID, "criterion": code, "points": x.Points, "reason": reason})
	})
}

// DecideCorrection approves or refuses a correction. Who proposed it does not decide it,
// nor does the unit concerned.
func (s *Service) DecideCorrection(ctx context.Context, actor policy.Actor, id string, approve bool, answer string) (ledger.Ack, error) {
	return s.book.Write(ctx, func(tx *ledger.Tx) error {
		// Taking the row makes a second decision wait, and see the first.
		res, err := tx.ExecContext(ctx, `update emulation_correction set version = version where id = $1`, id)
		if err != nil {
			return fmt.Errorf("take a correction: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return fault.New(fault.NotFound, "emulation.correct.missing").Because(err)
		}
		all, err := corrections(ctx, tx, `where c.id = $1`, id)
		if err != nil {
			return err
		}
		x := all[0]
		sheet, err := touch(ctx, tx, x.SheetID)
		if err != nil {
			return err
		}
		object, p, err := s.object(ctx, tx, sheet)
		if err != nil {
			return err
		}
		if err := policy.May(actor, policy.SheetVerify, policy.Object{Cluster: object.Cluster}); err != nil {
			return err
		}
		switch {
		case x.State != "open":
			return fault.New(fault.Conflict, "emulation.correct.decided")
		case x.Account == actor.Account || x.Office == actor.Office:
			return fault.New(fault.Forbidden, "emulation.correct.own")
		case slices.Contains(actor.Units(), sheet.UnitID):
			return fault.New(fault.Forbidden, "emulation.correct.unit")
		case p.State != cluster.Published:
			return fault.New(fault.Conflict, "emulation.correct.notpublished", p.Name)
		}
		if answer, err = wordsOf(answer, "answer"); err != nil {
			return err
		}
		x.State, x.Answer, x.DecidedBy, x.DecidedAt = "refused", answer, actor.Office, tx.At()
		if !approve {
			if err := saveCorrection(ctx, tx, x); err != nil {
				return err
			}
			return tx.Record(ctx, ledger.SheetMarked, sheet.ID, map[string]any{"office": actor.Office, "correction": x.ID, "state": x.State, "answer": answer})
		}
		x.State = "approved"
		return s.correct(ctx, tx, actor, p, sheet, x)
	})
}

// correct writes the points and publishes the result anew.
func (s *Service) correct(ctx context.Context, tx *ledger.Tx, actor policy.Actor, p cluster.Period, sheet Sheet, x Correction) error {
	one := []Sheet{sheet}
	if err := fill(ctx, tx, one, "id", sheet.ID); err != nil {
		return err
	}
	c, err := s.kept.load(ctx, tx, sheet.CriteriaID)
	if err != nil {
		return err
	}
	cr, ok := c.Criterion(x.Criterion)
	if !ok {
		return fault.New(fault.NotFound, "emulation.criterion.missing", x.Criterion)
	}
	m := one[0].Marks[cr.ID]
	changes := []Change{{Subject: "verified:" + cr.Code, Old: figureText(m.Verified), New: figureText(&x.Points), Reason: x.Reason}}
	if m.Void {
		changes = append(changes, Change{Subject: "void:" + cr.Code, Old: yes(true), New: yes(false), Reason: x.Reason})
	}
	m.CriterionID, m.Verified, m.VerifiedReason, m.Void, m.VoidReason = cr.ID, &x.Points, x.Reason, false, ""
	if err := s.saveMark(ctx, tx, actor, &one[0], m, cr, changes); err != nil {
		return err
	}
	sheets, c, err := s.loadPeriod(ctx, tx, p.ID)
	if err != nil {
		return err
	}
	ranking, err := s.ranking(ctx, p, c, Tally(c, sheets))
	if err != nil {
		return err
	}
	body, err := json.Marshal(ranking)
	if err != nil {
		return err
	}
	before, err := listResults(ctx, tx, p.ID)
	if err != nil || len(before) == 0 {
		return fmt.Errorf("the published result of %s: %w", p.ID, err)
	}
	x.Version = before[0].Version + 1
	if err := insertResult(ctx, tx, p.ID, result{x.Version, x.Reason, string(body), tx.At()}); err != nil {
		return err
	}
	if err := saveCorrection(ctx, tx, x); err != nil {
		return err
	}
	if err := tx.Record(ctx, ledger.FigurePublished, p.ID, map[string]any{"office": actor.Office, "units": closedFigures(sheets)}); err != nil {
		return err
	}
	if err := tx.Record(ctx, ledger.RankingPublished, p.ID, map[string]any{"office": actor.Office, "version": x.Version, "reason": x.Reason, "ranking": ranking}); err != nil {
		return err
	}
	return s.Told(ctx, tx, SheetEvent{By: actor, Sheet: one[0], Period: p, Changes: one[0].said})
}

// Corrections returns the corrections of a period, the newest first.
func (s *Service) Corrections(ctx context.Context, periodID string) ([]Correction, error) {
	return corrections(ctx, s.db, `where c.period_id = $1`, periodID)
}

func corrections(ctx context.Context, q db.Query, where string, args ...any) ([]Correction, error) {
	return db.All(ctx, q, func(rows *sql.Rows) (x Correction, err error) {
		return x, rows.Scan(&x.ID, &x.PeriodID, &x.SheetID, &x.UnitID, &x.Criterion, &x.Points, &x.Reason, &x.Office, &x.Account, db.When(&x.At), &x.State, &x.Answer, &x.DecidedBy, db.When(&x.DecidedAt), &x.Version)
	}, `select c.id, c.period_id, c.sheet_id, s.unit_id, c.criterion, c.points, c.reason, c.office, c.account, c.at, c.state, c.answer, c.decided_by, c.decided_at, c.version
		from emulation_correction c join emulation_sheet s on s.id = c.sheet_id `+where+` order by c.at desc, c.id`, args...)
}

func saveCorrection(ctx context.Context, tx *ledger.Tx, x Correction) error {
	if _, err := tx.ExecContext(ctx, `update emulation_correction set state = $1, answer = $2, decided_by = $3, decided_at = $4, version = $5 where id = $6`,
		x.State, x.Answer, x.DecidedBy, db.Time(x.DecidedAt), x.Version, x.ID); err != nil {
		return fmt.Errorf("save correction %s: %w", x.ID, err)
	}
	return nil
}

// ResultVersion is one version of a published result.
type ResultVersion struct {
	Version int64
	Reason  string // of the correction, "" for the first
	At      time.Time
	Ranking Ranking
	Moved   []MovedRow // against the version before
}

// MovedRow is a unit whose place or points a correction changed.
type MovedRow struct {
	Name                string
	RankFrom, RankTo    int
	TotalFrom, TotalTo  int64
	ClassFrom, ClassNow string
}

// Versions returns every version of a period's published result, the newest first.
func (s *Service) Versions(ctx context.Context, p cluster.Period) ([]ResultVersion, error) {
	results, err := listResults(ctx, s.db, p.ID)
	if err != nil {
		return nil, err
	}
	all := make([]ResultVersion, len(results))
	for i, r := range results {
		all[i] = ResultVersion{Version: r.Version, Reason: r.Reason, At: r.At}
		if err := json.Unmarshal([]byte(r.Body), &all[i].Ranking); err != nil {
			return nil, fmt.Errorf("read version %d of the ranking: %w", r.Version, err)
		}
	}
	for i := range len(all) - 1 {
		was := map[string]RankingRow{}
		for _, row := range all[i+1].Ranking.Rows {
			was[row.UnitID] = row
		}
		for _, row := range all[i].Ranking.Rows {
			if o := was[row.UnitID]; o.Rank != row.Rank || o.Total != row.Total {
				all[i].Moved = append(all[i].Moved, MovedRow{row.Name, o.Rank, row.Rank, o.Total, row.Total, o.Class, row.Class})
			}
		}
	}
	return all, nil
}
