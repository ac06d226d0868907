package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall/js"

	"fanseed/wasm/metainfo"
	"fanseed/wasm/promise"
	"fanseed/wasm/wire"
)

// Blobber is what every store in a browser also is.
type Blobber interface {
	Store

	// Blob returns a Blob of the given MIME type with length bytes of the torrent from offset on. ErrMissing means that a piece of
	// the range is not there. It must not be called from a callback of JavaScript.
	Blob(offset, length int64, mime string) (js.Value, error)
}

// Blobs is a Store of all pieces of a torrent that reads them from the File or Blob objects from which it was made, so that a page
// seeds what it publishes without a copy. It refuses to Put; Delete forgets the objects and leaves the person's files alone.
//
// A read fails when the file behind an object has changed since the page got it.
type Blobs struct {
	info *metainfo.Info

	mu     sync.RWMutex
	parts  []part // in the order of the torrent's bytes; nil after Delete
	closed bool
}

var (
	_ Blobber = (*Blobs)(nil)
	_ Blobber = (*Memory)(nil)
)

// part is a Blob with some of the torrent's bytes.
type part struct {
	blob   js.Value
	length int64
}

// NewBlobs returns a store over an array of File or Blob objects that hold the torrent's bytes one after the other: one for each of
// info.Files, padding included, or cut in any other way.
func NewBlobs(info *metainfo.Info, blobs js.Value) (*Blobs, error) {
	b := &Blobs{info: info, parts: []part{}}
	var total int64
	for i := range blobs.Length() {
		blob := blobs.Index(i)
		if !blob.InstanceOf(js.Global().Get("Blob")) {
			return nil, fmt.Errorf("published file %d is no Blob", i)
		}
		length := int64(blob.Get("size").Float())
		b.parts = append(b.parts, part{blob, length})
		total += length
	}
	if total != info.Length {
		return nil, fmt.Errorf("published files have %d bytes, not the torrent's %d", total, info.Length)
	}
	return b, nil
}

var errReadOnly = errors.New("published files are read-only")

// Put implements Store: it always fails.
func (b *Blobs) Put(_ context.Context, index int, _ []byte) error {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if b.closed {
		return fmt.Errorf("store piece %d in published files: %w", index, ErrClosed)
	}
	return fmt.Errorf("store piece %d: %w", index, errReadOnly)
}

// ReadAt implements Store.
func (b *Blobs) ReadAt(ctx context.Context, index, begin int, dst []byte) error {
	if err := b.readAt(ctx, index, begin, dst); err != nil {
		return fmt.Errorf("read piece %d from published files: %w", index, err)
	}
	return nil
}

func (b *Blobs) readAt(ctx context.Context, index, begin int, dst []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := checkRead(b.info, index, begin, len(dst)); err != nil {
		return err
	}
	blob, err := b.blob(int64(index)*b.info.PieceLength+int64(begin), int64(len(dst)), "")
	if err != nil {
		return err
	}
	content, err := promise.Await(ctx, blob.Call("arrayBuffer"))
	if err != nil {
		return err
	}
	defer release(content)
	array, err := construct("Uint8Array", content)
	if err != nil {
		return err
	}
	if n := js.CopyBytesToGo(dst, array); n != len(dst) {
		return fmt.Errorf("%d bytes instead of %d", n, len(dst))
	}
	return nil
}

// Blob implements Blobber. The Blob refers to the files and copies nothing.
func (b *Blobs) Blob(offset, length int64, mime string) (js.Value, error) {
	blob, err := b.blob(offset, length, mime)
	if err != nil {
		return js.Undefined(), fmt.Errorf("make a blob of published files: %w", err)
	}
	return blob, nil
}

func (b *Blobs) blob(offset, length int64, mime string) (js.Value, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	switch {
	case b.closed:
		return js.Undefined(), ErrClosed
	case b.parts == nil:
		return js.Undefined(), ErrMissing
	}
	if err := checkRange(b.info, offset, length); err != nil {
		return js.Undefined(), err
	}
	parts := b.slices(offset, length)
	if len(parts) == 1 && mime == "" {
		return parts[0].(js.Value), nil // a Blob of it would cost the browser as much as the slice
	}
	return newBlob(parts, mime)
}

// slices returns Blobs of the range's bytes.
func (b *Blobs) slices(offset, length int64) []any {
	var slices []any
	for _, p := range b.parts {
		if length == 0 {
			break
		}
		if offset < p.length {
			n := min(length, p.length-offset)
			slices = append(slices, p.blob.Call("slice", offset, offset+n))
			offset, length = offset+n, length-n
		}
		offset -= p.length
	}
	return slices
}

// Have implements Store.
func (b *Blobs) Have() wire.Bitfield {
	b.mu.RLock()
	defer b.mu.RUnlock()
	have := wire.NewBitfield(b.info.NumPieces())
	if b.parts == nil {
		return have
	}
	for i := range b.info.NumPieces() {
		have.Set(i)
	}
	return have
}

// Doubtful implements Store: there are none.
func (b *Blobs) Doubtful() wire.Bitfield { return wire.NewBitfield(b.info.NumPieces()) }

// Settle implements Store.
func (b *Blobs) Settle(ctx context.Context, index int, _ bool) error {
	b.mu.RLock()
	defer b.mu.RUnlock()
	err := ctx.Err()
	if b.closed {
		err = ErrClosed
	}
	if err != nil {
		return fmt.Errorf("settle piece %d of published files: %w", index, err)
	}
	return nil
}

// Delete implements Store.
func (b *Blobs) Delete(ctx context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return fmt.Errorf("forget published files: %w", ErrClosed)
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("forget published files: %w", err)
	}
	b.parts = nil
	return nil
}

// Close implements Store.
func (b *Blobs) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed, b.parts = true, nil
	return nil
}

// zeros are bytes of padding.
func zeros(n int64) js.Value { return js.Global().Get("Uint8Array").New(n) }

// newBlob makes a Blob of views and blobs.
func newBlob(parts []any, mime string) (js.Value, error) {
	return construct("Blob", parts, map[string]any{"type": mime})
}

// checkRange tells whether length bytes from offset on lie inside the torrent.
func checkRange(info *metainfo.Info, offset, length int64) error {
	if offset < 0 || length < 0 || offset > info.Length-length {
		return fmt.Errorf("%d bytes at %d are not inside its %d", length, offset, info.Length)
	}
	return nil
}
