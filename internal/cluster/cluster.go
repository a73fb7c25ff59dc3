// Package cluster keeps emulation clusters (cụm thi đua): which units belong to
// one, who leads it, in dated terms, and the periods it works in.
//
// cluster.go holds the rules, store.go the SQL, service.go the acts that write,
// web.go the pages.
package cluster

import (
	"embed"
	"regexp"
	"time"

	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/policy"
)

//go:embed text.json
var Text []byte

//go:embed pages/*.html
var Pages embed.FS

// Cluster is a group of units that compare themselves with each other.
type Cluster struct {
	ID, Code, Name string
	Superior       string // the body that set it up
	Basis          string // its decision
	Closed         bool   // kept for history, no longer at work
}

// Role of a unit in a cluster.
type Role string

const (
	Lead   Role = "lead"   // cụm trưởng
	Deputy Role = "deputy" // cụm phó
	Plain  Role = "member" // thành viên
)

// Member is one term of one unit. To is the first day it no longer holds; zero
// means it still runs.
type Member struct {
	ID, ClusterID, UnitID string
	Code                  string // the unit's code in the cluster, "DV01"
	Role                  Role
	Block                 string // khối: what it is ranked in beside the whole cluster
	From, To              time.Time
	Order                 int64
}

// On reports whether the term holds at time t.
func (m Member) On(t time.Time) bool {
	return !t.Before(m.From) && (m.To.IsZero() || t.Before(m.To))
}

// State of a period.
type State string

const (
	Setup     State = "setup"     // criteria are being prepared
	Open      State = "open"      // units fill in
	Frozen    State = "frozen"    // figures no longer change
	Published State = "published" // ranking is public
)

// Period is a stretch of time a cluster reviews: a half-year, a year.
type Period struct {
	ID, ClusterID, Code, Name string
	Starts, Ends              time.Time // days, both included
	Due                       time.Time // sheets are handed in by then
	FreezeAt                  time.Time // figures are frozen then, by the program itself
	State                     State
	Trial                     bool   // chấm thử: the ranking does not count for titles
	PreviousID                string // the period whose figures stand beside these, "" for none
	FrozenAt, PublishedAt     time.Time
}

// Takes returns why the period takes no more entries at time t, nil if it does.
func (p Period) Takes(t time.Time) error {
	switch {
	case p.State == Setup:
		return fault.New(fault.Conflict, "cluster.period.setup", p.Name)
	case p.State != Open:
		return fault.New(fault.Conflict, "cluster.period.locked", p.Name, lang.Date(p.FrozenAt))
	case !p.FreezeAt.IsZero() && !t.Before(p.FreezeAt):
		return fault.New(fault.Conflict, "cluster.period.locked", p.Name, lang.Date(p.FreezeAt))
	}
	return nil
}

// Object is what the policy is asked about for something of the period: of a unit, or
// (unitID "") of the cluster.
func (p Period) Object(unitID string) policy.Object {
	return policy.Object{Unit: unitID, Cluster: p.ClusterID, On: p.Ends}
}

// Slug is the period's public address part, "ht3-2026-6t" with the cluster's code.
func (p Period) Slug(c Cluster) string { return c.Code + "-" + p.Code }

var codeForm = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// Check returns what is wrong with a period before it is opened.
func (p Period) Check() error {
	var problems fault.List
	if !codeForm.MatchString(p.Code) || len(p.Code) > 30 {
		problems.Add("code", "cluster.period.code.bad")
	}
	if p.Name == "" {
		problems.Add("name", "cluster.period.name.missing")
	}
	if p.Starts.IsZero() {
		problems.Add("starts", "cluster.period.day.missing")
	}
	if p.Ends.IsZero() || p.Ends.Before(p.Starts) {
		problems.Add("ends", "cluster.period.ends.bad")
	}
	if p.Due.IsZero() {
		problems.Add("due", "cluster.period.day.missing")
	}
	if p.FreezeAt.IsZero() || p.FreezeAt.Before(p.Due) {
		problems.Add("freeze", "cluster.period.freeze.bad")
	}
	return problems.Or()
}

// Check returns what is wrong with the terms of one cluster: on no day may a unit
// stand twice, a code mean two units, or two units lead.
func Check(members []Member) error {
	for i, a := range members {
		for _, b := range members[:i] {
			if !a.To.IsZero() && !a.To.After(b.From) || !b.To.IsZero() && !b.To.After(a.From) {
				continue // never on the same day
			}
			switch {
			case a.UnitID == b.UnitID:
				return fault.New(fault.Invalid, "cluster.member.twice", a.Code)
			case a.Code == b.Code:
				return fault.New(fault.Invalid, "cluster.member.code", a.Code)
			case a.Role != Plain && a.Role == b.Role:
				return fault.New(fault.Invalid, "cluster.member.role", a.Code, b.Code)
			}
		}
	}
	return nil
}
