package sqlite

import (
	"context"
	"encoding/binary"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"fanseed/signal/ledger"
	"fanseed/signal/receipt"
	"fanseed/signal/ticket"
)

var ctx = context.Background()

const (
	mib    = 1 << 20
	issued = uint64(1_800_000_000_000)
)

// begin returns books with one of everything in them.
func begin(t testing.TB) *DB {
	db, err := Open(ctx, filepath.Join(t.TempDir(), "books.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	anna, bert := [32]byte{1}, [32]byte{2}
	_, registered := db.Apply(ctx, ledger.Batch{Keys: []ledger.Key{{Public: anna}, {Public: bert}}})
	published := db.Publish(ctx, ledger.Work{
		Infohash: [20]byte{7}, Name: "song", Length: 1 << 40, PieceLength: 1, Files: 1, Publisher: ticket.Account(anna),
	}, []byte("torrent"), 10)
	tk := newTicket(1)
	_, applied := db.Apply(ctx, ledger.Batch{Tickets: []ticket.Ticket{tk}, Claims: []ledger.Claim{newClaim(tk, mib)}})
	deposited := db.Deposit(ctx, 1_000_000, issued)
	_, closed := db.CloseEpoch(ctx, 5, 1<<20, issued)
	if err := errors.Join(registered, published, applied, deposited, closed); err != nil {
		t.Fatal(err)
	}
	return db
}

func newTicket(serial uint64) ticket.Ticket {
	t := ticket.Ticket{
		Epoch: 5, Seeder: [32]byte{1}, Leecher: [32]byte{2}, Infohash: ticket.Infohash([20]byte{7}), Limit: 1 << 40,
		Issued: issued, Expires: issued, SettleBy: issued + 1<<32,
	}
	binary.BigEndian.PutUint64(t.Serial[:], serial)
	return t
}

func newClaim(t ticket.Ticket, amount uint64) ledger.Claim {
	return ledger.Claim{
		Account: ticket.Account(t.Seeder), Receipt: receipt.Receipt{Serial: t.Serial, Amount: amount}, Genuine: true, Now: issued + 1<<30,
	}
}

func TestWhatWasWrittenStaysWritten(t *testing.T) {
	db := begin(t)
	for _, statement := range []string{
		`UPDATE entry SET amount = amount + 1`, `DELETE FROM entry`,
		`UPDATE transfer SET key = 'other'`, `DELETE FROM transfer`,
		`UPDATE increase SET credited = 0`, `DELETE FROM increase`,
		`UPDATE ticket SET byte_limit = 1`, `DELETE FROM ticket`,
		`UPDATE epoch SET paid = 0`, `DELETE FROM epoch`,
		`UPDATE person SET public_key = account`, `DELETE FROM person`,
		`UPDATE work SET length = 1`, `DELETE FROM work`,
	} {
		_, err := db.writer.Exec(statement)
		if err == nil || !strings.Contains(err.Error(), "is never") {
			t.Errorf("%s: got %v", statement, err)
		}
	}
	if err := db.Check(ctx); err != nil {
		t.Error(err)
	}
}

func TestNoBalanceGoesBelowZeroNorAKeyTwice(t *testing.T) {
	db := begin(t)
	for _, statement := range []string{
		`UPDATE balance SET amount = -1 WHERE account = 'treasury'`,
		`UPDATE balance SET amount = amount - 1000000 WHERE account LIKE 'earned:%'`,
		`INSERT INTO transfer (key, time) VALUES ('deposit:1000000', 0)`,
		`INSERT INTO transfer (key, time) VALUES ('epoch:5', 0)`,
		`INSERT INTO increase SELECT * FROM increase`,
		`INSERT INTO entry (transfer, account, amount) VALUES (1, 'nobody', 5)`,
	} {
		if _, err := db.writer.Exec(statement); err == nil || !strings.Contains(err.Error(), "constraint failed") {
			t.Errorf("%s: got %v", statement, err)
		}
	}
}

func TestCheckFindsEveryDisagreement(t *testing.T) {
	for statement, want := range map[string]string{
		`UPDATE balance SET amount = amount + 1 WHERE account = 'treasury'`: "sum of their entries",
		`UPDATE credit SET bytes = bytes + 1`:                               "sum of their increases",
		`DELETE FROM credit`:                                                "sum of their increases",
		`UPDATE copy SET bytes = bytes - 1`:                                 "sum of their credits",
		`DELETE FROM copy`:                                                  "sum of their credits",
		`INSERT INTO transfer (key, time) VALUES ('empty', 0)`:              "have no entries",
		`INSERT INTO entry (transfer, account, amount) SELECT 1, account, 1 FROM balance WHERE account LIKE 'earned:%'`:                                                       "do not sum to zero",
		`INSERT INTO epoch (number, rate, bytes, paid, closed) VALUES (9, 1, 1, 0, 0)`:                                                                                        "other bytes",
		`INSERT INTO epoch (number, rate, bytes, paid, closed) VALUES (9, 1, 0, 1, 0)`:                                                                                        "other pay",
		`INSERT INTO increase (ticket, amount, credited, epoch, reason, signature, time) SELECT ticket, amount + 1, amount + 1, epoch, reason, signature, time FROM increase`: "beyond their receipts",
		`UPDATE copy SET bytes = bytes << 30`: "longer than their works",
	} {
		db := begin(t)
		if err := db.Check(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := db.writer.Exec(statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
		if err := db.Check(ctx); !errors.Is(err, ledger.ErrCorrupt) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", statement, err, want)
		}
	}
}

// The disk is full when SQLite may not add a page. Nothing that failed may be
// there afterwards, everything that was answered must be, and the books go on when
// there is room again.
func TestFullDisk(t *testing.T) {
	db := begin(t)
	if _, err := db.writer.Exec(`PRAGMA wal_checkpoint(TRUNCATE); PRAGMA max_page_count = 1`); err != nil {
		t.Fatal(err)
	}
	kept, serial := uint64(mib), uint64(1)
	issueAndSettle := func() error {
		tickets, claims := []ticket.Ticket{}, []ledger.Claim{}
		for range 20 {
			serial++
			tickets = append(tickets, newTicket(serial))
			claims = append(claims, newClaim(tickets[len(tickets)-1], mib))
		}
		_, err := db.Apply(ctx, ledger.Batch{Tickets: tickets, Claims: claims})
		if err == nil {
			kept += 20 * mib
		}
		return err
	}
	failures := 0
	for range 50 {
		if err := issueAndSettle(); err != nil {
			failures++
			if !errors.Is(err, ledger.ErrStorage) || !strings.Contains(err.Error(), "full") {
				t.Fatalf("got %v, want %v", err, ledger.ErrStorage)
			}
		}
	}
	if failures == 0 {
		t.Fatal("the disk was never full")
	}
	expectKept(t, db, kept)
	if _, err := db.writer.Exec(`PRAGMA max_page_count = 1000000`); err != nil {
		t.Fatal(err)
	}
	if err := issueAndSettle(); err != nil {
		t.Errorf("with room again: %v", err)
	}
	expectKept(t, db, kept)
}

func expectKept(t *testing.T, db *DB, want uint64) {
	t.Helper()
	books, err := db.Books(ctx, ticket.Account([32]byte{1}), 10)
	if err != nil || books.Bytes != want {
		t.Errorf("%d bytes are credited, %v, want %d", books.Bytes, err, want)
	}
	if err := db.Check(ctx); err != nil {
		t.Error(err)
	}
}

func TestAFileThatIsNoDatabase(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(ctx, filepath.Join(dir, "none", "books.db")); !errors.Is(err, ledger.ErrStorage) {
		t.Errorf("in a folder that is not there: got %v", err)
	}
}

func TestNewerBooksAreRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "books.db")
	db, err := Open(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.writer.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, 1)`); err != nil {
		t.Fatal(err)
	}
	db.Close()
	if _, err := Open(ctx, path); err == nil || !strings.Contains(err.Error(), "newer version") {
		t.Errorf("got %v", err)
	}
}

func TestCommitsAreSynced(t *testing.T) {
	db := begin(t)
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "5000"} {
		var got string
		if err := db.writer.QueryRow(`PRAGMA ` + pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %q, %v, want %q", pragma, got, err, want)
		}
	}
	if _, err := db.reader.Exec(`DELETE FROM refused`); err == nil {
		t.Error("a reader can write")
	}
}
