package similar

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unicode/utf8"

	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
)

// What residents speak of, and what they say of it: each pair is an opinion of its own.
var objects = strings.Split("đường bê tông|đèn chiếu sáng|cống thoát nước|nhà văn hóa|sân bóng trẻ em|trạm y tế|chợ dân sinh|điểm tập kết rác|trường mầm non|cầu qua kênh|vườn hoa|đường ống nước máy|bộ phận một cửa|loa phát thanh|bến xe buýt|nghĩa trang|trạm biến áp|thư viện phường|bãi giữ xe|hồ điều hòa", "|")

var says = strings.Split("xuống cấp nặng mấy năm chưa thấy ai sửa|bị vài hộ lấn chiếm làm chỗ bán hàng|mùi hôi bốc lên nồng nặc vào buổi trưa|làm xong nghiệm thu vội nên mau hỏng|thu tiền mà không có hóa đơn chứng từ|đóng cửa sớm hơn giờ ghi trên bảng|ồn ào tới khuya người già mất ngủ|thiếu biển chỉ dẫn người lạ tìm mãi không ra|vẽ bậy bẩn thỉu trông nhếch nhác|trẻ con chơi gần đó dễ xảy ra tai nạn|mưa xuống là nước dâng ngang đầu gối|nên giao cho tổ tự quản trông coi|kinh phí quyên góp chưa thấy quyết toán|cần thêm lối đi cho xe lăn người khuyết tật|chuột bọ sinh sôi lây bệnh dịch|hay mất trộm vì thiếu camera|nhân viên trả lời cáu gắt với bà con|khởi công rầm rộ rồi bỏ dở giữa chừng|quá tải lúc tan tầm chen chúc nhau|đề xuất trồng thêm cây xanh che bóng mát|xe tải nặng chạy qua rung cả nhà|dời đi chỗ khác cho hợp quy hoạch mới|mất điện liên miên hoạt động cầm chừng|đặt tên gọi theo danh nhân quê mình|bụi bay mù trời suốt mùa khô|bảo vệ ngủ gật chẳng kiểm tra ai|hàng rào thép gai sắc nhọn gây thương tích|tổ chức dọn dẹp mỗi sáng chủ nhật|mở thêm buổi tối phục vụ công nhân|vay vốn xã hội hóa để nâng cấp", "|")

// short opinions, of ten words or so.
var wants = strings.Split("Đề nghị sửa {x} {p}|Đề nghị lắp thêm {x} {p}|Nên dời {x} {p} đi|{x} {p} bẩn quá|{x} {p} chưa có ai trông|Bao giờ sửa {x} {p}|Ủng hộ xây {x} {p}|Không nên bỏ {x} {p}|{x} {p} hay đóng cửa|{x} {p} xuống cấp|Cần mở rộng {x} {p}|{x} {p} ồn ào|Thu tiền {x} {p} cao quá|Cảm ơn phường sửa {x} {p}", "|")

var openings = []string{"Đề nghị phường xem lại", "Dân chúng tôi bức xúc về", "Tôi có ý kiến về", "Kính mong lãnh đạo kiểm tra", "Nhiều hộ phản ánh", "Cử tri quan tâm đến", "", ""}

var endings = []string{"", "", "", "mong sớm có câu trả lời", "đã nói nhiều lần tại các cuộc họp", "yêu cầu xử lý trong quý này", "tôi gửi ảnh kèm theo"}

var places = strings.Split("ngõ 12 phố Huệ|thôn Đông Thịnh|xóm Bến Cát|khu tập thể Ga|tổ dân phố số 7|làng nghề Vân Hà|ấp Tân Phú|bản Nà Lầu|khu đô thị Bắc Sông|cụm dân cư Mả Lạng", "|")

// bases are opinions that are different ones: long and short ones of templates, many of
// which differ in the object or the place only, and of resolutions where they are there. Of
// the two halves none has a template that the other has.
func bases(t testing.TB, r *rand.Rand, n, half int) []string {
	seen := map[string]bool{}
	var all []string
	add := func(s string) {
		if f := lang.Fold(s); !seen[f] {
			seen[f] = true
			all = append(all, s)
		}
	}
	folder := filepath.Join("..", "..", "..", "shared", "data", "units", "official-resolutions")
	files, _ := filepath.Glob(filepath.Join(folder, "*.md"))
	if len(files) == 0 {
		t.Logf("without sentences of resolutions: they are not at %s", folder)
	}
	tidy := regexp.MustCompile(`[*#|>\\_\-]+|\s+`)
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range regexp.MustCompile(`[.;\n]\s`).Split(string(b), -1) {
			s = strings.TrimSpace(tidy.ReplaceAllString(s, " "))
			if w := len(strings.Fields(s)); w >= 9 && w <= 40 && utf(s) {
				add(s)
			}
		}
	}
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	all = all[:len(all)/2*(half+1)][len(all)/2*half:]
	all = all[:min(len(all), n/3)]
	var short, left [][2]int
	for i := range objects {
		for j := half; j < len(wants); j += 2 {
			short = append(short, [2]int{i, j})
		}
		for j := half; j < len(says); j += 2 {
			left = append(left, [2]int{i, j})
		}
	}
	r.Shuffle(len(short), func(i, j int) { short[i], short[j] = short[j], short[i] })
	for _, q := range short[:min(len(short), (n-len(all))/2)] {
		add(strings.NewReplacer("{x}", objects[q[0]], "{p}", places[r.IntN(len(places))]).Replace(wants[q[1]]))
	}
	r.Shuffle(len(left), func(i, j int) { left[i], left[j] = left[j], left[i] })
	for _, q := range left {
		if len(all) >= n {
			break
		}
		p := places[r.IntN(len(places))]
		line := strings.TrimSpace(openings[r.IntN(len(openings))]+" "+objects[q[0]]+" ở "+p) + ", " + says[q[1]]
		if e := endings[r.IntN(len(endings))]; e != "" {
			line += ", " + e
		}
		add(line)
	}
	return all
}

func utf(s string) bool { return strings.ToValidUTF8(s, "") == s }

// What people write otherwise. Some of it the product knows, some it does not.
var abbreviations = [][2]string{
	{"không", "ko"}, {"không", "k"}, {"được", "dc"}, {"người", "ng"}, {"với", "vs"}, {"trước", "trc"}, {"cũng", "cx"}, {"học sinh", "hs"}, {"khu vực", "kv"},
	{"phường", "p"}, {"đường", "đg"}, {"nhân dân", "nd"}, {"chính quyền", "cq"}, {"ủy ban", "ub"}, {"đề nghị", "đn"}, {"quyết định", "qđ"}, {"nghị quyết", "nq"}, {"tổ dân phố", "tdp"},
}

var otherWords = [][2]string{
	{"đề nghị", "kiến nghị"}, {"sửa", "sửa chữa"}, {"hư hỏng", "hỏng hóc"}, {"bà con", "nhân dân"}, {"mong", "mong muốn"}, {"kinh phí", "tiền"}, {"tu bổ", "nâng cấp"}, {"trẻ em", "các cháu"},
	{"phấn khởi", "vui mừng"}, {"thi công", "làm"}, {"ngăn chặn", "phòng"}, {"gia đình", "hộ"}, {"đền bù", "bồi thường"}, {"thực hiện", "triển khai"}, {"diện tích", "diện tích đất"}, {"quy định", "quy định tại"},
}

var fillersSaid = []string{"ạ", "nhé", "em xin nói là", "thì", "theo tôi nghĩ", "xin cảm ơn", "mấy bác ơi"}

// turning are words that noise does not touch: without them an opinion is another.
var turning = map[string]bool{"khong": true, "chua": true, "chang": true, "cha": true, "dung": true, "khoi": true}

func digit(s string) bool { return s != "" && s[0] >= '0' && s[0] <= '9' }

// noisy is what another person would type for the same opinion.
func noisy(r *rand.Rand, s string) string {
	for range 1 + r.IntN(3) {
		w := strings.Fields(s)
		switch r.IntN(7) {
		case 0, 1: // accents dropped
			s = strings.ToLower(lang.Fold(s))
		case 2:
			for _, a := range abbreviations {
				if strings.Contains(s, a[0]) && r.IntN(2) == 0 {
					s = strings.ReplaceAll(s, a[0], a[1])
				}
			}
		case 3:
			a := otherWords[r.IntN(len(otherWords))]
			for _, b := range otherWords {
				if strings.Contains(s, b[0]) && r.IntN(2) == 0 {
					a = b
				}
			}
			s = strings.Replace(s, a[0], a[1], 1)
		case 4: // a word lost, none that turns the sense or a number
			i := r.IntN(len(w))
			if p := lang.Fold(w[i]); len(w) > 6 && !turning[p] && p != "" && !digit(p) && (i == 0 || !turning[lang.Fold(w[i-1])]) {
				s = strings.Join(slices.Delete(w, i, i+1), " ")
			}
		case 5: // clauses swapped, or a typo
			if a, b, ok := strings.Cut(s, ", "); ok && r.IntN(2) == 0 {
				s = b + ", " + a
			} else if i := r.IntN(len(w)); utf8.RuneCountInString(w[i]) > 2 && !digit(w[i]) && !turning[lang.Fold(w[i])] {
				x := []rune(w[i])
				j := r.IntN(len(x) - 1)
				x[j], x[j+1] = x[j+1], x[j]
				w[i] = string(x)
				s = strings.Join(w, " ")
			}
		case 6:
			f := fillersSaid[r.IntN(len(fillersSaid))]
			if r.IntN(2) == 0 {
				s = f + " " + s
			} else {
				s += " " + f
			}
		}
	}
	return s
}

// sample is texts and what they are copies of.
func sample(r *rand.Rand, from []string, copies int) (texts []Text, of map[string]int) {
	of = map[string]int{}
	add := func(i int, body string) {
		id := fmt.Sprintf("t%05d", len(texts))
		texts = append(texts, Text{id, body})
		of[id] = i
	}
	for i, s := range from {
		add(i, s)
	}
	for range copies {
		i := r.IntN(len(from))
		add(i, noisy(r, from[i]))
	}
	return texts, of
}

// pairwise compares groups with the truth by pairs of texts.
func pairwise(g *Grouping, of map[string]int) (precision, recall, f1 float64) {
	pairs := func(n int) float64 { return float64(n) * float64(n-1) / 2 }
	truth := map[int]int{}
	for _, i := range of {
		truth[i]++
	}
	var both, found, all float64
	for _, n := range truth {
		all += pairs(n)
	}
	for _, group := range g.Groups {
		in := map[int]int{}
		for _, id := range group.Members {
			in[of[id]]++
		}
		for _, n := range in {
			both += pairs(n)
		}
		found += pairs(group.Size)
	}
	precision, recall = both/found, both/all
	return precision, recall, 2 * precision * recall / (precision + recall)
}

// TestNoisyCopies: the threshold is chosen on one half of the opinions, and measured on
// the other.
func TestNoisyCopies(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 7))
	const samples = 4
	var choose [samples][]Text
	var chosenOf [samples]map[string]int
	for n := range samples {
		choose[n], chosenOf[n] = sample(r, bases(t, r, 350, 0), 800)
	}
	measure, of := sample(r, bases(t, r, 350, 1), 800)
	best, threshold := 0.0, 0.0
	for _, th := range []float64{0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85} {
		var p, rec, f float64
		for n := range samples {
			g, err := Find(choose[n], nil, Options{Threshold: th})
			if err != nil {
				t.Fatal(err)
			}
			x, y, z := pairwise(g, chosenOf[n])
			p, rec, f = p+x/samples, rec+y/samples, f+z/samples
		}
		t.Logf("threshold %.2f: precision %.3f, recall %.3f, F1 %.3f", th, p, rec, f)
		// Of two as good the higher: two opinions wrongly taken for one are worse than one
		// that is there twice.
		if p >= 0.9 && f > best-0.005 {
			best, threshold = max(f, best), th
		}
	}
	g, err := Find(measure, nil, Options{Threshold: threshold})
	if err != nil {
		t.Fatal(err)
	}
	p, rec, f := pairwise(g, of)
	t.Logf("chosen %.2f; on the other half: precision %.3f, recall %.3f, F1 %.3f", threshold, p, rec, f)
	if f < 0.87 || p < 0.90 {
		t.Error("too many are missed, or joined wrongly")
	}
	if threshold != Default {
		t.Errorf("the default is %.2f", Default)
	}
}

// TestFewOpinions: the same where a few opinions are said by all, as in a petition.
func TestFewOpinions(t *testing.T) {
	for _, n := range []int{10, 3, 1} {
		r := rand.New(rand.NewPCG(17, uint64(n)))
		texts, of := sample(r, bases(t, r, 350, 1)[350-n:], 1200)
		g, err := Find(texts, nil, Options{})
		if err != nil {
			t.Fatal(err)
		}
		p, rec, f := pairwise(g, of)
		t.Logf("%d opinions, %d texts: precision %.3f, recall %.3f, F1 %.3f; %d groups, the largest of %d", n, len(texts), p, rec, f, len(g.Groups), g.Groups[0].Size)
		if p < 0.9 || f < 0.87 {
			t.Error("too many are missed, or joined wrongly")
		}
	}
}

// TestOpposites: two opinions that take opposite sides are not one, however alike their
// words, also with noise in one of them.
func TestOpposites(t *testing.T) {
	frames := [][2]string{
		{"Đường {x} ở {p} làm tốt", "Đường {x} ở {p} làm không tốt"},
		{"Tôi đồng ý làm {x} tại {p}", "Tôi không đồng ý làm {x} tại {p}"},
		{"Bà con ủng hộ xây {x} ở {p}", "Bà con phản đối xây {x} ở {p}"},
		{"Nên mở rộng {x} của {p} trong năm tới", "Không nên mở rộng {x} của {p} trong năm tới"},
		{"Phí dùng {x} tại {p} tăng so với năm trước", "Phí dùng {x} tại {p} giảm so với năm trước"},
		{"Việc công khai dự toán {x} ở {p} là hợp lý", "Việc công khai dự toán {x} ở {p} là chưa hợp lý"},
		{"Thái độ cán bộ quản lý {x} {p} khiến dân hài lòng", "Thái độ cán bộ quản lý {x} {p} khiến dân bức xúc"},
		{"Hãy giữ lại {x} cũ của {p}", "Đừng giữ lại {x} cũ của {p}"},
		{"Làm {x} ở {p} nhanh lắm", "Làm {x} ở {p} chậm lắm"},
		{"Dự án {x} qua {p} đền bù 15 triệu một mét là đủ", "Dự án {x} qua {p} đền bù 51 triệu một mét là đủ"},
	}
	r := rand.New(rand.NewPCG(3, 9))
	pairs, joined := 0, 0
	crowd, _ := sample(r, bases(t, r, 350, 0), 1000)
	both := 0
	for range 40 {
		for _, f := range frames {
			x, p := objects[r.IntN(len(objects))], places[r.IntN(len(places))]
			fill := func(s string) string { return strings.ReplaceAll(strings.ReplaceAll(s, "{x}", x), "{p}", p) }
			a, b := fill(f[0]), fill(f[1])
			if r.IntN(2) == 0 {
				b = noisy(r, b)
			}
			g, err := Find([]Text{{"a", a}, {"b", b}, {"c", "Một việc khác hẳn"}}, nil, Options{})
			if err != nil {
				t.Fatal(err)
			}
			pairs++
			crowd = append(crowd, Text{fmt.Sprintf("a%04d", pairs), a}, Text{fmt.Sprintf("b%04d", pairs), b})
			if g.Groups[0].Size > 1 {
				if joined++; joined < 6 {
					t.Logf("joined: %q and %q", a, b)
				}
			}
		}
	}
	// And among others, where many stand between them.
	g, err := Find(crowd, nil, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for n := range pairs {
		if groupOf(g, fmt.Sprintf("a%04d", n+1)) == groupOf(g, fmt.Sprintf("b%04d", n+1)) {
			both++
		}
	}
	t.Logf("of %d pairs of opposite sides joined: %d alone, %d among %d others", pairs, joined, both, len(crowd)-2*pairs)
	if float64(max(joined, both)) > 0.02*float64(pairs) {
		t.Error("opposite sides are joined")
	}
}

func written(t *testing.T, g *Grouping) string {
	t.Helper()
	b, err := json.Marshal(g.Groups)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestAnyOrder: the same groups for any order of texts and links, and any number of
// processors.
func TestAnyOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	texts, _ := sample(r, bases(t, r, 60, 0), 120)
	links := []Link{{"t00000", "t00001", false}, {"t00002", "t00003", false}, {"t00000", "t00002", true}}
	first, err := Find(texts, links, Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := written(t, first)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for n := range 20 {
		runtime.GOMAXPROCS(1 + n%2)
		r.Shuffle(len(texts), func(i, j int) { texts[i], texts[j] = texts[j], texts[i] })
		r.Shuffle(len(links), func(i, j int) { links[i], links[j] = links[j], links[i] })
		g, err := Find(texts, links, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := written(t, g); got != want {
			t.Fatalf("order %d gives other groups", n)
		}
	}
}

func groupOf(g *Grouping, id string) string {
	for _, x := range g.Groups {
		if slices.Contains(x.Members, id) {
			return x.ID
		}
	}
	return ""
}

// TestLinks: what an official put together or apart stays so.
func TestLinks(t *testing.T) {
	texts := []Text{
		{"a", "Đề nghị lắp đèn đường ở ngõ 5 thôn Đông"}, {"b", "de nghi lap den duong ngo 5 thon dong"}, {"c", "Đề nghị lắp đèn đường ngõ 5 thôn Đông ạ"},
		{"d", "Rác để cả tuần không ai thu gom"}, {"e", "Xe rác lâu lắm mới đến"}, {"f", "Trường mầm non thiếu chỗ"},
	}
	g, err := Find(texts, nil, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if groupOf(g, "a") != groupOf(g, "b") || groupOf(g, "a") != groupOf(g, "c") || groupOf(g, "d") == groupOf(g, "e") {
		t.Fatalf("without links: %s", written(t, g))
	}
	if x := g.Groups[0]; x.Size != 3 || len(x.Least) != 2 || len(x.Terms) == 0 || len(x.Terms) > 5 || x.Body == "" || x.Members[0] != x.ID {
		t.Errorf("described as %+v", x)
	}
	// Against all of a group, not only its leader.
	more := append(slices.Clone(texts), Text{"x", "Không đề nghị lắp đèn đường ở ngõ 5 thôn Đông"})
	if h, err := Find(more, nil, Options{}); err != nil || groupOf(h, "x") != "x" {
		t.Errorf("one against a group is in %s: %v", groupOf(h, "x"), err)
	}
	if g, err = Find(texts, []Link{{"d", "e", false}, {"a", "c", true}}, Options{}); err != nil {
		t.Fatal(err)
	}
	if groupOf(g, "d") != groupOf(g, "e") || groupOf(g, "a") == groupOf(g, "c") {
		t.Errorf("with links: %s", written(t, g))
	}
	// A link to an opinion that somebody took back is left out, and named.
	if h, err := Find(texts, []Link{{"d", "gone", false}, {"d", "e", false}}, Options{}); err != nil || groupOf(h, "d") != groupOf(h, "e") || !slices.Equal(h.Skipped, []Link{{"d", "gone", false}}) {
		t.Errorf("a link to one that is gone: %v", err)
	}
	// An opinion taken out of a group does not take with it those it was not told apart from.
	if h, err := Find(texts, []Link{{"a", "b", true}}, Options{}); err != nil || groupOf(h, "a") == groupOf(h, "b") || groupOf(h, "c") == groupOf(h, "a") == (groupOf(h, "c") == groupOf(h, "b")) {
		t.Errorf("one apart: %v", err)
	}
	// Put together through a third; and a whole group follows.
	if g, err = Find(texts, []Link{{"d", "e", false}, {"e", "f", false}, {"f", "b", false}}, Options{}); err != nil || len(g.Groups) != 1 {
		t.Errorf("a chain: %v, %d groups", err, len(g.Groups))
	}
	if _, err = Find(texts, []Link{{"d", "e", false}, {"e", "f", false}, {"d", "f", true}}, Options{}); fault.KindOf(err) != fault.Conflict || !strings.Contains(fmt.Sprint(errors.Unwrap(err), err), "contradiction") {
		t.Errorf("a contradiction: %v", err)
	}
}

// TestCapitals: KH in capitals is kế hoạch, in small letters không; where it can be either it
// is taken for neither, and a denial is not lost.
func TestCapitals(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"Công khai KH sử dụng đất của phường", "Công khai kế hoạch sử dụng đất của phường", true},
		{"Công khai KH sử dụng đất của phường", "Không công khai kế hoạch sử dụng đất của phường", false},
		{"Phường đã công khai KH sử dụng đất", "Phường đã công khai không sử dụng đất", false},
		{"Tôi kh đồng ý mở rộng chợ ở xã", "Tôi không đồng ý mở rộng chợ ở xã", true},
		{"Tôi kh đồng ý mở rộng chợ ở xã", "Tôi đồng ý mở rộng chợ ở xã", false},
		{"Kh đồng ý mở rộng chợ ở xã", "Không đồng ý mở rộng chợ ở xã", true},
		{"K đồng ý mở rộng chợ ở xã", "Không đồng ý mở rộng chợ ở xã", true},
		{"Tôi KO đồng ý mở rộng chợ ở xã", "Tôi không đồng ý mở rộng chợ ở xã", true},
		{"Tôi K đồng ý mở rộng chợ ở xã nhà", "Tôi đồng ý mở rộng chợ ở xã nhà", false},
		{"TÔI K ĐỒNG Ý MỞ RỘNG CHỢ Ở XÃ", "Tôi không đồng ý mở rộng chợ ở xã", true},
		{"TÔI KO ĐỒNG Ý MỞ RỘNG CHỢ Ở XÃ", "Tôi đồng ý mở rộng chợ ở xã", false},
		{"TÔI KH ĐỒNG Ý MỞ RỘNG CHỢ BÌNH ĐỊNH Ở XÃ", "Tôi đồng ý mở rộng chợ Bình Định ở xã", false},
		{"Đề nghị xem lại vì chợ k có nước sạch cho bà con buôn bán ở phía đông thôn Đông Thịnh", "Đề nghị xem lại vì chợ có nước sạch cho bà con buôn bán ở phía đông thôn Đông Thịnh", false},
		{"Gọi nhiều lần nhân viên k trả lời điện thoại của dân ở khu phố Tân Phú", "Gọi nhiều lần nhân viên trả lời điện thoại của dân ở khu phố Tân Phú", false},
		{"Bệnh viện K quá tải, chờ khám cả ngày", "Bệnh viện quá tải, chờ khám cả ngày không xong", false},
		{"Xin cấp lại HK cho các cháu mới sinh ở tổ dân phố Bến Cát trước khai giảng", "Xin cấp lại hộ khẩu cho các cháu mới sinh ở tổ dân phố Bến Cát trước khai giảng", true},
		{"Xin cấp lại HK cho các cháu mới sinh", "Xin không cấp lại cho các cháu mới sinh", false},
		{"Trường MN thiếu chỗ cho các cháu 3 tuổi", "Trường mầm non thiếu chỗ cho các cháu 3 tuổi", true},
		{"Bãi bỏ QĐ 12 của tỉnh về giá đất", "Bãi bỏ quyết định 12 của tỉnh về giá đất", true},
	} {
		g, err := Find([]Text{{"a", c.a}, {"b", c.b}, {"c", "Một việc khác hẳn"}}, nil, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if same := groupOf(g, "a") == groupOf(g, "b"); same != c.same {
			t.Errorf("%q and %q: one group is %v", c.a, c.b, same)
		}
	}
}

// TestCompared: of 10,000 texts each is compared with fewer than 100, not with all others.
func TestCompared(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	from := append(bases(t, r, 350, 0), bases(t, r, 350, 1)...)
	for _, n := range []int{2500, 10_000} {
		texts, _ := sample(r, from, n-len(from))
		g, err := Find(texts, nil, Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%d texts: %d pairs compared, %.1f each", n, g.compared, float64(g.compared)/float64(n))
		if g.compared == 0 || g.compared > 100*n {
			t.Errorf("of %d texts %d pairs are compared", n, g.compared)
		}
	}
}

func TestRefused(t *testing.T) {
	for name, c := range map[string]struct {
		texts []Text
		links []Link
		o     Options
	}{
		"nothing": {}, "no id": {texts: []Text{{"", "x"}}}, "twice": {texts: []Text{{"a", "x"}, {"a", "y"}}}, "a megabyte": {texts: []Text{{"a", strings.Repeat("rất dài ", 130_000)}}},
		"no UTF-8": {texts: []Text{{"a", "\xff\xfe"}}}, "a link to itself, apart": {texts: []Text{{"a", "x"}}, links: []Link{{"a", "a", true}}},
		"threshold": {texts: []Text{{"a", "x"}}, o: Options{Threshold: 2}},
	} {
		if _, err := Find(c.texts, c.links, c.o); fault.KindOf(err) != fault.Invalid && fault.KindOf(err) != fault.Conflict {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, body := range []string{"", "…", "không", "ạ", "123", "🙂🙂", strings.Repeat("a ", 5000)} { // odd, and taken
		if g, err := Find([]Text{{"a", body}, {"b", body}, {"c", "khác"}}, nil, Options{}); err != nil || len(g.Groups) == 0 {
			t.Errorf("%.20q: %v", body, err)
		}
	}
}

func FuzzFind(f *testing.F) {
	f.Add("Đường hỏng", "duong hong", "không hỏng", byte(3))
	f.Add("", "\u0301", "k k k", byte(0))
	f.Fuzz(func(t *testing.T, a, b, c string, links byte) {
		var l []Link
		for i, p := range [][2]string{{"a", "b"}, {"b", "c"}, {"a", "c"}} {
			if links&(1<<i) != 0 {
				l = append(l, Link{p[0], p[1], links&(8<<i) != 0})
			}
		}
		g, err := Find([]Text{{"a", a}, {"b", b}, {"c", c}}, l, Options{})
		if err != nil {
			var e *fault.Error
			if !errors.As(err, &e) {
				t.Fatal(err)
			}
			return
		}
		n := 0
		for _, x := range g.Groups {
			n += x.Size
		}
		if n != 3 {
			t.Fatalf("%d members of 3", n)
		}
		for _, x := range l {
			if same := groupOf(g, x.A) == groupOf(g, x.B); same == x.Apart {
				t.Fatalf("%+v is not kept", x)
			}
		}
	})
}

func BenchmarkFind10000(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	texts, _ := sample(r, append(bases(b, r, 350, 0), bases(b, r, 350, 1)...), 9300)
	b.ResetTimer()
	var before, after syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &before)
	for b.Loop() {
		if _, err := Find(texts, nil, Options{}); err != nil {
			b.Fatal(err)
		}
	}
	syscall.Getrusage(syscall.RUSAGE_SELF, &after)
	b.ReportMetric(float64(after.Utime.Nano()+after.Stime.Nano()-before.Utime.Nano()-before.Stime.Nano())/1e6/float64(b.N), "ms-cpu/op")
}
