// Package report compiles the review report of a cluster's period: text whose
// numbers are fields bound to frozen figures, the units' own paragraphs with their
// source, key tasks, annexes. One compiled report becomes the page, the Word
// files in both official layouts, the workbook and the data.
//
// report.go and compile.go hold the rules, store.go the SQL, service.go the acts
// that write, web.go the pages, export.go the files.
package report

import (
	"embed"
	"fmt"
	"slices"
	"strings"
	"time"

	"dongthuan/internal/cluster"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
)

//go:embed text.json
var Text []byte

//go:embed pages/*.html
var Pages embed.FS

// State of a report.
type State string

const (
	Draft     State = "draft"
	Published State = "published"
)

// Report is a review report of one period.
type Report struct {
	ID, Slug            string
	PeriodID, ClusterID string
	Title, Abstract     string
	State               State
	Version             int64 // of the published text; 0 before the first
	Letter              Letter
	MadeAt, PublishedAt time.Time
	Sections            map[string]Section
	Picks               []Pick
	Tasks               []Task
}

// Letter is what stands around the text in the official layouts.
type Letter struct {
	Place   string            `json:"place"`
	Date    string            `json:"date"` // yyyy-mm-dd
	Lead    string            `json:"lead"`
	Layouts map[string]Office `json:"layouts"` // by layout: "nd30", "dang-05hd"
}

// Office is who issues the report, as one layout writes it.
type Office struct {
	Number     string   `json:"number"` // "01/BC-CTĐ"
	Superior   string   `json:"superior"`
	Issuer     string   `json:"issuer"`
	Authority  string   `json:"authority"` // "TM. CỤM THI ĐUA SỐ 3"
	Title      string   `json:"title"`     // "CỤM TRƯỞNG"
	Signer     string   `json:"signer"`    // an office, no name
	Addressee  string   `json:"addressee"`
	Recipients []string `json:"recipients"`
}

// Section is one part of the text. Generated is what the program last composed;
// where Body differs from it, a person has written, and composing anew leaves
// Body alone.
type Section struct {
	Code, Body, Generated string
	Version               int64
	Office                string
	At                    time.Time
}

// Edited reports whether a person has changed the section.
func (s Section) Edited() bool { return s.Body != s.Generated }

// Pick is a unit's own paragraph taken into a section, as it was then.
type Pick struct {
	ID, Section, UnitID, Body string
}

// Task is a line of the key tasks table.
type Task struct {
	Task    string `json:"task"`
	Lead    string `json:"lead"`
	With    string `json:"with"`
	Due     string `json:"due"`
	Product string `json:"product"`
}

// Part is a place in the section tree of a review report.
type Part struct {
	Code    string `json:"code"`    // "1.3"; of a heading without text of its own, "I"
	Level   int    `json:"level"`   // 1 or 2
	Ordinal string `json:"ordinal"` // "I", "3"; "" for the opening
	Key     string `json:"key"`     // of its words in text.json
}

// Tree is the section tree, in order.
var Tree = []Part{
	{"0", 1, "", "report.part.0"},
	{"I", 1, "I", "report.part.I"},
	{"1.1", 2, "1", "report.part.1.1"}, {"1.2", 2, "2", "report.part.1.2"}, {"1.3", 2, "3", "report.part.1.3"},
	{"1.4", 2, "4", "report.part.1.4"}, {"1.5", 2, "5", "report.part.1.5"}, {"1.6", 2, "6", "report.part.1.6"}, {"1.7", 2, "7", "report.part.1.7"},
	{"II", 1, "II", "report.part.II"},
	{"2.1", 2, "1", "report.part.2.1"}, {"2.2", 2, "2", "report.part.2.2"}, {"2.3", 2, "3", "report.part.2.3"}, {"2.4", 2, "4", "report.part.2.4"},
	{"3", 1, "III", "report.part.3"},
	{"4", 1, "IV", "report.part.4"},
}

// Written reports whether a part has text of its own.
func (p Part) Written() bool { return p.Code != "I" && p.Code != "II" }

func known(code string) bool {
	return slices.ContainsFunc(Tree, func(p Part) bool { return p.Code == code && p.Written() })
}

// Source is everything frozen that a report may show, handed over by the room
// that keeps it.
type Source struct {
	Cluster    cluster.Cluster
	Period     cluster.Period
	LastName   string // of the period before, "" where there is none
	Path       string // public address of the period
	Indicators []Indicator
	Groups     []Group
	Criteria   []Criterion
	Units      []Unit // best first
}

// Indicator is a figure of the source.
type Indicator struct {
	Code, Label, UnitLabel string
}

// Group of criteria; Max is in tenths.
type Group struct {
	Code string `json:"code"`
	Name string `json:"name"`
	Max  int64  `json:"max"`
}

// Criterion and the indicators it takes, in order. Ratio says that the first two
// are a numerator and its denominator.
type Criterion struct {
	Group, Code, Name string
	Inputs            []string
	Ratio             bool
}

// Unit is one unit's frozen figures (thousandths), points (tenths) and texts.
type Unit struct {
	ID, Code, Name string
	HandedIn       bool
	Values, Last   map[string]int64
	Rank           int
	Groups         []int64
	Base, Bonus    int64
	Deduction      int64
	Total          int64
	Class          string
	Paragraphs     map[string]string
}

// Missing names the units that handed nothing in.
func (s Source) Missing() []string {
	names := []string{}
	for _, u := range s.Units {
		if !u.HandedIn {
			names = append(names, u.Name)
		}
	}
	return names
}

func (s Source) indicator(code string) (Indicator, bool) {
	i := slices.IndexFunc(s.Indicators, func(in Indicator) bool { return in.Code == code })
	if i < 0 {
		return Indicator{}, false
	}
	return s.Indicators[i], true
}

func (s Source) unit(code string) (Unit, bool) {
	i := slices.IndexFunc(s.Units, func(u Unit) bool { return u.Code == code })
	if i < 0 {
		return Unit{}, false
	}
	return s.Units[i], true
}

// Sum adds an indicator up over all units, and over the period before. Only
// numerators and denominators are summed, never percentages.
func (s Source) Sum(code string) (now, last int64, hasNow, hasLast bool) {
	for _, u := range s.Units {
		if v, ok := u.Values[code]; ok {
			now, hasNow = now+v, true
		}
		if v, ok := u.Last[code]; ok {
			last, hasLast = last+v, true
		}
	}
	return now, last, hasNow, hasLast
}

// Generate composes the text of a section from the source: a sentence for each
// criterion of the group that belongs to the section, its numbers as fields. A
// section that no group belongs to is left for people to write.
func Generate(s Source, code string) string {
	at := slices.Index([]string{"1.1", "1.2", "1.3", "1.4", "1.6", "1.7"}, code)
	switch {
	case code == "0":
		var b strings.Builder
		fmt.Fprintf(&b, "%s gồm %d đơn vị.", s.Cluster.Name, len(s.Units))
		if missing := s.Missing(); len(missing) > 0 {
			fmt.Fprintf(&b, " Đến thời điểm chốt số liệu chưa có số liệu của: %s.", strings.Join(missing, ", "))
		}
		return b.String()
	case at < 0 || at >= len(s.Groups):
		return ""
	}
	var lines []string
	for _, c := range s.Criteria {
		if c.Group != s.Groups[at].Code || len(c.Inputs) == 0 {
			continue
		}
		if c.Ratio {
			lines = append(lines, fmt.Sprintf("%s: [[%s]]/[[%s]], đạt [[%s/%s]].", c.Name, c.Inputs[0], c.Inputs[1], c.Inputs[0], c.Inputs[1]))
			continue
		}
		var parts []string
		for _, in := range c.Inputs {
			label, _ := s.indicator(in)
			parts = append(parts, fmt.Sprintf("%s [[%s]] %s", lang.InSentence(label.Label), in, label.UnitLabel))
		}
		lines = append(lines, c.Name+": "+strings.Join(parts, "; ")+".")
	}
	return strings.Join(lines, "\n\n")
}

// checkLayout returns the office of a layout.
func (l Letter) office(layout string) Office { return l.Layouts[layout] }

// Check returns what a report lacks before it can be published.
func (r Report) Check(s Source) error {
	var problems fault.List
	for _, p := range Tree {
		for _, bad := range badFields(s, r.Sections[p.Code].Body) {
			problems.Add(p.Code, "report.field.bad", p.Code, bad)
		}
	}
	if r.Letter.Lead == "" {
		problems.Add("lead", "report.lead.missing")
	}
	return problems.Or()
}
