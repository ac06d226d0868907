package reader

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
	"golang.org/x/sync/errgroup"

	"fanseed/signal/log"
)

// ahead is how many bundles are asked for at once.
const ahead = 8

// Entry is a record that the tree has.
type Entry struct {
	N      int64 // its number, counted from 0
	Leaf   log.Hash
	Record log.Record
}

// Records reads every record of a tree in order and calls each with it, once it is proven to be in its place. It ends at the first error,
// which is each's own or one of this package.
func (l *Log) Records(ctx context.Context, tree log.Tree, each func(Entry) error) error {
	hashes := l.hashes(ctx, tree)
	for first := int64(0); first < tree.N; first += ahead * log.Width {
		last := min(first+ahead*log.Width, tree.N)
		records, err := l.span(ctx, first, last)
		if err != nil {
			return err
		}
		leaves, err := hashes.ReadHashes(leafIndexes(first, last))
		if err != nil {
			return err
		}
		for i, b := range records {
			e, err := prove(first+int64(i), leaves[i], b)
			if err == nil {
				err = each(e)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// span reads the bundles of the records from first to last, all at the same time. first is the first of a bundle.
func (l *Log) span(ctx context.Context, first, last int64) ([][]byte, error) {
	bundles := make([][][]byte, (last-first+log.Width-1)/log.Width)
	group, ctx := errgroup.WithContext(ctx)
	for i := range bundles {
		at := first + int64(i)*log.Width
		group.Go(func() (err error) {
			bundles[i], err = l.bundle(ctx, at/log.Width, int(min(log.Width, last-at)))
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return slices.Concat(bundles...), nil
}

func (l *Log) bundle(ctx context.Context, n int64, width int) ([][]byte, error) {
	data, err := l.get(ctx, log.Path(log.Entries, n, width), log.MaxBundle)
	if err != nil {
		return nil, err
	}
	records, err := log.ParseBundle(data, width)
	if errors.Is(err, log.ErrFew) {
		return nil, fmt.Errorf("%w: bundle %d: %v", ErrDropped, n, err)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: bundle %d: %v", ErrMalformed, n, err)
	}
	return records, nil
}

func leafIndexes(first, last int64) []int64 {
	indexes := make([]int64, last-first)
	for i := range indexes {
		indexes[i] = tlog.StoredHashIndex(0, first+int64(i))
	}
	return indexes
}

// prove reads a record that must be the leaf n of the tree.
func prove(n int64, leaf log.Hash, b []byte) (Entry, error) {
	if log.LeafHash(b) != leaf {
		return Entry{}, fmt.Errorf("%w: record %d is not the one that was signed", ErrChanged, n)
	}
	r, err := log.ParseRecord(b)
	if err != nil {
		return Entry{}, fmt.Errorf("%w: record %d: %v", ErrMalformed, n, err)
	}
	return Entry{n, leaf, r}, nil
}
