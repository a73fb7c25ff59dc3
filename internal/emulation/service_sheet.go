package emulation

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"dongthuan/internal/db"
	"dongthuan/internal/evidence"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
	"dongthuan/internal/policy"
	"dongthuan/internal/score"
)

// ErrConflict carries the cells that somebody else changed meanwhile.
type ErrConflict struct{ Cells []Conflict }

func (e *ErrConflict) Error() string { return fmt.Sprintf("%d cells changed meanwhile", len(e.Cells)) }

// Unwrap makes it a marked error, so that a page answers 409 with words.
func (e *ErrConflict) Unwrap() error { return fault.New(fault.Conflict, "emulation.cell.conflict") }

// SaveFigures writes the cells that differ from what is there. All of them are
// written or none: a cell that is not a number, or that another office changed
// since it was seen, refuses the whole and is named.
func (s *Service) SaveFigures(ctx context.Context, actor policy.Actor, sheetID string, cells []Cell, source string) (Sheet, ledger.Ack, error) {
	var saved Sheet
	ack, err := s.edit(ctx, actor, sheetID, policy.SheetEdit, func(tx *ledger.Tx, sheet *Sheet, c Criteria) error {
		figures, changes, err := plan(*sheet, c, cells, actor.Office, source)
		if err != nil {
			return err
		}
		if len(figures) == 0 {
			return errNothing
		}
		recorded := map[string]any{}
		for i := range figures {
			figures[i].At = tx.At()
			sheet.Figures[figures[i].Indicator] = figures[i]
			recorded[figures[i].Indicator] = map[string]any{"value": figures[i].Value, "estimate": figures[i].Estimate, "version": figures[i].Version}
		}
		if err := saveFigures(ctx, tx, sheet.ID, figures); err != nil {
			return err
		}
		if err := s.noteChanges(ctx, tx, actor, sheet, changes); err != nil {
			return err
		}
		saved = *sheet
		return tx.Record(ctx, ledger.FigureReported, sheet.ID, map[string]any{
			"sheet_version": sheet.Version, "office": actor.Office, "source": source, "figures": recorded})
	})
	if errors.Is(err, errNothing) {
		return s.unchanged(ctx, actor, sheetID)
	}
	return saved, ack, err
}

// errNothing rolls a save back that would change nothing.
var errNothing = errors.New("emulation: nothing to save")

// unchanged answers a save without changes: the sheet as it is, and no Ack.
func (s *Service) unchanged(ctx context.Context, actor policy.Actor, sheetID string) (Sheet, ledger.Ack, error) {
	v, err := s.Open(ctx, actor, sheetID)
	if err == nil {
		err = fault.New(fault.Invalid, "emulation.nothing")
	}
	return v.Sheet, ledger.Ack{}, err
}

// IsNothing reports whether err says that a save would change nothing.
func IsNothing(err error) bool {
	l := fault.All(err)
	return len(l) == 1 && l[0].Text == "emulation.nothing"
}

// plan reads cells as typed against the sheet as it is.
func plan(sheet Sheet, c Criteria, cells []Cell, office, source string) ([]Figure, []Change, error) {
	var problems fault.List
	var conflicts []Conflict
	var figures []Figure
	var changes []Change
	for _, cell := range cells {
		in, ok := c.Input(cell.Indicator)
		if !ok {
			problems.Add(cell.Indicator, "emulation.cell.unknown", cell.Indicator)
			continue
		}
		value, err := readCell(cell)
		if err != nil {
			for _, e := range fault.All(err) {
				problems = append(problems, e.In(cell.Indicator))
			}
			continue
		}
		old := sheet.Figures[cell.Indicator]
		if same(old.Value, value) && old.Estimate == cell.Estimate {
			continue
		}
		if cell.Seen != old.Version {
			conflicts = append(conflicts, Conflict{cell.Indicator, cell.Text, old})
			continue
		}
		if err := sensible(in, c, value); err != nil {
			for _, e := range fault.All(err) {
				problems = append(problems, e.In(cell.Indicator))
			}
			continue
		}
		figures = append(figures, Figure{Indicator: cell.Indicator, Value: value, Estimate: cell.Estimate && value != nil, Version: old.Version + 1, Office: office})
		changes = append(changes, Change{Subject: "figure:" + cell.Indicator, Old: figureText(old.Value), New: figureText(value), Source: source, Office: office})
	}
	if len(problems) > 0 {
		return nil, nil, problems
	}
	if len(conflicts) > 0 {
		return nil, nil, &ErrConflict{conflicts}
	}
	return figures, changes, nil
}

func readCell(cell Cell) (*int64, error) {
	if lang.Line(cell.Text) == "" {
		return nil, nil
	}
	n, err := lang.ParseFigure(cell.Text)
	if err != nil {
		return nil, err
	}
	if n < 0 {
		return nil, fault.New(fault.Invalid, "emulation.cell.negative")
	}
	return &n, nil
}

// sensible refuses a value that its place cannot take: a yes-or-no that is
// neither 1 nor 0.
func sensible(in Input, c Criteria, value *int64) error {
	cr, ok := criterionOf(c, in)
	if !ok || value == nil {
		return nil
	}
	roles := cr.Rule.Inputs()
	for i, x := range cr.Inputs {
		if x.Indicator == in.Indicator && i < len(roles) && roles[i].Role == score.RoleYesNo && *value != 0 && *value != lang.Unit {
			return fault.New(fault.Invalid, "emulation.cell.yesno")
		}
	}
	return nil
}

func same(a, b *int64) bool { return a == nil && b == nil || a != nil && b != nil && *a == *b }

// figureText is how the trail keeps a value: thousandths written out, so that it
// is read the same in every language; "" is absent.
func figureText(v *int64) string {
	if v == nil {
		return ""
	}
	return itoa(*v)
}

// MarkChange is what a unit says of a criterion: that it does not apply, or other
// points than its rule computes. Both need a reason.
type MarkChange struct {
	NotApply       bool
	NotApplyReason string
	Self           *int64 // tenths; nil takes the rule's points
	SelfReason     string
}

// SetMark keeps what the unit says of a criterion.
func (s *Service) SetMark(ctx context.Context, actor policy.Actor, sheetID, code string, ch MarkChange) (ledger.Ack, error) {
	return s.edit(ctx, actor, sheetID, policy.SheetEdit, func(tx *ledger.Tx, sheet *Sheet, c Criteria) error {
		cr, ok := c.Criterion(code)
		if !ok {
			return fault.New(fault.NotFound, "emulation.criterion.missing", code)
		}
		ch.NotApplyReason, ch.SelfReason = lang.Clean(ch.NotApplyReason), lang.Clean(ch.SelfReason)
		if err := ch.check(cr); err != nil {
			return err
		}
		m := sheet.Marks[cr.ID]
		old := m
		m.CriterionID, m.NotApply, m.NotApplyReason, m.Self, m.SelfReason = cr.ID, ch.NotApply, ch.NotApplyReason, ch.Self, ch.SelfReason
		var changes []Change
		if old.NotApply != m.NotApply {
			changes = append(changes, Change{Subject: "notapply:" + code, Old: yes(old.NotApply), New: yes(m.NotApply), Reason: m.NotApplyReason})
		}
		if !same(old.Self, m.Self) || old.SelfReason != m.SelfReason {
			changes = append(changes, Change{Subject: "self:" + code, Old: figureText(old.Self), New: figureText(m.Self), Reason: m.SelfReason})
		}
		return s.saveMark(ctx, tx, actor, sheet, m, cr, changes)
	})
}

func (ch MarkChange) check(cr Criterion) error {
	var problems fault.List
	if ch.NotApply && !cr.MayNotApply {
		problems.Add("na", "emulation.mark.applies", cr.Code)
	}
	if ch.NotApply && ch.NotApplyReason == "" {
		problems.Add("na_reason", "emulation.reason.missing")
	}
	if ch.Self != nil && ch.SelfReason == "" {
		problems.Add("self_reason", "emulation.reason.missing")
	}
	if err := inRange(ch.Self, cr); err != nil {
		problems = append(problems, err.In("self"))
	}
	return problems.Or()
}

func inRange(points *int64, cr Criterion) *fault.Error {
	if points == nil {
		return nil
	}
	if *points < 0 || *points > cr.Max {
		return fault.New(fault.Invalid, "emulation.points.range", tenths(cr.Max))
	}
	if *points%5 != 0 {
		return fault.New(fault.Invalid, "emulation.points.half")
	}
	return nil
}

func (s *Service) saveMark(ctx context.Context, tx *ledger.Tx, actor policy.Actor, sheet *Sheet, m Mark, cr Criterion, changes []Change) error {
	if len(changes) == 0 {
		return fault.New(fault.Invalid, "emulation.nothing")
	}
	for i := range changes {
		changes[i].Office, changes[i].Source = actor.Office, "form"
	}
	if err := saveMark(ctx, tx, sheet.ID, m); err != nil {
		return err
	}
	if err := s.noteChanges(ctx, tx, actor, sheet, changes); err != nil {
		return err
	}
	return tx.Record(ctx, ledger.SheetMarked, sheet.ID, map[string]any{
		"sheet_version": sheet.Version, "office": actor.Office, "criterion": cr.Code,
		"not_apply": m.NotApply, "void": m.Void, "self": m.Self, "self_reason": m.SelfReason,
		"verified": m.Verified, "verified_reason": m.VerifiedReason, "void_reason": m.VoidReason, "not_apply_reason": m.NotApplyReason})
}

func yes(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

// SaveParagraph keeps the unit's text for a section of the report. seen is the
// version its writer started from.
func (s *Service) SaveParagraph(ctx context.Context, actor policy.Actor, sheetID, section, body string, seen int64) (ledger.Ack, error) {
	return s.edit(ctx, actor, sheetID, policy.SheetEdit, func(tx *ledger.Tx, sheet *Sheet, c Criteria) error {
		if !slices.Contains(Sections, section) {
			return fault.New(fault.NotFound, "emulation.section.missing")
		}
		body = lang.Clean(body)
		if len(body) > 20000 {
			return fault.New(fault.Invalid, "emulation.paragraph.long").In("body")
		}
		old := sheet.Paragraphs[section]
		if old.Body == body {
			return fault.New(fault.Invalid, "emulation.nothing")
		}
		if old.Version != seen {
			return fault.New(fault.Conflict, "emulation.paragraph.conflict", old.Office).In("body")
		}
		p := Paragraph{section, body, old.Version + 1, actor.Office, tx.At()}
		if err := saveParagraph(ctx, tx, sheet.ID, p); err != nil {
			return err
		}
		if err := s.noteChanges(ctx, tx, actor, sheet, []Change{{Subject: "paragraph:" + section, Old: old.Body, New: body, Source: "form", Office: actor.Office}}); err != nil {
			return err
		}
		return tx.Record(ctx, ledger.SheetChanged, sheet.ID, map[string]any{
			"sheet_version": sheet.Version, "office": actor.Office, "section": section, "body": body})
	})
}

// NewProof is a piece of evidence to attach to a criterion: a checked file, or a
// document by its number and date.
type NewProof struct {
	Criterion string
	File      *evidence.Pending
	Reference evidence.Reference
}

// AddProofs attaches evidence, all of it or none.
func (s *Service) AddProofs(ctx context.Context, actor policy.Actor, sheetID string, proofs ...NewProof) (ledger.Ack, error) {
	return s.edit(ctx, actor, sheetID, policy.SheetEdit, func(tx *ledger.Tx, sheet *Sheet, c Criteria) error {
		use := evidence.Use{Room: Room, Object: sheet.ID}
		var changes []Change
		var added []map[string]any
		for _, p := range proofs {
			cr, ok := c.Criterion(p.Criterion)
			if !ok {
				return fault.New(fault.NotFound, "emulation.criterion.missing", p.Criterion)
			}
			var item evidence.Item
			var err error
			if p.File != nil {
				item, err = s.files.Keep(ctx, tx, p.File, use)
			} else {
				item, err = s.files.KeepReference(ctx, tx, p.Reference, use)
			}
			if err != nil {
				return err
			}
			if err := insertProof(ctx, tx, item.ID, sheet.ID, cr.ID); err != nil {
				return err
			}
			changes = append(changes, Change{Subject: "evidence:" + p.Criterion, New: item.Title(), Source: "form", Office: actor.Office})
			added = append(added, map[string]any{"criterion": p.Criterion, "evidence": item.ID})
		}
		if err := s.noteChanges(ctx, tx, actor, sheet, changes); err != nil {
			return err
		}
		return tx.Record(ctx, ledger.SheetChanged, sheet.ID, map[string]any{"sheet_version": sheet.Version, "office": actor.Office, "added": added})
	})
}

// WithdrawProof takes a piece of evidence back; it stays in the trail.
func (s *Service) WithdrawProof(ctx context.Context, actor policy.Actor, sheetID, itemID, reason string) (ledger.Ack, error) {
	return s.edit(ctx, actor, sheetID, policy.SheetEdit, func(tx *ledger.Tx, sheet *Sheet, c Criteria) error {
		reason = lang.Clean(reason)
		if reason == "" {
			return fault.New(fault.Invalid, "emulation.reason.missing").In("reason")
		}
		for _, cr := range c.All() {
			for _, it := range sheet.Proofs[cr.ID] {
				if it.ID != itemID {
					continue
				}
				if err := s.files.Withdraw(ctx, tx, itemID, reason); err != nil {
					return err
				}
				return s.noteChanges(ctx, tx, actor, sheet, []Change{{Subject: "evidence:" + cr.Code, Old: it.Title(), Reason: reason, Source: "form", Office: actor.Office}})
			}
		}
		return fault.New(fault.NotFound, "emulation.evidence.missing")
	})
}

// ClaimBonus asks for a bonus with its reason.
func (s *Service) ClaimBonus(ctx context.Context, actor policy.Actor, sheetID, extraID string, cases int64, reason string) (ledger.Ack, error) {
	return s.edit(ctx, actor, sheetID, policy.SheetEdit, func(tx *ledger.Tx, sheet *Sheet, c Criteria) error {
		return s.claim(ctx, tx, actor, sheet, c, extraID, cases, reason, true)
	})
}

// Deduct enters a deduction; the unit sees it with its reason at once.
func (s *Service) Deduct(ctx context.Context, actor policy.Actor, sheetID, extraID string, cases int64, reason string) (ledger.Ack, error) {
	return s.edit(ctx, actor, sheetID, policy.SheetVerify, func(tx *ledger.Tx, sheet *Sheet, c Criteria) error {
		return s.claim(ctx, tx, actor, sheet, c, extraID, cases, reason, false)
	})
}

func (s *Service) claim(ctx context.Context, tx *ledger.Tx, actor policy.Actor, sheet *Sheet, c Criteria, extraID string, cases int64, reason string, bonus bool) error {
	e, ok := c.Extra(extraID)
	reason = lang.Clean(reason)
	var problems fault.List
	if !ok || e.Bonus != bonus {
		problems.Add("extra", "emulation.extra.missing")
	}
	if cases < 1 || cases > 100 || e.MaxCases > 0 && cases > e.MaxCases {
		problems.Add("cases", "emulation.extra.cases")
	}
	if reason == "" {
		problems.Add("reason", "emulation.reason.missing")
	}
	if err := problems.Or(); err != nil {
		return err
	}
	cl := Claim{ID: newID(), SheetID: sheet.ID, ExtraID: e.ID, Cases: cases, Reason: reason, State: Accepted, Office: actor.Office, At: tx.At()}
	subject := "deduction:" + e.Code
	if bonus {
		cl.State, subject = Claimed, "bonus:"+e.Code
	}
	if err := insertClaim(ctx, tx, cl); err != nil {
		return err
	}
	if err := s.noteChanges(ctx, tx, actor, sheet, []Change{{Subject: subject, New: itoa(cases), Reason: reason, Source: "form", Office: actor.Office}}); err != nil {
		return err
	}
	return tx.Record(ctx, ledger.SheetMarked, sheet.ID, map[string]any{
		"sheet_version": sheet.Version, "office": actor.Office, "extra": e.Code, "bonus": bonus, "cases": cases, "reason": reason})
}

// MoveClaim withdraws a bonus (the unit), or accepts or refuses it, or takes a
// deduction back (the secretariat).
func (s *Service) MoveClaim(ctx context.Context, actor policy.Actor, sheetID, claimID string, to ClaimState, reason string) (ledger.Ack, error) {
	action := policy.SheetVerify
	if to == Withdrawn && !actor.Has(policy.Secretary, policy.Lead, policy.Deputy) {
		action = policy.SheetEdit
	}
	return s.edit(ctx, actor, sheetID, action, func(tx *ledger.Tx, sheet *Sheet, c Criteria) error {
		i := slices.IndexFunc(sheet.Claims, func(cl Claim) bool { return cl.ID == claimID })
		if i < 0 {
			return fault.New(fault.NotFound, "emulation.claim.missing")
		}
		cl := sheet.Claims[i]
		e, _ := c.Extra(cl.ExtraID)
		reason = lang.Clean(reason)
		if to != Accepted && reason == "" {
			return fault.New(fault.Invalid, "emulation.reason.missing").In("reason")
		}
		if action == policy.SheetEdit && !e.Bonus {
			return fault.New(fault.Forbidden, "policy.refused")
		}
		if err := moveClaim(ctx, tx, cl.ID, cl.State, to, reason); err != nil {
			return err
		}
		subject := "deduction:" + e.Code
		if e.Bonus {
			subject = "bonus:" + e.Code
		}
		if err := s.noteChanges(ctx, tx, actor, sheet, []Change{{Subject: subject, Old: string(cl.State), New: string(to), Reason: reason, Source: "form", Office: actor.Office}}); err != nil {
			return err
		}
		return tx.Record(ctx, ledger.SheetMarked, sheet.ID, map[string]any{
			"sheet_version": sheet.Version, "office": actor.Office, "extra": e.Code, "claim": cl.ID, "state": to, "reason": reason})
	})
}

// Submit hands the sheet in.
func (s *Service) Submit(ctx context.Context, actor policy.Actor, sheetID string) (ledger.Ack, error) {
	return s.edit(ctx, actor, sheetID, policy.SheetSubmit, func(tx *ledger.Tx, sheet *Sheet, c Criteria) error {
		if err := sheet.Complete(c); err != nil {
			return err
		}
		p, err := s.clusters.PeriodByID(ctx, tx, sheet.PeriodID)
		if err != nil {
			return err
		}
		chain, err := chainOn(ctx, tx, p.ClusterID, tx.At())
		if err != nil {
			return err
		}
		old := sheet.State
		sheet.State, sheet.SubmittedAt, sheet.Reason = Submitted, tx.At(), ""
		sheet.ChainID, sheet.Step, sheet.StepAt, sheet.AgainBy, sheet.VerifiedAt = chain.ID, 1, tx.At(), time.Time{}, time.Time{}
		if old == Returned {
			if err := s.reopenCrosses(ctx, tx, actor, *sheet, p); err != nil {
				return err
			}
		}
		return s.move(ctx, tx, actor, sheet, old, "", ledger.SheetSubmitted)
	})
}

// Return sends the sheet back with a reason: to its unit (step 0), whose clock starts
// again by rule, or to an earlier step of its chain.
func (s *Service) Return(ctx context.Context, actor policy.Actor, sheetID, reason string, step int64) (ledger.Ack, error) {
	return s.edit(ctx, actor, sheetID, policy.SheetVerify, func(tx *ledger.Tx, sheet *Sheet, c Criteria) error {
		reason = lang.Clean(reason)
		if reason == "" {
			return fault.New(fault.Invalid, "emulation.reason.missing").In("reason")
		}
		if appeals, err := listAppeals(ctx, tx, `where sheet_id = $1 and state = 'open'`, sheet.ID); err != nil {
			return err
		} else if len(appeals) > 0 {
			return fault.New(fault.Conflict, "emulation.return.appeals", len(appeals))
		}
		chain, err := chainOf(ctx, tx, sheet.ChainID)
		if err != nil {
			return err
		}
		last := int64(len(chain.Steps))
		if step < 0 || step > last || step > 0 && step >= sheet.Step && sheet.State == Submitted {
			return fault.New(fault.Invalid, "emulation.chain.back").In("step")
		}
		old := sheet.State
		if step > 0 {
			from := sheet.Step
			sheet.State, sheet.Step, sheet.StepAt, sheet.VerifiedAt = Submitted, step, tx.At(), time.Time{}
			return s.moveStep(ctx, tx, actor, sheet, chain, old, from, reason)
		}
		again, err := s.legal.Due(ctx, tx, ruleAgain, tx.At())
		if err != nil {
			return err
		}
		sheet.State, sheet.Reason, sheet.Step, sheet.StepAt, sheet.AgainBy, sheet.VerifiedAt = Returned, reason, 0, tx.At(), again.End(), time.Time{}
		return s.move(ctx, tx, actor, sheet, old, reason, ledger.SheetReturned)
	})
}

// Accept passes the sheet on to the next step of its chain; after the last it is
// verified.
func (s *Service) Accept(ctx context.Context, actor policy.Actor, sheetID string) (ledger.Ack, error) {
	return s.edit(ctx, actor, sheetID, policy.SheetVerify, func(tx *ledger.Tx, sheet *Sheet, c Criteria) error {
		if sheet.State == Verified {
			return fault.New(fault.Conflict, "emulation.sheet.verified")
		}
		if slices.ContainsFunc(sheet.Claims, func(cl Claim) bool { return cl.State == Claimed }) {
			return fault.New(fault.Conflict, "emulation.claim.open")
		}
		chain, err := chainOf(ctx, tx, sheet.ChainID)
		if err != nil {
			return err
		}
		p, err := s.clusters.PeriodByID(ctx, tx, sheet.PeriodID)
		if err != nil {
			return err
		}
		sheet.Step = max(sheet.Step, 1) // handed in before there were chains
		if st, ok := chain.step(*sheet); ok {
			if err := mayPass(actor, p.ClusterID, st); err != nil {
				return err
			}
		}
		old, from := sheet.State, sheet.Step
		sheet.StepAt = tx.At()
		if sheet.Step < int64(len(chain.Steps)) {
			sheet.Step++
			return s.moveStep(ctx, tx, actor, sheet, chain, old, from, "")
		}
		sheet.State, sheet.VerifiedAt = Verified, tx.At()
		return s.move(ctx, tx, actor, sheet, old, "", ledger.SheetVerified)
	})
}

// moveStep keeps a sheet's way to another step of its chain.
func (s *Service) moveStep(ctx context.Context, tx *ledger.Tx, actor policy.Actor, sheet *Sheet, chain Chain, old State, from int64, reason string) error {
	if err := saveState(ctx, tx, *sheet); err != nil {
		return err
	}
	changes := []Change{{Subject: "step", Old: itoa(from), New: itoa(sheet.Step) + ". " + chain.Steps[sheet.Step-1].Name, Reason: reason, Source: "form", Office: actor.Office}}
	if old != sheet.State {
		changes = append(changes, Change{Subject: "state", Old: string(old), New: string(sheet.State), Reason: reason, Source: "form", Office: actor.Office})
	}
	if err := s.noteChanges(ctx, tx, actor, sheet, changes); err != nil {
		return err
	}
	return tx.Record(ctx, ledger.SheetChanged, sheet.ID, map[string]any{"sheet_version": sheet.Version, "office": actor.Office, "step": sheet.Step, "of": len(chain.Steps), "state": sheet.State, "reason": reason})
}

func (s *Service) move(ctx context.Context, tx *ledger.Tx, actor policy.Actor, sheet *Sheet, from State, reason string, kind ledger.Type) error {
	if err := saveState(ctx, tx, *sheet); err != nil {
		return err
	}
	if err := s.noteChanges(ctx, tx, actor, sheet, []Change{{Subject: "state", Old: string(from), New: string(sheet.State), Reason: reason, Source: "form", Office: actor.Office}}); err != nil {
		return err
	}
	payload := map[string]any{"sheet_version": sheet.Version, "office": actor.Office, "state": sheet.State, "reason": reason}
	if kind == ledger.SheetSubmitted {
		payload["figures"] = figureList(*sheet)
	}
	return tx.Record(ctx, kind, sheet.ID, payload)
}

func figureList(s Sheet) map[string]any {
	all := map[string]any{}
	for _, code := range slices.Sorted(maps.Keys(s.Figures)) {
		all[code] = s.Figures[code].Value
	}
	return all
}

// Judge sets the secretariat's points of a criterion, or voids it, or (both nil
// and false) takes its word back. Every change needs a reason, which the unit sees
// at once.
func (s *Service) Judge(ctx context.Context, actor policy.Actor, sheetID, code string, points *int64, void bool, reason string) (ledger.Ack, error) {
	return s.edit(ctx, actor, sheetID, policy.SheetVerify, func(tx *ledger.Tx, sheet *Sheet, c Criteria) error {
		cr, ok := c.Criterion(code)
		if !ok {
			return fault.New(fault.NotFound, "emulation.criterion.missing", code)
		}
		reason = lang.Clean(reason)
		var problems fault.List
		if reason == "" {
			problems.Add("reason", "emulation.reason.missing")
		}
		if err := inRange(points, cr); err != nil {
			problems = append(problems, err.In("points"))
		}
		if err := problems.Or(); err != nil {
			return err
		}
		m := sheet.Marks[cr.ID]
		old := m
		m.CriterionID, m.Verified, m.VerifiedReason, m.Void, m.VoidReason = cr.ID, points, "", void, ""
		if points != nil {
			m.VerifiedReason = reason
		}
		if void {
			m.VoidReason = reason
		}
		var changes []Change
		if !same(old.Verified, points) {
			changes = append(changes, Change{Subject: "verified:" + code, Old: figureText(old.Verified), New: figureText(points), Reason: reason})
		}
		if old.Void != void {
			changes = append(changes, Change{Subject: "void:" + code, Old: yes(old.Void), New: yes(void), Reason: reason})
		}
		return s.saveMark(ctx, tx, actor, sheet, m, cr, changes)
	})
}

// figuresOf returns the values of one unit in a period, by indicator.
func figuresOf(ctx context.Context, q db.Query, periodID, unitID string) (map[string]int64, error) {
	sheet, err := findSheet(ctx, q, `where period_id = $1 and unit_id = $2`, periodID, unitID)
	if fault.KindOf(err) == fault.NotFound {
		return map[string]int64{}, nil // a unit that was not there has no last period
	}
	if err != nil {
		return nil, err
	}
	one := []Sheet{sheet}
	if err := fill(ctx, q, one, "id", sheet.ID); err != nil {
		return nil, err
	}
	values := map[string]int64{}
	for code, f := range one[0].Figures {
		if f.Value != nil {
			values[code] = *f.Value
		}
	}
	return values, nil
}

// SheetID returns the id of a unit's sheet in a period.
func (s *Service) SheetID(ctx context.Context, periodID, unitID string) (string, error) {
	sheet, err := findSheet(ctx, s.db, `where period_id = $1 and unit_id = $2`, periodID, unitID)
	return sheet.ID, err
}

// SheetIDTx is SheetID within a transaction.
func (s *Service) SheetIDTx(ctx context.Context, tx *ledger.Tx, periodID, unitID string) (string, error) {
	sheet, err := findSheet(ctx, tx, `where period_id = $1 and unit_id = $2`, periodID, unitID)
	return sheet.ID, err
}

// ImportCross keeps a cross-score that was given on paper: it is shown beside the
// others and not counted.
func (s *Service) ImportCross(ctx context.Context, actor policy.Actor, sheetID, code string, points int64, by string) (ledger.Ack, error) {
	return s.edit(ctx, actor, sheetID, policy.SheetVerify, func(tx *ledger.Tx, sheet *Sheet, c Criteria) error {
		cr, ok := c.Criterion(code)
		if !ok {
			return fault.New(fault.NotFound, "emulation.criterion.missing", code)
		}
		if err := inRange(&points, cr); err != nil {
			return err
		}
		m := sheet.Marks[cr.ID]
		m.CriterionID, m.Cross, m.CrossBy = cr.ID, &points, by
		return s.saveMark(ctx, tx, actor, sheet, m, cr, []Change{{Subject: "cross:" + code, New: itoa(points), Reason: by}})
	})
}
