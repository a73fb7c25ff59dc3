package document

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"unicode/utf8"

	"dongthuan/internal/fault"
)

const byteOrderMark = "\uFEFF"

// WriteCSV writes rows by RFC 4180, with the mark by which Excel knows UTF-8.
// Text that a spreadsheet would take for a formula gets a leading ', which
// ReadCSV takes away again; a plain number such as -3,5 stays.
func WriteCSV(w io.Writer, rows iter.Seq[[]string]) error {
	if _, err := io.WriteString(w, byteOrderMark); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	var line []string
	for row := range rows {
		line = line[:0]
		for _, s := range row {
			line = append(line, guard(tidy(s)))
		}
		if err := out.Write(line); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// guard is for tidy text, which cannot begin with a tab or a control character.
func guard(s string) string {
	if dangerous(s) {
		return "'" + s
	}
	return s
}

// dangerous reports whether s begins as a formula does, after any number of
// guards, so that adding one and taking one away are each other's opposite.
func dangerous(s string) bool {
	inner := strings.TrimLeft(s, "'")
	if len(inner) == len(s) && signedNumber(s) {
		return false
	}
	r, _ := utf8.DecodeRuneInString(inner)
	return inner != "" && strings.ContainsRune("=+-@\t\r＝＋－＠", r)
}

// signedNumber reports whether s is a minus and digits with at most one mark.
func signedNumber(s string) bool {
	whole, frac, marked := strings.Cut(strings.Replace(strings.TrimPrefix(s, "-"), ",", ".", 1), ".")
	return digits(whole) && (!marked || digits(frac))
}

func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// ReadCSV reads a CSV file in UTF-8, with comma, semicolon or tab between the
// fields, whichever the first lines use most evenly. Blank lines are left out.
func ReadCSV(r io.Reader, lim Limits) ([][]string, error) {
	lim = lim.filled()
	text, err := io.ReadAll(io.LimitReader(r, lim.Bytes+1))
	if err != nil {
		return nil, fmt.Errorf("read csv: %w", err)
	}
	if int64(len(text)) > lim.Bytes {
		return nil, tooLarge("size", mega(lim.Bytes))
	}
	text = bytes.TrimPrefix(text, []byte(byteOrderMark))
	if !utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0 {
		return nil, csvFault("utf8")
	}
	comma, text := separator(text)
	if line := tooWide(text, comma, lim.Columns); line > 0 {
		return nil, fault.New(fault.TooLarge, "document.csv.columns", line, lim.Columns)
	}
	in := csv.NewReader(bytes.NewReader(text))
	in.Comma, in.FieldsPerRecord, in.ReuseRecord = comma, -1, true
	var rows [][]string
	cells := 0
	for {
		record, err := in.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			var bad *csv.ParseError
			errors.As(err, &bad)
			return nil, csvFault("quote", bad.Line).Because(err)
		}
		row := make([]string, len(record))
		for i, s := range record {
			if row[i], err = cellTextCSV(s); err != nil {
				return nil, err
			}
		}
		if strings.Join(row, "") == "" {
			continue
		}
		if len(rows) == lim.Rows {
			return nil, fault.New(fault.TooLarge, "document.csv.rows", lim.Rows)
		}
		if cells += len(row); cells > lim.Cells {
			return nil, tooLarge("cells", lim.Cells)
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		return nil, csvFault("empty")
	}
	return rows, nil
}

func csvFault(key string, args ...any) *fault.Error {
	return fault.New(fault.Invalid, "document.csv."+key, args...)
}

func cellTextCSV(s string) (string, error) {
	if len(s) > maxText && utf8.RuneCountInString(s) > maxText {
		return "", tooLarge("text", maxText)
	}
	s = tidy(s)
	if strings.HasPrefix(s, "'") && dangerous(s) {
		s = tidy(s[1:])
	}
	return s, nil
}

// separator finds the mark between fields: the one that the least of the first
// lines has most of. Numbers such as 1,5 between semicolons do not mislead it.
// A first line sep=; by which Excel is told is obeyed and taken away.
func separator(text []byte) (rune, []byte) {
	if line, rest, _ := bytes.Cut(text, []byte("\n")); bytes.HasPrefix(line, []byte("sep=")) {
		if mark := bytes.TrimSpace(line[4:]); len(mark) == 1 && bytes.ContainsAny(mark, ",;") {
			return rune(mark[0]), rest
		}
		if bytes.HasPrefix(line[4:], []byte("\t")) {
			return '\t', rest
		}
	}
	marks := []byte("\t;,")
	var least [3]int
	for i := range least {
		least[i] = -1
	}
	var count [3]int
	inside, lines, blank := false, 0, true
	for i, c := range text {
		switch {
		case c == '"':
			inside = !inside
			blank = false
		case inside:
		case c == '\n':
			if !blank {
				for k := range marks {
					if least[k] < 0 || count[k] < least[k] {
						least[k] = count[k]
					}
				}
				lines++
			}
			count, blank = [3]int{}, true
		case c != '\r' && c != ' ':
			blank = false
			if k := bytes.IndexByte(marks, c); k >= 0 {
				count[k]++
			}
		}
		if lines == 10 || i == 64<<10 {
			break
		}
	}
	if !blank && lines < 10 {
		for k := range marks {
			if least[k] < 0 || count[k] < least[k] {
				least[k] = count[k]
			}
		}
	}
	best, most := byte(','), 0
	for k, mark := range marks {
		if least[k] > most {
			best, most = mark, least[k]
		}
	}
	return rune(best), text
}

// tooWide returns the number of the first line with more fields than columns,
// 0 when there is none, before the fields are cut: ten million commas are ten
// million strings.
func tooWide(text []byte, comma rune, columns int) int {
	inside, line, fields := false, 1, 1
	for _, c := range text {
		switch {
		case c == '"':
			inside = !inside
		case c == '\n':
			line++
			if !inside {
				fields = 1
			}
		case c == byte(comma) && !inside:
			if fields++; fields > columns {
				return line
			}
		}
	}
	return 0
}
