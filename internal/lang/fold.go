package lang

import (
	"bytes"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"
)

// Clean is how text enters the system: NFC, without control characters (line
// breaks and tabs stay), without invisible and direction-changing marks, and
// without blanks at both ends.
func Clean(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == '\u00a0' || r == '\u202f':
			return ' '
		case r == '\u200c' || r == '\u200d':
			return r // joiners are part of some scripts' spelling
		case unicode.Is(unicode.Cf, r), unicode.IsControl(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	// After the rest: what is taken away may have stood between a letter and its mark.
	return strings.TrimSpace(norm.NFC.String(s))
}

// Line is Clean for a field of one line: every run of blanks becomes one.
func Line(s string) string { return strings.Join(strings.Fields(Clean(s)), " ") }

// Fold returns s as it is searched and matched: lower case, without marks, đ as
// d, every run of other signs one blank. Written forms of one word that differ
// only in where the tone stands (hoà, hòa) fold alike.
func Fold(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	blank := true
	for _, r := range norm.NFD.String(s) {
		if unicode.Is(unicode.Mn, r) {
			continue
		}
		r = unicode.ToLower(r)
		if r == 'đ' || r == 'ð' {
			r = 'd'
		}
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			if !blank {
				b.WriteByte(' ')
				blank = true
			}
			continue
		}
		b.WriteRune(r)
		blank = false
	}
	return strings.TrimSuffix(b.String(), " ")
}

// SortKey returns the bytes by which Vietnamese text is sorted (A Ă Â … D Đ), so
// that code points of Â and Đ do not put them after Z.
func SortKey(s string) []byte {
	var buf collate.Buffer
	return slices.Clone(collate.New(language.Vietnamese).KeyFromString(&buf, s))
}

// SortBy sorts items by the Vietnamese order of their name, in place and stable.
func SortBy[T any](items []T, name func(T) string) {
	c := collate.New(language.Vietnamese, collate.Numeric)
	type keyed struct {
		key  []byte
		item T
	}
	var buf collate.Buffer
	all := make([]keyed, len(items))
	for i, it := range items {
		buf.Reset()
		all[i] = keyed{slices.Clone(c.KeyFromString(&buf, name(it))), it}
	}
	slices.SortStableFunc(all, func(a, b keyed) int { return bytes.Compare(a.key, b.key) })
	for i := range all {
		items[i] = all[i].item
	}
}

// Slug returns s as it stands in an address: folded, with hyphens.
func Slug(s string) string {
	s = strings.ReplaceAll(Fold(s), " ", "-")
	var b strings.Builder
	for _, r := range s {
		if r < 128 {
			b.WriteRune(r)
		}
	}
	s = strings.Trim(b.String(), "-")
	if len(s) > 80 {
		s = s[:80]
		if i := strings.LastIndexByte(s, '-'); i > 20 {
			s = s[:i]
		}
	}
	return s
}
