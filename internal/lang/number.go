package lang

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"dongthuan/internal/fault"
	"unicode"
	"unicode/utf8"
)

// A figure is a whole number of thousandths, so that 12,5 ha is 12500 and no
// sum is ever off by a binary fraction.
const (
	Unit      = 1000
	MaxFigure = 1_000_000_000_000 * Unit
)

// ParseFigure reads a number as people here and in Excel write it and returns it
// in thousandths: 1.234,5 and 1234.5 and 1 234,5 are the same number. Where one
// mark could be either, three digits after it mean thousands (1.234 is 1234) and
// anything else a decimal mark (1.5, 12,25); the page shows what was understood.
// An empty text is not a number: absent is not zero.
func ParseFigure(text string) (int64, error) {
	s := strings.ReplaceAll(Line(text), " ", "")
	bad := func(key string) (int64, error) { return 0, fault.New(fault.Invalid, key, text) }
	if s == "" {
		return bad("lang.number.empty")
	}
	sign := int64(1)
	switch {
	case strings.HasPrefix(s, "-"), strings.HasPrefix(s, "−"):
		sign, s = -1, strings.TrimPrefix(strings.TrimPrefix(s, "-"), "−")
	case strings.HasPrefix(s, "+"):
		s = s[1:]
	}
	whole, frac, ok := splitNumber(s)
	if !ok {
		return bad("lang.number.bad")
	}
	frac = strings.TrimRight(frac, "0")
	if len(frac) > 3 {
		return bad("lang.number.fine")
	}
	if len(strings.TrimLeft(whole, "0")) > 13 {
		return bad("lang.number.huge")
	}
	n, err := strconv.ParseInt(whole+(frac + "000")[:3], 10, 64)
	if err != nil {
		return bad("lang.number.bad")
	}
	if n > MaxFigure {
		return bad("lang.number.huge")
	}
	return sign * n, nil
}

// splitNumber finds the decimal mark and checks the groups of thousands.
func splitNumber(s string) (whole, frac string, ok bool) {
	dots, commas := strings.Count(s, "."), strings.Count(s, ",")
	mark := byte(0)
	switch {
	case dots > 0 && commas > 0: // the later one is the decimal mark
		mark = ','
		if strings.LastIndexByte(s, '.') > strings.LastIndexByte(s, ',') {
			mark = '.'
		}
		if strings.Count(s, string(mark)) > 1 {
			return "", "", false
		}
	case dots+commas == 1:
		m := strings.IndexAny(s, ".,")
		grouped := len(s)-m-1 == 3 && m >= 1 && m <= 3 && s[0] != '0'
		if !grouped {
			mark = s[m]
		}
	}
	if mark != 0 {
		i := strings.LastIndexByte(s, mark)
		s, frac = s[:i], s[i+1:]
		if frac == "" || !digits(frac) {
			return "", "", false
		}
	}
	groups := strings.FieldsFunc(s, func(r rune) bool { return r == '.' || r == ',' })
	if strings.Count(s, ".")+strings.Count(s, ",") != max(len(groups)-1, 0) || len(groups) == 0 {
		return "", "", false
	}
	for i, g := range groups {
		if !digits(g) || (len(groups) > 1 && (i == 0 && len(g) > 3 || i > 0 && len(g) != 3)) {
			return "", "", false
		}
	}
	return strings.Join(groups, ""), frac, true
}

func digits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// Figure writes a number of thousandths as language l does: 1.234,5 or 1,234.5.
func Figure(l string, n int64) string { return decimal(l, n, 3) }

// Points writes tenths: 14,5 or 14.5; a whole number has no decimal.
func Points(l string, tenths int64) string { return decimal(l, tenths, 1) }

// PointsFixed writes tenths always with one decimal, for columns: 88,0.
func PointsFixed(l string, tenths int64) string {
	s := decimal(l, tenths, 1)
	if tenths%10 == 0 {
		return s + mark(l) + "0"
	}
	return s
}

// Percent writes num/den as a percentage with one decimal, rounded half up:
// 96,1 %. It is a dash where den is zero.
func Percent(l string, num, den int64) string {
	if den == 0 {
		return "–"
	}
	neg := (num < 0) != (den < 0)
	n, d := abs(num), abs(den)
	// n ≤ 10^15, so n·2000 stays inside 64 bits unsigned.
	t := int64((uint64(n)*2000/uint64(d) + 1) / 2)
	if neg {
		t = -t
	}
	return PointsFixed(l, t) + " %"
}

func decimal(l string, n int64, places int) string {
	sign := ""
	if n < 0 {
		sign, n = "−", -n
	}
	s := strconv.FormatInt(n, 10)
	if len(s) <= places {
		s = strings.Repeat("0", places-len(s)+1) + s
	}
	whole, frac := s[:len(s)-places], strings.TrimRight(s[len(s)-places:], "0")
	sep := "."
	if l != "vi" {
		sep = ","
	}
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + sep + whole[i:]
	}
	if frac != "" {
		// 1,234 would be read back as a thousand and more; 1,2340 cannot be.
		if len(frac) == 3 && len(whole) <= 3 && whole[0] != '0' {
			frac += "0"
		}
		whole += mark(l) + frac
	}
	return sign + whole
}

func mark(l string) string {
	if l == "vi" {
		return ","
	}
	return "."
}

func abs(n int64) int64 {
	if n < 0 {
		return -n
	}
	return n
}

// Vietnam is the zone of every time shown. It has had no summer time since 1975
// (UTC+7), so the program needs no zone files.
var Vietnam = time.FixedZone("Asia/Ho_Chi_Minh", 7*60*60)

// Date writes a day: 09/07/2026.
func Date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(Vietnam).Format("02/01/2006")
}

// Moment writes a day and a time as the portal does: 09/07/2026 | 17:03.
func Moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(Vietnam).Format("02/01/2006 | 15:04")
}

// ParseDate reads a day written dd/mm/yyyy or yyyy-mm-dd, at its start in Vietnam.
func ParseDate(text string) (time.Time, error) {
	s := Line(text)
	for _, layout := range []string{"2006-01-02", "2/1/2006"} {
		if t, err := time.ParseInLocation(layout, s, Vietnam); err == nil && t.Year() >= 1900 && t.Year() <= 2200 {
			return t, nil
		}
	}
	return time.Time{}, fault.New(fault.Invalid, "lang.date.bad", text)
}

// ParseMoment reads yyyy-mm-ddThh:mm as browsers send it, or a day alone, in
// Vietnam's time.
func ParseMoment(text string) (time.Time, error) {
	if t, err := time.ParseInLocation("2006-01-02T15:04", Line(text), Vietnam); err == nil {
		return t, nil
	}
	return ParseDate(text)
}

// Size writes a number of bytes: 1,2 MB.
func Size(l string, n int64) string {
	switch {
	case n < 1024:
		return fmt.Sprintf("%d B", n)
	case n < 1<<20:
		return fmt.Sprintf("%d kB", (n+512)/1024)
	}
	return Points(l, (n*10+1<<19)>>20) + " MB"
}

// InSentence writes a name as it stands inside a sentence: "Năm 2026" is "năm 2026".
func InSentence(name string) string {
	r, size := utf8.DecodeRuneInString(name)
	return string(unicode.ToLower(r)) + name[size:]
}
