package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strconv"
	"time"

	"dongthuan/internal/emulation"
	"dongthuan/internal/lang"
	"dongthuan/internal/score"
)

// consolidate measures the arithmetic of a whole country in one cluster: points of 60
// criteria by all kinds of rules, sums, ranking, and why each unit has its place.
func (b *bench) consolidate(context.Context) error {
	c, sheets, err := country(national)
	if err != nil {
		return err
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var each []time.Duration
	for range rounds {
		before, err := cpu()
		if err != nil {
			return err
		}
		standings := emulation.Tally(c, sheets)
		emulation.Explain(c, standings)
		after, err := cpu()
		if err != nil {
			return err
		}
		if len(standings) != national || len(standings[national-1].Why) == 0 {
			return fmt.Errorf("%d units, the last without a reason", len(standings))
		}
		each = append(each, after-before)
	}
	b.add(fmt.Sprintf("consolidate, rank and say why, %d units × %d criteria: CPU", national, len(c.All())), millis(median(each)), "< 2 s", median(each) < 2*time.Second)
	return nil
}

// country makes criteria of every kind of rule and sheets with figures by chance.
func country(units int) (emulation.Criteria, []emulation.Sheet, error) {
	rules := []string{"steps 95:5 85:3 70:1", "linear", "count 1 max 5", "yes 5", "rank 1:5 100:3 1000:1", "linear", "steps 98:5 90:2.5", "linear", "count 0.5 max 5", "linear"}
	c := emulation.Criteria{ID: "c", NA: score.Rescale, BonusCap: 50}
	random := rand.New(rand.NewPCG(1, 2))
	for g := range 6 {
		group := emulation.Group{ID: strconv.Itoa(g), Code: strconv.Itoa(g + 1)}
		for k, text := range rules {
			cr := emulation.Criterion{ID: fmt.Sprintf("%d.%d", g+1, k+1), Code: fmt.Sprintf("%d.%d", g+1, k+1), GroupCode: group.Code, Max: 50, MayNotApply: true}
			rule, err := score.ParseRule(text, cr.Max)
			if err != nil {
				return c, nil, err
			}
			cr.Rule = rule
			for i := range rule.Inputs() {
				cr.Inputs = append(cr.Inputs, emulation.Input{Indicator: fmt.Sprintf("f%d_%d_%d", g, k, i), Criterion: cr.ID})
			}
			group.Max += cr.Max
			group.Criteria = append(group.Criteria, cr)
		}
		c.Groups = append(c.Groups, group)
	}
	var sheets []emulation.Sheet
	for u := range units {
		s := emulation.Sheet{ID: strconv.Itoa(u), UnitID: strconv.Itoa(u), CriteriaID: c.ID, Figures: map[string]emulation.Figure{}, Marks: map[string]emulation.Mark{}}
		for _, cr := range c.All() {
			roles := cr.Rule.Inputs()
			for i, in := range cr.Inputs {
				v := int64(20+random.IntN(80)) * lang.Unit
				switch {
				case roles[i].Role == score.RoleYesNo:
					v = int64(random.IntN(2)) * lang.Unit
				case i == 1:
					v = 100 * lang.Unit
				}
				s.Figures[in.Indicator] = emulation.Figure{Indicator: in.Indicator, Value: &v}
			}
			if random.IntN(20) == 0 {
				s.Marks[cr.ID] = emulation.Mark{CriterionID: cr.ID, NotApply: true}
			}
		}
		sheets = append(sheets, s)
	}
	return c, sheets, nil
}
