package monitor

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"dongthuan/internal/c2sp"
	"dongthuan/internal/ledger"
	"dongthuan/internal/witness"
)

// Settings of a monitor.
type Settings struct {
	URL    string // of the site
	Folder string // remembers what was seen
	// Policy names the log and its witnesses; the one the site gives at the first look
	// is believed from then on where it is empty.
	Policy  string
	Silence time.Duration // after how long without a leaf to alarm; 0 never
	Now     func() time.Time
}

// Alarm is one thing that does not hold.
type Alarm struct {
	Object string `json:"object"` // a leaf's place, an object's id, an address
	Words  string `json:"words"`
}

// Monitor remembers what it saw.
type Monitor struct {
	set    Settings
	site   site
	policy c2sp.Policy
	pinned bool

	out    *os.File // entries
	edge   c2sp.Edge
	hashes []c2sp.Hash
	leaves []leafSeen
	newest map[string]int64 // place of each object's newest leaf
	latest int64            // newest time in the log
	last   c2sp.Signed
	alarms []Alarm
}

// leafSeen is what is kept of each leaf.
type leafSeen struct {
	kind   ledger.Type
	object string
	commit string
}

// skew is how far two machines' clocks may differ: a leaf may be that much older
// than one before it, or newer than the monitor's now.
const skew = 10 * time.Minute

// Open opens a monitor with what it saw before.
func Open(set Settings) (*Monitor, error) {
	m := &Monitor{set: set, site: site{strings.TrimSuffix(set.URL, "/"), &http.Client{Timeout: time.Minute}}, newest: map[string]int64{}}
	if err := os.MkdirAll(set.Folder, 0o700); err != nil {
		return nil, err
	}
	text := set.Policy
	if text == "" {
		b, err := os.ReadFile(filepath.Join(set.Folder, policyFile))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
		text = string(b)
	}
	if text != "" {
		var err error
		if m.policy, err = c2sp.ParsePolicy(text); err != nil {
			return nil, err
		}
		m.pinned = true
	}
	var err error
	if m.out, err = os.OpenFile(filepath.Join(set.Folder, entriesFile), os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return nil, err
	}
	return m, m.load()
}

// load reads the mirror again, and the checkpoint it was checked against.
func (m *Monitor) load() error {
	good, err := readEntries(m.out, func(text string) error {
		leaf, err := ledger.ParseLeaf(text)
		if err == nil {
			m.append(leaf, c2sp.LeafHash([]byte(text)))
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("read the mirror: %w", err)
	}
	if err := m.out.Truncate(good); err != nil {
		return err
	}
	if _, err := m.out.Seek(good, io.SeekStart); err != nil {
		return err
	}
	b, err := os.ReadFile(filepath.Join(m.set.Folder, checkpointFile))
	if errors.Is(err, os.ErrNotExist) || !m.pinned {
		return nil
	}
	if err != nil {
		return err
	}
	m.last, err = m.open(string(b))
	return err
}

// open checks a checkpoint by the policy. Whether the quorum has cosigned is
// another question: a log is followed before its witnesses have.
func (m *Monitor) open(signed string) (c2sp.Signed, error) {
	s, err := m.policy.Open(signed)
	if errors.Is(err, c2sp.ErrQuorum) {
		err = nil
	}
	return s, err
}

func (m *Monitor) append(leaf ledger.Leaf, hash c2sp.Hash) {
	idx := m.edge.Size
	m.edge.Append(hash)
	m.hashes = append(m.hashes, hash)
	m.leaves = append(m.leaves, leafSeen{leaf.Type, leaf.Object, leaf.Commit})
	m.newest[leaf.Object] = idx
	m.latest = max(m.latest, leaf.Time)
}

// Close closes the mirror.
func (m *Monitor) Close() error { return m.out.Close() }

// mostAlarms is how many are told of one look: a log that is torn has one in each
// line, and the first say what happened.
const mostAlarms = 1000

func (m *Monitor) alarm(object, format string, args ...any) {
	if len(m.alarms) >= mostAlarms {
		return
	}
	m.alarms = append(m.alarms, Alarm{object, fmt.Sprintf(format, args...)})
}

// Look follows the log to its newest checkpoint and checks everything again that
// the site shows. An error is the monitor's own; whatever is wrong with the site,
// that it does not answer too, is an alarm.
func (m *Monitor) Look(ctx context.Context) (c2sp.Signed, []Alarm, error) {
	m.alarms = nil
	if err := m.pin(ctx); err != nil {
		return m.last, nil, err
	}
	if err := m.follow(ctx); err != nil {
		return m.last, nil, err
	}
	m.witnesses(ctx)
	m.display(ctx, m.payloads(ctx))
	if now := m.set.Now(); m.set.Silence > 0 && len(m.leaves) > 0 && now.Sub(time.Unix(m.latest, 0)) > m.set.Silence {
		m.alarm("heartbeat", "nothing was recorded since %s, not even a heartbeat", time.Unix(m.latest, 0).UTC().Format(time.RFC3339))
	}
	return m.last, m.alarms, ctx.Err()
}

// pin takes the site's policy at the first look, and later compares the log's key
// with the one pinned.
func (m *Monitor) pin(ctx context.Context) error {
	b, err := m.site.get(ctx, "/so-cai/policy")
	if err != nil {
		if !m.pinned {
			return fmt.Errorf("the site gives no policy to begin with: %w", err)
		}
		m.alarm("policy", "withheld: %v", err)
		return nil
	}
	shown, err := c2sp.ParsePolicy(string(b))
	if err != nil {
		m.alarm("policy", "not a policy: %v", err)
		return nil
	}
	if !m.pinned {
		m.policy, m.pinned = shown, true
		return os.WriteFile(filepath.Join(m.set.Folder, policyFile), b, 0o600)
	}
	for _, l := range shown.Logs {
		known := false
		for _, own := range m.policy.Logs {
			known = known || own.Key.String() == l.Key.String()
		}
		if !known {
			m.alarm("log key", "the site names the key %s, which is not the one known before", l.Key)
		}
	}
	return nil
}

// follow brings the mirror up to the newest checkpoint.
func (m *Monitor) follow(ctx context.Context) error {
	b, err := m.site.get(ctx, "/so-cai/checkpoint")
	if err != nil {
		m.alarm("checkpoint", "withheld: %v", err)
		return ctx.Err()
	}
	next, err := m.open(string(b))
	if err != nil {
		m.alarm("checkpoint", "its signature does not hold by the key known before: %v", err)
		return nil
	}
	switch {
	case next.Size < m.last.Size:
		m.alarm("checkpoint", "the log has %d leaves, and had %d: it went back in time", next.Size, m.last.Size)
		return nil
	case next.Size <= m.edge.Size && !m.same(next.Checkpoint):
		m.alarm("checkpoint", "another tree of %d leaves than the one seen before", next.Size)
		m.differing(ctx, next.Size)
		return nil
	case next.Size <= m.edge.Size:
		m.last = next
		return m.tiles(ctx, 0, next.Size)
	}
	from := m.edge.Size
	start, err := m.out.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	undo, seen, heads, latest := m.edge.Clone(), len(m.leaves), map[string]int64{}, m.latest
	ok, err := m.fetch(ctx, from, next.Size, heads)
	if err != nil {
		return err
	}
	if ok && m.edge.Root() != next.Root {
		m.alarm("checkpoint", "its %d leaves do not have the root that is signed: what was seen before, or what came since, was changed", next.Size)
		ok = false
	}
	if !ok {
		// The mirror keeps only what a checkpoint has confirmed.
		for object := range heads {
			if old := heads[object]; old < 0 {
				delete(m.newest, object)
			} else {
				m.newest[object] = old
			}
		}
		m.edge, m.leaves, m.hashes, m.latest = undo, m.leaves[:seen], m.hashes[:seen], latest
		m.differing(ctx, next.Size)
		_, err := m.out.Seek(start, io.SeekStart)
		return errors.Join(err, m.out.Truncate(start))
	}
	if err := m.out.Sync(); err != nil {
		return err
	}
	m.last = next
	if err := os.WriteFile(filepath.Join(m.set.Folder, checkpointFile), b, 0o600); err != nil {
		return err
	}
	return m.tiles(ctx, from, next.Size)
}

// same reports whether a checkpoint not larger than the mirror is of it.
func (m *Monitor) same(c c2sp.Checkpoint) bool {
	if c.Size == m.edge.Size {
		return m.edge.Root() == c.Root
	}
	var e c2sp.Edge
	for _, h := range m.hashes[:c.Size] {
		e.Append(h)
	}
	return e.Root() == c.Root
}

// differing names the first leaf in which the site's log is not the mirror's.
func (m *Monitor) differing(ctx context.Context, size int64) {
	for n := int64(0); n<<c2sp.TileHeight < min(size, m.edge.Size); n++ {
		first := n << c2sp.TileHeight
		width := int(min(256, size-first))
		b, err := m.site.get(ctx, "/so-cai/"+c2sp.TilePath(0, n, width))
		if err != nil {
			m.alarm(fmt.Sprintf("tile 0/%d", n), "withheld: %v", err)
			return
		}
		shown, err := c2sp.ParseTile(b, width)
		if err != nil {
			m.alarm(fmt.Sprintf("tile 0/%d", n), "%v", err)
			return
		}
		for i, h := range shown {
			if at := first + int64(i); at < m.edge.Size && h != m.hashes[at] {
				m.alarm(fmt.Sprintf("leaf %d of object %s", at, m.leaves[at].object), "is not the one seen before")
				return
			}
		}
	}
}

// atOnce is how many bundles are asked for at the same time.
const atOnce = 8

type bundle struct {
	texts []string
	err   error
}

// fetch appends the leaves from one place up to another. It notes in heads what
// the newest leaf of each object it met was before, -1 for none.
func (m *Monitor) fetch(ctx context.Context, from, to int64, heads map[string]int64) (ok bool, err error) {
	out := bufio.NewWriterSize(m.out, 1<<20)
	ok = true
	for ok && from < to {
		var wait sync.WaitGroup
		var parts [atOnce]bundle
		at := from
		for i := range parts {
			if at >= to {
				break
			}
			end := min(to, (at>>c2sp.TileHeight+1)<<c2sp.TileHeight)
			start := at
			wait.Go(func() {
				parts[i].texts, parts[i].err = bundles(start, end, func(path string) ([]byte, error) { return m.site.get(ctx, "/so-cai/"+path) }, to)
			})
			at = end
		}
		wait.Wait()
		for _, p := range parts {
			if p.err != nil {
				m.alarm(fmt.Sprintf("leaf %d", m.edge.Size), "withheld: %v", p.err)
				return false, ctx.Err()
			}
			for _, text := range p.texts {
				if !m.take(text, heads) {
					ok = false
				}
				if err := writeEntry(out, text); err != nil {
					return false, err
				}
			}
		}
		from = at
	}
	return ok, out.Flush()
}

func writeEntry(w io.Writer, text string) error {
	b, err := c2sp.AppendEntry(nil, text)
	if err != nil {
		return err
	}
	_, err = w.Write(b)
	return err
}

// take checks one leaf by itself and against those before.
func (m *Monitor) take(text string, heads map[string]int64) bool {
	idx := m.edge.Size
	leaf, err := ledger.ParseLeaf(text)
	if err != nil {
		m.alarm(fmt.Sprintf("leaf %d", idx), "%v", err)
		return false
	}
	name := fmt.Sprintf("leaf %d of object %s", idx, leaf.Object)
	before, has := m.newest[leaf.Object]
	want := ""
	if has {
		want = base64.StdEncoding.EncodeToString(m.hashes[before][:])
	}
	if leaf.Prev != want {
		m.alarm(name, "does not follow the object's leaf before")
	}
	if time.Unix(leaf.Time, 0).Add(skew).Before(time.Unix(m.latest, 0)) {
		m.alarm(name, "is dated %s, before leaves that stand before it", time.Unix(leaf.Time, 0).UTC().Format(time.RFC3339))
	}
	if m.set.Silence > 0 && time.Unix(leaf.Time, 0).After(m.set.Now().Add(skew)) {
		m.alarm(name, "is dated in the future")
	}
	if _, met := heads[leaf.Object]; !met {
		heads[leaf.Object] = -1
		if has {
			heads[leaf.Object] = before
		}
	}
	m.append(leaf, c2sp.LeafHash([]byte(text)))
	return true
}

// tiles checks the tiles that the site gives for a tree, those that have changed
// since one of another size.
func (m *Monitor) tiles(ctx context.Context, from, to int64) error {
	level := m.hashes[:to]
	for l := 0; len(level) > 0; l++ {
		firstTile := from >> (c2sp.TileHeight * (l + 1))
		var above []c2sp.Hash
		for n := int64(0); n<<c2sp.TileHeight < int64(len(level)); n++ {
			part := level[n<<c2sp.TileHeight : min(int64(len(level)), (n+1)<<c2sp.TileHeight)]
			if len(part) == 256 {
				var e c2sp.Edge
				for _, h := range part {
					e.Append(h)
				}
				above = append(above, e.Root())
			}
			if n < firstTile {
				continue
			}
			path := c2sp.TilePath(l, n, len(part))
			b, err := m.site.get(ctx, "/so-cai/"+path)
			if err != nil {
				m.alarm(path, "withheld: %v", err)
				if l == 0 {
					m.firstMissing(ctx, n, len(part))
				}
				return ctx.Err()
			}
			shown, err := c2sp.ParseTile(b, len(part))
			if err != nil {
				m.alarm(path, "%v", err)
				continue
			}
			for i, h := range shown {
				if h == part[i] {
					continue
				}
				name := path
				if at := n<<c2sp.TileHeight + int64(i); l == 0 {
					name = fmt.Sprintf("leaf %d of object %s", at, m.leaves[at].object)
				}
				m.alarm(name, "is not the one seen before: hash %d of %s differs", i, path)
				break
			}
		}
		level = above
	}
	return nil
}

// firstMissing names the first leaf of a tile that the site does not give: bundles
// of its first leaves are served as far as the leaves are there.
func (m *Monitor) firstMissing(ctx context.Context, n int64, width int) {
	served, refused := 0, width
	for refused-served > 1 {
		half := (served + refused) / 2
		if _, err := m.site.get(ctx, "/so-cai/"+c2sp.TilePath(-1, n, half)); err != nil {
			refused = half
		} else {
			served = half
		}
	}
	at := n<<c2sp.TileHeight + int64(served)
	m.alarm(fmt.Sprintf("leaf %d of object %s", at, m.leaves[at].object), "is the first that the site does not give")
}

// witnesses compares the log with what each witness has cosigned.
func (m *Monitor) witnesses(ctx context.Context) {
	for _, w := range m.policy.Witnesses {
		if w.URL == "" {
			continue
		}
		s := site{strings.TrimSuffix(w.URL, "/"), m.site.client}
		b, err := s.get(ctx, "/"+witness.OriginHash(m.last.Origin)+"/checkpoint")
		if err != nil {
			m.alarm("witness "+w.Name, "does not answer: %v", err)
			continue
		}
		seen, err := c2sp.Open(string(b), append([]c2sp.PublicKey{w.Key}, m.last.Log)...)
		switch {
		case err != nil:
			m.alarm("witness "+w.Name, "what it shows does not hold: %v", err)
		case seen.Size > m.edge.Size:
			// The site may have grown since; the next look tells.
			if b, err := m.site.get(ctx, "/so-cai/checkpoint"); err == nil {
				if now, err := m.open(string(b)); err == nil && now.Size < seen.Size {
					m.alarm("witness "+w.Name, "has cosigned %d leaves, and the site shows %d: a split view, or a log that went back", seen.Size, now.Size)
				}
			}
		case !m.same(seen.Checkpoint):
			m.alarm("witness "+w.Name, "has cosigned another tree of %d leaves: a split view", seen.Size)
		}
	}
}

// payloads reads what every leaf of a public type says, and checks that it opens
// its leaf. It returns them by place.
func (m *Monitor) payloads(ctx context.Context) map[int64]string {
	said := map[int64]string{}
	lost := map[int64]bool{}
	for from := int64(0); from < m.edge.Size; {
		b, err := m.site.get(ctx, fmt.Sprintf("/so-cai/cong-khai.jsonl?tu=%d", from))
		if err != nil {
			m.alarm("what is public", "withheld from leaf %d on: %v", from, err)
			return said
		}
		next := from
		for dec := json.NewDecoder(bytes.NewReader(b)); ; {
			var line struct {
				ledger.PublicLeaf
				Next *int64 `json:"next"`
			}
			if err := dec.Decode(&line); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				m.alarm("what is public", "from leaf %d on it cannot be read: %v", from, err)
				return said
			}
			if line.Next != nil {
				next = *line.Next
				continue
			}
			if line.Index >= 0 && line.Index < m.edge.Size {
				m.opens(line.PublicLeaf, said, lost)
			}
		}
		if next <= from {
			m.alarm("what is public", "ends at leaf %d of %d", from, m.edge.Size)
			break
		}
		from = next
	}
	m.allThere(said, lost)
	return said
}

func (m *Monitor) opens(p ledger.PublicLeaf, said map[int64]string, lost map[int64]bool) {
	seen := m.leaves[p.Index]
	if p.Payload == "" {
		lost[p.Index] = true
		return
	}
	if !ledger.Opens(seen.kind, seen.commit, p.Payload, p.Salt) {
		m.alarm(fmt.Sprintf("leaf %d of object %s", p.Index, seen.object), "%s: what the site says of it is not what was recorded", seen.kind)
		return
	}
	said[p.Index] = p.Payload
}

// allThere looks for leaves of public types that nothing is said of, though no
// incident has declared them lost.
func (m *Monitor) allThere(said map[int64]string, lost map[int64]bool) {
	declared := func(idx int64) bool {
		for at, leaf := range m.leaves {
			if leaf.kind != ledger.IncidentDeclared {
				continue
			}
			var r struct{ From, To int64 }
			if err := json.Unmarshal([]byte(said[int64(at)]), &r); err == nil && idx >= r.From && idx < r.To {
				return true
			}
		}
		return false
	}
	for idx, leaf := range m.leaves {
		at := int64(idx)
		if !leaf.kind.Public() || said[at] != "" {
			continue
		}
		if lost[at] && declared(at) {
			continue
		}
		named := false
		for _, a := range m.alarms {
			named = named || a.Object == fmt.Sprintf("leaf %d of object %s", at, leaf.object)
		}
		if !named {
			m.alarm(fmt.Sprintf("leaf %d of object %s", at, leaf.object), "%s: what it says is withheld or gone, and no leaf declares that", leaf.kind)
		}
	}
}
