package account

import (
	"crypto/rand"
	"strings"

	"dongthuan/internal/fault"
)

// alphabet of codes that people read to each other over the phone: no 0 O, no
// 1 I L. Its 31 signs are a prime number, so the check sign finds every single
// wrong sign and every two neighbours exchanged.
const alphabet = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"

const (
	oneTimeSigns  = 16 // 15 random signs, 74 bits
	recoverySigns = 12 // 11 random signs, 54 bits, behind argon2id and a limit of tries
)

// newCode returns a random code of n signs in groups of four, the last sign a
// check of the others: "K7QM-2XWB-94TE".
func newCode(n int) string {
	signs := make([]byte, 0, n)
	for len(signs) < n-1 {
		var b [1]byte
		rand.Read(b[:]) // crypto/rand never fails
		if b[0] < 248 { // 8 · 31: every sign is as likely
			signs = append(signs, alphabet[int(b[0])%len(alphabet)])
		}
	}
	return grouped(string(append(signs, checkSign(signs))))
}

// checkSign is the weighted sum of the signs, the first weighing 1, the next 2.
func checkSign(signs []byte) byte {
	sum := 0
	for i, c := range signs {
		sum += (i + 1) * strings.IndexByte(alphabet, c)
	}
	return alphabet[sum%len(alphabet)]
}

func grouped(s string) string {
	var b strings.Builder
	for i, c := range s {
		if i > 0 && i%4 == 0 {
			b.WriteByte('-')
		}
		b.WriteRune(c)
	}
	return b.String()
}

// parseCode returns a code of n signs in its one written form, however it was
// typed. A sign that codes do not have, a wrong length or a wrong check is a
// slip of the fingers, and is said so.
func parseCode(text string, n int) (string, error) {
	var signs []byte
	for _, r := range strings.ToUpper(text) {
		switch {
		case r < 128 && strings.IndexByte(alphabet, byte(r)) >= 0:
			signs = append(signs, byte(r))
		case r == '-' || r == ' ' || r == '.' || r == '\t' || r == '–':
		default:
			return "", fault.New(fault.Invalid, "account.code.sign", string(r))
		}
	}
	if len(signs) != n {
		return "", fault.New(fault.Invalid, "account.code.length", n)
	}
	if checkSign(signs[:n-1]) != signs[n-1] {
		return "", fault.New(fault.Invalid, "account.code.mistyped")
	}
	return grouped(string(signs)), nil
}
