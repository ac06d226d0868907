package node

import (
	"time"

	"fanseed/wasm/swarm"
	"fanseed/wasm/wire"
)

// downloads holds requests until the download limit allows their answers.
type downloads struct {
	queue
	bucket bucket
}

// serve sends the requests that the limit allows now.
func (d *downloads) serve(now time.Time) {
	d.bucket.fill(now)
	for !d.empty() && d.bucket.open() {
		block := d.next()
		d.bucket.take(int64(block.length))
		block.release(nil)
	}
}

func (d *downloads) deadline(now time.Time) time.Time {
	if d.empty() {
		return time.Time{}
	}
	return d.bucket.due(now)
}

// send brings a message of the swarm to its peer: requests when the limit
// allows, everything else at once.
func (w *work) send(e swarm.Effect) {
	d, m := &w.node.downloads, e.Message
	switch {
	case m.Kind == wire.KindRequest && d.bucket.rate > 0:
		if !d.waits(w, e.Peer, m.Index, m.Begin, m.Length) {
			d.add(w, e.Peer, held{m.Index, m.Begin, m.Length, func(error) { w.deliver(e.Peer, m) }})
		}
	case m.Kind == wire.KindCancel && d.cancel(w, e.Peer, m.Index, m.Begin, m.Length):
		// It was never asked for.
	default:
		w.deliver(e.Peer, m)
	}
}

func (w *work) deliver(p swarm.Peer, m wire.Message) {
	if l := w.link(p); l != nil {
		l.write(m)
	} else if seed := w.webseed(p); seed != nil {
		seed.take(m)
	}
}
