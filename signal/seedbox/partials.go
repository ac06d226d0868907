package seedbox

import (
	"errors"
	"sync"

	"fanseed/wasm/wire"
)

// block is the unit in which pieces come from peers, in bytes.
const block = 16 << 10

var errPartial = errors.New("blocks of the piece are missing")

// partials holds pieces of which blocks are still coming, in memory: what is unverified never touches the disk. There is room for so many
// bytes; when it is used up, the piece that has waited longest for its next block makes way, and is fetched again.
type partials struct {
	most int64

	mu     sync.Mutex
	held   int64
	writes int64 // a clock that needs no time
	pieces map[pieceOf]*partial
}

// pieceOf names a piece of a work.
type pieceOf struct {
	work  *stocked
	index int
}

// partial is one such piece.
type partial struct {
	data    []byte
	got     wire.Bitfield // blocks
	lacking int
	touched int64 // the last write
}

func newPartials(most int64) *partials {
	return &partials{most: most, pieces: map[pieceOf]*partial{}}
}

// put keeps a block of a piece of so many bytes. A block that is there already is left as it is.
func (p *partials) put(of pieceOf, size int64, begin int64, data []byte) error {
	if begin%block != 0 || int64(len(data)) != min(block, size-begin) {
		return errors.New("not a block of the piece")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	piece := p.pieces[of]
	if piece == nil {
		piece = p.begin(of, size)
	}
	p.writes++
	piece.touched = p.writes
	if n := int(begin / block); !piece.got.Has(n) {
		copy(piece.data[begin:], data)
		piece.got.Set(n)
		piece.lacking--
	}
	return nil
}

func (p *partials) begin(of pieceOf, size int64) *partial {
	for p.held > 0 && p.held+size > p.most {
		p.evict()
	}
	blocks := int((size + block - 1) / block)
	piece := &partial{data: make([]byte, size), got: wire.NewBitfield(blocks), lacking: blocks}
	p.pieces[of] = piece
	p.held += size
	return piece
}

// evict forgets the piece that was written to the longest time ago.
func (p *partials) evict() {
	var oldest pieceOf
	least := int64(-1)
	for of, piece := range p.pieces {
		if least < 0 || piece.touched < least {
			oldest, least = of, piece.touched
		}
	}
	p.remove(oldest)
}

func (p *partials) remove(of pieceOf) {
	if piece := p.pieces[of]; piece != nil {
		p.held -= int64(len(piece.data))
		delete(p.pieces, of)
	}
}

// whole returns a piece that has all of its blocks; errPartial if it has not. Nothing is written into it any more.
func (p *partials) whole(of pieceOf) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	piece := p.pieces[of]
	if piece == nil || piece.lacking > 0 {
		return nil, errPartial
	}
	return piece.data, nil
}

// drop forgets a piece.
func (p *partials) drop(of pieceOf) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.remove(of)
}

// dropAll forgets every piece of a work.
func (p *partials) dropAll(work *stocked) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for of := range p.pieces {
		if of.work == work {
			p.remove(of)
		}
	}
}
