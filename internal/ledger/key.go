package ledger

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"dongthuan/internal/c2sp"
	"dongthuan/internal/db"
)

// Files of a signer's folder. The journal belongs on another disk where there is
// one.
const (
	keyFile     = "key"
	JournalFile = "journal"
)

// KnownKey is the key by which the ledger in a database was signed so far, "" for
// one that has not begun.
func KnownKey(ctx context.Context, q db.Query) (string, error) {
	h, err := readHead(ctx, q)
	if errors.Is(err, db.ErrNoRows) {
		return "", nil
	}
	return h.Key, err
}

// OpenNotary opens the signer whose key lies in folder, with the journal at path.
// Where nothing was signed yet a key is made, for a log of the name origin. A key
// that is missing, for a ledger that has been signed, freezes the ledger: another
// key would make it another ledger.
func OpenNotary(folder, journal, origin, known string) (*Notary, error) {
	path := filepath.Join(folder, keyFile)
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, os.ErrNotExist) && known != "":
		return nil, frozenBecause("its key is not at %s; put it back from its copy", path)
	case errors.Is(err, os.ErrNotExist):
		if text, err = makeKey(path, origin); err != nil {
			return nil, err
		}
	case err != nil:
		return nil, err
	}
	key, err := c2sp.ParsePrivateKey(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	j, err := OpenJournal(journal)
	if err != nil {
		return nil, err
	}
	return NewNotary(key, j), nil
}

// makeKey makes a key that is on the disk before anything is signed with it.
func makeKey(path, origin string) ([]byte, error) {
	seed := make([]byte, 32)
	rand.Read(seed) // crypto/rand never fails
	key, err := c2sp.NewLogKey(origin, seed)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	text := []byte(key.Private() + "\n")
	_, err = f.Write(text)
	return text, errors.Join(err, f.Sync(), f.Close(), syncFolder(filepath.Dir(path)))
}

// Close closes the notary's journal.
func (n *Notary) Close() error { return n.journal.Close() }
