package app

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"dongthuan/internal/db"
	"dongthuan/internal/emulation"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
	"dongthuan/internal/legal"
	"dongthuan/internal/notice"
	"dongthuan/internal/policy"
	"dongthuan/internal/task"
)

// Who is told of what. The words are the notice's; each reads them in its language.

var (
	ofUnit        = []policy.Role{policy.Clerk, policy.Leader}
	ofSecretariat = []policy.Role{policy.Secretary, policy.Lead, policy.Deputy}
)

// tellTask tells the units concerned what happened to a task, and the secretariat
// what a unit did.
func (a *App) tellTask(ctx context.Context, tx *ledger.Tx, e task.Event) error {
	c, err := a.Clusters.ByID(ctx, e.Task.ClusterID)
	if err != nil {
		return err
	}
	line := notice.Line{Text: "notice.task." + e.Kind, To: "/nhiem-vu/" + c.Code + "/" + e.Task.ID}
	due := lang.Date(e.Task.Due)
	var to []string
	switch e.Kind {
	case "done", "note":
		line.Args = []string{e.By.Office, e.Task.Title}
		if e.Kind == "note" {
			line.Args = append(line.Args, e.Words)
		}
		to, err = a.Accounts.Holders(ctx, tx, ofSecretariat, nil, e.Task.ClusterID, tx.At())
	case "set":
		line.Args = []string{e.Task.Title, due, e.By.Office}
		to, err = a.Accounts.Holders(ctx, tx, ofUnit, e.Units, "", tx.At())
	case "asked":
		line.Args = []string{e.Task.Title, due, e.Words}
		to, err = a.Accounts.Holders(ctx, tx, ofUnit, e.Units, "", tx.At())
	default:
		line.Args = []string{e.Task.Title, e.Words, e.By.Office}
		to, err = a.Accounts.Holders(ctx, tx, ofUnit, e.Units, "", tx.At())
	}
	if err != nil {
		return err
	}
	return a.tell(ctx, tx, e.By, "task", to, line)
}

// tellSheet tells a unit at once what the secretariat did to its sheet, and why; and
// the secretariat that a sheet was handed in.
func (a *App) tellSheet(ctx context.Context, tx *ledger.Tx, e emulation.SheetEvent) error {
	var lines []notice.Line
	to := "/viec/phieu/" + e.Sheet.ID
	roles, cluster, units := ofUnit, "", []string{e.Sheet.UnitID}
	for _, ch := range e.Changes {
		kind, code, _ := strings.Cut(ch.Subject, ":")
		switch {
		case kind == "state" && ch.New == string(emulation.Submitted) && ch.Old == string(emulation.Verified):
			continue // back to a step, which is told with its reason
		case kind == "state" && ch.New == string(emulation.Submitted):
			u, err := a.Units.Get(ctx, e.Sheet.UnitID, tx.At())
			if err != nil {
				return err
			}
			lines = append(lines, notice.Line{Text: "notice.sheet.submitted", Args: []string{u.FullName(), e.Period.Name}, To: to})
			roles, cluster, units = ofSecretariat, e.Period.ClusterID, nil
		case kind == "state" && ch.New == string(emulation.Returned):
			lines = append(lines, notice.Line{Text: "notice.sheet.returned", Args: []string{e.Period.Name, ch.Reason, e.By.Office}, To: to})
		case kind == "state" && ch.New == string(emulation.Verified):
			lines = append(lines, notice.Line{Text: "notice.sheet.verified", Args: []string{e.Period.Name, e.By.Office}, To: to})
		case kind == "step" && ch.Reason != "":
			lines = append(lines, notice.Line{Text: "notice.sheet.back", Args: []string{e.Period.Name, ch.New, ch.Reason, e.By.Office}, To: to})
		case kind == "step":
			lines = append(lines, notice.Line{Text: "notice.sheet.step", Args: []string{e.Period.Name, ch.New, e.By.Office}, To: to})
		case kind == "verified" || kind == "void":
			lines = append(lines, notice.Line{Text: "notice.sheet.judged", Args: []string{e.Period.Name, code, ch.Reason, e.By.Office}, To: to + "/nhat-ky"})
		case kind == "appeal" || kind == "answer" && ch.New == string(emulation.AppealWithdrawn):
			u, err := a.Units.Get(ctx, e.Sheet.UnitID, tx.At())
			if err != nil {
				return err
			}
			line := notice.Line{Text: "notice.sheet.appeal", Args: []string{u.FullName(), e.Period.Name, code, ch.Reason}, To: to + "/tieu-chi#c-" + code}
			if kind == "answer" {
				line.Text, line.Args = "notice.sheet.withdrawn", line.Args[:3]
			}
			lines = append(lines, line)
			roles, cluster, units = ofSecretariat, e.Period.ClusterID, nil
		case kind == "answer":
			lines = append(lines, notice.Line{Text: "notice.sheet.answer", Args: []string{e.Period.Name, code, ch.Reason, e.By.Office}, To: to + "/tieu-chi#c-" + code})
		case (kind == "bonus" || kind == "deduction") && ch.Reason == "":
			lines = append(lines, notice.Line{Text: "notice.sheet.extra.plain", Args: []string{e.Period.Name, code, e.By.Office}, To: to + "/nhat-ky"})
		case kind == "bonus" || kind == "deduction":
			lines = append(lines, notice.Line{Text: "notice.sheet.extra", Args: []string{e.Period.Name, code, ch.Reason, e.By.Office}, To: to + "/nhat-ky"})
		}
	}
	if lines == nil {
		return nil
	}
	accounts, err := a.Accounts.Holders(ctx, tx, roles, units, cluster, tx.At())
	if err != nil {
		return err
	}
	return a.tell(ctx, tx, e.By, "sheet", accounts, lines...)
}

// tell tells all but the one who did it.
func (a *App) tell(ctx context.Context, tx *ledger.Tx, by policy.Actor, kind string, accounts []string, lines ...notice.Line) error {
	accounts = slices.DeleteFunc(accounts, func(id string) bool { return id == by.Account })
	return a.Notices.PutTx(ctx, tx, notice.Message{Name: kind + ":" + rand.Text(), Kind: kind, Accounts: accounts, Lines: lines})
}

// morning is when the day's reminders are written, in Vietnam.
const morning = 7 * time.Hour

// remindAt are the working days before a deadline on which those who owe it are
// reminded; the day after, their leaders are too.
var remindAt = []int{7, 3, 1, 0, -1}

// owedByUnit is something that a unit still owes.
type owedByUnit struct {
	kind            string // "" a task, "sheet.", "target.", "cross."
	unit, title, to string
	due             time.Time // the last day
}

// remind writes the reminders of a working day's morning: one message for each
// person, and none to a unit that has done its share.
func (a *App) remind(ctx context.Context) error {
	now := a.Now()
	c, err := a.Legal.Calendar(ctx, nil)
	if err != nil {
		return err
	}
	y, m, d := now.In(lang.Vietnam).Date()
	today := time.Date(y, m, d, 0, 0, 0, 0, lang.Vietnam)
	if c.Off(today) || now.Before(today.Add(morning)) || a.reminded.Equal(today) {
		return nil
	}
	err = a.Notices.Morning(ctx, today, func(q db.Query) ([]notice.Message, error) {
		owed, err := a.owed(ctx)
		if err != nil {
			return nil, err
		}
		lines := map[string][]notice.Line{} // by account
		for _, o := range owed {
			left := c.Between(today, o.due)
			if !slices.Contains(remindAt, left) {
				continue
			}
			line := notice.Line{Text: "notice.morning." + o.kind + "left", Args: []string{o.title, strconv.Itoa(left), lang.Date(o.due)}, To: o.to}
			roles := []policy.Role{policy.Clerk}
			switch {
			case left == 0 && !o.due.Before(today.AddDate(0, 0, 1)): // it falls on a day off
				line.Text, line.Args = "notice.morning."+o.kind+"last", []string{o.title, lang.Date(o.due)}
			case left == 0:
				line.Text, line.Args = "notice.morning."+o.kind+"today", []string{o.title, lang.Date(o.due)}
			case left < 0:
				line.Text, line.Args = "notice.morning."+o.kind+"late", []string{o.title, lang.Date(o.due)}
				roles = ofUnit
			}
			to, err := a.Accounts.Holders(ctx, q, roles, []string{o.unit}, "", now)
			if err != nil {
				return nil, err
			}
			for _, account := range to {
				lines[account] = append(lines[account], line)
			}
		}
		var all []notice.Message
		for _, account := range slices.Sorted(maps.Keys(lines)) {
			all = append(all, notice.Message{Name: "morning:" + isoDay(today), Kind: "morning", Accounts: []string{account}, Lines: lines[account]})
		}
		return all, nil
	})
	if err == nil {
		a.reminded = today
	}
	return err
}

// owed is all that units still owe: shares of tasks, sheets and registrations to hand
// in, tables to score.
func (a *App) owed(ctx context.Context) ([]owedByUnit, error) {
	tasks, err := a.Tasks.AllOpen(ctx)
	if err != nil {
		return nil, err
	}
	codes := map[string]string{}
	var all []owedByUnit
	for _, t := range tasks {
		if codes[t.ClusterID] == "" {
			c, err := a.Clusters.ByID(ctx, t.ClusterID)
			if err != nil {
				return nil, err
			}
			codes[t.ClusterID] = c.Code
		}
		for _, p := range t.Parts {
			if p.Owes() {
				all = append(all, owedByUnit{"", p.UnitID, t.Title, "/nhiem-vu/" + codes[t.ClusterID] + "/" + t.ID, t.Due})
			}
		}
	}
	sheets, err := a.Emulation.NotHandedIn(ctx)
	if err != nil {
		return nil, err
	}
	for _, s := range sheets {
		all = append(all, owedByUnit{"sheet.", s.UnitID, s.Period.Name, "/viec/phieu/" + s.SheetID, s.Period.Due})
	}
	targets, err := a.Emulation.OwedTargets(ctx, "")
	if err != nil {
		return nil, err
	}
	for _, o := range targets {
		all = append(all, owedByUnit{"target.", o.UnitID, o.Period.Name, "/viec/phieu/" + o.SheetID + "/dang-ky", o.Period.Due})
	}
	crosses, err := a.Emulation.OwedCrosses(ctx, "")
	if err != nil {
		return nil, err
	}
	for _, o := range crosses {
		if o.Ready {
			all = append(all, owedByUnit{"cross.", o.Cross.Scorer, o.Period.Name, "/viec/cham-cheo/" + o.Cross.ID, o.Draw.Due})
		}
	}
	return all, nil
}

// sendMail hands over what is to be mailed, where a server is set.
func (a *App) sendMail(ctx context.Context) error {
	if a.mailer == nil {
		return nil
	}
	return a.Notices.Send(ctx, a.mailer)
}

// tellMoved gives what a late change of the calendar or of a rule has moved its new
// day, and tells those concerned.
func (a *App) tellMoved(ctx context.Context, tx *ledger.Tx, moved []legal.Move) error {
	for _, m := range moved {
		if m.Room == emulation.RegisterRoom {
			if err := a.tellRegistrationMoved(ctx, tx, m); err != nil {
				return err
			}
			continue
		}
		if m.Room != emulation.AppealRoom {
			return fmt.Errorf("a deadline of %s moved, and nobody keeps it", m.Room)
		}
		p, err := a.Emulation.MoveAppealTx(ctx, tx, m.Object, m.Due)
		if err != nil {
			return err
		}
		to, err := a.Accounts.Holders(ctx, tx, append(slices.Clone(ofUnit), ofSecretariat...), []string{p.UnitID}, p.Period.ClusterID, tx.At())
		if err != nil {
			return err
		}
		if err := a.tell(ctx, tx, policy.Actor{}, "legal", to, notice.Line{Text: "notice.legal.moved", Args: []string{p.Line(), lang.Date(m.Was.Add(-1)), lang.Date(m.Due.Add(-1))}, To: "/viec/phieu/" + p.SheetID + "/tieu-chi"}); err != nil {
			return err
		}
	}
	return nil
}

func (a *App) tellRegistrationMoved(ctx context.Context, tx *ledger.Tx, m legal.Move) error {
	r, p, err := a.Emulation.MoveRegistrationTx(ctx, tx, m.Object)
	if err != nil {
		return err
	}
	to, err := a.Accounts.Holders(ctx, tx, append(slices.Clone(ofUnit), ofSecretariat...), []string{r.UnitID}, p.ClusterID, tx.At())
	if err != nil {
		return err
	}
	sheet, err := a.Emulation.SheetIDTx(ctx, tx, p.ID, r.UnitID)
	if err != nil {
		return err
	}
	return a.tell(ctx, tx, policy.Actor{}, "legal", to, notice.Line{Text: "notice.legal.registration", Args: []string{p.Name, lang.Date(m.Was.Add(-1)), lang.Date(m.Due.Add(-1))}, To: "/viec/phieu/" + sheet + "/dang-ky"})
}
