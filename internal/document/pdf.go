package document

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"dongthuan/internal/fault"
)

// Converter finds LibreOffice.
func Converter() (path string, ok bool) {
	for _, name := range []string{"soffice", "libreoffice"} {
		if p, err := exec.LookPath(name); err == nil {
			return p, true
		}
	}
	return "", false
}

// converting lets one conversion run at a time: each takes a core and about
// 200 MB.
var converting = make(chan struct{}, 1)

const convertFor = 60 * time.Second

// converted are the PDFs made last, by the digest of the Word file: a public document is
// asked for by many, and is the same for all.
var converted = struct {
	sync.Mutex
	by    map[[32]byte][]byte
	order [][32]byte
}{by: map[[32]byte][]byte{}}

// keptPDFs is how many are kept; one is some hundred kilobytes.
const keptPDFs = 16

// ToPDF converts a Word file with LibreOffice. Each conversion has a profile
// folder of its own, which is gone afterwards, and a minute. Without LibreOffice
// it is refused in words (fault.Missing).
func ToPDF(ctx context.Context, docx []byte) ([]byte, error) {
	of := sha256.Sum256(docx)
	converted.Lock()
	pdf, ok := converted.by[of]
	converted.Unlock()
	if ok {
		return pdf, nil
	}
	all, err := AllToPDF(ctx, [][]byte{docx})
	if err != nil {
		return nil, err
	}
	converted.Lock()
	defer converted.Unlock()
	if _, ok := converted.by[of]; !ok {
		converted.order = append(converted.order, of)
	}
	converted.by[of] = all[0]
	if len(converted.order) > keptPDFs {
		delete(converted.by, converted.order[0])
		converted.order = converted.order[1:]
	}
	return all[0], nil
}

// AllToPDF converts several files as ToPDF does, starting LibreOffice once: starting
// takes longer than converting.
func AllToPDF(ctx context.Context, docx [][]byte) (pdf [][]byte, err error) {
	path, ok := Converter()
	if !ok {
		return nil, fault.New(fault.Missing, "document.pdf.missing")
	}
	select {
	case converting <- struct{}{}:
		defer func() { <-converting }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	dir, err := os.MkdirTemp("", "dongthuan-pdf-")
	if err != nil {
		return nil, fmt.Errorf("convert to PDF: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	ctx, cancel := context.WithTimeout(ctx, convertFor)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "-env:UserInstallation=file://"+filepath.Join(dir, "profile"), "--headless", "--norestore",
		"--convert-to", "pdf:writer_pdf_Export", "--outdir", dir)
	for i, d := range docx {
		in := filepath.Join(dir, strconv.Itoa(i)+".docx")
		if err := os.WriteFile(in, d, 0o600); err != nil {
			return nil, fmt.Errorf("convert to PDF: %w", err)
		}
		cmd.Args = append(cmd.Args, in)
	}
	cmd.Dir = dir
	cmd.Env = []string{"HOME=" + dir, "PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8"}
	// LibreOffice starts children of its own; all of them end with it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	out, err := cmd.CombinedOutput()
	if err != nil {
		return nil, fault.New(fault.Busy, "document.pdf.failed").Because(fmt.Errorf("%w: %s", err, out))
	}
	for i := range docx {
		p, err := os.ReadFile(filepath.Join(dir, strconv.Itoa(i)+".pdf"))
		if err != nil {
			return nil, fault.New(fault.Busy, "document.pdf.failed").Because(fmt.Errorf("%w: %s", err, out))
		}
		pdf = append(pdf, p)
	}
	return pdf, nil
}
