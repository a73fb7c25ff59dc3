// Package legal is the legal clock: the calendar of working days, rules of law as
// dated data, and deadlines with the reason why they fall on their day.
//
// lunar.go computes Tết, calendar.go says which days are worked, rule.go holds the
// rules, due.go counts, store.go has the SQL, service.go the acts that write,
// web.go the pages. Shipped data are in data/; nothing of them is confirmed until a
// person says so.
package legal

import "embed"

//go:embed text.json
var Text []byte

//go:embed pages/*.html
var Pages embed.FS

//go:embed data/*.json
var data embed.FS
