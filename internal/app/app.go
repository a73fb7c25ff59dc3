// Package app wires the rooms together. Read it first: it names every part of the
// program and shows which part is given to which.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"time"

	"dongthuan/demo"
	"dongthuan/internal/account"
	"dongthuan/internal/cluster"
	"dongthuan/internal/commendation"
	"dongthuan/internal/conference"
	"dongthuan/internal/conversation"
	"dongthuan/internal/db"
	"dongthuan/internal/document"
	"dongthuan/internal/emulation"
	"dongthuan/internal/evidence"
	"dongthuan/internal/fault"
	"dongthuan/internal/indicator"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
	"dongthuan/internal/legal"
	"dongthuan/internal/live"
	"dongthuan/internal/news"
	"dongthuan/internal/notice"
	"dongthuan/internal/policy"
	"dongthuan/internal/proof"
	"dongthuan/internal/report"
	"dongthuan/internal/search"
	"dongthuan/internal/similar"
	"dongthuan/internal/task"
	"dongthuan/internal/unit"
	"dongthuan/internal/web"
)

// Settings of a running program. doc/operate.md explains each for the operator.
type Settings struct {
	// Files is the folder of evidence on SQLite; beside the database when empty.
	Files string
	// RequireTOTP asks every account for a second factor.
	RequireTOTP bool
	// BehindProxy trusts X-Forwarded-* headers.
	BehindProxy bool
	// Address is the site's own, for feeds and slips; the one asked at when empty.
	Address string
	// Demo marks every page as a demonstration.
	Demo bool
	// Signer opens what signs the ledger; without it a key of this process does, for
	// tests.
	Signer func(context.Context) (ledger.Signer, error)
	// Policy names the witnesses of the ledger, in the form of c2sp.org/tlog-policy;
	// empty for none.
	Policy string
	// MailServer takes notices that go by mail, as notice.OpenMailer reads it, and
	// MailFrom is their sender; empty for none.
	MailServer, MailFrom string
	// Reserve is how many bytes are kept free for signing in and reading when the disk
	// is full; 0 for none. SQLite only.
	Reserve int64
	// Fatal ends the process after a disk that did not keep a write.
	Fatal func(error)
	Log   *slog.Logger
	// Now is the clock of the whole program.
	Now func() time.Time
}

// App is the program: its rooms over one database, and the site that serves them.
type App struct {
	Settings
	DB          *db.DB
	Book        *ledger.Ledger
	Files       *evidence.Store
	Units       *unit.Service
	Clusters    *cluster.Service
	Accounts    *account.Service
	Indicators  *indicator.Service
	Legal       *legal.Service
	Emulation   *emulation.Service
	Reports     *report.Service
	News        *news.Service
	Tasks       *task.Service
	Notices     *notice.Service
	Commend     *commendation.Service
	Conferences *conference.Service
	Live        *live.Hub
	Site        *web.Site

	unitTurn int64            // of the registry, when the search last saw it
	seenBy   map[string]int64 // size that each witness has cosigned last
	mailer   *notice.Mailer   // nil where no mail server is set
	reminded time.Time        // the day whose reminders this process knows to be written
}

// New builds every room over an open database.
func New(ctx context.Context, d *db.DB, set Settings) (*App, error) {
	a := &App{Settings: set, DB: d, seenBy: map[string]int64{}}
	var err error
	book := ledger.Settings{Now: set.Now, Signer: set.Signer, Fatal: set.Fatal, Log: set.Log}
	if d.Path() != "" && set.Reserve > 0 {
		r, err := openReserve(filepath.Join(filepath.Dir(d.Path()), "reserve"), set.Reserve)
		if err != nil {
			return nil, fmt.Errorf("keep room on the disk: %w", err)
		}
		book.Room, book.Full, d.Full = r.Room, r.Full, r.Full
	}
	if a.Book, err = ledger.OpenWith(ctx, d, book); err != nil {
		return nil, err
	}
	if a.Settings.Files == "" && d.Path() != "" {
		a.Settings.Files = filepath.Join(filepath.Dir(d.Path()), "tep")
	}
	if a.Files, err = evidence.New(d, a.Settings.Files, set.Now); err != nil {
		return nil, fmt.Errorf("open the folder of files: %w", err)
	}

	a.Units = unit.New(d, a.Book, set.Now)
	a.Clusters = cluster.New(d, a.Book, set.Now)
	a.Accounts = account.New(d, a.Book, account.Settings{RequireTOTP: set.RequireTOTP}, set.Now)
	a.Indicators = indicator.New(d, a.Book, set.Now)
	a.Legal = legal.New(d, a.Book, set.Now)
	a.Emulation = emulation.New(d, a.Book, a.Clusters, a.Units, a.Indicators, a.Files, a.Legal, set.Now)
	a.Reports = report.New(d, a.Book, a.Clusters, a.frozen, set.Now)
	a.News = news.New(d, a.Book, a.Files, set.Now)
	a.News.Address = set.Address
	a.Tasks = task.New(d, a.Book, a.Clusters, a.Files, set.Now)
	a.Emulation.Index, a.Reports.Index, a.News.Index = a.indexCriteria, a.indexReport, a.indexNews

	a.Commend = commendation.New(d, a.Book, a.Clusters, a.Legal, set.Now)
	a.Commend.Standings, a.Commend.Told = a.commendStandings, a.tellAwards
	a.Conferences = conference.New(d, a.Book, a.Clusters, a.Units, a.Files, set.Now)
	a.Live = live.New(set.Now, set.Log, a.Conferences.State)
	a.Conferences.Hub, a.Conferences.Told = a.Live, a.tellConference
	a.Conferences.MakeTask, a.Conferences.Tasks, a.Conferences.MakeNews = a.taskOfConclusion, a.tasksOfConclusions, a.newsOfConference
	a.Notices = notice.New(d, set.Now)
	a.Tasks.Told, a.Emulation.Told, a.Legal.Moved = a.tellTask, a.tellSheet, a.tellMoved
	a.Emulation.CrossTold, a.Emulation.TargetTold = a.tellCross, a.tellTarget

	if a.unitTurn, err = a.Units.Turn(ctx); err != nil {
		return nil, err
	}
	if err := a.serve(); err != nil {
		return nil, err
	}
	return a, nil
}

// serve builds the site: the words and pages of every room, and its routes.
func (a *App) serve() error {
	text, err := Words()
	if err != nil {
		return err
	}
	a.Site, err = web.New(web.Settings{Log: a.Log, Text: text, Now: a.Now, Actor: a.actor, Book: a.Book, Unread: a.Notices.Unread, Changes: a.Book.Changes, BehindProxy: a.BehindProxy, Demo: a.Demo},
		web.Room{Name: "app", Pages: pagesFS}, web.Room{Name: "account", Pages: account.Pages}, web.Room{Name: "unit", Pages: unit.Pages},
		web.Room{Name: "cluster", Pages: cluster.Pages}, web.Room{Name: "indicator", Pages: indicator.Pages}, web.Room{Name: "emulation", Pages: emulation.Pages},
		web.Room{Name: "report", Pages: report.Pages}, web.Room{Name: "news", Pages: news.Pages}, web.Room{Name: "search", Pages: search.Pages}, web.Room{Name: "task", Pages: task.Pages}, web.Room{Name: "proof", Pages: proof.Pages}, web.Room{Name: "legal", Pages: legal.Pages}, web.Room{Name: "notice", Pages: notice.Pages}, web.Room{Name: "commendation", Pages: commendation.Pages}, web.Room{Name: "conference", Pages: conference.Pages})
	if err != nil {
		return err
	}
	account.Serve(a.Site, a.Accounts, account.Places{Units: a.unitPlaces, Clusters: a.clusterPlaces})
	unit.Serve(a.Site, a.Units, a.unitFigures, a.unitClusters)
	cluster.Serve(a.Site, a.Clusters, cluster.Others{Units: a.Units.GetMany, Reports: a.clusterReports, Find: a.Units.ByCode, Top: a.topPlaces})
	indicator.Serve(a.Site, a.Indicators, a.series)
	emulation.Serve(a.Site, a.Emulation, emulation.Others{Report: a.reportOf, MakeReport: func(id string) string { return "/viec/ky/" + id + "/bao-cao" }, Commend: func(id string) string { return "/viec/ky/" + id + "/khen-thuong" },
		Awarded: func(ctx context.Context, id string) (bool, error) {
			_, ok, err := a.Commend.Of(ctx, id)
			return ok, err
		}})
	commendation.Serve(a.Site, a.Commend, commendation.Others{Unit: a.Units.Get, Font: demo.Font, Address: a.Address, Board: func(id string) string { return "/viec/ky/" + id }})
	conference.Serve(a.Site, a.Conferences, conference.Others{Font: demo.Font, Address: a.Address, Periods: a.Clusters.Periods, OpenTasks: a.openTasks})
	report.Serve(a.Site, a.Reports, report.Others{Draft: a.draftNews})
	news.Serve(a.Site, a.News)
	search.Serve(a.Site, a.DB)
	evidence.Serve(a.Site, a.Files, map[string]func(context.Context, policy.Actor, string) error{emulation.Room: a.Emulation.MayFile, news.RoomName: a.News.MayFile, task.RoomName: a.Tasks.MayFile, conference.RoomName: a.Conferences.MayFile, conference.ListRoom: a.Conferences.MayList})
	if err := proof.Serve(a.Site, a.Book, a.DB, proof.Settings{Policy: a.Policy, Address: a.Address}); err != nil {
		return err
	}
	legal.Serve(a.Site, a.Legal)
	if a.MailServer != "" {
		if a.mailer, err = notice.OpenMailer(a.MailServer, a.MailFrom, a.Address, text); err != nil {
			return err
		}
	}
	notice.Serve(a.Site, a.Notices, a.MailServer != "")
	task.Serve(a.Site, a.Tasks, task.Others{Units: a.Units.GetMany, Desks: a.desks, Left: a.workdaysLeft, Actor: a.accountActor, Source: a.sourceOfTask}, a.sheetDuties, a.taskDuties, a.paperDuties, a.appealDuties, a.targetDuties, a.crossDuties)
	a.serveOwn()
	a.serveAPI()
	return nil
}

// Words is every text of the program.
func Words() (lang.Catalog, error) {
	return lang.Load(lang.Text, web.Text, policy.Text, ledger.Text, proof.Text, document.Text, document.TextXLSX, evidence.Text, search.Text, conversation.Text, similar.Words, account.Text, unit.Text, cluster.Text,
		indicator.Text, emulation.Text, report.Text, news.Text, task.Text, legal.Text, notice.Text, commendation.Text, conference.Text, ownText)
}

// Handler serves the whole site.
func (a *App) Handler() http.Handler { return a.Site }

// Work runs what has to be done by the clock until ctx ends: freezing at the
// announced moment, flushing view counts, the search following the registry.
func (a *App) Work(ctx context.Context) {
	if back, found, err := ledger.Undeclared(ctx, a.DB); err != nil {
		a.Log.ErrorContext(ctx, "look for a recovery that was not declared", "err", err)
	} else if found && a.Book.Frozen() == "" {
		if _, err := a.Book.Declare(ctx, back); err != nil {
			a.Log.ErrorContext(ctx, "declare a recovery", "err", err)
		}
	}
	go a.Live.Listen(ctx, a.DB)
	tick := time.NewTicker(15 * time.Second)
	defer tick.Stop()
	for {
		a.workOnce(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (a *App) workOnce(ctx context.Context) {
	if err := a.Emulation.FreezeDue(ctx); err != nil && ctx.Err() == nil {
		a.Log.ErrorContext(ctx, "freeze periods that are due", "err", err)
	}
	if err := a.followUnits(ctx); err != nil && ctx.Err() == nil {
		a.Log.ErrorContext(ctx, "put changed units into the search", "err", err)
	}
	if err := a.News.FlushViews(ctx); err != nil && ctx.Err() == nil {
		a.Log.ErrorContext(ctx, "flush view counts", "err", err)
	}
	if err := a.askWitnesses(ctx, witnessClient); err != nil && ctx.Err() == nil && fault.KindOf(err) != fault.NotFound {
		a.Log.WarnContext(ctx, "ask the witnesses", "err", err)
	}
	if err := a.remind(ctx); err != nil && ctx.Err() == nil {
		a.Log.ErrorContext(ctx, "write the morning’s reminders", "err", err)
	}
	if err := a.sendMail(ctx); err != nil && ctx.Err() == nil {
		a.Log.WarnContext(ctx, "send mail", "err", err)
	}
	if err := a.Book.ForgetRequests(ctx); err != nil && ctx.Err() == nil {
		a.Log.ErrorContext(ctx, "forget requests long past", "err", err)
	}
	if err := a.Book.Beat(ctx); err != nil && ctx.Err() == nil {
		a.Log.ErrorContext(ctx, "record that the ledger is alive", "err", err)
	}
}

var witnessClient = &http.Client{Timeout: 5 * time.Second}

// Close writes what is still in memory and lets the files go. The database is
// its opener's to close.
func (a *App) Close(ctx context.Context) error {
	a.Live.Close()
	return errors.Join(a.News.FlushViews(ctx), a.Book.Close(), a.Files.Close())
}
