package document

import (
	"math"
	"strconv"
	"strings"

	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
)

// CellKind says what a cell holds.
type CellKind uint8

const (
	CellEmpty  CellKind = iota
	CellText            // words, trimmed and in NFC
	CellNumber          // a decimal number with a point, without an exponent
	CellBool            // true or false
	CellDate            // 2026-11-20, 2026-11-20T08:30:00 or 08:30:00
	CellError           // #REF!, #N/A and so on
)

// Cell is one cell as a person sees it. The value of a formula is the one kept
// in the file when it was last saved: nobody here computed it.
type Cell struct {
	Ref     string // B7
	Text    string
	Kind    CellKind
	Formula bool
	Merged  bool // part of a merged area; only its first cell has a value
}

// Figure returns the number in the cell in thousandths. A number cell is read
// by its exact decimals, so that 14.825 is not taken for fourteen thousand as
// lang.ParseFigure must take it in typed text.
func (c Cell) Figure() (int64, error) {
	switch c.Kind {
	case CellNumber:
		whole, frac, _ := strings.Cut(c.Text, ".")
		if len(frac) > 3 {
			return 0, fault.New(fault.Invalid, "lang.number.fine", c.Text)
		}
		n, err := strconv.ParseInt(whole+(frac + "000")[:3], 10, 64)
		if err != nil || n > lang.MaxFigure || n < -lang.MaxFigure {
			return 0, fault.New(fault.Invalid, "lang.number.huge", c.Text)
		}
		return n, nil
	case CellEmpty, CellText:
		return lang.ParseFigure(c.Text)
	}
	return 0, fault.New(fault.Invalid, "lang.number.bad", c.Text)
}

// Sheet is a table of cells. Rows end at their last cell that says something,
// so they differ in length; Rows[6][1] is B7. At reads beyond the end safely.
type Sheet struct {
	Name   string
	Hidden bool
	Rows   [][]Cell
}

// At returns the cell in row and column, both counted from 0; an empty one
// where the sheet has nothing.
func (s *Sheet) At(row, column int) Cell {
	if row >= 0 && row < len(s.Rows) && column >= 0 && column < len(s.Rows[row]) {
		return s.Rows[row][column]
	}
	return Cell{Ref: CellRef(row, column)}
}

// Workbook is what was read of a file.
type Workbook struct{ Sheets []Sheet }

// Sheet returns the first sheet of that name, nil when there is none. Case,
// marks and đ do not matter: people retype the names of sheets.
func (w *Workbook) Sheet(name string) *Sheet {
	name = lang.Fold(name)
	for i := range w.Sheets {
		if lang.Fold(w.Sheets[i].Name) == name {
			return &w.Sheets[i]
		}
	}
	return nil
}

// Limits is how much a file may hold. Zero means the usual limit.
type Limits struct {
	Bytes    int64 // of the file as sent; 10 MB
	Inflated int64 // of all its parts that are read; 64 MB
	Entries  int   // parts in the archive; 2000
	Sheets   int   // 100
	Rows     int   // in a sheet; 5000
	Columns  int   // in a row; 200
	Cells    int   // in the whole file, gaps counted; 500 000
	Shared   int   // different strings; 500 000
}

func (l Limits) filled() Limits {
	for _, f := range []struct {
		n     *int
		usual int
	}{{&l.Entries, 2000}, {&l.Sheets, 100}, {&l.Rows, 5000}, {&l.Columns, 200}, {&l.Cells, 500_000}, {&l.Shared, 500_000}} {
		if *f.n == 0 {
			*f.n = f.usual
		}
	}
	if l.Bytes == 0 {
		l.Bytes = 10 << 20
	}
	if l.Inflated == 0 {
		l.Inflated = 64 << 20
	}
	return l
}

const (
	maxText   = 32767 // characters in a cell, by Excel
	maxRow    = 1 << 20
	maxColumn = 1 << 14
)

// CellRef names the cell in row and column, both counted from 0: CellRef(6, 1) is B7.
func CellRef(row, column int) string {
	return string(appendRef(nil, row, column))
}

func appendRef(b []byte, row, column int) []byte {
	b = appendColumn(b, column)
	return strconv.AppendInt(b, int64(row)+1, 10)
}

func appendColumn(b []byte, column int) []byte {
	if column >= 26 {
		b = appendColumn(b, column/26-1)
	}
	return append(b, 'A'+byte(column%26))
}

// parseRef is the way back from CellRef.
func parseRef(ref string) (row, column int, ok bool) {
	i := 0
	for ; i < len(ref) && i < 3; i++ {
		c := ref[i] &^ 0x20
		if c < 'A' || c > 'Z' {
			break
		}
		column = column*26 + int(c-'A') + 1
	}
	if i == 0 || i == len(ref) || len(ref)-i > 7 {
		return 0, 0, false
	}
	for _, c := range []byte(ref[i:]) {
		if c < '0' || c > '9' {
			return 0, 0, false
		}
		row = row*10 + int(c-'0')
	}
	return row - 1, column - 1, row >= 1 && row <= maxRow && column <= maxColumn
}

// area is a range of cells, both ends counted in.
type area struct{ top, left, bottom, right int }

func parseArea(s string) (a area, ok bool) {
	first, last, two := strings.Cut(s, ":")
	if !two {
		last = first
	}
	var ok1, ok2 bool
	a.top, a.left, ok1 = parseRef(first)
	a.bottom, a.right, ok2 = parseRef(last)
	return a, ok1 && ok2 && a.top <= a.bottom && a.left <= a.right
}

func (a area) cells() int { return (a.bottom - a.top + 1) * (a.right - a.left + 1) }

// plainNumber writes the number of a cell as a person would: no exponent, and
// no traces of binary fractions. Excel shows 15 digits and keeps 17, so
// 1.2300000000000002 in a file is the 1.23 that everybody sees.
func plainNumber(s string) (text string, value float64, ok bool) {
	if len(s) > 400 || strings.Trim(s, "0123456789+-.eE") != "" {
		return "", 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(f, 0) {
		return "", 0, false
	}
	if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return strconv.FormatInt(int64(f), 10), f, true
	}
	if mantissa, _, _ := strings.Cut(strconv.FormatFloat(math.Abs(f), 'e', -1, 64), "e"); len(mantissa) > 16 {
		f, _ = strconv.ParseFloat(strconv.FormatFloat(f, 'e', 14, 64), 64)
	}
	return strconv.FormatFloat(f, 'f', -1, 64), f, true
}
