package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"dongthuan/internal/app"
	"dongthuan/internal/conference"
	"dongthuan/internal/db"
	"dongthuan/internal/ledger"
)

const (
	askers  = 2000
	askTime = 10 * time.Second
	twice   = 10 // every so-manieth request is sent twice at once, as a phone does that lost the answer

	comers  = 400
	scanned = 220 // codes at each of two desks
)

// meeting measures a hall in its two busiest moments: all ask to speak at once, and two
// desks receive everybody. What is lost or counted twice ends the measuring.
func (b *bench) meeting(ctx context.Context) error {
	// A database of its own, whose leaves are signed by a key with a synced journal like
	// a real one's.
	file := filepath.Join(b.folder, "meeting", "demo.db")
	floor, door, err := seedMeetings(ctx, file)
	if err != nil {
		return err
	}
	site, err := b.child(ctx, "meeting", nil, file)
	if err != nil {
		return err
	}
	before, err := site.cpu()
	if err != nil {
		return errors.Join(err, site.end())
	}
	spoken, err := floor.askAll(ctx, "http://"+site.ready)
	if err != nil {
		return errors.Join(err, site.end())
	}
	after, err := site.cpu()
	if err != nil {
		return errors.Join(err, site.end())
	}
	pages, err := floor.look("http://" + site.ready)
	if err != nil {
		return errors.Join(err, site.end())
	}
	came, err := door.receive(ctx, "http://"+site.ready)
	if err != nil {
		return errors.Join(err, site.end())
	}
	if err := site.end(); err != nil {
		return err
	}
	if err := countMeetings(ctx, file, floor, door, spoken); err != nil {
		return err
	}
	b.printMeetings(spoken, (after-before)/time.Duration(len(spoken.took)), pages, came)
	return nil
}

func (b *bench) printMeetings(s spoken, cpu time.Duration, pages []time.Duration, c came) {
	late := max(0, s.last-askTime)
	b.add(fmt.Sprintf("SQLite: %d delegates ask to speak, %.0f/s, every %dth request sent twice: lost, double, refused", askers, askers/askTime.Seconds(), twice), fmt.Sprintf("0, 0, %d", s.refused), "0, 0, 0", s.refused == 0)
	b.note("  answer, from when it was due to be sent", fmt.Sprintf("p50 %s, p99 %s, max %s", millis(quantile(s.took, 0.5)), millis(quantile(s.took, 0.99)), millis(slices.Max(s.took))))
	b.add("  all answered after the last was due", fmt.Sprintf("%.2f s", late.Seconds()), "< 1 s", late < time.Second)
	b.note("  CPU of the server for a request, with a screen that shows them", millis(cpu))
	if s.refused == 0 {
		b.note("  last answer until the screen shows it", millis(s.shown))
	}
	b.note("  page of a letter that this leads to, one at a time", fmt.Sprintf("p50 %s, p99 %s", millis(quantile(pages, 0.5)), millis(quantile(pages, 0.99))))
	b.add(fmt.Sprintf("SQLite: %d delegates received at two desks, %d scans, one desk's in one sending", comers, 2*scanned), fmt.Sprintf("%.2f s", c.took.Seconds()), "< 60 s", c.took < time.Minute)
	b.note("  answer to a scan, to the sending of "+strconv.Itoa(scanned), fmt.Sprintf("p50 %s, p99 %s; %s", millis(quantile(c.each, 0.5)), millis(quantile(c.each, 0.99)), millis(c.queue)))
}

// openSigned opens the program over a database as open does, signing as serve does.
func openSigned(ctx context.Context, file string) (*app.App, *app.Clock, error) {
	debug.SetGCPercent(75) // as the program sets it
	d, err := db.Open(ctx, file)
	if err != nil {
		return nil, nil, err
	}
	clock, folder := &app.Clock{}, filepath.Join(filepath.Dir(file), "so-cai")
	clock.Run(app.DemoStart)
	a, err := app.New(ctx, d, app.Settings{Now: clock.Now, Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})), Signer: func(context.Context) (ledger.Signer, error) {
		return ledger.OpenNotary(folder, filepath.Join(folder, ledger.JournalFile), "bench.example/so-cai", "")
	}})
	if err != nil {
		return nil, nil, errors.Join(err, d.Close())
	}
	return a, clock, nil
}

func playMeeting(ctx context.Context, file string) error {
	a, _, err := openSigned(ctx, file)
	if err != nil {
		return err
	}
	return errors.Join(serve(a.Handler(), func(host string) error {
		_, err := fmt.Println(host)
		return err
	}), shut(ctx, a))
}

// hall is a conference as those who come to it know it.
type hall struct {
	id, address string
	letters     []string
	marks       []string
	desks       []string // their secrets
}

// seedMeetings makes two conferences beside those of the demonstration: one in its
// discussion with everybody present, one before its door opens.
func seedMeetings(ctx context.Context, file string) (floor, door hall, err error) {
	a, clock, err := openSigned(ctx, file)
	if err != nil {
		return floor, door, err
	}
	err = func() error {
		if err := app.Seed(ctx, a, clock); err != nil {
			return err
		}
		clock.Run(app.DemoStart)
		if floor, err = convene(ctx, a, askers, "Hội trường lớn"); err != nil {
			return err
		}
		if err := toFloor(ctx, a, floor); err != nil {
			return err
		}
		door, err = convene(ctx, a, comers, "Hội trường nhỏ", "Bàn A", "Bàn B")
		return err
	}()
	return floor, door, errors.Join(err, shut(ctx, a))
}

// convene calls a conference of the demonstration's cluster, and opens its desks.
func convene(ctx context.Context, a *app.App, delegates int, place string, desks ...string) (hall, error) {
	var h hall
	of, err := a.Clusters.Get(ctx, "ht3")
	if err != nil {
		return h, err
	}
	chair := chairOf(of.ID)
	c, _, err := a.Conferences.Create(ctx, chair, of.ID, conference.Draft{Kind: "meeting", Title: "Hội nghị đo", Place: place, Starts: app.DemoStart, Public: true}, "")
	if err != nil {
		return h, err
	}
	h.id, h.address = c.ID, c.Address()
	members, err := a.Clusters.Members(ctx, of.ID, app.DemoStart)
	if err != nil {
		return h, err
	}
	drafts := make([]conference.DelegateDraft, delegates)
	for i := range drafts {
		drafts[i] = conference.DelegateDraft{UnitID: members[i%len(members)].UnitID, Office: fmt.Sprintf("Chuyên viên Ban Dân vận số %d", i), Role: "member"}
	}
	if _, err := a.Conferences.AddDelegates(ctx, chair, c.ID, drafts); err != nil {
		return h, err
	}
	if _, err := a.Conferences.Publish(ctx, chair, c.ID, ""); err != nil {
		return h, err
	}
	for _, name := range desks {
		desk, _, err := a.Conferences.OpenDesk(ctx, chair, c.ID, name)
		if err != nil {
			return h, err
		}
		h.desks = append(h.desks, desk.Secret)
	}
	v, err := a.Conferences.Open(ctx, chair, c.ID)
	for _, d := range v.Delegates {
		h.letters, h.marks = append(h.letters, d.Code()), append(h.marks, d.Mark)
	}
	return h, err
}

// toFloor receives everybody and opens the discussion.
func toFloor(ctx context.Context, a *app.App, h hall) error {
	v, err := a.Conferences.ByCode(ctx, filepath.Base(h.address))
	if err != nil {
		return err
	}
	chair := chairOf(v.ClusterID)
	var scans []conference.Scan
	for i, mark := range h.marks {
		scans = append(scans, conference.Scan{ID: strconv.Itoa(i) + "-" + v.Code, Mark: mark, How: "scan", At: app.DemoStart.UnixMilli()})
	}
	desk, _, err := a.Conferences.OpenDesk(ctx, chair, v.ID, "Bàn đón tiếp")
	if err != nil {
		return err
	}
	if _, _, err := a.Conferences.DeskScans(ctx, v.Code, desk.Secret, scans, app.DemoStart.UnixMilli()); err != nil {
		return err
	}
	if _, err := a.Conferences.Begin(ctx, chair, v.ID); err != nil {
		return err
	}
	i := slices.IndexFunc(v.Slots, func(s conference.Slot) bool { return s.Kind == "floor" })
	if i < 0 {
		return errors.New("a programme without a discussion")
	}
	_, err = a.Conferences.GoTo(ctx, chair, v.ID, "", v.Slots[i].ID)
	return err
}

// spoken is how the requests to speak went.
type spoken struct {
	took    []time.Duration // of each sending
	last    time.Duration   // from the first that was due until the last answer
	shown   time.Duration   // from the last answer until the screen had all of them
	refused int             // delegates, where the server said that it is too busy
}

// client is many phones: it follows no redirect.
func client() *http.Client {
	return &http.Client{Timeout: 2 * time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{MaxIdleConnsPerHost: askers}}
}

// askAll sends a request of each delegate when it is due, however long the ones before
// take: a slow answer holds nobody else back, and its wait is counted from when it was due.
func (h hall) askAll(ctx context.Context, host string) (spoken, error) {
	var s spoken
	phones := client()
	screen, err := watchScreen(ctx, host+h.address+"/truc-tiep", askers)
	if err != nil {
		return s, err
	}
	defer screen.stop()
	type answer struct {
		took time.Duration
		err  error
	}
	answers := make([]answer, 0, askers+askers/twice)
	var mu sync.Mutex
	var all sync.WaitGroup
	start := time.Now()
	for i, letter := range h.letters {
		due := start.Add(askTime * time.Duration(i) / askers)
		time.Sleep(time.Until(due))
		n, key := 1, rand.Text()
		if i%twice == 0 {
			n = 2
		}
		receipts := make([]string, n)
		var both sync.WaitGroup
		for k := range n {
			both.Go(func() {
				receipt, err := h.ask(ctx, phones, host, letter, key)
				took := time.Since(due)
				receipts[k] = receipt
				mu.Lock()
				defer mu.Unlock()
				answers = append(answers, answer{took, err})
			})
		}
		all.Go(func() {
			both.Wait()
			mu.Lock()
			defer mu.Unlock()
			switch {
			case receipts[0] == "" && receipts[n-1] == "":
				s.refused++
			case receipts[0] != "" && receipts[n-1] != "" && receipts[0] != receipts[n-1]:
				answers = append(answers, answer{err: fmt.Errorf("one request has the receipts %v", receipts)})
			}
		})
	}
	all.Wait()
	end := time.Now()
	s.last = end.Sub(start)
	for _, a := range answers {
		if a.err != nil {
			return s, a.err
		}
		s.took = append(s.took, a.took)
	}
	if s.refused > 0 {
		return s, nil
	}
	at, err := screen.wait()
	s.shown = max(0, at.Sub(end))
	return s, err
}

// ask returns the receipt of a request to speak, none where it was refused.
func (h hall) ask(ctx context.Context, c *http.Client, host, letter, key string) (receipt string, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, host+h.address+"/giay-moi/"+letter+"/phat-bieu", strings.NewReader(url.Values{"kind": {"speech"}, "subject": {"Quy ước tổ dân phố"}}.Encode()))
	if err != nil {
		return "", err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "text/html")
	r.Header.Set("Idempotency-Key", key)
	answer, err := c.Do(r)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return "", err
	}
	if answer.StatusCode == http.StatusServiceUnavailable {
		return "", nil
	}
	receipt = answer.Header.Get("Receipt")
	if answer.StatusCode != http.StatusSeeOther || receipt == "" {
		return "", fmt.Errorf("a request to speak was answered %s, receipt %q", answer.Status, receipt)
	}
	return receipt, nil
}

// look opens letters one after the other, as phones do that have asked.
func (h hall) look(host string) ([]time.Duration, error) {
	var each []time.Duration
	for _, letter := range h.letters[:100] {
		took, err := timed(func() error {
			answer, err := http.Get(host + h.address + "/giay-moi/" + letter)
			if err != nil {
				return err
			}
			defer answer.Body.Close()
			if answer.StatusCode != http.StatusOK {
				return fmt.Errorf("a letter was answered %s", answer.Status)
			}
			_, err = io.Copy(io.Discard, answer.Body)
			return err
		})
		if err != nil {
			return nil, err
		}
		each = append(each, took)
	}
	return each, nil
}

// screen is the hall's screen, which waits until it shows so many in the queue.
type screen struct {
	stop func()
	done chan time.Time
}

func watchScreen(ctx context.Context, address string, queue int) (*screen, error) {
	ctx, stop := context.WithCancel(ctx)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		stop()
		return nil, err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		stop()
		return nil, err
	}
	s := &screen{stop, make(chan time.Time, 1)}
	go func() {
		defer answer.Body.Close()
		for in := bufio.NewReader(answer.Body); ; {
			line, err := in.ReadBytes('\n')
			if err != nil {
				return // stopped, or waited for in vain
			}
			var said struct{ State conference.Hall }
			if text, ok := strings.CutPrefix(string(line), "data: "); ok && json.Unmarshal([]byte(text), &said) == nil && said.State.Waiting >= queue {
				s.done <- time.Now()
				return
			}
		}
	}()
	return s, nil
}

func (s *screen) wait() (time.Time, error) {
	select {
	case at := <-s.done:
		return at, nil
	case <-time.After(10 * time.Second):
		return time.Time{}, errors.New("the screen does not show all who wait")
	}
}

// came is how the receiving went.
type came struct {
	took, queue time.Duration
	each        []time.Duration
}

// receive scans at two desks at once, as fast as scans are answered: A sends each as it
// sees it, B has no network until A is half through, and then sends all it has. Some
// delegates are seen at both.
func (h hall) receive(ctx context.Context, host string) (came, error) {
	var c came
	phones := client()
	var again [2]int
	var failed [2]error
	half := make(chan struct{})
	var both sync.WaitGroup
	start := time.Now()
	both.Go(func() {
		free := sync.OnceFunc(func() { close(half) })
		defer free()
		for i, mark := range h.marks[:scanned] {
			if i == scanned/2 {
				free()
			}
			took, err := timed(func() error {
				n, err := h.scan(ctx, phones, host, h.desks[0], []conference.Scan{seen(mark)})
				again[0] += n
				return err
			})
			if err != nil {
				failed[0] = err
				return
			}
			c.each = append(c.each, took)
		}
	})
	both.Go(func() {
		var kept []conference.Scan
		for _, mark := range h.marks[len(h.marks)-scanned:] {
			kept = append(kept, seen(mark))
		}
		<-half
		c.queue, failed[1] = timed(func() (err error) {
			again[1], err = h.scan(ctx, phones, host, h.desks[1], kept)
			return err
		})
	})
	both.Wait()
	c.took = time.Since(start)
	if err := errors.Join(failed[:]...); err != nil {
		return c, err
	}
	if n := again[0] + again[1]; n != 2*scanned-comers {
		return c, fmt.Errorf("%d scans of those who were there already, want %d", n, 2*scanned-comers)
	}
	return c, nil
}

func seen(mark string) conference.Scan {
	return conference.Scan{ID: rand.Text(), Mark: mark, How: "scan", At: time.Now().UnixMilli()}
}

// scan sends a desk's scans and returns how many were of delegates who were there
// already. Any other answer but "present" is an error.
func (h hall) scan(ctx context.Context, c *http.Client, host, desk string, scans []conference.Scan) (again int, err error) {
	text, err := json.Marshal(scans)
	if err != nil {
		return 0, err
	}
	form := url.Values{"scans": {string(text)}, "now": {strconv.FormatInt(time.Now().UnixMilli(), 10)}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, host+h.address+"/ban/"+desk, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "application/json")
	answer, err := c.Do(r)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	var said struct {
		Receipt string
		Scans   []conference.Scanned
	}
	if err := json.NewDecoder(answer.Body).Decode(&said); err != nil {
		return 0, fmt.Errorf("scans were answered %s: %w", answer.Status, err)
	}
	if said.Receipt == "" || len(said.Scans) != len(scans) {
		return 0, fmt.Errorf("%d scans were answered %s, receipt %q, %d of them", len(scans), answer.Status, said.Receipt, len(said.Scans))
	}
	for i, x := range said.Scans {
		switch {
		case x.ID != scans[i].ID || x.Kind != "present" && x.Kind != "again":
			return 0, fmt.Errorf("scan %s was answered %+v", scans[i].ID, x)
		case x.Kind == "again":
			again++
		}
	}
	return again, nil
}

// countMeetings looks into the database for what was lost or counted twice.
func countMeetings(ctx context.Context, file string, floor, door hall, s spoken) error {
	a, _, err := openSigned(ctx, file)
	if err != nil {
		return err
	}
	var problems []error
	for _, x := range []struct {
		what, query, id string
		want            int64
	}{
		{"requests to speak", `select count(*) from conference_speech where conference_id = $1`, floor.id, int64(askers - s.refused)},
		{"delegates who wait to speak", `select count(distinct delegate_id) from conference_speech where conference_id = $1 and state = 'waiting'`, floor.id, int64(askers - s.refused)},
		{"delegates present", `select count(*) from conference_delegate where conference_id = $1 and present_at <> ''`, door.id, comers},
		{"scans", `select count(*) from conference_scan where conference_id = $1`, door.id, 2 * scanned},
		{"first scans", `select count(*) from conference_scan where conference_id = $1 and fresh = 1`, door.id, comers},
	} {
		var got int64
		if err := a.DB.QueryRowContext(ctx, x.query, x.id).Scan(&got); err != nil {
			problems = append(problems, err)
		} else if got != x.want {
			problems = append(problems, fmt.Errorf("%d %s, want %d", got, x.what, x.want))
		}
	}
	return errors.Join(errors.Join(problems...), shut(ctx, a))
}
