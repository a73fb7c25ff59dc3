package ledger

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"dongthuan/internal/c2sp"
	"dongthuan/internal/db"
)

// Mirror is a copy of the log that somebody else kept: a monitor's folder, an
// export, another site.
type Mirror struct {
	// Checkpoint is the newest signed checkpoint the mirror holds leaves for.
	Checkpoint string
	// Entries reads leaves from one place up to another, without it.
	Entries func(ctx context.Context, from, to int64) ([]string, error)
}

// Recovered says what a recovery brought back.
type Recovered struct {
	From, To int64 // places whose leaves came back without what they say
	Incident string
}

// Recover fills a database that went back in time, so that the ledger goes on as
// the same tree instead of becoming two: the missing leaves come back at their old
// places, without their payloads, which are lost. The caller then records the
// incident with Declare. Nothing else may have the database open.
func Recover(ctx context.Context, d *db.DB, m Mirror) (Recovered, error) {
	head, err := readHead(ctx, d)
	if err != nil {
		return Recovered{}, err
	}
	key, err := c2sp.ParseKey(head.Key)
	if err != nil {
		return Recovered{}, err
	}
	signed, err := c2sp.Open(m.Checkpoint, key)
	if err != nil {
		return Recovered{}, fmt.Errorf("the mirror's checkpoint: %w", err)
	}
	edge, err := c2sp.ReadEdge(head.Size, tileReader(ctx, d))
	if err != nil {
		return Recovered{}, err
	}
	if edge.Root() != head.Root {
		return Recovered{}, errors.New("the leaves that are here do not have their root; restore another backup")
	}
	if signed.Size <= head.Size {
		return Recovered{}, fmt.Errorf("the mirror holds %d leaves and the database %d: there is nothing to bring back", signed.Size, head.Size)
	}
	lock, err := d.Lead(ctx)
	if err != nil {
		return Recovered{}, err
	}
	if lock == nil {
		return Recovered{}, errors.New("the program is running; stop it first")
	}
	defer lock.Release()
	out := Recovered{From: head.Size, To: signed.Size, Incident: rand.Text()}
	// That what is here is the beginning of what was signed is proven by the root at
	// the end: only the same leaves before lead to it.
	next := edge.Clone()
	return out, d.Write(ctx, func(tx *db.Tx) error {
		for from := head.Size; from < signed.Size; from += 256 {
			texts, err := m.Entries(ctx, from, min(from+256, signed.Size))
			if err != nil {
				return fmt.Errorf("read the mirror: %w", err)
			}
			for i, text := range texts {
				if err := takeBack(ctx, tx, &next, from+int64(i), text, out.Incident); err != nil {
					return err
				}
			}
		}
		if next.Root() != signed.Root {
			return errors.New("the mirror's leaves do not continue those that are here")
		}
		if err := swapTree(ctx, tx, edge, signed.Checkpoint); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `update ledger_tree set checkpoint = $1, cosigned = '' where id = 1`, m.Checkpoint)
		return err
	})
}

// takeBack puts one leaf back at its place, without what it says.
func takeBack(ctx context.Context, tx *db.Tx, edge *c2sp.Edge, idx int64, text, incident string) error {
	leaf, err := ParseLeaf(text)
	if err != nil {
		return fmt.Errorf("leaf %d of the mirror: %w", idx, err)
	}
	heads, err := takeHeads(ctx, tx, map[string]bool{leaf.Object: true})
	if err != nil {
		return err
	}
	h := heads[leaf.Object]
	prev, err := toBase64(h.hash)
	if err != nil {
		return err
	}
	if prev != leaf.Prev {
		return fmt.Errorf("leaf %d of the mirror does not follow what is here", idx)
	}
	if _, err := tx.ExecContext(ctx, `insert into ledger_leaf (idx, prev, leaf, at) values ($1, $2, $3, $4)`, idx, h.idx, text, leaf.at()); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `insert into ledger_lost (idx, incident) values ($1, $2)`, idx, incident); err != nil {
		return err
	}
	hash := leafHash(text)
	if err := insertNodes(ctx, tx, edge.Append(hash)); err != nil {
		return err
	}
	h.hash, h.idx = Hex(hash), &idx
	return moveHeads(ctx, tx, heads)
}

// Declare records that a recovery lost what leaves say: exact, public and bounded.
func (l *Ledger) Declare(ctx context.Context, r Recovered) (Ack, error) {
	return l.Write(ctx, func(tx *Tx) error {
		return tx.Record(ctx, IncidentDeclared, r.Incident, map[string]any{"what": "content lost, commitments kept", "from": r.From, "to": r.To, "count": r.To - r.From})
	})
}

// Undeclared finds a recovery that was not declared yet.
func Undeclared(ctx context.Context, q db.Query) (r Recovered, found bool, err error) {
	err = q.QueryRowContext(ctx, `
		select incident, min(idx), max(idx) + 1 from ledger_lost l
		where not exists (select 1 from ledger_head h where h.object = l.incident) group by incident limit 1`).Scan(&r.Incident, &r.From, &r.To)
	if errors.Is(err, db.ErrNoRows) {
		return r, false, nil
	}
	return r, err == nil, err
}

// SetCosigned keeps a checkpoint that enough witnesses have cosigned, for the
// receipts made from now on.
func (l *Ledger) SetCosigned(cosigned string) {
	l.cosigned.Store(&cosigned)
	l.later("cosigned", func(tx *db.Tx) error {
		_, err := tx.ExecContext(context.Background(), `update ledger_tree set cosigned = $1 where id = 1`, cosigned)
		return err
	})
}

// Freeze stops the ledger: a witness has seen more than there is.
func (l *Ledger) Freeze(why string) { l.freeze(&frozenError{why}) }

// Export calls put with every file of a static mirror of the log, as
// c2sp.org/tlog-tiles names them.
func (l *Ledger) Export(ctx context.Context, put func(name string, data []byte) error) error {
	h, err := l.Head(ctx)
	if err != nil {
		return err
	}
	s, err := h.Signed()
	if err != nil {
		return err
	}
	for level := -1; level < 8; level++ {
		width := s.Size >> (c2sp.TileHeight * max(level, 0))
		for n := int64(0); n<<c2sp.TileHeight < width; n++ {
			w := int(min(256, width-n<<c2sp.TileHeight))
			b, err := l.Tile(ctx, level, n, w)
			if err != nil {
				return err
			}
			if err := put(c2sp.TilePath(level, n, w), b); err != nil {
				return err
			}
		}
	}
	return put("checkpoint", []byte(h.Checkpoint))
}
