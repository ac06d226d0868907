// Package postgres keeps the ledger's books and works in a PostgreSQL database, which several servers may share.
//
// It owns the connections, their settings, the tables and the lock, and promises what books.Transactions asks for: synced to the disk
// before it answers, one writer at a time among all servers, rows that are never changed or deleted. What is in the tables is the business
// of package books.
package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"embed"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"fanseed/signal/ledger"
	"fanseed/signal/ledger/books"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	readers = 8 // how many connections read at once
	tries   = 5 // how often a transaction is run that others undo
)

// settings are those of a connection, unless its URL says otherwise. A server that hangs within a transaction holds up the others no
// longer than the two timeouts.
var settings = map[string]string{
	"application_name":                    "fanseed",
	"synchronous_commit":                  "on",
	"lock_timeout":                        "30s",
	"idle_in_transaction_session_timeout": "30s",
}

// writing are the settings of the one who writes, whose statements all find their rows by an index: the plan of one that is kept prepared
// may have been made when the tables were small, and must not read them whole once they are large.
var writing = map[string]string{"enable_seqscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off", "jit": "off"}

var _ interface {
	ledger.Backend
	ledger.Works
} = (*DB)(nil)

// DB is an open database of books.
type DB struct {
	*books.Keeper
	writer *sql.DB // one connection: there is one writer anyway
	reader *sql.DB
}

// Open connects to the database that a URL names, such as postgres://user@host/name, and brings it to this version's form. What the URL
// leaves out is taken from libpq's environment, such as PGPASSWORD, and from ~/.pgpass.
func Open(ctx context.Context, url string) (*DB, error) {
	return open(ctx, url, func(c driver.Connector) driver.Connector { return c })
}

// open is Open over connections that wrap may put something around.
func open(ctx context.Context, url string, wrap func(driver.Connector) driver.Connector) (*DB, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("read the database's URL: %w", err) // pgx leaves out the password
	}
	db := &DB{
		writer: sql.OpenDB(wrap(stdlib.GetConnector(*with(config, settings, writing)))),
		reader: sql.OpenDB(wrap(stdlib.GetConnector(*with(config, settings)))),
	}
	for pool, connections := range map[*sql.DB]int{db.writer: 1, db.reader: readers} {
		pool.SetMaxOpenConns(connections)
		pool.SetMaxIdleConns(connections)
	}
	if err := db.migrate(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("prepare the database %s on %s: %w", config.Database, config.Host, storage(err)), db.Close())
	}
	db.Keeper = books.New(books.Transactions{Read: db.read, Write: db.write}, books.Dialect{
		Hex: func(column string) string { return "encode(" + column + ", 'hex')" },
	})
	return db, nil
}

// with adds settings to a configuration.
func with(config *pgx.ConnConfig, lists ...map[string]string) *pgx.ConnConfig {
	config = config.Copy()
	for _, list := range lists {
		for name, value := range list {
			if _, set := config.RuntimeParams[name]; !set {
				config.RuntimeParams[name] = value
			}
		}
	}
	return config
}

// migrate keeps the lock for as long as it takes: several servers may start at once.
func (d *DB) migrate(ctx context.Context) error {
	conn, err := d.writer.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, `SELECT pg_advisory_lock($1)`, lock); err != nil {
		return err
	}
	err = books.Migrate(ctx, d.reader, goose.DialectPostgres, migrations)
	_, unlocked := conn.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, lock)
	return errors.Join(err, unlocked)
}

// Close closes all connections.
func (d *DB) Close() error { return errors.Join(d.reader.Close(), d.writer.Close()) }
