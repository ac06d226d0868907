package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"

	"fanseed/signal/ledger"
	"fanseed/signal/ledger/books"
)

// lock is the number of the advisory lock that a writer holds until it has committed: "fanseed" in ASCII. One lock for everything is
// simple to be right about, and costs no speed: a batch is one transaction, and what settles in the meantime waits for the next.
const lock int64 = 0x66616e73656564

// write runs do as the only writer among all servers. Each statement sees what was committed before it began, so all but the first see
// everything that earlier writers did.
func (d *DB) write(ctx context.Context, do func(*sql.Tx) error) error {
	for try := 1; ; try++ {
		err := books.Inside(ctx, d.writer, &sql.TxOptions{Isolation: sql.LevelReadCommitted}, func(tx *sql.Tx) error {
			if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, lock); err != nil {
				return err
			}
			return do(tx)
		})
		if try == tries || !undone(err) {
			return storage(err)
		}
	}
}

// read runs do on one snapshot.
func (d *DB) read(ctx context.Context, do func(*sql.Tx) error) error {
	return storage(books.Inside(ctx, d.reader, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}, do))
}

// undone tells whether the database undid a transaction for the sake of another: a serialization failure or a deadlock, which only
// programs other than ours can bring about.
func undone(err error) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && (refused.Code == "40001" || refused.Code == "40P01")
}

// unable are the codes, and classes of codes, by which the database says that it cannot at the moment:
// https://www.postgresql.org/docs/current/errcodes-appendix.html
var unable = []string{
	"08",             // connection exception
	"25006",          // read-only transaction: on a standby
	"25P03",          // idle in transaction for too long
	"40001", "40P01", // undone again and again
	"53",    // insufficient resources, as a full disk
	"55P03", // lock not available
	"57P",   // shutting down, starting, terminated by the administrator
	"58",    // system error, as of the disk
}

// storage marks errors that come from the disk or the way to it, and not from us.
func storage(err error) error {
	var refused *pgconn.PgError
	var unconnected *pgconn.ConnectError
	var network net.Error
	switch {
	case err == nil, errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.As(err, &unconnected), errors.As(err, &network), pgconn.SafeToRetry(err), errors.Is(err, driver.ErrBadConn):
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
	case errors.As(err, &refused) && isUnable(refused.Code):
	default:
		return err
	}
	return fmt.Errorf("%w: %w", ledger.ErrStorage, err)
}

func isUnable(code string) bool {
	return slices.ContainsFunc(unable, func(class string) bool { return len(code) >= len(class) && code[:len(class)] == class })
}
