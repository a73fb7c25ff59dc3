package web

import (
	"bytes"
	"html/template"
	"sync"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
)

var markdown = sync.OnceValues(func() (goldmark.Markdown, *bluemonday.Policy) {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "strong", "em", "del", "blockquote", "ul", "ol", "li", "h2", "h3", "h4", "hr",
		"table", "thead", "tbody", "tr", "th", "td", "code", "pre")
	p.AllowAttrs("align").Matching(bluemonday.CellAlign).OnElements("th", "td")
	p.AllowAttrs("href").OnElements("a")
	p.AllowURLSchemes("http", "https", "mailto")
	p.AllowRelativeURLs(true)
	p.RequireNoReferrerOnFullyQualifiedLinks(true)
	p.RequireNoFollowOnFullyQualifiedLinks(true)
	// No images: photographs of an article are uploaded, with a caption and an
	// alternative text, and never point to another host.
	return goldmark.New(goldmark.WithExtensions(extension.Table, extension.Strikethrough)), p
})

// Markdown renders what editors write. Raw HTML is dropped by the renderer and
// the result is sanitised, so the text may be shown as it comes.
func Markdown(text string) template.HTML {
	md, policy := markdown()
	var b bytes.Buffer
	if err := md.Convert([]byte(text), &b); err != nil {
		return template.HTML(template.HTMLEscapeString(text))
	}
	return template.HTML(policy.SanitizeBytes(b.Bytes()))
}
