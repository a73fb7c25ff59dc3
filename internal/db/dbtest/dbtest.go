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
	return create(t, server, "")
}

// create makes a database on the server that is dropped after the test.
func create(t testing.TB, server, how string) string {
	t.Helper()
	admin, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatal(err)
	}
	name := "test_" + strings.ToLower(rand.Text()[:12])
	if _, err := admin.Exec("create database " + name + how); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := admin.Exec("drop database " + name + " with (force)"); err != nil {
			t.Error(err)
		}
		admin.Close()
	})
	return named(server, name)
}

// named is the address of a database of a server.
func named(server, name string) string {
	query := ""
	if q := strings.IndexByte(server, '?'); q >= 0 {
		query, server = server[q:], server[:q]
	}
	return server[:strings.LastIndexByte(server, '/')] + "/" + name + query
}

// Template makes one database for a whole package with fill, so that each test can
// begin with a Copy of it. Remove drops it.
func Template(fill func(source string) error) (source string, remove func(), err error) {
	server := os.Getenv("TEST_POSTGRES")
	if server == "" {
		dir, err := os.MkdirTemp("", "dbtest-")
		if err != nil {
			return "", nil, err
		}
		source = filepath.Join(dir, "template.db")
		return source, func() { os.RemoveAll(dir) }, fill(source)
	}
	admin, err := sql.Open("pgx", server)
	if err != nil {
		return "", nil, err
	}
	name := "template_" + strings.ToLower(rand.Text()[:12])
	if _, err := admin.Exec("create database " + name); err != nil {
		return "", nil, err
	}
	remove = func() {
		admin.Exec("drop database " + name + " with (force)")
		admin.Close()
	}
	source = named(server, name)
	return source, remove, fill(source)
}

// Copy returns a database of the test's own that begins as the template is. Nobody
// may have the template open.
func Copy(t testing.TB, template string) string {
	t.Helper()
	server := os.Getenv("TEST_POSTGRES")
	if server == "" {
		to := filepath.Join(t.TempDir(), "test.db")
		b, err := os.ReadFile(template)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return to
	}
	name, _, _ := strings.Cut(template[strings.LastIndexByte(template, '/')+1:], "?")
	return create(t, server, " template "+name)
}
