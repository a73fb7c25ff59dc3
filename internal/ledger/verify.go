package ledger

import (
	"context"
	"fmt"

	"dongthuan/internal/db"
)

// Verify checks all that is recorded and returns a line for each thing that does
// not hold: every leaf is in its exact form and has its hash, every payload opens
// its leaf's commitment, and each object's leaves form one chain that ends at its
// head.
func Verify(ctx context.Context, q db.Query) (problems []string, err error) {
	rows, err := q.QueryContext(ctx, `
		select l.id, l.object, l.leaf, l.hash, coalesce(p.payload, ''), coalesce(p.salt, '')
		from ledger_leaf l left join ledger_payload p on p.leaf_id = l.id`)
	if err != nil {
		return nil, fmt.Errorf("read ledger: %w", err)
	}
	defer rows.Close()
	report := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	next := map[string]map[string]string{} // object → prev → hash of the leaf after it
	count := map[string]int{}
	for rows.Next() {
		var id, object, text, hash, payload, saltText string
		if err := rows.Scan(&id, &object, &text, &hash, &payload, &saltText); err != nil {
			return nil, fmt.Errorf("read ledger: %w", err)
		}
		leaf, err := ParseLeaf(text)
		if err != nil {
			report("leaf %s of %s: %v", id, object, err)
			continue
		}
		if leaf.Hash() != hash || leaf.Object != object {
			report("leaf %s of %s: hash or object differs from its text", id, object)
		}
		s, err := parseSalt(saltText)
		if err != nil || s.seal(payloadContext, string(leaf.Type), payload) != leaf.Commit {
			report("leaf %s of %s: its payload does not open it", id, object)
		}
		if next[object] == nil {
			next[object] = map[string]string{}
		}
		if _, forked := next[object][leaf.Prev]; forked {
			report("object %s: two leaves follow the same leaf", object)
		}
		if next[object][leaf.Prev], err = toBase64(hash); err != nil {
			report("leaf %s of %s: hash is not hex", id, object)
		}
		count[object]++
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read ledger: %w", err)
	}
	return problems, verifyChains(ctx, q, next, count, report)
}

func verifyChains(ctx context.Context, q db.Query, next map[string]map[string]string, count map[string]int, report func(string, ...any)) error {
	rows, err := q.QueryContext(ctx, `select object, hash from ledger_head`)
	if err != nil {
		return fmt.Errorf("read ledger heads: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var object, hash string
		if err := rows.Scan(&object, &hash); err != nil {
			return fmt.Errorf("read ledger heads: %w", err)
		}
		at, steps := "", 0
		for next[object][at] != "" && steps <= count[object] {
			at, steps = next[object][at], steps+1
		}
		if head, err := toBase64(hash); err != nil || at != head || steps != count[object] {
			report("object %s: its %d leaves do not form one chain to its head", object, count[object])
		}
		delete(count, object)
	}
	for object := range count {
		report("object %s: leaves without a head", object)
	}
	return rows.Err()
}
