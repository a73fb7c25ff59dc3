package journey

import (
	"encoding/base64"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"dongthuan/internal/c2sp"
	"dongthuan/internal/ledger"
)

// TestReceipt follows a receipt from the act to the outsider's verdict: it is shown,
// printed, read back from the paper's QR code, downloaded, and judged by three
// verifiers; one altered byte is refused by all.
func TestReceipt(t *testing.T) {
	site := Open(t)
	p := signIn(site, "bientap").For(t)
	p.Go("/viec/tin/moi")
	p.Type("[name=category]", "Tin địa phương")
	p.Type("[name=title]", "Biên nhận cầm tay")
	p.Type("[name=lead]", "Lời dẫn.")
	p.Type("[name=body]", "Nội dung.")
	p.Follow("button[value=save]")
	code := p.Text(".alert.done a")
	p.Follow(".alert.done a")
	look(p, "receipt")
	p.WaitText("main", "Soạn tin")

	paper := p.Print("receipt")
	scanned := scan(t, paper)
	address, rest, _ := strings.Cut(scanned, "#")
	hash, _, _ := strings.Cut(rest, ".")
	if !strings.HasSuffix(address, "/r/"+code) {
		t.Errorf("the paper's QR code leads to %q, and the receipt is %s", scanned, code)
	}

	name, file := p.Download("a[download]")
	if name != code+".tlog-proof" {
		t.Errorf("downloaded %q", name)
	}
	_, _, policy := p.Fetch("/so-cai/policy")
	r, err := ledger.ParseReceipt(string(file))
	if err != nil {
		t.Fatal(err)
	}
	known, err := c2sp.ParsePolicy(string(policy))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Verify(known); err != nil || r.Code() != code {
		t.Errorf("receipt %s: %v", r.Code(), err)
	}
	if h := r.Hash(); base64.RawURLEncoding.EncodeToString(h[:]) != hash {
		t.Errorf("the paper's hash is %q", hash)
	}

	// Three verifiers, and one altered byte: in the leaf, the proof, the signature.
	folder := t.TempDir()
	put := func(name string, data []byte) string {
		t.Helper()
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	policyFile := put("policy", policy)
	judge := func(path string) bool {
		t.Helper()
		out, err := exec.Command("python3", filepath.Join("..", "verify", "verify.py"), path, "--policy", policyFile).CombinedOutput()
		theirs := err == nil
		b, readErr := os.ReadFile(path)
		if readErr != nil {
			t.Fatal(readErr)
		}
		r, err := ledger.ParseReceipt(string(b))
		if err == nil {
			_, err = r.Verify(known)
		}
		if ours := err == nil; ours != theirs {
			t.Errorf("%s: ours %v, theirs %s", filepath.Base(path), err, out)
		}
		return theirs
	}
	whole := put("whole.tlog-proof", file)
	if !judge(whole) {
		t.Error("the receipt does not hold")
	}
	p.Go("/so-cai/kiem-tra.html")
	look(p, "verifier")
	p.Upload("#file", whole)
	p.WaitText("#verdict", "Biên nhận đúng")
	look(p, "verifier-holds")
	for name, at := range map[string]int{"leaf": 60, "proof": strings.Index(string(file), "\nindex ") + 20, "signature": len(file) - 20} {
		changed := append([]byte(nil), file...)
		if changed[at]++; changed[at] > 'z' {
			changed[at] = 'a'
		}
		path := put(name+".tlog-proof", changed)
		if judge(path) {
			t.Errorf("a byte changed in the %s, and it holds", name)
		}
		p.Go("/so-cai/kiem-tra.html")
		p.Upload("#file", path)
		p.Wait("#verdict.bad")
	}
	look(p, "verifier-refuses")

	// The pages around it.
	for page, path := range map[string]string{"ledger": "/so-cai", "notice": "/so-cai/niem-yet", "find": "/r", "find-wrong": "/r?ma=O0I1"} {
		if got := p.Go(path); got != 200 {
			t.Errorf("%s: %d", path, got)
		}
		look(p, page)
	}
	p.Go("/r")
	p.Type("[name=ma]", strings.ToLower(strings.ReplaceAll(code, "-", " ")))
	p.Follow("main button.main")
	p.WaitText("main", code)
	p.Go("/thi-dua/ht3/2026-6t/don-vi/DV03/so/doi_thoai_y_kien")
	p.Follow("//a[contains(., 'Lịch sử và chứng minh')]")
	p.WaitText("main", "Báo cáo số liệu")
	look(p, "history")
}

// scan reads the QR code on a printed page, as a phone does: from one distance, and
// where its finder fails there, from another.
func scan(t *testing.T, pdf []byte) string {
	t.Helper()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "r.pdf"), pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	var failed error
	for _, dpi := range []string{"150", "200", "240", "300"} {
		if out, err := exec.Command("pdftoppm", "-r", dpi, "-png", "-singlefile", filepath.Join(folder, "r.pdf"), filepath.Join(folder, dpi)).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		text, err := read(t, filepath.Join(folder, dpi+".png"))
		if err == nil {
			return text
		}
		failed = err
	}
	t.Fatalf("no QR code can be read from the paper: %v", failed)
	return ""
}

// read finds the QR code in a picture.
func read(t *testing.T, path string) (string, error) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	picture, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	bitmap, err := gozxing.NewBinaryBitmapFromImage(picture)
	if err != nil {
		t.Fatal(err)
	}
	found, err := qrcode.NewQRCodeReader().Decode(bitmap, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true})
	if err != nil {
		return "", err
	}
	return found.GetText(), nil
}
