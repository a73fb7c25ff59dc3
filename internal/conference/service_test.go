package conference

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
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
	if v.Published != 2 || len(v.Programmes) != 2 || len(Diff(v.Programmes[1], v.Programmes[0])) == 0 || len(b.told) != 2 {
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
	b.must(b.s.CloseDesk(b.ctx, b.secretary, b.c.ID, one.ID))
	_, a, err = b.s.DeskScans(b.ctx, b.c.Code, one.Secret, []Scan{{ID: "5", Mark: d[3].Mark}}, 0)
	b.refused(fault.NotFound, "conference.desk.unknown", a, err)
	b.must(b.s.Tick(b.ctx, b.secretary, b.c.ID, []string{d[3].ID, d[4].ID}, at("2026-11-20T07:50")))
	if n := b.view().Count().Present; n != 5 {
		t.Errorf("%d present", n)
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
	b.must(b.s.Call(b.ctx, b.secretary, b.c.ID, x))
	b.at("2026-11-20T08:20")
	b.must(b.s.Call(b.ctx, b.secretary, b.c.ID, y)) // the one before has ended
	a, e = b.s.Call(b.ctx, b.secretary, b.c.ID, x)
	b.refused(fault.Conflict, "conference.speech.moved", a, e)
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
	b.must(b.s.CloseVote(b.ctx, b.secretary, b.c.ID, vote, Vote{Yes: 99}))
	if v := b.view().Votes[0]; cast != 4 || v.Yes != 3 || v.No != 1 || v.Open {
		t.Errorf("%d cast, closed %+v", cast, v)
	}
	b.at("2026-11-20T08:30")
	b.must(b.s.OpenVote(b.ctx, b.secretary, b.c.ID, "Thông qua?", "hands"))
	hands := b.view().Votes[0]
	a, e = b.s.CloseVote(b.ctx, b.secretary, b.c.ID, hands.ID, Vote{Yes: 4})
	b.refused(fault.Invalid, "conference.vote.sum", a, e)
	b.must(b.s.CloseVote(b.ctx, b.secretary, b.c.ID, hands.ID, Vote{Yes: 4, Abstain: 1}))
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
	b.must(b.s.Call(b.ctx, b.secretary, b.c.ID, x))
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
	b.must(b.s.CheckMinutes(b.ctx, b.secretary, b.c.ID))
	b.must(b.s.Sign(b.ctx, b.secretary, b.c.ID))
	_, a, err = b.s.SaveNote(b.ctx, b.secretary, b.c.ID, item, 2, "Sửa lén")
	b.refused(fault.Conflict, "conference.minutes.signed", a, err)
	a, err = b.s.NoteSpeech(b.ctx, b.secretary, b.c.ID, x, "Sửa lén")
	b.refused(fault.Conflict, "conference.minutes.locked", a, err)
	v := b.view()
	m, err := b.s.MinutesOf(b.ctx, v)
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
	_, a, err = b.s.SaveNote(b.ctx, b.secretary, b.c.ID, item, 2, "Đã sửa.")
	b.must(a, err)
	b.must(b.s.CheckMinutes(b.ctx, b.secretary, b.c.ID))
	b.must(b.s.Sign(b.ctx, b.secretary, b.c.ID))
	all, err := b.s.Signings(b.ctx, b.c.ID)
	if err != nil || len(all) != 2 || all[1].Reason != "Sai một con số" || !strings.Contains(fmt.Sprint(all[1].Content), "Bổ sung.") {
		t.Errorf("signed %d times: %v", len(all), err)
	}
	for _, l := range []document.Layout{document.ND30, document.Party05} {
		for _, doc := range []document.Document{v.MinutesDocument(m), v.Notice(m.Conclusions, nil, b.now()), v.RunningOrder(b.now()), v.SignList(b.now()), v.Proceedings(b.now()), v.Programme(b.now(), "x")} {
			var w bytes.Buffer
			if err := doc.WriteDOCX(&w, l); err != nil || w.Len() < 2000 {
				t.Errorf("%s in %s: %d bytes, %v", doc.TypeName, l.Name, w.Len(), err)
			}
		}
	}
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
	members := []cluster.Member{{UnitID: "u1", Code: "DV01"}}
	rows := readDelegates([][]string{columns, {"1", "dv01", "UVTV, Trưởng Ban", "", "Chủ trì", "2", "A1"}, {"", "", "", ""}, {"2", "Sở Nội vụ", "Phó Giám đốc", "", "Khách mời"}, {"3", "DV01", "", "", "Nhạc trưởng", "x"}}, members)
	if len(rows) != 3 || rows[0].Draft.UnitID != "u1" || rows[0].Draft.Role != "chair" || rows[0].Draft.Rank != 2 || rows[0].Draft.Office != "UVTV, Trưởng Ban" || rows[1].Draft.Body != "Sở Nội vụ" {
		t.Errorf("%+v", rows)
	}
	if n := len(fault.All(rows[2].Err)); n != 3 || rows[0].Err != nil || rows[1].Err != nil {
		t.Errorf("%d problems: %v", n, rows[2].Err)
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
		"badges": func(w *bytes.Buffer) error {
			return v.WriteBadges(w, font, func(d Delegate) string { return "https://example.vn/" + d.Code() })
		},
		"signs": func(w *bytes.Buffer) error { return v.WriteSigns(w, font) }, "seats": func(w *bytes.Buffer) error { return v.WriteSeats(w, font) },
	} {
		var w bytes.Buffer
		if err := write(&w); err != nil || !bytes.HasPrefix(w.Bytes(), []byte("%PDF")) || !bytes.Contains(w.Bytes(), []byte("%%EOF")) {
			t.Errorf("%s: %d bytes, %v", name, w.Len(), err)
		}
	}
}
