package account

import (
	"cmp"
	"context"
	"crypto/rand"
	"net/http"
	"time"

	"dongthuan/internal/db"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
	"dongthuan/internal/policy"
)

// Settings of accounts. The zero value is for a real installation, but for
// RequireTOTP.
type Settings struct {
	// RequireTOTP lets an account do nothing before it has a second factor.
	RequireTOTP bool
	// Idle and Absolute end sessions; zero means 2 and 12 hours.
	Idle, Absolute time.Duration
	// OneTime is how long a one-time code is good; zero means 7 days. From its
	// first use it is good for 15 minutes more, to set a password in.
	OneTime time.Duration
	// Memory of argon2id in KiB; zero means 47104.
	Memory uint32
	// Issuer names this installation in people's authenticators.
	Issuer string
}

const (
	oneTimeFor  = 7 * 24 * time.Hour
	oneTimeUsed = 15 * time.Minute
)

// Service does what people may do with accounts. Each method that changes an
// account is one transaction, recorded in the ledger; methods ending in Tx are
// steps inside the caller's. Sessions and limits are written without a leaf.
type Service struct {
	db    *db.DB
	book  *ledger.Ledger
	set   Settings
	now   func() time.Time
	keys  *hasher
	known cache
	local func(*http.Request) bool // set by Serve, before the first request
}

// New returns the service over d, recording in book.
func New(d *db.DB, book *ledger.Ledger, set Settings, now func() time.Time) *Service {
	set.Idle = cmp.Or(set.Idle, idleFor)
	set.Absolute = cmp.Or(set.Absolute, absoluteFor)
	set.OneTime = cmp.Or(set.OneTime, oneTimeFor)
	set.Issuer = cmp.Or(set.Issuer, "Đồng Thuận")
	return &Service{db: d, book: book, set: set, now: now, keys: newHasher(set.Memory)}
}

// Secret is a password made ready to be kept. Making it is slow on purpose, so it
// is made before a transaction begins.
type Secret struct {
	hash string
	code string // the one-time code, "" for a password that stays
}

// Code is the one-time code to hand over, "" for a password that stays.
func (s Secret) Code() string { return s.code }

// Prepare makes a password ready: a given one that stays, or with "" a one-time
// code that must be replaced at the first sign-in.
func (s *Service) Prepare(ctx context.Context, password string) (Secret, error) {
	var secret Secret
	if password == "" {
		secret.code = newCode(oneTimeSigns)
		password = secret.code
	}
	var err error
	secret.hash, err = s.keys.hash(ctx, password)
	return secret, err
}

// Create makes an account and returns its one-time code.
func (s *Service) Create(ctx context.Context, by policy.Actor, d Draft) (Account, string, ledger.Ack, error) {
	if err := policy.May(by, policy.Manage, policy.Object{}); err != nil {
		return Account{}, "", ledger.Ack{}, err
	}
	d, err := d.Clean()
	if err != nil {
		return Account{}, "", ledger.Ack{}, err
	}
	secret, err := s.Prepare(ctx, "")
	if err != nil {
		return Account{}, "", ledger.Ack{}, err
	}
	var a Account
	ack, err := s.book.Write(ctx, func(tx *ledger.Tx) (err error) {
		a, err = s.CreateTx(ctx, tx, by, d, secret)
		return err
	})
	return a, secret.code, ack, err
}

// CreateTx is Create inside the caller's transaction, with a password made ready
// before it.
func (s *Service) CreateTx(ctx context.Context, tx *ledger.Tx, by policy.Actor, d Draft, secret Secret) (Account, error) {
	if err := policy.May(by, policy.Manage, policy.Object{}); err != nil {
		return Account{}, err
	}
	d, err := d.Clean()
	if err != nil {
		return Account{}, err
	}
	a := Account{ID: rand.Text(), Login: d.Login, Office: d.Office, CreatedBy: by.Office, Created: tx.At(), password: secret.hash}
	if secret.code != "" {
		a.OneTime, a.Until = true, tx.At().Add(s.set.OneTime)
	}
	if err := insertAccount(ctx, tx, a); err != nil {
		return a, err
	}
	err = tx.Record(ctx, ledger.AccountCreated, a.ID, map[string]any{"office": a.Office, "one_time": a.OneTime, "by": by.Account, "by_office": by.Office},
		ledger.Sealed{Name: "login", Value: a.Login})
	if err != nil {
		return a, err
	}
	for _, r := range d.Roles {
		if r, err = s.grant(ctx, tx, by, a, r); err != nil {
			return a, err
		}
		a.Roles = append(a.Roles, r)
	}
	return a, nil
}

// List returns the accounts whose login or office holds text, at most 200 of
// them, and whether there are more.
func (s *Service) List(ctx context.Context, by policy.Actor, text string) ([]Account, bool, error) {
	if err := policy.May(by, policy.Manage, policy.Object{}); err != nil {
		return nil, false, err
	}
	if l := Login(text); l != "" && l == lang.Line(text) {
		return listAccounts(ctx, s.db, l, 200) // a login, with its dots and hyphens
	}
	return listAccounts(ctx, s.db, lang.Fold(text), 200)
}

// Get returns an account by its id.
func (s *Service) Get(ctx context.Context, id string) (Account, error) {
	return findAccount(ctx, s.db, `a.id = $1`, id)
}

// ByLogin returns an account by its login name, however written.
func (s *Service) ByLogin(ctx context.Context, login string) (Account, error) {
	return findAccount(ctx, s.db, `a.login = $1`, Login(login))
}

// Holders returns the ids of the accounts in use that hold any of the roles, on a
// day, over any of the units or the cluster.
func (s *Service) Holders(ctx context.Context, q db.Query, roles []policy.Role, units []string, clusterID string, on time.Time) ([]string, error) {
	return holders(ctx, q, roles, units, clusterID, on)
}

// Grant gives an account a role.
func (s *Service) Grant(ctx context.Context, by policy.Actor, accountID string, r Role) (ledger.Ack, error) {
	return s.manage(ctx, by, func(tx *ledger.Tx) error {
		_, err := s.GrantTx(ctx, tx, by, accountID, r)
		return err
	})
}

// GrantTx is Grant inside the caller's transaction. A role that holds today ends
// the account's sessions: the next one begins with it.
func (s *Service) GrantTx(ctx context.Context, tx *ledger.Tx, by policy.Actor, accountID string, r Role) (Role, error) {
	if err := policy.May(by, policy.Manage, policy.Object{}); err != nil {
		return r, err
	}
	a, err := take(ctx, tx, accountID)
	if err != nil {
		return r, err
	}
	return s.grant(ctx, tx, by, a, r)
}

func (s *Service) grant(ctx context.Context, tx *ledger.Tx, by policy.Actor, a Account, r Role) (Role, error) {
	r = r.narrow()
	if err := r.Check(); err != nil {
		return r, err
	}
	if r.Role == policy.Operator && by.Account != System.Account {
		return r, fault.New(fault.Forbidden, "account.operator.two").In("role")
	}
	for _, o := range a.Roles {
		if r.overlaps(o) {
			return r, fault.New(fault.Invalid, "account.role.twice").In("role")
		}
	}
	r.ID, r.AccountID, r.GrantedBy = rand.Text(), a.ID, by.Office
	if err := insertRole(ctx, tx, r); err != nil {
		return r, err
	}
	if r.On(tx.At()) {
		if err := dropSessions(ctx, tx, a.ID, ""); err != nil {
			return r, err
		}
	}
	return r, tx.Record(ctx, ledger.RoleGranted, a.ID, roleRecord(r, by))
}

func roleRecord(r Role, by policy.Actor) map[string]any {
	return map[string]any{"role_id": r.ID, "role": r.Role, "unit": r.Unit, "cluster": r.Cluster,
		"from": db.Day(r.From, lang.Vietnam), "to": db.Day(r.To, lang.Vietnam), "by": by.Account, "by_office": by.Office}
}

// Revoke ends a role today: from now on it does not hold.
func (s *Service) Revoke(ctx context.Context, by policy.Actor, accountID, roleID string) (ledger.Ack, error) {
	return s.manage(ctx, by, func(tx *ledger.Tx) error {
		a, err := take(ctx, tx, accountID)
		if err != nil {
			return err
		}
		for _, r := range a.Roles {
			if r.ID != roleID {
				continue
			}
			if r.Over(tx.At()) || r.Never() {
				return fault.New(fault.Conflict, "account.role.over.already")
			}
			if r.Role == policy.Operator && r.On(tx.At()) {
				if err := s.keepOperator(ctx, tx, by, a); err != nil {
					return err
				}
			}
			r.To, r.EndedBy = Day(tx.At()), by.Office
			if r.To.Before(r.From) {
				r.To = r.From
			}
			if err := endRole(ctx, tx, r); err != nil {
				return err
			}
			if err := dropSessions(ctx, tx, a.ID, ""); err != nil {
				return err
			}
			return tx.Record(ctx, ledger.RoleRevoked, a.ID, roleRecord(r, by))
		}
		return fault.New(fault.NotFound, "account.role.gone")
	})
}

// keepOperator refuses to leave the installation without an operator. From the
// command line it may be left so: whoever is there can make one.
func (s *Service) keepOperator(ctx context.Context, tx *ledger.Tx, by policy.Actor, a Account) error {
	if by.Account == System.Account {
		return nil
	}
	n, err := countOperators(ctx, tx, tx.At(), a.ID)
	if err == nil && n == 0 {
		err = fault.New(fault.Conflict, "account.operator.last")
	}
	return err
}

// Disable ends the use of an account, and its sessions.
func (s *Service) Disable(ctx context.Context, by policy.Actor, id string) (ledger.Ack, error) {
	return s.manage(ctx, by, func(tx *ledger.Tx) error {
		a, err := take(ctx, tx, id)
		if err != nil {
			return err
		}
		if !a.Disabled.IsZero() {
			return fault.New(fault.Conflict, "account.disabled.already")
		}
		if err := s.keepOperator(ctx, tx, by, a); err != nil {
			return err
		}
		if err := setDisabled(ctx, tx, id, tx.At()); err != nil {
			return err
		}
		if err := forgetBrowsers(ctx, tx, id); err != nil {
			return err
		}
		return tx.Record(ctx, ledger.AccountDisabled, id, map[string]any{"by": by.Account, "by_office": by.Office})
	})
}

// Enable takes an account back into use, with its password and roles as they are.
func (s *Service) Enable(ctx context.Context, by policy.Actor, id string) (ledger.Ack, error) {
	return s.manage(ctx, by, func(tx *ledger.Tx) error {
		a, err := take(ctx, tx, id)
		if err != nil {
			return err
		}
		if a.Disabled.IsZero() {
			return fault.New(fault.Conflict, "account.enabled.already")
		}
		if err := setDisabled(ctx, tx, id, time.Time{}); err != nil {
			return err
		}
		return recordChange(ctx, tx, by, id, "enabled")
	})
}

// Reset replaces the password by a one-time code, which it returns, and ends the
// sessions. The second factor stays.
func (s *Service) Reset(ctx context.Context, by policy.Actor, id string) (Account, string, ledger.Ack, error) {
	if err := policy.May(by, policy.Manage, policy.Object{}); err != nil {
		return Account{}, "", ledger.Ack{}, err
	}
	secret, err := s.Prepare(ctx, "")
	if err != nil {
		return Account{}, "", ledger.Ack{}, err
	}
	var a Account
	ack, err := s.manage(ctx, by, func(tx *ledger.Tx) (err error) {
		if a, err = take(ctx, tx, id); err != nil {
			return err
		}
		if !a.Disabled.IsZero() {
			return fault.New(fault.Conflict, "account.disabled.already")
		}
		a.password, a.OneTime, a.Until = secret.hash, true, tx.At().Add(s.set.OneTime)
		if err := setPassword(ctx, tx, a); err != nil {
			return err
		}
		if err := forgetBrowsers(ctx, tx, id); err != nil {
			return err
		}
		if err := forgiveAttempts(ctx, tx, byLogin(a.Login)); err != nil {
			return err
		}
		return recordChange(ctx, tx, by, id, "reset")
	})
	return a, secret.code, ack, err
}

// forgetBrowsers ends an account's sessions, and knows none of its browsers any
// more.
func forgetBrowsers(ctx context.Context, tx *ledger.Tx, id string) error {
	if err := dropSessions(ctx, tx, id, ""); err != nil {
		return err
	}
	return dropDevices(ctx, tx, id)
}

// Rename changes the office an account is shown as.
func (s *Service) Rename(ctx context.Context, by policy.Actor, id, office string) (ledger.Ack, error) {
	return s.manage(ctx, by, func(tx *ledger.Tx) error {
		a, err := take(ctx, tx, id)
		if err != nil {
			return err
		}
		d, err := Draft{Login: a.Login, Office: office}.Clean()
		if err != nil {
			return err
		}
		if d.Office == a.Office {
			return fault.New(fault.Invalid, "account.office.same").In("office")
		}
		a.Office = d.Office
		if err := setOffice(ctx, tx, a); err != nil {
			return err
		}
		return tx.Record(ctx, ledger.AccountChanged, id, map[string]any{"what": "office", "office": a.Office, "by": by.Account, "by_office": by.Office})
	})
}

// ClearFactor takes away a second factor whose phone and recovery codes are both
// lost. Only the command line may: a reset and this together would give one
// person another's account.
func (s *Service) ClearFactor(ctx context.Context, by policy.Actor, id string) (ledger.Ack, error) {
	if by.Account != System.Account {
		return ledger.Ack{}, fault.New(fault.Forbidden, "account.factor.cli")
	}
	return s.manage(ctx, by, func(tx *ledger.Tx) error {
		if _, err := take(ctx, tx, id); err != nil {
			return err
		}
		if err := dropFactor(ctx, tx, id); err != nil {
			return err
		}
		if err := forgetBrowsers(ctx, tx, id); err != nil {
			return err
		}
		return recordChange(ctx, tx, by, id, "factor cleared")
	})
}

func recordChange(ctx context.Context, tx *ledger.Tx, by policy.Actor, id, what string) error {
	return tx.Record(ctx, ledger.AccountChanged, id, map[string]any{"what": what, "by": by.Account, "by_office": by.Office})
}

// manage runs an operator's act on an account: allowed, recorded, and seen by
// this process at once.
func (s *Service) manage(ctx context.Context, by policy.Actor, fn func(*ledger.Tx) error) (ledger.Ack, error) {
	if err := policy.May(by, policy.Manage, policy.Object{}); err != nil {
		return ledger.Ack{}, err
	}
	ack, err := s.book.Write(ctx, fn)
	s.known.clear()
	return ack, err
}
