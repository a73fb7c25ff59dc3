package commendation

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"dongthuan/internal/cluster"
	"dongthuan/internal/db"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
	"dongthuan/internal/legal"
	"dongthuan/internal/policy"
)

// Service does what people may do with commendations. Each method that writes is one
// transaction, recorded in the ledger.
type Service struct {
	db       *db.DB
	book     *ledger.Ledger
	clusters *cluster.Service
	legal    *legal.Service
	now      func() time.Time
	// Standings hands over what the units of a period came to; app sets it.
	Standings func(ctx context.Context, p cluster.Period) ([]Standing, error)
	// Told is told, in the same transaction, that titles were awarded; app sets it.
	Told func(ctx context.Context, tx *ledger.Tx, by policy.Actor, p cluster.Period, awards []Award) error
}

// New returns the service over d, recording in book.
func New(d *db.DB, book *ledger.Ledger, clusters *cluster.Service, clock *legal.Service, now func() time.Time) *Service {
	return &Service{db: d, book: book, clusters: clusters, legal: clock, now: now,
		Told: func(context.Context, *ledger.Tx, policy.Actor, cluster.Period, []Award) error { return nil }}
}

// View is the commendation of a period with all that decides it.
type View struct {
	Round     Round
	Opened    bool
	Period    cluster.Period
	Cluster   cluster.Cluster
	Standings []Standing // best first
	Records   []Record
	Shares    map[string]legal.Threshold
}

// Name is what a unit is called.
func (v View) Name(unitID string) string {
	for _, s := range v.Standings {
		if s.UnitID == unitID {
			return s.Name
		}
	}
	return ""
}

// Standing returns one unit's.
func (v View) Standing(unitID string) (Standing, bool) {
	i := slices.IndexFunc(v.Standings, func(s Standing) bool { return s.UnitID == unitID })
	if i < 0 {
		return Standing{}, false
	}
	return v.Standings[i], true
}

// Elected returns who got a title by the last ballot, or without one, by being put
// forward.
func (v View) Elected(t Title) []string {
	if !t.Ballot {
		return v.Round.Candidates[t.Code]
	}
	b, ok := v.Round.Last(t.Code)
	if !ok {
		return nil
	}
	var units []string
	for _, x := range b.Outcome(t, v.Shares[b.Threshold]) {
		if x.Elected {
			units = append(units, x.UnitID)
		}
	}
	return units
}

// Open returns the commendation of a period to those who follow it.
func (s *Service) Open(ctx context.Context, actor policy.Actor, periodID string) (View, error) {
	p, err := s.clusters.PeriodByID(ctx, nil, periodID)
	if err != nil {
		return View{}, err
	}
	if err := policy.May(actor, policy.PeriodFollow, p.Object("")); err != nil {
		return View{}, err
	}
	return s.view(ctx, p)
}

func (s *Service) view(ctx context.Context, p cluster.Period) (View, error) {
	v := View{Period: p}
	var err error
	if v.Cluster, err = s.clusters.ByID(ctx, p.ClusterID); err != nil {
		return v, err
	}
	if v.Standings, err = s.Standings(ctx, p); err != nil {
		return v, err
	}
	if v.Records, err = listRecords(ctx, s.db, p.ClusterID); err != nil {
		return v, err
	}
	if v.Shares, err = s.shares(ctx, nil); err != nil {
		return v, err
	}
	v.Round, err = findRound(ctx, s.db, `where period_id = $1`, p.ID)
	switch {
	case err == nil:
		v.Opened = true
	case fault.KindOf(err) != fault.NotFound:
		return v, err
	default:
		v.Round = Round{State: Open, Titles: slices.Clone(defaults.Titles), At: s.now()}
	}
	return v, nil
}

// shares are the thresholds a title can ask for, and the quorum.
func (s *Service) shares(ctx context.Context, q db.Query) (map[string]legal.Threshold, error) {
	rules, err := s.legal.Rules(ctx, q)
	if err != nil {
		return nil, err
	}
	all := map[string]legal.Threshold{}
	for _, id := range append(slices.Clone(thresholds), quorum) {
		if all[id], err = rules.Threshold(id); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Start opens the commendation of a period with its titles.
func (s *Service) Start(ctx context.Context, actor policy.Actor, periodID string, titles []Title) (ledger.Ack, error) {
	return s.book.Write(ctx, func(tx *ledger.Tx) error {
		p, err := s.clusters.PeriodByID(ctx, tx, periodID)
		if err != nil {
			return err
		}
		if err := policy.May(actor, policy.CommendManage, policy.Object{Cluster: p.ClusterID}); err != nil {
			return err
		}
		if p.Trial {
			return fault.New(fault.Conflict, "commendation.trial", p.Name)
		}
		if err := checkTitles(titles); err != nil {
			return err
		}
		r := Round{ID: rand.Text(), PeriodID: p.ID, ClusterID: p.ClusterID, State: Open, Titles: titles, Office: actor.Office, At: tx.At()}
		if err := insertRound(ctx, tx, r); err != nil {
			return err
		}
		return tx.Record(ctx, ledger.CommendationOpened, r.ID, map[string]any{"office": actor.Office, "period": p.ID, "titles": titles})
	})
}

func checkTitles(titles []Title) error {
	var problems fault.List
	for i := range titles {
		t := &titles[i]
		t.Name = lang.Line(t.Name)
		if t.Name == "" || len(t.Name) > 200 {
			problems.Add("name-"+t.Code, "commendation.title.name")
		}
		if t.Max < 0 || t.Max > 100 {
			problems.Add("max-"+t.Code, "commendation.title.max")
		}
		if t.Points < 0 || t.Points > 2000 {
			problems.Add("points-"+t.Code, "commendation.title.points")
		}
		if t.Ballot && !slices.Contains(thresholds, t.Threshold) {
			problems.Add("threshold-"+t.Code, "commendation.title.threshold")
		}
		if !slices.Contains(bases, t.Base) {
			problems.Add("base-"+t.Code, "commendation.title.threshold")
		}
	}
	if len(titles) == 0 {
		problems.Add("", "commendation.title.none")
	}
	return problems.Or()
}

// change runs one act on a round that is in a state.
func (s *Service) change(ctx context.Context, actor policy.Actor, roundID string, action policy.Action, in State, fn func(*ledger.Tx, *Round, cluster.Period) error) (ledger.Ack, error) {
	return s.book.Write(ctx, func(tx *ledger.Tx) error {
		r, err := touchRound(ctx, tx, roundID)
		if err != nil {
			return err
		}
		if err := policy.May(actor, action, policy.Object{Cluster: r.ClusterID}); err != nil {
			return err
		}
		if r.State != in {
			return fault.New(fault.Conflict, "commendation.state."+string(r.State))
		}
		p, err := s.clusters.PeriodByID(ctx, tx, r.PeriodID)
		if err != nil {
			return err
		}
		return fn(tx, &r, p)
	})
}

// PutForward says which units are candidates for a title. A unit that fails a rule
// cannot be, and a unit is put forward for one title: one achievement, one reward.
func (s *Service) PutForward(ctx context.Context, actor policy.Actor, roundID, title string, units []string) (ledger.Ack, error) {
	return s.change(ctx, actor, roundID, policy.CommendManage, Open, func(tx *ledger.Tx, r *Round, p cluster.Period) error {
		t, ok := r.Title(title)
		if !ok {
			return fault.New(fault.NotFound, "commendation.title.missing")
		}
		if _, ok := r.Last(title); ok {
			return fault.New(fault.Conflict, "commendation.voted", t.Name)
		}
		standings, err := s.Standings(ctx, p)
		if err != nil {
			return err
		}
		records, err := listRecords(ctx, tx, r.ClusterID)
		if err != nil {
			return err
		}
		var names []string
		for _, u := range units {
			i := slices.IndexFunc(standings, func(x Standing) bool { return x.UnitID == u })
			if i < 0 {
				return fault.New(fault.NotFound, "commendation.unit.missing")
			}
			x := standings[i]
			if failed := r.Eligible(t, x, p, records); len(failed) > 0 {
				return fault.New(fault.Invalid, "commendation.fails", x.Name, t.Name, failed[0].Rule.ID).In("unit")
			}
			for other, have := range r.Candidates {
				if o, _ := r.Title(other); other != title && slices.Contains(have, u) && !o.Ballot && !t.Ballot {
					return fault.New(fault.Invalid, "commendation.twice", x.Name, o.Name).In("unit")
				}
			}
			names = append(names, x.Code)
		}
		if !t.Ballot && t.Max > 0 && int64(len(units)) > t.Max {
			return fault.New(fault.Invalid, "commendation.toomany", t.Name, t.Max).In("unit")
		}
		if _, err := tx.ExecContext(ctx, `delete from commendation_candidate where round_id = $1 and title = $2`, r.ID, title); err != nil {
			return fmt.Errorf("clear candidates: %w", err)
		}
		for _, u := range units {
			if _, err := tx.ExecContext(ctx, `insert into commendation_candidate (round_id, title, unit_id) values ($1, $2, $3)`, r.ID, title, u); err != nil {
				return fmt.Errorf("insert a candidate: %w", err)
			}
		}
		return tx.Record(ctx, ledger.CommendationChanged, r.ID, map[string]any{"office": actor.Office, "title": title, "candidates": names})
	})
}

// Count records the totals of a ballot on paper. A second counting of a title needs a
// reason, and the first stays to be read.
func (s *Service) Count(ctx context.Context, actor policy.Actor, roundID string, b Ballot) (ledger.Ack, error) {
	return s.change(ctx, actor, roundID, policy.CommendManage, Open, func(tx *ledger.Tx, r *Round, _ cluster.Period) error {
		t, ok := r.Title(b.Title)
		if !ok || !t.Ballot {
			return fault.New(fault.NotFound, "commendation.title.missing")
		}
		candidates := r.Candidates[t.Code]
		if len(candidates) == 0 {
			return fault.New(fault.Conflict, "commendation.nocandidates", t.Name)
		}
		shares, err := s.shares(ctx, tx)
		if err != nil {
			return err
		}
		last, _ := r.Last(t.Code)
		b.ID, b.RoundID, b.N, b.Threshold, b.Base, b.Office, b.At = rand.Text(), r.ID, last.N+1, t.Threshold, t.Base, actor.Office, tx.At()
		b.Place, b.Board, b.Reason = lang.Line(b.Place), lang.Clean(b.Board), lang.Clean(b.Reason)
		if err := b.Check(t, candidates, shares[quorum]); err != nil {
			return err
		}
		votes := map[string]int64{}
		for _, u := range candidates {
			votes[u] = b.Votes[u]
		}
		b.Votes = votes
		if err := insertBallot(ctx, tx, b); err != nil {
			return err
		}
		return tx.Record(ctx, ledger.CommendationBallot, b.ID, map[string]any{"office": actor.Office, "round": r.ID, "title": t.Code, "n": b.N, "members": b.Members, "present": b.Present,
			"issued": b.Issued, "returned": b.Returned, "valid": b.Valid, "threshold": b.Threshold, "base": b.Base, "votes": votes, "reason": b.Reason, "held": db.Time(b.HeldAt)})
	})
}

// Propose sends the dossier to the superior: every title with a ballot was counted, no
// unit has two titles.
func (s *Service) Propose(ctx context.Context, actor policy.Actor, roundID string) (ledger.Ack, error) {
	return s.change(ctx, actor, roundID, policy.CommendManage, Open, func(tx *ledger.Tx, r *Round, p cluster.Period) error {
		if p.State != cluster.Published && p.State != cluster.Frozen {
			return fault.New(fault.Conflict, "commendation.notclosed", p.Name)
		}
		given, err := s.given(ctx, tx, *r)
		if err != nil {
			return err
		}
		if len(given) == 0 {
			return fault.New(fault.Conflict, "commendation.nobody")
		}
		if _, err := s.stillEligible(ctx, tx, *r, p, given); err != nil {
			return err
		}
		r.State, r.ProposedAt = Proposed, tx.At()
		if err := saveRound(ctx, tx, *r); err != nil {
			return err
		}
		return tx.Record(ctx, ledger.CommendationChanged, r.ID, map[string]any{"office": actor.Office, "state": r.State, "proposed": given})
	})
}

// stillEligible returns the standings where every unit that is to have a title still
// may: points or records can have changed since it was put forward.
func (s *Service) stillEligible(ctx context.Context, q db.Query, r Round, p cluster.Period, given map[string]Title) ([]Standing, error) {
	standings, err := s.Standings(ctx, p)
	if err != nil {
		return nil, err
	}
	records, err := listRecords(ctx, q, r.ClusterID)
	if err != nil {
		return nil, err
	}
	for _, x := range standings {
		t, ok := given[x.UnitID]
		if !ok {
			continue
		}
		if failed := r.Eligible(t, x, p, records); len(failed) > 0 {
			return nil, fault.New(fault.Conflict, "commendation.fails", x.Name, t.Name, failed[0].Rule.ID)
		}
	}
	return standings, nil
}

// given are the titles by unit, the first title of the list that a unit was elected for.
func (s *Service) given(ctx context.Context, q db.Query, r Round) (map[string]Title, error) {
	shares, err := s.shares(ctx, q)
	if err != nil {
		return nil, err
	}
	given := map[string]Title{}
	v := View{Round: r, Shares: shares}
	for _, t := range r.Titles {
		if b, ok := r.Last(t.Code); t.Ballot && !ok && len(r.Candidates[t.Code]) > 0 {
			return nil, fault.New(fault.Conflict, "commendation.uncounted", t.Name)
		} else if t.Ballot && ok && slices.ContainsFunc(b.Outcome(t, shares[b.Threshold]), func(x Tally) bool { return x.Tied }) {
			return nil, fault.New(fault.Conflict, "commendation.tied", t.Name)
		}
		for _, u := range v.Elected(t) {
			if _, has := given[u]; !has {
				given[u] = t
			}
		}
	}
	return given, nil
}

// TakeBack returns the dossier with a reason.
func (s *Service) TakeBack(ctx context.Context, actor policy.Actor, roundID, reason string) (ledger.Ack, error) {
	return s.change(ctx, actor, roundID, policy.CommendDecide, Proposed, func(tx *ledger.Tx, r *Round, _ cluster.Period) error {
		if reason = lang.Clean(reason); reason == "" {
			return fault.New(fault.Invalid, "commendation.reason").In("reason")
		}
		r.State, r.ProposedAt = Open, time.Time{}
		if err := saveRound(ctx, tx, *r); err != nil {
			return err
		}
		return tx.Record(ctx, ledger.CommendationChanged, r.ID, map[string]any{"office": actor.Office, "state": r.State, "reason": reason})
	})
}

// Decide records the superior's decision: its number, day and issuer. The titles are
// public from then on, each with its page of verification.
func (s *Service) Decide(ctx context.Context, actor policy.Actor, roundID, number string, dated time.Time, issuer string) (ledger.Ack, error) {
	return s.change(ctx, actor, roundID, policy.CommendDecide, Proposed, func(tx *ledger.Tx, r *Round, p cluster.Period) error {
		number, issuer = lang.Line(number), lang.Line(issuer)
		var problems fault.List
		if number == "" || len(number) > 100 {
			problems.Add("number", "commendation.number")
		}
		if dated.IsZero() || dated.After(tx.At()) {
			problems.Add("dated", "commendation.dated")
		}
		if issuer == "" || len(issuer) > 300 {
			problems.Add("issuer", "commendation.issuer")
		}
		if err := problems.Or(); err != nil {
			return err
		}
		given, err := s.given(ctx, tx, *r)
		if err != nil {
			return err
		}
		standings, err := s.stillEligible(ctx, tx, *r, p, given)
		if err != nil {
			return err
		}
		var awards []Award
		listed := []map[string]any{}
		for _, x := range standings {
			t, ok := given[x.UnitID]
			if !ok {
				continue
			}
			a := Award{Code: strings.ToLower(rand.Text()[:13]), RoundID: r.ID, UnitID: x.UnitID, Title: t.Code, Name: t.Name, At: tx.At()}
			if _, err := tx.ExecContext(ctx, `insert into commendation_award (code, round_id, unit_id, title, name, at) values ($1, $2, $3, $4, $5, $6)`,
				a.Code, a.RoundID, a.UnitID, a.Title, a.Name, db.Time(a.At)); err != nil {
				return fmt.Errorf("insert an award: %w", err)
			}
			awards = append(awards, a)
			listed = append(listed, map[string]any{"code": a.Code, "unit": x.UnitID, "name": x.Name, "title": t.Name})
		}
		r.State, r.Number, r.Dated, r.Issuer, r.DecidedAt = Decided, number, dated, issuer, tx.At()
		if err := saveRound(ctx, tx, *r); err != nil {
			return err
		}
		if err := tx.Record(ctx, ledger.CommendationDecided, r.ID, map[string]any{"office": actor.Office, "period": p.ID, "number": number, "dated": db.Day(dated, lang.Vietnam), "issuer": issuer, "awards": listed}); err != nil {
			return err
		}
		return s.Told(ctx, tx, actor, p, awards)
	})
}

// AddRecord keeps a document that excludes a unit.
func (s *Service) AddRecord(ctx context.Context, actor policy.Actor, clusterID string, rec Record) (ledger.Ack, error) {
	if err := policy.May(actor, policy.CommendManage, policy.Object{Cluster: clusterID}); err != nil {
		return ledger.Ack{}, err
	}
	return s.book.Write(ctx, func(tx *ledger.Tx) error {
		rec.Number, rec.Issuer, rec.Abstract = lang.Line(rec.Number), lang.Line(rec.Issuer), lang.Line(rec.Abstract)
		var problems fault.List
		members, err := s.clusters.Terms(ctx, clusterID)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(members, func(m cluster.Member) bool { return m.UnitID == rec.UnitID }) {
			problems.Add("unit", "commendation.unit.missing")
		}
		if !slices.Contains(Kinds, rec.Kind) {
			problems.Add("kind", "commendation.record.kind")
		}
		if rec.From.IsZero() {
			problems.Add("from", "commendation.record.from")
		}
		if !rec.To.IsZero() && rec.To.Before(rec.From) {
			problems.Add("to", "commendation.record.to")
		}
		if rec.Number == "" {
			problems.Add("number", "commendation.number")
		}
		if rec.Dated.IsZero() {
			problems.Add("dated", "commendation.dated")
		}
		if rec.Issuer == "" {
			problems.Add("issuer", "commendation.issuer")
		}
		if rec.Abstract == "" {
			problems.Add("abstract", "commendation.record.abstract")
		}
		if err := problems.Or(); err != nil {
			return err
		}
		rec.ID, rec.ClusterID, rec.Office, rec.At = rand.Text(), clusterID, actor.Office, tx.At()
		if err := insertRecord(ctx, tx, rec); err != nil {
			return err
		}
		return tx.Record(ctx, ledger.CommendationChanged, rec.ID, map[string]any{"office": actor.Office, "unit": rec.UnitID, "kind": rec.Kind, "from": db.Day(rec.From, lang.Vietnam), "to": db.Day(rec.To, lang.Vietnam), "document": rec.Document()})
	})
}

// EndRecord says that a record no longer excludes, and why; it stays to be read.
func (s *Service) EndRecord(ctx context.Context, actor policy.Actor, clusterID, id, why string) (ledger.Ack, error) {
	if err := policy.May(actor, policy.CommendManage, policy.Object{Cluster: clusterID}); err != nil {
		return ledger.Ack{}, err
	}
	if why = lang.Clean(why); why == "" {
		return ledger.Ack{}, fault.New(fault.Invalid, "commendation.reason").In("why")
	}
	return s.book.Write(ctx, func(tx *ledger.Tx) error {
		res, err := tx.ExecContext(ctx, `update commendation_record set ended_why = $1, ended_at = $2 where id = $3 and cluster_id = $4 and ended_at = ''`, why, db.Time(tx.At()), id, clusterID)
		if err != nil {
			return fmt.Errorf("end a record: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return fault.New(fault.Conflict, "commendation.record.ended").Because(err)
		}
		return tx.Record(ctx, ledger.CommendationChanged, id, map[string]any{"office": actor.Office, "ended": why})
	})
}

// Awarded is a title as its public page shows it.
type Awarded struct {
	Award
	Round   Round
	Period  cluster.Period
	Cluster cluster.Cluster
}

// Verify returns an award by its public code.
func (s *Service) Verify(ctx context.Context, code string) (Awarded, error) {
	all, err := listAwards(ctx, s.db, `where code = $1`, strings.ToLower(lang.Line(code)))
	if err != nil {
		return Awarded{}, err
	}
	if len(all) == 0 {
		return Awarded{}, fault.New(fault.NotFound, "commendation.code.missing")
	}
	a := Awarded{Award: all[0]}
	if a.Round, err = findRound(ctx, s.db, `where id = $1`, a.RoundID); err != nil {
		return a, err
	}
	if a.Period, err = s.clusters.PeriodByID(ctx, nil, a.Round.PeriodID); err != nil {
		return a, err
	}
	a.Cluster, err = s.clusters.ByID(ctx, a.Round.ClusterID)
	return a, err
}

// Of returns the decided commendation of a period for everybody, false where there is
// none.
func (s *Service) Of(ctx context.Context, periodID string) (Round, bool, error) {
	r, err := findRound(ctx, s.db, `where period_id = $1 and state = 'decided'`, periodID)
	if fault.KindOf(err) == fault.NotFound {
		return r, false, nil
	}
	return r, err == nil, err
}

// Layout returns where a cluster's certificates are printed.
func (s *Service) Layout(ctx context.Context, clusterID string) (Layout, error) {
	var body string
	l := DefaultLayout
	err := s.db.QueryRowContext(ctx, `select body, version from commendation_layout where cluster_id = $1`, clusterID).Scan(&body, &l.Version)
	if errors.Is(err, sql.ErrNoRows) {
		return l, nil
	}
	if err != nil {
		return l, fmt.Errorf("read a layout: %w", err)
	}
	version := l.Version
	err = json.Unmarshal([]byte(body), &l)
	l.Version = version
	return l, err
}

// SaveLayout keeps where a cluster's certificates are printed.
func (s *Service) SaveLayout(ctx context.Context, actor policy.Actor, clusterID string, l Layout) (ledger.Ack, error) {
	if err := policy.May(actor, policy.CommendManage, policy.Object{Cluster: clusterID}); err != nil {
		return ledger.Ack{}, err
	}
	if err := l.Check(); err != nil {
		return ledger.Ack{}, err
	}
	return s.book.Write(ctx, func(tx *ledger.Tx) error {
		body, err := json.Marshal(l)
		if err != nil {
			return err
		}
		res, err := tx.ExecContext(ctx, `
			insert into commendation_layout (cluster_id, body, version, office, at) values ($1, $2, 1, $3, $4)
			on conflict (cluster_id) do update set body = excluded.body, version = commendation_layout.version + 1, office = excluded.office, at = excluded.at
			where commendation_layout.version = $5`, clusterID, string(body), actor.Office, db.Time(tx.At()), l.Version)
		if err != nil {
			return fmt.Errorf("save a layout: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return fault.New(fault.Conflict, "commendation.layout.conflict").Because(err)
		}
		return tx.Record(ctx, ledger.CommendationChanged, clusterID, map[string]any{"office": actor.Office, "layout": l})
	})
}
