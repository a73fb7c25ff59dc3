package emulation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"dongthuan/internal/cluster"
	"dongthuan/internal/db"
	"dongthuan/internal/fault"
	"dongthuan/internal/indicator"
	"dongthuan/internal/ledger"
	"dongthuan/internal/policy"
	"dongthuan/internal/unit"
)

// SystemOffice is who acts where the program acts by itself.
const SystemOffice = "Hệ thống"

// loadPeriod returns the sheets of a period and the newest published criteria.
func (s *Service) loadPeriod(ctx context.Context, q db.Query, periodID string) ([]Sheet, Criteria, error) {
	heads, err := listCriteria(ctx, q, periodID)
	if err != nil {
		return nil, Criteria{}, err
	}
	i := slices.IndexFunc(heads, func(h criteriaHead) bool { return h.Published })
	if i < 0 {
		return nil, Criteria{}, fault.New(fault.NotFound, "emulation.criteria.missing")
	}
	c, err := s.kept.load(ctx, q, heads[i].ID)
	if err != nil {
		return nil, c, err
	}
	sheets, err := listSheets(ctx, q, `where period_id = $1`, periodID)
	if err != nil {
		return nil, c, err
	}
	return sheets, c, fill(ctx, q, sheets, "period_id", periodID)
}

// SaveCriteria keeps a criteria table as the period's draft, in place of an
// earlier draft. A published table is never changed: the draft is the next version.
func (s *Service) SaveCriteria(ctx context.Context, actor policy.Actor, periodID string, c Criteria) (Criteria, ledger.Ack, error) {
	p, err := s.clusters.PeriodByID(ctx, nil, periodID)
	if err != nil {
		return c, ledger.Ack{}, err
	}
	if err := policy.May(actor, policy.PeriodManage, policy.Object{Cluster: p.ClusterID}); err != nil {
		return c, ledger.Ack{}, err
	}
	ack, err := s.book.Write(ctx, func(tx *ledger.Tx) (err error) {
		c, err = s.saveCriteriaTx(ctx, tx, p, c, actor.Office)
		return err
	})
	return c, ack, err
}

func (s *Service) saveCriteriaTx(ctx context.Context, tx *ledger.Tx, p cluster.Period, c Criteria, office string) (Criteria, error) {
	if p.State == cluster.Frozen || p.State == cluster.Published {
		return c, fault.New(fault.Conflict, "emulation.criteria.late", p.Name)
	}
	if err := c.Check(); err != nil {
		return c, err
	}
	heads, err := listCriteria(ctx, tx, p.ID)
	if err != nil {
		return c, err
	}
	c.PeriodID, c.Version, c.Published = p.ID, 1, false
	for _, h := range heads {
		if h.Published {
			c.Version = max(c.Version, h.Version+1)
		} else if err := deleteDraft(ctx, tx, h.ID); err != nil {
			return c, err
		}
	}
	c.ID = newID()
	for i := range c.Groups {
		c.Groups[i].ID = newID()
		for j := range c.Groups[i].Criteria {
			c.Groups[i].Criteria[j].ID = newID()
		}
	}
	for i := range c.Extras {
		c.Extras[i].ID = newID()
	}
	if err := insertCriteria(ctx, tx, c); err != nil {
		return c, err
	}
	return c, tx.Record(ctx, ledger.CriteriaDrafted, c.ID, describe(c, office))
}

// describe is the table as the ledger keeps it.
func describe(c Criteria, office string) map[string]any {
	all := Describe(c)
	all["office"] = office
	return all
}

// Describe is a scoring table as it is recorded, and as the open data gives it.
func Describe(c Criteria) map[string]any {
	var criteria []map[string]any
	for _, cr := range c.All() {
		var inputs []string
		for _, in := range cr.Inputs {
			inputs = append(inputs, in.Indicator)
		}
		criteria = append(criteria, map[string]any{"group": cr.GroupCode, "code": cr.Code, "name": cr.Name, "max": cr.Max, "rule": cr.Rule.String(), "inputs": inputs})
	}
	var extras []map[string]any
	for _, e := range c.Extras {
		extras = append(extras, map[string]any{"bonus": e.Bonus, "code": e.Code, "name": e.Name, "points": e.Points, "max_cases": e.MaxCases})
	}
	return map[string]any{"period": c.PeriodID, "version": c.Version, "na_policy": c.NA, "bonus_cap": c.BonusCap,
		"classes": writeClasses(c.Classes), "tie_breakers": writeTies(c.TieBreakers), "criteria": criteria, "extras": extras}
}

// PublishCriteria publishes the draft, opens the period and a sheet for each
// member unit. A later version is published as long as no unit has handed in:
// the sheets being filled in go over to it, with all that was entered.
func (s *Service) PublishCriteria(ctx context.Context, actor policy.Actor, periodID string) (ledger.Ack, error) {
	return s.book.Write(ctx, func(tx *ledger.Tx) error {
		p, err := s.clusters.PeriodByID(ctx, tx, periodID)
		if err != nil {
			return err
		}
		if err := policy.May(actor, policy.PeriodManage, policy.Object{Cluster: p.ClusterID}); err != nil {
			return err
		}
		_, err = s.publishCriteriaTx(ctx, tx, p, actor.Office)
		return err
	})
}

func (s *Service) publishCriteriaTx(ctx context.Context, tx *ledger.Tx, p cluster.Period, office string) (Criteria, error) {
	if p.State != cluster.Setup && p.State != cluster.Open {
		return Criteria{}, fault.New(fault.Conflict, "emulation.criteria.late", p.Name)
	}
	heads, err := listCriteria(ctx, tx, p.ID)
	if err != nil {
		return Criteria{}, err
	}
	if len(heads) == 0 || heads[0].Published {
		return Criteria{}, fault.New(fault.Conflict, "emulation.criteria.nodraft")
	}
	c, err := loadCriteria(ctx, tx, heads[0].ID)
	if err != nil {
		return c, err
	}
	if err := s.moveSheets(ctx, tx, p, c); err != nil {
		return c, err
	}
	// Marks of scorers stand under the table they were drawn with.
	if _, err := findDraw(ctx, tx, p.ID); err == nil {
		return c, fault.New(fault.Conflict, "emulation.criteria.drawn")
	} else if fault.KindOf(err) != fault.NotFound {
		return c, err
	}
	if err := publishCriteria(ctx, tx, c.ID); err != nil {
		return c, err
	}
	if err := s.defineIndicators(ctx, tx, p, c); err != nil {
		return c, err
	}
	if p.State == cluster.Setup {
		if p, err = s.clusters.MoveTx(ctx, tx, p, cluster.Open); err != nil {
			return c, err
		}
	}
	if err := s.openSheets(ctx, tx, p, c); err != nil {
		return c, err
	}
	if s.Index != nil {
		if err := s.Index(ctx, tx, p, c); err != nil {
			return c, err
		}
	}
	return c, tx.Record(ctx, ledger.CriteriaPublished, c.ID, describe(c, office))
}

// moveSheets takes the sheets of a period to a new version of its criteria. What
// was said of a criterion goes to the one with the same code; of one that is gone
// it stays in the trail. Once a unit has handed in, the table it was handed in
// under stands.
func (s *Service) moveSheets(ctx context.Context, tx *ledger.Tx, p cluster.Period, c Criteria) error {
	sheets, err := listSheets(ctx, tx, `where period_id = $1`, p.ID)
	if err != nil {
		return err
	}
	for _, sh := range sheets {
		if sh.State == Submitted || sh.State == Verified {
			return fault.New(fault.Conflict, "emulation.criteria.handedin")
		}
	}
	for _, sh := range sheets {
		if sh, err = touch(ctx, tx, sh.ID); err != nil {
			return err
		}
		if sh.State == Submitted || sh.State == Verified { // while it was waited for
			return fault.New(fault.Conflict, "emulation.criteria.handedin")
		}
		if err := moveSheet(ctx, tx, sh.ID, c.ID); err != nil {
			return err
		}
		if err := insertChanges(ctx, tx, sh.ID, "", []Change{{Subject: "criteria:" + itoa(c.Version), New: itoa(c.Version), Source: "system", Office: SystemOffice}}); err != nil {
			return err
		}
		if err := tx.Record(ctx, ledger.SheetChanged, sh.ID, map[string]any{"sheet_version": sh.Version, "criteria": c.ID}); err != nil {
			return err
		}
	}
	return nil
}

// defineIndicators hands the definitions of a published table to their room.
func (s *Service) defineIndicators(ctx context.Context, tx *ledger.Tx, p cluster.Period, c Criteria) error {
	defs := make([]indicator.Definition, 0, len(c.Inputs))
	for _, in := range c.Inputs {
		defs = append(defs, indicator.Definition{Code: in.Indicator, Name: in.Label, UnitLabel: in.UnitLabel, Text: in.Definition, From: p.Starts})
	}
	return s.indicators.DefineTx(ctx, tx, defs)
}

// openSheets gives every unit that belongs to the cluster in the period its sheet.
func (s *Service) openSheets(ctx context.Context, tx *ledger.Tx, p cluster.Period, c Criteria) error {
	have := map[string]bool{}
	sheets, err := listSheets(ctx, tx, `where period_id = $1`, p.ID)
	if err != nil {
		return err
	}
	for _, sh := range sheets {
		have[sh.UnitID] = true
	}
	terms, err := s.clusters.Terms(ctx, p.ClusterID)
	if err != nil {
		return err
	}
	for _, m := range terms {
		if have[m.UnitID] || !m.On(p.Ends) && !m.On(p.Starts) {
			continue
		}
		have[m.UnitID] = true
		sh := Sheet{ID: newID(), PeriodID: p.ID, UnitID: m.UnitID, CriteriaID: c.ID, State: Draft}
		if err := insertSheet(ctx, tx, sh); err != nil {
			return err
		}
		if err := tx.Record(ctx, ledger.SheetOpened, sh.ID, map[string]any{"period": p.ID, "unit": m.UnitID, "criteria": c.ID}); err != nil {
			return err
		}
	}
	return nil
}

// Freeze locks the figures of a period now.
func (s *Service) Freeze(ctx context.Context, actor policy.Actor, periodID string) (ledger.Ack, error) {
	return s.book.Write(ctx, func(tx *ledger.Tx) error {
		p, err := s.clusters.PeriodByID(ctx, tx, periodID)
		if err != nil {
			return err
		}
		if err := policy.May(actor, policy.PeriodManage, policy.Object{Cluster: p.ClusterID}); err != nil {
			return err
		}
		return s.freezeTx(ctx, tx, p, actor.Office, actor.Account)
	})
}

// FreezeDue freezes the periods whose announced moment has come. It may run on
// several nodes at once: only one of them moves a period.
func (s *Service) FreezeDue(ctx context.Context) error {
	open, err := s.clusters.OpenPeriods(ctx)
	if err != nil {
		return err
	}
	var failed []error
	for _, p := range open {
		if p.FreezeAt.IsZero() || s.now().Before(p.FreezeAt) {
			continue
		}
		_, err := s.book.Write(ctx, func(tx *ledger.Tx) error { return s.freezeTx(ctx, tx, p, SystemOffice, "") })
		if fault.KindOf(err) == fault.Conflict {
			continue // another node was first
		}
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

func (s *Service) freezeTx(ctx context.Context, tx *ledger.Tx, p cluster.Period, office, account string) error {
	if p.State != cluster.Open {
		return fault.New(fault.Conflict, "cluster.period.moved", p.Name)
	}
	if _, err := s.clusters.MoveTx(ctx, tx, p, cluster.Frozen); err != nil {
		return err
	}
	sheets, _, err := s.loadPeriod(ctx, tx, p.ID)
	if err != nil {
		return err
	}
	for _, sh := range sheets {
		old := sh.State
		if sh, err = touch(ctx, tx, sh.ID); err != nil {
			return err
		}
		sh.State = Frozen
		if err := saveState(ctx, tx, sh); err != nil {
			return err
		}
		if err := insertChanges(ctx, tx, sh.ID, account, []Change{{Subject: "state", Old: string(old), New: string(Frozen), Source: "system", Office: office}}); err != nil {
			return err
		}
	}
	// What was closed is committed to now, and shown with the ranking.
	return tx.Record(ctx, ledger.FigureReported, p.ID, map[string]any{"office": office, "units": closedFigures(sheets)})
}

func closedFigures(sheets []Sheet) map[string]any {
	all := map[string]any{}
	for _, sh := range sheets {
		all[sh.UnitID] = map[string]any{"sheet": sh.ID, "state": sh.State, "figures": figureList(sh)}
	}
	return all
}

// Publish makes the ranking of a frozen period public, or publishes a correction
// of it, which needs a reason.
func (s *Service) Publish(ctx context.Context, actor policy.Actor, periodID, reason string) (ledger.Ack, error) {
	return s.book.Write(ctx, func(tx *ledger.Tx) error {
		p, err := s.clusters.PeriodByID(ctx, tx, periodID)
		if err != nil {
			return err
		}
		if err := policy.May(actor, policy.PeriodManage, policy.Object{Cluster: p.ClusterID}); err != nil {
			return err
		}
		return s.publishTx(ctx, tx, p, actor.Office, reason)
	})
}

func (s *Service) publishTx(ctx context.Context, tx *ledger.Tx, p cluster.Period, office, reason string) error {
	// Every appeal is answered before the ranking is public.
	if n, err := openAppeals(ctx, tx, p.ID); err != nil {
		return err
	} else if n > 0 {
		return fault.New(fault.Conflict, "emulation.publish.appeals", n)
	}
	if p.State != cluster.Frozen {
		return fault.New(fault.Conflict, "emulation.publish.notfrozen", p.Name)
	}
	sheets, c, err := s.loadPeriod(ctx, tx, p.ID)
	if err != nil {
		return err
	}
	ranking, err := s.ranking(ctx, p, c, Tally(c, sheets))
	if err != nil {
		return err
	}
	body, err := json.Marshal(ranking)
	if err != nil {
		return err
	}
	if p, err = s.clusters.MoveTx(ctx, tx, p, cluster.Published); err != nil {
		return err
	}
	if err := insertResult(ctx, tx, p.ID, result{1, reason, string(body), tx.At()}); err != nil {
		return err
	}
	if err := tx.Record(ctx, ledger.FigurePublished, p.ID, map[string]any{"office": office, "units": closedFigures(sheets)}); err != nil {
		return err
	}
	return tx.Record(ctx, ledger.RankingPublished, p.ID, map[string]any{"office": office, "version": 1, "reason": reason, "ranking": ranking})
}

// Ranking is a period's result as it was published, and as the API gives it.
type Ranking struct {
	Period string       `json:"period"`
	Trial  bool         `json:"trial"`
	Groups []RankGroup  `json:"group_list"`
	Rows   []RankingRow `json:"rows"`
}

// RankGroup names a group of criteria; Max is in tenths.
type RankGroup struct {
	Code string `json:"code"`
	Name string `json:"name"`
	Max  int64  `json:"max"`
}

// RankingRow is one unit's place; points are in tenths.
type RankingRow struct {
	Rank      int     `json:"rank"`
	Unit      string  `json:"unit"`
	Name      string  `json:"name"`
	Groups    []int64 `json:"groups"`
	Bonus     int64   `json:"bonus"`
	Deduction int64   `json:"deduction"`
	Base      int64   `json:"base"`
	Total     int64   `json:"total"`
	Class     string  `json:"class"`
	Shared    bool    `json:"shared,omitempty"`
	DecidedBy string  `json:"decided_by,omitempty"`
	UnitID    string  `json:"unit_id"`
	SheetID   string  `json:"sheet"`
	Block     string  `json:"block,omitempty"`      // the unit's block in the cluster
	BlockRank int     `json:"block_rank,omitempty"` // its place there
}

// HasBlocks reports whether units are ranked in blocks too.
func (r Ranking) HasBlocks() bool {
	return slices.ContainsFunc(r.Rows, func(row RankingRow) bool { return row.Block != "" })
}

// inBlocks gives every row its place in its block: one more than the units of the
// block that stand before it in the cluster. Equal places stay equal.
func (r *Ranking) inBlocks() {
	for i := range r.Rows {
		row := &r.Rows[i]
		if row.Block == "" {
			continue
		}
		row.BlockRank = 1
		for _, o := range r.Rows {
			if o.Block == row.Block && o.Rank < row.Rank {
				row.BlockRank++
			}
		}
	}
}

func (s *Service) ranking(ctx context.Context, p cluster.Period, c Criteria, standings []Standing) (Ranking, error) {
	r := Ranking{Period: p.Code, Trial: p.Trial, Rows: []RankingRow{}}
	for _, g := range c.Groups {
		r.Groups = append(r.Groups, RankGroup{g.Code, g.Name, g.Max})
	}
	names, codes, err := s.Names(ctx, p)
	if err != nil {
		return r, err
	}
	terms, err := s.clusters.Terms(ctx, p.ClusterID)
	if err != nil {
		return r, err
	}
	blocks := map[string]string{}
	for _, m := range terms {
		if m.On(p.Ends) || blocks[m.UnitID] == "" && m.On(p.Starts) {
			blocks[m.UnitID] = m.Block
		}
	}
	for _, st := range standings {
		row := RankingRow{Rank: st.Rank, Unit: codes[st.Sheet.UnitID], Name: names[st.Sheet.UnitID].FullName(), Bonus: st.Total.Bonus,
			Deduction: st.Total.Deduction, Base: st.Total.Base, Total: st.Total.Points, Class: st.Class, Shared: st.Shared,
			DecidedBy: st.DecidedBy.String(), UnitID: st.Sheet.UnitID, SheetID: st.Sheet.ID}
		for _, g := range st.Total.Groups {
			row.Groups = append(row.Groups, g.Points)
		}
		row.Block = blocks[st.Sheet.UnitID]
		r.Rows = append(r.Rows, row)
	}
	r.inBlocks()
	return r, nil
}

// Names returns the units of a period as they were called on its last day, and
// their codes in the cluster.
func (s *Service) Names(ctx context.Context, p cluster.Period) (map[string]unit.Unit, map[string]string, error) {
	terms, err := s.clusters.Terms(ctx, p.ClusterID)
	if err != nil {
		return nil, nil, err
	}
	codes := map[string]string{}
	for _, m := range terms {
		if _, ok := codes[m.UnitID]; !ok || m.On(p.Ends) {
			codes[m.UnitID] = m.Code
		}
	}
	units, err := s.units.GetMany(ctx, slices.Sorted(maps.Keys(codes)), p.Ends)
	return units, codes, err
}

// Published returns a period's ranking as it was published last, with the reason
// and time of that version. It is not found where nothing was published.
func (s *Service) Published(ctx context.Context, p cluster.Period) (Ranking, time.Time, error) {
	var r Ranking
	all, err := listResults(ctx, s.db, p.ID)
	if err != nil {
		return r, time.Time{}, err
	}
	if len(all) == 0 {
		return r, time.Time{}, fault.New(fault.NotFound, "emulation.ranking.missing", p.Name)
	}
	if err := json.Unmarshal([]byte(all[0].Body), &r); err != nil {
		return r, time.Time{}, fmt.Errorf("read published ranking: %w", err)
	}
	return r, all[0].At, nil
}

// Board is what the secretariat follows a period with.
type Board struct {
	Period    cluster.Period
	Cluster   cluster.Cluster
	Criteria  Criteria
	Heads     []criteriaHead
	Standings []Standing // best first; empty before criteria are published
	Ranking   Ranking
	Names     map[string]unit.Unit
	Codes     map[string]string
	Draft     bool // a criteria draft waits to be published
}

// Board returns the state of a period for those who follow it.
func (s *Service) Board(ctx context.Context, actor policy.Actor, periodID string) (Board, error) {
	var b Board
	var err error
	if b.Period, err = s.clusters.PeriodByID(ctx, nil, periodID); err != nil {
		return b, err
	}
	if err := policy.May(actor, policy.PeriodFollow, b.Period.Object("")); err != nil {
		return b, err
	}
	if b.Cluster, err = s.clusters.ByID(ctx, b.Period.ClusterID); err != nil {
		return b, err
	}
	if b.Names, b.Codes, err = s.Names(ctx, b.Period); err != nil {
		return b, err
	}
	if b.Heads, err = listCriteria(ctx, s.db, periodID); err != nil {
		return b, err
	}
	b.Draft = len(b.Heads) > 0 && !b.Heads[0].Published
	err = s.db.Read(ctx, func(q db.Query) error {
		sheets, c, err := s.loadPeriod(ctx, q, periodID)
		if fault.KindOf(err) == fault.NotFound {
			return nil
		}
		if err != nil {
			return err
		}
		b.Criteria, b.Standings = c, Tally(c, sheets)
		b.Ranking, err = s.ranking(ctx, b.Period, c, b.Standings)
		return err
	})
	return b, err
}

// DraftOf returns the criteria draft of a period, and false where there is none.
func (s *Service) DraftOf(ctx context.Context, actor policy.Actor, periodID string) (Criteria, bool, error) {
	p, err := s.clusters.PeriodByID(ctx, nil, periodID)
	if err != nil {
		return Criteria{}, false, err
	}
	if err := policy.May(actor, policy.PeriodManage, policy.Object{Cluster: p.ClusterID}); err != nil {
		return Criteria{}, false, err
	}
	heads, err := listCriteria(ctx, s.db, periodID)
	if err != nil || len(heads) == 0 || heads[0].Published {
		return Criteria{}, false, err
	}
	c, err := loadCriteria(ctx, s.db, heads[0].ID)
	return c, err == nil, err
}

// PublicCriteria returns the newest published criteria of a period.
func (s *Service) PublicCriteria(ctx context.Context, p cluster.Period) (Criteria, error) {
	heads, err := listCriteria(ctx, s.db, p.ID)
	if err != nil {
		return Criteria{}, err
	}
	for _, h := range heads {
		if h.Published {
			return s.kept.load(ctx, s.db, h.ID)
		}
	}
	return Criteria{}, fault.New(fault.NotFound, "emulation.criteria.missing")
}

// Frozen returns all standings of a period whose figures no longer change: what
// the report is made from. It is refused while figures still move.
func (s *Service) Frozen(ctx context.Context, p cluster.Period) (Criteria, []Standing, error) {
	if p.State != cluster.Frozen && p.State != cluster.Published {
		return Criteria{}, nil, fault.New(fault.Conflict, "emulation.notfrozen", p.Name)
	}
	var c Criteria
	var standings []Standing
	err := s.db.Read(ctx, func(q db.Query) error {
		sheets, crit, err := s.loadPeriod(ctx, q, p.ID)
		if err != nil {
			return err
		}
		c, standings = crit, Tally(crit, sheets)
		return nil
	})
	return c, standings, err
}

// Current returns all standings of a period as they are now, whatever its state.
func (s *Service) Current(ctx context.Context, p cluster.Period) (Criteria, []Standing, error) {
	var c Criteria
	var standings []Standing
	err := s.db.Read(ctx, func(q db.Query) error {
		sheets, crit, err := s.loadPeriod(ctx, q, p.ID)
		if err != nil {
			return err
		}
		c, standings = crit, Tally(crit, sheets)
		return nil
	})
	return c, standings, err
}
