package ledger

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"dongthuan/internal/c2sp"
)

// Receipt is what a person takes away: a leaf, the proof that it is in the tree,
// and for what is public what it says. Its file is a c2sp.org/tlog-proof whose
// extra data is the leaf's text; where it is opened an empty line follows, and
// lines "payload", "salt" and "field".
type Receipt struct {
	Text  string // of the leaf
	Leaf  Leaf
	Proof c2sp.Proof
	// Opening is nil in a thin receipt, which shows only that something of a type
	// happened to an object at a time.
	Opening *Opening
}

// Opening shows what a leaf commits to.
type Opening struct {
	Payload string
	Salt    string // base64
	Fields  []Field
}

// Field opens a sealed value of a payload.
type Field struct{ Name, Salt, Value string } // salt in base64

// ErrOpening says that what a receipt shows is not what its leaf commits to.
var ErrOpening = errors.New("what it shows is not what was recorded")

// extra writes the leaf and the opening.
func (r Receipt) extra() []byte {
	if r.Opening == nil {
		return []byte(r.Text)
	}
	var b strings.Builder
	b.WriteString(r.Text + "\npayload " + b64([]byte(r.Opening.Payload)) + "\nsalt " + r.Opening.Salt + "\n")
	for _, f := range r.Opening.Fields {
		b.WriteString("field " + f.Name + " " + f.Salt + " " + b64([]byte(f.Value)) + "\n")
	}
	return []byte(b.String())
}

// String writes the receipt's file.
func (r Receipt) String() string {
	p := r.Proof
	p.Extra = r.extra()
	return p.String()
}

func b64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// Step is the word of doc/ledger.md for what does not hold; "" where all does.
func Step(err error) string {
	var proof *c2sp.ProofError
	var signature *c2sp.SignatureError
	switch {
	case err == nil:
		return ""
	case errors.Is(err, c2sp.ErrQuorum):
		return "quorum"
	case errors.Is(err, ErrOpening):
		return "opening"
	case errors.As(err, &proof):
		return "proof"
	case errors.As(err, &signature):
		return "signature"
	}
	return "form"
}

// ParseReceipt reads a receipt's file. It checks the form only.
func ParseReceipt(text string) (Receipt, error) {
	p, err := c2sp.ParseProof(text)
	if err != nil {
		return Receipt{}, err
	}
	r := Receipt{Proof: p}
	leaf, opening, opened := strings.Cut(string(p.Extra), "\n\n")
	if r.Text = leaf; opened {
		r.Text += "\n"
		if r.Opening, err = parseOpening(opening); err != nil {
			return Receipt{}, err
		}
	}
	if r.Leaf, err = ParseLeaf(r.Text); err != nil {
		return Receipt{}, err
	}
	if string(r.extra()) != string(p.Extra) {
		return Receipt{}, errors.New("receipt: not in the exact form")
	}
	return r, nil
}

func parseOpening(text string) (*Opening, error) {
	bad := errors.New("receipt: its opening is not in the exact form")
	lines := strings.Split(text, "\n")
	if len(lines) < 3 || lines[len(lines)-1] != "" {
		return nil, bad
	}
	payload, ok := strings.CutPrefix(lines[0], "payload ")
	salt, ok2 := strings.CutPrefix(lines[1], "salt ")
	if !ok || !ok2 || !validHash(salt) {
		return nil, bad
	}
	b, err := base64.StdEncoding.Strict().DecodeString(payload)
	if err != nil {
		return nil, bad
	}
	o := &Opening{Payload: string(b), Salt: salt}
	for _, line := range lines[2 : len(lines)-1] {
		f := strings.Split(line, " ")
		if len(f) != 4 || f[0] != "field" || f[1] == "" || !validHash(f[2]) {
			return nil, bad
		}
		v, err := base64.StdEncoding.Strict().DecodeString(f[3])
		if err != nil {
			return nil, bad
		}
		o.Fields = append(o.Fields, Field{f[1], f[2], string(v)})
	}
	return o, nil
}

// Verify checks everything a receipt claims, offline, by a policy: the leaf's form,
// the proof, the log's signature, the quorum of witnesses, and where it is opened
// that the leaf commits to what is shown. Where only the quorum is missing it
// returns what was signed with c2sp.ErrQuorum.
func (r Receipt) Verify(policy c2sp.Policy) (c2sp.Signed, error) {
	s, err := r.Proof.Verify(policy, leafHash(r.Text))
	if err != nil && !errors.Is(err, c2sp.ErrQuorum) {
		return s, err
	}
	if r.Opening != nil {
		if bad := r.Opening.check(r.Leaf); bad != nil {
			return s, bad
		}
	}
	return s, err
}

// Check reports whether the leaf commits to the payload under the salt, and the
// payload to each field.
func (o Opening) check(l Leaf) error {
	s, err := saltFromBase64(o.Salt)
	if err != nil || s.seal(payloadContext, string(l.Type), o.Payload) != l.Commit {
		return ErrOpening
	}
	members, err := commitments(o.Payload)
	if err != nil {
		return ErrOpening
	}
	for _, f := range o.Fields {
		s, err := saltFromBase64(f.Salt)
		if err != nil || members[f.Name+"_c"] != s.seal(fieldContext, f.Name, f.Value) {
			return fmt.Errorf("%w: field %s", ErrOpening, f.Name)
		}
	}
	return nil
}

// Check is check for those who hold a leaf's text.
func (o Opening) Check(leaf string) error {
	l, err := ParseLeaf(leaf)
	if err != nil {
		return err
	}
	return o.check(l)
}

// Code is the receipt's code.
func (r Receipt) Code() string { return Code(r.Proof.Index, leafHash(r.Text)) }

// Hash is the leaf's.
func (r Receipt) Hash() c2sp.Hash { return leafHash(r.Text) }

func saltFromBase64(text string) (salt, error) {
	b, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(b) != 32 {
		return salt{}, errors.New("ledger salt: not 32 bytes in base64")
	}
	return salt(b), nil
}

// Opens reports whether a leaf of a type, with a commitment, commits to a payload
// under a salt in base64.
func Opens(kind Type, commit, payload, saltText string) bool {
	s, err := saltFromBase64(saltText)
	return err == nil && s.seal(payloadContext, string(kind), payload) == commit
}
