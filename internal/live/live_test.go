package live

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"dongthuan/internal/db"
	"dongthuan/internal/db/dbtest"
	"dongthuan/internal/ledger"
)

// counter is a topic's state: how often it was changed, and how often it was loaded.
type counter struct{ n, loads atomic.Int64 }

func (c *counter) load(context.Context, string) ([]byte, error) {
	c.loads.Add(1)
	return fmt.Appendf(nil, `{"n":%d}`, c.n.Load()), nil
}

func newHub(t *testing.T, load func(context.Context, string) ([]byte, error)) (*Hub, string) {
	t.Helper()
	h := New(func() time.Time { return time.UnixMilli(42) }, slog.New(slog.DiscardHandler), load)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := h.Serve(w, r, r.URL.Path[1:]); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(srv.Close)
	t.Cleanup(h.Close) // before the server, which waits for its connections
	return h, srv.URL
}

// watch reads the events of a topic.
func watch(t *testing.T, address string) <-chan string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if kind := resp.Header.Get("Content-Type"); !strings.HasPrefix(kind, "text/event-stream") || resp.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers %v", resp.Header)
	}
	events := make(chan string, 100)
	go func() {
		defer close(events)
		defer resp.Body.Close()
		in := bufio.NewScanner(resp.Body)
		for in.Scan() {
			if data, ok := strings.CutPrefix(in.Text(), "data: "); ok {
				events <- data
			}
		}
	}()
	return events
}

func next(t *testing.T, events <-chan string) string {
	t.Helper()
	select {
	case e, ok := <-events:
		if !ok {
			return "end"
		}
		return e
	case <-time.After(20 * time.Second):
		t.Fatal("no event")
	}
	return ""
}

func want(n int) string { return fmt.Sprintf(`{"now":42,"state":{"n":%d}}`, n) }

func TestHub(t *testing.T) {
	var c counter
	h, address := newHub(t, c.load)
	a := watch(t, address+"/x")
	if e := next(t, a); e != want(0) {
		t.Errorf("on coming: %s", e)
	}
	// Who comes later has the state at once, without loading it again.
	b := watch(t, address+"/x")
	if e := next(t, b); e != want(0) || c.loads.Load() != 1 {
		t.Errorf("on coming later: %s after %d loads", e, c.loads.Load())
	}
	c.n.Store(1)
	h.Changed("x")
	if x, y := next(t, a), next(t, b); x != want(1) || y != want(1) {
		t.Errorf("changed: %s, %s", x, y)
	}
	// A burst is shown by few states, the last of which is the last.
	before := c.loads.Load()
	for i := 2; i <= 1000; i++ {
		c.n.Store(int64(i))
		h.Changed("x")
	}
	for next(t, a) != want(1000) {
	}
	if loads := c.loads.Load() - before; loads > 5 {
		t.Errorf("a burst was loaded %d times", loads)
	}
	// What does not change the state is not sent.
	h.Changed("x")
	h.Changed("other")
	time.Sleep(3 * gap)
	c.n.Store(1001)
	h.Changed("x")
	if e := next(t, a); e != want(1001) {
		t.Errorf("after no change: %s", e)
	}
	if n := h.Watching("x"); n != 2 {
		t.Errorf("%d watch", n)
	}
	h.Close()
	h.Close()
	if e := next(t, a); e != "end" {
		t.Errorf("after closing: %s", e)
	}
}

// TestLoadFails: a state that cannot be loaded is tried again, and comes.
func TestLoadFails(t *testing.T) {
	var tries atomic.Int64
	_, address := newHub(t, func(context.Context, string) ([]byte, error) {
		if tries.Add(1) < 3 {
			return nil, errors.New("the database is away")
		}
		return []byte(`{"n":7}`), nil
	})
	if e := next(t, watch(t, address+"/x")); e != want(7) || tries.Load() != 3 {
		t.Errorf("%s after %d tries", e, tries.Load())
	}
}

// TestGoneReaders: a topic that nobody watches is forgotten.
func TestGoneReaders(t *testing.T) {
	var c counter
	h, address := newHub(t, c.load)
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"/x", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(resp.Body, make([]byte, 20)); err != nil {
		t.Fatal(err)
	}
	cancel()
	resp.Body.Close()
	for h.Watching("x") > 0 {
		time.Sleep(time.Millisecond)
	}
	h.Changed("x") // wakes nobody
}

// TestTwoProcesses: what one process writes, the other hears when it is committed, and not
// when it is not.
func TestTwoProcesses(t *testing.T) {
	if os.Getenv("TEST_POSTGRES") == "" {
		t.Skip("on SQLite there is one process; this runs on PostgreSQL")
	}
	source := dbtest.Source(t)
	one, err := db.Open(t.Context(), source)
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	two, err := db.Open(t.Context(), source)
	if err != nil {
		t.Fatal(err)
	}
	defer two.Close()
	book, err := ledger.Open(t.Context(), one, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	var c counter
	h, address := newHub(t, c.load)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { h.Listen(ctx, two); close(ended) }()
	events := watch(t, address+"/x")
	next(t, events)
	write := func(n int64, fail error) {
		t.Helper()
		_, err := book.Write(t.Context(), func(tx *ledger.Tx) error {
			if err := Changing(t.Context(), tx, "x"); err != nil {
				return err
			}
			if err := tx.Record(t.Context(), ledger.RuleChanged, rand.Text(), map[string]any{"n": n}); err != nil {
				return err
			}
			return fail
		})
		if fail == nil && err != nil {
			t.Fatal(err)
		}
	}
	// It may not listen yet: a change before that is not heard, one after it is.
	heard := ""
	for n := int64(1); heard == ""; n++ {
		c.n.Store(n)
		write(n, nil)
		select {
		case heard = <-events:
		case <-time.After(300 * time.Millisecond):
		}
	}
	loads := c.loads.Load()
	write(0, errors.New("rolled back"))
	time.Sleep(3 * gap)
	if c.loads.Load() != loads {
		t.Error("a transaction that was undone was told")
	}
	stop()
	<-ended
}
