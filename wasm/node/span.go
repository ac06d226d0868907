package node

import (
	"context"
	"slices"
)

const (
	spanSize = 256 << 10 // bytes that are read from the store at a time
	maxSpans = 8         // of one work that are kept
)

// span is a part of a piece.
type span struct{ index, begin, size int }

// spans reads blocks for peers: neighbouring blocks are asked for one after the
// other, so a whole span is read for the first, and kept for the rest.
type spans struct {
	kept    map[span][]byte
	order   []span // of kept, the oldest first
	waiting map[span][]func(data []byte, err error)
}

// read gives a block to f: at once where its span is kept, else when it was read.
// A block that does not lie in one span is read by itself.
func (w *work) read(index, begin, length int, f func(block []byte, err error)) {
	start := begin - begin%spanSize
	at := span{index, start, min(spanSize, int(w.torrent.Info.PieceSize(index))-start)}
	if begin+length > at.begin+at.size {
		at = span{index, begin, length}
	}
	cut := func(data []byte, err error) {
		if err != nil {
			f(nil, err)
			return
		}
		f(data[begin-at.begin:begin-at.begin+length], nil)
	}
	if data, ok := w.spans.kept[at]; ok {
		cut(data, nil)
		return
	}
	asked := len(w.spans.waiting[at]) > 0
	w.spans.waiting[at] = append(w.spans.waiting[at], cut)
	if !asked {
		w.fetch(at)
	}
}

func (w *work) fetch(at span) {
	from := w.store
	w.node.jobs.do(func(ctx context.Context) func() {
		data := make([]byte, at.size)
		err := ErrLost
		if from != nil {
			err = from.ReadAt(ctx, at.index, at.begin, data)
		}
		return func() {
			if err == nil {
				w.spans.keep(at, data)
			}
			waiting := w.spans.waiting[at]
			delete(w.spans.waiting, at)
			for _, f := range waiting {
				f(data, err)
			}
		}
	})
}

func (s *spans) keep(at span, data []byte) {
	if len(s.order) == maxSpans {
		delete(s.kept, s.order[0])
		s.order = slices.Delete(s.order, 0, 1)
	}
	if _, known := s.kept[at]; !known {
		s.order = append(s.order, at)
	}
	s.kept[at] = data
}
