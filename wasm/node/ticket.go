package node

import (
	"context"
	"time"

	"fanseed/signal/ticket"
	"fanseed/wasm/announcer"
	"fanseed/wasm/swarm"
)

// maxTickets bounds what is remembered of tickets whose connections are gone.
const maxTickets = 4096

// ticketBook knows who pays with which ticket, and for what.
type ticketBook struct {
	payers map[[16]byte][32]byte
	order  [][16]byte
}

func (b *ticketBook) add(t *ticket.Ticket) {
	if b.payers == nil {
		b.payers = map[[16]byte][32]byte{}
	}
	if _, known := b.payers[t.Serial]; known {
		return
	}
	if len(b.order) >= maxTickets {
		delete(b.payers, b.order[0])
		b.order = b.order[1:]
	}
	b.payers[t.Serial] = t.Leecher
	b.order = append(b.order, t.Serial)
}

func (b *ticketBook) payer(serial [16]byte) ([32]byte, bool) {
	key, ok := b.payers[serial]
	return key, ok
}

// ticketed takes a ticket that the server says belongs to one of our
// connections, after checking every word of it.
func (n *Node) ticketed(e announcer.Ticketed) {
	w := n.find(e.Infohash)
	if w == nil {
		return
	}
	l := w.offered(e.OfferID)
	if l == nil || !l.fits(&e.Ticket) {
		return
	}
	key := n.serverKey
	w.later(func(ctx context.Context) func(time.Time) {
		good := n.parts.Keys.Verify(ctx, key, e.Ticket.Message(), e.Ticket.Signature)
		return func(now time.Time) {
			if good && !l.closed {
				l.use(now, e.Ticket, e.Upload)
			}
		}
	})
}

// fits says whether a ticket is for this very connection: between two accounts,
// for this torrent, and with both fingerprints.
func (l *link) fits(t *ticket.Ticket) bool {
	channel, err := ticket.Channel(l.offer, l.answer)
	return err == nil && t.Seeder != t.Leecher && channel == t.Channel && t.Infohash == ticket.Infohash(l.work.infohash)
}

func (l *link) use(now time.Time, t ticket.Ticket, upload bool) {
	w := l.work
	w.node.tickets.add(&t)
	w.swarm.Ticketed(now, l.peer, swarm.Ticket{
		Serial: t.Serial, Upload: upload, Limit: t.Limit,
		Expires: time.UnixMilli(int64(t.Expires)),
	})
	w.drain(now)
	w.flush(now)
}
