package similar

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"dongthuan/internal/lang"
)

// word of an opinion.
type word struct {
	form
	written string
	heads   bool   // a clause
	capital bool   // written in capitals
	number  uint32 // of its plain form
	faint   bool   // a weak word has its plain form
}

// text is an opinion as it is compared.
type text struct {
	id, body string
	words    []word
	same     string   // texts of which this is equal are one, as often as they are there
	marked   bool     // most words have their marks
	order    []int    // of words, by their plain form
	negated  []string // plain forms that a negation stands before
	perhaps  []string // that one may stand before, in a text without marks
	stated   []string
	numbers  []number
}

// number is a figure and the word before it: what it is the number of.
type number struct{ of, figure string }

// speller remembers the forms of written words, as an opinion has few that others have not,
// and numbers their plain forms.
type speller struct {
	forms   map[string]form
	numbers map[string]uint32
}

func newSpeller() *speller { return &speller{forms: map[string]form{}, numbers: map[string]uint32{}} }

func (s *speller) spell(w string) form {
	f, ok := s.forms[w]
	if !ok {
		f = spell(w)
		s.forms[w] = f
	}
	return f
}

// number of a plain form, from 1.
func (s *speller) number(plain string) uint32 {
	n, ok := s.numbers[plain]
	if !ok {
		n = uint32(len(s.numbers) + 1)
		s.numbers[plain] = n
	}
	return n
}

// read takes an opinion apart: words in one spelling, abbreviations written out, what says
// the same made one, polite phrases left out, numbers in one form.
func (s *speller) read(id, body string) *text {
	t := &text{id: id, body: body}
	body = lang.Clean(body)
	raw := split(body)
	marks, letters := 0, 0
	for i := range raw {
		w := &raw[i]
		if w.role == figure {
			continue
		}
		w.form = s.spell(w.written)
		letters++
		if w.marks != "" {
			marks++
		}
	}
	t.marked = 2*marks >= letters && marks > 0
	t.words = t.rewrite(s.expand(raw, !strings.ContainsFunc(body, unicode.IsLower)))
	for i := range t.words {
		t.words[i].role = t.roleOf(i)
		t.words[i].faint = faintWords[t.words[i].plain]
		t.words[i].number = s.number(t.words[i].plain)
	}
	t.index()
	return t
}

// split finds words, in small letters, and numbers. A number keeps its marks of thousands,
// decimals and dates.
func split(s string) (all []word) {
	runes := []rune(s)
	heads := true
	for i := 0; i < len(runes); {
		r := runes[i]
		from := i
		switch {
		case unicode.IsDigit(r):
			for i < len(runes) && (unicode.IsDigit(runes[i]) || i+1 < len(runes) && strings.ContainsRune(".,/", runes[i]) && unicode.IsDigit(runes[i+1])) {
				i++
			}
			for _, f := range figures(string(runes[from:i])) {
				all = append(all, numeral(f, f, heads))
				heads = false
			}
		case unicode.IsLetter(r):
			for i < len(runes) && (unicode.IsLetter(runes[i]) || unicode.Is(unicode.Mn, runes[i])) {
				i++
			}
			w := string(runes[from:i])
			// One letter at the head of a clause is a capital in any case.
			capital := !strings.ContainsFunc(w, unicode.IsLower) && (i-from > 1 || !heads)
			all = append(all, word{written: drawn([]rune(strings.ToLower(w))), heads: heads, capital: capital})
			heads = false
		default:
			if r == '%' {
				all = append(all, word{written: "phần"}, word{written: "trăm"})
			}
			heads = heads || strings.ContainsRune(".,;:!?\n", r)
			i++
		}
	}
	return all
}

// numeral is the word of a number.
func numeral(plain, written string, heads bool) word {
	return word{form: form{plain: plain, role: figure, sound: true}, written: written, heads: heads}
}

// drawn is a word without the letters that somebody drew out, or struck twice: quáaaa, đườngg.
func drawn(w []rune) string {
	twice := false
	for i := 1; i < len(w); i++ {
		twice = twice || w[i] == w[i-1]
	}
	if !twice || roman[string(w)] {
		return string(w)
	}
	base := func(r rune) rune { // a of á
		for _, b := range norm.NFD.String(string(r)) {
			return b
		}
		return r
	}
	out := w[:0:0]
	for i := 0; i < len(w); {
		n := i + 1
		for n < len(w) && base(w[n]) == base(w[i]) {
			n++
		}
		if n-i < 3 && strings.ContainsRune("aeiouy", base(w[i])) {
			out = append(out, w[i:n]...)
		} else {
			out = append(out, w[i])
		}
		i = n
	}
	return string(out)
}

var roman = words("i ii iii iv v vi vii viii ix x xi xii")

// figures are the numbers of a written one, each in one form: 1.500 and 1500, 2,50 and 2.5;
// those of a date or an address apart: 02/09 and 2 9.
func figures(s string) []string {
	parts := strings.FieldsFunc(s, func(r rune) bool { return r == '.' || r == ',' })
	thousands := len(parts) > 1 && len(parts[0]) <= 3
	for _, p := range parts[1:] {
		thousands = thousands && len(p) == 3
	}
	switch {
	case strings.Contains(s, "/"):
		parts = strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsDigit(r) })
	case thousands:
		return []string{bare(strings.Join(parts, ""))}
	case len(parts) == 2:
		if frac := strings.TrimRight(parts[1], "0"); frac != "" {
			return []string{bare(parts[0]) + "." + frac}
		}
		parts = parts[:1]
	}
	for i, p := range parts {
		parts[i] = bare(p)
	}
	return parts
}

func bare(digits string) string {
	if d := strings.TrimLeft(digits, "0"); d != "" {
		return d
	}
	return "0"
}

// units are what stands short behind a number.
var units = map[string]string{"h": "giờ", "g": "giờ", "p": "phút", "tr": "triệu", "đ": "đồng", "vnđ": "đồng", "vnd": "đồng", "k": "nghìn", "ng": "nghìn"}

// counted are words of numbers that are written out before what they count.
var counted = map[string]string{"hai": "2", "ba": "3", "bốn": "4", "bảy": "7", "tám": "8", "chín": "9", "mười": "10"}

var countable = words("lần ngày tuần tháng giờ hộ nhà cột người cái con xe chuyến buổi lượt đèn cây tổ phòng lớp triệu nghìn tỷ đồng mét")

func words(list string) map[string]bool {
	all := map[string]bool{}
	for _, w := range strings.Fields(list) {
		all[w] = true
	}
	return all
}

// expand writes abbreviations and units out. shouts says that the whole text is in capitals.
func (s *speller) expand(raw []word, shouts bool) (all []word) {
	after := func(i int) string {
		if i+1 < len(raw) {
			return raw[i+1].written
		}
		return ""
	}
	for i, w := range raw {
		behind := i > 0 && raw[i-1].role == figure
		switch unit, isUnit := units[w.written]; {
		case w.role == figure:
			all = append(all, w)
		case behind && isUnit:
			if n := len(all) - 1; unit == "nghìn" && !strings.ContainsAny(all[n].plain, "./") {
				all[n].plain += "000" // 50k, 50.000
				continue
			}
			all = append(all, word{form: s.spell(unit), written: w.written})
		case counted[w.written] != "" && countable[after(i)] && (i == 0 || raw[i-1].written != "thứ"):
			all = append(all, numeral(counted[w.written], w.written, w.heads))
		case i > 0 && (len(w.plain) == 1 && named[raw[i-1].plain] && (w.written != "k" || w.capital) || roman[w.written] && counting[raw[i-1].plain]): // khu A, quý II
			all = append(all, numeral(w.plain, w.written, w.heads))
		default:
			full := w.full(shouts)
			if full == nil || behind && len(w.written) == 1 {
				all = append(all, w)
				continue
			}
			for k, f := range full {
				all = append(all, word{form: f, written: w.written, heads: w.heads && k == 0})
			}
		}
	}
	return all
}

// full is what an abbreviation stands for, nil where it is none or may stand for several.
func (w word) full(shouts bool) phrase {
	official, other := inCapitals[w.written]
	switch {
	case !other || !w.capital:
		return shortForms[w.written]
	case !shouts:
		return official
	case len(w.written) == 1:
		return shortForms[w.written]
	}
	return nil // in a text in capitals it may be either
}

// named are words, without marks, that a letter names one of.
var named = words("khu lo nha toa to ngo day block cho zone cau lop vien")

// counting are words that a Roman number counts.
var counting = words("quy cap loai doan phan ky ki khu muc nhom to khoa hang")

// rewrite makes phrases that say the same one, and leaves polite ones out, unless nothing
// else is said.
func (t *text) rewrite(all []word) []word {
	out := make([]word, 0, len(all))
	for i := 0; i < len(all); {
		n := 1
		done := false
		for _, r := range rewrites[all[i].plain] {
			if !r.from.at(all[i:], t.marked) {
				continue
			}
			n, done = len(r.from), true
			for k, f := range r.to {
				if !t.marked {
					f.marks = "" // it may have been another word
				}
				out = append(out, word{form: f, written: all[min(i+k, i+n-1)].written, heads: all[i].heads && k == 0})
			}
			if len(r.to) == 0 && i+n < len(all) {
				all[i+n].heads = all[i+n].heads || all[i].heads
			}
			break
		}
		if !done {
			out = append(out, all[i])
		}
		i += n
	}
	if len(out) == 0 {
		return all
	}
	return out
}

func (t *text) roleOf(i int) role {
	w := t.words[i]
	switch {
	case w.role == figure:
		return figure
	case w.marks != "":
		return markedRole[w.marks]
	case t.marked:
		return markedRole[w.plain]
	}
	r := unmarkedRole[w.plain]
	if w.heads && turnsAtHead[w.plain] {
		r = operator
	}
	if w.plain == "chua" && i > 0 && (t.words[i-1].plain == "sua" || t.words[i-1].plain == "nha" || t.words[i-1].plain == "chua") {
		return plainWord // sửa chữa, nhà chùa
	}
	return r
}

var turnsAtHead = words("dung cho cam bo thoi khoi")

// mayDeny are negations without their marks that are more often another word, and a K that
// was not written out.
var mayDeny = words("chang cha dung khoi hong cho k")

func (w word) denies() bool { return w.role == negation }

// index makes what texts are compared by.
func (t *text) index() {
	t.order = make([]int, len(t.words))
	var key strings.Builder
	not, maybe := false, false
	for i, w := range t.words {
		t.order[i] = i
		key.WriteString(w.plain)
		key.WriteByte('|')
		key.WriteString(w.marks)
		key.WriteByte(' ')
		if w.role == figure {
			n := number{figure: w.plain}
			for k := i - 1; k >= 0; k-- {
				if t.words[k].role != weak {
					n.of = t.words[k].plain
					break
				}
			}
			t.numbers = append(t.numbers, n)
		}
		if w.heads {
			not, maybe = false, false
		}
		switch {
		case w.denies():
			not = true
			continue
		case w.marks == "" && mayDeny[w.plain]:
			maybe = true
		case w.role == weak:
			if not && !t.marked && !w.heads { // không được sửa; but also: không ra. Đề nghị
				not, maybe = false, true
			}
			continue
		case maybe:
			t.perhaps = append(t.perhaps, w.plain)
			maybe = false
		}
		if not {
			t.negated = append(t.negated, w.plain)
		} else {
			t.stated = append(t.stated, w.plain)
		}
		not = false
	}
	slices.Sort(t.perhaps)
	t.same = key.String()
	slices.Sort(t.negated)
	slices.Sort(t.stated)
	slices.SortStableFunc(t.order, func(a, b int) int { return strings.Compare(t.words[a].plain, t.words[b].plain) })
}

// feature is a word, or two neighbours: their numbers in the speller, the first in the upper
// half; a negation is glued to what it denies.
type feature uint64

const denied = 1 << 31

// glues are negations that are nothing else without their marks.
var glues = words(surelyDenied)

// features calls fn with each of them, in order, and whether it is weak. They do not depend
// on marks: a text is as near to others with them as without.
func (t *text) features(fn func(f feature, weakly bool)) {
	before, beforeWeak, glue := feature(0), false, feature(0)
	for i := range t.words {
		w := &t.words[i]
		if glues[w.plain] {
			glue = denied
			continue
		}
		f, weakly := feature(w.number)|glue, w.faint
		fn(f, weakly)
		if before != 0 {
			fn(before<<32|f, weakly && beforeWeak)
		}
		before, beforeWeak, glue = f, weakly, 0
	}
	if glue != 0 {
		fn(glue, false)
	}
}

// empty reports whether there is nothing to compare.
func (t *text) empty() bool { return len(t.words) == 0 }

// --- What keeps two texts apart.

// against says that two opinions, however alike their words, do not say the same: they name
// different numbers, or the same things the other way round; one denies what the other
// states; the same letters have other marks; or one has a word, alone or in another's place, that turns the sense. What is left of
// either after slips and abbreviations are accounted for decides.
func (t *text) against(o *text) bool {
	if t.same == o.same {
		return false
	}
	if t.reverses(o) || numbersApart(t.numbers, o.numbers) || numbersApart(o.numbers, t.numbers) || denies(t, o) || denies(o, t) {
		return true
	}
	mine, theirs, marks := t.unmatched(o)
	if marks {
		return true
	}
	mine, theirs = t.explain(mine, o, theirs)
	theirs, mine = o.explain(theirs, t, mine)
	return t.turns(mine, o, theirs) || o.turns(theirs, t, mine)
}

// comparing are words, without marks, on whose two sides things are not the same turned
// round: A hơn B, A thay vì B.
var comparing = words("hon thay")

// clause is what stands before and behind a word in its clause.
func (t *text) clause(i int) (before, behind []word) {
	from, to := i, i+1
	for from > 0 && !t.words[from].heads {
		from--
	}
	for to < len(t.words) && !t.words[to].heads {
		to++
	}
	return t.words[from:i], t.words[i+1 : to]
}

// reverses reports whether two opinions have, on the two sides of such a word, the same
// things the other way round.
func (t *text) reverses(o *text) bool {
	for i := range t.words {
		w := &t.words[i]
		if !comparing[w.plain] || t.times(w.plain) != 1 || o.times(w.plain) != 1 {
			continue
		}
		k := slices.IndexFunc(o.words, func(x word) bool { return x.plain == w.plain })
		crosses := func(side []word, other []word) bool {
			return slices.ContainsFunc(side, func(x word) bool {
				return x.role != weak && t.times(x.plain) == 1 && o.times(x.plain) == 1 &&
					slices.ContainsFunc(other, func(y word) bool { return y.plain == x.plain })
			})
		}
		before, behind := t.clause(i)
		was, is := o.clause(k)
		if crosses(before, is) && crosses(behind, was) {
			return true
		}
	}
	return false
}

// times is how often a text has a word.
func (t *text) times(plain string) int {
	return count(t.words, func(w word) bool { return w.plain == plain })
}

// numbersApart reports whether two sets of numbers cannot be of one opinion: neither holds
// the other, or one thing has two numbers.
func numbersApart(a, b []number) bool {
	missing := false
	for _, x := range a {
		if !slices.ContainsFunc(b, func(y number) bool { return y.figure == x.figure }) {
			missing = true
		}
		// ngõ 12 here, ngõ 21 there; số 5 ngõ 12 here, số 12 ngõ 5 there.
		same := func(y number) bool { return y.of == x.of }
		if x.of != "" && slices.ContainsFunc(b, same) && !slices.ContainsFunc(b, func(y number) bool { return y == x }) && count(a, same) == count(b, same) {
			return true
		}
	}
	if !missing || len(b) == 0 {
		return false
	}
	return slices.ContainsFunc(b, func(y number) bool {
		return !slices.ContainsFunc(a, func(x number) bool { return x.figure == y.figure })
	})
}

func count[T any](all []T, is func(T) bool) (n int) {
	for _, x := range all {
		if is(x) {
			n++
		}
	}
	return n
}

// denies reports whether a denies what b states and does not deny.
func denies(a, b *text) bool {
	for _, w := range a.negated {
		if has(b.stated, w) && !has(b.negated, w) && !has(b.perhaps, w) {
			return true
		}
	}
	return false
}

func has(sorted []string, w string) bool { _, ok := slices.BinarySearch(sorted, w); return ok }

// unmatched are the words of each that the other does not have, by their places. marks
// reports that a word of both has other marks in each.
func (t *text) unmatched(o *text) (mine, theirs []int, marks bool) {
	i, j := 0, 0
	for i < len(t.order) || j < len(o.order) {
		switch {
		case j == len(o.order) || i < len(t.order) && t.words[t.order[i]].plain < o.words[o.order[j]].plain:
			mine = append(mine, t.order[i])
			i++
			continue
		case i == len(t.order) || t.words[t.order[i]].plain > o.words[o.order[j]].plain:
			theirs = append(theirs, o.order[j])
			j++
			continue
		}
		plain := t.words[t.order[i]].plain
		m, n := i, j
		for m < len(t.order) && t.words[t.order[m]].plain == plain {
			m++
		}
		for n < len(o.order) && o.words[o.order[n]].plain == plain {
			n++
		}
		a, b, differ := pair(t, t.order[i:m], o, o.order[j:n])
		mine, theirs, marks = append(mine, a...), append(theirs, b...), marks || differ
		i, j = m, n
	}
	slices.Sort(mine)
	slices.Sort(theirs)
	return mine, theirs, marks
}

// pair matches words of the same letters: those of the same marks first, then those of
// which one has none.
func pair(t *text, a []int, o *text, b []int) (mine, theirs []int, differ bool) {
	if len(a) == 1 && len(b) == 1 { // nearly always
		x, y := &t.words[a[0]], &o.words[b[0]]
		return nil, nil, x.marks != y.marks && x.marks != "" && y.marks != "" && x.sound && y.sound
	}
	taken := make([]bool, len(b))
	match := func(ok func(x, y *word) bool) {
		rest := a[:0:0]
		for _, i := range a {
			k := -1
			for n, j := range b {
				if !taken[n] && ok(&t.words[i], &o.words[j]) {
					k = n
					break
				}
			}
			if k < 0 {
				rest = append(rest, i)
				continue
			}
			taken[k] = true
		}
		a = rest
	}
	match(func(x, y *word) bool { return x.marks == y.marks })
	match(func(x, y *word) bool { return x.marks == "" || y.marks == "" || !x.sound || !y.sound })
	for n, j := range b {
		if !taken[n] {
			theirs = append(theirs, j)
		}
	}
	return a, theirs, len(a) > 0 && len(theirs) > 0
}

// explain takes out what is the same written otherwise: a slip of the keys, an abbreviation
// of one word, initials of several.
func (t *text) explain(mine []int, o *text, theirs []int) (left, others []int) {
	others = theirs
	for _, i := range mine {
		w := &t.words[i]
		if w.role == figure || w.sound && w.vowels {
			left = append(left, i)
			continue
		}
		k, n := -1, 0
		for at := range others {
			if n = o.stands(w, others, at); n > 0 {
				k = at
				break
			}
		}
		if k < 0 {
			if w.role >= operator || w.vowels || len(w.plain) > 4 {
				left = append(left, i)
			}
			continue // an abbreviation of what was lost, or of what nobody else says
		}
		others = slices.Delete(slices.Clone(others), k, k+n)
	}
	return left, others
}

// stands is how many words from a place on a written word may stand for.
func (o *text) stands(w *word, theirs []int, at int) int {
	x := &o.words[theirs[at]]
	if x.role == figure {
		return 0
	}
	if w.vowels || len(w.plain) > 4 {
		if slip(w.plain, x.plain) {
			return 1
		}
		return 0
	}
	// đg: đường. The first letter and the others in their order.
	if len(w.plain) > 1 && abbreviates(w.plain, x.plain) {
		return 1
	}
	// cq: chính quyền.
	for k := range len(w.plain) {
		if at+k >= len(theirs) || theirs[at+k] != theirs[at]+k || o.words[theirs[at+k]].plain == "" || o.words[theirs[at+k]].plain[0] != w.plain[k] {
			return 0
		}
	}
	return len(w.plain)
}

func abbreviates(short, long string) bool {
	if len(short) >= len(long) || short[0] != long[0] {
		return false
	}
	k := 0
	for i := 0; i < len(long) && k < len(short); i++ {
		if long[i] == short[k] {
			k++
		}
	}
	return k == len(short)
}

// slip reports whether two words differ by one letter more, less or other, or by two that
// are swapped (Damerau, CACM 7, 1964).
func slip(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 || len(b) < 3 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) < len(b) {
		return a[i:] == b[i+1:]
	}
	if i == len(a) {
		return true
	}
	return a[i+1:] == b[i+1:] || i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}

// turns reports whether what a text has alone makes it say something else: an operator, or a
// word with an opposite that stands in the place of another's.
func (t *text) turns(mine []int, o *text, theirs []int) bool {
	denials := count(theirs, func(j int) bool { return o.words[j].denies() })
	for _, i := range mine {
		switch w := &t.words[i]; w.role {
		case negation:
			if denials > 0 { // không here, chưa there
				denials--
				continue
			}
			return true
		case operator:
			return true
		case polar:
			for _, j := range theirs {
				if o.words[j].role != weak && o.words[j].role != figure && t.place(i, o, j) {
					return true
				}
			}
		}
	}
	return false
}

// place reports whether two words stand in the same place: after the same word, or before
// the same, or at the same end.
func (t *text) place(i int, o *text, j int) bool {
	return t.next(i, -1) == o.next(j, -1) || t.next(i, 1) == o.next(j, 1)
}

// next is the plain form of the word before or after one, "" at the ends.
func (t *text) next(i, way int) string {
	if i += way; i >= 0 && i < len(t.words) {
		return t.words[i].plain
	}
	return ""
}
