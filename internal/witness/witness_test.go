package witness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"dongthuan/internal/c2sp"
)

// tree is a log that grows by leaves that are its own numbers.
type tree struct {
	key    *c2sp.Key
	leaves []c2sp.Hash
}

func (t *tree) read(level int, n int64, width int) ([]c2sp.Hash, error) {
	if level > 0 || n > 0 {
		return nil, errors.New("a small tree")
	}
	return t.leaves[:width], nil
}

func (t *tree) at(n int64) c2sp.Checkpoint {
	var e c2sp.Edge
	for _, h := range t.leaves[:n] {
		e.Append(h)
	}
	return c2sp.Checkpoint{Origin: t.key.Name(), Size: n, Root: e.Root()}
}

func (t *tree) ask(test *testing.T, old, size int64) c2sp.Advance {
	test.Helper()
	signed, err := t.key.Note(t.at(size).String())
	if err != nil {
		test.Fatal(err)
	}
	proof, err := c2sp.TileReader(t.read).Consistency(t.at(size), old)
	if err != nil {
		test.Fatal(err)
	}
	return c2sp.Advance{Old: old, Proof: proof, Checkpoint: signed}
}

func newTree(t *testing.T, name, seed string) *tree {
	t.Helper()
	key, err := c2sp.NewLogKey(name, []byte(strings.Repeat(seed, 32)))
	if err != nil {
		t.Fatal(err)
	}
	all := &tree{key: key}
	for i := range 100 {
		all.leaves = append(all.leaves, c2sp.LeafHash(fmt.Append(nil, seed, i)))
	}
	return all
}

func open(t *testing.T, path string, logs ...c2sp.PublicKey) (*Witness, *httptest.Server) {
	t.Helper()
	key, err := c2sp.NewWitnessKey("w.example", make([]byte, 32), func() time.Time { return time.Unix(1790000000, 0) })
	if err != nil {
		t.Fatal(err)
	}
	w, err := Open(t.Context(), path, key, logs, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(w.Handler())
	t.Cleanup(func() { srv.Close(); w.Close() })
	return w, srv
}

// TestProtocol walks what c2sp.org/tlog-witness says of add-checkpoint, in its order.
func TestProtocol(t *testing.T) {
	log, stranger, fork := newTree(t, "log.example", "a"), newTree(t, "other.example", "b"), newTree(t, "log.example", "a")
	fork.leaves[4] = c2sp.Hash{9}
	path := filepath.Join(t.TempDir(), "w.db")
	w, srv := open(t, path, log.key.Public())
	post := func(body string) (int, string, string) {
		t.Helper()
		resp, err := http.Post(srv.URL+"/add-checkpoint", "text/plain", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(b), resp.Header.Get("Content-Type")
	}
	monitored := srv.URL + "/" + OriginHash("log.example") + "/checkpoint"
	if resp, err := http.Get(monitored); err != nil || resp.StatusCode != http.StatusNotFound {
		t.Errorf("before the first: %v, %v", resp.StatusCode, err)
	}
	unsigned := log.ask(t, 0, 5)
	unsigned.Checkpoint = strings.Replace(unsigned.Checkpoint, "— log.example", "— nobody.example", 1)
	long := log.ask(t, 0, 5)
	long.Proof = []c2sp.Hash{{1}}
	extended, err := log.key.Note(log.at(9).String() + "an extension\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, body string
		code       int
		answer     string
	}{
		{"not a request", "old x\n\nlog.example\n", 400, ""},
		{"an unknown log", stranger.ask(t, 0, 3).String(), 404, ""},
		{"no known signature", unsigned.String(), 403, ""},
		{"a proof for the first", long.String(), 422, ""},
		{"the first", log.ask(t, 0, 5).String(), 200, "— w.example "},
		{"the same again, as new", log.ask(t, 0, 5).String(), 409, "5\n"},
		{"the same again", log.ask(t, 5, 5).String(), 200, "— w.example "},
		{"a fork of the same size", c2sp.Advance{Old: 5, Checkpoint: fork.ask(t, 0, 5).Checkpoint}.String(), 422, ""},
		{"a fork that is larger", c2sp.Advance{Old: 5, Proof: fork.ask(t, 5, 8).Proof, Checkpoint: fork.ask(t, 5, 8).Checkpoint}.String(), 422, ""},
		{"a smaller one", c2sp.Advance{Old: 5, Checkpoint: log.ask(t, 0, 3).Checkpoint}.String(), 400, ""},
		{"a smaller one from its size", c2sp.Advance{Old: 3, Checkpoint: log.ask(t, 0, 3).Checkpoint}.String(), 409, "5\n"},
		{"one that says more", c2sp.Advance{Old: 5, Proof: log.ask(t, 5, 9).Proof, Checkpoint: extended}.String(), 200, "— w.example "},
	} {
		code, body, kind := post(c.body)
		if code != c.code || !strings.HasPrefix(body, c.answer) {
			t.Errorf("%s: %d %q, want %d %q", c.name, code, body, c.code, c.answer)
		}
		if code == 409 && kind != "text/x.tlog.size" {
			t.Errorf("%s: Content-Type %s", c.name, kind)
		}
	}
	resp, err := http.Get(monitored)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if s, err := c2sp.Open(string(b), log.key.Public(), w.key.Public()); err != nil || s.Size != 9 || len(s.Witnesses) != 1 {
		t.Errorf("the newest: %+v, %v", s, err)
	}
	var other *Other
	if _, err := Ask(t.Context(), http.DefaultClient, srv.URL, log.ask(t, 0, 20)); !errors.As(err, &other) || other.Size != 9 {
		t.Errorf("Ask = %v", err)
	}
}

// TestOneAfterTheOther has many ask at once from the same size: one is cosigned, and
// what is stored is what was.
func TestOneAfterTheOther(t *testing.T) {
	log := newTree(t, "log.example", "a")
	path := filepath.Join(t.TempDir(), "w.db")
	w, _ := open(t, path, log.key.Public())
	var wait sync.WaitGroup
	var mu sync.Mutex
	done := []int64{}
	for i := range int64(40) {
		request := log.ask(t, 0, 10+i).String()
		wait.Go(func() {
			if _, err := w.Cosign(context.Background(), request); err == nil {
				mu.Lock()
				done = append(done, 10+i)
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	if len(done) != 1 {
		t.Fatalf("cosigned %v from size 0", done)
	}
	var size int64
	if err := w.db.QueryRowContext(t.Context(), `select size from witness_log`).Scan(&size); err != nil || size != done[0] {
		t.Errorf("stored %d, cosigned %v, %v", size, done, err)
	}
}
