// Package lang holds the words of the site, Vietnamese first, and the rules of
// writing that go with them: numbers, dates, folding for search, sorting.
package lang

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Languages, the first one the default.
var Languages = []string{"vi", "en"}

// Catalog is every text of the site, by key and language.
type Catalog map[string]map[string]string

// Load joins the text files of the rooms. A key given twice, or lacking a
// language, is an error, so a missing translation stops the program at once.
func Load(files ...[]byte) (Catalog, error) {
	all := Catalog{}
	for _, f := range files {
		var c Catalog
		if err := json.Unmarshal(f, &c); err != nil {
			return nil, fmt.Errorf("text file: %w", err)
		}
		for _, key := range slices.Sorted(maps.Keys(c)) {
			if _, ok := all[key]; ok {
				return nil, fmt.Errorf("text %q: given twice", key)
			}
			for _, l := range Languages {
				if c[key][l] == "" {
					return nil, fmt.Errorf("text %q: no %s", key, l)
				}
			}
			all[key] = c[key]
		}
	}
	return all, nil
}

// Text returns the words under key in language l. An unknown key returns
// itself between marks, so it is seen and a test can look for it.
func (c Catalog) Text(l, key string, args ...any) string {
	words, ok := c[key][l]
	if !ok {
		return "⟦" + key + "⟧"
	}
	if len(args) == 0 {
		return words
	}
	return fmt.Sprintf(words, args...)
}

// Has reports whether key is known.
func (c Catalog) Has(key string) bool { _, ok := c[key]; return ok }

// Choose picks a language from an Accept-Language header. Vietnamese is the
// first language of the site: English answers only where it is asked for first.
func Choose(header string) string {
	for _, l := range Languages[1:] {
		if strings.HasPrefix(strings.ToLower(strings.TrimSpace(header)), l) {
			return l
		}
	}
	return Languages[0]
}

// Known reports whether l is one of Languages.
func Known(l string) bool { return slices.Contains(Languages, l) }
