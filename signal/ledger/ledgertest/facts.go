package ledgertest

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"reflect"
	"slices"
	"testing"

	"fanseed/signal/ledger"
	"fanseed/signal/log"
	"fanseed/signal/reward"
	"fanseed/signal/ticket"
)

func factCases() []Case {
	return []Case{
		{"what was given is told from what was traded, and from what was too much", gave},
		{"tries are counted by pairs", tried},
		{"an account is where it was seen first", present},
		{"stays add up while their epoch is open", stays},
		{"failed audits are told while their epoch is open, and are in the log", audits},
		{"a work's leaves are kept", leaves},
	}
}

// facts returns those of an epoch in a fixed order.
func (w *world) facts(n uint32) ledger.Facts {
	w.Helper()
	f, err := w.Facts(w.ctx, n)
	if err != nil {
		w.Fatalf("facts: %v", err)
	}
	slices.SortFunc(f.Gave, byNames)
	slices.SortFunc(f.Stays, func(a, b ledger.Stay) int {
		return cmp.Or(bytes.Compare(a.Account[:], b.Account[:]), bytes.Compare(a.Work[:], b.Work[:]))
	})
	slices.SortFunc(f.Tried, func(a, b ledger.Tried) int { return bytes.Compare(a.Leecher[:], b.Leecher[:]) })
	slices.SortFunc(f.Presences, func(a, b ledger.Presence) int { return bytes.Compare(a.Account[:], b.Account[:]) })
	slices.SortFunc(f.Works, func(a, b ledger.Work) int { return bytes.Compare(a.Infohash[:], b.Infohash[:]) })
	return f
}

func byNames(a, b ledger.Gave) int {
	return cmp.Or(bytes.Compare(a.Seeder[:], b.Seeder[:]), bytes.Compare(a.Leecher[:], b.Leecher[:]), bytes.Compare(a.Work[:], b.Work[:]))
}

func gave(t testing.TB, place Place) {
	w := newWorld(t, place)
	w.register("anna", "bert", "cleo")
	w.publish("song", 64*mib)
	w.publish("film", 64*mib)
	w.must("deposit", w.Deposit(w.ctx, 77, start))
	w.serve("anna", "bert", "song", epoch, 5*mib)
	w.serve("anna", "bert", "song", epoch, 6*mib)
	w.serve("anna", "cleo", "film", epoch, 7*mib)
	w.serve("anna", "bert", "film", epoch+1, 8*mib)
	traded := w.ticket("cleo", "bert", "song", epoch)
	traded.Flags = ticket.Traded
	if err := w.apply(ledger.Batch{Tickets: []ticket.Ticket{traded}}).Issued[0]; err != nil {
		t.Fatal(err)
	}
	w.settle(claim(traded, 9*mib))
	w.serve("anna", "cleo", "film", epoch, 50*mib)
	w.settle(claim(w.issue("bert", "cleo", "film", epoch), 8*mib)) // of which a whole copy lacks 7
	w.settle(claim(w.issue("bert", "cleo", "film", epoch), mib))   // and then nothing
	f := w.facts(epoch)
	want := []ledger.Gave{
		{Seeder: account("anna"), Leecher: account("bert"), Work: infohash("song"), Bytes: 11 * mib},
		{Seeder: account("anna"), Leecher: account("cleo"), Work: infohash("film"), Bytes: 57 * mib},
		{Seeder: account("cleo"), Leecher: account("bert"), Work: infohash("song"), Traded: 9 * mib},
		{Seeder: account("bert"), Leecher: account("cleo"), Work: infohash("film"), Bytes: 7 * mib, Capped: true},
	}
	slices.SortFunc(want, byNames)
	if !reflect.DeepEqual(f.Gave, want) || f.Treasury != 77 || len(f.Works) != 2 {
		t.Errorf("got %+v, a treasury of %d and %d works; want %+v", f.Gave, f.Treasury, len(f.Works), want)
	}
	if f := w.facts(epoch + 2); len(f.Gave)+len(f.Works)+len(f.Tried)+len(f.Stays)+len(f.Presences) != 0 {
		t.Errorf("of an epoch in which nothing was: %+v", f)
	}
}

func tried(t testing.TB, place Place) {
	w := newWorld(t, place)
	w.register("anna", "bert", "cleo", "dora")
	w.publish("song", 64*mib)
	first := w.issue("anna", "bert", "song", epoch)
	w.issue("anna", "bert", "song", epoch) // a further ticket of the same pair
	w.issue("cleo", "bert", "song", epoch)
	w.issue("dora", "bert", "song", epoch+1)
	w.issue("anna", "dora", "song", epoch)
	w.settle(claim(first, mib))
	want := []ledger.Tried{{Leecher: account("bert"), Pairs: 2, Successful: 1}, {Leecher: account("dora"), Pairs: 1}}
	slices.SortFunc(want, func(a, b ledger.Tried) int { return bytes.Compare(a.Leecher[:], b.Leecher[:]) })
	if got := w.facts(epoch).Tried; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func present(t testing.TB, place Place) {
	w := newWorld(t, place)
	w.register("anna", "bert")
	w.publish("song", 64*mib)
	w.serve("anna", "bert", "song", epoch, mib)
	here := func(name string, epoch uint32, net byte) ledger.Presence {
		return ledger.Presence{Epoch: epoch, Account: account(name), Net: reward.Tag{net}}
	}
	w.apply(ledger.Batch{Presences: []ledger.Presence{here("anna", epoch, 1), here("anna", epoch, 2), here("nobody", epoch, 3)}})
	w.apply(ledger.Batch{Presences: []ledger.Presence{here("anna", epoch, 4), here("anna", epoch+1, 5), here("bert", epoch-3, 6), here("bert", epoch-1, 7)}})
	want := []ledger.Presence{here("anna", epoch, 1), here("bert", epoch-1, 7)}
	slices.SortFunc(want, func(a, b ledger.Presence) int { return bytes.Compare(a.Account[:], b.Account[:]) })
	if got := w.facts(epoch).Presences; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// told is a list of stays as it is told for the first time.
func told(list ...ledger.Stay) ledger.Told {
	t := ledger.Told{Stays: list}
	rand.Read(t.ID[:])
	return t
}

func stays(t testing.TB, place Place) {
	w := newWorld(t, place)
	w.register("anna")
	w.publish("song", 64*mib)
	w.publish("film", 64*mib)
	stay := func(name, work string, n uint32, minutes, asked, passed uint64) ledger.Stay {
		return ledger.Stay{Epoch: n, Account: account(name), Work: infohash(work), Minutes: minutes, Asked: asked, Passed: passed}
	}
	first := told(
		stay("anna", "song", epoch, 1, 0, 0), stay("anna", "song", epoch, 1, 8, 7), stay("anna", "film", epoch, 1, 0, 0),
		stay("nobody", "song", epoch, 1, 0, 0), stay("anna", "nothing", epoch, 1, 0, 0), stay("anna", "song", epoch+1, 1, 0, 0),
	)
	second := told(stay("anna", "song", epoch, 2, 8, 8))
	w.apply(ledger.Batch{Told: []ledger.Told{first}})
	w.apply(ledger.Batch{Told: []ledger.Told{first, second, second}}) // the first of them comes again
	want := []ledger.Stay{stay("anna", "song", epoch, 4, 16, 15), stay("anna", "film", epoch, 1, 0, 0)}
	slices.SortFunc(want, func(a, b ledger.Stay) int { return bytes.Compare(a.Work[:], b.Work[:]) })
	if got := w.facts(epoch).Stays; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	_, err := w.CloseEpoch(w.ctx, epoch, start, price(epoch, 0))
	w.must("close", err)
	w.apply(ledger.Batch{Told: []ledger.Told{first, told(stay("anna", "song", epoch, 2, 8, 8))}})
	if got := w.facts(epoch).Stays; !reflect.DeepEqual(got, want) {
		t.Errorf("after the epoch was closed: got %+v, want %+v", got, want)
	}
}

func leaves(t testing.TB, place Place) {
	w := newWorld(t, place)
	w.publish("song", 64*mib)
	weak := ledger.Work{Infohash: infohash("old"), Name: "old", Length: 5, PieceLength: 1, Files: 1, Leaves: 5, Weak: true, Publisher: account("publisher")}
	w.must("publish", w.Publish(w.ctx, weak, []byte("torrent"), 10))
	for name, want := range map[string]ledger.Work{"song": {Leaves: 4096, Common: true}, "old": {Leaves: 5, Weak: true}} {
		got, err := w.Work(w.ctx, infohash(name))
		if err != nil || got.Leaves != want.Leaves || got.Weak != want.Weak || got.Common != want.Common {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
}

func audits(t testing.TB, place Place) {
	w := newWorld(t, place)
	w.register("anna", "bert")
	w.publish("song", 64*mib)
	audited := func(name, work string, n uint32, passed bool) ledger.Audited {
		return ledger.Audited{Epoch: n, Account: account(name), Work: infohash(work), Passed: passed, Why: "why", Time: start + uint64(n)}
	}
	w.apply(ledger.Batch{Audits: []ledger.Audited{
		audited("anna", "song", epoch, false), audited("bert", "song", epoch, true), audited("anna", "song", epoch+1, false),
		audited("nobody", "song", epoch, false), audited("anna", "nothing", epoch, false),
	}})
	second := audited("anna", "song", epoch, false)
	second.Time += 5
	w.apply(ledger.Batch{Audits: []ledger.Audited{second, second}})
	w.apply(ledger.Batch{Audits: []ledger.Audited{audited("anna", "song", epoch, false), second}})
	w.expectOpen(epoch, epoch+1)
	f := w.facts(epoch)
	if want := []ledger.Failed{{Account: account("anna"), Times: 2}}; !slices.Equal(f.Failed, want) || len(f.People) != 1 {
		t.Errorf("got %+v of %d people, want %+v", f.Failed, len(f.People), want)
	}
	w.close(epoch, 0, 0, 0)
	third := second
	third.Time += 5
	w.apply(ledger.Batch{Audits: []ledger.Audited{third}})
	if f := w.facts(epoch); len(f.Failed) != 1 || f.Failed[0].Times != 2 {
		t.Errorf("after the epoch was closed: got %+v", f.Failed)
	}
	logged := 0
	for _, r := range w.records() {
		if r.Kind() == log.KindAudit {
			logged++
		}
	}
	if logged != 3 {
		t.Errorf("%d failed audits are in the log, want 3", logged)
	}
	w.check()
}
