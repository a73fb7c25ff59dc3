// Package live shows pages what changes as it changes, by server-sent events (HTML
// Living Standard, 9.2). What is sent is always the whole state of a topic, not what
// happened to it: a reader who comes late, or comes back, needs nothing from before.
package live

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"

	"dongthuan/internal/db"
	"dongthuan/internal/ledger"
)

const (
	channel = "dongthuan_live" // of PostgreSQL's notifications
	// gap is the least time between two states of one topic: what happens in between is
	// shown by the second.
	gap = 100 * time.Millisecond
	// again is how long a topic waits that could not be loaded.
	again = time.Second
	// beat is how often a silent connection is written to, so that both ends notice
	// that it is gone.
	beat      = 25 * time.Second
	writeWait = 10 * time.Second
)

// Hub sends the states of topics to those who watch them.
type Hub struct {
	now  func() time.Time
	log  *slog.Logger
	load func(ctx context.Context, topic string) ([]byte, error)

	mu     sync.Mutex
	topics map[string]*topic
	closed chan struct{}
	over   bool
}

// topic is one thing that is watched. Its fields are the hub's lock's.
type topic struct {
	watching int
	state    []byte
	loaded   bool
	frame    []byte        // the state as it is sent
	changed  chan struct{} // closed when the frame is another
	dirty    bool          // a state newer than the frame is there
	running  bool
}

// New returns a hub. load returns the state of a topic, one line of JSON; it is
// called once for all who watch.
func New(now func() time.Time, log *slog.Logger, load func(ctx context.Context, topic string) ([]byte, error)) *Hub {
	return &Hub{now: now, log: log, load: load, topics: map[string]*topic{}, closed: make(chan struct{})}
}

// Changing says inside the transaction that changes a topic that it does, to the other
// processes on the database.
func Changing(ctx context.Context, tx *ledger.Tx, name string) error {
	return tx.Notify(ctx, channel, name)
}

// Changed says after that transaction that a topic has changed, to this process.
func (h *Hub) Changed(name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.wake(name)
}

func (h *Hub) wake(name string) {
	t := h.topics[name]
	if t == nil || h.over {
		return
	}
	t.dirty = true
	if !t.running {
		t.running = true
		go h.run(name, t)
	}
}

// Listen hears of the changes of other processes until ctx ends. After a broken
// connection every topic is loaded again.
func (h *Hub) Listen(ctx context.Context, d *db.DB) {
	for ctx.Err() == nil {
		err := d.Listen(ctx, channel, h.all, h.Changed)
		if err != nil && ctx.Err() == nil {
			h.log.WarnContext(ctx, "listen for changes", "err", err)
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
		}
	}
}

func (h *Hub) all() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for name := range h.topics {
		h.wake(name)
	}
}

// run loads and shows a topic until nothing of it is new.
func (h *Hub) run(name string, t *topic) {
	for {
		h.mu.Lock()
		if !t.dirty || t.watching == 0 || h.over {
			t.running = false
			h.mu.Unlock()
			return
		}
		t.dirty = false
		h.mu.Unlock()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		state, err := h.load(ctx, name)
		cancel()
		if err != nil {
			h.log.Error("load what is live", "topic", name, "err", err)
		}
		h.mu.Lock()
		wait := gap
		if err != nil {
			t.dirty, wait = true, again
		} else if !t.loaded || !bytes.Equal(state, t.state) {
			t.state, t.loaded, t.frame = state, true, h.frame(state)
			close(t.changed)
			t.changed = make(chan struct{})
		}
		h.mu.Unlock()
		select {
		case <-time.After(wait):
		case <-h.closed:
		}
	}
}

// frame is a state as it is sent: with the server's time, for readers whose clock is
// wrong.
func (h *Hub) frame(state []byte) []byte {
	b := make([]byte, 0, len(state)+60)
	b = append(b, `data: {"now":`...)
	b = strconv.AppendInt(b, h.now().UnixMilli(), 10)
	b = append(b, `,"state":`...)
	b = append(b, state...)
	return append(b, "}\n\n"...)
}

func (h *Hub) join(name string) *topic {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.topics[name]
	if t == nil {
		t = &topic{changed: make(chan struct{})}
		h.topics[name] = t
	}
	t.watching++
	if !t.loaded {
		h.wake(name)
	}
	return t
}

func (h *Hub) leave(name string, t *topic) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if t.watching--; t.watching == 0 {
		delete(h.topics, name)
	}
}

// Watching is how many watch a topic.
func (h *Hub) Watching(name string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	if t := h.topics[name]; t != nil {
		return t.watching
	}
	return 0
}

// Close ends every connection, so that a server that stops need not wait for them;
// the readers come back by themselves.
func (h *Hub) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.over {
		h.over = true
		close(h.closed)
	}
}

// Serve sends the states of a topic until the reader goes.
func (h *Hub) Serve(w http.ResponseWriter, r *http.Request, name string) error {
	rc := http.NewResponseController(w)
	if err := rc.SetReadDeadline(time.Time{}); err != nil {
		return fmt.Errorf("keep a connection open: %w", err)
	}
	head := w.Header()
	head["Content-Type"] = eventStream
	head["Cache-Control"] = noStore
	head["X-Accel-Buffering"] = no // a proxy that collects would hold every event back
	t := h.join(name)
	defer h.leave(name, t)
	h.mu.Lock()
	changed := t.changed
	var frame []byte
	if t.loaded {
		frame = h.frame(t.state) // with the time of now
	}
	h.mu.Unlock()
	// Readers that were cut off together do not all come back in the same moment.
	if err := send(rc, w, fmt.Appendf(nil, "retry: %d\n\n", 1000+rand.IntN(2000))); err != nil {
		return nil // the reader has gone
	}
	timer := time.NewTimer(beat)
	defer timer.Stop()
	for {
		if frame != nil {
			if err := send(rc, w, frame); err != nil {
				return nil
			}
		}
		select {
		case <-r.Context().Done():
			return nil
		case <-h.closed:
			return nil
		case <-timer.C:
			frame = ping
			timer.Reset(beat)
		case <-changed:
			h.mu.Lock()
			frame, changed = t.frame, t.changed
			h.mu.Unlock()
		}
	}
}

var (
	ping        = []byte(":\n\n")
	eventStream = []string{"text/event-stream; charset=utf-8"}
	noStore     = []string{"no-store"}
	no          = []string{"no"}
)

// send gives a reader who takes nothing ten seconds.
func send(rc *http.ResponseController, w http.ResponseWriter, b []byte) error {
	if err := rc.SetWriteDeadline(time.Now().Add(writeWait)); err != nil {
		return err
	}
	if _, err := w.Write(b); err != nil {
		return err
	}
	return rc.Flush()
}
