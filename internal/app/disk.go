package app

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"dongthuan/internal/fault"
)

// freeBytes is the room left on the disk of a folder, -1 where it cannot be told.
func freeBytes(folder string) int64 {
	var s syscall.Statfs_t
	if err := syscall.Statfs(folder, &s); err != nil {
		return -1
	}
	return int64(s.Bavail) * int64(s.Bsize)
}

// reserve is a file that only takes room. When the disk is full it is given up, so
// that people can still sign in and read; until it can be taken again nothing new
// is recorded.
type reserve struct {
	path string
	size int64

	mu    sync.Mutex
	full  bool
	asked time.Time
}

func openReserve(path string, size int64) (*reserve, error) {
	r := &reserve{path: path, size: size}
	if info, err := os.Stat(path); err == nil && info.Size() == size {
		return r, nil
	}
	err := r.take()
	if errors.Is(err, syscall.ENOSPC) {
		r.full = true
		return r, nil
	}
	return r, err
}

// take fills the file with real blocks; a hole would take no room. Where there is
// not enough it takes nothing, not even for a moment: somebody may be signing in.
func (r *reserve) take() error {
	if free := freeBytes(filepath.Dir(r.path)); free >= 0 && free < r.size {
		return syscall.ENOSPC
	}
	f, err := os.OpenFile(r.path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	err = syscall.Fallocate(int(f.Fd()), 0, 0, r.size)
	if errors.Is(err, syscall.EOPNOTSUPP) {
		block := make([]byte, 1<<20)
		err = nil
		for n := int64(0); n < r.size && err == nil; n += int64(len(block)) {
			_, err = f.Write(block[:min(int64(len(block)), r.size-n)])
		}
	}
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		os.Remove(r.path)
	}
	return err
}

// Full gives the room up.
func (r *reserve) Full() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.full, r.asked = true, time.Now()
	os.Remove(r.path)
}

// Room refuses while the disk is full. It looks again each second.
func (r *reserve) Room() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.full {
		return nil
	}
	if time.Since(r.asked) >= time.Second {
		r.asked = time.Now()
		if r.take() == nil {
			r.full = false
			return nil
		}
	}
	return fault.New(fault.Busy, "ledger.full")
}
