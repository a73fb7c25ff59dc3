package ledger

import (
	"bufio"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"dongthuan/internal/c2sp"
)

// Journal is the signer's own memory of what it signed: one line for each tree,
// its size, root and signature, appended and synced before the signature is given
// out. It belongs on another disk than the database.
type Journal struct {
	f    *os.File // nil keeps nothing: a signer of one process
	last c2sp.Checkpoint
	at   int64 // where the next line goes
	room int64 // where the zeroes written ahead end
}

// errJournalLost is a failed sync of the journal.
var errJournalLost = errors.New("ledger: the journal could not be synced")

// ahead is how many zeroes are written before they are needed: a line then only
// overwrites, and its sync does not wait for the file system's own book-keeping,
// which takes several times as long.
const ahead = 1 << 20

// maxJournal is when a journal is begun anew with its newest lines; all of them
// are in the file beside it.
const maxJournal = 64 << 20

// OpenJournal opens the journal at path, or begins it. One process has it open. A
// line that a crash cut off is dropped: its signature was not given out.
func OpenJournal(path string) (*Journal, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	if info, err := os.Stat(path); err == nil && info.Size() > maxJournal {
		if err := turnOver(path); err != nil {
			return nil, err
		}
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the journal: %w", err)
	}
	j := &Journal{f: f}
	if err := j.open(); err != nil {
		return nil, errors.Join(fmt.Errorf("open the journal %s: %w", path, err), f.Close())
	}
	return j, nil
}

func (j *Journal) open() error {
	if err := syscall.Flock(int(j.f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return fmt.Errorf("another process has it open: %w", err)
	}
	last, good, err := readJournal(j.f)
	if err != nil {
		return err
	}
	j.last, j.at, j.room = last, good, good
	if err := j.f.Truncate(good); err != nil {
		return err
	}
	return errors.Join(j.f.Sync(), syncFolder(filepath.Dir(j.f.Name())))
}

// readJournal reads the newest line, and where the whole lines end.
func readJournal(r io.Reader) (last c2sp.Checkpoint, good int64, err error) {
	last.Root = c2sp.Edge{}.Root()
	in := bufio.NewReader(r)
	for {
		line, err := in.ReadString('\n')
		if errors.Is(err, io.EOF) || strings.HasPrefix(line, "\x00") {
			return last, good, nil
		}
		if err != nil {
			return last, good, err
		}
		c, err := parseJournalLine(strings.TrimSuffix(line, "\n"))
		if err != nil {
			return last, good, fmt.Errorf("at byte %d: %w", good, err)
		}
		if c.Size < last.Size {
			return last, good, fmt.Errorf("at byte %d: a tree of %d after one of %d", good, c.Size, last.Size)
		}
		last = c
		good += int64(len(line))
	}
}

func parseJournalLine(line string) (c2sp.Checkpoint, error) {
	f := strings.Split(line, " ")
	if len(f) != 3 {
		return c2sp.Checkpoint{}, errors.New("not a line of a journal")
	}
	size, err := strconv.ParseInt(f[0], 10, 64)
	if err != nil || size < 0 {
		return c2sp.Checkpoint{}, errors.New("not the size of a tree")
	}
	root, err := c2sp.ParseHash(f[1])
	if err != nil {
		return c2sp.Checkpoint{}, err
	}
	return c2sp.Checkpoint{Size: size, Root: root}, nil
}

// Last is the newest tree that was written down.
func (j *Journal) Last() c2sp.Checkpoint { return j.last }

// Append writes a signed tree down.
func (j *Journal) Append(c c2sp.Checkpoint, signed string) error {
	if j.f != nil {
		lines := strings.Split(strings.TrimSuffix(signed, "\n"), "\n")
		_, sig, _ := strings.Cut(strings.TrimPrefix(lines[len(lines)-1], "— "), " ")
		line := strconv.FormatInt(c.Size, 10) + " " + base64.StdEncoding.EncodeToString(c.Root[:]) + " " + sig + "\n"
		if err := j.write(line); err != nil {
			return err
		}
	}
	j.last = c
	return nil
}

func (j *Journal) write(line string) error {
	end := j.at + int64(len(line))
	if end > j.room {
		if _, err := j.f.WriteAt(make([]byte, ahead), j.room); err != nil {
			j.room = j.at // what was written of the zeroes is given back
			return errors.Join(fmt.Errorf("write the journal: %w", err), j.f.Truncate(j.at))
		}
		if err := j.f.Sync(); err != nil {
			return errors.Join(errJournalLost, err)
		}
		j.room += ahead
	}
	if _, err := j.f.WriteAt([]byte(line), j.at); err != nil {
		return fmt.Errorf("write the journal: %w", err)
	}
	if err := syscall.Fdatasync(int(j.f.Fd())); err != nil {
		return errors.Join(errJournalLost, err)
	}
	j.at = end
	return nil
}

// Close closes the journal.
func (j *Journal) Close() error {
	if j.f == nil {
		return nil
	}
	return j.f.Close()
}

func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// turnOver puts a long journal aside under the size it ends with, and begins a new
// one with its last line.
func turnOver(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	last, good, err := readJournal(f)
	if err != nil {
		return err
	}
	tail := make([]byte, min(good, 1<<10)) // longer than a line
	if _, err := f.ReadAt(tail, good-int64(len(tail))); err != nil {
		return err
	}
	whole := strings.Split(strings.TrimSuffix(string(tail), "\n"), "\n")
	next := path + ".next"
	if err := os.WriteFile(next, []byte(whole[len(whole)-1]+"\n"), 0o600); err != nil {
		return err
	}
	n, err := os.Open(next)
	if err != nil {
		return err
	}
	if err := errors.Join(n.Sync(), n.Close(), os.Link(path, fmt.Sprintf("%s.%d", path, last.Size))); err != nil {
		return err
	}
	return errors.Join(os.Rename(next, path), syncFolder(filepath.Dir(path)))
}
