package evidence

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"dongthuan/internal/fault"
	"dongthuan/internal/policy"
	"dongthuan/internal/web"
)

// Owners decide, by room, who may see the evidence of an object. The zero Actor
// is the public.
type Owners map[string]func(ctx context.Context, actor policy.Actor, object string) error

type pages struct {
	*web.Site
	store  *Store
	owners Owners
}

// Serve adds the downloads. A file is opened to whom the owner of any of its uses
// lets see it; to all others it is not there.
func Serve(site *web.Site, s *Store, owners map[string]func(ctx context.Context, actor policy.Actor, object string) error) {
	p := pages{site, s, owners}
	site.Handle(web.Route{Pattern: "GET /tep/{hash}", Action: policy.ReadPublic, Page: p.original})
	for _, v := range []Variant{Public, Small} {
		site.Handle(web.Route{Pattern: "GET /tep/{hash}/" + string(v), Action: policy.ReadPublic, Page: func(w http.ResponseWriter, r *http.Request) error {
			return p.image(w, r, v)
		}})
	}
}

// sandbox lets a file that is opened as a page do nothing at all.
const sandbox = "sandbox; default-src 'none'"

// original answers with the bytes as they came, to be saved. The public gets the
// copy of an image that carries more than its picture: place and device stay here.
func (p pages) original(w http.ResponseWriter, r *http.Request) error {
	it, actor, public, err := p.find(r)
	if err != nil {
		return err
	}
	if it.Kind.Image() && !it.bare {
		if !actor.SignedIn() {
			http.Redirect(w, r, it.Path(), http.StatusSeeOther)
			return nil
		}
		p.Log.InfoContext(r.Context(), "original image opened", "hash", it.Hash, "account", actor.Account)
	}
	w.Header().Set("Content-Disposition", disposition(it.Name))
	return p.send(w, r, it, Original, it.Kind.Media(), public, "no-cache")
}

// image answers with a copy made anew, to be shown in a page.
func (p pages) image(w http.ResponseWriter, r *http.Request, v Variant) error {
	it, _, public, err := p.find(r)
	if err != nil {
		return err
	}
	if !it.Kind.Image() {
		return web.NotFound()
	}
	return p.send(w, r, it, v, "", public, "max-age=31536000, immutable")
}

func (p pages) send(w http.ResponseWriter, r *http.Request, it Item, v Variant, media string, public bool, keep string) error {
	body, err := p.store.Open(r.Context(), it.Hash, v)
	if err != nil {
		return err
	}
	defer body.Close()
	if media == "" { // a PNG's copy may be a JPEG
		head := make([]byte, 512)
		n, err := io.ReadFull(body, head)
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			return fmt.Errorf("read file %s: %w", it.Hash, err)
		}
		if _, err := body.Seek(0, io.SeekStart); err != nil {
			return fmt.Errorf("read file %s: %w", it.Hash, err)
		}
		media = http.DetectContentType(head[:n])
	}
	scope := "private, "
	if public {
		scope = "public, "
	}
	h := w.Header()
	h.Set("Content-Type", media)
	h.Set("Content-Security-Policy", sandbox)
	h.Set("Cache-Control", scope+keep)
	h.Set("ETag", `"`+it.Hash+"-"+string(v)+`"`)
	http.ServeContent(w, r, "", it.AddedAt, body)
	return nil
}

// find returns a use of the file that the sender of the request may see, and
// whether everybody may. A withdrawn use counts only for people who are signed
// in.
func (p pages) find(r *http.Request) (_ Item, actor policy.Actor, public bool, err error) {
	ctx, hash := r.Context(), r.PathValue("hash")
	if !validHash(hash) {
		return Item{}, actor, false, web.NotFound()
	}
	items, err := listItems(ctx, p.store.db, `i.hash = $1`, hash)
	if err != nil {
		return Item{}, actor, false, err
	}
	for _, it := range items {
		ok, err := p.may(ctx, policy.Actor{}, it)
		if err != nil {
			return it, actor, false, err
		}
		public = public || ok
	}
	if actor, err = p.Actor(r); err != nil {
		return Item{}, actor, false, err
	}
	for _, it := range items {
		ok, err := p.may(ctx, actor, it)
		if err != nil {
			return it, actor, false, err
		}
		if ok {
			return it, actor, public, nil
		}
	}
	return Item{}, actor, false, web.NotFound()
}

func (p pages) may(ctx context.Context, actor policy.Actor, it Item) (bool, error) {
	ask := p.owners[it.Room]
	if ask == nil || !it.WithdrawnAt.IsZero() && !actor.SignedIn() {
		return false, nil
	}
	err := ask(ctx, actor, it.Object)
	if err == nil || isRefusal(err) {
		return err == nil, nil
	}
	return false, fmt.Errorf("ask who may see evidence of %s: %w", it.Room, err)
}

// disposition is the Content-Disposition of a file to be saved: a plain name for
// old programs, and the full one as RFC 6266 and RFC 5987 encode it.
func disposition(name string) string {
	name = cleanName(name)
	var plain strings.Builder
	for _, r := range norm.NFD.String(name) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case r == 'đ':
			plain.WriteByte('d')
		case r == 'Đ':
			plain.WriteByte('D')
		case r < 0x80 && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(" ._-()", r)):
			plain.WriteRune(r)
		default:
			plain.WriteByte('_')
		}
	}
	return `attachment; filename="` + plain.String() + `"; filename*=UTF-8''` + strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
}

// Form is a form as it was sent, with its files.
type Form struct {
	url.Values
	files map[string]*Pending
	errs  fault.List
}

// maxText is how many bytes of one text field are read.
const maxText = 512 << 10

// ReadForm reads a form, with files or without, as a stream. A refused file is an
// error of its field, which File returns, so that what was typed is not lost: file
// fields stand after the text fields in a form. The caller MUST close the form.
func (s *Store) ReadForm(r *http.Request) (*Form, error) {
	f := &Form{Values: url.Values{}, files: map[string]*Pending{}}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "multipart/form-data" {
		if err := r.ParseForm(); err != nil {
			return nil, badForm(err)
		}
		f.Values = r.PostForm
		return f, nil
	}
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, badForm(err)
	}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return f, nil
		}
		if err != nil {
			return f.stop(err)
		}
		field := part.FormName()
		if _, isFile, err := fileName(part.Header.Get("Content-Disposition")); err != nil || !isFile {
			text, err := io.ReadAll(io.LimitReader(part, maxText+1))
			if err != nil {
				return f.stop(err)
			}
			if len(text) > maxText {
				return f.stop(&http.MaxBytesError{Limit: maxText})
			}
			f.Add(field, string(text))
			continue
		}
		if err := s.readFile(r.Context(), f, field, part.FileName(), part); err != nil {
			if errors.Is(err, io.ErrUnexpectedEOF) {
				err = badForm(err)
			}
			return nil, errors.Join(err, f.Close())
		}
	}
}

// readFile receives one file of a form. A field left empty is sent as a file
// without a name.
func (s *Store) readFile(ctx context.Context, f *Form, field, name string, body io.Reader) error {
	if name == "" || f.files[field] != nil {
		return nil
	}
	p, err := s.Prepare(ctx, body, name)
	if refused := fault.All(err); refused != nil {
		f.errs = append(f.errs, refused[0].In(field))
		return nil
	}
	if err != nil {
		return err
	}
	f.files[field] = p
	return nil
}

func fileName(header string) (name string, ok bool, err error) {
	_, params, err := mime.ParseMediaType(header)
	name, ok = params["filename"]
	return name, ok, err
}

// stop gives up on a form that cannot be read to its end.
func (f *Form) stop(err error) (*Form, error) {
	return nil, errors.Join(badForm(err), f.Close())
}

// badForm leaves a body that is too large to the site, which says the limit.
func badForm(err error) error {
	var big *http.MaxBytesError
	if errors.As(err, &big) || fault.All(err) != nil {
		return err
	}
	return fault.New(fault.Invalid, "evidence.form").Because(err)
}

// File returns the file of a field, nil where none was chosen, or why it was
// refused.
func (f *Form) File(field string) (*Pending, error) {
	for _, e := range f.errs {
		if e.Field == field {
			return nil, e
		}
	}
	return f.files[field], nil
}

// Close removes the files that were not kept.
func (f *Form) Close() error {
	var all error
	for _, p := range f.files {
		all = errors.Join(all, p.Close())
	}
	return all
}
