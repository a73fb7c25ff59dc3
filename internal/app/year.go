package app

import (
	"context"
	"slices"
	"strings"

	"dongthuan/internal/cluster"
	"dongthuan/internal/commendation"
	"dongthuan/internal/emulation"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
	"dongthuan/internal/notice"
	"dongthuan/internal/policy"
	"dongthuan/internal/task"
	"dongthuan/internal/web"
)

// What registrations and cross-scoring of the year say to people, and what they owe.

// tellCross tells units of cross-scoring: scorers what they have to mark, all when it
// is closed. No unit learns who marks it.
func (a *App) tellCross(ctx context.Context, tx *ledger.Tx, e emulation.CrossEvent) error {
	line := notice.Line{Text: "notice.cross." + e.Kind, Args: []string{e.Period.Name}, To: "/viec"}
	if e.Kind != "closed" {
		line.Args = append(line.Args, lang.Moment(e.Due))
	}
	to, err := a.Accounts.Holders(ctx, tx, ofUnit, e.Units, "", tx.At())
	if err != nil {
		return err
	}
	return a.tell(ctx, tx, e.By, "sheet", to, line)
}

// tellTarget tells units of registrations and the covenant, and the secretariat what
// a unit sent.
func (a *App) tellTarget(ctx context.Context, tx *ledger.Tx, e emulation.TargetEvent) error {
	line := notice.Line{Text: "notice.target." + e.Kind, Args: []string{e.Period.Name}, To: "/viec"}
	roles, units, cluster := ofUnit, e.Units, ""
	switch e.Kind {
	case "called":
		line.Args = append(line.Args, lang.Moment(e.Due))
	case "signed":
		c, err := a.Clusters.ByID(ctx, e.Period.ClusterID)
		if err != nil {
			return err
		}
		line.To = emulation.PeriodPath(c, e.Period) + "/giao-uoc"
	default:
		sheet, err := a.Emulation.SheetIDTx(ctx, tx, e.Period.ID, e.Units[0])
		if err != nil {
			return err
		}
		line.To = "/viec/phieu/" + sheet + "/dang-ky"
		if e.Kind == "sent" {
			u, err := a.Units.Get(ctx, e.Units[0], tx.At())
			if err != nil {
				return err
			}
			line.Args = []string{u.FullName(), e.Period.Name}
			roles, units, cluster = ofSecretariat, nil, e.Period.ClusterID
		} else {
			line.Args = append(line.Args, e.Words, e.By.Office)
		}
	}
	to, err := a.Accounts.Holders(ctx, tx, roles, units, cluster, tx.At())
	if err != nil {
		return err
	}
	return a.tell(ctx, tx, e.By, "sheet", to, line)
}

// unitsOf are the units for which the actor may do an action.
func unitsOf(actor policy.Actor, action policy.Action) []string {
	var all []string
	for _, u := range actor.Units() {
		if policy.May(actor, action, policy.Object{Unit: u}) == nil {
			all = append(all, u)
		}
	}
	return all
}

// crossDuties are the scoring tables that the actor's units still have out.
func (a *App) crossDuties(ctx context.Context, b web.Base) ([]task.Duty, error) {
	var all []task.Duty
	for _, unitID := range unitsOf(b.Actor, policy.SheetCross) {
		owed, err := a.Emulation.OwedCrosses(ctx, unitID)
		if err != nil {
			return nil, err
		}
		for _, o := range owed {
			u, err := a.Units.Get(ctx, o.Scored, b.Now)
			if err != nil {
				return nil, err
			}
			d := task.Duty{Title: b.Words("emulation.cross.of", u.FullName()), Where: o.Period.Name, To: "/viec/cham-cheo/" + o.Cross.ID, Due: o.Draw.Due, State: b.Words("emulation.cross.state.open"), Kind: "plain"}
			if !o.Ready {
				d.Closed, d.State, d.Kind = true, b.Words("emulation.cross.waits", 1), "wait"
			}
			all = append(all, d)
		}
	}
	return all, nil
}

// targetDuties are the registrations that the actor's units still have to send, and
// those that wait for the secretariat's answer.
func (a *App) targetDuties(ctx context.Context, b web.Base) ([]task.Duty, error) {
	var all []task.Duty
	for _, unitID := range unitsOf(b.Actor, policy.TargetEdit) {
		owed, err := a.Emulation.OwedTargets(ctx, unitID)
		if err != nil {
			return nil, err
		}
		for _, o := range owed {
			d := task.Duty{Title: b.Words("emulation.targets") + ": " + o.Period.Name, Where: o.Cluster.Name, To: "/viec/phieu/" + o.SheetID + "/dang-ky", Due: o.Period.Due, State: b.Words("emulation.target.state.none"), Kind: "plain", Note: o.Reason}
			if o.State != "" {
				d.State = b.Words("emulation.target.state." + string(o.State))
			}
			if o.State == emulation.Returned {
				d.Kind = "bad"
			}
			all = append(all, d)
		}
	}
	for _, id := range b.Actor.Clusters() {
		if policy.May(b.Actor, policy.TargetDecide, policy.Object{Cluster: id}) != nil {
			continue
		}
		waiting, err := a.Emulation.WaitingTargets(ctx, id)
		if err != nil {
			return nil, err
		}
		for _, o := range waiting {
			u, err := a.Units.Get(ctx, o.UnitID, b.Now)
			if err != nil {
				return nil, err
			}
			all = append(all, task.Duty{Title: b.Words("emulation.target.decide") + ": " + u.FullName(), Where: o.Period.Name, To: "/viec/phieu/" + o.SheetID + "/dang-ky", Due: o.Period.Due, Day: true, State: b.Words("emulation.target.state.sent"), Kind: "wait"})
		}
	}
	return all, nil
}

// commendStandings hands what the units of a period came to, to commendation.
func (a *App) commendStandings(ctx context.Context, p cluster.Period) ([]commendation.Standing, error) {
	c, standings, err := a.Emulation.Current(ctx, p)
	if fault.KindOf(err) == fault.NotFound {
		return nil, nil // no criteria yet
	}
	if err != nil {
		return nil, err
	}
	names, codes, err := a.Emulation.Names(ctx, p)
	if err != nil {
		return nil, err
	}
	_, last, err := a.Emulation.LastFigures(ctx, p)
	if err != nil {
		return nil, err
	}
	before, err := a.classesBefore(ctx, p)
	if err != nil {
		return nil, err
	}
	registered, err := a.Emulation.Accepted(ctx, p.ID)
	if err != nil {
		return nil, err
	}
	medians := make([]int64, len(c.All()))
	for i := range medians {
		if len(standings) == 0 {
			break
		}
		var all []int64
		for _, st := range standings {
			all = append(all, st.Lines[i].Points)
		}
		slices.Sort(all)
		medians[i] = all[len(all)/2]
	}
	var all []commendation.Standing
	for _, st := range standings {
		u := st.Sheet.UnitID
		x := commendation.Standing{UnitID: u, Code: codes[u], Name: names[u].FullName(), SheetID: st.Sheet.ID, Rank: st.Rank, Total: st.Total.Points, Class: st.Class, ClassBefore: before[u], Trial: p.Trial,
			Verified: !st.Sheet.VerifiedAt.IsZero() && (st.Sheet.State == emulation.Verified || st.Sheet.State == emulation.Frozen)}
		for i, l := range st.Lines {
			if l.Mark.Void {
				x.Void = append(x.Void, l.Criterion.Code+" "+l.Criterion.Name+" ("+l.Mark.VoidReason+")")
			}
			if l.Points > medians[i] {
				x.Strengths = append(x.Strengths, l.Criterion.Code+" "+l.Criterion.Name+": "+lang.Points("vi", l.Points)+"/"+lang.Points("vi", l.Criterion.Max)+" điểm")
			}
		}
		for _, in := range c.Inputs {
			v := st.Sheet.Figures[in.Indicator].Value
			if v == nil {
				continue
			}
			f := commendation.Figure{Label: in.Label, Unit: in.UnitLabel, Value: lang.Figure("vi", *v), Last: "–"}
			if old, ok := last[u][in.Indicator]; ok {
				f.Last = lang.Figure("vi", old)
			}
			x.Figures = append(x.Figures, f)
		}
		if r, ok := registered[u]; ok {
			x.Titles, x.Models = strings.Split(r.Titles, "\n"), strings.Split(r.Models, "\n")
		}
		all = append(all, x)
	}
	return all, nil
}

// classesBefore are the classes of the period before by unit, where it was ranked and
// no trial.
func (a *App) classesBefore(ctx context.Context, p cluster.Period) (map[string]string, error) {
	classes := map[string]string{}
	if p.PreviousID == "" {
		return classes, nil
	}
	before, err := a.Clusters.PeriodByID(ctx, nil, p.PreviousID)
	if err != nil || before.Trial || before.State != cluster.Published {
		return classes, err
	}
	ranking, _, err := a.Emulation.Published(ctx, before)
	if err != nil {
		return classes, err
	}
	for _, row := range ranking.Rows {
		classes[row.UnitID] = row.Class
	}
	return classes, nil
}

// tellAwards tells units that they were awarded a title.
func (a *App) tellAwards(ctx context.Context, tx *ledger.Tx, by policy.Actor, p cluster.Period, awards []commendation.Award) error {
	for _, w := range awards {
		to, err := a.Accounts.Holders(ctx, tx, ofUnit, []string{w.UnitID}, "", tx.At())
		if err != nil {
			return err
		}
		if err := a.tell(ctx, tx, by, "sheet", to, notice.Line{Text: "notice.award", Args: []string{w.Name, p.Name}, To: "/khen-thuong/" + w.Code}); err != nil {
			return err
		}
	}
	return nil
}
