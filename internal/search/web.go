package search

import (
	"embed"
	"net/http"
	"net/url"
	"strconv"

	"dongthuan/internal/db"
	"dongthuan/internal/policy"
	"dongthuan/internal/web"
)

// Pages and Text are what this package gives to the site.
//
//go:embed pages/*.html
var Pages embed.FS

//go:embed text.json
var Text []byte

// Serve adds the page of search. It is not kept in memory: there are too many
// questions, and each is asked once.
func Serve(site *web.Site, d *db.DB) {
	p := pages{site, d}
	site.Handle(web.Route{Pattern: "GET /tim", Action: policy.ReadPublic, Page: p.find})
}

type pages struct {
	*web.Site
	db *db.DB
}

// inAddress are the kinds as they stand in ?loai=.
var inAddress = map[string]string{News: "tin", Unit: "don-vi", Report: "bao-cao", Criteria: "tieu-chi"}

type findPage struct {
	web.Base
	Results
	Loai    string // of Kind, as in the address
	Filters []filter
	Found   string // how many, in words
	Back    string // address of the page before, "" on the first
	Next    string
}

// From is the number of the first result on the page.
func (p findPage) From() int { return (p.Page-1)*perPage + 1 }

// Everywhere is the same question to all kinds.
func (p findPage) Everywhere() string { return address(p.Text, "", 1) }

// filter narrows the results to one kind.
type filter struct {
	Words, To string
	N         int
	More      bool
	Here      bool
}

func (p pages) find(w http.ResponseWriter, r *http.Request) error {
	base, err := p.Base(r)
	if err != nil {
		return err
	}
	asked := r.URL.Query()
	kind := ""
	for k, in := range inAddress {
		if in == asked.Get("loai") {
			kind = k
		}
	}
	number, _ := strconv.Atoi(asked.Get("trang")) // not a number is the first page
	found, err := Find(r.Context(), p.db, asked.Get("q"), kind, number)
	if err != nil {
		return err
	}
	page := findPage{Base: base, Results: found, Loai: inAddress[found.Kind]}
	for _, c := range found.Counts {
		words := base.Words("search.kind.all")
		if c.Kind != "" {
			words = base.Words("search.kind." + c.Kind)
		}
		if c.N > 0 || c.Kind == "" || c.Kind == found.Kind {
			page.Filters = append(page.Filters, filter{words, address(found.Text, c.Kind, 1), c.N, c.More, c.Kind == found.Kind})
		}
	}
	switch {
	case found.More:
		page.Found = base.Words("search.found.more", found.Total)
	case found.Total == 1:
		page.Found = base.Words("search.found.one")
	default:
		page.Found = base.Words("search.found", found.Total)
	}
	if found.Page > 1 {
		page.Back = address(found.Text, found.Kind, found.Page-1)
	}
	if found.Page < found.Pages {
		page.Next = address(found.Text, found.Kind, found.Page+1)
	}
	w.Header().Set("Cache-Control", "no-store")
	return p.Render(w, r, "search/find", page)
}

// address is that of one page of results.
func address(query, kind string, page int) string {
	to := "/tim?q=" + url.QueryEscape(query)
	if kind != "" {
		to += "&loai=" + inAddress[kind]
	}
	if page > 1 {
		to += "&trang=" + strconv.Itoa(page)
	}
	return to
}
