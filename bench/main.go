// Command bench measures the program against its bounds and prints one table.
//
// Everything is measured in one run, on one machine; what depends on the machine
// is given as a ratio to something bare that runs beside it. A bound that is
// missed shows in the table; the exit code is 1 only when measuring failed.
//
//	go run ./bench [-folder FOLDER] [-profile FOLDER] [pages save report start search duties consolidate ledger live meeting opinion texts]
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

func main() {
	if role := os.Getenv(roleVariable); role != "" {
		exit(play(context.Background(), role, os.Args[1:]))
	}
	folder := flag.String("folder", "", "folder on the disk to measure; the system's for temporary files when not given")
	profile := flag.String("profile", "", "folder to write CPU and heap profiles of the measured processes to")
	flag.Parse()
	exit(run(context.Background(), os.Stdout, *folder, *profile, flag.Args()))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// bench is one run: where it may write, and the rows measured so far.
type bench struct {
	folder  string // temporary, gone afterwards
	profile string // "" for none
	seeded  string // database with the demonstration in it
	rows    []row
}

// row of the table. Bound is empty where there is none to keep.
type row struct {
	name, measured, bound string
	ok                    bool
}

// add puts a row that has a bound into the table.
func (b *bench) add(name, measured, bound string, ok bool) {
	b.rows = append(b.rows, row{name, measured, bound, ok})
}

// note puts a row without a bound into the table.
func (b *bench) note(name, measured string) { b.add(name, measured, "", true) }

func run(ctx context.Context, out io.Writer, folder, profile string, only []string) error {
	temp, err := os.MkdirTemp(folder, "dongthuan-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	b := &bench{folder: temp, profile: profile, seeded: filepath.Join(temp, "seeded", "demo.db")}
	if err := seed(ctx, b.seeded); err != nil {
		return err
	}
	stop, err := startProfile(profile, "bench")
	if err != nil {
		return err
	}
	for _, part := range []struct {
		name    string
		measure func(context.Context) error
	}{{"pages", b.pages}, {"save", b.save}, {"report", b.report}, {"start", b.start}, {"search", b.search}, {"duties", b.duties}, {"consolidate", b.consolidate}, {"ledger", b.ledger}, {"live", b.live}, {"meeting", b.meeting}, {"opinion", b.opinion}, {"texts", b.texts}} {
		if len(only) > 0 && !slices.Contains(only, part.name) {
			continue
		}
		fmt.Fprintf(os.Stderr, "bench: %s\n", part.name)
		if err := part.measure(ctx); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	if err := stop(); err != nil {
		return err
	}
	return b.print(out)
}

func (b *bench) print(out io.Writer) error {
	fmt.Fprintf(out, "%s, %d cores, %s/%s, %s, %s\n", processor(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version(), time.Now().Format("2006-01-02 15:04"))
	fmt.Fprintf(out, "Medians of %d; CPU by getrusage; ms and s of the clock; MB = 1024² bytes; SQLite in WAL, synchronous=FULL.\n\n", rounds)
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "what\tmeasured\tbound\t")
	for _, r := range b.rows {
		verdict := "ok"
		switch {
		case r.bound == "":
			verdict = ""
		case !r.ok:
			verdict = "NOT"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", r.name, r.measured, r.bound, verdict)
	}
	return t.Flush()
}

// rounds is how often each thing is measured; the table shows the median.
const rounds = 5

func median[T int64 | float64 | time.Duration](all []T) T {
	return quantile(all, 0.5)
}

func quantile[T int64 | float64 | time.Duration](all []T, q float64) T {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

func millis(d time.Duration) string { return fmt.Sprintf("%.2f ms", float64(d.Microseconds())/1000) }

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/mega) }

const mega = 1 << 20

// processor is the model of the machine's CPU, as Linux names it.
func processor() string {
	name, err := field("/proc/cpuinfo", "model name")
	if err != nil {
		return "unknown processor"
	}
	return name
}

// field reads "name: value" from a file of /proc.
func field(file, name string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if key, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value), nil
		}
	}
	return "", fmt.Errorf("%s has no %s", file, name)
}

// memory reads VmRSS or VmHWM of a process, in bytes.
func memory(pid int, name string) (int64, error) {
	text, err := field(fmt.Sprintf("/proc/%d/status", pid), name)
	if err != nil {
		return 0, err
	}
	var n int64
	if _, err := fmt.Sscanf(text, "%d kB", &n); err != nil {
		return 0, fmt.Errorf("read %s of %d: %w", name, pid, err)
	}
	return n << 10, nil
}
