// Package notice tells people what concerns them: in the program always, by e-mail
// where a server is set and the person gave an address. A notice is written in the
// transaction of the fact it tells of; mail leaves after the commit.
//
// notice.go holds the types, store.go the SQL, service.go the acts, mail.go the
// sending, web.go the pages.
package notice

import (
	"embed"
	"net/mail"
	"strings"
	"time"

	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
)

//go:embed text.json
var Text []byte

//go:embed pages/*.html
var Pages embed.FS

// Message is what is told to accounts: lines of words under keys, so that each
// reads them in its own language.
type Message struct {
	// Name is the fact's own name: an account is told once of each.
	Name     string
	Kind     string // task, sheet, legal, morning
	Accounts []string
	Lines    []Line
}

// Line is one thing told, and where it is seen.
type Line struct {
	Text string   `json:"text"`
	Args []string `json:"args,omitempty"`
	To   string   `json:"to,omitempty"`
}

// Words are a line in a language.
func (l Line) Words(text lang.Catalog, language string) string {
	args := make([]any, len(l.Args))
	for i, a := range l.Args {
		args[i] = a
	}
	return text.Text(language, l.Text, args...)
}

// Notice is a message as one account has it.
type Notice struct {
	ID, AccountID, Kind string
	Lines               []Line
	At, Read            time.Time
	Mail                string
	Tries               int64
}

// cleanAddress checks an address for mail.
func cleanAddress(s string) (string, error) {
	s = lang.Line(s)
	if s == "" {
		return "", nil
	}
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || len(s) > 200 || strings.ContainsAny(s, " \"<>") {
		return "", fault.New(fault.Invalid, "notice.email.bad").In("email")
	}
	return s, nil
}
