package notice

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"dongthuan/internal/account"
	"dongthuan/internal/db"
	"dongthuan/internal/db/dbtest"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
)

// sink is a mail server that keeps what it is given, or refuses it.
type sink struct {
	mu     sync.Mutex
	got    []string
	refuse bool
}

func (s *sink) NewSession(*smtp.Conn) (smtp.Session, error) { return s, nil }
func (s *sink) Mail(string, *smtp.MailOptions) error        { return nil }
func (s *sink) Rcpt(to string, _ *smtp.RcptOptions) error   { return nil }
func (s *sink) Reset()                                      {}
func (s *sink) Logout() error                               { return nil }
func (s *sink) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse {
		return errors.New("full")
	}
	s.got = append(s.got, string(b))
	return err
}

func TestNotices(t *testing.T) {
	d := dbtest.Open(t)
	at := time.Date(2026, 11, 20, 8, 0, 0, 0, lang.Vietnam)
	now := func() time.Time { return at }
	book, err := ledger.Open(t.Context(), d, now)
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	s := New(d, now)
	accounts := account.New(d, book, account.Settings{}, now)
	secret, err := accounts.Prepare(t.Context(), "một mật khẩu dài")
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	fact := func(fail error, m Message) error {
		_, err := book.Write(t.Context(), func(tx *ledger.Tx) error {
			if len(ids) == 0 {
				for _, login := range []string{"chuyen.an", "chuyen.binh"} {
					a, err := accounts.CreateTx(t.Context(), tx, account.System, account.Draft{Login: login, Office: "Chuyên viên " + login}, secret)
					if err != nil {
						return err
					}
					ids = append(ids, a.ID)
				}
			}
			if err := tx.Record(t.Context(), ledger.TaskSet, "ABCDEFGHIJKLMNOPQRSTUVWXYZ", map[string]any{"name": m.Name}); err != nil {
				return err
			}
			m.Accounts = ids
			return errors.Join(s.PutTx(t.Context(), tx, m), fail)
		})
		return err
	}
	line := Line{Text: "notice.task.set", Args: []string{"Việc số 1", "25/11/2026", "Thư ký"}, To: "/nhiem-vu/ht3/x"}
	if err := fact(nil, Message{Name: "a", Kind: "task", Lines: []Line{line}}); err != nil {
		t.Fatal(err)
	}
	if err := fact(nil, Message{Name: "a", Kind: "task", Lines: []Line{line}}); err != nil {
		t.Fatal(err)
	}
	if err := fact(errors.New("no"), Message{Name: "b", Kind: "task", Lines: []Line{line}}); err == nil {
		t.Fatal("the fact failed")
	}
	count := func(id string, want, fresh int) []Notice {
		t.Helper()
		all, err := s.List(t.Context(), id, 10)
		n, err2 := s.Unread(t.Context(), id)
		if err != nil || err2 != nil || len(all) != want || n != fresh {
			t.Errorf("%d notices, %d of them new, %v %v; want %d and %d", len(all), n, err, err2, want, fresh)
		}
		return all
	}
	count(ids[0], 1, 1) // told once of each fact, and not of one that did not happen
	if err := s.Read(t.Context(), ids[0]); err != nil {
		t.Fatal(err)
	}
	count(ids[0], 1, 0)
	count(ids[1], 1, 1)

	for _, bad := range []string{"không phải địa chỉ", "a@", "Tên <a@b.vn>", "a@b.vn\nBcc: c@d.vn"} {
		if err := s.SetAddress(t.Context(), ids[0], bad, "vi"); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if err := s.SetAddress(t.Context(), ids[0], "an@phuong.example", "vi"); err != nil {
		t.Fatal(err)
	}

	mornings := 0
	for range 2 {
		if err := s.Morning(t.Context(), at, func(db.Query) ([]Message, error) {
			mornings++
			return []Message{{Name: "morning:2026-11-20", Kind: "morning", Accounts: ids, Lines: []Line{line, {Text: "notice.morning.today", Args: []string{"Việc số 2", "20/11/2026"}, To: "/viec"}}}}, nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	if mornings != 1 {
		t.Errorf("the morning was written %d times", mornings)
	}
	count(ids[0], 2, 1)

	// Mail: only to whom gave an address, and again after the server refused.
	box := &sink{refuse: true}
	server := smtp.NewServer(box)
	server.Domain = "localhost"
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve(l)
	defer server.Close()
	text, err := lang.Load(Text)
	if err != nil {
		t.Fatal(err)
	}
	m, err := OpenMailer("smtp://"+l.Addr().String(), "bao@cum.example", "https://cum.example/", text)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(t.Context(), m); err == nil {
		t.Error("the server refused, and nothing is said")
	}
	box.mu.Lock()
	box.refuse = false
	box.mu.Unlock()
	if err := s.Send(t.Context(), m); err != nil || len(box.got) != 0 {
		t.Errorf("sent again at once: %d, %v", len(box.got), err)
	}
	at = at.Add(time.Hour)
	if err := s.Send(t.Context(), m); err != nil || len(box.got) != 1 {
		t.Fatalf("%d letters, %v", len(box.got), err)
	}
	if got := box.got[0]; !strings.Contains(got, "To: <an@phuong.example>") || !strings.Contains(got, "https://cum.example/nhiem-vu/ht3/x") || strings.Contains(got, "binh") {
		t.Errorf("the letter:\n%s", got)
	}
	if err := s.Send(context.Background(), m); err != nil || len(box.got) != 1 {
		t.Errorf("sent twice: %d, %v", len(box.got), err)
	}
	for _, n := range count(ids[0], 2, 1) {
		if want := map[string]string{"task": "", "morning": "sent"}[n.Kind]; n.Mail != want {
			t.Errorf("mail of %s is %q", n.Kind, n.Mail)
		}
	}
}
