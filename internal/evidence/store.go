package evidence

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"dongthuan/internal/db"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
)

// insertFile reports whether the file is new: the same content kept twice shares
// its bytes. On PostgreSQL a second writer of the same content waits here for the
// first.
func insertFile(ctx context.Context, tx *ledger.Tx, p *Pending) (bool, error) {
	res, err := tx.ExecContext(ctx, `
		insert into evidence_file (hash, kind, size, width, height, bare, added_at)
		values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing`,
		p.hash, string(p.kind), p.size, p.width, p.height, p.bare, db.Time(tx.At()))
	if err != nil {
		return false, fmt.Errorf("insert file %s: %w", p.hash, err)
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

func insertItem(ctx context.Context, tx *ledger.Tx, it Item) error {
	hash := sql.NullString{String: it.Hash, Valid: it.Hash != ""}
	if _, err := tx.ExecContext(ctx, `
		insert into evidence_item (id, room, object, hash, name, number, dated, abstract, issuer, added_at, withdrawn_at, reason)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '', '')`,
		it.ID, it.Room, it.Object, hash, it.Name, it.Number, db.Day(it.Date, lang.Vietnam), it.Abstract, it.Issuer, db.Time(it.AddedAt)); err != nil {
		return fmt.Errorf("insert evidence: %w", err)
	}
	return nil
}

// markWithdrawn reports whether the item was standing.
func markWithdrawn(ctx context.Context, tx *ledger.Tx, id, reason string) (bool, error) {
	res, err := tx.ExecContext(ctx, `
		update evidence_item set withdrawn_at = $1, reason = $2 where id = $3 and withdrawn_at = ''`, db.Time(tx.At()), reason, id)
	if err != nil {
		return false, fmt.Errorf("withdraw evidence %s: %w", id, err)
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

func findFile(ctx context.Context, q db.Query, hash string) (f Item, err error) {
	err = q.QueryRowContext(ctx, `select hash, kind, size from evidence_file where hash = $1`, hash).Scan(&f.Hash, &f.Kind, &f.Size)
	if err != nil {
		return f, fmt.Errorf("find file %s: %w", hash, err)
	}
	return f, nil
}

func listItems(ctx context.Context, q db.Query, where string, args ...any) ([]Item, error) {
	all, err := db.All(ctx, q, func(rows *sql.Rows) (it Item, err error) {
		var dated string
		if err = rows.Scan(&it.ID, &it.Room, &it.Object, &it.Name, &it.Number, &dated, &it.Abstract, &it.Issuer,
			db.When(&it.AddedAt), db.When(&it.WithdrawnAt), &it.Reason,
			&it.Hash, &it.Kind, &it.Size, &it.Width, &it.Height, &it.bare); err != nil || dated == "" {
			return it, err
		}
		it.Date, err = time.ParseInLocation("2006-01-02", dated, lang.Vietnam)
		return it, err
	}, `
		select i.id, i.room, i.object, i.name, i.number, i.dated, i.abstract, i.issuer, i.added_at, i.withdrawn_at, i.reason,
			coalesce(f.hash, ''), coalesce(f.kind, ''), coalesce(f.size, 0), coalesce(f.width, 0), coalesce(f.height, 0), coalesce(f.bare, false)
		from evidence_item i left join evidence_file f on f.hash = i.hash
		where `+where+` order by i.added_at, i.id`, args...)
	if err != nil {
		return nil, fmt.Errorf("list evidence: %w", err)
	}
	return all, nil
}

func oneItem(ctx context.Context, q db.Query, id string) (Item, error) {
	all, err := listItems(ctx, q, `i.id = $1`, id)
	if err == nil && len(all) == 0 {
		err = fault.New(fault.NotFound, "evidence.missing")
	}
	if err != nil {
		return Item{}, err
	}
	return all[0], nil
}

// itemsOf lists the items of many objects, in pieces that both engines take.
func itemsOf(ctx context.Context, q db.Query, room string, objects []string) (map[string][]Item, error) {
	all := make(map[string][]Item, len(objects))
	for len(objects) > 0 {
		n := min(len(objects), 500)
		args := []any{room}
		marks := make([]string, n)
		for i, o := range objects[:n] {
			args = append(args, o)
			marks[i] = fmt.Sprintf("$%d", i+2)
		}
		items, err := listItems(ctx, q, `i.room = $1 and i.object in (`+strings.Join(marks, ", ")+`)`, args...)
		if err != nil {
			return nil, err
		}
		for _, it := range items {
			all[it.Object] = append(all[it.Object], it)
		}
		objects = objects[n:]
	}
	return all, nil
}

// isRefusal reports whether err is an answer to "may they", rather than a fault
// of ours.
func isRefusal(err error) bool {
	k := fault.KindOf(err)
	return k == fault.Forbidden || k == fault.NotFound
}
