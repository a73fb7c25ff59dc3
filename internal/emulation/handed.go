package emulation

import (
	"context"
	"slices"
	"strings"

	"dongthuan/internal/cluster"
	"dongthuan/internal/indicator"
)

// What emulation hands to other rooms about published periods.

// UnitFigure is one published figure of a unit.
type UnitFigure struct {
	Label, UnitLabel string
	Value            int64 // thousandths
	To               string
}

// UnitFigures returns the published figures of one unit in a period, in the order
// of the sheet.
func (s *Service) UnitFigures(ctx context.Context, p cluster.Period, unitID string) ([]UnitFigure, error) {
	cl, err := s.clusters.ByID(ctx, p.ClusterID)
	if err != nil {
		return nil, err
	}
	c, err := s.PublicCriteria(ctx, p)
	if err != nil {
		return nil, err
	}
	values, err := figuresOf(ctx, s.db, p.ID, unitID)
	if err != nil {
		return nil, err
	}
	m, err := s.memberOf(ctx, p, unitID)
	if err != nil {
		return nil, err
	}
	var all []UnitFigure
	for _, in := range c.Inputs {
		if v, ok := values[in.Indicator]; ok {
			all = append(all, UnitFigure{in.Label, in.UnitLabel, v, PeriodPath(cl, p) + "/don-vi/" + m.Code + "/so/" + in.Indicator})
		}
	}
	return all, nil
}

// Series returns one indicator's figures in a published period: the cluster's sum
// first, then its units'.
func (s *Service) Series(ctx context.Context, cl cluster.Cluster, p cluster.Period, code string) ([]indicator.Point, error) {
	_, standings, err := s.Frozen(ctx, p)
	if err != nil {
		return nil, err
	}
	names, codes, err := s.Names(ctx, p)
	if err != nil {
		return nil, err
	}
	path := PeriodPath(cl, p)
	point := indicator.Point{ClusterCode: cl.Code, ClusterName: cl.Name, PeriodCode: p.Code, PeriodName: p.Name, Ends: p.Ends}
	var units []indicator.Point
	sum := point
	sum.To = path + "/so/" + code
	for _, st := range standings {
		v := st.Sheet.Figures[code].Value
		if v == nil {
			continue
		}
		u := point
		u.UnitCode, u.UnitName, u.Value = codes[st.Sheet.UnitID], names[st.Sheet.UnitID].FullName(), *v
		u.To = path + "/don-vi/" + u.UnitCode + "/so/" + code
		sum.Value += *v
		units = append(units, u)
	}
	if len(units) == 0 {
		return nil, nil
	}
	slices.SortFunc(units, func(a, b indicator.Point) int { return strings.Compare(a.UnitCode, b.UnitCode) })
	return append([]indicator.Point{sum}, units...), nil
}

// SheetsOf returns all sheets of a unit with their periods, the newest first.
func (s *Service) SheetsOf(ctx context.Context, unitID string) ([]Owed, error) {
	sheets, err := listSheets(ctx, s.db, `where unit_id = $1`, unitID)
	if err != nil {
		return nil, err
	}
	var all []Owed
	for _, sh := range sheets {
		p, err := s.clusters.PeriodByID(ctx, nil, sh.PeriodID)
		if err != nil {
			return nil, err
		}
		all = append(all, Owed{SheetID: sh.ID, UnitID: unitID, State: sh.State, Period: p})
	}
	slices.SortFunc(all, func(a, b Owed) int { return b.Period.Ends.Compare(a.Period.Ends) })
	return all, nil
}
