package account

import (
	"context"
	"errors"
	"strings"
	"time"

	"dongthuan/internal/db"
	"dongthuan/internal/fault"
	"dongthuan/internal/ledger"
)

// Try is one try to sign in.
type Try struct {
	Login, Password string
	Source          string // address that the try is counted under
	Device          string // the cookie by which a browser is known, "" for none
	Agent           string // User-Agent header
	Old             string // the session cookie the browser has; it ends
	knows           bool   // Device is known for the account
}

// Opened is a session that has begun.
type Opened struct {
	Token   string // of the session, for the cookie
	Device  string // of the browser, for the cookie; "" at the first of two steps
	Stage   Stage
	Ends    time.Time
	Account Account
}

// SignIn checks a login name and a password. An unknown name, a wrong password
// and a right one cost the same, and the first two are answered alike.
func (s *Service) SignIn(ctx context.Context, try Try) (Opened, error) {
	login := Login(try.Login)
	a, err := findAccount(ctx, s.db, `a.login = $1`, login)
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return Opened{}, err
	}
	if try, err = s.recognise(ctx, a, try); err != nil {
		return Opened{}, err
	}
	// A browser known for the account is counted apart: whoever tries passwords
	// elsewhere does not make its owner wait.
	counters := []counter{byLogin(login), bySource(try.Source)}
	if try.knows {
		counters = []counter{byDevice(try.Device)}
	}
	if err := s.count(ctx, "", counters...); err != nil {
		return Opened{}, err
	}
	password := try.Password
	if code, err := parseCode(password, oneTimeSigns); err == nil && a.OneTime {
		password = code // as typed: small letters, blanks
	}
	right, old, err := s.keys.verify(ctx, a.password, password)
	if err != nil {
		return Opened{}, s.uncount(ctx, err, counters...)
	}
	if !right {
		return Opened{}, fault.New(fault.Invalid, "account.signin.wrong")
	}
	now := s.now()
	switch {
	case !a.Disabled.IsZero():
		err = fault.New(fault.Forbidden, "account.signin.disabled")
	case a.OneTime && !now.Before(a.Until):
		err = fault.New(fault.Forbidden, "account.signin.expired")
	}
	if err != nil {
		return Opened{}, s.uncount(ctx, err, counters...)
	}
	renewed := ""
	if old {
		if renewed, err = s.keys.hash(ctx, password); err != nil {
			renewed = "" // the machine is busy: the next sign-in does it
		}
	}
	stage := Full
	if a.HasFactor {
		stage = AtFactor
	}
	var o Opened
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		if err := forgiveAttempts(ctx, tx, counters[0]); err != nil {
			return err
		}
		for _, c := range counters[1:] {
			if err := returnAttempt(ctx, tx, c); err != nil {
				return err
			}
		}
		if renewed != "" {
			if err := renewHash(ctx, tx, a.ID, a.password, renewed); err != nil {
				return err
			}
		}
		if a.OneTime {
			if err := shortenOneTime(ctx, tx, a.ID, now.Add(oneTimeUsed)); err != nil {
				return err
			}
		}
		// Read again inside the transaction: a reset or a disabling that came
		// between must win.
		same, err := stillSame(ctx, tx, a, renewed)
		if err != nil {
			return err
		}
		if !same {
			return fault.New(fault.Conflict, "account.changed")
		}
		o, err = s.session(ctx, tx, a, stage, try)
		return err
	})
	return o, err
}

// Second takes the code of a sign-in whose password was right: of the
// authenticator, or a recovery code. The session goes on under a new token.
func (s *Service) Second(ctx context.Context, value, code string, try Try) (Opened, error) {
	again := fault.New(fault.Conflict, "account.factor.again")
	token, now := stored(value), s.now()
	session, ok, err := findSession(ctx, s.db, token)
	if err != nil {
		return Opened{}, err
	}
	if !ok || session.Stage != AtFactor || !now.Before(session.Ends) {
		return Opened{}, again
	}
	a, err := findAccount(ctx, s.db, `a.id = $1`, session.AccountID)
	if err != nil {
		return Opened{}, err
	}
	if try, err = s.recognise(ctx, a, try); err != nil {
		return Opened{}, err
	}
	try.Old = value
	digits, isDigits := digitsOf(code)
	if !isDigits {
		if strings.Trim(digits, "0123456789") == "" {
			return Opened{}, fault.New(fault.Invalid, "account.factor.form").In("code")
		}
		if code, err = parseCode(code, recoverySigns); err != nil {
			return Opened{}, fault.All(err)[0].In("code")
		}
	}
	c := byFactor(a.ID)
	if try.knows {
		c = byFactor(try.Device)
	}
	if err := s.count(ctx, "code", c); err != nil {
		return Opened{}, err
	}
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		ok, err := countTry(ctx, tx, token, factorTries)
		if err == nil && !ok {
			err = again
		}
		return err
	})
	if err != nil {
		return Opened{}, err
	}
	if isDigits {
		return s.secondByPhone(ctx, a, digits, c, try)
	}
	return s.secondByPaper(ctx, a, code, c, try)
}

var errWrongCode = fault.New(fault.Invalid, "account.factor.wrong").In("code")

func (s *Service) secondByPhone(ctx context.Context, a Account, digits string, c counter, try Try) (o Opened, err error) {
	step, ok := matchStep(a.factorBytes, digits, s.now(), a.factorStep)
	if !ok {
		return o, errWrongCode
	}
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		if ok, err := takeStep(ctx, tx, a.ID, step); err != nil {
			return err
		} else if !ok {
			return errWrongCode // used a moment ago
		}
		o, err = s.second(ctx, tx, a, c, try)
		return err
	})
	return o, err
}

func (s *Service) secondByPaper(ctx context.Context, a Account, code string, c counter, try Try) (o Opened, err error) {
	hashes, err := recoveryHashes(ctx, s.db, a.ID)
	if err != nil {
		return o, err
	}
	used, err := s.keys.find(ctx, hashes, code)
	if err != nil {
		return o, s.uncount(ctx, err, c)
	}
	if used == "" {
		return o, errWrongCode
	}
	_, err = s.book.Write(ctx, func(tx *ledger.Tx) error {
		if ok, err := takeRecovery(ctx, tx, used); err != nil {
			return err
		} else if !ok {
			return errWrongCode
		}
		if o, err = s.second(ctx, tx, a, c, try); err != nil {
			return err
		}
		return recordChange(ctx, tx, a.Actor(tx.At(), s.set.RequireTOTP), a.ID, "recovery code used")
	})
	return o, err
}

func (s *Service) second(ctx context.Context, tx execer, a Account, c counter, try Try) (Opened, error) {
	same, err := stillSame(ctx, tx, a, "")
	if err != nil {
		return Opened{}, err
	}
	if !same {
		return Opened{}, fault.New(fault.Conflict, "account.factor.again")
	}
	if err := forgiveAttempts(ctx, tx, c); err != nil {
		return Opened{}, err
	}
	return s.session(ctx, tx, a, Full, try)
}

// Pending reports whether a cookie's value owes a code.
func (s *Service) Pending(ctx context.Context, value string) (bool, error) {
	if value == "" {
		return false, nil
	}
	session, ok, err := findSession(ctx, s.db, stored(value))
	return ok && session.Stage == AtFactor && s.now().Before(session.Ends), err
}

// recognise marks a try that comes from a browser known for the account.
func (s *Service) recognise(ctx context.Context, a Account, try Try) (Try, error) {
	if try.Device == "" || a.ID == "" {
		return try, nil
	}
	var err error
	try.knows, err = knowsDevice(ctx, s.db, stored(try.Device), a.ID, s.now().Add(-deviceFor))
	return try, err
}

// count counts a try under each counter, or refuses it where one has to wait. It
// counts before anything is compared, and in one transaction.
func (s *Service) count(ctx context.Context, field string, counters ...counter) error {
	now := s.now()
	return s.db.Write(ctx, func(tx *db.Tx) error {
		for _, c := range counters {
			until, err := countAttempt(ctx, tx, c, now)
			if err != nil {
				return err
			}
			if !until.IsZero() {
				seconds := int(until.Sub(now)/time.Second) + 1
				return fault.New(fault.Busy, "account.signin.wait", seconds).In(field)
			}
		}
		return nil
	})
}

// uncount takes back a try that was not a wrong one, and returns err.
func (s *Service) uncount(ctx context.Context, err error, counters ...counter) error {
	return errors.Join(err, s.db.Write(context.WithoutCancel(ctx), func(tx *db.Tx) error {
		for _, c := range counters {
			if err := returnAttempt(ctx, tx, c); err != nil {
				return err
			}
		}
		return nil
	}))
}
