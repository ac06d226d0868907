package swarm

import (
	"bytes"
	"time"

	"fanseed/wasm/merkle"
	"fanseed/wasm/wire"
)

// verify has a whole piece hashed.
func (s *Swarm) verify(pc *piece) {
	pc.settling = true
	s.verifying++
	s.tighten(pc)
	s.emit(Effect{Kind: Hash, Index: pc.index, Length: s.leafBytes(pc)})
}

// leafBytes returns how much of a piece is to be hashed leaf by leaf: nothing while that tells nothing.
func (s *Swarm) leafBytes(pc *piece) uint32 {
	if s.trees == nil {
		return 0
	}
	if _, known := s.wantedHash(pc.index); !known && s.info.HasV1() {
		return 0
	}
	return pc.size
}

// Hashed answers a Hash effect: ok tells whether the piece has the SHA-1 that it must have, true in version 2 alone; leaves are the
// SHA-256 of its leaves one after the other, nil if the effect asked for none. It panics when no hash was asked for.
func (s *Swarm) Hashed(now time.Time, index int, ok bool, leaves []byte) {
	s.begin(now)
	pc := s.settlingPiece(index)
	if len(leaves) > 0 && len(leaves) != len(pc.blocks)*merkle.HashSize {
		panic("swarm: not the leaves of the piece")
	}
	s.judge(pc, ok, leaves)
	s.end()
}

// judge holds a piece against the hashes that are known. In hybrids both must be right; a piece that passes one of them alone shows that
// the torrent contradicts itself.
func (s *Swarm) judge(pc *piece, ok bool, leaves []byte) {
	want, known := s.wantedHash(pc.index)
	switch {
	case len(leaves) == 0:
		s.sentence(pc, ok && s.info.HasV1(), nil)
	case !known:
		pc.leaves = bytes.Clone(leaves)
		s.waiting = append(s.waiting, pc)
	case s.rootOf(pc, leaves) == want == ok:
		s.sentence(pc, ok, leaves)
	case s.info.HasV1():
		s.refuseTorrent(pc)
	default:
		s.sentence(pc, false, leaves)
	}
}

func (s *Swarm) rootOf(pc *piece, leaves []byte) merkle.Hash {
	t, _ := s.treeOf(pc.index)
	return merkle.Ancestor(leaves, 0, s.span(t))
}

// settleWaiting verifies the pieces whose hashes have come.
func (s *Swarm) settleWaiting() {
	waiting := s.waiting
	s.waiting = nil
	for _, pc := range waiting {
		s.judge(pc, true, pc.leaves)
	}
}

// sentence has a good piece stored. Of a bad one it finds out who has spoilt it: by its leaves, if several gave some of it.
func (s *Swarm) sentence(pc *piece, good bool, leaves []byte) {
	switch {
	case good:
		s.emit(Effect{Kind: Store, Index: pc.index})
	case len(leaves) > 0 && len(pc.givers()) > 1:
		s.beginAudit(pc, leaves)
	default:
		s.verifying--
		s.blame(pc)
		s.reopen(pc)
	}
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

// refusePiece gives a piece up that could not be stored.
func (s *Swarm) refusePiece(pc *piece) {
	pc.left = len(pc.blocks) // the caller has freed the buffer
	s.reopen(pc)
	s.suspendFetching()
}

// refuseTorrent gives up on a torrent whose versions contradict each other.
func (s *Swarm) refuseTorrent(pc *piece) {
	s.verifying--
	s.reopen(pc)
	s.suspendFetching()
	s.emit(Effect{Kind: Broken, Index: pc.index})
}

// suspendFetching fetches nothing more until Start: the next piece would fare no better.
func (s *Swarm) suspendFetching() {
	s.full = true
	for _, p := range s.peers {
		s.releaseAll(p)
		s.updateInterest(p)
	}
	s.discardPartial()
}

func (s *Swarm) keepPiece(pc *piece) {
	index := pc.index
	s.note(index)
	s.creditGivers(pc)
	s.retire(pc)
	s.tell(index)
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

// announceHave tells everybody of a new piece, also those that have it: it shows them what we have in all, and a seeder that yields how
// well others serve us.
func (s *Swarm) announceHave(index int) {
	for _, p := range s.peers {
		if p.has.Has(index) && s.selects(index) {
			p.wanted--
		}
		if p.leaving != "" {
			continue
		}
		if !p.webseed {
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
