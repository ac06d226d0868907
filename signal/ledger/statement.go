package ledger

import (
	"fanseed/signal/log"
	"fanseed/signal/receipt"
	"fanseed/signal/reward"
)

// Books is what a backend keeps about one seeder, as of one moment.
type Books struct {
	Earned  int64    // balance of the account Earned, µ-credits
	Bytes   uint64   // credited altogether
	Served  []Served // newest epoch first, then by infohash; whole epochs
	Closed  []Closed // those epochs among Served that are closed
	Refused []Refused
}

// Served is what one seeder was credited for one work in one epoch.
type Served struct {
	Infohash [20]byte
	Name     string
	Epoch    uint32 // in which it counts
	Bytes    uint64
	Capped   bool // some receipt was credited in part only
}

// Closed is the seeder's pay of an epoch.
type Closed struct {
	Epoch uint32
	Rate  uint64 // µ-credits per GiB that it was paid at
	Paid  uint64 // µ-credits to this seeder
}

// Refused is a receipt that was not accepted.
type Refused struct {
	Serial   [16]byte
	Infohash [20]byte // zero when the ticket is unknown
	Amount   uint64   // bytes
	Reason   receipt.Reason
	Time     uint64 // Unix milliseconds
}

// Statement is what a seeder is shown.
type Statement struct {
	BytesConfirmed   uint64
	CreditsPending   uint64 // µ-credits, at today's rate
	CreditsConfirmed uint64 // µ-credits
	Lines            []Line
	Refused          []Refused     // newest first
	Records          []log.Receipt // the newest increases as the public log has them or will have them, newest first
}

// Line is one work in one epoch.
type Line struct {
	Infohash [20]byte
	Name     string
	Epoch    uint32
	Bytes    uint64
	Credits  uint64         // µ-credits
	Paid     bool           // the epoch is closed and Credits are in the account
	Reason   receipt.Reason // never empty
}

// Statement turns the books into what they mean at a rate in µ-credits per GiB.
func (b Books) Statement(rate uint64) Statement {
	s := Statement{BytesConfirmed: b.Bytes, CreditsConfirmed: uint64(max(b.Earned, 0)), Refused: b.Refused}
	closed := map[uint32]Closed{}
	for _, c := range b.Closed {
		closed[c.Epoch] = c
	}
	for first, served := 0, b.Served; first < len(served); {
		end := first + 1
		for end < len(served) && served[end].Epoch == served[first].Epoch {
			end++
		}
		pay, isClosed := closed[served[first].Epoch]
		lines := epochLines(served[first:end], pay, isClosed, rate)
		s.Lines = append(s.Lines, lines...)
		if !isClosed {
			s.CreditsPending += credits(lines)
		}
		first = end
	}
	return s
}

// epochLines divides a seeder's pay of one epoch over its works, so that the
// lines add up to it exactly.
func epochLines(served []Served, pay Closed, closed bool, rate uint64) []Line {
	weights, bytes := make([]uint64, len(served)), uint64(0)
	for i, w := range served {
		weights[i] = w.Bytes
		bytes += w.Bytes
	}
	whole := Price(bytes, rate)
	if closed {
		whole = Price(bytes, pay.Rate)
	} else {
		pay.Paid = whole
	}
	lines := make([]Line, len(served))
	for i, share := range reward.Split(pay.Paid, weights) {
		w := served[i]
		lines[i] = Line{w.Infohash, w.Name, w.Epoch, w.Bytes, share, closed, lineReason(w, closed, pay.Paid < whole)}
	}
	return lines
}

func lineReason(w Served, closed, short bool) receipt.Reason {
	switch {
	case w.Capped:
		return receipt.CappedCopy
	case short:
		return receipt.TreasuryShort
	case closed:
		return receipt.Confirmed
	}
	return receipt.Pending
}

func credits(lines []Line) (sum uint64) {
	for _, l := range lines {
		sum += l.Credits
	}
	return sum
}
