package ledger_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"fanseed/signal/ledger"
	"fanseed/signal/log"
	"fanseed/signal/receipt"
	"fanseed/signal/ticket"
)

func (s *slow) Sequence(ctx context.Context, most int) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.unable != nil {
		return 0, errors.Join(s.unable, ctx.Err())
	}
	n := min(most, s.unlogged)
	s.unlogged -= n
	return n, ctx.Err()
}

// settleUnlogged has the books keep n records, and tells the ledger of it.
func settleUnlogged(t *testing.T, l *ledger.Ledger, s *slow, n int) {
	t.Helper()
	s.mu.Lock()
	s.unlogged += n
	s.mu.Unlock()
	if _, err := l.Settle(ctx, account("anna"), make([]receipt.Receipt, 1), began); err != nil {
		t.Fatal(err)
	}
}

func (s *slow) expectUnlogged(t *testing.T, when string, want int) {
	t.Helper()
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.unlogged != want {
		t.Errorf("%s: %d records are not in the log, want %d", when, s.unlogged, want)
	}
}

func (s *slow) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unable = err
}

func TestTheLogIsWrittenSoon(t *testing.T) { synctest.Test(t, theLogIsWrittenSoon) }

func theLogIsWrittenSoon(t *testing.T) {
	s := &slow{unlogged: 10_000} // left by a server that was killed
	l := overSlow(t, s)
	close(s.gate)
	defer l.Close()
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- l.Sequence(running) }()
	s.expectUnlogged(t, "at first", 0)

	settleUnlogged(t, l, s, 3)
	s.expectUnlogged(t, "while more may come", 3)
	settleUnlogged(t, l, s, 2)
	time.Sleep(time.Second)
	s.expectUnlogged(t, "after a second", 0)

	s.fail(ledger.ErrStorage)
	settleUnlogged(t, l, s, 4)
	time.Sleep(time.Minute)
	s.expectUnlogged(t, "while the disk is full", 4)
	s.fail(nil)
	time.Sleep(11 * time.Second)
	s.expectUnlogged(t, "when it is not", 0)

	s.mu.Lock()
	s.unlogged = 5 // by another server
	s.mu.Unlock()
	time.Sleep(61 * time.Second)
	s.expectUnlogged(t, "what another server left", 0)

	settleUnlogged(t, l, s, 6)
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	s.expectUnlogged(t, "when the server has stopped", 0)
}

// A log whose tiles are not its tree is never written on.
func TestACorruptLogEndsItsWriter(t *testing.T) { synctest.Test(t, aCorruptLogEndsItsWriter) }

func aCorruptLogEndsItsWriter(t *testing.T) {
	s := &slow{unable: ledger.ErrCorrupt}
	l := overSlow(t, s)
	defer l.Close()
	if err := l.Sequence(ctx); !errors.Is(err, ledger.ErrCorrupt) {
		t.Errorf("got %v", err)
	}
}

func TestWhatIsStoredIsPromised(t *testing.T) {
	l, db := open(t)
	prepare(t, l, db)
	tk := newTicket(l, 1)
	if err := l.Issue(ctx, []ticket.Ticket{tk}, make([][2]string, 1)); err != nil {
		t.Fatal(err)
	}
	good, forged := sign("bert", tk.Serial, mib), sign("anna", tk.Serial, 2*mib)
	var first receipt.Promise
	for i, later := range []time.Duration{time.Second, 2 * time.Second} {
		now := began.Add(later)
		results, err := l.Settle(ctx, account("anna"), []receipt.Receipt{good, forged}, now)
		if err != nil {
			t.Fatal(err)
		}
		p := results[0].Promise
		leaf := log.Receipt{Salt: p.Salt, Serial: tk.Serial, Amount: mib, Epoch: p.Epoch}.Record().Leaf()
		if err := signer.Key().Promised(log.Promise{Leaf: leaf, By: p.By, Signature: p.Signature}); err != nil {
			t.Errorf("the promise: %v", err)
		}
		if want := uint64(now.Add(ledger.PromiseTime).UnixMilli()); p.By != want || p.Epoch != tk.Epoch {
			t.Errorf("promised by %d in epoch %d, want by %d in epoch %d", p.By, p.Epoch, want, tk.Epoch)
		}
		if i == 0 {
			first = p
		} else if p.Salt != first.Salt {
			t.Error("the same receipt is promised as another record")
		}
		if results[1].Promise != (receipt.Promise{}) {
			t.Errorf("a forged receipt is promised: %+v", results[1].Promise)
		}
		if n, err := db.Sequence(ctx, 10); err != nil || n != 1-i {
			t.Errorf("wrote %d records, %v", n, err)
		}
		if n, err := l.PublicLog().Find(ctx, leaf); err != nil || n != 0 {
			t.Errorf("the record is number %d, %v", n, err)
		}
	}
	s, err := l.Statement(ctx, account("anna"))
	if want := (log.Receipt{Salt: first.Salt, Serial: tk.Serial, Amount: mib, Epoch: tk.Epoch}); err != nil || len(s.Records) != 1 || s.Records[0] != want {
		t.Errorf("the statement has %+v, %v, want %+v", s.Records, err, want)
	}
	signed, err := l.PublicLog().Checkpoint(ctx)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := db.LogTree(ctx)
	if got, wrong := signer.Key().Checkpoint(signed); wrong != nil || got != tree || tree.N != 1 {
		t.Errorf("signed %v, %v, want %v, %v", got, wrong, tree, err)
	}
}
