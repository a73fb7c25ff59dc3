package commendation

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"dongthuan/internal/cluster"
	"dongthuan/internal/document"
	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
	"dongthuan/internal/ledger"
	"dongthuan/internal/legal"
	"dongthuan/internal/policy"
	"dongthuan/internal/unit"
	"dongthuan/internal/web"
)

type pages struct {
	*web.Site
	*Service
	others Others
}

// Others is what these pages show from other rooms.
type Others struct {
	Unit func(ctx context.Context, id string, on time.Time) (unit.Unit, error)
	// Font is a TrueType font with Vietnamese letters, for certificates.
	Font []byte
	// Address is the site's public address, for what is printed.
	Address string
	// Board is the address where a period is followed.
	Board func(periodID string) string
}

// Serve adds the pages of commendation.
func Serve(site *web.Site, s *Service, others Others) {
	p := pages{site, s, others}
	follow := func(pattern string, h func(http.ResponseWriter, *http.Request) error) {
		site.Handle(web.Route{Pattern: pattern, Action: policy.PeriodFollow, Page: h})
	}
	write := func(pattern string, action policy.Action, h func(http.ResponseWriter, *http.Request) (web.Outcome, error)) {
		site.Handle(web.Route{Pattern: pattern, Action: action, Write: h})
	}
	follow("GET /viec/ky/{id}/khen-thuong", p.hub)
	write("POST /viec/ky/{id}/khen-thuong", policy.CommendManage, p.start)
	write("POST /viec/ky/{id}/khen-thuong/de-cu", policy.CommendManage, p.putForward)
	write("POST /viec/ky/{id}/khen-thuong/kiem-phieu", policy.CommendManage, p.count)
	write("POST /viec/ky/{id}/khen-thuong/trinh", policy.CommendManage, p.propose)
	write("POST /viec/ky/{id}/khen-thuong/tra-lai", policy.CommendDecide, p.takeBack)
	write("POST /viec/ky/{id}/khen-thuong/quyet-dinh", policy.CommendDecide, p.decide)
	write("POST /viec/ky/{id}/khen-thuong/ho-so", policy.CommendManage, p.addRecord)
	write("POST /viec/ky/{id}/khen-thuong/ho-so/{record}", policy.CommendManage, p.endRecord)
	for _, kind := range []string{"docx", "pdf"} {
		for _, form := range Forms {
			follow("GET /viec/ky/{id}/khen-thuong/"+form.Name+"."+kind, p.form(form.Name, kind))
		}
		follow("GET /viec/ky/{id}/khen-thuong/thanh-tich/{unit}/bao-cao."+kind, p.achievements(kind))
	}
	follow("GET /viec/ky/{id}/khen-thuong/in", p.layoutPage)
	write("POST /viec/ky/{id}/khen-thuong/in", policy.CommendManage, p.saveLayout)
	follow("GET /viec/ky/{id}/khen-thuong/can-chinh.pdf", p.calibration)
	follow("GET /viec/ky/{id}/khen-thuong/bang/{award}", p.certificate)
	site.Handle(web.Route{Pattern: "GET /khen-thuong/{code}", Action: policy.ReadPublic, Page: p.verify, Kept: true})
	site.Handle(web.Route{Pattern: "GET /thi-dua/{cluster}/{period}/khen-thuong", Action: policy.ReadPublic, Page: p.awarded, Kept: true})
}

func path(periodID string) string { return "/viec/ky/" + periodID + "/khen-thuong" }

// hubPage is the whole commendation of a period on one page.
type hubPage struct {
	web.Base
	View
	Rows       []hubRow
	Tallies    []titleTally
	MayManage  bool
	MayDecide  bool
	Board      string
	Err        error
	At         string // the form that was refused
	Form       url.Values
	Thresholds []string
	Bases      []string
	Kinds      []string
	Forms      []struct{ Name, Number string }
	Members    int
}

// hubRow is a unit with what it may have.
type hubRow struct {
	Standing
	Cells []hubCell
}

type hubCell struct {
	Title     Title
	Fails     []Failure
	Candidate bool
	Elected   bool
}

type titleTally struct {
	Title      Title
	Share      legal.Threshold
	Candidates []Standing
	Ballot     Ballot
	Counted    bool
	Outcome    []Tally
	Earlier    []Ballot
}

// Most is the largest number of votes, for the bars.
func (t titleTally) Most() int64 {
	most := int64(1)
	for _, x := range t.Outcome {
		most = max(most, x.Of)
	}
	return most
}

// Was is what was typed in a refused form, or a fallback.
func (p hubPage) Was(at, field, fallback string) string {
	if p.At == at && p.Form.Has(field) {
		return p.Form.Get(field)
	}
	return fallback
}

// ErrIn is the error of a form, nil for another form's.
func (p hubPage) ErrIn(at string) error {
	if p.At == at {
		return p.Err
	}
	return nil
}

// Share names a threshold in words.
func (p hubPage) Share(id string) string { return p.Shares[id].Words(p.Lang) }

// Here is the address of the hub.
func (p hubPage) Here() string { return path(p.Period.ID) }

// Award returns a unit's award, nil where it has none.
func (p hubPage) Award(unitID string) *Award {
	i := slices.IndexFunc(p.Round.Awards, func(a Award) bool { return a.UnitID == unitID })
	if i < 0 {
		return nil
	}
	return &p.Round.Awards[i]
}

func (p pages) hubPage(r *http.Request) (hubPage, error) {
	base, err := p.Base(r)
	if err != nil {
		return hubPage{}, err
	}
	v, err := p.Open(r.Context(), base.Actor, r.PathValue("id"))
	if err != nil {
		return hubPage{}, err
	}
	page := hubPage{Base: base, View: v, Thresholds: thresholds, Bases: bases, Kinds: Kinds, Forms: Forms}
	object := policy.Object{Cluster: v.Cluster.ID}
	page.MayManage = policy.May(base.Actor, policy.CommendManage, object) == nil
	page.MayDecide = policy.May(base.Actor, policy.CommendDecide, object) == nil
	page.Board = p.others.Board(v.Period.ID)
	page.Members = len(v.Standings)
	for _, s := range v.Standings {
		row := hubRow{Standing: s}
		for _, t := range v.Round.Titles {
			row.Cells = append(row.Cells, hubCell{t, v.Round.Eligible(t, s, v.Period, v.Records), contains(v.Round.Candidates[t.Code], s.UnitID), contains(v.Elected(t), s.UnitID)})
		}
		page.Rows = append(page.Rows, row)
	}
	for _, t := range v.Round.Titles {
		x := titleTally{Title: t, Share: v.Shares[t.Threshold]}
		for _, s := range v.Standings {
			if contains(v.Round.Candidates[t.Code], s.UnitID) {
				x.Candidates = append(x.Candidates, s)
			}
		}
		if x.Ballot, x.Counted = v.Round.Last(t.Code); x.Counted {
			x.Outcome = x.Ballot.Outcome(t, v.Shares[x.Ballot.Threshold])
		}
		for _, b := range v.Round.Ballots {
			if b.Title == t.Code && b.N != x.Ballot.N {
				x.Earlier = append(x.Earlier, b)
			}
		}
		page.Tallies = append(page.Tallies, x)
	}
	return page, nil
}

func (p pages) hub(w http.ResponseWriter, r *http.Request) error {
	page, err := p.hubPage(r)
	if err != nil {
		return err
	}
	return p.Render(w, r, "commendation/hub", page)
}

// act answers a form of the hub. manage is the action its sender must be allowed, asked
// before anything is said about what they typed.
func (p pages) act(r *http.Request, action policy.Action, at, done string, do func(page hubPage) (ledger.Ack, error)) (web.Outcome, error) {
	page, err := p.hubPage(r)
	if err != nil {
		return web.Outcome{}, err
	}
	if err := policy.May(page.Actor, action, policy.Object{Cluster: page.Cluster.ID}); err != nil {
		return web.Outcome{}, err
	}
	if err := r.ParseForm(); err != nil {
		return web.Outcome{}, err
	}
	ack, err := do(page)
	if err == nil {
		return web.Saved(ack, path(page.Period.ID)+"#"+at, done), nil
	}
	if kind := fault.KindOf(err); kind != fault.Invalid && kind != fault.Conflict {
		return web.Outcome{}, err
	}
	page.Err, page.At, page.Form = err, at, r.PostForm
	return web.Again("commendation/hub", page, err), nil
}

func number(text string) int64 {
	n, err := strconv.ParseInt(lang.Line(text), 10, 64)
	if err != nil {
		return -1 // what is no number is refused as too small
	}
	return n
}

func (p pages) start(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	return p.act(r, policy.CommendManage, "mo", "commendation.done.opened", func(page hubPage) (ledger.Ack, error) {
		var titles []Title
		for _, t := range defaults.Titles {
			if r.PostForm.Get("use-"+t.Code) == "" {
				continue
			}
			t.Name, t.Max, t.Threshold, t.Base = r.PostForm.Get("name-"+t.Code), number(r.PostForm.Get("max-"+t.Code)), r.PostForm.Get("threshold-"+t.Code), r.PostForm.Get("base-"+t.Code)
			t.Points = -1
			if n, err := lang.ParseFigure(r.PostForm.Get("points-" + t.Code)); err == nil && n%100 == 0 {
				t.Points = n / 100
			}
			if t.Ballot = t.Threshold != ""; t.Base == "" {
				t.Base = "valid"
			}
			titles = append(titles, t)
		}
		return p.Start(r.Context(), page.Actor, page.Period.ID, titles)
	})
}

func (p pages) putForward(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	return p.act(r, policy.CommendManage, "de-cu", "commendation.done.candidates", func(page hubPage) (ledger.Ack, error) {
		return p.PutForward(r.Context(), page.Actor, page.Round.ID, r.PostForm.Get("title"), r.PostForm["unit"])
	})
}

func (p pages) count(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	title := r.FormValue("title")
	return p.act(r, policy.CommendManage, "kp-"+title, "commendation.done.counted", func(page hubPage) (ledger.Ack, error) {
		f := r.PostForm
		held, _ := lang.ParseMoment(f.Get("held")) // none is refused beside its field
		b := Ballot{Title: title, Members: number(f.Get("members")), Present: number(f.Get("present")), Issued: number(f.Get("issued")), Returned: number(f.Get("returned")), Valid: number(f.Get("valid")),
			Place: f.Get("place"), HeldAt: held, Board: f.Get("board"), Reason: f.Get("reason"), Votes: map[string]int64{}}
		for _, u := range page.Round.Candidates[title] {
			b.Votes[u] = number(f.Get("v-" + u))
		}
		return p.Count(r.Context(), page.Actor, page.Round.ID, b)
	})
}

func (p pages) propose(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	return p.act(r, policy.CommendManage, "trinh", "commendation.done.proposed", func(page hubPage) (ledger.Ack, error) {
		return p.Propose(r.Context(), page.Actor, page.Round.ID)
	})
}

func (p pages) takeBack(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	return p.act(r, policy.CommendDecide, "trinh", "commendation.done.back", func(page hubPage) (ledger.Ack, error) {
		return p.TakeBack(r.Context(), page.Actor, page.Round.ID, r.PostForm.Get("reason"))
	})
}

func (p pages) decide(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	return p.act(r, policy.CommendDecide, "quyet-dinh", "commendation.done.decided", func(page hubPage) (ledger.Ack, error) {
		dated, _ := lang.ParseDate(r.PostForm.Get("dated"))
		return p.Decide(r.Context(), page.Actor, page.Round.ID, r.PostForm.Get("number"), dated, r.PostForm.Get("issuer"))
	})
}

func (p pages) addRecord(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	return p.act(r, policy.CommendManage, "ho-so", "commendation.done.record", func(page hubPage) (ledger.Ack, error) {
		f := r.PostForm
		day := func(name string) time.Time { t, _ := lang.ParseDate(f.Get(name)); return t }
		return p.AddRecord(r.Context(), page.Actor, page.Cluster.ID, Record{UnitID: f.Get("unit"), Kind: f.Get("kind"), From: day("from"), To: day("to"), Number: f.Get("number"), Dated: day("dated"), Issuer: f.Get("issuer"), Abstract: f.Get("abstract")})
	})
}

func (p pages) endRecord(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	return p.act(r, policy.CommendManage, "ho-so", "commendation.done.ended", func(page hubPage) (ledger.Ack, error) {
		return p.EndRecord(r.Context(), page.Actor, page.Cluster.ID, r.PathValue("record"), r.PostForm.Get("why"))
	})
}

func (p pages) form(name, kind string) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		page, err := p.hubPage(r)
		if err != nil {
			return err
		}
		d, err := page.View.Form(name, page.Now)
		if err != nil {
			return err
		}
		return document.Send(w, r, kind, name+"-"+page.Cluster.Code+"-"+page.Period.Code, d)
	}
}

func (p pages) achievements(kind string) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		page, err := p.hubPage(r)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(page.Standings, func(s Standing) bool { return s.Code == r.PathValue("unit") })
		if i < 0 {
			return web.NotFound()
		}
		return document.Send(w, r, kind, "thanh-tich-"+page.Period.Code+"-"+page.Standings[i].Code, page.View.Achievements(page.Standings[i], page.Now))
	}
}

// layoutPage is where certificates are fitted to pre-printed sheets.
type layoutPage struct {
	hubPage
	Layout Layout
	Spots  []NamedSpot
}

// Value is what stands in a field of the layout.
func (p layoutPage) Value(field string, v float64) string {
	if p.Form != nil {
		return p.Form.Get(field)
	}
	return lang.Figure(p.Lang, int64(v*1000+0.5))
}

func (p pages) layout(r *http.Request) (layoutPage, error) {
	head, err := p.hubPage(r)
	if err != nil {
		return layoutPage{}, err
	}
	page := layoutPage{hubPage: head}
	if page.Layout, err = p.Layout(r.Context(), head.Cluster.ID); err != nil {
		return page, err
	}
	page.Spots = page.Layout.Spots()
	return page, nil
}

func (p pages) layoutPage(w http.ResponseWriter, r *http.Request) error {
	page, err := p.layout(r)
	if err != nil {
		return err
	}
	return p.Render(w, r, "commendation/layout", page)
}

func (p pages) saveLayout(_ http.ResponseWriter, r *http.Request) (web.Outcome, error) {
	page, err := p.layout(r)
	if err != nil {
		return web.Outcome{}, err
	}
	if err := policy.May(page.Actor, policy.CommendManage, policy.Object{Cluster: page.Cluster.ID}); err != nil {
		return web.Outcome{}, err
	}
	if err := r.ParseForm(); err != nil {
		return web.Outcome{}, err
	}
	l := page.Layout
	l.Version, _ = strconv.ParseInt(r.PostForm.Get("seen"), 10, 64)
	length := func(field string) float64 {
		n, err := lang.ParseFigure(r.PostForm.Get(field))
		if err != nil {
			return -1000 // refused beside its field
		}
		return float64(n) / 1000
	}
	for _, s := range l.Spots() {
		*s.Spot = Spot{length(s.Name + "-x"), length(s.Name + "-y"), length(s.Name + "-size")}
	}
	l.ShiftX, l.ShiftY = length("shift-x"), length("shift-y")
	ack, err := p.SaveLayout(r.Context(), page.Actor, page.Cluster.ID, l)
	if err != nil {
		if kind := fault.KindOf(err); kind != fault.Invalid && kind != fault.Conflict {
			return web.Outcome{}, err
		}
		page.Err, page.Form = err, r.PostForm
		return web.Again("commendation/layout", page, err), nil
	}
	return web.Saved(ack, path(page.Period.ID)+"/in", "commendation.done.layout"), nil
}

func (p pages) calibration(w http.ResponseWriter, r *http.Request) error {
	page, err := p.layout(r)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := WriteCalibration(&b, page.Layout, p.others.Font, func(key string) string { return page.Words(key) }); err != nil {
		return err
	}
	return pdf(w, "can-chinh.pdf", b.Bytes())
}

func pdf(w http.ResponseWriter, name string, body []byte) error {
	w.Header().Set("Content-Type", document.PDFType)
	w.Header().Set("Content-Disposition", `inline; filename="`+name+`"`)
	_, err := w.Write(body)
	return err
}

func (p pages) certificate(w http.ResponseWriter, r *http.Request) error {
	page, err := p.layout(r)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(page.Round.Awards, func(a Award) bool { return a.Code+".pdf" == r.PathValue("award") })
	if i < 0 {
		return web.NotFound()
	}
	a := page.Round.Awards[i]
	u, err := p.others.Unit(r.Context(), a.UnitID, page.Period.Ends)
	if err != nil {
		return err
	}
	c := Certificate{Title: a.Name, Unit: u.FullName(), For: "Đã có thành tích xuất sắc trong phong trào thi đua " + lang.InSentence(page.Period.Name),
		Number: "Quyết định số " + page.Round.Number + ", ngày " + lang.Date(page.Round.Dated), Dated: "Ngày " + lang.Date(page.Round.Dated), Address: p.address(r) + "/khen-thuong/" + a.Code}
	var b bytes.Buffer
	if err := WriteCertificate(&b, c, page.Layout, p.others.Font); err != nil {
		return err
	}
	return pdf(w, "bang-"+a.Code+".pdf", b.Bytes())
}

func (p pages) address(r *http.Request) string {
	if p.others.Address != "" {
		return p.others.Address
	}
	scheme := "http://"
	if r.TLS != nil {
		scheme = "https://"
	}
	return scheme + r.Host
}

// verifyPage says to everybody whether a certificate is true.
type verifyPage struct {
	web.Base
	Awarded
	Unit unit.Unit
	Code string
}

func (p pages) verify(w http.ResponseWriter, r *http.Request) error {
	base, err := p.Base(r)
	if err != nil {
		return err
	}
	a, err := p.Service.Verify(r.Context(), r.PathValue("code"))
	if err != nil {
		return err
	}
	u, err := p.others.Unit(r.Context(), a.UnitID, a.Period.Ends)
	if err != nil {
		return err
	}
	return p.Render(w, r, "commendation/verify", verifyPage{base, a, u, a.Code})
}

// awardedPage is the public list of a period.
type awardedPage struct {
	web.Base
	Cluster cluster.Cluster
	Period  cluster.Period
	Round   Round
	Rows    []awardedRow
}

type awardedRow struct {
	Award
	Unit unit.Unit
}

func (p pages) awarded(w http.ResponseWriter, r *http.Request) error {
	base, err := p.Base(r)
	if err != nil {
		return err
	}
	page := awardedPage{Base: base}
	if page.Cluster, err = p.clusters.Get(r.Context(), r.PathValue("cluster")); err != nil {
		return err
	}
	if page.Period, err = p.clusters.Period(r.Context(), page.Cluster.ID, r.PathValue("period")); err != nil {
		return err
	}
	var ok bool
	if page.Round, ok, err = p.Of(r.Context(), page.Period.ID); err != nil {
		return err
	}
	if !ok {
		return fault.New(fault.NotFound, "commendation.notdecided", page.Period.Name)
	}
	for _, t := range page.Round.Titles {
		for _, a := range page.Round.Awards {
			if a.Title != t.Code {
				continue
			}
			u, err := p.others.Unit(r.Context(), a.UnitID, page.Period.Ends)
			if err != nil {
				return err
			}
			page.Rows = append(page.Rows, awardedRow{a, u})
		}
	}
	return p.Render(w, r, "commendation/awarded", page)
}
