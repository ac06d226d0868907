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
	"fmt"
	"testing"

	"fanseed/signal/ledger"
	"fanseed/signal/ledger/ledgertest"
	"fanseed/signal/log"
	"fanseed/signal/receipt"
	"fanseed/signal/reward"
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
	audited := ledger.Audited{Epoch: epoch, Account: ticket.Account(anna), Work: song, Why: "corrupt", Time: issued}
	_, applied := s.Apply(ctx, ledger.Batch{
		Tickets: []ticket.Ticket{tk}, Audits: []ledger.Audited{audited}, Claims: []ledger.Claim{newClaim(tk, mib)},
	})
	deposited := s.Deposit(ctx, 1_000_000, issued)
	credited := s.Credit(ctx, [16]byte{1}, ticket.Account(anna), 100_000, issued)
	_, boosted := s.Boost(ctx, ledger.Boost{ID: [16]byte{1}, Work: song, Owner: ticket.Account(anna), Price: 10_000, First: epoch, Epochs: 3, Time: issued})
	_, funded := s.Fund(ctx, ledger.Pool{ID: [16]byte{1}, Work: song, Owner: ticket.Account(anna), Amount: 10_000, Rate: 5, Last: epoch + 1, Time: issued})
	_, logged := s.Sequence(ctx, 1000)
	_, closed := s.CloseEpoch(ctx, epoch, issued, closing(epoch))
	_, appealed := s.Appeal(ctx, ledger.Appeal{Account: ticket.Account(anna), Subject: lineOf(epoch), Note: "more", Written: epoch, Time: issued})
	answered := s.Answer(ctx, 1, "no", issued)
	if err := errors.Join(registered, published, applied, deposited, credited, boosted, funded, logged, closed, appealed, answered); err != nil {
		t.Fatal(err)
	}
}

// lineOf names anna's line of pay for the song in an epoch.
func lineOf(n uint32) ledger.Subject {
	return ledger.Subject{Kind: reward.Bandwidth, Epoch: n, Work: song}
}

func newTicket(n uint64, seeder, leecher [32]byte, epoch uint32) ticket.Ticket {
	t := ticket.Ticket{
		Epoch: epoch, Seeder: seeder, Leecher: leecher, Infohash: ticket.Infohash(song), Limit: 1 << 40,
		Issued: issued, Expires: issued, SettleBy: issued + 1<<32,
	}
	t.Serial = serial(n)
	return t
}

func serial(n uint64) (s [16]byte) {
	binary.BigEndian.PutUint64(s[:], n)
	return s
}

func newClaim(t ticket.Ticket, amount uint64) ledger.Claim {
	c := ledger.Claim{
		Account: ticket.Account(t.Seeder), Receipt: receipt.Receipt{Serial: t.Serial, Amount: amount}, Genuine: true, Now: issued + 1<<30,
		Salt: t.Serial,
	}
	binary.BigEndian.PutUint64(c.Salt[8:], amount)
	return c
}

// closing is one with something of everything in it: of what was given, everybody is paid a µ-credit for each KiB.
func closing(n uint32) func(ledger.Facts) (ledger.Closing, error) {
	return func(f ledger.Facts) (c ledger.Closing, err error) {
		c = ledger.Closing{Epoch: ledger.Epoch{Number: n}, Inputs: []byte("inputs"), Payouts: []byte("payouts"), Forget: n}
		for _, g := range f.Gave {
			c.Bytes += g.Bytes
			c.Paid += g.Bytes >> 10
			c.Lines = append(c.Lines, reward.Line{
				Kind: reward.Bandwidth, Account: g.Seeder, Work: g.Work, Basis: g.Bytes, Amount: g.Bytes >> 10, Reason: receipt.Confirmed,
			})
			c.Reputes = append(c.Reputes, ledger.Repute{Account: g.Seeder, Reputation: 300})
			c.Holdings = append(c.Holdings, ledger.Holding{Account: g.Seeder, Epoch: n, Release: n + 1, Amount: g.Bytes >> 10})
			c.Transfers = append(c.Transfers, ledger.Transfer{Entries: []ledger.Entry{
				{Account: ledger.Treasury, Amount: -int64(g.Bytes >> 10)}, {Account: ledger.Earned(g.Seeder), Amount: int64(g.Bytes >> 10)},
			}})
		}
		c.Transfers = merged(fmt.Sprint("epoch:", n), c.Transfers)
		for _, b := range f.Slices { // nobody served
			c.Transfers = append(c.Transfers, ledger.Transfer{Key: fmt.Sprintf("refund:%d", n), Entries: []ledger.Entry{
				{Account: ledger.BoostAccount(b.ID), Amount: -int64(b.Amount)}, {Account: ledger.Payable(b.Owner), Amount: int64(b.Amount)},
			}})
		}
		for _, p := range f.Funds {
			if p.Last == n {
				c.Transfers = append(c.Transfers, ledger.Transfer{Key: fmt.Sprintf("end:%d", n), Entries: []ledger.Entry{
					{Account: ledger.PoolAccount(p.ID), Amount: -int64(p.Left)}, {Account: ledger.Payable(p.Owner), Amount: int64(p.Left)},
				}})
			}
		}
		c.Reached = []ledger.Reached{{Work: song, Nets: 2}}
		for _, h := range f.Due {
			c.Transfers = append(c.Transfers, ledger.Transfer{Key: fmt.Sprintf("mature:%d", n), Entries: []ledger.Entry{
				{Account: ledger.Earned(h.Account), Amount: -int64(h.Amount)}, {Account: ledger.Payable(h.Account), Amount: int64(h.Amount)},
			}})
		}
		c.Record, err = log.Epoch{Number: n, Inputs: log.TableOf(c.Inputs), Payouts: log.TableOf(c.Payouts)}.Record()
		return c, err
	}
}

// merged makes one transfer of several.
func merged(key string, parts []ledger.Transfer) []ledger.Transfer {
	sums, order := map[string]int64{}, []string{}
	for _, p := range parts {
		for _, e := range p.Entries {
			if _, seen := sums[e.Account]; !seen {
				order = append(order, e.Account)
			}
			sums[e.Account] += e.Amount
		}
	}
	whole := ledger.Transfer{Key: key}
	for _, account := range order {
		whole.Entries = append(whole.Entries, ledger.Entry{Account: account, Amount: sums[account]})
	}
	return []ledger.Transfer{whole}
}
