package document

import (
	"context"
	"io"
	"strings"
	"time"
)

// ReadTable reads a file a person sends as rows of cells: a CSV file, with ";" or ","
// or tabs, or the sheet of a workbook that has a name (the first where none has).
// Days are yyyy-mm-dd; a workbook's numbers have a decimal comma, as people write them.
func ReadTable(ctx context.Context, f interface {
	io.Reader
	io.ReaderAt
}, name string, size int64, sheetName string, lim Limits) ([][]string, error) {
	if strings.HasSuffix(strings.ToLower(name), ".csv") {
		return ReadCSV(f, lim)
	}
	book, err := ReadWorkbook(ctx, f, size, lim)
	if err != nil {
		return nil, err
	}
	sheet := book.Sheet(sheetName)
	if sheet == nil && len(book.Sheets) > 0 {
		sheet = &book.Sheets[0]
	}
	if sheet == nil {
		return nil, nil
	}
	var rows [][]string
	for i := range sheet.Rows {
		var row []string
		for k := range sheet.Rows[i] {
			c := sheet.At(i, k)
			text := c.Text
			if c.Kind == CellNumber {
				text = strings.Replace(text, ".", ",", 1) // as people write it
			}
			if c.Kind == CellDate && len(text) > len(time.DateOnly) {
				text = text[:len(time.DateOnly)]
			}
			row = append(row, text)
		}
		rows = append(rows, row)
	}
	return rows, nil
}
