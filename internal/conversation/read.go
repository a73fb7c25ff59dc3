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
	in := bufio.NewReaderSize(r, 1<<20)
	head, err := line(in)
	if err != nil && (!errors.Is(err, io.EOF) || len(head) == 0) {
		if errors.Is(err, io.EOF) {
			return nil, fault.New(fault.Invalid, "conversation.empty")
		}
		return nil, readError(err, 1)
	}
	head = bytes.TrimPrefix(head, []byte("\ufeff"))
	separator := separatorOf(head)
	at, width, err := header(head, separator)
	if err != nil {
		return nil, err
	}
	got := &Read{Table: opinion.NewTable()}
	var done, first, last int64
	first = 1 << 62
	fields := make([][]byte, 0, width)
	person, statement, vote := at["person"], at["statement"], at["vote"]
	moment, timed := at["time"]
	for n := 2; ; n++ {
		text, err := line(in)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, readError(err, n)
		}
		end := err != nil
		if done += int64(len(text)) + 1; progress != nil && n%100_000 == 0 {
			progress(done)
		}
		if len(text) == 0 {
			if end {
				break
			}
			continue
		}
		if fields, err = split(fields[:0], text, separator); err != nil || len(fields) != width {
			return nil, fault.New(fault.Invalid, "conversation.columns.count", n, len(fields), width)
		}
		value, ok := voteOf(fields[vote])
		if !ok {
			return nil, fault.New(fault.Invalid, "conversation.vote", n, short(fields[vote]))
		}
		when := int64(n)
		if timed {
			if when, ok = timeOf(fields[moment]); !ok {
				return nil, fault.New(fault.Invalid, "conversation.time", n, short(fields[moment]))
			}
			first, last = min(first, when), max(last, when)
		}
		who, what, ok := idOf(fields[person], fields[statement])
		if !ok {
			return nil, fault.New(fault.Invalid, "conversation.utf8", n)
		}
		if err := got.Table.CastBytes(who, what, value, when); err != nil {
			return nil, castError(err, n)
		}
		if keep {
			got.Ballots = append(got.Ballots, opinion.Ballot{Person: string(who), Statement: string(what), Value: value, At: when})
		}
		got.Rows++
		if end {
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

func separatorOf(head []byte) byte {
	for _, s := range []byte{',', ';', '\t'} {
		if bytes.IndexByte(head, s) >= 0 {
			return s
		}
	}
	return ','
}

// header finds where each column is.
func header(head []byte, separator byte) (at map[string]int, width int, err error) {
	fields, err := split(nil, head, separator)
	if err != nil {
		return nil, 0, fault.New(fault.Invalid, "conversation.header")
	}
	at = map[string]int{}
	for i, f := range fields {
		name := columns[strings.ToLower(strings.TrimSpace(string(f)))]
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

// idOf trims both ids and checks that they are text; digits alone, as most are, need
// neither.
func idOf(person, statement []byte) (p, s []byte, ok bool) {
	if digits(person) && digits(statement) {
		return person, statement, true
	}
	p, s = bytes.TrimSpace(person), bytes.TrimSpace(statement)
	return p, s, utf8.Valid(p) && utf8.Valid(s)
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
	Out  opinion.Moderation
	Meta map[string]bool
}

// Comments reads statements with their texts and moderation: the columns comment-id or
// statement, comment-body or body, moderated or mod (-1 is left out), is-meta. A list of
// moderation alone (tid, mod, is_meta) is read too. It adds to s.
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
		s.Body, s.Out, s.Meta = map[string]string{}, opinion.Moderation{}, map[string]bool{}
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
		if key == "" || len(key) > opinion.MaxID || !utf8.ValidString(strings.Join(row, "")) {
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
			delete(s.Out, key)
			if n == -1 {
				s.Out[key] = true
			}
		}
		if meta >= 0 {
			if t := strings.ToLower(strings.TrimSpace(row[meta])); t == "1" || t == "t" || t == "true" {
				s.Meta[key], s.Out[key] = true, true
			}
		}
	}
}
