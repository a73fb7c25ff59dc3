package emulation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"dongthuan/internal/cluster"
	"dongthuan/internal/db"
	"dongthuan/internal/evidence"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
	"dongthuan/internal/policy"
)

// RegistrationState says where a registration stands.
type RegistrationState string

const (
	RegDraft    RegistrationState = "draft"
	RegSent     RegistrationState = "sent"
	RegReturned RegistrationState = "returned"
	RegAccepted RegistrationState = "accepted"
)

// Registration is one version of what a unit registers (đăng ký thi đua) for a period:
// targets against the criteria, the titles it goes for and its models. An accepted
// version is never changed: a change is the next one, and both stay to be read.
type Registration struct {
	ID, PeriodID, UnitID string
	N                    int64
	State                RegistrationState
	Titles, Models       string
	Reason               string // why a later version changes the one before
	Answer               string // of the cluster
	Version              int64  // counts changes of titles and models
	Office               string
	SentAt               time.Time
	DecidedBy            string
	DecidedAt            time.Time
	Targets              map[string]Target // by criterion code
}

// Editable reports whether the unit may change it.
func (r Registration) Editable() bool { return r.State == RegDraft || r.State == RegReturned }

// Target is one line: from the baseline to the target, measured so, by a day.
// Figures are thousandths, nil where none is given.
type Target struct {
	Criterion        string
	Baseline, Target *int64
	Measure          string
	Due              time.Time // the last day; zero where none is given
	Note             string
	Version          int64
	Office           string
}

// Given reports whether the line says anything.
func (t Target) Given() bool {
	return t.Baseline != nil || t.Target != nil || t.Measure != "" || !t.Due.IsZero() || t.Note != ""
}

// Field of a target as it is written: "b" baseline, "t" target, "m" measure, "d" due,
// "n" note.
func (t Target) Field(f string) string {
	switch f {
	case "b":
		return figureText(t.Baseline)
	case "t":
		return figureText(t.Target)
	case "m":
		return t.Measure
	case "d":
		return db.Day(t.Due, lang.Vietnam)
	}
	return t.Note
}

var targetFields = []string{"b", "t", "m", "d", "n"}

// TargetEvent is what others hear of registrations.
type TargetEvent struct {
	By     policy.Actor
	Kind   string // "called", "sent", "accepted", "returned", "signed"
	Period cluster.Period
	Units  []string
	Words  string
	Due    time.Time
}

const ruleRegister = "NB-06" // within which the cluster answers a registration

// registers returns why a period takes no registrations, nil if it does.
func registers(p cluster.Period) error {
	if p.State == cluster.Setup {
		return fault.New(fault.Conflict, "cluster.period.setup", p.Name)
	}
	if p.State != cluster.Open {
		return fault.New(fault.Conflict, "emulation.target.closed", p.Name)
	}
	return nil
}

// CallTargets asks the units of a period to register by a moment.
func (s *Service) CallTargets(ctx context.Context, actor policy.Actor, periodID string, due time.Time) (ledger.Ack, error) {
	return s.book.Write(ctx, func(tx *ledger.Tx) error {
		p, err := s.managed(ctx, tx, actor, periodID)
		if err != nil {
			return err
		}
		if !due.After(tx.At()) {
			return fault.New(fault.Invalid, "emulation.cross.due").In("due")
		}
		if _, err := tx.ExecContext(ctx, `
			insert into emulation_call (period_id, due_at, office, at) values ($1, $2, $3, $4)
			on conflict (period_id) do update set due_at = excluded.due_at, office = excluded.office, at = excluded.at`,
			p.ID, db.Time(due), actor.Office, db.Time(tx.At())); err != nil {
			return fmt.Errorf("call for registrations: %w", err)
		}
		sheets, err := listSheets(ctx, tx, `where period_id = $1`, p.ID)
		if err != nil {
			return err
		}
		var units []string
		for _, sh := range sheets {
			units = append(units, sh.UnitID)
		}
		if err := tx.Record(ctx, ledger.TargetsCalled, p.ID, map[string]any{"office": actor.Office, "due": db.Time(due)}); err != nil {
			return err
		}
		return s.TargetTold(ctx, tx, TargetEvent{By: actor, Kind: "called", Period: p, Units: units, Due: due})
	})
}

// managed returns a period that takes registrations to who manages it.
func (s *Service) managed(ctx context.Context, tx *ledger.Tx, actor policy.Actor, periodID string) (cluster.Period, error) {
	p, err := s.clusters.PeriodByID(ctx, tx, periodID)
	if err != nil {
		return p, err
	}
	if err := policy.May(actor, policy.PeriodManage, policy.Object{Cluster: p.ClusterID}); err != nil {
		return p, err
	}
	return p, registers(p)
}

// RegisterDue returns the moment by which units register, zero where nobody asked.
func (s *Service) RegisterDue(ctx context.Context, periodID string) (due time.Time, err error) {
	err = s.db.QueryRowContext(ctx, `select due_at from emulation_call where period_id = $1`, periodID).Scan(db.When(&due))
	if errors.Is(err, db.ErrNoRows) {
		return due, nil
	}
	return due, err
}

// Registrations returns all versions of a unit's registration, the newest first; of
// every unit of the period where unitID is "".
func (s *Service) Registrations(ctx context.Context, actor policy.Actor, periodID, unitID string) ([]Registration, error) {
	p, err := s.clusters.PeriodByID(ctx, nil, periodID)
	if err != nil {
		return nil, err
	}
	if err := policy.May(actor, policy.SheetRead, p.Object(unitID)); err != nil {
		return nil, err
	}
	return listRegistrations(ctx, s.db, periodID, unitID)
}

// TargetCell is one cell as typed, with the version its writer had seen.
type TargetCell struct {
	Name string // "t-3.1": the target of criterion 3.1
	Text string
	Seen int64
}

// RegistrationDraft is what a unit writes.
type RegistrationDraft struct {
	Cells                  []TargetCell
	Titles, Models, Reason string
	Seen                   int64 // of titles and models
	Whole                  bool  // titles, models and reason were sent
}

// ErrTargetConflict carries the cells that somebody else changed, by name.
type ErrTargetConflict struct{ Theirs map[string]Target }

func (e *ErrTargetConflict) Error() string { return "targets changed meanwhile" }

// Unwrap makes it a marked error, so that a page answers 409 with words.
func (e *ErrTargetConflict) Unwrap() error {
	return fault.New(fault.Conflict, "emulation.cell.conflict")
}

// Register writes a unit's registration, and sends it to the cluster where send is
// true. After an accepted version it starts the next one from it.
func (s *Service) Register(ctx context.Context, actor policy.Actor, periodID, unitID string, d RegistrationDraft, send bool) (Registration, ledger.Ack, error) {
	var r Registration
	ack, err := s.book.Write(ctx, func(tx *ledger.Tx) error {
		if err := policy.May(actor, policy.TargetEdit, policy.Object{Unit: unitID}); err != nil {
			return err
		}
		sheet, err := findSheet(ctx, tx, `where period_id = $1 and unit_id = $2`, periodID, unitID)
		if err != nil {
			return err
		}
		// The unit's sheet of the period is taken, so that two writers wait for one another.
		if _, err := touch(ctx, tx, sheet.ID); err != nil {
			return err
		}
		p, err := s.clusters.PeriodByID(ctx, tx, periodID)
		if err != nil {
			return err
		}
		if err := registers(p); err != nil {
			return err
		}
		c, err := s.kept.load(ctx, tx, sheet.CriteriaID)
		if err != nil {
			return err
		}
		all, err := listRegistrations(ctx, tx, periodID, unitID)
		if err != nil {
			return err
		}
		fresh := false
		switch {
		case len(all) == 0:
			r, fresh = Registration{ID: newID(), PeriodID: periodID, UnitID: unitID, N: 1, State: RegDraft, Targets: map[string]Target{}}, true
		case all[0].State == RegSent:
			return fault.New(fault.Conflict, "emulation.target.sent")
		case all[0].State == RegAccepted:
			r = all[0]
			r.ID, r.N, r.State, r.Reason, r.Answer, r.DecidedBy, r.SentAt, r.DecidedAt = newID(), r.N+1, RegDraft, "", "", "", time.Time{}, time.Time{}
			fresh = true
		default:
			r = all[0]
		}
		changed, err := r.take(c, d, actor.Office)
		if err != nil {
			return err
		}
		if !changed && !send {
			return errNothing
		}
		r.Office = actor.Office
		if send {
			if err := r.complete(c, p); err != nil {
				return err
			}
			r.State, r.SentAt = RegSent, tx.At()
			if _, err := s.legal.SetTx(ctx, tx, RegisterRoom, r.ID, ruleRegister, tx.At()); err != nil {
				return err
			}
		}
		if err := saveRegistration(ctx, tx, r, fresh); err != nil {
			return err
		}
		if err := tx.Record(ctx, ledger.TargetsSent, r.ID, map[string]any{"office": actor.Office, "unit": unitID, "period": periodID, "n": r.N, "state": r.State,
			"titles": r.Titles, "models": r.Models, "reason": r.Reason, "targets": recordedTargets(r)}); err != nil {
			return err
		}
		if !send {
			return nil
		}
		return s.TargetTold(ctx, tx, TargetEvent{By: actor, Kind: "sent", Period: p, Units: []string{unitID}})
	})
	if errors.Is(err, errNothing) {
		return r, ack, fault.New(fault.Invalid, "emulation.nothing")
	}
	return r, ack, err
}

// RegisterRoom is what the legal clock keeps answers to registrations under.
const RegisterRoom = "emulation.registration"

func recordedTargets(r Registration) map[string]any {
	all := map[string]any{}
	for code, t := range r.Targets {
		all[code] = map[string]any{"baseline": t.Baseline, "target": t.Target, "measure": t.Measure, "due": db.Day(t.Due, lang.Vietnam), "note": t.Note}
	}
	return all
}

// take puts what was typed into the registration; all of it or none.
func (r *Registration) take(c Criteria, d RegistrationDraft, office string) (changed bool, err error) {
	var problems fault.List
	conflicts := map[string]Target{}
	after := map[string]Target{}
	for _, cell := range d.Cells {
		field, code, _ := strings.Cut(cell.Name, "-")
		if _, ok := c.Criterion(code); !ok || !slices.Contains(targetFields, field) {
			problems.Add(cell.Name, "emulation.criterion.missing", code)
			continue
		}
		was := r.Targets[code]
		t, ok := after[code]
		if !ok {
			t = was
		}
		if err := t.set(field, cell.Text); err != nil {
			for _, e := range fault.All(err) {
				problems = append(problems, e.In(cell.Name))
			}
			continue
		}
		if t.Field(field) == was.Field(field) {
			continue
		}
		if cell.Seen != was.Version {
			conflicts[cell.Name] = was
			continue
		}
		t.Criterion, t.Version, t.Office = code, was.Version+1, office
		after[code] = t
	}
	if d.Whole {
		titles, models, reason := lang.Clean(d.Titles), lang.Clean(d.Models), lang.Clean(d.Reason)
		for name, text := range map[string]string{"titles": titles, "models": models, "reason": reason} {
			if len(text) > 4*maxReason {
				problems.Add(name, "emulation.reason.long", maxReason)
			}
		}
		if titles != r.Titles || models != r.Models || reason != r.Reason {
			if d.Seen != r.Version {
				problems.Add("titles", "emulation.paragraph.conflict", r.Office)
			}
			r.Titles, r.Models, r.Reason, changed = titles, models, reason, true
			r.Version++
		}
	}
	if len(problems) > 0 {
		return false, problems
	}
	if len(conflicts) > 0 {
		return false, &ErrTargetConflict{conflicts}
	}
	if len(after) > 0 {
		changed = true
		targets := map[string]Target{}
		for code, t := range r.Targets {
			targets[code] = t
		}
		for code, t := range after {
			targets[code] = t
		}
		r.Targets = targets
	}
	return changed, nil
}

// set reads one field as typed.
func (t *Target) set(field, text string) error {
	switch field {
	case "b", "t":
		v, err := readCell(Cell{Text: text})
		if err != nil {
			return err
		}
		if field == "b" {
			t.Baseline = v
		} else {
			t.Target = v
		}
	case "d":
		if t.Due = (time.Time{}); lang.Line(text) == "" {
			return nil
		}
		due, err := lang.ParseDate(text)
		t.Due = due
		return err
	default:
		text = lang.Clean(text)
		if len(text) > 2000 {
			return fault.New(fault.Invalid, "emulation.reason.long", 500)
		}
		if field == "m" {
			t.Measure = text
		} else {
			t.Note = text
		}
	}
	return nil
}

// complete returns what is missing before a registration can be sent.
func (r Registration) complete(c Criteria, p cluster.Period) error {
	var problems fault.List
	any := false
	for _, cr := range c.All() {
		t := r.Targets[cr.Code]
		if !t.Given() {
			continue
		}
		any = true
		if t.Target == nil {
			problems.Add("t-"+cr.Code, "emulation.target.value", cr.Code)
		}
		if t.Measure == "" {
			problems.Add("m-"+cr.Code, "emulation.target.measure", cr.Code)
		}
		if t.Due.IsZero() || t.Due.Before(p.Starts) || t.Due.After(p.Ends) {
			problems.Add("d-"+cr.Code, "emulation.target.due", cr.Code, lang.Date(p.Starts), lang.Date(p.Ends))
		}
	}
	if !any {
		problems.Add("", "emulation.target.none")
	}
	if r.N > 1 && r.Reason == "" {
		problems.Add("reason", "emulation.target.reason")
	}
	return problems.Or()
}

// DecideTargets accepts a registration or returns it with a reason. Nobody decides
// for the cluster what their own unit registers.
func (s *Service) DecideTargets(ctx context.Context, actor policy.Actor, periodID, unitID string, accept bool, answer string) (ledger.Ack, error) {
	return s.book.Write(ctx, func(tx *ledger.Tx) error {
		p, err := s.clusters.PeriodByID(ctx, tx, periodID)
		if err != nil {
			return err
		}
		if err := policy.May(actor, policy.TargetDecide, policy.Object{Cluster: p.ClusterID}); err != nil {
			return err
		}
		if slices.Contains(actor.Units(), unitID) {
			return fault.New(fault.Forbidden, "emulation.target.own")
		}
		sheet, err := findSheet(ctx, tx, `where period_id = $1 and unit_id = $2`, periodID, unitID)
		if err != nil {
			return err
		}
		if _, err := touch(ctx, tx, sheet.ID); err != nil {
			return err
		}
		all, err := listRegistrations(ctx, tx, periodID, unitID)
		if err != nil {
			return err
		}
		if len(all) == 0 || all[0].State != RegSent {
			return fault.New(fault.Conflict, "emulation.target.notsent")
		}
		r := all[0]
		if r.Answer = lang.Clean(answer); !accept || r.Answer != "" {
			if r.Answer, err = wordsOf(answer, "answer"); err != nil {
				return err
			}
		}
		kind := "accepted"
		r.State = RegAccepted
		if !accept {
			r.State, kind = RegReturned, "returned"
		}
		r.DecidedBy, r.DecidedAt = actor.Office, tx.At()
		if err := saveRegistration(ctx, tx, r, false); err != nil {
			return err
		}
		if err := s.legal.CloseTx(ctx, tx, RegisterRoom, r.ID); err != nil {
			return err
		}
		if err := tx.Record(ctx, ledger.TargetsDecided, r.ID, map[string]any{"office": actor.Office, "unit": unitID, "n": r.N, "state": r.State, "answer": r.Answer}); err != nil {
			return err
		}
		return s.TargetTold(ctx, tx, TargetEvent{By: actor, Kind: kind, Period: p, Units: []string{unitID}, Words: r.Answer})
	})
}

// MoveRegistrationTx says whose registration a moved deadline belongs to.
func (s *Service) MoveRegistrationTx(ctx context.Context, tx *ledger.Tx, id string) (Registration, cluster.Period, error) {
	r, err := oneRegistration(ctx, tx, id)
	if err != nil {
		return r, cluster.Period{}, err
	}
	p, err := s.clusters.PeriodByID(ctx, tx, r.PeriodID)
	return r, p, err
}

// OwedTargets returns the units that were asked to register and have not, with the
// period: of one, or (unit "") of all.
func (s *Service) OwedTargets(ctx context.Context, unitID string) ([]Owed, error) {
	periods, err := s.clusters.OpenPeriods(ctx)
	if err != nil {
		return nil, err
	}
	var all []Owed
	for _, p := range periods {
		due, err := s.RegisterDue(ctx, p.ID)
		if err != nil {
			return nil, err
		}
		if due.IsZero() {
			continue
		}
		where, args := `where period_id = $1`, []any{p.ID}
		if unitID != "" {
			where, args = `where period_id = $1 and unit_id = $2`, []any{p.ID, unitID}
		}
		sheets, err := listSheets(ctx, s.db, where, args...)
		if err != nil {
			return nil, err
		}
		heads, err := registrationHeads(ctx, s.db, where, args...)
		if err != nil {
			return nil, err
		}
		var cl cluster.Cluster
		for _, sh := range sheets {
			// The newest version of a unit comes first.
			i := slices.IndexFunc(heads, func(r Registration) bool { return r.UnitID == sh.UnitID })
			var r Registration
			if i >= 0 {
				r = heads[i]
			}
			if r.State == RegSent || r.State == RegAccepted || r.N > 1 {
				continue // sent; a later version is the unit's own wish, not owed
			}
			if cl.ID == "" {
				if cl, err = s.clusters.ByID(ctx, p.ClusterID); err != nil {
					return nil, err
				}
			}
			p.Due = due
			all = append(all, Owed{SheetID: sh.ID, UnitID: sh.UnitID, State: State(r.State), Reason: r.Answer, Period: p, Cluster: cl})
		}
	}
	return all, nil
}

// WaitingTargets returns the registrations of a cluster that wait for its answer, with
// the moment by which they should have it.
func (s *Service) WaitingTargets(ctx context.Context, clusterID string) ([]Owed, error) {
	periods, err := s.clusters.Periods(ctx, clusterID)
	if err != nil {
		return nil, err
	}
	var all []Owed
	for _, p := range periods {
		if p.State != cluster.Open {
			continue
		}
		sent, err := registrations(ctx, s.db, `where period_id = $1 and state = 'sent'`, p.ID)
		if err != nil {
			return nil, err
		}
		for _, r := range sent {
			sheet, err := findSheet(ctx, s.db, `where period_id = $1 and unit_id = $2`, p.ID, r.UnitID)
			if err != nil {
				return nil, err
			}
			d, _, ok, err := s.legal.Of(ctx, RegisterRoom, r.ID)
			if err != nil {
				return nil, err
			}
			o := Owed{SheetID: sheet.ID, UnitID: r.UnitID, State: State(r.State), Period: p}
			if ok {
				o.Period.Due = d.Due
			}
			all = append(all, o)
		}
	}
	return all, nil
}

// Accepted returns the last accepted registration of every unit of a period.
func (s *Service) Accepted(ctx context.Context, periodID string) (map[string]Registration, error) {
	all, err := registrations(ctx, s.db, `where period_id = $1 and state = 'accepted'`, periodID)
	accepted := map[string]Registration{}
	for _, r := range all {
		if r.N > accepted[r.UnitID].N {
			accepted[r.UnitID] = r
		}
	}
	return accepted, err
}

// Pledge is one version of a period's covenant (giao ước thi đua).
type Pledge struct {
	ID, PeriodID string
	N            int64
	Signed       bool
	Body         string // one undertaking a line
	Place        string
	Reason       string // why a later version changes the one before
	Version      int64
	Office       string
	At           time.Time
	SignedOn     time.Time
	Files        []evidence.Item // the signed sheet
}

// Undertakings are the lines of the covenant.
func (g Pledge) Undertakings() []string {
	var all []string
	for line := range strings.SplitSeq(g.Body, "\n") {
		if line = lang.Line(line); line != "" {
			all = append(all, line)
		}
	}
	return all
}

// Pledges returns the versions of a period's covenant, the newest first. Drafts are
// for those who follow the period.
func (s *Service) Pledges(ctx context.Context, actor policy.Actor, p cluster.Period) ([]Pledge, error) {
	all, err := listPledges(ctx, s.db, p.ID)
	if err != nil {
		return nil, err
	}
	if policy.May(actor, policy.PeriodFollow, p.Object("")) != nil {
		all = slices.DeleteFunc(all, func(g Pledge) bool { return !g.Signed })
	}
	for i, g := range all {
		if all[i].Files, err = s.files.Items(ctx, s.db, evidence.Use{Room: Room, Object: g.ID}); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// SavePledge writes the draft of the covenant; after a signed version, of the next,
// which says why. seen is the version its writer started from.
func (s *Service) SavePledge(ctx context.Context, actor policy.Actor, periodID, body, place, reason string, seen int64) (ledger.Ack, error) {
	return s.book.Write(ctx, func(tx *ledger.Tx) error {
		p, err := s.managed(ctx, tx, actor, periodID)
		if err != nil {
			return err
		}
		g := Pledge{ID: newID(), PeriodID: p.ID, N: 1}
		all, err := takePledges(ctx, tx, p.ID)
		if err != nil {
			return err
		}
		fresh := len(all) == 0 || all[0].Signed
		if len(all) > 0 {
			if g.N = all[0].N + 1; !all[0].Signed {
				g = all[0]
			}
		}
		body, place, reason = lang.Clean(body), lang.Line(place), lang.Clean(reason)
		var problems fault.List
		if len((Pledge{Body: body}).Undertakings()) == 0 {
			problems.Add("body", "emulation.pledge.empty")
		}
		if len(body) > 20000 {
			problems.Add("body", "emulation.paragraph.long")
		}
		if g.N > 1 && reason == "" {
			problems.Add("reason", "emulation.target.reason")
		}
		if err := problems.Or(); err != nil {
			return err
		}
		if !fresh && g.Body == body && g.Place == place && g.Reason == reason {
			return fault.New(fault.Invalid, "emulation.nothing")
		}
		if !fresh && g.Version != seen {
			return fault.New(fault.Conflict, "emulation.paragraph.conflict", g.Office).In("body")
		}
		g.Body, g.Place, g.Reason, g.Office, g.At = body, place, reason, actor.Office, tx.At()
		g.Version++
		if err := savePledge(ctx, tx, g, fresh); err != nil {
			return err
		}
		return tx.Record(ctx, ledger.PledgeDrafted, g.ID, map[string]any{"office": actor.Office, "period": p.ID, "n": g.N, "body": g.Body, "reason": g.Reason})
	})
}

// SignPledge says on which day the covenant was signed by all units, with a picture of
// the signed sheet where there is one. From then on it is public and stays as it is.
func (s *Service) SignPledge(ctx context.Context, actor policy.Actor, periodID string, on time.Time, file *evidence.Pending, seen int64) (ledger.Ack, error) {
	return s.book.Write(ctx, func(tx *ledger.Tx) error {
		p, err := s.managed(ctx, tx, actor, periodID)
		if err != nil {
			return err
		}
		all, err := takePledges(ctx, tx, p.ID)
		if err != nil {
			return err
		}
		if len(all) == 0 || all[0].Signed {
			return fault.New(fault.Conflict, "emulation.pledge.nodraft")
		}
		g := all[0]
		if g.Version != seen {
			return fault.New(fault.Conflict, "emulation.paragraph.conflict", g.Office).In("on")
		}
		if on.IsZero() || on.After(tx.At()) {
			return fault.New(fault.Invalid, "emulation.pledge.day").In("on")
		}
		g.Signed, g.SignedOn, g.Office, g.At = true, on, actor.Office, tx.At()
		g.Version++
		if file != nil {
			if _, err := s.files.Keep(ctx, tx, file, evidence.Use{Room: Room, Object: g.ID}); err != nil {
				return err
			}
		}
		if err := savePledge(ctx, tx, g, false); err != nil {
			return err
		}
		sheets, err := listSheets(ctx, tx, `where period_id = $1`, p.ID)
		if err != nil {
			return err
		}
		var units []string
		for _, sh := range sheets {
			units = append(units, sh.UnitID)
		}
		if err := tx.Record(ctx, ledger.PledgeSigned, g.ID, map[string]any{"office": actor.Office, "period": p.ID, "n": g.N, "body": g.Body, "reason": g.Reason, "signed": db.Day(on, lang.Vietnam), "units": units}); err != nil {
			return err
		}
		return s.TargetTold(ctx, tx, TargetEvent{By: actor, Kind: "signed", Period: p, Units: units})
	})
}

// mayPledge reports whether the actor may open the picture of a covenant: everybody once
// it is signed.
func (s *Service) mayPledge(ctx context.Context, actor policy.Actor, id string) error {
	all, err := pledges(ctx, s.db, `where id = $1`, id)
	if err == nil && len(all) == 0 {
		err = fault.New(fault.NotFound, "emulation.sheet.missing")
	}
	if err != nil || all[0].Signed {
		return err
	}
	p, err := s.clusters.PeriodByID(ctx, nil, all[0].PeriodID)
	if err != nil {
		return err
	}
	return policy.May(actor, policy.PeriodFollow, p.Object(""))
}
