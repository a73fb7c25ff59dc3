// Package ledger keeps the record that cannot be changed unseen, and is the one
// door for business writes: the fact and its leaf commit together or not at all.
//
// A leaf says that something of a known type happened to an object at a time,
// and commits to what it was without showing it (a salted HMAC-SHA-256), so that
// a leaf can be published, and what it commits to can be erased. The leaves form
// the Merkle tree of RFC 6962, whose head is signed after every commit; a receipt
// proves to an outsider that a leaf is in it. doc/ledger.md is the specification.
package ledger

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"dongthuan/internal/c2sp"
	"dongthuan/internal/db"
	"dongthuan/internal/fault"
)

//go:embed text.json
var textFS embed.FS

// Text are the words of the package.
var Text = func() []byte {
	b, err := textFS.ReadFile("text.json")
	if err != nil {
		panic(err) // embedded
	}
	return b
}()

// ErrUnrecorded refuses a write that recorded nothing.
var ErrUnrecorded = errors.New("ledger: a write recorded nothing")

// Settings of a ledger.
type Settings struct {
	Now func() time.Time
	// Signer opens what signs the tree; it is asked once this process leads. Where it
	// is nil a key of this process alone signs, which convinces nobody: for tests.
	Signer func(context.Context) (Signer, error)
	// Fatal ends the process: the disk did not keep what was written, and only a
	// fresh start from what it holds is safe.
	Fatal func(error)
	Log   *slog.Logger
	// Room is asked before a group is written, and may refuse it; Full is told that
	// the disk had no room for one.
	Room func() error
	Full func()
}

// Ledger is the door for every write that must be recorded.
type Ledger struct {
	set     Settings
	db      *db.DB
	last    atomic.Int64 // newest time given, in microseconds: time never goes back
	changes atomic.Uint64

	queue chan *entry
	stop  chan struct{}
	ended sync.WaitGroup
	once  sync.Once

	lead     *leader // of the committing goroutine; nil where another process leads
	asked    time.Time
	idle     bool // the last look found no leaf waiting
	unsign   chan group
	unsigned atomic.Int64 // groups in unsign, and the one being signed

	signed   atomic.Pointer[signedTree]
	cosigned atomic.Pointer[string] // by enough witnesses, as this process was told
	blocked  atomic.Pointer[error]  // why nothing can be written now
	signer   atomic.Pointer[Signer]

	mu     sync.Mutex
	riders map[string]func(*db.Tx) error
}

// signedTree is the newest tree signed by this process.
type signedTree struct {
	c2sp.Checkpoint
	note string
}

const (
	// maxGroup is how many writes share one transaction.
	maxGroup = 64
	// pollEvery is how often leaves of other processes are looked for, and small
	// things that wait for a transaction are written without one.
	pollEvery = 50 * time.Millisecond
	// patience is how long an acknowledgement waits for the signed tree.
	patience = 2 * time.Second
	// MMD, the maximum merge delay, is what a promise promises.
	MMD = 60 * time.Second
)

// Open returns the ledger kept in d, signed by a key of this process alone: for
// tests and measurements.
func Open(ctx context.Context, d *db.DB, now func() time.Time) (*Ledger, error) {
	return OpenWith(ctx, d, Settings{Now: now})
}

// OpenWith returns the ledger kept in d. It reads the newest time recorded, so
// that a clock set back between two runs does not date a leaf before an older one.
func OpenWith(ctx context.Context, d *db.DB, set Settings) (*Ledger, error) {
	if set.Log == nil {
		set.Log = slog.New(slog.DiscardHandler)
	}
	if set.Fatal == nil {
		set.Fatal = func(err error) { panic(err) }
	}
	if set.Room == nil {
		set.Room = func() error { return nil }
	}
	if set.Full == nil {
		set.Full = func() {}
	}
	l := &Ledger{set: set, db: d, queue: make(chan *entry, 1024), stop: make(chan struct{}), unsign: make(chan group, 4), riders: map[string]func(*db.Tx) error{}}
	at, err := newestTime(ctx, d)
	if err != nil {
		return nil, err
	}
	if !at.IsZero() {
		// A leaf says its second only: the next time given is after the whole of it.
		l.last.Store(at.Truncate(time.Second).Add(time.Second - time.Microsecond).UnixMicro())
	}
	if err := l.tryLead(ctx); err != nil {
		return nil, err
	}
	l.ended.Add(2)
	go l.run()
	go l.signAll()
	return l, nil
}

// Close ends the ledger after the writes that are under way.
func (l *Ledger) Close() error {
	var err error
	l.once.Do(func() {
		close(l.stop)
		l.ended.Wait()
		if s := l.signer.Load(); s != nil {
			if c, ok := (*s).(io.Closer); ok {
				err = c.Close()
			}
		}
	})
	return err
}

// Tx is a write transaction that records what it does.
type Tx struct {
	*db.Tx
	at      time.Time
	records []*record
}

// At is the time of the act, the same for everything one transaction writes.
func (tx *Tx) At() time.Time { return tx.at }

// Write runs fn in one transaction. If fn records nothing, nothing is written.
// When it returns without an error, rows and leaves are committed and synced, and
// the tree that holds the leaves is signed, or a promise of it given.
//
// Writes that wait while another is synced share the next transaction; each
// succeeds or fails alone. fn runs in another goroutine, and must not call Write.
func (l *Ledger) Write(ctx context.Context, fn func(*Tx) error) (Ack, error) {
	e := &entry{ctx: ctx, fn: fn, request: requestOf(ctx), done: make(chan struct{})}
	if err := ctx.Err(); err != nil {
		return Ack{}, err
	}
	select {
	case <-l.stop:
		return Ack{}, errClosed
	default:
	}
	select {
	case l.queue <- e:
	default:
		return Ack{}, fault.New(fault.Busy, "ledger.busy")
	}
	select {
	case <-e.done:
	case <-l.stop:
		l.ended.Wait()
		select {
		case <-e.done:
		default:
			return Ack{}, errClosed
		}
	}
	switch {
	case e.panicked != nil:
		panic(e.panicked)
	case e.err != nil:
		return Ack{}, e.err
	case e.replayed != nil:
		if places := e.replayed.Ack.leaves; len(places) > 0 && places[0].Index < 0 {
			// What was done then still waits for its place: so does this answer.
			var err error
			if e.replayed.Ack, err = l.awaitPlace(ctx, e.replayed.Ack); err != nil {
				return Ack{}, err
			}
		}
		return Ack{}, e.replayed
	}
	if e.waits {
		return l.awaitPlace(ctx, e.ack)
	}
	return e.ack, nil
}

var errClosed = fault.New(fault.Busy, "ledger.closing")

// Changes counts the committed writes of this process: a page kept in memory is
// fresh as long as the count stands still.
func (l *Ledger) Changes() uint64 { return l.changes.Load() }

// tick returns the clock's time, or the newest time given where that is later.
func (l *Ledger) tick() time.Time {
	now := l.set.Now().UnixMicro()
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

// record is a leaf that is not made yet: what comes before it is known only when
// its transaction is about to end.
type record struct {
	kind    Type
	object  string
	payload string
	salt    salt
	sealed  map[string]string // salts by name
	at      time.Time

	leaf Leaf
	text string
	hash c2sp.Hash
	idx  int64
}

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
	r := &record{kind: kind, object: object, salt: newSalt(), at: tx.at, idx: -1}
	extra := make(map[string]any, len(sealed))
	for _, s := range sealed {
		if r.sealed == nil {
			r.sealed = map[string]string{}
		}
		salt := newSalt()
		r.sealed[s.Name] = salt.text()
		extra[s.Name+"_c"] = salt.seal(fieldContext, s.Name, s.Value)
	}
	var err error
	if r.payload, err = canonical(payload, extra); err != nil {
		return fmt.Errorf("record %s: %w", kind, err)
	}
	tx.records = append(tx.records, r)
	return nil
}

// make fills in the leaf after the one whose hash is prev, "" for the first.
func (r *record) make(prev string) {
	r.leaf = Leaf{Type: r.kind, Object: r.object, Time: r.at.Unix(), Commit: r.salt.seal(payloadContext, string(r.kind), r.payload), Prev: prev}
	r.text = r.leaf.String()
	r.hash = leafHash(r.text)
}
