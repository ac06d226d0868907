package ledger

import (
	"cmp"
	"context"
	"math/bits"
	"slices"
	"sync"
	"time"

	"fanseed/signal/log"
	"fanseed/signal/receipt"
	"fanseed/signal/reward"
)

// Books is what a backend keeps about one account, as of one moment.
type Books struct {
	Bytes                uint64    // credited altogether
	Held, Payable, Promo int64     // balances of Earned, Payable and Promo, µ-credits
	Lines                []Line    // of closed epochs: newest epoch first, then by kind, work and source; whole epochs
	Holdings             []Holding // what is held, by the epoch that releases it
	Refused              []Refused
}

// Refused is a receipt that was not accepted.
type Refused struct {
	Serial   [16]byte
	Infohash [20]byte // zero when the ticket is unknown
	Amount   uint64   // bytes
	Reason   receipt.Reason
	Time     uint64 // Unix milliseconds
}

// Line is what an epoch pays for one work, for one reason, with how the number came about.
type Line struct {
	reward.Line
	Epoch uint32
	Name  string // of the work; empty for a grant
	Paid  bool   // the epoch is closed; else the amount is what it would pay if it ended now
}

// Statement is what an account is shown.
type Statement struct {
	Books                 // its lines are those of open epochs too
	Pending uint64        // µ-credits of lines that are not paid yet
	Appeals []Appeal      // the newest, newest first
	Records []log.Receipt // the newest increases as the public log has them or will have them, newest first
}

// Statement returns what an account is shown: empty for one that never earned.
func (l *Ledger) Statement(ctx context.Context, account [16]byte) (Statement, error) {
	return l.statement(ctx, account, statementLines)
}

// Export returns the same with exportLines lines.
func (l *Ledger) Export(ctx context.Context, account [16]byte) (Statement, error) {
	return l.statement(ctx, account, exportLines)
}

func (l *Ledger) statement(ctx context.Context, account [16]byte, lines int) (Statement, error) {
	books, err := l.books.Books(ctx, account, lines)
	if err != nil {
		return Statement{}, err
	}
	pending, _, err := l.outlook.of(ctx, l, account)
	if err != nil {
		return Statement{}, err
	}
	s := Statement{Books: books}
	closed := map[uint32]bool{}
	for _, line := range books.Lines {
		closed[line.Epoch] = true
	}
	for _, line := range pending {
		if !closed[line.Epoch] { // since it was computed
			s.Pending += line.Amount
			s.Lines = append(s.Lines, line)
		}
	}
	slices.SortStableFunc(s.Lines, func(a, b Line) int { return cmp.Compare(b.Epoch, a.Epoch) })
	if s.Appeals, err = l.books.Appeals(ctx, AppealQuery{Account: account, Most: KeepAppeals}); err != nil {
		return Statement{}, err
	}
	s.Records, err = l.books.Increases(ctx, account, statementRecords)
	return s, err
}

// Rate estimates what a GiB that counts in full earns in the epoch that is open, in µ-credits: the pool for bytes, divided by what was given
// so far, and by a GiB where that is less. It is told to people; nobody is paid by it.
func (l *Ledger) Rate(ctx context.Context) (uint64, error) {
	_, rate, err := l.outlook.of(ctx, l, [16]byte{})
	return rate, err
}

// outlook is what the open epochs would pay if they ended now. It is computed for everybody at once, and not again before a multiple of the
// time that it took, so that however many ask the books have other things to do.
type outlook struct {
	mu    sync.Mutex
	lines map[[16]byte][]Line
	rate  uint64
	until time.Time
}

// rest is how many times as long as an outlook took to compute it is used.
const rest = 20

func (o *outlook) of(ctx context.Context, l *Ledger, account [16]byte) ([]Line, uint64, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if begun := time.Now(); !begun.Before(o.until) {
		lines, rate, err := l.open(ctx, l.epochs.At(begun))
		if err != nil {
			return nil, 0, err
		}
		done := time.Now()
		o.lines, o.rate, o.until = lines, rate, done.Add(rest*done.Sub(begun))
	}
	return o.lines[account], o.rate, nil
}

// open returns the lines of open epochs by account, and the rate of the current one.
func (l *Ledger) open(ctx context.Context, current uint32) (lines map[[16]byte][]Line, rate uint64, err error) {
	epochs, err := l.books.OpenEpochs(ctx)
	if err != nil {
		return nil, 0, err
	}
	if !slices.Contains(epochs, current) {
		epochs = append(epochs, current)
	}
	lines = map[[16]byte][]Line{}
	for _, n := range epochs {
		facts, err := l.books.Facts(ctx, n)
		if err != nil {
			return nil, 0, err
		}
		facts.keep(maxRows)
		out, err := reward.Standard.Close(l.input(n, &facts))
		if err != nil {
			return nil, 0, err
		}
		if n == current {
			rate = rateOf(out.Bandwidth)
		}
		names := map[[20]byte]string{}
		for _, w := range facts.Works {
			names[w.Infohash] = w.Name
		}
		for _, line := range out.Lines {
			if line.Reason == receipt.Confirmed {
				line.Reason = receipt.Pending
			}
			lines[line.Account] = append(lines[line.Account], Line{line, n, names[line.Work], false})
		}
	}
	return lines, rate, nil
}

func rateOf(p reward.Pot) uint64 {
	const gib = 1 << 30
	high, low := bits.Mul64(p.Pool, gib)
	rate, _ := bits.Div64(high, low, max(p.Weights, gib)) // the pool is below 2⁶³, so that high is below gib
	return rate
}
