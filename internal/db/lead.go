package db

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
)

// Lead is held by one process at a time: on SQLite a lock on a file beside the
// database, on PostgreSQL an advisory lock of a connection kept for it.
type Lead struct {
	alive   func(context.Context) error
	release func() error
}

// ledgerLock is the key of the advisory lock: "dongthua" in ASCII.
const ledgerLock int64 = 0x646f6e6774687561

// Lead takes the lead, or returns nil where another process has it.
func (d *DB) Lead(ctx context.Context) (*Lead, error) {
	if d.engine == SQLite {
		f, err := os.OpenFile(d.path+"-lead", os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return nil, err
		}
		if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
			f.Close()
			if errors.Is(err, syscall.EWOULDBLOCK) {
				return nil, nil
			}
			return nil, fmt.Errorf("lock %s: %w", f.Name(), err)
		}
		return &Lead{func(context.Context) error { return nil }, f.Close}, nil
	}
	conn, err := d.write.Conn(ctx)
	if err != nil {
		return nil, err
	}
	var got bool
	if err := conn.QueryRowContext(ctx, `select pg_try_advisory_lock($1)`, ledgerLock).Scan(&got); err != nil || !got {
		return nil, errors.Join(err, conn.Close())
	}
	return &Lead{
		alive: func(ctx context.Context) error { return conn.PingContext(ctx) },
		release: func() error {
			_, err := conn.ExecContext(context.Background(), `select pg_advisory_unlock($1)`, ledgerLock)
			return errors.Join(err, conn.Close())
		},
	}, nil
}

// Alive reports an error once the lead may have been lost.
func (l *Lead) Alive(ctx context.Context) error { return l.alive(ctx) }

// Release gives the lead up.
func (l *Lead) Release() error { return l.release() }
