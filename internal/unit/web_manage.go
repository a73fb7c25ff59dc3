package unit

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
	"dongthuan/internal/lineage"
	"dongthuan/internal/policy"
	"dongthuan/internal/web"
)

func (p pages) serveManage() {
	page := func(pattern string, show func(http.ResponseWriter, *http.Request) error) {
		p.Handle(web.Route{Pattern: pattern, Action: policy.UnitManage, Page: p.allowed(show)})
	}
	write := func(pattern string, limit int64, act func(http.ResponseWriter, *http.Request) (web.Outcome, error)) {
		p.Handle(web.Route{Pattern: pattern, Action: policy.UnitManage, Write: act, Limit: limit})
	}
	page("GET /quan-tri/don-vi", p.manage)
	page("GET /quan-tri/don-vi/moi", p.newForm)
	write("POST /quan-tri/don-vi/moi", 0, p.register)
	page("GET /quan-tri/don-vi/sua/{id}", p.changeForm)
	write("POST /quan-tri/don-vi/sua/{id}", 0, p.change)
	write("POST /quan-tri/don-vi/ket-thuc/{id}", 0, p.end)
	page("GET /quan-tri/don-vi/noi", p.linkForm)
	write("POST /quan-tri/don-vi/noi", 0, p.link)
	page("GET /quan-tri/don-vi/nhap", p.importForm)
	write("POST /quan-tri/don-vi/nhap", MaxFile+MaxFile/2, p.take)
}

// allowed asks the policy before a page is made; services ask it for writes.
func (p pages) allowed(show func(http.ResponseWriter, *http.Request) error) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		actor, err := p.Settings.Actor(r)
		if err != nil {
			return err
		}
		if err := policy.May(actor, policy.UnitManage, policy.Object{}); err != nil {
			return err
		}
		return show(w, r)
	}
}

// writer is who writes, asked before the form is read.
func (p pages) writer(r *http.Request) (web.Base, error) {
	base, err := p.Base(r)
	if err != nil {
		return base, err
	}
	if err := policy.May(base.Actor, policy.UnitManage, policy.Object{}); err != nil {
		return base, err
	}
	return base, nil
}

type managePage struct {
	listPage
	Taken []Taken
}

func (p pages) manage(w http.ResponseWriter, r *http.Request) error {
	list, err := p.listPage(r)
	if err != nil {
		return err
	}
	page := managePage{listPage: list}
	if page.Taken, err = p.service.Imports(r.Context()); err != nil {
		return err
	}
	return p.Render(w, r, "unit/manage", page)
}

// nothingWrong stands in a form for no error: a nil one has no type left by the
// time it reaches the component that wants an error.
var nothingWrong error = fault.List(nil)

// formPage is the form of a new unit, or of a new version of one.
type formPage struct {
	web.Base
	Err                                                         error
	EndErr                                                      error
	Unit                                                        *Unit // the unit that is changed, nil for a new one
	Name, Kind, Code, Parent, From, To, Basis, EndDay, EndBasis string
	Kinds                                                       []string
}

// sent reads the form; parents are given by their code on the first day.
func (p pages) sent(base web.Base, r *http.Request) formPage {
	f := func(name string) string { return r.PostFormValue(name) }
	return formPage{Base: base, Err: nothingWrong, EndErr: nothingWrong, Kinds: Kinds(), Name: f("name"), Kind: f("kind"), Code: f("code"), Parent: f("parent"), From: f("from"), To: f("to"), Basis: f("basis")}
}

// draft is what the form says, and what of it cannot be read.
func (p pages) draft(r *http.Request, f formPage) (Draft, error) {
	d := Draft{Name: f.Name, Kind: f.Kind, Code: f.Code, Basis: f.Basis}
	var bad fault.List
	read := func(text, field string) (t time.Time) {
		if lang.Line(text) == "" {
			return t
		}
		t, err := lang.ParseDate(text)
		for _, e := range fault.All(err) {
			bad = append(bad, e.In(field))
		}
		return t
	}
	d.From, d.To = read(f.From, "from"), read(f.To, "to")
	if lang.Line(f.Parent) != "" && !d.From.IsZero() {
		parent, err := p.service.ByCode(r.Context(), f.Parent, d.From)
		if fault.KindOf(err) == fault.Internal && err != nil {
			return d, err
		}
		for _, e := range fault.All(err) {
			bad = append(bad, fault.New(fault.Invalid, e.Text, e.Args...).In("parent"))
		}
		d.ParentID = parent.ID
	}
	if _, err := d.Clean(); err != nil {
		for _, e := range fault.All(err) {
			if f.From == "" || e.Field != "from" || len(bad) == 0 {
				bad = append(bad, e)
			}
		}
	}
	return d, bad.Or()
}

func (p pages) newForm(w http.ResponseWriter, r *http.Request) error {
	base, err := p.Base(r)
	if err != nil {
		return err
	}
	return p.Render(w, r, "unit/form", formPage{Base: base, Err: nothingWrong, EndErr: nothingWrong, Kinds: Kinds(), Kind: Ward})
}

// again answers with the form where the person can mend it.
func again(page string, data any, err error) (web.Outcome, error) {
	if fault.KindOf(err) == fault.Internal || fault.KindOf(err) == fault.Forbidden {
		return web.Outcome{}, err
	}
	return web.Again(page, data, err), nil
}

func (p pages) register(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	base, err := p.writer(r)
	if err != nil {
		return web.Outcome{}, err
	}
	f := p.sent(base, r)
	d, err := p.draft(r, f)
	if err == nil {
		var u Unit
		var ack ledger.Ack
		if u, ack, err = p.service.Register(r.Context(), base.Actor, d); err == nil {
			return web.Saved(ack, u.AddressOn(u.From), "unit.done.registered"), nil
		}
	}
	f.Err = err
	return again("unit/form", f, err)
}

func (p pages) changeForm(w http.ResponseWriter, r *http.Request) error {
	base, err := p.Base(r)
	if err != nil {
		return err
	}
	f, err := p.filled(base, r)
	if err != nil {
		return err
	}
	return p.Render(w, r, "unit/form", f)
}

// filled is the form of a unit as it is now.
func (p pages) filled(base web.Base, r *http.Request) (formPage, error) {
	u, err := p.service.Get(r.Context(), r.PathValue("id"), base.Now)
	if err != nil {
		return formPage{}, err
	}
	f := formPage{Base: base, Err: nothingWrong, EndErr: nothingWrong, Kinds: Kinds(), Unit: &u, Name: u.Name, Kind: u.Kind, Code: u.Code}
	if u.ParentID != "" {
		parent, err := p.service.Get(r.Context(), u.ParentID, base.Now)
		if err != nil {
			return f, err
		}
		f.Parent = parent.Code
	}
	return f, nil
}

func (p pages) change(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	base, err := p.writer(r)
	if err != nil {
		return web.Outcome{}, err
	}
	old, err := p.service.Get(r.Context(), r.PathValue("id"), base.Now)
	if err != nil {
		return web.Outcome{}, err
	}
	f := p.sent(base, r)
	f.Unit = &old
	d, err := p.draft(r, f)
	if err == nil {
		var u Unit
		var ack ledger.Ack
		if u, ack, err = p.service.Change(r.Context(), base.Actor, old.ID, d); err == nil {
			return web.Saved(ack, u.AddressOn(u.From), "unit.done.changed"), nil
		}
	}
	f.Err = err
	return again("unit/form", f, err)
}

func (p pages) end(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	base, err := p.writer(r)
	if err != nil {
		return web.Outcome{}, err
	}
	f, err := p.filled(base, r)
	if err != nil {
		return web.Outcome{}, err
	}
	f.EndDay, f.EndBasis = r.PostFormValue("day"), r.PostFormValue("end-basis")
	day, err := lang.ParseDate(f.EndDay)
	if err != nil {
		err = fault.All(err)[0].In("day")
	} else {
		var ack ledger.Ack
		if _, ack, err = p.service.End(r.Context(), base.Actor, f.Unit.ID, day, f.EndBasis); err == nil {
			return web.Saved(ack, f.Unit.AddressOn(day.AddDate(0, 0, -1)), "unit.done.ended"), nil
		}
	}
	f.EndErr = err
	return again("unit/form", f, err)
}

// linkPage is the form of a link.
type linkPage struct {
	web.Base
	Err                                       error
	From, To, Kind, Day, Basis, Share, Method string
	Kinds                                     []lineage.Kind
}

func (p pages) linkForm(w http.ResponseWriter, r *http.Request) error {
	base, err := p.Base(r)
	if err != nil {
		return err
	}
	return p.Render(w, r, "unit/link", linkPage{Base: base, Err: nothingWrong, Kinds: lineage.Kinds, From: lang.Line(r.URL.Query().Get("tu")), Kind: string(lineage.Whole)})
}

func (p pages) link(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	base, err := p.writer(r)
	if err != nil {
		return web.Outcome{}, err
	}
	v := r.PostFormValue
	f := linkPage{Base: base, Err: nothingWrong, Kinds: lineage.Kinds, From: v("from"), To: v("to"), Kind: v("kind"), Day: v("day"), Basis: v("basis"), Share: v("share"), Method: v("method")}
	d, from, err := p.linkDraft(r, f)
	if err == nil {
		var ack ledger.Ack
		if ack, err = p.service.Link(r.Context(), base.Actor, d); err == nil {
			return web.Saved(ack, from.AddressOn(d.Day.AddDate(0, 0, -1)), "unit.done.linked"), nil
		}
	}
	f.Err = err
	return again("unit/link", f, err)
}

// linkDraft reads the form: the old code as of the day before, the new one as of
// the day.
func (p pages) linkDraft(r *http.Request, f linkPage) (d LinkDraft, from Unit, err error) {
	var bad fault.List
	d = LinkDraft{Kind: lineage.Kind(f.Kind), Basis: f.Basis, ShareMethod: f.Method}
	if d.Day, err = lang.ParseDate(f.Day); err != nil {
		return d, from, fault.List{fault.All(err)[0].In("day")}
	}
	find := func(code, field string, on time.Time) (Unit, error) {
		if lang.Line(code) == "" {
			return Unit{}, nil
		}
		u, err := p.service.ByCode(r.Context(), code, on)
		if err != nil && fault.KindOf(err) == fault.Internal {
			return u, err
		}
		for _, e := range fault.All(err) {
			bad = append(bad, fault.New(fault.Invalid, e.Text, e.Args...).In(field))
		}
		return u, nil
	}
	from, err = find(f.From, "from", d.Day.AddDate(0, 0, -1))
	if err != nil {
		return d, from, err
	}
	to, err := find(f.To, "to", d.Day)
	if err != nil {
		return d, from, err
	}
	d.From, d.To = from.ID, to.ID
	var ok bool
	if d.ShareNum, d.ShareDen, ok = readShare(lang.Line(f.Share)); !ok {
		bad.Add("share", "unit.import.share", f.Share)
	}
	if len(bad) > 0 {
		return d, from, bad
	}
	d, err = d.Clean()
	return d, from, err
}

// importPage is the form of an import, and the preview of a file.
type importPage struct {
	web.Base
	Err     error
	Day     string
	AsLinks bool
	Result  *Result // the preview, nil before
	Held    string  // the file, packed, for the form that confirms
	Counts  string  // what the preview promised
	Same    bool    // the file brings nothing new
}

// FormErr is what is wrong with the form itself, not with the file it sent.
func (f importPage) FormErr() error {
	if f.Result != nil || f.Err == nil {
		return nothingWrong
	}
	return f.Err
}

func (p pages) importForm(w http.ResponseWriter, r *http.Request) error {
	base, err := p.Base(r)
	if err != nil {
		return err
	}
	return p.Render(w, r, "unit/import", importPage{Base: base})
}

// take answers both steps of an import. The first shows what a file would change
// and carries the file, packed, in the form that confirms: nothing is kept on the
// server that nobody confirmed. The second takes it in, unless the registry moved
// meanwhile and the file would now do something else.
func (p pages) take(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	base, err := p.writer(r)
	if err != nil {
		return web.Outcome{}, err
	}
	var big *http.MaxBytesError
	if err := r.ParseMultipartForm(4 << 20); errors.As(err, &big) {
		return web.Outcome{}, err
	} else if err != nil && !errors.Is(err, http.ErrNotMultipart) {
		return web.Again("unit/import", importPage{Base: base}, fault.New(fault.Invalid, "unit.import.nofile").In("file").Because(err)), nil
	}
	f := importPage{Base: base, Day: r.PostFormValue("day"), AsLinks: r.PostFormValue("links") != ""}
	body, err := sentFile(r)
	if err == nil {
		f.Held, err = packed(body)
	}
	var on time.Time
	if err == nil && lang.Line(f.Day) != "" {
		if on, err = lang.ParseDate(f.Day); err != nil {
			err = fault.All(err)[0].In("day")
		}
	}
	if err != nil {
		f.Err = err
		return again("unit/import", f, err)
	}
	preview, err := p.service.Preview(r.Context(), base.Actor, bytes.NewReader(body), on, f.AsLinks)
	f.Result, f.Counts, f.Same = &preview, promise(preview), err == nil && preview.Nothing()
	if err != nil {
		f.Err = err
		return again("unit/import", f, err)
	}
	if f.Same || r.PostFormValue("confirm") == "" {
		return web.Shown("unit/import", f), nil
	}
	if r.PostFormValue("counts") != f.Counts {
		f.Err = fault.New(fault.Conflict, "unit.import.moved")
		return web.Again("unit/import", f, f.Err), nil
	}
	_, ack, err := p.service.Import(r.Context(), base.Actor, bytes.NewReader(body), on, f.AsLinks)
	if err != nil {
		f.Err = err
		return again("unit/import", f, err)
	}
	if !ack.Recorded() {
		f.Same = true
		return web.Shown("unit/import", f), nil
	}
	return web.Saved(ack, "/quan-tri/don-vi", "unit.done.imported"), nil
}

// promise is what a preview says a file does, to compare with when it is
// confirmed.
func promise(r Result) string {
	var b strings.Builder
	b.WriteString(r.SHA256[:16])
	for _, n := range []int{r.Opened, r.Changed, r.Closed, r.Links} {
		b.WriteString("-" + strconv.Itoa(n))
	}
	return b.String()
}

// sentFile is the uploaded file, or the one that a preview carries.
func sentFile(r *http.Request) ([]byte, error) {
	large := fault.New(fault.TooLarge, "unit.import.large", MaxFile>>20).In("file")
	if held := r.PostFormValue("held"); held != "" {
		z, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, strings.NewReader(held)))
		if err != nil {
			return nil, fault.New(fault.Invalid, "unit.import.nofile").In("file").Because(err)
		}
		body, err := io.ReadAll(io.LimitReader(z, MaxFile+1))
		if err != nil {
			return nil, fault.New(fault.Invalid, "unit.import.nofile").In("file").Because(err)
		}
		if len(body) > MaxFile {
			return nil, large
		}
		return body, nil
	}
	file, head, err := r.FormFile("file")
	if errors.Is(err, http.ErrMissingFile) || errors.Is(err, http.ErrNotMultipart) {
		return nil, fault.New(fault.Invalid, "unit.import.nofile").In("file")
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if head.Size > MaxFile {
		return nil, large
	}
	return io.ReadAll(file)
}

func packed(body []byte) (string, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(body); err != nil {
		return "", err
	}
	if err := z.Close(); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(b.Bytes()), nil
}

// ManageLink is the address of the form that changes a unit.
func (u Unit) ManageLink() string { return "/quan-tri/don-vi/sua/" + url.PathEscape(u.ID) }
