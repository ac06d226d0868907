package ledger

import (
	"math/bits"

	"fanseed/signal/receipt"
	"fanseed/signal/ticket"
)

// MaxAmount bounds every number of bytes and every time that is kept: what JSON
// readers in JavaScript keep exact.
const MaxAmount = 1<<53 - 1

// A receipt is plausible up to BurstBytes and then as fast as a line of 1 Gbit/s
// can have carried it since its ticket was issued.
const (
	BurstBytes = 32 << 20
	LineRate   = 125_000 // bytes per millisecond
)

// Claim is a receipt that somebody wants to be credited for.
type Claim struct {
	Account [16]byte // who claims
	Receipt receipt.Receipt
	Genuine bool     // the receipt is signed by its ticket's leecher
	Now     uint64   // Unix milliseconds at which it came
	Salt    [16]byte // random bytes, which are kept with an increase for its record in the public log
}

// Standing is what is kept about a claim's ticket at the moment of judgement.
type Standing struct {
	Known    bool // the ticket was issued; if not, nothing else here has a meaning
	Seeder   [16]byte
	Limit    uint64 // bytes
	Issued   uint64
	SettleBy uint64
	Settled  uint64         // the highest amount accepted so far
	Reason   receipt.Reason // what that was answered with
	Copied   uint64         // bytes credited so far for this leecher's copy, by whomever
	Length   uint64         // bytes of a whole copy
}

// Verdict is what becomes of a claim.
type Verdict struct {
	receipt.Result
	Advance bool   // a new amount is to be kept
	Credit  uint64 // bytes to credit for it
}

// Judge applies the rules of settlement to one claim. It is the only place that
// knows them; a backend keeps what it says.
func Judge(c Claim, s Standing) Verdict {
	r := c.Receipt
	if !s.Known || c.Account != s.Seeder {
		return refuse(r, 0, receipt.UnknownTicket)
	}
	switch {
	case !c.Genuine:
		return refuse(r, s.Settled, receipt.BadSignature)
	case r.Amount > s.Limit:
		return refuse(r, s.Settled, receipt.OverLimit)
	case r.Amount == s.Settled:
		return refuse(r, s.Settled, s.settledReason())
	case c.Now > s.SettleBy:
		return refuse(r, s.Settled, receipt.Expired)
	case r.Amount < s.Settled:
		return refuse(r, s.Settled, receipt.Lower)
	case r.Amount > plausible(s.Issued, c.Now):
		return refuse(r, s.Settled, receipt.ImplausibleRate)
	}
	return accept(r, s)
}

// refuse leaves everything as it is, which is also the answer to a receipt that
// is settled already.
func refuse(r receipt.Receipt, settled uint64, why receipt.Reason) Verdict {
	return Verdict{Result: receipt.Result{Serial: r.Serial, Amount: settled, Reason: why}}
}

func accept(r receipt.Receipt, s Standing) Verdict {
	v := Verdict{
		Result:  receipt.Result{Serial: r.Serial, Amount: r.Amount, Reason: receipt.Confirmed},
		Advance: true,
		Credit:  r.Amount - s.Settled,
	}
	if room := s.Length - min(s.Copied, s.Length); v.Credit > room {
		v.Credit, v.Reason = room, receipt.CappedCopy
	}
	return v
}

// settledReason is the answer to a repeated receipt: the same as the first time.
func (s Standing) settledReason() receipt.Reason {
	if s.Reason == "" {
		return receipt.Confirmed
	}
	return s.Reason
}

// plausible returns the most bytes that can have been received between issued and
// now, in Unix milliseconds.
func plausible(issued, now uint64) uint64 {
	elapsed := now - min(issued, now)
	high, low := bits.Mul64(elapsed, LineRate)
	if high != 0 || low > MaxAmount {
		return MaxAmount
	}
	return BurstBytes + low
}

// checkTicket refuses a ticket whose numbers cannot be kept or make no sense.
func checkTicket(t ticket.Ticket) error {
	if t.Limit > ticket.MaxLimit || t.SettleBy > MaxAmount {
		return ErrTicket
	}
	if t.Issued > t.Expires || t.Expires > t.SettleBy || t.Seeder == t.Leecher {
		return ErrTicket
	}
	return nil
}
