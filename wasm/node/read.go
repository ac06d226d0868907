package node

import (
	"context"
	"slices"
	"time"

	"fanseed/wasm/metainfo"
	"fanseed/wasm/store"
)

// waiter waits for one piece.
type waiter struct {
	index int
	ready chan ready
}

// ready is the store that has the piece, or why it will not come.
type ready struct {
	store store.Store
	err   error
}

// Read returns bytes of one file, from begin on and at most up to end: at
// least one, and no more than one piece holds. It waits until they are
// verified. Errors: ErrNoWork, ErrMissing for a range that does not exist.
func (n *Node) Read(ctx context.Context, infohash [20]byte, file int, begin, end int64) ([]byte, error) {
	info, offset, length, err := n.place(ctx, infohash, file)
	if err != nil {
		return nil, err
	}
	if begin < 0 || begin >= end || end > length {
		return nil, ErrMissing
	}
	index := int((offset + begin) / info.PieceLength)
	from := (offset + begin) - int64(index)*info.PieceLength
	b := make([]byte, min(end-begin, info.PieceSize(index)-from))
	s, err := n.await(ctx, infohash, file, index)
	if err != nil {
		return nil, err
	}
	return b, s.ReadAt(ctx, index, int(from), b)
}

// File says where a file is: in which store, and from which byte of the
// torrent on. Errors: ErrNoWork, ErrMissing.
func (n *Node) File(ctx context.Context, infohash [20]byte, file int) (s store.Store, offset, length int64, err error) {
	if _, offset, length, err = n.place(ctx, infohash, file); err != nil {
		return nil, 0, 0, err
	}
	err = n.with(ctx, infohash, func(w *work, _ time.Time) { s = w.readable() })
	if err == nil && s == nil {
		err = ErrMissing
	}
	return s, offset, length, err
}

// Length is how many bytes a file has. Errors: ErrNoWork, ErrMissing.
func (n *Node) Length(ctx context.Context, infohash [20]byte, file int) (int64, error) {
	_, _, length, err := n.place(ctx, infohash, file)
	return length, err
}

func (n *Node) place(ctx context.Context, infohash [20]byte, file int) (info *metainfo.Info, offset, length int64, err error) {
	found := false
	err = n.with(ctx, infohash, func(w *work, _ time.Time) {
		if offset, length, found = w.files.place(file); found {
			info = w.torrent.Info
		}
	})
	if err == nil && !found {
		err = ErrMissing
	}
	return info, offset, length, err
}

// readable is the store that the verified pieces are read from, if any: a check
// does not keep them back.
func (w *work) readable() store.Store {
	if w.store == nil && w.checking != nil {
		return w.checking.store
	}
	return w.store
}

// await returns the store once a piece is verified and stored.
func (n *Node) await(ctx context.Context, infohash [20]byte, file, index int) (store.Store, error) {
	waiting := waiter{index, make(chan ready, 1)}
	err := n.with(ctx, infohash, func(w *work, now time.Time) {
		if s := w.readable(); s != nil && s.Have().Has(index) {
			waiting.ready <- ready{store: s}
			return
		}
		w.waiters = append(w.waiters, waiting)
		w.want(now, file)
		w.prefer(now, index, index+1+w.ahead())
	})
	if err != nil {
		return nil, err
	}
	select {
	case r := <-waiting.ready:
		return r.store, r.err
	case <-ctx.Done():
		_ = n.with(context.WithoutCancel(ctx), infohash, func(w *work, _ time.Time) { w.giveUpOn(waiting) })
		return nil, ctx.Err()
	}
}

// giveUpOn forgets a reader that waits no longer.
func (w *work) giveUpOn(gone waiter) {
	w.waiters = slices.DeleteFunc(w.waiters, func(other waiter) bool { return other == gone })
}

// prefer has pieces fetched before the others.
func (w *work) prefer(now time.Time, begin, end int) {
	if w.store != nil {
		w.swarm.Prefer(now, begin, end)
		w.drain(now)
		w.flush(now)
	}
}

// readAhead is how many bytes are fetched before a reader asks for them.
const readAhead = 4 << 20

// ahead is the same in pieces.
func (w *work) ahead() int { return int(readAhead / w.torrent.Info.PieceLength) }

// Prioritize has a file fetched, and before the others. Errors: ErrNoWork, and
// ErrMissing for a file that does not exist or is not known yet.
func (n *Node) Prioritize(ctx context.Context, infohash [20]byte, file int) error {
	info, offset, length, err := n.place(ctx, infohash, file)
	if err != nil || length == 0 {
		return err
	}
	return n.with(ctx, infohash, func(w *work, now time.Time) {
		w.want(now, file)
		w.prefer(now, int(offset/info.PieceLength), int((offset+length-1)/info.PieceLength)+1)
	})
}

// arrived wakes those who wait for a piece.
func (w *work) arrived(index int) {
	kept := w.waiters[:0]
	for _, waiting := range w.waiters {
		if waiting.index == index {
			waiting.ready <- ready{store: w.store}
		} else {
			kept = append(kept, waiting)
		}
	}
	w.waiters = kept
}

// wakeReaders wakes those whose pieces are there already, and has the others
// fetched first: the swarm did not know of them.
func (w *work) wakeReaders(now time.Time) {
	have := w.store.Have()
	for _, waiting := range append([]waiter(nil), w.waiters...) {
		if have.Has(waiting.index) {
			w.arrived(waiting.index)
		} else {
			w.prefer(now, waiting.index, waiting.index+1+w.ahead())
		}
	}
}

// abandon fails those who wait, when nothing more will come.
func (w *work) abandon(err error) {
	for _, waiting := range w.waiters {
		waiting.ready <- ready{err: err}
	}
	w.waiters = nil
}
