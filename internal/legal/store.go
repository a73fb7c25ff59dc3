package legal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"dongthuan/internal/db"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
)

func putDay(ctx context.Context, tx *ledger.Tx, d Day) error {
	_, err := tx.ExecContext(ctx, `
		insert into legal_day (day, kind, vi, en, source, confirmed, at) values ($1, $2, $3, $4, $5, $6, $7)
		on conflict (day) do update set kind = excluded.kind, vi = excluded.vi, en = excluded.en, source = excluded.source, confirmed = excluded.confirmed, at = excluded.at`,
		db.Day(d.Date, lang.Vietnam), d.Kind, d.VI, d.EN, d.Source, d.Confirmed, db.Time(tx.At()))
	if err != nil {
		return fmt.Errorf("put day %s: %w", d.Date, err)
	}
	return nil
}

func dropDay(ctx context.Context, tx *ledger.Tx, t time.Time) (bool, error) {
	res, err := tx.ExecContext(ctx, `delete from legal_day where day = $1`, db.Day(t, lang.Vietnam))
	if err != nil {
		return false, fmt.Errorf("drop day %s: %w", t, err)
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

func listDays(ctx context.Context, q db.Query) ([]Day, error) {
	return db.All(ctx, q, func(rows *sql.Rows) (d Day, err error) {
		var date string
		if err = rows.Scan(&date, &d.Kind, &d.VI, &d.EN, &d.Source, &d.Confirmed); err == nil {
			d.Date, err = parseDay(date)
		}
		return d, err
	}, `select day, kind, vi, en, source, confirmed from legal_day order by day`)
}

func parseDay(s string) (time.Time, error) {
	return time.ParseInLocation(time.DateOnly, s, lang.Vietnam)
}

func putRule(ctx context.Context, tx *ledger.Tx, r Rule) error {
	_, err := tx.ExecContext(ctx, `
		insert into legal_rule (rule, valid_from, effect, value, unit, vi, en, trigger_vi, trigger_en, article, confirmed, at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		on conflict (rule, valid_from) do update set effect = excluded.effect, value = excluded.value, unit = excluded.unit, vi = excluded.vi, en = excluded.en,
			trigger_vi = excluded.trigger_vi, trigger_en = excluded.trigger_en, article = excluded.article, confirmed = excluded.confirmed, at = excluded.at`,
		r.ID, db.Day(r.From, lang.Vietnam), r.Effect, int64(r.Value), r.Unit, r.VI, r.EN, r.TriggerVI, r.TriggerEN, r.Article, r.Confirmed, db.Time(tx.At()))
	if err != nil {
		return fmt.Errorf("put rule %s: %w", r.ID, err)
	}
	return nil
}

func listRules(ctx context.Context, q db.Query) ([]Rule, error) {
	return db.All(ctx, q, func(rows *sql.Rows) (r Rule, err error) {
		var from string
		var value int64
		if err = rows.Scan(&r.ID, &from, &r.Effect, &value, &r.Unit, &r.VI, &r.EN, &r.TriggerVI, &r.TriggerEN, &r.Article, &r.Confirmed); err == nil {
			r.Value = int(value)
			r.From, err = parseDay(from)
		}
		return r, err
	}, `select rule, valid_from, effect, value, unit, vi, en, trigger_vi, trigger_en, article, confirmed from legal_rule order by rule, valid_from`)
}

func putDeadline(ctx context.Context, tx *ledger.Tx, d Deadline) error {
	_, err := tx.ExecContext(ctx, `
		insert into legal_deadline (room, object, rule, started_at, due_at, closed_at) values ($1, $2, $3, $4, $5, '')
		on conflict (room, object) do update set rule = excluded.rule, started_at = excluded.started_at, due_at = excluded.due_at, closed_at = ''`,
		d.Room, d.Object, d.Rule, db.Time(d.Started), db.Time(d.Due))
	if err != nil {
		return fmt.Errorf("put deadline of %s %s: %w", d.Room, d.Object, err)
	}
	return nil
}

func closeDeadline(ctx context.Context, tx *ledger.Tx, room, object string) error {
	_, err := tx.ExecContext(ctx, `update legal_deadline set closed_at = $1 where room = $2 and object = $3 and closed_at = ''`, db.Time(tx.At()), room, object)
	if err != nil {
		return fmt.Errorf("close deadline of %s %s: %w", room, object, err)
	}
	return nil
}

const deadlineColumns = `room, object, rule, started_at, due_at, closed_at`

func scanDeadline(row interface{ Scan(...any) error }) (d Deadline, err error) {
	err = row.Scan(&d.Room, &d.Object, &d.Rule, db.When(&d.Started), db.When(&d.Due), db.When(&d.Closed))
	return d, err
}

func openDeadlines(ctx context.Context, q db.Query) ([]Deadline, error) {
	return db.All(ctx, q, func(rows *sql.Rows) (Deadline, error) { return scanDeadline(rows) },
		`select `+deadlineColumns+` from legal_deadline where closed_at = '' order by due_at`)
}

func findDeadline(ctx context.Context, q db.Query, room, object string) (Deadline, bool, error) {
	d, err := scanDeadline(q.QueryRowContext(ctx, `select `+deadlineColumns+` from legal_deadline where room = $1 and object = $2`, room, object))
	if errors.Is(err, db.ErrNoRows) {
		return d, false, nil
	}
	if err != nil {
		return d, false, fmt.Errorf("find deadline of %s %s: %w", room, object, err)
	}
	return d, true, nil
}

func countOpen(ctx context.Context, q db.Query) (n int64, err error) {
	return n, q.QueryRowContext(ctx, `select count(*) from legal_deadline where closed_at = ''`).Scan(&n)
}
