package app

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"dongthuan/internal/account"
	"dongthuan/internal/conference"
	"dongthuan/internal/ledger"
	"dongthuan/internal/policy"
)

// places are the objects that the routes' parameters stand for: all of them
// belong to unit DV03 and cluster ht3, in the period that is open, or for reports
// in the one that is published.
type places struct {
	unit, otherUnit, cluster, otherCluster          string
	sheet, period, report, reportPeriod, news, acct string
	receipt, task, cross                            string
	conference, meeting, letter, desk, paper        string
	reading                                         string // address of an accepted paper
}

func (s *seeded) places(t *testing.T) places {
	t.Helper()
	ctx := context.Background()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ht3, err := s.Clusters.Get(ctx, "ht3")
	must(err)
	hn, err := s.Clusters.Get(ctx, "hn2019")
	must(err)
	year, err := s.Clusters.Period(ctx, ht3.ID, "2026-nam")
	must(err)
	half, err := s.Clusters.Period(ctx, ht3.ID, "2026-6t")
	must(err)
	own, err := s.Units.ByCode(ctx, "DV03", s.Now())
	must(err)
	other, err := s.Units.ByCode(ctx, "DV04", s.Now())
	must(err)
	sheet, err := s.Emulation.SheetID(ctx, year.ID, own.ID)
	must(err)
	report, _, err := s.Reports.OfPeriod(ctx, half.ID)
	must(err)
	items, err := s.News.Latest(ctx, 1)
	must(err)
	acct, err := s.Accounts.ByLogin(ctx, "kiemtra")
	must(err)
	receipt, err := s.receipt(ctx, half.ID, ledger.RankingPublished)
	must(err)
	owed, err := s.Tasks.Owed(ctx, own.ID)
	must(err)
	crosses, err := s.Emulation.OwedCrosses(ctx, own.ID)
	must(err)
	all := places{own.ID, other.ID, ht3.ID, hn.ID, sheet, year.ID, report.ID, half.ID, items[0].ID, acct.ID, receipt, owed[0].ID, crosses[0].Cross.ID, "", "", "", "", "", ""}
	meetings, err := s.Conferences.All(ctx)
	must(err)
	for _, c := range meetings {
		v, err := s.Conferences.ByCode(ctx, c.Code)
		must(err)
		switch c.State {
		case conference.Live:
			all.conference, all.meeting, all.letter, all.desk = c.ID, c.Code, v.Delegates[0].Code(), v.Desks[0].Secret
		case conference.Preparing:
			paper, _ := v.Paper(own.ID)
			all.paper = paper.ID
		case conference.Closed:
			all.reading = c.Address() + "/tham-luan/" + v.Papers[0].ID
		}
	}
	return all
}

// path fills a route's parameters.
func (p places) path(pattern string) string {
	_, path, _ := strings.Cut(pattern, " ")
	id := p.news
	switch {
	case strings.HasPrefix(path, "/hoi-nghi/"):
		path = strings.ReplaceAll(path, "{code}", p.meeting)
	case strings.HasPrefix(path, "/viec/hoi-nghi/"):
		id = p.conference
	case strings.HasPrefix(path, "/viec/ky/"):
		id = p.period
	case strings.HasPrefix(path, "/viec/bao-cao/"):
		id = p.report
	case strings.HasPrefix(path, "/quan-tri/tai-khoan/"):
		id = p.acct
	case strings.HasPrefix(path, "/quan-tri/don-vi/"):
		id = p.unit
	}
	return strings.NewReplacer("{letter}", p.letter, "{desk}", p.desk, "{paper}", p.paper, "{delegate}", "ABCDEFGHIJKLMNOPQRSTUVWXYZ.docx", "{sheet}", p.sheet, "{id}", id, "/ky/{period}/bao-cao", "/ky/"+p.reportPeriod+"/bao-cao", "{cluster}", "ht3", "{period}", "2026-6t",
		"{slug}", "ht3-2026-6t", "{code}", "3.1", "{section}", "1.1", "{item}", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "{claim}", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "{unit}", "DV03",
		"{indicator}", "ho", "{rule}", "CK-01", "{task}", p.task, "{cross}", p.cross, "{correction}", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "{feed}", "abc.ics", "{record}", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "{award}", "abcdefghijklm.pdf", "{appeal}", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "{file}", "2026.json", "{object}", p.reportPeriod, "/r/{code}", "/r/"+p.receipt, "{path...}", "0/000", "{a}", "1", "{b}", "2", "{hash}", strings.Repeat("0", 64), "{$}", "").Replace(path)
}

// object is what the policy is asked about on a route.
func (p places) object(action policy.Action) policy.Object {
	switch action {
	case policy.SheetRead, policy.SheetAppeal, policy.SheetEdit, policy.SheetSubmit, policy.SheetVerify:
		return policy.Object{Unit: p.unit, Cluster: p.cluster}
	case policy.TaskDo, policy.SheetCross, policy.PaperWrite:
		return policy.Object{Unit: p.unit}
	case policy.TargetEdit, policy.TargetDecide:
		return policy.Object{Unit: p.unit, Cluster: p.cluster}
	case policy.TaskManage, policy.ConferenceRead, policy.ConferenceManage, policy.ConferenceSign:
		return policy.Object{Cluster: p.cluster}
	case policy.PeriodManage, policy.PeriodFollow, policy.ReportRead, policy.ReportWrite, policy.CommendManage, policy.CommendDecide:
		return policy.Object{Cluster: p.cluster}
	}
	return policy.Object{}
}

// TestPolicyOnEveryRoute walks role × relation × route and compares what the
// running site does with the one table: what the table refuses answers 403 or leads
// to sign-in, and what it allows does not.
func TestPolicyOnEveryRoute(t *testing.T) {
	t.Setenv("PATH", "") // no LibreOffice: a PDF for each role and route would take minutes
	s := demonstration(t)
	p := s.places(t)
	type who struct {
		name  string
		actor policy.Actor
		visit *visitor
	}
	people := []who{{"public", policy.Actor{}, s.visitor(t, "")}}
	secret, err := s.Accounts.Prepare(t.Context(), DemoPassword)
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range policy.Roles {
		for _, own := range []bool{true, false} {
			held := account.Role{Role: role, From: day("2025-07-01")}
			switch role.Scope() {
			case policy.OfUnit:
				held.Unit = p.otherUnit
				if own {
					held.Unit = p.unit
				}
			case policy.OfCluster:
				held.Cluster = p.otherCluster
				if own {
					held.Cluster = p.cluster
				}
			case policy.OfAll:
				if !own {
					continue
				}
			}
			login := fmt.Sprintf("%s.%t", role, own)
			if _, err := s.Book.Write(t.Context(), func(tx *ledger.Tx) error {
				_, err := s.Accounts.CreateTx(t.Context(), tx, account.System, account.Draft{Login: login, Office: "Thử " + login, Roles: []account.Role{held}}, secret)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			actor := policy.Actor{Account: "x", Enrolled: true, Holds: []policy.Membership{{Role: role, Unit: held.Unit, Cluster: held.Cluster}}}
			people = append(people, who{login, actor, s.visitor(t, login)})
		}
	}
	routes := slices.Clone(s.Site.Routes())
	// Reading first; what ends something for everybody last.
	slices.SortStableFunc(routes, func(a, b webRoute) int { return cmp.Compare(order(a.Pattern), order(b.Pattern)) })
	checked := 0
	for _, route := range routes {
		if strings.HasSuffix(route.Pattern, "/dang-xuat") {
			continue // signs the visitor out
		}
		path := p.path(route.Pattern)
		for _, person := range people {
			want := policy.May(person.actor, route.Action, p.object(route.Action)) == nil
			// Every unit of the cluster reads its tasks and its conferences.
			if route.Action == policy.TaskRead || route.Action == policy.ConferenceRead {
				want = slices.ContainsFunc([]policy.Object{{Unit: p.unit}, {Unit: p.otherUnit}}, func(o policy.Object) bool {
					o.Cluster = p.cluster
					return policy.May(person.actor, route.Action, o) == nil
				})
			}
			method, _, _ := strings.Cut(route.Pattern, " ")
			var form url.Values
			if method == http.MethodPost {
				form = url.Values{"unit": {p.unit}}
			}
			code, _, to := person.visit.do(method, path, form)
			got := code != http.StatusForbidden && (!strings.HasPrefix(to, "/dang-nhap?den=") || strings.HasPrefix(path, "/dang-nhap"))
			if got != want {
				t.Errorf("%s by %s: %d → %s, allowed %t, the table says %t", route.Pattern, person.name, code, to, got, want)
			}
			if code >= 500 && code != http.StatusServiceUnavailable && code != http.StatusNotImplemented { // too many tries to sign in are asked to wait
				t.Errorf("%s by %s: %d", route.Pattern, person.name, code)
			}
			checked++
		}
	}
	t.Logf("%d answers compared with the table", checked)
}

func order(pattern string) int {
	switch {
	case strings.HasPrefix(pattern, "GET "):
		return 0
	case strings.HasSuffix(pattern, "/chot"), strings.HasSuffix(pattern, "/dung"), strings.HasSuffix(pattern, "/dung-khac"):
		return 2
	}
	return 1
}

// TestOtherSitesCannotWrite sends every write as another site's page would.
func TestOtherSitesCannotWrite(t *testing.T) {
	s := demonstration(t)
	p := s.places(t)
	v := s.visitor(t, "quantri")
	for _, route := range s.Site.Routes() {
		if route.Write == nil {
			continue
		}
		for _, header := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://evil.example"}} {
			if code, _, _ := v.post(p.path(route.Pattern), nil, header...); code != http.StatusForbidden {
				t.Errorf("%s with %v: %d, want 403", route.Pattern, header, code)
			}
		}
	}
}

// TestPolicyInTheManual compares the table of doc/security.md with the one that
// decides.
func TestPolicyInTheManual(t *testing.T) {
	b, err := os.ReadFile("../../doc/security.md")
	if err != nil {
		t.Fatal(err)
	}
	var roles []policy.Role
	found := 0
	for _, line := range strings.Split(string(b), "\n") {
		cells := strings.Split(strings.Trim(line, "| "), "|")
		for i := range cells {
			cells[i] = strings.Trim(cells[i], " `")
		}
		switch {
		case len(cells) > 5 && strings.EqualFold(cells[1], "public"):
			for _, c := range cells[1:] {
				roles = append(roles, policy.Role(c))
			}
		case roles != nil && strings.Contains(cells[0], "."):
			found++
			padded := append(strings.Split(strings.Trim(line, " "), "|")[2:], make([]string, len(roles))...)
			for i, role := range roles {
				if got, want := strings.TrimSpace(padded[i]) == "yes", policy.Allows(role, policy.Action(cells[0])); got != want {
					t.Errorf("%s by %s: the manual says %t, the table %t", cells[0], role, got, want)
				}
			}
			if len(roles) > 0 && found == len(policy.Table) {
				roles = nil
			}
		}
	}
	if found != len(policy.Table) {
		t.Errorf("the manual has %d actions, the table %d", found, len(policy.Table))
	}
}
