package score

import (
	"fmt"
	"strings"
)

// Bounds of what a rule may say. They are far beyond any real table; their use
// is that no product of two numbers in a rule can surprise us.
const (
	maxRule      = 1000    // bytes of text
	maxPoints    = 100_000 // tenths
	maxThreshold = 1_000_000_000
)

// SyntaxError says what is wrong with the text of a rule. Code is a stable key
// for a sentence in the reader's language:
//
//	rule.empty     no part at all, or nothing beside a "+"
//	rule.long      more than 1000 bytes
//	max.bad        the criterion's maximum is not a positive multiple of 0.5
//	verb.unknown   Token is no verb of the grammar
//	points.bad     Token is not points: at most one decimal, 0 to 10 000
//	points.zero    a worth, step or cap of 0 gives or takes nothing
//	threshold.bad  Token is not THRESHOLD:POINTS
//	threshold.none the verb needs at least one threshold
//	threshold.order thresholds or their points go the wrong way at Token
//	word.missing   the verb wants another word here, named by Want
//	word.extra     Token is more than the verb takes
//	sum.over       the parts together can give more than the maximum
//	sum.under      the parts together can never reach the maximum
type SyntaxError struct {
	Code  string
	Token string // the word at fault; for sums, the sum
	Pos   int    // where it starts, in bytes from 0; the text's length when it is missing
	Want  string // the word expected, where there is one
}

func (e *SyntaxError) Error() string {
	text := fmt.Sprintf("rule: %s at %d", e.Code, e.Pos)
	if e.Token != "" {
		text += fmt.Sprintf(": %q", e.Token)
	}
	if e.Want != "" {
		text += fmt.Sprintf(", want %s", e.Want)
	}
	return text
}

// ParseRule reads the rule of a criterion that is worth max tenths. Parts are
// joined with " + " and read the criterion's figures in order:
//
//	yes [P]              1 figure, 0 or 1: P points for 1
//	linear [P]           done, total: P × min(1, done/total)
//	steps 95:3 85:2      done, total: points of the first percentage reached, else 0
//	upto 0:3 15:2        1 figure: points of the smallest threshold not exceeded, else 0
//	atleast 1:2 3:4      1 figure: points of the highest threshold reached, else 0
//	count 1 max 5        1 figure: 1 point each, 5 at most
//	short 4 by 1         done, total: 4 less 1 for each one missing, not below 0
//	less 3 by 1 by 0.5   as many figures as "by": 3 less 1 and 0.5 each, not below 0
//	rank 1:5 3:4         done, total: points of the first place reached among the units
//	judged [P]           1 figure: points as a person gave them, 0 to P
//
// P is the maximum where it is left out. Numbers take a point or a comma. The
// maximum is a multiple of half a point, because points are rounded to that, and
// the parts must add up to it. The error is a *SyntaxError.
func ParseRule(text string, max int64) (Rule, error) {
	if max <= 0 || max%half != 0 || max > maxPoints {
		return Rule{}, &SyntaxError{Code: "max.bad", Token: decimal(max, 1)}
	}
	if len(text) > maxRule {
		return Rule{}, &SyntaxError{Code: "rule.long", Pos: maxRule}
	}
	r := Rule{max: max}
	s := &scanner{words: split(text), end: len(text), max: max}
	for {
		p, err := s.part()
		if err != nil {
			return Rule{}, err
		}
		r.parts = append(r.parts, p)
		if !s.more() {
			break
		}
		s.next() // the "+" that ended the part
	}
	sum := int64(0)
	for _, p := range r.parts {
		sum += p.max()
	}
	switch {
	case sum > max:
		return Rule{}, &SyntaxError{Code: "sum.over", Token: decimal(sum, 1), Pos: len(text)}
	case sum < max:
		return Rule{}, &SyntaxError{Code: "sum.under", Token: decimal(sum, 1), Pos: len(text)}
	}
	return r, nil
}

// ParsePoints reads points as a person writes them, "4.5" or "4,5", into tenths.
// The error is a *SyntaxError with the code points.bad.
func ParsePoints(text string) (int64, error) {
	n, ok := number(text, 1, maxPoints)
	if !ok {
		return 0, &SyntaxError{Code: "points.bad", Token: text}
	}
	return n, nil
}

type word struct {
	text string
	pos  int
}

func split(text string) []word {
	var words []word
	for pos := 0; pos < len(text); {
		if text[pos] == ' ' {
			pos++
			continue
		}
		end := strings.IndexByte(text[pos:], ' ')
		if end < 0 {
			end = len(text) - pos
		}
		words = append(words, word{text[pos : pos+end], pos})
		pos += end
	}
	return words
}

// scanner walks the words of a rule.
type scanner struct {
	words []word
	end   int
	max   int64
}

func (s *scanner) more() bool { return len(s.words) > 0 }

// atEnd says that the part is over, and not that the rule is.
func (s *scanner) atEnd() bool { return !s.more() || s.words[0].text == "+" }

func (s *scanner) peek() word {
	if !s.more() {
		return word{pos: s.end}
	}
	return s.words[0]
}

func (s *scanner) next() word {
	w := s.peek()
	if s.more() {
		s.words = s.words[1:]
	}
	return w
}

func (s *scanner) part() (part, error) {
	if s.atEnd() {
		return part{}, fail("rule.empty", s.peek())
	}
	w := s.next()
	p := part{verb: Verb(w.text)}
	var err error
	switch p.verb {
	case VerbYes, VerbLinear, VerbJudged:
		p.points = s.max
		if !s.atEnd() {
			p.points, err = s.worth()
		}
	case VerbSteps, VerbUpto, VerbAtLeast, VerbRank:
		p.table, err = s.table(p.verb)
	case VerbCount:
		err = s.count(&p)
	case VerbShort, VerbLess:
		err = s.by(&p)
	default:
		return part{}, fail("verb.unknown", w)
	}
	if err == nil && !s.atEnd() {
		err = fail("word.extra", s.peek())
	}
	return p, err
}

func (s *scanner) count(p *part) error {
	each, err := s.worth()
	if err != nil {
		return err
	}
	if err := s.expect("max"); err != nil {
		return err
	}
	p.per = []int64{each}
	p.points, err = s.worth()
	return err
}

func (s *scanner) by(p *part) (err error) {
	if p.points, err = s.worth(); err != nil {
		return err
	}
	for first := true; first || p.verb == VerbLess && !s.atEnd(); first = false {
		if err := s.expect("by"); err != nil {
			return err
		}
		per, err := s.worth()
		if err != nil {
			return err
		}
		p.per = append(p.per, per)
	}
	return nil
}

// table reads thresholds and holds them to one direction: the harder to reach,
// the more points. Without that a better figure could earn less.
func (s *scanner) table(v Verb) ([]Threshold, error) {
	var table []Threshold
	for !s.atEnd() {
		w := s.next()
		at, points, found := strings.Cut(w.text, ":")
		var t Threshold
		okAt, okPoints := false, false
		if found {
			t.At, okAt = number(at, places(v), maxThreshold)
			t.Points, okPoints = number(points, 1, maxPoints)
		}
		if !okAt || !okPoints || v == VerbRank && t.At == 0 {
			return nil, fail("threshold.bad", w)
		}
		if n := len(table); n > 0 && !ordered(v, table[n-1], t) {
			return nil, fail("threshold.order", w)
		}
		table = append(table, t)
	}
	if len(table) == 0 {
		return nil, fail("threshold.none", s.peek())
	}
	return table, nil
}

func ordered(v Verb, before, after Threshold) bool {
	switch v {
	case VerbSteps:
		return after.At < before.At && after.Points < before.Points
	case VerbAtLeast:
		return after.At > before.At && after.Points > before.Points
	}
	return after.At > before.At && after.Points < before.Points
}

// worth reads points that may not be nothing.
func (s *scanner) worth() (int64, error) {
	w := s.next()
	if w.text == "" || w.text == "+" {
		return 0, &SyntaxError{Code: "word.missing", Pos: w.pos, Want: "points"}
	}
	n, ok := number(w.text, 1, maxPoints)
	if !ok {
		return 0, fail("points.bad", w)
	}
	if n == 0 {
		return 0, fail("points.zero", w)
	}
	return n, nil
}

func (s *scanner) expect(text string) error {
	if w := s.next(); w.text != text {
		return &SyntaxError{Code: "word.missing", Token: w.text, Pos: w.pos, Want: text}
	}
	return nil
}

func fail(code string, w word) *SyntaxError {
	return &SyntaxError{Code: code, Token: w.text, Pos: w.pos}
}

// number reads digits with at most the given decimals after a point or comma,
// and returns them counted in 10^-places.
func number(text string, places int, most int64) (int64, bool) {
	n, decimals, mark := int64(0), 0, false
	for i := range len(text) {
		switch c := text[i]; {
		case c >= '0' && c <= '9':
			if mark {
				decimals++
			}
			if n = n*10 + int64(c-'0'); n > most {
				return 0, false
			}
		case (c == '.' || c == ',') && !mark && i > 0:
			mark = true
		default:
			return 0, false
		}
	}
	if text == "" || mark && decimals == 0 || decimals > places {
		return 0, false
	}
	for ; decimals < places; decimals++ {
		n *= 10
	}
	return n, n <= most
}
