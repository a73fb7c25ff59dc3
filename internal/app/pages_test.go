package app

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"dongthuan/internal/web"
)

type webRoute = web.Route

var (
	inline = regexp.MustCompile(`(?i)<[^>]+\s(on[a-z]+|style)=|<script(?:\s[^>]*)?>[^<]|<style`)
	linked = regexp.MustCompile(`(?:href|src|action)="([^"#:]+)[^"]*"`)
)

// TestEveryPageInBothLanguages reads every page that a role may read, and every
// page those link to: each renders, no word is missing, nothing is inline, and the
// headers stand.
func TestEveryPageInBothLanguages(t *testing.T) {
	t.Setenv("PATH", "") // no LibreOffice: the archives would wait for it
	s := demonstration(t)
	p := s.places(t)
	rendered := map[string]bool{}
	s.Site.Rendered = func(page string) { rendered[page] = true }
	for _, login := range []string{"", "chuyenvien", "chuyenvien2", "thuky", "bientap", "quantri"} {
		v := s.visitor(t, login)
		queue := []string{"/", "/tim?q=phuong", "/tim?q=khongcogi", "/dang-nhap", "/khong-co", "/thi-dua/ht3/2026-nam", "/don-vi/SL02", "/r?ma=" + p.receipt, "/r?ma=O0", p.reading}
		for _, route := range s.Site.Routes() {
			if strings.HasPrefix(route.Pattern, "GET ") {
				queue = append(queue, p.path(route.Pattern))
			}
		}
		seen, from := map[string]bool{}, map[string]string{}
		for len(queue) > 0 && len(seen) < 250 {
			path := strings.ReplaceAll(queue[0], "&amp;", "&")
			queue = queue[1:]
			if seen[path] || strings.HasPrefix(path, "/static/") || strings.Contains(path, ".pdf") {
				continue
			}
			seen[path] = true
			for _, language := range []string{"vi", "en"} {
				code, body, _ := v.do("GET", path, nil, "Accept-Language", language)
				if code == http.StatusNotFound && from[path] != "" && !strings.Contains(from[path], "khong-co") {
					t.Errorf("%s, linked from %s as %q, is not there", path, from[path], login)
				}
				if code >= 500 && code != http.StatusNotImplemented {
					t.Errorf("%s as %q: %d", path, login, code)
				}
				if i := strings.Index(body, "⟦"); i >= 0 && !strings.HasPrefix(body, "PK") {
					t.Errorf("%s in %s as %q lacks words: %.80s", path, language, login, body[i:])
				}
				if !strings.Contains(body, "<html") {
					continue
				}
				// The verifier is one file, to be kept and opened without a network.
				if m := inline.FindString(body); m != "" && path != "/so-cai/kiem-tra.html" {
					t.Errorf("%s as %q has something inline: %q", path, login, m)
				}
				if language == "vi" {
					for _, m := range linked.FindAllStringSubmatch(body, -1) {
						if !strings.Contains(m[0], "action=") && !strings.Contains(m[1], "lang=") {
							to := resolve(path, m[1])
							queue = append(queue, to)
							if from[to] == "" {
								from[to] = path
							}
						}
					}
				}
			}
		}
		t.Logf("%q read %d addresses", login, len(seen))
	}
	for page := range s.Site.Pages() {
		if !rendered[page] && !shownOnlyAfterAWrite[page] {
			t.Errorf("page %s was never rendered", page)
		}
	}
}

// resolve is where a link on a page leads.
func resolve(page, link string) string {
	base, err := url.Parse(strings.ReplaceAll(page, "&amp;", "&"))
	if err != nil {
		return link
	}
	to, err := base.Parse(strings.ReplaceAll(link, "&amp;", "&"))
	if err != nil || to.Host != "" {
		return link
	}
	to.Fragment = ""
	return to.String()
}

// Pages that answer a write; the tests of their rooms render them.
var shownOnlyAfterAWrite = map[string]bool{
	"task/feed": true, "commendation/verify": true, "commendation/awarded": true, // after a decision
	"proof/promise": true, // needs a leader that stands still

	"account/slip": true, "account/codes": true, "account/second": true, "news/retracted": true, "news/preview": true,
	"unit/preview": true, "unit/import": true, "news/conflict": true, "report/start": true, "unit/choose": true,
	"unit/moved": true, "news/gone": true, "unit/confirm": true, "unit/result": true, "unit/link": true,
}

// TestHeaders looks at the headers of every kind of answer.
func TestHeaders(t *testing.T) {
	s := demonstration(t)
	for _, path := range []string{"/", "/khong-co", "/viec", "/api/v1/clusters", "/bao-cao/ht3-2026-6t.xlsx", "/tin.atom"} {
		resp, err := http.DefaultTransport.RoundTrip(mustGet(t, s.url+path))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		for header, want := range map[string]string{"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin"} {
			if got := resp.Header.Get(header); !strings.HasPrefix(got, want) {
				t.Errorf("%s: %s is %q, want %q", path, header, got, want)
			}
		}
		if csp := resp.Header.Get("Content-Security-Policy"); strings.Contains(csp, "unsafe") {
			t.Errorf("%s: policy %q", path, csp)
		}
	}
}

// TestVerifierPage holds that the verifier's policy lets through its own style and
// script and nothing else.
func TestVerifierPage(t *testing.T) {
	s := demonstration(t)
	resp, err := http.Get(s.url + "/so-cai/kiem-tra.html")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	policy := resp.Header.Get("Content-Security-Policy")
	for _, tag := range []string{"style", "script"} {
		_, rest, _ := strings.Cut(string(body), "<"+tag+">")
		text, _, ok := strings.Cut(rest, "</"+tag+">")
		sum := sha256.Sum256([]byte(text))
		if want := tag + "-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "';"; !ok || !strings.Contains(policy, want) {
			t.Errorf("policy %q, want %q", policy, want)
		}
	}
	if !strings.HasPrefix(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") || strings.Contains(string(body), "{{POLICY}}") || !strings.Contains(string(body), "quorum none") {
		t.Errorf("policy %q", policy)
	}
}

// TestFirstPageIsLight adds up what a first visit loads, as sent.
func TestFirstPageIsLight(t *testing.T) {
	s := demonstration(t)
	v := s.visitor(t, "")
	total := 0
	_, body := v.get("/")
	paths := []string{"/"}
	for _, m := range linked.FindAllStringSubmatch(body, -1) {
		if strings.HasPrefix(m[1], "/static/") {
			paths = append(paths, m[1])
		}
	}
	for name := range map[string]bool{"fonts/latin-400.woff2": true, "fonts/latin-600.woff2": true, "fonts/vietnamese-400.woff2": true, "fonts/vietnamese-600.woff2": true} {
		path, err := s.Site.Asset(name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(strings.Join(paths, " "), path) {
			paths = append(paths, path)
		}
	}
	for _, path := range paths {
		r := mustGet(t, s.url+path)
		r.Header.Set("Accept-Encoding", "gzip")
		resp, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		buf := make([]byte, 32<<10)
		for {
			k, err := resp.Body.Read(buf)
			n += k
			if err != nil {
				break
			}
		}
		resp.Body.Close()
		total += n
	}
	if total > 100_000 {
		t.Errorf("the first page loads %d bytes, want at most 100000", total)
	}
	t.Logf("the first page loads %d bytes in %d requests", total, len(paths))
}

func mustGet(t *testing.T, address string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), "GET", address, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
