package document

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"dongthuan/internal/fault"
	"dongthuan/internal/lang"

	"golang.org/x/text/unicode/norm"
)

// key returns the text key of a refusal, "" when err is nil or has no words.
func key(err error) string {
	if l := fault.All(err); l != nil {
		return l[0].Text
	}
	return ""
}

func readWords(t testing.TB) lang.Catalog {
	t.Helper()
	b, err := os.ReadFile("text_xlsx.json")
	if err != nil {
		t.Fatal(err)
	}
	c, err := lang.Load(b)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// parts are the files of a container. container gives a workbook of one sheet
// with these rows, and parts over or beside its own.
type parts map[string]string

func container(rows string, more parts) parts {
	p := parts{
		"[Content_Types].xml": `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
			`<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>`,
		"_rels/.rels": `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="` + relSpace + `/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
		"xl/workbook.xml": `<workbook ` + mainSpace + ` xmlns:r="` + relSpace + `"><sheets>` +
			`<sheet name="Số liệu" sheetId="1" r:id="r1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": relations("worksheet", "worksheets/sheet1.xml", "sharedStrings", "sharedStrings.xml", "styles", "styles.xml"),
		"xl/worksheets/sheet1.xml":   worksheet(`<sheetData>` + rows + `</sheetData>`),
		"xl/styles.xml": `<styleSheet ` + mainSpace + `><numFmts><numFmt numFmtId="170" formatCode="dd/mm/yyyy;@"/>` +
			`<numFmt numFmtId="171" formatCode="[h]:mm"/><numFmt numFmtId="172" formatCode="#,##0 &quot;đồng/ngày&quot;"/></numFmts>` +
			`<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="170"/><xf numFmtId="22"/><xf numFmtId="20"/><xf numFmtId="171"/><xf numFmtId="172"/></cellXfs></styleSheet>`,
	}
	maps.Copy(p, more)
	return p
}

func worksheet(inside string) string {
	return `<worksheet ` + mainSpace + `>` + inside + `</worksheet>`
}

// relations takes kinds and targets by turns.
func relations(of ...string) string {
	var b strings.Builder
	b.WriteString(`<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`)
	for i := 0; i < len(of); i += 2 {
		fmt.Fprintf(&b, `<Relationship Id="r%d" Type="%s/%s" Target="%s"/>`, i/2+1, relSpace, of[i], of[i+1])
	}
	return b.String() + `</Relationships>`
}

func (p parts) bytes(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(p)) {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(p[name])); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(t testing.TB, file []byte, lim Limits) (*Workbook, error) {
	t.Helper()
	return ReadWorkbook(t.Context(), bytes.NewReader(file), int64(len(file)), lim)
}

// show writes the cells that say something, one a word.
func show(s *Sheet) string {
	var words []string
	for _, cells := range s.Rows {
		for _, c := range cells {
			if c.Kind == CellEmpty && !c.Formula && !c.Merged {
				continue
			}
			mark := ""
			if c.Formula {
				mark += "="
			}
			if c.Merged {
				mark += "+"
			}
			words = append(words, fmt.Sprintf("%s%s:%c:%s", c.Ref, mark, "-tnbde"[c.Kind], c.Text))
		}
	}
	return strings.Join(words, " ")
}

func TestReadCells(t *testing.T) {
	shared := parts{"xl/sharedStrings.xml": `<sst ` + mainSpace + `><si><t>một</t></si>` +
		`<si><r><rPr><b/></rPr><t>hai</t></r><r><t xml:space="preserve"> ba</t></r><rPh sb="0" eb="1"><t>X</t></rPh></si></sst>`}
	for _, test := range []struct {
		name, rows, want string
		more             parts
	}{
		{"shared strings", `<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row>`, "A1:t:một B1:t:hai ba", shared},
		{"inline string in runs", `<row r="1"><c r="A1" t="inlineStr"><is><r><t>bốn </t></r><r><t>năm</t></r></is></c></row>`, "A1:t:bốn năm", nil},
		{"blanks and invisible signs", "<row><c t='inlineStr'><is><t>\u00a0\u200b Xã\u00a0A\u200d \ufeff</t></is></c></row>", "A1:t:Xã A", nil},
		{"NFD becomes NFC", `<row><c t="inlineStr"><is><t>` + norm.NFD.String("Điều động") + `</t></is></c></row>`, "A1:t:Điều động", nil},
		{"only blanks", `<row><c t="inlineStr"><is><t> </t></is></c></row>`, "", nil},
		{"escaped character", `<row><c t="inlineStr"><is><t>a_x000D_b_x005F_x000D_</t></is></c></row>`, "A1:t:ab_x000D_", nil},
		{"bool", `<row><c t="b"><v>1</v></c><c t="b"><v>0</v></c></row>`, "A1:b:true B1:b:false", nil},
		{"error", `<row><c t="e"><v>#REF!</v></c></row>`, "A1:e:#REF!", nil},
		{"numbers", `<row><c><v>1</v></c><c><v>4.2000000000000002</v></c><c><v>1.2300000000000001</v></c><c><v>0.30000000000000004</v></c></row>`, "A1:n:1 B1:n:4.2 C1:n:1.23 D1:n:0.3", nil},
		{"exponents", `<row><c><v>1E-3</v></c><c><v>1.5e3</v></c><c><v>1e20</v></c></row>`, "A1:n:0.001 B1:n:1500 C1:n:100000000000000000000", nil},
		{"negative and absurd", `<row><c><v>-12.5</v></c><c><v>-0</v></c><c><v>9007199254740991</v></c><c><v>1e999</v></c><c><v>0x1F</v></c><c><v>1_000</v></c><c><v>NaN</v></c></row>`, "A1:n:-12.5 B1:n:0 C1:n:9007199254740991 D1:e:1e999 E1:e:0x1F F1:e:1_000 G1:e:NaN", nil},
		{"dates by format", `<row><c s="1"><v>46346</v></c><c s="2"><v>46346.99</v></c><c s="3"><v>46346.5</v></c><c s="4"><v>0.354166666666667</v></c></row>`, "A1:d:2026-11-20 B1:d:2026-11-20 C1:d:2026-11-20T12:00:00 D1:d:08:30:00", nil},
		{"not dates", `<row><c s="5"><v>1.5</v></c><c s="6"><v>46346</v></c><c s="1"><v>-1</v></c><c s="1"><v>60</v></c><c s="1"><v>3000000</v></c><c s="99"><v>5</v></c></row>`, "A1:n:1.5 B1:n:46346 C1:n:-1 D1:n:60 E1:n:3000000 F1:n:5", nil},
		{"first days of 1900", `<row><c s="1"><v>1</v></c><c s="1"><v>59</v></c><c s="1"><v>61</v></c></row>`, "A1:d:1900-01-01 B1:d:1900-02-28 C1:d:1900-03-01", nil},
		{"dates as text stay text", `<row><c t="inlineStr"><is><t>20/11/2026</t></is></c></row>`, "A1:t:20/11/2026", nil},
		{"written dates", `<row><c t="d"><v>2026-11-20</v></c><c t="d"><v>2026-11-20T08:30:00</v></c></row>`, "A1:d:2026-11-20 B1:d:2026-11-20T08:30:00", nil},
		{"formulas", `<row><c><f>1+1</f><v>2</v></c><c t="str"><f>"a"</f><v>a</v></c><c><f t="shared" si="0"/></c></row>`, "A1=:n:2 B1=:t:a C1=:-:", nil},
		{"array formula", `<row><c><f t="array" ref="A1:A2">B1:B2</f><v>2</v></c></row><row><c><v>3</v></c></row>`, "A1=:n:2 A2=:n:3", nil},
		{"places left out", `<row><c><v>1</v></c><c r="D1"><v>2</v></c><c><v>3</v></c></row><row><c><v>4</v></c></row><row r="5"><c><v>5</v></c></row>`, "A1:n:1 D1:n:2 E1:n:3 A2:n:4 A5:n:5", nil},
		{"rows out of order", `<row r="3"><c r="A3"><v>3</v></c></row><row r="1"><c r="A1"><v>1</v></c></row>`, "A1:n:1 A3:n:3", nil},
		{"coloured cells do not count", `<row r="1048576"><c r="XFD1048576" s="1"/></row><row r="1"><c r="A1"><v>1</v></c></row>`, "A1:n:1", nil},
		{"no shared strings part", `<row><c t="s"/><c><v>1</v></c></row>`, "B1:n:1", nil},
		{"wrong dimension", "", "B2:n:7", parts{"xl/worksheets/sheet1.xml": worksheet(`<dimension ref="A1:XFD1048576"/><sheetData><row r="2"><c r="B2"><v>7</v></c></row></sheetData>`)}},
		{"merged", "", "A1+:t:x B1+:-: A2+:-: B2+:-: C2:n:1", parts{"xl/worksheets/sheet1.xml": worksheet(
			`<sheetData><row><c t="inlineStr"><is><t>x</t></is></c></row><row><c/><c><v>9</v></c><c><v>1</v></c></row></sheetData><mergeCells><mergeCell ref="A1:B2"/></mergeCells>`)}},
		{"merged to the end of the sheet", "", "A1+:n:1", parts{"xl/worksheets/sheet1.xml": worksheet(
			`<sheetData><row><c><v>1</v></c></row></sheetData><mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>`)}},
		{"1904", `<row><c s="1"><v>0</v></c><c s="1"><v>44884</v></c></row>`, "A1:d:1904-01-01 B1:d:2026-11-20", parts{"xl/workbook.xml": `<workbook ` + mainSpace + ` xmlns:r="` + relSpace + `"><workbookPr date1904="1"/><sheets><sheet name="a" r:id="r1"/></sheets></workbook>`}},
		{"strict, prefixed, absolute, backslashes", "", "A1:n:1", parts{
			"_rels/.rels":                `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://purl.oclc.org/ooxml/officeDocument/relationships/officeDocument" Target="/xl/workbook.xml"/></Relationships>`,
			"xl/_rels/workbook.xml.rels": relations("worksheet", `worksheets\Sheet1.XML`),
			"xl/worksheets/sheet1.xml":   `<x:worksheet xmlns:x="http://purl.oclc.org/ooxml/spreadsheetml/main"><x:sheetData><x:row><x:c><x:v>1</x:v></x:c></x:row></x:sheetData></x:worksheet>`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			b, err := read(t, container(test.rows, test.more).bytes(t), Limits{})
			if err != nil {
				t.Fatal(err)
			}
			checkWorkbook(t, test.name, b)
			if got := show(&b.Sheets[0]); got != test.want {
				t.Errorf("read %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	words := readWords(t)
	deep := strings.Repeat("<a>", 100) + strings.Repeat("</a>", 100)
	lol := `<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>`
	sheet := func(xml string) parts { return parts{"xl/worksheets/sheet1.xml": xml} }
	types := func(kind string) parts {
		return parts{"[Content_Types].xml": `<Types><Override PartName="/xl/workbook.xml" ContentType="application/vnd.` + kind + `"/></Types>`}
	}
	small := Limits{Rows: 10, Columns: 5, Cells: 20, Shared: 3, Sheets: 1, Entries: 20}
	for _, test := range []struct {
		name string
		file []byte
		want string
	}{
		{"nothing", nil, "document.xlsx.empty"},
		{"text", []byte("Mã;Tên\n1;A\n"), "document.xlsx.other"},
		{"PDF", []byte("%PDF-1.7 and so on"), "document.xlsx.other"},
		{"cut zip", container("", nil).bytes(t)[:200], "document.xlsx.broken"},
		{"other zip", parts{"a.txt": "a"}.bytes(t), "document.xlsx.other"},
		{"OpenDocument", parts{"mimetype": "x", "META-INF/manifest.xml": "x"}.bytes(t), "document.xlsx.opendocument"},
		{"old Excel", []byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1" + strings.Repeat("\x00", 600)), "document.xlsx.old"},
		{"encrypted", []byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1" + strings.Repeat("\x00", 65520) + string(wide("EncryptedPackage"))), "document.xlsx.password"},
		{"Word", container("", types("openxmlformats-officedocument.wordprocessingml.document.main+xml")).bytes(t), "document.xlsx.word"},
		{"xlsb", container("", types("ms-excel.sheet.binary.macroEnabled.main")).bytes(t), "document.xlsx.binary"},
		{"xlsm", container("", types("ms-excel.sheet.macroEnabled.main+xml")).bytes(t), "document.xlsx.macro"},
		{"macro project", container("", parts{"xl/vbaProject.bin": "x"}).bytes(t), "document.xlsx.macro"},
		{"macro project by another name", container("", parts{"xl/_rels/workbook.xml.rels": relations("worksheet", "worksheets/sheet1.xml", "vbaProject", "notes.xml")}).bytes(t), "document.xlsx.macro"},
		{"macro sheet", container("", parts{"xl/_rels/workbook.xml.rels": relations("xlMacrosheet", "worksheets/sheet1.xml")}).bytes(t), "document.xlsx.macro"},
		{"link to another file", container("", parts{"xl/externalLinks/externalLink1.xml": "<x/>"}).bytes(t), "document.xlsx.external"},
		{"link by another name", container("", parts{"xl/_rels/workbook.xml.rels": relations("externalLink", "a.xml")}).bytes(t), "document.xlsx.external"},
		{"embedded file", container("", parts{"xl/worksheets/_rels/sheet1.xml.rels": relations("oleObject", "a.bin")}).bytes(t), "document.xlsx.embedded"},
		{"entities", container("", sheet(lol+worksheet(`<sheetData><row><c><v>&b;</v></c></row></sheetData>`))).bytes(t), "document.xlsx.doctype"},
		{"outside entity", container("", parts{"_rels/.rels": `<!DOCTYPE x SYSTEM "file:///etc/passwd"><Relationships/>`}).bytes(t), "document.xlsx.doctype"},
		{"entity without a type", container(`<row><c><v>&xxe;</v></c></row>`, nil).bytes(t), "document.xlsx.broken"},
		{"UTF-16", container("", sheet("\xff\xfe<\x00a\x00/\x00>\x00")).bytes(t), "document.xlsx.broken"},
		{"other charset", container("", sheet(`<?xml version="1.0" encoding="UTF-16"?>`+worksheet(""))).bytes(t), "document.xlsx.broken"},
		{"deep", container("", sheet(worksheet(deep))).bytes(t), "document.xlsx.broken"},
		{"tag without end", container("", sheet(`<worksheet a="`+noise(3<<20)+`"/>`)).bytes(t), "document.xlsx.broken"},
		{"cut sheet", container("", sheet(`<worksheet `+mainSpace+`><sheetData>`)).bytes(t), "document.xlsx.broken"},
		{"empty sheet part", container("", sheet("")).bytes(t), "document.xlsx.broken"},
		{"sheet of nothing known", container("", sheet(`<worksheet xmlns="urn:x"/>`)).bytes(t), "document.xlsx.broken"},
		{"no sheets", container("", parts{"xl/workbook.xml": `<workbook ` + mainSpace + `/>`}).bytes(t), "document.xlsx.nosheet"},
		{"sheet leads nowhere", container("", parts{"xl/_rels/workbook.xml.rels": relations()}).bytes(t), "document.xlsx.broken"},
		{"too many sheets", container("", parts{"xl/workbook.xml": `<workbook ` + mainSpace + ` xmlns:r="` + relSpace + `"><sheets>` +
			strings.Repeat(`<sheet name="a" r:id="r1"/>`, 2) + `</sheets></workbook>`}).bytes(t), "document.xlsx.sheets"},
		{"too many rows", container(`<row r="11"><c r="A11"><v>1</v></c></row>`, nil).bytes(t), "document.xlsx.rows"},
		{"huge row", container(`<row r="1048576"><c><v>1</v></c></row>`, nil).bytes(t), "document.xlsx.rows"},
		{"impossible row", container(`<row r="99999999999999999999"><c><v>1</v></c></row>`, nil).bytes(t), "document.xlsx.broken"},
		{"row zero", container(`<row r="0"><c><v>1</v></c></row>`, nil).bytes(t), "document.xlsx.broken"},
		{"too many columns", container(`<row><c r="F1"><v>1</v></c></row>`, nil).bytes(t), "document.xlsx.columns"},
		{"impossible column", container(`<row><c r="ZZZZ1"><v>1</v></c></row>`, nil).bytes(t), "document.xlsx.broken"},
		{"too many cells", container(strings.Repeat(`<row><c r=""><v>1</v></c><c/><c/><c/><c><v>1</v></c></row>`, 5), nil).bytes(t), "document.xlsx.cells"},
		{"too many strings", container("", parts{"xl/sharedStrings.xml": `<sst ` + mainSpace + `>` + strings.Repeat(`<si/>`, 4) + `</sst>`}).bytes(t), "document.xlsx.cells"},
		{"cell of another row", container(`<row r="1"><c r="A2"><v>1</v></c></row>`, nil).bytes(t), "document.xlsx.broken"},
		{"cell twice", container(`<row r="1"><c r="A1"><v>1</v></c><c r="A1"><v>2</v></c></row>`, nil).bytes(t), "document.xlsx.twice"},
		{"row twice", container(`<row r="1"><c><v>1</v></c></row><row r="1"><c><v>2</v></c></row>`, nil).bytes(t), "document.xlsx.twice"},
		{"no such string", container(`<row><c t="s"><v>5</v></c></row>`, nil).bytes(t), "document.xlsx.broken"},
		{"unknown type", container(`<row><c t="x"><v>5</v></c></row>`, nil).bytes(t), "document.xlsx.broken"},
		{"long text", container(`<row><c t="inlineStr"><is><t>`+strings.Repeat("ư", maxText+1)+`</t></is></c></row>`, nil).bytes(t), "document.xlsx.text"},
		{"text in pieces without end", container(`<row><c t="inlineStr"><is><t>`+strings.Repeat(noise(900<<10)+`<!-- -->`, 4)+`</t></is></c></row>`, nil).bytes(t), "document.xlsx.broken"},
		{"overlapping merges", container("", sheet(worksheet(`<sheetData><row r="3"><c r="C3"><v>1</v></c></row></sheetData><mergeCells>`+strings.Repeat(`<mergeCell ref="A1:C3"/>`, 6)+`</mergeCells>`))).bytes(t), "document.xlsx.broken"},
		{"part twice", twice(t), "document.xlsx.broken"},
		{"climbing name", container("", parts{"../../x": "x"}).bytes(t), "document.xlsx.broken"},
		{"zip bomb", container("", sheet(worksheet(`<sheetData>`+strings.Repeat(`<row/>`, 2<<20)+`</sheetData>`))).bytes(t), "document.xlsx.bomb"},
		{"many parts", manyParts(t, 100), "document.xlsx.parts"},
		{"very many parts", manyParts(t, 20_000), "document.xlsx.parts"},
		{"overlapping parts", overlapping(), "document.xlsx.broken"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var err error
			took, peak := watch(func() { _, err = read(t, test.file, small) })
			if got := key(err); got != test.want {
				t.Errorf("refused with %q (%v), want %q", got, err, test.want)
			}
			l := fault.All(err)
			if l == nil {
				return
			}
			if vi := words.Text("vi", l[0].Text, l[0].Args...); strings.Contains(vi, "%!") || strings.Contains(vi, "⟦") {
				t.Errorf("words: %s", vi)
			}
			if took > 5*time.Second || peak > 64<<20 {
				t.Errorf("took %v and %d MB", took, peak>>20)
			}
		})
	}
}

// noise is text that hardly compresses, so that no ratio is what refuses it.
func noise(n int) string {
	b := make([]byte, n)
	x := uint32(1)
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-+"[x>>26]
	}
	return string(b)
}

// twice is a workbook with two parts of one name.
func twice(t *testing.T) []byte {
	p := container("", nil)
	p["xl/worksheets/SHEET1.xml"] = p["xl/worksheets/sheet1.xml"]
	return p.bytes(t)
}

func manyParts(t *testing.T, n int) []byte {
	p := container("", nil)
	for i := range n {
		p[fmt.Sprint(i)] = ""
	}
	return p.bytes(t)
}

// overlapping is an archive whose directory names one packed part many times.
func overlapping() []byte {
	var b, dir bytes.Buffer
	le := binary.LittleEndian
	data := []byte("<x/>")
	header := func(name string) []byte {
		var h []byte
		h = le.AppendUint16(h, 20) // version
		h = le.AppendUint16(h, 0)  // flags
		h = le.AppendUint16(h, 0)  // stored
		h = le.AppendUint32(h, 0x00210000)
		h = le.AppendUint32(h, crc32.ChecksumIEEE(data))
		h = le.AppendUint32(h, uint32(len(data)))
		h = le.AppendUint32(h, uint32(len(data)))
		h = le.AppendUint16(h, uint16(len(name)))
		return le.AppendUint16(h, 0)
	}
	b.WriteString("PK\x03\x04")
	b.Write(header("0"))
	b.WriteString("0")
	b.Write(data)
	for i := range 5 {
		name := fmt.Sprint(i)
		dir.WriteString("PK\x01\x02\x14\x00")
		dir.Write(header(name))
		dir.Write(make([]byte, 2+2+2+4+4))
		dir.WriteString(name)
	}
	end := le.AppendUint16([]byte("PK\x05\x06\x00\x00\x00\x00"), 5)
	end = le.AppendUint16(end, 5)
	end = le.AppendUint32(end, uint32(dir.Len()))
	end = le.AppendUint32(end, uint32(b.Len()))
	b.Write(dir.Bytes())
	b.Write(append(end, 0, 0))
	return b.Bytes()
}

func TestReadStopsWithItsCaller(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	file := container(strings.Repeat(`<row><c><v>1</v></c></row>`, 4000), nil).bytes(t)
	_, err := ReadWorkbook(ctx, bytes.NewReader(file), int64(len(file)), Limits{})
	if err == nil || fault.All(err) != nil {
		t.Errorf("ReadWorkbook = %v, want the end of the context", err)
	}
}

func TestFileTooLarge(t *testing.T) {
	_, err := read(t, make([]byte, 2<<20), Limits{Bytes: 1 << 20})
	if key(err) != "document.xlsx.size" || fault.KindOf(err) != fault.TooLarge {
		t.Errorf("ReadWorkbook = %v", err)
	}
}

func TestSheetIsFoundByFoldedName(t *testing.T) {
	b := &Workbook{[]Sheet{{Name: "Hướng dẫn"}, {Name: "Số liệu Đợt 1", Hidden: true}}}
	for name, want := range map[string]string{
		"Số liệu Đợt 1":                   "Số liệu Đợt 1",
		"so lieu dot 1":                   "Số liệu Đợt 1",
		norm.NFD.String("SỐ LIỆU  ĐỢT 1"): "Số liệu Đợt 1",
		" Huong dan":                      "Hướng dẫn",
	} {
		if s := b.Sheet(name); s == nil || s.Name != want {
			t.Errorf("Sheet(%q) = %v, want %q", name, s, want)
		}
	}
	if s := b.Sheet("khác"); s != nil {
		t.Errorf("Sheet of no such name = %v", s)
	}
}

func TestCellFigure(t *testing.T) {
	for _, test := range []struct {
		cell Cell
		want int64
		key  string
	}{
		{Cell{Kind: CellNumber, Text: "14.825"}, 14825, ""},
		{Cell{Kind: CellText, Text: "14.825"}, 14825000, ""}, // typed words mean thousands
		{Cell{Kind: CellNumber, Text: "-3"}, -3000, ""},
		{Cell{Kind: CellNumber, Text: "-0.5"}, -500, ""},
		{Cell{Kind: CellNumber, Text: "0.1234"}, 0, "lang.number.fine"},
		{Cell{Kind: CellNumber, Text: "99999999999999999999"}, 0, "lang.number.huge"},
		{Cell{Kind: CellEmpty}, 0, "lang.number.empty"},
		{Cell{Kind: CellDate, Text: "2026-11-20"}, 0, "lang.number.bad"},
		{Cell{Kind: CellError, Text: "#REF!"}, 0, "lang.number.bad"},
	} {
		if got, err := test.cell.Figure(); got != test.want || key(err) != test.key {
			t.Errorf("Figure of %v = %d, %v; want %d, %q", test.cell, got, err, test.want, test.key)
		}
	}
}

func TestCellRef(t *testing.T) {
	for want, at := range map[string][2]int{"A1": {0, 0}, "B7": {6, 1}, "Z1": {0, 25}, "AA10": {9, 26}, "ZZ1": {0, 701}, "AAA1": {0, 702}, "XFD1048576": {maxRow - 1, maxColumn - 1}} {
		if got := CellRef(at[0], at[1]); got != want {
			t.Errorf("CellRef(%v) = %s, want %s", at, got, want)
		}
		if row, column, ok := parseRef(want); !ok || row != at[0] || column != at[1] {
			t.Errorf("parseRef(%s) = %d, %d, %v", want, row, column, ok)
		}
	}
	for _, bad := range []string{"", "A", "1", "A0", "XFE1", "A1048577", "A-1", "AAAA1", "A1B", "Ă1"} {
		if _, _, ok := parseRef(bad); ok {
			t.Errorf("parseRef(%q) is ok", bad)
		}
	}
}

// FuzzReadWorkbook changes whole files, and parts inside an otherwise good one:
// random changes of packed bytes seldom get past the checksum.
func FuzzReadWorkbook(f *testing.F) {
	f.Add(container(`<row r="1"><c r="A1" t="inlineStr"><is><t>x</t></is></c><c s="1"><v>46346</v></c></row>`, nil).bytes(f), "")
	f.Add([]byte("PK\x05\x06"), `<row><c r="A1"><f t="array" ref="A1:B2"/><v>1e5</v></c></row>`)
	f.Add([]byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), `<row r="2"><c t="b"><v>1</v></c></row></sheetData><mergeCells><mergeCell ref="A1:C3"/></mergeCells><sheetData>`)
	words := readWords(f)
	f.Fuzz(func(t *testing.T, file []byte, rows string) {
		for _, file := range [][]byte{file, container(rows, nil).bytes(t)} {
			b, err := read(t, file, Limits{Rows: 100, Columns: 30, Cells: 2000, Inflated: 4 << 20})
			if err == nil {
				checkWorkbook(t, "fuzz", b)
			} else if !words.Has(key(err)) {
				t.Errorf("refused without words: %v", err)
			}
		}
	})
}
