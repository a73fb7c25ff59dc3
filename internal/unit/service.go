package unit

import (
	"context"
	"crypto/rand"
	"math/big"
	"slices"
	"time"

	"dongthuan/internal/db"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
	"dongthuan/internal/lineage"
	"dongthuan/internal/policy"
)

// Service reads and writes the registry. Each method that writes is one
// transaction, recorded in the ledger; methods ending in Tx are steps inside the
// caller's.
type Service struct {
	db   *db.DB
	book *ledger.Ledger
	now  func() time.Time
}

// New returns the service over d, recording in book.
func New(d *db.DB, book *ledger.Ledger, now func() time.Time) *Service {
	return &Service{d, book, now}
}

func dayOf(t time.Time) string { return db.Day(t, lang.Vietnam) }

// nearest picks the version that holds on day, or the one next to it.
func nearest(versions []Unit, day string) (Unit, bool) {
	spans := make([]lineage.Span, len(versions))
	for i, v := range versions {
		spans[i] = v.span()
	}
	i, exact := lineage.On(spans, day)
	if i < 0 {
		return Unit{}, false
	}
	u := versions[i]
	u.Nearest = !exact
	return u, true
}

// Get returns a unit as it is on a day. Where it has no version that day, it is
// the nearest one, marked Nearest.
func (s *Service) Get(ctx context.Context, id string, on time.Time) (Unit, error) {
	return get(ctx, s.db, id, on)
}

// GetIn is Get inside the caller's transaction.
func (s *Service) GetIn(ctx context.Context, q db.Query, id string, on time.Time) (Unit, error) {
	return get(ctx, q, id, on)
}

func get(ctx context.Context, q db.Query, id string, on time.Time) (Unit, error) {
	all, err := listUnits(ctx, q, `where unit_id = $1`, id)
	if err != nil {
		return Unit{}, err
	}
	u, ok := nearest(all, dayOf(on))
	if !ok {
		return u, fault.New(fault.NotFound, "unit.missing")
	}
	return u, nil
}

// GetMany returns units by id as they are on a day, each the nearest version where
// none holds. Ids that do not exist are left out.
func (s *Service) GetMany(ctx context.Context, ids []string, on time.Time) (map[string]Unit, error) {
	return getMany(ctx, s.db, ids, on)
}

func getMany(ctx context.Context, q db.Query, ids []string, on time.Time) (map[string]Unit, error) {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	all, err := unitsByID(ctx, q, slices.Compact(ids))
	if err != nil {
		return nil, err
	}
	byID := map[string][]Unit{}
	for _, v := range all {
		byID[v.ID] = append(byID[v.ID], v)
	}
	found := make(map[string]Unit, len(byID))
	for id, versions := range byID {
		found[id], _ = nearest(versions, dayOf(on))
	}
	return found, nil
}

// ByCode returns the unit that a code means on a day. A code that means units of
// two levels then, or none, is refused in words.
func (s *Service) ByCode(ctx context.Context, code string, on time.Time) (Unit, error) {
	code = lang.Line(code)
	all, err := unitsOn(ctx, s.db, dayOf(on), `code = $2`, code)
	switch {
	case err != nil:
		return Unit{}, err
	case code == "" || len(all) == 0:
		return Unit{}, fault.New(fault.NotFound, "unit.code.absent", code, lang.Date(on))
	case len(all) > 1:
		return Unit{}, fault.New(fault.Conflict, "unit.code.several", code, lang.Date(on))
	}
	return all[0], nil
}

// Holders returns every version that ever had a code, the oldest first.
func (s *Service) Holders(ctx context.Context, code string) ([]Unit, error) {
	return listUnits(ctx, s.db, `where code = $1 and code <> ''`, lang.Line(code))
}

// Find returns the units of a day whose name or code has words that begin with
// the words of text, accents or not; exact names first.
func (s *Service) Find(ctx context.Context, text string, on time.Time) ([]Unit, error) {
	folded := lang.Fold(text)
	if folded == "" {
		return nil, nil
	}
	// The folded text has letters, digits and blanks only, so no sign of "like".
	all, err := unitsOn(ctx, s.db, dayOf(on), `search like $2`, "% "+folded+"%")
	if err != nil {
		return nil, err
	}
	lang.SortBy(all, func(u Unit) string { return u.Name })
	// Ranks are found once for each unit, not at each comparison.
	text = lang.Line(text)
	type ranked struct {
		Unit
		rank int
	}
	order := make([]ranked, len(all))
	for i, u := range all {
		order[i] = ranked{u, rank(u, text, folded)*10 + u.Level()}
	}
	slices.SortStableFunc(order, func(a, b ranked) int { return a.rank - b.rank })
	for i, o := range order {
		all[i] = o.Unit
	}
	return all, nil
}

// Roots returns the units without a parent on a day, and how many units stand
// right below each unit.
func (s *Service) Roots(ctx context.Context, on time.Time) ([]Unit, map[string]int, error) {
	all, err := unitsOn(ctx, s.db, dayOf(on), `parent_id = ''`)
	if err != nil {
		return nil, nil, err
	}
	sortTree(all)
	below, err := countBelow(ctx, s.db, dayOf(on))
	return all, below, err
}

// sortTree orders by level and then by name.
func sortTree(all []Unit) {
	lang.SortBy(all, func(u Unit) string { return u.Name })
	slices.SortStableFunc(all, func(a, b Unit) int { return a.Level() - b.Level() })
}

// Parents returns the units above one on a day, its own parent first.
func (s *Service) Parents(ctx context.Context, id string, on time.Time) ([]Unit, error) {
	u, err := s.Get(ctx, id, on)
	if err != nil {
		return nil, err
	}
	if u.Nearest { // what stood above it then
		on = u.From
	}
	var chain []Unit
	for u.ParentID != "" && u.ParentID != id && len(chain) < 10 {
		if u, err = s.Get(ctx, u.ParentID, on); err != nil {
			return nil, err
		}
		chain = append(chain, u)
	}
	return chain, nil
}

// Children returns the units right below one on a day, by level and name.
func (s *Service) Children(ctx context.Context, id string, on time.Time) ([]Unit, error) {
	all, err := unitsOn(ctx, s.db, dayOf(on), `parent_id = $2`, id)
	sortTree(all)
	return all, err
}

// All returns every unit of a day, by code; for search, exports and checks.
func (s *Service) All(ctx context.Context, on time.Time) ([]Unit, error) {
	all, err := unitsOn(ctx, s.db, dayOf(on), "")
	slices.SortStableFunc(all, func(a, b Unit) int {
		if a.Code != b.Code {
			if a.Code < b.Code {
				return -1
			}
			return 1
		}
		return a.Level() - b.Level()
	})
	return all, err
}

// History returns all versions of a unit, the oldest first, the links it was made
// by, and those by which it or a part of it went elsewhere.
func (s *Service) History(ctx context.Context, id string) (all []Unit, from, to []Link, err error) {
	if all, err = listUnits(ctx, s.db, `where unit_id = $1`, id); err != nil {
		return nil, nil, nil, err
	}
	if len(all) == 0 {
		return nil, nil, nil, fault.New(fault.NotFound, "unit.missing")
	}
	rows, err := links(ctx, s.db, `where from_unit = $1 or to_unit = $1`, id)
	if err != nil {
		return nil, nil, nil, err
	}
	var ids []string
	for _, l := range rows {
		ids = append(ids, l.from, l.to)
	}
	slices.Sort(ids)
	named, err := unitsByID(ctx, s.db, slices.Compact(ids))
	if err != nil {
		return nil, nil, nil, err
	}
	byID := map[string][]Unit{}
	for _, v := range named {
		byID[v.ID] = append(byID[v.ID], v)
	}
	for _, row := range rows {
		l := Link{ID: row.id, Kind: row.kind, Day: parseDay(row.day), Basis: row.basis, ShareNum: row.num, ShareDen: row.den, ShareMethod: row.method}
		l.From, _ = nearest(byID[row.from], dayBefore(row.day))
		l.To, _ = nearest(byID[row.to], row.day)
		if row.to == id {
			from = append(from, l)
		} else {
			to = append(to, l)
		}
	}
	byName := func(links []Link, name func(Link) string) {
		lang.SortBy(links, name)
		slices.SortStableFunc(links, func(a, b Link) int { return a.Day.Compare(b.Day) })
	}
	byName(from, func(l Link) string { return l.From.FullName() })
	byName(to, func(l Link) string { return l.To.FullName() })
	return all, from, to, nil
}

// Resolve says where a unit, as it stood on one day, is on another: later, where
// it went; earlier, what it was made from.
func (s *Service) Resolve(ctx context.Context, id string, from, on time.Time) (Resolved, error) {
	back := dayOf(on) < dayOf(from)
	column := "from_unit"
	if back {
		column = "to_unit"
	}
	rows, err := linksAround(ctx, s.db, column, id)
	if err != nil {
		return Resolved{}, err
	}
	ids := []string{id}
	edges := make([]lineage.Link, len(rows))
	for i, l := range rows {
		ids = append(ids, l.from, l.to)
		edges[i] = lineage.Link{From: l.from, To: l.to, Kind: l.kind, Day: l.day}
		if l.den > 0 {
			edges[i].Share = big.NewRat(l.num, l.den)
		}
	}
	if back {
		// Whether a unit was emptied before the day is seen on its own links on.
		var away []link
		if away, err = links(ctx, s.db, `where from_unit in `+places(len(ids)), texts(ids)...); err != nil {
			return Resolved{}, err
		}
		edges = edges[:0]
		seen := map[string]bool{}
		for _, l := range slices.Concat(rows, away) {
			if !seen[l.id] {
				seen[l.id] = true
				ids = append(ids, l.to)
				edges = append(edges, lineage.Link{From: l.from, To: l.to, Kind: l.kind, Day: l.day})
			}
		}
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	all, err := unitsByID(ctx, s.db, ids)
	if err != nil {
		return Resolved{}, err
	}
	lives := map[string][]lineage.Span{}
	byID := map[string][]Unit{}
	for _, v := range all {
		lives[v.ID] = append(lives[v.ID], v.span())
		byID[v.ID] = append(byID[v.ID], v)
	}
	if len(byID[id]) == 0 {
		return Resolved{}, fault.New(fault.NotFound, "unit.missing")
	}
	g := lineage.New(lives, edges)
	reach := g.Forward(id, dayOf(from), dayOf(on))
	if back {
		reach = g.Backward(id, dayOf(from), dayOf(on))
	}
	var r Resolved
	for _, got := range reach.Units {
		u := ResolvedUnit{Whole: got.Whole}
		u.Unit, _ = nearest(byID[got.Unit], dayOf(on))
		if got.Share != nil && got.Share.Num().IsInt64() && got.Share.Denom().IsInt64() {
			u.ShareNum, u.ShareDen = got.Share.Num().Int64(), got.Share.Denom().Int64()
		}
		r.Units = append(r.Units, u)
	}
	for _, lost := range reach.Untold {
		u, _ := nearest(byID[lost], dayOf(on))
		r.Untold = append(r.Untold, u)
	}
	lang.SortBy(r.Units, func(u ResolvedUnit) string { return u.FullName() })
	return r, nil
}

// Register adds a unit.
func (s *Service) Register(ctx context.Context, actor policy.Actor, d Draft) (Unit, ledger.Ack, error) {
	return s.write(ctx, actor, func(tx *ledger.Tx) (Unit, error) { return s.RegisterTx(ctx, tx, d) })
}

// Change gives a unit a new version from a day on and closes the one before.
func (s *Service) Change(ctx context.Context, actor policy.Actor, id string, d Draft) (Unit, ledger.Ack, error) {
	return s.write(ctx, actor, func(tx *ledger.Tx) (Unit, error) { return s.ChangeTx(ctx, tx, id, d) })
}

// End lets a unit end: day is the first on which it no longer exists.
func (s *Service) End(ctx context.Context, actor policy.Actor, id string, day time.Time, basis string) (Unit, ledger.Ack, error) {
	return s.write(ctx, actor, func(tx *ledger.Tx) (Unit, error) { return s.EndTx(ctx, tx, id, day, basis) })
}

// Link says what became of a unit. Where all of it went, it ends on that day if
// it has not ended yet.
func (s *Service) Link(ctx context.Context, actor policy.Actor, d LinkDraft) (ledger.Ack, error) {
	_, ack, err := s.write(ctx, actor, func(tx *ledger.Tx) (Unit, error) { return Unit{}, s.LinkTx(ctx, tx, d) })
	return ack, err
}

func (s *Service) write(ctx context.Context, actor policy.Actor, act func(*ledger.Tx) (Unit, error)) (Unit, ledger.Ack, error) {
	if err := policy.May(actor, policy.UnitManage, policy.Object{}); err != nil {
		return Unit{}, ledger.Ack{}, err
	}
	var saved Unit
	ack, err := s.book.Write(ctx, func(tx *ledger.Tx) (err error) {
		saved, err = act(tx)
		return err
	})
	return saved, ack, err
}

// RegisterTx is Register inside the caller's transaction.
func (s *Service) RegisterTx(ctx context.Context, tx *ledger.Tx, d Draft) (Unit, error) {
	d, err := d.Clean()
	if err != nil {
		return Unit{}, err
	}
	if err := takeGate(ctx, tx); err != nil {
		return Unit{}, err
	}
	if err := checkPlace(ctx, tx, "", d); err != nil {
		return Unit{}, err
	}
	u := d.version()
	u.ID = rand.Text()
	if err := insertUnit(ctx, tx, u.ID); err != nil {
		return u, err
	}
	if err := insertVersions(ctx, tx, []*version{stored(u)}); err != nil {
		return u, err
	}
	return u, tx.Record(ctx, ledger.UnitRegistered, u.ID, record(u))
}

// ChangeTx is Change inside the caller's transaction.
func (s *Service) ChangeTx(ctx context.Context, tx *ledger.Tx, id string, d Draft) (Unit, error) {
	d, err := d.Clean()
	if err != nil {
		return Unit{}, err
	}
	if err := takeGate(ctx, tx); err != nil {
		return Unit{}, err
	}
	cur, err := holding(ctx, tx, id, d.From, "from")
	if err != nil {
		return Unit{}, err
	}
	day := dayOf(d.From)
	switch {
	case cur.from == day:
		return Unit{}, fault.New(fault.Invalid, "unit.change.sameday", cur.fullName(), showDay(day)).In("from")
	case cur.level() != LevelOf(d.Kind):
		return Unit{}, fault.New(fault.Invalid, "unit.change.level").In("kind")
	case cur.name == d.Name && cur.kind == d.Kind && cur.code == d.Code && cur.parent == d.ParentID:
		return Unit{}, fault.New(fault.Invalid, "unit.change.same").In("name")
	}
	if d.To.IsZero() || cur.to != "" && dayOf(d.To) > cur.to {
		d.To = parseDay(cur.to)
	}
	if err := checkPlace(ctx, tx, id, d); err != nil {
		return Unit{}, err
	}
	u := d.version()
	u.ID = id
	cur.to = day
	if err := moveVersions(ctx, tx, []*version{cur}); err != nil {
		return u, err
	}
	if err := insertVersions(ctx, tx, []*version{stored(u)}); err != nil {
		return u, err
	}
	return u, tx.Record(ctx, ledger.UnitChanged, id, record(u))
}

// EndTx is End inside the caller's transaction.
func (s *Service) EndTx(ctx context.Context, tx *ledger.Tx, id string, day time.Time, basis string) (Unit, error) {
	if day.IsZero() {
		return Unit{}, fault.New(fault.Invalid, "unit.from.missing").In("day")
	}
	if err := takeGate(ctx, tx); err != nil {
		return Unit{}, err
	}
	cur, err := holding(ctx, tx, id, day, "day")
	if err != nil {
		return Unit{}, err
	}
	if cur.from == dayOf(day) {
		return Unit{}, fault.New(fault.Invalid, "unit.change.sameday", cur.fullName(), lang.Date(day)).In("day")
	}
	if cur.to != "" {
		return Unit{}, fault.New(fault.Invalid, "unit.end.already", cur.fullName(), showDay(cur.to)).In("day")
	}
	below, err := unitsOn(ctx, tx, dayOf(day), `parent_id = $2`, id)
	if err != nil {
		return Unit{}, err
	}
	if len(below) > 0 {
		return Unit{}, fault.New(fault.Invalid, "unit.end.below", cur.fullName(), len(below), below[0].FullName()).In("day")
	}
	cur.to = dayOf(day)
	if err := moveVersions(ctx, tx, []*version{cur}); err != nil {
		return Unit{}, err
	}
	u, err := get(ctx, tx, id, day)
	if err != nil {
		return u, err
	}
	return u, tx.Record(ctx, ledger.UnitChanged, id, map[string]any{"ends": dayOf(day), "basis": lang.Line(basis)})
}

// LinkTx is Link inside the caller's transaction.
func (s *Service) LinkTx(ctx context.Context, tx *ledger.Tx, d LinkDraft) error {
	d, err := d.Clean()
	if err != nil {
		return err
	}
	if err := takeGate(ctx, tx); err != nil {
		return err
	}
	day := dayOf(d.Day)
	if _, err := holding(ctx, tx, d.From, d.Day.AddDate(0, 0, -1), "from"); err != nil {
		return err
	}
	if _, err := holding(ctx, tx, d.To, d.Day, "to"); err != nil {
		return err
	}
	if d.Kind.Empties() {
		now, err := get(ctx, tx, d.From, d.Day)
		if err != nil {
			return err
		}
		if !now.Nearest {
			if _, err := s.EndTx(ctx, tx, d.From, d.Day, d.Basis); err != nil {
				return err
			}
		}
	}
	if err := insertLinks(ctx, tx, []link{{rand.Text(), d.From, d.To, d.Kind, day, d.Basis, d.ShareNum, d.ShareDen, d.ShareMethod, ""}}); err != nil {
		return err
	}
	payload := map[string]any{"from": d.From, "to": d.To, "link": d.Kind, "day": day, "basis": d.Basis}
	if d.ShareDen > 0 {
		payload["share_num"], payload["share_den"], payload["method"] = d.ShareNum, d.ShareDen, d.ShareMethod
	}
	if err := tx.Record(ctx, ledger.UnitChanged, d.From, payload); err != nil {
		return err
	}
	return tx.Record(ctx, ledger.UnitChanged, d.To, payload)
}

// holding is the version of a unit that holds on a day.
func holding(ctx context.Context, tx *ledger.Tx, id string, day time.Time, field string) (*version, error) {
	all, err := versions(ctx, tx, `where unit_id = $1`, id)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fault.New(fault.NotFound, "unit.missing").In(field)
	}
	v := on(all, dayOf(day))
	if v == nil {
		return nil, fault.New(fault.Invalid, "unit.notthen", all[len(all)-1].fullName(), lang.Date(day)).In(field)
	}
	return v, nil
}

// checkPlace refuses a version whose days, code or parent do not fit those that
// are there. It runs behind the gate, so what it saw is still true at commit.
func checkPlace(ctx context.Context, tx *ledger.Tx, id string, d Draft) error {
	want := lineage.Span{From: dayOf(d.From), To: dayOf(d.To)}
	all, err := versions(ctx, tx, `where level = $1 and code = $2 and code <> ''`, LevelOf(d.Kind), d.Code)
	if err != nil {
		return err
	}
	for _, v := range all {
		if v.unit != id && v.span().Meets(want) {
			return fault.New(fault.Invalid, "unit.code.taken", d.Code, v.fullName(), showDay(v.from)).In("code")
		}
	}
	if d.ParentID == "" {
		return nil
	}
	parent, err := holding(ctx, tx, d.ParentID, d.From, "parent")
	if err != nil {
		return err
	}
	if parent.level() >= LevelOf(d.Kind) && parent.level() != LevelOffice {
		return fault.New(fault.Invalid, "unit.parent.level", parent.fullName()).In("parent")
	}
	for up, steps := parent, 0; up != nil && steps < 10; steps++ {
		if up.unit == id && id != "" {
			return fault.New(fault.Invalid, "unit.parent.below", parent.fullName()).In("parent")
		}
		if up.parent == "" {
			return nil
		}
		above, err := versions(ctx, tx, `where unit_id = $1`, up.parent)
		if err != nil {
			return err
		}
		up = on(above, dayOf(d.From))
	}
	return nil
}

func stored(u Unit) *version {
	return &version{id: rand.Text(), unit: u.ID, name: u.Name, kind: u.Kind, code: u.Code, parent: u.ParentID, from: dayOf(u.From), to: dayOf(u.To), basis: u.Basis}
}

func record(u Unit) map[string]any {
	return map[string]any{"name": u.Name, "kind": u.Kind, "code": u.Code, "parent": u.ParentID, "from": dayOf(u.From), "to": dayOf(u.To), "basis": u.Basis}
}

// Turn counts the writes to the registry: whoever keeps a copy of it, such as the
// search, looks here whether it is old.
func (s *Service) Turn(ctx context.Context) (int64, error) { return turnOf(ctx, s.db) }
