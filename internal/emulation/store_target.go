package emulation

import (
	"context"
	"database/sql"
	"fmt"

	"dongthuan/internal/db"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
)

const registrationColumns = `id, period_id, unit_id, n, state, titles, models, reason, answer, version, office, sent_at, decided_by, decided_at`

func listRegistrations(ctx context.Context, q db.Query, periodID, unitID string) ([]Registration, error) {
	if unitID == "" {
		return registrations(ctx, q, `where period_id = $1`, periodID)
	}
	return registrations(ctx, q, `where period_id = $1 and unit_id = $2`, periodID, unitID)
}

func oneRegistration(ctx context.Context, q db.Query, id string) (Registration, error) {
	all, err := registrations(ctx, q, `where id = $1`, id)
	if err == nil && len(all) == 0 {
		err = fault.New(fault.NotFound, "emulation.target.missing")
	}
	if err != nil {
		return Registration{}, err
	}
	return all[0], nil
}

// registrations reads versions with their targets, the newest of each unit first.
func registrations(ctx context.Context, q db.Query, where string, args ...any) ([]Registration, error) {
	at := map[string]int{}
	all, err := registrationHeads(ctx, q, where, args...)
	if err != nil {
		return nil, err
	}
	for i, r := range all {
		at[r.ID] = i
	}
	_, err = db.All(ctx, q, func(rows *sql.Rows) (struct{}, error) {
		var id string
		var t Target
		err := rows.Scan(&id, &t.Criterion, &t.Baseline, &t.Target, &t.Measure, db.DayOf(&t.Due, lang.Vietnam), &t.Note, &t.Version, &t.Office)
		if i, ok := at[id]; ok {
			all[i].Targets[t.Criterion] = t
		}
		return struct{}{}, err
	}, `select registration_id, criterion, baseline, target, measure, due, note, version, office from emulation_target
		where registration_id in (select id from emulation_registration `+where+`)`, args...)
	if err != nil {
		return nil, fmt.Errorf("list targets: %w", err)
	}
	return all, nil
}

// registrationHeads reads versions without their targets.
func registrationHeads(ctx context.Context, q db.Query, where string, args ...any) ([]Registration, error) {
	all, err := db.All(ctx, q, func(rows *sql.Rows) (r Registration, err error) {
		err = rows.Scan(&r.ID, &r.PeriodID, &r.UnitID, &r.N, &r.State, &r.Titles, &r.Models, &r.Reason, &r.Answer, &r.Version, &r.Office,
			db.When(&r.SentAt), &r.DecidedBy, db.When(&r.DecidedAt))
		r.Targets = map[string]Target{}
		return r, err
	}, `select `+registrationColumns+` from emulation_registration `+where+` order by unit_id, n desc`, args...)
	if err != nil {
		return nil, fmt.Errorf("list registrations: %w", err)
	}
	return all, nil
}

// newestRegistrations returns the last version of every unit that has one.
func newestRegistrations(ctx context.Context, q db.Query, periodID string) (map[string]Registration, error) {
	all, err := listRegistrations(ctx, q, periodID, "")
	newest := map[string]Registration{}
	for _, r := range all {
		if r.N > newest[r.UnitID].N {
			newest[r.UnitID] = r
		}
	}
	return newest, err
}

func saveRegistration(ctx context.Context, tx *ledger.Tx, r Registration, fresh bool) error {
	var err error
	if fresh {
		_, err = tx.ExecContext(ctx, `insert into emulation_registration (`+registrationColumns+`) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
			r.ID, r.PeriodID, r.UnitID, r.N, r.State, r.Titles, r.Models, r.Reason, r.Answer, r.Version, r.Office, db.Time(r.SentAt), r.DecidedBy, db.Time(r.DecidedAt))
	} else {
		_, err = tx.ExecContext(ctx, `
			update emulation_registration set state = $1, titles = $2, models = $3, reason = $4, answer = $5, version = $6, office = $7, sent_at = $8, decided_by = $9, decided_at = $10
			where id = $11`, r.State, r.Titles, r.Models, r.Reason, r.Answer, r.Version, r.Office, db.Time(r.SentAt), r.DecidedBy, db.Time(r.DecidedAt), r.ID)
	}
	if err != nil {
		return fmt.Errorf("save a registration: %w", err)
	}
	for _, t := range r.Targets {
		if _, err := tx.ExecContext(ctx, `
			insert into emulation_target (registration_id, criterion, baseline, target, measure, due, note, version, office) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
			on conflict (registration_id, criterion) do update set baseline = excluded.baseline, target = excluded.target, measure = excluded.measure,
				due = excluded.due, note = excluded.note, version = excluded.version, office = excluded.office`,
			r.ID, t.Criterion, t.Baseline, t.Target, t.Measure, db.Day(t.Due, lang.Vietnam), t.Note, t.Version, t.Office); err != nil {
			return fmt.Errorf("save a target: %w", err)
		}
	}
	return nil
}

const pledgeColumns = `id, period_id, n, state, body, place, reason, version, office, at, signed_on`

func listPledges(ctx context.Context, q db.Query, periodID string) ([]Pledge, error) {
	return pledges(ctx, q, `where period_id = $1`, periodID)
}

// takePledges takes the rows of a period's covenant, so that two writers wait for one
// another, and returns them as they are.
func takePledges(ctx context.Context, tx *ledger.Tx, periodID string) ([]Pledge, error) {
	if _, err := tx.ExecContext(ctx, `update emulation_pledge set version = version where period_id = $1`, periodID); err != nil {
		return nil, fmt.Errorf("take the covenant: %w", err)
	}
	return listPledges(ctx, tx, periodID)
}

func pledges(ctx context.Context, q db.Query, where string, args ...any) ([]Pledge, error) {
	return db.All(ctx, q, func(rows *sql.Rows) (g Pledge, err error) {
		var state string
		err = rows.Scan(&g.ID, &g.PeriodID, &g.N, &state, &g.Body, &g.Place, &g.Reason, &g.Version, &g.Office, db.When(&g.At), db.DayOf(&g.SignedOn, lang.Vietnam))
		g.Signed = state == "signed"
		return g, err
	}, `select `+pledgeColumns+` from emulation_pledge `+where+` order by n desc`, args...)
}

func savePledge(ctx context.Context, tx *ledger.Tx, g Pledge, fresh bool) error {
	state := "draft"
	if g.Signed {
		state = "signed"
	}
	var err error
	if fresh {
		_, err = tx.ExecContext(ctx, `insert into emulation_pledge (`+pledgeColumns+`) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
			g.ID, g.PeriodID, g.N, state, g.Body, g.Place, g.Reason, g.Version, g.Office, db.Time(g.At), db.Day(g.SignedOn, lang.Vietnam))
	} else {
		_, err = tx.ExecContext(ctx, `update emulation_pledge set state = $1, body = $2, place = $3, reason = $4, version = $5, office = $6, at = $7, signed_on = $8 where id = $9`,
			state, g.Body, g.Place, g.Reason, g.Version, g.Office, db.Time(g.At), db.Day(g.SignedOn, lang.Vietnam), g.ID)
	}
	if db.IsDuplicate(err) {
		return fault.New(fault.Conflict, "emulation.paragraph.conflict", "").In("body").Because(err)
	}
	if err != nil {
		return fmt.Errorf("save a covenant: %w", err)
	}
	return nil
}
