// Package ledger keeps the record that cannot be changed unseen, and is the one
// door for business writes: the fact and its leaf commit together or not at all.
//
// A leaf says that something of a known type happened to an object at a time,
// and commits to what it was without showing it (a salted HMAC-SHA-256), so that
// a leaf can be published, and what it commits to can be erased. The tree of
// RFC 6962 over the leaves is built on ledger_leaf.idx.
package ledger

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"dongthuan/internal/db"
)

// ErrUnrecorded refuses a write that recorded nothing.
var ErrUnrecorded = errors.New("ledger: a write recorded nothing")

// Ledger is the door for every write that must be recorded.
type Ledger struct {
	db      *db.DB
	now     func() time.Time
	last    atomic.Int64 // newest time given, in microseconds: time never goes back
	changes atomic.Uint64
}

// Open returns the ledger kept in d. It reads the newest time recorded, so that
// a clock set back between two runs does not date a leaf before an older one.
func Open(ctx context.Context, d *db.DB, now func() time.Time) (*Ledger, error) {
	l := &Ledger{db: d, now: now}
	var at *string
	if err := d.QueryRowContext(ctx, `select max(at) from ledger_leaf`).Scan(&at); err != nil {
		return nil, fmt.Errorf("read the ledger's newest time: %w", err)
	}
	if at != nil {
		t, err := db.ParseTime(*at)
		if err != nil {
			return nil, fmt.Errorf("read the ledger's newest time: %w", err)
		}
		l.last.Store(t.UnixMicro())
	}
	return l, nil
}

// Ack is the proof that a write is committed and recorded. Only Write makes one;
// the pages answer a write with success only when they hold it.
type Ack struct {
	at     time.Time
	leaves []string
}

// Recorded reports whether a the write of this Ack was recorded; the zero Ack
// was not.
func (a Ack) Recorded() bool { return len(a.leaves) > 0 }

// At is the recorded time of the write.
func (a Ack) At() time.Time { return a.at }

// Tx is a write transaction that records what it does.
type Tx struct {
	*db.Tx
	at     time.Time
	leaves []string
}

// At is the time of the act, the same for everything one transaction writes.
func (tx *Tx) At() time.Time { return tx.at }

// Write runs fn in one transaction. If fn records nothing, nothing is written.
// When it returns without an error, rows and leaves are committed and synced.
func (l *Ledger) Write(ctx context.Context, fn func(*Tx) error) (Ack, error) {
	var ack Ack
	err := l.db.Write(ctx, func(tx *db.Tx) error {
		t := &Tx{Tx: tx, at: l.tick()}
		if err := fn(t); err != nil {
			return err
		}
		if len(t.leaves) == 0 {
			return ErrUnrecorded
		}
		ack = Ack{t.at, t.leaves}
		return nil
	})
	if err != nil {
		return Ack{}, err
	}
	l.changes.Add(1)
	return ack, nil
}

// Changes counts the committed writes of this process: a page kept in memory is
// fresh as long as the count stands still.
func (l *Ledger) Changes() uint64 { return l.changes.Load() }

// tick returns the clock's time, or the newest time given where that is later.
func (l *Ledger) tick() time.Time {
	now := l.now().UnixMicro()
	for {
		last := l.last.Load()
		t := max(now, last)
		if l.last.CompareAndSwap(last, t) {
			return time.UnixMicro(t).UTC()
		}
	}
}

// Sealed is an erasable value of a payload. The payload holds only a commitment
// to it, under the name with "_c" added; the salt that opens the commitment is
// kept apart, and erasing the salt erases the value's trace.
type Sealed struct{ Name, Value string }

// Record adds a leaf: something of this type happened to object, as payload
// says. The payload becomes a JSON object; no personal datum belongs in it
// except as a sealed value.
func (tx *Tx) Record(ctx context.Context, kind Type, object string, payload any, sealed ...Sealed) error {
	if !kinds[kind] {
		return fmt.Errorf("record %s: not a type of the ledger", kind)
	}
	if !validObject(object) {
		return fmt.Errorf("record %s: %q is not an object id", kind, object)
	}
	salts := make(map[string]string, len(sealed))
	extra := make(map[string]any, len(sealed))
	for _, s := range sealed {
		salt := newSalt()
		salts[s.Name] = salt.text()
		extra[s.Name+"_c"] = salt.seal(fieldContext, s.Name, s.Value)
	}
	body, err := canonical(payload, extra)
	if err != nil {
		return fmt.Errorf("record %s: %w", kind, err)
	}
	prev, err := takeHead(ctx, tx, object)
	if err != nil {
		return err
	}
	salt := newSalt()
	leaf := Leaf{Type: kind, Object: object, Time: tx.at.Unix(), Commit: salt.seal(payloadContext, string(kind), body), Prev: prev}
	row := leafRow{id: rand.Text(), object: object, leaf: leaf.String(), hash: leaf.Hash(), at: tx.at}
	if err := insertLeaf(ctx, tx, row, body, salt.text(), salts); err != nil {
		return fmt.Errorf("record %s: %w", kind, err)
	}
	tx.leaves = append(tx.leaves, row.id)
	return nil
}
