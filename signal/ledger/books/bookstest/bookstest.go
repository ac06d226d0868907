// Package bookstest holds a database under package books to what no caller can see: that its tables refuse to be changed, and that an
// operation which breaks off at any statement has happened as a whole or not at all.
//
// It promises to try every statement, and every one both before it is carried out and after. It knows the tables and, as the suite
// ledgertest, not which database has them.
package bookstest

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"testing"

	"fanseed/signal/ledger"
	"fanseed/signal/ledger/ledgertest"
	"fanseed/signal/receipt"
	"fanseed/signal/ticket"
)

// Place is where books are. It opens the same ones each time, over connections that wrap may put something around.
type Place func(t testing.TB, wrap func(driver.Connector) driver.Connector) Store

// Store is a backend, and its database itself.
type Store struct {
	ledgertest.Store
	Tables *sql.DB
}

func plain(c driver.Connector) driver.Connector { return c }

var (
	ctx  = context.Background()
	anna = [32]byte{1}
	bert = [32]byte{2}
	carl = [32]byte{3}
	song = [20]byte{7}
)

const (
	mib    = 1 << 20
	issued = uint64(1_800_000_000_000)
	epoch  = 5
)

// begin fills empty books: a work, a ticket with a mebibyte settled, a deposit, both in the log, and an epoch that is closed.
func begin(t testing.TB, s Store) {
	t.Helper()
	_, registered := s.Apply(ctx, ledger.Batch{Keys: []ledger.Key{{Public: anna}, {Public: bert}}})
	published := s.Publish(ctx, ledger.Work{
		Infohash: song, Name: "song", Length: 1 << 40, PieceLength: 1, Files: 1, Publisher: ticket.Account(anna),
	}, []byte("torrent"), 10)
	tk := newTicket(1, anna, bert, epoch)
	_, applied := s.Apply(ctx, ledger.Batch{Tickets: []ticket.Ticket{tk}, Claims: []ledger.Claim{newClaim(tk, mib)}})
	deposited := s.Deposit(ctx, 1_000_000, issued)
	_, logged := s.Sequence(ctx, 1000)
	_, closed := s.CloseEpoch(ctx, epoch, 1<<20, issued)
	if err := errors.Join(registered, published, applied, deposited, logged, closed); err != nil {
		t.Fatal(err)
	}
}

func newTicket(serial uint64, seeder, leecher [32]byte, epoch uint32) ticket.Ticket {
	t := ticket.Ticket{
		Epoch: epoch, Seeder: seeder, Leecher: leecher, Infohash: ticket.Infohash(song), Limit: 1 << 40,
		Issued: issued, Expires: issued, SettleBy: issued + 1<<32,
	}
	binary.BigEndian.PutUint64(t.Serial[:], serial)
	return t
}

func newClaim(t ticket.Ticket, amount uint64) ledger.Claim {
	c := ledger.Claim{
		Account: ticket.Account(t.Seeder), Receipt: receipt.Receipt{Serial: t.Serial, Amount: amount}, Genuine: true, Now: issued + 1<<30,
		Salt: t.Serial,
	}
	binary.BigEndian.PutUint64(c.Salt[8:], amount)
	return c
}
