package bookstest

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"fanseed/signal/ledger"
	"fanseed/signal/ticket"
)

// operation is what is broken off at each of its statements.
type operation struct {
	name  string
	run   func(Store) error
	least int // statements that it has at least, its beginning and its commit among them
}

var operations = []operation{
	{"settlement", settle, 20},
	{"deposit", func(s Store) error { return s.Deposit(ctx, 5_000_000, issued) }, 7},
	{"closing of an epoch", func(s Store) error {
		_, err := s.CloseEpoch(ctx, epoch+1, issued, closing(epoch+1))
		return err
	}, 26},
	{"locking of a boost", func(s Store) error {
		_, err := s.Boost(ctx, ledger.Boost{ID: [16]byte{2}, Work: song, Owner: ticket.Account(anna), Price: 5000, First: epoch + 1, Epochs: 3, Time: issued})
		return err
	}, 16},
	{"funding of a pool", func(s Store) error {
		_, err := s.Fund(ctx, ledger.Pool{ID: [16]byte{2}, Work: song, Owner: ticket.Account(anna), Amount: 5000, Rate: 5, Last: epoch + 1, Time: issued})
		return err
	}, 15},
	{"credit", func(s Store) error { return s.Credit(ctx, [16]byte{2}, ticket.Account(anna), 5000, issued) }, 7},
	{"appeal", func(s Store) error {
		_, err := s.Appeal(ctx, ledger.Appeal{Account: ticket.Account(bert), Subject: ledger.Subject{Serial: serial(3)}, Note: "why?", Written: epoch, Time: issued})
		return err
	}, 5},
	{"answer to an appeal", func(s Store) error { return s.Answer(ctx, 2, "so", issued) }, 3},
	{"writing of the public log", func(s Store) error { _, err := s.Sequence(ctx, 1000); return err }, 10},
}

// settle does everything that a batch can: keys, tickets, and claims that are credited, repeated, capped and refused.
func settle(s Store) error {
	first, second := newTicket(10, anna, carl, epoch+2), newTicket(11, bert, carl, epoch+2)
	forged := newClaim(first, 9*mib)
	forged.Genuine = false
	_, err := s.Apply(ctx, ledger.Batch{
		Keys:    []ledger.Key{{Public: carl}},
		Audits:  []ledger.Audited{{Epoch: epoch + 2, Account: ticket.Account(bert), Work: song, Why: "silent", Time: issued}},
		Told:    []ledger.Told{{ID: [16]byte{1}, Stays: []ledger.Stay{{Epoch: epoch + 2, Account: ticket.Account(bert), Work: song, Minutes: 1, Asked: 8, Passed: 7}}}},
		Tickets: []ticket.Ticket{first, second},
		Claims:  []ledger.Claim{newClaim(first, 2*mib), newClaim(second, 3*mib), newClaim(first, 4*mib), newClaim(first, 4*mib), forged},
	})
	return err
}

// fill is begin, a log that lacks something, bytes of two seeders in an epoch that is to be closed, and receipts that were refused, about
// one of which somebody has written.
func fill(t testing.TB, s Store) {
	begin(t, s)
	a, b := newTicket(2, anna, bert, epoch+1), newTicket(3, bert, anna, epoch+1)
	forged := [...]ledger.Claim{newClaim(a, 9*mib), newClaim(b, 9*mib)}
	forged[0].Genuine, forged[1].Genuine = false, false
	_, err := s.Apply(ctx, ledger.Batch{
		Tickets: []ticket.Ticket{a, b}, Claims: []ledger.Claim{newClaim(a, 5*mib), newClaim(b, 7*mib), forged[0], forged[1]},
	})
	_, appealed := s.Appeal(ctx, ledger.Appeal{Account: ticket.Account(anna), Subject: ledger.Subject{Serial: a.Serial}, Note: "why?", Written: epoch, Time: issued})
	if err := errors.Join(err, appealed); err != nil {
		t.Fatal(err)
	}
	if err := s.Deposit(ctx, 2_000_000, issued); err != nil {
		t.Fatal(err)
	}
}

// Walk breaks each operation off at its first statement, its second, and so on until it runs to its end. Each time the books must hold
// all of it or nothing, and all of it, once, after it was tried again.
func Walk(t *testing.T, fresh func(t testing.TB) Place) {
	if testing.Short() {
		t.Skip("takes long")
	}
	for _, o := range operations {
		t.Run(o.name, func(t *testing.T) {
			before, after := o.states(t, fresh(t))
			for _, carriedOut := range []bool{false, true} {
				w := walk{o, fresh, before, after, carriedOut}
				k := 1
				for w.step(t, k) {
					k++
				}
				if k <= o.least {
					t.Errorf("broken off at %d statements only, want %d", k-1, o.least)
				}
			}
		})
	}
}

// states returns what the books hold before the operation and after it.
func (o operation) states(t *testing.T, place Place) (before, after []string) {
	s := place(t, plain)
	defer s.Close()
	fill(t, s)
	before = dump(t, s)
	if err := o.run(s); err != nil {
		t.Fatal(err)
	}
	after = dump(t, s)
	if slices.Equal(before, after) {
		t.Fatal("it changes nothing")
	}
	return before, after
}

type walk struct {
	operation
	fresh         func(t testing.TB) Place
	before, after []string
	carriedOut    bool // the statement at which it breaks
}

// step breaks the operation off at statement k of fresh books, and returns false when it has no such statement.
func (w walk) step(t *testing.T, k int) bool {
	place, fault := w.fresh(t), &Fault{}
	s := place(t, fault.Wrap)
	fill(t, s)
	fault.Arm(k, w.carriedOut)
	err := w.run(s)
	seen := fault.Seen()
	fault.Arm(0, false)
	s.Close()

	s = place(t, plain)
	defer s.Close()
	if len(seen) < k {
		w.expect(t, fmt.Sprintf("untouched, %v", err), s, w.after)
		return false
	}
	kind := seen[k-1]
	what := fmt.Sprintf("broken off at statement %d, %s, carried out: %v", k, kind, w.carriedOut)
	if !errors.Is(err, ErrFault) {
		t.Errorf("%s: got %v", what, err)
	}
	if kind == "commit" && w.carriedOut {
		w.expect(t, what, s, w.after)
	} else {
		w.expect(t, what, s, w.before)
	}
	if err := w.run(s); err != nil {
		t.Errorf("%s, and tried again: %v", what, err)
	}
	w.expect(t, what+", and tried again", s, w.after)
	return true
}

func (w walk) expect(t *testing.T, what string, s Store, want []string) {
	t.Helper()
	if err := s.Check(ctx); err != nil {
		t.Errorf("%s: %v", what, err)
	}
	if got := dump(t, s); !slices.Equal(got, want) {
		t.Errorf("%s: there is too much\n%q\nand too little\n%q", what, missing(got, want), missing(want, got))
	}
}
