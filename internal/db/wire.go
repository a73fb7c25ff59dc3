package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// wire is a connection to PostgreSQL in a transaction. Statements that have no
// answer of their own travel with the next one: on a busy machine the journey is
// most of a small statement's time.
type wire struct {
	conn  *sql.Conn
	first []sent
}

type sent struct {
	query string
	args  []any
}

func (d *DB) beginPostgres(ctx context.Context) (*Tx, error) {
	ctx = context.WithoutCancel(ctx)
	conn, err := d.write.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("begin: %w", err)
	}
	w := &wire{conn, []sent{{`begin`, nil}}}
	return &Tx{db: d, engine: PostgreSQL, run: w, end: func(commit bool) error {
		if len(w.first) > 0 && w.first[0].query == `begin` { // nothing was ever sent
			return conn.Close()
		}
		if !commit {
			w.first = nil
			_, err := conn.ExecContext(ctx, `rollback`)
			return errors.Join(err, w.give(err != nil))
		}
		before := d.doubts.Load()
		tag, err := w.exec(ctx, `commit`)
		doubt := d.doubts.Load() != before
		if err == nil && tag.String() == "ROLLBACK" {
			err = errors.New("the transaction had failed before")
		}
		if doubt {
			err = ErrDoubt
		}
		return errors.Join(err, w.give(err != nil))
	}}, nil
}

// give returns the connection, or drops it where it is in an unknown state.
func (w *wire) give(drop bool) error {
	if drop {
		// A connection that is asked for a bad thing is closed by its pool.
		_ = w.conn.Raw(func(any) error { return errDrop })
	}
	return w.conn.Close()
}

var errDrop = driver.ErrBadConn

func (w *wire) exec(ctx context.Context, query string, args ...any) (tag pgconn.CommandTag, err error) {
	err = w.conn.Raw(func(c any) error {
		var b pgx.Batch
		for _, q := range w.first {
			b.Queue(q.query, q.args...)
		}
		w.first = nil
		b.Queue(query, args...)
		n := b.Len()
		results := c.(*stdlib.Conn).Conn().SendBatch(ctx, &b)
		for range n {
			if tag, err = results.Exec(); err != nil {
				break
			}
		}
		return errors.Join(err, results.Close())
	})
	return tag, err
}

func (w *wire) flush(ctx context.Context) error {
	if len(w.first) == 0 {
		return nil
	}
	last := w.first[len(w.first)-1]
	w.first = w.first[:len(w.first)-1]
	_, err := w.exec(ctx, last.query, last.args...)
	return err
}

func (w *wire) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if len(w.first) == 0 {
		return w.conn.ExecContext(ctx, query, args...)
	}
	tag, err := w.exec(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return affected(tag.RowsAffected()), nil
}

// affected is the sql.Result of a statement sent in a batch.
type affected int64

func (affected) LastInsertId() (int64, error)   { return 0, errors.New("PostgreSQL has no last id") }
func (n affected) RowsAffected() (int64, error) { return int64(n), nil }

func (w *wire) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := w.flush(ctx); err != nil {
		return nil, err
	}
	return w.conn.QueryContext(ctx, query, args...)
}

func (w *wire) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if err := w.flush(ctx); err != nil {
		// The transaction has failed; the query says so too.
		return w.conn.QueryRowContext(ctx, query, args...)
	}
	return w.conn.QueryRowContext(ctx, query, args...)
}
