package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"dongthuan/internal/c2sp"
	"dongthuan/internal/db"
	"dongthuan/internal/ledger"
	"dongthuan/internal/monitor"

	"golang.org/x/mod/sumdb/tlog"
)

// verified measures an offline verifier on one core: receipts of a tree of a
// million leaves, each parsed, its signatures checked, its proof followed.
func (b *bench) verified() error {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	receipts, policy, err := makeReceipts(2000)
	if err != nil {
		return err
	}
	start, err := cpu()
	if err != nil {
		return err
	}
	n := 0
	for range rounds {
		for _, text := range receipts {
			r, err := ledger.ParseReceipt(text)
			if err != nil {
				return err
			}
			if _, err := r.Verify(policy); err != nil {
				return err
			}
			n++
		}
	}
	end, err := cpu()
	if err != nil {
		return err
	}
	per := float64(n) / (end - start).Seconds()
	b.add("receipts verified, one core", fmt.Sprintf("%.0f/s", per), "≥ 10000/s", per >= 10000)
	return nil
}

const noCommit = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

var sizes = []int{10_000, million, 10 * million}

func fakeLeaf(i int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "bench %d", i))
	return ledger.Leaf{Type: ledger.SheetChanged, Object: rand.Text(), Time: 1790000000 + int64(i/100), Commit: base64.StdEncoding.EncodeToString(sum[:])}.String()
}

// makeReceipts makes receipts whose proofs are as long as in a tree of 2^20.
func makeReceipts(n int) ([]string, c2sp.Policy, error) {
	seed := sha256.Sum256([]byte("bench key"))
	key, err := c2sp.NewLogKey("bench.example/so-cai", seed[:])
	if err != nil {
		return nil, c2sp.Policy{}, err
	}
	const size = 1 << 20
	level := make([]c2sp.Hash, size)
	texts := map[int]string{}
	for i := range level {
		if i%(size/n) == 0 {
			texts[i] = fakeLeaf(i)
			level[i] = c2sp.LeafHash([]byte(texts[i]))
		} else {
			level[i] = sha256.Sum256(fmt.Append(nil, i))
		}
	}
	levels := [][]c2sp.Hash{level}
	for len(level) > 1 {
		next := make([]c2sp.Hash, len(level)/2)
		for i := range next {
			next[i] = tlog.NodeHash(level[2*i], level[2*i+1])
		}
		level = next
		levels = append(levels, level)
	}
	signed, err := key.Note(c2sp.Checkpoint{Origin: key.Name(), Size: size, Root: level[0]}.String())
	if err != nil {
		return nil, c2sp.Policy{}, err
	}
	var all []string
	for i, text := range texts {
		p := c2sp.Proof{Index: int64(i), Checkpoint: signed}
		for l, at := 0, i; l < len(levels)-1; l, at = l+1, at/2 {
			p.Hashes = append(p.Hashes, levels[l][at^1])
		}
		all = append(all, ledger.Receipt{Text: text, Proof: p}.String())
	}
	return all, c2sp.For(key.Public(), ""), nil
}

// large measures a ledger of ten million leaves: proofs, the CPU of a write, and a
// monitor that catches up a million.
func (b *bench) large(ctx context.Context) error {
	d, err := db.Open(ctx, filepath.Join(b.folder, "large.db"))
	if err != nil {
		return err
	}
	defer d.Close()
	objects := make([]string, sizes[len(sizes)-1])
	for i := range objects {
		objects[i] = rand.Text()
	}
	slices.Sort(objects) // written in order, found at random: ten million would take an hour otherwise
	var perWrite []float64
	for _, size := range sizes {
		if err := b.fill(ctx, d, objects, size); err != nil {
			return err
		}
		book, err := b.openBook(ctx, d, "state-large")
		if err != nil {
			return err
		}
		used, err := cpuOfWrites(ctx, book)
		if err != nil {
			return err
		}
		perWrite = append(perWrite, used)
		b.note(fmt.Sprintf("CPU of an acknowledged write, %d leaves", size), fmt.Sprintf("%.0f µs", used))
		switch size {
		case million:
			if err := b.caughtUp(ctx, book); err != nil {
				return err
			}
		case 10 * million:
			if err := b.proofTime(ctx, book, size); err != nil {
				return err
			}
		}
		if err := book.Close(); err != nil {
			return err
		}
	}
	growth := perWrite[len(perWrite)-1] / perWrite[0]
	b.add("  the last : the first", fmt.Sprintf("%.2f times", growth), "≤ 1.5", growth <= 1.5)
	return nil
}

// cpuOfWrites writes for a while and returns the CPU time of each, in microseconds.
func cpuOfWrites(ctx context.Context, book *ledger.Ledger) (float64, error) {
	start, err := cpu()
	if err != nil {
		return 0, err
	}
	per, err := rate(writers, func() error {
		_, err := book.Write(ctx, func(tx *ledger.Tx) error {
			return tx.Record(ctx, ledger.SheetChanged, rand.Text(), map[string]any{"value": 12, "unit": "hộ"})
		})
		return err
	})
	if err != nil {
		return 0, err
	}
	end, err := cpu()
	return float64((end - start).Microseconds()) / (per * writeTime.Seconds()), err
}

// fill adds leaves up to a size, many in a transaction, each group signed: as the
// program would have left them after years.
func (b *bench) fill(ctx context.Context, d *db.DB, objects []string, size int) error {
	folder := filepath.Join(b.folder, "state-large")
	book, err := b.openBook(ctx, d, "state-large") // writes the head of an empty tree
	if err != nil {
		return err
	}
	if err := book.Close(); err != nil {
		return err
	}
	n, err := ledger.OpenNotary(folder, filepath.Join(folder, ledger.JournalFile), "bench.example/so-cai", "")
	if err != nil {
		return err
	}
	edge, err := edgeOf(ctx, d)
	for err == nil && edge.Size < int64(size) {
		edge, err = fillSome(ctx, d, n, edge, objects, min(int64(size), edge.Size+50_000))
	}
	return errors.Join(err, n.Close())
}

func edgeOf(ctx context.Context, d *db.DB) (c2sp.Edge, error) {
	rows, err := d.QueryContext(ctx, `select leaf from ledger_leaf order by idx`)
	if err != nil {
		return c2sp.Edge{}, err
	}
	defer rows.Close()
	var edge c2sp.Edge
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return edge, err
		}
		edge.Append(c2sp.LeafHash([]byte(text)))
	}
	return edge, rows.Err()
}

func fillSome(ctx context.Context, d *db.DB, n *ledger.Notary, edge c2sp.Edge, objects []string, to int64) (c2sp.Edge, error) {
	next := edge.Clone()
	now := time.Now().Unix()
	var leaves []c2sp.Hash
	err := d.Write(ctx, func(tx *db.Tx) error {
		for next.Size < to {
			i := next.Size
			l := ledger.Leaf{Type: ledger.SheetChanged, Object: objects[i], Time: now, Commit: noCommit}
			text := l.String()
			h := c2sp.LeafHash([]byte(text))
			leaves = append(leaves, h)
			if _, err := tx.ExecContext(ctx, `insert into ledger_leaf (idx, prev, leaf, at) values ($1, null, $2, $3)`, i, text, db.Time(time.Unix(l.Time, 0))); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, `insert into ledger_head (object, hash, idx, pending) values ($1, $2, $3, 0)`, l.Object, ledger.Hex(h), i); err != nil {
				return err
			}
			for _, full := range next.Append(h) {
				if _, err := tx.ExecContext(ctx, `insert into ledger_node (level, n, hash) values ($1, $2, $3)`, full.Level, full.N, ledger.Hex(full.Hash)); err != nil {
					return err
				}
			}
		}
		root := next.Root()
		_, err := tx.ExecContext(ctx, `update ledger_tree set size = $1, root = $2 where id = 1`, next.Size, ledger.Hex(root))
		return err
	})
	if err != nil {
		return edge, err
	}
	signed, err := n.Extend(ctx, edge, leaves)
	if err != nil {
		return edge, err
	}
	return next, d.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, `update ledger_tree set checkpoint = $1 where id = 1`, signed)
		return err
	})
}

func (b *bench) proofTime(ctx context.Context, book *ledger.Ledger, size int) error {
	var all []time.Duration
	for i := range 200 {
		took, err := timed(func() error {
			_, err := book.ReceiptAt(ctx, int64(i)*int64(size/200)+7)
			return err
		})
		if err != nil {
			return err
		}
		all = append(all, took)
	}
	b.add("receipt with proof, of 10 million leaves, median", millis(median(all)), "< 5 ms", median(all) < 5*time.Millisecond)
	b.note("  worst of 200", millis(quantile(all, 1)))
	return nil
}

// caughtUp has a monitor read a log it has never seen, over HTTP on this machine.
func (b *bench) caughtUp(ctx context.Context, book *ledger.Ledger) error {
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h, err := book.Head(r.Context())
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		path := strings.TrimPrefix(r.URL.Path, "/so-cai/")
		switch {
		case path == "checkpoint":
			fmt.Fprint(w, h.Checkpoint)
		case path == "policy":
			key, err := c2sp.ParseKey(h.Key)
			if err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			fmt.Fprint(w, c2sp.For(key, "").String())
		case strings.HasPrefix(path, "tile/"):
			level, n, width, err := c2sp.ParseTilePath(path)
			var tile []byte
			if err == nil {
				tile, err = book.Tile(r.Context(), level, n, width)
			}
			if err != nil {
				http.Error(w, err.Error(), http.StatusNotFound)
				return
			}
			w.Write(tile)
		case path == "cong-khai.jsonl":
			fmt.Fprintf(w, `{"next":%d}`, 1<<40)
		default:
			fmt.Fprint(w, "[]")
		}
	}))
	defer site.Close()
	m, err := monitor.Open(monitor.Settings{URL: site.URL, Folder: filepath.Join(b.folder, "monitor"), Now: time.Now})
	if err != nil {
		return err
	}
	defer m.Close()
	start := time.Now()
	seen, alarms, err := m.Look(ctx)
	if err != nil || len(alarms) > 0 {
		return fmt.Errorf("the monitor: %.300v, %w", alarms, err)
	}
	took := time.Since(start)
	b.add(fmt.Sprintf("monitor catches up %d leaves", seen.Size), fmt.Sprintf("%.1f s", took.Seconds()), "< 60 s", took < time.Minute)
	return nil
}
