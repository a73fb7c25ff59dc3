package evidence

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"image"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"dongthuan/internal/db"
	"dongthuan/internal/db/dbtest"
	"dongthuan/internal/fault"
)

func noon() time.Time { return time.Date(2026, 11, 20, 5, 0, 0, 0, time.UTC) }

func openStore(t testing.TB) (*Store, string) {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "files")
	s, err := New(dbtest.Open(t), folder, noon)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, folder
}

func prepare(t testing.TB, s *Store, body []byte, name string) *Pending {
	t.Helper()
	p, err := s.Prepare(t.Context(), bytes.NewReader(body), name)
	if err != nil {
		t.Fatalf("Prepare %s: %v", name, err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

func key(err error) string {
	if l := fault.All(err); l != nil {
		return l[0].Text
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func cat(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func TestPrepareJudgesByContent(t *testing.T) {
	s, folder := openStore(t)
	jpg, png1 := asJPEG(corners(8, 8)), asPNG(corners(8, 8))
	docx, xlsx := office(t, wordMain), office(t, excelMain)
	zeros := make([]byte, freeInflated+1<<20)
	bomb := archive(t, types(wordMain), entry{"a.xml", zeros})
	many := make([]entry, maxEntries+1)
	for i := range many {
		many[i].name = "p/" + strings.Repeat("x", i%50) + string(rune('a'+i%26)) + hex.EncodeToString([]byte{byte(i >> 8), byte(i)})
	}
	for _, test := range []struct {
		what, name string
		body       []byte
		want       string // key of the refusal, or the kind
	}{
		{"a PDF", "Báo cáo số 05.pdf", pdf(), "pdf"},
		{"a JPEG", "ảnh.JPG", jpg, "jpeg"},
		{"a JPEG named jpeg", "a.jpeg", jpg, "jpeg"},
		{"a PNG", "a.png", png1, "png"},
		{"Word", "a.docx", docx, "docx"},
		{"Excel", "a.xlsx", xlsx, "xlsx"},
		{"Word with a link a person follows", "a.docx", office(t, wordMain, links("hyperlink", "https://example.org/")), "docx"},
		{"Word with the template of its author", "a.docx", office(t, wordMain, links("attachedTemplate", "file:///C:/Users/x/Normal.dotm")), "docx"},
		{"Excel with a link to a workbook", "a.xlsx", office(t, excelMain, links("externalLinkPath", "file:///\\\\server\\a.xlsx")), "xlsx"},

		{"nothing", "a.pdf", nil, "evidence.empty"},
		{"text", "a.txt", []byte("xin chào"), "evidence.kind"},
		{"a page", "a.html", []byte("<!doctype html><script>1</script>"), "evidence.kind"},
		{"a page named pdf", "a.pdf", []byte("<!doctype html><script>1</script>"), "evidence.kind"},
		{"a program", "a.pdf", []byte("MZ\x90\x00"), "evidence.kind"},
		{"SVG", "a.svg", []byte(`<?xml version="1.0"?><svg onload="x"/>`), "evidence.svg"},
		{"SVG named png", "a.png", []byte(`<SVG xmlns="x"/>`), "evidence.svg"},
		{"packed SVG", "a.svgz", []byte("\x1f\x8b\x08\x00"), "evidence.kind"},
		{"old Word, or a password", "a.doc", []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 x"), "evidence.ole"},
		{"old Word named docx", "a.docx", []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 x"), "evidence.ole"},
		{"GIF and script", "a.gif", []byte("GIF89a/*x*/=1;alert(1)"), "evidence.kind"},

		{"PDF named png", "a.png", pdf(), "evidence.extension"},
		{"PDF named as a page", "a.pdf.html", pdf(), "evidence.extension"},
		{"PNG named jpg", "a.jpg", png1, "evidence.extension"},
		{"Word named xlsx", "a.xlsx", docx, "evidence.extension"},
		{"no ending", "bao cao", pdf(), "evidence.extension"},

		{"PDF not at the start", "a.pdf", cat([]byte("<script>x</script>\n"), pdf()), "evidence.mixed"},
		{"PDF and ZIP", "a.pdf", cat(pdf(), docx), "evidence.mixed"},
		{"ZIP and PDF", "a.docx", cat(docx, pdf()), "evidence.damaged"},
		{"JPEG and ZIP", "a.jpg", cat(jpg, docx), "evidence.mixed"},
		{"JPEG and PHP", "a.jpg", withSegment(jpg, 0xfe, []byte("<?php system($_GET[0]);")), "evidence.mixed"},
		{"JPEG and a page after", "a.jpg", cat(jpg, []byte("<HTML><script>x")), "evidence.mixed"},
		{"JPEG and a film after", "a.jpg", cat(jpg, []byte("\x00\x00\x00\x18ftypmp42")), "jpeg"},
		{"PNG and a page after", "a.png", cat(png1, []byte("<html>")), "evidence.mixed"},
		{"PNG with a page inside", "a.png", withChunk(png1, "tEXt", []byte("x\x00<script>alert(1)</script>")), "evidence.mixed"},
		{"HTML called PDF", "a.pdf", []byte("%PDF-1.4\n<script>alert(1)</script>"), "evidence.damaged"},

		{"half a PDF", "a.pdf", pdf()[:80], "evidence.damaged"},
		{"half a JPEG", "a.jpg", jpg[:len(jpg)/2], "evidence.damaged"},
		{"half a PNG", "a.png", png1[:len(png1)-20], "evidence.damaged"},
		{"half a Word file", "a.docx", docx[:len(docx)/2], "evidence.damaged"},
		{"PDF that points nowhere", "a.pdf", bytes.Replace(pdf(), []byte("xref\n0 1"), []byte("XXXX\n0 1"), 1), "evidence.damaged"},

		{"65535 × 65535 of nothing", "a.png", headerPNG(65535, 65535), "evidence.pixels"},
		{"2³¹ × 1", "a.png", headerPNG(1<<31-1, 1), "evidence.pixels"},
		{"0 × 0", "a.png", headerPNG(0, 0), "evidence.damaged"},

		{"any archive", "a.docx", archive(t, entry{"a.txt", []byte("x")}), "evidence.kind"},
		{"macros", "a.docx", office(t, wordMain, entry{"word/vbaProject.bin", []byte("x")}), "evidence.macro"},
		{"macros by type", "a.xlsm", archive(t, types("application/vnd.ms-excel.sheet.macroEnabled.main+xml")), "evidence.macro"},
		{"macro sheets", "a.xlsx", office(t, excelMain, entry{"xl/macrosheets/sheet1.xml", []byte("<x/>")}), "evidence.macro"},
		{"template", "a.dotx", archive(t, types("application/vnd.openxmlformats-officedocument.wordprocessingml.template.main+xml")), "evidence.kind"},
		{"Word and Excel", "a.docx", archive(t, types(wordMain, excelMain)), "evidence.mixed"},
		{"OLE", "a.docx", office(t, wordMain, entry{"word/embeddings/oleObject1.bin", []byte("x")}), "evidence.embedded"},
		{"a picture from elsewhere", "a.docx", office(t, wordMain, links("image", "https://example.org/1.png")), "evidence.remote"},
		{"a template from elsewhere", "a.docx", office(t, wordMain, links("attachedTemplate", "http://example.org/x.dotm")), "evidence.remote"},
		{"a share", "a.docx", office(t, wordMain, links("attachedTemplate", `\\example.org\x.dotm`)), "evidence.remote"},
		{"a share as a file", "a.docx", office(t, wordMain, links("oleObject", `file://example.org/x`)), "evidence.remote"},
		{"entities", "a.docx", office(t, wordMain, entry{"word/x.xml", []byte(`<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "b">]><l>&a;</l>`)}), "evidence.doctype"},
		{"entities in UTF-16", "a.docx", office(t, wordMain, entry{"word/x.xml", utf16(`<!DOCTYPE l>`)}), "evidence.doctype"},
		{"entities in the types", "a.docx", archive(t, entry{"[Content_Types].xml", []byte(`<!DOCTYPE l><Types/>`)}), "evidence.doctype"},
		{"up and out", "a.docx", office(t, wordMain, entry{"../../etc/x", []byte("x")}), "evidence.names"},
		{"absolute", "a.docx", office(t, wordMain, entry{"/etc/x", []byte("x")}), "evidence.names"},
		{"backslash", "a.docx", office(t, wordMain, entry{`..\x`, []byte("x")}), "evidence.names"},
		{"twice", "a.docx", office(t, wordMain, entry{"MAIN.xml", []byte("x")}), "evidence.names"},
		{"symbolic link", "a.docx", withLink(t), "evidence.names"},
		{"password", "a.docx", withFlag(docx), "evidence.password"},
		{"bomb", "a.docx", bomb, "evidence.bomb"},
		{"bomb that lies about its size", "a.docx", lying(bomb), "evidence.bomb"},
		{"too many parts", "a.docx", office(t, wordMain, many...), "evidence.bomb"},
		{"parts that share bytes", "a.docx", overlapping(t), "evidence.bomb"},
	} {
		t.Run(test.what, func(t *testing.T) {
			p, err := s.Prepare(t.Context(), bytes.NewReader(test.body), test.name)
			got := key(err)
			if err == nil {
				got = string(p.Kind())
				if sum := sha256.Sum256(test.body); p.Hash() != hex.EncodeToString(sum[:]) {
					t.Error("hash is not that of the original")
				}
				p.Close()
			}
			if got != test.want && (got != "evidence.damaged" || test.want != "evidence.bomb" || test.what != "bomb that lies about its size") {
				t.Errorf("Prepare = %s, want %s", got, test.want)
			}
			nothingLeft(t, s, folder)
		})
	}
}

// TestInflateStops counts what is inflated of a bomb: no more than the budget.
func TestInflateStops(t *testing.T) {
	body := archive(t, entry{"a.xml", make([]byte, 8<<20)})
	z, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
	if err != nil {
		t.Fatal(err)
	}
	const budget = 1 << 20
	if _, n, err := inflate(z.File[0], budget, 0); key(err) != "evidence.bomb" || n > budget+64<<10 {
		t.Errorf("inflated %d bytes of %d, %v", n, budget, err)
	}
}

// nothingLeft looks for files that nobody owns.
func nothingLeft(t *testing.T, s *Store, folder string) {
	t.Helper()
	if s.db.Engine() != db.SQLite {
		return
	}
	left, err := os.ReadDir(filepath.Join(folder, coming))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func utf16(s string) []byte {
	b := []byte{0xff, 0xfe}
	for _, c := range []byte(s) {
		b = append(b, c, 0)
	}
	return b
}

func withLink(t *testing.T) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	h := &zip.FileHeader{Name: "link.xml"}
	h.SetMode(0o777 | os.ModeSymlink)
	w, err := z.CreateHeader(h)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(w, "/etc/passwd")
	z.Close()
	return b.Bytes()
}

// withFlag marks every part as having a password.
func withFlag(z []byte) []byte {
	z = bytes.Clone(z)
	for at := 0; ; {
		i := bytes.Index(z[at:], []byte("PK\x01\x02"))
		if i < 0 {
			return z
		}
		z[at+i+8] |= 1
		at += i + 4
	}
}

// lying says that the second part holds ten bytes.
func lying(z []byte) []byte {
	z = bytes.Clone(z)
	i := bytes.LastIndex(z, []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint32(z[i+24:], 10)
	return z
}

// overlapping has many directory entries for the same bytes.
func overlapping(t *testing.T) []byte {
	z := archive(t, entry{"kernel", make([]byte, 1<<20)})
	i := bytes.LastIndex(z, []byte("PK\x01\x02"))
	end := bytes.LastIndex(z, []byte("PK\x05\x06"))
	record, tail := z[i:end], bytes.Clone(z[end:])
	out := bytes.Clone(z[:i])
	const n = 200
	for k := range n {
		r := bytes.Clone(record)
		r[46] = byte('a' + k%26)
		r[47] = byte('a' + k/26)
		out = append(out, r...)
	}
	binary.LittleEndian.PutUint16(tail[8:], n)
	binary.LittleEndian.PutUint16(tail[10:], n)
	binary.LittleEndian.PutUint32(tail[12:], uint32(n*len(record)))
	return append(out, tail...)
}

// endless is a body that never ends.
type endless struct{ read int64 }

func (e *endless) Read(b []byte) (int, error) {
	e.read += int64(len(b))
	return len(b), nil
}

func TestPrepareStopsAtTheLimit(t *testing.T) {
	s, folder := openStore(t)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	e := &endless{}
	_, err := s.Prepare(t.Context(), e, "a.pdf")
	runtime.ReadMemStats(&after)
	if key(err) != "evidence.large" || fault.KindOf(err) != fault.TooLarge {
		t.Errorf("Prepare = %v", err)
	}
	if e.read > MaxSize+1<<20 {
		t.Errorf("read %d bytes of an endless body", e.read)
	}
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 8<<20 {
		t.Errorf("allocated %d bytes", grown)
	}
	nothingLeft(t, s, folder)
}

func TestPrepareTellsACutBody(t *testing.T) {
	s, folder := openStore(t)
	_, err := s.Prepare(t.Context(), http.MaxBytesReader(nil, io.NopCloser(&endless{}), 1000), "a.pdf")
	var big *http.MaxBytesError
	if !errors.As(err, &big) {
		t.Errorf("Prepare = %v", err)
	}
	nothingLeft(t, s, folder)
}

func TestCopiesCarryNoMetadata(t *testing.T) {
	jpg := withSegment(withSegment(asJPEG(corners(40, 20)), 0xe1, exif(1)), 0xfe, []byte("máy ảnh của ai đó"))
	png1 := withChunk(withChunk(asPNG(corners(40, 20)), "eXIf", exif(1)[6:]), "tEXt", []byte("Author\x00ai đó"))
	for name, body := range map[string][]byte{"a.jpg": jpg, "a.png": png1} {
		s, _ := openStore(t)
		p := prepare(t, s, body, name)
		if p.bare {
			t.Errorf("%s is said to carry nothing", name)
		}
		for _, v := range []Variant{Public, Small} {
			copied, err := io.ReadAll(io.NewSectionReader(p.parts[v].file, 0, 1<<20))
			if err != nil {
				t.Fatal(err)
			}
			for _, part := range metadata(t, copied) {
				t.Errorf("%s %s carries %s", name, v, part)
			}
		}
	}
	for name, body := range map[string][]byte{"a.jpg": asJPEG(corners(8, 8)), "a.png": asPNG(corners(8, 8))} {
		s, _ := openStore(t)
		if p := prepare(t, s, body, name); !p.bare {
			t.Errorf("%s carries nothing, and is said to carry something", name)
		}
	}
}

// metadata parses an image and names the parts that are not picture.
func metadata(t *testing.T, b []byte) (found []string) {
	t.Helper()
	if bytes.HasPrefix(b, []byte("\x89PNG")) {
		for at := 8; at < len(b); {
			n := int(binary.BigEndian.Uint32(b[at:]))
			switch kind := string(b[at+4 : at+8]); kind {
			case "IHDR", "IDAT", "IEND", "PLTE", "tRNS":
			default:
				found = append(found, kind)
			}
			at += 12 + n
		}
		return found
	}
	for at := 2; b[at+1] != 0xda; at += 2 + int(binary.BigEndian.Uint16(b[at+2:])) {
		if b[at] != 0xff {
			t.Fatalf("no marker at %d", at)
		}
		if m := b[at+1]; m >= 0xe0 && m <= 0xef || m == 0xfe {
			found = append(found, hex.EncodeToString([]byte{m}))
		}
	}
	return found
}

func TestOrientation(t *testing.T) {
	// Where the four corners of the stored picture stand when it is upright:
	// top left, top right, bottom right, bottom left.
	for o, want := range map[uint16]string{1: "rgbw", 2: "grwb", 3: "bwrg", 4: "wbgr", 5: "rwbg", 6: "wrgb", 7: "bgrw", 8: "gbwr", 9: "rgbw", 0: "rgbw"} {
		c, err := makeCopies(withSegment(asJPEG(corners(64, 32)), 0xe1, exif(o)), JPEG)
		if err != nil {
			t.Fatal(err)
		}
		img, _, err := image.Decode(bytes.NewReader(c.public))
		if err != nil {
			t.Fatal(err)
		}
		w, h := img.Bounds().Dx(), img.Bounds().Dy()
		if turned := o >= 5 && o <= 8; turned != (h > w) || c.width != w || c.height != h {
			t.Errorf("orientation %d: %d × %d", o, w, h)
		}
		got := ""
		for _, at := range []image.Point{{2, 2}, {w - 3, 2}, {w - 3, h - 3}, {2, h - 3}} {
			got += letter(img, at)
		}
		if got != want {
			t.Errorf("orientation %d: corners %s, want %s", o, got, want)
		}
	}
}

func letter(img image.Image, at image.Point) string {
	r, g, b, _ := img.At(at.X, at.Y).RGBA()
	switch {
	case r > 0xa000 && g > 0xa000:
		return "w"
	case r > 0xa000:
		return "r"
	case g > 0xa000:
		return "g"
	case b > 0xa000:
		return "b"
	}
	return "?"
}

func TestCopiesAreSmaller(t *testing.T) {
	for _, test := range []struct{ w, h, pw, ph, sw, sh int }{
		{3200, 1000, 1600, 500, 480, 150},
		{1000, 4000, 400, 1600, 120, 480},
		{1601, 3, 1600, 3, 480, 1},
		{500, 300, 500, 300, 480, 288},
		{20, 10, 20, 10, 20, 10},
		{1, 5000, 1, 1600, 1, 480},
	} {
		c, err := makeCopies(asPNG(image.NewGray(image.Rect(0, 0, test.w, test.h))), PNG)
		if err != nil {
			t.Fatal(err)
		}
		small, _, err := image.DecodeConfig(bytes.NewReader(c.small))
		if err != nil || c.width != test.pw || c.height != test.ph || small.Width != test.sw || small.Height != test.sh {
			t.Errorf("%d × %d: %d × %d and %d × %d, %v; want %v", test.w, test.h, c.width, c.height, small.Width, small.Height, err, test)
		}
	}
}

func TestShrinkIsTheMean(t *testing.T) {
	src := image.NewGray(image.Rect(0, 0, 7, 7)) // 7 does not divide: every edge is shared
	for i := range src.Pix {
		src.Pix[i] = 200
	}
	for _, v := range shrink(src, 3).Pix {
		if v < 199 {
			t.Errorf("a flat area became %d", v)
		}
	}
	two := image.NewGray(image.Rect(0, 0, 4, 2))
	copy(two.Pix, []byte{0, 100, 200, 40, 20, 80, 40, 0})
	if got := shrink(two, 2); got.Pix[0] != 50 || got.Pix[4] != 70 {
		t.Errorf("means are %d and %d, want 50 and 70", got.Pix[0], got.Pix[4])
	}
}

func TestPhotographAsPNGBecomesJPEG(t *testing.T) {
	c, err := makeCopies(asPNG(noise(900, 600)), PNG)
	if err != nil || http.DetectContentType(c.public) != "image/jpeg" {
		t.Errorf("copy is %s, %v", http.DetectContentType(c.public), err)
	}
	if c, err = makeCopies(asPNG(corners(900, 600)), PNG); err != nil || http.DetectContentType(c.public) != "image/png" {
		t.Errorf("copy of a drawing is %s, %v", http.DetectContentType(c.public), err)
	}
}

func TestJPEGMemory(t *testing.T) {
	frame := func(samples ...byte) []byte {
		b := []byte{8, 0, 1, 0, 1, byte(len(samples))}
		for i, s := range samples {
			b = append(b, byte(i), s, 0)
		}
		return b
	}
	for _, test := range []struct {
		frame       []byte
		progressive bool
		want        float64
	}{
		{frame(0x22, 0x11, 0x11), false, 1.5},
		{frame(0x11, 0x11, 0x11), false, 3},
		{frame(0x11, 0x11, 0x11), true, 15},
		{frame(0x11), false, 1},
		{frame(0x11, 0x11, 0x11, 0x11), false, 8},
		{nil, false, 15},
		{frame(0), false, 15},
		{[]byte{8, 0, 1, 0, 1, 3}, false, 15},
	} {
		if got := jpegBytes(test.frame, test.progressive); got != test.want {
			t.Errorf("jpegBytes(%v, %v) = %v, want %v", test.frame, test.progressive, got, test.want)
		}
	}
}

func TestCleanName(t *testing.T) {
	long := strings.Repeat("ệ", 300) + ".pdf"
	for in, want := range map[string]string{
		"Báo cáo.pdf":                   "Báo cáo.pdf",
		"Ba\u0301o ca\u0301o.pdf":       "Báo cáo.pdf",
		`C:\Users\x\a.pdf`:              "a.pdf",
		"../../etc/passwd":              "passwd",
		"a\r\nSet-Cookie: x.pdf":        "a Set-Cookie: x.pdf",
		"a\u202efdp.exe":                "afdp.exe",
		"\u200b":                        "",
		long:                            strings.Repeat("ệ", maxName-4) + ".pdf",
		"x." + strings.Repeat("y", 200): "x." + strings.Repeat("y", maxName-2),
	} {
		if got := cleanName(in); got != want {
			t.Errorf("cleanName(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestDisposition(t *testing.T) {
	for in, want := range map[string]string{
		"Đề án số 1.pdf":  `attachment; filename="De an so 1.pdf"; filename*=UTF-8''%C4%90%E1%BB%81%20%C3%A1n%20s%E1%BB%91%201.pdf`,
		`a"b;c%'.pdf`:     `attachment; filename="a_b_c__.pdf"; filename*=UTF-8''a%22b%3Bc%25%27.pdf`,
		"a\r\nX: y.pdf":   `attachment; filename="a X_ y.pdf"; filename*=UTF-8''a%20X%3A%20y.pdf`,
		"a\u202efdp.docx": `attachment; filename="afdp.docx"; filename*=UTF-8''afdp.docx`,
	} {
		if got := disposition(in); got != want {
			t.Errorf("disposition(%q) = %s, want %s", in, got, want)
		}
	}
}

func FuzzPrepare(f *testing.F) {
	f.Add(pdf(), "a.pdf")
	f.Add(withSegment(asJPEG(corners(16, 8)), 0xe1, exif(6)), "a.jpg")
	f.Add(withChunk(asPNG(corners(16, 8)), "tEXt", []byte("a\x00b")), "a.png")
	f.Add(office(f, wordMain, links("hyperlink", "https://example.org")), "a.docx")
	f.Add(office(f, excelMain), "a.xlsx")
	s, _ := openStore(f)
	f.Fuzz(func(t *testing.T, body []byte, name string) {
		p, err := s.Prepare(t.Context(), bytes.NewReader(body), name)
		if err != nil {
			if fault.KindOf(err) == fault.Internal {
				t.Errorf("not in words: %v", err)
			}
			return
		}
		defer p.Close()
		if sum := sha256.Sum256(body); p.Hash() != hex.EncodeToString(sum[:]) || p.Size() != int64(len(body)) {
			t.Error("hash or size is not that of the original")
		}
		if strings.ContainsAny(p.Name(), "/\\\r\n\x00") {
			t.Errorf("name %q", p.Name())
		}
		if !p.Kind().Image() {
			return
		}
		for _, v := range []Variant{Public, Small} {
			copied, err := io.ReadAll(io.NewSectionReader(p.parts[v].file, 0, 8<<20))
			if err != nil || len(metadata(t, copied)) > 0 {
				t.Errorf("copy %s carries %v, %v", v, metadata(t, copied), err)
			}
		}
	})
}

func FuzzDisposition(f *testing.F) {
	f.Add("Đề án \"1\".pdf")
	f.Fuzz(func(t *testing.T, name string) {
		got := disposition(name)
		for _, r := range got {
			if r < 0x20 || r > 0x7e {
				t.Fatalf("disposition(%q) = %q", name, got)
			}
		}
		if strings.Count(got, `"`) != 2 {
			t.Errorf("disposition(%q) = %q", name, got)
		}
	})
}
