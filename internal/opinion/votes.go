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
	"math/bits"
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
	ErrConfig     Reason = "config"     // K above MaxGroups or R above Factors, or below 0
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
	at    uint32   // in the order of first votes
	cells []uint64 // by statement once settled
}

// Table holds the last vote of every person on every statement: 8 bytes a vote. It is not
// for use by several goroutines at once.
type Table struct {
	people     []*voter // in the order of their ids once settled
	ordered    int      // so many of people are in order
	joined     []*voter // in the order of their first votes; nil who was removed
	statements []string // by slot; in the order of their ids once settled
	persons    index    // places in joined
	slots      index
	unordered  bool // a person or a statement has come since
	// loose are the votes that have come since, in chunks: one after the other, as what
	// takes time is to go to each person's own votes.
	loose []looseVotes
}

// looseVotes are cells and, at the same places, whose they are, in joined.
type looseVotes struct {
	cells  []uint64
	voters []uint32
}

const chunk = 1 << 14

// NewTable returns a table without votes.
func NewTable() *Table {
	return &Table{persons: index{by: map[string]uint32{}}, slots: index{by: map[string]uint32{}}}
}

// Cast takes a vote. Of a person's votes on a statement the last by time counts, of those of
// one millisecond the greater. It may return ErrValue, ErrTime, ErrPerson, ErrStatement,
// ErrPeople or ErrStatements; a vote that is refused leaves nothing behind.
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
	slot, known := t.slots.find(statement)
	if !known { // before the person: what is refused leaves nothing
		if err := t.mayState(statement); err != nil {
			return err
		}
	}
	v, ok := t.persons.find(person)
	if !ok {
		var err error
		if v, err = t.person(person); err != nil {
			return err
		}
	}
	if !known {
		slot = t.statement(statement)
	}
	n := len(t.loose)
	if n == 0 || len(t.loose[n-1].cells) == cap(t.loose[n-1].cells) {
		size := 64 // for a few after a result
		if n > 0 {
			size = chunk
		}
		t.loose = append(t.loose, looseVotes{make([]uint64, 0, size), make([]uint32, 0, size)})
		n++
	}
	last := &t.loose[n-1]
	last.cells, last.voters = append(last.cells, cellOf(slot, value, at)), append(last.voters, v)
	return nil
}

// index finds places by id: of ids that are small numbers, as most exports have them, in an
// array, of others in a map.
type index struct {
	by      map[string]uint32
	numbers []uint32 // place + 1
}

const mostNumbers = 1 << 22

// small is the value of a number without leading zeros below mostNumbers.
func small(id []byte) (n int, ok bool) {
	if len(id) == 0 || len(id) > 7 || id[0] == '0' && len(id) > 1 {
		return 0, false
	}
	for _, c := range id {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int(c-'0')
	}
	return n, n < mostNumbers
}

func (x *index) find(id []byte) (uint32, bool) {
	if n, ok := small(id); ok {
		if n < len(x.numbers) && x.numbers[n] > 0 {
			return x.numbers[n] - 1, true
		}
		return 0, false
	}
	at, ok := x.by[string(id)]
	return at, ok
}

func (x *index) set(id string, at uint32) {
	if n, ok := small([]byte(id)); ok {
		if n >= len(x.numbers) {
			x.numbers = append(x.numbers, make([]uint32, max(n+1-len(x.numbers), len(x.numbers)))...)
		}
		x.numbers[n] = at + 1
		return
	}
	x.by[id] = at
}

func (x *index) remove(id string) {
	if n, ok := small([]byte(id)); ok {
		x.numbers[n] = 0
		return
	}
	delete(x.by, id)
}

// voter finds a person, nil where they have not voted.
func (t *Table) voter(id string) *voter {
	if at, ok := t.persons.find([]byte(id)); ok {
		return t.joined[at]
	}
	return nil
}

func (t *Table) person(id []byte) (uint32, error) {
	if len(id) == 0 || len(id) > MaxID {
		return 0, ErrPerson
	}
	if len(t.people) >= MaxPeople {
		return 0, ErrPeople
	}
	v := &voter{id: string(id), hash: hashOf(id), at: uint32(len(t.joined))}
	t.persons.set(v.id, v.at)
	t.joined = append(t.joined, v)
	t.people = append(t.people, v)
	t.unordered = true
	return v.at, nil
}

// mayState says why a statement cannot be taken.
func (t *Table) mayState(id []byte) error {
	if len(id) == 0 || len(id) > MaxID {
		return ErrStatement
	}
	if len(t.statements) >= MaxStatements {
		return ErrStatements
	}
	return nil
}

func (t *Table) statement(id []byte) uint32 {
	s := uint32(len(t.statements))
	t.statements = append(t.statements, string(id))
	t.slots.set(t.statements[s], s)
	t.unordered = true
	return s
}

// AddStatement makes a statement known before anybody votes on it, so that it can be asked
// about. It may return ErrStatement or ErrStatements.
func (t *Table) AddStatement(id string) error {
	if _, ok := t.slots.find([]byte(id)); ok {
		return nil
	}
	if err := t.mayState([]byte(id)); err != nil {
		return err
	}
	t.statement([]byte(id))
	return nil
}

// Remove takes a person out with all their votes, as if they had never been. It reports
// whether they were there.
func (t *Table) Remove(person string) bool {
	v := t.voter(person)
	if v == nil {
		return false
	}
	t.settle()
	t.persons.remove(person)
	t.joined[v.at] = nil
	t.order()
	t.people = slices.DeleteFunc(t.people, func(x *voter) bool { return x == v })
	t.ordered = len(t.people)
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
	t.gather()
}

// gather brings loose votes to their people: a few one by one, many by counting first, into
// one piece of memory.
func (t *Table) gather() {
	if len(t.loose) <= 1 {
		for _, part := range t.loose {
			for i, at := range part.voters {
				v := t.joined[at]
				v.cells = append(v.cells, part.cells[i])
			}
			for _, at := range part.voters {
				v := t.joined[at]
				if !slices.IsSorted(v.cells) {
					slices.Sort(v.cells)
				}
				v.cells = lastOfEach(v.cells)
			}
		}
		t.loose = nil
		return
	}
	end := make([]int, len(t.joined)+1)
	for _, part := range t.loose {
		for _, v := range part.voters {
			end[v+1]++
		}
	}
	for i, v := range t.joined {
		if v != nil {
			end[i+1] += len(v.cells)
		}
		end[i+1] += end[i]
	}
	all := make([]uint64, end[len(t.joined)])
	at := end[:len(t.joined)] // where the next cell of each goes; at the end, where the next one's begin
	for i, v := range t.joined {
		if v != nil {
			at[i] += copy(all[at[i]:], v.cells)
		}
	}
	for n, part := range t.loose {
		for i, v := range part.voters {
			all[at[v]] = part.cells[i]
			at[v]++
		}
		t.loose[n] = looseVotes{}
	}
	t.loose = nil
	sorter := sorter{make([]uint64, len(t.statements)), make([]uint64, (len(t.statements)+63)/64)}
	from := 0
	for i, v := range t.joined {
		if v != nil {
			cells := all[from:at[i]:at[i]]
			v.cells = cells[:sorter.lastOfEach(cells)]
		}
		from = at[i]
	}
}

// sorter puts cells in order by where their statements are, as a drawer with a place for
// each: for a hundred cells, quicker than comparing them.
type sorter struct {
	last []uint64 // cell of a slot
	full []uint64 // bit of a slot: there is one
}

// lastOfEach sorts cells, and keeps the last vote of each statement in front; n are kept.
func (s *sorter) lastOfEach(cells []uint64) (n int) {
	low, high := len(s.full), 0
	for _, c := range cells {
		slot := c >> slotShift
		word, bit := int(slot>>6), uint64(1)<<(slot&63)
		if s.full[word]&bit == 0 || c > s.last[slot] {
			s.last[slot] = c
		}
		s.full[word] |= bit
		low, high = min(low, word), max(high, word)
	}
	for word := low; word <= high && word < len(s.full); word++ {
		for left := s.full[word]; left != 0; left &= left - 1 {
			cells[n] = s.last[word<<6|bits.TrailingZeros64(left)]
			n++
		}
		s.full[word] = 0
	}
	return n
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
		t.slots.set(s, uint32(i))
	}
	to := make([]uint64, len(old))
	for i, s := range old {
		at, _ := t.slots.find([]byte(s))
		to[i] = uint64(at)
	}
	move := func(c uint64) uint64 { return to[c>>slotShift]<<slotShift | c&(1<<slotShift-1) }
	for _, v := range t.people {
		for i, c := range v.cells {
			v.cells[i] = move(c)
		}
		slices.Sort(v.cells)
	}
	for _, part := range t.loose {
		for i, c := range part.cells {
			part.cells[i] = move(c)
		}
	}
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
