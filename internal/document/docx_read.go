package document

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
)

// maxPart is how much of a Word file's text part is read, in bytes of XML.
const maxPart = 32 << 20

// ReadDOCX takes the text out of a Word file: a line for each paragraph, the cells of a
// row parted by tabs. What is deleted in tracked changes is left out, footnotes and
// pictures are. A text of more than most characters is refused. The file's form, macros
// and size are judged where it is received (package evidence).
func ReadDOCX(r io.ReaderAt, size int64, most int) (string, error) {
	bad := fault.New(fault.Invalid, "document.docx.bad")
	z, err := zip.NewReader(r, size)
	if err != nil {
		return "", bad.Because(err)
	}
	f, err := z.Open("word/document.xml")
	if err != nil {
		return "", bad.Because(err)
	}
	defer f.Close()
	var b strings.Builder
	cells, skip, inText := 0, 0, false
	n := 0
	write := func(s string) {
		b.WriteString(s)
		n += utf8.RuneCountInString(s)
	}
	dec := xml.NewDecoder(io.LimitReader(f, maxPart))
	for n <= most {
		t, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", bad.Because(err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			switch t.Name.Local {
			case "t":
				inText = true
			case "tab":
				write(" ")
			case "br", "cr":
				write("\n")
			case "tc":
				cells++
			case "del", "moveFrom", "instrText", "txbxContent", "Fallback":
				skip++
			}
		case xml.EndElement:
			switch t.Name.Local {
			case "t":
				inText = false
			case "p":
				if cells > 0 {
					write(" ")
				} else {
					write("\n")
				}
			case "tc":
				cells--
				write("\t")
			case "tr":
				write("\n")
			case "del", "moveFrom", "instrText", "txbxContent", "Fallback":
				skip--
			}
		case xml.CharData:
			if inText && skip == 0 {
				write(string(t))
			}
		}
	}
	if n > most {
		return "", fault.New(fault.Invalid, "document.docx.long", most)
	}
	text := lang.Clean(tidyLines(b.String()))
	if text == "" {
		return "", fault.New(fault.Invalid, "document.docx.empty")
	}
	return text, nil
}

// tidyLines drops spaces at the ends of lines and more than one empty line.
func tidyLines(s string) string {
	var lines []string
	for _, line := range strings.Split(s, "\n") {
		if line = strings.TrimSpace(line); line != "" || len(lines) > 0 && lines[len(lines)-1] != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}
