package document

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// sheet is a worksheet being read.
type sheet struct {
	*book
	part     *xmlPart
	name     string
	rows     [][]Cell
	wide     int // columns of the longest row
	row      int // being read
	merges   []area
	formulas []area // arrays, whose formula stands in their first cell only
	buf      bytes.Buffer
}

func (b *book) readSheet(part, name string) ([][]Cell, error) {
	p, err := b.archive.open(part)
	if err != nil {
		return nil, err
	}
	defer p.close()
	if err := p.begin("worksheet"); err != nil {
		return nil, err
	}
	s := &sheet{book: b, part: p, name: name, row: -1}
	err = p.each(func(e xml.StartElement) error {
		switch e.Name.Local {
		case "sheetData":
			return p.each(s.readRow)
		case "mergeCells":
			return p.each(s.readMerge)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := s.finish(); err != nil {
		return nil, err
	}
	return s.rows, nil
}

// readRow reads one row. A row without a number follows the one before it.
func (s *sheet) readRow(e xml.StartElement) error {
	if e.Name.Local != "row" {
		return nil
	}
	s.row++
	if r := attr(e, "r"); r != "" {
		n, err := strconv.Atoi(strings.TrimSpace(r))
		if err != nil || n < 1 || n > maxRow {
			return fmt.Errorf("%s: row %q", s.name, r)
		}
		s.row = n - 1
	}
	column := -1
	return s.part.each(func(e xml.StartElement) error {
		if e.Name.Local != "c" {
			return nil
		}
		column++
		if r := attr(e, "r"); r != "" {
			row, col, ok := parseRef(r)
			if !ok || row != s.row {
				return fmt.Errorf("%s: cell %q in row %d", s.name, r, s.row+1)
			}
			column = col
		}
		c, err := s.readCell(e)
		if err != nil || c.Kind == CellEmpty && !c.Formula {
			return err // a cell that only has a colour does not count
		}
		return s.put(column, c)
	})
}

// put places a cell. Two values for one cell are refused: programs differ in
// which of them they show.
func (s *sheet) put(column int, c Cell) error {
	if s.row >= s.lim.Rows {
		return tooLarge("rows", s.name, s.lim.Rows)
	}
	if column >= s.lim.Columns {
		return tooLarge("columns", s.name, s.lim.Columns)
	}
	if err := s.extend(s.row, column); err != nil {
		return err
	}
	at := &s.rows[s.row][column]
	if at.Kind != CellEmpty || at.Formula {
		return invalid("twice", s.name, CellRef(s.row, column))
	}
	*at = c
	return nil
}

// extend makes the row long enough to hold column.
func (s *sheet) extend(row, column int) error {
	for len(s.rows) <= row {
		s.rows = append(s.rows, nil)
	}
	more := column + 1 - len(s.rows[row])
	if more <= 0 {
		return nil
	}
	if s.cells += more; s.cells > s.lim.Cells {
		return tooLarge("cells", s.lim.Cells)
	}
	s.rows[row] = slices.Grow(s.rows[row], more)[:column+1]
	s.wide = max(s.wide, column+1)
	return nil
}

// readCell reads the value of one cell.
func (s *sheet) readCell(e xml.StartElement) (c Cell, err error) {
	kind, style := attr(e, "t"), attr(e, "s")
	var value string
	err = s.part.each(func(e xml.StartElement) error {
		switch e.Name.Local {
		case "v":
			s.buf.Reset()
			err := s.part.text(&s.buf)
			value = s.buf.String()
			return err
		case "is":
			s.buf.Reset()
			err := s.part.rich(&s.buf)
			value = s.buf.String()
			return err
		case "f":
			c.Formula = true
			if a, ok := parseArea(attr(e, "ref")); ok && attr(e, "t") == "array" {
				s.formulas = append(s.formulas, a)
			}
		}
		return nil
	})
	if err != nil {
		return c, err
	}
	switch kind {
	case "inlineStr", "str":
		c.Kind = CellText
		c.Text, err = cellText(value)
	case "s":
		if value = strings.TrimSpace(value); value == "" {
			return c, nil
		}
		n, bad := strconv.Atoi(value)
		if bad != nil || n < 0 || n >= len(s.strings) {
			return c, fmt.Errorf("%s: no text %q", s.name, value)
		}
		c.Kind, c.Text = CellText, s.strings[n]
	case "b":
		if value = strings.TrimSpace(value); value != "" {
			c.Kind, c.Text = CellBool, strconv.FormatBool(isTrue(value))
		}
	case "e":
		c.Kind = CellError
		c.Text, err = cellText(value)
	case "d":
		c.Kind = CellDate
		if c.Text, err = cellText(value); err == nil && c.Text != "" {
			if c.Text = isoDate(c.Text); c.Text == "" {
				return c, fmt.Errorf("%s: date %q", s.name, value)
			}
		}
	case "", "n":
		c.Kind, c.Text, err = s.number(strings.TrimSpace(value), style)
	default:
		return c, fmt.Errorf("%s: cell of type %q", s.name, kind)
	}
	if c.Text == "" {
		c.Kind = CellEmpty
	}
	return c, err
}

// number reads a number, which is a date when its style shows it as one. What
// is no number is an error in the cell, not in the file.
func (s *sheet) number(value, style string) (CellKind, string, error) {
	if value == "" {
		return CellEmpty, "", nil
	}
	text, f, ok := plainNumber(value)
	if !ok {
		text, err := cellText(value)
		return CellError, text, err
	}
	if n, err := strconv.Atoi(style); err == nil && n >= 0 && n < len(s.looks) {
		if date := s.since.date(f, s.looks[n]); date != "" {
			return CellDate, date, nil
		}
	}
	return CellNumber, text, nil
}

func (s *sheet) readMerge(e xml.StartElement) error {
	if e.Name.Local != "mergeCell" {
		return nil
	}
	a, ok := parseArea(attr(e, "ref"))
	if !ok {
		return fmt.Errorf("%s: merge %q", s.name, attr(e, "ref"))
	}
	s.merges = append(s.merges, a)
	if len(s.merges) > s.lim.Cells {
		return tooLarge("cells", s.lim.Cells)
	}
	return nil
}

// finish marks merged cells and arrays inside the part of the sheet that is
// used, and names the cells. A value under a merged area cannot be seen in
// Excel, so it is dropped.
func (s *sheet) finish() error {
	most := s.lim.Rows * s.lim.Columns // merged areas do not overlap
	for _, a := range s.merges {
		top, left := a.top, a.left
		a.bottom, a.right = min(a.bottom, len(s.rows)-1), min(a.right, s.wide-1)
		if a.top > a.bottom || a.left > a.right {
			continue
		}
		if most -= a.cells(); most < 0 {
			return fmt.Errorf("%s: merged areas overlap", s.name)
		}
		for row := a.top; row <= a.bottom; row++ {
			if err := s.extend(row, a.right); err != nil {
				return err
			}
			for column := a.left; column <= a.right; column++ {
				if c := &s.rows[row][column]; row == top && column == left {
					c.Merged = true
				} else {
					*c = Cell{Merged: true}
				}
			}
		}
	}
	most = s.lim.Rows * s.lim.Columns
	for _, a := range s.formulas {
		a.bottom, a.right = min(a.bottom, len(s.rows)-1), min(a.right, s.wide-1)
		if a.top > a.bottom || a.left > a.right {
			continue
		}
		if most -= a.cells(); most < 0 {
			return fmt.Errorf("%s: arrays overlap", s.name)
		}
		for row := a.top; row <= a.bottom; row++ {
			for column := a.left; column <= a.right && column < len(s.rows[row]); column++ {
				s.rows[row][column].Formula = true
			}
		}
	}
	for row, cells := range s.rows {
		nameCells(row, cells)
	}
	return nil
}

// nameCells gives the cells of a row their names, all cut from one string.
func nameCells(row int, cells []Cell) {
	all := make([]byte, 0, 8*len(cells))
	for column := range cells {
		all = appendRef(all, row, column)
	}
	names := string(all)
	digits := len(strconv.Itoa(row + 1))
	for column := range cells {
		n := digits + 1
		if column >= 26 {
			n++
		}
		if column >= 26+26*26 {
			n++
		}
		cells[column].Ref, names = names[:n], names[n:]
	}
}
