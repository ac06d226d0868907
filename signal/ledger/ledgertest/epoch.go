package ledgertest

import (
	"bytes"
	"cmp"
	"errors"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"testing"

	"fanseed/signal/ledger"
	"fanseed/signal/log"
	"fanseed/signal/receipt"
	"fanseed/signal/reward"
	"fanseed/signal/ticket"
)

func epochCases() []Case {
	return []Case{
		{"deposits reach their total once", deposits},
		{"an epoch pays what its closing says", paysLines},
		{"an epoch's tables are kept, and the log names them", keepsTables},
		{"closed epochs are listed with the records that the log has", listsEpochs},
		{"an epoch is closed once", closedOnce},
		{"epochs are closed in order", closedInOrder},
		{"a closing that fails changes nothing", failedClosing},
		{"what is held becomes payable when it is due", matures},
		{"what one epoch leaves, the next is told", tellsTheNext},
		{"an epoch with nothing but stays is closed too", closesStays},
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

// holdEpochs is for how long price holds what was earned.
const holdEpochs = 2

// price is a closing that pays so many µ-credits per GiB, for as long as the treasury lasts: simple enough to be computed in one's head.
func price(n uint32, rate uint64) func(ledger.Facts) (ledger.Closing, error) {
	return func(f ledger.Facts) (c ledger.Closing, err error) {
		c = ledger.Closing{Epoch: ledger.Epoch{Number: n}, Inputs: []byte(name("inputs", int(n))), Payouts: []byte(name("payouts", int(n)))}
		sums := map[[16]byte]map[[20]byte]uint64{}
		for _, g := range f.Gave {
			if sums[g.Seeder] == nil {
				sums[g.Seeder] = map[[20]byte]uint64{}
			}
			sums[g.Seeder][g.Work] += g.Bytes + g.Traded
			c.Bytes += g.Bytes + g.Traded
		}
		paid := ledger.Transfer{Key: "epoch:" + strconv.Itoa(int(n))}
		for _, seeder := range slices.SortedFunc(maps.Keys(sums), func(a, b [16]byte) int { return bytes.Compare(a[:], b[:]) }) {
			earned := uint64(0)
			for work, bytes := range sums[seeder] {
				line := reward.Line{
					Kind: reward.Bandwidth, Account: seeder, Work: work, Basis: bytes, Counted: bytes, Weight: bytes, Reason: receipt.Confirmed,
				}
				line.Amount = min(bytes*rate>>30, f.Treasury-c.Paid)
				c.Paid += line.Amount
				earned += line.Amount
				c.Lines = append(c.Lines, line)
			}
			if earned > 0 {
				paid.Entries = append(paid.Entries, ledger.Entry{Account: ledger.Earned(seeder), Amount: int64(earned)})
				c.Holdings = append(c.Holdings, ledger.Holding{Account: seeder, Epoch: n, Release: n + holdEpochs, Amount: earned})
			}
		}
		if c.Paid > 0 {
			paid.Entries = append(paid.Entries, ledger.Entry{Account: ledger.Treasury, Amount: -int64(c.Paid)})
			c.Transfers = append(c.Transfers, paid)
		}
		ripe := map[[16]byte]int64{}
		for _, h := range f.Due {
			ripe[h.Account] += int64(h.Amount)
		}
		mature := ledger.Transfer{Key: "mature:" + strconv.Itoa(int(n))}
		for account, amount := range ripe {
			mature.Entries = append(mature.Entries, ledger.Entry{Account: ledger.Earned(account), Amount: -amount},
				ledger.Entry{Account: ledger.Payable(account), Amount: amount})
		}
		if len(ripe) > 0 {
			c.Transfers = append(c.Transfers, mature)
		}
		c.Record, err = log.Epoch{Number: n, Inputs: log.TableOf(c.Inputs), Payouts: log.TableOf(c.Payouts)}.Record()
		return c, err
	}
}

// close closes an epoch and compares what it paid.
func (w *world) close(n uint32, rate, bytes, paid uint64) {
	w.Helper()
	got, err := w.CloseEpoch(w.ctx, n, start, price(n, rate))
	want := ledger.Epoch{Number: n, Bytes: bytes, Paid: paid}
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

func paysLines(t testing.TB, place Place) {
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
	w.expectOpen(epoch + holdEpochs)
	w.expectBalance(ledger.Earned(account("anna")), 750)
	w.expectBalance(ledger.Earned(account("bert")), 1)
	w.expectBalance(ledger.Treasury, 1_000_000-751)
	line := func(work string, bytes, amount uint64) ledger.Line {
		return ledger.Line{Epoch: epoch, Name: work, Paid: true, Line: reward.Line{
			Kind: reward.Bandwidth, Account: account("anna"), Work: infohash(work),
			Basis: bytes, Counted: bytes, Weight: bytes, Amount: amount, Reason: receipt.Confirmed,
		}}
	}
	want := ledger.Books{
		Bytes: 1<<29 + 1<<28, Held: 750, Lines: []ledger.Line{line("song", 1<<29, 500), line("film", 1<<28, 250)},
		Holdings: []ledger.Holding{{Account: account("anna"), Epoch: epoch, Release: epoch + holdEpochs, Amount: 750}},
	}
	slices.SortFunc(want.Lines, func(a, b ledger.Line) int { return bytes.Compare(a.Work[:], b.Work[:]) })
	if b := w.books("anna"); !reflect.DeepEqual(b, want) {
		t.Errorf("anna's books: %+v\nwant %+v", b, want)
	}
	w.check()
}

func keepsTables(t testing.TB, place Place) {
	w := newWorld(t, place)
	w.register("anna", "bert")
	w.publish("song", 1<<30)
	w.serve("anna", "bert", "song", epoch, mib)
	w.close(epoch, 1000, mib, 0)
	w.close(epoch+3, 1000, 0, 0)
	var kinds []log.Kind
	for _, r := range w.records() {
		kinds = append(kinds, r.Kind())
		if r.Kind() != log.KindEpoch {
			continue
		}
		e, err := log.ParseEpoch(r)
		w.must("parse the record of an epoch", err)
		for _, table := range []log.Table{e.Inputs, e.Payouts} {
			if document, err := w.Table(w.ctx, table.Hash); err != nil || log.TableOf(document) != table {
				t.Errorf("a table of epoch %d: got %q, %v", e.Number, document, err)
			}
		}
	}
	if want := []log.Kind{log.KindReceipt, log.KindEpoch, log.KindEpoch}; !slices.Equal(kinds, want) {
		t.Errorf("the log has %v, want %v", kinds, want)
	}
	w.check()
}

func listsEpochs(t testing.TB, place Place) {
	w := newWorld(t, place)
	w.register("anna", "bert")
	w.publish("song", 1<<30)
	w.must("deposit", w.Deposit(w.ctx, 1_000_000, start))
	w.serve("anna", "bert", "song", epoch, 1<<29)
	w.close(epoch, 1000, 1<<29, 500)
	w.close(epoch+2, 1000, 0, 0) // in which something becomes payable
	w.close(epoch+5, 1000, 0, 0)
	for _, c := range []struct {
		last uint32
		most int
		want []uint32
	}{
		{epoch + 9, 10, []uint32{epoch + 5, epoch + 2, epoch}}, {epoch + 9, 2, []uint32{epoch + 5, epoch + 2}},
		{epoch + 4, 1, []uint32{epoch + 2}}, {epoch, 1, []uint32{epoch}}, {epoch - 1, 10, nil},
	} {
		list, err := w.Closed(w.ctx, c.last, c.most)
		var got []uint32
		for _, e := range list {
			got = append(got, e.Number)
			if _, err := w.Find(w.ctx, e.Record.Leaf()); err != nil || e.Record.Value("number") != strconv.Itoa(int(e.Number)) {
				t.Errorf("the record of epoch %d: %s, %v", e.Number, e.Record.Append(nil), err)
			}
			if e.Number == epoch && (e.Bytes != 1<<29 || e.Paid != 500) {
				t.Errorf("epoch %d: %+v", epoch, e.Epoch)
			}
		}
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%d up to %d: got %v, %v, want %v", c.most, c.last, got, err, c.want)
		}
	}
	w.check()
}

func failedClosing(t testing.TB, place Place) {
	w := newWorld(t, place)
	w.register("anna", "bert")
	w.publish("song", 1<<30)
	w.must("deposit", w.Deposit(w.ctx, 1_000_000, start))
	w.serve("anna", "bert", "song", epoch, 1<<29)
	refused := errors.New("no")
	for what, closing := range map[string]func(*ledger.Closing) error{
		"an error":      func(*ledger.Closing) error { return refused },
		"lost credits":  func(c *ledger.Closing) error { c.Transfers[0].Entries[0].Amount--; return nil },
		"an empty till": func(c *ledger.Closing) error { c.Transfers[0].Entries = poor; return nil },
	} {
		_, err := w.CloseEpoch(w.ctx, epoch, start, func(f ledger.Facts) (ledger.Closing, error) {
			c, _ := price(epoch, 1000)(f)
			return c, closing(&c)
		})
		if err == nil {
			t.Errorf("%s: closed", what)
		}
		w.expectOpen(epoch)
		if b := w.books("anna"); b.Held != 0 || len(b.Lines)+len(b.Holdings) != 0 {
			t.Errorf("%s: something was paid: %+v", what, b)
		}
	}
	w.close(epoch, 1000, 1<<29, 500)
	w.check()
}

// poor takes from somebody who has nothing.
var poor = []ledger.Entry{{Account: ledger.Payable(account("bert")), Amount: -1}, {Account: ledger.Treasury, Amount: 1}}

func matures(t testing.TB, place Place) {
	w := newWorld(t, place)
	w.register("anna", "bert")
	w.publish("song", 1<<30)
	w.publish("film", 1<<30)
	w.must("deposit", w.Deposit(w.ctx, 1_000_000, start))
	w.serve("anna", "bert", "song", epoch, 1<<29)
	w.close(epoch, 1000, 1<<29, 500)
	w.serve("anna", "bert", "film", epoch+1, 1<<28)
	w.close(epoch+1, 1000, 1<<28, 250)
	w.expectBalance(ledger.Payable(account("anna")), 0)
	w.expectOpen(epoch+2, epoch+3)
	w.close(epoch+2, 1000, 0, 0)
	w.expectBalance(ledger.Payable(account("anna")), 500)
	w.expectBalance(ledger.Earned(account("anna")), 250)
	if b := w.books("anna"); b.Payable != 500 || b.Held != 250 || len(b.Holdings) != 1 || b.Holdings[0].Release != epoch+3 {
		t.Errorf("anna's books: %+v", b)
	}
	w.close(epoch+3, 1000, 0, 0)
	w.expectBalance(ledger.Payable(account("anna")), 750)
	w.expectOpen()
	if f := w.facts(epoch + 9); len(f.Due) != 0 {
		t.Errorf("still due: %+v", f.Due)
	}
	w.check()
}

func tellsTheNext(t testing.TB, place Place) {
	w := newWorld(t, place)
	w.register("anna", "bert")
	w.publish("song", 1<<30)
	for n := range uint32(9) {
		w.serve("anna", "bert", "song", epoch+n, mib)
		w.apply(ledger.Batch{
			Told:      []ledger.Told{told(ledger.Stay{Epoch: epoch + n, Account: account("anna"), Work: infohash("song"), Minutes: 10, Asked: 1})},
			Presences: []ledger.Presence{{Epoch: epoch + n, Account: account("anna"), Net: reward.Tag{byte(n)}}},
		})
		f := w.facts(epoch + n)
		people := map[[16]byte]ledger.Person{}
		for _, p := range f.People {
			people[p.Account] = p
		}
		anna := ledger.Person{Account: account("anna"), Registered: start, Reputation: reward.NewReputation, Longest: 10 * (uint64(n) + 1)}
		if n > 0 {
			anna.Reputation, anna.Granted = 500+uint64(n)-1, n >= 3
		}
		bert := ledger.Person{Account: account("bert"), Registered: start, Reputation: reward.NewReputation}
		if len(people) != 2 || people[account("anna")] != anna || people[account("bert")] != bert {
			t.Errorf("in epoch %d: got %+v, want %+v and %+v", n, f.People, anna, bert)
		}
		// Of the six epochs before: each had as many networks as its number, and one more.
		nets := uint64(0)
		for before := n - min(n, 6); before < n; before++ {
			nets += uint64(before) + 1
		}
		if n > 0 && (len(f.Reached) != 1 || f.Reached[0] != ledger.Reached{Work: infohash("song"), Nets: nets}) || n == 0 && len(f.Reached) > 0 {
			t.Errorf("in epoch %d: reached %+v, want %d", n, f.Reached, nets)
		}
		_, err := w.CloseEpoch(w.ctx, epoch+n, start, func(ledger.Facts) (ledger.Closing, error) {
			c, err := price(epoch+n, 0)(ledger.Facts{})
			return ledger.Closing{
				Record:  c.Record,
				Epoch:   ledger.Epoch{Number: epoch + n, Bytes: mib},
				Reputes: []ledger.Repute{{Account: account("anna"), Reputation: 500 + uint64(n), Granted: n >= 2}},
				Reached: []ledger.Reached{{Work: infohash("song"), Nets: uint64(n) + 1}},
				Inputs:  c.Inputs, Payouts: c.Payouts, Forget: epoch + n - min(n, 1),
			}, err
		})
		w.must("close", err)
	}
	w.check()
	w.serve("anna", "bert", "song", epoch+9, mib)
	for _, p := range w.facts(epoch + 7).Presences {
		if p.Account == account("anna") && p.Epoch != epoch+7 {
			t.Errorf("got %+v", p)
		}
	}
	for _, p := range w.facts(epoch + 6).Presences {
		t.Errorf("what was to be forgotten is there: %+v", p)
	}
}

func closesStays(t testing.TB, place Place) {
	w := newWorld(t, place)
	w.register("anna", "bert")
	w.publish("song", 1<<30)
	w.apply(ledger.Batch{Told: []ledger.Told{told(ledger.Stay{Epoch: epoch, Account: account("anna"), Work: infohash("song"), Minutes: 1})}})
	w.serve("anna", "bert", "song", epoch+1, mib)
	w.expectOpen(epoch, epoch+1)
	if _, err := w.CloseEpoch(w.ctx, epoch+1, start, price(epoch+1, 1)); !errors.Is(err, ledger.ErrOrder) {
		t.Errorf("closed over an open one: %v", err)
	}
	w.close(epoch, 1000, 0, 0)
	w.expectOpen(epoch + 1)
}

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
			_, err := store.CloseEpoch(w.ctx, epoch, start, price(epoch, 1000))
			failed <- err
		})
	}
	wait.Wait()
	close(failed)
	for err := range failed {
		w.must("close", err)
	}
	w.expectBalance(ledger.Earned(account("anna")), 500)
	again, err := w.CloseEpoch(w.ctx, epoch, start, price(epoch, 7777))
	if want := (ledger.Epoch{Number: epoch, Bytes: 1 << 29, Paid: 500}); err != nil || again != want {
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
	if _, err := w.CloseEpoch(w.ctx, epoch+5, start, price(epoch+5, 1000)); !errors.Is(err, ledger.ErrOrder) {
		t.Errorf("closed over an open one: %v", err)
	}
	w.expectOpen(epoch+2, epoch+5)
	w.close(epoch+2, 1000, 1<<28, 250)
	w.expectOpen(epoch+4, epoch+5)
	w.close(epoch+4, 1000, 0, 0)
	w.close(epoch+5, 1000, 1<<28, 250)
	got, err := w.CloseEpoch(w.ctx, epoch+3, start, price(epoch+3, 1000))
	if err != nil || got.Paid != 0 || got.Bytes != 0 {
		t.Errorf("one that was skipped: got %+v, %v", got, err)
	}
	w.expectBalance(ledger.Earned(account("anna")), 250)
	w.expectBalance(ledger.Payable(account("anna")), 250)
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
	w.expectOpen(epoch+1, epoch+2)
	w.close(epoch+1, 1000, 1<<28, 250)
	w.close(epoch+2, 1000, 0, 0)
	w.close(epoch+3, 1000, 0, 0)
	w.expect(claim(early, 1<<29+1<<28), 1<<29+1<<28, receipt.Confirmed)
	w.expectOpen(epoch + 4)
	w.close(epoch+4, 1000, 1<<28, 250)
	w.expectBalance(ledger.Earned(account("anna")), 250)
	w.expectBalance(ledger.Payable(account("anna")), 500)
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
	if err != nil || len(b.Lines) != 6 || b.Bytes != 30 {
		t.Fatalf("got %+v, %v, want two whole epochs and all bytes", b, err)
	}
	if !slices.IsSortedFunc(b.Lines, func(x, y ledger.Line) int {
		return cmp.Or(cmp.Compare(y.Epoch, x.Epoch), bytes.Compare(x.Work[:], y.Work[:]))
	}) {
		t.Errorf("not in order: %+v", b.Lines)
	}
	if l := b.Lines[0]; l.Epoch != epoch+2 || l.Basis != 3 || infohash(l.Name) != l.Work {
		t.Errorf("the first is %+v", l)
	}
	if b, _ := w.Books(w.ctx, account("anna"), 1); len(b.Lines) != 3 {
		t.Errorf("asked for one line: got %d, want a whole epoch", len(b.Lines))
	}
	if b := w.books("bert"); len(b.Lines)+len(b.Holdings)+len(b.Refused) != 0 {
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
				_, err := w.CloseEpoch(w.ctx, n, start, price(n, 100_000))
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
		b := w.books(name("person", n))
		earned += b.Held + b.Payable
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
