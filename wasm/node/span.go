package node

import (
	"context"
	"slices"
	"time"
)

const (
	spanSize = 1 << 20  // bytes that are read from a store at a time
	maxSpans = 16 << 20 // bytes that are kept
)

// span is a part of a piece.
type span struct {
	work               *work
	index, begin, size int
}

// spans reads blocks for peers: neighbouring blocks are asked for one after the
// other, so a whole span is read for the first, and kept for the rest.
type spans struct {
	kept    map[span][]byte
	order   []span // of kept, the oldest first
	size    int    // bytes in kept
	free    []byte // a buffer that is not needed any more
	waiting map[span][]func(data []byte, err error)

	touched bool      // something was read since …
	rested  time.Time // … the last rest
}

func newSpans() spans {
	return spans{kept: map[span][]byte{}, waiting: map[span][]func([]byte, error){}}
}

// spansRest is how long spans are kept that nobody asks for.
const spansRest = 5 * time.Second

// rest forgets the spans when nobody has asked for any of late.
func (s *spans) rest(now time.Time) {
	if now.Sub(s.rested) < spansRest {
		return
	}
	if !s.touched && len(s.order) > 0 {
		clear(s.kept)
		s.order, s.size, s.free = nil, 0, nil
	}
	s.touched, s.rested = false, now
}

// read gives a block to f: at once where its span is kept, else when it was read.
// A block that does not lie in one span is read by itself.
func (w *work) read(index, begin, length int, f func(block []byte, err error)) {
	start, all := begin-begin%spanSize, &w.node.spans
	all.touched = true
	at := span{w, index, start, min(spanSize, int(w.torrent.Info.PieceSize(index))-start)}
	if begin+length > at.begin+at.size {
		at = span{w, index, begin, length}
	}
	cut := func(data []byte, err error) {
		if err != nil {
			f(nil, err)
			return
		}
		f(data[begin-at.begin:begin-at.begin+length], nil)
	}
	if data, ok := all.kept[at]; ok {
		cut(data, nil)
		return
	}
	asked := len(all.waiting[at]) > 0
	all.waiting[at] = append(all.waiting[at], cut)
	if !asked {
		w.fetch(at)
	}
}

func (w *work) fetch(at span) {
	from, all := w.store, &w.node.spans
	data := all.buffer(at.size)
	w.node.jobs.do(func(ctx context.Context) func() {
		err := ErrLost
		if from != nil {
			err = from.ReadAt(ctx, at.index, at.begin, data)
		}
		return func() {
			if err == nil {
				all.keep(at, data)
			}
			waiting := all.waiting[at]
			delete(all.waiting, at)
			for _, f := range waiting {
				f(data, err)
			}
		}
	})
}

// buffer is where a span is read to.
func (s *spans) buffer(size int) []byte {
	if b := s.free; cap(b) >= size {
		s.free = nil
		return b[:size]
	}
	return make([]byte, size)
}

// keep keeps a span in place of the oldest ones. Blocks are only lent, so
// nobody reads these any more.
func (s *spans) keep(at span, data []byte) {
	for s.size+at.size > maxSpans {
		oldest := s.order[0]
		s.free = s.kept[oldest]
		s.size -= oldest.size
		delete(s.kept, oldest)
		s.order = slices.Delete(s.order, 0, 1)
	}
	s.kept[at] = data
	s.order = append(s.order, at)
	s.size += at.size
}
