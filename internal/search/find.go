package search

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"dongthuan/internal/db"
	"dongthuan/internal/lang"
)

const (
	// Most is how many documents are put in order; of more than that the newest
	// are shown and the page says "more than 500".
	Most    = 500
	perPage = 20
)

// Results are one page of what was found.
type Results struct {
	Text  string // as it was asked, in one line
	Kind  string // "" for all kinds
	Hits  []Hit
	Total int  // of Kind, at most Most
	More  bool // there are more than Total
	// Counts are all kinds, also those with nothing.
	Counts      []Count
	Page, Pages int
	Cut         bool // the question was too long: its end was left out
	Asked       bool // there was a word to look for
}

// Count is how many documents of a kind match.
type Count struct {
	Kind string // "" for all kinds together
	N    int    // at most Most
	More bool
}

// Hit is a document found. Title and Snippet are in its own spelling, with the
// words that were asked for marked.
type Hit struct {
	Kind, Ref, URL string
	At             time.Time
	Title, Snippet []Segment
}

// Segment is a piece of text, marked or not.
type Segment struct {
	Text   string
	Marked bool
}

// Find answers a question as typed: all its words must be there, whatever their
// marks; words in quotes stand side by side; the last word may be unfinished.
// Documents with the exact spelling stand first, then those that hold whole words,
// then those with an unfinished one; among these, words in the title go before
// words in the text, then the newest goes first, then the Vietnamese order of
// titles. The order is the same on both engines.
func Find(ctx context.Context, d *db.DB, query, kind string, page int) (Results, error) {
	if !slices.Contains(Kinds, kind) {
		kind = ""
	}
	q := ask(query)
	r := Results{Text: lang.Line(query), Kind: kind, Page: 1, Pages: 1, Cut: q.cut, Asked: len(q.terms) > 0}
	if q.cut && len([]rune(r.Text)) > maxLetters {
		r.Text = string([]rune(r.Text)[:maxLetters])
	}
	if !r.Asked {
		r.count(nil)
		return r, nil
	}
	err := d.Read(ctx, func(tx db.Query) error {
		if err := planEach(ctx, tx, d.Engine()); err != nil {
			return err
		}
		about, n, err := all(ctx, tx, d.Engine(), q)
		if err != nil {
			return fmt.Errorf("count: %w", err)
		}
		r.count(n)
		if r.Total == 0 {
			return nil
		}
		found, err := ordered(ctx, tx, d.Engine(), q, kind, r.Total, about)
		if err != nil {
			return fmt.Errorf("find: %w", err)
		}
		r.Pages = (len(found) + perPage - 1) / perPage
		r.Page = min(max(page, 1), r.Pages)
		found = found[(r.Page-1)*perPage : min(r.Page*perPage, len(found))]
		r.Hits, err = hits(ctx, tx, q, found)
		return err
	})
	if err != nil {
		return Results{}, fmt.Errorf("search: %w", err)
	}
	return r, nil
}

func (r *Results) count(all map[string]int) {
	sum := 0
	r.Counts = []Count{{}}
	for _, kind := range Kinds {
		sum += all[kind]
		r.Counts = append(r.Counts, Count{kind, min(all[kind], Most), all[kind] > Most})
	}
	r.Counts[0] = Count{"", min(sum, Most), sum > Most}
	for _, c := range r.Counts {
		if c.Kind == r.Kind {
			r.Total, r.More = c.N, c.More
		}
	}
}

// found is a document in the order of results: how it was found, and its id.
type found struct {
	id  int64
	way way
}

// all finds every document that answers a question, of all kinds, and counts them
// by kind. Of more than Most only the counts are told, each at most Most+1.
func all(ctx context.Context, q db.Query, e db.Engine, ask question) (map[int64]head, map[string]int, error) {
	ways := ask.ways()
	loosest := ways[len(ways)-1]
	ids, err := newest(ctx, q, e, ask, loosest, "", Most+1)
	if err != nil {
		return nil, nil, err
	}
	if len(ids) > Most {
		n, err := counts(ctx, q, e, ask, loosest, Most)
		return nil, n, err
	}
	about, err := heads(ctx, q, ids)
	n := map[string]int{}
	for _, h := range about {
		n[h.kind]++
	}
	return about, n, err
}

// ordered returns the documents of a kind in the order of Find, total of them.
// about may hold what is known of them already.
func ordered(ctx context.Context, q db.Query, e db.Engine, ask question, kind string, total int, about map[int64]head) ([]found, error) {
	type group struct {
		way way
		ids []int64
	}
	var groups []group
	var all []int64
	seen := map[int64]bool{}
	for _, w := range ask.ways() {
		// A stricter way finds a part of what a looser one finds, so the newest
		// Most of this way hold all that is still missing.
		ids, err := newest(ctx, q, e, ask, w, kind, Most)
		if err != nil {
			return nil, err
		}
		g := group{way: w}
		for _, id := range ids {
			if !seen[id] && len(all) < total {
				seen[id] = true
				g.ids = append(g.ids, id)
				all = append(all, id)
			}
		}
		groups = append(groups, g)
		if len(all) == total {
			break
		}
	}
	if about == nil {
		var err error
		if about, err = heads(ctx, q, all); err != nil {
			return nil, err
		}
	}
	result := make([]found, 0, len(all))
	for _, g := range groups {
		slices.SortFunc(g.ids, func(a, b int64) int {
			return cmp.Or(about[b].at.Compare(about[a].at), cmp.Compare(b, a))
		})
		for len(g.ids) > 0 { // those of one time by their titles
			n := slices.IndexFunc(g.ids, func(id int64) bool { return !about[id].at.Equal(about[g.ids[0]].at) })
			if n < 0 {
				n = len(g.ids)
			}
			if n > 1 {
				lang.SortBy(g.ids[:n], func(id int64) string { return about[id].title })
			}
			for _, id := range g.ids[:n] {
				result = append(result, found{id, g.way})
			}
			g.ids = g.ids[n:]
		}
	}
	return result, nil
}

func hits(ctx context.Context, q db.Query, ask question, found []found) ([]Hit, error) {
	ids := make([]int64, len(found))
	for i, f := range found {
		ids[i] = f.id
	}
	all, err := docs(ctx, q, ids)
	if err != nil {
		return nil, err
	}
	var list []Hit
	for _, f := range found {
		d := all[f.id]
		list = append(list, Hit{Kind: d.Kind, Ref: d.Ref, URL: d.URL, At: d.At,
			Title: ask.mark(d.Title, f.way), Snippet: ask.snippet(d.Body, f.way)})
	}
	return list, nil
}
