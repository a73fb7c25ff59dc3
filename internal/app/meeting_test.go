package app

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"dongthuan/internal/c2sp"
	"dongthuan/internal/conference"
	"dongthuan/internal/document"
	"dongthuan/internal/ledger"
)

// meetingOf is a conference of the demonstration by its state.
func (s *seeded) meetingOf(t *testing.T, state conference.State) conference.View {
	t.Helper()
	all, err := s.Conferences.All(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		if c.State == state {
			v, err := s.Conferences.ByCode(t.Context(), c.Code)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
	}
	t.Fatalf("no conference is %s", state)
	return conference.View{}
}

// delegateOf is a delegate of a unit who is in the hall.
func delegateOf(t *testing.T, v conference.View, code string) conference.Delegate {
	t.Helper()
	for _, d := range v.Delegates {
		if v.CodeOf(d.UnitID) == code && d.Present() {
			return d
		}
	}
	t.Fatalf("nobody of %s is present", code)
	return conference.Delegate{}
}

func TestConferencesOfTheDemonstration(t *testing.T) {
	s := demonstration(t)
	v := s.visitor(t, "")
	_, body := v.get("/api/v1/conferences")
	var all []apiConference
	if err := json.Unmarshal([]byte(body), &all); err != nil {
		t.Fatal(err)
	}
	states := map[string]apiConference{}
	for _, c := range all {
		states[c.State] = c
	}
	if len(all) != 3 || len(states) != 3 || states["closed"].Code != "ht3-20260709" || states["closed"].Archive == "" || states["live"].Archive != "" {
		t.Fatalf("%+v", all)
	}
	closed := s.meetingOf(t, conference.Closed)
	if n := closed.Count(); n.Invited != 36 || n.Present != 35 || n.Substitute != 1 || n.Excused != 1 {
		t.Errorf("attendance %+v", n)
	}
	for _, c := range closed.Conclusions {
		if c.TaskID == "" {
			t.Errorf("no task of %q", c.Body)
		}
	}
	for _, layout := range []string{"", "?layout=dang-05hd"} {
		for _, name := range []string{"bien-ban", "ket-luan", "ky-yeu", "chuong-trinh"} {
			if code, body := v.get(closed.Address() + "/" + name + ".docx" + layout); code != http.StatusOK || !strings.HasPrefix(body, "PK") {
				t.Errorf("%s%s: %d", name, layout, code)
			}
		}
	}
	// What is not signed or not over is not public.
	live := s.meetingOf(t, conference.Live)
	for _, path := range []string{"/bien-ban.docx", "/ket-luan.docx", "/ho-so.zip"} {
		if code, _ := v.get(live.Address() + path); code != http.StatusNotFound {
			t.Errorf("%s of the live one: %d", path, code)
		}
	}
	_, ics := v.get(live.Address() + "/lich.ics?don-vi=DV03")
	for _, want := range []string{"DTSTART;TZID=Asia/Ho_Chi_Minh:20261120T064500\r\n", "BEGIN:VTIMEZONE\r\nTZID:Asia/Ho_Chi_Minh\r\n"} {
		if !strings.Contains(ics, want) {
			t.Errorf("the calendar lacks %q:\n%s", want, ics)
		}
	}
	// A unit is reminded of the paper it still owes; a person's calendar leads to the letter.
	coming := s.meetingOf(t, conference.Preparing)
	unfolded := func(ics string) string { return strings.ReplaceAll(ics, "\r\n ", "") }
	if _, ics := v.get(coming.Address() + "/lich.ics?don-vi=DV03"); !strings.Contains(unfolded(ics), "SUMMARY:Hạn nộp tham luận: "+strings.ReplaceAll(coming.Title, ",", `\,`)) || !strings.Contains(ics, "DTEND;TZID=Asia/Ho_Chi_Minh:20261210T170000\r\n") {
		t.Errorf("DV03's calendar:\n%s", ics)
	}
	letter := ""
	for _, d := range coming.Delegates {
		if coming.CodeOf(d.UnitID) == "DV05" { // owes no paper
			letter = coming.Address() + "/giay-moi/" + d.Code()
		}
	}
	if _, ics := v.get(letter + "/lich.ics"); !strings.Contains(unfolded(ics), letter+"\r\n") || strings.Contains(ics, "Hạn nộp") {
		t.Errorf("a delegate's calendar:\n%s", ics)
	}
	// The phone reads an accepted paper before the meeting, and no other.
	for _, p := range coming.Papers {
		code, page := v.get(letter + "/tham-luan/" + p.ID)
		if p.State == conference.Accepted && (code != http.StatusOK || !strings.Contains(page, strings.Split(p.Body, "\n")[0]) || len(page) > 50_000) {
			t.Errorf("an accepted paper: %d, %d bytes", code, len(page))
		}
		if p.State != conference.Accepted && code != http.StatusNotFound {
			t.Errorf("a paper that is %s: %d", p.State, code)
		}
	}
}

var (
	outside = regexp.MustCompile(`(?:src|href)="(?:https?:)?//`)
	hrefs   = regexp.MustCompile(`(?:src|href)="([^"#]+)"`)
)

// TestArchive opens the archive of the closed conference as somebody who has only the
// file: every hash fits, every link leads to a file in it, every receipt holds, and nothing
// is loaded from elsewhere.
func TestArchive(t *testing.T) {
	s := demonstration(t)
	v := s.visitor(t, "")
	code, body := v.get(s.meetingOf(t, conference.Closed).Address() + "/ho-so.zip")
	if code != http.StatusOK {
		t.Fatalf("%d %.200s", code, body)
	}
	z, err := zip.NewReader(strings.NewReader(body), int64(len(body)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if files[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
		r.Close()
	}
	listed := 0
	for line := range strings.Lines(string(files["SHA256SUMS"])) {
		sum, name, ok := strings.Cut(strings.TrimSpace(line), "  ")
		got := sha256.Sum256(files[name])
		if !ok || hex.EncodeToString(got[:]) != sum {
			t.Errorf("%s does not have its hash", name)
		}
		listed++
	}
	if listed != len(files)-1 {
		t.Errorf("%d of %d files have a hash", listed, len(files))
	}
	receipts := 0
	head, err := s.Book.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	policy, err := c2sp.ParsePolicy("log " + head.Key + "\nquorum none\n")
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range files {
		if strings.HasSuffix(name, ".html") {
			if m := outside.FindString(string(data)); m != "" {
				t.Errorf("%s loads %s", name, m)
			}
			for _, m := range hrefs.FindAllStringSubmatch(string(data), -1) {
				to, err := url.PathUnescape(m[1])
				if err != nil {
					t.Fatal(err)
				}
				to = strings.TrimPrefix(to, "../")
				if _, ok := files[to]; !ok && to != "so-cai/" {
					t.Errorf("%s links %s, which is not there", name, to)
				}
			}
			if strings.Contains(string(data), "<script") {
				t.Errorf("%s has a script", name)
			}
		}
		if strings.HasSuffix(name, ".tlog-proof") {
			receipts++
			r, err := ledger.ParseReceipt(string(data))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := r.Verify(policy); err != nil || r.Opening == nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if receipts != 7 { // two programmes, opening, two votes, closing, signing
		t.Errorf("%d receipts", receipts)
	}
}

// TestLetterPageIsLight adds up what a delegate's phone loads, as sent; and that a page
// with a code in its address is kept nowhere.
func TestLetterPageIsLight(t *testing.T) {
	s := demonstration(t)
	v := s.meetingOf(t, conference.Live)
	d := delegateOf(t, v, "DV06")
	total, paths := 0, []string{v.Address() + "/giay-moi/" + d.Code()}
	for i := 0; i < len(paths); i++ {
		r := mustGet(t, s.url+paths[i])
		r.Header.Set("Accept-Encoding", "gzip")
		resp, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: %d, %v", paths[i], resp.StatusCode, err)
		}
		total += len(body)
		if i > 0 {
			continue
		}
		if resp.Header.Get("Cache-Control") != "no-store" || resp.Header.Get("Referrer-Policy") != "no-referrer" || resp.Header.Get("X-Robots-Tag") != "noindex" {
			t.Errorf("headers %v", resp.Header)
		}
		for _, m := range linked.FindAllStringSubmatch(string(body), -1) {
			if strings.HasPrefix(m[1], "/static/") {
				paths = append(paths, m[1])
			}
		}
		if strings.Contains(string(body), ".woff2") {
			t.Error("the phone loads fonts")
		}
	}
	if total > 50_000 {
		t.Errorf("a phone loads %d bytes, want at most 50000", total)
	}
	t.Logf("a phone loads %d bytes in %d requests", total, len(paths))
}

// TestHallWithoutInternet: from a phone on the laptop's network, over plain HTTP, a
// delegate asks to speak and a desk checks in; no page names another host.
func TestHallWithoutInternet(t *testing.T) {
	s := demonstration(t)
	v := s.meetingOf(t, conference.Live)
	d := delegateOf(t, v, "DV06")
	lan := func(method, path string, form url.Values) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, "http://192.168.1.10"+path, strings.NewReader(form.Encode()))
		r.RemoteAddr = "192.168.1.77:50000"
		if method == http.MethodPost {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Origin", "http://192.168.1.10") // plain HTTP sends no Sec-Fetch-Site
		}
		w := httptest.NewRecorder()
		s.Site.ServeHTTP(w, r)
		return w
	}
	here := v.Address() + "/giay-moi/" + d.Code()
	for _, path := range []string{here, v.Address() + "/man-hinh", v.Address() + "/ban/" + v.Desks[0].Secret} {
		w := lan(http.MethodGet, path, nil)
		if w.Code != http.StatusOK || outside.MatchString(w.Body.String()) {
			t.Errorf("%s: %d, loads from outside: %t", path, w.Code, outside.MatchString(w.Body.String()))
		}
	}
	if w := lan(http.MethodPost, here+"/phat-bieu", url.Values{"kind": {"speech"}}); w.Code != http.StatusSeeOther || w.Header().Get("Receipt") == "" {
		t.Errorf("asking to speak: %d %.300s", w.Code, w.Body)
	}
	missing := ""
	for _, x := range v.Delegates {
		if !x.Attended() {
			missing = x.Mark
		}
	}
	scans := `[{"id":"lan-1","mark":"` + missing + `","how":"scan","at":1}]`
	if w := lan(http.MethodPost, v.Address()+"/ban/"+v.Desks[0].Secret, url.Values{"scans": {scans}, "now": {"1"}}); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"kind":"present"`) {
		t.Errorf("checking in: %d %s", w.Code, w.Body)
	}
	again := s.meetingOf(t, conference.Live)
	if len(again.Waiting()) != len(v.Waiting())+1 || again.Count().Present != v.Count().Present+1 {
		t.Errorf("%d wait, %d present", len(again.Waiting()), again.Count().Present)
	}
}

// TestNamesStayInside: a delegate's name is shown to the secretariat, to the unit it
// belongs to and to the bearer of the letter; to nobody else, and in no public file.
func TestNamesStayInside(t *testing.T) {
	s := demonstration(t)
	v := s.meetingOf(t, conference.Live)
	const name = "Canary Thử Nghiệm"
	own, err := s.Units.ByCode(t.Context(), "DV03", s.Now())
	if err != nil {
		t.Fatal(err)
	}
	secretary := s.visitor(t, "thuky")
	code, body, _ := secretary.post(v.Work()+"/dai-bieu", url.Values{"unit": {own.ID}, "office": {"Chuyên viên"}, "name": {name}, "role": {"member"}})
	if code != http.StatusSeeOther {
		t.Fatalf("%d %.300s", code, body)
	}
	var letter string
	for _, d := range s.meetingOf(t, conference.Live).Delegates {
		if d.Name == name {
			letter = v.Address() + "/giay-moi/" + d.Code()
		}
	}
	for _, c := range []struct {
		login, path string
		sees        bool
	}{
		{"thuky", v.Work() + "/dai-bieu", true}, {"chuyenvien", v.Work() + "/dai-bieu", true}, {"", letter, true}, {"", v.Address() + "/ban/" + v.Desks[0].Secret, true},
		{"chuyenvien2", v.Work() + "/dai-bieu", false}, {"kiemtra", v.Work() + "/dai-bieu", false}, {"captren", v.Work() + "/diem-danh", false}, {"chuyenvien2", v.Work() + "/bien-ban", false},
		{"", v.Address(), false}, {"", v.Address() + "/man-hinh", false}, {"", v.Address() + "/trang-thai", false},
	} {
		code, body := s.visitor(t, c.login).get(c.path)
		if code != http.StatusOK || strings.Contains(body, name) != c.sees {
			t.Errorf("%s by %q: %d, sees the name: %t", c.path, c.login, code, strings.Contains(body, name))
		}
	}
	// Secrets that open a letter or a desk are shown to those who run the conference only.
	for _, login := range []string{"chuyenvien2", "kiemtra", "captren"} {
		for _, tab := range []string{"", "/dai-bieu", "/diem-danh", "/dieu-hanh"} {
			_, body := s.visitor(t, login).get(v.Work() + tab)
			for _, d := range v.Delegates {
				if v.CodeOf(d.UnitID) != "DV05" && strings.Contains(body, d.Code()) {
					t.Errorf("%s reads a letter's code on %s", login, tab)
				}
			}
			if strings.Contains(body, v.Desks[0].Secret) {
				t.Errorf("%s reads a desk's address on %s", login, tab)
			}
		}
	}
}

// hallEvents reads the states of a hall.
func hallEvents(t *testing.T, address string) (<-chan conference.Hall, func()) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	halls := make(chan conference.Hall, 100)
	go func() {
		defer close(halls)
		defer resp.Body.Close()
		in := bufio.NewScanner(resp.Body)
		in.Buffer(nil, 1<<20)
		for in.Scan() {
			if data, ok := bytes.CutPrefix(in.Bytes(), []byte("data: ")); ok {
				var e struct{ State conference.Hall }
				if err := json.Unmarshal(data, &e); err != nil {
					t.Error(err)
				}
				halls <- e.State
			}
		}
	}()
	return halls, stop
}

func until(t *testing.T, halls <-chan conference.Hall, ok func(conference.Hall) bool) {
	t.Helper()
	for {
		select {
		case h, more := <-halls:
			if !more {
				t.Fatal("the stream ended")
			}
			if ok(h) {
				return
			}
		case <-time.After(30 * time.Second):
			t.Fatal("the hall does not show it")
		}
	}
}

// TestHallIsLive: what a phone does, the screen is shown; on PostgreSQL through another
// process too, which goes on when the first is gone.
func TestHallIsLive(t *testing.T) {
	s := demonstration(t)
	v := s.meetingOf(t, conference.Live)
	before := len(v.Waiting())
	halls, stop := hallEvents(t, s.url+v.Address()+"/truc-tiep")
	defer stop()
	until(t, halls, func(h conference.Hall) bool { return h.Waiting == before && h.Item != nil && h.Speaker != nil })
	d := delegateOf(t, v, "DV06")
	phone := s.visitor(t, "")
	here := v.Address() + "/giay-moi/" + d.Code()
	if code, _, _ := phone.post(here+"/phat-bieu", url.Values{"kind": {"speech"}}); code != http.StatusSeeOther {
		t.Fatalf("asking to speak: %d", code)
	}
	until(t, halls, func(h conference.Hall) bool {
		return h.Waiting == before+1 && strings.Contains(h.Queue[before].Label, "Thanh Khương")
	})
	if code, page := phone.get(here); code != http.StatusOK || !strings.Contains(page, "Thứ 4 trong danh sách") {
		t.Errorf("the phone: %d", code)
	}
	// Sent twice by a hasty thumb: said in words, once on the list.
	if code, page, _ := phone.post(here+"/phat-bieu", url.Values{"kind": {"speech"}}); code != http.StatusConflict || !strings.Contains(page, "đã có trong danh sách") {
		t.Errorf("asking twice: %d", code)
	}
	chair := s.visitor(t, "cumtruong")
	if code, _, _ := chair.post(v.Work()+"/dieu-hanh", url.Values{"act": {"take"}, "taking": {"0"}}); code != http.StatusSeeOther {
		t.Errorf("closing the list: %d", code)
	}
	until(t, halls, func(h conference.Hall) bool { return !h.Taking })
	if code, page, _ := s.visitor(t, "").post(v.Address()+"/giay-moi/"+delegateOf(t, v, "DV07").Code()+"/phat-bieu", url.Values{"kind": {"speech"}}); code != http.StatusConflict || !strings.Contains(page, "đóng danh sách phát biểu") {
		t.Errorf("asking when it is closed: %d", code)
	}
}

// TestBallotLeavesNoTrace: after votes on the phone the whole database holds nothing that
// the choice could be found from: no row keeps the sending's key, its words or a hash of
// them. A vote sent again, with another choice too, is not counted again.
func TestBallotLeavesNoTrace(t *testing.T) {
	s := demonstration(t)
	v := s.meetingOf(t, conference.Live)
	if code, _, _ := s.visitor(t, "cumtruong").post(v.Work()+"/dieu-hanh", url.Values{"act": {"vote"}, "question": {"Tổ chức tọa đàm?"}, "way": {"phone"}}); code != http.StatusSeeOther {
		t.Fatalf("open a vote: %d", code)
	}
	vote := s.meetingOf(t, conference.Live).Votes[0]
	phone := s.visitor(t, "")
	var traces []string
	for unit, choice := range map[string]string{"DV06": "yes", "DV07": "no"} {
		form := url.Values{"vote": {vote.ID}, "choice": {choice}, "_key": {"BALLOT-OF-" + unit}}
		path := v.Address() + "/giay-moi/" + delegateOf(t, v, unit).Code() + "/bieu-quyet"
		if code, page, _ := phone.post(path, form, "Idempotency-Key", "BALLOT-OF-"+unit); code != http.StatusSeeOther {
			t.Fatalf("vote: %d %.300s", code, page)
		}
		form.Set("choice", "abstain")
		if code, page, _ := phone.post(path, form, "Idempotency-Key", "BALLOT-OF-"+unit); code != http.StatusConflict || !strings.Contains(page, "phiếu đã được ghi nhận") {
			t.Errorf("voted again: %d", code)
		}
		traces = append(traces, "BALLOT-OF", "bieu-quyet")
		for _, choice := range conference.Choices {
			for _, sent := range []string{url.Values{"vote": {vote.ID}, "choice": {choice}}.Encode(), url.Values{"vote": {vote.ID}, "choice": {choice}, "_key": {"BALLOT-OF-" + unit}}.Encode()} {
				sum := sha256.Sum256([]byte(sent))
				traces = append(traces, sent, hex.EncodeToString(sum[:]))
			}
		}
	}
	tables, err := s.DB.Tables()
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		rows, err := s.DB.QueryContext(t.Context(), "select * from "+table)
		if err != nil {
			t.Fatal(err)
		}
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		cells := make([]any, len(columns))
		for i := range cells {
			cells[i] = new(any)
		}
		for rows.Next() {
			if err := rows.Scan(cells...); err != nil {
				t.Fatal(err)
			}
			for i, c := range cells {
				text := fmt.Sprintf("%s", *c.(*any))
				for _, trace := range traces {
					if strings.Contains(text, trace) {
						t.Errorf("%s.%s holds %q", table, columns[i], text)
					}
				}
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		rows.Close()
	}
	if x := s.meetingOf(t, conference.Live).Votes[0]; x.Cast != 2 || x.Voted() != 0 {
		t.Errorf("%d have voted; shown before it is closed: %d", x.Cast, x.Voted())
	}
}

// TestPaperFiles: a file that is too large, has macros or is no Word file is refused in
// words; nothing of the paper changes. A good one is handed in, and its text is there.
func TestPaperFiles(t *testing.T) {
	s := demonstration(t)
	v := s.meetingOf(t, conference.Preparing)
	own, err := s.Units.ByCode(t.Context(), "DV03", s.Now())
	if err != nil {
		t.Fatal(err)
	}
	paper, _ := v.Paper(own.ID)
	path := "/viec/tham-luan/" + paper.ID
	clerk := s.visitor(t, "chuyenvien")
	send := func(name string, body []byte) (int, string) {
		t.Helper()
		var b bytes.Buffer
		m := multipart.NewWriter(&b)
		for field, text := range map[string]string{"title": "Lấy ý kiến khi sắp xếp", "presenter": "Phụ trách dân vận", "body": "", "seen": "1"} {
			if err := m.WriteField(field, text); err != nil {
				t.Fatal(err)
			}
		}
		part, err := m.CreateFormFile("file", name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := part.Write(body); err != nil {
			t.Fatal(err)
		}
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
		code, page, _ := clerk.raw(path, m.FormDataContentType(), &b)
		return code, page
	}
	var doc, macros bytes.Buffer
	d := document.Document{Issuer: "Phường", TypeName: "Tham luận", Body: []document.Block{document.Plain("Kính thưa hội nghị, phường xin báo cáo.")}}
	if err := d.WriteDOCX(&doc, document.ND30); err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(doc.Bytes()), int64(doc.Len()))
	if err != nil {
		t.Fatal(err)
	}
	w := zip.NewWriter(&macros)
	for _, f := range z.File {
		if err := w.Copy(f); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Create("word/vbaProject.bin"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, file string
		body       []byte
		code       int
		words      string
	}{
		{"90 MB", "bai.docx", make([]byte, 90<<20), http.StatusRequestEntityTooLarge, "MB"},
		{"21 MB", "bai.docx", make([]byte, 21<<20), http.StatusRequestEntityTooLarge, "20 MB"},
		{"macros", "bai.docx", macros.Bytes(), http.StatusUnprocessableEntity, "macro"},
		{"no Word file", "bai.pdf", []byte("%PDF-1.4\n%%EOF"), http.StatusUnprocessableEntity, ""},
	} {
		code, page := send(c.file, c.body)
		if code != c.code || !strings.Contains(page, c.words) {
			t.Errorf("%s: %d, want %d with %q", c.name, code, c.code, c.words)
		}
		if c.name != "90 MB" && !strings.Contains(page, "Lấy ý kiến khi sắp xếp") {
			t.Errorf("%s: what was typed is lost", c.name)
		}
	}
	if p, _ := s.meetingOf(t, conference.Preparing).Paper(own.ID); p.State != conference.Asked || p.Version != paper.Version {
		t.Errorf("after refusals the paper is %+v", p)
	}
	if code, page := send("bài.docx", doc.Bytes()); code != http.StatusSeeOther {
		t.Errorf("a good file: %d %.300s", code, page)
	}
	if p, _ := s.meetingOf(t, conference.Preparing).Paper(own.ID); p.State != conference.Handed || !strings.Contains(p.Body, "Kính thưa hội nghị") {
		t.Errorf("handed in: %s %q", p.State, p.Body)
	}
}

// raw sends a body as it is.
func (v *visitor) raw(path, kind string, body io.Reader) (code int, page, to string) {
	v.t.Helper()
	r, err := http.NewRequest(http.MethodPost, v.base+path, body)
	if err != nil {
		v.t.Fatal(err)
	}
	r.Header.Set("Content-Type", kind)
	resp, err := v.http.Do(r)
	if errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET) {
		return http.StatusRequestEntityTooLarge, "MB", "" // ended before the server had all of it
	}
	if err != nil {
		v.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return resp.StatusCode, string(b), resp.Header.Get("Location")
}

// TestFourHundredDelegates: a big conference's pages stay light; the forms of one delegate
// are opened when they are asked for. The list comes as people paste it from a workbook.
func TestFourHundredDelegates(t *testing.T) {
	s := demonstration(t)
	v := s.meetingOf(t, conference.Live)
	secretary := s.visitor(t, "thuky")
	var rows []string
	for i := range 400 - len(v.Delegates) {
		rows = append(rows, fmt.Sprintf("%d\tDV %02d\tChuyên viên số %d\t\tthành viên\t\tA%d", i+1, 1+i%12, i, i))
	}
	block := strings.Join(rows, "\n")
	if code, page, _ := secretary.post(v.Work()+"/dai-bieu/nhap", url.Values{"block": {block}}); code != http.StatusOK || !strings.Contains(page, fmt.Sprintf("Mời %d đại biểu", len(rows))) {
		t.Fatalf("looked at: %d", code)
	}
	if code, page, _ := secretary.post(v.Work()+"/dai-bieu/nhap", url.Values{"block": {block}, "act": {"set"}}); code != http.StatusSeeOther {
		t.Fatalf("taken in: %d %.300s", code, page)
	}
	v = s.meetingOf(t, conference.Live)
	one := v.Delegates[200]
	for path, most := range map[string]int{"/dai-bieu": 600_000, "/diem-danh": 400_000, "/dieu-hanh": 100_000} {
		code, page := secretary.get(v.Work() + path)
		if code != http.StatusOK || len(page) > most {
			t.Errorf("%s: %d, %d bytes, want at most %d", path, code, len(page), most)
		}
	}
	const form = `name="act" value="answer"`
	if _, page := secretary.get(v.Work() + "/dai-bieu?sua=" + one.ID); strings.Count(page, form) != 1 {
		t.Errorf("%d delegates can be changed at once", strings.Count(page, form))
	}
	// What was wrong stands in the form that was sent, with what was typed.
	code, page, _ := secretary.post(v.Work()+"/dai-bieu/"+one.ID, url.Values{"seen": {"1"}, "unit": {one.UnitID}, "office": {""}, "role": {"member"}, "seat": {"Z99"}})
	if code != http.StatusUnprocessableEntity || strings.Count(page, form) != 1 || !strings.Contains(page, "Z99") {
		t.Errorf("a wrong correction: %d", code)
	}
	// Pasted again with other seats: nobody is invited twice, the seats are changed.
	block = strings.ReplaceAll(block, "\tA", "\tB")
	if code, page, _ := secretary.post(v.Work()+"/dai-bieu/nhap", url.Values{"block": {block}}); code != http.StatusOK || !strings.Contains(page, fmt.Sprintf("Mời 0 đại biểu mới, sửa %d đại biểu", len(rows))) {
		t.Fatalf("looked at again: %d", code)
	}
	if code, _, _ := secretary.post(v.Work()+"/dai-bieu/nhap", url.Values{"block": {block}, "act": {"set"}}); code != http.StatusSeeOther {
		t.Fatalf("taken in again: %d", code)
	}
	again := s.meetingOf(t, conference.Live)
	if x, _ := again.Delegate(one.ID); len(again.Delegates) != 400 || !strings.HasPrefix(x.Seat, "B") {
		t.Errorf("%d delegates, seat %s", len(again.Delegates), x.Seat)
	}
}

// TestWithoutScripts: a desk takes a walk-in by its form, keeps what was typed where that is
// wrong, and the big screen shows a vote as it was loaded.
func TestWithoutScripts(t *testing.T) {
	s := demonstration(t)
	v := s.meetingOf(t, conference.Live)
	desk, helper := v.Address()+"/ban/"+v.Desks[0].Secret, s.visitor(t, "")
	code, page, _ := helper.post(desk, url.Values{"office": {""}, "body": {"Đài Phát thanh"}, "unit": {""}})
	if code != http.StatusUnprocessableEntity || !strings.Contains(page, `value="Đài Phát thanh"`) || !strings.Contains(page, "field-bad") {
		t.Errorf("without an office: %d", code)
	}
	if code, _, _ := helper.post(desk, url.Values{"office": {"Phóng viên"}, "body": {"Đài Phát thanh"}}); code != http.StatusSeeOther {
		t.Errorf("a walk-in: %d", code)
	}
	if n := s.meetingOf(t, conference.Live).Count().WalkIn - v.Count().WalkIn; n != 1 {
		t.Errorf("%d walk-ins more", n)
	}
	if code, _, _ := s.visitor(t, "cumtruong").post(v.Work()+"/dieu-hanh", url.Values{"act": {"vote"}, "question": {"Tổ chức tọa đàm?"}, "way": {"hands"}}); code != http.StatusSeeOther {
		t.Fatalf("open a vote: %d", code)
	}
	if _, page := helper.get(v.Address() + "/man-hinh"); !strings.Contains(page, `data-hall="vote"><p`) || !strings.Contains(page, "Tổ chức tọa đàm?") || !strings.Contains(page, `<noscript><meta http-equiv="refresh"`) {
		t.Error("the screen does not show the vote")
	}
}
