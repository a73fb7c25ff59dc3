// Package fault marks the errors a person may be shown. An unmarked error is
// ours: the person sees a reference number, the log sees everything.
package fault

import (
	"errors"
	"strings"
)

// Kind says whose problem an error is.
type Kind int

const (
	Internal  Kind = iota // not marked
	Invalid               // the person can correct it
	NotFound              // absent, or not theirs to see
	Forbidden             // known, but not allowed
	Conflict              // changed by someone else meanwhile
	TooLarge              // more bytes than are accepted
	Busy                  // try again in a moment
	Missing               // a part of this installation is not there (no LibreOffice)
)

// Error is an error with words a person may read. The words are a key and
// values, not a sentence: two languages, one rule.
type Error struct {
	Kind  Kind
	Text  string // key of the words, e.g. "emulation.sheet.locked"
	Args  []any  // values for the words
	Field string // the form field it belongs to, "" when it belongs to none
	Err   error  // cause, for the log only
}

// New returns an error of kind k that shows the words under key.
func New(k Kind, key string, args ...any) *Error { return &Error{Kind: k, Text: key, Args: args} }

// In names the form field the error belongs to, so that the page can show it
// beside that field.
func (e *Error) In(field string) *Error { e.Field = field; return e }

// Because keeps the cause for the log.
func (e *Error) Because(err error) *Error { e.Err = err; return e }

func (e *Error) Error() string {
	s := e.Text
	if e.Field != "" {
		s = e.Field + ": " + s
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

// List is several errors of one form, all shown at once.
type List []*Error

func (l List) Error() string {
	words := make([]string, len(l))
	for i, e := range l {
		words[i] = e.Error()
	}
	return strings.Join(words, "; ")
}

// Or returns nil when the list is empty, and the list when it is not, so that
// a check can end with "return problems.Or()".
func (l List) Or() error {
	if len(l) == 0 {
		return nil
	}
	return l
}

// Add appends an Invalid error in a field.
func (l *List) Add(field, key string, args ...any) {
	*l = append(*l, New(Invalid, key, args...).In(field))
}

// All returns the marked errors inside err: one, several of a List, or none.
func All(err error) List {
	var l List
	if errors.As(err, &l) {
		return l
	}
	var e *Error
	if errors.As(err, &e) {
		return List{e}
	}
	return nil
}

// KindOf reports the kind of err, Internal if it is not marked. A List has the
// kind of its first error.
func KindOf(err error) Kind {
	if l := All(err); len(l) > 0 {
		return l[0].Kind
	}
	return Internal
}
