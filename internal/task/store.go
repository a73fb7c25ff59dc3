package task

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"dongthuan/internal/db"
	"dongthuan/internal/fault"
	"dongthuan/internal/ledger"
)

const taskColumns = `t.id, t.cluster_id, t.number, t.title, t.product, t.source, t.due_at, t.state, t.reason, t.version, t.office, t.created_at, t.closed_at`

// listTasks reads tasks with their parts.
func listTasks(ctx context.Context, q db.Query, where string, args ...any) ([]Task, error) {
	return tasksWith(ctx, q, "", where, args...)
}

// tasksWith lists tasks with those of their parts that a condition on p chooses, "" for
// all.
func tasksWith(ctx context.Context, q db.Query, parts, where string, args ...any) ([]Task, error) {
	all, err := db.All(ctx, q, func(rows *sql.Rows) (t Task, err error) {
		var end time.Time
		err = rows.Scan(&t.ID, &t.ClusterID, &t.Number, &t.Title, &t.Product, &t.Source, db.When(&end), &t.State, &t.Reason, &t.Version, &t.Office, db.When(&t.CreatedAt), db.When(&t.ClosedAt))
		t.Due = end.AddDate(0, 0, -1)
		return t, err
	}, `select `+taskColumns+` from task t `+where+` order by t.due_at, t.number, t.id`, args...)
	if err != nil || len(all) == 0 {
		return all, err
	}
	at := map[string]int{}
	for i, t := range all {
		at[t.ID] = i
	}
	type row struct {
		task string
		Part
	}
	found, err := db.All(ctx, q, func(rows *sql.Rows) (r row, err error) {
		return r, rows.Scan(&r.task, &r.UnitID, &r.Role, db.When(&r.DoneAt), &r.DoneBy, db.When(&r.ExcusedAt), &r.ExcusedBy, &r.Excuse, db.When(&r.AskedAt))
	}, `select p.task_id, p.unit_id, p.role, p.done_at, p.done_by, p.excused_at, p.excused_by, p.excuse, p.asked_at
		from task_part p where p.task_id in (select t.id from task t `+where+`) `+parts+` order by p.task_id, p.role, p.ord`, args...)
	if err != nil {
		return nil, err
	}
	for _, r := range found {
		t := &all[at[r.task]]
		t.Parts = append(t.Parts, r.Part)
		if r.Role == Leads {
			t.Leads = append(t.Leads, r.UnitID)
		} else {
			t.With = append(t.With, r.UnitID)
		}
	}
	return all, nil
}

func findTask(ctx context.Context, q db.Query, id string) (Task, error) {
	all, err := listTasks(ctx, q, `where t.id = $1`, id)
	if err != nil {
		return Task{}, fmt.Errorf("find task %s: %w", id, err)
	}
	if len(all) == 0 {
		return Task{}, fault.New(fault.NotFound, "task.missing")
	}
	return all[0], nil
}

func nextNumber(ctx context.Context, tx *ledger.Tx, clusterID string) (n int64, err error) {
	return n, tx.QueryRowContext(ctx, `select coalesce(max(number), 0) + 1 from task where cluster_id = $1`, clusterID).Scan(&n)
}

func insertTask(ctx context.Context, tx *ledger.Tx, t Task) error {
	_, err := tx.ExecContext(ctx, `
		insert into task (id, cluster_id, number, title, product, source, due_at, state, reason, version, office, created_at, closed_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, '', 1, $9, $10, '')`,
		t.ID, t.ClusterID, t.Number, t.Title, t.Product, t.Source, db.Time(t.End()), t.State, t.Office, db.Time(tx.At()))
	if err != nil {
		return fmt.Errorf("insert task: %w", err)
	}
	return insertParts(ctx, tx, t.ID, t.Parts)
}

func insertParts(ctx context.Context, tx *ledger.Tx, taskID string, parts []Part) error {
	for i, p := range parts {
		if _, err := tx.ExecContext(ctx, `
			insert into task_part (task_id, unit_id, role, ord, done_at, done_by, excused_at, excused_by, excuse, asked_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			taskID, p.UnitID, p.Role, int64(i), db.Time(p.DoneAt), p.DoneBy, db.Time(p.ExcusedAt), p.ExcusedBy, p.Excuse, db.Time(p.AskedAt)); err != nil {
			return fmt.Errorf("insert a unit's part: %w", err)
		}
	}
	return nil
}

// saveTask writes a task as it now is, if nobody else did meanwhile.
func saveTask(ctx context.Context, tx *ledger.Tx, t Task) error {
	res, err := tx.ExecContext(ctx, `
		update task set title = $1, product = $2, source = $3, due_at = $4, state = $5, reason = $6, closed_at = $7, version = version + 1 where id = $8 and version = $9`,
		t.Title, t.Product, t.Source, db.Time(t.End()), t.State, t.Reason, db.Time(t.ClosedAt), t.ID, t.Version)
	if err != nil {
		return fmt.Errorf("save task %s: %w", t.ID, err)
	}
	if n, err := res.RowsAffected(); err != nil {
		return err
	} else if n != 1 {
		return fault.New(fault.Conflict, "task.moved")
	}
	if _, err := tx.ExecContext(ctx, `delete from task_part where task_id = $1`, t.ID); err != nil {
		return fmt.Errorf("save the parts of task %s: %w", t.ID, err)
	}
	return insertParts(ctx, tx, t.ID, t.Parts)
}

func insertNote(ctx context.Context, tx *ledger.Tx, taskID string, n Note) error {
	_, err := tx.ExecContext(ctx, `insert into task_note (id, task_id, unit_id, office, kind, body, at) values ($1, $2, $3, $4, $5, $6, $7)`,
		n.ID, taskID, n.UnitID, n.Office, n.Kind, n.Body, db.Time(tx.At()))
	if err != nil {
		return fmt.Errorf("insert a note: %w", err)
	}
	return nil
}

func listNotes(ctx context.Context, q db.Query, taskID string) ([]Note, error) {
	return db.All(ctx, q, func(rows *sql.Rows) (n Note, err error) {
		return n, rows.Scan(&n.ID, &n.UnitID, &n.Office, &n.Kind, &n.Body, db.When(&n.At))
	}, `select id, unit_id, office, kind, body, at from task_note where task_id = $1 order by at desc, id`, taskID)
}

// owed reads the open tasks of which any of the units still owes its share, with the
// parts of those units alone: others’ are most of the rows.
func owed(ctx context.Context, q db.Query, units []string) ([]Task, error) {
	if len(units) == 0 {
		return nil, nil
	}
	marks := make([]string, len(units))
	args := make([]any, len(units))
	for i, u := range units {
		marks[i], args[i] = fmt.Sprintf("$%d", i+1), u
	}
	in := ` in (` + strings.Join(marks, ", ") + `)`
	return tasksWith(ctx, q, `and p.unit_id`+in, `where t.state = 'open' and t.id in (select task_id from task_part where unit_id`+in+` and done_at = '' and excused_at = '')`, args...)
}
