package cluster

import (
	"context"
	"net/http"
	"time"

	"dongthuan/internal/policy"
	"dongthuan/internal/unit"
	"dongthuan/internal/web"
)

// Link is an address with its words, handed over by other rooms.
type Link struct{ To, Words string }

// Others is what the cluster's pages show from other rooms.
type Others struct {
	Units func(ctx context.Context, ids []string, on time.Time) (map[string]unit.Unit, error)
	// Reports of a cluster that are published, the newest first.
	Reports func(ctx context.Context, clusterID string) ([]Link, error)
	// Find is the unit that has a code on a day.
	Find func(ctx context.Context, code string, on time.Time) (unit.Unit, error)
	// Top is the first places of a published period.
	Top func(ctx context.Context, periodID string) ([]Place, error)
}

// Place is one row of a ranking in short.
type Place struct {
	Rank  int
	Code  string
	Unit  string
	Total int64 // tenths of a point
	Class string
}

type pages struct {
	*web.Site
	service *Service
	others  Others
}

// Serve adds the public pages of clusters.
func Serve(site *web.Site, s *Service, others Others) {
	p := pages{site, s, others}
	site.Handle(web.Route{Pattern: "GET /thi-dua", Action: policy.ReadPublic, Page: p.list, Kept: true})
	site.Handle(web.Route{Pattern: "GET /thi-dua/{cluster}", Action: policy.ReadPublic, Page: p.one, Kept: true})
	p.serveManage()
}

type listPage struct {
	web.Base
	Clusters []listed
}

type listed struct {
	Cluster
	Units  int
	Latest *Period
}

func (p pages) list(w http.ResponseWriter, r *http.Request) error {
	base, err := p.Base(r)
	if err != nil {
		return err
	}
	all, err := p.service.List(r.Context())
	if err != nil {
		return err
	}
	page := listPage{Base: base}
	for _, c := range all {
		l := listed{Cluster: c}
		terms, err := p.service.Terms(r.Context(), c.ID)
		if err != nil {
			return err
		}
		seen := map[string]bool{}
		for _, m := range terms {
			seen[m.UnitID] = true
		}
		l.Units = len(seen)
		periods, err := p.service.Periods(r.Context(), c.ID)
		if err != nil {
			return err
		}
		if len(periods) > 0 {
			l.Latest = &periods[0]
		}
		page.Clusters = append(page.Clusters, l)
	}
	return p.Render(w, r, "cluster/list", page)
}

type onePage struct {
	web.Base
	Cluster Cluster
	Members []memberRow
	Periods []periodRow
	Reports []Link
}

type memberRow struct {
	Member
	Unit unit.Unit
	Now  bool
}

type periodRow struct {
	Period
	Top []Place
}

func (p pages) one(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	base, err := p.Base(r)
	if err != nil {
		return err
	}
	page := onePage{Base: base}
	if page.Cluster, err = p.service.Get(ctx, r.PathValue("cluster")); err != nil {
		return err
	}
	terms, err := p.service.Terms(ctx, page.Cluster.ID)
	if err != nil {
		return err
	}
	for _, m := range terms {
		// A unit is named as it was in its term: an old cluster keeps old names.
		on := base.Now
		if !m.On(on) {
			on = m.From
		}
		units, err := p.others.Units(ctx, []string{m.UnitID}, on)
		if err != nil {
			return err
		}
		page.Members = append(page.Members, memberRow{m, units[m.UnitID], m.On(base.Now)})
	}
	periods, err := p.service.Periods(ctx, page.Cluster.ID)
	if err != nil {
		return err
	}
	for _, period := range periods {
		row := periodRow{Period: period}
		if period.State == Published {
			if row.Top, err = p.others.Top(ctx, period.ID); err != nil {
				return err
			}
		}
		page.Periods = append(page.Periods, row)
	}
	if page.Reports, err = p.others.Reports(ctx, page.Cluster.ID); err != nil {
		return err
	}
	return p.Render(w, r, "cluster/one", page)
}
