package document

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

func words(s string, span int) CellOut {
	return CellOut{Kind: CellText, Text: s, Style: CellStyle{Look: LookWords}, Span: span}
}

func number(s string, style CellStyle) CellOut {
	return CellOut{Kind: CellNumber, Text: s, Style: style}
}

// form is a sheet to fill in, with all that the program uses.
func form() []SheetOut {
	rows := []RowOut{
		{30, []CellOut{{CellText, "TỔNG HỢP CHỈ TIÊU", CellStyle{Look: LookTitle}, 6}}},
		{0, []CellOut{{CellText, "khóa", CellStyle{Look: LookHeader}, 1}, {CellText, "Chỉ tiêu", CellStyle{Look: LookHeader}, 1},
			{CellText, "Kết quả", CellStyle{Look: LookHeader}, 1}, {CellText, "Tỷ lệ", CellStyle{Look: LookHeader}, 1},
			{CellText, "Ngày", CellStyle{Look: LookHeader}, 1}, {CellText, "Đạt", CellStyle{Look: LookHeader}, 1}}},
		{0, []CellOut{words("k-001", 1), words("=1+1", 1), number("14820", CellStyle{Look: LookInteger, Input: true}),
			number("0.955", CellStyle{Look: LookPercent, Decimals: 1}), {CellDate, "2026-11-20", CellStyle{Look: LookDay}, 1}, {CellBool, "true", CellStyle{}, 1}}},
		{0, []CellOut{words("k-002", 1), words("Hộ nghèo <5% & \"giảm\"\ncuối kỳ", 1), number("-12.505", CellStyle{Look: LookDecimal, Decimals: 3, Bold: true}), {}, {}, {CellBool, "false", CellStyle{}, 1}}},
	}
	return []SheetOut{
		{Name: "Số liệu", Columns: []ColumnOut{{0, true}, {40, false}, {12, false}, {10, false}, {12, false}, {8, false}}, Rows: slices.Values(rows),
			HeadFrom: 2, HeadTo: 2, HeadLeft: 2, Protect: true, Rules: []CellRule{
				{Area: "C3:C40", Whole: true, Min: "0", Max: "999999999", Prompt: "Nhập số nguyên", Refusal: "Chỉ nhập số nguyên từ 0"},
				{Area: "D3:D40", Min: "0", Max: "1"},
				{Area: "F3:F40", Options: []string{"Đạt", "Không đạt"}},
				{Area: "B3:B40", Source: "'Danh mục'!$A$1:$A$2"},
			}},
		{Name: "Danh mục", Hidden: true, Rows: slices.Values([]RowOut{{0, []CellOut{words("a", 1)}}, {0, []CellOut{words("b", 1)}}})},
	}
}

func written(t testing.TB, sheets []SheetOut) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := WriteWorkbook(&b, sheets); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestWriteWorkbook(t *testing.T) {
	file := written(t, form())
	if !bytes.Equal(file, written(t, form())) {
		t.Error("the same sheets gave other bytes")
	}
	b, err := read(t, file, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	want := "A1+:t:TỔNG HỢP CHỈ TIÊU B1+:-: C1+:-: D1+:-: E1+:-: F1+:-: " +
		"A2:t:khóa B2:t:Chỉ tiêu C2:t:Kết quả D2:t:Tỷ lệ E2:t:Ngày F2:t:Đạt " +
		"A3:t:k-001 B3:t:=1+1 C3:n:14820 D3:n:0.955 E3:d:2026-11-20 F3:b:true " +
		"A4:t:k-002 B4:t:Hộ nghèo <5% & \"giảm\"\ncuối kỳ C4:n:-12.505 F4:b:false"
	if got := show(b.Sheet("so lieu")); got != want {
		t.Errorf("read back %s\nwant %s", got, want)
	}
	if s := b.Sheet("danh muc"); s == nil || !s.Hidden {
		t.Errorf("the hidden sheet came back as %v", s)
	}
}

// Another program's reader sees the same, and no formula anywhere.
func TestWrittenIsReadByExcelize(t *testing.T) {
	x, err := excelize.OpenReader(bytes.NewReader(written(t, form())))
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	rows, err := x.GetRows("Số liệu", excelize.Options{RawCellValue: true})
	if err != nil || len(rows) != 4 || rows[2][1] != "=1+1" || rows[3][2] != "-12.505" {
		t.Errorf("rows %q, %v", rows, err)
	}
	for row := range rows {
		for column := range 6 {
			if f, err := x.GetCellFormula("Số liệu", CellRef(row, column)); f != "" || err != nil {
				t.Errorf("%s holds formula %q, %v", CellRef(row, column), f, err)
			}
		}
	}
	if shown, err := x.GetColVisible("Số liệu", "A"); shown || err != nil {
		t.Errorf("the key column is shown, %v", err)
	}
	rules, err := x.GetDataValidations("Số liệu")
	if err != nil || len(rules) != 4 {
		t.Errorf("rules %v, %v", rules, err)
	}
	for ref, locked := range map[string]bool{"B3": true, "C3": false} {
		id, _ := x.GetCellStyle("Số liệu", ref)
		if s, err := x.GetStyle(id); err != nil || s.Protection.Locked != locked {
			t.Errorf("%s locked: %+v, %v; want %v", ref, s, err, locked)
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	one := func(c CellOut) []SheetOut {
		return []SheetOut{{Name: "a", Rows: slices.Values([]RowOut{{0, []CellOut{c}}})}}
	}
	for name, sheets := range map[string][]SheetOut{
		"no sheets":        nil,
		"no name":          {{}},
		"long name":        {{Name: strings.Repeat("a", 32)}},
		"forbidden sign":   {{Name: "a/b"}},
		"name twice":       {{Name: "Bảng"}, {Name: "BẢNG"}},
		"number of words":  one(CellOut{Kind: CellNumber, Text: "1,5"}),
		"number formula":   one(CellOut{Kind: CellNumber, Text: "1</v></c>"}),
		"no date":          one(CellOut{Kind: CellDate, Text: "20/11/2026"}),
		"neither":          one(CellOut{Kind: CellBool, Text: "1"}),
		"error":            one(CellOut{Kind: CellError, Text: "#REF!"}),
		"too long":         one(CellOut{Kind: CellText, Text: strings.Repeat("a", maxText+1)}),
		"too wide":         one(CellOut{Span: maxColumn + 1}),
		"unknown look":     one(CellOut{Style: CellStyle{Look: 99}}),
		"rule nowhere":     {{Name: "a", Rules: []CellRule{{Area: "x", Options: []string{"a"}}}}},
		"option has comma": {{Name: "a", Rules: []CellRule{{Area: "A1", Options: []string{"a,b"}}}}},
		"options too long": {{Name: "a", Rules: []CellRule{{Area: "A1", Options: slices.Repeat([]string{"mười chữ cái"}, 30)}}}},
		"rule of nothing":  {{Name: "a", Rules: []CellRule{{Area: "A1"}}}},
	} {
		if err := WriteWorkbook(io.Discard, sheets); err == nil {
			t.Errorf("%s: written", name)
		}
	}
}

func TestSheetName(t *testing.T) {
	for s, want := range map[string]string{
		"Bảng 1": "Bảng 1", "a/b: c?": "a b c", "'a'": "a", "": "Trang", "History": "Trang History",
		"Chi tiết chấm điểm khối I năm 2026 của phường": "Chi tiết chấm điểm khối I năm 2",
	} {
		if got := SheetName(s); got != want {
			t.Errorf("SheetName(%q) = %q, want %q", s, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s := SheetName(rapid.String().Draw(t, "s"))
		if s != SheetName(s) || utf16Len(s) > 31 || s == "" {
			t.Errorf("SheetName gives %q, then %q", s, SheetName(s))
		}
	})
}

// texts draws what people write and what they should not.
var texts = rapid.OneOf(
	rapid.SampledFrom([]string{"", "=1+1", "-3", "+84", "@x", "'=x", "''", "_x000D_", "_x005F_x000D_x", "a\nb", "Đ", norm.NFD.String("ướ"), "<&>\"", "1,5;2", "0x1", "－1", "-", "-1,5", "sep=;"}),
	rapid.StringMatching(`[a-zàđ=+'"_x0-9D,; \n-]{0,12}`),
	rapid.String(),
)

// visible is what is left of a text that was written and read.
func visible(s string) string {
	return tidy(strings.NewReplacer("\uFFFE", "", "\uFFFF", "").Replace(s))
}

func TestWriteThenRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(rapid.SliceOfN(texts, 1, 5), 1, 5).Draw(t, "rows")
		figures := rapid.SliceOfN(rapid.Int64Range(-999_999_999_999_999, 999_999_999_999_999), 1, 5).Draw(t, "thousandths")
		var out []RowOut
		for _, row := range rows {
			var cells []CellOut
			for _, s := range row {
				cells = append(cells, words(s, 1))
			}
			out = append(out, RowOut{Cells: cells})
		}
		var cells []CellOut
		for _, n := range figures {
			sign := ""
			if n < 0 {
				sign, n = "-", -n
			}
			cells = append(cells, number(fmt.Sprintf("%s%d.%03d", sign, n/1000, n%1000), CellStyle{Look: LookDecimal, Decimals: 3}))
		}
		out = append(out, RowOut{Cells: cells})
		var file bytes.Buffer
		if err := WriteWorkbook(&file, []SheetOut{{Name: "a", Rows: slices.Values(out)}}); err != nil {
			t.Fatal(err)
		}
		b, err := ReadWorkbook(context.Background(), bytes.NewReader(file.Bytes()), int64(file.Len()), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range rows {
			for k, s := range row {
				if got := b.Sheets[0].At(i, k); got.Text != visible(s) || got.Formula {
					t.Fatalf("%q came back as %+v", s, got)
				}
			}
		}
		for k, n := range figures {
			if got, err := b.Sheets[0].At(len(rows), k).Figure(); got != n || err != nil {
				t.Fatalf("%d came back as %d, %v", n, got, err)
			}
		}
	})
}

// big is the report of all communes and wards of the country.
func big(rows, columns int) iter.Seq[RowOut] {
	return func(yield func(RowOut) bool) {
		cells := make([]CellOut, columns)
		for i := range rows {
			for k := range cells {
				cells[k] = number(fmt.Sprintf("%d.%03d", i*k, k), CellStyle{Look: LookDecimal, Decimals: 3})
			}
			cells[0] = words(fmt.Sprintf("Ủy ban Mặt trận Tổ quốc Việt Nam xã số %d", i), 1)
			if !yield(RowOut{Cells: cells}) {
				return
			}
		}
	}
}

func TestLargeReport(t *testing.T) {
	rows := 3321
	if raceDetector {
		rows = 300
	}
	var file bytes.Buffer
	file.Grow(4 << 20)
	took, peak := watch(func() {
		if err := WriteWorkbook(&file, []SheetOut{{Name: "Báo cáo", Rows: big(rows, 60)}}); err != nil {
			t.Fatal(err)
		}
	})
	t.Logf("wrote %d kB in %v with %.1f MB", file.Len()>>10, took, float64(peak)/1e6)
	if peak > 64<<20 {
		t.Errorf("writing took %d MB", peak>>20)
	}
	var b *Workbook
	took, peak = watch(func() {
		var err error
		if b, err = read(t, file.Bytes(), Limits{}); err != nil {
			t.Fatal(err)
		}
	})
	t.Logf("read in %v with %.1f MB", took, float64(peak)/1e6)
	if took > 10*time.Second || peak > 200<<20 {
		t.Errorf("reading took %v and %d MB", took, peak>>20)
	}
	if got := b.Sheets[0].At(rows-1, 59).Text; got != fmt.Sprint(59*(rows-1))+".059" {
		t.Errorf("the last cell is %q", got)
	}
}

// TestHostileFiles measures the most that one accepted or refused file can
// cost within the usual limits.
func TestHostileFiles(t *testing.T) {
	if raceDetector {
		t.Skip("time and memory are measured without the race detector")
	}
	long := noise(6 << 20)
	var unique strings.Builder
	for i := range 499_999 {
		fmt.Fprintf(&unique, "<si><t>%s%d</t></si>", long[i*12:i*12+12], i)
	}
	var cells strings.Builder
	for row := range 4999 {
		cells.WriteString(`<row>`)
		for column := range 100 {
			fmt.Fprintf(&cells, `<c r="%s" t="s"><v>%d</v></c>`, CellRef(row, column), row*100+column)
		}
		cells.WriteString(`</row>`)
	}
	for _, test := range []struct {
		name string
		file []byte
	}{
		{"every cell the limits allow", container("", parts{
			"xl/sharedStrings.xml":     `<sst ` + mainSpace + `>` + unique.String() + `</sst>`,
			"xl/worksheets/sheet1.xml": worksheet(`<sheetData>` + cells.String() + `</sheetData>`),
		}).bytes(t)},
		{"all gaps", container(strings.Repeat(`<row>`+strings.Repeat(`<c/>`, 99)+`<c><v>1</v></c></row>`, 4990), nil).bytes(t)},
		{"empty elements", container(strings.Repeat(`<row/>`, 9<<20), nil).bytes(t)},
		{"empty strings", container("", parts{"xl/sharedStrings.xml": `<sst ` + mainSpace + `>` + strings.Repeat(`<si/>`, 499_999) + `</sst>`}).bytes(t)},
		{"many formulas of arrays", container(strings.Repeat(`<row><c><f t="array" ref="A1:B2"/></c></row>`, 4999), nil).bytes(t)},
		{"long texts", container(`<row>`+strings.Repeat(`<c t="inlineStr"><is><t>`+long[:32000]+`</t></is></c>`, 199)+`</row>`, nil).bytes(t)},
		{"deep", container(strings.Repeat(`<row>`, 1<<20), nil).bytes(t)},
		{"attributes", container(`<row `+strings.Repeat(`a="" `, 200_000)+`/>`, nil).bytes(t)},
	} {
		var err error
		took, peak := watch(func() { _, err = read(t, test.file, Limits{}) })
		t.Logf("%-28s %7d kB %6.0f ms %5.1f MB %v", test.name, len(test.file)>>10, took.Seconds()*1e3, float64(peak)/1e6, err)
		if took > 10*time.Second || peak > 200<<20 {
			t.Errorf("%s: %v, %d MB", test.name, took, peak>>20)
		}
	}
}

// office turns a file into another form by LibreOffice.
func office(t *testing.T, file []byte, name, to string) []byte {
	t.Helper()
	program, err := exec.LookPath("soffice")
	if err != nil {
		t.Skip("LibreOffice is not on this machine")
	}
	dir := t.TempDir()
	in := filepath.Join(dir, name)
	if err := os.WriteFile(in, file, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
	defer stop()
	run := exec.CommandContext(ctx, program, "-env:UserInstallation=file://"+dir+"/profile", "--headless", "--convert-to", to, "--outdir", dir, in)
	if out, err := run.CombinedOutput(); err != nil {
		t.Fatalf("soffice: %v\n%s", err, out)
	}
	end, _, _ := strings.Cut(to, ":")
	b, err := os.ReadFile(strings.TrimSuffix(in, filepath.Ext(in)) + "." + end)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestLibreOfficeOpensWhatWasWritten(t *testing.T) {
	file := written(t, form())
	text := office(t, file, "form.xlsx", "csv:Text - txt - csv (StarCalc):44,34,76,1")
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil || len(rows) != 4 || rows[2][1] != "=1+1" || rows[3][1] != "Hộ nghèo <5% & \"giảm\"\ncuối kỳ" || rows[2][4] != "20/11/2026" {
		t.Errorf("LibreOffice read %q, %v", rows, err)
	}
	if pdf := office(t, file, "form.xlsx", "pdf"); !bytes.HasPrefix(pdf, []byte("%PDF")) {
		t.Errorf("the PDF begins with %q", pdf[:min(8, len(pdf))])
	}
	again, err := read(t, office(t, file, "form.xlsx", "xlsx:Calc MS Excel 2007 XML"), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	mine, err := read(t, file, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := show(again.Sheet("so lieu")), show(mine.Sheet("so lieu")); got != want {
		t.Errorf("after LibreOffice %s\nbefore %s", got, want)
	}
}
