package seedbox

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"strconv"
	"sync"
	"time"

	"fanseed/wasm/merkle"
	"fanseed/wasm/metainfo"
	"fanseed/wasm/store"
)

// settling is how long the system may take to change the bytes of a file after it has said that they change.
const settling = 50 * time.Millisecond

// patience is how often a piece is looked at again that somebody changes while it is being read.
const patience = 4

var (
	errChanging = errors.New("somebody else goes on changing the file")
	errLayers   = errors.New("the piece layers are not known")
)

// unproven makes prove forget that a piece was verified.
const unproven = ^uint64(0)

// prove remembers that a piece was verified when its files had changed so often.
func (w *work) prove(index int, changes uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.proven[index] = changes + 1
}

// read reads bytes of a piece that are right, or of a doubtful one as they are.
func (w *work) read(ctx context.Context, index, begin int, dst []byte) error {
	inside := begin >= 0 && int64(begin) <= w.info.PieceSize(index)-int64(len(dst))
	for range patience {
		if !inside || !w.dir.Has(index) {
			return w.dir.ReadAt(ctx, index, begin, dst) // doubtful, missing, or nothing that there is
		}
		before, err := w.verified(ctx, index)
		if err != nil {
			return err
		}
		reading := w.dir.ReadAt(ctx, index, begin, dst)
		if reading != nil && !spoilt(reading) {
			return reading
		}
		after, _, err := w.dir.Changes(ctx, index)
		switch {
		case err != nil:
			return err
		case reading != nil:
			w.prove(index, unproven)
		case after == before:
			return nil
		}
	}
	return errChanging
}

// verified returns how often the files of a piece have changed, after it was found to be right. store.ErrMissing says that it is not there,
// also because it has just been lost.
func (w *work) verified(ctx context.Context, index int) (changes uint64, err error) {
	if !w.dir.Has(index) {
		return 0, store.ErrMissing
	}
	changes, _, err = w.dir.Changes(ctx, index)
	if err != nil || w.isProven(index, changes) {
		return changes, err
	}
	found, err, _ := w.verifying.Do(strconv.Itoa(index), func() (any, error) {
		return w.verify(context.WithoutCancel(ctx), index)
	})
	if err != nil {
		return 0, err
	}
	return found.(uint64), nil
}

func (w *work) isProven(index int, changes uint64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.proven[index] == changes+1
}

// verify reads a whole piece, and loses it if it is wrong.
func (w *work) verify(ctx context.Context, index int) (changes uint64, err error) {
	for range patience {
		before, last, err := w.dir.Changes(ctx, index)
		if err != nil {
			return 0, err
		}
		if wait := settling - time.Since(last); wait > 0 {
			time.Sleep(min(wait, settling)) // it may be about to change
		}
		right, err := w.right(ctx, index)
		if err != nil {
			return 0, err
		}
		after, _, err := w.dir.Changes(ctx, index)
		if err != nil {
			return 0, err
		}
		if before != after {
			continue
		}
		if !right {
			return 0, w.damaged(ctx, index)
		}
		w.prove(index, before)
		return before, nil
	}
	return 0, errChanging
}

func (w *work) damaged(ctx context.Context, index int) error {
	w.copy.shelf.log.Warn("a piece on the disk is damaged, and is fetched again",
		"infohash", hex.EncodeToString(w.copy.infohash[:]), "piece", index)
	return errors.Join(store.ErrMissing, w.lose(ctx, index))
}

// spoilt tells whether an error of reading is the file's: bytes that are there cannot be had.
func spoilt(err error) bool {
	return !errors.Is(err, store.ErrClosed) && !errors.Is(err, store.ErrMissing) && !errors.Is(err, context.Canceled) &&
		!errors.Is(err, context.DeadlineExceeded)
}

const readSize = 256 << 10 // a multiple of merkle.LeafSize

var buffers = sync.Pool{New: func() any { return new([readSize]byte) }}

// right tells whether the bytes on the disk are those of a piece, by the hashes of every version that the torrent has.
func (w *work) right(ctx context.Context, index int) (bool, error) {
	d, err := w.digest(index)
	if err != nil {
		return false, err
	}
	w.copy.shelf.hashing <- struct{}{}
	defer func() { <-w.copy.shelf.hashing }()
	buffer := buffers.Get().(*[readSize]byte)
	defer buffers.Put(buffer)
	size := int(w.info.PieceSize(index))
	for begin := 0; begin < size; begin += readSize {
		part := buffer[:min(readSize, size-begin)]
		if err := w.dir.ReadAt(ctx, index, begin, part); err != nil {
			if spoilt(err) {
				return false, nil
			}
			return false, err
		}
		d.write(part)
	}
	return d.right(), nil
}

// digest hashes one piece.
type digest struct {
	info  *metainfo.Info
	index int

	v1 hash.Hash // nil where there is no version 1

	left   int64  // bytes of the file in the piece that are to come; 0 where version 2 has nothing to say
	leaves []byte // of version 2
	root   merkle.Hash
	v2     bool
}

// digest begins to hash a piece. An error says that nothing is known to verify it by.
func (w *work) digest(index int) (*digest, error) {
	d := &digest{info: w.info, index: index}
	if w.info.HasV1() {
		d.v1 = sha1.New()
	}
	if w.info.HasV2() {
		place := w.info.Place(index)
		w.mu.Lock()
		d.root, d.v2 = w.layers.Hash(place)
		w.mu.Unlock()
		d.left = place.Length
	}
	if d.v1 == nil && !d.v2 {
		return nil, fmt.Errorf("%w: %w", store.ErrMissing, errLayers)
	}
	return d, nil
}

// write hashes bytes that come next: a multiple of merkle.LeafSize, or the last ones.
func (d *digest) write(b []byte) {
	if d.v1 != nil {
		d.v1.Write(b)
	}
	if d.v2 {
		own := b[:min(int64(len(b)), d.left)] // behind it is padding
		d.left -= int64(len(own))
		d.leaves = merkle.AppendLeaves(d.leaves, own)
	}
}

func (d *digest) right() bool {
	if d.v1 != nil && [metainfo.HashSize]byte(d.v1.Sum(nil)) != d.info.Hash(d.index) {
		return false
	}
	return !d.v2 || d.info.PieceRoot(d.index, d.leaves) == d.root
}
