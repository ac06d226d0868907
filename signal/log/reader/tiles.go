package reader

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
	"golang.org/x/sync/errgroup"

	"fanseed/signal/log"
)

// maxTiles bounds how many proven tiles are kept while a tree is read.
const maxTiles = 256

// tiles reads the tiles of one tree. It is a tlog.TileReader: what it reads is believed only after tlog has proven it.
type tiles struct {
	ctx    context.Context // of the one call that reads; tlog's interface has none
	log    *Log
	proven map[tlog.Tile][]byte
}

// hashes returns a reader of the tree's hashes, each of which is proven to be in it.
func (l *Log) hashes(ctx context.Context, t log.Tree) tlog.HashReader {
	return proving{tlog.TileHashReader(t, &tiles{ctx, l, map[tlog.Tile][]byte{}})}
}

// Height returns the height of all tiles.
func (t *tiles) Height() int { return log.Height }

// ReadTiles reads tiles at the same time, of which each has the size that it must have.
func (t *tiles) ReadTiles(list []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(list))
	group, ctx := errgroup.WithContext(t.ctx)
	group.SetLimit(ahead)
	for i, tile := range list {
		if data[i] = t.proven[tile]; data[i] == nil {
			group.Go(func() (err error) {
				data[i], err = t.log.tile(ctx, tile)
				return err
			})
		}
	}
	return data, group.Wait()
}

func (l *Log) tile(ctx context.Context, t tlog.Tile) ([]byte, error) {
	path, size := log.Path(t.L, t.N, t.W), t.W*tlog.HashSize
	data, err := l.get(ctx, path, size)
	if err == nil && len(data) != size {
		err = fmt.Errorf("%w: %s has %d bytes, not %d", ErrMalformed, path, len(data), size)
	}
	return data, err
}

// SaveTiles keeps tiles that were proven. Those above and at the edge are read again and again, and few: the rest is forgotten.
func (t *tiles) SaveTiles(list []tlog.Tile, data [][]byte) {
	if len(t.proven) > maxTiles {
		clear(t.proven)
	}
	for i, tile := range list {
		t.proven[tile] = data[i]
	}
}

// proving says what tlog's errors mean here.
type proving struct{ tlog.HashReader }

func (p proving) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes, err := p.HashReader.ReadHashes(indexes)
	if err != nil && !ours(err) {
		err = fmt.Errorf("%w: its tiles do not make the root in the checkpoint", ErrChanged)
	}
	return hashes, err
}

func ours(err error) bool {
	for _, known := range []error{ErrUnreachable, ErrMalformed, ErrDropped, context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}
