package node

import (
	"errors"
	"time"

	"fanseed/wasm/store"
	"fanseed/wasm/swarm"
)

// uploads holds blocks that peers wait for, until the limits allow them. Those
// that are paid for go first; an eighth of the bytes is for those who do not pay.
type uploads struct {
	paid, free queue
	ahead      int64 // bytes that the paid ones have had, less seven times those of the free ones
	bucket     bucket
}

const freeShare = 8

// waiting says that peers wait for blocks.
func (u *uploads) waiting() bool { return !u.paid.empty() || !u.free.empty() }

func (u *uploads) add(w *work, p swarm.Peer, b held, paid bool) {
	if paid {
		u.paid.add(w, p, b)
	} else {
		u.free.add(w, p, b)
	}
}

// forget drops all that waits for a peer that has gone.
func (u *uploads) forget(w *work, p swarm.Peer) {
	u.paid.forget(w, p)
	u.free.forget(w, p)
}

// next takes the block whose turn it is; there must be one.
func (u *uploads) next() held {
	switch {
	case u.paid.empty():
		return u.free.next()
	case u.free.empty():
		return u.paid.next()
	case u.ahead < 0:
		b := u.paid.next()
		u.ahead += int64(b.length)
		return b
	}
	b := u.free.next()
	u.ahead -= (freeShare - 1) * int64(b.length)
	return b
}

// serve sends what the limits allow now. What the day or the month does not
// allow is refused, so that peers ask others for it.
func (u *uploads) serve(now time.Time, b *budget) {
	u.bucket.fill(now)
	for u.waiting() && u.bucket.open() {
		if len(b.uploads()) > 0 {
			u.next().release(errCapped)
			continue
		}
		block := u.next()
		u.bucket.take(int64(block.length))
		b.sent += int64(block.length)
		block.release(nil)
	}
}

// deadline is when the next block may go; zero when none waits.
func (u *uploads) deadline(now time.Time) time.Time {
	if !u.waiting() {
		return time.Time{}
	}
	return u.bucket.due(now)
}

// load reads a block when the upload limits allow, and gives it to the swarm.
func (w *work) load(e swarm.Effect) {
	peer, index, begin, length, s := e.Peer, e.Index, e.Begin, e.Length, w.swarm
	loaded := func(block []byte, err error) {
		if w.swarm != s {
			return
		}
		now := time.Now()
		s.Loaded(now, peer, index, begin, block, err)
		w.drain(now)
		switch {
		case errors.Is(err, store.ErrLost):
			w.fail(now, ErrLost)
		case errors.Is(err, store.ErrMissing):
			w.reconcile(now, index)
		}
	}
	w.node.uploads.add(w, peer, held{uint32(index), begin, length, func(err error) {
		if err != nil {
			loaded(nil, err)
			return
		}
		w.read(index, int(begin), int(length), loaded)
	}}, e.Paid)
}
