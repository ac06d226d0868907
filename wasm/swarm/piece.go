package swarm

import (
	"slices"
	"time"
)

// piece is a piece that is being fetched, hashed or stored.
type piece struct {
	index      int
	generation uint32 // tells apart several fetches of the same piece
	size       uint32 // bytes, without the padding at its end
	blocks     []block
	left       int // blocks that have not arrived
	unasked    int // blocks that have neither arrived nor been asked for
	pending    int // requests that are out
	cursor     int // no block below it is unasked
	owner      *peer
	loose      bool // in Swarm.loose
	solo       bool // only one peer may give it: the soloist
	soloist    *peer
	settling   bool      // being hashed or stored
	found      bool      // while settling: somebody else has stored it
	since      time.Time // fetched from its first block on, or loose
	audit
}

// block is one block of a piece.
type block struct {
	giver   Peer
	arrived bool
	asked   uint8 // peers that it was asked of and that have not answered
}

// activate begins to fetch an open piece.
func (s *Swarm) activate(i int, solo bool) *piece {
	pc := s.newPiece()
	pc.index, pc.size = i, s.dataSize(i)
	pc.solo = solo || s.solo.Has(i)
	s.reset(pc)
	s.active[i] = pc
	s.buffered++
	s.close(i)
	return pc
}

func (s *Swarm) newPiece() *piece {
	if n := len(s.spare); n > 0 {
		pc := s.spare[n-1]
		s.spare = s.spare[:n-1]
		return pc
	}
	return new(piece)
}

// restart throws away what has arrived of a piece, and makes every request for it void.
func (s *Swarm) restart(pc *piece) {
	s.discard(pc)
	s.reset(pc)
}

// reset makes every block missing.
func (s *Swarm) reset(pc *piece) {
	n := int(pc.size+BlockSize-1) / BlockSize
	if cap(pc.blocks) < n {
		pc.blocks = make([]block, n)
	}
	pc.blocks = pc.blocks[:n]
	clear(pc.blocks)
	s.generation++
	pc.generation = s.generation
	pc.left, pc.unasked, pc.pending, pc.cursor = n, n, 0, 0
	pc.since = s.now
}

// retire takes a piece out of the active ones. Its buffer is the caller's to free.
func (s *Swarm) retire(pc *piece) {
	s.tighten(pc)
	s.active[pc.index] = nil
	s.buffered--
	if pc.owner != nil && pc.owner.current == pc {
		pc.owner.current = nil
	}
	*pc = piece{blocks: pc.blocks}
	s.spare = append(s.spare, pc)
	s.stirred = true
}

// reopen gives a piece up: it will be fetched anew, by whoever comes, unless it was found meanwhile.
func (s *Swarm) reopen(pc *piece) {
	i, found := pc.index, pc.found
	s.discard(pc)
	s.retire(pc)
	switch {
	case found:
		s.gain(i)
	case s.selects(i):
		s.openPiece(i)
	}
}

// openPiece puts a piece among the open ones.
func (s *Swarm) openPiece(i int) {
	s.rarity.add(s.rand, i)
	for _, p := range s.peers {
		if p.has.Has(i) {
			p.open++
		}
	}
}

// discard frees the buffer of a piece, if any of it has arrived.
func (s *Swarm) discard(pc *piece) {
	if pc.left < len(pc.blocks) {
		s.emit(Effect{Kind: Discard, Index: pc.index})
	}
}

// close takes a piece out of the open ones.
func (s *Swarm) close(i int) {
	s.rarity.remove(i)
	for _, p := range s.peers {
		if p.has.Has(i) {
			p.open--
		}
	}
	if s.rarity.fetchable() == 0 {
		s.stirred = true // the endgame begins: those with nothing to do may help
	}
}

// loosen says that a piece has blocks to ask for and nobody who does.
func (s *Swarm) loosen(pc *piece) {
	switch {
	case pc.pending == 0 && pc.left == len(pc.blocks):
		s.reopen(pc)
	case pc.unasked > 0 && !pc.loose:
		pc.loose = true
		pc.owner = nil
		pc.since = s.now
		s.loose = append(s.loose, pc)
		s.stirred = true
	}
}

// tighten takes a piece from the loose ones.
func (s *Swarm) tighten(pc *piece) {
	if !pc.loose {
		return
	}
	pc.loose = false
	at := slices.Index(s.loose, pc)
	s.loose = slices.Delete(s.loose, at, at+1)
}

// first returns the first block that is to be asked for. There must be one.
func (pc *piece) first() int {
	for pc.blocks[pc.cursor].arrived || pc.blocks[pc.cursor].asked > 0 {
		pc.cursor++
	}
	return pc.cursor
}

// blockLength returns the bytes of a block.
func (pc *piece) blockLength(n int) uint32 {
	return min(BlockSize, pc.size-uint32(n)*BlockSize)
}

// givers returns who gave the blocks that have arrived, each once, in the order of their first blocks.
func (pc *piece) givers() []Peer {
	var all []Peer
	for _, b := range pc.blocks {
		if b.arrived && !slices.Contains(all, b.giver) {
			all = append(all, b.giver)
		}
	}
	return all
}

// accepts tells whether a block is still missing and may come from p.
func (pc *piece) accepts(p *peer, n int) bool {
	return !pc.blocks[n].arrived && (!pc.solo || pc.soloist == p)
}

// discardPartial gives up every piece that is not whole, or wrong.
func (s *Swarm) discardPartial() {
	for _, pc := range slices.Clone(s.trials) {
		s.endAudit(pc)
		s.reopen(pc)
	}
	for _, pc := range s.active {
		if pc != nil && !pc.settling {
			s.reopen(pc)
		}
	}
}
