package conference

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"dongthuan/internal/db"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
	"dongthuan/internal/policy"
)

func hashOf(text string) string {
	if text == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// Begin opens the hall: the conference is live.
func (s *Service) Begin(ctx context.Context, actor policy.Actor, id string) (ledger.Ack, error) {
	return s.write(ctx, actor, id, policy.ConferenceManage, []State{Preparing}, func(tx *ledger.Tx, c *Conference) error {
		if c.Published == 0 {
			return fault.New(fault.Conflict, "conference.programme.unpublished")
		}
		c.State, c.OpenedAt = Live, tx.At()
		if err := saveConference(ctx, tx, *c); err != nil {
			return err
		}
		return tx.Record(ctx, ledger.ConferenceOpened, c.ID, map[string]any{"code": c.Code, "title": c.Title, "office": actor.Office})
	})
}

// Unbegin takes back that the hall was opened, with the reason: as long as nothing has
// happened in it.
func (s *Service) Unbegin(ctx context.Context, actor policy.Actor, id, reason string) (ledger.Ack, error) {
	return s.running(ctx, actor, id, func(tx *ledger.Tx, c *Conference) error {
		reason, err := reasonOf(reason, "reason")
		if err != nil {
			return err
		}
		var n int64
		if err := tx.QueryRowContext(ctx, `select (select count(*) from conference_run where conference_id = $1) + (select count(*) from conference_speech where conference_id = $1) + (select count(*) from conference_vote where conference_id = $1)`, c.ID).Scan(&n); err != nil {
			return fmt.Errorf("look what has happened: %w", err)
		}
		if n > 0 {
			return fault.New(fault.Conflict, "conference.unbegin.late")
		}
		c.State, c.OpenedAt = Preparing, time.Time{}
		if err := saveConference(ctx, tx, *c); err != nil {
			return err
		}
		return tx.Record(ctx, ledger.ConferenceChanged, c.ID, map[string]any{"act": "unbegun", "reason": reason, "office": actor.Office})
	})
}

// Unfinish opens the hall again that was closed by mistake, with the reason: until its
// minutes were signed. The chair goes on with an item.
func (s *Service) Unfinish(ctx context.Context, actor policy.Actor, id, reason string) (ledger.Ack, error) {
	return s.write(ctx, actor, id, policy.ConferenceManage, []State{Closed}, func(tx *ledger.Tx, c *Conference) error {
		reason, err := reasonOf(reason, "reason")
		if err != nil {
			return err
		}
		if c.MinutesVersion > 0 {
			return fault.New(fault.Conflict, "conference.unfinish.signed")
		}
		// Who waited when it was closed waits again.
		if err := openQueue(ctx, tx, *c); err != nil {
			return err
		}
		c.State, c.ClosedAt, c.Minutes = Live, time.Time{}, MinutesDraft
		if err := saveConference(ctx, tx, *c); err != nil {
			return err
		}
		return tx.Record(ctx, ledger.ConferenceChanged, c.ID, map[string]any{"act": "unfinished", "reason": reason, "office": actor.Office})
	})
}

// running runs an act of the chair's table.
func (s *Service) running(ctx context.Context, actor policy.Actor, id string, fn func(*ledger.Tx, *Conference) error) (ledger.Ack, error) {
	return s.write(ctx, actor, id, policy.ConferenceManage, []State{Live}, fn)
}

// GoTo begins an item of the programme and ends the one under way. seen is the item that
// the chair saw: where another has gone on meanwhile, nothing happens twice.
func (s *Service) GoTo(ctx context.Context, actor policy.Actor, id, seen, item string) (ledger.Ack, error) {
	return s.running(ctx, actor, id, func(tx *ledger.Tx, c *Conference) error {
		if seen != c.Current {
			return fault.New(fault.Conflict, "conference.item.moved")
		}
		it, ok := c.Item(item)
		if !ok {
			return fault.New(fault.NotFound, "conference.item.missing")
		}
		if item == c.Current {
			return fault.New(fault.Conflict, "conference.item.same")
		}
		if err := endSpeech(ctx, tx, c.ID, tx.At()); err != nil {
			return err
		}
		if err := endRun(ctx, tx, c.ID); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `insert into conference_run (id, conference_id, item, started_at, ended_at) values ($1, $2, $3, $4, '')`, rand.Text(), c.ID, item, db.Time(tx.At())); err != nil {
			return fmt.Errorf("begin an item: %w", err)
		}
		c.Current, c.CurrentSince = item, tx.At()
		c.Taking = it.Kind == "floor" || it.Kind == "papers"
		if err := saveConference(ctx, tx, *c); err != nil {
			return err
		}
		return tx.Record(ctx, ledger.ItemBegun, c.ID, map[string]any{"item": item, "title": it.Title, "office": actor.Office})
	})
}

func endRun(ctx context.Context, tx *ledger.Tx, id string) error {
	if _, err := tx.ExecContext(ctx, `update conference_run set ended_at = $1 where conference_id = $2 and ended_at = ''`, db.Time(tx.At()), id); err != nil {
		return fmt.Errorf("end an item: %w", err)
	}
	return nil
}

// endSpeech ends whoever speaks.
func endSpeech(ctx context.Context, tx *ledger.Tx, id string, at time.Time) error {
	if _, err := tx.ExecContext(ctx, `update conference_speech set state = 'spoken', ended_at = $1 where conference_id = $2 and state = 'speaking'`, db.Time(at), id); err != nil {
		return fmt.Errorf("end a speech: %w", err)
	}
	return nil
}

// Finish closes the conference: votes are closed first, and whoever waits to speak is
// told that it is over.
func (s *Service) Finish(ctx context.Context, actor policy.Actor, id string) (ledger.Ack, error) {
	return s.running(ctx, actor, id, func(tx *ledger.Tx, c *Conference) error {
		votes, err := listVotes(ctx, tx, `v.conference_id = $1 and v.state = 'open'`, c.ID)
		if err != nil {
			return err
		}
		if len(votes) > 0 {
			return fault.New(fault.Conflict, "conference.vote.stillopen", votes[0].Question)
		}
		if err := endSpeech(ctx, tx, c.ID, tx.At()); err != nil {
			return err
		}
		if err := endQueue(ctx, tx, c.ID); err != nil {
			return err
		}
		if err := endRun(ctx, tx, c.ID); err != nil {
			return err
		}
		c.State, c.ClosedAt, c.Current, c.Taking = Closed, tx.At(), "", false
		if err := saveConference(ctx, tx, *c); err != nil {
			return err
		}
		all, err := listDelegates(ctx, tx, c.ID)
		if err != nil {
			return err
		}
		n := count(all)
		return tx.Record(ctx, ledger.ConferenceClosed, c.ID, map[string]any{"code": c.Code, "invited": n.Invited, "present": n.Present, "office": actor.Office})
	})
}

// Take opens or closes the list of speakers.
func (s *Service) Take(ctx context.Context, actor policy.Actor, id string, taking bool) (ledger.Ack, error) {
	return s.running(ctx, actor, id, func(tx *ledger.Tx, c *Conference) error {
		if c.Taking == taking {
			return fault.New(fault.Conflict, "conference.taking.same")
		}
		c.Taking = taking
		if err := saveConference(ctx, tx, *c); err != nil {
			return err
		}
		return tx.Record(ctx, ledger.SpeechChanged, c.ID, map[string]any{"act": "taking", "taking": taking, "office": actor.Office})
	})
}

// Ask asks to speak, by letter.
func (s *Service) Ask(ctx context.Context, code, letter, kind, subject string) (Speech, ledger.Ack, error) {
	var sp Speech
	ack, err := s.bearer(ctx, code, letter, []State{Live}, func(tx *ledger.Tx, c Conference, d Delegate) error {
		if !d.Present() {
			return fault.New(fault.Conflict, "conference.speech.notin")
		}
		if !c.Taking {
			return fault.New(fault.Conflict, "conference.speech.closed")
		}
		var err error
		sp, err = s.queue(ctx, tx, c, d, kind, subject, "phone")
		return err
	})
	return sp, ack, err
}

// Raise puts somebody on the list who raised a hand.
func (s *Service) Raise(ctx context.Context, actor policy.Actor, id, delegateID, kind, subject string) (ledger.Ack, error) {
	return s.running(ctx, actor, id, func(tx *ledger.Tx, c *Conference) error {
		d, err := findDelegate(ctx, tx, delegateID)
		if err != nil {
			return in(err, "delegate")
		}
		if d.ConferenceID != c.ID {
			return fault.New(fault.NotFound, "conference.delegate.missing").In("delegate")
		}
		_, err = s.queue(ctx, tx, *c, d, kind, subject, "hand")
		return err
	})
}

func (s *Service) queue(ctx context.Context, tx *ledger.Tx, c Conference, d Delegate, kind, subject, how string) (Speech, error) {
	subject, err := subjectOf(subject)
	if err != nil {
		return Speech{}, err
	}
	if kind != "reply" {
		kind = "speech"
	}
	label := d.As()
	if d.UnitID != "" {
		u, err := s.units.GetIn(ctx, tx, d.UnitID, c.Starts)
		if err != nil {
			return Speech{}, err
		}
		label += ", " + u.FullName()
	} else {
		label += ", " + d.Body
	}
	sp := Speech{ID: rand.Text(), ConferenceID: c.ID, Item: c.Current, DelegateID: d.ID, UnitID: d.UnitID, Label: label, Kind: kind, Subject: subject, How: how, State: Waiting, Minutes: c.SpeechMinutes, AskedAt: tx.At()}
	if kind == "reply" {
		sp.Minutes = min(2, c.SpeechMinutes)
	}
	if err := tx.QueryRowContext(ctx, `select coalesce(max(ord), 0) + 1 from conference_speech where conference_id = $1`, c.ID).Scan(&sp.Order); err != nil {
		return sp, fmt.Errorf("number a speech: %w", err)
	}
	if err := insertSpeech(ctx, tx, sp); err != nil {
		return sp, err
	}
	return sp, tx.Record(ctx, ledger.SpeechAsked, sp.ID, map[string]any{"conference": c.ID, "item": sp.Item, "delegate": d.ID, "kind": kind, "subject": subject, "how": how})
}

// Withdraw takes one's own request back, by letter.
func (s *Service) Withdraw(ctx context.Context, code, letter, speech string) (ledger.Ack, error) {
	return s.bearer(ctx, code, letter, []State{Live}, func(tx *ledger.Tx, _ Conference, d Delegate) error {
		sp, err := findSpeech(ctx, tx, speech)
		if err != nil {
			return err
		}
		if sp.DelegateID != d.ID {
			return fault.New(fault.NotFound, "conference.speech.missing")
		}
		sp.State, sp.End = Withdrawn, tx.At()
		if err := moveSpeech(ctx, tx, sp, Waiting); err != nil {
			return err
		}
		return recordSpeech(ctx, tx, sp, "withdrawn", "")
	})
}

func recordSpeech(ctx context.Context, tx *ledger.Tx, sp Speech, act, office string) error {
	return tx.Record(ctx, ledger.SpeechChanged, sp.ID, map[string]any{"conference": sp.ConferenceID, "act": act, "item": sp.Item, "label": sp.Label, "kind": sp.Kind, "note": sp.Note.Body, "office": office})
}

// Order sets the order of those who wait; ids that no longer wait are left out, and those
// that came meanwhile stay behind.
func (s *Service) Order(ctx context.Context, actor policy.Actor, id string, order []string) (ledger.Ack, error) {
	return s.running(ctx, actor, id, func(tx *ledger.Tx, c *Conference) error {
		all, err := listSpeeches(ctx, tx, `conference_id = $1 and state = 'waiting'`, c.ID)
		if err != nil {
			return err
		}
		waiting := waitingIn(all)
		if len(waiting) == 0 {
			return fault.New(fault.Conflict, "conference.queue.empty")
		}
		place := func(sp Speech) int {
			if i := slices.Index(order, sp.ID); i >= 0 {
				return i
			}
			return len(order)
		}
		orders := make([]int64, len(waiting))
		for i, sp := range waiting {
			orders[i] = sp.Order
		}
		slices.Sort(orders)
		for i := 1; i < len(orders); i++ { // two that asked at once, through two nodes, may have the same
			orders[i] = max(orders[i], orders[i-1]+1)
		}
		slices.SortStableFunc(waiting, func(a, b Speech) int { return place(a) - place(b) })
		var now []string
		for i, sp := range waiting {
			now = append(now, sp.ID)
			if sp.Order == orders[i] {
				continue
			}
			sp.Order = orders[i]
			if err := moveSpeech(ctx, tx, sp, Waiting); err != nil {
				return err
			}
		}
		return tx.Record(ctx, ledger.SpeechChanged, c.ID, map[string]any{"act": "order", "order": now, "office": actor.Office})
	})
}

// Fair puts those who wait in the suggested order.
func (s *Service) Fair(ctx context.Context, actor policy.Actor, id string) (ledger.Ack, error) {
	all, err := listSpeeches(ctx, s.db, `conference_id = $1`, id)
	if err != nil {
		return ledger.Ack{}, err
	}
	var order []string
	for _, sp := range Suggest(all, s.now()) {
		order = append(order, sp.ID)
	}
	return s.Order(ctx, actor, id, order)
}

// speech runs an act of the chair on one speech.
func (s *Service) speech(ctx context.Context, actor policy.Actor, id, speech string, fn func(*ledger.Tx, *Conference, Speech) error) (ledger.Ack, error) {
	return s.running(ctx, actor, id, func(tx *ledger.Tx, c *Conference) error {
		sp, err := findSpeech(ctx, tx, speech)
		if err != nil {
			return err
		}
		if sp.ConferenceID != c.ID {
			return fault.New(fault.NotFound, "conference.speech.missing")
		}
		return fn(tx, c, sp)
	})
}

// takeFloor ends whoever speaks, if it is who the chair saw: where another has given the
// floor meanwhile, nobody's turn ends before it has begun.
func takeFloor(ctx context.Context, tx *ledger.Tx, id, seen string) error {
	all, err := listSpeeches(ctx, tx, `conference_id = $1 and state = 'speaking'`, id)
	if err != nil {
		return fmt.Errorf("look who speaks: %w", err)
	}
	now := ""
	for _, sp := range all {
		now = sp.ID
	}
	if now != seen {
		return fault.New(fault.Conflict, "conference.speaker.moved")
	}
	return endSpeech(ctx, tx, id, tx.At())
}

// Call gives the floor to one who waits; whoever speaks, whom the chair saw, has ended.
func (s *Service) Call(ctx context.Context, actor policy.Actor, id, seen, speech string) (ledger.Ack, error) {
	return s.speech(ctx, actor, id, speech, func(tx *ledger.Tx, c *Conference, sp Speech) error {
		if err := takeFloor(ctx, tx, c.ID, seen); err != nil {
			return err
		}
		sp.State, sp.Start, sp.Item = Speaking, tx.At(), c.Current
		if err := moveSpeech(ctx, tx, sp, Waiting); err != nil {
			return err
		}
		return recordSpeech(ctx, tx, sp, "called", actor.Office)
	})
}

// CallPaper gives the floor to a unit's paper, once.
func (s *Service) CallPaper(ctx context.Context, actor policy.Actor, id, seen, paper string) (ledger.Ack, error) {
	return s.running(ctx, actor, id, func(tx *ledger.Tx, c *Conference) error {
		p, err := findPaper(ctx, tx, paper)
		if err != nil {
			return err
		}
		if p.ConferenceID != c.ID {
			return fault.New(fault.NotFound, "conference.paper.missing")
		}
		u, err := s.units.GetIn(ctx, tx, p.UnitID, c.Starts)
		if err != nil {
			return err
		}
		if read, err := listSpeeches(ctx, tx, `conference_id = $1 and kind = 'paper' and state <> 'dropped' and unit_id = $2`, c.ID, p.UnitID); err != nil {
			return fmt.Errorf("look whether a paper was read: %w", err)
		} else if len(read) > 0 {
			return fault.New(fault.Conflict, "conference.paper.wasread")
		}
		if err := takeFloor(ctx, tx, c.ID, seen); err != nil {
			return err
		}
		label := u.FullName()
		if p.Presenter != "" {
			label = p.Presenter + ", " + label
		}
		sp := Speech{ID: rand.Text(), ConferenceID: c.ID, Item: c.Current, UnitID: p.UnitID, Label: label, Kind: "paper", Subject: p.Title, How: "chair", State: Speaking, Minutes: p.Minutes, AskedAt: tx.At(), Start: tx.At()}
		if err := insertSpeech(ctx, tx, sp); err != nil {
			return err
		}
		return recordSpeech(ctx, tx, sp, "called", actor.Office)
	})
}

// PutBack takes the floor from somebody who was called by mistake: they wait again, where
// they did, and nothing was spoken. A paper is to be read again.
func (s *Service) PutBack(ctx context.Context, actor policy.Actor, id, speech string) (ledger.Ack, error) {
	return s.speech(ctx, actor, id, speech, func(tx *ledger.Tx, _ *Conference, sp Speech) error {
		sp.State, sp.Start = Waiting, time.Time{}
		if sp.Kind == "paper" {
			sp.State, sp.End = Dropped, tx.At()
		}
		if err := moveSpeech(ctx, tx, sp, Speaking); err != nil {
			return err
		}
		return recordSpeech(ctx, tx, sp, "put back", actor.Office)
	})
}

// EndSpeech ends the speech under way.
func (s *Service) EndSpeech(ctx context.Context, actor policy.Actor, id, speech string) (ledger.Ack, error) {
	return s.speech(ctx, actor, id, speech, func(tx *ledger.Tx, _ *Conference, sp Speech) error {
		sp.State, sp.End = Spoken, tx.At()
		if err := moveSpeech(ctx, tx, sp, Speaking); err != nil {
			return err
		}
		return recordSpeech(ctx, tx, sp, "ended", actor.Office)
	})
}

// Drop takes one off the list.
func (s *Service) Drop(ctx context.Context, actor policy.Actor, id, speech string) (ledger.Ack, error) {
	return s.speech(ctx, actor, id, speech, func(tx *ledger.Tx, _ *Conference, sp Speech) error {
		sp.State, sp.End = Dropped, tx.At()
		if err := moveSpeech(ctx, tx, sp, Waiting); err != nil {
			return err
		}
		return recordSpeech(ctx, tx, sp, "dropped", actor.Office)
	})
}

// Extend gives whoever speaks more minutes.
func (s *Service) Extend(ctx context.Context, actor policy.Actor, id, speech string, more int64) (ledger.Ack, error) {
	return s.speech(ctx, actor, id, speech, func(tx *ledger.Tx, _ *Conference, sp Speech) error {
		if more < 1 || more > 30 {
			return fault.New(fault.Invalid, "conference.item.minutes").In("more")
		}
		sp.Minutes += more
		if err := moveSpeech(ctx, tx, sp, Speaking); err != nil {
			return err
		}
		return recordSpeech(ctx, tx, sp, "extended", actor.Office)
	})
}

// NoteSpeech writes down what was said, for the minutes. version is the one that was seen;
// where another wrote since, it is a Clash with what stands there now.
func (s *Service) NoteSpeech(ctx context.Context, actor policy.Actor, id, speech string, version int64, note string) (Note, ledger.Ack, error) {
	var n Note
	ack, err := s.editing(ctx, actor, id, func(tx *ledger.Tx, c *Conference) error {
		sp, err := findSpeech(ctx, tx, speech)
		if err != nil {
			return err
		}
		if sp.ConferenceID != c.ID || sp.State == Waiting {
			return fault.New(fault.NotFound, "conference.speech.missing")
		}
		note = lang.Clean(note)
		if utf8.RuneCountInString(note) > maxText {
			return fault.New(fault.Invalid, "conference.long", maxText).In("note-" + speech)
		}
		if sp.Note.Version != version {
			return &Clash{sp.Note}
		}
		n = Note{Item: speech, Body: note, Version: version + 1, Office: actor.Office, At: tx.At()}
		sp.Note = n
		if _, err := tx.ExecContext(ctx, `update conference_speech set note = $1, note_version = $2, note_office = $3, note_at = $4 where id = $5`, n.Body, n.Version, n.Office, db.Time(n.At), sp.ID); err != nil {
			return fmt.Errorf("note a speech: %w", err)
		}
		return recordSpeech(ctx, tx, sp, "noted", actor.Office)
	})
	return n, ack, err
}

// OpenVote puts a question to those who are in the hall.
func (s *Service) OpenVote(ctx context.Context, actor policy.Actor, id, question, way string) (ledger.Ack, error) {
	return s.running(ctx, actor, id, func(tx *ledger.Tx, c *Conference) error {
		question = lang.Line(question)
		if question == "" {
			return fault.New(fault.Invalid, "conference.vote.question").In("question")
		}
		if len([]rune(question)) > 300 {
			return fault.New(fault.Invalid, "conference.long", 300).In("question")
		}
		if !slices.Contains(Ways, way) {
			return fault.New(fault.Invalid, "conference.vote.way").In("way")
		}
		open, err := listVotes(ctx, tx, `v.conference_id = $1 and v.state = 'open'`, c.ID)
		if err != nil {
			return err
		}
		if len(open) > 0 {
			return fault.New(fault.Conflict, "conference.vote.stillopen", open[0].Question)
		}
		all, err := listDelegates(ctx, tx, c.ID)
		if err != nil {
			return err
		}
		v := Vote{ID: rand.Text(), ConferenceID: c.ID, Item: c.Current, Question: question, Way: way, OpenedAt: tx.At(), Office: actor.Office}
		if v.Present = voters(all); v.Present == 0 {
			return fault.New(fault.Conflict, "conference.vote.nobody")
		}
		if err := insertVote(ctx, tx, v); err != nil {
			return err
		}
		return tx.Record(ctx, ledger.PollDefined, v.ID, map[string]any{"conference": c.ID, "question": question, "way": way, "present": v.Present, "office": actor.Office})
	})
}

// Cast votes by phone. Who has voted and what was chosen are written apart, and nothing
// leads from one to the other; so a choice cannot be changed either.
func (s *Service) Cast(ctx context.Context, code, letter, vote, choice string) (ledger.Ack, error) {
	return s.bearer(ctx, code, letter, []State{Live}, func(tx *ledger.Tx, c Conference, d Delegate) error {
		if !slices.Contains(Choices, choice) {
			return fault.New(fault.Invalid, "conference.vote.choice")
		}
		v, err := takeVote(ctx, tx, vote)
		if err != nil {
			return err
		}
		switch {
		case v.ConferenceID != c.ID:
			return fault.New(fault.NotFound, "conference.vote.missing")
		case !v.Open || v.Way != "phone":
			return fault.New(fault.Conflict, "conference.vote.closed")
		case !d.Votes():
			return fault.New(fault.Conflict, "conference.vote.norole")
		case !d.Present():
			return fault.New(fault.Conflict, "conference.speech.notin")
		}
		_, err = tx.ExecContext(ctx, `insert into conference_voter (vote_id, delegate_id) values ($1, $2)`, v.ID, d.ID)
		if db.IsDuplicate(err) {
			return fault.New(fault.Conflict, "conference.vote.twice").Because(err)
		}
		if err != nil {
			return fmt.Errorf("note a voter: %w", err)
		}
		// All three rows are written, so that not even the versions of rows that PostgreSQL
		// keeps tell which of them a voter's transaction was for.
		if _, err := tx.ExecContext(ctx, `update conference_tally set n = n + case when choice = $2 then 1 else 0 end where vote_id = $1`, v.ID, choice); err != nil {
			return fmt.Errorf("count a vote: %w", err)
		}
		// Neither who nor what: the leaf says that one more voice is in.
		return tx.Record(ctx, ledger.BallotCast, v.ID, map[string]any{"conference": c.ID})
	})
}

// HasVoted reports whether a delegate has voted by phone.
func (s *Service) HasVoted(ctx context.Context, vote, delegate string) (bool, error) {
	var n int
	err := s.db.QueryRowContext(ctx, `select count(*) from conference_voter where vote_id = $1 and delegate_id = $2`, vote, delegate).Scan(&n)
	return n > 0, err
}

// voters are those in the hall who have a vote.
func voters(all []Delegate) (n int64) {
	for _, d := range all {
		if d.Present() && d.Votes() {
			n++
		}
	}
	return n
}

// CloseVote closes a vote. Totals of hands and of a paper ballot are what was counted,
// checked against those who are there now; silent says that who is missing among the hands
// did not vote. Those of phones are summed here, and were sealed until now.
func (s *Service) CloseVote(ctx context.Context, actor policy.Actor, id, vote string, counted Vote, silent bool) (ledger.Ack, error) {
	return s.running(ctx, actor, id, func(tx *ledger.Tx, c *Conference) error {
		v, err := takeVote(ctx, tx, vote)
		if err != nil {
			return err
		}
		if v.ConferenceID != c.ID {
			return fault.New(fault.NotFound, "conference.vote.missing")
		}
		all, err := listDelegates(ctx, tx, c.ID)
		if err != nil {
			return err
		}
		v.Present = voters(all)
		if v.Way == "phone" {
			for choice, to := range map[string]*int64{"yes": &v.Yes, "no": &v.No, "abstain": &v.Abstain} {
				if err := tx.QueryRowContext(ctx, `select n from conference_tally where vote_id = $1 and choice = $2`, v.ID, choice).Scan(to); err != nil {
					return fmt.Errorf("read a tally: %w", err)
				}
			}
			if v.Voted() != v.Cast {
				return fmt.Errorf("vote %s: %d choices of %d voters", v.ID, v.Voted(), v.Cast)
			}
			v.Present = max(v.Present, v.Cast) // some have left since they voted
		} else {
			v.Yes, v.No, v.Abstain, v.Issued, v.Returned, v.Valid = counted.Yes, counted.No, counted.Abstain, counted.Issued, counted.Returned, counted.Valid
			if err := v.check(silent); err != nil {
				return err
			}
		}
		v.ClosedAt = tx.At()
		if err := closeVote(ctx, tx, v); err != nil {
			return err
		}
		return c.record(ctx, tx, ledger.PollTallied, v.ID, "question", v.Question, map[string]any{"conference": c.ID, "way": v.Way, "present": v.Present, "yes": v.Yes, "no": v.No, "abstain": v.Abstain, "issued": v.Issued, "returned": v.Returned, "valid": v.Valid, "office": actor.Office})
	})
}

// CancelVote ends a vote without a result, with the reason: its question was wrong, or it
// could not be counted. What was cast is not looked at.
func (s *Service) CancelVote(ctx context.Context, actor policy.Actor, id, vote, reason string) (ledger.Ack, error) {
	return s.running(ctx, actor, id, func(tx *ledger.Tx, c *Conference) error {
		reason, err := reasonOf(reason, "reason")
		if err != nil {
			return err
		}
		v, err := takeVote(ctx, tx, vote)
		if err != nil {
			return err
		}
		if v.ConferenceID != c.ID {
			return fault.New(fault.NotFound, "conference.vote.missing")
		}
		v.ClosedAt, v.Cancelled = tx.At(), reason
		if err := closeVote(ctx, tx, v); err != nil {
			return err
		}
		return tx.Record(ctx, ledger.PollCancelled, v.ID, map[string]any{"conference": c.ID, "question": v.Question, "reason": reason, "office": actor.Office})
	})
}
