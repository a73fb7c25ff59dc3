package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"dongthuan/internal/ledger"
)

// synced watches the program's system calls while people write. Before each answer
// that acknowledges a write, what the write put into SQLite's log and into the
// journal must have been synced. The control does not sync the log, and must be
// seen not to.
func synced(ctx context.Context, l *lab, writes int, r *result) {
	r.unit = "answers"
	if r.cannot = needs("strace"); r.cannot != nil {
		return
	}
	t, all, err := l.watched(ctx, l.release, writes, r)
	var lacking errNeeds
	if errors.As(err, &lacking) {
		r.cannot = err
		return
	}
	if err != nil {
		r.bad("%v", err)
		return
	}
	r.acked = len(all)
	for _, a := range all {
		if err := t.check(a); err != nil {
			r.bad("%s: %v", a.receipt, err)
		}
		r.often++
	}
	r.note("%d syncs of the log, %d of the journal", len(t.logSyncs), len(t.journalSyncs))
	if t, all, err = l.watched(ctx, l.faulty, 20, r, "FAULT_SYNCHRONOUS=NORMAL"); err != nil {
		r.bad("control: %v", err)
		return
	}
	unsynced := 0
	for _, a := range all {
		if errors.Is(t.check(a), errUnsynced) {
			unsynced++
		}
	}
	r.note("control, synchronous=NORMAL: %d of %d too early", unsynced, len(all))
	if unsynced == 0 {
		r.bad("the control was synced: the drill is blind")
	}
}

// watched has people write a number of times, and returns what the program did and
// what was acknowledged.
func (l *lab) watched(ctx context.Context, program string, writes int, r *result, env ...string) (*trace, []ack, error) {
	b, err := l.fresh(ctx, program, "synced", env...)
	if err != nil {
		return nil, nil, err
	}
	file := filepath.Join(l.folder, "trace")
	stop, err := attach(ctx, b.server.cmd.Process.Pid, file)
	if err != nil {
		return nil, nil, errors.Join(errNeeds("strace to be allowed to watch"), err, b.server.kill())
	}
	b.load.people, b.load.most = 4, int64(writes)
	err = b.load.run(ctx, b.client)
	b.client.close()
	if err := errors.Join(err, stop(), b.server.end()); err != nil {
		return nil, nil, err
	}
	all, err := b.load.acks.read()
	if err != nil {
		return nil, nil, err
	}
	l.whole(ctx, b.site, all, r)
	f, err := os.Open(file)
	if err != nil {
		return nil, nil, err
	}
	t, err := readTrace(f)
	return t, all, errors.Join(err, f.Close(), os.Remove(file), b.load.acks.close())
}

var errUnsynced = errors.New("answered before the log was synced")

// attach has strace write what a process does to a file, until stop. Each string
// is written whole, up to a page of the database, so that it tells which write it
// belongs to.
func attach(ctx context.Context, pid int, to string) (stop func() error, err error) {
	cmd := exec.CommandContext(ctx, "strace", "-f", "-y", "-s", "4200", "-e", "signal=none",
		"-e", "trace=write,writev,pwrite64,pwritev,sendto,sendmsg,fsync,fdatasync", "-o", to, "-p", strconv.Itoa(pid))
	said, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(said).ReadString('\n')
	if err != nil || !strings.Contains(line, "attached") {
		return nil, errors.Join(fmt.Errorf("strace: %s", strings.TrimSpace(line)), err, cmd.Wait())
	}
	go io.Copy(io.Discard, said)
	return func() error {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			return err
		}
		cmd.Wait() // it ends by the signal
		return nil
	}, nil
}

// trace is what was seen, in the order in which it was seen: a number stands for
// a moment.
type trace struct {
	inLog                  map[string]int // when a key was in the log first
	journal                []signed
	logSyncs, journalSyncs []span
	answered               map[string]int // when the answer with a receipt began
}

// span is from where a call began to where it had ended.
type span struct{ from, to int }

// signed is when a line of the journal was written, for a tree of a size.
type signed struct {
	size int64
	at   int
}

var (
	call      = regexp.MustCompile(`^(\d+) +(?:<\.\.\. )?(\w+)(?:\((\d+)<([^>]*)>| resumed>)`)
	titled    = regexp.MustCompile(`drill[A-Z2-7]{26}`)
	receipted = regexp.MustCompile(`Receipt: ([0-9A-Z-]+)`)
	lineSize  = regexp.MustCompile(`"(\d+) [A-Za-z0-9+/]{43}= `)
)

func readTrace(in io.Reader) (*trace, error) {
	t := &trace{inLog: map[string]int{}, answered: map[string]int{}}
	type begun struct {
		at   int
		line string
	}
	open := map[string]begun{} // calls under way, by their threads
	lines := bufio.NewReaderSize(in, 1<<20)
	for now := 1; ; now++ {
		line, err := lines.ReadString('\n')
		if errors.Is(err, io.EOF) {
			return t, nil
		}
		if err != nil {
			return nil, err
		}
		m := call.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		from := now
		if strings.Contains(line, " resumed>") {
			was, ok := open[m[1]]
			if !ok {
				continue // began before we looked
			}
			delete(open, m[1])
			from, line = was.at, was.line+line
			m = call.FindStringSubmatch(was.line)
		} else {
			t.begins(m, line, now)
			if strings.HasSuffix(line, "<unfinished ...>\n") {
				open[m[1]] = begun{now, line}
				continue
			}
		}
		t.ended(m, line, span{from, now})
	}
}

// begins notes the beginning of an answer.
func (t *trace) begins(m []string, line string, now int) {
	if strings.HasPrefix(m[4], "socket:") || strings.HasPrefix(m[4], "TCP") {
		if code := receipted.FindStringSubmatch(line); code != nil && t.answered[code[1]] == 0 {
			t.answered[code[1]] = now
		}
	}
}

// ended notes a write or a sync that has ended well.
func (t *trace) ended(m []string, line string, s span) {
	result := line[strings.LastIndex(line, " = ")+1:]
	if strings.HasPrefix(result, "= -") || !strings.HasPrefix(result, "= ") {
		return
	}
	sync := m[2] == "fsync" || m[2] == "fdatasync"
	switch {
	case strings.HasSuffix(m[4], "-wal") && sync:
		t.logSyncs = append(t.logSyncs, s)
	case strings.HasSuffix(m[4], "/journal") && sync:
		t.journalSyncs = append(t.journalSyncs, s)
	case strings.HasSuffix(m[4], "-wal"):
		for _, key := range titled.FindAllString(line, -1) {
			if t.inLog[key] == 0 {
				t.inLog[key] = s.to
			}
		}
	case strings.HasSuffix(m[4], "/journal"):
		if size := lineSize.FindStringSubmatch(line); size != nil {
			if n, err := strconv.ParseInt(size[1], 10, 64); err == nil {
				t.journal = append(t.journal, signed{n, s.to})
			}
		}
	}
}

// check looks whether an acknowledged write was synced before its answer began.
func (t *trace) check(a ack) error {
	answered, inLog := t.answered[a.receipt], t.inLog[a.key]
	if answered == 0 || inLog == 0 {
		return fmt.Errorf("not seen: answered at %d, in the log at %d", answered, inLog)
	}
	if !within(t.logSyncs, inLog, answered) {
		return errUnsynced
	}
	idx, _, err := ledger.ParseCode(a.receipt)
	if err != nil {
		return err
	}
	for _, s := range t.journal {
		if s.size > idx {
			if !within(t.journalSyncs, s.at, answered) {
				return errors.New("answered before the journal was synced")
			}
			return nil
		}
	}
	return errors.New("not in the journal")
}

// within reports whether one of the syncs began after a moment and had ended
// before another.
func within(syncs []span, after, before int) bool {
	for _, s := range syncs {
		if s.from > after && s.to < before {
			return true
		}
	}
	return false
}
