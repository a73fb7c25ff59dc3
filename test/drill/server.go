package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"
)

// server is the program, running.
type server struct {
	url   string
	cmd   *exec.Cmd
	out   *output
	ended chan struct{}
	err   error // of its end
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

// serve starts the program over a site and waits until it is ready.
func (l *lab) serve(ctx context.Context, program string, s site, env ...string) (*server, error) {
	return l.start(ctx, program, env, append([]string{"serve"}, s.args...)...)
}

var address = regexp.MustCompile(`http://127\.0\.0\.1:[1-9]\d*`)

// start starts a serving command and waits until it is ready.
func (l *lab) start(ctx context.Context, program string, env []string, args ...string) (*server, error) {
	s := &server{cmd: exec.CommandContext(ctx, program, append(args, "--listen", "127.0.0.1:0")...), out: &output{}, ended: make(chan struct{})}
	s.cmd.Dir = l.folder
	s.cmd.Env = append(os.Environ(), env...)
	s.cmd.Stdout, s.cmd.Stderr = s.out, s.out
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { s.err = s.cmd.Wait(); close(s.ended) }()
	for begin := time.Now(); time.Since(begin) < patience; {
		if s.url = address.FindString(s.out.String()); s.url != "" {
			if r, err := http.Get(s.url + "/readyz"); err == nil {
				r.Body.Close()
				if r.StatusCode == http.StatusOK || s.frozen() {
					return s, nil
				}
			}
		}
		select {
		case <-s.ended:
			return nil, fmt.Errorf("the program ended before it was ready: %w: %s", s.err, first(s.out.String()))
		case <-time.After(5 * time.Millisecond):
		}
	}
	return nil, errors.Join(fmt.Errorf("the program was not ready within %v: %s", patience, first(s.out.String())), s.kill())
}

// frozen reports whether the program has said that its ledger is frozen.
func (s *server) frozen() bool { return strings.Contains(s.out.String(), "the ledger is frozen") }

// kill ends the program as kill -9 does.
func (s *server) kill() error {
	if err := s.cmd.Process.Signal(syscall.SIGKILL); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return s.wait()
}

// wait waits for the program's end.
func (s *server) wait() error {
	select {
	case <-s.ended:
		return nil
	case <-time.After(patience):
		return fmt.Errorf("the program did not end within %v", patience)
	}
}

// end asks the program to end, as Ctrl-C does; it must do so with 0.
func (s *server) end() error {
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	if err := s.wait(); err != nil {
		return errors.Join(err, s.kill())
	}
	if s.err != nil {
		return fmt.Errorf("the program ended with %w: %s", s.err, first(s.out.String()))
	}
	return nil
}
