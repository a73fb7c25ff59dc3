package unit

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"

	"dongthuan/internal/db"
	"dongthuan/internal/fault"
	"dongthuan/internal/ledger"
	"pgregory.net/rapid"
)

const list = "code,name,kind,parent_code,from,to,basis\n" +
	"99,Hà Thanh,Thành phố,,2000-01-01,,\n" +
	"991,Đông,quan,99,2000-01-01,01/07/2025,\n" +
	"99001,Hoà Bình,phuong,991,2000-01-01,2025-07-01,NQ 1\n" +
	"99002, Yên Lãng,Phường,991,2000-01-01,2025-07-01,NQ 1\n" +
	"99001,Cầu Mây,phuong,99,2025-07-01,,NQ 2\n"

const linksFile = "\ufeffold_code;old_from;new_code;kind;date;basis\n" +
	"99001;2000-01-01;99001;part;2025-07-01;NQ 2\n" +
	"99002;;99001;toàn bộ;01/07/2025;NQ 2\n"

func takeText(t *testing.T, s *Service, text, on string) (Result, error) {
	t.Helper()
	r, ack, err := s.Import(context.Background(), operator, strings.NewReader(text), day(on), false)
	if err == nil && ack.Recorded() == r.Nothing() {
		t.Errorf("recorded %v for %+v", ack.Recorded(), r.Counts)
	}
	return r, err
}

func TestImportListAndLinks(t *testing.T) {
	s := open(t)
	ctx := context.Background()
	r, err := takeText(t, s, list, "")
	if err != nil || r.Format != List || r.Opened != 5 {
		t.Fatalf("list = %+v, %v, %v", r.Counts, err, firstProblems(r))
	}
	// The commune under the province is another unit than the one under the district.
	then, err1 := s.ByCode(ctx, "99001", day("2025-06-30"))
	now, err2 := s.ByCode(ctx, "99001", noon)
	if err1 != nil || err2 != nil || then.ID == now.ID || then.Name != "Hoà Bình" || now.Basis != "NQ 2" {
		t.Errorf("99001 = %+v then, %+v now, %v, %v", then, now, err1, err2)
	}
	if u, err := s.ByCode(ctx, "99002", day("2020-01-01")); err != nil || u.Name != "Yên Lãng" {
		t.Errorf("a leading blank stayed: %q, %v", u.Name, err)
	}
	r, err = takeText(t, s, linksFile, "")
	if err != nil || r.Format != Links || r.Links != 2 {
		t.Fatalf("links = %+v, %v, %v", r.Counts, err, firstProblems(r))
	}
	for _, text := range []string{list, linksFile, norm.NFD.String(list), "\ufeff" + strings.ReplaceAll(list, ",", ";"), strings.ReplaceAll(list, "Hoà", "Hòa")} {
		if r, err := takeText(t, s, text, ""); err != nil || !r.Nothing() {
			t.Errorf("again = %+v, %v, %v, want nothing new", r.Counts, err, firstProblems(r))
		}
	}
	taken, err := s.Imports(ctx)
	if err != nil || len(taken) != 2 {
		t.Errorf("Imports = %v, %v", taken, err)
	}
}

func TestImportRecordsOneLeaf(t *testing.T) {
	s := open(t)
	if _, err := takeText(t, s, list, ""); err != nil {
		t.Fatal(err)
	}
	var id string
	if err := s.db.QueryRowContext(context.Background(), `select id from unit_import`).Scan(&id); err != nil {
		t.Fatal(err)
	}
	events, err := ledger.History(context.Background(), s.db, id)
	if err != nil || len(events) != 1 || events[0].Type != ledger.UnitImported || !strings.Contains(events[0].Payload, `"sha256":"`) {
		t.Errorf("History = %+v, %v, want one unit.imported", events, err)
	}
	var leaves int
	if err := s.db.QueryRowContext(context.Background(), `select count(*) from ledger_leaf`).Scan(&leaves); err != nil || leaves != 1 {
		t.Errorf("%d leaves, %v, want 1", leaves, err)
	}
}

func TestImportProblems(t *testing.T) {
	head := "code,name,kind,parent_code,from,to,basis\n"
	s := open(t)
	if _, err := takeText(t, s, list, ""); err != nil {
		t.Fatal(err)
	}
	linkHead := "old_code,new_code,kind,date,share,share_method\n"
	for _, test := range []struct {
		name, text, on string
		line           int
		want           string
	}{
		{"empty", " \n", "", 0, "unit.import.empty"},
		{"not UTF-8", "code,name\n1,\xe1\xba\n", "", 0, "unit.import.utf8"},
		{"an Excel file", "PK\x03\x04\xff\xfe", "", 0, "unit.import.utf8"},
		{"unknown columns", "a,b\n1,2\n", "", 1, "unit.import.unknown"},
		{"only the head", head, "", 1, "unit.import.norows"},
		{"an open quotation mark", head + "99,\"Hà,tinh,,2000-01-01,,\n", "", 2, "unit.import.csv"},
		{"too many cells", head + "99,Hà,tinh,,2000-01-01,,,,x\n", "", 2, "unit.import.wide"},
		{"no day", head + "99,Hà,tinh,,,,\n", "", 2, "unit.import.nofrom"},
		{"a day that is none", head + "99,Hà,tinh,,31/02/2000,,\n", "", 2, "lang.date.bad"},
		{"an unknown kind", head + "\n99,Hà,tong,,2000-01-01,,\n", "", 3, "unit.import.kind"},
		{"no name", head + "99,,tinh,,2000-01-01,,\n", "", 2, "unit.import.blank"},
		{"ends before it begins", head + "99,Hà,tinh,,2000-01-01,1999-01-01,\n", "", 2, "unit.import.period"},
		{"a code for an address", head + "../x,Hà,tinh,,2000-01-01,,\n", "", 2, "unit.code.bad"},
		{"no parent", head + "99001,Hà,xa,98,2000-01-01,,\n", "", 2, "unit.import.parent"},
		{"a code twice", head + "98,Hà,tinh,,2000-01-01,,\n98,Hè,tinh,,2001-01-01,,\n", "", 3, "unit.import.taken"},
		{"links to nothing", linkHead + "1,2,part,2020-01-01,,\n", "", 2, "unit.import.absent"},
		{"an unknown kind of link", linkHead + "1,2,half,2020-01-01,,\n", "", 2, "unit.import.linkkind"},
		{"a share that is none", linkHead + "1,2,part,2020-01-01,7/3,x\n", "", 2, "unit.import.share"},
		{"a share without its method", linkHead + "1,2,part,2020-01-01,1/3,\n", "", 2, "unit.import.method"},
		{"a tree without a day", `[["01","Hà Nội","Thành phố","x",[]]]`, "", 0, "unit.import.day"},
		{"JSON cut off", "[[\"01\",\n\"Hà", "2020-01-01", 2, "unit.import.json"},
		{"other JSON", `{"a":1}`, "2020-01-01", 0, "unit.import.unknown"},
		{"a code twice in a tree", `[["01","A","Tỉnh","x",[]],["01","B","Tỉnh","x",[]]]`, "2020-01-01", 0, "unit.import.twice"},
		{"a tree too deep", `[["01","A","Tỉnh","x",[["001","B","Quận","x",[["00001","C","Xã","x",[["1","D","Xã","x"]]]]]]]]`, "2020-01-01", 0, "unit.import.deep"},
		{"a district among communes", `[["01","A","Tỉnh","x",[["001","B","Xã","x"]]]]`, "2020-01-01", 0, "unit.import.kind"},
	} {
		t.Run(test.name, func(t *testing.T) {
			before, err := s.All(context.Background(), noon)
			if err != nil {
				t.Fatal(err)
			}
			r, err := takeText(t, s, test.text, test.on)
			if textKey(err) != "unit.import.refused" || fault.KindOf(err) != fault.Invalid || len(r.Problems) == 0 {
				t.Fatalf("Import = %+v, %v, want it refused", r, err)
			}
			if p := r.Problems[0]; p.Err.Text != test.want || p.Line != test.line {
				t.Errorf("line %d: %s, want line %d: %s", p.Line, p.Err.Text, test.line, test.want)
			}
			if after, err := s.All(context.Background(), noon); err != nil || len(after) != len(before) {
				t.Errorf("%d units after a refused file, want %d", len(after), len(before))
			}
		})
	}
}

// A good row beside a bad one is not written either.
func TestImportIsAllOrNothing(t *testing.T) {
	s := open(t)
	r, err := takeText(t, s, "code,name,kind,from\n01,Hà Nội,thanh_pho,2000-01-01\n02,,tinh,2000-01-01\n", "")
	if err == nil || r.Refused != 1 {
		t.Fatalf("Import = %+v, %v", r, err)
	}
	if all, err := s.All(context.Background(), noon); err != nil || len(all) != 0 {
		t.Errorf("half written: %v, %v", all, err)
	}
}

func tree(wards ...string) string {
	var b strings.Builder
	for i, w := range wards {
		if i > 0 {
			b.WriteByte(',')
		}
		code, name, _ := strings.Cut(w, " ")
		fmt.Fprintf(&b, `[%q,%q,"Phường","x"]`, code, name)
	}
	return `[["01","Hà Nội","Thành phố","x",[["001","Ba Đình","Quận","x",[` + b.String() + `]]]]]`
}

// Two different states carry the date 2025-01-01: the second is refused in words,
// and taken in under its own day.
func TestTwoStatesOfOneDay(t *testing.T) {
	s := open(t)
	ctx := context.Background()
	if _, err := takeText(t, s, tree("00001 Phúc Xá", "00004 Trúc Bạch"), "2019-10-19"); err != nil {
		t.Fatal(err)
	}
	first, second := tree("00001 Phúc Xá Mới", "00004 Trúc Bạch"), tree("00001 Phúc Xá Khác", "00004 Trúc Bạch", "00007 Cống Vị")
	if r, err := takeText(t, s, first, "2025-01-01"); err != nil || r.Changed != 1 {
		t.Fatalf("first state = %+v, %v", r, err)
	}
	r, err := takeText(t, s, second, "2025-01-01")
	if err == nil || r.Problems[0].Err.Text != "unit.import.sameday" {
		t.Fatalf("second state of the day = %+v, %v, want unit.import.sameday", r, err)
	}
	if u, err := s.ByCode(ctx, "00001", day("2025-01-01")); err != nil || u.Name != "Phúc Xá Mới" {
		t.Errorf("00001 = %v, %v, want that of the first state", u.Name, err)
	}
	if r, err := takeText(t, s, second, "2025-01-02"); err != nil || r.Changed != 1 || r.Opened != 1 {
		t.Fatalf("second state a day later = %+v, %v, %v", r.Counts, err, firstProblems(r))
	}
	if r, err := takeText(t, s, first, "2025-01-01"); err != nil || !r.Nothing() {
		t.Errorf("the first again = %+v, %v", r, err)
	}
	// A state that lacks what the first brought that day is another state, too.
	if r, err := takeText(t, s, tree("00001 Phúc Xá Khác", "00004 Trúc Bạch"), "2025-01-02"); err == nil || r.Problems[0].Err.Text != "unit.import.sameday" {
		t.Errorf("a state without a ward of that day = %+v, %v", r, err)
	}
}

func TestWhatWasEnteredByHandStays(t *testing.T) {
	s := open(t)
	ctx := context.Background()
	top := city(t, s)
	mine := register(t, s, ward("Cầu Mây", "99001", top.ID, "2025-07-01"))
	if _, err := takeText(t, s, tree("00001 Phúc Xá"), "2025-08-01"); err != nil {
		t.Fatal(err)
	}
	if u, err := s.Get(ctx, mine.ID, noon); err != nil || u.Nearest {
		t.Errorf("a unit entered by hand = %+v, %v after a tree without it", u, err)
	}
}

func TestFormatsAreToldApart(t *testing.T) {
	s := open(t)
	ctx := context.Background()
	_, _, err := s.ImportLinks(ctx, operator, strings.NewReader(list), noon)
	if fault.KindOf(err) != fault.Invalid {
		t.Errorf("ImportLinks(a list) = %v", err)
	}
	if _, _, err := s.ImportNational(ctx, operator, strings.NewReader(tree("00001 A")), noon); fault.KindOf(err) != fault.Invalid {
		t.Errorf("ImportNational(a state) = %v", err)
	}
	if _, _, err := s.ImportSnapshot(ctx, operator, strings.NewReader(`[{"Code":"01","Name":"Hà Nội","AdministrativeUnitShortName":"Thành phố","Wards":[]}]`), noon); fault.KindOf(err) != fault.Invalid {
		t.Errorf("ImportSnapshot(a national list) = %v", err)
	}
	if _, _, err := s.Import(ctx, operator, bytes.NewReader(make([]byte, MaxFile+1)), noon, false); fault.KindOf(err) != fault.TooLarge {
		t.Errorf("a file too large = %v", err)
	}
}

func TestPreviewWritesNothing(t *testing.T) {
	s := open(t)
	r, err := s.Preview(context.Background(), operator, strings.NewReader(list), time.Time{}, false)
	if err != nil || r.Opened != 5 {
		t.Fatalf("Preview = %+v, %v", r, err)
	}
	if all, err := s.All(context.Background(), noon); err != nil || len(all) != 0 {
		t.Errorf("a preview wrote %v, %v", all, err)
	}
}

// In whatever order states of different days come in, on the day of each the tree
// is that state, nothing overlaps, and each comes in again without a change.
func TestStatesInAnyOrder(t *testing.T) {
	names := []string{"A", "B", "C"}
	rapid.Check(t, func(t *rapid.T) {
		days := []string{"2019-01-01", "2020-01-01", "2021-01-01", "2022-01-01"}
		states := map[string]map[string]string{} // day → code → name
		for _, d := range days {
			states[d] = map[string]string{}
			for _, code := range []string{"00001", "00002", "00003"} {
				if rapid.Bool().Draw(t, "there") {
					states[d][code] = rapid.SampledFrom(names).Draw(t, "name")
				}
			}
		}
		g := newRegistry(nil, nil, "batch")
		taken := map[string]bool{}
		load := func(d string) Counts {
			rows := []row{{code: "01", name: "Hà Nội", kind: City, from: d}, {code: "001", name: "Ba Đình", kind: District, parent: "01", parentLevel: 1, from: d}}
			for code, name := range states[d] {
				rows = append(rows, row{code: code, name: name, kind: Ward, parent: "001", parentLevel: 2, from: d})
			}
			next := ""
			for other := range taken {
				if other > d && (next == "" || other < next) {
					next = other
				}
			}
			g.count = Counts{}
			if p := g.plan(file{format: Snapshot, rows: rows}, d, next); len(p) > 0 {
				t.Fatalf("state of %s: %v %v", d, p[0].Err, p[0].Err.Args)
			}
			for _, versions := range g.byUnit { // as if written and read again
				for _, v := range versions {
					v.isNew, v.isChanged = false, false
				}
			}
			taken[d] = true
			return g.count
		}
		for _, d := range rapid.Permutation(days).Draw(t, "order") {
			load(d)
		}
		for _, d := range days {
			got := map[string]string{}
			for k, versions := range g.byKey {
				if v := on(versions, d); v != nil && k.level == LevelCommune {
					got[k.code] = v.name
				}
			}
			if fmt.Sprint(got) != fmt.Sprint(states[d]) {
				t.Fatalf("on %s %v, want %v", d, got, states[d])
			}
			if c := load(d); !c.Nothing() {
				t.Fatalf("state of %s again = %+v", d, c)
			}
		}
		for _, group := range []map[string][]*version{g.byUnit} {
			for unit, versions := range group {
				for i, a := range versions {
					if a.to != "" && a.to <= a.from {
						t.Fatalf("%s has an empty version %+v", unit, a)
					}
					for _, b := range versions[:i] {
						if a.span().Meets(b.span()) {
							t.Fatalf("%s: %+v and %+v overlap", unit, a, b)
						}
					}
				}
			}
		}
	})
}

// The database itself refuses a second running version, whatever the program
// does.
func TestTheSchemaGuards(t *testing.T) {
	s := open(t)
	top := city(t, s)
	for what, statement := range map[string]string{
		"a second running version": `insert into unit_version (id, unit_id, name, kind, level, code, parent_id, valid_from, valid_to, basis, search, import_id)
			values ('x', '` + top.ID + `', 'X', 'thanh_pho', 1, '98', '', '2026-01-01', '', '', '', '')`,
		"an empty version": `insert into unit_version (id, unit_id, name, kind, level, code, parent_id, valid_from, valid_to, basis, search, import_id)
			values ('x', '` + top.ID + `', 'X', 'thanh_pho', 1, '98', '', '2010-01-01', '2010-01-01', '', '', '')`,
		"a share without its method": `insert into unit_link (id, from_unit, to_unit, kind, at_day, basis, share_num, share_den, share_method, import_id)
			values ('x', '` + top.ID + `', 'y', 'part', '2026-01-01', '', 1, 2, '', '')`,
	} {
		err := s.db.Write(context.Background(), func(tx *db.Tx) error {
			_, err := tx.ExecContext(context.Background(), statement)
			return err
		})
		if err == nil {
			t.Errorf("%s was accepted", what)
		}
	}
}
