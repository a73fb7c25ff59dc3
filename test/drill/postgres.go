package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	mrand "math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// nodes is how many processes serve one database.
const nodes = 3

// processes runs three processes on one PostgreSQL database and kills them in turn
// while people write. Who gets no answer sends the same request to the next one.
func processes(ctx context.Context, l *lab, kills int, r *result) {
	r.unit = "kills"
	server, stop, err := l.postgres(ctx)
	if err != nil {
		r.cannot = err
		return
	}
	if err := errors.Join(l.killInTurn(ctx, server, kills, r), stop()); err != nil {
		r.bad("%v", err)
	}
}

// postgres is a server to make a database on: that of TEST_POSTGRES, or one of its
// own.
func (l *lab) postgres(ctx context.Context) (server string, stop func() error, err error) {
	if server := os.Getenv("TEST_POSTGRES"); server != "" {
		return server, func() error { return nil }, nil
	}
	cmd := exec.CommandContext(ctx, filepath.Join(l.root, "script", "postgres"), "sh", "-c", `echo "$TEST_POSTGRES"; cat >/dev/null`)
	cmd.Env = append(os.Environ(), "DURABLE=1")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return "", nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, errNeeds(fmt.Sprintf("PostgreSQL: %v", err))
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return "", nil, errNeeds(fmt.Sprintf("PostgreSQL, which script/install installs: %v", errors.Join(err, in.Close(), cmd.Wait())))
	}
	return strings.TrimSpace(line), func() error { return errors.Join(in.Close(), cmd.Wait()) }, nil
}

// database makes an empty database on a server.
func database(ctx context.Context, server string) (source string, drop func() error, err error) {
	admin, err := sql.Open("pgx", server)
	if err != nil {
		return "", nil, err
	}
	name := "drill_" + strings.ToLower(rand.Text()[:12])
	if _, err := admin.ExecContext(ctx, "create database "+name); err != nil {
		return "", nil, errors.Join(err, admin.Close())
	}
	address, query, _ := strings.Cut(server, "?")
	source = address[:strings.LastIndexByte(address, '/')+1] + name
	if query != "" {
		source += "?" + query
	}
	return source, func() error {
		_, err := admin.ExecContext(context.WithoutCancel(ctx), "drop database "+name+" with (force)")
		return errors.Join(err, admin.Close())
	}, nil
}

// cluster is several processes on one database. Each has the key, and a journal of
// its own.
type cluster struct {
	lab   *lab
	sites []site

	mu      sync.Mutex
	servers []*server // nil while one is down
	turn    int
	people  *client
}

func (l *lab) killInTurn(ctx context.Context, on string, kills int, r *result) (err error) {
	source, drop, err := database(ctx, on)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, drop()) }()
	folder := filepath.Join(l.folder, "cluster")
	state := func(i int) string { return filepath.Join(folder, fmt.Sprintf("so-cai-%d", i)) }
	if err := errors.Join(os.RemoveAll(folder), os.MkdirAll(folder, 0o700)); err != nil {
		return err
	}
	if err := l.seed(ctx, "--keep", filepath.Join(folder, "demo"), "--database", source, "--state", state(0)); err != nil {
		return err
	}
	c := &cluster{lab: l, servers: make([]*server, nodes)}
	key, err := os.ReadFile(filepath.Join(state(0), "key"))
	if err != nil {
		return err
	}
	for i := range nodes {
		if err := errors.Join(os.MkdirAll(state(i), 0o700), os.WriteFile(filepath.Join(state(i), "key"), key, 0o600)); err != nil {
			return err
		}
		c.sites = append(c.sites, site{folder, source, []string{"--database", source, "--state", state(i), "--files", filepath.Join(folder, "demo", "tep"), "--no-totp"}})
		if c.servers[i], err = l.serve(ctx, l.release, c.sites[i]); err != nil {
			return errors.Join(err, c.stop())
		}
	}
	if c.people, err = signIn(ctx, c.servers[0].url, editor); err != nil {
		return errors.Join(err, c.stop())
	}
	policy, err := c.people.policy(ctx)
	if err != nil {
		return errors.Join(err, c.stop())
	}
	a, err := openAcks(filepath.Join(l.folder, "cluster.acks"))
	if err != nil {
		return errors.Join(err, c.stop())
	}
	ld := &load{acks: a, people: people, next: c.next}
	writing, enough := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- ld.run(writing, c.people) }()
	longest := c.kill(ctx, ld, kills, r)
	enough()
	if err := errors.Join(<-done, c.stop()); err != nil {
		return err
	}
	r.note("longest wait for an acknowledgement %v", longest.Round(10*time.Millisecond))
	l.after(ctx, c.sites[0], ld, c.people, policy, r)
	all, err := a.read()
	promised := 0
	for _, one := range all {
		if len(one.receipt) == 64 {
			promised++
		}
	}
	led := 0
	for i := range nodes {
		if info, err := os.Stat(filepath.Join(state(i), "journal")); err == nil && info.Size() > 0 {
			led++
		}
	}
	r.note("%d of %d have led, %d promises", led, nodes, promised)
	return errors.Join(err, a.close())
}

// kill kills one process after another and starts each again, and measures the
// longest time in which nobody had an acknowledgement.
func (c *cluster) kill(ctx context.Context, ld *load, kills int, r *result) (longest time.Duration) {
	stopWatch := make(chan struct{})
	var watch sync.WaitGroup
	watch.Go(func() {
		last, at := ld.acked.Load(), time.Now()
		for {
			select {
			case <-stopWatch:
				return
			case <-time.After(10 * time.Millisecond):
			}
			if n := ld.acked.Load(); n != last {
				longest = max(longest, time.Since(at))
				last, at = n, time.Now()
			}
		}
	})
	for i := range kills {
		pause(ctx, time.Second+mrand.N(2*time.Second))
		if ctx.Err() != nil {
			break
		}
		n := i % nodes
		c.mu.Lock()
		s := c.servers[n]
		c.servers[n] = nil
		c.mu.Unlock()
		if err := s.kill(); err != nil {
			r.bad("%v", err)
		}
		pause(ctx, mrand.N(time.Second))
		s, err := c.lab.serve(ctx, c.lab.release, c.sites[n])
		if err != nil {
			r.bad("start process %d again: %v", n, err)
			break
		}
		c.mu.Lock()
		c.servers[n] = s
		c.mu.Unlock()
		r.often++
	}
	pause(ctx, time.Second)
	close(stopWatch)
	watch.Wait()
	return longest
}

// next is a person's browser at another process that runs.
func (c *cluster) next(ctx context.Context) (*client, bool) {
	for begin := time.Now(); time.Since(begin) < patience && ctx.Err() == nil; pause(ctx, 20*time.Millisecond) {
		c.mu.Lock()
		for range nodes {
			c.turn = (c.turn + 1) % nodes
			if s := c.servers[c.turn]; s != nil {
				c.mu.Unlock()
				return c.people.at(s.url), true
			}
		}
		c.mu.Unlock()
	}
	return nil, false
}

func (c *cluster) stop() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.people != nil {
		c.people.close()
	}
	var all error
	for _, s := range c.servers {
		if s != nil {
			all = errors.Join(all, s.end())
		}
	}
	return all
}
