package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"dongthuan/internal/db"
	"dongthuan/internal/ledger"
	"dongthuan/internal/search"
	"dongthuan/internal/search/searchtest"
)

const (
	documents = 20000
	asked     = 100 // times for each question
)

var questions = []struct{ name, text string }{
	{"common word", "dân"}, {"common word without marks", "dan"}, {"rare word", "hợp long"}, {"phrase", `"quy chế dân chủ ở cơ sở"`},
}

// search measures indexing and finding on SQLite, and on PostgreSQL where
// TEST_POSTGRES holds the URL of a server.
func (b *bench) search(ctx context.Context) error {
	docs := searchtest.Docs(documents, 1)
	if err := b.searchOn(ctx, "SQLite", filepath.Join(b.folder, "search.db"), docs); err != nil {
		return err
	}
	server := os.Getenv("TEST_POSTGRES")
	if server == "" {
		return nil
	}
	admin, err := sql.Open("pgx", server)
	if err != nil {
		return err
	}
	defer admin.Close()
	name := "bench_" + strings.ToLower(rand.Text()[:12])
	if _, err := admin.ExecContext(ctx, `create database `+name); err != nil {
		return err
	}
	source, err := url.Parse(server)
	if err != nil {
		return err
	}
	source.Path = "/" + name
	err = b.searchOn(ctx, "PostgreSQL", source.String(), docs)
	_, dropped := admin.ExecContext(ctx, `drop database `+name+` with (force)`)
	return errors.Join(err, dropped)
}

func (b *bench) searchOn(ctx context.Context, engine, source string, docs []search.Doc) error {
	d, err := db.Open(ctx, source)
	if err != nil {
		return err
	}
	defer d.Close()
	book, err := ledger.Open(ctx, d, time.Now)
	if err != nil {
		return err
	}
	took, err := timed(func() error {
		_, err := book.Write(ctx, func(tx *ledger.Tx) error {
			return errors.Join(search.PutMany(ctx, tx, docs), tx.Record(ctx, ledger.NewsChanged, rand.Text(), map[string]any{}))
		})
		return err
	})
	if err != nil {
		return err
	}
	b.note(fmt.Sprintf("%s: %d documents indexed", engine, len(docs)), fmt.Sprintf("%.1f s once", took.Seconds()))
	for _, q := range questions {
		var all []time.Duration
		for range asked {
			took, err := timed(func() error {
				_, err := search.Find(ctx, d, q.text, "", 1)
				return err
			})
			if err != nil {
				return err
			}
			all = append(all, took)
		}
		b.note(fmt.Sprintf("  found: %s, %s", q.name, q.text), fmt.Sprintf("p50 %s, p95 %s", millis(quantile(all, 0.5)), millis(quantile(all, 0.95))))
	}
	return nil
}
