package unit

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"dongthuan/internal/fault"
	"dongthuan/internal/ledger"
	"dongthuan/internal/lineage"
	"dongthuan/internal/policy"
)

func TestFullName(t *testing.T) {
	for _, test := range []struct {
		unit Unit
		want string
	}{
		{Unit{Name: "Cầu Mây", Kind: Ward}, "Phường Cầu Mây"},
		{Unit{Name: "Hà Thanh", Kind: City}, "Thành phố Hà Thanh"},
		{Unit{Name: "Thủ Đức", Kind: ProvinceCity}, "Thành phố Thủ Đức"},
		{Unit{Name: "Ban Dân vận Thành ủy", Kind: Office}, "Ban Dân vận Thành ủy"},
		{Unit{Name: "số 5", Kind: Group}, "Tổ dân phố số 5"},
	} {
		if got := test.unit.FullName(); got != test.want {
			t.Errorf("FullName = %q, want %q", got, test.want)
		}
	}
}

func ward(name, code, parent, from string) Draft {
	return Draft{Name: name, Kind: Ward, Code: code, ParentID: parent, From: day(from), Basis: "NQ số 1"}
}

// register adds a unit and fails the test where it cannot.
func register(t *testing.T, s *Service, d Draft) Unit {
	t.Helper()
	u, ack, err := s.Register(context.Background(), operator, d)
	if err != nil || !ack.Recorded() {
		t.Fatalf("Register(%+v) = %v, recorded %v", d, err, ack.Recorded())
	}
	return u
}

func city(t *testing.T, s *Service) Unit {
	t.Helper()
	return register(t, s, Draft{Name: "Hà Thanh", Kind: City, Code: "99", From: day("2025-07-01")})
}

func TestDraftClean(t *testing.T) {
	good := ward("Cầu Mây", "99001", "", "2025-07-01")
	for _, test := range []struct {
		name  string
		spoil func(*Draft)
		want  string
	}{
		{"good", func(*Draft) {}, ""},
		{"no name", func(d *Draft) { d.Name = " \u200b " }, "unit.name.missing"},
		{"long name", func(d *Draft) { d.Name = strings.Repeat("ế", 121) }, "unit.name.long"},
		{"no kind", func(d *Draft) { d.Kind = "x" }, "unit.kind.missing"},
		{"no code", func(d *Draft) { d.Code = "" }, "unit.code.missing"},
		{"a group needs no code", func(d *Draft) { d.Code, d.Kind = "", Group }, ""},
		{"bad code", func(d *Draft) { d.Code = "a/b" }, "unit.code.bad"},
		{"no day", func(d *Draft) { d.From = time.Time{} }, "unit.from.missing"},
		{"ends as it begins", func(d *Draft) { d.To = d.From }, "unit.to.bad"},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := good
			test.spoil(&d)
			if _, err := d.Clean(); textKey(err) != test.want {
				t.Errorf("Clean = %q, want %q", textKey(err), test.want)
			}
		})
	}
	// Vietnamese letters typed as a base and marks come in as one character each.
	if d, err := ward("Ca\u0302\u0300u  Ma\u0302y ", "99001", "", "2025-07-01").Clean(); err != nil || d.Name != "Cầu Mây" {
		t.Errorf("Clean = %q, %v, want Cầu Mây", d.Name, err)
	}
}

func TestRegisterAndChange(t *testing.T) {
	s := open(t)
	ctx := context.Background()
	top := city(t, s)
	a := register(t, s, ward("Cầu Mây", "99001", top.ID, "2025-07-01"))

	renamed := ward("Cầu Mới", "99001", top.ID, "2026-03-01")
	if _, ack, err := s.Change(ctx, operator, a.ID, renamed); err != nil || !ack.Recorded() {
		t.Fatalf("Change = %v", err)
	}
	for on, want := range map[string]string{"2025-07-01": "Phường Cầu Mây", "2026-02-28": "Phường Cầu Mây", "2026-03-01": "Phường Cầu Mới"} {
		if u, err := s.Get(ctx, a.ID, day(on)); err != nil || u.FullName() != want || u.Nearest {
			t.Errorf("on %s = %s (nearest %v), %v, want %s", on, u.FullName(), u.Nearest, err, want)
		}
	}
	if u, err := s.Get(ctx, a.ID, day("2019-07-09")); err != nil || !u.Nearest || u.Name != "Cầu Mây" {
		t.Errorf("before it was made = %+v, %v, want the first version, marked", u, err)
	}
	all, err := s.GetMany(ctx, []string{a.ID, top.ID, a.ID, "nobody"}, noon)
	if err != nil || len(all) != 2 || all[a.ID].Name != "Cầu Mới" {
		t.Errorf("GetMany = %v, %v", all, err)
	}
	chain, err := s.Parents(ctx, a.ID, noon)
	if err != nil || len(chain) != 1 || chain[0].ID != top.ID {
		t.Errorf("Parents = %v, %v", chain, err)
	}
	below, err := s.Children(ctx, top.ID, noon)
	if err != nil || len(below) != 1 || below[0].Name != "Cầu Mới" {
		t.Errorf("Children = %v, %v", below, err)
	}
	if u, err := s.ByCode(ctx, "99001", day("2025-12-31")); err != nil || u.Name != "Cầu Mây" {
		t.Errorf("ByCode = %v, %v", u, err)
	}
	if _, err := s.ByCode(ctx, "99001", day("2020-01-01")); textKey(err) != "unit.code.absent" {
		t.Errorf("ByCode before = %v", err)
	}
	if _, err := s.Get(ctx, "nobody", noon); fault.KindOf(err) != fault.NotFound {
		t.Errorf("Get(nobody) = %v", err)
	}
}

func TestRefusals(t *testing.T) {
	s := open(t)
	ctx := context.Background()
	top := city(t, s)
	a := register(t, s, ward("Cầu Mây", "99001", top.ID, "2025-07-01"))
	group := register(t, s, Draft{Name: "số 1", Kind: Group, ParentID: a.ID, From: day("2025-07-01")})

	t.Run("register", func(t *testing.T) {
		for _, test := range []struct {
			name, want, field string
			draft             Draft
		}{
			{"a code in use", "unit.code.taken", "code", ward("Khác", "99001", top.ID, "2026-01-01")},
			{"a code in use later", "unit.code.taken", "code", ward("Khác", "99001", top.ID, "2020-01-01")},
			{"a parent that is not there yet", "unit.notthen", "parent", ward("Khác", "99002", top.ID, "2020-01-01")},
			{"a parent of no higher level", "unit.parent.level", "parent", ward("Khác", "99002", a.ID, "2025-07-01")},
			{"no such parent", "unit.missing", "parent", ward("Khác", "99002", "nobody", "2025-07-01")},
		} {
			_, ack, err := s.Register(ctx, operator, test.draft)
			if textKey(err) != test.want || fault.All(err)[0].Field != test.field || ack.Recorded() {
				t.Errorf("%s: %v, want %s in %s", test.name, err, test.want, test.field)
			}
		}
	})
	t.Run("the same code at another level, or after the end", func(t *testing.T) {
		register(t, s, Draft{Name: "Văn phòng", Kind: Office, Code: "99001", From: day("2025-07-01")})
		old := ward("Cũ", "99001", "", "2010-01-01")
		old.To = day("2025-07-01")
		register(t, s, old)
	})
	t.Run("change", func(t *testing.T) {
		for _, test := range []struct {
			name, want string
			draft      Draft
		}{
			{"on the first day", "unit.change.sameday", ward("Khác", "99001", top.ID, "2025-07-01")},
			{"nothing", "unit.change.same", ward("Cầu Mây", "99001", top.ID, "2026-01-01")},
			{"to another level", "unit.change.level", Draft{Name: "X", Kind: City, Code: "98", From: day("2026-01-01")}},
			{"before it was there", "unit.notthen", ward("Khác", "99001", top.ID, "2001-01-01")},
		} {
			if _, _, err := s.Change(ctx, operator, a.ID, test.draft); textKey(err) != test.want {
				t.Errorf("%s: %v, want %s", test.name, err, test.want)
			}
		}
	})
	t.Run("end", func(t *testing.T) {
		if _, _, err := s.End(ctx, operator, a.ID, day("2026-06-01"), ""); textKey(err) != "unit.end.below" {
			t.Errorf("End with a group below = %v", err)
		}
		if _, _, err := s.End(ctx, operator, group.ID, day("2026-01-01"), "QĐ"); err != nil {
			t.Errorf("End = %v", err)
		}
		if _, _, err := s.End(ctx, operator, group.ID, day("2026-02-01"), ""); textKey(err) != "unit.notthen" {
			t.Errorf("End twice = %v", err)
		}
	})
	t.Run("others may not", func(t *testing.T) {
		for _, actor := range []policy.Actor{{}, clerk} {
			_, _, err1 := s.Register(ctx, actor, ward("K", "99009", top.ID, "2025-07-01"))
			_, _, err2 := s.Change(ctx, actor, a.ID, ward("K", "99001", top.ID, "2026-07-01"))
			_, _, err3 := s.End(ctx, actor, a.ID, day("2026-07-01"), "")
			_, err4 := s.Link(ctx, actor, LinkDraft{})
			_, _, err5 := s.Import(ctx, actor, strings.NewReader(""), noon, false)
			_, err6 := s.Preview(ctx, actor, strings.NewReader(""), noon, false)
			for i, err := range []error{err1, err2, err3, err4, err5, err6} {
				if fault.KindOf(err) != fault.Forbidden {
					t.Errorf("act %d by %q = %v, want refused", i, actor.Office, err)
				}
			}
		}
	})
}

// Two people register the same code at once: one of them is refused in words.
func TestOneCodeAtOnce(t *testing.T) {
	s := open(t)
	top := city(t, s)
	const people = 8
	errs := make([]error, people)
	var wait sync.WaitGroup
	for i := range people {
		wait.Go(func() {
			_, _, errs[i] = s.Register(context.Background(), operator, ward("Cầu Mây", "99001", top.ID, "2025-07-01"))
		})
	}
	wait.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else if textKey(err) != "unit.code.taken" {
			t.Errorf("refusal = %v, want unit.code.taken", err)
		}
	}
	if won != 1 {
		t.Errorf("%d registered the code, want 1", won)
	}
}

func TestLinks(t *testing.T) {
	s := open(t)
	ctx := context.Background()
	top := city(t, s)
	a := register(t, s, ward("An", "99001", top.ID, "2025-07-01"))
	b := register(t, s, ward("Bình", "99002", top.ID, "2025-07-01"))
	c := register(t, s, ward("Cát", "99003", top.ID, "2026-03-01"))
	link := func(d LinkDraft) error {
		_, err := s.Link(ctx, operator, d)
		return err
	}
	on := day("2026-03-01")
	for _, test := range []struct {
		name, want string
		draft      LinkDraft
	}{
		{"to itself", "unit.link.self", LinkDraft{From: a.ID, To: a.ID, Kind: lineage.Whole, Day: on}},
		{"no kind", "unit.link.kind.missing", LinkDraft{From: a.ID, To: c.ID, Day: on}},
		{"a share without its method", "unit.link.method.missing", LinkDraft{From: a.ID, To: c.ID, Kind: lineage.Part, Day: on, ShareNum: 1, ShareDen: 4}},
		{"a share of more than all", "unit.link.share.bad", LinkDraft{From: a.ID, To: c.ID, Kind: lineage.Part, Day: on, ShareNum: 5, ShareDen: 4, ShareMethod: "m"}},
		{"a method without a share", "unit.link.share.missing", LinkDraft{From: a.ID, To: c.ID, Kind: lineage.Part, Day: on, ShareMethod: "m"}},
		{"a unit that is not there yet", "unit.notthen", LinkDraft{From: a.ID, To: c.ID, Kind: lineage.Part, Day: day("2026-01-01")}},
	} {
		if err := link(test.draft); textKey(err) != test.want {
			t.Errorf("%s: %v, want %s", test.name, err, test.want)
		}
	}
	// b gives a part to c, with a share that somebody gave; a goes over entirely.
	if err := link(LinkDraft{From: b.ID, To: c.ID, Kind: lineage.Part, Day: on, ShareNum: 1, ShareDen: 4, ShareMethod: "theo diện tích"}); err != nil {
		t.Fatal(err)
	}
	if err := link(LinkDraft{From: a.ID, To: c.ID, Kind: lineage.Whole, Day: on, Basis: "NQ 2"}); err != nil {
		t.Fatal(err)
	}
	if err := link(LinkDraft{From: b.ID, To: c.ID, Kind: lineage.Part, Day: on}); textKey(err) != "unit.link.exists" {
		t.Errorf("the same link again = %v", err)
	}
	if u, err := s.Get(ctx, a.ID, noon); err != nil || !u.Nearest || !u.To.Equal(on) {
		t.Errorf("a after it went = %+v, %v, want ended on %v", u, err, on)
	}
	r, err := s.Resolve(ctx, a.ID, day("2026-01-01"), noon)
	if err != nil || len(r.Units) != 1 || r.Units[0].ID != c.ID || !r.Units[0].Whole {
		t.Errorf("a today = %+v, %v", r, err)
	}
	r, err = s.Resolve(ctx, b.ID, day("2026-01-01"), noon)
	if err != nil || len(r.Units) != 2 || r.Units[0].ShareNum*4 != 3*r.Units[0].ShareDen || r.Units[1].ShareNum*4 != r.Units[1].ShareDen {
		t.Errorf("b today = %+v, %v, want 3/4 of itself and 1/4 of c", r, err)
	}
	r, err = s.Resolve(ctx, c.ID, noon, day("2026-01-01"))
	if err != nil || len(r.Units) != 2 {
		t.Errorf("c was made from %+v, %v, want a and b", r, err)
	}
	all, from, to, err := s.History(ctx, c.ID)
	if err != nil || len(all) != 1 || len(from) != 2 || len(to) != 0 || from[0].From.Name != "An" || from[1].ShareMethod != "theo diện tích" {
		t.Errorf("History = %v, %v, %v, %v", all, from, to, err)
	}
}

func TestTxIsTheCallers(t *testing.T) {
	s := open(t)
	ctx := context.Background()
	boom := fault.New(fault.Conflict, "unit.moved")
	if _, err := s.book.Write(ctx, func(tx *ledger.Tx) error {
		if _, err := s.RegisterTx(ctx, tx, ward("An", "99001", "", "2025-07-01")); err != nil {
			return err
		}
		return boom
	}); err != boom {
		t.Errorf("Write = %v", err)
	}
	if all, err := s.All(ctx, noon); err != nil || len(all) != 0 {
		t.Errorf("after a refused transaction: %v, %v", all, err)
	}
}
