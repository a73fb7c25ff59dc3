package account

import (
	"fmt"
	"strings"

	"dongthuan/internal/lang"
	"dongthuan/internal/qr"
)

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
	q, err := qr.New(address)
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
