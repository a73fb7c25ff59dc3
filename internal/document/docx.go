package document

import (
	"archive/zip"
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// WriteDOCX writes d as a Word file in layout l. Rows of tables go out as they
// come, so a long annex costs no memory; the same document gives the same bytes.
//
// There are no text boxes: heads are tables without borders and rules are borders
// of short cells, which every word processor sets alike.
func (d Document) WriteDOCX(w io.Writer, l Layout) error { return WriteAll(w, l, []Document{d}) }

// WriteAll writes documents one behind the other as one Word file, each from a page of
// its own on: letters that are printed together. The first names the file.
func WriteAll(w io.Writer, l Layout, all []Document) error {
	if len(all) == 0 {
		return errors.New("no document to write")
	}
	d := all[0]
	pictures := picturesOf(all)
	z := zip.NewWriter(w)
	for _, part := range []struct {
		name  string
		write func(*docx)
	}{
		{"[Content_Types].xml", func(x *docx) { x.put(docxTypes) }},
		{"_rels/.rels", func(x *docx) { x.put(docxRels) }},
		{"docProps/core.xml", func(x *docx) { x.put(fmt.Sprintf(docxCore, esc(d.TypeName+" "+d.Abstract), esc(d.Issuer))) }},
		{"word/_rels/document.xml.rels", func(x *docx) { x.relations(pictures) }},
		{"word/styles.xml", func(x *docx) { x.put(fmt.Sprintf(docxStyles, half(l.BodySize), half(l.BodySize))) }},
		{"word/header1.xml", func(x *docx) { x.put(docxHeader) }},
		{"word/document.xml", func(x *docx) { x.document(all, l) }},
	} {
		out, err := z.CreateHeader(&zip.FileHeader{Name: part.name, Method: zip.Deflate})
		if err != nil {
			return fmt.Errorf("write document: %w", err)
		}
		x := &docx{w: bufio.NewWriterSize(out, 32<<10), l: l}
		part.write(x)
		if err := x.w.Flush(); err != nil {
			return fmt.Errorf("write document: %w", err)
		}
	}
	for i, p := range pictures {
		out, err := z.CreateHeader(&zip.FileHeader{Name: fmt.Sprintf("word/media/image%d.png", i+1), Method: zip.Store})
		if err != nil {
			return fmt.Errorf("write document: %w", err)
		}
		if _, err := out.Write(p.PNG); err != nil {
			return fmt.Errorf("write document: %w", err)
		}
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("write document: %w", err)
	}
	return nil
}

// picturesOf are the pictures of documents, in the order in which they are set.
func picturesOf(all []Document) (pictures []Picture) {
	for _, d := range all {
		for _, b := range d.Body {
			if p, ok := b.(Picture); ok {
				pictures = append(pictures, p)
			}
		}
	}
	return pictures
}

// relations names what the text hangs on: styles, the header, pictures from rId3 on.
func (x *docx) relations(pictures []Picture) {
	x.put(docxDocumentRels)
	for i := range pictures {
		x.put(fmt.Sprintf(`<Relationship Id="rId%d" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/image" Target="media/image%d.png"/>`, i+3, i+1))
	}
	x.put(`</Relationships>`)
}

// docx writes WordprocessingML. bufio keeps the first error for Flush.
type docx struct {
	w        *bufio.Writer
	l        Layout
	pictures int // set so far
	marks    int
}

func (x *docx) put(parts ...string) {
	for _, p := range parts {
		x.w.WriteString(p)
	}
}

func esc(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || r < 0x20 && r != '\t' && r != '\n' {
			return -1
		}
		return r
	}, s)
	var b strings.Builder
	xml.EscapeText(&b, []byte(s)) // a strings.Builder takes all
	return b.String()
}

func half(pt float64) string   { return strconv.Itoa(int(pt*2 + .5)) }
func twentieth(pt float64) int { return int(pt*20 + .5) }
func twips(mm float64) int     { return int(mm*1440/25.4 + .5) }

// face of a run.
type face struct {
	size                    float64
	bold, italic, underline bool
	caps                    bool
}

func (x *docx) run(text string, f face) {
	if text == "" {
		return
	}
	if f.caps {
		text = strings.ToUpper(text)
	}
	x.put("<w:r><w:rPr>")
	if f.bold {
		x.put("<w:b/>")
	}
	if f.italic {
		x.put("<w:i/>")
	}
	if f.underline {
		x.put(`<w:u w:val="single"/>`)
	}
	x.put(`<w:sz w:val="`, half(f.size), `"/><w:szCs w:val="`, half(f.size), `"/></w:rPr>`)
	for i, line := range strings.Split(text, "\n") {
		if i > 0 {
			x.put("<w:br/>")
		}
		x.put(`<w:t xml:space="preserve">`, esc(line), `</w:t>`)
	}
	x.put("</w:r>")
}

// para is how a paragraph stands.
type para struct {
	align         string
	before, after float64 // pt
	first         float64 // mm of the first line
	line          string  // "" for single
	keep          bool    // with the next paragraph
}

func (x *docx) open(p para) {
	x.put("<w:p><w:pPr>")
	if p.keep {
		x.put("<w:keepNext/>")
	}
	line := p.line
	if line == "" {
		line = `w:line="240" w:lineRule="auto"`
	}
	x.put(fmt.Sprintf(`<w:spacing w:before="%d" w:after="%d" %s/>`, twentieth(p.before), twentieth(p.after), line))
	if p.first != 0 {
		x.put(fmt.Sprintf(`<w:ind w:firstLine="%d"/>`, twips(p.first)))
	}
	x.put(`<w:jc w:val="`, p.align, `"/></w:pPr>`)
}

func (x *docx) line(text string, p para, f face) {
	x.open(p)
	x.run(text, f)
	x.put("</w:p>")
}

// ruled is how long a rule is beside the text above it: Decree 30/2020 says from a
// third to a half.
const ruled = .4

// rule is a line of a set length, centred: the top border of a short cell.
func (x *docx) rule(widthMM float64) {
	if widthMM == 0 {
		return // no text to stand under
	}
	x.put(`<w:p><w:pPr><w:spacing w:before="0" w:after="0" w:line="50" w:lineRule="exact"/></w:pPr></w:p>`)
	x.put(`<w:tbl><w:tblPr><w:tblW w:w="`, strconv.Itoa(twips(widthMM)), `" w:type="dxa"/><w:jc w:val="center"/><w:tblLayout w:type="fixed"/></w:tblPr><w:tblGrid><w:gridCol w:w="`, strconv.Itoa(twips(widthMM)), `"/></w:tblGrid>`,
		`<w:tr><w:trPr><w:trHeight w:val="60" w:hRule="exact"/></w:trPr><w:tc><w:tcPr><w:tcW w:w="`, strconv.Itoa(twips(widthMM)), `" w:type="dxa"/><w:tcBorders><w:top w:val="single" w:sz="6" w:space="0" w:color="000000"/></w:tcBorders></w:tcPr>`)
	x.tiny()
	x.put(`</w:tc></w:tr></w:tbl>`)
	x.tiny()
}

// tiny is the paragraph a cell must end with.
func (x *docx) tiny() {
	x.put(`<w:p><w:pPr><w:spacing w:before="0" w:after="0" w:line="20" w:lineRule="exact"/><w:rPr><w:sz w:val="2"/></w:rPr></w:pPr></w:p>`)
}

// columns opens a table without borders of two columns; cell moves to the next.
func (x *docx) columns(left, right float64) {
	x.put(`<w:tbl><w:tblPr><w:tblW w:w="`, strconv.Itoa(twips(left+right)), `" w:type="dxa"/><w:jc w:val="center"/><w:tblLayout w:type="fixed"/><w:tblCellMar><w:left w:w="0" w:type="dxa"/><w:right w:w="0" w:type="dxa"/></w:tblCellMar></w:tblPr>`,
		`<w:tblGrid><w:gridCol w:w="`, strconv.Itoa(twips(left)), `"/><w:gridCol w:w="`, strconv.Itoa(twips(right)), `"/></w:tblGrid><w:tr><w:trPr><w:cantSplit/></w:trPr><w:tc><w:tcPr><w:tcW w:w="`, strconv.Itoa(twips(left)), `" w:type="dxa"/></w:tcPr>`)
}

func (x *docx) cell(width float64) {
	x.put(`</w:tc><w:tc><w:tcPr><w:tcW w:w="`, strconv.Itoa(twips(width)), `" w:type="dxa"/></w:tcPr>`)
}

// row ends a row of columns and opens the first cell of the next.
func (x *docx) row(left float64) {
	x.put(`</w:tc></w:tr><w:tr><w:trPr><w:cantSplit/></w:trPr><w:tc><w:tcPr><w:tcW w:w="`, strconv.Itoa(twips(left)), `" w:type="dxa"/></w:tcPr>`)
}

func (x *docx) endColumns() { x.put(`</w:tc></w:tr></w:tbl>`) }

func (x *docx) document(all []Document, l Layout) {
	x.put(xml.Header, `<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"><w:body>`)
	for i, d := range all {
		landscape := x.one(d, l)
		if i == len(all)-1 {
			x.section(landscape)
			break
		}
		x.put(`<w:p><w:pPr><w:spacing w:before="0" w:after="0" w:line="20" w:lineRule="exact"/>`)
		x.section(landscape)
		x.put(`</w:pPr></w:p>`)
	}
	x.put(`</w:body></w:document>`)
}

// one sets a document, and says whether its last page lies on its side.
func (x *docx) one(d Document, l Layout) (landscape bool) {
	x.head(d)
	x.title(d)
	if len(d.Addressees) == 1 {
		x.line("Kính gửi: "+d.Addressees[0], para{align: "center", before: 6, after: 6}, face{size: l.BodySize})
	} else if len(d.Addressees) > 1 {
		x.line("Kính gửi:", para{align: "left", before: 6, first: 30}, face{size: l.BodySize})
		for i, a := range d.Addressees {
			mark := ";"
			if i == len(d.Addressees)-1 {
				mark = "."
			}
			x.line("- "+a+mark, para{align: "left", first: 45}, face{size: l.BodySize})
		}
	}
	x.body(d.Body, l.BodySize)
	x.signature(d)
	for _, a := range d.Annexes {
		x.annex(d, a, landscape)
		landscape = a.Landscape
	}
	return landscape
}

// picture sets a picture in the middle of a line of its own, in line with the text.
func (x *docx) picture(p Picture) {
	x.pictures++
	emu := int(p.MM * 36000)
	x.open(para{align: "center", before: 6})
	x.put(fmt.Sprintf(`<w:r><w:drawing><wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent cx="%d" cy="%d"/><wp:docPr id="%d" name="%s" descr="%s"/><a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic><pic:nvPicPr><pic:cNvPr id="%d" name="%s"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill><a:blip r:embed="rId%d"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="%d" cy="%d"/></a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>`,
		emu, emu, x.pictures, "hinh", esc(p.Words), x.pictures, "hinh", x.pictures+2, emu, emu))
	if p.Words != "" {
		x.line(p.Words, para{align: "center"}, face{size: 12, italic: true})
	}
}

// head is the two columns at the top of the first page. Number and date have a
// row of their own, which keeps them on one line however many lines the names
// above them take.
func (x *docx) head(d Document) {
	l := x.l
	whole := 210 - l.Left - l.Right
	// Bold is a little wider than the italic of place and date. A very long place
	// goes on to a second line: the names need room too.
	left := max(min(l.HeadLeft, whole-widest(d.date(), l.DateSize, whole)), 45)
	right := whole - left
	x.columns(left, right)
	c := para{align: "center"}
	if d.Superior != "" {
		x.line(d.Superior, c, face{size: l.SuperiorSize, caps: true})
	}
	x.line(d.Issuer, c, face{size: l.IssuerSize, bold: true, caps: true})
	if l.Star {
		x.line("*", c, face{size: l.IssuerSize, bold: true})
	} else {
		x.rule(ruled * widest(strings.ToUpper(d.Issuer), l.IssuerSize, left))
	}
	x.cell(right)
	x.line(l.Nation, c, face{size: l.NationSize, bold: true})
	if l.Motto != "" {
		x.line(l.Motto, c, face{size: l.MottoSize, bold: true})
		x.rule(widest(l.Motto, l.MottoSize, right))
	} else {
		x.rule(widest(l.Nation, l.NationSize, right))
	}
	// An exact line puts letters of two sizes on one base line.
	c.before, c.line = 4, `w:line="360" w:lineRule="exact"`
	x.row(left)
	x.line(fmt.Sprintf(l.NumberForm, d.number()), c, face{size: 13})
	x.cell(right)
	if !d.Undated {
		x.line(d.date(), c, face{size: l.DateSize, italic: true})
	} else {
		x.line("", c, face{size: l.DateSize})
	}
	x.endColumns()
}

// title is the name of the type, the abstract, and the rule under it.
func (x *docx) title(d Document) {
	l := x.l
	x.line(d.TypeName, para{align: "center", before: 18, keep: true}, face{size: l.TypeSize, bold: true, caps: true})
	x.line(d.Abstract, para{align: "center", keep: true}, face{size: l.AbstractSize, bold: true})
	if l.TypeRule == "rule" {
		x.rule(ruled * widest(d.Abstract, l.AbstractSize, 210-l.Left-l.Right))
	} else {
		x.line("-----", para{align: "center"}, face{size: l.AbstractSize})
	}
	x.line("", para{align: "center"}, face{size: 6})
}

// body sets a text and closes it with the layout's sign.
func (x *docx) body(blocks []Block, size float64) {
	l := x.l
	p := para{align: "both", before: l.Before, first: l.FirstLine, line: l.Line}
	end := l.End
	for i, b := range blocks {
		last := i == len(blocks)-1
		switch b := b.(type) {
		case Heading:
			level := min(max(b.Level, 1), 3)
			text := b.Text
			if b.Ordinal != "" {
				text = b.Ordinal + l.HeadingMark[level-1] + b.Text
			}
			f := face{size: size, bold: level < 3, italic: level == 3, caps: level == 1}
			x.open(para{align: "both", before: 6, first: l.FirstLine, keep: true, line: l.Line})
			if b.Mark != "" {
				x.marks++
				x.put(fmt.Sprintf(`<w:bookmarkStart w:id="%d" w:name="%s"/>`, x.marks, esc(b.Mark)))
			}
			x.run(text, f)
			if b.Mark != "" {
				x.put(fmt.Sprintf(`<w:bookmarkEnd w:id="%d"/>`, x.marks))
			}
			x.put("</w:p>")
		case Paragraph:
			x.open(p)
			for j, r := range b.Runs {
				if last && j == len(b.Runs)-1 {
					r.Text, end = closed(r.Text, end), ""
				}
				x.run(r.Text, face{size: size, bold: r.Bold, italic: r.Italic})
			}
			x.put("</w:p>")
		case List:
			for j, it := range b.Items {
				if last && j == len(b.Items)-1 {
					it, end = closed(it, end), ""
				}
				x.line("- "+it, para{align: "both", before: 3, first: l.FirstLine, line: l.Line}, face{size: size})
			}
		case Table:
			x.table(b, size)
		case Picture:
			x.picture(b)
		case Contents:
			for _, e := range b.Entries {
				x.entry(e, size)
			}
		case PageBreak:
			x.put(`<w:p><w:r><w:br w:type="page"/></w:r></w:p>`)
		}
	}
	// After a table the sign stands alone. The Party's is a full stop, which needs
	// a sentence.
	if end != "" && end != "." && len(blocks) > 0 {
		x.line(end, p, face{size: size})
	}
}

// entry is a line of contents: dots lead to the page, a field that is filled in when the
// file is opened.
func (x *docx) entry(e Entry, size float64) {
	width := twips(210 - x.l.Left - x.l.Right)
	x.put(fmt.Sprintf(`<w:p><w:pPr><w:tabs><w:tab w:val="right" w:leader="dot" w:pos="%d"/></w:tabs><w:spacing w:before="60" w:after="0"/><w:ind w:left="284" w:right="567" w:hanging="284"/></w:pPr>`, width))
	x.run(e.Text, face{size: size})
	x.put(`<w:r><w:tab/></w:r><w:r><w:fldChar w:fldCharType="begin" w:dirty="true"/></w:r><w:r><w:instrText xml:space="preserve"> PAGEREF `, esc(e.Mark), ` \h </w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>`)
	x.run("…", face{size: size})
	x.put(`<w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>`)
}

// closed is the last sentence of a text with its end in place of its own stop.
func closed(text, end string) string {
	text = strings.TrimSuffix(strings.TrimSpace(text), "./.")
	return strings.TrimRight(text, " .,;") + end
}

func (x *docx) table(t Table, size float64) {
	if t.Small {
		size = 11
	}
	total := 0
	for _, c := range t.Columns {
		total += max(c.Width, 1)
	}
	const whole = 5000 // fiftieths of a percent of the text's width
	x.put(`<w:tbl><w:tblPr><w:tblW w:w="5000" w:type="pct"/><w:tblBorders>`)
	for _, side := range []string{"top", "left", "bottom", "right", "insideH", "insideV"} {
		x.put(`<w:`, side, ` w:val="single" w:sz="4" w:space="0" w:color="000000"/>`)
	}
	x.put(`</w:tblBorders><w:tblLayout w:type="fixed"/><w:tblCellMar><w:left w:w="70" w:type="dxa"/><w:right w:w="70" w:type="dxa"/></w:tblCellMar></w:tblPr><w:tblGrid>`)
	for _, c := range t.Columns {
		x.put(`<w:gridCol w:w="`, strconv.Itoa(9000*max(c.Width, 1)/total), `"/>`)
	}
	x.put(`</w:tblGrid><w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>`)
	width := func(c Column) string { return strconv.Itoa(whole * max(c.Width, 1) / total) }
	for _, c := range t.Columns {
		x.put(`<w:tc><w:tcPr><w:tcW w:w="`, width(c), `" w:type="pct"/><w:shd w:val="clear" w:color="auto" w:fill="F2F2F2"/><w:vAlign w:val="center"/></w:tcPr>`)
		x.line(c.Title, para{align: "center", before: 2, after: 2}, face{size: size, bold: true})
		x.put(`</w:tc>`)
	}
	x.put(`</w:tr>`)
	for i, row := range t.Rows {
		x.put(`<w:tr><w:trPr><w:cantSplit/></w:trPr>`)
		for j, c := range t.Columns {
			text := ""
			if j < len(row) {
				text = row[j]
			}
			align := string(c.Align)
			if align == "" {
				align = "left"
			}
			x.put(`<w:tc><w:tcPr><w:tcW w:w="`, width(c), `" w:type="pct"/></w:tcPr>`)
			x.line(text, para{align: align, before: 1, after: 1}, face{size: size, bold: t.Bold[i]})
			x.put(`</w:tc>`)
		}
		x.put(`</w:tr>`)
	}
	x.put(`</w:tbl>`)
	x.line("", para{align: "left"}, face{size: 6})
}

// signature is kept together on one page: recipients left, authority right.
func (x *docx) signature(d Document) {
	l := x.l
	x.line("", para{align: "left", before: 6, keep: true}, face{size: 6})
	half := (210 - l.Left - l.Right) / 2
	if l.Name == Party05.Name && d.PartySigners != nil {
		d.Signers = d.PartySigners
	}
	if len(d.Signers) > 0 {
		x.signers(d.Signers, half)
		if len(d.Recipients) == 0 {
			return
		}
	}
	x.columns(half, half)
	x.line("Nơi nhận:", para{align: "left", keep: true}, face{size: 12, bold: !l.UnderlineRecipients, italic: !l.UnderlineRecipients, underline: l.UnderlineRecipients})
	for i, r := range d.Recipients {
		mark := l.RecipientEnd
		if i == len(d.Recipients)-1 {
			mark = "."
		}
		x.line("- "+strings.TrimRight(r, ".;,")+mark, para{align: "left", keep: true}, face{size: 11})
	}
	x.cell(half)
	c := para{align: "center", keep: true}
	if len(d.Signers) > 0 {
		x.line("", c, face{size: 14})
		x.endColumns()
		x.line("", para{align: "left"}, face{size: 2})
		return
	}
	x.line(d.Signature.Authority, c, face{size: 14, bold: true, caps: true})
	x.line(d.Signature.Title, c, face{size: 14, bold: !l.UnderlineRecipients, caps: true})
	for range 4 {
		x.line("", c, face{size: 14})
	}
	x.line(d.Signature.Name, c, face{size: 14, bold: true})
	x.endColumns()
	x.line("", para{align: "left"}, face{size: 2})
}

// signers sets blocks to sign in, two in a row; a block is never parted by a page.
func (x *docx) signers(all []Signature, half float64) {
	c := para{align: "center", keep: true}
	block := func(s Signature) {
		x.line(s.Authority, c, face{size: 14, bold: true, caps: true})
		x.line(s.Title, c, face{size: 14, bold: !x.l.UnderlineRecipients || s.Authority == "", caps: true})
		for range 3 {
			x.line("", c, face{size: 14})
		}
		x.line(s.Name, c, face{size: 14, bold: true})
	}
	for i := 0; i < len(all); i += 2 {
		x.columns(half, half)
		block(all[i])
		x.cell(half)
		if i+1 < len(all) {
			block(all[i+1])
		} else {
			x.line("", c, face{size: 14})
		}
		x.endColumns()
		x.line("", para{align: "left"}, face{size: 2})
	}
}

// annex begins a section of its own, with its own numbers of pages.
func (x *docx) annex(d Document, a Annex, landscapeBefore bool) {
	// A section is described where it ends: here, the one before.
	// The paragraph it hangs on is too small to start a page.
	x.put(`<w:p><w:pPr><w:spacing w:before="0" w:after="0" w:line="20" w:lineRule="exact"/>`)
	x.section(landscapeBefore)
	x.put(`</w:pPr></w:p>`)
	x.line(strings.TrimSpace("Phụ lục "+a.Number), para{align: "center", keep: true}, face{size: 14, bold: true})
	x.line(a.Title, para{align: "center", keep: true}, face{size: 14, bold: true, caps: true})
	x.line("(Kèm theo "+x.l.cited(d)+")", para{align: "center", after: 6, keep: true}, face{size: 13, italic: true})
	x.body(a.Body, 13)
}

// section writes the page's size and margins; the number of the page stands in
// the middle of the top margin from the second page on.
func (x *docx) section(landscape bool) {
	l := x.l
	w, h, turn := twips(210), twips(297), ""
	if landscape {
		w, h, turn = h, w, ` w:orient="landscape"`
	}
	x.put(`<w:sectPr><w:headerReference w:type="default" r:id="rId2"/><w:type w:val="nextPage"/>`,
		fmt.Sprintf(`<w:pgSz w:w="%d" w:h="%d"%s/>`, w, h, turn),
		fmt.Sprintf(`<w:pgMar w:top="%d" w:right="%d" w:bottom="%d" w:left="%d" w:header="%d" w:footer="%d" w:gutter="0"/>`,
			twips(l.Top), twips(l.Right), twips(l.Bottom), twips(l.Left), twips(10), twips(10)))
	x.put(`<w:pgNumType w:start="1"/><w:titlePg/></w:sectPr>`)
}

const (
	docxTypes = xml.Header + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Default Extension="png" ContentType="image/png"/>` +
		`<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/><Override PartName="/word/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml"/>` +
		`<Override PartName="/word/header1.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.header+xml"/><Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/></Types>`
	docxRels = xml.Header + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/>` +
		`<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties" Target="docProps/core.xml"/></Relationships>`
	docxCore         = xml.Header + `<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>%s</dc:title><dc:creator>%s</dc:creator><dc:language>vi-VN</dc:language></cp:coreProperties>`
	docxDocumentRels = xml.Header + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/>` +
		`<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/header" Target="header1.xml"/>`
	docxStyles = xml.Header + `<w:styles xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:ascii="Times New Roman" w:hAnsi="Times New Roman" w:eastAsia="Times New Roman" w:cs="Times New Roman"/><w:color w:val="000000"/><w:sz w:val="%s"/><w:szCs w:val="%s"/><w:lang w:val="vi-VN" w:eastAsia="vi-VN" w:bidi="ar-SA"/></w:rPr></w:rPrDefault><w:pPrDefault/></w:docDefaults>` +
		`<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style><w:style w:type="table" w:default="1" w:styleId="TableNormal"><w:name w:val="Normal Table"/><w:tblPr><w:tblInd w:w="0" w:type="dxa"/></w:tblPr></w:style></w:styles>`
	docxHeader = xml.Header + `<w:hdr xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:p><w:pPr><w:jc w:val="center"/></w:pPr><w:r><w:rPr><w:sz w:val="26"/></w:rPr><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:rPr><w:sz w:val="26"/></w:rPr><w:instrText xml:space="preserve"> PAGE </w:instrText></w:r><w:r><w:rPr><w:sz w:val="26"/></w:rPr><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:rPr><w:sz w:val="26"/></w:rPr><w:t>2</w:t></w:r><w:r><w:rPr><w:sz w:val="26"/></w:rPr><w:fldChar w:fldCharType="end"/></w:r></w:p></w:hdr>`
)
