package db

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// Schema files run in the order of their numbers, forward only, each in one
// transaction with the mark that it has run. A file that must differ between the
// engines stands twice, in schema/sqlite3 and schema/postgres.
//
//go:embed schema
var schema embed.FS

// migrate brings the schema up to date. On PostgreSQL a session lock lets
// several nodes start at once.
func (d *DB) migrate(ctx context.Context) error {
	files, err := schemaOf(d.engine)
	if err != nil {
		return err
	}
	dialect := goose.DialectSQLite3
	options := []goose.ProviderOption{goose.WithSlog(slog.New(slog.DiscardHandler))}
	if d.engine == PostgreSQL {
		dialect = goose.DialectPostgres
		locker, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return fmt.Errorf("lock for the schema: %w", err)
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	provider, err := goose.NewProvider(dialect, d.write, files, options...)
	if err != nil {
		return fmt.Errorf("read the schema files: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("bring the schema up to date: %w", err)
	}
	return nil
}

// schemaOf joins the shared schema files with those of one engine.
func schemaOf(e Engine) (fs.FS, error) {
	shared, err := fs.Sub(schema, "schema")
	if err != nil {
		return nil, err
	}
	own, err := fs.Sub(schema, "schema/"+string(e))
	if err != nil {
		return nil, err
	}
	return joined{shared, own}, nil
}

// joined shows the files of two folders as one.
type joined [2]fs.FS

func (j joined) Open(name string) (fs.File, error) {
	f, err := j[0].Open(name)
	if err != nil {
		return j[1].Open(name)
	}
	return f, nil
}

// Glob lets fs.Glob see both folders: goose finds its files by it.
func (j joined) Glob(pattern string) ([]string, error) {
	a, err := fs.Glob(j[0], pattern)
	if err != nil {
		return nil, err
	}
	b, err := fs.Glob(j[1], pattern)
	return append(a, b...), err
}
