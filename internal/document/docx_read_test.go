package document

import (
	"archive/zip"
	"bytes"
	"strings"
	"testing"

	"dongthuan/internal/fault"
)

func docxOf(t testing.TB, xml string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create("word/document.xml")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(xml)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const wordNS = `<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>`

func TestReadDOCX(t *testing.T) {
	for _, c := range []struct{ name, xml, want, refused string }{
		{"paragraphs", wordNS + `<w:p><w:r><w:t>Kính thưa</w:t></w:r><w:r><w:t xml:space="preserve"> hội nghị</w:t></w:r></w:p><w:p/><w:p/><w:p><w:r><w:t>Một</w:t><w:br/><w:t>hai</w:t></w:r></w:p></w:body></w:document>`, "Kính thưa hội nghị\n\nMột\nhai", ""},
		{"deleted words", wordNS + `<w:p><w:del><w:r><w:delText>cũ</w:delText><w:t>cũ</w:t></w:r></w:del><w:ins><w:r><w:t>mới</w:t></w:r></w:ins></w:p></w:body></w:document>`, "mới", ""},
		{"a table", wordNS + `<w:tbl><w:tr><w:tc><w:p><w:r><w:t>a</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>b</w:t></w:r></w:p></w:tc></w:tr></w:tbl></w:body></w:document>`, "a \tb", ""},
		{"a field's code", wordNS + `<w:p><w:r><w:instrText> PAGE </w:instrText></w:r><w:r><w:t>5</w:t></w:r></w:p></w:body></w:document>`, "5", ""},
		{"nothing", wordNS + `<w:p/></w:body></w:document>`, "", "document.docx.empty"},
		{"cut off", wordNS + `<w:p><w:r><w:t>a`, "", "document.docx.bad"},
		{"too long", wordNS + `<w:p><w:r><w:t>` + strings.Repeat("ă", 101) + `</w:t></w:r></w:p></w:body></w:document>`, "", "document.docx.long"},
	} {
		b := docxOf(t, c.xml)
		got, err := ReadDOCX(bytes.NewReader(b), int64(len(b)), 100)
		refused := ""
		if err != nil {
			refused = fault.All(err)[0].Text
		}
		if got != c.want || refused != c.refused {
			t.Errorf("%s: %q, %q", c.name, got, refused)
		}
	}
	if _, err := ReadDOCX(strings.NewReader("PK"), 2, 100); fault.KindOf(err) != fault.Invalid {
		t.Errorf("no archive: %v", err)
	}
}

// TestReadBack: the words of what we write are read again.
func TestReadBack(t *testing.T) {
	d := sample()
	d.Body = append(d.Body, Contents{[]Entry{{"bai1", "1. Một"}}}, PageBreak{}, Heading{Level: 1, Text: "Bài một", Mark: "bai1"}, Picture{PNG: []byte("png"), MM: 20, Words: "Mã"})
	for _, l := range []Layout{ND30, Party05} {
		var b bytes.Buffer
		if err := WriteAll(&b, l, []Document{d, d}); err != nil {
			t.Fatal(err)
		}
		text, err := ReadDOCX(bytes.NewReader(b.Bytes()), int64(b.Len()), 100_000)
		if err != nil || strings.Count(text, "BÀI MỘT") != 2 || !strings.Contains(text, "Đoạn <một> & hai") || strings.Contains(text, "PAGEREF") {
			t.Errorf("%s: %v %.300q", l.Name, err, text)
		}
	}
	if err := WriteAll(&bytes.Buffer{}, ND30, nil); err == nil {
		t.Error("no document was written")
	}
}

func FuzzReadDOCX(f *testing.F) {
	f.Add([]byte(wordNS + `<w:p><w:r><w:t>a</w:t></w:r></w:p></w:body></w:document>`))
	f.Add([]byte(`<a><t>b</t></del></tc>`))
	f.Fuzz(func(t *testing.T, xml []byte) {
		b := docxOf(t, string(xml))
		text, err := ReadDOCX(bytes.NewReader(b), int64(len(b)), 1000)
		if err == nil && (text == "" || len([]rune(text)) > 1000+2) || err != nil && fault.KindOf(err) == fault.Internal {
			t.Errorf("%q, %v", text, err)
		}
	})
}
