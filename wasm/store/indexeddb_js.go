package store

import (
	"context"
	"encoding/hex"
	"fmt"
	"sync"
	"syscall/js"

	"fanseed/wasm/metainfo"
	"fanseed/wasm/wire"
)

// IndexedDB is a Store with one record for each piece. It is for browsers that have no private file system, or refuse it: it is about ten
// times as slow. A record is there as a whole or not at all, so no piece is ever doubtful.
type IndexedDB struct {
	info     *metainfo.Info
	name     string // the infohash in hex: the first part of every key
	database *database
	budget   *Budget

	mu     sync.Mutex
	have   wire.Bitfield
	held   int64
	last   int      // index of the piece that was read last
	piece  js.Value // its bytes; undefined when there are none
	closed bool
}

var _ Blobber = (*IndexedDB)(nil)

// Put implements Store.
func (d *IndexedDB) Put(ctx context.Context, index int, piece []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.put(ctx, index, piece); err != nil {
		return fmt.Errorf("store piece %d in the database: %w", index, err)
	}
	return nil
}

func (d *IndexedDB) put(ctx context.Context, index int, piece []byte) error {
	if err := d.ready(ctx); err != nil {
		return err
	}
	if err := checkPut(d.info, index, len(piece)); err != nil {
		return err
	}
	if d.have.Has(index) {
		return nil
	}
	size := int64(len(piece))
	if !d.budget.take(size) {
		return ErrFull
	}
	if err := d.write(index, piece); err != nil {
		d.budget.give(size)
		return named(err)
	}
	d.held += size
	d.have.Set(index)
	return nil
}

func (d *IndexedDB) write(index int, piece []byte) error {
	b, err := newBuffer(piece)
	if err != nil {
		return err
	}
	defer b.free()
	return d.database.put(pieceKey(d.name, index), b.array)
}

// ReadAt implements Store.
func (d *IndexedDB) ReadAt(ctx context.Context, index, begin int, dst []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.readAt(ctx, index, begin, dst); err != nil {
		return fmt.Errorf("read piece %d from the database: %w", index, err)
	}
	return nil
}

func (d *IndexedDB) readAt(ctx context.Context, index, begin int, dst []byte) error {
	if err := d.ready(ctx); err != nil {
		return err
	}
	if err := checkRead(d.info, index, begin, len(dst)); err != nil {
		return err
	}
	piece, err := d.load(index)
	if err != nil {
		return err
	}
	js.CopyBytesToGo(dst, piece.Call("subarray", begin, begin+len(dst)))
	return nil
}

// load gives a piece as a Uint8Array, and remembers it: blocks are read one after the other.
func (d *IndexedDB) load(index int) (js.Value, error) {
	if !d.have.Has(index) {
		return js.Undefined(), ErrMissing
	}
	if index == d.last && !d.piece.IsUndefined() {
		return d.piece, nil
	}
	d.unload()
	piece, err := d.database.ask("get", pieceKey(d.name, index))
	if err != nil {
		return piece, named(err)
	}
	if piece.Type() != js.TypeObject || piece.Get("length").Int() != int(d.info.PieceSize(index)) {
		return piece, ErrLost
	}
	d.last, d.piece = index, piece
	return piece, nil
}

func (d *IndexedDB) unload() {
	if !d.piece.IsUndefined() {
		release(d.piece.Get("buffer"))
		d.piece = js.Undefined()
	}
}

// Blob implements Blobber. The Blob is a copy, which the browser keeps on its disk where it is large.
func (d *IndexedDB) Blob(offset, length int64, mime string) (js.Value, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	parts, err := d.parts(offset, length)
	if err != nil {
		return js.Undefined(), fmt.Errorf("make a blob of the database: %w", err)
	}
	return newBlob(parts, mime)
}

func (d *IndexedDB) parts(offset, length int64) (parts []any, err error) {
	if err := d.ready(context.Background()); err != nil {
		return nil, err
	}
	if err := checkRange(d.info, offset, length); err != nil {
		return nil, err
	}
	for length > 0 {
		index := int(offset / d.info.PieceLength)
		piece, err := d.load(index)
		if err != nil {
			return nil, fmt.Errorf("piece %d: %w", index, err)
		}
		begin := offset % d.info.PieceLength
		n := min(length, d.info.PieceLength-begin)
		held := max(0, min(n, d.info.PieceSize(index)-begin)) // behind a piece that is cut at its file's end is padding (BEP 52)
		part, err := newBlob([]any{piece.Call("subarray", begin, begin+held), zeros(n - held)}, "")
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
		offset, length = offset+n, length-n
	}
	return parts, nil
}

// Have implements Store.
func (d *IndexedDB) Have() wire.Bitfield {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.have.Clone()
}

// Doubtful implements Store: there are none.
func (d *IndexedDB) Doubtful() wire.Bitfield { return wire.NewBitfield(d.info.NumPieces()) }

// Settle implements Store.
func (d *IndexedDB) Settle(ctx context.Context, index int, _ bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.ready(ctx); err != nil {
		return fmt.Errorf("settle piece %d of the database: %w", index, err)
	}
	return nil
}

// Delete implements Store.
func (d *IndexedDB) Delete(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	err := d.ready(ctx)
	if err == nil {
		err = named(d.database.deleteAll(d.name))
	}
	if err != nil {
		return fmt.Errorf("delete pieces from the database: %w", err)
	}
	d.empty()
	return nil
}

// Close implements Store. The database stays open, for the other stores in it.
func (d *IndexedDB) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.empty()
	d.closed = true
	return nil
}

func (d *IndexedDB) empty() {
	d.unload()
	clear(d.have)
	d.budget.give(d.held)
	d.held = 0
}

func (d *IndexedDB) ready(ctx context.Context) error {
	if d.closed {
		return ErrClosed
	}
	return ctx.Err()
}

// openIndexedDB opens the store of a torrent in the database of all.
func openIndexedDB(database *database, infohash [20]byte, info *metainfo.Info, budget *Budget) (*IndexedDB, error) {
	d := &IndexedDB{
		info: info, name: hex.EncodeToString(infohash[:]), database: database, budget: budget,
		have: wire.NewBitfield(info.NumPieces()),
	}
	keys, err := database.ask("getAllKeys", keyRange(d.name))
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", named(err))
	}
	for i := range keys.Length() {
		if index := keys.Index(i).Index(1).Int(); index >= 0 && index < info.NumPieces() {
			d.have.Set(index)
			d.held += info.PieceSize(index)
		}
	}
	budget.hold(d.held)
	return d, nil
}
