package notice

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"dongthuan/internal/db"
	"dongthuan/internal/lang"
)

// Mailer sends notices by SMTP.
type Mailer struct {
	client  *gomail.Client
	from    string
	address string // of the site, for links
	text    lang.Catalog
}

// OpenMailer reads where mail is handed over: smtp://host:25 without encryption
// where the server offers none, smtps://user:password@host:465 with TLS from the
// start. from is the sender's address.
func OpenMailer(server, from, address string, text lang.Catalog) (*Mailer, error) {
	u, err := url.Parse(server)
	if err != nil || u.Hostname() == "" || u.Scheme != "smtp" && u.Scheme != "smtps" {
		return nil, errors.New("the mail server is not written as smtp://host:port or smtps://user:password@host:port")
	}
	if from, err = cleanAddress(from); err != nil || from == "" {
		return nil, errors.New("the sender of mail is not an address")
	}
	options := []gomail.Option{gomail.WithTimeout(30 * time.Second)}
	if u.Scheme == "smtps" {
		options = append(options, gomail.WithSSL())
	} else {
		options = append(options, gomail.WithTLSPolicy(gomail.TLSOpportunistic))
	}
	if p := u.Port(); p != "" {
		n, err := strconv.Atoi(p)
		if err != nil {
			return nil, fmt.Errorf("the mail server's port: %w", err)
		}
		options = append(options, gomail.WithPort(n))
	}
	if u.User != nil {
		password, _ := u.User.Password()
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(u.User.Username()), gomail.WithPassword(password))
	}
	client, err := gomail.NewClient(u.Hostname(), options...)
	if err != nil {
		return nil, err
	}
	return &Mailer{client, from, strings.TrimSuffix(address, "/"), text}, nil
}

const (
	claimFor = 10 * time.Minute // a letter is not sent by another process meanwhile
	maxTries = 6
	atOnce   = 50
)

// Letter is a notice as it is mailed.
func Letter(text lang.Catalog, language, address string, n Notice) (subject, body string) {
	var b strings.Builder
	subject = text.Text(language, "notice.mail.subject."+n.Kind)
	if len(n.Lines) == 1 {
		subject = shorten(n.Lines[0].Words(text, language))
	}
	for _, l := range n.Lines {
		b.WriteString("- " + l.Words(text, language) + "\n")
		if l.To != "" {
			b.WriteString("  " + address + l.To + "\n")
		}
	}
	b.WriteString("\n" + text.Text(language, "notice.mail.foot", address+"/viec/thong-bao") + "\n")
	return subject, b.String()
}

func shorten(s string) string {
	if r := []rune(s); len(r) > 120 {
		return string(r[:119]) + "…"
	}
	return s
}

// Send hands over the letters that are due. One that cannot be handed over is tried
// again later, less and less often.
func (s *Service) Send(ctx context.Context, m *Mailer) error {
	var due []letter
	err := s.db.Write(ctx, func(tx *db.Tx) (err error) {
		due, err = claimLetters(ctx, tx, s.now(), atOnce)
		return err
	})
	if err != nil || len(due) == 0 {
		return err
	}
	var all error
	for _, l := range due {
		failed := m.send(ctx, l)
		state, next := "sent", s.now()
		if failed != nil {
			all = errors.Join(all, failed)
			state, next = "wait", s.now().Add(time.Minute<<min(l.Tries*2, 10))
			if l.Tries >= maxTries {
				state = "failed"
			}
		}
		all = errors.Join(all, s.db.Write(context.WithoutCancel(ctx), func(tx *db.Tx) error { return setMail(ctx, tx, l.ID, state, next) }))
	}
	return all
}

func (m *Mailer) send(ctx context.Context, l letter) error {
	msg := gomail.NewMsg()
	if err := errors.Join(msg.FromFormat("Đồng Thuận", m.from), msg.To(l.email)); err != nil {
		return err
	}
	subject, body := Letter(m.text, l.lang, m.address, l.Notice)
	msg.Subject(subject)
	msg.SetMessageIDWithValue(strings.ToLower(l.ID) + "@" + m.from[strings.LastIndex(m.from, "@")+1:])
	msg.SetDate()
	msg.SetBodyString(gomail.TypeTextPlain, body)
	if err := m.client.DialAndSendWithContext(ctx, msg); err != nil {
		return fmt.Errorf("hand a letter over: %w", err)
	}
	return nil
}
