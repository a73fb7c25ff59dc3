package app

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"dongthuan/internal/c2sp"
	"dongthuan/internal/db"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
	"dongthuan/internal/monitor"
	"dongthuan/internal/witness"
)

// ledgerFlags say where the ledger's key and journal are. doc/operate.md explains
// them.
type ledgerFlags struct {
	State   string `env:"STATE" help:"Folder of the ledger's key; “so-cai” beside the SQLite file when not given, in the current folder on PostgreSQL." placeholder:"FOLDER"`
	Journal string `env:"JOURNAL" help:"File of the ledger's journal, best on another disk; in the folder of the key when not given." placeholder:"FILE"`
	Signer  string `env:"SIGNER" help:"Socket of “dongthuan signer”, which then has key and journal instead." placeholder:"SOCKET"`
}

func (f ledgerFlags) folder(d *db.DB) string {
	switch {
	case f.State != "":
		return f.State
	case d.Path() != "":
		return filepath.Join(filepath.Dir(d.Path()), "so-cai")
	}
	return "so-cai"
}

// opener opens the signer of the ledger in d. address names the log where it is
// begun.
func (f ledgerFlags) opener(d *db.DB, address string) func(context.Context) (ledger.Signer, error) {
	return func(ctx context.Context) (ledger.Signer, error) {
		if f.Signer != "" {
			return ledger.DialSigner(ctx, f.Signer)
		}
		known, err := ledger.KnownKey(ctx, d)
		if err != nil {
			return nil, err
		}
		folder := f.folder(d)
		return ledger.OpenNotary(folder, or(f.Journal, filepath.Join(folder, ledger.JournalFile)), originOf(address), known)
	}
}

// originOf is a log's name: the address of its tiles without the scheme, or one
// that cannot be another's.
func originOf(address string) string {
	if u, err := url.Parse(address); err == nil && u.Host != "" && u.Hostname() != "127.0.0.1" && u.Hostname() != "localhost" {
		return u.Host + "/so-cai"
	}
	return "dongthuan-" + strings.ToLower(rand.Text()[:10]) + ".invalid/so-cai"
}

type verifyCommand struct {
	File   string `arg:"" type:"existingfile" help:"The receipt (.tlog-proof)."`
	Policy string `required:"" type:"existingfile" help:"The policy: which logs and witnesses are believed." placeholder:"FILE"`
}

func (c verifyCommand) Run(w *world) error {
	receipt, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(c.Policy)
	if err != nil {
		return err
	}
	policy, err := c2sp.ParsePolicy(string(text))
	if err != nil {
		return err
	}
	r, err := ledger.ParseReceipt(string(receipt))
	var signed c2sp.Signed
	if err == nil {
		signed, err = r.Verify(policy)
	}
	if err != nil {
		step := ledger.Step(err)
		if err := w.print(map[string]any{"holds": false, "step": step, "why": err.Error()}, ""); err != nil && w.set.JSON {
			return err
		}
		return fmt.Errorf("%s (%s: %w)", verifyWords[step], step, err)
	}
	words := []string{"✓ Biên nhận đúng (the receipt holds): " + r.Code()}
	say := func(format string, args ...any) { words = append(words, "  "+fmt.Sprintf(format, args...)) }
	catalog, err := Words()
	if err != nil {
		return err
	}
	kind := "proof.type." + string(r.Leaf.Type)
	say("việc (what):   %s (%s)", catalog.Text("vi", kind), catalog.Text("en", kind))
	say("lúc (when):    %s", lang.Moment(time.Unix(r.Leaf.Time, 0)))
	say("dòng (line):   %d trong (of) %d, %s", r.Proof.Index, signed.Size, signed.Origin)
	for _, c := range signed.Witnesses {
		say("nhân chứng (witness): %s, %s", c.Key.Name(), lang.Moment(c.At))
	}
	if len(signed.Witnesses) == 0 {
		say("không có nhân chứng đồng ký; chính sách này không đòi hỏi (no witness has cosigned, and this policy asks for none)")
	}
	if r.Opening != nil {
		say("nội dung đúng như đã ghi (what it says is what was recorded): %.300s", r.Opening.Payload)
	} else {
		say("chỉ chứng minh đã ghi, không cho thấy nội dung (proves that it was recorded, not what)")
	}
	return w.print(map[string]any{"holds": true, "code": r.Code(), "type": r.Leaf.Type, "object": r.Leaf.Object, "time": r.Leaf.Time, "index": r.Proof.Index, "size": signed.Size, "origin": signed.Origin, "witnesses": len(signed.Witnesses)}, strings.Join(words, "\n"))
}

var verifyWords = map[string]string{
	"form":      "Tệp không đúng dạng biên nhận; có thể đã bị sửa hoặc tải thiếu. The file is not a whole receipt; it may have been altered or cut off",
	"signature": "Chữ ký của sổ cái không đúng. The ledger's signature does not hold",
	"proof":     "Dòng này không nằm trong sổ cái đã ký. The line is not in the ledger that was signed",
	"opening":   "Nội dung không phải nội dung đã ghi. What it shows is not what was recorded",
	"quorum":    "Sổ cái đã ký nhưng chưa đủ nhân chứng đồng ký. The ledger has signed, but too few witnesses have",
}

type monitorCommand struct {
	URL     string        `arg:"" help:"Address of the site (https://…)."`
	Folder  string        `default:"dongthuan-monitor" help:"Folder that remembers what was seen; it is a mirror of the log." placeholder:"FOLDER"`
	Policy  string        `type:"existingfile" help:"The policy; the one the site gave at first when not given." placeholder:"FILE"`
	Once    bool          `help:"Look once and end, 1 where something is wrong."`
	Every   time.Duration `default:"1m" help:"How often to look."`
	Silence time.Duration `default:"2h" help:"After how long without a line to alarm; 0 never."`
}

func (c monitorCommand) Run(w *world) error {
	set := monitor.Settings{URL: c.URL, Folder: c.Folder, Silence: c.Silence, Now: time.Now}
	if c.Policy != "" {
		text, err := os.ReadFile(c.Policy)
		if err != nil {
			return err
		}
		set.Policy = string(text)
	}
	m, err := monitor.Open(set)
	if err != nil {
		return err
	}
	defer m.Close()
	for {
		seen, alarms, err := m.Look(w.ctx)
		if err != nil {
			return err
		}
		at := time.Now().In(lang.Vietnam).Format("02/01/2006 15:04:05")
		if w.set.JSON {
			err = json.NewEncoder(w.out).Encode(map[string]any{"at": time.Now().UTC(), "size": seen.Size, "root": seen.Root.String(), "alarms": alarms})
		} else if len(alarms) == 0 {
			_, err = fmt.Fprintf(w.out, "%s  ✓ %d dòng, mọi kiểm tra đều đúng (lines, everything holds): %s\n", at, seen.Size, ledger.Words(seen.Root))
		}
		for _, a := range alarms {
			if !w.set.JSON {
				fmt.Fprintf(w.out, "%s  ✗ %s: %s\n", at, a.Object, a.Words)
			}
		}
		if err != nil {
			return err
		}
		if c.Once {
			if len(alarms) > 0 {
				return fmt.Errorf("%d alarms", len(alarms))
			}
			return nil
		}
		select {
		case <-w.ctx.Done():
			return nil
		case <-time.After(c.Every):
		}
	}
}

type witnessCommand struct {
	Listen string `default:"127.0.0.1:8091" help:"Address to serve on."`
	File   string `default:"witness.db" help:"SQLite file of what was cosigned." placeholder:"FILE"`
	Key    string `default:"witness.key" help:"File of the key; made where it is not there." placeholder:"FILE"`
	Name   string `help:"Name of a key that is made (your host, for example witness.example.vn)."`
	Logs   string `type:"existingfile" help:"Policy file with the logs to cosign for." placeholder:"FILE"`
}

func (c witnessCommand) Run(w *world) error {
	text, err := os.ReadFile(c.Key)
	if errors.Is(err, os.ErrNotExist) {
		if c.Name == "" {
			return usageError{errors.New("a new key needs --name")}
		}
		seed := make([]byte, 32)
		rand.Read(seed)
		key, err := c2sp.NewWitnessKey(c.Name, seed, time.Now)
		if err != nil {
			return err
		}
		text = []byte(key.Private() + "\n")
		if err := writeSynced(c.Key, func(f *os.File) error {
			_, err := f.Write(text)
			return errors.Join(err, f.Chmod(0o600))
		}); err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	key, err := c2sp.ParsePrivateKey(strings.TrimSpace(string(text)))
	if err != nil {
		return err
	}
	fmt.Fprintf(w.out, "witness %s %s http://%s\n", strings.SplitN(key.Name(), ".", 2)[0], key.Public(), c.Listen)
	if c.Logs == "" {
		return errors.New("give --logs FILE: a policy file with a “log” line for each log to cosign for (its site has one at /so-cai/policy)")
	}
	logs, err := os.ReadFile(c.Logs)
	if err != nil {
		return err
	}
	policy, err := c2sp.ParsePolicy(string(logs))
	if err != nil {
		return err
	}
	var keys []c2sp.PublicKey
	for _, l := range policy.Logs {
		keys = append(keys, l.Key)
	}
	wit, err := witness.Open(w.ctx, c.File, key, keys, w.log)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return errors.Join(err, wit.Close())
	}
	w.log.Info("witness", "address", listener.Addr().String(), "logs", len(keys))
	return errors.Join(serveUntil(w.ctx, listener, wit.Handler(), w.log), wit.Close())
}

// serveUntil serves a small handler until ctx ends.
func serveUntil(ctx context.Context, l net.Listener, h http.Handler, log *slog.Logger) error {
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 20 * time.Second, WriteTimeout: 20 * time.Second, MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn)}
	stop := context.AfterFunc(ctx, func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		srv.Shutdown(end)
	})
	defer stop()
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

type signerCommand struct {
	Socket  string `default:"signer.sock" help:"Unix socket to answer on; only this user and its group may reach it." placeholder:"SOCKET"`
	Address string `env:"ADDRESS" help:"Address of the site, which names a log that is begun." placeholder:"URL"`
}

func (c signerCommand) Run(w *world) error {
	folder := or(w.set.State, "so-cai")
	n, err := ledger.OpenNotary(folder, or(w.set.Journal, filepath.Join(folder, ledger.JournalFile)), originOf(c.Address), "")
	if err != nil {
		return err
	}
	if err := os.Remove(c.Socket); err != nil && !errors.Is(err, os.ErrNotExist) {
		return errors.Join(err, n.Close())
	}
	old := syscall.Umask(0o117)
	listener, err := net.Listen("unix", c.Socket)
	syscall.Umask(old)
	if err != nil {
		return errors.Join(err, n.Close())
	}
	w.log.Info("signer", "socket", c.Socket, "key", n.Key().String())
	return errors.Join(serveUntil(w.ctx, listener, n.Handler(), w.log), n.Close())
}

type ledgerCommand struct {
	Fsck    ledgerFsck    `cmd:"" help:"Check every line, chain, tile and payload of the ledger."`
	Recover ledgerRecover `cmd:"" help:"Bring back lines that a restored database lacks, from a mirror."`
	Export  ledgerExport  `cmd:"" help:"Write the log as static files (c2sp.org/tlog-tiles)."`
}

type ledgerFsck struct{}

func (ledgerFsck) Run(w *world) error {
	d, err := db.Open(w.ctx, w.set.Database)
	if err != nil {
		return err
	}
	defer d.Close()
	problems, err := d.Check(w.ctx)
	if err != nil {
		return err
	}
	more, err := ledger.Verify(w.ctx, d)
	if err != nil {
		return err
	}
	problems = append(problems, more...)
	var size int64
	if err := d.QueryRowContext(w.ctx, `select coalesce(max(idx), -1) + 1 from ledger_leaf`).Scan(&size); err != nil {
		return err
	}
	words := fmt.Sprintf("✓ %d dòng, mọi kiểm tra đều đúng (lines, everything holds)", size)
	if len(problems) > 0 {
		words = "✗ " + strings.Join(problems, "\n✗ ")
	}
	if err := w.print(map[string]any{"size": size, "problems": problems}, words); err != nil {
		return err
	}
	if len(problems) > 0 {
		return fmt.Errorf("%d problems", len(problems))
	}
	return nil
}

type ledgerRecover struct {
	From string `required:"" help:"A monitor's folder, an export, or the address of a site that mirrors the log." placeholder:"FOLDER|URL"`
	Yes  bool   `help:"Do it; without this it only says what would be brought back."`
}

func (c ledgerRecover) Run(w *world) error {
	m, err := monitor.OpenMirror(w.ctx, c.From)
	if err != nil {
		return err
	}
	d, err := db.Open(w.ctx, w.set.Database)
	if err != nil {
		return err
	}
	if !c.Yes {
		known, err := ledger.KnownKey(w.ctx, d)
		if err != nil {
			return errors.Join(err, d.Close())
		}
		key, err := c2sp.ParseKey(known)
		if err != nil {
			return errors.Join(err, d.Close())
		}
		signed, err := c2sp.Open(m.Checkpoint, key)
		if err != nil {
			return errors.Join(err, d.Close())
		}
		var size int64
		err = d.QueryRowContext(w.ctx, `select size from ledger_tree where id = 1`).Scan(&size)
		return errors.Join(err, d.Close(), w.print(map[string]int64{"here": size, "mirror": signed.Size}, fmt.Sprintf("Ở đây có %d dòng, bản sao có %d. Thêm --yes để lấy lại các dòng còn thiếu; nội dung của chúng đã mất. (%d lines here, %d in the mirror; add --yes to bring the missing ones back, what they said is lost.)", size, signed.Size, size, signed.Size)))
	}
	back, err := ledger.Recover(w.ctx, d, m)
	if err := errors.Join(err, d.Close()); err != nil {
		return err
	}
	return w.with(func(a *App) error {
		ack, err := a.Book.Declare(w.ctx, back)
		if err != nil {
			return err
		}
		return w.print(map[string]any{"from": back.From, "to": back.To, "receipt": ack.Receipt()}, fmt.Sprintf("Đã lấy lại %d dòng và công bố sự cố, biên nhận %s (lines brought back, incident declared, receipt)", back.To-back.From, ack.Receipt()))
	})
}

type ledgerExport struct {
	Folder string `arg:"" help:"Folder to write to; files that are there already are left."`
}

func (c ledgerExport) Run(w *world) error {
	return w.with(func(a *App) error {
		n := 0
		err := a.Book.Export(w.ctx, func(name string, data []byte) error {
			path := filepath.Join(c.Folder, filepath.FromSlash(name))
			if _, err := os.Stat(path); err == nil && name != "checkpoint" {
				return nil
			}
			n++
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				return err
			}
			return writeSynced(path, func(f *os.File) error {
				_, err := f.Write(data)
				return errors.Join(err, f.Chmod(0o644))
			})
		})
		if err != nil {
			return err
		}
		return w.print(map[string]int{"files": n}, fmt.Sprintf("Đã ghi %d tệp (files written)", n))
	})
}

// fatal ends the process after a disk that did not keep what was written. What
// starts it again (systemd, for one) starts from what the disk holds.
func (w *world) fatal(err error) {
	w.log.Error("the disk lost a write; ending, to start from what it holds", "err", err)
	os.Exit(exitLost)
}

// askWitnesses shows the newest checkpoint to every witness of the policy that has
// an address, and keeps it once enough have cosigned. A witness that has seen a
// larger tree stops the ledger: the database went back in time.
func (a *App) askWitnesses(ctx context.Context, client *http.Client) error {
	if a.Policy == "" {
		return nil
	}
	policy, err := c2sp.ParsePolicy(a.Policy)
	if err != nil {
		return err
	}
	h, err := a.Book.Head(ctx)
	if err != nil {
		return err
	}
	signed, err := h.Signed()
	if err != nil {
		return err
	}
	if h.Cosigned != "" {
		if was, err := policy.Open(h.Cosigned); err == nil && was.Size == signed.Size {
			return nil
		}
	}
	cosigned := h.Checkpoint
	var failed []error
	for _, w := range policy.Witnesses {
		if w.URL == "" {
			continue
		}
		line, err := a.askWitness(ctx, client, w, signed, h.Checkpoint)
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", w.Name, err))
			continue
		}
		cosigned += line
	}
	if s, err := policy.Open(cosigned); err == nil && len(s.Witnesses) > 0 {
		a.Book.SetCosigned(cosigned)
	}
	return errors.Join(failed...)
}

func (a *App) askWitness(ctx context.Context, client *http.Client, w c2sp.PolicyKey, signed c2sp.Signed, checkpoint string) (string, error) {
	old := a.seenBy[w.Name]
	for range 2 {
		proof, err := a.Book.Consistency(ctx, signed.Checkpoint, old)
		if err != nil {
			return "", err
		}
		line, err := witness.Ask(ctx, client, w.URL, c2sp.Advance{Old: old, Proof: proof, Checkpoint: checkpoint})
		var other *witness.Other
		if errors.As(err, &other) {
			if other.Size > signed.Size {
				a.Book.Freeze(fmt.Sprintf("witness %s has cosigned %d leaves, and there are %d", w.Name, other.Size, signed.Size))
				return "", err
			}
			old = other.Size
			continue
		}
		if err != nil {
			return "", err
		}
		// Only what its key has signed is kept.
		if _, err := c2sp.Open(checkpoint+line, signed.Log, w.Key); err != nil {
			return "", fmt.Errorf("its answer does not hold: %w", err)
		}
		a.seenBy[w.Name] = signed.Size
		return line, nil
	}
	return "", errors.New("it names another size each time")
}
