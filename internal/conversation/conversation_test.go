package conversation

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/opinion"
)

// votesOf writes votes of g camps as a file.
func votesOf(g, n, m, each int) string {
	r := rand.New(rand.NewPCG(7, uint64(g)))
	var b strings.Builder
	b.WriteString("person,statement,vote,time\n")
	for i := range n {
		for _, j := range r.Perm(m)[:each] {
			v := 1
			if j%4 != 0 && (j*7+i%g*j)%g == 0 {
				v = -1
			}
			if r.Float64() < 0.15 {
				v = r.IntN(3) - 1
			}
			fmt.Fprintf(&b, "p%d,%d,%d,%d\n", i, j, v, 1_700_000_000_000+int64(b.Len()))
		}
	}
	return b.String()
}

func key(err error) string {
	var e *fault.Error
	if errors.As(err, &e) {
		return strings.TrimPrefix(e.Text, "conversation.")
	}
	return fmt.Sprint(err)
}

func TestVotes(t *testing.T) {
	for _, c := range []struct{ name, file, want string }{
		{"ours", "person,statement,vote,time\na,1,1,5\na,2,-1,6\n", "a/1/1 a/2/-1"},
		{"Polis", "timestamp,datetime,comment-id,voter-id,vote\n1500232652930,\"Mon, 2017\",0,7,0\n", "7/0/0"},
		{"short names", "pid,tid,vote,ts\n1,2,+1,9\n", "1/2/1"},
		{"Excel, Vietnamese", "\ufeffNgười;Ý kiến;Phiếu\r\nBà A;Đường 5;1\r\n\r\nÔng B;Đường 5;-1", "Bà A/Đường 5/1 Ông B/Đường 5/-1"},
		{"tabs", "person\tstatement\tvote\nx\ty\t0\n", "x/y/0"},
		{"RFC 3339", "person,statement,vote,time\na,1,1,2026-11-20T08:00:00+07:00\na,1,-1,2026-11-20T07:00:00+07:00\n", "a/1/1"},
		{"no times: later rows are later", "person,statement,vote\na,1,1\na,1,-1\n", "a/1/-1"},
		{"twice the same", "person,statement,vote,time\na,1,1,5\na,1,1,5\n", "a/1/1"},
		{"quoted", "person,statement,vote\n\"a,b\",\"s\"\"1\",1\n", `a,b/s"1/1`},
	} {
		read, err := Votes(strings.NewReader(c.file), false, nil)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var got []string
		read.Table.Each(func(b opinion.Ballot) { got = append(got, fmt.Sprintf("%s/%s/%d", b.Person, b.Statement, b.Value)) })
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v, want %s", c.name, got, c.want)
		}
	}
}

// TestPlainLines: what is read in one pass and what by the reader of CSV is the same, and
// the line of an error is right among both.
func TestPlainLines(t *testing.T) {
	plain := strings.ReplaceAll(votesOf(2, 300, 40, 20), "p", "")
	plain = strings.Replace(plain, "erson", "person", 1)
	quoted := regexp.MustCompile(`(?m)^(\d+),`).ReplaceAllString(plain, `"$1",`)
	each := func(file string) (all []opinion.Ballot) {
		read, err := Votes(strings.NewReader(file), false, nil)
		if err != nil {
			t.Fatal(err)
		}
		read.Table.Each(func(b opinion.Ballot) { all = append(all, b) })
		return all
	}
	a := each(plain)
	for name, file := range map[string]string{"quoted": quoted, "Windows": strings.ReplaceAll(plain, "\n", "\r\n"), "no end": strings.TrimSuffix(plain, "\n"), "blank lines": strings.ReplaceAll(plain, "\n", "\n\n")} {
		if b := each(file); !slices.Equal(a, b) {
			t.Errorf("%s: %d votes, want %d", name, len(b), len(a))
		}
	}
	for _, bad := range []string{"1,1,2,5", "1,1,-0,5", "1,1,01,5", "1,1,1,", "1,1,1,99999999999999999999", ",1,1,5", "1;1;1;5"} {
		lines := strings.SplitAfter(plain, "\n")
		lines[99] = bad + "\n"
		_, err := Votes(strings.NewReader(strings.Join(lines, "")), false, nil)
		var e *fault.Error
		if !errors.As(err, &e) || e.Args[0] != 100 {
			t.Errorf("%s in line 100: %v", bad, err)
		}
	}
}

func TestRefused(t *testing.T) {
	long := strings.Repeat("x", maxLine+10)
	many := "person,statement,vote\n" + func() string {
		var b strings.Builder
		for i := range opinion.MaxStatements + 1 {
			fmt.Fprintf(&b, "a,%d,1\n", i)
		}
		return b.String()
	}()
	for _, c := range []struct{ name, file, want string }{
		{"nothing", "", "empty"},
		{"a header alone", "person,statement,vote\n", "novotes"},
		{"no column of votes", "person,statement,time\na,1,5\n", "columns.missing"},
		{"another file", "name,age\nx,1\n", "columns.missing"},
		{"a column twice", "person,pid,statement,vote\na,a,1,1\n", "columns.twice"},
		{"a field too few", "person,statement,vote\na,1\n", "columns.count"},
		{"a field too many", "person,statement,vote\na,1,1,1\n", "columns.count"},
		{"an open quote", "person,statement,vote\n\"a,1,1\n", "quote"},
		{"2", "person,statement,vote\na,1,2\n", "vote"},
		{"NaN", "person,statement,vote\na,1,NaN\n", "vote"},
		{"a half", "person,statement,vote\na,1,0.5\n", "vote"},
		{"empty", "person,statement,vote\na,1,\n", "vote"},
		{"a time that is none", "person,statement,vote,time\na,1,1,hôm qua\n", "time"},
		{"a time too late", "person,statement,vote,time\na,1,1,99999999999999999\n", "cast.time"},
		{"no person", "person,statement,vote\n ,1,1\n", "cast.person"},
		{"no statement", "person,statement,vote\na,,1\n", "cast.statement"},
		{"a long line", "person,statement,vote\n" + long + ",1,1\n", "long"},
		{"a long line without end", long + long + strings.Repeat("x", 1<<20), "long"},
		{"no UTF-8", "person,statement,vote\n\xff\xfe,1,1\n", "utf8"},
		{"too many statements", many, "cast.statements"},
	} {
		if _, err := Votes(strings.NewReader(c.file), true, nil); key(err) != c.want {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
	for _, c := range []struct{ name, file, want string }{
		{"nothing", "", "empty"}, {"another file", "a,b\n1,2\n", "comments.columns"}, {"a mark that is none", "tid,mod\n1,7\n", "mod"}, {"no id", "tid,mod\n,1\n", "cast.statement"}, {"a field too few", "tid,mod,is_meta\n1,1\n", "columns.count"},
	} {
		var s Statements
		if err := s.Comments(strings.NewReader(c.file)); key(err) != c.want {
			t.Errorf("statements, %s: %v, want %s", c.name, err, c.want)
		}
	}
}

func TestComments(t *testing.T) {
	var s Statements
	for _, file := range []string{
		"timestamp,comment-id,author-id,agrees,disagrees,moderated,comment-body\n1,5,2,3,4,-1,\"Đèn đường, ngõ 5\"\n1,6,2,3,4,1,\"Hai\ndòng\"\n",
		"tid,mod,is_meta\n5,1,0\n7,0,1\n",
	} {
		if err := s.Comments(strings.NewReader(file)); err != nil {
			t.Fatal(err)
		}
	}
	if s.Body["5"] != "Đèn đường, ngõ 5" || s.Body["6"] != "Hai\ndòng" || s.Out["5"] || s.Out["6"] || !s.Out["7"] || !s.Meta["7"] {
		t.Errorf("%+v", s)
	}
}

func FuzzVotes(f *testing.F) {
	for _, s := range []string{"person,statement,vote,time\na,1,1,5\n", "pid;tid;vote\n1;2;-1\n", "\ufeffvoter-id,comment-id,vote\n\"a\"\"\",1,0\n", "vote\n1", "person,statement,vote\n,,\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, file string) {
		read, err := Votes(strings.NewReader(file), true, nil)
		if err != nil {
			var e *fault.Error
			if !errors.As(err, &e) {
				t.Fatalf("unmarked: %v", err)
			}
			return
		}
		if _, _, votes := read.Table.Size(); votes > read.Rows || len(read.Ballots) != read.Rows {
			t.Fatalf("%d votes of %d rows", votes, read.Rows)
		}
	})
}

func FuzzComments(f *testing.F) {
	f.Add("comment-id,comment-body,moderated\n1,a,1\n")
	f.Fuzz(func(t *testing.T, file string) {
		var s Statements
		s.Comments(strings.NewReader(file))
	})
}

func report(t *testing.T, file string) Report {
	t.Helper()
	read, err := Votes(strings.NewReader(file), true, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := opinion.Analyse(read.Table, opinion.Config{})
	if err != nil {
		t.Fatal(err)
	}
	body := map[string]string{"0": `Đường <b>"5"</b> & ngõ`, "1": strings.Repeat("Rất dài ", 200), "2": "=1+1"}
	return Report{Own(r, read.Rows, body), r, read, body}
}

func words(t *testing.T) lang.Catalog {
	t.Helper()
	text, err := lang.Load(Text)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestReport in both languages, with groups and without, and in parity mode: whole
// sentences, what is typed by people shown as text.
func TestReport(t *testing.T) {
	for name, r := range map[string]Report{"groups": report(t, votesOf(2, 120, 30, 20)), "none": report(t, votesOf(1, 40, 12, 8)), "one vote": report(t, "person,statement,vote\na,1,1\n")} {
		parity := r
		parity.Result, parity.Document = nil, Parity(opinion.Polis(r.Read.Ballots, nil, nil), r.Read.Rows, r.Body, nil)
		for _, l := range lang.Languages {
			for _, x := range []Report{r, parity} {
				var b bytes.Buffer
				if err := WriteReport(&b, words(t), l, x); err != nil {
					t.Fatal(name, l, err)
				}
				page := b.String()
				for _, bad := range []string{"%!", "conversation.", "NaN", "ZgotmplZ", `<b>"5"`, "+Inf"} {
					if i := strings.Index(page, bad); i >= 0 {
						t.Errorf("%s, %s: %q in …%s…", name, l, bad, page[max(0, i-80):min(len(page), i+80)])
					}
				}
				if !strings.HasSuffix(strings.TrimSpace(page), "</html>") || !strings.Contains(page, `lang="`+l+`"`) {
					t.Errorf("%s, %s: not a whole page", name, l)
				}
			}
		}
	}
}

func TestDocument(t *testing.T) {
	r := report(t, votesOf(2, 120, 30, 20))
	if r.Document.K != 2 {
		t.Fatalf("%d groups", r.Document.K)
	}
	b, err := json.Marshal(r.Document)
	if err != nil {
		t.Fatal(err)
	}
	var back Document
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	if d := Compare(r.Document, &back); !d.Identical || d.Alike != 1 || d.Common == 0 {
		t.Errorf("read back it differs: %+v", d)
	}
	// Ids that are numbers are written so, others as text.
	if !bytes.Contains(b, []byte(`"people":["p`)) || !bytes.Contains(b, []byte(`"items":[{"id":0,`)) || bytes.Contains(b, []byte(`"id":"0"`)) {
		t.Errorf("ids: %.600s", b)
	}
	in := len(back.Between) + len(back.Unplaced)
	for _, g := range back.Groups {
		in += g.Size
		if g.Size != len(g.People) {
			t.Errorf("group %d: %d of %d", g.ID, len(g.People), g.Size)
		}
	}
	if in != back.People {
		t.Errorf("%d of %d people", in, back.People)
	}
	other := back
	other.K, other.Consensus = 1, Consensus{}
	other.Groups = []GroupOf{{People: slices.Concat(back.Groups[0].People, back.Groups[1].People)}}
	if d := Compare(r.Document, &other); d.Identical || d.Alike > 0.01 || len(d.Agree[0]) != len(back.Consensus.Agree) {
		t.Errorf("another: %+v", d)
	}
	var statements, people bytes.Buffer
	if err := errors.Join(WriteStatements(&statements, r.Document), WritePeople(&people, r.Document)); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(statements.String(), "\n"); n < 31 || !strings.Contains(statements.String(), "'=1+1") {
		t.Errorf("statements: %d lines, %.300s", n, statements.String())
	}
	if n := strings.Count(people.String(), "\n"); n != 121 {
		t.Errorf("people: %d lines", n)
	}
}

// TestReal reads the open conversations of Polis as they are exported.
func TestReal(t *testing.T) {
	folder := filepath.Join("..", "..", "..", "shared", "data", "polis")
	if _, err := os.Stat(folder); err != nil {
		t.Skipf("skipped: the open data of Polis is not at %s", folder)
	}
	for name, want := range map[string][3]int{"brexit-consensus": {204, 50, 5303}, "football-concussions": {1487, 298, 14328}} {
		var s Statements
		for _, file := range []string{"comments.csv", "votes.csv"} {
			f, err := os.Open(filepath.Join(folder, name, file))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if file == "comments.csv" {
				if err := s.Comments(f); err != nil {
					t.Fatal(name, err)
				}
				continue
			}
			read, err := Votes(f, false, nil)
			if err != nil {
				t.Fatal(name, err)
			}
			people, statements, votes := read.Table.Size()
			if got := [3]int{people, statements, votes}; got != want || len(s.Body) != statements {
				t.Errorf("%s: %v, want %v; %d texts", name, got, want, len(s.Body))
			}
		}
	}
}
