package app

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"dongthuan/internal/ledger"
	"dongthuan/internal/web"
)

// mayBePlain are the writing routes that need no leaf. A new one is written here
// with its reason in the route.
var mayBePlain = map[string]bool{
	"POST /dang-nhap": true, "POST /dang-nhap/ma": true, "POST /dang-xuat": true, "POST /tai-khoan/xac-nhan": true,
	"POST /viec/thong-bao/doc": true, "POST /viec/thong-bao/dia-chi": true,
	"POST /tai-khoan/phien/dung": true, "POST /tai-khoan/phien/dung-khac": true, "POST /viec/phieu/{sheet}/excel": true,
	"POST /viec/cham-cheo/{cross}/excel":     true,
	"POST /viec/phieu/{sheet}/dang-ky/excel": true,
}

// TestNoAnswerWithoutAcknowledgement walks the route table: whatever a handler
// wants to answer, a write that is not in the ledger is never answered with
// success.
func TestNoAnswerWithoutAcknowledgement(t *testing.T) {
	s := demonstration(t)
	discardLog := slog.New(slog.DiscardHandler) // the refusals below would be our mistakes
	wants := map[string]func() web.Outcome{
		"go on":        func() web.Outcome { return web.Saved(ledger.Ack{}, "/", "news.done.saved") },
		"data":         func() web.Outcome { return web.SavedData(ledger.Ack{}, map[string]any{"saved": true}) },
		"a page":       func() web.Outcome { return web.SavedPage(ledger.Ack{}, "web/error", nil) },
		"nothing":      func() web.Outcome { return web.Outcome{} },
		"a plain one":  func() web.Outcome { return web.Plain("/", "") },
		"saved, empty": func() web.Outcome { return web.SavedData(ledger.Ack{}, map[string]any{}) },
	}
	sites := map[string]*web.Site{}
	for name := range wants {
		var err error
		if sites[name], err = web.New(s.Site.Settings, web.Room{Name: "app", Pages: pagesFS}); err != nil {
			t.Fatal(err)
		}
		sites[name].Log = discardLog
	}
	writes := 0
	for _, route := range s.Site.Routes() {
		method, path, _ := strings.Cut(route.Pattern, " ")
		if (route.Page == nil) == (route.Write == nil) {
			t.Errorf("%s has not exactly one of Page and Write", route.Pattern)
		}
		if method != "GET" && route.Write == nil {
			t.Errorf("%s is answered by a page: it could write without an acknowledgement", route.Pattern)
		}
		if route.Write == nil {
			continue
		}
		writes++
		if (route.Plain != "") != mayBePlain[route.Pattern] {
			t.Errorf("%s: plain %q; the list of those that may be is in this test", route.Pattern, route.Plain)
		}
		if route.Plain != "" {
			continue
		}
		for name, want := range wants {
			sites[name].Handle(web.Route{Pattern: route.Pattern, Action: route.Action, Write: func(http.ResponseWriter, *http.Request) (web.Outcome, error) { return want(), nil }})
			w := httptest.NewRecorder()
			r := httptest.NewRequest(method, strings.NewReplacer("{", "", "}", "").Replace(path), strings.NewReader(url.Values{"_key": {name + path}}.Encode()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			sites[name].ServeHTTP(w, r)
			if w.Code < 500 {
				t.Errorf("%s wants to answer with %s and may: %d", route.Pattern, name, w.Code)
			}
		}
	}
	if writes < 40 {
		t.Errorf("only %d writing routes were walked", writes)
	}
}

// TestEveryFormHasAKey holds that a form sent twice is done once: every page with a
// form that writes carries a key in it, a new one each time.
func TestEveryFormHasAKey(t *testing.T) {
	s := demonstration(t)
	v := s.visitor(t, "thuky")
	keys := map[string]bool{}
	for range 2 {
		_, page := v.get("/viec/ky/" + s.places(t).period)
		for _, form := range strings.Split(page, "<form")[1:] {
			if !strings.Contains(form[:strings.Index(form, ">")], `method="post"`) || strings.Contains(form, `action="/dang-xuat"`) {
				continue
			}
			_, rest, ok := strings.Cut(form, `name="_key" value="`)
			if !ok {
				t.Errorf("a form without a key: %.120s", form)
				continue
			}
			key := rest[:strings.Index(rest, `"`)]
			if keys[key] {
				t.Errorf("key %s stands twice", key)
			}
			keys[key] = true
		}
	}
	if len(keys) == 0 {
		t.Error("no form was found")
	}
}

// TestSentTwiceDoneOnce sends one form thirty times at once, then cuts a reply off
// and sends it again: one effect, one receipt; other content under the key is
// refused in words.
func TestSentTwiceDoneOnce(t *testing.T) {
	s := demonstration(t)
	v := s.visitor(t, "bientap")
	send := func(title, key string) (int, string, string) {
		t.Helper()
		form := url.Values{"title": {title}, "lead": {"Lời dẫn"}, "body": {"Nội dung"}, "category": {"Công tác Đảng"}, "byline": {"Văn phòng"}, "act": {"save"}, "_key": {key}}
		code, body, to := v.post("/viec/tin/moi", form)
		at, err := url.Parse(to)
		if err != nil {
			t.Error(err)
			return code, body, ""
		}
		// Where the first answer is not known yet, the receipt itself is shown.
		if receipt, ok := strings.CutPrefix(at.Path, "/r/"); ok {
			return code, body, receipt
		}
		return code, body, at.Query().Get("ma")
	}
	var mu sync.Mutex
	receipts := map[string]int{}
	var wait sync.WaitGroup
	for range 30 {
		wait.Go(func() {
			code, body, receipt := send("Một lần thôi", "khoa-1")
			if code != http.StatusSeeOther {
				t.Errorf("%d: %.300s", code, body)
			}
			mu.Lock()
			receipts[receipt]++
			mu.Unlock()
		})
	}
	wait.Wait()
	var made int
	if err := s.DB.QueryRowContext(t.Context(), `select count(*) from news_item where title = 'Một lần thôi'`).Scan(&made); err != nil || made != 1 || len(receipts) != 1 {
		t.Errorf("%d made, receipts %v, %v", made, receipts, err)
	}
	if code, body, _ := send("Nội dung khác", "khoa-1"); code != http.StatusUnprocessableEntity || !strings.Contains(body, "đã được gửi một lần") {
		t.Errorf("other content: %d %.200s", code, body)
	}
	if code, _, receipt := send("Một lần thôi", "khoa-2"); code != http.StatusSeeOther || receipts[receipt] != 0 {
		t.Errorf("another key: %d %s", code, receipt)
	}
	for receipt := range receipts {
		code, page := v.get("/r/" + receipt)
		if code != http.StatusOK || !strings.Contains(page, "Soạn tin") {
			t.Errorf("its receipt: %d", code)
		}
		if code, _ := v.get("/r/" + strings.ToLower(strings.ReplaceAll(receipt, "-", ""))); code != http.StatusSeeOther {
			t.Errorf("typed otherwise: %d", code)
		}
	}
	if code, page := v.get("/r?ma=0000-0000-0000"); code != http.StatusOK || !strings.Contains(page, "12 ký tự") {
		t.Errorf("a wrong code: %d", code)
	}
}
