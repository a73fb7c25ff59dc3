// Package web turns handlers that return errors into pages. A room registers
// routes; each route says which action of the policy it is, and a route that
// writes can only answer with an acknowledgement of the ledger.
package web

import (
	"bytes"
	"context"
	"crypto/rand"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
	"dongthuan/internal/policy"
)

//go:embed layout/*.html
var layout embed.FS

//go:embed text.json
var Text []byte

// Room is what a room gives to the site: its name and its pages/*.html.
type Room struct {
	Name  string
	Pages fs.FS
}

// Settings of a site. Actor and Changes are handed over by app.
type Settings struct {
	Log  *slog.Logger
	Text lang.Catalog
	Now  func() time.Time
	// Actor tells who sends a request.
	Actor func(*http.Request) (policy.Actor, error)
	// Book knows requests that were done before; without it none is.
	Book *ledger.Ledger
	// Unread counts what an account was told and has not read; nil where nothing is.
	Unread func(ctx context.Context, account string) (int, error)
	// Changes counts committed writes: a page kept in memory is thrown away when
	// the count has moved.
	Changes func() uint64
	// BehindProxy trusts X-Forwarded-Proto and X-Forwarded-For: set it only where
	// a proxy of yours writes them.
	BehindProxy bool
	// Demo marks every page as demonstration.
	Demo bool
}

// Site renders pages and errors.
type Site struct {
	Settings
	mux    *http.ServeMux
	pages  map[string]map[string]*template.Template // language, then "room/page"
	kept   pageCache
	assets map[string]asset
	// Rendered, where set, is told of every page rendered; tests look for pages
	// that none of them reaches.
	Rendered func(page string)
	origin   *http.CrossOriginProtection
	routes   []Route
}

// Route is one address of the site. Exactly one of Page and Write is set.
type Route struct {
	Pattern string        // "GET /tin/{slug}"
	Action  policy.Action // what the policy calls it; services ask policy.May for the object
	Page    func(http.ResponseWriter, *http.Request) error
	Write   func(http.ResponseWriter, *http.Request) (Outcome, error)
	// Plain says why a write needs no leaf in the ledger. Empty for all others.
	Plain string
	// Sealed is for writes of which nobody may find out who sent what: nothing of what was
	// sent is kept, not even its hash to know it again. Such a write must be once only by
	// itself.
	Sealed bool
	// Kept pages are rendered once per change for people without a session and
	// served from memory.
	Kept bool
	// Seen is called for each successful request of a kept page.
	Seen func(*http.Request)
	// Limit is the largest body accepted, in bytes; zero means 64 KiB.
	Limit int64
}

// Base is what the layout needs; every page's data embeds it.
type Base struct {
	Lang  string
	Actor policy.Actor
	Path  string // of this page, without the query
	Query string // without lang and xong
	Now   time.Time
	Done  string // what was just done, in words
	// Receipt is that of what was just done: its code, or the hash of a leaf that is
	// promised a place.
	Receipt string
	Unread  int // notices
	Demo    bool
	Site    *Site
}

// Words translates inside templates' data.
func (b Base) Words(key string, args ...any) string { return b.Site.Text.Text(b.Lang, key, args...) }

// Other is the language that the page offers to switch to.
func (b Base) Other() string {
	if b.Lang == "vi" {
		return "en"
	}
	return "vi"
}

// Switch is the address of this page in the other language.
func (b Base) Switch() string {
	query := "?"
	if b.Query != "" {
		query += b.Query + "&"
	}
	return (&url.URL{Path: b.Path}).EscapedPath() + query + "lang=" + b.Other()
}

// New parses the pages of the rooms once for each language, so no request
// has to change a template that another request is using.
func New(set Settings, rooms ...Room) (*Site, error) {
	s := &Site{Settings: set, mux: http.NewServeMux(), origin: http.NewCrossOriginProtection(), pages: map[string]map[string]*template.Template{}}
	if err := s.loadAssets(); err != nil {
		return nil, err
	}
	for _, l := range lang.Languages {
		s.pages[l] = map[string]*template.Template{}
		frame, err := template.New("").Funcs(s.funcs(l)).ParseFS(layout, "layout/*.html")
		if err != nil {
			return nil, fmt.Errorf("layout: %w", err)
		}
		for _, room := range append([]Room{{"web", pagesOfSite}}, rooms...) {
			files, err := fs.Glob(room.Pages, "pages/*.html")
			if err != nil {
				return nil, err
			}
			// Files whose name begins with "_" are parts that all pages of the room use.
			var parts []string
			for _, f := range files {
				if strings.HasPrefix(path.Base(f), "_") {
					parts = append(parts, f)
				}
			}
			for _, f := range files {
				if strings.HasPrefix(path.Base(f), "_") {
					continue
				}
				t, err := frame.Clone()
				if err != nil {
					return nil, err
				}
				if t, err = t.ParseFS(room.Pages, append(parts, f)...); err != nil {
					return nil, fmt.Errorf("%s/%s: %w", room.Name, f, err)
				}
				s.pages[l][room.Name+"/"+strings.TrimSuffix(path.Base(f), ".html")] = t
			}
		}
	}
	s.serveAssets()
	s.mux.HandleFunc("/", s.unrouted)
	return s, nil
}

//go:embed pages/*.html
var pagesOfSite embed.FS

// Pages lists every page by name, for the test that renders them all.
func (s *Site) Pages() map[string]*template.Template { return s.pages[lang.Languages[0]] }

// Routes lists what was registered, for the tests that walk the whole site.
func (s *Site) Routes() []Route { return s.routes }

// Handle registers a route.
func (s *Site) Handle(r Route) {
	s.routes = append(s.routes, r)
	limit := r.Limit
	if limit == 0 {
		limit = 64 << 10
	}
	handler := func(w http.ResponseWriter, req *http.Request) {
		if req.Body != nil {
			req.Body = http.MaxBytesReader(w, req.Body, limit)
		}
		var err error
		if r.Write != nil {
			err = s.write(w, req, r)
		} else {
			err = r.Page(w, req)
		}
		if err != nil {
			s.fail(w, req, err)
		}
	}
	if r.Kept {
		handler = s.keep(r.Seen, handler)
	}
	s.mux.HandleFunc(r.Pattern, handler)
}

// Mount adds a handler that is not a page, such as the API.
func (s *Site) Mount(pattern string, h http.Handler) { s.mux.Handle(pattern, h) }

// Mux is where the API registers its operations.
func (s *Site) Mux() *http.ServeMux { return s.mux }

// Outcome is how a write is answered. Only Saved, SavedData, Again and Plain
// make one.
type Outcome struct {
	ack   ledger.Ack
	plain bool
	to    string
	data  any
	page  string
	err   error
	once  bool
	code  int // of a JSON answer to a write that wrote nothing
}

// Saved answers a recorded write by going to another page, which says what was
// done by the words under key; key may be empty.
func Saved(ack ledger.Ack, to, key string) Outcome { return Outcome{ack: ack, to: doneAt(to, key)} }

// SavedData answers a recorded write of a script with JSON.
func SavedData(ack ledger.Ack, data any) Outcome { return Outcome{ack: ack, data: data} }

// NotSaved answers a script whose write wrote nothing: refused, in conflict, or
// already so.
func NotSaved(code int, data any) Outcome { return Outcome{code: code, data: data} }

// Plain answers a write that needs no leaf; its route says why.
func Plain(to, key string) Outcome { return Outcome{plain: true, to: doneAt(to, key)} }

// Shown answers with a page and nothing written: a preview, or a step of a form.
func Shown(page string, data any) Outcome { return Outcome{page: page, data: data} }

// SavedPage answers a recorded write with a page that is shown once, such as a
// slip with a one-time code.
func SavedPage(ack ledger.Ack, page string, data any) Outcome {
	return Outcome{ack: ack, page: page, data: data, once: true}
}

// Again answers with the form as it was typed and what is wrong with it. Nothing
// was written.
func Again(page string, data any, err error) Outcome {
	return Outcome{page: page, data: data, err: err}
}

func doneAt(to, key string) string {
	if key == "" {
		return to
	}
	return withQuery(to, "xong", key)
}

// JSON answers a script.
func (s *Site) JSON(w http.ResponseWriter, code int, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(code)
	w.Write(b) // a reader that has gone away is not our error
	return nil
}

// Language is that of a request: asked for in the address, remembered in a
// cookie, or preferred by the browser.
func (s *Site) Language(r *http.Request) string {
	if strings.Contains(r.URL.RawQuery, "lang=") {
		if l := r.URL.Query().Get("lang"); lang.Known(l) {
			return l
		}
	}
	if c, err := r.Cookie("lang"); err == nil && lang.Known(c.Value) {
		return c.Value
	}
	return lang.Choose(r.Header.Get("Accept-Language"))
}

// Base returns the layout's data for a request.
func (s *Site) Base(r *http.Request) (Base, error) {
	actor, err := s.Settings.Actor(r)
	if err != nil {
		return Base{}, err
	}
	b := Base{Lang: s.Language(r), Actor: actor, Path: r.URL.Path, Now: s.Now(), Demo: s.Demo, Site: s}
	if s.Unread != nil && actor.SignedIn() {
		if b.Unread, err = s.Unread(r.Context(), actor.Account); err != nil {
			return b, err
		}
	}
	q := r.URL.Query()
	if key := q.Get("xong"); key != "" && strings.Contains(key, ".done.") && s.Text.Has(key) {
		b.Done = s.Text.Text(b.Lang, key)
		b.Receipt = receiptIn(q.Get("ma"))
	}
	q.Del("xong")
	q.Del("ma")
	q.Del("lang")
	b.Query = q.Encode()
	return b, nil
}

// receiptIn reads a receipt's code, or the hash of a promised leaf, from an address.
func receiptIn(text string) string {
	if _, _, err := ledger.ParseCode(text); err == nil {
		return text
	}
	if b, err := hex.DecodeString(text); err == nil && len(b) == 32 {
		return text
	}
	return ""
}

// Render writes a page, or nothing at all if it fails.
func (s *Site) Render(w http.ResponseWriter, r *http.Request, page string, data any) error {
	return s.render(w, r, http.StatusOK, page, data)
}

func (s *Site) render(w http.ResponseWriter, r *http.Request, code int, page string, data any) error {
	var b bytes.Buffer
	l := s.Language(r)
	if err := s.Execute(&b, l, page, data); err != nil {
		return err
	}
	if strings.Contains(r.URL.RawQuery, "lang=") {
		http.SetCookie(w, &http.Cookie{Name: "lang", Value: l, Path: "/", MaxAge: 365 * 24 * 3600, SameSite: http.SameSiteLaxMode, HttpOnly: true, Secure: s.Secure(r)})
	}
	if hasSession(r) {
		w.Header().Set("Cache-Control", "no-store")
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Language", l)
	w.Header().Add("Vary", "Cookie, Accept-Language, Accept-Encoding")
	w.WriteHeader(code)
	b.WriteTo(w) // a reader that has gone away is not our error
	return nil
}

// Execute renders a page into b in language l.
func (s *Site) Execute(b *bytes.Buffer, l, page string, data any) error {
	t := s.pages[l][page]
	if t == nil {
		return fmt.Errorf("no page %s", page)
	}
	if s.Rendered != nil {
		s.Rendered(page)
	}
	if err := t.ExecuteTemplate(b, "base", data); err != nil {
		return fmt.Errorf("render %s: %w", page, err)
	}
	return nil
}

// Words returns what a person may read of err.
func (s *Site) Words(l string, err error) string {
	var parts []string
	for _, e := range fault.All(err) {
		parts = append(parts, s.Text.Text(l, e.Text, e.Args...))
	}
	return strings.Join(parts, " ")
}

var status = map[fault.Kind]int{
	fault.Internal:  http.StatusInternalServerError,
	fault.Invalid:   http.StatusUnprocessableEntity,
	fault.NotFound:  http.StatusNotFound,
	fault.Forbidden: http.StatusForbidden,
	fault.Conflict:  http.StatusConflict,
	fault.TooLarge:  http.StatusRequestEntityTooLarge,
	fault.Busy:      http.StatusServiceUnavailable,
	fault.Missing:   http.StatusNotImplemented,
}

type errorPage struct {
	Base
	Code  int
	Words string
}

// fail is the one place where an error becomes a response and a log line.
func (s *Site) fail(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		s.Log.InfoContext(r.Context(), "the reader has gone", "method", r.Method, "path", r.URL.Path)
		return
	}
	var big *http.MaxBytesError
	if errors.As(err, &big) {
		err = fault.New(fault.TooLarge, "web.large", lang.Size(s.Language(r), big.Limit)).Because(err)
	}
	kind := fault.KindOf(err)
	l := s.Language(r)
	base, actorErr := s.Base(r)
	if actorErr != nil {
		base = Base{Lang: l, Path: r.URL.Path, Now: s.Now(), Site: s}
	}
	wantsPage := !strings.HasPrefix(r.Header.Get("Accept"), "application/json")
	if kind == fault.Forbidden && !base.Actor.SignedIn() && r.Method == http.MethodGet && wantsPage && actorErr == nil {
		http.Redirect(w, r, "/dang-nhap?den="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
		return
	}
	if kind == fault.Forbidden && base.Actor.SignedIn() && !base.Actor.Enrolled && r.Method == http.MethodGet && wantsPage {
		http.Redirect(w, r, "/tai-khoan", http.StatusSeeOther) // where the password and the factor are set
		return
	}
	words := s.Words(l, err)
	if kind == fault.Internal {
		ref := rand.Text()[:8]
		s.Log.ErrorContext(r.Context(), "request failed", "ref", ref, "method", r.Method, "path", r.URL.Path, "err", err)
		words = s.Text.Text(l, "web.failed", ref)
	}
	w.Header().Set("Cache-Control", "no-store")
	if kind == fault.Busy {
		w.Header().Set("Retry-After", "5")
	}
	if !wantsPage {
		if err := s.JSON(w, status[kind], map[string]any{"problem": words, "fields": s.FieldWords(l, err)}); err != nil {
			s.Log.WarnContext(r.Context(), "answer an error", "err", err)
		}
		return
	}
	if err := s.render(w, r, status[kind], "web/error", errorPage{base, status[kind], words}); err != nil {
		s.Log.ErrorContext(r.Context(), "render the error page", "err", err)
	}
}

// FieldWords returns the words of each field's error.
func (s *Site) FieldWords(l string, err error) map[string]string {
	all := map[string]string{}
	for _, e := range fault.All(err) {
		all[e.Field] = s.Text.Text(l, e.Text, e.Args...)
	}
	return all
}

// NotFound answers an address that the site does not have.
func NotFound() error { return fault.New(fault.NotFound, "web.notfound") }
