package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"dongthuan/internal/app"
)

// lab is where drills are run: the programs, a database to begin with, and a
// folder that is gone afterwards.
type lab struct {
	root     string // of the repository
	folder   string
	release  string // the program as it is released
	faulty   string // with failpoints
	seeded   string // folder of a database of the demonstration
	mountsBy error  // why nothing can be mounted here, nil where it can
}

// patience is how long anything may take that takes a moment: long, because the
// machine may be busy.
const patience = 30 * time.Second

func newLab(ctx context.Context, folder string) (*lab, error) {
	mod, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return nil, fmt.Errorf("find the repository: %w", err)
	}
	l := &lab{root: filepath.Dir(strings.TrimSpace(string(mod))), mountsBy: mayMount()}
	if l.folder, err = os.MkdirTemp(folder, "dongthuan-drill-"); err != nil {
		return nil, err
	}
	l.release, l.faulty, l.seeded = filepath.Join(l.folder, "dongthuan"), filepath.Join(l.folder, "dongthuan-fault"), filepath.Join(l.folder, "seeded")
	if err := l.build(ctx, l.release); err != nil {
		return nil, errors.Join(err, l.close())
	}
	return l, nil
}

// forSQLite makes what only the drills on SQLite need, once.
func (l *lab) forSQLite(ctx context.Context) error {
	if _, err := os.Stat(l.seeded); err == nil {
		return nil
	}
	return errors.Join(l.build(ctx, l.faulty, "-tags", "fault"), l.seed(ctx, "--keep", l.seeded))
}

func (l *lab) close() error { return os.RemoveAll(l.folder) }

func (l *lab) build(ctx context.Context, to string, args ...string) error {
	cmd := exec.CommandContext(ctx, "go", append(append([]string{"build", "-trimpath", "-buildvcs=false", "-o", to}, args...), "./cmd/dongthuan")...)
	cmd.Dir = l.root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return nil
}

// seed makes a demonstration and ends it when it is ready.
func (l *lab) seed(ctx context.Context, args ...string) error {
	s, err := l.start(ctx, l.release, nil, append([]string{"demo"}, args...)...)
	if err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	return s.end()
}

// site is an installation: its folder, and what the program is told of it.
type site struct {
	folder   string
	database string
	args     []string
}

// copied is an installation of its own, on SQLite, in a folder that is made.
func (l *lab) copied(folder string) (site, error) {
	if err := os.RemoveAll(folder); err != nil {
		return site{}, err
	}
	return siteIn(folder), copyFolder(folder, l.seeded)
}

func siteIn(folder string) site {
	file := filepath.Join(folder, "demo.db")
	return site{folder, file, []string{"--database", file, "--no-totp", "--reserve", "0"}}
}

// journals are the files where the site's signers write down what they sign.
func (s site) journals() ([]string, error) {
	return filepath.Glob(filepath.Join(s.folder, "so-cai*", "journal"))
}

// copyFolder copies as it is: cp keeps holes, so that a copy is quick.
func copyFolder(to, from string) error {
	if out, err := exec.Command("cp", "-r", "--sparse=auto", from, to).CombinedOutput(); err != nil {
		return fmt.Errorf("copy %s: %w: %s", from, err, bytes.TrimSpace(out))
	}
	return nil
}

// fsck has the program check the ledger of a database, and returns what it says
// where it does not hold.
func (l *lab) fsck(ctx context.Context, s site) error {
	ctx, cancel := context.WithTimeout(ctx, 2*patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, l.release, "ledger", "fsck", "--database", s.database).CombinedOutput()
	if err != nil {
		return fmt.Errorf("fsck: %w: %s", err, first(string(out)))
	}
	return nil
}

// first is the beginning of what a program has said.
func first(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > 300 {
		return text[:300] + "…"
	}
	return text
}

// --- Mounting.

const inNamespace = "DONGTHUAN_DRILL_MOUNTS"

// private begins this program again where nobody else sees what it mounts, and
// where all of it is gone when the program is. Nothing happens where that cannot
// be done.
func private() error {
	if os.Getenv(inNamespace) != "" || os.Getuid() != 0 {
		return nil
	}
	unshare, err := exec.LookPath("unshare")
	if err != nil || exec.Command(unshare, "-m", "true").Run() != nil {
		return nil
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	args := append([]string{unshare, "-m", "--propagation", "private", self}, os.Args[1:]...)
	return syscall.Exec(unshare, args, append(os.Environ(), inNamespace+"=1"))
}

func mayMount() error {
	if os.Getuid() != 0 {
		return errNeeds("root, to mount a disk of its own")
	}
	if os.Getenv(inNamespace) == "" {
		return errNeeds("“unshare -m” to work here, to mount a disk of its own")
	}
	return nil
}

// needs reports which of the commands is missing.
func needs(commands ...string) error {
	for _, c := range commands {
		if _, err := exec.LookPath(c); err != nil {
			return errNeeds("the command " + c)
		}
	}
	return nil
}

func command(ctx context.Context, name string, args ...string) error {
	if out, err := exec.CommandContext(ctx, name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, first(string(out)))
	}
	return nil
}

// unmount takes a disk away. A process that was killed may hold it a moment longer.
func unmount(at string) error {
	var err error
	for range 50 {
		if err = syscall.Unmount(at, 0); err == nil || !errors.Is(err, syscall.EBUSY) {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
	return fmt.Errorf("unmount %s: %w", at, err)
}

const password = app.DemoPassword
