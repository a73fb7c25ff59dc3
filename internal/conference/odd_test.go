package conference

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dongthuan/internal/cluster"
	"dongthuan/internal/document"
	"dongthuan/internal/fault"
	"dongthuan/internal/unit"
)

// TestReplay: presence is the same in whatever order the desks hand in what they saw.
func TestReplay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 8).Draw(t, "n")
		var log []seen
		for i := range n {
			log = append(log, seen{id: fmt.Sprint(i), desk: rapid.SampledFrom([]string{"Bàn 1", "Bàn 2"}).Draw(t, "desk"), how: rapid.SampledFrom([]string{"scan", "list", "out"}).Draw(t, "how"),
				at: at("2026-11-20T08:00").Add(time.Duration(rapid.IntRange(0, 6).Draw(t, "at")) * time.Minute), got: at("2026-11-20T09:00").Add(time.Duration(i) * time.Second)})
		}
		var one, other Delegate
		doubles := one.replay(slices.Clone(log))
		if len(other.replay(rapid.Permutation(log).Draw(t, "order"))) != len(doubles) || one.PresentAt != other.PresentAt || one.PresentBy != other.PresentBy || one.LeftAt != other.LeftAt {
			t.Fatalf("%+v\n%+v", one, other)
		}
		for _, s := range log {
			if s.how != "out" && (one.PresentAt.IsZero() || s.at.Before(one.PresentAt)) {
				t.Fatalf("%+v came before %v", s, one.PresentAt)
			}
		}
		if !one.LeftAt.IsZero() && one.LeftAt.Before(one.PresentAt) {
			t.Fatalf("left %v before coming %v", one.LeftAt, one.PresentAt)
		}
	})
}

// TestLeaveAndReturn: a desk that was offline saw somebody leave, another saw the same
// delegate come back; and one saw somebody leave whom a desk that is still offline let in.
func TestLeaveAndReturn(t *testing.T) {
	b := newStage(t)
	d := b.invite(3)
	one, a, err := b.s.OpenDesk(b.ctx, b.secretary, b.c.ID, "Bàn 1")
	b.must(a, err)
	two, a, err := b.s.OpenDesk(b.ctx, b.secretary, b.c.ID, "Bàn 2")
	b.must(a, err)
	scan := func(desk Desk, id, how string, x Delegate, when string) Scanned {
		t.Helper()
		got, a, err := b.s.DeskScans(b.ctx, b.c.Code, desk.Secret, []Scan{{ID: id, Delegate: x.ID, How: how, At: at(when).UnixMilli()}}, b.now().UnixMilli())
		b.must(a, err)
		return got[0]
	}
	b.at("2026-11-20T10:00")
	scan(one, "1", "scan", d[0], "2026-11-20T08:00")
	if x := scan(one, "2", "scan", d[0], "2026-11-20T09:30"); x.Kind != "again" {
		t.Errorf("%+v", x)
	}
	if x := scan(two, "3", "out", d[0], "2026-11-20T09:00"); x.Kind != "out" {
		t.Errorf("%+v", x)
	}
	scan(two, "4", "out", d[1], "2026-11-20T09:00") // let in at desk 1, which has no network yet
	if x, _ := b.view().Delegate(d[1].ID); x.Attended() {
		t.Error("who was only seen leaving has come")
	}
	scan(one, "5", "list", d[1], "2026-11-20T08:10")
	back, _ := b.view().Delegate(d[0].ID)
	gone, _ := b.view().Delegate(d[1].ID)
	if !back.Present() || clockWords(back.PresentAt) != "08:00" {
		t.Errorf("who came back: %+v", back)
	}
	if gone.Present() || clockWords(gone.PresentAt) != "08:10" || clockWords(gone.LeftAt) != "09:00" {
		t.Errorf("who left: %+v", gone)
	}
	// Seen twice without leaving: the secretariat sees when, and at which desk.
	scan(one, "6", "scan", d[2], "2026-11-20T08:00")
	scan(two, "7", "scan", d[2], "2026-11-20T08:05")
	doubles, err := b.s.Doubles(b.ctx, b.view())
	if err != nil || len(doubles) != 1 || doubles[0].Delegate.ID != d[2].ID || strings.Join(doubles[0].Times, "|") != "08:05, Bàn 2" {
		t.Errorf("%+v, %v", doubles, err)
	}
	// A walk-in of a unit has no vote before the secretariat gives one.
	got, a, err := b.s.DeskScans(b.ctx, b.c.Code, one.Secret, []Scan{{ID: "8", How: "walkin", Unit: b.units[0], Office: "Phó Chủ tịch", At: b.now().UnixMilli()}}, b.now().UnixMilli())
	b.must(a, err)
	if x, _ := b.view().Delegate(got[0].Delegate); x.Votes() || !x.Present() {
		t.Errorf("%+v", x)
	}
	x, _ := b.view().Delegate(got[0].Delegate)
	draft := x.DelegateDraft
	draft.Role = "member"
	b.must(b.s.ChangeDelegate(b.ctx, b.secretary, b.c.ID, x.ID, x.Version, draft))
	if x, _ := b.view().Delegate(x.ID); !x.Votes() {
		t.Errorf("%+v", x)
	}
}

// TestSignedList: ticks of the paper list that are entered days later keep the time typed.
func TestSignedList(t *testing.T) {
	b := newStage(t)
	d := b.invite(2)
	b.begin()
	b.must(b.s.Finish(b.ctx, b.secretary, b.c.ID))
	b.at("2026-11-23T09:00")
	b.must(b.s.Tick(b.ctx, b.secretary, b.c.ID, []string{d[0].ID}, at("2026-11-20T07:50")))
	if x, _ := b.view().Delegate(d[0].ID); clockWords(x.PresentAt) != "07:50" || x.PresentAt.Day() != 20 {
		t.Errorf("came %v", x.PresentAt)
	}
	for _, when := range []string{"2026-11-23T09:01", "2025-11-20T07:50"} {
		a, err := b.s.Tick(b.ctx, b.secretary, b.c.ID, []string{d[1].ID}, at(when))
		b.refused(fault.Invalid, "conference.tick.when", a, err)
	}
	if _, err := b.s.Tick(b.ctx, b.clerk(b.units[0]), b.c.ID, []string{d[1].ID}, at("2025-11-20T07:50")); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("a clerk ticks: %v", err)
	}
}

// TestKnown: until it is published, nobody outside hears of another place or time; a letter
// says the same as the phone's page.
func TestKnown(t *testing.T) {
	b := newStage(t)
	d := b.invite(1)
	b.must(b.s.Publish(b.ctx, b.secretary, b.c.ID, ""))
	draft := b.c.Draft
	draft.Place, draft.Starts = "Nhà văn hóa", at("2026-11-20T13:30")
	b.must(b.s.Change(b.ctx, b.secretary, b.c.ID, draft, 5))
	all, err := b.s.All(b.ctx)
	if err != nil || all[0].KnownPlace != "Hội trường" || !all[0].KnownStarts.Equal(at("2026-11-20T08:00")) || all[0].Place != "Nhà văn hóa" {
		t.Errorf("%+v, %v", all, err)
	}
	v := b.view()
	letter, err := v.LetterFor(d[0], "https://thidua.example/x", b.now())
	if err != nil {
		t.Fatal(err)
	}
	if text := textOf(t, letter, document.ND30); !strings.Contains(text, "Hội trường") || !strings.Contains(text, "08 giờ 00") || strings.Contains(text, "Nhà văn hóa") {
		t.Errorf("the letter: %s", text)
	}
	b.must(b.s.Publish(b.ctx, b.secretary, b.c.ID, ""))
	if v := b.view(); v.KnownPlace != "Nhà văn hóa" || v.Announced().Place != "Nhà văn hóa" {
		t.Error(v.KnownPlace)
	}
	if _, err := b.s.ByCode(b.ctx, "khong-co"); fault.All(err)[0].Text != "conference.unknown" {
		t.Error(err)
	}
}

func textOf(t *testing.T, doc document.Document, l document.Layout) string {
	t.Helper()
	var w bytes.Buffer
	if err := doc.WriteDOCX(&w, l); err != nil {
		t.Fatal(err)
	}
	text, err := document.ReadDOCX(bytes.NewReader(w.Bytes()), int64(w.Len()), 200_000)
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(` *\t *`).ReplaceAllString(text, "\t")
}

// TestToldOnlyWhatChanged: a later version tells a unit what it changes for it.
func TestToldOnlyWhatChanged(t *testing.T) {
	b := newStage(t)
	items := slices.Clone(b.c.Items)
	items[3].Kind, items[3].Title = "papers", "Tham luận"
	items[2].Presenter = "Đơn vị A, An"
	b.must(b.s.SaveProgramme(b.ctx, b.secretary, b.c.ID, b.view().Seen(), items))
	b.must(b.s.AskPapers(b.ctx, b.secretary, b.c.ID, b.units[1:2], true, 8, at("2026-11-19T08:00")))
	b.must(b.s.Publish(b.ctx, b.secretary, b.c.ID, ""))
	b.told = nil
	items[2].Minutes = 30
	b.must(b.s.SaveProgramme(b.ctx, b.secretary, b.c.ID, b.view().Seen(), items))
	b.must(b.s.Publish(b.ctx, b.secretary, b.c.ID, ""))
	words := map[string]string{}
	for _, e := range b.told {
		words[e.Units[0]] += e.Kind + " " + e.Words
	}
	if len(words) != 2 || words[b.units[0]] != "changed ✎ 08:40 Báo cáo sơ kết" || words[b.units[1]] != "changed 09:00 → 09:10 “tham luận”" {
		t.Errorf("%q", words)
	}
	b.told = nil
	draft := b.view().Draft
	draft.Place = "Nhà văn hóa"
	b.must(b.s.Change(b.ctx, b.secretary, b.c.ID, draft, 5))
	b.must(b.s.Publish(b.ctx, b.secretary, b.c.ID, ""))
	if len(b.told) != 3 || b.told[2].Words != "Hội trường → Nhà văn hóa" {
		t.Errorf("%+v", b.told)
	}
	if mentions("Lãnh đạo DV10", "DV1") || !mentions("DV1, DV10", "dv1") {
		t.Error("names are compared in whole words")
	}
}

// TestReading: papers are read one after the other in the items for them.
func TestReading(t *testing.T) {
	slots := Schedule(at("2026-07-09T08:00"), []Item{{ID: "a", Minutes: 30}, {ID: "b", Kind: "papers", Minutes: 20}, {ID: "c", Kind: "break", Minutes: 15}, {ID: "d", Kind: "papers", Minutes: 10}})
	r := readingOf(slots, []Paper{{ID: "1", Reading: true, Minutes: 8}, {ID: "2", Minutes: 5}, {ID: "3", Reading: true, Minutes: 10}, {ID: "4", Reading: true, Minutes: 8}, {ID: "5", Reading: true, Minutes: 6}})
	var got []string
	for _, id := range []string{"1", "2", "3", "4", "5"} {
		if at := r.At[id]; at.IsZero() {
			got = append(got, "-")
		} else {
			got = append(got, clockWords(at))
		}
	}
	if strings.Join(got, " ") != "08:30 - 08:38 09:05 09:13" || r.Need != 32 || r.Have != 30 || r.Over() != 2 {
		t.Errorf("%v %+v", got, r)
	}
	if r := readingOf(nil, []Paper{{ID: "1", Reading: true, Minutes: 8}}); r.Need != 8 || r.Have != 0 || len(r.At) != 0 {
		t.Errorf("%+v", r)
	}
}

// TestLatePapers: late stays late; what was returned after its time was not; and the order
// of reading does not stand in the way of a unit that hands in.
func TestLatePapers(t *testing.T) {
	b := newStage(t)
	b.must(b.s.AskPapers(b.ctx, b.secretary, b.c.ID, b.units, true, 8, at("2026-11-20T07:30")))
	papers := b.view().Papers
	hand := func(p Paper, when string) {
		t.Helper()
		b.at(when)
		b.must(b.s.HandIn(b.ctx, b.clerk(p.UnitID), p.ID, p.Version, "Bài", "Trưởng ban", "Nội dung bài.", nil))
	}
	hand(papers[0], "2026-11-20T07:10")
	// The secretariat puts the papers in order while the second unit still writes.
	order := []string{papers[2].ID, papers[1].ID, papers[0].ID}
	b.must(b.s.ArrangePapers(b.ctx, b.secretary, b.c.ID, order, map[string]bool{papers[2].ID: true, papers[1].ID: true}, map[string]int64{papers[2].ID: 12}))
	hand(papers[1], "2026-11-20T07:35")
	v := b.view()
	if v.Papers[0].ID != papers[2].ID || v.Papers[0].Minutes != 12 || v.Papers[1].ID != papers[1].ID || v.Papers[2].Reading {
		t.Errorf("in order: %+v", v.Papers)
	}
	if _, err := b.s.ArrangePapers(b.ctx, b.secretary, b.c.ID, order[:2], nil, nil); fault.KindOf(err) != fault.Conflict {
		t.Errorf("an order that misses a paper: %v", err)
	}
	first, _ := v.Paper(papers[0].UnitID)
	b.at("2026-11-20T07:40")
	b.must(b.s.DecidePaper(b.ctx, b.secretary, first.ID, first.Version, false, "Xin rút ngắn"))
	first, _ = b.view().Paper(papers[0].UnitID)
	hand(first, "2026-11-20T07:45")
	second, _ := b.view().Paper(papers[1].UnitID)
	b.must(b.s.DecidePaper(b.ctx, b.secretary, second.ID, second.Version, true, ""))
	v = b.view()
	first, _ = v.Paper(papers[0].UnitID)
	second, _ = v.Paper(papers[1].UnitID)
	if first.CameLate() || !second.CameLate() || v.MissingPapers(b.now()) != v.Name(papers[2].UnitID) || v.MissingPapers(at("2026-11-20T07:29")) != "" {
		t.Errorf("%+v\n%+v\nmissing: %s", first, second, v.MissingPapers(b.now()))
	}
	text := textOf(t, v.Proceedings(b.now()), document.ND30)
	for _, want := range []string{"Chưa có bài: " + v.Name(papers[2].UnitID) + ".", "Đã nộp, đang hoàn chỉnh: " + v.Name(papers[0].UnitID) + ".", "Nộp sau thời hạn: " + v.Name(papers[1].UnitID) + ".", "Nội dung bài."} {
		if !strings.Contains(text, want) {
			t.Errorf("the proceedings lack %q:\n%s", want, text)
		}
	}
}

// TestTwoUnits: an office in two units comes for both, with one letter and one vote.
func TestTwoUnits(t *testing.T) {
	b := newStage(t)
	a, err := b.s.AddDelegates(b.ctx, b.secretary, b.c.ID, []DelegateDraft{{UnitID: b.units[0], Also: "other", Office: "Trưởng ban", Role: "member"}})
	b.refused(fault.Invalid, "conference.delegate.other", a, err)
	b.must(b.s.AddDelegates(b.ctx, b.secretary, b.c.ID, []DelegateDraft{{UnitID: b.units[0], Also: b.units[1], Office: "Trưởng ban", Role: "member"}, {UnitID: b.units[2], Also: b.units[2], Office: "Phó ban", Role: "member"}}))
	d := b.view().Delegates
	if v := b.view(); v.Quorum() != (Quorum{0, 3}) || v.Where(d[0]) != v.Name(b.units[0])+"; "+v.Name(b.units[1]) || d[1].Also != "" {
		t.Errorf("%+v, %+v", v.Quorum(), d)
	}
	b.begin(d[0])
	v := b.view()
	rows := v.ByUnit()
	if v.Quorum() != (Quorum{2, 3}) || v.Represented() != (Quorum{2, 3}) || voters(v.Delegates) != 1 || rows[0].Present != 1 || rows[1].Present != 1 || rows[2].Present != 0 {
		t.Errorf("%+v, %+v, %d voters, %+v", v.Quorum(), v.Represented(), voters(v.Delegates), rows)
	}
}

// TestTakeInAgain: the workbook is put in order elsewhere and taken in again; units are
// found as people type them, and what is no unit is said to be a guest or refused.
func TestTakeInAgain(t *testing.T) {
	v := View{Members: []cluster.Member{{UnitID: "u1", Code: "DV03"}, {UnitID: "u2", Code: "DV05"}}, Units: map[string]unit.Unit{"u1": {Name: "Yên Lãng", Kind: unit.Ward}, "u2": {Name: "Cầu Mây", Kind: unit.Ward}}}
	v.Delegates = []Delegate{{ID: "d1", DelegateDraft: DelegateDraft{UnitID: "u1", Office: "Trưởng ban", Name: "Đại Biểu", Role: "member"}}}
	rows := v.readDelegates([][]string{columns,
		{"1", "DV03", "Trưởng ban", "Đại Biểu", "thư ký", "4", "A7"},
		{"2", "DV 05", "Phó ban"},
		{"3", "P. Yên Lãng", "Chuyên viên"},
		{"4", "DV99", "Chuyên viên", "", "thành viên"},
		{"5", "Sở Nội vụ", "Phó Giám đốc"},
		{"6", "DV03; DV05", "Chủ tịch"},
		{"7", "DV03; DV77", "Chủ tịch"},
		{"8", "DV05", "Trưởng ban", "Đại Biểu"}})
	if w := rows[0].Was; w == nil || w.ID != "d1" || w.Role != "secretary" || w.Rank != 4 || w.Seat != "A7" || rows[0].Said() != "A7, #4, thư ký" {
		t.Errorf("changed: %+v", rows[0])
	}
	if rows[1].Draft.UnitID != "u2" || rows[2].Draft.UnitID != "u1" || rows[3].Err == nil || fault.All(rows[3].Err)[0].Text != "conference.import.unit" {
		t.Errorf("units: %+v", rows[1:4])
	}
	if !rows[4].Guest() || rows[4].Draft.Role != "guest" || rows[4].Err != nil {
		t.Errorf("a guest: %+v", rows[4])
	}
	if rows[5].Draft.Also != "u2" || rows[5].Err != nil || rows[6].Err == nil {
		t.Errorf("two units: %+v", rows[5:7])
	}
	if !rows[7].Twin || !rows[0].Twin || rows[1].Twin {
		t.Errorf("twins: %+v", rows)
	}
	// What is written is read as nothing new.
	if again := v.readDelegates([][]string{columns, {"1", "DV03", "Trưởng ban", "Đại Biểu", roleWords["member"], "", ""}}); !again[0].Known || again[0].Was != nil {
		t.Errorf("%+v", again)
	}
}

// TestSeatsFromTheWorkbook: changes of a workbook and its new delegates are taken together,
// or not at all.
func TestSeatsFromTheWorkbook(t *testing.T) {
	b := newStage(t)
	d := b.invite(2)
	d[0].Seat, d[1].Seat = "A1", "A2"
	b.must(b.s.AddDelegates(b.ctx, b.secretary, b.c.ID, []DelegateDraft{{Body: "Sở", Office: "Phó Giám đốc", Role: "guest"}}, d...))
	if v := b.view(); len(v.Delegates) != 3 || v.Delegates[0].Seat+v.Delegates[1].Seat+v.Delegates[2].Seat != "A1A2" {
		t.Errorf("%+v", v.Delegates)
	}
	d[1].Version++ // d[0] was changed meanwhile
	if _, err := b.s.AddDelegates(b.ctx, b.secretary, b.c.ID, []DelegateDraft{{Body: "Sở", Office: "Giám đốc", Role: "guest"}}, d...); fault.KindOf(err) != fault.Conflict || len(b.view().Delegates) != 3 {
		t.Errorf("%v, %d delegates", err, len(b.view().Delegates))
	}
}

// TestQueueAgain: a hall that was closed by mistake has its queue again.
func TestQueueAgain(t *testing.T) {
	b := newStage(t)
	d := b.invite(3)
	b.begin(d...)
	kept, dropped := b.ask(d[0], "speech"), b.ask(d[1], "speech")
	b.must(b.s.Drop(b.ctx, b.secretary, b.c.ID, dropped))
	b.at("2026-11-20T11:00")
	b.must(b.s.Finish(b.ctx, b.secretary, b.c.ID))
	if len(b.view().Waiting()) != 0 {
		t.Error("they wait in a hall that is closed")
	}
	b.must(b.s.Unfinish(b.ctx, b.secretary, b.c.ID, "Bấm nhầm"))
	if w := b.view().Waiting(); len(w) != 1 || w[0].ID != kept {
		t.Errorf("%+v", w)
	}
}

// TestMinutesOrder: minutes tell what was held, in the order it was.
func TestMinutesOrder(t *testing.T) {
	b := newStage(t)
	b.begin()
	items := b.view().Items
	b.at("2026-11-20T08:30")
	// The floor is open already; the report is given after it, the welcome never.
	b.must(b.s.GoTo(b.ctx, b.secretary, b.c.ID, items[3].ID, items[2].ID))
	_, a, err := b.s.SaveNote(b.ctx, b.secretary, b.c.ID, items[4].ID, 0, "Chủ tọa kết luận.")
	b.must(a, err)
	b.must(b.s.Finish(b.ctx, b.secretary, b.c.ID))
	var got []string
	for _, p := range compose(b.view()).Parts {
		got = append(got, p.Title)
	}
	// What was written of an item that nobody began stands after the one before it.
	if strings.Join(got, "|") != "Thảo luận|Kết luận hội nghị|Báo cáo sơ kết" {
		t.Error(got)
	}
}

// TestPaperBallot plays a secret ballot: its totals are checked, stand in the minutes and on
// the screen, and nothing but them is kept.
func TestPaperBallot(t *testing.T) {
	b := newStage(t)
	d := b.invite(6)
	b.begin(d...)
	b.must(b.s.OpenVote(b.ctx, b.secretary, b.c.ID, "Bầu đoàn thư ký", "paper"))
	v := b.view().Votes[0]
	a, err := b.s.Cast(b.ctx, b.c.Code, d[0].Code(), v.ID, "yes")
	b.refused(fault.Conflict, "conference.vote.closed", a, err)
	for key, counted := range map[string]Vote{
		"conference.vote.issued":   {Issued: 7},
		"conference.vote.returned": {Issued: 5, Returned: 6},
		"conference.vote.valid":    {Issued: 6, Returned: 5, Valid: 6},
		"conference.vote.papers":   {Issued: 6, Returned: 6, Valid: 5, Yes: 4},
	} {
		a, err := b.s.CloseVote(b.ctx, b.secretary, b.c.ID, v.ID, counted, false)
		b.refused(fault.Invalid, key, a, err)
	}
	b.must(b.s.CloseVote(b.ctx, b.secretary, b.c.ID, v.ID, Vote{Issued: 6, Returned: 6, Valid: 5, Yes: 4, No: 1}, false))
	if h := hallOf(b.view(), b.now()); h.Vote == nil || h.Vote.Yes != 4 || !h.Vote.Passed {
		t.Errorf("%+v", h.Vote)
	}
	text := textOf(t, b.view().MinutesDocument(compose(b.view())), document.ND30)
	if want := "Biểu quyết (bỏ phiếu kín): “Bầu đoàn thư ký”. Đại biểu biểu quyết có mặt 6; tán thành 4 (66,7 %), không tán thành 1, không có ý kiến 0; phát ra 6 phiếu, thu về 6, hợp lệ 5; được thông qua."; !strings.Contains(text, want) {
		t.Errorf("the minutes lack the ballot:\n%s", text)
	}
}

// TestPapersSay reads the official papers: what has to stand in them, in both layouts.
func TestPapersSay(t *testing.T) {
	b := newStage(t)
	b.must(b.s.AddDelegates(b.ctx, b.secretary, b.c.ID, []DelegateDraft{{UnitID: b.units[0], Office: "Cụm trưởng", Role: "chair", Seat: "A1"}, {UnitID: b.units[1], Office: "Chuyên viên", Role: "secretary"}, {UnitID: b.units[2], Office: "Trưởng ban", Role: "member"}, {Body: "Sở Nội vụ", Office: "Phó Giám đốc", Role: "guest"}}))
	d := b.view().Delegates
	items := slices.Clone(b.c.Items)
	items[1].Script, items[1].HandsTo = "Kính thưa đoàn chủ tịch!", "Cụm trưởng"
	b.must(b.s.SaveProgramme(b.ctx, b.secretary, b.c.ID, b.view().Seen(), items))
	b.begin(d...)
	sp := b.ask(d[2], "reply")
	b.must(b.s.Call(b.ctx, b.secretary, b.c.ID, "", sp))
	b.must(b.s.EndSpeech(b.ctx, b.secretary, b.c.ID, sp))
	item := b.view().Current
	_, a, err := b.s.SaveNote(b.ctx, b.secretary, b.c.ID, item, 0, "Các đơn vị thống nhất lịch. Mỗi đơn vị chọn một mô hình.")
	b.must(a, err)
	b.must(b.s.Conclude(b.ctx, b.secretary, b.c.ID, item, "Mỗi đơn vị chọn một mô hình."))
	b.must(b.s.Finish(b.ctx, b.secretary, b.c.ID))
	v := b.view()
	m := compose(v)
	letter, err := v.LetterFor(d[0], "https://thidua.example/x", b.now())
	if err != nil {
		t.Fatal(err)
	}
	programme, err := v.Programme(b.now(), "https://thidua.example"+v.Address())
	if err != nil {
		t.Fatal(err)
	}
	tasks := []TaskLine{{Number: 1, Title: "Chọn mô hình", Leads: []string{"An"}, Due: at("2026-12-31T00:00")}}
	for _, x := range []struct {
		doc  document.Document
		l    document.Layout
		want []string
	}{
		{v.MinutesDocument(m), document.ND30, []string{"CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "BIÊN BẢN", "mời 4 đại biểu; có mặt 4", "Chủ tọa: Cụm trưởng", "Thư ký: Chuyên viên", "trao đổi lại", "Các đơn vị thống nhất lịch.", "Mỗi đơn vị chọn một mô hình.", "THƯ KÝ\t", "CHỦ TỌA"}},
		{v.MinutesDocument(m), document.Party05, []string{"ĐẢNG CỘNG SẢN VIỆT NAM", "BIÊN BẢN", "NGƯỜI GHI BIÊN BẢN\t", "CHỦ TRÌ"}},
		{v.Notice(m.Conclusions, tasks, b.now()), document.ND30, []string{"THÔNG BÁO", "1. Mỗi đơn vị chọn một mô hình.", "Chọn mô hình", "31/12/2026"}},
		{letter, document.ND30, []string{"GIẤY MỜI", "Cụm trưởng", "Chỗ ngồi: A1.", "Mã giấy mời: " + d[0].Spelled(), "không cần tài khoản"}},
		{v.RunningOrder(b.now()), document.ND30, []string{"KỊCH BẢN ĐIỀU HÀNH", "08:30\t10\tChào cờ", "Kính thưa đoàn chủ tịch!\tCụm trưởng"}},
		{programme, document.ND30, []string{"CHƯƠNG TRÌNH", "Chương trình lần 1", "/hoi-nghi/", "Quét mã để xem chương trình hiện hành"}},
		{v.SignList(b.now()), document.ND30, []string{"DANH SÁCH", "Ký tên", "3\tPhó Giám đốc\tSở Nội vụ"}},
	} {
		text := textOf(t, x.doc, x.l)
		for _, want := range x.want {
			if !strings.Contains(strings.ToUpper(text), strings.ToUpper(want)) {
				t.Errorf("%s in %s lacks %q:\n%s", x.doc.TypeName, x.l.Name, want, text)
			}
		}
		if strings.Contains(text, "%!") {
			t.Errorf("%s: %s", x.doc.TypeName, text)
		}
	}
	// The draft of the news has offices, and quotes from the minutes.
	title, lead, body := article(v)
	for text, want := range map[string]string{title: "Hội nghị", lead: "4 đại biểu của 3 đơn vị"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q lacks %q", text, want)
		}
	}
	for _, want := range []string{"Dự hội nghị có Phó Giám đốc Sở Nội vụ.", "Cụm trưởng " + v.Name(b.units[0]) + " chủ trì hội nghị.", "> Các đơn vị thống nhất lịch.", "1. Mỗi đơn vị chọn một mô hình."} {
		if !strings.Contains(body, want) {
			t.Errorf("the news lack %q:\n%s", want, body)
		}
	}
}

// TestBadgesOpenNothing: what stands on a badge finds a delegate at a desk, and is no
// letter.
func TestBadgesOpenNothing(t *testing.T) {
	b := newStage(t)
	d := b.invite(1)
	if _, err := b.s.Bearer(b.ctx, nil, b.c.ID, badgeCode(d[0])); fault.KindOf(err) != fault.NotFound {
		t.Errorf("a badge opens the letter: %v", err)
	}
	desk, a, err := b.s.OpenDesk(b.ctx, b.secretary, b.c.ID, "Bàn 1")
	b.must(a, err)
	got, a, err := b.s.DeskScans(b.ctx, b.c.Code, desk.Secret, []Scan{{ID: "1", Mark: badgeCode(d[0]), How: "scan", At: b.now().UnixMilli()}}, b.now().UnixMilli())
	b.must(a, err)
	if got[0].Kind != "present" {
		t.Errorf("%+v", got)
	}
}

func TestShortened(t *testing.T) {
	for body, want := range map[string]int{
		"Họp tại TP. Hà Nội vào thứ Hai. Kết thúc lúc 11 giờ.":             2,
		"Giao đ/c. Trưởng ban theo dõi.":                                   1,
		"Chuẩn bị tài liệu, hội trường, v.v. để kịp khai mạc. Xin cảm ơn.": 2,
		"Chuẩn bị tài liệu, hội trường, v.v. Các đơn vị báo cáo sau.":      2,
	} {
		if got := Sentences(body); len(got) != want {
			t.Errorf("%q: %q", body, got)
		}
	}
}
