package conference

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"dongthuan/internal/db"
	"dongthuan/internal/fault"
	"dongthuan/internal/ledger"
)

const conferenceColumns = `id, code, cluster_id, period_id, kind, title, theme, place, starts_at, state, public, programme, version, speech_minutes, taking, item, item_at, number, letter,
	minutes_state, minutes_version, news_id, cloned_from, office, created_at, opened_at, closed_at`

// published is the version of the programme that was published last, and when and where
// the conference is by it.
const published = `coalesce((select max(version) from conference_programme p where p.conference_id = conference.id), 0),
	coalesce((select starts_at from conference_programme p where p.conference_id = conference.id order by version desc limit 1), starts_at),
	coalesce((select place from conference_programme p where p.conference_id = conference.id order by version desc limit 1), place)`

func scanConference(row interface{ Scan(...any) error }) (c Conference, err error) {
	var items string
	var public, taking int64
	err = row.Scan(&c.ID, &c.Code, &c.ClusterID, &c.PeriodID, &c.Kind, &c.Title, &c.Theme, &c.Place, db.When(&c.Starts), &c.State, &public, &items, &c.Version, &c.SpeechMinutes, &taking, &c.Current, db.When(&c.CurrentSince), &c.Number, &c.Letter,
		&c.Minutes, &c.MinutesVersion, &c.NewsID, &c.ClonedFrom, &c.Office, db.When(&c.CreatedAt), db.When(&c.OpenedAt), db.When(&c.ClosedAt), &c.Published, db.When(&c.KnownStarts), &c.KnownPlace)
	switch {
	case errors.Is(err, db.ErrNoRows):
		return c, fault.New(fault.NotFound, "conference.unknown")
	case err != nil:
		return c, fmt.Errorf("read a conference: %w", err)
	}
	c.Public, c.Taking = public == 1, taking == 1
	return c, json.Unmarshal([]byte(items), &c.Items)
}

func findConference(ctx context.Context, q db.Query, where, value string) (Conference, error) {
	return scanConference(q.QueryRowContext(ctx, `select `+conferenceColumns+`, `+published+` from conference where `+where+` = $1`, value))
}

func listConferences(ctx context.Context, q db.Query, where string, args ...any) ([]Conference, error) {
	return db.All(ctx, q, func(rows *sql.Rows) (Conference, error) { return scanConference(rows) }, `select `+conferenceColumns+`, `+published+` from conference `+where+` order by starts_at desc, id`, args...)
}

// takeConference takes the conference's row: acts on its whole run one after the other.
func takeConference(ctx context.Context, tx *ledger.Tx, id string) (Conference, error) {
	return scanConference(tx.QueryRowContext(ctx, `update conference set version = version + 1 where id = $1 returning `+conferenceColumns+`, `+published, id))
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func insertConference(ctx context.Context, tx *ledger.Tx, c Conference) error {
	items, err := json.Marshal(c.Items)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `insert into conference (`+conferenceColumns+`) values (`+places(27)+`)`,
		c.ID, c.Code, c.ClusterID, c.PeriodID, c.Kind, c.Title, c.Theme, c.Place, db.Time(c.Starts), c.State, flag(c.Public), string(items), c.Version, c.SpeechMinutes, flag(c.Taking), c.Current, db.Time(c.CurrentSince), c.Number, c.Letter,
		c.Minutes, c.MinutesVersion, c.NewsID, c.ClonedFrom, c.Office, db.Time(c.CreatedAt), "", "")
	if err != nil {
		return fmt.Errorf("insert a conference: %w", err)
	}
	return nil
}

// places writes "$1, $2, …".
func places(n int) string {
	all := db.Values(1, n)
	return all[1 : len(all)-1]
}

func saveConference(ctx context.Context, tx *ledger.Tx, c Conference) error {
	items, err := json.Marshal(c.Items)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `update conference set period_id = $1, kind = $2, title = $3, theme = $4, place = $5, starts_at = $6, state = $7, public = $8, programme = $9, speech_minutes = $10, taking = $11,
		item = $12, item_at = $13, number = $14, letter = $15, minutes_state = $16, minutes_version = $17, news_id = $18, opened_at = $19, closed_at = $20 where id = $21`,
		c.PeriodID, c.Kind, c.Title, c.Theme, c.Place, db.Time(c.Starts), c.State, flag(c.Public), string(items), c.SpeechMinutes, flag(c.Taking),
		c.Current, db.Time(c.CurrentSince), c.Number, c.Letter, c.Minutes, c.MinutesVersion, c.NewsID, db.Time(c.OpenedAt), db.Time(c.ClosedAt), c.ID); err != nil {
		return fmt.Errorf("save a conference: %w", err)
	}
	return nil
}

func insertProgramme(ctx context.Context, tx *ledger.Tx, id string, p Programme) error {
	items, err := json.Marshal(p.Items)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `insert into conference_programme (conference_id, version, items, starts_at, place, note, office, at) values (`+places(8)+`)`,
		id, p.Version, string(items), db.Time(p.Starts), p.Place, p.Note, p.Office, db.Time(p.At)); err != nil {
		return fmt.Errorf("insert a programme: %w", err)
	}
	return nil
}

func listProgrammes(ctx context.Context, q db.Query, id string) ([]Programme, error) {
	return db.All(ctx, q, func(rows *sql.Rows) (p Programme, err error) {
		var items string
		if err := rows.Scan(&p.Version, &items, db.When(&p.Starts), &p.Place, &p.Note, &p.Office, db.When(&p.At)); err != nil {
			return p, err
		}
		return p, json.Unmarshal([]byte(items), &p.Items)
	}, `select version, items, starts_at, place, note, office, at from conference_programme where conference_id = $1 order by version desc`, id)
}

func listRuns(ctx context.Context, q db.Query, id string) ([]Run, error) {
	return db.All(ctx, q, func(rows *sql.Rows) (r Run, err error) {
		return r, rows.Scan(&r.Item, db.When(&r.Start), db.When(&r.End))
	}, `select item, started_at, ended_at from conference_run where conference_id = $1 order by started_at, id`, id)
}

// itemUsed reports whether anything of an item is in the minutes: it was begun, spoken or
// voted on, noted or concluded from.
func itemUsed(ctx context.Context, q db.Query, id, item string) (bool, error) {
	var n int64
	err := q.QueryRowContext(ctx, `select (select count(*) from conference_run where conference_id = $1 and item = $2)
		+ (select count(*) from conference_speech where conference_id = $1 and item = $2) + (select count(*) from conference_vote where conference_id = $1 and item = $2)
		+ (select count(*) from conference_note where conference_id = $1 and item = $2 and body <> '')
		+ (select count(*) from conference_conclusion where conference_id = $1 and item = $2 and removed_at = '')`, id, item).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("look for what is in the minutes: %w", err)
	}
	return n > 0, nil
}

const delegateColumns = `id, conference_id, ord, unit_id, body, office, name, role, rank, seat, mark, secret, answer, reason, substitute, answered_at, answered_by,
	present_at, present_how, present_by, left_at, walk_in, feedback_day, version, also_unit`

func scanDelegate(row interface{ Scan(...any) error }) (d Delegate, err error) {
	var walk int64
	var feedback string
	err = row.Scan(&d.ID, &d.ConferenceID, &d.Order, &d.UnitID, &d.Body, &d.Office, &d.Name, &d.Role, &d.Rank, &d.Seat, &d.Mark, &d.Secret, &d.Answer, &d.Reason, &d.Substitute, db.When(&d.AnsweredAt), &d.AnsweredBy,
		db.When(&d.PresentAt), &d.PresentHow, &d.PresentBy, db.When(&d.LeftAt), &walk, &feedback, &d.Version, &d.Also)
	if errors.Is(err, db.ErrNoRows) {
		return d, fault.New(fault.NotFound, "conference.delegate.missing")
	}
	d.WalkIn, d.GaveFeedback = walk == 1, feedback != ""
	return d, err
}

func findDelegate(ctx context.Context, q db.Query, id string) (Delegate, error) {
	return scanDelegate(q.QueryRowContext(ctx, `select `+delegateColumns+` from conference_delegate where removed_at = '' and id = $1`, id))
}

// byMark finds a delegate by the part of the letter's code that opens nothing.
func byMark(ctx context.Context, q db.Query, conferenceID, mark string) (Delegate, error) {
	return scanDelegate(q.QueryRowContext(ctx, `select `+delegateColumns+` from conference_delegate where removed_at = '' and conference_id = $1 and mark = $2`, conferenceID, mark))
}

// listDelegates lists delegates by protocol, without walk-ins whose check-in was undone.
func listDelegates(ctx context.Context, q db.Query, id string) ([]Delegate, error) {
	all, err := db.All(ctx, q, func(rows *sql.Rows) (Delegate, error) { return scanDelegate(rows) }, `select `+delegateColumns+` from conference_delegate where removed_at = '' and (walk_in = 0 or present_at <> '') and conference_id = $1 order by ord, id`, id)
	byProtocol(all)
	return all, err
}

// everInvited are the ids of all delegates, removed ones too, and whether a name stands
// with them.
func everInvited(ctx context.Context, q db.Query, id string) (map[string]bool, error) {
	all := map[string]bool{}
	_, err := db.All(ctx, q, func(rows *sql.Rows) (d struct{}, err error) {
		var id, name string
		err = rows.Scan(&id, &name)
		all[id] = name != ""
		return d, err
	}, `select id, name from conference_delegate where conference_id = $1`, id)
	return all, err
}

// listSeen lists scans that were not undone, by delegate.
func listSeen(ctx context.Context, q db.Query, where string, args ...any) (map[string][]seen, error) {
	all := map[string][]seen{}
	_, err := db.All(ctx, q, func(rows *sql.Rows) (s seen, err error) {
		var delegate string
		err = rows.Scan(&delegate, &s.id, &s.desk, &s.how, db.When(&s.at), db.When(&s.got))
		all[delegate] = append(all[delegate], s)
		return s, err
	}, `select delegate_id, id, desk, how, at, got_at from conference_scan where undone_at = '' and `+where+` order by delegate_id, at, id`, args...)
	if err != nil {
		return nil, fmt.Errorf("list scans: %w", err)
	}
	return all, nil
}

func insertDelegate(ctx context.Context, tx *ledger.Tx, d Delegate) error {
	if _, err := tx.ExecContext(ctx, `insert into conference_delegate (`+delegateColumns+`, removed_at) values (`+places(26)+`)`,
		d.ID, d.ConferenceID, d.Order, d.UnitID, d.Body, d.Office, d.Name, d.Role, d.Rank, d.Seat, d.Mark, d.Secret, d.Answer, d.Reason, d.Substitute, db.Time(d.AnsweredAt), d.AnsweredBy,
		db.Time(d.PresentAt), d.PresentHow, d.PresentBy, db.Time(d.LeftAt), flag(d.WalkIn), "", 1, d.Also, ""); err != nil {
		return fmt.Errorf("insert a delegate: %w", err)
	}
	return nil
}

// saveDelegate writes a delegate, if nobody else did meanwhile.
func saveDelegate(ctx context.Context, tx *ledger.Tx, d Delegate) error {
	res, err := tx.ExecContext(ctx, `update conference_delegate set unit_id = $1, body = $2, office = $3, name = $4, role = $5, rank = $6, seat = $7, answer = $8, reason = $9, substitute = $10, answered_at = $11, answered_by = $12,
		present_at = $13, present_how = $14, present_by = $15, left_at = $16, also_unit = $17, version = version + 1 where id = $18 and version = $19`,
		d.UnitID, d.Body, d.Office, d.Name, d.Role, d.Rank, d.Seat, d.Answer, d.Reason, d.Substitute, db.Time(d.AnsweredAt), d.AnsweredBy,
		db.Time(d.PresentAt), d.PresentHow, d.PresentBy, db.Time(d.LeftAt), d.Also, d.ID, d.Version)
	if err != nil {
		return fmt.Errorf("save a delegate: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil {
		return err
	} else if n != 1 {
		return fault.New(fault.Conflict, "conference.moved")
	}
	return nil
}

// Desk is where delegates are checked in, by a helper without an account.
type Desk struct {
	ID, ConferenceID, Name, Secret, Office string
	ClosedAt                               time.Time
}

func listDesks(ctx context.Context, q db.Query, where string, args ...any) ([]Desk, error) {
	return db.All(ctx, q, func(rows *sql.Rows) (d Desk, err error) {
		return d, rows.Scan(&d.ID, &d.ConferenceID, &d.Name, &d.Secret, &d.Office, db.When(&d.ClosedAt))
	}, `select id, conference_id, name, secret, office, closed_at from conference_desk where `+where+` order by at, id`, args...)
}

const paperColumns = `id, conference_id, unit_id, ord, title, presenter, reading, minutes, due_at, state, body, file_id, remark, version, handed_at, decided_at, office, first_at`

func scanPaper(row interface{ Scan(...any) error }) (p Paper, err error) {
	var reading int64
	err = row.Scan(&p.ID, &p.ConferenceID, &p.UnitID, &p.Order, &p.Title, &p.Presenter, &reading, &p.Minutes, db.When(&p.Due), &p.State, &p.Body, &p.FileID, &p.Remark, &p.Version, db.When(&p.HandedAt), db.When(&p.DecidedAt), &p.Office, db.When(&p.FirstAt))
	p.Reading = reading == 1
	if errors.Is(err, db.ErrNoRows) {
		return p, fault.New(fault.NotFound, "conference.paper.missing")
	}
	return p, err
}

func findPaper(ctx context.Context, q db.Query, id string) (Paper, error) {
	return scanPaper(q.QueryRowContext(ctx, `select `+paperColumns+` from conference_paper where id = $1`, id))
}

func listPapers(ctx context.Context, q db.Query, where string, args ...any) ([]Paper, error) {
	return db.All(ctx, q, func(rows *sql.Rows) (Paper, error) { return scanPaper(rows) }, `select `+paperColumns+` from conference_paper where `+where+` order by reading desc, ord, id`, args...)
}

func insertPaper(ctx context.Context, tx *ledger.Tx, p Paper) error {
	_, err := tx.ExecContext(ctx, `insert into conference_paper (`+paperColumns+`) values (`+places(18)+`)`,
		p.ID, p.ConferenceID, p.UnitID, p.Order, p.Title, p.Presenter, flag(p.Reading), p.Minutes, db.Time(p.Due), p.State, p.Body, p.FileID, p.Remark, 1, "", "", p.Office, "")
	if db.IsDuplicate(err) {
		return fault.New(fault.Conflict, "conference.paper.twice").In("unit").Because(err)
	}
	if err != nil {
		return fmt.Errorf("insert a paper: %w", err)
	}
	return nil
}

func savePaper(ctx context.Context, tx *ledger.Tx, p Paper) error {
	res, err := tx.ExecContext(ctx, `update conference_paper set ord = $1, title = $2, presenter = $3, reading = $4, minutes = $5, due_at = $6, state = $7, body = $8, file_id = $9, remark = $10, handed_at = $11, decided_at = $12, office = $13, first_at = $14, version = version + 1
		where id = $15 and version = $16`,
		p.Order, p.Title, p.Presenter, flag(p.Reading), p.Minutes, db.Time(p.Due), p.State, p.Body, p.FileID, p.Remark, db.Time(p.HandedAt), db.Time(p.DecidedAt), p.Office, db.Time(p.FirstAt), p.ID, p.Version)
	if err != nil {
		return fmt.Errorf("save a paper: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil {
		return err
	} else if n != 1 {
		return fault.New(fault.Conflict, "conference.moved")
	}
	return nil
}

// arrangePaper writes a paper's place in the reading. That is no new version: a unit that
// writes its paper meanwhile hands it in as it was.
func arrangePaper(ctx context.Context, tx *ledger.Tx, p Paper) error {
	if _, err := tx.ExecContext(ctx, `update conference_paper set ord = $1, reading = $2, minutes = $3 where id = $4`, p.Order, flag(p.Reading), p.Minutes, p.ID); err != nil {
		return fmt.Errorf("put papers in order: %w", err)
	}
	return nil
}

// endQueue drops who waits, at the moment the conference is closed; openQueue has those wait
// again who were dropped then.
func endQueue(ctx context.Context, tx *ledger.Tx, id string) error {
	if _, err := tx.ExecContext(ctx, `update conference_speech set state = 'dropped', ended_at = $1 where conference_id = $2 and state = 'waiting'`, db.Time(tx.At()), id); err != nil {
		return fmt.Errorf("end the queue: %w", err)
	}
	return nil
}

func openQueue(ctx context.Context, tx *ledger.Tx, c Conference) error {
	if _, err := tx.ExecContext(ctx, `update conference_speech set state = 'waiting', ended_at = '' where conference_id = $1 and state = 'dropped' and ended_at = $2`, c.ID, db.Time(c.ClosedAt)); err != nil {
		return fmt.Errorf("open the queue again: %w", err)
	}
	return nil
}

const speechColumns = `id, conference_id, item, delegate_id, unit_id, label, kind, subject, how, state, ord, minutes, asked_at, started_at, ended_at, note, note_version, note_office, note_at`

func listSpeeches(ctx context.Context, q db.Query, where string, args ...any) ([]Speech, error) {
	return db.All(ctx, q, func(rows *sql.Rows) (s Speech, err error) {
		err = rows.Scan(&s.ID, &s.ConferenceID, &s.Item, &s.DelegateID, &s.UnitID, &s.Label, &s.Kind, &s.Subject, &s.How, &s.State, &s.Order, &s.Minutes, db.When(&s.AskedAt), db.When(&s.Start), db.When(&s.End), &s.Note.Body, &s.Note.Version, &s.Note.Office, db.When(&s.Note.At))
		s.Note.Item = s.ID
		return s, err
	}, `select `+speechColumns+` from conference_speech where `+where+` order by started_at, ord, id`, args...)
}

func findSpeech(ctx context.Context, q db.Query, id string) (Speech, error) {
	all, err := listSpeeches(ctx, q, `id = $1`, id)
	if err != nil {
		return Speech{}, fmt.Errorf("find a speech: %w", err)
	}
	if len(all) == 0 {
		return Speech{}, fault.New(fault.NotFound, "conference.speech.missing")
	}
	return all[0], nil
}

func insertSpeech(ctx context.Context, tx *ledger.Tx, s Speech) error {
	_, err := tx.ExecContext(ctx, `insert into conference_speech (`+speechColumns+`) values (`+places(19)+`)`,
		s.ID, s.ConferenceID, s.Item, s.DelegateID, s.UnitID, s.Label, s.Kind, s.Subject, s.How, s.State, s.Order, s.Minutes, db.Time(s.AskedAt), db.Time(s.Start), db.Time(s.End), "", 0, "", "")
	if db.IsDuplicate(err) {
		if s.State == Speaking {
			return fault.New(fault.Conflict, "conference.speech.other").Because(err)
		}
		return fault.New(fault.Conflict, "conference.speech.waits").Because(err)
	}
	if err != nil {
		return fmt.Errorf("insert a speech: %w", err)
	}
	return nil
}

// moveSpeech writes a speech that is in one of the states given.
func moveSpeech(ctx context.Context, tx *ledger.Tx, s Speech, was SpeechState) error {
	res, err := tx.ExecContext(ctx, `update conference_speech set item = $1, state = $2, ord = $3, minutes = $4, started_at = $5, ended_at = $6 where id = $7 and state = $8`,
		s.Item, s.State, s.Order, s.Minutes, db.Time(s.Start), db.Time(s.End), s.ID, was)
	if db.IsDuplicate(err) {
		return fault.New(fault.Conflict, "conference.speech.other").Because(err)
	}
	if err != nil {
		return fmt.Errorf("move a speech: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil {
		return err
	} else if n != 1 {
		return fault.New(fault.Conflict, "conference.speech.moved")
	}
	return nil
}

const voteColumns = `v.id, v.conference_id, v.item, v.question, v.way, v.state, v.present, v.yes, v.no, v.abstain, v.issued, v.returned, v.valid, v.opened_at, v.closed_at, v.office, v.cancelled`

// countDelegates counts who is in the hall, and who was invited.
func countDelegates(ctx context.Context, q db.Query, id string) (present, invited int, err error) {
	err = q.QueryRowContext(ctx, `select coalesce(sum(case when present_at <> '' and left_at = '' then 1 else 0 end), 0), coalesce(sum(1 - walk_in), 0)
		from conference_delegate where conference_id = $1 and removed_at = ''`, id).Scan(&present, &invited)
	return present, invited, err
}

// listVotes reads votes, the newest first, with how many have voted by phone.
func listVotes(ctx context.Context, q db.Query, where string, args ...any) ([]Vote, error) {
	return db.All(ctx, q, func(rows *sql.Rows) (v Vote, err error) {
		var state string
		err = rows.Scan(&v.ID, &v.ConferenceID, &v.Item, &v.Question, &v.Way, &state, &v.Present, &v.Yes, &v.No, &v.Abstain, &v.Issued, &v.Returned, &v.Valid, db.When(&v.OpenedAt), db.When(&v.ClosedAt), &v.Office, &v.Cancelled, &v.Cast)
		v.Open = state == "open"
		return v, err
	}, `select `+voteColumns+`, (select count(*) from conference_voter r where r.vote_id = v.id) from conference_vote v where `+where+` order by v.opened_at desc, v.id`, args...)
}

// takeVote takes a vote's row: ballots and the closing run one after the other, on all
// nodes, so that no ballot comes between the sum and the closing.
func takeVote(ctx context.Context, tx *ledger.Tx, id string) (Vote, error) {
	if _, err := tx.ExecContext(ctx, `update conference_vote set state = state where id = $1`, id); err != nil {
		return Vote{}, fmt.Errorf("take a vote: %w", err)
	}
	all, err := listVotes(ctx, tx, `v.id = $1`, id)
	if err != nil {
		return Vote{}, fmt.Errorf("find a vote: %w", err)
	}
	if len(all) == 0 {
		return Vote{}, fault.New(fault.NotFound, "conference.vote.missing")
	}
	return all[0], nil
}

func insertVote(ctx context.Context, tx *ledger.Tx, v Vote) error {
	if _, err := tx.ExecContext(ctx, `insert into conference_vote (id, conference_id, item, question, way, state, present, yes, no, abstain, issued, returned, valid, opened_at, closed_at, office, cancelled) values (`+places(17)+`)`,
		v.ID, v.ConferenceID, v.Item, v.Question, v.Way, "open", v.Present, 0, 0, 0, 0, 0, 0, db.Time(v.OpenedAt), "", v.Office, ""); err != nil {
		return fmt.Errorf("insert a vote: %w", err)
	}
	for _, c := range Choices {
		if _, err := tx.ExecContext(ctx, `insert into conference_tally (vote_id, choice, n) values ($1, $2, 0)`, v.ID, c); err != nil {
			return fmt.Errorf("insert a tally: %w", err)
		}
	}
	return nil
}

func closeVote(ctx context.Context, tx *ledger.Tx, v Vote) error {
	res, err := tx.ExecContext(ctx, `update conference_vote set state = 'closed', yes = $1, no = $2, abstain = $3, issued = $4, returned = $5, valid = $6, present = $7, closed_at = $8, cancelled = $9 where id = $10 and state = 'open'`,
		v.Yes, v.No, v.Abstain, v.Issued, v.Returned, v.Valid, v.Present, db.Time(v.ClosedAt), v.Cancelled, v.ID)
	if err != nil {
		return fmt.Errorf("close a vote: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil {
		return err
	} else if n != 1 {
		return fault.New(fault.Conflict, "conference.vote.closed")
	}
	return nil
}

func listNotes(ctx context.Context, q db.Query, id string) ([]Note, error) {
	return db.All(ctx, q, func(rows *sql.Rows) (n Note, err error) {
		return n, rows.Scan(&n.Item, &n.Body, &n.Version, &n.Office, db.When(&n.At))
	}, `select item, body, version, office, at from conference_note where conference_id = $1`, id)
}

func listConclusions(ctx context.Context, q db.Query, where, value string) ([]Conclusion, error) {
	return db.All(ctx, q, func(rows *sql.Rows) (c Conclusion, err error) {
		return c, rows.Scan(&c.ID, &c.Order, &c.Item, &c.Body, &c.TaskID, &c.Office, db.When(&c.At), &c.Version)
	}, `select id, ord, item, body, task_id, office, at, version from conference_conclusion where removed_at = '' and `+where+` = $1 order by ord, id`, value)
}

// Signed is one version of signed minutes.
type Signed struct {
	Version    int64
	Content    Minutes
	Office     string
	At         time.Time
	ReopenedAt time.Time
	ReopenedBy string
	Reason     string
}

func listSigned(ctx context.Context, q db.Query, id string) ([]Signed, error) {
	return db.All(ctx, q, func(rows *sql.Rows) (s Signed, err error) {
		var content string
		if err := rows.Scan(&s.Version, &content, &s.Office, db.When(&s.At), db.When(&s.ReopenedAt), &s.ReopenedBy, &s.Reason); err != nil {
			return s, err
		}
		return s, json.Unmarshal([]byte(content), &s.Content)
	}, `select version, content, office, at, reopened_at, reopened_by, reason from conference_minutes where conference_id = $1 order by version desc`, id)
}

// Feedback is what one delegate answered the day after; whose it is, is not kept.
type Feedback struct {
	Useful, Timely int64 // 1 to 5
	Better         string
}

func listFeedback(ctx context.Context, q db.Query, id string) ([]Feedback, error) {
	return db.All(ctx, q, func(rows *sql.Rows) (f Feedback, err error) {
		return f, rows.Scan(&f.Useful, &f.Timely, &f.Better)
	}, `select useful, timely, better from conference_feedback where conference_id = $1 order by id`, id)
}
