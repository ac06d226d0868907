//go:build !js

package store

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"

	"fanseed/wasm/metainfo"
	"fanseed/wasm/wire"
)

// Dir is a Store in a directory of a Disk, which outlives the process, and the machine's power. The directory, which the first piece
// makes, has the data files of a layout and a journal. Data files have holes where pieces are missing.
//
// A piece is recorded right after it was written, so that the end of the process costs what was being written and no more; from time to
// time everything is flushed, and only what was flushed is trusted when the store is opened again. What is whole keeps no file open.
//
// A Dir notices when somebody else changes its data files: see Changes.
type Dir struct {
	disk   *Disk
	info   *metainfo.Info
	name   string // of the directory
	layout layout
	files  []dataFile

	change   sync.Mutex // taken first, by whoever changes what is stored: while one flushes, others can read
	log      journal
	logFile  *os.File // of the journal; nil until it is needed
	exists   bool     // the directory and the journal were made
	made     bool     // data files were made since the last flush
	stale    bool     // the journal trusts what is lost
	unsynced int64    // bytes that were put since the last checkpoint

	mu       sync.RWMutex
	have     wire.Bitfield
	doubtful wire.Bitfield
	doubts   int   // pieces in doubtful
	held     int64 // bytes taken from the budget
	lost     bool  // the directory was deleted under the store
	closed   bool
}

var _ Store = (*Dir)(nil)

// Put implements Store. ErrFull may also mean that the disk is full.
func (d *Dir) Put(ctx context.Context, index int, piece []byte) error {
	d.change.Lock()
	defer d.change.Unlock()
	if err := d.put(ctx, index, piece); err != nil {
		return fmt.Errorf("store piece %d: %w", index, err)
	}
	return nil
}

func (d *Dir) put(ctx context.Context, index int, piece []byte) error {
	if err := d.ready(ctx); err != nil {
		return err
	}
	if err := checkPut(d.info, index, len(piece)); err != nil {
		return err
	}
	if d.have.Has(index) {
		return nil
	}
	size := d.size(index)
	if d.doubtful.Has(index) {
		size = 0 // is paid for
	}
	if !d.disk.budget.take(size) {
		return ErrFull
	}
	if err := d.write(index, piece); err != nil {
		d.disk.budget.give(size)
		return err
	}
	return d.keep(index, size)
}

// ReadAt implements Store.
func (d *Dir) ReadAt(ctx context.Context, index, begin int, dst []byte) error {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if err := d.readAt(ctx, index, begin, dst); err != nil {
		return fmt.Errorf("read piece %d: %w", index, err)
	}
	return nil
}

func (d *Dir) readAt(ctx context.Context, index, begin int, dst []byte) error {
	if err := d.ready(ctx); err != nil {
		return err
	}
	if err := checkRead(d.info, index, begin, len(dst)); err != nil {
		return err
	}
	if !d.have.Has(index) && !d.doubtful.Has(index) {
		return ErrMissing
	}
	return d.layout.each(d.begin(index)+int64(begin), int64(len(dst)), func(file int, at, n int64) error {
		part := dst[:n]
		dst = dst[n:]
		if file == padding {
			clear(part)
			return nil
		}
		return d.read(file, at, part)
	})
}

func (d *Dir) read(file int, at int64, dst []byte) error {
	return named(d.disk.pool.use(d.path(file), false, func(f *os.File) error {
		if n, err := f.ReadAt(dst, at); n < len(dst) {
			return err // what is beyond the end was cut off by somebody else
		}
		return nil
	}))
}

// Have implements Store.
func (d *Dir) Have() wire.Bitfield {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.have.Clone()
}

// Has tells whether a piece is there.
func (d *Dir) Has(index int) bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.have.Has(index)
}

// Doubtful implements Store.
func (d *Dir) Doubtful() wire.Bitfield {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.doubtful.Clone()
}

// Held returns how many bytes the pieces take.
func (d *Dir) Held() int64 {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.held
}

// Settle implements Store.
func (d *Dir) Settle(ctx context.Context, index int, good bool) error {
	d.change.Lock()
	defer d.change.Unlock()
	if err := d.settle(ctx, index, good); err != nil {
		return fmt.Errorf("settle piece %d: %w", index, err)
	}
	return nil
}

func (d *Dir) settle(ctx context.Context, index int, good bool) error {
	if err := d.ready(ctx); err != nil {
		return err
	}
	if !d.doubtful.Has(index) {
		return nil
	}
	if good {
		d.touch(index) // nobody knows that it was flushed
		if err := d.keep(index, 0); err != nil {
			return err
		}
	} else if err := d.forget(index); err != nil {
		return err
	}
	if d.doubts == 0 && d.unsynced > 0 {
		return d.sync() // what a check has found need not be found again
	}
	return nil
}

// Lose says that a piece which was there, or is doubtful, is not: its bytes were found to be wrong. It can be put again.
func (d *Dir) Lose(ctx context.Context, index int) error {
	d.change.Lock()
	defer d.change.Unlock()
	if err := d.lose(ctx, index); err != nil {
		return fmt.Errorf("lose piece %d: %w", index, err)
	}
	return nil
}

func (d *Dir) lose(ctx context.Context, index int) error {
	if err := d.ready(ctx); err != nil {
		return err
	}
	if d.doubtful.Has(index) {
		return d.forget(index)
	}
	if !d.have.Has(index) {
		return nil
	}
	d.free(index)
	d.stale = true
	return d.sync()
}

// Delete implements Store: it removes the directory, unless somebody else has files in it.
func (d *Dir) Delete(ctx context.Context) error {
	d.change.Lock()
	defer d.change.Unlock()
	d.mu.Lock()
	defer d.mu.Unlock()
	err := d.ready(ctx)
	if err == nil {
		err = d.remove()
	}
	if err != nil {
		return fmt.Errorf("delete stored pieces: %w", err)
	}
	d.empty()
	return nil
}

// Close implements Store.
func (d *Dir) Close() error {
	d.change.Lock()
	defer d.change.Unlock()
	if d.closed {
		return nil
	}
	var err error
	if d.unsynced > 0 && !d.lost {
		if err = d.sync(); err != nil {
			err = fmt.Errorf("close stored pieces: %w", err)
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closeFiles()
	d.empty()
	d.closed = true
	return err
}

// Section opens the data file of one of info.Files, and tells where in it that file begins. Its bytes are those of pieces that are
// there, or may be anything. A file without bytes of its own is io.EOF.
func (d *Dir) Section(file int) (f *os.File, at int64, err error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if err := d.ready(context.Background()); err != nil {
		return nil, 0, err
	}
	err = io.EOF
	_ = d.layout.each(d.info.Files[file].Offset, min(1, d.info.Files[file].Length), func(in int, begin, _ int64) error {
		if in != padding {
			at = begin
			f, err = d.disk.root.Open(d.path(in))
			err = named(err)
		}
		return nil
	})
	return f, at, err
}

// empty forgets every piece.
func (d *Dir) empty() {
	d.disk.budget.give(d.held)
	d.held, d.unsynced, d.doubts = 0, 0, 0
	clear(d.have)
	clear(d.doubtful)
	d.lost, d.stale, d.made = false, false, false
}

func (d *Dir) ready(ctx context.Context) error {
	switch {
	case d.closed:
		return ErrClosed
	case d.lost:
		return ErrLost
	}
	return ctx.Err()
}

// begin is where a piece begins in the torrent's bytes.
func (d *Dir) begin(index int) int64 { return int64(index) * d.info.PieceLength }

// size is how many bytes of a piece are kept.
func (d *Dir) size(index int) int64 { return d.layout.stored(d.begin(index), d.info.PieceSize(index)) }
