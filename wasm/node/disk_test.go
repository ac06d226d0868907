package node

import (
	"bytes"
	"context"
	"errors"
	"sync"

	"fanseed/wasm/metainfo"
	"fanseed/wasm/store"
	"fanseed/wasm/wire"
)

// disk is a browser's storage as a node sees it: stores that outlive engines,
// each of which only one may have open.
type disk struct {
	mu      sync.Mutex
	room    int64 // bytes; what is there counts
	shelves map[[20]byte]*shelf
	reading chan struct{} // when not nil, doubtful pieces are read one for each token
	stored  func(index int)
}

// shelf is what is on the disk of one work.
type shelf struct {
	disk        *disk
	info        *metainfo.Info
	pieces      map[int][]byte
	have, doubt wire.Bitfield
	open        bool
	lost        bool // the browser has deleted it all
}

func newDisk(room int64) *disk { return &disk{room: room, shelves: map[[20]byte]*shelf{}} }

func (d *disk) open(infohash [20]byte, info *metainfo.Info) (store.Store, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.shelves[infohash]
	if s == nil || s.lost {
		s = &shelf{disk: d, info: info, pieces: map[int][]byte{}, have: wire.NewBitfield(info.NumPieces()), doubt: wire.NewBitfield(info.NumPieces())}
		d.shelves[infohash] = s
	}
	if s.open {
		return nil, errors.New("somebody has the store open")
	}
	s.open = true
	return &shelfStore{s: s}, nil
}

// crash leaves some pieces in doubt and nothing open, as a killed browser does.
func (d *disk) crash(infohash [20]byte, doubtful ...int) *shelf {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.shelves[infohash]
	s.open = false
	for _, i := range doubtful {
		s.have[i/8] &^= 0x80 >> (i % 8)
		s.doubt.Set(i)
	}
	return s
}

func (d *disk) lose(infohash [20]byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, p := range d.shelves[infohash].pieces {
		d.room += int64(len(p))
	}
	d.shelves[infohash].lost = true
}

func (d *disk) has(infohash [20]byte) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	if s := d.shelves[infohash]; s != nil {
		return s.have.Count()
	}
	return 0
}

// shelfStore is one opening of a shelf.
type shelfStore struct {
	s      *shelf
	closed bool
}

func (x *shelfStore) locked(f func(s *shelf) error) error {
	x.s.disk.mu.Lock()
	defer x.s.disk.mu.Unlock()
	switch {
	case x.closed:
		return store.ErrClosed
	case x.s.lost:
		return store.ErrLost
	}
	return f(x.s)
}

func (x *shelfStore) Put(_ context.Context, index int, piece []byte) error {
	err := x.locked(func(s *shelf) error {
		if s.have.Has(index) {
			return nil
		}
		if s.disk.room < int64(len(piece)) {
			return store.ErrFull
		}
		s.disk.room -= int64(len(piece))
		s.pieces[index] = bytes.Clone(piece)
		s.have.Set(index)
		return nil
	})
	if x.s.disk.stored != nil {
		x.s.disk.stored(index)
	}
	return err
}

func (x *shelfStore) ReadAt(ctx context.Context, index, begin int, dst []byte) error {
	doubtful := false
	err := x.locked(func(s *shelf) error {
		doubtful = s.doubt.Has(index)
		if !s.have.Has(index) && !doubtful {
			return store.ErrMissing
		}
		copy(dst, s.pieces[index][begin:])
		return nil
	})
	if doubtful && x.s.disk.reading != nil {
		select {
		case <-x.s.disk.reading:
		case <-ctx.Done():
		}
	}
	return err
}

func (x *shelfStore) Have() (have wire.Bitfield) {
	if x.locked(func(s *shelf) error { have = s.have.Clone(); return nil }) != nil {
		return wire.NewBitfield(x.s.info.NumPieces())
	}
	return have
}

func (x *shelfStore) Doubtful() (doubt wire.Bitfield) {
	if x.locked(func(s *shelf) error { doubt = s.doubt.Clone(); return nil }) != nil {
		return wire.NewBitfield(x.s.info.NumPieces())
	}
	return doubt
}

func (x *shelfStore) Settle(_ context.Context, index int, good bool) error {
	return x.locked(func(s *shelf) error {
		s.doubt[index/8] &^= 0x80 >> (index % 8)
		if good {
			s.have.Set(index)
		} else {
			s.disk.room += int64(len(s.pieces[index]))
			delete(s.pieces, index)
		}
		return nil
	})
}

func (x *shelfStore) Delete(context.Context) error {
	return x.locked(func(s *shelf) error {
		for _, p := range s.pieces {
			s.disk.room += int64(len(p))
		}
		clear(s.pieces)
		clear(s.have)
		clear(s.doubt)
		return nil
	})
}

func (x *shelfStore) Close() error {
	x.s.disk.mu.Lock()
	defer x.s.disk.mu.Unlock()
	if !x.closed {
		x.closed, x.s.open = true, false
	}
	return nil
}

// Lose is what stores have that can forget a damaged piece.
func (x *shelfStore) Lose(_ context.Context, index int) error {
	return x.locked(func(s *shelf) error {
		s.disk.room += int64(len(s.pieces[index]))
		delete(s.pieces, index)
		s.have.Clear(index)
		return nil
	})
}
