package node

import (
	"time"

	"fanseed/signal/receipt"
)

// receipts are what this account has earned in this run and left from earlier
// ones, in the order of their tickets. What is acknowledged in full stays known,
// because amounts are cumulative.
type receipts struct {
	order  [][16]byte
	newest map[[16]byte]Receipt
}

func (b *receipts) restore(kept []Receipt) {
	b.newest = map[[16]byte]Receipt{}
	for _, r := range kept {
		b.put(r)
	}
}

func (b *receipts) put(r Receipt) {
	if _, known := b.newest[r.Serial]; !known {
		b.order = append(b.order, r.Serial)
	}
	b.newest[r.Serial] = r
}

// pending lists what the server has not answered for good.
func (b *receipts) pending() (out []receipt.Receipt) {
	for _, serial := range b.order {
		if r := b.newest[serial]; r.Amount > r.Acknowledged {
			out = append(out, receipt.Receipt{Serial: r.Serial, Amount: r.Amount, Signature: r.Signature})
		}
	}
	return out
}

// claim keeps a receipt that a peer has signed for us, and hands it in.
func (n *Node) claim(r receipt.Receipt) {
	before := n.receipts.newest[r.Serial]
	kept := Receipt{Serial: r.Serial, Amount: r.Amount, Acknowledged: before.Acknowledged, Signature: r.Signature}
	n.receipts.put(kept)
	n.parts.Host.Keep(kept)
	now := time.Now()
	n.announcer.Settle(now, r)
	n.drainAnnouncer(now)
}

// settled notes the server's answer. What earned nothing is answered too: its
// reason stands in the account's statement.
func (n *Node) settled(result receipt.Result) {
	r, known := n.receipts.newest[result.Serial]
	if !known || !result.Reason.Final() {
		return
	}
	if result.Promise.By > 0 {
		n.parts.Host.Promised(result)
	}
	r.Acknowledged = max(r.Acknowledged, result.Amount)
	if !result.Reason.Accepted() {
		r.Acknowledged = r.Amount
	}
	n.receipts.put(r)
	if r.Amount > r.Acknowledged {
		n.parts.Host.Keep(r)
	} else {
		n.parts.Host.Forget(r.Serial)
	}
}
