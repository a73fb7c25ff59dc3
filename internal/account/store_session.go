package account

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"dongthuan/internal/db"
)

func insertSession(ctx context.Context, tx execer, s Session) error {
	if err := exec(ctx, tx, "insert session", `
		insert into account_session (id, token, account_id, stage, agent, started_at, seen_at, proved_at, ends_at, tries)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0)`,
		s.ID, s.token, s.AccountID, s.Stage, s.Agent, db.Time(s.Started), db.Time(s.Seen), db.Time(s.Proved), db.Time(s.Ends)); err != nil {
		return err
	}
	return exec(ctx, tx, "end the oldest sessions", `
		delete from account_session where account_id = $1 and id not in (
			select id from account_session where account_id = $1 order by started_at desc, id limit $2)`, s.AccountID, keptSessions)
}

const sessionColumns = `
	select id, account_id, stage, agent, started_at, seen_at, proved_at, ends_at, token
	from account_session where `

func scanSession(row interface{ Scan(...any) error }) (s Session, err error) {
	err = row.Scan(&s.ID, &s.AccountID, &s.Stage, &s.Agent, db.When(&s.Started), db.When(&s.Seen), db.When(&s.Proved), db.When(&s.Ends), &s.token)
	return s, err
}

// findSession returns the session of a stored token, and false where there is
// none.
func findSession(ctx context.Context, q db.Query, token string) (Session, bool, error) {
	s, err := scanSession(q.QueryRowContext(ctx, sessionColumns+`token = $1`, token))
	if errors.Is(err, db.ErrNoRows) {
		return s, false, nil
	}
	if err != nil {
		return s, false, fmt.Errorf("find session: %w", err)
	}
	return s, true, nil
}

func listSessions(ctx context.Context, q db.Query, accountID string) ([]Session, error) {
	all, err := db.All(ctx, q, func(rows *sql.Rows) (Session, error) { return scanSession(rows) },
		sessionColumns+`account_id = $1 and stage = 'full' order by seen_at desc, id`, accountID)
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	return all, nil
}

func moveSeen(ctx context.Context, tx execer, token string, at time.Time) error {
	return exec(ctx, tx, "move session", `update account_session set seen_at = $2 where token = $1 and seen_at < $2`, token, db.Time(at))
}

func setProved(ctx context.Context, tx execer, token string, at time.Time) error {
	return exec(ctx, tx, "prove session", `update account_session set proved_at = $2 where token = $1`, token, db.Time(at))
}

// renameSession gives a session another token: the cookie of before opens
// nothing any more.
func renameSession(ctx context.Context, tx execer, from, to string) (bool, error) {
	return touched(ctx, tx, "renew session", `update account_session set token = $2 where token = $1`, from, to)
}

// countTry counts a code typed into a session that owes one; false means that it
// may take no more.
func countTry(ctx context.Context, tx execer, token string, most int) (bool, error) {
	return touched(ctx, tx, "count a code", `
		update account_session set tries = tries + 1 where token = $1 and stage = 'factor' and tries < $2`, token, most)
}

func dropSession(ctx context.Context, tx execer, token string) error {
	return exec(ctx, tx, "end session", `delete from account_session where token = $1`, token)
}

// dropSessions ends the sessions of an account but the one with a stored token.
func dropSessions(ctx context.Context, tx execer, accountID, but string) error {
	return exec(ctx, tx, "end sessions", `delete from account_session where account_id = $1 and token <> $2`, accountID, but)
}

func dropSessionID(ctx context.Context, tx execer, accountID, id string) (bool, error) {
	return touched(ctx, tx, "end session", `delete from account_session where account_id = $1 and id = $2`, accountID, id)
}

func insertDevice(ctx context.Context, tx execer, token, accountID string, at time.Time) error {
	return exec(ctx, tx, "know device", `
		insert into account_device (token, account_id, seen_at) values ($1, $2, $3)
		on conflict (token) do update set seen_at = excluded.seen_at, account_id = excluded.account_id`, token, accountID, db.Time(at))
}

func knowsDevice(ctx context.Context, q db.Query, token, accountID string, since time.Time) (bool, error) {
	var n int
	err := q.QueryRowContext(ctx, `select count(*) from account_device where token = $1 and account_id = $2 and seen_at > $3`,
		token, accountID, db.Time(since)).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("look for device: %w", err)
	}
	return n > 0, nil
}

func dropDevices(ctx context.Context, tx execer, accountID string) error {
	return exec(ctx, tx, "forget devices", `delete from account_device where account_id = $1`, accountID)
}

// countAttempt counts a try before it is made, so that many at once cannot pass
// together. While the key has to wait it counts nothing and returns until when.
func countAttempt(ctx context.Context, tx execer, c counter, now time.Time) (until time.Time, err error) {
	var failures int64
	err = tx.QueryRowContext(ctx, `
		insert into account_attempt (key, failures, last_at, free_at) values ($1, 1, $2, '')
		on conflict (key) do update set
			failures = case when account_attempt.last_at < $3 then 1 else account_attempt.failures + 1 end,
			last_at = excluded.last_at
		where account_attempt.free_at <= excluded.last_at
		returning failures`, c.key, db.Time(now), db.Time(now.Add(-c.forget))).Scan(&failures)
	if errors.Is(err, db.ErrNoRows) {
		err = tx.QueryRowContext(ctx, `select free_at from account_attempt where key = $1`, c.key).Scan(db.When(&until))
		if err != nil {
			return until, fmt.Errorf("read limit: %w", err)
		}
		return until, nil
	}
	if err != nil {
		return until, fmt.Errorf("count attempt: %w", err)
	}
	free := time.Time{}
	if wait := c.wait(failures); wait > 0 {
		free = now.Add(wait)
	}
	return time.Time{}, exec(ctx, tx, "set limit", `update account_attempt set free_at = $2 where key = $1`, c.key, db.Time(free))
}

// forgiveAttempts forgets all tries under a key.
func forgiveAttempts(ctx context.Context, tx execer, c counter) error {
	return exec(ctx, tx, "forgive attempts", `delete from account_attempt where key = $1`, c.key)
}

// returnAttempt takes back one try that was right; the others stay counted.
func returnAttempt(ctx context.Context, tx execer, c counter) error {
	return exec(ctx, tx, "return attempt", `
		update account_attempt set failures = failures - 1, free_at = case when failures <= $2 then '' else free_at end
		where key = $1 and failures > 0`, c.key, c.free)
}

// sweep removes what has run out.
func sweep(ctx context.Context, tx execer, now time.Time) error {
	if err := exec(ctx, tx, "sweep sessions", `delete from account_session where ends_at <= $1`, db.Time(now)); err != nil {
		return err
	}
	if err := exec(ctx, tx, "sweep devices", `delete from account_device where seen_at <= $1`, db.Time(now.Add(-deviceFor))); err != nil {
		return err
	}
	return exec(ctx, tx, "sweep attempts", `delete from account_attempt where last_at <= $1`, db.Time(now.Add(-keptAttempts)))
}
