package document

import (
	"archive/zip"
	"bufio"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"dongthuan/internal/lang"
)

// Look is how a cell is shown.
type Look uint8

const (
	LookPlain   Look = iota // words as they are, wrapped
	LookTitle               // the title of a table, large and centred
	LookHeader              // the head of a column
	LookNote                // a line of small words under a title or a table
	LookWords               // words in a bordered cell; what is typed there stays words
	LookInteger             // 14.820
	LookDecimal             // 12,50 with CellStyle.Decimals digits
	LookPercent             // 95,5 % of a value of 0.955, with CellStyle.Decimals digits
	LookDay                 // 20/11/2026
	lastLook    = LookDay
)

// CellStyle is a look and what goes with it.
type CellStyle struct {
	Look     Look
	Decimals int  // 0 to 10 digits after the mark
	Bold     bool // sums
	Input    bool // may be filled in although the sheet is protected; tinted
}

// CellOut is a cell to be written. Kind says what Text holds: CellText (also
// when the words begin with =, they never become a formula), CellNumber as
// 1234.5 or -3, CellDate as 2026-11-20, CellBool as true or false, or nothing.
type CellOut struct {
	Kind  CellKind
	Text  string
	Style CellStyle
	Span  int // columns it covers, when more than one
}

// RowOut is a row to be written. Height is in points, 0 for as much as the
// words are likely to need.
type RowOut struct {
	Height float64
	Cells  []CellOut
}

// ColumnOut is a column: its width in characters, 0 for the usual one. A key
// that only the program needs stands in a hidden column.
type ColumnOut struct {
	Width  float64
	Hidden bool
}

func (c ColumnOut) width() float64 {
	if c.Width <= 0 {
		return 12
	}
	return c.Width
}

// CellRule is what may be typed in an area of a sheet. Exactly one of Options,
// Source or a number is asked for: a choice from a list, a choice from an area
// of another sheet, or a number from Min to Max.
type CellRule struct {
	Area     string // C5:C40
	Options  []string
	Source   string // 'Danh mục'!$A$1:$A$20
	Whole    bool   // a whole number, else any
	Min, Max string // as 0 and 999999999
	Prompt   string // shown when the cell is chosen
	Refusal  string // shown when something else was typed
}

// SheetOut is a sheet to be written: A4, landscape unless Portrait, as wide as
// the page, its head rows on every page.
type SheetOut struct {
	Name     string // see SheetName
	Hidden   bool
	Columns  []ColumnOut
	Rows     iter.Seq[RowOut] // slices.Values of rows, or made one by one
	HeadFrom int              // the first row repeated on each page, from 1; 0 for none
	HeadTo   int              // the last one; the rows down to it stay in sight
	HeadLeft int              // columns that stay in sight
	Protect  bool             // only cells with CellStyle.Input may be changed; there is no password
	Rules    []CellRule
	Portrait bool
}

// SheetName makes a name that Excel accepts: up to 31 characters, none of
// []:*?/\, no quote at an end.
func SheetName(s string) string {
	s = lang.Line(strings.Map(func(r rune) rune {
		if strings.ContainsRune(`[]:*?/\`, r) {
			return ' '
		}
		return r
	}, s))
	for utf16Len(s) > 31 {
		_, n := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-n]
	}
	s = strings.Trim(s, "' ")
	if s == "" || strings.EqualFold(s, "history") {
		s = strings.TrimSpace("Trang " + s)
	}
	return s
}

func utf16Len(s string) int {
	n := 0
	for _, r := range s {
		n += max(1, utf16.RuneLen(r))
	}
	return n
}

// WriteWorkbook writes the sheets as .xlsx. Rows go out as they come, so that
// the size of a table costs no memory, and the same sheets give the same bytes.
// What cannot be written (a name twice, a number that is none) is an error of
// the caller, and what was written by then is no workbook.
func WriteWorkbook(w io.Writer, sheets []SheetOut) error {
	if len(sheets) == 0 {
		return errors.New("write workbook: no sheets")
	}
	out := &workbookOut{zip: zip.NewWriter(w), styles: map[CellStyle]int{}}
	out.style(CellStyle{}) // number 0, of cells that were not written
	names := map[string]bool{}
	for _, s := range sheets {
		folded := strings.ToLower(s.Name)
		if s.Name != SheetName(s.Name) || names[folded] {
			return fmt.Errorf("write workbook: sheet name %q", s.Name)
		}
		names[folded] = true
	}
	if err := out.frame(sheets); err != nil {
		return fmt.Errorf("write workbook: %w", err)
	}
	for i, s := range sheets {
		if err := out.sheet(i+1, s); err != nil {
			return fmt.Errorf("write sheet %q: %w", s.Name, err)
		}
	}
	if err := out.part("xl/styles.xml", out.writeStyles); err != nil {
		return fmt.Errorf("write styles: %w", err)
	}
	return out.zip.Close()
}

// workbookOut is a workbook being written.
type workbookOut struct {
	zip    *zip.Writer
	styles map[CellStyle]int
	order  []CellStyle
}

func (o *workbookOut) style(s CellStyle) int {
	n, ok := o.styles[s]
	if !ok {
		n = len(o.order)
		o.styles[s] = n
		o.order = append(o.order, s)
	}
	return n
}

// part writes one part. All parts carry the same old date, since the bytes
// must not depend on the clock.
func (o *workbookOut) part(name string, write func(x *xmlOut)) error {
	f, err := o.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		return err
	}
	x := &xmlOut{w: bufio.NewWriterSize(f, 32<<10)}
	x.put(`<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n")
	write(x)
	if x.err == nil {
		x.err = x.w.Flush()
	}
	return x.err
}

// xmlOut keeps the first error, so that writing reads as one line after another.
type xmlOut struct {
	w   *bufio.Writer
	err error
}

func (x *xmlOut) put(parts ...string) {
	for _, s := range parts {
		if x.err == nil {
			_, x.err = x.w.WriteString(s)
		}
	}
}

func (x *xmlOut) fail(form string, args ...any) {
	if x.err == nil {
		x.err = fmt.Errorf(form, args...)
	}
}

var xmlEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "\n", "&#10;", "\t", "&#9;")

// quoted is text for XML: clean, and with what looks like an escape of Excel's
// own written so that it is read back as it is.
func quoted(s string) string {
	s = tidy(s)
	if strings.Contains(s, "_x") {
		var b strings.Builder
		for i := range len(s) {
			if _, ok := escape(s[i:]); ok {
				b.WriteString("_x005F")
			}
			b.WriteByte(s[i])
		}
		s = b.String()
	}
	// U+FFFE and U+FFFF are the characters left that XML does not allow.
	s = strings.Map(func(r rune) rune {
		if r == 0xFFFE || r == 0xFFFF {
			return -1
		}
		return r
	}, s)
	return xmlEscapes.Replace(s)
}

const mainSpace = `xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"`

func (o *workbookOut) sheet(n int, s SheetOut) error {
	return o.part(fmt.Sprintf("xl/worksheets/sheet%d.xml", n), func(x *xmlOut) {
		x.put(`<worksheet `, mainSpace, `><sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>`)
		x.view(s, n == 1)
		x.put(`<sheetFormatPr defaultRowHeight="16.5"/>`)
		x.columns(s.Columns)
		merges := o.rows(x, s)
		if s.Protect {
			x.put(`<sheetProtection sheet="1" objects="1" scenarios="1" formatColumns="0" formatRows="0"/>`)
		}
		if len(merges) > 0 {
			x.put(`<mergeCells count="`, strconv.Itoa(len(merges)), `">`)
			for _, m := range merges {
				x.put(`<mergeCell ref="`, CellRef(m.top, m.left), `:`, CellRef(m.bottom, m.right), `"/>`)
			}
			x.put(`</mergeCells>`)
		}
		x.rules(s.Rules)
		x.put(`<pageMargins left="0.5" right="0.5" top="0.6" bottom="0.6" header="0.3" footer="0.3"/>`)
		orientation := "landscape"
		if s.Portrait {
			orientation = "portrait"
		}
		x.put(`<pageSetup paperSize="9" orientation="`, orientation, `" fitToWidth="1" fitToHeight="0"/>`)
		x.put(`<headerFooter><oddFooter>&amp;C&amp;P/&amp;N</oddFooter></headerFooter></worksheet>`)
	})
}

// view keeps the head rows and the first columns in sight.
func (x *xmlOut) view(s SheetOut, first bool) {
	x.put(`<sheetViews><sheetView showGridLines="0" workbookViewId="0"`)
	if first {
		x.put(` tabSelected="1"`)
	}
	if s.HeadTo == 0 && s.HeadLeft == 0 {
		x.put(`/></sheetViews>`)
		return
	}
	x.put(`><pane`)
	pane := ""
	if s.HeadLeft > 0 {
		x.put(` xSplit="`, strconv.Itoa(s.HeadLeft), `"`)
		pane = "topRight"
	}
	if s.HeadTo > 0 {
		x.put(` ySplit="`, strconv.Itoa(s.HeadTo), `"`)
		pane = map[bool]string{true: "bottomRight", false: "bottomLeft"}[s.HeadLeft > 0]
	}
	x.put(` topLeftCell="`, CellRef(s.HeadTo, s.HeadLeft), `" activePane="`, pane, `" state="frozen"/>`)
	x.put(`<selection pane="`, pane, `"/></sheetView></sheetViews>`)
}

func (x *xmlOut) columns(columns []ColumnOut) {
	if len(columns) == 0 {
		return
	}
	x.put(`<cols>`)
	for i, c := range columns {
		n := strconv.Itoa(i + 1)
		x.put(`<col min="`, n, `" max="`, n, `" width="`, strconv.FormatFloat(c.width(), 'f', -1, 64), `" customWidth="1"`)
		if c.Hidden {
			x.put(` hidden="1"`)
		}
		x.put(`/>`)
	}
	x.put(`</cols>`)
}

// rows writes the rows as they come and returns the merged areas, which stand
// after them.
func (o *workbookOut) rows(x *xmlOut, s SheetOut) (merges []area) {
	x.put(`<sheetData>`)
	defer x.put(`</sheetData>`)
	if s.Rows == nil {
		return nil
	}
	row := 0
	for r := range s.Rows {
		if x.err != nil {
			return nil
		}
		if row == maxRow {
			x.fail("more than %d rows", maxRow)
			return nil
		}
		x.put(`<row r="`, strconv.Itoa(row+1), `"`)
		if r.Height > 0 {
			x.put(` ht="`, strconv.FormatFloat(r.Height, 'f', -1, 64), `" customHeight="1"`)
		} else if n := lines(s.Columns, r.Cells); n > 1 {
			x.put(` ht="`, strconv.FormatFloat(min(lineHeight*float64(n), 409), 'f', -1, 64), `"`)
		}
		x.put(`>`)
		column := 0
		for _, c := range r.Cells {
			span := max(1, c.Span)
			if column+span > maxColumn {
				x.fail("row %d: more than %d columns", row+1, maxColumn)
				return nil
			}
			style := strconv.Itoa(o.style(c.Style))
			x.cell(CellRef(row, column), style, c)
			for i := 1; i < span; i++ { // so that the border goes all around
				x.put(`<c r="`, CellRef(row, column+i), `" s="`, style, `"/>`)
			}
			if span > 1 {
				merges = append(merges, area{row, column, row, column + span - 1})
			}
			column += span
		}
		x.put(`</row>`)
		row++
	}
	return merges
}

const lineHeight = 16.5 // points

// lines estimates how many lines the words of a row take in their columns.
// Excel measures again when the row is edited; LibreOffice, and Excel for
// merged cells, do not, and would show the first line only.
func lines(columns []ColumnOut, cells []CellOut) int {
	most, column := 1, 0
	for _, c := range cells {
		width := 0.0
		for range max(1, c.Span) {
			if column < len(columns) {
				width += columns[column].width()
			} else {
				width += 8
			}
			column++
		}
		if c.Kind != CellText {
			continue
		}
		size := 1.0 // of a letter, in the widths that columns are measured in
		switch {
		case c.Style.Look == LookTitle:
			size = 1.25
		case c.Style.Look == LookHeader, c.Style.Bold:
			size = 1.1
		}
		n := 0
		for paragraph := range strings.SplitSeq(c.Text, "\n") {
			n += 1 + int(float64(utf8.RuneCountInString(paragraph))*size/width)
		}
		if c.Style.Look == LookTitle {
			n += n / 5 // its lines are higher
		}
		most = max(most, n)
	}
	return most
}

// isDecimal reports whether s is a number as files hold it: 1234.5 or -3.
func isDecimal(s string) bool {
	whole, frac, point := strings.Cut(strings.TrimPrefix(s, "-"), ".")
	return len(s) <= 300 && digits(whole) && (!point || digits(frac))
}

// cell writes one cell. Words are written as words where they stand: there is
// no way from text to a formula.
func (x *xmlOut) cell(ref, style string, c CellOut) {
	x.put(`<c r="`, ref, `" s="`, style, `"`)
	switch c.Kind {
	case CellEmpty:
		x.put(`/>`)
	case CellText:
		text := quoted(c.Text)
		if len(c.Text) > maxText && utf16Len(c.Text) > maxText {
			x.fail("%s: more than %d characters", ref, maxText)
		}
		x.put(` t="inlineStr"><is><t xml:space="preserve">`, text, `</t></is></c>`)
	case CellNumber:
		if !isDecimal(c.Text) {
			x.fail("%s: number %q", ref, c.Text)
		}
		x.put(`><v>`, c.Text, `</v></c>`)
	case CellBool:
		value := map[string]string{"true": "1", "false": "0"}[c.Text]
		if value == "" {
			x.fail("%s: neither true nor false: %q", ref, c.Text)
		}
		x.put(` t="b"><v>`, value, `</v></c>`)
	case CellDate:
		day, err := time.Parse(time.DateOnly, c.Text)
		if err != nil || day.Year() < 1901 {
			x.fail("%s: date %q", ref, c.Text)
		}
		x.put(`><v>`, strconv.Itoa(int(day.Sub(time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)).Hours()/24)), `</v></c>`)
	default:
		x.fail("%s: cell of kind %d", ref, c.Kind)
	}
}

// rules writes what may be typed where.
func (x *xmlOut) rules(rules []CellRule) {
	if len(rules) == 0 {
		return
	}
	x.put(`<dataValidations count="`, strconv.Itoa(len(rules)), `">`)
	for _, r := range rules {
		if _, ok := parseArea(r.Area); !ok {
			x.fail("rule for %q", r.Area)
		}
		kind, first, last := "decimal", r.Min, r.Max
		switch {
		case len(r.Options) > 0:
			kind, first, last = "list", `"`+strings.ReplaceAll(strings.Join(r.Options, ","), `"`, `""`)+`"`, ""
			// Excel calls the file damaged when the list is longer.
			if strings.Count(first, ",") != len(r.Options)-1 || utf16Len(first) > 257 {
				x.fail("rule for %s: options hold a comma or more than 255 characters; give a Source", r.Area)
			}
		case r.Source != "":
			kind, first, last = "list", r.Source, ""
		case r.Whole:
			kind = "whole"
		}
		if kind != "list" && (!isDecimal(r.Min) || !isDecimal(r.Max)) {
			x.fail("rule for %s: from %q to %q", r.Area, r.Min, r.Max)
		}
		x.put(`<dataValidation type="`, kind, `" allowBlank="1" showInputMessage="1" showErrorMessage="1"`)
		if r.Refusal != "" {
			x.put(` error="`, quoted(shorten(r.Refusal)), `"`)
		}
		if r.Prompt != "" {
			x.put(` prompt="`, quoted(shorten(r.Prompt)), `"`)
		}
		x.put(` sqref="`, r.Area, `"><formula1>`, xmlEscapes.Replace(first), `</formula1>`)
		if last != "" {
			x.put(`<formula2>`, last, `</formula2>`)
		}
		x.put(`</dataValidation>`)
	}
	x.put(`</dataValidations>`)
}

// shorten cuts a message to the 225 characters that Excel shows.
func shorten(s string) string {
	r := []rune(s)
	return string(r[:min(len(r), 225)])
}

// frame writes the parts around the sheets, the types first: by them programs
// tell the file from another archive.
func (o *workbookOut) frame(sheets []SheetOut) error {
	return errors.Join(
		o.part("[Content_Types].xml", func(x *xmlOut) {
			const kind = `application/vnd.openxmlformats-officedocument.spreadsheetml.`
			x.put(`<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">`)
			x.put(`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>`)
			x.put(`<Default Extension="xml" ContentType="application/xml"/>`)
			x.put(`<Override PartName="/xl/workbook.xml" ContentType="`, kind, `sheet.main+xml"/>`)
			x.put(`<Override PartName="/xl/styles.xml" ContentType="`, kind, `styles+xml"/>`)
			for i := range sheets {
				x.put(`<Override PartName="/xl/worksheets/sheet`, strconv.Itoa(i+1), `.xml" ContentType="`, kind, `worksheet+xml"/>`)
			}
			x.put(`</Types>`)
		}),
		o.part("xl/workbook.xml", func(x *xmlOut) { x.workbook(sheets) }),
		o.part("xl/_rels/workbook.xml.rels", func(x *xmlOut) {
			x.put(`<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`)
			for i := range sheets {
				n := strconv.Itoa(i + 1)
				x.put(`<Relationship Id="rId`, n, `" Type="`, relSpace, `/worksheet" Target="worksheets/sheet`, n, `.xml"/>`)
			}
			x.put(`<Relationship Id="rIdStyles" Type="`, relSpace, `/styles" Target="styles.xml"/></Relationships>`)
		}),
		o.part("_rels/.rels", func(x *xmlOut) {
			x.put(`<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`)
			x.put(`<Relationship Id="rId1" Type="`, relSpace, `/officeDocument" Target="xl/workbook.xml"/></Relationships>`)
		}),
	)
}

const relSpace = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"

func (x *xmlOut) workbook(sheets []SheetOut) {
	x.put(`<workbook `, mainSpace, ` xmlns:r="`, relSpace, `"><bookViews><workbookView/></bookViews><sheets>`)
	for i, s := range sheets {
		n := strconv.Itoa(i + 1)
		x.put(`<sheet name="`, quoted(s.Name), `" sheetId="`, n, `" r:id="rId`, n, `"`)
		if s.Hidden {
			x.put(` state="hidden"`)
		}
		x.put(`/>`)
	}
	x.put(`</sheets>`)
	open := false
	for i, s := range sheets {
		if s.HeadFrom == 0 || s.HeadTo < s.HeadFrom {
			continue
		}
		if !open {
			x.put(`<definedNames>`)
			open = true
		}
		x.put(`<definedName name="_xlnm.Print_Titles" localSheetId="`, strconv.Itoa(i), `">'`,
			quoted(strings.ReplaceAll(s.Name, "'", "''")), `'!$`, strconv.Itoa(s.HeadFrom), `:$`, strconv.Itoa(s.HeadTo), `</definedName>`)
	}
	if open {
		x.put(`</definedNames>`)
	}
	x.put(`</workbook>`)
}

// writeStyles writes the styles in the order in which they were first used.
// Fonts, fills and borders are few and fixed; number formats and their
// combinations follow from the looks.
func (o *workbookOut) writeStyles(x *xmlOut) {
	const font = `<name val="Times New Roman"/><family val="1"/></font>`
	x.put(`<styleSheet `, mainSpace, `>`)
	x.put(`<numFmts count="`, strconv.Itoa(2*(maxDecimals+1)+1), `">`)
	for n := range maxDecimals + 1 {
		digits := ""
		if n > 0 {
			digits = "." + strings.Repeat("0", n)
		}
		x.put(`<numFmt numFmtId="`, strconv.Itoa(decimalFormat+n), `" formatCode="#,##0`, digits, `"/>`)
		x.put(`<numFmt numFmtId="`, strconv.Itoa(percentFormat+n), `" formatCode="0`, digits, `%"/>`)
	}
	x.put(`<numFmt numFmtId="`, strconv.Itoa(dayFormat), `" formatCode="dd/mm/yyyy"/></numFmts>`)
	x.put(`<fonts count="4"><font><sz val="12"/>`, font, `<font><b/><sz val="12"/>`, font, `<font><b/><sz val="14"/>`, font, `<font><i/><sz val="11"/>`, font, `</fonts>`)
	const solid = `<fill><patternFill patternType="solid"><fgColor rgb="%s"/><bgColor indexed="64"/></patternFill></fill>`
	x.put(`<fills count="4"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>`,
		fmt.Sprintf(solid, "FFE3EAF3"), fmt.Sprintf(solid, "FFFFF9E5"), `</fills>`)
	x.put(`<borders count="2"><border><left/><right/><top/><bottom/><diagonal/></border><border>`)
	for _, side := range []string{"left", "right", "top", "bottom"} {
		x.put(`<`, side, ` style="thin"><color rgb="FF7F7F7F"/></`, side, `>`)
	}
	x.put(`<diagonal/></border></borders>`)
	x.put(`<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>`)
	x.put(`<cellXfs count="`, strconv.Itoa(len(o.order)), `">`)
	for _, s := range o.order {
		x.style(s)
	}
	x.put(`</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`)
}

const (
	maxDecimals   = 10
	decimalFormat = 164
	percentFormat = 180
	dayFormat     = 200
)

func (x *xmlOut) style(s CellStyle) {
	if s.Look > lastLook || s.Decimals < 0 || s.Decimals > maxDecimals {
		x.fail("style %+v", s)
	}
	format, font, fill, border := 0, 0, 0, 1
	align := `vertical="center" wrapText="1"`
	switch s.Look {
	case LookPlain:
		border = 0
	case LookTitle:
		font, border = 2, 0
		align += ` horizontal="center"`
	case LookHeader:
		font, fill = 1, 2
		align += ` horizontal="center"`
	case LookNote:
		font, border = 3, 0
	case LookWords:
		format = 49 // text: 001 stays 001
	case LookInteger:
		format = decimalFormat
		align = `vertical="center"`
	case LookDecimal:
		format = decimalFormat + s.Decimals
		align = `vertical="center"`
	case LookPercent:
		format = percentFormat + s.Decimals
		align = `vertical="center"`
	case LookDay:
		format = dayFormat
		align = `vertical="center" horizontal="center"`
	}
	if s.Bold && font == 0 {
		font = 1
	}
	if s.Input && fill == 0 {
		fill = 3
	}
	locked := "1"
	if s.Input {
		locked = "0"
	}
	x.put(fmt.Sprintf(`<xf numFmtId="%d" fontId="%d" fillId="%d" borderId="%d" xfId="0" applyNumberFormat="1" applyFont="1" applyFill="1" applyBorder="1" applyAlignment="1" applyProtection="1">`, format, font, fill, border))
	x.put(`<alignment `, align, `/><protection locked="`, locked, `"/></xf>`)
}
