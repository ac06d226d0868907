package ledger

import (
	"context"
	"encoding/hex"
	"errors"
	"time"

	"fanseed/signal/log"
	"fanseed/signal/reward"
)

// Bounds of what accounts put on works.
const (
	LeastStake = 1_000 // µ-credits: what is less is not worth its rows
	MaxEpochs  = 60    // of a boost or a pool
	MaxRunning = 200   // boosts and pools of one account at once
	MaxPools   = 8     // of one work at once: each pays everybody who served it, line by line
)

// Errors of boosts and pools.
var (
	ErrStake = errors.New("a boost or a pool is of at least 1,000 µ-credits, and of 1 to 60 epochs")
	ErrFunds = errors.New("the account has not as much that it may spend")
	ErrTaken = errors.New("the id names another boost or pool")
	ErrMany  = errors.New("too many boosts and pools of this account, or pools of this work, run already")
)

// Boost is what a peer locks on a work for some epochs. In each one a part of it goes to those who served the work, or back when nobody did.
type Boost struct {
	ID     [16]byte // chosen by whoever asks, so that asking again is the same
	Work   [20]byte
	Owner  [16]byte
	Price  uint64 // µ-credits, with the fee
	Promo  bool   // out of what was granted; else out of what is payable
	First  uint32 // epoch, or the first open one after it
	Epochs uint32
	Time   uint64 // Unix milliseconds
}

// Pool is what a creator pays for a work's bytes on top, until it ends.
type Pool struct {
	ID     [16]byte // as of a boost
	Work   [20]byte
	Owner  [16]byte
	Amount uint64 // µ-credits, out of what is payable
	Rate   uint64 // µ-credits per GiB
	Last   uint32 // epoch, or the first open one after it; what is left then goes back
	Time   uint64 // Unix milliseconds
}

// BoostAccount and PoolAccount name the accounts of what is locked.
func BoostAccount(id [16]byte) string { return "boost:" + hex.EncodeToString(id[:]) }
func PoolAccount(id [16]byte) string  { return "pool:" + hex.EncodeToString(id[:]) }

// Check refuses what cannot be kept.
func (b Boost) Check() error {
	if b.Price < LeastStake || b.Price > reward.MaxAmount || b.Epochs < 1 || b.Epochs > MaxEpochs || b.First > ^uint32(0)-MaxEpochs {
		return ErrStake
	}
	return nil
}

// source is where a boost is paid from, and goes back to.
func (b Boost) source() string {
	if b.Promo {
		return Promo(b.Owner)
	}
	return Payable(b.Owner)
}

// Transfer locks the price and pays the fee.
func (b Boost) Transfer() Transfer {
	locked, fee := reward.Fee(b.Price)
	t := Transfer{Key: BoostAccount(b.ID), Entries: []Entry{{b.source(), -int64(b.Price)}, {BoostAccount(b.ID), int64(locked)}}}
	if fee > 0 {
		t.Entries = append(t.Entries, Entry{Treasury, int64(fee)})
	}
	return t
}

// Slices are what it pays in its epochs, in their order.
func (b Boost) Slices() []Slice {
	locked, _ := reward.Fee(b.Price)
	list := make([]Slice, b.Epochs)
	for i := range list {
		list[i] = Slice{b, b.First + uint32(i), reward.Slice(locked, b.Epochs, uint32(i))}
	}
	return list
}

// Record is what the public log has of it.
func (b Boost) Record() log.Record {
	locked, fee := reward.Fee(b.Price)
	return log.Boost{Time: b.Time, ID: b.ID, Infohash: b.Work, Amount: locked, Fee: fee, First: b.First, Epochs: b.Epochs}.Record()
}

// Slice is what a boost has for one epoch.
type Slice struct {
	Boost
	Epoch  uint32
	Amount uint64 // µ-credits
}

// Check refuses what cannot be kept.
func (p Pool) Check() error {
	if p.Amount < LeastStake || p.Amount > reward.MaxAmount || p.Rate < 1 || p.Rate > reward.MaxRate {
		return ErrStake
	}
	return nil
}

// Transfer locks the amount.
func (p Pool) Transfer() Transfer {
	return Transfer{Key: PoolAccount(p.ID), Entries: []Entry{{Payable(p.Owner), -int64(p.Amount)}, {PoolAccount(p.ID), int64(p.Amount)}}}
}

// Record is what the public log has of it.
func (p Pool) Record() log.Record {
	return log.Pool{Time: p.Time, ID: p.ID, Infohash: p.Work, Amount: p.Amount, Rate: p.Rate, Last: p.Last}.Record()
}

// Fund is a pool with what is left of it.
type Fund struct {
	Pool
	Left uint64 // µ-credits
}

// Credit moves µ-credits out of the treasury to what an account may spend: the operator was paid for them elsewhere.
func Credit(id, account [16]byte, amount uint64) Transfer {
	return Transfer{Key: "credit:" + hex.EncodeToString(id[:]), Entries: []Entry{{Treasury, -int64(amount)}, {Payable(account), int64(amount)}}}
}

// Boosted is a work that is not removed, and what its boosts pay in one epoch.
type Boosted struct {
	Work   [20]byte
	Amount uint64 // µ-credits
	Last   uint32 // epoch of the boost that runs longest
}

// Stakes are the boosts and pools that run.
type Stakes struct {
	Boosts []Boost
	Pools  []Fund
}

// Backing is what is locked on one work, by whomever, from an epoch on. Amounts are µ-credits.
type Backing struct {
	Boosts    int    // that have a part for one of these epochs
	Boost     uint64 // for the first of them
	BoostLeft uint64 // for all
	BoostLast uint32 // epoch
	Pools     int    // that have something left
	PoolLeft  uint64
	PoolRate  uint64 // per GiB, of all together
	PoolLast  uint32 // epoch
}

// Backing returns what is locked on a work.
func (l *Ledger) Backing(ctx context.Context, work [20]byte, now time.Time) (Backing, error) {
	return l.books.Backing(ctx, l.epochs.At(now), work)
}

// Boost locks a boost from the epoch on that is open now, and returns it as it is kept.
func (l *Ledger) Boost(ctx context.Context, b Boost, now time.Time) (Boost, error) {
	b.First, b.Time = l.epochs.At(now), uint64(now.UnixMilli())
	return l.books.Boost(ctx, b)
}

// Fund locks a pool for so many epochs, the one that is open now among them, and returns it as it is kept.
func (l *Ledger) Fund(ctx context.Context, p Pool, epochs uint32, now time.Time) (Pool, error) {
	if epochs < 1 || epochs > MaxEpochs {
		return p, ErrStake
	}
	p.Last, p.Time = l.epochs.At(now)+epochs-1, uint64(now.UnixMilli())
	return l.books.Fund(ctx, p)
}

// Credit moves µ-credits out of the treasury to what an account may spend. The id makes it unique.
func (l *Ledger) Credit(ctx context.Context, id, account [16]byte, amount uint64, now time.Time) error {
	return l.books.Credit(ctx, id, account, amount, uint64(now.UnixMilli()))
}

// Stakes returns the boosts and pools that run: of one account, or of all when that is zero.
func (l *Ledger) Stakes(ctx context.Context, account [16]byte, now time.Time) (Stakes, error) {
	return l.books.Stakes(ctx, l.epochs.At(now), account)
}

// Boosted returns the works that are boosted most in the epoch that is open now, at most so many: the most first.
func (l *Ledger) Boosted(ctx context.Context, most int, now time.Time) ([]Boosted, error) {
	return l.books.Boosted(ctx, l.epochs.At(now), most)
}
