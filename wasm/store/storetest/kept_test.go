package storetest_test

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"fanseed/wasm/metainfo"
	"fanseed/wasm/store"
	"fanseed/wasm/store/storetest"
	"fanseed/wasm/wire"
)

// kept is a sound store that can be opened again, unless it was told to be forgetful.
type kept struct {
	info *metainfo.Info

	mu       sync.Mutex
	pieces   map[int][]byte
	doubtful map[int]bool
	closed   bool

	forgetful []int // pieces that are not there when the store is opened again
	resurrect bool  // pieces that were deleted are
	deleted   map[int][]byte
}

// shelf is a backend of such stores, each behind what spoil makes of it.
func shelf(spoil func(store.Store, *metainfo.Info) store.Store) storetest.Backend {
	reopen := func(s store.Store, info *metainfo.Info, doubt bool) (store.Store, error) {
		err := s.Close()
		if f, ok := s.(fault); ok {
			s = f.Store
		}
		return spoil(s.(*kept).again(doubt), info), err
	}
	return storetest.Backend{
		Open: func(info *metainfo.Info) (store.Store, error) {
			return spoil(&kept{info: info, pieces: map[int][]byte{}, doubtful: map[int]bool{}}, info), nil
		},
		Reopen: func(s store.Store, info *metainfo.Info) (store.Store, error) { return reopen(s, info, false) },
		Doubt:  func(s store.Store, info *metainfo.Info) (store.Store, error) { return reopen(s, info, true) },
	}
}

func (k *kept) again(doubt bool) *kept {
	next := &kept{info: k.info, pieces: maps.Clone(k.pieces), doubtful: maps.Clone(k.doubtful)}
	if k.resurrect {
		maps.Copy(next.pieces, k.deleted)
	}
	for i := range next.pieces {
		if doubt {
			next.doubtful[i] = true
		}
		if slices.Contains(k.forgetful, i) {
			delete(next.pieces, i)
			delete(next.doubtful, i)
		}
	}
	return next
}

// locked calls f if the store is open and the context goes on.
func (k *kept) locked(ctx context.Context, f func() error) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return store.ErrClosed
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return f()
}

func (k *kept) Put(ctx context.Context, index int, piece []byte) error {
	return k.locked(ctx, func() error {
		if index < 0 || index >= k.info.NumPieces() || int64(len(piece)) != k.info.PieceSize(index) {
			return errors.New("wrong piece")
		}
		if k.pieces[index] == nil || k.doubtful[index] {
			k.pieces[index] = bytes.Clone(piece)
			delete(k.doubtful, index)
		}
		return nil
	})
}

func (k *kept) ReadAt(ctx context.Context, index, begin int, dst []byte) error {
	return k.locked(ctx, func() error {
		if index < 0 || index >= k.info.NumPieces() || begin < 0 || int64(begin) > k.info.PieceSize(index)-int64(len(dst)) {
			return errors.New("wrong range")
		}
		if k.pieces[index] == nil {
			return store.ErrMissing
		}
		copy(dst, k.pieces[index][begin:])
		return nil
	})
}

func (k *kept) bitfield(has func(index int) bool) wire.Bitfield {
	k.mu.Lock()
	defer k.mu.Unlock()
	b := wire.NewBitfield(k.info.NumPieces())
	for i := range k.pieces {
		if !k.closed && has(i) {
			b.Set(i)
		}
	}
	return b
}

func (k *kept) Have() wire.Bitfield {
	return k.bitfield(func(index int) bool { return !k.doubtful[index] })
}

func (k *kept) Doubtful() wire.Bitfield {
	return k.bitfield(func(index int) bool { return k.doubtful[index] })
}

func (k *kept) Settle(ctx context.Context, index int, good bool) error {
	return k.locked(ctx, func() error {
		if k.doubtful[index] && !good {
			delete(k.pieces, index)
		}
		delete(k.doubtful, index)
		return nil
	})
}

func (k *kept) Delete(ctx context.Context) error {
	return k.locked(ctx, func() error {
		k.deleted = maps.Clone(k.pieces)
		clear(k.pieces)
		clear(k.doubtful)
		return nil
	})
}

func (k *kept) Close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.closed = true
	return nil
}
