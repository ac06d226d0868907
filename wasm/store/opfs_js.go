package store

import (
	"context"
	"fmt"
	"sync"
	"syscall/js"

	"fanseed/wasm/metainfo"
	"fanseed/wasm/wire"
)

// OPFS is a Store in the origin's private file system, which outlives the page, the browser and a power loss. It works in dedicated
// workers only. Its directory, which the first piece makes, has the data files of a layout and a journal.
//
// The journal's file stays open, and so locks the directory against every other worker. A piece is recorded right after it was written,
// so that the end of the browser costs what was being written and no more; from time to time everything is flushed, and only what was
// flushed is trusted when the store is opened again.
type OPFS struct {
	info    *metainfo.Info
	name    string   // of the directory
	parent  js.Value // directory of all torrents
	handles *handles
	budget  *Budget
	layout  layout

	mu       sync.Mutex
	dir      *directoryOf // nil until there is one
	log      journal
	logFile  js.Value // FileSystemSyncAccessHandle of the journal
	have     wire.Bitfield
	doubtful wire.Bitfield
	doubts   int          // pieces in doubtful
	made     []bool       // data files that must be there, as pieces are in them
	touched  map[int]bool // data files with bytes that were not flushed
	unsynced int64        // bytes that were put since the last checkpoint
	held     int64        // bytes taken from the budget
	lost     bool         // the directory was deleted under the store
	closed   bool
}

var _ Blobber = (*OPFS)(nil)

// Put implements Store. ErrFull may also mean that the disk is full.
func (o *OPFS) Put(ctx context.Context, index int, piece []byte) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.put(ctx, index, piece); err != nil {
		return o.failed(fmt.Sprintf("store piece %d", index), err)
	}
	return nil
}

func (o *OPFS) put(ctx context.Context, index int, piece []byte) error {
	if err := o.ready(ctx); err != nil {
		return err
	}
	if err := checkPut(o.info, index, len(piece)); err != nil {
		return err
	}
	if o.have.Has(index) {
		return nil
	}
	size := o.size(index)
	if o.doubtful.Has(index) {
		size = 0 // is paid for
	}
	if !o.budget.take(size) {
		return ErrFull
	}
	if err := o.write(index, piece); err != nil {
		o.budget.give(size)
		return err
	}
	o.held += size
	return o.keep(index)
}

// write writes a piece and then its record. Before the record is there nothing claims that the piece is.
func (o *OPFS) write(index int, piece []byte) error {
	if err := o.ensure(); err != nil {
		return err
	}
	err := o.layout.each(o.begin(index), int64(len(piece)), func(file int, at, n int64) error {
		bytes := piece[:n]
		piece = piece[n:]
		if file == padding {
			return nil
		}
		o.touched[file] = true
		return o.handles.write(o.dir, file, !o.made[file], at, bytes)
	})
	if err != nil {
		return err
	}
	return o.record(index, true)
}

// keep counts a piece as there.
func (o *OPFS) keep(index int) error {
	o.have.Set(index)
	o.settled(index)
	_ = o.layout.each(o.begin(index), o.info.PieceSize(index), func(file int, _, _ int64) error {
		if file != padding {
			o.made[file], o.touched[file] = true, true
		}
		return nil
	})
	o.unsynced += o.info.PieceSize(index)
	if o.unsynced >= syncEvery || o.doubts == 0 && o.have.Full(o.info.NumPieces()) {
		return o.sync()
	}
	return nil
}

func (o *OPFS) settled(index int) {
	if o.doubtful.Has(index) {
		o.doubtful.Clear(index)
		o.doubts--
	}
}

// ReadAt implements Store.
func (o *OPFS) ReadAt(ctx context.Context, index, begin int, dst []byte) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.readAt(ctx, index, begin, dst); err != nil {
		return o.failed(fmt.Sprintf("read piece %d", index), err)
	}
	return nil
}

func (o *OPFS) readAt(ctx context.Context, index, begin int, dst []byte) error {
	if err := o.ready(ctx); err != nil {
		return err
	}
	if err := checkRead(o.info, index, begin, len(dst)); err != nil {
		return err
	}
	if !o.have.Has(index) && !o.doubtful.Has(index) {
		return ErrMissing
	}
	return o.layout.each(o.begin(index)+int64(begin), int64(len(dst)), func(file int, at, n int64) error {
		part := dst[:n]
		dst = dst[n:]
		if file == padding {
			clear(part)
			return nil
		}
		return o.handles.read(o.dir, file, at, part)
	})
}

// Have implements Store.
func (o *OPFS) Have() wire.Bitfield {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.have.Clone()
}

// Doubtful implements Store.
func (o *OPFS) Doubtful() wire.Bitfield {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.doubtful.Clone()
}

// Settle implements Store.
func (o *OPFS) Settle(ctx context.Context, index int, good bool) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.settle(ctx, index, good); err != nil {
		return o.failed(fmt.Sprintf("settle piece %d", index), err)
	}
	return nil
}

func (o *OPFS) settle(ctx context.Context, index int, good bool) error {
	if err := o.ready(ctx); err != nil {
		return err
	}
	if !o.doubtful.Has(index) {
		return nil
	}
	if good {
		if err := o.keep(index); err != nil {
			return err
		}
	} else if err := o.forget(index); err != nil {
		return err
	}
	if o.doubts == 0 && o.unsynced > 0 {
		return o.sync() // what a check has found need not be found again
	}
	return nil
}

// Lose says that a piece which was there, or is doubtful, is not: its bytes were found to be wrong. It can be put again.
func (o *OPFS) Lose(ctx context.Context, index int) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.lose(ctx, index); err != nil {
		return o.failed(fmt.Sprintf("lose piece %d", index), err)
	}
	return nil
}

func (o *OPFS) lose(ctx context.Context, index int) error {
	if err := o.ready(ctx); err != nil {
		return err
	}
	if o.doubtful.Has(index) {
		return o.forget(index)
	}
	if !o.have.Has(index) {
		return nil
	}
	o.have.Clear(index)
	if err := o.sync(); err != nil {
		o.have.Set(index) // the journal may trust it still, and so may not be written over it
		return err
	}
	o.held -= o.size(index)
	o.budget.give(o.size(index))
	return nil
}

func (o *OPFS) forget(index int) error {
	if err := o.record(index, false); err != nil {
		return err
	}
	o.settled(index)
	o.held -= o.size(index)
	o.budget.give(o.size(index))
	return nil
}

// Delete implements Store: it removes the directory.
func (o *OPFS) Delete(ctx context.Context) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	err := o.ready(ctx)
	if err == nil {
		o.closeFiles()
		err = named(removeEntry(ctx, o.parent, o.name))
	}
	if err != nil {
		return o.failed("delete pieces", err)
	}
	o.empty()
	return nil
}

// Close implements Store.
func (o *OPFS) Close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return nil
	}
	var err error
	if o.unsynced > 0 && !o.lost {
		if err = o.sync(); err != nil {
			err = o.failed("close", err)
		}
	}
	o.closeFiles()
	o.empty()
	o.closed = true
	return err
}

// closeFiles closes every file, so that others may open or remove them.
func (o *OPFS) closeFiles() {
	if o.dir == nil {
		return
	}
	o.handles.closeAll(o.dir)
	o.dir.close(o.logFile)
	o.dir = nil
}

// empty forgets every piece.
func (o *OPFS) empty() {
	o.budget.give(o.held)
	o.held, o.unsynced, o.doubts = 0, 0, 0
	clear(o.have)
	clear(o.doubtful)
	clear(o.made)
	clear(o.touched)
	o.lost = false
}

func (o *OPFS) ready(ctx context.Context) error {
	switch {
	case o.closed:
		return ErrClosed
	case o.lost:
		return ErrLost
	}
	return ctx.Err()
}

// begin is where a piece begins in the torrent's bytes.
func (o *OPFS) begin(index int) int64 { return int64(index) * o.info.PieceLength }

// size is how many bytes of a piece are kept.
func (o *OPFS) size(index int) int64 { return o.layout.stored(o.begin(index), o.info.PieceSize(index)) }
