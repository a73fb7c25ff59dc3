// Package score is the arithmetic of emulation: what a figure is worth under a
// criterion, how criteria become groups and a total, and how totals become
// places. It knows no database, no page and no clock: the same input always
// gives the same output.
//
// Points are whole tenths (4,5 points is 45) and figures whole thousandths
// (12,5 ha is 12500), so nothing is ever off by a binary fraction. What lies
// between, such as 6 × 5/14, is kept exact until the one rounding of each
// criterion.
package score

import (
	"fmt"
	"strings"
)

// Unit is one whole in the thousandths of a figure, Point one point in tenths.
const (
	Unit  = 1000
	Point = 10
)

// Role says what an input of a rule is, so that a form can ask for it.
type Role string

const (
	RoleNumerator   Role = "numerator"   // what was done
	RoleDenominator Role = "denominator" // out of how many
	RoleYesNo       Role = "yesno"       // 0 or 1
	RoleCount       Role = "count"       // how many
	RoleDays        Role = "days"        // how late; 0 or less is on time
	RolePoints      Role = "points"      // points as a person judged them
)

// Verb names one way of turning figures into points.
type Verb string

const (
	VerbYes     Verb = "yes"
	VerbLinear  Verb = "linear"
	VerbSteps   Verb = "steps"
	VerbUpto    Verb = "upto"
	VerbAtLeast Verb = "atleast"
	VerbCount   Verb = "count"
	VerbShort   Verb = "short"
	VerbLess    Verb = "less"
	VerbRank    Verb = "rank"
	VerbJudged  Verb = "judged"
)

// Threshold gives its points, in tenths, to a figure that reaches it. At is in
// tenths of a percent for steps, in thousandths for upto and atleast, and a
// place for rank.
type Threshold struct {
	At     int64
	Points int64
}

// Need is one input that a rule asks for. Part counts from 0 and says which
// part of the rule reads it.
type Need struct {
	Role Role
	Verb Verb
	Part int
}

// Rule is a parsed rule of one criterion. The zero Rule gives nothing; make one
// with ParseRule. A Rule never changes and may be shared.
type Rule struct {
	max   int64
	parts []part
}

// part is one verb with its numbers.
type part struct {
	verb   Verb
	points int64       // yes, linear, judged: worth; short, less: start; count: cap
	per    []int64     // count, short: one step; less: one per input
	table  []Threshold // steps, upto, atleast, rank: best points first, but atleast last
}

// Max is the most the rule can give, in tenths.
func (r Rule) Max() int64 { return r.max }

// NeedsComment says that a person judges part of this criterion and so must
// write down why.
func (r Rule) NeedsComment() bool {
	for _, p := range r.parts {
		if p.verb == VerbJudged {
			return true
		}
	}
	return false
}

// Inputs lists the figures the rule reads, in the order Compute wants them.
func (r Rule) Inputs() []Need {
	var needs []Need
	for i, p := range r.parts {
		for _, role := range p.roles() {
			needs = append(needs, Need{Role: role, Verb: p.verb, Part: i})
		}
	}
	return needs
}

func (p part) roles() []Role {
	switch p.verb {
	case VerbYes:
		return []Role{RoleYesNo}
	case VerbUpto:
		return []Role{RoleDays}
	case VerbAtLeast, VerbCount:
		return []Role{RoleCount}
	case VerbJudged:
		return []Role{RolePoints}
	case VerbLess:
		roles := make([]Role, len(p.per))
		for i := range roles {
			roles[i] = RoleCount
		}
		return roles
	}
	return []Role{RoleNumerator, RoleDenominator}
}

// max is the most the part can give, in tenths.
func (p part) max() int64 {
	most := p.points
	for _, t := range p.table {
		most = max(most, t.Points)
	}
	return most
}

// String is the rule in its canonical text: ParseRule reads it back to an equal
// rule.
func (r Rule) String() string {
	texts := make([]string, len(r.parts))
	for i, p := range r.parts {
		texts[i] = p.text(r.max)
	}
	return strings.Join(texts, " + ")
}

func (p part) text(most int64) string {
	var b strings.Builder
	b.WriteString(string(p.verb))
	switch p.verb {
	case VerbYes, VerbLinear, VerbJudged:
		if p.points != most {
			b.WriteString(" " + decimal(p.points, 1))
		}
	case VerbCount:
		fmt.Fprintf(&b, " %s max %s", decimal(p.per[0], 1), decimal(p.points, 1))
	case VerbShort, VerbLess:
		b.WriteString(" " + decimal(p.points, 1))
		for _, per := range p.per {
			b.WriteString(" by " + decimal(per, 1))
		}
	}
	for _, t := range p.table {
		fmt.Fprintf(&b, " %s:%s", decimal(t.At, places(p.verb)), decimal(t.Points, 1))
	}
	return b.String()
}

// places is how many decimals a threshold of the verb may have.
func places(v Verb) int {
	switch v {
	case VerbSteps:
		return 1
	case VerbRank:
		return 0
	}
	return 3
}

// FormatPoints writes tenths as the grammar does: 45 is "4.5", 30 is "3".
func FormatPoints(tenths int64) string { return decimal(tenths, 1) }

// decimal writes n, counted in 10^-places, with a point and no needless zeros.
func decimal(n int64, places int) string {
	sign := ""
	if n < 0 {
		sign, n = "-", -n
	}
	scale := int64(1)
	for range places {
		scale *= 10
	}
	text := fmt.Sprintf("%s%d", sign, n/scale)
	if rest := n % scale; rest != 0 {
		text += "." + strings.TrimRight(fmt.Sprintf("%0*d", places, rest), "0")
	}
	return text
}
