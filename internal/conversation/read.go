// Package conversation reads votes on statements from files, and writes what the
// arithmetic of package opinion finds in them: as JSON, CSV and a report.
package conversation

import (
	"bufio"
	"bytes"
	_ "embed"
	"encoding/csv"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/opinion"
)

// Text holds the words of this package.
//
//go:embed text.json
var Text []byte

// Columns of votes, under the names that files give them: our own, those of Polis'
// exports, and short ones.
var columns = map[string]string{
	"person": "person", "voter-id": "person", "voter_id": "person", "pid": "person", "participant": "person", "người": "person",
	"statement": "statement", "comment-id": "statement", "comment_id": "statement", "tid": "statement", "ý kiến": "statement",
	"vote": "vote", "phiếu": "vote",
	"time": "time", "timestamp": "time", "ts": "time", "created": "time", "thời điểm": "time",
}

// Read is what a file of votes held.
type Read struct {
	Rows     int // data rows
	Table    *opinion.Table
	Ballots  []opinion.Ballot // in their order, where asked for
	From, To time.Time        // of the first and the last vote, where the file says
}

const maxLine = 64 << 10

// Votes reads votes from CSV with a header, separated by commas, semicolons or tabs. A
// time is in Unix milliseconds, or as RFC 3339; without a column of times later rows are
// later. keep also returns the ballots one by one. progress is told how many bytes were
// read. Errors name the line.
func Votes(r io.Reader, keep bool, progress func(bytes int64)) (*Read, error) {
	in := bufio.NewReaderSize(r, 256<<10)
	head, err := line(in)
	if err != nil && (!errors.Is(err, io.EOF) || len(head) == 0) {
		if errors.Is(err, io.EOF) {
			return nil, fault.New(fault.Invalid, "conversation.empty")
		}
		return nil, readError(err, 1)
	}
	head = bytes.TrimPrefix(head, []byte(byteOrderMark))
	separator := separatorOf(head)
	at, width, err := header(head, separator)
	if err != nil {
		return nil, err
	}
	l := layout{separator, width, at["person"], at["statement"], at["vote"], -1}
	if c, ok := at["time"]; ok {
		l.time = c
	}
	got := &Read{Table: opinion.NewTable()}
	var done, first, last int64
	first = 1 << 62
	n := 2 // number of the line
	take := func(person, statement []byte, value int8, when int64) error {
		if l.time < 0 {
			when = int64(n)
		} else {
			first, last = min(first, when), max(last, when)
		}
		if err := got.Table.CastBytes(person, statement, value, when); err != nil {
			return castError(err, n)
		}
		if keep {
			got.Ballots = append(got.Ballots, opinion.Ballot{Person: string(person), Statement: string(statement), Value: value, At: when})
		}
		if got.Rows++; progress != nil && got.Rows%100_000 == 0 {
			progress(done)
		}
		return nil
	}
	fields := make([][]byte, 0, width)
	for {
		// Plain lines as they lie in the buffer, then one of any kind.
		ready, err := in.Peek(max(in.Buffered(), 1))
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		used := 0
		for {
			length, person, statement, value, when := l.plain(ready[used:])
			if length == 0 {
				break
			}
			if err := take(person, statement, value, when); err != nil {
				return nil, err
			}
			used, n = used+length, n+1
		}
		if _, err := in.Discard(used); err != nil {
			return nil, err
		}
		text, err := line(in)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, readError(err, n)
		}
		end := err != nil
		done += int64(used+len(text)) + 1
		if len(text) > 0 {
			if fields, err = split(fields[:0], text, separator); err != nil {
				return nil, fault.New(fault.Invalid, "conversation.quote", n).Because(err)
			}
			if len(fields) != width {
				return nil, fault.New(fault.Invalid, "conversation.columns.count", n, len(fields), width)
			}
			value, ok := voteOf(fields[l.vote])
			if !ok {
				return nil, fault.New(fault.Invalid, "conversation.vote", n, short(fields[l.vote]))
			}
			var when int64
			if l.time >= 0 {
				if when, ok = timeOf(fields[l.time]); !ok {
					return nil, fault.New(fault.Invalid, "conversation.time", n, short(fields[l.time]))
				}
			}
			person, statement := bytes.TrimSpace(fields[l.person]), bytes.TrimSpace(fields[l.statement])
			if !utf8.Valid(person) || !utf8.Valid(statement) {
				return nil, fault.New(fault.Invalid, "conversation.utf8", n)
			}
			if err := take(person, statement, value, when); err != nil {
				return nil, err
			}
		}
		if n++; end {
			break
		}
	}
	if got.Rows == 0 {
		return nil, fault.New(fault.Invalid, "conversation.novotes")
	}
	if last > 0 && first > 1e11 { // milliseconds of our times, not counts
		got.From, got.To = time.UnixMilli(first), time.UnixMilli(last)
	}
	if progress != nil {
		progress(done)
	}
	return got, nil
}

var errLong = errors.New("a line is too long")

// line is the next one without its end; the slice is valid until the next call.
func line(in *bufio.Reader) ([]byte, error) {
	text, err := in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) || len(text) > maxLine {
		return nil, errLong
	}
	for n := len(text); n > 0 && (text[n-1] == '\n' || text[n-1] == '\r'); n-- {
		text = text[:n-1]
	}
	return text, err
}

func readError(err error, n int) error {
	if errors.Is(err, errLong) {
		return fault.New(fault.Invalid, "conversation.long", n)
	}
	return err
}

func castError(err error, n int) error {
	var why opinion.Reason
	if errors.As(err, &why) {
		return fault.New(fault.Invalid, "conversation.cast."+string(why), n).Because(err)
	}
	return err
}

const byteOrderMark = "\ufeff"

// separatorOf is what stands most often in a header, outside quotation marks.
func separatorOf(head []byte) byte {
	var times [256]int
	quoted := false
	for _, c := range head {
		if c == '"' {
			quoted = !quoted
		} else if !quoted {
			times[c]++
		}
	}
	best := byte(',')
	for _, s := range []byte{';', '\t'} {
		if times[s] > times[best] {
			best = s
		}
	}
	return best
}

// columnName is how a column's name is looked for.
func columnName(s string) string { return strings.ToLower(lang.Line(s)) }

// header finds where each column is.
func header(head []byte, separator byte) (at map[string]int, width int, err error) {
	fields, err := split(nil, head, separator)
	if err != nil {
		return nil, 0, fault.New(fault.Invalid, "conversation.header")
	}
	at = map[string]int{}
	for i, f := range fields {
		name := columns[columnName(string(f))]
		if _, twice := at[name]; name != "" && twice {
			return nil, 0, fault.New(fault.Invalid, "conversation.columns.twice", short(f))
		}
		if name != "" {
			at[name] = i
		}
	}
	for _, name := range []string{"person", "statement", "vote"} {
		if _, ok := at[name]; !ok {
			return nil, 0, fault.New(fault.Invalid, "conversation.columns.missing", name, short(head))
		}
	}
	return at, len(fields), nil
}

// split cuts a line into fields; only one with a quote in it needs a reader of CSV.
func split(fields [][]byte, text []byte, separator byte) ([][]byte, error) {
	from := 0
	for i, c := range text {
		switch c {
		case separator:
			fields = append(fields, text[from:i])
			from = i + 1
		case '"':
			return quoted(fields[:0], text, separator)
		}
	}
	return append(fields, text[from:]), nil
}

func quoted(fields [][]byte, text []byte, separator byte) ([][]byte, error) {
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma, r.FieldsPerRecord = rune(separator), -1
	record, err := r.Read()
	for _, f := range record {
		fields = append(fields, []byte(f))
	}
	return fields, err
}

// layout is where the columns are; time is -1 where there is none.
type layout struct {
	separator                            byte
	width, person, statement, vote, time int
}

// plain reads a line of numbers alone, as nearly all are, in one pass. Its length is 0
// where the line is another, or is not whole.
func (l *layout) plain(text []byte) (length int, person, statement []byte, value int8, when int64) {
	i := 0
	for c := range l.width {
		from := i
		switch c {
		case l.person, l.statement, l.time:
			var v int64
			for i < len(text) && text[i]-'0' <= 9 {
				v = v*10 + int64(text[i]-'0')
				i++
			}
			if i == from || i-from > 18 {
				return 0, nil, nil, 0, 0
			}
			switch c {
			case l.person:
				person = text[from:i]
			case l.statement:
				statement = text[from:i]
			default:
				when = v
			}
		case l.vote:
			if value = 1; i < len(text) && text[i] == '-' {
				value = -1
				i++
			}
			if i == len(text) || text[i] != '1' && (text[i] != '0' || value < 0) {
				return 0, nil, nil, 0, 0
			}
			value *= int8(text[i] - '0')
			i++
		default:
			for i < len(text) && text[i] != l.separator && text[i] != '\n' {
				if text[i] == '"' {
					return 0, nil, nil, 0, 0
				}
				i++
			}
		}
		if i == len(text) {
			return 0, nil, nil, 0, 0
		}
		if c < l.width-1 {
			if text[i] != l.separator {
				return 0, nil, nil, 0, 0
			}
			i++
		}
	}
	if text[i] == '\r' && i+1 < len(text) {
		i++
	}
	if text[i] != '\n' {
		return 0, nil, nil, 0, 0
	}
	return i + 1, person, statement, value, when
}

func digits(f []byte) bool {
	for _, c := range f {
		if c-'0' > 9 {
			return false
		}
	}
	return true
}

func voteOf(f []byte) (int8, bool) {
	if len(f) == 1 && (f[0] == '0' || f[0] == '1') {
		return int8(f[0] - '0'), true
	}
	switch string(bytes.TrimSpace(f)) {
	case "1", "+1":
		return 1, true
	case "0":
		return 0, true
	case "-1":
		return -1, true
	}
	return 0, false
}

func timeOf(f []byte) (int64, bool) {
	if len(f) > 0 && len(f) < 19 && digits(f) {
		var n int64
		for _, c := range f {
			n = n*10 + int64(c-'0')
		}
		return n, true
	}
	f = bytes.TrimSpace(f)
	if n, err := strconv.ParseInt(string(f), 10, 64); err == nil {
		return n, n >= 0
	}
	t, err := time.Parse(time.RFC3339, string(f))
	return t.UnixMilli(), err == nil
}

func short(f []byte) string {
	s := strings.ToValidUTF8(string(f), "?")
	if utf8.RuneCountInString(s) > 40 {
		s = string([]rune(s)[:40]) + "…"
	}
	return s
}

// Statements are what people voted on.
type Statements struct {
	Body map[string]string
	Out  opinion.Moderation // rejected or Meta
	Meta map[string]bool

	rejected map[string]bool
}

// Comments reads statements with their texts and moderation: the columns comment-id or
// statement, comment-body or body, moderated or mod (-1 is left out), is-meta. A list of
// moderation alone (tid, mod, is_meta) is read too. It adds to s: a later file changes what
// it has a column for, and nothing else.
func (s *Statements) Comments(r io.Reader) error {
	t, err := openTable(r)
	if err != nil {
		return err
	}
	id, body, mod, meta := t.column("comment-id", "comment_id", "statement", "tid", "ý kiến"), t.column("comment-body", "comment_body", "body", "nội dung"), t.column("moderated", "mod"), t.column("is-meta", "is_meta", "meta")
	if id < 0 || body < 0 && mod < 0 {
		return fault.New(fault.Invalid, "conversation.comments.columns", strings.Join(t.names, ", "))
	}
	if s.Body == nil {
		s.Body, s.Out, s.Meta, s.rejected = map[string]string{}, opinion.Moderation{}, map[string]bool{}, map[string]bool{}
	}
	for {
		row, line, err := t.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		key := strings.TrimSpace(row[id])
		if !utf8.ValidString(strings.Join(row, "")) {
			return fault.New(fault.Invalid, "conversation.utf8", line)
		}
		if key == "" || len(key) > opinion.MaxID {
			return fault.New(fault.Invalid, "conversation.cast.statement", line)
		}
		if body >= 0 {
			s.Body[key] = strings.TrimSpace(row[body])
		}
		if mod >= 0 {
			n, err := strconv.Atoi(strings.TrimSpace(row[mod]))
			if err != nil || n < -1 || n > 1 {
				return fault.New(fault.Invalid, "conversation.mod", line, short([]byte(row[mod])))
			}
			s.rejected[key] = n == -1
		}
		if meta >= 0 {
			switch strings.ToLower(strings.TrimSpace(row[meta])) {
			case "1", "t", "true":
				s.Meta[key] = true
			case "0", "f", "false":
				delete(s.Meta, key)
			case "": // nothing is said
			default:
				return fault.New(fault.Invalid, "conversation.meta", line, short([]byte(row[meta])))
			}
		}
		if delete(s.Out, key); s.rejected[key] || s.Meta[key] {
			s.Out[key] = true
		}
	}
}
