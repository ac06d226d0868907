package ledgertest

import (
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"fanseed/signal/ledger"
	"fanseed/signal/receipt"
	"fanseed/signal/ticket"
)

func epochCases() []Case {
	return []Case{
		{"deposits reach their total once", deposits},
		{"an epoch pays its price", paysPrice},
		{"an epoch pays pro rata when the treasury is short", paysProRata},
		{"an epoch is closed once", closedOnce},
		{"epochs are closed in order", closedInOrder},
		{"a late receipt counts in the first open epoch", late},
		{"books show whole epochs, the newest first", showsWholeEpochs},
		{"a long history of everything agrees with itself", history},
	}
}

func deposits(t testing.TB, place Place) {
	w := newWorld(t, place)
	for _, total := range []int64{0, 1000, 1000, 400, 2500, 2500} {
		w.must("deposit", w.Deposit(w.ctx, total, start))
	}
	w.expectBalance(ledger.Treasury, 2500)
	w.expectBalance(ledger.Funding, -2500)
	w.expectBalance("earned:nobody", 0)
	w.check()
}

// close closes an epoch and compares what it paid.
func (w *world) close(n uint32, rate, bytes, paid uint64) {
	w.Helper()
	got, err := w.CloseEpoch(w.ctx, n, rate, start)
	want := ledger.Epoch{Number: n, Rate: rate, Bytes: bytes, Paid: paid}
	if err != nil || got != want {
		w.Errorf("close epoch %d: got %+v, %v, want %+v", n, got, err, want)
	}
}

// serve credits a seeder for so many bytes of a work.
func (w *world) serve(seeder, leecher, work string, epoch uint32, bytes uint64) {
	w.Helper()
	w.expect(claim(w.issue(seeder, leecher, work, epoch), bytes), bytes, receipt.Confirmed)
}

func (w *world) expectOpen(want ...uint32) {
	w.Helper()
	got, err := w.OpenEpochs(w.ctx)
	if err != nil || !slices.Equal(got, want) {
		w.Errorf("open are %v, %v, want %v", got, err, want)
	}
}

func paysPrice(t testing.TB, place Place) {
	w := newWorld(t, place)
	w.register("anna", "bert", "carl")
	w.publish("song", 1<<30)
	w.publish("film", 1<<30)
	w.must("deposit", w.Deposit(w.ctx, 1_000_000, start))
	w.serve("anna", "bert", "song", epoch, 1<<29)
	w.serve("anna", "carl", "film", epoch, 1<<28)
	w.serve("bert", "carl", "song", epoch, 1<<20+1<<19)
	w.expectOpen(epoch)
	w.close(epoch, 1000, 1<<29+1<<28+1<<20+1<<19, 751)
	w.expectOpen()
	w.expectBalance(ledger.Earned(account("anna")), 750)
	w.expectBalance(ledger.Earned(account("bert")), 1)
	w.expectBalance(ledger.Treasury, 1_000_000-751)
	if b := w.books("anna"); b.Earned != 750 || !slices.Equal(b.Closed, []ledger.Closed{{Epoch: epoch, Rate: 1000, Paid: 750}}) {
		t.Errorf("anna's books: %+v", b)
	}
	w.check()
}

func paysProRata(t testing.TB, place Place) {
	w := newWorld(t, place)
	w.register("anna", "bert", "carl")
	w.publish("song", 1<<30)
	w.publish("film", 1<<30)
	w.must("deposit", w.Deposit(w.ctx, 1001, start))
	w.serve("anna", "carl", "song", epoch, 1<<29)
	w.serve("bert", "carl", "song", epoch, 1<<29)
	w.close(epoch, 1_000_000, 1<<30, 1001)
	w.expectBalance(ledger.Treasury, 0)
	a, _ := w.Balance(w.ctx, ledger.Earned(account("anna")))
	b, _ := w.Balance(w.ctx, ledger.Earned(account("bert")))
	if a+b != 1001 || max(a, b) != 501 {
		t.Errorf("1001 were divided into %d and %d", a, b)
	}
	if (a > b) != (slices.Compare(sliceOf(account("anna")), sliceOf(account("bert"))) < 0) {
		t.Errorf("the unit over did not go to the lower account: %d, %d", a, b)
	}
	w.serve("anna", "carl", "film", epoch+1, 1<<30)
	w.close(epoch+1, 1_000_000, 1<<30, 0)
	w.check()
}

func sliceOf(a [16]byte) []byte { return a[:] }

func closedOnce(t testing.TB, place Place) {
	w := newWorld(t, place)
	w.register("anna", "bert")
	w.publish("song", 1<<30)
	w.must("deposit", w.Deposit(w.ctx, 1_000_000, start))
	w.serve("anna", "bert", "song", epoch, 1<<29)
	other := place(t)
	defer other.Close()
	var wait sync.WaitGroup
	failed := make(chan error, 8)
	for n := range cap(failed) {
		store := []Store{w.Store, other}[n%2]
		wait.Go(func() {
			_, err := store.CloseEpoch(w.ctx, epoch, 1000, start)
			failed <- err
		})
	}
	wait.Wait()
	close(failed)
	for err := range failed {
		w.must("close", err)
	}
	w.expectBalance(ledger.Earned(account("anna")), 500)
	again, err := w.CloseEpoch(w.ctx, epoch, 7777, start)
	if want := (ledger.Epoch{Number: epoch, Rate: 1000, Bytes: 1 << 29, Paid: 500}); err != nil || again != want {
		t.Errorf("closed again at another rate: got %+v, %v, want %+v", again, err, want)
	}
	w.expectBalance(ledger.Treasury, 999_500)
	w.check()
}

func closedInOrder(t testing.TB, place Place) {
	w := newWorld(t, place)
	w.register("anna", "bert")
	w.publish("song", 1<<30)
	w.must("deposit", w.Deposit(w.ctx, 1_000_000, start))
	w.serve("anna", "bert", "song", epoch+5, 1<<28)
	w.serve("anna", "bert", "song", epoch+2, 1<<28)
	w.expectOpen(epoch+2, epoch+5)
	if _, err := w.CloseEpoch(w.ctx, epoch+5, 1000, start); !errors.Is(err, ledger.ErrOrder) {
		t.Errorf("closed over an open one: %v", err)
	}
	w.expectOpen(epoch+2, epoch+5)
	w.close(epoch+2, 1000, 1<<28, 250)
	w.expectOpen(epoch + 5)
	w.close(epoch+5, 1000, 1<<28, 250)
	got, err := w.CloseEpoch(w.ctx, epoch+4, 1000, start)
	if err != nil || got.Paid != 0 || got.Bytes != 0 {
		t.Errorf("one that was skipped: got %+v, %v", got, err)
	}
	w.expectBalance(ledger.Earned(account("anna")), 500)
	w.check()
}

func late(t testing.TB, place Place) {
	w := newWorld(t, place)
	w.register("anna", "bert")
	w.publish("song", 1<<30)
	w.must("deposit", w.Deposit(w.ctx, 1_000_000, start))
	early := w.issue("anna", "bert", "song", epoch)
	w.expect(claim(early, 1<<28), 1<<28, receipt.Confirmed)
	w.close(epoch, 1000, 1<<28, 250)
	w.expect(claim(early, 1<<29), 1<<29, receipt.Confirmed)
	w.expectOpen(epoch + 1)
	w.close(epoch+1, 1000, 1<<28, 250)
	w.close(epoch+3, 1000, 0, 0)
	w.expect(claim(early, 1<<29+1<<28), 1<<29+1<<28, receipt.Confirmed)
	w.expectOpen(epoch + 4)
	w.close(epoch+4, 1000, 1<<28, 250)
	w.expectBalance(ledger.Earned(account("anna")), 750)
	w.check()
}

func showsWholeEpochs(t testing.TB, place Place) {
	w := newWorld(t, place)
	w.register("anna", "bert")
	works := []string{"one", "two", "three"}
	for _, work := range works {
		w.publish(work, 1<<30)
	}
	for n := range uint32(4) {
		for _, work := range works {
			w.serve("anna", "bert", work, epoch+n, uint64(n)+1)
		}
	}
	for n := range uint32(3) {
		w.close(epoch+n, 1000, 3*uint64(n+1), 0)
	}
	b, err := w.Books(w.ctx, account("anna"), 4)
	if err != nil || len(b.Served) != 6 || len(b.Closed) != 1 || b.Bytes != 30 {
		t.Fatalf("got %+v, %v, want two whole epochs, one of them closed, and all bytes", b, err)
	}
	if !slices.IsSortedFunc(b.Served, func(x, y ledger.Served) int {
		if x.Epoch != y.Epoch {
			return int(y.Epoch) - int(x.Epoch)
		}
		return slices.Compare(x.Infohash[:], y.Infohash[:])
	}) {
		t.Errorf("not in order: %+v", b.Served)
	}
	if s := b.Served[0]; s.Epoch != epoch+3 || s.Bytes != 4 || infohash(s.Name) != s.Infohash || s.Capped {
		t.Errorf("the first is %+v", s)
	}
	if b, _ := w.Books(w.ctx, account("anna"), 1); len(b.Served) != 3 {
		t.Errorf("asked for one line: got %d, want the whole open epoch", len(b.Served))
	}
	if b := w.books("bert"); len(b.Served)+len(b.Closed)+len(b.Refused) != 0 {
		t.Errorf("bert has books: %+v", b)
	}
}

// history does many things at random and compares with the sums in its head.
func history(t testing.TB, place Place) {
	const people, works = 5, 3
	w := newWorld(t, place)
	rng := rand.New(rand.NewPCG(1, 2))
	for n := range people {
		w.register(name("person", n))
	}
	for n := range works {
		w.publish(name("work", n), uint64(n+1)*8*mib)
	}
	var tickets []ticket.Ticket
	settled, bytes, copies := map[[16]byte]uint64{}, map[[16]byte]uint64{}, map[[64]byte]uint64{}
	deposited, now := int64(0), epoch
	for range 300 {
		switch dice := rng.IntN(20); {
		case dice < 3:
			a := rng.IntN(people)
			b := (a + 1 + rng.IntN(people-1)) % people
			tickets = append(tickets, w.issue(name("person", a), name("person", b), name("work", rng.IntN(works)), now))
		case dice == 3:
			deposited += rng.Int64N(3000)
			w.must("deposit", w.Deposit(w.ctx, deposited, start))
		case dice == 4:
			for _, n := range w.open() {
				_, err := w.CloseEpoch(w.ctx, n, 100_000, start)
				w.must("close", err)
			}
			now += rng.Uint32N(3)
		case len(tickets) > 0:
			tk := tickets[rng.IntN(len(tickets))]
			amount := rng.Uint64N(8 * mib)
			w.settle(claim(tk, amount))
			owner, copied := ticket.Account(tk.Seeder), copyOf(tk)
			increase := amount - min(amount, settled[tk.Serial])
			credit := min(increase, w.length(tk)-copies[copied])
			settled[tk.Serial] = max(settled[tk.Serial], amount)
			bytes[owner] += credit
			copies[copied] += credit
		}
	}
	earned := int64(0)
	for n := range people {
		w.expectBytes(name("person", n), bytes[account(name("person", n))])
		earned += w.books(name("person", n)).Earned
	}
	w.expectBalance(ledger.Funding, -deposited)
	w.expectBalance(ledger.Treasury, deposited-earned)
	if earned == 0 {
		t.Error("nobody earned anything")
	}
	w.check()
}

func (w *world) open() []uint32 {
	w.Helper()
	open, err := w.OpenEpochs(w.ctx)
	w.must("open epochs", err)
	return open
}

func (w *world) length(t ticket.Ticket) uint64 {
	for n := 0; ; n++ {
		if ticket.Infohash(infohash(name("work", n))) == t.Infohash {
			return uint64(n+1) * 8 * mib
		}
	}
}

func copyOf(t ticket.Ticket) [64]byte {
	return [64]byte(append(t.Leecher[:], t.Infohash[:]...))
}
