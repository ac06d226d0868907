// Package hub owns the one loop of the signal server: it hands what clients say to the tracker, and what the tracker and the ledger
// decide to the clients. With fanseed.v1 clients it also speaks of accounts, tickets and settlement, asks
// seeders whether they are there, and challenges them to prove what they seed, and downloaders to
// prove what they have signed for. Those who are idle and would help it hands the works that are boosted.
//
// It promises that a ticket is durable before anybody sees it, that a client's receipts are answered in the order in which they came,
// and that the loop never waits: neither for a client nor for the ledger. It never keeps a balance, and never tells an address.
package hub

import (
	"context"
	"crypto/ed25519"
	"log/slog"
	"math/rand/v2"
	"time"

	"fanseed/signal/announce"
	"fanseed/signal/receipt"
	"fanseed/signal/socket"
	"fanseed/signal/ticket"
	"fanseed/signal/tracker"
)

// Ledger is what the hub needs of the ledger. Its methods may block, and are called from several goroutines.
type Ledger interface {
	// Register makes an account known; again is no error.
	Register(ctx context.Context, publicKey [32]byte, now time.Time) error
	// Issue stores tickets and the networks of each one's seeder and leecher; they are durable when it returns.
	Issue(ctx context.Context, tickets []ticket.Ticket, nets [][2]string) error
	// Settle takes an account's receipts, and returns one result for each, in order.
	Settle(ctx context.Context, account [16]byte, receipts []receipt.Receipt, now time.Time) ([]receipt.Result, error)
	// Credited returns the bytes of a torrent (ticket.Infohash) that the receipts of one leecher's key have credited.
	Credited(ctx context.Context, leecher, infohash [32]byte) (uint64, error)
}

// Works is what the hub needs to know of the published works. It is asked on the loop: it must not block, nor wait for a caller of the
// hub's methods.
type Works interface {
	// Work returns a work's length in bytes and whether it is listed.
	Work(infohash [20]byte) (length int64, listed bool)
}

// Config holds what a hub needs; Tracker and Log may be zero.
type Config struct {
	Key     ed25519.PrivateKey         // signs tickets
	Origins []string                   // of this server, "https://host[:port]": the only ones that a login may be bound to
	Epoch   func(now time.Time) uint32 // number of the epoch that a ticket is issued in
	Ledger  Ledger
	Works   Works
	Rand    *rand.Rand // for the tracker's choices; nothing secret
	Open    bool       // track every infohash, not the listed ones alone
	// TrustPrivateNets counts every account on a loopback or private address as a network of its own: for laptops and tests.
	TrustPrivateNets bool
	Tracker          tracker.Config // its limits; Rand and Allow are the hub's
	// Uncredited are accounts that no ticket names as the seeder, as the server's own. They may announce as much as they like.
	Uncredited map[[16]byte]bool
	// Seeding is told who seeds what for how long, and who has proved it; nil: nobody is asked. Nor are the uncredited.
	Seeding  Seeding
	Torrents Torrents // nil: nobody is challenged
	Proofs   Proofs
	Boosts   Boosts // nil: no work comes before another
	Log      *slog.Logger
}

// Hub implements socket.Handler.
type Hub struct {
	config    Config
	log       *slog.Logger
	tracker   *tracker.Tracker
	clients   map[tracker.Conn]*client
	desk      desk
	tickets   tickets
	seeding   seeding
	proofs    *proofs
	spots     spots
	attention attention

	events  chan event    // from sockets
	asked   chan func()   // from other goroutines, to be run on the loop
	stopped chan struct{} // closed when Run returns
	now     time.Time     // of the round that the loop is in
}

// New returns a hub. Nothing happens until Run.
func New(c Config) *Hub {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	h := &Hub{
		config: c, log: c.Log, clients: map[tracker.Conn]*client{}, desk: newDesk(), tickets: newTickets(),
		seeding: newSeeding(), proofs: newProofs(c.Proofs), spots: newSpots(), attention: newAttention(),
		events: make(chan event, 256), asked: make(chan func()), stopped: make(chan struct{}),
	}
	c.Tracker.Rand = c.Rand
	c.Tracker.Allow = h.tracked
	c.Tracker.Boosted = h.boosted
	h.tracker = tracker.New(c.Tracker)
	return h
}

func (h *Hub) tracked(infohash [20]byte) bool {
	if h.config.Open {
		return true
	}
	_, listed := h.config.Works.Work(infohash)
	return listed
}

// Run is the loop. It returns when ctx has ended and no call of the ledger runs any more; end ctx after the sockets are closed.
func (h *Hub) Run(ctx context.Context) {
	defer h.tellLast(ctx)
	defer h.desk.jobs.Wait()
	defer close(h.stopped)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case e := <-h.events:
			h.now = time.Now()
			h.take(e)
		case f := <-h.desk.finished:
			h.now = time.Now()
			h.finish(f)
		case ask := <-h.asked:
			h.now = time.Now()
			ask()
		case <-timer.C:
			h.now = time.Now()
			h.tracker.Tick(h.now)
		case <-ctx.Done():
			return
		}
		h.carryOut()
		h.dispatch(ctx)
		h.arm(timer)
	}
}

// carryOut does what the tracker says.
func (h *Hub) carryOut() {
	for {
		e, ok := h.tracker.Next()
		if !ok {
			return
		}
		switch e := e.(type) {
		case tracker.Send:
			h.clients[e.Conn].send(e.Message)
		case tracker.Ping:
			h.clients[e.Conn].socket.Ping()
		case tracker.Introduced:
			h.introduced(e)
		}
	}
}

// arm sets the timer to what is due next.
func (h *Hub) arm(timer *time.Timer) {
	if due := earlier(earlier(h.tracker.Deadline(), h.seedingDue()), h.attentionDue()); !due.IsZero() {
		timer.Reset(max(0, due.Sub(h.now)))
	}
}

// ask runs f on the loop and waits for it; false when the loop has ended.
func (h *Hub) ask(f func()) bool {
	done := make(chan struct{})
	select {
	case h.asked <- func() { f(); close(done) }:
		<-done
		return true
	case <-h.stopped:
		return false
	}
}

// Counts returns the seeders and leechers of a swarm.
func (h *Hub) Counts(infohash [20]byte) (seeders, leechers int) {
	h.ask(func() { seeders, leechers, _ = h.tracker.Counts(infohash) })
	return seeders, leechers
}

// Revoke removes a swarm, and tells the fanseed.v1 clients in it to stop seeding. Works must no longer list the infohash.
func (h *Hub) Revoke(infohash [20]byte, message string) {
	h.ask(func() {
		h.tracker.Revoke(h.now, infohash)
		told := map[tracker.Conn]bool{}
		for e, ok := h.tracker.Next(); ok; e, ok = h.tracker.Next() {
			switch e := e.(type) {
			case tracker.Send:
				h.clients[e.Conn].send(e.Message)
			case tracker.Removed:
				if c := h.clients[e.Conn]; c.extended() && !told[e.Conn] {
					told[e.Conn] = true
					c.send(&announce.Revoked{Infohash: infohash, Message: message})
				}
			}
		}
	})
}

var _ socket.Handler = (*Hub)(nil)
