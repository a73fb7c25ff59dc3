package monitor

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"reflect"
	"sort"
	"strings"

	"dongthuan/internal/ledger"
)

// What the open data shows is compared with what leaves say. Each thing names its
// receipt; the receipt's code names the leaf, and the leaf's payload was opened
// before. Members of the same name must be equal.

type object map[string]any

func (o object) text(name string) string { s, _ := o[name].(string); return s }

func (o object) member(name string) object { m, _ := o[name].(map[string]any); return m }

func (o object) list(name string) []object {
	all, _ := o[name].([]any)
	return objects(all)
}

func objects(all []any) []object {
	out := []object{}
	for _, v := range all {
		if m, ok := v.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

// read reads JSON with its numbers as they are written.
func (m *Monitor) read(ctx context.Context, path string, into any) bool {
	b, err := m.site.get(ctx, path)
	if err != nil {
		m.alarm(path, "withheld: %v", err)
		return false
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	if err := dec.Decode(into); err != nil {
		m.alarm(path, "cannot be read: %v", err)
		return false
	}
	return true
}

func (m *Monitor) readList(ctx context.Context, path string) []object {
	var all []any
	if !m.read(ctx, path, &all) {
		return nil
	}
	return objects(all)
}

// recorded is what the leaf says that a shown thing names as its receipt. It must be
// the newest of its kind for its object.
func (m *Monitor) recorded(name string, shown object, said map[int64]string, kinds ...ledger.Type) (object, int64) {
	code := shown.text("receipt")
	if code == "" {
		m.alarm(name, "is shown without a receipt")
		return nil, -1
	}
	idx, prefix, err := ledger.ParseCode(code)
	if err != nil {
		m.alarm(name, "names the receipt %s, which is none", code)
		return nil, -1
	}
	if idx >= m.edge.Size {
		return nil, -1 // younger than the checkpoint; the next look compares it
	}
	seen := m.leaves[idx]
	if !ledger.CodeOf(prefix, m.hashes[idx]) || len(kinds) > 0 && !isOne(seen.kind, kinds) {
		m.alarm(name, "names the receipt %s, which is another's", code)
		return nil, -1
	}
	for later := idx + 1; later < m.edge.Size; later++ {
		if m.leaves[later].object == seen.object && isOne(m.leaves[later].kind, kinds) {
			m.alarm(name, "is shown as of leaf %d, and leaf %d of object %s is newer", idx, later, seen.object)
			return nil, -1
		}
	}
	var out object
	dec := json.NewDecoder(strings.NewReader(said[idx]))
	dec.UseNumber()
	if err := dec.Decode(&out); err != nil {
		return nil, idx // what it says was missing, which is an alarm already
	}
	return out, idx
}

func isOne(kind ledger.Type, kinds []ledger.Type) bool {
	for _, k := range kinds {
		if k == kind {
			return true
		}
	}
	return false
}

// equal compares members of one name, and says which differ.
func (m *Monitor) equal(name string, shown, recorded object, members ...string) {
	if recorded == nil {
		return
	}
	for _, k := range members {
		if now, was := said(shown[k]), said(recorded[k]); now != was {
			m.alarm(name, "%s is shown as %.80q and was recorded as %.80q", k, now, was)
		}
	}
}

// said is a member's value; one left out is an empty one.
func said(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

func (m *Monitor) display(ctx context.Context, said map[int64]string) {
	m.units(ctx, said)
	m.news(ctx, said)
	m.reports(ctx, said)
	for _, c := range m.readList(ctx, "/api/v1/clusters") {
		code := c.text("code")
		r, _ := m.recorded("cluster "+code, c, said)
		m.equal("cluster "+code, c, r, "code", "name")
		for _, p := range m.readList(ctx, "/api/v1/clusters/"+url.PathEscape(code)+"/periods") {
			m.period(ctx, code, p, said)
		}
	}
}

func (m *Monitor) units(ctx context.Context, said map[int64]string) {
	for _, u := range m.readList(ctx, "/api/v1/units?limit=5000") {
		name := "unit " + u.text("code")
		r, idx := m.recorded(name, u, said)
		if r == nil || m.leaves[idx].kind != ledger.UnitRegistered {
			continue // of a list, or changed since: a leaf of its own says only what
		}
		m.equal(name, u, r, "code", "kind", "from", "to")
	}
}

func (m *Monitor) news(ctx context.Context, said map[int64]string) {
	shown := map[string]bool{}
	items := m.readList(ctx, "/api/v1/news?limit=1000")
	for _, it := range items {
		slug := it.text("slug")
		shown[slug] = true
		var whole object
		if !m.read(ctx, "/api/v1/news/"+url.PathEscape(slug), &whole) {
			continue
		}
		r, _ := m.recorded("news "+slug, whole, said, ledger.NewsPublished, ledger.NewsCorrected)
		if r != nil {
			m.equal("news "+slug, whole, r, "slug", "title", "lead", "body")
			m.equal("news "+slug, it, r, "title", "lead")
		}
	}
	if len(items) == 1000 {
		return // there are more than one answer holds
	}
	// Whatever was published is shown, or taken down with a leaf that says so.
	for object, idx := range m.newestOf(ledger.NewsPublished, ledger.NewsCorrected, ledger.NewsRetracted) {
		var r struct{ Slug string }
		if m.leaves[idx].kind == ledger.NewsRetracted || json.Unmarshal([]byte(said[idx]), &r) != nil || shown[r.Slug] {
			continue
		}
		m.alarm("news "+r.Slug, "leaf %d of object %s published it, nothing took it down, and it is not shown", idx, object)
	}
}

// newestOf is the place of the newest leaf of these kinds, for each object.
func (m *Monitor) newestOf(kinds ...ledger.Type) map[string]int64 {
	all := map[string]int64{}
	for i, leaf := range m.leaves {
		if isOne(leaf.kind, kinds) {
			all[leaf.object] = int64(i)
		}
	}
	return all
}

func (m *Monitor) reports(ctx context.Context, said map[int64]string) {
	shown := map[string]bool{}
	for _, r := range m.readList(ctx, "/api/v1/reports") {
		slug := r.text("slug")
		shown[slug] = true
		var whole object
		if !m.read(ctx, "/api/v1/reports/"+url.PathEscape(slug), &whole) {
			continue
		}
		rec, _ := m.recorded("report "+slug, whole, said, ledger.ReportPublished)
		if rec != nil && !reflect.DeepEqual(map[string]any(whole.member("report")), map[string]any(rec.member("report"))) {
			m.alarm("report "+slug, "its text or figures are not those that were published: %s", differing(whole.member("report"), rec.member("report")))
		}
	}
	for object, idx := range m.newestOf(ledger.ReportPublished) {
		var r struct{ Slug string }
		if json.Unmarshal([]byte(said[idx]), &r) == nil && !shown[r.Slug] {
			m.alarm("report "+r.Slug, "leaf %d of object %s published it, and it is not shown", idx, object)
		}
	}
}

// differing names the members in which two objects differ.
func differing(a, b object) string {
	var all []string
	for k := range b {
		if !reflect.DeepEqual(a[k], b[k]) {
			all = append(all, k)
		}
	}
	for k := range a {
		if _, ok := b[k]; !ok {
			all = append(all, k)
		}
	}
	sort.Strings(all)
	return strings.Join(all, ", ")
}

func (m *Monitor) period(ctx context.Context, cluster string, p object, said map[int64]string) {
	at := "/api/v1/clusters/" + url.PathEscape(cluster) + "/periods/" + url.PathEscape(p.text("code"))
	name := "period " + cluster + "/" + p.text("code")
	r, _ := m.recorded(name, p, said, ledger.PeriodOpened, ledger.PeriodChanged, ledger.PeriodFrozen)
	m.equal(name, p, r, "code", "name", "state", "starts", "ends", "due", "freeze", "trial")
	if p.text("state") != "setup" {
		m.criteria(ctx, name, at, said)
	}
	if p.text("state") != "published" {
		return
	}
	m.figures(ctx, name, at, said)
	m.ranking(ctx, name, at, said)
}

func (m *Monitor) criteria(ctx context.Context, name, at string, said map[int64]string) {
	var shown object
	if !m.read(ctx, at+"/criteria", &shown) {
		return
	}
	r, _ := m.recorded("criteria of "+name, shown, said, ledger.CriteriaPublished)
	if r == nil {
		return
	}
	delete(r, "office")
	if now := shown.member("criteria"); !reflect.DeepEqual(map[string]any(now), map[string]any(r)) {
		m.alarm("criteria of "+name, "are not those that were published: %s", differing(now, r))
	}
}

func (m *Monitor) figures(ctx context.Context, name, at string, said map[int64]string) {
	for _, f := range m.readList(ctx, at+"/figures") {
		what := "figure " + f.text("unit") + "/" + f.text("indicator") + " of " + name
		r, _ := m.recorded(what, f, said, ledger.FigurePublished)
		if r == nil {
			continue
		}
		was := r.member("units").member(f.text("unit_id")).member("figures")[f.text("indicator")]
		if fmt.Sprint(f["value"]) != fmt.Sprint(was) {
			m.alarm(what, "is shown as %v thousandths and was recorded as %v", f["value"], was)
		}
	}
}

func (m *Monitor) ranking(ctx context.Context, name, at string, said map[int64]string) {
	var shown object
	if !m.read(ctx, at+"/ranking", &shown) {
		return
	}
	name = "ranking of " + name
	r, _ := m.recorded(name, shown, said, ledger.RankingPublished)
	rows := shown.list("rows")
	was := map[string]object{}
	for _, row := range r.member("ranking").list("rows") {
		was[row.text("unit")] = row
	}
	if r != nil && len(rows) != len(was) {
		m.alarm(name, "shows %d units, and %d were published", len(rows), len(was))
	}
	last := int64(-1)
	for _, row := range rows {
		what := "place of " + row.text("unit") + " in the " + name
		if r != nil && was[row.text("unit")] == nil {
			m.alarm(what, "was not published")
			continue
		}
		m.equal(what, row, was[row.text("unit")], "rank", "name", "groups", "bonus", "deduction", "total", "class")
		total := integer(row["total"])
		sum := integer(row["bonus"]) - integer(row["deduction"])
		if groups, ok := row["groups"].([]any); ok {
			for _, g := range groups {
				sum += integer(g)
			}
		}
		if sum != total {
			m.alarm(what, "its parts add up to %d tenths, and its total says %d", sum, total)
		}
		if last >= 0 && total > last {
			m.alarm(what, "stands below a smaller total")
		}
		last = total
	}
}

func integer(v any) int64 {
	n, _ := v.(json.Number)
	i, err := n.Int64()
	if err != nil {
		return 0
	}
	return i
}
