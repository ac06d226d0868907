package swarm

import "slices"

// next returns the piece whose next block is to be asked of p; nil when there is none. A piece belongs to one peer, which is asked for
// it from its first block to its last. What was begun comes before what is new, and the rarest before the rest.
func (s *Swarm) next(p *peer) *piece {
	if p.choking {
		return s.nextAllowed(p)
	}
	if pc := p.current; pc != nil && pc.unasked > 0 {
		return pc
	}
	p.current = nil
	if pc := s.adopt(p); pc != nil {
		return pc
	}
	if i := s.pick(p); i >= 0 {
		return s.own(p, s.activate(i, p.suspect))
	}
	return s.seize(p)
}

func (s *Swarm) own(p *peer, pc *piece) *piece {
	if p.current != nil && p.current != pc {
		s.orphan(p)
	}
	pc.owner, p.current = p, pc
	if pc.solo {
		pc.soloist = p
	}
	return pc
}

// may tells whether p can be asked for a piece.
func (p *peer) may(i int) bool { return p.has.Has(i) && !p.refused.Has(i) }

// adopt takes over a piece that was begun and has nobody to ask.
func (s *Swarm) adopt(p *peer) *piece {
	for _, pc := range s.loose {
		if p.may(pc.index) && s.claim(p, pc) {
			s.tighten(pc)
			return s.own(p, pc)
		}
	}
	return nil
}

// claim makes a loose piece fit for p. When only one peer may give it, and another has begun, it starts anew.
func (s *Swarm) claim(p *peer, pc *piece) bool {
	if !pc.solo && !p.suspect || pc.soloist == p {
		return true
	}
	if !s.abandoned(pc) {
		return false
	}
	s.restart(pc)
	pc.solo = true
	return true
}

// abandoned tells whether those that have given some of a loose piece will not go on with it soon.
func (s *Swarm) abandoned(pc *piece) bool {
	q := pc.soloist
	if q == nil {
		return pc.pending == 0
	}
	return q.gone || q.snubbed || !q.may(pc.index) || s.now.Sub(pc.since) >= snubAfter
}

// pick chooses an open piece for p; -1 if there is none, or no memory for one more.
func (s *Swarm) pick(p *peer) int {
	if p.open == 0 || s.buffersFull() {
		return -1
	}
	if i := s.pickPreferred(p); i >= 0 {
		return i
	}
	if i := s.pickSuggested(p); i >= 0 {
		return i
	}
	if s.pieces()-s.left < randomFirst {
		return s.pickRandom(p)
	}
	if p.seed {
		return s.pickOfSeed(p)
	}
	return s.rarity.rarest(1, p.may) // what p has, somebody has
}

// pickOfSeed leaves a seeder for what only it has, while the others bring the rest soon enough. When one that suggests pieces has just none
// left to suggest, it has given every piece to somebody, who will have it in a moment.
func (s *Swarm) pickOfSeed(p *peer) int {
	i := s.rarity.rarest(0, p.may)
	if i < 0 {
		return -1
	}
	rest := s.rarity.open
	if s.now.Sub(p.adviceAt) >= tradeWithin {
		rest -= len(s.rarity.buckets[0])
	}
	if s.rarity.availability[i] == 0 && rest < s.rarity.open || !s.tradedWithin(rest) {
		return i
	}
	return -1
}

// tradedWithin tells whether those that are no seeders bring so many pieces soon.
func (s *Swarm) tradedWithin(pieces int) bool {
	return float64(pieces)*float64(s.info.PieceLength) < s.traded*tradeWithin.Seconds()
}

// pickSuggested takes the oldest piece that p has suggested; -1 if there is none left. What a seeder suggests counts while only seeders have
// it.
func (s *Swarm) pickSuggested(p *peer) int {
	for len(p.suggested) > 0 {
		i := int(p.suggested[0])
		p.suggested = p.suggested[1:]
		if s.mayOpen(p, i) && (!p.seed || s.rarity.availability[i] == 0) {
			return i
		}
	}
	return -1
}

func (s *Swarm) mayOpen(p *peer, i int) bool { return p.may(i) && s.rarity.isOpen(i) }

// pickRandom chooses any piece: the first few are to be whole soon, so that there is something to give, and rare pieces come slowly.
func (s *Swarm) pickRandom(p *peer) int {
	n := s.pieces()
	start := s.rand.IntN(n)
	for k := range n {
		if i := (start + k) % n; s.mayOpen(p, i) {
			return i
		}
	}
	return -1
}

// buffersFull tells whether there are as many pieces in memory as may be.
func (s *Swarm) buffersFull() bool {
	return s.buffered >= max(2, min(maxPieces, int(s.limits.Buffers/s.info.PieceLength)))
}

// nextAllowed returns a piece that p gives although it chokes us (https://www.bittorrent.org/beps/bep_0006.html).
func (s *Swarm) nextAllowed(p *peer) *piece {
	if pc := p.current; pc != nil && pc.unasked > 0 && slices.Contains(p.allowed, int32(pc.index)) {
		return pc
	}
	for _, i := range p.allowed {
		if int(i) >= s.pieces() || !p.may(int(i)) {
			continue
		}
		if s.rarity.isOpen(int(i)) && !s.buffersFull() {
			return s.own(p, s.activate(int(i), p.suspect))
		}
		if pc := s.active[i]; pc != nil && pc.loose && s.claim(p, pc) {
			s.tighten(pc)
			return s.own(p, pc)
		}
	}
	return nil
}
