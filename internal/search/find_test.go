package search_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"dongthuan/internal/db"
	"dongthuan/internal/db/dbtest"
	"dongthuan/internal/ledger"
	"dongthuan/internal/search"
	"dongthuan/internal/search/searchtest"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

var noon = time.Date(2026, 7, 9, 5, 0, 0, 0, time.UTC)

// open returns a database with docs indexed. Each is a day older than the one
// before where it has no time of its own.
func open(t testing.TB, docs ...search.Doc) *db.DB {
	t.Helper()
	d := dbtest.Open(t)
	for i := range docs {
		if docs[i].Kind == "" {
			docs[i].Kind = search.News
		}
		if docs[i].Ref == "" {
			docs[i].Ref = fmt.Sprint(i)
		}
		if docs[i].At.IsZero() {
			docs[i].At = noon.AddDate(0, 0, -i)
		}
	}
	write(t, d, func(tx *ledger.Tx) error { return search.PutMany(context.Background(), tx, docs) })
	return d
}

func write(t testing.TB, d *db.DB, fn func(*ledger.Tx) error) {
	t.Helper()
	ctx := context.Background()
	book, err := ledger.Open(ctx, d, func() time.Time { return noon })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { book.Close() })
	if _, err := book.Write(ctx, func(tx *ledger.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		return tx.Record(ctx, ledger.NewsChanged, strings.Repeat("A", 26), map[string]any{})
	}); err != nil {
		t.Fatal(err)
	}
}

func find(t testing.TB, d *db.DB, query string) search.Results {
	t.Helper()
	r, err := search.Find(context.Background(), d, query, "", 1)
	if err != nil {
		t.Fatalf("Find(%q): %v", query, err)
	}
	return r
}

func refs(r search.Results) string {
	var all []string
	for _, h := range r.Hits {
		all = append(all, h.Ref)
	}
	return strings.Join(all, " ")
}

// shown writes segments with their marks: "Phường [Hòa] Bình".
func shown(segments []search.Segment) string {
	var b strings.Builder
	for _, s := range segments {
		if s.Marked {
			b.WriteString("[" + s.Text + "]")
		} else {
			b.WriteString(s.Text)
		}
	}
	return b.String()
}

func TestFindWords(t *testing.T) {
	d := open(t,
		search.Doc{Ref: "hoa-binh", Title: "Phường Hòa Bình", Body: "Tổ hòa giải họp."},
		search.Doc{Ref: "hoa-thach", Title: "Xã Hoà Thạch", Body: "Đường vào xã."},
		search.Doc{Ref: "hoa", Title: "Đường hoa", Body: "Nhân dân trồng hoa ven đường Đống Đa."},
		search.Doc{Ref: "letter", Title: "Báo cáo", Body: "Báo cáo số 05-BC/ĐU ngày 09/07/2026 của phường Cầu Mây"},
		search.Doc{Ref: "nfd", Title: norm.NFD.String("Nguyễn Trãi"), Body: norm.NFD.String("Phố Nguyễn Trãi")},
	)
	for _, test := range []struct{ query, want string }{
		{"hoà", "hoa-binh hoa-thach hoa"}, // exact in the title, the newer first; then other spellings
		{"hòa", "hoa-binh hoa-thach hoa"},
		{"hoa", "hoa hoa-binh hoa-thach"}, // spelled so it is the flower
		{"HOA BINH", "hoa-binh"},
		{"binh hoa", "hoa-binh"},
		{`"binh hoa"`, ""},
		{`“hòa giải”`, "hoa-binh"},
		{`"hòa bình" họp`, "hoa-binh"},
		{"bình tổ", "hoa-binh"},      // one in the title, one in the body
		{`"bình tổ"`, ""},            // but no phrase across them
		{"duong", "hoa hoa-thach"},   // in the title before in the body
		{"đống đa", "hoa"},           //
		{"dong da", "hoa"},           //
		{"đong", "hoa"},              //
		{"trồng h", ""},              // one letter is a word of its own
		{"trồng ho", "hoa"},          // two begin a word
		{"nguyen trai", "nfd"},       //
		{"Nguyễn Trãi", "nfd"},       //
		{"05-BC/ĐU", "letter"},       //
		{"05-bc", "letter"},          //
		{"bc-05", ""},                // written together: in this order
		{"09/07/2026", "letter"},     //
		{"202", ""},                  // a number is whole
		{"phường -bình", "hoa-binh"}, // no sign is a command
		{"khôngcó", ""},
		{"", ""},
		{`"`, ""},
		{"???", ""},
	} {
		if got := refs(find(t, d, test.query)); got != test.want {
			t.Errorf("Find(%q) = %q, want %q", test.query, got, test.want)
		}
	}
}

func TestFindOrder(t *testing.T) {
	same := noon.AddDate(0, -1, 0)
	d := open(t,
		search.Doc{Ref: "prefix-title", Title: "Đồng Thuậnx", Body: "a"},
		search.Doc{Ref: "body-new", Title: "Tin", Body: "Nhân dân đồng thuận."},
		search.Doc{Ref: "body-other", Title: "Tin", Body: "Đông thuan"},
		search.Doc{Ref: "title-other", Title: "Dong thuan", Body: "a"},
		search.Doc{Ref: "d", Title: "Đồng thuận Đ", Body: "a", At: same},
		search.Doc{Ref: "a", Title: "Đồng thuận Â", Body: "a", At: same},
		search.Doc{Ref: "z", Title: "Đồng thuận Z", Body: "a", At: same},
		search.Doc{Ref: "old", Title: "Đồng thuận", Body: "a", At: same.AddDate(-1, 0, 0)},
	)
	want := "a d z old body-new title-other body-other prefix-title"
	if got := refs(find(t, d, "đồng thuận")); got != want {
		t.Errorf("order = %q, want %q", got, want)
	}
}

func TestFindMarksTheOriginal(t *testing.T) {
	long := strings.Repeat("Mở đầu không liên quan gì đến điều được hỏi. ", 20)
	d := open(t,
		search.Doc{Title: "Hòa giải ở Hoà Thạch", Body: "Đường\n\nhoa, hoà   bình và HÒA"},
		search.Doc{Title: "Khác", Body: long + "Ở đây có đối thoại với <b>Nhân dân</b> đúng hạn. " + long},
	)
	r := find(t, d, "hoà")
	if got, want := shown(r.Hits[0].Title), "[Hòa] giải ở [Hoà] Thạch"; got != want {
		t.Errorf("title %q, want %q", got, want)
	}
	if got, want := shown(r.Hits[0].Snippet), "Đường hoa, [hoà] bình và [HÒA]"; got != want {
		t.Errorf("snippet %q, want %q", got, want)
	}
	r = find(t, d, "doi thoai nhan dan")
	got := shown(r.Hits[0].Snippet)
	if want := "Ở đây có [đối thoại] với <b>[Nhân dân]</b> đúng hạn."; !strings.Contains(strings.ReplaceAll(got, "] [", " "), want) || !strings.HasPrefix(got, "… ") || !strings.HasSuffix(got, " …") {
		t.Errorf("snippet %q, want it to hold %q", got, want)
	}
	if got := shown(find(t, d, "đối tho").Hits[0].Snippet); !strings.Contains(got, "[đối] [thoại]") {
		t.Errorf("snippet of an unfinished word %q", got)
	}
}

func TestPutReplacesAndRemoves(t *testing.T) {
	ctx := context.Background()
	d := open(t, search.Doc{Ref: "x", Title: "Cũ", Body: "nội dung cũ"}, search.Doc{Ref: "y", Title: "Khác", Body: "giữ lại"})
	write(t, d, func(tx *ledger.Tx) error {
		return search.Put(ctx, tx, search.Doc{Kind: search.News, Ref: "x", Title: "Mới", Body: "bản sửa", URL: "/tin/x", At: noon})
	})
	if got := refs(find(t, d, "cũ")); got != "" {
		t.Errorf("what was replaced is found: %q", got)
	}
	if got := refs(find(t, d, "bản sửa")); got != "x" {
		t.Errorf("what replaced it = %q, want x", got)
	}
	write(t, d, func(tx *ledger.Tx) error { return search.Remove(ctx, tx, search.News, "x") })
	write(t, d, func(tx *ledger.Tx) error { return search.Remove(ctx, tx, search.News, "x") })
	if got := refs(find(t, d, "sửa")) + refs(find(t, d, "mới")); got != "" {
		t.Errorf("what was removed is found: %q", got)
	}
	if got := refs(find(t, d, "giữ")); got != "y" {
		t.Errorf("the other = %q, want y", got)
	}
	write(t, d, func(tx *ledger.Tx) error {
		if err := search.Put(ctx, tx, search.Doc{Kind: "person", Ref: "x"}); err == nil {
			t.Error("a kind that is not ours was taken")
		}
		return nil
	})
}

func TestFindByKindAndPage(t *testing.T) {
	ctx := context.Background()
	var docs []search.Doc
	for i := range 620 {
		kind := search.News
		if i%10 == 0 {
			kind = search.Unit
		}
		docs = append(docs, search.Doc{Kind: kind, Title: fmt.Sprintf("Đơn vị %d", i), Body: "hồ sơ", At: noon.Add(-time.Duration(i) * time.Hour)})
	}
	d := open(t, docs...)
	r, err := search.Find(ctx, d, "hồ sơ", "", 2)
	if err != nil {
		t.Fatal(err)
	}
	if r.Total != 500 || !r.More || r.Pages != 25 || r.Page != 2 || r.Hits[0].Ref != "20" {
		t.Errorf("all: %d more %t, page %d of %d, first %s", r.Total, r.More, r.Page, r.Pages, r.Hits[0].Ref)
	}
	want := []search.Count{{"", 500, true}, {search.News, 500, true}, {search.Unit, 62, false}, {search.Report, 0, false}, {search.Criteria, 0, false}}
	if !slices.Equal(r.Counts, want) {
		t.Errorf("counts %v, want %v", r.Counts, want)
	}
	if r, err = search.Find(ctx, d, "ho so", search.Unit, 99); err != nil {
		t.Fatal(err)
	}
	if r.Total != 62 || r.More || r.Page != 4 || len(r.Hits) != 2 || r.Hits[1].Ref != "610" {
		t.Errorf("units: %d more %t, page %d, %d hits", r.Total, r.More, r.Page, len(r.Hits))
	}
}

// u64461 and u361880 of one minute have the same id by their names; both are kept.
func TestNamesThatMeet(t *testing.T) {
	u := func(ref string) search.Doc {
		return search.Doc{Kind: search.Unit, Ref: ref, Title: "Xã", Body: "số " + ref, At: noon}
	}
	d := open(t, u("u64461"), u("u361880"), u("u1"))
	for _, again := range []bool{false, true} {
		if n, err := search.Rows(context.Background(), d); err != nil || n != 3 {
			t.Errorf("indexed %d, %v; want 3", n, err)
		}
		if got := refs(find(t, d, "u64461")) + " " + refs(find(t, d, "u361880")); got != "u64461 u361880" {
			t.Errorf("found %q", got)
		}
		if !again {
			write(t, d, func(tx *ledger.Tx) error { return search.Put(context.Background(), tx, u("u64461")) })
		}
	}
}

// A long text is cut alike on both engines: words past the limit, and places of a
// word past the limit, are not found.
func TestLongTexts(t *testing.T) {
	many := strings.Repeat("dân vận ", 400) + "dân chủ"
	d := open(t,
		search.Doc{Ref: "long", Title: "Dài", Body: strings.Repeat("chữ ", 15900) + "gần " + strings.Repeat("cuối ", 200) + "mất"},
		search.Doc{Ref: "many", Title: "Nhiều", Body: many},
		search.Doc{Ref: "word", Title: "Từ", Body: strings.Repeat("ấ", 4000)},
	)
	for _, test := range []struct{ query, want string }{
		{"gần", "long"}, {"mất", ""}, {`"dân vận"`, "many"}, {`"dân chủ"`, ""}, {"dân chủ", "many"},
		{strings.Repeat("ấ", 41), "word"}, {strings.Repeat("a", 200), "word"},
	} {
		if got := refs(find(t, d, test.query)); got != test.want {
			t.Errorf("Find(%.20q) = %q, want %q", test.query, got, test.want)
		}
	}
}

func TestHostileQuestions(t *testing.T) {
	d := open(t, search.Doc{Ref: "x", Title: "near or not and", Body: "kind words title 'quoted' đ"})
	for _, query := range []string{
		`"`, `""`, `"""`, `'`, `''`, `*`, `a*`, `* *`, `(`, `)`, `((`, `:`, `kind:`, `words:x`, `-x`, `^x`, `+`, `NEAR(a b)`, `a NEAR b`,
		`AND`, `OR`, `NOT`, `a AND`, `NOT a`, `near or not`, `&`, `|`, `!`, `a & b`, `a <-> b`, `a:*`, `\`, `\'`, `'; drop table search_doc; --`,
		"\x00", "a\x00b", "\xff\xfe", "\ue000", "%", "_", "{title}: x", "rowid:1", strings.Repeat("a ", 5000), strings.Repeat("\"", 999),
		strings.Repeat("x", 100000), "ﷺ", "İ", "ß", "한국어", "中文 字", "ا", "🇻🇳", "e\u0301\u0323", "\u0301", "𝒜",
	} {
		find(t, d, query)
	}
	if got := refs(find(t, d, "near or not")); got != "x" {
		t.Errorf("words that engines take as commands are not found: %q", got)
	}
	if r := find(t, d, strings.Repeat("chữ thừa ", 60)); !r.Cut {
		t.Error("a question that is too long is not called so")
	}
}

// Whatever stands in a document is found by its own words.
func TestFindsItself(t *testing.T) {
	d := dbtest.Open(t)
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-zđĐàÀệỲ0-9 ,./"'-]{0,60}`)).Draw(rt, "text")
		doc := search.Doc{Kind: search.News, Ref: "x", Title: text, URL: "/", At: noon}
		write(t, d, func(tx *ledger.Tx) error { return search.Put(context.Background(), tx, doc) })
		r := find(t, d, strings.ReplaceAll(text, `"`, " "))
		if r.Asked && !r.Cut && len(r.Hits) != 1 {
			rt.Fatalf("Find(%q) found %d", text, len(r.Hits))
		}
		for _, h := range r.Hits {
			var whole strings.Builder
			for _, s := range h.Title {
				whole.WriteString(s.Text)
			}
			if want := strings.Join(strings.Fields(norm.NFC.String(text)), " "); norm.NFC.IsNormalString(want) && !strings.Contains(want, "\uFFFD") && len(whole.String()) > len(want) {
				rt.Fatalf("title %q became %q", want, whole.String())
			}
		}
	})
}

func BenchmarkIndex20000(b *testing.B) {
	docs := searchtest.Docs(20000, 1)
	for b.Loop() {
		d := dbtest.Open(b)
		start := time.Now()
		write(b, d, func(tx *ledger.Tx) error { return search.PutMany(context.Background(), tx, docs) })
		b.ReportMetric(time.Since(start).Seconds(), "s/20000")
	}
}

func BenchmarkFind20000(b *testing.B) {
	d := open(b, searchtest.Docs(20000, 1)...)
	for _, query := range []string{"dân", "dan", "hợp long", `"quy chế dân chủ ở cơ sở"`, `"quy che dan chu"`, `"chậm thanh trì"`, "đối thoại yên hòa", "th", "khongco", "ho giai"} {
		b.Run(query, func(b *testing.B) {
			var took []time.Duration
			for b.Loop() {
				start := time.Now()
				if _, err := search.Find(context.Background(), d, query, "", 1); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(start))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
		})
	}
}

// The digest is the same constant on both engines: what they find and how they
// put it in order does not differ.
func TestBothEnginesAgree(t *testing.T) {
	d := open(t, searchtest.Docs(700, 7)...)
	sum := sha256.New()
	for _, query := range []string{"dân", "dan", "hoà", "hòa bình", "hoa binh", "hop long", `"quy chế dân chủ"`, `"dân làm" kiểm`, "phuong yen ho",
		"công tác", "đối thoại Yên Hòa", "số 12", "th", "t", "tieu chi 1.2"} {
		for _, kind := range []string{"", search.News} {
			for _, page := range []int{1, 3} {
				r, err := search.Find(context.Background(), d, query, kind, page)
				if err != nil {
					t.Fatal(err)
				}
				fmt.Fprintln(sum, query, kind, page, r.Total, r.More, r.Counts, refs(r))
				for _, h := range r.Hits {
					fmt.Fprintln(sum, shown(h.Title), shown(h.Snippet))
				}
			}
		}
	}
	if got, want := fmt.Sprintf("%x", sum.Sum(nil)[:8]), "6ab8de59d89dab99"; got != want {
		t.Errorf("digest of all that is found %s, want %s", got, want)
	}
}
