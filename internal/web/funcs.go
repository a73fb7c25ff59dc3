package web

import (
	"fmt"
	"html/template"
	"reflect"
	"strings"
	"time"

	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
)

// funcs are the words templates may use, bound to one language.
func (s *Site) funcs(l string) template.FuncMap {
	return template.FuncMap{
		"t":       func(key string, args ...any) string { return s.Text.Text(l, key, args...) },
		"date":    lang.Date,
		"moment":  lang.Moment,
		"iso":     func(t time.Time) string { return t.In(lang.Vietnam).Format("2006-01-02T15:04-07:00") },
		"day":     func(t time.Time) string { return isoDay(t) },
		"clock":   func(t time.Time) string { return t.In(lang.Vietnam).Format("15:04") },
		"minute":  func(t time.Time) string { return isoMinute(t) },
		"figure":  func(n int64) string { return lang.Figure(l, n) },
		"points":  func(n int64) string { return lang.Points(l, n) },
		"points1": func(n int64) string { return lang.PointsFixed(l, n) },
		"percent": func(num, den int64) string { return lang.Percent(l, num, den) },
		"size":    func(n int64) string { return lang.Size(l, n) },
		"asset":   s.Asset,
		"key":     key,
		"md":      Markdown,
		"lines":   func(text string) []string { return strings.Split(text, "\n") },
		"dict":    dict,
		"list":    func(items ...any) []any { return items },
		"inc":     func(n int) int { return n + 1 },
		"sub":     func(a, b int64) int64 { return a - b },
		"problem": func(err any, field string) string { return s.problem(l, asError(err), field) },
		"words":   func(err any) string { return s.Words(l, asError(err)) },
		"left":    func(now, due time.Time) string { return s.TimeLeft(l, now, due) },
		"short":   short,
		"empty":   func(v any) bool { return v == nil || reflect.ValueOf(v).IsZero() },
	}
}

func isoDay(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(lang.Vietnam).Format("2006-01-02")
}

func isoMinute(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(lang.Vietnam).Format("2006-01-02T15:04")
}

// asError takes an error out of a component's argument: through dict a nil error
// arrives as a nil any.
func asError(v any) error {
	err, _ := v.(error)
	return err
}

// problem is the words of the error in one field, "" when it has none.
func (s *Site) problem(l string, err error, field string) string {
	for _, e := range fault.All(err) {
		if e.Field == field {
			return s.Text.Text(l, e.Text, e.Args...)
		}
	}
	return ""
}

// dict makes the argument of a component: {{template "field" (dict "Name" "x")}}.
func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, fmt.Errorf("dict wants pairs")
	}
	m := make(map[string]any, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		k, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("dict key %v is not a text", pairs[i])
		}
		m[k] = pairs[i+1]
	}
	return m, nil
}

// TimeLeft says how long until due, or how long it is over, in whole days.
func (s *Site) TimeLeft(l string, now, due time.Time) string {
	if due.IsZero() {
		return ""
	}
	days := dayNumber(due) - dayNumber(now)
	switch {
	case now.After(due) && days == 0:
		return s.Text.Text(l, "web.overdue.today")
	case days < 0:
		return s.Text.Text(l, "web.overdue", -days)
	case days == 0:
		return s.Text.Text(l, "web.due.today", due.In(lang.Vietnam).Format("15:04"))
	case days == 1:
		return s.Text.Text(l, "web.due.tomorrow")
	}
	return s.Text.Text(l, "web.due", days)
}

func dayNumber(t time.Time) int {
	y, m, d := t.In(lang.Vietnam).Date()
	return int(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// short is a hash as people compare it: its first twelve characters.
func short(hash string) string {
	if len(hash) > 12 {
		return hash[:12]
	}
	return hash
}
