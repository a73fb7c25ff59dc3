package document

import (
	"encoding/xml"
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

// look is what a number format shows of a number.
type look uint8

const (
	showsDate look = 1 << iota
	showsTime
)

// readStyles learns which style numbers show dates.
func (b *book) readStyles(name string) error {
	p, err := b.archive.open(name)
	if errors.Is(err, errNoPart) {
		return nil
	}
	if err != nil {
		return err
	}
	defer p.close()
	if err := p.begin("styleSheet"); err != nil {
		return err
	}
	formats := map[int]look{}
	return p.each(func(e xml.StartElement) error {
		switch e.Name.Local {
		case "numFmts":
			return p.each(func(e xml.StartElement) error {
				if id, err := strconv.Atoi(attr(e, "numFmtId")); err == nil && len(formats) < 1<<16 {
					formats[id] = formatLook(attr(e, "formatCode"))
				}
				return nil
			})
		case "cellXfs":
			return p.each(func(e xml.StartElement) error {
				if e.Name.Local != "xf" || len(b.looks) == 1<<16 {
					return nil
				}
				id, _ := strconv.Atoi(attr(e, "numFmtId"))
				l, ok := formats[id]
				if !ok {
					l = builtinLook(id)
				}
				b.looks = append(b.looks, l)
				return nil
			})
		}
		return nil
	})
}

// builtinLook is the look of the formats that files do not spell out.
func builtinLook(id int) look {
	switch {
	case id >= 14 && id <= 17, id >= 27 && id <= 31, id == 36, id >= 50 && id <= 58:
		return showsDate
	case id >= 18 && id <= 21, id >= 32 && id <= 35, id == 45, id == 47:
		return showsTime
	case id == 22:
		return showsDate | showsTime
	}
	return 0
}

// formatLook reads a format such as dd/mm/yyyy;@ by its letters outside quotes
// and brackets. A length of time, [h]:mm, is no date.
func formatLook(format string) look {
	var l look
	month := false
	for i := 0; i < len(format); i++ {
		switch format[i] {
		case '"':
			n := strings.IndexByte(format[i+1:], '"')
			if n < 0 {
				return 0
			}
			i += n + 1
		case '\\', '_', '*':
			i++
		case '[':
			n := strings.IndexByte(format[i:], ']')
			if n < 0 {
				return 0
			}
			if inside := strings.ToLower(format[i+1 : i+n]); inside != "" && strings.Trim(inside, inside[:1]) == "" && strings.Contains("hms", inside[:1]) {
				return 0
			}
			i += n
		case ';':
			i = len(format)
		case 'G', 'g':
			if len(format) >= i+7 && strings.EqualFold(format[i:i+7], "general") {
				i += 6
			}
		case 'y', 'Y', 'd', 'D':
			l |= showsDate
		case 'h', 'H', 's', 'S':
			l |= showsTime
		case 'm', 'M':
			month = true
		}
	}
	if month && l == 0 {
		return showsDate
	}
	return l
}

// epoch is the day from which a file counts.
type epoch uint8

const (
	since1900 epoch = iota
	since1904
)

// date returns what a person sees of f in that look, in the form of ISO 8601,
// and "" when it is not a date there.
func (e epoch) date(f float64, l look) string {
	if l == 0 || f < 0 || f >= 2958466 {
		return ""
	}
	day := math.Floor(f)
	second := int(math.Round((f - day) * 86400))
	if l == showsTime && f < 1 && second < 86400 {
		return time.Date(1, 1, 1, 0, 0, second, 0, time.UTC).Format(time.TimeOnly)
	}
	n := int(day)
	start := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	switch {
	case e == since1904:
		start = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	case n == 0 || n == 60: // 0/1/1900, and the 29/02/1900 that never was
		return ""
	case n < 60:
		start = start.AddDate(0, 0, 1)
	}
	t := start.AddDate(0, 0, n)
	if l == showsDate {
		return t.Format(time.DateOnly)
	}
	return t.Add(time.Duration(second) * time.Second).Format("2006-01-02T15:04:05")
}

// isoDate reads the dates that newer files write out, "" when s is none.
func isoDate(s string) string {
	for _, form := range []string{time.DateOnly, "2006-01-02T15:04:05", time.RFC3339, "2006-01-02T15:04", time.TimeOnly} {
		if t, err := time.Parse(form, s); err == nil {
			switch form {
			case time.DateOnly, time.TimeOnly:
				return t.Format(form)
			}
			return strings.TrimSuffix(t.Format("2006-01-02T15:04:05"), "T00:00:00")
		}
	}
	return ""
}
