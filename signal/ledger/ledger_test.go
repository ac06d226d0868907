package ledger_test

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"fanseed/signal/ledger"
	"fanseed/signal/ledger/sqlite"
	"fanseed/signal/log"
	"fanseed/signal/receipt"
	"fanseed/signal/reward"
	"fanseed/signal/ticket"
)

var (
	ctx   = context.Background()
	began = time.UnixMilli(int64(issued))
	song  = [20]byte{7}
)

// signer signs the public log.
var signer, _ = log.NewSigner("fanseed.example", key("log"))

func key(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

func public(name string) [32]byte { return [32]byte(key(name).Public().(ed25519.PublicKey)) }

func account(name string) [16]byte { return ticket.Account(public(name)) }

const emission = 5_000_000

// open returns a ledger over SQLite, and the database itself.
func open(t testing.TB) (*ledger.Ledger, *sqlite.DB) {
	db, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), "books.db"))
	if err != nil {
		t.Fatal(err)
	}
	l, err := ledger.New(ctx, db, ledger.Config{Epochs: ledger.Epochs(time.Minute), Emission: emission, Log: slog.New(slog.DiscardHandler), Signer: signer})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l, db
}

// prepare registers anna and bert and publishes a work of a GiB.
func prepare(t testing.TB, l *ledger.Ledger, db *sqlite.DB) {
	for _, name := range []string{"anna", "bert"} {
		if err := l.Register(ctx, public(name), began); err != nil {
			t.Fatal(err)
		}
	}
	w := ledger.Work{Infohash: song, Name: "song", Length: 1 << 30, PieceLength: 1 << 14, Files: 1, Leaves: 1 << 16, Common: true, Publisher: account("anna")}
	if err := db.Publish(ctx, w, []byte("torrent"), 10); err != nil {
		t.Fatal(err)
	}
}

func newTicket(l *ledger.Ledger, serial uint64) ticket.Ticket {
	t := ticket.Ticket{
		Epoch: l.Epochs().At(began), Seeder: public("anna"), Leecher: public("bert"), Infohash: ticket.Infohash(song),
		Limit: 64 * mib, Issued: issued, Expires: issued + 100_000, SettleBy: issued + 200_000,
	}
	binary.BigEndian.PutUint64(t.Serial[:], serial)
	return t
}

func sign(name string, serial [16]byte, amount uint64) receipt.Receipt {
	r := receipt.Receipt{Serial: serial, Amount: amount}
	copy(r.Signature[:], ed25519.Sign(key(name), receipt.Message(serial, amount)))
	return r
}

func TestSettleVerifiesSignatures(t *testing.T) {
	l, db := open(t)
	prepare(t, l, db)
	tk := newTicket(l, 1)
	if err := l.Issue(ctx, []ticket.Ticket{tk}, make([][2]string, 1)); err != nil {
		t.Fatal(err)
	}
	good := sign("bert", tk.Serial, mib)
	raised := good
	raised.Amount = 2 * mib
	receipts := []receipt.Receipt{sign("anna", tk.Serial, mib), raised, sign("bert", [16]byte{9}, mib), good, good}
	for range 4 { // enough for several cores
		receipts = append(receipts, receipts...)
	}
	results, err := l.Settle(ctx, account("anna"), receipts, began.Add(time.Second))
	if err != nil {
		t.Fatal(err)
	}
	want := []receipt.Reason{receipt.BadSignature, receipt.BadSignature, receipt.UnknownTicket, receipt.Confirmed, receipt.Confirmed}
	for i, r := range results {
		if r.Reason != want[i%5] || r.Serial != receipts[i].Serial {
			t.Errorf("receipt %d: got %s, want %s", i, r.Reason, want[i%5])
		}
	}
	if other, err := l.Settle(ctx, account("bert"), []receipt.Receipt{good}, began); err != nil || other[0].Reason != receipt.UnknownTicket {
		t.Errorf("claimed by the leecher: got %v, %v", other, err)
	}
	s, err := l.Statement(ctx, account("anna"))
	if err != nil || s.Bytes != mib {
		t.Errorf("confirmed %d bytes, %v, want %d", s.Bytes, err, mib)
	}
}

func TestSettleBounds(t *testing.T) {
	l, _ := open(t)
	if results, err := l.Settle(ctx, account("anna"), nil, began); err != nil || len(results) != 0 {
		t.Errorf("nothing: got %v, %v", results, err)
	}
	if _, err := l.Settle(ctx, account("anna"), make([]receipt.Receipt, ledger.MaxReceipts+1), began); !errors.Is(err, ledger.ErrTooMany) {
		t.Errorf("too many: got %v", err)
	}
}

func TestRegisterRefusesSmallOrder(t *testing.T) {
	l, _ := open(t)
	if err := l.Register(ctx, [32]byte{1}, began); !errors.Is(err, ledger.ErrKey) {
		t.Errorf("got %v, want %v", err, ledger.ErrKey)
	}
}

func TestIssueRefusesWhatCannotBeKept(t *testing.T) {
	l, db := open(t)
	prepare(t, l, db)
	for name, change := range map[string]func(*ticket.Ticket){
		"limit":          func(t *ticket.Ticket) { t.Limit = ledger.MaxAmount + 1 },
		"settle by":      func(t *ticket.Ticket) { t.SettleBy = 1 << 63 },
		"times in order": func(t *ticket.Ticket) { t.Expires = t.SettleBy + 1 },
		"issued later":   func(t *ticket.Ticket) { t.Issued = t.Expires + 1 },
		"two parties":    func(t *ticket.Ticket) { t.Leecher = t.Seeder },
		"known parties":  func(t *ticket.Ticket) { t.Leecher = public("carl") },
	} {
		tk := newTicket(l, 1)
		change(&tk)
		if err := l.Issue(ctx, []ticket.Ticket{tk}, make([][2]string, 1)); !errors.Is(err, ledger.ErrTicket) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if err := l.Issue(ctx, []ticket.Ticket{newTicket(l, 1)}, make([][2]string, 1)); err != nil {
		t.Error(err)
	}
}

// Of a treasury of 4,000,000 an epoch pays 10,000, half of it for bytes: all of that to the one who gave any.
func TestEpochsCloseWhenTheyEnd(t *testing.T) {
	l, db := open(t)
	prepare(t, l, db)
	tk := newTicket(l, 1)
	if err := errors.Join(l.Deposit(ctx, 4_000_000, began), l.Issue(ctx, []ticket.Ticket{tk}, make([][2]string, 1))); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Settle(ctx, account("anna"), []receipt.Receipt{sign("bert", tk.Serial, 32*mib)}, began.Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		now           time.Time
		pending, held uint64
		payable       int64
	}{
		{l.Epochs().Ends(tk.Epoch).Add(-time.Millisecond), 5000, 0, 0},
		{l.Epochs().Ends(tk.Epoch), 0, 5000, 0},
		{l.Epochs().Ends(tk.Epoch + reward.HoldEpochs).Add(-time.Millisecond), 0, 5000, 0},
		{l.Epochs().Ends(tk.Epoch + reward.HoldEpochs), 0, 2500, 2500}, // of a young account the half
		{l.Epochs().Ends(tk.Epoch + reward.OldEpochs), 0, 0, 5000},
	} {
		if err := l.CloseEpochs(ctx, c.now); err != nil {
			t.Fatal(err)
		}
		s, err := l.Statement(ctx, account("anna"))
		if err != nil || s.Pending != c.pending || s.Held != int64(c.held) || s.Payable != c.payable {
			t.Errorf("at %v: got %d pending, %d held and %d payable, %v", c.now, s.Pending, s.Held, s.Payable, err)
		}
		if len(s.Lines) != 1 || s.Lines[0].Name != "song" || s.Lines[0].Amount != 5000 || s.Lines[0].Basis != 32*mib || s.Lines[0].Paid != (c.pending == 0) {
			t.Errorf("at %v: lines %+v", c.now, s.Lines)
		}
	}
}

// The server's clock jumps ahead by a day, and back: what was settled is paid once, and what comes then counts for an epoch that is still open.
func TestAClockThatJumps(t *testing.T) {
	l, db := open(t)
	prepare(t, l, db)
	first, second := newTicket(l, 1), newTicket(l, 2)
	if err := errors.Join(l.Deposit(ctx, 4_000_000, began), l.Issue(ctx, []ticket.Ticket{first, second}, make([][2]string, 2))); err != nil {
		t.Fatal(err)
	}
	settle := func(tk ticket.Ticket, amount uint64, now time.Time) {
		t.Helper()
		results, err := l.Settle(ctx, account("anna"), []receipt.Receipt{sign("bert", tk.Serial, amount)}, now)
		if err != nil || results[0].Reason != receipt.Confirmed {
			t.Fatalf("settle: %+v, %v", results, err)
		}
	}
	closes := func(now time.Time) (paid int64, lines []ledger.Line) {
		t.Helper()
		if err := l.CloseEpochs(ctx, now); err != nil {
			t.Fatal(err)
		}
		s, err := l.Statement(ctx, account("anna"))
		if err != nil {
			t.Fatal(err)
		}
		return s.Held + s.Payable, s.Lines
	}
	later := began.Add(time.Second)
	settle(first, 32*mib, later)
	once, _ := closes(later.Add(24 * time.Hour))
	if once != 5000 {
		t.Fatalf("%d µ-credits for the first epoch, want 5,000", once)
	}
	if again, _ := closes(later); again != once {
		t.Errorf("back in time the epoch was paid again: %d", again)
	}
	settle(first, 32*mib, later) // a repetition adds nothing
	settle(second, 8*mib, later) // its epoch is over
	if both, _ := closes(later); both != once {
		t.Errorf("what is settled in an epoch that is open is paid: %d", both)
	}
	all, lines := closes(later.Add(48 * time.Hour))
	if again, _ := closes(later.Add(48 * time.Hour)); all <= once || again != all {
		t.Errorf("then %d, and again %d", all, again)
	}
	bytes, epochs := uint64(0), map[uint32]bool{}
	for _, line := range lines {
		bytes += line.Basis
		epochs[line.Epoch] = true
	}
	if bytes != 40*mib || len(epochs) != 2 {
		t.Errorf("%d bytes in %d epochs: %+v", bytes, len(epochs), lines)
	}
	if err := db.Check(ctx); err != nil {
		t.Error(err)
	}
}

func TestDepositIsBounded(t *testing.T) {
	l, _ := open(t)
	if err := l.Deposit(ctx, reward.MaxAmount+1, began); !errors.Is(err, ledger.ErrDeposit) {
		t.Errorf("got %v", err)
	}
	if err := l.Deposit(ctx, reward.MaxAmount, began); err != nil {
		t.Error(err)
	}
}

func TestRunPaysNobodyOutOfWrongBooks(t *testing.T) {
	s := &slow{wrong: ledger.ErrCorrupt}
	l := overSlow(t, s)
	if err := l.Run(ctx); !errors.Is(err, ledger.ErrCorrupt) {
		t.Errorf("got %v, want %v", err, ledger.ErrCorrupt)
	}
	l.Close()
}

func TestRunClosesEpochs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slow{}
		l := overSlow(t, s)
		running, stop := context.WithCancel(ctx)
		time.Sleep(time.Second) // away from the moment at which epochs end
		first := l.Epochs().At(time.Now())
		s.open = []uint32{first - 1, first, first + 1}
		done := make(chan error)
		go func() { done <- l.Run(running) }()
		for _, want := range [][]uint32{{first - 1}, {first - 1, first}, {first - 1, first, first + 1}} {
			synctest.Wait()
			if got := s.closedEpochs(); !slices.Equal(got, want) {
				t.Errorf("closed %v, want %v", got, want)
			}
			time.Sleep(time.Minute)
		}
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		l.Close()
	})
}

func TestNewRefuses(t *testing.T) {
	_, db := open(t) // begins the books with minutes
	for _, c := range []struct {
		epoch time.Duration
		most  uint64
		want  string
	}{
		{time.Minute, 5, ""},
		{time.Hour, 5, "begun with epochs of 60 s"},
		{time.Millisecond, 5, "whole number of seconds"},
		{90*time.Second + 1, 5, "whole number of seconds"},
		{400 * 24 * time.Hour, 5, "whole number of seconds"},
		{time.Minute, 1 << 60, "emission is too high"},
	} {
		_, err := ledger.New(ctx, db, ledger.Config{Epochs: ledger.Epochs(c.epoch), Emission: c.most})
		if (c.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("epochs of %v with %d: got %v, want %q", c.epoch, c.most, err, c.want)
		}
	}
}

func TestListing(t *testing.T) {
	l, db := open(t)
	prepare(t, l, db)
	for range 2 { // as published, then as read again
		listing, err := ledger.NewListing(ctx, db)
		if err != nil {
			t.Fatal(err)
		}
		if length, listed := listing.Work(song); !listed || length != 1<<30 {
			t.Errorf("song: got %d, %v", length, listed)
		}
		if all := listing.All(); len(all) != listing.Len() || all[song] != (ledger.Listed{Length: 1 << 30, Publisher: account("anna")}) {
			t.Errorf("all works: %v", all)
		}
		film := ledger.Work{Infohash: [20]byte{8}, Length: 5, PieceLength: 1, Files: 1, Publisher: account("anna")}
		err = listing.Publish(ctx, film, []byte("torrent"), 10)
		length, listed := listing.Work(film.Infohash)
		if err == nil && (!listed || length != 5) || errors.Is(err, ledger.ErrWorkRemoved) && listed {
			t.Errorf("film, %v: got %d, %v", err, length, listed)
		}
		if err := listing.Remove(ctx, film.Infohash); err != nil {
			t.Fatal(err)
		}
		if _, listed := listing.Work(film.Infohash); listed {
			t.Error("a removed work is listed")
		}
	}
}

// slow is a backend that counts its transactions and lets a test hold them up.
type slow struct {
	ledger.Backend
	mu     sync.Mutex
	sizes  []int
	gate   chan struct{}
	reject func(ledger.Batch) error
	wrong  error
	open   []uint32
	closed []uint32

	unlogged int   // records
	unable   error // that Sequence returns
}

func (s *slow) Check(context.Context) error { return s.wrong }

func (s *slow) Once(_ context.Context, name, value string) (string, error) {
	if name == "epoch_seconds" {
		return "60", nil
	}
	return value, nil
}

func (s *slow) OpenEpochs(context.Context) ([]uint32, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.open), nil
}

func (s *slow) CloseEpoch(_ context.Context, n uint32, _ uint64, _ func(ledger.Facts) (ledger.Closing, error)) (ledger.Epoch, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open, s.closed = s.open[1:], append(s.closed, n)
	return ledger.Epoch{Number: n}, nil
}

func (s *slow) closedEpochs() []uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.closed)
}

func (s *slow) Registered(context.Context, [32]byte) (bool, error) { return false, nil }
func (s *slow) Close() error                                       { return nil }
func (s *slow) Signers(_ context.Context, n [][16]byte) ([]ledger.Signer, error) {
	return make([]ledger.Signer, len(n)), nil
}

func (s *slow) Apply(_ context.Context, b ledger.Batch) (out ledger.Outcome, err error) {
	<-s.gate
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sizes = append(s.sizes, b.Size())
	if s.reject != nil {
		if err := s.reject(b); err != nil {
			return out, err
		}
	}
	for _, c := range b.Claims {
		out.Results = append(out.Results, receipt.Result{Serial: c.Receipt.Serial})
	}
	out.Increases = make([]log.Receipt, len(b.Claims))
	out.Issued = make([]error, len(b.Tickets))
	return out, nil
}

func overSlow(t *testing.T, s *slow) *ledger.Ledger {
	s.gate = make(chan struct{})
	l, err := ledger.New(ctx, s, ledger.Config{Epochs: ledger.Epochs(time.Minute), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// settleMany lets n callers settle one receipt each while the first transaction is
// held up, and returns their errors.
func settleMany(l *ledger.Ledger, s *slow, n int) []error {
	failed := make([]error, n)
	var wait sync.WaitGroup
	for i := range n {
		wait.Go(func() {
			r := receipt.Receipt{Serial: [16]byte{byte(i)}}
			results, err := l.Settle(ctx, account("anna"), []receipt.Receipt{r}, began)
			if err == nil && (len(results) != 1 || results[0].Serial != r.Serial) {
				err = errors.New("answered with somebody else's result")
			}
			failed[i] = err
		})
	}
	synctest.Wait() // until all of them wait
	close(s.gate)
	wait.Wait()
	return failed
}

func TestWaitingCallersShareATransaction(t *testing.T) {
	synctest.Test(t, waitingCallersShareATransaction)
}

func waitingCallersShareATransaction(t *testing.T) {
	s := &slow{}
	l := overSlow(t, s)
	for i, err := range settleMany(l, s, 50) {
		if err != nil {
			t.Errorf("caller %d: %v", i, err)
		}
	}
	sum := 0
	for _, size := range s.sizes {
		sum += size
	}
	if sum != 50 || len(s.sizes) > 2 {
		t.Errorf("50 receipts were written in %d transactions of %v", len(s.sizes), s.sizes)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

func TestNobodySpoilsTheBatchOfAnother(t *testing.T) {
	synctest.Test(t, nobodySpoilsTheBatchOfAnother)
}

func nobodySpoilsTheBatchOfAnother(t *testing.T) {
	poison := errors.New("poison")
	s := &slow{reject: func(b ledger.Batch) error {
		for _, c := range b.Claims {
			if c.Receipt.Serial[0] == 13 {
				return poison
			}
		}
		return nil
	}}
	l := overSlow(t, s)
	for i, err := range settleMany(l, s, 50) {
		if errors.Is(err, poison) != (i == 13) || (i != 13 && err != nil) {
			t.Errorf("caller %d: %v", i, err)
		}
	}
	l.Close()
}

func TestACallerWhoLeavesDoesNotStopTheOthers(t *testing.T) {
	synctest.Test(t, aCallerWhoLeavesDoesNotStopTheOthers)
}

func aCallerWhoLeavesDoesNotStopTheOthers(t *testing.T) {
	s := &slow{}
	l := overSlow(t, s)
	leaving, leave := context.WithCancel(ctx)
	left := make(chan error)
	go func() { left <- l.Register(leaving, public("anna"), began) }()
	synctest.Wait()
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("the one who left: %v", err)
	}
	close(s.gate)
	if err := l.Register(ctx, public("bert"), began); err != nil {
		t.Errorf("the next: %v", err)
	}
	l.Close()
	if err := l.Register(ctx, public("carl"), began); !errors.Is(err, ledger.ErrClosed) {
		t.Errorf("after the end: got %v", err)
	}
}
