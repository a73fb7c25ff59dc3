package search

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// word is one word of a text, and where it stands there.
type word struct {
	fold       string // as lang.Fold writes it
	exact      string // lower case with its marks, the tone at the end
	start, end int    // bytes of the original text
}

// maxWord is how many letters of a word are told apart, so that a word fits what
// PostgreSQL takes.
const maxWord = 40

// split returns the words of a text, at most `most` of them. Words part where
// lang.Fold parts them. The tone stands at the end of exact, because hoà and hòa
// are one spelling.
func split(text string, most int) []word {
	var words []word
	var fold, exact, tone strings.Builder
	var w word
	letters := 0
	room := make([]byte, 0, 32)
	end := func() {
		if letters > 0 {
			w.fold, w.exact = fold.String(), exact.String()+tone.String()
			words = append(words, w)
		}
		fold.Reset()
		exact.Reset()
		tone.Reset()
		letters = 0
	}
	for i := 0; i < len(text) && len(words) < most; {
		r, size := utf8.DecodeRuneInString(text[i:])
		at := i
		i += size
		if r < utf8.RuneSelf { // most letters, without a look into the tables
			if 'A' <= r && r <= 'Z' {
				r += 'a' - 'A'
			}
			if ('a' > r || r > 'z') && ('0' > r || r > '9') {
				end()
				continue
			}
			if letters == 0 {
				w.start = at
			}
			if letters++; letters <= maxWord {
				fold.WriteByte(byte(r))
				exact.WriteByte(byte(r))
			}
			w.end = i
			continue
		}
		parts := norm.NFD.PropertiesString(text[at:i]).Decomposition()
		if parts == nil { // has none, or is Korean, whose letters are computed
			parts = norm.NFD.AppendString(room[:0], text[at:i])
		}
		for len(parts) > 0 {
			r, n := utf8.DecodeRune(parts)
			parts = parts[n:]
			switch r = unicode.ToLower(r); {
			case unicode.Is(unicode.Mn, r):
				if letters > 0 {
					w.end = i
				}
				if letters > 0 && letters <= maxWord {
					if isTone(r) {
						tone.WriteRune(r)
					} else {
						exact.WriteRune(r)
					}
				}
				continue
			case !unicode.IsLetter(r) && !unicode.IsDigit(r):
				end()
				continue
			}
			if letters == 0 {
				w.start = at
			}
			if letters++; letters <= maxWord {
				exact.WriteRune(r)
				if r == 'đ' || r == 'ð' {
					r = 'd'
				}
				fold.WriteRune(r)
			}
			w.end = i
		}
	}
	if len(words) < most {
		end()
	}
	return words
}

// isTone reports whether a mark is one of the five tones of Vietnamese.
func isTone(r rune) bool {
	return r == '\u0300' || r == '\u0301' || r == '\u0303' || r == '\u0309' || r == '\u0323'
}

// What both engines can hold: PostgreSQL keeps 255 places of a word and 16,383
// places of a text. The same is left out on SQLite, so that both find alike.
const (
	maxWords  = 16000
	maxPlaces = 250
	// hole stands for a place without a word. It is nobody's letter, and FTS5
	// takes it as a word that nobody asks for.
	hole = "\uE000"
)

// texts returns what is indexed of a document, by the columns of search_index
// after kind: words with "" for places without one.
func texts(d Doc) [4][]string {
	title := split(d.Title, maxWords/2)
	body := split(d.Body, maxWords-1-len(title))
	var t [4][]string
	for i, form := range []func(word) string{func(w word) string { return w.fold }, func(w word) string { return w.exact }} {
		seen := map[string]int{}
		put := func(to []string, words []word) []string {
			for _, w := range words {
				s := form(w)
				if seen[s]++; seen[s] > maxPlaces {
					s = ""
				}
				to = append(to, s)
			}
			return to
		}
		t[2*i] = put(nil, title)
		// A phrase must not reach from the title into the body.
		t[2*i+1] = put(append(append([]string{}, t[2*i]...), ""), body)
	}
	return t
}

// forFTS writes words as FTS5 reads them.
func forFTS(words []string) string {
	var b strings.Builder
	for i, w := range words {
		if i > 0 {
			b.WriteByte(' ')
		}
		if w == "" {
			w = hole
		}
		b.WriteString(w)
	}
	return b.String()
}

// forVector writes words as the text of a tsvector: 'hoa':1,7 'binh':2.
func forVector(words []string) string {
	places := make(map[string][]int, len(words))
	var order []string
	for i, w := range words {
		if w == "" {
			continue
		}
		if places[w] == nil {
			order = append(order, w)
		}
		places[w] = append(places[w], i+1)
	}
	var b strings.Builder
	for _, w := range order {
		b.WriteString("'" + w + "'")
		sign := byte(':')
		for _, p := range places[w] {
			b.WriteByte(sign)
			b.WriteString(strconv.Itoa(p))
			sign = ','
		}
		b.WriteByte(' ')
	}
	return b.String()
}
