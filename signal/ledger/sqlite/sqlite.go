// Package sqlite keeps the ledger's books and works in one SQLite file.
//
// It owns the file, its settings, its tables and its locks, and promises what books.Transactions asks for: synced to the disk before it
// answers, one writer at a time, rows that are never changed or deleted. What is in the tables is the business of package books.
package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"embed"
	"errors"
	"fmt"
	"net/url"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlitelib "modernc.org/sqlite/lib"

	"fanseed/signal/ledger"
	"fanseed/signal/ledger/books"
)

//go:embed migrations/*.sql
var migrations embed.FS

// readers is how many connections read at once.
const readers = 4

// writing has the one who writes take the lock at a transaction's beginning. It keeps 64 MiB of the file in memory, since receipts come in
// no order and each meets other pages, and copies 32 MiB of the log into the file at a time, in which many of them meet the same pages.
const writing = "&_txlock=immediate&_pragma=cache_size(-65536)&_pragma=wal_autocheckpoint(8192)"

var _ interface {
	ledger.Backend
	ledger.Works
} = (*DB)(nil)

// DB is an open file of books.
type DB struct {
	*books.Keeper
	writer *sql.DB // one connection: SQLite has one writer anyway
	reader *sql.DB
}

// Open opens the file at path, creates it when there is none, and brings it to this version's form.
func Open(ctx context.Context, path string) (*DB, error) {
	return open(ctx, path, func(c driver.Connector) driver.Connector { return c })
}

// open is Open over connections that wrap may put something around.
func open(ctx context.Context, path string, wrap func(driver.Connector) driver.Connector) (*DB, error) {
	writer, err := connect(path, 1, writing, wrap)
	if err != nil {
		return nil, err
	}
	if err := books.Migrate(ctx, writer, goose.DialectSQLite3, migrations); err != nil {
		return nil, errors.Join(fmt.Errorf("prepare %s: %w", path, storage(err)), writer.Close())
	}
	reader, err := connect(path, readers, "&_pragma=query_only(1)", wrap)
	if err != nil {
		return nil, errors.Join(err, writer.Close())
	}
	db := &DB{writer: writer, reader: reader}
	db.Keeper = books.New(books.Transactions{Read: db.read, Write: db.write}, books.Dialect{
		Anonymous: true,
		Hex:       func(column string) string { return "lower(hex(" + column + "))" },
	})
	return db, nil
}

func connect(path string, connections int, more string, wrap func(driver.Connector) driver.Connector) (*sql.DB, error) {
	file := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath()}
	connector, err := sqlite.NewConnector(file.String() +
		"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)" + more)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db := sql.OpenDB(wrap(connector))
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}

// Close closes the file.
func (d *DB) Close() error { return errors.Join(d.reader.Close(), d.writer.Close()) }

// write runs do in a transaction that holds the only write lock from its
// beginning, and returns nil once it is on disk.
func (d *DB) write(ctx context.Context, do func(*sql.Tx) error) error {
	return storage(books.Inside(ctx, d.writer, nil, do))
}

// read runs do on one snapshot.
func (d *DB) read(ctx context.Context, do func(*sql.Tx) error) error {
	return storage(books.Inside(ctx, d.reader, nil, do))
}

// storage marks errors that come from the disk and not from us.
func storage(err error) error {
	var failed *sqlite.Error
	if !errors.As(err, &failed) {
		return err
	}
	switch failed.Code() & 0xff {
	case sqlitelib.SQLITE_FULL, sqlitelib.SQLITE_IOERR, sqlitelib.SQLITE_READONLY, sqlitelib.SQLITE_CANTOPEN, sqlitelib.SQLITE_BUSY:
		return fmt.Errorf("%w: %w", ledger.ErrStorage, err)
	}
	return err
}
