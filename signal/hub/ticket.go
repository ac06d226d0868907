package hub

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"slices"
	"time"

	"fanseed/signal/announce"
	"fanseed/signal/ticket"
	"fanseed/signal/tracker"
)

// The rules of tickets: see the limits of credit in the reward rules.
const (
	planned        = 4                // introductions planned for a copy where there are as many seeders
	shareUnit      = 8 << 20          // bytes; a share is rounded up to whole units
	ticketLifetime = 6 * time.Hour    // in which bytes may be sent on a ticket
	settleLifetime = 48 * time.Hour   // after it, in which receipts are accepted
	renewBefore    = 30 * time.Minute // left of a ticket's lifetime when the next settlement brings the further one
	failedAfter    = 2 * time.Minute  // without any settlement: the two did not connect
)

// grant is a ticket: asked for, being stored, or open.
type grant struct {
	seeder, leecher         *client
	seederPeer, leecherPeer [20]byte
	infohash, offerID       [20]byte
	channel                 [32]byte
	length, share           uint64 // bytes of the work, and of it the most for this ticket
	since                   time.Time
	settled                 uint64 // bytes
	ticket                  ticket.Ticket
}

// copyKey names a leecher's copy of a torrent.
type copyKey struct {
	leecher  [16]byte
	infohash [20]byte
}

func (g *grant) copy() copyKey { return copyKey{g.leecher.account, g.infohash} }

// tickets holds the open tickets whose two sockets are both there.
type tickets struct {
	bySerial map[[16]byte]*grant
	byCopy   map[copyKey][]*grant
	asked    []*grant // to be stored
	issuing  bool
}

func newTickets() tickets {
	return tickets{bySerial: map[[16]byte]*grant{}, byCopy: map[copyKey][]*grant{}}
}

// introduced grants tickets to two who will connect: one for each side that still lacks something.
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
	g := grant{infohash: e.Infohash, offerID: e.OfferID, channel: channel, length: uint64(length)}
	if !e.Offerer.Complete {
		g.leecher, g.leecherPeer, g.seeder, g.seederPeer = a, e.Offerer.PeerID, b, e.Answerer.PeerID
		h.grant(g)
	}
	if !e.Answerer.Complete {
		g.leecher, g.leecherPeer, g.seeder, g.seederPeer = b, e.Answerer.PeerID, a, e.Offerer.PeerID
		h.grant(g)
	}
}

// grant asks for a ticket, unless its copy has enough open ones.
func (h *Hub) grant(g grant) {
	seeders, _, _ := h.tracker.Counts(g.infohash)
	m := max(1, min(seeders, planned))
	g.since = h.now
	g.share = share(g.length, m)
	h.tickets.clear(&g, h.now)
	if len(h.tickets.byCopy[g.copy()]) < 2*m {
		h.tickets.add(&g)
	}
}

// share returns an m-th of a length, rounded up to whole units.
func share(length uint64, m int) uint64 {
	part := (length + uint64(m) - 1) / uint64(m)
	return (part + shareUnit - 1) / shareUnit * shareUnit
}

func (t *tickets) add(g *grant) {
	t.byCopy[g.copy()] = append(t.byCopy[g.copy()], g)
	g.seeder.open = append(g.seeder.open, g)
	g.leecher.open = append(g.leecher.open, g)
	t.asked = append(t.asked, g)
}

// clear closes the copy's tickets that a new one takes the place of, and those on which nothing moves.
func (t *tickets) clear(next *grant, now time.Time) {
	for _, g := range slices.Clone(t.byCopy[next.copy()]) {
		failed := g.settled == 0 && now.Sub(g.since) >= failedAfter
		if failed || g.seeder.account == next.seeder.account || now.Sub(g.since) >= ticketLifetime {
			t.close(g)
		}
	}
}

// close forgets a ticket; its receipts can still be settled.
func (t *tickets) close(g *grant) {
	is := func(other *grant) bool { return other == g }
	delete(t.bySerial, g.ticket.Serial)
	g.seeder.open = slices.DeleteFunc(g.seeder.open, is)
	g.leecher.open = slices.DeleteFunc(g.leecher.open, is)
	t.byCopy[g.copy()] = slices.DeleteFunc(t.byCopy[g.copy()], is)
	if len(t.byCopy[g.copy()]) == 0 {
		delete(t.byCopy, g.copy())
	}
}

// leave closes the tickets of a client that is gone.
func (t *tickets) leave(c *client) {
	for len(c.open) > 0 {
		t.close(c.open[0])
	}
}

// dispatchIssue stores what was asked for since the last time, in one go.
func (h *Hub) dispatchIssue(ctx context.Context) {
	if h.tickets.issuing || len(h.tickets.asked) == 0 {
		return
	}
	asked := h.tickets.asked
	h.tickets.asked = nil
	h.tickets.issuing = true
	now := h.now
	h.desk.start(ctx, nil, func(ctx context.Context) func() {
		issued, err := h.issue(ctx, asked, now)
		return func() { h.issued(asked, issued, err) }
	})
}

// issue signs and stores tickets. The result has one for each grant, with limit 0 where the copy lacks nothing.
func (h *Hub) issue(ctx context.Context, asked []*grant, now time.Time) ([]ticket.Ticket, error) {
	issued := make([]ticket.Ticket, len(asked))
	var store []ticket.Ticket
	for i, g := range asked {
		t := h.ticket(g, now)
		credited, err := h.config.Ledger.Credited(ctx, t.Leecher, t.Infohash)
		if err != nil {
			return nil, err
		}
		t.Limit = min(g.share, g.length-min(g.length, credited))
		if t.Limit == 0 {
			continue
		}
		t.Signature = [64]byte(ed25519.Sign(h.config.Key, t.Message()))
		issued[i] = t
		store = append(store, t)
	}
	if len(store) == 0 {
		return issued, nil
	}
	return issued, h.config.Ledger.Issue(ctx, store)
}

// ticket returns a grant's ticket without its limit.
func (h *Hub) ticket(g *grant, now time.Time) ticket.Ticket {
	t := ticket.Ticket{
		Epoch: h.config.Epoch(now), Seeder: g.seeder.publicKey, Leecher: g.leecher.publicKey,
		Infohash: ticket.Infohash(g.infohash), Channel: g.channel,
		Issued:   uint64(now.UnixMilli()),
		Expires:  uint64(now.Add(ticketLifetime).UnixMilli()),
		SettleBy: uint64(now.Add(ticketLifetime + settleLifetime).UnixMilli()),
	}
	rand.Read(t.Serial[:])
	return t
}

// issued sends stored tickets to both sides.
func (h *Hub) issued(asked []*grant, issued []ticket.Ticket, err error) {
	h.tickets.issuing = false
	if err != nil {
		h.log.Error("ledger failed", "doing", "issue tickets", "count", len(asked), "err", err)
	}
	for i, g := range asked {
		if err != nil || issued[i].Limit == 0 || g.seeder.gone || g.leecher.gone {
			h.tickets.close(g)
			continue
		}
		g.ticket = issued[i]
		h.tickets.bySerial[g.ticket.Serial] = g
		m := announce.Ticket{Infohash: g.infohash, OfferID: g.offerID, Ticket: g.ticket.Append(nil)}
		m.PeerID = g.leecherPeer
		g.seeder.send(&m)
		m.PeerID = g.seederPeer
		g.leecher.send(&m)
	}
}

// progress notes what was settled on a ticket, and grants the further one when it is used up.
func (h *Hub) progress(serial [16]byte, amount uint64) {
	g := h.tickets.bySerial[serial]
	if g == nil {
		return
	}
	g.settled = max(g.settled, amount)
	expires := time.UnixMilli(int64(g.ticket.Expires))
	if g.settled < g.ticket.Limit && expires.Sub(h.now) > renewBefore {
		return
	}
	h.tickets.close(g)
	if _, listed := h.config.Works.Work(g.infohash); listed {
		further := *g
		further.settled, further.ticket = 0, ticket.Ticket{}
		h.grant(further)
	}
}
