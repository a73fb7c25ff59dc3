package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strconv"
	"strings"
	"time"

	"dongthuan/internal/lang"
	"dongthuan/internal/similar"
)

// grouped is what a child says of grouping opinions.
type grouped struct {
	CPU    []time.Duration
	Groups int
}

// texts measures the grouping of 10,000 opinions in free text on one core: some that many
// say in their own way, and nothing but different ones.
func (b *bench) texts(ctx context.Context) error {
	for _, kind := range []struct {
		name, of string
		bound    time.Duration
	}{{"700 that others repeat with marks dropped, words lost or mistyped", "copies", time.Second}, {"all different, of 15 words", "different", 0}, {"all different, of 45 words", "long", 0}} {
		c, err := b.child(ctx, "texts", []string{"GOMAXPROCS=1"}, kind.of)
		if err != nil {
			return err
		}
		var g grouped
		if err := json.Unmarshal([]byte(c.ready), &g); err != nil {
			return fmt.Errorf("texts said %q: %w", c.ready, err)
		}
		if err := c.end(); err != nil {
			return err
		}
		bound := ""
		if kind.bound > 0 {
			bound = "≤ " + kind.bound.String()
		}
		m := median(g.CPU)
		b.add("10,000 opinions, "+kind.name+", to groups: CPU", fmt.Sprintf("%s, %d groups", millis(m), g.Groups), bound, kind.bound == 0 || m <= kind.bound)
	}
	return nil
}

func playTexts(kind string) error {
	var g grouped
	all := opinions(kind)
	for range rounds {
		runtime.GC()
		before, err := cpu()
		if err != nil {
			return err
		}
		found, err := similar.Find(all, nil, similar.Options{})
		if err != nil {
			return err
		}
		after, err := cpu()
		if err != nil {
			return err
		}
		g.CPU, g.Groups = append(g.CPU, after-before), len(found.Groups)
	}
	b, err := json.Marshal(g)
	if err != nil {
		return err
	}
	fmt.Println(string(b))
	return answer(dumb)
}

// What opinions are made of: what they ask, of what, where, and why.
var (
	asks   = strings.Split("Đề nghị phường sửa|Bà con phản ánh|Bao giờ làm xong|Cần lắp thêm|Nên dời|Không nên bỏ|Xin công khai kinh phí|Mong xem lại|Ủng hộ xây|Tôi bức xúc về|Thu tiền cao quá ở|Cảm ơn phường đã làm", "|")
	things = strings.Split("đường bê tông|đèn chiếu sáng|cống thoát nước|nhà văn hóa|sân bóng trẻ em|trạm y tế|chợ dân sinh|điểm tập kết rác|trường mầm non|cầu qua kênh|vườn hoa|bãi giữ xe|hồ điều hòa|loa phát thanh|bến xe buýt|thư viện", "|")
	spots  = strings.Split("thôn Đông Thịnh|xóm Bến Cát|khu tập thể Ga|làng nghề Vân Hà|ấp Tân Phú|bản Nà Lầu|khu đô thị Bắc Sông|cụm dân cư Mả Lạng|phố Huệ|chợ Cồn", "|")
	whys   = strings.Split("xuống cấp nặng|bị lấn chiếm làm chỗ bán hàng|mùi hôi vào buổi trưa|mới làm đã hỏng|thu tiền không có hóa đơn|đóng cửa sớm|ồn ào tới khuya|thiếu biển chỉ dẫn|trẻ con dễ bị tai nạn|mưa xuống là ngập|kinh phí chưa thấy quyết toán|chuột bọ lây bệnh|hay mất trộm|bỏ dở giữa chừng|quá tải lúc tan tầm|xe tải chạy rung nhà|mất điện liên miên|bụi bay mù trời|không ai trông coi|hàng rào gây thương tích", "|")
)

func opinions(kind string) (all []similar.Text) {
	r := rand.New(rand.NewPCG(4, 8))
	pick := func(from []string) string { return from[r.IntN(len(from))] }
	one := func() string {
		return pick(asks) + " " + pick(things) + " ở ngõ " + strconv.Itoa(1+r.IntN(60)) + " " + pick(spots) + ", " + pick(whys)
	}
	var bases []string
	for len(bases) < 700 {
		bases = append(bases, one())
	}
	for n := range 10_000 {
		body := one()
		switch kind {
		case "copies":
			w := strings.Fields(bases[r.IntN(len(bases))])
			switch i := r.IntN(len(w)); r.IntN(3) {
			case 0:
				w[i] = lang.Fold(w[i])
			case 1:
				w = append(w[:i:i], w[i+1:]...)
			}
			if body = strings.Join(w, " "); r.IntN(2) == 0 {
				body = lang.Fold(body)
			}
		case "long":
			body += ". " + one() + ". " + one()
		}
		all = append(all, similar.Text{ID: strconv.Itoa(n), Body: body})
	}
	return all
}
