package db

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// IsDuplicate reports whether err says that a unique value is already there.
func IsDuplicate(err error) bool {
	return code(err, "23505", sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
}

// IsFull reports whether err says that the disk has no room.
func IsFull(err error) bool { return code(err, "53100", sqlite3.SQLITE_FULL) }

func code(err error, postgres string, lite ...int) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == postgres
	}
	var s *sqlite.Error
	if errors.As(err, &s) {
		for _, c := range lite {
			if s.Code() == c {
				return true
			}
		}
	}
	return false
}
