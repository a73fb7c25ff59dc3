package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"

	"dongthuan/internal/c2sp"
)

// editor is the account of the demonstration that writes news.
const editor = "bientap"

// client is a person's browser at a site. It may be used by several at once.
type client struct {
	url  string
	http *http.Client
}

// signIn opens a session.
func signIn(ctx context.Context, address, login string) (*client, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	c := &client{address, &http.Client{
		Jar: jar, Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 64},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	a, err := c.post(ctx, "/dang-nhap", "", url.Values{"login": {login}, "password": {password}})
	if err != nil {
		return nil, fmt.Errorf("sign in: %w", err)
	}
	if a.code != http.StatusSeeOther {
		return nil, fmt.Errorf("sign in: answered %d: %s", a.code, first(a.body))
	}
	return c, nil
}

// at is the same person at another address of the site.
func (c *client) at(address string) *client {
	other := *c
	other.url = address
	return &other
}

// answer is what the site said.
type answer struct {
	code              int
	receipt, to, body string
}

// saved reports whether the site has acknowledged a write.
func (a answer) saved() bool { return a.receipt != "" && a.code >= 200 && a.code < 400 }

func (c *client) post(ctx context.Context, path, key string, form url.Values) (answer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		return answer{}, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	return c.do(r)
}

func (c *client) get(ctx context.Context, path string) (answer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+path, nil)
	if err != nil {
		return answer{}, err
	}
	return c.do(r)
}

func (c *client) do(r *http.Request) (answer, error) {
	res, err := c.http.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header.Get("Receipt"), res.Header.Get("Location"), string(body)}, err
}

// policy reads whom the site says to believe: asked before a fault, it tells
// afterwards whether it is still the same ledger.
func (c *client) policy(ctx context.Context) (c2sp.Policy, error) {
	a, err := c.get(ctx, "/so-cai/policy")
	if err != nil {
		return c2sp.Policy{}, err
	}
	if a.code != http.StatusOK {
		return c2sp.Policy{}, fmt.Errorf("read the policy: %d", a.code)
	}
	return c2sp.ParsePolicy(a.body)
}

// close lets the connections go, so that a site that ends need not wait for them.
func (c *client) close() { c.http.CloseIdleConnections() }

// pause waits, or less where ctx ends.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

var errUnexpected = errors.New("an answer that was not expected")

// retryAfter is how long a person waits who was told to come again.
const retryAfter = 50 * time.Millisecond
