package evidence

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"dongthuan/internal/fault"
)

// judgeOffice decides whether a ZIP archive is a Word or an Excel file, and
// refuses macros, embedded programs, links that fetch from elsewhere, and
// archives made to harm. Every part is inflated here once, with a limit: what an
// archive says of its own sizes is not believed.
func judgeOffice(f io.ReaderAt, size int64) (Kind, error) {
	if err := checkEnd(f, size); err != nil {
		return "", err
	}
	z, err := zip.NewReader(f, size)
	if err != nil {
		return "", fault.New(fault.Invalid, "evidence.damaged").Because(err)
	}
	if len(z.File) > maxEntries {
		return "", refuse("evidence.bomb")
	}
	if err := checkEntries(z.File, uint64(size)); err != nil {
		return "", err
	}
	budget := min(maxInflated, max(freeInflated, size*maxRatio))
	var types contentTypes
	for _, entry := range z.File {
		keep := 0
		isRels := strings.HasSuffix(strings.ToLower(entry.Name), ".rels")
		if isRels || entry.Name == "[Content_Types].xml" {
			keep = 4 << 20
		}
		body, n, err := inflate(entry, budget, keep)
		if err != nil {
			return "", err
		}
		budget -= n
		switch {
		case isRels:
			err = checkLinks(body)
		case keep > 0:
			err = types.read(body)
		}
		if err != nil {
			return "", err
		}
	}
	return types.kind()
}

// checkEnd holds the archive to its plain form: it ends with its directory's
// end, the directory lies right before it and is of bearable size, and nothing
// stands before or after. Readers disagree about all other forms.
func checkEnd(f io.ReaderAt, size int64) error {
	tail := make([]byte, min(size, 22+1<<16))
	if _, err := f.ReadAt(tail, size-int64(len(tail))); err != nil && err != io.EOF {
		return fmt.Errorf("read a received archive: %w", err)
	}
	i := bytes.LastIndex(tail, []byte("PK\x05\x06"))
	if i < 0 || len(tail)-i < 22 {
		return refuse("evidence.damaged")
	}
	end := tail[i:]
	comment := int(binary.LittleEndian.Uint16(end[20:]))
	length := int64(binary.LittleEndian.Uint32(end[12:]))
	offset := int64(binary.LittleEndian.Uint32(end[16:]))
	switch at := size - int64(len(end)); {
	case len(end) != 22+comment, offset+length != at:
		return refuse("evidence.damaged")
	case length > 1<<20:
		return refuse("evidence.bomb")
	}
	return nil
}

// checkEntries refuses names that lead elsewhere, links, passwords, a part given
// twice, and parts that share their bytes.
func checkEntries(entries []*zip.File, size uint64) error {
	seen := map[string]bool{}
	var packed uint64
	for _, e := range entries {
		name := strings.ToLower(e.Name)
		clean := path.Clean("/" + name)
		switch {
		case strings.ContainsAny(name, "\\\x00:"), strings.HasPrefix(name, "/"), clean != "/"+strings.TrimSuffix(name, "/"), !fs.ValidPath(clean[1:]):
			return refuse("evidence.names")
		case e.Mode()&fs.ModeSymlink != 0, seen[clean]:
			return refuse("evidence.names")
		case e.Flags&1 != 0:
			return refuse("evidence.password")
		case e.Method != zip.Store && e.Method != zip.Deflate:
			return refuse("evidence.damaged")
		}
		seen[clean] = true
		packed += e.CompressedSize64
		if packed > size {
			return refuse("evidence.bomb")
		}
		switch base := path.Base(name); {
		case base == "vbaproject.bin", base == "vbadata.xml", strings.Contains(name, "macrosheets/"):
			return refuse("evidence.macro")
		case strings.Contains(name, "activex/"), strings.HasPrefix(base, "oleobject"), strings.HasSuffix(name, ".exe"), strings.HasSuffix(name, ".js"):
			return refuse("evidence.embedded")
		}
	}
	return nil
}

var doctype = []byte("<!DOCTYPE")

// inflate reads one part to its end, counting, and returns its first keep bytes.
// A part with a document type declaration is refused: no Office program writes
// one, and entities expand without limit. Zero bytes are passed over, so that the
// declaration is found in UTF-16 too.
func inflate(e *zip.File, budget int64, keep int) (kept []byte, n int64, err error) {
	r, err := e.Open()
	if err != nil {
		return nil, 0, fault.New(fault.Invalid, "evidence.damaged").Because(err)
	}
	defer r.Close()
	buf := make([]byte, 32<<10)
	matched := 0
	for {
		m, err := r.Read(buf)
		if n += int64(m); n > budget || keep > 0 && n > int64(keep) {
			return nil, n, refuse("evidence.bomb")
		}
		if keep > 0 {
			kept = append(kept, buf[:m]...)
		}
		for _, c := range buf[:m] {
			switch {
			case c == 0:
			case c == doctype[matched]:
				if matched++; matched == len(doctype) {
					return nil, n, refuse("evidence.doctype")
				}
			case c == '<':
				matched = 1
			default:
				matched = 0
			}
		}
		if err == io.EOF {
			return kept, n, nil
		}
		if err != nil {
			return nil, n, fault.New(fault.Invalid, "evidence.damaged").Because(err)
		}
	}
}

// contentTypes is what [Content_Types].xml says of the parts.
type contentTypes struct{ word, excel, macro, embedded bool }

func (t *contentTypes) read(body []byte) error {
	return elements(body, func(e xml.StartElement) error {
		kind := strings.ToLower(attr(e, "ContentType"))
		switch {
		case strings.Contains(kind, "macroenabled"), strings.Contains(kind, "vbaproject"), strings.Contains(kind, "macrosheet"):
			t.macro = true
		case strings.Contains(kind, "activex"), strings.HasSuffix(kind, ".oleobject"):
			t.embedded = t.embedded || e.Name.Local == "Override"
		case kind == "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml":
			t.word = true
		case kind == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml":
			t.excel = true
		}
		return nil
	})
}

func (t contentTypes) kind() (Kind, error) {
	switch {
	case t.macro:
		return "", refuse("evidence.macro")
	case t.embedded:
		return "", refuse("evidence.embedded")
	case t.word && t.excel:
		return "", refuse("evidence.mixed")
	case t.word:
		return DOCX, nil
	case t.excel:
		return XLSX, nil
	}
	return "", refuse("evidence.kind")
}

// checkLinks refuses what a program would fetch by itself on opening. Links that
// a person follows, and links between workbooks, stay.
func checkLinks(body []byte) error {
	return elements(body, func(e xml.StartElement) error {
		if e.Name.Local != "Relationship" || !strings.EqualFold(attr(e, "TargetMode"), "External") {
			return nil
		}
		kind := strings.ToLower(path.Base(attr(e, "Type")))
		if kind == "hyperlink" || strings.HasPrefix(kind, "externallink") || strings.HasPrefix(kind, "xl") {
			return nil
		}
		target := strings.ToLower(strings.TrimSpace(attr(e, "Target")))
		scheme, rest, found := strings.Cut(target, ":")
		switch {
		case strings.HasPrefix(target, `\\`), strings.HasPrefix(target, "//"):
			return refuse("evidence.remote")
		case !found, len(scheme) == 1: // a path, or a drive
			return nil
		case scheme == "file" && !strings.HasPrefix(strings.TrimLeft(rest, "/"), `\\`) && (strings.HasPrefix(rest, "///") || !strings.HasPrefix(rest, "//")):
			return nil
		}
		return refuse("evidence.remote")
	})
}

// elements calls fn for each element of a small XML part.
func elements(body []byte, fn func(xml.StartElement) error) error {
	d := xml.NewDecoder(bytes.NewReader(body))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fault.New(fault.Invalid, "evidence.damaged").Because(err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			if err := fn(e); err != nil {
				return err
			}
		case xml.Directive:
			return refuse("evidence.doctype")
		}
	}
}

func attr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}
