// Package monitor watches a ledger from outside: it mirrors the log, recomputes its
// tree, opens what is public and compares it with what the site shows. It believes
// nothing but the keys it was given, or saw first.
package monitor

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"dongthuan/internal/c2sp"
	"dongthuan/internal/ledger"
)

// Files of a monitor's folder. entries holds every leaf in its order, each after
// its length as a big-endian uint16: a bundle of tlog-tiles without an end.
const (
	entriesFile    = "entries"
	checkpointFile = "checkpoint"
	policyFile     = "policy"
)

// readEntries calls take with each entry of a file, and returns where the last
// whole one ends.
func readEntries(r io.Reader, take func(text string) error) (good int64, err error) {
	in := bufio.NewReaderSize(r, 1<<20)
	var head [2]byte
	for {
		if _, err := io.ReadFull(in, head[:]); err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				return good, nil
			}
			return good, err
		}
		text := make([]byte, binary.BigEndian.Uint16(head[:]))
		if _, err := io.ReadFull(in, text); err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				return good, nil // cut off while it was written
			}
			return good, err
		}
		if err := take(string(text)); err != nil {
			return good, err
		}
		good += int64(2 + len(text))
	}
}

// OpenMirror opens a copy of a log for recovery: a monitor's folder, a static
// export, or the address of a site.
func OpenMirror(ctx context.Context, from string) (ledger.Mirror, error) {
	if strings.HasPrefix(from, "http://") || strings.HasPrefix(from, "https://") {
		s := site{strings.TrimSuffix(from, "/"), &http.Client{Timeout: time.Minute}}
		checkpoint, err := s.get(ctx, "/so-cai/checkpoint")
		return ledger.Mirror{Checkpoint: string(checkpoint), Entries: func(ctx context.Context, from, to int64) ([]string, error) {
			return s.entries(ctx, from, to)
		}}, err
	}
	checkpoint, err := os.ReadFile(filepath.Join(from, checkpointFile))
	if err != nil {
		return ledger.Mirror{}, err
	}
	f, err := os.Open(filepath.Join(from, entriesFile))
	if errors.Is(err, os.ErrNotExist) {
		return ledger.Mirror{Checkpoint: string(checkpoint), Entries: func(_ context.Context, a, b int64) ([]string, error) {
			return bundles(a, b, func(path string) ([]byte, error) {
				return os.ReadFile(filepath.Join(from, filepath.FromSlash(path)))
			}, int64(1)<<62)
		}}, nil
	}
	if err != nil {
		return ledger.Mirror{}, err
	}
	defer f.Close()
	var all []string
	_, err = readEntries(f, func(text string) error { all = append(all, text); return nil })
	return ledger.Mirror{Checkpoint: string(checkpoint), Entries: func(_ context.Context, from, to int64) ([]string, error) {
		if to > int64(len(all)) {
			return nil, fmt.Errorf("the mirror holds %d leaves, and %d were asked for", len(all), to)
		}
		return all[from:to], nil
	}}, err
}

// bundles reads leaves from bundles of 256, of a log of so many leaves; where that
// is not known a bundle is tried whole, then in part.
func bundles(from, to int64, read func(path string) ([]byte, error), size int64) ([]string, error) {
	var all []string
	for at := from; at < to; {
		n := at >> c2sp.TileHeight
		first := n << c2sp.TileHeight
		width := int(min(256, size-first))
		b, err := read(c2sp.TilePath(-1, n, width))
		if err != nil && width == 256 {
			width = int(to - first)
			b, err = read(c2sp.TilePath(-1, n, width))
		}
		if err != nil {
			return nil, err
		}
		texts, err := c2sp.ParseBundle(b, width)
		if err != nil {
			return nil, err
		}
		end := min(to, first+int64(width))
		all = append(all, texts[at-first:end-first]...)
		at = end
	}
	return all, nil
}

// site reads a site's addresses.
type site struct {
	url    string
	client *http.Client
}

// maxAnswer bounds what one answer may hold.
const maxAnswer = 64 << 20

// missing says that the site does not give what it must.
type missing struct{ path, status string }

func (m *missing) Error() string { return m.path + ": " + m.status }

func (s site) get(ctx context.Context, path string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+path, nil)
	if err != nil {
		return nil, err
	}
	resp, err := s.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, &missing{path, resp.Status}
	}
	return io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
}

func (s site) entries(ctx context.Context, from, to int64) ([]string, error) {
	return bundles(from, to, func(path string) ([]byte, error) { return s.get(ctx, "/so-cai/"+path) }, to)
}
