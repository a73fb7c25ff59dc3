package legal

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	"dongthuan/internal/document"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
	"dongthuan/internal/policy"
	"dongthuan/internal/web"
)

type pages struct {
	*web.Site
	service *Service
}

// Serve adds the public calendar, rules and counting of deadlines, and their
// management.
func Serve(site *web.Site, s *Service) {
	p := pages{site, s}
	read := func(pattern string, show func(http.ResponseWriter, *http.Request) error) {
		site.Handle(web.Route{Pattern: pattern, Action: policy.ReadPublic, Page: show})
	}
	read("GET /lich", p.calendar)
	read("GET /lich/{file}", p.file)
	read("GET /lich/han", p.due)
	read("GET /lich/quy-tac", p.rules)
	manage := func(pattern string, show func(http.ResponseWriter, *http.Request) error) {
		site.Handle(web.Route{Pattern: pattern, Action: policy.LegalManage, Page: show})
	}
	write := func(pattern string, limit int64, act func(http.ResponseWriter, *http.Request) (web.Outcome, error)) {
		site.Handle(web.Route{Pattern: pattern, Action: policy.LegalManage, Write: act, Limit: limit})
	}
	manage("GET /quan-tri/lich", p.manage)
	write("POST /quan-tri/lich/ngay", 0, p.putDay)
	write("POST /quan-tri/lich/bo", 0, p.dropDay)
	write("POST /quan-tri/lich/xac-nhan", 0, p.confirmYear)
	write("POST /quan-tri/lich/tep", 256<<10, p.takeFile)
	manage("GET /quan-tri/lich/quy-tac/{rule}", p.ruleForm)
	write("POST /quan-tri/lich/quy-tac/{rule}", 0, p.putRule)
}

type calendarPage struct {
	web.Base
	Year     Year
	Months   []month
	Work     int // working days in the year
	Years    []int
	May      bool
	Calendar *Calendar
	Today    time.Time
}

type month struct {
	Number int
	Weeks  [][7]Day // Monday first; days of other months have no date
}

func yearOf(r *http.Request, now time.Time) int {
	year, err := strconv.Atoi(r.URL.Query().Get("nam"))
	if err != nil || year < First || year > Last {
		year = now.In(lang.Vietnam).Year()
	}
	return year
}

func (p pages) loadCalendar(r *http.Request) (calendarPage, error) {
	base, err := p.Base(r)
	if err != nil {
		return calendarPage{}, err
	}
	c, err := p.service.Calendar(r.Context(), nil)
	if err != nil {
		return calendarPage{}, err
	}
	n := yearOf(r, base.Now)
	page := calendarPage{Base: base, Year: c.Year(n), Calendar: c, Today: midnight(base.Now), May: policy.May(base.Actor, policy.LegalManage, policy.Object{}) == nil}
	for m := time.January; m <= time.December; m++ {
		page.Months = append(page.Months, monthOf(c, n, m))
	}
	page.Work = c.Between(time.Date(n-1, 12, 31, 0, 0, 0, 0, lang.Vietnam), time.Date(n, 12, 31, 0, 0, 0, 0, lang.Vietnam))
	for y := max(First, n-1); y <= min(Last, n+1); y++ {
		if y != n {
			page.Years = append(page.Years, y)
		}
	}
	return page, nil
}

func monthOf(c *Calendar, year int, m time.Month) month {
	all := month{Number: int(m)}
	var week [7]Day
	for d := time.Date(year, m, 1, 0, 0, 0, 0, lang.Vietnam); d.Month() == m; d = d.AddDate(0, 0, 1) {
		i := (int(d.Weekday()) + 6) % 7
		week[i] = c.Day(d)
		if i == 6 || d.AddDate(0, 0, 1).Month() != m {
			all.Weeks = append(all.Weeks, week)
			week = [7]Day{}
		}
	}
	return all
}

func (p pages) calendar(w http.ResponseWriter, r *http.Request) error {
	page, err := p.loadCalendar(r)
	if err != nil {
		return err
	}
	return p.Render(w, r, "legal/calendar", page)
}

// file is a year as the file that can be changed and taken in again, and as
// iCalendar.
func (p pages) file(w http.ResponseWriter, r *http.Request) error {
	var year int
	var kind string
	if n, _ := fmt.Sscanf(r.PathValue("file"), "%4d.%s", &year, &kind); n != 2 || year < First || year > Last || kind != "json" && kind != "ics" {
		return web.NotFound()
	}
	c, err := p.service.Calendar(r.Context(), nil)
	if err != nil {
		return err
	}
	y := c.Year(year)
	w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="lich-%d.%s"`, year, kind))
	if kind == "json" {
		return p.JSON(w, http.StatusOK, y)
	}
	var events []document.Event
	for _, d := range y.Days {
		if d.Kind != Work {
			events = append(events, document.Event{UID: d.Date.Format("20060102") + "@lich", Day: d.Date, Summary: d.Words(p.Language(r)), Description: d.Source, Stamp: p.Now()})
		}
	}
	w.Header().Set("Content-Type", "text/calendar; charset=utf-8")
	return document.WriteICalendar(w, p.Text.Text(p.Language(r), "legal.calendar", year), slices.Values(events))
}

type duePage struct {
	web.Base
	Err    error
	Rule   string
	Day    string
	Rules  []Rule
	Answer *Answer
	Months []month
	Days   map[string]bool
	Last   time.Time // the day that is marked
}

// From names the first day of the period in the picture.
func (d duePage) First() time.Time { return midnight(d.Answer.From) }

func (p pages) due(w http.ResponseWriter, r *http.Request) error {
	base, err := p.Base(r)
	if err != nil {
		return err
	}
	rules, err := p.service.Rules(r.Context(), nil)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	page := duePage{Base: base, Err: fault.List(nil), Rule: q.Get("quy-tac"), Day: q.Get("tu"), Rules: rules.On(base.Now)}
	if page.Rule == "" && page.Day == "" {
		return p.Render(w, r, "legal/due", page)
	}
	a, err := p.answer(r, rules, page.Rule, page.Day)
	if err != nil {
		if fault.KindOf(err) == fault.Internal {
			return err
		}
		page.Err = err
		return p.Render(w, r, "legal/due", page)
	}
	page.Answer, page.Last = &a, midnight(a.Due)
	c, err := p.service.Calendar(r.Context(), nil)
	if err != nil {
		return err
	}
	for y, m, _ := a.From.In(lang.Vietnam).Date(); len(page.Months) < 6; m++ {
		first := time.Date(y, m, 1, 0, 0, 0, 0, lang.Vietnam)
		if first.After(a.Due) {
			break
		}
		page.Months = append(page.Months, monthOf(c, first.Year(), first.Month()))
		page.Months[len(page.Months)-1].Number = int(first.Month())
	}
	return p.Render(w, r, "legal/due", page)
}

func (p pages) answer(r *http.Request, rules Rules, id, from string) (Answer, error) {
	t, err := lang.ParseMoment(from)
	if err != nil {
		list := fault.All(err)
		for _, e := range list {
			e.In("tu")
		}
		if list == nil {
			return Answer{}, err
		}
		return Answer{}, list
	}
	rule, err := rules.Get(id, t)
	if err != nil {
		for _, e := range fault.All(err) {
			return Answer{}, fault.New(fault.Invalid, e.Text, e.Args...).In("quy-tac")
		}
		return Answer{}, err
	}
	c, err := p.service.Calendar(r.Context(), nil)
	if err != nil {
		return Answer{}, err
	}
	a, err := c.Due(rule, t)
	for _, e := range fault.All(err) {
		return a, e.In("tu")
	}
	return a, err
}

type rulesPage struct {
	web.Base
	Rules      []Rule
	Thresholds []Threshold
	May        bool
}

func (p pages) rules(w http.ResponseWriter, r *http.Request) error {
	base, err := p.Base(r)
	if err != nil {
		return err
	}
	rules, err := p.service.Rules(r.Context(), nil)
	if err != nil {
		return err
	}
	return p.Render(w, r, "legal/rules", rulesPage{base, rules.Versions(), rules.Thresholds(), policy.May(base.Actor, policy.LegalManage, policy.Object{}) == nil})
}

type managePage struct {
	calendarPage
	Err     error
	FileErr error
	Date    string
	Kind    Kind
	VI, EN  string
	Source  string
	Sure    bool
	Kinds   []Kind
	Open    int64
}

func (p pages) loadManage(r *http.Request) (managePage, error) {
	page, err := p.loadCalendar(r)
	if err != nil {
		return managePage{}, err
	}
	if err := policy.May(page.Actor, policy.LegalManage, policy.Object{}); err != nil {
		return managePage{}, err
	}
	m := managePage{calendarPage: page, Err: fault.List(nil), FileErr: fault.List(nil), Kinds: Kinds, Kind: Holiday}
	m.Open, err = p.service.Open(r.Context())
	return m, err
}

func (p pages) manage(w http.ResponseWriter, r *http.Request) error {
	page, err := p.loadManage(r)
	if err != nil {
		return err
	}
	if t, err := lang.ParseDate(r.URL.Query().Get("ngay")); err == nil {
		d := page.Calendar.Day(t)
		page.Date, page.VI, page.EN, page.Source, page.Sure = t.Format(time.DateOnly), d.VI, d.EN, d.Source, d.Confirmed != ""
		if slices.Contains(Kinds, d.Kind) {
			page.Kind = d.Kind
		}
	}
	return p.Render(w, r, "legal/manage", page)
}

func manageAt(year int) string { return "/quan-tri/lich?nam=" + strconv.Itoa(year) }

func (p pages) putDay(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	page, err := p.loadManage(r)
	if err != nil {
		return web.Outcome{}, err
	}
	page.Date, page.Kind, page.VI, page.EN, page.Source, page.Sure = r.PostFormValue("day"), Kind(r.PostFormValue("kind")), r.PostFormValue("vi"), r.PostFormValue("en"), r.PostFormValue("source"), r.PostFormValue("sure") != ""
	d := Day{Kind: page.Kind, VI: page.VI, EN: page.EN, Source: page.Source}
	if page.Sure {
		d.Confirmed = page.Actor.Office
	}
	if d.Date, err = lang.ParseDate(page.Date); err == nil {
		var ack ledger.Ack
		if ack, err = p.service.ChangeDays(r.Context(), page.Actor, []Day{d}); err == nil {
			return web.Saved(ack, manageAt(d.Date.Year()), "legal.done.day"), nil
		}
	} else {
		for _, e := range fault.All(err) {
			e.In("day")
		}
	}
	page.Err = err
	return again("legal/manage", page, err)
}

func again(page string, data any, err error) (web.Outcome, error) {
	if k := fault.KindOf(err); k == fault.Internal || k == fault.Forbidden || k == fault.Busy {
		return web.Outcome{}, err
	}
	return web.Again(page, data, err), nil
}

func (p pages) dropDay(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	page, err := p.loadManage(r)
	if err != nil {
		return web.Outcome{}, err
	}
	t, err := lang.ParseDate(r.PostFormValue("day"))
	if err != nil {
		return web.Outcome{}, err
	}
	ack, err := p.service.DropDay(r.Context(), page.Actor, t)
	if err != nil {
		return web.Outcome{}, err
	}
	return web.Saved(ack, manageAt(t.Year()), "legal.done.day"), nil
}

func (p pages) confirmYear(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	page, err := p.loadManage(r)
	if err != nil {
		return web.Outcome{}, err
	}
	year, err := strconv.Atoi(r.PostFormValue("nam"))
	if err != nil {
		return web.Outcome{}, fault.New(fault.Invalid, "legal.year.range", First, Last)
	}
	ack, err := p.service.ConfirmYear(r.Context(), page.Actor, year)
	if err != nil {
		page.Err = err
		return again("legal/manage", page, err)
	}
	return web.Saved(ack, manageAt(year), "legal.done.confirmed"), nil
}

func (p pages) takeFile(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	page, err := p.loadManage(r)
	if err != nil {
		return web.Outcome{}, err
	}
	y, err := sentYear(r)
	if err == nil {
		var ack ledger.Ack
		if ack, err = p.service.ChangeDays(r.Context(), page.Actor, y.Days); err == nil {
			return web.Saved(ack, manageAt(y.Year), "legal.done.day"), nil
		}
	}
	page.FileErr = err
	return again("legal/manage", page, err)
}

func sentYear(r *http.Request) (Year, error) {
	file, _, err := r.FormFile("file")
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return Year{}, fault.New(fault.TooLarge, "web.large", lang.Size(lang.Languages[0], large.Limit)).In("file").Because(err)
	}
	if err != nil {
		return Year{}, fault.New(fault.Invalid, "legal.file.form").In("file").Because(err)
	}
	defer file.Close()
	b, err := io.ReadAll(file)
	if err != nil {
		return Year{}, err
	}
	return ParseYear(b)
}

type rulePage struct {
	web.Base
	Err                          error
	Rule                         Rule
	Effect                       Effect
	Unit                         Unit
	Value                        string
	VI, EN, TriggerVI, TriggerEN string
	Article, From                string
	Sure                         bool
	Effects                      []Effect
	Units                        []Unit
}

func (p pages) loadRule(r *http.Request) (rulePage, error) {
	base, err := p.Base(r)
	if err != nil {
		return rulePage{}, err
	}
	if err := policy.May(base.Actor, policy.LegalManage, policy.Object{}); err != nil {
		return rulePage{}, err
	}
	rules, err := p.service.Rules(r.Context(), nil)
	if err != nil {
		return rulePage{}, err
	}
	page := rulePage{Base: base, Err: fault.List(nil), Effects: []Effect{Latest, Minimum, Validity}, Units: units}
	for _, v := range rules.Versions() {
		if v.ID == r.PathValue("rule") {
			page.Rule = v // the newest
		}
	}
	if page.Rule.ID == "" {
		return page, fault.New(fault.NotFound, "legal.rule.missing", r.PathValue("rule"))
	}
	v := page.Rule
	page.Effect, page.Unit, page.Value, page.VI, page.EN, page.TriggerVI, page.TriggerEN, page.Article, page.From, page.Sure =
		v.Effect, v.Unit, strconv.Itoa(v.Value), v.VI, v.EN, v.TriggerVI, v.TriggerEN, v.Article, v.From.Format(time.DateOnly), v.Confirmed != ""
	return page, nil
}

func (p pages) ruleForm(w http.ResponseWriter, r *http.Request) error {
	page, err := p.loadRule(r)
	if err != nil {
		return err
	}
	return p.Render(w, r, "legal/rule", page)
}

func (p pages) putRule(w http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	page, err := p.loadRule(r)
	if err != nil {
		return web.Outcome{}, err
	}
	f := r.PostFormValue
	page.Effect, page.Unit, page.Value, page.VI, page.EN, page.TriggerVI, page.TriggerEN, page.Article, page.From, page.Sure =
		Effect(f("effect")), Unit(f("unit")), f("value"), f("vi"), f("en"), f("trigger_vi"), f("trigger_en"), f("article"), f("from"), f("sure") != ""
	rule := Rule{ID: page.Rule.ID, Effect: page.Effect, Unit: page.Unit, VI: page.VI, EN: page.EN, TriggerVI: page.TriggerVI, TriggerEN: page.TriggerEN, Article: page.Article}
	if page.Sure {
		rule.Confirmed = page.Actor.Office
	}
	// What cannot be read stays zero, which the rule's own check refuses beside it.
	rule.Value, _ = strconv.Atoi(lang.Line(page.Value))
	rule.From, _ = lang.ParseDate(page.From)
	ack, err := p.service.ChangeRule(r.Context(), page.Actor, rule)
	if err != nil {
		page.Err = err
		return again("legal/rule", page, err)
	}
	return web.Saved(ack, "/quan-tri/lich/quy-tac/"+rule.ID, "legal.done.rule"), nil
}

// JSON of an answer, as the command and the API give it.
type answerJSON struct {
	Rule      string   `json:"rule"`
	From      string   `json:"from"`
	Due       string   `json:"due"`
	Effect    Effect   `json:"effect"`
	Article   string   `json:"article"`
	Confirmed bool     `json:"confirmed"`
	Why       []string `json:"why"`
}

// JSON is the answer for a program, with its reasons in a language.
func (a Answer) JSON(text lang.Catalog, l string) ([]byte, error) {
	form := time.DateOnly
	if a.Exact {
		form = time.RFC3339
	}
	out := answerJSON{Rule: a.Rule.ID, From: a.From.In(lang.Vietnam).Format(form), Due: a.Due.In(lang.Vietnam).Format(form), Effect: a.Rule.Effect, Article: a.Rule.Article, Confirmed: a.Sure()}
	for _, s := range a.Why {
		out.Why = append(out.Why, s.Words(text, l))
	}
	return json.Marshal(out)
}
