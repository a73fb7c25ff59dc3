// Package journey drives the built program in a real browser, the way people use
// it. A journey opens a demonstration of its own and walks through its pages:
//
//	site := Open(t)
//	p := site.Page()
//	p.Go("/dang-nhap")
//	p.Type("#login", "thuky")
//	p.Follow("button[type=submit]")
//	p.Axe()
//
// A page fails its test when the browser's console shows an error, when the page
// breaks its Content-Security-Policy, or when it asks another host for anything.
// With TEST_POSTGRES set the demonstration runs on PostgreSQL, with SCREENSHOTS set
// the pictures are kept in that folder.
package journey

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"dongthuan/internal/db/dbtest"
)

// patience is how long anything may take before a journey gives up: long, because
// the machine may be busy, and seldom waited for.
const patience = 90 * time.Second

// Site is a running demonstration, with the data every demonstration starts with.
type Site struct {
	URL    string // http://127.0.0.1:PORT
	t      testing.TB
	out    *output
	cmd    *exec.Cmd
	ended  chan error
	killed bool
}

// Open starts the program as "dongthuan demo" with a database of its own, and waits
// until it is ready. After the test it is interrupted as by Ctrl-C: it must end with
// 0, leave no file behind and have logged no error.
func Open(t testing.TB, args ...string) *Site {
	t.Helper()
	if os.Getenv("TEST_POSTGRES") != "" {
		args = append(args, "--database", dbtest.Source(t))
	}
	return launch(t, args...)
}

// launch is Open on the database that the arguments say.
func launch(t testing.TB, args ...string) *Site {
	t.Helper()
	program, err := build()
	if err != nil {
		t.Fatal(err)
	}
	scratch := t.TempDir()
	s := &Site{t: t, out: &output{}, ended: make(chan error, 1)}
	s.cmd = exec.Command(program, append([]string{"demo", "--listen", "127.0.0.1:0"}, args...)...)
	s.cmd.Dir = scratch
	s.cmd.Env = append(os.Environ(), "TMPDIR="+scratch)
	s.cmd.Stdout, s.cmd.Stderr = s.out, s.out
	// Output still open when the program is gone belongs to something it left behind.
	s.cmd.WaitDelay = 5 * time.Second
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { s.ended <- s.cmd.Wait(); close(s.ended) }()
	t.Cleanup(func() { s.stop(scratch) })
	s.ready()
	return s
}

// Kill ends the program as a power cut would, and not as Ctrl-C does.
func (s *Site) Kill() {
	s.t.Helper()
	s.killed = true
	if err := s.cmd.Process.Kill(); err != nil {
		s.t.Fatal(err)
	}
	<-s.ended
}

// Page opens an empty tab for a person who has never been here: no cookies, nothing
// cached, a laptop's window. Two pages of a site are two persons.
func (s *Site) Page() *Page {
	s.t.Helper()
	return Browse(s.t, s.URL)
}

// Output is what the program has written so far, its log included.
func (s *Site) Output() string { return s.out.String() }

var address = regexp.MustCompile(`http://127\.0\.0\.1:\d+`)

// ready waits for the address in the output and for /readyz.
func (s *Site) ready() {
	s.t.Helper()
	for begin := time.Now(); time.Since(begin) < patience; {
		if s.URL = address.FindString(s.Output()); s.URL != "" {
			if r, err := http.Get(s.URL + "/readyz"); err == nil {
				r.Body.Close()
				if r.StatusCode == http.StatusOK {
					return
				}
			}
		}
		select {
		case err := <-s.ended:
			s.t.Fatalf("the demonstration ended before it was ready: %v\n%s", err, s.Output())
		case <-time.After(20 * time.Millisecond):
		}
	}
	s.t.Fatalf("the demonstration was not ready within %v\n%s", patience, s.Output())
}

func (s *Site) stop(scratch string) {
	if s.killed {
		return
	}
	// An error here means that it has ended already, which Wait tells better.
	_ = s.cmd.Process.Signal(os.Interrupt)
	select {
	case err := <-s.ended:
		if err != nil {
			s.t.Errorf("the demonstration ended with %v\n%s", err, s.Output())
		}
	case <-time.After(patience):
		_ = s.cmd.Process.Kill()
		<-s.ended
		s.t.Errorf("the demonstration did not end within %v of Ctrl-C\n%s", patience, s.Output())
	}
	left, err := filepath.Glob(filepath.Join(scratch, "*"))
	if err != nil || len(left) > 0 {
		s.t.Errorf("the demonstration left behind %v (%v)", left, err)
	}
	for line := range strings.Lines(s.Output()) {
		if strings.Contains(line, `"level":"ERROR"`) {
			s.t.Errorf("the demonstration logged: %s", line)
		}
	}
}

// output collects what a program writes while others read it.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// Main runs the tests of the package, and afterwards ends what they shared.
func Main(m *testing.M) int {
	defer closeBrowser()
	defer func() { os.RemoveAll(built) }()
	return m.Run()
}

// built is the folder of the program, "" before it is built.
var built string

// build makes the program, once for all tests: the one of DONGTHUAN_BIN when that
// is set, for journeys through a release.
var build = sync.OnceValues(func() (string, error) {
	if given := os.Getenv("DONGTHUAN_BIN"); given != "" {
		return filepath.Abs(given)
	}
	if err := watch("../cmd", "../internal", "../demo", "../go.mod"); err != nil {
		return "", err
	}
	var err error
	if built, err = os.MkdirTemp("", "journey-"); err != nil {
		return "", err
	}
	program := filepath.Join(built, "dongthuan")
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", program, "./cmd/dongthuan")
	cmd.Dir = ".."
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return program, nil
})

// watch looks at every source file, because go test remembers what a test looked at:
// so it runs the journeys again when the program has changed and not otherwise.
func watch(paths ...string) error {
	var all error
	for _, path := range paths {
		all = errors.Join(all, filepath.WalkDir(path, func(path string, _ fs.DirEntry, err error) error {
			if err == nil {
				_, err = os.Stat(path)
			}
			return err
		}))
	}
	return all
}
