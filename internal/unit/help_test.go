package unit

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"dongthuan/internal/db"
	"dongthuan/internal/db/dbtest"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
	"dongthuan/internal/policy"
)

var (
	noon     = time.Date(2026, 11, 20, 12, 0, 0, 0, lang.Vietnam)
	operator = policy.Actor{Account: "O", Office: "Quản trị", Enrolled: true, Holds: []policy.Membership{{Role: policy.Operator}}}
	clerk    = policy.Actor{Account: "C", Office: "Chuyên viên", Enrolled: true, Holds: []policy.Membership{{Role: policy.Clerk, Unit: "U"}}}
)

func day(text string) time.Time { return parseDay(text) }

// open returns a service over an empty database. What it recorded is verified at
// the end of the test, and that no unit has two versions on one day, and no code
// two units of a level.
func open(t testing.TB) *Service {
	t.Helper()
	d := dbtest.Open(t)
	book, err := ledger.Open(context.Background(), d, func() time.Time { return noon })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { book.Close() })
	t.Cleanup(func() {
		problems, err := ledger.Verify(context.Background(), d)
		if err != nil || len(problems) > 0 {
			t.Errorf("ledger.Verify = %v, %v", problems, err)
		}
		checkDays(t, d)
	})
	return New(d, book, func() time.Time { return noon })
}

// checkDays looks for overlaps in SQL, apart from the code that avoids them.
func checkDays(t testing.TB, d *db.DB) {
	t.Helper()
	for what, on := range map[string]string{
		"versions of one unit": `a.unit_id = b.unit_id`,
		"codes of one level":   `a.level = b.level and a.code = b.code and a.code <> ''`,
	} {
		var n int
		err := d.QueryRowContext(context.Background(), `
			select count(*) from unit_version a join unit_version b on `+on+` and a.id < b.id
			where (a.valid_to = '' or b.valid_from < a.valid_to) and (b.valid_to = '' or a.valid_from < b.valid_to)`).Scan(&n)
		if err != nil || n != 0 {
			t.Errorf("%d overlaps of %s, %v", n, what, err)
		}
	}
}

// textKey is the key of an error's first words.
func textKey(err error) string {
	if l := fault.All(err); len(l) > 0 {
		return l[0].Text
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// data reads a file of the real lists, and skips the test where they are not at
// hand.
func data(t testing.TB, name string) []byte {
	t.Helper()
	folder := os.Getenv("DONGTHUAN_DATA")
	if folder == "" {
		folder = "../../../shared/data"
	}
	body, err := os.ReadFile(filepath.Join(folder, name))
	if os.IsNotExist(err) {
		t.Skipf("the real list %s is not at hand (DONGTHUAN_DATA says where)", name)
	}
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func take(t testing.TB, s *Service, body []byte, on string, asLinks bool) Result {
	t.Helper()
	begun := time.Now()
	r, ack, err := s.Import(context.Background(), operator, bytes.NewReader(body), day(on), asLinks)
	if err != nil {
		t.Fatalf("Import(%s) = %v, %v", on, err, firstProblems(r))
	}
	if ack.Recorded() == r.Nothing() {
		t.Errorf("Import(%s): recorded %v for %+v", on, ack.Recorded(), r.Counts)
	}
	t.Logf("%s %s: %+v in %v", r.Format, on, r.Counts, time.Since(begun).Round(time.Millisecond))
	return r
}

func firstProblems(r Result) (all []string) {
	for _, p := range r.Problems[:min(len(r.Problems), 5)] {
		all = append(all, p.Err.Error())
		for _, a := range p.Err.Args {
			if s, ok := a.(string); ok {
				all = append(all, s)
			}
		}
	}
	return all
}

func itoa(n int) string { return strconv.Itoa(n) }
