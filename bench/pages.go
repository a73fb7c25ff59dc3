package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"dongthuan/internal/app"
	"dongthuan/internal/cluster"
)

const (
	visitors = 8
	visits   = 12000 // in each round
)

// request is what a browser sends for a page.
const request = "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n" +
	"Accept: text/html,application/xhtml+xml\r\nAccept-Language: vi,en;q=0.5\r\nAccept-Encoding: gzip, deflate, br\r\nConnection: keep-alive\r\n\r\n"

// sent is an answer as it went over the wire.
type sent struct {
	Header http.Header
	Body   []byte
}

// pages compares public pages with a bare handler that writes the same bytes,
// by the CPU time of the server alone. Both have one thread for Go code.
func (b *bench) pages(ctx context.Context) error {
	file, err := b.copied("pages")
	if err != nil {
		return err
	}
	one := []string{"GOMAXPROCS=1"}
	site, err := b.child(ctx, "site", one, file)
	if err != nil {
		return err
	}
	var addresses struct{ Host, News, Ranking string }
	if err := json.Unmarshal([]byte(site.ready), &addresses); err != nil {
		return errors.Join(err, site.end())
	}
	list := map[string]sent{}
	for _, path := range []string{addresses.News, addresses.Ranking} {
		if list[path], err = fetch(addresses.Host, path); err != nil {
			return errors.Join(err, site.end())
		}
	}
	body, err := json.Marshal(list)
	if err != nil {
		return errors.Join(err, site.end())
	}
	answers := filepath.Join(b.folder, "answers.json")
	if err := os.WriteFile(answers, body, 0o600); err != nil {
		return errors.Join(err, site.end())
	}
	bare, err := b.child(ctx, "bare", one, answers)
	if err != nil {
		return errors.Join(err, site.end())
	}
	for _, page := range []struct{ name, path string }{{"news page", addresses.News}, {"ranking page", addresses.Ranking}} {
		var ours, theirs, ratios []float64
		for range rounds {
			o, err := perSecond(site, addresses.Host, page.path)
			if err != nil {
				return errors.Join(err, site.end(), bare.end())
			}
			t, err := perSecond(bare, bare.ready, page.path)
			if err != nil {
				return errors.Join(err, site.end(), bare.end())
			}
			ours, theirs, ratios = append(ours, o), append(theirs, t), append(ratios, o/t)
		}
		b.note(fmt.Sprintf("%s, %d bytes sent, %d visitors", page.name, len(list[page.path].Body), visitors), fmt.Sprintf("%.0f requests per CPU second", median(ours)))
		b.note("  bare net/http, same bytes and headers", fmt.Sprintf("%.0f requests per CPU second", median(theirs)))
		b.add("  ratio", fmt.Sprintf("%.2f", median(ratios)), "≥ 0.60", median(ratios) >= 0.6)
	}
	return errors.Join(site.end(), bare.end())
}

func playSite(ctx context.Context, file string) error {
	a, _, err := open(ctx, file)
	if err != nil {
		return err
	}
	news, ranking, err := addresses(ctx, a)
	if err != nil {
		return err
	}
	return errors.Join(serve(a.Handler(), func(host string) error {
		return json.NewEncoder(os.Stdout).Encode(map[string]string{"Host": host, "News": news, "Ranking": ranking})
	}), shut(ctx, a))
}

// addresses finds an article and a published ranking.
func addresses(ctx context.Context, a *app.App) (news, ranking string, err error) {
	items, err := a.News.Latest(ctx, 1)
	if err != nil || len(items) == 0 {
		return "", "", errors.Join(errors.New("no news"), err)
	}
	p, ok, err := a.Clusters.Latest(ctx)
	if err != nil || !ok {
		return "", "", errors.Join(errors.New("no period"), err)
	}
	of, err := a.Clusters.ByID(ctx, p.ClusterID)
	if err != nil {
		return "", "", err
	}
	periods, err := a.Clusters.Periods(ctx, of.ID)
	if err != nil {
		return "", "", err
	}
	for _, p := range periods {
		if p.State == cluster.Published {
			return "/tin/" + items[0].Slug, "/thi-dua/" + of.Code + "/" + p.Code, nil
		}
	}
	return "", "", errors.New("no published period")
}

func playBare(answers string) error {
	body, err := os.ReadFile(answers)
	if err != nil {
		return err
	}
	var list map[string]sent
	if err := json.Unmarshal(body, &list); err != nil {
		return err
	}
	return serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page := list[r.URL.Path]
		h := w.Header()
		for k, v := range page.Header {
			h[k] = v
		}
		w.Write(page.Body)
	}), func(host string) error {
		_, err := fmt.Println(host)
		return err
	})
}

// serve serves on a free port of the loopback until the input ends.
func serve(h http.Handler, ready func(host string) error) error { return serveWith(h, ready, dumb) }

func serveWith(h http.Handler, ready func(host string) error, say func(question string) (string, error)) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 60 * time.Second, WriteTimeout: 120 * time.Second, IdleTimeout: 60 * time.Second, MaxHeaderBytes: 16 << 10}
	go srv.Serve(listener) // ends with Close
	return errors.Join(ready(listener.Addr().String()), answer(say), srv.Close())
}

// fetch asks for a page once and keeps what was sent. The date is left out: each
// server writes its own.
func fetch(host, path string) (sent, error) {
	conn, err := net.Dial("tcp", host)
	if err != nil {
		return sent{}, err
	}
	defer conn.Close()
	if _, err := fmt.Fprintf(conn, request, path, host); err != nil {
		return sent{}, err
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return sent{}, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return sent{}, fmt.Errorf("%s: %s", path, answer.Status)
	}
	body, err := io.ReadAll(answer.Body)
	answer.Header.Del("Date")
	answer.Header.Set("Content-Length", strconv.Itoa(len(body)))
	return sent{answer.Header, body}, err
}

// perSecond is how many requests a process answers in a second of its CPU time.
func perSecond(c *child, host, path string) (float64, error) {
	if err := visit(host, path, visits/20); err != nil { // warms what is kept
		return 0, err
	}
	before, err := c.cpu()
	if err != nil {
		return 0, err
	}
	if err := visit(host, path, visits); err != nil {
		return 0, err
	}
	after, err := c.cpu()
	return visits / (after - before).Seconds(), err
}

// visit asks n times over kept connections, all visitors at once.
func visit(host, path string, n int) error {
	failed := make([]error, visitors)
	var all sync.WaitGroup
	for i := range visitors {
		all.Go(func() { failed[i] = visitor(host, path, n/visitors) })
	}
	all.Wait()
	return errors.Join(failed...)
}

func visitor(host, path string, n int) error {
	conn, err := net.Dial("tcp", host)
	if err != nil {
		return err
	}
	defer conn.Close()
	question, in := []byte(fmt.Sprintf(request, path, host)), bufio.NewReaderSize(conn, 64<<10)
	for range n {
		if _, err := conn.Write(question); err != nil {
			return err
		}
		answer, err := http.ReadResponse(in, nil)
		if err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, answer.Body); err != nil {
			return err
		}
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("%s: %s", path, answer.Status)
		}
	}
	return nil
}
