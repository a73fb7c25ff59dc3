package report

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"dongthuan/internal/db"
	"dongthuan/internal/fault"
	"dongthuan/internal/ledger"
)

const columns = `id, slug, period_id, cluster_id, title, abstract, state, version, letter, made_at, published_at`

func scan(row interface{ Scan(...any) error }) (r Report, err error) {
	var letter string
	if err = row.Scan(&r.ID, &r.Slug, &r.PeriodID, &r.ClusterID, &r.Title, &r.Abstract, &r.State, &r.Version, &letter, db.When(&r.MadeAt), db.When(&r.PublishedAt)); err != nil {
		return r, err
	}
	return r, json.Unmarshal([]byte(letter), &r.Letter)
}

func insertReport(ctx context.Context, tx *ledger.Tx, r Report) error {
	letter, err := json.Marshal(r.Letter)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		insert into report (id, slug, period_id, cluster_id, title, abstract, state, version, letter, made_at, published_at)
		values ($1, $2, $3, $4, $5, $6, 'draft', 0, $7, $8, '')`,
		r.ID, r.Slug, r.PeriodID, r.ClusterID, r.Title, r.Abstract, string(letter), db.Time(r.MadeAt))
	if db.IsDuplicate(err) {
		return fault.New(fault.Conflict, "report.exists").Because(err)
	}
	if err != nil {
		return fmt.Errorf("insert report %s: %w", r.Slug, err)
	}
	return nil
}

func findReport(ctx context.Context, q db.Query, where string, args ...any) (Report, error) {
	r, err := scan(q.QueryRowContext(ctx, `select `+columns+` from report `+where, args...))
	if errors.Is(err, db.ErrNoRows) {
		return r, fault.New(fault.NotFound, "report.missing")
	}
	if err != nil {
		return r, fmt.Errorf("find report: %w", err)
	}
	return r, nil
}

func listReports(ctx context.Context, q db.Query, clusterID string) ([]Report, error) {
	return db.All(ctx, q, func(rows *sql.Rows) (Report, error) { return scan(rows) },
		`select `+columns+` from report where state = 'published' and (cluster_id = $1 or $1 = '') order by published_at desc, id`, clusterID)
}

func load(ctx context.Context, q db.Query, id string) (Report, error) {
	r, err := findReport(ctx, q, `where id = $1`, id)
	if err != nil {
		return r, err
	}
	r.Sections = map[string]Section{}
	if _, err := db.All(ctx, q, func(rows *sql.Rows) (struct{}, error) {
		s, err := scanSection(rows)
		r.Sections[s.Code] = s
		return struct{}{}, err
	}, `select `+sectionColumns+` from report_section where report_id = $1`, id); err != nil {
		return r, fmt.Errorf("load sections: %w", err)
	}
	if r.Picks, err = db.All(ctx, q, func(rows *sql.Rows) (p Pick, err error) {
		err = rows.Scan(&p.ID, &p.Section, &p.UnitID, &p.Body)
		return p, err
	}, `select id, section, unit_id, body from report_pick where report_id = $1 order by section, ord`, id); err != nil {
		return r, fmt.Errorf("load picks: %w", err)
	}
	if r.Tasks, err = db.All(ctx, q, func(rows *sql.Rows) (t Task, err error) {
		err = rows.Scan(&t.Task, &t.Lead, &t.With, &t.Due, &t.Product)
		return t, err
	}, `select task, lead_by, with_whom, due, product from report_task where report_id = $1 order by ord`, id); err != nil {
		return r, fmt.Errorf("load tasks: %w", err)
	}
	return r, nil
}

const sectionColumns = `code, body, generated, version, office, at`

func scanSection(row interface{ Scan(...any) error }) (s Section, err error) {
	err = row.Scan(&s.Code, &s.Body, &s.Generated, &s.Version, &s.Office, db.When(&s.At))
	return s, err
}

func findSection(ctx context.Context, q db.Query, report, code string) (Section, error) {
	s, err := scanSection(q.QueryRowContext(ctx, `select `+sectionColumns+` from report_section where report_id = $1 and code = $2`, report, code))
	if err != nil {
		return s, fmt.Errorf("find section %s: %w", code, err)
	}
	return s, nil
}

func saveSection(ctx context.Context, tx *ledger.Tx, report string, s Section) error {
	_, err := tx.ExecContext(ctx, `
		insert into report_section (report_id, code, body, generated, version, office, at) values ($1, $2, $3, $4, $5, $6, $7)
		on conflict (report_id, code) do update set body = excluded.body, generated = excluded.generated, version = excluded.version, office = excluded.office, at = excluded.at`,
		report, s.Code, s.Body, s.Generated, s.Version, s.Office, db.Time(s.At))
	if err != nil {
		return fmt.Errorf("save section %s: %w", s.Code, err)
	}
	return nil
}

func deletePicks(ctx context.Context, tx *ledger.Tx, report, section string) error {
	_, err := tx.ExecContext(ctx, `delete from report_pick where report_id = $1 and section = $2`, report, section)
	if err != nil {
		return fmt.Errorf("delete picks: %w", err)
	}
	return nil
}

func insertPick(ctx context.Context, tx *ledger.Tx, report string, p Pick, ord int) error {
	_, err := tx.ExecContext(ctx, `
		insert into report_pick (id, report_id, section, unit_id, body, ord) values ($1, $2, $3, $4, $5, $6)`, p.ID, report, p.Section, p.UnitID, p.Body, ord)
	if err != nil {
		return fmt.Errorf("insert pick: %w", err)
	}
	return nil
}

func replaceTasks(ctx context.Context, tx *ledger.Tx, report string, tasks []Task) error {
	if _, err := tx.ExecContext(ctx, `delete from report_task where report_id = $1`, report); err != nil {
		return fmt.Errorf("delete tasks: %w", err)
	}
	for i, t := range tasks {
		if _, err := tx.ExecContext(ctx, `
			insert into report_task (id, report_id, ord, task, lead_by, with_whom, due, product) values ($1, $2, $3, $4, $5, $6, $7, $8)`,
			rand.Text(), report, i, t.Task, t.Lead, t.With, t.Due, t.Product); err != nil {
			return fmt.Errorf("insert task: %w", err)
		}
	}
	return nil
}

func saveLetter(ctx context.Context, tx *ledger.Tx, r Report) error {
	letter, err := json.Marshal(r.Letter)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `update report set title = $1, abstract = $2, letter = $3 where id = $4`, r.Title, r.Abstract, string(letter), r.ID); err != nil {
		return fmt.Errorf("save letter: %w", err)
	}
	return nil
}

func savePublished(ctx context.Context, tx *ledger.Tx, r Report, body, reason string) error {
	res, err := tx.ExecContext(ctx, `
		update report set state = 'published', version = $1, published_at = $2 where id = $3 and version = $4`,
		r.Version, db.Time(r.PublishedAt), r.ID, r.Version-1)
	if err != nil {
		return fmt.Errorf("publish report: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil {
		return err
	} else if n != 1 {
		return fault.New(fault.Conflict, "report.moved")
	}
	if _, err := tx.ExecContext(ctx, `
		insert into report_version (report_id, version, reason, body, at) values ($1, $2, $3, $4, $5)`,
		r.ID, r.Version, reason, body, db.Time(tx.At())); err != nil {
		return fmt.Errorf("keep report version: %w", err)
	}
	return nil
}

func listVersions(ctx context.Context, q db.Query, report string) ([]Version, error) {
	return db.All(ctx, q, func(rows *sql.Rows) (v Version, err error) {
		err = rows.Scan(&v.Version, &v.Reason, &v.body, db.When(&v.At))
		return v, err
	}, `select version, reason, body, at from report_version where report_id = $1 order by version desc`, report)
}
