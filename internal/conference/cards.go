package conference

import (
	"fmt"
	"io"

	"codeberg.org/go-pdf/fpdf"

	"dongthuan/internal/qr"
)

// Sheets of A4 to be cut: badges and signs for the table. Lengths are millimetres.

const (
	pageWidth, pageHeight   = 210.0, 297.0
	badgeWidth, badgeHeight = 90.0, 55.0
	signHeight              = 99.0 // a third of a sheet, folded in the middle
)

func sheets(font []byte) *fpdf.Fpdf {
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.SetAutoPageBreak(false, 0)
	pdf.SetMargins(0, 0, 0)
	pdf.AddUTF8FontFromBytes("text", "", font)
	pdf.SetFont("text", "", 12)
	return pdf
}

// fitted writes a line in the middle of a width, smaller where it is too long; a very long
// one goes on to a second line. It returns where the next line begins.
func fitted(pdf *fpdf.Fpdf, text string, x, y, width, size float64) float64 {
	for at := size; at >= size*0.6; at -= 0.5 {
		pdf.SetFontSize(at)
		if pdf.GetStringWidth(text) <= width {
			pdf.Text(x+(width-pdf.GetStringWidth(text))/2, y, text)
			return y + at*0.45
		}
	}
	for _, line := range pdf.SplitText(text, width) {
		pdf.Text(x+(width-pdf.GetStringWidth(line))/2, y, line)
		y += size * 0.6 * 0.45
	}
	return y
}

// badgeCode is what a desk scans on a badge: the mark alone, which opens nothing, as
// everybody sees a badge and may photograph it.
func badgeCode(d Delegate) string { return d.Mark }

// WriteBadges writes badges, ten on a sheet, each with its code.
func (v View) WriteBadges(w io.Writer, font []byte) error {
	pdf := sheets(font)
	const columns, rows = 2, 5
	left, top := (pageWidth-columns*badgeWidth)/2, (pageHeight-rows*badgeHeight)/2
	n := 0
	for _, d := range v.Delegates {
		if d.Answer == Declined {
			continue
		}
		k := n % (columns * rows)
		n++
		if k == 0 {
			pdf.AddPage()
		}
		x, y := left+float64(k%columns)*badgeWidth, top+float64(k/columns)*badgeHeight
		pdf.SetDrawColor(190, 190, 190)
		pdf.Rect(x, y, badgeWidth, badgeHeight, "D")
		room := badgeWidth - 32
		at := fitted(pdf, v.Cluster.Name, x+4, y+8, room, 9)
		name := d.Name
		if name == "" || d.Answer == Sends {
			name = d.As()
		}
		at = fitted(pdf, name, x+4, at+8, room, 17)
		if name != d.As() {
			at = fitted(pdf, d.As(), x+4, at+2, room, 11)
		}
		at = fitted(pdf, v.Where(d), x+4, at+2, room, 11)
		if d.Seat != "" {
			fitted(pdf, "Chỗ "+d.Seat, x+4, max(at+2, y+badgeHeight-5), room, 10)
		}
		if err := square(pdf, badgeCode(d), x+badgeWidth-27, y+14, 24); err != nil {
			return err
		}
		pdf.SetFontSize(7)
		pdf.Text(x+badgeWidth-26, y+42, d.Mark)
	}
	if pdf.PageNo() == 0 {
		pdf.AddPage()
	}
	return pdf.Output(w)
}

// square draws a QR code.
func square(pdf *fpdf.Fpdf, text string, x, y, size float64) error {
	code, err := qr.New(text)
	if err != nil {
		return err
	}
	module := size / float64(code.Size)
	pdf.SetFillColor(0, 0, 0)
	for row := range code.Size {
		for column := range code.Size {
			if code.Dark(column, row) {
				pdf.Rect(x+float64(column)*module, y+float64(row)*module, module+0.01, module+0.01, "F")
			}
		}
	}
	return nil
}

// WriteSigns writes signs for the table, three on a sheet; the upper half is turned over,
// so that both sides read upright when the sign is folded.
func (v View) WriteSigns(w io.Writer, font []byte) error {
	pdf := sheets(font)
	n := 0
	for _, d := range v.Delegates {
		if d.Answer == Declined {
			continue
		}
		k := n % 3
		n++
		if k == 0 {
			pdf.AddPage()
		}
		y := float64(k) * signHeight
		pdf.SetDrawColor(190, 190, 190)
		pdf.Line(0, y+signHeight, pageWidth, y+signHeight)
		pdf.SetDashPattern([]float64{2, 2}, 0)
		pdf.Line(10, y+signHeight/2, pageWidth-10, y+signHeight/2)
		pdf.SetDashPattern(nil, 0)
		half := func() {
			at := y + signHeight/2 + 21
			if d.Name != "" && d.Answer != Sends {
				at = fitted(pdf, d.Name, 12, at, pageWidth-24, 34)
				fitted(pdf, d.As(), 12, at+2, pageWidth-24, 16)
				return
			}
			at = fitted(pdf, d.As(), 12, at, pageWidth-24, 28)
			fitted(pdf, v.Where(d), 12, at+2, pageWidth-24, 18)
		}
		half()
		pdf.TransformBegin()
		pdf.TransformRotate(180, pageWidth/2, y+signHeight/2)
		half()
		pdf.TransformEnd()
	}
	if n == 0 {
		pdf.AddPage()
	}
	return pdf.Output(w)
}

// WriteSeats writes the plan of seats: who sits where, by the seat's name.
func (v View) WriteSeats(w io.Writer, font []byte) error {
	pdf := sheets(font)
	rows, order := map[string][]Delegate{}, []string{}
	for _, d := range v.Delegates {
		if d.Seat == "" || d.Answer == Declined {
			continue
		}
		row := rowOf(d.Seat)
		if rows[row] == nil {
			order = append(order, row)
		}
		rows[row] = append(rows[row], d)
	}
	sortSeats(order, rows)
	page := func() float64 {
		pdf.AddPage()
		y := fitted(pdf, "Sơ đồ chỗ ngồi", 10, 15, pageWidth-20, 16)
		y = fitted(pdf, v.Title, 10, y+1, pageWidth-20, 10)
		pdf.SetFillColor(235, 235, 235)
		pdf.Rect(45, y+1, pageWidth-90, 9, "F")
		fitted(pdf, "Bàn chủ tọa, bục phát biểu", 45, y+7, pageWidth-90, 10)
		return y + 16
	}
	y := page()
	for _, row := range order {
		const perLine, height = 6, 20.0
		// A row that has room on a sheet stands on one; a longer one goes on to the next.
		if lines := (len(rows[row]) + perLine - 1) / perLine; y+float64(lines)*height > pageHeight-10 && float64(lines)*height < pageHeight-50 {
			y = page()
		}
		y -= height
		for i, d := range rows[row] {
			width := (pageWidth - 20) / perLine
			if i%perLine == 0 {
				if y += height; y+height > pageHeight-10 {
					y = page()
				}
			}
			x, top := 10+float64(i%perLine)*width, y
			pdf.SetDrawColor(150, 150, 150)
			pdf.Rect(x+0.8, top, width-1.6, height-2, "D")
			at := fitted(pdf, d.Seat, x+2, top+5, width-4, 10)
			who := d.Name
			if who == "" || d.Answer == Sends {
				who = d.As()
			}
			at = fitted(pdf, who, x+2, at+0.5, width-4, 7)
			where := v.CodeOf(d.UnitID)
			if where == "" {
				where = v.Where(d)
			}
			fitted(pdf, where, x+2, at, width-4, 7)
		}
		y += height
	}
	if len(order) == 0 {
		fitted(pdf, "Chưa xếp chỗ cho đại biểu nào", 10, y+10, pageWidth-20, 12)
	}
	if err := pdf.Output(w); err != nil {
		return fmt.Errorf("write the seats: %w", err)
	}
	return nil
}
