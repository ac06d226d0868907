package node

import (
	"time"

	"fanseed/wasm/swarm"
)

// uploads holds blocks that peers wait for, until the limits allow them.
type uploads struct {
	queue
	bucket bucket
}

// waiting says that peers wait for blocks.
func (u *uploads) waiting() bool { return !u.empty() }

// serve sends what the limits allow now. What the day or the month does not
// allow is refused, so that peers ask others for it.
func (u *uploads) serve(now time.Time, b *budget) {
	u.bucket.fill(now)
	for !u.empty() && u.bucket.open() {
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
	if u.empty() {
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
		if storeError(err) == ErrLost {
			w.fail(now, ErrLost)
		}
	}
	w.node.uploads.add(w, peer, held{uint32(index), begin, length, func(err error) {
		if err != nil {
			loaded(nil, err)
			return
		}
		w.read(index, int(begin), int(length), loaded)
	}})
}
