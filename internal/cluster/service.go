package cluster

import (
	"context"
	"crypto/rand"
	"slices"
	"time"
	"unicode/utf8"

	"dongthuan/internal/db"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
	"dongthuan/internal/policy"
)

// Service does what people may do with clusters. Each method that writes is one
// transaction, recorded in the ledger; methods ending in Tx are steps inside the
// caller's.
type Service struct {
	db   *db.DB
	book *ledger.Ledger
	now  func() time.Time
}

// New returns the service over d, recording in book.
func New(d *db.DB, book *ledger.Ledger, now func() time.Time) *Service {
	return &Service{d, book, now}
}

// Create registers a cluster with its terms.
func (s *Service) Create(ctx context.Context, actor policy.Actor, c Cluster, members []Member) (Cluster, ledger.Ack, error) {
	if err := policy.May(actor, policy.UnitManage, policy.Object{}); err != nil {
		return c, ledger.Ack{}, err
	}
	var made Cluster
	ack, err := s.book.Write(ctx, func(tx *ledger.Tx) (err error) {
		made, err = s.CreateTx(ctx, tx, c, members)
		return err
	})
	return made, ack, err
}

// CreateTx registers a cluster with its terms.
func (s *Service) CreateTx(ctx context.Context, tx *ledger.Tx, c Cluster, members []Member) (Cluster, error) {
	c.Name, c.Superior, c.Basis = lang.Line(c.Name), lang.Line(c.Superior), lang.Line(c.Basis)
	var problems fault.List
	if !codeForm.MatchString(c.Code) || len(c.Code) > 30 {
		problems.Add("code", "cluster.code.bad")
	}
	if c.Name == "" {
		problems.Add("name", "cluster.name.missing")
	}
	if err := problems.Or(); err != nil {
		return c, err
	}
	if err := Check(members); err != nil {
		return c, err
	}
	c.ID = rand.Text()
	if err := insertCluster(ctx, tx, c); err != nil {
		return c, err
	}
	terms := make([]map[string]any, 0, len(members))
	for i, m := range members {
		m.ID, m.ClusterID, m.Order = rand.Text(), c.ID, int64(i)
		if err := insertMember(ctx, tx, m); err != nil {
			return c, err
		}
		terms = append(terms, map[string]any{"unit": m.UnitID, "code": m.Code, "role": m.Role,
			"from": db.Day(m.From, lang.Vietnam), "to": db.Day(m.To, lang.Vietnam)})
	}
	return c, tx.Record(ctx, ledger.ClusterCreated, c.ID, map[string]any{"code": c.Code, "name": c.Name, "basis": c.Basis, "terms": terms})
}

// change rewrites the terms of a cluster: fn gets them as they are and returns those
// to be changed, by id, and those to be added. Terms that overlap wrongly are refused
// with everything.
func (s *Service) change(ctx context.Context, actor policy.Actor, clusterID string, what map[string]any, fn func(c Cluster, now []Member) (changed, added []Member, err error)) (ledger.Ack, error) {
	if err := policy.May(actor, policy.UnitManage, policy.Object{}); err != nil {
		return ledger.Ack{}, err
	}
	return s.book.Write(ctx, func(tx *ledger.Tx) error {
		// Taking the cluster's row makes a second change of its terms wait.
		if err := takeCluster(ctx, tx, clusterID); err != nil {
			return err
		}
		c, err := findCluster(ctx, tx, "id", clusterID)
		if err != nil {
			return err
		}
		if c.Closed {
			return fault.New(fault.Conflict, "cluster.closed.already")
		}
		now, err := listMembers(ctx, tx, "cluster_id", clusterID)
		if err != nil {
			return err
		}
		changed, added, err := fn(c, now)
		if err != nil {
			return err
		}
		terms := []map[string]any{}
		after := slices.Clone(now)
		for _, m := range changed {
			i := slices.IndexFunc(after, func(o Member) bool { return o.ID == m.ID })
			if i < 0 {
				return fault.New(fault.NotFound, "cluster.member.missing")
			}
			after[i] = m
			if m.To.Equal(m.From) { // it will never have been
				after = slices.Delete(after, i, i+1)
			}
			if err := saveMember(ctx, tx, m); err != nil {
				return err
			}
			terms = append(terms, termOf(m))
		}
		order := int64(0)
		for _, m := range now {
			order = max(order, m.Order+1)
		}
		for _, m := range added {
			m.ID, m.ClusterID = rand.Text(), clusterID
			if m.Order < 0 {
				m.Order, order = order, order+1
			}
			if err := insertMember(ctx, tx, m); err != nil {
				return err
			}
			after = append(after, m)
			terms = append(terms, termOf(m))
		}
		if err := Check(after); err != nil {
			return err
		}
		what["office"], what["terms"] = actor.Office, terms
		return tx.Record(ctx, ledger.ClusterChanged, clusterID, what)
	})
}

func termOf(m Member) map[string]any {
	return map[string]any{"unit": m.UnitID, "code": m.Code, "role": m.Role, "from": db.Day(m.From, lang.Vietnam), "to": db.Day(m.To, lang.Vietnam)}
}

// Join gives a unit a place in the cluster from a day.
func (s *Service) Join(ctx context.Context, actor policy.Actor, clusterID string, m Member) (ledger.Ack, error) {
	m.Code = lang.Line(m.Code)
	var problems fault.List
	if m.Code == "" || utf8.RuneCountInString(m.Code) > 20 {
		problems.Add("code", "cluster.member.code.bad")
	}
	if m.UnitID == "" {
		problems.Add("unit", "cluster.member.unit.missing")
	}
	if m.From.IsZero() {
		problems.Add("from", "cluster.period.day.missing")
	}
	if !slices.Contains([]Role{Lead, Deputy, Plain}, m.Role) {
		problems.Add("role", "cluster.member.role.bad")
	}
	if err := problems.Or(); err != nil {
		return ledger.Ack{}, err
	}
	return s.change(ctx, actor, clusterID, map[string]any{"act": "join"}, func(_ Cluster, now []Member) (_, added []Member, err error) {
		m.To, m.Order = time.Time{}, -1
		return nil, []Member{m}, nil
	})
}

// Leave ends a unit's place on a day. What it has earned stays: sheets and points
// name the period, not the term.
func (s *Service) Leave(ctx context.Context, actor policy.Actor, clusterID, memberID string, to time.Time, reason string) (ledger.Ack, error) {
	if reason = lang.Line(reason); reason == "" {
		return ledger.Ack{}, fault.New(fault.Invalid, "cluster.reason.missing").In("reason")
	}
	return s.change(ctx, actor, clusterID, map[string]any{"act": "leave", "reason": reason}, func(_ Cluster, now []Member) (changed, _ []Member, err error) {
		for _, m := range now {
			if m.ID != memberID {
				continue
			}
			if !m.To.IsZero() && !m.To.After(to) || !to.After(m.From) {
				return nil, nil, fault.New(fault.Invalid, "cluster.leave.bad", lang.Date(m.From)).In("to")
			}
			m.To = to
			return []Member{m}, nil, nil
		}
		return nil, nil, fault.New(fault.NotFound, "cluster.member.missing")
	})
}

// SetBlocks puts the units of running terms into blocks, in which they are ranked
// beside the whole cluster. blocks is by id of the term; "" is none.
func (s *Service) SetBlocks(ctx context.Context, actor policy.Actor, clusterID string, blocks map[string]string) (ledger.Ack, error) {
	return s.change(ctx, actor, clusterID, map[string]any{"act": "blocks", "blocks": blocks}, func(_ Cluster, now []Member) (changed, _ []Member, err error) {
		for _, m := range now {
			block, ok := blocks[m.ID]
			if block = lang.Line(block); !ok || block == m.Block {
				continue
			}
			if utf8.RuneCountInString(block) > 60 {
				return nil, nil, fault.New(fault.Invalid, "cluster.block.long").In("b-" + m.ID)
			}
			m.Block = block
			changed = append(changed, m)
		}
		if changed == nil {
			return nil, nil, fault.New(fault.Invalid, "cluster.handover.nothing")
		}
		return changed, nil, nil
	})
}

// HandOver makes other units lead and deputy from a day on: the terms that run then
// end, and the same units go on as what they are from that day. Terms that were to
// begin later are replaced by it. deputy may be "".
func (s *Service) HandOver(ctx context.Context, actor policy.Actor, clusterID string, on time.Time, lead, deputy, basis string) (ledger.Ack, error) {
	var problems fault.List
	if on.IsZero() {
		problems.Add("on", "cluster.period.day.missing")
	}
	if lead == "" {
		problems.Add("lead", "cluster.handover.lead")
	}
	if lead != "" && lead == deputy {
		problems.Add("deputy", "cluster.handover.same")
	}
	if basis = lang.Line(basis); basis == "" {
		problems.Add("basis", "cluster.basis.missing")
	}
	if err := problems.Or(); err != nil {
		return ledger.Ack{}, err
	}
	return s.change(ctx, actor, clusterID, map[string]any{"act": "handover", "basis": basis}, func(_ Cluster, now []Member) (changed, added []Member, err error) {
		found := map[string]bool{}
		for _, m := range now {
			if m.From.After(on) {
				m.To = m.From // what was planned for later
				changed = append(changed, m)
				continue
			}
			if !m.On(on) {
				continue
			}
			found[m.UnitID] = true
			role := Plain
			switch m.UnitID {
			case lead:
				role = Lead
			case deputy:
				role = Deputy
			}
			last := lastDay(now, m)
			if role == m.Role {
				if !m.To.Equal(last) {
					m.To = last
					changed = append(changed, m)
				}
				continue
			}
			next := m
			next.Role, next.From, next.To = role, on, last
			if m.From.Equal(on) { // it begins with this day: it is another term from the start
				m.Role, m.To = role, last
				changed = append(changed, m)
				continue
			}
			m.To = on
			changed, added = append(changed, m), append(added, next)
		}
		if !found[lead] || deputy != "" && !found[deputy] {
			return nil, nil, fault.New(fault.Invalid, "cluster.handover.member").In("lead")
		}
		if changed == nil {
			return nil, nil, fault.New(fault.Invalid, "cluster.handover.nothing")
		}
		return changed, added, nil
	})
}

// lastDay is when a unit leaves the cluster, as its terms after m say: zero for never.
func lastDay(all []Member, m Member) time.Time {
	for !m.To.IsZero() {
		i := slices.IndexFunc(all, func(o Member) bool { return o.UnitID == m.UnitID && o.From.Equal(m.To) })
		if i < 0 {
			break
		}
		m = all[i]
	}
	return m.To
}

// Describe corrects what a cluster is called and what it rests on, or closes it.
func (s *Service) Describe(ctx context.Context, actor policy.Actor, c Cluster) (ledger.Ack, error) {
	if err := policy.May(actor, policy.UnitManage, policy.Object{}); err != nil {
		return ledger.Ack{}, err
	}
	c.Name, c.Superior, c.Basis = lang.Line(c.Name), lang.Line(c.Superior), lang.Line(c.Basis)
	if c.Name == "" {
		return ledger.Ack{}, fault.New(fault.Invalid, "cluster.name.missing").In("name")
	}
	return s.book.Write(ctx, func(tx *ledger.Tx) error {
		if err := saveCluster(ctx, tx, c); err != nil {
			return err
		}
		return tx.Record(ctx, ledger.ClusterChanged, c.ID, map[string]any{"act": "describe", "office": actor.Office, "name": c.Name, "superior": c.Superior, "basis": c.Basis, "closed": c.Closed})
	})
}

// OpenPeriod sets up a period of a cluster. Units fill in only after its criteria
// are published.
func (s *Service) OpenPeriod(ctx context.Context, actor policy.Actor, p Period) (Period, ledger.Ack, error) {
	if err := policy.May(actor, policy.PeriodManage, policy.Object{Cluster: p.ClusterID}); err != nil {
		return p, ledger.Ack{}, err
	}
	var saved Period
	ack, err := s.book.Write(ctx, func(tx *ledger.Tx) (err error) {
		saved, err = s.OpenPeriodTx(ctx, tx, p)
		return err
	})
	return saved, ack, err
}

// OpenPeriodTx is OpenPeriod inside the caller's transaction.
func (s *Service) OpenPeriodTx(ctx context.Context, tx *ledger.Tx, p Period) (Period, error) {
	if err := p.Check(); err != nil {
		return p, err
	}
	p.ID, p.State = rand.Text(), Setup
	if err := insertPeriod(ctx, tx, p); err != nil {
		return p, err
	}
	return p, tx.Record(ctx, ledger.PeriodOpened, p.ID, record(p))
}

// MoveTx takes a period from one state to the next. It is refused when another
// act moved it meanwhile.
func (s *Service) MoveTx(ctx context.Context, tx *ledger.Tx, p Period, to State) (Period, error) {
	from := p.State
	p.State = to
	kind := ledger.PeriodChanged
	switch to {
	case Frozen:
		p.FrozenAt, kind = tx.At(), ledger.PeriodFrozen
	case Published:
		p.PublishedAt = tx.At()
	}
	if err := movePeriod(ctx, tx, p, from); err != nil {
		return p, err
	}
	return p, tx.Record(ctx, kind, p.ID, record(p))
}

func record(p Period) map[string]any {
	return map[string]any{"cluster": p.ClusterID, "code": p.Code, "name": p.Name, "state": p.State, "trial": p.Trial,
		"starts": db.Day(p.Starts, lang.Vietnam), "ends": db.Day(p.Ends, lang.Vietnam), "due": db.Time(p.Due), "freeze": db.Time(p.FreezeAt)}
}

// List returns all clusters, those at work first.
func (s *Service) List(ctx context.Context) ([]Cluster, error) { return listClusters(ctx, s.db) }

// Get returns the cluster with a code.
func (s *Service) Get(ctx context.Context, code string) (Cluster, error) {
	return findCluster(ctx, s.db, "code", code)
}

// ByID returns the cluster with an id.
func (s *Service) ByID(ctx context.Context, id string) (Cluster, error) {
	return findCluster(ctx, s.db, "id", id)
}

// Terms returns all terms of a cluster, in its own order and then by time.
func (s *Service) Terms(ctx context.Context, clusterID string) ([]Member, error) {
	return listMembers(ctx, s.db, "cluster_id", clusterID)
}

// TermsOf returns all terms of a unit, in any cluster.
func (s *Service) TermsOf(ctx context.Context, unitID string) ([]Member, error) {
	return listMembers(ctx, s.db, "unit_id", unitID)
}

// Members returns who belongs to the cluster at time t, in its own order.
func (s *Service) Members(ctx context.Context, clusterID string, t time.Time) ([]Member, error) {
	all, err := s.Terms(ctx, clusterID)
	var now []Member
	for _, m := range all {
		if m.On(t) {
			now = append(now, m)
		}
	}
	return now, err
}

// Periods returns the periods of a cluster, the newest first.
func (s *Service) Periods(ctx context.Context, clusterID string) ([]Period, error) {
	return listPeriods(ctx, s.db, `where cluster_id = $1`, clusterID)
}

// Period returns one period of a cluster by its code.
func (s *Service) Period(ctx context.Context, clusterID, code string) (Period, error) {
	return onePeriod(ctx, s.db, `where cluster_id = $1 and code = $2`, clusterID, code)
}

// PeriodByID returns a period by its id. Inside a write it is given the
// transaction, so that what it says is still true at commit.
func (s *Service) PeriodByID(ctx context.Context, q db.Query, id string) (Period, error) {
	if q == nil {
		q = s.db
	}
	return onePeriod(ctx, q, `where id = $1`, id)
}

// OpenPeriods returns every period that units fill in now.
func (s *Service) OpenPeriods(ctx context.Context) ([]Period, error) {
	return listPeriods(ctx, s.db, `where state = 'open'`)
}

// Latest returns the newest published period of all clusters, and false where
// there is none.
func (s *Service) Latest(ctx context.Context) (Period, bool, error) {
	all, err := listPeriods(ctx, s.db, `where state = 'published'`)
	if err != nil || len(all) == 0 {
		return Period{}, false, err
	}
	return all[0], true, nil
}
