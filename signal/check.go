package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
)

// check recomputes the books, also while a server runs on them, and returns the exit code.
func check(args []string) int {
	f := flag.NewFlagSet("fanseed check", flag.ExitOnError)
	data := f.String("data", defaultData(), "`folder` of the ledger, unless -ledger says otherwise")
	words := f.String("ledger", "", ledgerHelp)
	_ = f.Parse(args) // exits on an error
	at, err := placeOf(*words, *data)
	if err == nil {
		err = checkBooks(context.Background(), at, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "fanseed:", err)
		return 1
	}
	return 0
}

func checkBooks(ctx context.Context, at place, out io.Writer) error {
	if err := at.there(); err != nil {
		return err
	}
	db, err := at.open(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := db.Check(ctx); err != nil {
		return err
	}
	t, err := db.Totals(ctx)
	if err == nil {
		fmt.Fprintf(out, "%d transfers, %d entries, sum %d\n%d bytes credited\n%d records in the public log, %d receipts to come\nthe books are sound\n",
			t.Transfers, t.Entries, t.Sum, t.Bytes, t.Records, t.Unlogged)
	}
	return err
}
