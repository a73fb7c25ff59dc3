package account

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"dongthuan/internal/fault"
	"dongthuan/internal/ledger"
	"dongthuan/internal/policy"
)

var (
	operator = policy.Actor{Account: "OPERATOR", Office: "Quản trị", Enrolled: true, Holds: []policy.Membership{{Role: policy.Operator}}}
	clerk    = policy.Actor{Account: "CLERK", Office: "Chuyên viên", Enrolled: true, Holds: []policy.Membership{{Role: policy.Clerk, Unit: "U1"}}}
)

func TestCreate(t *testing.T) {
	s, _ := open(t, Settings{})
	a, code, ack, err := s.Create(ctx, System, Draft{Login: "DV01.Chuyên viên", Office: " Chuyên viên  Phường Cầu Mây", Roles: []Role{clerkOf("U1"), operatorRole()}})
	if err != nil || !ack.Recorded() {
		t.Fatalf("Create = %v, recorded %v", err, ack.Recorded())
	}
	if a.Login != "dv01.chuyenvien" || a.Office != "Chuyên viên Phường Cầu Mây" || !a.OneTime || len(a.Roles) != 2 {
		t.Errorf("Create = %+v", a)
	}
	if _, _, _, err := s.Create(ctx, System, Draft{Login: "dv01.CHUYENVIEN", Office: "Khác"}); key(err) != "account.login.taken" {
		t.Errorf("the same login again: %v", err)
	}
	if _, _, _, err := s.Create(ctx, clerk, Draft{Login: "dv02", Office: "Khác"}); key(err) != "policy.refused" {
		t.Errorf("a clerk's Create: %v", err)
	}
	if _, _, _, err := s.Create(ctx, operator, Draft{Login: "dv03", Office: "Khác", Roles: []Role{operatorRole()}}); key(err) != "account.operator.two" {
		t.Errorf("an operator making an operator: %v", err)
	}
	if n := count(t, s.db, `select count(*) from account`); n != 1 {
		t.Errorf("%d accounts, want 1: refused ones leave nothing", n)
	}
	// The leaves name the office, never the login, and the code stands nowhere.
	events, err := ledger.History(ctx, s.db, a.ID)
	if err != nil || len(events) != 3 {
		t.Fatalf("History = %v, %v", events, err)
	}
	for _, e := range events {
		if strings.Contains(e.Payload, a.Login) || strings.Contains(e.Payload, code) || !strings.Contains(e.Payload, System.Office) {
			t.Errorf("leaf %s says %s", e.Type, e.Payload)
		}
	}
	o := signIn(t, s, try("dv01.chuyenvien", strings.ToLower(strings.ReplaceAll(code, "-", " "))))
	v, ok, err := s.Visit(ctx, o.Token)
	if err != nil || !ok || v.Actor.Enrolled || !v.Actor.Has(policy.Clerk) || v.Actor.Office != a.Office {
		t.Errorf("Visit = %+v, %v, %v", v.Actor, ok, err)
	}
	if err := policy.May(v.Actor, policy.SheetEdit, policy.Object{Unit: "U1"}); key(err) != "policy.enrol" {
		t.Errorf("with a one-time code May = %v", err)
	}
}

func TestOneTimeCodeEnds(t *testing.T) {
	s, c := open(t, Settings{OneTime: time.Hour})
	_, code, _, err := s.Create(ctx, System, Draft{Login: "dv01", Office: "Chuyên viên"})
	if err != nil {
		t.Fatal(err)
	}
	c.pass(time.Hour)
	if _, err := s.SignIn(ctx, try("dv01", code)); key(err) != "account.signin.expired" {
		t.Fatalf("after an hour SignIn = %v", err)
	}
	a, err := s.ByLogin(ctx, "dv01")
	if err != nil {
		t.Fatal(err)
	}
	_, code, _, err = s.Reset(ctx, System, a.ID)
	if err != nil {
		t.Fatal(err)
	}
	c.pass(time.Minute)
	o := signIn(t, s, try("dv01", code))
	c.pass(14 * time.Minute)
	signIn(t, s, try("dv01", code)) // the tab was closed
	c.pass(time.Minute)
	if _, err := s.SignIn(ctx, try("dv01", code)); key(err) != "account.signin.expired" {
		t.Errorf("15 minutes after the first use SignIn = %v", err)
	}
	if !live(t, s, o.Token) {
		t.Error("the session should outlive the code")
	}
	if _, _, err := s.ChangePassword(ctx, o.Token, "", good, good); err != nil {
		t.Fatal(err)
	}
	if _, err := s.SignIn(ctx, try("dv01", code)); key(err) != "account.signin.wrong" {
		t.Errorf("with a replaced code SignIn = %v", err)
	}
	signIn(t, s, try("dv01", good))
}

func TestSignIn(t *testing.T) {
	s, c := open(t, Settings{})
	newAccount(t, s, "dv01", good, clerkOf("U1"))
	o := signIn(t, s, try("DV01", good))
	if o.Stage != Full || len(o.Token) != 43 || o.Device == "" || !o.Ends.Equal(c.at.Add(12*time.Hour)) {
		t.Errorf("SignIn = %+v", o)
	}
	if n := count(t, s.db, `select count(*) from account_session where token = $1 or id = $1 or agent = $1`, o.Token); n != 0 {
		t.Error("the database holds the cookie's value")
	}
	if n := count(t, s.db, `select count(*) from account_session where token = $1`, stored(o.Token)); n != 1 {
		t.Error("the database does not hold the token's hash")
	}
	for _, in := range []Try{try("dv01", good+" "), try("dv01", ""), try("dv02", good), try("", good), try("dv01", strings.Repeat("x", 10000))} {
		if _, err := s.SignIn(ctx, in); key(err) != "account.signin.wrong" {
			t.Errorf("SignIn(%q, %.20q) = %v", in.Login, in.Password, err)
		}
	}
	for _, value := range []string{"", "x", o.Token + "x", stored(o.Token)} {
		if live(t, s, value) {
			t.Errorf("%q opened a session", value)
		}
	}
}

// A session begun before signing in is not the one after it, and the browser's
// old session ends.
func TestFixation(t *testing.T) {
	s, _ := open(t, Settings{})
	newAccount(t, s, "dv01", good)
	newAccount(t, s, "dv02", another)
	first := signIn(t, s, try("dv01", good))
	in := try("dv02", another)
	in.Old = first.Token
	second := signIn(t, s, in)
	if second.Token == first.Token || live(t, s, first.Token) || !live(t, s, second.Token) {
		t.Error("the old session lives on, or under the new sign-in")
	}
	in = try("dv01", good)
	in.Old = "chosen-by-somebody-else"
	if o := signIn(t, s, in); o.Token == in.Old || live(t, s, in.Old) {
		t.Error("a planted cookie became a session")
	}
}

func TestExpiry(t *testing.T) {
	s, c := open(t, Settings{})
	newAccount(t, s, "dv01", good)
	idle := signIn(t, s, try("dv01", good))
	c.pass(2*time.Hour - time.Second)
	if !live(t, s, idle.Token) { // and moves the idle clock
		t.Fatal("ended before two idle hours")
	}
	c.pass(2*time.Hour - time.Second)
	if !live(t, s, idle.Token) {
		t.Fatal("the idle clock did not move")
	}
	c.pass(2 * time.Hour)
	if live(t, s, idle.Token) {
		t.Error("two idle hours did not end it")
	}
	busy := signIn(t, s, try("dv01", good))
	for range 23 {
		c.pass(30 * time.Minute)
		if !live(t, s, busy.Token) {
			t.Fatalf("ended at %v", c.at)
		}
	}
	c.pass(30 * time.Minute)
	if live(t, s, busy.Token) {
		t.Error("12 hours did not end it")
	}
	signIn(t, s, try("dv01", good))
	if n := count(t, s.db, `select count(*) from account_session`); n != 1 {
		t.Errorf("%d sessions kept, want 1: those over are swept", n)
	}
}

func TestKeptSessions(t *testing.T) {
	s, c := open(t, Settings{})
	a := newAccount(t, s, "dv01", good)
	first := signIn(t, s, try("dv01", good))
	for range keptSessions {
		c.pass(time.Second)
		signIn(t, s, try("dv01", good))
	}
	if all, err := s.Sessions(ctx, a.ID); err != nil || len(all) != keptSessions {
		t.Errorf("%d sessions, %v; want %d", len(all), err, keptSessions)
	}
	c.pass(keptFor)
	if live(t, s, first.Token) {
		t.Error("the oldest session lives on")
	}
}

// What ends a session ends it here at once, and within 5 seconds on a node that
// has just seen it.
func TestRevocation(t *testing.T) {
	for _, test := range []struct {
		name string
		act  func(t *testing.T, s *Service, a Account, token string) error
	}{
		{"sign-out", func(t *testing.T, s *Service, a Account, token string) error { return s.SignOut(ctx, token) }},
		{"ended elsewhere", func(t *testing.T, s *Service, a Account, token string) error {
			return s.EndOthers(ctx, signIn(t, s, try("dv01", good)).Token)
		}},
		{"disabled", func(t *testing.T, s *Service, a Account, token string) error {
			_, err := s.Disable(ctx, operator, a.ID)
			return err
		}},
		{"reset", func(t *testing.T, s *Service, a Account, token string) error {
			_, _, _, err := s.Reset(ctx, operator, a.ID)
			return err
		}},
		{"password changed", func(t *testing.T, s *Service, a Account, token string) error {
			_, _, err := s.ChangePassword(ctx, signIn(t, s, try("dv01", good)).Token, good, another, another)
			return err
		}},
		{"role granted", func(t *testing.T, s *Service, a Account, token string) error {
			_, err := s.Grant(ctx, operator, a.ID, Role{Role: policy.Editor, From: today()})
			return err
		}},
		{"role revoked", func(t *testing.T, s *Service, a Account, token string) error {
			_, err := s.Revoke(ctx, operator, a.ID, a.Roles[0].ID)
			return err
		}},
		{"second factor cleared", func(t *testing.T, s *Service, a Account, token string) error {
			_, err := s.ClearFactor(ctx, System, a.ID)
			return err
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, c := open(t, Settings{})
			newAccount(t, s, "root", good, operatorRole())
			a := newAccount(t, s, "dv01", good, clerkOf("U1"))
			other := New(s.db, s.book, s.set, c.now) // another node
			o := signIn(t, s, try("dv01", good))
			if !live(t, s, o.Token) || !live(t, other, o.Token) {
				t.Fatal("no session to end")
			}
			if err := test.act(t, s, a, o.Token); err != nil {
				t.Fatal(err)
			}
			if live(t, s, o.Token) {
				t.Error("lives on here")
			}
			c.pass(keptFor)
			if live(t, other, o.Token) {
				t.Error("lives on on another node after 5 seconds")
			}
		})
	}
}

// A visit read before a change is not kept after it.
func TestCacheTurn(t *testing.T) {
	var c cache
	turn, now := c.turn(), time.Now()
	c.clear()
	c.put("t", Visit{}, now, turn)
	if _, ok := c.get("t", now); ok {
		t.Error("a stale visit was kept")
	}
	c.put("t", Visit{}, now, c.turn())
	if _, ok := c.get("t", now.Add(keptFor-1)); !ok {
		t.Error("a fresh visit was not kept")
	}
	if _, ok := c.get("t", now.Add(-1)); ok {
		t.Error("a visit of the future was given")
	}
}

// Five wrong tries are free; then each waits longer, and nothing is locked.
func TestLadder(t *testing.T) {
	s, c := open(t, Settings{})
	newAccount(t, s, "dv01", good)
	device := signIn(t, s, try("dv01", good)).Device
	for n, wait := range []time.Duration{0, 0, 0, 0, 0, 5 * time.Second, 10 * time.Second, 20 * time.Second, 40 * time.Second} {
		if wait > 0 {
			if _, err := s.SignIn(ctx, try("dv01", good)); key(err) != "account.signin.wait" || fault.KindOf(err) != fault.Busy {
				t.Fatalf("try %d came through at once: %v", n, err)
			}
			c.pass(wait - time.Millisecond)
			if _, err := s.SignIn(ctx, try("dv01", good)); key(err) != "account.signin.wait" {
				t.Fatalf("try %d came through before %v: %v", n, wait, err)
			}
			c.pass(time.Millisecond)
		}
		// From as many addresses: the account has its own count.
		if _, err := s.SignIn(ctx, from(try("dv01", "sai"), fmt.Sprint("198.51.100.", n))); key(err) != "account.signin.wrong" {
			t.Fatalf("try %d = %v", n, err)
		}
	}
	// The office's own browser is not kept waiting by others.
	signIn(t, s, known(try("dv01", good), device))
	if _, err := s.SignIn(ctx, known(try("dv01", good), "stolen-or-guessed")); key(err) != "account.signin.wait" {
		t.Errorf("an unknown browser: %v", err)
	}
	c.pass(5 * time.Minute)
	signIn(t, s, try("dv01", good))
	if _, err := s.SignIn(ctx, try("dv01", "sai")); key(err) != "account.signin.wrong" {
		t.Errorf("a right password did not forgive: %v", err)
	}
	// Tries of a known browser are limited too.
	for range 5 {
		if _, err := s.SignIn(ctx, known(try("dv01", "sai"), device)); key(err) != "account.signin.wrong" {
			t.Fatal(err)
		}
	}
	if _, err := s.SignIn(ctx, known(try("dv01", good), device)); key(err) != "account.signin.wait" {
		t.Errorf("a known browser's sixth try: %v", err)
	}
}

// One password tried on many accounts is stopped by where it comes from; others
// do not notice.
func TestSpray(t *testing.T) {
	s, _ := open(t, Settings{})
	newAccount(t, s, "dv01", good)
	wrong, wait := 0, 0
	for n := range 100 {
		switch _, err := s.SignIn(ctx, try(fmt.Sprint("account", n), "Matkhau@123")); key(err) {
		case "account.signin.wrong":
			wrong++
		case "account.signin.wait":
			wait++
		}
	}
	if wrong != int(perSource.free) || wait != 100-wrong {
		t.Errorf("%d tries came through, %d waited; want %d and the rest", wrong, wait, perSource.free)
	}
	signIn(t, s, from(try("dv01", good), "198.51.100.9"))
}

// Tries sent at once cannot pass the limit together.
func TestAtOnce(t *testing.T) {
	s, _ := open(t, Settings{})
	newAccount(t, s, "dv01", good)
	var mu sync.Mutex
	var people sync.WaitGroup
	through := 0
	for range 40 {
		people.Go(func() {
			_, err := s.SignIn(ctx, try("dv01", "sai"))
			mu.Lock()
			defer mu.Unlock()
			if key(err) == "account.signin.wrong" {
				through++
			} else if key(err) != "account.signin.wait" {
				t.Error(err)
			}
		})
	}
	people.Wait()
	if through != int(perAccount.free) {
		t.Errorf("%d wrong passwords were compared, want %d", through, perAccount.free)
	}
}

func TestRehash(t *testing.T) {
	s, c := open(t, Settings{})
	a := newAccount(t, s, "dv01", good)
	stronger := New(s.db, s.book, Settings{Memory: 2 * cheap}, c.now)
	signIn(t, stronger, try("dv01", good))
	b, err := s.Get(ctx, a.ID)
	if err != nil || b.password == a.password || !strings.Contains(b.password, "m=128,") {
		t.Errorf("password is kept as %q, %v", b.password, err)
	}
	signIn(t, stronger, try("dv01", good))
}

func TestChangePassword(t *testing.T) {
	s, _ := open(t, Settings{})
	a := newAccount(t, s, "dv01", good)
	o := signIn(t, s, try("dv01", good))
	for _, test := range []struct{ old, new, again, want string }{
		{"sai", another, another, "account.password.wrong"},
		{good, "ngắn", "ngắn", "account.password.short"},
		{good, another, another + "x", "account.password.again"},
		{good, good, good, "account.password.same"},
	} {
		if _, _, err := s.ChangePassword(ctx, o.Token, test.old, test.new, test.again); key(err) != test.want {
			t.Errorf("ChangePassword(%q, %q, %q) = %v, want %s", test.old, test.new, test.again, err, test.want)
		}
	}
	token, ack, err := s.ChangePassword(ctx, o.Token, good, another, another)
	if err != nil || !ack.Recorded() {
		t.Fatal(err)
	}
	if token == o.Token || live(t, s, o.Token) || !live(t, s, token) {
		t.Error("the session should go on under a new token only")
	}
	if _, err := s.SignIn(ctx, try("dv01", good)); key(err) != "account.signin.wrong" {
		t.Errorf("the old password: %v", err)
	}
	for range 6 { // somebody at an unlocked screen tries the old password
		_, _, err = s.ChangePassword(ctx, token, "sai", good, good)
	}
	if key(err) != "account.signin.wait" {
		t.Errorf("the sixth wrong old password: %v", err)
	}
	events, err := ledger.History(ctx, s.db, a.ID)
	if err != nil || len(events) != 2 || events[1].Type != ledger.AccountChanged {
		t.Errorf("History = %v, %v", events, err)
	}
}

// enrol gives an account a second factor and returns its secret, the recovery
// codes and the session's token.
func enrol(t testing.TB, s *Service, c *clock, token string) ([]byte, []string, string) {
	t.Helper()
	secret := newSecret()
	codes, token, ack, err := s.Enrol(ctx, token, base32Text.EncodeToString(secret), c.code(secret))
	if err != nil || !ack.Recorded() || len(codes) != recoveryCodes {
		t.Fatalf("Enrol = %v, %v, %v", codes, ack.Recorded(), err)
	}
	return secret, codes, token
}

func TestSecondFactor(t *testing.T) {
	s, c := open(t, Settings{RequireTOTP: true})
	a := newAccount(t, s, "dv01", good, clerkOf("U1"))
	o := signIn(t, s, try("dv01", good))
	v, _, err := s.Visit(ctx, o.Token)
	if err != nil || v.Actor.Enrolled {
		t.Fatalf("without the required factor Visit = %+v, %v", v.Actor, err)
	}
	if _, _, _, err := s.Enrol(ctx, o.Token, base32Text.EncodeToString(newSecret()), "000000"); key(err) != "account.factor.wrong" {
		t.Errorf("a wrong first code: %v", err)
	}
	secret, codes, token := enrol(t, s, c, o.Token)
	if v, _, err = s.Visit(ctx, token); err != nil || !v.Actor.Enrolled || live(t, s, o.Token) {
		t.Fatalf("enrolled, Visit = %+v, %v", v.Actor, err)
	}
	if _, _, err := s.Unenrol(ctx, token); key(err) != "account.factor.required" {
		t.Errorf("Unenrol = %v", err)
	}

	half := signIn(t, s, try("dv01", good))
	if half.Stage != AtFactor || half.Device != "" || live(t, s, half.Token) {
		t.Fatal("a password alone opened a session")
	}
	// The code of the enrolment counts no more.
	if _, err := s.Second(ctx, half.Token, c.code(secret), Try{}); key(err) != "account.factor.wrong" {
		t.Errorf("a code for the second time: %v", err)
	}
	c.pass(factorStep * time.Second)
	full, err := s.Second(ctx, half.Token, " "+c.code(secret)[:3]+" "+c.code(secret)[3:], Try{})
	if err != nil || full.Token == half.Token || !live(t, s, full.Token) || full.Device == "" {
		t.Fatalf("Second = %+v, %v", full, err)
	}
	if _, err := s.Second(ctx, half.Token, c.code(secret), Try{}); key(err) != "account.factor.again" {
		t.Errorf("the first step's token again: %v", err)
	}
	if _, err := s.Second(ctx, full.Token, c.code(secret), Try{}); key(err) != "account.factor.again" {
		t.Errorf("a full session at the second step: %v", err)
	}

	// A code of one account in the sign-in of another.
	newAccount(t, s, "dv02", another)
	bSecret, _, _ := enrol(t, s, c, signIn(t, s, try("dv02", another)).Token)
	c.pass(factorStep * time.Second)
	half = signIn(t, s, try("dv01", good))
	if _, err := s.Second(ctx, half.Token, c.code(bSecret), Try{}); key(err) != "account.factor.wrong" {
		t.Errorf("another account's code: %v", err)
	}

	// Recovery codes, each once, in the ledger.
	typed := strings.ToLower(strings.ReplaceAll(codes[3], "-", ""))
	if _, err := s.Second(ctx, half.Token, typed, Try{}); err != nil {
		t.Errorf("a recovery code: %v", err)
	}
	half = signIn(t, s, try("dv01", good))
	if _, err := s.Second(ctx, half.Token, codes[3], Try{}); key(err) != "account.factor.wrong" {
		t.Errorf("a recovery code again: %v", err)
	}
	if b, err := s.Get(ctx, a.ID); err != nil || b.CodesLeft != recoveryCodes-1 {
		t.Errorf("%d codes left, %v", b.CodesLeft, err)
	}
	for text, want := range map[string]string{"12345": "account.factor.form", "": "account.factor.form", codes[4][:13] + "0": "account.code.sign", codes[4][:12]: "account.code.length"} {
		if _, err := s.Second(ctx, half.Token, text, Try{}); key(err) != want {
			t.Errorf("Second(%q) = %v, want %s", text, err, want)
		}
	}

	// A reset keeps the second factor.
	_, code, _, err := s.Reset(ctx, operator, a.ID)
	if err != nil {
		t.Fatal(err)
	}
	if o := signIn(t, s, try("dv01", code)); o.Stage != AtFactor {
		t.Error("a reset took the second factor away")
	}
	if _, err := s.ClearFactor(ctx, operator, a.ID); key(err) != "account.factor.cli" {
		t.Errorf("an operator's ClearFactor = %v", err)
	}
}

func TestSecondFactorTries(t *testing.T) {
	s, c := open(t, Settings{})
	newAccount(t, s, "dv01", good)
	secret, codes, _ := enrol(t, s, c, signIn(t, s, try("dv01", good)).Token)
	c.pass(time.Minute)
	half := signIn(t, s, try("dv01", good))
	for range factorTries {
		if _, err := s.Second(ctx, half.Token, "000000", Try{}); key(err) != "account.factor.wrong" {
			t.Fatal(err)
		}
	}
	c.pass(5 * time.Second)
	if _, err := s.Second(ctx, half.Token, c.code(secret), Try{}); key(err) != "account.factor.again" {
		t.Errorf("the sixth code of one password: %v", err)
	}
	c.pass(time.Second)
	half = signIn(t, s, try("dv01", good)) // the password does not give new tries at once
	if _, err := s.Second(ctx, half.Token, c.code(secret), Try{}); key(err) != "account.signin.wait" {
		t.Errorf("straight after: %v", err)
	}
	c.pass(factorFor)
	if _, err := s.Second(ctx, half.Token, c.code(secret), Try{}); key(err) != "account.factor.again" {
		t.Errorf("after ten minutes: %v", err)
	}
	half = signIn(t, s, try("dv01", good))
	if _, err := s.Second(ctx, half.Token, codes[0], Try{}); err != nil {
		t.Error(err)
	}
	// What asks who acts wants the password after 15 minutes.
	full := signInFull(t, s, c, secret)
	if _, _, _, err := s.NewCodes(ctx, full); err != nil {
		t.Error(err)
	}
	full = signInFull(t, s, c, secret)
	c.pass(provedFor)
	if _, _, err := s.Unenrol(ctx, full); key(err) != "account.confirm.missing" {
		t.Errorf("Unenrol long after the password: %v", err)
	}
	if err := s.Prove(ctx, full, "sai"); key(err) != "account.password.wrong" {
		t.Error(err)
	}
	if err := s.Prove(ctx, full, good); err != nil {
		t.Error(err)
	}
	if _, _, err := s.Unenrol(ctx, full); err != nil {
		t.Error(err)
	}
	if o := signIn(t, s, try("dv01", good)); o.Stage != Full {
		t.Error("the second factor is still asked for")
	}
}

func signInFull(t testing.TB, s *Service, c *clock, secret []byte) string {
	t.Helper()
	c.pass(time.Minute)
	o, err := s.Second(ctx, signIn(t, s, try("dv01", good)).Token, c.code(secret), Try{})
	if err != nil {
		t.Fatal(err)
	}
	return o.Token
}

func TestRoles(t *testing.T) {
	s, c := open(t, Settings{})
	a := newAccount(t, s, "dv01", good)
	day := func(n int) time.Time { return today().AddDate(0, 0, n) }
	grant := func(r Role, want string) {
		t.Helper()
		if _, err := s.Grant(ctx, operator, a.ID, r); key(err) != want {
			t.Errorf("Grant(%s) = %v, want %q", r.Role, err, want)
		}
	}
	grant(Role{Role: policy.Clerk, Unit: "U1", Cluster: "dropped", From: day(0), To: day(10)}, "")
	grant(Role{Role: policy.Clerk, Unit: "U1", From: day(9)}, "account.role.twice")
	grant(Role{Role: policy.Clerk, Unit: "U1", From: day(10)}, "")
	grant(Role{Role: policy.Clerk, Unit: "U2", From: day(0)}, "")
	grant(Role{Role: policy.Operator, From: day(0)}, "account.operator.two")
	grant(Role{Role: policy.Lead, From: day(0)}, "account.role.cluster")
	if _, err := s.Grant(ctx, clerk, a.ID, clerkOf("U3")); key(err) != "policy.refused" {
		t.Errorf("a clerk's Grant = %v", err)
	}
	if _, err := s.Grant(ctx, operator, "NOBODY", clerkOf("U3")); key(err) != "account.missing" {
		t.Errorf("Grant to nobody = %v", err)
	}
	holds := func() (units []string) {
		v, ok, err := s.Visit(ctx, signIn(t, s, try("dv01", good)).Token)
		if err != nil || !ok {
			t.Fatal(err)
		}
		return v.Actor.Units()
	}
	if got := fmt.Sprint(holds()); got != "[U1 U2]" {
		t.Errorf("today holds %s", got)
	}
	b, err := s.Get(ctx, a.ID)
	if err != nil || len(b.Roles) != 3 || b.Roles[0].Cluster != "" || b.Roles[0].GrantedBy != operator.Office {
		t.Fatalf("roles %+v, %v", b.Roles, err)
	}
	for _, r := range b.Roles {
		if r.Unit == "U1" {
			if _, err := s.Revoke(ctx, operator, a.ID, r.ID); err != nil {
				t.Error(err)
			}
			if _, err := s.Revoke(ctx, operator, a.ID, r.ID); key(err) != "account.role.over.already" {
				t.Errorf("revoked again: %v", err)
			}
		}
	}
	if got := fmt.Sprint(holds()); got != "[U2]" {
		t.Errorf("after revoking holds %s", got)
	}
	c.pass(20 * 24 * time.Hour)
	if got := fmt.Sprint(holds()); got != "[U2]" {
		t.Errorf("a role revoked before its first day holds: %s", got)
	}
	if _, err := s.Revoke(ctx, operator, a.ID, "NOTHING"); key(err) != "account.role.gone" {
		t.Error(err)
	}
	// A role may be given again from the day it was revoked.
	if _, err := s.Grant(ctx, operator, a.ID, clerkOf("U1")); err != nil {
		t.Error(err)
	}
}

func TestDisable(t *testing.T) {
	s, _ := open(t, Settings{})
	root := newAccount(t, s, "root", good, operatorRole())
	actor := root.Actor(s.now(), false)
	a := newAccount(t, s, "dv01", good)
	if _, err := s.Disable(ctx, actor, a.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.SignIn(ctx, try("dv01", good)); key(err) != "account.signin.disabled" {
		t.Errorf("the right password: %v", err)
	}
	if _, err := s.SignIn(ctx, try("dv01", "sai")); key(err) != "account.signin.wrong" {
		t.Errorf("a wrong password must not tell: %v", err)
	}
	if _, err := s.Disable(ctx, actor, a.ID); key(err) != "account.disabled.already" {
		t.Error(err)
	}
	if _, _, _, err := s.Reset(ctx, actor, a.ID); key(err) != "account.disabled.already" {
		t.Errorf("Reset must not bring an account back: %v", err)
	}
	if _, err := s.Enable(ctx, actor, a.ID); err != nil {
		t.Fatal(err)
	}
	signIn(t, s, try("dv01", good))
	if _, err := s.Disable(ctx, actor, root.ID); key(err) != "account.operator.last" {
		t.Errorf("the last operator: %v", err)
	}
	if _, err := s.Revoke(ctx, actor, root.ID, root.Roles[0].ID); key(err) != "account.operator.last" {
		t.Errorf("the last operator's role: %v", err)
	}
	if _, err := s.Disable(ctx, System, root.ID); err != nil {
		t.Errorf("from the command line: %v", err)
	}
}

func TestList(t *testing.T) {
	s, _ := open(t, Settings{})
	newAccount(t, s, "dv01.chuyenvien", good, clerkOf("U1"))
	newAccount(t, s, "quantri_1", good)
	for text, want := range map[string]int{"": 2, "cau may": 2, "CẦU MÂY": 2, "dv01": 1, "dv01.ch": 1, "_": 1, "%": 2, "phuong khac": 0} {
		all, more, err := s.List(ctx, System, text)
		if err != nil || len(all) != want || more {
			t.Errorf("List(%q) = %d, %v, %v; want %d", text, len(all), more, err, want)
		}
	}
	all, _, err := s.List(ctx, System, "dv01")
	if err != nil || len(all[0].Roles) != 1 {
		t.Errorf("List = %+v, %v", all, err)
	}
	if _, _, err := s.List(ctx, clerk, ""); key(err) != "policy.refused" {
		t.Error(err)
	}
	if _, err := s.Rename(ctx, operator, all[0].ID, "Văn thư Xã An Phúc"); err != nil {
		t.Error(err)
	}
	if all, _, err := s.List(ctx, System, "van thu"); err != nil || len(all) != 1 {
		t.Errorf("after Rename List = %v, %v", all, err)
	}
}
