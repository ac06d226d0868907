package hub

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"fanseed/signal/announce"
	"fanseed/signal/receipt"
)

func TestSettle(t *testing.T) {
	inBubble(t, nil, func(s *site) {
		seeder, leecher := s.login("s", "192.0.2.1"), s.login("l", "198.51.100.1")
		seeder.announce(workA, 0)
		meet(workA, leecher, 100, seeder)
		tk := seeder.ticket()
		leecher.ticket()
		seeder.send(&announce.Settle{ID: 9, Receipts: []announce.Receipt{{Serial: tk.Serial, Amount: mib}, {Serial: [16]byte{1}}}})
		got := next[*announce.Settled](seeder)
		if got.ID != 9 || len(got.Results) != 2 ||
			got.Results[0] != (announce.Result{Serial: tk.Serial, Amount: mib, Reason: string(receipt.Confirmed), Promise: announce.Promise(promised)}) ||
			got.Results[1] != (announce.Result{Serial: [16]byte{1}, Reason: string(receipt.UnknownTicket)}) {
			t.Errorf("got %+v", got)
		}
		if got := leecher.settle(1, tk.Serial, 2*mib); got.Results[0].Reason != string(receipt.UnknownTicket) {
			t.Errorf("the leecher settled its own receipt: %+v", got)
		}
	})
}

// The answer to the most receipts that fit into a message fits into one too.
func TestTheLargestAnswerFits(t *testing.T) {
	asked := announce.Settle{ID: announce.MaxAmount}
	for len(asked.Append(nil)) <= announce.MaxMessage {
		asked.Receipts = append(asked.Receipts, announce.Receipt{Serial: [16]byte{1}})
	}
	results := slices.Repeat([]receipt.Result{{
		Amount: announce.MaxAmount, Reason: receipt.ImplausibleRate, // no reason is longer
		Promise: receipt.Promise{Epoch: math.MaxUint32, By: announce.MaxAmount},
	}}, len(asked.Receipts))
	answer := settledMessage(asked.ID, results)
	if size := len(answer.Append(nil)); size > announce.MaxMessage || len(answer.Results) != len(results) {
		t.Errorf("%d receipts are answered with %d results in %d bytes", len(results), len(answer.Results), size)
	}
	for i, r := range answer.Results {
		if promised := r.Promise == announce.Promise(results[i].Promise); promised != (i < announce.MaxPromises) {
			t.Errorf("result %d: promised %v", i, promised)
		}
	}
}

func TestSettleNeedsALogin(t *testing.T) {
	inBubble(t, nil, func(s *site) {
		a := s.extended("a", "192.0.2.1")
		hello := next[*announce.Hello](a)
		a.send(&announce.Settle{ID: 1})
		if got := next[*announce.Error](a); got.Code != codeNotLoggedIn {
			t.Errorf("got %+v", got)
		}
		// A settle that follows its login at once is answered after it.
		a.send(a.signLogin(hello))
		a.send(&announce.Settle{ID: 2})
		next[*announce.Account](a)
		next[*announce.Settled](a)
	})
}

// TestAnswersComeInOrder holds the ledger back while one client asks much and another little.
func TestAnswersComeInOrder(t *testing.T) {
	inBubble(t, nil, func(s *site) {
		busy, other := s.login("a", "192.0.2.1"), s.login("b", "198.51.100.1")
		s.books.set(func() { s.books.gate = make(chan struct{}) })
		for id := range uint64(maxJobs) {
			busy.send(&announce.Settle{ID: id})
		}
		busy.silent()
		busy.send(&announce.Settle{ID: 99})
		if got := next[*announce.Error](busy); got.Code != codeBusy {
			t.Errorf("got %+v", got)
		}
		other.send(&announce.Settle{ID: 1})
		other.announce(workA, 0) // the loop does not wait for the ledger
		close(s.books.gate)
		for id := range uint64(maxJobs) {
			if got := next[*announce.Settled](busy); got.ID != id {
				t.Errorf("got answer %d, want %d", got.ID, id)
			}
		}
		next[*announce.Settled](other)
	})
}

func TestManyClientsSettleAtOnce(t *testing.T) {
	inBubble(t, nil, func(s *site) {
		var peers []*peer
		for i := range 3 * maxRunning {
			peers = append(peers, s.login(string(rune('a'+i)), fmt.Sprintf("192.0.%d.1", i)))
		}
		s.books.set(func() { s.books.gate = make(chan struct{}) })
		for _, p := range peers {
			p.send(&announce.Settle{ID: 1})
			p.silent()
		}
		if s.hub.desk.running != maxRunning {
			t.Errorf("%d calls of the ledger run, want %d", s.hub.desk.running, maxRunning)
		}
		close(s.books.gate)
		for _, p := range peers {
			next[*announce.Settled](p)
		}
	})
}

func TestSettleWhileTheLedgerFails(t *testing.T) {
	inBubble(t, nil, func(s *site) {
		a := s.login("a", "192.0.2.1")
		s.books.set(func() { s.books.err = errors.New("disk full") })
		a.send(&announce.Settle{ID: 1})
		if got := next[*announce.Error](a); got.Code != codeUnavailable || got.Message == "disk full" {
			t.Errorf("got %+v", got)
		}
		s.books.set(func() { s.books.err = nil })
		a.send(&announce.Settle{ID: 2})
		next[*announce.Settled](a)
	})
}
