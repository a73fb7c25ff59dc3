package ledger

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"dongthuan/internal/c2sp"
	"dongthuan/internal/db"
	"dongthuan/internal/fault"
)

// entry is a write that waits for its turn.
type entry struct {
	ctx     context.Context
	fn      func(*Tx) error
	request *Request
	done    chan struct{}

	tx       *Tx
	err      error
	panicked any
	replayed *Replayed
	ack      Ack
	waits    bool // for its place: another process gives it
}

func (e *entry) answer() { close(e.done) }

// group is what one transaction committed, to be signed.
type group struct {
	entries []*entry
	edge    c2sp.Edge // before it
	tree    c2sp.Checkpoint
}

// run commits what is queued, one group after the other.
func (l *Ledger) run() {
	defer l.ended.Done()
	defer close(l.unsign)
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		select {
		case e := <-l.queue:
			l.turn(l.collect(e))
		case <-tick.C:
			l.turn(nil)
		case <-l.stop:
			for {
				select {
				case e := <-l.queue:
					l.turn(l.collect(e))
				default:
					l.turn(nil) // what waits for a transaction
					l.leave()
					return
				}
			}
		}
	}
}

// collect takes what else is waiting, up to a group. It lets the writers that were
// just answered come back once: they are the next group.
func (l *Ledger) collect(first *entry) []*entry {
	all := []*entry{first}
	runtime.Gosched()
	for len(all) < maxGroup {
		select {
		case e := <-l.queue:
			all = append(all, e)
		default:
			return all
		}
	}
	return all
}

// turn is one step of the committing goroutine.
func (l *Ledger) turn(entries []*entry) {
	ctx := context.Background()
	refuse := func(err error) {
		for _, e := range entries {
			e.err = err
			e.answer()
		}
	}
	if err := l.keepLead(ctx); err != nil {
		l.set.Log.ErrorContext(ctx, "lead the ledger", "err", err)
	}
	if why := l.blocked.Load(); why != nil {
		refuse(*why)
		return
	}
	if len(entries) > 0 {
		if err := l.set.Room(); err != nil {
			refuse(err)
			return
		}
	}
	riders := l.takeRiders(len(entries) > 0)
	waiting := false
	if l.lead != nil && (len(entries) == 0 || !l.idle) {
		var err error
		if waiting, err = anyWaiting(ctx, l.db); err != nil && !errors.Is(err, errGone) {
			l.set.Log.ErrorContext(ctx, "look for waiting leaves", "err", err)
		}
		l.idle = !waiting
	}
	if len(entries) == 0 && len(riders) == 0 && !waiting {
		return
	}
	g, err := l.commit(ctx, entries, riders, waiting)
	if err != nil {
		l.failed(ctx, entries, err)
		return
	}
	if g == nil { // followed: the leaves wait for the leader
		for _, e := range entries {
			e.waits = e.err == nil && e.panicked == nil && e.replayed == nil
			e.answer()
		}
		return
	}
	l.unsigned.Add(1)
	l.unsign <- *g
}

// failed answers a group of which nothing was written, or nobody knows.
func (l *Ledger) failed(ctx context.Context, entries []*entry, err error) {
	if db.IsLost(err) {
		l.set.Fatal(fmt.Errorf("the disk did not keep a write: %w", err))
	}
	if !errors.Is(err, errGone) {
		l.set.Log.ErrorContext(ctx, "commit a group of writes", "writes", len(entries), "err", err)
	}
	if db.IsFull(err) {
		l.set.Full()
		err = fault.New(fault.Busy, "ledger.full").Because(err)
	} else if fault.All(err) == nil {
		err = fault.New(fault.Busy, "ledger.unknown").Because(err)
	}
	l.leave() // what this process believes of the tree is read anew
	for _, e := range entries {
		if e.err == nil {
			e.err = err
		}
		e.answer()
	}
}

// commit runs the entries in one transaction, each in a savepoint of its own, and
// gives the leaves their places where this process leads. It returns nil where
// another process does that.
func (l *Ledger) commit(ctx context.Context, entries []*entry, riders []func(*db.Tx) error, waiting bool) (*group, error) {
	tx, err := l.db.Begin(ctx)
	if err != nil {
		return nil, err
	}
	defer tx.Rollback()
	for _, ride := range riders {
		if err := tx.Try(ctx, func() error { return ride(tx) }); err != nil {
			if tx.Broken() {
				return nil, err
			}
			l.set.Log.ErrorContext(ctx, "write what waited for a transaction", "err", err)
		}
	}
	var records []*record
	alone := len(entries) == 1 && len(riders) == 0
	for _, e := range entries {
		if err := l.runOne(ctx, tx, e, alone); err != nil {
			return nil, err
		}
		if e.err == nil && e.panicked == nil && e.replayed == nil {
			records = append(records, e.tx.records...)
		}
	}
	failpoint("ran")
	if alone && (entries[0].err != nil || entries[0].panicked != nil) {
		entries[0].answer()
		return &group{}, tx.Rollback()
	}
	g := &group{entries: entries}
	var next leader
	if l.lead != nil {
		next = *l.lead
		g.edge = next.edge
		if next.edge, err = l.placeAll(ctx, tx, next.edge.Clone(), records, waiting); err != nil {
			return nil, err
		}
		g.tree = c2sp.Checkpoint{Origin: next.origin, Size: next.edge.Size, Root: next.edge.Root()}
		if g.edge.Size != g.tree.Size {
			if err := swapTree(ctx, tx, g.edge, g.tree); err != nil {
				return nil, err
			}
		}
	} else if err := park(ctx, tx, records); err != nil {
		return nil, err
	}
	for _, e := range entries {
		if err := l.remember(ctx, tx, e); err != nil {
			return nil, err
		}
	}
	failpoint("placed")
	if err := tx.Commit(); err != nil {
		return nil, err
	}
	failpoint("committed")
	for _, e := range entries {
		if e.err == nil && e.panicked == nil && e.replayed == nil {
			l.changes.Add(1)
			e.ack = Ack{at: e.tx.at}
			for _, r := range e.tx.records {
				e.ack.leaves = append(e.ack.leaves, Place{r.kind, r.object, r.hash, r.idx})
			}
		}
	}
	twins(entries)
	if l.lead == nil {
		return nil, nil
	}
	*l.lead = next
	return g, nil
}

// runOne runs one entry. Its own failure is kept in it; the error returned is the
// transaction's.
func (l *Ledger) runOne(ctx context.Context, tx *db.Tx, e *entry, alone bool) (err error) {
	if e.err = e.ctx.Err(); e.err != nil {
		return nil
	}
	e.tx = &Tx{Tx: tx, at: l.tick()}
	run := func() (err error) {
		defer func() {
			if p := recover(); p != nil {
				e.panicked = p
				err = fmt.Errorf("panic: %v", p)
			}
		}()
		if e.replayed, err = claim(ctx, tx, e.request, e.tx.at); err != nil || e.replayed != nil {
			return err
		}
		if err := e.fn(e.tx); err != nil {
			return err
		}
		if len(e.tx.records) == 0 {
			return ErrUnrecorded
		}
		return nil
	}
	if alone {
		e.err = run()
	} else {
		e.err = tx.Try(ctx, run)
	}
	switch {
	case e.err == nil:
		return nil
	case db.IsFull(e.err) || db.IsLost(e.err) || tx.Broken():
		return e.err
	case db.IsDeadlock(e.err):
		e.err = fault.New(fault.Busy, "ledger.busy").Because(e.err)
	}
	return nil
}

// rows is how many rows one statement inserts: PostgreSQL answers each statement
// over the wire, SQLite is quicker with the same small one again.
func rows(tx *db.Tx) int {
	if tx.Engine() == db.PostgreSQL {
		return maxGroup
	}
	return 1
}

// later has a small write done with the next transaction, or soon. Of several
// under one name the newest is done. It may be lost in a crash.
func (l *Ledger) later(name string, write func(*db.Tx) error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.riders[name] = write
}

// takeRiders takes what waits: into a group a few, so that it stays small.
func (l *Ledger) takeRiders(grouped bool) []func(*db.Tx) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.riders) == 0 || grouped && len(l.riders) < maxGroup {
		return nil // the next idle moment takes them
	}
	names := make([]string, 0, len(l.riders))
	for name := range l.riders {
		names = append(names, name)
	}
	slices.Sort(names)
	all := make([]func(*db.Tx) error, 0, len(names))
	for _, name := range names {
		all = append(all, l.riders[name])
		delete(l.riders, name)
	}
	return all
}
