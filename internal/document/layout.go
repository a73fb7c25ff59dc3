package document

import (
	"fmt"
	"strings"
	"time"

	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
)

// Layout is a set of rules for an official document. Lengths are millimetres,
// sizes points.
type Layout struct {
	Name                     string // as asked for in an address
	Top, Bottom, Left, Right float64
	HeadLeft                 float64 // width of the head's left column, less where place and date need it
	Nation                   string  // right of the head, in capitals
	NationSize               float64
	Motto                    string // under it, "" for none
	MottoSize                float64
	SuperiorSize, IssuerSize float64
	Star                     bool    // a line with a star under the issuer
	NumberForm               string  // "Số: %s"
	Cited                    string  // "số %s ngày %s tháng %s năm %s", where another text names the document
	DateSize                 float64 // place and date
	TypeSize, AbstractSize   float64
	TypeRule                 string // what stands under the abstract: "rule" or "dashes"
	BodySize                 float64
	FirstLine                float64 // mm
	Before                   float64 // pt before a paragraph
	Line                     string  // w:spacing attributes of the body
	HeadingMark              [3]string
	End                      string // closes the body
	UnderlineRecipients      bool
	RecipientEnd             string // after each recipient but the last
}

// ND30 is the State's layout: Decree 30/2020/NĐ-CP, Annex I.
var ND30 = Layout{
	Name: "nd30", HeadLeft: 60, Top: 20, Bottom: 20, Left: 30, Right: 20,
	Nation: "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", NationSize: 13, Motto: "Độc lập - Tự do - Hạnh phúc", MottoSize: 14,
	SuperiorSize: 13, IssuerSize: 13, NumberForm: "Số: %s", Cited: "số %s ngày %s tháng %s năm %s", DateSize: 14,
	TypeSize: 14, AbstractSize: 14, TypeRule: "rule",
	BodySize: 14, FirstLine: 12.7, Before: 6, Line: `w:line="276" w:lineRule="auto"`,
	HeadingMark: [3]string{". ", ". ", ") "}, End: "./.", RecipientEnd: ";",
}

// Party05 is the Party's layout: Hướng dẫn 05-HD/VPTW of 27/05/2026 under Quy định
// 399-QĐ/TW. Two secondary sources differ in the line spacing (18 or 19 pt) and
// the size of the heading; see doc/formats.md.
var Party05 = Layout{
	Name: "dang-05hd", HeadLeft: 82, Top: 20, Bottom: 20, Left: 30, Right: 15,
	Nation: "ĐẢNG CỘNG SẢN VIỆT NAM", NationSize: 15,
	SuperiorSize: 14, IssuerSize: 14, Star: true, NumberForm: "Số %s", Cited: "số %s, ngày %s/%s/%s", DateSize: 14,
	TypeSize: 16, AbstractSize: 14, TypeRule: "dashes",
	BodySize: 14, FirstLine: 10, Before: 6, Line: `w:line="360" w:lineRule="exact"`,
	HeadingMark: [3]string{"- ", "- ", ") "}, End: ".", UnderlineRecipients: true, RecipientEnd: ",",
}

// ParseLayout finds a layout by its name; "" is the State's.
func ParseLayout(name string) (Layout, error) {
	switch name {
	case "", ND30.Name:
		return ND30, nil
	case Party05.Name:
		return Party05, nil
	}
	return Layout{}, fault.New(fault.Invalid, "document.layout.bad", name)
}

// day is the date in numbers: days under ten and the months 1 and 2 have a zero
// before them (Decree 30/2020, Annex I, item 4).
func (d Document) day() (day, month, year string) {
	if d.Date.IsZero() {
		return ".....", ".....", "....."
	}
	t := d.Date.In(lang.Vietnam)
	month = fmt.Sprint(int(t.Month()))
	if t.Month() <= time.February {
		month = "0" + month
	}
	return fmt.Sprintf("%02d", t.Day()), month, fmt.Sprint(t.Year())
}

// date writes place and date.
func (d Document) date() string {
	place := d.Place
	if place == "" {
		place = "................"
	}
	day, month, year := d.day()
	return fmt.Sprintf("%s, ngày %s tháng %s năm %s", place, day, month, year)
}

// number is the document's number; one below ten has a zero before it (item 3).
func (d Document) number() string {
	n := d.Number
	if n == "" {
		return strings.Repeat(".", 8)
	}
	if digits := len(n) - len(strings.TrimLeft(n, "0123456789")); digits == 1 {
		return "0" + n
	}
	return n
}

// cited names the document in its annexes: "Báo cáo số 05/BC-CTĐ ngày 05 tháng 02
// năm 2026 của Cụm thi đua số 3".
func (l Layout) cited(d Document) string {
	day, month, year := d.day()
	return d.TypeName + " " + fmt.Sprintf(l.Cited, d.number(), day, month, year) + " của " + d.Issuer
}
