package document

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"html"
	"io"
	"math"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

func sample() Document {
	return Document{Superior: "Thành phố Hà Thanh", Issuer: "Cụm thi đua số 3", Number: "05/BC-CTĐ", Place: "Cầu Mây", Date: time.Date(2026, 2, 5, 9, 0, 0, 0, time.UTC),
		TypeName: "Báo cáo", Abstract: "Sơ kết 6 tháng", Addressees: []string{"Ban Tuyên giáo"},
		Body: []Block{Heading{Level: 1, Ordinal: "I", Text: "Kết quả"}, Heading{Level: 2, Ordinal: "1", Text: "Công tác"}, Plain("Đoạn <một> & hai\x01."), List{[]string{"a"}},
			Table{Columns: []Column{{"TT", 1, Center}, {"Tên", 5, Left}}, Rows: [][]string{{"1", "Một"}, {"2"}}}, Plain("Hết.")},
		Signature: Signature{"TM. Cụm", "Cụm trưởng", ""}, Recipients: []string{"Như trên;", "Lưu: VT."},
		Annexes: []Annex{{Number: "I", Title: "Dọc"}, {Number: "II", Title: "Ngang", Landscape: true}, {Number: "III", Title: "Dọc"}}}
}

func docxParts(t *testing.T, d Document, l Layout) map[string]string {
	t.Helper()
	var b bytes.Buffer
	if err := d.WriteDOCX(&b, l); err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r)
		if err := errors.Join(err, r.Close()); err != nil {
			t.Fatal(err)
		}
		all[f.Name] = string(body)
		dec := xml.NewDecoder(bytes.NewReader(body))
		for {
			if _, err := dec.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s is not well formed: %v", f.Name, err)
			}
		}
	}
	return all
}

// TestLayouts holds the numbers of the two official layouts (doc/formats.md).
func TestLayouts(t *testing.T) {
	for _, test := range []struct {
		layout Layout
		want   []string
		not    []string
	}{
		{ND30, []string{"CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc", ">Số: 05/BC-CTĐ<", "Cầu Mây, ngày 05 tháng 02 năm 2026", ">I. KẾT QUẢ<", "Hết./.",
			`w:top="1134" w:right="1134" w:bottom="1134" w:left="1701"`, `<w:ind w:firstLine="720"/>`, "Kính gửi: Ban Tuyên giáo", "- Như trên;", "- Lưu: VT."}, []string{">*<", "ĐẢNG CỘNG SẢN"}},
		{Party05, []string{"ĐẢNG CỘNG SẢN VIỆT NAM", ">*<", ">Số 05/BC-CTĐ<", ">I- KẾT QUẢ<", ">-----<", `w:right="850"`, `<w:ind w:firstLine="567"/>`, `w:line="360" w:lineRule="exact"`,
			`<w:u w:val="single"/>`, "- Như trên,"}, []string{"Độc lập", "./.", ">Số: "}},
	} {
		t.Run(test.layout.Name, func(t *testing.T) {
			body := docxParts(t, sample(), test.layout)["word/document.xml"]
			for _, want := range test.want {
				if !strings.Contains(body, want) {
					t.Errorf("lacks %s", want)
				}
			}
			for _, not := range test.not {
				if strings.Contains(body, not) {
					t.Errorf("has %s", not)
				}
			}
			if got := strings.Count(body, `w:orient="landscape"`); got != 1 || strings.Index(body, `w:orient="landscape"`) < strings.Index(body, "NGANG") || strings.Index(body, `w:orient="landscape"`) > strings.LastIndex(body, "DỌC") {
				t.Errorf("%d sections are landscape, want the second annex alone", got)
			}
			if !strings.Contains(body, "Đoạn &lt;một&gt; &amp; hai") || strings.Contains(body, "\x01") {
				t.Error("text is not escaped")
			}
		})
	}
	if styles := docxParts(t, sample(), ND30)["word/styles.xml"]; !strings.Contains(styles, `w:eastAsia="Times New Roman" w:cs="Times New Roman"`) {
		t.Error("a run could be set in another face")
	}
}

func TestSameDocumentSameBytes(t *testing.T) {
	var a, b bytes.Buffer
	if err := errors.Join(sample().WriteDOCX(&a, ND30), sample().WriteDOCX(&b, ND30)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("the same document gives other bytes")
	}
}

func TestDateLeftOpen(t *testing.T) {
	d := sample()
	d.Date, d.Number = time.Time{}, ""
	body := docxParts(t, d, ND30)["word/document.xml"]
	if !strings.Contains(body, "ngày ..... tháng") || !strings.Contains(body, "Số: ........") {
		t.Error("a document without number and date leaves no room for them")
	}
}

var runText = regexp.MustCompile(`<w:t [^>]*>([^<]*)</w:t>`)

// paragraphs returns the texts of a text, without the empty ones.
func paragraphs(body string) []string {
	var all []string
	for _, p := range strings.Split(body, "</w:p>") {
		line := ""
		for _, m := range runText.FindAllStringSubmatch(p, -1) {
			line += html.UnescapeString(m[1])
		}
		if line != "" {
			all = append(all, line)
		}
	}
	return all
}

// rules returns the lengths in mm of the rules, from the top of the left column.
func rules(t *testing.T, d Document, l Layout) []float64 {
	t.Helper()
	var all []float64
	for _, m := range regexp.MustCompile(`<w:tblW w:w="(\d+)" w:type="dxa"/><w:jc w:val="center"/><w:tblLayout w:type="fixed"/></w:tblPr>`).FindAllStringSubmatch(docxParts(t, d, l)["word/document.xml"], -1) {
		n, err := strconv.Atoi(m[1])
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, float64(n)*25.4/1440)
	}
	return all
}

// TestRules holds the lengths of the rules against lines measured in the font: the
// motto's and the Party's name have one of their own length, the issuer and the
// abstract one of a third to a half.
func TestRules(t *testing.T) {
	d := sample()
	near := func(name string, got, least, most float64) {
		t.Helper()
		if got < least-.3 || got > most+.3 {
			t.Errorf("%s: rule of %.1f mm, want %.1f to %.1f", name, got, least, most)
		}
	}
	got := rules(t, d, ND30)
	if len(got) != 3 {
		t.Fatalf("nd30 has %d rules, want 3", len(got))
	}
	near("issuer", got[0], 42.3/3, 42.3/2)
	near("motto", got[1], 60.5, 60.5)
	near("abstract", got[2], 30.3/3, 30.3/2)
	d.Issuer = "Ủy ban nhân dân phường Cầu Mây, thành phố Hà Thanh"
	near("issuer of several lines", rules(t, d, ND30)[0], ND30.HeadLeft*.8/3, ND30.HeadLeft/2)
	d.Issuer, d.Abstract = "Sở", strings.Repeat("Sơ kết phong trào thi đua ", 5)
	got = rules(t, d, ND30)
	near("short issuer", got[0], 6.1/3, 6.1/2)
	near("abstract of several lines", got[2], 160*.8/3, 160./2)
	if got := rules(t, d, Party05); len(got) != 1 {
		t.Errorf("dang-05hd has %d rules, want 1", len(got))
	} else {
		near("Party", got[0], 72.9, 72.9)
	}
}

// TestHeadRow: however many lines the names take, number and date share a row.
func TestHeadRow(t *testing.T) {
	d := sample()
	d.Superior, d.Issuer = strings.Repeat("Thành phố Hà Thanh ", 3), strings.Repeat("Cụm thi đua số 3 ", 6)
	for _, l := range []Layout{ND30, Party05} {
		found := false
		for _, row := range strings.Split(docxParts(t, d, l)["word/document.xml"], "<w:tr>") {
			row, _, _ = strings.Cut(row, "</w:tr>")
			all := paragraphs(row)
			found = found || len(all) == 2 && strings.HasPrefix(all[0], "Số") && strings.HasPrefix(all[1], "Cầu Mây, ngày")
		}
		if !found {
			t.Errorf("%s: no row has the number left and the date right", l.Name)
		}
	}
}

func TestNumber(t *testing.T) {
	for _, test := range []struct {
		number, want string
		layout       Layout
	}{
		{"5/BC-CTĐ", "Số: 05/BC-CTĐ", ND30},
		{"05/BC-CTĐ", "Số: 05/BC-CTĐ", ND30},
		{"15/BC-CTĐ", "Số: 15/BC-CTĐ", ND30},
		{"", "Số: ........", ND30},
		{"5-BC/ĐU", "Số 05-BC/ĐU", Party05},
		{"105-BC/ĐU", "Số 105-BC/ĐU", Party05},
	} {
		d := sample()
		d.Number = test.number
		if all := paragraphs(docxParts(t, d, test.layout)["word/document.xml"]); !slices.Contains(all, test.want) {
			t.Errorf("number %q: no %q in %q", test.number, test.want, all)
		}
	}
}

// TestAnnexHead holds form 2.1 of Annex III of the decree, and the Party's way to
// cite.
func TestAnnexHead(t *testing.T) {
	d := sample()
	d.Number = "5/BC-CTĐ"
	open := d
	open.Number, open.Date, open.Annexes = "", time.Time{}, []Annex{{Title: "Số liệu"}}
	for _, test := range []struct {
		d      Document
		layout Layout
		want   []string
	}{
		{d, ND30, []string{"Phụ lục II", "NGANG", "(Kèm theo Báo cáo số 05/BC-CTĐ ngày 05 tháng 02 năm 2026 của Cụm thi đua số 3)"}},
		{d, Party05, []string{"Phụ lục II", "NGANG", "(Kèm theo Báo cáo số 05/BC-CTĐ, ngày 05/02/2026 của Cụm thi đua số 3)"}},
		{open, ND30, []string{"Phụ lục", "SỐ LIỆU", "(Kèm theo Báo cáo số ........ ngày ..... tháng ..... năm ..... của Cụm thi đua số 3)"}},
	} {
		all := paragraphs(docxParts(t, test.d, test.layout)["word/document.xml"])
		if i := slices.Index(all, test.want[0]); i < 0 || i+3 > len(all) || !slices.Equal(all[i:i+3], test.want) {
			t.Errorf("%s: no head %q in %q", test.layout.Name, test.want, all)
		}
	}
}

// TestEnd: the sign that closes the text stands after the last item of a list and
// alone after a table, in the annexes too; the Party's full stop needs a sentence.
func TestEnd(t *testing.T) {
	table := Table{Columns: []Column{{"Tên", 5, Left}}, Rows: [][]string{{"Một"}}}
	for _, test := range []struct {
		last        Block
		nd30, party []string
	}{
		{Plain("Hết."), []string{"Hết./."}, []string{"Hết."}},
		{Plain("Hết./."), []string{"Hết./."}, []string{"Hết."}},
		{List{[]string{"một;", "hai."}}, []string{"- một;", "- hai./."}, []string{"- một;", "- hai."}},
		{table, []string{"Một", "./."}, []string{"Một"}},
		{Heading{Level: 1, Ordinal: "II", Text: "Trống"}, []string{"II. TRỐNG", "./."}, []string{"II- TRỐNG"}},
	} {
		d := sample()
		d.Body = []Block{Plain("Đầu."), test.last}
		d.Annexes = []Annex{{Title: "Số liệu", Body: []Block{test.last}}}
		for l, want := range map[*Layout][]string{&ND30: test.nd30, &Party05: test.party} {
			all := paragraphs(docxParts(t, d, *l)["word/document.xml"])
			body := all[slices.Index(all, "Đầu.")+1 : slices.Index(all, "Nơi nhận:")]
			head := slices.IndexFunc(all, func(s string) bool { return strings.HasPrefix(s, "(Kèm theo") })
			for place, got := range map[string][]string{"body": body, "annex": all[head+1:]} {
				if table, ok := test.last.(Table); ok {
					got = got[len(table.Columns):] // without its head
				}
				if !slices.Equal(got, want) {
					t.Errorf("%s: the %s ends in %q, want %q", l.Name, place, got, want)
				}
			}
		}
	}
}

// TestPages converts both layouts with LibreOffice and reads the pages: the
// national heading stands on one line, number and date share a base line, the rule
// is as long as the text above it, and the annexes follow.
func TestPages(t *testing.T) {
	if _, ok := Converter(); !ok {
		t.Skip("LibreOffice is not installed")
	}
	for l, above := range map[*Layout][2]string{&ND30: {"Độc", "phúc"}, &Party05: {"ĐẢNG", "NAM"}} {
		var b bytes.Buffer
		if err := sample().WriteDOCX(&b, *l); err != nil {
			t.Fatal(err)
		}
		pdf, err := ToPDF(t.Context(), b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		read := func(how string) string {
			cmd := exec.Command("pdftotext", how, "-", "-")
			cmd.Stdin = bytes.NewReader(pdf)
			out, err := cmd.Output()
			if err != nil {
				t.Skip("pdftotext is not installed")
			}
			return string(out)
		}
		out := read("-layout")
		if pages := strings.Count(out, "\f"); pages != 4 {
			t.Errorf("%s: %d pages, want 4", l.Name, pages)
		}
		if !strings.Contains(out, l.Nation) {
			t.Errorf("%s: %q is broken into two lines:\n%s", l.Name, l.Nation, out)
		}
		boxes := read("-bbox")
		box := func(word string) (at [4]float64) {
			m := regexp.MustCompile(`xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">` + word + `<`).FindStringSubmatch(boxes)
			if m == nil {
				t.Fatalf("%s: no word %q", l.Name, word)
			}
			for i := range at {
				at[i], _ = strconv.ParseFloat(m[i+1], 64)
			}
			return at
		}
		if number, day := box("Số:?")[3], box("ngày")[3]; math.Abs(number-day) > 1 {
			t.Errorf("%s: the number stands at %.1f pt, place and date at %.1f pt", l.Name, number, day)
		}
		text := (box(above[1])[2] - box(above[0])[0]) * 25.4 / 72
		if !slices.ContainsFunc(rules(t, sample(), *l), func(mm float64) bool { return math.Abs(mm-text) < .5 }) {
			t.Errorf("%s: no rule is as long as the %.1f mm of %s … %s", l.Name, text, above[0], above[1])
		}
	}
}
