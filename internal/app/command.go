package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/alecthomas/kong"

	"dongthuan/internal/db"
	"dongthuan/internal/fault"
)

// Version is the version built, set by the linker.
var Version = "dev"

// Exit codes: done, refused with a reason in plain words, wrong use.
const (
	exitDone    = 0
	exitRefused = 1
	exitUsage   = 2
	exitLost    = 3 // the disk did not keep a write
)

// Commands are what the program can do. Their help is the manual; each setting
// can also come from the environment.
type Commands struct {
	Database string `default:"dongthuan.db" env:"DATABASE" help:"SQLite file, or the URL of a PostgreSQL database (postgres://…)." placeholder:"FILE|URL"`
	Files    string `env:"FILES" help:"Folder of evidence files; beside the SQLite file when not given." placeholder:"FOLDER"`
	ledgerFlags
	JSON bool `help:"Print what a program can read."`

	Demo    demoCommand    `cmd:"" help:"Serve a demonstration with a database of its own that is gone afterwards."`
	Serve   serveCommand   `cmd:"" help:"Serve the site."`
	Init    initCommand    `cmd:"" help:"Make the database and the first account; its one-time password is printed."`
	User    userCommand    `cmd:"" help:"Add, list, disable or reset accounts."`
	Import  importCommand  `cmd:"" help:"Import units or their links from a list."`
	Export  exportCommand  `cmd:"" help:"Export published data."`
	Report  reportCommand  `cmd:"" help:"Write a published report as a file."`
	Backup  backupCommand  `cmd:"" help:"Write a verified backup while the site runs."`
	Restore restoreCommand `cmd:"" help:"Restore a backup into an empty place."`
	Verify  verifyCommand  `cmd:"" help:"Check a receipt, without the network."`
	Monitor monitorCommand `cmd:"" help:"Follow a running site from outside and check everything it shows."`
	Witness witnessCommand `cmd:"" help:"Cosign the checkpoints of others' ledgers."`
	Signer  signerCommand  `cmd:"" help:"Sign the ledger in a process of its own."`
	Ledger  ledgerCommand  `cmd:"" help:"Check, recover or export the ledger."`
	Score   scoreCommand   `cmd:"" help:"Repeat a draw of cross-scorers."`
	Legal   legalCommand   `cmd:"" help:"Say when something is due by a rule of law, and why; print the working days of a year."`
	Opinion opinionCommand `cmd:"" help:"Find groups of opinion and consensus in votes on statements; no database is needed."`
	Doctor  doctorCommand  `cmd:"" help:"Check settings, disk, database, files, fonts, LibreOffice and clock, and say what to do."`
	Version versionCommand `cmd:"" help:"Print the version."`
}

// world is where a command runs: its streams, and the settings all share.
type world struct {
	ctx      context.Context
	in       io.Reader
	out, err io.Writer
	set      *Commands
	log      *slog.Logger
}

// Run reads the arguments, does one command, and returns the exit code.
func Run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	var set Commands
	exited := -1
	parser, err := kong.New(&set, kong.Name("dongthuan"), kong.Description("Đồng Thuận: emulation and grassroots democracy of local units. Full manual: doc/operate.md."),
		kong.Writers(out, errOut), kong.Exit(func(code int) { exited = code; panic(exitNow{}) }), kong.UsageOnError())
	if err != nil {
		fmt.Fprintln(errOut, "dongthuan:", err)
		return exitUsage
	}
	command, code := parse(parser, args, &exited, errOut)
	if command == nil {
		return code
	}
	w := &world{ctx: ctx, in: in, out: out, err: errOut, set: &set, log: slog.New(slog.NewJSONHandler(errOut, nil))}
	if err := command.Run(w); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(errOut, "dongthuan:", explain(err))
		var usage usageError
		if errors.As(err, &usage) {
			return exitUsage
		}
		return exitRefused
	}
	return exitDone
}

type exitNow struct{}

type usageError struct{ error }

// parse runs kong, which ends a program after --help by calling Exit.
func parse(parser *kong.Kong, args []string, exited *int, errOut io.Writer) (command *kong.Context, code int) {
	defer func() {
		if p := recover(); p != nil {
			if _, ours := p.(exitNow); !ours {
				panic(p)
			}
			command, code = nil, *exited
		}
	}()
	command, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintln(errOut, "dongthuan:", err)
		return nil, exitUsage
	}
	return command, exitDone
}

// explain says a refusal in plain words, both languages' users' first one.
func explain(err error) string {
	list := fault.All(err)
	if list == nil {
		return err.Error()
	}
	text, loadErr := Words()
	if loadErr != nil {
		return err.Error()
	}
	words := ""
	var file inFile
	if errors.As(err, &file) {
		words = file.name + ": "
	}
	for _, e := range list {
		words += text.Text("vi", e.Text, e.Args...) + " (" + text.Text("en", e.Text, e.Args...) + ") "
	}
	return words
}

// open builds the program over the database of the settings.
func (w *world) open(set Settings) (*App, func() error, error) {
	d, err := db.Open(w.ctx, w.set.Database)
	if err != nil {
		return nil, nil, err
	}
	set.Log, set.Files, set.Fatal = w.log, w.set.Files, w.fatal
	name := set.Address
	if set.Demo {
		name = "https://trinh-dien.invalid"
	}
	set.Signer = w.set.ledgerFlags.opener(d, name)
	if set.Now == nil {
		set.Now = time.Now
	}
	a, err := New(w.ctx, d, set)
	if err != nil {
		return nil, nil, errors.Join(err, d.Close())
	}
	return a, func() error { return errors.Join(a.Close(context.WithoutCancel(w.ctx)), d.Close()) }, nil
}

type versionCommand struct{}

func (versionCommand) Run(w *world) error {
	version := Version
	if info, ok := debug.ReadBuildInfo(); ok && version == "dev" {
		version = info.Main.Version
	}
	_, err := fmt.Fprintln(w.out, "dongthuan", version, runtime.Version())
	return err
}

type serveCommand struct {
	Listen      string `default:"127.0.0.1:8080" env:"LISTEN" help:"Address to serve on."`
	TLSCert     string `name:"tls-cert" env:"TLS_CERT" help:"Certificate file (PEM); with --tls-key the site is served over TLS." placeholder:"FILE"`
	TLSKey      string `name:"tls-key" env:"TLS_KEY" help:"Key file (PEM)." placeholder:"FILE"`
	ListenPlain string `name:"listen-plain" env:"LISTEN_PLAIN" help:"A second address, over plain HTTP, beside TLS: for phones in a hall. Nobody signs in there." placeholder:"ADDRESS"`
	BehindProxy bool   `env:"BEHIND_PROXY" help:"Trust X-Forwarded-Proto and X-Forwarded-For: only where a proxy of yours writes them."`
	Address     string `env:"ADDRESS" help:"The site's own address, for feeds (https://…); the one asked at when not given." placeholder:"URL"`
	Witnesses   string `env:"WITNESSES" type:"existingfile" help:"Policy file (c2sp.org/tlog-policy) with this ledger's witnesses." placeholder:"FILE"`
	MailServer  string `env:"MAIL_SERVER" help:"Where notices are handed over as mail: smtp://host:25 or smtps://user:password@host:465; needs --mail-from and --address." placeholder:"URL"`
	MailFrom    string `env:"MAIL_FROM" help:"Sender of mail." placeholder:"ADDRESS"`
	Reserve     int64  `default:"64" env:"RESERVE" help:"MB kept free on the disk for signing in and reading when it is full; SQLite only."`
	NoTOTP      bool   `name:"no-totp" env:"NO_TOTP" help:"Do not ask every account for a second factor."`
}

func (c serveCommand) Run(w *world) error {
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return usageError{errors.New("--tls-cert and --tls-key go together")}
	}
	if c.ListenPlain != "" && c.TLSCert == "" {
		return usageError{errors.New("--listen-plain goes with --tls-cert: without it --listen is plain")}
	}
	if c.MailServer != "" && (c.MailFrom == "" || c.Address == "") {
		return usageError{errors.New("--mail-server needs --mail-from and --address")}
	}
	set := Settings{RequireTOTP: !c.NoTOTP, BehindProxy: c.BehindProxy, Address: c.Address, Reserve: c.Reserve << 20, MailServer: c.MailServer, MailFrom: c.MailFrom}
	if c.Witnesses != "" {
		text, err := os.ReadFile(c.Witnesses)
		if err != nil {
			return err
		}
		set.Policy = string(text)
	}
	a, done, err := w.open(set)
	if err != nil {
		return err
	}
	// A witness that has seen more than is here stops the ledger before anybody writes.
	if err := a.askWitnesses(w.ctx, witnessClient); err != nil && fault.KindOf(err) != fault.NotFound {
		w.log.Warn("ask the witnesses", "err", err)
	}
	// Uploads that a crash cut off are of no use to anybody.
	if err := a.Files.Sweep(); err != nil {
		return errors.Join(err, done())
	}
	return errors.Join(serve(w, a, c, nil), done())
}

// serve listens until the context ends, then lets requests under way finish.
func serve(w *world, a *App, c serveCommand, ready func(address string)) error {
	limitMemory()
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return err
	}
	var plain net.Listener
	if c.ListenPlain != "" {
		if plain, err = net.Listen("tcp", c.ListenPlain); err != nil {
			return errors.Join(err, listener.Close())
		}
	}
	srv := &http.Server{Handler: a.Handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 60 * time.Second, WriteTimeout: 120 * time.Second,
		IdleTimeout: 60 * time.Second, MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(w.log.Handler(), slog.LevelWarn)}
	srv.RegisterOnShutdown(a.Live.Close)
	working := make(chan struct{})
	go func() { a.Work(w.ctx); close(working) }()
	stopped := make(chan error, 1)
	go func() {
		<-w.ctx.Done()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(w.ctx), 10*time.Second)
		defer cancel()
		stopped <- srv.Shutdown(ctx)
	}()
	scheme := "http"
	if c.TLSCert != "" {
		scheme = "https"
	}
	address := scheme + "://" + listener.Addr().String()
	if ready != nil {
		ready(address)
	} else {
		w.log.Info("serving", "address", address, "database", string(a.DB.Engine()), "version", Version)
	}
	if plain != nil {
		w.log.Info("serving plainly too", "address", "http://"+plain.Addr().String())
		go func() { _ = srv.Serve(plain) }() // ends with the other
	}
	if c.TLSCert != "" {
		err = srv.ServeTLS(listener, c.TLSCert, c.TLSKey)
	} else {
		err = srv.Serve(listener)
	}
	if !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	<-working
	return <-stopped
}

// limitMemory lets the collector work a little harder than usual: a ward's
// machine is small, and pages are kept in memory anyway.
func limitMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(75)
	}
}

type demoCommand struct {
	Listen string `default:"127.0.0.1:8080" env:"LISTEN" help:"Address to serve on."`
	Keep   string `env:"KEEP" help:"Folder that keeps the demonstration's database; it must be empty or a demonstration's." placeholder:"FOLDER"`
}

// demoMark lies beside the database of a demonstration: demo touches no other.
const demoMark = "dongthuan-demo"

func (c demoCommand) Run(w *world) error {
	folder := c.Keep
	var err error
	if folder == "" {
		if folder, err = os.MkdirTemp("", "dongthuan-demo-"); err != nil {
			return err
		}
		defer os.RemoveAll(folder)
	} else if err = checkDemoFolder(folder); err != nil {
		return err
	}
	w.set.Files = filepath.Join(folder, "tep")
	// A database set for the real site is not a demonstration's: only --database
	// on the command line is.
	if w.set.Database == "dongthuan.db" || w.set.Database == os.Getenv("DATABASE") {
		w.set.Database = filepath.Join(folder, "demo.db")
	}
	// Nor are its key, its journal and its signer.
	if w.set.State == os.Getenv("STATE") {
		w.set.State = filepath.Join(folder, "so-cai")
	}
	if w.set.Journal == os.Getenv("JOURNAL") {
		w.set.Journal = ""
	}
	if w.set.ledgerFlags.Signer == os.Getenv("SIGNER") {
		w.set.ledgerFlags.Signer = ""
	}
	return w.demonstrate(c.Listen, filepath.Join(folder, demoMark))
}

func checkDemoFolder(folder string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(folder, demoMark)); err != nil && len(entries) > 0 {
		return fmt.Errorf("%s is not empty and holds no demonstration; choose another folder", folder)
	}
	return nil
}

func (w *world) demonstrate(listen, mark string) error {
	clock := &Clock{}
	clock.Set(DemoStart)
	a, done, err := w.open(Settings{Demo: true, Now: clock.Now})
	if err != nil {
		return err
	}
	err = func() error {
		var leaves int
		if err := a.DB.QueryRowContext(w.ctx, `select count(*) from ledger_leaf`).Scan(&leaves); err != nil {
			return err
		}
		_, marked := os.Stat(mark)
		switch {
		case leaves > 0 && marked != nil:
			return errors.New("this database was not made by a demonstration; demo does not touch it")
		case leaves == 0:
			if err := os.WriteFile(mark, []byte("This folder holds a demonstration of dongthuan.\n"), 0o600); err != nil {
				return err
			}
			if err := Seed(w.ctx, a, clock); err != nil {
				return err
			}
		}
		clock.Run(DemoStart)
		return serve(w, a, serveCommand{Listen: listen}, func(address string) { w.welcome(address, a) })
	}()
	return errors.Join(err, done())
}

// welcome prints where the demonstration is and who can sign in.
func (w *world) welcome(address string, a *App) {
	fmt.Fprintf(w.out, "\n  %s\n\n  Bản trình diễn (demonstration). Mật khẩu của mọi tài khoản (one password for all): %s\n\n", address, DemoPassword)
	text, err := Words()
	if err != nil {
		return
	}
	for _, acc := range DemoAccounts {
		key := "policy.role." + string(acc.Role)
		fmt.Fprintf(w.out, "  %-12s %s (%s)\n", acc.Login, acc.Office, text.Text("en", key))
	}
	fmt.Fprintf(w.out, "\n  Hội nghị đang họp (the conference that is live):\n")
	for _, link := range a.meetingLinks(w) {
		fmt.Fprintf(w.out, "  %s\n    %s%s\n", link[0], address, link[1])
	}
	fmt.Fprintf(w.out, "\n  Ctrl-C để dừng (to stop).\n\n")
}
