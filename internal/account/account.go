// Package account keeps the accounts of the installation and signs people in. An
// account is an office, never a person; what it may do is given by roles with
// dates, and package policy says what a role means.
//
// account.go, password.go, code.go, totp.go, session.go, limit.go and slip.go
// hold the rules, store*.go the SQL, service*.go the acts, web*.go the pages.
package account

import (
	"embed"
	"slices"
	"strings"
	"time"

	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/policy"
)

//go:embed text.json
var Text []byte

//go:embed pages/*.html
var Pages embed.FS

// System is who acts from the command line of the server: whoever can run the
// program on the database is its operator.
var System = policy.Actor{Account: "system", Office: "Quản trị tại máy chủ", Enrolled: true,
	Holds: []policy.Membership{{Role: policy.Operator}}}

// Account is one office that signs in.
type Account struct {
	ID, Login   string
	Office      string    // as shown and recorded: "Chuyên viên Phường Cầu Mây"
	OneTime     bool      // the password is a one-time code, still to be replaced
	Until       time.Time // a one-time code is no longer good then
	Disabled    time.Time // zero while in use
	HasFactor   bool
	CodesLeft   int // unused recovery codes
	Roles       []Role
	CreatedBy   string
	Created     time.Time
	password    string // argon2id, with its parameters
	factorStep  int64
	factorBytes []byte
}

// State of an account, for showing.
type State string

const (
	InUse    State = "inuse"
	Waiting  State = "waiting" // its first password is still to be set
	Disabled State = "disabled"
)

// State returns how the account stands.
func (a Account) State() State {
	switch {
	case !a.Disabled.IsZero():
		return Disabled
	case a.OneTime:
		return Waiting
	}
	return InUse
}

// On returns the roles held at time t.
func (a Account) On(t time.Time) []Role {
	var now []Role
	for _, r := range a.Roles {
		if r.On(t) {
			now = append(now, r)
		}
	}
	return now
}

// Actor is the account as the policy sees it at time t. factor says whether a
// second factor is required.
func (a Account) Actor(t time.Time, factor bool) policy.Actor {
	actor := policy.Actor{Account: a.ID, Office: a.Office, Enrolled: !a.OneTime && (a.HasFactor || !factor)}
	for _, r := range a.On(t) {
		actor.Holds = append(actor.Holds, policy.Membership{Role: r.Role, Unit: r.Unit, Cluster: r.Cluster})
	}
	return actor
}

// Role is one role of an account, from a day until the day before To; a zero To
// means that it still runs.
type Role struct {
	ID, AccountID string
	Role          policy.Role
	Unit, Cluster string // id of what it is held over, as the role's scope asks
	From, To      time.Time
	GrantedBy     string // the office that granted it
	EndedBy       string // the office that revoked it, "" when nobody did
}

// On reports whether the role holds at time t.
func (r Role) On(t time.Time) bool {
	return !t.Before(r.From) && (r.To.IsZero() || t.Before(r.To))
}

// Last is the last day on which the role holds, zero while it runs.
func (r Role) Last() time.Time {
	if r.To.IsZero() {
		return r.To
	}
	return r.To.AddDate(0, 0, -1)
}

// Never reports a role that was revoked before it began.
func (r Role) Never() bool { return !r.To.IsZero() && !r.To.After(r.From) }

// Over reports whether the role has ended by time t.
func (r Role) Over(t time.Time) bool { return !r.To.IsZero() && !t.Before(r.To) }

// Check returns what is wrong with a role before it is granted.
func (r Role) Check() error {
	var problems fault.List
	if !slices.Contains(policy.Roles, r.Role) {
		problems.Add("role", "account.role.missing")
		return problems
	}
	switch r.Role.Scope() {
	case policy.OfUnit:
		if r.Unit == "" {
			problems.Add("unit", "account.role.unit")
		}
	case policy.OfCluster:
		if r.Cluster == "" {
			problems.Add("cluster", "account.role.cluster")
		}
	}
	if r.From.IsZero() {
		problems.Add("from", "account.role.from")
	}
	if !r.To.IsZero() && !r.To.After(r.From) {
		problems.Add("to", "account.role.to")
	}
	return problems.Or()
}

// narrow drops what the role is not held over.
func (r Role) narrow() Role {
	if r.Role.Scope() != policy.OfUnit {
		r.Unit = ""
	}
	if r.Role.Scope() != policy.OfCluster {
		r.Cluster = ""
	}
	return r
}

// overlaps reports whether both say the same of one day.
func (r Role) overlaps(o Role) bool {
	return r.Role == o.Role && r.Unit == o.Unit && r.Cluster == o.Cluster && !r.Never() && !o.Never() &&
		(r.To.IsZero() || o.From.Before(r.To)) && (o.To.IsZero() || r.From.Before(o.To))
}

// Day is the start of t's day in Vietnam, where roles begin and end.
func Day(t time.Time) time.Time {
	y, m, d := t.In(lang.Vietnam).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, lang.Vietnam)
}

// Draft is an account to be made.
type Draft struct {
	Login, Office string
	Roles         []Role
}

// Clean returns the draft as it is kept, and what is wrong with it.
func (d Draft) Clean() (Draft, error) {
	d.Login, d.Office = Login(d.Login), lang.Line(d.Office)
	var problems fault.List
	if n := len(d.Login); n < 3 || n > 40 || strings.Trim(d.Login, "._-") != d.Login {
		problems.Add("login", "account.login.bad")
	}
	switch n := len([]rune(d.Office)); {
	case n < 3:
		problems.Add("office", "account.office.missing")
	case n > 120:
		problems.Add("office", "account.office.long")
	}
	for i, r := range d.Roles {
		d.Roles[i] = r.narrow()
		problems = append(problems, fault.All(r.Check())...)
		for _, o := range d.Roles[:i] {
			if d.Roles[i].overlaps(o) {
				problems.Add("role", "account.role.twice")
			}
		}
	}
	return d, problems.Or()
}

// Login returns a login name as it is kept and compared: lower case, without
// marks, letters, digits and . _ - only, so that DV01.Văn-thư and dv01.van-thu
// are one.
func Login(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '.' || r == '_' || r == '-':
			b.WriteRune(r)
		case b.Len() > 100:
			return b.String()
		default:
			for _, f := range lang.Fold(string(r)) {
				if f >= 'a' && f <= 'z' || f >= '0' && f <= '9' {
					b.WriteRune(f)
				}
			}
		}
	}
	return b.String()
}
