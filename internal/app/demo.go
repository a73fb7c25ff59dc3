package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"dongthuan/demo"
	"dongthuan/internal/account"
	"dongthuan/internal/cluster"
	"dongthuan/internal/emulation"
	"dongthuan/internal/evidence"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
	"dongthuan/internal/lineage"
	"dongthuan/internal/news"
	"dongthuan/internal/policy"
	"dongthuan/internal/report"
	"dongthuan/internal/score"
	"dongthuan/internal/unit"
)

// DemoStart is when the demonstration's clock starts.
var DemoStart = time.Date(2026, 11, 20, 8, 0, 0, 0, lang.Vietnam)

// DemoPassword opens every account of the demonstration.
const DemoPassword = "dong-thuan-ha-thanh"

// DemoAccounts are the accounts of the demonstration: a login, the office, and
// the role over a unit's code or the cluster.
var DemoAccounts = []struct {
	Login, Office string
	Role          policy.Role
	Unit          string
}{
	{"chuyenvien", "Chuyên viên Phường Yên Lãng", policy.Clerk, "DV03"},
	{"chuyenvien2", "Chuyên viên Phường Bạch Liên", policy.Clerk, "DV05"},
	{"lanhdao", "Lãnh đạo Phường Yên Lãng", policy.Leader, "DV03"},
	{"thuky", "Thư ký Cụm thi đua số 3", policy.Secretary, ""},
	{"cumtruong", "Cụm trưởng Cụm thi đua số 3", policy.Lead, ""},
	{"cumpho", "Cụm phó Cụm thi đua số 3", policy.Deputy, ""},
	{"captren", "Ban Tuyên giáo và Dân vận Thành ủy Hà Thanh", policy.Superior, ""},
	{"bientap", "Ban biên tập phường Cầu Mây", policy.Editor, ""},
	{"kiemtra", "Kiểm tra viên Cụm thi đua số 3", policy.Auditor, ""},
	{"quantri", "Quản trị hệ thống", policy.Operator, ""},
}

// Clock is a clock that stands still until it runs.
type Clock struct {
	mu      sync.Mutex
	at      time.Time
	started time.Time // zero while it stands
}

// Now is the clock's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.started.IsZero() {
		return c.at
	}
	return c.at.Add(time.Since(c.started))
}

// Set stops the clock at t.
func (c *Clock) Set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at, c.started = t, time.Time{}
}

// Run lets the clock go from t.
func (c *Clock) Run(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at, c.started = t, time.Now()
}

// seeder writes the demonstration data through the same services as people do, so
// that it has its trail and its leaves like everything else.
type seeder struct {
	*App
	ctx     context.Context
	clock   *Clock
	units   map[string]unit.Unit // by the code in the data
	cluster cluster.Cluster
	periods map[string]cluster.Period
	proofs  map[string][]proofData // by unit, read once
	later   []taskEvent            // in order
	meetings
}

// Seed fills an empty database with the demonstration scenario.
func Seed(ctx context.Context, a *App, clock *Clock) error {
	s := &seeder{App: a, ctx: ctx, clock: clock, units: map[string]unit.Unit{}, periods: map[string]cluster.Period{}}
	for _, step := range []struct {
		at time.Time
		do func() error
	}{
		{day("2025-07-01").Add(8 * time.Hour), s.registry},
		{day("2025-07-02").Add(8 * time.Hour), s.accounts},
		{day("2025-12-10").Add(9 * time.Hour), s.lastYear},
		{day("2026-02-06").Add(9 * time.Hour), s.halfYear},
		{day("2026-07-06").Add(10 * time.Hour), s.prepareMeeting},
		{day("2026-07-08").Add(9 * time.Hour), s.halfYearReport},
		{day("2026-07-08").Add(10 * time.Hour), s.republish},
		{day("2026-07-09").Add(7 * time.Hour), s.holdMeeting},
		{day("2026-07-10").Add(9 * time.Hour), s.feedbacks},
		{day("2026-07-14").Add(9 * time.Hour), s.keyTasks},
		{day("2026-07-14").Add(10 * time.Hour), s.concludeMeeting},
		{day("2026-07-20").Add(9 * time.Hour), s.yearChanged},
		{day("2026-08-11").Add(9 * time.Hour), func() error { return s.until(day("2026-11-16")) }},
		{day("2026-11-16").Add(8 * time.Hour), s.thisYear},
		{day("2026-11-16").Add(8*time.Hour + 30*time.Minute), s.crossScoring},
		{day("2026-11-16").Add(9 * time.Hour), func() error { return s.until(day("2026-11-18")) }},
		{day("2026-11-18").Add(9 * time.Hour), s.nextMeetings},
		{day("2026-11-18").Add(10 * time.Hour), func() error { return s.until(day("2026-11-19")) }},
		{day("2026-11-19").Add(7*time.Hour + 5*time.Minute), func() error { return s.remind(s.ctx) }},
		{day("2026-11-19").Add(9 * time.Hour), s.commend},
		{DemoStart.Add(-90 * time.Minute), s.beginMeeting},
		{DemoStart, s.articles},
	} {
		clock.Set(step.at)
		if err := step.do(); err != nil {
			return fmt.Errorf("demonstration data: %w", err)
		}
	}
	return nil
}

func day(s string) time.Time {
	t, err := time.ParseInLocation("2006-01-02", s, lang.Vietnam)
	if err != nil {
		return time.Time{}
	}
	return t
}

// dayAfter is the first day after the last one, as terms keep it.
func dayAfter(s string) time.Time {
	if s == "" {
		return time.Time{}
	}
	return day(s).AddDate(0, 0, 1)
}

func read(name string, v any) error {
	b, err := demo.Files.ReadFile(name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

type unitData struct{ Code, Kind, Name, Parent, From, Until string }

type clusterData struct {
	City struct {
		unitData
	} `json:"city"`
	Units            []unitData
	Former           []unitData `json:"former_units"`
	Lineage          []struct{ From, To, Kind string }
	LineageEffective string `json:"lineage_effective"`
	LineageBasis     string `json:"lineage_basis"`
	Clusters         []struct {
		Code, Name, Superior string
		Closed               bool
		Note                 string
		Units                []unitData
		Members              []struct{ Unit, From, Until string }
		Terms                []struct{ Unit, Role, From, Until string }
		Periods              []struct {
			Code, Name, From, Until, Due, State string
			Trial                               bool
		}
	}
}

var kindOf = map[string]string{"phường": unit.Ward, "xã": unit.Commune, "quận": unit.District, "huyện": unit.RuralDist, "thành phố": unit.City, "thị trấn": unit.Township}

// nameOf takes the kind's words off a name: "Phường Cầu Mây" is the ward Cầu Mây.
func nameOf(u unitData) string {
	prefix := strings.ToUpper(u.Kind[:1]) + u.Kind[1:]
	if u.Kind == "xã" {
		prefix = "Xã"
	}
	return strings.TrimSpace(strings.TrimPrefix(u.Name, prefix))
}

func (s *seeder) register(tx *ledger.Tx, u unitData, parent, basis string) error {
	from := u.From
	if from == "" {
		from = "1990-01-01"
	}
	made, err := s.Units.RegisterTx(s.ctx, tx, unit.Draft{Name: nameOf(u), Kind: kindOf[u.Kind], Code: u.Code, ParentID: parent, From: day(from), To: dayAfter(u.Until), Basis: basis})
	if err != nil {
		return fmt.Errorf("register %s %s: %w", u.Code, u.Name, err)
	}
	s.units[u.Code] = made
	return nil
}

func (s *seeder) registry() error {
	var data clusterData
	if err := read("cluster.json", &data); err != nil {
		return err
	}
	_, err := s.Book.Write(s.ctx, func(tx *ledger.Tx) error {
		city := data.City.unitData
		city.From = ""
		if err := s.register(tx, city, "", ""); err != nil {
			return err
		}
		for _, u := range append(slices.Clone(data.Former), data.Units...) {
			basis := ""
			if u.From != "" {
				basis = data.LineageBasis
			}
			if err := s.register(tx, u, s.units[u.Parent].ID, basis); err != nil {
				return err
			}
		}
		for _, l := range data.Lineage {
			if err := s.Units.LinkTx(s.ctx, tx, unit.LinkDraft{From: s.units[l.From].ID, To: s.units[l.To].ID, Kind: lineage.Kind(l.Kind), Day: day(data.LineageEffective), Basis: data.LineageBasis}); err != nil {
				return fmt.Errorf("link %s → %s: %w", l.From, l.To, err)
			}
		}
		for _, c := range data.Clusters {
			if len(c.Units) > 0 {
				if err := s.register(tx, unitData{Code: "01", Kind: "thành phố", Name: "Thành phố Hà Nội"}, "", ""); err != nil {
					return err
				}
			}
			for _, u := range c.Units {
				if err := s.register(tx, u, s.units["01"].ID, ""); err != nil {
					return err
				}
			}
			members := []cluster.Member{}
			for _, m := range c.Members {
				terms := []cluster.Member{}
				for _, t := range c.Terms {
					if t.Unit == m.Unit {
						terms = append(terms, cluster.Member{UnitID: s.units[m.Unit].ID, Code: m.Unit, Role: cluster.Role(t.Role), Block: blockOf(m.Unit, s.units[m.Unit]), From: day(t.From), To: dayAfter(t.Until)})
					}
				}
				members = append(members, fillTerms(terms, cluster.Member{UnitID: s.units[m.Unit].ID, Code: m.Unit, Role: cluster.Plain, Block: blockOf(m.Unit, s.units[m.Unit]), From: day(m.From), To: dayAfter(m.Until)})...)
			}
			made, err := s.Clusters.CreateTx(s.ctx, tx, cluster.Cluster{Code: c.Code, Name: c.Name, Superior: c.Superior, Basis: c.Note, Closed: c.Closed}, members)
			if err != nil {
				return fmt.Errorf("cluster %s: %w", c.Code, err)
			}
			if c.Code == "ht3" {
				s.cluster = made
			}
		}
		return s.indexUnitsSeed(tx)
	})
	return err
}

// blockOf ranks wards and communes of the demonstration's cluster apart, beside the
// whole.
func blockOf(code string, u unit.Unit) string {
	switch {
	case !strings.HasPrefix(code, "DV"):
		return ""
	case u.Kind == unit.Ward:
		return "Khối phường"
	}
	return "Khối xã"
}

// fillTerms puts plain membership where no other term of the unit runs.
func fillTerms(terms []cluster.Member, whole cluster.Member) []cluster.Member {
	slices.SortFunc(terms, func(a, b cluster.Member) int { return a.From.Compare(b.From) })
	at := whole.From
	var all []cluster.Member
	for _, t := range terms {
		if at.Before(t.From) {
			gap := whole
			gap.From, gap.To = at, t.From
			all = append(all, gap)
		}
		all = append(all, t)
		at = t.To
		if at.IsZero() {
			return all
		}
	}
	if whole.To.IsZero() || at.Before(whole.To) {
		rest := whole
		rest.From = at
		all = append(all, rest)
	}
	return all
}

func (s *seeder) accounts() error {
	// One hash for all: making ten of them would be most of the start.
	secret, err := s.Accounts.Prepare(s.ctx, DemoPassword)
	if err != nil {
		return err
	}
	_, err = s.Book.Write(s.ctx, func(tx *ledger.Tx) error {
		for _, a := range DemoAccounts {
			role := account.Role{Role: a.Role, From: day("2025-07-01")}
			switch a.Role.Scope() {
			case policy.OfUnit:
				role.Unit = s.units[a.Unit].ID
			case policy.OfCluster:
				role.Cluster = s.cluster.ID
			}
			if _, err := s.Accounts.CreateTx(s.ctx, tx, account.System, account.Draft{Login: a.Login, Office: a.Office, Roles: []account.Role{role}}, secret); err != nil {
				return fmt.Errorf("account %s: %w", a.Login, err)
			}
		}
		return nil
	})
	return err
}

type inputData struct{ Indicator, Label, Unit, Kind, Definition, Criterion string }

type criteriaData struct {
	Name          string
	NotApplicable string `json:"not_applicable"`
	Groups        []struct {
		Code, Name, Max string
		Criteria        []struct {
			Code, Name, Max, Unit, Rule, Definition string
			Inputs                                  []inputData
			EvidenceRequired                        bool `json:"evidence_required"`
			MayNotApply                             bool `json:"may_not_apply"`
		}
	}
	Bonus struct {
		Cap   string
		Items []extraData
	}
	Deductions  []extraData
	Classes     []struct{ From, Name string }
	TieBreakers []string `json:"tie_breakers"`
	Figures     []inputData
}

type extraData struct{ Code, Name, Each, Cap string }

// criteria reads the table from the data file.
func criteria() (emulation.Criteria, error) {
	var data criteriaData
	var c emulation.Criteria
	if err := read("criteria-2026.json", &data); err != nil {
		return c, err
	}
	var failed error
	points := func(text string) int64 {
		n, err := score.ParsePoints(text)
		failed = errors.Join(failed, err)
		return n
	}
	c.NA, c.Note, c.BonusCap = score.Policy(data.NotApplicable), data.Name, points(data.Bonus.Cap)
	definitions := map[string]string{}
	for _, f := range data.Figures {
		definitions[f.Indicator] = f.Definition
	}
	input := func(in inputData) emulation.Input {
		if in.Definition == "" {
			in.Definition = definitions[in.Indicator]
		}
		return emulation.Input{Indicator: in.Indicator, Label: in.Label, UnitLabel: in.Unit, Definition: in.Definition}
	}
	used := map[string]bool{}
	for _, g := range data.Groups {
		group := emulation.Group{Code: g.Code, Name: g.Name, Max: points(g.Max)}
		for _, cr := range g.Criteria {
			made := emulation.Criterion{Code: cr.Code, Name: cr.Name, GroupCode: g.Code, Max: points(cr.Max), UnitLabel: cr.Unit, EvidenceRequired: cr.EvidenceRequired, MayNotApply: cr.MayNotApply, Definition: cr.Definition}
			rule, err := score.ParseRule(cr.Rule, made.Max)
			failed = errors.Join(failed, err)
			made.Rule = rule
			for _, in := range cr.Inputs {
				made.Inputs = append(made.Inputs, input(in))
				used[in.Indicator] = true
			}
			group.Criteria = append(group.Criteria, made)
		}
		c.Groups = append(c.Groups, group)
	}
	for _, f := range data.Figures {
		if !used[f.Indicator] {
			c.Inputs = append(c.Inputs, input(f))
		}
	}
	for _, list := range []struct {
		bonus bool
		items []extraData
	}{{true, data.Bonus.Items}, {false, data.Deductions}} {
		for _, e := range list.items {
			extra := emulation.Extra{Bonus: list.bonus, Code: e.Code, Name: e.Name, Points: points(e.Each)}
			if e.Cap != "" && extra.Points > 0 {
				extra.MaxCases = points(e.Cap) / extra.Points
			}
			c.Extras = append(c.Extras, extra)
		}
	}
	for _, cl := range data.Classes {
		c.Classes = append(c.Classes, score.Class{From: points(cl.From), Name: cl.Name})
	}
	for _, t := range data.TieBreakers {
		tie, err := score.ParseTieBreaker(t)
		failed = errors.Join(failed, err)
		c.TieBreakers = append(c.TieBreakers, tie)
	}
	return c, failed
}

type sheetData struct {
	Unit             string
	Values, Previous map[string]json.Number
	Bonus            []claimData
	Deductions       []claimData
	Overrides        []struct {
		Criterion, Self, Cross, Verified, Reason string
		CrossBy                                  string `json:"cross_by"`
	}
	Void          []struct{ Criterion, Reason string }
	NotApplicable []struct{ Criterion, Reason string } `json:"not_applicable"`
}

type claimData struct {
	Item   string
	Cases  int64
	Reason string
}

func (s *seeder) clerk(code string) policy.Actor {
	u := s.units[code]
	return policy.Actor{Account: "demo", Office: "Chuyên viên " + u.FullName(), Enrolled: true, Holds: []policy.Membership{{Role: policy.Clerk, Unit: u.ID}}}
}

func (s *seeder) secretary() policy.Actor {
	return policy.Actor{Account: "demo", Office: "Thư ký Cụm thi đua số 3", Enrolled: true, Holds: []policy.Membership{{Role: policy.Secretary, Cluster: s.cluster.ID}}}
}

// open opens a period with the criteria table of the year.
func (s *seeder) open(p cluster.Period) error {
	p.ClusterID = s.cluster.ID
	made, _, err := s.Clusters.OpenPeriod(s.ctx, s.secretary(), p)
	if err != nil {
		return err
	}
	c, err := criteria()
	if err != nil {
		return err
	}
	if _, _, err := s.Emulation.SaveCriteria(s.ctx, s.secretary(), made.ID, c); err != nil {
		return err
	}
	if _, err := s.Emulation.PublishCriteria(s.ctx, s.secretary(), made.ID); err != nil {
		return err
	}
	s.periods[p.Code], err = s.Clusters.PeriodByID(s.ctx, nil, made.ID)
	return err
}

// cellsOf writes values as a clerk would type them.
func cellsOf(values map[string]json.Number) []emulation.Cell {
	var cells []emulation.Cell
	for code, n := range values {
		cells = append(cells, emulation.Cell{Indicator: code, Text: strings.ReplaceAll(n.String(), ".", ",")})
	}
	slices.SortFunc(cells, func(a, b emulation.Cell) int { return strings.Compare(a.Indicator, b.Indicator) })
	return cells
}

func (s *seeder) sheets() ([]sheetData, error) {
	var data struct{ Units []sheetData }
	return data.Units, read("figures-2026-6t.json", &data)
}

// lastYear is the period that the half-year is compared with.
func (s *seeder) lastYear() error {
	if err := s.open(cluster.Period{Code: "2025-nam", Name: "6 tháng cuối năm 2025", Starts: day("2025-07-01"), Ends: day("2025-12-31"),
		Due: day("2025-12-20").Add(17 * time.Hour), FreezeAt: day("2025-12-31").Add(17 * time.Hour), Trial: true}); err != nil {
		return err
	}
	sheets, err := s.sheets()
	if err != nil {
		return err
	}
	p := s.periods["2025-nam"]
	for _, d := range sheets {
		id, err := s.Emulation.SheetID(s.ctx, p.ID, s.units[d.Unit].ID)
		if err != nil {
			return err
		}
		if _, _, err := s.Emulation.SaveFigures(s.ctx, s.clerk(d.Unit), id, cellsOf(d.Previous), "xlsx"); err != nil {
			return fmt.Errorf("figures of %s: %w", d.Unit, err)
		}
	}
	s.clock.Set(p.FreezeAt)
	return s.Emulation.FreezeDue(s.ctx)
}

func (s *seeder) halfYear() error {
	if err := s.open(cluster.Period{Code: "2026-6t", Name: "6 tháng đầu năm 2026", Starts: day("2026-01-01"), Ends: day("2026-06-30"),
		Due: day("2026-06-30").Add(15 * time.Hour), FreezeAt: day("2026-06-30").Add(17 * time.Hour), Trial: true, PreviousID: s.periods["2025-nam"].ID}); err != nil {
		return err
	}
	sheets, err := s.sheets()
	if err != nil {
		return err
	}
	p := s.periods["2026-6t"]
	if err := s.yearAhead(); err != nil {
		return err
	}
	s.clock.Set(day("2026-06-30").Add(7 * time.Hour))
	for i, d := range sheets {
		s.clock.Set(day("2026-06-30").Add(7*time.Hour + time.Duration(i)*17*time.Minute))
		if err := s.handIn(p, d); err != nil {
			return fmt.Errorf("sheet of %s: %w", d.Unit, err)
		}
	}
	s.clock.Set(day("2026-06-30").Add(15*time.Hour + 30*time.Minute))
	for _, d := range sheets {
		if err := s.verify(p, d); err != nil {
			return fmt.Errorf("verify %s: %w", d.Unit, err)
		}
	}
	s.clock.Set(p.FreezeAt)
	if err := s.Emulation.FreezeDue(s.ctx); err != nil {
		return err
	}
	s.clock.Set(day("2026-07-06").Add(9 * time.Hour))
	_, err = s.Emulation.Publish(s.ctx, s.secretary(), p.ID, "")
	return err
}

// handIn does what the clerk of one unit does.
func (s *seeder) handIn(p cluster.Period, d sheetData) error {
	actor := s.clerk(d.Unit)
	id, err := s.Emulation.SheetID(s.ctx, p.ID, s.units[d.Unit].ID)
	if err != nil {
		return err
	}
	if _, _, err := s.Emulation.SaveFigures(s.ctx, actor, id, cellsOf(d.Values), "xlsx"); err != nil {
		return err
	}
	for _, na := range d.NotApplicable {
		if _, err := s.Emulation.SetMark(s.ctx, actor, id, na.Criterion, emulation.MarkChange{NotApply: true, NotApplyReason: na.Reason}); err != nil {
			return err
		}
	}
	for _, o := range d.Overrides {
		self, err := score.ParsePoints(o.Self)
		if err != nil {
			continue // the unit took the computed points
		}
		if _, err := s.Emulation.SetMark(s.ctx, actor, id, o.Criterion, emulation.MarkChange{Self: &self, SelfReason: "Đơn vị tự chấm theo hồ sơ đã lưu"}); err != nil {
			return err
		}
	}
	if err := s.attach(actor, id, d.Unit); err != nil {
		return err
	}
	if err := s.write(actor, id, d.Unit); err != nil {
		return err
	}
	v, err := s.Emulation.Open(s.ctx, actor, id)
	if err != nil {
		return err
	}
	for _, b := range d.Bonus {
		if _, err := s.Emulation.ClaimBonus(s.ctx, actor, id, extraID(v.Criteria, b.Item, true), b.Cases, b.Reason); err != nil {
			return err
		}
	}
	_, err = s.Emulation.Submit(s.ctx, actor, id)
	return err
}

func extraID(c emulation.Criteria, code string, bonus bool) string {
	for _, e := range c.Extras {
		if e.Code == code && e.Bonus == bonus {
			return e.ID
		}
	}
	return ""
}

// verify does what the secretary does with one unit's sheet.
func (s *seeder) verify(p cluster.Period, d sheetData) error {
	actor := s.secretary()
	id, err := s.Emulation.SheetID(s.ctx, p.ID, s.units[d.Unit].ID)
	if err != nil {
		return err
	}
	v, err := s.Emulation.Open(s.ctx, actor, id)
	if err != nil {
		return err
	}
	for _, o := range d.Overrides {
		if cross, err := score.ParsePoints(o.Cross); err == nil && o.Cross != "" {
			if _, err := s.Emulation.ImportCross(s.ctx, actor, id, o.Criterion, cross, s.units[o.CrossBy].FullName()); err != nil {
				return err
			}
		}
		verified, err := score.ParsePoints(o.Verified)
		if err != nil {
			return err
		}
		if _, err := s.Emulation.Judge(s.ctx, actor, id, o.Criterion, &verified, false, o.Reason); err != nil {
			return err
		}
	}
	for _, void := range d.Void {
		if _, err := s.Emulation.Judge(s.ctx, actor, id, void.Criterion, nil, true, void.Reason); err != nil {
			return err
		}
	}
	for _, b := range d.Deductions {
		if _, err := s.Emulation.Deduct(s.ctx, actor, id, extraID(v.Criteria, b.Item, false), b.Cases, b.Reason); err != nil {
			return err
		}
	}
	for _, cl := range v.Sheet.Claims {
		if _, err := s.Emulation.MoveClaim(s.ctx, actor, id, cl.ID, emulation.Accepted, ""); err != nil {
			return err
		}
	}
	_, err = s.Emulation.Accept(s.ctx, actor, id)
	return err
}

type proofData struct {
	Criterion, Kind                string
	Number, Date, Abstract, Issuer string
	Name, Type, Title              string
	Lines                          []string
}

// attach adds a unit's evidence: documents by number, and files that open.
func (s *seeder) attach(actor policy.Actor, id, code string) (err error) {
	if s.proofs == nil {
		var data struct {
			Units []struct {
				Unit     string
				Evidence []proofData
			}
		}
		if err := read("evidence.json", &data); err != nil {
			return err
		}
		s.proofs = map[string][]proofData{}
		for _, u := range data.Units {
			s.proofs[u.Unit] = u.Evidence
		}
	}
	v, err := s.Emulation.Open(s.ctx, actor, id)
	if err != nil {
		return err
	}
	have := map[string]bool{}
	var all []emulation.NewProof
	defer func() {
		for _, p := range all {
			if p.File != nil {
				err = errors.Join(err, p.File.Close())
			}
		}
	}()
	for _, p := range s.proofs[code] {
		have[p.Criterion] = true
		proof := emulation.NewProof{Criterion: p.Criterion, Reference: evidence.Reference{Number: p.Number, Date: day(p.Date), Abstract: p.Abstract, Issuer: p.Issuer}}
		if p.Kind != "reference" {
			body, err := demoFile(p.Type, p.Title, p.Lines)
			if err != nil {
				return fmt.Errorf("%s: %w", p.Name, err)
			}
			if proof.File, err = s.Files.Prepare(s.ctx, bytes.NewReader(body), p.Name); err != nil {
				return fmt.Errorf("%s: %w", p.Name, err)
			}
		}
		all = append(all, proof)
	}
	// Criteria for which the data name no document rest on the unit's report.
	name := s.units[code].FullName()
	general := evidence.Reference{Number: "62-BC/ĐU", Date: day("2026-06-24"), Abstract: "Báo cáo công tác dân vận 6 tháng đầu năm 2026", Issuer: "Đảng ủy " + strings.ToLower(name[:1]) + name[1:]}
	for _, cr := range v.Criteria.All() {
		if cr.EvidenceRequired && !have[cr.Code] && !v.Sheet.Marks[cr.ID].NotApply {
			all = append(all, emulation.NewProof{Criterion: cr.Code, Reference: general})
		}
	}
	_, err = s.Emulation.AddProofs(s.ctx, actor, id, all...)
	return err
}

// write adds a unit's paragraphs.
func (s *seeder) write(actor policy.Actor, id, code string) error {
	var data struct {
		Units []struct {
			Unit       string
			Paragraphs []struct{ Section, Text string }
		}
	}
	if err := read("paragraphs-2026-6t.json", &data); err != nil {
		return err
	}
	for _, u := range data.Units {
		if u.Unit != code {
			continue
		}
		for _, p := range u.Paragraphs {
			if _, err := s.Emulation.SaveParagraph(s.ctx, actor, id, p.Section, p.Text, 0); err != nil {
				return err
			}
		}
	}
	return nil
}

type reportData struct {
	Title, Date, Place, Lead string
	Layouts                  map[string]struct {
		Number, Superior, Issuer string
		Signing                  []string
		SigningOffice            string `json:"signing_office"`
		Addressee                string
		Recipients               []string
	}
	Sections []struct {
		Code       string
		Paragraphs []string
		Tasks      []struct{ Task, Lead, With, Due, Product string }
	}
}

func (s *seeder) halfYearReport() error {
	var data reportData
	if err := read("report-ht3-2026-6t.json", &data); err != nil {
		return err
	}
	p, err := s.Clusters.PeriodByID(s.ctx, nil, s.periods["2026-6t"].ID)
	if err != nil {
		return err
	}
	src, err := s.frozen(s.ctx, p)
	if err != nil {
		return err
	}
	r := report.Report{Slug: p.Slug(s.cluster), PeriodID: p.ID, ClusterID: p.ClusterID, Title: "Báo cáo", Abstract: data.Title, Sections: map[string]report.Section{},
		Letter: report.Letter{Place: data.Place, Date: data.Date, Lead: data.Lead, Layouts: map[string]report.Office{}}}
	for layout, o := range data.Layouts {
		r.Letter.Layouts[layout] = report.Office{Number: o.Number, Superior: o.Superior, Issuer: o.Issuer, Authority: o.Signing[0], Title: o.Signing[1], Signer: o.SigningOffice, Addressee: o.Addressee, Recipients: o.Recipients}
	}
	for _, sec := range data.Sections {
		r.Sections[sec.Code] = report.Section{Body: strings.Join(sec.Paragraphs, "\n\n")}
		for _, t := range sec.Tasks {
			r.Tasks = append(r.Tasks, report.Task{Task: t.Task, Lead: t.Lead, With: t.With, Due: dueOf(t.Due), Product: t.Product})
		}
	}
	for _, u := range []struct{ section, unit string }{{"1.3", "DV03"}, {"1.6", "DV02"}} {
		for _, su := range src.Units {
			if text := su.Paragraphs[u.section]; su.Code == u.unit && text != "" {
				r.Picks = append(r.Picks, report.Pick{Section: u.section, UnitID: su.ID, Body: text})
			}
		}
	}
	_, err = s.Book.Write(s.ctx, func(tx *ledger.Tx) error {
		id, err := s.Reports.SeedTx(s.ctx, tx, r, src, s.secretary().Office)
		if err != nil {
			return err
		}
		return s.Reports.PublishTx(s.ctx, tx, id, src, s.secretary().Office)
	})
	return err
}

// dueOf writes a day as an official does; other words stay as they are.
func dueOf(text string) string {
	if t := day(text); !t.IsZero() {
		return lang.Date(t)
	}
	return text
}

// thisYear is what units have handed in of the year so far.
func (s *seeder) thisYear() error {
	sheets, err := s.sheets()
	if err != nil {
		return err
	}
	p := s.periods["2026-nam"]
	for _, d := range sheets {
		if !slices.Contains([]string{"DV01", "DV05", "DV07", "DV09"}, d.Unit) {
			continue
		}
		d.Overrides = nil
		if err := s.handIn(p, d); err != nil {
			return fmt.Errorf("sheet of %s: %w", d.Unit, err)
		}
		if d.Unit == "DV07" || d.Unit == "DV09" {
			if err := s.dispute(p, d.Unit); err != nil {
				return fmt.Errorf("appeal of %s: %w", d.Unit, err)
			}
		}
		if d.Unit == "DV05" {
			id, err := s.Emulation.SheetID(s.ctx, p.ID, s.units[d.Unit].ID)
			if err != nil {
				return err
			}
			if _, err := s.Emulation.Return(s.ctx, s.secretary(), id, "Số liệu tiếp công dân chưa gồm quý IV; xin bổ sung đến ngày 15/11 và nộp lại.", 0); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *seeder) articles() error {
	var data struct {
		Items []struct {
			Published, Category, Title, Lead, Body, Byline string
			Photos                                         []struct{ File, Caption, Alt string }
		}
	}
	if err := read("news.json", &data); err != nil {
		return err
	}
	slices.Reverse(data.Items)
	for i, it := range data.Items {
		at, err := time.Parse(time.RFC3339, it.Published)
		if err != nil {
			return err
		}
		seed := news.Seed{Draft: news.Draft{Category: it.Category, Title: it.Title, Lead: it.Lead, Body: it.Body, Byline: it.Byline}, Office: "Ban biên tập phường Cầu Mây", At: at, Views: int64(120 + 37*i)}
		var open []*evidence.Pending
		for n, photo := range it.Photos {
			body, err := demoPhoto(n)
			if err != nil {
				return err
			}
			pending, err := s.Files.Prepare(s.ctx, bytes.NewReader(body), photo.File+".png")
			if err != nil {
				return err
			}
			open = append(open, pending)
			seed.Photos = append(seed.Photos, news.SeedPhoto{File: pending, Caption: photo.Caption, Alt: photo.Alt})
		}
		_, err = s.Book.Write(s.ctx, func(tx *ledger.Tx) error {
			_, err := s.News.PublishSeed(s.ctx, tx, seed)
			return err
		})
		for _, p := range open {
			err = errors.Join(err, p.Close())
		}
		if err != nil {
			return fmt.Errorf("article %q: %w", it.Title, err)
		}
	}
	return nil
}

func (s *seeder) indexUnitsSeed(tx *ledger.Tx) error {
	return s.indexUnitList(s.ctx, tx, func(yield func(unit.Unit) bool) {
		for _, u := range s.units {
			if !yield(u) {
				return
			}
		}
	})
}
