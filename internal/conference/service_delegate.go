package conference

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"
	"time"

	"dongthuan/internal/db"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
	"dongthuan/internal/policy"
)

const (
	markLetters   = 6
	secretLetters = 10
	maxDelegates  = 2000
)

// invite makes a delegate with a letter's code of its own.
func invite(conferenceID string, d DelegateDraft, order int64) Delegate {
	return Delegate{ID: rand.Text(), ConferenceID: conferenceID, Order: order, DelegateDraft: d, Mark: word(markLetters), Secret: word(secretLetters), Answer: Invited, Version: 1}
}

// AddDelegates invites delegates and changes those on the list that are given, all of it or
// nothing.
func (s *Service) AddDelegates(ctx context.Context, actor policy.Actor, id string, drafts []DelegateDraft, changes ...Delegate) (ledger.Ack, error) {
	return s.write(ctx, actor, id, policy.ConferenceManage, notClosed, func(tx *ledger.Tx, c *Conference) error {
		units, err := s.members(ctx, c.ClusterID, c.Starts)
		if err != nil {
			return err
		}
		var last, n int64
		if err := tx.QueryRowContext(ctx, `select coalesce(max(ord), 0), count(*) from conference_delegate where conference_id = $1`, c.ID).Scan(&last, &n); err != nil {
			return fmt.Errorf("count delegates: %w", err)
		}
		if n+int64(len(drafts)) > maxDelegates {
			return fault.New(fault.Invalid, "conference.delegates.many", maxDelegates)
		}
		for i, d := range drafts {
			if d, err = d.clean(units); err != nil {
				return err
			}
			x := invite(c.ID, d, last+int64(i)+1)
			if err := insertDelegate(ctx, tx, x); err != nil {
				return err
			}
			if err := recordDelegate(ctx, tx, ledger.DelegateInvited, x, map[string]any{"office_of": actor.Office}); err != nil {
				return err
			}
		}
		for _, d := range changes {
			if d.ConferenceID != c.ID {
				return fault.New(fault.NotFound, "conference.delegate.missing")
			}
			if err := correct(ctx, tx, actor, units, d, d.DelegateDraft); err != nil {
				return err
			}
		}
		return nil
	})
}

// recordDelegate records an act on a delegate; a name is a person's, and sealed.
func recordDelegate(ctx context.Context, tx *ledger.Tx, kind ledger.Type, d Delegate, more map[string]any) error {
	all := map[string]any{"conference": d.ConferenceID, "unit": d.UnitID, "also": d.Also, "body": d.Body, "office": d.Office, "role": d.Role, "rank": d.Rank, "answer": d.Answer, "substitute": d.Substitute}
	for k, v := range more {
		all[k] = v
	}
	var sealed []ledger.Sealed
	if d.Name != "" {
		sealed = append(sealed, ledger.Sealed{Name: "name", Value: d.Name})
	}
	return tx.Record(ctx, kind, d.ID, all, sealed...)
}

// delegate runs an act of the secretariat on one delegate: until the minutes, which tell who
// came, are signed.
func (s *Service) delegate(ctx context.Context, actor policy.Actor, id, delegateID string, fn func(*ledger.Tx, *Conference, *Delegate) error) (ledger.Ack, error) {
	return s.write(ctx, actor, id, policy.ConferenceManage, any3, func(tx *ledger.Tx, c *Conference) error {
		if err := touchMinutes(ctx, tx, c); err != nil {
			return err
		}
		d, err := findDelegate(ctx, tx, delegateID)
		if err != nil {
			return err
		}
		if d.ConferenceID != c.ID {
			return fault.New(fault.NotFound, "conference.delegate.missing")
		}
		return fn(tx, c, &d)
	})
}

// ChangeDelegate corrects a delegate.
func (s *Service) ChangeDelegate(ctx context.Context, actor policy.Actor, id, delegateID string, version int64, draft DelegateDraft) (ledger.Ack, error) {
	return s.delegate(ctx, actor, id, delegateID, func(tx *ledger.Tx, c *Conference, d *Delegate) error {
		if d.Version != version {
			return fault.New(fault.Conflict, "conference.moved")
		}
		units, err := s.members(ctx, c.ClusterID, c.Starts)
		if err != nil {
			return err
		}
		return correct(ctx, tx, actor, units, *d, draft)
	})
}

// correct writes what is said of a delegate anew; units that have left the cluster since may
// stay.
func correct(ctx context.Context, tx *ledger.Tx, actor policy.Actor, units []string, d Delegate, draft DelegateDraft) (err error) {
	if d.DelegateDraft, err = draft.clean(append(units, d.UnitID, d.Also)); err != nil {
		return err
	}
	if err := saveDelegate(ctx, tx, d); err != nil {
		return err
	}
	return recordDelegate(ctx, tx, ledger.DelegateChanged, d, map[string]any{"act": "changed", "office_of": actor.Office})
}

// RemoveDelegate takes an invitation back; its letter no longer opens anything.
func (s *Service) RemoveDelegate(ctx context.Context, actor policy.Actor, id, delegateID string) (ledger.Ack, error) {
	return s.delegate(ctx, actor, id, delegateID, func(tx *ledger.Tx, _ *Conference, d *Delegate) error {
		if d.Attended() {
			return fault.New(fault.Conflict, "conference.delegate.came")
		}
		if _, err := tx.ExecContext(ctx, `update conference_delegate set removed_at = $1 where id = $2`, db.Time(tx.At()), d.ID); err != nil {
			return fmt.Errorf("remove a delegate: %w", err)
		}
		return recordDelegate(ctx, tx, ledger.DelegateChanged, *d, map[string]any{"act": "removed", "office_of": actor.Office})
	})
}

// NewLetter gives a delegate another code: the old letter was lost.
func (s *Service) NewLetter(ctx context.Context, actor policy.Actor, id, delegateID string) (ledger.Ack, error) {
	return s.delegate(ctx, actor, id, delegateID, func(tx *ledger.Tx, _ *Conference, d *Delegate) error {
		if _, err := tx.ExecContext(ctx, `update conference_delegate set mark = $1, secret = $2, version = version + 1 where id = $3`, word(markLetters), word(secretLetters), d.ID); err != nil {
			return fmt.Errorf("make another letter: %w", err)
		}
		return recordDelegate(ctx, tx, ledger.DelegateChanged, *d, map[string]any{"act": "letter", "office_of": actor.Office})
	})
}

// ForgetNames erases the names of a closed conference's delegates: after the badges are
// thrown away nobody needs them.
func (s *Service) ForgetNames(ctx context.Context, actor policy.Actor, id string) (ledger.Ack, error) {
	ack, err := s.write(ctx, actor, id, policy.ConferenceManage, []State{Closed}, func(tx *ledger.Tx, c *Conference) error {
		// Also of those who were taken off the list, or whose name was taken out before.
		all, err := everInvited(ctx, tx, c.ID)
		if err != nil {
			return err
		}
		n := 0
		for id, named := range all {
			salts, err := tx.Erase(ctx, id, "conference.names", "name")
			if err != nil {
				return err
			}
			if named || salts > 0 {
				n++
			}
		}
		if n == 0 {
			return fault.New(fault.Conflict, "conference.names.none")
		}
		if _, err := tx.ExecContext(ctx, `update conference_delegate set name = '' where conference_id = $1`, c.ID); err != nil {
			return fmt.Errorf("forget names: %w", err)
		}
		return tx.Record(ctx, ledger.ConferenceChanged, c.ID, map[string]any{"act": "names", "n": n, "office": actor.Office})
	})
	if err == nil {
		// Where somebody still reads the log, SQLite cuts it the next time.
		_ = s.book.Scrub(ctx)
	}
	return ack, err
}

// Bearer finds who bears a letter's code in a conference. A wrong code is NotFound, and
// takes as long whether its mark exists or not.
func (s *Service) Bearer(ctx context.Context, q db.Query, conferenceID, code string) (Delegate, error) {
	if q == nil {
		q = s.db
	}
	missing := fault.New(fault.NotFound, "conference.letter.unknown")
	code = tidy(code)
	if len(code) != markLetters+secretLetters {
		return Delegate{}, missing
	}
	d, err := byMark(ctx, q, conferenceID, code[:markLetters])
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return d, err
	}
	if subtle.ConstantTimeCompare([]byte(d.Secret), []byte(code[markLetters:])) != 1 {
		return Delegate{}, missing
	}
	return d, nil
}

// bearer runs an act of a letter's bearer. It takes no row of the conference: hundreds
// may act at once.
func (s *Service) bearer(ctx context.Context, conferenceCode, letter string, in []State, fn func(*ledger.Tx, Conference, Delegate) error) (ledger.Ack, error) {
	return s.shown(ctx, func(tx *ledger.Tx) (string, error) {
		c, err := findConference(ctx, tx, "code", conferenceCode)
		if err != nil {
			return "", err
		}
		d, err := s.Bearer(ctx, tx, c.ID, letter)
		if err != nil {
			return "", err
		}
		if !slices.Contains(in, c.State) {
			return "", fault.New(fault.Conflict, "conference.is."+string(c.State))
		}
		return c.Code, fn(tx, c, d)
	})
}

// reply says what a delegate answered.
func reply(d *Delegate, answer Answer, substitute, reason string, at time.Time, by string) error {
	substitute, reason = lang.Line(substitute), lang.Line(reason)
	switch answer {
	case Confirmed:
		substitute, reason = "", ""
	case Sends:
		if substitute == "" {
			return fault.New(fault.Invalid, "conference.substitute.missing").In("substitute")
		}
		reason = ""
	case Declined:
		if reason == "" {
			return fault.New(fault.Invalid, "conference.decline.reason").In("reason")
		}
		substitute = ""
	default:
		return fault.New(fault.Invalid, "conference.answer.missing").In("answer")
	}
	if len([]rune(substitute)) > 200 {
		return fault.New(fault.Invalid, "conference.long", 200).In("substitute")
	}
	if len([]rune(reason)) > maxLine {
		return fault.New(fault.Invalid, "conference.long", maxLine).In("reason")
	}
	d.Answer, d.Substitute, d.Reason, d.AnsweredAt, d.AnsweredBy = answer, substitute, reason, at, by
	return nil
}

// Reply answers an invitation from the letter. It can be changed until the delegate is
// checked in.
func (s *Service) Reply(ctx context.Context, code, letter string, answer Answer, substitute, reason string) (ledger.Ack, error) {
	return s.bearer(ctx, code, letter, notClosed, func(tx *ledger.Tx, _ Conference, d Delegate) error {
		if d.Attended() {
			return fault.New(fault.Conflict, "conference.delegate.came")
		}
		if err := reply(&d, answer, substitute, reason, tx.At(), ""); err != nil {
			return err
		}
		if err := saveDelegate(ctx, tx, d); err != nil {
			return err
		}
		return recordDelegate(ctx, tx, ledger.DelegateAnswered, d, map[string]any{"by": "letter"})
	})
}

// ReplyFor writes down what a delegate answered by telephone.
func (s *Service) ReplyFor(ctx context.Context, actor policy.Actor, id, delegateID string, answer Answer, substitute, reason string) (ledger.Ack, error) {
	return s.delegate(ctx, actor, id, delegateID, func(tx *ledger.Tx, _ *Conference, d *Delegate) error {
		if err := reply(d, answer, substitute, reason, tx.At(), actor.Office); err != nil {
			return err
		}
		if err := saveDelegate(ctx, tx, *d); err != nil {
			return err
		}
		return recordDelegate(ctx, tx, ledger.DelegateAnswered, *d, map[string]any{"by": actor.Office})
	})
}

// OpenDesk makes a desk with an address of its own, so that helpers need no account.
func (s *Service) OpenDesk(ctx context.Context, actor policy.Actor, id, name string) (Desk, ledger.Ack, error) {
	var desk Desk
	ack, err := s.write(ctx, actor, id, policy.ConferenceManage, notClosed, func(tx *ledger.Tx, c *Conference) error {
		name = lang.Line(name)
		if name == "" || len([]rune(name)) > 60 {
			return fault.New(fault.Invalid, "conference.desk.name").In("name")
		}
		desk = Desk{ID: rand.Text(), ConferenceID: c.ID, Name: name, Secret: word(20), Office: actor.Office}
		if _, err := tx.ExecContext(ctx, `insert into conference_desk (id, conference_id, name, secret, office, at, closed_at) values ($1, $2, $3, $4, $5, $6, '')`,
			desk.ID, c.ID, desk.Name, desk.Secret, desk.Office, db.Time(tx.At())); err != nil {
			return fmt.Errorf("open a desk: %w", err)
		}
		return tx.Record(ctx, ledger.ConferenceChanged, c.ID, map[string]any{"act": "desk", "desk": desk.ID, "name": name, "office": actor.Office})
	})
	return desk, ack, err
}

// CloseDesk ends a desk: its address opens nothing any more.
func (s *Service) CloseDesk(ctx context.Context, actor policy.Actor, id, deskID string) (ledger.Ack, error) {
	return s.write(ctx, actor, id, policy.ConferenceManage, any3, func(tx *ledger.Tx, c *Conference) error {
		res, err := tx.ExecContext(ctx, `update conference_desk set closed_at = $1 where id = $2 and conference_id = $3 and closed_at = ''`, db.Time(tx.At()), deskID, c.ID)
		if err != nil {
			return fmt.Errorf("close a desk: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil {
			return err
		} else if n != 1 {
			return fault.New(fault.NotFound, "conference.desk.unknown")
		}
		return tx.Record(ctx, ledger.ConferenceChanged, c.ID, map[string]any{"act": "desk.closed", "desk": deskID, "office": actor.Office})
	})
}

// DeskBy finds a desk by the secret in its address.
func (s *Service) DeskBy(ctx context.Context, code, secret string) (Desk, View, error) {
	desk, c, err := s.findDesk(ctx, code, secret)
	if err == nil && !desk.ClosedAt.IsZero() {
		err = fault.New(fault.NotFound, "conference.desk.unknown")
	}
	if err != nil {
		return desk, View{}, err
	}
	v, err := s.view(ctx, s.db, c)
	return desk, v, err
}

// findDesk finds a desk, one that is closed too.
func (s *Service) findDesk(ctx context.Context, code, secret string) (Desk, Conference, error) {
	unknown := fault.New(fault.NotFound, "conference.desk.unknown")
	if len(secret) != 20 {
		return Desk{}, Conference{}, unknown
	}
	c, err := findConference(ctx, s.db, "code", code)
	if err != nil {
		return Desk{}, c, err
	}
	desks, err := listDesks(ctx, s.db, `secret = $1 and conference_id = $2`, secret, c.ID)
	if err == nil && len(desks) != 1 {
		err = unknown
	}
	if err != nil {
		return Desk{}, c, err
	}
	return desks[0], c, nil
}

// mergeFor is how long after its closing, or the conference's, a desk that was offline may
// still hand in what it saw before.
const mergeFor = 24 * time.Hour

// DeskScans takes what a desk has seen, in one transaction. Scans that came before, in a
// sending whose answer was lost, are answered again and change nothing.
func (s *Service) DeskScans(ctx context.Context, code, secret string, scans []Scan, sent int64) ([]Scanned, ledger.Ack, error) {
	desk, c, err := s.findDesk(ctx, code, secret)
	if err != nil {
		return nil, ledger.Ack{}, err
	}
	late := func(t time.Time) bool { return !t.IsZero() && s.now().Sub(t) > mergeFor }
	switch {
	case late(desk.ClosedAt):
		return nil, ledger.Ack{}, fault.New(fault.NotFound, "conference.desk.unknown")
	case c.State == Closed && late(c.ClosedAt):
		return nil, ledger.Ack{}, fault.New(fault.Conflict, "conference.is.closed")
	}
	return s.scans(ctx, c, desk.Name, desk.ClosedAt, scans, func(at int64, got time.Time) time.Time { return skewed(at, sent, got) })
}

// Scans takes presence that the secretariat enters, until the minutes are signed. The
// times are as it says, days later too, but never in the future.
func (s *Service) Scans(ctx context.Context, actor policy.Actor, id string, scans []Scan) ([]Scanned, ledger.Ack, error) {
	c, err := s.managed(ctx, actor, id)
	if err != nil {
		return nil, ledger.Ack{}, err
	}
	return s.entered(ctx, actor, c, scans)
}

// managed is a conference to those who may manage it.
func (s *Service) managed(ctx context.Context, actor policy.Actor, id string) (Conference, error) {
	c, err := findConference(ctx, s.db, "id", id)
	if err == nil {
		err = policy.May(actor, policy.ConferenceManage, policy.Object{Cluster: c.ClusterID})
	}
	return c, err
}

func (s *Service) entered(ctx context.Context, actor policy.Actor, c Conference, scans []Scan) ([]Scanned, ledger.Ack, error) {
	return s.scans(ctx, c, actor.Office, time.Time{}, scans, func(at int64, got time.Time) time.Time {
		if t := time.UnixMilli(at); t.Before(got) && t.After(c.earliest(got)) {
			return t
		}
		return got
	})
}

// scans takes scans of a desk that was closed at the moment given, zero where it is open.
// when says when a scan was, of its time and of when it came.
func (s *Service) scans(ctx context.Context, c Conference, desk string, closed time.Time, scans []Scan, when func(at int64, got time.Time) time.Time) (done []Scanned, ack ledger.Ack, err error) {
	if len(scans) == 0 || len(scans) > maxDelegates {
		return nil, ack, fault.New(fault.Invalid, "conference.scans.none")
	}
	units, err := s.members(ctx, c.ClusterID, c.Starts)
	if err != nil {
		return nil, ack, err
	}
	// Where another node has written the same delegate meanwhile, all is read anew.
	for range 3 {
		ack, err = s.shown(ctx, func(tx *ledger.Tx) (string, error) {
			done = nil
			if c.State == Closed {
				now, err := takeConference(ctx, tx, c.ID)
				if err == nil {
					err = touchMinutes(ctx, tx, &now)
				}
				if err != nil {
					return "", err
				}
			}
			got := tx.At()
			var fresh []string
			for _, x := range scans {
				at := when(x.At, got)
				if !closed.IsZero() && at.After(closed) {
					done = append(done, Scanned{ID: x.ID, Kind: "refused", Words: "conference.desk.closed"})
					continue
				}
				one, isNew, err := s.scan(ctx, tx, c, desk, units, x, at, got)
				if err != nil {
					return "", err
				}
				done = append(done, one)
				if isNew {
					fresh = append(fresh, one.Delegate+" "+one.Kind)
				}
			}
			return c.Code, tx.Record(ctx, ledger.PresenceRecorded, c.ID, map[string]any{"desk": desk, "scans": fresh, "received": len(scans)})
		})
		if fault.KindOf(err) != fault.Conflict || err == nil {
			break
		}
	}
	return done, ack, err
}

// scan takes one. It says whether the scan was not known before.
func (s *Service) scan(ctx context.Context, tx *ledger.Tx, c Conference, desk string, units []string, x Scan, at, got time.Time) (Scanned, bool, error) {
	out := Scanned{ID: x.ID}
	if x.ID == "" || len(x.ID) > 64 {
		out.Kind, out.Words = "refused", "conference.scan.bad"
		return out, false, nil
	}
	var known, kind string
	err := tx.QueryRowContext(ctx, `select delegate_id, how from conference_scan where id = $1 and conference_id = $2`, x.ID, c.ID).Scan(&known, &kind)
	if err == nil {
		d, err := findDelegate(ctx, tx, known)
		out.Kind, out.Delegate, out.Words = "present", known, clockWords(d.PresentAt)
		switch {
		case fault.KindOf(err) == fault.NotFound && err != nil: // taken off the list since
			out.Kind, out.Words, err = "unknown", "conference.scan.unknown", nil
		case kind == "out":
			out.Kind = "out"
		}
		return out, false, err
	}
	if !errors.Is(err, db.ErrNoRows) {
		return out, false, fmt.Errorf("find a scan: %w", err)
	}
	var d Delegate
	err = nil
	switch {
	case x.How == "walkin":
		// An observer: who comes unasked has a vote when the secretariat gives one, and not
		// by a helper's word at a desk.
		draft, err := DelegateDraft{UnitID: x.Unit, Body: x.Body, Office: x.Office, Name: x.Name, Role: "observer"}.clean(units)
		if err != nil {
			first := fault.All(err)[0]
			out.Kind, out.Words, out.Args, out.Field = "refused", first.Text, first.Args, first.Field
			return out, false, nil
		}
		var last int64
		if err := tx.QueryRowContext(ctx, `select coalesce(max(ord), 0) from conference_delegate where conference_id = $1`, c.ID).Scan(&last); err != nil {
			return out, false, fmt.Errorf("count delegates: %w", err)
		}
		d = invite(c.ID, draft, last+1)
		d.WalkIn, d.Answer, d.AnsweredAt, d.AnsweredBy = true, Confirmed, got, desk
		if err := insertDelegate(ctx, tx, d); err != nil {
			return out, false, err
		}
		if err := recordDelegate(ctx, tx, ledger.DelegateInvited, d, map[string]any{"walk_in": true, "desk": desk}); err != nil {
			return out, false, err
		}
	case x.Delegate != "":
		d, err = findDelegate(ctx, tx, x.Delegate)
	default:
		mark := tidy(x.Mark)
		d, err = byMark(ctx, tx, c.ID, mark[:min(len(mark), markLetters)])
	}
	if fault.KindOf(err) == fault.NotFound && err != nil || err == nil && d.ConferenceID != c.ID {
		out.Kind, out.Words = "unknown", "conference.scan.unknown"
		return out, false, nil
	}
	if err != nil {
		return out, false, err
	}
	out.Delegate = d.ID
	log, err := listSeen(ctx, tx, `delegate_id = $1`, d.ID)
	if err != nil {
		return out, false, err
	}
	was := d
	doubles := d.replay(append(log[d.ID], seen{x.ID, desk, x.How, at, got}))
	switch {
	case x.How == "out":
		out.Kind, out.Words = "out", clockWords(at)
	case was.Present() || slices.ContainsFunc(doubles, func(s seen) bool { return s.id == x.ID }):
		out.Kind, out.Words = "again", clockWords(was.PresentAt)+", "+was.PresentBy
	default:
		out.Kind, out.Words = "present", clockWords(at)
	}
	if err := saveDelegate(ctx, tx, d); err != nil {
		return out, false, err
	}
	if _, err := tx.ExecContext(ctx, `insert into conference_scan (id, conference_id, delegate_id, desk, how, at, got_at, fresh, undone_at) values ($1, $2, $3, $4, $5, $6, $7, $8, '')`,
		x.ID, c.ID, d.ID, desk, x.How, db.Time(at), db.Time(got), flag(out.Kind == "present")); err != nil {
		return out, false, fmt.Errorf("insert a scan: %w", err)
	}
	return out, true, nil
}

// Double is a delegate who was scanned again while in the hall.
type Double struct {
	Delegate Delegate
	Times    []string // "07:41, Bàn 2"
}

// Doubles are those of a conference, by protocol, so that the secretariat sees why a
// desk counted one more than the list.
func (s *Service) Doubles(ctx context.Context, v View) (all []Double, err error) {
	log, err := listSeen(ctx, s.db, `conference_id = $1`, v.ID)
	for _, d := range v.Delegates {
		x := Double{Delegate: d}
		for _, again := range d.replay(log[d.ID]) {
			x.Times = append(x.Times, clockWords(again.at)+", "+again.desk)
		}
		if x.Times != nil {
			all = append(all, x)
		}
	}
	return all, err
}

func clockWords(t time.Time) string { return t.In(lang.Vietnam).Format("15:04") }

// Unscan takes a presence back: the wrong line was pressed.
func (s *Service) Unscan(ctx context.Context, actor policy.Actor, id, delegateID, reason string) (ledger.Ack, error) {
	return s.delegate(ctx, actor, id, delegateID, func(tx *ledger.Tx, _ *Conference, d *Delegate) error {
		reason, err := reasonOf(reason, "reason")
		if err != nil {
			return err
		}
		if d.PresentAt.IsZero() {
			return fault.New(fault.Conflict, "conference.scan.notin")
		}
		was := d.PresentAt
		d.PresentAt, d.PresentHow, d.PresentBy, d.LeftAt = time.Time{}, "", "", time.Time{}
		if err := saveDelegate(ctx, tx, *d); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `update conference_scan set undone_at = $1 where delegate_id = $2 and undone_at = ''`, db.Time(tx.At()), d.ID); err != nil {
			return fmt.Errorf("undo a scan: %w", err)
		}
		return recordDelegate(ctx, tx, ledger.DelegateChanged, *d, map[string]any{"act": "unscanned", "was": db.Time(was), "reason": reason, "office_of": actor.Office})
	})
}

// Tick enters the ticks of the paper list in bulk: who signed is present, in one
// transaction.
func (s *Service) Tick(ctx context.Context, actor policy.Actor, id string, delegates []string, at time.Time) (ledger.Ack, error) {
	c, err := s.managed(ctx, actor, id)
	if err != nil {
		return ledger.Ack{}, err
	}
	if at.After(s.now()) || at.Before(c.earliest(s.now())) {
		return ledger.Ack{}, fault.New(fault.Invalid, "conference.tick.when").In("at")
	}
	var scans []Scan
	for _, d := range delegates {
		scans = append(scans, Scan{ID: rand.Text(), Delegate: d, How: "paper", At: at.UnixMilli()})
	}
	_, ack, err := s.entered(ctx, actor, c, scans)
	return ack, err
}
