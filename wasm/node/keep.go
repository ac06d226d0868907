package node

import (
	"context"
	"time"

	"fanseed/wasm/metainfo"
	"fanseed/wasm/store"
)

// copyPause is how long copying rests after each piece while peers are served.
const copyPause = 250 * time.Millisecond

// keeping copies the pieces of a published work from the person's files into a
// store that lasts, so that the work is still here after a reload. It gives way
// to everything else, and to fail is no fault: the work stays with the files.
type keeping struct {
	work  *work
	check *check      // of the store, until it is open
	store store.Store // nil until then
	fresh bool        // nothing was in it at first
	next  int
	busy  bool
	due   time.Time // of the next piece
	ended bool
}

// lasts says whether a store outlives the engine. All do that do not say no.
func lasts(s store.Store) bool {
	l, says := s.(interface{ Lasts() bool })
	return !says || l.Lasts()
}

// keep begins to copy.
func (w *work) keep() {
	k := &keeping{work: w}
	w.keeping = k
	k.check = w.node.check(w.infohash, w.torrent, k.opened)
}

// publish makes the person's files the store of a work. What was kept of it is
// kept on; a work that is here as a whole needs no files.
func (w *work) publish(now time.Time, t *metainfo.Torrent, s store.Store) {
	w.magnet.Select = nil
	w.know(t)
	before := w.store
	switch {
	case w.whole() && !w.published:
		w.node.closeFiles(s)
		return
	case w.published: // the earlier files are let go of
	case w.checking != nil:
		w.checking.cancel(false)
		w.checking = nil
		w.keep()
	case before == nil:
		w.keep()
	default:
		k := &keeping{work: w}
		w.keeping = k
		k.opened(now, before, nil)
	}
	w.published, w.failure = true, nil
	w.use(now, s)
	w.adjust(now)
}

func (k *keeping) opened(_ time.Time, s store.Store, err error) {
	k.check = nil
	switch {
	case err != nil || !lasts(s):
		k.store = s
		k.work.stopKeeping(false)
	default:
		k.store, k.fresh = s, s.Have().Count() == 0
	}
}

// stopKeeping gives up; the work stays with the files.
func (w *work) stopKeeping(forget bool) {
	k := w.keeping
	if k == nil {
		return
	}
	w.keeping, k.ended = nil, true
	if k.check != nil {
		k.check.cancel(forget)
	} else if k.store != nil {
		w.node.shut(w.infohash, k.store, forget)
	}
}

// keepNext copies the next piece, when nothing else is waiting.
func (w *work) keepNext(now time.Time) {
	k := w.keeping
	if k == nil || k.store == nil || k.busy || w.node.copying || len(w.waiters) > 0 || now.Before(k.due) {
		return
	}
	have := k.store.Have()
	for k.next < w.torrent.Info.NumPieces() && have.Has(k.next) {
		k.next++
	}
	if k.next == w.torrent.Info.NumPieces() {
		w.kept()
		return
	}
	k.copy(k.next)
}

func (k *keeping) copy(index int) {
	w := k.work
	n, t, from, into := w.node, w.torrent, w.store, k.store
	k.busy, n.copying = true, true
	n.jobs.do(func(ctx context.Context) func() {
		err := n.copyPiece(ctx, t, index, from, into)
		return func() {
			k.busy, n.copying = false, false
			switch {
			case k.ended:
			case err != nil:
				w.stopKeeping(k.fresh) // half a copy is of no use to anybody
			default:
				k.next = index + 1
				k.rest(time.Now())
			}
		}
	})
}

// rest leaves time for what peers wait for.
func (k *keeping) rest(now time.Time) {
	if k.work.node.uploads.waiting() {
		k.due = now.Add(copyPause)
	}
}

// copyPiece verifies what it copies: the files may have changed since they were
// hashed.
func (n *Node) copyPiece(ctx context.Context, t *metainfo.Torrent, index int, from, into store.Store) error {
	piece := make([]byte, t.Info.PieceSize(index))
	if err := from.ReadAt(ctx, index, 0, piece); err != nil {
		return err
	}
	good, err := n.good(ctx, t, index, piece)
	if err != nil {
		return err
	}
	if !good {
		return store.ErrLost
	}
	return into.Put(ctx, index, piece)
}

// kept lets go of the files: from now on the copy is read.
func (w *work) kept() {
	files := w.store
	w.store, w.keeping, w.published, w.changed = w.keeping.store, nil, false, true
	w.node.closeFiles(files)
}

// closeFiles closes published files after the reads that were asked of them.
func (n *Node) closeFiles(s store.Store) {
	n.jobs.do(func(context.Context) func() {
		_ = s.Close()
		return func() {}
	})
}
