package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mrand "math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"time"

	"dongthuan/internal/app"
	"dongthuan/internal/db"
)

const (
	openDuties = 100_000
	shares     = 10 // units of each task
	looks      = 200
)

// duties measures a clerk's page of duties while the whole country owes 100,000:
// national units, of which this one owes its share like any other.
func (b *bench) duties(ctx context.Context) error {
	file, err := b.copied("duties")
	if err != nil {
		return err
	}
	a, clock, err := open(ctx, file)
	if err != nil {
		return err
	}
	return errors.Join(b.dutiesWith(ctx, a, clock), shut(ctx, a))
}

func (b *bench) dutiesWith(ctx context.Context, a *app.App, clock *app.Clock) error {
	c, err := a.Clusters.Get(ctx, "ht3")
	if err != nil {
		return err
	}
	own, err := a.Units.ByCode(ctx, "DV03", clock.Now())
	if err != nil {
		return err
	}
	random := mrand.New(mrand.NewPCG(1, 2))
	if err := a.DB.Write(ctx, func(tx *db.Tx) error {
		units := []string{own.ID}
		for range national - 1 {
			id := rand.Text()
			units = append(units, id)
			if _, err := tx.ExecContext(ctx, `insert into unit (id, at) values ($1, $2)`, id, db.Time(clock.Now())); err != nil {
				return err
			}
		}
		for i := range openDuties / shares {
			id := rand.Text()
			due := clock.Now().Add(time.Duration(random.IntN(60*24)-10*24) * time.Hour)
			if _, err := tx.ExecContext(ctx, `
				insert into task (id, cluster_id, number, title, product, source, due_at, state, reason, version, office, created_at, closed_at)
				values ($1, $2, $3, $4, 'Báo cáo', '', $5, 'open', '', 1, 'Thư ký', $6, '')`,
				id, c.ID, int64(100+i), fmt.Sprintf("Nhiệm vụ số %d của cả nước, có tên dài như tên thật của một nhiệm vụ", i), db.Time(due), db.Time(clock.Now())); err != nil {
				return err
			}
			for k, at := range random.Perm(len(units))[:shares] {
				role := "with"
				if k == 0 {
					role = "lead"
				}
				if _, err := tx.ExecContext(ctx, `
					insert into task_part (task_id, unit_id, role, ord, done_at, done_by, excused_at, excused_by, excuse, asked_at)
					values ($1, $2, $3, $4, '', '', '', '', '', '')`, id, units[at], role, int64(k)); err != nil {
					return err
				}
			}
		}
		return nil
	}); err != nil {
		return err
	}
	site := a.Handler()
	form := httptest.NewRequestWithContext(ctx, http.MethodPost, "http://127.0.0.1/dang-nhap", strings.NewReader(url.Values{"login": {"chuyenvien"}, "password": {app.DemoPassword}}.Encode()))
	form.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	form.RemoteAddr = "127.0.0.1:1"
	answer := httptest.NewRecorder()
	site.ServeHTTP(answer, form)
	cookies := answer.Result().Cookies()
	if len(cookies) == 0 {
		return fmt.Errorf("signing in answered %d", answer.Code)
	}
	page := func() (*httptest.ResponseRecorder, error) {
		r := httptest.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1/viec", nil)
		r.RemoteAddr = "127.0.0.1:1"
		for _, c := range cookies {
			r.AddCookie(c)
		}
		w := httptest.NewRecorder()
		site.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			return w, fmt.Errorf("the page of duties answered %d", w.Code)
		}
		return w, nil
	}
	first, err := page()
	if err != nil {
		return err
	}
	owed := strings.Count(first.Body.String(), `<li class="card`)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var each []time.Duration
	for range rounds {
		before, err := cpu()
		if err != nil {
			return err
		}
		for range looks {
			if _, err := page(); err != nil {
				return err
			}
		}
		after, err := cpu()
		if err != nil {
			return err
		}
		each = append(each, (after-before)/looks)
	}
	b.add(fmt.Sprintf("page of %d duties, %d open in all: CPU", owed, openDuties), millis(median(each)), "< 5 ms", median(each) < 5*time.Millisecond)
	return nil
}
