package hub

import (
	"context"

	"fanseed/signal/announce"
	"fanseed/signal/receipt"
)

// settle hands a client's receipts to the ledger, off the loop.
func (h *Hub) settle(c *client, m *announce.Settle) {
	now := h.now
	h.enqueue(c, func(ctx context.Context) func() {
		if !c.loggedIn {
			return func() { c.send(&announce.Error{Code: codeNotLoggedIn, Message: "log in before you settle"}) }
		}
		results, err := h.config.Ledger.Settle(ctx, c.account, receipts(m), now)
		return func() { h.settled(c, m.ID, results, err) }
	})
}

func receipts(m *announce.Settle) []receipt.Receipt {
	list := make([]receipt.Receipt, len(m.Receipts))
	for i, r := range m.Receipts {
		list[i] = receipt.Receipt(r)
	}
	return list
}

func (h *Hub) settled(c *client, id uint64, results []receipt.Result, err error) {
	if err != nil {
		h.unavailable(c, "settle receipts", err)
		return
	}
	c.send(settledMessage(id, results))
	for _, r := range results {
		h.progress(r.Serial, r.Amount)
	}
}

// settledMessage leaves out promises that would make the message too long: who hands in the same receipts again is promised them then.
func settledMessage(id uint64, results []receipt.Result) *announce.Settled {
	m := &announce.Settled{ID: id, Results: make([]announce.Result, len(results))}
	for i, r := range results {
		m.Results[i] = announce.Result{Serial: r.Serial, Amount: r.Amount, Reason: string(r.Reason)}
		if i < announce.MaxPromises {
			m.Results[i].Promise = announce.Promise(r.Promise)
		}
	}
	return m
}
