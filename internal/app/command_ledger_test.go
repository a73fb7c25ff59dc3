package app

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dongthuan/internal/ledger"
)

// TestLedgerCommands runs the outsider's commands against a running site.
func TestLedgerCommands(t *testing.T) {
	s := newScene(t)
	ack := s.write("một")
	s.cosign()
	folder := t.TempDir()
	run := func(want int, args ...string) string {
		t.Helper()
		var out, errs bytes.Buffer
		if code := Run(t.Context(), args, strings.NewReader(""), &out, &errs); code != want {
			t.Errorf("%v: exit %d, want %d: %s%s", args, code, want, out.String(), errs.String())
		}
		return out.String() + errs.String()
	}
	file := func(name, text string) string {
		t.Helper()
		path := filepath.Join(folder, name)
		must(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	v := (&seeded{App: s.app, clock: s.clock, url: s.web.URL}).visitor(t, "")
	_, receipt := v.get("/r/" + ack.Receipt() + ".tlog-proof")
	policy := file("policy", s.policy)
	whole := file("whole", receipt)
	if out := run(exitDone, "verify", whole, "--policy", policy); !strings.Contains(out, ack.Receipt()) || !strings.Contains(out, "witness.example") {
		t.Errorf("verify says %s", out)
	}
	run(exitRefused, "verify", file("cut", receipt[:len(receipt)-30]), "--policy", policy)
	run(exitUsage, "verify", whole)
	if out := run(exitRefused, "--json", "verify", file("changed", strings.Replace(receipt, "extra ZG9u", "extra ZG9v", 1)), "--policy", policy); !strings.Contains(out, `"step":"form"`) {
		t.Errorf("verify --json says %s", out)
	}

	mirror := filepath.Join(folder, "mirror")
	if out := run(exitDone, "monitor", s.web.URL, "--folder", mirror, "--once", "--silence", "0", "--policy", policy); !strings.Contains(out, "mọi kiểm tra đều đúng") {
		t.Errorf("monitor says %s", out)
	}
	s.sql(`update news_item set title = 'Tên khác' where state = 'published'`)
	if out := run(exitRefused, "monitor", s.web.URL, "--folder", mirror, "--once", "--silence", "0"); !strings.Contains(out, "title is shown as") {
		t.Errorf("monitor says %s", out)
	}

	// With the program stopped: check, export, and a recovery that finds nothing to do.
	s.stop()
	flags := []string{"--database", s.source, "--state", s.state, "--files", s.files}
	if out := run(exitDone, append(flags, "ledger", "fsck")...); !strings.Contains(out, "mọi kiểm tra đều đúng") {
		t.Errorf("fsck says %s", out)
	}
	export := filepath.Join(folder, "export")
	run(exitDone, append(flags, "ledger", "export", export)...)
	if b, err := os.ReadFile(filepath.Join(export, "checkpoint")); err != nil || !strings.HasPrefix(string(b), "tamper.example/so-cai\n") {
		t.Errorf("exported %q, %v", b, err)
	}
	for _, from := range []string{export, mirror} {
		if out := run(exitRefused, append(flags, "ledger", "recover", "--from", from, "--yes")...); !strings.Contains(out, "there is nothing to bring back") {
			t.Errorf("recover says %s", out)
		}
		run(exitDone, append(flags, "ledger", "recover", "--from", from)...)
	}
	s.start()
	if problems, err := ledger.Verify(t.Context(), s.db); err != nil || len(problems) > 0 {
		t.Errorf("afterwards: %v, %v", problems, err)
	}
}
