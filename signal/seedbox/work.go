package seedbox

import (
	"context"
	"slices"
	"sync"

	"golang.org/x/sync/singleflight"

	"fanseed/wasm/metainfo"
	"fanseed/wasm/store"
	"fanseed/wasm/wire"
)

// work is a copy that is open.
type work struct {
	copy *Copy
	info *metainfo.Info
	dir  *store.Dir

	verifying singleflight.Group // by the piece's index

	order sync.Mutex // held while a piece comes or goes, so that all views hear of it in the same order

	mu     sync.Mutex
	layers metainfo.Layers
	proven []uint64 // by piece: Changes when it was verified, and 1; 0 of what was not
	views  []*view
}

func newWork(c *Copy, info *metainfo.Info, layers metainfo.Layers, dir *store.Dir) *work {
	return &work{copy: c, info: info, layers: layers, dir: dir, proven: make([]uint64, info.NumPieces())}
}

// weight is a measure of the memory that the work takes.
func (w *work) weight() int { return w.info.NumPieces() + len(w.info.Files) }

// learn takes piece layers that have come to be known.
func (w *work) learn(layers metainfo.Layers) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(layers) > len(w.layers) {
		w.layers = layers
	}
}

// put stores a verified piece, and tells the other views of one that was not there.
func (w *work) put(ctx context.Context, from *view, index int, piece []byte) error {
	w.order.Lock()
	defer w.order.Unlock()
	if w.dir.Has(index) {
		return w.dir.Put(ctx, index, piece)
	}
	if index < 0 || index >= w.info.NumPieces() {
		return w.dir.Put(ctx, index, piece) // which says what is wrong
	}
	changes, _, err := w.dir.Changes(ctx, index)
	if err != nil {
		return err
	}
	w.prove(index, changes) // before anybody can read it, who would verify it once more
	if err := w.dir.Put(ctx, index, piece); err != nil {
		w.prove(index, unproven)
		return err
	}
	w.tellFound(from, index)
	return nil
}

// settle ends the doubt about a piece, and tells the other views of one that is there now.
func (w *work) settle(ctx context.Context, from *view, index int, good bool) error {
	w.order.Lock()
	defer w.order.Unlock()
	had := w.dir.Has(index)
	if err := w.dir.Settle(ctx, index, good); err != nil {
		return err
	}
	if !had && w.dir.Has(index) {
		w.tellFound(from, index)
	}
	return nil
}

// lose gives up a piece that is damaged, and tells all views.
func (w *work) lose(ctx context.Context, index int) error {
	w.order.Lock()
	defer w.order.Unlock()
	if !w.dir.Has(index) {
		return nil
	}
	err := w.dir.Lose(ctx, index)
	w.prove(index, unproven)
	w.tellLost(nil, index)
	return err
}

// loseAll tells all views that nothing is there any more.
func (w *work) loseAll() {
	w.order.Lock()
	defer w.order.Unlock()
	w.tellAllLost(nil, w.dir.Have())
}

// delete deletes every piece, and tells the other views.
func (w *work) delete(ctx context.Context, from *view) error {
	w.order.Lock()
	defer w.order.Unlock()
	had := w.dir.Have()
	if err := w.dir.Delete(ctx); err != nil {
		return err
	}
	w.tellAllLost(from, had)
	return nil
}

func (w *work) tellAllLost(from *view, had wire.Bitfield) {
	for i := range w.info.NumPieces() {
		if had.Has(i) {
			w.prove(i, unproven)
			w.tellLost(from, i)
		}
	}
}

func (w *work) tellFound(from *view, index int) {
	for _, v := range w.others(from) {
		if v.found != nil {
			v.found(index)
		}
	}
}

func (w *work) tellLost(from *view, index int) {
	for _, v := range w.others(from) {
		if v.lost != nil {
			v.lost(index)
		}
	}
}

// others returns all views but one.
func (w *work) others(from *view) []*view {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(w.views), func(v *view) bool { return v == from })
}
