package emulation

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"dongthuan/internal/db"
	"dongthuan/internal/fault"
	"dongthuan/internal/ledger"
)

func newID() string { return rand.Text() }

func insertSheet(ctx context.Context, tx *ledger.Tx, s Sheet) error {
	_, err := tx.ExecContext(ctx, `
		insert into emulation_sheet (id, period_id, unit_id, criteria_id, state, version, reason, submitted_at, verified_at)
		values ($1, $2, $3, $4, $5, 0, '', '', '')`, s.ID, s.PeriodID, s.UnitID, s.CriteriaID, s.State)
	if err != nil {
		return fmt.Errorf("insert sheet: %w", err)
	}
	return nil
}

const sheetColumns = `id, period_id, unit_id, criteria_id, state, version, reason, submitted_at, verified_at, chain_id, step, step_at, due_at`

func scanSheet(row interface{ Scan(...any) error }) (s Sheet, err error) {
	err = row.Scan(&s.ID, &s.PeriodID, &s.UnitID, &s.CriteriaID, &s.State, &s.Version, &s.Reason, db.When(&s.SubmittedAt), db.When(&s.VerifiedAt), &s.ChainID, &s.Step, db.When(&s.StepAt), db.When(&s.AgainBy))
	s.Figures, s.Marks, s.Paragraphs = map[string]Figure{}, map[string]Mark{}, map[string]Paragraph{}
	return s, err
}

func findSheet(ctx context.Context, q db.Query, where string, args ...any) (Sheet, error) {
	s, err := scanSheet(q.QueryRowContext(ctx, `select `+sheetColumns+` from emulation_sheet `+where, args...))
	if errors.Is(err, db.ErrNoRows) {
		return s, fault.New(fault.NotFound, "emulation.sheet.missing")
	}
	if err != nil {
		return s, fmt.Errorf("find sheet: %w", err)
	}
	return s, nil
}

func listSheets(ctx context.Context, q db.Query, where string, args ...any) ([]Sheet, error) {
	return db.All(ctx, q, func(rows *sql.Rows) (Sheet, error) { return scanSheet(rows) },
		`select `+sheetColumns+` from emulation_sheet `+where+` order by id`, args...)
}

// touch counts a change of the sheet and takes its row, so that two acts on one
// sheet run one after the other on both engines. It returns the sheet as it is.
func touch(ctx context.Context, tx *ledger.Tx, id string) (Sheet, error) {
	s, err := scanSheet(tx.QueryRowContext(ctx, `
		update emulation_sheet set version = version + 1 where id = $1 returning `+sheetColumns, id))
	if errors.Is(err, db.ErrNoRows) {
		return s, fault.New(fault.NotFound, "emulation.sheet.missing")
	}
	if err != nil {
		return s, fmt.Errorf("take sheet %s: %w", id, err)
	}
	return s, nil
}

func saveState(ctx context.Context, tx *ledger.Tx, s Sheet) error {
	_, err := tx.ExecContext(ctx, `
		update emulation_sheet set state = $1, reason = $2, submitted_at = $3, verified_at = $4, chain_id = $5, step = $6, step_at = $7, due_at = $8 where id = $9`,
		s.State, s.Reason, db.Time(s.SubmittedAt), db.Time(s.VerifiedAt), s.ChainID, s.Step, db.Time(s.StepAt), db.Time(s.AgainBy), s.ID)
	if err != nil {
		return fmt.Errorf("save state of sheet %s: %w", s.ID, err)
	}
	return nil
}

// fill loads figures, marks, claims and paragraphs of sheets. by is the column of
// emulation_sheet that selects them, "id" or "period_id".
func fill(ctx context.Context, q db.Query, sheets []Sheet, by, value string) error {
	at := make(map[string]*Sheet, len(sheets))
	for i := range sheets {
		at[sheets[i].ID] = &sheets[i]
	}
	where := `where s.id = $1`
	if by == "period_id" {
		where = `where s.period_id = $1`
	}
	figures := func(rows *sql.Rows) (struct{}, error) {
		var id string
		var f Figure
		err := rows.Scan(&id, &f.Indicator, &f.Value, &f.Estimate, &f.Version, &f.Office, db.When(&f.At))
		if s := at[id]; s != nil {
			s.Figures[f.Indicator] = f
		}
		return struct{}{}, err
	}
	if _, err := db.All(ctx, q, figures, `
		select f.sheet_id, f.indicator, f.value, f.estimate, f.version, f.office, f.at
		from emulation_figure f join emulation_sheet s on s.id = f.sheet_id `+where, value); err != nil {
		return fmt.Errorf("load figures: %w", err)
	}
	marks := func(rows *sql.Rows) (struct{}, error) {
		var id string
		var m Mark
		err := rows.Scan(&id, &m.CriterionID, &m.NotApply, &m.NotApplyReason, &m.Void, &m.VoidReason,
			&m.Self, &m.SelfReason, &m.Verified, &m.VerifiedReason, &m.Cross, &m.CrossBy)
		if s := at[id]; s != nil {
			s.Marks[m.CriterionID] = m
		}
		return struct{}{}, err
	}
	if _, err := db.All(ctx, q, marks, `
		select m.sheet_id, m.criterion_id, m.not_apply, m.not_apply_reason, m.void, m.void_reason,
		       m.self_points, m.self_reason, m.verified, m.verified_reason, m.cross_points, m.cross_by
		from emulation_mark m join emulation_sheet s on s.id = m.sheet_id `+where, value); err != nil {
		return fmt.Errorf("load marks: %w", err)
	}
	claims := func(rows *sql.Rows) (struct{}, error) {
		c, err := scanClaim(rows)
		if s := at[c.SheetID]; s != nil {
			s.Claims = append(s.Claims, c)
		}
		return struct{}{}, err
	}
	if _, err := db.All(ctx, q, claims, `
		select `+claimColumns+` from emulation_claim c join emulation_sheet s on s.id = c.sheet_id `+where+` order by c.at, c.id`, value); err != nil {
		return fmt.Errorf("load claims: %w", err)
	}
	paragraphs := func(rows *sql.Rows) (struct{}, error) {
		var id string
		var p Paragraph
		err := rows.Scan(&id, &p.Section, &p.Body, &p.Version, &p.Office, db.When(&p.At))
		if s := at[id]; s != nil {
			s.Paragraphs[p.Section] = p
		}
		return struct{}{}, err
	}
	if _, err := db.All(ctx, q, paragraphs, `
		select p.sheet_id, p.section, p.body, p.version, p.office, p.at
		from emulation_paragraph p join emulation_sheet s on s.id = p.sheet_id `+where, value); err != nil {
		return fmt.Errorf("load paragraphs: %w", err)
	}
	return nil
}

const claimColumns = `c.id, c.sheet_id, c.extra_id, c.cases, c.reason, c.state, c.decided, c.office, c.at`

func scanClaim(row interface{ Scan(...any) error }) (c Claim, err error) {
	err = row.Scan(&c.ID, &c.SheetID, &c.ExtraID, &c.Cases, &c.Reason, &c.State, &c.Decided, &c.Office, db.When(&c.At))
	return c, err
}

// saveFigures writes figures with their next versions, many in one statement.
func saveFigures(ctx context.Context, tx *ledger.Tx, sheet string, figures []Figure) error {
	// SQLite finds a $N by going through all of them: many small statements are
	// quicker than few long ones.
	const most = 12
	for len(figures) > 0 {
		part := figures[:min(most, len(figures))]
		figures = figures[len(part):]
		args := make([]any, 0, len(part)*7)
		for _, f := range part {
			args = append(args, sheet, f.Indicator, f.Value, f.Estimate, f.Version, f.Office, db.Time(f.At))
		}
		if _, err := tx.ExecContext(ctx, `
			insert into emulation_figure (sheet_id, indicator, value, estimate, version, office, at) values `+db.Values(len(part), 7)+`
			on conflict (sheet_id, indicator) do update set value = excluded.value, estimate = excluded.estimate,
				version = excluded.version, office = excluded.office, at = excluded.at`, args...); err != nil {
			return fmt.Errorf("save figures: %w", err)
		}
	}
	return nil
}

func saveMark(ctx context.Context, tx *ledger.Tx, sheet string, m Mark) error {
	_, err := tx.ExecContext(ctx, `
		insert into emulation_mark (sheet_id, criterion_id, not_apply, not_apply_reason, void, void_reason,
			self_points, self_reason, verified, verified_reason, cross_points, cross_by)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		on conflict (sheet_id, criterion_id) do update set not_apply = excluded.not_apply, not_apply_reason = excluded.not_apply_reason,
			void = excluded.void, void_reason = excluded.void_reason, self_points = excluded.self_points, self_reason = excluded.self_reason,
			verified = excluded.verified, verified_reason = excluded.verified_reason, cross_points = excluded.cross_points, cross_by = excluded.cross_by`,
		sheet, m.CriterionID, m.NotApply, m.NotApplyReason, m.Void, m.VoidReason, m.Self, m.SelfReason, m.Verified, m.VerifiedReason, m.Cross, m.CrossBy)
	if err != nil {
		return fmt.Errorf("save mark: %w", err)
	}
	return nil
}

func insertClaim(ctx context.Context, tx *ledger.Tx, c Claim) error {
	_, err := tx.ExecContext(ctx, `
		insert into emulation_claim (id, sheet_id, extra_id, cases, reason, state, decided, office, at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		c.ID, c.SheetID, c.ExtraID, c.Cases, c.Reason, c.State, c.Decided, c.Office, db.Time(c.At))
	if err != nil {
		return fmt.Errorf("insert claim: %w", err)
	}
	return nil
}

func moveClaim(ctx context.Context, tx *ledger.Tx, id string, from, to ClaimState, why string) error {
	res, err := tx.ExecContext(ctx, `update emulation_claim set state = $1, decided = $2 where id = $3 and state = $4`, to, why, id, from)
	if err != nil {
		return fmt.Errorf("move claim: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil {
		return err
	} else if n != 1 {
		return fault.New(fault.Conflict, "emulation.claim.moved")
	}
	return nil
}

func saveParagraph(ctx context.Context, tx *ledger.Tx, sheet string, p Paragraph) error {
	_, err := tx.ExecContext(ctx, `
		insert into emulation_paragraph (sheet_id, section, body, version, office, at) values ($1, $2, $3, $4, $5, $6)
		on conflict (sheet_id, section) do update set body = excluded.body, version = excluded.version, office = excluded.office, at = excluded.at`,
		sheet, p.Section, p.Body, p.Version, p.Office, db.Time(p.At))
	if err != nil {
		return fmt.Errorf("save paragraph: %w", err)
	}
	return nil
}

func insertProof(ctx context.Context, tx *ledger.Tx, item, sheet, criterion string) error {
	_, err := tx.ExecContext(ctx, `
		insert into emulation_proof (item_id, sheet_id, criterion_id) values ($1, $2, $3) on conflict do nothing`, item, sheet, criterion)
	if err != nil {
		return fmt.Errorf("insert proof: %w", err)
	}
	return nil
}

// proofsOf returns criterion ids by item id.
func proofsOf(ctx context.Context, q db.Query, sheet string) (map[string][]string, error) {
	all := map[string][]string{}
	_, err := db.All(ctx, q, func(rows *sql.Rows) (struct{}, error) {
		var item, criterion string
		err := rows.Scan(&item, &criterion)
		all[item] = append(all[item], criterion)
		return struct{}{}, err
	}, `select item_id, criterion_id from emulation_proof where sheet_id = $1`, sheet)
	return all, err
}

// insertChanges adds lines to the sheet's trail.
func insertChanges(ctx context.Context, tx *ledger.Tx, sheet, account string, changes []Change) error {
	const most = 12
	for start := 0; start < len(changes); start += most {
		part := changes[start:min(start+most, len(changes))]
		args := make([]any, 0, len(part)*11)
		for i, c := range part {
			args = append(args, newID(), sheet, c.Subject, c.Old, c.New, c.Reason, c.Source, c.Office, account, db.Time(tx.At()), start+i)
		}
		if _, err := tx.ExecContext(ctx, `
			insert into emulation_change (id, sheet_id, subject, old, new, reason, source, office, account, at, n)
			values `+db.Values(len(part), 11), args...); err != nil {
			return fmt.Errorf("insert changes: %w", err)
		}
	}
	return nil
}

// trail returns the changes of a sheet, the newest first; of one subject where it
// is given.
func trail(ctx context.Context, q db.Query, sheet, subject string) ([]Change, error) {
	return db.All(ctx, q, func(rows *sql.Rows) (c Change, err error) {
		err = rows.Scan(&c.Subject, &c.Old, &c.New, &c.Reason, &c.Source, &c.Office, db.When(&c.At))
		return c, err
	}, `
		select subject, old, new, reason, source, office, at from emulation_change
		where sheet_id = $1 and (subject = $2 or $2 = '')
		order by at desc, n desc, id`, sheet, subject)
}

// result is a published version of a period's ranking.
type result struct {
	Version int64
	Reason  string
	Body    string
	At      time.Time
}

func insertResult(ctx context.Context, tx *ledger.Tx, period string, r result) error {
	_, err := tx.ExecContext(ctx, `
		insert into emulation_result (id, period_id, version, reason, body, at) values ($1, $2, $3, $4, $5, $6)`,
		newID(), period, r.Version, r.Reason, r.Body, db.Time(r.At))
	if err != nil {
		return fmt.Errorf("insert result: %w", err)
	}
	return nil
}

func listResults(ctx context.Context, q db.Query, period string) ([]result, error) {
	return db.All(ctx, q, func(rows *sql.Rows) (r result, err error) {
		err = rows.Scan(&r.Version, &r.Reason, &r.Body, db.When(&r.At))
		return r, err
	}, `select version, reason, body, at from emulation_result where period_id = $1 order by version desc`, period)
}

// moveSheet puts a sheet under another version of the criteria: marks, evidence and
// claims go to what has the same code there.
func moveSheet(ctx context.Context, tx *ledger.Tx, sheet, criteria string) error {
	for _, q := range []string{
		`update emulation_mark set criterion_id = (
			select n.id from emulation_criterion o join emulation_criterion n on n.code = o.code and n.criteria_id = $2 where o.id = emulation_mark.criterion_id)
		where sheet_id = $1 and exists (
			select 1 from emulation_criterion o join emulation_criterion n on n.code = o.code and n.criteria_id = $2 where o.id = emulation_mark.criterion_id)`,
		`update emulation_proof set criterion_id = (
			select n.id from emulation_criterion o join emulation_criterion n on n.code = o.code and n.criteria_id = $2 where o.id = emulation_proof.criterion_id)
		where sheet_id = $1 and exists (
			select 1 from emulation_criterion o join emulation_criterion n on n.code = o.code and n.criteria_id = $2 where o.id = emulation_proof.criterion_id)`,
		`update emulation_claim set extra_id = (
			select n.id from emulation_extra o join emulation_extra n on n.code = o.code and n.side = o.side and n.criteria_id = $2 where o.id = emulation_claim.extra_id)
		where sheet_id = $1 and exists (
			select 1 from emulation_extra o join emulation_extra n on n.code = o.code and n.side = o.side and n.criteria_id = $2 where o.id = emulation_claim.extra_id)`,
		`update emulation_sheet set criteria_id = $2 where id = $1`,
	} {
		if _, err := tx.ExecContext(ctx, q, sheet, criteria); err != nil {
			return fmt.Errorf("move sheet to other criteria: %w", err)
		}
	}
	return nil
}
