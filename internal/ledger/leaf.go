package ledger

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"dongthuan/internal/c2sp"
	"dongthuan/internal/db"
)

// Leaf is one entry of the ledger, as doc/ledger.md describes it. Its text form
// is what is hashed: UTF-8, LF line ends, the fields in this order, nothing else.
type Leaf struct {
	Type   Type
	Object string // 26 characters of A–Z2–7, random, never derived from a person
	Time   int64  // unix seconds of the business transaction
	Commit string // base64 of HMAC-SHA-256(salt, context ‖ 0 ‖ type ‖ 0 ‖ payload)
	Prev   string // base64 hash of the object's previous leaf, "" for its first
}

const (
	leafHeader     = "dongthuan/leaf/v1"
	payloadContext = "dongthuan/payload/v1"
	fieldContext   = "dongthuan/field/v1"
	// maxLeaf is the longest leaf that fits a C2SP tlog-tiles entry.
	maxLeaf = 65535
)

func (l Leaf) String() string {
	s := fmt.Sprintf("%s\ntype %s\nobject %s\ntime %d\ncommit %s\n", leafHeader, l.Type, l.Object, l.Time, l.Commit)
	if l.Prev != "" {
		s += "prev " + l.Prev + "\n"
	}
	return s
}

// at is the leaf's time as a row has it, for finding days; it says no more than the
// leaf does.
func (l Leaf) at() string { return db.Time(time.Unix(l.Time, 0)) }

// leafHash is the RFC 6962 leaf hash, SHA-256(0x00 ‖ leaf).
func leafHash(text string) c2sp.Hash { return c2sp.LeafHash([]byte(text)) }

// ParseLeaf reads a leaf's text. Anything but the exact form is an error.
func ParseLeaf(text string) (Leaf, error) {
	bad := func(what string) (Leaf, error) { return Leaf{}, fmt.Errorf("ledger leaf: %s", what) }
	if len(text) > maxLeaf {
		return bad("too long")
	}
	lines := strings.Split(text, "\n")
	if len(lines) != 6 && len(lines) != 7 {
		return bad("wrong number of lines")
	}
	values := make([]string, 0, 5)
	for i, name := range []string{"type ", "object ", "time ", "commit ", "prev "}[:len(lines)-2] {
		v, ok := strings.CutPrefix(lines[i+1], name)
		if !ok {
			return bad("no " + strings.TrimSpace(name))
		}
		values = append(values, v)
	}
	l := Leaf{Type: Type(values[0]), Object: values[1], Commit: values[3]}
	if len(values) == 5 {
		l.Prev = values[4]
	}
	var err error
	if l.Time, err = strconv.ParseInt(values[2], 10, 64); err != nil || l.Time < 0 {
		return bad("time is not a number")
	}
	switch {
	case lines[0] != leafHeader:
		return bad("unknown version")
	case !kinds[l.Type]:
		return bad("unknown type")
	case !validObject(l.Object):
		return bad("object id")
	case !validHash(l.Commit):
		return bad("commit")
	case len(values) == 5 && !validHash(l.Prev):
		return bad("prev")
	case l.String() != text:
		return bad("not in the exact form")
	}
	return l, nil
}

func validObject(s string) bool {
	if len(s) != 26 {
		return false
	}
	return strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == ""
}

func validHash(s string) bool {
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	return err == nil && len(b) == 32
}

// salt opens one commitment.
type salt [32]byte

func newSalt() salt {
	var s salt
	rand.Read(s[:]) // crypto/rand never fails
	return s
}

func (s salt) text() string { return hex.EncodeToString(s[:]) }

func parseSalt(text string) (salt, error) {
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != 32 {
		return salt{}, fmt.Errorf("ledger salt: %d bytes, %v", len(b), err)
	}
	return salt(b), nil
}

// seal commits to a value under a name, in a context.
func (s salt) seal(context, name, value string) string {
	h := hmac.New(sha256.New, s[:])
	fmt.Fprintf(h, "%s\x00%s\x00%s", context, name, value)
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}
