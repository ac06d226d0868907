package hub

import (
	"context"
	"math/bits"
	"time"
)

// Boosts tells which works are boosted. It is called off the loop, once at a time, and may block.
type Boosts interface {
	// Boosted returns what is boosted in the epoch of now, the most first, and when that epoch ends. No more than MaxBoosted are used.
	Boosted(ctx context.Context, now time.Time) (works []Boosted, until time.Time, err error)
}

// Boosted is a work that comes first.
type Boosted struct {
	Infohash [20]byte
	Amount   uint64    // µ-credits that its boosts pay in the open epoch
	Ends     time.Time // of the one that runs longest
	Private  bool      // only those that its publisher asks may seed it (BEP 27)
}

// The rules of attention. A boost brings its work earlier introductions (see tracker.Config.Boosted), and seeders that have nothing else to do:
// one for each helperPrice of the open epoch, and always one.
const (
	MaxBoosted   = 1000
	helperPrice  = 10_000 // µ-credits
	maxHelpers   = 50     // of one work
	maxHelping   = 4      // works of one client
	idleEvery    = 10 * time.Second
	takeWithin   = 5 * time.Minute // of being handed a work is its swarm to be joined; else the place is another's
	maxHanded    = 200_000         // works that were handed to accounts, remembered for an hour
	readEvery    = time.Minute     // other servers that share the ledger are not heard of otherwise
	readJitter   = 12 * time.Second
	readAgain    = 10 * time.Second // after a failure
	readPause    = time.Second      // however many boosts come
	rememberFor  = time.Hour        // at least, to whom a work was handed
	readDeadline = 30 * time.Second
)

// attention is what the loop knows of boosts, and of those who help.
type attention struct {
	works   []Boosted
	amounts map[[20]byte]uint64
	due     time.Time // when the ledger is asked again
	asked   time.Time // when it was asked last
	reading bool
	stale   bool // something was boosted while the ledger was asked

	helpers       map[[20]byte]map[string]int // clients that help, by work and network: those of one network count as one
	checks        agenda[*help]
	lately, older map[handing]bool // what was handed out in this hour and in the one before
	turned        time.Time        // when lately was begun
	handed        int
}

// handing names what was handed to whom.
type handing struct {
	account  [16]byte
	infohash [20]byte
}

// help is a place that a client takes among those who help a work.
type help struct {
	client   *client
	infohash [20]byte
	net      string
	over     bool
}

func newAttention() attention {
	return attention{helpers: map[[20]byte]map[string]int{}, lately: map[handing]bool{}, older: map[handing]bool{}}
}

// boosted says whether a work comes first.
func (h *Hub) boosted(infohash [20]byte) bool { return h.attention.amounts[infohash] > 0 }

// ReadBoosts has the hub learn at once what is boosted. It does so once a minute, and when an epoch ends, in any case.
func (h *Hub) ReadBoosts() {
	h.ask(func() {
		h.attention.stale = h.attention.reading
		h.attention.due = h.now
	})
}

// Attention is what there is to know of a work.
type Attention struct {
	Boost         uint64 // µ-credits of the open epoch; 0: it is not boosted
	Helpers       int    // clients that the server has asked to seed it
	Introductions int    // since its swarm is remembered
}

// Attention returns what a work gets.
func (h *Hub) Attention(infohash [20]byte) (a Attention) {
	h.ask(func() {
		a = Attention{Boost: h.attention.amounts[infohash], Introductions: h.tracker.Introduced(infohash)}
		for _, n := range h.attention.helpers[infohash] {
			a.Helpers += n
		}
	})
	return a
}

// Boosts returns how many works are boosted, and how many were handed to somebody since the hub began.
func (h *Hub) Boosts() (works, handed int) {
	h.ask(func() { works, handed = len(h.attention.works), h.attention.handed })
	return works, handed
}

// dispatchAttention asks the ledger when it is time, and gives places back that nobody has taken.
func (h *Hub) dispatchAttention(ctx context.Context) {
	a := &h.attention
	for p, ok := a.checks.take(h.now); ok; p, ok = a.checks.take(h.now) {
		h.checkHelp(p)
	}
	if h.config.Boosts == nil || a.reading || h.now.Before(a.due) || h.now.Sub(a.asked) < readPause {
		return
	}
	a.reading, a.asked = true, h.now
	now := h.now
	h.desk.start(ctx, nil, func(ctx context.Context) func() {
		ctx, cancel := context.WithTimeout(ctx, readDeadline)
		defer cancel()
		works, until, err := h.config.Boosts.Boosted(ctx, now)
		return func() { h.readBoosts(works, until, err) }
	})
}

// attentionDue returns when dispatchAttention has something to do; zero when nothing waits.
func (h *Hub) attentionDue() time.Time {
	a := &h.attention
	due := a.checks.due()
	if h.config.Boosts == nil || a.reading {
		return due
	}
	next := a.due
	if soonest := a.asked.Add(readPause); next.Before(soonest) {
		next = soonest
	}
	return earlier(due, next)
}

func (h *Hub) readBoosts(works []Boosted, until time.Time, err error) {
	a := &h.attention
	a.reading = false
	if err != nil {
		h.log.Error("ledger failed", "doing", "read boosts", "err", err)
		a.due = h.now.Add(readAgain)
		return
	}
	a.works, a.amounts = works[:min(len(works), MaxBoosted)], make(map[[20]byte]uint64, len(works))
	for _, w := range a.works {
		a.amounts[w.Infohash] = w.Amount
	}
	a.due = h.now.Add(readEvery - readJitter + h.within(readJitter))
	if until.After(h.now) && until.Before(a.due) {
		a.due = until
	}
	if a.stale {
		a.stale, a.due = false, h.now
	}
}

// choose returns the work that a client should help: of those that fit, the one that pays most for each helper that it would have then. Places
// are filled in proportion to the credits that way (D'Hondt's method), the same in every order of the clients.
func (h *Hub) choose(c *client, room uint64) (best *Boosted, length int64) {
	a := &h.attention
	bestAmount, bestShares := uint64(0), uint64(1)
	for i := range a.works {
		w := &a.works[i]
		if less(w.Amount, 1, bestAmount, bestShares) {
			break // even if nobody helped it; nor is any after it better
		}
		shares := uint64(len(a.helpers[w.Infohash])) + 1
		if !less(bestAmount, bestShares, w.Amount, shares) || shares > places(w.Amount) {
			continue
		}
		if l, ok := h.fits(c, w, room); ok {
			best, length, bestAmount, bestShares = w, l, w.Amount, shares
		}
	}
	return best, length
}

// places is how many may help a work for what it pays.
func places(amount uint64) uint64 { return max(1, min(maxHelpers, amount/helperPrice)) }

// less says whether a/n < b/m.
func less(a, n, b, m uint64) bool {
	high, low := bits.Mul64(a, m)
	otherHigh, otherLow := bits.Mul64(b, n)
	return high < otherHigh || high == otherHigh && low < otherLow
}

// fits says whether a work may be handed to a client, and its length in bytes.
func (h *Hub) fits(c *client, w *Boosted, room uint64) (length int64, ok bool) {
	length, listed := h.config.Works.Work(w.Infohash)
	if !listed || w.Private || length <= 0 || uint64(length) > room || !w.Ends.After(h.now) {
		return 0, false
	}
	key := handing{c.account, w.Infohash}
	return length, !h.attention.lately[key] && !h.attention.older[key] && !h.tracker.Joined(c.handle, w.Infohash)
}
