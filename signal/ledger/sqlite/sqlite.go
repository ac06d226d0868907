// Package sqlite keeps the ledger's books and works in one SQLite file.
//
// It promises what ledger.Backend says: synced to the disk before it answers, one
// transaction for each change, rows that are never changed or deleted. It never
// decides what a receipt is worth: ledger.Judge does.
package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlitelib "modernc.org/sqlite/lib"

	"fanseed/signal/ledger"
)

//go:embed migrations/*.sql
var migrations embed.FS

// readers is how many connections read at once.
const readers = 4

var _ interface {
	ledger.Backend
	ledger.Works
} = (*DB)(nil)

// DB is an open file of books.
type DB struct {
	writer *sql.DB // one connection: SQLite has one writer anyway
	reader *sql.DB
}

// Open opens the file at path, creates it when there is none, and brings it to
// this version's form.
func Open(ctx context.Context, path string) (*DB, error) {
	writer, err := connect(path, 1, "&_txlock=immediate")
	if err != nil {
		return nil, err
	}
	if err := migrate(ctx, writer); err != nil {
		return nil, errors.Join(fmt.Errorf("prepare %s: %w", path, storage(err)), writer.Close())
	}
	reader, err := connect(path, readers, "&_pragma=query_only(1)")
	if err != nil {
		return nil, errors.Join(err, writer.Close())
	}
	return &DB{writer, reader}, nil
}

func connect(path string, connections int, more string) (*sql.DB, error) {
	file := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath()}
	db, err := sql.Open("sqlite", file.String()+
		"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)"+more)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}

func migrate(ctx context.Context, db *sql.DB) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	current, latest, err := provider.GetVersions(ctx)
	if err != nil {
		return err
	}
	if current > latest {
		return fmt.Errorf("it was written by a newer version of fanseed (%d, this one knows %d)", current, latest)
	}
	_, err = provider.Up(ctx)
	return err
}

// Close closes the file.
func (d *DB) Close() error { return errors.Join(d.reader.Close(), d.writer.Close()) }

// write runs do in a transaction that holds the only write lock from its
// beginning, and returns nil once it is on disk.
func (d *DB) write(ctx context.Context, do func(*sql.Tx) error) error {
	return storage(inside(ctx, d.writer, do))
}

// read runs do on one snapshot.
func (d *DB) read(ctx context.Context, do func(*sql.Tx) error) error {
	return storage(inside(ctx, d.reader, do))
}

func inside(ctx context.Context, db *sql.DB, do func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := do(tx); err != nil {
		return err
	}
	return tx.Commit()
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

// each calls scan for every row of a query.
func each(ctx context.Context, tx *sql.Tx, scan func(*sql.Rows) error, query string, args ...any) error {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
