package emulation

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"dongthuan/internal/db"
	"dongthuan/internal/fault"
	"dongthuan/internal/ledger"
	"dongthuan/internal/score"
)

func insertCriteria(ctx context.Context, tx *ledger.Tx, c Criteria) error {
	if _, err := tx.ExecContext(ctx, `
		insert into emulation_criteria (id, period_id, version, state, na_policy, bonus_cap, classes, tie_breakers, note, made_at, published_at)
		values ($1, $2, $3, 'draft', $4, $5, $6, $7, $8, $9, '')`,
		c.ID, c.PeriodID, c.Version, c.NA, c.BonusCap, writeClasses(c.Classes), writeTies(c.TieBreakers), c.Note, db.Time(tx.At())); err != nil {
		return fmt.Errorf("insert criteria: %w", err)
	}
	ord := 0
	for gi, g := range c.Groups {
		if _, err := tx.ExecContext(ctx, `
			insert into emulation_group (id, criteria_id, code, name, max, ord) values ($1, $2, $3, $4, $5, $6)`,
			g.ID, c.ID, g.Code, g.Name, g.Max, gi); err != nil {
			return fmt.Errorf("insert group %s: %w", g.Code, err)
		}
		for _, cr := range g.Criteria {
			if _, err := tx.ExecContext(ctx, `
				insert into emulation_criterion (id, criteria_id, group_id, code, name, max, unit_label, rule, evidence_required, may_not_apply, definition, ord)
				values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
				cr.ID, c.ID, g.ID, cr.Code, cr.Name, cr.Max, cr.UnitLabel, cr.Rule.String(), cr.EvidenceRequired, cr.MayNotApply, cr.Definition, ord); err != nil {
				return fmt.Errorf("insert criterion %s: %w", cr.Code, err)
			}
			ord++
			for i, in := range cr.Inputs {
				if err := insertInput(ctx, tx, c.ID, cr.ID, in, i); err != nil {
					return err
				}
			}
		}
	}
	ord = 0
	for _, in := range c.Inputs {
		if in.Criterion == "" {
			if err := insertInput(ctx, tx, c.ID, "", in, ord); err != nil {
				return err
			}
			ord++
		}
	}
	for i, e := range c.Extras {
		side := "deduction"
		if e.Bonus {
			side = "bonus"
		}
		if _, err := tx.ExecContext(ctx, `
			insert into emulation_extra (id, criteria_id, side, code, name, points, max_cases, ord) values ($1, $2, $3, $4, $5, $6, $7, $8)`,
			e.ID, c.ID, side, e.Code, e.Name, e.Points, e.MaxCases, i); err != nil {
			return fmt.Errorf("insert %s %s: %w", side, e.Code, err)
		}
	}
	return nil
}

func insertInput(ctx context.Context, tx *ledger.Tx, criteria, criterion string, in Input, ord int) error {
	_, err := tx.ExecContext(ctx, `
		insert into emulation_input (id, criteria_id, criterion_id, indicator, label, unit_label, definition, ord)
		values ($1, $2, $3, $4, $5, $6, $7, $8)`,
		newID(), criteria, criterion, in.Indicator, in.Label, in.UnitLabel, in.Definition, ord)
	if err != nil {
		return fmt.Errorf("insert input %s: %w", in.Indicator, err)
	}
	return nil
}

// deleteDraft takes away a table that was never published. Sheets refer only to
// published ones.
func deleteDraft(ctx context.Context, tx *ledger.Tx, id string) error {
	for _, q := range []string{
		`delete from emulation_extra where criteria_id = $1`,
		`delete from emulation_input where criteria_id = $1`,
		`delete from emulation_criterion where criteria_id = $1`,
		`delete from emulation_group where criteria_id = $1`,
		`delete from emulation_criteria where id = $1 and state = 'draft'`,
	} {
		if _, err := tx.ExecContext(ctx, q, id); err != nil {
			return fmt.Errorf("delete draft criteria: %w", err)
		}
	}
	return nil
}

func publishCriteria(ctx context.Context, tx *ledger.Tx, id string) error {
	res, err := tx.ExecContext(ctx, `
		update emulation_criteria set state = 'published', published_at = $1 where id = $2 and state = 'draft'`, db.Time(tx.At()), id)
	if err != nil {
		return fmt.Errorf("publish criteria: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil {
		return err
	} else if n != 1 {
		return fault.New(fault.Conflict, "emulation.criteria.published")
	}
	return nil
}

// criteriaHead is what a list of versions shows.
type criteriaHead struct {
	ID          string
	Version     int64
	Published   bool
	MadeAt      time.Time
	PublishedAt time.Time
}

func listCriteria(ctx context.Context, q db.Query, period string) ([]criteriaHead, error) {
	return db.All(ctx, q, func(rows *sql.Rows) (h criteriaHead, err error) {
		var state string
		err = rows.Scan(&h.ID, &h.Version, &state, db.When(&h.MadeAt), db.When(&h.PublishedAt))
		h.Published = state == "published"
		return h, err
	}, `select id, version, state, made_at, published_at from emulation_criteria where period_id = $1 order by version desc`, period)
}

func loadCriteria(ctx context.Context, q db.Query, id string) (Criteria, error) {
	c := Criteria{ID: id}
	var state, na, classes, ties string
	err := q.QueryRowContext(ctx, `
		select period_id, version, state, na_policy, bonus_cap, classes, tie_breakers, note, published_at
		from emulation_criteria where id = $1`, id).
		Scan(&c.PeriodID, &c.Version, &state, &na, &c.BonusCap, &classes, &ties, &c.Note, db.When(&c.PublishedAt))
	if errors.Is(err, db.ErrNoRows) {
		return c, fault.New(fault.NotFound, "emulation.criteria.missing")
	}
	if err != nil {
		return c, fmt.Errorf("load criteria: %w", err)
	}
	c.Published = state == "published"
	c.NA = score.Policy(na)
	if c.Classes, err = readClasses(classes); err != nil {
		return c, err
	}
	if c.TieBreakers, err = readTies(ties); err != nil {
		return c, err
	}
	if err := loadGroups(ctx, q, &c); err != nil {
		return c, fmt.Errorf("load criteria: %w", err)
	}
	c.Extras, err = db.All(ctx, q, func(rows *sql.Rows) (e Extra, err error) {
		var side string
		err = rows.Scan(&e.ID, &side, &e.Code, &e.Name, &e.Points, &e.MaxCases)
		e.Bonus = side == "bonus"
		return e, err
	}, `select id, side, code, name, points, max_cases from emulation_extra where criteria_id = $1 order by ord`, id)
	if err != nil {
		return c, fmt.Errorf("load extras: %w", err)
	}
	return c, nil
}

func loadGroups(ctx context.Context, q db.Query, c *Criteria) error {
	inputs := map[string][]Input{}
	if _, err := db.All(ctx, q, func(rows *sql.Rows) (in Input, err error) {
		err = rows.Scan(&in.Criterion, &in.Indicator, &in.Label, &in.UnitLabel, &in.Definition)
		inputs[in.Criterion] = append(inputs[in.Criterion], in)
		return in, err
	}, `select criterion_id, indicator, label, unit_label, definition from emulation_input where criteria_id = $1 order by ord`, c.ID); err != nil {
		return err
	}
	at := map[string]int{}
	var err error
	c.Groups, err = db.All(ctx, q, func(rows *sql.Rows) (g Group, err error) {
		err = rows.Scan(&g.ID, &g.Code, &g.Name, &g.Max)
		at[g.ID] = len(at)
		return g, err
	}, `select id, code, name, max from emulation_group where criteria_id = $1 order by ord`, c.ID)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	add := func(list []Input) {
		for _, in := range list {
			if !seen[in.Indicator] {
				seen[in.Indicator] = true
				c.Inputs = append(c.Inputs, in)
			}
		}
	}
	_, err = db.All(ctx, q, func(rows *sql.Rows) (struct{}, error) {
		var cr Criterion
		var group, rule string
		if err := rows.Scan(&cr.ID, &group, &cr.Code, &cr.Name, &cr.Max, &cr.UnitLabel, &rule, &cr.EvidenceRequired, &cr.MayNotApply, &cr.Definition); err != nil {
			return struct{}{}, err
		}
		var err error
		if cr.Rule, err = score.ParseRule(rule, cr.Max); err != nil {
			return struct{}{}, fmt.Errorf("rule of %s: %w", cr.Code, err)
		}
		g := &c.Groups[at[group]]
		cr.GroupCode, cr.Inputs = g.Code, inputs[cr.ID]
		g.Criteria = append(g.Criteria, cr)
		add(cr.Inputs)
		return struct{}{}, nil
	}, `
		select id, group_id, code, name, max, unit_label, rule, evidence_required, may_not_apply, definition
		from emulation_criterion where criteria_id = $1 order by ord`, c.ID)
	add(inputs[""])
	return err
}

// criteriaCache keeps published tables, which never change, so that an act on a
// sheet does not read its table anew. A caller must not change what it is given.
type criteriaCache struct {
	mu   sync.Mutex
	byID map[string]Criteria
}

func (k *criteriaCache) load(ctx context.Context, q db.Query, id string) (Criteria, error) {
	k.mu.Lock()
	c, ok := k.byID[id]
	k.mu.Unlock()
	if ok {
		return c, nil
	}
	c, err := loadCriteria(ctx, q, id)
	if err == nil && c.Published {
		k.mu.Lock()
		k.byID[id] = c
		k.mu.Unlock()
	}
	return c, err
}
