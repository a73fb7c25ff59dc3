package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"dongthuan/internal/account"
	"dongthuan/internal/cluster"
	"dongthuan/internal/db"
	"dongthuan/internal/document"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
	"dongthuan/internal/policy"
	"dongthuan/internal/report"
)

// print writes v as JSON where that is asked for, else the words.
func (w *world) print(v any, words string) error {
	if w.set.JSON {
		return json.NewEncoder(w.out).Encode(v)
	}
	_, err := fmt.Fprintln(w.out, words)
	return err
}

// with opens the program for one command.
func (w *world) with(fn func(*App) error) error {
	a, done, err := w.open(Settings{})
	if err != nil {
		return err
	}
	return errors.Join(fn(a), done())
}

// slip prints how a new or reset account signs in.
func (w *world) slip(site string, a account.Account, code string, ack ledger.Ack) error {
	text, err := Words()
	if err != nil {
		return err
	}
	words, err := account.SlipText(func(key string, args ...any) string { return text.Text("vi", key, args...) }, site, a, code)
	if err != nil {
		return err
	}
	return w.print(map[string]string{"login": a.Login, "one_time_password": code, "receipt": ack.Receipt()}, words+"\nMã biên nhận (receipt): "+ack.Receipt())
}

type initCommand struct {
	Login   string `default:"quantri" help:"Login of the first account."`
	Office  string `default:"Quản trị hệ thống" help:"The office it stands for."`
	Address string `default:"http://127.0.0.1:8080" env:"ADDRESS" help:"Address of the site, for the slip."`
}

func (c initCommand) Run(w *world) error {
	return w.with(func(a *App) error {
		all, _, err := a.Accounts.List(w.ctx, account.System, "")
		if err != nil {
			return err
		}
		if len(all) > 0 {
			return errors.New("this installation already has accounts; use “user add” or “user reset”")
		}
		made, code, ack, err := a.Accounts.Create(w.ctx, account.System, account.Draft{Login: c.Login, Office: c.Office,
			Roles: []account.Role{{Role: policy.Operator, From: account.Day(a.Now())}}})
		if err != nil {
			return err
		}
		return w.slip(c.Address, made, code, ack)
	})
}

type userCommand struct {
	Address string `default:"http://127.0.0.1:8080" env:"ADDRESS" help:"Address of the site, for the slip."`

	Add     userAdd     `cmd:"" help:"Add an account; its slip is printed."`
	List    userList    `cmd:"" help:"List accounts."`
	Disable userDisable `cmd:"" help:"Disable an account and end its sessions."`
	Reset   userReset   `cmd:"" help:"Give an account a new one-time password; its slip is printed."`
}

type userAdd struct {
	Login   string `arg:"" help:"Login: letters without accents, digits, dots."`
	Office  string `required:"" help:"The office it stands for, for example “Chuyên viên Phường Cầu Mây”."`
	Role    string `required:"" enum:"clerk,leader,secretary,lead,deputy,superior,editor,auditor,operator" help:"Its role: ${enum}."`
	Unit    string `help:"Code of the unit, for clerk and leader."`
	Cluster string `help:"Code of the cluster, for secretary, lead, deputy, superior, auditor."`
}

func (c userAdd) Run(w *world) error {
	return w.with(func(a *App) error {
		role := account.Role{Role: policy.Role(c.Role), From: account.Day(a.Now())}
		switch role.Role.Scope() {
		case policy.OfUnit:
			if c.Unit == "" {
				return usageError{fmt.Errorf("the role %s is held over a unit: give --unit", c.Role)}
			}
			u, err := a.Units.ByCode(w.ctx, c.Unit, a.Now())
			if err != nil {
				return err
			}
			role.Unit = u.ID
		case policy.OfCluster:
			if c.Cluster == "" {
				return usageError{fmt.Errorf("the role %s is held over a cluster: give --cluster", c.Role)}
			}
			cl, err := a.Clusters.Get(w.ctx, c.Cluster)
			if err != nil {
				return err
			}
			role.Cluster = cl.ID
		}
		made, code, ack, err := a.Accounts.Create(w.ctx, account.System, account.Draft{Login: c.Login, Office: c.Office, Roles: []account.Role{role}})
		if err != nil {
			return err
		}
		return w.slip(w.set.User.Address, made, code, ack)
	})
}

type userList struct{}

func (userList) Run(w *world) error {
	return w.with(func(a *App) error {
		all, _, err := a.Accounts.List(w.ctx, account.System, "")
		if err != nil {
			return err
		}
		type row struct {
			Login  string   `json:"login"`
			Office string   `json:"office"`
			State  string   `json:"state"`
			Roles  []string `json:"roles"`
		}
		rows := []row{}
		var words strings.Builder
		for _, acc := range all {
			r := row{acc.Login, acc.Office, string(acc.State()), []string{}}
			for _, role := range acc.Roles {
				if role.On(a.Now()) {
					r.Roles = append(r.Roles, string(role.Role))
				}
			}
			rows = append(rows, r)
			fmt.Fprintf(&words, "%-20s %-10s %-24s %s\n", r.Login, r.State, strings.Join(r.Roles, ","), r.Office)
		}
		return w.print(rows, strings.TrimSuffix(words.String(), "\n"))
	})
}

type userDisable struct {
	Login string `arg:"" help:"Login of the account."`
}

func (c userDisable) Run(w *world) error {
	return w.with(func(a *App) error {
		acc, err := a.Accounts.ByLogin(w.ctx, c.Login)
		if err != nil {
			return err
		}
		if _, err := a.Accounts.Disable(w.ctx, account.System, acc.ID); err != nil {
			return err
		}
		return w.print(map[string]string{"disabled": acc.Login}, "Đã khóa tài khoản (disabled): "+acc.Login)
	})
}

type userReset struct {
	Login string `arg:"" help:"Login of the account."`
}

func (c userReset) Run(w *world) error {
	return w.with(func(a *App) error {
		acc, err := a.Accounts.ByLogin(w.ctx, c.Login)
		if err != nil {
			return err
		}
		acc, code, ack, err := a.Accounts.Reset(w.ctx, account.System, acc.ID)
		if err != nil {
			return err
		}
		return w.slip(w.set.User.Address, acc, code, ack)
	})
}

type importCommand struct {
	Cluster importCluster `cmd:"" help:"An emulation cluster with the dated terms of its units (JSON). doc/formats.md has the form."`
	Units   importUnits   `cmd:"" help:"Units from a list: CSV, the national list (JSON), or a dated state of the country (JSON). doc/formats.md has the formats."`
}

type importCluster struct {
	File string `arg:"" type:"existingfile" help:"The cluster: its code, name, superior, basis, and the terms of its units."`
}

// clusterFile is the form of a cluster's file; doc/formats.md describes it.
type clusterFile struct {
	Code, Name, Superior, Basis string
	Terms                       []struct {
		Unit string // code of the unit in the registry
		Code string // its code in the cluster
		Role string // lead, deputy, member
		From string // first day, yyyy-mm-dd
		To   string // first day it no longer holds; empty while it runs
	}
}

func (c importCluster) Run(w *world) error {
	body, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	var f clusterFile
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&f); err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	return w.with(func(a *App) error {
		var terms []cluster.Member
		for _, t := range f.Terms {
			from, err := lang.ParseDate(t.From)
			if err != nil {
				return fmt.Errorf("%s, from: %w", t.Code, err)
			}
			m := cluster.Member{Code: t.Code, Role: cluster.Role(t.Role), From: from}
			if t.To != "" {
				if m.To, err = lang.ParseDate(t.To); err != nil {
					return fmt.Errorf("%s, to: %w", t.Code, err)
				}
			}
			if m.Role != cluster.Lead && m.Role != cluster.Deputy && m.Role != cluster.Plain {
				return fmt.Errorf("%s: role %q is none of lead, deputy, member", t.Code, t.Role)
			}
			u, err := a.Units.ByCode(w.ctx, t.Unit, from)
			if err != nil {
				return fmt.Errorf("%s: %w", t.Unit, err)
			}
			m.UnitID = u.ID
			terms = append(terms, m)
		}
		made, _, err := a.Clusters.Create(w.ctx, account.System, cluster.Cluster{Code: f.Code, Name: f.Name, Superior: f.Superior, Basis: f.Basis}, terms)
		if err != nil {
			return err
		}
		return w.print(map[string]any{"cluster": made.Code, "terms": len(terms)}, fmt.Sprintf("Đã lập cụm (cluster made): %s, %d terms", made.Name, len(terms)))
	})
}

type importUnits struct {
	File  string `arg:"" type:"existingfile" help:"The list."`
	On    string `required:"" help:"The day the list holds for, or for links the day they took effect (yyyy-mm-dd)."`
	Links bool   `help:"Read the file as links between old and new units."`
}

func (c importUnits) Run(w *world) error {
	on, err := lang.ParseDate(c.On)
	if err != nil {
		return err
	}
	body, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	return w.with(func(a *App) error {
		result, _, err := a.Units.Import(w.ctx, account.System, bytes.NewReader(body), on, c.Links)
		if len(result.Problems) > 0 {
			text, loadErr := Words()
			if loadErr != nil {
				return loadErr
			}
			for i, p := range result.Problems {
				if i == 20 {
					fmt.Fprintf(w.err, "… %d more\n", len(result.Problems)-i)
					break
				}
				fmt.Fprintf(w.err, "%d: %s\n", p.Line, text.Text("vi", p.Err.Text, p.Err.Args...))
			}
		}
		if err != nil {
			return err
		}
		if err := a.indexRegistry(w.ctx); err != nil {
			return err
		}
		return w.print(result, fmt.Sprintf("%+v", result.Counts))
	})
}

// indexRegistry puts the units of today into the search.
func (a *App) indexRegistry(ctx context.Context) error {
	all, err := a.Units.All(ctx, a.Now())
	if err != nil {
		return err
	}
	// In parts, so that other writers do not wait for the whole country.
	for part := range slices.Chunk(all, 500) {
		if err := a.DB.Write(ctx, func(tx *db.Tx) error {
			return a.indexUnitList(ctx, &ledger.Tx{Tx: tx}, slices.Values(part))
		}); err != nil {
			return err
		}
	}
	return nil
}

// followUnits puts the units of today into the search when the registry has
// changed since it last looked.
func (a *App) followUnits(ctx context.Context) error {
	turn, err := a.Units.Turn(ctx)
	if err != nil || turn == a.unitTurn {
		return err
	}
	if err := a.indexRegistry(ctx); err != nil {
		return err
	}
	a.unitTurn = turn
	return nil
}

type exportCommand struct {
	Cluster string `arg:"" help:"Code of the cluster."`
	Period  string `arg:"" help:"Code of a published period."`
	Out     string `required:"" help:"Folder to write ranking.json and report.json into."`
}

func (c exportCommand) Run(w *world) error {
	return w.with(func(a *App) error {
		cl, err := a.Clusters.Get(w.ctx, c.Cluster)
		if err != nil {
			return err
		}
		p, err := a.Clusters.Period(w.ctx, cl.ID, c.Period)
		if err != nil {
			return err
		}
		ranking, _, err := a.Emulation.Published(w.ctx, p)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(c.Out, 0o755); err != nil {
			return err
		}
		write := func(name string, v any) error {
			b, err := json.MarshalIndent(v, "", " ")
			if err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(c.Out, name), append(b, '\n'), 0o644)
		}
		if err := write("ranking.json", ranking); err != nil {
			return err
		}
		public, err := a.Reports.Read(w.ctx, p.Slug(cl), 0)
		if err == nil {
			err = write("report.json", public.Compiled)
		}
		if err != nil && fault.KindOf(err) != fault.NotFound { // a period may have no report
			return err
		}
		return w.print(map[string]string{"folder": c.Out}, "Đã xuất (exported): "+c.Out)
	})
}

type reportCommand struct {
	Slug   string `arg:"" help:"Address part of the report, for example ht3-2026-6t."`
	Format string `default:"docx" enum:"docx,xlsx,pdf,json" help:"${enum}."`
	Layout string `default:"nd30" enum:"nd30,dang-05hd" help:"Official layout of docx and pdf: ${enum}."`
	Out    string `required:"" help:"File to write."`
}

func (c reportCommand) Run(w *world) error {
	layout, err := document.ParseLayout(c.Layout)
	if err != nil {
		return err
	}
	return w.with(func(a *App) error {
		public, err := a.Reports.Read(w.ctx, c.Slug, 0)
		if err != nil {
			return err
		}
		var b bytes.Buffer
		switch c.Format {
		case "json":
			err = json.NewEncoder(&b).Encode(public.Compiled)
		case "xlsx":
			err = report.WriteXLSX(&b, public.Compiled)
		default:
			if err = report.WriteDOCX(&b, public.Compiled, layout); err == nil && c.Format == "pdf" {
				var pdf []byte
				pdf, err = document.ToPDF(w.ctx, b.Bytes())
				b = *bytes.NewBuffer(pdf)
			}
		}
		if err != nil {
			return err
		}
		return os.WriteFile(c.Out, b.Bytes(), 0o644)
	})
}

type backupCommand struct {
	File string `arg:"" help:"File to write; it must not be there yet."`
}

func (c backupCommand) Run(w *world) error {
	if _, err := os.Stat(c.File); err == nil {
		return fmt.Errorf("%s is already there", c.File)
	}
	return w.with(func(a *App) error {
		var rows, files int
		err := writeSynced(c.File, func(f *os.File) (err error) {
			if rows, files, err = a.Backup(w.ctx, f); err != nil {
				return err
			}
			info, err := f.Stat()
			if err != nil {
				return err
			}
			_, _, err = CheckBackup(f, info.Size())
			return err
		})
		if err != nil {
			return err
		}
		return w.print(map[string]int{"rows": rows, "files": files}, fmt.Sprintf("Đã sao lưu và kiểm tra (backed up and verified): %d rows, %d files", rows, files))
	})
}

type restoreCommand struct {
	File string `arg:"" type:"existingfile" help:"The backup."`
}

func (c restoreCommand) Run(w *world) error {
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	return w.with(func(a *App) error {
		rows, files, err := a.Restore(w.ctx, f, info.Size())
		if err != nil {
			return err
		}
		return w.print(map[string]int{"rows": rows, "files": files}, fmt.Sprintf("Đã khôi phục và kiểm tra (restored and verified): %d rows, %d files", rows, files))
	})
}

type doctorCommand struct{}

// finding is one thing that doctor looked at.
type finding struct {
	What   string `json:"what"`
	OK     bool   `json:"ok"`
	Words  string `json:"words"`
	Advice string `json:"advice,omitempty"`
}

func (doctorCommand) Run(w *world) error {
	var all []finding
	add := func(what string, ok bool, words, advice string) {
		if ok {
			advice = ""
		}
		all = append(all, finding{what, ok, words, advice})
	}
	a, done, err := w.open(Settings{})
	if err != nil {
		add("database", false, err.Error(), "Check --database; on PostgreSQL check that the server answers and the user may create tables.")
	} else {
		add("database", true, string(a.DB.Engine())+", schema up to date, durable", "")
		problems, err := a.Verify(w.ctx)
		add("ledger and files", err == nil && len(problems) == 0, fmt.Sprintf("%d problems %s", len(problems), strings.Join(problems, "; ")), "Do not go on writing: keep this state, and compare with the newest backup.")
		why := a.Book.Frozen()
		add("ledger signing", why == "", or(why, "the key, the journal and the database agree"), "See “When it is frozen” in doc/operate.md; do not delete the journal.")
		add("files folder", writable(a.Settings.Files, a.DB.Path() == ""), a.Settings.Files, "Give the program's user the right to write there.")
		free := freeBytes(filepath.Dir(or(a.DB.Path(), ".")))
		add("disk", free > 1<<30, lang.Size("vi", free)+" free", "Free some space: under 1 GB uploads will soon be refused.")
		accounts, _, err := a.Accounts.List(w.ctx, account.System, "")
		add("accounts", err == nil && len(accounts) > 0, fmt.Sprintf("%d accounts", len(accounts)), "Run “dongthuan init” for the first account.")
		if err := done(); err != nil {
			return err
		}
	}
	path, ok := document.Converter()
	add("LibreOffice", ok, path, "PDF needs it: apt install libreoffice-writer-nogui. Word files and the print view work without.")
	add("font", hasFont(), "Liberation Serif 2 or Times New Roman", "PDF needs it: apt install fonts-liberation2.")
	now := time.Now()
	add("clock", now.Year() >= 2026 && now.Year() < 2100, now.In(lang.Vietnam).Format("02/01/2006 15:04:05"), "Set the machine's clock: deadlines depend on it.")
	var words strings.Builder
	bad := 0
	for _, f := range all {
		mark := "✓"
		if !f.OK {
			mark = "✗"
			bad++
		}
		fmt.Fprintf(&words, "%s %-18s %s\n", mark, f.What, f.Words)
		if f.Advice != "" {
			fmt.Fprintf(&words, "    → %s\n", f.Advice)
		}
	}
	if err := w.print(all, strings.TrimSuffix(words.String(), "\n")); err != nil {
		return err
	}
	if bad > 0 {
		return fmt.Errorf("%d of %d checks need attention", bad, len(all))
	}
	return nil
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func writable(folder string, notUsed bool) bool {
	if notUsed {
		return true
	}
	f, err := os.CreateTemp(folder, ".dongthuan-*")
	if err != nil {
		return false
	}
	_, err = io.WriteString(f, "x")
	return errors.Join(err, f.Close(), os.Remove(f.Name())) == nil
}

// hasFont looks where Debian keeps the fonts that official documents are set in.
func hasFont() bool {
	for _, pattern := range []string{"/usr/share/fonts/truetype/liberation2/LiberationSerif-*", "/usr/share/fonts/truetype/liberation/LiberationSerif-*", "/usr/share/fonts/truetype/msttcorefonts/*imes*"} {
		if found, err := filepath.Glob(pattern); err == nil && len(found) > 0 {
			return true
		}
	}
	return false
}
