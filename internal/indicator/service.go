package indicator

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"dongthuan/internal/db"
	"dongthuan/internal/fault"
	"dongthuan/internal/ledger"
)

// Service answers what figures mean.
type Service struct {
	db   *db.DB
	book *ledger.Ledger
	now  func() time.Time
}

// New returns the service over d, recording in book.
func New(d *db.DB, book *ledger.Ledger, now func() time.Time) *Service {
	return &Service{d, book, now}
}

// DefineTx makes sure that each definition is known on its day. One that says
// what is already said changes nothing; one that says something else begins a new
// version on its day, and the old one ends there.
func (s *Service) DefineTx(ctx context.Context, tx *ledger.Tx, all []Definition) error {
	for _, d := range all {
		if err := d.Check(); err != nil {
			return err
		}
		old, id, err := findOn(ctx, tx, d.Code, d.From)
		if err != nil && !errors.Is(err, db.ErrNoRows) {
			return err
		}
		if err == nil && old.Name == d.Name && old.UnitLabel == d.UnitLabel && old.Text == d.Text {
			continue
		}
		if id == "" {
			if id, err = findOrInsert(ctx, tx, rand.Text(), d.Code); err != nil {
				return err
			}
		}
		if err := insertDefinition(ctx, tx, id, d); err != nil {
			return err
		}
		if err := tx.Record(ctx, ledger.IndicatorDefined, id, map[string]any{"code": d.Code, "name": d.Name,
			"unit": d.UnitLabel, "definition": d.Text, "from": dayOf(d.From)}); err != nil {
			return err
		}
	}
	return nil
}

// On returns the definitions valid at time t by code.
func (s *Service) On(ctx context.Context, t time.Time) (map[string]Definition, error) {
	all, err := listOn(ctx, s.db, t)
	if err != nil {
		return nil, err
	}
	byCode := make(map[string]Definition, len(all))
	for _, d := range all {
		byCode[d.Code] = d
	}
	return byCode, nil
}

// List returns the definitions valid now, by code.
func (s *Service) List(ctx context.Context) ([]Definition, error) { return listOn(ctx, s.db, s.now()) }

// Versions returns every definition an indicator has had, the newest first.
func (s *Service) Versions(ctx context.Context, code string) ([]Definition, error) {
	all, err := versions(ctx, s.db, code)
	if err == nil && len(all) == 0 {
		return nil, fault.New(fault.NotFound, "indicator.missing")
	}
	return all, err
}
