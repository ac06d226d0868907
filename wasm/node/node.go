// Package node runs the engine: the one loop that reads the clock, feeds what
// happens to the swarms and the announcer, and carries out what they decide.
//
// It promises that the swarms and the announcer are touched by the loop alone,
// that hashing, storing and signing never hold the loop up, that a piece is
// offered to others only after it was verified and stored, and that no
// connection is made and nothing announced unless sharing is on. It never
// decides what to request, whom to choke or what a receipt is worth: that is
// swarm's. It knows neither pion nor JavaScript.
package node

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"fanseed/wasm/announcer"
)

// Config is what a node is made of.
type Config struct {
	Server string // origin, as "https://host[:port]"; announces go to its /announce
	Parts  Parts
	Rand   *rand.Rand
	Limits Limits
	// Receipts are those that an earlier run has earned and not settled.
	Receipts []Receipt
	// Yields makes the node, where it seeds, give only what other seeders do not.
	Yields bool
	// AnnouncePace is between announces that are due together, of a server that takes more than others; 0 for what every server takes.
	AnnouncePace time.Duration
}

// Node is one engine: many works, one server.
type Node struct {
	parts     Parts
	server    string
	rand      *rand.Rand
	yields    bool
	pace      time.Duration // of announces
	peerID    [20]byte
	mail      mailbox
	jobs      jobs
	announcer *announcer.Announcer
	socket    socket
	serverKey [32]byte // signs tickets; known after the login
	tickets   ticketBook
	receipts  receipts
	works     []*work
	checks    checks
	uploads   uploads
	proving   proving
	spans     spans
	downloads downloads
	budget    budget
	capped    struct{ up, down bool } // what the works know of the budget
	meetings  meetings
	helping   helping
	sharing   bool // there may be peers
	fetching  bool // there may be webseeds even while sharing is off
	copying   bool // a published piece is being copied
	shown     time.Time
	timer     *time.Timer
}

// New makes a node. Run must be called next.
func New(c Config) *Node {
	n := &Node{
		parts:  c.Parts,
		server: c.Server,
		rand:   c.Rand,
		yields: c.Yields,
		pace:   c.AnnouncePace,
		peerID: newPeerID(c.Rand),
		mail:   mailbox{wake: make(chan struct{}, 1)},
		timer:  time.NewTimer(time.Hour),
		spans:  newSpans(),
	}
	n.meetings.seeks, n.meetings.answers = seekPace, answerPace
	n.proving.pace = pace{every: provePace, most: proveBurst}
	n.limit(time.Now(), c.Limits)
	n.receipts.restore(c.Receipts)
	n.announcer = newAnnouncer(n)
	return n
}

// Run is the loop. It ends with its context, after saying good-bye to every
// peer and to the server.
func (n *Node) Run(ctx context.Context) {
	working, rest := context.WithCancel(context.Background())
	defer rest()
	n.jobs.start(working, &n.mail)
	for {
		select {
		case <-ctx.Done():
			n.shutDown()
			return
		case <-n.mail.wake:
			n.mail.deliver()
		case <-n.timer.C:
		}
		n.tick(time.Now())
	}
}

// tick moves everything on whose time has come, and sets the timer for what
// comes next.
func (n *Node) tick(now time.Time) {
	n.tickAnnouncer(now)
	n.serveChecks()
	n.uploads.serve(now, &n.budget)
	n.downloads.serve(now)
	n.prove(now)
	n.obeyBudget(now)
	n.meetNext(now)
	n.help(now)
	next := now.Add(time.Second)
	for _, w := range slices.Clone(n.works) {
		w.tick(now)
		next = earlier(next, w.deadline(now))
	}
	n.spans.rest(now)
	n.showAll(now)
	next = earlier(next, n.showDue())
	next = earlier(next, n.meetDue(now))
	next = earlier(next, n.uploads.deadline(now))
	next = earlier(next, n.downloads.deadline(now))
	next = earlier(next, n.proveDue(now))
	next = earlier(next, n.announcer.Deadline())
	n.timer.Reset(max(time.Millisecond, next.Sub(now)))
}

// shutDown leaves the loop time to pay and to be paid.
func (n *Node) shutDown() {
	now := time.Now()
	for _, w := range n.works {
		w.halt(now)
	}
	over := time.NewTimer(goodbye)
	defer over.Stop()
	for n.connected() {
		n.tick(time.Now())
		select {
		case <-over.C:
			for _, w := range n.works {
				w.end(time.Now())
			}
		case <-n.mail.wake:
			n.mail.deliver()
		case <-n.timer.C:
		}
	}
	n.announcer.Flush(time.Now())
	n.tickAnnouncer(time.Now())
	n.socket.close()
	n.budget.report(time.Now(), n.parts.Host, true)
	for _, w := range n.works {
		w.closeStores()
	}
}

func (n *Node) connected() bool {
	for _, w := range n.works {
		if len(w.links) > 0 {
			return true
		}
	}
	return false
}

// do runs f on the loop, and waits for it.
func (n *Node) do(ctx context.Context, f func(now time.Time) error) error {
	done := make(chan error, 1)
	n.mail.post(func() { done <- f(time.Now()) })
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (n *Node) find(infohash [20]byte) *work {
	for _, w := range n.works {
		if w.infohash == infohash {
			return w
		}
	}
	return nil
}

func earlier(a, b time.Time) time.Time {
	if b.IsZero() || a.Before(b) {
		return a
	}
	return b
}

// newPeerID makes a random peer id for this run, which tells nothing of the
// account (BEP 20 style).
func newPeerID(r *rand.Rand) [20]byte {
	id := [20]byte{'-', 'F', 'S', '0', '1', '0', '0', '-'}
	for i := 8; i < len(id); i++ {
		id[i] = byte(r.Uint32())
	}
	return id
}
