package news

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"dongthuan/internal/evidence"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/policy"
	"dongthuan/internal/web"
)

// pageSize is how many articles a page of the list has.
const pageSize = 15

// related is how many articles are offered under one.
const related = 4

// formLimit is the largest form: a photograph and the text.
const formLimit = evidence.MaxSize + 2<<20

type pages struct {
	*web.Site
	service *Service
	files   *evidence.Store
}

// Serve adds the public pages, the feeds and the editor's pages.
func Serve(site *web.Site, s *Service) {
	p := pages{site, s, s.files}
	for _, r := range []web.Route{
		{Pattern: "GET /tin", Action: policy.ReadPublic, Page: p.list, Kept: true},
		{Pattern: "GET /tin/{slug}", Action: policy.ReadPublic, Page: p.one, Kept: true, Seen: p.seen},
		{Pattern: "GET /tin.atom", Action: policy.ReadPublic, Page: p.atom},
		{Pattern: "GET /tin.json", Action: policy.ReadPublic, Page: p.jsonFeed},

		{Pattern: "GET /viec/tin", Action: policy.NewsWrite, Page: p.own},
		{Pattern: "GET /viec/tin/moi", Action: policy.NewsWrite, Page: p.blank},
		{Pattern: "POST /viec/tin/moi", Action: policy.NewsWrite, Write: p.create, Limit: formLimit},
		{Pattern: "GET /viec/tin/{id}", Action: policy.NewsWrite, Page: p.edit},
		{Pattern: "POST /viec/tin/{id}", Action: policy.NewsWrite, Write: p.save, Limit: formLimit},
		{Pattern: "POST /viec/tin/{id}/go", Action: policy.NewsWrite, Write: p.retract},
	} {
		site.Handle(r)
	}
}

type listPage struct {
	web.Base
	Items      []Item
	Categories []Category
	Category   Category // chosen, zero for all
	Number     int
	Newer      string // address of the page with newer articles, "" on the first
	Older      string
}

func (p pages) list(w http.ResponseWriter, r *http.Request) error {
	base, err := p.Base(r)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	page := listPage{Base: base, Number: 1}
	if page.Categories, err = p.service.Categories(r.Context()); err != nil {
		return err
	}
	if slug := q.Get("muc"); slug != "" {
		for _, c := range page.Categories {
			if c.Slug == slug {
				page.Category = c
			}
		}
		if page.Category.Slug == "" {
			return web.NotFound()
		}
	}
	if text := q.Get("trang"); text != "" {
		if page.Number, err = strconv.Atoi(text); err != nil || page.Number < 1 || page.Number > 1_000_000 {
			return web.NotFound()
		}
	}
	var total int
	if page.Items, total, err = p.service.Page(r.Context(), page.Category.Slug, page.Number, pageSize); err != nil {
		return err
	}
	if page.Number > 1 && len(page.Items) == 0 {
		return web.NotFound()
	}
	if page.Number > 1 {
		page.Newer = listPath(page.Category.Slug, page.Number-1)
	}
	if page.Number*pageSize < total {
		page.Older = listPath(page.Category.Slug, page.Number+1)
	}
	return p.Render(w, r, "news/list", page)
}

func listPath(category string, number int) string {
	q := url.Values{}
	if category != "" {
		q.Set("muc", category)
	}
	if number > 1 {
		q.Set("trang", strconv.Itoa(number))
	}
	if len(q) == 0 {
		return "/tin"
	}
	return "/tin?" + q.Encode()
}

type onePage struct {
	web.Base
	Item        Item
	Article     article
	Views       string
	Corrections []Correction
	Related     []Item
}

func (p pages) one(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	base, err := p.Base(r)
	if err != nil {
		return err
	}
	page := onePage{Base: base}
	if page.Item, err = p.service.BySlug(ctx, r.PathValue("slug")); err != nil {
		return err
	}
	if page.Related, err = p.service.Related(ctx, page.Item, related); err != nil {
		return err
	}
	if page.Item.State == Retracted {
		return p.Render(gone{w}, r, "news/gone", page)
	}
	if page.Corrections, err = p.service.Corrections(ctx, page.Item.ID); err != nil {
		return err
	}
	page.Article = layOut(page.Item.Draft, page.Item.Photos)
	page.Views = lang.Figure(base.Lang, page.Item.Views*lang.Unit)
	return p.Render(w, r, "news/one", page)
}

// gone answers with 410: it was there, and was taken down.
type gone struct{ http.ResponseWriter }

func (g gone) WriteHeader(int) { g.ResponseWriter.WriteHeader(http.StatusGone) }

func (p pages) seen(r *http.Request) {
	if r.Method == http.MethodGet {
		p.service.Seen(r.PathValue("slug"))
	}
}

type ownPage struct {
	web.Base
	Groups []group
	Any    bool
}

// group is the articles of one state.
type group struct {
	State State
	Items []Item
}

func (p pages) own(w http.ResponseWriter, r *http.Request) error {
	base, err := p.Base(r)
	if err != nil {
		return err
	}
	all, err := p.service.List(r.Context(), base.Actor)
	if err != nil {
		return err
	}
	page := ownPage{Base: base, Any: len(all) > 0}
	for _, state := range []State{Drafted, Published, Retracted} {
		g := group{State: state}
		for _, it := range all {
			if it.State == state {
				g.Items = append(g.Items, it)
			}
		}
		if len(g.Items) > 0 {
			page.Groups = append(page.Groups, g)
		}
	}
	return p.Render(w, r, "news/own", page)
}

type editPage struct {
	web.Base
	Item       Item   // as it is saved; zero for a new one
	Typed      Change // as it stands in the form
	Rows       []photoRow
	Err        fault.List
	Preview    *article
	LostFile   bool  // a photograph was chosen and must be chosen again
	Theirs     *Item // what another editor saved meanwhile
	Reason     string
	Versions   []Version
	Categories []Category
}

// photoRow is a photograph with what was typed for it.
type photoRow struct {
	Photo
	Drop  bool
	Place int64
}

// IsNew reports whether nothing is saved yet.
func (p editPage) IsNew() bool { return p.Item.ID == "" }

// Action is where the form is sent.
func (p editPage) Action() string {
	if p.IsNew() {
		return "/viec/tin/moi"
	}
	return "/viec/tin/" + p.Item.ID
}

// Accept is what the field of photographs takes.
func (p editPage) Accept() string { return evidence.AcceptImages }

// editor is the page of an article as it is saved, id "" for a new one.
func (p pages) editor(r *http.Request, id string) (page editPage, err error) {
	ctx := r.Context()
	if page.Base, err = p.Base(r); err != nil {
		return page, err
	}
	if page.Categories, err = p.service.Categories(ctx); err != nil {
		return page, err
	}
	if id == "" {
		page.Typed.Byline = page.Actor.Office
		return page, mayWrite(page.Actor)
	}
	if page.Item, err = p.service.Get(ctx, page.Actor, id); err != nil {
		return page, err
	}
	if page.Versions, err = p.service.Versions(ctx, page.Actor, id); err != nil {
		return page, err
	}
	page.Typed = Change{Draft: page.Item.Draft, Version: page.Item.Version}
	page.rows()
	return page, nil
}

// rows joins the photographs that are saved with what was typed for them.
func (p *editPage) rows() {
	typed := map[string]PhotoChange{}
	for _, c := range p.Typed.Photos {
		typed[c.ID] = c
	}
	p.Rows = nil
	for i, photo := range p.Item.Photos {
		row := photoRow{Photo: photo, Place: int64(i + 1)}
		if c, ok := typed[photo.ID]; ok {
			row.Caption, row.Alt, row.Place, row.Drop = c.Caption, c.Alt, c.Order, c.Drop
		}
		p.Rows = append(p.Rows, row)
	}
}

func (p pages) blank(w http.ResponseWriter, r *http.Request) error {
	page, err := p.editor(r, "")
	if err != nil {
		return err
	}
	return p.Render(w, r, "news/edit", page)
}

func (p pages) edit(w http.ResponseWriter, r *http.Request) error {
	page, err := p.editor(r, r.PathValue("id"))
	if err != nil {
		return err
	}
	return p.Render(w, r, "news/edit", page)
}

// readChange reads the form of an article.
func readChange(f *evidence.Form, photos []Photo) Change {
	c := Change{
		Draft:   Draft{f.Get("category"), f.Get("title"), f.Get("lead"), f.Get("body"), f.Get("byline")},
		Caption: f.Get("caption"), Alt: f.Get("alt"), Correction: f.Get("correction"), Publish: f.Get("act") == "publish",
	}
	c.Version, _ = strconv.ParseInt(f.Get("version"), 10, 64) // what is no number is no version
	for i, p := range photos {
		if !f.Has("alt" + p.ID) {
			continue // added by another editor after this form was made
		}
		change := PhotoChange{ID: p.ID, Caption: f.Get("caption" + p.ID), Alt: f.Get("alt" + p.ID), Drop: f.Has("drop" + p.ID)}
		var err error
		if change.Order, err = strconv.ParseInt(strings.TrimSpace(f.Get("place"+p.ID)), 10, 32); err != nil {
			change.Order = int64(i + 1)
		}
		c.Photos = append(c.Photos, change)
	}
	return c
}

func (p pages) create(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	page, err := p.editor(r, "")
	if err != nil {
		return web.Outcome{}, err
	}
	return p.take(r, page, func(page editPage, photo *evidence.Pending) (web.Outcome, error) {
		id, ack, err := p.service.Create(r.Context(), page.Actor, page.Typed, photo)
		return web.Saved(ack, "/viec/tin/"+id, doneKey(page)), err
	})
}

func (p pages) save(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	page, err := p.editor(r, r.PathValue("id"))
	if err != nil {
		return web.Outcome{}, err
	}
	return p.take(r, page, func(page editPage, photo *evidence.Pending) (web.Outcome, error) {
		ack, err := p.service.Save(r.Context(), page.Actor, page.Item.ID, page.Typed, photo)
		return web.Saved(ack, page.Action(), doneKey(page)), err
	})
}

func doneKey(p editPage) string {
	switch {
	case p.Item.State == Published:
		return "news.done.corrected"
	case p.Typed.Publish:
		return "news.done.published"
	}
	return "news.done.saved"
}

// take reads the form into page, shows a preview where that is asked, and else
// lets act save it. What is refused comes back as it was typed; a browser does
// not send a chosen file twice, so that the page asks for it again.
func (p pages) take(r *http.Request, page editPage, act func(editPage, *evidence.Pending) (web.Outcome, error)) (web.Outcome, error) {
	f, err := p.files.ReadForm(r)
	if err != nil {
		return web.Outcome{}, err
	}
	defer f.Close()
	page.Typed = readChange(f, page.Item.Photos)
	page.rows()
	photo, err := f.File("photo")
	page.LostFile = photo != nil
	if f.Get("act") == "preview" {
		page.Preview, page.Err = page.preview(), fault.All(err)
		return web.Shown("news/edit", page), nil
	}
	if err != nil {
		return p.again(r, page, err)
	}
	out, err := act(page, photo)
	if err != nil {
		return p.again(r, page, err)
	}
	return out, nil
}

// again shows the form with what is wrong. Where another editor saved meanwhile
// both texts are shown, and saving once more puts this one over theirs, which
// stays among the versions.
func (p pages) again(r *http.Request, page editPage, err error) (web.Outcome, error) {
	switch fault.KindOf(err) {
	case fault.Internal, fault.Forbidden, fault.NotFound:
		return web.Outcome{}, err
	case fault.Conflict:
		now, lost := p.editor(r, page.Item.ID)
		if lost != nil {
			return web.Outcome{}, lost
		}
		if now.Item.Version != page.Typed.Version {
			page.Theirs = &now.Item
			page.Item, page.Versions, page.Typed.Version = now.Item, now.Versions, now.Item.Version
			page.rows()
		}
	}
	page.Err = fault.All(err)
	return web.Again("news/edit", page, err), nil
}

// preview lays out what was typed, with the photographs that are saved.
func (p editPage) preview() *article {
	c := p.Typed.clean()
	photos, _ := arrange(p.Item.Photos, c.Photos)
	a := layOut(c.Draft, photos)
	return &a
}

func (p pages) retract(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	page, err := p.editor(r, r.PathValue("id"))
	if err != nil {
		return web.Outcome{}, err
	}
	if err := r.ParseForm(); err != nil {
		return web.Outcome{}, err
	}
	version, _ := strconv.ParseInt(r.PostForm.Get("version"), 10, 64) // what is no number is no version
	page.Reason = r.PostForm.Get("reason")
	ack, err := p.service.Retract(r.Context(), page.Actor, page.Item.ID, version, page.Reason)
	if err != nil {
		return p.again(r, page, err)
	}
	return web.Saved(ack, page.Action(), "news.done.retracted"), nil
}
