package unit

import (
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"time"

	"dongthuan/internal/lang"
	"dongthuan/internal/lineage"
)

// version is a row of unit_version; days are texts.
type version struct {
	id, unit         string
	name, kind, code string
	parent           string
	from, to         string
	basis, batch     string // batch is the id of the import, "" by hand
	isNew, isChanged bool
}

func (v *version) level() int         { return LevelOf(v.kind) }
func (v *version) span() lineage.Span { return lineage.Span{From: v.from, To: v.to} }
func (v *version) fullName() string   { return Unit{Name: v.name, Kind: v.kind}.FullName() }

type key struct {
	level int
	code  string
}

// link is a row of unit_link.
type link struct {
	id, from, to string
	kind         lineage.Kind
	day, basis   string
	num, den     int64
	method       string
	batch        string
}

// registry is all versions in memory while a file is compared with them. Plans
// change it; what is new or changed in it is then written.
type registry struct {
	byKey  map[key][]*version
	byUnit map[string][]*version
	listed map[string]bool // units that a file brought
	links  map[[3]string]lineage.Kind
	batch  string
	units  []string // new
	added  []link
	count  Counts
}

// Counts says what a file does.
type Counts struct {
	Rows    int // units or links in the file
	Opened  int // versions of units that were not there on that day
	Changed int // units with another name, kind or parent from that day
	Closed  int // units that end on that day
	Same    int // rows that were there already
	Links   int // new links
	Untold  int // rows that say that the source does not tell
}

// Nothing reports whether nothing is to be written.
func (c Counts) Nothing() bool { return c.Opened+c.Changed+c.Closed+c.Links == 0 }

func newRegistry(all []*version, links []link, batch string) *registry {
	g := &registry{byKey: map[key][]*version{}, byUnit: map[string][]*version{}, listed: map[string]bool{}, links: map[[3]string]lineage.Kind{}, batch: batch}
	for _, v := range all {
		g.index(v)
	}
	for _, l := range links {
		g.links[[3]string{l.from, l.to, l.day}] = l.kind
	}
	return g
}

func (g *registry) index(v *version) {
	if v.code != "" {
		k := key{v.level(), v.code}
		g.byKey[k] = append(g.byKey[k], v)
	}
	g.byUnit[v.unit] = append(g.byUnit[v.unit], v)
	if v.batch != "" {
		g.listed[v.unit] = true
	}
}

func on(versions []*version, day string) *version {
	for _, v := range versions {
		if v.span().Holds(day) {
			return v
		}
	}
	return nil
}

// add opens a version of a unit, of a new one where unit is "".
func (g *registry) add(unit string, r row, parent, from, to string) *version {
	if unit == "" {
		unit = rand.Text()
		g.units = append(g.units, unit)
	}
	v := &version{id: rand.Text(), unit: unit, name: r.name, kind: r.kind, code: r.code, parent: parent, from: from, to: to, basis: r.basis, batch: g.batch, isNew: true}
	g.index(v)
	return v
}

// close ends a version on day; what holds again from rest, "" for nothing, goes
// on as a version of its own.
func (g *registry) close(v *version, day, rest string) {
	if rest != "" && (v.to == "" || v.to > rest) {
		again := *v
		again.id, again.from, again.isNew, again.isChanged = rand.Text(), rest, true, false
		g.index(&again)
	}
	v.to, v.isChanged = day, true
}

// sameUnit reports whether a row under a code that v has is the same unit as v.
// Below the provinces a code stays with its unit when the unit is renamed or
// changes its kind, but a commune under a province is never the one that stood
// under a district: those were set up anew on 01/07/2025. A province of another
// name is another province: in 2025 merged ones took over codes.
func (g *registry) sameUnit(v *version, r row, parent string) bool {
	if r.level() == LevelProvince {
		return lang.Fold(v.name) == lang.Fold(r.name) && v.kind == r.kind
	}
	return v.parent == parent || parent == "" || v.parent == "" || g.levelOf(v.parent) == g.levelOf(parent)
}

func (g *registry) levelOf(unit string) int {
	if all := g.byUnit[unit]; len(all) > 0 {
		return all[0].level()
	}
	return 0
}

// until is the first day after from on which a new version of unit under k would
// meet one that is there, or stop where it is earlier.
func (g *registry) until(k key, unit, from, stop string) string {
	for _, v := range slices.Concat(g.byKey[k], g.byUnit[unit]) {
		if v.from > from && (stop == "" || v.from < stop) {
			stop = v.from
		}
	}
	return stop
}

// before is the unit that had a code until day or earlier, if the row is the same
// one: same name, kind and place in the tree.
func (g *registry) before(k key, r row, parent, day string) *version {
	var last *version
	for _, v := range g.byKey[k] {
		if v.to != "" && v.to <= day && (last == nil || v.to > last.to) && v.kind == r.kind &&
			lang.Fold(v.name) == lang.Fold(r.name) && g.sameUnit(v, r, parent) && on(g.byUnit[v.unit], day) == nil {
			last = v
		}
	}
	return last
}

// planState makes the tree on day equal to rows, as far as files brought it:
// units that were entered by hand, and levels below the communes, stay. Where the
// tree of a later day next is known already ("" for none), it stays as it is from
// that day on.
func (g *registry) planState(rows []row, day, next string) (p problems) {
	seen := map[key]string{} // unit ids
	for _, r := range byLevel(rows) {
		k := key{r.level(), r.code}
		if _, twice := seen[k]; twice {
			p.add(r.line, "unit.import.twice", r.code)
			continue
		}
		parent := ""
		if r.parent != "" {
			if parent = seen[key{r.parentLevel, r.parent}]; parent == "" {
				p.add(r.line, "unit.import.parent", r.code, r.parent)
				continue
			}
		}
		seen[k] = g.state(r, k, parent, day, next, &p)
	}
	for unit := range g.listed {
		v := on(g.byUnit[unit], day)
		if v == nil || v.level() > LevelCommune || seen[key{v.level(), v.code}] == unit {
			continue
		}
		if v.from == day {
			p.add(0, "unit.import.sameday", v.code, v.fullName(), showDay(day))
			continue
		}
		g.close(v, day, next)
		g.count.Closed++
	}
	return p
}

// state puts one row of a tree in place and returns its unit.
func (g *registry) state(r row, k key, parent, day, next string, p *problems) string {
	cur := on(g.byKey[k], day)
	if cur != nil && cur.name == r.name && cur.kind == r.kind && cur.parent == parent {
		g.count.Same++
		return cur.unit
	}
	if cur != nil && cur.from == day {
		p.add(r.line, "unit.import.sameday", r.code, cur.fullName(), showDay(day))
		return cur.unit
	}
	if cur != nil && g.sameUnit(cur, r, parent) {
		end := g.until(k, cur.unit, day, earlier(next, cur.to))
		g.close(cur, day, next)
		g.add(cur.unit, r, parent, day, end)
		g.count.Changed++
		return cur.unit
	}
	if cur != nil {
		g.close(cur, day, next)
		g.count.Closed++
	}
	unit := ""
	// What stands in a later tree and begins there only because nothing earlier
	// was known begins here.
	for _, v := range g.byKey[k] {
		if next != "" && v.from == next && v.batch != "" && !v.isNew && g.sameUnit(v, r, parent) {
			if v.name == r.name && v.kind == r.kind && v.parent == parent {
				v.from, v.isChanged = day, true
				g.count.Opened++
				return v.unit
			}
			unit = v.unit
		}
	}
	if unit == "" {
		if old := g.before(k, r, parent, day); old != nil {
			if old.to == day && !old.isChanged {
				p.add(r.line, "unit.import.sameday", r.code, old.fullName(), showDay(day))
				return old.unit
			}
			unit = old.unit
		}
	}
	v := g.add(unit, r, parent, day, g.until(k, unit, day, next))
	g.count.Opened++
	return v.unit
}

// planList adds the units of rows and leaves all others as they are.
func (g *registry) planList(rows []row) (p problems) {
	for _, r := range byLevel(rows) {
		k := key{r.level(), r.code}
		parent, ok := g.parentOf(r)
		if !ok {
			p.add(r.line, "unit.import.parent", r.code, r.parent)
			continue
		}
		var cur *version
		if r.code != "" {
			cur = on(g.byKey[k], r.from)
		} else {
			cur = g.named(r, parent)
		}
		if cur != nil {
			g.listRow(cur, r, parent, &p)
			continue
		}
		unit := ""
		for _, v := range g.byKey[k] {
			switch {
			case v.span().Meets(lineage.Span{From: r.from, To: r.to}):
				p.add(r.line, "unit.import.overlap", r.code, v.fullName(), showDay(v.from))
				unit = "-"
			case v.to == r.from && unit == "" && g.sameUnit(v, r, parent):
				unit = v.unit // the next version of the same unit
			}
		}
		if unit == "-" {
			continue
		}
		g.add(unit, r, parent, r.from, r.to)
		g.count.Opened++
	}
	return p
}

// listRow compares a row of a list with the version that holds on its first day.
func (g *registry) listRow(cur *version, r row, parent string, p *problems) {
	switch {
	case lang.Fold(cur.name) != lang.Fold(r.name) || cur.kind != r.kind:
		p.add(r.line, "unit.import.taken", r.code, showDay(r.from), cur.fullName())
	case !r.hasNoParents && !r.assumed && cur.parent != parent:
		p.add(r.line, "unit.import.elsewhere", r.code, cur.fullName(), showDay(r.from))
	case r.to != "" && cur.to == "":
		g.close(cur, r.to, "")
		g.count.Closed++
	case r.to != "" && cur.to != r.to && !r.assumed:
		p.add(r.line, "unit.import.ends", r.code, cur.fullName(), showDay(cur.to))
	default:
		g.count.Same++
	}
}

// named finds a unit without a code by its name under its parent.
func (g *registry) named(r row, parent string) *version {
	for _, versions := range g.byUnit {
		if v := on(versions, r.from); v != nil && v.parent == parent && v.kind == r.kind && lang.Fold(v.name) == lang.Fold(r.name) {
			return v
		}
	}
	return nil
}

// parentOf finds the parent of a row on its first day: at the level the file
// says, else at the nearest level above that has the code then.
func (g *registry) parentOf(r row) (string, bool) {
	if r.parent == "" {
		return "", true
	}
	for level := r.level() - 1; level > 0; level-- {
		if r.parentLevel != 0 && level != r.parentLevel {
			continue
		}
		if v := on(g.byKey[key{level, r.parent}], r.from); v != nil {
			return v.unit, true
		}
	}
	return "", false
}

// planLinks adds the links of rows. A link that takes all of a unit ends it.
func (g *registry) planLinks(rows []linkRow) (p problems) {
	for _, r := range rows {
		if r.new == "" {
			g.count.Untold++
			continue
		}
		when := r.oldFrom
		if when == "" {
			when = dayBefore(r.day)
		}
		from, ok := g.meant(r.old, when, r.oldName, r.line, &p)
		if !ok {
			continue
		}
		to, ok := g.meant(r.new, r.day, r.newName, r.line, &p)
		if !ok {
			continue
		}
		id := [3]string{from.unit, to.unit, r.day}
		before, exists := g.links[id]
		switch {
		case from.unit == to.unit:
			p.add(r.line, "unit.import.self", r.old, r.new)
		case exists && before != r.kind:
			p.add(r.line, "unit.import.linkdiffers", from.fullName(), to.fullName())
		case exists:
			g.count.Same++
		default:
			g.links[id] = r.kind
			g.added = append(g.added, link{rand.Text(), from.unit, to.unit, r.kind, r.day, r.basis, r.shareNum, r.shares, r.method, g.batch})
			g.count.Links++
			if running := on(g.byUnit[from.unit], r.day); running != nil && r.kind.Empties() {
				if running.from >= r.day {
					p.add(r.line, "unit.import.sameday", r.old, running.fullName(), showDay(r.day))
					continue
				}
				g.close(running, r.day, "")
				g.count.Closed++
			}
		}
	}
	return p
}

// meant is the one unit that a code means on a day.
func (g *registry) meant(code, day, name string, line int, p *problems) (*version, bool) {
	var found []*version
	for level := LevelProvince; level <= LevelOffice; level++ {
		if v := on(g.byKey[key{level, code}], day); v != nil {
			found = append(found, v)
		}
	}
	switch {
	case len(found) == 0:
		p.add(line, "unit.import.absent", code, showDay(day))
	case len(found) > 1:
		p.add(line, "unit.import.several", code, showDay(day))
	case name != "" && lang.Fold(name) != lang.Fold(found[0].fullName()):
		p.add(line, "unit.import.name", code, showDay(day), found[0].fullName(), name)
	default:
		return found[0], true
	}
	return nil, false
}

// byLevel puts parents before what is below them, and earlier rows first.
func byLevel(rows []row) []row {
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(a, b row) int {
		if a.level() != b.level() {
			return a.level() - b.level()
		}
		return strings.Compare(a.from, b.from)
	})
	return rows
}

// earlier is the earlier of two ends, "" being never.
func earlier(a, b string) string {
	if a == "" || b != "" && b < a {
		return b
	}
	return a
}

// plan compares a file with the registry. day is that of the tree it shows, next
// the first later day whose tree is known.
func (g *registry) plan(f file, day, next string) problems {
	g.count.Rows = len(f.rows) + len(f.links)
	var p problems
	switch f.format {
	case Links:
		p = g.planLinks(f.links)
	case List:
		p = g.planList(f.rows)
	default:
		p = g.planState(f.rows, day, next)
	}
	slices.SortStableFunc(p, func(a, b Problem) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return strings.Compare(fmt.Sprint(a.Err.Args...), fmt.Sprint(b.Err.Args...))
	})
	return p
}

// showDay writes a day as people read it.
func showDay(day string) string { return lang.Date(parseDay(day)) }

// parseDay reads a stored day at its start in Vietnam; "" is the zero time.
func parseDay(day string) time.Time {
	t, err := time.ParseInLocation(time.DateOnly, day, lang.Vietnam)
	if err != nil {
		return time.Time{}
	}
	return t
}

func dayBefore(day string) string { return parseDay(day).AddDate(0, 0, -1).Format(time.DateOnly) }

// changed returns the versions that were there and have other days now.
func (g *registry) changed() (all []*version) {
	for _, versions := range g.byUnit {
		for _, v := range versions {
			if v.isChanged && !v.isNew {
				all = append(all, v)
			}
		}
	}
	return all
}

// opened returns the versions that are new.
func (g *registry) opened() (all []*version) {
	for _, versions := range g.byUnit {
		for _, v := range versions {
			if v.isNew {
				all = append(all, v)
			}
		}
	}
	slices.SortFunc(all, func(a, b *version) int { return strings.Compare(a.id, b.id) })
	return all
}
