package unit

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/lineage"
	"dongthuan/internal/policy"
	"dongthuan/internal/web"
)

// Figure is a published figure of a unit, handed over by app. To is where it
// opens.
type Figure struct{ Period, Label, Value, To string }

// Membership is a term of a unit in a cluster, handed over by app.
type Membership struct {
	Cluster, Code, Role string
	From, To            time.Time
	URL                 string
}

type pages struct {
	*web.Site
	service  *Service
	figures  func(ctx context.Context, unitID string) ([]Figure, error)
	clusters func(ctx context.Context, unitID string) ([]Membership, error)
}

// Serve adds the pages of units. figures and clusters say what other rooms have
// published of a unit; either may be nil.
func Serve(site *web.Site, s *Service, figures func(ctx context.Context, unitID string) ([]Figure, error),
	clusters func(ctx context.Context, unitID string) ([]Membership, error)) {
	p := pages{site, s, figures, clusters}
	site.Handle(web.Route{Pattern: "GET /don-vi", Action: policy.ReadPublic, Page: p.list, Kept: true})
	site.Handle(web.Route{Pattern: "GET /don-vi/{code}", Action: policy.ReadPublic, Page: p.one, Kept: true})
	p.serveManage()
}

// perPage is how many units a page of a list shows.
const perPage = 50

// asked reads ?ngay=: the day asked for, and today where none is.
func asked(base web.Base, r *http.Request) (on time.Time, dated bool, err error) {
	text := r.URL.Query().Get("ngay")
	if text == "" {
		return base.Now, false, nil
	}
	on, err = lang.ParseDate(text)
	return on, true, err
}

type listPage struct {
	web.Base
	Text  string // what is searched
	On    time.Time
	Dated bool
	Units []listed
	Total int
	Pager pager
}

type listed struct {
	Unit
	Below int
	Above string // full name of its parent
	To    string
}

// pager leads through the pages of a list.
type pager struct {
	Page, Pages int
	Back, Next  string // addresses, "" at the ends
}

func newPager(r *http.Request, total int) (p pager, from, to int) {
	p.Pages = max(1, (total+perPage-1)/perPage)
	p.Page, _ = strconv.Atoi(r.URL.Query().Get("trang"))
	p.Page = min(max(p.Page, 1), p.Pages)
	at := func(n int) string {
		q := url.Values{}
		for _, key := range []string{"q", "ngay"} {
			if v := r.URL.Query().Get(key); v != "" {
				q.Set(key, v)
			}
		}
		q.Set("trang", strconv.Itoa(n))
		return r.URL.Path + "?" + q.Encode()
	}
	if p.Page > 1 {
		p.Back = at(p.Page - 1)
	}
	if p.Page < p.Pages {
		p.Next = at(p.Page + 1)
	}
	from = (p.Page - 1) * perPage
	return p, from, min(from+perPage, total)
}

func (p pages) list(w http.ResponseWriter, r *http.Request) error {
	page, err := p.listPage(r)
	if err != nil {
		return err
	}
	return p.Render(w, r, "unit/list", page)
}

// listPage is one page of the units found, or of the roots of the tree.
func (p pages) listPage(r *http.Request) (listPage, error) {
	ctx := r.Context()
	base, err := p.Base(r)
	if err != nil {
		return listPage{}, err
	}
	page := listPage{Base: base, Text: lang.Line(r.URL.Query().Get("q"))}
	if page.On, page.Dated, err = asked(base, r); err != nil {
		return page, err
	}
	all, below, err := p.service.Roots(ctx, page.On)
	if err != nil {
		return page, err
	}
	if page.Text != "" {
		if all, err = p.service.Find(ctx, page.Text, page.On); err != nil {
			return page, err
		}
	}
	var from, to int
	page.Total = len(all)
	page.Pager, from, to = newPager(r, len(all))
	all = all[from:to]
	var parents []string
	for _, u := range all {
		parents = append(parents, u.ParentID)
	}
	above, err := p.service.GetMany(ctx, parents, page.On)
	if err != nil {
		return page, err
	}
	for _, u := range all {
		page.Units = append(page.Units, listed{u, below[u.ID], above[u.ParentID].FullName(), address(u, page.On, page.Dated)})
	}
	return page, nil
}

// address is a unit's page: of the day asked for, or of today.
func address(u Unit, on time.Time, dated bool) string {
	if dated {
		return u.AddressOn(on)
	}
	return u.Address()
}

// one answers /don-vi/CODE. A code means something only with a date: without one
// it is today's unit of that code, if the code never meant another; else the page
// asks. What is gone leads on to what it is part of now.
func (p pages) one(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	base, err := p.Base(r)
	if err != nil {
		return err
	}
	on, dated, err := asked(base, r)
	if err != nil {
		return err
	}
	code := lang.Line(r.PathValue("code"))
	versions, err := p.service.Holders(ctx, code)
	if err != nil {
		return err
	}
	if len(versions) == 0 { // units without a code stand under their id
		if versions, err = unitsByID(ctx, p.service.db, []string{code}); err != nil {
			return err
		}
	}
	if len(versions) == 0 {
		return fault.New(fault.NotFound, "unit.code.unknown", code)
	}
	var then []Unit
	for _, v := range versions {
		if v.On(on) {
			then = append(then, v)
		}
	}
	switch units := holders(versions); {
	case dated && len(then) == 1, !dated && len(then) == 1 && !Ambiguous(versions):
		return p.show(w, r, base, then[0], on, dated)
	case !dated && !Ambiguous(versions) && len(then) == 0:
		return p.gone(w, r, base, units[len(units)-1].Unit)
	case dated && len(units) == 1:
		u := units[0].Unit
		u.Nearest = true
		return p.show(w, r, base, u, on, dated)
	default:
		return p.Render(w, r, "unit/choose", choosePage{base, code, on, dated, units})
	}
}

type choosePage struct {
	web.Base
	Code  string
	On    time.Time
	Dated bool
	Units []Held
}

// gone answers the address of a unit that no longer exists: where all of it is in
// one unit now, by going there; else by its last page, which says where it went.
func (p pages) gone(w http.ResponseWriter, r *http.Request, base web.Base, u Unit) error {
	ctx := r.Context()
	now, err := p.service.Resolve(ctx, u.ID, u.To.AddDate(0, 0, -1), base.Now)
	if err != nil {
		return err
	}
	if len(now.Units) == 1 && now.Units[0].Whole && now.Units[0].Code != "" {
		to := now.Units[0].Unit
		versions, err := p.service.Holders(ctx, to.Code)
		if err != nil {
			return err
		}
		// The address carries a day where its code alone would ask for one.
		where := to.Address() + "?tu=" + url.QueryEscape(u.Code)
		if Ambiguous(versions) {
			where = to.AddressOn(base.Now) + "&tu=" + url.QueryEscape(u.Code)
		}
		http.Redirect(w, r, where, http.StatusFound)
		return nil
	}
	return p.show(w, r, base, u, u.To.AddDate(0, 0, -1), false)
}

type onePage struct {
	web.Base
	Unit     Unit
	On       time.Time
	Dated    bool      // a day was asked for
	Ended    time.Time // since when the unit no longer exists, zero while it does
	Today    Resolved  // where it is today, if it is gone or was divided
	Moved    bool      // Today says something else than the unit itself
	CameFrom *Unit     // the old address that led here
	Parents  []Unit    // the highest first
	Children []listed
	Pager    pager
	Below    int // how many children
	Versions []Unit
	From, To []Link
	Picture  picture
	Figures  []Figure
	Clusters []Membership
}

func (p pages) show(w http.ResponseWriter, r *http.Request, base web.Base, u Unit, on time.Time, dated bool) error {
	ctx := r.Context()
	page := onePage{Base: base, Unit: u, On: on, Dated: dated}
	if u.Nearest { // what stood around it then
		on = u.From
	}
	var err error
	if page.Parents, err = p.service.Parents(ctx, u.ID, on); err != nil {
		return err
	}
	slices.Reverse(page.Parents)
	children, err := p.service.Children(ctx, u.ID, on)
	if err != nil {
		return err
	}
	var from, to int
	page.Below = len(children)
	page.Pager, from, to = newPager(r, len(children))
	for _, c := range children[from:to] {
		page.Children = append(page.Children, listed{Unit: c, To: address(c, on, true)})
	}
	if page.Versions, page.From, page.To, err = p.service.History(ctx, u.ID); err != nil {
		return err
	}
	last := page.Versions[len(page.Versions)-1]
	if !last.To.IsZero() && !base.Now.Before(last.To) {
		page.Ended = last.To
	}
	if page.Today, err = p.service.Resolve(ctx, u.ID, on, base.Now); err != nil {
		return err
	}
	page.Moved = len(page.Today.Units) != 1 || page.Today.Units[0].ID != u.ID || len(page.Today.Untold) > 0
	page.Moved = page.Moved && !on.After(base.Now)
	if page.CameFrom, err = p.cameFrom(ctx, r.URL.Query().Get("tu"), u, base.Now); err != nil {
		return err
	}
	page.Picture = draw(p.Site, base.Lang, u, page.From, page.To)
	if p.figures != nil {
		if page.Figures, err = p.figures(ctx, u.ID); err != nil {
			return err
		}
	}
	if p.clusters != nil {
		if page.Clusters, err = p.clusters(ctx, u.ID); err != nil {
			return err
		}
	}
	return p.Render(w, r, "unit/one", page)
}

// cameFrom finds the unit whose old address led to u: it had the code, and is in
// u today. Anything else in ?tu= is passed over.
func (p pages) cameFrom(ctx context.Context, code string, u Unit, now time.Time) (*Unit, error) {
	if code == "" || len(code) > 30 {
		return nil, nil
	}
	versions, err := p.service.Holders(ctx, code)
	if err != nil {
		return nil, err
	}
	for _, old := range holders(versions) {
		if old.ID == u.ID || old.To.IsZero() {
			continue
		}
		there, err := p.service.Resolve(ctx, old.ID, old.To.AddDate(0, 0, -1), now)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(there.Units, func(got ResolvedUnit) bool { return got.ID == u.ID }) {
			return &old.Unit, nil
		}
	}
	return nil, nil
}

// picture is the lineage as a drawing: what the unit was made from above it, what
// it became below. The lists beside it say the same in words.
type picture struct {
	Width, Height int
	Boxes         []box
	Lines         []line
}

type box struct {
	X, Y, W      int
	TextX, TextY int
	Words        string
	Here         bool // the unit of the page
}

type line struct {
	Path   string
	Dashed bool // a part only
}

const (
	pictureWidth = 360
	boxHeight    = 30
	boxStep      = 38
	pictureMost  = 9 // boxes on a side; the list has them all
	indent       = 44
)

// draw makes the picture; it is empty for a unit that came from nowhere and went
// nowhere.
func draw(site *web.Site, l string, u Unit, from, to []Link) (p picture) {
	if len(from)+len(to) == 0 {
		return p
	}
	p.Width = pictureWidth
	y := 1
	put := func(x int, words string, here bool) int {
		// About 7.2 units a letter at the size of the picture's text.
		if most := (pictureWidth - x - 22) * 10 / 72; len([]rune(words)) > most {
			words = string([]rune(words)[:most-1]) + "…"
		}
		p.Boxes = append(p.Boxes, box{x, y, pictureWidth - x - 1, x + 10, y + 20, words, here})
		top := y
		y += boxStep
		return top
	}
	side := func(links []Link, far func(Link) Unit, join func(top int, dashed bool)) {
		shown := links
		if len(links) > pictureMost {
			shown = links[:pictureMost-1]
		}
		for _, k := range shown {
			join(put(indent, far(k).FullName(), false), !k.Kind.Empties() || k.Kind == lineage.Remainder)
		}
		if rest := len(links) - len(shown); rest > 0 {
			join(put(indent, site.Text.Text(l, "unit.picture.more", rest), false), true)
		}
	}
	type end struct {
		at     int
		dashed bool
	}
	var above []end
	side(from, func(k Link) Unit { return k.From }, func(top int, dashed bool) {
		above = append(above, end{top + boxHeight/2, dashed})
	})
	here := put(1, u.FullName(), true)
	for _, e := range above {
		p.Lines = append(p.Lines, line{"M" + itoas(indent, e.at) + "H20V" + strconv.Itoa(here), e.dashed})
	}
	side(to, func(k Link) Unit { return k.To }, func(top int, dashed bool) {
		p.Lines = append(p.Lines, line{"M20 " + strconv.Itoa(here+boxHeight) + "V" + strconv.Itoa(top+boxHeight/2) + "H" + strconv.Itoa(indent), dashed})
	})
	p.Height = y - boxStep + boxHeight + 1
	return p
}

func itoas(x, y int) string { return strconv.Itoa(x) + " " + strconv.Itoa(y) }
