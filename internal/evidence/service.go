package evidence

import (
	"context"
	"crypto/rand"
	"time"

	"dongthuan/internal/db"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
)

// Keep makes a pending file a piece of evidence of use. Its bytes are on the disk
// before the caller's transaction can commit; if that fails, they are bytes that
// nobody names. Who may keep what is decided by the room that calls.
func (s *Store) Keep(ctx context.Context, tx *ledger.Tx, p *Pending, use Use) (File, error) {
	if s.root != nil {
		if err := s.settle(p); err != nil {
			return File{}, err
		}
	}
	fresh, err := insertFile(ctx, tx, p)
	if err != nil {
		return File{}, err
	}
	if fresh && s.root == nil {
		if err := insertChunks(ctx, tx.Tx, p); err != nil {
			return File{}, err
		}
	}
	it := Item{ID: rand.Text(), Use: use, Name: p.name, Hash: p.hash, Kind: p.kind, Size: p.size,
		Width: p.width, Height: p.height, AddedAt: tx.At(), bare: p.bare}
	if err := insertItem(ctx, tx, it); err != nil {
		return File{}, err
	}
	return it, recordFile(ctx, tx, it)
}

// KeepAgain makes a file that is evidence of one use evidence of another too: the same
// bytes, another owner. Who may is decided by the room that calls.
func (s *Store) KeepAgain(ctx context.Context, tx *ledger.Tx, of File, use Use) (File, error) {
	it := of
	it.ID, it.Use, it.AddedAt, it.WithdrawnAt, it.Reason = rand.Text(), use, tx.At(), time.Time{}, ""
	if err := insertItem(ctx, tx, it); err != nil {
		return File{}, err
	}
	return it, recordFile(ctx, tx, it)
}

// recordFile records a file. The hash of a short file can be guessed, and a name may be a
// person's: both are sealed.
func recordFile(ctx context.Context, tx *ledger.Tx, it File) error {
	return tx.Record(ctx, ledger.EvidenceAdded, it.ID, map[string]any{
		"room": it.Room, "object": it.Object, "type": string(it.Kind), "size": sizeClass(it.Size),
	}, ledger.Sealed{Name: "sha256", Value: it.Hash}, ledger.Sealed{Name: "name", Value: it.Name})
}

// KeepReference makes a document's number and date a piece of evidence.
func (s *Store) KeepReference(ctx context.Context, tx *ledger.Tx, r Reference, use Use) (Item, error) {
	r = r.clean()
	if err := r.Check(s.now()); err != nil {
		return Item{}, err
	}
	it := Item{ID: rand.Text(), Use: use, Reference: r, AddedAt: tx.At()}
	if err := insertItem(ctx, tx, it); err != nil {
		return Item{}, err
	}
	return it, tx.Record(ctx, ledger.EvidenceAdded, it.ID, map[string]any{
		"room": use.Room, "object": use.Object, "type": "reference",
	}, ledger.Sealed{Name: "number", Value: r.Number}, ledger.Sealed{Name: "date", Value: db.Day(r.Date, lang.Vietnam)},
		ledger.Sealed{Name: "abstract", Value: r.Abstract}, ledger.Sealed{Name: "issuer", Value: r.Issuer})
}

// Withdraw marks a piece of evidence as withdrawn. It stays listed with the
// reason, and its bytes stay; the public no longer opens it by this use.
func (s *Store) Withdraw(ctx context.Context, tx *ledger.Tx, id, reason string) error {
	if reason = lang.Clean(reason); reason == "" {
		return fault.New(fault.Invalid, "evidence.reason.missing").In("reason")
	}
	standing, err := markWithdrawn(ctx, tx, id, reason)
	if err != nil {
		return err
	}
	if !standing {
		if _, err := oneItem(ctx, tx, id); err != nil {
			return err
		}
		return fault.New(fault.Conflict, "evidence.withdrawn")
	}
	return tx.Record(ctx, ledger.EvidenceWithdrawn, id, struct{}{}, ledger.Sealed{Name: "reason", Value: reason})
}

// Get returns one piece of evidence.
func (s *Store) Get(ctx context.Context, id string) (Item, error) { return oneItem(ctx, s.db, id) }

// Items returns what use owns, withdrawn ones too, the oldest first.
func (s *Store) Items(ctx context.Context, q db.Query, use Use) ([]Item, error) {
	if q == nil {
		q = s.db
	}
	return listItems(ctx, q, `i.room = $1 and i.object = $2`, use.Room, use.Object)
}

// ItemsOf is Items for many objects of a room at once.
func (s *Store) ItemsOf(ctx context.Context, q db.Query, room string, objects []string) (map[string][]Item, error) {
	if q == nil {
		q = s.db
	}
	return itemsOf(ctx, q, room, objects)
}
