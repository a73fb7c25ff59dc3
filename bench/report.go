package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"dongthuan/internal/app"
	"dongthuan/internal/cluster"
	"dongthuan/internal/db"
	"dongthuan/internal/document"
	"dongthuan/internal/report"
)

// national is how many wards and communes the country has.
const national = 3321

// compiled is what one process measured while making a report.
type compiled struct {
	Compile, HTML, DOCX, XLSX  time.Duration
	SizeHTML, SizeDOCX, SizeXL int64
	Peak                       int64 // of the process's memory
}

func (c compiled) all() time.Duration { return c.Compile + c.HTML + c.DOCX + c.XLSX }

// report measures making the report of a cluster and of the whole country, each
// time in a fresh process, from frozen figures in memory to the bytes of all files.
func (b *bench) report(ctx context.Context) error {
	for _, size := range []struct {
		units int
		limit time.Duration
		peak  int64 // 0 for none
	}{{12, time.Second, 0}, {national, 20 * time.Second, 256 * mega}} {
		var times []time.Duration
		var peaks []int64
		var last compiled
		for round := range rounds {
			file, err := b.copied(fmt.Sprintf("report-%d-%d", size.units, round))
			if err != nil {
				return err
			}
			c, err := b.child(ctx, "report", nil, file, strconv.Itoa(size.units))
			if err != nil {
				return err
			}
			last = compiled{}
			if err := errors.Join(json.Unmarshal([]byte(c.ready), &last), c.end(), os.RemoveAll(filepath.Dir(file))); err != nil {
				return err
			}
			times, peaks = append(times, last.all()), append(peaks, last.Peak)
		}
		b.add(fmt.Sprintf("report of %d units × %d indicators: compiled, HTML, DOCX, XLSX", size.units, figures), fmt.Sprintf("%.3f s", median(times).Seconds()),
			fmt.Sprintf("< %g s", size.limit.Seconds()), median(times) < size.limit)
		b.note("  compile, HTML, DOCX, XLSX", fmt.Sprintf("%s, %s, %s, %s", millis(last.Compile), millis(last.HTML), millis(last.DOCX), millis(last.XLSX)))
		b.note("  bytes of HTML, DOCX, XLSX", fmt.Sprintf("%d, %d, %d", last.SizeHTML, last.SizeDOCX, last.SizeXL))
		if size.peak > 0 {
			b.add("  peak memory of the process", megabytes(median(peaks)), "< "+megabytes(size.peak), median(peaks) < size.peak)
		} else {
			b.note("  peak memory of the process", megabytes(median(peaks)))
		}
	}
	return nil
}

// playReport makes the files one after another, and the page by a request to the
// site, whose published report the generated one replaces.
func playReport(ctx context.Context, file, units string) error {
	n, err := strconv.Atoi(units)
	if err != nil {
		return err
	}
	a, _, err := open(ctx, file)
	if err != nil {
		return err
	}
	list, err := a.Reports.List(ctx, "")
	if err != nil || len(list) == 0 {
		return errors.Join(errors.New("no published report"), err)
	}
	src := source(n)
	draft := report.Report{Slug: list[0].Slug, Title: "Báo cáo", Abstract: "Công tác dân vận", Sections: map[string]report.Section{}, Letter: list[0].Letter}
	for _, p := range report.Tree {
		draft.Sections[p.Code] = report.Section{Body: report.Generate(src, p.Code)}
	}

	var m compiled
	var c report.Compiled
	steps := []struct {
		took *time.Duration
		do   func() error
	}{
		{&m.Compile, func() error { c = report.Compile(draft, src); return nil }},
		{&m.DOCX, func() error {
			return counted(&m.SizeDOCX, func(w io.Writer) error { return report.WriteDOCX(w, c, document.ND30) })
		}},
		{&m.XLSX, func() error { return counted(&m.SizeXL, func(w io.Writer) error { return report.WriteXLSX(w, c) }) }},
		{new(time.Duration), func() error { return publish(ctx, a.DB, list[0].ID, c) }},
		{&m.HTML, func() error { return page(ctx, a, "/bao-cao/"+list[0].Slug, &m.SizeHTML) }},
	}
	for _, s := range steps {
		if *s.took, err = timed(s.do); err != nil {
			return err
		}
	}
	if m.Peak, err = memory(os.Getpid(), "VmHWM"); err != nil {
		return err
	}
	return errors.Join(json.NewEncoder(os.Stdout).Encode(m), shut(ctx, a))
}

func publish(ctx context.Context, d *db.DB, id string, c report.Compiled) error {
	body, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return d.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, `update report_version set body = $1 where report_id = $2`, string(body), id)
		return err
	})
}

// page asks the site for an address and counts what it writes.
func page(ctx context.Context, a *app.App, path string, size *int64) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1"+path, nil)
	if err != nil {
		return err
	}
	r.RemoteAddr = "127.0.0.1:1"
	w := &counter{header: http.Header{}, code: http.StatusOK}
	a.Handler().ServeHTTP(w, r)
	if *size = w.n; w.code != http.StatusOK {
		return fmt.Errorf("%s: status %d", path, w.code)
	}
	return nil
}

func counted(size *int64, write func(io.Writer) error) error {
	w := &counter{}
	err := write(w)
	*size = w.n
	return err
}

// counter throws away what is written and counts it.
type counter struct {
	header http.Header
	code   int
	n      int64
}

func (c *counter) Header() http.Header { return c.header }

func (c *counter) WriteHeader(code int) { c.code = code }

func (c *counter) Write(b []byte) (int, error) {
	c.n += int64(len(b))
	return len(b), nil
}

// source is a period of n units with 60 figures each, now and before: six groups
// of five criteria, two figures to each.
func source(n int) report.Source {
	s := report.Source{Cluster: cluster.Cluster{Code: "do", Name: "Cụm đo"}, Period: cluster.Period{Code: "2026", Name: "Năm 2026"}, LastName: "Năm 2025", Path: "/thi-dua/do/2026"}
	for g := 1; g <= 6; g++ {
		group := report.Group{Code: strconv.Itoa(g), Name: fmt.Sprintf("Nhóm tiêu chí %d", g), Max: 150}
		s.Groups = append(s.Groups, group)
		for k := 1; k <= 5; k++ {
			cr := report.Criterion{Group: group.Code, Code: fmt.Sprintf("%d.%d", g, k), Name: fmt.Sprintf("Tỷ lệ kiến nghị của Nhân dân được giải quyết, mục %d.%d", g, k), Ratio: k%2 == 1}
			for _, side := range []string{"tu", "mau"} {
				code := fmt.Sprintf("%s_%d_%d", side, g, k)
				cr.Inputs = append(cr.Inputs, code)
				s.Indicators = append(s.Indicators, report.Indicator{Code: code, Label: fmt.Sprintf("Số kiến nghị của Nhân dân, %s %d.%d", side, g, k), UnitLabel: "kiến nghị"})
			}
			s.Criteria = append(s.Criteria, cr)
		}
	}
	for i := range n {
		u := report.Unit{ID: fmt.Sprintf("unit-%d", i), Code: fmt.Sprintf("DV%04d", i), Name: fmt.Sprintf("Phường Hà Thanh %d", i), HandedIn: i%50 != 0,
			Values: map[string]int64{}, Last: map[string]int64{}, Rank: i + 1, Base: 800, Bonus: 20, Deduction: 5, Total: 815, Class: "Hoàn thành tốt"}
		for k, in := range s.Indicators {
			u.Values[in.Code], u.Last[in.Code] = int64(1000*(10+(i*7+k*13)%97)), int64(1000*(10+(i*5+k*11)%89))
		}
		for g := range s.Groups {
			u.Groups = append(u.Groups, int64(100+(i+g)%50))
		}
		s.Units = append(s.Units, u)
	}
	return s
}
