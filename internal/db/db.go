// Package db opens the database and runs transactions. One SQL text serves
// SQLite and PostgreSQL; doc/sql.md has the part of SQL that both accept.
package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"modernc.org/sqlite"
)

// ErrNoRows is returned when a row is not there.
var ErrNoRows = sql.ErrNoRows

// Query is what reading needs. Both *DB and *Tx have it.
type Query interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Engine names a database engine.
type Engine string

const (
	SQLite     Engine = "sqlite3"
	PostgreSQL Engine = "postgres"
)

// DB reads directly and writes only through Begin and Write.
type DB struct {
	read, write *sql.DB
	engine      Engine
	path        string // of the SQLite file, "" on PostgreSQL
	writer      writer // of SQLite
	doubts      *atomic.Int64
	// Full, where set, makes room on a full disk before a plain write is tried again.
	Full func()
}

// Open opens a PostgreSQL URL or a SQLite path and brings its schema up to date.
func Open(ctx context.Context, source string) (*DB, error) {
	d, err := Connect(ctx, source)
	if err != nil {
		return nil, err
	}
	if err := d.migrate(ctx); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// Connect opens a database as it is, without touching its schema.
func Connect(ctx context.Context, source string) (*DB, error) {
	if strings.HasPrefix(source, "postgres://") || strings.HasPrefix(source, "postgresql://") {
		config, err := pgx.ParseConfig(source)
		if err != nil {
			return nil, err
		}
		d := &DB{engine: PostgreSQL, doubts: new(atomic.Int64)}
		// "canceling wait for synchronous replication" means: committed here, and
		// perhaps nowhere else. Such a commit is not one that may be answered.
		config.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
			if strings.Contains(n.Message+n.Detail, "synchronous replication") {
				d.doubts.Add(1)
			}
		}
		pool := stdlib.OpenDB(*config)
		pool.SetMaxOpenConns(20)
		pool.SetMaxIdleConns(20)
		d.read, d.write = pool, pool
		if err := pool.PingContext(ctx); err != nil {
			return nil, errors.Join(fmt.Errorf("reach PostgreSQL: %w", err), pool.Close())
		}
		return d, nil
	}
	path, err := filepath.Abs(source)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	// The file holds password hashes: it is its owner's alone. SQLite gives its WAL
	// the same rights.
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open SQLite file: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("open SQLite file: %w", err)
	}
	// busy_timeout comes first: the other pragmas may already have to wait.
	address := "file:" + (&url.URL{Path: path}).EscapedPath() + "?_pragma=busy_timeout(5000)" +
		"&_pragma=journal_mode(WAL)&_pragma=synchronous(" + synchronous() + ")&_pragma=foreign_keys(ON)&" + ours +
		"&_pragma=cache_size(-8000)&_pragma=mmap_size(0)&_pragma=wal_autocheckpoint(4000)"
	// The writer keeps more pages at hand: an object's newest leaf is found by a random
	// key, whose page is anywhere.
	write, err := sql.Open("sqlite", address+"&_txlock=immediate&_pragma=cache_size(-32000)")
	if err != nil {
		return nil, err
	}
	write.SetMaxOpenConns(1) // SQLite has one writer; the others wait here, not in SQLITE_BUSY
	read, err := sql.Open("sqlite", address+"&_pragma=query_only(ON)")
	if err != nil {
		return nil, errors.Join(err, write.Close())
	}
	read.SetMaxOpenConns(8)
	read.SetMaxIdleConns(4)
	d := &DB{read: read, write: write, engine: SQLite, path: path, doubts: new(atomic.Int64)}
	for _, pool := range []*sql.DB{write, read} {
		if err := pool.PingContext(ctx); err != nil {
			return nil, errors.Join(fmt.Errorf("open SQLite file: %w", err), d.Close())
		}
	}
	return d, nil
}

// Every connection that a pool opens, now or later, reads back that a commit
// reaches the disk before it is answered: with synchronous=NORMAL a power cut loses
// acknowledged writes.
func init() {
	sqlite.RegisterConnectionHook(func(conn sqlite.ExecQuerierContext, address string) error {
		if !strings.Contains(address, ours) {
			return nil
		}
		mode, err := pragma(conn, "journal_mode")
		if err != nil {
			return err
		}
		level, err := pragma(conn, "synchronous")
		if err != nil {
			return err
		}
		if mode != "wal" || level != "2" && synchronous() == "FULL" {
			return fmt.Errorf("SQLite connection is not durable: journal_mode %s, synchronous %s, want wal and 2", mode, level)
		}
		return nil
	})
}

// ours marks the addresses that this package opens.
const ours = "_pragma=secure_delete(ON)"

func pragma(conn sqlite.ExecQuerierContext, name string) (string, error) {
	rows, err := conn.QueryContext(context.Background(), "pragma "+name, nil)
	if err != nil {
		return "", fmt.Errorf("read %s: %w", name, err)
	}
	defer rows.Close()
	value := make([]driver.Value, 1)
	if err := rows.Next(value); err != nil {
		return "", fmt.Errorf("read %s: %w", name, err)
	}
	return fmt.Sprint(value[0]), nil
}

// Close closes the database.
func (d *DB) Close() error {
	if d.read == d.write {
		return d.write.Close()
	}
	return errors.Join(d.writer.close(), d.read.Close(), d.write.Close())
}

// Engine says which engine holds the data: for search, backup and files, the
// three places where the engines differ on purpose.
func (d *DB) Engine() Engine { return d.engine }

// Path is the SQLite file, "" on PostgreSQL.
func (d *DB) Path() string { return d.path }

// QueryContext reads rows outside a transaction.
func (d *DB) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return d.read.QueryContext(ctx, query, args...)
}

// QueryRowContext reads one row outside a transaction.
func (d *DB) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return d.read.QueryRowContext(ctx, query, args...)
}

// Read runs fn on one unchanging state of the data, so that several queries of
// one page or report agree with each other.
func (d *DB) Read(ctx context.Context, fn func(Query) error) error {
	tx, err := d.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true, Isolation: readIsolation(d.engine)})
	if err != nil {
		return fmt.Errorf("begin reading: %w", err)
	}
	defer tx.Rollback()
	return fn(tx)
}

func readIsolation(e Engine) sql.IsolationLevel {
	if e == PostgreSQL {
		return sql.LevelRepeatableRead
	}
	return sql.LevelDefault
}

// TimeFormat is how times are stored: UTC, fixed width, so that text order is
// time order on both engines.
const TimeFormat = "2006-01-02T15:04:05.000000Z"

// Time writes t as it is stored; the zero time is the empty text.
func Time(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(TimeFormat)
}

// ParseTime reads a stored time; the empty text is the zero time.
func ParseTime(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	return time.Parse(TimeFormat, s)
}

// When scans a stored time: rows.Scan(db.When(&t)).
func When(t *time.Time) sql.Scanner { return (*when)(t) }

type when time.Time

func (w *when) Scan(v any) error {
	s, ok := v.(string)
	if v == nil {
		s, ok = "", true
	}
	if !ok {
		return fmt.Errorf("stored time is %T", v)
	}
	t, err := ParseTime(s)
	*w = when(t)
	return err
}

// Day writes the day of t in Vietnam, as dated versions and terms are stored.
func Day(t time.Time, zone *time.Location) string {
	if t.IsZero() {
		return ""
	}
	return t.In(zone).Format("2006-01-02")
}

// DayOf scans a stored day as its first moment in a zone: rows.Scan(db.DayOf(&t, zone)).
func DayOf(t *time.Time, zone *time.Location) sql.Scanner { return &dayOf{t, zone} }

type dayOf struct {
	t    *time.Time
	zone *time.Location
}

func (d *dayOf) Scan(v any) error {
	s, ok := v.(string)
	if !ok {
		return fmt.Errorf("stored day is %T", v)
	}
	if s == "" {
		*d.t = time.Time{}
		return nil
	}
	t, err := time.ParseInLocation("2006-01-02", s, d.zone)
	*d.t = t
	return err
}

// All reads every row of a query with scan.
func All[T any](ctx context.Context, q Query, scan func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rows.Err()
}

// Values writes "($1, $2), ($3, $4)" for an insert of several rows.
func Values(rows, columns int) string {
	var b strings.Builder
	n := 1
	for r := range rows {
		if r > 0 {
			b.WriteString(", ")
		}
		b.WriteByte('(')
		for c := range columns {
			if c > 0 {
				b.WriteString(", ")
			}
			fmt.Fprintf(&b, "$%d", n)
			n++
		}
		b.WriteByte(')')
	}
	return b.String()
}
