package main_test

import (
	"bytes"
	"context"
	"database/sql"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"fanseed/signal/ledger"
	"fanseed/signal/ledger/postgres/postgrestest"
	"fanseed/signal/reward"
)

// The server is killed at random moments, while accounts log in, are introduced and
// settle without a pause, and while epochs of one second are closed and deposits
// grow. What was answered must be in the books each time, and nothing twice.
//
// FANSEED_KILLS sets the number of kills.
func TestKill(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) { killOften(newRig(t, ledgerFile{}), 20) })
	t.Run("PostgreSQL", func(t *testing.T) { killOften(newRig(t, ledgerDatabase{postgrestest.New(t)}), 10) })
}

func killOften(r *rig, kills int) {
	if n, err := strconv.Atoi(os.Getenv("FANSEED_KILLS")); err == nil {
		kills = n
	}
	for round := range kills {
		r.treasury = treasury + int64(round)
		if round%5 == 4 {
			r.killWhileStarting()
		} else {
			r.killWhileSettling()
		}
		r.audit()
		if r.Failed() {
			r.Fatalf("after kill %d", round+1)
		}
	}
	acknowledged, bytes := r.claims.total()
	if r.paid == 0 || acknowledged < kills {
		r.Errorf("nothing was tried: %d receipts acknowledged, %d µ-credits paid", acknowledged, r.paid)
	}
	r.Logf("%d kills, %d tickets, %d receipts of %d bytes acknowledged, %d bytes paid in %d epochs",
		kills, r.claims.tickets(), acknowledged, bytes, r.paid, r.epochs)
	r.stopInOrder()
	r.audit()
}

// killWhileStarting kills a server that may not even have opened its ledger.
func (r *rig) killWhileStarting() {
	server := r.start()
	time.Sleep(rand.N(60 * time.Millisecond))
	server.kill()
}

// killWhileSettling kills a server once something was acknowledged, and some time
// after.
func (r *rig) killWhileSettling() {
	server := r.start()
	server.await()
	r.publish(server.url)
	r.expectStatement(server.url)
	crowd := r.gather(server.url)
	crowd.awaitAcknowledgement()
	time.Sleep(rand.N(150 * time.Millisecond))
	server.kill()
	crowd.leave()
}

func (r *rig) stopInOrder() {
	server := r.start()
	server.await()
	crowd := r.gather(server.url)
	crowd.awaitAcknowledgement()
	server.interrupt()
	crowd.leave()
}

// audit looks into the books as the kill left them.
func (r *rig) audit() {
	r.Helper()
	books, db := r.books.open(r)
	defer db.Close()
	r.must("check", books.Check(context.Background()))
	_, err := books.Sequence(context.Background(), math.MaxInt32)
	r.must("write what the public log lacks", err)
	r.must("check it", books.Check(context.Background()))
	r.must("close the books", books.Close())
	r.auditReceipts(db)
	r.auditMoney(db)
}

// auditReceipts compares each ticket with what was sent and acknowledged.
func (r *rig) auditReceipts(db *sql.DB) {
	rows, err := db.Query(`SELECT t.serial, coalesce(max(i.amount), 0), coalesce(sum(i.credited), 0)
		FROM ticket t LEFT JOIN increase i ON i.ticket = t.id GROUP BY t.id`)
	r.must("read receipts", err)
	defer rows.Close()
	kept := map[[16]byte]uint64{}
	for rows.Next() {
		var serial []byte
		var amount, credited uint64
		r.must("read receipt", rows.Scan(&serial, &amount, &credited))
		kept[[16]byte(serial)] = amount
		if credited != amount {
			r.Errorf("ticket %x: %d bytes are credited for a receipt of %d", serial, credited, amount)
		}
	}
	r.must("read receipts", rows.Err())
	for _, c := range r.claims.all() {
		amount, there := kept[c.ticket.Serial]
		if !there {
			r.Errorf("ticket %x was handed out and is not there", c.ticket.Serial)
		}
		if amount < c.acknowledged || amount > c.sent {
			r.Errorf("ticket %x: %d bytes are kept, %d were acknowledged and %d sent", c.ticket.Serial, amount, c.acknowledged, c.sent)
		}
	}
}

// auditMoney looks at what the server's own check does not: that every byte of a closed epoch is in a line of its pay, that each account has
// what its lines say, and that anybody divides an epoch's inputs into its payouts.
func (r *rig) auditMoney(db *sql.DB) {
	number := func(query string) (n int64) {
		r.must(query, db.QueryRow(query).Scan(&n))
		return n
	}
	if sum := number(`SELECT coalesce(sum(amount), 0) FROM entry`); sum != 0 {
		r.Errorf("entries sum to %d", sum)
	}
	deposited := -number(`SELECT coalesce(sum(amount), 0) FROM balance WHERE account = 'funding'`)
	if deposited != r.treasury && (deposited != r.deposited || r.served) {
		r.Errorf("%d µ-credits were deposited, not %d", deposited, r.treasury)
	}
	r.deposited = deposited
	if differing := number(`SELECT count(*) FROM (
		SELECT epoch, seeder, work, sum(bytes) FROM credit WHERE epoch <= (SELECT max(number) FROM epoch) GROUP BY epoch, seeder, work
		EXCEPT SELECT epoch, account, work, basis FROM pay WHERE kind = 'bandwidth') AS wrong`); differing > 0 {
		r.Errorf("%d lines of pay are of other bytes than were credited", differing)
	}
	account := r.books.hex("account")
	if differing := number(`SELECT count(*) FROM (
		SELECT name, sum(amount) FROM (SELECT ` + account + ` AS name, amount FROM pay WHERE amount > 0
		UNION ALL SELECT substr(account, 8), -amount FROM balance WHERE account LIKE 'earned:%'
		UNION ALL SELECT substr(account, 9), -amount FROM balance WHERE account LIKE 'payable:%') AS both_sides
		GROUP BY name HAVING sum(amount) <> 0) AS wrong`); differing > 0 {
		r.Errorf("%d accounts have other balances than their lines of pay say", differing)
	}
	r.auditDivisions(db)
	r.paid = number(`SELECT coalesce(sum(amount), 0) FROM pay`)
	r.epochs = number(`SELECT count(*) FROM epoch`)
	if left := number(`SELECT coalesce(sum(amount), 0) FROM balance WHERE account = '` + ledger.Treasury + `'`); left != deposited-r.paid {
		r.Errorf("the treasury holds %d after %d deposited and %d paid", left, deposited, r.paid)
	}
}

// auditDivisions divides every epoch again.
func (r *rig) auditDivisions(db *sql.DB) {
	rows, err := db.Query(`SELECT e.number, i.bytes, p.bytes FROM epoch e JOIN log_table i ON i.hash = e.inputs JOIN log_table p ON p.hash = e.payouts`)
	r.must("read tables", err)
	defer rows.Close()
	for rows.Next() {
		var n uint32
		var inputs, payouts []byte
		r.must("read tables", rows.Scan(&n, &inputs, &payouts))
		if again, err := reward.Recompute(inputs); err != nil || !bytes.Equal(again, payouts) {
			r.Errorf("epoch %d was divided otherwise than its inputs say: %v", n, err)
		}
	}
	r.must("read tables", rows.Err())
}
