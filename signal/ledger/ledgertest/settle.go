package ledgertest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"fanseed/signal/ledger"
	"fanseed/signal/receipt"
	"fanseed/signal/ticket"
)

func settleCases() []Case {
	return []Case{
		{"a key is an account from its first registration on", registration},
		{"a ticket needs both parties and a listed work", ticketsNeed},
		{"a ticket's signer is known with it", signers},
		{"a receipt is credited once", creditedOnce},
		{"a refused receipt changes nothing", refusedChangesNothing},
		{"a batch is judged in its order", batchOrder},
		{"a large batch is judged as its claims are one by one", largeBatch},
		{"a copy is paid for once", copyOnce},
		{"the same receipts from many writers are credited once", manyWriters},
		{"two servers do everything at the same time, and it happens once", twoServers},
		{"a transaction that was called off leaves nothing", calledOff},
		{"refused receipts are kept, a bounded number", refusedKept},
		{"nobody pushes out another's refused receipts", refusedNotPushedOut},
	}
}

func registration(t testing.TB, place Place) {
	w := newWorld(t, place)
	if known, err := w.Registered(w.ctx, public("anna")); known || err != nil {
		t.Errorf("before: %v, %v", known, err)
	}
	w.register("anna", "anna")
	w.register("anna")
	if known, err := w.Registered(w.ctx, public("anna")); !known || err != nil {
		t.Errorf("after: %v, %v", known, err)
	}
	w.check()
}

func ticketsNeed(t testing.TB, place Place) {
	w := newWorld(t, place)
	w.register("anna", "bert")
	w.publish("song", 64*mib)
	w.publish("gone", 64*mib)
	w.must("remove", w.Remove(w.ctx, infohash("gone")))
	good := w.ticket("anna", "bert", "song", epoch)
	again := good
	again.Limit++
	out := w.apply(ledger.Batch{Tickets: []ticket.Ticket{
		w.ticket("carl", "bert", "song", epoch),
		w.ticket("anna", "carl", "song", epoch),
		w.ticket("anna", "bert", "film", epoch),
		w.ticket("anna", "bert", "gone", epoch),
		good,
		again,
	}})
	for i, err := range out.Issued {
		if wanted := i != 4; errors.Is(err, ledger.ErrTicket) != wanted {
			t.Errorf("ticket %d: got %v", i, err)
		}
	}
	over := claim(good, good.Limit+1)
	w.expect(over, 0, receipt.OverLimit)
	w.check()
}

func signers(t testing.TB, place Place) {
	w := newWorld(t, place)
	w.register("anna", "bert")
	w.publish("song", 64*mib)
	tk := w.issue("anna", "bert", "song", epoch)
	got, err := w.Signers(w.ctx, [][16]byte{{1}, tk.Serial})
	want := []ledger.Signer{{}, {Known: true, Seeder: account("anna"), Leecher: public("bert")}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

func creditedOnce(t testing.TB, place Place) {
	w := newWorld(t, place)
	w.register("anna", "bert")
	w.publish("song", 64*mib)
	tk := w.issue("anna", "bert", "song", epoch)
	w.expect(claim(tk, 0), 0, receipt.Confirmed)
	w.expectBytes("anna", 0)
	w.expect(claim(tk, 3*mib), 3*mib, receipt.Confirmed)
	w.expect(claim(tk, 3*mib), 3*mib, receipt.Confirmed)
	w.expect(claim(tk, 1*mib), 3*mib, receipt.Lower)
	w.expectBytes("anna", 3*mib)
	w.expect(claim(tk, 5*mib+1), 5*mib+1, receipt.Confirmed)
	w.expectBytes("anna", 5*mib+1)
	w.expectBytes("bert", 0)
	w.expectCopy("bert", "song", 5*mib+1)
	w.expectCopy("anna", "song", 0)
	w.check()
}

// Every reason for which a receipt is refused, on a ticket of which 40 MiB are
// settled.
func refusedChangesNothing(t testing.TB, place Place) {
	w := newWorld(t, place)
	w.register("anna", "bert", "carl")
	w.publish("song", 1<<30)
	tk := w.issue("anna", "bert", "song", epoch)
	w.expect(claim(tk, 40*mib), 40*mib, receipt.Confirmed)
	for _, c := range []struct {
		change func(*ledger.Claim)
		amount uint64
		want   receipt.Reason
	}{
		{func(c *ledger.Claim) { c.Receipt.Serial[0]++ }, 0, receipt.UnknownTicket},
		{func(c *ledger.Claim) { c.Account = account("carl") }, 0, receipt.UnknownTicket},
		{func(c *ledger.Claim) { c.Account = account("bert") }, 0, receipt.UnknownTicket},
		{func(c *ledger.Claim) { c.Genuine = false }, 40 * mib, receipt.BadSignature},
		{func(c *ledger.Claim) { c.Receipt.Amount = tk.Limit + 1 }, 40 * mib, receipt.OverLimit},
		{func(c *ledger.Claim) { c.Receipt.Amount = 1<<64 - 1 }, 40 * mib, receipt.OverLimit},
		{func(c *ledger.Claim) { c.Now = tk.SettleBy + 1 }, 40 * mib, receipt.Expired},
		{func(c *ledger.Claim) { c.Receipt.Amount = 40*mib - 1 }, 40 * mib, receipt.Lower},
		{func(c *ledger.Claim) { c.Now = tk.Issued + 1 }, 40 * mib, receipt.ImplausibleRate},
	} {
		bad := claim(tk, 41*mib)
		c.change(&bad)
		w.expect(bad, c.amount, c.want)
		w.expectBytes("anna", 40*mib)
	}
	w.check()
}

func batchOrder(t testing.TB, place Place) {
	w := newWorld(t, place)
	w.register("anna", "bert")
	w.publish("song", 64*mib)
	tk := w.ticket("anna", "bert", "song", epoch)
	out := w.apply(ledger.Batch{
		Tickets: []ticket.Ticket{tk},
		Claims:  []ledger.Claim{claim(tk, 2*mib), claim(tk, 4*mib), claim(tk, 3*mib), claim(tk, 4*mib)},
	})
	want := []receipt.Result{
		{Serial: tk.Serial, Amount: 2 * mib, Reason: receipt.Confirmed},
		{Serial: tk.Serial, Amount: 4 * mib, Reason: receipt.Confirmed},
		{Serial: tk.Serial, Amount: 4 * mib, Reason: receipt.Lower},
		{Serial: tk.Serial, Amount: 4 * mib, Reason: receipt.Confirmed},
	}
	if !slices.Equal(out.Results, want) {
		t.Errorf("got %v, want %v", out.Results, want)
	}
	w.expectBytes("anna", 4*mib)
	w.check()
}

// largeBatch settles the same claims twice, for people who are each other's doubles: at once, and one after the other. There are several for
// each ticket, and several tickets for each copy.
func largeBatch(t testing.TB, place Place) {
	const seeders, leechers, claims = 5, 40, 1100
	w := newWorld(t, place)
	w.publish("song", 10*mib)
	var batches [2][]ledger.Claim
	for twin := range batches {
		var tickets []ticket.Ticket
		for n := range seeders * leechers {
			seeder, leecher := name(fmt.Sprint("seeder", twin), n%seeders), name(fmt.Sprint("leecher", twin), n/seeders)
			w.register(seeder, leecher)
			tickets = append(tickets, w.ticket(seeder, leecher, "song", epoch))
		}
		if out := w.apply(ledger.Batch{Tickets: tickets}); errors.Join(out.Issued...) != nil {
			t.Fatal(out.Issued)
		}
		rng := rand.New(rand.NewPCG(5, 6)) // the same for both
		for range claims {
			c := claim(tickets[rng.IntN(len(tickets))], rng.Uint64N(6*mib))
			c.Genuine = rng.IntN(10) > 0
			batches[twin] = append(batches[twin], c)
		}
	}
	reasons := map[receipt.Reason]int{}
	for i, got := range w.settle(batches[0]...) {
		want := w.settle(batches[1][i])[0]
		reasons[got.Reason]++
		if got.Amount != want.Amount || got.Reason != want.Reason {
			t.Fatalf("claim %d: got %d %s, and alone %d %s", i, got.Amount, got.Reason, want.Amount, want.Reason)
		}
	}
	for _, reason := range []receipt.Reason{receipt.Confirmed, receipt.CappedCopy, receipt.Lower, receipt.BadSignature} {
		if reasons[reason] < 20 {
			t.Errorf("only %d are %s", reasons[reason], reason)
		}
	}
	for n := range seeders {
		w.expectBytes(name("seeder0", n), w.books(name("seeder1", n)).Bytes)
	}
	w.check()
}

func copyOnce(t testing.TB, place Place) {
	w := newWorld(t, place)
	w.register("anna", "bert", "carl", "dora")
	w.publish("song", 10*mib)
	w.publish("film", 10*mib)
	a := w.issue("anna", "dora", "song", epoch)
	b := w.issue("bert", "dora", "song", epoch+1)
	w.expect(claim(a, 7*mib), 7*mib, receipt.Confirmed)
	w.expect(claim(b, 7*mib), 7*mib, receipt.CappedCopy)
	w.expect(claim(b, 7*mib), 7*mib, receipt.CappedCopy)
	w.expect(claim(b, 8*mib), 8*mib, receipt.CappedCopy)
	w.expectBytes("anna", 7*mib)
	w.expectBytes("bert", 3*mib)
	w.expectCopy("dora", "song", 10*mib)
	w.expect(claim(w.issue("anna", "dora", "film", epoch), 10*mib), 10*mib, receipt.Confirmed)
	w.expect(claim(w.issue("anna", "carl", "song", epoch), 10*mib), 10*mib, receipt.Confirmed)
	w.expectBytes("anna", 27*mib)
	w.check()
}

func manyWriters(t testing.TB, place Place) {
	const writers, rounds = 8, 10
	w := newWorld(t, place)
	w.register("anna", "bert", "carl")
	w.publish("song", 8*mib)
	a, b := w.issue("anna", "carl", "song", epoch), w.issue("bert", "carl", "song", epoch)
	other := place(t) // another process has them open too
	defer other.Close()
	var wait sync.WaitGroup
	failed := make(chan error, writers*rounds)
	for n := range writers {
		store := []Store{w.Store, other}[n%2]
		wait.Go(func() {
			for round := range rounds {
				amount := uint64(round+1) * mib / 2
				_, err := store.Apply(w.ctx, ledger.Batch{Claims: []ledger.Claim{claim(a, amount), claim(b, amount)}})
				failed <- err
			}
		})
	}
	wait.Wait()
	close(failed)
	for err := range failed {
		w.must("apply", err)
	}
	if r := w.settle(claim(a, 5*mib))[0]; r.Amount != 5*mib || !r.Reason.Accepted() {
		t.Errorf("the last receipt: got %d %s", r.Amount, r.Reason)
	}
	w.expectCopy("carl", "song", 8*mib)
	if sum := w.books("anna").Bytes + w.books("bert").Bytes; sum != 8*mib {
		t.Errorf("%d bytes were credited for a copy of %d", sum, 8*mib)
	}
	w.check()
}

// twoServers has two servers on the same books register the same people, settle the same receipts, which came to both at once, deposit the
// same and close the same epoch.
func twoServers(t testing.TB, place Place) {
	const leechers = 150
	w := newWorld(t, place)
	w.register("anna", "bert")
	w.publish("song", 4*mib)
	var people ledger.Batch
	var tickets []ticket.Ticket
	var claims []ledger.Claim
	for n := range leechers {
		people.Keys = append(people.Keys, ledger.Key{Public: public(name("leecher", n)), Now: start})
		a, b := w.ticket("anna", name("leecher", n), "song", epoch), w.ticket("bert", name("leecher", n), "song", epoch)
		tickets = append(tickets, a, b)
		claims = append(claims, claim(a, 3*mib), claim(b, 3*mib))
	}
	stores := []Store{w.Store, place(t)}
	defer stores[1].Close()
	var issued atomic.Int64
	atOnce := func(what string, do func(Store) error) {
		var wait sync.WaitGroup
		failed := make([]error, len(stores))
		for i, store := range stores {
			wait.Go(func() { failed[i] = do(store) })
		}
		wait.Wait()
		w.must(what, errors.Join(failed...))
	}
	apply := func(b ledger.Batch) func(Store) error {
		return func(s Store) error {
			out, err := s.Apply(w.ctx, b)
			for _, refused := range out.Issued {
				if refused == nil {
					issued.Add(1)
				}
			}
			return err
		}
	}
	atOnce("register", apply(people))
	atOnce("issue", apply(ledger.Batch{Tickets: tickets}))
	for range 3 {
		atOnce("settle", apply(ledger.Batch{Claims: claims}))
		atOnce("deposit", func(s Store) error { return s.Deposit(w.ctx, 1_000_000, start) })
	}
	atOnce("close", func(s Store) error { _, err := s.CloseEpoch(w.ctx, epoch, start, price(epoch, 1<<10)); return err })
	if issued.Load() != 2*leechers {
		t.Errorf("%d tickets were issued, want %d", issued.Load(), 2*leechers)
	}
	w.expectBytes("anna", leechers*3*mib)
	w.expectBytes("bert", leechers*1*mib)
	w.expectBalance(ledger.Earned(account("anna")), leechers*3)
	w.expectBalance(ledger.Treasury, 1_000_000-leechers*4)
	w.check()
}

func calledOff(t testing.TB, place Place) {
	w := newWorld(t, place)
	w.register("anna", "bert")
	w.publish("song", 64*mib)
	tk := w.issue("anna", "bert", "song", epoch)
	ctx, cancel := context.WithCancel(w.ctx)
	cancel()
	if _, err := w.Apply(ctx, ledger.Batch{Keys: []ledger.Key{{Public: public("carl")}}, Claims: []ledger.Claim{claim(tk, mib)}}); err == nil {
		t.Error("a transaction that was called off is answered as done")
	}
	if known, _ := w.Registered(w.ctx, public("carl")); known {
		t.Error("carl is registered")
	}
	w.expectBytes("anna", 0)
	w.check()
}

func refusedKept(t testing.TB, place Place) {
	w := newWorld(t, place)
	w.register("anna", "bert")
	w.publish("song", 1<<30)
	tk := w.issue("anna", "bert", "song", epoch)
	for batch := range 3 {
		var claims []ledger.Claim
		for i := range uint64(ledger.KeepRefused/2 + 10) {
			c := claim(tk, uint64(batch)*mib+i)
			c.Genuine, c.Now = false, start+uint64(batch)
			claims = append(claims, c)
		}
		w.settle(claims...)
	}
	last := claim(tk, 1<<64-1)
	w.settle(last)
	refused := w.books("anna").Refused
	if len(refused) != ledger.KeepRefused {
		t.Fatalf("%d are kept, want %d", len(refused), ledger.KeepRefused)
	}
	want := ledger.Refused{Serial: tk.Serial, Infohash: infohash("song"), Amount: ledger.MaxAmount, Reason: receipt.OverLimit, Time: last.Now}
	if refused[0] != want {
		t.Errorf("the newest is %+v, want %+v", refused[0], want)
	}
	if r := refused[1]; r.Reason != receipt.BadSignature || r.Time != start+2 {
		t.Errorf("the one before is %+v", r)
	}
}

func refusedNotPushedOut(t testing.TB, place Place) {
	w := newWorld(t, place)
	w.register("anna", "bert")
	w.publish("song", 1<<30)
	tk := w.issue("anna", "bert", "song", epoch)
	forged := claim(tk, mib)
	forged.Genuine = false
	w.settle(forged)
	for range 3 {
		var claims []ledger.Claim
		for i := range ledger.KeepRefused {
			unknown := claim(tk, mib)
			unknown.Receipt.Serial = [16]byte{0xff, byte(i)}
			claims = append(claims, unknown)
		}
		stranger := claims[0]
		stranger.Account = account("nobody")
		w.settle(append(claims, stranger)...)
	}
	refused := w.books("anna").Refused
	if len(refused) != 1+ledger.KeepUnknown {
		t.Fatalf("%d are kept, want %d", len(refused), 1+ledger.KeepUnknown)
	}
	if r := refused[len(refused)-1]; r.Reason != receipt.BadSignature || r.Infohash != infohash("song") {
		t.Errorf("the oldest is %+v", r)
	}
	if r := refused[0]; r.Reason != receipt.UnknownTicket || r.Infohash != ([20]byte{}) {
		t.Errorf("the newest is %+v", r)
	}
	if n := len(w.books("nobody").Refused); n != 0 {
		t.Errorf("%d are kept for one who has no account", n)
	}
	w.check()
}
