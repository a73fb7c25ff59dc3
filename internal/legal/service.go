package legal

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"time"

	"dongthuan/internal/db"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
	"dongthuan/internal/policy"
)

// Service keeps the calendar, the rules and the deadlines that rooms set.
type Service struct {
	db   *db.DB
	book *ledger.Ledger
	now  func() time.Time
	// Moved is told, in the same transaction, of open deadlines whose day has changed;
	// app hands each to the room that set it.
	Moved func(ctx context.Context, tx *ledger.Tx, moved []Move) error
}

// New returns the service over d, recording in book.
func New(d *db.DB, book *ledger.Ledger, now func() time.Time) *Service {
	return &Service{db: d, book: book, now: now, Moved: func(context.Context, *ledger.Tx, []Move) error { return nil }}
}

// Deadline is a rule at work on an object of a room. An object has at most one.
type Deadline struct {
	Room, Object string
	Rule         string
	Started      time.Time
	Due          time.Time // the moment at which it has passed
	Closed       time.Time
}

// Move is an open deadline that falls on another day than was said.
type Move struct {
	Deadline
	Was time.Time
}

// Calendar returns the calendar in force; inside a write it is given the
// transaction.
func (s *Service) Calendar(ctx context.Context, q db.Query) (*Calendar, error) {
	if q == nil {
		q = s.db
	}
	days, err := listDays(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("read the calendar: %w", err)
	}
	if len(days) == 0 {
		return plain, nil
	}
	return NewCalendar(days), nil
}

var plain = NewCalendar(nil)

// Rules returns the rules in force.
func (s *Service) Rules(ctx context.Context, q db.Query) (Rules, error) {
	if q == nil {
		q = s.db
	}
	edited, err := listRules(ctx, q)
	if err != nil {
		return Rules{}, fmt.Errorf("read the rules: %w", err)
	}
	return NewRules(edited), nil
}

// Due is when a rule that starts at a moment ends, and why.
func (s *Service) Due(ctx context.Context, q db.Query, rule string, from time.Time) (Answer, error) {
	c, err := s.Calendar(ctx, q)
	if err != nil {
		return Answer{}, err
	}
	rules, err := s.Rules(ctx, q)
	if err != nil {
		return Answer{}, err
	}
	return due(c, rules, rule, from)
}

func due(c *Calendar, rules Rules, id string, from time.Time) (Answer, error) {
	r, err := rules.Get(id, from)
	if err != nil {
		return Answer{}, err
	}
	return c.Due(r, from)
}

// SetTx starts the clock of a rule for an object of a room, and returns the answer;
// a clock that runs already is started again.
func (s *Service) SetTx(ctx context.Context, tx *ledger.Tx, room, object, rule string, from time.Time) (Answer, error) {
	a, err := s.Due(ctx, tx, rule, from)
	if err != nil {
		return a, err
	}
	return a, putDeadline(ctx, tx, Deadline{Room: room, Object: object, Rule: rule, Started: from, Due: a.End()})
}

// CloseTx stops an object's clock; one that does not run stays as it is.
func (s *Service) CloseTx(ctx context.Context, tx *ledger.Tx, room, object string) error {
	return closeDeadline(ctx, tx, room, object)
}

// Of is the deadline of an object and why it falls on its day; false where none was
// set.
func (s *Service) Of(ctx context.Context, room, object string) (Deadline, Answer, bool, error) {
	d, ok, err := findDeadline(ctx, s.db, room, object)
	if err != nil || !ok {
		return d, Answer{}, false, err
	}
	a, err := s.Due(ctx, nil, d.Rule, d.Started)
	return d, a, err == nil, err
}

// Open counts the deadlines that run.
func (s *Service) Open(ctx context.Context) (int64, error) { return countOpen(ctx, s.db) }

// ChangeDays enters days in place of what the program ships, and counts running
// deadlines again.
func (s *Service) ChangeDays(ctx context.Context, actor policy.Actor, days []Day) (ledger.Ack, error) {
	if err := policy.May(actor, policy.LegalManage, policy.Object{}); err != nil {
		return ledger.Ack{}, err
	}
	var problems fault.List
	for i := range days {
		d := &days[i]
		d.VI, d.EN, d.Source = lang.Line(d.VI), lang.Line(d.EN), lang.Line(d.Source)
		if d.Confirmed != "" {
			d.Confirmed = actor.Office
		}
		problems = append(problems, fault.All(d.Check())...)
	}
	if err := problems.Or(); err != nil {
		return ledger.Ack{}, err
	}
	return s.book.Write(ctx, func(tx *ledger.Tx) error { return s.ChangeDaysTx(ctx, tx, actor.Office, days) })
}

// ChangeDaysTx is ChangeDays inside the caller's transaction.
func (s *Service) ChangeDaysTx(ctx context.Context, tx *ledger.Tx, office string, days []Day) error {
	c, err := s.Calendar(ctx, tx)
	if err != nil {
		return err
	}
	changed := []map[string]any{}
	for _, d := range days {
		was := c.Day(d.Date)
		if was.Kind == d.Kind && was.VI == d.VI && was.EN == d.EN && was.Source == d.Source && was.Confirmed == d.Confirmed {
			continue
		}
		if err := putDay(ctx, tx, d); err != nil {
			return err
		}
		changed = append(changed, map[string]any{"day": db.Day(d.Date, lang.Vietnam), "was": was.Kind, "kind": d.Kind, "name": d.VI, "source": d.Source, "confirmed": d.Confirmed})
	}
	if len(changed) == 0 {
		return fault.New(fault.Invalid, "legal.nothing").In("day")
	}
	return s.recount(ctx, tx, ledger.CalendarChanged, calendarID, map[string]any{"office": office, "days": changed})
}

// DropDay goes back to what the program ships for a day.
func (s *Service) DropDay(ctx context.Context, actor policy.Actor, t time.Time) (ledger.Ack, error) {
	if err := policy.May(actor, policy.LegalManage, policy.Object{}); err != nil {
		return ledger.Ack{}, err
	}
	return s.book.Write(ctx, func(tx *ledger.Tx) error {
		if gone, err := dropDay(ctx, tx, t); err != nil {
			return err
		} else if !gone {
			return fault.New(fault.Invalid, "legal.nothing")
		}
		return s.recount(ctx, tx, ledger.CalendarChanged, calendarID, map[string]any{"office": actor.Office, "days": []map[string]any{{"day": db.Day(t, lang.Vietnam), "kind": "shipped"}}})
	})
}

// ConfirmYear says that the days of a year have been compared with the notice.
func (s *Service) ConfirmYear(ctx context.Context, actor policy.Actor, year int) (ledger.Ack, error) {
	c, err := s.Calendar(ctx, nil)
	if err != nil {
		return ledger.Ack{}, err
	}
	if year < First || year > Last {
		return ledger.Ack{}, fault.New(fault.Invalid, "legal.year.range", First, Last)
	}
	var days []Day
	for _, d := range c.Year(year).Days {
		if d.Kind != Proposed {
			d.Confirmed = actor.Office
			days = append(days, d)
		}
	}
	return s.ChangeDays(ctx, actor, days)
}

// ChangeRule enters a version of a rule, or confirms one, and counts running
// deadlines again.
func (s *Service) ChangeRule(ctx context.Context, actor policy.Actor, r Rule) (ledger.Ack, error) {
	if err := policy.May(actor, policy.LegalManage, policy.Object{}); err != nil {
		return ledger.Ack{}, err
	}
	r.VI, r.EN, r.TriggerVI, r.TriggerEN, r.Article = lang.Line(r.VI), lang.Line(r.EN), lang.Line(r.TriggerVI), lang.Line(r.TriggerEN), lang.Line(r.Article)
	if r.Confirmed != "" {
		r.Confirmed = actor.Office
	}
	if err := r.Check(); err != nil {
		return ledger.Ack{}, err
	}
	return s.book.Write(ctx, func(tx *ledger.Tx) error {
		if err := putRule(ctx, tx, r); err != nil {
			return err
		}
		return s.recount(ctx, tx, ledger.RuleChanged, ruleID(r.ID), map[string]any{"office": actor.Office, "rule": r.ID, "effect": r.Effect, "value": r.Value, "unit": r.Unit,
			"words": r.VI, "article": r.Article, "from": db.Day(r.From, lang.Vietnam), "confirmed": r.Confirmed})
	})
}

// recount counts every running deadline again, tells of those that moved, and
// records the change with them.
func (s *Service) recount(ctx context.Context, tx *ledger.Tx, kind ledger.Type, object string, what map[string]any) error {
	c, err := s.Calendar(ctx, tx)
	if err != nil {
		return err
	}
	rules, err := s.Rules(ctx, tx)
	if err != nil {
		return err
	}
	open, err := openDeadlines(ctx, tx)
	if err != nil {
		return fmt.Errorf("read running deadlines: %w", err)
	}
	var moved []Move
	said := []map[string]any{}
	for _, d := range open {
		a, err := due(c, rules, d.Rule, d.Started)
		if err != nil {
			return fmt.Errorf("count the deadline of %s %s again: %w", d.Room, d.Object, err)
		}
		if a.End().Equal(d.Due) {
			continue
		}
		was := d.Due
		d.Due = a.End()
		if err := putDeadline(ctx, tx, d); err != nil {
			return err
		}
		moved = append(moved, Move{d, was})
		said = append(said, map[string]any{"room": d.Room, "object": d.Object, "rule": d.Rule, "was": db.Time(was), "due": db.Time(d.Due)})
	}
	what["moved"] = said
	if err := tx.Record(ctx, kind, object, what); err != nil {
		return err
	}
	if len(moved) == 0 {
		return nil
	}
	return s.Moved(ctx, tx, moved)
}

// ledgerID is the ledger's name for a thing that has no random id: the calendar, a
// rule.
func ledgerID(name string) string {
	sum := sha256.Sum256([]byte("dongthuan/legal " + name))
	return base32.StdEncoding.EncodeToString(sum[:])[:26]
}

var calendarID = ledgerID("calendar")

func ruleID(id string) string { return ledgerID("rule " + id) }
