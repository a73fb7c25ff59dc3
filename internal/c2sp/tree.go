// Package c2sp reads and writes the public formats of a transparency log: signed
// notes, checkpoints, cosignatures, proofs, policies and tiles, as c2sp.org
// specifies them, over the Merkle tree of RFC 6962. It knows nothing of what the
// log records and touches no database.
package c2sp

import (
	"encoding/base64"
	"fmt"
	"math/bits"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// Hash is a SHA-256 hash of the tree of RFC 6962.
type Hash = tlog.Hash

// LeafHash is SHA-256(0x00 ‖ leaf).
func LeafHash(leaf []byte) Hash { return tlog.RecordHash(leaf) }

// Edge is the right edge of a tree: the roots of the complete subtrees that its
// leaves form, the largest first, one for each bit set in Size. It is all that is
// needed to append leaves and to compute the root.
type Edge struct {
	Size  int64
	Nodes []Hash
}

// Node is the root of a full tile: entry N of level Level, which stands for
// 256^Level leaves. Level 0 are the leaves themselves.
type Node struct {
	Level int
	N     int64
	Hash  Hash
}

// Append adds one leaf and returns the roots of the tiles that it completes, for
// every 256th leaf one or more, for all others none.
func (e *Edge) Append(leaf Hash) (full []Node) {
	h, level := leaf, 0
	for s := e.Size; s&1 == 1; s >>= 1 {
		last := len(e.Nodes) - 1
		h = tlog.NodeHash(e.Nodes[last], h)
		e.Nodes = e.Nodes[:last]
		level++
		if level%8 == 0 {
			full = append(full, Node{level / 8, s >> 1, h})
		}
	}
	e.Nodes = append(e.Nodes, h)
	e.Size++
	return full
}

// Root is the root hash; of the empty tree SHA-256 of nothing.
func (e Edge) Root() Hash {
	if len(e.Nodes) == 0 {
		h, err := tlog.TreeHash(0, nil)
		if err != nil {
			panic(err) // never for the empty tree
		}
		return h
	}
	h := e.Nodes[len(e.Nodes)-1]
	for i := len(e.Nodes) - 2; i >= 0; i-- {
		h = tlog.NodeHash(e.Nodes[i], h)
	}
	return h
}

// Clone is an edge that can be appended to without changing e.
func (e Edge) Clone() Edge { return Edge{e.Size, append([]Hash(nil), e.Nodes...)} }

// Valid reports whether the edge has as many nodes as its size asks for.
func (e Edge) Valid() bool { return e.Size >= 0 && bits.OnesCount64(uint64(e.Size)) == len(e.Nodes) }

// TileHeight is the height of the tiles of tlog-tiles: 256 hashes wide.
const TileHeight = 8

// ReadEdge computes the edge of a tree of the given size from its tiles.
func ReadEdge(size int64, read func(level int, n int64, width int) ([]Hash, error)) (Edge, error) {
	e := Edge{Size: size}
	for level := 7; level >= 0; level-- {
		above := size >> (8 * level)
		width := int(above & 255)
		if width == 0 {
			continue
		}
		hashes, err := read(level, above>>8, width)
		if err != nil {
			return Edge{}, err
		}
		if len(hashes) != width {
			return Edge{}, fmt.Errorf("tile %d/%d has %d hashes, want %d", level, above>>8, len(hashes), width)
		}
		var part Edge
		for _, h := range hashes {
			part.Append(h)
		}
		e.Nodes = append(e.Nodes, part.Nodes...)
	}
	return e, nil
}

// TilePath is a tile's address below the log's prefix. A level of -1 means the
// bundle of entries.
func TilePath(level int, n int64, width int) string {
	l := strconv.Itoa(level)
	if level < 0 {
		l = "entries"
	}
	digits := fmt.Sprintf("%03d", n%1000)
	for n >= 1000 {
		n /= 1000
		digits = fmt.Sprintf("x%03d/", n%1000) + digits
	}
	if width < 256 {
		digits += ".p/" + strconv.Itoa(width)
	}
	return "tile/" + l + "/" + digits
}

// ParseTilePath reads what TilePath writes, and nothing else.
func ParseTilePath(path string) (level int, n int64, width int, err error) {
	bad := fmt.Errorf("%q is not the address of a tile", path)
	rest, ok := strings.CutPrefix(path, "tile/")
	l, rest, ok2 := strings.Cut(rest, "/")
	if !ok || !ok2 || len(path) > 100 {
		return 0, 0, 0, bad
	}
	level = -1
	if l != "entries" {
		if level, err = strconv.Atoi(l); err != nil || level < 0 || level > 63 {
			return 0, 0, 0, bad
		}
	}
	width = 256
	if number, w, partial := strings.Cut(rest, ".p/"); partial {
		if width, err = strconv.Atoi(w); err != nil || width < 1 || width > 255 {
			return 0, 0, 0, bad
		}
		rest = number
	}
	if n, err = strconv.ParseInt(strings.ReplaceAll(strings.ReplaceAll(rest, "/", ""), "x", ""), 10, 64); err != nil || n < 0 {
		return 0, 0, 0, bad
	}
	if TilePath(level, n, width) != path {
		return 0, 0, 0, bad
	}
	return level, n, width, nil
}

// AppendEntry adds an entry to a bundle: its length as a big-endian uint16, then
// its bytes.
func AppendEntry(bundle []byte, entry string) ([]byte, error) {
	if len(entry) > 65535 {
		return nil, fmt.Errorf("an entry of %d bytes does not fit a bundle", len(entry))
	}
	return append(append(bundle, byte(len(entry)>>8), byte(len(entry))), entry...), nil
}

// ParseBundle reads a bundle of exactly width entries.
func ParseBundle(bundle []byte, width int) ([]string, error) {
	var entries []string
	for len(bundle) > 0 {
		if len(bundle) < 2 {
			return nil, fmt.Errorf("bundle ends inside a length")
		}
		n := int(bundle[0])<<8 | int(bundle[1])
		if len(bundle) < 2+n {
			return nil, fmt.Errorf("bundle ends inside an entry")
		}
		entries = append(entries, string(bundle[2:2+n]))
		bundle = bundle[2+n:]
	}
	if len(entries) != width {
		return nil, fmt.Errorf("bundle has %d entries, want %d", len(entries), width)
	}
	return entries, nil
}

// ParseTile reads a tile of exactly width hashes.
func ParseTile(tile []byte, width int) ([]Hash, error) {
	if len(tile) != width*tlog.HashSize {
		return nil, fmt.Errorf("tile has %d bytes, want %d", len(tile), width*tlog.HashSize)
	}
	hashes := make([]Hash, width)
	for i := range hashes {
		hashes[i] = Hash(tile[i*tlog.HashSize:])
	}
	return hashes, nil
}

// TileReader reads tiles for proofs; each proof checks the tiles it uses against
// the root it is made for.
type TileReader func(level int, n int64, width int) ([]Hash, error)

// Height makes a TileReader a tlog.TileReader.
func (TileReader) Height() int { return TileHeight }

// SaveTiles makes a TileReader a tlog.TileReader; nothing is saved.
func (TileReader) SaveTiles([]tlog.Tile, [][]byte) {}

// ReadTiles makes a TileReader a tlog.TileReader.
func (r TileReader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	all := make([][]byte, len(tiles))
	for i, t := range tiles {
		hashes, err := r(t.L, t.N, t.W)
		if err != nil {
			return nil, err
		}
		data := make([]byte, 0, len(hashes)*tlog.HashSize)
		for _, h := range hashes {
			data = append(data, h[:]...)
		}
		all[i] = data
	}
	return all, nil
}

// Inclusion proves that leaf index is in tree.
func (r TileReader) Inclusion(tree Checkpoint, index int64) ([]Hash, error) {
	return tlog.ProveRecord(tree.Size, index, tlog.TileHashReader(tlog.Tree{N: tree.Size, Hash: tree.Root}, r))
}

// Consistency proves that tree begins with the tree of size old.
func (r TileReader) Consistency(tree Checkpoint, old int64) ([]Hash, error) {
	if old == 0 || old == tree.Size {
		return nil, nil
	}
	return tlog.ProveTree(tree.Size, old, tlog.TileHashReader(tlog.Tree{N: tree.Size, Hash: tree.Root}, r))
}

// CheckInclusion checks the proof that leaf stands at index in tree.
func CheckInclusion(proof []Hash, tree Checkpoint, index int64, leaf Hash) error {
	return tlog.CheckRecord(proof, tree.Size, tree.Root, index, leaf)
}

// CheckConsistency checks the proof that tree begins with old, both of any size.
func CheckConsistency(proof []Hash, tree, old Checkpoint) error {
	switch {
	case old.Size > tree.Size:
		return fmt.Errorf("the tree of %d leaves is smaller than the one of %d", tree.Size, old.Size)
	case tree.Size == 0 || old.Size == 0 || old.Size == tree.Size:
		if len(proof) != 0 {
			return fmt.Errorf("a consistency proof from %d to %d has no lines", old.Size, tree.Size)
		}
		empty := Edge{}.Root()
		if old.Size == 0 && old.Root != empty || tree.Size == 0 && tree.Root != empty || old.Size == tree.Size && old.Root != tree.Root {
			return fmt.Errorf("two trees of %d leaves have different roots", old.Size)
		}
		return nil
	}
	return tlog.CheckTree(proof, tree.Size, tree.Root, old.Size, old.Root)
}

var encoding = base64.StdEncoding.Strict()

func hashText(h Hash) string { return encoding.EncodeToString(h[:]) }

// ParseHash reads a hash in standard base64.
func ParseHash(s string) (Hash, error) {
	b, err := encoding.DecodeString(s)
	if err != nil || len(b) != tlog.HashSize || len(s) != 44 {
		return Hash{}, fmt.Errorf("%.60q is not a hash in base64", s)
	}
	return Hash(b), nil
}

// number reads a decimal without sign or leading zeroes.
func number(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || strconv.FormatInt(n, 10) != s {
		return 0, fmt.Errorf("%.30q is not a number", s)
	}
	return n, nil
}
