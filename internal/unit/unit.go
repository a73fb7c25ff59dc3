// Package unit is the registry of administrative units, residential groups and
// offices: their dated names, codes and parents, and what became of them. A unit
// is the same for ever; what it is called, and where it belongs, has a date.
//
// unit.go holds the rules, read.go the file formats, plan.go what taking a file
// in changes, store.go the SQL, service.go and service_import.go the acts, web.go
// the public pages and web_manage.go those of the operator.
package unit

import (
	"embed"
	"regexp"
	"strings"
	"time"

	"dongthuan/internal/db"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/lineage"
)

//go:embed text.json
var Text []byte

//go:embed pages/*.html
var Pages embed.FS

// Kinds of units.
const (
	Province     = "tinh"
	City         = "thanh_pho" // directly under the centre
	District     = "quan"
	RuralDist    = "huyen"
	Town         = "thi_xa"
	ProvinceCity = "thanh_pho_tinh" // a city below a province or a city
	Ward         = "phuong"
	Commune      = "xa"
	Township     = "thi_tran"
	SpecialZone  = "dac_khu"
	Group        = "to_dan_pho"
	Village      = "thon"
	Office       = "co_quan"
)

// Level of a unit in the tree. A code is unique within a level on one day.
const (
	LevelProvince = 1
	LevelDistrict = 2 // ended on 01/07/2025
	LevelCommune  = 3
	LevelGroup    = 4
	LevelOffice   = 5
)

type kind struct {
	name  string
	level int
	words string // before the name, as the law writes it
}

// kinds in the order a form offers them. A name that begins with the words of a
// kind is read by the longest words first.
var kinds = []kind{
	{Ward, LevelCommune, "Phường"}, {Commune, LevelCommune, "Xã"}, {SpecialZone, LevelCommune, "Đặc khu"}, {Township, LevelCommune, "Thị trấn"},
	{Group, LevelGroup, "Tổ dân phố"}, {Village, LevelGroup, "Thôn"}, {"ap", LevelGroup, "Ấp"}, {"ban", LevelGroup, "Bản"}, {"khu_pho", LevelGroup, "Khu phố"},
	{Office, LevelOffice, ""},
	{Province, LevelProvince, "Tỉnh"}, {City, LevelProvince, "Thành phố"},
	{District, LevelDistrict, "Quận"}, {RuralDist, LevelDistrict, "Huyện"}, {Town, LevelDistrict, "Thị xã"}, {ProvinceCity, LevelDistrict, "Thành phố"},
}

// Kinds are the names of all kinds, those of today's commune level first.
func Kinds() []string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = k.name
	}
	return names
}

func kindNamed(name string) (kind, bool) {
	for _, k := range kinds {
		if k.name == name {
			return k, true
		}
	}
	return kind{}, false
}

// LevelOf is the level of a kind, zero for one that does not exist.
func LevelOf(name string) int {
	k, _ := kindNamed(name)
	return k.level
}

// Unit is a unit as it is on one day.
type Unit struct {
	ID, Name, Kind, Code string
	ParentID             string // "" where it has none
	From, To             time.Time
	Basis                string // the legal document, "" where it is not known
	// Listed is true where the dates are those of a list taken in: the unit stood
	// in it then; the day of the legal change may be an earlier one.
	Listed bool
	// Import is the list that this version came with, "" where it came singly.
	Import string
	// Nearest is true where no version holds on the day asked for, and this is the
	// one next to it.
	Nearest bool

	search string // folded full name and code, each word after a blank
}

// FullName is the kind and the name: "Phường Cầu Mây".
func (u Unit) FullName() string {
	k, _ := kindNamed(u.Kind)
	if k.words == "" {
		return u.Name
	}
	return k.words + " " + u.Name
}

// Level of the unit in the tree.
func (u Unit) Level() int { return LevelOf(u.Kind) }

// On reports whether this version holds at time t.
func (u Unit) On(t time.Time) bool { return u.span().Holds(db.Day(t, lang.Vietnam)) }

// Address is the unit's page today, by its id where it has no code.
func (u Unit) Address() string {
	if u.Code == "" {
		return "/don-vi/" + u.ID
	}
	return "/don-vi/" + u.Code
}

// AddressOn is the unit's page on a day.
func (u Unit) AddressOn(t time.Time) string { return u.Address() + "?ngay=" + db.Day(t, lang.Vietnam) }

func (u Unit) span() lineage.Span {
	return lineage.Span{From: db.Day(u.From, lang.Vietnam), To: db.Day(u.To, lang.Vietnam)}
}

// searchText is what a unit is found by.
func searchText(fullName, code string) string { return " " + lang.Fold(fullName+" "+code) + " " }

// Draft is what is registered: a new unit, or a new version of one.
type Draft struct {
	Name, Kind, Code, ParentID string
	From, To                   time.Time // days; To is zero for an open end
	Basis                      string
}

var codeForm = regexp.MustCompile(`^[A-Za-z0-9]+([.-][A-Za-z0-9]+)*$`)

// Clean returns the draft with its text as it is kept, and what is wrong with it.
func (d Draft) Clean() (Draft, error) {
	d.Name, d.Code, d.Basis = lang.Line(d.Name), lang.Line(d.Code), lang.Line(d.Basis)
	var problems fault.List
	if lang.Fold(d.Name) == "" {
		problems.Add("name", "unit.name.missing")
	} else if len([]rune(d.Name)) > 120 {
		problems.Add("name", "unit.name.long", 120)
	}
	level := LevelOf(d.Kind)
	if level == 0 {
		problems.Add("kind", "unit.kind.missing")
	}
	switch {
	case d.Code == "" && level > 0 && level <= LevelCommune:
		problems.Add("code", "unit.code.missing")
	case d.Code != "" && (!codeForm.MatchString(d.Code) || len(d.Code) > 20):
		problems.Add("code", "unit.code.bad", d.Code)
	}
	if d.From.IsZero() {
		problems.Add("from", "unit.from.missing")
	}
	if !d.To.IsZero() && db.Day(d.To, lang.Vietnam) <= db.Day(d.From, lang.Vietnam) {
		problems.Add("to", "unit.to.bad")
	}
	if len([]rune(d.Basis)) > 300 {
		problems.Add("basis", "unit.basis.long", 300)
	}
	return d, problems.Or()
}

func (d Draft) version() Unit {
	return Unit{Name: d.Name, Kind: d.Kind, Code: d.Code, ParentID: d.ParentID, From: d.From, To: d.To, Basis: d.Basis}
}

// Link is what became of a unit, or of a part of it, on a day.
type Link struct {
	ID          string
	From, To    Unit // as they stood: From the day before, To on the day
	Kind        lineage.Kind
	Day         time.Time
	Basis       string
	ShareNum    int64 // zero of zero where nobody gave a share
	ShareDen    int64
	ShareMethod string
}

// Before is the day before the link, on which From still stood.
func (l Link) Before() time.Time { return l.Day.AddDate(0, 0, -1) }

// LinkDraft is a link to register.
type LinkDraft struct {
	From, To           string // unit ids
	Kind               lineage.Kind
	Day                time.Time
	Basis              string
	ShareNum, ShareDen int64
	ShareMethod        string
}

// Clean returns the link with its text as it is kept, and what is wrong with it.
func (d LinkDraft) Clean() (LinkDraft, error) {
	d.Basis, d.ShareMethod = lang.Line(d.Basis), lang.Line(d.ShareMethod)
	var problems fault.List
	if d.From == "" {
		problems.Add("from", "unit.link.from.missing")
	}
	if d.To == "" {
		problems.Add("to", "unit.link.to.missing")
	} else if d.To == d.From {
		problems.Add("to", "unit.link.self")
	}
	if !d.Kind.Known() {
		problems.Add("kind", "unit.link.kind.missing")
	}
	if d.Day.IsZero() {
		problems.Add("day", "unit.from.missing")
	}
	switch given := d.ShareNum != 0 || d.ShareDen != 0; {
	case given && (d.ShareDen <= 0 || d.ShareNum < 0 || d.ShareNum > d.ShareDen || d.Kind != lineage.Part && d.Kind != lineage.Remainder):
		problems.Add("share", "unit.link.share.bad")
	case given && d.ShareMethod == "":
		problems.Add("method", "unit.link.method.missing")
	case !given && d.ShareMethod != "":
		problems.Add("share", "unit.link.share.missing")
	}
	return d, problems.Or()
}

// Held is one unit that had a code, and when.
type Held struct {
	Unit     // its last version under the code
	From, To time.Time
}

// holders joins the versions that had a code into units, the oldest first.
func holders(versions []Unit) []Held {
	var all []Held
	for _, v := range versions {
		found := false
		for i := range all {
			if all[i].ID == v.ID {
				all[i].Unit, all[i].To, found = v, v.To, true
			}
		}
		if !found {
			all = append(all, Held{v, v.From, v.To})
		}
	}
	return all
}

// Ambiguous reports whether a code needs a date: it has meant units of different
// names. A unit that was set up anew under its old name is found without one.
func Ambiguous(versions []Unit) bool {
	names := map[string]bool{}
	for _, h := range holders(versions) {
		names[lang.Fold(h.FullName())] = true
	}
	return len(names) > 1
}

// Resolved is where a unit of one day is on another.
type Resolved struct {
	Units []ResolvedUnit
	// Untold are units at which the trail is lost: no source says what became of
	// them. Where it is empty and Units is not, the answer is complete as far as
	// the sources go.
	Untold []Unit
}

// ResolvedUnit is one unit of the answer.
type ResolvedUnit struct {
	Unit
	Whole              bool  // all of the unit asked about lies in this one
	ShareNum, ShareDen int64 // zero of zero where no one gave it
}

// rank orders what a search found: names spelled as the text is, then the same
// without accents, then names that begin with the text, then the rest.
func rank(u Unit, text, folded string) int {
	name, full := lang.Fold(u.Name), lang.Fold(u.FullName())
	switch {
	case strings.EqualFold(u.Name, text) || strings.EqualFold(u.FullName(), text) || strings.EqualFold(u.Code, text):
		return 0
	case name == folded || full == folded:
		return 1
	case strings.HasPrefix(name, folded) || strings.HasPrefix(full, folded):
		return 2
	}
	return 3
}
