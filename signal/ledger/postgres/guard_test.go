package postgres

import (
	"database/sql"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"fanseed/signal/ledger"
	"fanseed/signal/ledger/postgres/postgrestest"
)

func opened(t *testing.T) (db *DB, url string) {
	url = postgrestest.New(t)
	db, err := Open(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db, url
}

func TestNewerBooksAreRefused(t *testing.T) {
	db, url := opened(t)
	if _, err := db.writer.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, true)`); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(ctx, url); err == nil || !strings.Contains(err.Error(), "newer version") {
		t.Errorf("got %v", err)
	}
}

func TestCommitsAreSynced(t *testing.T) {
	db, url := opened(t)
	for setting, want := range map[string]string{"fsync": "on", "synchronous_commit": "on", "lock_timeout": "30s", "application_name": "fanseed"} {
		var got string
		if err := db.writer.QueryRow(`SHOW ` + setting).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %q, %v, want %q", setting, got, err, want)
		}
	}
	other, err := Open(ctx, url+"&lock_timeout=5s")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	var got string
	if err := other.writer.QueryRow(`SHOW lock_timeout`).Scan(&got); err != nil || got != "5s" {
		t.Errorf("the URL's own setting is %q, %v", got, err)
	}
	if err := db.read(ctx, func(tx *sql.Tx) error { _, err := tx.Exec(`DELETE FROM refused`); return err }); err == nil {
		t.Error("a reader can write")
	}
}

func TestNobodyAnswers(t *testing.T) {
	if _, err := Open(ctx, "postgres://nobody:secret@127.0.0.1:1/none"); !errors.Is(err, ledger.ErrStorage) || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
}

// The operator, or a restart, cuts all connections: what is asked in that moment fails, and the next is answered.
func TestConnectionsThatAreCut(t *testing.T) {
	db, url := opened(t)
	other, err := Open(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	err = db.write(ctx, func(tx *sql.Tx) error {
		_, err := other.reader.Exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
		if err != nil {
			t.Fatal(err)
		}
		_, err = tx.Exec(`SELECT 1`)
		return err
	})
	if !errors.Is(err, ledger.ErrStorage) {
		t.Errorf("while it is cut: got %v", err)
	}
	if _, err := db.Once(ctx, "colour", "red"); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// A server that hangs within a transaction holds up nobody for ever.
func TestAHeldLock(t *testing.T) {
	db, url := opened(t)
	other, err := Open(ctx, url+"&lock_timeout=50ms")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	err = db.write(ctx, func(*sql.Tx) error { return other.Deposit(ctx, 1000, 0) })
	if !errors.Is(err, ledger.ErrStorage) {
		t.Errorf("got %v", err)
	}
}

func TestWhatOthersUndoIsDoneAgain(t *testing.T) {
	db, _ := opened(t)
	for _, c := range []struct {
		code     string
		failures int
		runs     int
		stored   bool
	}{
		{"40001", 2, 3, true}, {"40P01", 1, 2, true}, {"40001", 100, tries, false}, {"23505", 100, 1, false},
	} {
		runs := 0
		err := db.write(ctx, func(tx *sql.Tx) error {
			if runs++; runs <= c.failures {
				return &pgconn.PgError{Code: c.code}
			}
			return nil
		})
		if runs != c.runs || (err == nil) != c.stored || errors.Is(err, ledger.ErrStorage) != (c.code == "40001" && !c.stored) {
			t.Errorf("%s, %d times: ran %d times, want %d, and returned %v", c.code, c.failures, runs, c.runs, err)
		}
	}
}
