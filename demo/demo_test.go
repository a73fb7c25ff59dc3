package demo

import (
	"encoding/json"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"dongthuan/internal/score"

	"golang.org/x/text/unicode/norm"
)

type criteria struct {
	Groups []struct {
		Code, Max string
		Criteria  []struct {
			Code, Max, Rule string
			Inputs          []struct {
				Indicator, Label, Unit string
				Kind                   score.Role
			}
			MayNotApply bool `json:"may_not_apply"`
		}
	}
	Bonus struct {
		Cap   string
		Items []item
	}
	Deductions []item
	Classes    []struct{ From, Name string }
	Ties       []string `json:"tie_breakers"`
	Figures    []struct {
		Indicator, Label, Unit, Definition, Criterion string
	}
}

type item struct{ Code, Each, Cap string }

type figures struct {
	Units []sheet
}

type sheet struct {
	Unit     string
	Values   map[string]json.Number
	Previous map[string]json.Number
	Bonus    []struct {
		Item, Reason string
		Cases        int64
	}
	Deductions []struct {
		Item, Reason string
		Cases        int64
	}
	NotApplicable []struct{ Criterion, Reason string } `json:"not_applicable"`
	Void          []struct{ Criterion, Reason string }
	Overrides     []struct {
		Criterion, Self, Cross, Verified, Reason string
		CrossBy                                  string `json:"cross_by"`
	}
}

// published is the consolidated table of the half-year: groups I to VI, base,
// bonus, deduction and total in tenths, class, rank, and the tie-breaker that
// decided the rank.
var published = []struct {
	unit   string
	groups [6]int64
	base   int64
	bonus  int64
	less   int64
	total  int64
	class  string
	tie    string
}{
	{"DV01", [6]int64{145, 185, 235, 135, 140, 95}, 935, 15, 0, 950, "Xuất sắc", ""},
	{"DV02", [6]int64{140, 190, 230, 140, 135, 90}, 925, 20, 5, 940, "Tốt", ""},
	{"DV03", [6]int64{140, 180, 225, 135, 135, 90}, 905, 10, 0, 915, "Tốt", ""},
	{"DV04", [6]int64{135, 180, 220, 130, 130, 90}, 885, 10, 10, 885, "Tốt", "group III"},
	{"DV05", [6]int64{145, 175, 215, 130, 130, 85}, 880, 5, 0, 885, "Tốt", "group III"},
	{"DV06", [6]int64{135, 170, 215, 135, 125, 90}, 870, 10, 5, 875, "Tốt", ""},
	{"DV07", [6]int64{130, 175, 205, 125, 130, 85}, 850, 5, 0, 855, "Tốt", ""},
	{"DV08", [6]int64{140, 165, 200, 125, 120, 85}, 835, 0, 10, 825, "Khá", "group III"},
	{"DV09", [6]int64{135, 165, 195, 120, 120, 85}, 820, 5, 0, 825, "Khá", "group III"},
	{"DV10", [6]int64{130, 160, 190, 130, 120, 80}, 810, 10, 0, 820, "Khá", ""},
	{"DV12", [6]int64{125, 150, 175, 125, 115, 80}, 770, 5, 0, 775, "Khá", ""},
	{"DV11", [6]int64{125, 155, 185, 120, 120, 80}, 785, 0, 20, 765, "Khá", ""},
}

func TestPublishedTable(t *testing.T) {
	var table criteria
	var given figures
	read(t, "criteria-2026.json", &table)
	read(t, "figures-2026-6t.json", &given)

	var classes []score.Class
	for _, c := range table.Classes {
		classes = append(classes, score.Class{From: points(t, c.From), Name: c.Name})
	}
	var ties []score.TieBreaker
	for _, text := range table.Ties {
		tie, err := score.ParseTieBreaker(text)
		if err != nil {
			t.Fatal(err)
		}
		ties = append(ties, tie)
	}
	var rows []score.Row
	overrides := 0
	for _, s := range given.Units {
		rows = append(rows, score.Row{Unit: s.Unit, Sheet: compute(t, table, s)})
		overrides += len(s.Overrides)
	}
	if overrides > 8 {
		t.Errorf("%d overrides, want 8 at most", overrides)
	}
	ranked := score.Rank(rows, ties)
	if len(ranked) != len(published) {
		t.Fatalf("%d units, want %d", len(ranked), len(published))
	}
	for i, want := range published {
		got := ranked[i]
		if got.Unit != want.unit || got.Rank != i+1 || got.Shared || got.DecidedBy.String() != want.tie {
			t.Errorf("place %d = %s, rank %d, by %q, want %s by %q",
				i+1, got.Unit, got.Rank, got.DecidedBy, want.unit, want.tie)
			continue
		}
		for j, g := range got.Total.Groups {
			if g.Points != want.groups[j] {
				t.Errorf("%s group %s = %d, want %d", got.Unit, g.Code, g.Points, want.groups[j])
			}
		}
		if total := got.Total; total.Base != want.base || total.Bonus != want.bonus ||
			total.Deduction != want.less || total.Points != want.total || total.Max != 1000 {
			t.Errorf("%s = %+v, want base %d + %d − %d = %d",
				got.Unit, total, want.base, want.bonus, want.less, want.total)
		}
		if class, _ := score.Classify(classes, got.Total.Capped()); class.Name != want.class {
			t.Errorf("%s is %q, want %q", got.Unit, class.Name, want.class)
		}
	}
}

// compute builds a unit's sheet from its figures alone, and then from what
// verification changed.
func compute(t *testing.T, table criteria, s sheet) score.Sheet {
	t.Helper()
	sheet := score.Sheet{BonusCap: points(t, table.Bonus.Cap)}
	for _, g := range table.Groups {
		group := score.Group{Code: g.Code}
		for _, c := range g.Criteria {
			line := score.Criterion{Code: c.Code, Max: points(t, c.Max)}
			for _, na := range s.NotApplicable {
				line.NotApplicable = line.NotApplicable || na.Criterion == c.Code
			}
			if line.NotApplicable && !c.MayNotApply {
				t.Errorf("%s: %s may not be left out", s.Unit, c.Code)
			}
			for _, v := range s.Void {
				line.Void = line.Void || v.Criterion == c.Code
			}
			rule, err := score.ParseRule(c.Rule, line.Max)
			if err != nil {
				t.Fatalf("%s: %v", c.Code, err)
			}
			var in []score.Input
			for _, i := range c.Inputs {
				in = append(in, input(t, s.Values[i.Indicator]))
			}
			result := rule.Compute(in)
			if !result.OK() && !line.NotApplicable {
				t.Errorf("%s %s: %s", s.Unit, c.Code, result.Cannot)
			}
			line.Points = result.Points
			for _, o := range s.Overrides {
				if o.Criterion != c.Code {
					continue
				}
				line.Points = points(t, o.Verified)
				if self := points(t, o.Self); self == result.Points && line.Points == result.Points {
					t.Errorf("%s %s: the override changes nothing", s.Unit, c.Code)
				}
				if o.Reason == "" || line.Points > line.Max {
					t.Errorf("%s %s: override %+v", s.Unit, c.Code, o)
				}
			}
			group.Criteria = append(group.Criteria, line)
		}
		if group.Max() != points(t, g.Max) {
			t.Errorf("group %s adds up to %d, want %s", g.Code, group.Max(), g.Max)
		}
		sheet.Groups = append(sheet.Groups, group)
	}
	for _, b := range s.Bonus {
		sheet.Bonus = append(sheet.Bonus, cases(t, table.Bonus.Items, b.Item, b.Cases))
	}
	for _, d := range s.Deductions {
		sheet.Deductions = append(sheet.Deductions, cases(t, table.Deductions, d.Item, d.Cases))
	}
	return sheet
}

func cases(t *testing.T, items []item, code string, n int64) score.Item {
	t.Helper()
	for _, i := range items {
		if i.Code != code {
			continue
		}
		result := score.Item{Code: code, Each: points(t, i.Each), Cases: n}
		if i.Cap != "" {
			result.Cap = points(t, i.Cap)
		}
		return result
	}
	t.Fatalf("no item %s", code)
	return score.Item{}
}

func TestClusterSums(t *testing.T) {
	var given figures
	read(t, "figures-2026-6t.json", &given)
	for indicator, want := range map[string]int64{
		"ho":           127_550,
		"ho_ngheo_dau": 291, "ho_ngheo_cuoi": 234,
		"ho_can_ngheo_dau": 657, "ho_can_ngheo_cuoi": 582,
		"tdp_truoc": 318, "tdp_sau": 192,
		"kien_nghi_den_han": 3_297, "kien_nghi_dung_han": 3_170,
		"dvk_dang_ky": 53, "dvk_hieu_qua": 41,
	} {
		sum := int64(0)
		for _, s := range given.Units {
			sum += input(t, s.Values[indicator]).Value
		}
		if sum != want*score.Unit {
			t.Errorf("%s = %d thousandths, want %d whole", indicator, sum, want)
		}
	}
	for _, s := range given.Units {
		for start, end := range map[string]string{"ho_ngheo_dau": "ho_ngheo_cuoi", "ho_can_ngheo_dau": "ho_can_ngheo_cuoi"} {
			if s.Values[start] != s.Previous[end] {
				t.Errorf("%s begins with %s of %s, but the last period ended with %s",
					s.Unit, s.Values[start], start, s.Previous[end])
			}
		}
		for part, whole := range map[string]string{
			"kien_nghi_dung_han": "kien_nghi_den_han", "lay_y_kien_dat": "lay_y_kien_cuoc",
			"doi_thoai_tra_loi": "doi_thoai_y_kien", "gpmb_chi_tra": "gpmb_phe_duyet",
			"gpmb_ban_giao": "gpmb_chi_tra", "ttxd_xu_ly": "ttxd_vi_pham", "dvk_hieu_qua": "dvk_dang_ky",
		} {
			for _, values := range []map[string]json.Number{s.Values, s.Previous} {
				if input(t, values[part]).Value > input(t, values[whole]).Value {
					t.Errorf("%s: %s of %s are more than %s of %s", s.Unit, values[part], part, values[whole], whole)
				}
			}
		}
	}
}

// Rules, inputs and figures speak of the same indicators in the same words, and
// every unit has all of them.
func TestIndicators(t *testing.T) {
	var table criteria
	var given figures
	read(t, "criteria-2026.json", &table)
	read(t, "figures-2026-6t.json", &given)
	words := map[string]string{}
	say := func(code, label, unit string) {
		if said, ok := words[code]; ok && said != label+unit {
			t.Errorf("%s is both %q and %q", code, said, label+unit)
		}
		words[code] = label + unit
	}
	skipped := map[string][]string{}
	for _, g := range table.Groups {
		for _, c := range g.Criteria {
			rule, err := score.ParseRule(c.Rule, points(t, c.Max))
			if err != nil {
				t.Fatalf("%s: %v", c.Code, err)
			}
			var roles, kinds []score.Role
			for _, need := range rule.Inputs() {
				roles = append(roles, need.Role)
			}
			for _, i := range c.Inputs {
				say(i.Indicator, i.Label, i.Unit)
				kinds = append(kinds, i.Kind)
				skipped[c.Code] = append(skipped[c.Code], i.Indicator)
			}
			if !slices.Equal(roles, kinds) {
				t.Errorf("%s reads %v, its inputs are %v", c.Code, roles, kinds)
			}
		}
	}
	for _, f := range table.Figures {
		_, shared := words[f.Indicator]
		say(f.Indicator, f.Label, f.Unit)
		if f.Definition == "" || shared != (f.Criterion != "") {
			t.Errorf("figure %s = %+v", f.Indicator, f)
		}
	}
	for _, s := range given.Units {
		var leave []string
		for _, na := range s.NotApplicable {
			leave = append(leave, skipped[na.Criterion]...)
		}
		for code := range words {
			if input(t, s.Values[code]).Given == slices.Contains(leave, code) {
				t.Errorf("%s: %s is %q", s.Unit, code, s.Values[code])
			}
		}
		for _, values := range []map[string]json.Number{s.Values, s.Previous} {
			for code := range values {
				if words[code] == "" {
					t.Errorf("%s: %s is defined nowhere", s.Unit, code)
				}
			}
		}
	}
}

func TestReportPlaceholders(t *testing.T) {
	var given figures
	read(t, "figures-2026-6t.json", &given)
	units := map[string]sheet{}
	for _, s := range given.Units {
		units[s.Unit] = s
	}
	text, err := Files.ReadFile("report-ht3-2026-6t.json")
	if err != nil {
		t.Fatal(err)
	}
	var note struct{ Placeholders string }
	read(t, "report-ht3-2026-6t.json", &note)
	body := strings.Replace(string(text), note.Placeholders, "", 1)
	found := regexp.MustCompile(`\[\[(.*?)\]\]`).FindAllStringSubmatch(body, -1)
	if len(found) < 40 {
		t.Errorf("%d placeholders, want at least 40", len(found))
	}
	for _, match := range found {
		code, unit, one := strings.Cut(match[1], "@")
		if !one {
			unit = "DV01"
		}
		for _, part := range strings.Split(code, "/") {
			if _, ok := units[unit].Values[part]; !ok {
				t.Errorf("%s stands for nothing", match[0])
			}
		}
	}
}

func TestEvidence(t *testing.T) {
	var table criteria
	read(t, "criteria-2026.json", &table)
	known := map[string]bool{}
	for _, g := range table.Groups {
		for _, c := range g.Criteria {
			known[c.Code] = true
		}
	}
	var all struct {
		Units []struct {
			Unit     string
			Evidence []struct {
				Criterion, Kind, Number, Date, Abstract, Issuer, Name, Type, Title string
				Lines                                                              []string
			}
		}
	}
	read(t, "evidence.json", &all)
	names := map[string]bool{}
	for _, u := range all.Units {
		files := 0
		for _, e := range u.Evidence {
			if !known[e.Criterion] {
				t.Errorf("%s: no criterion %s", u.Unit, e.Criterion)
			}
			if e.Kind == "reference" {
				if _, err := time.Parse(time.DateOnly, e.Date); err != nil || e.Number == "" || e.Abstract == "" || e.Issuer == "" {
					t.Errorf("%s: %+v", u.Unit, e)
				}
				continue
			}
			files++
			if names[e.Name] || !slices.Contains([]string{"pdf", "png", "docx", "xlsx"}, e.Type) ||
				!strings.HasSuffix(e.Name, "."+e.Type) || e.Title == "" || len(e.Lines) == 0 {
				t.Errorf("%s: file %+v", u.Unit, e)
			}
			names[e.Name] = true
		}
		if refs := len(u.Evidence) - files; files != 3 || refs < 8 {
			t.Errorf("%s has %d files and %d references", u.Unit, files, refs)
		}
	}
}

func TestWords(t *testing.T) {
	var told struct {
		Sections map[string]string
		Units    []struct {
			Unit       string
			Paragraphs []struct{ Section, Text string }
		}
	}
	read(t, "paragraphs-2026-6t.json", &told)
	for _, u := range told.Units {
		if n := len(u.Paragraphs); n < 3 || n > 5 {
			t.Errorf("%s has %d paragraphs", u.Unit, n)
		}
		for _, p := range u.Paragraphs {
			if told.Sections[p.Section] == "" || p.Text == "" || strings.ContainsAny(p.Text, "{}[]") {
				t.Errorf("%s %s: %q", u.Unit, p.Section, p.Text)
			}
		}
	}
	var news struct {
		Items []struct{ Slug, Published, Category, Title, Lead, Body, Byline string }
	}
	read(t, "news.json", &news)
	last := time.Date(2026, 11, 20, 8, 0, 0, 0, time.FixedZone("+07", 7*3600))
	for _, n := range news.Items {
		at, err := time.Parse(time.RFC3339, n.Published)
		if err != nil || at.After(last) {
			t.Errorf("%s at %s does not stand in order: %v", n.Slug, n.Published, err)
		}
		last = at
		if n.Slug == "" || n.Category == "" || n.Title == "" || n.Lead == "" || n.Body == "" || n.Byline == "" {
			t.Errorf("%+v lacks something", n)
		}
		if words := len(strings.Fields(n.Body)); strings.HasPrefix(n.Slug, "hoi-nghi") && (words < 500 || words > 800) {
			t.Errorf("%s has %d words, want 500 to 800", n.Slug, words)
		}
	}
}

func TestLineage(t *testing.T) {
	var c struct {
		Units       []struct{ Code string }
		FormerUnits []struct{ Code, Parent string } `json:"former_units"`
		Lineage     []struct{ From, To, Kind string }
	}
	read(t, "cluster.json", &c)
	kinds := map[string][]string{}
	heirs := map[string]bool{}
	for _, l := range c.Lineage {
		kinds[l.From] = append(kinds[l.From], l.Kind)
		heirs[l.To] = true
	}
	for _, u := range c.Units {
		if !heirs[u.Code] {
			t.Errorf("%s comes from nowhere", u.Code)
		}
	}
	for _, u := range c.FormerUnits {
		if u.Parent == "HT" {
			continue // a district: its wards were inherited, not itself
		}
		got := kinds[u.Code]
		slices.Sort(got)
		whole := slices.Equal(got, []string{"whole"})
		split := len(got) > 1 && got[len(got)-1] == "remainder" &&
			len(slices.Compact(slices.Clone(got[:len(got)-1]))) == 1 && got[0] == "part"
		if !whole && !split {
			t.Errorf("%s is inherited as %v, want whole, or parts and one remainder", u.Code, got)
		}
	}
}

// Text is in the composed form throughout, so that hòa equals hòa.
func TestComposed(t *testing.T) {
	names, err := fs.Glob(Files, "*.json")
	if err != nil || len(names) != 10 {
		t.Fatalf("files %v, %v", names, err)
	}
	for _, name := range names {
		text, err := Files.ReadFile(name)
		if err != nil || !norm.NFC.IsNormal(text) {
			t.Errorf("%s is not in NFC, or %v", name, err)
		}
	}
}

func read(t *testing.T, name string, into any) {
	t.Helper()
	text, err := Files.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func points(t *testing.T, text string) int64 {
	t.Helper()
	n, err := score.ParsePoints(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// input reads a figure of the data; a missing one is absent.
func input(t *testing.T, n json.Number) score.Input {
	t.Helper()
	if n == "" {
		return score.Input{}
	}
	whole, frac, _ := strings.Cut(n.String(), ".")
	value, err := json.Number(whole + (frac + "000")[:3]).Int64()
	if err != nil || len(frac) > 3 {
		t.Fatalf("figure %q: %v", n, err)
	}
	return score.Given(value)
}
