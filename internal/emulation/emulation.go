// Package emulation runs the emulation year of a cluster: criteria tables, the
// sheets of figures and points its units hand in with their evidence,
// verification, freezing, ranking and publication.
//
// criteria.go, emulation.go and tally.go hold the rules; store_*.go the SQL;
// service_*.go the acts that write; web_*.go the pages; xlsx.go the workbooks
// units fill in.
package emulation

import (
	"embed"
	"strconv"
	"time"

	"dongthuan/internal/evidence"
	"dongthuan/internal/fault"
)

//go:embed text.json
var Text []byte

//go:embed pages/*.html
var Pages embed.FS

// State of a sheet.
type State string

const (
	Draft     State = "draft"     // nháp
	Submitted State = "submitted" // đã nộp
	Returned  State = "returned"  // trả lại
	Verified  State = "verified"  // đã thẩm định
	Frozen    State = "frozen"    // chốt
)

// Sheet is what one unit hands in for one period.
type Sheet struct {
	ID, PeriodID, UnitID, CriteriaID string
	State                            State
	Version                          int64  // counts the sheet's changes
	Reason                           string // why it was returned
	SubmittedAt, VerifiedAt          time.Time
	ChainID                          string            // the chain it was handed in under
	Step                             int64             // of the chain, from 1; 0 while the unit has it
	StepAt                           time.Time         // since when it waits at the step
	AgainBy                          time.Time         // by when it is handed in again, after it was returned
	Figures                          map[string]Figure // by indicator
	Marks                            map[string]Mark   // by criterion id
	Claims                           []Claim
	Paragraphs                       map[string]Paragraph       // by section
	Proofs                           map[string][]evidence.Item // by criterion id

	said []Change // in the transaction that runs
}

// Figure is one value of a sheet. A nil Value is absent, which is not zero.
type Figure struct {
	Indicator string
	Value     *int64 // thousandths
	Estimate  bool   // ước
	Version   int64  // counts its changes; 0 means never entered
	Office    string
	At        time.Time
}

// Mark is what people said of one criterion, beside what its rule computes.
type Mark struct {
	CriterionID    string
	NotApply       bool
	NotApplyReason string
	Void           bool // false data: no points, and it stays visible
	VoidReason     string
	Self           *int64 // tenths; set by the unit, with a reason
	SelfReason     string
	Verified       *int64 // tenths; set by the secretariat, with a reason
	VerifiedReason string
	Cross          *int64 // tenths; another unit's mark, shown and not counted
	CrossBy        string
}

// Claim is a number of cases of a bonus or a deduction.
type Claim struct {
	ID, SheetID, ExtraID string
	Cases                int64
	Reason               string
	State                ClaimState
	Decided              string // why it was refused
	Office               string
	At                   time.Time
}

// ClaimState says where a claim stands. Deductions are entered by the secretariat
// and count at once; a bonus counts when accepted.
type ClaimState string

const (
	Claimed   ClaimState = "claimed"
	Accepted  ClaimState = "accepted"
	Refused   ClaimState = "refused"
	Withdrawn ClaimState = "withdrawn"
)

// Paragraph is the unit's own text for a section of the report.
type Paragraph struct {
	Section, Body string
	Version       int64
	Office        string
	At            time.Time
}

// Sections are the parts of the review report a unit writes to, in order.
var Sections = []string{"1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7", "2.1", "2.2", "2.3", "2.4", "3", "4"}

// Change is one line of the sheet's trail.
type Change struct {
	Subject, Old, New, Reason string
	Source                    string // grid, xlsx, form, import, system
	Office                    string
	At                        time.Time
}

// Editable returns why the unit may not change the sheet now, nil if it may.
func (s Sheet) Editable() error {
	switch s.State {
	case Draft, Returned:
		return nil
	case Submitted:
		return fault.New(fault.Conflict, "emulation.sheet.submitted")
	case Verified:
		return fault.New(fault.Conflict, "emulation.sheet.verified")
	}
	return fault.New(fault.Conflict, "emulation.sheet.frozen")
}

// Verifiable returns why the secretariat may not judge the sheet now, nil if it
// may.
func (s Sheet) Verifiable() error {
	switch s.State {
	case Submitted, Verified:
		return nil
	case Frozen:
		return fault.New(fault.Conflict, "emulation.sheet.frozen")
	}
	return fault.New(fault.Conflict, "emulation.sheet.notyet")
}

// Complete returns what is missing before the sheet can be handed in: figures of
// criteria (zero is a figure), evidence where the table asks for it, reasons.
func (s Sheet) Complete(c Criteria) error {
	var problems fault.List
	for _, cr := range c.All() {
		mark := s.Marks[cr.ID]
		if mark.NotApply {
			continue
		}
		for _, in := range cr.Inputs {
			if s.Figures[in.Indicator].Value == nil {
				problems.Add(in.Indicator, "emulation.submit.figure", cr.Code, in.Label)
			}
		}
		if cr.Rule.NeedsComment() && mark.SelfReason == "" {
			problems.Add(cr.Code, "emulation.submit.comment", cr.Code)
		}
		if cr.EvidenceRequired && !anyStanding(s.Proofs[cr.ID]) {
			problems.Add(cr.Code, "emulation.submit.evidence", cr.Code, cr.Name)
		}
	}
	return problems.Or()
}

func anyStanding(items []evidence.Item) bool {
	for _, it := range items {
		if it.WithdrawnAt.IsZero() {
			return true
		}
	}
	return false
}

// Done counts the figures that are there and that are asked for.
func (s Sheet) Done(c Criteria) (have, want int) {
	for _, in := range c.Inputs {
		if cr, ok := criterionOf(c, in); ok && s.Marks[cr.ID].NotApply {
			continue
		}
		want++
		if s.Figures[in.Indicator].Value != nil {
			have++
		}
	}
	return have, want
}

func criterionOf(c Criteria, in Input) (Criterion, bool) {
	if in.Criterion == "" {
		return Criterion{}, false
	}
	for _, g := range c.Groups {
		for _, cr := range g.Criteria {
			if cr.ID == in.Criterion {
				return cr, true
			}
		}
	}
	return Criterion{}, false
}

// Cell is one figure as typed, with the version its writer had seen.
type Cell struct {
	Indicator string
	Text      string // "" takes the figure away
	Estimate  bool
	Seen      int64
}

// Conflict is a cell that somebody else changed meanwhile: both values are shown
// and nothing is written.
type Conflict struct {
	Indicator string
	Mine      string
	Theirs    Figure
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
