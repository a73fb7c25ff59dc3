package app

import (
	"strings"
	"testing"
	"time"

	"dongthuan/internal/evidence"
	"dongthuan/internal/notice"
	"dongthuan/internal/policy"
)

func (s *seeded) told(t *testing.T, login string) []notice.Notice {
	t.Helper()
	a, err := s.Accounts.ByLogin(t.Context(), login)
	if err != nil {
		t.Fatal(err)
	}
	all, err := s.Notices.List(t.Context(), a.ID, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func (s *seeded) actor(t *testing.T, login string, role policy.Role, unit string) policy.Actor {
	t.Helper()
	a, err := s.Accounts.ByLogin(t.Context(), login)
	if err != nil {
		t.Fatal(err)
	}
	m := policy.Membership{Role: role}
	if unit != "" {
		u, err := s.Units.ByCode(t.Context(), unit, s.Now())
		if err != nil {
			t.Fatal(err)
		}
		m.Unit = u.ID
	} else {
		c, err := s.Clusters.Get(t.Context(), "ht3")
		if err != nil {
			t.Fatal(err)
		}
		m.Cluster = c.ID
	}
	return policy.Actor{Account: a.ID, Office: a.Office, Enrolled: true, Holds: []policy.Membership{m}}
}

// TestTold holds that what the secretariat does to a unit reaches the unit's people
// at once and with its reason, and nobody else's.
func TestTold(t *testing.T) {
	s := demonstration(t)
	secretary, clerk := s.actor(t, "thuky", policy.Secretary, ""), s.actor(t, "chuyenvien", policy.Clerk, "DV03")
	unit := clerk.Holds[0].Unit
	owed, err := s.Tasks.Owed(t.Context(), unit)
	if err != nil || len(owed) == 0 {
		t.Fatal(err)
	}
	before, other, leader := len(s.told(t, "chuyenvien")), len(s.told(t, "chuyenvien2")), len(s.told(t, "lanhdao"))
	if _, err := s.Tasks.Excuse(t.Context(), secretary, owed[0].ID, unit, "trùng với hội nghị của phường"); err != nil {
		t.Fatal(err)
	}
	got := s.told(t, "chuyenvien")
	if len(got) != before+1 || got[0].Lines[0].Text != "notice.task.excused" || !strings.Contains(strings.Join(got[0].Lines[0].Args, " "), "trùng với hội nghị") {
		t.Errorf("told %+v", got[0])
	}
	if len(s.told(t, "lanhdao")) != leader+1 || len(s.told(t, "chuyenvien2")) != other {
		t.Error("the leader of the unit is told, another unit is not")
	}
	secretariat := len(s.told(t, "thuky"))
	if _, err := s.Tasks.Tell(t.Context(), clerk, owed[1].ID, unit, "xong một nửa"); err != nil {
		t.Fatal(err)
	}
	if len(s.told(t, "thuky")) != secretariat+1 || len(s.told(t, "chuyenvien")) != before+1 {
		t.Error("the secretariat is told of progress, and who told it is not")
	}
	v := s.visitor(t, "chuyenvien")
	if code, page := v.get("/viec/thong-bao"); code != 200 || !strings.Contains(page, "trùng với hội nghị") || !strings.Contains(page, `class="count"`) {
		t.Errorf("the page of notices: %d", code)
	}
	if code, _, _ := v.post("/viec/thong-bao/doc", nil); code != 303 {
		t.Errorf("marking them read: %d", code)
	}
	if _, page := v.get("/viec/thong-bao"); strings.Contains(page, `class="count"`) {
		t.Error("they are still new")
	}
}

// TestMorning holds the reminders: −7, −3, −1, 0 and +1 working days, one message a
// person, none to who has done it, to the leader only when it is late, and none on
// a day off or before seven.
func TestMorning(t *testing.T) {
	s := demonstration(t)
	clerk := s.actor(t, "chuyenvien", policy.Clerk, "DV03")
	mornings := func(login string) (all []notice.Notice) {
		for _, n := range s.told(t, login) {
			if n.Kind == "morning" {
				all = append(all, n)
			}
		}
		return all
	}
	at := func(moment string) {
		t.Helper()
		when, err := time.ParseInLocation("2006-01-02 15:04", moment, DemoStart.Location())
		if err != nil {
			t.Fatal(err)
		}
		s.clock.Set(when)
		if err := s.remind(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.remind(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	// 30/11/2026 is seven working days from 19/11: the sheet, and the dialogue.
	first := mornings("chuyenvien")
	if len(first) != 1 || len(first[0].Lines) != 2 {
		t.Fatalf("19/11: %+v", first)
	}
	if len(mornings("lanhdao")) != 0 {
		t.Error("the leader was reminded of what is not late")
	}
	at("2026-11-21 08:00") // a Saturday
	at("2026-11-25 06:59")
	if n := len(mornings("chuyenvien")); n != 1 {
		t.Errorf("%d mornings on a day off or before seven", n)
	}
	at("2026-11-25 07:00") // three days before the two, seven before the task and the two tables of the cross-scoring
	if n := mornings("chuyenvien"); len(n) != 2 || len(n[0].Lines) != 5 || n[0].Lines[0].Args[1] != "3" {
		t.Errorf("25/11: %+v", n[0])
	}
	// The dialogue is done: of it nobody is reminded any more.
	owed, err := s.Tasks.Owed(t.Context(), clerk.Holds[0].Unit)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range owed {
		if o.Number == 8 {
			if _, err := s.Tasks.Tick(t.Context(), clerk, o.ID, clerk.Holds[0].Unit, "", nil, reference("12/TB-ĐU")); err != nil {
				t.Fatal(err)
			}
		}
	}
	at("2026-11-27 09:00")
	if n := mornings("chuyenvien"); len(n) != 3 || len(n[0].Lines) != 1 {
		t.Errorf("27/11: %+v", n[0])
	}
	at("2026-11-30 09:00")
	if n := mornings("chuyenvien"); len(n) != 4 || n[0].Lines[0].Text != "notice.morning.sheet.today" {
		t.Errorf("30/11: %+v", n[0])
	}
	at("2026-12-01 09:00")
	late := mornings("lanhdao")
	if len(late) != 1 || late[0].Lines[0].Text != "notice.morning.sheet.late" {
		t.Errorf("the leader on 01/12: %+v", late)
	}
	at("2026-12-02 09:00")
	if n := len(mornings("lanhdao")); n != 1 {
		t.Errorf("reminded of it again: %d", n)
	}
}

func reference(number string) evidence.Reference {
	return evidence.Reference{Number: number, Date: day("2026-11-18")}
}
