package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// powerCut runs the program on a disk of its own, an ext4 image, stops it at a
// random moment and copies the image: what is in the copy is what had reached the
// disk. The program is started again on the copy. The control does the same with
// SQLite's durability lowered, and must lose: else the drill is blind.
func powerCut(ctx context.Context, l *lab, rounds int, r *result) {
	r.unit = "cuts"
	if r.cannot = errors.Join(l.mountsBy, needs("mkfs.ext4", "mount", "cp", "sync")); r.cannot != nil {
		return
	}
	blank, err := l.image(ctx)
	if err != nil {
		r.cannot = err
		return
	}
	for range rounds {
		if ctx.Err() != nil {
			return
		}
		if err := l.cut(ctx, l.release, blank, r); err != nil {
			r.bad("%v", err)
			return
		}
		r.often++
	}
	// The system writes by itself now and then, so that a single cut may lose nothing.
	control := &result{}
	for control.often < max(2, rounds/10) || len(control.lost) == 0 && control.often < 20 {
		if ctx.Err() != nil {
			return
		}
		if err := l.cut(ctx, l.faulty, blank, control, "FAULT_SYNCHRONOUS=NORMAL"); err != nil {
			r.bad("control: %v", err)
			return
		}
		control.often++
	}
	r.note("control, synchronous=NORMAL: lost %d of %d in %d cuts", len(control.lost), control.acked, control.often)
	if len(control.lost) == 0 {
		r.bad("the control lost nothing: the drill is blind")
	}
}

// image makes the disk to begin with: the demonstration on ext4, all of it synced.
func (l *lab) image(ctx context.Context) (string, error) {
	image, at := filepath.Join(l.folder, "blank.img"), filepath.Join(l.folder, "disk")
	f, err := os.Create(image)
	if err != nil {
		return "", err
	}
	if err := errors.Join(f.Truncate(96<<20), f.Close(), os.MkdirAll(at, 0o700), command(ctx, "mkfs.ext4", "-q", "-F", image)); err != nil {
		return "", err
	}
	if err := command(ctx, "mount", "-o", "loop", image, at); err != nil {
		return "", errNeeds(fmt.Sprintf("a loop device: %v", err))
	}
	return image, errors.Join(copyFolder(filepath.Join(at, "site"), l.seeded), command(ctx, "sync", "-f", at), unmount(at))
}

func (l *lab) cut(ctx context.Context, program, blank string, r *result, env ...string) (err error) {
	live, after := filepath.Join(l.folder, "live.img"), filepath.Join(l.folder, "cut.img")
	disk := filepath.Join(l.folder, "disk")
	if err := errors.Join(command(ctx, "cp", "--sparse=always", blank, live), command(ctx, "mount", "-o", "loop", live, disk)); err != nil {
		return err
	}
	b, err := l.begin(ctx, program, siteIn(filepath.Join(disk, "site")), "cut", env...)
	if err != nil {
		return errors.Join(err, unmount(disk))
	}
	cut := make(chan error, 1)
	time.AfterFunc(200*time.Millisecond+rand.N(2800*time.Millisecond), func() {
		err := errors.Join(b.server.freeze(), command(ctx, "cp", "--sparse=always", live, after))
		cut <- errors.Join(err, b.server.kill())
	})
	err = b.load.run(ctx, b.client)
	if err := errors.Join(err, <-cut, unmount(disk)); err != nil {
		return err
	}
	if err := command(ctx, "mount", "-o", "loop", after, disk); err != nil {
		r.bad("the disk does not mount: %v", err)
		return nil
	}
	defer func() { err = errors.Join(err, unmount(disk)) }()
	l.after(ctx, b.site, b.load, b.client, b.policy, r)
	return b.load.acks.close()
}

// freeze stops the program, and waits until each of its threads stands: one that is
// still in the kernel may answer a request for which the copy is too early.
func (s *server) freeze() error {
	pid := s.cmd.Process.Pid
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		return err
	}
	for begin := time.Now(); time.Since(begin) < patience; time.Sleep(time.Millisecond) {
		tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
		if err != nil {
			return err
		}
		moving := len(tasks) == 0
		for _, task := range tasks {
			stat, err := os.ReadFile(task)
			if err != nil {
				return err
			}
			// The state follows the name, which stands in parentheses.
			_, state, _ := strings.Cut(string(stat), ") ")
			moving = moving || !strings.HasPrefix(state, "T")
		}
		if !moving {
			return nil
		}
	}
	return fmt.Errorf("the program did not stop within %v", patience)
}
