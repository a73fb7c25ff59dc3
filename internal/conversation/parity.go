package conversation

import "dongthuan/internal/opinion"

// Parity is the document of the published Polis pipeline's result, with the same keys as
// that of our own.
func Parity(r opinion.PolisResult, rows int) *Document {
	d := &Document{Schema: Schema, Mode: "parity", People: len(r.People), Statements: len(r.Statements), Votes: r.Votes, Rows: rows, K: r.K,
		Consensus: Consensus{idsOf(r.Agree), idsOf(r.Disagree)}}
	for i, g := range r.Groups {
		of := GroupOf{ID: g.ID, Size: len(g.Rows), X: g.Center[0], Y: g.Center[1], Apart: []ID{}}
		for _, row := range g.Rows {
			of.People = append(of.People, ID(r.People[row]))
			d.Persons = append(d.Persons, PersonOf{ID: ID(r.People[row]), X: r.Places[row][0], Y: r.Places[row][1], Group: g.ID})
		}
		for _, e := range r.Representative[i] {
			of.Apart = append(of.Apart, ID(e.Statement))
		}
		d.Groups = append(d.Groups, of)
	}
	return d
}
