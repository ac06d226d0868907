package swarm

import (
	"time"

	"fanseed/wasm/wire"
)

// verify has a whole piece hashed.
func (s *Swarm) verify(pc *piece) {
	pc.settling = true
	s.verifying++
	s.tighten(pc)
	s.emit(Effect{Kind: Hash, Index: pc.index})
}

// Hashed answers a Hash effect: ok tells whether the piece has the hash that it must have. It panics when no hash was asked for.
func (s *Swarm) Hashed(now time.Time, index int, ok bool) {
	s.begin(now)
	pc := s.settlingPiece(index)
	if ok {
		s.emit(Effect{Kind: Store, Index: index})
	} else {
		s.verifying--
		s.blame(pc)
		s.reopen(pc)
	}
	s.end()
}

func (s *Swarm) settlingPiece(index int) *piece {
	pc := s.active[index]
	if pc == nil || !pc.settling {
		panic("swarm: an answer for a piece that is not being verified")
	}
	return pc
}

// blame finds who gave a piece that failed its hash. A single giver is guilty. Of several any may be: all are suspects, and from then
// on no piece has a suspect's blocks and another's, so that the next bad piece proves who it was and no honest peer is dropped. The
// piece itself is fetched from one peer alone.
func (s *Swarm) blame(pc *piece) {
	givers := pc.givers()
	if len(givers) > 1 {
		s.solo.Set(pc.index)
	}
	for _, id := range givers {
		p := s.byHandle[id]
		switch {
		case p == nil:
		case len(givers) == 1:
			s.drop(p, BadPiece)
		default:
			p.suspect = true
		}
	}
}

// Stored answers a Store effect: the piece is stored durably, or err tells why not. It panics when no piece was to be stored.
func (s *Swarm) Stored(now time.Time, index int, err error) {
	s.begin(now)
	pc := s.settlingPiece(index)
	s.verifying--
	if err != nil {
		s.refusePiece(pc)
	} else {
		s.keepPiece(pc)
	}
	s.end()
}

// refusePiece gives a piece up that could not be stored. Nothing more is fetched until Start: the next would fare no better.
func (s *Swarm) refusePiece(pc *piece) {
	s.full = true
	pc.left = len(pc.blocks) // the caller has freed the buffer
	s.reopen(pc)
	for _, p := range s.peers {
		s.releaseAll(p)
		s.updateInterest(p)
	}
	s.discardPartial()
}

func (s *Swarm) keepPiece(pc *piece) {
	index := pc.index
	s.have.Set(index)
	s.left--
	s.creditGivers(pc)
	s.retire(pc)
	s.emit(Effect{Kind: Have, Index: index})
	s.announceHave(index)
	if s.left == 0 {
		s.finish()
	}
}

// creditGivers counts each block for the peer that gave it.
func (s *Swarm) creditGivers(pc *piece) {
	s.total.verified += uint64(pc.size)
	for n, b := range pc.blocks {
		if p := s.byHandle[b.giver]; p != nil {
			p.verified += uint64(pc.blockLength(n))
			s.owe(p, uint64(pc.blockLength(n)))
		}
	}
	for _, p := range s.peers {
		s.pay(p)
	}
}

// announceHave tells everybody of a new piece, also those that have it: it shows them what we have in all. Peers that have every piece
// will be left as soon as we do, too.
func (s *Swarm) announceHave(index int) {
	for _, p := range s.peers {
		if p.has.Has(index) {
			p.wanted--
		}
		if p.leaving != "" {
			continue
		}
		if p.count < s.pieces() {
			s.send(p, wire.Message{Kind: wire.KindHave, Index: uint32(index)})
		}
		s.updateInterest(p)
	}
}

// finish ends the download.
func (s *Swarm) finish() {
	s.emit(Effect{Kind: Complete})
	for _, p := range s.all() {
		s.releaseAll(p)
		s.sayBye(p, "complete")
		s.leaveUseless(p)
	}
}
