// Package books keeps the ledger's books and works in tables, in SQL that SQLite and PostgreSQL both understand.
//
// It promises what ledger.Backend says as long as its database runs transactions as New asks for them. It reads and writes many rows by
// few statements, however large a batch is. It never opens a database, creates a table or tells one kind of error from another: the
// packages sqlite and postgres do. It never decides what a receipt is worth: ledger.Judge does.
package books

import (
	"context"
	"database/sql"
)

// Keeper is a ledger.Backend, but for Close, and ledger.Works.
type Keeper struct {
	transactions Transactions
	dialect      Dialect
}

// Transactions are how a database runs them.
type Transactions struct {
	// Read runs do on one snapshot.
	Read func(ctx context.Context, do func(*sql.Tx) error) error
	// Write runs do while nobody else writes, in this process or another, so that what it reads stays true until it is done. It returns
	// nil once everything is on disk. It may run do again after a failure of which nothing is left.
	Write func(ctx context.Context, do func(*sql.Tx) error) error
}

// Dialect is what differs between databases.
type Dialect struct {
	// Anonymous writes ? and not $1, $2, … for the values of many rows. SQLite looks a numbered one up among all before it.
	Anonymous bool
	// Hex writes the bytes of a column in hexadecimal digits.
	Hex func(column string) string
}

// New returns a keeper of books in a database that has the tables.
func New(t Transactions, d Dialect) *Keeper { return &Keeper{t, d} }

// tx is a transaction.
type tx struct {
	*sql.Tx
	Dialect
}

func (k *Keeper) read(ctx context.Context, do func(tx) error) error {
	return k.transactions.Read(ctx, func(t *sql.Tx) error { return do(tx{t, k.dialect}) })
}

func (k *Keeper) write(ctx context.Context, do func(tx) error) error {
	return k.transactions.Write(ctx, func(t *sql.Tx) error { return do(tx{t, k.dialect}) })
}

// each calls scan for every row of a query.
func each(ctx context.Context, tx tx, scan func(*sql.Rows) error, query string, args ...any) error {
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

// Inside runs do in a transaction and commits it, unless do fails.
func Inside(ctx context.Context, db *sql.DB, o *sql.TxOptions, do func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, o)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := do(tx); err != nil {
		return err
	}
	return tx.Commit()
}
