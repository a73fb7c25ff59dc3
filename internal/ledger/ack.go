package ledger

import (
	"context"
	"time"

	"dongthuan/internal/c2sp"
	"dongthuan/internal/db"
	"dongthuan/internal/fault"
)

// Ack is the proof that a write is committed and recorded. Only Write makes one;
// the pages answer a write with success only when they hold it.
type Ack struct {
	at      time.Time
	leaves  []Place
	promise string // signed note, where the leaves have no place in the tree yet
}

// Place is where a leaf stands. Index is -1 while it only waits.
type Place struct {
	Type   Type
	Object string
	Hash   c2sp.Hash
	Index  int64
}

// Code is the receipt's code of a leaf that has its place, "" before.
func (p Place) Code() string {
	if p.Index < 0 {
		return ""
	}
	return Code(p.Index, p.Hash)
}

// Recorded reports whether the write of this Ack was recorded; the zero Ack was
// not.
func (a Ack) Recorded() bool { return len(a.leaves) > 0 }

// At is the recorded time of the write.
func (a Ack) At() time.Time { return a.at }

// Leaves are the leaves of the act, in the order in which they were recorded.
func (a Ack) Leaves() []Place { return a.leaves }

// Receipt is the address part of the act's receipt: the code of its last leaf,
// which is the act itself where it recorded steps before; or, while a promise
// stands for it, that leaf's hash.
func (a Ack) Receipt() string {
	if len(a.leaves) == 0 {
		return ""
	}
	last := a.leaves[len(a.leaves)-1]
	if code := last.Code(); code != "" {
		return code
	}
	return Hex(last.Hash)
}

// Promise is the signed promise to include the leaves within MMD, "" where they
// are in the tree already.
func (a Ack) Promise() string { return a.promise }

// awaitPlace waits until the leaves have their places in a signed tree, as another
// process gives them, and takes a promise when that takes too long.
func (l *Ledger) awaitPlace(ctx context.Context, a Ack) (Ack, error) {
	ctx = context.WithoutCancel(ctx)
	end := time.Now().Add(patience)
	for time.Now().Before(end) {
		time.Sleep(pollEvery)
		size, err := signedSize(ctx, l.db)
		if err != nil {
			return Ack{}, err
		}
		all := true
		for i, p := range a.leaves {
			if p.Index < 0 {
				if a.leaves[i].Index, err = findLeaf(ctx, l.db, p.Object, p.Hash); err != nil {
					return Ack{}, err
				}
			}
			all = all && a.leaves[i].Index >= 0 && a.leaves[i].Index < size
		}
		if all {
			return a, nil
		}
	}
	return l.promise(ctx, a)
}

// promise gives a signed promise for the act's last leaf and keeps it, so that its
// address leads to the receipt later.
func (l *Ledger) promise(ctx context.Context, a Ack) (Ack, error) {
	s, err := l.promiser(ctx)
	if err != nil {
		return Ack{}, fault.New(fault.Busy, "ledger.unsigned").Because(err)
	}
	last := a.leaves[len(a.leaves)-1]
	if a.promise, err = s.Promise(ctx, last.Hash, a.at); err != nil {
		return Ack{}, fault.New(fault.Busy, "ledger.unsigned").Because(err)
	}
	err = l.db.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, `
			insert into ledger_promise (hash, object, at, note, idx) values ($1, $2, $3, $4, null) on conflict (hash) do nothing`, Hex(last.Hash), last.Object, db.Time(a.at), a.promise)
		return err
	})
	return a, err
}
