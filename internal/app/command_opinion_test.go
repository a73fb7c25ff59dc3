package app

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dongthuan/internal/conversation"
)

// TestOpinionCommand analyses votes in both languages, in parity mode, and compares; bad
// files are refused in words, and nothing is written.
func TestOpinionCommand(t *testing.T) {
	folder := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(folder, name)
		must(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	run := func(want int, args ...string) string {
		t.Helper()
		var out, errs bytes.Buffer
		if code := Run(t.Context(), append([]string{"opinion", "analyse"}, args...), strings.NewReader(""), &out, &errs); code != want {
			t.Errorf("%v: exit %d, want %d: %s%s", args, code, want, out.String(), errs.String())
		}
		return out.String() + errs.String()
	}
	r := rand.New(rand.NewPCG(1, 2))
	votes := "voter-id,comment-id,vote,timestamp\n"
	comments := "comment-id,moderated,comment-body\n"
	for j := range 24 {
		comments += fmt.Sprintf("%d,%d,Ý kiến số %d về con đường\n", j, 1-2*(j/23), j)
	}
	for i := range 80 {
		for j := range 24 {
			v := 1
			if j > 5 && (j+i%2)%2 == 0 {
				v = -1
			}
			if r.IntN(10) == 0 {
				v = -v
			}
			votes += fmt.Sprintf("%d,%d,%d,%d\n", i, j, v, 1_700_000_000_000+i*100+j)
		}
	}
	votesFile, commentsFile := file("votes.csv", votes), file("comments.csv", comments)
	own := filepath.Join(folder, "own")
	out := run(exitDone, votesFile, "--comments", commentsFile, "--out", own)
	for _, want := range []string{"80 người, 23 ý kiến, 1.840 phiếu (từ 1.920 dòng)", "Có 2 nhóm ý kiến", "Phần lớn đồng ý", "#0 Ý kiến số 0 về con đường [đồng ý"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in %s", want, out)
		}
	}
	var d conversation.Document
	b, err := os.ReadFile(filepath.Join(own, "result.json"))
	must(t, err)
	must(t, json.Unmarshal(b, &d))
	if d.Schema != conversation.Schema || d.K != 2 || len(d.Groups) != 2 || len(d.Consensus.Agree) == 0 {
		t.Errorf("result.json: %.400s", b)
	}
	for _, name := range []string{"report.html", "statements.csv", "people.csv"} {
		if info, err := os.Stat(filepath.Join(own, name)); err != nil || info.Size() < 100 {
			t.Errorf("%s: %v", name, err)
		}
	}
	result := filepath.Join(own, "result.json")
	if out := run(exitDone, votesFile, "--comments", commentsFile, "--out", filepath.Join(folder, "again"), "--lang", "en", "--compare", result); !strings.Contains(out, "There are 2 groups of opinion") || !strings.Contains(out, "The two results are the same") {
		t.Errorf("in English: %s", out)
	}
	// What is compared with may be what is written over.
	if out := run(exitDone, file("few.csv", votes[:strings.LastIndex(votes[:len(votes)/2], "\n")+1]), "--out", own, "--compare", result); strings.Contains(out, "Hai kết quả giống nhau") {
		t.Errorf("compared with itself: %s", out)
	}
	run(exitDone, votesFile, "--comments", commentsFile, "--out", own)
	var brief conversation.Document
	if out := run(exitDone, votesFile, "--out", filepath.Join(folder, "json"), "--json"); json.Unmarshal([]byte(out), &brief) != nil || brief.K != 2 || brief.Persons != nil {
		t.Errorf("for a program: %.300s", out)
	}
	if out := run(exitDone, votesFile, "--out", filepath.Join(folder, "parity"), "--parity", "--compare", result); !strings.Contains(out, "Số nhóm: kết quả này ") || !strings.Contains(out, "chỉ số Rand") {
		t.Errorf("parity: %s", out)
	}
	// Two people say what two of the other group do: who they are is said, to people and to a
	// program.
	changed := strings.Split(strings.TrimSpace(votes), "\n")
	for _, line := range changed {
		f := strings.Split(line, ",")
		if f[0] == "3" || f[0] == "5" {
			f[0] = map[string]string{"3": "2", "5": "4"}[f[0]]
			f[3] = "1800000000000" // as 3 and 5 do, and later
			changed = append(changed, strings.Join(f, ","))
		}
	}
	moved := file("moved.csv", strings.Join(changed, "\n")+"\n")
	args := []string{moved, "--comments", commentsFile, "--out", filepath.Join(folder, "moved"), "--compare", result}
	if out := run(exitDone, args...); !strings.Contains(out, "Số người được xếp vào chỗ khác: 2.") || !strings.Contains(out, "Số người: 2 (#2, #4).") || !strings.Contains(out, "chỉ số Rand") {
		t.Errorf("two moved: %s", out)
	}
	if out := run(exitDone, append(args, "--lang", "en")...); !strings.Contains(out, "People who are placed elsewhere: 2.") || !strings.Contains(out, "People: 2 (#2, #4).") {
		t.Errorf("two moved, in English: %s", out)
	}
	var told struct {
		K       int
		Compare *conversation.Difference
	}
	if out := run(exitDone, append(args, "--json")...); json.Unmarshal([]byte(out), &told) != nil || told.K != 2 || told.Compare == nil || told.Compare.Identical || len(told.Compare.Moved) != 2 || told.Compare.Moved[0].ID != "2" || told.Compare.Common != 80 || len(told.Compare.Matched) != 2 {
		t.Errorf("two moved, for a program: %.600s", out)
	}
	if out := run(exitDone, votesFile, "--comments", commentsFile, "--out", filepath.Join(folder, "json"), "--json"); strings.Contains(out, `"compare"`) {
		t.Errorf("compared with nothing: %.300s", out)
	}
	// Lists that differ, one in its order alone.
	var turned conversation.Document
	must(t, json.Unmarshal(b, &turned))
	slices.Reverse(turned.Lists.Agree)
	turned.Lists.Divides = turned.Lists.Divides[1:]
	turned.Lists.Uncertain = append(turned.Lists.Uncertain, conversation.EntryOf{ID: "17"})
	lists, err := json.Marshal(turned)
	must(t, err)
	out = run(exitDone, votesFile, "--comments", commentsFile, "--out", filepath.Join(folder, "lists"), "--compare", file("lists.json", string(lists)))
	for _, want := range []string{"Mọi người có mặt ở cả hai kết quả đều ở nguyên chỗ cũ.", "\nPhần lớn đồng ý: chỉ khác thứ tự.", "\nĐiều còn khác nhau: chỉ có ở kết quả này #", "\nĐiều nhiều người chưa rõ: chỉ có ở kết quả kia #17."} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in %s", want, out)
		}
	}
	for name, c := range map[string][2]string{
		"votes of 2":        {"person,statement,vote\na,1,2\n", "Dòng 2: phiếu “2” không phải"},
		"other columns":     {"tên,tuổi\na,1\n", "thiếu cột person"},
		"nothing":           {"", "Tệp trống"},
		"all are moderated": {"person,statement,vote\na,23,1\n", "Không có phiếu nào"},
	} {
		bad := filepath.Join(folder, "bad")
		if out := run(exitRefused, file("bad.csv", c[0]), "--comments", commentsFile, "--out", bad); !strings.Contains(out, c[1]) {
			t.Errorf("%s: %s", name, out)
		}
		if _, err := os.Stat(bad); err == nil {
			t.Errorf("%s: something was written", name)
		}
	}
	run(exitRefused, votesFile, "--comments", file("all.csv", "tid,mod\n0,1\n"), "--out", filepath.Join(folder, "x"), "--compare", file("other.json", "{"))
	run(exitRefused, votesFile, "--out", filepath.Join(folder, "x"), "--compare", file("other.json", `{"schema": "another/1"}`))
	if out := run(exitRefused, file("one.csv", "person,statement,vote\na,23,1\n"), "--comments", commentsFile, "--out", filepath.Join(folder, "x"), "--parity"); !strings.Contains(out, "Không có phiếu nào") {
		t.Errorf("parity, all are moderated: %s", out)
	}
	if out := run(exitRefused, file("bad.csv", "person,statement,vote\na,1,\"x\n"), "--out", filepath.Join(folder, "x")); !strings.Contains(out, "bad.csv: Dòng 2") {
		t.Errorf("an error does not name its file: %s", out)
	}
	for name, c := range map[string][2]string{"mods.csv": {"tid,mod,is_meta\n1,1,0\n2,1,yes\n", "mods.csv: Dòng 3"}, "comments.csv": {"comment-id,comment-body\n1,\"x\n", "comments.csv: Dòng 2"}} {
		if out := run(exitRefused, votesFile, "--mods", file(name, c[0]), "--out", filepath.Join(folder, "x")); !strings.Contains(out, c[1]) {
			t.Errorf("an error does not name its file: %s", out)
		}
	}
	run(exitUsage, votesFile)
}

// TestOpinionParityCommand writes what an independent program found in the open conversations.
func TestOpinionParityCommand(t *testing.T) {
	golden := filepath.Join("..", "..", "..", "shared", "data", "polis", "golden")
	if _, err := os.Stat(golden); err != nil {
		t.Skipf("skipped: the open data of Polis is not at %s", golden)
	}
	for _, name := range []string{"15-per-hour-seattle", "brexit-consensus", "football-concussions", "london.youth.policing", "scoop-hivemind.freshwater"} {
		var want struct {
			K         int
			Groups    map[string]int
			Consensus struct{ Agree, Disagree []conversation.ID }
		}
		b, err := os.ReadFile(filepath.Join(golden, name+".json"))
		must(t, err)
		must(t, json.Unmarshal(b, &want))
		folder := t.TempDir()
		votes := filepath.Join(folder, "votes.csv")
		packed, err := os.Open(filepath.Join(golden, "input", name, "votes.csv.gz"))
		must(t, err)
		z, err := gzip.NewReader(packed)
		must(t, err)
		plain, err := io.ReadAll(z)
		must(t, err)
		must(t, packed.Close())
		must(t, os.WriteFile(votes, plain, 0o600))
		var out, errs bytes.Buffer
		if code := Run(t.Context(), []string{"opinion", "analyse", votes, "--mods", filepath.Join(golden, "input", name, "mods.csv"), "--out", folder, "--parity"}, strings.NewReader(""), &out, &errs); code != exitDone {
			t.Fatalf("%s: exit %d: %s", name, code, errs.String())
		}
		var d conversation.Document
		b, err = os.ReadFile(filepath.Join(folder, "result.json"))
		must(t, err)
		must(t, json.Unmarshal(b, &d))
		got := map[string]int{}
		for _, g := range d.Groups {
			for _, p := range g.People {
				got[string(p)] = g.ID
			}
		}
		if d.K != want.K || !maps.Equal(got, want.Groups) || !slices.Equal(d.Consensus.Agree, want.Consensus.Agree) || !slices.Equal(d.Consensus.Disagree, want.Consensus.Disagree) {
			t.Errorf("%s: %d groups, %v; want %d, %+v", name, d.K, d.Consensus, want.K, want.Consensus)
		}
		if d.Votes == 0 || len(d.Persons) != d.People || len(d.Items) == 0 || len(d.Lists.Agree) != len(want.Consensus.Agree) {
			t.Errorf("%s: %d votes, %d people of %d, %d statements", name, d.Votes, len(d.Persons), d.People, len(d.Items))
		}
	}
}

// TestOpinionTextsCommand groups opinions, keeps an official's links, and refuses what
// contradicts itself.
func TestOpinionTextsCommand(t *testing.T) {
	folder := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(folder, name)
		must(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	run := func(want int, args ...string) string {
		t.Helper()
		var out, errs bytes.Buffer
		if code := Run(t.Context(), append([]string{"opinion", "texts"}, args...), strings.NewReader(""), &out, &errs); code != want {
			t.Errorf("%v: exit %d, want %d: %s%s", args, code, want, out.String(), errs.String())
		}
		return out.String() + errs.String()
	}
	texts := file("texts.csv", "id,text\n1,Đề nghị sửa đèn đường ngõ 5\n2,de nghi sua den duong ngo 5\n3,Không đề nghị sửa đèn đường ngõ 5\n4,Rác để cả tuần\n5,Xe rác lâu mới đến\n")
	out := filepath.Join(folder, "out")
	if said := run(exitDone, texts, "--out", out); !strings.Contains(said, "5 ý kiến, 4 nhóm; 3 ý kiến đứng một mình") || !strings.Contains(said, "2  ") {
		t.Errorf("says %s", said)
	}
	for _, name := range []string{"groups.json", "groups.html", "groups.csv"} {
		if info, err := os.Stat(filepath.Join(out, name)); err != nil || info.Size() < 50 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if said := run(exitDone, texts, "--out", out, "--lang", "en", "--links", file("links.csv", "a,b,link\n4,5,together\n1,2,apart\n")); !strings.Contains(said, "5 opinions, 4 groups; 3 opinions stand alone") {
		t.Errorf("with links: %s", said)
	}
	if said := run(exitDone, texts, "--out", out, "--links", file("links.csv", "a,b,link\n4,9,together\n")); !strings.Contains(said, "4–9") {
		t.Errorf("a link to one that is gone: %s", said)
	}
	if said := run(exitRefused, file("lines.csv", "text\nRác\nĐèn\n"), "--out", out, "--links", file("links.csv", "a,b,link\n2,3,together\n")); !strings.Contains(said, "thêm cột id") {
		t.Errorf("links to lines: %s", said)
	}
	if said := run(exitRefused, texts, "--out", out, "--links", file("links.csv", "a,b,link\n4,5,together\n4,5,apart\n")); !strings.Contains(said, "Ý kiến 4 và 5") {
		t.Errorf("a contradiction: %s", said)
	}
	run(exitRefused, texts, "--out", out, "--threshold", "3")
}
