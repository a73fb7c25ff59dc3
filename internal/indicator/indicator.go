// Package indicator keeps what figures mean: dated definitions, and the series
// that published figures form over the periods.
//
// indicator.go holds the rules, store.go the SQL, service.go the acts that write,
// web.go the pages.
package indicator

import (
	"embed"
	"regexp"
	"time"

	"dongthuan/internal/fault"
)

//go:embed text.json
var Text []byte

//go:embed pages/*.html
var Pages embed.FS

// Definition says what an indicator counts, from a day until the day before To.
type Definition struct {
	Code      string // unaccented words with low lines, "ho_ngheo_cuoi_ky"
	Name      string
	UnitLabel string // đơn vị tính: "hộ", "cuộc"
	Text      string // what is counted, and what is not
	From, To  time.Time
}

var codeForm = regexp.MustCompile(`^[a-z0-9]+(_[a-z0-9]+)*$`)

// Check returns what is wrong with a definition.
func (d Definition) Check() error {
	var problems fault.List
	if !codeForm.MatchString(d.Code) || len(d.Code) > 60 {
		problems.Add("code", "indicator.code.bad", d.Code)
	}
	if d.Name == "" {
		problems.Add("name", "indicator.name.missing", d.Code)
	}
	return problems.Or()
}

// ValidCode reports whether s has the form of an indicator's code.
func ValidCode(s string) bool { return codeForm.MatchString(s) && len(s) <= 60 }

// Point is one published figure of a series.
type Point struct {
	ClusterCode, ClusterName string
	PeriodCode, PeriodName   string
	Ends                     time.Time
	UnitCode, UnitName       string // empty for the whole cluster
	Value                    int64  // thousandths
	To                       string // address that opens the figure down to its evidence
}
