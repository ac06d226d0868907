package log

import (
	"context"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// Appended is what comes of appending: all of it has to be saved in one transaction, and only then a checkpoint of Tree may be signed.
type Appended struct {
	Tree   Tree
	Leaves []Hash // of the new records, in order
	Tiles  []Tile // new ones, and wider ones in the place of some of the old
}

// Append computes the tree that has records after those of old. It reads at most one tile of each level, and the last bundle, and changes
// nothing. The more records at once the better: the tiles at the edge are made once for all of them. An error is ErrCorrupt when what was
// saved does not make the old tree, and ErrRecord when a record is empty or too long.
func Append(ctx context.Context, s Store, old Tree, records [][]byte) (Appended, error) {
	e, err := readEdge(ctx, s, old)
	if err != nil {
		return Appended{}, err
	}
	a := Appended{Tree: old, Leaves: make([]Hash, len(records))}
	for i, r := range records {
		if len(r) == 0 || len(r) > MaxRecord {
			return Appended{}, fmt.Errorf("%w: it has %d bytes", ErrRecord, len(r))
		}
		a.Leaves[i] = LeafHash(r)
	}
	if err := a.bundle(ctx, s, e, records); err != nil {
		return Appended{}, err
	}
	for level, hashes := 0, a.Leaves; len(hashes) > 0; level++ {
		if level == len(e) {
			e = append(e, make([]byte, 0, fullTile))
		}
		hashes = a.grow(e, level, hashes)
	}
	a.Tree.N += int64(len(records))
	a.Tree.Hash = e.root()
	return a, nil
}

// bundle appends the records to the last bundle, and to new ones.
func (a *Appended) bundle(ctx context.Context, s Store, e edge, records [][]byte) error {
	at, width := a.Tree.N/Width, int(a.Tree.N%Width)
	data, err := lastBundle(ctx, s, e, at, width)
	if err != nil {
		return err
	}
	for _, r := range records {
		data = appendEntry(data, r)
		if width++; width == Width {
			a.Tiles = append(a.Tiles, Tile{Entries, at, data})
			at, width, data = at+1, 0, nil
		}
	}
	if width > 0 && len(records) > 0 {
		a.Tiles = append(a.Tiles, Tile{Entries, at, data})
	}
	return nil
}

// lastBundle returns a copy of the bundle that is not full, whose records must be those that the tree has.
func lastBundle(ctx context.Context, s Store, e edge, at int64, width int) ([]byte, error) {
	if width == 0 {
		return nil, nil
	}
	data, err := s.ReadTile(ctx, Entries, at)
	if err != nil {
		return nil, fmt.Errorf("read bundle %d: %w", at, err)
	}
	records, rest, err := cutBundle(data, width)
	if err != nil {
		return nil, fmt.Errorf("%w: bundle %d: %v", ErrCorrupt, at, err)
	}
	for i, r := range records {
		if LeafHash(r) != Hash(e[0][i*tlog.HashSize:][:tlog.HashSize]) {
			return nil, fmt.Errorf("%w: bundle %d: its record %d was changed", ErrCorrupt, at, i)
		}
	}
	return append([]byte(nil), data[:len(data)-len(rest)]...), nil
}

// grow appends hashes to the tiles of a level, and returns the hashes of those that became full: they belong to the level above.
func (a *Appended) grow(e edge, level int, hashes []Hash) (above []Hash) {
	at, data := a.Tree.N>>(Height*(level+1)), e[level]
	for _, h := range hashes {
		if data = append(data, h[:]...); len(data) == fullTile {
			above = append(above, subtree(data))
			a.Tiles = append(a.Tiles, Tile{level, at, data})
			at, data = at+1, make([]byte, 0, fullTile)
		}
	}
	if len(data) > 0 {
		a.Tiles = append(a.Tiles, Tile{level, at, data})
	}
	e[level] = data
	return above
}
