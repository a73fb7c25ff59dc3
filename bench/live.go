package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"dongthuan/internal/conference"
	"dongthuan/internal/policy"
)

const (
	watching  = 10_000
	publishes = 30
	joining   = 64 // that connect at once
)

// live measures how long an act of the chair takes to reach everybody who watches the
// hall, and what a connection costs, beside a handler that does nothing but send the
// same bytes. The servers have one core, those who watch have the others; the two are
// measured in turns, so that both see the same machine.
func (b *bench) live(ctx context.Context) error {
	file, err := b.copied("live")
	if err != nil {
		return err
	}
	first, others, where := split()
	hall, err := b.audience(ctx, first, others, "hall", file)
	if err != nil {
		return err
	}
	state := filepath.Join(b.folder, "state.json")
	if err := os.WriteFile(state, hall.state, 0o600); err != nil {
		return errors.Join(err, hall.end())
	}
	bare, err := b.audience(ctx, first, others, "fanout", state)
	if err != nil {
		return errors.Join(err, hall.end())
	}
	for range publishes {
		for _, a := range []*audience{hall, bare} {
			// Longer than the least time between two states, of which a busy hall
			// would wait for a part.
			time.Sleep(150 * time.Millisecond)
			if err := a.publish(); err != nil {
				return errors.Join(err, hall.end(), bare.end())
			}
		}
	}
	ours, err := hall.perConnection()
	if err != nil {
		return errors.Join(err, hall.end(), bare.end())
	}
	theirs, err := bare.perConnection()
	if err != nil {
		return errors.Join(err, hall.end(), bare.end())
	}
	took := func(a *audience) string {
		ms := func(d time.Duration) float64 { return d.Seconds() * 1000 }
		return fmt.Sprintf("p50 %.0f ms, p99 %.0f ms, max %.0f ms; p99 of the middle one %.0f ms", ms(quantile(a.took, 0.5)), ms(quantile(a.took, 0.99)), ms(slices.Max(a.took)), ms(median(a.p99)))
	}
	o := quantile(hall.took, 0.99)
	b.add(fmt.Sprintf("chair's act until each of %d connections has its %d bytes, %d times, %s", watching, len(hall.state), publishes, where), took(hall), "p99 < 500 ms", o < 500*time.Millisecond)
	b.note("  bare net/http, same bytes, no act", took(bare))
	b.note("  ratio of p99, of the middle ones", fmt.Sprintf("%.2f", median(hall.p99).Seconds()/median(bare.p99).Seconds()))
	b.note("  CPU of one act shown to all", fmt.Sprintf("%.0f ms, bare %.0f ms", median(hall.cpu).Seconds()*1000, median(bare.cpu).Seconds()*1000))
	b.add("  memory of a connection: resident after the acts − before the connections", fmt.Sprintf("%.1f kB", float64(ours)/1024), "< 40 kB", ours < 40<<10)
	b.note("  bare net/http", fmt.Sprintf("%.1f kB, ratio %.2f", float64(theirs)/1024, float64(ours)/float64(theirs)))
	return errors.Join(hall.end(), bare.end())
}

// split gives the servers a core and those who watch the others, where the machine lets
// it. Otherwise a server has one thread for Go code.
func split() (first, others, words string) {
	const loose = "server GOMAXPROCS=1"
	list, err := field("/proc/self/status", "Cpus_allowed_list")
	if err != nil {
		return "", "", loose
	}
	if _, err := exec.LookPath("taskset"); err != nil {
		return "", "", loose
	}
	// "0-3,6" is "0" and "1-3,6".
	end := strings.IndexAny(list, "-,")
	if end < 0 {
		return "", "", loose + ", the machine's only core"
	}
	first, others = list[:end], list[end+1:]
	if list[end] == '-' {
		n, err := strconv.Atoi(first)
		if err != nil {
			return "", "", loose
		}
		others = strconv.Itoa(n+1) + "-" + others
	}
	return first, others, "server on one core"
}

// audience is a server, and a process with all who watch it.
type audience struct {
	server, watchers *child
	before           int64 // memory of the server
	state            []byte
	took             []time.Duration // until each event arrived
	p99, cpu         []time.Duration // of each time
}

func (b *bench) audience(ctx context.Context, first, others, role, file string) (*audience, error) {
	server, err := b.childOn(ctx, first, role, []string{"GOMAXPROCS=1"}, file)
	if err != nil {
		return nil, err
	}
	a := &audience{server: server}
	var at struct{ Host, Path string }
	if err := json.Unmarshal([]byte(server.ready), &at); err != nil {
		return nil, errors.Join(err, server.end())
	}
	if a.state, err = firstState("http://" + at.Host + at.Path); err != nil { // warms what is kept
		return nil, errors.Join(err, server.end())
	}
	if a.before, err = memory(server.cmd.Process.Pid, "VmRSS"); err != nil {
		return nil, errors.Join(err, server.end())
	}
	if a.watchers, err = b.childOn(ctx, others, "watchers", nil, at.Host, at.Path, strconv.Itoa(watching)); err != nil {
		return nil, errors.Join(err, server.end())
	}
	return a, nil
}

func (a *audience) end() error { return errors.Join(a.watchers.end(), a.server.end()) }

// publish changes what is shown once, and waits until all have it.
func (a *audience) publish() error {
	before, err := a.server.cpu()
	if err != nil {
		return err
	}
	start, err := a.server.number("publish")
	if err != nil {
		return err
	}
	line, err := a.watchers.ask("arrived")
	if err != nil {
		return fmt.Errorf("wait for an event: %w", err)
	}
	after, err := a.server.cpu()
	if err != nil {
		return err
	}
	var at []int64
	if err := json.Unmarshal([]byte(line), &at); err != nil {
		return err
	}
	took := make([]time.Duration, len(at))
	for i, t := range at {
		took[i] = time.Duration(t - start)
	}
	a.took, a.p99 = append(a.took, took...), append(a.p99, quantile(took, 0.99))
	a.cpu = append(a.cpu, after-before)
	return nil
}

// perConnection is what a connection has added to the server's memory.
func (a *audience) perConnection() (int64, error) {
	now, err := memory(a.server.cmd.Process.Pid, "VmRSS")
	return (now - a.before) / watching, err
}

// firstState is what a stream begins with.
func firstState(address string) ([]byte, error) {
	answer, err := http.Get(address)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	for in := bufio.NewReader(answer.Body); ; {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return nil, fmt.Errorf("read the first state: %w", err)
		}
		if state, ok := bytes.CutPrefix(line, []byte("data: ")); ok {
			return bytes.TrimSpace(state), nil
		}
	}
}

// playHall serves the demonstration, whose chair opens and closes the list of speakers.
func playHall(ctx context.Context, file string) error {
	if err := openFiles(watching + 200); err != nil {
		return err
	}
	a, _, err := open(ctx, file)
	if err != nil {
		return err
	}
	all, err := a.Conferences.All(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(c conference.Conference) bool { return c.State == conference.Live })
	if i < 0 {
		return errors.New("no conference is live")
	}
	c := all[i]
	chair := chairOf(c.ClusterID)
	return errors.Join(serveWith(a.Handler(), ready(c.Address()+"/truc-tiep"), func(string) (string, error) {
		start := time.Now()
		c.Taking = !c.Taking
		_, err := a.Conferences.Take(ctx, chair, c.ID, c.Taking)
		return strconv.FormatInt(start.UnixNano(), 10), err
	}), shut(ctx, a))
}

func chairOf(clusterID string) policy.Actor {
	return policy.Actor{Account: "bench", Office: "Cụm trưởng", Enrolled: true, Holds: []policy.Membership{{Role: policy.Lead, Cluster: clusterID}}}
}

// ready says where a stream is.
func ready(path string) func(host string) error {
	return func(host string) error {
		return json.NewEncoder(os.Stdout).Encode(map[string]string{"Host": host, "Path": path})
	}
}

// playFanout sends a file's bytes to all, with what net/http has and no more.
func playFanout(file string) error {
	if err := openFiles(watching + 200); err != nil {
		return err
	}
	state, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	all := map[chan []byte]bool{}
	return serveWith(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rc := http.NewResponseController(w)
		if err := errors.Join(rc.SetReadDeadline(time.Time{}), rc.SetWriteDeadline(time.Time{})); err != nil {
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("Cache-Control", "no-store")
		events := make(chan []byte, 1)
		events <- state
		mu.Lock()
		all[events] = true
		mu.Unlock()
		defer func() {
			mu.Lock()
			delete(all, events)
			mu.Unlock()
		}()
		for {
			select {
			case <-r.Context().Done():
				return
			case state := <-events:
				fmt.Fprintf(w, "data: %s\n\n", state)
				if rc.Flush() != nil {
					return
				}
			}
		}
	}), ready("/"), func(string) (string, error) {
		start := time.Now()
		mu.Lock()
		defer mu.Unlock()
		for events := range all {
			events <- state
		}
		return strconv.FormatInt(start.UnixNano(), 10), nil
	})
}

// openFiles lets the process have so many files open.
func openFiles(n uint64) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	if limit.Cur >= n {
		return nil
	}
	limit.Cur, limit.Max = n, max(limit.Max, n)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("open %d files, ulimit -n: %w", n, err)
	}
	return nil
}

// watchers are many who watch one stream.
type watchers struct {
	each   []watcher
	got    atomic.Int64
	all    chan struct{} // when everybody has one more
	failed chan error
}

type watcher struct {
	states int64
	at     int64 // of the last one, Unix nanoseconds
}

// playWatchers connects n and is ready when each has its first state. It answers with
// when each got the next one, and fails where somebody got none, or two.
func playWatchers(host, path, count string) error {
	n, err := strconv.Atoi(count)
	if err != nil {
		return err
	}
	if err := openFiles(uint64(n) + 200); err != nil {
		return err
	}
	w := &watchers{each: make([]watcher, n), all: make(chan struct{}, 1), failed: make(chan error, n)}
	turn := make(chan struct{}, joining)
	for i := range n {
		turn <- struct{}{}
		go func() {
			if err := w.watch(i, host, path, func() { <-turn }); err != nil {
				w.failed <- err
			}
		}()
	}
	times := int64(0)
	arrived := func(string) (string, error) {
		times++
		select {
		case <-w.all:
		case err := <-w.failed:
			return "", err
		case <-time.After(60 * time.Second):
			return "", fmt.Errorf("%d of %d have it after a minute", w.got.Load()-(times-1)*int64(n), n)
		}
		at := make([]int64, n)
		for i := range w.each {
			if w.each[i].states != times {
				return "", fmt.Errorf("connection %d has %d states of %d", i, w.each[i].states, times)
			}
			at[i] = w.each[i].at
		}
		text, err := json.Marshal(at)
		return string(text), err
	}
	if _, err := arrived(""); err != nil {
		return err
	}
	runtime.GC()
	debug.SetGCPercent(-1) // what comes is read when it comes
	fmt.Println("ready")
	return answer(arrived)
}

// watch reads a stream until it ends, with as little memory as it can.
func (w *watchers) watch(i int, host, path string, joined func()) error {
	join := sync.OnceFunc(joined)
	defer join()
	conn, err := net.Dial("tcp", host)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nAccept: text/event-stream\r\n\r\n", path, host); err != nil {
		return err
	}
	answer, err := http.ReadResponse(bufio.NewReaderSize(conn, 4<<10), nil)
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", path, answer.Status)
	}
	me, buffer := &w.each[i], make([]byte, 1<<10)
	begun, data := true, false // of a line; of an event with data in it
	for {
		k, err := answer.Body.Read(buffer)
		if err != nil {
			return fmt.Errorf("a stream ended: %w", err)
		}
		for _, c := range buffer[:k] {
			switch {
			case c != '\n':
				data = data || begun && c == 'd' // other lines begin with r or a colon
				begun = false
			case begun && data: // the empty line after it
				data = false
				me.states++
				me.at = time.Now().UnixNano()
				join()
				if w.got.Add(1)%int64(len(w.each)) == 0 {
					w.all <- struct{}{}
				}
			default:
				begun = true
			}
		}
	}
}
