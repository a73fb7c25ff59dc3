package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"dongthuan/internal/c2sp"
)

const people = 6

// begun is a site that is running, and somebody signed in.
type begun struct {
	site   site
	server *server
	client *client
	policy c2sp.Policy
	load   *load
}

// begin starts a program over a site, signs in and reads the policy.
func (l *lab) begin(ctx context.Context, program string, s site, name string, env ...string) (*begun, error) {
	srv, err := l.serve(ctx, program, s, env...)
	if err != nil {
		return nil, err
	}
	b := &begun{site: s, server: srv}
	err = func() (err error) {
		if b.client, err = signIn(ctx, srv.url, editor); err != nil {
			return err
		}
		if b.policy, err = b.client.policy(ctx); err != nil {
			return err
		}
		a, err := openAcks(filepath.Join(l.folder, name+".acks"))
		b.load = &load{acks: a, people: people}
		return err
	}()
	if err != nil {
		return nil, errors.Join(err, srv.kill())
	}
	return b, nil
}

// fresh begins on a copy of the demonstration.
func (l *lab) fresh(ctx context.Context, program, name string, env ...string) (*begun, error) {
	s, err := l.copied(filepath.Join(l.folder, name))
	if err != nil {
		return nil, err
	}
	return l.begin(ctx, program, s, name, env...)
}

// killed kills the program at a random moment while people write.
func killed(ctx context.Context, l *lab, rounds int, r *result) {
	r.unit = "kills"
	var ready []time.Duration
	for range rounds {
		if ctx.Err() != nil {
			break
		}
		b, err := l.fresh(ctx, l.release, "killed")
		if err != nil {
			r.bad("%v", err)
			return
		}
		stop := time.AfterFunc(50*time.Millisecond+rand.N(2950*time.Millisecond), func() { b.server.kill() })
		err = b.load.run(ctx, b.client)
		stop.Stop()
		if err := errors.Join(err, b.server.kill()); err != nil {
			r.bad("%v", err)
		}
		ready = append(ready, l.after(ctx, b.site, b.load, b.client, b.policy, r))
		if err := b.load.acks.close(); err != nil {
			r.bad("%v", err)
		}
		r.often++
	}
	if len(ready) > 0 {
		slices.Sort(ready)
		r.note("ready again in %v, p95 %v", ready[len(ready)/2].Round(time.Millisecond), ready[len(ready)*95/100].Round(time.Millisecond))
	}
}

// points are the steps between which the fault build can be killed.
var points = []string{"ran", "placed", "committed", "sign", "signed", "published"}

// failpoints kills the program between two steps of giving leaves their places.
func failpoints(ctx context.Context, l *lab, times int, r *result) {
	r.unit = "kills"
	r.note("%d at each of %v", times, points)
	for _, point := range points {
		for i := range times {
			if ctx.Err() != nil {
				return
			}
			n := 1 + rand.N(60)
			if i == 1 {
				n = 1 // while it starts, where it passes the point then
			}
			if err := l.failpoint(ctx, fmt.Sprintf("%s:%d", point, n), r); err != nil {
				r.bad("%s: %v", point, err)
				return
			}
			r.often++
		}
	}
}

func (l *lab) failpoint(ctx context.Context, fault string, r *result) error {
	b, err := l.fresh(ctx, l.faulty, "failpoint")
	if err != nil {
		return err
	}
	b.client.close()
	if err := b.server.end(); err != nil { // the heartbeat of its first start is recorded
		return err
	}
	ld := b.load
	srv, err := l.serve(ctx, l.faulty, b.site, "FAULT="+fault)
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL {
		l.after(ctx, b.site, ld, b.client, b.policy, r) // it passed the point while it started
		return ld.acks.close()
	}
	if err != nil {
		return err
	}
	ctx2, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := ld.run(ctx2, b.client.at(srv.url)); err != nil {
		return errors.Join(err, srv.kill())
	}
	select {
	case <-srv.ended:
	default:
		if ctx2.Err() != nil {
			return errors.Join(fmt.Errorf("FAULT=%s did not kill the program within %v", fault, patience), srv.kill())
		}
		if err := srv.wait(); err != nil {
			return err
		}
	}
	l.after(ctx, b.site, ld, b.client, b.policy, r)
	return ld.acks.close()
}
