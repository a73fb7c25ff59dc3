package ledger

import (
	"context"
	"fmt"
)

// Erase forgets sealed values of an object's leaves: the salts that open them are
// deleted, and data.erased is recorded with the ground. Leaves, proofs and receipts
// stay valid; what the fields held can no longer be proven nor guessed from here.
// The caller deletes the values themselves in the same transaction. It returns how
// many fields were forgotten.
func (tx *Tx) Erase(ctx context.Context, object, ground string, fields ...string) (int, error) {
	events, err := History(ctx, tx, object)
	if err != nil {
		return 0, err
	}
	erased := []map[string]any{}
	for _, e := range events {
		var gone []string
		for _, name := range fields {
			res, err := tx.ExecContext(ctx, `delete from ledger_salt where idx = $1 and name = $2`, e.Index, name)
			if err != nil {
				return 0, fmt.Errorf("erase %s of %s: %w", name, object, err)
			}
			if n, err := res.RowsAffected(); err != nil {
				return 0, err
			} else if n > 0 {
				gone = append(gone, name)
			}
		}
		if gone != nil {
			erased = append(erased, map[string]any{"index": e.Index, "fields": gone})
		}
	}
	n := 0
	for _, e := range erased {
		n += len(e["fields"].([]string))
	}
	if n == 0 {
		return 0, nil
	}
	return n, tx.Record(ctx, DataErased, object, map[string]any{"ground": ground, "erased": erased})
}

// Scrub has the engine let go of bytes that were deleted: SQLite's log is copied
// into the file, where deleted bytes are overwritten, and begun anew.
func (l *Ledger) Scrub(ctx context.Context) error { return l.db.Scrub(ctx) }
