package indicator

import (
	"context"
	"net/http"

	"dongthuan/internal/policy"
	"dongthuan/internal/web"
)

// Series hands over the published figures of an indicator, the newest period
// first, the cluster's own before its units'.
type Series func(ctx context.Context, code string) ([]Point, error)

type pages struct {
	*web.Site
	service *Service
	series  Series
}

// Serve adds the public pages of indicators.
func Serve(site *web.Site, s *Service, series Series) {
	p := pages{site, s, series}
	site.Handle(web.Route{Pattern: "GET /so-lieu", Action: policy.ReadPublic, Page: p.list, Kept: true})
	site.Handle(web.Route{Pattern: "GET /so-lieu/{code}", Action: policy.ReadPublic, Page: p.one, Kept: true})
}

type listPage struct {
	web.Base
	All []Definition
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
	return p.Render(w, r, "indicator/list", listPage{base, all})
}

type onePage struct {
	web.Base
	Today    Definition
	Versions []Definition
	Points   []Point
}

func (p pages) one(w http.ResponseWriter, r *http.Request) error {
	base, err := p.Base(r)
	if err != nil {
		return err
	}
	versions, err := p.service.Versions(r.Context(), r.PathValue("code"))
	if err != nil {
		return err
	}
	points, err := p.series(r.Context(), versions[0].Code)
	if err != nil {
		return err
	}
	return p.Render(w, r, "indicator/one", onePage{base, versions[0], versions, points})
}
