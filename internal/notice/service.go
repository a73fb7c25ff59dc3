package notice

import (
	"context"
	"slices"
	"time"

	"dongthuan/internal/db"
	"dongthuan/internal/ledger"
)

// Service keeps notices.
type Service struct {
	db  *db.DB
	now func() time.Time
}

// New returns the service over d.
func New(d *db.DB, now func() time.Time) *Service { return &Service{d, now} }

// PutTx tells accounts, in the transaction of the fact. An account that was told of
// the same name before is not told again.
func (s *Service) PutTx(ctx context.Context, tx *ledger.Tx, m Message) error {
	return put(ctx, tx.Tx, tx.At(), m)
}

func put(ctx context.Context, tx *db.Tx, at time.Time, m Message) error {
	told := slices.Clone(m.Accounts)
	slices.Sort(told)
	for _, account := range slices.Compact(told) {
		if err := insertNotice(ctx, tx, at, m, account); err != nil {
			return err
		}
	}
	return nil
}

// Unread counts what an account has not read.
func (s *Service) Unread(ctx context.Context, account string) (int, error) {
	return unread(ctx, s.db, account)
}

// List returns what an account was told, the newest first.
func (s *Service) List(ctx context.Context, account string, most int) ([]Notice, error) {
	return listNotices(ctx, s.db, account, most)
}

// Read marks all of an account's notices as read.
func (s *Service) Read(ctx context.Context, account string) error {
	return s.db.Write(ctx, func(tx *db.Tx) error { return markRead(ctx, tx, account, s.now()) })
}

// Address is where an account's notices are mailed, "" for nowhere.
func (s *Service) Address(ctx context.Context, account string) (string, error) {
	return findAddress(ctx, s.db, account)
}

// SetAddress sets where an account's notices are mailed from now on, and in which
// language; "" for nowhere.
func (s *Service) SetAddress(ctx context.Context, account, email, language string) error {
	email, err := cleanAddress(email)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *db.Tx) error { return setAddress(ctx, tx, account, email, language, s.now()) })
}

// Morning writes the reminders of a day, once however many processes run: one
// message for each account. They record nothing: they tell what is recorded.
func (s *Service) Morning(ctx context.Context, day time.Time, write func(q db.Query) ([]Message, error)) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		at := s.now()
		first, err := takeMorning(ctx, tx, day, at)
		if err != nil || !first {
			return err
		}
		all, err := write(tx)
		if err != nil {
			return err
		}
		for _, m := range all {
			if err := put(ctx, tx, at, m); err != nil {
				return err
			}
		}
		return nil
	})
}
