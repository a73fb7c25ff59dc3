package evidence

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"dongthuan/internal/db"
)

// chunk is how many bytes one row holds on PostgreSQL.
const chunk = 256 << 10

// place is where a form of a file stands in the folder. A hash is hex, so it
// leads nowhere else; os.Root holds it there in any case.
func place(hash string, v Variant) string { return hash[:2] + "/" + hash + "." + string(v) }

// settle moves the parts of a pending file, synced before, to their places, and
// syncs the folder: after this a crash does not lose them. Only then may the row
// that names them commit. A part already in its place stays.
func (s *Store) settle(p *Pending) error {
	folder := p.hash[:2]
	if err := s.root.Mkdir(folder, 0o700); err == nil {
		if err := s.sync("."); err != nil {
			return err
		}
	} else if !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make a folder of files: %w", err)
	}
	for v, t := range p.parts {
		if t.name == "" {
			continue
		}
		if err := s.root.Rename(t.name, place(p.hash, v)); err != nil {
			return fmt.Errorf("put file %s in its place: %w", p.hash, err)
		}
		t.name = ""
	}
	return s.sync(folder)
}

func (s *Store) sync(folder string) error {
	d, err := s.root.Open(folder)
	if err != nil {
		return fmt.Errorf("sync folder of files: %w", err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("sync folder of files: %w", err)
	}
	return nil
}

// insertChunks writes the parts of a pending file into the database.
func insertChunks(ctx context.Context, tx *db.Tx, p *Pending) error {
	buf := make([]byte, chunk)
	for v, t := range p.parts {
		for n := int64(0); ; n++ {
			m, err := t.file.ReadAt(buf, n*chunk)
			if err != nil && err != io.EOF {
				return fmt.Errorf("read a received file: %w", err)
			}
			if m == 0 {
				break
			}
			if _, err := tx.ExecContext(ctx, `
				insert into evidence_chunk (hash, variant, n, body) values ($1, $2, $3, $4)`, p.hash, string(v), n, buf[:m]); err != nil {
				return fmt.Errorf("insert bytes of %s: %w", p.hash, err)
			}
		}
	}
	return nil
}

// Open opens a form of a file. It does not ask who wants it: Serve does.
func (s *Store) Open(ctx context.Context, hash string, v Variant) (io.ReadSeekCloser, error) {
	if !validHash(hash) {
		return nil, fmt.Errorf("open file: %q is not a hash", hash)
	}
	if s.root != nil {
		f, err := s.root.Open(place(hash, v))
		if err != nil {
			return nil, fmt.Errorf("open file %s: %w", hash, err)
		}
		return f, nil
	}
	c := &chunks{ctx: ctx, q: s.db, hash: hash, variant: v, held: -1}
	var last *int64
	err := s.db.QueryRowContext(ctx, `select max(n) from evidence_chunk where hash = $1 and variant = $2`, hash, string(v)).Scan(&last)
	if err != nil {
		return nil, fmt.Errorf("open file %s: %w", hash, err)
	}
	if last == nil {
		return nil, fmt.Errorf("open file %s: %w", hash, fs.ErrNotExist)
	}
	if err := c.load(*last); err != nil {
		return nil, err
	}
	c.size = *last*chunk + int64(len(c.body))
	return c, nil
}

// chunks reads a file from its rows, one row in memory at a time.
type chunks struct {
	ctx      context.Context
	q        db.Query
	hash     string
	variant  Variant
	at, size int64
	held     int64 // number of the row in body, -1 for none
	body     []byte
}

func (c *chunks) load(n int64) error {
	if n == c.held {
		return nil
	}
	var body []byte
	if err := c.q.QueryRowContext(c.ctx, `
		select body from evidence_chunk where hash = $1 and variant = $2 and n = $3`, c.hash, string(c.variant), n).Scan(&body); err != nil {
		return fmt.Errorf("read bytes of %s: %w", c.hash, err)
	}
	c.held, c.body = n, body
	return nil
}

func (c *chunks) Read(b []byte) (int, error) {
	if c.at >= c.size {
		return 0, io.EOF
	}
	if err := c.load(c.at / chunk); err != nil {
		return 0, err
	}
	from := c.at % chunk
	if from >= int64(len(c.body)) {
		return 0, fmt.Errorf("read bytes of %s: a row is short", c.hash)
	}
	n := copy(b, c.body[from:])
	c.at += int64(n)
	return n, nil
}

func (c *chunks) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += c.at
	case io.SeekEnd:
		offset += c.size
	}
	if offset < 0 {
		return 0, errors.New("seek before the start")
	}
	c.at = offset
	return offset, nil
}

func (c *chunks) Close() error { return nil }

func validHash(s string) bool {
	if len(s) != 64 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// EachFile calls fn for the original of every file, in the order of their hashes,
// for backup. What open returns is to be closed by fn.
func (s *Store) EachFile(ctx context.Context, fn func(hash string, open func() (io.ReadCloser, error)) error) error {
	all, err := listHashes(ctx, s.db)
	if err != nil {
		return err
	}
	for _, f := range all {
		if err := fn(f.Hash, func() (io.ReadCloser, error) { return s.Open(ctx, f.Hash, Original) }); err != nil {
			return err
		}
	}
	return nil
}

// PutRaw puts back the bytes of a file whose row is there, for restoring, and
// makes its public copies again. Bytes that do not have the hash are refused; the
// rules of today are not asked.
func (s *Store) PutRaw(ctx context.Context, tx *db.Tx, hash string, r io.Reader) error {
	f, err := findFile(ctx, tx, hash)
	if err != nil {
		return err
	}
	p := &Pending{store: s, hash: hash, kind: f.Kind, parts: map[Variant]*part{}}
	defer p.Close()
	sum := sha256.New()
	original, err := s.receive(p, Original, io.TeeReader(r, sum))
	if err != nil {
		return err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != hash {
		return fmt.Errorf("restore file %s: its bytes have the hash %s", hash, got)
	}
	if p.size, err = original.Seek(0, io.SeekEnd); err != nil {
		return fmt.Errorf("restore file %s: %w", hash, err)
	}
	if p.kind.Image() {
		if err := s.copy(ctx, p); err != nil {
			return fmt.Errorf("restore file %s: %w", hash, err)
		}
	}
	if s.root != nil {
		return s.settle(p)
	}
	if _, err := tx.ExecContext(ctx, `delete from evidence_chunk where hash = $1`, hash); err != nil {
		return fmt.Errorf("restore file %s: %w", hash, err)
	}
	return insertChunks(ctx, tx, p)
}

// Verify reads every file again and returns a line for each that is not there or
// no longer has its hash.
func (s *Store) Verify(ctx context.Context) (problems []string, err error) {
	all, err := listHashes(ctx, s.db)
	if err != nil {
		return nil, err
	}
	for _, f := range all {
		sum := sha256.New()
		if err := s.drain(ctx, f.Hash, Original, sum); err != nil {
			problems = append(problems, err.Error())
		} else if got := hex.EncodeToString(sum.Sum(nil)); got != f.Hash {
			problems = append(problems, fmt.Sprintf("file %s: its bytes have the hash %s", f.Hash, got))
		}
		if !f.Kind.Image() {
			continue
		}
		for _, v := range []Variant{Public, Small} {
			if err := s.drain(ctx, f.Hash, v, io.Discard); err != nil {
				problems = append(problems, err.Error())
			}
		}
	}
	return problems, ctx.Err()
}

func (s *Store) drain(ctx context.Context, hash string, v Variant, w io.Writer) error {
	r, err := s.Open(ctx, hash, v)
	if err != nil {
		return err
	}
	defer r.Close()
	if _, err := io.Copy(w, r); err != nil {
		return fmt.Errorf("read file %s: %w", hash, err)
	}
	return nil
}

func listHashes(ctx context.Context, q db.Query) ([]Item, error) {
	all, err := db.All(ctx, q, func(rows *sql.Rows) (f Item, err error) {
		err = rows.Scan(&f.Hash, &f.Kind, &f.Size)
		return f, err
	}, `select hash, kind, size from evidence_file order by hash`)
	if err != nil {
		return nil, fmt.Errorf("list files: %w", err)
	}
	return all, nil
}
