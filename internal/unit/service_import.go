package unit

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"dongthuan/internal/db"
	"dongthuan/internal/fault"
	"dongthuan/internal/ledger"
	"dongthuan/internal/policy"
)

// Result says what taking a file in does, or did.
type Result struct {
	Format Format
	Day    time.Time // of the tree that the file shows; zero where its rows have their own
	SHA256 string
	Counts
	Problems []Problem // the first hundred; with any, nothing is written
	Refused  int       // how many problems there are
}

// maxProblems are shown; the rest is counted.
const maxProblems = 100

// ImportList adds the units of a CSV list. on is the day from which rows without
// a day of their own hold.
func (s *Service) ImportList(ctx context.Context, actor policy.Actor, r io.Reader, on time.Time) (Result, ledger.Ack, error) {
	return s.take(ctx, actor, r, on, false, List)
}

// ImportLinks adds the links of a CSV file. on is the day of rows without one.
func (s *Service) ImportLinks(ctx context.Context, actor policy.Actor, r io.Reader, on time.Time) (Result, ledger.Ack, error) {
	return s.take(ctx, actor, r, on, true, Links)
}

// ImportNational makes the tree of a day equal to the national list of provinces
// and communes.
func (s *Service) ImportNational(ctx context.Context, actor policy.Actor, r io.Reader, on time.Time) (Result, ledger.Ack, error) {
	return s.take(ctx, actor, r, on, false, National)
}

// ImportSnapshot makes the tree of a day equal to a dated state of three levels.
func (s *Service) ImportSnapshot(ctx context.Context, actor policy.Actor, r io.Reader, on time.Time) (Result, ledger.Ack, error) {
	return s.take(ctx, actor, r, on, false, Snapshot)
}

// Import takes in a file of any of the formats. asLinks says how to read one that
// is both a list and links: some tables of Hà Nội are.
func (s *Service) Import(ctx context.Context, actor policy.Actor, r io.Reader, on time.Time, asLinks bool) (Result, ledger.Ack, error) {
	return s.take(ctx, actor, r, on, asLinks, "")
}

// Preview says what Import would do. It writes nothing.
func (s *Service) Preview(ctx context.Context, actor policy.Actor, r io.Reader, on time.Time, asLinks bool) (Result, error) {
	if err := policy.May(actor, policy.UnitManage, policy.Object{}); err != nil {
		return Result{}, err
	}
	t, err := readFile(r, on, asLinks, "")
	if err != nil {
		return t.Result, err
	}
	err = s.db.Read(ctx, func(q db.Query) error {
		_, err := t.compare(ctx, q)
		return err
	})
	return t.Result, err
}

// Imports lists the files taken in, the newest first.
func (s *Service) Imports(ctx context.Context) ([]Taken, error) { return listImports(ctx, s.db) }

// taking is one file on its way in.
type taking struct {
	Result
	id   string
	file file
}

func readFile(r io.Reader, on time.Time, asLinks bool, want Format) (*taking, error) {
	t := &taking{id: rand.Text(), Result: Result{Format: want, Day: on}}
	body, err := io.ReadAll(io.LimitReader(r, MaxFile+1))
	if err != nil {
		return t, fmt.Errorf("read the file: %w", err)
	}
	if len(body) > MaxFile {
		return t, fault.New(fault.TooLarge, "unit.import.large", MaxFile>>20).In("file")
	}
	sum := sha256.Sum256(body)
	t.SHA256 = hex.EncodeToString(sum[:])
	var p problems
	t.file, p = read(body, on, asLinks)
	if len(p) == 0 && want != "" && t.file.format != want {
		p.add(0, "unit.import.other."+string(want))
	}
	if t.file.format != "" {
		t.Format = t.file.format
	}
	return t, t.refuse(p)
}

// refuse keeps the problems for the page and returns the refusal, nil for none.
func (t *taking) refuse(p problems) error {
	if len(p) == 0 {
		return nil
	}
	t.Refused = len(p)
	t.Problems = p[:min(len(p), maxProblems)]
	return fault.New(fault.Invalid, "unit.import.refused", len(p)).In("file")
}

// compare plans what the file changes in the registry as q sees it.
func (t *taking) compare(ctx context.Context, q db.Query) (*registry, error) {
	all, err := versions(ctx, q, ``)
	if err != nil {
		return nil, err
	}
	known, err := links(ctx, q, ``)
	if err != nil {
		return nil, err
	}
	next, err := nextState(ctx, q, dayOf(t.Day))
	if err != nil {
		return nil, err
	}
	g := newRegistry(all, known, t.id)
	p := g.plan(t.file, dayOf(t.Day), next)
	t.Counts = g.count
	return g, t.refuse(p)
}

// errNothing ends a transaction that has nothing to write.
var errNothing = errors.New("nothing to write")

// take is one import: one transaction, one leaf with the counts and the file's
// hash. A file that brings nothing new writes nothing, and its Ack is not
// recorded.
func (s *Service) take(ctx context.Context, actor policy.Actor, r io.Reader, on time.Time, asLinks bool, want Format) (Result, ledger.Ack, error) {
	if err := policy.May(actor, policy.UnitManage, policy.Object{}); err != nil {
		return Result{}, ledger.Ack{}, err
	}
	t, err := readFile(r, on, asLinks, want)
	if err != nil {
		return t.Result, ledger.Ack{}, err
	}
	ack, err := s.book.Write(ctx, func(tx *ledger.Tx) error { return t.write(ctx, tx) })
	if errors.Is(err, errNothing) {
		err = nil
	}
	return t.Result, ack, err
}

func (t *taking) write(ctx context.Context, tx *ledger.Tx) error {
	if err := takeGate(ctx, tx); err != nil {
		return err
	}
	g, err := t.compare(ctx, tx)
	if err != nil {
		return err
	}
	if g.count.Nothing() {
		return errNothing
	}
	// Versions end before others begin: a code has one running version at most.
	if err := moveVersions(ctx, tx, g.changed()); err != nil {
		return err
	}
	if err := insertUnits(ctx, tx, g.units); err != nil {
		return err
	}
	if err := insertVersions(ctx, tx, g.opened()); err != nil {
		return err
	}
	if err := insertLinks(ctx, tx, g.added); err != nil {
		return err
	}
	if err := insertImport(ctx, tx, t.id, t.Format, dayOf(t.Day), t.SHA256, g.count); err != nil {
		return err
	}
	c := g.count
	return tx.Record(ctx, ledger.UnitImported, t.id, map[string]any{"format": t.Format, "day": dayOf(t.Day), "sha256": t.SHA256,
		"rows": c.Rows, "opened": c.Opened, "changed": c.Changed, "closed": c.Closed, "links": c.Links})
}
