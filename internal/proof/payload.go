package proof

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sort"
	"unicode/utf8"
)

// member is one thing that a payload says, to be shown: "ranking › rows › 3 › total".
type member struct{ Name, Value string }

// change is a member that differs from the payload before; Old is empty where
// there was none.
type change struct{ Name, Old, New string }

// Of a payload a page shows so much; the receipt's file has all of it.
const (
	mostMembers = 400
	mostValue   = 400
	mostChanges = 40
)

// membersOf lists what a payload says, in its order.
func membersOf(payload string) []member {
	dec := json.NewDecoder(bytes.NewReader([]byte(payload)))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil
	}
	var all []member
	flatten(&all, "", v)
	return all
}

func flatten(all *[]member, name string, v any) {
	if len(*all) >= mostMembers {
		return
	}
	at := func(part string) string {
		if name == "" {
			return part
		}
		return name + " › " + part
	}
	switch v := v.(type) {
	case map[string]any:
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		sort.Strings(keys)
		for _, k := range keys {
			flatten(all, at(k), v[k])
		}
	case []any:
		for i, x := range v {
			flatten(all, at(fmt.Sprint(i+1)), x)
		}
	case nil:
		*all = append(*all, member{name, "–"})
	default:
		*all = append(*all, member{name, cut(fmt.Sprint(v))})
	}
}

func cut(text string) string {
	if utf8.RuneCountInString(text) <= mostValue {
		return text
	}
	return string([]rune(text)[:mostValue]) + "…"
}

// changes compares a payload with the one of its kind before.
func changes(before, now string) []change {
	if before == "" {
		return nil
	}
	old := map[string]string{}
	for _, m := range membersOf(before) {
		old[m.Name] = m.Value
	}
	var all []change
	add := func(c change) {
		if len(all) < mostChanges {
			all = append(all, c)
		}
	}
	for _, m := range membersOf(now) {
		was, had := old[m.Name]
		delete(old, m.Name)
		if !had || was != m.Value {
			add(change{m.Name, was, m.Value})
		}
	}
	gone := make([]string, 0, len(old))
	for name := range old {
		gone = append(gone, name)
	}
	sort.Strings(gone)
	for _, name := range gone {
		add(change{name, old[name], ""})
	}
	return all
}

// Long reports whether a payload is longer than a page shows.
func (p receiptPage) Long() bool { return len(p.Members) >= mostMembers }

// Thin reports whether the receipt shows only that something was recorded.
func (p receiptPage) Thin() bool { return p.Proven.Opening == nil }
