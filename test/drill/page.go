package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"

	"dongthuan/internal/db"
)

// flipped changes one byte within a row of the ledger, at a random place of its
// stored record, again and again on a new copy. The check must see every one.
func flipped(ctx context.Context, l *lab, rounds int, r *result) {
	r.unit = "flips"
	file := filepath.Join(l.folder, "flip", "demo.db")
	b, cells, err := l.ledgerCells(ctx)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(file), 0o700)
	}
	if err != nil {
		r.bad("%v", err)
		return
	}
	seen, missed := 0, map[string]int{}
	for range rounds {
		if ctx.Err() != nil {
			break
		}
		c := cells[rand.IntN(len(cells))]
		at := c.from + rand.IntN(c.to-c.from)
		flip := byte(1 + rand.IntN(255))
		b[at] ^= flip
		err := errors.Join(removeAll(file, file+"-wal", file+"-shm"), os.WriteFile(file, b, 0o600))
		b[at] ^= flip
		if err != nil {
			r.bad("%v", err)
			return
		}
		if l.fsck(ctx, site{database: file}) != nil {
			seen++
		} else {
			missed[c.column(b, at)]++
		}
		r.often++
	}
	for column, n := range missed {
		r.bad("%d flips in %s were not seen", n, column)
	}
	r.note("%d of %d seen", seen, r.often)
}

func removeAll(files ...string) error {
	var all error
	for _, f := range files {
		if err := os.Remove(f); !errors.Is(err, os.ErrNotExist) {
			all = errors.Join(all, err)
		}
	}
	return all
}

// cell is where a row's record lies in the file: what is on the row's own page.
type cell struct {
	table    string
	columns  []string
	from, to int
}

// ledgerCells reads the file of the demonstration and finds every row of the
// leaves and of what they commit to.
func (l *lab) ledgerCells(ctx context.Context) ([]byte, []cell, error) {
	file := filepath.Join(l.seeded, "demo.db")
	roots := map[string]int{}
	d, err := db.Connect(ctx, file)
	if err != nil {
		return nil, nil, err
	}
	for table := range columns {
		var root int
		if err := d.QueryRowContext(ctx, `select rootpage from sqlite_master where name = $1`, table).Scan(&root); err != nil {
			return nil, nil, errors.Join(err, d.Close())
		}
		roots[table] = root
	}
	if err := d.Close(); err != nil { // writes the log back into the file
		return nil, nil, err
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, err
	}
	var all []cell
	for table, root := range roots {
		f := sqliteFile{b, pageSize(b)}
		cells, err := f.cells(root, table)
		if err != nil {
			return nil, nil, err
		}
		all = append(all, cells...)
	}
	if len(all) == 0 {
		return nil, nil, errors.New("no row of the ledger was found in the file")
	}
	return b, all, nil
}

var columns = map[string][]string{"ledger_leaf": {"idx", "prev", "leaf", "at"}, "ledger_payload": {"idx", "payload", "salt"}}

func pageSize(b []byte) int {
	if n := int(binary.BigEndian.Uint16(b[16:])); n != 1 {
		return n
	}
	return 1 << 16
}

// sqliteFile finds rows in SQLite's file format (sqlite.org/fileformat2.html).
type sqliteFile struct {
	b    []byte
	size int // of a page
}

// cells walks the tree of a table from one of its pages down.
func (f sqliteFile) cells(page int, table string) ([]cell, error) {
	start := (page - 1) * f.size
	if page < 1 || start+f.size > len(f.b) {
		return nil, fmt.Errorf("no page %d", page)
	}
	p := f.b[start : start+f.size]
	head := 0
	if page == 1 {
		head = 100 // the file's own
	}
	n := int(binary.BigEndian.Uint16(p[head+3:]))
	var all []cell
	switch p[head] {
	case 0x05: // the page only leads to others
		children := []int{int(binary.BigEndian.Uint32(p[head+8:]))}
		for i := range n {
			at := int(binary.BigEndian.Uint16(p[head+12+2*i:]))
			children = append(children, int(binary.BigEndian.Uint32(p[at:])))
		}
		for _, child := range children {
			cells, err := f.cells(child, table)
			if err != nil {
				return nil, err
			}
			all = append(all, cells...)
		}
	case 0x0d:
		for i := range n {
			at := int(binary.BigEndian.Uint16(p[head+8+2*i:]))
			length, used := varint(p[at:])
			at += used
			_, used = varint(p[at:]) // the row's number
			at += used
			all = append(all, cell{table, columns[table], start + at, start + at + f.local(int(length))})
		}
	default:
		return nil, fmt.Errorf("page %d is not of a table", page)
	}
	return all, nil
}

// local is how much of a record is on the row's own page.
func (f sqliteFile) local(length int) int {
	most := f.size - 35
	if length <= most {
		return length
	}
	least := (f.size-12)*32/255 - 23
	if k := least + (length-least)%(f.size-4); k <= most {
		return k
	}
	return least
}

// column names what lies at a place of the file.
func (c cell) column(b []byte, at int) string {
	length, used := varint(b[c.from:])
	head, body := c.from+used, c.from+int(length)
	first := body
	for i := 0; head < first && i < len(c.columns); i++ {
		kind, used := varint(b[head:])
		if head += used; at < head {
			return "the length or type of " + c.table + "." + c.columns[i]
		}
		size := 0
		switch {
		case kind >= 12:
			size = int(kind-12) / 2
		case kind < 8:
			size = []int{0, 1, 2, 3, 4, 6, 8, 8}[kind]
		}
		if body += size; at < body {
			return c.table + "." + c.columns[i]
		}
	}
	return c.table
}

// varint reads SQLite's number of one to nine bytes.
func varint(b []byte) (v uint64, used int) {
	for i := range 8 {
		v = v<<7 | uint64(b[i]&0x7f)
		if b[i] < 0x80 {
			return v, i + 1
		}
	}
	return v<<8 | uint64(b[8]), 9
}
