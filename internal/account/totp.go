package account

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Time-based one-time passwords of RFC 6238 as every authenticator knows them:
// HMAC-SHA-1, steps of 30 seconds, six digits.
const (
	factorStep   = 30
	factorDigits = 6
	factorBytes  = 20
	// factorSkew is how many steps a phone's clock may be off, either way.
	factorSkew = 1
)

var base32Text = base32.StdEncoding.WithPadding(base32.NoPadding)

func newSecret() []byte {
	b := make([]byte, factorBytes)
	rand.Read(b) // crypto/rand never fails
	return b
}

// parseSecret reads a secret as the enrolment form carries it.
func parseSecret(text string) ([]byte, bool) {
	b, err := base32Text.DecodeString(strings.ToUpper(strings.Join(strings.Fields(text), "")))
	return b, err == nil && len(b) == factorBytes
}

func stepAt(t time.Time) int64 { return t.Unix() / factorStep }

// hotp is the code of RFC 4226 for a counter.
func hotp(secret []byte, counter int64, digits int) string {
	mac := hmac.New(sha1.New, secret)
	binary.Write(mac, binary.BigEndian, counter) // a hash takes all
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 15
	n := binary.BigEndian.Uint32(sum[at:]) & 0x7fffffff
	mod := uint32(1)
	for range digits {
		mod *= 10
	}
	return fmt.Sprintf("%0*d", digits, n%mod)
}

// matchStep returns the step near t whose code this is, if it is later than the
// newest one taken: a code counts once.
func matchStep(secret []byte, code string, t time.Time, taken int64) (int64, bool) {
	now := stepAt(t)
	found, ok := int64(0), false
	for step := now - factorSkew; step <= now+factorSkew; step++ {
		same := subtle.ConstantTimeCompare([]byte(hotp(secret, step, factorDigits)), []byte(code)) == 1
		if same && step > taken && !ok {
			found, ok = step, true
		}
	}
	return found, ok
}

// digitsOf returns the six digits of a typed code, and whether it is one.
func digitsOf(text string) (string, bool) {
	s := strings.Join(strings.Fields(text), "")
	return s, len(s) == factorDigits && strings.Trim(s, "0123456789") == ""
}

// factorURI is what the QR code of an enrolment says.
func factorURI(issuer, login string, secret []byte) string {
	q := url.Values{"secret": {base32Text.EncodeToString(secret)}, "issuer": {issuer}}
	// Authenticators read %20, not +, as a blank.
	return "otpauth://totp/" + url.PathEscape(issuer+":"+login) + "?" + strings.ReplaceAll(q.Encode(), "+", "%20")
}
