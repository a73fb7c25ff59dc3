// Package searchtest makes documents as the portal has them, for measuring.
package searchtest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"dongthuan/internal/search"
)

var (
	subjects = []string{"Ủy ban nhân dân phường", "Mặt trận Tổ quốc xã", "Ban Dân vận", "Tổ dân phố số", "Chi bộ", "Hội đồng nhân dân xã", "Ban Thanh tra nhân dân", "Tổ hòa giải", "Hội Phụ nữ phường", "Đoàn Thanh niên xã", "Hội Cựu chiến binh", "Công an phường", "Ban Giám sát đầu tư của cộng đồng"}
	verbs    = []string{"tổ chức đối thoại", "lấy ý kiến Nhân dân", "công khai", "triển khai", "rà soát", "vận động", "tuyên truyền", "hoàn thành", "sơ kết", "tiếp thu, giải trình", "niêm yết", "thẩm định", "chấm điểm", "biểu dương", "kiểm tra", "giám sát", "giải quyết"}
	objects  = []string{"quy chế dân chủ ở cơ sở", "công tác giải phóng mặt bằng", "quản lý trật tự xây dựng", "phong trào thi đua", "mô hình “Dân vận khéo”", "hương ước, quy ước", "chương trình xây dựng nông thôn mới", "quỹ đóng góp của Nhân dân", "kế hoạch sử dụng đất", "dự án mở rộng đường", "cải cách thủ tục hành chính", "xóa nhà tạm, nhà dột nát", "bảo vệ môi trường", "an toàn giao thông", "giảm nghèo bền vững", "chuyển đổi số", "thu gom rác thải", "phòng cháy, chữa cháy"}
	tails    = []string{"trên địa bàn", "trong 6 tháng đầu năm", "đúng thời hạn", "với sự tham gia của đông đảo bà con", "theo Luật Thực hiện dân chủ ở cơ sở", "được Nhân dân đồng thuận", "còn chậm so với kế hoạch", "đạt tỷ lệ cao", "cần rút kinh nghiệm", "nhằm nâng cao đời sống", "theo phương châm dân biết, dân bàn, dân làm, dân kiểm tra, dân giám sát, dân thụ hưởng", "bảo đảm quyền lợi chính đáng"}
	names    = []string{"Hòa Bình", "Hoà Thạch", "Yên Hòa", "Cầu Mây", "Đông Phú", "Đống Đa", "An Khánh", "Văn Miếu", "Bờ Đầm", "Thanh Trì", "Lưu Xá", "Phúc Lộc", "Tây Sơn", "Bình Minh", "Đại Đồng", "Mỹ Đức", "Vĩnh Hưng", "Quảng Oai", "Ngọc Hồi", "Trung Nghĩa", "Kim Liên", "Sơn Lâm"}
)

// Docs returns n documents: news mostly, then units, reports and criteria. The
// same seed gives the same documents. A common word (“dân”) is in nearly all, a
// rare one (“hợp long”) in one of a thousand.
func Docs(n int, seed uint64) []search.Doc {
	r := rand.New(rand.NewPCG(seed, 2026))
	pick := func(list []string) string { return list[r.IntN(len(list))] }
	sentence := func() string {
		return fmt.Sprintf("%s %s %s %s %s.", pick(subjects), pick(names), pick(verbs), pick(objects), pick(tails))
	}
	start := time.Date(2019, 1, 1, 1, 0, 0, 0, time.UTC)
	docs := make([]search.Doc, n)
	for i := range docs {
		d := search.Doc{Ref: fmt.Sprintf("mau-%d", i), At: start.Add(time.Duration(r.IntN(7*365*24*60)) * time.Minute)}
		sentences := 8 + r.IntN(10)
		switch k := r.IntN(100); {
		case k < 70:
			d.Kind, d.URL = search.News, "/tin/"+d.Ref
			d.Title = fmt.Sprintf("%s %s %s %s", pick(subjects), pick(names), pick(verbs), pick(objects))
		case k < 90:
			d.Kind, d.URL, sentences = search.Unit, "/don-vi/"+d.Ref, 1
			d.At = time.Date(2025, 7, 1, 0, 0, 0, 0, time.UTC)
			d.Title = fmt.Sprintf("Phường %s %d", pick(names), i)
		case k < 93:
			d.Kind, d.URL, sentences = search.Report, "/bao-cao/"+d.Ref, 60+r.IntN(60)
			d.Title = fmt.Sprintf("Báo cáo số %d/BC-UBND %s", i, pick(objects))
		default:
			d.Kind, d.URL, sentences = search.Criteria, "/thi-dua/ht3/"+d.Ref, 2
			d.Title = fmt.Sprintf("Tiêu chí %d.%d: %s %s", 1+r.IntN(6), 1+r.IntN(9), pick(verbs), pick(objects))
		}
		var body []string
		for range sentences {
			body = append(body, sentence())
		}
		if r.IntN(1000) == 0 {
			body = append(body, "Cầu vượt sông chính thức hợp long.")
		}
		d.Body = strings.Join(body, " ")
		docs[i] = d
	}
	return docs
}
