package emulation

import (
	"context"
	"crypto/rand"
	"time"

	"dongthuan/internal/cluster"
	"dongthuan/internal/db"
	"dongthuan/internal/evidence"
	"dongthuan/internal/fault"
	"dongthuan/internal/indicator"
	"dongthuan/internal/ledger"
	"dongthuan/internal/legal"
	"dongthuan/internal/policy"
	"dongthuan/internal/unit"
)

// Service does what people may do with criteria, sheets and rankings. Each method
// that writes is one transaction, recorded in the ledger.
type Service struct {
	db         *db.DB
	book       *ledger.Ledger
	now        func() time.Time
	clusters   *cluster.Service
	units      *unit.Service
	indicators *indicator.Service
	files      *evidence.Store
	legal      *legal.Service
	kept       *criteriaCache
	// Index puts what was published into the search; app sets it.
	Index func(ctx context.Context, tx *ledger.Tx, p cluster.Period, c Criteria) error
	// Told is told, in the same transaction, that a sheet was handed in, or what the
	// secretariat did to it; app sets it.
	Told func(ctx context.Context, tx *ledger.Tx, e SheetEvent) error
	// NewSeed makes the seed of a draw; the demonstration has its own.
	NewSeed func() string
	// CrossTold is told of cross-scoring, TargetTold of registrations; app sets them.
	CrossTold  func(ctx context.Context, tx *ledger.Tx, e CrossEvent) error
	TargetTold func(ctx context.Context, tx *ledger.Tx, e TargetEvent) error
}

// New returns the service over d, recording in book.
func New(d *db.DB, book *ledger.Ledger, clusters *cluster.Service, units *unit.Service, indicators *indicator.Service, files *evidence.Store, clock *legal.Service, now func() time.Time) *Service {
	return &Service{db: d, book: book, now: now, clusters: clusters, units: units, indicators: indicators, files: files, legal: clock, kept: &criteriaCache{byID: map[string]Criteria{}},
		Told:       func(context.Context, *ledger.Tx, SheetEvent) error { return nil },
		NewSeed:    rand.Text,
		CrossTold:  func(context.Context, *ledger.Tx, CrossEvent) error { return nil },
		TargetTold: func(context.Context, *ledger.Tx, TargetEvent) error { return nil }}
}

// Room is the name under which evidence of sheets is kept.
const Room = "emulation"

// object is what the policy is asked about for a sheet.
func (s *Service) object(ctx context.Context, q db.Query, sheet Sheet) (policy.Object, cluster.Period, error) {
	p, err := s.clusters.PeriodByID(ctx, q, sheet.PeriodID)
	return p.Object(sheet.UnitID), p, err
}

// edit runs one act on a sheet in one transaction: it takes the sheet's row, asks
// the policy, and checks that the period still takes entries.
func (s *Service) edit(ctx context.Context, actor policy.Actor, sheetID string, action policy.Action, fn func(*ledger.Tx, *Sheet, Criteria) error) (ledger.Ack, error) {
	return s.book.Write(ctx, func(tx *ledger.Tx) error {
		sheet, err := touch(ctx, tx, sheetID)
		if err != nil {
			return err
		}
		object, period, err := s.object(ctx, tx, sheet)
		if err != nil {
			return err
		}
		if action == policy.SheetVerify {
			chain, err := chainOf(ctx, tx, sheet.ChainID)
			if err != nil {
				return err
			}
			if err := mayJudge(actor, object, chain, sheet); err != nil {
				return err
			}
		} else if err := policy.May(actor, action, object); err != nil {
			return err
		}
		if err := period.Takes(tx.At()); err != nil {
			return err
		}
		switch action {
		case policy.SheetEdit, policy.SheetSubmit:
			err = sheet.Editable()
		case policy.SheetVerify:
			err = sheet.Verifiable()
		}
		if err != nil {
			return err
		}
		c, err := s.kept.load(ctx, tx, sheet.CriteriaID)
		if err != nil {
			return err
		}
		one := []Sheet{sheet}
		if err := fill(ctx, tx, one, "id", sheet.ID); err != nil {
			return err
		}
		if err := s.fillProofs(ctx, tx, &one[0]); err != nil {
			return err
		}
		if err := fn(tx, &one[0], c); err != nil {
			return err
		}
		if len(one[0].said) == 0 || action == policy.SheetEdit {
			return nil
		}
		return s.Told(ctx, tx, SheetEvent{By: actor, Sheet: one[0], Period: period, Changes: one[0].said})
	})
}

// SheetEvent is what others hear of a sheet: that it was handed in, or what the
// secretariat did to it, with its reasons.
type SheetEvent struct {
	By      policy.Actor
	Sheet   Sheet
	Period  cluster.Period
	Changes []Change
}

// noteChanges keeps changes in the sheet's trail.
func (s *Service) noteChanges(ctx context.Context, tx *ledger.Tx, actor policy.Actor, sheet *Sheet, changes []Change) error {
	sheet.said = append(sheet.said, changes...)
	return insertChanges(ctx, tx, sheet.ID, actor.Account, changes)
}

func (s *Service) fillProofs(ctx context.Context, q db.Query, sheet *Sheet) error {
	items, err := s.files.Items(ctx, q, evidence.Use{Room: Room, Object: sheet.ID})
	if err != nil || len(items) == 0 {
		return err
	}
	criteria, err := proofsOf(ctx, q, sheet.ID)
	if err != nil {
		return err
	}
	sheet.Proofs = map[string][]evidence.Item{}
	for _, it := range items {
		for _, cr := range criteria[it.ID] {
			sheet.Proofs[cr] = append(sheet.Proofs[cr], it)
		}
	}
	return nil
}

// View is a sheet with all that its pages show.
type View struct {
	Sheet    Sheet
	Criteria Criteria
	Period   cluster.Period
	Cluster  cluster.Cluster
	Unit     unit.Unit
	Member   cluster.Member
	Last     map[string]int64 // figures of the period before, by indicator
	LastName string           // that period's name
	Standing Standing         // what the sheet comes to now
	Chain    Chain            // the way it goes
}

// Open returns a sheet as the actor may see it: its unit, its cluster's offices,
// and once the period is published, everybody.
func (s *Service) Open(ctx context.Context, actor policy.Actor, sheetID string) (View, error) {
	var v View
	err := s.db.Read(ctx, func(q db.Query) error {
		sheet, err := findSheet(ctx, q, `where id = $1`, sheetID)
		if err != nil {
			return err
		}
		object, period, err := s.object(ctx, q, sheet)
		if err != nil {
			return err
		}
		if period.State != cluster.Published {
			if err := policy.May(actor, policy.SheetRead, object); err != nil {
				return err
			}
		}
		v, err = s.view(ctx, q, sheet, period)
		return err
	})
	return v, err
}

// OfUnit returns the sheet of a unit in a period, under the same rule as Open.
func (s *Service) OfUnit(ctx context.Context, actor policy.Actor, periodID, unitID string) (View, error) {
	sheet, err := findSheet(ctx, s.db, `where period_id = $1 and unit_id = $2`, periodID, unitID)
	if err != nil {
		return View{}, err
	}
	return s.Open(ctx, actor, sheet.ID)
}

func (s *Service) view(ctx context.Context, q db.Query, sheet Sheet, period cluster.Period) (View, error) {
	v := View{Period: period, Last: map[string]int64{}}
	sheets, c, err := s.loadPeriod(ctx, q, period.ID)
	if err != nil {
		return v, err
	}
	if sheet.CriteriaID != c.ID {
		if c, err = s.kept.load(ctx, q, sheet.CriteriaID); err != nil {
			return v, err
		}
	}
	v.Criteria = c
	if sheet.Step == 0 {
		v.Chain, err = chainOn(ctx, q, period.ClusterID, s.now())
	} else {
		v.Chain, err = chainOf(ctx, q, sheet.ChainID)
	}
	if err != nil {
		return v, err
	}
	for _, st := range Tally(c, sheets) {
		if st.Sheet.ID == sheet.ID {
			v.Standing, v.Sheet = st, st.Sheet
		}
	}
	if err := s.fillProofs(ctx, q, &v.Sheet); err != nil {
		return v, err
	}
	if v.Cluster, err = s.clusters.ByID(ctx, period.ClusterID); err != nil {
		return v, err
	}
	if v.Unit, err = s.units.Get(ctx, sheet.UnitID, period.Ends); err != nil {
		return v, err
	}
	if v.Member, err = s.memberOf(ctx, period, sheet.UnitID); err != nil {
		return v, err
	}
	if period.PreviousID != "" {
		last, err := s.clusters.PeriodByID(ctx, q, period.PreviousID)
		if err != nil {
			return v, err
		}
		v.LastName = last.Name
		if v.Last, err = figuresOf(ctx, q, last.ID, sheet.UnitID); err != nil {
			return v, err
		}
	}
	return v, nil
}

// memberOf returns the unit's term in the cluster on the last day of the period.
func (s *Service) memberOf(ctx context.Context, p cluster.Period, unitID string) (cluster.Member, error) {
	terms, err := s.clusters.Terms(ctx, p.ClusterID)
	if err != nil {
		return cluster.Member{}, err
	}
	var found cluster.Member
	for _, m := range terms {
		if m.UnitID == unitID && (found.ID == "" || m.On(p.Ends)) {
			found = m
		}
	}
	return found, nil
}

// ByMember returns the unit that has a code in the cluster for a period.
func (s *Service) ByMember(ctx context.Context, p cluster.Period, code string) (cluster.Member, error) {
	terms, err := s.clusters.Terms(ctx, p.ClusterID)
	if err != nil {
		return cluster.Member{}, err
	}
	var found cluster.Member
	for _, m := range terms {
		if m.Code == code && (found.ID == "" || m.On(p.Ends)) {
			found = m
		}
	}
	if found.ID == "" {
		return found, fault.New(fault.NotFound, "emulation.member.missing", code)
	}
	return found, nil
}

// Trail returns the unit's trail: every change of its sheet, the newest first; of
// one subject where it is given.
func (s *Service) Trail(ctx context.Context, actor policy.Actor, sheetID, subject string) ([]Change, error) {
	sheet, err := findSheet(ctx, s.db, `where id = $1`, sheetID)
	if err != nil {
		return nil, err
	}
	object, period, err := s.object(ctx, s.db, sheet)
	if err != nil {
		return nil, err
	}
	if period.State != cluster.Published {
		if err := policy.May(actor, policy.SheetRead, object); err != nil {
			return nil, err
		}
	}
	return trail(ctx, s.db, sheetID, subject)
}

// MayFile reports whether the actor may open evidence of a sheet, or the picture of a
// signed covenant: the floor asks it for every download.
func (s *Service) MayFile(ctx context.Context, actor policy.Actor, sheetID string) error {
	sheet, err := findSheet(ctx, s.db, `where id = $1`, sheetID)
	if fault.KindOf(err) == fault.NotFound {
		return s.mayPledge(ctx, actor, sheetID)
	}
	if err != nil {
		return err
	}
	object, period, err := s.object(ctx, s.db, sheet)
	if err != nil || period.State == cluster.Published {
		return err
	}
	refused := policy.May(actor, policy.SheetRead, object)
	if refused == nil {
		return nil
	}
	if scorer, err := s.scores(ctx, actor, sheet); err != nil || scorer {
		return err
	}
	return refused
}

// Owed is a sheet that a unit still has to hand in, for the page of duties.
type Owed struct {
	SheetID    string
	UnitID     string
	State      State
	Reason     string
	Period     cluster.Period
	Cluster    cluster.Cluster
	Have, Want int
}

// NotHandedIn returns the sheets of open periods that their units still hold, for
// reminders.
func (s *Service) NotHandedIn(ctx context.Context) ([]Owed, error) {
	periods, err := s.clusters.OpenPeriods(ctx)
	if err != nil {
		return nil, err
	}
	var all []Owed
	for _, p := range periods {
		sheets, err := listSheets(ctx, s.db, `where period_id = $1`, p.ID)
		if err != nil {
			return nil, err
		}
		for _, sheet := range sheets {
			if sheet.Editable() == nil {
				p := p
				p.Due = sheet.DueAt(p)
				all = append(all, Owed{SheetID: sheet.ID, UnitID: sheet.UnitID, State: sheet.State, Reason: sheet.Reason, Period: p})
			}
		}
	}
	return all, nil
}

// Owed returns the open sheets of the actor's units.
func (s *Service) Owed(ctx context.Context, actor policy.Actor) ([]Owed, error) {
	var all []Owed
	for _, unitID := range actor.Units() {
		sheets, err := listSheets(ctx, s.db, `where unit_id = $1`, unitID)
		if err != nil {
			return nil, err
		}
		for _, sheet := range sheets {
			p, err := s.clusters.PeriodByID(ctx, nil, sheet.PeriodID)
			if err != nil {
				return nil, err
			}
			if p.State != cluster.Open {
				continue
			}
			cl, err := s.clusters.ByID(ctx, p.ClusterID)
			if err != nil {
				return nil, err
			}
			c, err := s.kept.load(ctx, s.db, sheet.CriteriaID)
			if err != nil {
				return nil, err
			}
			one := []Sheet{sheet}
			if err := fill(ctx, s.db, one, "id", sheet.ID); err != nil {
				return nil, err
			}
			have, want := one[0].Done(c)
			p.Due = sheet.DueAt(p)
			all = append(all, Owed{sheet.ID, unitID, sheet.State, sheet.Reason, p, cl, have, want})
		}
	}
	return all, nil
}
