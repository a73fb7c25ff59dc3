package ledger

import (
	"encoding/binary"
	"errors"
	"strings"

	"dongthuan/internal/c2sp"
)

// A receipt's code names a leaf by its place and the beginning of its hash, in an
// alphabet that can be read out over the telephone: no 0, O, 1, I, L. Eleven signs
// carry 23 bits of the hash and 31 of the place; the twelfth is a check sign.
const (
	codeAlphabet = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
	codeBase     = int64(len(codeAlphabet)) // 31, a prime: the check sign sees every wrong sign and every two that changed places
	codeDigits   = 11
	placeBits    = 31
	hashBits     = 23
)

// ErrCode says that a text is not a receipt's code; reading it wrong is likely.
var ErrCode = errors.New("ledger: not a receipt's code")

// Code is the code of the leaf at place idx: XXXX-XXXX-XXXX.
func Code(idx int64, hash c2sp.Hash) string {
	v := int64(hashPrefix(hash))<<placeBits | idx
	signs := make([]byte, codeDigits+1)
	sum := int64(0)
	for i := codeDigits - 1; i >= 0; i-- {
		d := v % codeBase
		v /= codeBase
		signs[i] = codeAlphabet[d]
		sum += int64(i+1) * d
	}
	signs[codeDigits] = codeAlphabet[sum%codeBase]
	return string(signs[:4]) + "-" + string(signs[4:8]) + "-" + string(signs[8:])
}

func hashPrefix(h c2sp.Hash) uint32 { return binary.BigEndian.Uint32(h[:4]) >> (32 - hashBits) }

// ParseCode reads a code as a person types it: in either case, with or without
// dashes, dots and spaces. It returns the place and the beginning of the hash.
func ParseCode(text string) (idx int64, prefix uint32, err error) {
	var v, sum int64
	n := 0
	for _, r := range strings.ToUpper(text) {
		if strings.ContainsRune(" -.–", r) {
			continue
		}
		d := int64(strings.IndexRune(codeAlphabet, r))
		if d < 0 || n > codeDigits {
			return 0, 0, ErrCode
		}
		if n < codeDigits {
			v = v*codeBase + d
			sum += int64(n+1) * d
		} else if sum%codeBase != d {
			return 0, 0, ErrCode
		}
		n++
	}
	if n != codeDigits+1 || v >= 1<<(placeBits+hashBits) {
		return 0, 0, ErrCode
	}
	return v & (1<<placeBits - 1), uint32(v >> placeBits), nil
}

// CodeOf reports whether a leaf with this hash can be the one that a code names.
func CodeOf(prefix uint32, hash c2sp.Hash) bool { return hashPrefix(hash) == prefix }
