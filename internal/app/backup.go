package app

import (
	"archive/zip"
	"bufio"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"dongthuan/internal/db"
	"dongthuan/internal/ledger"
	"dongthuan/internal/search"
)

// A backup is a zip file: a line of JSON for each row of each table, as one moment
// saw them, every file of evidence, and a list of their hashes. It is the same for
// both engines, so that it also moves an installation from SQLite to PostgreSQL.

// notKept are tables that a backup leaves out: bytes that stand in it as files,
// the index that is made anew, and sessions, which end with a restore.
var notKept = []string{"evidence_chunk", "search_index", "account_session"}

type manifest struct {
	Format  string            `json:"format"`
	At      string            `json:"at"`
	Version string            `json:"version"`
	Rows    map[string]int    `json:"rows"`
	SHA256  map[string]string `json:"sha256"`
}

const backupFormat = "dongthuan/backup/v2"

// Backup writes a backup of everything to w.
func (a *App) Backup(ctx context.Context, w io.Writer) (rows, files int, err error) {
	tables, err := a.DB.Tables()
	if err != nil {
		return 0, 0, err
	}
	m := manifest{Format: backupFormat, At: db.Time(a.Now()), Version: Version, Rows: map[string]int{}, SHA256: map[string]string{}}
	z := zip.NewWriter(w)
	entry := func(name string, fill func(io.Writer) error) error {
		out, err := z.Create(name)
		if err != nil {
			return err
		}
		sum := sha256.New()
		if err := fill(io.MultiWriter(out, sum)); err != nil {
			return fmt.Errorf("back up %s: %w", name, err)
		}
		m.SHA256[name] = hex.EncodeToString(sum.Sum(nil))
		return nil
	}
	err = a.DB.Read(ctx, func(q db.Query) error {
		for _, table := range tables {
			if slices.Contains(notKept, table) {
				continue
			}
			if err := entry("table/"+table+".jsonl", func(w io.Writer) (err error) {
				m.Rows[table], err = dumpTable(ctx, q, table, w)
				rows += m.Rows[table]
				return err
			}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return rows, files, err
	}
	// Files are only ever added, so those of the rows above are all there.
	err = a.Files.EachFile(ctx, func(hash string, open func() (io.ReadCloser, error)) error {
		files++
		return entry("file/"+hash, func(w io.Writer) error {
			r, err := open()
			if err != nil {
				return err
			}
			_, err = io.Copy(w, r)
			return errors.Join(err, r.Close())
		})
	})
	if err != nil {
		return rows, files, err
	}
	list, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return rows, files, err
	}
	out, err := z.Create("manifest.json")
	if err != nil {
		return rows, files, err
	}
	if _, err := out.Write(list); err != nil {
		return rows, files, err
	}
	return rows, files, z.Close()
}

// dumpTable writes the names of a table's columns, then each row, as JSON arrays.
func dumpTable(ctx context.Context, q db.Query, table string, w io.Writer) (n int, err error) {
	rows, err := q.QueryContext(ctx, `select * from `+table) // the name comes from the schema
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	columns, err := rows.ColumnTypes()
	if err != nil {
		return 0, err
	}
	out := json.NewEncoder(w)
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name()
	}
	if err := out.Encode(names); err != nil {
		return 0, err
	}
	values := make([]any, len(columns))
	into := make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return n, err
		}
		row := make([]any, len(values))
		for i, v := range values {
			row[i] = portable(v, columns[i])
		}
		if err := out.Encode(row); err != nil {
			return n, err
		}
		n++
	}
	return n, rows.Err()
}

// portable makes a value the same from both engines.
func portable(v any, column *sql.ColumnType) any {
	boolean := strings.HasPrefix(strings.ToUpper(column.DatabaseTypeName()), "BOOL")
	switch v := v.(type) {
	case int64:
		if boolean {
			return v != 0
		}
	case []byte:
		if strings.EqualFold(column.DatabaseTypeName(), "TEXT") {
			return string(v)
		}
		return map[string]string{"base64": base64.StdEncoding.EncodeToString(v)}
	}
	return v
}

// CheckBackup reads a backup through and compares every part with its hash.
func CheckBackup(r io.ReaderAt, size int64) (*zip.Reader, manifest, error) {
	var m manifest
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, m, fmt.Errorf("this is not a backup: %w", err)
	}
	f, err := z.Open("manifest.json")
	if err != nil {
		return nil, m, errors.New("this is not a whole backup: its list is missing")
	}
	err = json.NewDecoder(f).Decode(&m)
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, m, fmt.Errorf("this is not a backup: %w", err)
	}
	if m.Format != backupFormat {
		return nil, m, fmt.Errorf("this backup is of another format: %s", m.Format)
	}
	seen := 0
	for _, part := range z.File {
		if part.Name == "manifest.json" {
			continue
		}
		r, err := part.Open()
		if err != nil {
			return nil, m, err
		}
		sum := sha256.New()
		_, err = io.Copy(sum, r)
		if err := errors.Join(err, r.Close()); err != nil {
			return nil, m, fmt.Errorf("%s: %w", part.Name, err)
		}
		if hex.EncodeToString(sum.Sum(nil)) != m.SHA256[part.Name] {
			return nil, m, fmt.Errorf("%s differs from its hash", part.Name)
		}
		seen++
	}
	if seen != len(m.SHA256) {
		return nil, m, fmt.Errorf("the backup lists %d parts and holds %d", len(m.SHA256), seen)
	}
	return z, m, nil
}

// Restore fills an empty database from a backup, and checks what it holds.
func (a *App) Restore(ctx context.Context, r io.ReaderAt, size int64) (rows, files int, err error) {
	z, _, err := CheckBackup(r, size)
	if err != nil {
		return 0, 0, err
	}
	var leaves int
	if err := a.DB.QueryRowContext(ctx, `select count(*) from ledger_leaf`).Scan(&leaves); err != nil {
		return 0, 0, err
	}
	if leaves > 0 {
		return 0, 0, errors.New("this database is not empty; a backup is restored only into an empty one")
	}
	tables, err := a.DB.Tables()
	if err != nil {
		return 0, 0, err
	}
	err = a.DB.Write(ctx, func(tx *db.Tx) error {
		// The head of the empty tree makes room for the one that comes back.
		if _, err := tx.ExecContext(ctx, `delete from ledger_tree where size = 0`); err != nil {
			return err
		}
		for _, table := range tables {
			part, err := z.Open("table/" + table + ".jsonl")
			if err != nil {
				continue // left out of backups, or younger than this one
			}
			n, err := loadTable(ctx, tx, table, part)
			if err := errors.Join(err, part.Close()); err != nil {
				return fmt.Errorf("restore %s: %w", table, err)
			}
			rows += n
		}
		for _, part := range z.File {
			hash, ok := strings.CutPrefix(part.Name, "file/")
			if !ok {
				continue
			}
			r, err := part.Open()
			if err != nil {
				return err
			}
			err = a.Files.PutRaw(ctx, tx, hash, r)
			if err := errors.Join(err, r.Close()); err != nil {
				return fmt.Errorf("restore %s: %w", part.Name, err)
			}
			files++
		}
		return nil
	})
	if err != nil {
		return rows, files, err
	}
	if err := a.Reindex(ctx); err != nil {
		return rows, files, err
	}
	problems, err := a.Verify(ctx)
	if err == nil && len(problems) > 0 {
		err = fmt.Errorf("the restored data do not hold: %s", strings.Join(problems, "; "))
	}
	return rows, files, err
}

func loadTable(ctx context.Context, tx *db.Tx, table string, r io.Reader) (n int, err error) {
	in := bufio.NewReaderSize(r, 64<<10)
	dec := json.NewDecoder(in)
	dec.UseNumber()
	var names []string
	if err := dec.Decode(&names); err != nil {
		return 0, err
	}
	for _, name := range names {
		if strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
			return 0, fmt.Errorf("column %q", name)
		}
	}
	const most = 100
	var args []any
	flush := func() error {
		if len(args) == 0 {
			return nil
		}
		_, err := tx.ExecContext(ctx, `insert into `+table+` (`+strings.Join(names, ", ")+`) values `+db.Values(len(args)/len(names), len(names))+` on conflict do nothing`, args...)
		args = args[:0]
		return err
	}
	for {
		var row []any
		if err := dec.Decode(&row); errors.Is(err, io.EOF) {
			return n, flush()
		} else if err != nil {
			return n, err
		}
		if len(row) != len(names) {
			return n, fmt.Errorf("row %d has %d values, want %d", n+1, len(row), len(names))
		}
		for _, v := range row {
			value, err := native(v)
			if err != nil {
				return n, err
			}
			args = append(args, value)
		}
		n++
		if n%most == 0 {
			if err := flush(); err != nil {
				return n, err
			}
		}
	}
}

func native(v any) (any, error) {
	switch v := v.(type) {
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return i, nil
		}
		return v.Float64()
	case map[string]any:
		text, _ := v["base64"].(string)
		return base64.StdEncoding.DecodeString(text)
	}
	return v, nil
}

// Reindex makes the search's index anew from the documents it keeps.
func (a *App) Reindex(ctx context.Context) error {
	docs, err := db.All(ctx, a.DB, func(rows *sql.Rows) (d search.Doc, err error) {
		err = rows.Scan(&d.Kind, &d.Ref, &d.Title, &d.Body, &d.URL, db.When(&d.At))
		return d, err
	}, `select kind, ref, title, body, url, at from search_doc`)
	if err != nil {
		return fmt.Errorf("read what is indexed: %w", err)
	}
	return a.DB.Write(ctx, func(tx *db.Tx) error { return search.PutMany(ctx, &ledger.Tx{Tx: tx}, docs) })
}

// Verify checks all that is recorded and every file, and returns a line for each
// thing that does not hold.
func (a *App) Verify(ctx context.Context) ([]string, error) {
	problems, err := ledger.Verify(ctx, a.DB)
	if err != nil {
		return nil, err
	}
	more, err := a.Files.Verify(ctx)
	return append(problems, more...), err
}

// writeSynced writes a file beside its place, syncs it and its folder, and only
// then gives it its name: a backup is whole or not there.
func writeSynced(path string, fill func(*os.File) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".dongthuan-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // gone already when all went well
	if err := errors.Join(fill(f), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
