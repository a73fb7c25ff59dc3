package document

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"dongthuan/internal/fault"
)

// SentTable reads the table of a form as rows of cells: what was pasted into its field
// block, or a workbook or CSV file in its field file; and the block that says the same, by
// which a preview is sent back. most is how many bytes of the form are kept in memory.
func SentTable(r *http.Request, most int64, sheetName string, lim Limits) (rows [][]string, block string, err error) {
	missing := func(err error) error {
		return fault.New(fault.Invalid, "document.table.missing").In("file").Because(err)
	}
	if err := r.ParseMultipartForm(most); err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return nil, "", err
		}
		if !errors.Is(err, http.ErrNotMultipart) {
			return nil, "", missing(err)
		}
	}
	if block = r.FormValue("block"); strings.TrimSpace(block) != "" {
		rows, err = ReadCSV(strings.NewReader(block), lim)
		return rows, block, in(err, "block")
	}
	file, head, err := r.FormFile("file")
	if err != nil {
		return nil, "", missing(err)
	}
	defer file.Close()
	if rows, err = ReadTable(r.Context(), file, head.Filename, head.Size, sheetName, lim); err != nil {
		return nil, "", in(err, "file")
	}
	var b strings.Builder
	if err := WriteCSV(&b, slices.Values(rows)); err != nil {
		return nil, "", err
	}
	return rows, strings.TrimPrefix(b.String(), "\ufeff"), nil
}

// in names the field that an error belongs to.
func in(err error, field string) error {
	list := fault.All(err)
	for _, e := range list {
		e.In(field)
	}
	if list == nil {
		return err
	}
	return list
}

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
