package document

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// timesBold holds the widths of Times New Roman Bold from blank to tilde, in
// thousandths of the size. Liberation Serif, which stands in for it, has the same.
var timesBold = [...]int{
	250, 333, 555, 500, 500, 1000, 833, 278, 333, 333, 500, 570, 250, 333, 250, 278, // blank to /
	500, 500, 500, 500, 500, 500, 500, 500, 500, 500, 333, 333, 570, 570, 570, 500, // 0 to ?
	930, 722, 667, 722, 722, 667, 611, 778, 778, 389, 500, 778, 667, 944, 722, 778, // @ to O
	611, 778, 722, 556, 667, 722, 722, 1000, 722, 722, 667, 333, 278, 333, 581, 500, // P to _
	333, 500, 556, 444, 556, 444, 333, 500, 556, 278, 333, 556, 278, 833, 556, 500, // ` to o
	556, 556, 444, 389, 333, 556, 500, 722, 500, 500, 444, 394, 220, 394, 520, // p to ~
}

// boldWidth is the length in mm of a line in bold. Rules stand under bold lines
// only, and no word processor can be asked for it.
func boldWidth(line string, size float64) float64 {
	sum := 0
	for _, r := range norm.NFD.String(line) {
		switch {
		case r >= ' ' && r <= '~':
			sum += timesBold[r-' ']
		case r == 'Đ':
			sum += timesBold['D'-' ']
		case r == 'đ':
			sum += timesBold['d'-' ']
		case r == '\u031b':
			sum += 45 // the horn of ơ and ư
		case r >= '\u0300' && r <= '\u036f':
			// Other marks stand above or below their letter.
		default:
			sum += 500
		}
	}
	return float64(sum) / 1000 * size * 25.4 / 72
}

// widest is the length in mm of the longest line of a text in bold, broken between
// words where the column ends.
func widest(text string, size, column float64) float64 {
	longest := 0.
	for _, part := range strings.Split(text, "\n") {
		line := ""
		for _, word := range strings.Fields(part) {
			longer := strings.TrimSpace(line + " " + word)
			if line != "" && boldWidth(longer, size) > column {
				longer = word
			}
			line = longer
			longest = max(longest, min(boldWidth(line, size), column))
		}
	}
	return longest
}
