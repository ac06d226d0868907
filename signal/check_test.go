package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

func TestCheckAddsTheBooksUp(t *testing.T) {
	o := flags(t, "-treasury", "1000")
	_, stop := run(t, o)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := checkBooks(t.Context(), o.books, &out); err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), "1 transfers, 2 entries, sum 0\n0 bytes credited\n1 records in the public log, 0 receipts to come\nthe books are sound\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestCheckDoesNotMakeBooks(t *testing.T) {
	dir := t.TempDir()
	if err := checkBooks(t.Context(), place{file: dir + "/ledger.db"}, new(bytes.Buffer)); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("got %v, want that there is no file", err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Errorf("left %v", entries)
	}
}
