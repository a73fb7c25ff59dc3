package emulation

import (
	"context"
	"math/big"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"dongthuan/internal/cluster"
	"dongthuan/internal/document"
	"dongthuan/internal/evidence"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/score"
	"dongthuan/internal/web"
)

func notPublished(p cluster.Period) error {
	return fault.New(fault.NotFound, "emulation.notpublished", p.Name)
}

// groupLines is a group of criteria with its lines, for pages.
type groupLines struct {
	Group Group
	Total score.GroupTotal
	Lines []lineView
}

// lineView is a line with its explanation in words.
type lineView struct {
	Line
	How     []string // how the rule came to its points
	Cannot  string   // why it could not
	Figures []figureView
	Proofs  []evidence.Item
}

type figureView struct {
	Input
	Figure
	Last *int64
}

// byGroup lays a sheet out by group, each line with how it was computed.
func byGroup(b web.Base, v View) []groupLines {
	var all []groupLines
	i := 0
	for gi, g := range v.Criteria.Groups {
		gl := groupLines{Group: g}
		if gi < len(v.Standing.Total.Groups) {
			gl.Total = v.Standing.Total.Groups[gi]
		}
		for range g.Criteria {
			if i >= len(v.Standing.Lines) {
				break
			}
			l := v.Standing.Lines[i]
			i++
			view := lineView{Line: l, How: how(b, l.Criterion, l.Result), Proofs: v.Sheet.Proofs[l.Criterion.ID]}
			if !l.Result.OK() {
				view.Cannot = cannot(b, l)
			}
			for _, in := range l.Criterion.Inputs {
				view.Figures = append(view.Figures, figureOf(v, in))
			}
			gl.Lines = append(gl.Lines, view)
		}
		all = append(all, gl)
	}
	return all
}

func figureOf(v View, in Input) figureView {
	f := figureView{Input: in, Figure: v.Sheet.Figures[in.Indicator]}
	if last, ok := v.Last[in.Indicator]; ok {
		f.Last = &last
	}
	return f
}

// loose are the figures without points, in order.
func loose(v View) []figureView {
	var all []figureView
	for _, in := range v.Criteria.Inputs {
		if in.Criterion == "" {
			all = append(all, figureOf(v, in))
		}
	}
	return all
}

// how writes a result's steps as sentences: "405/412 = 98,3 % ≥ 98 % → 6 điểm".
func how(b web.Base, cr Criterion, r score.Result) []string {
	var lines []string
	for _, st := range r.Steps {
		lines = append(lines, stepWords(b, st))
		if st.Num > st.Den {
			// Right where a plan was passed, wrong where two cells were swapped: only
			// the person knows which, so it is said and not refused.
			lines = append(lines, b.Words("emulation.how.above", lang.Figure(b.Lang, st.Num), lang.Figure(b.Lang, st.Den)))
		}
	}
	if r.OK() && r.Exact != nil && !isTenths(r.Exact, r.Points) {
		lines = append(lines, b.Words("emulation.how.round", exactText(b.Lang, r.Exact), lang.Points(b.Lang, r.Points)))
	}
	return lines
}

func isTenths(exact *big.Rat, points int64) bool {
	return exact.Cmp(new(big.Rat).SetInt64(points)) == 0
}

// exactText writes points kept as an exact fraction of tenths with two decimals.
func exactText(l string, tenths *big.Rat) string {
	hundredths := new(big.Rat).Mul(tenths, big.NewRat(10, 1))
	n := new(big.Int).Add(new(big.Int).Mul(hundredths.Num(), big.NewInt(2)), hundredths.Denom())
	n.Div(n, new(big.Int).Mul(hundredths.Denom(), big.NewInt(2)))
	return lang.Figure(l, n.Int64()*10)
}

func stepWords(b web.Base, st score.Step) string {
	fig := func(n int64) string { return lang.Figure(b.Lang, n) }
	pts := exactText(b.Lang, st.Points)
	ratio := func() string {
		return fig(st.Num) + "/" + fig(st.Den) + " = " + lang.Percent(b.Lang, st.Num, st.Den)
	}
	reached := func(sign string, at string) string {
		if st.Reach == nil {
			return b.Words("emulation.how.none")
		}
		return sign + " " + at
	}
	var at int64
	if st.Reach != nil {
		at = st.Reach.At
	}
	switch st.Verb {
	case score.VerbYes:
		if st.Inputs[0] == 0 {
			return b.Words("emulation.how.no", pts)
		}
		return b.Words("emulation.how.yes", pts)
	case score.VerbLinear:
		return b.Words("emulation.how.linear", ratio(), lang.Points(b.Lang, st.Worth), pts)
	case score.VerbSteps:
		return b.Words("emulation.how.steps", ratio(), reached("≥", lang.Points(b.Lang, at)+" %"), pts)
	case score.VerbUpto:
		return b.Words("emulation.how.steps", fig(st.Inputs[0]), reached("≤", fig(at)), pts)
	case score.VerbAtLeast:
		return b.Words("emulation.how.steps", fig(st.Inputs[0]), reached("≥", fig(at)), pts)
	case score.VerbCount:
		return b.Words("emulation.how.count", fig(st.Inputs[0]), lang.Points(b.Lang, st.Per[0]), lang.Points(b.Lang, st.Worth), pts)
	case score.VerbShort:
		return b.Words("emulation.how.short", fig(st.Num), fig(st.Den), lang.Points(b.Lang, st.Per[0]), pts)
	case score.VerbLess:
		var parts []string
		for i, n := range st.Inputs {
			parts = append(parts, fig(n)+" × "+lang.Points(b.Lang, st.Per[i]))
		}
		return b.Words("emulation.how.less", lang.Points(b.Lang, st.Worth), strings.Join(parts, " − "), pts)
	case score.VerbRank:
		return b.Words("emulation.how.rank", ratio(), st.Place, st.Of, pts)
	}
	return b.Words("emulation.how.judged", pts)
}

func cannot(b web.Base, l Line) string {
	label := ""
	if i := l.Result.Input; i < len(l.Criterion.Inputs) {
		label = l.Criterion.Inputs[i].Label
	}
	return b.Words("emulation.cannot."+string(l.Result.Cannot), label)
}

func tieWords(b web.Base, t score.TieBreaker) string {
	if t.By == "group" {
		return b.Words("emulation.tie.group", t.Group)
	}
	return b.Words("emulation.tie." + t.By)
}

// whyLine is one reason for a place.
type whyLine struct {
	score.Loss
	Name string
}

func (p pages) why(ctx context.Context, b web.Base, period cluster.Period, unitID string) ([]whyLine, error) {
	c, standings, err := p.Frozen(ctx, period)
	if err != nil {
		return nil, err
	}
	Explain(c, standings)
	return whyLines(c, standings, unitID), nil
}

// whyLines are the reasons of one unit's place, of standings that were explained.
func whyLines(c Criteria, standings []Standing, unitID string) []whyLine {
	at := slices.IndexFunc(standings, func(st Standing) bool { return st.Sheet.UnitID == unitID })
	if at < 0 {
		return nil
	}
	var lines []whyLine
	for _, loss := range standings[at].Why {
		cr, _ := c.Criterion(loss.Criterion)
		lines = append(lines, whyLine{loss, cr.Name})
	}
	return lines
}

// rowsOf lists what each unit gave to an indicator's total, in the cluster's
// order, and names the units that gave nothing.
func (p pages) rowsOf(ctx context.Context, period cluster.Period, path, indicator string, standings []Standing) (rows []totalRow, sum int64, missing []string, err error) {
	names, codes, err := p.Names(ctx, period)
	if err != nil {
		return nil, 0, nil, err
	}
	for _, st := range standings {
		f := st.Sheet.Figures[indicator]
		row := totalRow{UnitID: st.Sheet.UnitID, Code: codes[st.Sheet.UnitID], Name: names[st.Sheet.UnitID].FullName(), Figure: f}
		row.To = path + "/don-vi/" + row.Code + "/so/" + indicator
		if f.Value != nil {
			sum += *f.Value
		} else {
			missing = append(missing, row.Name)
		}
		rows = append(rows, row)
	}
	slices.SortFunc(rows, func(a, b totalRow) int { return strings.Compare(a.Code, b.Code) })
	return rows, sum, missing, nil
}

// LastFigures returns the values of the period before, by unit and indicator;
// nothing where the period has none before it.
func (s *Service) LastFigures(ctx context.Context, period cluster.Period) (cluster.Period, map[string]map[string]int64, error) {
	if period.PreviousID == "" {
		return cluster.Period{}, nil, nil
	}
	last, err := s.clusters.PeriodByID(ctx, nil, period.PreviousID)
	if err != nil {
		return last, nil, err
	}
	sheets, err := listSheets(ctx, s.db, `where period_id = $1`, last.ID)
	if err != nil {
		return last, nil, err
	}
	if err := fill(ctx, s.db, sheets, "period_id", last.ID); err != nil {
		return last, nil, err
	}
	values := map[string]map[string]int64{}
	for _, sh := range sheets {
		values[sh.UnitID] = map[string]int64{}
		for code, f := range sh.Figures {
			if f.Value != nil {
				values[sh.UnitID][code] = *f.Value
			}
		}
	}
	return last, values, nil
}

// rankingRows is the ranking as a table of text.
func rankingRows(b web.Base, r Ranking) [][]string {
	head := []string{b.Words("emulation.rank"), b.Words("cluster.code"), b.Words("cluster.unit")}
	for _, g := range r.Groups {
		head = append(head, g.Code)
	}
	head = append(head, b.Words("emulation.base"), b.Words("emulation.bonus"), b.Words("emulation.deduction"), b.Words("emulation.total"), b.Words("emulation.class"))
	rows := [][]string{head}
	for _, row := range r.Rows {
		line := []string{itoa(int64(row.Rank)), row.Unit, row.Name}
		for _, g := range row.Groups {
			line = append(line, plain(g, 10))
		}
		rows = append(rows, append(line, plain(row.Base, 10), plain(row.Bonus, 10), plain(row.Deduction, 10), plain(row.Total, 10), row.Class))
	}
	return rows
}

// figureRows is every figure of a period, one a line.
func figureRows(b web.Base, c Criteria, standings []Standing, codes map[string]string) [][]string {
	rows := [][]string{{b.Words("cluster.code"), b.Words("emulation.indicator"), b.Words("emulation.label"), b.Words("emulation.unitlabel"), b.Words("emulation.value")}}
	sorted := slices.Clone(standings)
	slices.SortFunc(sorted, func(x, y Standing) int { return strings.Compare(codes[x.Sheet.UnitID], codes[y.Sheet.UnitID]) })
	for _, st := range sorted {
		for _, in := range c.Inputs {
			value := ""
			if v := st.Sheet.Figures[in.Indicator].Value; v != nil {
				value = plain(*v, lang.Unit)
			}
			rows = append(rows, []string{codes[st.Sheet.UnitID], in.Indicator, in.Label, in.UnitLabel, value})
		}
	}
	return rows
}

// plain writes n/unit as programs read it, the same in every language: 1234.5.
func plain(n, unit int64) string {
	return strconv.FormatFloat(float64(n)/float64(unit), 'f', -1, 64)
}

func writeCSV(w http.ResponseWriter, name string, rows [][]string) error {
	attachment(w, "text/csv; charset=utf-8", name)
	return document.WriteCSV(w, slices.Values(rows))
}
