package ledger

import (
	"context"
	"crypto/rand"
	"strings"
	"sync"
	"testing"
	"time"

	"dongthuan/internal/db"
	"dongthuan/internal/db/dbtest"
)

func noon() time.Time { return time.Date(2026, 11, 20, 1, 0, 0, 0, time.UTC) }

func open(t *testing.T, now func() time.Time) (*Ledger, *db.DB) {
	t.Helper()
	d := dbtest.Open(t)
	l, err := Open(t.Context(), d, now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l, d
}

func verify(t *testing.T, d *db.DB) []string {
	t.Helper()
	problems, err := Verify(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	return problems
}

func TestWriteRecordsOrNothing(t *testing.T) {
	l, d := open(t, noon)
	object := rand.Text()
	if ack, err := l.Write(t.Context(), func(tx *Tx) error { return nil }); err != ErrUnrecorded || ack.Recorded() {
		t.Errorf("Write of nothing = %v, %v", ack, err)
	}
	ack, err := l.Write(t.Context(), func(tx *Tx) error {
		if err := tx.Record(t.Context(), SheetOpened, object, map[string]any{"unit": "DV01"}); err != nil {
			return err
		}
		return tx.Record(t.Context(), SheetChanged, object, map[string]any{"n": 1}, Sealed{"who", "x"})
	})
	if err != nil || !ack.Recorded() {
		t.Fatalf("Write = %v, %v", ack, err)
	}
	if p := verify(t, d); p != nil {
		t.Error(p)
	}
	events, err := History(t.Context(), d, object)
	if err != nil || len(events) != 2 || strings.Contains(events[1].Payload, `"x"`) || !strings.Contains(events[1].Payload, "who_c") {
		t.Errorf("History = %v, %v", events, err)
	}
	for _, kind := range []Type{"sheet.burned", ""} {
		if _, err := l.Write(t.Context(), func(tx *Tx) error { return tx.Record(t.Context(), kind, object, struct{}{}) }); err == nil {
			t.Errorf("type %q was recorded", kind)
		}
	}
}

func TestManyWritersOneChain(t *testing.T) {
	l, d := open(t, noon)
	objects := []string{rand.Text(), rand.Text()}
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			if _, err := l.Write(context.Background(), func(tx *Tx) error {
				return tx.Record(context.Background(), SheetChanged, objects[i%2], map[string]any{"i": i})
			}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if p := verify(t, d); p != nil {
		t.Error(p)
	}
	events, err := History(t.Context(), d, objects[0])
	if err != nil || len(events) != 20 {
		t.Errorf("History has %d events, %v; want 20", len(events), err)
	}
}

// TestVerifySeesTampering plays the database's administrator.
func TestVerifySeesTampering(t *testing.T) {
	for name, act := range map[string]string{
		"payload changed":  `update ledger_payload set payload = replace(payload, '1', '2')`,
		"salt lost":        `update ledger_payload set salt = ''`,
		"payload deleted":  `delete from ledger_payload`,
		"head moved":       `update ledger_head set hash = ''`,
		"head deleted":     `delete from ledger_head`,
		"payloads swapped": `update ledger_payload set payload = (select max(payload) from ledger_payload)`,
	} {
		t.Run(name, func(t *testing.T) {
			l, d := open(t, noon)
			object := rand.Text()
			for i := range 2 {
				if _, err := l.Write(t.Context(), func(tx *Tx) error {
					return tx.Record(t.Context(), SheetChanged, object, map[string]any{"n": 10 + i})
				}); err != nil {
					t.Fatal(err)
				}
			}
			if p := verify(t, d); p != nil {
				t.Fatal(p)
			}
			if err := d.Write(t.Context(), func(tx *db.Tx) error { _, err := tx.ExecContext(t.Context(), act); return err }); err != nil {
				t.Fatal(err)
			}
			if p := verify(t, d); p == nil {
				t.Error("not seen")
			}
		})
	}
}

func TestLeavesAreNeverChanged(t *testing.T) {
	l, d := open(t, noon)
	if _, err := l.Write(t.Context(), func(tx *Tx) error {
		return tx.Record(t.Context(), SheetOpened, rand.Text(), struct{}{})
	}); err != nil {
		t.Fatal(err)
	}
	for _, act := range []string{`delete from ledger_leaf`, `update ledger_leaf set leaf = ''`, `update ledger_leaf set at = '2'`} {
		if err := d.Write(t.Context(), func(tx *db.Tx) error { _, err := tx.ExecContext(t.Context(), act); return err }); err == nil {
			t.Errorf("%s was allowed", act)
		}
	}
}

func TestTimeNeverGoesBack(t *testing.T) {
	clock := noon()
	l, d := open(t, func() time.Time { return clock })
	write := func() Ack {
		ack, err := l.Write(t.Context(), func(tx *Tx) error { return tx.Record(t.Context(), SheetOpened, rand.Text(), struct{}{}) })
		if err != nil {
			t.Fatal(err)
		}
		return ack
	}
	first := write()
	clock = clock.Add(-time.Hour)
	if second := write(); second.At().Before(first.At()) {
		t.Errorf("second at %v is before first at %v", second.At(), first.At())
	}
	var err error
	if l, err = Open(t.Context(), d, func() time.Time { return clock }); err != nil {
		t.Fatal(err)
	}
	if third := write(); third.At().Before(first.At()) {
		t.Errorf("after a restart, at %v is before %v", third.At(), first.At())
	}
}

func TestCanonical(t *testing.T) {
	got, err := canonical(map[string]any{"b": 1, "a": "Hoa\u0300", "€": nil, "ö": []any{true, "\n"}}, map[string]any{"c_c": "x"})
	if want := `{"a":"Hoà","b":1,"c_c":"x","ö":[true,"\n"],"€":null}`; got != want || err != nil {
		t.Errorf("canonical = %s, %v; want %s", got, err, want)
	}
	for _, bad := range []any{1.5, []int{1}, "x", map[string]any{"n": 1e300}} {
		if got, err := canonical(bad, nil); err == nil {
			t.Errorf("canonical(%v) = %s, want an error", bad, got)
		}
	}
}

func FuzzParseLeaf(f *testing.F) {
	s := newSalt()
	f.Add(Leaf{SheetOpened, rand.Text(), 1790000002, s.seal(payloadContext, "a", "b"), ""}.String())
	f.Add(Leaf{SheetOpened, rand.Text(), 1790000002, s.seal(payloadContext, "a", "b"), s.seal("", "", "")}.String())
	f.Fuzz(func(t *testing.T, text string) {
		if l, err := ParseLeaf(text); err == nil && l.String() != text {
			t.Errorf("ParseLeaf accepted %q, which is written %q", text, l)
		}
	})
}
