package swarm

import (
	"slices"
	"time"

	"fanseed/wasm/wire"
)

// payment is what we pay a peer for under one ticket: receipts over payload bytes of blocks that we asked it for, in pieces that passed
// their hash and were stored.
type payment struct {
	Ticket
	named     bool   // the peer was told of it
	counted   uint64 // verified bytes; at most Limit, more is free
	signed    uint64 // bytes of the newest receipt that was sent
	signature [64]byte
	signing   uint64 // bytes of the receipt that is being signed; 0: none
	since     time.Time
	due       bool   // pay at once whatever is counted
	bye       string // not empty: say bye with the last receipt, and why
	said      bool   // bye
}

// payment returns the payment under a ticket; nil if there is none.
func (c *credit) payment(serial [16]byte) *payment {
	for _, t := range c.payments {
		if t.Serial == serial {
			return t
		}
	}
	return nil
}

// addPayment makes later bytes count on a new ticket. What was counted on the one before is paid at once.
func (s *Swarm) addPayment(p *peer, t Ticket) {
	s.payNow(p)
	if len(p.payments) == maxTickets {
		p.payments = slices.Delete(p.payments, 0, 1)
	}
	first := min(p.unticketed, t.Limit)
	p.unticketed = 0
	p.payments = append(p.payments, &payment{Ticket: t, since: s.now, counted: first})
	if p.leaving != "" {
		s.sayBye(p, string(p.leaving))
	}
}

// owe counts verified bytes that p gave. A ticket may come after the first bytes over the channel that it is bound to: those wait for it.
func (s *Swarm) owe(p *peer, bytes uint64) {
	if p.webseed {
		return
	}
	if len(p.payments) == 0 {
		p.unticketed += bytes
		return
	}
	if t := p.payments[len(p.payments)-1]; !t.said && !t.expired(s.now) {
		t.counted = min(t.counted+bytes, t.Limit)
	}
}

// pay signs the next receipt for p that is due. Only one is signed at a time.
func (s *Swarm) pay(p *peer) {
	if p.receipt == 0 || p.gone {
		return
	}
	for _, t := range p.payments {
		if t.signing > 0 {
			return
		}
		if t.isDue(s.now, p.choking) {
			s.sign(p, t)
			return
		}
		s.partFrom(p, t)
	}
}

// isDue tells whether there is enough to sign for; while the peer chokes us, and may be about to leave, anything is.
func (t *payment) isDue(now time.Time, choking bool) bool {
	unsigned := t.counted - t.signed
	return unsigned >= receiptEvery || unsigned > 0 && (t.due || choking || now.Sub(t.since) >= receiptAfter)
}

func (s *Swarm) sign(p *peer, t *payment) {
	t.signing, t.due = t.counted, false
	s.emit(Effect{Kind: Sign, Peer: p.id, Serial: t.Serial, Amount: t.counted})
}

// payNow has p paid as soon as there is anything to pay for.
func (s *Swarm) payNow(p *peer) {
	for _, t := range p.payments {
		t.due = true
	}
	s.pay(p)
}

// Signed answers a Sign effect: the receipt goes to the peer.
func (s *Swarm) Signed(now time.Time, p Peer, serial [16]byte, amount uint64, signature [64]byte) {
	s.begin(now)
	if p := s.byHandle[p]; p != nil {
		if t := p.payment(serial); t != nil && t.signing == amount {
			s.sendReceipt(p, t, signature)
		}
	}
	s.end()
}

func (s *Swarm) sendReceipt(p *peer, t *payment, signature [64]byte) {
	t.signed, t.signature, t.signing, t.since = t.signing, signature, 0, s.now
	if !s.partFrom(p, t) {
		s.sendCredit(p, wire.Credit{Type: wire.CreditReceipt, Serial: t.Serial, Amount: t.signed, Signature: signature})
	}
	s.pay(p)
	if p.leaving != "" {
		s.finishLeaving(p)
	}
}

// sayBye pays everything, and says that nothing more will be owed. The first reason stays.
func (s *Swarm) sayBye(p *peer, why string) {
	for _, t := range p.payments {
		t.due = true
		if t.bye == "" {
			t.bye = why
		}
	}
	s.pay(p)
}

// partFrom says bye under a ticket when that was wanted and nothing can be counted any more.
func (s *Swarm) partFrom(p *peer, t *payment) bool {
	if t.bye == "" || t.said || t.counted > t.signed || s.verifying > 0 {
		return false
	}
	t.said = true
	p.byeUntil = s.now.Add(byeLingers)
	s.sendCredit(p, wire.Credit{Type: wire.CreditBye, Serial: t.Serial, Amount: t.signed, Signature: t.signature, Why: t.bye})
	return true
}

// allPaid tells whether p has everything that we owe it, and had the time to receive it. The ticket to pay with may still be on its way.
func (s *Swarm) allPaid(p *peer) bool {
	if p.receipt == 0 {
		return true
	}
	return p.unticketed == 0 && !s.now.Before(p.byeUntil) && !slices.ContainsFunc(p.payments, func(t *payment) bool { return !t.said })
}

func (s *Swarm) gotMore(p *peer, c wire.Credit) {
	if p.payment(c.Serial) != nil {
		s.payNow(p)
	}
}
