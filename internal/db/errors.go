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

// IsLost reports whether err says that the disk did not keep what it was given: a
// failed sync must never be tried again, for the next one may report success over
// data that is gone. SQLite's codes; PostgreSQL stops by itself.
func IsLost(err error) bool {
	return code(err, "58030", sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_DIR_FSYNC, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_TRUNCATE)
}

// IsDeadlock reports whether two writers waited for each other and err's was the
// one given up.
func IsDeadlock(err error) bool { return code(err, "40P01") }

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
