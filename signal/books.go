package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"fanseed/signal/ledger"
	"fanseed/signal/ledger/books"
	"fanseed/signal/ledger/postgres"
	"fanseed/signal/ledger/sqlite"
)

// keeper keeps the ledger's books and the works: a file, or a database that several servers may share.
type keeper interface {
	ledger.Backend
	ledger.Works
	Totals(ctx context.Context) (books.Totals, error)
}

// place says where the books are.
type place struct {
	url  string // of PostgreSQL, or empty
	file string // of SQLite, or empty
}

// placeOf reads what -ledger says; data is what -data does.
func placeOf(words, data string) (place, error) {
	switch scheme, _, isURL := strings.Cut(words, "://"); {
	case words == "":
		return place{file: filepath.Join(data, "ledger.db")}, nil
	case scheme == "postgres" || scheme == "postgresql":
		return place{url: words}, nil
	case isURL:
		return place{}, fmt.Errorf("-ledger: %s is no database that is known here; there is postgres", scheme)
	default:
		return place{file: words}, nil
	}
}

// String leaves out what may be a password.
func (p place) String() string {
	if p.file != "" {
		return p.file
	}
	return "PostgreSQL"
}

func (p place) open(ctx context.Context) (keeper, error) {
	if p.url != "" {
		return postgres.Open(ctx, p.url)
	}
	return sqlite.Open(ctx, p.file)
}

// there refuses a file that is not there: opening would make an empty one.
func (p place) there() error {
	if p.file == "" {
		return nil
	}
	_, err := os.Stat(p.file)
	return err
}
