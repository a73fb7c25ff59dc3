package app

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"dongthuan/internal/cluster"
	"dongthuan/internal/db"
	"dongthuan/internal/emulation"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
	"dongthuan/internal/news"
	"dongthuan/internal/report"
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
	ID      string `json:"id"`
	Code    string `json:"code"`
	Name    string `json:"name"`
	Kind    string `json:"kind"`
	Parent  string `json:"parent_id,omitempty"`
	From    string `json:"from"`
	To      string `json:"to,omitempty" doc:"First day it no longer holds."`
	URL     string `json:"url"`
	Receipt string `json:"receipt,omitempty" doc:"Code of the newest receipt: /r/CODE."`
}

func toAPI(u unit.Unit) apiUnit {
	return apiUnit{u.ID, u.Code, u.FullName(), u.Kind, u.ParentID, isoDay(u.From), isoDay(u.To), u.Address(), ""}
}

type apiCluster struct {
	Code     string      `json:"code"`
	Name     string      `json:"name"`
	Superior string      `json:"superior"`
	Closed   bool        `json:"closed"`
	Members  []apiMember `json:"members,omitempty"`
	URL      string      `json:"url"`
	Receipt  string      `json:"receipt,omitempty" doc:"Code of the newest receipt: /r/CODE."`
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
	Due      string `json:"due,omitempty" doc:"When figures are due."`
	Freeze   string `json:"freeze,omitempty" doc:"When figures are closed."`
	Trial    bool   `json:"trial"`
	Previous string `json:"previous,omitempty"`
	URL      string `json:"url"`
	Receipt  string `json:"receipt,omitempty" doc:"Code of the newest receipt: /r/CODE."`
}

type apiRanking struct {
	Period  string          `json:"period"`
	Trial   bool            `json:"trial"`
	Groups  []apiGroup      `json:"group_list"`
	Rows    []apiRankingRow `json:"rows"`
	Receipt string          `json:"receipt,omitempty" doc:"Code of the newest receipt: /r/CODE."`
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
	UnitID    string `json:"unit_id"`
	Indicator string `json:"indicator"`
	Label     string `json:"label"`
	UnitLabel string `json:"unit_label"`
	Value     *int64 `json:"value" doc:"Thousandths; null is absent, which is not zero."`
	Estimate  bool   `json:"estimate"`
	Version   int64  `json:"version"`
	Evidence  string `json:"evidence" doc:"Address that opens the figure down to its evidence."`
	Receipt   string `json:"receipt,omitempty" doc:"Code of the newest receipt: /r/CODE."`
}

type apiNews struct {
	Slug      string `json:"slug"`
	Category  string `json:"category"`
	Title     string `json:"title"`
	Lead      string `json:"lead"`
	Published string `json:"published"`
	URL       string `json:"url"`
	Body      string `json:"body,omitempty" doc:"Markdown; of one article only."`
	Receipt   string `json:"receipt,omitempty" doc:"Code of the newest receipt: /r/CODE."`
}

type apiReport struct {
	Slug      string           `json:"slug"`
	Title     string           `json:"title"`
	Version   int64            `json:"version"`
	Published string           `json:"published"`
	URL       string           `json:"url"`
	Report    *report.Compiled `json:"report,omitempty" doc:"All of it; of one report only."`
	Receipt   string           `json:"receipt,omitempty" doc:"Code of the newest receipt: /r/CODE."`
}

// apiCriteria is a published scoring table as it was recorded.
type apiCriteria struct {
	Criteria map[string]any `json:"criteria"`
	Receipt  string         `json:"receipt,omitempty" doc:"Code of the newest receipt: /r/CODE."`
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
			code, receiptErr := a.receipt(ctx, c.ID)
			err = errors.Join(err, receiptErr)
			out = append(out, apiCluster{Code: c.Code, Name: c.Name, Superior: c.Superior, Closed: c.Closed, URL: "/thi-dua/" + c.Code, Receipt: code})
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
			code, receiptErr := a.receipt(ctx, p.ID, ledger.PeriodOpened, ledger.PeriodChanged, ledger.PeriodFrozen)
			err = errors.Join(err, receiptErr)
			out = append(out, apiPeriod{p.Code, p.Name, string(p.State), isoDay(p.Starts), isoDay(p.Ends), db.Time(p.Due), db.Time(p.FreezeAt), p.Trial, codes[p.PreviousID], emulation.PeriodPath(c, p), code})
		}
		return &answer[[]apiPeriod]{out}, problem(err)
	})
	huma.Get(api, "/api/v1/clusters/{cluster}/periods/{period}/ranking", a.apiRanking)
	huma.Get(api, "/api/v1/clusters/{cluster}/periods/{period}/figures", a.apiFigures)
	huma.Get(api, "/api/v1/conferences", a.apiConferences)
	huma.Get(api, "/api/v1/news", func(ctx context.Context, in *struct {
		Limit int `query:"limit" default:"20" minimum:"1" maximum:"1000"`
	}) (*answer[[]apiNews], error) {
		items, err := a.News.Latest(ctx, in.Limit)
		out := []apiNews{}
		for _, it := range items {
			n, itemErr := a.apiNews(ctx, it)
			err = errors.Join(err, itemErr)
			out = append(out, n)
		}
		return &answer[[]apiNews]{out}, problem(err)
	})
	huma.Get(api, "/api/v1/news/{slug}", func(ctx context.Context, in *slugPath) (*answer[apiNews], error) {
		it, err := a.News.BySlug(ctx, in.Slug)
		if err != nil {
			return nil, problem(err)
		}
		n, err := a.apiNews(ctx, it)
		n.Body = it.Body
		return &answer[apiNews]{n}, problem(err)
	})
	huma.Get(api, "/api/v1/clusters/{cluster}/periods/{period}/criteria", a.apiCriteria)
	huma.Get(api, "/api/v1/reports", func(ctx context.Context, _ *struct{}) (*answer[[]apiReport], error) {
		all, err := a.Reports.List(ctx, "")
		out := []apiReport{}
		for _, r := range all {
			code, receiptErr := a.receipt(ctx, r.ID, ledger.ReportPublished)
			err = errors.Join(err, receiptErr)
			out = append(out, apiReport{r.Slug, r.Title, r.Version, isoMoment(r.PublishedAt), "/bao-cao/" + r.Slug, nil, code})
		}
		return &answer[[]apiReport]{out}, problem(err)
	})
	huma.Get(api, "/api/v1/reports/{slug}", func(ctx context.Context, in *slugPath) (*answer[apiReport], error) {
		r, err := a.Reports.Read(ctx, in.Slug, 0)
		if err != nil {
			return nil, problem(err)
		}
		code, err := a.receipt(ctx, r.Report.ID, ledger.ReportPublished)
		return &answer[apiReport]{apiReport{r.Report.Slug, r.Report.Title, r.Report.Version, isoMoment(r.Report.PublishedAt), "/bao-cao/" + r.Report.Slug, &r.Compiled, code}}, problem(err)
	})
}

type slugPath struct {
	Slug string `path:"slug"`
}

// receipt is the code of an object's newest receipt, of the types given where there
// are any; "" where it has none yet.
func (a *App) receipt(ctx context.Context, object string, types ...ledger.Type) (string, error) {
	e, found, err := ledger.Newest(ctx, a.DB, object, types...)
	if !found {
		return "", err
	}
	return e.Code(), err
}

func (a *App) apiNews(ctx context.Context, it news.Item) (apiNews, error) {
	code, err := a.receipt(ctx, it.ID, ledger.NewsPublished, ledger.NewsCorrected)
	return apiNews{Slug: it.Slug, Category: it.Category, Title: it.Title, Lead: it.Lead, Published: isoMoment(it.PublishedAt), URL: it.Path(), Receipt: code}, err
}

func isoMoment(t time.Time) string { return t.In(lang.Vietnam).Format("2006-01-02T15:04:05-07:00") }

func (a *App) apiCriteria(ctx context.Context, in *periodPath) (*answer[apiCriteria], error) {
	c, err := a.Clusters.Get(ctx, in.Cluster)
	if err != nil {
		return nil, problem(err)
	}
	p, err := a.Clusters.Period(ctx, c.ID, in.Period)
	if err != nil {
		return nil, problem(err)
	}
	criteria, err := a.Emulation.PublicCriteria(ctx, p)
	if err != nil {
		return nil, problem(err)
	}
	code, err := a.receipt(ctx, criteria.ID, ledger.CriteriaPublished)
	return &answer[apiCriteria]{apiCriteria{emulation.Describe(criteria), code}}, problem(err)
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
		one := toAPI(u)
		code, receiptErr := a.receipt(ctx, u.ID)
		if code == "" && u.Import != "" { // it came with a list, which has the leaf
			var more error
			code, more = a.receipt(ctx, u.Import)
			receiptErr = errors.Join(receiptErr, more)
		}
		err = errors.Join(err, receiptErr)
		one.Receipt = code
		out = append(out, one)
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
	out.Receipt, err = a.receipt(ctx, c.ID)
	return &answer[apiCluster]{out}, problem(err)
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
	code, receiptErr := a.receipt(ctx, p.ID, ledger.RankingPublished)
	out.Receipt = code
	return &answer[apiRanking]{out}, problem(errors.Join(err, receiptErr))
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
	if err != nil {
		return nil, problem(err)
	}
	receipt, err := a.receipt(ctx, p.ID, ledger.FigurePublished)
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
			out = append(out, apiFigure{code, st.Sheet.UnitID, x.Indicator, x.Label, x.UnitLabel, f.Value, f.Estimate, f.Version, emulation.PeriodPath(c, p) + "/don-vi/" + code + "/so/" + x.Indicator, receipt})
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
