package emulation

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"dongthuan/internal/db"
	"dongthuan/internal/fault"
	"dongthuan/internal/ledger"
)

const drawColumns = `period_id, seed, each, spread, conflicts, state, due_at, version, office, at, closed_at`

func scanDraw(row interface{ Scan(...any) error }) (d CrossDraw, err error) {
	var conflicts string
	err = row.Scan(&d.PeriodID, &d.Seed, &d.Each, &d.Spread, &conflicts, &d.State, db.When(&d.Due), &d.Version, &d.Office, db.When(&d.At), db.When(&d.ClosedAt))
	switch {
	case errors.Is(err, db.ErrNoRows):
		return d, fault.New(fault.NotFound, "emulation.cross.none")
	case err != nil:
		return d, fmt.Errorf("read a draw: %w", err)
	}
	d.SeedHash = seedHash(d.Seed)
	return d, json.Unmarshal([]byte(conflicts), &d.Conflicts)
}

func findDraw(ctx context.Context, q db.Query, periodID string) (CrossDraw, error) {
	return scanDraw(q.QueryRowContext(ctx, `select `+drawColumns+` from emulation_draw where period_id = $1`, periodID))
}

// touchDraw takes the draw's row: acts on one draw run one after the other.
func touchDraw(ctx context.Context, tx *ledger.Tx, periodID string) (CrossDraw, error) {
	return scanDraw(tx.QueryRowContext(ctx, `update emulation_draw set version = version + 1 where period_id = $1 returning `+drawColumns, periodID))
}

func insertDraw(ctx context.Context, tx *ledger.Tx, d CrossDraw) error {
	if d.Conflicts == nil {
		d.Conflicts = [][2]string{}
	}
	conflicts, err := json.Marshal(d.Conflicts)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `insert into emulation_draw (`+drawColumns+`) values ($1, $2, $3, $4, $5, $6, $7, 0, $8, $9, '')`,
		d.PeriodID, d.Seed, d.Each, d.Spread, string(conflicts), d.State, db.Time(d.Due), d.Office, db.Time(d.At))
	if db.IsDuplicate(err) {
		return fault.New(fault.Conflict, "emulation.cross.drawn").Because(err)
	}
	if err != nil {
		return fmt.Errorf("insert a draw: %w", err)
	}
	return nil
}

func saveDraw(ctx context.Context, tx *ledger.Tx, d CrossDraw) error {
	if _, err := tx.ExecContext(ctx, `update emulation_draw set state = $1, due_at = $2, closed_at = $3 where period_id = $4`,
		d.State, db.Time(d.Due), db.Time(d.ClosedAt), d.PeriodID); err != nil {
		return fmt.Errorf("save the draw of %s: %w", d.PeriodID, err)
	}
	return nil
}

func insertCross(ctx context.Context, tx *ledger.Tx, x Cross) error {
	if _, err := tx.ExecContext(ctx, `
		insert into emulation_cross (id, period_id, scorer, sheet_id, third, lines, state, remark, version, office, handed_at)
		values ($1, $2, $3, $4, $5, $6, 'open', '', 0, '', '')`, x.ID, x.PeriodID, x.Scorer, x.SheetID, x.Third, strings.Join(x.Lines, " ")); err != nil {
		return fmt.Errorf("insert a scorer: %w", err)
	}
	return nil
}

func saveCross(ctx context.Context, tx *ledger.Tx, x Cross) error {
	state := "open"
	if x.Handed {
		state = "handed"
	}
	if _, err := tx.ExecContext(ctx, `update emulation_cross set state = $1, remark = $2, version = $3, office = $4, handed_at = $5 where id = $6`,
		state, x.Remark, x.Version, x.Office, db.Time(x.HandedAt), x.ID); err != nil {
		return fmt.Errorf("save the marks of %s: %w", x.ID, err)
	}
	return nil
}

func saveCrossMarks(ctx context.Context, tx *ledger.Tx, id string, marks []CrossMark) error {
	for _, m := range marks {
		if _, err := tx.ExecContext(ctx, `
			insert into emulation_cross_mark (cross_id, criterion_id, points, remark, version, office) values ($1, $2, $3, $4, $5, $6)
			on conflict (cross_id, criterion_id) do update set points = excluded.points, remark = excluded.remark, version = excluded.version, office = excluded.office`,
			id, m.CriterionID, m.Points, m.Remark, m.Version, m.Office); err != nil {
			return fmt.Errorf("save a mark: %w", err)
		}
	}
	return nil
}

func findCross(ctx context.Context, q db.Query, id string) (Cross, error) {
	all, err := listCrosses(ctx, q, `where id = $1`, id)
	if err == nil && len(all) == 0 {
		err = fault.New(fault.NotFound, "emulation.cross.notable")
	}
	if err != nil {
		return Cross{}, err
	}
	return all[0], nil
}

// crossHeads reads scorers' tables without their marks.
func crossHeads(ctx context.Context, q db.Query, where string, args ...any) ([]Cross, error) {
	all, err := db.All(ctx, q, func(rows *sql.Rows) (x Cross, err error) {
		var lines, state string
		err = rows.Scan(&x.ID, &x.PeriodID, &x.Scorer, &x.SheetID, &x.Third, &lines, &state, &x.Remark, &x.Version, &x.Office, db.When(&x.HandedAt))
		x.Lines, x.Handed, x.Marks = strings.Fields(lines), state == "handed", map[string]CrossMark{}
		if len(x.Lines) == 0 {
			x.Lines = nil
		}
		return x, err
	}, `select id, period_id, scorer, sheet_id, third, lines, state, remark, version, office, handed_at from emulation_cross `+where+` order by period_id, third, id`, args...)
	if err != nil {
		return nil, fmt.Errorf("list scorers: %w", err)
	}
	return all, nil
}

// listCrosses reads scorers' tables with their marks.
func listCrosses(ctx context.Context, q db.Query, where string, args ...any) ([]Cross, error) {
	all, err := crossHeads(ctx, q, where, args...)
	if err != nil {
		return nil, err
	}
	at := map[string]int{}
	for i, x := range all {
		at[x.ID] = i
	}
	_, err = db.All(ctx, q, func(rows *sql.Rows) (struct{}, error) {
		var id string
		var m CrossMark
		err := rows.Scan(&id, &m.CriterionID, &m.Points, &m.Remark, &m.Version, &m.Office)
		if i, ok := at[id]; ok {
			all[i].Marks[m.CriterionID] = m
		}
		return struct{}{}, err
	}, `select cross_id, criterion_id, points, remark, version, office from emulation_cross_mark where cross_id in (select id from emulation_cross `+where+`)`, args...)
	if err != nil {
		return nil, fmt.Errorf("list marks: %w", err)
	}
	return all, nil
}
