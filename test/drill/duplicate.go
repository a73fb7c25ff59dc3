package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// atOnce is how often one request is sent at the same time.
const atOnce = 50

// duplicates sends one request many times at once under one key; of every fifth the
// connection is cut before the answer is read.
func duplicates(ctx context.Context, l *lab, rounds int, r *result) {
	b, err := l.fresh(ctx, l.release, "duplicates")
	if err != nil {
		r.bad("%v", err)
		return
	}
	for range rounds {
		if ctx.Err() != nil {
			break
		}
		if err := b.duplicate(ctx, r); err != nil {
			r.bad("%v", err)
		}
		r.often++
	}
	r.note("each of %d requests, a fifth cut off", atOnce)
	b.client.close()
	if err := b.server.end(); err != nil {
		r.bad("%v", err)
	}
	all, err := b.load.acks.read()
	if err != nil {
		r.bad("%v", err)
	}
	r.acked += len(all)
	l.whole(ctx, b.site, all, r)
	if err := b.load.acks.close(); err != nil {
		r.bad("%v", err)
	}
}

func (b *begun) duplicate(ctx context.Context, r *result) error {
	req := b.load.request(0, "", 0)
	var wait sync.WaitGroup
	var mu sync.Mutex
	said := map[string]int{}
	busy := 0
	for i := range atOnce {
		wait.Go(func() {
			if i%5 == 0 {
				if err := b.cut(ctx, req); err != nil {
					mu.Lock()
					r.bad("%v", err)
					mu.Unlock()
				}
				return
			}
			a, err := b.client.post(ctx, req.path, req.key, req.form)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil:
				r.bad("%v", err)
			case a.saved():
				said[a.receipt]++
			case a.code == http.StatusServiceUnavailable:
				busy++
			default:
				r.bad("%v: %d: %s", errUnexpected, a.code, first(a.body))
			}
		})
	}
	wait.Wait()
	a, err := b.client.post(ctx, req.path, req.key, req.form) // whatever became of the others
	if err != nil {
		return err
	}
	said[a.receipt]++
	if len(said) != 1 || !a.saved() {
		return fmt.Errorf("one request has %d receipts: %v", len(said), said)
	}
	if busy > 0 {
		r.note("%d refused as busy", busy)
	}
	if _, err := b.load.note(req, a); err != nil {
		return err
	}
	noted := ack{req.key, req.kind, "-", a.receipt}
	if err := receipt(ctx, b.client, b.policy, noted); err != nil {
		return err
	}
	other := url.Values{}
	for k, v := range req.form {
		other[k] = v
	}
	other.Set("title", "drill"+rand.Text())
	if a, err = b.client.post(ctx, req.path, req.key, other); err != nil {
		return err
	}
	if a.code != http.StatusUnprocessableEntity || a.receipt != "" {
		return fmt.Errorf("the same key with another body: %d, receipt %q", a.code, a.receipt)
	}
	return nil
}

// cut sends a request and is gone before the answer is read.
func (b *begun) cut(ctx context.Context, req request) error {
	var d net.Dialer
	where, err := url.Parse(b.server.url)
	if err != nil {
		return err
	}
	conn, err := d.DialContext(ctx, "tcp", where.Host)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	body := req.form.Encode()
	var cookies []string
	for _, c := range b.client.http.Jar.Cookies(where) {
		cookies = append(cookies, c.Name+"="+c.Value)
	}
	_, err = io.WriteString(conn, "POST "+req.path+" HTTP/1.1\r\nHost: "+where.Host+"\r\nContent-Type: application/x-www-form-urlencoded\r\nIdempotency-Key: "+req.key+
		"\r\nCookie: "+strings.Join(cookies, "; ")+fmt.Sprintf("\r\nContent-Length: %d\r\n\r\n%s", len(body), body))
	return err
}
