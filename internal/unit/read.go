package unit

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"dongthuan/internal/db"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/lineage"
)

// Format is a kind of file that can be taken in. All are UTF-8, with or without a
// byte order mark; text is brought to NFC and blanks at the ends are dropped.
//
// CSV has commas or semicolons and a first line of column names, in any order and
// in either language:
//
//	list   code,name,kind,parent_code,from,to,basis
//	links  old_code,old_from,new_code,kind,date,basis,share,share_method
//
// A kind of unit is its name here (phuong) or its words (Phường); without the
// column it is read off the name. Days are yyyy-mm-dd or dd/mm/yyyy; "to" is the
// first day no longer in force, and both ends may be left out. A kind of link is
// whole, part, remainder or rename, or toàn bộ, một phần, phần còn lại, đổi tên;
// full and partial are read, too. A share (3/8 or 37,5 %) needs its method.
// old_from is a day on which the old code meant the unit, by default the day
// before. The tables of Hà Nội and of the statistics office are known by their
// own columns.
//
// JSON is the national list, provinces with Code, Name,
// AdministrativeUnitShortName and Wards, or a state of three levels, each unit
// [code, name, kind, ascii, [units below]]. Both are the whole tree on a day.
type Format string

const (
	List     Format = "list"     // units, one a row; others are left as they are
	Links    Format = "links"    // what became of units
	National Format = "national" // the whole tree of provinces and communes on a day
	Snapshot Format = "snapshot" // the whole tree of three levels on a day
)

// Problem is one thing that keeps a file from being taken in.
type Problem struct {
	Line int // 0 where the format has no lines
	Err  *fault.Error
}

type problems []Problem

func (p *problems) add(line int, key string, args ...any) {
	*p = append(*p, Problem{line, fault.New(fault.Invalid, key, args...)})
}

// row is one unit of a file.
type row struct {
	line         int
	code         string
	name         string
	kind         string
	parent       string // code
	parentLevel  int    // 0 where the file does not say: the next level up that has the code
	from, to     string // days
	basis        string
	assumed      bool // the dates are not in the file but known of its kind
	hasNoParents bool // the file does not speak of parents
}

func (r row) level() int { return LevelOf(r.kind) }

// linkRow is one link of a file. A row without a new code says that the source
// does not tell.
type linkRow struct {
	line             int
	old, oldName     string
	oldFrom          string // a day on which the old code meant the unit, "" for the day before
	new, newName     string
	kind             lineage.Kind
	day              string
	basis            string
	shareNum, shares int64
	method           string
}

// file is what was read.
type file struct {
	format Format
	rows   []row
	links  []linkRow
}

// MaxFile is the largest file taken in.
const MaxFile = 16 << 20

// read recognises a file and reads it. on is the day of the state it shows, used
// where the file itself has no dates; links of a file that is both a list and
// links are read where wantLinks is set.
func read(body []byte, on time.Time, wantLinks bool) (file, problems) {
	var p problems
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	switch trimmed := bytes.TrimSpace(body); {
	case len(trimmed) == 0:
		p.add(0, "unit.import.empty")
		return file{}, p
	case !utf8.Valid(body):
		p.add(0, "unit.import.utf8")
		return file{}, p
	case trimmed[0] == '[' || trimmed[0] == '{':
		return readJSON(body, on)
	}
	return readCSV(body, on, wantLinks)
}

// JSON

type node struct {
	code, name, kind string
	below            []node
}

func (n *node) UnmarshalJSON(b []byte) error {
	var parts []json.RawMessage
	if err := json.Unmarshal(b, &parts); err != nil {
		return err
	}
	if len(parts) < 3 {
		return errors.New("a unit has fewer than three fields")
	}
	for i, to := range []any{&n.code, &n.name, &n.kind} {
		if err := json.Unmarshal(parts[i], to); err != nil {
			return err
		}
	}
	if len(parts) > 4 {
		return json.Unmarshal(parts[4], &n.below)
	}
	return nil
}

type nationalUnit struct {
	Code                        string
	Name                        string
	AdministrativeUnitShortName string
	Wards                       []nationalUnit
}

func readJSON(body []byte, on time.Time) (file, problems) {
	var p problems
	if on.IsZero() {
		p.add(0, "unit.import.day")
		return file{}, p
	}
	day := db.Day(on, lang.Vietnam)
	var tree []node
	if json.Unmarshal(body, &tree) == nil && len(tree) > 0 {
		f := file{format: Snapshot}
		for _, n := range tree {
			f.addNode(n, 1, "", day, &p)
		}
		return f, p
	}
	var list []nationalUnit
	err := json.Unmarshal(body, &list)
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		p.add(1+bytes.Count(body[:min(int(syntax.Offset), len(body))], []byte("\n")), "unit.import.json")
		return file{}, p
	case err != nil || len(list) == 0 || list[0].Code == "":
		p.add(0, "unit.import.unknown")
		return file{}, p
	}
	f := file{format: National}
	for _, province := range list {
		f.addJSON(province.Code, province.Name, province.AdministrativeUnitShortName, 1, "", 0, day, &p)
		for _, w := range province.Wards {
			f.addJSON(w.Code, w.Name, w.AdministrativeUnitShortName, LevelCommune, lang.Line(province.Code), LevelProvince, day, &p)
		}
	}
	return f, p
}

func (f *file) addNode(n node, level int, parent, day string, p *problems) {
	if level > LevelCommune {
		p.add(0, "unit.import.deep", n.code)
		return
	}
	f.addJSON(n.code, n.name, n.kind, level, parent, level-1, day, p)
	for _, below := range n.below {
		f.addNode(below, level+1, lang.Line(n.code), day, p)
	}
}

func (f *file) addJSON(code, name, words string, level int, parent string, parentLevel int, day string, p *problems) {
	r := row{code: lang.Line(code), name: lang.Line(name), parent: parent, parentLevel: parentLevel, from: day}
	k, ok := kindOf(words, level)
	switch {
	case r.code == "" || r.name == "":
		p.add(0, "unit.import.blank", r.code, r.name)
	case !ok || k.level != level:
		p.add(0, "unit.import.kind", r.code, words)
	default:
		r.kind = k.name
		f.rows = append(f.rows, r)
	}
}

// kindOf reads a kind by its words or its name. "Thành phố" is of two levels:
// level says which, 0 where it is not known.
func kindOf(words string, level int) (kind, bool) {
	folded := lang.Fold(words)
	if folded == "" {
		return kind{}, false
	}
	for _, k := range kinds {
		if (k.name == words || folded == lang.Fold(k.words)) && (level == 0 || k.level == level || k.name == words) {
			return k, true
		}
	}
	return kind{}, false
}

// splitName takes the kind off a full name: "Phường Ba Đình".
func splitName(full string, level int) (kind, string, bool) {
	words := strings.Fields(lang.Line(full))
	for n := min(3, len(words)-1); n > 0; n-- {
		if k, ok := kindOf(strings.Join(words[:n], " "), level); ok {
			return k, strings.Join(words[n:], " "), true
		}
	}
	return kind{}, "", false
}

// CSV

// columns of the documented formats, by the folded names they may have.
var columns = map[string][]string{
	"code":    {"code", "ma", "ma don vi"},
	"name":    {"name", "ten", "ten don vi"},
	"kind":    {"kind", "type", "loai", "cap"},
	"parent":  {"parent code", "ma qh", "ma cap tren"},
	"upper":   {"ma tp"},
	"from":    {"from", "valid from", "tu ngay"},
	"to":      {"to", "valid to", "den ngay"},
	"basis":   {"basis", "can cu"},
	"old":     {"old code", "ma cu"},
	"oldFrom": {"old from", "ma cu tu ngay"},
	"new":     {"new code", "ma moi"},
	"date":    {"date", "ngay"},
	"share":   {"share", "ty le"},
	"method":  {"share method", "cach tinh"},
}

// table is a CSV file by column.
type table struct {
	column map[string]int // folded header → index
	lines  [][]string
	at     []int // line numbers
	width  int   // of the first line
}

func (t table) has(names ...string) bool {
	for _, n := range names {
		if _, ok := t.column[n]; !ok {
			return false
		}
	}
	return true
}

func (t table) get(row int, name string) string {
	i, ok := t.column[name]
	if !ok || i >= len(t.lines[row]) {
		return ""
	}
	return lang.Line(t.lines[row][i])
}

// field reads a column of the documented formats.
func (t table) field(row int, name string) string {
	for _, alias := range columns[name] {
		if _, ok := t.column[alias]; ok {
			return t.get(row, alias)
		}
	}
	return ""
}

func (t table) hasField(name string) bool {
	return slices.ContainsFunc(columns[name], func(alias string) bool { return t.has(alias) })
}

func readTable(body []byte) (table, problems) {
	var p problems
	t := table{column: map[string]int{}}
	first, _, _ := bytes.Cut(body, []byte("\n"))
	r := csv.NewReader(bytes.NewReader(body))
	if bytes.Count(first, []byte(";")) > bytes.Count(first, []byte(",")) {
		r.Comma = ';'
	}
	r.FieldsPerRecord = -1
	for {
		record, err := r.Read()
		if err == io.EOF {
			break
		}
		var bad *csv.ParseError
		if errors.As(err, &bad) {
			p.add(bad.Line, "unit.import.csv")
			return t, p
		}
		line, _ := r.FieldPos(0)
		if len(t.column) == 0 {
			t.width = len(record)
			for i, h := range record {
				if h = lang.Fold(h); h != "" {
					t.column[h] = i
				}
			}
			continue
		}
		if len(record) == 1 && lang.Line(record[0]) == "" {
			continue
		}
		if len(record) > t.width && strings.Join(record[t.width:], "") != "" {
			p.add(line, "unit.import.wide", len(record), t.width)
			continue
		}
		t.lines, t.at = append(t.lines, record), append(t.at, line)
	}
	return t, p
}

// reorganised is the day the district level ended: the files of Hà Nội's old
// units speak of the time before it, those of its new units of the time from it.
const reorganised = "2025-07-01"

// hanoi is the code of the city that the files of Hà Nội speak of.
const hanoi = "01"

func readCSV(body []byte, on time.Time, wantLinks bool) (file, problems) {
	t, p := readTable(body)
	if len(p) > 0 {
		return file{}, p
	}
	day := ""
	if !on.IsZero() {
		day = db.Day(on, lang.Vietnam)
	}
	read := csvReader{table: t, day: day, problems: &p}
	var f file
	switch {
	case t.has("old ward code", "old ward", "new code", "new unit", "kind") && wantLinks:
		f = read.hanoiLinks("old ward code", "old ward", "")
	case t.has("old ward code", "old ward", "old district code"):
		f = read.hanoiOld()
	case t.has("ward code", "still exists 2025 06 30", "new code", "kind") && wantLinks:
		f = read.hanoiLinks("ward code", "name 2025 06 30", "ward type 2019")
	case t.has("ward code", "ward 2019", "district code", "still exists 2025 06 30"):
		f = read.hanoiWards()
	case t.has("new code", "new unit", "old units"):
		f = read.hanoiNew()
	case t.has("district code", "district name", "wards 2019 10"):
		f = read.hanoiDistricts("district code", "district name", "")
	case t.has("code", "name", "type", "units 2019 10"):
		f = read.hanoiDistricts("code", "name", "type")
	case t.hasField("old") && t.hasField("new") && t.hasField("kind"):
		f = read.links()
	case t.hasField("code") && t.hasField("name"):
		f = read.list()
	default:
		p.add(1, "unit.import.unknown")
		return file{}, p
	}
	if len(t.lines) == 0 {
		p.add(1, "unit.import.norows")
	}
	return f, p
}

type csvReader struct {
	table
	day string
	*problems
}

// date reads a day of a column; an empty one is the fallback.
func (r csvReader) date(i int, name, fallback string) string {
	text := r.field(i, name)
	if text == "" {
		return fallback
	}
	d, err := lang.ParseDate(text)
	if err != nil {
		*r.problems = append(*r.problems, Problem{r.at[i], fault.All(err)[0]})
		return ""
	}
	return db.Day(d, lang.Vietnam)
}

func (r csvReader) list() file {
	f := file{format: List}
	hasParents := r.hasField("parent") || r.hasField("upper")
	for i, line := range r.at {
		u := row{line: line, code: r.field(i, "code"), name: r.field(i, "name"), parent: r.field(i, "parent"), basis: r.field(i, "basis"), hasNoParents: !hasParents}
		if u.parent == "" {
			u.parent = r.field(i, "upper")
		}
		bad := len(*r.problems)
		u.from, u.to = r.date(i, "from", r.day), r.date(i, "to", "")
		if len(*r.problems) > bad {
			continue
		}
		k, ok := kindOf(r.field(i, "kind"), 0)
		// "Thành phố" with a parent is a city below a province.
		if ok && k.name == City && u.parent != "" {
			k, ok = kindNamed(ProvinceCity)
		}
		if !r.hasField("kind") {
			k, u.name, ok = splitName(u.name, 0)
		} else if _, rest, split := splitName(u.name, k.level); ok && split && lang.Fold(k.words+" "+rest) == lang.Fold(u.name) {
			u.name = rest
		}
		switch {
		case u.name == "":
			r.add(line, "unit.import.blank", u.code, r.field(i, "name"))
		case u.code == "" && (!ok || k.level <= LevelCommune):
			r.add(line, "unit.import.blank", u.code, u.name)
		case !ok:
			r.add(line, "unit.import.kind", u.code, r.field(i, "kind"))
		case !codeForm.MatchString(u.code) && u.code != "" || len(u.code) > 20:
			r.add(line, "unit.code.bad", u.code)
		case u.from == "":
			r.add(line, "unit.import.nofrom", u.code)
		case u.to != "" && u.to <= u.from:
			r.add(line, "unit.import.period", u.code)
		default:
			u.kind = k.name
			f.rows = append(f.rows, u)
		}
	}
	return f
}

func (r csvReader) links() file {
	f := file{format: Links}
	for i, line := range r.at {
		l := linkRow{line: line, old: r.field(i, "old"), new: r.field(i, "new"), basis: r.field(i, "basis"), method: r.field(i, "method")}
		bad := len(*r.problems)
		l.oldFrom, l.day = r.date(i, "oldFrom", ""), r.date(i, "date", r.day)
		if len(*r.problems) > bad {
			continue
		}
		var ok bool
		l.kind, ok = linkKind(r.field(i, "kind"))
		share := r.field(i, "share")
		var shareOK bool
		l.shareNum, l.shares, shareOK = readShare(share)
		switch {
		case l.old == "" || l.new == "":
			r.add(line, "unit.import.blank", l.old, l.new)
		case !ok:
			r.add(line, "unit.import.linkkind", r.field(i, "kind"))
		case l.day == "":
			r.add(line, "unit.import.nofrom", l.old)
		case !shareOK:
			r.add(line, "unit.import.share", share)
		case (share == "") != (l.method == ""):
			r.add(line, "unit.import.method", l.old)
		default:
			f.links = append(f.links, l)
		}
	}
	return f
}

// readShare reads a fraction "3/8" or a percentage "37,5 %"; nothing is no share.
func readShare(text string) (num, den int64, ok bool) {
	if text == "" {
		return 0, 0, true
	}
	if a, b, found := strings.Cut(text, "/"); found {
		n, err1 := strconv.ParseInt(strings.TrimSpace(a), 10, 64)
		d, err2 := strconv.ParseInt(strings.TrimSpace(b), 10, 64)
		return n, d, err1 == nil && err2 == nil && n >= 0 && d > 0 && n <= d
	}
	percent, found := strings.CutSuffix(text, "%")
	if !found {
		return 0, 0, false
	}
	n, err := lang.ParseFigure(percent)
	return n, 100 * lang.Unit, err == nil && n >= 0 && n <= 100*lang.Unit
}

func linkKind(words string) (lineage.Kind, bool) {
	switch lang.Fold(words) {
	case "whole", "full", "toan bo":
		return lineage.Whole, true
	case "part", "partial", "mot phan":
		return lineage.Part, true
	case "remainder", "phan con lai":
		return lineage.Remainder, true
	case "rename", "doi ten":
		return lineage.Rename, true
	}
	return "", false
}

// hanoiLinks reads the links of Hà Nội's old units. Rows without a new unit are
// units whose way the source does not tell.
func (r csvReader) hanoiLinks(code, name, kindColumn string) file {
	f := file{format: Links}
	day := r.day
	if day == "" {
		day = reorganised
	}
	for i, line := range r.at {
		l := linkRow{line: line, old: r.get(i, code), oldName: r.get(i, name), new: r.get(i, "new code"), newName: r.get(i, "new unit"), day: day}
		if kindColumn != "" && l.oldName != "" {
			l.oldName = r.get(i, kindColumn) + " " + l.oldName
		}
		var ok bool
		if l.kind, ok = linkKind(r.get(i, "kind")); !ok && l.new != "" {
			r.add(line, "unit.import.linkkind", r.get(i, "kind"))
			continue
		}
		f.links = append(f.links, l)
	}
	return f
}

// city is the row of Hà Nội itself, for files that name only what is below it.
func (r csvReader) city() row {
	return row{code: hanoi, name: "Hà Nội", kind: City, from: r.day, assumed: true}
}

// needDay reports whether the day of a file without dates is given.
func (r csvReader) needDay() bool {
	if r.day == "" {
		r.add(0, "unit.import.day")
	}
	return r.day != ""
}

func (r csvReader) unit(i int, code, name, words string, level int, parent string, to string) (row, bool) {
	u := row{line: r.at[i], code: code, name: name, parent: parent, parentLevel: level - 1, from: r.day, to: to, assumed: true}
	k, ok := kindOf(words, level)
	if words == "" {
		k, u.name, ok = splitName(name, level)
	}
	if code == "" || name == "" {
		r.add(r.at[i], "unit.import.blank", code, name)
		return u, false
	}
	if !ok || k.level != level {
		r.add(r.at[i], "unit.import.kind", code, words)
		return u, false
	}
	u.kind = k.name
	return u, true
}

func (r csvReader) hanoiDistricts(code, name, kindColumn string) file {
	f := file{format: List}
	if !r.needDay() {
		return f
	}
	f.rows = append(f.rows, r.city())
	for i := range r.at {
		words := "Quận"
		if kindColumn != "" {
			words = r.get(i, kindColumn)
		}
		if u, ok := r.unit(i, r.get(i, code), r.get(i, name), words, LevelDistrict, hanoi, reorganised); ok {
			f.rows = append(f.rows, u)
		}
	}
	return f
}

func (r csvReader) hanoiNew() file {
	f := file{format: List}
	if r.day == "" {
		r.day = reorganised
	}
	f.rows = append(f.rows, r.city())
	for i := range r.at {
		if u, ok := r.unit(i, r.get(i, "new code"), r.get(i, "new unit"), "", LevelCommune, hanoi, ""); ok {
			u.parentLevel = LevelProvince
			f.rows = append(f.rows, u)
		}
	}
	return f
}

// once adds a unit that a file names in several rows.
func (f *file) once(seen map[string]bool, u row) {
	if key := strconv.Itoa(u.level()) + u.code; !seen[key] {
		seen[key] = true
		f.rows = append(f.rows, u)
	}
}

func (r csvReader) hanoiOld() file {
	f := file{format: List}
	if !r.needDay() {
		return f
	}
	f.rows = append(f.rows, r.city())
	seen := map[string]bool{}
	for i := range r.at {
		district := r.get(i, "old district code")
		if u, ok := r.unit(i, district, r.get(i, "old district"), r.get(i, "old type"), LevelDistrict, hanoi, reorganised); ok {
			f.once(seen, u)
		}
		if u, ok := r.unit(i, r.get(i, "old ward code"), r.get(i, "old ward"), "", LevelCommune, district, reorganised); ok {
			f.once(seen, u)
		}
	}
	return f
}

func (r csvReader) hanoiWards() file {
	f := file{format: List}
	if !r.needDay() {
		return f
	}
	f.rows = append(f.rows, r.city())
	seen := map[string]bool{}
	for i := range r.at {
		district := r.get(i, "district code")
		if u, ok := r.unit(i, district, r.get(i, "district 2019"), "Quận", LevelDistrict, hanoi, reorganised); ok {
			f.once(seen, u)
		}
		// A ward that is gone by 30/06/2025 ended before; the file does not say when.
		to := reorganised
		if r.get(i, "still exists 2025 06 30") == "no" {
			to = "2025-06-30"
		}
		if u, ok := r.unit(i, r.get(i, "ward code"), r.get(i, "ward 2019"), r.get(i, "ward type 2019"), LevelCommune, district, to); ok {
			f.once(seen, u)
		}
	}
	return f
}
