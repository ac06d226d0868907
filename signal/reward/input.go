package reward

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
)

// Bounds of an input, so that no product overflows and a stranger's table costs little.
const (
	MaxAmount  = 1<<53 - 1 // of every number of bytes and µ-credits, and of all µ-credits together
	maxBytes   = 1 << 62   // of all transfers: more than any number of tickets can sign for
	MaxMinutes = 366 * 24 * 60
	MaxRate    = 1 << 40 // µ-credits per GiB
	MaxFailed  = 1 << 20 // audits of one account
	maxRows    = 1 << 24 // of each kind
)

// ErrInput refuses an input that is not in order or not within its bounds.
var ErrInput = errors.New("the inputs of an epoch are not in order")

// Input is all that an epoch's pay is computed from, and all of it is published. Rows are sorted by what names them, without repetition;
// one row refers to another by its index.
type Input struct {
	Number    uint32
	Minutes   uint32 // that the epoch lasts, rounded up
	Treasury  uint64 // µ-credits in it
	Most      uint64 // that the operator lets an epoch pay out of it
	Works     []Work
	Seeders   []Seeder
	Leechers  []Leecher
	Transfers []Transfer
	Stays     []Stay
	Pools     []Pool
	Boosts    []Boost
}

// Tag stands for a network or a downloader within one epoch. Tags of different epochs cannot be compared.
type Tag [8]byte

// Work is a torrent. Sorted by infohash.
type Work struct {
	Infohash [20]byte
	Leaves   uint64 // blocks of 16 KiB
	Nets     uint64 // networks that downloaded it: the sum over this epoch and the six before
	Weak     bool   // it has no BEP 52 leaves: its proofs are of few pieces
	Common   bool   // the common pools pay for it
}

// Seeder is an account. Sorted by account.
type Seeder struct {
	Account    [16]byte
	Net        Tag
	Reputation uint64 // in 1,000ths
	New        bool   // it has done all that a grant is given for, and has had none
	Failed     uint64 // audits
}

// Leecher is an account that downloaded. Sorted by tag.
type Leecher struct {
	Tag, Net Tag
	Tickets  uint64 // that it was given
	Used     uint64 // of those: it signed for something
}

// Transfer is what one leecher confirmed to have got of one work from one seeder. Sorted by seeder, leecher, work.
type Transfer struct {
	Seeder, Leecher, Work int
	Bytes                 uint64
	Traded                uint64 // bytes beside them, while the seeder lacked something too: paid in kind
	Capped                bool   // some receipts counted in part only, because the copy was whole
}

// Stay is how long a seeder was there for one work. Sorted by seeder, work.
type Stay struct {
	Seeder, Work  int
	Minutes       uint64 // in which it answered
	Asked, Passed uint64 // leaves of storage proofs
}

// Pool is a creator's, for one work. Sorted by id.
type Pool struct {
	ID   [16]byte
	Work int
	Rate uint64 // µ-credits per GiB
	Left uint64 // µ-credits
	Ends bool   // with this epoch; what is left goes back
}

// Boost is what a peer has locked on a work for this epoch. Sorted by id.
type Boost struct {
	ID     [16]byte
	Work   int
	Amount uint64 // µ-credits
}

// Check refuses what Close could not compute with.
func (in *Input) Check() error {
	for _, rows := range []int{len(in.Works), len(in.Seeders), len(in.Leechers), len(in.Transfers), len(in.Stays), len(in.Pools), len(in.Boosts)} {
		if rows > maxRows {
			return fmt.Errorf("%w: %d rows of a kind", ErrInput, rows)
		}
	}
	c := check{in: in}
	c.number("treasury", in.Treasury, MaxAmount)
	c.number("most", in.Most, MaxAmount)
	c.number("minutes", uint64(in.Minutes), MaxMinutes)
	rows(&c, "work", in.Works, func(a, b Work) int { return bytes.Compare(a.Infohash[:], b.Infohash[:]) }, c.work)
	rows(&c, "seeder", in.Seeders, func(a, b Seeder) int { return bytes.Compare(a.Account[:], b.Account[:]) }, c.seeder)
	rows(&c, "leecher", in.Leechers, func(a, b Leecher) int { return bytes.Compare(a.Tag[:], b.Tag[:]) }, c.leecher)
	rows(&c, "transfer", in.Transfers, compareTransfers, c.transfer)
	rows(&c, "stay", in.Stays, func(a, b Stay) int { return cmp.Or(a.Seeder-b.Seeder, a.Work-b.Work) }, c.stay)
	rows(&c, "pool", in.Pools, func(a, b Pool) int { return bytes.Compare(a.ID[:], b.ID[:]) }, c.pool)
	rows(&c, "boost", in.Boosts, func(a, b Boost) int { return bytes.Compare(a.ID[:], b.ID[:]) }, c.boost)
	return c.err
}

func compareTransfers(a, b Transfer) int {
	return cmp.Or(a.Seeder-b.Seeder, a.Leecher-b.Leecher, a.Work-b.Work)
}

// check gathers the first fault.
type check struct {
	in         *Input
	err        error
	bytes, sum uint64 // of the transfers; of pools and boosts
}

func rows[R any](c *check, kind string, list []R, compare func(a, b R) int, one func(R)) {
	for i, r := range list {
		if i > 0 && compare(list[i-1], r) >= 0 {
			c.fail(kind, "is out of order")
		}
		one(r)
	}
}

func (c *check) fail(kind, why string) {
	if c.err == nil {
		c.err = fmt.Errorf("%w: %s %s", ErrInput, kind, why)
	}
}

func (c *check) number(kind string, n, most uint64) {
	if n > most {
		c.fail(kind, fmt.Sprintf("has %d, above %d", n, most))
	}
}

func (c *check) index(kind string, i, length int) {
	if i < 0 || i >= length {
		c.fail(kind, fmt.Sprintf("refers to row %d of %d", i, length))
	}
}

func (c *check) work(w Work) {
	c.number("work", w.Leaves, 1<<40)
	c.number("work", w.Nets, 1<<40)
}

func (c *check) seeder(s Seeder) {
	c.number("seeder", s.Reputation, FullReputation)
	c.number("seeder", s.Failed, MaxFailed)
}

func (c *check) leecher(l Leecher) {
	c.number("leecher", l.Tickets, 1<<40)
	c.number("leecher", l.Used, l.Tickets)
}

func (c *check) transfer(t Transfer) {
	c.index("transfer", t.Seeder, len(c.in.Seeders))
	c.index("transfer", t.Leecher, len(c.in.Leechers))
	c.index("transfer", t.Work, len(c.in.Works))
	c.number("transfer", t.Bytes, MaxAmount)
	c.number("transfer", t.Traded, MaxAmount)
	c.bytes += min(t.Bytes, MaxAmount+1) + min(t.Traded, MaxAmount+1)
	c.number("transfers", c.bytes, maxBytes)
	c.bytes = min(c.bytes, maxBytes)
}

func (c *check) stay(s Stay) {
	c.index("stay", s.Seeder, len(c.in.Seeders))
	c.index("stay", s.Work, len(c.in.Works))
	c.number("stay", s.Minutes, uint64(c.in.Minutes))
	c.number("stay", s.Asked, 1<<20)
	c.number("stay", s.Passed, s.Asked)
}

func (c *check) pool(p Pool) {
	c.index("pool", p.Work, len(c.in.Works))
	c.number("pool", p.Rate, MaxRate)
	c.amount(p.Left)
}

func (c *check) boost(b Boost) {
	c.index("boost", b.Work, len(c.in.Works))
	c.amount(b.Amount)
}

func (c *check) amount(n uint64) {
	c.sum += min(n, MaxAmount+1)
	c.number("pools and boosts", c.sum, MaxAmount)
	c.sum = min(c.sum, MaxAmount)
}
