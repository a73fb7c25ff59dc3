package news

import (
	"html/template"
	"regexp"
	"strings"
	"unicode"

	"dongthuan/internal/web"
)

// piece is a stretch of an article's text with the photograph after it, nil where
// none follows.
type piece struct {
	Text  template.HTML
	Photo *Photo
}

// article is an article laid out: a photograph under the lead, the others spread
// between the paragraphs.
type article struct {
	Draft
	First  *Photo
	Pieces []piece
}

func layOut(d Draft, photos []Photo) article {
	a := article{Draft: d}
	text := web.Markdown(ended(d.Body))
	if len(photos) == 0 {
		a.Pieces = []piece{{Text: text}}
		return a
	}
	a.First, photos = &photos[0], photos[1:]
	breaks := breaksOf(string(text))
	from := 0
	for i := range photos {
		at := len(text)
		if len(breaks) > 0 { // the (i+1)-th of evenly spaced ones, rounded up
			parts := len(photos) + 1
			at = max(from, breaks[((i+1)*len(breaks)+parts-1)/parts-1])
		}
		a.Pieces = append(a.Pieces, piece{text[from:at], &photos[i]})
		from = at
	}
	a.Pieces = append(a.Pieces, piece{Text: text[from:]})
	return a
}

// ended closes an article as official texts are closed, with "./." after its last
// words, unless it ends with a list, a table, or the sign already.
func ended(body string) string {
	body = strings.TrimRightFunc(body, unicode.IsSpace)
	last := body[strings.LastIndexByte(body, '\n')+1:]
	if strings.HasSuffix(body, "./.") || notProse.MatchString(last) {
		return body
	}
	if strings.ContainsAny(body[len(body)-1:], "!?…:*_`)") {
		return body + " ./."
	}
	return strings.TrimRight(body, ".") + "./."
}

// notProse are lines of lists, tables, headings, quotes and code.
var notProse = regexp.MustCompile("^$|^[ \\t]|^[-+*][ \\t]|^[0-9]+[.)] |^[>#|`~=_<\\[-]")

// breaksOf returns where in sanitised HTML a photograph may stand: after a block
// of the outermost level that is no heading, unless a list or a table follows,
// which belongs to the words before it. Sanitised text has "<" only where a tag
// begins, and every tag but two is closed.
func breaksOf(text string) (at []int) {
	depth := 0
	for i := 0; i < len(text); i++ {
		if text[i] != '<' {
			continue
		}
		end := strings.IndexByte(text[i:], '>')
		if end < 0 {
			return at
		}
		tag := text[i+1 : i+end]
		name, _, _ := strings.Cut(strings.TrimSuffix(tag, "/"), " ")
		i += end
		switch {
		case name == "br", name == "hr":
		case !strings.HasPrefix(tag, "/"):
			depth++
		default:
			if depth--; depth > 0 || strings.HasPrefix(tag, "/h") {
				continue
			}
			next := strings.TrimSpace(text[i+1:])
			if next == "" || strings.HasPrefix(next, "<p>") || strings.HasPrefix(next, "<h") {
				at = append(at, i+1)
			}
		}
	}
	return at
}
