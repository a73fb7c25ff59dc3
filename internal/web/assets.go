package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"regexp"
	"strings"
)

//go:embed static
var static embed.FS

// asset is a file of static, served under a name that holds its hash, so that a
// browser may keep it for ever.
type asset struct {
	name string // "/static/app.1a2b3c4d.css"
	kind string
	body []byte
	gzip []byte
}

func (s *Site) loadAssets() error {
	s.assets = map[string]asset{}
	err := fs.WalkDir(static, "static", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(p, ".txt") {
			return err
		}
		body, err := static.ReadFile(p)
		if err != nil {
			return err
		}
		s.assets[strings.TrimPrefix(p, "static/")] = asset{body: body}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read static files: %w", err)
	}
	// Names of other assets inside the CSS are replaced first: its own hash then
	// changes with theirs.
	for _, css := range []bool{false, true} {
		for name, a := range s.assets {
			if strings.HasSuffix(name, ".css") != css {
				continue
			}
			if css {
				a.body = cssURL.ReplaceAllFunc(a.body, func(m []byte) []byte {
					return []byte("url(" + s.assets[string(cssURL.FindSubmatch(m)[1])].name + ")")
				})
			}
			sum := sha256.Sum256(a.body)
			ext := path.Ext(name)
			a.name = "/static/" + strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:4]) + ext
			a.kind = mime.TypeByExtension(ext)
			if ext == ".woff2" {
				a.kind = "font/woff2"
			} else {
				a.gzip = pack(a.body)
			}
			s.assets[name] = a
		}
	}
	return nil
}

var cssURL = regexp.MustCompile(`url\(([a-z0-9./-]+)\)`)

// Asset returns the address of a static file.
func (s *Site) Asset(name string) (string, error) {
	a, ok := s.assets[name]
	if !ok {
		return "", fmt.Errorf("no static file %s", name)
	}
	return a.name, nil
}

func (s *Site) serveAssets() {
	for _, a := range s.assets {
		s.mux.HandleFunc("GET "+a.name, func(w http.ResponseWriter, r *http.Request) {
			h := w.Header()
			h.Set("Content-Type", a.kind)
			h.Set("Cache-Control", "public, max-age=31536000, immutable")
			body := a.body
			if a.gzip != nil && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
				h.Set("Content-Encoding", "gzip")
				h.Set("Vary", "Accept-Encoding")
				body = a.gzip
			}
			w.Write(body)
		})
	}
}
