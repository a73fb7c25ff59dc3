// Package dbtest gives each test its own migrated database.
package dbtest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dongthuan/internal/db"
)

// Open returns an empty, migrated database that is gone after the test: SQLite,
// or PostgreSQL when TEST_POSTGRES holds the URL of a server.
func Open(t testing.TB) *db.DB {
	t.Helper()
	d, err := db.Open(context.Background(), Source(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// Source returns where an empty database may be made, for tests that open it
// themselves.
func Source(t testing.TB) string {
	t.Helper()
	server := os.Getenv("TEST_POSTGRES")
	if server == "" {
		return filepath.Join(t.TempDir(), "test.db")
	}
	admin, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatal(err)
	}
	name := "test_" + strings.ToLower(rand.Text()[:12])
	if _, err := admin.Exec("create database " + name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := admin.Exec("drop database " + name + " with (force)"); err != nil {
			t.Error(err)
		}
		admin.Close()
	})
	i := strings.LastIndexByte(server, '/')
	query := ""
	if q := strings.IndexByte(server, '?'); q >= 0 {
		query, server = server[q:], server[:q]
		i = strings.LastIndexByte(server, '/')
	}
	return server[:i] + "/" + name + query
}
