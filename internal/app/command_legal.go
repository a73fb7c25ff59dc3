package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"dongthuan/internal/db"
	"dongthuan/internal/lang"
	"dongthuan/internal/legal"
)

type legalCommand struct {
	Due      legalDueCommand      `cmd:"" help:"When a rule that starts on a day ends, and why."`
	Calendar legalCalendarCommand `cmd:"" help:"Print the calendar's file of a year, to be changed and taken in again."`
}

// legalData reads what the operator entered, where there is a database; the
// commands also answer without one, from what the program ships.
func (w *world) legalData() (*legal.Calendar, legal.Rules, error) {
	calendar, rules := legal.NewCalendar(nil), legal.NewRules(nil)
	if _, err := os.Stat(w.set.Database); errors.Is(err, os.ErrNotExist) && !strings.Contains(w.set.Database, "://") {
		return calendar, rules, nil
	}
	d, err := db.Connect(w.ctx, w.set.Database)
	if err != nil {
		return nil, rules, err
	}
	defer d.Close()
	s := legal.New(d, nil, time.Now)
	if calendar, err = s.Calendar(context.WithoutCancel(w.ctx), nil); err != nil {
		return nil, rules, err
	}
	rules, err = s.Rules(w.ctx, nil)
	return calendar, rules, err
}

type legalDueCommand struct {
	Rule   string `arg:"" help:"The rule, such as CK-01; see /lich/quy-tac of the site or doc/law.md."`
	Date   string `arg:"" help:"The day or moment that starts the clock: 2026-04-24, 24/04/2026 or 2026-04-24T15:00."`
	Before bool   `help:"The day is that of an event: print the last day on which a minimum period may begin to have passed before it."`
	Lang   string `default:"vi" enum:"vi,en" help:"Language of the reasons."`
}

func (c legalDueCommand) Run(w *world) error {
	calendar, rules, err := w.legalData()
	if err != nil {
		return err
	}
	from, err := lang.ParseMoment(c.Date)
	if err != nil {
		return usageError{errors.New(explain(err))}
	}
	id := strings.TrimSpace(c.Rule)
	rule, err := rules.Get(id, from)
	if err != nil {
		return err
	}
	if c.Before {
		if from, err = calendar.Start(rule, from); err != nil {
			return err
		}
	}
	a, err := calendar.Due(rule, from)
	if err != nil {
		return err
	}
	text, err := Words()
	if err != nil {
		return err
	}
	b, err := a.JSON(text, c.Lang)
	if err != nil {
		return err
	}
	if w.set.JSON {
		_, err := fmt.Fprintf(w.out, "%s\n", b)
		return err
	}
	due := lang.Date(a.Due)
	if a.Exact {
		due = lang.Moment(a.Due)
	}
	fmt.Fprintf(w.out, "%s · %s\n%s\n", rule.ID, rule.Words(c.Lang), text.Text(c.Lang, "legal.due.is", due))
	if c.Before {
		fmt.Fprintf(w.out, "%s: %s\n", text.Text(c.Lang, "legal.due.from"), lang.Date(from))
	}
	for _, s := range a.Why {
		mark := ""
		if !s.Sure {
			mark = " (" + text.Text(c.Lang, "legal.unconfirmed") + ")"
		}
		fmt.Fprintf(w.out, "  - %s%s\n", s.Words(text, c.Lang), mark)
	}
	return nil
}

type legalCalendarCommand struct {
	Year int `arg:"" help:"The year, 2000 to 2100."`
}

func (c legalCalendarCommand) Run(w *world) error {
	if c.Year < legal.First || c.Year > legal.Last {
		return usageError{fmt.Errorf("the year must be from %d to %d", legal.First, legal.Last)}
	}
	calendar, _, err := w.legalData()
	if err != nil {
		return err
	}
	out := json.NewEncoder(w.out)
	out.SetIndent("", " ")
	out.SetEscapeHTML(false)
	return out.Encode(calendar.Year(c.Year))
}
