package conversation

import "dongthuan/internal/opinion"

// Parity is the document of the published Polis pipeline's result, with the same keys as
// that of our own. out are the statements that were left out.
func Parity(r opinion.PolisResult, rows int, body map[string]string, out opinion.Moderation) *Document {
	d := &Document{Schema: Schema, Mode: "parity", People: len(r.People), Rows: rows, K: len(r.Groups),
		Consensus: Consensus{idsOf(r.Agree), idsOf(r.Disagree)}}
	column := map[string]int{}
	for j, id := range r.Statements {
		column[id] = j
		if out[id] {
			continue
		}
		d.Statements++
		d.Votes += r.All[j].Seen()
		it := ItemOf{ID: ID(id), Body: body[id], All: r.All[j], Agreement: JointOf{Mean: r.GroupConsensus[j]}}
		if d.K > 1 {
			for _, g := range r.ByGroup {
				it.Groups = append(it.Groups, g[j])
			}
		}
		d.Items = append(d.Items, it)
	}
	share := func(c opinion.Counts, side string) opinion.Share {
		if side == "agree" {
			return opinion.NewShare(c.Agree, c.Seen())
		}
		return opinion.NewShare(c.Disagree, c.Seen())
	}
	most := func(ids []string, side string) []EntryOf {
		var entries []opinion.Entry
		for _, id := range ids {
			e := opinion.Entry{ID: id, Side: side, Rule: "polis.most", Share: share(r.All[column[id]], side)}
			if d.K > 1 {
				for _, g := range r.ByGroup {
					e.Groups = append(e.Groups, share(g[column[id]], side))
				}
			}
			entries = append(entries, e)
		}
		return list(entries)
	}
	d.Lists = Lists{Agree: most(r.Agree, "agree"), Disagree: most(r.Disagree, "disagree"), Divides: []EntryOf{}, Uncertain: []EntryOf{}}
	at := make([]int, len(r.People)) // group of each row
	for i := range at {
		at[i] = opinion.Unplaced
	}
	for i, g := range r.Groups {
		of := GroupOf{ID: i, Size: len(g.Rows), X: g.Center[0], Y: g.Center[1], Apart: []ID{}}
		for _, row := range g.Rows {
			of.People = append(of.People, ID(r.People[row]))
			at[row] = i
		}
		var entries []opinion.Entry
		for _, e := range r.Representative[i] {
			of.Apart = append(of.Apart, ID(e.Statement))
			var rest opinion.Counts
			for h, c := range r.ByGroup {
				if h != i {
					rest = rest.Plus(c[column[e.Statement]])
				}
			}
			others := share(rest, e.Side)
			entries = append(entries, opinion.Entry{ID: e.Statement, Side: e.Side, Rule: "polis.apart", Score: e.RatioTest, Share: share(r.ByGroup[i][column[e.Statement]], e.Side), Rest: &others})
		}
		d.Groups = append(d.Groups, of)
		d.Lists.Apart, d.Lists.More.Apart = append(d.Lists.Apart, list(entries)), append(d.Lists.More.Apart, 0)
	}
	for row, id := range r.People {
		if at[row] == opinion.Unplaced {
			d.Unplaced = append(d.Unplaced, ID(id))
		}
		p := PersonOf{ID: ID(id), Votes: r.Cast[row], Group: at[row]}
		p.X, p.Y = r.Places[row][0], r.Places[row][1]
		d.Persons = append(d.Persons, p)
	}
	return d
}
