package journey

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

func TestMain(m *testing.M) { os.Exit(Main(m)) }

// good is a page that nothing can be said against.
const good = `<!doctype html><html lang="vi"><title>Trang thử</title><meta name="viewport" content="width=device-width">
<link rel="icon" href="/icon"><link rel="stylesheet" href="/style"><script src="/script" defer></script>
<main><h1>Trang thử</h1><noscript><p>không có mã</p></noscript>
<form method="post" enctype="multipart/form-data"><label>Tên <input name="name" value="cũ"></label> <label>Tệp <input type="file" name="file"></label>
<label>Ngày <input type="date" name="day"></label> <button>Gửi</button></form>
<button type="button" id="more">Thêm</button> <button type="button" id="ask">Hỏi</button><p id="said"></p>
<a href="/table" id="table">Bảng</a></main></html>`

const goodScript = `const said = document.querySelector("#said");
document.querySelector("#more").addEventListener("click", () => setTimeout(() => { said.textContent = "đã thêm"; }, 100));
document.querySelector("#ask").addEventListener("click", () => { said.textContent = confirm("Xóa?") ? "đã xóa" : "giữ"; });
document.querySelector("[name=name]").addEventListener("paste", e => { said.textContent = JSON.stringify(e.clipboardData.getData("text/plain")); });
document.querySelector("[name=name]").addEventListener("keydown", e => { if (e.key == "ArrowDown") said.textContent = "xuống"; });
addEventListener("offline", () => fetch("/style").catch(() => { said.textContent = "mất mạng"; }));
addEventListener("online", () => fetch("/style").then(() => { said.textContent = "có mạng"; }));`

// serve starts a little site: the good page, and at /bad the body given.
func serve(t *testing.T, bad string) string {
	t.Helper()
	mux := http.NewServeMux()
	answer := func(pattern, kind, body string) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", kind)
			w.Header().Set("Content-Security-Policy", "default-src 'self'")
			fmt.Fprint(w, body)
		})
	}
	answer("GET /{$}", "text/html; charset=utf-8", good)
	answer("GET /bad", "text/html; charset=utf-8", `<!doctype html><html lang="vi"><title>Trang thử</title><link rel="icon" href="/icon"><main><h1>Trang thử</h1>`+bad+`</main></html>`)
	answer("GET /style", "text/css", "body { background: white; color: black } a, p, input { font-size: 1.2rem } input { display: block; max-width: 90% } @media (prefers-color-scheme: dark) { body { background: black; color: white } a { color: white } }")
	answer("GET /script", "text/javascript", goodScript)
	answer("GET /broken", "text/javascript", "nothing.here()")
	answer("GET /complains", "text/javascript", `console.error("no", "good")`)
	answer("GET /icon", "image/svg+xml", `<svg xmlns="http://www.w3.org/2000/svg"/>`)
	mux.HandleFunc("POST /{$}", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "who", Value: "clerk", Path: "/", HttpOnly: true})
		_, header, err := r.FormFile("file")
		name := ""
		if err == nil {
			name = header.Filename
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusUnprocessableEntity)
		fmt.Fprintf(w, `<!doctype html><html lang="vi"><title>Đã nhận</title><link rel="icon" href="/icon"><h1>%s, %s, %s</h1>`, r.FormValue("name"), name, r.FormValue("day"))
	})
	mux.HandleFunc("GET /table", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Disposition", `attachment; filename="bang.csv"`)
		who, err := r.Cookie("who")
		if err != nil {
			who = &http.Cookie{}
		}
		fmt.Fprint(w, "a;b;"+who.Value)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

func TestPage(t *testing.T) {
	pictures := t.TempDir()
	t.Setenv("SCREENSHOTS", pictures)
	p := Browse(t, serve(t, ""))
	if got := p.Go("/"); got != http.StatusOK {
		t.Fatalf("Go = %d, want 200", got)
	}
	p.Axe()
	p.Size(360, 740)
	p.Fits()
	p.Dark(true)
	p.Axe()
	p.Screenshot("small")
	if got := Eval[string](p, `getComputedStyle(document.body).backgroundColor`); got != "rgb(0, 0, 0)" {
		t.Errorf("background in the dark = %s, want black", got)
	}
	p.Dark(false)
	p.Size(1366, 768)
	if pdf := p.Print("page"); !bytes.HasPrefix(pdf, []byte("%PDF")) {
		t.Errorf("Print = %.20q, want a PDF", pdf)
	}
	for _, name := range []string{"small.png", "page.pdf"} {
		if f, err := os.Stat(filepath.Join(pictures, name)); err != nil || f.Size() < 1000 {
			t.Errorf("%s was not kept: %v", name, err)
		}
	}

	p.Click("#more")
	p.WaitText("#said", "đã thêm")
	p.Click("//button[contains(., 'Hỏi')]")
	p.WaitText("#said", "đã xóa")
	if got := p.Dialogs(); len(got) != 1 || got[0] != "Xóa?" {
		t.Errorf("Dialogs = %q, want the question", got)
	}
	p.Focus("[name=name]")
	p.Press(kb.ArrowDown)
	p.WaitText("#said", "xuống")
	p.Paste("1.234,5\t2\n3\t4\n")
	p.WaitText("#said", `"1.234,5\t2\n3\t4\n"`)

	name, data := p.Download("#table")
	if name != "bang.csv" || string(data) != "a;b;" {
		t.Errorf("Download = %s, %q, want bang.csv with a;b;", name, data)
	}

	file := filepath.Join(t.TempDir(), "minh chứng.txt")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.Allow("status of 422")
	p.Upload("[name=file]", file)
	p.Set("[name=day]", "2026-11-20")
	p.Type("[name=name]", "Phường Yên Lãng")
	if got := p.Value("[name=name]"); got != "Phường Yên Lãng" {
		t.Errorf("typed %q, want what was typed and nothing of what was there", got)
	}
	if got := p.Follow("form button"); got != http.StatusUnprocessableEntity {
		t.Errorf("Follow = %d, want 422", got)
	}
	if got, want := p.Text("h1"), "Phường Yên Lãng, minh chứng.txt, 2026-11-20"; got != want {
		t.Errorf("the site got %q, want %q", got, want)
	}
	if _, _, body := p.Fetch("/table"); string(body) != "a;b;clerk" {
		t.Errorf("Fetch = %q, want what a person with the cookie gets", body)
	}
}

func TestTwoPersons(t *testing.T) {
	site := serve(t, "")
	first, second := Browse(t, site), Browse(t, site)
	first.Allow("status of 422")
	first.Go("/")
	first.Follow("form button")
	if _, _, body := second.Fetch("/table"); string(body) != "a;b;" {
		t.Errorf("the second person got %q with the first one's cookie", body)
	}
}

func TestWithoutScripts(t *testing.T) {
	p := Browse(t, serve(t, ""))
	p.Scripts(false)
	p.Allow("status of 422")
	p.Go("/")
	if got := p.Text("noscript"); got != "không có mã" {
		t.Errorf("noscript shows %q", got)
	}
	p.Type("[name=name]", "Dịch Vọng")
	p.Follow("form button")
	if got := p.Text("h1"); !strings.HasPrefix(got, "Dịch Vọng,") {
		t.Errorf("h1 = %q, want what was typed", got)
	}
	if !p.Has("h1") || p.Has("h2") || p.Count("h1") != 1 {
		t.Error("Has and Count do not see the page")
	}
	p.Screenshot("without-scripts")
}

func TestOffline(t *testing.T) {
	p := Browse(t, serve(t, ""))
	p.Go("/")
	p.Offline(true)
	p.WaitText("#said", "mất mạng")
	p.Offline(false)
	p.WaitText("#said", "có mạng")
}

// TestFound shows each kind of problem to the harness, which must see it.
func TestFound(t *testing.T) {
	for _, test := range []struct{ name, body, want string }{
		{"inline style", `<p style="color: red">đỏ</p>`, "Content-Security-Policy: something inline breaks style-src"},
		{"inline script", `<script>1</script>`, "Content-Security-Policy: something inline breaks script-src"},
		{"inline handler", `<button onclick="1">x</button><img src="/icon" alt="" onload="1">`, "Content-Security-Policy: something inline breaks script-src"},
		{"image of another host", `<img src="http://elsewhere.example/a.png" alt="">`, "Content-Security-Policy: http://elsewhere.example/a.png breaks img-src"},
		{"missing file", `<img src="/missing" alt="">`, "status of 404"},
		{"exception", `<script src="/broken"></script>`, "exception in"},
		{"console", `<script src="/complains"></script>`, "console.error: no good"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := Browse(t, serve(t, test.body))
			p.Go("/bad")
			got := strings.Join(p.Problems(), "\n")
			if !strings.Contains(got, test.want) {
				t.Errorf("Problems = %q, want one with %q", got, test.want)
			}
			p.Allow("")
		})
	}
}

func TestFoundOtherHostWithoutPolicy(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<!doctype html><link rel="icon" href="data:,"><img src="http://elsewhere.example/a.png" alt="">`)
	}))
	defer server.Close()
	p := Browse(t, server.URL)
	p.Go("/")
	if got := strings.Join(p.Problems(), "\n"); !strings.Contains(got, "another host was asked") {
		t.Errorf("Problems = %q, want another host", got)
	}
	p.Allow("")
}

func TestFoundByAxe(t *testing.T) {
	p := Browse(t, serve(t, `<img src="/icon"><label>Tên</label><input>`))
	p.Go("/bad")
	got := strings.Join(p.Violations(), "\n")
	for _, want := range []string{"image-alt (critical)", "label (critical)"} {
		if !strings.Contains(got, want) {
			t.Errorf("Violations = %s\nwant %s", got, want)
		}
	}
}

func TestOpen(t *testing.T) {
	site := Open(t)
	p := site.Page()
	if got := p.Go("/"); got != http.StatusOK {
		t.Errorf("the first page answers %d, want 200", got)
	}
	if !strings.Contains(site.Output(), site.URL) {
		t.Errorf("Output = %q, want the address in it", site.Output())
	}
	p.Screenshot("home")
}
