// Package task shows a person's work: what the actor's units and clusters owe, by
// when. Each room hands over its own duties; later this room keeps key tasks too.
package task

import (
	"context"
	"embed"
	"net/http"
	"slices"
	"time"

	"dongthuan/internal/policy"
	"dongthuan/internal/web"
)

//go:embed text.json
var Text []byte

//go:embed pages/*.html
var Pages embed.FS

// Duty is something owed by a date. It stays until it is done.
type Duty struct {
	Title  string
	Where  string // the unit or cluster that owes it
	To     string // address where it is done
	Due    time.Time
	State  string // in words
	Kind   string // badge: ok, wait, bad, plain
	Note   string // why it came back, what is missing
	Have   int    // progress, 0 of 0 where it has none
	Want   int
	Closed bool // waits for others: nothing to do now
}

// Duties hands over what an actor owes, from one room, in a language.
type Duties func(ctx context.Context, b web.Base) ([]Duty, error)

// Sort orders duties by time left, those that wait for others last.
func Sort(all []Duty) {
	slices.SortStableFunc(all, func(a, b Duty) int {
		if a.Closed != b.Closed {
			if a.Closed {
				return 1
			}
			return -1
		}
		return a.Due.Compare(b.Due)
	})
}

type pages struct {
	*web.Site
	duties []Duties
	links  func(ctx context.Context, b web.Base) ([]Link, error)
}

// Link is a desk the actor works at.
type Link struct{ To, Words, Hint string }

// Serve adds the page of duties. links are the desks the actor's roles open.
func Serve(site *web.Site, links func(context.Context, web.Base) ([]Link, error), duties ...Duties) {
	p := pages{site, duties, links}
	site.Handle(web.Route{Pattern: "GET /viec", Action: policy.Work, Page: p.mine})
}

type minePage struct {
	web.Base
	Duties []Duty
	Links  []Link
}

func (p pages) mine(w http.ResponseWriter, r *http.Request) error {
	base, err := p.Base(r)
	if err != nil {
		return err
	}
	if err := policy.May(base.Actor, policy.Work, policy.Object{}); err != nil {
		return err
	}
	page := minePage{Base: base}
	for _, from := range p.duties {
		some, err := from(r.Context(), base)
		if err != nil {
			return err
		}
		page.Duties = append(page.Duties, some...)
	}
	Sort(page.Duties)
	if page.Links, err = p.links(r.Context(), base); err != nil {
		return err
	}
	return p.Render(w, r, "task/mine", page)
}
