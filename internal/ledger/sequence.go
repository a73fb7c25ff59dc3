package ledger

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"dongthuan/internal/c2sp"
	"dongthuan/internal/db"
	"dongthuan/internal/fault"
)

// leader is what the one process knows that gives leaves their places: the tree as
// its last transaction left it.
type leader struct {
	lock   *db.Lead
	signer Signer
	origin string
	edge   c2sp.Edge
}

// keepLead takes the lead where nobody has it, and gives it up where it may be
// lost. It is for efficiency: swapTree keeps the tree safe without it.
func (l *Ledger) keepLead(ctx context.Context) error {
	if l.lead != nil {
		if time.Since(l.asked) < time.Second {
			return nil
		}
		l.asked = time.Now()
		if err := l.lead.lock.Alive(ctx); err != nil {
			l.leave()
			return err
		}
		return nil
	}
	if time.Since(l.asked) < time.Second {
		return nil
	}
	return l.tryLead(ctx)
}

func (l *Ledger) leave() {
	if l.lead == nil {
		return
	}
	if err := l.lead.lock.Release(); err != nil {
		l.set.Log.Warn("give up the lead of the ledger", "err", err)
	}
	l.lead, l.asked = nil, time.Time{}
}

// tryLead takes the lead and reads the tree. A tree that the signer's journal
// contradicts freezes the ledger: nothing is written until a person has looked.
func (l *Ledger) tryLead(ctx context.Context) error {
	if l.unsigned.Load() > 0 || l.Frozen() != "" {
		return nil // what this process committed is signed first
	}
	l.asked = time.Now()
	lock, err := l.db.Lead(ctx)
	if err != nil || lock == nil {
		return err
	}
	lead, err := l.readTree(ctx, lock)
	if err != nil {
		var frozen *frozenError
		if errors.As(err, &frozen) {
			l.freeze(frozen) // reading goes on
			err = nil
		}
		return errors.Join(err, lock.Release())
	}
	l.lead, l.idle = lead, false
	return nil
}

// frozenError says why the ledger may not grow.
type frozenError struct{ why string }

func (e *frozenError) Error() string { return "the ledger is frozen: " + e.why }

func frozenBecause(format string, args ...any) error {
	return &frozenError{fmt.Sprintf(format, args...)}
}

func (l *Ledger) freeze(why *frozenError) {
	l.set.Log.Error("the ledger is frozen; see “dongthuan ledger recover”", "why", why.why)
	var err error = fault.New(fault.Busy, "ledger.frozen").Because(why)
	l.blocked.Store(&err)
}

// Frozen says why nothing can be written, "" where writing goes on.
func (l *Ledger) Frozen() string {
	var frozen *frozenError
	if why := l.blocked.Load(); why != nil && errors.As(*why, &frozen) {
		return frozen.why
	}
	return ""
}

// readTree reads the tree's head and compares it with what was signed last.
func (l *Ledger) readTree(ctx context.Context, lock *db.Lead) (*leader, error) {
	signer, err := l.openSigner(ctx)
	if err != nil {
		return nil, err
	}
	head, err := readHead(ctx, l.db)
	if errors.Is(err, db.ErrNoRows) {
		head = Head{Origin: signer.Key().Name(), Key: signer.Key().String(), Root: c2sp.Edge{}.Root()}
		err = l.db.Write(ctx, func(tx *db.Tx) error {
			_, err := tx.ExecContext(ctx, `
				insert into ledger_tree (id, origin, vkey, size, root, checkpoint, cosigned) values (1, $1, $2, 0, $3, '', '')
				on conflict (id) do nothing`, head.Origin, head.Key, Hex(head.Root))
			return err
		})
	}
	if err != nil {
		return nil, err
	}
	if _, alone := signer.(*ephemeral); !alone && head.Key != signer.Key().String() {
		return nil, frozenBecause("it was signed by the key %s, and the key here is %s", head.Key, signer.Key())
	}
	edge, err := c2sp.ReadEdge(head.Size, tileReader(ctx, l.db))
	if err != nil {
		return nil, frozenBecause("its %d leaves cannot all be read: %v", head.Size, err)
	}
	if edge.Root() != head.Root {
		return nil, frozenBecause("its %d leaves do not have the root that it says they have", head.Size)
	}
	last, err := signer.Last(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask the signer for the last tree: %w", err)
	}
	if err := l.compare(ctx, head, last); err != nil {
		return nil, err
	}
	// What was committed and not signed before the process ended is signed now.
	old, err := c2sp.ReadEdge(last.Size, tileReader(ctx, l.db))
	if err != nil {
		return nil, err
	}
	if err := l.sign(ctx, signer, old, c2sp.Checkpoint{Origin: head.Origin, Size: head.Size, Root: head.Root}); err != nil {
		return nil, err
	}
	return &leader{lock, signer, head.Origin, edge}, nil
}

// compare holds the database against the signer's journal: a database that went
// back, or another one, may not be signed again, for two trees of one size are a
// proof of cheating, though it were an accident.
func (l *Ledger) compare(ctx context.Context, head Head, last c2sp.Checkpoint) error {
	if last.Size > head.Size {
		return frozenBecause("the database holds %d leaves, and %d were signed: it went back in time", head.Size, last.Size)
	}
	was, err := c2sp.ReadEdge(last.Size, tileReader(ctx, l.db))
	if err != nil {
		return frozenBecause("the first %d leaves cannot be read: %v", last.Size, err)
	}
	if was.Root() != last.Root {
		return frozenBecause("the first %d leaves are not those that were signed", last.Size)
	}
	return nil
}

// placeAll gives places to the leaves that wait and to those of records, and
// returns the edge after them.
func (l *Ledger) placeAll(ctx context.Context, tx *db.Tx, edge c2sp.Edge, records []*record, waiting bool) (c2sp.Edge, error) {
	objects := map[string]bool{}
	for _, r := range records {
		objects[r.object] = true
	}
	if waiting {
		all, err := waitingObjects(ctx, tx)
		if err != nil {
			return edge, err
		}
		for _, o := range all {
			objects[o] = true
		}
	}
	if len(objects) == 0 {
		return edge, nil
	}
	heads, err := takeHeads(ctx, tx, objects)
	if err != nil {
		return edge, err
	}
	var nodes []c2sp.Node
	place := func(r *record) {
		r.idx = edge.Size
		nodes = append(nodes, edge.Append(r.hash)...)
	}
	moved, err := unpark(ctx, tx, heads)
	if err != nil {
		return edge, err
	}
	for _, r := range moved {
		place(r)
	}
	if err := insertMoved(ctx, tx, heads, moved); err != nil {
		return edge, err
	}
	prevs := make([]*int64, len(records))
	for i, r := range records {
		h := heads[r.object]
		prev, err := toBase64(h.hash)
		if err != nil {
			return edge, err
		}
		r.make(prev)
		place(r)
		prevs[i] = h.idx
		idx := r.idx
		h.hash, h.idx = Hex(r.hash), &idx
	}
	if err := insertLeaves(ctx, tx, records, prevs); err != nil {
		return edge, err
	}
	if err := moveHeads(ctx, tx, heads); err != nil {
		return edge, err
	}
	return edge, insertNodes(ctx, tx, nodes)
}

// park writes leaves that another process will place.
func park(ctx context.Context, tx *db.Tx, records []*record) error {
	objects := map[string]bool{}
	for _, r := range records {
		objects[r.object] = true
	}
	heads, err := takeHeads(ctx, tx, objects)
	if err != nil {
		return err
	}
	for _, r := range records {
		h := heads[r.object]
		prev, err := toBase64(h.hash)
		if err != nil {
			return err
		}
		r.make(prev)
		h.hash = Hex(r.hash)
		h.pending++
		if err := insertWaiting(ctx, tx, r); err != nil {
			return err
		}
	}
	return moveHeads(ctx, tx, heads)
}

// unpark reads the leaves that wait for the objects of heads, the oldest first and
// each after the one it follows.
func unpark(ctx context.Context, tx *db.Tx, heads map[string]*head) ([]*record, error) {
	var all []*record
	for object, h := range heads {
		if h.pending == 0 {
			continue
		}
		rows, err := readWaiting(ctx, tx, object)
		if err != nil {
			return nil, err
		}
		after := map[string]*record{}
		for _, r := range rows {
			after[r.leaf.Prev] = r
		}
		at := ""
		if h.idx != nil {
			text, err := readLeaf(ctx, tx, *h.idx)
			if err != nil {
				return nil, err
			}
			sum := leafHash(text)
			at = base64.StdEncoding.EncodeToString(sum[:])
		}
		var last time.Time // never before the one it follows, whatever two clocks said
		for range rows {
			r := after[at]
			if r == nil {
				return nil, fmt.Errorf("the leaves that wait for %s do not follow its newest", object)
			}
			if r.at.Before(last) {
				r.at = last
			}
			last = r.at
			at = base64.StdEncoding.EncodeToString(r.hash[:])
			all = append(all, r)
		}
		h.pending = 0
	}
	slices.SortStableFunc(all, func(a, b *record) int {
		if c := a.at.Compare(b.at); c != 0 || a.object == b.object {
			return c
		}
		return strings.Compare(a.object, b.object)
	})
	return all, nil
}

// Hex writes a hash as the database and the pages do.
func Hex(h c2sp.Hash) string { return hex.EncodeToString(h[:]) }

func toBase64(hash string) (string, error) {
	b, err := hex.DecodeString(hash)
	return base64.StdEncoding.EncodeToString(b), err
}
