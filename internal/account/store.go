package account

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"dongthuan/internal/db"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
	"dongthuan/internal/policy"
)

func insertAccount(ctx context.Context, tx *ledger.Tx, a Account) error {
	_, err := tx.ExecContext(ctx, `
		insert into account (id, login, office, search, password, one_time, password_until, disabled_at, created_by, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, '', $8, $9)`,
		a.ID, a.Login, a.Office, searchText(a), a.password, a.OneTime, db.Time(a.Until), a.CreatedBy, db.Time(tx.At()))
	if db.IsDuplicate(err) {
		return fault.New(fault.Invalid, "account.login.taken", a.Login).In("login").Because(err)
	}
	if err != nil {
		return fmt.Errorf("insert account: %w", err)
	}
	return nil
}

func searchText(a Account) string { return a.Login + " " + lang.Fold(a.Office) }

// take makes a second writer of the same account wait, on both engines, and
// returns the account as it is after that.
func take(ctx context.Context, tx *ledger.Tx, id string) (Account, error) {
	if _, err := tx.ExecContext(ctx, `update account set id = id where id = $1`, id); err != nil {
		return Account{}, fmt.Errorf("take account: %w", err)
	}
	return findAccount(ctx, tx, `a.id = $1`, id)
}

func setOffice(ctx context.Context, tx *ledger.Tx, a Account) error {
	return exec(ctx, tx, "set office", `update account set office = $2, search = $3 where id = $1`, a.ID, a.Office, searchText(a))
}

func setPassword(ctx context.Context, tx execer, a Account) error {
	return exec(ctx, tx, "set password", `update account set password = $2, one_time = $3, password_until = $4 where id = $1`,
		a.ID, a.password, a.OneTime, db.Time(a.Until))
}

// renewHash replaces a hash by one of the same password, unless the password has
// been changed meanwhile.
func renewHash(ctx context.Context, tx execer, id, from, to string) error {
	return exec(ctx, tx, "renew hash", `update account set password = $3 where id = $1 and password = $2`, id, from, to)
}

func setDisabled(ctx context.Context, tx *ledger.Tx, id string, at time.Time) error {
	return exec(ctx, tx, "set disabled", `update account set disabled_at = $2 where id = $1`, id, db.Time(at))
}

// execer is a transaction of either door.
type execer interface {
	db.Query
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

func exec(ctx context.Context, tx execer, what, query string, args ...any) error {
	if _, err := tx.ExecContext(ctx, query, args...); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// touched runs a statement and reports whether it changed a row.
func touched(ctx context.Context, tx execer, what, query string, args ...any) (bool, error) {
	res, err := tx.ExecContext(ctx, query, args...)
	if err != nil {
		return false, fmt.Errorf("%s: %w", what, err)
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

const accountColumns = `
	select a.id, a.login, a.office, a.password, a.one_time, a.password_until, a.disabled_at, a.created_by, a.created_at,
		coalesce(f.secret, ''), coalesce(f.step, 0),
		(select count(*) from account_recovery r where r.account_id = a.id and r.used_at = '')
	from account a left join account_factor f on f.account_id = a.id
	where `

func scanAccount(row interface{ Scan(...any) error }) (a Account, err error) {
	var secret string
	err = row.Scan(&a.ID, &a.Login, &a.Office, &a.password, &a.OneTime, db.When(&a.Until), db.When(&a.Disabled), &a.CreatedBy, db.When(&a.Created),
		&secret, &a.factorStep, &a.CodesLeft)
	if err != nil || secret == "" {
		return a, err
	}
	a.HasFactor = true
	var ok bool
	if a.factorBytes, ok = parseSecret(secret); !ok {
		return a, fmt.Errorf("account %s: stored second factor cannot be read", a.ID)
	}
	return a, nil
}

// findAccount returns one account with its roles; where is one of the conditions
// of this package.
func findAccount(ctx context.Context, q db.Query, where string, arg string) (Account, error) {
	a, err := scanAccount(q.QueryRowContext(ctx, accountColumns+where, arg))
	if errors.Is(err, db.ErrNoRows) {
		return a, fault.New(fault.NotFound, "account.missing")
	}
	if err != nil {
		return a, fmt.Errorf("find account: %w", err)
	}
	a.Roles, err = rolesOf(ctx, q, a.ID)
	return a, err
}

func rolesOf(ctx context.Context, q db.Query, ids ...string) ([]Role, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
	roles, err := db.All(ctx, q, scanRole, `
		select id, account_id, role, unit_id, cluster_id, valid_from, valid_to, granted_by, ended_by
		from account_role where account_id in `+db.Values(1, len(ids))+`
		order by account_id, valid_from, role, unit_id, cluster_id, id`, args...)
	if err != nil {
		return nil, fmt.Errorf("read roles: %w", err)
	}
	return roles, nil
}

func scanRole(rows *sql.Rows) (r Role, err error) {
	var from, to string
	if err = rows.Scan(&r.ID, &r.AccountID, &r.Role, &r.Unit, &r.Cluster, &from, &to, &r.GrantedBy, &r.EndedBy); err != nil {
		return r, err
	}
	if r.From, err = parseDay(from); err == nil {
		r.To, err = parseDay(to)
	}
	return r, err
}

func parseDay(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	return time.ParseInLocation("2006-01-02", s, lang.Vietnam)
}

// listAccounts returns the accounts whose login or office holds the folded text,
// at most limit of them, and whether there are more.
func listAccounts(ctx context.Context, q db.Query, text string, limit int) ([]Account, bool, error) {
	pattern := "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text) + "%"
	all, err := db.All(ctx, q, func(rows *sql.Rows) (Account, error) { return scanAccount(rows) },
		accountColumns+`a.search like $1 escape '\' order by a.login, a.id limit $2`, pattern, limit+1)
	if err != nil {
		return nil, false, fmt.Errorf("list accounts: %w", err)
	}
	more := len(all) > limit
	if more {
		all = all[:limit]
	}
	ids := make([]string, len(all))
	at := map[string]int{}
	for i, a := range all {
		ids[i], at[a.ID] = a.ID, i
	}
	roles, err := rolesOf(ctx, q, ids...)
	for _, r := range roles {
		a := &all[at[r.AccountID]]
		a.Roles = append(a.Roles, r)
	}
	return all, more, err
}

func insertRole(ctx context.Context, tx *ledger.Tx, r Role) error {
	return exec(ctx, tx, "insert role", `
		insert into account_role (id, account_id, role, unit_id, cluster_id, valid_from, valid_to, granted_by, ended_by)
		values ($1, $2, $3, $4, $5, $6, $7, $8, '')`,
		r.ID, r.AccountID, r.Role, r.Unit, r.Cluster, db.Day(r.From, lang.Vietnam), db.Day(r.To, lang.Vietnam), r.GrantedBy)
}

func endRole(ctx context.Context, tx *ledger.Tx, r Role) error {
	return exec(ctx, tx, "end role", `update account_role set valid_to = $2, ended_by = $3 where id = $1`,
		r.ID, db.Day(r.To, lang.Vietnam), r.EndedBy)
}

// countOperators returns how many accounts in use hold the operator's role on a
// day, without one of them.
func countOperators(ctx context.Context, q db.Query, day time.Time, without string) (n int, err error) {
	d := db.Day(day, lang.Vietnam)
	err = q.QueryRowContext(ctx, `
		select count(*) from account a
		where a.disabled_at = '' and a.id <> $2 and exists (
			select 1 from account_role r
			where r.account_id = a.id and r.role = 'operator' and r.valid_from <= $1 and (r.valid_to = '' or r.valid_to > $1))`,
		d, without).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count operators: %w", err)
	}
	return n, nil
}

func setFactor(ctx context.Context, tx *ledger.Tx, id string, secret []byte, step int64) error {
	if err := dropFactor(ctx, tx, id); err != nil {
		return err
	}
	return exec(ctx, tx, "set second factor", `insert into account_factor (account_id, secret, step, added_at) values ($1, $2, $3, $4)`,
		id, base32Text.EncodeToString(secret), step, db.Time(tx.At()))
}

func dropFactor(ctx context.Context, tx *ledger.Tx, id string) error {
	if err := exec(ctx, tx, "drop second factor", `delete from account_factor where account_id = $1`, id); err != nil {
		return err
	}
	return exec(ctx, tx, "drop recovery codes", `delete from account_recovery where account_id = $1`, id)
}

// takeStep marks a code's step as taken; false means that it, or a later one,
// was taken before.
func takeStep(ctx context.Context, tx execer, id string, step int64) (bool, error) {
	return touched(ctx, tx, "take code", `update account_factor set step = $2 where account_id = $1 and step < $2`, id, step)
}

func setRecovery(ctx context.Context, tx *ledger.Tx, id string, hashes []string) error {
	if err := exec(ctx, tx, "drop recovery codes", `delete from account_recovery where account_id = $1`, id); err != nil {
		return err
	}
	for _, h := range hashes {
		if err := exec(ctx, tx, "insert recovery code", `insert into account_recovery (id, account_id, hash, used_at) values ($1, $2, $3, '')`,
			rand.Text(), id, h); err != nil {
			return err
		}
	}
	return nil
}

func takeRecovery(ctx context.Context, tx *ledger.Tx, id string) (bool, error) {
	return touched(ctx, tx, "use recovery code", `update account_recovery set used_at = $2 where id = $1 and used_at = ''`, id, db.Time(tx.At()))
}

// recoveryHashes returns the unused codes' hashes by their ids.
func recoveryHashes(ctx context.Context, q db.Query, accountID string) (map[string]string, error) {
	all := map[string]string{}
	_, err := db.All(ctx, q, func(rows *sql.Rows) (struct{}, error) {
		var id, h string
		err := rows.Scan(&id, &h)
		all[id] = h
		return struct{}{}, err
	}, `select id, hash from account_recovery where account_id = $1 and used_at = '' order by id`, accountID)
	if err != nil {
		return nil, fmt.Errorf("read recovery codes: %w", err)
	}
	return all, nil
}

// stillSame locks an account and reports whether it is in use with the password
// that was checked, or with its renewed hash.
func stillSame(ctx context.Context, tx execer, a Account, renewed string) (bool, error) {
	return touched(ctx, tx, "check account", `
		update account set id = id where id = $1 and disabled_at = '' and password in ($2, $3)`, a.ID, a.password, cmp.Or(renewed, a.password))
}

// shortenOneTime lets a one-time code that was used end soon.
func shortenOneTime(ctx context.Context, tx execer, id string, until time.Time) error {
	return exec(ctx, tx, "shorten one-time code", `
		update account set password_until = $2 where id = $1 and one_time and password_until > $2`, id, db.Time(until))
}

func holders(ctx context.Context, q db.Query, roles []policy.Role, units []string, clusterID string, on time.Time) ([]string, error) {
	args := []any{db.Day(on, lang.Vietnam), clusterID}
	list := func(n int, value func(int) string) string {
		marks := make([]string, n)
		for i := range n {
			args = append(args, value(i))
			marks[i] = fmt.Sprintf("$%d", len(args))
		}
		return "(" + strings.Join(marks, ", ") + ")"
	}
	over := `r.cluster_id = $2 and r.cluster_id <> ''`
	if len(units) > 0 {
		over = `(` + over + ` or r.unit_id in ` + list(len(units), func(i int) string { return units[i] }) + `)`
	}
	ids, err := db.All(ctx, q, func(rows *sql.Rows) (id string, err error) { return id, rows.Scan(&id) }, `
		select distinct r.account_id from account_role r join account a on a.id = r.account_id
		where a.disabled_at = '' and r.valid_from <= $1 and (r.valid_to = '' or r.valid_to > $1)
			and r.role in `+list(len(roles), func(i int) string { return string(roles[i]) })+` and `+over+`
		order by r.account_id`, args...)
	if err != nil {
		return nil, fmt.Errorf("read who holds roles: %w", err)
	}
	return ids, nil
}
