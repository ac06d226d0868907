package ledgertest

import (
	"errors"
	"slices"
	"sync"
	"testing"

	"fanseed/signal/ledger"
	"fanseed/signal/log"
	"fanseed/signal/receipt"
)

func logCases() []Case {
	return []Case{
		{"what was settled is in the log once, in order", loggedOnce},
		{"two servers write the log at the same time, and it is written once", twoSequencers},
		{"a receipt that is settled again is the same record", sameRecord},
		{"an account's newest increases are its own", newestIncreases},
	}
}

// mostRecords is more than any case has.
const mostRecords = 10_000

// sequence writes all of the log in parts, and returns how many records it wrote.
func (w *world) sequence(most int) (total int) {
	w.Helper()
	for {
		n, err := w.Sequence(w.ctx, most)
		w.must("sequence", err)
		if total += n; n < most {
			return total
		}
		if total > mostRecords {
			w.Fatalf("wrote %d records, and there are always more", total)
		}
	}
}

// encoded reads the log.
func (w *world) encoded() (tree log.Tree, records [][]byte) {
	w.Helper()
	tree, err := w.LogTree(w.ctx)
	w.must("read the tree", err)
	for at := int64(0); at*log.Width < tree.N; at++ {
		bundle, err := w.ReadTile(w.ctx, log.Entries, at)
		w.must("read a bundle", err)
		part, err := log.ParseBundle(bundle, int(min(log.Width, tree.N-at*log.Width)))
		w.must("parse a bundle", err)
		records = append(records, part...)
	}
	return tree, records
}

// records parses the log.
func (w *world) records() (list []log.Record) {
	w.Helper()
	_, encoded := w.encoded()
	for _, b := range encoded {
		r, err := log.ParseRecord(b)
		w.must("parse a record", err)
		list = append(list, r)
	}
	return list
}

// expectLog compares the log with records; those of deposits are only counted.
func (w *world) expectLog(want ...log.Receipt) {
	w.Helper()
	tree, records := w.encoded()
	var leaves []log.Hash
	for n, b := range records {
		r, err := log.ParseRecord(b)
		w.must("parse a record", err)
		if r.Kind() == log.KindReceipt {
			leaves = append(leaves, r.Leaf())
		}
		if found, err := w.Find(w.ctx, r.Leaf()); err != nil || found != int64(n) {
			w.Errorf("record %d: found as %d, %v", n, found, err)
		}
	}
	if !slices.EqualFunc(leaves, want, func(leaf log.Hash, r log.Receipt) bool { return leaf == r.Record().Leaf() }) {
		w.Errorf("the log has %d receipts, or other ones, want %d", len(leaves), len(want))
	}
	if a, err := log.Append(w.ctx, nil, log.Empty, records); err != nil || a.Tree != tree {
		w.Errorf("the records make the tree %v, %v, want %v", a.Tree, err, tree)
	}
}

func record(c ledger.Claim, epoch uint32) log.Receipt {
	return log.Receipt{Salt: c.Salt, Serial: c.Receipt.Serial, Amount: c.Receipt.Amount, Epoch: epoch}
}

func loggedOnce(t testing.TB, place Place) {
	w := newWorld(t, place)
	w.register("anna", "bert")
	w.publish("song", 1<<30)
	w.expectLog()
	if _, err := w.Find(w.ctx, log.Hash{1}); !errors.Is(err, log.ErrNone) {
		t.Errorf("what is not there: %v", err)
	}
	if _, err := w.Table(w.ctx, [32]byte{1}); !errors.Is(err, log.ErrNone) {
		t.Errorf("a table that is not there: %v", err)
	}
	var want []log.Receipt
	for part, size := range []int{1, 255, 300, 700, 0} {
		tk := w.issue("anna", "bert", "song", epoch)
		w.must("deposit", w.Deposit(w.ctx, int64(1000+part), start))
		var claims []ledger.Claim
		for i := range size {
			claims = append(claims, claim(tk, uint64(i+1)), claim(tk, uint64(i+1)))
			want = append(want, record(claims[2*i], epoch))
		}
		w.settle(claims...)
		if n := w.sequence(100 * (part + 1)); n != size+1 {
			t.Errorf("wrote %d records, want %d", n, size+1)
		}
		w.expectLog(want...)
		w.check()
	}
	if n := w.sequence(1); n != 0 {
		t.Errorf("wrote %d records again", n)
	}
}

func twoSequencers(t testing.TB, place Place) {
	w := newWorld(t, place)
	w.register("anna", "bert")
	w.publish("song", 1<<30)
	other := place(t)
	defer other.Close()
	tk := w.issue("anna", "bert", "song", epoch)
	var want []log.Receipt
	var wait sync.WaitGroup
	for _, server := range []Store{w.Store, other} {
		wait.Go(func() {
			for range 100 {
				if _, err := server.Sequence(w.ctx, 7); err != nil {
					t.Errorf("sequence: %v", err)
				}
			}
		})
	}
	for i := range 50 {
		c := claim(tk, uint64(i+1))
		w.settle(c)
		want = append(want, record(c, epoch))
	}
	wait.Wait()
	w.sequence(7)
	w.expectLog(want...)
	w.check()
}

func sameRecord(t testing.TB, place Place) {
	w := newWorld(t, place)
	w.register("anna", "bert")
	w.publish("song", 1<<30)
	tk, unused := w.issue("anna", "bert", "song", epoch), w.issue("anna", "bert", "song", epoch)
	first, second := claim(tk, mib), claim(tk, 2*mib)
	forged := claim(tk, 3*mib)
	forged.Genuine = false
	for _, c := range []struct {
		claim ledger.Claim
		want  log.Receipt
	}{
		{claim(unused, 0), log.Receipt{}},
		{first, record(first, epoch)},
		{claim(tk, mib), record(first, epoch)},
		{second, record(second, epoch)},
		{forged, log.Receipt{}},
		{first, log.Receipt{}}, // it is lower now
	} {
		if got := w.apply(ledger.Batch{Claims: []ledger.Claim{c.claim}}).Increases[0]; got != c.want {
			t.Errorf("a receipt of %d: got %+v, want %+v", c.claim.Receipt.Amount, got, c.want)
		}
	}
	third := claim(tk, 4*mib)
	got := w.apply(ledger.Batch{Claims: []ledger.Claim{claim(tk, 2*mib), third, claim(tk, 4*mib)}}).Increases
	if want := []log.Receipt{record(second, epoch), record(third, epoch), record(third, epoch)}; !slices.Equal(got, want) {
		t.Errorf("in one batch: got %+v, want %+v", got, want)
	}
}

func newestIncreases(t testing.TB, place Place) {
	w := newWorld(t, place)
	w.register("anna", "bert", "carl")
	w.publish("song", 1<<30)
	one, two, other := w.issue("anna", "bert", "song", epoch), w.issue("anna", "carl", "song", epoch), w.issue("carl", "bert", "song", epoch)
	a, b, c := claim(one, mib), claim(two, mib), claim(one, 2*mib)
	w.settle(a, claim(other, mib), b, c)
	got, err := w.Increases(w.ctx, account("anna"), 2)
	if want := []log.Receipt{record(c, epoch), record(b, epoch)}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	w.expect(claim(one, 2*mib), 2*mib, receipt.Confirmed)
	if got, err := w.Increases(w.ctx, account("bert"), 2); err != nil || len(got) != 0 {
		t.Errorf("of who earns nothing: got %+v, %v", got, err)
	}
}
