package c2sp

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The vectors of the specifications and of another implementation of the tiles.
const suites = "../../../shared/data/suites/tlog"

// TestSpecification holds the examples that c2sp.org prints.
func TestSpecification(t *testing.T) {
	const vkey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
	key, err := ParseKey(vkey)
	if err != nil || key.String() != vkey || key.Witness() {
		t.Fatalf("ParseKey = %v, %v", key, err)
	}
	const note = "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
	text, err := NoteText(note)
	if err != nil || text != "This is an example message.\n" {
		t.Fatalf("NoteText = %q, %v", text, err)
	}
	if _, err := Open(note, key); err == nil || !strings.Contains(err.Error(), "three lines") {
		t.Errorf("a note that is no checkpoint: %v", err) // its signature holds
	}
	for path, want := range map[string]struct {
		level int
		n     int64
		width int
	}{
		"tile/0/x001/x234/067":          {0, 1234067, 256},
		"tile/entries/x001/x234/067":    {-1, 1234067, 256},
		"tile/2/000.p/1":                {2, 0, 1},
		"tile/63/999.p/255":             {63, 999, 255},
		"tile/entries/x001/000.p/112":   {-1, 1000, 112},
		"tile/1/x001/x000/x000/000":     {1, 1_000_000_000, 256},
		"tile/0/273.p/112":              {0, 273, 112},
		"tile/0/x012/x345/x678/901.p/7": {0, 12345678901, 7},
	} {
		level, n, width, err := ParseTilePath(path)
		if err != nil || level != want.level || n != want.n || width != want.width || TilePath(level, n, width) != path {
			t.Errorf("%s = %d %d %d, %v", path, level, n, width, err)
		}
	}
	for _, bad := range []string{"tile/00/000", "tile/64/000", "tile/0/0", "tile/0/x001", "tile/0/001/002", "tile/0/000.p/256", "tile/0/000.p/0", "tile/0/000.p/01", "tile/-1/000", "tile/entries/", "tile/0/-01", "tile/0/+01", "tile//000"} {
		if _, _, _, err := ParseTilePath(bad); err == nil {
			t.Errorf("%s is accepted", bad)
		}
	}
}

// TestOtherImplementation reads a log that Tessera wrote: every checkpoint's
// signature, its root from the entries, and the tiles.
func TestOtherImplementation(t *testing.T) {
	folder := filepath.Join(suites, "tessera-testdata", "log")
	if _, err := os.Stat(folder); err != nil {
		t.Skip("skipped: the real data are not beside the repository")
	}
	key, err := ParseKey("example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx")
	if err != nil {
		t.Fatal(err)
	}
	for n := range int64(16) {
		signed, err := os.ReadFile(filepath.Join(folder, fmt.Sprintf("checkpoint.%d", n)))
		if err != nil {
			t.Fatal(err)
		}
		s, err := Open(string(signed), key)
		if err != nil || s.Size != n {
			t.Fatalf("checkpoint %d: %v, %v", n, s.Size, err)
		}
		var edge Edge
		if n > 0 {
			bundle, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(TilePath(-1, 0, int(n)))))
			if err != nil {
				t.Fatal(err)
			}
			entries, err := ParseBundle(bundle, int(n))
			if err != nil {
				t.Fatal(err)
			}
			tile, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(TilePath(0, 0, int(n)))))
			if err != nil {
				t.Fatal(err)
			}
			hashes, err := ParseTile(tile, int(n))
			if err != nil {
				t.Fatal(err)
			}
			var again []byte
			for i, e := range entries {
				h := LeafHash([]byte(e))
				if h != hashes[i] {
					t.Errorf("entry %d of %d has another hash", i, n)
				}
				edge.Append(h)
				if again, err = AppendEntry(again, e); err != nil {
					t.Fatal(err)
				}
			}
			if string(again) != string(bundle) {
				t.Errorf("bundle of %d is written otherwise", n)
			}
		}
		if edge.Root() != s.Root {
			t.Errorf("tree of %d has another root", n)
		}
	}
}

// forest is a tree of n leaves, kept whole.
func forest(n int) (leaves []Hash, read TileReader) {
	var levels [8][]Hash
	var e Edge
	for i := range n {
		h := LeafHash([]byte(strconv.Itoa(i)))
		levels[0] = append(levels[0], h)
		for _, full := range e.Append(h) {
			levels[full.Level] = append(levels[full.Level], full.Hash)
		}
	}
	return levels[0], func(level int, n int64, width int) ([]Hash, error) {
		first := int(n) << TileHeight
		if first+width > len(levels[level]) {
			return nil, fmt.Errorf("no tile %d/%d of %d", level, n, width)
		}
		return levels[level][first : first+width], nil
	}
}

// TestTrees holds RFC 6962 §2.1 on trees of every shape: the edge read from tiles is
// the one appended to, every leaf is proven, every older tree is a beginning, and
// nothing else is.
func TestTrees(t *testing.T) {
	leaves, read := forest(70_000)
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, len(leaves)).Draw(t, "n")
		if rapid.Bool().Draw(t, "small") {
			n = 1 + n%600
		}
		old := rapid.IntRange(0, n).Draw(t, "old")
		at := int64(rapid.IntRange(0, n-1).Draw(t, "at"))
		head := func(n int) Checkpoint {
			edge, err := ReadEdge(int64(n), read)
			if err != nil || !edge.Valid() {
				t.Fatalf("edge of %d: %v", n, err)
			}
			return Checkpoint{Origin: "x", Size: int64(n), Root: edge.Root()}
		}
		tree := head(n)
		proof, err := read.Inclusion(tree, at)
		if err != nil {
			t.Fatal(err)
		}
		if err := CheckInclusion(proof, tree, at, leaves[at]); err != nil {
			t.Fatal(err)
		}
		if n > 1 && CheckInclusion(proof, tree, (at+1)%int64(n), leaves[at]) == nil {
			t.Fatal("proven at another place")
		}
		if CheckInclusion(append(proof, Hash{}), tree, at, leaves[at]) == nil {
			t.Fatal("proven with a hash too many")
		}
		consistent, err := read.Consistency(tree, int64(old))
		if err != nil {
			t.Fatal(err)
		}
		before := head(old)
		if err := CheckConsistency(consistent, tree, before); err != nil {
			t.Fatal(err)
		}
		before.Root[0] ^= 1
		if CheckConsistency(consistent, tree, before) == nil {
			t.Fatal("another tree is accepted as its beginning")
		}
	})
}

func testKeys(t testing.TB) (log, a, b *Key) {
	t.Helper()
	seed := func(s string) []byte { x := sha256.Sum256([]byte(s)); return x[:] }
	at := func() time.Time { return time.Unix(1790000060, 0) }
	log, err := NewLogKey("log.example/so-cai", seed("log"))
	if err != nil {
		t.Fatal(err)
	}
	if a, err = NewWitnessKey("a.example", seed("a"), at); err != nil {
		t.Fatal(err)
	}
	if b, err = NewWitnessKey("b.example", seed("b"), at); err != nil {
		t.Fatal(err)
	}
	return log, a, b
}

func cosignedBy(t testing.TB, log *Key, witnesses ...*Key) string {
	t.Helper()
	signed, err := log.Note(Checkpoint{Origin: log.Name(), Root: (Edge{}).Root()}.String())
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range witnesses {
		line, err := w.Cosign(signed)
		if err != nil {
			t.Fatal(err)
		}
		signed += line
	}
	return signed
}

// TestPolicy holds quorums of groups, and what is not a policy.
func TestPolicy(t *testing.T) {
	log, a, b := testKeys(t)
	base := "log " + log.Public().String() + "\nwitness a " + a.Public().String() + "\nwitness\tb " + b.Public().String() + " https://b.example/\n# nobody\n"
	for _, c := range []struct {
		rest string
		by   []*Key
		want error
	}{
		{"quorum none\n", nil, nil},
		{"quorum a\n", nil, ErrQuorum},
		{"quorum a\n", []*Key{a}, nil},
		{"quorum a\n", []*Key{b}, ErrQuorum},
		{"group both all a b\nquorum both\n", []*Key{a}, ErrQuorum},
		{"group both all a b\nquorum both\n", []*Key{b, a}, nil},
		{"group one any a b\nquorum one\n", []*Key{b}, nil},
		{"group one 1 a b\ngroup two 2 one b\nquorum two\n", []*Key{b}, nil},
		{"group one 1 a b\ngroup two 2 one b\nquorum two\n", []*Key{a}, ErrQuorum},
	} {
		p, err := ParsePolicy(base + c.rest)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Open(cosignedBy(t, log, c.by...)); err != c.want {
			t.Errorf("%q: %v, want %v", c.rest, err, c.want)
		}
		again, err := ParsePolicy(p.String())
		if err != nil || again.String() != p.String() {
			t.Errorf("written as %q: %v", p, err)
		}
	}
	for _, bad := range []string{"", "quorum x\n", "quorum none\nquorum none\n", "group g 3 a b\nquorum none\n", "group g 0 a\nquorum none\n", "group g all none\nquorum none\n", "group g all a a\nquorum none\n",
		"group g all h\ngroup h all a\nquorum g\n", "witness a " + a.Public().String() + "\nquorum none\n", "log " + a.Public().String() + "\nquorum none\n", "nonsense\nquorum none\n", "quorum none\x01\n"} {
		if _, err := ParsePolicy(base + bad); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
	// A signature of a known key that does not hold spoils the note, whoever else signed.
	p, err := ParsePolicy(base + "quorum none\n")
	if err != nil {
		t.Fatal(err)
	}
	signed := cosignedBy(t, log, a)
	i := strings.LastIndex(signed, "a.example ") + 30
	if _, err := p.Open(signed[:i] + swap(signed[i]) + signed[i+1:]); err == nil || err == ErrQuorum {
		t.Errorf("a false cosignature: %v", err)
	}
}

func swap(c byte) string {
	if c == 'A' {
		return "B"
	}
	return "A"
}

func FuzzNote(f *testing.F) {
	log, a, b := testKeys(f)
	f.Add(cosignedBy(f, log, a, b))
	f.Add(cosignedBy(f, log))
	f.Fuzz(func(t *testing.T, signed string) {
		s, err := Open(signed, log.Public(), a.Public(), b.Public())
		if err != nil {
			return
		}
		// Only what the key has signed opens: the empty tree, and nothing else here.
		if s.Size != 0 || s.Origin != log.Name() || s.Extended {
			t.Errorf("opened %+v", s)
		}
	})
}

func FuzzCheckpoint(f *testing.F) {
	f.Add("x\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")
	f.Fuzz(func(t *testing.T, text string) {
		if c, err := ParseCheckpoint(text); err == nil && !c.Extended && c.String() != text {
			t.Errorf("%q is written %q", text, c)
		}
	})
}

func FuzzProof(f *testing.F) {
	f.Add(Proof{Extra: []byte("x"), Index: 2, Hashes: []Hash{{1}, {2}}, Checkpoint: "x\n"}.String())
	f.Add(Proof{Checkpoint: "x"}.String())
	f.Fuzz(func(t *testing.T, text string) {
		if p, err := ParseProof(text); err == nil && p.String() != text {
			t.Errorf("%q is written %q", text, p)
		}
	})
}

func FuzzAdvance(f *testing.F) {
	f.Add(Advance{Old: 3, Proof: []Hash{{1}}, Checkpoint: "x\n"}.String())
	f.Fuzz(func(t *testing.T, text string) {
		if a, err := ParseAdvance(text); err == nil && a.String() != text {
			t.Errorf("%q is written %q", text, a)
		}
	})
}

func FuzzPolicy(f *testing.F) {
	log, a, _ := testKeys(f)
	f.Add("log " + log.Public().String() + "\nwitness a " + a.Public().String() + " u\ngroup g any a\nquorum g\n")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParsePolicy(text)
		if err != nil {
			return
		}
		if again, err := ParsePolicy(p.String()); err != nil || again.String() != p.String() {
			t.Errorf("%q is written %q: %v", text, p, err)
		}
	})
}

func FuzzTile(f *testing.F) {
	f.Add("tile/0/x001/000.p/7", []byte("\x00\x01a\x00\x02bc"), 2)
	f.Fuzz(func(t *testing.T, path string, bundle []byte, width int) {
		if level, n, w, err := ParseTilePath(path); err == nil && TilePath(level, n, w) != path {
			t.Errorf("%q is written %q", path, TilePath(level, n, w))
		}
		entries, err := ParseBundle(bundle, width)
		if err != nil {
			return
		}
		var again []byte
		for _, e := range entries {
			if again, err = AppendEntry(again, e); err != nil {
				t.Fatal(err)
			}
		}
		if string(again) != string(bundle) {
			t.Errorf("bundle %x is written %x", bundle, again)
		}
	})
}

// TestRanges reads the fuzzing corpus of another Merkle library: pairs of sizes that
// were found to matter. Each pair is proven consistent here.
func TestRanges(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(suites, "merkle-fuzz-corpus", "fuzz", "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skip("skipped: the real data are not beside the repository")
	}
	_, read := forest(20_000)
	seen := 0
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var a, z uint64
		if _, err := fmt.Sscanf(string(b), "go test fuzz v1\nuint64(%d)\nuint64(%d)", &a, &z); err != nil {
			continue // written as a character
		}
		a, z = min(a%20_000, z%20_000), max(a%20_000, z%20_000)
		head := func(n uint64) Checkpoint {
			e, err := ReadEdge(int64(n), read)
			if err != nil {
				t.Fatal(err)
			}
			return Checkpoint{Origin: "x", Size: int64(n), Root: e.Root()}
		}
		proof, err := read.Consistency(head(z), int64(a))
		if err != nil {
			t.Fatal(err)
		}
		if err := CheckConsistency(proof, head(z), head(a)); err != nil {
			t.Errorf("%d to %d: %v", a, z, err)
		}
		seen++
	}
	t.Logf("%d pairs", seen)
}
