package news

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/feeds"

	"dongthuan/internal/lang"
	"dongthuan/internal/web"
)

// feedSize is how many articles a feed holds.
const feedSize = 30

// feed is the newest articles under an address. Atom takes summaries as HTML,
// JSON Feed as plain text.
func (p pages) feed(address string, all []Item, plain bool) *feeds.Feed {
	f := &feeds.Feed{
		Title:       p.Text.Text("vi", "news.feed"),
		Description: p.Text.Text("vi", "news.lead"),
		Link:        &feeds.Link{Href: address + "/tin"},
		Author:      &feeds.Author{Name: p.Text.Text("vi", "web.site")},
		Updated:     time.Date(2026, 1, 1, 0, 0, 0, 0, lang.Vietnam), // where nothing is published yet
	}
	for _, it := range all {
		if it.changed().After(f.Updated) {
			f.Updated = it.changed()
		}
		summary := it.Lead
		if !plain {
			summary = template.HTMLEscapeString(summary)
		}
		f.Items = append(f.Items, &feeds.Item{
			Id: "urn:dongthuan:news:" + it.ID, Title: it.Title, Link: &feeds.Link{Href: address + it.Path()},
			Author: &feeds.Author{Name: it.Byline}, Description: summary, Content: content(address, it),
			Created: it.PublishedAt.In(lang.Vietnam), Updated: it.changed().In(lang.Vietnam),
		})
	}
	return f
}

// content is a whole article as HTML that stands alone.
func content(address string, it Item) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<p><strong>%s</strong></p>\n", template.HTMLEscapeString(it.Lead))
	for _, p := range it.Photos {
		fmt.Fprintf(&b, `<figure><img src="%s/tep/%s/anh" width="%d" height="%d" alt="%s"><figcaption>%s</figcaption></figure>`+"\n",
			template.HTMLEscapeString(address), p.Hash, p.Width, p.Height, template.HTMLEscapeString(p.Alt), template.HTMLEscapeString(p.Caption))
	}
	b.WriteString(string(web.Markdown(ended(it.Body))))
	return b.String()
}

func (p pages) atom(w http.ResponseWriter, r *http.Request) error {
	address := p.addressOf(r)
	all, err := p.service.Latest(r.Context(), feedSize)
	if err != nil {
		return err
	}
	f := (&feeds.Atom{Feed: p.feed(address, all, false)}).AtomFeed()
	f.Link = &feeds.AtomLink{Href: address + "/tin.atom", Rel: "self", Type: "application/atom+xml"}
	for i, e := range f.Entries {
		e.Published = all[i].PublishedAt.In(lang.Vietnam).Format(time.RFC3339)
	}
	text, err := feeds.ToXML(f)
	if err != nil {
		return fmt.Errorf("write the Atom feed: %w", err)
	}
	return sendFeed(w, r, "application/atom+xml; charset=utf-8", text)
}

func (p pages) jsonFeed(w http.ResponseWriter, r *http.Request) error {
	address := p.addressOf(r)
	all, err := p.service.Latest(r.Context(), feedSize)
	if err != nil {
		return err
	}
	f := (&feeds.JSON{Feed: p.feed(address, all, true)}).JSONFeed()
	f.FeedUrl, f.Language = address+"/tin.json", "vi"
	for i, it := range f.Items {
		it.Tags = []string{all[i].Category}
		if cover := all[i].Cover(); cover != nil {
			it.Image = address + "/tep/" + cover.Hash + "/anh"
		}
	}
	text, err := f.ToJSON()
	if err != nil {
		return fmt.Errorf("write the JSON feed: %w", err)
	}
	return sendFeed(w, r, "application/feed+json; charset=utf-8", text)
}

func sendFeed(w http.ResponseWriter, r *http.Request, kind, text string) error {
	sum := sha256.Sum256([]byte(text))
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("ETag", `"`+hex.EncodeToString(sum[:12])+`"`)
	h.Set("Cache-Control", "public, max-age=60")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader([]byte(text)))
	return nil
}

// addressOf is the address of the site as its readers know it. Feeds are made for
// each request, not kept: another reader may know the site by another name.
func (p pages) addressOf(r *http.Request) string {
	if p.service.Address != "" {
		return p.service.Address
	}
	if r.TLS != nil || p.BehindProxy && r.Header.Get("X-Forwarded-Proto") == "https" {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}
