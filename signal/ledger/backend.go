package ledger

import (
	"context"
	"errors"

	"fanseed/signal/log"
	"fanseed/signal/receipt"
	"fanseed/signal/ticket"
)

// How many refused receipts are kept for each account: the newest of its own
// tickets, and fewer of tickets that are not its own, which anybody can send.
const (
	KeepRefused = 200
	KeepUnknown = 20
)

// RecentTickets is among how many of an account's tickets its newest increases
// are looked for.
const RecentTickets = 1000

// Errors of a backend.
var (
	ErrTicket  = errors.New("ticket refused: its serial was used, or its seeder, leecher, torrent, limit or times are not acceptable")
	ErrStorage = errors.New("nothing can be stored at the moment")
	ErrCorrupt = errors.New("the books do not agree")
	ErrOrder   = errors.New("an earlier epoch is still open")
)

// Key is a public key that becomes an account.
type Key struct {
	Public [32]byte
	Now    uint64 // Unix milliseconds
}

// Batch is what is stored in one transaction, in the order of its fields.
type Batch struct {
	Keys      []Key
	Tickets   []ticket.Ticket
	Presences []Presence
	Told      []Told
	Audits    []Audited
	Claims    []Claim
}

// Size returns the number of items.
func (b Batch) Size() int {
	n := len(b.Keys) + len(b.Tickets) + len(b.Presences) + len(b.Audits) + len(b.Claims)
	for _, t := range b.Told {
		n += len(t.Stays)
	}
	return n
}

// Outcome answers a batch item by item.
type Outcome struct {
	Issued  []error // nil or ErrTicket for each ticket
	Results []receipt.Result
	// Increases are, for each result that is accepted, the newest increase of its ticket as the public log has it or will have it, and the
	// zero Receipt for others.
	Increases []log.Receipt
}

// Signer says who must have signed the receipts of a ticket.
type Signer struct {
	Known   bool
	Seeder  [16]byte
	Leecher [32]byte
}

// Backend keeps the books. Each method that changes something is one
// transaction: when it returns nil the change is on disk, when it returns an error
// nothing of it happened, and a crash leaves one of the two. Where the books are
// on another machine its answer may be lost, which is ErrStorage too: then it is
// one of the two, and to ask again is right. All methods may be called by many
// goroutines, and by several processes on the same books. The suite in ledgertest
// says the same in code.
type Backend interface {
	// Once keeps value under name if nothing is, and returns what then is.
	Once(ctx context.Context, name, value string) (string, error)

	// Registered reports whether a public key is an account.
	Registered(ctx context.Context, publicKey [32]byte) (bool, error)
	// Signers returns one Signer for each serial.
	Signers(ctx context.Context, serials [][16]byte) ([]Signer, error)
	// Apply registers keys, keeps tickets of registered keys for works that are
	// not removed, adds presences, stays and audits, and judges claims by Judge, one after the other. An accepted
	// increase counts in the ticket's epoch, or in the first open one after it.
	// A refused claim of a registered account is kept for its statement.
	Apply(ctx context.Context, b Batch) (Outcome, error)
	// Credited returns the bytes credited so far for a leecher's copy.
	Credited(ctx context.Context, leecher, infohash [32]byte) (uint64, error)
	// Books returns the newest epochs of an account: at least lines lines where
	// there are as many, and all that are open.
	Books(ctx context.Context, account [16]byte, lines int) (Books, error)

	// Deposit makes total µ-credits the sum of all deposits in the treasury; it
	// does nothing when as much or more was deposited.
	Deposit(ctx context.Context, total int64, now uint64) error
	// Credit moves µ-credits out of the treasury to what an account may spend. The same id again changes nothing, or is ErrTaken where it
	// named another account or amount. It returns ErrFunds when the treasury has less.
	Credit(ctx context.Context, id, account [16]byte, amount, now uint64) error
	// Boost locks a boost from its first epoch on, or from the first open one after that, and writes it into the public log. The same one
	// again changes nothing. It returns the boost as it is kept, or ErrStake, ErrNoWork, ErrFunds, ErrMany or ErrTaken.
	Boost(ctx context.Context, b Boost) (Boost, error)
	// Fund locks a pool in the same way.
	Fund(ctx context.Context, p Pool) (Pool, error)
	// Stakes returns the boosts and pools that run in epoch n or later, of one account, or of all when that is zero: the oldest first.
	Stakes(ctx context.Context, n uint32, account [16]byte) (Stakes, error)
	// Backing returns what is locked on a work from epoch n on.
	Backing(ctx context.Context, n uint32, work [20]byte) (Backing, error)
	// Boosted returns the works, removed ones left out, for which boosts pay most in epoch n, at most so many: the most first, and of equal
	// ones that whose infohash is less.
	Boosted(ctx context.Context, n uint32, most int) ([]Boosted, error)
	// Balance returns the µ-credits of a ledger account, 0 for one never used.
	Balance(ctx context.Context, account string) (int64, error)
	// OpenEpochs returns the epochs that are not closed and in which something is to be done when they end: bytes were
	// confirmed, somebody stayed or failed an audit, something held becomes payable, or a boost or a pool has its turn. In order.
	OpenEpochs(ctx context.Context) ([]uint32, error)
	// Facts returns what an epoch is paid by. Of a presence the last one counts that is not after it.
	Facts(ctx context.Context, n uint32) (Facts, error)
	// CloseEpoch closes epoch n, and with it all earlier ones that are not open: else it returns ErrOrder. What it changes is what
	// closing says of the facts. Closing an epoch again changes nothing and returns the same.
	CloseEpoch(ctx context.Context, n uint32, now uint64, closing func(Facts) (Closing, error)) (Epoch, error)
	// Closed returns at most most closed epochs up to number last, the newest first, without those that were closed with a later one.
	Closed(ctx context.Context, last uint32, most int) ([]Closed, error)
	// Appeal keeps a note about a line or a refused receipt, and with it how that is. The same one again changes nothing. It returns the
	// appeal as it is kept, or ErrNote, ErrNoLine, ErrAppeals, or ErrWritten where there is another note about the same.
	Appeal(ctx context.Context, a Appeal) (Appeal, error)
	// Appeals returns some, the newest first.
	Appeals(ctx context.Context, q AppealQuery) ([]Appeal, error)
	// Answer answers an appeal. The same answer again changes nothing. It returns ErrNote, ErrNoAppeal, or ErrWritten where there is another.
	Answer(ctx context.Context, id int64, text string, now uint64) error
	// Check recomputes everything that is kept twice and returns an error that
	// is ErrCorrupt when it differs: the sum of all entries is zero, each balance
	// is the sum of its entries, each credit that of its increases, and the public
	// log has all of the increases and deposits that were written into it, in order.
	Check(ctx context.Context) error

	// Sequence writes into the public log what it lacks: the deposits and then the increases, each in the order in which they were kept,
	// but no more than most records in all. It returns how many it wrote; fewer than most mean that nothing is left. An error is ErrCorrupt
	// when the log's tiles do not make its tree.
	Sequence(ctx context.Context, most int) (int, error)
	// LogTree returns the tree of the public log.
	LogTree(ctx context.Context) (log.Tree, error)
	// Increases returns an account's newest increases, the newest first, among those of the newest RecentTickets tickets by which it earns.
	Increases(ctx context.Context, account [16]byte, most int) ([]log.Receipt, error)
	// The log's tiles, the numbers of its records and the tables of its epochs are read as log.Source says.
	log.Store
	Find(ctx context.Context, leaf log.Hash) (int64, error)
	Table(ctx context.Context, hash [32]byte) ([]byte, error)

	Close() error
}
