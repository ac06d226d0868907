package swarm

import (
	"slices"

	"fanseed/wasm/wire"
)

// spreading is how a seeder spreads its pieces. While several peers fetch, it suggests to each other pieces that it has given to nobody
// (https://www.bittorrent.org/beps/bep_0006.html): so they ask it for different ones, and have something to trade. It hides nothing, as
// super-seeding does (https://www.bittorrent.org/beps/bep_0016.html): who needs a piece now, to play it, may ask for it.
type spreading struct {
	given []uint16 // by piece: peers that it was given, or suggested to
	fresh []int32  // pieces that may have been given to nobody, in random order; the next is the last
}

// share is what a seeder has given one peer.
type share struct {
	given   wire.Bitfield // pieces that were given or suggested to it
	advised []int32       // of those, the suggested ones that it has not asked for
}

// unspread makes every piece one that was given to nobody.
func (s *Swarm) unspread() {
	n := s.pieces()
	s.spreading = spreading{given: make([]uint16, n), fresh: make([]int32, 0, n)}
	for _, i := range s.rand.Perm(n) {
		s.spreading.fresh = append(s.spreading.fresh, int32(i))
	}
}

// give notes that p is given a piece, and suggests another when that was a suggested one.
func (s *Swarm) give(p *peer, index uint32) {
	if p.given.Has(int(index)) && (len(p.advised) == 0 || !p.takeAdvice(int32(index))) {
		return
	}
	s.noteGiven(p, int(index))
	s.suggest(p)
}

func (s *Swarm) noteGiven(p *peer, i int) {
	if s.spreading.given == nil {
		s.unspread()
	}
	if p.given == nil {
		p.given = wire.NewBitfield(s.pieces())
	}
	if !p.given.Has(i) {
		p.given.Set(i)
		s.spreading.given[i]++
	}
}

// takeAdvice tells whether the peer has only now asked for a piece that was suggested to it.
func (h *share) takeAdvice(index int32) bool {
	n := slices.Index(h.advised, index)
	if n >= 0 {
		h.advised = slices.Delete(h.advised, n, n+1)
	}
	return n >= 0
}

// suggest keeps p supplied with pieces that nobody has been given.
func (s *Swarm) suggest(p *peer) {
	if !p.fast || p.choked || !s.complete() || !s.contended() {
		return
	}
	for most := s.suggestions(p); len(p.advised) < most; {
		i := s.nextFresh()
		if i < 0 {
			return
		}
		s.noteGiven(p, i)
		p.advised = append(p.advised, int32(i))
		s.send(p, wire.Message{Kind: wire.KindSuggest, Index: uint32(i)})
	}
}

// suggestions returns how many pieces are suggested to p ahead of its requests: what it takes within suggestAhead.
func (s *Swarm) suggestions(p *peer) int {
	bytes := max(minSuggested, p.upRate.perSecond*suggestAhead.Seconds())
	return min(maxAdvice, max(2, int(bytes/float64(s.info.PieceLength))))
}

// contended tells whether several peers fetch from us.
func (s *Swarm) contended() bool {
	n := 0
	for _, p := range s.peers {
		if p.interested && !p.choked {
			if n++; n == 2 {
				return true
			}
		}
	}
	return false
}

// nextFresh returns a piece that was given to nobody and that nobody but seeders has; -1 if there is none.
func (s *Swarm) nextFresh() int {
	if s.spreading.given == nil {
		s.unspread()
	}
	for n := len(s.spreading.fresh); n > 0; n-- {
		i := int(s.spreading.fresh[n-1])
		s.spreading.fresh = s.spreading.fresh[:n-1]
		if s.spreading.given[i] == 0 && s.rarity.availability[i] == 0 {
			return i
		}
	}
	return -1
}

// ungive makes what was given to a peer that has gone fresh again, where nobody else was given it.
func (s *Swarm) ungive(p *peer) {
	for i := 0; p.given != nil && i < len(s.spreading.given); i++ {
		if !p.given.Has(i) {
			continue
		}
		if s.spreading.given[i]--; s.spreading.given[i] == 0 {
			s.spreading.fresh = append(s.spreading.fresh, int32(i))
		}
	}
	p.given, p.advised = nil, nil
}
