package store

import (
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"okienko/bank/desk"
)

// The SQLSTATE codes that mean something here (PostgreSQL, appendix A).
const (
	pgUnique        = "23505"
	pgForeignKey    = "23503"
	pgSerialization = "40001"
	pgDeadlock      = "40P01"
	pgLockTimeout   = "55P03"
	pgReadOnly      = "25006" // the server was a primary when the connection was made
	pgCondition     = "22012" // a division by zero: how a statement says that its condition does not hold
)

// asConflict marks the errors after which trying again makes sense, and after
// which nothing was written.
func asConflict(err error) error {
	if err == nil || errors.Is(err, desk.ErrConflict) {
		return err
	}
	again := false
	var inFile *sqlite.Error
	var inServer *pgconn.PgError
	switch {
	case errors.As(err, &inFile):
		code := inFile.Code() & 0xff
		again = code == sqlite3.SQLITE_BUSY || code == sqlite3.SQLITE_LOCKED
	case errors.As(err, &inServer):
		switch inServer.Code {
		case pgSerialization, pgDeadlock, pgLockTimeout, pgCondition:
			again = true
		}
	}
	if again {
		return fmt.Errorf("%w: %w", desk.ErrConflict, err)
	}
	return err
}

// isTaken tells whether err says that a unique key exists already.
func isTaken(err error) bool {
	var inFile *sqlite.Error
	if errors.As(err, &inFile) {
		return inFile.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY || inFile.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE
	}
	return isState(err, pgUnique)
}

// isOrphan tells whether err says that what a row refers to does not exist.
func isOrphan(err error) bool {
	var inFile *sqlite.Error
	if errors.As(err, &inFile) {
		return inFile.Code() == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY
	}
	return isState(err, pgForeignKey)
}

func isState(err error, code string) bool {
	var inServer *pgconn.PgError
	return errors.As(err, &inServer) && inServer.Code == code
}
