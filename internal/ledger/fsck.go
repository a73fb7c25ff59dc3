package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"dongthuan/internal/c2sp"
	"dongthuan/internal/db"
)

// Verify checks all that is recorded and returns a line for each thing that does
// not hold: every place has a leaf in its exact form, the leaves have the tree's
// root, every payload opens its leaf's commitment, the leaves of each object form
// one chain that ends at its head, and the checkpoint kept is of this tree.
func Verify(ctx context.Context, q db.Query) (problems []string, err error) {
	c := checker{newest: map[string]place{}, lost: map[int64]bool{}, tiles: map[[2]int64]c2sp.Hash{}, salts: map[sealedField]bool{}, erased: map[sealedField]bool{}}
	head, err := readHead(ctx, q)
	if errors.Is(err, db.ErrNoRows) {
		head, err = Head{Root: c2sp.Edge{}.Root()}, nil // nothing was recorded yet
	}
	if err != nil {
		return nil, err
	}
	if err := each(ctx, q, func(rows *sql.Rows) error {
		var idx int64
		err := rows.Scan(&idx)
		c.lost[idx] = true
		return err
	}, `select idx from ledger_lost`); err != nil {
		return nil, err
	}
	if err := each(ctx, q, func(rows *sql.Rows) error {
		var f sealedField
		err := rows.Scan(&f.idx, &f.name)
		c.salts[f] = true
		return err
	}, `select idx, name from ledger_salt`); err != nil {
		return nil, err
	}
	if err := each(ctx, q, c.leaf, `
		select l.idx, l.prev, l.leaf, l.at, coalesce(p.payload, ''), coalesce(p.salt, '')
		from ledger_leaf l left join ledger_payload p on p.idx = l.idx order by l.idx`); err != nil {
		return nil, fmt.Errorf("read ledger: %w", err)
	}
	if c.edge.Size != head.Size || c.edge.Root() != head.Root {
		c.report("tree: its head says %d leaves with root %s, and there are %d with root %s", head.Size, head.Root, c.edge.Size, c.edge.Root())
	}
	for _, f := range c.sealed {
		if !c.erased[f] {
			c.report("leaf %d: the salt of its field %s is gone, and no leaf says that it was erased", f.idx, f.name)
		}
	}
	c.checkpoint(head)
	if err := each(ctx, q, c.head, `select object, hash, idx, pending from ledger_head`); err != nil {
		return nil, fmt.Errorf("read ledger heads: %w", err)
	}
	for object := range c.newest {
		c.report("object %s: leaves without a head", object)
	}
	if err := each(ctx, q, c.waiting, `select object, leaf, payload, salt from ledger_waiting`); err != nil {
		return nil, fmt.Errorf("read leaves that wait: %w", err)
	}
	for object, n := range c.pending {
		c.report("object %s: its head awaits %d leaves more than there are", object, n)
	}
	err = each(ctx, q, func(rows *sql.Rows) error {
		var level, n int64
		var text string
		if err := rows.Scan(&level, &n, &text); err != nil {
			return err
		}
		if h, err := parseHex(text); err != nil || c.tiles[[2]int64{level, n}] != h {
			c.report("tile %d, entry %d: not the root of its leaves", level, n)
		}
		delete(c.tiles, [2]int64{level, n})
		return nil
	}, `select level, n, hash from ledger_node`)
	for at := range c.tiles {
		c.report("tile %d, entry %d: missing", at[0], at[1])
	}
	return c.problems, err
}

type place struct {
	idx  int64
	hash string // hex
}

type checker struct {
	problems []string
	edge     c2sp.Edge
	newest   map[string]place // of each object
	pending  map[string]int64
	lost     map[int64]bool
	tiles    map[[2]int64]c2sp.Hash
	salts    map[sealedField]bool
	sealed   []sealedField // whose salt is not there
	erased   map[sealedField]bool
}

type sealedField struct {
	idx  int64
	name string
}

// mostProblems is how many problems are told: a file that is torn has one in each row.
const mostProblems = 1000

func (c *checker) report(format string, args ...any) {
	if len(c.problems) < mostProblems {
		c.problems = append(c.problems, fmt.Sprintf(format, args...))
	}
}

func (c *checker) leaf(rows *sql.Rows) error {
	var idx int64
	var prev *int64
	var text, at, payload, saltText string
	if err := rows.Scan(&idx, &prev, &text, &at, &payload, &saltText); err != nil {
		return err
	}
	if idx != c.edge.Size {
		c.report("leaf %d: stands where leaf %d should", idx, c.edge.Size)
	}
	hash := leafHash(text)
	for _, n := range c.edge.Append(hash) {
		c.tiles[[2]int64{int64(n.Level), n.N}] = n.Hash
	}
	leaf, err := ParseLeaf(text)
	if err != nil {
		c.report("leaf %d: %v", idx, err)
		return nil
	}
	if at != leaf.at() {
		c.report("leaf %d: its row is dated %.40q, and the leaf %s", idx, at, leaf.at())
	}
	before, has := c.newest[leaf.Object]
	want := ""
	if has {
		if want, err = toBase64(before.hash); err != nil {
			return err
		}
	}
	if leaf.Prev != want || has != (prev != nil) || has && *prev != before.idx {
		c.report("leaf %d of object %s: does not follow the one before", idx, leaf.Object)
	}
	c.newest[leaf.Object] = place{idx, Hex(hash)}
	if c.lost[idx] && payload == "" {
		return nil
	}
	s, err := parseSalt(saltText)
	if err != nil || s.seal(payloadContext, string(leaf.Type), payload) != leaf.Commit {
		c.report("leaf %d of object %s: its payload does not open it", idx, leaf.Object)
		return nil
	}
	return c.fields(idx, leaf.Type, payload)
}

// fields notes what a payload seals without its salt, and what was erased.
func (c *checker) fields(idx int64, kind Type, payload string) error {
	members, err := commitments(payload)
	if err != nil {
		return err
	}
	for name, value := range members {
		if field, ok := strings.CutSuffix(name, "_c"); ok && validHash(value) && !c.salts[sealedField{idx, field}] {
			c.sealed = append(c.sealed, sealedField{idx, field})
		}
	}
	if kind != DataErased {
		return nil
	}
	var e struct {
		Erased []struct {
			Index  int64
			Fields []string
		}
	}
	if err := json.Unmarshal([]byte(payload), &e); err != nil {
		return err
	}
	for _, one := range e.Erased {
		for _, name := range one.Fields {
			c.erased[sealedField{one.Index, name}] = true
		}
	}
	return nil
}

func (c *checker) checkpoint(head Head) {
	if head.Checkpoint == "" {
		return
	}
	s, err := head.Signed()
	switch {
	case err != nil:
		c.report("checkpoint: %v", err)
	case s.Size > head.Size:
		c.report("checkpoint: of %d leaves, and there are %d", s.Size, head.Size)
	case s.Size == head.Size && s.Root != head.Root:
		c.report("checkpoint: of another tree of %d leaves", s.Size)
	}
}

func (c *checker) head(rows *sql.Rows) error {
	var object, hash string
	var idx *int64
	var pending int64
	if err := rows.Scan(&object, &hash, &idx, &pending); err != nil {
		return err
	}
	at, has := c.newest[object]
	if has != (idx != nil) || has && *idx != at.idx || pending == 0 && hash != at.hash {
		c.report("object %s: its head is not its newest leaf", object)
	}
	delete(c.newest, object)
	if pending != 0 {
		if c.pending == nil {
			c.pending = map[string]int64{}
		}
		c.pending[object] = pending
	}
	return nil
}

func (c *checker) waiting(rows *sql.Rows) error {
	var object, text, payload, saltText string
	if err := rows.Scan(&object, &text, &payload, &saltText); err != nil {
		return err
	}
	leaf, err := ParseLeaf(text)
	s, saltErr := parseSalt(saltText)
	if err != nil || saltErr != nil || leaf.Object != object || s.seal(payloadContext, string(leaf.Type), payload) != leaf.Commit {
		c.report("a leaf of %s that waits: its payload does not open it", object)
	}
	if c.pending[object]--; c.pending[object] == 0 {
		delete(c.pending, object)
	}
	return nil
}
