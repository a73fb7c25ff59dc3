package app

import (
	"context"
	"iter"
	"net/http"
	"slices"
	"strings"
	"time"

	"dongthuan/internal/account"
	"dongthuan/internal/cluster"
	"dongthuan/internal/emulation"
	"dongthuan/internal/fault"
	"dongthuan/internal/indicator"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
	"dongthuan/internal/news"
	"dongthuan/internal/policy"
	"dongthuan/internal/report"
	"dongthuan/internal/score"
	"dongthuan/internal/search"
	"dongthuan/internal/task"
	"dongthuan/internal/unit"
	"dongthuan/internal/web"
)

// What one room needs of another is handed over here, so that no room imports
// another.

// frozen hands what emulation has frozen of a period to the report.
func (a *App) frozen(ctx context.Context, p cluster.Period) (report.Source, error) {
	src := report.Source{Period: p}
	var err error
	if src.Cluster, err = a.Clusters.ByID(ctx, p.ClusterID); err != nil {
		return src, err
	}
	src.Path = emulation.PeriodPath(src.Cluster, p)
	c, standings, err := a.Emulation.Frozen(ctx, p)
	if err != nil {
		return src, err
	}
	for _, in := range c.Inputs {
		src.Indicators = append(src.Indicators, report.Indicator{Code: in.Indicator, Label: in.Label, UnitLabel: in.UnitLabel})
	}
	for _, g := range c.Groups {
		src.Groups = append(src.Groups, report.Group{Code: g.Code, Name: g.Name, Max: g.Max})
		for _, cr := range g.Criteria {
			rc := report.Criterion{Group: g.Code, Code: cr.Code, Name: cr.Name}
			needs := cr.Rule.Inputs()
			rc.Ratio = len(needs) == 2 && needs[0].Role == score.RoleNumerator && needs[1].Role == score.RoleDenominator
			for _, in := range cr.Inputs {
				rc.Inputs = append(rc.Inputs, in.Indicator)
			}
			src.Criteria = append(src.Criteria, rc)
		}
	}
	names, codes, err := a.Emulation.Names(ctx, p)
	if err != nil {
		return src, err
	}
	last, values, err := a.Emulation.LastFigures(ctx, p)
	if err != nil {
		return src, err
	}
	src.LastName = last.Name
	for _, st := range standings {
		u := report.Unit{ID: st.Sheet.UnitID, Code: codes[st.Sheet.UnitID], Name: names[st.Sheet.UnitID].FullName(), Values: map[string]int64{}, Last: values[st.Sheet.UnitID],
			HandedIn: !st.Sheet.SubmittedAt.IsZero(), Rank: st.Rank, Base: st.Total.Base, Bonus: st.Total.Bonus, Deduction: st.Total.Deduction, Total: st.Total.Points, Class: st.Class,
			Paragraphs: map[string]string{}}
		for code, f := range st.Sheet.Figures {
			if f.Value != nil {
				u.Values[code] = *f.Value
			}
		}
		for _, g := range st.Total.Groups {
			u.Groups = append(u.Groups, g.Points)
		}
		for section, text := range st.Sheet.Paragraphs {
			u.Paragraphs[section] = text.Body
		}
		src.Units = append(src.Units, u)
	}
	return src, nil
}

// reportOf gives emulation the address of a period's published report.
func (a *App) reportOf(ctx context.Context, periodID string) (to, title string, err error) {
	r, ok, err := a.Reports.OfPeriod(ctx, periodID)
	if err != nil || !ok || r.State != report.Published {
		return "", "", err
	}
	return "/bao-cao/" + r.Slug, r.Title + " " + r.Abstract, nil
}

func (a *App) clusterReports(ctx context.Context, clusterID string) ([]cluster.Link, error) {
	all, err := a.Reports.List(ctx, clusterID)
	var links []cluster.Link
	for _, r := range all {
		links = append(links, cluster.Link{To: "/bao-cao/" + r.Slug, Words: r.Title + " " + r.Abstract})
	}
	return links, err
}

// topPlaces is the first three places of a published period.
func (a *App) topPlaces(ctx context.Context, periodID string) ([]cluster.Place, error) {
	p, err := a.Clusters.PeriodByID(ctx, nil, periodID)
	if err != nil {
		return nil, err
	}
	ranking, _, err := a.Emulation.Published(ctx, p)
	if fault.KindOf(err) == fault.NotFound {
		return nil, nil
	}
	var top []cluster.Place
	for _, row := range ranking.Rows {
		if len(top) == 3 {
			break
		}
		top = append(top, cluster.Place{Rank: row.Rank, Code: row.Unit, Unit: row.Name, Total: row.Total, Class: row.Class})
	}
	return top, err
}

// unitFigures is what a unit's page shows of its published figures: points and
// places by period.
func (a *App) unitFigures(ctx context.Context, unitID string) ([]unit.Figure, error) {
	periods, err := a.publishedPeriodsOf(ctx, unitID)
	if err != nil {
		return nil, err
	}
	var all []unit.Figure
	for _, pp := range periods {
		ranking, _, err := a.Emulation.Published(ctx, pp.period)
		if err != nil {
			if fault.KindOf(err) == fault.NotFound {
				continue
			}
			return nil, err
		}
		for _, row := range ranking.Rows {
			if row.UnitID == unitID {
				to := emulation.PeriodPath(pp.cluster, pp.period) + "/don-vi/" + row.Unit
				all = append(all, unit.Figure{Period: pp.period.Name, Label: "Tổng điểm thi đua, hạng " + lang.Figure("vi", int64(row.Rank)*lang.Unit), Value: lang.PointsFixed("vi", row.Total), To: to})
			}
		}
		figures, err := a.Emulation.UnitFigures(ctx, pp.period, unitID)
		if err != nil {
			return nil, err
		}
		for _, f := range figures {
			all = append(all, unit.Figure{Period: pp.period.Name, Label: f.Label, Value: lang.Figure("vi", f.Value) + " " + f.UnitLabel, To: f.To})
		}
	}
	return all, nil
}

type periodOf struct {
	cluster cluster.Cluster
	period  cluster.Period
}

func (a *App) publishedPeriodsOf(ctx context.Context, unitID string) ([]periodOf, error) {
	terms, err := a.Clusters.TermsOf(ctx, unitID)
	if err != nil {
		return nil, err
	}
	var all []periodOf
	seen := map[string]bool{}
	for _, m := range terms {
		if seen[m.ClusterID] {
			continue
		}
		seen[m.ClusterID] = true
		c, err := a.Clusters.ByID(ctx, m.ClusterID)
		if err != nil {
			return nil, err
		}
		periods, err := a.Clusters.Periods(ctx, m.ClusterID)
		if err != nil {
			return nil, err
		}
		for _, p := range periods {
			if p.State == cluster.Published {
				all = append(all, periodOf{c, p})
			}
		}
	}
	return all, nil
}

func (a *App) unitClusters(ctx context.Context, unitID string) ([]unit.Membership, error) {
	terms, err := a.Clusters.TermsOf(ctx, unitID)
	var all []unit.Membership
	for _, m := range terms {
		c, err := a.Clusters.ByID(ctx, m.ClusterID)
		if err != nil {
			return nil, err
		}
		all = append(all, unit.Membership{Cluster: c.Name, Code: m.Code, Role: "cluster.role." + string(m.Role), From: m.From, To: m.To, URL: "/thi-dua/" + c.Code})
	}
	return all, err
}

// series is an indicator's published figures over the periods of all clusters.
func (a *App) series(ctx context.Context, code string) ([]indicator.Point, error) {
	clusters, err := a.Clusters.List(ctx)
	if err != nil {
		return nil, err
	}
	var all []indicator.Point
	for _, c := range clusters {
		periods, err := a.Clusters.Periods(ctx, c.ID)
		if err != nil {
			return nil, err
		}
		for _, p := range periods {
			if p.State != cluster.Published {
				continue
			}
			points, err := a.Emulation.Series(ctx, c, p, code)
			if err != nil {
				return nil, err
			}
			all = append(all, points...)
		}
	}
	return all, nil
}

func (a *App) draftNews(ctx context.Context, actor policy.Actor, title, lead, body string) (string, ledger.Ack, error) {
	var id string
	ack, err := a.Book.Write(ctx, func(tx *ledger.Tx) (err error) {
		id, err = a.News.Draft(ctx, tx, actor, news.Draft{Category: "CÔNG TÁC ĐẢNG", Title: title, Lead: lead, Body: body, Byline: actor.Office})
		return err
	})
	return "/viec/tin/" + id, ack, err
}

// unitPlaces and clusterPlaces name what roles are held over.
func (a *App) unitPlaces(ctx context.Context) ([]account.Place, error) {
	clusters, err := a.Clusters.List(ctx)
	if err != nil {
		return nil, err
	}
	var all []account.Place
	seen := map[string]bool{}
	for _, c := range clusters {
		if c.Closed {
			continue
		}
		members, err := a.Clusters.Members(ctx, c.ID, a.Now())
		if err != nil {
			return nil, err
		}
		for _, m := range members {
			if seen[m.UnitID] {
				continue
			}
			seen[m.UnitID] = true
			u, err := a.Units.Get(ctx, m.UnitID, a.Now())
			if err != nil {
				return nil, err
			}
			all = append(all, account.Place{ID: u.ID, Name: m.Code + " " + u.FullName()})
		}
	}
	return all, nil
}

func (a *App) clusterPlaces(ctx context.Context) ([]account.Place, error) {
	clusters, err := a.Clusters.List(ctx)
	var all []account.Place
	for _, c := range clusters {
		all = append(all, account.Place{ID: c.ID, Name: c.Name})
	}
	return all, err
}

// sheetDuties are the sheets the actor's units have to hand in.
func (a *App) sheetDuties(ctx context.Context, b web.Base) ([]task.Duty, error) {
	owed, err := a.Emulation.Owed(ctx, b.Actor)
	if err != nil {
		return nil, err
	}
	var all []task.Duty
	for _, o := range owed {
		u, err := a.Units.Get(ctx, o.UnitID, b.Now)
		if err != nil {
			return nil, err
		}
		d := task.Duty{Title: b.Words("task.sheet", o.Period.Name), Where: u.FullName() + " · " + o.Cluster.Name, To: "/viec/phieu/" + o.SheetID, Due: o.Period.Due,
			State: b.Words("emulation.state." + string(o.State)), Kind: "plain", Have: o.Have, Want: o.Want}
		switch o.State {
		case emulation.Returned:
			d.Kind, d.Note = "bad", b.Words("emulation.returned")+" "+o.Reason
		case emulation.Submitted:
			d.Kind, d.Closed = "wait", true
		case emulation.Verified:
			d.Kind, d.Closed = "ok", true
		}
		all = append(all, d)
	}
	return all, nil
}

// taskDuties are the key tasks of which the actor's units owe a share.
func (a *App) taskDuties(ctx context.Context, b web.Base) ([]task.Duty, error) {
	var units []string
	for _, u := range b.Actor.Units() {
		if policy.May(b.Actor, policy.TaskDo, policy.Object{Unit: u}) == nil {
			units = append(units, u)
		}
	}
	owed, err := a.Tasks.Owed(ctx, units...)
	if err != nil || len(owed) == 0 {
		return nil, err
	}
	names, err := a.Units.GetMany(ctx, units, b.Now)
	if err != nil {
		return nil, err
	}
	clusters := map[string]cluster.Cluster{}
	var all []task.Duty
	for _, t := range owed {
		c, ok := clusters[t.ClusterID]
		if !ok {
			if c, err = a.Clusters.ByID(ctx, t.ClusterID); err != nil {
				return nil, err
			}
			clusters[t.ClusterID] = c
		}
		for _, u := range units {
			p, ok := t.Part(u)
			if !ok || !p.Owes() {
				continue
			}
			d := task.Duty{Title: t.Title, Where: names[u].FullName() + " · " + b.Words("task.role."+string(p.Role)) + " · " + c.Name, To: "/nhiem-vu/" + c.Code + "/" + t.ID, Due: t.End(), Day: true,
				State: b.Words("task.key", t.Number), Kind: "wait"}
			if t.Late(b.Now) {
				d.Kind, d.State = "bad", b.Words("task.state.late")
			}
			if !p.AskedAt.IsZero() {
				d.Note = b.Words("task.asked.words", lang.Moment(p.AskedAt))
			}
			all = append(all, d)
		}
	}
	return all, nil
}

// appealDuties are the appeals that the actor's cluster has to answer.
func (a *App) appealDuties(ctx context.Context, b web.Base) ([]task.Duty, error) {
	var all []task.Duty
	for _, id := range b.Actor.Clusters() {
		if policy.May(b.Actor, policy.SheetVerify, policy.Object{Cluster: id}) != nil {
			continue
		}
		pending, err := a.Emulation.PendingAppeals(ctx, id)
		if err != nil {
			return nil, err
		}
		for _, p := range pending {
			u, err := a.Units.Get(ctx, p.UnitID, b.Now)
			if err != nil {
				return nil, err
			}
			d := task.Duty{Title: b.Words("emulation.appeal.duty", u.FullName()), Where: p.Period.Name, To: "/viec/phieu/" + p.SheetID + "/tieu-chi#kn-" + p.ID, Due: p.Due, Day: true, State: b.Words("emulation.appeal.state.open"), Kind: "wait", Note: p.Reason}
			if p.Late(b.Now) {
				d.Kind, d.State = "bad", b.Words("emulation.appeal.late")
			}
			all = append(all, d)
		}
	}
	return all, nil
}

// workdaysLeft counts the working days from one moment to another.
func (a *App) workdaysLeft(ctx context.Context, from, to time.Time) (int, error) {
	c, err := a.Legal.Calendar(ctx, nil)
	if err != nil {
		return 0, err
	}
	return c.Between(from, to), nil
}

// desks are the places the actor's roles work at.
func (a *App) desks(ctx context.Context, b web.Base) ([]task.Link, error) {
	links, err := a.conferenceDesks(ctx, b)
	if err != nil {
		return nil, err
	}
	for _, id := range b.Actor.Clusters() {
		if policy.May(b.Actor, policy.PeriodFollow, policy.Object{Cluster: id}) != nil {
			continue
		}
		c, err := a.Clusters.ByID(ctx, id)
		if err != nil {
			return nil, err
		}
		periods, err := a.Clusters.Periods(ctx, id)
		if err != nil {
			return nil, err
		}
		links = append(links, task.Link{To: "/nhiem-vu/" + c.Code, Words: b.Words("task.desk", c.Name)})
		for _, p := range periods {
			links = append(links, task.Link{To: "/viec/ky/" + p.ID, Words: b.Words("task.period", p.Name), Hint: c.Name + " · " + b.Words("cluster.state."+string(p.State))})
		}
		if policy.May(b.Actor, policy.PeriodManage, policy.Object{Cluster: id}) == nil {
			links = append(links, task.Link{To: "/viec/cum/" + c.Code + "/ky-moi", Words: b.Words("task.newperiod", c.Name)})
		}
	}
	for _, id := range b.Actor.Units() {
		sheets, err := a.Emulation.SheetsOf(ctx, id)
		if err != nil {
			return nil, err
		}
		terms, err := a.Clusters.TermsOf(ctx, id)
		if err != nil {
			return nil, err
		}
		for _, m := range terms {
			if !m.On(b.Now) {
				continue
			}
			c, err := a.Clusters.ByID(ctx, m.ClusterID)
			if err != nil {
				return nil, err
			}
			links = append(links, task.Link{To: "/nhiem-vu/" + c.Code, Words: b.Words("task.desk", c.Name)})
		}
		for _, s := range sheets {
			links = append(links, task.Link{To: "/viec/phieu/" + s.SheetID, Words: b.Words("task.sheets", s.Period.Name), Hint: b.Words("emulation.state." + string(s.State))})
		}
	}
	if b.Actor.Has(policy.Editor) {
		links = append(links, task.Link{To: "/viec/tin", Words: b.Words("task.news")})
	}
	if b.Actor.Has(policy.Operator) {
		links = append(links, task.Link{To: "/quan-tri", Words: b.Words("task.manage")})
	}
	return links, nil
}

// The three rooms below put what they publish into the search, in the transaction
// that publishes it.

func (a *App) indexCriteria(ctx context.Context, tx *ledger.Tx, p cluster.Period, c emulation.Criteria) error {
	cl, err := a.Clusters.ByID(ctx, p.ClusterID)
	if err != nil {
		return err
	}
	for _, cr := range c.All() {
		if err := search.Put(ctx, tx, search.Doc{Kind: "criteria", Ref: p.ID + ":" + cr.Code, Title: cr.Code + " " + cr.Name, Body: cr.Definition + " " + p.Name + " " + cl.Name,
			URL: emulation.PeriodPath(cl, p) + "/tieu-chi", At: tx.At()}); err != nil {
			return err
		}
	}
	return nil
}

func (a *App) indexReport(ctx context.Context, tx *ledger.Tx, r report.Report, c report.Compiled) error {
	var b strings.Builder
	for _, part := range c.Parts {
		for _, p := range part.Paragraphs {
			for _, piece := range p.Pieces {
				b.WriteString(piece.Text)
			}
			b.WriteByte('\n')
		}
	}
	return search.Put(ctx, tx, search.Doc{Kind: "report", Ref: r.ID, Title: c.Title + " " + c.Abstract, Body: b.String(), URL: "/bao-cao/" + r.Slug, At: tx.At()})
}

func (a *App) indexNews(ctx context.Context, tx *ledger.Tx, d news.SearchDoc) error {
	if d.Gone {
		return search.Remove(ctx, tx, "news", d.Ref)
	}
	return search.Put(ctx, tx, search.Doc{Kind: "news", Ref: d.Ref, Title: d.Title, Body: d.Body, URL: d.URL, At: d.At})
}

// indexUnitList puts units into the search.
func (a *App) indexUnitList(ctx context.Context, tx *ledger.Tx, units iter.Seq[unit.Unit]) error {
	var docs []search.Doc
	for u := range units {
		docs = append(docs, search.Doc{Kind: "unit", Ref: u.ID, Title: u.FullName(), Body: u.Code, URL: u.Address(), At: u.From})
	}
	return search.PutMany(ctx, tx, docs)
}

// isoDay is a day as the API and files write it, "" for none.
func isoDay(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(lang.Vietnam).Format("2006-01-02")
}

// actor is who sends a request, with the rights that follow from terms: the leaders of
// the unit that leads a cluster, or is its deputy, act as such for exactly the term, and
// afterwards go on reading what belongs to it.
func (a *App) actor(r *http.Request) (policy.Actor, error) {
	actor, err := a.Accounts.Actor(r)
	if err != nil {
		return actor, err
	}
	return a.withTerms(r.Context(), actor)
}

// accountActor is an account as it may act now, nobody where it is disabled.
func (a *App) accountActor(ctx context.Context, id string) (policy.Actor, error) {
	account, err := a.Accounts.Get(ctx, id)
	if err != nil || !account.Disabled.IsZero() {
		return policy.Actor{}, err
	}
	return a.withTerms(ctx, account.Actor(a.Now(), false))
}

func (a *App) withTerms(ctx context.Context, actor policy.Actor) (policy.Actor, error) {
	if !actor.Has(policy.Leader) {
		return actor, nil
	}
	held := slices.Clone(actor.Holds)
	for _, m := range actor.Holds {
		if m.Role != policy.Leader {
			continue
		}
		terms, err := a.Clusters.TermsOf(ctx, m.Unit)
		if err != nil {
			return actor, err
		}
		for _, t := range terms {
			role := map[cluster.Role]policy.Role{cluster.Lead: policy.Lead, cluster.Deputy: policy.Deputy}[t.Role]
			more := policy.Membership{Role: role, Cluster: t.ClusterID}
			if role != "" && !t.To.IsZero() && !a.Now().Before(t.To) {
				more = policy.Membership{Role: policy.Former, Cluster: t.ClusterID, From: t.From, To: t.To}
			} else if role == "" || !t.On(a.Now()) {
				continue
			}
			if !slices.Contains(held, more) {
				held = append(held, more)
			}
		}
	}
	actor.Holds = held
	return actor, nil
}
