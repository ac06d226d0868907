package store

import (
	"context"

	"fanseed/wasm/wire"
)

// Doubtful implements Store: the files are as they were when they were hashed, or cannot be read.
func (b *Blobs) Doubtful() wire.Bitfield { return wire.NewBitfield(b.info.NumPieces()) }

// Settle implements Store: there is nothing to settle.
func (b *Blobs) Settle(context.Context, int, bool) error { return nil }
