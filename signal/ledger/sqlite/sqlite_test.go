package sqlite_test

import (
	"context"
	"path/filepath"
	"testing"

	"fanseed/signal/ledger/ledgertest"
	"fanseed/signal/ledger/sqlite"
)

func place(t testing.TB) ledgertest.Place {
	path := filepath.Join(t.TempDir(), "a file?with#odd%20name.db")
	return func(t testing.TB) ledgertest.Store {
		db, err := sqlite.Open(context.Background(), path)
		if err != nil {
			t.Fatal(err)
		}
		return db
	}
}

func TestContract(t *testing.T) { ledgertest.Run(t, place) }
