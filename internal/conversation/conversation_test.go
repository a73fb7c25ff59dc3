package conversation

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"maps"
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
		{"nothing", "", "empty"}, {"another file", "a,b\n1,2\n", "comments.columns"}, {"a mark that is none", "tid,mod\n1,7\n", "mod"}, {"about itself or not", "tid,mod,is_meta\n1,1,yes\n", "meta"}, {"no UTF-8", "tid,mod\n\xff,1\n", "utf8"}, {"an open quote", "tid,mod\n1,1\n\"2,1\n", "quote"}, {"no id", "tid,mod\n,1\n", "cast.statement"}, {"a field too few", "tid,mod,is_meta\n1,1\n", "columns.count"},
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
	if !slices.Equal(slices.Sorted(maps.Keys(s.Out)), []string{"7"}) {
		t.Errorf("left out: %v", s.Out)
	}
	// What a later file has no column for, or leaves empty, stays as it was.
	for _, c := range []struct {
		file string
		out  bool
	}{{"tid,mod\n7,1\n", true}, {"tid,mod,is_meta\n7,1,\n", true}, {"comment-id,comment-body\n7,x\n", true}, {"tid,mod,is_meta\n7,-1,f\n", true}, {"tid,mod,is_meta\n7,1,T\n", true}, {"tid,mod,is_meta\n7,0,FALSE\n", false}, {"tid,mod,is_meta\n7,0,1\n", true}} {
		if err := s.Comments(strings.NewReader(c.file)); err != nil || s.Out["7"] != c.out {
			t.Errorf("%q: left out is %v, %v", c.file, s.Out["7"], err)
		}
	}
	if err := s.Comments(strings.NewReader("tid,mod,is_meta\n1,1,0\n2,1,x\n")); err == nil || !strings.Contains(fmt.Sprint(err.(*fault.Error).Args), "3 x") {
		t.Errorf("what is no mark: %v", err)
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

// FuzzParity: any votes give a whole document, a report and tables in parity mode.
func FuzzParity(f *testing.F) {
	f.Add("person,statement,vote\na,1,1\na,2,-1\nb,1,0\n", "1")
	f.Add("person,statement,vote\na,1,1\n", "1")
	f.Add(votesOf(2, 20, 8, 8), "3")
	text, err := lang.Load(Text)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, file, out string) {
		read, err := Votes(strings.NewReader(file), true, nil)
		if err != nil || read.Rows > 500 {
			return
		}
		left := opinion.Moderation{out: true}
		d := Parity(opinion.Polis(read.Ballots, left, nil), read.Rows, nil, left)
		b, err := json.Marshal(d) // refuses what is no number
		if err != nil {
			t.Fatal(err)
		}
		back, err := ReadDocument(bytes.NewReader(b))
		if err != nil {
			t.Fatalf("%v: %s", err, b)
		}
		if x := Compare(d, back); !x.Identical {
			t.Fatalf("read back it differs: %+v", x)
		}
		var page bytes.Buffer
		if err := errors.Join(WriteReport(&page, text, "vi", Report{Document: d, Read: read}), WriteStatements(&page, d), WritePeople(&page, d)); err != nil {
			t.Fatal(err)
		}
		for _, bad := range []string{"%!", "NaN", "+Inf"} {
			if strings.Contains(page.String(), bad) && !strings.Contains(file, bad) {
				t.Fatalf("%s: %s", bad, page.String())
			}
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

// TestReportSays: lists stand before the map; each of their statements has all counts, shares,
// intervals and why it is listed; the map has a dot for each of those in the table beside it.
// All is held against the votes, not against what the page is made from.
func TestReportSays(t *testing.T) {
	own := report(t, votesOf(2, 120, 30, 20))
	parity := own
	parity.Result, parity.Document = nil, Parity(opinion.Polis(own.Read.Ballots, nil, nil), own.Read.Rows, own.Body, nil)
	for _, l := range lang.Languages {
		for mode, r := range map[string]Report{"own": own, "parity": parity} {
			d, text := r.Document, words(t)
			var b bytes.Buffer
			if err := WriteReport(&b, text, l, r); err != nil {
				t.Fatal(err)
			}
			page := strings.ReplaceAll(html.UnescapeString(b.String()), "\u00a0", " ")
			say := func(key string, args ...any) string {
				return strings.ReplaceAll(text.Text(l, "conversation."+key, args...), "\u00a0", " ")
			}
			name := func(g int) string { return map[string]string{"vi": "Nhóm", "en": "Group"}[l] + fmt.Sprint(" ", g+1) }
			lost := func(what string) { t.Helper(); t.Errorf("%s, %s: %s", l, mode, what) }
			if d.K != 2 {
				t.Fatalf("%d groups", d.K)
			}

			in := map[ID]int{}
			for _, p := range d.Persons {
				in[p.ID] = p.Group
			}
			// count of those a rule takes, by the votes themselves.
			count := func(statement ID, take func(g int) bool) (c opinion.Counts) {
				r.Read.Table.Each(func(b opinion.Ballot) {
					if ID(b.Statement) == statement && take(in[ID(b.Person)]) {
						switch b.Value {
						case 1:
							c.Agree++
						case -1:
							c.Disagree++
						default:
							c.Pass++
						}
					}
				})
				return c
			}
			all := func(int) bool { return true }
			only := func(g int) func(int) bool { return func(h int) bool { return h == g } }
			rest := func(g int) func(int) bool { return func(h int) bool { return h >= 0 && h != g } }

			from := 0
			next := func(want string) {
				i := strings.Index(page[from:], want)
				if i < 0 {
					lost("no " + want + " after what stands before it")
					return
				}
				from += i + len(want)
			}
			listed := 0
			list := func(title string, entries []EntryOf, apart int) {
				next(title)
				section, _, _ := strings.Cut(page[from:], "<h")
				cards := strings.Split(section, "<li>")[1:]
				if len(cards) != len(entries) {
					lost(fmt.Sprintf("%d cards of %d in %s", len(cards), len(entries), title))
					return
				}
				for i, e := range entries {
					listed++
					card := cards[i]
					type row struct {
						name string
						take func(int) bool
					}
					rows := []row{{say("all"), all}, {name(0), only(0)}, {name(1), only(1)}}
					if apart >= 0 {
						rows = []row{{name(apart), only(apart)}, {say("rest"), rest(apart)}}
					}
					bars := strings.Split(card, "<tr>")[1:]
					if len(bars) != len(rows) {
						lost(fmt.Sprintf("%d rows for #%s in %s", len(bars), e.ID, title))
						continue
					}
					for n, row := range rows {
						c := count(e.ID, row.take)
						hits := map[string]int{"agree": c.Agree, "disagree": c.Disagree, "pass": c.Pass}[e.Side]
						s := opinion.NewShare(hits, c.Seen())
						for _, want := range []string{
							row.name, say("counts", fmt.Sprint(c.Agree), fmt.Sprint(c.Pass), fmt.Sprint(c.Disagree)),
							fmt.Sprintf("%s (%d ", say("side."+e.Side), hits), fmt.Sprintf(" %d)", c.Seen()), fmt.Sprintf("%.0f–%.0f %%", 100*s.Low, 100*s.High),
							fmt.Sprintf("width:%.2f%%", 100*float64(c.Agree)/float64(c.Seen())),
						} {
							if !strings.Contains(bars[n], want) {
								lost(fmt.Sprintf("no %q for #%s in %s: %s", want, e.ID, title, bars[n]))
							}
						}
					}
					wants := []string{"#" + string(e.ID) + "<", r.Body[string(e.ID)], "<b>" + say("why") + ":</b> "}
					switch e.Rule {
					case "everygroup":
						wants = append(wants, Decimal(l, 100*e.Bar, 0)+" %")
					case "apart":
						wants = append(wants, Decimal(l, 100*e.Score, 0)+map[string]string{"vi": " điểm phần trăm", "en": " percentage points"}[l])
					case "split", "passes":
						wants = append(wants, Decimal(l, 100*e.Share.Low, 0)+" %")
					case "polis.most", "polis.apart":
						wants = append(wants, say("why."+e.Rule))
					default:
						lost("listed by " + e.Rule)
					}
					if mode == "own" {
						wants = append(wants, fmt.Sprintf("%d", e.Lost))
					}
					for _, want := range wants {
						if !strings.Contains(card, want) {
							lost(fmt.Sprintf("no %q for #%s in %s: %s", want, e.ID, title, card))
						}
					}
				}
			}
			for g := range d.Groups {
				next("<li>" + name(g) + ": " + fmt.Sprint(d.Groups[g].Size))
			}
			list("<h2>"+say("agree"), d.Lists.Agree, -1)
			list("<h2>"+say("disagree"), d.Lists.Disagree, -1)
			next("<h2>" + say("apart"))
			for g := range d.Groups {
				list("<h3>"+name(g)+": "+fmt.Sprint(d.Groups[g].Size), d.Lists.Apart[g], g)
			}
			if mode == "own" {
				list("<h2>"+say("divides"), d.Lists.Divides, -1)
				list("<h2>"+say("uncertain"), d.Lists.Uncertain, -1)
			}
			if listed < 5 || len(d.Lists.Agree) == 0 || len(d.Lists.Apart[0]) == 0 {
				t.Fatalf("%s: %d statements are listed: too few to tell", mode, listed)
			}

			next("<h2>" + say("map"))
			next(`<svg class="map"`)
			drawing, twin, _ := strings.Cut(page[from:], "</svg>")
			dots, placed, unplaced := strings.Count(drawing, "translate("), 0, 0
			for _, p := range d.Persons {
				if p.Group == opinion.Unplaced {
					unplaced++
				} else {
					placed++
				}
			}
			twin, _, _ = strings.Cut(twin, "</table>")
			rows, said := regexp.MustCompile(`(?s)<tr><th scope="row">(?:<svg.*?</svg> )?(.*?)</th><td class="r">(\d+)</td>`).FindAllStringSubmatch(twin, -1), map[string]int{}
			for _, row := range rows {
				n := 0
				fmt.Sscan(row[2], &n)
				said[row[1]] = n
			}
			if dots != placed || said[name(0)]+said[name(1)]+said[say("map.between")] != dots || said[say("map.unplaced")] != unplaced || said[name(0)] != d.Groups[0].Size {
				lost(fmt.Sprintf("%d dots of %d people; the table says %v", dots, placed, said))
			}
			for g := range d.Groups {
				if !strings.Contains(drawing, ">"+name(g)+"</text>") {
					lost(name(g) + " is not on the map")
				}
			}
			next(say("numbers"))
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
