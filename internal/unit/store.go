package unit

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"dongthuan/internal/db"
	"dongthuan/internal/fault"
	"dongthuan/internal/ledger"
	"dongthuan/internal/lineage"
)

// takeGate makes other writers of units wait, on both engines.
func takeGate(ctx context.Context, tx *ledger.Tx) error {
	if _, err := tx.ExecContext(ctx, `update unit_gate set turn = turn + 1 where id = 'unit'`); err != nil {
		return fmt.Errorf("take the gate of units: %w", err)
	}
	return nil
}

const unitColumns = `unit_id, name, kind, code, parent_id, valid_from, valid_to, basis, import_id, search`

func scanUnit(rows *sql.Rows) (u Unit, err error) {
	var from, to, batch string
	err = rows.Scan(&u.ID, &u.Name, &u.Kind, &u.Code, &u.ParentID, &from, &to, &u.Basis, &batch, &u.search)
	u.From, u.To, u.Listed, u.Import = parseDay(from), parseDay(to), batch != "", batch
	return u, err
}

// listUnits reads versions. where is a text of this file; order is by unit and
// time.
func listUnits(ctx context.Context, q db.Query, where string, args ...any) ([]Unit, error) {
	all, err := db.All(ctx, q, scanUnit, `select `+unitColumns+` from unit_version `+where+` order by valid_from, unit_id`, args...)
	if err != nil {
		return nil, fmt.Errorf("list units: %w", err)
	}
	return all, nil
}

// unitsByID reads all versions of some units.
func unitsByID(ctx context.Context, q db.Query, ids []string) ([]Unit, error) {
	var all []Unit
	for part := range slices.Chunk(ids, 500) {
		some, err := listUnits(ctx, q, `where unit_id in `+places(len(part)), texts(part)...)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// places writes "($1, $2)".
func places(n int) string { return db.Values(1, n) }

func texts(ids []string) []any {
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
	return args
}

// valid is the condition that a version holds on day $1.
const valid = `valid_from <= $1 and (valid_to = '' or valid_to > $1)`

func unitsOn(ctx context.Context, q db.Query, day, and string, args ...any) ([]Unit, error) {
	if and != "" {
		and = " and " + and
	}
	return listUnits(ctx, q, `where `+valid+and, append([]any{day}, args...)...)
}

// countBelow counts the units right below each unit on a day.
func countBelow(ctx context.Context, q db.Query, day string) (map[string]int, error) {
	count := map[string]int{}
	_, err := db.All(ctx, q, func(rows *sql.Rows) (struct{}, error) {
		var id string
		var n int
		err := rows.Scan(&id, &n)
		count[id] = n
		return struct{}{}, err
	}, `select parent_id, count(*) from unit_version where `+valid+` and parent_id <> '' group by parent_id order by parent_id`, day)
	if err != nil {
		return nil, fmt.Errorf("count units: %w", err)
	}
	return count, nil
}

func insertUnit(ctx context.Context, tx *ledger.Tx, id string) error {
	if _, err := tx.ExecContext(ctx, `insert into unit (id, at) values ($1, $2)`, id, db.Time(tx.At())); err != nil {
		return fmt.Errorf("insert unit: %w", err)
	}
	return nil
}

// insertRows inserts many rows, some fifty to a statement: SQLite looks each $n up
// among all before it, so that longer statements cost more than they save.
func insertRows(ctx context.Context, tx *ledger.Tx, into string, columns int, rows [][]any) error {
	for part := range slices.Chunk(rows, 600/columns) {
		args := make([]any, 0, len(part)*columns)
		for _, r := range part {
			args = append(args, r...)
		}
		if _, err := tx.ExecContext(ctx, `insert into `+into+` values `+db.Values(len(part), columns), args...); err != nil {
			return fmt.Errorf("insert into %s: %w", into[:strings.IndexByte(into, ' ')], err)
		}
	}
	return nil
}

func insertUnits(ctx context.Context, tx *ledger.Tx, ids []string) error {
	rows := make([][]any, len(ids))
	for i, id := range ids {
		rows[i] = []any{id, db.Time(tx.At())}
	}
	return insertRows(ctx, tx, `unit (id, at)`, 2, rows)
}

func insertVersions(ctx context.Context, tx *ledger.Tx, versions []*version) error {
	rows := make([][]any, len(versions))
	for i, v := range versions {
		rows[i] = []any{v.id, v.unit, v.name, v.kind, v.level(), v.code, v.parent, v.from, v.to, v.basis, searchText(v.fullName(), v.code), v.batch}
	}
	err := insertRows(ctx, tx, `unit_version (id, unit_id, name, kind, level, code, parent_id, valid_from, valid_to, basis, search, import_id)`, 12, rows)
	if db.IsDuplicate(err) {
		return fault.New(fault.Conflict, "unit.moved").Because(err)
	}
	return err
}

// moveVersions writes the days of versions that are there.
func moveVersions(ctx context.Context, tx *ledger.Tx, versions []*version) error {
	ids := map[lineage.Span][]string{} // many end on the same day
	for _, v := range versions {
		ids[v.span()] = append(ids[v.span()], v.id)
	}
	for span, all := range ids {
		for part := range slices.Chunk(all, 500) {
			res, err := tx.ExecContext(ctx, `update unit_version set valid_from = $1, valid_to = $2 where id in (`+numbered(3, len(part))+`)`,
				append([]any{span.From, span.To}, texts(part)...)...)
			if err != nil {
				return fmt.Errorf("move the days of units: %w", err)
			}
			if n, err := res.RowsAffected(); err != nil {
				return err
			} else if int(n) != len(part) {
				return fault.New(fault.Conflict, "unit.moved")
			}
		}
	}
	return nil
}

// numbered writes "$3, $4".
func numbered(first, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "$%d", first+i)
	}
	return b.String()
}

func insertLinks(ctx context.Context, tx *ledger.Tx, links []link) error {
	rows := make([][]any, len(links))
	for i, l := range links {
		rows[i] = []any{l.id, l.from, l.to, string(l.kind), l.day, l.basis, l.num, l.den, l.method, l.batch}
	}
	err := insertRows(ctx, tx, `unit_link (id, from_unit, to_unit, kind, at_day, basis, share_num, share_den, share_method, import_id)`, 10, rows)
	if db.IsDuplicate(err) {
		return fault.New(fault.Conflict, "unit.link.exists").In("to").Because(err)
	}
	return err
}

func scanVersion(rows *sql.Rows) (*version, error) {
	var v version
	err := rows.Scan(&v.id, &v.unit, &v.name, &v.kind, &v.code, &v.parent, &v.from, &v.to, &v.basis, &v.batch)
	return &v, err
}

func versions(ctx context.Context, q db.Query, where string, args ...any) ([]*version, error) {
	all, err := db.All(ctx, q, scanVersion, `
		select id, unit_id, name, kind, code, parent_id, valid_from, valid_to, basis, import_id
		from unit_version `+where+` order by valid_from, id`, args...)
	if err != nil {
		return nil, fmt.Errorf("read versions of units: %w", err)
	}
	return all, nil
}

func scanLink(rows *sql.Rows) (l link, err error) {
	err = rows.Scan(&l.id, &l.from, &l.to, &l.kind, &l.day, &l.basis, &l.num, &l.den, &l.method, &l.batch)
	return l, err
}

func links(ctx context.Context, q db.Query, where string, args ...any) ([]link, error) {
	all, err := db.All(ctx, q, scanLink, `
		select id, from_unit, to_unit, kind, at_day, basis, share_num, share_den, share_method, import_id
		from unit_link `+where+` order by at_day, id`, args...)
	if err != nil {
		return nil, fmt.Errorf("read links of units: %w", err)
	}
	return all, nil
}

// linksAround reads all links that can be walked from some units, in one
// direction: column is from_unit or to_unit.
func linksAround(ctx context.Context, q db.Query, column string, ids ...string) ([]link, error) {
	var all []link
	seen := map[string]bool{}
	for todo := ids; len(todo) > 0; {
		for _, id := range todo {
			seen[id] = true
		}
		var next []string
		for part := range slices.Chunk(todo, 500) {
			where := `where from_unit in `
			if column == "to_unit" {
				where = `where to_unit in `
			}
			some, err := links(ctx, q, where+places(len(part)), texts(part)...)
			if err != nil {
				return nil, err
			}
			all = append(all, some...)
			for _, l := range some {
				other := l.to
				if column == "to_unit" {
					other = l.from
				}
				if !seen[other] {
					seen[other] = true
					next = append(next, other)
				}
			}
		}
		todo = next
	}
	return all, nil
}

func insertImport(ctx context.Context, tx *ledger.Tx, id string, f Format, day, sum string, c Counts) error {
	_, err := tx.ExecContext(ctx, `
		insert into unit_import (id, kind, day, sha256, rows, opened, changed, closed, links, at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		id, string(f), day, sum, c.Rows, c.Opened, c.Changed, c.Closed, c.Links, db.Time(tx.At()))
	if err != nil {
		return fmt.Errorf("insert import: %w", err)
	}
	return nil
}

// nextState is the first day after day whose whole tree was taken in, "" for
// none.
func nextState(ctx context.Context, q db.Query, day string) (string, error) {
	var next *string
	err := q.QueryRowContext(ctx, `select min(day) from unit_import where day > $1 and kind in ('national', 'snapshot')`, day).Scan(&next)
	if err != nil {
		return "", fmt.Errorf("read the days of imports: %w", err)
	}
	if next == nil {
		return "", nil
	}
	return *next, nil
}

// Taken is one file that was taken in.
type Taken struct {
	Format Format
	Day    string
	SHA256 string
	Counts
}

// DayWords is the day as people read it, "" where the file had its own days.
func (t Taken) DayWords() string { return showDay(t.Day) }

func listImports(ctx context.Context, q db.Query) ([]Taken, error) {
	all, err := db.All(ctx, q, func(rows *sql.Rows) (t Taken, err error) {
		err = rows.Scan(&t.Format, &t.Day, &t.SHA256, &t.Rows, &t.Opened, &t.Changed, &t.Closed, &t.Links)
		return t, err
	}, `select kind, day, sha256, rows, opened, changed, closed, links from unit_import order by at desc, id limit 50`)
	if err != nil {
		return nil, fmt.Errorf("list imports: %w", err)
	}
	return all, nil
}

// turnOf is the number of writes to the registry so far.
func turnOf(ctx context.Context, q db.Query) (turn int64, err error) {
	if err = q.QueryRowContext(ctx, `select turn from unit_gate where id = 'unit'`).Scan(&turn); err != nil {
		err = fmt.Errorf("read the registry's turn: %w", err)
	}
	return turn, err
}
