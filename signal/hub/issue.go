package hub

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"time"

	"fanseed/signal/announce"
	"fanseed/signal/ticket"
)

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

// issue signs and stores tickets. The result has one for each introduction, with limit 0 where the copy lacks nothing.
func (h *Hub) issue(ctx context.Context, asked []*introduction, now time.Time) ([]ticket.Ticket, error) {
	issued := make([]ticket.Ticket, len(asked))
	var store []ticket.Ticket
	var nets [][2]string
	for i, in := range asked {
		t := h.ticket(in, now)
		credited, err := h.config.Ledger.Credited(ctx, t.Leecher, t.Infohash)
		if err != nil {
			return nil, err
		}
		t.Limit = min(in.share, in.length-min(in.length, credited), ticket.MaxLimit)
		if t.Limit == 0 {
			continue
		}
		t.Signature = [64]byte(ed25519.Sign(h.config.Key, t.Message()))
		issued[i] = t
		store, nets = append(store, t), append(nets, [2]string{in.seeder.net, in.leecher.net})
	}
	if len(store) == 0 {
		return issued, nil
	}
	return issued, h.config.Ledger.Issue(ctx, store, nets)
}

// ticket returns an introduction's ticket without its limit.
func (h *Hub) ticket(in *introduction, now time.Time) ticket.Ticket {
	t := ticket.Ticket{
		Epoch: h.config.Epoch(now), Seeder: in.seeder.publicKey, Leecher: in.leecher.publicKey,
		Infohash: ticket.Infohash(in.infohash), Channel: in.channel, Flags: in.flags(),
		Issued:   uint64(now.UnixMilli()),
		Expires:  uint64(now.Add(ticketLifetime).UnixMilli()),
		SettleBy: uint64(now.Add(ticketLifetime + settleLifetime).UnixMilli()),
	}
	rand.Read(t.Serial[:])
	return t
}

// issued sends stored tickets to both sides, unless they were closed meanwhile.
func (h *Hub) issued(asked []*introduction, issued []ticket.Ticket, err error) {
	h.tickets.issuing = false
	if err != nil {
		h.log.Error("ledger failed", "doing", "issue tickets", "count", len(asked), "err", err)
	}
	for i, in := range asked {
		if err != nil || issued[i].Limit == 0 || in.closed {
			h.tickets.close(in)
			continue
		}
		in.ticket = issued[i]
		h.tickets.bySerial[in.ticket.Serial] = in
		m := announce.Ticket{Infohash: in.infohash, OfferID: in.offerID, Ticket: in.ticket.Append(nil)}
		m.PeerID = in.leecherPeer
		in.seeder.send(&m)
		m.PeerID = in.seederPeer
		in.leecher.send(&m)
	}
}
