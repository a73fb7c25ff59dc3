package web

import (
	"net"
	"net/http"
	"strings"

	"dongthuan/internal/fault"
)

// The headers of every answer. There is no inline script or style anywhere, so
// the policy needs no exception.
const csp = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; " +
	"manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"

var headers = map[string][]string{
	"Content-Security-Policy":      {csp},
	"X-Content-Type-Options":       {"nosniff"},
	"Referrer-Policy":              {"same-origin"},
	"Cross-Origin-Opener-Policy":   {"same-origin"},
	"Cross-Origin-Resource-Policy": {"same-origin"},
	"Permissions-Policy":           {"camera=(self), geolocation=(), microphone=()"},
}

var strictTransport = []string{"max-age=31536000; includeSubDomains"}

// ServeHTTP answers with the headers of headers, refuses unsafe requests from
// other sites, and leaves the rest to the routes.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	for k, v := range headers {
		h[k] = v
	}
	if s.Secure(r) && r.TLS != nil || s.BehindProxy {
		h["Strict-Transport-Security"] = strictTransport
	}
	if r.Header.Get("Content-Encoding") != "" {
		http.Error(w, "Content-Encoding is not accepted", http.StatusUnsupportedMediaType)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		if err := s.origin.Check(r); err != nil {
			s.fail(w, r, crossOrigin(err))
			return
		}
	}
	s.mux.ServeHTTP(w, r)
}

func crossOrigin(err error) error {
	return fault.New(fault.Forbidden, "web.crossorigin").Because(err)
}

// unrouted answers an address without a route, or one that exists for another
// method only.
func (s *Site) unrouted(w http.ResponseWriter, r *http.Request) {
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		other := r.Clone(r.Context())
		other.Method = method
		if _, pattern := s.mux.Handler(other); pattern != "/" {
			w.Header().Set("Allow", method)
			http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
			return
		}
	}
	s.fail(w, r, NotFound())
}

// Secure reports whether a request came over TLS, through a proxy that says so,
// or does not leave the machine.
func (s *Site) Secure(r *http.Request) bool {
	if r.TLS != nil || s.BehindProxy && r.Header.Get("X-Forwarded-Proto") == "https" {
		return true
	}
	return s.Local(r)
}

// Local reports whether a request stays on this machine: its sender and the host
// it asks for are both loopback.
func (s *Site) Local(r *http.Request) bool {
	if s.BehindProxy {
		return false
	}
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	peer, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return false
	}
	ip := net.ParseIP(peer)
	return ip != nil && ip.IsLoopback() && (host == "localhost" || net.ParseIP(strings.Trim(host, "[]")).IsLoopback())
}

// Source is the address a request is counted under for limits.
func (s *Site) Source(r *http.Request) string {
	if s.BehindProxy {
		list := strings.Split(r.Header.Get("X-Forwarded-For"), ",")
		if last := strings.TrimSpace(list[len(list)-1]); net.ParseIP(last) != nil {
			return last
		}
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// SafePath returns to where it is an address of this site, and fallback where it
// is not: nobody is sent away by a link to sign in.
func SafePath(to, fallback string) string {
	if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\t\r\n\x00") || len(to) > 500 {
		return fallback
	}
	return to
}

// Origin is the scheme and host that a request came to, for addresses in feeds.
func (s *Site) Origin(r *http.Request) string {
	scheme := "http"
	if r.TLS != nil || s.BehindProxy && r.Header.Get("X-Forwarded-Proto") == "https" {
		scheme = "https"
	}
	return scheme + "://" + r.Host
}
