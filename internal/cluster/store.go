package cluster

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"dongthuan/internal/db"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
)

func insertCluster(ctx context.Context, tx *ledger.Tx, c Cluster) error {
	_, err := tx.ExecContext(ctx, `
		insert into cluster (id, code, name, superior, basis, closed, created_at) values ($1, $2, $3, $4, $5, $6, $7)`,
		c.ID, c.Code, c.Name, c.Superior, c.Basis, c.Closed, db.Time(tx.At()))
	if db.IsDuplicate(err) {
		return fault.New(fault.Invalid, "cluster.code.taken", c.Code).In("code").Because(err)
	}
	if err != nil {
		return fmt.Errorf("insert cluster %s: %w", c.Code, err)
	}
	return nil
}

func insertMember(ctx context.Context, tx *ledger.Tx, m Member) error {
	_, err := tx.ExecContext(ctx, `
		insert into cluster_member (id, cluster_id, unit_id, code, role, valid_from, valid_to, ord, block)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		m.ID, m.ClusterID, m.UnitID, m.Code, m.Role, db.Day(m.From, lang.Vietnam), db.Day(m.To, lang.Vietnam), m.Order, m.Block)
	if err != nil {
		return fmt.Errorf("insert member %s: %w", m.Code, err)
	}
	return nil
}

func insertPeriod(ctx context.Context, tx *ledger.Tx, p Period) error {
	_, err := tx.ExecContext(ctx, `
		insert into cluster_period (id, cluster_id, code, name, starts_on, ends_on, due_at, freeze_at, state, trial, previous_id, frozen_at, published_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, '', '')`,
		p.ID, p.ClusterID, p.Code, p.Name, db.Day(p.Starts, lang.Vietnam), db.Day(p.Ends, lang.Vietnam),
		db.Time(p.Due), db.Time(p.FreezeAt), p.State, p.Trial, p.PreviousID)
	if db.IsDuplicate(err) {
		return fault.New(fault.Invalid, "cluster.period.code.taken", p.Code).In("code").Because(err)
	}
	if err != nil {
		return fmt.Errorf("insert period %s: %w", p.Code, err)
	}
	return nil
}

func movePeriod(ctx context.Context, tx *ledger.Tx, p Period, from State) error {
	res, err := tx.ExecContext(ctx, `
		update cluster_period set state = $1, frozen_at = $2, published_at = $3 where id = $4 and state = $5`,
		p.State, db.Time(p.FrozenAt), db.Time(p.PublishedAt), p.ID, from)
	if err != nil {
		return fmt.Errorf("move period %s: %w", p.Code, err)
	}
	if n, err := res.RowsAffected(); err != nil {
		return err
	} else if n != 1 {
		return fault.New(fault.Conflict, "cluster.period.moved", p.Name)
	}
	return nil
}

const clusterColumns = `id, code, name, superior, basis, closed`

func scanCluster(row interface{ Scan(...any) error }) (c Cluster, err error) {
	err = row.Scan(&c.ID, &c.Code, &c.Name, &c.Superior, &c.Basis, &c.Closed)
	return c, err
}

func findCluster(ctx context.Context, q db.Query, column, value string) (Cluster, error) {
	where := `where code = $1`
	if column == "id" {
		where = `where id = $1`
	}
	c, err := scanCluster(q.QueryRowContext(ctx, `select `+clusterColumns+` from cluster `+where, value))
	if errors.Is(err, db.ErrNoRows) {
		return c, fault.New(fault.NotFound, "cluster.missing")
	}
	if err != nil {
		return c, fmt.Errorf("find cluster %s: %w", value, err)
	}
	return c, nil
}

func listClusters(ctx context.Context, q db.Query) ([]Cluster, error) {
	return db.All(ctx, q, func(rows *sql.Rows) (Cluster, error) { return scanCluster(rows) },
		`select `+clusterColumns+` from cluster order by closed, code`)
}

func listMembers(ctx context.Context, q db.Query, column, value string) ([]Member, error) {
	where := `where cluster_id = $1`
	if column == "unit_id" {
		where = `where unit_id = $1`
	}
	return db.All(ctx, q, func(rows *sql.Rows) (m Member, err error) {
		var from, to string
		if err = rows.Scan(&m.ID, &m.ClusterID, &m.UnitID, &m.Code, &m.Role, &from, &to, &m.Order, &m.Block); err != nil {
			return m, err
		}
		if m.From, err = day(from); err == nil {
			m.To, err = day(to)
		}
		return m, err
	}, `select id, cluster_id, unit_id, code, role, valid_from, valid_to, ord, block from cluster_member `+where+` order by ord, valid_from, id`, value)
}

func day(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	return time.ParseInLocation("2006-01-02", s, lang.Vietnam)
}

func listPeriods(ctx context.Context, q db.Query, where string, args ...any) ([]Period, error) {
	return db.All(ctx, q, func(rows *sql.Rows) (p Period, err error) {
		var starts, ends string
		if err = rows.Scan(&p.ID, &p.ClusterID, &p.Code, &p.Name, &starts, &ends, db.When(&p.Due), db.When(&p.FreezeAt),
			&p.State, &p.Trial, &p.PreviousID, db.When(&p.FrozenAt), db.When(&p.PublishedAt)); err != nil {
			return p, err
		}
		if p.Starts, err = day(starts); err == nil {
			p.Ends, err = day(ends)
		}
		return p, err
	}, `
		select id, cluster_id, code, name, starts_on, ends_on, due_at, freeze_at, state, trial, previous_id, frozen_at, published_at
		from cluster_period `+where+`
		order by ends_on desc, starts_on desc, id`, args...)
}

func onePeriod(ctx context.Context, q db.Query, where string, args ...any) (Period, error) {
	all, err := listPeriods(ctx, q, where, args...)
	if err != nil {
		return Period{}, fmt.Errorf("find period: %w", err)
	}
	if len(all) == 0 {
		return Period{}, fault.New(fault.NotFound, "cluster.period.missing")
	}
	return all[0], nil
}

// takeCluster makes a second writer of a cluster's terms wait, on both engines.
func takeCluster(ctx context.Context, tx *ledger.Tx, id string) error {
	if _, err := tx.ExecContext(ctx, `update cluster set id = id where id = $1`, id); err != nil {
		return fmt.Errorf("take cluster %s: %w", id, err)
	}
	return nil
}

// saveMember writes how a term is now; one that ends with its first day never was,
// and only the ledger remembers that it was planned.
func saveMember(ctx context.Context, tx *ledger.Tx, m Member) error {
	if m.To.Equal(m.From) {
		if _, err := tx.ExecContext(ctx, `delete from cluster_member where id = $1`, m.ID); err != nil {
			return fmt.Errorf("drop member %s: %w", m.Code, err)
		}
		return nil
	}
	if _, err := tx.ExecContext(ctx, `update cluster_member set role = $1, valid_to = $2, block = $3 where id = $4`, m.Role, db.Day(m.To, lang.Vietnam), m.Block, m.ID); err != nil {
		return fmt.Errorf("save member %s: %w", m.Code, err)
	}
	return nil
}

func saveCluster(ctx context.Context, tx *ledger.Tx, c Cluster) error {
	if _, err := tx.ExecContext(ctx, `update cluster set name = $1, superior = $2, basis = $3, closed = $4 where id = $5`, c.Name, c.Superior, c.Basis, c.Closed, c.ID); err != nil {
		return fmt.Errorf("save cluster %s: %w", c.Code, err)
	}
	return nil
}
