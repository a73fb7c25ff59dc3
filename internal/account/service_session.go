package account

import (
	"context"
	"crypto/rand"
	"sync"
	"time"

	"dongthuan/internal/db"
	"dongthuan/internal/fault"
	"dongthuan/internal/ledger"
	"dongthuan/internal/policy"
)

// Visit is a session with the account it belongs to, as they stand now.
type Visit struct {
	Session Session
	Account Account
	Actor   policy.Actor
}

// Visit returns who holds the cookie's value, and false where it opens nothing.
// It is asked on every request, so what it finds is kept for up to 5 seconds:
// that is how long a session ended on another node may go on here.
func (s *Service) Visit(ctx context.Context, value string) (Visit, bool, error) {
	if value == "" {
		return Visit{}, false, nil
	}
	token, now := stored(value), s.now()
	v, ok := s.known.get(token, now)
	if !ok {
		turn := s.known.turn()
		var err error
		if v, ok, err = s.load(ctx, token, now); err != nil || !ok {
			return Visit{}, false, err
		}
		s.known.put(token, v, now, turn)
	}
	if !v.Session.Live(now, s.set.Idle) {
		return Visit{}, false, nil
	}
	if now.Sub(v.Session.Seen) >= seenEvery {
		turn := s.known.turn()
		v.Session.Seen = now
		s.moveSeen(ctx, token, now)
		s.known.put(token, v, now, turn)
	}
	return v, true, nil
}

// moveSeen moves a session's idle clock, if that can be done quickly. A full disk
// or a long import must not keep people from reading: then the session only ends
// earlier than it would have, and the next request tries again.
func (s *Service) moveSeen(ctx context.Context, token string, now time.Time) {
	ctx, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	_ = s.db.Write(ctx, func(tx *db.Tx) error { return moveSeen(ctx, tx, token, now) })
}

func (s *Service) load(ctx context.Context, token string, now time.Time) (v Visit, ok bool, err error) {
	err = s.db.Read(ctx, func(q db.Query) error {
		if v.Session, ok, err = findSession(ctx, q, token); err != nil || !ok {
			return err
		}
		if v.Session.Stage != Full || !v.Session.Live(now, s.set.Idle) {
			ok = false
			return nil
		}
		v.Account, err = findAccount(ctx, q, `a.id = $1`, v.Session.AccountID)
		ok = v.Account.Disabled.IsZero()
		return err
	})
	v.Actor = v.Account.Actor(now, s.set.RequireTOTP)
	return v, ok && err == nil, err
}

// visit is Visit for acts of the signed-in person.
func (s *Service) visit(ctx context.Context, value string) (Visit, error) {
	v, ok, err := s.Visit(ctx, value)
	if err == nil && !ok {
		err = fault.New(fault.Forbidden, "policy.signin")
	}
	return v, err
}

// cache keeps visits for a moment. A visit read before a change and put after it
// is refused: local changes hold at once.
type cache struct {
	mu     sync.Mutex
	turns  uint64
	visits map[string]kept
}

type kept struct {
	Visit
	at time.Time
}

const (
	keptFor    = 5 * time.Second
	keptVisits = 10000
)

func (c *cache) get(token string, now time.Time) (Visit, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k, ok := c.visits[token]
	age := now.Sub(k.at)
	return k.Visit, ok && age >= 0 && age < keptFor
}

func (c *cache) turn() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.turns
}

func (c *cache) put(token string, v Visit, now time.Time, turn uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if turn != c.turns {
		return
	}
	if c.visits == nil || len(c.visits) >= keptVisits {
		c.visits = map[string]kept{}
	}
	c.visits[token] = kept{v, now}
}

func (c *cache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.turns++
	c.visits = nil
}

// Sessions returns the account's sessions that still stand, the newest first.
func (s *Service) Sessions(ctx context.Context, accountID string) ([]Session, error) {
	all, err := listSessions(ctx, s.db, accountID)
	var live []Session
	for _, v := range all {
		if v.Live(s.now(), s.set.Idle) {
			live = append(live, v)
		}
	}
	return live, err
}

// SignOut ends the session of a cookie's value.
func (s *Service) SignOut(ctx context.Context, value string) error {
	return s.plain(ctx, func(tx *db.Tx) error { return dropSession(ctx, tx, stored(value)) })
}

// EndSession ends one of the signed-in person's own sessions.
func (s *Service) EndSession(ctx context.Context, value, id string) error {
	v, err := s.visit(ctx, value)
	if err != nil {
		return err
	}
	return s.plain(ctx, func(tx *db.Tx) error {
		ok, err := dropSessionID(ctx, tx, v.Account.ID, id)
		if err == nil && !ok {
			err = fault.New(fault.NotFound, "account.session.gone")
		}
		return err
	})
}

// EndOthers ends all sessions of the signed-in person but this one.
func (s *Service) EndOthers(ctx context.Context, value string) error {
	v, err := s.visit(ctx, value)
	if err != nil {
		return err
	}
	return s.plain(ctx, func(tx *db.Tx) error { return dropSessions(ctx, tx, v.Account.ID, v.Session.token) })
}

// plain writes sessions and limits, which need no leaf.
func (s *Service) plain(ctx context.Context, fn func(*db.Tx) error) error {
	err := s.db.Write(ctx, fn)
	s.known.clear()
	return err
}

// Prove takes the password of the signed-in person once more; for a while after,
// acts that ask who acts are allowed.
func (s *Service) Prove(ctx context.Context, value, password string) error {
	v, err := s.visit(ctx, value)
	if err != nil {
		return err
	}
	if password == "" {
		return fault.New(fault.Invalid, "account.confirm.missing").In("confirm")
	}
	if err := s.check(ctx, v.Account, password, "confirm"); err != nil {
		return err
	}
	return s.plain(ctx, func(tx *db.Tx) error { return setProved(ctx, tx, v.Session.token, s.now()) })
}

// check compares a password typed again by who is signed in, with a limit of its
// own; field is where the form asks for it.
func (s *Service) check(ctx context.Context, a Account, password, field string) error {
	c := byOwner(a.ID)
	if err := s.count(ctx, field, c); err != nil {
		return err
	}
	right, _, err := s.keys.verify(ctx, a.password, password)
	if err != nil {
		return s.uncount(ctx, err, c)
	}
	if !right {
		return fault.New(fault.Invalid, "account.password.wrong").In(field)
	}
	return s.db.Write(ctx, func(tx *db.Tx) error { return forgiveAttempts(ctx, tx, c) })
}

// ChangePassword replaces the password. A one-time code needs no old one: it was
// typed to get here. All other sessions end, and this one goes on under the
// token returned.
func (s *Service) ChangePassword(ctx context.Context, value, old, password, again string) (string, ledger.Ack, error) {
	v, err := s.visit(ctx, value)
	if err != nil {
		return "", ledger.Ack{}, err
	}
	a := v.Account
	if err := checkPassword(password, a.Login, a.Office); err != nil {
		return "", ledger.Ack{}, err
	}
	if normal(password) != normal(again) {
		return "", ledger.Ack{}, fault.New(fault.Invalid, "account.password.again").In("again")
	}
	if !a.OneTime {
		if err := s.check(ctx, a, old, "old"); err != nil {
			return "", ledger.Ack{}, err
		}
		if normal(password) == normal(old) {
			return "", ledger.Ack{}, fault.New(fault.Invalid, "account.password.same").In("new")
		}
	}
	secret, err := s.Prepare(ctx, password)
	if err != nil {
		return "", ledger.Ack{}, err
	}
	return s.own(ctx, v, "password", func(tx *ledger.Tx, now Account) error {
		if now.password != a.password {
			return fault.New(fault.Conflict, "account.changed")
		}
		now.password, now.OneTime, now.Until = secret.hash, false, time.Time{}
		if err := setPassword(ctx, tx, now); err != nil {
			return err
		}
		if err := dropSessions(ctx, tx, a.ID, v.Session.token); err != nil {
			return err
		}
		return setProved(ctx, tx, v.Session.token, tx.At())
	})
}

// recoveryCodes are given with a second factor.
const recoveryCodes = 8

// Enrol sets a second factor, new or in place of the old one, once a code of it
// was typed. It returns the recovery codes, which are shown this once.
func (s *Service) Enrol(ctx context.Context, value, secretText, code string) ([]string, string, ledger.Ack, error) {
	v, err := s.fresh(ctx, value)
	if err != nil {
		return nil, "", ledger.Ack{}, err
	}
	secret, ok := parseSecret(secretText)
	if !ok {
		return nil, "", ledger.Ack{}, fault.New(fault.Invalid, "account.factor.secret")
	}
	digits, _ := digitsOf(code)
	step, ok := matchStep(secret, digits, s.now(), 0)
	if !ok {
		return nil, "", ledger.Ack{}, fault.New(fault.Invalid, "account.factor.wrong").In("code")
	}
	codes, hashes, err := s.newCodes(ctx)
	if err != nil {
		return nil, "", ledger.Ack{}, err
	}
	token, ack, err := s.own(ctx, v, "factor", func(tx *ledger.Tx, a Account) error {
		if err := setFactor(ctx, tx, a.ID, secret, step); err != nil {
			return err
		}
		if err := setRecovery(ctx, tx, a.ID, hashes); err != nil {
			return err
		}
		return dropSessions(ctx, tx, a.ID, v.Session.token)
	})
	return codes, token, ack, err
}

// NewCodes replaces the recovery codes.
func (s *Service) NewCodes(ctx context.Context, value string) ([]string, string, ledger.Ack, error) {
	v, err := s.fresh(ctx, value)
	if err != nil {
		return nil, "", ledger.Ack{}, err
	}
	if !v.Account.HasFactor {
		return nil, "", ledger.Ack{}, fault.New(fault.Conflict, "account.factor.none")
	}
	codes, hashes, err := s.newCodes(ctx)
	if err != nil {
		return nil, "", ledger.Ack{}, err
	}
	token, ack, err := s.own(ctx, v, "recovery codes", func(tx *ledger.Tx, a Account) error {
		return setRecovery(ctx, tx, a.ID, hashes)
	})
	return codes, token, ack, err
}

func (s *Service) newCodes(ctx context.Context) (codes, hashes []string, err error) {
	for range recoveryCodes {
		codes = append(codes, newCode(recoverySigns))
	}
	hashes, err = s.keys.hashAll(ctx, codes)
	return codes, hashes, err
}

// Unenrol takes away one's own second factor, where none is required.
func (s *Service) Unenrol(ctx context.Context, value string) (string, ledger.Ack, error) {
	v, err := s.fresh(ctx, value)
	if err != nil {
		return "", ledger.Ack{}, err
	}
	if s.set.RequireTOTP {
		return "", ledger.Ack{}, fault.New(fault.Forbidden, "account.factor.required")
	}
	if !v.Account.HasFactor {
		return "", ledger.Ack{}, fault.New(fault.Conflict, "account.factor.none")
	}
	return s.own(ctx, v, "factor removed", func(tx *ledger.Tx, a Account) error { return dropFactor(ctx, tx, a.ID) })
}

// fresh is visit for acts that ask for the password again after a while.
func (s *Service) fresh(ctx context.Context, value string) (Visit, error) {
	v, err := s.visit(ctx, value)
	if err == nil && v.Account.OneTime {
		err = fault.New(fault.Forbidden, "policy.enrol")
	}
	if err == nil && !v.Session.Fresh(s.now()) {
		err = fault.New(fault.Invalid, "account.confirm.missing").In("confirm")
	}
	return v, err
}

// own runs an act on one's own account and gives the session a new token.
func (s *Service) own(ctx context.Context, v Visit, what string, fn func(*ledger.Tx, Account) error) (string, ledger.Ack, error) {
	token := newToken()
	ack, err := s.book.Write(ctx, func(tx *ledger.Tx) error {
		a, err := take(ctx, tx, v.Account.ID)
		if err != nil {
			return err
		}
		if err := fn(tx, a); err != nil {
			return err
		}
		if ok, err := renameSession(ctx, tx, v.Session.token, stored(token)); err != nil {
			return err
		} else if !ok {
			return fault.New(fault.Forbidden, "policy.signin") // ended meanwhile
		}
		return recordChange(ctx, tx, v.Actor, a.ID, what)
	})
	s.known.clear()
	if err != nil {
		return "", ack, err
	}
	return token, ack, nil
}

// session makes a new one and puts it in place of the browser's old one.
func (s *Service) session(ctx context.Context, tx execer, a Account, stage Stage, try Try) (Opened, error) {
	now := s.now()
	o := Opened{Token: newToken(), Stage: stage, Account: a, Ends: now.Add(s.set.Absolute)}
	if stage == AtFactor {
		o.Ends = now.Add(factorFor)
	}
	if try.Old != "" {
		if err := dropSession(ctx, tx, stored(try.Old)); err != nil {
			return o, err
		}
	}
	if err := sweep(ctx, tx, now); err != nil {
		return o, err
	}
	err := insertSession(ctx, tx, Session{ID: rand.Text(), AccountID: a.ID, Stage: stage, Agent: Agent(try.Agent),
		Started: now, Seen: now, Proved: now, Ends: o.Ends, token: stored(o.Token)})
	if err != nil || stage == AtFactor {
		return o, err
	}
	if o.Device = try.Device; !try.knows {
		o.Device = newToken()
	}
	return o, insertDevice(ctx, tx, stored(o.Device), a.ID, now)
}
