package indicator

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"time"

	"dongthuan/internal/db"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
)

func dayOf(t time.Time) string { return db.Day(t, lang.Vietnam) }

const columns = `i.code, d.name, d.unit_label, d.definition, d.valid_from, d.valid_to`

func scan(row interface{ Scan(...any) error }, more ...any) (d Definition, err error) {
	var from, to string
	if err = row.Scan(append([]any{&d.Code, &d.Name, &d.UnitLabel, &d.Text, &from, &to}, more...)...); err != nil {
		return d, err
	}
	for _, p := range []struct {
		to   *time.Time
		text string
	}{{&d.From, from}, {&d.To, to}} {
		if p.text != "" && err == nil {
			*p.to, err = time.ParseInLocation("2006-01-02", p.text, lang.Vietnam)
		}
	}
	return d, err
}

// findOn returns the definition of code valid on a day and the indicator's id.
func findOn(ctx context.Context, q db.Query, code string, on time.Time) (Definition, string, error) {
	var id string
	d, err := scan(q.QueryRowContext(ctx, `
		select `+columns+`, i.id from indicator i join indicator_definition d on d.indicator_id = i.id
		where i.code = $1 and d.valid_from <= $2 and (d.valid_to = '' or d.valid_to > $2)`, code, dayOf(on)), &id)
	return d, id, err
}

func findOrInsert(ctx context.Context, tx *ledger.Tx, id, code string) (string, error) {
	if _, err := tx.ExecContext(ctx, `insert into indicator (id, code) values ($1, $2) on conflict do nothing`, id, code); err != nil {
		return "", fmt.Errorf("insert indicator %s: %w", code, err)
	}
	err := tx.QueryRowContext(ctx, `select id from indicator where code = $1`, code).Scan(&id)
	return id, err
}

func insertDefinition(ctx context.Context, tx *ledger.Tx, id string, d Definition) error {
	from := dayOf(d.From)
	if _, err := tx.ExecContext(ctx, `
		update indicator_definition set valid_to = $1
		where indicator_id = $2 and valid_from < $1 and (valid_to = '' or valid_to > $1)`, from, id); err != nil {
		return fmt.Errorf("end definition of %s: %w", d.Code, err)
	}
	_, err := tx.ExecContext(ctx, `
		insert into indicator_definition (id, indicator_id, name, unit_label, definition, valid_from, valid_to)
		values ($1, $2, $3, $4, $5, $6, coalesce((select min(valid_from) from indicator_definition where indicator_id = $2 and valid_from > $6), ''))
		on conflict (indicator_id, valid_from) do update set name = excluded.name, unit_label = excluded.unit_label, definition = excluded.definition`,
		rand.Text(), id, d.Name, d.UnitLabel, d.Text, from)
	if err != nil {
		return fmt.Errorf("insert definition of %s: %w", d.Code, err)
	}
	return nil
}

func listOn(ctx context.Context, q db.Query, on time.Time) ([]Definition, error) {
	return db.All(ctx, q, func(rows *sql.Rows) (Definition, error) { return scan(rows) }, `
		select `+columns+` from indicator i join indicator_definition d on d.indicator_id = i.id
		where d.valid_from <= $1 and (d.valid_to = '' or d.valid_to > $1)
		order by i.code`, dayOf(on))
}

func versions(ctx context.Context, q db.Query, code string) ([]Definition, error) {
	return db.All(ctx, q, func(rows *sql.Rows) (Definition, error) { return scan(rows) }, `
		select `+columns+` from indicator i join indicator_definition d on d.indicator_id = i.id
		where i.code = $1
		order by d.valid_from desc`, code)
}
