package app

import (
	"embed"
	"net/http"
	"strings"
	"time"

	"dongthuan/internal/cluster"
	"dongthuan/internal/emulation"
	"dongthuan/internal/fault"
	"dongthuan/internal/news"
	"dongthuan/internal/policy"
	"dongthuan/internal/report"
	"dongthuan/internal/web"
)

//go:embed text.json
var ownText []byte

//go:embed pages/*.html
var pagesFS embed.FS

// serveOwn adds the pages that belong to no room: the first page, administration,
// the page of components, health, sitemap.
func (a *App) serveOwn() {
	a.Site.Handle(web.Route{Pattern: "GET /{$}", Action: policy.ReadPublic, Page: a.home, Kept: true})
	a.Site.Handle(web.Route{Pattern: "GET /quan-tri", Action: policy.System, Page: a.manage})
	a.Site.Handle(web.Route{Pattern: "GET /quan-tri/mau", Action: policy.System, Page: a.components})
	a.Site.Handle(web.Route{Pattern: "GET /healthz", Action: policy.ReadPublic, Page: a.healthy})
	a.Site.Handle(web.Route{Pattern: "GET /readyz", Action: policy.ReadPublic, Page: a.ready})
	a.Site.Handle(web.Route{Pattern: "GET /robots.txt", Action: policy.ReadPublic, Page: a.robots})
	a.Site.Handle(web.Route{Pattern: "GET /sitemap.xml", Action: policy.ReadPublic, Page: a.sitemap, Kept: true})
}

type homePage struct {
	web.Base
	News    []news.Item
	Cluster *cluster.Cluster
	Period  *cluster.Period
	Public  string
	Top     []cluster.Place
	Report  *report.Report
	Facts   []homeFact
	Members []homeMember
}

type homeFact struct{ Label, To, Value string }

type homeMember struct{ Code, Name, To string }

// home shows the news, the newest review and the units of its cluster.
func (a *App) home(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	base, err := a.Site.Base(r)
	if err != nil {
		return err
	}
	page := homePage{Base: base}
	if page.News, err = a.News.Latest(ctx, 6); err != nil {
		return err
	}
	p, ok, err := a.Clusters.Latest(ctx)
	if err != nil {
		return err
	}
	if ok {
		if err := a.fillReview(r, &page, p); err != nil {
			return err
		}
	}
	return a.Site.Render(w, r, "app/home", page)
}

func (a *App) fillReview(r *http.Request, page *homePage, p cluster.Period) error {
	ctx := r.Context()
	c, err := a.Clusters.ByID(ctx, p.ClusterID)
	if err != nil {
		return err
	}
	page.Cluster, page.Period, page.Public = &c, &p, emulation.PeriodPath(c, p)
	if page.Top, err = a.topPlaces(ctx, p.ID); err != nil {
		return err
	}
	rep, ok, err := a.Reports.OfPeriod(ctx, p.ID)
	if err != nil {
		return err
	}
	if ok && rep.State == report.Published {
		page.Report = &rep
	}
	members, err := a.Clusters.Members(ctx, c.ID, a.Now())
	if err != nil {
		return err
	}
	for _, m := range members {
		u, err := a.Units.Get(ctx, m.UnitID, a.Now())
		if err != nil {
			return err
		}
		page.Members = append(page.Members, homeMember{m.Code, u.FullName(), u.Address()})
	}
	return nil
}

type managePage struct {
	web.Base
	Engine string
	Leaves int64
	Files  string
}

func (a *App) manage(w http.ResponseWriter, r *http.Request) error {
	base, err := a.Site.Base(r)
	if err != nil {
		return err
	}
	if err := policy.May(base.Actor, policy.System, policy.Object{}); err != nil {
		return err
	}
	page := managePage{Base: base, Engine: string(a.DB.Engine())}
	if err := a.DB.QueryRowContext(r.Context(), `select count(*) from ledger_leaf`).Scan(&page.Leaves); err != nil {
		return err
	}
	return a.Site.Render(w, r, "app/manage", page)
}

type componentsPage struct {
	web.Base
	Err  error
	Bars emulation.Bars
	Long string
}

// components shows every component in every state, to look at after a change of
// the styles.
func (a *App) components(w http.ResponseWriter, r *http.Request) error {
	base, err := a.Site.Base(r)
	if err != nil {
		return err
	}
	if err := policy.May(base.Actor, policy.System, policy.Object{}); err != nil {
		return err
	}
	var problems fault.List
	problems.Add("bad", "lang.number.bad", "ba mươi")
	return a.Site.Render(w, r, "app/components", componentsPage{base, problems, emulation.SampleBars(base), strings.Repeat("Ủy ban nhân dân phường Văn Miếu - Quốc Tử Giám ", 4)})
}

func (a *App) healthy(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Cache-Control", "no-store")
	return a.Site.JSON(w, http.StatusOK, map[string]any{"ok": true})
}

// ready says whether the database answers.
func (a *App) ready(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Cache-Control", "no-store")
	var one int
	if err := a.DB.QueryRowContext(r.Context(), `select 1`).Scan(&one); err != nil {
		a.Log.ErrorContext(r.Context(), "not ready", "err", err)
		return a.Site.JSON(w, http.StatusServiceUnavailable, map[string]any{"ready": false})
	}
	return a.Site.JSON(w, http.StatusOK, map[string]any{"ready": true})
}

func (a *App) robots(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err := w.Write([]byte("User-agent: *\nDisallow: /viec\nDisallow: /quan-tri\nDisallow: /tai-khoan\nSitemap: " + a.Site.Origin(r) + "/sitemap.xml\n"))
	return err
}

// sitemap lists the public pages, as sitemaps.org has it.
func (a *App) sitemap(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	origin := a.Site.Origin(r)
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">` + "\n")
	add := func(path string, at time.Time) {
		b.WriteString("<url><loc>" + origin + path + "</loc>")
		if !at.IsZero() {
			b.WriteString("<lastmod>" + at.UTC().Format("2006-01-02T15:04:05Z") + "</lastmod>")
		}
		b.WriteString("</url>\n")
	}
	for _, p := range []string{"/", "/tin", "/thi-dua", "/bao-cao", "/don-vi", "/so-lieu"} {
		add(p, time.Time{})
	}
	entries, err := a.News.Sitemap(ctx)
	if err != nil {
		return err
	}
	for _, e := range entries {
		add(e.URL, e.At)
	}
	reports, err := a.Reports.List(ctx, "")
	if err != nil {
		return err
	}
	for _, rep := range reports {
		add("/bao-cao/"+rep.Slug, rep.PublishedAt)
	}
	clusters, err := a.Clusters.List(ctx)
	if err != nil {
		return err
	}
	for _, c := range clusters {
		add("/thi-dua/"+c.Code, time.Time{})
		periods, err := a.Clusters.Periods(ctx, c.ID)
		if err != nil {
			return err
		}
		for _, p := range periods {
			if p.State == cluster.Published {
				add(emulation.PeriodPath(c, p), p.PublishedAt)
			}
		}
	}
	b.WriteString("</urlset>\n")
	w.Header().Set("Content-Type", "application/xml; charset=utf-8")
	_, err = w.Write([]byte(b.String()))
	return err
}
