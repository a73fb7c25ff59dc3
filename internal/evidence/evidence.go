// Package evidence keeps files and references to documents: what stands behind a
// figure, and the photographs of the news. A file is known by the SHA-256 of its
// original bytes, kept as they came. Its type is decided by its content; images
// are shown only as copies made anew, without metadata.
//
// evidence.go holds the types, kind.go, office.go and image.go judge content,
// prepare.go receives a file, service.go the acts that write, store.go the SQL,
// bytes.go where bytes lie, web.go the downloads.
package evidence

import (
	_ "embed"
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
)

// Text is the words of this package.
//
//go:embed text.json
var Text []byte

// Limits of what is accepted.
const (
	MaxSize     = 20 << 20   // bytes of a file
	maxPixels   = 40_000_000 // of an image, read from its header before it is decoded
	maxDecoded  = 192 << 20  // bytes an image may take in memory while it is decoded
	maxEntries  = 3000       // parts of an Office file
	maxInflated = 200 << 20  // bytes of all its parts together
	maxRatio    = 100        // inflated to packed, beyond the first freeInflated bytes
	maxName     = 120        // characters of a file's name

	freeInflated = 16 << 20
	publicEdge   = 1600 // pixels of the longer edge of an image's public copy
	smallEdge    = 480  // and of the small one
)

// Kind is the type of a file, as its content says.
type Kind string

const (
	PDF  Kind = "pdf"
	PNG  Kind = "png"
	JPEG Kind = "jpeg"
	DOCX Kind = "docx"
	XLSX Kind = "xlsx"
)

// Accept is what a file field offers to choose from.
const Accept = ".pdf,.png,.jpg,.jpeg,.docx,.xlsx"

// AcceptImages is Accept for photographs.
const AcceptImages = ".png,.jpg,.jpeg"

// Media is the media type a file is served with.
func (k Kind) Media() string {
	switch k {
	case PDF:
		return "application/pdf"
	case PNG:
		return "image/png"
	case JPEG:
		return "image/jpeg"
	case DOCX:
		return "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	case XLSX:
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	}
	return "application/octet-stream"
}

// Image reports whether files of this kind have public copies.
func (k Kind) Image() bool { return k == PNG || k == JPEG }

// matches reports whether the ending of a name agrees with the kind.
func (k Kind) matches(ext string) bool {
	return ext == "."+string(k) || k == JPEG && ext == ".jpg"
}

// Variant is one form of a file's bytes.
type Variant string

const (
	Original Variant = "goc" // as it came
	Public   Variant = "anh" // an image made anew, at most 1600 px
	Small    Variant = "nho" // the same, at most 480 px
)

// Use says who owns a piece of evidence: a room, and the object in it whose
// rules decide who may see it.
type Use struct{ Room, Object string }

// Reference names a document instead of holding it.
type Reference struct {
	Number   string // "05-BC/ĐU"
	Date     time.Time
	Abstract string // trích yếu
	Issuer   string
}

// Item is one piece of evidence: a file, or a reference. Hash is "" for a
// reference; Width and Height are those of an image's public copy.
type Item struct {
	ID string
	Use
	Name          string // of the file, as it came
	Hash          string // SHA-256 of the original, hex
	Kind          Kind
	Size          int64
	Width, Height int
	Reference
	AddedAt     time.Time
	WithdrawnAt time.Time // zero while it stands
	Reason      string    // of the withdrawal

	bare bool
}

// File is an Item that has bytes.
type File = Item

// Title is how an item is listed: the file's name, or the document's number and
// what it is about.
func (it Item) Title() string {
	switch {
	case it.Name != "":
		return it.Name
	case it.Abstract != "":
		return it.Number + ", " + lang.Date(it.Date) + ": " + it.Abstract
	}
	return it.Number + ", " + lang.Date(it.Date)
}

// Path is where the item opens, "" for a reference: an image as its public copy,
// any other file as its original.
func (it Item) Path() string {
	switch {
	case it.Hash == "":
		return ""
	case it.Kind.Image():
		return "/tep/" + it.Hash + "/" + string(Public)
	}
	return "/tep/" + it.Hash
}

// Check returns what is wrong with a reference.
func (r Reference) Check(now time.Time) error {
	var problems fault.List
	if r.Number == "" {
		problems.Add("number", "evidence.number.missing")
	}
	if r.Date.IsZero() {
		problems.Add("date", "evidence.date.missing")
	} else if r.Date.After(now) {
		problems.Add("date", "evidence.date.future", lang.Date(r.Date))
	}
	for field, text := range map[string]string{"number": r.Number, "abstract": r.Abstract, "issuer": r.Issuer} {
		if n := utf8.RuneCountInString(text); n > 500 || field == "number" && n > 100 {
			problems.Add(field, "evidence.long")
		}
	}
	return problems.Or()
}

// clean is Reference as it is stored.
func (r Reference) clean() Reference {
	return Reference{lang.Line(r.Number), r.Date, lang.Line(r.Abstract), lang.Line(r.Issuer)}
}

// cleanName returns the last element of a file's name on one line, without
// invisible signs, shortened before its ending.
func cleanName(name string) string {
	name = lang.Line(name[strings.LastIndexAny(name, `/\`)+1:])
	ext := path.Ext(name)
	if utf8.RuneCountInString(name) <= maxName {
		return name
	}
	if len(ext) > 10 {
		ext = ""
	}
	stem := []rune(strings.TrimSuffix(name, ext))
	return strings.TrimSpace(string(stem[:maxName-utf8.RuneCountInString(ext)])) + ext
}

// sizeClass is what a public leaf may say of a size: the exact one would help to
// guess the file.
func sizeClass(n int64) string {
	switch {
	case n <= 100<<10:
		return "100kB"
	case n <= 1<<20:
		return "1MB"
	case n <= 5<<20:
		return "5MB"
	}
	return "20MB"
}

func refuse(key string, args ...any) error { return fault.New(fault.Invalid, key, args...) }
