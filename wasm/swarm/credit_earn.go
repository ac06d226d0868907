package swarm

import (
	"slices"
	"time"

	"fanseed/wasm/wire"
)

// earning is what a peer pays us under one ticket.
type earning struct {
	Ticket
	peer     *peer
	named    bool
	started  bool        // the peer has said that it counts on this ticket
	from     uint64      // payload bytes that it had been sent by then
	paid     uint64      // bytes of the newest good receipt
	checking wire.Credit // the receipt whose signature is being checked; Amount 0: none
	next     wire.Credit // the newest that came meanwhile
}

// earning returns the earning under a ticket; nil if there is none.
func (c *credit) earning(serial [16]byte) *earning {
	for _, e := range c.earnings {
		if e.Serial == serial {
			return e
		}
	}
	return nil
}

func (s *Swarm) addEarning(p *peer, t Ticket) {
	if len(p.earnings) == maxTickets {
		p.earnings = slices.Delete(p.earnings, 0, 1)
	}
	e := &earning{Ticket: t, peer: p}
	p.earnings = append(p.earnings, e)
	if slices.Contains(p.greeted, t.Serial) {
		s.startEarning(p, e)
	}
	if p.held.Amount > 0 && p.held.Serial == t.Serial {
		s.gotReceipt(p, p.held)
		p.held = wire.Credit{}
	}
}

// startEarning counts what is sent from now on this ticket. The peer counts on it whatever it verifies from now: at least that.
func (s *Swarm) startEarning(p *peer, e *earning) {
	if e.started {
		return
	}
	e.started, e.from = true, p.sent
	p.counting = e
	p.defaulted, p.stalled = false, time.Time{}
	if p.window == 0 {
		p.window = minWindow
	}
	s.serve(p)
}

// paying tells whether p pays for what it is sent next.
func (s *Swarm) paying(p *peer) bool {
	e := p.counting
	return e != nil && !p.defaulted && p.sent-e.from < e.Limit && !e.expired(s.now)
}

// unpaid returns how many bytes p owes us.
func (p *peer) unpaid() uint64 {
	e := p.counting
	if e == nil {
		return 0
	}
	covered := min(p.sent-e.from, e.Limit)
	return covered - min(covered, e.paid)
}

// pieceWindow returns what two pieces have: less cannot be verified, let alone paid.
func (s *Swarm) pieceWindow() uint64 { return 2 * uint64(s.info.PieceLength) }

// windowFull tells whether p must pay before it is sent more.
func (s *Swarm) windowFull(p *peer) bool {
	return s.paying(p) && p.unpaid()+uint64(p.bytes) >= max(p.window, s.pieceWindow())
}

// stall asks once for payment.
func (s *Swarm) stall(p *peer) {
	if p.stalled.IsZero() {
		p.stalled = s.now
		s.sendCredit(p, wire.Credit{Type: wire.CreditMore, Serial: p.counting.Serial})
	}
}

// watchWindow chokes a peer that does not pay. Later it may have a slot again, as a free peer.
func (s *Swarm) watchWindow(p *peer) {
	if p.gone || p.stalled.IsZero() || s.now.Sub(p.stalled) < defaultAfter {
		return
	}
	p.stalled = time.Time{}
	p.defaulted = true
	p.barredUntil = s.now.Add(rechokeEvery)
	s.choke(p)
}

// askForMore asks a peer that leaves for what it owes.
func (s *Swarm) askForMore(p *peer) {
	if p.unpaid() > 0 && p.receipt != 0 && !p.left {
		s.sendCredit(p, wire.Credit{Type: wire.CreditMore, Serial: p.counting.Serial})
	}
}

// allEarned tells whether nothing more is to be expected of p. Its ticket may still be on its way, and a ticket also pays for what was sent
// before it came.
func (s *Swarm) allEarned(p *peer) bool {
	if p.left || p.receipt == 0 || p.sent == 0 {
		return true
	}
	e := p.counting
	return e != nil && p.unpaid() == 0 && (p.paid >= p.sent || e.paid == e.Limit)
}

// gotReceipt takes a receipt: of a known ticket of this peer, rising, within its limit, and for no more than was sent.
func (s *Swarm) gotReceipt(p *peer, c wire.Credit) {
	e := p.earning(c.Serial)
	if e == nil {
		p.held = c // its ticket may be on its way
		return
	}
	if !p.cheap.take(s.now, receiptCost) {
		s.drop(p, MessageFlood)
		return
	}
	s.startEarning(p, e)
	newest := max(e.paid, e.checking.Amount, e.next.Amount)
	switch {
	case c.Amount == newest:
	case c.Amount < newest:
		s.drop(p, ReceiptLower)
	case c.Amount > e.Limit:
		s.drop(p, ReceiptOverMost)
	case c.Amount-e.paid > p.sent-p.paid:
		s.drop(p, ReceiptUnsent)
	case e.checking.Amount > 0:
		e.next = c
	default:
		s.check(e, c)
	}
}

func (s *Swarm) check(e *earning, c wire.Credit) {
	e.checking = c
	s.checks = append(s.checks, e)
	s.emit(Effect{Kind: Check, Peer: e.peer.id, Serial: c.Serial, Amount: c.Amount, Signature: c.Signature})
}

// Checked answers a Check effect, also when the peer has gone: ok tells whether the ticket's leecher has signed the receipt. It panics
// when no such check was asked for.
func (s *Swarm) Checked(now time.Time, p Peer, serial [16]byte, amount uint64, ok bool) {
	s.begin(now)
	n := slices.IndexFunc(s.checks, func(e *earning) bool {
		return e.peer.id == p && e.Serial == serial && e.checking.Amount == amount
	})
	if n < 0 {
		panic("swarm: a receipt was checked that nobody asked about")
	}
	e := s.checks[n]
	s.checks = slices.Delete(s.checks, n, n+1)
	s.checked(e, ok)
	s.end()
}

func (s *Swarm) checked(e *earning, ok bool) {
	p, c, next := e.peer, e.checking, e.next
	e.checking, e.next = wire.Credit{}, wire.Credit{}
	switch {
	case !ok:
		s.drop(p, ReceiptForged)
		return
	case c.Amount-e.paid > p.sent-p.paid: // another ticket's receipt was faster
		s.drop(p, ReceiptUnsent)
		return
	}
	s.earn(p, e, c)
	if next.Amount > 0 {
		s.check(e, next)
	}
	if !p.gone && p.leaving != "" {
		s.finishLeaving(p)
	}
}

// earn takes a good receipt: the peer is trusted with twice as much from now on.
func (s *Swarm) earn(p *peer, e *earning, c wire.Credit) {
	p.paid += c.Amount - e.paid
	e.paid = c.Amount
	p.window = min(max(p.window, s.pieceWindow())*2, max(maxWindow, s.pieceWindow()))
	p.defaulted, p.stalled, p.barredUntil = false, time.Time{}, time.Time{}
	s.emit(Effect{Kind: Claim, Serial: c.Serial, Amount: c.Amount, Signature: c.Signature})
	if !p.gone {
		s.serve(p)
	}
}
