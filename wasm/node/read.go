package node

import (
	"context"
	"time"

	"fanseed/wasm/metainfo"
	"fanseed/wasm/store"
)

// waiter waits for one piece.
type waiter struct {
	index int
	ready chan error
}

// Read returns bytes of one file, from begin on and at most up to end: at
// least one, and no more than one piece holds. It waits until they are
// verified. Errors: ErrNoWork, ErrMissing for a range that does not exist.
func (n *Node) Read(ctx context.Context, infohash [20]byte, file int, begin, end int64) ([]byte, error) {
	s, t, err := n.store(ctx, infohash)
	if err != nil {
		return nil, err
	}
	offset, length, ok := place(t, file)
	if !ok || begin < 0 || begin >= end || end > length {
		return nil, ErrMissing
	}
	index := int((offset + begin) / t.Info.PieceLength)
	if err := n.await(ctx, infohash, index); err != nil {
		return nil, err
	}
	from := (offset + begin) - int64(index)*t.Info.PieceLength
	b := make([]byte, min(end-begin, t.Info.PieceSize(index)-from))
	return b, s.ReadAt(ctx, index, int(from), b)
}

// File says where a file is: in which store, and from which byte of the
// torrent on. Errors: ErrNoWork, ErrMissing.
func (n *Node) File(ctx context.Context, infohash [20]byte, file int) (s store.Store, offset, length int64, err error) {
	s, t, err := n.store(ctx, infohash)
	if err != nil {
		return nil, 0, 0, err
	}
	offset, length, ok := place(t, file)
	if !ok {
		return nil, 0, 0, ErrMissing
	}
	return s, offset, length, nil
}

// place is where a file lies in the torrent's bytes.
func place(t *metainfo.Torrent, file int) (offset, length int64, ok bool) {
	if t == nil {
		return 0, 0, false
	}
	f, ok := t.Info.ContentFile(file)
	return f.Offset, f.Length, ok
}

// await returns once a piece is verified and stored.
func (n *Node) await(ctx context.Context, infohash [20]byte, index int) error {
	ready := make(chan error, 1)
	err := n.with(ctx, infohash, func(w *work, now time.Time) {
		if w.store.Have().Has(index) {
			ready <- nil
			return
		}
		w.waiters = append(w.waiters, waiter{index, ready})
		w.swarm.Prefer(now, index, index+1+w.ahead())
		w.drain(now)
		w.flush(now)
	})
	if err != nil {
		return err
	}
	select {
	case err := <-ready:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// readAhead is how many bytes are fetched before a reader asks for them.
const readAhead = 4 << 20

// ahead is the same in pieces.
func (w *work) ahead() int { return int(readAhead / w.torrent.Info.PieceLength) }

// Prioritize has a file fetched before the others. Errors: ErrNoWork, and
// ErrMissing for a file that does not exist or is not known yet.
func (n *Node) Prioritize(ctx context.Context, infohash [20]byte, file int) error {
	_, offset, length, err := n.File(ctx, infohash, file)
	if err != nil || length == 0 {
		return err
	}
	return n.with(ctx, infohash, func(w *work, now time.Time) {
		size := w.torrent.Info.PieceLength
		w.swarm.Prefer(now, int(offset/size), int((offset+length-1)/size)+1)
		w.drain(now)
		w.flush(now)
	})
}

// arrived wakes those who wait for a piece.
func (w *work) arrived(index int) {
	kept := w.waiters[:0]
	for _, waiting := range w.waiters {
		if waiting.index == index {
			waiting.ready <- nil
		} else {
			kept = append(kept, waiting)
		}
	}
	w.waiters = kept
}

// abandon fails those who wait, when nothing more will come.
func (w *work) abandon(err error) {
	for _, waiting := range w.waiters {
		waiting.ready <- err
	}
	w.waiters = nil
}
