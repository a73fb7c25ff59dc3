package db

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/stdlib"
)

// Notify tells the processes that Listen on a channel, when the transaction commits
// and only then. On SQLite there is one process, and nothing to tell.
func (tx *Tx) Notify(ctx context.Context, channel, text string) error {
	if tx.engine != PostgreSQL {
		return nil
	}
	return tx.Send(ctx, `select pg_notify($1, $2)`, channel, text)
}

// Listen calls hear with what any process notified on a channel, until ctx ends or the
// connection breaks; begun is called when it listens: what was told before it did is
// not heard. On SQLite it only waits.
func (d *DB) Listen(ctx context.Context, channel string, begun func(), hear func(text string)) error {
	if d.engine != PostgreSQL {
		begun()
		<-ctx.Done()
		return nil
	}
	conn, err := d.read.Conn(ctx)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", channel, err)
	}
	err = conn.Raw(func(driver any) error {
		c, ok := driver.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("a connection is %T", driver)
		}
		if _, err := c.Conn().Exec(ctx, `listen `+channel); err != nil {
			return err
		}
		begun()
		for {
			n, err := c.Conn().WaitForNotification(ctx)
			if err != nil {
				// Cancelled while it reads, the connection is of no more use.
				return errors.Join(err, c.Conn().Close(context.WithoutCancel(ctx)))
			}
			hear(n.Payload)
		}
	})
	closed := conn.Close()
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return fmt.Errorf("listen on %s: %w", channel, err)
	}
	return closed
}
