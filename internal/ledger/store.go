package ledger

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"dongthuan/internal/c2sp"
	"dongthuan/internal/db"
)

// Head is the tree as the database holds it, and the newest checkpoint that was
// signed of it.
type Head struct {
	Origin     string
	Key        string // of the log, as a vkey
	Size       int64
	Root       c2sp.Hash
	Checkpoint string // signed; behind Size while a group is being signed
	Cosigned   string // the newest that enough witnesses have cosigned, "" for none
}

func readHead(ctx context.Context, q db.Query) (h Head, err error) {
	var root string
	err = q.QueryRowContext(ctx, `select origin, vkey, size, root, checkpoint, cosigned from ledger_tree where id = 1`).
		Scan(&h.Origin, &h.Key, &h.Size, &root, &h.Checkpoint, &h.Cosigned)
	if err != nil {
		return h, fmt.Errorf("read the tree's head: %w", err)
	}
	h.Root, err = parseHex(root)
	return h, err
}

func parseHex(s string) (c2sp.Hash, error) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(c2sp.Hash{}) {
		return c2sp.Hash{}, fmt.Errorf("%.70q is not a hash in hex", s)
	}
	return c2sp.Hash(b), nil
}

var errGone = errors.New("ledger: another process has changed the tree")

// swapTree is what keeps the tree safe: it moves the head only from where this
// process believes it is.
func swapTree(ctx context.Context, tx *db.Tx, old c2sp.Edge, tree c2sp.Checkpoint) error {
	res, err := tx.ExecContext(ctx, `update ledger_tree set size = $1, root = $2 where id = 1 and size = $3 and root = $4`,
		tree.Size, Hex(tree.Root), old.Size, Hex(old.Root()))
	if err != nil {
		return fmt.Errorf("move the tree's head: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return errors.Join(errGone, err)
	}
	return nil
}

// newestTime is the time of the newest leaf, the zero time where there is none.
func newestTime(ctx context.Context, q db.Query) (newest time.Time, err error) {
	for _, query := range []string{`select at from ledger_leaf order by idx desc limit 1`, `select max(at) from ledger_waiting`} {
		var at time.Time
		if err := q.QueryRowContext(ctx, query).Scan(db.When(&at)); err != nil && !errors.Is(err, db.ErrNoRows) {
			return at, fmt.Errorf("read the ledger's newest time: %w", err)
		}
		if at.After(newest) {
			newest = at
		}
	}
	return newest, nil
}

// head is an object's newest leaf. idx is nil while none has a place.
type head struct {
	hash    string
	idx     *int64
	pending int64
}

// takeHeads locks the heads of objects, in their order, and makes those that are
// not there: a second writer of the same object waits.
func takeHeads(ctx context.Context, tx *db.Tx, objects map[string]bool) (map[string]*head, error) {
	names := make([]string, 0, len(objects))
	for o := range objects {
		names = append(names, o)
	}
	slices.Sort(names)
	heads := make(map[string]*head, len(names))
	if tx.Engine() == db.SQLite { // the transaction is the only writer: nothing is to be locked
		for _, o := range names {
			h := &head{}
			err := tx.QueryRowContext(ctx, `select hash, idx, pending from ledger_head where object = $1`, o).Scan(&h.hash, &h.idx, &h.pending)
			if err != nil && !errors.Is(err, db.ErrNoRows) {
				return nil, fmt.Errorf("take ledger head of %s: %w", o, err)
			}
			heads[o] = h
		}
		return heads, nil
	}
	for part := range slices.Chunk(names, rows(tx)) {
		args := make([]any, 0, 4*len(part))
		for _, o := range part {
			args = append(args, o, "", nil, 0)
		}
		err := each(ctx, tx, func(rows *sql.Rows) error {
			var object string
			h := &head{}
			if err := rows.Scan(&object, &h.hash, &h.idx, &h.pending); err != nil {
				return err
			}
			heads[object] = h
			return nil
		}, `insert into ledger_head (object, hash, idx, pending) values `+db.Values(len(part), 4)+`
			on conflict (object) do update set pending = ledger_head.pending returning object, hash, idx, pending`, args...)
		if err != nil {
			return nil, fmt.Errorf("take ledger heads: %w", err)
		}
	}
	if len(heads) != len(names) {
		return nil, fmt.Errorf("took %d of %d ledger heads", len(heads), len(names))
	}
	return heads, nil
}

func each(ctx context.Context, q db.Query, scan func(*sql.Rows) error, query string, args ...any) error {
	_, err := db.All(ctx, q, func(rows *sql.Rows) (struct{}, error) { return struct{}{}, scan(rows) }, query, args...)
	return err
}

// insert writes rows of a table, as many in a statement as suits the engine.
func insert(ctx context.Context, tx *db.Tx, into string, columns int, after string, args []any) error {
	for part := range slices.Chunk(args, rows(tx)*columns) {
		if err := tx.Send(ctx, `insert into `+into+` values `+db.Values(len(part)/columns, columns)+after, part...); err != nil {
			return fmt.Errorf("insert into %s: %w", into, err)
		}
	}
	return nil
}

func moveHeads(ctx context.Context, tx *db.Tx, heads map[string]*head) error {
	names := make([]string, 0, len(heads))
	for o := range heads {
		names = append(names, o)
	}
	slices.Sort(names)
	args := make([]any, 0, 4*len(heads))
	for _, o := range names {
		h := heads[o]
		args = append(args, o, h.hash, h.idx, h.pending)
	}
	return insert(ctx, tx, "ledger_head (object, hash, idx, pending)", 4,
		` on conflict (object) do update set hash = excluded.hash, idx = excluded.idx, pending = excluded.pending`, args)
}

func insertLeaves(ctx context.Context, tx *db.Tx, records []*record, prevs []*int64) error {
	leaves, payloads, salts := make([]any, 0, 4*len(records)), make([]any, 0, 3*len(records)), []any(nil)
	for i, r := range records {
		leaves = append(leaves, r.idx, prevs[i], r.text, r.leaf.at())
		payloads = append(payloads, r.idx, r.payload, r.salt.text())
		for name, s := range r.sealed {
			salts = append(salts, r.idx, name, s)
		}
	}
	return errors.Join(insert(ctx, tx, "ledger_leaf (idx, prev, leaf, at)", 4, "", leaves),
		insert(ctx, tx, "ledger_payload (idx, payload, salt)", 3, "", payloads),
		insert(ctx, tx, "ledger_salt (idx, name, salt)", 3, "", salts))
}

// insertMoved gives leaves that waited their rows at their places.
func insertMoved(ctx context.Context, tx *db.Tx, heads map[string]*head, moved []*record) error {
	for _, r := range moved {
		h := heads[r.object]
		idx := r.idx
		for _, step := range []struct {
			query string
			args  []any
		}{
			{`insert into ledger_leaf (idx, prev, leaf, at) values ($1, $2, $3, $4)`, []any{idx, h.idx, r.text, r.leaf.at()}},
			{`insert into ledger_payload (idx, payload, salt) select $1, payload, salt from ledger_waiting where hash = $2`, []any{idx, Hex(r.hash)}},
			{`insert into ledger_salt (idx, name, salt) select $1, name, salt from ledger_waiting_salt where hash = $2`, []any{idx, Hex(r.hash)}},
			{`delete from ledger_waiting_salt where hash = $1`, []any{Hex(r.hash)}},
			{`delete from ledger_waiting where hash = $1`, []any{Hex(r.hash)}},
			{`update ledger_promise set idx = $1 where hash = $2`, []any{idx, Hex(r.hash)}},
		} {
			if _, err := tx.ExecContext(ctx, step.query, step.args...); err != nil {
				return fmt.Errorf("place a leaf that waited: %w", err)
			}
		}
		h.idx = &idx
	}
	return nil
}

func insertNodes(ctx context.Context, tx *db.Tx, nodes []c2sp.Node) error {
	var args []any
	for _, n := range nodes {
		args = append(args, n.Level, n.N, Hex(n.Hash))
	}
	return insert(ctx, tx, "ledger_node (level, n, hash)", 3, "", args)
}

func insertWaiting(ctx context.Context, tx *db.Tx, r *record) error {
	if err := insert(ctx, tx, "ledger_waiting (hash, object, leaf, payload, salt, at)", 6, "",
		[]any{Hex(r.hash), r.object, r.text, r.payload, r.salt.text(), db.Time(r.at)}); err != nil {
		return err
	}
	var salts []any
	for name, s := range r.sealed {
		salts = append(salts, Hex(r.hash), name, s)
	}
	return insert(ctx, tx, "ledger_waiting_salt (hash, name, salt)", 3, "", salts)
}

func anyWaiting(ctx context.Context, q db.Query) (bool, error) {
	var one int
	err := q.QueryRowContext(ctx, `select 1 from ledger_waiting limit 1`).Scan(&one)
	if errors.Is(err, db.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

func waitingObjects(ctx context.Context, q db.Query) ([]string, error) {
	return db.All(ctx, q, func(rows *sql.Rows) (o string, err error) { return o, rows.Scan(&o) }, `select distinct object from ledger_waiting`)
}

func readWaiting(ctx context.Context, q db.Query, object string) ([]*record, error) {
	return db.All(ctx, q, func(rows *sql.Rows) (*record, error) {
		r := &record{object: object}
		if err := rows.Scan(&r.text, db.When(&r.at)); err != nil {
			return nil, err
		}
		leaf, err := ParseLeaf(r.text)
		r.leaf, r.kind, r.hash = leaf, leaf.Type, leafHash(r.text)
		return r, err
	}, `select leaf, at from ledger_waiting where object = $1`, object)
}

func readLeaf(ctx context.Context, q db.Query, idx int64) (text string, err error) {
	return text, q.QueryRowContext(ctx, `select leaf from ledger_leaf where idx = $1`, idx).Scan(&text)
}

// readLeaves reads the leaves from one place up to another, without it.
func readLeaves(ctx context.Context, q db.Query, from, to int64) ([]string, error) {
	all, err := db.All(ctx, q, func(rows *sql.Rows) (text string, err error) { return text, rows.Scan(&text) },
		`select leaf from ledger_leaf where idx >= $1 and idx < $2 order by idx`, from, to)
	if err == nil && int64(len(all)) != to-from {
		err = fmt.Errorf("of the leaves %d to %d only %d are there", from, to-1, len(all))
	}
	return all, err
}

// tileReader reads tiles from the database, the lowest from the leaves' bytes.
func tileReader(ctx context.Context, q db.Query) c2sp.TileReader {
	return func(level int, n int64, width int) ([]c2sp.Hash, error) {
		first := n << c2sp.TileHeight
		if level == 0 {
			texts, err := readLeaves(ctx, q, first, first+int64(width))
			if err != nil {
				return nil, err
			}
			hashes := make([]c2sp.Hash, len(texts))
			for i, text := range texts {
				hashes[i] = leafHash(text)
			}
			return hashes, nil
		}
		hashes, err := db.All(ctx, q, func(rows *sql.Rows) (c2sp.Hash, error) {
			var text string
			if err := rows.Scan(&text); err != nil {
				return c2sp.Hash{}, err
			}
			return parseHex(text)
		}, `select hash from ledger_node where level = $1 and n >= $2 and n < $3 order by n`, level, first, first+int64(width))
		if err == nil && len(hashes) != width {
			err = fmt.Errorf("tile %d/%d has %d of %d hashes", level, n, len(hashes), width)
		}
		return hashes, err
	}
}

// findLeaf finds the place of an object's leaf by its hash, -1 where it has none.
func findLeaf(ctx context.Context, q db.Query, object string, hash c2sp.Hash) (int64, error) {
	var idx *int64
	err := q.QueryRowContext(ctx, `select idx from ledger_head where object = $1`, object).Scan(&idx)
	if errors.Is(err, db.ErrNoRows) {
		return -1, nil
	}
	for err == nil && idx != nil {
		at := *idx
		var text string
		if err = q.QueryRowContext(ctx, `select leaf, prev from ledger_leaf where idx = $1`, at).Scan(&text, &idx); err == nil && leafHash(text) == hash {
			return at, nil
		}
	}
	if err != nil {
		return -1, fmt.Errorf("find a leaf of %s: %w", object, err)
	}
	return -1, nil
}

// signedSize is the size of the newest tree that was signed.
func signedSize(ctx context.Context, q db.Query) (int64, error) {
	h, err := readHead(ctx, q)
	if errors.Is(err, db.ErrNoRows) || err == nil && h.Checkpoint == "" {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	key, err := c2sp.ParseKey(h.Key)
	if err != nil {
		return 0, err
	}
	s, err := c2sp.Open(h.Checkpoint, key)
	return s.Size, err
}
