package node

import (
	"time"

	"fanseed/signal/receipt"
)

// receipts are what this account has earned and the server has not
// acknowledged in full, in the order of their tickets.
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

func (b *receipts) remove(serial [16]byte) {
	delete(b.newest, serial)
	for i, s := range b.order {
		if s == serial {
			b.order = append(b.order[:i], b.order[i+1:]...)
			return
		}
	}
}

func (b *receipts) list() []Receipt {
	out := make([]Receipt, 0, len(b.order))
	for _, serial := range b.order {
		out = append(out, b.newest[serial])
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

// settled forgets what the server has answered for good. What earned nothing
// has its reason in the account's statement.
func (n *Node) settled(result receipt.Result) {
	r, known := n.receipts.newest[result.Serial]
	if !known || !result.Reason.Final() {
		return
	}
	r.Acknowledged = max(r.Acknowledged, result.Amount)
	if r.Amount <= r.Acknowledged || !result.Reason.Accepted() {
		n.receipts.remove(r.Serial)
		n.parts.Host.Forget(r.Serial)
		return
	}
	n.receipts.put(r)
	n.parts.Host.Keep(r)
}
