package node

import "time"

// Found says that somebody else who uses a work's store has put a verified piece
// there; Lost that a piece is not there any more, or spoilt. Like a letter they
// never wait, so a store may call them from within a call of the node's own. What
// they say of a work that is not open is seen when its store is opened.
func (n *Node) Found(infohash [20]byte, index int) {
	n.tell(infohash, func(w *work, now time.Time) { w.swarm.Found(now, index) })
}

// Lost has a piece fetched again, and given to nobody until then.
func (n *Node) Lost(infohash [20]byte, index int) {
	n.tell(infohash, func(w *work, now time.Time) {
		had := w.swarm.Bitfield().Has(index)
		w.swarm.Lost(now, index)
		if had {
			w.recount()
			w.seeking.next, w.seeking.tries = now, 0 // who seeds has left a seeder
		}
	})
}

// tell lets a running work know of its store.
func (n *Node) tell(infohash [20]byte, what func(w *work, now time.Time)) {
	n.mail.post(func() {
		now := time.Now()
		if w := n.find(infohash); w != nil && w.store != nil {
			what(w, now)
			w.drain(now)
			w.progress(now)
			w.adjust(now)
			w.flush(now)
		}
	})
}

// recount counts what the swarm knows to be there. The store may know of more
// that the swarm will hear of.
func (w *work) recount() {
	have := w.swarm.Bitfield()
	w.files.count(have)
	w.missing = w.files.missing(have)
	w.changed = true
}
