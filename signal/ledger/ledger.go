// Package ledger owns the rules by which bytes become credit: what makes a
// receipt acceptable, what an epoch pays, and the books in which every µ-credit
// has come from somewhere.
//
// It promises that no byte is credited twice, that nothing is answered before it
// is on disk, that entries always sum to zero and that no balance but that of the
// funding source goes below zero. It never mints, never talks to a peer and knows
// no database: a Backend keeps the books.
package ledger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync/atomic"
	"time"

	"fanseed/signal/log"
	"fanseed/signal/receipt"
	"fanseed/signal/reward"
	"fanseed/signal/ticket"
)

// MaxReceipts bounds one call of Settle.
const MaxReceipts = 1000

// How many lines a statement has where there are more, and one that is taken away.
const (
	statementLines = 1000
	exportLines    = 100_000
)

// statementRecords is how many records of the public log a statement names, by which a page can look for some of its own.
const statementRecords = 100

// Errors of a Ledger.
var (
	ErrKey      = errors.New("public key is of small order")
	ErrTooMany  = errors.New("too many receipts in one call")
	ErrClosed   = errors.New("ledger is closed")
	ErrEmission = errors.New("emission is too high")
	ErrDeposit  = fmt.Errorf("no more than %d µ-credits can be deposited", uint64(reward.MaxAmount))
)

// Config says how a ledger pays.
type Config struct {
	Epochs   Epochs
	Emission uint64 // µ-credits that an epoch pays out of the treasury at most
	Log      *slog.Logger
	Signer   *log.Signer // of the public log; nil: nothing is promised
}

// Ledger lets many callers at once write to one backend.
type Ledger struct {
	books    Backend
	epochs   Epochs
	emission uint64
	log      *slog.Logger
	writer   *writer
	tags     tags
	outlook  outlook
	counts   Counts
	signer   *log.Signer

	unlogged chan struct{} // holds one when the public log lacks something
}

// Counts counts what was done since the ledger was opened.
type Counts struct {
	Issued, Accepted, Refused atomic.Int64
}

// Counts returns the counters, which go on counting.
func (l *Ledger) Counts() *Counts { return &l.counts }

// New returns a ledger that keeps its books in b. It refuses an epoch length other
// than that with which they were begun.
func New(ctx context.Context, b Backend, c Config) (*Ledger, error) {
	if err := c.Epochs.check(); err != nil {
		return nil, err
	}
	if c.Emission > reward.MaxAmount {
		return nil, fmt.Errorf("%w: more than %d µ-credits", ErrEmission, uint64(reward.MaxAmount))
	}
	length, err := b.Once(ctx, "epoch_seconds", strconv.FormatInt(int64(time.Duration(c.Epochs)/time.Second), 10))
	if err != nil {
		return nil, fmt.Errorf("read the epochs' length: %w", err)
	}
	if begun, err := time.ParseDuration(length + "s"); err != nil || begun != time.Duration(c.Epochs) {
		return nil, fmt.Errorf("the books were begun with epochs of %s s and cannot continue with %v", length, time.Duration(c.Epochs))
	}
	tags, err := openTags(ctx, b)
	if err != nil {
		return nil, err
	}
	return &Ledger{
		books: b, epochs: c.Epochs, emission: c.Emission, log: c.Log, signer: c.Signer, tags: tags, writer: startWriter(b), unlogged: make(chan struct{}, 1),
	}, nil
}

// Epochs returns the calendar.
func (l *Ledger) Epochs() Epochs { return l.epochs }

// Close waits for what is being written and closes the backend.
func (l *Ledger) Close() error {
	l.writer.stop()
	return l.books.Close()
}

// Register makes a public key an account. Doing so again changes nothing.
func (l *Ledger) Register(ctx context.Context, publicKey [32]byte, now time.Time) error {
	if ticket.SmallOrder(publicKey) {
		return ErrKey
	}
	known, err := l.books.Registered(ctx, publicKey)
	if err != nil || known {
		return err
	}
	_, err = l.writer.apply(ctx, Batch{Keys: []Key{{publicKey, uint64(now.UnixMilli())}}})
	return err
}

// Issue keeps tickets, so that they can be settled, and the networks of each one's seeder and leecher. A ticket may be handed out only after
// it returned nil; those before the one that failed may be kept.
func (l *Ledger) Issue(ctx context.Context, tickets []ticket.Ticket, nets [][2]string) error {
	b := Batch{Tickets: tickets}
	for i, t := range tickets {
		if err := checkTicket(t); err != nil {
			return err
		}
		b.Presences = append(b.Presences, l.presence(t.Epoch, ticket.Account(t.Seeder), nets[i][0]), l.presence(t.Epoch, ticket.Account(t.Leecher), nets[i][1]))
	}
	out, err := l.writer.apply(ctx, b)
	if err != nil {
		return err
	}
	for _, refused := range out.Issued {
		if refused == nil {
			l.counts.Issued.Add(1)
		}
	}
	return errors.Join(out.Issued...)
}

// Settle credits account for receipts and answers each in its place, with a
// promise that what is stored will be in the public log. An error means that none
// of the answers is known: the same receipts can be sent again.
func (l *Ledger) Settle(ctx context.Context, account [16]byte, receipts []receipt.Receipt, now time.Time) ([]receipt.Result, error) {
	if len(receipts) > MaxReceipts {
		return nil, fmt.Errorf("%w: %d, not %d", ErrTooMany, len(receipts), MaxReceipts)
	}
	if len(receipts) == 0 {
		return nil, nil
	}
	claims, err := l.claims(ctx, account, receipts, uint64(now.UnixMilli()))
	if err != nil {
		return nil, err
	}
	out, err := l.writer.apply(ctx, Batch{Claims: claims})
	l.noteUnlogged()
	l.promise(out, now)
	for _, r := range out.Results {
		if r.Reason.Accepted() {
			l.counts.Accepted.Add(1)
		} else {
			l.counts.Refused.Add(1)
		}
	}
	return out.Results, err
}

// Stayed adds what accounts seeded and proved, once for each id. nets[i] is the network of stays[i]; none is told of where that is empty.
func (l *Ledger) Stayed(ctx context.Context, told Told, nets []string) error {
	b := Batch{Told: []Told{told}}
	for i, s := range told.Stays {
		if nets[i] != "" {
			b.Presences = append(b.Presences, l.presence(s.Epoch, s.Account, nets[i]))
		}
	}
	_, err := l.writer.apply(ctx, b)
	return err
}

func (l *Ledger) presence(epoch uint32, account [16]byte, net string) Presence {
	return Presence{Epoch: epoch, Account: account, Net: l.tags.net(net)}
}

// Closed returns at most most closed epochs up to number last, the newest first. Epochs in which nothing was done are not among them.
func (l *Ledger) Closed(ctx context.Context, last uint32, most int) ([]Closed, error) {
	return l.books.Closed(ctx, last, most)
}

// Credited returns the bytes credited so far for a leecher's copy of a torrent.
func (l *Ledger) Credited(ctx context.Context, leecher, infohash [32]byte) (uint64, error) {
	return l.books.Credited(ctx, leecher, infohash)
}

// Deposit makes total µ-credits the sum of all deposits in the treasury. ErrDeposit refuses more than can be counted everywhere.
func (l *Ledger) Deposit(ctx context.Context, total int64, now time.Time) error {
	if total > reward.MaxAmount {
		return ErrDeposit
	}
	defer l.noteUnlogged()
	return l.books.Deposit(ctx, total, uint64(now.UnixMilli()))
}

// CloseEpochs closes every epoch that has ended by now and pays what was earned
// in it. It may be stopped anywhere and called again.
func (l *Ledger) CloseEpochs(ctx context.Context, now time.Time) error {
	for {
		open, err := l.books.OpenEpochs(ctx) // again after each: what one pays may be due in another that has ended too
		if err != nil {
			return fmt.Errorf("list open epochs: %w", err)
		}
		if len(open) == 0 || open[0] >= l.epochs.At(now) {
			return nil
		}
		n := open[0]
		epoch, err := l.books.CloseEpoch(ctx, n, uint64(now.UnixMilli()), func(f Facts) (Closing, error) { return l.closing(n, now, &f, maxTable) })
		if err != nil {
			return fmt.Errorf("close epoch %d: %w", n, err)
		}
		l.log.Info("epoch closed", "epoch", n, "bytes", epoch.Bytes, "paid", epoch.Paid)
	}
}

// Run checks the books, and then closes epochs as they end, until ctx is done. When
// the books do not agree it pays nobody and returns an error that is ErrCorrupt.
func (l *Ledger) Run(ctx context.Context) error {
	err := l.books.Check(ctx)
	for ctx.Err() == nil && err == nil {
		wait := time.Until(l.epochs.Ends(l.epochs.At(time.Now())))
		if err := l.CloseEpochs(ctx, time.Now()); err != nil && ctx.Err() == nil {
			l.log.Error("epochs are not closed", "err", err)
			wait = min(wait, 10*time.Second)
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
	if ctx.Err() != nil {
		return nil
	}
	return err
}
