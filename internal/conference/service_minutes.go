package conference

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"dongthuan/internal/db"
	"dongthuan/internal/evidence"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
	"dongthuan/internal/policy"
)

// Clash is a note that another secretary has written meanwhile.
type Clash struct{ Theirs Note }

func (*Clash) Error() string { return "conference: another has written this meanwhile" }

// writing runs an act on minutes that are in a state.
func (s *Service) writing(ctx context.Context, actor policy.Actor, id string, action policy.Action, in MinutesState, fn func(*ledger.Tx, *Conference) error) (ledger.Ack, error) {
	return s.write(ctx, actor, id, action, []State{Live, Closed}, func(tx *ledger.Tx, c *Conference) error {
		if c.Minutes != in {
			return fault.New(fault.Conflict, "conference.minutes."+string(c.Minutes))
		}
		return fn(tx, c)
	})
}

// editing runs an act that changes what the minutes say. They can be written while the
// conference runs and after, until they are signed.
func (s *Service) editing(ctx context.Context, actor policy.Actor, id string, fn func(*ledger.Tx, *Conference) error) (ledger.Ack, error) {
	return s.write(ctx, actor, id, policy.ConferenceManage, []State{Live, Closed}, func(tx *ledger.Tx, c *Conference) error {
		if err := touchMinutes(ctx, tx, c); err != nil {
			return err
		}
		return fn(tx, c)
	})
}

// touchMinutes is called by every act on what the minutes tell: signed they are locked, and
// what was checked is a draft again.
func touchMinutes(ctx context.Context, tx *ledger.Tx, c *Conference) error {
	switch c.Minutes {
	case MinutesSigned:
		return fault.New(fault.Conflict, "conference.minutes.locked")
	case MinutesChecked:
		c.Minutes = MinutesDraft
		return saveConference(ctx, tx, *c)
	}
	return nil
}

// SaveNote writes what a secretary wrote of an item. version is the one they saw, 0 for
// none; where another wrote since, it is a Clash with what stands there now.
func (s *Service) SaveNote(ctx context.Context, actor policy.Actor, id, item string, version int64, body string) (Note, ledger.Ack, error) {
	var n Note
	ack, err := s.editing(ctx, actor, id, func(tx *ledger.Tx, c *Conference) error {
		if _, ok := c.Item(item); !ok {
			return fault.New(fault.NotFound, "conference.item.missing")
		}
		body = lang.Clean(body)
		if utf8.RuneCountInString(body) > maxBody {
			return fault.New(fault.Invalid, "conference.long", maxBody).In("body-" + item)
		}
		all, err := listNotes(ctx, tx, c.ID)
		if err != nil {
			return err
		}
		var now Note
		for _, x := range all {
			if x.Item == item {
				now = x
			}
		}
		if now.Version != version {
			return &Clash{now}
		}
		n = Note{Item: item, Body: body, Version: version + 1, Office: actor.Office, At: tx.At()}
		if version == 0 {
			_, err = tx.ExecContext(ctx, `insert into conference_note (conference_id, item, body, version, office, at) values ($1, $2, $3, 1, $4, $5)`, c.ID, item, body, n.Office, db.Time(n.At))
		} else {
			_, err = tx.ExecContext(ctx, `update conference_note set body = $1, version = version + 1, office = $2, at = $3 where conference_id = $4 and item = $5`, body, n.Office, db.Time(n.At), c.ID, item)
		}
		if err != nil {
			return fmt.Errorf("save a note: %w", err)
		}
		return tx.Record(ctx, ledger.MinutesChanged, c.ID, map[string]any{"act": "note", "item": item, "version": n.Version, "body": body, "office": actor.Office})
	})
	return n, ack, err
}

// CheckMinutes says that the minutes were read through.
func (s *Service) CheckMinutes(ctx context.Context, actor policy.Actor, id string) (ledger.Ack, error) {
	return s.writing(ctx, actor, id, policy.ConferenceManage, MinutesDraft, func(tx *ledger.Tx, c *Conference) error {
		if c.State != Closed {
			return fault.New(fault.Conflict, "conference.minutes.early")
		}
		c.Minutes = MinutesChecked
		if err := saveConference(ctx, tx, *c); err != nil {
			return err
		}
		return tx.Record(ctx, ledger.MinutesChanged, c.ID, map[string]any{"act": "checked", "office": actor.Office})
	})
}

// Sign locks the minutes: what they are now is frozen as their next version.
func (s *Service) Sign(ctx context.Context, actor policy.Actor, id string) (ledger.Ack, error) {
	return s.writing(ctx, actor, id, policy.ConferenceSign, MinutesChecked, func(tx *ledger.Tx, c *Conference) error {
		v, err := s.view(ctx, tx, *c)
		if err != nil {
			return err
		}
		m := compose(v)
		content, err := json.Marshal(m)
		if err != nil {
			return err
		}
		c.Minutes, c.MinutesVersion = MinutesSigned, c.MinutesVersion+1
		if err := saveConference(ctx, tx, *c); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `insert into conference_minutes (conference_id, version, content, office, at, reopened_at, reopened_by, reason) values ($1, $2, $3, $4, $5, '', '', '')`,
			c.ID, c.MinutesVersion, string(content), actor.Office, db.Time(tx.At())); err != nil {
			return fmt.Errorf("sign minutes: %w", err)
		}
		return c.record(ctx, tx, ledger.MinutesSigned, c.ID, "conclusions", m.Conclusions, map[string]any{"code": c.Code, "version": c.MinutesVersion, "sha256": hashOf(string(content)), "office": actor.Office})
	})
}

// record records what everybody may read of a conference whose minutes will be public. Of
// another the words are sealed: the leaf holds them without showing them.
func (c Conference) record(ctx context.Context, tx *ledger.Tx, kind ledger.Type, object, name string, words any, payload map[string]any) error {
	if c.Public {
		payload[name] = words
		return tx.Record(ctx, kind, object, payload)
	}
	text, err := json.Marshal(words)
	if err != nil {
		return err
	}
	return tx.Record(ctx, kind, object, payload, ledger.Sealed{Name: name, Value: string(text)})
}

// Reopen unlocks signed minutes, with the reason; the signed version stays.
func (s *Service) Reopen(ctx context.Context, actor policy.Actor, id, reason string) (ledger.Ack, error) {
	return s.writing(ctx, actor, id, policy.ConferenceSign, MinutesSigned, func(tx *ledger.Tx, c *Conference) error {
		reason, err := reasonOf(reason, "reason")
		if err != nil {
			return err
		}
		c.Minutes = MinutesDraft
		if err := saveConference(ctx, tx, *c); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `update conference_minutes set reopened_at = $1, reopened_by = $2, reason = $3 where conference_id = $4 and version = $5`, db.Time(tx.At()), actor.Office, reason, c.ID, c.MinutesVersion); err != nil {
			return fmt.Errorf("reopen minutes: %w", err)
		}
		return tx.Record(ctx, ledger.MinutesChanged, c.ID, map[string]any{"act": "reopened", "version": c.MinutesVersion, "reason": reason, "office": actor.Office})
	})
}

// Signings are the versions of the minutes that were signed, the newest first.
func (s *Service) Signings(ctx context.Context, id string) ([]Signed, error) {
	return listSigned(ctx, s.db, id)
}

// MinutesOf are the minutes: as they were signed last, or as they would be now. Everybody
// reads them as signed; those who work on them, once opened again, as they are now.
func (s *Service) MinutesOf(ctx context.Context, v View, everybody bool) (Minutes, error) {
	if v.MinutesVersion == 0 || !everybody && v.Minutes != MinutesSigned {
		return compose(v), nil
	}
	all, err := listSigned(ctx, s.db, v.ID)
	if err != nil || len(all) == 0 {
		return compose(v), err
	}
	return all[0].Content, nil
}

// Conclude marks a sentence as a conclusion.
func (s *Service) Conclude(ctx context.Context, actor policy.Actor, id, item, body string) (ledger.Ack, error) {
	return s.editing(ctx, actor, id, func(tx *ledger.Tx, c *Conference) error {
		body, err := conclusionOf(body)
		if err != nil {
			return err
		}
		if _, ok := c.Item(item); !ok && item != "" {
			return fault.New(fault.NotFound, "conference.item.missing")
		}
		all, err := listConclusions(ctx, tx, `conference_id`, c.ID)
		if err != nil {
			return err
		}
		order := int64(1)
		for _, x := range all {
			order = max(order, x.Order+1)
			if lang.Fold(x.Body) == lang.Fold(body) {
				return fault.New(fault.Conflict, "conference.conclusion.twice")
			}
		}
		x := Conclusion{ID: rand.Text(), Order: order, Item: item, Body: body, Office: actor.Office, At: tx.At(), Version: 1}
		if _, err := tx.ExecContext(ctx, `insert into conference_conclusion (id, conference_id, ord, item, body, task_id, office, at, version, removed_at) values ($1, $2, $3, $4, $5, '', $6, $7, 1, '')`,
			x.ID, c.ID, x.Order, x.Item, x.Body, x.Office, db.Time(x.At)); err != nil {
			return fmt.Errorf("insert a conclusion: %w", err)
		}
		return tx.Record(ctx, ledger.ConclusionSet, x.ID, map[string]any{"conference": c.ID, "item": item, "body": body, "office": actor.Office})
	})
}

func conclusionOf(body string) (string, error) {
	body = endSentence(strings.TrimSuffix(lang.Line(body), "./."))
	if body == "" {
		return "", fault.New(fault.Invalid, "conference.conclusion.missing").In("body")
	}
	if utf8.RuneCountInString(body) > 1000 {
		return "", fault.New(fault.Invalid, "conference.long", 1000).In("body")
	}
	return body, nil
}

// conclusion runs an act on one conclusion; edits says that it changes its words or place.
func (s *Service) conclusion(ctx context.Context, actor policy.Actor, id, conclusion string, version int64, edits bool, fn func(*ledger.Tx, *Conference, Conclusion) error) (ledger.Ack, error) {
	return s.write(ctx, actor, id, policy.ConferenceManage, []State{Live, Closed}, func(tx *ledger.Tx, c *Conference) error {
		if edits {
			if err := touchMinutes(ctx, tx, c); err != nil {
				return err
			}
		}
		all, err := listConclusions(ctx, tx, `conference_id`, c.ID)
		if err != nil {
			return err
		}
		for _, x := range all {
			if x.ID == conclusion {
				if x.Version != version {
					return fault.New(fault.Conflict, "conference.moved")
				}
				return fn(tx, c, x)
			}
		}
		return fault.New(fault.NotFound, "conference.conclusion.gone")
	})
}

// ChangeConclusion corrects its words, or removes it where they are none and no task
// hangs on it.
func (s *Service) ChangeConclusion(ctx context.Context, actor policy.Actor, id, conclusion string, version int64, body string, remove bool) (ledger.Ack, error) {
	return s.conclusion(ctx, actor, id, conclusion, version, true, func(tx *ledger.Tx, c *Conference, x Conclusion) error {
		act, removed := "changed", ""
		if remove {
			if x.TaskID != "" {
				return fault.New(fault.Conflict, "conference.conclusion.task")
			}
			act, removed = "removed", db.Time(tx.At())
		} else {
			var err error
			if x.Body, err = conclusionOf(body); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, `update conference_conclusion set body = $1, removed_at = $2, version = version + 1 where id = $3`, x.Body, removed, x.ID); err != nil {
			return fmt.Errorf("change a conclusion: %w", err)
		}
		return tx.Record(ctx, ledger.ConclusionSet, x.ID, map[string]any{"conference": c.ID, "act": act, "body": x.Body, "office": actor.Office})
	})
}

// MoveConclusion moves it up or down among the others.
func (s *Service) MoveConclusion(ctx context.Context, actor policy.Actor, id, conclusion string, version int64, down bool) (ledger.Ack, error) {
	return s.conclusion(ctx, actor, id, conclusion, version, true, func(tx *ledger.Tx, c *Conference, x Conclusion) error {
		all, err := listConclusions(ctx, tx, `conference_id`, c.ID)
		if err != nil {
			return err
		}
		for i, y := range all {
			j := i - 1
			if down {
				j = i + 1
			}
			if y.ID != x.ID || j < 0 || j >= len(all) {
				continue
			}
			for k, order := range map[string]int64{x.ID: all[j].Order, all[j].ID: x.Order} {
				if _, err := tx.ExecContext(ctx, `update conference_conclusion set ord = $1, version = version + 1 where id = $2`, order, k); err != nil {
					return fmt.Errorf("move a conclusion: %w", err)
				}
			}
			return tx.Record(ctx, ledger.ConclusionSet, x.ID, map[string]any{"conference": c.ID, "act": "moved", "down": down, "office": actor.Office})
		}
		return fault.New(fault.Conflict, "conference.conclusion.end")
	})
}

// MakeTaskOf makes a task of a conclusion; sentence and task stay linked. It also goes
// after signing: the words do not change.
func (s *Service) MakeTaskOf(ctx context.Context, actor policy.Actor, id, conclusion string, version int64, d TaskDraft) (ledger.Ack, error) {
	return s.conclusion(ctx, actor, id, conclusion, version, false, func(tx *ledger.Tx, c *Conference, x Conclusion) error {
		if x.TaskID != "" {
			return fault.New(fault.Conflict, "conference.conclusion.hastask")
		}
		if d.Title == "" {
			d.Title = strings.TrimSuffix(x.Body, ".")
		}
		d.Source = c.Source()
		task, err := s.MakeTask(ctx, tx, actor, c.ClusterID, d)
		if err != nil {
			return err
		}
		return s.link(ctx, tx, actor, *c, x, task)
	})
}

// Source names the conference where a task cites it.
func (c Conference) Source() string {
	if c.Number != "" {
		return "Thông báo kết luận số " + c.Number
	}
	return "Kết luận hội nghị ngày " + lang.Date(c.Starts)
}

// LinkTask ties a conclusion to a task that is there already.
func (s *Service) LinkTask(ctx context.Context, actor policy.Actor, id, conclusion string, version int64, task string) (ledger.Ack, error) {
	return s.conclusion(ctx, actor, id, conclusion, version, false, func(tx *ledger.Tx, c *Conference, x Conclusion) error {
		if x.TaskID != "" {
			return fault.New(fault.Conflict, "conference.conclusion.hastask")
		}
		known, err := s.Tasks(ctx, c.ClusterID, []string{task})
		if err != nil {
			return err
		}
		if _, ok := known[task]; !ok {
			return fault.New(fault.NotFound, "conference.conclusion.notask").In("task")
		}
		return s.link(ctx, tx, actor, *c, x, task)
	})
}

// UntieTask takes the tie to a task away, with the reason: it was the wrong one, or was
// cancelled. The task itself stays.
func (s *Service) UntieTask(ctx context.Context, actor policy.Actor, id, conclusion string, version int64, reason string) (ledger.Ack, error) {
	return s.conclusion(ctx, actor, id, conclusion, version, false, func(tx *ledger.Tx, c *Conference, x Conclusion) error {
		reason, err := reasonOf(reason, "reason")
		if err != nil {
			return err
		}
		if x.TaskID == "" {
			return fault.New(fault.Conflict, "conference.moved")
		}
		if _, err := tx.ExecContext(ctx, `update conference_conclusion set task_id = '', version = version + 1 where id = $1`, x.ID); err != nil {
			return fmt.Errorf("untie a conclusion: %w", err)
		}
		return tx.Record(ctx, ledger.ConclusionSet, x.ID, map[string]any{"conference": c.ID, "act": "untied", "task": x.TaskID, "reason": reason, "office": actor.Office})
	})
}

func (s *Service) link(ctx context.Context, tx *ledger.Tx, actor policy.Actor, c Conference, x Conclusion, task string) error {
	_, err := tx.ExecContext(ctx, `update conference_conclusion set task_id = $1, version = version + 1 where id = $2`, task, x.ID)
	if db.IsDuplicate(err) {
		return fault.New(fault.Conflict, "conference.conclusion.taken").In("task").Because(err)
	}
	if err != nil {
		return fmt.Errorf("link a conclusion: %w", err)
	}
	return tx.Record(ctx, ledger.ConclusionSet, x.ID, map[string]any{"conference": c.ID, "act": "task", "task": task, "body": x.Body, "office": actor.Office})
}

// OfTask finds the conclusion that a task came from.
func (s *Service) OfTask(ctx context.Context, task string) (Conference, Conclusion, bool, error) {
	all, err := listConclusions(ctx, s.db, `task_id`, task)
	if err != nil || len(all) == 0 || task == "" {
		return Conference{}, Conclusion{}, false, err
	}
	var id string
	if err := s.db.QueryRowContext(ctx, `select conference_id from conference_conclusion where id = $1`, all[0].ID).Scan(&id); err != nil {
		return Conference{}, Conclusion{}, false, fmt.Errorf("find a conclusion's conference: %w", err)
	}
	c, err := findConference(ctx, s.db, "id", id)
	return c, all[0], err == nil, err
}

// Earlier is the conference of the cluster that was closed last before this one, with its
// conclusions: the review of what became of them.
func (s *Service) Earlier(ctx context.Context, c Conference) (Conference, []Conclusion, bool, error) {
	all, err := listConferences(ctx, s.db, `where cluster_id = $1 and state = 'closed' and starts_at < $2`, c.ClusterID, db.Time(c.Starts))
	if err != nil {
		return Conference{}, nil, false, err
	}
	for _, old := range all {
		found, err := listConclusions(ctx, s.db, `conference_id`, old.ID)
		if err != nil {
			return old, nil, false, err
		}
		if len(found) > 0 {
			return old, found, true, nil
		}
	}
	return Conference{}, nil, false, nil
}

// DraftNews makes a draft of an article from the minutes.
func (s *Service) DraftNews(ctx context.Context, actor policy.Actor, id string) (to string, ack ledger.Ack, err error) {
	ack, err = s.write(ctx, actor, id, policy.ConferenceManage, []State{Closed}, func(tx *ledger.Tx, c *Conference) error {
		v, err := s.view(ctx, tx, *c)
		if err != nil {
			return err
		}
		title, lead, body := article(v)
		photos, err := s.files.Items(ctx, tx, evidence.Use{Room: RoomName, Object: c.ID})
		if err != nil {
			return err
		}
		photos = slices.DeleteFunc(photos, func(it evidence.Item) bool { return !it.Kind.Image() || !it.WithdrawnAt.IsZero() })
		news, err := s.MakeNews(ctx, tx, actor, title, lead, body, photos)
		if err != nil {
			return err
		}
		c.NewsID, to = news, "/viec/tin/"+news
		if err := saveConference(ctx, tx, *c); err != nil {
			return err
		}
		return tx.Record(ctx, ledger.ConferenceChanged, c.ID, map[string]any{"act": "news", "news": news, "office": actor.Office})
	})
	return to, ack, err
}

// feedbackFrom is when feedback is taken: from the day after, for two weeks.
func feedbackFrom(c Conference) (from, to time.Time) {
	y, m, d := c.ClosedAt.In(lang.Vietnam).Date()
	from = time.Date(y, m, d+1, 0, 0, 0, 0, lang.Vietnam)
	return from, from.AddDate(0, 0, 14)
}

// TakesFeedback reports whether feedback is taken now.
func (c Conference) TakesFeedback(now time.Time) bool {
	if c.State != Closed {
		return false
	}
	from, to := feedbackFrom(c)
	return !now.Before(from) && now.Before(to)
}

// GiveFeedback takes the three answers of somebody who was there. Who has answered is
// noted, to ask nobody twice; which answers are whose is not.
func (s *Service) GiveFeedback(ctx context.Context, code, letter string, f Feedback) (ledger.Ack, error) {
	return s.bearer(ctx, code, letter, []State{Closed}, func(tx *ledger.Tx, c Conference, d Delegate) error {
		if !c.TakesFeedback(tx.At()) {
			return fault.New(fault.Conflict, "conference.feedback.time")
		}
		if !d.Attended() {
			return fault.New(fault.Conflict, "conference.feedback.absent")
		}
		var problems fault.List
		for field, n := range map[string]int64{"useful": f.Useful, "timely": f.Timely} {
			if n < 1 || n > 5 {
				problems.Add(field, "conference.feedback.choose")
			}
		}
		if f.Better = lang.Clean(f.Better); utf8.RuneCountInString(f.Better) > maxText {
			problems.Add("better", "conference.long", maxText)
		}
		if err := problems.Or(); err != nil {
			return err
		}
		day := db.Day(tx.At(), lang.Vietnam)
		res, err := tx.ExecContext(ctx, `update conference_delegate set feedback_day = $1 where id = $2 and feedback_day = ''`, day, d.ID)
		if err != nil {
			return fmt.Errorf("note feedback: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil {
			return err
		} else if n != 1 {
			return fault.New(fault.Conflict, "conference.feedback.twice")
		}
		if _, err := tx.ExecContext(ctx, `insert into conference_feedback (id, conference_id, useful, timely, better, day) values ($1, $2, $3, $4, $5, $6)`, rand.Text(), c.ID, f.Useful, f.Timely, f.Better, day); err != nil {
			return fmt.Errorf("insert feedback: %w", err)
		}
		// Every row is written again: see Cast.
		if _, err := tx.ExecContext(ctx, `update conference_feedback set day = day where conference_id = $1`, c.ID); err != nil {
			return fmt.Errorf("mix feedback: %w", err)
		}
		return tx.Record(ctx, ledger.FeedbackGiven, c.ID, map[string]any{"code": c.Code})
	})
}

// FeedbackOf is what was answered; fewer than three answers are shown to nobody, so that
// none can be told whose it is.
func (s *Service) FeedbackOf(ctx context.Context, id string) ([]Feedback, int, error) {
	all, err := listFeedback(ctx, s.db, id)
	if len(all) < 3 {
		return nil, len(all), err
	}
	return all, len(all), err
}
