// Package search finds news, units, reports and criteria by their words. It is
// the one place where the two engines differ on purpose: FTS5 on SQLite, tsvector
// on PostgreSQL, over words that are split, folded and cut here, so that both
// find the same documents and put them in the same order.
package search

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
)

// Kinds of documents.
const (
	News     = "news"
	Unit     = "unit"
	Report   = "report"
	Criteria = "criteria"
)

// Kinds are all kinds, in the order in which they are offered.
var Kinds = []string{News, Unit, Report, Criteria}

// Doc is what may be found. Kind and Ref name it; Body is plain text, as a reader
// would see it; At orders documents that match alike, the newest first.
type Doc struct {
	Kind, Ref        string
	Title, Body, URL string
	At               time.Time
}

// Put makes d findable, in place of what was there under its kind and ref.
func Put(ctx context.Context, tx *ledger.Tx, d Doc) error { return PutMany(ctx, tx, []Doc{d}) }

const (
	atOnce = 250  // documents that one statement writes
	large  = 1000 // documents from which an import is a large one
)

// PutMany is Put for many documents; of two with the same kind and ref the later
// one stays.
func PutMany(ctx context.Context, tx *ledger.Tx, docs []Doc) error {
	type name struct{ kind, ref string }
	last := make(map[name]int, len(docs))
	for i, d := range docs {
		if !slices.Contains(Kinds, d.Kind) || d.Ref == "" {
			return fmt.Errorf("index %q %q: not a kind and a name", d.Kind, d.Ref)
		}
		last[name{d.Kind, d.Ref}] = i
	}
	var once []Doc
	for i, d := range docs {
		if last[name{d.Kind, d.Ref}] == i {
			d.Title, d.Body = lang.Line(d.Title), lang.Clean(d.Body)
			once = append(once, d)
		}
	}
	// FTS5 writes out what it holds in memory whenever an id is lower than the one
	// before: in rising order that is seldom.
	slices.SortStableFunc(once, func(a, b Doc) int { return cmp.Compare(place(a), place(b)) })
	for part := range slices.Chunk(once, atOnce) {
		if err := remove(ctx, tx, part); err != nil {
			return fmt.Errorf("replace in the index: %w", err)
		}
		if err := insert(ctx, tx, part); err != nil {
			return fmt.Errorf("index: %w", err)
		}
	}
	if len(once) < large {
		return nil
	}
	return settle(ctx, tx)
}

// Remove makes a document unfindable. It is no error where there is none.
func Remove(ctx context.Context, tx *ledger.Tx, kind, ref string) error {
	if err := remove(ctx, tx, []Doc{{Kind: kind, Ref: ref}}); err != nil {
		return fmt.Errorf("remove from the index: %w", err)
	}
	return nil
}

// firstDay is where the minutes of ids are counted from.
var firstDay = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)

// place is the id of a document: the minute of its time, then bits of its name,
// so that ids order documents by time and two of one minute seldom meet.
func place(d Doc) int64 {
	minute := min(max(int64(d.At.Sub(firstDay)/time.Minute), 0), 1<<28-1)
	sum := sha256.Sum256([]byte(d.Kind + "\x00" + d.Ref))
	return minute<<35 | int64(binary.BigEndian.Uint64(sum[:])>>29)
}
