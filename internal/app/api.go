package app

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"dongthuan/internal/cluster"
	"dongthuan/internal/emulation"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/unit"
)

// serveAPI adds the open data: what the public pages show, as JSON. Its
// description (OpenAPI 3.1) stands at /api/openapi.json.
func (a *App) serveAPI() {
	config := huma.DefaultConfig("Đồng Thuận", "1")
	config.Info.Description = "Open data of emulation clusters: units, clusters, periods, ranking, figures with the addresses of their evidence, news. Points are tenths, figures thousandths; times are RFC 3339."
	config.OpenAPIPath = "/api/openapi"
	config.DocsPath = ""
	config.SchemasPath = "/api/schemas"
	config.CreateHooks = nil // no $schema links in answers
	mux := http.NewServeMux()
	api := humago.New(mux, config)
	a.operations(api)
	// Anyone may read open data from any page, without credentials.
	open := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
		mux.ServeHTTP(w, r)
	})
	a.Site.Mount("GET /api/v1/", open)
	a.Site.Mount("GET /api/openapi.json", open)
	a.Site.Mount("GET /api/schemas/", open)
	a.Site.Mount("GET /api/docs", http.RedirectHandler("/api/openapi.json", http.StatusFound))
}

type answer[T any] struct{ Body T }

type apiUnit struct {
	ID     string `json:"id"`
	Code   string `json:"code"`
	Name   string `json:"name"`
	Kind   string `json:"kind"`
	Parent string `json:"parent_id,omitempty"`
	From   string `json:"from"`
	To     string `json:"to,omitempty" doc:"First day it no longer holds."`
	URL    string `json:"url"`
}

func toAPI(u unit.Unit) apiUnit {
	return apiUnit{u.ID, u.Code, u.FullName(), u.Kind, u.ParentID, isoDay(u.From), isoDay(u.To), u.Address()}
}

type apiCluster struct {
	Code     string      `json:"code"`
	Name     string      `json:"name"`
	Superior string      `json:"superior"`
	Closed   bool        `json:"closed"`
	Members  []apiMember `json:"members,omitempty"`
	URL      string      `json:"url"`
}

type apiMember struct {
	Unit   string `json:"unit"`
	UnitID string `json:"unit_id"`
	Name   string `json:"name"`
	Role   string `json:"role"`
	From   string `json:"from"`
	To     string `json:"to,omitempty"`
}

type apiPeriod struct {
	Code     string `json:"code"`
	Name     string `json:"name"`
	State    string `json:"state"`
	Starts   string `json:"starts"`
	Ends     string `json:"ends"`
	Trial    bool   `json:"trial"`
	Previous string `json:"previous,omitempty"`
	URL      string `json:"url"`
}

type apiRanking struct {
	Period string          `json:"period"`
	Trial  bool            `json:"trial"`
	Groups []apiGroup      `json:"group_list"`
	Rows   []apiRankingRow `json:"rows"`
}

type apiGroup struct {
	Code string `json:"code"`
	Name string `json:"name"`
	Max  int64  `json:"max" doc:"Tenths."`
}

type apiRankingRow struct {
	Rank      int     `json:"rank"`
	Unit      string  `json:"unit"`
	Name      string  `json:"name"`
	Groups    []int64 `json:"groups" doc:"Tenths."`
	Bonus     int64   `json:"bonus"`
	Deduction int64   `json:"deduction"`
	Total     int64   `json:"total" doc:"Tenths."`
	Class     string  `json:"class"`
	Evidence  string  `json:"evidence"`
}

type apiFigure struct {
	Unit      string `json:"unit"`
	Indicator string `json:"indicator"`
	Label     string `json:"label"`
	UnitLabel string `json:"unit_label"`
	Value     *int64 `json:"value" doc:"Thousandths; null is absent, which is not zero."`
	Estimate  bool   `json:"estimate"`
	Version   int64  `json:"version"`
	Evidence  string `json:"evidence" doc:"Address that opens the figure down to its evidence."`
}

type apiNews struct {
	Slug      string `json:"slug"`
	Category  string `json:"category"`
	Title     string `json:"title"`
	Lead      string `json:"lead"`
	Published string `json:"published"`
	URL       string `json:"url"`
}

type clusterPath struct {
	Cluster string `path:"cluster" example:"ht3"`
}

type periodPath struct {
	Cluster string `path:"cluster" example:"ht3"`
	Period  string `path:"period" example:"2026-6t"`
}

func (a *App) operations(api huma.API) {
	huma.Get(api, "/api/v1/units", a.apiUnits)
	huma.Get(api, "/api/v1/clusters", func(ctx context.Context, _ *struct{}) (*answer[[]apiCluster], error) {
		all, err := a.Clusters.List(ctx)
		out := []apiCluster{}
		for _, c := range all {
			out = append(out, apiCluster{Code: c.Code, Name: c.Name, Superior: c.Superior, Closed: c.Closed, URL: "/thi-dua/" + c.Code})
		}
		return &answer[[]apiCluster]{out}, problem(err)
	})
	huma.Get(api, "/api/v1/clusters/{cluster}", a.apiCluster)
	huma.Get(api, "/api/v1/clusters/{cluster}/periods", func(ctx context.Context, in *clusterPath) (*answer[[]apiPeriod], error) {
		c, err := a.Clusters.Get(ctx, in.Cluster)
		if err != nil {
			return nil, problem(err)
		}
		periods, err := a.Clusters.Periods(ctx, c.ID)
		codes := map[string]string{}
		for _, p := range periods {
			codes[p.ID] = p.Code
		}
		out := []apiPeriod{}
		for _, p := range periods {
			out = append(out, apiPeriod{p.Code, p.Name, string(p.State), isoDay(p.Starts), isoDay(p.Ends), p.Trial, codes[p.PreviousID], emulation.PeriodPath(c, p)})
		}
		return &answer[[]apiPeriod]{out}, problem(err)
	})
	huma.Get(api, "/api/v1/clusters/{cluster}/periods/{period}/ranking", a.apiRanking)
	huma.Get(api, "/api/v1/clusters/{cluster}/periods/{period}/figures", a.apiFigures)
	huma.Get(api, "/api/v1/news", func(ctx context.Context, in *struct {
		Limit int `query:"limit" default:"20" minimum:"1" maximum:"100"`
	}) (*answer[[]apiNews], error) {
		items, err := a.News.Latest(ctx, in.Limit)
		out := []apiNews{}
		for _, it := range items {
			out = append(out, apiNews{it.Slug, it.Category, it.Title, it.Lead, it.PublishedAt.In(lang.Vietnam).Format("2006-01-02T15:04:05-07:00"), "/tin/" + it.Slug})
		}
		return &answer[[]apiNews]{out}, problem(err)
	})
}

func (a *App) apiUnits(ctx context.Context, in *struct {
	Query string `query:"q" doc:"Part of the name or code, with or without accents." maxLength:"100"`
	On    string `query:"on" doc:"Day, yyyy-mm-dd; today when empty."`
	Limit int    `query:"limit" default:"100" minimum:"1" maximum:"5000"`
}) (*answer[[]apiUnit], error) {
	on := a.Now()
	if in.On != "" {
		var err error
		if on, err = lang.ParseDate(in.On); err != nil {
			return nil, problem(err)
		}
	}
	list := a.Units.All
	if in.Query != "" {
		list = func(ctx context.Context, on time.Time) ([]unit.Unit, error) { return a.Units.Find(ctx, in.Query, on) }
	}
	all, err := list(ctx, on)
	out := []apiUnit{}
	for _, u := range all {
		if len(out) == in.Limit {
			break
		}
		out = append(out, toAPI(u))
	}
	return &answer[[]apiUnit]{out}, problem(err)
}

func (a *App) apiCluster(ctx context.Context, in *clusterPath) (*answer[apiCluster], error) {
	c, err := a.Clusters.Get(ctx, in.Cluster)
	if err != nil {
		return nil, problem(err)
	}
	out := apiCluster{Code: c.Code, Name: c.Name, Superior: c.Superior, Closed: c.Closed, URL: "/thi-dua/" + c.Code}
	terms, err := a.Clusters.Terms(ctx, c.ID)
	if err != nil {
		return nil, problem(err)
	}
	for _, m := range terms {
		u, err := a.Units.Get(ctx, m.UnitID, m.From)
		if err != nil {
			return nil, problem(err)
		}
		out.Members = append(out.Members, apiMember{m.Code, m.UnitID, u.FullName(), string(m.Role), isoDay(m.From), isoDay(m.To)})
	}
	return &answer[apiCluster]{out}, nil
}

// apiPeriodOf finds the published period an address names.
func (a *App) apiPeriodOf(ctx context.Context, in *periodPath) (cluster.Cluster, cluster.Period, error) {
	c, err := a.Clusters.Get(ctx, in.Cluster)
	if err != nil {
		return c, cluster.Period{}, err
	}
	p, err := a.Clusters.Period(ctx, c.ID, in.Period)
	if err == nil && p.State != cluster.Published {
		err = fault.New(fault.NotFound, "emulation.notpublished", p.Name)
	}
	return c, p, err
}

func (a *App) apiRanking(ctx context.Context, in *periodPath) (*answer[apiRanking], error) {
	c, p, err := a.apiPeriodOf(ctx, in)
	if err != nil {
		return nil, problem(err)
	}
	ranking, _, err := a.Emulation.Published(ctx, p)
	out := apiRanking{Period: p.Code, Trial: p.Trial, Rows: []apiRankingRow{}, Groups: []apiGroup{}}
	for _, g := range ranking.Groups {
		out.Groups = append(out.Groups, apiGroup{g.Code, g.Name, g.Max})
	}
	for _, r := range ranking.Rows {
		out.Rows = append(out.Rows, apiRankingRow{r.Rank, r.Unit, r.Name, r.Groups, r.Bonus, r.Deduction, r.Total, r.Class, emulation.PeriodPath(c, p) + "/don-vi/" + r.Unit})
	}
	return &answer[apiRanking]{out}, problem(err)
}

func (a *App) apiFigures(ctx context.Context, in *struct {
	Cluster   string `path:"cluster" example:"ht3"`
	Period    string `path:"period" example:"2026-6t"`
	Unit      string `query:"unit" doc:"Only this unit's."`
	Indicator string `query:"indicator" doc:"Only this indicator."`
}) (*answer[[]apiFigure], error) {
	c, p, err := a.apiPeriodOf(ctx, &periodPath{in.Cluster, in.Period})
	if err != nil {
		return nil, problem(err)
	}
	criteria, standings, err := a.Emulation.Frozen(ctx, p)
	if err != nil {
		return nil, problem(err)
	}
	_, codes, err := a.Emulation.Names(ctx, p)
	out := []apiFigure{}
	for _, st := range standings {
		code := codes[st.Sheet.UnitID]
		if in.Unit != "" && in.Unit != code {
			continue
		}
		for _, x := range criteria.Inputs {
			if in.Indicator != "" && in.Indicator != x.Indicator {
				continue
			}
			f := st.Sheet.Figures[x.Indicator]
			out = append(out, apiFigure{code, x.Indicator, x.Label, x.UnitLabel, f.Value, f.Estimate, f.Version, emulation.PeriodPath(c, p) + "/don-vi/" + code + "/so/" + x.Indicator})
		}
	}
	return &answer[[]apiFigure]{out}, problem(err)
}

// problem answers a marked error as RFC 9457 problem details, in both languages;
// an unmarked one stays internal.
func problem(err error) error {
	if err == nil {
		return nil
	}
	words := explain(err)
	switch fault.KindOf(err) {
	case fault.NotFound:
		return huma.Error404NotFound(words)
	case fault.Invalid:
		return huma.Error422UnprocessableEntity(words)
	case fault.Conflict:
		return huma.Error409Conflict(words)
	case fault.Forbidden:
		return huma.Error403Forbidden(words)
	}
	return huma.Error500InternalServerError("internal error", errors.New("see the log"))
}
