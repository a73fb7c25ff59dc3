package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
)

// Tx is an open write transaction. Its statements do not stop when the caller of
// one of several writes in it goes away: the others go on.
type Tx struct {
	db     *DB
	engine Engine
	run    executor
	end    func(commit bool) error
	done   bool
	ended  bool // SQLite rolled the whole transaction back by itself
}

type executor interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// ErrDoubt is a commit of which nobody knows whether it would survive the loss of
// this database's machine. It may not be acknowledged.
var ErrDoubt = errors.New("db: the commit may not be on a second machine")

// Begin opens a write transaction. SQLite has one at a time.
func (d *DB) Begin(ctx context.Context) (*Tx, error) {
	if d.engine == SQLite {
		return d.writer.begin(ctx, d)
	}
	return d.beginPostgres(ctx)
}

// Commit makes the transaction durable.
func (tx *Tx) Commit() error {
	if tx.done {
		return sql.ErrTxDone
	}
	tx.done = true
	if err := tx.end(true); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// Rollback undoes the transaction, and does nothing after Commit.
func (tx *Tx) Rollback() error {
	if tx.done {
		return nil
	}
	tx.done = true
	return tx.end(false)
}

// Try runs fn so that it happens wholly or not at all, while the transaction goes
// on. Its error is fn's. Broken reports when the transaction itself is lost.
func (tx *Tx) Try(ctx context.Context, fn func() error) error {
	if err := tx.before(ctx, `savepoint one`); err != nil {
		return err
	}
	undo := true
	defer func() {
		if undo && !tx.ended { // fn failed or panicked
			if _, err := tx.ExecContext(ctx, `rollback to savepoint one`); err != nil {
				tx.ended = true
			} else if err := tx.before(ctx, `release savepoint one`); err != nil {
				tx.ended = true
			}
		}
	}()
	if err := fn(); err != nil {
		return err
	}
	undo = false
	return tx.before(ctx, `release savepoint one`)
}

func (tx *Tx) before(ctx context.Context, query string) error {
	err := tx.Send(ctx, query)
	if err != nil {
		tx.ended = true
	}
	return err
}

// Send runs a statement whose answer nobody needs: at once on SQLite, with the next
// statement over the wire on PostgreSQL, whose error is then this one's.
func (tx *Tx) Send(ctx context.Context, query string, args ...any) error {
	if p, ok := tx.run.(*wire); ok {
		p.first = append(p.first, sent{query, args})
		return nil
	}
	_, err := tx.ExecContext(ctx, query, args...)
	return err
}

// Broken reports whether the engine has given the transaction up, as SQLite does
// on a full disk.
func (tx *Tx) Broken() bool { return tx.ended }

// Engine is that of the transaction's database.
func (tx *Tx) Engine() Engine { return tx.engine }

// ExecContext runs a statement.
func (tx *Tx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return tx.run.ExecContext(context.WithoutCancel(ctx), query, args...)
}

// QueryContext reads rows inside the transaction.
func (tx *Tx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return tx.run.QueryContext(context.WithoutCancel(ctx), query, args...)
}

// QueryRowContext reads one row inside the transaction.
func (tx *Tx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return tx.run.QueryRowContext(context.WithoutCancel(ctx), query, args...)
}

// Write runs fn in one transaction of its own: all of it happens, or none of it.
// Business writes go through ledger.Write; the test in internal/arch lists who may
// come here directly. On a disk without room it calls Full and tries once more, so
// fn may run twice.
func (d *DB) Write(ctx context.Context, fn func(*Tx) error) error {
	err := d.writeOnce(ctx, fn)
	if d.Full != nil && IsFull(err) {
		d.Full()
		err = d.writeOnce(ctx, fn)
	}
	return err
}

func (d *DB) writeOnce(ctx context.Context, fn func(*Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	tx, err := d.Begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := fn(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// writer is SQLite's one writing connection, with the statements it has prepared:
// preparing is a good part of a small write's time.
type writer struct {
	turn  sync.Mutex
	conn  *sql.Conn
	known map[string]*sql.Stmt
}

// maxKnown bounds the prepared statements; what is built from parts could make
// any number of them.
const maxKnown = 400

func (w *writer) begin(ctx context.Context, d *DB) (*Tx, error) {
	w.turn.Lock()
	ctx = context.WithoutCancel(ctx)
	err := func() (err error) {
		if w.conn == nil {
			if w.conn, err = d.write.Conn(ctx); err != nil {
				return err
			}
			w.known = map[string]*sql.Stmt{}
		}
		_, err = w.ExecContext(ctx, `begin immediate`)
		return err
	}()
	if err != nil {
		w.turn.Unlock()
		return nil, fmt.Errorf("begin: %w", err)
	}
	return &Tx{db: d, engine: SQLite, run: w, end: func(commit bool) error {
		defer w.turn.Unlock()
		if commit {
			_, err := w.ExecContext(ctx, `commit`)
			if err == nil {
				return nil
			}
			// A commit that failed has left the transaction open, unless SQLite ended it.
			w.conn.ExecContext(ctx, `rollback`)
			return err
		}
		_, err := w.conn.ExecContext(ctx, `rollback`)
		return err
	}}, nil
}

func (w *writer) prepared(ctx context.Context, query string) (*sql.Stmt, error) {
	if s := w.known[query]; s != nil {
		return s, nil
	}
	if len(w.known) >= maxKnown {
		for q, s := range w.known {
			s.Close()
			delete(w.known, q)
			break
		}
	}
	s, err := w.conn.PrepareContext(ctx, query)
	if err == nil {
		w.known[query] = s
	}
	return s, err
}

func (w *writer) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	s, err := w.prepared(ctx, query)
	if err != nil {
		return nil, err
	}
	return s.ExecContext(ctx, args...)
}

func (w *writer) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	s, err := w.prepared(ctx, query)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(ctx, args...)
}

func (w *writer) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	s, err := w.prepared(ctx, query)
	if err != nil { // the same error again, in the shape of a row
		return w.conn.QueryRowContext(ctx, query, args...)
	}
	return s.QueryRowContext(ctx, args...)
}

func (w *writer) close() error {
	w.turn.Lock()
	defer w.turn.Unlock()
	if w.conn == nil {
		return nil
	}
	for _, s := range w.known {
		s.Close()
	}
	err := w.conn.Close()
	w.conn, w.known = nil, nil
	return err
}

// Check has SQLite look through its file, and returns what it finds wrong. On
// PostgreSQL that is the server's: data checksums, pg_amcheck.
func (d *DB) Check(ctx context.Context) ([]string, error) {
	if d.engine != SQLite {
		return nil, nil
	}
	found, err := All(ctx, d, func(rows *sql.Rows) (text string, err error) { return text, rows.Scan(&text) }, `pragma integrity_check(50)`)
	if err != nil || len(found) == 1 && found[0] == "ok" {
		return nil, err
	}
	return found, nil
}

// Scrub makes sure that bytes deleted before are not in SQLite's files any more:
// secure_delete overwrites them in the database, and the log that still has them is
// cut to nothing. On PostgreSQL old pages and its log keep them for a while: what
// must be unreadable there is encrypted, or salted and the salt gone from the next
// base backup on.
func (d *DB) Scrub(ctx context.Context) error {
	if d.engine != SQLite {
		return nil
	}
	d.writer.turn.Lock()
	defer d.writer.turn.Unlock()
	run := d.write.QueryRowContext
	if d.writer.conn != nil {
		run = d.writer.conn.QueryRowContext
	}
	var busy, inLog, done int
	if err := run(ctx, `pragma wal_checkpoint(truncate)`).Scan(&busy, &inLog, &done); err != nil {
		return err
	}
	if busy != 0 {
		return errors.New("db: somebody is still reading the old log; try again")
	}
	return nil
}
