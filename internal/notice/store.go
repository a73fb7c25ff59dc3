package notice

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"dongthuan/internal/db"
	"dongthuan/internal/lang"
)

func insertNotice(ctx context.Context, tx *db.Tx, at time.Time, m Message, account string) error {
	lines, err := json.Marshal(m.Lines)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		insert into notice (id, account_id, name, kind, lines, at, read_at, mail, tries, next_at)
		select $1, $2, $3, $4, $5, $6, '', case when exists (select 1 from notice_address where account_id = $2) then 'wait' else '' end, 0, $6
		where true on conflict (account_id, name) do nothing`,
		rand.Text(), account, m.Name, m.Kind, string(lines), db.Time(at))
	if err != nil {
		return fmt.Errorf("insert a notice: %w", err)
	}
	return nil
}

const noticeColumns = `n.id, n.account_id, n.kind, n.lines, n.at, n.read_at, n.mail, n.tries`

func scanNotice(row interface{ Scan(...any) error }, more ...any) (n Notice, err error) {
	var lines string
	if err = row.Scan(append([]any{&n.ID, &n.AccountID, &n.Kind, &lines, db.When(&n.At), db.When(&n.Read), &n.Mail, &n.Tries}, more...)...); err == nil {
		err = json.Unmarshal([]byte(lines), &n.Lines)
	}
	return n, err
}

func listNotices(ctx context.Context, q db.Query, account string, most int) ([]Notice, error) {
	return db.All(ctx, q, func(rows *sql.Rows) (Notice, error) { return scanNotice(rows) },
		`select `+noticeColumns+` from notice n where n.account_id = $1 order by n.at desc, n.id limit $2`, account, int64(most))
}

func unread(ctx context.Context, q db.Query, account string) (n int, err error) {
	return n, q.QueryRowContext(ctx, `select count(*) from notice where account_id = $1 and read_at = ''`, account).Scan(&n)
}

func markRead(ctx context.Context, tx *db.Tx, account string, at time.Time) error {
	if _, err := tx.ExecContext(ctx, `update notice set read_at = $1 where account_id = $2 and read_at = ''`, db.Time(at), account); err != nil {
		return fmt.Errorf("mark notices as read: %w", err)
	}
	return nil
}

func findAddress(ctx context.Context, q db.Query, account string) (email string, err error) {
	err = q.QueryRowContext(ctx, `select email from notice_address where account_id = $1`, account).Scan(&email)
	if errors.Is(err, db.ErrNoRows) {
		return "", nil
	}
	return email, err
}

func setAddress(ctx context.Context, tx *db.Tx, account, email, language string, at time.Time) error {
	if _, err := tx.ExecContext(ctx, `delete from notice_address where account_id = $1`, account); err != nil {
		return fmt.Errorf("forget an address: %w", err)
	}
	if email == "" {
		return nil
	}
	if _, err := tx.ExecContext(ctx, `insert into notice_address (account_id, email, lang, at) values ($1, $2, $3, $4)`, account, email, language, db.Time(at)); err != nil {
		return fmt.Errorf("keep an address: %w", err)
	}
	return nil
}

// letter is a notice with where it goes.
type letter struct {
	Notice
	email, lang string
}

// claimLetters takes letters that are due, so that no other process sends them: for
// a while they are not due again.
func claimLetters(ctx context.Context, tx *db.Tx, now time.Time, most int) ([]letter, error) {
	all, err := db.All(ctx, tx, func(rows *sql.Rows) (l letter, err error) {
		l.Notice, err = scanNotice(rows, &l.email, &l.lang)
		return l, err
	}, `select `+noticeColumns+`, a.email, a.lang from notice n join notice_address a on a.account_id = n.account_id
		where n.mail = 'wait' and n.next_at <= $1 order by n.next_at limit $2`, db.Time(now), int64(most))
	if err != nil {
		return nil, fmt.Errorf("read letters: %w", err)
	}
	claimed := all[:0]
	for _, l := range all {
		res, err := tx.ExecContext(ctx, `update notice set next_at = $1, tries = tries + 1 where id = $2 and mail = 'wait' and tries = $3`, db.Time(now.Add(claimFor)), l.ID, l.Tries)
		if err != nil {
			return nil, fmt.Errorf("claim a letter: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil {
			return nil, err
		} else if n == 1 {
			l.Tries++
			claimed = append(claimed, l)
		}
	}
	return claimed, nil
}

func setMail(ctx context.Context, tx *db.Tx, id, state string, next time.Time) error {
	if _, err := tx.ExecContext(ctx, `update notice set mail = $1, next_at = $2 where id = $3`, state, db.Time(next), id); err != nil {
		return fmt.Errorf("note how a letter went: %w", err)
	}
	return nil
}

// takeMorning reports whether nobody has written the reminders of a day yet.
func takeMorning(ctx context.Context, tx *db.Tx, day, at time.Time) (bool, error) {
	res, err := tx.ExecContext(ctx, `insert into notice_morning (day, at) values ($1, $2) on conflict (day) do nothing`, db.Day(day, lang.Vietnam), db.Time(at))
	if err != nil {
		return false, fmt.Errorf("take a morning: %w", err)
	}
	n, err := res.RowsAffected()
	return n > 0, err
}
