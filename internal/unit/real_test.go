package unit

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"

	"dongthuan/internal/lang"
)

// entry is a unit as a source has it: full name and the parent's code by level
// and code.
type entry struct{ full, parent string }

type place struct {
	level int
	code  string
}

// snapshotTree reads a dated state without the code under test.
func snapshotTree(t *testing.T, body []byte) map[place]entry {
	t.Helper()
	var list []any
	if err := json.Unmarshal(body, &list); err != nil {
		t.Fatal(err)
	}
	tree := map[place]entry{}
	var walk func(list []any, level int, parent string)
	walk = func(list []any, level int, parent string) {
		for _, item := range list {
			n := item.([]any)
			code, name, words := lang.Line(n[0].(string)), n[1].(string), n[2].(string)
			tree[place{level, code}] = entry{lang.Fold(words) + " " + lang.Line(name), parent}
			if len(n) > 4 {
				walk(n[4].([]any), level+1, code)
			}
		}
	}
	walk(list, 1, "")
	return tree
}

func nationalTree(t *testing.T, body []byte) map[place]entry {
	t.Helper()
	type unit struct {
		Code, Name, AdministrativeUnitShortName string
		Wards                                   []unit
	}
	var list []unit
	if err := json.Unmarshal(body, &list); err != nil {
		t.Fatal(err)
	}
	tree := map[place]entry{}
	for _, p := range list {
		tree[place{1, p.Code}] = entry{lang.Fold(p.AdministrativeUnitShortName) + " " + lang.Line(p.Name), ""}
		for _, w := range p.Wards {
			tree[place{3, w.Code}] = entry{lang.Fold(w.AdministrativeUnitShortName) + " " + lang.Line(w.Name), p.Code}
		}
	}
	return tree
}

// compareTree reads the tree of a day out of the registry and compares it.
func compareTree(t *testing.T, s *Service, on string, want map[place]entry) {
	t.Helper()
	all, err := s.All(context.Background(), day(on))
	if err != nil {
		t.Fatal(err)
	}
	codes := map[string]string{}
	for _, u := range all {
		codes[u.ID] = u.Code
	}
	bad := 0
	got := map[place]entry{}
	for _, u := range all {
		k, _ := kindNamed(u.Kind)
		got[place{u.Level(), u.Code}] = entry{lang.Fold(k.words) + " " + u.Name, codes[u.ParentID]}
	}
	for p, e := range want {
		if got[p] != e && bad < 10 {
			bad++
			t.Errorf("on %s, %v = %v, want %v", on, p, got[p], e)
		}
	}
	if len(got) != len(want) || len(all) != len(want) {
		t.Errorf("on %s: %d units, want %d", on, len(all), len(want))
	}
}

// province leaves one province of a state or a national list; "" leaves all.
func province(t testing.TB, body []byte, code string) []byte {
	t.Helper()
	if code == "" {
		return body
	}
	var list, only []json.RawMessage
	if err := json.Unmarshal(body, &list); err != nil {
		t.Fatal(err)
	}
	for _, one := range list {
		var fields []any
		var named struct{ Code string }
		if json.Unmarshal(one, &fields) == nil && fields[0] == code || json.Unmarshal(one, &named) == nil && named.Code == code {
			only = append(only, one)
		}
	}
	out, err := json.Marshal(only)
	if err != nil || len(only) != 1 {
		t.Fatalf("%d provinces %s, %v", len(only), code, err)
	}
	return out
}

const (
	old2019  = "units/snapshots/sorted-2019-10-19.json"
	old2025  = "units/snapshots/sorted-2025-03-01.json"
	national = "units/new-units-full-2026-07-25.json"
	oldToNew = "hanoi-units/hanoi-old-to-new-2025-07-01.csv"
	wards    = "hanoi-units/wards-2019-to-2025.csv"
)

// The whole country is taken in once; the other orders with Hà Nội alone.
func TestTreeEqualsTheSourceOnAnyDate(t *testing.T) {
	for _, test := range []struct {
		name  string
		only  string // code of a province, "" for all
		order []int
	}{
		{"the country", "", []int{0, 1, 2}},
		{"Hà Nội", "01", []int{0, 1, 2}}, {"Hà Nội, today first", "01", []int{2, 0, 1}}, {"Hà Nội, backwards", "01", []int{2, 1, 0}}, {"Hà Nội, the middle last", "01", []int{0, 2, 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.only == "" && testing.Short() {
				t.Skip("the whole country takes a minute under the race detector")
			}
			a, b, c := province(t, data(t, old2019), test.only), province(t, data(t, old2025), test.only), province(t, data(t, national), test.only)
			s := open(t)
			bodies, days := [][]byte{a, b, c}, []string{"2019-10-19", "2025-03-01", "2025-07-01"}
			for _, i := range test.order {
				take(t, s, bodies[i], days[i], false)
			}
			compareTree(t, s, "2019-10-19", snapshotTree(t, a))
			compareTree(t, s, "2022-02-02", snapshotTree(t, a))
			compareTree(t, s, "2025-03-01", snapshotTree(t, b))
			compareTree(t, s, "2025-06-30", snapshotTree(t, b))
			compareTree(t, s, "2025-07-01", nationalTree(t, c))
			compareTree(t, s, "2026-11-20", nationalTree(t, c))
			for i, body := range bodies {
				if r := take(t, s, body, days[i], false); !r.Nothing() {
					t.Errorf("taking %s in again = %+v, want nothing", days[i], r.Counts)
				}
			}
			if test.only == "" {
				list := data(t, "units/gso-districts-old-2025-07-18.csv")
				if r := take(t, s, list, "2025-06-30", false); !r.Nothing() {
					t.Errorf("the list of districts = %+v, want nothing new", r.Counts)
				}
			}
		})
	}
}

// hanoiToday takes in the states of Hà Nội and its links.
func hanoiToday(t testing.TB) *Service {
	t.Helper()
	a, b, c := province(t, data(t, old2019), hanoi), province(t, data(t, old2025), hanoi), province(t, data(t, national), hanoi)
	links := data(t, oldToNew)
	s := open(t)
	take(t, s, a, "2019-10-19", false)
	take(t, s, b, "2025-03-01", false)
	take(t, s, c, "2025-07-01", false)
	if r := take(t, s, links, "2025-07-01", true); r.Links != 796 {
		t.Errorf("links of Hà Nội = %d, want 796", r.Links)
	}
	return s
}

func records(t *testing.T, body []byte) (all []map[string]string) {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(body)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		m := map[string]string{}
		for i, h := range rows[0] {
			m[h] = row[i]
		}
		all = append(all, m)
	}
	return all
}

func TestHaNoi(t *testing.T) {
	s := hanoiToday(t)
	ctx := context.Background()

	t.Run("each of the 168 wards of 2019 is found today, or it is said that no source tells", func(t *testing.T) {
		want := map[string][]string{} // old code → new codes
		for _, r := range records(t, data(t, wards)) {
			if _, ok := want[r["ward_code"]]; !ok {
				want[r["ward_code"]] = nil
			}
			if r["new_code"] != "" {
				want[r["ward_code"]] = append(want[r["ward_code"]], r["new_code"]+" "+r["kind"])
			}
		}
		if len(want) != 168 {
			t.Fatalf("%d wards, want 168", len(want))
		}
		untold := 0
		for code, targets := range want {
			u, err := s.ByCode(ctx, code, day("2019-10-19"))
			if err != nil {
				t.Fatalf("%s in 2019: %v", code, err)
			}
			r, err := s.Resolve(ctx, u.ID, day("2019-10-19"), noon)
			if err != nil {
				t.Fatal(err)
			}
			if len(targets) == 0 {
				untold++
				if len(r.Units) != 0 || len(r.Untold) != 1 || r.Untold[0].ID != u.ID {
					t.Errorf("%s %s = %+v, want that the source does not tell", code, u.FullName(), r)
				}
				continue
			}
			got := map[string]bool{}
			for _, to := range r.Units {
				kind := " partial"
				if to.Whole {
					kind = " full"
				} else if to.ShareDen != 0 {
					t.Errorf("%s → %s has a share that nobody gave", code, to.Code)
				}
				got[to.Code+kind] = true
			}
			if len(got) != len(targets) || len(r.Untold) > 0 {
				t.Errorf("%s %s = %v, want %v", code, u.FullName(), got, targets)
			}
			for _, w := range targets {
				if !got[w] {
					t.Errorf("%s %s = %v, want %v", code, u.FullName(), got, targets)
				}
			}
		}
		if untold != 15 {
			t.Errorf("%d wards untold, want 15", untold)
		}
	})

	t.Run("103 of the 126 codes ask for a date", func(t *testing.T) {
		city, err := s.ByCode(ctx, "01", noon)
		if err != nil {
			t.Fatal(err)
		}
		now, err := s.Children(ctx, city.ID, noon)
		if err != nil || len(now) != 126 {
			t.Fatalf("Children of %s = %d, %v, want 126", city.FullName(), len(now), err)
		}
		asks := 0
		for _, u := range now {
			versions, err := s.Holders(ctx, u.Code)
			if err != nil {
				t.Fatal(err)
			}
			if Ambiguous(versions) {
				asks++
			}
			if len(holders(versions)) < 2 {
				t.Errorf("%s %s was never the code of an old ward", u.Code, u.FullName())
			}
		}
		if asks != 103 {
			t.Errorf("%d codes ask for a date, want 103", asks)
		}
		for on, want := range map[string]string{"2019-10-19": "Phường Trúc Bạch", "2025-06-30": "Phường Trúc Bạch", "2025-07-01": "Phường Ba Đình"} {
			if u, err := s.ByCode(ctx, "00004", day(on)); err != nil || u.FullName() != want {
				t.Errorf("00004 on %s = %s, %v, want %s", on, u.FullName(), err, want)
			}
		}
	})

	t.Run("back from today to 2025 gives the old units of the list", func(t *testing.T) {
		for _, r := range records(t, data(t, "hanoi-units/hanoi-new-units-126.csv")) {
			u, err := s.ByCode(ctx, r["new_code"], noon)
			if err != nil {
				t.Fatal(err)
			}
			got, err := s.Resolve(ctx, u.ID, noon, day("2025-06-30"))
			if err != nil {
				t.Fatal(err)
			}
			if n := len(got.Units); strings.TrimSpace(r["old_units"]) != itoa(n) || len(got.Untold) > 0 {
				t.Errorf("%s was made from %d units, want %s", u.FullName(), n, r["old_units"])
			}
		}
	})

	t.Run("the second file of links agrees with the first", func(t *testing.T) {
		if r := take(t, s, data(t, wards), "2025-07-01", true); !r.Nothing() || r.Untold != 15 {
			t.Errorf("wards-2019-to-2025 = %+v, want nothing new and 15 untold", r.Counts)
		}
		if r := take(t, s, data(t, oldToNew), "2025-07-01", true); !r.Nothing() {
			t.Errorf("links again = %+v, want nothing", r.Counts)
		}
	})

	t.Run("the lists agree with the states", func(t *testing.T) {
		for name, on := range map[string]string{
			"hanoi-units/hanoi-new-units-126.csv": "2025-07-01", "hanoi-units/hanoi-districts-30.csv": "2019-10-19",
			"hanoi-units/urban-districts-2019.csv": "2019-10-19", wards: "2019-10-19", oldToNew: "2025-06-30",
		} {
			if r := take(t, s, data(t, name), on, false); !r.Nothing() {
				t.Errorf("%s = %+v, want nothing new", name, r.Counts)
			}
		}
	})

	t.Run("names are found folded", func(t *testing.T) {
		for _, text := range []string{"ba dinh", "BA ĐÌNH", "Phường Ba Đình", "00004", "ba di", "phường ba đ"} {
			found, err := s.Find(ctx, text, noon)
			if err != nil || len(found) == 0 || found[0].Code != "00004" {
				t.Errorf("Find(%q) = %v, %v", text, found[:min(len(found), 2)], err)
			}
		}
		a, _ := s.Find(ctx, "yen hoà", noon)
		b, _ := s.Find(ctx, "yên hòa", noon)
		if len(a) == 0 || len(a) != len(b) {
			t.Errorf("yen hoà finds %d, yên hòa %d", len(a), len(b))
		}
	})
}

// The lists of Hà Nội alone make its tree, without the states of the country.
func TestHaNoiFromItsListsAlone(t *testing.T) {
	s := open(t)
	ctx := context.Background()
	take(t, s, data(t, oldToNew), "2025-03-01", false)
	take(t, s, data(t, "hanoi-units/hanoi-new-units-126.csv"), "2025-07-01", false)
	take(t, s, data(t, oldToNew), "2025-07-01", true)
	for on, want := range map[string]int{"2025-06-30": 1 + 30 + 526, "2025-07-01": 1 + 126} {
		if all, err := s.All(ctx, day(on)); err != nil || len(all) != want {
			t.Errorf("on %s %d units, %v, want %d", on, len(all), err, want)
		}
	}
	u, err := s.ByCode(ctx, "00007", day("2025-06-30"))
	if err != nil {
		t.Fatal(err)
	}
	if r, err := s.Resolve(ctx, u.ID, day("2025-06-30"), noon); err != nil || len(r.Units) != 2 {
		t.Errorf("Cống Vị today = %+v, %v", r, err)
	}
}
