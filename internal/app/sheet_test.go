package app

import (
	"bytes"
	"context"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"dongthuan/internal/db"
	"dongthuan/internal/document"
	"dongthuan/internal/emulation"
	"dongthuan/internal/fault"
	"dongthuan/internal/policy"
)

func (s *seeded) clerkOf(t *testing.T, code string) policy.Actor {
	t.Helper()
	u, err := s.Units.ByCode(context.Background(), code, s.Now())
	if err != nil {
		t.Fatal(err)
	}
	return policy.Actor{Account: "x", Office: "Chuyên viên " + u.FullName(), Enrolled: true, Holds: []policy.Membership{{Role: policy.Clerk, Unit: u.ID}}}
}

func (s *seeded) sheetOf(t *testing.T, period, code string) string {
	t.Helper()
	ctx := context.Background()
	cl, err := s.Clusters.Get(ctx, "ht3")
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Clusters.Period(ctx, cl.ID, period)
	if err != nil {
		t.Fatal(err)
	}
	u, err := s.Units.ByCode(ctx, code, s.Now())
	if err != nil {
		t.Fatal(err)
	}
	id, err := s.Emulation.SheetID(ctx, p.ID, u.ID)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func keys(err error) string {
	var all []string
	for _, e := range fault.All(err) {
		all = append(all, e.Field+"="+e.Text)
	}
	return strings.Join(all, " ")
}

func TestSaveFigures(t *testing.T) {
	s := demonstration(t)
	ctx := t.Context()
	actor, id := s.clerkOf(t, "DV03"), s.sheetOf(t, "2026-nam", "DV03")
	save := func(cells ...emulation.Cell) error {
		_, _, err := s.Emulation.SaveFigures(ctx, actor, id, cells, "grid")
		return err
	}
	if err := save(emulation.Cell{Indicator: "ho", Text: "12.960"}, emulation.Cell{Indicator: "ho_ngheo_cuoi", Text: "0"}); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		cell emulation.Cell
		want string
	}{
		{"not a number", emulation.Cell{Indicator: "ho", Text: "ba mươi", Seen: 1}, "ho=lang.number.bad"},
		{"negative", emulation.Cell{Indicator: "ho", Text: "-5", Seen: 1}, "ho=emulation.cell.negative"},
		{"absurd", emulation.Cell{Indicator: "ho", Text: "99999999999999", Seen: 1}, "ho=lang.number.huge"},
		{"no such figure", emulation.Cell{Indicator: "khong_co", Text: "1"}, "khong_co=emulation.cell.unknown"},
		{"seen an old version", emulation.Cell{Indicator: "ho", Text: "1", Seen: 0}, "=emulation.cell.conflict"},
		{"the same value again", emulation.Cell{Indicator: "ho", Text: "12960", Seen: 1}, "=emulation.nothing"},
	} {
		t.Run(test.name, func(t *testing.T) {
			good := emulation.Cell{Indicator: "tdp_truoc", Text: "24"}
			cells := []emulation.Cell{good, test.cell}
			if test.name == "the same value again" {
				cells = cells[1:]
			}
			if got := keys(save(cells...)); got != test.want {
				t.Errorf("refused with %q, want %q", got, test.want)
			}
			v, err := s.Emulation.Open(ctx, actor, id)
			if err != nil {
				t.Fatal(err)
			}
			if v.Sheet.Figures["tdp_truoc"].Value != nil {
				t.Error("a cell beside a refused one was written")
			}
			if ho := v.Sheet.Figures["ho"]; *ho.Value != 12960_000 || ho.Version != 1 {
				t.Errorf("ho is %d in version %d", *ho.Value, ho.Version)
			}
		})
	}
	v, err := s.Emulation.Open(ctx, actor, id)
	if err != nil {
		t.Fatal(err)
	}
	if zero := v.Sheet.Figures["ho_ngheo_cuoi"].Value; zero == nil || *zero != 0 {
		t.Error("zero is a figure, and is not kept")
	}
	if _, err := s.Emulation.Submit(ctx, actor, id); !strings.Contains(keys(err), "emulation.submit.figure") {
		t.Errorf("an incomplete sheet was handed in: %v", err)
	}
}

// TestTwoClerksOneCell shows both versions and writes neither.
func TestTwoClerksOneCell(t *testing.T) {
	s := demonstration(t)
	id := s.sheetOf(t, "2026-nam", "DV03")
	clerk, leader := s.visitor(t, "chuyenvien"), s.visitor(t, "lanhdao")
	path := "/viec/phieu/" + id + "/so-lieu"
	if code, body, _ := clerk.post(path, url.Values{"ho": {"12.960"}, "v-ho": {"0"}}); code != http.StatusSeeOther {
		t.Fatalf("save: %d\n%s", code, body)
	}
	code, body, _ := leader.post(path, url.Values{"ho": {"13.000"}, "v-ho": {"0"}})
	if code != http.StatusConflict || !strings.Contains(body, `value="13.000"`) || !strings.Contains(body, "vừa ghi: 12.960") {
		t.Errorf("a second writer got %d without both versions", code)
	}
	code, body, _ = leader.post(path, url.Values{"ho": {"13.000"}, "v-ho": {"0"}}, "Accept", "application/json")
	if code != http.StatusConflict || !strings.Contains(body, `"mine":"13.000"`) || !strings.Contains(body, `"theirs":"12.960"`) {
		t.Errorf("a script got %d %s", code, body)
	}
	if code, _, _ = leader.post(path, url.Values{"ho": {"13.000"}, "v-ho": {"1"}}); code != http.StatusSeeOther {
		t.Errorf("choosing one's own after seeing both: %d", code)
	}
}

func TestRefusedFormKeepsWhatWasTyped(t *testing.T) {
	s := demonstration(t)
	id := s.sheetOf(t, "2026-nam", "DV03")
	v := s.visitor(t, "chuyenvien")
	code, body, _ := v.post("/viec/phieu/"+id+"/so-lieu", url.Values{"ho": {"12.960"}, "v-ho": {"0"}, "ho_ngheo_dau": {"mười một"}, "v-ho_ngheo_dau": {"0"}})
	if code != http.StatusUnprocessableEntity || !strings.Contains(body, `value="mười một"`) || !strings.Contains(body, `value="12.960"`) || !strings.Contains(body, "không phải là số") {
		t.Errorf("%d: what was typed is gone, or the words are missing", code)
	}
	if code, body, _ := v.post("/viec/phieu/"+id+"/tieu-chi/3.1", url.Values{"self": {"9"}, "self_reason": {"vì thế"}}); code != http.StatusUnprocessableEntity || !strings.Contains(body, "vì thế") || !strings.Contains(body, "Điểm phải từ 0 đến 6") {
		t.Errorf("points above the maximum: %d", code)
	}
}

// TestLockedPeriod refuses every change of a frozen sheet.
func TestLockedPeriod(t *testing.T) {
	s := demonstration(t)
	actor, id := s.clerkOf(t, "DV03"), s.sheetOf(t, "2026-6t", "DV03")
	if _, _, err := s.Emulation.SaveFigures(t.Context(), actor, id, []emulation.Cell{{Indicator: "ho", Text: "1", Seen: 1}}, "grid"); keys(err) != "=cluster.period.locked" {
		t.Errorf("a frozen figure was changed: %v", err)
	}
}

// TestFreezeByTheClock freezes a period at its announced moment, and not before.
func TestFreezeByTheClock(t *testing.T) {
	s := demonstration(t)
	id := s.sheetOf(t, "2026-nam", "DV03")
	actor := s.clerkOf(t, "DV03")
	freeze := time.Date(2026, 12, 15, 17, 0, 0, 0, DemoStart.Location())
	s.clock.Set(freeze.Add(-time.Minute))
	s.workOnce(t.Context())
	if v, err := s.Emulation.Open(t.Context(), actor, id); err != nil || v.Sheet.State != emulation.Draft {
		t.Fatalf("a minute before, the sheet is %s, %v", v.Sheet.State, err)
	}
	s.clock.Set(freeze)
	s.workOnce(t.Context())
	s.workOnce(t.Context()) // a second node finds nothing to do
	if v, err := s.Emulation.Open(t.Context(), actor, id); err != nil || v.Sheet.State != emulation.Frozen {
		t.Errorf("at the moment, the sheet is %s, %v", v.Sheet.State, err)
	}
}

// TestTwelveWorkbooks writes every unit's workbook, fills it in as Excel would, and
// reads it back: the figures are those of the data file.
func TestTwelveWorkbooks(t *testing.T) {
	s := demonstration(t)
	sheets, err := (&seeder{}).sheets()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range sheets {
		actor := s.clerkOf(t, d.Unit)
		half, err := s.Emulation.Open(t.Context(), actor, s.sheetOf(t, "2026-6t", d.Unit))
		if err != nil {
			t.Fatal(err)
		}
		var form bytes.Buffer
		if err := emulation.WriteForm(&form, half); err != nil {
			t.Fatal(err)
		}
		book, err := document.ReadWorkbook(t.Context(), bytes.NewReader(form.Bytes()), int64(form.Len()), document.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		preview, err := emulation.ReadForm(book, half)
		if err != nil || preview.Changed != 0 || preview.Refused != 0 || len(preview.Rows) != len(half.Criteria.Inputs) {
			t.Errorf("%s read back: %+v, %v", d.Unit, preview, err)
			continue
		}
		for _, row := range preview.Rows {
			n, ok := d.Values[row.Indicator]
			if !ok {
				continue
			}
			want, err := n.Float64()
			if err != nil || row.New == nil || *row.New != int64(want*1000+.5) {
				t.Errorf("%s %s reads back as %v, want %s", d.Unit, row.Indicator, row.New, n)
			}
		}
	}
}

// TestWorkbookRefusals fills in a workbook wrongly: each cell is refused in words,
// and the others would be taken.
func TestWorkbookRefusals(t *testing.T) {
	s := demonstration(t)
	id := s.sheetOf(t, "2026-nam", "DV03")
	clerk := s.visitor(t, "chuyenvien")
	_, file := clerk.get("/viec/phieu/" + id + "/mau.xlsx")
	x, err := excelize.OpenReader(strings.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	set := func(cell string, v any) {
		if err := x.SetCellValue("Số liệu", cell, v); err != nil {
			t.Fatal(err)
		}
	}
	set("F4", 3)
	set("G4", "x")
	set("F5", "1.234,5")
	set("F6", "hai mươi")
	set("F7", -4)
	set("F9", time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC))
	if err := x.SetCellFormula("Số liệu", "F8", "=1+1"); err != nil {
		t.Fatal(err)
	}
	if err := x.MergeCell("Số liệu", "F10", "F11"); err != nil {
		t.Fatal(err)
	}
	var filled bytes.Buffer
	if err := x.Write(&filled); err != nil {
		t.Fatal(err)
	}
	code, body := clerk.upload("/viec/phieu/"+id+"/excel", "file", "bieu.xlsx", filled.Bytes())
	if code != http.StatusOK {
		t.Fatalf("preview: %d", code)
	}
	for _, want := range []string{"Xác nhận ghi 3 ô", "“hai mươi” không phải là số", "không được âm", "là công thức", "vùng gộp ô"} {
		if !strings.Contains(body, want) {
			t.Errorf("the preview does not say %q; it says %.300q", want, after(body, "Xem trước nội dung"))
		}
	}
	v, err := s.Emulation.Open(t.Context(), s.clerkOf(t, "DV03"), id)
	if err != nil || len(v.Sheet.Figures) != 0 {
		t.Errorf("a preview wrote %d figures, %v", len(v.Sheet.Figures), err)
	}
	for name, bad := range map[string][]byte{"không phải": []byte("hello"), "rỗng": nil} {
		if code, _ := clerk.upload("/viec/phieu/"+id+"/excel", "file", "x.xlsx", bad); code != http.StatusUnprocessableEntity {
			t.Errorf("a file that is %s got %d, want 422", name, code)
		}
	}
	other := s.sheetOf(t, "2026-nam", "DV05")
	_, foreign := s.visitor(t, "chuyenvien2").get("/viec/phieu/" + other + "/mau.xlsx")
	if code, body := clerk.upload("/viec/phieu/"+id+"/excel", "file", "x.xlsx", []byte(foreign)); code != http.StatusUnprocessableEntity || !strings.Contains(body, "đơn vị hoặc kỳ khác") {
		t.Errorf("another unit's workbook got %d", code)
	}
}

// after is what follows some words of a page.
func after(body, words string) string {
	_, rest, _ := strings.Cut(body, words)
	return rest
}

func (v *visitor) upload(path, field, name string, body []byte) (int, string) {
	v.t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	part, err := m.CreateFormFile(field, name)
	if err != nil {
		v.t.Fatal(err)
	}
	if _, err := part.Write(body); err != nil {
		v.t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		v.t.Fatal(err)
	}
	r, err := http.NewRequest("POST", v.base+path, &b)
	if err != nil {
		v.t.Fatal(err)
	}
	r.Header.Set("Content-Type", m.FormDataContentType())
	resp, err := v.http.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer resp.Body.Close()
	var out bytes.Buffer
	if _, err := out.ReadFrom(resp.Body); err != nil {
		v.t.Fatal(err)
	}
	return resp.StatusCode, out.String()
}

// TestCriteriaRoundTrip writes the criteria table as a workbook and reads the same
// table back; then spoils it, and every fault is named with its cell.
func TestCriteriaRoundTrip(t *testing.T) {
	want, err := criteria()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := emulation.WriteCriteria(&b, want); err != nil {
		t.Fatal(err)
	}
	book, err := document.ReadWorkbook(t.Context(), bytes.NewReader(b.Bytes()), int64(b.Len()), document.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := emulation.ReadCriteria(book)
	if err != nil {
		t.Fatal(err)
	}
	describe := func(c emulation.Criteria) string {
		var s strings.Builder
		for _, cr := range c.All() {
			fmt.Fprintln(&s, cr.GroupCode, cr.Code, cr.Name, cr.Max, cr.Rule, cr.EvidenceRequired, cr.MayNotApply, cr.Inputs)
		}
		fmt.Fprintln(&s, c.Max(), c.BonusCap, c.Classes, c.TieBreakers, c.NA, len(c.Inputs), c.Extras)
		return s.String()
	}
	if describe(got) != describe(want) {
		t.Errorf("read back:\n%s\nwant:\n%s", describe(got), describe(want))
	}
	x, err := excelize.OpenReader(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	for cell, v := range map[string]any{"D2": 16, "F3": "upto 0:3 15:2 99", "D4": "nhiều"} {
		if err := x.SetCellValue("Tiêu chí", cell, v); err != nil {
			t.Fatal(err)
		}
	}
	var spoiled bytes.Buffer
	if err := x.Write(&spoiled); err != nil {
		t.Fatal(err)
	}
	if book, err = document.ReadWorkbook(t.Context(), bytes.NewReader(spoiled.Bytes()), int64(spoiled.Len()), document.Limits{}); err != nil {
		t.Fatal(err)
	}
	_, err = emulation.ReadCriteria(book)
	if k := keys(err); !strings.Contains(k, "emulation.criteria.rule") || !strings.Contains(k, "emulation.criteria.points") {
		t.Errorf("a spoiled table was refused with %q", k)
	}
}

// TestReturnedSheet goes round: returned with a reason, seen, mended, handed in,
// judged with a reason that the unit sees at once.
func TestReturnedSheet(t *testing.T) {
	s := demonstration(t)
	id := s.sheetOf(t, "2026-nam", "DV05")
	unit, secretary := s.visitor(t, "chuyenvien2"), s.visitor(t, "thuky")
	if _, body := unit.get("/viec"); !strings.Contains(body, "chưa gồm quý IV") {
		t.Error("the page of duties does not show why the sheet came back")
	}
	if code, _, _ := unit.post("/viec/phieu/"+id+"/so-lieu", url.Values{"tiep_dan_luot": {"999"}, "v-tiep_dan_luot": {"1"}}); code != http.StatusSeeOther {
		t.Fatalf("mend a figure: %d", code)
	}
	if code, _, to := unit.post("/viec/phieu/"+id+"/nop", nil); code != http.StatusSeeOther || !strings.Contains(to, "submitted") {
		t.Fatalf("hand in again: %d → %s", code, to)
	}
	if code, _, _ := unit.post("/viec/phieu/"+id+"/so-lieu", url.Values{"tiep_dan_luot": {"1"}, "v-tiep_dan_luot": {"2"}}); code != http.StatusConflict {
		t.Errorf("a sheet handed in was changed: %d", code)
	}
	if code, body, _ := secretary.post("/viec/phieu/"+id+"/diem/3.1", url.Values{"points": {"4,5"}}); code != http.StatusUnprocessableEntity || !strings.Contains(body, "Xin ghi lý do") {
		t.Errorf("points without a reason: %d", code)
	}
	if code, _, _ := secretary.post("/viec/phieu/"+id+"/diem/3.1", url.Values{"points": {"4,5"}, "reason": {"Thiếu ảnh ngày gỡ"}}); code != http.StatusSeeOther {
		t.Fatalf("set points: %d", code)
	}
	if _, body := unit.get("/viec/phieu/" + id + "/tieu-chi"); !strings.Contains(body, "Thẩm định: 4,5 điểm.") || !strings.Contains(body, "Thiếu ảnh ngày gỡ") {
		t.Error("the unit does not see the points and their reason")
	}
	if _, body := unit.get("/viec/phieu/" + id + "/nhat-ky"); !strings.Contains(body, "Thiếu ảnh ngày gỡ") || !strings.Contains(body, "Thư ký Cụm thi đua số 3") {
		t.Error("the trail lacks who and why")
	}
}

// TestReportKeepsHandEdits composes anew: what a person wrote stays, what nobody
// touched follows the figures.
func TestReportKeepsHandEdits(t *testing.T) {
	s := demonstration(t)
	p := s.places(t)
	secretary := policy.Actor{Account: "x", Office: "Thư ký", Enrolled: true, Holds: []policy.Membership{{Role: policy.Secretary, Cluster: p.cluster}}}
	desk, err := s.Reports.Desk(t.Context(), secretary, p.report)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Reports.SaveSection(t.Context(), secretary, p.report, "2.1", "Viết tay [[ho]] hộ.", desk.Report.Sections["2.1"].Version); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Reports.SaveSection(t.Context(), secretary, p.report, "2.1", "Người khác", desk.Report.Sections["2.1"].Version); fault.KindOf(err) != fault.Conflict {
		t.Errorf("an older version overwrote a newer one: %v", err)
	}
	if _, err := s.Reports.Recompose(t.Context(), secretary, p.report); err != nil {
		t.Fatal(err)
	}
	if desk, err = s.Reports.Desk(t.Context(), secretary, p.report); err != nil {
		t.Fatal(err)
	}
	if got := desk.Report.Sections["2.1"].Body; got != "Viết tay [[ho]] hộ." {
		t.Errorf("composing anew changed what was written: %q", got)
	}
	if _, err := s.Reports.Publish(t.Context(), secretary, p.report, ""); keys(err) != "reason=report.reason.missing" {
		t.Errorf("a new version without a reason: %v", err)
	}
	if _, err := s.Reports.Publish(t.Context(), secretary, p.report, "Bổ sung đánh giá"); err != nil {
		t.Fatal(err)
	}
	v := s.visitor(t, "")
	if _, body := v.get("/bao-cao/ht3-2026-6t"); !strings.Contains(body, ">127.550</a>") || !strings.Contains(body, "Bổ sung đánh giá") {
		t.Error("the new version is not shown with its number and reason")
	}
	if _, body := v.get("/bao-cao/ht3-2026-6t?phien-ban=1"); strings.Contains(body, "Viết tay") || !strings.Contains(body, "phiên bản cũ") {
		t.Error("the first version no longer reads as it was published")
	}
}

// TestBackupAndRestore moves everything into an empty database and finds the same
// ranking, files and ledger there.
func TestBackupAndRestore(t *testing.T) {
	s := demonstration(t)
	var b bytes.Buffer
	rows, files, err := s.Backup(t.Context(), &b)
	if err != nil || rows == 0 || files == 0 {
		t.Fatalf("backup: %d rows, %d files, %v", rows, files, err)
	}
	if _, _, err := s.Restore(t.Context(), bytes.NewReader(b.Bytes()), int64(b.Len())); err == nil {
		t.Error("a backup was restored over data")
	}
	other := emptyApp(t)
	if _, _, err := other.Restore(t.Context(), bytes.NewReader(b.Bytes()), int64(b.Len())); err != nil {
		t.Fatal(err)
	}
	_, before := s.visitor(t, "").get("/api/v1/clusters/ht3/periods/2026-6t/ranking")
	if _, after := other.visitor(t, "").get("/api/v1/clusters/ht3/periods/2026-6t/ranking"); after != before {
		t.Error("the ranking differs after a restore")
	}
	if _, body := other.visitor(t, "").get("/tim?q=giai+phong+mat+bang"); !strings.Contains(body, "<mark>") {
		t.Error("the restored search finds nothing")
	}
	spoiled := bytes.Clone(b.Bytes())
	spoiled[len(spoiled)/2] ^= 1
	if _, _, err := CheckBackup(bytes.NewReader(spoiled), int64(len(spoiled))); err == nil {
		t.Error("a spoiled backup was taken for whole")
	}
}

// TestSecondCriteria publishes a second version while units fill in: their sheets go
// over to it with what was entered, and once a unit has handed in it is refused.
func TestSecondCriteria(t *testing.T) {
	s := demonstration(t)
	p := s.places(t)
	secretary := policy.Actor{Account: "x", Office: "Thư ký", Enrolled: true, Holds: []policy.Membership{{Role: policy.Secretary, Cluster: p.cluster}}}
	c, err := criteria()
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Emulation.SaveCriteria(t.Context(), secretary, p.period, c); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Emulation.PublishCriteria(t.Context(), secretary, p.period); keys(err) != "=emulation.criteria.handedin" {
		t.Fatalf("published beside sheets that were handed in: %v", err)
	}
	for _, unit := range []string{"DV01", "DV07", "DV09"} {
		id := s.sheetOf(t, "2026-nam", unit)
		appeals, err := s.Emulation.Appeals(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range appeals {
			if a.State == emulation.AppealOpen {
				if _, err := s.Emulation.Return(t.Context(), secretary, id, "Chờ bảng tiêu chí mới", 0); keys(err) != "=emulation.return.appeals" {
					t.Errorf("returned beside an appeal: %v", err)
				}
				if _, err := s.Emulation.AnswerAppeal(t.Context(), secretary, a.ID, false, nil, "Chưa đủ căn cứ"); err != nil {
					t.Fatal(err)
				}
			}
		}
		if _, err := s.Emulation.Return(t.Context(), secretary, id, "Chờ bảng tiêu chí mới", 0); err != nil {
			t.Fatal(err)
		}
	}
	before, err := s.Emulation.Board(t.Context(), secretary, p.period)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Emulation.PublishCriteria(t.Context(), secretary, p.period); keys(err) != "=emulation.criteria.drawn" {
		t.Errorf("published after scorers were drawn: %v", err)
	}
	// The rest is of a period without a draw.
	if err := s.DB.Write(t.Context(), func(tx *db.Tx) error {
		for _, table := range []string{"emulation_cross_mark", "emulation_cross", "emulation_draw"} {
			if _, err := tx.ExecContext(t.Context(), "delete from "+table); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Emulation.PublishCriteria(t.Context(), secretary, p.period); err != nil {
		t.Fatal(err)
	}
	now, err := s.Emulation.Board(t.Context(), secretary, p.period)
	if err != nil {
		t.Fatal(err)
	}
	if now.Criteria.Version != 2 || len(now.Standings) != 12 || now.Standings[0].Total.Points != before.Standings[0].Total.Points {
		t.Errorf("version %d ranks %d units, the first with %d points, want 2, 12, %d", now.Criteria.Version, len(now.Standings), now.Standings[0].Total.Points, before.Standings[0].Total.Points)
	}
	v, err := s.Emulation.Open(t.Context(), secretary, s.sheetOf(t, "2026-nam", "DV01"))
	if err != nil || len(v.Sheet.Proofs) == 0 {
		t.Errorf("the evidence was left behind: %d, %v", len(v.Sheet.Proofs), err)
	}
}
