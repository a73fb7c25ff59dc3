package task

import (
	"context"
	"net/http"
	"slices"
	"time"

	"dongthuan/internal/policy"
	"dongthuan/internal/web"
)

// Duty is something owed by a date. It stays until it is done.
type Duty struct {
	Title  string
	Where  string // the unit or cluster that owes it
	To     string // address where it is done
	Due    time.Time
	Day    bool   // Due is the end of a day, which is shown
	State  string // in words
	Kind   string // badge: ok, wait, bad, plain
	Note   string // why it came back, what is missing
	Have   int    // progress, 0 of 0 where it has none
	Want   int
	Closed bool // waits for others: nothing to do now
}

// LastDay is the day on which it is due.
func (d Duty) LastDay() time.Time { return d.Due.Add(-1) }

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

// Link is a desk the actor works at.
type Link struct{ To, Words, Hint string }

type minePage struct {
	web.Base
	Duties []Duty
	Links  []Link
	Feed   time.Time // since when its calendar can be subscribed to, zero where not
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
	if page.Feed, err = p.service.HasFeed(r.Context(), base.Actor.Account); err != nil {
		return err
	}
	if page.Links, err = p.others.Desks(r.Context(), base); err != nil {
		return err
	}
	return p.Render(w, r, "task/mine", page)
}
