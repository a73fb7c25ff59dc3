package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strconv"
	"strings"
	"syscall"
	"time"

	"dongthuan/internal/app"
	"dongthuan/internal/db"
)

// What is measured by CPU or memory runs in a process of its own: this program
// again, with a role. It prints one line when it is ready, then answers each line
// with one, "cpu" with its own CPU time in nanoseconds, and ends with its input.
const (
	roleVariable    = "DONGTHUAN_BENCH_ROLE"
	profileVariable = "DONGTHUAN_BENCH_PROFILE"
)

func play(ctx context.Context, role string, args []string) error {
	stop, err := startProfile(os.Getenv(profileVariable), role)
	if err != nil {
		return err
	}
	switch role {
	case "site":
		err = playSite(ctx, args[0])
	case "bare":
		err = playBare(args[0])
	case "report":
		err = playReport(ctx, args[0], args[1])
	case "hall":
		err = playHall(ctx, args[0])
	case "fanout":
		err = playFanout(args[0])
	case "watchers":
		err = playWatchers(args[0], args[1], args[2])
	case "meeting":
		err = playMeeting(ctx, args[0])
	case "texts":
		err = playTexts(args[0])
	case "opinion", "opinion-updates", "opinion-dense":
		err = playOpinion(args[0], role == "opinion-updates", role == "opinion-dense")
	default:
		err = fmt.Errorf("no role %q", role)
	}
	return errors.Join(err, stop())
}

// startProfile writes profiles of a role, until stop, where a folder is given.
func startProfile(folder, role string) (stop func() error, err error) {
	if folder == "" {
		return func() error { return nil }, nil
	}
	name := filepath.Join(folder, fmt.Sprintf("%s-%d", role, os.Getpid()))
	f, err := os.Create(name + ".cpu")
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, err
	}
	return func() error {
		pprof.StopCPUProfile()
		heap, err := os.Create(name + ".heap")
		if err != nil {
			return err
		}
		runtime.GC()
		return errors.Join(f.Close(), pprof.WriteHeapProfile(heap), heap.Close())
	}, nil
}

// answer answers questions until the input ends: "cpu" itself, others by say.
func answer(say func(question string) (string, error)) error {
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		if in.Text() != "cpu" {
			said, err := say(in.Text())
			if err != nil {
				return err
			}
			fmt.Println(said)
			continue
		}
		n, err := cpu()
		if err != nil {
			return err
		}
		fmt.Println(n.Nanoseconds())
	}
	return in.Err()
}

// dumb has nothing to say but its CPU time.
func dumb(question string) (string, error) { return "", fmt.Errorf("no answer to %q", question) }

// cpu is the CPU time this process has used.
func cpu() (time.Duration, error) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, err
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), nil
}

// child is a process that plays a role.
type child struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	out   *bufio.Reader
	ready string // the line it printed when it was ready
}

func (b *bench) child(ctx context.Context, role string, env []string, args ...string) (*child, error) {
	return b.childOn(ctx, "", role, env, args...)
}

// childOn starts a process on some of the machine's cores, "" for all of them.
func (b *bench) childOn(ctx context.Context, cores, role string, env []string, args ...string) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &child{cmd: exec.CommandContext(ctx, self, args...)}
	if cores != "" {
		c.cmd = exec.CommandContext(ctx, "taskset", append([]string{"-c", cores, self}, args...)...)
	}
	c.cmd.Env = append(append(os.Environ(), roleVariable+"="+role, profileVariable+"="+b.profile), env...)
	c.cmd.Stderr = os.Stderr
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	c.out = bufio.NewReader(out)
	if c.ready, err = c.out.ReadString('\n'); err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", role, err), c.end())
	}
	c.ready = strings.TrimSpace(c.ready)
	return c, nil
}

// cpu asks the process for the CPU time it has used.
func (c *child) cpu() (time.Duration, error) {
	n, err := c.number("cpu")
	return time.Duration(n), err
}

// ask asks the process a question of one line.
func (c *child) ask(question string) (string, error) {
	if _, err := io.WriteString(c.in, question+"\n"); err != nil {
		return "", err
	}
	line, err := c.out.ReadString('\n')
	return strings.TrimSpace(line), err
}

func (c *child) number(question string) (int64, error) {
	text, err := c.ask(question)
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(text, 10, 64)
}

func (c *child) end() error { return errors.Join(c.in.Close(), c.cmd.Wait()) }

// open opens the program over a database of the demonstration, as its commands do.
func open(ctx context.Context, file string) (*app.App, *app.Clock, error) {
	debug.SetGCPercent(75) // as the program sets it
	d, err := db.Open(ctx, file)
	if err != nil {
		return nil, nil, err
	}
	clock := &app.Clock{}
	clock.Run(app.DemoStart)
	a, err := app.New(ctx, d, app.Settings{Now: clock.Now, Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))})
	if err != nil {
		return nil, nil, errors.Join(err, d.Close())
	}
	return a, clock, nil
}

func seed(ctx context.Context, file string) error {
	a, clock, err := open(ctx, file)
	if err != nil {
		return err
	}
	return errors.Join(app.Seed(ctx, a, clock), shut(ctx, a))
}

func shut(ctx context.Context, a *app.App) error { return errors.Join(a.Close(ctx), a.DB.Close()) }

// copied is a copy of the seeded database, which nobody else writes.
func (b *bench) copied(name string) (string, error) {
	folder := filepath.Join(b.folder, name)
	if err := os.CopyFS(folder, os.DirFS(filepath.Dir(b.seeded))); err != nil {
		return "", err
	}
	return filepath.Join(folder, filepath.Base(b.seeded)), nil
}
