package emulation

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"dongthuan/internal/cluster"
	"dongthuan/internal/db"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
	"dongthuan/internal/policy"
)

// Chain is the way of a sheet after it is handed in: steps, one after the other, from
// a day on. It is data: a level of government that goes is a chain from another day,
// and sheets handed in before go on under the one of their day.
type Chain struct {
	ID, ClusterID string
	From          time.Time
	Reason        string
	Office        string
	At            time.Time
	Steps         []Step
}

// Step of a chain. Role is who takes it, "" any of the cluster's secretariat; Days is
// how many working days it has, 0 where nobody said.
type Step struct {
	Name string
	Role policy.Role
	Days int64
}

// StepRoles are the roles that can be given a step.
var StepRoles = []policy.Role{"", policy.Secretary, policy.Deputy, policy.Lead, policy.Superior}

// maxSteps is how long a chain may be.
const maxSteps = 8

// ruleAgain is the rule by which a unit's clock starts again when its sheet comes back.
const ruleAgain = "NB-05"

// oneStep is the chain of a cluster that set none: one step of the secretariat.
var oneStep = Chain{Steps: []Step{{}}}

// chainOf returns a chain by id; "" is that of one step.
func chainOf(ctx context.Context, q db.Query, id string) (Chain, error) {
	if id == "" {
		return oneStep, nil
	}
	all, err := listChains(ctx, q, `where id = $1`, id)
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("chain %s is not there", id)
	}
	if err != nil {
		return Chain{}, err
	}
	return all[0], nil
}

// chainOn returns the chain that holds for sheets handed in at t.
func chainOn(ctx context.Context, q db.Query, clusterID string, t time.Time) (Chain, error) {
	all, err := listChains(ctx, q, `where cluster_id = $1 and valid_from <= $2`, clusterID, db.Day(t, lang.Vietnam))
	if err != nil || len(all) == 0 {
		return oneStep, err
	}
	return all[0], nil
}

// Chains returns the chains of a cluster, the newest first.
func (s *Service) Chains(ctx context.Context, clusterID string) ([]Chain, error) {
	return listChains(ctx, s.db, `where cluster_id = $1`, clusterID)
}

// SetChain lays down the steps that sheets handed in from a day on go through.
func (s *Service) SetChain(ctx context.Context, actor policy.Actor, clusterID string, c Chain) (ledger.Ack, error) {
	if err := policy.May(actor, policy.PeriodManage, policy.Object{Cluster: clusterID}); err != nil {
		return ledger.Ack{}, err
	}
	return s.book.Write(ctx, func(tx *ledger.Tx) error {
		var problems fault.List
		y, m, d := tx.At().In(lang.Vietnam).Date()
		if c.From.Before(time.Date(y, m, d, 0, 0, 0, 0, lang.Vietnam)) {
			problems.Add("from", "emulation.chain.from")
		}
		if c.Reason = lang.Clean(c.Reason); c.Reason == "" {
			problems.Add("reason", "emulation.reason.missing")
		}
		if len(c.Steps) == 0 || len(c.Steps) > maxSteps {
			problems.Add("name-1", "emulation.chain.steps", maxSteps)
		}
		for i := range c.Steps {
			st := &c.Steps[i]
			st.Name = lang.Line(st.Name)
			if st.Name == "" || utf8.RuneCountInString(st.Name) > 80 {
				problems.Add(fmt.Sprintf("name-%d", i+1), "emulation.chain.name")
			}
			if !slices.Contains(StepRoles, st.Role) {
				problems.Add(fmt.Sprintf("role-%d", i+1), "emulation.chain.role")
			}
			if st.Days < 0 || st.Days > 90 {
				problems.Add(fmt.Sprintf("days-%d", i+1), "emulation.chain.days")
			}
		}
		if err := problems.Or(); err != nil {
			return err
		}
		c.ID, c.ClusterID, c.Office, c.At = newID(), clusterID, actor.Office, tx.At()
		if _, err := tx.ExecContext(ctx, `insert into emulation_chain (id, cluster_id, valid_from, reason, office, at) values ($1, $2, $3, $4, $5, $6)`,
			c.ID, c.ClusterID, db.Day(c.From, lang.Vietnam), c.Reason, c.Office, db.Time(c.At)); err != nil {
			return fmt.Errorf("insert a chain: %w", err)
		}
		var steps []map[string]any
		for i, st := range c.Steps {
			if _, err := tx.ExecContext(ctx, `insert into emulation_step (chain_id, ord, name, role, days) values ($1, $2, $3, $4, $5)`, c.ID, i+1, st.Name, st.Role, st.Days); err != nil {
				return fmt.Errorf("insert a step: %w", err)
			}
			steps = append(steps, map[string]any{"name": st.Name, "role": st.Role, "days": st.Days})
		}
		return tx.Record(ctx, ledger.ChainSet, c.ID, map[string]any{"office": actor.Office, "cluster": clusterID, "from": db.Day(c.From, lang.Vietnam), "reason": c.Reason, "steps": steps})
	})
}

// step returns the step a sheet waits at; false where it waits at none.
func (c Chain) step(sheet Sheet) (Step, bool) {
	if sheet.State != Submitted || sheet.Step < 1 || sheet.Step > int64(len(c.Steps)) {
		return Step{}, false
	}
	return c.Steps[sheet.Step-1], true
}

// mayJudge returns nil where the actor may judge a sheet: the cluster's secretariat,
// and the superior while the sheet waits at the superior's step.
func mayJudge(actor policy.Actor, object policy.Object, chain Chain, sheet Sheet) error {
	refused := policy.May(actor, policy.SheetVerify, object)
	if refused == nil {
		return nil
	}
	if st, ok := chain.step(sheet); ok && st.Role == policy.Superior && policy.May(actor, policy.SheetConfirm, object) == nil {
		return nil
	}
	return refused
}

// mayPass returns why the actor may not take the step a sheet waits at, nil if they
// may: a step that names a role is taken by it.
func mayPass(actor policy.Actor, clusterID string, st Step) error {
	if st.Role == "" || slices.ContainsFunc(actor.Holds, func(m policy.Membership) bool { return m.Role == st.Role && m.Cluster == clusterID }) {
		return nil
	}
	return fault.New(fault.Forbidden, "emulation.chain.notyours", st.Name)
}

// DueAt is the moment by which the unit hands the sheet in: the period's, or later by
// the rule after it was returned.
func (s Sheet) DueAt(p cluster.Period) time.Time {
	if s.AgainBy.After(p.Due) {
		return s.AgainBy
	}
	return p.Due
}

func listChains(ctx context.Context, q db.Query, where string, args ...any) ([]Chain, error) {
	at := map[string]int{}
	all, err := db.All(ctx, q, func(rows *sql.Rows) (c Chain, err error) {
		return c, rows.Scan(&c.ID, &c.ClusterID, db.DayOf(&c.From, lang.Vietnam), &c.Reason, &c.Office, db.When(&c.At))
	}, `select id, cluster_id, valid_from, reason, office, at from emulation_chain `+where+` order by valid_from desc, at desc, id`, args...)
	if err != nil {
		return nil, fmt.Errorf("list chains: %w", err)
	}
	for i, c := range all {
		at[c.ID] = i
	}
	_, err = db.All(ctx, q, func(rows *sql.Rows) (struct{}, error) {
		var id string
		var st Step
		err := rows.Scan(&id, &st.Name, &st.Role, &st.Days)
		if i, ok := at[id]; ok {
			all[i].Steps = append(all[i].Steps, st)
		}
		return struct{}{}, err
	}, `select chain_id, name, role, days from emulation_step where chain_id in (select id from emulation_chain `+where+`) order by chain_id, ord`, args...)
	return all, err
}
