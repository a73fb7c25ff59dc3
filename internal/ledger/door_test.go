package ledger

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"dongthuan/internal/c2sp"
	"dongthuan/internal/db"
	"dongthuan/internal/db/dbtest"
	"dongthuan/internal/fault"

	"pgregory.net/rapid"
)

// real opens a ledger with a key and journal in folder.
func real(t *testing.T, d *db.DB, folder string, now func() time.Time) *Ledger {
	t.Helper()
	l, err := OpenWith(t.Context(), d, Settings{Now: now, Signer: func(ctx context.Context) (Signer, error) {
		known, err := KnownKey(ctx, d)
		if err != nil {
			return nil, err
		}
		return OpenNotary(folder, filepath.Join(folder, JournalFile), "test.example/so-cai", known)
	}})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func put(t *testing.T, l *Ledger, object string, n int) Ack {
	t.Helper()
	ack, err := l.Write(t.Context(), func(tx *Tx) error {
		return tx.Record(t.Context(), NewsPublished, object, map[string]any{"n": n})
	})
	if err != nil {
		t.Fatal(err)
	}
	return ack
}

// TestTreeAsWritten holds that a tree is signed only if its leaves are read back as
// they were written, and that its head moves only from where it is believed to be.
func TestTreeAsWritten(t *testing.T) {
	l, d := open(t, noon)
	put(t, l, rand.Text(), 1)
	h, err := readHead(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	before, err := c2sp.ReadEdge(h.Size-1, tileReader(t.Context(), d))
	if err != nil {
		t.Fatal(err)
	}
	tree := c2sp.Checkpoint{Origin: h.Origin, Size: h.Size, Root: h.Root}
	tree.Root[0] ^= 1
	if err := l.sign(t.Context(), *l.signer.Load(), before, tree); err == nil || !strings.Contains(err.Error(), "came back other") {
		t.Errorf("other leaves than were read back: %v", err)
	}

	here, err := c2sp.ReadEdge(h.Size, tileReader(t.Context(), d))
	if err != nil {
		t.Fatal(err)
	}
	other := here.Clone()
	other.Append(c2sp.Hash{})
	for name, test := range map[string]struct {
		from c2sp.Edge
		want error
	}{"here": {here, nil}, "behind": {before, errGone}, "another tree": {other, errGone}} {
		err := d.Write(t.Context(), func(tx *db.Tx) error {
			return swapTree(t.Context(), tx, test.from, c2sp.Checkpoint{Size: h.Size, Root: h.Root})
		})
		if !errors.Is(err, test.want) {
			t.Errorf("move the head from %s: %v, want %v", name, err, test.want)
		}
	}
}

// TestLeavesChangedWhileDown holds that nothing is signed over leaves that were
// changed, root and all, while no process looked.
func TestLeavesChangedWhileDown(t *testing.T) {
	d, folder := dbtest.Open(t), t.TempDir()
	l := real(t, d, folder, noon)
	object := rand.Text()
	put(t, l, object, 1)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	drop := `drop trigger ledger_leaf_fixed`
	if os.Getenv("TEST_POSTGRES") != "" {
		drop += ` on ledger_leaf`
	}
	var edge c2sp.Edge
	err := d.Write(t.Context(), func(tx *db.Tx) error {
		if _, err := tx.ExecContext(t.Context(), drop); err != nil {
			return err
		}
		if _, err := tx.ExecContext(t.Context(), `update ledger_leaf set leaf = replace(leaf, $1, $2)`, object, rand.Text()); err != nil {
			return err
		}
		h, err := readHead(t.Context(), tx)
		if err != nil {
			return err
		}
		texts, err := readLeaves(t.Context(), tx, 0, h.Size)
		if err != nil {
			return err
		}
		for _, text := range texts {
			edge.Append(leafHash(text))
		}
		_, err = tx.ExecContext(t.Context(), `update ledger_tree set root = $1`, Hex(edge.Root()))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	l = real(t, d, folder, noon)
	defer l.Close()
	if why := l.Frozen(); !strings.Contains(why, "not those that were signed") {
		t.Errorf("frozen: %q", why)
	}
	if _, err := l.Write(t.Context(), func(tx *Tx) error { return tx.Record(t.Context(), NewsPublished, object, struct{}{}) }); err == nil {
		t.Error("a write is accepted")
	}
}

// TestNoRoom holds that nothing is accepted while the disk has no room, and that
// writing goes on where it has again.
func TestNoRoom(t *testing.T) {
	var full atomic.Bool
	d := dbtest.Open(t)
	l, err := OpenWith(t.Context(), d, Settings{Now: noon, Room: func() error {
		if full.Load() {
			return fault.New(fault.Busy, "ledger.full")
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	object := rand.Text()
	put(t, l, object, 1)
	full.Store(true)
	ran := false
	_, err = l.Write(t.Context(), func(tx *Tx) error {
		ran = true
		return tx.Record(t.Context(), NewsPublished, object, map[string]any{"n": 2})
	})
	if fault.KindOf(err) != fault.Busy || ran {
		t.Errorf("without room: %v, and it ran: %v", err, ran)
	}
	full.Store(false)
	put(t, l, object, 3)
	if events, err := History(t.Context(), d, object); err != nil || len(events) != 2 {
		t.Errorf("%d events, %v", len(events), err)
	}
}

// TestGroup holds that writes that share a transaction succeed and fail alone.
func TestGroup(t *testing.T) {
	l, d := open(t, noon)
	if err := d.Write(t.Context(), func(tx *db.Tx) error {
		_, err := tx.ExecContext(t.Context(), `create table fact (id text primary key)`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	wrong := errors.New("wrong")
	var wait sync.WaitGroup
	const many = 200
	codes := make([]string, many)
	for i := range many {
		wait.Go(func() {
			defer func() {
				if p := recover(); (p != nil) != (i%5 == 3) {
					t.Errorf("write %d: panic %v", i, p)
				}
			}()
			ack, err := l.Write(context.Background(), func(tx *Tx) error {
				ctx := context.Background()
				if _, err := tx.ExecContext(ctx, `insert into fact (id) values ($1)`, fmt.Sprint(i)); err != nil {
					return err
				}
				if err := tx.Record(ctx, SheetChanged, strings.Repeat("C", 26), map[string]any{"i": i}); err != nil {
					return err
				}
				switch i % 5 {
				case 1:
					return wrong
				case 2:
					_, err := tx.ExecContext(ctx, `insert into fact (id) values ($1)`, fmt.Sprint(i)) // twice
					return err
				case 3:
					panic("so")
				}
				return nil
			})
			switch {
			case i%5 == 1 && !errors.Is(err, wrong), i%5 == 2 && !db.IsDuplicate(err), i%5 == 0 && err != nil, i%5 == 4 && err != nil:
				t.Errorf("write %d: %v", i, err)
			case err == nil:
				codes[i] = ack.Receipt()
			}
		})
	}
	wait.Wait()
	var facts int
	if err := d.QueryRowContext(t.Context(), `select count(*) from fact`).Scan(&facts); err != nil || facts != many*2/5 {
		t.Errorf("%d facts, %v; want %d", facts, err, many*2/5)
	}
	events, err := History(t.Context(), d, strings.Repeat("C", 26))
	if err != nil || len(events) != facts {
		t.Errorf("%d leaves, %v", len(events), err)
	}
	for i, code := range codes {
		if code == "" {
			continue
		}
		if r, err := l.ByCode(t.Context(), code); err != nil || r.Opening != nil {
			t.Errorf("receipt of write %d: %v", i, err)
		}
	}
	if p := verify(t, d); p != nil {
		t.Error(p)
	}
}

// TestReceipts proves leaves of a tree with several tiles, and everything that
// tiles are for.
func TestReceipts(t *testing.T) {
	l, d := open(t, noon)
	if _, err := l.Write(t.Context(), func(tx *Tx) error {
		for i := range 700 {
			if err := tx.Record(t.Context(), NewsPublished, rand.Text(), map[string]any{"i": i, "tên": "Phường Cầu Mây"}); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	put(t, l, rand.Text(), 1)
	h, err := l.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s, err := h.Signed()
	if err != nil || s.Size != 701 {
		t.Fatalf("signed %v, %v", s, err)
	}
	key, err := c2sp.ParseKey(h.Key)
	if err != nil {
		t.Fatal(err)
	}
	policy := c2sp.For(key, "")
	for _, idx := range []int64{0, 1, 255, 256, 511, 512, 699, 700} {
		r, err := l.ReceiptAt(t.Context(), idx)
		if err != nil {
			t.Fatal(err)
		}
		back, err := ParseReceipt(r.String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := back.Verify(policy); err != nil || back.Opening == nil {
			t.Errorf("leaf %d: %v", idx, err)
		}
		// One byte of the file changed anywhere is refused.
		text := []byte(r.String())
		for i := 0; i < len(text); i += 1 + len(text)/97 {
			changed := bytes.Clone(text)
			changed[i] ^= 1
			if r, err := ParseReceipt(string(changed)); err == nil {
				if _, err := r.Verify(policy); err == nil {
					t.Fatalf("leaf %d: byte %d changed, and it verifies", idx, i)
				}
			}
		}
	}
	for _, old := range []int64{0, 1, 255, 256, 257, 512, 700, 701} {
		edge, err := c2sp.ReadEdge(old, tileReader(t.Context(), d))
		if err != nil {
			t.Fatal(err)
		}
		proof, err := l.Consistency(t.Context(), s.Checkpoint, old)
		if err != nil {
			t.Fatal(err)
		}
		if err := c2sp.CheckConsistency(proof, s.Checkpoint, c2sp.Checkpoint{Size: old, Root: edge.Root()}); err != nil {
			t.Errorf("from %d: %v", old, err)
		}
	}
	if _, err := l.Tile(t.Context(), 0, 2, 256); fault.KindOf(err) != fault.NotFound {
		t.Errorf("a tile past the end: %v", err)
	}
	for _, bad := range []string{"", "AAAA-AAAA-AAAA", "0000-0000-0000", "22222222222222"} {
		if _, err := l.ByCode(t.Context(), bad); fault.KindOf(err) != fault.NotFound {
			t.Errorf("code %q: %v", bad, err)
		}
	}
}

// TestCode holds that a code comes back however it is typed, and that one wrong
// sign, or two that changed places, are seen.
func TestCode(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		idx := rapid.Int64Range(0, 1<<31-1).Draw(t, "idx")
		hash := c2sp.Hash(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "hash"))
		code := Code(idx, hash)
		for _, typed := range []string{code, strings.ToLower(code), strings.ReplaceAll(code, "-", ""), strings.ReplaceAll(code, "-", " "), " " + code + "."} {
			got, prefix, err := ParseCode(typed)
			if err != nil || got != idx || !CodeOf(prefix, hash) {
				t.Fatalf("ParseCode(%q) = %d, %v; want %d", typed, got, err, idx)
			}
		}
		signs := []byte(strings.ReplaceAll(code, "-", ""))
		i := rapid.IntRange(0, 11).Draw(t, "i")
		j := rapid.IntRange(0, 11).Draw(t, "j")
		swapped := bytes.Clone(signs)
		swapped[i], swapped[j] = swapped[j], swapped[i]
		if _, _, err := ParseCode(string(swapped)); err == nil && signs[i] != signs[j] && i != 11 && j != 11 {
			t.Fatalf("%s with %d and %d changed is accepted", code, i, j)
		}
		wrong := bytes.Clone(signs)
		wrong[i] = codeAlphabet[rapid.IntRange(0, 30).Draw(t, "sign")]
		if _, _, err := ParseCode(string(wrong)); err == nil && wrong[i] != signs[i] {
			t.Fatalf("%s with another sign at %d is accepted", code, i)
		}
	})
}

// TestRequestsAreDoneOnce sends one request fifty times at once, then again later,
// then with something else under its key.
func TestRequestsAreDoneOnce(t *testing.T) {
	l, d := open(t, noon)
	request := func(print string) context.Context {
		return WithRequest(context.Background(), &Request{Actor: "a", Key: "k1", Fingerprint: func() string { return print }})
	}
	act := func(ctx context.Context) (Ack, error) {
		return l.Write(ctx, func(tx *Tx) error {
			return tx.Record(ctx, SheetChanged, strings.Repeat("D", 26), map[string]any{"n": 1})
		})
	}
	var mu sync.Mutex
	receipts := map[string]int{}
	var wait sync.WaitGroup
	for range 50 {
		wait.Go(func() {
			ack, err := act(request("x"))
			var again *Replayed
			if errors.As(err, &again) {
				ack, err = again.Ack, nil
			}
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			receipts[ack.Receipt()]++
			mu.Unlock()
		})
	}
	wait.Wait()
	if events, err := History(t.Context(), d, strings.Repeat("D", 26)); err != nil || len(events) != 1 || len(receipts) != 1 {
		t.Errorf("%d effects, receipts %v, %v", len(events), receipts, err)
	}
	if _, err := act(request("y")); fault.KindOf(err) != fault.Invalid {
		t.Errorf("another content under the key: %v", err)
	}
	if done, err := l.Done(t.Context(), &Request{Actor: "b", Key: "k1", Fingerprint: func() string { return "x" }}); done != nil || err != nil {
		t.Errorf("another person's key is known: %v, %v", done, err)
	}
	// A request that failed may be sent again.
	wrong := errors.New("wrong")
	r := func() context.Context {
		return WithRequest(t.Context(), &Request{Actor: "a", Key: "k2", Fingerprint: func() string { return "z" }})
	}
	if _, err := l.Write(r(), func(*Tx) error { return wrong }); !errors.Is(err, wrong) {
		t.Fatal(err)
	}
	if _, err := act(r()); err != nil {
		t.Error(err)
	}
}

// TestTwoProcesses has a second process write while the first leads: its leaves
// wait, are placed in the order of their chains, and get receipts.
func TestTwoProcesses(t *testing.T) {
	d := dbtest.Open(t)
	folder := t.TempDir()
	first := real(t, d, folder, noon)
	second, err := OpenWith(t.Context(), d, Settings{Now: noon, Signer: func(context.Context) (Signer, error) { return nil, errors.New("has no key") }})
	if err != nil {
		t.Fatal(err)
	}
	object := rand.Text()
	for i := range 6 {
		l := first
		if i%2 == 1 {
			l = second
		}
		if ack := put(t, l, object, i); len(ack.Receipt()) != 14 {
			t.Errorf("write %d got %q", i, ack.Receipt())
		}
	}
	// The first ends: the second may not lead without a key, and can promise nothing.
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := second.Write(t.Context(), func(tx *Tx) error { return tx.Record(t.Context(), NewsPublished, object, struct{}{}) }); fault.KindOf(err) != fault.Busy {
		t.Errorf("unsigned: %v", err)
	}
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
	// Whoever leads next places what waited.
	third := real(t, d, folder, noon)
	put(t, third, object, 7)
	if err := third.Close(); err != nil {
		t.Fatal(err)
	}
	events, err := History(t.Context(), d, object)
	if err != nil || len(events) != 8 {
		t.Errorf("%d leaves, %v", len(events), err)
	}
	if p := verify(t, d); p != nil {
		t.Error(p)
	}
}

// TestPromise has the leader stand still: the answer is a promise, and its address
// leads to the receipt afterwards.
func TestPromise(t *testing.T) {
	d := dbtest.Open(t)
	lock, err := d.Lead(t.Context()) // somebody leads, and does nothing
	if err != nil || lock == nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	l := real(t, d, folder, noon)
	ack := put(t, l, rand.Text(), 1)
	hash := ack.Receipt()
	if len(hash) != 64 || !strings.HasPrefix(ack.Promise(), "test.example/so-cai/promise\n") {
		t.Fatalf("receipt %q, promise %q", hash, ack.Promise())
	}
	if _, code, _, err := l.Promised(t.Context(), hash); code != "" || err != nil {
		t.Errorf("before: %q, %v", code, err)
	}
	if err := lock.Release(); err != nil {
		t.Fatal(err)
	}
	put(t, l, rand.Text(), 2)
	for range 100 {
		if _, code, _, err := l.Promised(t.Context(), hash); err == nil && code != "" {
			if _, err := l.ByCode(t.Context(), code); err == nil {
				return
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Error("the promise was not kept within 5 s")
}

// TestRollback brings the database back in time: nothing is signed, reading goes
// on, a mirror brings the leaves back, and the loss is declared.
func TestRollback(t *testing.T) {
	if os.Getenv("TEST_POSTGRES") != "" {
		t.Skip("the copy of an older state is a file; the rest is the same on both")
	}
	folder, source := t.TempDir(), filepath.Join(t.TempDir(), "x.db")
	start := func() (*Ledger, *db.DB) {
		d, err := db.Open(t.Context(), source)
		if err != nil {
			t.Fatal(err)
		}
		return real(t, d, folder, noon), d
	}
	stop := func(l *Ledger, d *db.DB) {
		t.Helper()
		if err := errors.Join(l.Close(), d.Close()); err != nil {
			t.Fatal(err)
		}
	}
	object := rand.Text()
	l, d := start()
	put(t, l, object, 1)
	stop(l, d)
	older, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	l, d = start()
	for i := range 300 {
		put(t, l, object, i)
	}
	mirror := map[string][]byte{}
	if err := l.Export(t.Context(), func(name string, data []byte) error { mirror[name] = data; return nil }); err != nil {
		t.Fatal(err)
	}
	stop(l, d)
	if err := os.WriteFile(source, older, 0o600); err != nil {
		t.Fatal(err)
	}

	l, d = start()
	if why := l.Frozen(); !strings.Contains(why, "went back in time") {
		t.Fatalf("frozen: %q", why)
	}
	if _, err := l.Write(t.Context(), func(tx *Tx) error { return tx.Record(t.Context(), NewsPublished, object, struct{}{}) }); fault.KindOf(err) != fault.Busy {
		t.Errorf("a frozen ledger took a write: %v", err)
	}
	if _, err := l.Head(t.Context()); err != nil {
		t.Errorf("reading: %v", err)
	}
	stop(l, d)

	if d, err = db.Open(t.Context(), source); err != nil {
		t.Fatal(err)
	}
	entries := func(_ context.Context, from, to int64) (all []string, err error) {
		for at := from; at < to; at++ {
			width := 256
			if at >= 256 {
				width = 301 - 256
			}
			texts, err := c2sp.ParseBundle(mirror[c2sp.TilePath(-1, at/256, width)], width)
			if err != nil {
				return nil, err
			}
			all = append(all, texts[at%256])
		}
		return all, nil
	}
	lie := func(ctx context.Context, from, to int64) ([]string, error) {
		all, err := entries(ctx, from, to)
		all[len(all)-1] = strings.Replace(all[len(all)-1], "time ", "time 1", 1)
		return all, err
	}
	if _, err := Recover(t.Context(), d, Mirror{string(mirror["checkpoint"]), lie}); err == nil {
		t.Error("a mirror with a changed leaf was believed")
	}
	back, err := Recover(t.Context(), d, Mirror{string(mirror["checkpoint"]), entries})
	if err != nil || back.From != 1 || back.To != 301 {
		t.Fatalf("recovered %+v, %v", back, err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	l, d = start()
	defer stop(l, d)
	if why := l.Frozen(); why != "" {
		t.Fatal(why)
	}
	if u, found, err := Undeclared(t.Context(), d); !found || err != nil || u != back {
		t.Errorf("undeclared: %+v %v %v", u, found, err)
	}
	if _, err := l.Declare(t.Context(), back); err != nil {
		t.Fatal(err)
	}
	if _, found, err := Undeclared(t.Context(), d); found || err != nil {
		t.Errorf("declared, and still: %v %v", found, err)
	}
	put(t, l, object, 999)
	if p := verify(t, d); p != nil {
		t.Error(p)
	}
}

// TestSignerApart signs over a socket, and refuses a fork.
func TestSignerApart(t *testing.T) {
	folder := t.TempDir()
	n, err := OpenNotary(folder, filepath.Join(folder, JournalFile), "test.example/so-cai", "")
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	if _, err := OpenJournal(filepath.Join(folder, JournalFile)); err == nil {
		t.Error("two signers opened one journal")
	}
	listener, err := net.Listen("unix", filepath.Join(folder, "s"))
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: n.Handler()}
	go srv.Serve(listener)
	defer srv.Close()
	signer, err := DialSigner(t.Context(), filepath.Join(folder, "s"))
	if err != nil {
		t.Fatal(err)
	}
	d := dbtest.Open(t)
	l, err := OpenWith(t.Context(), d, Settings{Now: noon, Signer: func(context.Context) (Signer, error) { return signer, nil }})
	if err != nil {
		t.Fatal(err)
	}
	put(t, l, rand.Text(), 1)
	put(t, l, rand.Text(), 2)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := signer.Extend(t.Context(), c2sp.Edge{}, []c2sp.Hash{{1}}); !errors.Is(err, ErrFork) {
		t.Errorf("a fork: %v", err)
	}
	last, err := signer.Last(t.Context())
	if err != nil || last.Size != 2 {
		t.Errorf("last %v, %v", last, err)
	}
}

// TestErase looks for an erased value and its salt in every byte of the files.
func TestErase(t *testing.T) {
	d := dbtest.Open(t)
	l := real(t, d, t.TempDir(), noon)
	defer l.Close()
	object, canary := rand.Text(), "canary-"+rand.Text()
	if err := d.Write(t.Context(), func(tx *db.Tx) error {
		_, err := tx.ExecContext(t.Context(), `create table content (id text primary key, name text not null)`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Write(t.Context(), func(tx *Tx) error {
		if _, err := tx.ExecContext(t.Context(), `insert into content (id, name) values ($1, $2)`, object, canary); err != nil {
			return err
		}
		return tx.Record(t.Context(), EvidenceAdded, object, map[string]any{"kind": "pdf"}, Sealed{"name", canary})
	}); err != nil {
		t.Fatal(err)
	}
	var saltText string
	if err := d.QueryRowContext(t.Context(), `select salt from ledger_salt`).Scan(&saltText); err != nil {
		t.Fatal(err)
	}
	var n int
	if _, err := l.Write(t.Context(), func(tx *Tx) (err error) {
		if _, err := tx.ExecContext(t.Context(), `delete from content where id = $1`, object); err != nil {
			return err
		}
		n, err = tx.Erase(t.Context(), object, "đơn của công dân", "name", "other")
		return err
	}); err != nil || n != 1 {
		t.Fatalf("erased %d, %v", n, err)
	}
	if p := verify(t, d); p != nil {
		t.Errorf("after erasing: %v", p)
	}
	if err := l.Scrub(t.Context()); err != nil {
		t.Fatal(err)
	}
	if d.Path() == "" {
		return // PostgreSQL keeps old pages for a while: doc/security.md says so
	}
	for _, suffix := range []string{"", "-wal"} {
		b, err := os.ReadFile(d.Path() + suffix)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		for what, secret := range map[string]string{"value": canary, "salt": saltText} {
			if bytes.Contains(b, []byte(secret)) {
				t.Errorf("the %s is still in %s", what, filepath.Base(d.Path()+suffix))
			}
		}
	}
}

// TestJournal cuts the last line off at every byte: what is whole is read, what is
// not is dropped, and a line that lies is an error.
func TestJournal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "j")
	j, err := OpenJournal(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range int64(3) {
		if err := j.Append(c2sp.Checkpoint{Size: i + 1, Root: c2sp.Hash{byte(i)}}, "x\n\n— name sig\n"); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	whole = bytes.TrimRight(whole, "\x00")
	line := len(whole) / 3
	for cut := 2 * line; cut <= len(whole); cut++ {
		if err := os.WriteFile(path, append(bytes.Clone(whole[:cut]), 0, 0), 0o600); err != nil {
			t.Fatal(err)
		}
		j, err := OpenJournal(path)
		if err != nil {
			t.Fatal(err)
		}
		want := int64(2)
		if cut == len(whole) {
			want = 3
		}
		if j.Last().Size != want {
			t.Errorf("cut at %d: last %d, want %d", cut, j.Last().Size, want)
		}
		j.Close()
	}
	for _, bad := range []string{"x y z\n", "2 AAAA sig\n", string(whole[2*line:]) + string(whole[:line])} {
		if err := os.WriteFile(path, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if j, err := OpenJournal(path); err == nil {
			j.Close()
			t.Errorf("journal %q was believed", bad)
		}
	}
}
