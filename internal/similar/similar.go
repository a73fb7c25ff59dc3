// Package similar groups opinions that say the same in nearly the same words, in
// Vietnamese as people type it: without marks, abbreviated, with a word lost. It compares
// words, not meanings, and keeps what an official has put together or apart.
package similar

import (
	"cmp"
	_ "embed"
	"slices"
	"strings"
	"unicode/utf8"

	"dongthuan/internal/fault"
)

// Words holds the words of this package.
//
//go:embed text.json
var Words []byte

// Text is an opinion.
type Text struct{ ID, Body string }

// Link is an official's word on two opinions: they belong together, or apart. It is kept
// whatever the words say; one that puts two together also puts their groups together.
type Link struct {
	A, B  string
	Apart bool
}

// Options of grouping; the zero value is what was measured to be best.
type Options struct {
	Threshold float64 // least cosine to a group's leader, 0 to 1; Default where 0
	Progress  func(done, of int)
}

// Default is the least cosine at which two opinions are taken to say the same.
const Default = 0.80

// Bounds of what is taken.
const (
	MaxBody  = 100_000 // bytes
	MaxTexts = 200_000
)

// Group is opinions that say the same.
type Group struct {
	ID      string   `json:"id"`   // of the medoid
	Body    string   `json:"body"` // of the medoid: the opinion most like all others
	Size    int      `json:"size"`
	Members []string `json:"members"` // ids, the likest to the medoid first
	Terms   []string `json:"terms"`   // at most five that mark it, as they were written
	Least   []Member `json:"least"`   // the two least like it, to be looked at
}

// Member of a group, with its cosine to the group's medoid.
type Member struct {
	ID         string  `json:"id"`
	Body       string  `json:"body"`
	Similarity float64 `json:"similarity"`
}

// Grouping is groups of opinions.
type Grouping struct {
	Groups []Group // the largest first
	// Skipped are links to opinions that are not there any more.
	Skipped []Link

	threshold float64
	speller   *speller
	features  map[feature]int32 // numbers of features, from the rarest
	rarity    []float64         // of features
	compared  int               // pairs of opinions whose words were compared
}

// Find groups texts. The result does not depend on their order: ids decide between equals.
func Find(texts []Text, links []Link, o Options) (*Grouping, error) {
	if o.Threshold == 0 {
		o.Threshold = Default
	}
	if !(o.Threshold > 0 && o.Threshold <= 1) {
		return nil, fault.New(fault.Invalid, "similar.threshold")
	}
	if err := check(texts); err != nil {
		return nil, err
	}
	g := &Grouping{threshold: o.Threshold, speller: newSpeller()}
	all := make([]*text, len(texts))
	sorted := slices.SortedFunc(slices.Values(texts), func(a, b Text) int { return strings.Compare(a.ID, b.ID) })
	for i, t := range sorted {
		all[i] = g.speller.read(t.ID, t.Body)
	}
	official, err := g.take(all, links)
	if err != nil {
		return nil, err
	}
	vectors := g.weigh(all)
	of := g.cluster(all, vectors, o.Progress)
	for _, members := range official.divide(all, vectors, of) {
		g.describe(all, vectors, members)
	}
	slices.SortFunc(g.Groups, func(a, b Group) int { return cmp.Or(b.Size-a.Size, strings.Compare(a.ID, b.ID)) })
	return g, nil
}

func check(texts []Text) error {
	if len(texts) == 0 {
		return fault.New(fault.Invalid, "similar.empty")
	}
	if len(texts) > MaxTexts {
		return fault.New(fault.Invalid, "similar.many", MaxTexts)
	}
	seen := make(map[string]bool, len(texts))
	for i, t := range texts {
		switch {
		case t.ID == "" || len(t.ID) > 200 || !utf8.ValidString(t.ID):
			return fault.New(fault.Invalid, "similar.id", i+1)
		case len(t.Body) > MaxBody:
			return fault.New(fault.Invalid, "similar.long", t.ID, MaxBody)
		case !utf8.ValidString(t.Body):
			return fault.New(fault.Invalid, "similar.utf8", t.ID)
		case seen[t.ID]:
			return fault.New(fault.Invalid, "similar.twice", t.ID)
		}
		seen[t.ID] = true
	}
	return nil
}

// describe adds a group.
func (g *Grouping) describe(all []*text, vectors []vector, members []int) {
	slices.Sort(members)
	sum := map[int32]float64{}
	for _, i := range members {
		for _, x := range vectors[i].all {
			sum[x.feature] += x.weight
		}
	}
	// The sum of cosines to all members is one product with the sum of their vectors.
	medoid, most := members[0], -1.0
	for _, i := range members {
		var s float64
		for _, x := range vectors[i].all {
			s += x.weight * sum[x.feature]
		}
		if s > most+1e-12 {
			medoid, most = i, s
		}
	}
	list := make([]Member, len(members))
	for n, i := range members {
		list[n] = Member{all[i].id, all[i].body, min(vectors[i].dot(&vectors[medoid], 0, 0, 0), 1)}
	}
	slices.SortStableFunc(list, func(a, b Member) int {
		return cmp.Or(cmp.Compare(b.Similarity, a.Similarity), strings.Compare(a.ID, b.ID))
	})
	group := Group{ID: all[medoid].id, Body: all[medoid].body, Size: len(members), Terms: g.terms(all, members, sum), Least: []Member{}}
	for _, m := range list {
		group.Members = append(group.Members, m.ID)
	}
	for n := len(list) - 1; n > 0 && len(group.Least) < 2; n-- {
		if list[n].ID != group.ID {
			group.Least = append(group.Least, list[n])
		}
	}
	g.Groups = append(g.Groups, group)
}

// terms are what marks a group: features of the greatest weight over its members, none
// within another, in the way they are mostly written.
func (g *Grouping) terms(all []*text, members []int, sum map[int32]float64) []string {
	type phrase struct {
		weight  float64
		words   []string       // plain
		written map[string]int // how often so
	}
	found := map[feature]*phrase{}
	for _, i := range members {
		t := all[i]
		var before *word
		var f0 feature
		glue, glued := feature(0), ""
		add := func(f feature, plain []string, written string) {
			at, ok := g.features[f]
			if !ok || sum[at] == 0 {
				return
			}
			p := found[f]
			if p == nil {
				p = &phrase{weight: sum[at], words: plain, written: map[string]int{}}
				if len(plain) > 1 {
					p.weight *= 1.5 // two words say more than one
				}
				found[f] = p
			}
			p.written[written]++
		}
		said, saidGlued := "", ""
		for k := range t.words {
			w := &t.words[k]
			if w.denies() {
				glue, glued = denied, w.written+" "
				continue
			}
			f := feature(w.number) | glue
			if w.role != weak {
				add(f, []string{w.plain}, glued+w.written)
				// Words of one abbreviation are one, and weak words make no term.
				if before != nil && before.role != weak && !(before.written == w.written && before.plain != w.plain) {
					add(f0<<32|f, []string{before.plain, w.plain}, saidGlued+said+" "+glued+w.written)
				}
			}
			before, f0, said, saidGlued = w, f, w.written, glued
			glue, glued = 0, ""
		}
	}
	order := make([]feature, 0, len(found))
	for f := range found {
		order = append(order, f)
	}
	slices.SortFunc(order, func(a, b feature) int {
		x, y := found[a], found[b]
		return cmp.Or(cmp.Compare(y.weight, x.weight), slices.Compare(x.words, y.words), cmp.Compare(a, b))
	})
	terms := []string{}
	var taken []string
	for _, f := range order {
		p := found[f]
		if len(terms) == 5 {
			break
		}
		if slices.ContainsFunc(p.words, func(w string) bool { return slices.Contains(taken, w) }) {
			continue
		}
		best, most := "", 0
		for w, n := range p.written {
			// Of forms as frequent the one with most marks: it is the one that was meant.
			if n > most || n == most && (len(w) > len(best) || len(w) == len(best) && w < best) {
				best, most = w, n
			}
		}
		taken, terms = append(taken, p.words...), append(terms, best)
	}
	return terms
}
