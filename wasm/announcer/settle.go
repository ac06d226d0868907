package announcer

import (
	"slices"
	"time"

	"fanseed/signal/announce"
	"fanseed/signal/receipt"
)

const (
	coalesce   = time.Second      // a new receipt waits for others
	settleWait = 30 * time.Second // before a receipt is sent again that was not answered for good
	settleLate = 10 * time.Minute // in which the answer to what was sent again still counts
	maxBatch   = 250              // receipts in one message: so many fit into announce.MaxMessage
	maxFlight  = 4                // messages that wait for their answers; the server takes 8
)

// receipts is what this account has earned and the server has not answered for good.
type receipts struct {
	pending []receipt.Receipt // the newest of each ticket, oldest ticket first
	batches []batch           // sent, and not to be sent again yet
	lastID  uint64
	due     time.Time // of the next sending; zero: nothing is to be sent
}

// batch is a settle that waits for its answer or, with id 0, one that was answered: what it left pending is not sent again at once.
type batch struct {
	id       uint64
	receipts []receipt.Receipt
	at       time.Time
	late     bool // its receipts may be sent again
}

func (r *receipts) find(serial [16]byte) int {
	return slices.IndexFunc(r.pending, func(p receipt.Receipt) bool { return p.Serial == serial })
}

// keep takes a receipt in, unless it is no news.
func (r *receipts) keep(now time.Time, next receipt.Receipt) {
	i := r.find(next.Serial)
	switch {
	case i < 0:
		r.pending = append(r.pending, next)
	case next.Amount > r.pending[i].Amount:
		r.pending[i] = next
	default:
		return
	}
	r.due = earlier(r.due, now.Add(coalesce))
}

// lost has everything sent again on the next socket.
func (r *receipts) lost(now time.Time) {
	r.batches = nil
	r.due = time.Time{}
	if len(r.pending) > 0 {
		r.due = now
	}
}

// deadline returns when settleDue has something to do.
func (r *receipts) deadline() time.Time {
	due := r.due
	for _, b := range r.batches {
		if !b.late {
			due = earlier(due, b.at.Add(settleWait))
		}
	}
	return due
}

// settleDue sends what waits when its time has come, and again what was not answered.
func (a *Announcer) settleDue(now time.Time) {
	r := &a.receipts
	r.age(now)
	if !r.due.IsZero() && !now.Before(r.due) {
		a.settleUnsent(now, maxFlight)
	}
}

// age has the receipts sent again that were not answered for good in time.
func (r *receipts) age(now time.Time) {
	for i := range r.batches {
		if b := &r.batches[i]; !b.late && !now.Before(b.at.Add(settleWait)) {
			b.late = true
			r.due = now
		}
	}
	r.batches = slices.DeleteFunc(r.batches, func(b batch) bool { return b.late && (b.id == 0 || now.Sub(b.at) > settleLate) })
}

// settleUnsent sends the receipts that are not on their way, while fewer than flight messages are.
func (a *Announcer) settleUnsent(now time.Time, flight int) {
	r := &a.receipts
	if !a.link.account {
		return
	}
	r.due = time.Time{}
	for part := range slices.Chunk(r.unsent(), maxBatch) {
		if r.flying() >= flight {
			return // the next answer makes room
		}
		a.settle(now, part)
	}
}

func (r *receipts) unsent() []receipt.Receipt {
	sent := map[receipt.Receipt]bool{}
	for _, b := range r.batches {
		for _, one := range b.receipts {
			sent[one] = !b.late || sent[one]
		}
	}
	return slices.DeleteFunc(slices.Clone(r.pending), func(p receipt.Receipt) bool { return sent[p] })
}

func (r *receipts) flying() (n int) {
	for _, b := range r.batches {
		if b.id != 0 && !b.late {
			n++
		}
	}
	return n
}

func (a *Announcer) settle(now time.Time, part []receipt.Receipt) {
	r := &a.receipts
	r.lastID++
	r.batches = append(r.batches, batch{id: r.lastID, receipts: part, at: now})
	m := announce.Settle{ID: r.lastID, Receipts: make([]announce.Receipt, len(part))}
	for i, p := range part {
		m.Receipts[i] = announce.Receipt(p)
	}
	a.send(&m)
}

func (a *Announcer) settled(now time.Time, m *announce.Settled) {
	r := &a.receipts
	i := slices.IndexFunc(r.batches, func(b batch) bool { return b.id == m.ID })
	if i < 0 || m.ID == 0 {
		return
	}
	sent := r.batches[i].receipts
	r.batches = slices.Delete(r.batches, i, i+1)
	for _, one := range m.Results {
		result := receipt.Result{Serial: one.Serial, Amount: one.Amount, Reason: receipt.Reason(one.Reason), Promise: receipt.Promise(one.Promise)}
		r.answered(sent, result)
		a.emit(Settled{result})
	}
	r.batches = append(r.batches, batch{receipts: sent, at: now}) // those of them that are still pending wait
	if r.due.IsZero() {
		a.settleUnsent(now, maxFlight)
	}
}

// answered forgets a receipt that was answered for good. A newer one that came meanwhile stays.
func (r *receipts) answered(sent []receipt.Receipt, result receipt.Result) {
	i := r.find(result.Serial)
	if i >= 0 && result.Reason.Final() && slices.Contains(sent, r.pending[i]) {
		r.pending = slices.Delete(r.pending, i, i+1)
	}
}
