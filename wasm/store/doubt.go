package store

import (
	"context"

	"fanseed/wasm/wire"
)

// Doubtful implements Store: memory loses all or nothing.
func (m *Memory) Doubtful() wire.Bitfield { return wire.NewBitfield(m.info.NumPieces()) }

// Settle implements Store: there is nothing to settle.
func (m *Memory) Settle(context.Context, int, bool) error { return nil }

// Lasts says that the pieces end with the engine.
func (m *Memory) Lasts() bool { return false }
