package swarm

import "time"

// help asks p for one block of a piece that others fetch, when it has none of its own to begin: at the end of the download, when there is
// no memory for more pieces, and in place of slow peers. It returns false when there is nothing to help with. Who gives a block first has
// given it, the others are told to cancel (https://www.bittorrent.org/beps/bep_0003.html).
//
// One piece after the other is helped to its end: blocks of pieces that stay incomplete can neither be verified nor paid for.
func (s *Swarm) help(p *peer) bool {
	if p.suspect || p.choking || p.snubbed {
		return false
	}
	n := s.helpful(p, p.helping)
	if n < 0 {
		if p.helping = s.pickHelp(p); p.helping == nil {
			return false
		}
		n = s.helpful(p, p.helping)
	}
	s.ask(p, p.helping, n)
	return true
}

// helpful returns a block of pc that p may be asked for: rather one that nobody is asked for. It is -1 if there is none.
func (s *Swarm) helpful(p *peer, pc *piece) int {
	if pc == nil || s.active[pc.index] != pc || pc.solo || !p.may(pc.index) {
		return -1
	}
	if pc.unasked > 0 && s.mayShare(pc) {
		return pc.first()
	}
	if p.asked >= endgamePipeline {
		return -1
	}
	for n := range pc.blocks {
		if s.mayRepeat(p, pc, n) {
			return n
		}
	}
	return -1
}

// mayShare tells whether others may be asked for blocks that the piece's owner has not been asked for yet.
func (s *Swarm) mayShare(pc *piece) bool {
	return pc.owner != nil && (s.endgame() || s.buffersFull() || s.slow(pc.owner))
}

// mayRepeat tells whether p may be asked for a block that others are asked for.
func (s *Swarm) mayRepeat(p *peer, pc *piece, n int) bool {
	b := &pc.blocks[n]
	return !b.arrived && b.asked > 0 && b.asked < endgameCopies && s.outruns(p, int32(pc.index), int32(n))
}

// outruns tells whether p is not asked for a block yet, and would give it sooner than any that is: all of those are slow, or, at the
// end of the download, later than they usually are or much slower than p usually is. Asking it of two that are as fast wastes it.
func (s *Swarm) outruns(p *peer, index, block int32) bool {
	endgame := s.endgame()
	for _, q := range s.peers {
		n := q.findRequest(index, block, false)
		if n < 0 || q.requests.all()[n].released {
			continue
		}
		if q == p || !s.slow(q) && (!endgame || !s.late(q, s.now.Sub(q.requests.all()[n].asked), p.usual)) {
			return false
		}
	}
	return true
}

// late tells whether an answer of q, whose request is so old, is to be expected later than one of a peer that usually takes so long.
func (s *Swarm) late(q *peer, age, usual time.Duration) bool {
	if q.usual == 0 {
		return age >= lateAfter
	}
	return age >= 2*q.usual+lateAfter || q.usual-age >= 2*usual+lateAfter
}

// endgame tells whether every piece that can be had has been begun.
func (s *Swarm) endgame() bool { return s.rarity.fetchable() == 0 }

// pickHelp chooses, of the pieces that p can help with, the one for which it must be asked the least until it is whole; nil if there is
// none.
func (s *Swarm) pickHelp(p *peer) *piece {
	var best *piece
	var least int
	try := func(pc *piece) {
		if pc == nil || pc == best || s.helpful(p, pc) < 0 {
			return
		}
		if n := pc.left - p.asksOf(pc); best == nil || n < least {
			best, least = pc, n
		}
	}
	for _, q := range s.peers {
		if q == p {
			continue
		}
		try(q.current)
		if p.asked < endgamePipeline && (s.endgame() || s.slow(q)) {
			s.eachRequested(q, try)
		}
	}
	return best
}

// eachRequested calls f for each piece that q is asked for, once for each run of its blocks.
func (s *Swarm) eachRequested(q *peer, f func(*piece)) {
	last := int32(-1)
	for _, r := range q.requests.all() {
		if r.index != last && !r.released {
			last = r.index
			f(s.pieceOf(r))
		}
	}
}

// asksOf counts the blocks of a piece that the peer is asked for.
func (d *download) asksOf(pc *piece) (n int) {
	for _, q := range d.requests.all() {
		if q.generation == pc.generation && !q.released {
			n++
		}
	}
	return n
}

// seize takes a piece that another peer must fetch alone, and fetches far more slowly than p has shown that it can; nil if there is none.
func (s *Swarm) seize(p *peer) *piece {
	for _, q := range s.peers {
		pc := s.oldestPiece(q)
		if q == p || pc == nil || pc.soloist != q || !p.may(pc.index) || s.now.Sub(pc.since) < seizeAfter {
			continue
		}
		if p.downRate.peak > 2*q.downRate.perSecond {
			s.evict(q, pc)
			return s.own(p, pc)
		}
	}
	return nil
}

// oldestPiece returns the piece of the oldest request that q has not answered; nil if there is none.
func (s *Swarm) oldestPiece(q *peer) *piece {
	for _, r := range q.requests.all() {
		if !r.released {
			return s.pieceOf(r)
		}
	}
	return nil
}

// evict makes a piece start anew without q.
func (s *Swarm) evict(q *peer, pc *piece) {
	if q.current == pc {
		q.current = nil
	}
	s.tighten(pc)
	s.restart(pc)
	s.forfeit(q, int32(pc.index))
}
