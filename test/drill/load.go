package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// ack is a write that was answered with a receipt: what a client notes.
type ack struct {
	key     string // of the request; also the title of what it wrote
	kind    string // draft, publish or change
	item    string // the article
	receipt string
}

// acks is the file in which clients note what was acknowledged, one line each.
type acks struct {
	mu   sync.Mutex
	path string
	f    *os.File
}

func openAcks(path string) (*acks, error) {
	f, err := os.Create(path)
	return &acks{path: path, f: f}, err
}

func (a *acks) add(one ack) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	_, err := fmt.Fprintln(a.f, one.key, one.kind, one.item, one.receipt)
	return err
}

func (a *acks) close() error { return a.f.Close() }

// read reads what was noted.
func (a *acks) read() ([]ack, error) {
	f, err := os.Open(a.path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var all []ack
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		p := strings.Fields(lines.Text())
		if len(p) != 4 {
			return nil, fmt.Errorf("not a line of an ack file: %q", lines.Text())
		}
		all = append(all, ack{p[0], p[1], p[2], p[3]})
	}
	return all, lines.Err()
}

// request is a write that may be sent again under its key.
type request struct {
	key, kind, path string
	form            url.Values
}

// load is a number of people who write articles, each the next one when the last
// was answered.
type load struct {
	acks    *acks
	people  int
	padding int   // bytes more in each article
	most    int64 // acknowledged writes, and then they stop; 0 for no end
	// next is asked where a request had no answer: it returns at whom to try again, or
	// false to stop.
	next func(ctx context.Context) (*client, bool)

	acked   atomic.Int64
	refused atomic.Int64 // answered with 503
	mu      sync.Mutex
	open    []request // had no answer
	words   string    // of the newest refusal
	err     error
}

// run writes until ctx ends, the site does not answer, or enough is acknowledged.
func (ld *load) run(ctx context.Context, c *client) error {
	var all sync.WaitGroup
	for n := range ld.people {
		all.Go(func() {
			if err := ld.person(ctx, c, n); err != nil {
				ld.mu.Lock()
				ld.err = errors.Join(ld.err, err)
				ld.mu.Unlock()
			}
		})
	}
	all.Wait()
	return ld.err
}

func (ld *load) person(ctx context.Context, c *client, n int) error {
	var item string
	version := int64(0)
	for i := n; ctx.Err() == nil && (ld.most == 0 || ld.acked.Load() < ld.most); i++ {
		r := ld.request(i, item, version)
		a, err := c.post(ctx, r.path, r.key, r.form)
		for err != nil && ld.next != nil {
			var more bool
			if c, more = ld.next(ctx); !more {
				break
			}
			a, err = c.post(ctx, r.path, r.key, r.form)
		}
		switch {
		case err != nil:
			ld.mu.Lock()
			ld.open = append(ld.open, r)
			ld.mu.Unlock()
			return nil
		case a.saved():
			made, err := ld.note(r, a)
			if err != nil {
				return err
			}
			switch r.kind {
			case "draft":
				item, version = made, 1
			case "change":
				version++
			}
		case a.code == http.StatusServiceUnavailable:
			ld.refused.Add(1)
			ld.mu.Lock()
			ld.words = a.body
			ld.mu.Unlock()
			pause(ctx, retryAfter)
		default:
			return fmt.Errorf("%w: %d to %s: %s", errUnexpected, a.code, r.path, first(a.body))
		}
	}
	return nil
}

// note writes an acknowledged request down.
func (ld *load) note(r request, a answer) (item string, err error) {
	item, _, _ = strings.Cut(strings.TrimPrefix(a.to, "/viec/tin/"), "?")
	if strings.HasPrefix(a.to, "/r/") { // answered again, and how it was answered first is lost
		item = "-"
	}
	ld.acked.Add(1)
	return item, ld.acks.add(ack{r.key, r.kind, item, a.receipt})
}

// request is a person's i-th: most are drafts and changes to the newest of them,
// some are published at once, which is two leaves, a search entry and a receipt
// that opens.
func (ld *load) request(i int, item string, version int64) request {
	key := "drill" + rand.Text()
	form := url.Values{"title": {key}, "category": {"DIỄN TẬP"}, "lead": {"Một bản tin của buổi diễn tập."}, "byline": {"Ban biên tập"},
		"body": {"Nội dung " + key + strings.Repeat(" tin", ld.padding/4)}}
	switch {
	case i%8 == 7:
		form.Set("act", "publish")
		return request{key, "publish", "/viec/tin/moi", form}
	case i%2 == 1 && version > 0 && version < 20 && item != "-":
		form.Set("version", strconv.FormatInt(version, 10))
		return request{key, "change", "/viec/tin/" + item, form}
	}
	return request{key, "draft", "/viec/tin/moi", form}
}

// again sends what had no answer once more, under its key: done or not before, it
// is done once.
func (ld *load) again(ctx context.Context, c *client) error {
	for _, r := range ld.open {
		a, err := c.post(ctx, r.path, r.key, r.form)
		if err != nil {
			return fmt.Errorf("send again: %w", err)
		}
		if !a.saved() {
			return fmt.Errorf("send again: %w: %d: %s", errUnexpected, a.code, first(a.body))
		}
		if _, err := ld.note(r, a); err != nil {
			return err
		}
	}
	ld.open = nil
	return nil
}
