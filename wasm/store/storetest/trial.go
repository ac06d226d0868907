package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"fanseed/wasm/store"
)

// trial is one check on one sample.
type trial struct {
	ctx     context.Context
	backend Backend
	sample
}

func (t *trial) pieces() int { return t.info.NumPieces() }

func (t *trial) open() (store.Store, error) { return t.backend.Open(t.info) }

// filled returns a store with every piece.
func (t *trial) filled() (store.Store, error) {
	if t.backend.OpenFilled != nil {
		return t.backend.OpenFilled(t.info, t.content)
	}
	s, err := t.open()
	if err != nil {
		return nil, err
	}
	for i := range t.pieces() {
		if err := t.put(s, i); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// put puts a piece and then overwrites the memory that it lent.
func (t *trial) put(s store.Store, index int) error {
	piece := t.piece(index)
	err := s.Put(t.ctx, index, piece)
	for i := range piece {
		piece[i] ^= 0xff
	}
	if err != nil {
		return fmt.Errorf("put piece %d: %w", index, err)
	}
	return nil
}

// canary fills what a store must not write to.
const canary = 0xa5

// wantRead demands the right bytes from a range of a piece, and none beyond.
func (t *trial) wantRead(s store.Store, index, begin, length int) error {
	buffer := bytes.Repeat([]byte{canary}, length+2)
	dst := buffer[1 : 1+length]
	if err := s.ReadAt(t.ctx, index, begin, dst); err != nil {
		return fmt.Errorf("read %d bytes at %d of piece %d: %w", length, begin, index, err)
	}
	if want := t.piece(index)[begin : begin+length]; !bytes.Equal(dst, want) {
		return fmt.Errorf("read %d bytes at %d of piece %d: wrong bytes", length, begin, index)
	}
	if buffer[0] != canary || buffer[length+1] != canary {
		return fmt.Errorf("read %d bytes at %d of piece %d: wrote outside of dst", length, begin, index)
	}
	return nil
}

// wantPiece demands the right bytes from a piece as a whole, from its parts, and from nothing of it.
func (t *trial) wantPiece(s store.Store, index int) error {
	size := int(t.info.PieceSize(index))
	half := size / 2
	return errors.Join(
		t.wantRead(s, index, 0, size),
		t.wantRead(s, index, 0, half),
		t.wantRead(s, index, half, size-half),
		t.wantRead(s, index, size-1, 1),
		t.wantRead(s, index, size, 0),
	)
}

// wantExactly demands that the store holds the given pieces and no others, and has no doubts.
func (t *trial) wantExactly(s store.Store, held func(index int) bool) error {
	have := s.Have()
	if !have.Valid(t.pieces()) {
		return fmt.Errorf("bitfield %x is not one of %d pieces", []byte(have), t.pieces())
	}
	if doubtful := s.Doubtful(); !doubtful.Valid(t.pieces()) || doubtful.Count() > 0 {
		return fmt.Errorf("bitfield %x of doubtful pieces is not one of %d pieces without a bit", []byte(doubtful), t.pieces())
	}
	for i := range t.pieces() {
		if have.Has(i) != held(i) {
			return fmt.Errorf("piece %d: have is %v, want %v", i, have.Has(i), held(i))
		}
		var err error
		if held(i) {
			err = t.wantPiece(s, i)
		} else {
			err = want(store.ErrMissing, s.ReadAt(t.ctx, i, 0, make([]byte, 1)))
		}
		if err != nil {
			return fmt.Errorf("piece %d: %w", i, err)
		}
	}
	return nil
}

func all(int) bool        { return true }
func none(int) bool       { return false }
func even(index int) bool { return index%2 == 0 }

// half returns a store with every other piece.
func (t *trial) half() (store.Store, error) {
	s, err := t.open()
	for i := 0; err == nil && i < t.pieces(); i += 2 {
		err = t.put(s, i)
	}
	return s, err
}

// doubting returns a store whose every other piece was put and is doubtful now.
func (t *trial) doubting() (store.Store, error) {
	s, err := t.half()
	if err != nil {
		return nil, err
	}
	return t.backend.Doubt(s, t.info)
}

// settle reads every doubtful piece and tells the store whether it is right. It returns which pieces it must have then: every other one,
// and those that were right although they were not put. Padding needs no bytes, so a piece of nothing else may be.
func (t *trial) settle(s store.Store) (held func(index int) bool, err error) {
	right := map[int]bool{}
	held = func(index int) bool { return even(index) || right[index] }
	for i := range t.pieces() {
		if !s.Doubtful().Has(i) {
			continue
		}
		piece := make([]byte, t.info.PieceSize(i))
		if err := s.ReadAt(t.ctx, i, 0, piece); err != nil {
			return held, fmt.Errorf("read doubtful piece %d: %w", i, err)
		}
		right[i] = bytes.Equal(piece, t.piece(i))
		if err := s.Settle(t.ctx, i, right[i]); err != nil {
			return held, fmt.Errorf("settle piece %d: %w", i, err)
		}
	}
	return held, nil
}

// want demands a certain error.
func want(target, got error) error {
	if !errors.Is(got, target) {
		return fmt.Errorf("got error %v, want %w", got, target)
	}
	return nil
}

// wantOther demands an error that is none of those that callers act on.
func wantOther(what string, got error) error {
	if got == nil {
		return fmt.Errorf("%s: no error", what)
	}
	for _, sentinel := range []error{store.ErrMissing, store.ErrFull, store.ErrClosed, store.ErrLost} {
		if errors.Is(got, sentinel) {
			return fmt.Errorf("%s: the error is %w", what, got)
		}
	}
	return nil
}
