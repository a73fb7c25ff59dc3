// Package qr makes QR codes as paths to be drawn, and as text for a terminal.
package qr

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"strings"

	"github.com/boombuler/barcode/qr"
)

// Code is a QR code to be drawn as SVG: a path of the dark modules in a square of
// Size, the quiet zone included.
type Code struct {
	Size int
	Path string
	dark func(x, y int) bool
}

// quiet modules around a code, as the standard asks.
const quiet = 4

// New encodes text with enough redundancy for a printed slip.
func New(text string) (Code, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return Code{}, fmt.Errorf("make QR code: %w", err)
	}
	n := code.Bounds().Dx()
	q := Code{Size: n + 2*quiet, dark: func(x, y int) bool {
		x, y = x-quiet, y-quiet
		return x >= 0 && y >= 0 && x < n && y < n && code.At(x, y) == color.Black
	}}
	var b strings.Builder
	for y := range q.Size {
		for x := 0; x < q.Size; x++ {
			from := x
			for q.dark(x, y) {
				x++
			}
			if x > from {
				fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", from, y, x-from, x-from)
			}
		}
	}
	q.Path = b.String()
	return q, nil
}

// Dark reports whether the module in a column and a row is dark; the quiet zone is not.
func (q Code) Dark(column, row int) bool { return q.dark(column, row) }

// PNG is the code as a picture, four pixels a module.
func (q Code) PNG() ([]byte, error) {
	const size = 4
	img := image.NewPaletted(image.Rect(0, 0, q.Size*size, q.Size*size), color.Palette{color.White, color.Black})
	for y := range q.Size * size {
		for x := range q.Size * size {
			if q.dark(x/size, y/size) {
				img.SetColorIndex(x, y, 1)
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return nil, fmt.Errorf("draw QR code: %w", err)
	}
	return b.Bytes(), nil
}

// Terminal draws the code in half blocks, light on dark, as terminals are; a
// camera reads it either way round.
func (q Code) Terminal() string {
	var b strings.Builder
	for y := 0; y < q.Size; y += 2 {
		for x := range q.Size {
			upper, lower := !q.dark(x, y), y+1 < q.Size && !q.dark(x, y+1)
			switch {
			case upper && lower:
				b.WriteString("█")
			case upper:
				b.WriteString("▀")
			case lower:
				b.WriteString("▄")
			default:
				b.WriteByte(' ')
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}
