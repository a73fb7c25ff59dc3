package app

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"dongthuan/internal/conversation"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/opinion"
	"dongthuan/internal/similar"
)

type opinionCommand struct {
	Analyse opinionAnalyseCommand `cmd:"" help:"Find groups of opinion and what they agree on, from votes on statements; write the result, a report and tables."`
	Texts   opinionTextsCommand   `cmd:"" help:"Group opinions in free text that say the same in nearly the same words."`
}

type opinionTextsCommand struct {
	Texts     string  `arg:"" help:"Opinions as CSV: text and, where there is one, id." type:"existingfile"`
	Links     string  `help:"What an official put together or apart, as CSV: a, b (ids), link (together or apart)." type:"existingfile"`
	Out       string  `required:"" help:"Folder to write groups.json, groups.html and groups.csv to; files of these names are replaced." placeholder:"FOLDER"`
	Threshold float64 `help:"Least likeness to a group's leader, above 0 to 1; 0.80 was measured to be best." placeholder:"0.80"`
	Lang      string  `default:"vi" enum:"vi,en" help:"Language of what is printed and of the report."`
}

// Run groups opinions, writes and says what was found.
func (c opinionTextsCommand) Run(w *world) error {
	text, err := Words()
	if err != nil {
		return err
	}
	t := func(key string, args ...any) string { return text.Text(c.Lang, key, args...) }
	number := func(n int) string { return lang.Figure(c.Lang, int64(n)*1000) }
	var texts []similar.Text
	var named bool
	if err := readFile(c.Texts, func(r io.Reader) (err error) { texts, named, err = conversation.Texts(r); return err }); err != nil {
		return err
	}
	var links []similar.Link
	if c.Links != "" {
		if !named {
			return fault.New(fault.Invalid, "conversation.texts.ids")
		}
		if err := readFile(c.Links, func(r io.Reader) (err error) { links, err = conversation.Links(r); return err }); err != nil {
			return err
		}
	}
	told := &progress{out: w.err, begun: time.Now()}
	g, err := similar.Find(texts, links, similar.Options{Threshold: c.Threshold, Progress: func(done, of int) { told.say(t("conversation.progress.group"), done, of) }})
	told.end()
	if err != nil {
		return err
	}
	var result, page, table bytes.Buffer
	enc := json.NewEncoder(&result)
	enc.SetIndent("", " ")
	whole := map[string]any{"schema": conversation.TextsSchema, "texts": len(texts), "groups": g.Groups, "skipped": g.Skipped}
	if err := errors.Join(enc.Encode(whole), conversation.WriteTextsReport(&page, text, c.Lang, len(texts), g.Groups), conversation.WriteTextGroups(&table, texts, g.Groups)); err != nil {
		return err
	}
	if err := writeFiles(c.Out, map[string]*bytes.Buffer{"groups.json": &result, "groups.html": &page, "groups.csv": &table}); err != nil {
		return err
	}
	if w.set.JSON {
		_, err := w.out.Write(result.Bytes())
		return err
	}
	alone := 0
	for _, x := range g.Groups {
		if x.Size == 1 {
			alone++
		}
	}
	fmt.Fprintln(w.out, t("conversation.texts.summary", number(len(texts)), number(len(g.Groups)), number(alone)))
	for i, x := range g.Groups {
		if x.Size == 1 || i == 20 {
			break
		}
		fmt.Fprintf(w.out, "\n%s  %s  #%s\n  (%s)\n", number(x.Size), lang.Line(x.Body), lang.Line(x.ID), strings.Join(x.Terms, ", "))
		for _, m := range x.Least {
			fmt.Fprintf(w.out, "  ~ %.0f %% %s #%s\n", 100*m.Similarity, lang.Line(m.Body), lang.Line(m.ID))
		}
	}
	if n := len(g.Skipped); n > 0 {
		var ids []string
		for _, l := range g.Skipped[:min(n, 5)] {
			ids = append(ids, lang.Line(l.A)+"–"+lang.Line(l.B))
		}
		fmt.Fprintln(w.out, "\n"+t("conversation.texts.skipped", n, strings.Join(ids, ", ")))
	}
	fmt.Fprintf(w.out, "\n%s\n", t("conversation.texts.written", c.Out))
	return nil
}

type opinionAnalyseCommand struct {
	Votes    string `arg:"" help:"Votes as CSV: person, statement, vote (1 agree, 0 pass, -1 disagree), time; or as Polis exports them." type:"existingfile"`
	Comments string `help:"Statements as CSV, with their texts and moderation." type:"existingfile"`
	Mods     string `help:"Moderation as CSV: tid, mod (-1 left out), is_meta." type:"existingfile"`
	Out      string `required:"" help:"Folder to write result.json, report.html, statements.csv and people.csv to; files of these names are replaced." placeholder:"FOLDER"`
	Parity   bool   `help:"Follow Polis' published pipeline from a cold start instead, to compare."`
	Compare  string `help:"Say what differs from another result.json." type:"existingfile" placeholder:"OTHER.json"`
	Lang     string `default:"vi" enum:"vi,en" help:"Language of what is printed and of the report."`
}

// Run reads, analyses, writes and says what was found. Nothing is written before all of it
// is there.
func (c opinionAnalyseCommand) Run(w *world) error {
	text, err := Words()
	if err != nil {
		return err
	}
	t := func(key string, args ...any) string { return text.Text(c.Lang, key, args...) }
	number := func(n int) string { return lang.Figure(c.Lang, int64(n)*1000) }
	told := &progress{out: w.err, begun: time.Now()}
	var other *conversation.Document // read first: it may be in the folder that is written to
	if c.Compare != "" {
		if err := readFile(c.Compare, func(r io.Reader) (err error) { other, err = conversation.ReadDocument(r); return err }); err != nil {
			return err
		}
	}
	debug.SetGCPercent(25) // votes are most of the memory: what is done with goes back sooner

	var about conversation.Statements
	for _, name := range []string{c.Comments, c.Mods} {
		if name != "" {
			if err := readFile(name, about.Comments); err != nil {
				return err
			}
		}
	}
	var read *conversation.Read
	err = readFile(c.Votes, func(r io.Reader) (err error) {
		size := int64(1)
		if f, ok := r.(*os.File); ok {
			if info, err := f.Stat(); err == nil {
				size = max(info.Size(), 1)
			}
		}
		read, err = conversation.Votes(r, c.Parity, func(done int64) {
			told.say(t("conversation.progress.read"), int(done), int(size))
		})
		return err
	})
	told.end()
	if err != nil {
		return err
	}

	report := conversation.Report{Read: read, Body: about.Body}
	if c.Parity {
		// Exports are not in the order of time, which this pipeline depends on.
		slices.SortStableFunc(read.Ballots, func(a, b opinion.Ballot) int { return cmp.Compare(a.At, b.At) })
		if people, statements, _ := read.Table.Size(); people*statements > opinion.PolisCells {
			return fault.New(fault.Invalid, "conversation.parity.large", opinion.PolisCells)
		}
		if !slices.ContainsFunc(read.Ballots, func(b opinion.Ballot) bool { return !about.Out[b.Statement] }) {
			return fault.New(fault.Invalid, "conversation.nothing")
		}
		r := opinion.Polis(read.Ballots, about.Out, func(done, of int) { told.say(t("conversation.progress.parity"), done, of) })
		told.end()
		report.Document = conversation.Parity(r, read.Rows, about.Body, about.Out)
	} else {
		steps := map[opinion.Step]string{opinion.Counting: "count", opinion.Choosing: "choose", opinion.Listing: "list"}
		report.Result, err = opinion.Analyse(read.Table, opinion.Config{Out: about.Out, Progress: func(s opinion.Step, done, of int) {
			told.say(t("conversation.progress."+steps[s]), done, of)
		}})
		told.end()
		if errors.Is(err, opinion.ErrNothing) {
			return fault.New(fault.Invalid, "conversation.nothing")
		}
		if err != nil {
			return err
		}
		report.Document = conversation.Own(report.Result, read.Rows, about.Body)
	}
	d := report.Document
	if err := c.write(text, report); err != nil {
		return err
	}

	var diff *conversation.Difference
	if other != nil {
		found := conversation.Compare(d, other)
		diff = &found
	}
	if w.set.JSON {
		brief := *d // the file has the rest
		brief.Items, brief.Persons = nil, nil
		enc := json.NewEncoder(w.out)
		enc.SetIndent("", " ")
		return enc.Encode(struct {
			conversation.Document
			Compare *conversation.Difference `json:"compare,omitempty"`
		}{brief, diff})
	}
	fmt.Fprintln(w.out, t("conversation.summary", number(d.People), number(d.Statements), number(d.Votes), number(d.Rows)))
	if d.K < 2 {
		fmt.Fprintln(w.out, t("conversation.groups.none"))
	} else {
		fmt.Fprintln(w.out, t("conversation.groups.found", d.K))
		for _, g := range d.Groups {
			fmt.Fprintln(w.out, "  "+t("conversation.groups.size", g.ID+1, number(g.Size)))
		}
		fmt.Fprintln(w.out, "  "+t("conversation.groups.rest", number(len(d.Between)), number(len(d.Unplaced))))
		if key := "conversation.separate.range"; !c.Parity {
			if d.Separation <= opinion.Apart {
				key = "conversation.separate.camps"
			}
			fmt.Fprintln(w.out, "  "+t(key))
		}
	}
	list := func(title string, entries []conversation.EntryOf, more int) {
		fmt.Fprintf(w.out, "\n%s\n", title)
		for _, e := range entries {
			fmt.Fprintf(w.out, "  #%s %s [%s %d/%d, %.0f–%.0f %%]\n", lang.Line(string(e.ID)), lang.Line(about.Body[string(e.ID)]), t("conversation.side."+e.Side), e.Share.Hits, e.Share.Of, 100*e.Share.Low, 100*e.Share.High)
		}
		switch {
		case len(entries) == 0:
			fmt.Fprintln(w.out, "  "+t("conversation.none"))
		case more == 1:
			fmt.Fprintln(w.out, "  "+t("conversation.more.one", number(more)))
		case more > 1:
			fmt.Fprintln(w.out, "  "+t("conversation.more", number(more)))
		}
	}
	l := d.Lists
	list(t("conversation.agree"), l.Agree, l.More.Agree)
	list(t("conversation.disagree"), l.Disagree, l.More.Disagree)
	for g, entries := range l.Apart {
		if d.K > 1 {
			list(t("conversation.apart")+": "+t("conversation.group", g+1), entries, l.More.Apart[g])
		}
	}
	if !c.Parity {
		list(t("conversation.divides"), l.Divides, l.More.Divides)
		list(t("conversation.uncertain"), l.Uncertain, l.More.Uncertain)
	}
	fmt.Fprintf(w.out, "\n%s\n", t("conversation.written", c.Out))
	if diff != nil {
		fmt.Fprintln(w.out)
		c.compare(w, t, number, diff)
	}
	return nil
}

func readFile(name string, read func(io.Reader) error) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := read(f); err != nil {
		return inFile{filepath.Base(name), err}
	}
	return nil
}

// inFile is an error about what a file holds.
type inFile struct {
	name string
	error
}

func (e inFile) Unwrap() error { return e.error }

// write makes every file whole before it puts any in its place.
func (c opinionAnalyseCommand) write(text lang.Catalog, r conversation.Report) error {
	var result, page, statements, people bytes.Buffer
	enc := json.NewEncoder(&result)
	enc.SetIndent("", " ")
	if err := errors.Join(enc.Encode(r.Document), conversation.WriteReport(&page, text, c.Lang, r), conversation.WriteStatements(&statements, r.Document), conversation.WritePeople(&people, r.Document)); err != nil {
		return err
	}
	return writeFiles(c.Out, map[string]*bytes.Buffer{"result.json": &result, "report.html": &page, "statements.csv": &statements, "people.csv": &people})
}

// writeFiles puts whole files into a folder: none is ever there half.
func writeFiles(folder string, files map[string]*bytes.Buffer) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(folder, name+".part"), b.Bytes(), 0o644); err != nil {
			return err
		}
		if err := os.Rename(filepath.Join(folder, name+".part"), filepath.Join(folder, name)); err != nil {
			return err
		}
	}
	return nil
}

// compare says what differs: in groups, in who is in which, and in each list.
func (c opinionAnalyseCommand) compare(w *world, t func(string, ...any) string, number func(int) string, diff *conversation.Difference) {
	if diff.Identical {
		fmt.Fprintln(w.out, t("conversation.compare.same"))
		return
	}
	ids := func(all []conversation.ID) string {
		var words []string
		for _, id := range all[:min(len(all), 20)] {
			words = append(words, "#"+lang.Line(string(id)))
		}
		if len(all) > 20 {
			words = append(words, "…")
		}
		return strings.Join(words, ", ")
	}
	place := func(g int) string {
		switch g {
		case opinion.Between:
			return lang.InSentence(t("conversation.map.between"))
		case opinion.Unplaced:
			return lang.InSentence(t("conversation.map.unplaced"))
		}
		return t("conversation.group", g+1)
	}
	fmt.Fprintln(w.out, t("conversation.compare.k", diff.K[0], diff.K[1]))
	fmt.Fprintln(w.out, t("conversation.compare.people", number(diff.People[0]), number(diff.People[1]), number(diff.Only[0]), number(diff.Only[1]), number(diff.Common)))
	if diff.Common > 1 {
		fmt.Fprintln(w.out, t("conversation.compare.alike", conversation.Decimal(c.Lang, diff.Alike, 3)))
	} else {
		fmt.Fprintln(w.out, t("conversation.compare.nobody"))
	}
	matched := [2]map[int]bool{{}, {}}
	for _, m := range diff.Matched {
		matched[0][m.Groups[0]], matched[1][m.Groups[1]] = true, true
		fmt.Fprintln(w.out, "  "+t("conversation.compare.match", m.Groups[0]+1, m.Groups[1]+1, number(m.Common)))
	}
	for i, key := range []string{"conversation.compare.new", "conversation.compare.gone"} {
		for g := range diff.K[i] {
			if !matched[i][g] {
				fmt.Fprintln(w.out, "  "+t(key, g+1))
			}
		}
	}
	if len(diff.Moved) == 0 {
		fmt.Fprintln(w.out, t("conversation.compare.stay"))
	} else {
		fmt.Fprintln(w.out, t("conversation.compare.moved", number(len(diff.Moved))))
		by := map[[2]int][]conversation.ID{}
		for _, m := range diff.Moved {
			by[m.Groups] = append(by[m.Groups], m.ID)
		}
		for _, g := range slices.SortedFunc(maps.Keys(by), func(a, b [2]int) int { return slices.Compare(a[:], b[:]) }) {
			fmt.Fprintln(w.out, "  "+t("conversation.compare.move", place(g[0]), place(g[1]), number(len(by[g])), ids(by[g])))
		}
	}
	for _, l := range diff.Lists {
		title := t("conversation." + l.List)
		if g := l.Groups; g != nil && g[0] < 0 {
			title += ", " + t("conversation.compare.there", t("conversation.group", g[1]+1))
		} else if g != nil {
			title += ", " + t("conversation.group", g[0]+1)
		}
		var parts []string
		for _, x := range []struct {
			key string
			ids []conversation.ID
		}{{"only", l.Added}, {"other", l.Removed}, {"turned", l.Turned}} {
			if len(x.ids) > 0 {
				parts = append(parts, t("conversation.compare."+x.key, ids(x.ids)))
			}
		}
		switch {
		case l.Reordered && len(parts) == 0:
			parts = append(parts, t("conversation.compare.order"))
		case l.Reordered:
			parts = append(parts, t("conversation.compare.order.too"))
		}
		fmt.Fprintf(w.out, "%s: %s.\n", title, strings.Join(parts, "; "))
	}
}

// progress says how far work is that takes long, one line a step and tenth.
type progress struct {
	out   io.Writer
	begun time.Time
	last  string
}

func (p *progress) say(what string, done, of int) {
	if time.Since(p.begun) < time.Second {
		return
	}
	tenth := 10 * done / max(of, 1)
	line := fmt.Sprintf("%s… %d %%", what, 10*tenth)
	if line != p.last {
		fmt.Fprintln(p.out, line)
		p.last = line
	}
}

func (p *progress) end() { p.last = "" }
