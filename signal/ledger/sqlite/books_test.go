package sqlite

import (
	"database/sql/driver"
	"path/filepath"
	"testing"

	"fanseed/signal/ledger/books/bookstest"
)

func place(t testing.TB) bookstest.Place {
	path := filepath.Join(t.TempDir(), "books.db")
	return func(t testing.TB, wrap func(driver.Connector) driver.Connector) bookstest.Store {
		db, err := open(ctx, path, wrap)
		if err != nil {
			t.Fatal(err)
		}
		return bookstest.Store{Store: db, Tables: db.writer}
	}
}

func TestTablesGuardThemselves(t *testing.T) { bookstest.Guard(t, place) }

func TestBrokenOffAtEveryStatement(t *testing.T) { bookstest.Walk(t, place) }
