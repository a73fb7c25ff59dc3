package search

import (
	"strings"
	"testing"
	"unicode"

	"dongthuan/internal/lang"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

func joined(words []word, form func(word) string) string {
	var all []string
	for _, w := range words {
		all = append(all, form(w))
	}
	return strings.Join(all, " ")
}

func folded(w word) string { return w.fold }

func TestSplitExact(t *testing.T) {
	for _, test := range [][2]string{
		{"Hoà", "hòa"}, {"THUỶ", "thủy"}, {norm.NFD.String("Nguyễn"), "nguyễn"}, {"Đường", "đường"},
	} {
		a, b := split(test[0], 9), split(test[1], 9)
		if a[0].exact != b[0].exact {
			t.Errorf("%q and %q are two spellings: %q, %q", test[0], test[1], a[0].exact, b[0].exact)
		}
	}
	for _, test := range [][2]string{{"hoa", "hoà"}, {"da", "đa"}, {"an", "ân"}, {"o", "ơ"}} {
		if split(test[0], 9)[0].exact == split(test[1], 9)[0].exact {
			t.Errorf("%q and %q are one spelling", test[0], test[1])
		}
	}
}

// Words are those of lang.Fold, and stand in the text where they say.
func TestSplitIsFold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[ -~À-ỹ\x{0300}-\x{0330}가-힣]{0,50}`)).Draw(t, "text")
		if rapid.Bool().Draw(t, "NFD") {
			text = norm.NFD.String(text)
		}
		words := split(text, maxWords)
		want := strings.Fields(lang.Fold(text))
		for i, w := range want {
			if r := []rune(w); len(r) > maxWord {
				want[i] = string(r[:maxWord])
			}
		}
		if got := joined(words, folded); got != strings.Join(want, " ") {
			t.Fatalf("split(%q) = %q, want %q", text, got, want)
		}
		last := 0
		for _, w := range words {
			if w.start < last || w.end <= w.start || w.end > len(text) {
				t.Fatalf("split(%q): %q stands at %d–%d after %d", text, w.fold, w.start, w.end, last)
			}
			if again := split(text[w.start:w.end], 2); len(again) != 1 || again[0].fold != w.fold {
				t.Fatalf("split(%q): at %d–%d stands %q, not %q", text, w.start, w.end, text[w.start:w.end], w.fold)
			}
			last = w.end
		}
	})
}

// The pieces of a text are the text, and only whole words are marked.
func TestMarkKeepsTheText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.SampledFrom([]string{"hòa", "Hoà", "hoa", "bình", "đ", "Đống", "a", "<b>", "…", "\n", " "})
		text := strings.Join(rapid.SliceOfN(word, 0, 80).Draw(t, "text"), " ")
		q := ask(strings.Join(rapid.SliceOfN(word, 0, 5).Draw(t, "query"), " "))
		if len(q.terms) == 0 {
			return
		}
		for _, w := range q.ways() {
			var all strings.Builder
			for _, s := range q.mark(text, w) {
				all.WriteString(s.Text)
				if s.Marked && len(split(s.Text, 99)) == 0 {
					t.Fatalf("%q is marked", s.Text)
				}
			}
			if all.String() != text {
				t.Fatalf("mark(%q) = %q", text, all.String())
			}
			n := 0
			for _, s := range q.snippet(text, w) {
				n += len(split(s.Text, 999))
			}
			if n > snippetWords {
				t.Fatalf("a snippet of %d words", n)
			}
		}
	})
}

// FuzzAsk: whatever is typed, what goes to an engine is words in quotes.
func FuzzAsk(f *testing.F) {
	for _, s := range []string{`"a b" c`, `a* NEAR(b)`, `'`, "đ & ! |", "05-BC/ĐU", "\x00\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		q := ask(text)
		words := 0
		for _, term := range q.terms {
			words += len(term)
			for _, w := range term {
				for _, r := range w.fold + w.exact {
					if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.Mn, r) {
						t.Fatalf("ask(%q): %q in a word", text, r)
					}
				}
				if w.fold == "" || w.exact == "" {
					t.Fatalf("ask(%q): an empty word", text)
				}
			}
		}
		if words > maxTerms {
			t.Fatalf("ask(%q): %d words", text, words)
		}
		if len(q.terms) == 0 {
			return
		}
		for _, w := range q.ways() {
			if m := q.match(w); strings.Count(m, `"`) != 2*len(q.terms) {
				t.Fatalf("match %s", m)
			}
			if v := q.vector(w); strings.Count(v, `'`) != 2*words {
				t.Fatalf("vector %s", v)
			}
		}
	})
}
