// Command drill breaks the built program on purpose and looks whether it kept what
// it had acknowledged. It prints one table.
//
//	go run ./test/drill [-short] [-n ROUNDS] [R1 R2 R3 R4 R6 R7 R11 R26 PG]
//
// The load is real: browsers' requests to the program's own binary, over a database
// of the demonstration. A client notes a write only after an answer with a receipt;
// after the fault every receipt noted must be there and verify by the policy read
// before the fault, its rows must be there once, and the ledger must be whole. Some
// drills mount disks and need root: where they cannot run the exit code is 1, as
// where something was lost.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"
)

func main() {
	short := flag.Bool("short", false, "a few rounds of each drill")
	n := flag.Int("n", 0, "rounds of each drill; its own number when not given")
	folder := flag.String("folder", "", "folder on the disk to drill; the system's for temporary files when not given")
	flag.Parse()
	if err := private(); err != nil {
		fmt.Fprintln(os.Stderr, "drill:", err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdout, *folder, *short, *n, flag.Args())
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "drill:", err)
		os.Exit(1)
	}
}

// drill is one way of breaking the program.
type drill struct {
	name, what string
	short, n   int // rounds
	run        func(context.Context, *lab, int, *result)
}

var drills = []drill{
	{"R1", "kill -9 at a random moment", 4, 200, killed},
	{"R2", "power cut", 2, 100, powerCut},
	{"R3", "synced before it is answered", 50, 1000, synced},
	{"R4", "disk full", 1, 5, diskFull},
	{"R6", "damaged WAL", 20, 500, damagedWAL},
	{"R7", "one byte of the ledger flipped", 20, 200, flipped},
	{"R11", "sent 50 times at once", 2, 20, duplicates},
	{"R26", "killed between the sequencer's steps", 1, 10, failpoints},
	{onPostgres, "three processes on one PostgreSQL, killed in turn", 3, 30, processes},
}

// onPostgres is the drill that needs PostgreSQL; the others are SQLite's.
const onPostgres = "PG"

// result is a row of the table. The drill adds to it while it runs.
type result struct {
	often    int // rounds done
	unit     string
	acked    int
	lost     map[string]bool // by their keys
	notes    []string
	problems []string
	cannot   error // why it could not run
}

func (r *result) note(format string, args ...any) {
	r.notes = append(r.notes, fmt.Sprintf(format, args...))
}

func (r *result) bad(format string, args ...any) {
	r.problems = append(r.problems, fmt.Sprintf(format, args...))
}

// lose counts an acknowledged write that is gone, once.
func (r *result) lose(a ack) {
	if r.lost == nil {
		r.lost = map[string]bool{}
	}
	r.lost[a.key] = true
}

func (r *result) verdict() string {
	switch {
	case r.cannot != nil:
		return "NOT RUN"
	case len(r.lost) > 0 || len(r.problems) > 0 || r.often == 0:
		return "FAILED"
	}
	return "held"
}

// errNeeds is why a drill cannot run here: it needs something that is not there.
type errNeeds string

func (e errNeeds) Error() string { return "needs " + string(e) }

func run(ctx context.Context, out io.Writer, folder string, short bool, n int, only []string) error {
	for _, name := range only {
		if !slices.ContainsFunc(drills, func(d drill) bool { return d.name == name }) {
			return fmt.Errorf("no drill %s", name)
		}
	}
	l, err := newLab(ctx, folder)
	if err != nil {
		return err
	}
	defer l.close()
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "drill\thow often\tacknowledged\tlost\tnotes\tverdict")
	var failed []string
	for _, d := range drills {
		if len(only) > 0 && !slices.Contains(only, d.name) {
			continue
		}
		rounds := d.n
		if short {
			rounds = d.short
		}
		if n > 0 {
			rounds = n
		}
		fmt.Fprintf(os.Stderr, "drill: %s, %d\n", d.name, rounds)
		r := l.drill(ctx, d, rounds)
		fmt.Fprintf(t, "%s %s\t%d %s\t%d\t%d\t%s\t%s\n", d.name, d.what, r.often, r.unit, r.acked, len(r.lost), strings.Join(r.notes, "; "), r.verdict())
		if r.verdict() != "held" {
			failed = append(failed, d.name)
		}
		for _, p := range r.told() {
			fmt.Fprintf(os.Stderr, "drill: %s: %s\n", d.name, p)
		}
		fmt.Fprintf(os.Stderr, "drill: %s %s\n", d.name, r.verdict())
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if len(failed) > 0 {
		return errors.New("failed or not run: " + strings.Join(failed, " "))
	}
	return nil
}

// drill runs one drill in a folder of its own.
func (l *lab) drill(ctx context.Context, d drill, rounds int) *result {
	r := &result{unit: "rounds"}
	if d.name != onPostgres {
		if err := l.forSQLite(ctx); err != nil {
			r.bad("%v", err)
			return r
		}
	}
	begin := time.Now()
	d.run(ctx, l, rounds, r)
	if err := ctx.Err(); err != nil {
		r.bad("stopped: %v", err)
	}
	if r.cannot != nil {
		r.note("%v", r.cannot)
	}
	r.note("%.0f s", time.Since(begin).Seconds())
	return r
}

// told are the problems, the first of them where there are many alike.
func (r *result) told() []string {
	const most = 20
	if len(r.problems) <= most {
		return r.problems
	}
	return append(slices.Clone(r.problems[:most]), fmt.Sprintf("and %d more", len(r.problems)-most))
}
