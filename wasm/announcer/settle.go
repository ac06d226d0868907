package announcer

import (
	"slices"
	"time"

	"fanseed/signal/announce"
	"fanseed/signal/receipt"
)

const (
	coalesce   = time.Second      // a new receipt waits for others
	settleWait = 30 * time.Second // before receipts are sent again that were not answered for good
	maxBatch   = 250              // receipts in one message: so many fit into announce.MaxMessage
)

// receipts is what this account has earned and the server has not answered for good.
type receipts struct {
	pending []receipt.Receipt // the newest of each ticket, oldest ticket first
	batches []batch           // in flight
	lastID  uint64
	due     time.Time // of the next sending; zero: nothing is to be sent
}

// batch is a settle that waits for its answer.
type batch struct {
	id       uint64
	receipts []receipt.Receipt
}

func (r *receipts) find(serial [16]byte) int {
	return slices.IndexFunc(r.pending, func(p receipt.Receipt) bool { return p.Serial == serial })
}

// keep takes a receipt in, and says whether it is news.
func (r *receipts) keep(next receipt.Receipt) bool {
	i := r.find(next.Serial)
	if i < 0 {
		r.pending = append(r.pending, next)
		return true
	}
	if next.Amount <= r.pending[i].Amount {
		return false
	}
	r.pending[i] = next
	return true
}

// lost has everything sent again on the next socket.
func (r *receipts) lost(now time.Time) {
	r.batches = nil
	r.due = time.Time{}
	if len(r.pending) > 0 {
		r.due = now
	}
}

// settleDue sends what waits, all of it, when its time has come.
func (a *Announcer) settleDue(now time.Time) {
	if !a.receipts.due.IsZero() && !now.Before(a.receipts.due) {
		a.settleAll(now)
	}
}

func (a *Announcer) settleAll(now time.Time) {
	if !a.link.account || len(a.receipts.pending) == 0 {
		return
	}
	a.receipts.batches = nil // an answer to an older one is of no use: all is sent again
	for part := range slices.Chunk(a.receipts.pending, maxBatch) {
		a.settle(slices.Clone(part))
	}
	a.receipts.due = now.Add(settleWait)
}

func (a *Announcer) settle(part []receipt.Receipt) {
	r := &a.receipts
	r.lastID++
	r.batches = append(r.batches, batch{r.lastID, part})
	m := announce.Settle{ID: r.lastID, Receipts: make([]announce.Receipt, len(part))}
	for i, p := range part {
		m.Receipts[i] = announce.Receipt(p)
	}
	a.send(&m)
}

func (a *Announcer) settled(now time.Time, m *announce.Settled) {
	r := &a.receipts
	i := slices.IndexFunc(r.batches, func(b batch) bool { return b.id == m.ID })
	if i < 0 {
		return
	}
	sent := r.batches[i].receipts
	r.batches = slices.Delete(r.batches, i, i+1)
	for _, one := range m.Results {
		result := receipt.Result{Serial: one.Serial, Amount: one.Amount, Reason: receipt.Reason(one.Reason)}
		r.answered(sent, result)
		a.emit(Settled{result})
	}
	if len(r.pending) == 0 {
		r.due = time.Time{}
	}
}

// answered forgets a receipt that was answered for good, unless a newer one came meanwhile.
func (r *receipts) answered(sent []receipt.Receipt, result receipt.Result) {
	i := r.find(result.Serial)
	if i >= 0 && result.Reason.Final() && slices.Contains(sent, r.pending[i]) {
		r.pending = slices.Delete(r.pending, i, i+1)
	}
}

// retrySettle sends again later what was refused as a whole.
func (a *Announcer) retrySettle(now time.Time) {
	if len(a.receipts.batches) > 0 {
		a.receipts.batches = nil
		a.receipts.due = now.Add(settleWait)
	}
}
