package app

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"math"
	"slices"
	"strings"
	"sync"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"dongthuan/demo"
	"dongthuan/internal/document"
)

// demoFile makes a piece of evidence of the demonstration: a file that opens and
// says what the data say.
func demoFile(kind, title string, lines []string) ([]byte, error) {
	var b bytes.Buffer
	switch kind {
	case "pdf":
		pdf := fpdf.New("P", "mm", "A4", "")
		pdf.SetCreationDate(DemoStart)
		pdf.SetModificationDate(DemoStart)
		pdf.AddUTF8FontFromBytes("demo", "", demo.Font)
		pdf.SetMargins(25, 20, 20)
		pdf.AddPage()
		pdf.SetFont("demo", "", 9)
		pdf.MultiCell(0, 5, "Tài liệu minh họa", "", "R", false)
		pdf.SetFont("demo", "", 15)
		pdf.MultiCell(0, 8, title, "", "L", false)
		pdf.Ln(4)
		pdf.SetFont("demo", "", 11)
		for _, l := range lines {
			pdf.MultiCell(0, 7, l, "B", "L", false)
		}
		if err := pdf.Output(&b); err != nil {
			return nil, err
		}
	case "xlsx":
		var rows []document.RowOut
		rows = append(rows, document.RowOut{Cells: []document.CellOut{{Kind: document.CellText, Text: title, Style: document.CellStyle{Look: document.LookTitle}, Span: 3}}})
		for i, l := range lines {
			var row document.RowOut
			for _, cell := range strings.Split(l, " | ") {
				style := document.CellStyle{Look: document.LookWords}
				if i == 0 {
					style.Look = document.LookHeader
				}
				row.Cells = append(row.Cells, document.CellOut{Kind: document.CellText, Text: cell, Style: style})
			}
			rows = append(rows, row)
		}
		if err := document.WriteWorkbook(&b, []document.SheetOut{{Name: "Bảng", Rows: slices.Values(rows), Columns: []document.ColumnOut{{Width: 30}, {Width: 20}, {Width: 20}}}}); err != nil {
			return nil, err
		}
	case "docx":
		d := document.Document{Issuer: "Tài liệu minh họa", TypeName: "Tài liệu", Abstract: title}
		for _, l := range lines {
			d.Body = append(d.Body, document.Plain(l))
		}
		if err := d.WriteDOCX(&b, document.ND30); err != nil {
			return nil, err
		}
	case "png":
		if err := png.Encode(&b, board(title, lines)); err != nil {
			return nil, err
		}
	case "jpg", "jpeg":
		if err := jpeg.Encode(&b, board(title, lines), nil); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("no demonstration file of type %s", kind)
	}
	return b.Bytes(), nil
}

var demoFont = sync.OnceValues(func() (*opentype.Font, error) { return opentype.Parse(demo.Font) })

func face(size float64) (font.Face, error) {
	f, err := demoFont()
	if err != nil {
		return nil, err
	}
	return opentype.NewFace(f, &opentype.FaceOptions{Size: size, DPI: 72})
}

// board is a picture of a notice board: what a photograph of evidence would show.
func board(title string, lines []string) image.Image {
	img := image.NewPaletted(image.Rect(0, 0, 960, 640), color.Palette{
		color.RGBA{0xe9, 0xdf, 0xcf, 255}, color.RGBA{0xff, 0xff, 0xff, 255}, color.RGBA{0x21, 0x1d, 0x1a, 255}, color.RGBA{0xa1, 0x1d, 0x21, 255}, color.RGBA{0x8c, 0x6f, 0x4e, 255}})
	fill(img, img.Bounds(), img.Palette[4])
	fill(img, image.Rect(18, 18, 942, 622), img.Palette[0])
	fill(img, image.Rect(60, 60, 900, 580), img.Palette[1])
	fill(img, image.Rect(60, 60, 900, 68), img.Palette[3])
	write(img, 90, 116, 24, img.Palette[3], title, 780)
	y := 170
	for _, l := range lines {
		y = write(img, 90, y, 18, img.Palette[2], l, 780) + 10
		if y > 550 {
			break
		}
	}
	write(img, 700, 568, 13, img.Palette[4], "Ảnh minh họa", 300)
	return img
}

func fill(img draw.Image, r image.Rectangle, c color.Color) {
	draw.Draw(img, r, image.NewUniform(c), image.Point{}, draw.Src)
}

// write sets text in lines of at most width and returns the next line's place.
func write(img draw.Image, x, y int, size float64, c color.Color, text string, width int) int {
	f, err := face(size)
	if err != nil {
		return y // the picture goes without words
	}
	d := font.Drawer{Dst: img, Src: image.NewUniform(c), Face: f}
	line := ""
	flush := func() {
		d.Dot = fixed.P(x, y)
		d.DrawString(line)
		y += int(size * 1.5)
	}
	for _, word := range strings.Fields(text) {
		next := strings.TrimSpace(line + " " + word)
		if line != "" && d.MeasureString(next).Ceil() > width {
			flush()
			next = word
		}
		line = next
	}
	flush()
	return y
}

// demoPhoto draws a hall with delegates, in three views: a picture that is plainly
// a drawing and shows nobody.
func demoPhoto(n int) ([]byte, error) {
	img := image.NewPaletted(image.Rect(0, 0, 960, 600), color.Palette{
		color.RGBA{0xf3, 0xe8, 0xd8, 255}, color.RGBA{0xa1, 0x1d, 0x21, 255}, color.RGBA{0xe8, 0xb8, 0x4a, 255}, color.RGBA{0x6d, 0x4c, 0x33, 255},
		color.RGBA{0x3b, 0x4a, 0x5c, 255}, color.RGBA{0x9a, 0x7a, 0x5e, 255}, color.RGBA{0xff, 0xff, 0xff, 255}, color.RGBA{0x27, 0x30, 0x3b, 255}})
	p := img.Palette
	fill(img, image.Rect(0, 400, 960, 600), p[5])
	fill(img, image.Rect(140, 50, 820, 300), p[1])
	fill(img, image.Rect(140, 50, 820, 58), p[2])
	fill(img, image.Rect(140, 292, 820, 300), p[2])
	for i, words := range []string{"HỘI NGHỊ SƠ KẾT", "PHONG TRÀO THI ĐUA 6 THÁNG ĐẦU NĂM 2026", "CỤM THI ĐUA SỐ 3"} {
		write(img, 480-[]int{130, 290, 110}[i], 120+i*60, []float64{30, 26, 26}[i], p[2], words, 900)
	}
	speaker := []int{480, 250, 700}[n%3]
	fill(img, image.Rect(speaker-46, 330, speaker+46, 430), p[3])
	person(img, speaker, 318, 30, p[7])
	for row := range 3 {
		for seat := range 9 + row {
			x := 480 + (seat*2-(8+row))*(46+row*4)
			person(img, x, 480+row*50, 20+row*4, p[4])
		}
	}
	write(img, 800, 588, 14, p[6], "Tranh minh họa", 200)
	var b bytes.Buffer
	err := png.Encode(&b, img)
	return b.Bytes(), err
}

// person is a head and shoulders seen from behind.
func person(img draw.Image, x, y, r int, c color.Color) {
	disc(img, x, y-r, r*6/10, c)
	for dy := range r {
		w := int(float64(r) * math.Sqrt(1-math.Pow(1-float64(dy)/float64(r), 2)))
		fill(img, image.Rect(x-w, y+dy-r/3, x+w, y+dy-r/3+1), c)
	}
}

func disc(img draw.Image, x, y, r int, c color.Color) {
	for dy := -r; dy <= r; dy++ {
		w := int(math.Sqrt(float64(r*r - dy*dy)))
		fill(img, image.Rect(x-w, y+dy, x+w, y+dy+1), c)
	}
}
