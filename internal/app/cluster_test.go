package app

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"dongthuan/internal/account"
	"dongthuan/internal/cluster"
	"dongthuan/internal/fault"
	"dongthuan/internal/ledger"
	"dongthuan/internal/policy"
)

// TestHandOver moves lead and deputy on a day: the terms of the day before stay, the
// leaders' rights follow the clock by themselves, and wrong terms are refused whole.
func TestHandOver(t *testing.T) {
	s := demonstration(t)
	ctx := t.Context()
	operator := policy.Actor{Account: "o", Office: "Quản trị hệ thống", Enrolled: true, Holds: []policy.Membership{{Role: policy.Operator}}}
	c, err := s.Clusters.Get(ctx, "ht3")
	if err != nil {
		t.Fatal(err)
	}
	id := func(code string) string {
		u, err := s.Units.ByCode(ctx, code, s.Now())
		if err != nil {
			t.Fatal(err)
		}
		return u.ID
	}
	secret, err := s.Accounts.Prepare(ctx, DemoPassword)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Book.Write(ctx, func(tx *ledger.Tx) error {
		_, err := s.Accounts.CreateTx(ctx, tx, account.System, account.Draft{Login: "lanhdao04", Office: "Lãnh đạo Phường Hồ Trúc", Roles: []account.Role{{Role: policy.Leader, Unit: id("DV04"), From: day("2025-07-01")}}}, secret)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	follow := func() int { // the desk that only the cluster's offices open
		code, _ := s.visitor(t, "lanhdao04").get("/viec/ky/" + s.places(t).period)
		return code
	}
	if code := follow(); code != 403 {
		t.Errorf("a leader of a plain member follows the period: %d", code)
	}
	// Its unit led the cluster in 2025: that year it goes on reading, and no more.
	old, err := s.Clusters.Period(ctx, c.ID, "2025-nam")
	if err != nil {
		t.Fatal(err)
	}
	former := s.visitor(t, "lanhdao04")
	if code, body := former.get("/viec/ky/" + old.ID + "/tong-hop"); code != 200 || !strings.Contains(body, "Phường Cầu Mây") {
		t.Errorf("the lead of 2025 reads its year: %d", code)
	}
	if code, _ := former.get("/viec/phieu/" + s.sheetOf(t, "2025-nam", "DV07") + "/tieu-chi"); code != 200 {
		t.Errorf("the lead of 2025 reads a sheet of its year: %d", code)
	}
	if code, _ := former.get("/viec/phieu/" + s.sheetOf(t, "2026-nam", "DV07") + "/tieu-chi"); code != 403 {
		t.Errorf("the lead of 2025 reads a sheet of this year: %d", code)
	}
	if code, _, _ := former.post("/viec/ky/"+old.ID+"/cong-bo", nil); code != 403 {
		t.Errorf("the lead of 2025 publishes: %d", code)
	}
	on := day("2026-12-01")
	if _, err := s.Clusters.HandOver(ctx, s.actor(t, "thuky", policy.Secretary, ""), c.ID, on, id("DV04"), id("DV03"), "QĐ"); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("by the secretary: %v", err)
	}
	terms := func() []cluster.Member {
		all, err := s.Clusters.Terms(ctx, c.ID)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	before := terms()
	for name, bad := range map[string][2]string{"deputy=cluster.handover.same": {id("DV04"), id("DV04")}, "lead=cluster.handover.lead": {"", id("DV03")}, "lead=cluster.handover.member": {id("01"), ""}} {
		if _, err := s.Clusters.HandOver(ctx, operator, c.ID, on, bad[0], bad[1], "QĐ"); keys(err) != name {
			t.Errorf("%v, want %s", err, name)
		}
	}
	if after := terms(); !slices.Equal(before, after) {
		t.Error("a refused hand-over changed terms")
	}
	if _, err := s.Clusters.HandOver(ctx, operator, c.ID, on, id("DV04"), id("DV03"), "Quyết định 12-QĐ/BTGDV"); err != nil {
		t.Fatal(err)
	}
	role := func(code string, at time.Time) cluster.Role {
		members, err := s.Clusters.Members(ctx, c.ID, at)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(members, func(m cluster.Member) bool { return m.Code == code })
		if i < 0 {
			return ""
		}
		return members[i].Role
	}
	for code, want := range map[string][2]cluster.Role{"DV01": {cluster.Lead, cluster.Plain}, "DV02": {cluster.Deputy, cluster.Plain}, "DV03": {cluster.Plain, cluster.Deputy}, "DV04": {cluster.Plain, cluster.Lead}, "DV12": {cluster.Plain, cluster.Plain}} {
		if got := [2]cluster.Role{role(code, on.AddDate(0, 0, -1)), role(code, on)}; got != want {
			t.Errorf("%s is %v, want %v", code, got, want)
		}
	}
	if code := follow(); code != 403 {
		t.Errorf("rights before their day: %d", code)
	}
	s.clock.Set(on)
	if code := follow(); code != 200 {
		t.Errorf("rights on the day: %d", code)
	}
	if got := [2]cluster.Role{role("DV01", day("2027-02-01")), role("DV04", day("2027-02-01"))}; got != [2]cluster.Role{cluster.Plain, cluster.Lead} {
		t.Errorf("what was planned for the next year still holds: %v", got)
	}

	// A member leaves in mid-year: what it has earned stays.
	half, err := s.Clusters.Period(ctx, c.ID, "2026-6t")
	if err != nil {
		t.Fatal(err)
	}
	ranking, _, err := s.Emulation.Published(ctx, half)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(terms(), func(m cluster.Member) bool { return m.Code == "DV12" && m.To.IsZero() })
	if _, err := s.Clusters.Leave(ctx, operator, c.ID, terms()[i].ID, day("2026-12-02"), "chuyển cụm theo quyết định"); err != nil {
		t.Fatal(err)
	}
	if role("DV12", day("2026-12-02")) != "" || role("DV12", day("2026-12-01")) != cluster.Plain {
		t.Error("DV12 left on another day")
	}
	if again, _, err := s.Emulation.Published(ctx, half); err != nil || len(again.Rows) != len(ranking.Rows) {
		t.Errorf("%d rows after, %d before, %v", len(again.Rows), len(ranking.Rows), err)
	}
}

// TestNewCluster sets up a cluster from nothing, as an operator does in a browser.
func TestNewCluster(t *testing.T) {
	s := demonstration(t)
	v := s.visitor(t, "quantri")
	if code, page, _ := v.post("/quan-tri/cum", url.Values{"name": {""}, "code": {"Cụm 9"}}); code != 422 || !strings.Contains(page, "Cụm 9") {
		t.Errorf("a bad code: %d", code)
	}
	if code, _, to := v.post("/quan-tri/cum", url.Values{"name": {"Cụm thi đua số 9"}, "code": {"ht9"}, "superior": {"Ban Tuyên giáo và Dân vận"}, "basis": {"QĐ 09"}}); code != 303 || !strings.HasPrefix(to, "/quan-tri/cum/ht9") {
		t.Fatalf("%d → %s", code, to)
	}
	if code, page, _ := v.post("/quan-tri/cum/ht9/them", url.Values{"unit": {"không có"}, "code": {"A1"}, "role": {"lead"}, "from": {"01/12/2026"}}); code != 422 || !strings.Contains(page, "không có") {
		t.Errorf("a unit that is not there: %d", code)
	}
	for i, unit := range []string{"DV01", "DV02", "DV03"} {
		role := []string{"lead", "deputy", "member"}[i]
		if code, page, _ := v.post("/quan-tri/cum/ht9/them", url.Values{"unit": {unit}, "code": {"A" + string(rune('1'+i))}, "role": {role}, "from": {"01/12/2026"}}); code != 303 {
			t.Fatalf("%s: %d %.300s", unit, code, page)
		}
	}
	if code, _, _ := v.post("/quan-tri/cum/ht9/them", url.Values{"unit": {"DV04"}, "code": {"A4"}, "role": {"lead"}, "from": {"01/12/2026"}}); code != 422 {
		t.Errorf("two leads: %d", code)
	}
	if code, page := v.get("/quan-tri/cum/ht9"); code != 200 || strings.Count(page, `data-label="Vai trò"`) != 3 {
		t.Errorf("the terms: %d", code)
	}
	ht9, err := s.Clusters.Get(t.Context(), "ht9")
	if err != nil {
		t.Fatal(err)
	}
	terms, err := s.Clusters.Terms(t.Context(), ht9.ID)
	if err != nil {
		t.Fatal(err)
	}
	if code, _, _ := v.post("/quan-tri/cum/ht9/khoi", url.Values{"b-" + terms[0].ID: {"Khối phường"}, "b-" + terms[1].ID: {strings.Repeat("x", 61)}}); code != 422 {
		t.Errorf("a block with a long name: %d", code)
	}
	if code, _, _ := v.post("/quan-tri/cum/ht9/khoi", url.Values{"b-" + terms[0].ID: {"Khối phường"}}); code != 303 {
		t.Errorf("a block: %d", code)
	}
	if terms, err = s.Clusters.Terms(t.Context(), ht9.ID); err != nil || terms[0].Block != "Khối phường" {
		t.Errorf("%+v, %v", terms, err)
	}
	if code, _, _ := v.post("/quan-tri/cum/ht9/ban-giao", url.Values{"on": {"2027-01-01"}, "lead": {unitID(t, s, "DV02")}, "deputy": {unitID(t, s, "DV03")}, "basis": {"QĐ 10"}}); code != 303 {
		t.Errorf("hand-over: %d", code)
	}
	if code, page := s.visitor(t, "").get("/thi-dua/ht9"); code != 200 || !strings.Contains(page, "01/01/2027") {
		t.Errorf("the public page: %d", code)
	}
}

func unitID(t *testing.T, s *seeded, code string) string {
	t.Helper()
	u, err := s.Units.ByCode(t.Context(), code, s.Now())
	if err != nil {
		t.Fatal(err)
	}
	return u.ID
}
