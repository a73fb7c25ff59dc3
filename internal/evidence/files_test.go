package evidence

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"testing"
)

// The files that the tests send in.

func pdf() []byte {
	body := "%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n<</Type/Pages/Kids[]/Count 0>>\nendobj\n"
	return fmt.Appendf(nil, "%sxref\n0 1\n0000000000 65535 f \ntrailer\n<</Size 3/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", body, len(body))
}

// corners is an image whose corners differ: red, green, blue, white, clockwise
// from the top left.
func corners(w, h int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.NRGBA{255, 0, 0, 255}
			switch {
			case x >= w/2 && y < h/2:
				c = color.NRGBA{0, 255, 0, 255}
			case x >= w/2:
				c = color.NRGBA{0, 0, 255, 255}
			case y >= h/2:
				c = color.NRGBA{255, 255, 255, 255}
			}
			img.SetNRGBA(x, y, c)
		}
	}
	return img
}

func asJPEG(img image.Image) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 95}); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func asPNG(img image.Image) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// withSegment puts a segment right after a JPEG's start.
func withSegment(jpg []byte, marker byte, body []byte) []byte {
	out := append([]byte{}, jpg[:2]...)
	out = append(out, 0xff, marker)
	out = binary.BigEndian.AppendUint16(out, uint16(len(body)+2))
	return append(append(out, body...), jpg[2:]...)
}

// exif is an EXIF block with an orientation and a place.
func exif(orientation uint16) []byte {
	b := []byte("Exif\x00\x00II*\x00\x08\x00\x00\x00")
	le := binary.LittleEndian
	b = le.AppendUint16(b, 2)
	entry := func(tag, kind uint16, n, v uint32) {
		b = le.AppendUint32(le.AppendUint32(le.AppendUint16(le.AppendUint16(b, tag), kind), n), v)
	}
	entry(0x0112, 3, 1, uint32(orientation))
	entry(0x8825, 4, 1, 38) // the folder of the place
	b = le.AppendUint32(b, 0)
	b = le.AppendUint16(b, 1)
	entry(1, 2, 2, 'N')
	b = le.AppendUint32(b, 0)
	return append(b, "21.0285 105.8542 GPS"...)
}

// withChunk puts a chunk right after a PNG's header.
func withChunk(p []byte, kind string, body []byte) []byte {
	out := append([]byte{}, p[:33]...)
	out = binary.BigEndian.AppendUint32(out, uint32(len(body)))
	both := append([]byte(kind), body...)
	out = append(out, both...)
	out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(both))
	return append(out, p[33:]...)
}

// headerPNG says it is w × h and holds nothing.
func headerPNG(w, h uint32) []byte {
	p := asPNG(image.NewGray(image.Rect(0, 0, 1, 1)))
	binary.BigEndian.PutUint32(p[16:], w)
	binary.BigEndian.PutUint32(p[20:], h)
	binary.BigEndian.PutUint32(p[29:], crc32.ChecksumIEEE(p[12:29]))
	return p
}

type entry struct {
	name string
	body []byte
}

func archive(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range entries {
		w, err := z.Create(e.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(e.body); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func types(main string, more ...string) entry {
	s := `<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/><Override PartName="/main.xml" ContentType="` + main + `"/>`
	for _, m := range more {
		s += `<Override PartName="/x" ContentType="` + m + `"/>`
	}
	return entry{"[Content_Types].xml", []byte(s + `</Types>`)}
}

const (
	wordMain  = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
	excelMain = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
)

func office(t testing.TB, main string, more ...entry) []byte {
	t.Helper()
	return archive(t, append([]entry{types(main), {"main.xml", []byte(`<document/>`)}}, more...)...)
}

func links(kind, target string) entry {
	return entry{"word/_rels/document.xml.rels", fmt.Appendf(nil, `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/%s" Target="%s" TargetMode="External"/></Relationships>`, kind, target)}
}

// noise is an image that does not pack well.
func noise(w, h int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	r := rand.New(rand.NewPCG(1, 2))
	for i := range img.Pix {
		img.Pix[i] = byte(r.Uint32())
		if i%4 == 3 {
			img.Pix[i] = 255
		}
	}
	return img
}
