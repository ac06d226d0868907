package postgres_test

import (
	"context"
	"testing"

	"fanseed/signal/ledger/ledgertest"
	"fanseed/signal/ledger/postgres"
	"fanseed/signal/ledger/postgres/postgrestest"
)

func place(t testing.TB) ledgertest.Place {
	url := postgrestest.New(t)
	return func(t testing.TB) ledgertest.Store {
		db, err := postgres.Open(context.Background(), url)
		if err != nil {
			t.Fatal(err)
		}
		return db
	}
}

func TestContract(t *testing.T) { ledgertest.Run(t, place) }
