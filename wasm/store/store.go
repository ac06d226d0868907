// Package store keeps the verified pieces of a torrent.
//
// It owns the bytes and the knowledge of which pieces are there. It promises that a piece which was put is read back exactly, or is
// missing, or after a crash is doubtful; never another. It never hashes: what it is given has been verified, and what it gives out is as
// good as it was then.
package store

import (
	"context"
	"errors"
	"fmt"

	"fanseed/wasm/metainfo"
	"fanseed/wasm/wire"
)

// Errors that a caller tells apart with errors.Is.
var (
	ErrMissing = errors.New("piece is not in the store")
	ErrFull    = errors.New("store is full")
	ErrClosed  = errors.New("store is closed")
	ErrLost    = errors.New("stored files were deleted from outside") // the store must be closed; opened again it has what is left
)

// Store keeps the verified pieces of one torrent. Its methods may be called from several goroutines at once and may block; none may
// be called from a callback of JavaScript. A context that ends makes a call return early with the context's error; after that a
// Put may have happened or not.
type Store interface {
	// Put keeps a whole verified piece, which is lent until Put returns. Putting a piece that is there changes nothing. ErrFull
	// means that a quota or budget is used up; every piece put before is still there.
	Put(ctx context.Context, index int, piece []byte) error

	// ReadAt fills dst with the bytes of a piece from begin on, also of a doubtful one, so that it can be verified. ErrMissing means
	// that the piece is not there. A range that does not lie inside the piece is an error. After an error dst may hold anything.
	ReadAt(ctx context.Context, index, begin int, dst []byte) error

	// Have returns which pieces are there. The result is the caller's own. A closed store has none.
	Have() wire.Bitfield

	// Doubtful returns the pieces whose bytes may be there, but nothing proves them right: the browser ended before they were known
	// to be on the disk. None of them is in Have. The result is the caller's own.
	Doubtful() wire.Bitfield

	// Settle says whether the bytes of a doubtful piece are right: then it is there, else it is not. Of other pieces it changes nothing.
	Settle(ctx context.Context, index int, good bool) error

	// Delete forgets every piece, doubtful ones too, and frees what they took. The store stays open and empty.
	Delete(ctx context.Context) error

	// Close frees what the store holds in memory; what it keeps on a disk stays. Every other call, then and later, returns ErrClosed.
	// Closing again does nothing.
	Close() error
}

// checkPut tells whether piece can be the piece of that index.
func checkPut(info *metainfo.Info, index, length int) error {
	if index < 0 || index >= info.NumPieces() {
		return fmt.Errorf("no piece %d among %d", index, info.NumPieces())
	}
	if size := info.PieceSize(index); int64(length) != size {
		return fmt.Errorf("%d bytes, not %d", length, size)
	}
	return nil
}

// checkRead tells whether length bytes from begin on lie inside the piece.
func checkRead(info *metainfo.Info, index, begin, length int) error {
	if index < 0 || index >= info.NumPieces() {
		return fmt.Errorf("no piece %d among %d", index, info.NumPieces())
	}
	if size := info.PieceSize(index); begin < 0 || int64(begin) > size-int64(length) {
		return fmt.Errorf("%d bytes at %d are not inside its %d", length, begin, size)
	}
	return nil
}
