package storetest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"

	"fanseed/wasm/store"
)

var checks = []check{
	{"a new store is empty", writable, (*trial).empty},
	{"pieces are read back", writable, (*trial).readBack},
	{"a piece put again changes nothing", writable, (*trial).putAgain},
	{"a piece of a wrong size or index is refused", writable, (*trial).wrongPut},
	{"a range outside of a piece is refused", always, (*trial).wrongRange},
	{"a filled store has everything", always, (*trial).everything},
	{"the bitfield is a copy", always, (*trial).ownBitfield},
	{"a full store keeps what it has", bounded, (*trial).full},
	{"putting again takes no room", bounded, (*trial).putAgainBounded},
	{"delete frees room", bounded, (*trial).deleteBounded},
	{"delete forgets every piece", always, (*trial).delete},
	{"a deleted store can be filled again", writable, (*trial).refill},
	{"a closed store refuses everything", always, (*trial).close},
	{"an ended context ends a call", always, (*trial).endedContext},
	{"an ended context does not spoil a piece", writable, (*trial).endedPut},
	{"calls may come at once", writable, (*trial).concurrent},
	{"reads may come at once", always, (*trial).concurrentReads},
	{"a read-only store refuses to put", readOnly, (*trial).refusePut},
	{"settling what is not doubtful changes nothing", always, (*trial).settleSure},
	{"what was put is there when opened again", lasting, (*trial).reopen},
	{"what was deleted is not there when opened again", lasting, (*trial).reopenDeleted},
	{"doubtful pieces are not there, but can be read and settled", doubted, (*trial).settleDoubts},
	{"what was settled stays settled", doubted, (*trial).reopenSettled},
	{"what was not settled stays doubtful", doubted, (*trial).reopenDoubts},
	{"a doubtful piece can be put", doubted, (*trial).putDoubtful},
	{"delete forgets doubtful pieces", doubted, (*trial).deleteDoubtful},
}

func (t *trial) empty() error {
	s, err := t.open()
	if err != nil {
		return err
	}
	return errors.Join(t.wantExactly(s, none), s.Close())
}

// readBack puts the pieces last to first and looks at all of them each time.
func (t *trial) readBack() error {
	s, err := t.open()
	if err != nil {
		return err
	}
	for i := t.pieces() - 1; i >= 0; i-- {
		if err := t.put(s, i); err != nil {
			return err
		}
		if err := t.wantExactly(s, func(index int) bool { return index >= i }); err != nil {
			return err
		}
	}
	return s.Close()
}

func (t *trial) putAgain() error {
	s, err := t.filled()
	if err != nil {
		return err
	}
	return errors.Join(t.put(s, 0), t.put(s, t.pieces()-1), t.wantExactly(s, all), s.Close())
}

func (t *trial) wrongPut() error {
	s, err := t.open()
	if err != nil {
		return err
	}
	last := t.pieces() - 1
	size := int(t.info.PieceSize(last))
	for _, c := range []struct {
		what        string
		index, size int
	}{
		{"a short piece", last, size - 1},
		{"a long piece", last, size + 1},
		{"an empty piece", last, 0},
		{"a negative index", -1, int(t.info.PieceSize(0))},
		{"an index too high", last + 1, size},
		{"an index far too high", math.MaxInt, size},
	} {
		if err := wantOther(c.what, s.Put(t.ctx, c.index, make([]byte, c.size))); err != nil {
			return err
		}
	}
	return errors.Join(t.wantExactly(s, none), s.Close())
}

func (t *trial) wrongRange() error {
	s, err := t.filled()
	if err != nil {
		return err
	}
	last := t.pieces() - 1
	size := int(t.info.PieceSize(last))
	for _, c := range []struct {
		what                 string
		index, begin, length int
	}{
		{"a byte too many", last, 0, size + 1},
		{"a byte behind the end", last, size, 1},
		{"nothing far behind the end", last, size + 1, 0},
		{"a begin that overflows", last, math.MaxInt, 1},
		{"a negative begin", last, -1, 1},
		{"the most negative begin", last, math.MinInt, 1},
		{"a negative index", -1, 0, 1},
		{"an index too high", last + 1, 0, 1},
		{"an index far too high", math.MaxInt, 0, 1},
	} {
		if err := wantOther(c.what, s.ReadAt(t.ctx, c.index, c.begin, make([]byte, c.length))); err != nil {
			return err
		}
	}
	return errors.Join(t.wantExactly(s, all), s.Close())
}

func (t *trial) everything() error {
	s, err := t.filled()
	if err != nil {
		return err
	}
	return errors.Join(t.wantExactly(s, all), s.Close())
}

func (t *trial) ownBitfield() error {
	s, err := t.filled()
	if err != nil {
		return err
	}
	clear(s.Have())
	return errors.Join(t.wantExactly(s, all), s.Close())
}

// full leaves room for all pieces but the last.
func (t *trial) full() error {
	if t.padded() {
		return nil
	}
	last := t.pieces() - 1
	s, err := t.backend.OpenBounded(t.info, t.info.Length-1)
	if err != nil {
		return err
	}
	for i := range last {
		if err := t.put(s, i); err != nil {
			return err
		}
	}
	for range 2 {
		if err := want(store.ErrFull, t.put(s, last)); err != nil {
			return err
		}
	}
	return errors.Join(t.wantExactly(s, func(index int) bool { return index < last }), s.Close())
}

func (t *trial) putAgainBounded() error {
	s, err := t.backend.OpenBounded(t.info, t.info.Length)
	if err != nil {
		return err
	}
	for i := range t.pieces() {
		if err := errors.Join(t.put(s, i), t.put(s, i)); err != nil {
			return err
		}
	}
	return errors.Join(t.wantExactly(s, all), s.Close())
}

func (t *trial) deleteBounded() error {
	s, err := t.backend.OpenBounded(t.info, t.info.Length)
	if err != nil {
		return err
	}
	for range 3 {
		for i := range t.pieces() {
			if err := t.put(s, i); err != nil {
				return err
			}
		}
		if err := s.Delete(t.ctx); err != nil {
			return err
		}
	}
	return errors.Join(t.wantExactly(s, none), s.Close())
}

func (t *trial) delete() error {
	s, err := t.filled()
	if err != nil {
		return err
	}
	return errors.Join(s.Delete(t.ctx), t.wantExactly(s, none), s.Delete(t.ctx), s.Close())
}

func (t *trial) refill() error {
	s, err := t.filled()
	if err != nil {
		return err
	}
	err = errors.Join(s.Delete(t.ctx), t.put(s, 0))
	return errors.Join(err, t.wantExactly(s, func(index int) bool { return index == 0 }), s.Close())
}

func (t *trial) close() error {
	s, err := t.filled()
	if err != nil {
		return err
	}
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		return err
	}
	if have := s.Have(); have.Count() != 0 {
		return fmt.Errorf("a closed store has %d pieces", have.Count())
	}
	if doubtful := s.Doubtful(); doubtful.Count() != 0 {
		return fmt.Errorf("a closed store has %d doubtful pieces", doubtful.Count())
	}
	return errors.Join(
		want(store.ErrClosed, s.Put(t.ctx, 0, t.piece(0))),
		want(store.ErrClosed, s.ReadAt(t.ctx, 0, 0, make([]byte, 1))),
		want(store.ErrClosed, s.Settle(t.ctx, 0, true)),
		want(store.ErrClosed, s.Delete(t.ctx)),
	)
}

func ended() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

func (t *trial) endedContext() error {
	s, err := t.filled()
	if err != nil {
		return err
	}
	return errors.Join(
		want(context.Canceled, s.ReadAt(ended(), 0, 0, make([]byte, 1))),
		want(context.Canceled, s.Settle(ended(), 0, false)),
		want(context.Canceled, s.Delete(ended())),
		t.wantExactly(s, all),
		s.Close(),
	)
}

func (t *trial) endedPut() error {
	s, err := t.open()
	if err != nil {
		return err
	}
	if err := want(context.Canceled, s.Put(ended(), 0, t.piece(0))); err != nil {
		return err
	}
	return errors.Join(t.put(s, 0), t.wantExactly(s, func(index int) bool { return index == 0 }), s.Close())
}

// concurrent puts each piece from one goroutine while another reads it, missing or whole.
func (t *trial) concurrent() error {
	s, err := t.open()
	if err != nil {
		return err
	}
	err = atOnce(2*t.pieces(), func(i int) error {
		if index := i / 2; i%2 == 0 {
			return t.put(s, index)
		} else if err := t.wantPiece(s, index); !errors.Is(err, store.ErrMissing) {
			return err
		}
		s.Have()
		return nil
	})
	return errors.Join(err, t.wantExactly(s, all), s.Close())
}

func (t *trial) concurrentReads() error {
	s, err := t.filled()
	if err != nil {
		return err
	}
	err = atOnce(4*t.pieces(), func(i int) error { return t.wantPiece(s, i%t.pieces()) })
	return errors.Join(err, s.Close())
}

// atOnce calls f with 0 to n-1, each in a goroutine of its own.
func atOnce(n int, f func(i int) error) error {
	var group sync.WaitGroup
	errs := make([]error, n)
	for i := range n {
		group.Go(func() { errs[i] = f(i) })
	}
	group.Wait()
	return errors.Join(errs...)
}

func (t *trial) refusePut() error {
	s, err := t.filled()
	if err != nil {
		return err
	}
	return errors.Join(wantOther("put", s.Put(t.ctx, 0, t.piece(0))), t.wantExactly(s, all), s.Close())
}

func (t *trial) settleSure() error {
	s, err := t.filled()
	if err != nil {
		return err
	}
	for _, index := range []int{0, t.pieces() - 1, -1, t.pieces(), math.MaxInt} {
		if err := errors.Join(s.Settle(t.ctx, index, false), s.Settle(t.ctx, index, true)); err != nil {
			return err
		}
	}
	return errors.Join(t.wantExactly(s, all), s.Close())
}

// reopen opens again a store that has half of the pieces, and then one that has all.
func (t *trial) reopen() error {
	s, err := t.half()
	if err != nil {
		return err
	}
	if s, err = t.backend.Reopen(s, t.info); err != nil {
		return err
	}
	if err := t.wantExactly(s, even); err != nil {
		return err
	}
	for i := 1; i < t.pieces(); i += 2 {
		if err := t.put(s, i); err != nil {
			return err
		}
	}
	if s, err = t.backend.Reopen(s, t.info); err != nil {
		return err
	}
	return errors.Join(t.wantExactly(s, all), s.Delete(t.ctx), s.Close())
}

func (t *trial) reopenDeleted() error {
	s, err := t.filled()
	if err != nil {
		return err
	}
	if err := errors.Join(s.Delete(t.ctx), t.put(s, 0)); err != nil {
		return err
	}
	if s, err = t.backend.Reopen(s, t.info); err != nil {
		return err
	}
	if err := errors.Join(t.wantExactly(s, func(index int) bool { return index == 0 }), s.Delete(t.ctx)); err != nil {
		return err
	}
	if s, err = t.backend.Reopen(s, t.info); err != nil {
		return err
	}
	return errors.Join(t.wantExactly(s, none), s.Close())
}

func (t *trial) settleDoubts() error {
	s, err := t.doubting()
	if err != nil {
		return err
	}
	if have := s.Have(); have.Count() > 0 {
		return fmt.Errorf("%d pieces are there beyond doubt", have.Count())
	}
	doubtful := s.Doubtful()
	for i := 0; i < t.pieces(); i += 2 {
		if !doubtful.Has(i) {
			return fmt.Errorf("piece %d was put and is not doubtful", i)
		}
		if err := t.wantPiece(s, i); err != nil {
			return err
		}
	}
	clear(doubtful)
	held, err := t.settle(s)
	return errors.Join(err, t.wantExactly(s, held), s.Delete(t.ctx), s.Close())
}

func (t *trial) reopenSettled() error {
	s, err := t.doubting()
	if err != nil {
		return err
	}
	held, err := t.settle(s)
	if err != nil {
		return err
	}
	if s, err = t.backend.Reopen(s, t.info); err != nil {
		return err
	}
	return errors.Join(t.wantExactly(s, held), s.Delete(t.ctx), s.Close())
}

func (t *trial) reopenDoubts() error {
	s, err := t.doubting()
	if err != nil {
		return err
	}
	if err := s.Settle(t.ctx, 0, true); err != nil {
		return err
	}
	if s, err = t.backend.Reopen(s, t.info); err != nil {
		return err
	}
	if !s.Have().Has(0) || s.Have().Count() > 1 {
		return fmt.Errorf("%d pieces are there, not the one that was settled", s.Have().Count())
	}
	for i := 2; i < t.pieces(); i += 2 {
		if !s.Doubtful().Has(i) {
			return fmt.Errorf("piece %d is not doubtful any more", i)
		}
	}
	held, err := t.settle(s)
	return errors.Join(err, t.wantExactly(s, held), s.Delete(t.ctx), s.Close())
}

// putDoubtful puts the right pieces in the place of doubtful ones that were settled to be wrong, and of some that were not settled.
func (t *trial) putDoubtful() error {
	s, err := t.doubting()
	if err != nil {
		return err
	}
	for i := range t.pieces() {
		if err := errors.Join(s.Settle(t.ctx, i-i%3, false), t.put(s, i), t.wantPiece(s, i)); err != nil {
			return err
		}
	}
	if err := t.wantExactly(s, all); err != nil {
		return err
	}
	if s, err = t.backend.Reopen(s, t.info); err != nil {
		return err
	}
	return errors.Join(t.wantExactly(s, all), s.Delete(t.ctx), s.Close())
}

func (t *trial) deleteDoubtful() error {
	s, err := t.doubting()
	if err != nil {
		return err
	}
	return errors.Join(s.Delete(t.ctx), t.wantExactly(s, none), s.Close())
}
