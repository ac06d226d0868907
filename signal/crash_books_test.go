package main_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver pgx
	_ "modernc.org/sqlite"             // the driver sqlite

	"fanseed/signal/ledger"
	"fanseed/signal/ledger/postgres"
	"fanseed/signal/ledger/sqlite"
)

// ledgerPlace is where a server that is killed keeps its books.
type ledgerPlace interface {
	flags() []string
	open(*rig) (ledger.Backend, *sql.DB)
	hex(column string) string // as SQL
}

// ledgerFile is the file in the data folder.
type ledgerFile struct{}

func (ledgerFile) flags() []string          { return nil }
func (ledgerFile) hex(column string) string { return "lower(hex(" + column + "))" }

// open copies the file as the kill left it: the server itself has to recover the original.
func (ledgerFile) open(r *rig) (ledger.Backend, *sql.DB) {
	path := filepath.Join(r.TempDir(), "ledger.db")
	for _, suffix := range []string{"", "-wal"} {
		b, err := os.ReadFile(filepath.Join(r.data, "ledger.db"+suffix))
		if err != nil && !os.IsNotExist(err) {
			r.Fatal(err)
		}
		if err == nil {
			r.must("copy", os.WriteFile(path+suffix, b, 0o600))
		}
	}
	books, err := sqlite.Open(context.Background(), path)
	r.must("open the books", err)
	db, err := sql.Open("sqlite", path)
	r.must("open the books", err)
	return books, db
}

// ledgerDatabase is a database with a URL.
type ledgerDatabase struct{ url string }

func (l ledgerDatabase) flags() []string        { return []string{"-ledger", l.url} }
func (ledgerDatabase) hex(column string) string { return "encode(" + column + ", 'hex')" }

// open waits until PostgreSQL has noticed that whoever was killed is gone.
func (l ledgerDatabase) open(r *rig) (ledger.Backend, *sql.DB) {
	db, err := sql.Open("pgx", l.url)
	r.must("open the books", err)
	for others, end := 1, time.Now().Add(time.Minute); others > 0; {
		if time.Now().After(end) {
			r.Fatal("the connections of a server that was killed are still there after a minute")
		}
		time.Sleep(5 * time.Millisecond)
		r.must("count connections", db.QueryRow(`SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()`).Scan(&others))
	}
	books, err := postgres.Open(context.Background(), l.url)
	r.must("open the books", err)
	return books, db
}
