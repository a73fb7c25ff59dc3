package search

import "strings"

// span is a piece of a text in bytes, and which term it answers.
type span struct {
	from, to   int // bytes
	first, end int // words
	term       int
}

// spans finds where a text answers the terms of a question, in the way in which
// the document was found: what has the exact spelling is not marked where it is
// spelled otherwise.
func (q question) spans(words []word, w way) []span {
	var all []span
	for i := 0; i < len(words); {
		longest := span{}
		for n, t := range q.terms {
			if i+len(t) > len(words) || i+len(t) <= longest.end {
				continue
			}
			if q.answers(words[i:i+len(t)], n, w) {
				longest = span{words[i].start, words[i+len(t)-1].end, i, i + len(t), n}
			}
		}
		if longest.end == 0 {
			i++
			continue
		}
		all = append(all, longest)
		i = longest.end
	}
	return all
}

// answers reports whether words are the term with number n.
func (q question) answers(words []word, n int, w way) bool {
	t := q.terms[n]
	for j := range t {
		have, want := w.form(words[j]), w.form(t[j])
		last := w.open && n == len(q.terms)-1 && j == len(t)-1
		if have != want && !(last && strings.HasPrefix(have, want)) {
			return false
		}
	}
	return true
}

// mark returns text in pieces, those that answer the question marked.
func (q question) mark(text string, w way) []Segment {
	return pieces(text, q.spans(split(text, maxWords), w))
}

func pieces(text string, spans []span) []Segment {
	var all []Segment
	at := 0
	put := func(to int, marked bool) {
		if to > at {
			all = append(all, Segment{text[at:to], marked})
			at = to
		}
	}
	for _, s := range spans {
		put(s.from, false)
		put(s.to, true)
	}
	put(len(text), false)
	return all
}

const (
	snippetWords = 36
	before       = 8 // words shown before the first marked one
)

// snippet returns the part of a text that answers the most terms, its blanks and
// line breaks made one blank, with "…" where text is left out.
func (q question) snippet(text string, w way) []Segment {
	words := split(text, maxWords)
	if len(words) == 0 {
		return nil
	}
	spans := q.spans(words, w)
	first := 0
	if len(spans) > 0 {
		best, bestTerms := 0, 0
		for i := range spans {
			terms := map[int]bool{}
			for _, s := range spans[i:] {
				if s.end-spans[i].first > snippetWords-before {
					break
				}
				terms[s.term] = true
			}
			if len(terms) > bestTerms {
				best, bestTerms = i, len(terms)
			}
			if bestTerms == len(q.terms) {
				break
			}
		}
		first = max(0, spans[best].first-before)
	}
	last := min(len(words), first+snippetWords)
	if last == len(words) {
		first = max(0, last-snippetWords)
	}
	from, to := words[first].start, words[last-1].end
	if first == 0 {
		from = 0
	}
	if last == len(words) {
		to = len(text)
	}
	var inside []span
	for _, s := range spans {
		if s.first >= first && s.end <= last {
			s.from, s.to = s.from-from, s.to-from
			inside = append(inside, s)
		}
	}
	all := pieces(text[from:to], inside)
	for i := range all {
		all[i].Text = blanks(all[i].Text)
	}
	if from > 0 {
		all = append([]Segment{{Text: "… "}}, all...)
	}
	if to < len(text) {
		all = append(all, Segment{Text: " …"})
	}
	return all
}

// blanks makes every run of blanks one blank, at the ends too: the pieces beside
// this one need theirs.
func blanks(s string) string {
	one := strings.Join(strings.Fields(s), " ")
	if one == "" && s != "" {
		return " "
	}
	if strings.HasPrefix(one, " ") || one == "" {
		return one
	}
	if strings.ContainsAny(s[:1], " \n\t") {
		one = " " + one
	}
	if strings.ContainsAny(s[len(s)-1:], " \n\t") {
		one += " "
	}
	return one
}
