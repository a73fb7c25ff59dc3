package ledger

import (
	"crypto/sha256"
	"encoding/base64"
	"flag"
	"fmt"
	mrand "math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"dongthuan/internal/c2sp"
)

var update = flag.Bool("update", false, "write the vectors anew")

// The vectors are receipts with fixed keys and salts, for verifiers in any
// language: keys and salts are SHA-256 of "test …", for tests only.
func vectors(t testing.TB) map[string]string {
	t.Helper()
	seed := func(s string) []byte { x := sha256.Sum256([]byte("test " + s)); return x[:] }
	log, err := c2sp.NewLogKey("tt.example.vn/so-cai", seed("log key"))
	if err != nil {
		t.Fatal(err)
	}
	cosign := func(name string) *c2sp.Key {
		k, err := c2sp.NewWitnessKey(name, seed(name), func() time.Time { return time.Unix(1790000060, 0) })
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	university, newspaper := cosign("witness.example.org/w1"), cosign("báo.example.org")
	object := "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	var edge c2sp.Edge
	var hashes []c2sp.Hash
	var texts []string
	var payloads []string
	prev := ""
	for i := range 21 {
		s, field := salt(seed(fmt.Sprint("salt ", i))), salt(seed("field salt"))
		payload := fmt.Sprintf(`{"body_c":"%s","kind":"thử","n":%d}`, field.seal(fieldContext, "body", "Đường vào tổ 3 ngập khi mưa."), i)
		l := Leaf{Type: NewsPublished, Object: object, Time: 1790000000 + int64(i), Commit: s.seal(payloadContext, string(NewsPublished), payload), Prev: prev}
		h := leafHash(l.String())
		if prev, err = toBase64(Hex(h)); err != nil {
			t.Fatal(err)
		}
		edge.Append(h)
		hashes, texts, payloads = append(hashes, h), append(texts, l.String()), append(payloads, payload)
	}
	root := edge.Root()
	checkpoint, err := log.Note(c2sp.Checkpoint{Origin: log.Name(), Size: edge.Size, Root: root}.String())
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range []*c2sp.Key{university, newspaper} {
		line, err := w.Cosign(checkpoint)
		if err != nil {
			t.Fatal(err)
		}
		checkpoint += line
	}
	read := c2sp.TileReader(func(level int, n int64, width int) ([]c2sp.Hash, error) { return hashes[:width], nil })
	files := map[string]string{}
	for _, i := range []int64{0, 2, 20} {
		proof, err := read.Inclusion(c2sp.Checkpoint{Origin: log.Name(), Size: edge.Size, Root: root}, i)
		if err != nil {
			t.Fatal(err)
		}
		r := Receipt{Text: texts[i], Proof: c2sp.Proof{Index: i, Hashes: proof, Checkpoint: checkpoint}}
		files[fmt.Sprintf("thin-%d.tlog-proof", i)] = r.String()
		s, field := salt(seed(fmt.Sprint("salt ", i))), salt(seed("field salt"))
		r.Opening = &Opening{Payload: payloads[i], Salt: b64(s[:])}
		files[fmt.Sprintf("opened-%d.tlog-proof", i)] = r.String()
		r.Opening.Fields = []Field{{"body", b64(field[:]), "Đường vào tổ 3 ngập khi mưa."}}
		files[fmt.Sprintf("field-%d.tlog-proof", i)] = r.String()
	}
	files["log.policy"] = c2sp.For(log.Public(), "").String()
	files["two.policy"] = "# both\nlog " + log.Public().String() + " https://tt.example.vn/so-cai/\n" +
		"witness dai-hoc " + university.Public().String() + "\nwitness bao " + newspaper.Public().String() + "\ngroup ca-hai all dai-hoc bao\nquorum ca-hai\n"
	other := cosign("witness.example.org/absent")
	files["absent.policy"] = "log " + log.Public().String() + "\nwitness vang " + other.Public().String() + "\nquorum vang\n"
	codes := ""
	for _, i := range []int{0, 2, 20} {
		codes += fmt.Sprintf("%d %s %s\n", i, Hex(hashes[i]), Code(int64(i), hashes[i]))
	}
	files["codes.txt"] = codes
	return files
}

func TestVectors(t *testing.T) {
	for name, text := range vectors(t) {
		path := filepath.Join("..", "..", "verify", "testdata", name)
		if *update {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		kept, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if string(kept) != text {
			t.Errorf("%s is not what the program makes", name)
		}
	}
	files := vectors(t)
	for name, text := range files {
		if !strings.HasSuffix(name, ".tlog-proof") {
			continue
		}
		r, err := ParseReceipt(text)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for policy, want := range map[string]string{"log.policy": "", "two.policy": "", "absent.policy": "quorum"} {
			p, err := c2sp.ParsePolicy(files[policy])
			if err != nil {
				t.Fatal(err)
			}
			if got := Step(second(r.Verify(p))); got != want {
				t.Errorf("%s by %s: %q, want %q", name, policy, got, want)
			}
		}
	}
}

func second[T any](_ T, err error) error { return err }

func FuzzReceipt(f *testing.F) {
	files := vectors(f)
	policy, err := c2sp.ParsePolicy(files["log.policy"])
	if err != nil {
		f.Fatal(err)
	}
	known := map[string]bool{}
	for name, text := range files {
		if strings.HasSuffix(name, ".tlog-proof") {
			f.Add(text)
			known[text] = true
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := ParseReceipt(text)
		if err != nil {
			return
		}
		if r.String() != text {
			t.Errorf("%q is written %q", text, r)
		}
		// What verifies says something that was signed: one of these leaves.
		if _, err := r.Verify(policy); err == nil && !strings.Contains(files["thin-0.tlog-proof"]+files["thin-2.tlog-proof"]+files["thin-20.tlog-proof"], b64([]byte(r.Text))) {
			t.Errorf("verifies: %q", text)
		}
	})
}

// TestOtherVerifier has the verifier in verify/, written from doc/ledger.md in
// another language, judge the same receipts: whole ones, and ten thousand that were
// changed somewhere. Both must name the same step.
func TestOtherVerifier(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Fatal("python3 is missing; script/install installs it")
	}
	files := vectors(t)
	policy, err := c2sp.ParsePolicy(files["two.policy"])
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "two.policy")
	if err := os.WriteFile(path, []byte(files["two.policy"]), 0o600); err != nil {
		t.Fatal(err)
	}
	var names []string
	for name := range files {
		if strings.HasSuffix(name, ".tlog-proof") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	random := mrand.New(mrand.NewPCG(1, 2))
	var receipts []string
	for _, name := range names {
		receipts = append(receipts, files[name])
	}
	for len(receipts) < 10_000 {
		receipts = append(receipts, mutate(random, files[names[random.IntN(len(names))]], files[names[random.IntN(len(names))]]))
	}
	var in strings.Builder
	for _, r := range receipts {
		in.WriteString(b64([]byte(r)) + "\n")
	}
	cmd := exec.Command(python, filepath.Join("..", "..", "verify", "verify.py"), "--batch", "--policy", path)
	cmd.Stdin = strings.NewReader(in.String())
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, errs.String())
	}
	theirs := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(theirs) != len(receipts) {
		t.Fatalf("judged %d of %d", len(theirs), len(receipts))
	}
	count := map[string]int{}
	for i, text := range receipts {
		r, err := ParseReceipt(text)
		if err == nil {
			_, err = r.Verify(policy)
		}
		ours := Step(err)
		if ours == "" {
			ours = "ok"
		}
		count[ours]++
		if ours != theirs[i] {
			t.Errorf("receipt %d: ours %s (%v), theirs %s\n%q", i, ours, err, theirs[i], text)
		}
	}
	for _, step := range []string{"ok", "form", "signature", "proof", "opening", "quorum"} {
		if count[step] == 0 {
			t.Errorf("no receipt ended with %s: the mutations are blind to it", step)
		}
	}
	t.Logf("%d receipts: %v", len(receipts), count)
}

// mutate changes a receipt somewhere: its bytes, its lines, what its lines hold, or
// parts of it against another's.
func mutate(random *mrand.Rand, text, other string) string {
	b := []byte(text)
	at := random.IntN(len(b))
	lines := strings.SplitAfter(text, "\n")
	i, j := random.IntN(len(lines)), random.IntN(len(lines))
	switch random.IntN(11) {
	case 0:
		b[at] ^= 1 << random.IntN(8)
	case 1:
		b[at] = byte(random.IntN(256))
	case 2:
		b = slices.Delete(b, at, at+1)
	case 3:
		b = slices.Insert(b, at, byte(random.IntN(256)))
	case 4:
		b = b[:at]
	case 5:
		lines[i], lines[j] = lines[j], lines[i]
		return strings.Join(lines, "")
	case 6:
		return strings.Join(slices.Insert(lines, i, lines[j]), "")
	case 7:
		return strings.Join(slices.Delete(lines, i, i+1), "")
	case 8: // inside the extra data
		extra, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(strings.TrimPrefix(lines[1], "extra "), "\n"))
		if err != nil {
			return text
		}
		extra[random.IntN(len(extra))] ^= 1 << random.IntN(8)
		lines[1] = "extra " + b64(extra) + "\n"
		return strings.Join(lines, "")
	case 9: // the opening's payload, whole in its form
		extra, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(strings.TrimPrefix(lines[1], "extra "), "\n"))
		parts := strings.SplitAfter(string(extra), "\n")
		if err != nil || len(parts) < 10 {
			return text
		}
		k := 8 + random.IntN(len(parts)-9)
		f := strings.Fields(parts[k])
		value, err := base64.StdEncoding.DecodeString(f[len(f)-1])
		if err != nil || len(value) == 0 {
			return text
		}
		value[random.IntN(len(value))] ^= 1
		f[len(f)-1] = b64(value)
		parts[k] = strings.Join(f, " ") + "\n"
		lines[1] = "extra " + b64([]byte(strings.Join(parts, ""))) + "\n"
		return strings.Join(lines, "")
	case 10: // one's head with the other's proof, or a witness less
		if random.IntN(2) == 0 {
			return strings.Join(lines[:len(lines)-2], "")
		}
		theirs := strings.SplitAfter(other, "\n")
		return strings.Join(lines[:2], "") + strings.Join(theirs[2:], "")
	}
	return string(b)
}
