package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"dongthuan/internal/c2sp"
	"dongthuan/internal/db"
	"dongthuan/internal/ledger"
)

// after starts a site again after a fault and looks whether what was acknowledged
// is there: each receipt, each row once, the whole ledger. What had no answer is
// sent again first. Nobody has to do anything by hand.
func (l *lab) after(ctx context.Context, s site, ld *load, c *client, policy c2sp.Policy, r *result) (ready time.Duration) {
	begin := time.Now()
	srv, err := l.serve(ctx, l.release, s)
	if err != nil {
		r.bad("start again: %v", err)
		l.missing(ctx, s, ld, r)
		return time.Since(begin)
	}
	ready = time.Since(begin)
	before, err := ld.acks.read()
	if err != nil {
		r.bad("%v", err)
	}
	c = c.at(srv.url)
	receipts(ctx, c, policy, before, r)
	if err := ld.again(ctx, c); err != nil {
		r.bad("%v", err)
	}
	if len(before) == 0 {
		// Nothing was acknowledged before the fault: that it works is seen by a write.
		if err := ld.once(ctx, c); err != nil {
			r.bad("write after the fault: %v", err)
		}
	}
	c.close()
	if err := srv.end(); err != nil {
		r.bad("%v", err)
	}
	all, err := ld.acks.read()
	if err != nil {
		r.bad("%v", err)
	}
	r.acked += len(all)
	l.whole(ctx, s, all, r)
	return ready
}

// once does one write more, by nobody in particular.
func (ld *load) once(ctx context.Context, c *client) error {
	req := ld.request(0, "", 0)
	a, err := c.post(ctx, req.path, req.key, req.form)
	if err == nil && !a.saved() {
		err = fmt.Errorf("%w: %d: %s", errUnexpected, a.code, first(a.body))
	}
	if err != nil {
		return err
	}
	_, err = ld.note(req, a)
	return err
}

// missing counts what was acknowledged and is not in the database of a site that
// does not start.
func (l *lab) missing(ctx context.Context, s site, ld *load, r *result) {
	all, err := ld.acks.read()
	if err != nil {
		r.bad("%v", err)
		return
	}
	r.acked += len(all)
	found, err := l.titles(ctx, s)
	if err != nil {
		r.bad("%v", err)
		return
	}
	for _, a := range all {
		if found[a.key] == nil {
			r.lose(a)
		}
	}
}

// receipts fetches the receipt of every acknowledged write and verifies it.
func receipts(ctx context.Context, c *client, policy c2sp.Policy, all []ack, r *result) {
	var mu sync.Mutex
	var wait sync.WaitGroup
	work := make(chan ack)
	for range 4 {
		wait.Go(func() {
			for a := range work {
				if err := receipt(ctx, c, policy, a); err != nil {
					mu.Lock()
					r.lose(a)
					r.bad("%s of %s: %v", a.receipt, a.key, err)
					mu.Unlock()
				}
			}
		})
	}
	for _, a := range all {
		work <- a
	}
	close(work)
	wait.Wait()
}

var types = map[string]ledger.Type{"draft": ledger.NewsDrafted, "change": ledger.NewsChanged, "publish": ledger.NewsPublished}

func receipt(ctx context.Context, c *client, policy c2sp.Policy, a ack) error {
	code := a.receipt
	if len(code) == 64 { // a promise, which leads to the receipt
		got, err := c.get(ctx, "/r/"+code)
		if err != nil {
			return err
		}
		var is bool
		if code, is = strings.CutPrefix(got.to, "/r/"); !is {
			return fmt.Errorf("the promise leads nowhere: %d", got.code)
		}
	}
	got, err := c.get(ctx, "/r/"+code+".tlog-proof")
	if err != nil {
		return err
	}
	if got.code != http.StatusOK {
		return fmt.Errorf("answered %d", got.code)
	}
	rec, err := ledger.ParseReceipt(got.body)
	if err != nil {
		return err
	}
	if _, err := rec.Verify(policy); err != nil {
		return err
	}
	switch hash := rec.Hash(); {
	case len(a.receipt) == 64 && a.receipt != fmt.Sprintf("%x", hash[:]), len(a.receipt) != 64 && a.receipt != rec.Code():
		return errors.New("the receipt is another's")
	case rec.Leaf.Type != types[a.kind]:
		return fmt.Errorf("the receipt is for %s", rec.Leaf.Type)
	case a.item != "-" && rec.Leaf.Object != a.item:
		return errors.New("the receipt is for another article")
	}
	return nil
}

// written is what the database has under a title: in how many articles, and
// versions of them.
type written struct{ items, versions int }

func (l *lab) titles(ctx context.Context, s site) (map[string]*written, error) {
	d, err := db.Connect(ctx, s.database)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return titlesIn(ctx, d)
}

func titlesIn(ctx context.Context, q db.Query) (map[string]*written, error) {
	found := map[string]*written{}
	_, err := db.All(ctx, q, func(rows *sql.Rows) (struct{}, error) {
		var title string
		w := &written{}
		err := rows.Scan(&title, &w.items, &w.versions)
		found[title] = w
		return struct{}{}, err
	}, `select title, count(distinct item_id), count(*) from news_version where title like 'drill%' group by title`)
	return found, err
}

// whole looks at a site that is not running: the ledger is whole, each
// acknowledged write is there once, nothing is there by half, and the journals
// tell of this tree only.
func (l *lab) whole(ctx context.Context, s site, all []ack, r *result) {
	if err := l.fsck(ctx, s); err != nil {
		r.bad("%v", err)
	}
	d, err := db.Connect(ctx, s.database)
	if err != nil {
		r.bad("%v", err)
		return
	}
	defer d.Close()
	found, err := titlesIn(ctx, d)
	if err != nil {
		r.bad("%v", err)
	}
	for _, a := range all {
		want := written{1, 1}
		if a.kind == "publish" {
			want.versions = 2 // the draft and the publication
		}
		switch got := found[a.key]; {
		case got == nil:
			r.lose(a)
			r.bad("%s: acknowledged, and not there", a.key)
		case *got != want:
			r.bad("%s: in %d articles and %d versions", a.key, got.items, got.versions)
		}
	}
	if d.Engine() == db.SQLite {
		var said string
		if err := d.QueryRowContext(ctx, `pragma integrity_check`).Scan(&said); err != nil || said != "ok" {
			r.bad("integrity_check: %s %v", said, err)
		}
	}
	for _, p := range halves(ctx, d) {
		r.bad("%s", p)
	}
	if err := sameTree(ctx, d, s); err != nil {
		r.bad("%v", err)
	}
}

// halves looks for writes of which only a part is there: an article without its
// version or without a leaf for each, a version without its article, a request
// that led to nothing.
func halves(ctx context.Context, q db.Query) (problems []string) {
	for what, query := range map[string]string{
		"articles without their newest version": `select count(*) from news_item i where not exists (select 1 from news_version v where v.item_id = i.id and v.version = i.version)`,
		"versions without their article":        `select count(*) from news_version v where not exists (select 1 from news_item i where i.id = v.item_id and i.version >= v.version)`,
		"articles with a version missing":       `select count(*) from news_item i where (select count(*) from news_version v where v.item_id = i.id) <> i.version`,
		"articles without a leaf":               `select count(*) from news_item i where not exists (select 1 from ledger_head h where h.object = i.id)`,
		"requests done and without a leaf":      `select count(*) from ledger_request where hash = ''`,
		"leaves without a payload":              `select count(*) from ledger_leaf l where not exists (select 1 from ledger_payload p where p.idx = l.idx)`,
	} {
		var n int
		if err := q.QueryRowContext(ctx, query).Scan(&n); err != nil {
			problems = append(problems, err.Error())
		} else if n > 0 {
			problems = append(problems, fmt.Sprintf("%d %s", n, what))
		}
	}
	return append(problems, leafEach(ctx, q)...)
}

// leafEach compares the versions of each article of the drill with its leaves:
// every one was recorded.
func leafEach(ctx context.Context, q db.Query) (problems []string) {
	leaves := map[string]int{}
	if _, err := db.All(ctx, q, func(rows *sql.Rows) (struct{}, error) {
		var text string
		if err := rows.Scan(&text); err != nil {
			return struct{}{}, err
		}
		leaf, err := ledger.ParseLeaf(text)
		if err == nil && strings.HasPrefix(string(leaf.Type), "news.") {
			leaves[leaf.Object]++
		}
		return struct{}{}, err
	}, `select leaf from ledger_leaf union all select leaf from ledger_waiting`); err != nil {
		return []string{err.Error()}
	}
	if _, err := db.All(ctx, q, func(rows *sql.Rows) (struct{}, error) {
		var id string
		var version int
		err := rows.Scan(&id, &version)
		if err == nil && leaves[id] != version {
			problems = append(problems, fmt.Sprintf("article %s: version %d, with %d leaves", id, version, leaves[id]))
		}
		delete(leaves, id)
		return struct{}{}, err
	}, `select id, version from news_item where title like 'drill%'`); err != nil {
		return []string{err.Error()}
	}
	return problems
}

// sameTree compares every line of the journals with the tree: each size was signed
// with one root, that of the leaves there are.
func sameTree(ctx context.Context, q db.Query, s site) error {
	roots := []c2sp.Hash{c2sp.Edge{}.Root()}
	var edge c2sp.Edge
	if _, err := db.All(ctx, q, func(rows *sql.Rows) (struct{}, error) {
		var idx int64
		var text string
		err := rows.Scan(&idx, &text)
		if err == nil && idx != edge.Size {
			err = fmt.Errorf("leaf %d stands where leaf %d should", idx, edge.Size)
		}
		edge.Append(c2sp.LeafHash([]byte(text)))
		roots = append(roots, edge.Root())
		return struct{}{}, err
	}, `select idx, leaf from ledger_leaf order by idx`); err != nil {
		return err
	}
	files, err := s.journals()
	if err != nil || len(files) == 0 {
		return errors.Join(err, errors.New("no journal is there to compare"))
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		whole, _, _ := bytes.Cut(b, []byte{0}) // zeroes written ahead
		for line := range strings.Lines(string(whole)) {
			f := strings.Fields(line)
			if len(f) != 3 || !strings.HasSuffix(line, "\n") {
				continue // cut off by the crash: not given out
			}
			size, err := strconv.ParseInt(f[0], 10, 64)
			if err != nil {
				return fmt.Errorf("journal: %w", err)
			}
			root, err := c2sp.ParseHash(f[1])
			if err != nil {
				return fmt.Errorf("journal: %w", err)
			}
			if size >= int64(len(roots)) {
				return fmt.Errorf("journal: %d leaves were signed, and there are %d", size, len(roots)-1)
			}
			if roots[size] != root {
				return fmt.Errorf("journal: the tree of %d leaves was signed with another root", size)
			}
		}
	}
	return nil
}
