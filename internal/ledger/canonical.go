package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"

	"golang.org/x/text/unicode/norm"
)

// canonical writes payload with the extra members as one JSON object in the form
// of RFC 8785 (JSON Canonicalization Scheme), with two things narrower: numbers
// are integers, and strings are NFC. These exact bytes are stored and committed
// to; they are never made again from columns.
func canonical(payload any, extra map[string]any) (string, error) {
	raw, err := json.Marshal(payload)
	if err != nil {
		return "", err
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return "", err
	}
	object, ok := v.(map[string]any)
	if !ok {
		return "", errors.New("a payload is a JSON object")
	}
	for k, x := range extra {
		object[k] = x
	}
	var b strings.Builder
	if err := write(&b, object); err != nil {
		return "", err
	}
	return b.String(), nil
}

// commitments returns the members of a payload that are texts, which its sealed
// fields are among.
func commitments(payload string) (map[string]string, error) {
	var all map[string]any
	if err := json.Unmarshal([]byte(payload), &all); err != nil {
		return nil, err
	}
	texts := map[string]string{}
	for name, v := range all {
		if text, ok := v.(string); ok {
			texts[name] = text
		}
	}
	return texts, nil
}

func write(b *strings.Builder, v any) error {
	switch v := v.(type) {
	case nil:
		b.WriteString("null")
	case bool:
		fmt.Fprint(b, v)
	case json.Number:
		// Beyond 2^53 an integer is not the same in every JSON reader.
		n, err := v.Int64()
		if err != nil || n > 1<<53 || n < -1<<53 {
			return fmt.Errorf("%s is not an integer that JSON carries", v)
		}
		fmt.Fprint(b, n)
	case string:
		writeString(b, v)
	case []any:
		b.WriteByte('[')
		for i, x := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := write(b, x); err != nil {
				return err
			}
		}
		b.WriteByte(']')
	case map[string]any:
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		slices.SortFunc(keys, func(x, y string) int {
			return slices.Compare(utf16.Encode([]rune(x)), utf16.Encode([]rune(y)))
		})
		b.WriteByte('{')
		for i, k := range keys {
			if i > 0 {
				b.WriteByte(',')
			}
			writeString(b, k)
			b.WriteByte(':')
			if err := write(b, v[k]); err != nil {
				return err
			}
		}
		b.WriteByte('}')
	default:
		return fmt.Errorf("%T has no canonical form", v)
	}
	return nil
}

func writeString(b *strings.Builder, s string) {
	b.WriteByte('"')
	for _, r := range norm.NFC.String(s) {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\b':
			b.WriteString(`\b`)
		case r == '\f':
			b.WriteString(`\f`)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x20:
			fmt.Fprintf(b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
}
