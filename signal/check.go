package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"fanseed/signal/ledger/sqlite"
)

// check recomputes the books in a data folder, also while a server runs on it,
// and returns the exit code.
func check(args []string) int {
	f := flag.NewFlagSet("fanseed check", flag.ExitOnError)
	data := f.String("data", defaultData(), "`folder` of the ledger")
	_ = f.Parse(args) // exits on an error
	if err := checkBooks(context.Background(), *data, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "fanseed:", err)
		return 1
	}
	return 0
}

func checkBooks(ctx context.Context, data string, out io.Writer) error {
	path := filepath.Join(data, ledgerFile)
	if _, err := os.Stat(path); err != nil {
		return err // opening would make an empty one
	}
	db, err := sqlite.Open(ctx, path)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := db.Check(ctx); err != nil {
		return err
	}
	t, err := db.Totals(ctx)
	if err == nil {
		fmt.Fprintf(out, "%d transfers, %d entries, sum %d\n%d bytes credited\nthe books are sound\n", t.Transfers, t.Entries, t.Sum, t.Bytes)
	}
	return err
}
