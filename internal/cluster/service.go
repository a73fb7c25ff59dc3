package cluster

import (
	"context"
	"crypto/rand"
	"time"

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
	if !codeForm.MatchString(c.Code) {
		return c, fault.New(fault.Invalid, "cluster.code.bad").In("code")
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
