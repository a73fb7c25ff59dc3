package app

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"dongthuan/internal/cluster"
	"dongthuan/internal/commendation"
	"dongthuan/internal/emulation"
	"dongthuan/internal/fault"
	"dongthuan/internal/policy"
	"dongthuan/internal/score"
	"dongthuan/internal/unit"
)

func (s *seeded) period(t *testing.T, code string) cluster.Period {
	t.Helper()
	cl, err := s.Clusters.Get(t.Context(), "ht3")
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Clusters.Period(t.Context(), cl.ID, code)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// finish lets every unit hand in its sheet of the year that has not, as its clerk does.
func (s *seeded) finish(t *testing.T) *seeder {
	t.Helper()
	p := s.period(t, "2026-nam")
	sd := &seeder{App: s.App, ctx: t.Context(), clock: s.clock, units: map[string]unit.Unit{}, periods: map[string]cluster.Period{p.Code: p}}
	var err error
	if sd.cluster, err = s.Clusters.Get(t.Context(), "ht3"); err != nil {
		t.Fatal(err)
	}
	all, err := sd.sheets()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range all {
		if sd.units[d.Unit], err = s.Units.ByCode(t.Context(), d.Unit, s.Now()); err != nil {
			t.Fatal(err)
		}
		d.Overrides = nil
		id := s.sheetOf(t, p.Code, d.Unit)
		v, err := s.Emulation.Open(t.Context(), sd.clerk(d.Unit), id)
		if err != nil {
			t.Fatal(err)
		}
		switch v.Sheet.State {
		case emulation.Draft:
			err = sd.handIn(p, d)
		case emulation.Returned:
			_, err = s.Emulation.Submit(t.Context(), sd.clerk(d.Unit), id)
		}
		if err != nil {
			t.Fatalf("%s: %v", d.Unit, err)
		}
	}
	return sd
}

func (sd *seeder) code(t *testing.T, unitID string) string {
	t.Helper()
	for code, u := range sd.units {
		if u.ID == unitID {
			return code
		}
	}
	t.Fatalf("no unit %s", unitID)
	return ""
}

// TestCrossScoring follows the marks from the draw to what the unit sees: sealed until
// closing, a remark for each that differs, a third scorer where they are far apart.
func TestCrossScoring(t *testing.T) {
	s := demonstration(t)
	ctx := t.Context()
	p := s.period(t, "2026-nam")
	secretary := s.actor(t, "thuky", policy.Secretary, "")
	own := s.actor(t, "chuyenvien", policy.Clerk, "DV03")

	if _, err := s.Emulation.DrawCross(ctx, secretary, p.ID, emulation.DrawOptions{Each: 2, Spread: 10, Due: s.Now().Add(time.Hour)}); keys(err) != "=emulation.cross.drawn" {
		t.Errorf("drawn twice: %v", err)
	}
	if _, err := s.Emulation.DrawCross(ctx, s.clerkOf(t, "DV03"), p.ID, emulation.DrawOptions{Each: 2, Spread: 10, Due: s.Now().Add(time.Hour)}); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("drawn by a clerk: %v", err)
	}
	owed, err := s.Emulation.OwedCrosses(ctx, own.Holds[0].Unit)
	if err != nil || len(owed) != 2 || !owed[0].Ready || !owed[1].Ready {
		t.Fatalf("%+v, %v", owed, err)
	}
	x := owed[0].Cross
	if _, err := s.Emulation.OpenCross(ctx, s.clerkOf(t, "DV04"), x.ID); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("another unit reads a scorer's table: %v", err)
	}
	if _, err := s.Emulation.OpenCross(ctx, secretary, x.ID); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("the secretariat reads a scorer's table: %v", err)
	}
	if err := s.Emulation.MayFile(ctx, own, x.SheetID); err != nil {
		t.Errorf("a scorer may not open the evidence: %v", err)
	}
	board, err := s.Emulation.CrossOf(ctx, secretary, p.ID)
	if err != nil {
		t.Fatal(err)
	}
	stranger := ""
	for _, code := range []string{"DV12", "DV11", "DV10", "DV08"} {
		u := s.clerkOf(t, code).Holds[0].Unit
		for _, r := range board.Rows {
			if r.Sheet.ID == x.SheetID && r.Sheet.UnitID != u && !slices.ContainsFunc(r.Crosses, func(c emulation.Cross) bool { return c.Scorer == u }) {
				stranger = code
			}
		}
	}
	if err := s.Emulation.MayFile(ctx, s.clerkOf(t, stranger), x.SheetID); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("any unit may open the evidence: %v", err)
	}

	// What a unit has not handed in is its own, and its scorer sees nothing of it.
	for _, o := range mustOwed(t, s) {
		if o.Ready {
			continue
		}
		u, err := s.Units.Get(ctx, o.Cross.Scorer, s.Now())
		if err != nil {
			t.Fatal(err)
		}
		scorer := policy.Actor{Account: "y", Office: u.FullName(), Enrolled: true, Holds: []policy.Membership{{Role: policy.Clerk, Unit: u.ID}}}
		if v, err := s.Emulation.OpenCross(ctx, scorer, o.Cross.ID); err != nil || len(v.Sheet.Figures)+len(v.Sheet.Proofs)+len(v.Standing.Lines) > 0 {
			t.Errorf("a scorer sees %d figures that were not handed in, %v", len(v.Sheet.Figures), err)
		}
		if err := s.Emulation.MayFile(ctx, scorer, o.Cross.SheetID); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("a scorer opens evidence that was not handed in: %v", err)
		}
		if _, err := s.Emulation.HandInCross(ctx, scorer, o.Cross.ID, nil, "sớm", true); keys(err) != "=emulation.cross.notin" {
			t.Errorf("marked before it was handed in: %v", err)
		}
	}

	// A mark that differs needs a remark; a whole table is needed.
	v, err := s.Emulation.OpenCross(ctx, own, x.ID)
	if err != nil {
		t.Fatal(err)
	}
	cr, _ := v.Criteria.Criterion("2.3")
	less := *v.Own[cr.ID] - 5
	mark := emulation.MarkCell{Code: "2.3", Text: fmt.Sprintf("%d,%d", less/10, less%10)}
	if _, err := s.Emulation.SaveCross(ctx, own, x.ID, []emulation.MarkCell{mark}, "Đang xem"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Emulation.SaveCross(ctx, own, x.ID, []emulation.MarkCell{{Code: "2.3", Text: "1", Seen: 0}}, ""); keys(err) != "=emulation.cell.conflict" {
		t.Errorf("written over what was not seen: %v", err)
	}
	for text, want := range map[string]string{"99": "2.3=emulation.points.range", "0,3": "2.3=emulation.points.half", "ba": "2.3=lang.number.bad"} {
		if _, err := s.Emulation.SaveCross(ctx, own, x.ID, []emulation.MarkCell{{Code: "2.3", Text: text, Seen: 1}}, ""); keys(err) != want {
			t.Errorf("%s points: %v, want %s", text, err, want)
		}
	}
	if _, err := s.Emulation.HandInCross(ctx, own, x.ID, nil, "Đã xem hồ sơ.", false); !strings.Contains(keys(err), "1.1=emulation.cross.missing") {
		t.Errorf("handed in half empty: %v", err)
	}
	if _, err := s.Emulation.HandInCross(ctx, own, x.ID, nil, "Đã xem hồ sơ.", true); keys(err) != "r-2.3=emulation.cross.remark" {
		t.Errorf("differs without a remark: %v", err)
	}
	if _, err := s.Emulation.HandInCross(ctx, own, x.ID, nil, " ", true); keys(err) != "remark=emulation.reason.missing" {
		t.Errorf("without an overall remark: %v", err)
	}
	if v, _ := s.Emulation.OpenCross(ctx, own, x.ID); v.Cross.Handed || len(v.Cross.Marks) != 1 || v.Cross.Remark != "Đang xem" {
		t.Errorf("a refused hand-in wrote something: %+v", v.Cross)
	}
	mark.Remark, mark.Seen = "Sổ theo dõi thiếu một tháng", 1
	if _, err := s.Emulation.HandInCross(ctx, own, x.ID, []emulation.MarkCell{mark}, "Đã xem hồ sơ.", true); err != nil {
		t.Fatal(err)
	}

	// Sealed: neither the secretariat nor the unit sees a mark.
	table, err := s.Emulation.CrossOf(ctx, secretary, p.ID)
	if err != nil || table.Draw.Seed != "" || table.Draw.SeedHash == "" {
		t.Fatalf("seed %q, %v", table.Draw.Seed, err)
	}
	for _, r := range table.Rows {
		if r.Lines != nil || slices.ContainsFunc(r.Crosses, func(c emulation.Cross) bool { return len(c.Marks) > 0 || c.Remark != "" }) {
			t.Fatal("marks are shown before closing")
		}
	}
	scored, err := s.Emulation.Open(ctx, secretary, x.SheetID)
	if err != nil || scored.Sheet.Marks[cr.ID].Cross != nil {
		t.Errorf("a mark stands on the sheet before closing, %v", err)
	}
	if _, err := s.Emulation.CloseCross(ctx, secretary, p.ID); keys(err) != "=emulation.cross.waiting" {
		t.Errorf("closed with tables out: %v", err)
	}

	// A sheet that comes back and is handed in anew gives its scorers their tables back.
	if _, err := s.Emulation.Return(ctx, secretary, x.SheetID, "Bổ sung minh chứng", 0); err != nil {
		// An open appeal keeps the sheet from being returned; it is answered first.
		appeals, _ := s.Emulation.Appeals(ctx, x.SheetID)
		for _, a := range appeals {
			if a.State == emulation.AppealOpen {
				if _, err := s.Emulation.AnswerAppeal(ctx, secretary, a.ID, false, nil, "Giữ nguyên."); err != nil {
					t.Fatal(err)
				}
			}
		}
		if _, err := s.Emulation.Return(ctx, secretary, x.SheetID, "Bổ sung minh chứng", 0); err != nil {
			t.Fatal(err)
		}
	}
	scored, err = s.Emulation.Open(ctx, secretary, x.SheetID)
	if err != nil || !scored.Sheet.VerifiedAt.IsZero() {
		t.Errorf("a returned sheet still counts as verified: %v, %v", scored.Sheet.VerifiedAt, err)
	}
	unitOf := policy.Actor{Account: "z", Office: "Chuyên viên đơn vị", Enrolled: true, Holds: []policy.Membership{{Role: policy.Clerk, Unit: scored.Sheet.UnitID}}}
	if _, err := s.Emulation.Submit(ctx, unitOf, x.SheetID); err != nil {
		t.Fatal(err)
	}
	if v, err = s.Emulation.OpenCross(ctx, own, x.ID); err != nil || v.Cross.Handed || len(v.Cross.Marks) < 20 {
		t.Errorf("after it was handed in anew the table is handed %t with %d marks, %v", v.Cross.Handed, len(v.Cross.Marks), err)
	}
	if _, err := s.Emulation.HandInCross(ctx, own, x.ID, nil, "Đã xem lại.", true); err != nil {
		t.Fatal(err)
	}
	// Everybody hands in; on every sheet one scorer is far apart from the other, so that
	// thirds are called.
	sd := s.finish(t)
	far := map[string]bool{x.SheetID: true}
	for _, o := range mustOwed(t, s) {
		clerk := s.clerkOf(t, sd.code(t, o.Cross.Scorer))
		var cells []emulation.MarkCell
		if !far[o.Cross.SheetID] {
			v, err := s.Emulation.OpenCross(ctx, clerk, o.Cross.ID)
			if err != nil {
				t.Fatal(err)
			}
			cr, _ := v.Criteria.Criterion("3.1")
			if v.Own[cr.ID] != nil && *v.Own[cr.ID] >= 30 {
				far[o.Cross.SheetID] = true
				cells = []emulation.MarkCell{{Code: "3.1", Text: "1", Remark: "Nhật ký niêm yết thiếu ảnh"}}
			}
		}
		if _, err := s.Emulation.HandInCross(ctx, clerk, o.Cross.ID, cells, "Đủ hồ sơ.", true); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Emulation.CloseCross(ctx, secretary, p.ID); err != nil {
		t.Fatal(err)
	}
	third := mustOwed(t, s)
	if len(third) < 8 || !slices.Equal(third[0].Cross.Lines, []string{"3.1"}) {
		t.Fatalf("third scorers for 3.1: %+v", third)
	}
	delete(far, x.SheetID)
	first := map[[2]string]bool{} // scorer, scored
	for _, r := range board.Rows {
		for _, c := range r.Crosses {
			first[[2]string{c.Scorer, r.Sheet.UnitID}] = true
		}
	}
	for _, o := range third {
		if first[[2]string{o.Cross.Scorer, o.Scored}] || first[[2]string{o.Scored, o.Cross.Scorer}] || o.Cross.Scorer == o.Scored {
			t.Errorf("%s is third for %s, and was first, or is scored by it", sd.code(t, o.Cross.Scorer), sd.code(t, o.Scored))
		}
	}
	if _, err := s.Emulation.HandInCross(ctx, own, x.ID, nil, "muộn", true); keys(err) != "=emulation.cross.closed" {
		t.Errorf("a first scorer marks while the third does: %v", err)
	}
	for _, o := range third {
		if _, err := s.Emulation.HandInCross(ctx, s.clerkOf(t, sd.code(t, o.Cross.Scorer)), o.Cross.ID, nil, "Đồng ý với đơn vị.", true); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Emulation.CloseCross(ctx, secretary, p.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Emulation.CloseCross(ctx, secretary, p.ID); keys(err) != "=emulation.cross.closed" {
		t.Errorf("closed twice: %v", err)
	}
	table, err = s.Emulation.CrossOf(ctx, secretary, p.ID)
	if err != nil {
		t.Fatal(err)
	}
	// Anybody repeats the draw from the seed, and it is the one whose hash was shown.
	var codes []string
	var got []score.Pair
	for _, r := range table.Rows {
		codes = append(codes, sd.code(t, r.Sheet.UnitID))
		for _, c := range r.Crosses {
			if !c.Third {
				got = append(got, score.Pair{Scorer: sd.code(t, c.Scorer), Scored: sd.code(t, r.Sheet.UnitID)})
			}
		}
		for _, l := range r.Lines {
			if far[r.Sheet.ID] && l.Criterion.Code == "3.1" && len(l.Given) != 3 {
				t.Errorf("%d marks of the disputed line, want 3", len(l.Given))
			}
		}
	}
	want, err := score.Draw(table.Draw.Seed, codes, 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(got, func(a, b score.Pair) int { return strings.Compare(a.Scorer+a.Scored, b.Scorer+b.Scored) })
	if !slices.Equal(got, want) {
		t.Errorf("the draw repeated gives\n%v, the table says\n%v", want, got)
	}
	scored, err = s.Emulation.Open(ctx, secretary, x.SheetID)
	if m := scored.Sheet.Marks[cr.ID]; err != nil || m.Cross == nil || m.CrossBy == "" {
		t.Errorf("after closing the sheet shows %+v, %v", m, err)
	}
	if strict := table.Strictness(); len(strict) != 12 {
		t.Errorf("strictness of %d scorers", len(strict))
	}
	v2 := s.visitor(t, "thuky")
	code, body, _ := v2.do("GET", "/viec/ky/"+p.ID+"/cham-cheo", nil)
	if code != 200 || !strings.Contains(body, "chặt hơn") || !strings.Contains(body, table.Draw.Seed) {
		t.Errorf("%d: the results lack strictness or seed", code)
	}
	if code, body, _ := v2.do("GET", "/viec/ky/"+p.ID+"/cham-cheo.xlsx", nil); code != 200 || !strings.HasPrefix(body, "PK") {
		t.Errorf("workbook of results: %d", code)
	}
}

func mustOwed(t *testing.T, s *seeded) []emulation.OwedCross {
	t.Helper()
	owed, err := s.Emulation.OwedCrosses(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	return owed
}

// TestRegistration follows targets through versions, and the covenant with them.
func TestRegistration(t *testing.T) {
	s := demonstration(t)
	ctx := t.Context()
	p := s.period(t, "2026-nam")
	clerk := s.clerkOf(t, "DV04")
	id := clerk.Holds[0].Unit
	secretary := s.actor(t, "thuky", policy.Secretary, "")
	all, err := s.Emulation.Registrations(ctx, clerk, p.ID, id)
	if err != nil || len(all) != 1 || all[0].State != emulation.RegAccepted {
		t.Fatalf("%+v, %v", all, err)
	}
	cell := func(name, text string, seen int64) []emulation.TargetCell {
		return []emulation.TargetCell{{Name: name, Text: text, Seen: seen}}
	}
	write := func(actor policy.Actor, d emulation.RegistrationDraft, send bool) error {
		_, _, err := s.Emulation.Register(ctx, actor, p.ID, id, d, send)
		return err
	}
	if err := write(s.clerkOf(t, "DV05"), emulation.RegistrationDraft{Cells: cell("t-2.3", "99", 1)}, false); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("another unit's: %v", err)
	}
	for name, x := range map[string]struct {
		cells []emulation.TargetCell
		want  string
	}{
		"not a number":  {cell("t-2.3", "chín mươi", 1), "t-2.3=lang.number.bad"},
		"not a day":     {cell("d-2.3", "31/02/2026", 1), "d-2.3=lang.date.bad"},
		"no criterion":  {cell("t-9.9", "1", 0), "t-9.9=emulation.criterion.missing"},
		"not seen":      {cell("t-2.3", "97", 0), "=emulation.cell.conflict"},
		"nothing to do": {cell("t-2.3", "98", 1), "=emulation.nothing"},
	} {
		if err := write(clerk, emulation.RegistrationDraft{Cells: x.cells}, false); keys(err) != x.want {
			t.Errorf("%s: %v, want %s", name, err, x.want)
		}
	}
	if err := write(clerk, emulation.RegistrationDraft{Cells: cell("t-2.3", "99", 1)}, true); keys(err) != "reason=emulation.target.reason" {
		t.Errorf("a change without a reason: %v", err)
	}
	if err := write(clerk, emulation.RegistrationDraft{Cells: append(cell("t-2.3", "99", 1), cell("t-1.2", "5", 0)...), Reason: "Bổ sung", Titles: all[0].Titles, Models: all[0].Models, Seen: all[0].Version, Whole: true}, true); keys(err) != "m-1.2=emulation.target.measure d-1.2=emulation.target.due" {
		t.Errorf("a target without measure: %v", err)
	}
	if n, _ := s.Emulation.Registrations(ctx, clerk, p.ID, id); len(n) != 1 {
		t.Errorf("refused, and there are %d versions", len(n))
	}
	if err := write(clerk, emulation.RegistrationDraft{Cells: cell("t-2.3", "99", 1), Reason: "Tăng chỉ tiêu sau sơ kết", Titles: all[0].Titles, Models: all[0].Models, Seen: all[0].Version, Whole: true}, true); err != nil {
		t.Fatal(err)
	}
	if err := write(clerk, emulation.RegistrationDraft{Cells: cell("t-2.3", "100", 2)}, false); keys(err) != "=emulation.target.sent" {
		t.Errorf("changed while it waits: %v", err)
	}
	own := secretary
	own.Holds = append(slices.Clone(own.Holds), clerk.Holds...)
	if _, err := s.Emulation.DecideTargets(ctx, own, p.ID, id, true, ""); keys(err) != "=emulation.target.own" {
		t.Errorf("decided by who registered: %v", err)
	}
	if _, err := s.Emulation.DecideTargets(ctx, secretary, p.ID, id, false, ""); keys(err) != "answer=emulation.reason.missing" {
		t.Errorf("returned without a word: %v", err)
	}
	if _, err := s.Emulation.DecideTargets(ctx, secretary, p.ID, id, true, "Nhất trí."); err != nil {
		t.Fatal(err)
	}
	all, err = s.Emulation.Registrations(ctx, clerk, p.ID, id)
	if err != nil || len(all) != 2 || *all[0].Targets["2.3"].Target != 99000 || *all[1].Targets["2.3"].Target != 98000 {
		t.Errorf("both versions stay: %+v, %v", all, err)
	}
	v := s.visitor(t, "chuyenvien")
	sheet := s.sheetOf(t, "2026-nam", "DV03")
	if code, body, _ := v.do("GET", "/viec/phieu/"+sheet+"/dang-ky", nil); code != 200 || !strings.Contains(body, "Bản đăng ký lần 2") || !strings.Contains(body, "Bản đăng ký lần 1") {
		t.Errorf("%d: the page does not show both versions", code)
	}
	// A CSV file with semicolons fills the grid and writes nothing.
	table := "Tiêu chí;Tên;Số gốc;Chỉ tiêu;Cách đo;Thời hạn;Ghi chú\n2.3;x;90;97,5;% đúng hạn;30/11/2026;từ tệp\n"
	code, body := v.upload("/viec/phieu/"+sheet+"/dang-ky/excel", "file", "dang-ky.csv", []byte(table))
	if code != 200 || !strings.Contains(body, `value="97,5"`) || !strings.Contains(body, "chưa lưu") {
		t.Errorf("from a file: %d", code)
	}

	// The covenant: both versions public, the draft not.
	if _, err := s.Emulation.SavePledge(ctx, secretary, p.ID, "Một điều mới", "Cầu Mây", "", 0); keys(err) != "reason=emulation.target.reason" {
		t.Errorf("a later covenant without a reason: %v", err)
	}
	if _, err := s.Emulation.SavePledge(ctx, secretary, p.ID, "Một điều mới", "Cầu Mây", "Theo chỉ đạo", 0); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Emulation.SignPledge(ctx, secretary, p.ID, s.Now().AddDate(0, 0, 2), nil, 1); keys(err) != "on=emulation.pledge.day" {
		t.Errorf("signed tomorrow: %v", err)
	}
	if _, err := s.Emulation.SignPledge(ctx, secretary, p.ID, s.Now(), nil, 0); keys(err) != "on=emulation.paragraph.conflict" {
		t.Errorf("signed as another version than the one seen: %v", err)
	}
	_, body, _ = s.visitor(t, "").do("GET", "/thi-dua/ht3/2026-nam/giao-uoc", nil)
	if strings.Contains(body, "Một điều mới") || strings.Count(body, "<article") != 2 || !strings.Contains(body, "<ins>") {
		t.Error("the public covenant shows a draft, or not both versions with their difference")
	}
	// The picture of the signed sheet: for the cluster's offices first, then for all.
	picture, err := demoFile("pdf", "Giao ước đã ký", []string{"Chữ ký của 12 đơn vị"})
	if err != nil {
		t.Fatal(err)
	}
	pending, err := s.Files.Prepare(ctx, bytes.NewReader(picture), "giao-uoc.pdf")
	if err != nil {
		t.Fatal(err)
	}
	defer pending.Close()
	if _, err := s.Emulation.SignPledge(ctx, secretary, p.ID, s.Now(), pending, 1); err != nil {
		t.Fatal(err)
	}
	public := s.visitor(t, "")
	_, body, _ = public.do("GET", "/thi-dua/ht3/2026-nam/giao-uoc", nil)
	_, rest, ok := strings.Cut(body, `href="/tep/`)
	file, _, _ := strings.Cut(rest, `"`)
	if code, _, _ := public.do("GET", "/tep/"+file, nil); !ok || code != 200 {
		t.Errorf("the picture of the signed covenant: %d", code)
	}
}

// TestChain walks a sheet through three steps, back, and on: who takes each, and the
// unit's clock after a return.
func TestChain(t *testing.T) {
	s := demonstration(t)
	ctx := t.Context()
	secretary, lead := s.actor(t, "thuky", policy.Secretary, ""), s.actor(t, "cumtruong", policy.Lead, "")
	superior, clerk := s.actor(t, "captren", policy.Superior, ""), s.clerkOf(t, "DV05")
	cl, _ := s.Clusters.Get(ctx, "ht3")
	steps := []emulation.Step{{Name: "Kiểm tra", Role: policy.Secretary}, {Name: "Thẩm định", Role: policy.Lead}, {Name: "Xác nhận", Role: policy.Superior}}
	if _, err := s.Emulation.SetChain(ctx, secretary, cl.ID, emulation.Chain{From: day("2026-11-01"), Reason: "x", Steps: steps}); keys(err) != "from=emulation.chain.from" {
		t.Errorf("from a day past: %v", err)
	}
	if _, err := s.Emulation.SetChain(ctx, clerk, cl.ID, emulation.Chain{From: day("2026-11-20"), Reason: "x", Steps: steps}); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("by a clerk: %v", err)
	}
	if _, err := s.Emulation.SetChain(ctx, secretary, cl.ID, emulation.Chain{From: day("2026-11-20"), Reason: "Quy chế", Steps: steps}); err != nil {
		t.Fatal(err)
	}
	id := s.sheetOf(t, "2026-nam", "DV05")
	state := func() (emulation.State, int64) {
		t.Helper()
		v, err := s.Emulation.Open(ctx, secretary, id)
		if err != nil {
			t.Fatal(err)
		}
		return v.Sheet.State, v.Sheet.Step
	}
	at := func(want emulation.State, step int64) {
		t.Helper()
		if st, n := state(); st != want || n != step {
			t.Fatalf("%s at step %d, want %s at %d", st, n, want, step)
		}
	}
	accept := func(a policy.Actor) error { _, err := s.Emulation.Accept(ctx, a, id); return err }
	if _, err := s.Emulation.Submit(ctx, clerk, id); err != nil {
		t.Fatal(err)
	}
	at(emulation.Submitted, 1)
	v, err := s.Emulation.Open(ctx, secretary, id)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range v.Sheet.Claims {
		if c.State == emulation.Claimed {
			if _, err := s.Emulation.MoveClaim(ctx, secretary, id, c.ID, emulation.Accepted, ""); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := accept(lead); keys(err) != "=emulation.chain.notyours" {
		t.Errorf("the lead takes the secretary's step: %v", err)
	}
	if err := accept(superior); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("the superior comes early: %v", err)
	}
	points := int64(0)
	if _, err := s.Emulation.Judge(ctx, superior, id, "1.1", &points, false, "sớm"); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("the superior judges before its step: %v", err)
	}
	if err := accept(secretary); err != nil {
		t.Fatal(err)
	}
	at(emulation.Submitted, 2)
	if err := accept(lead); err != nil {
		t.Fatal(err)
	}
	at(emulation.Submitted, 3)
	if _, err := s.Emulation.Judge(ctx, superior, id, "1.1", &points, false, "Văn bản ban hành sau thời hạn"); err != nil {
		t.Errorf("the superior judges at its step: %v", err)
	}
	// The superior returns it to the first step, with a reason that the unit sees.
	if _, err := s.Emulation.Return(ctx, superior, id, "Thiếu minh chứng tiêu chí 3.1", 3); keys(err) != "step=emulation.chain.back" {
		t.Errorf("returned to where it is: %v", err)
	}
	if _, err := s.Emulation.Return(ctx, superior, id, "Thiếu minh chứng tiêu chí 3.1", 1); err != nil {
		t.Fatal(err)
	}
	at(emulation.Submitted, 1)
	if err := accept(superior); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("the superior at the first step: %v", err)
	}
	trail, err := s.Emulation.Trail(ctx, clerk, id, "step")
	if err != nil || len(trail) != 3 || !slices.ContainsFunc(trail, func(c emulation.Change) bool {
		return c.Reason == "Thiếu minh chứng tiêu chí 3.1" && c.Old == "3"
	}) {
		t.Errorf("trail %+v, %v", trail, err)
	}
	// To the unit: its clock starts again by rule, three working days, past the due day.
	s.clock.Set(day("2026-11-30").Add(10 * time.Hour))
	if _, err := s.Emulation.Return(ctx, secretary, id, "Bổ sung ảnh", 0); err != nil {
		t.Fatal(err)
	}
	at(emulation.Returned, 0)
	if v, err = s.Emulation.Open(ctx, clerk, id); err != nil {
		t.Fatal(err)
	}
	if got := v.Sheet.DueAt(v.Period).Add(-1); isoDay(got) != "2026-12-03" {
		t.Errorf("due again %s, want 2026-12-03", isoDay(got))
	}
	if _, err := s.Emulation.Submit(ctx, clerk, id); err != nil {
		t.Fatal(err)
	}
	for _, a := range []policy.Actor{secretary, lead, superior} {
		if err := accept(a); err != nil {
			t.Fatal(err)
		}
	}
	at(emulation.Verified, 3)
	if err := accept(superior); err == nil {
		t.Error("verified twice")
	}
}

// TestCommendation goes from eligibility to a certificate that anybody can check.
func TestCommendation(t *testing.T) {
	s := demonstration(t)
	ctx := t.Context()
	sd := s.finish(t)
	p := s.period(t, "2026-nam")
	secretary, superior := s.actor(t, "thuky", policy.Secretary, ""), s.actor(t, "captren", policy.Superior, "")
	view := func() commendation.View {
		t.Helper()
		v, err := s.Commend.Open(ctx, secretary, p.ID)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	fails := func(v commendation.View, code, title string) string {
		t.Helper()
		tt, _ := v.Round.Title(title)
		x, _ := v.Standing(sd.units[code].ID)
		var ids []string
		for _, f := range v.Round.Eligible(tt, x, v.Period, v.Records) {
			ids = append(ids, f.Rule.ID)
		}
		return strings.Join(ids, " ")
	}
	v := view()
	if got := fails(v, "DV01", "co"); got != "KT-01" {
		t.Errorf("DV01 before its sheet is verified fails %q", got)
	}
	for code := range sd.units {
		id := s.sheetOf(t, "2026-nam", code)
		sh, err := s.Emulation.Open(ctx, secretary, id)
		if err != nil {
			t.Fatal(err)
		}
		for _, cl := range sh.Sheet.Claims {
			if cl.State == emulation.Claimed {
				if _, err := s.Emulation.MoveClaim(ctx, secretary, id, cl.ID, emulation.Accepted, ""); err != nil {
					t.Fatal(err)
				}
			}
		}
		if sh.Sheet.State == emulation.Submitted {
			if _, err := s.Emulation.Accept(ctx, secretary, id); err != nil {
				t.Fatal(err)
			}
		}
	}
	v = view()
	for code, want := range map[string]string{"DV01": "", "DV08": "KT-02 KT-04", "DV12": "KT-02"} {
		if got := fails(v, code, "co"); got != want {
			t.Errorf("%s fails %q for the flag, want %q", code, got, want)
		}
	}
	put := func(title string, codes ...string) error {
		var ids []string
		for _, c := range codes {
			ids = append(ids, sd.units[c].ID)
		}
		_, err := s.Commend.PutForward(ctx, secretary, v.Round.ID, title, ids)
		return err
	}
	if err := put("giay-khen", "DV08"); keys(err) != "unit=commendation.fails" {
		t.Errorf("an excluded unit is put forward: %v", err)
	}
	if _, err := s.Commend.PutForward(ctx, s.clerkOf(t, "DV01"), v.Round.ID, "co", nil); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("by a clerk: %v", err)
	}
	for _, err := range []error{put("co", "DV01", "DV02"), put("bang-khen", "DV02", "DV03", "DV04"), put("giay-khen", "DV05", "DV06")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	ballot := func(title string, votes map[string]int64) commendation.Ballot {
		b := commendation.Ballot{Title: title, Members: 12, Present: 12, Issued: 12, Returned: 12, Valid: 12, HeldAt: s.Now(), Board: "Cụm phó\nThư ký\nĐại diện cấp trên", Votes: map[string]int64{}}
		for c, n := range votes {
			b.Votes[sd.units[c].ID] = n
		}
		return b
	}
	count := func(b commendation.Ballot) error {
		_, err := s.Commend.Count(ctx, secretary, v.Round.ID, b)
		return err
	}
	few := ballot("co", map[string]int64{"DV01": 6, "DV02": 1})
	few.Present, few.Issued, few.Returned, few.Valid = 7, 7, 7, 7
	if err := count(few); keys(err) != "present=commendation.ballot.quorum" {
		t.Errorf("7 of 12 present: %v", err)
	}
	if err := count(ballot("co", map[string]int64{"DV01": 10, "DV02": 3})); keys(err) != "valid=commendation.ballot.sum" {
		t.Errorf("13 votes for one place of 12 papers: %v", err)
	}
	if err := count(ballot("co", map[string]int64{"DV01": 13})); !strings.Contains(keys(err), "commendation.ballot.votes") {
		t.Errorf("13 votes of 12 papers: %v", err)
	}
	if _, err := s.Commend.Propose(ctx, secretary, v.Round.ID); keys(err) != "=commendation.notclosed" {
		t.Errorf("proposed before the figures are closed: %v", err)
	}
	if err := count(ballot("co", map[string]int64{"DV01": 7, "DV02": 5})); err != nil {
		t.Fatal(err)
	}
	// 7 of 12 is less than two thirds: nobody, and it is voted again with a reason.
	if got := view().Elected(v.Round.Titles[0]); got != nil {
		t.Errorf("7 of 12 is elected: %v", got)
	}
	if err := count(ballot("co", map[string]int64{"DV01": 10, "DV02": 2})); keys(err) != "reason=commendation.reason" {
		t.Errorf("counted again without a reason: %v", err)
	}
	again := ballot("co", map[string]int64{"DV01": 10, "DV02": 2})
	again.Reason = "Lần một không đơn vị nào đạt 2/3"
	if err := count(again); err != nil {
		t.Fatal(err)
	}
	if err := put("co", "DV01"); keys(err) != "=commendation.voted" {
		t.Errorf("candidates changed after the ballot: %v", err)
	}
	if err := count(ballot("bang-khen", map[string]int64{"DV02": 9, "DV03": 7, "DV04": 7})); err != nil {
		t.Fatal(err)
	}
	// Freeze, answer the open appeal, publish.
	appeals, err := s.Emulation.PendingAppeals(ctx, p.ClusterID)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range appeals {
		if _, err := s.Emulation.AnswerAppeal(ctx, secretary, a.ID, false, nil, "Giữ nguyên điểm."); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Emulation.Freeze(ctx, secretary, p.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Commend.Propose(ctx, secretary, v.Round.ID); keys(err) != "=commendation.tied" {
		t.Errorf("proposed with a tie at the last place: %v", err)
	}
	second := ballot("bang-khen", map[string]int64{"DV02": 9, "DV03": 8, "DV04": 6})
	second.Reason = "Bằng phiếu ở chỗ cuối"
	if err := count(second); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Commend.Decide(ctx, superior, v.Round.ID, "1-QĐ", s.Now(), "Ban"); keys(err) != "=commendation.state.open" {
		t.Errorf("decided before it was proposed: %v", err)
	}
	// A record found after the ballot excludes all the same, until it is ended.
	late := commendation.Record{UnitID: sd.units["DV02"].ID, Kind: "falsified", From: day("2026-11-01"), Number: "12-KL", Dated: day("2026-11-19"), Issuer: "Đoàn kiểm tra", Abstract: "Sai lệch hồ sơ"}
	if _, err := s.Commend.AddRecord(ctx, secretary, p.ClusterID, late); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Commend.Propose(ctx, secretary, v.Round.ID); keys(err) != "=commendation.fails" {
		t.Errorf("proposed with a unit that a record excludes: %v", err)
	}
	for _, rec := range view().Records {
		if rec.Number == late.Number {
			if _, err := s.Commend.EndRecord(ctx, secretary, p.ClusterID, rec.ID, " "); keys(err) != "why=commendation.reason" {
				t.Errorf("ended without a reason: %v", err)
			}
			if _, err := s.Commend.EndRecord(ctx, secretary, p.ClusterID, rec.ID, "Kết luận bị hủy"); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := s.Commend.Propose(ctx, secretary, v.Round.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Commend.Decide(ctx, secretary, v.Round.ID, "1-QĐ", s.Now(), "Ban"); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("decided by the cluster: %v", err)
	}
	if _, err := s.Commend.Decide(ctx, superior, v.Round.ID, "", s.Now().AddDate(0, 0, 3), ""); keys(err) != "number=commendation.number dated=commendation.dated issuer=commendation.issuer" {
		t.Errorf("a decision without number: %v", err)
	}
	if _, err := s.Commend.Decide(ctx, superior, v.Round.ID, "215-QĐ/BTGDV", s.Now(), "Ban Tuyên giáo và Dân vận Thành ủy Hà Thanh"); err != nil {
		t.Fatal(err)
	}
	v = view()
	var got []string
	for _, a := range v.Round.Awards {
		got = append(got, sd.code(t, a.UnitID)+" "+a.Name)
	}
	slices.Sort(got)
	if want := "DV01 Cờ thi đua|DV02 Bằng khen|DV03 Bằng khen|DV05 Giấy khen|DV06 Giấy khen"; strings.Join(got, "|") != want {
		t.Errorf("awards %q, want %q", strings.Join(got, "|"), want)
	}
	public := s.visitor(t, "")
	code, body, _ := public.do("GET", "/khen-thuong/"+v.Round.Awards[0].Code, nil)
	if code != 200 || !strings.Contains(body, "215-QĐ/BTGDV") {
		t.Errorf("verification: %d", code)
	}
	if code, _, _ := public.do("GET", "/khen-thuong/aaaaaaaaaaaaa", nil); code != http.StatusNotFound {
		t.Errorf("a made-up code: %d", code)
	}
	if code, body, _ := public.do("GET", "/thi-dua/ht3/2026-nam/khen-thuong", nil, "Accept-Language", "en"); code != 200 || !strings.Contains(body, "Cờ thi đua") || strings.Contains(body, "⟦") {
		t.Errorf("public list: %d", code)
	}
	// Every form opens as a Word file, in both layouts.
	sec := s.visitor(t, "thuky")
	for _, form := range commendation.Forms {
		for _, layout := range []string{"nd30", "dang-05hd"} {
			code, body, _ := sec.do("GET", "/viec/ky/"+p.ID+"/khen-thuong/"+form.Name+".docx?layout="+layout, nil)
			if code != 200 || !strings.HasPrefix(body, "PK") {
				t.Errorf("%s %s: %d", form.Number, layout, code)
			}
		}
	}
	for _, path := range []string{"/viec/ky/" + p.ID + "/khen-thuong/bang/" + v.Round.Awards[0].Code + ".pdf", "/viec/ky/" + p.ID + "/khen-thuong/can-chinh.pdf"} {
		if code, body, _ := sec.do("GET", path, nil); code != 200 || !strings.HasPrefix(body, "%PDF") {
			t.Errorf("%s: %d", path, code)
		}
	}
}

// TestCorrection changes published points by two persons: the result has a new version
// with its difference, the old one stays to be read.
func TestCorrection(t *testing.T) {
	s := demonstration(t)
	ctx := t.Context()
	secretary, lead := s.actor(t, "thuky", policy.Secretary, ""), s.actor(t, "cumtruong", policy.Lead, "")
	p := s.period(t, "2026-6t")
	sheet := s.sheetOf(t, "2026-6t", "DV08")
	points := int64(60)
	if _, err := s.Emulation.ProposeCorrection(ctx, secretary, s.sheetOf(t, "2026-nam", "DV08"), "3.1", &points, "x"); keys(err) != "=emulation.correct.notpublished" {
		t.Errorf("of a period that is open: %v", err)
	}
	if _, err := s.Emulation.ProposeCorrection(ctx, s.clerkOf(t, "DV08"), sheet, "3.1", &points, "x"); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("by the unit: %v", err)
	}
	much := int64(900)
	if _, err := s.Emulation.ProposeCorrection(ctx, secretary, sheet, "3.1", &much, " "); keys(err) != "points=emulation.points.range reason=emulation.reason.missing" {
		t.Errorf("too much, without a reason: %v", err)
	}
	if _, err := s.Emulation.ProposeCorrection(ctx, secretary, sheet, "3.1", &points, "Nhật ký niêm yết bản gốc có đủ ngày gỡ"); err != nil {
		t.Fatal(err)
	}
	all, err := s.Emulation.Corrections(ctx, p.ID)
	if err != nil || len(all) != 1 {
		t.Fatalf("%+v, %v", all, err)
	}
	if _, err := s.Emulation.DecideCorrection(ctx, secretary, all[0].ID, true, "Đúng."); keys(err) != "=emulation.correct.own" {
		t.Errorf("approved by who proposed: %v", err)
	}
	if _, err := s.Emulation.DecideCorrection(ctx, lead, all[0].ID, true, " "); keys(err) != "answer=emulation.reason.missing" {
		t.Errorf("approved without a word: %v", err)
	}
	before, _, err := s.Emulation.Published(ctx, p)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Emulation.DecideCorrection(ctx, lead, all[0].ID, true, "Đã xem bản gốc."); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Emulation.DecideCorrection(ctx, lead, all[0].ID, true, "Lần nữa."); keys(err) != "=emulation.correct.decided" {
		t.Errorf("approved twice: %v", err)
	}
	versions, err := s.Emulation.Versions(ctx, p)
	if err != nil || len(versions) != 2 || versions[0].Version != 2 || len(versions[0].Moved) == 0 {
		t.Fatalf("%+v, %v", versions, err)
	}
	// 3.1 went from 5.0 to 6.0, so that DV08 passes the unit it had tied with.
	for _, m := range versions[0].Moved {
		if m.Name == "Phường Tây Lĩnh" && (m.TotalFrom != 825 || m.TotalTo != 835) {
			t.Errorf("%+v", m)
		}
	}
	if !slices.EqualFunc(before.Rows, versions[1].Ranking.Rows, func(a, b emulation.RankingRow) bool {
		return a.UnitID == b.UnitID && a.Total == b.Total && a.Rank == b.Rank
	}) {
		t.Error("the first version is not what was published")
	}
	public := s.visitor(t, "")
	if _, body := public.get("/thi-dua/ht3/2026-6t"); !strings.Contains(body, "82,5 → 83,5 điểm") || !strings.Contains(body, "Nhật ký niêm yết bản gốc") {
		t.Error("the public does not see the difference and its reason")
	}
	// Places in a block: An Phúc is tenth of the cluster and first of the communes.
	for _, row := range versions[0].Ranking.Rows {
		if row.Unit == "DV10" && (row.Rank != 10 || row.Block != "Khối xã" || row.BlockRank != 1) {
			t.Errorf("%+v", row)
		}
	}
	if code, body := public.get("/thi-dua/ht3/2026-6t?ban=1"); code != 200 || !strings.Contains(body, "Đây là bản 1") {
		t.Errorf("the first version: %d", code)
	}
	if code, _ := public.get("/thi-dua/ht3/2026-6t?ban=7"); code != http.StatusNotFound {
		t.Errorf("a version that is not: %d", code)
	}
}

// TestCalendarFeed: a calendar program reads one account's duties by a secret address,
// until the address is changed or the account ends.
func TestCalendarFeed(t *testing.T) {
	s := demonstration(t)
	v, public := s.visitor(t, "chuyenvien"), s.visitor(t, "")
	address := func() string {
		t.Helper()
		code, body, _ := v.post("/viec/lich", nil)
		_, rest, ok := strings.Cut(body, "/viec/lich/")
		if code != 200 || !ok {
			t.Fatalf("no address: %d", code)
		}
		token, _, _ := strings.Cut(rest, ".ics")
		return "/viec/lich/" + token + ".ics"
	}
	first := address()
	code, body := public.get(first)
	if code != 200 || !strings.HasPrefix(body, "BEGIN:VCALENDAR") || !strings.Contains(body, "Chấm chéo") || strings.Count(body, "BEGIN:VEVENT") < 3 {
		t.Errorf("%d: %.400s", code, body)
	}
	second := address()
	if code, _ := public.get(first); code != http.StatusNotFound {
		t.Errorf("the address before: %d", code)
	}
	if code, _ := public.get(second); code != 200 {
		t.Errorf("the new address: %d", code)
	}
	if code, _, _ := v.post("/viec/lich/thoi", nil); code != 303 {
		t.Errorf("ending it: %d", code)
	}
	if code, _ := public.get(second); code != http.StatusNotFound {
		t.Errorf("after it ended: %d", code)
	}
	if code, _ := public.get("/viec/lich/aaaa.ics"); code != http.StatusNotFound {
		t.Errorf("a made-up address: %d", code)
	}
	// An account that is disabled has no calendar either.
	third := address()
	operator := policy.Actor{Account: "o", Office: "Quản trị hệ thống", Enrolled: true, Holds: []policy.Membership{{Role: policy.Operator}}}
	a, err := s.Accounts.ByLogin(t.Context(), "chuyenvien")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Accounts.Disable(t.Context(), operator, a.ID); err != nil {
		t.Fatal(err)
	}
	if code, _ := public.get(third); code != http.StatusNotFound {
		t.Errorf("of a disabled account: %d", code)
	}
}

// TestSheetMachine walks every state of a sheet and every act on it: what is not allowed
// is refused in words, and leaves neither a leaf nor another version of the sheet.
func TestSheetMachine(t *testing.T) {
	type where struct{ period, unit string }
	states := map[emulation.State]where{
		emulation.Draft: {"2026-nam", "DV02"}, emulation.Submitted: {"2026-nam", "DV01"}, emulation.Returned: {"2026-nam", "DV05"},
		emulation.Verified: {"2026-nam", "DV07"}, emulation.Frozen: {"2026-6t", "DV07"},
	}
	points := int64(0)
	unitActs := []emulation.State{emulation.Draft, emulation.Returned}
	judged := []emulation.State{emulation.Submitted, emulation.Verified}
	acts := map[string]struct {
		in []emulation.State // where it is allowed
		do func(s *seeded, unit, secretary policy.Actor, id string) error
	}{
		"figures": {unitActs, func(s *seeded, unit, _ policy.Actor, id string) error {
			_, _, err := s.Emulation.SaveFigures(t.Context(), unit, id, []emulation.Cell{{Indicator: "ho", Text: "4321", Seen: seenOf(t, s, unit, id, "ho")}}, "grid")
			return err
		}},
		"mark": {unitActs, func(s *seeded, unit, _ policy.Actor, id string) error {
			_, err := s.Emulation.SetMark(t.Context(), unit, id, "1.1", emulation.MarkChange{Self: &points, SelfReason: "tự chấm lại"})
			return err
		}},
		"paragraph": {unitActs, func(s *seeded, unit, _ policy.Actor, id string) error {
			_, err := s.Emulation.SaveParagraph(t.Context(), unit, id, "2.4", "Lời văn mới", 0)
			return err
		}},
		"submit": {[]emulation.State{emulation.Returned}, func(s *seeded, unit, _ policy.Actor, id string) error {
			_, err := s.Emulation.Submit(t.Context(), unit, id)
			return err
		}},
		"return": {judged, func(s *seeded, _, secretary policy.Actor, id string) error {
			_, err := s.Emulation.Return(t.Context(), secretary, id, "Xem lại", 0)
			return err
		}},
		"judge": {judged, func(s *seeded, _, secretary policy.Actor, id string) error {
			_, err := s.Emulation.Judge(t.Context(), secretary, id, "1.2", &points, false, "Thiếu văn bản")
			return err
		}},
		"deduct": {judged, func(s *seeded, _, secretary policy.Actor, id string) error {
			v, err := s.Emulation.Open(t.Context(), secretary, id)
			if err != nil {
				return err
			}
			i := slices.IndexFunc(v.Criteria.Extras, func(e emulation.Extra) bool { return !e.Bonus })
			_, err = s.Emulation.Deduct(t.Context(), secretary, id, v.Criteria.Extras[i].ID, 1, "Báo cáo chậm")
			return err
		}},
		"appeal": {[]emulation.State{emulation.Verified}, func(s *seeded, unit, _ policy.Actor, id string) error {
			_, err := s.Emulation.Appeal(t.Context(), unit, id, "criterion:1.2", "Xin xem lại")
			return err
		}},
	}
	refusals := demonstration(t)
	secretary := refusals.actor(t, "thuky", policy.Secretary, "")
	leaves := func(s *seeded) (n int64) {
		t.Helper()
		if err := s.DB.QueryRowContext(t.Context(), `select count(*) from ledger_leaf`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for state, at := range states {
		for name, act := range acts {
			allowed := slices.Contains(act.in, state)
			s := refusals
			if allowed {
				s = demonstration(t)
			}
			id, unit := s.sheetOf(t, at.period, at.unit), s.clerkOf(t, at.unit)
			v, err := s.Emulation.Open(t.Context(), secretary, id)
			if err != nil || v.Sheet.State != state {
				t.Fatalf("%s of %s is %s, want %s, %v", at.unit, at.period, v.Sheet.State, state, err)
			}
			before := leaves(s)
			err = act.do(s, unit, secretary, id)
			after, openErr := s.Emulation.Open(t.Context(), secretary, id)
			if openErr != nil {
				t.Fatal(openErr)
			}
			switch {
			case allowed && err != nil:
				t.Errorf("%s in state %s: %v", name, state, err)
			case allowed && (leaves(s) == before || after.Sheet.Version == v.Sheet.Version):
				t.Errorf("%s in state %s left no leaf or no version", name, state)
			case !allowed && (fault.KindOf(err) != fault.Conflict && fault.KindOf(err) != fault.Invalid):
				t.Errorf("%s in state %s: %v, want a refusal in words", name, state, err)
			case !allowed && (leaves(s) != before || after.Sheet.Version != v.Sheet.Version || after.Sheet.State != state):
				t.Errorf("%s in state %s was refused, and left something", name, state)
			}
		}
	}
}

// seenOf is the version of a figure that its writer sees now.
func seenOf(t *testing.T, s *seeded, actor policy.Actor, id, code string) int64 {
	t.Helper()
	v, err := s.Emulation.Open(t.Context(), actor, id)
	if err != nil {
		t.Fatal(err)
	}
	return v.Sheet.Figures[code].Version
}
