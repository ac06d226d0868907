package swarm

import (
	"time"

	"fanseed/wasm/wire"
)

// spared is what a seeder that yields knows of who else serves a peer. It counts haves, which every client sends.
type spared struct {
	othersServe bool           // they give it goodRate
	hopeful     time.Time      // until then others are given the time to begin
	theirs      [yieldOver]int // bytes that others gave it, by second, the newest first
	ours        wire.Bitfield  // pieces of which we have sent it some; nil for none
}

// yielding tells whether we are a seeder that leaves its peers to others.
func (s *Swarm) yielding() bool { return s.cfg.Yields && s.rests() }

// spares tells whether p is left to others.
func (s *Swarm) spares(p *peer) bool {
	return s.yielding() && (p.othersServe || s.now.Before(p.hopeful))
}

// noteOurs notes that p was sent some of a piece.
func (s *Swarm) noteOurs(p *peer, index uint32) {
	if !s.cfg.Yields {
		return
	}
	if p.ours == nil {
		p.ours = wire.NewBitfield(s.pieces())
	}
	p.ours.Set(int(index))
}

// noteTheirs counts a piece that p has now, unless it is ours.
func (s *Swarm) noteTheirs(p *peer, i int) {
	if !p.ours.Has(i) {
		p.theirs[0] += int(s.dataSize(i))
	}
}

// yield looks once a second who serves whom: it chokes those that others serve by now, and gives their slots to those that nobody serves.
func (s *Swarm) yield() {
	if !s.cfg.Yields {
		return
	}
	for _, p := range s.peers {
		p.othersServe = s.servedByOthers(p)
		copy(p.theirs[1:], p.theirs[:])
		p.theirs[0] = 0
		if p.interested && s.spares(p) {
			s.choke(p)
		}
	}
	s.freed = true
}

// servedByOthers tells whether others have given p goodRate of late: for so long that two pieces would have come at that rate, within
// bounds.
func (s *Swarm) servedByOthers(p *peer) bool {
	if s.info == nil {
		return false
	}
	span := max(yieldOverLeast, min(yieldOver, int(2*s.info.PieceLength/goodRate)))
	bytes := 0
	for _, n := range p.theirs[:span] {
		bytes += n
	}
	return bytes >= span*goodRate
}
