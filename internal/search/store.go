package search

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"dongthuan/internal/db"
	"dongthuan/internal/ledger"
)

func remove(ctx context.Context, tx *ledger.Tx, docs []Doc) error {
	var args []any
	for _, d := range docs {
		args = append(args, d.Kind, d.Ref)
	}
	ids, err := db.All(ctx, tx, scanID, `
		delete from search_doc where (kind, ref) in (values `+db.Values(len(docs), 2)+`) returning id`, args...)
	if err != nil || len(ids) == 0 {
		return err
	}
	_, err = tx.ExecContext(ctx, `delete from search_index where rowid in `+db.Values(1, len(ids)), anys(ids)...)
	return err
}

func insert(ctx context.Context, tx *ledger.Tx, docs []Doc) error {
	ids, err := places(ctx, tx, docs)
	if err != nil {
		return err
	}
	write := forFTS
	if tx.Engine() == db.PostgreSQL {
		write = forVector
	}
	var rows, index []any
	for i, d := range docs {
		rows = append(rows, ids[i], d.Kind, d.Ref, d.Title, d.Body, d.URL, db.Time(d.At))
		t := texts(d)
		index = append(index, ids[i], d.Kind, write(t[0]), write(t[1]), write(t[2]), write(t[3]))
	}
	if _, err := tx.ExecContext(ctx, `
		insert into search_doc (id, kind, ref, title, body, url, at) values `+db.Values(len(docs), 7), rows...); err != nil {
		return err
	}
	// FTS5 writes out what it holds in memory after each statement of several
	// rows; PostgreSQL answers each statement over the wire.
	rowsAtOnce := 1
	if tx.Engine() == db.PostgreSQL {
		rowsAtOnce = len(docs)
	}
	add := `
		insert into search_index (rowid, kind, title, words, title_exact, words_exact) values ` + db.Values(rowsAtOnce, 6)
	for args := range slices.Chunk(index, 6*rowsAtOnce) {
		if _, err := tx.ExecContext(ctx, add, args...); err != nil {
			return err
		}
	}
	return nil
}

// settle has PostgreSQL sort in what it has only noted, and count its words anew,
// so that the first question after a large import is answered like any other.
func settle(ctx context.Context, tx *ledger.Tx) error {
	if tx.Engine() != db.PostgreSQL {
		return nil
	}
	var pages int64
	if err := tx.QueryRowContext(ctx, `select gin_clean_pending_list('search_index_words')`).Scan(&pages); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `analyze search_index`)
	return err
}

// places gives each document an id. Two documents of one minute whose names meet
// get ids one apart.
func places(ctx context.Context, tx *ledger.Tx, docs []Doc) ([]int64, error) {
	ids := make([]int64, len(docs))
	for i, d := range docs {
		ids[i] = place(d)
	}
	list, err := db.All(ctx, tx, scanID, `select id from search_doc where id in `+db.Values(1, len(ids)), anys(ids)...)
	if err != nil {
		return nil, err
	}
	taken := map[int64]bool{}
	for _, id := range list {
		taken[id] = true
	}
	for i := range ids {
		for taken[ids[i]] {
			ids[i]++
			var n int
			if err := tx.QueryRowContext(ctx, `select count(*) from search_doc where id = $1`, ids[i]).Scan(&n); err != nil {
				return nil, err
			}
			if n > 0 {
				taken[ids[i]] = true
			}
		}
		taken[ids[i]] = true
	}
	return ids, nil
}

// matches is the condition that a document of search_index answers a question put
// in one way, with its arguments from $2 on. An empty kind is every kind.
func matches(e db.Engine, ask question, w way, kind string) (string, []any) {
	if e == db.PostgreSQL {
		return w.column() + ` @@ cast($2 as tsquery) and ($3 = '' or kind = $3)`, []any{ask.vector(w), kind}
	}
	if kind != "" {
		kind = `kind : "` + kind + `" AND `
	}
	return `search_index match $2`, []any{kind + ask.match(w)}
}

// planEach has PostgreSQL look at the words of each question before it chooses
// its way: a plan for any words reads all documents for a rare one.
func planEach(ctx context.Context, q db.Query, e db.Engine) error {
	if e != db.PostgreSQL {
		return nil
	}
	var mode string
	return q.QueryRowContext(ctx, `select set_config('plan_cache_mode', 'force_custom_plan', true)`).Scan(&mode)
}

// newest returns the ids that match, the newest first, at most `most` of them.
func newest(ctx context.Context, q db.Query, e db.Engine, ask question, w way, kind string, most int) ([]int64, error) {
	where, args := matches(e, ask, w, kind)
	return db.All(ctx, q, scanID, `
		select rowid from search_index where `+where+` order by rowid desc limit $1`, append([]any{most}, args...)...)
}

// counts says how many documents of each kind match. It stops counting a kind at
// most+1: a common word is not worth reading the whole index for.
func counts(ctx context.Context, q db.Query, e db.Engine, ask question, w way, most int) (map[string]int, error) {
	all := map[string]int{}
	for _, kind := range Kinds {
		where, args := matches(e, ask, w, kind)
		var n int
		if err := q.QueryRowContext(ctx, `
			select count(*) from (select rowid from search_index where `+where+` order by rowid desc limit $1) as found`,
			append([]any{most + 1}, args...)...).Scan(&n); err != nil {
			return nil, err
		}
		all[kind] = n
	}
	return all, nil
}

// head is what the order of results needs of a document.
type head struct {
	id          int64
	kind, title string
	at          time.Time
}

func heads(ctx context.Context, q db.Query, ids []int64) (map[int64]head, error) {
	all := make(map[int64]head, len(ids))
	if len(ids) == 0 {
		return all, nil
	}
	_, err := db.All(ctx, q, func(rows *sql.Rows) (h head, err error) {
		err = rows.Scan(&h.id, &h.kind, &h.title, db.When(&h.at))
		all[h.id] = h
		return h, err
	}, `select id, kind, title, at from search_doc where id in `+db.Values(1, len(ids)), anys(ids)...)
	return all, err
}

func docs(ctx context.Context, q db.Query, ids []int64) (map[int64]Doc, error) {
	all := make(map[int64]Doc, len(ids))
	if len(ids) == 0 {
		return all, nil
	}
	_, err := db.All(ctx, q, func(rows *sql.Rows) (d Doc, err error) {
		var id int64
		err = rows.Scan(&id, &d.Kind, &d.Ref, &d.Title, &d.Body, &d.URL, db.When(&d.At))
		all[id] = d
		return d, err
	}, `select id, kind, ref, title, body, url, at from search_doc where id in `+db.Values(1, len(ids)), anys(ids)...)
	return all, err
}

func scanID(rows *sql.Rows) (id int64, err error) { return id, rows.Scan(&id) }

func anys(ids []int64) []any {
	all := make([]any, len(ids))
	for i, id := range ids {
		all[i] = id
	}
	return all
}

// Rows counts what is indexed, for the operator's report.
func Rows(ctx context.Context, q db.Query) (n int, err error) {
	if err = q.QueryRowContext(ctx, `select count(*) from search_doc`).Scan(&n); err != nil {
		err = fmt.Errorf("count what is indexed: %w", err)
	}
	return n, err
}
