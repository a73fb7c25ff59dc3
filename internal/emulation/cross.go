package emulation

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"dongthuan/internal/cluster"
	"dongthuan/internal/db"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
	"dongthuan/internal/policy"
	"dongthuan/internal/score"
)

// DrawState says where the cross-scoring (chấm chéo) of a period stands.
type DrawState string

const (
	DrawOpen   DrawState = "open"   // the units mark
	DrawThird  DrawState = "third"  // third scorers look at lines too far apart
	DrawClosed DrawState = "closed" // all marks are shown
)

// CrossDraw is the assignment of scorers in a period. Until it is closed, nobody but
// a scorer sees its marks, and no unit learns who marks it: the seed is known by its
// hash alone. After closing the seed is published and the draw can be repeated.
type CrossDraw struct {
	PeriodID  string
	Seed      string // "" where it is not published yet
	SeedHash  string // SHA-256 of the seed, published at once
	Each      int64
	Spread    int64       // tenths; marks further apart call a third scorer
	Conflicts [][2]string // units that never mark one another
	State     DrawState
	Due       time.Time // the moment by which tables are handed in
	Version   int64
	Office    string
	At        time.Time
	ClosedAt  time.Time
}

func seedHash(seed string) string {
	sum := sha256.Sum256([]byte(seed))
	return hex.EncodeToString(sum[:])
}

// Cross is one scorer's table for one sheet.
type Cross struct {
	ID, PeriodID, Scorer, SheetID string
	Third                         bool
	Lines                         []string // codes of the criteria a third scorer looks at; nil is all
	Handed                        bool
	Remark                        string
	Version                       int64
	Office                        string
	HandedAt                      time.Time
	Marks                         map[string]CrossMark // by criterion id
}

// Covers reports whether the table asks for a criterion.
func (c Cross) Covers(code string) bool { return c.Lines == nil || slices.Contains(c.Lines, code) }

// CrossMark is a scorer's points of one criterion, nil where not given yet.
type CrossMark struct {
	CriterionID string
	Points      *int64 // tenths
	Remark      string
	Version     int64
	Office      string
}

// ErrCrossConflict carries the marks that somebody else of the unit changed.
type ErrCrossConflict struct{ Theirs map[string]CrossMark } // by criterion code

func (e *ErrCrossConflict) Error() string { return "marks changed meanwhile" }

// Unwrap makes it a marked error, so that a page answers 409 with words.
func (e *ErrCrossConflict) Unwrap() error {
	return fault.New(fault.Conflict, "emulation.cell.conflict")
}

// DrawOptions are what the secretariat sets before the draw.
type DrawOptions struct {
	Each      int64
	Spread    int64 // tenths
	Due       time.Time
	Conflicts [][2]string // unit ids
}

// DrawCross assigns the scorers of a period, once.
func (s *Service) DrawCross(ctx context.Context, actor policy.Actor, periodID string, o DrawOptions) (ledger.Ack, error) {
	return s.book.Write(ctx, func(tx *ledger.Tx) error {
		p, err := s.clusters.PeriodByID(ctx, tx, periodID)
		if err != nil {
			return err
		}
		if err := policy.May(actor, policy.PeriodManage, policy.Object{Cluster: p.ClusterID}); err != nil {
			return err
		}
		if p.State != cluster.Open && p.State != cluster.Frozen {
			return fault.New(fault.Conflict, "emulation.cross.notnow", p.Name)
		}
		sheets, err := listSheets(ctx, tx, `where period_id = $1`, p.ID)
		if err != nil {
			return err
		}
		_, codes, err := s.Names(ctx, p)
		if err != nil {
			return err
		}
		// The draw is made over the units' codes, which people read, so that they can
		// repeat it.
		names := drawNames(sheets, codes)
		units, named := make([]string, len(sheets)), make([]string, len(sheets))
		byCode := map[string]Sheet{}
		for i, sh := range sheets {
			units[i], named[i] = sh.UnitID, names[sh.UnitID]
			byCode[named[i]] = sh
		}
		var problems fault.List
		if o.Each < 1 || o.Each > int64(len(units)-1)/2 {
			problems.Add("each", "emulation.cross.each", (len(units)-1)/2)
		}
		if o.Spread < 5 || o.Spread > 1000 || o.Spread%5 != 0 {
			problems.Add("spread", "emulation.cross.spread")
		}
		if !o.Due.After(tx.At()) {
			problems.Add("due", "emulation.cross.due")
		}
		if err := problems.Or(); err != nil {
			return err
		}
		d := CrossDraw{PeriodID: p.ID, Seed: s.NewSeed(), Each: o.Each, Spread: o.Spread, Conflicts: o.Conflicts, State: DrawOpen, Due: o.Due, Office: actor.Office, At: tx.At()}
		d.SeedHash = seedHash(d.Seed)
		pairs, err := score.Draw(d.Seed, named, int(o.Each), func(a, b string) bool { return d.conflict(byCode[a].UnitID, byCode[b].UnitID) })
		if errors.Is(err, score.ErrNoDraw) {
			return fault.New(fault.Invalid, "emulation.cross.nodraw").In("conflicts")
		}
		if err != nil {
			return err
		}
		if err := insertDraw(ctx, tx, d); err != nil {
			return err
		}
		for _, pair := range pairs {
			if err := insertCross(ctx, tx, Cross{ID: newID(), PeriodID: p.ID, Scorer: byCode[pair.Scorer].UnitID, SheetID: byCode[pair.Scored].ID}); err != nil {
				return err
			}
		}
		if err := tx.Record(ctx, ledger.CrossDrawn, p.ID, map[string]any{"office": actor.Office, "each": d.Each, "spread": d.Spread,
			"seed_sha256": d.SeedHash, "units": named, "conflicts": d.Conflicts, "due": db.Time(d.Due)}); err != nil {
			return err
		}
		return s.CrossTold(ctx, tx, CrossEvent{By: actor, Kind: "drawn", Period: p, Units: units, Due: d.Due})
	})
}

// drawNames are what a draw calls the units: their codes, and where two units of one
// period had the same code one after the other, the later by id with a number.
func drawNames(sheets []Sheet, codes map[string]string) map[string]string {
	names, seen := map[string]string{}, map[string]int{}
	ids := make([]string, len(sheets))
	for i, sh := range sheets {
		ids[i] = sh.UnitID
	}
	slices.Sort(ids)
	for _, id := range ids {
		code := codes[id]
		if seen[code]++; seen[code] > 1 {
			code += "/" + itoa(int64(seen[code]))
		}
		names[id] = code
	}
	return names
}

func (d CrossDraw) conflict(a, b string) bool {
	return slices.Contains(d.Conflicts, [2]string{a, b}) || slices.Contains(d.Conflicts, [2]string{b, a})
}

// CrossEvent is what units hear of cross-scoring.
type CrossEvent struct {
	By     policy.Actor
	Kind   string // "drawn", "third", "again", "closed"
	Period cluster.Period
	Units  []string
	Due    time.Time
}

// takeCross reads a table with its draw and sheet for an act of its scorer, who waits
// for other acts on the same draw.
func (s *Service) takeCross(ctx context.Context, tx *ledger.Tx, actor policy.Actor, id string) (Cross, CrossDraw, Sheet, Criteria, cluster.Period, error) {
	fail := func(err error) (Cross, CrossDraw, Sheet, Criteria, cluster.Period, error) {
		return Cross{}, CrossDraw{}, Sheet{}, Criteria{}, cluster.Period{}, err
	}
	x, err := findCross(ctx, tx, id)
	if err != nil {
		return fail(err)
	}
	d, err := touchDraw(ctx, tx, x.PeriodID)
	if err != nil {
		return fail(err)
	}
	if x, err = findCross(ctx, tx, id); err != nil { // again: taking the draw has waited
		return fail(err)
	}
	if err := policy.May(actor, policy.SheetCross, policy.Object{Unit: x.Scorer}); err != nil {
		return fail(err)
	}
	p, err := s.clusters.PeriodByID(ctx, tx, x.PeriodID)
	if err != nil {
		return fail(err)
	}
	if err := d.takes(x); err != nil {
		return fail(err)
	}
	sheet, err := findSheet(ctx, tx, `where id = $1`, x.SheetID)
	if err != nil {
		return fail(err)
	}
	if !crossable(sheet) {
		return fail(fault.New(fault.Conflict, "emulation.cross.notin"))
	}
	c, err := s.kept.load(ctx, tx, sheet.CriteriaID)
	return x, d, sheet, c, p, err
}

// takes returns why a table takes no more marks, nil if it does.
func (d CrossDraw) takes(x Cross) error {
	if d.State == DrawClosed || d.State == DrawThird && !x.Third {
		return fault.New(fault.Conflict, "emulation.cross.closed")
	}
	return nil
}

// crossable reports whether a sheet can be marked by others: its unit has handed it
// in.
func crossable(s Sheet) bool {
	return s.State == Submitted || s.State == Verified || s.State == Frozen && !s.SubmittedAt.IsZero()
}

// MarkCell is one mark as typed, with the version its writer had seen.
type MarkCell struct {
	Code   string // of the criterion
	Text   string // "" is not marked yet
	Remark string
	Seen   int64
}

// SaveCross keeps marks of a table, and its overall remark, as a draft: nothing of it
// counts before it is handed in. All cells are written or none.
func (s *Service) SaveCross(ctx context.Context, actor policy.Actor, id string, cells []MarkCell, remark string) (ledger.Ack, error) {
	return s.writeCross(ctx, actor, id, cells, remark, false, false)
}

// HandInCross hands a table in, whole: every line has its points, and those that
// differ from the unit's have a remark. It may be handed in again until the
// cross-scoring is closed. agree takes the unit's points where a line is empty.
func (s *Service) HandInCross(ctx context.Context, actor policy.Actor, id string, cells []MarkCell, remark string, agree bool) (ledger.Ack, error) {
	return s.writeCross(ctx, actor, id, cells, remark, agree, true)
}

func (s *Service) writeCross(ctx context.Context, actor policy.Actor, id string, cells []MarkCell, remark string, agree, handIn bool) (ledger.Ack, error) {
	write := func(tx *ledger.Tx) error {
		x, _, sheet, c, p, err := s.takeCross(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		if x.Handed && !handIn {
			return fault.New(fault.Conflict, "emulation.cross.handed")
		}
		own, err := s.ownPoints(ctx, tx, sheet, c)
		if err != nil {
			return err
		}
		changed, err := planCross(x, c, cells, actor.Office)
		if err != nil {
			return err
		}
		for _, m := range changed {
			x.Marks[m.CriterionID] = m
		}
		if handIn {
			if agree {
				for _, cr := range c.All() {
					if m := x.Marks[cr.ID]; x.Covers(cr.Code) && m.Points == nil && own[cr.ID] != nil {
						m.CriterionID, m.Points, m.Version, m.Office = cr.ID, own[cr.ID], m.Version+1, actor.Office
						x.Marks[cr.ID] = m
						changed = append(changed, m)
					}
				}
			}
			if remark, err = wordsOf(remark, "remark"); err != nil {
				return err
			}
			if err := completeCross(x, c, own); err != nil {
				return err
			}
			x.Handed, x.Remark, x.HandedAt, x.Office = true, remark, tx.At(), actor.Office
		}
		if !handIn {
			if remark = lang.Clean(remark); len(changed) == 0 && remark == x.Remark {
				return errNothing
			}
			if utf8.RuneCountInString(remark) > maxReason {
				return fault.New(fault.Invalid, "emulation.reason.long", maxReason).In("remark")
			}
			x.Remark = remark
		}
		if err := saveCrossMarks(ctx, tx, x.ID, changed); err != nil {
			return err
		}
		x.Version++
		if err := saveCross(ctx, tx, x); err != nil {
			return err
		}
		if !handIn {
			return tx.Record(ctx, ledger.CrossHanded, x.ID, map[string]any{"office": actor.Office, "draft": true, "remark": x.Remark, "marks": recordedMarks(changed, c)})
		}
		var all []CrossMark
		for _, cr := range c.All() {
			if m, ok := x.Marks[cr.ID]; ok {
				all = append(all, m)
			}
		}
		return tx.Record(ctx, ledger.CrossHanded, x.ID, map[string]any{"office": actor.Office, "period": p.ID, "sheet": sheet.ID, "third": x.Third, "remark": x.Remark, "marks": recordedMarks(all, c)})
	}
	ack, err := s.book.Write(ctx, write)
	if errors.Is(err, errNothing) {
		return ack, fault.New(fault.Invalid, "emulation.nothing")
	}
	return ack, err
}

func recordedMarks(marks []CrossMark, c Criteria) map[string]any {
	codes := map[string]string{}
	for _, cr := range c.All() {
		codes[cr.ID] = cr.Code
	}
	all := map[string]any{}
	for _, m := range marks {
		all[codes[m.CriterionID]] = map[string]any{"points": m.Points, "remark": m.Remark}
	}
	return all
}

// ownPoints are the points a sheet's unit gives itself, by criterion id: its own word,
// else the rule's; nil where it does not apply. What the secretariat set is left out.
func (s *Service) ownPoints(ctx context.Context, q db.Query, sheet Sheet, c Criteria) (map[string]*int64, error) {
	sheets, newest, err := s.loadPeriod(ctx, q, sheet.PeriodID)
	if err != nil {
		return nil, err
	}
	if newest.ID != c.ID {
		return nil, fault.New(fault.Conflict, "emulation.cross.notnow", "")
	}
	return ownOf(c, sheets, sheet.ID), nil
}

func ownOf(c Criteria, sheets []Sheet, sheetID string) map[string]*int64 {
	own := map[string]*int64{}
	for _, st := range Tally(c, sheets) {
		if st.Sheet.ID != sheetID {
			continue
		}
		for _, l := range st.Lines {
			own[l.Criterion.ID] = l.Own()
		}
	}
	return own
}

// Own is what the unit gives itself for the line, nil where it does not apply or its
// figures are missing.
func (l Line) Own() *int64 {
	switch {
	case l.Mark.NotApply:
		return nil
	case l.Mark.Self != nil:
		return l.Mark.Self
	case l.Result.OK():
		return &l.Result.Points
	}
	return nil
}

// planCross reads cells as typed against the table as it is.
func planCross(x Cross, c Criteria, cells []MarkCell, office string) ([]CrossMark, error) {
	var problems fault.List
	conflicts := map[string]CrossMark{}
	var changed []CrossMark
	for _, cell := range cells {
		cr, ok := c.Criterion(cell.Code)
		if !ok || !x.Covers(cell.Code) {
			problems.Add(cell.Code, "emulation.criterion.missing", cell.Code)
			continue
		}
		var points *int64
		if lang.Line(cell.Text) != "" {
			var err error
			if points, err = tenthsOf(cell.Text, cell.Code); err != nil {
				problems = append(problems, fault.All(err)...)
				continue
			}
			if err := inRange(points, cr); err != nil {
				problems = append(problems, err.In(cell.Code))
				continue
			}
		}
		remark := lang.Clean(cell.Remark)
		if len(remark) > 4*maxReason {
			problems.Add("r-"+cell.Code, "emulation.reason.long", maxReason)
			continue
		}
		old := x.Marks[cr.ID]
		if same(old.Points, points) && old.Remark == remark {
			continue
		}
		if old.Version != cell.Seen {
			conflicts[cell.Code] = old
			continue
		}
		changed = append(changed, CrossMark{cr.ID, points, remark, old.Version + 1, office})
	}
	if len(problems) > 0 {
		return nil, problems
	}
	if len(conflicts) > 0 {
		return nil, &ErrCrossConflict{conflicts}
	}
	return changed, nil
}

// completeCross returns what is missing before a table can be handed in.
func completeCross(x Cross, c Criteria, own map[string]*int64) error {
	var problems fault.List
	for _, cr := range c.All() {
		if !x.Covers(cr.Code) || own[cr.ID] == nil {
			continue // what does not apply is not marked
		}
		m := x.Marks[cr.ID]
		switch {
		case m.Points == nil:
			problems.Add(cr.Code, "emulation.cross.missing", cr.Code)
		case *m.Points != *own[cr.ID] && m.Remark == "":
			problems.Add("r-"+cr.Code, "emulation.cross.remark", cr.Code)
		}
	}
	return problems.Or()
}

// CloseCross ends the marking. Where marks of a line are further apart than the limit,
// third scorers are called first; else all marks are shown, and each line gets what
// they come to, beside the unit's own points.
func (s *Service) CloseCross(ctx context.Context, actor policy.Actor, periodID string) (ledger.Ack, error) {
	return s.book.Write(ctx, func(tx *ledger.Tx) error {
		p, err := s.clusters.PeriodByID(ctx, tx, periodID)
		if err != nil {
			return err
		}
		if err := policy.May(actor, policy.PeriodManage, policy.Object{Cluster: p.ClusterID}); err != nil {
			return err
		}
		d, err := touchDraw(ctx, tx, periodID)
		if err != nil {
			return err
		}
		if d.State == DrawClosed {
			return fault.New(fault.Conflict, "emulation.cross.closed")
		}
		// Every sheet is taken before it is read: whoever is judging one is waited for.
		sheets, err := listSheets(ctx, tx, `where period_id = $1`, periodID)
		if err != nil {
			return err
		}
		for _, sh := range sheets {
			if _, err := touch(ctx, tx, sh.ID); err != nil {
				return err
			}
		}
		t, err := s.crossTable(ctx, tx, d)
		if err != nil {
			return err
		}
		if n := t.out(d.State == DrawThird); n > 0 && tx.At().Before(d.Due) {
			return fault.New(fault.Conflict, "emulation.cross.waiting", n, lang.Moment(d.Due))
		}
		if d.State == DrawOpen {
			called, err := s.callThird(ctx, tx, d, t)
			if err != nil {
				return err
			}
			if len(called) > 0 {
				due, err := s.legal.Due(ctx, tx, ruleThird, tx.At())
				if err != nil {
					return err
				}
				d.State, d.Due = DrawThird, due.End()
				if err := saveDraw(ctx, tx, d); err != nil {
					return err
				}
				if err := tx.Record(ctx, ledger.CrossClosed, p.ID, map[string]any{"office": actor.Office, "state": d.State, "due": db.Time(d.Due), "sheets": len(called)}); err != nil {
					return err
				}
				return s.CrossTold(ctx, tx, CrossEvent{By: actor, Kind: "third", Period: p, Units: called, Due: d.Due})
			}
		}
		return s.closeCross(ctx, tx, actor, p, d, t)
	})
}

const ruleThird = "NB-04" // within which a third scorer hands in

// callThird assigns third scorers to the sheets with lines too far apart.
func (s *Service) callThird(ctx context.Context, tx *ledger.Tx, d CrossDraw, t CrossTable) ([]string, error) {
	have, marks := map[string]int{}, map[[2]string]bool{}
	var units []string
	for _, r := range t.Rows {
		units = append(units, r.Sheet.UnitID)
		for _, x := range r.Crosses {
			marks[[2]string{x.Scorer, r.Sheet.UnitID}] = true
		}
	}
	var called []string
	for _, r := range t.Rows {
		var lines []string
		for _, l := range r.Lines {
			if l.Spread > d.Spread {
				lines = append(lines, l.Criterion.Code)
			}
		}
		if lines == nil {
			continue
		}
		of := r.Sheet.UnitID
		scorer, ok := score.Third(d.Seed, of, units, have, func(u string) bool {
			return !marks[[2]string{u, of}] && !marks[[2]string{of, u}] && !d.conflict(u, of)
		})
		if !ok {
			continue // nobody is left: the working group explains the difference
		}
		have[scorer]++
		marks[[2]string{scorer, of}] = true
		if err := insertCross(ctx, tx, Cross{ID: newID(), PeriodID: d.PeriodID, Scorer: scorer, SheetID: r.Sheet.ID, Third: true, Lines: lines}); err != nil {
			return nil, err
		}
		called = append(called, scorer)
	}
	return called, nil
}

func (s *Service) closeCross(ctx context.Context, tx *ledger.Tx, actor policy.Actor, p cluster.Period, d CrossDraw, t CrossTable) error {
	_, codes, err := s.Names(ctx, p)
	if err != nil {
		return err
	}
	var units []string
	pairs := [][2]string{}
	for _, r := range t.Rows {
		units = append(units, r.Sheet.UnitID)
		for _, x := range r.Crosses {
			pairs = append(pairs, [2]string{codes[x.Scorer], codes[r.Sheet.UnitID]})
		}
		var changes []Change
		for _, l := range r.Lines {
			if l.Middle == nil {
				continue
			}
			m := r.Sheet.Marks[l.Criterion.ID]
			var by, why []string
			for _, g := range l.Given {
				by = append(by, codes[g.Scorer])
				if g.Remark != "" {
					why = append(why, codes[g.Scorer]+": "+g.Remark)
				}
			}
			m.CriterionID, m.Cross, m.CrossBy = l.Criterion.ID, l.Middle, strings.Join(by, ", ")
			if err := saveMark(ctx, tx, r.Sheet.ID, m); err != nil {
				return err
			}
			changes = append(changes, Change{Subject: "cross:" + l.Criterion.Code, New: itoa(*l.Middle), Reason: strings.Join(why, "; "), Source: "system", Office: m.CrossBy})
		}
		if err := insertChanges(ctx, tx, r.Sheet.ID, actor.Account, changes); err != nil {
			return err
		}
	}
	d.State, d.ClosedAt = DrawClosed, tx.At()
	if err := saveDraw(ctx, tx, d); err != nil {
		return err
	}
	if err := tx.Record(ctx, ledger.CrossClosed, p.ID, map[string]any{"office": actor.Office, "state": d.State, "seed": d.Seed, "pairs": pairs}); err != nil {
		return err
	}
	return s.CrossTold(ctx, tx, CrossEvent{By: actor, Kind: "closed", Period: p, Units: units})
}

// CrossTable is the cross-scoring of a period, a row for each sheet.
type CrossTable struct {
	Draw     CrossDraw
	Criteria Criteria
	Rows     []CrossRow
}

// CrossRow is one sheet with its scorers' tables.
type CrossRow struct {
	Sheet   Sheet
	Crosses []Cross
	Lines   []CrossLine // of marks handed in
	Own     int64       // the unit's own points over the lines marked, tenths
	Middle  int64       // what the scorers' come to over the same lines
}

// CrossLine is one criterion with the marks it got.
type CrossLine struct {
	Criterion Criterion
	Own       *int64
	Given     []GivenMark
	Spread    int64
	Middle    *int64
}

// GivenMark is one scorer's mark.
type GivenMark struct {
	Scorer string
	Points int64
	Remark string
	Third  bool
}

// out counts the tables that are not handed in. A sheet that its unit has not handed in
// holds closing up too, until the day on which tables are due.
func (t CrossTable) out(third bool) (n int) {
	for _, r := range t.Rows {
		for _, x := range r.Crosses {
			if !x.Handed && x.Third == third {
				n++
			}
		}
	}
	return n
}

// crossTable reads all of a period's cross-scoring.
func (s *Service) crossTable(ctx context.Context, q db.Query, d CrossDraw) (CrossTable, error) {
	t := CrossTable{Draw: d}
	sheets, c, err := s.loadPeriod(ctx, q, d.PeriodID)
	if err != nil {
		return t, err
	}
	t.Criteria = c
	all, err := listCrosses(ctx, q, `where period_id = $1`, d.PeriodID)
	if err != nil {
		return t, err
	}
	standings := Tally(c, sheets)
	slices.SortFunc(standings, func(a, b Standing) int { return strings.Compare(a.Sheet.ID, b.Sheet.ID) })
	for _, st := range standings {
		r := CrossRow{Sheet: st.Sheet}
		for _, x := range all {
			if x.SheetID == st.Sheet.ID {
				r.Crosses = append(r.Crosses, x)
			}
		}
		if r.Crosses == nil {
			continue // joined after the draw
		}
		for _, l := range st.Lines {
			line := CrossLine{Criterion: l.Criterion, Own: l.Own()}
			var points []int64
			for _, x := range r.Crosses {
				if m := x.Marks[l.Criterion.ID]; x.Handed && m.Points != nil && x.Covers(l.Criterion.Code) {
					line.Given = append(line.Given, GivenMark{x.Scorer, *m.Points, m.Remark, x.Third})
					points = append(points, *m.Points)
				}
			}
			if len(points) > 0 && line.Own != nil {
				line.Spread = score.Spread(*line.Own, points)
				middle := score.Middle(points)
				line.Middle = &middle
				r.Own, r.Middle = r.Own+*line.Own, r.Middle+middle
			}
			r.Lines = append(r.Lines, line)
		}
		t.Rows = append(t.Rows, r)
	}
	return t, nil
}

// Strictness says how strict each scorer was, in hundredths of a point a sheet.
func (t CrossTable) Strictness() map[string]int64 {
	var totals []score.CrossTotal
	for _, r := range t.Rows {
		for _, x := range r.Crosses {
			if !x.Handed || x.Third {
				continue // a third scorer saw only the lines in question
			}
			total := score.CrossTotal{Scorer: x.Scorer, Scored: r.Sheet.UnitID}
			for _, l := range r.Lines {
				for _, g := range l.Given {
					if g.Scorer == x.Scorer && l.Own != nil {
						total.Sum, total.Own = total.Sum+g.Points, total.Own+*l.Own
					}
				}
			}
			totals = append(totals, total)
		}
	}
	return score.Strictness(totals)
}

// CrossOf returns the cross-scoring of a period to those who follow it. Marks are left
// out until it is closed. It is not found where there was no draw.
func (s *Service) CrossOf(ctx context.Context, actor policy.Actor, periodID string) (CrossTable, error) {
	var t CrossTable
	p, err := s.clusters.PeriodByID(ctx, nil, periodID)
	if err != nil {
		return t, err
	}
	if err := policy.May(actor, policy.PeriodFollow, p.Object("")); err != nil {
		return t, err
	}
	err = s.db.Read(ctx, func(q db.Query) error {
		d, err := findDraw(ctx, q, periodID)
		if err != nil {
			return err
		}
		if t, err = s.crossTable(ctx, q, d); err != nil {
			return err
		}
		if d.State == DrawClosed {
			return nil
		}
		t.Draw.Seed = ""
		for i := range t.Rows {
			t.Rows[i].Lines, t.Rows[i].Own, t.Rows[i].Middle = nil, 0, 0
			for k := range t.Rows[i].Crosses {
				t.Rows[i].Crosses[k].Marks, t.Rows[i].Crosses[k].Remark = nil, ""
			}
		}
		return nil
	})
	return t, err
}

// CrossView is a scorer's table with the sheet it is about.
type CrossView struct {
	View
	Cross Cross
	Draw  CrossDraw
	Own   map[string]*int64 // by criterion id
}

// OpenCross returns a table to its scorer.
func (s *Service) OpenCross(ctx context.Context, actor policy.Actor, id string) (CrossView, error) {
	var v CrossView
	err := s.db.Read(ctx, func(q db.Query) error {
		var err error
		if v.Cross, err = findCross(ctx, q, id); err != nil {
			return err
		}
		if err := policy.May(actor, policy.SheetCross, policy.Object{Unit: v.Cross.Scorer}); err != nil {
			return err
		}
		if v.Draw, err = findDraw(ctx, q, v.Cross.PeriodID); err != nil {
			return err
		}
		if v.Draw.State != DrawClosed {
			v.Draw.Seed = ""
		}
		sheet, err := findSheet(ctx, q, `where id = $1`, v.Cross.SheetID)
		if err != nil {
			return err
		}
		p, err := s.clusters.PeriodByID(ctx, q, sheet.PeriodID)
		if err != nil {
			return err
		}
		if v.View, err = s.view(ctx, q, sheet, p); err != nil {
			return err
		}
		sheets, c, err := s.loadPeriod(ctx, q, p.ID)
		if err != nil {
			return err
		}
		v.Own = ownOf(c, sheets, sheet.ID)
		if !crossable(sheet) {
			// What the unit has not handed in is its own.
			v.Own, v.Standing.Lines = nil, nil
			v.Sheet.Figures, v.Sheet.Marks, v.Sheet.Paragraphs, v.Sheet.Proofs, v.Sheet.Claims = nil, nil, nil, nil, nil
		}
		return nil
	})
	return v, err
}

// OwedCross is a table that a unit still has to hand in.
type OwedCross struct {
	Cross  Cross
	Draw   CrossDraw
	Period cluster.Period
	Scored string // unit id
	Ready  bool   // its unit has handed in, so that it can be marked
}

// OwedCrosses returns the tables that units still owe: of one, or (unit "") of all.
func (s *Service) OwedCrosses(ctx context.Context, unitID string) ([]OwedCross, error) {
	where, args := `where state = 'open'`, []any{}
	if unitID != "" {
		where, args = `where state = 'open' and scorer = $1`, []any{unitID}
	}
	all, err := crossHeads(ctx, s.db, where, args...)
	if err != nil {
		return nil, err
	}
	var owed []OwedCross
	draws, periods := map[string]CrossDraw{}, map[string]cluster.Period{}
	for _, x := range all {
		d, ok := draws[x.PeriodID]
		if !ok {
			if d, err = findDraw(ctx, s.db, x.PeriodID); err != nil {
				return nil, err
			}
			if periods[x.PeriodID], err = s.clusters.PeriodByID(ctx, nil, x.PeriodID); err != nil {
				return nil, err
			}
			draws[x.PeriodID] = d
		}
		if d.takes(x) != nil {
			continue
		}
		sheet, err := findSheet(ctx, s.db, `where id = $1`, x.SheetID)
		if err != nil {
			return nil, err
		}
		owed = append(owed, OwedCross{x, d, periods[x.PeriodID], sheet.UnitID, crossable(sheet)})
	}
	return owed, nil
}

// scores reports whether the actor's unit scores a sheet now, so that it may open the
// evidence: the sheet is handed in, and the cross-scoring is not closed.
func (s *Service) scores(ctx context.Context, actor policy.Actor, sheet Sheet) (bool, error) {
	if !crossable(sheet) {
		return false, nil
	}
	d, err := findDraw(ctx, s.db, sheet.PeriodID)
	if fault.KindOf(err) == fault.NotFound || err == nil && d.State == DrawClosed {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	crosses, err := crossHeads(ctx, s.db, `where sheet_id = $1`, sheet.ID)
	if err != nil {
		return false, err
	}
	for _, x := range crosses {
		if policy.May(actor, policy.SheetCross, policy.Object{Unit: x.Scorer}) == nil {
			return true, nil
		}
	}
	return false, nil
}

// reopenCrosses gives the tables on a sheet that was handed in anew back to their
// scorers: what they marked stands in them, and may no longer fit.
func (s *Service) reopenCrosses(ctx context.Context, tx *ledger.Tx, actor policy.Actor, sheet Sheet, p cluster.Period) error {
	d, err := findDraw(ctx, tx, p.ID)
	if fault.KindOf(err) == fault.NotFound || err == nil && d.State == DrawClosed {
		return nil
	}
	if err != nil {
		return err
	}
	all, err := listCrosses(ctx, tx, `where sheet_id = $1`, sheet.ID)
	if err != nil {
		return err
	}
	var scorers []string
	for _, x := range all {
		if !x.Handed || d.takes(x) != nil {
			continue
		}
		x.Handed, x.HandedAt = false, time.Time{}
		x.Version++
		if err := saveCross(ctx, tx, x); err != nil {
			return err
		}
		scorers = append(scorers, x.Scorer)
	}
	if scorers == nil {
		return nil
	}
	return s.CrossTold(ctx, tx, CrossEvent{By: actor, Kind: "again", Period: p, Units: scorers, Due: d.Due})
}
