package evidence

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// judge decides what a file is by its content, and refuses what is not accepted,
// not whole, or two things at once. The ending of its name must agree.
func judge(f io.ReaderAt, size int64, name string) (Kind, error) {
	head := make([]byte, 1024)
	n, err := f.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return "", fmt.Errorf("read a received file: %w", err)
	}
	head = head[:n]
	kind, err := kindOf(head)
	if err != nil {
		return "", err
	}
	if kind == "" { // a ZIP
		if kind, err = judgeOffice(f, size); err != nil {
			return "", err
		}
	} else if _, err := zip.NewReader(f, size); err == nil {
		return "", refuse("evidence.mixed")
	}
	if kind == PDF {
		if err := judgePDF(f, size, head); err != nil {
			return "", err
		}
	}
	ext := strings.ToLower(path.Ext(name))
	if !kind.matches(ext) {
		return "", refuse("evidence.extension", name, strings.ToUpper(string(kind)))
	}
	return kind, nil
}

// kindOf reads the first bytes. It returns "" for a ZIP archive, whose parts
// decide.
func kindOf(head []byte) (Kind, error) {
	starts := func(magic string) bool { return bytes.HasPrefix(head, []byte(magic)) }
	lower := bytes.ToLower(head)
	switch {
	case len(head) == 0:
		return "", refuse("evidence.empty")
	case starts("%PDF-"):
		return PDF, nil
	case starts("\x89PNG\r\n\x1a\n"):
		return PNG, nil
	case starts("\xff\xd8\xff"):
		return JPEG, nil
	case starts("PK\x03\x04"):
		return "", nil
	case starts("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"): // old Office, or one with a password
		return "", refuse("evidence.ole")
	case bytes.Contains(head, []byte("%PDF-")):
		return "", refuse("evidence.mixed")
	case bytes.Contains(lower, []byte("<svg")):
		return "", refuse("evidence.svg")
	}
	return "", refuse("evidence.kind")
}

var (
	pdfVersion = regexp.MustCompile(`^%PDF-[12]\.\d`)
	pdfStart   = regexp.MustCompile(`startxref\s+(\d{1,10})\s+%%EOF`)
	pdfTable   = regexp.MustCompile(`\bxref\s+\d+\s+\d+|\d\s+obj`)
)

// judgePDF checks that a PDF is whole: its end says where its table of objects
// is, and there it is.
func judgePDF(f io.ReaderAt, size int64, head []byte) error {
	tail := make([]byte, min(size, 4096))
	if _, err := f.ReadAt(tail, size-int64(len(tail))); err != nil && err != io.EOF {
		return fmt.Errorf("read a received PDF: %w", err)
	}
	all := pdfStart.FindAllSubmatch(tail, -1)
	if !pdfVersion.Match(head) || len(all) == 0 {
		return refuse("evidence.damaged")
	}
	at, err := strconv.ParseInt(string(all[len(all)-1][1]), 10, 64)
	if err != nil || at <= 0 || at >= size {
		return refuse("evidence.damaged")
	}
	// Some printers count a few bytes wrong, and readers forgive them.
	from := max(at-32, 0)
	near := make([]byte, min(size-from, 128))
	if _, err := f.ReadAt(near, from); err != nil && err != io.EOF {
		return fmt.Errorf("read a received PDF: %w", err)
	}
	if !pdfTable.Match(near) {
		return refuse("evidence.damaged")
	}
	return nil
}

// holdsMarkup reports whether bytes that no picture is made of carry a page or a
// program.
func holdsMarkup(b []byte) bool {
	lower := bytes.ToLower(b)
	for _, sign := range []string{"<script", "<html", "<!doctype", "<?php", "<svg", "%pdf-", "javascript:"} {
		if bytes.Contains(lower, []byte(sign)) {
			return true
		}
	}
	return false
}
