package similar

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"dongthuan/internal/lang"
)

// word is a syllable as it is compared and as it was written.
type word struct {
	plain   string // lower case, without marks
	written string
}

// short are what people write for a word in messages; entries are without marks, as most
// such texts are. Only those that stand for one word: "k" is "không", not "kilô".
var short = map[string]string{
	"k": "khong", "ko": "khong", "kg": "khong", "kh": "khong", "hok": "khong", "hong": "khong", "khg": "khong", "hem": "khong",
	"dc": "duoc", "dk": "duoc", "đc": "duoc", "duoc": "duoc", "vs": "voi", "r": "roi", "ntn": "nhu the nao", "j": "gi", "z": "vay", "v": "vay",
	"bn": "bao nhieu", "mn": "moi nguoi", "ng": "nguoi", "nguoi": "nguoi", "dan": "dan", "b": "ban", "t": "toi", "m": "minh", "mk": "minh", "mik": "minh",
	"trc": "truoc", "cx": "cung", "cug": "cung", "nhug": "nhung", "nh": "nhung", "hs": "hoc sinh", "gv": "giao vien", "ph": "phu huynh", "ubnd": "uy ban nhan dan", "tdp": "to dan pho",
	"cb": "can bo", "cq": "co quan", "pk": "phai khong", "lm": "lam", "lun": "luon", "wa": "qua", "qa": "qua", "bit": "biet", "thui": "thoi", "rui": "roi", "uh": "u", "oke": "ok",
	"sd": "su dung", "dt": "dien thoai", "tt": "thong tin", "hđ": "hoat dong", "hd": "hoat dong", "kv": "khu vuc", "vd": "vi du", "ng dan": "nguoi dan", "csgt": "canh sat giao thong",
}

// filler says nothing: it is polite, opens a request, or joins words. None is here that
// without marks could be a word of weight (tôi and tối, cho and chợ).
var filler = set("a oi nhe nhe nha thi vang u ha nhi day xin kinh thua em minh chung rat mong muon cam on o va cac nhung tai voi bi de nghi")

// negation turns what follows round.
var negation = set("khong chua chang cha dung khoi")

// opposites are words that cannot both be meant: two texts of which one has the one and
// the other the other do not say the same. They are compared without marks, so none is
// here that reads like a common word of another meaning.
var opposites = [][2]string{
	{"dong y", "phan doi"}, {"ung ho", "phan doi"}, {"tan thanh", "phan doi"}, {"tang", "giam"}, {"mo rong", "thu hep"}, {"xay moi", "pha bo"}, {"giu lai", "bo di"},
	{"giu nguyen", "thay doi"}, {"nhanh", "cham"}, {"sach", "ban"}, {"sang", "toi tam"}, {"de dang", "kho khan"}, {"thuan tien", "bat tien"}, {"an toan", "nguy hiem"}, {"cong khai", "giau"},
	{"hai long", "buc xuc"}, {"tot", "te"}, {"tot", "kem"}, {"dat", "re"}, {"som", "muon"}, {"cho phep", "cam"}, {"nen", "dung nen"}, {"hop ly", "bat hop ly"}, {"dung han", "tre han"}, {"minh bach", "mo am"}, {"cao", "thap"}, {"nhieu", "it"},
}

func set(words string) map[string]bool {
	all := map[string]bool{}
	for _, w := range strings.Fields(words) {
		all[lang.Fold(w)] = true
	}
	return all
}

// text is an opinion as it is compared.
type text struct {
	id, body string
	words    []word
	line     string          // the words without marks
	negated  map[string]bool // words that a negation stands before
	stated   map[string]bool // words that none stands before
	denials  int             // how many negations there are
	numbers  []string        // in their order, once each
	sides    uint64          // bit 2i, 2i+1: which of the i-th opposites it has
}

// read normalises an opinion: written forms made one, abbreviations written out, fillers
// left out, numbers kept.
func read(id, body string) *text {
	t := &text{id: id, body: body, negated: map[string]bool{}, stated: map[string]bool{}}
	for _, w := range strings.FieldsFunc(strings.ToLower(norm.NFC.String(body)), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.Mn, r) }) {
		plain := lang.Fold(w)
		if plain == "" {
			continue
		}
		if full, ok := short[plain]; ok {
			for _, p := range strings.Fields(full) {
				t.words = append(t.words, word{p, w})
			}
			continue
		}
		t.words = append(t.words, word{plain, w})
	}
	if kept := slices.DeleteFunc(slices.Clone(t.words), func(w word) bool { return filler[w.plain] }); len(kept) > 0 {
		t.words = kept
	}
	not := false
	var line strings.Builder
	line.WriteByte(' ')
	for _, w := range t.words {
		line.WriteString(w.plain)
		line.WriteByte(' ')
		if digit(w.plain) && !slices.Contains(t.numbers, w.plain) {
			t.numbers = append(t.numbers, w.plain)
		}
		switch {
		case negation[w.plain]:
			not = true
			t.denials++
			continue
		case not:
			t.negated[w.plain] = true
		default:
			t.stated[w.plain] = true
		}
		not = false
	}
	slices.Sort(t.numbers)
	said := line.String()
	t.line = said
	for i, o := range opposites {
		for side, phrase := range o {
			if strings.Contains(said, " "+phrase+" ") && !t.negated[strings.Fields(phrase)[0]] {
				t.sides |= 1 << (2*i + side)
			}
		}
	}
	return t
}

func digit(s string) bool { return s[0] >= '0' && s[0] <= '9' }

// against says that two opinions, however alike their words, do not say the same: one
// denies what the other does not, they take opposite sides, or they name different
// numbers.
func (t *text) against(o *text) bool {
	if t.denials != o.denials {
		return true
	}
	for w := range t.negated {
		if o.stated[w] && !o.negated[w] {
			return true
		}
	}
	for w := range o.negated {
		if t.stated[w] && !t.negated[w] {
			return true
		}
	}
	const left = 0x5555555555555555
	mine, theirs := t.sides&^o.sides, o.sides&^t.sides
	if mine&left&(theirs>>1) != 0 || theirs&left&(mine>>1) != 0 {
		return true
	}
	return len(t.numbers) > 0 && len(o.numbers) > 0 && !within(t.numbers, o.numbers) && !within(o.numbers, t.numbers)
}

func within(a, b []string) bool {
	for _, x := range a {
		if _, ok := slices.BinarySearch(b, x); !ok {
			return false
		}
	}
	return true
}

// features are single words and pairs of neighbours, a negation glued to what it denies.
func (t *text) features() (all []string) {
	var plain []string
	glue := ""
	for _, w := range t.words {
		if negation[w.plain] {
			glue = "khong_"
			continue
		}
		plain = append(plain, glue+w.plain)
		glue = ""
	}
	if glue != "" {
		plain = append(plain, glue)
	}
	for i, w := range plain {
		all = append(all, w)
		if i > 0 {
			all = append(all, plain[i-1]+" "+w)
		}
	}
	return all
}
