package conference

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
)

func at(text string) time.Time {
	t, err := lang.ParseMoment(text)
	if err != nil {
		panic(err)
	}
	return t
}

func TestSchedule(t *testing.T) {
	for _, c := range []struct {
		name  string
		items []Item
		want  string // times, "!" overlaps, "+n" free minutes before, "/" a new day
	}{
		{"one after the other", []Item{{Minutes: 30}, {Minutes: 10}, {Minutes: 0}, {Minutes: 5}}, "07:30 08:00 08:10 08:10"},
		{"pinned later", []Item{{Minutes: 30}, {Minutes: 10, At: "08:15"}, {Minutes: 5}}, "07:30 08:15+15 08:25"},
		{"pinned too early", []Item{{Minutes: 30}, {Minutes: 10, At: "07:45"}, {Minutes: 5}}, "07:30 07:45! 07:55"},
		{"across midnight", []Item{{Minutes: 990}, {Minutes: 30}, {Minutes: 5, At: "00:45"}}, "07:30 00:00/ 00:45+15"},
		{"pinned to the next day", []Item{{Minutes: 600}, {Minutes: 5, At: "01:00"}}, "07:30 01:00+450/"},
		{"two days", []Item{{Minutes: 570}, {Minutes: 60, At: "07:30 hôm sau"}, {Minutes: 5, At: "08:00"}}, "07:30 07:30+870/ 08:00!"},
		{"the next day, reached at midnight", []Item{{Minutes: 990}, {Minutes: 60, At: "07:30 hôm sau"}}, "07:30 07:30+450/"},
	} {
		var got []string
		for i := range c.items {
			c.items[i].ID = fmt.Sprint(i)
		}
		for _, s := range Schedule(at("2026-07-09T07:30"), c.items) {
			text := clockWords(s.Starts)
			if s.Overlaps {
				text += "!"
			}
			if s.Gap > 0 {
				text += fmt.Sprintf("+%d", s.Gap)
			}
			if s.NewDay {
				text += "/"
			}
			got = append(got, text)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v, want %s", c.name, got, c.want)
		}
	}
}

// TestReorder: whatever the order, the programme lasts as long, and each item begins where
// the one before it ends.
func TestReorder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lengths := rapid.SliceOfN(rapid.Int64Range(0, 90), 1, 20).Draw(t, "minutes")
		var items []Item
		var sum int64
		for i, m := range lengths {
			items = append(items, Item{ID: fmt.Sprint(i), Title: "x", Minutes: m})
			sum += m
		}
		items = rapid.Permutation(items).Draw(t, "order")
		starts := at("2026-12-31T22:00")
		slots := Schedule(starts, items)
		for i, s := range slots {
			if i > 0 && !s.Starts.Equal(slots[i-1].End) || s.Overlaps || s.Gap != 0 {
				t.Fatalf("item %d begins at %v after %v", i, s.Starts, slots[i-1].End)
			}
		}
		if got := minutes(slots[len(slots)-1].End.Sub(starts)); got != sum {
			t.Fatalf("lasts %d minutes, want %d", got, sum)
		}
		p := Programme{Starts: starts, Items: items}
		if d := Diff(p, p); d.Any() {
			t.Fatalf("differs from itself: %v", d)
		}
	})
}

func TestDiff(t *testing.T) {
	old := Programme{Starts: at("2026-07-09T08:00"), Items: []Item{{ID: "a", Title: "Khai mạc", Minutes: 10}, {ID: "b", Title: "Báo cáo", Minutes: 20}, {ID: "c", Title: "Bế mạc", Minutes: 5}}}
	new := Programme{Starts: old.Starts, Items: []Item{{ID: "a", Title: "Khai mạc", Minutes: 15}, {ID: "d", Title: "Chào mừng", Minutes: 5}, {ID: "b", Title: "Báo cáo", Minutes: 20}}}
	var got []string
	for _, d := range Diff(old, new).Items {
		got = append(got, d.Kind+":"+d.Was.ID+d.Is.ID)
	}
	if want := "changed:aa added:d moved:bb removed:c"; strings.Join(got, " ") != want {
		t.Errorf("%v, want %s", got, want)
	}
	// A week later, elsewhere: no item has moved within it.
	week := old
	week.Starts, week.Place = old.Starts.AddDate(0, 0, 7), "Hội trường khác"
	if d := Diff(old, week); !d.Starts || !d.Place || len(d.Items) != 0 || !d.Any() {
		t.Errorf("a week later: %+v", d)
	}
}

func TestClockOf(t *testing.T) {
	for text, want := range map[string]string{"9:45": "9:45", "09:45": "9:45", "9h45": "9:45", "9h": "9:0", "": "-", "24:00": "-", "9:60": "-", "chín giờ": "-", "23:59": "23:59", "7h30 hôm sau": "7:30 next", "07:30 Hom Sau": "7:30 next", "hôm sau": "-"} {
		got := "-"
		if h, m, next, ok := clockOf(text); ok {
			got = fmt.Sprintf("%d:%d%s", h, m, map[bool]string{true: " next"}[next])
		}
		if got != want {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
}

func TestLate(t *testing.T) {
	slots := Schedule(at("2026-07-09T08:00"), []Item{{ID: "a", Minutes: 10}, {ID: "b", Minutes: 20}})
	for _, c := range []struct {
		item, since, now string
		want             int64
	}{
		{"a", "2026-07-09T08:00", "2026-07-09T08:05", 0},
		{"a", "2026-07-09T08:00", "2026-07-09T08:22", 12}, // lasts too long
		{"b", "2026-07-09T08:17", "2026-07-09T08:20", 7},  // began late
		{"b", "2026-07-09T08:05", "2026-07-09T08:06", -5}, // ahead
		{"x", "2026-07-09T08:05", "2026-07-09T08:06", 0},
	} {
		if got := Late(slots, c.item, at(c.since), at(c.now)); got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
}

// TestSuggest: whoever waits is suggested once; replies go first; of two units' first
// turns the one that has spoken less often comes first; nobody's second turn comes before
// another unit's first that has spoken no more.
func TestSuggest(t *testing.T) {
	now := at("2026-07-09T10:00")
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 30).Draw(t, "n")
		var all []Speech
		for i := range n {
			s := Speech{ID: fmt.Sprintf("s%02d", i), UnitID: rapid.SampledFrom([]string{"A", "B", "C", "D"}).Draw(t, "unit"),
				Kind: rapid.SampledFrom([]string{"speech", "speech", "speech", "reply", "paper"}).Draw(t, "kind"), AskedAt: now.Add(time.Duration(rapid.IntRange(-100, -1).Draw(t, "asked")) * time.Minute),
				State: rapid.SampledFrom([]SpeechState{Waiting, Spoken, Dropped, Withdrawn}).Draw(t, "state")}
			if s.State == Spoken {
				s.Start = s.AskedAt
				s.End = s.Start.Add(time.Duration(rapid.IntRange(1, 9).Draw(t, "lasted")) * time.Minute)
			}
			all = append(all, s)
		}
		got := Suggest(all, now)
		seen := map[string]bool{}
		for _, s := range got {
			if s.State != Waiting || seen[s.ID] {
				t.Fatalf("%+v suggested", s)
			}
			seen[s.ID] = true
		}
		if len(got) != len(waitingIn(all)) {
			t.Fatalf("%d of %d suggested", len(got), len(waitingIn(all)))
		}
		turns := turnsOf(all, now)
		first := map[string]bool{}
		asked := slices.Clone(got)
		slices.SortStableFunc(asked, func(a, b Speech) int { return strings.Compare(a.AskedAt.String()+a.ID, b.AskedAt.String()+b.ID) })
		isFirst := map[string]bool{}
		for _, s := range asked {
			isFirst[s.ID], first[s.UnitID] = !first[s.UnitID], true
		}
		for i := 1; i < len(got); i++ {
			a, b := got[i-1], got[i]
			if a.Kind != "reply" && b.Kind == "reply" {
				t.Fatalf("a reply after a speech")
			}
			if a.Kind == b.Kind && isFirst[a.ID] && isFirst[b.ID] && turns[a.UnitID].N > turns[b.UnitID].N {
				t.Fatalf("%s with %d turns before %s with %d", a.UnitID, turns[a.UnitID].N, b.UnitID, turns[b.UnitID].N)
			}
		}
	})
}

func TestVoteCheck(t *testing.T) {
	for _, c := range []struct {
		v    Vote
		want string // field that is refused, "" for none
	}{
		{Vote{Way: "hands", Present: 34, Yes: 33, Abstain: 1}, ""},
		{Vote{Way: "hands", Present: 34, Yes: 33}, "silent"},
		{Vote{Way: "hands", Present: 34, Yes: 33, No: 2}, "yes"},
		{Vote{Way: "hands", Present: 34, Yes: 35, No: -1}, "no"},
		{Vote{Way: "paper", Present: 34, Issued: 34, Returned: 33, Valid: 32, Yes: 30, No: 2}, ""},
		{Vote{Way: "paper", Present: 34, Issued: 35, Returned: 33, Valid: 32, Yes: 30, No: 2}, "issued"},
		{Vote{Way: "paper", Present: 34, Issued: 34, Returned: 35, Valid: 32, Yes: 30, No: 2}, "returned"},
		{Vote{Way: "paper", Present: 34, Issued: 34, Returned: 33, Valid: 34, Yes: 30, No: 4}, "valid"},
		{Vote{Way: "paper", Present: 34, Issued: 34, Returned: 33, Valid: 32, Yes: 30, No: 1}, "yes"},
	} {
		got := ""
		if err := c.v.check(false); err != nil {
			got = fault.All(err)[0].Field
		}
		if got != c.want {
			t.Errorf("%+v refused at %q, want %q", c.v, got, c.want)
		}
	}
	few := Vote{Way: "hands", Present: 34, Yes: 20, No: 3}
	if err := few.check(true); err != nil || few.Silent() != 11 {
		t.Errorf("eleven do not vote: %d, %v", few.Silent(), err)
	}
	if (Vote{Present: 34, Yes: 17}).Passed() || !(Vote{Present: 34, Yes: 18}).Passed() {
		t.Error("more than half of those present is 18 of 34")
	}
}

func TestQuorum(t *testing.T) {
	here := time.Date(2026, 7, 9, 0, 0, 0, 0, time.UTC)
	d := func(unit string, present bool) Delegate {
		x := Delegate{DelegateDraft: DelegateDraft{UnitID: unit}}
		if present {
			x.PresentAt = here
		}
		return x
	}
	for _, c := range []struct {
		all  []Delegate
		want Quorum
		met  bool
	}{
		{nil, Quorum{}, false},
		{[]Delegate{d("A", true), d("A", false), d("B", false)}, Quorum{1, 2}, false}, // half is not enough
		{[]Delegate{d("A", true), d("B", true), d("C", false), d("", true)}, Quorum{2, 3}, true},
	} {
		if got := quorum(c.all); got != c.want || got.Met() != c.met {
			t.Errorf("%v: %v %t", c.all, got, got.Met())
		}
	}
}

func TestSkewed(t *testing.T) {
	got := at("2026-07-09T08:00")
	ms := func(s string) int64 { return at(s).UnixMilli() }
	for _, c := range []struct {
		name, at, sent, want string
	}{
		{"right clock", "2026-07-09T07:50", "2026-07-09T08:00", "2026-07-09T07:50"},
		{"an hour ahead", "2026-07-09T08:50", "2026-07-09T09:00", "2026-07-09T07:50"},
		{"a year behind", "2025-07-09T07:50", "2025-07-09T08:00", "2026-07-09T07:50"},
		{"set back meanwhile", "2026-07-09T09:30", "2026-07-09T08:00", "2026-07-09T08:00"},
		{"absurd", "2020-01-01T00:00", "2026-07-09T08:00", "2026-07-09T08:00"},
	} {
		if w := skewed(ms(c.at), ms(c.sent), got); !w.Equal(at(c.want)) {
			t.Errorf("%s: %v, want %s", c.name, w, c.want)
		}
	}
	if w := skewed(ms("2026-07-09T07:50"), 0, got); !w.Equal(got) {
		t.Errorf("without the desk's clock: %v", w)
	}
}

func TestSentences(t *testing.T) {
	body := "Thống nhất mẫu bảng tiếp thu, giải trình. Giao DV03 phối hợp; hạn 31/07!\n- Niêm yết đủ 30 ngày tại 3 nơi\nOK."
	want := []string{"Thống nhất mẫu bảng tiếp thu, giải trình.", "Giao DV03 phối hợp;", "hạn 31/07!", "Niêm yết đủ 30 ngày tại 3 nơi"}
	if got := Sentences(body); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	for in, want := range map[string]string{"a": "a.", "a.": "a.", " a; ": "a.", "a?": "a?", "": ""} {
		if got := endSentence(in); got != want {
			t.Errorf("%q ends as %q", in, got)
		}
	}
}

func TestCodes(t *testing.T) {
	seen := map[string]bool{}
	for range 2000 {
		d := invite("c", DelegateDraft{}, 1)
		if len(d.Mark) != markLetters || len(d.Secret) != secretLetters || seen[d.Code()] || tidy(strings.ToLower(d.Spelled())) != d.Code() {
			t.Fatalf("code %s (%s)", d.Code(), d.Spelled())
		}
		seen[d.Code()] = true
	}
}

func TestReadingTime(t *testing.T) {
	if n := (Paper{Body: strings.Repeat("một hai ba\n", 480)}).ReadingTime(); n != 8 {
		t.Errorf("1,440 syllables take %d minutes", n)
	}
}

func TestSeats(t *testing.T) {
	rows, order := map[string][]Delegate{}, []string{"B", "AA", "A"}
	for _, seat := range []string{"A10", "A2", "A1"} {
		rows["A"] = append(rows["A"], Delegate{DelegateDraft: DelegateDraft{Seat: seat}})
	}
	sortSeats(order, rows)
	if !slices.Equal(order, []string{"A", "B", "AA"}) || rows["A"][1].Seat != "A2" {
		t.Errorf("%v %v", order, rows["A"])
	}
}
