package task

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"
	"testing"
	"time"

	"dongthuan/internal/cluster"
	"dongthuan/internal/db"
	"dongthuan/internal/db/dbtest"
	"dongthuan/internal/evidence"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
	"dongthuan/internal/policy"
	"dongthuan/internal/unit"
)

func day(s string) time.Time {
	t, err := lang.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return t
}

type bench struct {
	t         *testing.T
	d         *db.DB
	s         *Service
	cluster   cluster.Cluster
	units     []string
	secretary policy.Actor
	told      []Event
}

func (b *bench) clerk(unitID string) policy.Actor {
	return policy.Actor{Account: "C", Office: "Chuyên viên", Enrolled: true, Holds: []policy.Membership{{Role: policy.Clerk, Unit: unitID}}}
}

// newBench is a cluster of three units.
func newBench(t *testing.T) *bench {
	t.Helper()
	d := dbtest.Open(t)
	now := func() time.Time { return day("2026-11-20").Add(8 * time.Hour) }
	book, err := ledger.Open(t.Context(), d, now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { book.Close() })
	files, err := evidence.New(d, t.TempDir(), now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { files.Close() })
	units, clusters := unit.New(d, book, now), cluster.New(d, book, now)
	b := &bench{t: t, d: d, s: New(d, book, clusters, files, now)}
	b.s.Told = func(_ context.Context, _ *ledger.Tx, e Event) error { b.told = append(b.told, e); return nil }
	if _, err := book.Write(t.Context(), func(tx *ledger.Tx) error {
		var members []cluster.Member
		for i, name := range []string{"An", "Bình", "Chi"} {
			u, err := units.RegisterTx(t.Context(), tx, unit.Draft{Name: name, Kind: unit.Office, From: day("2025-07-01")})
			if err != nil {
				return err
			}
			b.units = append(b.units, u.ID)
			members = append(members, cluster.Member{UnitID: u.ID, Code: string(rune('A' + i)), Role: cluster.Plain, From: day("2025-07-01")})
		}
		b.cluster, err = clusters.CreateTx(t.Context(), tx, cluster.Cluster{Code: "c1", Name: "Cụm"}, members)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	b.secretary = policy.Actor{Account: "S", Office: "Thư ký", Enrolled: true, Holds: []policy.Membership{{Role: policy.Secretary, Cluster: b.cluster.ID}}}
	t.Cleanup(func() {
		if problems, err := ledger.Verify(context.Background(), d); err != nil || problems != nil {
			t.Errorf("the ledger: %v, %v", problems, err)
		}
	})
	return b
}

func (b *bench) set(leads, with []string) Task {
	b.t.Helper()
	task, ack, err := b.s.Create(b.t.Context(), b.secretary, b.cluster.ID, Draft{Title: "Việc", Product: "Báo cáo", Due: day("2026-11-25"), Leads: leads, With: with})
	if err != nil || !ack.Recorded() {
		b.t.Fatal(err)
	}
	return task
}

var ref = evidence.Reference{Number: "01/BC", Date: time.Date(2026, 11, 19, 0, 0, 0, 0, lang.Vietnam)}

func TestTaskClosesWithItsProduct(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	a, with, other := b.units[0], b.units[1], b.units[2]
	task := b.set([]string{a}, []string{with})
	if _, err := b.s.Tick(ctx, b.clerk(a), task.ID, a, "", nil, evidence.Reference{}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("done without its product: %v", err)
	}
	if _, err := b.s.Tick(ctx, b.clerk(other), task.ID, a, "", nil, ref); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("another unit's share: %v", err)
	}
	if _, err := b.s.Tick(ctx, b.clerk(other), task.ID, other, "", nil, ref); fault.KindOf(err) != fault.NotFound {
		t.Errorf("a unit without a share: %v", err)
	}
	if _, err := b.s.Tick(ctx, b.clerk(with), task.ID, with, "xong", nil, evidence.Reference{}); err != nil {
		t.Errorf("a cooperating unit ticks its share: %v", err)
	}
	if owed, err := b.s.Owed(ctx, a); err != nil || len(owed) != 1 {
		t.Errorf("%d owed, %v", len(owed), err)
	}
	if owed, err := b.s.Owed(ctx, with); err != nil || len(owed) != 0 {
		t.Errorf("%d owed by a unit that has ticked, %v", len(owed), err)
	}
	if _, err := b.s.Tick(ctx, b.clerk(a), task.ID, a, "", nil, ref); err != nil {
		t.Fatal(err)
	}
	v, err := b.s.Get(ctx, b.clerk(other), task.ID)
	if err != nil || v.State != Done || len(v.Products) != 1 || v.ClosedAt.IsZero() {
		t.Errorf("%s with %d products, %v", v.State, len(v.Products), err)
	}
	if _, err := b.s.Reopen(ctx, b.secretary, task.ID, a, "thiếu số liệu"); err != nil {
		t.Fatal(err)
	}
	if v, err = b.s.Get(ctx, b.secretary, task.ID); err != nil || v.State != Open || !v.ClosedAt.IsZero() {
		t.Errorf("reopened: %s, %v", v.State, err)
	}
	if last := b.told[len(b.told)-1]; last.Kind != "reopened" || !slices.Equal(last.Units, []string{a}) {
		t.Errorf("told %+v", last)
	}
	outsider := policy.Actor{Account: "X", Office: "Ngoài cụm", Enrolled: true, Holds: []policy.Membership{{Role: policy.Clerk, Unit: rand.Text()}, {Role: policy.Secretary, Cluster: rand.Text()}}}
	if _, err := b.s.Get(ctx, outsider, task.ID); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("an outsider reads it: %v", err)
	}
	if err := b.s.MayFile(ctx, policy.Actor{}, task.ID); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("the public reads its product: %v", err)
	}
}

// TestEveryStep walks all acts from all states: what is not allowed is refused, and
// nothing of it is recorded.
func TestEveryStep(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	a := b.units[0]
	acts := map[string]func(id string, version int64) error{
		"tick":   func(id string, _ int64) error { _, err := b.s.Tick(ctx, b.clerk(a), id, a, "", nil, ref); return err },
		"tell":   func(id string, _ int64) error { _, err := b.s.Tell(ctx, b.clerk(a), id, a, "đang làm"); return err },
		"ask":    func(id string, _ int64) error { _, err := b.s.Ask(ctx, b.secretary, id, "", ""); return err },
		"excuse": func(id string, _ int64) error { _, err := b.s.Excuse(ctx, b.secretary, id, a, "lý do"); return err },
		"reopen": func(id string, _ int64) error { _, err := b.s.Reopen(ctx, b.secretary, id, a, "lý do"); return err },
		"cancel": func(id string, _ int64) error { _, err := b.s.Cancel(ctx, b.secretary, id, "lý do"); return err },
		"change": func(id string, version int64) error {
			_, err := b.s.Change(ctx, b.secretary, id, version, Draft{Title: "Việc khác", Product: "Báo cáo", Due: day("2026-12-01"), Leads: []string{a}}, "lý do")
			return err
		},
	}
	states := map[string][]string{"open": nil, "done": {"tick"}, "cancelled": {"cancel"}, "excused": {"excuse"}, "asked": {"ask"}}
	allowed := map[string]string{
		"open": "tick tell ask excuse cancel change", "asked": "tick tell ask excuse cancel change",
		"done": "tell reopen", "cancelled": "tell", "excused": "tick tell reopen cancel change",
	}
	for state, before := range states {
		for name, act := range acts {
			task := b.set([]string{a}, nil)
			for _, step := range before {
				if err := acts[step](task.ID, task.Version); err != nil {
					t.Fatalf("to %s: %v", state, err)
				}
			}
			v, err := b.s.Get(ctx, b.secretary, task.ID)
			if err != nil {
				t.Fatal(err)
			}
			events := func() int {
				all, err := ledger.History(ctx, b.d, task.ID)
				if err != nil {
					t.Fatal(err)
				}
				return len(all)
			}
			was := events()
			err = act(task.ID, v.Version)
			want := slices.Contains(strings.Fields(allowed[state]), name)
			if (err == nil) != want || err != nil && fault.KindOf(err) == fault.Internal {
				t.Errorf("%s of a task that is %s: %v, allowed %t", name, state, err, want)
			}
			if n := events(); err != nil && n != was {
				t.Errorf("%s of a task that is %s was refused and recorded", name, state)
			} else if err == nil && n != was+1 {
				t.Errorf("%s of a task that is %s: %d leaves", name, state, n-was)
			}
		}
	}
}

func TestChangeMeetsChange(t *testing.T) {
	b := newBench(t)
	task := b.set([]string{b.units[0]}, []string{b.units[1]})
	d := task.Draft
	d.Title = "Một"
	if _, err := b.s.Change(t.Context(), b.secretary, task.ID, 1, d, "lý do"); err != nil {
		t.Fatal(err)
	}
	d.Title = "Hai"
	if _, err := b.s.Change(t.Context(), b.secretary, task.ID, 1, d, "lý do"); fault.KindOf(err) != fault.Conflict {
		t.Errorf("over another's change: %v", err)
	}
	for field, bad := range map[string]Draft{
		"title": {Product: "x", Due: day("2026-12-01"), Leads: b.units[:1]}, "product": {Title: "x", Due: day("2026-12-01"), Leads: b.units[:1]},
		"due": {Title: "x", Product: "x", Leads: b.units[:1]}, "leads": {Title: "x", Product: "x", Due: day("2026-12-01")},
		"with": {Title: "x", Product: "x", Due: day("2026-12-01"), Leads: b.units[:1], With: b.units[:1]},
	} {
		_, _, err := b.s.Create(t.Context(), b.secretary, b.cluster.ID, bad)
		if list := fault.All(err); len(list) != 1 || list[0].Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}
