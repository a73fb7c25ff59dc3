// Package arch keeps the rooms apart: it holds the drawing of who may use whom,
// and fails where the code leaves it.
package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "dongthuan/internal/"

// arithmetic imports nothing of ours.
var arithmetic = []string{"score", "lineage", "opinion"}

// floor packages, each with the floor packages it may use.
var floor = map[string][]string{
	"fault":             nil,
	"lang":              {"fault"},
	"chart":             {"lang"},
	"db":                nil,
	"db/dbtest":         {"db"},
	"c2sp":              nil,
	"ledger":            {"fault", "db", "c2sp"},
	"policy":            {"fault"},
	"document":          {"fault", "lang"},
	"qr":                nil,
	"live":              {"db", "ledger"},
	"web":               {"fault", "lang", "ledger", "policy"},
	"proof":             {"fault", "lang", "db", "c2sp", "chart", "ledger", "policy", "qr", "web"},
	"legal":             {"fault", "lang", "db", "document", "ledger", "policy", "web"},
	"notice":            {"fault", "lang", "db", "ledger", "policy", "web"},
	"evidence":          {"fault", "lang", "db", "ledger", "policy", "web"},
	"witness":           {"c2sp", "db"},
	"monitor":           {"c2sp", "ledger", "witness"},
	"search":            {"fault", "lang", "db", "ledger", "policy", "web"},
	"search/searchtest": {"search"},
	"conversation":      {"fault", "lang", "document", "similar"},
	"similar":           {"fault", "lang"},
}

// rooms may use the floor, arithmetic, and the rooms named here: the base rooms, in
// the order unit ← cluster ← account, and definitions of figures for those who
// collect them.
var rooms = map[string][]string{
	"unit":         nil,
	"cluster":      {"unit"},
	"account":      {"unit", "cluster"},
	"indicator":    {"unit", "cluster", "account"},
	"emulation":    {"unit", "cluster", "account", "indicator"},
	"commendation": {"unit", "cluster", "account"},
	"report":       {"unit", "cluster", "account"},
	"news":         {"unit", "cluster", "account"},
	"task":         {"unit", "cluster", "account"},
	"conference":   {"unit", "cluster", "account"},
}

// plainWriters may write without a leaf: sessions and sign-in limits, view counts,
// the search's index after an import, restoring a backup.
var plainWriters = map[string]string{
	"witness/witness.go":         "what it cosigned last, its only table",
	"ledger/recover.go":          "leaves that come back from a mirror",
	"ledger/sequence.go":         "the head of an empty tree",
	"ledger/sign.go":             "the head of a tree that only tests believe",
	"ledger/ack.go":              "promises of leaves that are written already",
	"ledger/request.go":          "requests long past",
	"account/service_session.go": "sessions",
	"account/service_signin.go":  "sessions and limits",

	"news/service.go":     "view counts",
	"notice/service.go":   "read marks, addresses of one’s own notices",
	"notice/mail.go":      "how mail went",
	"app/backup.go":       "restore, and the index made anew",
	"app/command_more.go": "the index after an import",
	"db/db.go":            "defines it",
}

func files(t *testing.T, visit func(room, file, text string)) {
	t.Helper()
	err := filepath.WalkDir("..", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") {
			return err
		}
		b, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		visit(strings.TrimPrefix(filepath.ToSlash(filepath.Dir(p)), "../"), filepath.Base(p), string(b))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestImports(t *testing.T) {
	files(t, func(room, file, text string) {
		f, err := parser.ParseFile(token.NewFileSet(), file, text, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range f.Imports {
			path, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if other, ours := strings.CutPrefix(path, module); ours {
				checkOurs(t, room, file, other)
			}
		}
	})
}

func checkOurs(t *testing.T, room, file, other string) {
	_, onFloor := floor[other]
	switch {
	case room == "app":
	case slices.Contains(arithmetic, room):
		t.Errorf("%s/%s imports %s: arithmetic imports arithmetic", room, file, other)
	case floor[room] != nil || isFloor(room):
		if !slices.Contains(floor[room], other) && !slices.Contains(arithmetic, other) {
			t.Errorf("%s/%s imports %s: the floor may not lean on it", room, file, other)
		}
	default:
		if !onFloor && !slices.Contains(arithmetic, other) && !slices.Contains(rooms[room], other) {
			t.Errorf("%s/%s imports %s: let app hand it over", room, file, other)
		}
	}
}

func isFloor(room string) bool { _, ok := floor[room]; return ok }

// TestEveryPackageIsDrawn makes a newcomer say where a new package belongs.
func TestEveryPackageIsDrawn(t *testing.T) {
	files(t, func(room, file, text string) {
		_, isRoom := rooms[room]
		if !isRoom && !isFloor(room) && !slices.Contains(arithmetic, room) && room != "app" && room != "arch" {
			t.Errorf("%s is neither arithmetic, floor nor room: write it into the drawing", room)
		}
	})
}

var (
	writesTable = regexp.MustCompile(`(?is)(?:insert\s+into|update|delete\s+from)\s+([a-z]+(?:_[a-z]+)*)\b`)
	plainWrite  = regexp.MustCompile(`\b(?:db|DB|d)\.Write\(`)
	starSelect  = regexp.MustCompile(`(?i)select\s+\*`)
	clock       = regexp.MustCompile(`\btime\.Now\(\)`)
	notBoth     = regexp.MustCompile(`(?i)\b(ilike|now\(\)|group_concat|for update|truncate)\b`)
)

// TestTables holds that a table begins with its room's name and is written by that
// room alone.
func TestTables(t *testing.T) {
	names := []string{"evidence", "search", "ledger"}
	for room := range rooms {
		names = append(names, room)
	}
	files(t, func(room, file, text string) {
		if room == "app" || room == "db" || !strings.HasPrefix(file, "store") && !strings.Contains(text, "ExecContext") {
			return
		}
		for _, m := range writesTable.FindAllStringSubmatch(text, -1) {
			owner, _, _ := strings.Cut(strings.ToLower(m[1]), "_")
			if slices.Contains(names, owner) && owner != room {
				t.Errorf("%s/%s writes %s, which is %s's", room, file, m[1], owner)
			}
		}
	})
}

// TestDoors holds that business writes go through the ledger, that SQL names its
// columns and keeps to what both engines know, and that the time is passed in.
func TestDoors(t *testing.T) {
	files(t, func(room, file, text string) {
		name := room + "/" + file
		if plainWrite.MatchString(text) && plainWriters[name] == "" {
			t.Errorf("%s writes past the ledger: list it with its reason, or record it", name)
		}
		if starSelect.MatchString(text) && name != "app/backup.go" {
			t.Errorf("%s selects *: name the columns", name)
		}
		if m := notBoth.FindString(text); m != "" && strings.HasPrefix(file, "store") && !strings.HasPrefix(room, "search") {
			t.Errorf("%s uses %q, which is not in both engines", name, m)
		}
		// A kept page’s age, a connection’s deadline and a limit on hashing are measured on the machine's
		// own clock; command lines and conversions have no other.
		if clock.MatchString(text) && room != "app" && name != "web/kept.go" && name != "live/live.go" && room != "document" && room != "ledger" && name != "c2sp/checkpoint.go" {
			t.Errorf("%s reads the clock: take now as a value", name)
		}
	})
}

// TestBaseIsNotHidden: a page's field named like one of web.Base would be what the
// layout shows.
func TestBaseIsNotHidden(t *testing.T) {
	base := map[string]bool{}
	structs := func(text string, visit func(name string, fields []*ast.Field)) {
		file, err := parser.ParseFile(token.NewFileSet(), "", text, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok {
				if s, ok := spec.Type.(*ast.StructType); ok {
					visit(spec.Name.Name, s.Fields.List)
				}
			}
			return true
		})
	}
	files(t, func(room, _, text string) {
		if room == "web" {
			structs(text, func(name string, fields []*ast.Field) {
				for _, f := range fields {
					for _, n := range f.Names {
						base[n.Name] = base[n.Name] || name == "Base"
					}
				}
			})
		}
	})
	if !base["Receipt"] || !base["Lang"] {
		t.Fatalf("fields of web.Base: %v", base)
	}
	pages := 0
	method := regexp.MustCompile(`(?m)^func \(\w+ \*?(\w+Page)\) (\w+)\(`)
	files(t, func(room, file, text string) {
		for _, m := range method.FindAllStringSubmatch(text, -1) {
			if base[m[2]] {
				t.Errorf("%s: method %s of %s hides that of web.Base", file, m[2], m[1])
			}
		}
		structs(text, func(name string, fields []*ast.Field) {
			embeds := slices.ContainsFunc(fields, func(f *ast.Field) bool {
				s, ok := f.Type.(*ast.SelectorExpr)
				return ok && len(f.Names) == 0 && s.Sel.Name == "Base"
			})
			if !embeds {
				return
			}
			pages++
			for _, f := range fields {
				for _, n := range f.Names {
					if base[n.Name] {
						t.Errorf("%s: %s.%s hides that of web.Base", file, name, n.Name)
					}
				}
			}
		})
	})
	if pages < 10 {
		t.Errorf("only %d pages seen", pages)
	}
}
