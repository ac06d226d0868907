// Package announcer owns the client's side of one signal server: it keeps one socket, announces many torrents over it, logs in, and
// keeps each ticket's newest receipt until the server has answered it.
//
// It is a state machine: inputs say what happened and carry the time, effects say what to do and are drained by Next before the next
// input. It never dials, signs or reads a clock itself. Stock trackers are spoken to in the stock protocol alone.
package announcer

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"fanseed/signal/announce"
	"fanseed/signal/receipt"
)

// Config says who announces, and where.
type Config struct {
	// Origin is "http(s)://host[:port]" of the server as it is dialled: a login is bound to it.
	Origin string
	// Extended asks for the subprotocol fanseed.v1. A browser gives up on a stock tracker that is asked for it.
	Extended  bool
	PeerID    [20]byte
	PublicKey [32]byte // of the account; all zero: no login
	Rand      *rand.Rand
	// Pace is between announces that are due together; 0 means 300 ms, which every server takes.
	Pace time.Duration
}

const (
	defaultInterval = 2 * time.Minute  // of a tracker that names none
	minInterval     = 15 * time.Second // whatever the tracker says
	maxInterval     = time.Hour
	answerTime      = 30 * time.Second       // for the server to answer; then the socket counts as dead
	announcePace    = 300 * time.Millisecond // between announces that are due together …
	announceBurst   = 15                     // … after so many at once
)

// Announcer speaks with one server. Not safe for concurrent use.
type Announcer struct {
	config   Config
	effects  []Effect
	link     link
	torrents []*torrent // in the order in which they were joined
	receipts receipts
}

// New returns an announcer that dials at the first Join, Settle or Restore.
func New(c Config) *Announcer {
	if c.Pace == 0 {
		c.Pace = announcePace
	}
	return &Announcer{config: c}
}

// Join announces a torrent from now on. left is in bytes, announce.LeftUnknown before the metadata is there. The first announce
// carries no offer; its reply gives a [Counts].
func (a *Announcer) Join(now time.Time, infohash [20]byte, left float64) {
	if a.torrent(infohash) == nil {
		a.torrents = append(a.torrents, &torrent{infohash: infohash, left: left})
	}
	a.wake(now)
	a.announceDue(now)
}

// Progress notes the bytes for the next announces. A left that reaches 0 is announced at once, as completed when it was known before.
func (a *Announcer) Progress(now time.Time, infohash [20]byte, uploaded, downloaded, left float64) {
	t := a.torrent(infohash)
	if t == nil {
		return
	}
	completed := left == 0 && t.left > 0
	changed := left == 0 && t.left != 0
	t.uploaded, t.downloaded, t.left = uploaded, downloaded, left
	if changed && t.announced {
		a.announce(now, t, event(completed), nil)
	}
}

func event(completed bool) announce.Event {
	if completed {
		return announce.EventCompleted
	}
	return announce.EventUpdate
}

// Offer announces a torrent with offers, at most announce.MaxOffers, to be handed to as many peers. It returns false, and sends nothing,
// while the torrent cannot be announced.
func (a *Announcer) Offer(now time.Time, infohash [20]byte, offers []announce.Offer) bool {
	t := a.torrent(infohash)
	if t == nil || !t.announced {
		return false
	}
	a.announce(now, t, announce.EventUpdate, offers)
	return true
}

// Answer answers a relayed offer.
func (a *Announcer) Answer(infohash, to, offerID [20]byte, sdp string) {
	if t := a.torrent(infohash); t != nil && t.announced {
		a.send(&announce.Answer{Infohash: infohash, PeerID: a.config.PeerID, To: to, OfferID: offerID, SDP: sdp})
	}
}

// Leave stops announcing a torrent, and says so.
func (a *Announcer) Leave(now time.Time, infohash [20]byte) {
	t := a.torrent(infohash)
	if t == nil {
		return
	}
	if t.announced {
		a.announce(now, t, announce.EventStopped, nil)
	}
	a.torrents = slices.DeleteFunc(a.torrents, func(other *torrent) bool { return other == t })
}

// Settle hands a newer receipt of a ticket to the server within about a second. An older one changes nothing.
func (a *Announcer) Settle(now time.Time, r receipt.Receipt) {
	a.receipts.keep(now, r)
	a.wake(now)
}

// Restore takes receipts that an earlier run left pending.
func (a *Announcer) Restore(now time.Time, pending []receipt.Receipt) {
	for _, r := range pending {
		a.Settle(now, r)
	}
}

// Pending returns the newest receipt of every ticket that the server has not answered for good, oldest ticket first.
func (a *Announcer) Pending() []receipt.Receipt { return slices.Clone(a.receipts.pending) }

// Flush sends at once the pending receipts that are not on their way, for a page that goes away.
func (a *Announcer) Flush(now time.Time) { a.settleUnsent(now, math.MaxInt) }

// Stop leaves all torrents, sends what is pending, and hangs up. A later Join or Settle dials again.
func (a *Announcer) Stop(now time.Time) {
	a.Flush(now)
	for len(a.torrents) > 0 {
		a.Leave(now, a.torrents[0].infohash)
	}
	a.hangup(now)
}

// Opened says that the socket is open, and whether the server chose the subprotocol.
func (a *Announcer) Opened(now time.Time, extended bool) { a.opened(now, extended) }

// Received takes one text message.
func (a *Announcer) Received(now time.Time, text []byte) {
	m, err := announce.ParseServer(text)
	if err != nil {
		return // not a message of ours, or a newer server's
	}
	switch m := m.(type) {
	case *announce.Reply:
		a.replied(now, m)
	case *announce.Failure:
		a.failed(now, m)
	case *announce.RelayedOffer:
		a.gotOffer(m)
	case *announce.RelayedAnswer:
		a.gotAnswer(m)
	case *announce.Hello:
		a.greeted(m)
	case *announce.Account:
		a.loggedIn(now, m)
	case *announce.Ticket:
		a.ticketed(m)
	case *announce.Settled:
		a.settled(now, m)
	case *announce.Revoked:
		a.emit(Revoked{m.Infohash, m.Message})
	case *announce.Ping:
		a.pinged(m)
	case *announce.Challenge:
		a.challenged(now, m)
	case *announce.Help:
		a.handed(m)
	case *announce.Error:
		a.refused(now, m)
	}
}

// Closed says that the socket is gone, or could not be opened. Nothing more may be told of it.
func (a *Announcer) Closed(now time.Time) { a.closed(now) }

// Tick does what was due by now.
func (a *Announcer) Tick(now time.Time) {
	a.linkDue(now)
	a.announceDue(now)
	a.settleDue(now)
}

// Deadline returns when Tick is due next; zero when nothing waits.
func (a *Announcer) Deadline() time.Time {
	due := a.linkDeadline()
	if a.link.state == ready {
		for _, t := range a.torrents {
			due = earlier(due, later(t.due, a.link.paced.Add(-announceBurst*a.config.Pace)))
		}
	}
	if a.link.account {
		due = earlier(due, a.receipts.deadline())
	}
	return due
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
