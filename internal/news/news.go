// Package news is the public portal: articles with their photographs, written by
// editors, published, corrected in the open, or taken down with a reason.
//
// news.go holds the rules, article.go how an article is laid out, store.go the
// SQL, service.go the acts that write, web.go the pages, feed.go the feeds.
package news

import (
	"cmp"
	"embed"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
)

//go:embed text.json
var Text []byte

//go:embed pages/*.html
var Pages embed.FS

// RoomName is this room in what it hands to others.
const RoomName = "news"

// State of an article.
type State string

const (
	Drafted   State = "draft"
	Published State = "published"
	Retracted State = "retracted"
)

// Draft is what an editor writes. Body is Markdown.
type Draft struct {
	Category, Title, Lead, Body, Byline string
}

// Item is one article.
type Item struct {
	ID, Slug string
	Draft
	CategorySlug                                             string
	State                                                    State
	Version                                                  int64
	Views                                                    int64
	Office                                                   string // that saved it last
	MadeAt, UpdatedAt, PublishedAt, CorrectedAt, RetractedAt time.Time
	Reason                                                   string // why it was taken down
	Photos                                                   []Photo
}

// Path is where the public reads the article.
func (it Item) Path() string { return "/tin/" + it.Slug }

// Cover is the article's first photograph, nil where it has none.
func (it Item) Cover() *Photo {
	if len(it.Photos) == 0 {
		return nil
	}
	return &it.Photos[0]
}

// Photo is one photograph of an article. Alt says what it shows to those who do
// not see it.
type Photo struct {
	ID, EvidenceID, Hash string
	Caption, Alt         string
	Order                int64
	Width, Height        int
}

// Correction is a change after publication, in words, with its time.
type Correction struct {
	Words string
	At    time.Time
}

// Version is one saved state of an article's text.
type Version struct {
	Number int64
	State  State
	Draft
	Correction, Office string
	At                 time.Time
}

// Change is what an editor sends in: the whole of the text, what becomes of the
// photographs that are there, and at most one new photograph.
type Change struct {
	Draft
	Version    int64 // the version that was on the screen
	Photos     []PhotoChange
	Caption    string // of the new photograph
	Alt        string
	Correction string // required once the article is published
	Publish    bool
}

// PhotoChange is what becomes of one photograph.
type PhotoChange struct {
	ID, Caption, Alt string
	Order            int64
	Drop             bool
}

// Limits of the fields, in characters.
const (
	maxLine   = 300
	maxLead   = 2000
	maxBody   = 60_000
	maxPhotos = 30
)

// clean is Draft as it is stored.
func (d Draft) clean() Draft {
	return Draft{lang.Line(d.Category), lang.Line(d.Title), lang.Clean(d.Lead), lang.Clean(d.Body), lang.Line(d.Byline)}
}

func (c Change) clean() Change {
	c.Draft = c.Draft.clean()
	c.Caption, c.Alt, c.Correction = lang.Line(c.Caption), lang.Line(c.Alt), lang.Clean(c.Correction)
	c.Photos = slices.Clone(c.Photos)
	for i, p := range c.Photos {
		c.Photos[i].Caption, c.Photos[i].Alt = lang.Line(p.Caption), lang.Line(p.Alt)
	}
	slices.SortStableFunc(c.Photos, func(a, b PhotoChange) int { return cmp.Compare(a.Order, b.Order) })
	return c
}

// Check returns what is wrong with a draft: it has a title, and nothing is too
// long.
func (d Draft) Check() error {
	var problems fault.List
	if d.Title == "" {
		problems.Add("title", "news.title.missing")
	}
	d.lengths(&problems)
	return problems.Or()
}

func (d Draft) lengths(problems *fault.List) {
	for _, f := range []struct {
		field, text string
		max         int
	}{{"category", d.Category, maxLine}, {"title", d.Title, maxLine}, {"lead", d.Lead, maxLead}, {"body", d.Body, maxBody}, {"byline", d.Byline, maxLine}} {
		if n := utf8.RuneCountInString(f.text); n > f.max {
			problems.Add(f.field, "news.long", f.max, n)
		}
	}
}

// CheckPublic returns what is still missing before the public may read it.
func (d Draft) CheckPublic() error {
	var problems fault.List
	for _, f := range []struct{ field, text, key string }{
		{"category", d.Category, "news.category.missing"}, {"title", d.Title, "news.title.missing"},
		{"lead", d.Lead, "news.lead.missing"}, {"body", d.Body, "news.body.missing"}, {"byline", d.Byline, "news.byline.missing"},
	} {
		if f.text == "" {
			problems.Add(f.field, f.key)
		}
	}
	d.lengths(&problems)
	return problems.Or()
}

// Check returns what is wrong with a change to an article as it stands. photo
// says whether a new photograph comes with it.
func (c Change) Check(it Item, photo bool) error {
	if it.State == Retracted {
		return fault.New(fault.Conflict, "news.retracted.fixed")
	}
	check := c.Draft.Check
	if c.Publish || it.State == Published {
		check = c.Draft.CheckPublic
	}
	problems := fault.All(check())
	if it.State == Published && c.Correction == "" {
		problems.Add("correction", "news.correction.missing")
	}
	if utf8.RuneCountInString(c.Correction) > maxLead {
		problems.Add("correction", "news.long", maxLead, utf8.RuneCountInString(c.Correction))
	}
	kept := 0
	for _, p := range c.Photos {
		if p.Drop {
			continue
		}
		kept++
		checkPhoto(&problems, p.ID, p.Caption, p.Alt)
	}
	if photo {
		kept++
		checkPhoto(&problems, "", c.Caption, c.Alt)
	}
	if kept > maxPhotos {
		problems.Add("photo", "news.photos.many", maxPhotos)
	}
	return problems.Or()
}

// checkPhoto asks for words for those who do not see the picture. id is "" for a
// new one.
func checkPhoto(problems *fault.List, id, caption, alt string) {
	if alt == "" {
		problems.Add("alt"+id, "news.alt.missing")
	}
	for field, text := range map[string]string{"caption" + id: caption, "alt" + id: alt} {
		if n := utf8.RuneCountInString(text); n > 500 {
			problems.Add(field, "news.long", 500, n)
		}
	}
}

// arrange applies what becomes of the photographs: those that stay, in their new
// order and with their new words, and those that go. One that is not named stays,
// behind the others.
func arrange(photos []Photo, changes []PhotoChange) (stay, gone []Photo) {
	left := map[string]Photo{}
	for _, p := range photos {
		left[p.ID] = p
	}
	for _, c := range changes {
		p, ok := left[c.ID]
		delete(left, c.ID)
		switch {
		case !ok:
		case c.Drop:
			gone = append(gone, p)
		default:
			p.Caption, p.Alt = c.Caption, c.Alt
			stay = append(stay, p)
		}
	}
	for _, p := range photos {
		if _, ok := left[p.ID]; ok {
			stay = append(stay, p)
		}
	}
	for i := range stay {
		stay[i].Order = int64(i)
	}
	return stay, gone
}

// differs reports whether a change changes anything that the public reads.
func (c Change) differs(it Item, photo bool) bool {
	stay, _ := arrange(it.Photos, c.Photos)
	return photo || c.Draft != it.Draft || !slices.Equal(stay, it.Photos)
}

// slugOf is the address of a title.
func slugOf(title string) string { return cmp.Or(lang.Slug(title), "tin") }

// SearchDoc is an article as the search keeps it. Gone takes it out again.
type SearchDoc struct {
	Kind, Ref, Title, Body, URL string
	At                          time.Time
	Gone                        bool
}

func (it Item) searchDoc() SearchDoc {
	return SearchDoc{Kind: RoomName, Ref: it.ID, Title: it.Title, Body: strings.Join([]string{it.Category, it.Lead, it.Body, it.Byline}, "\n"),
		URL: it.Path(), At: it.PublishedAt, Gone: it.State != Published}
}
