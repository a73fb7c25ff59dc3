package similar

import (
	_ "embed"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"dongthuan/internal/lang"
)

// role is what a word does in an opinion.
type role uint8

const (
	plainWord role = iota
	weak           // polite, or joins others: its presence says little
	operator       // turns, limits or forbids what it stands with: one side alone changes the sense
	negation       // an operator that denies the word after it
	polar          // has an opposite: another word in its place changes the sense
	figure         // a number, or a letter that names one
)

// form is a written word as it is compared.
type form struct {
	plain  string // lower case, without marks, i for y
	marks  string // the letters with their marks and the tone, wherever it was written; "" where there are none
	role   role
	sound  bool // it could be a Vietnamese syllable: what is not may be a slip or an abbreviation
	vowels bool
}

// markedRole is the role of words with their marks, by form.marks or, of words without any,
// form.plain; unmarked of words of texts that leave marks out.
var markedRole, unmarkedRole = roles()

func roles() (marked, unmarked map[string]role) {
	marked, unmarked = map[string]role{}, map[string]role{}
	for _, x := range []struct {
		role  role
		words string
	}{
		{weak, weakWords}, {polar, polarWords}, {operator, operatorWords}, {negation, negationWords},
	} {
		for _, w := range strings.Fields(x.words) {
			f := spell(w)
			key := f.marks
			if key == "" {
				key = f.plain
			}
			marked[key] = x.role
			// Without marks a word that may turn the sense is taken to, and one that may
			// mean something is not taken for weak.
			if was, ok := unmarked[f.plain]; !ok || x.role > was {
				unmarked[f.plain] = x.role
			}
		}
	}
	for _, w := range strings.Fields(ambiguous) {
		delete(unmarked, w)
	}
	for _, w := range strings.Fields(surelyDenied) {
		unmarked[w] = negation
	}
	return marked, unmarked
}

// The words by their role, as they are written.
const (
	weakWords = `ạ à ơi nhé nha nhá nhỉ vâng dạ thưa kính xin rất lắm quá thì là mà và với của các những cho ở tại để được bị do vì bởi nên
		đã đang sẽ vẫn cũng còn rồi có này đó kia ấy đấy đây nay tôi em mình chúng ta tụi bọn cần phải hãy mong muốn lại nữa thế vậy việc cái con chiếc sự
		như theo từ khi lúc rằng cứ hay gì nào sao ai mọi cả đến tới ra vào về đi giúp dùm giùm ngay một luôn mấy`

	negationWords = `không chưa chẳng chả đừng chớ hổng hông nỏ khỏi`

	// What one of two texts has alone makes them say different things.
	// So may what is left of an abbreviation in capitals: K, KH and HK can be không.
	operatorWords = `cấm ngừng dừng bỏ thôi hết trừ nếu chỉ bất miễn chống hoãn hủy chối đâu tránh ngăn hạn k kh hk`

	// What stands in another's place makes them say different things. One of a pair is
	// enough.
	polarWords = `mở đóng tăng giảm thêm bớt lắp tháo trồng chặt giữ phá xây dỡ rộng hẹp nhanh chậm sáng tối trưa chiều đêm trước sau trong ngoài trên dưới trái phải
		đông vắng đầy cạn thừa thiếu đủ dài ngắn cao thấp nặng nhẹ to nhỏ lớn bé mới cũ sạch bẩn tốt xấu kém tệ giỏi dở đúng sai thật giả khen chê thích ghét ủng tán nhất đồng
		chấp thu trả mua bán thuê nhận giao gần xa dễ khó đắt rẻ sớm muộn hợp an nguy ồn yên nóng lạnh khô ướt ngập cứng mềm sâu nông dày mỏng thẳng cong
		vui buồn siết nới hữu vô lợi hại mất lên xuống hạ nâng khởi kết thành nhập tách chia gộp bật tắt nối cắt dựng sập tiếp dứt duy bãi công bí mật minh mờ
		nhiều ít vài toàn hiếm thường rút phép khuyến tạo gây đẹp xinh ngon dữ hiền nhiệt hách niềm thờ tận lơ hài bức tin nghi yêu lo mừng phản
		hai ba bốn năm sáu bảy tám chín mười trăm nghìn ngàn vạn triệu tỷ tuần tháng quý ngày giờ phút nam bắc tây nhựa bê đất gỗ sắt
		chính phụ cuối giữa riêng đơn kép nữ già trẻ giàu nghèo mạnh yếu khỏe ốm sống chết thắng thua đỗ trượt ép quyền buộc mời đuổi đón tiễn`

	// Without marks these are more often another word: dung is đừng, but also dùng, dừng,
	// đúng and dựng. At the head of a clause they are taken for what turns it.
	ambiguous    = `dung chang cha hong khoi chong bat bac han tranh thoi chi het ngan dau cho bo cam`
	surelyDenied = `khong chua`
)

var faintWords = func() map[string]bool {
	all := map[string]bool{}
	for _, w := range strings.Fields(weakWords) {
		all[spell(w).plain] = true
	}
	return all
}()

// short are what people write for a word in messages, as it is written, with what it stands
// for. One-letter ones do not stand after a number.
var short = map[string]string{
	"k": "không", "ko": "không", "kh": "không", "hok": "không", "hk": "không", "khg": "không", "k0": "không", "khôg": "không", "khong": "không",
	"dc": "được", "đc": "được", "đk": "được", "vs": "với", "r": "rồi", "ntn": "như thế nào", "j": "gì", "z": "vậy", "v": "vậy", "bh": "bây giờ", "h": "giờ",
	"mn": "mọi người", "ng": "người", "ngta": "người ta", "mk": "mình", "mik": "mình", "trc": "trước", "cx": "cũng", "cug": "cũng", "nhg": "nhưng", "nhug": "nhưng",
	"hs": "học sinh", "gv": "giáo viên", "lm": "làm", "wa": "quá", "qá": "quá", "bik": "biết", "bít": "biết", "thui": "thôi", "đg": "đường", "kv": "khu vực", "cb": "cán bộ",
	"ubnd": "ủy ban nhân dân", "hđnd": "hội đồng nhân dân", "hdnd": "hội đồng nhân dân", "mttq": "mặt trận tổ quốc", "tdp": "tổ dân phố", "csgt": "cảnh sát giao thông", "gpmb": "giải phóng mặt bằng",
	"gpxd": "giấy phép xây dựng", "ttxd": "trật tự xây dựng", "tthc": "thủ tục hành chính", "nvh": "nhà văn hóa", "vsmt": "vệ sinh môi trường", "pccc": "phòng cháy chữa cháy", "bhyt": "bảo hiểm y tế",
}

// capitals are abbreviations that in capitals are not what they are in a message, with what
// official writing shortens so; "" where that is several things (HK: hộ khẩu, học kỳ), or a
// name.
var capitals = map[string]string{
	"kh": "kế hoạch", "qđ": "quyết định", "nđ": "nghị định", "nq": "nghị quyết", "mn": "mầm non", "vs": "vệ sinh",
	"k": "", "hk": "", "dc": "", "đc": "", "đk": "", "đg": "", "bh": "", "mk": "", "cx": "", "r": "", "j": "", "z": "", "v": "", "h": "",
}

// synonyms are ways to say the same, the first of each what all are taken for.
var synonyms = [][]string{
	{"đề nghị", "kiến nghị", "yêu cầu"}, {"sửa", "sửa chữa", "khắc phục"}, {"xây", "xây dựng"}, {"hỏng", "hư hỏng", "hỏng hóc", "hư"}, {"dân", "nhân dân", "bà con", "người dân"},
	{"mong", "mong muốn"}, {"trẻ em", "các cháu", "trẻ con", "trẻ nhỏ"}, {"đền bù", "bồi thường"}, {"thực hiện", "triển khai", "tiến hành"}, {"hộ", "hộ gia đình", "gia đình"}, {"nâng cấp", "tu bổ", "cải tạo"},
	{"dùng", "sử dụng"}, {"công khai", "minh bạch"}, {"lý do", "nguyên nhân"}, {"tiếng ồn", "ồn ào"}, {"rác", "rác thải"}, {"phản ánh", "phản ảnh"}, {"khi nào", "bao giờ"}, {"thu gom", "thu dọn"}, {"chính quyền", "lãnh đạo"},
	{"nhanh chóng", "kịp thời"}, {"kiểm tra", "rà soát"}, {"giải quyết", "xử lý"}, {"ngõ", "hẻm"}, {"lắp", "lắp đặt"}, {"vỉa hè", "hè phố"}, {"cán bộ", "nhân viên"}, {"không có", "làm gì có"}, {"không", "mắc gì", "việc gì"}, {"bẩn", "dơ"}, {"nhanh", "mau"}, {"cha mẹ", "ba mẹ", "bố mẹ"}, {"người già", "người cao tuổi"},
}

// polite are phrases that open or close an opinion and say nothing, or deny nothing.
var polite = []string{
	"kính gửi", "kính mong", "kính thưa", "kính đề nghị", "xin cảm ơn", "cảm ơn", "trân trọng cảm ơn", "trân trọng", "xin chân thành cảm ơn", "tôi xin có ý kiến", "tôi có ý kiến", "theo tôi nghĩ", "theo tôi", "theo ý kiến của tôi", "em xin nói là", "đề nghị",
	"mong sớm được giải quyết", "rất mong", "chúng tôi", "xin hết", "mấy bác ơi", "các bác ơi", "mấy bác", "các bác", "mấy anh chị", "không những", "không chỉ",
}

// phrase is words as they are spelled.
type phrase []form

func phraseOf(s string) (p phrase) {
	for _, w := range strings.Fields(s) {
		p = append(p, spell(w))
	}
	return p
}

// at reports whether words begin with a phrase; in a text without marks two words or more
// are taken to.
func (p phrase) at(words []word, marked bool) bool {
	if len(words) < len(p) {
		return false
	}
	for i, f := range p {
		w := &words[i]
		if w.plain != f.plain || w.marks != f.marks && (marked || w.marks != "" || len(p) == 1) || w.role == figure {
			return false
		}
	}
	return true
}

// rewrites are phrases by the plain form of their first word, the longest first.
type rewrite struct {
	from phrase
	to   phrase
}

var rewrites = func() map[string][]rewrite {
	all := map[string][]rewrite{}
	add := func(from, to string) {
		p := phraseOf(from)
		list := append(all[p[0].plain], rewrite{p, phraseOf(to)})
		for i := len(list) - 1; i > 0 && len(list[i].from) > len(list[i-1].from); i-- {
			list[i], list[i-1] = list[i-1], list[i]
		}
		all[p[0].plain] = list
	}
	for _, s := range synonyms {
		for _, other := range s[1:] {
			add(other, s[0])
		}
	}
	for _, s := range polite {
		add(s, "")
	}
	return all
}()

var shortForms, inCapitals = phrases(short), phrases(capitals)

func phrases(of map[string]string) map[string]phrase {
	all := map[string]phrase{}
	for s, full := range of {
		all[s] = phraseOf(full)
	}
	return all
}

// spell is how a word of letters is compared. Marks that people put elsewhere (hoà, hòa), or
// hear alike (hỏi, ngã), are one. A syllable that ends in c, ch, p or t has sắc or nặng.
func spell(written string) form {
	var f form
	var letters, plain strings.Builder
	tone := rune(0)
	marked := false
	for _, r := range norm.NFD.String(strings.ToLower(written)) {
		switch r {
		case 0x300, 0x301, 0x323: // huyền, sắc, nặng
			tone = r
		case 0x309, 0x303: // hỏi, ngã
			tone = 0x309
		case 'đ':
			marked = true
			letters.WriteRune(r)
			plain.WriteByte('d')
		default:
			letters.WriteRune(r)
			if unicode.Is(unicode.Mn, r) {
				marked = true
				continue
			}
			plain.WriteRune(r)
		}
	}
	f.plain = plain.String()
	base := norm.NFC.String(letters.String())
	if strings.HasPrefix(f.plain, "ngh") { // nghành
		f.plain, base = "ng"+f.plain[3:], "ng"+base[3:]
	}
	if n := len(f.plain); n > 1 && f.plain[n-1] == 'y' && strings.IndexByte("bcdghklmnprstvx", f.plain[n-2]) >= 0 { // lý, lí
		f.plain = f.plain[:n-1] + "i"
		base = strings.TrimSuffix(base, "y") + "i"
	}
	if marked || tone != 0 {
		f.marks = base
		if tone != 0 {
			f.marks += string(tone)
		}
	}
	f.vowels = strings.ContainsAny(f.plain, "aeiouy")
	if f.marks != "" {
		f.sound = syllable(base, markedRhymes) && (tone == 0x301 || tone == 0x323 || !strings.ContainsAny(base[len(base)-1:], "cpt") && !strings.HasSuffix(base, "ch"))
	} else {
		f.sound = syllable(f.plain, plainRhymes)
	}
	return f
}

// Initials and rhymes of Vietnamese syllables (Đoàn Thiện Thuật, Ngữ âm tiếng Việt, 1977).
const (
	initials = "ngh ng nh gh gi kh ph th tr ch qu b c d đ g h k l m n p r s t v x"
	rhymes   = `a ac ach ai am an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt âc âm ân âng âp ât âu ây e ec em en eng eo ep et ê êch êm ên êng ênh êp êt êu
		i ia ich iêc iêm iên iêng iêp iêt iêu im in inh ip it iu o oa oac oach oai oam oan oang oanh oao oap oat oay oăc oăm oăn oăng oăt oc oe oen oeo oet oi om on ong oong op ot
		ô ôc ôi ôm ôn ông ôông ôp ôt ơ ơi ơm ơn ơp ơt u ua uc ui um un ung up ut uân uâng uât uây uê uêch uênh uôc uôi uôm uôn uông uôt uơ uy uya uych uyên uyêt uynh uyt uyu
		ư ưa ưc ưi ưm ưn ưng ưt ưu ươc ươi ươm ươn ương ươp ươt ươu y yêm yên yêng yêt yêu uya uyp`
)

var (
	markedRhymes, plainRhymes = func() (marked, plain map[string]bool) {
		marked, plain = map[string]bool{}, map[string]bool{}
		for _, r := range strings.Fields(rhymes) {
			marked[r] = true
			plain[lang.Fold(r)] = true
		}
		return marked, plain
	}()
	onsets = strings.Fields(initials)
)

func syllable(w string, rhymes map[string]bool) bool {
	if rhymes[w] || w == "gi" {
		return true
	}
	for _, o := range onsets {
		if rest, ok := strings.CutPrefix(w, o); ok && rhymes[rest] {
			return true
		}
	}
	return false
}
