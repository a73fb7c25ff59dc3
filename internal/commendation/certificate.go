package commendation

import (
	"bytes"
	"fmt"
	"image/color"
	"image/png"
	"io"

	"codeberg.org/go-pdf/fpdf"

	"image"

	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/qr"
)

// Layout says where on a pre-printed sheet the program writes, in millimetres from the
// upper left corner of A4 lying; sizes are points. Text is centred on X. Shift moves
// all of it, for a printer that pulls the paper askew.
type Layout struct {
	Unit    Spot    `json:"unit"`    // the unit's name
	Title   Spot    `json:"title"`   // the title
	For     Spot    `json:"for"`     // for what
	Number  Spot    `json:"number"`  // of the decision
	Dated   Spot    `json:"dated"`   // place and day
	QR      Spot    `json:"qr"`      // Size is its side in millimetres
	ShiftX  float64 `json:"shift_x"` // mm
	ShiftY  float64 `json:"shift_y"`
	Version int64   `json:"-"`
}

// Spot is one place.
type Spot struct {
	X    float64 `json:"x"`
	Y    float64 `json:"y"`
	Size float64 `json:"size"`
}

// DefaultLayout suits a sheet whose frame, emblem and heading are printed in the upper
// third.
var DefaultLayout = Layout{Title: Spot{148.5, 78, 30}, Unit: Spot{148.5, 104, 24}, For: Spot{148.5, 122, 15}, Dated: Spot{215, 140, 13}, Number: Spot{92, 188, 11}, QR: Spot{36, 184, 22}}

// Spots are the places by name, in the order of the form.
func (l *Layout) Spots() []NamedSpot {
	return []NamedSpot{{"title", &l.Title}, {"unit", &l.Unit}, {"for", &l.For}, {"dated", &l.Dated}, {"number", &l.Number}, {"qr", &l.QR}}
}

// NamedSpot is a place with its name.
type NamedSpot struct {
	Name string
	Spot *Spot
}

const (
	paperWidth  = 297.0 // A4 lying, mm
	paperHeight = 210.0
)

// Check returns what cannot be printed.
func (l Layout) Check() error {
	var problems fault.List
	for _, s := range l.Spots() {
		if s.Spot.X < 0 || s.Spot.X > paperWidth {
			problems.Add(s.Name+"-x", "commendation.layout.x")
		}
		if s.Spot.Y < 0 || s.Spot.Y > paperHeight {
			problems.Add(s.Name+"-y", "commendation.layout.y")
		}
		if s.Spot.Size < 4 || s.Spot.Size > 80 {
			problems.Add(s.Name+"-size", "commendation.layout.size")
		}
	}
	if l.ShiftX < -50 || l.ShiftX > 50 || l.ShiftY < -50 || l.ShiftY > 50 {
		problems.Add("shift-x", "commendation.layout.shift")
	}
	return problems.Or()
}

// Certificate is what is printed for one award.
type Certificate struct {
	Title, Unit, For, Number, Dated string
	Address                         string // of the page of verification
}

func newPage(font []byte) *fpdf.Fpdf {
	pdf := fpdf.New("L", "mm", "A4", "")
	pdf.SetAutoPageBreak(false, 0)
	pdf.SetMargins(0, 0, 0)
	pdf.AddUTF8FontFromBytes("text", "", font)
	pdf.SetFont("text", "", 12)
	pdf.AddPage()
	return pdf
}

// WriteCertificate writes one A4 sheet with the words where the layout says; all else
// is already on the paper. A name too wide for the sheet is set smaller.
func WriteCertificate(w io.Writer, c Certificate, l Layout, font []byte) error {
	pdf := newPage(font)
	for _, x := range []struct {
		text string
		at   Spot
	}{{c.Title, l.Title}, {c.Unit, l.Unit}, {c.For, l.For}, {c.Dated, l.Dated}, {c.Number, l.Number}} {
		at := Spot{x.at.X + l.ShiftX, x.at.Y + l.ShiftY, x.at.Size}
		pdf.SetFontSize(at.Size)
		room := 2 * (min(at.X, paperWidth-at.X) - 12)
		for size := at.Size; pdf.GetStringWidth(x.text) > room && size > 6; {
			size -= 0.5
			pdf.SetFontSize(size)
		}
		pdf.Text(at.X-pdf.GetStringWidth(x.text)/2, at.Y, x.text)
	}
	if err := drawQR(pdf, c.Address, l); err != nil {
		return err
	}
	return pdf.Output(w)
}

func drawQR(pdf *fpdf.Fpdf, address string, l Layout) error {
	code, err := qr.New(address)
	if err != nil {
		return err
	}
	var picture bytes.Buffer
	if err := png.Encode(&picture, imageOf(code)); err != nil {
		return err
	}
	pdf.RegisterImageOptionsReader("qr", fpdf.ImageOptions{ImageType: "PNG"}, &picture)
	pdf.ImageOptions("qr", l.QR.X+l.ShiftX-l.QR.Size/2, l.QR.Y+l.ShiftY-l.QR.Size/2, l.QR.Size, l.QR.Size, false, fpdf.ImageOptions{ImageType: "PNG"}, 0, "")
	return pdf.Error()
}

// imageOf draws a code with eight dots a module, black on white.
func imageOf(code qr.Code) image.Image {
	const dots = 8
	img := image.NewGray(image.Rect(0, 0, code.Size*dots, code.Size*dots))
	for y := range code.Size * dots {
		for x := range code.Size * dots {
			c := color.Gray{Y: 255}
			if code.Dark(x/dots, y/dots) {
				c.Y = 0
			}
			img.SetGray(x, y, c)
		}
	}
	return img
}

// WriteCalibration writes a sheet with a ruler every 10 mm and a cross at every place,
// to be printed on plain paper and held against a pre-printed sheet. words name the
// places.
func WriteCalibration(w io.Writer, l Layout, font []byte, words func(key string) string) error {
	pdf := newPage(font)
	pdf.SetLineWidth(0.1)
	pdf.SetFontSize(6)
	pdf.SetDrawColor(190, 190, 190)
	for x := 0.0; x <= paperWidth; x += 10 {
		pdf.Line(x, 0, x, paperHeight)
		pdf.Text(x+0.5, 4, fmt.Sprint(int(x)))
	}
	for y := 0.0; y <= paperHeight; y += 10 {
		pdf.Line(0, y, paperWidth, y)
		pdf.Text(1, y-0.5, fmt.Sprint(int(y)))
	}
	pdf.SetDrawColor(0, 0, 0)
	pdf.SetLineWidth(0.3)
	for _, s := range l.Spots() {
		x, y := s.Spot.X+l.ShiftX, s.Spot.Y+l.ShiftY
		pdf.Line(x-6, y, x+6, y)
		pdf.Line(x, y-6, x, y+6)
		pdf.SetFontSize(8)
		pdf.Text(x+2, y-2, words("commendation.spot."+s.Name)+" ("+lang.Figure("vi", int64(s.Spot.X*1000))+"; "+lang.Figure("vi", int64(s.Spot.Y*1000))+")")
	}
	pdf.SetFontSize(9)
	pdf.Text(14, 204, words("commendation.calibrate.words"))
	return pdf.Output(w)
}
