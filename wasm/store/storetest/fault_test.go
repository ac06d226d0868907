package storetest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fanseed/wasm/metainfo"
	"fanseed/wasm/store"
	"fanseed/wasm/store/storetest"
	"fanseed/wasm/wire"
)

// memory is a backend of sound stores, each behind what spoil makes of it.
func memory(spoil func(store.Store, *metainfo.Info) store.Store) storetest.Backend {
	bounded := func(info *metainfo.Info, bytes int64) (store.Store, error) {
		return spoil(store.NewMemory(info, store.NewBudget(bytes)), info), nil
	}
	return storetest.Backend{
		Open:        func(info *metainfo.Info) (store.Store, error) { return bounded(info, info.Length) },
		OpenBounded: bounded,
	}
}

// fault is a sound store with some methods replaced.
type fault struct {
	store.Store
	put     func(ctx context.Context, index int, piece []byte) error
	readAt  func(ctx context.Context, index, begin int, dst []byte) error
	have    func() wire.Bitfield
	delete_ func(ctx context.Context) error
	close_  func() error
	settle  func(ctx context.Context, index int, good bool) error
	doubted func() wire.Bitfield
}

func (f fault) Put(ctx context.Context, index int, piece []byte) error {
	if f.put == nil {
		return f.Store.Put(ctx, index, piece)
	}
	return f.put(ctx, index, piece)
}

func (f fault) ReadAt(ctx context.Context, index, begin int, dst []byte) error {
	if f.readAt == nil {
		return f.Store.ReadAt(ctx, index, begin, dst)
	}
	return f.readAt(ctx, index, begin, dst)
}

func (f fault) Have() wire.Bitfield {
	if f.have == nil {
		return f.Store.Have()
	}
	return f.have()
}

func (f fault) Delete(ctx context.Context) error {
	if f.delete_ == nil {
		return f.Store.Delete(ctx)
	}
	return f.delete_(ctx)
}

func (f fault) Close() error {
	if f.close_ == nil {
		return f.Store.Close()
	}
	return f.close_()
}

func (f fault) Settle(ctx context.Context, index int, good bool) error {
	if f.settle == nil {
		return f.Store.Settle(ctx, index, good)
	}
	return f.settle(ctx, index, good)
}

func (f fault) Doubtful() wire.Bitfield {
	if f.doubted == nil {
		return f.Store.Doubtful()
	}
	return f.doubted()
}

// oneAtATime returns what makes a call fail that comes while another one runs.
func oneAtATime() func(call func() error) error {
	var busy atomic.Bool
	return func(call func() error) error {
		if !busy.CompareAndSwap(false, true) {
			return errors.New("busy")
		}
		defer busy.Store(false)
		time.Sleep(time.Millisecond)
		return call()
	}
}

// faults holds ways to break the contract and the check that must notice.
var faults = []struct {
	name, check string
	spoil       func(s store.Store, info *metainfo.Info) store.Store
	lasting     bool // shown by stores that outlive their process
}{
	{name: "piece kept by reference", check: "pieces are read back", spoil: func(s store.Store, _ *metainfo.Info) store.Store {
		var lent sync.Map
		return fault{Store: s,
			put: func(ctx context.Context, index int, piece []byte) error {
				lent.Store(index, piece)
				return s.Put(ctx, index, piece)
			},
			readAt: func(ctx context.Context, index, begin int, dst []byte) error {
				err := s.ReadAt(ctx, index, begin, dst)
				if piece, ok := lent.Load(index); ok && err == nil {
					copy(dst, piece.([]byte)[begin:])
				}
				return err
			}}
	}},
	{name: "missing piece read as zeros", check: "a new store is empty", spoil: func(s store.Store, _ *metainfo.Info) store.Store {
		return fault{Store: s, readAt: func(ctx context.Context, index, begin int, dst []byte) error {
			if err := s.ReadAt(ctx, index, begin, dst); !errors.Is(err, store.ErrMissing) {
				return err
			}
			clear(dst)
			return nil
		}}
	}},
	{name: "missing piece with a nameless error", check: "a new store is empty", spoil: func(s store.Store, _ *metainfo.Info) store.Store {
		return fault{Store: s, readAt: func(ctx context.Context, index, begin int, dst []byte) error {
			if err := s.ReadAt(ctx, index, begin, dst); err != nil {
				return errors.New("something went wrong")
			}
			return nil
		}}
	}},
	{name: "last byte not filled", check: "pieces are read back", spoil: func(s store.Store, _ *metainfo.Info) store.Store {
		return fault{Store: s, readAt: func(ctx context.Context, index, begin int, dst []byte) error {
			return s.ReadAt(ctx, index, begin, dst[:max(0, len(dst)-1)])
		}}
	}},
	{name: "begin ignored", check: "pieces are read back", spoil: func(s store.Store, info *metainfo.Info) store.Store {
		return fault{Store: s, readAt: func(ctx context.Context, index, begin int, dst []byte) error {
			if begin > 0 && int64(begin+len(dst)) <= info.PieceSize(index) {
				begin = 0
			}
			return s.ReadAt(ctx, index, begin, dst)
		}}
	}},
	{name: "more written than dst", check: "pieces are read back", spoil: func(s store.Store, _ *metainfo.Info) store.Store {
		return fault{Store: s, readAt: func(ctx context.Context, index, begin int, dst []byte) error {
			err := s.ReadAt(ctx, index, begin, dst)
			if n := len(dst); err == nil && cap(dst) > n {
				dst[: n+1 : cap(dst)][n] = 0
			}
			return err
		}}
	}},
	{name: "range cut to fit", check: "a range outside of a piece is refused", spoil: func(s store.Store, info *metainfo.Info) store.Store {
		return fault{Store: s, readAt: func(ctx context.Context, index, begin int, dst []byte) error {
			if room := int(info.PieceSize(index)) - begin; begin >= 0 && room >= 0 && room < len(dst) {
				dst = dst[:room]
			}
			return s.ReadAt(ctx, index, begin, dst)
		}}
	}},
	{name: "pieces mixed up", check: "pieces are read back", spoil: func(s store.Store, info *metainfo.Info) store.Store {
		return fault{Store: s, readAt: func(ctx context.Context, index, begin int, dst []byte) error {
			if index == 0 && info.NumPieces() > 2 && s.Have().Has(1) {
				index = 1
			}
			return s.ReadAt(ctx, index, begin, dst)
		}}
	}},
	{name: "short piece padded", check: "a piece of a wrong size or index is refused", spoil: func(s store.Store, info *metainfo.Info) store.Store {
		return fault{Store: s, put: func(ctx context.Context, index int, piece []byte) error {
			if missing := info.PieceSize(index) - int64(len(piece)); missing > 0 {
				piece = append(slices.Clip(piece), make([]byte, missing)...)
			}
			return s.Put(ctx, index, piece)
		}}
	}},
	{name: "piece put again spoiled", check: "a piece put again changes nothing", spoil: func(s store.Store, _ *metainfo.Info) store.Store {
		var again sync.Map
		return fault{Store: s,
			put: func(ctx context.Context, index int, piece []byte) error {
				again.Store(index, s.Have().Has(index))
				return s.Put(ctx, index, piece)
			},
			readAt: func(ctx context.Context, index, begin int, dst []byte) error {
				err := s.ReadAt(ctx, index, begin, dst)
				if spoilt, _ := again.Load(index); spoilt == true && len(dst) > 0 {
					dst[0]++
				}
				return err
			}}
	}},
	{name: "bitfield shared", check: "the bitfield is a copy", spoil: func(s store.Store, info *metainfo.Info) store.Store {
		full := sync.OnceValue(s.Have)
		return fault{Store: s, have: func() wire.Bitfield {
			if s.Have().Full(info.NumPieces()) {
				return full()
			}
			return s.Have()
		}}
	}},
	{name: "bitfield with spare bits", check: "a new store is empty", spoil: func(s store.Store, _ *metainfo.Info) store.Store {
		return fault{Store: s, have: func() wire.Bitfield { return append(s.Have(), 0) }}
	}},
	{name: "last byte of all wrong", check: "a filled store has everything", spoil: func(s store.Store, info *metainfo.Info) store.Store {
		return fault{Store: s, readAt: func(ctx context.Context, index, begin int, dst []byte) error {
			err := s.ReadAt(ctx, index, begin, dst)
			end := int64(index)*info.PieceLength + int64(begin+len(dst))
			if err == nil && end == info.Length && len(dst) > 0 {
				dst[len(dst)-1]++
			}
			return err
		}}
	}},
	{name: "bitfield behind", check: "pieces are read back", spoil: func(s store.Store, info *metainfo.Info) store.Store {
		return fault{Store: s, have: func() wire.Bitfield { return wire.NewBitfield(info.NumPieces()) }}
	}},
	{name: "full store emptied", check: "a full store keeps what it has", spoil: func(s store.Store, _ *metainfo.Info) store.Store {
		return fault{Store: s, put: func(ctx context.Context, index int, piece []byte) error {
			err := s.Put(ctx, index, piece)
			if errors.Is(err, store.ErrFull) {
				return errors.Join(err, s.Delete(ctx))
			}
			return err
		}}
	}},
	{name: "full store silent", check: "a full store keeps what it has", spoil: func(s store.Store, _ *metainfo.Info) store.Store {
		return fault{Store: s, put: func(ctx context.Context, index int, piece []byte) error {
			if err := s.Put(ctx, index, piece); !errors.Is(err, store.ErrFull) {
				return err
			}
			return nil
		}}
	}},
	{name: "room taken twice", check: "putting again takes no room", spoil: func(s store.Store, info *metainfo.Info) store.Store {
		return fault{Store: s, put: func(ctx context.Context, index int, piece []byte) error {
			if s.Have().Has(index) && s.Have().Full(info.NumPieces()) {
				return store.ErrFull
			}
			return s.Put(ctx, index, piece)
		}}
	}},
	{name: "room not freed", check: "delete frees room", spoil: func(s store.Store, info *metainfo.Info) store.Store {
		var used atomic.Int64
		return fault{Store: s, put: func(ctx context.Context, index int, piece []byte) error {
			if used.Add(int64(len(piece))) > 2*info.Length {
				return store.ErrFull
			}
			return s.Put(ctx, index, piece)
		}}
	}},
	{name: "delete does nothing", check: "delete forgets every piece", spoil: func(s store.Store, _ *metainfo.Info) store.Store {
		return fault{Store: s, delete_: func(context.Context) error { return nil }}
	}},
	{name: "delete closes", check: "a deleted store can be filled again", spoil: func(s store.Store, _ *metainfo.Info) store.Store {
		return fault{Store: s, delete_: func(ctx context.Context) error { return errors.Join(s.Delete(ctx), s.Close()) }}
	}},
	{name: "close does nothing", check: "a closed store refuses everything", spoil: func(s store.Store, _ *metainfo.Info) store.Store {
		return fault{Store: s, close_: func() error { return nil }}
	}},
	{name: "close only once", check: "a closed store refuses everything", spoil: func(s store.Store, _ *metainfo.Info) store.Store {
		closed := false
		return fault{Store: s, close_: func() error {
			if closed {
				return store.ErrClosed
			}
			closed = true
			return s.Close()
		}}
	}},
	{name: "context ignored", check: "an ended context ends a call", spoil: func(s store.Store, _ *metainfo.Info) store.Store {
		return fault{Store: s, readAt: func(_ context.Context, index, begin int, dst []byte) error {
			return s.ReadAt(context.Background(), index, begin, dst)
		}}
	}},
	{name: "one put at a time", check: "calls may come at once", spoil: func(s store.Store, _ *metainfo.Info) store.Store {
		alone := oneAtATime()
		return fault{Store: s, put: func(ctx context.Context, index int, piece []byte) error {
			return alone(func() error { return s.Put(ctx, index, piece) })
		}}
	}},
	{name: "one read at a time", check: "reads may come at once", spoil: func(s store.Store, _ *metainfo.Info) store.Store {
		alone := oneAtATime()
		return fault{Store: s, readAt: func(ctx context.Context, index, begin int, dst []byte) error {
			return alone(func() error { return s.ReadAt(ctx, index, begin, dst) })
		}}
	}},
	{name: "piece half written when the context ends", check: "an ended context does not spoil a piece", spoil: func(s store.Store, _ *metainfo.Info) store.Store {
		return fault{Store: s, put: func(ctx context.Context, index int, piece []byte) error {
			if ctx.Err() != nil {
				return errors.Join(ctx.Err(), s.Put(context.Background(), index, make([]byte, len(piece))))
			}
			return s.Put(ctx, index, piece)
		}}
	}},
	{name: "settled unasked", check: "settling what is not doubtful changes nothing", spoil: func(s store.Store, _ *metainfo.Info) store.Store {
		return fault{Store: s, settle: func(ctx context.Context, index int, good bool) error {
			if !good && s.Have().Has(index) {
				return s.Delete(ctx)
			}
			return nil
		}}
	}},
	{name: "last piece lost when closed", check: "what was put is there when opened again", lasting: true, spoil: func(s store.Store, info *metainfo.Info) store.Store {
		return fault{Store: s, put: func(ctx context.Context, index int, piece []byte) error {
			if index == info.NumPieces()-1 {
				s.(*kept).forgetful = append(s.(*kept).forgetful, index)
			}
			return s.Put(ctx, index, piece)
		}}
	}},
	{name: "deleted only until the end", check: "what was deleted is not there when opened again", lasting: true, spoil: func(s store.Store, info *metainfo.Info) store.Store {
		return fault{Store: s, delete_: func(ctx context.Context) error {
			s.(*kept).resurrect = info.NumPieces() > 1
			return s.Delete(ctx)
		}}
	}},
	{name: "doubtful pieces trusted", check: "doubtful pieces are not there, but can be read and settled", lasting: true, spoil: func(s store.Store, _ *metainfo.Info) store.Store {
		return fault{Store: s, have: func() wire.Bitfield {
			have := s.Have()
			for i := range len(have) * 8 {
				if s.Doubtful().Has(i) {
					have.Set(i)
				}
			}
			return have
		}}
	}},
	{name: "doubtful pieces unreadable", check: "doubtful pieces are not there, but can be read and settled", lasting: true, spoil: func(s store.Store, _ *metainfo.Info) store.Store {
		return fault{Store: s, readAt: func(ctx context.Context, index, begin int, dst []byte) error {
			if s.Doubtful().Has(index) {
				return store.ErrMissing
			}
			return s.ReadAt(ctx, index, begin, dst)
		}}
	}},
	{name: "settling forgotten", check: "what was settled stays settled", lasting: true, spoil: func(s store.Store, _ *metainfo.Info) store.Store {
		return fault{Store: s, settle: func(ctx context.Context, index int, good bool) error {
			s.(*kept).forgetful = append(s.(*kept).forgetful, index)
			return s.Settle(ctx, index, good)
		}}
	}},
	{name: "doubts forgotten", check: "what was not settled stays doubtful", lasting: true, spoil: func(s store.Store, _ *metainfo.Info) store.Store {
		return fault{Store: s, close_: func() error {
			for i := range 3 {
				if s.Doubtful().Has(i) {
					s.(*kept).forgetful = append(s.(*kept).forgetful, i)
				}
			}
			return s.Close()
		}}
	}},
	{name: "put ignored for doubtful pieces", check: "a doubtful piece can be put", lasting: true, spoil: func(s store.Store, _ *metainfo.Info) store.Store {
		return fault{Store: s, put: func(ctx context.Context, index int, piece []byte) error {
			if s.Doubtful().Has(index) {
				return nil
			}
			return s.Put(ctx, index, piece)
		}}
	}},
	{name: "doubts outlive delete", check: "delete forgets doubtful pieces", lasting: true, spoil: func(s store.Store, _ *metainfo.Info) store.Store {
		doubtful := s.Doubtful()
		return fault{Store: s, doubted: func() wire.Bitfield { return doubtful.Clone() }}
	}},
}

// sound spoils nothing.
func sound(s store.Store, _ *metainfo.Info) store.Store { return s }

func TestSoundStores(t *testing.T) {
	storetest.Run(t, memory(sound))
	storetest.Run(t, shelf(sound))
}

// The suite notices every fault, with a check that finds none where there is none; and no check is idle.
func TestSuiteNoticesFaults(t *testing.T) {
	idle := storetest.Names()
	for _, f := range faults {
		backend := memory
		if f.lasting {
			backend = shelf
		}
		if err := storetest.Verify(backend(f.spoil), f.check); err == nil {
			t.Errorf("%s: not noticed by %q", f.name, f.check)
		}
		idle = slices.DeleteFunc(idle, func(name string) bool { return name == f.check })
	}
	if want := []string{putIntoReadOnly}; !slices.Equal(idle, want) {
		t.Errorf("no fault shows that these checks notice anything: %q, want %q", idle, want)
	}
}

const putIntoReadOnly = "a read-only store refuses to put"

// The one check of read-only stores notices a store that is none.
func TestSuiteNoticesPutIntoReadOnly(t *testing.T) {
	filled := func(info *metainfo.Info, content []byte) (store.Store, error) {
		s := store.NewMemory(info, store.NewBudget(info.Length))
		for i := range info.NumPieces() {
			begin := int64(i) * info.PieceLength
			if err := s.Put(context.Background(), i, content[begin:begin+info.PieceSize(i)]); err != nil {
				return nil, fmt.Errorf("fill: %w", err)
			}
		}
		return s, nil
	}
	if err := storetest.Verify(storetest.Backend{OpenFilled: filled}, putIntoReadOnly); err == nil {
		t.Error("not noticed")
	}
}
