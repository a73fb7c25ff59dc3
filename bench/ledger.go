package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"dongthuan/internal/db"
	"dongthuan/internal/ledger"
)

const (
	writers   = 64
	writeTime = 2 * time.Second // of each thing in each round
	million   = 1_000_000
)

// ledger measures acknowledged writes with leaf, tree, signature, journal and
// receipt beside bare inserts on the same disk, and what checking costs.
func (b *bench) ledger(ctx context.Context) error {
	if err := b.acknowledged(ctx, "SQLite", filepath.Join(b.folder, "ledger.db")); err != nil {
		return err
	}
	if server := os.Getenv("TEST_POSTGRES"); server != "" {
		if err := b.acknowledged(ctx, "PostgreSQL", server); err != nil {
			return err
		}
	} else {
		b.note("acknowledged writes on PostgreSQL", "not measured: script/bench starts one")
	}
	if err := b.verified(); err != nil {
		return err
	}
	if os.Getenv("BENCH_SMALL") != "" {
		return nil
	}
	return b.large(ctx)
}

// openBook opens a ledger signed as a real one is: by a key with a journal that is
// synced.
func (b *bench) openBook(ctx context.Context, d *db.DB, name string) (*ledger.Ledger, error) {
	folder := filepath.Join(b.folder, name)
	return ledger.OpenWith(ctx, d, ledger.Settings{Now: time.Now, Signer: func(context.Context) (ledger.Signer, error) {
		return ledger.OpenNotary(folder, filepath.Join(folder, ledger.JournalFile), "bench.example/so-cai", "")
	}})
}

func (b *bench) acknowledged(ctx context.Context, name, source string) error {
	d, err := db.Open(ctx, source)
	if err != nil {
		return err
	}
	defer d.Close()
	book, err := b.openBook(ctx, d, "state-"+name)
	if err != nil {
		return err
	}
	defer book.Close()
	if err := d.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, `create table fact (id text primary key, value text not null)`)
		return err
	}); err != nil {
		return err
	}
	bare, err := b.bare(ctx, name, source)
	if err != nil {
		return err
	}
	defer bare.Close()
	const insert = `insert into fact (id, value) values ($1, $2)`
	single := func() error {
		_, err := bare.ExecContext(ctx, insert, rand.Text(), "12 hộ")
		return err
	}
	acked := func() error {
		id := rand.Text()
		ack, err := book.Write(ctx, func(tx *ledger.Tx) error {
			if _, err := tx.ExecContext(ctx, insert, id, "12 hộ"); err != nil {
				return err
			}
			return tx.Record(ctx, ledger.SheetChanged, id, map[string]any{"value": 12, "unit": "hộ"})
		})
		if err == nil && ack.Receipt() == "" {
			err = errors.New("a write without a receipt")
		}
		return err
	}
	var singles, groups, acks, overSingle, overGroup []float64
	for range rounds {
		s, err := rate(writers, single)
		if err != nil {
			return err
		}
		g, err := groupRate(ctx, bare, insert)
		if err != nil {
			return err
		}
		a, err := rate(writers, acked)
		if err != nil {
			return err
		}
		singles, groups, acks = append(singles, s), append(groups, g), append(acks, a)
		overSingle, overGroup = append(overSingle, a/s), append(overGroup, a/g)
	}
	sync, err := b.syncTime()
	if err != nil {
		return err
	}
	b.note(name+": acknowledged writes, 64 writers", fmt.Sprintf("%.0f/s", median(acks)))
	b.note("  (a) bare durable inserts, 64 writers", fmt.Sprintf("%.0f/s", median(singles)))
	b.note("  (b) the same inserts, 64 in a transaction", fmt.Sprintf("%.0f/s", median(groups)))
	b.note("  fsync of 4 KB, same disk", millis(sync))
	b.add("  acknowledged : (a)", fmt.Sprintf("%.2f times", median(overSingle)), "≥ 3", median(overSingle) >= 3)
	b.add("  acknowledged : (b)", fmt.Sprintf("%.2f times", median(overGroup)), "≥ 0.3", median(overGroup) >= 0.3)
	return nil
}

// bare is a table of its own without a ledger, on the same disk.
func (b *bench) bare(ctx context.Context, name, source string) (*sql.DB, error) {
	driver, address := "sqlite", "file:"+filepath.Join(b.folder, "bare-ledger.db")+"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=cache_size(-8000)&_txlock=immediate"
	if name == "PostgreSQL" {
		driver, address = "pgx", source
	}
	d, err := sql.Open(driver, address)
	if err != nil {
		return nil, err
	}
	if name == "SQLite" {
		d.SetMaxOpenConns(1)
		_, err = d.ExecContext(ctx, `create table fact (id text primary key, value text not null)`)
	} else {
		d.SetMaxOpenConns(writers)
		d.SetMaxIdleConns(writers)
	}
	return d, err
}

// rate is how often do was done in a second by so many at once.
func rate(many int, do func() error) (float64, error) {
	var n atomic.Int64
	var failed atomic.Pointer[error]
	var wait sync.WaitGroup
	start := time.Now()
	for range many {
		wait.Go(func() {
			for time.Since(start) < writeTime && failed.Load() == nil {
				if err := do(); err != nil {
					failed.Store(&err)
					return
				}
				n.Add(1)
			}
		})
	}
	wait.Wait()
	if err := failed.Load(); err != nil {
		return 0, *err
	}
	return float64(n.Load()) / time.Since(start).Seconds(), nil
}

func groupRate(ctx context.Context, d *sql.DB, insert string) (float64, error) {
	n := 0
	start := time.Now()
	for time.Since(start) < writeTime {
		tx, err := d.BeginTx(ctx, nil)
		if err != nil {
			return 0, err
		}
		for range 64 {
			if _, err := tx.ExecContext(ctx, insert, rand.Text(), "12 hộ"); err != nil {
				return 0, errors.Join(err, tx.Rollback())
			}
			n++
		}
		if err := tx.Commit(); err != nil {
			return 0, err
		}
	}
	return float64(n) / time.Since(start).Seconds(), nil
}

func (b *bench) syncTime() (time.Duration, error) {
	f, err := os.Create(filepath.Join(b.folder, "synced-ledger"))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	var all []time.Duration
	for range 200 {
		took, err := timed(func() error {
			_, err := f.WriteAt(make([]byte, 4096), 0)
			return errors.Join(err, f.Sync())
		})
		if err != nil {
			return 0, err
		}
		all = append(all, took)
	}
	return median(all), nil
}
