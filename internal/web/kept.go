package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// pageCache keeps rendered public pages in memory, so that a visit costs a map
// look-up. A page is made anew after any committed write of this process, and
// after keptFor for what other processes or the clock have changed.
type pageCache struct {
	mu    sync.RWMutex
	pages map[string]*keptPage
	bytes int // of all bodies, plain and packed
}

const (
	keptFor = 5 * time.Second
	// keptBytes bounds the memory: addresses with made-up queries push all pages
	// out, and cost their sender more than us.
	keptBytes = 24 << 20
	keptBody  = 1 << 20 // a longer page is not kept
)

type keptPage struct {
	header  http.Header
	body    []byte
	packed  []byte
	etag    string
	code    int
	changes uint64
	made    time.Time
}

// SessionCookies are the names a session may have: with TLS, and on loopback
// without.
var SessionCookies = [2]string{"__Host-s", "s-local"}

func hasSession(r *http.Request) bool {
	c := r.Header["Cookie"]
	if len(c) == 0 {
		return false
	}
	for _, line := range c {
		if strings.Contains(line, SessionCookies[0]+"=") || strings.Contains(line, SessionCookies[1]+"=") {
			return true
		}
	}
	return false
}

func (s *Site) keep(seen func(*http.Request), next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if hasSession(r) || len(r.URL.RawQuery) > 100 || strings.Contains(r.URL.RawQuery, "xong=") || strings.Contains(r.URL.RawQuery, "lang=") {
			if seen != nil {
				seen(r)
			}
			next(w, r)
			return
		}
		key := s.Language(r) + r.URL.Path + "?" + r.URL.RawQuery
		changes := s.Changes()
		s.kept.mu.RLock()
		p := s.kept.pages[key]
		s.kept.mu.RUnlock()
		if p == nil || p.changes != changes || time.Since(p.made) > keptFor {
			p = s.make(r, next, changes)
			s.kept.mu.Lock()
			s.kept.put(key, p)
			s.kept.mu.Unlock()
		}
		if seen != nil && p.code == http.StatusOK {
			seen(r)
		}
		p.serve(w, r)
	}
}

// put keeps a page; files, errors and long pages are not kept.
func (c *pageCache) put(key string, p *keptPage) {
	if old := c.pages[key]; old != nil {
		c.bytes -= old.size()
		delete(c.pages, key)
	}
	if p.code != http.StatusOK || len(p.body) > keptBody || !strings.HasPrefix(p.header.Get("Content-Type"), "text/html") {
		return
	}
	if c.pages == nil || c.bytes+p.size() > keptBytes {
		c.pages, c.bytes = map[string]*keptPage{}, 0
	}
	c.pages[key] = p
	c.bytes += p.size()
}

func (p *keptPage) size() int { return len(p.body) + len(p.packed) + 1024 }

// make renders the page once. The body is packed here, not for each visitor.
func (s *Site) make(r *http.Request, next http.HandlerFunc, changes uint64) *keptPage {
	rec := &recorder{header: http.Header{}, code: http.StatusOK}
	next(rec, r)
	p := &keptPage{header: rec.header, body: rec.body.Bytes(), code: rec.code, changes: changes, made: time.Now()}
	if p.code != http.StatusOK || !strings.HasPrefix(p.header.Get("Content-Type"), "text/html") {
		return p
	}
	sum := sha256.Sum256(p.body)
	p.etag = `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
	p.header.Set("ETag", p.etag)
	p.header.Set("Cache-Control", "public, max-age=0, must-revalidate")
	p.packed = pack(p.body)
	return p
}

func pack(body []byte) []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is valid
	z.Write(body)                                         // a bytes.Buffer takes all
	z.Close()
	return b.Bytes()
}

func (p *keptPage) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	for k, v := range p.header {
		h[k] = v
	}
	if p.etag != "" && r.Header.Get("If-None-Match") == p.etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := p.body
	if p.packed != nil && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		body = p.packed
		h["Content-Encoding"] = gzipped
	}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(p.code)
	if r.Method != http.MethodHead {
		w.Write(body) // a reader that has gone away is not our error
	}
}

var gzipped = []string{"gzip"}

type recorder struct {
	header http.Header
	body   bytes.Buffer
	code   int
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }
func (r *recorder) WriteHeader(code int)        { r.code = code }
