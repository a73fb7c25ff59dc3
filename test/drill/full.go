package main

import (
	"context"
	"errors"
	"fmt"
	"html"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"dongthuan/internal/app"
)

// diskFull fills a small disk while people write. Until there is room again writes
// are refused with words, and people still read and sign in; then writing goes on
// by itself.
func diskFull(ctx context.Context, l *lab, rounds int, r *result) {
	r.unit = "disks filled"
	if r.cannot = errors.Join(l.mountsBy, needs("mount", "cp")); r.cannot != nil {
		return
	}
	var seen filled
	for range rounds {
		if ctx.Err() != nil {
			return
		}
		if err := l.fill(ctx, &seen, r); err != nil {
			r.bad("%v", err)
		}
		r.often++
	}
	r.note("full: %d of %d sign-ins, %d writes got in; then writing again within %v", seen.signedIn, seen.tries, seen.writes, seen.slowest.Round(10*time.Millisecond))
}

// filled is what was seen while the disks were full, and after.
type filled struct {
	tries, signedIn int
	writes          int64
	slowest         time.Duration // until writing went on
}

func (l *lab) fill(ctx context.Context, seen *filled, r *result) (err error) {
	disk := filepath.Join(l.folder, "disk")
	if err := errors.Join(os.MkdirAll(disk, 0o700), command(ctx, "mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", disk)); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unmount(disk)) }()
	ballast := filepath.Join(disk, "ballast")
	if err := errors.Join(copyFolder(filepath.Join(disk, "site"), l.seeded), os.WriteFile(ballast, make([]byte, 4<<20), 0o600)); err != nil {
		return err
	}
	s := siteIn(filepath.Join(disk, "site"))
	s.args = append(slices.Clone(s.args), "--reserve", "8") // the last one counts
	b, err := l.begin(ctx, l.release, s, "full")
	if err != nil {
		return err
	}
	b.load.padding = 8 << 10
	writing, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- b.load.run(writing, b.client) }()
	err = b.fullThenNot(ctx, ballast, seen, r)
	stop()
	if err = errors.Join(err, <-done); err != nil {
		return errors.Join(err, b.server.kill())
	}
	b.load.open = nil // what was under way when the drill ended
	b.client.close()
	if err := b.server.end(); err != nil {
		return err
	}
	l.after(ctx, s, b.load, b.client, b.policy, r)
	return b.load.acks.close()
}

// soon is within what time writing must go on once there is room.
const soon = 5 * time.Second

func (b *begun) fullThenNot(ctx context.Context, ballast string, seen *filled, r *result) error {
	if !until(ctx, patience, func() bool { return b.load.refused.Load() >= people }) {
		return errors.New("the disk did not become full")
	}
	text, err := app.Words()
	if err != nil {
		return err
	}
	full := b.load.acked.Load()
	acked, err := b.load.acks.read()
	if err != nil || len(acked) == 0 {
		return errors.Join(err, errors.New("nothing was acknowledged before the disk was full"))
	}
	for begin := time.Now(); time.Since(begin) < soon && ctx.Err() == nil; pause(ctx, 100*time.Millisecond) {
		for _, path := range []string{"/", "/tin", "/so-cai", "/r/" + acked[0].receipt} {
			if a, err := b.client.get(ctx, path); err != nil || a.code != http.StatusOK {
				r.bad("read %s on a full disk: %d %v", path, a.code, err)
			}
		}
		seen.tries++
		if c, err := signIn(ctx, b.server.url, "chuyenvien"); err != nil {
			r.bad("on a full disk: %v", err)
		} else {
			seen.signedIn++
			c.close()
		}
	}
	seen.writes += b.load.acked.Load() - full
	b.load.mu.Lock()
	words := html.UnescapeString(b.load.words)
	b.load.mu.Unlock()
	if !strings.Contains(words, text.Text("vi", "ledger.full")) && !strings.Contains(words, text.Text("en", "ledger.full")) {
		r.bad("a write was refused with other words: %s", first(words))
	}
	if err := os.Remove(ballast); err != nil {
		return err
	}
	freed, before := time.Now(), b.load.acked.Load()
	if !until(ctx, soon, func() bool { return b.load.acked.Load() >= before+20 }) {
		return fmt.Errorf("%d writes within %v of there being room again", b.load.acked.Load()-before, soon)
	}
	seen.slowest = max(seen.slowest, time.Since(freed))
	return nil
}

// until waits for something to become true.
func until(ctx context.Context, most time.Duration, is func() bool) bool {
	for begin := time.Now(); time.Since(begin) < most && ctx.Err() == nil; pause(ctx, 10*time.Millisecond) {
		if is() {
			return true
		}
	}
	return is()
}
