package app

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"dongthuan/internal/c2sp"
	"dongthuan/internal/db"
	"dongthuan/internal/db/dbtest"
	"dongthuan/internal/ledger"
	"dongthuan/internal/monitor"
	"dongthuan/internal/witness"
)

// scene is an installation whose administrator cheats, and who watches it: a
// monitor that has looked once while all was well, and a witness that has cosigned.
type scene struct {
	t       *testing.T
	clock   *Clock
	source  string
	state   string // key and journal
	files   string
	policy  string
	app     *App
	db      *db.DB
	web     *httptest.Server // the address stays when the program is started anew
	handler http.Handler
	monitor *monitor.Monitor
}

func newScene(t *testing.T) *scene {
	t.Helper()
	template, err := seed()
	must(t, err)
	s := &scene{t: t, clock: &Clock{}, source: dbtest.Copy(t, template), state: t.TempDir(), files: seedFiles}
	s.clock.Set(DemoStart)
	n, err := ledger.OpenNotary(s.state, filepath.Join(s.state, ledger.JournalFile), "tamper.example/so-cai", "")
	must(t, err)
	must(t, n.Close())
	d, err := db.Open(t.Context(), s.source)
	must(t, err)
	key := n.Key()
	must(t, exec(d, `update ledger_tree set origin = $1, vkey = $2, checkpoint = '', cosigned = '' where id = 1`, key.Name(), key.String()))
	must(t, d.Close())
	s.web = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }))
	t.Cleanup(s.web.Close)

	seedKey := make([]byte, 32)
	w, err := c2sp.NewWitnessKey("witness.example", seedKey, s.clock.Now)
	must(t, err)
	wit, err := witness.Open(t.Context(), filepath.Join(t.TempDir(), "witness.db"), w, []c2sp.PublicKey{key}, slog.New(slog.DiscardHandler))
	must(t, err)
	t.Cleanup(func() { wit.Close() })
	witnessed := httptest.NewServer(wit.Handler())
	t.Cleanup(witnessed.Close)
	s.policy = fmt.Sprintf("log %s %s/so-cai/\nwitness w %s %s\nquorum w\n", key, s.web.URL, w.Public(), witnessed.URL)

	s.start()
	t.Cleanup(func() { s.stop() })
	s.write("trước")
	s.cosign()
	s.monitor = s.watch(t.TempDir(), s.policy)
	if alarms := s.look(); len(alarms) > 0 {
		t.Fatalf("alarms while all is well: %v", alarms)
	}
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func exec(d *db.DB, query string, args ...any) error {
	return d.Write(context.Background(), func(tx *db.Tx) error {
		_, err := tx.ExecContext(context.Background(), query, args...)
		return err
	})
}

func (s *scene) start() {
	s.t.Helper()
	var err error
	s.db, err = db.Open(context.Background(), s.source)
	must(s.t, err)
	flags := ledgerFlags{State: s.state}
	s.app, err = New(context.Background(), s.db, Settings{Demo: true, Now: s.clock.Now, Files: s.files, Policy: s.policy, Signer: flags.opener(s.db, "https://tamper.example"), Log: slog.New(slog.DiscardHandler)})
	must(s.t, err)
	s.handler = s.app.Handler()
}

func (s *scene) stop() {
	if err := s.app.Close(context.Background()); err != nil {
		s.t.Error(err)
	}
	if err := s.db.Close(); err != nil {
		s.t.Error(err)
	}
}

func (s *scene) restart() { s.stop(); s.start() }

// write records something honest.
func (s *scene) write(name string) ledger.Ack {
	s.t.Helper()
	ack, err := s.app.Book.Write(s.t.Context(), func(tx *ledger.Tx) error {
		return tx.Record(s.t.Context(), ledger.Heartbeat, strings.Repeat("A", 26), map[string]any{"name": name})
	})
	must(s.t, err)
	return ack
}

func (s *scene) cosign() {
	s.t.Helper()
	must(s.t, s.app.askWitnesses(s.t.Context(), http.DefaultClient))
}

func (s *scene) watch(folder, policy string) *monitor.Monitor {
	s.t.Helper()
	m, err := monitor.Open(monitor.Settings{URL: s.web.URL, Folder: folder, Policy: policy, Silence: 2 * time.Hour, Now: s.clock.Now})
	must(s.t, err)
	s.t.Cleanup(func() { m.Close() })
	return m
}

func (s *scene) look() []string {
	s.t.Helper()
	_, alarms, err := s.monitor.Look(s.t.Context())
	must(s.t, err)
	var all []string
	for _, a := range alarms {
		all = append(all, a.Object+": "+a.Words)
	}
	return all
}

// sql does what only the database's administrator can: past every trigger.
func (s *scene) sql(query string, args ...any) {
	s.t.Helper()
	for _, trigger := range []string{"ledger_leaf_keep", "ledger_leaf_fixed"} {
		drop := `drop trigger if exists ` + trigger
		if s.db.Engine() == db.PostgreSQL {
			drop += ` on ledger_leaf`
		}
		must(s.t, exec(s.db, drop))
	}
	must(s.t, exec(s.db, query, args...))
}

// find is the place of the newest leaf of a type, and its object.
func (s *scene) find(kind ledger.Type) (idx int64, leaf ledger.Leaf) {
	s.t.Helper()
	rows, err := s.db.QueryContext(s.t.Context(), `select idx, leaf from ledger_leaf order by idx desc`)
	must(s.t, err)
	defer rows.Close()
	for rows.Next() {
		var text string
		must(s.t, rows.Scan(&idx, &text))
		leaf, err := ledger.ParseLeaf(text)
		must(s.t, err)
		if leaf.Type == kind {
			return idx, leaf
		}
	}
	s.t.Fatalf("no leaf of type %s", kind)
	return 0, leaf
}

// tamperings are those of the threat model that apply to what exists, by its
// numbers. Each must be named by the monitor, or by fsck where nothing shows
// outside. Those that wait for their rooms: 13 to 16 (codes, ballots, tallies), and
// of 8, 9 and 11 the forms with opinions, answers and legal deadlines; here they
// are done to news, reports and the days of a period.
var tamperings = []struct {
	name string
	do   func(s *scene) (want string)
	fsck bool
}{
	{"1 delete a leaf row", func(s *scene) string {
		idx, leaf := s.find(ledger.NewsPublished)
		s.sql(`delete from ledger_payload where idx = $1`, idx)
		s.sql(`delete from ledger_leaf where idx = $1`, idx)
		return fmt.Sprintf("leaf %d of object %s: is the first that the site does not give", idx, leaf.Object)
	}, false},
	{"2 edit a payload", func(s *scene) string {
		idx, leaf := s.find(ledger.NewsPublished)
		s.sql(`update ledger_payload set payload = replace(payload, '"version":', '"version":1') where idx = $1`, idx)
		return fmt.Sprintf("leaf %d of object %s", idx, leaf.Object)
	}, false},
	{"3 edit a column only", func(s *scene) string {
		s.sql(`update news_item set lead = 'Lời dẫn khác' where state = 'published'`)
		return "lead is shown as"
	}, false},
	{"4 swap two places", func(s *scene) string {
		idx, _ := s.find(ledger.NewsPublished)
		s.sql(`update ledger_leaf set leaf = (select b.leaf from ledger_leaf b where b.idx = 2 * $1 - 1 - ledger_leaf.idx) where idx in ($1, $1 - 1)`, idx)
		return fmt.Sprintf("leaf %d of object", idx-1)
	}, false},
	{"5 insert a back-dated leaf", func(s *scene) string {
		object := strings.Repeat("B", 26)
		l := ledger.Leaf{Type: ledger.Heartbeat, Object: object, Time: DemoStart.AddDate(0, -1, 0).Unix(), Commit: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}
		hash := c2sp.LeafHash([]byte(l.String()))
		s.sql(`insert into ledger_head (object, hash, idx, pending) values ($1, $2, null, 1)`, object, ledger.Hex(hash))
		s.sql(`insert into ledger_waiting (hash, object, leaf, payload, salt, at) values ($1, $2, $3, '{}', '', $4)`, ledger.Hex(hash), object, l.String(), db.Time(time.Unix(l.Time, 0)))
		s.write("sau") // the sequencer gives it a place
		s.restart()
		return object + ": is dated"
	}, false},
	{"6 roll back to yesterday's backup and go on", func(s *scene) string {
		s.rollBack()
		for range 5 {
			s.write("khác")
		}
		return "of object AAAAAAAAAAAAAAAAAAAAAAAAAA: is not the one seen before"
	}, false},
	{"7 show one checkpoint to one client and another to another", func(s *scene) string {
		s.write("chỉ cho nhân chứng")
		s.cosign()
		s.rollBack()
		for range 6 {
			s.write("khác")
		}
		s.monitor = s.watch(s.t.TempDir(), s.policy) // who never saw the first view
		return "witness w: has cosigned"
	}, false},
	{"8 hide a news item without a leaf", func(s *scene) string {
		idx, leaf := s.find(ledger.NewsPublished)
		s.sql(`update news_item set state = 'draft' where id = $1`, leaf.Object)
		return fmt.Sprintf("leaf %d of object %s published it, nothing took it down", idx, leaf.Object)
	}, false},
	{"9 change a published report in place", func(s *scene) string {
		s.sql(`update report_version set body = replace(body, '"abstract":"', '"abstract":"Khác ')`)
		return "its text or figures are not those that were published"
	}, false},
	{"10 change a score's formula silently", func(s *scene) string {
		s.sql(`update emulation_criterion set max = max + 5 where code = '3.1'`)
		s.restart() // a published table is kept in memory
		return "criteria of period"
	}, false},
	{"11 move a deadline", func(s *scene) string {
		s.sql(`update cluster_period set due_at = '2026-12-31T10:00:00.000000Z' where code = '2026-nam'`)
		return "period ht3/2026-nam: due is shown"
	}, false},
	{"12 edit a published figure", func(s *scene) string {
		s.sql(`update emulation_figure set value = value + 1000 where indicator = 'doi_thoai_y_kien'`)
		return "/doi_thoai_y_kien of period ht3/2026-6t: is shown as"
	}, false},
	{"12 edit a published ranking", func(s *scene) string {
		s.sql(`update emulation_result set body = replace(body, '"rank":2', '"rank":3')`)
		return "rank is shown as"
	}, false},
	{"17 stop the heartbeat", func(s *scene) string {
		s.clock.Set(DemoStart.Add(3 * time.Hour))
		return "heartbeat: nothing was recorded since"
	}, false},
	{"18 withhold tiles", func(s *scene) string {
		inner := s.handler
		s.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, "/so-cai/tile/0/") {
				http.NotFound(w, r)
				return
			}
			inner.ServeHTTP(w, r)
		})
		s.write("sau")
		return "tile/0/"
	}, false},
	{"19 replace the log's key", func(s *scene) string {
		s.stop()
		s.state = s.t.TempDir()
		n, err := ledger.OpenNotary(s.state, filepath.Join(s.state, ledger.JournalFile), "tamper.example/so-cai", "")
		must(s.t, err)
		must(s.t, n.Close())
		d, err := db.Open(s.t.Context(), s.source)
		must(s.t, err)
		must(s.t, exec(d, `update ledger_tree set vkey = $1, checkpoint = '', cosigned = '' where id = 1`, n.Key().String()))
		must(s.t, d.Close())
		s.policy = ""
		s.start()
		return "log key: the site names the key"
	}, false},
	{"20 erase what is public without data.erased", func(s *scene) string {
		idx, leaf := s.find(ledger.NewsPublished)
		s.sql(`delete from ledger_payload where idx = $1`, idx)
		return fmt.Sprintf("leaf %d of object %s: news.published: what it says is withheld or gone", idx, leaf.Object)
	}, false},
	{"20 erase what is sealed without data.erased", func(s *scene) string {
		idx, _ := s.find(ledger.EvidenceAdded)
		s.sql(`delete from ledger_salt where idx = $1`, idx)
		return fmt.Sprintf("leaf %d: the salt of its field", idx)
	}, true},
}

// rollBack brings the database back to before the last write that was recorded,
// and forgets the journal that would have stopped it.
func (s *scene) rollBack() {
	s.t.Helper()
	var size int64
	must(s.t, s.db.QueryRowContext(s.t.Context(), `select size from ledger_tree`).Scan(&size))
	back := size - 1
	rows, err := s.db.QueryContext(s.t.Context(), `select leaf from ledger_leaf where idx < $1 order by idx`, back)
	must(s.t, err)
	var edge c2sp.Edge
	for rows.Next() {
		var text string
		must(s.t, rows.Scan(&text))
		edge.Append(c2sp.LeafHash([]byte(text)))
	}
	must(s.t, rows.Close())
	s.sql(`delete from ledger_payload where idx >= $1`, back)
	s.sql(`delete from ledger_head where idx >= $1`, back)
	s.sql(`delete from ledger_leaf where idx >= $1`, back)
	s.sql(`update ledger_tree set size = $1, root = $2, checkpoint = '', cosigned = '' where id = 1`, back, ledger.Hex(edge.Root()))
	s.stop()
	other := s.t.TempDir()
	copyFile(s.t, filepath.Join(s.state, "key"), filepath.Join(other, "key"))
	policy := s.policy
	s.state, s.policy = other, "" // and asks no witness
	s.start()
	s.policy = policy
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	must(t, err)
	must(t, os.WriteFile(to, b, 0o600))
}

func TestTamperings(t *testing.T) {
	for _, c := range tamperings {
		t.Run(c.name, func(t *testing.T) {
			s := newScene(t)
			want := c.do(s)
			var got []string
			if c.fsck {
				var err error
				got, err = ledger.Verify(t.Context(), s.db)
				must(t, err)
			} else {
				got = s.look()
			}
			if !slices.ContainsFunc(got, func(line string) bool { return strings.Contains(line, want) }) {
				t.Errorf("want %q among the alarms, got %q", want, got)
			}
			if len(got) > 0 {
				t.Logf("%s → %s", c.name, got[0])
			}
		})
	}
}

// TestWitnessStopsARollback starts a database that went back, with the journal gone
// too: the witness remembers, and nothing more is recorded.
func TestWitnessStopsARollback(t *testing.T) {
	s := newScene(t)
	s.write("nhân chứng đã thấy")
	s.cosign()
	policy := s.policy
	s.rollBack()
	s.stop()
	s.policy = policy
	s.start()
	if err := s.app.askWitnesses(t.Context(), http.DefaultClient); err == nil {
		t.Error("the witness has nothing to say")
	}
	if why := s.app.Book.Frozen(); !strings.Contains(why, "witness w has cosigned") {
		t.Errorf("frozen: %q", why)
	}
	v := (&seeded{App: s.app, clock: s.clock, url: s.web.URL}).visitor(t, "")
	if code, page := v.get("/so-cai"); code != http.StatusOK || !strings.Contains(page, "tạm dừng ghi") {
		t.Errorf("reading: %d", code)
	}
}
