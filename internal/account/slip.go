package account

import (
	"fmt"
	"image/color"
	"strings"

	"dongthuan/internal/lang"

	"github.com/boombuler/barcode/qr"
)

// QR is a QR code to be drawn as SVG: a path of the dark modules in a square of
// Size, the quiet zone included.
type QR struct {
	Size int
	Path string
	dark func(x, y int) bool
}

// quiet modules around a code, as the standard asks.
const quiet = 4

// NewQR encodes text with enough redundancy for a printed slip.
func NewQR(text string) (QR, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return QR{}, fmt.Errorf("make QR code: %w", err)
	}
	n := code.Bounds().Dx()
	q := QR{Size: n + 2*quiet, dark: func(x, y int) bool {
		x, y = x-quiet, y-quiet
		return x >= 0 && y >= 0 && x < n && y < n && code.At(x, y) == color.Black
	}}
	var b strings.Builder
	for y := range q.Size {
		for x := 0; x < q.Size; x++ {
			from := x
			for q.dark(x, y) {
				x++
			}
			if x > from {
				fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", from, y, x-from, x-from)
			}
		}
	}
	q.Path = b.String()
	return q, nil
}

// Terminal draws the code in half blocks, light on dark, as terminals are; a
// camera reads it either way round.
func (q QR) Terminal() string {
	var b strings.Builder
	for y := 0; y < q.Size; y += 2 {
		for x := range q.Size {
			upper, lower := !q.dark(x, y), y+1 < q.Size && !q.dark(x, y+1)
			switch {
			case upper && lower:
				b.WriteString("█")
			case upper:
				b.WriteString("▀")
			case lower:
				b.WriteString("▄")
			default:
				b.WriteByte(' ')
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// SignInAddress is where the holder of a login signs in, given the address of the
// site ("https://thidua.example"). The code is never part of it: addresses are
// kept in histories and logs.
func SignInAddress(site, login string) string {
	return strings.TrimSuffix(site, "/") + "/dang-nhap?ten=" + login
}

// SlipText is the slip of a new or reset account for a terminal: the words are
// looked up by text, as lang.Catalog does for one language.
func SlipText(text func(key string, args ...any) string, site string, a Account, code string) (string, error) {
	address := SignInAddress(site, a.Login)
	q, err := NewQR(address)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", text("account.slip"))
	for _, row := range [][2]string{
		{"account.office", a.Office},
		{"account.login", a.Login},
		{"account.slip.code", code},
		{"account.slip.until", lang.Moment(a.Until)},
		{"account.slip.address", address},
	} {
		fmt.Fprintf(&b, "  %s: %s\n", text(row[0]), row[1])
	}
	fmt.Fprintf(&b, "\n%s\n%s\n", text("account.slip.how"), q.Terminal())
	return b.String(), nil
}
