// Package ledgertest is the contract of a ledger's backend, as a suite of tests
// that every one of them passes.
//
// It promises to use nothing but ledger.Backend and ledger.Works. It never knows
// which database it runs on.
package ledgertest

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"fanseed/signal/ledger"
	"fanseed/signal/receipt"
	"fanseed/signal/ticket"
)

// Store is what a database keeps for the server.
type Store interface {
	ledger.Backend
	ledger.Works
}

// Place is where books are: it opens the same ones each time.
type Place func(t testing.TB) Store

// Case is one part of the contract.
type Case struct {
	Name string
	Run  func(t testing.TB, place Place)
}

// Cases returns the whole contract.
func Cases() []Case {
	return slices.Concat(settleCases(), epochCases(), stakeCases(), appealCases(), factCases(), keepCases(), logCases())
}

// Run holds a backend to the contract. fresh returns a place with no books yet.
func Run(t *testing.T, fresh func(t testing.TB) Place) {
	for _, c := range Cases() {
		t.Run(c.Name, func(t *testing.T) { c.Run(t, fresh(t)) })
	}
}

const (
	mib   = 1 << 20
	start = uint64(1_800_000_000_000) // Unix milliseconds at which the tests begin
	hour  = uint64(3_600_000)
	epoch = uint32(20_000)
)

// world is a store with people and works in it. Its steps stop the test when
// they fail.
type world struct {
	testing.TB
	Store
	ctx     context.Context
	serials uint64
}

func newWorld(t testing.TB, place Place) *world {
	store := place(t)
	t.Cleanup(func() { store.Close() })
	return &world{TB: t, Store: store, ctx: context.Background()}
}

func key(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

func public(name string) [32]byte { return [32]byte(key(name).Public().(ed25519.PublicKey)) }

func account(name string) [16]byte { return ticket.Account(public(name)) }

func infohash(name string) [20]byte {
	sum := sha256.Sum256([]byte(name))
	return [20]byte(sum[:])
}

func (w *world) apply(b ledger.Batch) ledger.Outcome {
	w.Helper()
	out, err := w.Apply(w.ctx, b)
	if err != nil {
		w.Fatalf("apply: %v", err)
	}
	if len(out.Issued) != len(b.Tickets) || len(out.Results) != len(b.Claims) {
		w.Fatalf("%d tickets and %d claims were answered with %d and %d", len(b.Tickets), len(b.Claims), len(out.Issued), len(out.Results))
	}
	return out
}

func (w *world) register(names ...string) {
	w.Helper()
	var b ledger.Batch
	for _, name := range names {
		b.Keys = append(b.Keys, ledger.Key{Public: public(name), Now: start})
	}
	w.apply(b)
}

func (w *world) publish(name string, length uint64) {
	w.Helper()
	w.register("publisher")
	work := ledger.Work{
		Infohash: infohash(name), Name: name, Length: length, PieceLength: 1 << 14, Files: 1, Leaves: length >> 14, Common: true,
		Publisher: account("publisher"), Published: start,
	}
	if err := w.Publish(w.ctx, work, []byte("torrent of "+name), 1000); err != nil {
		w.Fatalf("publish %s: %v", name, err)
	}
}

// ticket makes one for a whole GiB that nobody keeps yet.
func (w *world) ticket(seeder, leecher, work string, epoch uint32) ticket.Ticket {
	w.serials++
	t := ticket.Ticket{
		Epoch: epoch, Seeder: public(seeder), Leecher: public(leecher), Infohash: ticket.Infohash(infohash(work)),
		Limit: 1 << 30, Issued: start, Expires: start + 6*hour, SettleBy: start + 54*hour,
	}
	binary.BigEndian.PutUint64(t.Serial[8:], w.serials)
	return t
}

func (w *world) issue(seeder, leecher, work string, epoch uint32) ticket.Ticket {
	w.Helper()
	t := w.ticket(seeder, leecher, work, epoch)
	if err := w.apply(ledger.Batch{Tickets: []ticket.Ticket{t}}).Issued[0]; err != nil {
		w.Fatalf("issue: %v", err)
	}
	return t
}

// saltOf counts: no two claims have the same salt.
var saltOf atomic.Uint64

// claim is a genuine receipt that comes an hour after its ticket.
func claim(t ticket.Ticket, amount uint64) ledger.Claim {
	c := ledger.Claim{
		Account: ticket.Account(t.Seeder), Receipt: receipt.Receipt{Serial: t.Serial, Amount: amount},
		Genuine: true, Now: start + hour,
	}
	binary.BigEndian.PutUint64(c.Salt[:], saltOf.Add(1))
	return c
}

func (w *world) settle(claims ...ledger.Claim) []receipt.Result {
	w.Helper()
	return w.apply(ledger.Batch{Claims: claims}).Results
}

// expect settles one claim and compares the answer.
func (w *world) expect(c ledger.Claim, amount uint64, reason receipt.Reason) {
	w.Helper()
	got := w.settle(c)[0]
	if want := (receipt.Result{Serial: c.Receipt.Serial, Amount: amount, Reason: reason}); got != want {
		w.Errorf("a receipt of %d: got %d %s, want %d %s", c.Receipt.Amount, got.Amount, got.Reason, amount, reason)
	}
}

func (w *world) books(name string) ledger.Books {
	w.Helper()
	b, err := w.Books(w.ctx, account(name), 1000)
	if err != nil {
		w.Fatalf("books of %s: %v", name, err)
	}
	return b
}

func (w *world) expectBytes(name string, want uint64) {
	w.Helper()
	if got := w.books(name).Bytes; got != want {
		w.Errorf("%s has %d bytes, want %d", name, got, want)
	}
}

func (w *world) expectCopy(leecher, work string, want uint64) {
	w.Helper()
	got, err := w.Credited(w.ctx, public(leecher), ticket.Infohash(infohash(work)))
	if err != nil || got != want {
		w.Errorf("%s paid for %d bytes of %s, %v, want %d", leecher, got, work, err, want)
	}
}

func (w *world) expectBalance(account string, want int64) {
	w.Helper()
	got, err := w.Balance(w.ctx, account)
	if err != nil || got != want {
		w.Errorf("%s holds %d, %v, want %d", account, got, err, want)
	}
}

func (w *world) check() {
	w.Helper()
	if err := w.Check(w.ctx); err != nil {
		w.Errorf("check: %v", err)
	}
}

func (w *world) must(what string, err error) {
	w.Helper()
	if err != nil {
		w.Fatalf("%s: %v", what, err)
	}
}

func name(kind string, n int) string { return fmt.Sprintf("%s %d", kind, n) }
