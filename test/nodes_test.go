package journey

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"dongthuan/internal/db/dbtest"
)

// proxy stands before the program: before two nodes, of which it takes the first that
// answers, or as the line of one device, which can be cut. What the browser itself calls
// offline does not reach a page's service worker.
type proxy struct {
	net.Listener
	nodes []string // host:port

	mu    sync.Mutex
	cut   bool
	conns map[net.Conn]bool
}

func newProxy(t *testing.T, nodes ...*Site) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	p := &proxy{Listener: l, conns: map[net.Conn]bool{}}
	for _, n := range nodes {
		p.nodes = append(p.nodes, strings.TrimPrefix(n.URL, "http://"))
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go p.serve(c)
		}
	}()
	return p
}

func (p *proxy) serve(c net.Conn) {
	defer c.Close()
	p.mu.Lock()
	p.conns[c] = true
	cut := p.cut
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		delete(p.conns, c)
		p.mu.Unlock()
	}()
	if cut {
		return
	}
	for _, n := range p.nodes {
		node, err := net.Dial("tcp", n)
		if err != nil {
			continue
		}
		defer node.Close()
		go func() { // what the phone says; the node's end of it ends the phone's
			_, _ = io.Copy(node, c)
			node.(*net.TCPConn).CloseWrite()
		}()
		_, _ = io.Copy(c, node)
		return
	}
}

// Cut cuts the line, or mends it.
func (p *proxy) Cut(cut bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = cut
	for c := range p.conns {
		c.Close()
	}
}

func (p *proxy) url() string { return "http://" + p.Addr().String() }

// TestNodeDies: two nodes on one PostgreSQL show the same queue; one is killed while forty
// delegates ask to speak. What was acknowledged is there once, what was not is sent again
// and there once, and the phones and the screen go on by themselves at the other.
func TestNodeDies(t *testing.T) {
	if os.Getenv("TEST_POSTGRES") == "" {
		t.Skip("on SQLite there is one node; this runs on PostgreSQL")
	}
	source, keep := dbtest.Source(t), t.TempDir()
	first := launch(t, "--database", source, "--keep", keep)
	second := launch(t, "--database", source, "--keep", keep, "--journal", keep+"/journal-2")
	front := newProxy(t, first, second)
	const code = "/hoi-nghi/ht3-20261120"

	secretary := signIn(&Site{URL: front.url(), t: t}, "thuky")
	secretary.Go(code)
	secretary.Follow("//a[contains(., 'Vào phần làm việc')]")
	work, _, _ := strings.Cut(secretary.Path(), "?")
	secretary.Go(work + "/dai-bieu")
	letters := Eval[[]string](secretary, `[...document.querySelectorAll('tbody tr')].map(r => r.querySelector('a[href*="/giay-moi/"]:not([href$=".docx"]):not([href$=".pdf"])')).filter(Boolean).map(a => new URL(a.href).pathname)`)
	secretary.Go(work + "/dieu-hanh")

	phone, near, far := Browse(t, front.url()), Browse(t, front.url()), Browse(t, second.URL)
	for _, p := range []*Page{phone, near, secretary} {
		p.Allow("ERR_", "Failed to fetch") // while the node is gone
	}
	phone.Size(360, 740)
	here := letters[slices.IndexFunc(letters, func(l string) bool {
		phone.Go(l)
		return phone.Has("[data-ask]:not([hidden])") && !phone.Has("[data-hall=place]")
	})]
	for _, screen := range []*Page{near, far} {
		screen.Go(code + "/man-hinh")
	}
	before := waiting(t, second.URL+code)
	phone.Follow("//button[@value='speech']")
	phone.WaitText("[data-hall=place]", fmt.Sprint("Thứ ", len(before)+1))
	for _, screen := range []*Page{near, far} { // through its own node, and through the other
		screen.WaitText("[data-hall=waiting]", fmt.Sprintf("(%d)", len(before)+1))
	}

	// All ask at once, each with a key of its own; the node dies among them.
	type asked struct {
		letter, key, receipt string
		refused              bool
	}
	all := make([]asked, 0, len(letters))
	for i, l := range letters {
		if l != here {
			all = append(all, asked{letter: l, key: fmt.Sprint("ask-", i)})
		}
	}
	ask := func(a *asked) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, front.url()+a.letter+"/phat-bieu", strings.NewReader(url.Values{"kind": {"speech"}}.Encode()))
		if err != nil {
			t.Error(err)
			return
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Idempotency-Key", a.key)
		r.Close = true
		answer, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			return // cut off: the phone sends it again
		}
		defer answer.Body.Close()
		switch {
		case answer.StatusCode == http.StatusSeeOther:
			a.receipt = answer.Header.Get("Receipt")
		case answer.StatusCode == http.StatusConflict:
			a.refused = true // not in the hall, or waiting already
		}
	}
	var turn sync.WaitGroup
	half := make(chan struct{})
	for i := range all {
		turn.Go(func() {
			time.Sleep(time.Duration(i) * 60 * time.Millisecond)
			if i == len(all)/2 {
				close(half)
			}
			ask(&all[i])
		})
	}
	<-half
	first.Kill()
	turn.Wait()
	acknowledged := 0
	for i := range all {
		if all[i].receipt != "" {
			acknowledged++
		}
		for end := time.Now().Add(patience); all[i].receipt == "" && !all[i].refused; ask(&all[i]) {
			if time.Now().After(end) {
				t.Fatal("the other node does not take a request that was cut off")
			}
		}
	}
	asks := 1 // the phone's
	for _, a := range all {
		if a.receipt == "" {
			continue
		}
		asks++
		if r, err := http.Get(second.URL + "/r/" + a.receipt); err != nil || r.StatusCode != http.StatusOK {
			t.Errorf("a receipt leads nowhere: %v %v", r, err)
		} else {
			r.Body.Close()
		}
	}
	after := waiting(t, second.URL+code)
	if len(after) != len(before)+asks {
		t.Errorf("%d wait, want %d who did and %d who asked", len(after), len(before), asks)
	}
	if unique := slices.Compact(slices.Sorted(slices.Values(after))); len(unique) != len(after) {
		t.Errorf("somebody waits twice: %v", after)
	}
	t.Logf("%d asked, %d had their answer at once", asks, acknowledged)

	// Phones and screens come back by themselves.
	for _, screen := range []*Page{near, far} {
		screen.WaitText("[data-hall=waiting]", fmt.Sprintf("(%d)", len(after)))
	}
	phone.WaitText("[data-hall=place]", fmt.Sprint("Thứ ", len(before)+1))
	secretary.Go(work + "/dieu-hanh") // signed in at the other too
	secretary.Follow("//section[@data-live-part='cho']//li[1]//button[@value='call']")
	phone.WaitText("[data-hall=place]", fmt.Sprint("Thứ ", len(before)))
	near.Wait("[data-hall=box]")
	phone.Follow("//button[contains(., 'Rút đăng ký')]")
	phone.WaitText("main", "Đã rút đăng ký")
}

// waiting are those who wait to speak in a hall, by id.
func waiting(t *testing.T, hall string) []string {
	t.Helper()
	answer, err := http.Get(hall + "/trang-thai")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var h struct{ State struct{ Order []string } }
	if err := json.NewDecoder(answer.Body).Decode(&h); err != nil {
		t.Fatal(err)
	}
	return h.State.Order
}
