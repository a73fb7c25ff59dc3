package emulation

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"dongthuan/internal/cluster"
	"dongthuan/internal/lang"
	"dongthuan/internal/policy"
	"dongthuan/internal/web"
)

// Others is what the pages of emulation show from other rooms.
type Others struct {
	// Report returns the address and title of the report of a period, "" where
	// none is published.
	Report func(ctx context.Context, periodID string) (to, title string, err error)
	// MakeReport returns the address where the secretary composes the report.
	MakeReport func(periodID string) string
	// Awarded reports whether titles of a period were decided.
	Awarded func(ctx context.Context, periodID string) (bool, error)
	// Commend returns the address of the commendation of a period.
	Commend func(periodID string) string
}

type pages struct {
	*web.Site
	*Service
	others Others
}

// Serve adds the pages of emulation.
func Serve(site *web.Site, s *Service, others Others) {
	p := pages{site, s, others}
	public := func(pattern string, h func(http.ResponseWriter, *http.Request) error) {
		site.Handle(web.Route{Pattern: pattern, Action: policy.ReadPublic, Page: h, Kept: true})
	}
	public("GET /thi-dua/{cluster}/{period}", p.ranking)
	public("GET /thi-dua/{cluster}/{period}/tieu-chi", p.criteria)
	public("GET /thi-dua/{cluster}/{period}/so/{indicator}", p.total)
	public("GET /thi-dua/{cluster}/{period}/don-vi/{unit}", p.unitResult)
	public("GET /thi-dua/{cluster}/{period}/don-vi/{unit}/so/{indicator}", p.entry)
	public("GET /thi-dua/{cluster}/{period}/xep-hang.csv", p.rankingCSV)
	public("GET /thi-dua/{cluster}/{period}/so-lieu.csv", p.figuresCSV)
	p.serveSheet()
	p.servePeriod()
	p.serveCross()
	p.serveTargets()
	p.serveForms()
}

// here finds the cluster and the period an address names.
func (p pages) here(r *http.Request) (cluster.Cluster, cluster.Period, error) {
	c, err := p.clusters.Get(r.Context(), r.PathValue("cluster"))
	if err != nil {
		return c, cluster.Period{}, err
	}
	period, err := p.clusters.Period(r.Context(), c.ID, r.PathValue("period"))
	return c, period, err
}

// PeriodPath is the public address of a period.
func PeriodPath(c cluster.Cluster, p cluster.Period) string {
	return "/thi-dua/" + c.Code + "/" + p.Code
}

type periodPage struct {
	web.Base
	Cluster cluster.Cluster
	Period  cluster.Period
	Public  string
}

func (p pages) periodPage(r *http.Request) (periodPage, error) {
	base, err := p.Base(r)
	if err != nil {
		return periodPage{}, err
	}
	c, period, err := p.here(r)
	return periodPage{base, c, period, PeriodPath(c, period)}, err
}

type rankingPage struct {
	periodPage
	Shown      bool // the ranking is public
	Pledged    bool // the covenant is
	Awarded    bool // the decision on titles is
	Ranking    Ranking
	At         time.Time
	ReportTo   string
	ReportName string
	Bars       Bars
	Ties       []string
	May        bool // follow the period behind the scenes
	Versions   []ResultVersion
	Version    ResultVersion // shown
	Old        bool          // it is not the newest
}

func (p pages) ranking(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	head, err := p.periodPage(r)
	if err != nil {
		return err
	}
	page := rankingPage{periodPage: head, Shown: head.Period.State == cluster.Published}
	page.May = policy.May(head.Actor, policy.PeriodFollow, head.Period.Object("")) == nil
	pledges, err := p.Pledges(ctx, policy.Actor{}, head.Period)
	if err != nil {
		return err
	}
	page.Pledged = len(pledges) > 0
	if p.others.Awarded != nil {
		if page.Awarded, err = p.others.Awarded(ctx, head.Period.ID); err != nil {
			return err
		}
	}
	if page.Shown {
		if page.Versions, err = p.Service.Versions(ctx, head.Period); err != nil {
			return err
		}
		at := 0
		if asked := r.URL.Query().Get("ban"); asked != "" {
			if at = slices.IndexFunc(page.Versions, func(v ResultVersion) bool { return itoa(v.Version) == asked }); at < 0 {
				return web.NotFound()
			}
		}
		page.Version, page.Old = page.Versions[at], at > 0
		page.Ranking, page.At = page.Version.Ranking, page.Version.At
		c, err := p.PublicCriteria(ctx, head.Period)
		if err != nil {
			return err
		}
		for _, t := range c.TieBreakers {
			page.Ties = append(page.Ties, tieWords(head.Base, t))
		}
		page.Bars = groupBars(head.Base, page.Ranking)
		if page.ReportTo, page.ReportName, err = p.others.Report(ctx, head.Period.ID); err != nil {
			return err
		}
	}
	return p.Render(w, r, "emulation/ranking", page)
}

type criteriaPage struct {
	periodPage
	Criteria Criteria
}

func (p pages) criteria(w http.ResponseWriter, r *http.Request) error {
	head, err := p.periodPage(r)
	if err != nil {
		return err
	}
	c, err := p.PublicCriteria(r.Context(), head.Period)
	if err != nil {
		return err
	}
	return p.Render(w, r, "emulation/criteria", criteriaPage{head, c})
}

// published returns the standings of a period that everybody may see.
func (p pages) published(ctx context.Context, period cluster.Period) (Criteria, []Standing, error) {
	if period.State != cluster.Published {
		return Criteria{}, nil, notPublished(period)
	}
	return p.Frozen(ctx, period)
}

type totalPage struct {
	periodPage
	Input      Input
	Rows       []totalRow
	Sum        int64
	Missing    []string
	Last       *int64
	LastPeriod string
}

type totalRow struct {
	UnitID     string
	Code, Name string
	Figure     Figure
	Last       *int64
	To         string
}

// total is the first step down from a number of the report: the cluster's figure
// and what each unit gave to it.
func (p pages) total(w http.ResponseWriter, r *http.Request) error {
	head, err := p.periodPage(r)
	if err != nil {
		return err
	}
	c, standings, err := p.published(r.Context(), head.Period)
	if err != nil {
		return err
	}
	in, ok := c.Input(r.PathValue("indicator"))
	if !ok {
		return web.NotFound()
	}
	page := totalPage{periodPage: head, Input: in}
	if page.Rows, page.Sum, page.Missing, err = p.rowsOf(r.Context(), head.Period, head.Public, in.Indicator, standings); err != nil {
		return err
	}
	if head.Period.PreviousID != "" {
		last, values, err := p.LastFigures(r.Context(), head.Period)
		if err != nil {
			return err
		}
		page.LastPeriod = last.Name
		for i, row := range page.Rows {
			if v, ok := values[row.UnitID][in.Indicator]; ok {
				page.Rows[i].Last = &v
				page.Last = add(page.Last, v)
			}
		}
	}
	return p.Render(w, r, "emulation/total", page)
}

func add(sum *int64, v int64) *int64 {
	if sum != nil {
		v += *sum
	}
	return &v
}

type unitPage struct {
	periodPage
	View  View
	Rank  RankingRow
	Of    int
	Why   []whyLine
	Lines []groupLines
}

// unitResult shows one unit's points line by line, and why it has its place.
func (p pages) unitResult(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	head, err := p.periodPage(r)
	if err != nil {
		return err
	}
	if head.Period.State != cluster.Published {
		return notPublished(head.Period)
	}
	m, err := p.ByMember(ctx, head.Period, r.PathValue("unit"))
	if err != nil {
		return err
	}
	page := unitPage{periodPage: head}
	if page.View, err = p.OfUnit(ctx, head.Actor, head.Period.ID, m.UnitID); err != nil {
		return err
	}
	ranking, _, err := p.Published(ctx, head.Period)
	if err != nil {
		return err
	}
	page.Of = len(ranking.Rows)
	for _, row := range ranking.Rows {
		if row.UnitID == m.UnitID {
			page.Rank = row
		}
	}
	if page.Why, err = p.why(ctx, head.Base, head.Period, m.UnitID); err != nil {
		return err
	}
	page.Lines = byGroup(head.Base, page.View)
	return p.Render(w, r, "emulation/unit", page)
}

type entryPage struct {
	periodPage
	View    View
	Input   Input
	Figure  Figure
	Trail   []Change
	Line    *lineView
	LastVal *int64
}

// entry is one figure of one unit: who entered it, when, its versions, and the
// evidence behind it.
func (p pages) entry(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	head, err := p.periodPage(r)
	if err != nil {
		return err
	}
	m, err := p.ByMember(ctx, head.Period, r.PathValue("unit"))
	if err != nil {
		return err
	}
	page := entryPage{periodPage: head}
	if page.View, err = p.OfUnit(ctx, head.Actor, head.Period.ID, m.UnitID); err != nil {
		return err
	}
	in, ok := page.View.Criteria.Input(r.PathValue("indicator"))
	if !ok {
		return web.NotFound()
	}
	page.Input, page.Figure = in, page.View.Sheet.Figures[in.Indicator]
	if page.Trail, err = p.Trail(ctx, head.Actor, page.View.Sheet.ID, "figure:"+in.Indicator); err != nil {
		return err
	}
	if v, ok := page.View.Last[in.Indicator]; ok {
		page.LastVal = &v
	}
	for _, g := range byGroup(head.Base, page.View) {
		for _, l := range g.Lines {
			if l.Criterion.ID == in.Criterion && in.Criterion != "" {
				page.Line = &l
			}
		}
	}
	return p.Render(w, r, "emulation/entry", page)
}

func (p pages) rankingCSV(w http.ResponseWriter, r *http.Request) error {
	head, err := p.periodPage(r)
	if err != nil {
		return err
	}
	if head.Period.State != cluster.Published {
		return notPublished(head.Period)
	}
	ranking, _, err := p.Published(r.Context(), head.Period)
	if err != nil {
		return err
	}
	return writeCSV(w, head.Cluster.Code+"-"+head.Period.Code+"-xep-hang.csv", rankingRows(head.Base, ranking))
}

func (p pages) figuresCSV(w http.ResponseWriter, r *http.Request) error {
	head, err := p.periodPage(r)
	if err != nil {
		return err
	}
	c, standings, err := p.published(r.Context(), head.Period)
	if err != nil {
		return err
	}
	_, codes, err := p.Names(r.Context(), head.Period)
	if err != nil {
		return err
	}
	return writeCSV(w, head.Cluster.Code+"-"+head.Period.Code+"-so-lieu.csv", figureRows(head.Base, c, standings, codes))
}

func attachment(w http.ResponseWriter, kind, name string) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Disposition", `attachment; filename="`+strings.ReplaceAll(name, `"`, "")+`"`)
}

// ValueText writes a value of the trail as a person reads it.
func (p entryPage) ValueText(s string) string {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return "–"
	}
	return lang.Figure(p.Lang, n)
}
