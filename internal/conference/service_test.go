package conference

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"dongthuan/internal/cluster"
	"dongthuan/internal/db"
	"dongthuan/internal/db/dbtest"
	"dongthuan/internal/document"
	"dongthuan/internal/evidence"
	"dongthuan/internal/fault"

	"dongthuan/internal/ledger"
	"dongthuan/internal/live"
	"dongthuan/internal/policy"
	"dongthuan/internal/unit"
)

// stage is a cluster of three units with a conference.
type stage struct {
	t         *testing.T
	ctx       context.Context
	d         *db.DB
	s         *Service
	cluster   cluster.Cluster
	units     []string
	secretary policy.Actor
	c         Conference
	told      []Event
	mu        sync.Mutex
	clock     time.Time
	tasks     map[string]TaskDraft
}

func (b *stage) now() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.clock
}

func (b *stage) at(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.clock = at(text)
}

func newStage(t *testing.T) *stage {
	t.Helper()
	b := &stage{t: t, ctx: t.Context(), d: dbtest.Open(t), clock: at("2026-11-20T07:00"), tasks: map[string]TaskDraft{}}
	book, err := ledger.Open(b.ctx, b.d, b.now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { book.Close() })
	files, err := evidence.New(b.d, t.TempDir(), b.now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { files.Close() })
	units, clusters := unit.New(b.d, book, b.now), cluster.New(b.d, book, b.now)
	b.s = New(b.d, book, clusters, units, files, b.now)
	b.s.Hub = live.New(b.now, slog.New(slog.DiscardHandler), b.s.State)
	t.Cleanup(b.s.Hub.Close)
	b.s.Told = func(_ context.Context, _ *ledger.Tx, e Event) error { b.told = append(b.told, e); return nil }
	b.s.MakeTask = func(_ context.Context, _ *ledger.Tx, _ policy.Actor, _ string, d TaskDraft) (string, error) {
		id := fmt.Sprint("task", len(b.tasks))
		b.tasks[id] = d
		return id, nil
	}
	b.s.Tasks = func(_ context.Context, _ string, ids []string) (map[string]TaskState, error) {
		states := map[string]TaskState{}
		for _, id := range ids {
			if d, ok := b.tasks[id]; ok {
				states[id] = TaskState{Number: 1, Title: d.Title, Leads: d.Leads, Path: "/nhiem-vu/" + id, State: "open", Due: d.Due}
			}
		}
		return states, nil
	}
	if _, err := book.Write(b.ctx, func(tx *ledger.Tx) error {
		var members []cluster.Member
		for i, name := range []string{"An", "Bình", "Chi"} {
			u, err := units.RegisterTx(b.ctx, tx, unit.Draft{Name: name, Kind: unit.Office, From: at("2025-07-01")})
			if err != nil {
				return err
			}
			b.units = append(b.units, u.ID)
			members = append(members, cluster.Member{UnitID: u.ID, Code: string(rune('A' + i)), Role: cluster.Plain, From: at("2025-07-01")})
		}
		b.cluster, err = clusters.CreateTx(b.ctx, tx, cluster.Cluster{Code: "c1", Name: "Cụm"}, members)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	b.secretary = policy.Actor{Account: "S", Office: "Thư ký", Enrolled: true, Holds: []policy.Membership{{Role: policy.Secretary, Cluster: b.cluster.ID}}}
	if b.c, _, err = b.s.Create(b.ctx, b.secretary, b.cluster.ID, Draft{Title: "Hội nghị", Place: "Hội trường", Starts: at("2026-11-20T08:00"), Public: true}, ""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.check)
	return b
}

// check holds what is always true: the ledger verifies, no row is an orphan, and the
// choices of a vote are as many as its voters.
func (b *stage) check() {
	ctx := context.Background()
	if problems, err := ledger.Verify(ctx, b.d); err != nil || problems != nil {
		b.t.Errorf("the ledger: %v, %v", problems, err)
	}
	for _, q := range []string{
		`select count(*) from conference_tally t group by vote_id having sum(n) <> (select count(*) from conference_voter v where v.vote_id = t.vote_id)`,
		`select count(*) from conference_scan where delegate_id not in (select id from conference_delegate) having count(*) > 0`,
		`select count(*) from conference_speech where delegate_id <> '' and delegate_id not in (select id from conference_delegate) having count(*) > 0`,
		`select count(*) from conference_speech where state = 'speaking' group by conference_id having count(*) > 1`,
	} {
		var n int
		if err := b.d.QueryRowContext(ctx, q).Scan(&n); !errors.Is(err, db.ErrNoRows) {
			b.t.Errorf("%s: %d, %v", q, n, err)
		}
	}
}

func (b *stage) clerk(unitID string) policy.Actor {
	return policy.Actor{Account: "C", Office: "Chuyên viên", Enrolled: true, Holds: []policy.Membership{{Role: policy.Clerk, Unit: unitID}}}
}

func (b *stage) view() View {
	b.t.Helper()
	v, err := b.s.ByCode(b.ctx, b.c.Code)
	if err != nil {
		b.t.Fatal(err)
	}
	return v
}

func (b *stage) must(_ ledger.Ack, err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *stage) refused(kind fault.Kind, key string, _ ledger.Ack, err error) {
	b.t.Helper()
	all := fault.All(err)
	if fault.KindOf(err) != kind || len(all) == 0 || all[0].Text != key {
		b.t.Errorf("%v, want %s", err, key)
	}
}

// invite adds n delegates, in turn of the three units, and returns them in order.
func (b *stage) invite(n int) []Delegate {
	b.t.Helper()
	var drafts []DelegateDraft
	for i := range n {
		drafts = append(drafts, DelegateDraft{UnitID: b.units[i%3], Office: fmt.Sprintf("Đại biểu %03d", i), Role: "member"})
	}
	b.must(b.s.AddDelegates(b.ctx, b.secretary, b.c.ID, drafts))
	all := b.view().Delegates
	slices.SortFunc(all, func(x, y Delegate) int { return strings.Compare(x.Office, y.Office) })
	return all
}

// begin publishes and opens the conference at its floor item, with delegates present.
func (b *stage) begin(present ...Delegate) {
	b.t.Helper()
	b.must(b.s.Publish(b.ctx, b.secretary, b.c.ID, ""))
	b.must(b.s.Begin(b.ctx, b.secretary, b.c.ID))
	var scans []Scan
	for i, d := range present {
		scans = append(scans, Scan{ID: fmt.Sprintf("begin-%d", i), Delegate: d.ID, How: "list", At: b.now().UnixMilli()})
	}
	if len(scans) > 0 {
		_, ack, err := b.s.Scans(b.ctx, b.secretary, b.c.ID, scans)
		b.must(ack, err)
	}
	for _, it := range b.view().Items {
		if it.Kind == "floor" {
			b.must(b.s.GoTo(b.ctx, b.secretary, b.c.ID, "", it.ID))
		}
	}
}

func (b *stage) publish(id string) string {
	b.t.Helper()
	b.must(b.s.Publish(b.ctx, b.secretary, id, ""))
	return id
}

func (b *stage) ask(d Delegate, kind string) string {
	b.t.Helper()
	sp, ack, err := b.s.Ask(b.ctx, b.c.Code, d.Code(), kind, "")
	b.must(ack, err)
	return sp.ID
}

func TestProgrammeVersions(t *testing.T) {
	b := newStage(t)
	items := b.c.Items
	if _, err := b.s.SaveProgramme(b.ctx, b.clerk(b.units[0]), b.c.ID, b.c.Seen(), items); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("a clerk saves: %v", err)
	}
	b.refused(fault.Conflict, "conference.programme.unpublished", ledger.Ack{}, func() error { _, err := b.s.Begin(b.ctx, b.secretary, b.c.ID); return err }())
	b.must(b.s.Publish(b.ctx, b.secretary, b.c.ID, ""))
	a, e := b.s.Publish(b.ctx, b.secretary, b.c.ID, "")
	b.refused(fault.Invalid, "conference.programme.same", a, e)
	// Two secretaries: the second saves over what it has not seen.
	seen := b.c.Seen()
	one := slices.Clone(items)
	one[0], one[1] = one[1], one[0]
	b.must(b.s.SaveProgramme(b.ctx, b.secretary, b.c.ID, seen, one))
	a, e = b.s.SaveProgramme(b.ctx, b.secretary, b.c.ID, seen, items)
	b.refused(fault.Conflict, "conference.programme.moved", a, e)
	two := slices.Clone(one)
	two[2].At = "07:00"
	b.must(b.s.SaveProgramme(b.ctx, b.secretary, b.c.ID, b.view().Seen(), two))
	a, e = b.s.Publish(b.ctx, b.secretary, b.c.ID, "")
	b.refused(fault.Invalid, "conference.programme.overlaps", a, e)
	two[2].At = ""
	two[2].Minutes = 1000
	a, e = b.s.SaveProgramme(b.ctx, b.secretary, b.c.ID, b.view().Seen(), two)
	b.refused(fault.Invalid, "conference.item.minutes", a, e)
	two[2].Minutes = 25
	b.must(b.s.SaveProgramme(b.ctx, b.secretary, b.c.ID, b.view().Seen(), two))
	b.must(b.s.Publish(b.ctx, b.secretary, b.c.ID, "x"))
	v := b.view()
	if v.Published != 2 || len(v.Programmes) != 2 || !Diff(v.Programmes[1], v.Programmes[0]).Any() || len(b.told) != 1 {
		t.Errorf("version %d, %d told", v.Published, len(b.told))
	}
}

func TestLetters(t *testing.T) {
	b := newStage(t)
	d := b.invite(2)
	for _, wrong := range []string{"", "ABC", d[0].Mark + d[1].Secret, d[0].Code()[:15] + "?", strings.Repeat("A", 16)} {
		a, e := b.s.Reply(b.ctx, b.c.Code, wrong, Confirmed, "", "")
		b.refused(fault.NotFound, "conference.letter.unknown", a, e)
	}
	a, e := b.s.Reply(b.ctx, b.c.Code, d[0].Code(), Sends, " ", "")
	b.refused(fault.Invalid, "conference.substitute.missing", a, e)
	a, e = b.s.Reply(b.ctx, b.c.Code, d[0].Code(), Declined, "", "")
	b.refused(fault.Invalid, "conference.decline.reason", a, e)
	b.must(b.s.Reply(b.ctx, b.c.Code, strings.ToLower(d[0].Spelled()), Sends, "Phó Chủ tịch", ""))
	if x := b.view().Delegates[0]; x.As() != "Phó Chủ tịch (dự thay)" {
		t.Errorf("comes as %s", x.As())
	}
	b.must(b.s.NewLetter(b.ctx, b.secretary, b.c.ID, d[0].ID))
	a, e = b.s.Reply(b.ctx, b.c.Code, d[0].Code(), Confirmed, "", "")
	b.refused(fault.NotFound, "conference.letter.unknown", a, e)
	b.must(b.s.RemoveDelegate(b.ctx, b.secretary, b.c.ID, d[1].ID))
	a, e = b.s.Reply(b.ctx, b.c.Code, d[1].Code(), Confirmed, "", "")
	b.refused(fault.NotFound, "conference.letter.unknown", a, e)
	var doc bytes.Buffer
	v := b.view()
	letter, err := v.LetterFor(v.Delegates[0], "https://example.vn/hoi-nghi/x/giay-moi/"+v.Delegates[0].Code(), b.now())
	if err != nil {
		t.Fatal(err)
	}
	if err := document.WriteAll(&doc, document.ND30, []document.Document{letter, letter}); err != nil || !bytes.Contains(doc.Bytes(), []byte("word/media/image2.png")) {
		t.Errorf("two letters: %d bytes, %v", doc.Len(), err)
	}
}

// TestCheckIn: two desks, one of them offline with a wrong clock, see the same delegates;
// what they send is merged, and what comes twice changes nothing.
func TestCheckIn(t *testing.T) {
	b := newStage(t)
	d := b.invite(6)
	one, a, err := b.s.OpenDesk(b.ctx, b.secretary, b.c.ID, "Bàn 1")
	b.must(a, err)
	two, a, err := b.s.OpenDesk(b.ctx, b.secretary, b.c.ID, "Bàn 2")
	b.must(a, err)
	ms := func(s string) int64 { return at(s).UnixMilli() }
	b.at("2026-11-20T07:40")
	got, a, err := b.s.DeskScans(b.ctx, b.c.Code, one.Secret, []Scan{{ID: "1", Mark: d[0].Mark, How: "scan", At: ms("2026-11-20T07:40")}, {ID: "2", Mark: "ZZZZZZ", How: "scan"}, {ID: "3", Delegate: d[1].ID, How: "list", At: ms("2026-11-20T07:40")}}, ms("2026-11-20T07:40"))
	b.must(a, err)
	if kinds := kindsOf(got); kinds != "present unknown present" {
		t.Error(kinds)
	}
	// Desk 2 was offline since 07:35, an hour ahead; it saw the first delegate earlier.
	b.at("2026-11-20T07:55")
	offline := []Scan{{ID: "a", Mark: d[0].Mark, How: "scan", At: ms("2026-11-20T08:35")}, {ID: "b", Mark: d[2].Mark, How: "scan", At: ms("2026-11-20T08:45")}, {ID: "w", How: "walkin", Unit: b.units[1], Office: "Chuyên viên", At: ms("2026-11-20T08:46")}, {ID: "x", How: "walkin", Unit: b.units[1], At: 1}}
	for range 2 { // the answer was lost: all of it comes again
		got, a, err = b.s.DeskScans(b.ctx, b.c.Code, two.Secret, offline, ms("2026-11-20T08:55"))
		b.must(a, err)
	}
	if kinds := kindsOf(got); kinds != "present present present refused" {
		t.Error(kinds)
	}
	v := b.view()
	first, _ := v.Delegate(d[0].ID)
	if clockWords(first.PresentAt) != "07:35" || first.PresentBy != "Bàn 2" || v.Count().Present != 4 || v.Count().WalkIn != 1 || v.Quorum() != (Quorum{3, 3}) {
		t.Errorf("%s %s, %+v, %+v", clockWords(first.PresentAt), first.PresentBy, v.Count(), v.Quorum())
	}
	got, _, err = b.s.DeskScans(b.ctx, b.c.Code, one.Secret, []Scan{{ID: "4", Mark: d[0].Mark, How: "scan", At: ms("2026-11-20T07:56")}}, ms("2026-11-20T07:55"))
	if err != nil || got[0].Kind != "again" || got[0].Words != "07:35, Bàn 2" {
		t.Errorf("a second scan: %+v, %v", got, err)
	}
	b.must(b.s.Unscan(b.ctx, b.secretary, b.c.ID, d[1].ID, "Bấm nhầm"))
	// A desk that is closed hands in what it saw before, for a day, and nothing else.
	b.must(b.s.CloseDesk(b.ctx, b.secretary, b.c.ID, one.ID))
	if _, _, err := b.s.DeskBy(b.ctx, b.c.Code, one.Secret); fault.KindOf(err) != fault.NotFound {
		t.Errorf("the page of a closed desk: %v", err)
	}
	b.at("2026-11-20T08:30")
	got, a, err = b.s.DeskScans(b.ctx, b.c.Code, one.Secret, []Scan{{ID: "5", Mark: d[5].Mark, How: "scan", At: ms("2026-11-20T07:54")}, {ID: "6", Mark: d[3].Mark, How: "scan", At: ms("2026-11-20T08:10")}}, ms("2026-11-20T08:30"))
	b.must(a, err)
	if kinds := kindsOf(got); kinds != "present refused" || got[1].Words != "conference.desk.closed" {
		t.Errorf("from a closed desk: %+v", got)
	}
	b.at("2026-11-22T08:00")
	_, a, err = b.s.DeskScans(b.ctx, b.c.Code, one.Secret, []Scan{{ID: "7", Mark: d[3].Mark}}, 0)
	b.refused(fault.NotFound, "conference.desk.unknown", a, err)
	b.at("2026-11-20T08:40")
	// A scan that is sent again after its delegate was taken off the list holds nothing up.
	b.must(b.s.RemoveDelegate(b.ctx, b.secretary, b.c.ID, d[1].ID))
	got, a, err = b.s.DeskScans(b.ctx, b.c.Code, two.Secret, []Scan{{ID: "3", Delegate: d[1].ID, How: "list"}, {ID: "8", Mark: d[2].Mark, How: "out", At: ms("2026-11-20T08:39")}}, ms("2026-11-20T08:40"))
	b.must(a, err)
	if kinds := kindsOf(got); kinds != "unknown out" {
		t.Errorf("after a removal: %s", kinds)
	}
	b.must(b.s.Tick(b.ctx, b.secretary, b.c.ID, []string{d[3].ID, d[4].ID}, at("2026-11-20T07:50")))
	if n := b.view().Count().Present; n != 6 {
		t.Errorf("%d present", n)
	}
	// A walk-in whose check-in was undone is on no list.
	walkin, err := byOffice(b.view(), "Chuyên viên")
	if err != nil {
		t.Fatal(err)
	}
	b.must(b.s.Unscan(b.ctx, b.secretary, b.c.ID, walkin.ID, "Nhập nhầm"))
	if _, err := byOffice(b.view(), "Chuyên viên"); err == nil {
		t.Error("an undone walk-in is still listed")
	}
}

func byOffice(v View, office string) (Delegate, error) {
	for _, d := range v.Delegates {
		if d.Office == office {
			return d, nil
		}
	}
	return Delegate{}, fmt.Errorf("no %s", office)
}

// TestAfterClosing: who came is put right until the minutes are signed; people who went
// home came; a chair who did not come is not named as one.
func TestAfterClosing(t *testing.T) {
	b := newStage(t)
	b.must(b.s.AddDelegates(b.ctx, b.secretary, b.c.ID, []DelegateDraft{{UnitID: b.units[0], Office: "Cụm trưởng", Role: "chair"}, {UnitID: b.units[1], Office: "Cụm phó", Role: "chair"}}))
	d := b.invite(5)
	lead, err := byOffice(b.view(), "Cụm trưởng")
	if err != nil {
		t.Fatal(err)
	}
	deputy, err := byOffice(b.view(), "Cụm phó")
	if err != nil {
		t.Fatal(err)
	}
	b.must(b.s.ReplyFor(b.ctx, b.secretary, b.c.ID, lead.ID, Declined, "", "đi công tác"))
	var members []Delegate
	for _, x := range d {
		if strings.HasPrefix(x.Office, "Đại biểu") {
			members = append(members, x)
		}
	}
	b.begin(deputy, members[0], members[1], members[2])
	b.at("2026-11-20T11:00")
	for i, x := range append(members[:3:3], deputy) {
		_, ack, err := b.s.Scans(b.ctx, b.secretary, b.c.ID, []Scan{{ID: fmt.Sprint("out", i), Delegate: x.ID, How: "out", At: b.now().UnixMilli()}})
		b.must(ack, err)
	}
	b.must(b.s.Finish(b.ctx, b.secretary, b.c.ID))
	m := compose(b.view())
	if m.Units != (Quorum{3, 3}) || m.Present != 4 || len(m.Chair) != 1 || !strings.HasPrefix(m.Chair[0], "Cụm phó") || len(m.Excused) != 1 {
		t.Errorf("%+v", m)
	}
	// On Sunday: the paper list is ticked, an excuse that came by telephone is entered, a
	// wrong office is corrected, somebody who was never invited is taken off.
	b.at("2026-11-22T09:00")
	b.must(b.s.Tick(b.ctx, b.secretary, b.c.ID, []string{members[3].ID}, at("2026-11-20T08:00")))
	b.must(b.s.ReplyFor(b.ctx, b.secretary, b.c.ID, members[4].ID, Declined, "", "ốm"))
	m = compose(b.view())
	if m.Present != 5 || len(m.Excused) != 2 || len(m.Absent) != 0 {
		t.Errorf("put right: %+v", m)
	}
	now, _ := b.view().Delegate(members[4].ID)
	draft := now.DelegateDraft
	draft.Office = "Đại biểu 004, Phó Bí thư"
	b.must(b.s.ChangeDelegate(b.ctx, b.secretary, b.c.ID, now.ID, now.Version, draft))
	b.must(b.s.RemoveDelegate(b.ctx, b.secretary, b.c.ID, now.ID))
	// A desk is not: it had a day.
	desk, a, err := b.s.OpenDesk(b.ctx, b.secretary, b.c.ID, "Bàn 1")
	b.refused(fault.Conflict, "conference.is.closed", a, err)
	_ = desk
	b.must(b.s.CheckMinutes(b.ctx, b.secretary, b.c.ID))
	b.must(b.s.Sign(b.ctx, b.secretary, b.c.ID))
	a, e := b.s.Tick(b.ctx, b.secretary, b.c.ID, []string{lead.ID}, at("2026-11-20T08:00"))
	b.refused(fault.Conflict, "conference.minutes.locked", a, e)
	a, e = b.s.ReplyFor(b.ctx, b.secretary, b.c.ID, lead.ID, Confirmed, "", "")
	b.refused(fault.Conflict, "conference.minutes.locked", a, e)
}

// TestNothingIsLeftOut: what happens before the first item, in a break, or in an item that
// somebody wants to remove, stands in the minutes.
func TestNothingIsLeftOut(t *testing.T) {
	b := newStage(t)
	d := b.invite(3)
	v := b.view()
	items := slices.Clone(v.Items)
	items = slices.Insert(items, 3, Item{Kind: "break", Title: "Giải lao", Minutes: 15})
	b.must(b.s.SaveProgramme(b.ctx, b.secretary, b.c.ID, v.Seen(), items))
	b.must(b.s.Publish(b.ctx, b.secretary, b.c.ID, ""))
	b.must(b.s.Begin(b.ctx, b.secretary, b.c.ID))
	var scans []Scan
	for i, x := range d {
		scans = append(scans, Scan{ID: fmt.Sprint(i), Delegate: x.ID, How: "list", At: b.now().UnixMilli()})
	}
	_, ack, err := b.s.Scans(b.ctx, b.secretary, b.c.ID, scans)
	b.must(ack, err)
	hold := func(question string) {
		b.must(b.s.OpenVote(b.ctx, b.secretary, b.c.ID, question, "hands"))
		b.must(b.s.CloseVote(b.ctx, b.secretary, b.c.ID, b.view().Votes[0].ID, Vote{Yes: 3}, false))
	}
	hold("Thông qua chương trình?")
	v = b.view()
	pause := v.Items[3]
	b.must(b.s.GoTo(b.ctx, b.secretary, b.c.ID, "", pause.ID))
	b.at("2026-11-20T08:10")
	hold("Nghỉ thêm 5 phút?")
	b.must(b.s.GoTo(b.ctx, b.secretary, b.c.ID, pause.ID, v.Items[4].ID))
	without := slices.DeleteFunc(slices.Clone(v.Items), func(it Item) bool { return it.ID == pause.ID })
	a, e := b.s.SaveProgramme(b.ctx, b.secretary, b.c.ID, b.view().Seen(), without)
	b.refused(fault.Conflict, "conference.programme.used", a, e)
	b.at("2026-11-20T08:20")
	b.must(b.s.GoTo(b.ctx, b.secretary, b.c.ID, v.Items[4].ID, pause.ID)) // come back to
	b.at("2026-11-20T08:30")
	b.must(b.s.Finish(b.ctx, b.secretary, b.c.ID))
	m := compose(b.view())
	if len(m.Parts) == 0 || m.Parts[0].Title != "Trước khi vào chương trình" || !strings.Contains(fmt.Sprint(m.Parts[0].Filled), "Thông qua chương trình?") {
		t.Errorf("%+v", m.Parts)
	}
	i := slices.IndexFunc(m.Parts, func(p MinutePart) bool { return p.Title == "Giải lao" })
	if i < 0 || !strings.Contains(fmt.Sprint(m.Parts[i].Filled), "Nghỉ thêm") || m.Parts[i].when() != "07 giờ 00–08 giờ 10; 08 giờ 20–08 giờ 30" {
		t.Errorf("the break: %+v", m.Parts)
	}
}

// TestTakenBack: opened or closed by mistake.
func TestTakenBack(t *testing.T) {
	b := newStage(t)
	d := b.invite(2)
	b.must(b.s.Publish(b.ctx, b.secretary, b.c.ID, ""))
	b.must(b.s.Begin(b.ctx, b.secretary, b.c.ID))
	a, e := b.s.Unbegin(b.ctx, b.secretary, b.c.ID, "")
	b.refused(fault.Invalid, "conference.reason.missing", a, e)
	b.must(b.s.Unbegin(b.ctx, b.secretary, b.c.ID, "Bấm nhầm"))
	if v := b.view(); v.State != Preparing || !v.OpenedAt.IsZero() {
		t.Errorf("%s, opened %v", v.State, v.OpenedAt)
	}
	b.must(b.s.Begin(b.ctx, b.secretary, b.c.ID))
	_, ack, err := b.s.Scans(b.ctx, b.secretary, b.c.ID, []Scan{{ID: "1", Delegate: d[0].ID, How: "list", At: b.now().UnixMilli()}})
	b.must(ack, err)
	b.must(b.s.GoTo(b.ctx, b.secretary, b.c.ID, "", b.view().Items[3].ID))
	a, e = b.s.Unbegin(b.ctx, b.secretary, b.c.ID, "Bấm nhầm")
	b.refused(fault.Conflict, "conference.unbegin.late", a, e)
	b.must(b.s.Finish(b.ctx, b.secretary, b.c.ID))
	b.must(b.s.Unfinish(b.ctx, b.secretary, b.c.ID, "Bấm nhầm"))
	b.must(b.s.GoTo(b.ctx, b.secretary, b.c.ID, "", b.view().Items[3].ID))
	b.ask(d[0], "speech")
	b.must(b.s.Finish(b.ctx, b.secretary, b.c.ID))
}

// TestNotPublic: of a conference that is not, nothing is shown to everybody but that it
// takes place: its leaves hold words sealed, the hall is watched by its delegates only.
func TestNotPublic(t *testing.T) {
	for _, public := range []bool{true, false} {
		b := newStage(t)
		draft := b.c.Draft
		draft.Public = public
		b.must(b.s.Change(b.ctx, b.secretary, b.c.ID, draft, 5))
		d := b.invite(2)
		if b.view().Watched() {
			t.Error("a conference that nobody knows of is watched")
		}
		b.begin(d...)
		item := b.view().Current
		b.must(b.s.OpenVote(b.ctx, b.secretary, b.c.ID, "Giới thiệu nhân sự?", "hands"))
		outside, err := b.s.State(b.ctx, b.c.Code)
		if err != nil || strings.Contains(string(outside), "nhân sự") != public {
			t.Errorf("public %t: everybody sees %s, %v", public, outside, err)
		}
		if within, err := b.s.State(b.ctx, b.c.Code+inside); err != nil || !strings.Contains(string(within), "nhân sự") {
			t.Errorf("public %t: the hall sees %s, %v", public, within, err)
		}
		vote := b.view().Votes[0]
		b.must(b.s.CloseVote(b.ctx, b.secretary, b.c.ID, vote.ID, Vote{Yes: 2}, false))
		b.must(b.s.Conclude(b.ctx, b.secretary, b.c.ID, item, "Một câu kết luận nội bộ"))
		b.must(b.s.Finish(b.ctx, b.secretary, b.c.ID))
		b.must(b.s.CheckMinutes(b.ctx, b.secretary, b.c.ID))
		b.must(b.s.Sign(b.ctx, b.secretary, b.c.ID))
		for _, object := range []string{b.c.ID, vote.ID} {
			events, err := ledger.History(b.ctx, b.d, object)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range events {
				if !e.Type.Public() || public {
					continue
				}
				if strings.Contains(e.Payload, "nội bộ") || strings.Contains(e.Payload, "nhân sự") {
					t.Errorf("%s shows everybody %s", e.Type, e.Payload)
				}
				if (e.Type == ledger.PollTallied && !strings.Contains(e.Payload, "question_c")) || (e.Type == ledger.MinutesSigned && !strings.Contains(e.Payload, "conclusions_c")) {
					t.Errorf("%s does not hold the words sealed: %s", e.Type, e.Payload)
				}
			}
		}
		if b.view().PublicMinutes() != public {
			t.Errorf("public %t: the minutes are %t", public, b.view().PublicMinutes())
		}
	}
}

// TestSignedLists: a photograph of signatures is seen by those who run the conference, on
// no public page, in no archive and in no news; photographs are public with the minutes.
func TestSignedLists(t *testing.T) {
	b := newStage(t)
	add := func(room, name string) {
		t.Helper()
		var w bytes.Buffer
		if err := png.Encode(&w, image.NewGray(image.Rect(0, 0, 8, 8+len(name)))); err != nil {
			t.Fatal(err)
		}
		f, err := b.s.files.Prepare(b.ctx, &w, name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		b.must(b.s.AddFile(b.ctx, b.secretary, b.c.ID, room, f))
	}
	add(ListRoom, "ky-ten.png")
	add(RoomName, "hoi-truong.png")
	b.begin(b.invite(1)...)
	b.must(b.s.Finish(b.ctx, b.secretary, b.c.ID))
	public := policy.Actor{}
	if err := b.s.MayFile(b.ctx, public, b.c.ID); err == nil {
		t.Error("photographs are public before the minutes are signed")
	}
	b.must(b.s.CheckMinutes(b.ctx, b.secretary, b.c.ID))
	b.must(b.s.Sign(b.ctx, b.secretary, b.c.ID))
	if err := b.s.MayFile(b.ctx, public, b.c.ID); err != nil {
		t.Errorf("a photograph: %v", err)
	}
	for name, actor := range map[string]policy.Actor{"everybody": public, "a clerk": b.clerk(b.units[0])} {
		if err := b.s.MayList(b.ctx, actor, b.c.ID); err == nil {
			t.Errorf("%s sees the signed list", name)
		}
	}
	if err := b.s.MayList(b.ctx, b.secretary, b.c.ID); err != nil {
		t.Errorf("the secretary: %v", err)
	}
	var w bytes.Buffer
	if err := b.s.WriteArchive(b.ctx, &w, b.view()); err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(w.Bytes()), int64(w.Len()))
	if err != nil {
		t.Fatal(err)
	}
	photos := 0
	for _, f := range z.File {
		if strings.HasPrefix(f.Name, "anh/") {
			photos++
		}
	}
	if photos != 1 {
		t.Errorf("%d photographs in the archive", photos)
	}
	var given int
	b.s.MakeNews = func(_ context.Context, _ *ledger.Tx, _ policy.Actor, _, _, _ string, photos []evidence.Item) (string, error) {
		given = len(photos)
		return "news", nil
	}
	if _, _, err := b.s.DraftNews(b.ctx, b.secretary, b.c.ID); err != nil || given != 1 {
		t.Errorf("the news has %d photographs, %v", given, err)
	}
}

func kindsOf(all []Scanned) string {
	var kinds []string
	for _, s := range all {
		kinds = append(kinds, s.Kind)
	}
	return strings.Join(kinds, " ")
}

// TestQueue: the list of speakers by phone and by hand, its order, and two chairs at once.
func TestQueue(t *testing.T) {
	b := newStage(t)
	d := b.invite(7)
	b.begin(d[:5]...)
	if _, err := b.s.Raise(b.ctx, b.clerk(b.units[0]), b.c.ID, d[0].ID, "speech", ""); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("a clerk raises: %v", err)
	}
	_, a, e := b.s.Ask(b.ctx, b.c.Code, d[5].Code(), "speech", "")
	b.refused(fault.Conflict, "conference.speech.notin", a, e)
	x, y := b.ask(d[0], "speech"), b.ask(d[1], "speech")
	_, a, e = b.s.Ask(b.ctx, b.c.Code, d[0].Code(), "speech", "")
	b.refused(fault.Conflict, "conference.speech.waits", a, e)
	b.must(b.s.Raise(b.ctx, b.secretary, b.c.ID, d[2].ID, "reply", "Xin nói thêm"))
	w := b.view().Waiting()
	if len(w) != 3 || w[0].ID != x || w[1].ID != y {
		t.Fatalf("%v", w)
	}
	b.must(b.s.Order(b.ctx, b.secretary, b.c.ID, []string{w[2].ID, y, "gone", x}))
	if got := b.view().Waiting(); got[0].ID != w[2].ID || got[2].ID != x {
		t.Errorf("order %v", got)
	}
	b.must(b.s.Call(b.ctx, b.secretary, b.c.ID, "", x))
	b.at("2026-11-20T08:20")
	// Another chair has given the floor meanwhile: nobody's turn ends before it has begun.
	a, e = b.s.Call(b.ctx, b.secretary, b.c.ID, "", y)
	b.refused(fault.Conflict, "conference.speaker.moved", a, e)
	b.must(b.s.Call(b.ctx, b.secretary, b.c.ID, x, y)) // the one before has ended
	a, e = b.s.Call(b.ctx, b.secretary, b.c.ID, y, x)
	b.refused(fault.Conflict, "conference.speech.moved", a, e)
	// Called by mistake: back where they waited, and nothing was spoken.
	b.must(b.s.Call(b.ctx, b.secretary, b.c.ID, y, w[2].ID))
	b.must(b.s.PutBack(b.ctx, b.secretary, b.c.ID, w[2].ID))
	if got := b.view().Waiting(); len(got) != 1 || got[0].ID != w[2].ID || !got[0].Start.IsZero() {
		t.Errorf("put back: %+v", got)
	}
	b.must(b.s.Withdraw(b.ctx, b.c.Code, d[2].Code(), w[2].ID))
	a, e = b.s.Withdraw(b.ctx, b.c.Code, d[3].Code(), y)
	b.refused(fault.NotFound, "conference.speech.missing", a, e)
	v := b.view()
	if turns := v.Turns(b.now()); turns[b.units[0]].N != 1 || minutes(turns[b.units[0]].Time) != 80 {
		t.Errorf("turns %v", turns)
	}
	// Two chairs press "next" at the same moment: the second is told.
	last := v.Items[len(v.Items)-1].ID
	b.must(b.s.GoTo(b.ctx, b.secretary, b.c.ID, v.Current, last))
	a, e = b.s.GoTo(b.ctx, b.secretary, b.c.ID, v.Current, last)
	b.refused(fault.Conflict, "conference.item.moved", a, e)
	_, a, e = b.s.Ask(b.ctx, b.c.Code, d[3].Code(), "speech", "")
	b.refused(fault.Conflict, "conference.speech.closed", a, e)
	b.must(b.s.Finish(b.ctx, b.secretary, b.c.ID))
	a, e = b.s.Take(b.ctx, b.secretary, b.c.ID, true)
	b.refused(fault.Conflict, "conference.is.closed", a, e)
}

// TestManyAsk: four hundred delegates ask at once; each is on the list once.
func TestManyAsk(t *testing.T) {
	b := newStage(t)
	d := b.invite(400)
	b.begin(d...)
	var wait sync.WaitGroup
	for _, x := range d {
		for range 2 { // and each presses twice
			wait.Go(func() {
				for {
					_, _, err := b.s.Ask(b.ctx, b.c.Code, x.Code(), "speech", "")
					if fault.KindOf(err) == fault.Busy {
						time.Sleep(time.Millisecond)
						continue
					}
					if err != nil && fault.All(err)[0].Text != "conference.speech.waits" {
						t.Error(err)
					}
					return
				}
			})
		}
	}
	wait.Wait()
	w := b.view().Waiting()
	seen := map[string]bool{}
	for _, s := range w {
		seen[s.DelegateID] = true
	}
	if len(w) != 400 || len(seen) != 400 {
		t.Errorf("%d wait, %d delegates", len(w), len(seen))
	}
}

// TestSealedVote: nothing that is written leads from a delegate to a choice, and no number
// is shown before the vote is closed.
func TestSealedVote(t *testing.T) {
	b := newStage(t)
	d := b.invite(6)
	b.begin(d[:5]...)
	b.must(b.s.OpenVote(b.ctx, b.secretary, b.c.ID, "Đồng ý tháng 12?", "phone"))
	a, e := b.s.OpenVote(b.ctx, b.secretary, b.c.ID, "Khác", "hands")
	b.refused(fault.Conflict, "conference.vote.stillopen", a, e)
	vote := b.view().Votes[0].ID
	for i, choice := range []string{"yes", "no", "yes", "yes"} {
		b.must(b.s.Cast(b.ctx, b.c.Code, d[i].Code(), vote, choice))
	}
	a, e = b.s.Cast(b.ctx, b.c.Code, d[0].Code(), vote, "no")
	b.refused(fault.Conflict, "conference.vote.twice", a, e)
	a, e = b.s.Cast(b.ctx, b.c.Code, d[5].Code(), vote, "no")
	b.refused(fault.Conflict, "conference.speech.notin", a, e)
	state, err := b.s.State(b.ctx, b.c.Code)
	if err != nil || strings.Contains(string(state), `"yes"`) || strings.Contains(string(state), `"no"`) {
		t.Errorf("the hall sees %s, %v", state, err)
	}
	if v := b.view().Votes[0]; v.Voted() != 0 || v.Cast != 4 {
		t.Errorf("before it is closed: %+v", v)
	}
	// The leaves of the votes say neither who nor what.
	events, err := ledger.History(b.ctx, b.d, vote)
	if err != nil {
		t.Fatal(err)
	}
	cast := 0
	for _, ev := range events {
		if ev.Type != ledger.BallotCast {
			continue
		}
		cast++
		if ev.Payload != `{"conference":"`+b.c.ID+`"}` {
			t.Errorf("a vote's leaf says %s", ev.Payload)
		}
	}
	// Neither table has a column that the other could be joined by, but the vote.
	for table, want := range map[string]string{"conference_voter": "delegate_id vote_id", "conference_tally": "choice n vote_id"} {
		rows, err := b.d.QueryContext(b.ctx, `select * from `+table+` limit 1`)
		if err != nil {
			t.Fatal(err)
		}
		columns, err := rows.Columns()
		rows.Close()
		slices.Sort(columns)
		if err != nil || strings.Join(columns, " ") != want {
			t.Errorf("%s has %v, %v", table, columns, err)
		}
	}
	b.versions(`conference_tally where vote_id = '` + vote + `'`)
	b.must(b.s.CloseVote(b.ctx, b.secretary, b.c.ID, vote, Vote{Yes: 99}, false))
	if v := b.view().Votes[0]; cast != 4 || v.Yes != 3 || v.No != 1 || v.Open {
		t.Errorf("%d cast, closed %+v", cast, v)
	}
	b.at("2026-11-20T08:30")
	b.must(b.s.OpenVote(b.ctx, b.secretary, b.c.ID, "Thông qua?", "hands"))
	hands := b.view().Votes[0]
	a, e = b.s.CloseVote(b.ctx, b.secretary, b.c.ID, hands.ID, Vote{Yes: 4}, false)
	b.refused(fault.Invalid, "conference.vote.fewer", a, e)
	b.must(b.s.CloseVote(b.ctx, b.secretary, b.c.ID, hands.ID, Vote{Yes: 4, Abstain: 1}, false))
}

// TestWhoVotes: guests and observers do not; who left before the hands were counted is not
// counted on; a vote that cannot be held is cancelled with the reason, and the minutes say
// so.
func TestWhoVotes(t *testing.T) {
	b := newStage(t)
	b.must(b.s.AddDelegates(b.ctx, b.secretary, b.c.ID, []DelegateDraft{{Body: "Sở Nội vụ", Office: "Khách", Role: "guest"}, {UnitID: b.units[0], Office: "Dự thính", Role: "observer"}}))
	guests := b.view().Delegates
	d := b.invite(6)
	d = d[len(d)-6:] // sorted by office: “Đại biểu” after the two guests
	b.begin(append(slices.Clone(d), guests...)...)
	b.must(b.s.OpenVote(b.ctx, b.secretary, b.c.ID, "Sai câu hỏi", "phone"))
	wrong := b.view().Votes[0]
	if wrong.Present != 6 {
		t.Errorf("%d have a vote, want 6", wrong.Present)
	}
	for _, g := range guests {
		a, e := b.s.Cast(b.ctx, b.c.Code, g.Code(), wrong.ID, "yes")
		b.refused(fault.Conflict, "conference.vote.norole", a, e)
	}
	a, e := b.s.CancelVote(b.ctx, b.secretary, b.c.ID, wrong.ID, " ")
	b.refused(fault.Invalid, "conference.reason.missing", a, e)
	b.must(b.s.CancelVote(b.ctx, b.secretary, b.c.ID, wrong.ID, "ghi nhầm nội dung"))
	b.at("2026-11-20T08:30")
	b.must(b.s.OpenVote(b.ctx, b.secretary, b.c.ID, "Thông qua?", "hands"))
	vote := b.view().Votes[0]
	b.at("2026-11-20T08:40")
	_, ack, err := b.s.Scans(b.ctx, b.secretary, b.c.ID, []Scan{{ID: "out", Delegate: d[0].ID, How: "out", At: b.now().UnixMilli()}})
	b.must(ack, err)
	a, e = b.s.CloseVote(b.ctx, b.secretary, b.c.ID, vote.ID, Vote{Yes: 6}, true)
	b.refused(fault.Invalid, "conference.vote.sum", a, e)
	b.must(b.s.CloseVote(b.ctx, b.secretary, b.c.ID, vote.ID, Vote{Yes: 3, No: 1}, true))
	v := b.view()
	if x := v.Votes[0]; x.Present != 5 || x.Silent() != 1 || !x.Passed() || v.Votes[1].Closed() || v.Votes[1].Cancelled == "" {
		t.Errorf("%+v", v.Votes)
	}
	m := fmt.Sprint(compose(v).Parts)
	for _, want := range []string{"Hủy biểu quyết “Sai câu hỏi”. Lý do: ghi nhầm nội dung.", "có mặt 5; tán thành 3", "không biểu quyết 1", "được thông qua"} {
		if !strings.Contains(m, want) {
			t.Errorf("the minutes do not say %q: %s", want, m)
		}
	}
	if h := hallOf(v, b.now()); h.Vote == nil || h.Vote.Question != "Thông qua?" {
		t.Errorf("the screen shows %+v", h.Vote)
	}
}

// versions fails where PostgreSQL's own mark of who wrote a row last, which the rows of a
// voter have too, differs between rows.
func (b *stage) versions(rows string) {
	b.t.Helper()
	if b.d.Engine() != db.PostgreSQL {
		return
	}
	var n int
	if err := b.d.QueryRowContext(b.ctx, `select count(distinct xmin::text) from `+rows).Scan(&n); err != nil || n != 1 {
		b.t.Errorf("%s were written by %d transactions, %v", rows, n, err)
	}
}

// TestMinutes: two secretaries, the states, a conclusion and its task, both ways; signed
// minutes do not change.
func TestMinutes(t *testing.T) {
	b := newStage(t)
	d := b.invite(3)
	b.begin(d...)
	item := b.view().Current
	x := b.ask(d[0], "speech")
	b.must(b.s.Call(b.ctx, b.secretary, b.c.ID, "", x))
	b.at("2026-11-20T08:05")
	b.must(b.s.EndSpeech(b.ctx, b.secretary, b.c.ID, x))
	n, a, err := b.s.SaveNote(b.ctx, b.secretary, b.c.ID, item, 0, "Thống nhất một mẫu bảng tiếp thu. Giao các đơn vị thực hiện.")
	b.must(a, err)
	other := b.secretary
	other.Office = "Cụm phó"
	_, _, err = b.s.SaveNote(b.ctx, other, b.c.ID, item, 0, "Bản khác")
	var clash *Clash
	if !errors.As(err, &clash) || clash.Theirs.Body != n.Body || clash.Theirs.Office != "Thư ký" {
		t.Errorf("the second secretary: %v", err)
	}
	_, a, err = b.s.SaveNote(b.ctx, other, b.c.ID, item, n.Version, n.Body+"\nBổ sung.")
	b.must(a, err)
	a, err = b.s.CheckMinutes(b.ctx, b.secretary, b.c.ID)
	b.refused(fault.Conflict, "conference.minutes.early", a, err)
	b.must(b.s.Finish(b.ctx, b.secretary, b.c.ID))
	b.must(b.s.Conclude(b.ctx, b.secretary, b.c.ID, item, "Thống nhất một mẫu bảng tiếp thu"))
	a, err = b.s.Conclude(b.ctx, b.secretary, b.c.ID, item, "thống nhất một mẫu bảng tiếp thu.")
	b.refused(fault.Conflict, "conference.conclusion.twice", a, err)
	c := b.view().Conclusions[0]
	b.must(b.s.MakeTaskOf(b.ctx, b.secretary, b.c.ID, c.ID, c.Version, TaskDraft{Product: "Mẫu", Due: at("2026-12-31"), Leads: b.units[:1]}))
	c = b.view().Conclusions[0]
	if got := b.tasks[c.TaskID]; got.Title != "Thống nhất một mẫu bảng tiếp thu" || got.Source != "Kết luận hội nghị ngày 20/11/2026" {
		t.Errorf("the task is %+v", got)
	}
	if where, back, ok, err := b.s.OfTask(b.ctx, c.TaskID); err != nil || !ok || where.ID != b.c.ID || back.ID != c.ID {
		t.Errorf("back from the task: %v %v %t %v", where.ID, back, ok, err)
	}
	a, err = b.s.ChangeConclusion(b.ctx, b.secretary, b.c.ID, c.ID, c.Version, "", true)
	b.refused(fault.Conflict, "conference.conclusion.task", a, err)
	a, err = b.s.Sign(b.ctx, b.secretary, b.c.ID)
	b.refused(fault.Conflict, "conference.minutes.draft", a, err)
	// Whatever changes what they say makes minutes that were checked a draft again.
	said, a, err := b.s.NoteSpeech(b.ctx, b.secretary, b.c.ID, x, 0, "Đề nghị một mẫu chung.")
	b.must(a, err)
	if _, _, err := b.s.NoteSpeech(b.ctx, other, b.c.ID, x, 0, "Bản khác"); !errors.As(err, &clash) || clash.Theirs.Body != said.Body {
		t.Errorf("the second secretary notes a speech: %v", err)
	}
	for name, change := range map[string]func() (ledger.Ack, error){
		"a note of a speech": func() (ledger.Ack, error) {
			n, a, err := b.s.NoteSpeech(b.ctx, b.secretary, b.c.ID, x, said.Version, "Đề nghị một mẫu chung toàn cụm.")
			said = n
			return a, err
		},
		"a conclusion": func() (ledger.Ack, error) {
			return b.s.Conclude(b.ctx, b.secretary, b.c.ID, item, "Giao các đơn vị thực hiện")
		},
		"presence": func() (ledger.Ack, error) {
			return b.s.Unscan(b.ctx, b.secretary, b.c.ID, d[2].ID, "bấm nhầm dòng")
		},
		"presence again": func() (ledger.Ack, error) {
			_, a, err := b.s.Scans(b.ctx, b.secretary, b.c.ID, []Scan{{ID: "again", Delegate: d[2].ID, How: "list", At: b.now().UnixMilli()}})
			return a, err
		},
	} {
		b.must(b.s.CheckMinutes(b.ctx, b.secretary, b.c.ID))
		b.must(change())
		if got := b.view().Conference.Minutes; got != MinutesDraft {
			t.Errorf("after %s the minutes are %s", name, got)
		}
	}
	if _, _, err := b.s.Scans(b.ctx, b.secretary, b.c.ID, []Scan{{ID: "again 2", Delegate: d[2].ID, How: "list", At: b.now().UnixMilli()}}); err != nil {
		t.Fatal(err)
	}
	for _, x := range b.view().Conclusions[1:] {
		b.must(b.s.ChangeConclusion(b.ctx, b.secretary, b.c.ID, x.ID, x.Version, "", true))
	}
	b.must(b.s.CheckMinutes(b.ctx, b.secretary, b.c.ID))
	b.must(b.s.Sign(b.ctx, b.secretary, b.c.ID))
	_, a, err = b.s.SaveNote(b.ctx, b.secretary, b.c.ID, item, 2, "Sửa lén")
	b.refused(fault.Conflict, "conference.minutes.locked", a, err)
	_, a, err = b.s.NoteSpeech(b.ctx, b.secretary, b.c.ID, x, 1, "Sửa lén")
	b.refused(fault.Conflict, "conference.minutes.locked", a, err)
	a, err = b.s.Unscan(b.ctx, b.secretary, b.c.ID, d[0].ID, "nhầm")
	b.refused(fault.Conflict, "conference.minutes.locked", a, err)
	_, a, err = b.s.Scans(b.ctx, b.secretary, b.c.ID, []Scan{{ID: "late", Delegate: d[0].ID, How: "out", At: 1}})
	b.refused(fault.Conflict, "conference.minutes.locked", a, err)
	a, err = b.s.Unfinish(b.ctx, b.secretary, b.c.ID, "nhầm")
	b.refused(fault.Conflict, "conference.unfinish.signed", a, err)
	v := b.view()
	m, err := b.s.MinutesOf(b.ctx, v, false)
	if err != nil || len(m.Conclusions) != 1 || m.Present != 3 || len(m.Parts) == 0 {
		t.Fatalf("%+v, %v", m, err)
	}
	text := fmt.Sprint(m.Parts)
	if !strings.Contains(text, "Đại biểu 000, Văn phòng An phát biểu") && !strings.Contains(text, "An phát biểu") || !strings.Contains(text, "08 giờ 05") {
		t.Errorf("the minutes say %s", text)
	}
	a, err = b.s.Reopen(b.ctx, b.secretary, b.c.ID, "")
	b.refused(fault.Invalid, "conference.reason.missing", a, err)
	b.must(b.s.Reopen(b.ctx, b.secretary, b.c.ID, "Sai một con số"))
	// While they are open everybody reads what was signed.
	b.must(b.s.Conclude(b.ctx, b.secretary, b.c.ID, item, "Một câu chưa ai ký"))
	if m, err := b.s.MinutesOf(b.ctx, b.view(), true); err != nil || len(m.Conclusions) != 1 || !b.view().PublicMinutes() {
		t.Errorf("everybody reads %+v, %v", m.Conclusions, err)
	}
	last := b.view().Conclusions[1]
	b.must(b.s.ChangeConclusion(b.ctx, b.secretary, b.c.ID, last.ID, last.Version, "", true))
	_, a, err = b.s.SaveNote(b.ctx, b.secretary, b.c.ID, item, 2, "Đã sửa.")
	b.must(a, err)
	b.must(b.s.CheckMinutes(b.ctx, b.secretary, b.c.ID))
	b.must(b.s.Sign(b.ctx, b.secretary, b.c.ID))
	all, err := b.s.Signings(b.ctx, b.c.ID)
	if err != nil || len(all) != 2 || all[1].Reason != "Sai một con số" || !strings.Contains(fmt.Sprint(all[1].Content), "Bổ sung.") {
		t.Errorf("signed %d times: %v", len(all), err)
	}
	programme, err := v.Programme(b.now(), "https://thidua.example/hoi-nghi/x")
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range []document.Layout{document.ND30, document.Party05} {
		for _, doc := range []document.Document{v.MinutesDocument(m), v.Notice(m.Conclusions, nil, b.now()), v.RunningOrder(b.now()), v.SignList(b.now()), v.Proceedings(b.now()), programme} {
			var w bytes.Buffer
			if err := doc.WriteDOCX(&w, l); err != nil || w.Len() < 2000 {
				t.Errorf("%s in %s: %d bytes, %v", doc.TypeName, l.Name, w.Len(), err)
			}
		}
	}
	// Tied to the wrong task: untied with the reason, and tied again.
	c = b.view().Conclusions[0]
	a, err = b.s.UntieTask(b.ctx, b.secretary, b.c.ID, c.ID, c.Version, "")
	b.refused(fault.Invalid, "conference.reason.missing", a, err)
	b.must(b.s.UntieTask(b.ctx, b.secretary, b.c.ID, c.ID, c.Version, "Nhầm nhiệm vụ"))
	tied := c.TaskID
	if c = b.view().Conclusions[0]; c.TaskID != "" {
		t.Errorf("still tied to %s", c.TaskID)
	}
	b.must(b.s.LinkTask(b.ctx, b.secretary, b.c.ID, c.ID, c.Version, tied))
	// The next conference opens with what became of this one's conclusions.
	next, a, err := b.s.Create(b.ctx, b.secretary, b.cluster.ID, Draft{Title: "Sau", Place: "x", Starts: at("2027-01-10T08:00")}, b.c.ID)
	b.must(a, err)
	if old, found, ok, err := b.s.Earlier(b.ctx, next); err != nil || !ok || old.ID != b.c.ID || len(found) != 1 {
		t.Errorf("earlier: %v %v %t %v", old.ID, found, ok, err)
	}
	cloned, err := b.s.Open(b.ctx, b.secretary, next.ID)
	if err != nil || len(cloned.Delegates) != 3 || cloned.Count().Present != 0 || cloned.Delegates[0].Code() == v.Delegates[0].Code() || len(cloned.Items) != len(v.Items) || len(cloned.Runs) != 0 || len(cloned.Conclusions) != 0 {
		t.Errorf("the clone: %+v, %v", cloned.Count(), err)
	}
}

func TestPapers(t *testing.T) {
	b := newStage(t)
	due := at("2026-11-20T07:30")
	a, e := b.s.AskPapers(b.ctx, b.secretary, b.c.ID, b.units[:2], true, 8, at("2026-11-21"))
	b.refused(fault.Invalid, "conference.paper.due", a, e)
	b.must(b.s.AskPapers(b.ctx, b.secretary, b.c.ID, b.units[:2], true, 8, due))
	a, e = b.s.AskPapers(b.ctx, b.secretary, b.c.ID, b.units[:1], true, 8, due)
	b.refused(fault.Conflict, "conference.paper.twice", a, e)
	p, _ := b.view().Paper(b.units[0])
	mine := b.clerk(b.units[0])
	if _, err := b.s.HandIn(b.ctx, b.clerk(b.units[1]), p.ID, 1, "Tên", "Phó Chủ tịch", "Bài", nil); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("another unit hands in: %v", err)
	}
	a, e = b.s.HandIn(b.ctx, mine, p.ID, 1, "Tên", "Phó Chủ tịch", " ", nil)
	b.refused(fault.Invalid, "conference.paper.body", a, e)
	b.must(b.s.HandIn(b.ctx, mine, p.ID, 1, "Tên", "Phó Chủ tịch", "Bài tham luận", nil))
	a, e = b.s.DecidePaper(b.ctx, b.secretary, p.ID, 2, false, "")
	b.refused(fault.Invalid, "conference.paper.remark", a, e)
	b.must(b.s.DecidePaper(b.ctx, b.secretary, p.ID, 2, false, "Ngắn hơn"))
	// As a Word file, from our own writer.
	var w bytes.Buffer
	doc := document.Document{Issuer: "Đơn vị", TypeName: "Tham luận", Abstract: "về công khai", Body: []document.Block{document.Plain("Đoạn một."), document.Plain("Đoạn hai")}}
	if err := doc.WriteDOCX(&w, document.ND30); err != nil {
		t.Fatal(err)
	}
	file, err := b.s.files.Prepare(b.ctx, bytes.NewReader(w.Bytes()), "tham luận.docx")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	b.must(b.s.HandIn(b.ctx, mine, p.ID, 3, "Tên", "Phó Chủ tịch", "", file))
	p, _ = b.view().Paper(b.units[0])
	if !strings.Contains(p.Body, "Đoạn một.\nĐoạn hai") || p.FileID == "" {
		t.Errorf("the text is %q", p.Body)
	}
	b.must(b.s.DecidePaper(b.ctx, b.secretary, p.ID, p.Version, true, ""))
	a, e = b.s.HandIn(b.ctx, mine, p.ID, 0, "Tên", "Phó Chủ tịch", "Sửa", nil)
	b.refused(fault.Conflict, "conference.paper.frozen", a, e)
	if p, _ := b.view().Paper(b.units[1]); !p.Late(at("2026-11-20T07:31")) || p.Late(due) {
		t.Error("late after its time only")
	}
	var kinds []string
	for _, x := range b.told {
		kinds = append(kinds, x.Kind)
	}
	if got := strings.Join(kinds, " "); got != "paper.asked paper.asked paper.handed paper.returned paper.handed paper.accepted" {
		t.Errorf("told %s", got)
	}
	text, err := docxText(b.view().Proceedings(b.now()))
	if err != nil || !strings.Contains(text, "Đoạn một.") || !strings.Contains(text, "Chưa có bài") {
		t.Errorf("the proceedings: %q, %v", text, err)
	}
}

func docxText(d document.Document) (string, error) {
	var w bytes.Buffer
	if err := d.WriteDOCX(&w, document.ND30); err != nil {
		return "", err
	}
	return document.ReadDOCX(bytes.NewReader(w.Bytes()), int64(w.Len()), 100_000)
}

// TestFeedback: from the next day on, once, by who was there, and shown from three on.
func TestFeedback(t *testing.T) {
	b := newStage(t)
	d := b.invite(4)
	b.begin(d[:3]...)
	b.must(b.s.Finish(b.ctx, b.secretary, b.c.ID))
	f := Feedback{Useful: 5, Timely: 4, Better: "Gửi tài liệu sớm hơn"}
	a, e := b.s.GiveFeedback(b.ctx, b.c.Code, d[0].Code(), f)
	b.refused(fault.Conflict, "conference.feedback.time", a, e)
	b.at("2026-11-21T06:00")
	a, e = b.s.GiveFeedback(b.ctx, b.c.Code, d[3].Code(), f)
	b.refused(fault.Conflict, "conference.feedback.absent", a, e)
	a, e = b.s.GiveFeedback(b.ctx, b.c.Code, d[0].Code(), Feedback{Useful: 6, Timely: 1})
	b.refused(fault.Invalid, "conference.feedback.choose", a, e)
	b.must(b.s.GiveFeedback(b.ctx, b.c.Code, d[0].Code(), f))
	a, e = b.s.GiveFeedback(b.ctx, b.c.Code, d[0].Code(), f)
	b.refused(fault.Conflict, "conference.feedback.twice", a, e)
	if all, n, err := b.s.FeedbackOf(b.ctx, b.c.ID); all != nil || n != 1 || err != nil {
		t.Errorf("one answer is shown: %v", all)
	}
	for _, x := range d[1:3] {
		b.must(b.s.GiveFeedback(b.ctx, b.c.Code, x.Code(), f))
	}
	b.versions(`conference_feedback`)
	if all, n, err := b.s.FeedbackOf(b.ctx, b.c.ID); len(all) != 3 || n != 3 || err != nil {
		t.Errorf("%d of %d shown, %v", len(all), n, err)
	}
	b.at("2026-12-10T06:00")
	a, e = b.s.GiveFeedback(b.ctx, b.c.Code, d[0].Code(), f)
	b.refused(fault.Conflict, "conference.feedback.time", a, e)
}

// TestNamesAreErased: a name stands in a sealed field only, and can be forgotten.
func TestNamesAreErased(t *testing.T) {
	b := newStage(t)
	b.must(b.s.AddDelegates(b.ctx, b.secretary, b.c.ID, []DelegateDraft{{UnitID: b.units[0], Office: "Phó Chủ tịch", Name: "Người Thử Nghiệm", Role: "member"}}))
	d := b.view().Delegates[0]
	events, err := ledger.History(b.ctx, b.d, d.ID)
	if err != nil || len(events) != 1 || strings.Contains(events[0].Payload, "Thử Nghiệm") || !strings.Contains(events[0].Payload, "name_c") {
		t.Errorf("the leaf says %v, %v", events, err)
	}
	// A name that was taken out again, one of somebody taken off the list, and all of them
	// in a conference cloned from this one.
	b.must(b.s.AddDelegates(b.ctx, b.secretary, b.c.ID, []DelegateDraft{{UnitID: b.units[1], Office: "Chánh Văn phòng", Name: "Người Thử Hai", Role: "member"}, {UnitID: b.units[2], Office: "Chuyên viên", Name: "Người Thử Ba", Role: "member"}}))
	for _, x := range b.view().Delegates {
		switch x.Office {
		case "Chánh Văn phòng":
			x.DelegateDraft.Name = ""
			b.must(b.s.ChangeDelegate(b.ctx, b.secretary, b.c.ID, x.ID, x.Version, x.DelegateDraft))
		case "Chuyên viên":
			b.must(b.s.RemoveDelegate(b.ctx, b.secretary, b.c.ID, x.ID))
		}
	}
	next, ack, err := b.s.Create(b.ctx, b.secretary, b.cluster.ID, Draft{Title: "Sau", Place: "P", Starts: at("2026-12-20T08:00")}, b.c.ID)
	b.must(ack, err)
	v, err := b.s.ByCode(b.ctx, next.Code)
	if err != nil || len(v.Delegates) != 2 || v.Delegates[0].Name == "" || v.Delegates[0].Code() == d.Code() {
		t.Errorf("cloned: %+v, %v", v.Delegates, err)
	}
	if events, err := ledger.History(b.ctx, b.d, v.Delegates[0].ID); err != nil || len(events) != 1 || events[0].Type != ledger.DelegateInvited {
		t.Errorf("a cloned invitation's leaves: %v, %v", events, err)
	}
	b.begin(d)
	b.must(b.s.Finish(b.ctx, b.secretary, b.c.ID))
	if m := fmt.Sprint(compose(b.view())); strings.Contains(m, "Thử Nghiệm") {
		t.Error("the minutes name a person")
	}
	b.must(b.s.ForgetNames(b.ctx, b.secretary, b.c.ID))
	b.must(b.s.Begin(b.ctx, b.secretary, b.publish(next.ID)))
	b.must(b.s.Finish(b.ctx, b.secretary, next.ID))
	b.must(b.s.ForgetNames(b.ctx, b.secretary, next.ID))
	var names int
	if err := b.d.QueryRowContext(b.ctx, `select count(*) from conference_delegate where name <> ''`).Scan(&names); err != nil || names != 0 {
		t.Errorf("%d names left, %v", names, err)
	}
	if d := b.view().Delegates[0]; d.Name != "" {
		t.Errorf("still named %s", d.Name)
	}
	var salts int
	if err := b.d.QueryRowContext(b.ctx, `select count(*) from ledger_salt where name = 'name'`).Scan(&salts); err != nil || salts != 0 {
		t.Errorf("%d salts of names left, %v", salts, err)
	}
	a, e := b.s.ForgetNames(b.ctx, b.secretary, b.c.ID)
	b.refused(fault.Conflict, "conference.names.none", a, e)
}

func TestReadDelegates(t *testing.T) {
	v := View{Members: []cluster.Member{{UnitID: "u1", Code: "DV01"}}, Units: map[string]unit.Unit{"u1": {Name: "Cầu Mây", Kind: unit.Ward}},
		Delegates: []Delegate{{DelegateDraft: DelegateDraft{UnitID: "u1", Office: "Chuyên viên"}}}}
	rows := v.readDelegates([][]string{columns, {"1", "dv01", "UVTV, Trưởng Ban", "", "Chủ trì", "2", "A1"}, {"", "", "", ""}, {"2", "Sở Nội vụ", "Phó Giám đốc", "", "Khách mời"}, {"3", "DV01", "", "", "Nhạc trưởng", "x"},
		{"4", v.Name("u1"), "chuyên viên"}, {"5", "DV01", "Chuyên viên"}})
	if len(rows) != 5 || rows[0].Draft.UnitID != "u1" || rows[0].Draft.Role != "chair" || rows[0].Draft.Rank != 2 || rows[0].Draft.Office != "UVTV, Trưởng Ban" || rows[1].Draft.Body != "Sở Nội vụ" {
		t.Fatalf("%+v", rows)
	}
	if n := len(fault.All(rows[2].Err)); n != 3 || rows[0].Err != nil || rows[1].Err != nil {
		t.Errorf("%d problems: %v", n, rows[2].Err)
	}
	// A unit by its name; who is on the list is not invited again, a second one of the same
	// office is.
	if rows[3].Draft.UnitID != "u1" || !rows[3].Known || rows[4].Known || rows[0].Known {
		t.Errorf("known: %+v", rows)
	}
}

func TestCards(t *testing.T) {
	v := View{Conference: Conference{Draft: Draft{Title: "Hội nghị"}}, Cluster: cluster.Cluster{Name: "Cụm thi đua"}}
	for i := range 25 {
		d := invite("c", DelegateDraft{Body: strings.Repeat("Một cơ quan có tên rất dài ", 1+i%4), Office: strings.Repeat("Trưởng ban ", 1+i%5), Seat: fmt.Sprintf("A%d", i)}, int64(i))
		v.Delegates = append(v.Delegates, d)
	}
	font := testFont(t)
	for name, write := range map[string]func(*bytes.Buffer) error{
		"badges": func(w *bytes.Buffer) error { return v.WriteBadges(w, font) },
		"signs":  func(w *bytes.Buffer) error { return v.WriteSigns(w, font) }, "seats": func(w *bytes.Buffer) error { return v.WriteSeats(w, font) },
	} {
		var w bytes.Buffer
		if err := write(&w); err != nil || !bytes.HasPrefix(w.Bytes(), []byte("%PDF")) || !bytes.Contains(w.Bytes(), []byte("%%EOF")) {
			t.Errorf("%s: %d bytes, %v", name, w.Len(), err)
		}
	}
}

// TestSheets: nothing is drawn over something else, and nothing off the paper.
func TestSheets(t *testing.T) {
	font := testFont(t)
	pages := func(write func(*bytes.Buffer) error) int {
		t.Helper()
		var w bytes.Buffer
		if err := write(&w); err != nil {
			t.Fatal(err)
		}
		return len(regexp.MustCompile(`/Type /Page\b`).FindAll(w.Bytes(), -1))
	}
	v := View{Conference: Conference{Draft: Draft{Title: "Hội nghị"}}}
	for i := range 20 {
		v.Delegates = append(v.Delegates, invite("c", DelegateDraft{Body: "Sở", Office: "Phó Giám đốc"}, int64(i)))
	}
	v.Delegates[10].Answer = Declined
	if n := pages(func(w *bytes.Buffer) error { return v.WriteBadges(w, font) }); n != 2 {
		t.Errorf("19 badges on %d sheets, want 2", n)
	}
	v.Delegates = nil
	for i := range 199 {
		v.Delegates = append(v.Delegates, invite("c", DelegateDraft{Body: "Sở", Office: "Phó Giám đốc", Seat: fmt.Sprint(i + 1)}, int64(i)))
	}
	// 34 lines of six, 12 of them on a sheet.
	if n := pages(func(w *bytes.Buffer) error { return v.WriteSeats(w, font) }); n != 3 {
		t.Errorf("199 seats in one row on %d sheets, want 3", n)
	}
}
