package node

import (
	"context"
	"time"
)

// Found says that another party has put a piece into a work's store: it is here, given to peers, and not fetched any more. Lost says that
// a piece is gone from it: it is fetched again. Both ask the store itself, so they may come late, twice and in any order. Errors: ErrNoWork,
// and ErrMissing for a piece that does not exist or is not known yet.
func (n *Node) Found(ctx context.Context, infohash [20]byte, index int) error {
	return n.reconcile(ctx, infohash, index)
}

// Lost is the other side of Found.
func (n *Node) Lost(ctx context.Context, infohash [20]byte, index int) error {
	return n.reconcile(ctx, infohash, index)
}

func (n *Node) reconcile(ctx context.Context, infohash [20]byte, index int) error {
	known := false
	err := n.with(ctx, infohash, func(w *work, now time.Time) {
		if known = w.torrent != nil && index >= 0 && index < w.torrent.Info.NumPieces(); known {
			w.reconcile(now, index)
		}
	})
	if err == nil && !known {
		err = ErrMissing
	}
	return err
}

// reconcile brings what is known of a piece in line with the store.
func (w *work) reconcile(now time.Time, index int) {
	s := w.readable()
	if s == nil {
		return // what it has will be asked when it is open
	}
	switch has := s.Have().Has(index); {
	case w.store == nil: // it is being checked
		if has {
			w.arrived(index)
		}
		return
	case has:
		w.swarm.Found(now, index)
		w.arrived(index) // also where it was lost and came again before the swarm knew
	case w.swarm.Bitfield().Has(index):
		w.gone(now, index)
	}
	w.drain(now)
	w.flush(now)
}

// gone has a piece fetched again that was here.
func (w *work) gone(now time.Time, index int) {
	w.changed = true
	w.files.remove(index)
	if w.files.holds(index) {
		if w.missing == 0 {
			w.seeking.next = now // those who have it were parted from
		}
		w.missing++
	}
	w.swarm.Lost(now, index)
	w.drain(now)
	w.progress(now)
	w.adjust(now)
}
