package conversation

import (
	"bufio"
	"bytes"
	_ "embed"
	"encoding/csv"
	"errors"
	"html/template"
	"io"
	"slices"
	"strconv"
	"strings"

	"dongthuan/internal/document"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/similar"
)

// table is a CSV file whose columns are found by name.
type table struct {
	in    *csv.Reader
	names []string
}

func openTable(r io.Reader) (*table, error) {
	in := bufio.NewReader(r)
	if mark, err := in.Peek(len(byteOrderMark)); err == nil && string(mark) == byteOrderMark {
		in.Discard(len(byteOrderMark)) // it was peeked: it is there
	}
	head, err := in.Peek(4096)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	top, _, _ := bytes.Cut(head, []byte("\n"))
	t := &table{in: csv.NewReader(in)}
	t.in.Comma, t.in.FieldsPerRecord = rune(separatorOf(top)), -1
	if t.names, err = t.in.Read(); errors.Is(err, io.EOF) {
		return nil, fault.New(fault.Invalid, "conversation.empty").Because(err)
	} else if err != nil {
		return nil, tableError(err)
	}
	for i, n := range t.names {
		t.names[i] = columnName(n)
	}
	return t, nil
}

// tableError names the line of a row that is no CSV: a mark of quotation opens and does not
// close, or stands in the middle.
func tableError(err error) error {
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return fault.New(fault.Invalid, "conversation.quote", parse.StartLine).Because(err)
	}
	return err
}

// column is where the first of the names stands that is there, -1 where none is.
func (t *table) column(any ...string) int {
	for _, n := range any {
		if i := slices.Index(t.names, n); i >= 0 {
			return i
		}
	}
	return -1
}

// next is the next row and its line; io.EOF ends.
func (t *table) next() (row []string, line int, err error) {
	row, err = t.in.Read()
	if errors.Is(err, io.EOF) {
		return nil, 0, io.EOF
	}
	if err != nil {
		return nil, 0, tableError(err)
	}
	line, _ = t.in.FieldPos(0)
	if len(row) != len(t.names) {
		return nil, line, fault.New(fault.Invalid, "conversation.columns.count", line, len(row), len(t.names))
	}
	return row, line, nil
}

// Texts reads opinions: a column of texts (text, body, comment-body, nội dung, ý kiến) and,
// where there is one, of ids (id, mã, comment-id); without it the line's number is the id,
// and named is false: an official's links would be to others when a line comes or goes. A
// file of statements is read too: there ý kiến, beside nội dung, is the id.
func Texts(r io.Reader) (all []similar.Text, named bool, err error) {
	t, err := openTable(r)
	if err != nil {
		return nil, false, err
	}
	id, body := t.column("id", "mã", "comment-id"), t.column("text", "body", "comment-body", "nội dung", "ý kiến")
	if about := t.column("ý kiến"); id < 0 && about != body {
		id = about
	}
	if body < 0 {
		return nil, false, fault.New(fault.Invalid, "conversation.texts.columns", strings.Join(t.names, ", "))
	}
	for {
		row, line, err := t.next()
		if errors.Is(err, io.EOF) {
			return all, id >= 0, nil
		}
		if err != nil {
			return nil, false, err
		}
		x := similar.Text{ID: strconv.Itoa(line), Body: strings.TrimSpace(row[body])}
		if id >= 0 {
			x.ID = strings.TrimSpace(row[id])
		}
		all = append(all, x)
	}
}

// Links reads what an official put together or apart: the columns a, b (ids) and link,
// “together” or “apart” (gộp, tách).
func Links(r io.Reader) ([]similar.Link, error) {
	t, err := openTable(r)
	if err != nil {
		return nil, err
	}
	a, b, link := t.column("a"), t.column("b"), t.column("link")
	if a < 0 || b < 0 || link < 0 {
		return nil, fault.New(fault.Invalid, "conversation.links.columns", strings.Join(t.names, ", "))
	}
	var all []similar.Link
	for {
		row, line, err := t.next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		l := similar.Link{A: strings.TrimSpace(row[a]), B: strings.TrimSpace(row[b])}
		switch lang.Fold(row[link]) {
		case "together", "gop":
		case "apart", "tach":
			l.Apart = true
		default:
			return nil, fault.New(fault.Invalid, "conversation.link", line, short([]byte(row[link])))
		}
		all = append(all, l)
	}
}

//go:embed texts.html
var textsHTML string

// WriteTextsReport writes groups of opinions as one HTML file that needs nothing else.
func WriteTextsReport(w io.Writer, text lang.Catalog, l string, texts int, groups []similar.Group) error {
	p := &page{text: text, Lang: l}
	t, err := template.New("texts").Funcs(template.FuncMap{"t": p.t, "n": p.n, "percent": p.percent}).Parse(textsHTML)
	if err != nil {
		return err
	}
	alone := 0
	for _, g := range groups {
		if g.Size == 1 {
			alone++
		}
	}
	return t.Execute(w, map[string]any{"Lang": l, "Texts": texts, "Groups": groups, "Alone": alone})
}

// WriteTextGroups writes which group each opinion is in, the largest group first.
func WriteTextGroups(w io.Writer, texts []similar.Text, groups []similar.Group) error {
	body := map[string]string{}
	for _, t := range texts {
		body[t.ID] = t.Body
	}
	return document.WriteCSV(w, func(yield func([]string) bool) {
		if !yield([]string{"group", "size", "id", "text"}) {
			return
		}
		for _, g := range groups {
			for _, id := range g.Members {
				if !yield([]string{g.ID, strconv.Itoa(g.Size), id, body[id]}) {
					return
				}
			}
		}
	})
}
