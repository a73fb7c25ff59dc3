package search_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"dongthuan/internal/lang"
	"dongthuan/internal/policy"
	"dongthuan/internal/search"
	"dongthuan/internal/web"
)

func site(t *testing.T, docs ...search.Doc) *web.Site {
	t.Helper()
	text, err := lang.Load(lang.Text, web.Text, policy.Text, search.Text)
	if err != nil {
		t.Fatal(err)
	}
	s, err := web.New(web.Settings{Log: slog.New(slog.DiscardHandler), Text: text, Now: func() time.Time { return noon },
		Actor:   func(*http.Request) (policy.Actor, error) { return policy.Actor{}, nil },
		Changes: func() uint64 { return 0 }}, web.Room{Name: "search", Pages: search.Pages})
	if err != nil {
		t.Fatal(err)
	}
	search.Serve(s, open(t, docs...))
	return s
}

func get(t *testing.T, s *web.Site, address string) string {
	t.Helper()
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest("GET", address, nil))
	body, err := io.ReadAll(w.Body)
	if err != nil || w.Code != http.StatusOK {
		t.Fatalf("GET %s: %d %v\n%s", address, w.Code, err, body)
	}
	if strings.Contains(string(body), "⟦") {
		t.Errorf("GET %s: a text is missing", address)
	}
	_, main, _ := strings.Cut(string(body), "<main")
	return main
}

func TestPage(t *testing.T) {
	docs := []search.Doc{
		{Kind: search.Unit, Ref: "hb", Title: "Phường Hòa Bình <1>", Body: "Hoà & <script>", URL: "/don-vi/hb"},
		{Kind: search.News, Ref: "n", Title: "Hòa giải", Body: "x", URL: "javascript:alert(1)"},
	}
	for range 41 {
		docs = append(docs, search.Doc{Kind: search.Report, Title: "Báo cáo hòa", URL: "/bao-cao/x"})
	}
	s := site(t, docs...)
	for _, test := range []struct {
		address string
		want    []string
		not     []string
	}{
		{"/tim?q=ho%C3%A0", []string{`<a href="/don-vi/hb">Phường <mark>Hòa</mark> Bình &lt;1&gt;</a>`, `<mark>Hoà</mark> &amp; &lt;script&gt;`,
			`value="hoà"`, "Tìm thấy 43 kết quả", `loai=bao-cao`, `Trang 1 trên 3`, `href="/tim?q=ho%C3%A0&amp;trang=2"`, "09/07/2026"},
			[]string{"<script>", `href="javascript`, "loai=tieu-chi"}},
		{"/tim?q=hoa&loai=don-vi", []string{"Tìm thấy 1 kết quả", `<input type="hidden" name="loai" value="don-vi">`}, []string{"Trang 1"}},
		{"/tim?q=hoa&loai=bao-cao&trang=3", []string{`start="41"`, "Trang 3 trên 3"}, []string{`rel="next"`}},
		{"/tim?q=kh%C3%B4ng&loai=tin", []string{"Không tìm thấy gì với “không”.", `<a href="/tim?q=kh%C3%B4ng">`}, nil},
		{"/tim?q=hoa&lang=en", []string{"43 results", "Reports"}, nil},
		{"/tim", []string{`value=""`}, []string{"Không tìm thấy"}},
		{"/tim?q=%22&trang=x&loai=y", []string{`value="&#34;"`}, []string{"Không tìm thấy"}},
		{"/tim?q=" + url.QueryEscape(strings.Repeat("dài ", 300)), []string{"phần cuối đã được bỏ bớt"}, nil},
	} {
		body := get(t, s, test.address)
		for _, want := range test.want {
			if !strings.Contains(body, want) {
				t.Errorf("GET %.60s lacks %s\n%s", test.address, want, body)
			}
		}
		for _, not := range test.not {
			if strings.Contains(body, not) {
				t.Errorf("GET %.60s has %s", test.address, not)
			}
		}
	}
}
