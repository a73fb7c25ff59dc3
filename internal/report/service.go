package report

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"dongthuan/internal/cluster"
	"dongthuan/internal/db"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
	"dongthuan/internal/policy"
)

// Service does what people may do with reports. Each method that writes is one
// transaction, recorded in the ledger.
type Service struct {
	db       *db.DB
	book     *ledger.Ledger
	now      func() time.Time
	clusters *cluster.Service
	source   func(ctx context.Context, p cluster.Period) (Source, error)
	// Index puts a published report into the search; app sets it.
	Index func(ctx context.Context, tx *ledger.Tx, r Report, c Compiled) error
}

// New returns the service. source hands over what is frozen of a period; it is
// refused while figures still move.
func New(d *db.DB, book *ledger.Ledger, clusters *cluster.Service, source func(context.Context, cluster.Period) (Source, error), now func() time.Time) *Service {
	return &Service{db: d, book: book, now: now, clusters: clusters, source: source}
}

// Start makes the report of a period, composed from its frozen figures. A period
// has one report; where it exists its id is returned without an Ack.
func (s *Service) Start(ctx context.Context, actor policy.Actor, periodID string) (string, ledger.Ack, error) {
	p, src, err := s.open(ctx, actor, policy.ReportWrite, periodID)
	if err != nil {
		return "", ledger.Ack{}, err
	}
	r := Report{Slug: p.Slug(src.Cluster), PeriodID: p.ID, ClusterID: p.ClusterID, Title: "Báo cáo",
		Abstract: "Sơ kết phong trào thi đua " + lang.InSentence(p.Name), Letter: defaultLetter(src)}
	var id string
	ack, err := s.book.Write(ctx, func(tx *ledger.Tx) (err error) {
		id, err = s.startTx(ctx, tx, r, src, actor.Office)
		return err
	})
	return id, ack, err
}

func defaultLetter(src Source) Letter {
	issuer, superior := src.Cluster.Name, src.Cluster.Superior // the layouts set capitals
	return Letter{
		Lead: "Thực hiện kế hoạch công tác, " + src.Cluster.Name + " báo cáo kết quả phong trào thi đua như sau:",
		Layouts: map[string]Office{
			"nd30":      {Superior: superior, Issuer: issuer, Authority: "TM. " + issuer, Title: "CỤM TRƯỞNG", Recipients: []string{"Như trên", "Lưu: VT"}},
			"dang-05hd": {Superior: superior, Issuer: issuer, Authority: "T/M " + issuer, Title: "CỤM TRƯỞNG", Recipients: []string{"Các đơn vị trong Cụm", "Lưu"}},
		},
	}
}

// SeedTx makes a report with its texts as given: for the demonstration and for
// import. The program's own composition stands beside them.
func (s *Service) SeedTx(ctx context.Context, tx *ledger.Tx, r Report, src Source, office string) (string, error) {
	id, err := s.startTx(ctx, tx, r, src, office)
	if err != nil {
		return "", err
	}
	for code, sec := range r.Sections {
		old, err := findSection(ctx, tx, id, code)
		if err != nil {
			return "", err
		}
		old.Body, old.Version, old.Office, old.At = sec.Body, old.Version+1, office, tx.At()
		if err := saveSection(ctx, tx, id, old); err != nil {
			return "", err
		}
	}
	for i, p := range r.Picks {
		p.ID = rand.Text()
		if err := insertPick(ctx, tx, id, p, i); err != nil {
			return "", err
		}
	}
	return id, replaceTasks(ctx, tx, id, r.Tasks)
}

func (s *Service) startTx(ctx context.Context, tx *ledger.Tx, r Report, src Source, office string) (string, error) {
	r.ID, r.State, r.MadeAt = rand.Text(), Draft, tx.At()
	if err := insertReport(ctx, tx, r); err != nil {
		return "", err
	}
	for _, p := range Tree {
		if p.Written() {
			text := Generate(src, p.Code)
			if err := saveSection(ctx, tx, r.ID, Section{Code: p.Code, Body: text, Generated: text, Version: 1, Office: office, At: tx.At()}); err != nil {
				return "", err
			}
		}
	}
	return r.ID, tx.Record(ctx, ledger.ReportDrafted, r.ID, map[string]any{"slug": r.Slug, "period": r.PeriodID, "title": r.Title, "abstract": r.Abstract, "office": office})
}

// open finds a period, asks the policy, and fetches what is frozen.
func (s *Service) open(ctx context.Context, actor policy.Actor, action policy.Action, periodID string) (cluster.Period, Source, error) {
	p, err := s.clusters.PeriodByID(ctx, nil, periodID)
	if err != nil {
		return p, Source{}, err
	}
	if err := policy.May(actor, action, policy.Object{Cluster: p.ClusterID}); err != nil {
		return p, Source{}, err
	}
	src, err := s.source(ctx, p)
	return p, src, err
}

// edit runs one change of a report in one transaction. A published report stays
// editable: what is published is the version that was kept, and the next one
// needs a reason.
func (s *Service) edit(ctx context.Context, actor policy.Actor, id string, fn func(tx *ledger.Tx, r Report) (map[string]any, error)) (ledger.Ack, error) {
	return s.book.Write(ctx, func(tx *ledger.Tx) error {
		r, err := findReport(ctx, tx, `where id = $1`, id)
		if err != nil {
			return err
		}
		if err := policy.May(actor, policy.ReportWrite, policy.Object{Cluster: r.ClusterID}); err != nil {
			return err
		}
		what, err := fn(tx, r)
		if err != nil {
			return err
		}
		what["office"] = actor.Office
		return tx.Record(ctx, ledger.ReportChanged, r.ID, what)
	})
}

// SaveSection keeps a section's text. seen is the version its writer started from.
func (s *Service) SaveSection(ctx context.Context, actor policy.Actor, id, code, body string, seen int64) (ledger.Ack, error) {
	return s.edit(ctx, actor, id, func(tx *ledger.Tx, r Report) (map[string]any, error) {
		if !known(code) {
			return nil, fault.New(fault.NotFound, "report.section.missing")
		}
		if len(body) > 60000 {
			return nil, fault.New(fault.Invalid, "report.section.long").In("body")
		}
		old, err := findSection(ctx, tx, id, code)
		if err != nil {
			return nil, err
		}
		if old.Version != seen {
			return nil, fault.New(fault.Conflict, "report.section.conflict", old.Office).In("body")
		}
		old.Body, old.Version, old.Office, old.At = lang.Clean(body), old.Version+1, actor.Office, tx.At()
		return map[string]any{"section": code, "body": old.Body}, saveSection(ctx, tx, id, old)
	})
}

// Recompose composes every section anew from the figures. Sections that a person
// has changed keep their text; the new composition stands beside it.
func (s *Service) Recompose(ctx context.Context, actor policy.Actor, id string) (ledger.Ack, error) {
	r, err := findReport(ctx, s.db, `where id = $1`, id)
	if err != nil {
		return ledger.Ack{}, err
	}
	_, src, err := s.open(ctx, actor, policy.ReportWrite, r.PeriodID)
	if err != nil {
		return ledger.Ack{}, err
	}
	return s.edit(ctx, actor, id, func(tx *ledger.Tx, r Report) (map[string]any, error) {
		kept := []string{}
		for _, p := range Tree {
			if !p.Written() {
				continue
			}
			sec, err := findSection(ctx, tx, id, p.Code)
			if err != nil {
				return nil, err
			}
			text := Generate(src, p.Code)
			if sec.Edited() {
				kept = append(kept, p.Code)
			} else {
				sec.Body = text
			}
			sec.Generated, sec.Version, sec.Office, sec.At = text, sec.Version+1, actor.Office, tx.At()
			if err := saveSection(ctx, tx, id, sec); err != nil {
				return nil, err
			}
		}
		return map[string]any{"recomposed": true, "kept": kept}, nil
	})
}

// SetPicks chooses which units' paragraphs stand in a section, in the order of
// unitIDs, with their text as it is frozen.
func (s *Service) SetPicks(ctx context.Context, actor policy.Actor, id, code string, unitIDs []string) (ledger.Ack, error) {
	r, err := findReport(ctx, s.db, `where id = $1`, id)
	if err != nil {
		return ledger.Ack{}, err
	}
	_, src, err := s.open(ctx, actor, policy.ReportWrite, r.PeriodID)
	if err != nil {
		return ledger.Ack{}, err
	}
	return s.edit(ctx, actor, id, func(tx *ledger.Tx, r Report) (map[string]any, error) {
		if !known(code) {
			return nil, fault.New(fault.NotFound, "report.section.missing")
		}
		if err := deletePicks(ctx, tx, id, code); err != nil {
			return nil, err
		}
		var taken []string
		for i, unitID := range unitIDs {
			at := slices.IndexFunc(src.Units, func(u Unit) bool { return u.ID == unitID })
			if at < 0 || src.Units[at].Paragraphs[code] == "" {
				return nil, fault.New(fault.Invalid, "report.pick.missing")
			}
			if err := insertPick(ctx, tx, id, Pick{rand.Text(), code, unitID, src.Units[at].Paragraphs[code]}, i); err != nil {
				return nil, err
			}
			taken = append(taken, src.Units[at].Code)
		}
		return map[string]any{"section": code, "picked": taken}, nil
	})
}

// SetTasks replaces the key tasks table. Lines without a task are left out.
func (s *Service) SetTasks(ctx context.Context, actor policy.Actor, id string, tasks []Task) (ledger.Ack, error) {
	return s.edit(ctx, actor, id, func(tx *ledger.Tx, r Report) (map[string]any, error) {
		var kept []Task
		for _, t := range tasks {
			t = Task{lang.Line(t.Task), lang.Line(t.Lead), lang.Line(t.With), lang.Line(t.Due), lang.Line(t.Product)}
			if t.Task == "" && t.Lead+t.With+t.Due+t.Product != "" {
				return nil, fault.New(fault.Invalid, "report.task.name").In("task")
			}
			if t.Task != "" {
				kept = append(kept, t)
			}
		}
		if len(kept) > 200 {
			return nil, fault.New(fault.Invalid, "report.task.many").In("task")
		}
		return map[string]any{"tasks": kept}, replaceTasks(ctx, tx, id, kept)
	})
}

// SetLetter keeps title, abstract and what stands around the text.
func (s *Service) SetLetter(ctx context.Context, actor policy.Actor, id, title, abstract string, letter Letter) (ledger.Ack, error) {
	return s.edit(ctx, actor, id, func(tx *ledger.Tx, r Report) (map[string]any, error) {
		r.Title, r.Abstract, r.Letter = lang.Line(title), lang.Line(abstract), letter
		var problems fault.List
		if r.Abstract == "" {
			problems.Add("abstract", "report.abstract.missing")
		}
		if letter.Lead == "" {
			problems.Add("lead", "report.lead.missing")
		}
		if letter.Date != "" {
			if _, err := lang.ParseDate(letter.Date); err != nil {
				problems.Add("date", "lang.date.bad", letter.Date)
			}
		}
		if err := problems.Or(); err != nil {
			return nil, err
		}
		return map[string]any{"title": r.Title, "abstract": r.Abstract, "letter": r.Letter}, saveLetter(ctx, tx, r)
	})
}

// Publish keeps the report as it compiles now as its next version and makes it
// public. Every version after the first needs a reason, and the old ones stay
// readable.
func (s *Service) Publish(ctx context.Context, actor policy.Actor, id, reason string) (ledger.Ack, error) {
	full, err := s.Load(ctx, id)
	if err != nil {
		return ledger.Ack{}, err
	}
	p, src, err := s.open(ctx, actor, policy.ReportWrite, full.PeriodID)
	if err != nil {
		return ledger.Ack{}, err
	}
	if p.State != cluster.Published {
		return ledger.Ack{}, fault.New(fault.Conflict, "report.publish.early", p.Name)
	}
	return s.book.Write(ctx, func(tx *ledger.Tx) error {
		_, err := s.publishTx(ctx, tx, id, src, actor.Office, lang.Clean(reason))
		return err
	})
}

// PublishTx is Publish inside the caller's transaction.
func (s *Service) PublishTx(ctx context.Context, tx *ledger.Tx, id string, src Source, office string) error {
	_, err := s.publishTx(ctx, tx, id, src, office, "")
	return err
}

func (s *Service) publishTx(ctx context.Context, tx *ledger.Tx, id string, src Source, office, reason string) (Compiled, error) {
	r, err := load(ctx, tx, id)
	if err != nil {
		return Compiled{}, err
	}
	if err := r.Check(src); err != nil {
		return Compiled{}, err
	}
	if r.Version > 0 && reason == "" {
		return Compiled{}, fault.New(fault.Invalid, "report.reason.missing").In("reason")
	}
	c := Compile(r, src)
	body, err := json.Marshal(c)
	if err != nil {
		return c, err
	}
	r.Version++
	r.State = Published
	if r.PublishedAt.IsZero() {
		r.PublishedAt = tx.At()
	}
	if err := savePublished(ctx, tx, r, string(body), reason); err != nil {
		return c, err
	}
	if s.Index != nil {
		if err := s.Index(ctx, tx, r, c); err != nil {
			return c, err
		}
	}
	return c, tx.Record(ctx, ledger.ReportPublished, r.ID, map[string]any{"slug": r.Slug, "version": r.Version, "reason": reason, "office": office, "report": c})
}

// Load returns a report with its sections, picks and tasks.
func (s *Service) Load(ctx context.Context, id string) (Report, error) { return load(ctx, s.db, id) }

// Desk is what the composing page shows.
type Desk struct {
	Report   Report
	Source   Source
	Compiled Compiled
	Versions []Version
}

// Desk opens a report for those who write or read it before it is published.
func (s *Service) Desk(ctx context.Context, actor policy.Actor, id string) (Desk, error) {
	r, err := s.Load(ctx, id)
	if err != nil {
		return Desk{}, err
	}
	_, src, err := s.open(ctx, actor, policy.ReportRead, r.PeriodID)
	if err != nil {
		return Desk{}, err
	}
	versions, err := listVersions(ctx, s.db, id)
	return Desk{r, src, Compile(r, src), versions}, err
}

// OfPeriod returns the report of a period, and false where there is none.
func (s *Service) OfPeriod(ctx context.Context, periodID string) (Report, bool, error) {
	r, err := findReport(ctx, s.db, `where period_id = $1`, periodID)
	if fault.KindOf(err) == fault.NotFound {
		return r, false, nil
	}
	return r, err == nil, err
}

// Version is a published version of a report.
type Version struct {
	Version int64
	Reason  string
	At      time.Time
	body    string
}

// Public is a published report as it is read.
type Public struct {
	Report   Report
	Compiled Compiled
	Version  Version
	Versions []Version // newest first
}

// Read returns a published report; version 0 means the newest.
func (s *Service) Read(ctx context.Context, slug string, version int64) (Public, error) {
	r, err := findReport(ctx, s.db, `where slug = $1 and state = 'published'`, slug)
	if err != nil {
		return Public{}, err
	}
	all, err := listVersions(ctx, s.db, r.ID)
	if err != nil {
		return Public{}, err
	}
	if version == 0 {
		version = r.Version
	}
	i := slices.IndexFunc(all, func(v Version) bool { return v.Version == version })
	if i < 0 {
		return Public{}, fault.New(fault.NotFound, "report.missing")
	}
	p := Public{Report: r, Version: all[i], Versions: all}
	if err := json.Unmarshal([]byte(all[i].body), &p.Compiled); err != nil {
		return p, fmt.Errorf("read report %s version %d: %w", slug, version, err)
	}
	return p, nil
}

// List returns the published reports, the newest first; of one cluster where it
// is given.
func (s *Service) List(ctx context.Context, clusterID string) ([]Report, error) {
	return listReports(ctx, s.db, clusterID)
}
