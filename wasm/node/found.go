package node

import (
	"context"
	"time"
)

// Reconcile says that another party has put a piece into a work's store, or that one is gone from it: from now on it is given to peers, or it
// is fetched again. The store itself is asked which it is, so this may come late, twice and in any order. Errors: ErrNoWork, and ErrMissing
// for a piece that does not exist or is not known yet.
func (n *Node) Reconcile(ctx context.Context, infohash [20]byte, index int) error {
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
