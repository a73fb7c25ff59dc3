package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"dongthuan/internal/app"
	"dongthuan/internal/ledger"
	"dongthuan/internal/news"
	"dongthuan/internal/search"
	"dongthuan/internal/search/searchtest"
)

// start measures the program as it is shipped: its size, the time from its start
// to the first page on a database of 100 MB, and its memory at rest.
func (b *bench) start(ctx context.Context) error {
	program := filepath.Join(b.folder, "dongthuan")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, "dongthuan/cmd/dongthuan")
	build.Env, build.Stderr = append(os.Environ(), "CGO_ENABLED=0"), os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("build: %w", err)
	}
	info, err := os.Stat(program)
	if err != nil {
		return err
	}
	file, err := b.copied("start")
	if err != nil {
		return err
	}
	articles, size, err := fill(ctx, file, 100*mega)
	if err != nil {
		return fmt.Errorf("fill: %w", err)
	}
	var firsts []time.Duration
	var rests []int64
	for range rounds {
		first, rest, err := first(ctx, program, file)
		if err != nil {
			return err
		}
		firsts, rests = append(firsts, first), append(rests, rest)
	}
	b.add(fmt.Sprintf("start to first page, database of %s, %d articles", megabytes(size), articles), fmt.Sprintf("%.3f s", median(firsts).Seconds()), "< 0.5 s", median(firsts) < 500*time.Millisecond)
	b.add("memory at rest 3 s after it", megabytes(median(rests)), "< 64.0 MB", median(rests) < 64*mega)
	b.add("program, CGO_ENABLED=0 -trimpath -ldflags '-s -w'", megabytes(info.Size()), "< 45.0 MB", info.Size() < 45*mega)
	return nil
}

// fill publishes articles until the database has a size.
func fill(ctx context.Context, file string, size int64) (articles int, got int64, err error) {
	a, _, err := open(ctx, file)
	if err != nil {
		return 0, 0, err
	}
	for at := uint64(0); err == nil && got < size; at++ {
		var n int
		n, err = publishSome(ctx, a, at)
		articles += n
		if err == nil {
			got, err = stored(ctx, a)
		}
	}
	return articles, got, errors.Join(err, shut(ctx, a))
}

// publishSome publishes what the generator makes of one seed, in one transaction.
func publishSome(ctx context.Context, a *app.App, seed uint64) (n int, err error) {
	_, err = a.Book.Write(ctx, func(tx *ledger.Tx) error {
		for i, d := range searchtest.Docs(700, seed) {
			if d.Kind != search.News {
				continue
			}
			lead, _ := cut(d.Body, 150)
			draft := news.Draft{Category: "Dân vận khéo", Title: fmt.Sprintf("%s %d-%d", d.Title, seed, i), Lead: lead, Body: d.Body, Byline: "Ban biên tập"}
			if _, err := a.News.PublishSeed(ctx, tx, news.Seed{Draft: draft, Office: "Ban biên tập", At: d.At}); err != nil {
				return fmt.Errorf("article %q: %w", draft.Title, err)
			}
			n++
		}
		return nil
	})
	return n, err
}

// cut splits a text after at most n letters.
func cut(text string, n int) (head, tail string) {
	r := []rune(text)
	n = min(n, len(r))
	return string(r[:n]), string(r[n:])
}

func stored(ctx context.Context, a *app.App) (n int64, err error) {
	var pages, size int64
	err = errors.Join(a.DB.QueryRowContext(ctx, `pragma page_count`).Scan(&pages), a.DB.QueryRowContext(ctx, `pragma page_size`).Scan(&size))
	return pages * size, err
}

// first starts the program and asks for the front page as soon as it says where
// it is; then it leaves the program alone, and reads its memory.
func first(ctx context.Context, program, file string) (took time.Duration, rest int64, err error) {
	cmd := exec.CommandContext(ctx, program, "serve", "--database", file, "--no-totp", "--listen", "127.0.0.1:0")
	out, err := cmd.StderrPipe()
	if err != nil {
		return 0, 0, err
	}
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, cmd.Process.Signal(syscall.SIGTERM), cmd.Wait()) }()
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		return 0, 0, fmt.Errorf("start: %w", err)
	}
	var said struct{ Address string }
	if err := json.Unmarshal(line, &said); err != nil {
		return 0, 0, fmt.Errorf("start: %s: %w", line, err)
	}
	answer, err := http.Get(said.Address + "/")
	if err != nil {
		return 0, 0, err
	}
	_, err = io.Copy(io.Discard, answer.Body)
	took = time.Since(begin)
	if err = errors.Join(err, answer.Body.Close()); err != nil {
		return 0, 0, err
	}
	if answer.StatusCode != http.StatusOK {
		return 0, 0, fmt.Errorf("first page: %s", answer.Status)
	}
	time.Sleep(3 * time.Second)
	rest, err = memory(cmd.Process.Pid, "VmRSS")
	return took, rest, err
}
