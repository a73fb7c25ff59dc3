package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// shared is where all drills of the tests are run.
var shared *lab

func TestMain(m *testing.M) {
	if err := private(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if shared != nil {
		if err := shared.close(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// TestDrills runs the short form of each drill; make drill runs them in full. What
// needs root is skipped without it.
func TestDrills(t *testing.T) {
	if testing.Short() {
		t.Skip("drills take minutes")
	}
	watch(t, "../../cmd", "../../internal", "../../demo", "../../go.mod")
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	for _, d := range drills {
		t.Run(d.name, func(t *testing.T) {
			if (d.name == onPostgres) != (os.Getenv("TEST_POSTGRES") != "") {
				t.Skip("of the other engine")
			}
			if shared == nil {
				var err error
				if shared, err = newLab(ctx, ""); err != nil {
					t.Fatal(err)
				}
			}
			r := shared.drill(ctx, d, d.short)
			t.Logf("%s: %d %s, %d acknowledged, %d lost; %s", d.what, r.often, r.unit, r.acked, len(r.lost), strings.Join(r.notes, "; "))
			for _, p := range r.told() {
				t.Error(p)
			}
			if r.cannot != nil {
				t.Skip(r.cannot)
			}
			if r.verdict() != "held" {
				t.Error(r.verdict())
			}
		})
	}
}

// watch looks at every source file, because go test remembers what a test looked
// at: so it runs the drills again when the program has changed and not otherwise.
func watch(t *testing.T, paths ...string) {
	t.Helper()
	var all error
	for _, path := range paths {
		all = errors.Join(all, filepath.WalkDir(path, func(path string, _ fs.DirEntry, err error) error {
			if err == nil {
				_, err = os.Stat(path)
			}
			return err
		}))
	}
	if all != nil {
		t.Fatal(all)
	}
}
