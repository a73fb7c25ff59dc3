package document

import (
	"archive/zip"
	"bytes"
	"cmp"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"dongthuan/internal/fault"
)

// archive is an opened OOXML container and what may still be read of it.
type archive struct {
	ctx   context.Context
	parts map[string]*zip.File // by lower-case name, / between folders
	left  int64                // bytes that may still be inflated
}

var (
	errTooMuch  = errors.New("more is inflated than allowed")
	errTooMany  = errors.New("more is in the directory than allowed")
	errToken    = errors.New("a tag or text without end")
	errDeep     = errors.New("elements too deep")
	errDoctype  = errors.New("a document type")
	errNoPart   = errors.New("the part is absent")
	errOverlap  = errors.New("parts overlap")
	errPartName = errors.New("a part with an impossible name")
)

func invalid(key string, args ...any) *fault.Error {
	return fault.New(fault.Invalid, "document.xlsx."+key, args...)
}

func tooLarge(key string, args ...any) *fault.Error {
	return fault.New(fault.TooLarge, "document.xlsx."+key, args...)
}

// refuse turns what went wrong while reading into words. What has words
// already, or is the caller's own end, stays.
func refuse(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("read workbook: %w", ctx.Err())
	case fault.All(err) != nil:
		return err
	case errors.Is(err, errTooMuch):
		return tooLarge("bomb").Because(err)
	case errors.Is(err, errTooMany):
		return tooLarge("parts").Because(err)
	case errors.Is(err, errDoctype):
		return invalid("doctype").Because(err)
	}
	return invalid("broken").Because(err)
}

// openArchive opens the container without trusting it. Its directory is read
// through a counter, since a small file can list a million parts; parts that
// share bytes are refused, since that is how a small file inflates for ever.
func openArchive(ctx context.Context, r io.ReaderAt, size int64, lim Limits) (*archive, error) {
	directory := &counted{r: r, left: 192<<10 + 256*int64(lim.Entries)}
	zr, err := zip.NewReader(directory, size)
	if err != nil {
		if directory.left < 0 {
			err = errTooMany
		}
		return nil, err
	}
	if len(zr.File) > lim.Entries {
		return nil, errTooMany
	}
	directory.left = size + 4096*int64(lim.Entries) // local headers below, then the parts themselves
	a := &archive{ctx: ctx, parts: map[string]*zip.File{}, left: lim.Inflated}
	type span struct{ from, to int64 }
	var spans []span
	for _, f := range zr.File {
		name := partName(f.Name)
		if strings.HasSuffix(name, "/") {
			continue
		}
		switch {
		case f.Flags&1 != 0:
			return nil, invalid("password")
		case f.Mode()&fs.ModeType != 0, slices.Contains(strings.Split(name, "/"), ".."), name == "":
			return nil, errPartName
		case a.parts[name] != nil:
			return nil, fmt.Errorf("part %q is there twice", name)
		}
		a.parts[name] = f
		from, err := f.DataOffset()
		if err != nil {
			return nil, err
		}
		if f.CompressedSize64 > uint64(size) {
			return nil, errOverlap
		}
		spans = append(spans, span{from, from + int64(f.CompressedSize64)})
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	for i := 1; i < len(spans); i++ {
		if spans[i].from < spans[i-1].to {
			return nil, errOverlap
		}
	}
	return a, nil
}

// partName is the form in which parts are compared: the standard says that
// case does not matter, and some programs write backslashes.
func partName(name string) string {
	return strings.TrimPrefix(strings.ToLower(strings.ReplaceAll(name, `\`, "/")), "/")
}

// partRels names the part that holds the relations of a part, or of the whole
// container when name is "".
func partRels(name string) string {
	if name == "" {
		return "_rels/.rels"
	}
	return path.Join(path.Dir(name), "_rels", path.Base(name)+".rels")
}

// counted lets only so many bytes through.
type counted struct {
	r    io.ReaderAt
	left int64
}

func (c *counted) ReadAt(b []byte, off int64) (int, error) {
	if c.left -= int64(len(b)); c.left < 0 {
		return 0, errTooMany
	}
	return c.r.ReadAt(b, off)
}

// xmlPart reads one XML part token by token.
type xmlPart struct {
	archive *archive
	name    string
	in      io.ReadCloser
	dec     *xml.Decoder
	depth   int
	tokens  int
	token   int64 // bytes that the token now being read may still take
	packed  int64
	read    int64
}

const (
	maxToken = 1 << 20 // a cell of 32 767 characters, each as &#xxxxx;
	maxDepth = 64
	maxRatio = 100 // tables of figures come to about 10
)

func (a *archive) open(name string) (*xmlPart, error) {
	f := a.parts[name]
	if f == nil {
		return nil, fmt.Errorf("%s: %w", name, errNoPart)
	}
	in, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	p := &xmlPart{archive: a, name: name, in: in, packed: int64(f.CompressedSize64)}
	p.dec = xml.NewDecoder(p)
	p.dec.CharsetReader = func(charset string, in io.Reader) (io.Reader, error) {
		if strings.EqualFold(charset, "us-ascii") {
			return in, nil
		}
		return nil, fmt.Errorf("written in %q", charset)
	}
	return p, nil
}

// Read gives the decoder the inflated bytes and counts them: all together,
// against the packed ones, and since the last token. The last stops a tag
// without end, which the decoder would keep whole in memory.
func (p *xmlPart) Read(b []byte) (int, error) {
	n, err := p.in.Read(b)
	p.archive.left -= int64(n)
	p.token -= int64(n)
	p.read += int64(n)
	switch {
	case p.archive.left < 0, p.read > 1<<20 && p.read/maxRatio > p.packed:
		return 0, errTooMuch
	case p.token < 0:
		return 0, errToken
	}
	return n, err
}

func (p *xmlPart) close() { p.in.Close() }

// next returns the next start, end or text. Text is only good until the next
// call.
func (p *xmlPart) next() (xml.Token, error) {
	for {
		if p.tokens++; p.tokens%4096 == 0 && p.archive.ctx.Err() != nil {
			return nil, p.archive.ctx.Err()
		}
		p.token = maxToken
		tok, err := p.dec.Token()
		if err != nil {
			if err == io.EOF {
				return nil, err
			}
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
		switch t := tok.(type) {
		case xml.StartElement:
			if p.depth++; p.depth > maxDepth {
				return nil, fmt.Errorf("%s: %w", p.name, errDeep)
			}
			return t, nil
		case xml.EndElement:
			p.depth--
			return t, nil
		case xml.CharData:
			return t, nil
		case xml.Directive:
			return nil, fmt.Errorf("%s: %w", p.name, errDoctype)
		}
	}
}

// root steps into the outermost element and returns it.
func (p *xmlPart) root() (xml.StartElement, error) {
	for {
		tok, err := p.next()
		if err != nil {
			return xml.StartElement{}, cmp.Or(err, io.ErrUnexpectedEOF)
		}
		if start, ok := tok.(xml.StartElement); ok {
			return start, nil
		}
	}
}

// each calls do with every child of the element stepped into last, and skips
// what do leaves unread. After it, that element has ended.
func (p *xmlPart) each(do func(xml.StartElement) error) error {
	for {
		tok, err := p.next()
		if err != nil {
			return err
		}
		switch t := tok.(type) {
		case xml.StartElement:
			inside := p.depth
			if err := do(t); err != nil {
				return err
			}
			for p.depth >= inside {
				if _, err := p.next(); err != nil {
					return err
				}
			}
		case xml.EndElement:
			return nil
		}
	}
}

// text appends the characters of the element stepped into last.
func (p *xmlPart) text(b *bytes.Buffer) error {
	inside := p.depth
	for {
		tok, err := p.next()
		if err != nil {
			return err
		}
		switch t := tok.(type) {
		case xml.CharData:
			if p.depth == inside {
				b.Write(t)
				// Comments and CDATA cut one text into many tokens.
				if b.Len() > 2*maxToken {
					return errToken
				}
			}
		case xml.EndElement:
			if p.depth < inside {
				return nil
			}
		}
	}
}

// attr returns an attribute by local name, "" when absent.
func attr(e xml.StartElement, local string) string {
	for _, a := range e.Attr {
		if a.Name.Local == local {
			return a.Value
		}
	}
	return ""
}
