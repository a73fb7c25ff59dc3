package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"dongthuan/internal/app"
	"dongthuan/internal/cluster"
	"dongthuan/internal/emulation"
	"dongthuan/internal/policy"
)

const (
	figures = 60
	saves   = 40 // in each round
)

// save measures a sheet of 60 figures, saved by its service in one transaction
// that is on the disk when it is answered, beside one bare row and one bare fsync.
func (b *bench) save(ctx context.Context) error {
	file, err := b.copied("save")
	if err != nil {
		return err
	}
	a, clock, err := open(ctx, file)
	if err != nil {
		return err
	}
	return errors.Join(b.saveWith(ctx, a, clock), shut(ctx, a))
}

func (b *bench) saveWith(ctx context.Context, a *app.App, clock *app.Clock) error {
	clerk, sheet, err := openSheet(ctx, a, clock)
	if err != nil {
		return err
	}
	bare, err := sql.Open("sqlite", "file:"+filepath.Join(b.folder, "bare.db")+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_txlock=immediate")
	if err != nil {
		return err
	}
	defer bare.Close()
	bare.SetMaxOpenConns(1)
	if _, err := bare.ExecContext(ctx, `create table figure (id integer primary key, value integer not null)`); err != nil {
		return err
	}
	synced, err := os.Create(filepath.Join(b.folder, "synced"))
	if err != nil {
		return err
	}
	defer synced.Close()

	var sheets, rows, syncs []time.Duration
	var ratios []float64
	for round := range rounds {
		var s, r, f []time.Duration
		for i := range saves {
			n := round*saves + i
			took, err := timed(func() error { return saveSheet(ctx, a, clerk, sheet, n) })
			if err != nil {
				return err
			}
			s = append(s, took)
			if took, err = timed(func() error {
				_, err := bare.ExecContext(ctx, `insert into figure (value) values ($1)`, n)
				return err
			}); err != nil {
				return err
			}
			r = append(r, took)
			if took, err = timed(func() error {
				_, err := synced.WriteAt(make([]byte, 4096), 0)
				return errors.Join(err, synced.Sync())
			}); err != nil {
				return err
			}
			f = append(f, took)
		}
		sheets, rows, syncs = append(sheets, median(s)), append(rows, median(r)), append(syncs, median(f))
		ratios = append(ratios, float64(median(s))/float64(median(r)))
	}
	b.note(fmt.Sprintf("sheet of %d figures saved in one transaction", figures), millis(median(sheets)))
	b.note("  bare durable insert of one row, same disk", millis(median(rows)))
	b.note("  fsync of 4 KB, same disk", millis(median(syncs)))
	b.note("  sheet : bare insert", fmt.Sprintf("%.1f times", median(ratios)))
	return nil
}

func timed(do func() error) (time.Duration, error) {
	start := time.Now()
	err := do()
	return time.Since(start), err
}

// openSheet opens a period that asks for 60 figures, and the sheet of a unit.
func openSheet(ctx context.Context, a *app.App, clock *app.Clock) (policy.Actor, string, error) {
	secretary, clerk := policy.Actor{Account: "bench", Office: "Thư ký", Enrolled: true}, policy.Actor{Account: "bench", Office: "Chuyên viên", Enrolled: true}
	now, _, err := a.Clusters.Latest(ctx)
	if err != nil {
		return clerk, "", err
	}
	c, err := a.Emulation.PublicCriteria(ctx, now)
	if err != nil {
		return clerk, "", err
	}
	for i := range figures {
		c.Inputs = append(c.Inputs, emulation.Input{Indicator: fmt.Sprintf("do_%02d", i), Label: fmt.Sprintf("Số liệu %d", i), UnitLabel: "việc"})
	}
	secretary.Holds = []policy.Membership{{Role: policy.Secretary, Cluster: now.ClusterID}}
	day := app.DemoStart.Truncate(24 * time.Hour)
	p, _, err := a.Clusters.OpenPeriod(ctx, secretary, cluster.Period{ClusterID: now.ClusterID, Code: "do", Name: "Kỳ đo", Starts: day.AddDate(0, -2, 0), Ends: day.AddDate(0, 1, 0), Due: day.AddDate(0, 2, 0), FreezeAt: day.AddDate(0, 3, 0)})
	if err != nil {
		return clerk, "", err
	}
	if _, _, err := a.Emulation.SaveCriteria(ctx, secretary, p.ID, c); err != nil {
		return clerk, "", err
	}
	if _, err := a.Emulation.PublishCriteria(ctx, secretary, p.ID); err != nil {
		return clerk, "", err
	}
	members, err := a.Clusters.Members(ctx, p.ClusterID, clock.Now())
	if err != nil {
		return clerk, "", err
	}
	clerk.Holds = []policy.Membership{{Role: policy.Clerk, Unit: members[0].UnitID}}
	sheet, err := a.Emulation.SheetID(ctx, p.ID, members[0].UnitID)
	return clerk, sheet, err
}

// saveSheet changes every figure, for the n-th time from 0.
func saveSheet(ctx context.Context, a *app.App, clerk policy.Actor, sheet string, n int) error {
	var cells []emulation.Cell
	for i := range figures {
		cells = append(cells, emulation.Cell{Indicator: fmt.Sprintf("do_%02d", i), Text: fmt.Sprint(100 + n + i), Seen: int64(n)})
	}
	_, _, err := a.Emulation.SaveFigures(ctx, clerk, sheet, cells, "web")
	return err
}
