package app

import (
	"context"
	"slices"

	"dongthuan/internal/cluster"
	"dongthuan/internal/conference"
	"dongthuan/internal/evidence"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
	"dongthuan/internal/news"
	"dongthuan/internal/notice"
	"dongthuan/internal/policy"
	"dongthuan/internal/task"
	"dongthuan/internal/web"
)

// What conferences need of other rooms, and those of them.

// taskOfConclusion sets the task that a conclusion becomes.
func (a *App) taskOfConclusion(ctx context.Context, tx *ledger.Tx, actor policy.Actor, clusterID string, d conference.TaskDraft) (string, error) {
	if err := policy.May(actor, policy.TaskManage, policy.Object{Cluster: clusterID}); err != nil {
		return "", err
	}
	t, err := a.Tasks.CreateTx(ctx, tx, actor, clusterID, task.Draft{Title: d.Title, Product: d.Product, Source: d.Source, Due: d.Due, Leads: d.Leads, With: d.With})
	return t.ID, err
}

// tasksOfConclusions says what became of them.
func (a *App) tasksOfConclusions(ctx context.Context, clusterID string, ids []string) (map[string]conference.TaskState, error) {
	c, err := a.Clusters.ByID(ctx, clusterID)
	if err != nil {
		return nil, err
	}
	all, err := a.Tasks.Some(ctx, clusterID, ids)
	if err != nil {
		return nil, err
	}
	states := map[string]conference.TaskState{}
	now := a.Now()
	for _, t := range all {
		done, of := t.Ticked()
		states[t.ID] = conference.TaskState{Number: t.Number, Title: t.Title, Product: t.Product, Leads: t.Leads, With: t.With, State: string(t.State), Late: t.Late(now), Done: done, All: of, Due: t.Due, Path: "/nhiem-vu/" + c.Code + "/" + t.ID}
	}
	return states, nil
}

// openTasks are the tasks of a cluster that a conclusion can be tied to.
func (a *App) openTasks(ctx context.Context, actor policy.Actor, clusterID string) ([]conference.TaskChoice, error) {
	all, err := a.Tasks.List(ctx, actor, clusterID)
	var some []conference.TaskChoice
	for _, t := range all {
		if t.State == task.Open {
			some = append(some, conference.TaskChoice{ID: t.ID, Words: lang.Figure("vi", t.Number*lang.Unit) + ". " + t.Title})
		}
	}
	return some, err
}

// sourceOfTask names the conclusion that a task came from, on the task's page.
func (a *App) sourceOfTask(ctx context.Context, id string) (task.Link, error) {
	c, x, ok, err := a.Conferences.OfTask(ctx, id)
	if err != nil || !ok {
		return task.Link{}, err
	}
	return task.Link{To: c.Work() + "/ket-luan#k-" + x.ID, Words: x.Body, Hint: c.Title + ", " + lang.Date(c.Starts)}, nil
}

func (a *App) newsOfConference(ctx context.Context, tx *ledger.Tx, actor policy.Actor, title, lead, body string, photos []evidence.Item) (string, error) {
	return a.News.Draft(ctx, tx, actor, news.Draft{Category: "CÔNG TÁC ĐẢNG", Title: title, Lead: lead, Body: body, Byline: actor.Office}, photos...)
}

// tellConference tells units what was published and what they are asked for, and the
// secretariat what was handed in.
func (a *App) tellConference(ctx context.Context, tx *ledger.Tx, e conference.Event) error {
	c := e.Conference
	line := notice.Line{Text: "notice.conference." + e.Kind, Args: []string{c.Title}, To: c.Address()}
	roles, units, clusterID := ofUnit, e.Units, ""
	switch e.Kind {
	case "programme", "changed":
		line.Args = append(line.Args, lang.Figure("vi", c.Published*lang.Unit), e.Words)
	case "paper.asked":
		line.To, line.Args = "/viec/tham-luan/"+e.Paper.ID, append(line.Args, lang.Moment(e.Paper.Due))
	case "paper.handed":
		u, err := a.Units.Get(ctx, e.Paper.UnitID, tx.At())
		if err != nil {
			return err
		}
		line.To, line.Args = "/viec/tham-luan/"+e.Paper.ID, []string{u.FullName(), e.Paper.Title}
		roles, units, clusterID = ofSecretariat, nil, c.ClusterID
	default:
		line.To, line.Args = "/viec/tham-luan/"+e.Paper.ID, []string{e.Paper.Title, e.Words}
	}
	to, err := a.Accounts.Holders(ctx, tx, roles, units, clusterID, tx.At())
	if err != nil {
		return err
	}
	return a.tell(ctx, tx, e.By, "conference", to, line)
}

// paperDuties are the papers that the actor's units still have to hand in, and those that
// wait for the secretariat.
func (a *App) paperDuties(ctx context.Context, b web.Base) ([]task.Duty, error) {
	var all []task.Duty
	add := func(p conference.Paper, kind, title string) error {
		u, err := a.Units.Get(ctx, p.UnitID, b.Now)
		if err != nil {
			return err
		}
		all = append(all, task.Duty{Title: title, Where: u.FullName(), To: "/viec/tham-luan/" + p.ID, Due: p.Due, State: b.Words("conference.paper.state." + string(p.State)), Kind: kind, Note: p.Remark})
		return nil
	}
	for _, unitID := range unitsOf(b.Actor, policy.PaperWrite) {
		owed, err := a.Conferences.OwedPapers(ctx, unitID)
		if err != nil {
			return nil, err
		}
		for _, p := range owed {
			kind := "plain"
			if p.State == conference.Returned {
				kind = "bad"
			}
			if err := add(p, kind, b.Words("conference.duty.paper")); err != nil {
				return nil, err
			}
		}
	}
	for _, id := range b.Actor.Clusters() {
		if policy.May(b.Actor, policy.ConferenceManage, policy.Object{Cluster: id}) != nil {
			continue
		}
		handed, err := a.Conferences.HandedPapers(ctx, id)
		if err != nil {
			return nil, err
		}
		for _, p := range handed {
			if err := add(p, "wait", b.Words("conference.duty.decide")+": "+p.Title); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// conferenceDesks are the conferences that the actor's clusters prepare or hold.
func (a *App) conferenceDesks(ctx context.Context, b web.Base) ([]task.Link, error) {
	all, err := a.Conferences.All(ctx)
	if err != nil {
		return nil, err
	}
	var links []task.Link
	for _, c := range slices.Backward(all) {
		if c.State == conference.Closed || a.Conferences.MayRead(ctx, b.Actor, c.ClusterID, c.Starts) != nil {
			continue
		}
		links = append(links, task.Link{To: c.Work(), Words: c.Title, Hint: lang.Date(c.Starts) + " · " + b.Words("conference.state."+string(c.State))})
	}
	if len(all) > 0 || len(b.Actor.Clusters()) > 0 {
		links = append(links, task.Link{To: "/viec/hoi-nghi", Words: b.Words("conference.own")})
	}
	return links, nil
}

type apiConference struct {
	Code    string `json:"code"`
	Title   string `json:"title"`
	Theme   string `json:"theme,omitempty"`
	Cluster string `json:"cluster"`
	State   string `json:"state" enum:"preparing,live,closed"`
	Place   string `json:"place"`
	Starts  string `json:"starts"`
	Version int64  `json:"programme_version"`
	Minutes string `json:"minutes,omitempty" doc:"Address of the signed minutes, where they are public."`
	Archive string `json:"archive,omitempty" doc:"Address of the archive, where it is public."`
	URL     string `json:"url"`
	Receipt string `json:"receipt,omitempty" doc:"Code of the newest receipt: /r/CODE."`
}

func (a *App) apiConferences(ctx context.Context, _ *struct{}) (*answer[[]apiConference], error) {
	all, err := a.Conferences.All(ctx)
	if err != nil {
		return nil, problem(err)
	}
	out := []apiConference{}
	clusters := map[string]cluster.Cluster{}
	for _, c := range all {
		if !c.Shown() {
			continue
		}
		if _, ok := clusters[c.ClusterID]; !ok {
			if clusters[c.ClusterID], err = a.Clusters.ByID(ctx, c.ClusterID); err != nil {
				return nil, problem(err)
			}
		}
		x := apiConference{Code: c.Code, Title: c.Title, Theme: c.Theme, Cluster: clusters[c.ClusterID].Code, State: string(c.State), Place: c.KnownPlace, Starts: c.KnownStarts.In(lang.Vietnam).Format("2006-01-02T15:04:05-07:00"), Version: c.Published, URL: c.Address()}
		if c.PublicMinutes() {
			x.Minutes, x.Archive = c.Address()+"/bien-ban.docx", c.Address()+"/ho-so.zip"
		}
		if x.Receipt, err = a.receipt(ctx, c.ID, ledger.ConferencePublished, ledger.ConferenceOpened, ledger.ConferenceClosed, ledger.MinutesSigned); err != nil {
			return nil, problem(err)
		}
		out = append(out, x)
	}
	return &answer[[]apiConference]{out}, nil
}
