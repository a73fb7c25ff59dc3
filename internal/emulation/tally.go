package emulation

import (
	"dongthuan/internal/score"
)

// Standing is what a unit's sheet comes to beside the others of its cluster.
type Standing struct {
	Sheet     Sheet
	Lines     []Line
	Total     score.Total
	Class     string // "" below the lowest class
	Rank      int
	Shared    bool             // another unit has the same rank
	DecidedBy score.TieBreaker // what parted it from units of equal total
	Why       []score.Loss     // where points were lost, the dearest first
}

// Line is one criterion of a standing: what its rule gives, what people said, and
// what counts.
type Line struct {
	Criterion Criterion
	Mark      Mark
	Result    score.Result // what the rule computes
	Points    int64        // tenths that count
	From      Source       // whose points they are
}

// Source says whose points count.
type Source string

const (
	FromRule     Source = "rule"     // the rule's
	FromUnit     Source = "self"     // the unit's own, with a reason
	FromVerified Source = "verified" // the secretariat's, with a reason
	FromVoid     Source = "void"     // none: false data
	FromNone     Source = "none"     // none yet: figures are missing
	NotApplying  Source = "na"       // does not apply to the unit
)

// Tally adds up all sheets of a period under its criteria and ranks them, best
// first. All sheets of a period stand under one version of the criteria.
func Tally(c Criteria, sheets []Sheet) []Standing {
	criteria := c.All()
	inputs := make([][][]score.Input, len(criteria)) // by criterion, then sheet
	peers := make([]score.Peers, len(criteria))
	for i, cr := range criteria {
		for _, s := range sheets {
			inputs[i] = append(inputs[i], inputsOf(cr, s))
		}
		peers[i] = cr.Rule.Peers(inputs[i])
	}
	lines := make(map[string][]Line, len(sheets))
	rows := make([]score.Row, 0, len(sheets))
	bySheet := make(map[string]Sheet, len(sheets))
	for si, s := range sheets {
		if s.CriteriaID != c.ID {
			continue
		}
		all := make([]Line, len(criteria))
		for i, cr := range criteria {
			all[i] = line(cr, s.Marks[cr.ID], inputs[i][si], peers[i])
		}
		lines[s.ID], bySheet[s.ID] = all, s
		rows = append(rows, score.Row{Unit: s.ID, Sheet: scoreSheet(c, s, all)})
	}
	placed := score.Rank(rows, c.TieBreakers)
	standings := make([]Standing, len(placed))
	for i, p := range placed {
		st := Standing{Sheet: bySheet[p.Unit], Lines: lines[p.Unit], Total: p.Total, Rank: p.Rank, Shared: p.Shared, DecidedBy: p.DecidedBy}
		if class, ok := score.Classify(c.Classes, p.Total.Capped()); ok {
			st.Class = class.Name
		}
		standings[i] = st
	}
	return standings
}

// Explain fills Why of every standing: where its points went, against the median of all.
func Explain(c Criteria, all []Standing) {
	rows := make([]score.Row, len(all))
	for i, st := range all {
		rows[i] = score.Row{Unit: st.Sheet.ID, Sheet: scoreSheet(c, st.Sheet, st.Lines)}
	}
	medians := score.MediansOf(rows)
	for i := range all {
		all[i].Why = score.WhyPlace(rows[i], medians)
	}
}

func inputsOf(cr Criterion, s Sheet) []score.Input {
	in := make([]score.Input, len(cr.Inputs))
	for i, x := range cr.Inputs {
		if v := s.Figures[x.Indicator].Value; v != nil {
			in[i] = score.Given(*v)
		}
	}
	return in
}

func line(cr Criterion, m Mark, in []score.Input, peers score.Peers) Line {
	l := Line{Criterion: cr, Mark: m}
	l.Result = cr.Rule.Among(in, peers)
	switch {
	case m.Void:
		l.From = FromVoid
	case m.NotApply:
		l.From = NotApplying
	case m.Verified != nil:
		l.Points, l.From = *m.Verified, FromVerified
	case m.Self != nil:
		l.Points, l.From = *m.Self, FromUnit
	case l.Result.OK():
		l.Points, l.From = l.Result.Points, FromRule
	default:
		l.From = FromNone
	}
	return l
}

func scoreSheet(c Criteria, s Sheet, lines []Line) score.Sheet {
	sheet := score.Sheet{Policy: c.NA, BonusCap: c.BonusCap}
	i := 0
	for _, g := range c.Groups {
		group := score.Group{Code: g.Code}
		for range g.Criteria {
			l := lines[i]
			group.Criteria = append(group.Criteria, score.Criterion{Code: l.Criterion.Code, Max: l.Criterion.Max,
				Points: l.Points, NotApplicable: l.From == NotApplying, Void: l.From == FromVoid})
			i++
		}
		sheet.Groups = append(sheet.Groups, group)
	}
	for _, e := range c.Extras {
		var cases int64
		for _, cl := range s.Claims {
			if cl.ExtraID == e.ID && cl.State == Accepted {
				cases += cl.Cases
			}
		}
		item := score.Item{Code: e.Code, Each: e.Points, Cases: cases, Cap: e.Points * e.MaxCases}
		if e.Bonus {
			sheet.Bonus = append(sheet.Bonus, item)
		} else {
			sheet.Deductions = append(sheet.Deductions, item)
		}
	}
	return sheet
}
