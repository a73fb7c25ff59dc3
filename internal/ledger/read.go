package ledger

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"dongthuan/internal/c2sp"
	"dongthuan/internal/db"
	"dongthuan/internal/fault"
)

// Event is one leaf of an object with what it says, for showing a history.
type Event struct {
	Type    Type
	At      time.Time
	Hash    string // RFC 6962 leaf hash, hex
	Index   int64  // place in the tree
	Payload string // canonical JSON, "" where it is lost
}

// Code is the code of the event's receipt.
func (e Event) Code() string {
	h, err := parseHex(e.Hash)
	if err != nil {
		return ""
	}
	return Code(e.Index, h)
}

// History returns the leaves of an object in the order of its chain, the oldest
// first. Leaves that still wait for their place are not among them.
func History(ctx context.Context, q db.Query, object string) ([]Event, error) {
	all, err := back(ctx, q, object, nil, 0)
	for i, j := 0, len(all)-1; i < j; i, j = i+1, j-1 {
		all[i], all[j] = all[j], all[i]
	}
	return all, err
}

// Newest returns the newest event of an object, of the types given where there are
// any.
func Newest(ctx context.Context, q db.Query, object string, types ...Type) (Event, bool, error) {
	all, err := back(ctx, q, object, types, 1)
	if len(all) == 0 {
		return Event{}, false, err
	}
	return all[0], true, err
}

// back walks an object's chain from its newest leaf, at most so many events of
// these types; 0 is all of them.
func back(ctx context.Context, q db.Query, object string, types []Type, most int) ([]Event, error) {
	fail := func(err error) ([]Event, error) {
		return nil, fmt.Errorf("read history of %s: %w", object, err)
	}
	var idx *int64
	err := q.QueryRowContext(ctx, `select idx from ledger_head where object = $1`, object).Scan(&idx)
	if errors.Is(err, db.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return fail(err)
	}
	var all []Event
	for idx != nil && (most == 0 || len(all) < most) {
		e := Event{Index: *idx}
		var text string
		err := q.QueryRowContext(ctx, `
			select l.leaf, l.prev, l.at, coalesce(p.payload, '') from ledger_leaf l left join ledger_payload p on p.idx = l.idx
			where l.idx = $1`, *idx).Scan(&text, &idx, db.When(&e.At), &e.Payload)
		if err != nil {
			return fail(err)
		}
		leaf, err := ParseLeaf(text)
		if err != nil {
			return fail(err)
		}
		h := leafHash(text)
		e.Type, e.Hash = leaf.Type, hex.EncodeToString(h[:])
		if len(types) == 0 || has(types, e.Type) {
			all = append(all, e)
		}
	}
	return all, nil
}

func has(types []Type, t Type) bool {
	for _, x := range types {
		if x == t {
			return true
		}
	}
	return false
}

// Head is the tree as it is, with the newest checkpoint signed.
func (l *Ledger) Head(ctx context.Context) (Head, error) {
	h, err := readHead(ctx, l.db)
	if errors.Is(err, db.ErrNoRows) {
		return h, fault.New(fault.NotFound, "ledger.empty")
	}
	if err != nil {
		return h, err
	}
	if s := l.signed.Load(); s != nil && s.Origin == h.Origin {
		kept, err := c2sp.ParseKey(h.Key)
		if err != nil {
			return h, err
		}
		old, err := c2sp.Open(h.Checkpoint, kept)
		if h.Checkpoint == "" || err == nil && old.Size < s.Size {
			h.Checkpoint = s.note
		}
	}
	if c := l.cosigned.Load(); c != nil {
		h.Cosigned = *c // the row follows in a moment
	}
	if h.Checkpoint == "" {
		return h, fault.New(fault.NotFound, "ledger.empty")
	}
	return h, nil
}

// Signed opens the newest checkpoint: the tree that receipts are made for.
func (h Head) Signed() (c2sp.Signed, error) {
	key, err := c2sp.ParseKey(h.Key)
	if err != nil {
		return c2sp.Signed{}, err
	}
	return c2sp.Open(h.Checkpoint, key)
}

// best is the checkpoint for a receipt of the leaf at idx: cosigned where the leaf
// is in it, else the newest. A cosigned one that is larger than the tree, as a
// database that went back has it, cannot be proven from what is there.
func (h Head) best(idx int64) (string, c2sp.Checkpoint, error) {
	key, err := c2sp.ParseKey(h.Key)
	if err != nil {
		return "", c2sp.Checkpoint{}, err
	}
	for _, signed := range []string{h.Cosigned, h.Checkpoint} {
		if signed == "" {
			continue
		}
		s, err := c2sp.Open(signed, key)
		if err != nil {
			return "", c2sp.Checkpoint{}, err
		}
		if s.Size > idx && s.Size <= h.Size {
			return signed, s.Checkpoint, nil
		}
	}
	return "", c2sp.Checkpoint{}, fault.New(fault.Busy, "ledger.unsigned")
}

// ByCode makes the receipt that a code names: a thin one, or one that is opened
// where the leaf's type is public.
func (l *Ledger) ByCode(ctx context.Context, code string) (Receipt, error) {
	idx, prefix, err := ParseCode(code)
	if err != nil {
		return Receipt{}, fault.New(fault.NotFound, "ledger.code.wrong").Because(err)
	}
	r, err := l.ReceiptAt(ctx, idx)
	if errors.Is(err, db.ErrNoRows) || err == nil && !CodeOf(prefix, r.Hash()) {
		return Receipt{}, fault.New(fault.NotFound, "ledger.code.unknown")
	}
	return r, err
}

// ReceiptAt makes the receipt of the leaf at a place of the tree.
func (l *Ledger) ReceiptAt(ctx context.Context, idx int64) (Receipt, error) {
	h, err := l.Head(ctx)
	if err != nil {
		return Receipt{}, err
	}
	text, err := readLeaf(ctx, l.db, idx)
	if err != nil {
		return Receipt{}, err
	}
	r := Receipt{Text: text}
	if r.Leaf, err = ParseLeaf(text); err != nil {
		return Receipt{}, err
	}
	r.Proof.Index = idx
	var tree c2sp.Checkpoint
	if r.Proof.Checkpoint, tree, err = h.best(idx); err != nil {
		return Receipt{}, err
	}
	if r.Proof.Hashes, err = tileReader(ctx, l.db).Inclusion(tree, idx); err != nil {
		return Receipt{}, fmt.Errorf("prove leaf %d: %w", idx, err)
	}
	if public[r.Leaf.Type] {
		r.Opening, err = l.opening(ctx, idx)
	}
	return r, err
}

func (l *Ledger) opening(ctx context.Context, idx int64) (*Opening, error) {
	var payload, salt string
	err := l.db.QueryRowContext(ctx, `select payload, salt from ledger_payload where idx = $1`, idx).Scan(&payload, &salt)
	if errors.Is(err, db.ErrNoRows) {
		return nil, nil // lost with a disk: the commitment is all there is
	}
	if err != nil {
		return nil, err
	}
	s, err := parseSalt(salt)
	if err != nil {
		return nil, err
	}
	return &Opening{Payload: payload, Salt: base64.StdEncoding.EncodeToString(s[:])}, nil
}

// Promised finds a promise by its leaf's hash in hex: its signed note, and the code
// of the receipt once there is one.
func (l *Ledger) Promised(ctx context.Context, hash string) (note, code string, at time.Time, err error) {
	var idx *int64
	var object string
	err = l.db.QueryRowContext(ctx, `select note, object, at, idx from ledger_promise where hash = $1`, hash).Scan(&note, &object, db.When(&at), &idx)
	if errors.Is(err, db.ErrNoRows) {
		return "", "", at, fault.New(fault.NotFound, "ledger.code.unknown")
	}
	if err != nil {
		return note, "", at, err
	}
	h, err := parseHex(hash)
	if err != nil {
		return note, "", at, err
	}
	if idx != nil {
		return note, Code(*idx, h), at, nil
	}
	// It may have got its place while the promise was being written.
	found, err := findLeaf(ctx, l.db, object, h)
	if err != nil || found < 0 {
		return note, "", at, err
	}
	return note, Code(found, h), at, nil
}

// Tile returns the bytes of a tile, or with level -1 of a bundle of entries, for
// trees that were signed.
func (l *Ledger) Tile(ctx context.Context, level int, n int64, width int) ([]byte, error) {
	missing := fault.New(fault.NotFound, "web.notfound")
	size, err := signedSize(ctx, l.db)
	if s := l.signed.Load(); err == nil && s != nil && s.Size > size {
		size = s.Size
	}
	if err != nil {
		return nil, err
	}
	whole := size
	if level > 0 {
		if level > 7 {
			return nil, missing
		}
		whole = size >> (c2sp.TileHeight * level)
	}
	if n > whole>>c2sp.TileHeight || n<<c2sp.TileHeight+int64(width) > whole {
		return nil, missing
	}
	var b []byte
	if level < 0 {
		texts, err := readLeaves(ctx, l.db, n<<c2sp.TileHeight, n<<c2sp.TileHeight+int64(width))
		if err != nil {
			return nil, err
		}
		for _, text := range texts {
			if b, err = c2sp.AppendEntry(b, text); err != nil {
				return nil, err
			}
		}
		return b, nil
	}
	hashes, err := tileReader(ctx, l.db)(level, n, width)
	for _, h := range hashes {
		b = append(b, h[:]...)
	}
	return b, err
}

// Consistency proves that a signed tree begins with the tree of size old.
func (l *Ledger) Consistency(ctx context.Context, tree c2sp.Checkpoint, old int64) ([]c2sp.Hash, error) {
	return tileReader(ctx, l.db).Consistency(tree, old)
}

// Growth counts the leaves recorded in each of the last days, the oldest first, in
// the zone given.
func Growth(ctx context.Context, q db.Query, now time.Time, days int, zone *time.Location) ([]int64, error) {
	all := make([]int64, days)
	today := now.In(zone)
	start := time.Date(today.Year(), today.Month(), today.Day()-days+1, 0, 0, 0, 0, zone)
	for i := range all {
		from, to := start.AddDate(0, 0, i), start.AddDate(0, 0, i+1)
		a, err := placeAt(ctx, q, from)
		if err != nil {
			return nil, err
		}
		b, err := placeAt(ctx, q, to)
		if err != nil {
			return nil, err
		}
		all[i] = b - a
	}
	return all, nil
}

// placeAt is the first place at or after a time, found by halving: times follow
// the places closely enough for a drawing.
func placeAt(ctx context.Context, q db.Query, t time.Time) (int64, error) {
	var size int64
	if err := q.QueryRowContext(ctx, `select coalesce(max(idx), -1) + 1 from ledger_leaf`).Scan(&size); err != nil {
		return 0, err
	}
	low, high := int64(0), size
	for low < high {
		mid := (low + high) / 2
		var at time.Time
		if err := q.QueryRowContext(ctx, `select at from ledger_leaf where idx = $1`, mid).Scan(db.When(&at)); err != nil {
			return 0, err
		}
		if at.Before(t) {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low, nil
}

// Public reads what leaves of public types say, from a place on, at most so many
// leaves of any type. next is where to go on.
func (l *Ledger) Public(ctx context.Context, from int64, most int) (all []PublicLeaf, next int64, err error) {
	size, err := signedSize(ctx, l.db)
	if err != nil {
		return nil, from, err
	}
	if s := l.signed.Load(); s != nil && s.Size > size {
		size = s.Size
	}
	next = max(from, min(from+int64(most), size))
	for idx := from; idx < next; idx++ {
		var text, payload, salt string
		err := l.db.QueryRowContext(ctx, `
			select l.leaf, coalesce(p.payload, ''), coalesce(p.salt, '') from ledger_leaf l left join ledger_payload p on p.idx = l.idx where l.idx = $1`, idx).Scan(&text, &payload, &salt)
		if err != nil {
			return nil, from, err
		}
		leaf, err := ParseLeaf(text)
		if err != nil {
			return nil, from, err
		}
		if !public[leaf.Type] {
			continue
		}
		p := PublicLeaf{Index: idx, Payload: payload}
		if s, err := parseSalt(salt); err == nil {
			p.Salt = base64.StdEncoding.EncodeToString(s[:])
		}
		all = append(all, p)
	}
	return all, next, nil
}

// PublicLeaf is what a leaf of a public type says: payload and salt open it. Both
// are empty where they were lost or erased.
type PublicLeaf struct {
	Index   int64  `json:"index"`
	Payload string `json:"payload"`
	Salt    string `json:"salt"`
}
