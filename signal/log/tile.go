package log

import (
	"context"
	"fmt"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// A tile of this height has Width hashes of 32 bytes when it is full (C2SP tlog-tiles, "Merkle Tree").
const (
	Height = 8
	Width  = 1 << Height
)

// Entries is the level of the bundles of records, which lie below the tiles of level 0.
const Entries = -1

// fullTile is the size in bytes of a full tile of hashes.
const fullTile = Width * tlog.HashSize

// Tile is what is kept under a level and a number. A tile that is not full grows: it is saved again under the same name, with what it had
// at its beginning. A full one never changes.
type Tile struct {
	Level int // Entries, or 0 to 7
	N     int64
	Data  []byte // hashes, or a bundle at the level Entries
}

// Store keeps tiles.
type Store interface {
	// ReadTile returns the data last saved under a level and a number, nil where nothing was.
	ReadTile(ctx context.Context, level int, n int64) ([]byte, error)
}

// An edge is the tiles of hashes that are not full, one for each level: they are what a tree grows from. One can be empty.
type edge [][]byte

// readEdge reads the edge of a tree. An error is ErrCorrupt when the tiles do not make the tree's root.
func readEdge(ctx context.Context, s Store, t Tree) (edge, error) {
	var e edge
	for level := 0; t.N>>(Height*level) > 0; level++ {
		at, width := t.N>>(Height*(level+1)), int(t.N>>(Height*level))%Width
		var data []byte
		if width > 0 {
			var err error
			if data, err = s.ReadTile(ctx, level, at); err != nil {
				return nil, fmt.Errorf("read tile %d of level %d: %w", at, level, err)
			}
		}
		if len(data) < width*tlog.HashSize {
			return nil, fmt.Errorf("%w: tile %d of level %d has %d bytes, not %d", ErrCorrupt, at, level, len(data), width*tlog.HashSize)
		}
		e = append(e, append(make([]byte, 0, fullTile), data[:width*tlog.HashSize]...))
	}
	if e.root() != t.Hash {
		return nil, fmt.Errorf("%w: of %d records", ErrCorrupt, t.N)
	}
	return e, nil
}

// root folds the complete subtrees of the edge, from the smallest and rightmost to the largest (RFC 6962, section 2.1).
func (e edge) root() Hash {
	var root *Hash
	for _, data := range e {
		for len(data) > 0 {
			rightmost := tlog.HashSize << bits.TrailingZeros(uint(len(data)/tlog.HashSize))
			h := subtree(data[len(data)-rightmost:])
			if root != nil {
				h = tlog.NodeHash(h, *root)
			}
			root, data = &h, data[:len(data)-rightmost]
		}
	}
	if root == nil {
		return Empty.Hash
	}
	return *root
}

// subtree returns the hash over 2ⁿ hashes.
func subtree(data []byte) Hash {
	if len(data) == tlog.HashSize {
		return Hash(data)
	}
	half := len(data) / 2
	return tlog.NodeHash(subtree(data[:half]), subtree(data[half:]))
}
