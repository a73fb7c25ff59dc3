// Package policy decides who may do what. There is one table, Table, and every
// service asks it through May; a test walks role × relation × route and compares
// the answers of the running site with it.
package policy

import (
	"slices"
	"time"

	"dongthuan/internal/fault"
)

// Role is what a person is here for. Roles are held as dated memberships.
type Role string

const (
	Public    Role = "public"    // anyone, without an account
	Clerk     Role = "clerk"     // chuyên viên of one unit
	Leader    Role = "leader"    // lãnh đạo of one unit
	Secretary Role = "secretary" // thư ký cụm
	Lead      Role = "lead"      // cụm trưởng
	Deputy    Role = "deputy"    // cụm phó
	Superior  Role = "superior"  // cơ quan cấp trên theo dõi cụm
	Editor    Role = "editor"    // biên tập viên cổng
	Auditor   Role = "auditor"   // kiểm tra: reads all of a cluster, changes nothing
	Operator  Role = "operator"  // quản trị hệ thống

	// Former is whoever led a cluster or was its deputy: they go on reading what
	// belongs to the days of their term. It follows from the term and is never given.
	Former Role = "former"
)

// Roles are all roles a person may be given.
var Roles = []Role{Clerk, Leader, Secretary, Lead, Deputy, Superior, Editor, Auditor, Operator}

// Scope says what a role is held over: a unit, a cluster, or the installation.
func (r Role) Scope() Scope {
	switch r {
	case Clerk, Leader:
		return OfUnit
	case Secretary, Lead, Deputy, Superior, Auditor, Former:
		return OfCluster
	case Editor, Operator:
		return OfAll
	}
	return OfNone
}

// Scope is the reach of a role.
type Scope int

const (
	OfNone Scope = iota
	OfUnit
	OfCluster
	OfAll
)

// Membership is a role that a person holds today.
type Membership struct {
	Role    Role
	Unit    string // id, for roles of a unit
	Cluster string // id, for roles of a cluster
	// From and To are the days of a former term, To the first after it.
	From, To time.Time
}

// Actor is who asks. The zero Actor is the public.
type Actor struct {
	Account string // id of the account, "" for the public
	Office  string // how the actor is shown and recorded: an office, not a person
	Holds   []Membership
	// Enrolled is false while a required second factor or first password is
	// still to be set: such an actor may do nothing but that.
	Enrolled bool
}

// SignedIn reports whether the actor has an account.
func (a Actor) SignedIn() bool { return a.Account != "" }

// Has reports whether the actor holds any of the roles, over whatever it be.
func (a Actor) Has(roles ...Role) bool {
	return slices.ContainsFunc(a.Holds, func(m Membership) bool { return slices.Contains(roles, m.Role) })
}

// Units are the units the actor acts for.
func (a Actor) Units() []string {
	var ids []string
	for _, m := range a.Holds {
		if m.Unit != "" && !slices.Contains(ids, m.Unit) {
			ids = append(ids, m.Unit)
		}
	}
	return ids
}

// Clusters are the clusters the actor has a role in.
func (a Actor) Clusters() []string {
	var ids []string
	for _, m := range a.Holds {
		if m.Cluster != "" && !slices.Contains(ids, m.Cluster) {
			ids = append(ids, m.Cluster)
		}
	}
	return ids
}

// Object is what is asked about: the unit and the cluster it belongs to, either
// of them empty where it belongs to none.
type Object struct {
	Unit    string
	Cluster string
	On      time.Time // a day it belongs to, where it belongs to a time
}

// Action is what may be done.
type Action string

const (
	ReadPublic Action = "public.read" // what everybody may see

	Work       Action = "work.see"       // one's own page of duties
	OwnAccount Action = "account.own"    // one's own password, factor, sessions
	Manage     Action = "account.manage" // others' accounts and roles
	System     Action = "system.see"     // state of the installation, component page

	SheetRead   Action = "sheet.read"
	SheetEdit   Action = "sheet.edit"
	SheetSubmit Action = "sheet.submit"
	SheetVerify Action = "sheet.verify" // accept, return, set points with a reason

	SheetAppeal Action = "sheet.appeal" // speak against the points of one's own unit

	SheetConfirm Action = "sheet.confirm" // the superior's step of the chain
	SheetCross   Action = "sheet.cross"   // mark another unit's sheet, for one's own

	TargetEdit   Action = "target.edit"   // register the unit's targets
	TargetDecide Action = "target.decide" // accept or return them

	CommendManage Action = "commend.manage" // eligibility, ballot, proposal
	CommendDecide Action = "commend.decide" // the decision of the superior

	PeriodManage Action = "period.manage" // criteria, opening, freezing, publishing
	PeriodFollow Action = "period.follow" // who has handed in, consolidated table

	ReportRead  Action = "report.read" // before it is published
	ReportWrite Action = "report.write"

	NewsWrite Action = "news.write"

	UnitManage Action = "unit.manage"

	TaskRead   Action = "task.read"   // key tasks of one's cluster
	TaskDo     Action = "task.do"     // one's unit's share
	TaskManage Action = "task.manage" // set, change, ask, excuse

	ConferenceRead   Action = "conference.read"   // before and beside what is public
	ConferenceManage Action = "conference.manage" // prepare, run, write the minutes
	ConferenceSign   Action = "conference.sign"   // sign the minutes, open them again
	PaperWrite       Action = "paper.write"       // one’s unit’s paper
	// ConferenceLetter is what the bearer of an invitation or of a desk’s address may do:
	// the code in it is asked, not an account.
	ConferenceLetter Action = "conference.letter"

	LegalManage Action = "legal.manage" // the calendar of working days and the rules of deadlines
)

// Rule allows a role an action on objects within the role's scope: a unit role on
// its own unit's objects, a cluster role on its own cluster's.
type Rule struct {
	Action Action
	Roles  []Role
}

// Table is the whole of it. What is not here is refused.
var Table = []Rule{
	{ReadPublic, append([]Role{Public}, Roles...)},
	{Work, Roles},
	{OwnAccount, Roles},
	{Manage, []Role{Operator}},
	{System, []Role{Operator}},

	{SheetRead, []Role{Clerk, Leader, Secretary, Lead, Deputy, Superior, Auditor, Former}},
	{SheetEdit, []Role{Clerk, Leader}},
	{SheetSubmit, []Role{Clerk, Leader}},
	{SheetVerify, []Role{Secretary, Lead, Deputy}},

	{SheetAppeal, []Role{Clerk, Leader}},
	{SheetConfirm, []Role{Superior}},
	{SheetCross, []Role{Clerk, Leader}},

	{TargetEdit, []Role{Clerk, Leader}},
	{TargetDecide, []Role{Secretary, Lead, Deputy}},

	{CommendManage, []Role{Secretary, Lead}},
	{CommendDecide, []Role{Superior}},

	{PeriodManage, []Role{Secretary, Lead}},
	{PeriodFollow, []Role{Secretary, Lead, Deputy, Superior, Auditor, Former}},

	{ReportRead, []Role{Secretary, Lead, Deputy, Superior, Auditor}},
	{ReportWrite, []Role{Secretary, Lead, Deputy}},

	{NewsWrite, []Role{Editor}},

	{UnitManage, []Role{Operator}},
	{TaskRead, []Role{Clerk, Leader, Secretary, Lead, Deputy, Superior, Auditor}},
	{TaskDo, []Role{Clerk, Leader}},
	{TaskManage, []Role{Secretary, Lead, Deputy}},

	{ConferenceRead, []Role{Clerk, Leader, Secretary, Lead, Deputy, Superior, Auditor}},
	{ConferenceManage, []Role{Secretary, Lead, Deputy}},
	{ConferenceSign, []Role{Secretary, Lead, Deputy}},
	{PaperWrite, []Role{Clerk, Leader}},
	{ConferenceLetter, append([]Role{Public}, Roles...)},
	{LegalManage, []Role{Operator}},
}

// Allows reports whether the table gives role the action at all.
func Allows(role Role, action Action) bool {
	for _, rule := range Table {
		if rule.Action == action {
			return slices.Contains(rule.Roles, role)
		}
	}
	return false
}

// May returns nil if the actor may do action to object, and the refusal if not.
func May(a Actor, action Action, object Object) error {
	if Allows(Public, action) {
		return nil
	}
	if !a.SignedIn() {
		return fault.New(fault.Forbidden, "policy.signin")
	}
	if !a.Enrolled && action != OwnAccount {
		return fault.New(fault.Forbidden, "policy.enrol")
	}
	for _, m := range a.Holds {
		if Allows(m.Role, action) && m.covers(object) {
			return nil
		}
	}
	if action == OwnAccount || action == Work {
		return nil // an account whose roles have ended still has its own pages
	}
	return fault.New(fault.Forbidden, "policy.refused")
}

// covers reports whether object lies within the membership's scope. An object
// that belongs to no unit or cluster is covered by any role the table allows.
func (m Membership) covers(object Object) bool {
	switch m.Role.Scope() {
	case OfUnit:
		return object.Unit == m.Unit || object == Object{}
	case OfCluster:
		if m.Role == Former {
			return object.Cluster == m.Cluster && !object.On.IsZero() && !object.On.Before(m.From) && object.On.Before(m.To)
		}
		return object.Cluster == m.Cluster || object == Object{}
	case OfAll:
		return true
	}
	return false
}
