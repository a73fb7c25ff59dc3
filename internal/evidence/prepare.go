package evidence

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"dongthuan/internal/db"
	"dongthuan/internal/fault"
)

// Store keeps evidence: rows in the database; bytes in a folder beside a SQLite
// file, or in the database itself on PostgreSQL.
type Store struct {
	db       *db.DB
	root     *os.Root // of the folder; nil on PostgreSQL
	now      func() time.Time
	decoding chan struct{} // one image at a time: a decoded one is large
}

// New returns the store over d. The folder is made where it is not there; it is
// used on SQLite only, and must belong to this store alone.
func New(d *db.DB, folder string, now func() time.Time) (*Store, error) {
	s := &Store{db: d, now: now, decoding: make(chan struct{}, 1)}
	if d.Engine() != db.SQLite {
		return s, nil
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of files: %w", err)
	}
	var err error
	if s.root, err = os.OpenRoot(folder); err != nil {
		return nil, fmt.Errorf("open the folder of files: %w", err)
	}
	if err := s.root.MkdirAll(coming, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of files: %w", err)
	}
	return s, nil
}

// Close lets go of the folder.
func (s *Store) Close() error {
	if s.root == nil {
		return nil
	}
	return s.root.Close()
}

// coming is the folder of files that are being received.
const coming = "coming"

// Sweep removes what uploads cut off by a crash have left. It MUST be called only
// while no other process receives files into the folder: at the start of serving.
func (s *Store) Sweep() error {
	if s.root == nil {
		return nil
	}
	if err := s.root.RemoveAll(coming); err != nil {
		return fmt.Errorf("sweep files: %w", err)
	}
	return s.root.MkdirAll(coming, 0o700)
}

// Pending is a file that was received and judged, and that nobody owns yet.
type Pending struct {
	store         *Store
	name, hash    string
	kind          Kind
	size          int64
	width, height int
	bare          bool
	parts         map[Variant]*part
}

// part is one form of a pending file, on the disk. Its name is "" where the file
// needs none: on PostgreSQL, and once it stands in its place.
type part struct {
	file *os.File
	name string
}

// Name is the file's name, cleaned.
func (p *Pending) Name() string { return p.name }

// Hash is the SHA-256 of the original, in hex.
func (p *Pending) Hash() string { return p.hash }

// Kind is the file's type, as its content says.
func (p *Pending) Kind() Kind { return p.kind }

// Size is the number of bytes of the original.
func (p *Pending) Size() int64 { return p.size }

// Reader reads the original from its start.
func (p *Pending) Reader() *io.SectionReader {
	return io.NewSectionReader(p.parts[Original].file, 0, p.size)
}

// Close removes what was not kept.
func (p *Pending) Close() error {
	if p == nil {
		return nil
	}
	var all error
	for _, part := range p.parts {
		all = errors.Join(all, part.close(p.store.root))
	}
	p.parts = nil
	return all
}

func (t *part) close(root *os.Root) error {
	err := t.file.Close()
	if t.name != "" {
		err = errors.Join(err, root.Remove(t.name))
	}
	return err
}

// Prepare receives a file of at most 20 MB, hashes it, and decides by its content
// what it is. What is not accepted is refused in words. The caller MUST close
// what it gets, kept or not.
func (s *Store) Prepare(ctx context.Context, r io.Reader, name string) (_ *Pending, err error) {
	p := &Pending{store: s, name: cleanName(name), parts: map[Variant]*part{}}
	defer func() {
		if err != nil {
			p.Close() // the first error is the one to tell
		}
	}()
	sum := sha256.New()
	limited := &io.LimitedReader{R: r, N: MaxSize + 1}
	original, err := s.receive(p, Original, io.TeeReader(limited, sum))
	if err != nil {
		return nil, err
	}
	if limited.N <= 0 {
		return nil, fault.New(fault.TooLarge, "evidence.large")
	}
	p.size = MaxSize + 1 - limited.N
	p.hash = hex.EncodeToString(sum.Sum(nil))
	if p.kind, err = judge(original, p.size, p.name); err != nil {
		return nil, err
	}
	if p.kind.Image() {
		if err = s.copy(ctx, p); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// copy makes the public forms of a pending image.
func (s *Store) copy(ctx context.Context, p *Pending) error {
	select {
	case s.decoding <- struct{}{}:
		defer func() { <-s.decoding }()
	case <-ctx.Done():
		return ctx.Err()
	}
	data, err := io.ReadAll(p.Reader())
	if err != nil {
		return fmt.Errorf("read a received image: %w", err)
	}
	c, err := makeCopies(data, p.kind)
	if err != nil {
		return err
	}
	p.width, p.height, p.bare = c.width, c.height, c.bare
	for v, body := range map[Variant][]byte{Public: c.public, Small: c.small} {
		if _, err := s.receive(p, v, bytes.NewReader(body)); err != nil {
			return err
		}
	}
	return nil
}

// receive writes a part to the disk and syncs it there, outside of any
// transaction.
func (s *Store) receive(p *Pending, v Variant, r io.Reader) (*os.File, error) {
	t, err := s.newPart()
	if err != nil {
		return nil, err
	}
	p.parts[v] = t
	if _, err := io.Copy(t.file, r); err != nil {
		return nil, fmt.Errorf("receive a file: %w", err)
	}
	if s.root != nil {
		if err := t.file.Sync(); err != nil {
			return nil, fmt.Errorf("sync a received file: %w", err)
		}
	}
	return t.file, nil
}

// newPart opens a new file. On PostgreSQL it has no name from the start, so that
// nothing is left of it whatever happens.
func (s *Store) newPart() (*part, error) {
	if s.root != nil {
		name := coming + "/" + rand.Text()
		f, err := s.root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return nil, fmt.Errorf("make a file to receive into: %w", err)
		}
		return &part{f, name}, nil
	}
	f, err := os.CreateTemp("", "dongthuan-")
	if err != nil {
		return nil, fmt.Errorf("make a file to receive into: %w", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(fmt.Errorf("make a file to receive into: %w", err), f.Close())
	}
	return &part{f, ""}, nil
}
