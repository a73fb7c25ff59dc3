// Package proof is the public face of the ledger: receipts, the tree's head for
// everybody, its tiles and policy in the formats of c2sp.org, the history of an
// object with its proofs, and a page that checks receipts without the network.
package proof

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"dongthuan/internal/c2sp"
	"dongthuan/internal/chart"
	"dongthuan/internal/db"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
	"dongthuan/internal/policy"
	"dongthuan/internal/qr"
	"dongthuan/internal/web"
)

// Pages and Text are what this package gives to the site.
//
//go:embed pages/*.html
var Pages embed.FS

//go:embed text.json
var Text []byte

//go:embed kiem-tra.html
var verifier string

// Settings of the ledger's public pages.
type Settings struct {
	// Policy names the witnesses (c2sp.org/tlog-policy); empty for none.
	Policy string
	// Address is the site's own, for QR codes; the one asked at when empty.
	Address string
}

type pages struct {
	*web.Site
	book *ledger.Ledger
	db   *db.DB
	set  Settings
	csp  string // of the verifier
}

// Serve adds the addresses.
func Serve(site *web.Site, book *ledger.Ledger, d *db.DB, set Settings) error {
	if set.Policy != "" {
		if _, err := c2sp.ParsePolicy(set.Policy); err != nil {
			return err
		}
	}
	p := pages{Site: site, book: book, db: d, set: set}
	var err error
	if p.csp, err = policyOf(verifier); err != nil {
		return err
	}
	for pattern, page := range map[string]func(http.ResponseWriter, *http.Request) error{
		"GET /so-cai":                     p.head,
		"GET /so-cai/niem-yet":            p.notice,
		"GET /so-cai/lich-su/{object}":    p.history,
		"GET /so-cai/checkpoint":          p.checkpoint,
		"GET /so-cai/policy":              p.policy,
		"GET /so-cai/tile/{path...}":      p.tile,
		"GET /so-cai/cong-khai.jsonl":     p.public,
		"GET /so-cai/kiem-tra.html":       p.verifier,
		"GET /r":                          p.find,
		"GET /r/{code}":                   p.receipt,
		"GET /so-cai/consistency/{a}/{b}": p.consistency,
	} {
		site.Handle(web.Route{Pattern: pattern, Action: policy.ReadPublic, Page: page})
	}
	return nil
}

// Policy is the installation's policy: its log, and the witnesses it was given.
func (p pages) policyText(r *http.Request, h ledger.Head) (string, error) {
	if p.set.Policy != "" {
		return p.set.Policy, nil
	}
	key, err := c2sp.ParseKey(h.Key)
	if err != nil {
		return "", err
	}
	return c2sp.For(key, p.address(r)+"/so-cai/").String(), nil
}

func (p pages) address(r *http.Request) string {
	if p.set.Address != "" {
		return strings.TrimSuffix(p.set.Address, "/")
	}
	return p.Origin(r)
}

// open lets any page read what is meant for machines.
func open(w http.ResponseWriter, kind string) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
	w.Header().Set("Content-Type", kind)
}

func (p pages) checkpoint(w http.ResponseWriter, r *http.Request) error {
	h, err := p.book.Head(r.Context())
	if err != nil {
		return err
	}
	open(w, "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	signed := h.Checkpoint
	if r.URL.Query().Has("dong-ky") && h.Cosigned != "" {
		signed = h.Cosigned
	}
	_, err = w.Write([]byte(signed))
	return err
}

func (p pages) policy(w http.ResponseWriter, r *http.Request) error {
	h, err := p.book.Head(r.Context())
	if err != nil {
		return err
	}
	text, err := p.policyText(r, h)
	if err != nil {
		return err
	}
	open(w, "text/plain; charset=utf-8")
	_, err = w.Write([]byte(text))
	return err
}

func (p pages) tile(w http.ResponseWriter, r *http.Request) error {
	level, n, width, err := c2sp.ParseTilePath("tile/" + r.PathValue("path"))
	if err != nil {
		return web.NotFound()
	}
	b, err := p.book.Tile(r.Context(), level, n, width)
	if err != nil {
		return err
	}
	open(w, "application/octet-stream")
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	_, err = w.Write(b)
	return err
}

// consistency serves the proof between two sizes, for those who do not want to
// read tiles: one hash in base64 a line.
func (p pages) consistency(w http.ResponseWriter, r *http.Request) error {
	old, err := strconv.ParseInt(r.PathValue("a"), 10, 64)
	size, err2 := strconv.ParseInt(r.PathValue("b"), 10, 64)
	h, err3 := p.book.Head(r.Context())
	if err := errors.Join(err, err2, err3); err != nil {
		return web.NotFound()
	}
	s, err := h.Signed()
	if err != nil {
		return err
	}
	if size != s.Size || old < 0 || old > size {
		return web.NotFound()
	}
	proof, err := p.book.Consistency(r.Context(), s.Checkpoint, old)
	if err != nil {
		return err
	}
	open(w, "text/plain; charset=utf-8")
	for _, hash := range proof {
		fmt.Fprintln(w, hash)
	}
	return nil
}

// atOnce is how many leaves one page of what is public looks at.
const atOnce = 2000

func (p pages) public(w http.ResponseWriter, r *http.Request) error {
	from, err := strconv.ParseInt(r.URL.Query().Get("tu"), 10, 64)
	if err != nil || from < 0 {
		from = 0
	}
	all, next, err := p.book.Public(r.Context(), from, atOnce)
	if err != nil {
		return err
	}
	open(w, "application/jsonl; charset=utf-8")
	out := json.NewEncoder(w)
	for _, leaf := range all {
		if err := out.Encode(leaf); err != nil {
			return err
		}
	}
	return out.Encode(map[string]int64{"next": next})
}

var inline = regexp.MustCompile(`(?s)<(style|script)>(.*?)</(?:style|script)>`)

// policyOf is the content policy of a page whose one style and one script stand in
// it, so that it can be kept and opened without a network: both by their hashes.
func policyOf(page string) (string, error) {
	found := map[string]string{}
	for _, m := range inline.FindAllStringSubmatch(page, -1) {
		sum := sha256.Sum256([]byte(m[2]))
		found[m[1]] += " 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	if len(found) != 2 {
		return "", errors.New("the verifier has not one style and one script")
	}
	return "default-src 'none'; script-src" + found["script"] + "; style-src" + found["style"] + "; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'", nil
}

func (p pages) verifier(w http.ResponseWriter, r *http.Request) error {
	h, err := p.book.Head(r.Context())
	if err != nil {
		return err
	}
	text, err := p.policyText(r, h)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Security-Policy", p.csp)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, err = w.Write([]byte(strings.Replace(verifier, "{{POLICY}}", template.HTMLEscapeString(text), 1)))
	return err
}

// --- Pages for people.

type headPage struct {
	web.Base
	Head     ledger.Head
	Signed   c2sp.Signed
	Cosigned c2sp.Signed
	Words    string
	Root     string
	Frozen   bool
	Chart    template.HTML
	Growth   []dayCount
	Newest   []event
	Policy   string
	Asked    int // witnesses that the policy names
	Address  string
	Code     string
	Err      error
}

type dayCount struct {
	Day time.Time
	N   int64
}

const chartDays = 14

func (p pages) loadHead(r *http.Request) (headPage, error) {
	base, err := p.Base(r)
	if err != nil {
		return headPage{}, err
	}
	h, err := p.book.Head(r.Context())
	if err != nil {
		return headPage{}, err
	}
	page := headPage{Base: base, Head: h, Frozen: p.book.Frozen() != "", Address: p.address(r)}
	if page.Policy, err = p.policyText(r, h); err != nil {
		return page, err
	}
	known, err := c2sp.ParsePolicy(page.Policy)
	if err != nil {
		return page, err
	}
	page.Asked = len(known.Witnesses)
	if page.Signed, err = h.Signed(); err != nil {
		return page, err
	}
	if h.Cosigned != "" {
		if page.Cosigned, err = known.Open(h.Cosigned); err != nil && !errors.Is(err, c2sp.ErrQuorum) {
			return page, err
		}
	}
	page.Root = page.Signed.Root.String()
	page.Words = ledger.Words(page.Signed.Root)
	return page, nil
}

func (p pages) head(w http.ResponseWriter, r *http.Request) error {
	page, err := p.loadHead(r)
	if err != nil {
		return err
	}
	counts, err := ledger.Growth(r.Context(), p.db, page.Now, chartDays, lang.Vietnam)
	if err != nil {
		return err
	}
	var bars []chart.Stack
	top := int64(10)
	for i, n := range counts {
		day := page.Now.In(lang.Vietnam).AddDate(0, 0, i-len(counts)+1)
		page.Growth = append(page.Growth, dayCount{day, n})
		bars = append(bars, chart.Stack{Name: lang.Date(day), Parts: []int64{n}, Label: lang.Figure(page.Lang, n*1000)})
		top = max(top, n)
	}
	page.Chart = chart.Stacked(chart.Text{ID: "growth", Title: page.Base.Words("proof.growth"), Description: page.Base.Words("proof.growth.words", chartDays), Series: []string{page.Base.Words("proof.leaves")}}, bars, top)
	if page.Newest, err = p.newest(r, page.Signed.Size); err != nil {
		return err
	}
	return p.Render(w, r, "proof/head", page)
}

func (p pages) notice(w http.ResponseWriter, r *http.Request) error {
	page, err := p.loadHead(r)
	if err != nil {
		return err
	}
	return p.Render(w, r, "proof/notice", page)
}

// event is a leaf as a page shows it.
type event struct {
	ledger.Event
	Office  string
	Object  string
	Changes []change
	Public  bool
}

const newestMost = 12

func (p pages) newest(r *http.Request, size int64) ([]event, error) {
	var all []event
	for idx := size - 1; idx >= 0 && idx >= size-newestMost; idx-- {
		rec, err := p.book.ReceiptAt(r.Context(), idx)
		if err != nil {
			return nil, err
		}
		e := event{Event: ledger.Event{Type: rec.Leaf.Type, At: time.Unix(rec.Leaf.Time, 0), Index: idx, Hash: ledger.Hex(rec.Hash())}, Object: rec.Leaf.Object, Public: rec.Opening != nil}
		if rec.Opening != nil {
			e.Office = officeIn(rec.Opening.Payload)
		}
		all = append(all, e)
	}
	return all, nil
}

func officeIn(payload string) string {
	var v struct {
		Office   string `json:"office"`
		ByOffice string `json:"by_office"`
	}
	if err := json.Unmarshal([]byte(payload), &v); err != nil {
		return ""
	}
	if v.Office == "" {
		return v.ByOffice
	}
	return v.Office
}

type receiptPage struct {
	web.Base
	Code    string
	Proven  ledger.Receipt
	Signed  c2sp.Signed
	Asked   int // witnesses that the policy names
	Quorum  bool
	At      time.Time
	Office  string
	Members []member
	Hash    string
	QR      qr.Code
	Promise string
	Made    time.Time
	Address string
}

func (p pages) find(w http.ResponseWriter, r *http.Request) error {
	page, err := p.loadHead(r)
	if err != nil {
		return err
	}
	page.Code = lang.Line(r.URL.Query().Get("ma"))
	if page.Code == "" {
		return p.Render(w, r, "proof/find", page)
	}
	if rec, err := p.book.ByCode(r.Context(), page.Code); err == nil {
		http.Redirect(w, r, "/r/"+rec.Code(), http.StatusSeeOther)
		return nil
	} else if page.Err = fieldError(err); page.Err == nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	return p.Render(w, r, "proof/find", page)
}

// fieldError puts what is wrong with a typed code beside its field; what is not
// the person's to mend is nil.
func fieldError(err error) error {
	if fault.KindOf(err) != fault.NotFound {
		return nil
	}
	for _, e := range fault.All(err) {
		return fault.New(fault.Invalid, e.Text, e.Args...).In("ma")
	}
	return nil
}

func (p pages) receipt(w http.ResponseWriter, r *http.Request) error {
	code, file := strings.CutSuffix(r.PathValue("code"), ".tlog-proof")
	if len(code) == 64 {
		return p.promise(w, r, code)
	}
	rec, err := p.book.ByCode(r.Context(), code)
	if err != nil {
		return err
	}
	if file {
		open(w, "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-cache")
		w.Header().Set("Content-Disposition", `attachment; filename="`+rec.Code()+`.tlog-proof"`)
		_, err := w.Write([]byte(rec.String()))
		return err
	}
	if code != rec.Code() {
		http.Redirect(w, r, "/r/"+rec.Code(), http.StatusSeeOther)
		return nil
	}
	head, err := p.loadHead(r)
	if err != nil {
		return err
	}
	page := receiptPage{Base: head.Base, Code: code, Proven: rec, Asked: head.Asked, At: time.Unix(rec.Leaf.Time, 0), Address: head.Address, Hash: ledger.Hex(rec.Hash())}
	known, err := c2sp.ParsePolicy(head.Policy)
	if err != nil {
		return err
	}
	// The page says only what it has checked itself.
	page.Signed, err = rec.Verify(known)
	if err != nil && !errors.Is(err, c2sp.ErrQuorum) {
		return fmt.Errorf("receipt %s does not verify: %w", code, err)
	}
	page.Quorum = err == nil
	if rec.Opening != nil {
		page.Office = officeIn(rec.Opening.Payload)
		page.Members = membersOf(rec.Opening.Payload)
	}
	if page.QR, err = qr.New(ShortProof(page.Address, rec)); err != nil {
		return err
	}
	return p.Render(w, r, "proof/receipt", page)
}

// ShortProof is what a slip's QR code holds: the receipt's address and, where no
// server sees them, the leaf's hash and the size of the tree it is proven in.
func ShortProof(address string, rec ledger.Receipt) string {
	h := rec.Hash()
	return address + "/r/" + rec.Code() + "#" + base64.RawURLEncoding.EncodeToString(h[:]) + "." + strconv.FormatInt(rec.Proof.Index, 10)
}

func (p pages) promise(w http.ResponseWriter, r *http.Request, hash string) error {
	note, code, at, err := p.book.Promised(r.Context(), hash)
	if err != nil {
		return err
	}
	if code != "" {
		http.Redirect(w, r, "/r/"+code, http.StatusSeeOther)
		return nil
	}
	base, err := p.Base(r)
	if err != nil {
		return err
	}
	return p.Render(w, r, "proof/promise", receiptPage{Base: base, Hash: hash, Promise: note, Made: at})
}

type historyPage struct {
	web.Base
	Object string
	Events []event
}

func (p pages) history(w http.ResponseWriter, r *http.Request) error {
	base, err := p.Base(r)
	if err != nil {
		return err
	}
	events, err := ledger.History(r.Context(), p.db, r.PathValue("object"))
	if err != nil {
		return err
	}
	if len(events) == 0 {
		return web.NotFound()
	}
	page := historyPage{Base: base, Object: r.PathValue("object")}
	before := map[ledger.Type]string{}
	for _, e := range events {
		shown := event{Event: e, Public: e.Type.Public()}
		if shown.Public {
			shown.Office = officeIn(e.Payload)
			shown.Changes = changes(before[e.Type], e.Payload)
			before[e.Type] = e.Payload
		}
		page.Events = append(page.Events, shown)
	}
	return p.Render(w, r, "proof/history", page)
}
