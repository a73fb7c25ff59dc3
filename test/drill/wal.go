package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"

	"dongthuan/internal/db"
)

// damagedWAL kills the program, and damages copies of SQLite's log at random
// places: cut off there, or one byte changed. Everything committed before the
// damage must be there, wholly; that what came after is gone must be said.
func damagedWAL(ctx context.Context, l *lab, rounds int, r *result) {
	r.unit = "damages"
	b, err := l.fresh(ctx, l.release, "wal")
	if err != nil {
		r.bad("%v", err)
		return
	}
	b.load.most = 150
	if err := errors.Join(b.load.run(ctx, b.client), b.server.kill()); err != nil {
		r.bad("%v", err)
		return
	}
	all, err := b.load.acks.read()
	if err != nil {
		r.bad("%v", err)
		return
	}
	r.acked = len(all)
	states, log, err := l.states(ctx, b.site)
	if err != nil {
		r.bad("%v", err)
		return
	}
	r.note("a log of %d commits, %d KB", len(states)-1, len(log)>>10)
	for range rounds {
		if ctx.Err() != nil {
			return
		}
		if err := l.damage(ctx, b, states, log, r); err != nil {
			r.bad("%v", err)
			return
		}
		r.often++
	}
	if err := b.load.acks.close(); err != nil {
		r.bad("%v", err)
	}
}

// state is what the database holds after one commit of the log.
type state struct {
	end    int // of the commit in the log
	leaves int64
	titles map[string]*written
}

// states reads, from copies, what the database holds after each commit, the first
// without the log at all.
func (l *lab) states(ctx context.Context, s site) ([]state, []byte, error) {
	log, err := os.ReadFile(s.database + "-wal")
	if err != nil {
		return nil, nil, err
	}
	ends, err := commits(log)
	if err != nil {
		return nil, nil, err
	}
	base, err := os.ReadFile(s.database)
	if err != nil {
		return nil, nil, err
	}
	var all []state
	for _, end := range append([]int{0}, ends...) {
		st := state{end: end}
		copied := siteIn(filepath.Join(l.folder, "state"))
		if err := errors.Join(os.RemoveAll(copied.folder), os.MkdirAll(copied.folder, 0o700), os.WriteFile(copied.database, base, 0o600), os.WriteFile(copied.database+"-wal", log[:end], 0o600)); err != nil {
			return nil, nil, err
		}
		if st.leaves, st.titles, err = holds(ctx, copied); err != nil {
			return nil, nil, err
		}
		all = append(all, st)
	}
	return all, log, nil
}

func holds(ctx context.Context, s site) (leaves int64, titles map[string]*written, err error) {
	d, err := db.Connect(ctx, s.database)
	if err != nil {
		return 0, nil, err
	}
	defer d.Close()
	if err := d.QueryRowContext(ctx, `select size from ledger_tree`).Scan(&leaves); err != nil {
		return 0, nil, err
	}
	titles, err = titlesIn(ctx, d)
	return leaves, titles, err
}

// commits finds where each commit of a log ends (sqlite.org/fileformat2.html, the
// WAL file format).
func commits(log []byte) (ends []int, err error) {
	const header, frame = 32, 24
	if len(log) < header {
		return nil, errors.New("the log is empty")
	}
	page := int(binary.BigEndian.Uint32(log[8:]))
	for at := header; at+frame+page <= len(log); at += frame + page {
		if string(log[at+8:at+16]) != string(log[16:24]) {
			break // left from before the log began anew
		}
		if binary.BigEndian.Uint32(log[at+4:]) != 0 {
			ends = append(ends, at+frame+page)
		}
	}
	if len(ends) == 0 {
		return nil, errors.New("the log holds no commit")
	}
	return ends, nil
}

func (l *lab) damage(ctx context.Context, b *begun, states []state, log []byte, r *result) error {
	at := rand.IntN(len(log))
	damaged, what := append([]byte(nil), log[:at]...), fmt.Sprintf("cut off at %d", at)
	if rand.IntN(2) == 0 {
		damaged, what = append(damaged, log[at:]...), fmt.Sprintf("changed at %d", at)
		damaged[at] ^= byte(1 + rand.IntN(255))
	}
	want := states[0]
	for _, st := range states {
		if st.end <= at {
			want = st
		}
	}
	s := siteIn(filepath.Join(l.folder, "damaged"))
	if err := errors.Join(os.RemoveAll(s.folder), copyFolder(s.folder, b.site.folder), removeAll(s.database+"-shm"), os.WriteFile(s.database+"-wal", damaged, 0o600)); err != nil {
		return err
	}
	whole := want.leaves == states[len(states)-1].leaves
	l.served(ctx, s, b, whole, what, r)
	leaves, titles, err := holds(ctx, s)
	if err != nil {
		r.bad("%s: %v", what, err)
		return nil
	}
	if leaves < want.leaves || !whole && leaves != want.leaves {
		r.bad("%s: %d leaves, and %d were committed before it", what, leaves, want.leaves)
	}
	for title, is := range want.titles {
		if titles[title] == nil || *titles[title] != *is {
			r.bad("%s: %s was committed before it, and is not there so", what, title)
		}
	}
	d, err := db.Connect(ctx, s.database)
	if err != nil {
		return err
	}
	defer d.Close()
	for _, p := range halves(ctx, d) {
		r.bad("%s: %s", what, p)
	}
	if err := l.fsck(ctx, s); err != nil {
		r.bad("%s: what is left does not hold: %v", what, err)
	}
	return nil
}

// served starts the program on a damaged site. Where leaves that were signed are
// gone it must say so and write nothing; reading goes on.
func (l *lab) served(ctx context.Context, s site, b *begun, whole bool, what string, r *result) {
	srv, err := l.serve(ctx, l.release, s)
	if err != nil {
		r.bad("%s: does not serve: %v", what, err)
		return
	}
	defer func() {
		if err := srv.kill(); err != nil {
			r.bad("%v", err)
		}
	}()
	if srv.frozen() == whole {
		r.bad("%s: everything signed is there: %v; the ledger is frozen: %v", what, whole, srv.frozen())
	}
	// The session was opened at the beginning of the log, and may be gone.
	c, err := signIn(ctx, srv.url, editor)
	if err != nil {
		r.bad("%s: %v", what, err)
		return
	}
	defer c.close()
	if a, err := c.get(ctx, "/tin"); err != nil || a.code != http.StatusOK {
		r.bad("%s: read: %d %v", what, a.code, err)
	}
	req := b.load.request(0, "", 0)
	switch a, err := c.post(ctx, req.path, req.key, req.form); {
	case err != nil:
		r.bad("%s: %v", what, err)
	case whole && !a.saved():
		r.bad("%s: everything is there, and a write is answered %d", what, a.code)
	case !whole && (a.saved() || a.code != http.StatusServiceUnavailable):
		r.bad("%s: leaves are missing, and a write is answered %d", what, a.code)
	}
}
