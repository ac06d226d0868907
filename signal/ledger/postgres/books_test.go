package postgres

import (
	"context"
	"database/sql/driver"
	"testing"

	"fanseed/signal/ledger/books/bookstest"
	"fanseed/signal/ledger/postgres/postgrestest"
)

var ctx = context.Background()

func place(t testing.TB) bookstest.Place {
	url := postgrestest.New(t)
	return func(t testing.TB, wrap func(driver.Connector) driver.Connector) bookstest.Store {
		db, err := open(ctx, url, wrap)
		if err != nil {
			t.Fatal(err)
		}
		return bookstest.Store{Store: db, Tables: db.writer}
	}
}

func TestTablesGuardThemselves(t *testing.T) { bookstest.Guard(t, place) }

func TestBrokenOffAtEveryStatement(t *testing.T) { bookstest.Walk(t, place) }
