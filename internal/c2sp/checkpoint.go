package c2sp

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/note"
)

// Checkpoint is the head of a tree: c2sp.org/tlog-checkpoint.
type Checkpoint struct {
	Origin string
	Size   int64
	Root   Hash
	// Extended reports lines after the third, which a witness passes over. Our log
	// never writes any, and a receipt may not have them.
	Extended bool
}

// String is the text that is signed.
func (c Checkpoint) String() string {
	return c.Origin + "\n" + strconv.FormatInt(c.Size, 10) + "\n" + hashText(c.Root) + "\n"
}

// ParseCheckpoint reads the text of a checkpoint.
func ParseCheckpoint(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) < 4 || slices.Index(lines, "") != len(lines)-1 {
		return Checkpoint{}, errors.New("a checkpoint has three lines or more, none empty")
	}
	c := Checkpoint{Origin: lines[0], Extended: len(lines) > 4}
	if !validName(c.Origin) {
		return Checkpoint{}, errors.New("a checkpoint begins with its log's name")
	}
	var err error
	if c.Size, err = number(lines[1]); err != nil {
		return Checkpoint{}, fmt.Errorf("checkpoint size: %w", err)
	}
	if c.Root, err = ParseHash(lines[2]); err != nil {
		return Checkpoint{}, fmt.Errorf("checkpoint root: %w", err)
	}
	if c.Size == 0 && c.Root != (Edge{}).Root() {
		return Checkpoint{}, errors.New("the empty tree has another root")
	}
	return c, nil
}

// validName reports whether s can name a key: no spaces, no plus, no controls.
func validName(s string) bool {
	return s != "" && len(s) <= 200 && utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || r == '+' })
}

// Signature types of c2sp.org/signed-note.
const (
	typeEd25519     = 0x01
	typeCosignature = 0x04
)

// Key signs: a log its checkpoints and promises, a witness its cosignatures.
type Key struct {
	name string
	kind byte
	priv ed25519.PrivateKey
	now  func() time.Time // of a witness
}

// NewLogKey makes a log's key from a seed of 32 bytes.
func NewLogKey(name string, seed []byte) (*Key, error) { return newKey(name, typeEd25519, seed, nil) }

// NewWitnessKey makes a witness's key from a seed of 32 bytes; its signatures say
// when they were made.
func NewWitnessKey(name string, seed []byte, now func() time.Time) (*Key, error) {
	return newKey(name, typeCosignature, seed, now)
}

func newKey(name string, kind byte, seed []byte, now func() time.Time) (*Key, error) {
	if !validName(name) {
		return nil, fmt.Errorf("%q cannot name a key", name)
	}
	if len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("a key's seed has %d bytes, not %d", ed25519.SeedSize, len(seed))
	}
	return &Key{name, kind, ed25519.NewKeyFromSeed(seed), now}, nil
}

// Private is the key as it is kept in a file, in the form of Go's note package.
func (k *Key) Private() string {
	return fmt.Sprintf("PRIVATE+KEY+%s+%08x+%s", k.name, k.KeyHash(), encoding.EncodeToString(append([]byte{k.kind}, k.priv.Seed()...)))
}

// ParsePrivateKey reads what Private writes. A witness's key reads the time of the
// machine.
func ParsePrivateKey(text string) (*Key, error) {
	rest, ok := strings.CutPrefix(text, "PRIVATE+KEY+")
	f := strings.SplitN(rest, "+", 3)
	if !ok || len(f) != 3 {
		return nil, errors.New("not a private key")
	}
	b, err := encoding.DecodeString(f[2])
	if err != nil || len(b) != 1+ed25519.SeedSize || b[0] != typeEd25519 && b[0] != typeCosignature {
		return nil, errors.New("not a private Ed25519 key")
	}
	k, err := newKey(f[0], b[0], b[1:], time.Now)
	if err == nil && k.Private() != text {
		err = errors.New("the key's hash is another key's")
	}
	return k, err
}

// Name is the key's name: the origin of a log.
func (k *Key) Name() string { return k.name }

// KeyHash is the key's number in signature lines.
func (k *Key) KeyHash() uint32 { return k.public().KeyHash() }

func (k *Key) public() PublicKey {
	return PublicKey{k.name, k.kind, k.priv.Public().(ed25519.PublicKey)}
}

// Public is the key by which its signatures are checked.
func (k *Key) Public() PublicKey { return k.public() }

// Sign signs the text of a note; it makes a Key a note.Signer.
func (k *Key) Sign(text []byte) ([]byte, error) {
	if k.kind == typeEd25519 {
		return ed25519.Sign(k.priv, text), nil
	}
	at := k.now().Unix()
	if at <= 0 {
		return nil, errors.New("a cosignature says when it was made")
	}
	return append(binary.BigEndian.AppendUint64(nil, uint64(at)), ed25519.Sign(k.priv, cosigned(uint64(at), text))...), nil
}

func cosigned(at uint64, text []byte) []byte {
	return append([]byte("cosignature/v1\ntime "+strconv.FormatUint(at, 10)+"\n"), text...)
}

// Note signs text as a note.
func (k *Key) Note(text string) (string, error) {
	b, err := note.Sign(&note.Note{Text: text}, k)
	return string(b), err
}

// Cosign returns the signature line that k adds to a signed note.
func (k *Key) Cosign(signed string) (string, error) {
	i := strings.LastIndex(signed, "\n\n")
	if i < 0 {
		return "", errors.New("not a signed note")
	}
	sig, err := k.Sign([]byte(signed[:i+1]))
	if err != nil {
		return "", err
	}
	return "— " + k.name + " " + encoding.EncodeToString(append(binary.BigEndian.AppendUint32(nil, k.KeyHash()), sig...)) + "\n", nil
}

// PublicKey checks signatures: a note.Verifier, written as a "vkey".
type PublicKey struct {
	name string
	kind byte
	key  ed25519.PublicKey
}

// Name is the key's name.
func (p PublicKey) Name() string { return p.name }

// Witness reports whether the key cosigns for others; it is a log's otherwise.
func (p PublicKey) Witness() bool { return p.kind == typeCosignature }

// KeyHash is the first four bytes of SHA-256(name ‖ \n ‖ type ‖ key).
func (p PublicKey) KeyHash() uint32 {
	sum := sha256.Sum256(append([]byte(p.name+"\n"+string(rune(p.kind))), p.key...))
	return binary.BigEndian.Uint32(sum[:])
}

// Verify makes a PublicKey a note.Verifier.
func (p PublicKey) Verify(text, sig []byte) bool {
	if p.kind == typeEd25519 {
		return len(sig) == ed25519.SignatureSize && ed25519.Verify(p.key, text, sig)
	}
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	at := binary.BigEndian.Uint64(sig)
	return at != 0 && at < 1<<63 && ed25519.Verify(p.key, cosigned(at, text), sig[8:])
}

// String is the vkey: name+hash+base64(type ‖ key).
func (p PublicKey) String() string {
	return fmt.Sprintf("%s+%08x+%s", p.name, p.KeyHash(), encoding.EncodeToString(append([]byte{p.kind}, p.key...)))
}

// ParseKey reads a vkey of a log or of a witness.
func ParseKey(text string) (PublicKey, error) {
	bad := func(what string) (PublicKey, error) { return PublicKey{}, fmt.Errorf("key %.80q: %s", text, what) }
	name, rest, _ := strings.Cut(text, "+")
	sum, data, ok := strings.Cut(rest, "+")
	if !ok || !validName(name) {
		return bad("is not NAME+HASH+KEY")
	}
	b, err := encoding.DecodeString(data)
	if err != nil || len(b) != 1+ed25519.PublicKeySize || b[0] != typeEd25519 && b[0] != typeCosignature {
		return bad("is not an Ed25519 key of a log or witness")
	}
	p := PublicKey{name, b[0], ed25519.PublicKey(b[1:])}
	if h, err := hex.DecodeString(sum); err != nil || len(h) != 4 || binary.BigEndian.Uint32(h) != p.KeyHash() || p.String() != text {
		return bad("its hash is another key's")
	}
	return p, nil
}

// Signed is a checkpoint with the signatures that were found to hold.
type Signed struct {
	Checkpoint
	Log       PublicKey
	Witnesses []Cosignature
}

// Cosignature says that a witness saw the checkpoint, and when.
type Cosignature struct {
	Key PublicKey
	At  time.Time
}

// maxNote bounds a note: 16 signatures and more fit.
const maxNote = 64 << 10

// Open checks the signatures of a checkpoint by the keys given. One of a known key
// that does not hold makes the whole note invalid; unknown keys are passed over.
func Open(signed string, keys ...PublicKey) (Signed, error) {
	if len(signed) > maxNote {
		return Signed{}, errors.New("note too large")
	}
	known := make([]note.Verifier, len(keys))
	for i, k := range keys {
		known[i] = k
	}
	if err := strictLines(signed); err != nil {
		return Signed{}, err
	}
	n, err := note.Open([]byte(signed), note.VerifierList(known...))
	if err != nil {
		return Signed{}, err
	}
	s := Signed{}
	if s.Checkpoint, err = ParseCheckpoint(n.Text); err != nil {
		return Signed{}, err
	}
	for _, sig := range n.Sigs {
		for _, k := range keys {
			switch {
			case k.name != sig.Name || k.KeyHash() != sig.Hash:
			case k.Witness():
				b, err := encoding.DecodeString(sig.Base64)
				if err != nil {
					return Signed{}, err
				}
				s.Witnesses = append(s.Witnesses, Cosignature{k, time.Unix(int64(binary.BigEndian.Uint64(b[4:])), 0).UTC()})
			case k.name == s.Origin:
				s.Log = k
			}
		}
	}
	if s.Log.key == nil {
		return Signed{}, fmt.Errorf("no known key of the log %s has signed it", s.Origin)
	}
	return s, nil
}

// strictLines refuses what lenient decoders let pass: a signature that can be
// written in two ways makes two receipts of one.
func strictLines(signed string) error {
	i := strings.LastIndex(signed, "\n\n")
	if i < 0 {
		return errors.New("malformed note")
	}
	for _, line := range strings.Split(strings.TrimSuffix(signed[i+2:], "\n"), "\n") {
		rest, ok := strings.CutPrefix(line, "— ")
		name, sig, ok2 := strings.Cut(rest, " ")
		b, err := encoding.DecodeString(sig)
		if !ok || !ok2 || err != nil || len(b) < 5 || encoding.EncodeToString(b) != sig || !validName(name) {
			return errors.New("malformed signature line")
		}
	}
	return nil
}

// NoteText is what a note says, whoever signed it: to look up whose keys are to be
// asked. Nothing of it is believed before Open.
func NoteText(signed string) (string, error) {
	if len(signed) > maxNote {
		return "", errors.New("note too large")
	}
	if err := strictLines(signed); err != nil {
		return "", err
	}
	return signed[:strings.LastIndex(signed, "\n\n")+1], nil
}
