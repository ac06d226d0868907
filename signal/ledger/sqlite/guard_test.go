package sqlite

import (
	"context"
	"encoding/binary"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"fanseed/signal/ledger"
	"fanseed/signal/log"
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
	_, closed := db.CloseEpoch(ctx, 5, issued, func(ledger.Facts) (c ledger.Closing, err error) {
		c.Number, c.Bytes, c.Inputs, c.Payouts = 5, mib, []byte{}, []byte{}
		c.Record, err = log.Epoch{Number: 5, Inputs: log.TableOf(nil), Payouts: log.TableOf(nil)}.Record()
		return c, err
	})
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
