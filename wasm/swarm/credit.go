package swarm

import (
	"slices"
	"time"

	"fanseed/wasm/wire"
)

// Ticket is the server's permission to be paid, or to pay, for bytes of this torrent, in one direction between us and one peer.
type Ticket struct {
	Serial  [16]byte
	Upload  bool   // we give and are paid; else we get and pay
	Limit   uint64 // bytes
	Expires time.Time
}

// expired tells whether bytes no longer count; never when Expires is the zero time.
func (t *Ticket) expired(now time.Time) bool {
	return !t.Expires.IsZero() && !now.Before(t.Expires)
}

// credit is what a peer and we owe and pay each other.
type credit struct {
	payments   []*payment // oldest first; bytes count on the last
	unticketed uint64     // verified bytes that it gave before the first ticket came
	earnings   []*earning
	greeted    [][16]byte  // serials that it has named and we do not know yet
	held       wire.Credit // a receipt for one of those

	counting    *earning // on which what we send counts
	window      uint64   // bytes that it may owe
	paid        uint64   // bytes of all good receipts
	stalled     time.Time
	defaulted   bool      // let the window's end pass: served as a free peer
	barredUntil time.Time // gets no slot before
	left        bool      // it has said bye
	byeUntil    time.Time // our bye needs so long to arrive
}

type earlyTicket struct {
	peer   Peer
	ticket Ticket
}

// Ticketed says that the server has given us and p a ticket. It may come before Opened.
func (s *Swarm) Ticketed(now time.Time, p Peer, t Ticket) {
	s.begin(now)
	if open := s.byHandle[p]; open != nil {
		s.addTicket(open, t)
		s.sayHello(open)
	} else {
		s.keepEarly(p, t)
	}
	s.end()
}

// keepEarly keeps the ticket of a connection that is not open yet. Only the newest are kept, as some will never open.
func (s *Swarm) keepEarly(id Peer, t Ticket) {
	s.early = slices.DeleteFunc(s.early, func(e earlyTicket) bool { return e.ticket.expired(s.now) })
	if len(s.early) == maxEarly {
		s.early = slices.Delete(s.early, 0, 1)
	}
	s.early = append(s.early, earlyTicket{id, t})
}

// takeEarly returns the tickets that came before their peer.
func (s *Swarm) takeEarly(id Peer) (tickets []Ticket) {
	s.early = slices.DeleteFunc(s.early, func(e earlyTicket) bool {
		if e.peer == id {
			tickets = append(tickets, e.ticket)
		}
		return e.peer == id
	})
	return tickets
}

func (s *Swarm) bindEarly(p *peer) {
	for _, t := range s.takeEarly(p.id) {
		s.addTicket(p, t)
	}
}

func (s *Swarm) addTicket(p *peer, t Ticket) {
	switch {
	case p.payment(t.Serial) != nil || p.earning(t.Serial) != nil:
	case t.Upload:
		s.addEarning(p, t)
	default:
		s.addPayment(p, t)
	}
}

// sayHello names each ticket once to a peer that speaks fs_receipt.
func (s *Swarm) sayHello(p *peer) {
	if p.receipt == 0 || p.leaving != "" || p.gone {
		return
	}
	for _, t := range p.payments {
		s.hello(p, t.Serial, &t.named)
	}
	for _, e := range p.earnings {
		s.hello(p, e.Serial, &e.named)
	}
}

func (s *Swarm) hello(p *peer, serial [16]byte, named *bool) {
	if !*named {
		*named = true
		s.sendCredit(p, wire.Credit{Type: wire.CreditHello, Version: creditVersion, Serial: serial})
	}
}

func (s *Swarm) sendCredit(p *peer, c wire.Credit) { s.sendExtended(p, p.receipt, c) }

func (s *Swarm) gotCredit(p *peer, payload []byte) {
	c, err := wire.ParseCredit(payload)
	if err != nil {
		s.drop(p, BadCredit)
		return
	}
	switch c.Type {
	case wire.CreditHello:
		s.gotHello(p, c)
	case wire.CreditReceipt:
		s.gotReceipt(p, c)
	case wire.CreditMore:
		s.gotMore(p, c)
	case wire.CreditBye:
		s.gotBye(p, c)
	}
}

// gotHello learns which ticket the peer counts on from now. One of another version of fs_receipt is a free peer.
func (s *Swarm) gotHello(p *peer, c wire.Credit) {
	if c.Version != creditVersion {
		return
	}
	if e := p.earning(c.Serial); e != nil {
		s.startEarning(p, e)
	} else if p.payment(c.Serial) == nil && len(p.greeted) < maxTickets {
		p.greeted = append(p.greeted, c.Serial)
	}
}

// gotBye takes the last receipt.
func (s *Swarm) gotBye(p *peer, c wire.Credit) {
	p.left = true
	if c.Amount > 0 {
		s.gotReceipt(p, c)
	}
	if !p.gone && p.leaving != "" {
		s.finishLeaving(p)
	}
}
