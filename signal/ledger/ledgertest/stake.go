package ledgertest

import (
	"bytes"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"

	"fanseed/signal/ledger"
	"fanseed/signal/log"
)

func stakeCases() []Case {
	return []Case{
		{"an account is credited once", creditsAccounts},
		{"a boost is locked once, and has a part for each epoch", locksBoosts},
		{"the works that are boosted most are listed, and no removed ones", listsBoosted},
		{"a boost pays who served, and goes back where nobody did", paysBoosts},
		{"a pool pays until it ends, and the rest goes back", paysPools},
		{"a work has few pools at once", fewPools},
		{"nobody locks what is not there", locksNothing},
	}
}

// today is the epoch of a day in which the tests begin.
const today = uint32(start / (24 * hour))

// paying is a ledger over the world's books, by whose rules epochs are closed.
func (w *world) paying() *ledger.Ledger {
	w.Helper()
	l, err := ledger.New(w.ctx, w.Store, ledger.Config{Epochs: ledger.Epochs(24 * time.Hour), Emission: 0, Log: slog.New(slog.DiscardHandler)})
	w.must("open a ledger", err)
	return l
}

// rich gives an account something to spend.
func (w *world) rich(name string, amount uint64) {
	w.Helper()
	w.must("deposit", w.Deposit(w.ctx, int64(amount), start))
	w.must("credit", w.Credit(w.ctx, account(name), account(name), amount, start))
}

func creditsAccounts(t testing.TB, place Place) {
	w := newWorld(t, place)
	w.register("anna", "bert")
	w.rich("anna", 5000)
	w.must("credit again", w.Credit(w.ctx, account("anna"), account("anna"), 5000, start))
	for _, c := range []struct {
		account [16]byte
		amount  uint64
	}{{account("anna"), 4000}, {account("bert"), 5000}} {
		if err := w.Credit(w.ctx, account("anna"), c.account, c.amount, start); !errors.Is(err, ledger.ErrTaken) {
			t.Errorf("another one under the same id: %v", err)
		}
	}
	if err := w.Credit(w.ctx, account("bert"), account("bert"), 1, start); !errors.Is(err, ledger.ErrFunds) {
		t.Errorf("out of an empty treasury: %v", err)
	}
	w.expectBalance(ledger.Payable(account("anna")), 5000)
	w.expectBalance(ledger.Treasury, 0)
	w.check()
}

func boost(name, owner, work string, price uint64, epochs uint32) ledger.Boost {
	id := infohash(name)
	return ledger.Boost{
		ID: [16]byte(id[:]), Work: infohash(work), Owner: account(owner), Price: price, First: today, Epochs: epochs, Time: start,
	}
}

func (w *world) expectBacking(work string, n uint32, want ledger.Backing) {
	w.Helper()
	if got, err := w.Backing(w.ctx, n, infohash(work)); err != nil || got != want {
		w.Errorf("on the %s from epoch %d on: got %+v, %v, want %+v", work, n, got, err, want)
	}
}

func locksBoosts(t testing.TB, place Place) {
	w := newWorld(t, place)
	w.register("anna")
	w.publish("song", 1<<30)
	w.rich("anna", 100_000)
	b := boost("first", "anna", "song", 10_000, 3)
	for range 2 {
		if kept, err := w.Boost(w.ctx, b); err != nil || kept != b {
			t.Fatalf("got %+v, %v", kept, err)
		}
	}
	other := b
	other.Price++
	if _, err := w.Boost(w.ctx, other); !errors.Is(err, ledger.ErrTaken) {
		t.Errorf("another one under the same id: %v", err)
	}
	w.expectBalance(ledger.Payable(account("anna")), 90_000)
	w.expectBalance(ledger.BoostAccount(b.ID), 9_800)
	w.expectBalance(ledger.Treasury, 200)
	w.expectOpen(today, today+1, today+2)
	sum := uint64(0)
	for n := today; n < today+3; n++ {
		for _, s := range w.facts(n).Slices {
			if s.Boost != b || s.Epoch != n {
				t.Errorf("slice %+v", s)
			}
			sum += s.Amount
		}
	}
	if sum != 9_800 {
		t.Errorf("the slices are %d in all", sum)
	}
	w.expectBacking("song", today+1, ledger.Backing{Boosts: 1, Boost: b.Slices()[1].Amount, BoostLeft: b.Slices()[1].Amount + b.Slices()[2].Amount, BoostLast: today + 2})
	w.expectBacking("song", today+3, ledger.Backing{})
	w.expectBacking("film", today, ledger.Backing{})
	if list, err := w.Stakes(w.ctx, today+2, account("anna")); err != nil || len(list.Boosts) != 1 || list.Boosts[0] != b {
		t.Errorf("running: %+v, %v", list, err)
	}
	if list, err := w.Stakes(w.ctx, today+3, [16]byte{}); err != nil || len(list.Boosts) != 0 {
		t.Errorf("running afterwards: %+v, %v", list, err)
	}
	_, err := w.CloseEpoch(w.ctx, today-1, start, price(today-1, 0))
	w.must("close", err)
	late := boost("late", "anna", "song", 1000, 1)
	late.First = today - 5
	if kept, err := w.Boost(w.ctx, late); err != nil || kept.First != today {
		t.Errorf("one of an epoch that is closed: got %+v, %v", kept, err)
	}
	logged := 0
	for _, r := range w.records() {
		if r.Kind() == log.KindBoost {
			logged++
		}
	}
	if logged != 2 {
		t.Errorf("%d boosts are in the log, want 2", logged)
	}
	w.check()
}

func listsBoosted(t testing.TB, place Place) {
	w := newWorld(t, place)
	w.register("anna", "bert")
	for _, name := range []string{"song", "film", "book", "gone"} {
		w.publish(name, 1<<30)
	}
	w.rich("anna", 100_000)
	for _, b := range []ledger.Boost{
		boost("one", "anna", "song", 10_000, 2), boost("two", "anna", "song", 3_000, 1), // 4,900 + 2,940
		boost("three", "anna", "film", 10_000, 1), boost("four", "anna", "book", 10_000, 1), // 9,800 each
		boost("five", "anna", "gone", 50_000, 1),
	} {
		_, err := w.Boost(w.ctx, b)
		w.must("boost", err)
	}
	w.must("remove", w.Remove(w.ctx, infohash("gone")))
	first, second := infohash("film"), infohash("book")
	if bytes.Compare(first[:], second[:]) > 0 {
		first, second = second, first
	}
	want := []ledger.Boosted{{Work: first, Amount: 9_800, Last: today}, {Work: second, Amount: 9_800, Last: today}, {Work: infohash("song"), Amount: 7_840, Last: today + 1}}
	for most := 1; most <= 4; most++ {
		if got, err := w.Boosted(w.ctx, today, most); err != nil || !slices.Equal(got, want[:min(most, 3)]) {
			t.Errorf("the first %d: got %+v, %v", most, got, err)
		}
	}
	if got, err := w.Boosted(w.ctx, today+1, 10); err != nil || !slices.Equal(got, []ledger.Boosted{{Work: infohash("song"), Amount: 4_900, Last: today + 1}}) {
		t.Errorf("tomorrow: got %+v, %v", got, err)
	}
	if got, err := w.Boosted(w.ctx, today+2, 10); err != nil || len(got) != 0 {
		t.Errorf("the day after: got %+v, %v", got, err)
	}
}

func paysBoosts(t testing.TB, place Place) {
	w := newWorld(t, place)
	w.register("anna", "bert", "cleo")
	w.publish("song", 1<<30)
	w.rich("anna", 10_000)
	b := boost("first", "anna", "song", 10_000, 2)
	_, err := w.Boost(w.ctx, b)
	w.must("boost", err)
	l := w.paying()
	w.serve("bert", "cleo", "song", today, 64*mib)
	w.must("close", l.CloseEpochs(w.ctx, l.Epochs().Ends(today)))
	w.expectBalance(ledger.Earned(account("bert")), 4_900)
	w.expectBalance(ledger.BoostAccount(b.ID), 4_900)
	w.check()
	w.must("close", l.CloseEpochs(w.ctx, l.Epochs().Ends(today+1)))
	w.expectBalance(ledger.BoostAccount(b.ID), 0)
	w.expectBalance(ledger.Payable(account("anna")), 4_900)
	w.expectBalance(ledger.Treasury, 200)
	if b := w.books("bert"); len(b.Lines) != 2 || b.Held != 4_900 {
		t.Errorf("bert's books: %+v", b)
	}
	w.check()
}

func paysPools(t testing.TB, place Place) {
	w := newWorld(t, place)
	w.register("anna", "bert", "cleo")
	w.publish("song", 1<<30)
	w.rich("anna", 10_000)
	id := infohash("pool")
	p := ledger.Pool{ID: [16]byte(id[:]), Work: infohash("song"), Owner: account("anna"), Amount: 10_000, Rate: 64_000, Last: today + 1, Time: start}
	for range 2 {
		if kept, err := w.Fund(w.ctx, p); err != nil || kept != p {
			t.Fatalf("got %+v, %v", kept, err)
		}
	}
	other := p
	other.Rate++
	if _, err := w.Fund(w.ctx, other); !errors.Is(err, ledger.ErrTaken) {
		t.Errorf("another one under the same id: %v", err)
	}
	w.expectBalance(ledger.Payable(account("anna")), 0)
	l := w.paying()
	w.serve("bert", "cleo", "song", today, 64*mib) // a 16th of a GiB, of which a new seeder's count a quarter
	w.must("close", l.CloseEpochs(w.ctx, l.Epochs().Ends(today)))
	w.expectBalance(ledger.Earned(account("bert")), 1_000)
	w.expectBalance(ledger.PoolAccount(p.ID), 9_000)
	w.expectBacking("song", today+1, ledger.Backing{Pools: 1, PoolLeft: 9_000, PoolRate: p.Rate, PoolLast: today + 1})
	if list, err := w.Stakes(w.ctx, today+1, [16]byte{}); err != nil || len(list.Pools) != 1 || list.Pools[0] != (ledger.Fund{Pool: p, Left: 9_000}) {
		t.Errorf("running: %+v, %v", list, err)
	}
	w.check()
	w.must("close", l.CloseEpochs(w.ctx, l.Epochs().Ends(today+1)))
	w.expectBalance(ledger.PoolAccount(p.ID), 0)
	w.expectBalance(ledger.Payable(account("anna")), 9_000)
	if f := w.facts(today + 2); len(f.Funds) != 0 {
		t.Errorf("funds of a pool that ended: %+v", f.Funds)
	}
	w.check()
}

func fewPools(t testing.TB, place Place) {
	w := newWorld(t, place)
	w.register("anna")
	w.publish("song", 1<<30)
	w.publish("film", 1<<30)
	w.rich("anna", 100_000)
	fund := func(n int, work string, last uint32) error {
		id := infohash(name("pool", n))
		_, err := w.Fund(w.ctx, ledger.Pool{ID: [16]byte(id[:]), Work: infohash(work), Owner: account("anna"), Amount: 1_000, Rate: 1, Last: last, Time: start})
		return err
	}
	for n := range ledger.MaxPools {
		w.must("fund", fund(n, "song", today))
	}
	if err := fund(ledger.MaxPools, "song", today); !errors.Is(err, ledger.ErrMany) {
		t.Errorf("one too many: %v", err)
	}
	w.must("fund another work", fund(ledger.MaxPools+1, "film", today))
	l := w.paying()
	w.must("close", l.CloseEpochs(w.ctx, l.Epochs().Ends(today)))
	w.must("fund when they have ended", fund(ledger.MaxPools, "song", today+1))
	w.check()
}

func locksNothing(t testing.TB, place Place) {
	w := newWorld(t, place)
	w.register("anna", "bert")
	w.publish("song", 1<<30)
	w.publish("gone", 1<<30)
	w.must("remove", w.Remove(w.ctx, infohash("gone")))
	w.rich("anna", 10_000)
	promo := boost("promo", "anna", "song", 5_000, 1)
	promo.Promo = true
	long := boost("long", "anna", "song", 5_000, ledger.MaxEpochs+1)
	for what, c := range map[string]struct {
		ledger.Boost
		want error
	}{
		"more than there is":          {boost("a", "anna", "song", 10_001, 1), ledger.ErrFunds},
		"of somebody who has nothing": {boost("b", "bert", "song", 5_000, 1), ledger.ErrFunds},
		"of a balance with nothing":   {promo, ledger.ErrFunds},
		"a work that is not there":    {boost("c", "anna", "other", 5_000, 1), ledger.ErrNoWork},
		"a work that was removed":     {boost("d", "anna", "gone", 5_000, 1), ledger.ErrNoWork},
		"too little":                  {boost("e", "anna", "song", ledger.LeastStake-1, 1), ledger.ErrStake},
		"no epoch":                    {boost("f", "anna", "song", 5_000, 0), ledger.ErrStake},
		"too many epochs":             {long, ledger.ErrStake},
	} {
		if _, err := w.Boost(w.ctx, c.Boost); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", what, err, c.want)
		}
	}
	w.expectBalance(ledger.Payable(account("anna")), 10_000)
	for n := range ledger.MaxRunning {
		if n%10 == 0 {
			w.must("deposit", w.Deposit(w.ctx, 10_000+int64(n+10)*1000, start))
			w.must("credit", w.Credit(w.ctx, [16]byte{byte(n)}, account("anna"), 10_000, start))
		}
		_, err := w.Boost(w.ctx, boost(name("one of many", n), "anna", "song", 1000, 1))
		w.must("boost", err)
	}
	if _, err := w.Boost(w.ctx, boost("one too many", "anna", "song", 1000, 1)); !errors.Is(err, ledger.ErrMany) {
		t.Errorf("one too many: %v", err)
	}
	w.check()
}
