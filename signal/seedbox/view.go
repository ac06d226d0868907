package seedbox

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"

	"fanseed/wasm/store"
	"fanseed/wasm/wire"
)

// view is a copy as the store of one party.
type view struct {
	work        *work
	party       string
	found, lost func(index int)
	closed      atomic.Bool
}

var _ store.Store = (*view)(nil)

// View returns the copy as one party's store, named for errors. A piece that another party puts is told by found, one that turns out to
// be damaged by lost, which the view's own calls may bring about too; by then Have says the same. Both may come from any goroutine,
// before the call that causes them returns. They must not block, nor call the view, nor wait for a lock that somebody may hold who calls
// the view. Either may be nil. After Close no more begin.
//
// ReadAt verifies a piece the first time that any party reads it, and again whenever somebody else has changed its files since. A piece
// whose bytes are wrong is lost, and ReadAt answers store.ErrMissing. Doubtful pieces are read as they are, to be settled by the reader.
// Delete deletes the pieces of all parties. Close ends the view alone.
func (c *Copy) View(party string, found, lost func(index int)) (store.Store, error) {
	w, err := c.use()
	if err != nil {
		return nil, fmt.Errorf("view a copy for %s: %w", party, err)
	}
	v := &view{work: w, party: party, found: found, lost: lost}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.views = append(w.views, v)
	return v, nil
}

// Put implements store.Store.
func (v *view) Put(ctx context.Context, index int, piece []byte) error {
	if v.closed.Load() {
		return v.failed("store", index, store.ErrClosed)
	}
	return v.failed("store", index, v.work.put(ctx, v, index, piece))
}

// ReadAt implements store.Store.
func (v *view) ReadAt(ctx context.Context, index, begin int, dst []byte) error {
	if v.closed.Load() {
		return v.failed("read", index, store.ErrClosed)
	}
	return v.failed("read", index, v.work.read(ctx, index, begin, dst))
}

// Have implements store.Store.
func (v *view) Have() wire.Bitfield {
	have := v.work.dir.Have()
	if v.closed.Load() {
		clear(have)
	}
	return have
}

// Doubtful implements store.Store.
func (v *view) Doubtful() wire.Bitfield {
	doubtful := v.work.dir.Doubtful()
	if v.closed.Load() {
		clear(doubtful)
	}
	return doubtful
}

// Settle implements store.Store.
func (v *view) Settle(ctx context.Context, index int, good bool) error {
	if v.closed.Load() {
		return v.failed("settle", index, store.ErrClosed)
	}
	return v.failed("settle", index, v.work.settle(ctx, v, index, good))
}

// Delete implements store.Store.
func (v *view) Delete(ctx context.Context) error {
	if v.closed.Load() {
		return fmt.Errorf("%s: delete a copy: %w", v.party, store.ErrClosed)
	}
	if err := v.work.delete(ctx, v); err != nil {
		return fmt.Errorf("%s: %w", v.party, err)
	}
	return nil
}

// Close implements store.Store.
func (v *view) Close() error {
	if v.closed.Swap(true) {
		return nil
	}
	w := v.work
	w.mu.Lock()
	w.views = slices.DeleteFunc(w.views, func(other *view) bool { return other == v })
	w.mu.Unlock()
	w.copy.leave()
	return nil
}

func (v *view) failed(what string, index int, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %s piece %d: %w", v.party, what, index, err)
}
