package ledger

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"dongthuan/internal/db"
)

type leafRow struct {
	id, object, leaf, hash string
	at                     time.Time
}

// takeHead locks the object's head and returns the hash of its newest leaf in
// base64, "" where it has none. Updating first makes a second writer of the same
// object wait, on both engines.
func takeHead(ctx context.Context, tx *Tx, object string) (string, error) {
	for {
		var hash string
		err := tx.QueryRowContext(ctx, `update ledger_head set hash = hash where object = $1 returning hash`, object).Scan(&hash)
		if errors.Is(err, db.ErrNoRows) {
			res, err := tx.ExecContext(ctx, `insert into ledger_head (object, hash) values ($1, '') on conflict do nothing`, object)
			if err != nil {
				return "", fmt.Errorf("make ledger head of %s: %w", object, err)
			}
			if n, err := res.RowsAffected(); err != nil {
				return "", err
			} else if n == 1 {
				return "", nil
			}
			continue // another writer made it meanwhile
		}
		if err != nil {
			return "", fmt.Errorf("take ledger head of %s: %w", object, err)
		}
		return toBase64(hash)
	}
}

func toBase64(hash string) (string, error) {
	b, err := hex.DecodeString(hash)
	return base64.StdEncoding.EncodeToString(b), err
}

func insertLeaf(ctx context.Context, tx *Tx, row leafRow, payload, salt string, salts map[string]string) error {
	if _, err := tx.ExecContext(ctx, `
		insert into ledger_leaf (id, object, leaf, hash, at) values ($1, $2, $3, $4, $5)`,
		row.id, row.object, row.leaf, row.hash, db.Time(row.at)); err != nil {
		return fmt.Errorf("insert leaf: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `
		insert into ledger_payload (leaf_id, payload, salt) values ($1, $2, $3)`, row.id, payload, salt); err != nil {
		return fmt.Errorf("insert payload: %w", err)
	}
	for name, s := range salts {
		if _, err := tx.ExecContext(ctx, `
			insert into ledger_salt (leaf_id, name, salt) values ($1, $2, $3)`, row.id, name, s); err != nil {
			return fmt.Errorf("insert salt: %w", err)
		}
	}
	if _, err := tx.ExecContext(ctx, `update ledger_head set hash = $2 where object = $1`, row.object, row.hash); err != nil {
		return fmt.Errorf("move ledger head: %w", err)
	}
	return nil
}

// Event is one leaf of an object with what it says, for showing a history.
type Event struct {
	Type    Type
	At      time.Time
	Hash    string // RFC 6962 leaf hash, hex
	Payload string // canonical JSON
}

// History returns the leaves of an object in the order of its chain, the oldest
// first.
func History(ctx context.Context, q db.Query, object string) ([]Event, error) {
	after := map[string]Event{} // by the hash of the leaf before
	_, err := db.All(ctx, q, func(rows *sql.Rows) (struct{}, error) {
		var e Event
		var leaf string
		if err := rows.Scan(&leaf, &e.Hash, db.When(&e.At), &e.Payload); err != nil {
			return struct{}{}, err
		}
		l, err := ParseLeaf(leaf)
		e.Type = l.Type
		after[l.Prev] = e
		return struct{}{}, err
	}, `
		select l.leaf, l.hash, l.at, p.payload
		from ledger_leaf l join ledger_payload p on p.leaf_id = l.id
		where l.object = $1`, object)
	if err != nil {
		return nil, fmt.Errorf("read history of %s: %w", object, err)
	}
	var all []Event
	prev := ""
	for range after {
		e, ok := after[prev]
		if !ok {
			break
		}
		all = append(all, e)
		if prev, err = toBase64(e.Hash); err != nil {
			return nil, err
		}
	}
	return all, nil
}
