package hub

import (
	"slices"
	"time"

	"fanseed/signal/ticket"
	"fanseed/signal/tracker"
)

// The rules of tickets: see the limits of credit in the reward rules.
const (
	planned        = 4                // introductions planned for a copy where there are as many seeders, and as many units to share
	shareUnit      = 8 << 20          // bytes; a share is rounded up to whole units
	ticketLifetime = 6 * time.Hour    // in which bytes may be sent on a ticket
	settleLifetime = 48 * time.Hour   // after that, in which its receipts are accepted
	renewBefore    = 30 * time.Minute // left of a ticket's lifetime when the next settlement brings the further one
	failedAfter    = 2 * time.Minute  // without any settlement: the two did not connect
	triedLifetime  = 12 * time.Hour   // at least; for so long is it known with whom a copy was tried in vain
)

// introduction is one direction of two peers that were introduced: its ticket is asked for, being stored, or open.
type introduction struct {
	seeder, leecher         *client
	seederPeer, leecherPeer [20]byte
	infohash, offerID       [20]byte
	channel                 [32]byte
	length, share           uint64 // bytes of the work, and of it the most for this ticket
	since                   time.Time
	settled                 uint64 // bytes
	traded                  bool   // the seeder lacks something too
	own                     bool   // the seeder made the offer
	ticket                  ticket.Ticket
	closed                  bool
}

// introduced asks for the tickets of two who will connect: one for each side that still lacks something.
func (h *Hub) introduced(e tracker.Introduced) {
	a, b := h.clients[e.Offerer.Conn], h.clients[e.Answerer.Conn]
	length, listed := h.config.Works.Work(e.Infohash)
	if !listed || length <= 0 || !a.loggedIn || !b.loggedIn || a.account == b.account || a.net == b.net {
		return
	}
	channel, err := ticket.Channel(e.Offerer.Fingerprints, e.Answerer.Fingerprints)
	if err != nil {
		return // without it no ticket can be bound to their connection
	}
	in := introduction{infohash: e.Infohash, offerID: e.OfferID, channel: channel, length: uint64(length)}
	if !e.Offerer.Complete {
		in.leecher, in.leecherPeer, in.seeder, in.seederPeer, in.traded, in.own = a, e.Offerer.PeerID, b, e.Answerer.PeerID, !e.Answerer.Complete, false
		h.plan(in)
	}
	if !e.Answerer.Complete {
		in.leecher, in.leecherPeer, in.seeder, in.seederPeer, in.traded, in.own = b, e.Answerer.PeerID, a, e.Offerer.PeerID, !e.Offerer.Complete, true
		h.plan(in)
	}
}

// plan asks for a ticket, unless its copy has enough open ones, its seeder is never credited, or its leecher is not believed.
func (h *Hub) plan(in introduction) {
	if h.config.Uncredited[in.seeder.account] || !h.believed(in.leecher.account) {
		return
	}
	seeders, _, _ := h.tracker.Counts(in.infohash)
	m := introductions(in.length, seeders)
	in.since = h.now
	in.share = share(in.length, m)
	h.tickets.clear(in.copy(), h.now)
	if h.tickets.others(&in) < 2*m && h.tickets.trials.allow(&in, 2*m, h.now) {
		h.tickets.add(&in)
	}
}

// introductions returns how many are planned for a copy: no more than there are seeders, or units to share.
func introductions(length uint64, seeders int) int {
	units := (length + shareUnit - 1) / shareUnit
	return max(1, int(min(uint64(seeders), planned, units)))
}

// share returns an m-th of a length, rounded up to whole units.
func share(length uint64, m int) uint64 {
	part := (length + uint64(m) - 1) / uint64(m)
	return (part + shareUnit - 1) / shareUnit * shareUnit
}

// completed gives a client that lacks nothing any more tickets that are paid, for those that are not.
func (h *Hub) completed(c *client, infohash [20]byte) {
	for _, in := range slices.Clone(c.open) {
		if in.traded && in.seeder == c && in.infohash == infohash {
			h.further(in, false)
		}
	}
}

// further closes a ticket and asks for another one for the same two.
func (h *Hub) further(in *introduction, traded bool) {
	h.tickets.close(in)
	if _, listed := h.config.Works.Work(in.infohash); listed {
		next := *in
		next.traded, next.settled, next.ticket, next.closed = traded, 0, ticket.Ticket{}, false
		h.plan(next)
	}
}

// progress notes what was settled on a ticket, and asks for the further one when it is used up.
func (h *Hub) progress(serial [16]byte, amount uint64) {
	in := h.tickets.bySerial[serial]
	if in == nil {
		return
	}
	if amount > in.settled {
		h.signedFor(in, amount-in.settled)
		in.settled = amount
	}
	if amount > 0 {
		h.tickets.trials.came(in)
	}
	expires := time.UnixMilli(int64(in.ticket.Expires))
	if in.settled < in.ticket.Limit && expires.Sub(h.now) > renewBefore {
		return
	}
	h.further(in, in.traded)
}

func (in *introduction) flags() uint32 {
	if in.traded {
		return ticket.Traded
	}
	return 0
}
