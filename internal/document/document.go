// Package document writes official Vietnamese documents and workbooks, and reads
// what strangers upload.
//
// docx.go writes Word files in the two official layouts of layout.go, whose rules
// are as long as width.go says, pdf.go makes PDF of them where LibreOffice is installed; the xlsx files read and write
// spreadsheets.
package document

import (
	_ "embed"
	"time"
)

// Text and TextXLSX are the words of this package's errors.
//
//go:embed text.json
var Text []byte

//go:embed text_xlsx.json
var TextXLSX []byte

// Document is an official document as its layout will set it. Names are offices;
// the layout adds the national or the Party heading, rules, signs and numbers of
// pages.
type Document struct {
	Superior   string // cơ quan chủ quản
	Issuer     string // cơ quan ban hành, as it stands in a sentence: the head has capitals
	Number     string // "01/BC-CTĐ", "01-BC/CTĐ"; "" leaves room to write it in
	Place      string
	Date       time.Time // zero leaves room to write it in
	TypeName   string    // tên loại: "Báo cáo"
	Abstract   string    // trích yếu
	Addressees []string  // kính gửi
	Body       []Block
	Signature  Signature
	Signers    []Signature // several who sign, two in a row: minutes, a covenant
	// PartySigners are those where the Party's layout calls them otherwise.
	PartySigners []Signature
	Undated      bool     // minutes have no place and date in their head
	Recipients   []string // nơi nhận; the layout puts the marks
	Annexes      []Annex
}

// Signature block. Name stays empty: the program signs for no one.
type Signature struct {
	Authority string // "TM. CỤM THI ĐUA SỐ 3"
	Title     string // "CỤM TRƯỞNG"
	Name      string
}

// Annex begins on a page of its own.
type Annex struct {
	Number    string // "I"; "" where it is the only one
	Title     string
	Landscape bool
	Body      []Block
}

// Block is a part of the text: Heading, Paragraph, List or Table.
type Block interface{ block() }

// Heading of level 1 (I.), 2 (1.) or 3. Ordinal is written as the layout does.
type Heading struct {
	Level   int
	Ordinal string
	Text    string
	Mark    string // by which Contents finds its page, "" for none
}

// Run is a stretch of text in one face.
type Run struct {
	Text   string
	Bold   bool
	Italic bool
}

// Paragraph of the body.
type Paragraph struct{ Runs []Run }

// List has a dash before each item.
type List struct{ Items []string }

// Align of a column.
type Align string

const (
	Left   Align = "left"
	Center Align = "center"
	Right  Align = "right"
)

// Column of a table. Width is a share of the whole.
type Column struct {
	Title string
	Width int
	Align Align
}

// Table repeats its head on every page. Rows in Bold stand out, as sums do.
type Table struct {
	Columns []Column
	Rows    [][]string
	Bold    map[int]bool // by row
	Small   bool         // 11 pt, for wide annexes
}

// Picture is a square picture of MM millimetres in the body, with words under it. The
// body of an annex has none.
type Picture struct {
	PNG   []byte
	MM    float64
	Words string
}

// Contents lists headings with their pages, by their marks. A word processor fills the
// pages in when it opens the file.
type Contents struct{ Entries []Entry }

// Entry of Contents.
type Entry struct{ Mark, Text string }

// PageBreak begins a new page.
type PageBreak struct{}

func (Contents) block()  {}
func (PageBreak) block() {}
func (Heading) block()   {}
func (Picture) block()   {}
func (Paragraph) block() {}
func (List) block()      {}
func (Table) block()     {}

// Plain is a paragraph of one run.
func Plain(text string) Paragraph { return Paragraph{[]Run{{Text: text}}} }
