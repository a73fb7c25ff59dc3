package c2sp

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Proof is a tlog-proof: that an entry is in a log, checkable offline.
type Proof struct {
	Extra      []byte // not authenticated; our log puts the entry there
	Index      int64
	Hashes     []Hash // from the leaf's sibling up to the root's child
	Checkpoint string // signed, verbatim
}

const (
	proofHeader = "c2sp.org/tlog-proof@v1"
	// maxProof bounds a proof: a leaf and its opening fit.
	maxProof = 16 << 20
	maxDepth = 63
)

// String writes the proof in its format.
func (p Proof) String() string {
	var b strings.Builder
	b.WriteString(proofHeader + "\n")
	if p.Extra != nil {
		b.WriteString("extra " + encoding.EncodeToString(p.Extra) + "\n")
	}
	b.WriteString("index " + strconv.FormatInt(p.Index, 10) + "\n")
	for _, h := range p.Hashes {
		b.WriteString(hashText(h) + "\n")
	}
	b.WriteString("\n" + p.Checkpoint)
	return b.String()
}

// ParseProof reads a proof. It checks the form only.
func ParseProof(text string) (Proof, error) {
	if len(text) > maxProof {
		return Proof{}, errors.New("proof: too long")
	}
	head, checkpoint, ok := strings.Cut(text, "\n\n")
	lines := strings.Split(head, "\n")
	if !ok || lines[0] != proofHeader {
		return Proof{}, errors.New("proof: does not begin with " + proofHeader)
	}
	p := Proof{Checkpoint: checkpoint}
	lines = lines[1:]
	var err error
	if extra, has := cutFirst(lines, "extra "); has {
		if p.Extra, err = encoding.DecodeString(extra); err != nil || encoding.EncodeToString(p.Extra) != extra {
			return Proof{}, errors.New("proof: extra is not base64")
		}
		lines = lines[1:]
	}
	index, has := cutFirst(lines, "index ")
	if !has {
		return Proof{}, errors.New("proof: no index")
	}
	if p.Index, err = number(index); err != nil {
		return Proof{}, fmt.Errorf("proof: index: %w", err)
	}
	if len(lines)-1 > maxDepth {
		return Proof{}, errors.New("proof: too many hashes")
	}
	for _, line := range lines[1:] {
		h, err := ParseHash(line)
		if err != nil {
			return Proof{}, fmt.Errorf("proof: %w", err)
		}
		p.Hashes = append(p.Hashes, h)
	}
	return p, nil
}

func cutFirst(lines []string, prefix string) (string, bool) {
	if len(lines) == 0 {
		return "", false
	}
	return strings.CutPrefix(lines[0], prefix)
}

// Verify checks that the entry of this leaf hash is in the log, by the policy. As
// Policy.Open it returns what was signed beside ErrQuorum.
func (p Proof) Verify(policy Policy, leaf Hash) (Signed, error) {
	s, err := policy.Open(p.Checkpoint)
	if err != nil && !errors.Is(err, ErrQuorum) {
		return Signed{}, &SignatureError{err}
	}
	if s.Extended {
		return Signed{}, &SignatureError{errors.New("the checkpoint says more than its three lines")}
	}
	if p.Index >= s.Size {
		return Signed{}, &ProofError{fmt.Errorf("entry %d is not in a tree of %d", p.Index, s.Size)}
	}
	if bad := CheckInclusion(p.Hashes, s.Checkpoint, p.Index, leaf); bad != nil {
		return Signed{}, &ProofError{errors.New("the proof does not lead from the entry to the signed root")}
	}
	return s, err
}

// SignatureError says that a checkpoint is not signed as it should be.
type SignatureError struct{ Err error }

func (e *SignatureError) Error() string { return e.Err.Error() }
func (e *SignatureError) Unwrap() error { return e.Err }

// ProofError says that a proof does not prove.
type ProofError struct{ Err error }

func (e *ProofError) Error() string { return e.Err.Error() }
func (e *ProofError) Unwrap() error { return e.Err }

// Advance is what a witness, or a signer apart, is asked: to accept a larger tree
// than the one it knows. It is the body of add-checkpoint of c2sp.org/tlog-witness.
type Advance struct {
	Old        int64
	Proof      []Hash
	Checkpoint string // signed
}

// String writes the request.
func (a Advance) String() string {
	var b strings.Builder
	b.WriteString("old " + strconv.FormatInt(a.Old, 10) + "\n")
	for _, h := range a.Proof {
		b.WriteString(hashText(h) + "\n")
	}
	b.WriteString("\n" + a.Checkpoint)
	return b.String()
}

// ParseAdvance reads the request.
func ParseAdvance(text string) (Advance, error) {
	head, checkpoint, ok := strings.Cut(text, "\n\n")
	lines := strings.Split(head, "\n")
	old, has := strings.CutPrefix(lines[0], "old ")
	if !ok || !has || len(lines)-1 > maxDepth || len(text) > maxNote {
		return Advance{}, errors.New("not a request to add a checkpoint")
	}
	a := Advance{Checkpoint: checkpoint}
	var err error
	if a.Old, err = number(old); err != nil {
		return Advance{}, err
	}
	for _, line := range lines[1:] {
		h, err := ParseHash(line)
		if err != nil {
			return Advance{}, err
		}
		a.Proof = append(a.Proof, h)
	}
	return a, nil
}
