// Package opinion finds groups of people who answer alike, and the statements that they
// agree on, from votes on short statements. It is arithmetic only: the same last votes
// always give the same result, to the bit, whatever order they came in.
//
// The way of a result: votes (Table) → covariance of statements, exact from integer tables
// → factors by Lanczos → place of each person with its uncertainty → groups, as many as
// are stable → shares with intervals, and lists under false-discovery control.
package opinion

import (
	"cmp"
	"slices"
)

// Ballot is one vote as it was cast: Value 1 agrees, -1 disagrees, 0 passes. At is in Unix
// milliseconds.
type Ballot struct {
	Person, Statement string
	Value             int8
	At                int64
}

// Moderation says which statements are left out.
type Moderation map[string]bool

// Reason says why votes cannot be taken or a result not be made. It is a stable key for a
// sentence in the reader's language, and an error.
type Reason string

func (r Reason) Error() string { return "opinion: " + string(r) }

const (
	ErrValue      Reason = "value"      // neither -1, 0 nor 1
	ErrTime       Reason = "time"       // before 1970, or after 2109
	ErrPerson     Reason = "person"     // no id, or one longer than MaxID bytes
	ErrStatement  Reason = "statement"  // no id, or one longer than MaxID bytes
	ErrStatements Reason = "statements" // more than MaxStatements
	ErrPeople     Reason = "people"     // more than MaxPeople
	ErrNothing    Reason = "nothing"    // no vote on a statement that takes part
)

// Bounds of what a Table takes.
const (
	MaxStatements = 1 << 16
	MaxPeople     = 1 << 22
	MaxID         = 200
)

// A cell is one vote in 64 bits: statement (20), time in milliseconds (42), value + 1 (2).
// The greatest cell of a statement is its last vote; votes of the same millisecond are
// put in order by their value, so that the order they came in never matters.
const (
	timeBits  = 42
	slotShift = timeBits + 2
)

func cellOf(slot uint32, value int8, at int64) uint64 {
	return uint64(slot)<<slotShift | uint64(at)<<2 | uint64(value+1)
}

// voter is a person and their votes.
type voter struct {
	id    string
	hash  uint64   // of id, for choices that nothing else may sway
	cells []uint64 // by statement once settled
	loose bool     // votes have come since
}

// Table holds the last vote of every person on every statement: 8 bytes a vote.
type Table struct {
	people     []*voter // in the order of their ids once settled
	ordered    int      // so many of people are in order
	byPerson   map[string]*voter
	statements []string // by slot; in the order of their ids once settled
	slots      map[string]uint32
	last       *voter // most exports are sorted by person or by statement
	lastSlot   uint32
	unordered  bool // a person or a statement has come since
	loose      []*voter
}

// NewTable returns a table without votes.
func NewTable() *Table {
	return &Table{byPerson: map[string]*voter{}, slots: map[string]uint32{}}
}

// Cast takes a vote. Of a person's votes on a statement the last by time counts.
func (t *Table) Cast(b Ballot) error {
	return t.cast([]byte(b.Person), []byte(b.Statement), b.Value, b.At)
}

// CastBytes is Cast for readers of files: it keeps neither slice.
func (t *Table) CastBytes(person, statement []byte, value int8, at int64) error {
	return t.cast(person, statement, value, at)
}

func (t *Table) cast(person, statement []byte, value int8, at int64) error {
	if value < -1 || value > 1 {
		return ErrValue
	}
	if at < 0 || at >= 1<<timeBits {
		return ErrTime
	}
	v := t.last
	if v == nil || v.id != string(person) {
		var err error
		if v, err = t.person(person); err != nil {
			return err
		}
		t.last = v
	}
	slot := t.lastSlot
	if int(slot) >= len(t.statements) || t.statements[slot] != string(statement) {
		var err error
		if slot, err = t.statement(statement); err != nil {
			return err
		}
		t.lastSlot = slot
	}
	if !v.loose {
		v.loose = true
		t.loose = append(t.loose, v)
	}
	v.cells = append(v.cells, cellOf(slot, value, at))
	return nil
}

func (t *Table) person(id []byte) (*voter, error) {
	if v := t.byPerson[string(id)]; v != nil {
		return v, nil
	}
	if len(id) == 0 || len(id) > MaxID {
		return nil, ErrPerson
	}
	if len(t.people) >= MaxPeople {
		return nil, ErrPeople
	}
	v := &voter{id: string(id), hash: hashOf(id)}
	t.byPerson[v.id] = v
	t.people = append(t.people, v)
	t.unordered = true
	return v, nil
}

func (t *Table) statement(id []byte) (uint32, error) {
	if s, ok := t.slots[string(id)]; ok {
		return s, nil
	}
	if len(id) == 0 || len(id) > MaxID {
		return 0, ErrStatement
	}
	if len(t.statements) >= MaxStatements {
		return 0, ErrStatements
	}
	s := uint32(len(t.statements))
	t.statements = append(t.statements, string(id))
	t.slots[t.statements[s]] = s
	t.unordered = true
	return s, nil
}

// AddStatement makes a statement known before anybody votes on it.
func (t *Table) AddStatement(id string) error {
	_, err := t.statement([]byte(id))
	return err
}

// Remove takes a person out with all their votes, as if they had never been. It reports
// whether they were there.
func (t *Table) Remove(person string) bool {
	v := t.byPerson[person]
	if v == nil {
		return false
	}
	delete(t.byPerson, person)
	t.order()
	t.people = slices.DeleteFunc(t.people, func(x *voter) bool { return x == v })
	t.ordered = len(t.people)
	t.loose = slices.DeleteFunc(t.loose, func(x *voter) bool { return x == v })
	t.last = nil
	return true
}

// settle puts people, statements and cells in the order of their ids, and keeps the last
// vote of each cell.
func (t *Table) settle() {
	if t.unordered {
		t.unordered = false
		if !slices.IsSortedFunc(t.statements, natural) {
			t.reorder()
		}
		t.order()
	}
	for _, v := range t.loose {
		v.loose = false
		if !slices.IsSorted(v.cells) {
			slices.Sort(v.cells)
		}
		v.cells = lastOfEach(v.cells)
	}
	t.loose = t.loose[:0]
}

// order sorts people; the few who come after a result are put in one by one.
func (t *Table) order() {
	byID := func(a, b *voter) int { return natural(a.id, b.id) }
	if fresh := len(t.people) - t.ordered; fresh > 32 {
		slices.SortFunc(t.people, byID)
	} else {
		for n := t.ordered; n < len(t.people); n++ {
			v := t.people[n]
			i, _ := slices.BinarySearchFunc(t.people[:n], v, byID)
			copy(t.people[i+1:n+1], t.people[i:n])
			t.people[i] = v
		}
	}
	t.ordered = len(t.people)
}

// reorder gives statements the slots of their order.
func (t *Table) reorder() {
	old := slices.Clone(t.statements)
	slices.SortFunc(t.statements, natural)
	for i, s := range t.statements {
		t.slots[s] = uint32(i)
	}
	to := make([]uint64, len(old))
	for i, s := range old {
		to[i] = uint64(t.slots[s])
	}
	for _, v := range t.people {
		for i, c := range v.cells {
			v.cells[i] = to[c>>slotShift]<<slotShift | c&(1<<slotShift-1)
		}
		if !v.loose {
			slices.Sort(v.cells)
		}
	}
	t.last, t.lastSlot = nil, 0
}

// lastOfEach keeps the greatest cell of each statement.
func lastOfEach(cells []uint64) []uint64 {
	n := 0
	for i, c := range cells {
		if i+1 < len(cells) && cells[i+1]>>slotShift == c>>slotShift {
			continue
		}
		cells[n] = c
		n++
	}
	return cells[:n]
}

// Size is how many have voted, how many statements are known, and how many last votes
// there are on all of them.
func (t *Table) Size() (people, statements, votes int) {
	t.settle()
	for _, v := range t.people {
		votes += len(v.cells)
	}
	return len(t.people), len(t.statements), votes
}

// Each calls fn with every last vote, by person and statement.
func (t *Table) Each(fn func(b Ballot)) {
	t.settle()
	for _, v := range t.people {
		for _, c := range v.cells {
			fn(Ballot{v.id, t.statements[c>>slotShift], int8(c&3) - 1, int64(c >> 2 & (1<<timeBits - 1))})
		}
	}
}

// natural orders ids: whole numbers by value and before all others, others by their bytes.
func natural(a, b string) int {
	x, y := number(a), number(b)
	switch {
	case x && y:
		return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
	case x != y:
		if x {
			return -1
		}
		return 1
	}
	return cmp.Compare(a, b)
}

func number(s string) bool {
	if s == "" || s[0] == '0' && len(s) > 1 {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
