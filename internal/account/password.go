package account

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	_ "embed"
	"encoding/base64"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"unicode"
	"unicode/utf8"

	"dongthuan/internal/fault"
	"dongthuan/internal/lang"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

const (
	minPassword = 12  // signs
	maxPassword = 256 // signs
	// argonMemory is in KiB; with one pass and one thread, as OWASP ASVS 5.0
	// appendix C has it.
	argonMemory = 47104
	queueFor    = 2 * time.Second
)

// normal is the one form in which passwords are hashed and compared: NFC, so
// that two keyboards write the same ế. Nothing is trimmed and nothing cut off.
func normal(password string) string { return norm.NFC.String(password) }

//go:embed common.txt
var commonText string

// common are passwords, and words passwords are made of, that are tried first;
// folded, the longest first.
var common = func() []string {
	var words []string
	for _, line := range strings.Split(commonText, "\n") {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			words = append(words, strings.ReplaceAll(lang.Fold(line), " ", ""))
		}
	}
	slices.SortFunc(words, func(a, b string) int { return len(b) - len(a) })
	return slices.Compact(words)
}()

// checkPassword returns why a password is refused for an account, nil if it is
// good. There are no rules about kinds of signs: a sentence is a good password.
// What counts is what is left of it without the words everybody tries first and
// those of the account itself.
func checkPassword(password, login, office string) error {
	n := utf8.RuneCountInString(normal(password))
	switch {
	case n < minPassword:
		return fault.New(fault.Invalid, "account.password.short", minPassword).In("new")
	case n > maxPassword:
		return fault.New(fault.Invalid, "account.password.long", maxPassword).In("new")
	}
	rest := strings.ReplaceAll(lang.Fold(password), " ", "")
	known := append([]string{strings.ReplaceAll(lang.Fold(login), " ", "")}, common...)
	for _, word := range strings.Fields(lang.Fold(login + " " + office)) {
		if len(word) >= 3 {
			known = append(known, word)
		}
	}
	for _, word := range known {
		if word != "" {
			rest = strings.ReplaceAll(rest, word, "")
		}
	}
	// Signs that fold to nothing (!@#…) count too, but not those that only stand
	// at the end, where everybody puts them.
	rest += strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) || unicode.IsSpace(r) {
			return -1
		}
		return r
	}, strings.TrimRight(password, "!@#$%^&*().,?-_ "))
	if different(rest) < 5 {
		return fault.New(fault.Invalid, "account.password.common").In("new")
	}
	return nil
}

// different counts the different signs of s.
func different(s string) int {
	seen := map[rune]bool{}
	for _, r := range s {
		seen[r] = true
	}
	return len(seen)
}

// hash is an argon2id hash with its parameters, written as
// $argon2id$v=19$m=47104,t=1,p=1$salt$key.
type hash struct {
	memory, passes uint32
	threads        uint8
	salt, key      []byte
}

func (h hash) String() string {
	b := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.memory, h.passes, h.threads,
		b.EncodeToString(h.salt), b.EncodeToString(h.key))
}

// parseHash reads a stored hash. Parameters are bounded, so that a row changed by
// hand cannot take the machine's memory.
func parseHash(text string) (hash, error) {
	bad := func(what string) (hash, error) { return hash{}, fmt.Errorf("stored password: %s", what) }
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return bad("not argon2id")
	}
	var h hash
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.memory, &h.passes, &h.threads); err != nil {
		return bad("parameters")
	}
	var err error
	if h.salt, err = base64.RawStdEncoding.Strict().DecodeString(parts[4]); err != nil {
		return bad("salt")
	}
	if h.key, err = base64.RawStdEncoding.Strict().DecodeString(parts[5]); err != nil {
		return bad("key")
	}
	if h.memory < 8 || h.memory > 1<<20 || h.passes < 1 || h.passes > 16 || h.threads < 1 || h.threads > 16 ||
		len(h.salt) < 8 || len(h.salt) > 64 || len(h.key) < 16 || len(h.key) > 64 || h.String() != text {
		return bad("out of range")
	}
	return h, nil
}

// hasher derives argon2id keys, as many at a time as there are processors: each
// takes its memory, and more of them would only wait for each other.
type hasher struct {
	memory uint32
	slots  chan struct{}
	busy   atomic.Int64
}

func newHasher(memory uint32) *hasher {
	if memory == 0 {
		memory = argonMemory
	}
	return &hasher{memory: memory, slots: make(chan struct{}, runtime.NumCPU())}
}

// derive runs argon2id, or gives up when the queue does not move.
func (k *hasher) derive(ctx context.Context, h hash, password string) ([]byte, error) {
	timer := time.NewTimer(queueFor)
	defer timer.Stop()
	k.busy.Add(1)
	defer k.busy.Add(-1)
	select {
	case k.slots <- struct{}{}:
	case <-timer.C:
		return nil, fault.New(fault.Busy, "account.busy")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-k.slots }()
	key := argon2.IDKey([]byte(normal(password)), h.salt, h.passes, h.memory, h.threads, uint32(len(h.key)))
	// Tens of megabytes are garbage now. Without this they would stand beside the
	// next ones, and stay with the process long after the last sign-in.
	if k.busy.Load() == 1 {
		debug.FreeOSMemory()
	} else {
		runtime.GC()
	}
	return key, nil
}

// hash returns a new hash of a password under a new salt.
func (k *hasher) hash(ctx context.Context, password string) (string, error) {
	h := hash{memory: k.memory, passes: 1, threads: 1, salt: make([]byte, 16), key: make([]byte, 32)}
	rand.Read(h.salt) // crypto/rand never fails
	key, err := k.derive(ctx, h, password)
	if err != nil {
		return "", err
	}
	h.key = key
	return h.String(), nil
}

// hashAll returns the hashes of several codes under one salt, so that a code
// typed is derived once and compared with all of them.
func (k *hasher) hashAll(ctx context.Context, codes []string) ([]string, error) {
	h := hash{memory: k.memory, passes: 1, threads: 1, salt: make([]byte, 16), key: make([]byte, 32)}
	rand.Read(h.salt)
	all := make([]string, len(codes))
	for i, code := range codes {
		key, err := k.derive(ctx, h, code)
		if err != nil {
			return nil, err
		}
		all[i] = hash{h.memory, h.passes, h.threads, h.salt, key}.String()
	}
	return all, nil
}

// verify reports whether password is the one that was hashed, and whether the
// hash should be made anew because the parameters have changed. A stored text of
// "" is an account that is not there: it costs the same, and is never right.
func (k *hasher) verify(ctx context.Context, text, password string) (right, old bool, err error) {
	h := hash{memory: k.memory, passes: 1, threads: 1, salt: make([]byte, 16), key: make([]byte, 32)}
	if text != "" {
		if h, err = parseHash(text); err != nil {
			return false, false, err
		}
	}
	if utf8.RuneCountInString(password) > maxPassword {
		password = "" // cost must not grow with what is typed
	}
	key, err := k.derive(ctx, h, password)
	if err != nil {
		return false, false, err
	}
	right = subtle.ConstantTimeCompare(key, h.key) == 1 && text != ""
	return right, h.memory != k.memory || h.passes != 1 || h.threads != 1, nil
}

// find returns the id of the code among hashes made by hashAll, "" where it is
// none of them. It costs one derivation, also where there are no hashes.
func (k *hasher) find(ctx context.Context, hashes map[string]string, code string) (string, error) {
	h := hash{memory: k.memory, passes: 1, threads: 1, salt: make([]byte, 16), key: make([]byte, 32)}
	parsed := make(map[string]hash, len(hashes))
	for id, text := range hashes {
		p, err := parseHash(text)
		if err != nil {
			return "", err
		}
		parsed[id], h = p, p
	}
	key, err := k.derive(ctx, h, code)
	if err != nil {
		return "", err
	}
	found := ""
	for id, p := range parsed {
		if subtle.ConstantTimeCompare(key, p.key) == 1 {
			found = id
		}
	}
	return found, nil
}
