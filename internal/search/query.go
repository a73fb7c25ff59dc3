package search

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"dongthuan/internal/lang"
)

// Limits of a question; what is beyond them is left out, and the page says so.
const (
	maxLetters = 200
	maxTerms   = 12
)

// term is a word, or words that must stand side by side.
type term []word

// question is what somebody asks for: documents that hold all terms.
type question struct {
	terms []term
	// open says that the last word may go on: the person may still be typing it.
	open bool
	// cut says that the question was longer than is answered.
	cut bool
}

// ask reads a question as typed. Words in quotes, and words written together
// with other signs (05-BC/ĐU), are a phrase. Nothing in it is a command.
func ask(text string) question {
	text = lang.Line(text)
	var q question
	if utf8.RuneCountInString(text) > maxLetters {
		text, q.cut = string([]rune(text)[:maxLetters]), true
	}
	text = strings.NewReplacer("“", `"`, "”", `"`, "„", `"`, "«", `"`, "»", `"`).Replace(text)
	parts := strings.Split(text, `"`)
	for i, part := range parts {
		if i%2 == 1 && i < len(parts)-1 { // a closed pair of quotes
			if q.add(part) {
				q.open = false
			}
			continue
		}
		for _, chunk := range strings.Fields(part) {
			if q.add(chunk) {
				// A number is whole as it stands, and one letter would open to a
				// large part of all documents.
				last := []rune(q.last().fold)
				q.open = len(last) > 1 && unicode.IsLetter(last[len(last)-1])
			}
		}
	}
	q.open = q.open && !q.cut
	return q
}

// add takes the words of text as a term, and reports whether it did.
func (q *question) add(text string) bool {
	words := term(split(text, maxTerms+1))
	if len(words) == 0 {
		return false
	}
	for i, t := range q.terms {
		if t.same(words) { // asked twice: the later place, which may be the open end
			q.terms = append(append(q.terms[:i:i], q.terms[i+1:]...), t)
			return true
		}
	}
	all := len(words)
	for _, t := range q.terms {
		all += len(t)
	}
	if all > maxTerms {
		q.cut = true
		return false
	}
	q.terms = append(q.terms, words)
	return true
}

func (t term) same(other term) bool {
	if len(t) != len(other) {
		return false
	}
	for i := range t {
		if t[i].fold != other[i].fold || t[i].exact != other[i].exact {
			return false
		}
	}
	return true
}

func (q *question) last() word {
	t := q.terms[len(q.terms)-1]
	return t[len(t)-1]
}

// way is how strictly a question is put. Documents found in a stricter way stand
// before others.
type way struct {
	exact bool // with the marks as typed
	title bool // all of it in the title
	open  bool // the last word may go on
}

// ways are those in which q is put, the strictest first. The last finds all.
func (q question) ways() []way {
	ways := []way{{exact: true, title: true}, {exact: true}, {title: true}, {}}
	if q.open {
		ways = append(ways, way{title: true, open: true}, way{open: true})
	}
	return ways
}

func (w way) column() string {
	name := "words"
	if w.title {
		name = "title"
	}
	if w.exact {
		name += "_exact"
	}
	return name
}

func (w way) form(x word) string {
	if w.exact {
		return x.exact
	}
	return x.fold
}

// match writes the question for FTS5: words : ("hoa binh" AND "thi"*). Words hold
// letters and digits only, so no sign in them can end the quotes.
func (q question) match(w way) string {
	var b strings.Builder
	b.WriteString(w.column() + " : (")
	for i, t := range q.terms {
		if i > 0 {
			b.WriteString(" AND ")
		}
		b.WriteByte('"')
		for j, x := range t {
			if j > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(w.form(x))
		}
		b.WriteByte('"')
		if w.open && i == len(q.terms)-1 {
			b.WriteByte('*')
		}
	}
	b.WriteByte(')')
	return b.String()
}

// vector writes the question for PostgreSQL: ('hoa' <-> 'binh') & 'thi':*
func (q question) vector(w way) string {
	var b strings.Builder
	for i, t := range q.terms {
		if i > 0 {
			b.WriteString(" & ")
		}
		b.WriteByte('(')
		for j, x := range t {
			if j > 0 {
				b.WriteString(" <-> ")
			}
			b.WriteString("'" + w.form(x) + "'")
		}
		if w.open && i == len(q.terms)-1 {
			b.WriteString(":*")
		}
		b.WriteByte(')')
	}
	return b.String()
}
