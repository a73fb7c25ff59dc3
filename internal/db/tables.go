package db

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"
)

var tableName = regexp.MustCompile(`(?m)^create table (\w+)`)

// Tables names every table of the schema in the order in which it was made, so
// that rows copied in this order find what they refer to.
func (d *DB) Tables() ([]string, error) {
	files, err := schemaOf(d.engine)
	if err != nil {
		return nil, err
	}
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	var all []string
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		for _, m := range tableName.FindAllStringSubmatch(strings.ToLower(string(text)), -1) {
			// A table made anew by a later file stands twice; one that was only renamed
			// away is not there any more.
			if !slices.Contains(all, m[1]) {
				all = append(all, m[1])
			}
		}
	}
	return all, nil
}
