package swarm

import "time"

// supply is what a leecher gets from others than us, as far as its haves tell: pieces that we have given to nobody who is here.
type supply struct {
	others   rate
	supplied bool // it gets enough: it is left to the others until it gets far less
}

// spares tells whether a peer is left to others by a seeder that yields: while they serve it well, and until they had the time to begin.
func (s *Swarm) spares(p *peer) bool {
	return s.cfg.Yields && s.rests() && (p.supplied || s.now.Sub(p.opened) < s.yieldGrace(p))
}

// yieldGrace is how long others have to serve a new peer: at goodRate, each of a few brings it a piece in this time. When they have begun to,
// they have twice as long to show how fast they are.
func (s *Swarm) yieldGrace(p *peer) time.Duration {
	grace := max(yieldGrace, min(maxYieldGrace, 3*s.pieceTime()))
	if p.others.perSecond > 0 {
		return 2 * grace
	}
	return grace
}

// pieceTime is how long a piece takes at goodRate.
func (s *Swarm) pieceTime() time.Duration {
	return time.Duration(float64(s.info.PieceLength) / goodRate * float64(time.Second))
}

// noteSupply counts a piece that p has just got.
func (s *Swarm) noteSupply(p *peer, i int) {
	if s.cfg.Yields && (s.spreading.given == nil || s.spreading.given[i] == 0) {
		p.others.count(int(s.info.PieceSize(i)))
	}
}

// watchSupply looks at who is served by others. A rate that is remembered for as long as a few pieces take does not fall between two of them.
func (s *Swarm) watchSupply(d time.Duration) {
	if !s.cfg.Yields || s.info == nil {
		return
	}
	memory := max(rateOver, min(supplyOver, 4*s.pieceTime()))
	for _, p := range s.peers {
		p.others.sampleOver(d, memory)
		switch {
		case p.others.perSecond >= goodRate:
			p.supplied = true
		case p.others.perSecond < goodRate/2:
			p.supplied = false
		}
	}
}

// yield chokes those that others serve, and lets those have a slot whom nobody serves any more.
func (s *Swarm) yield() {
	if !s.cfg.Yields || !s.rests() {
		return
	}
	for _, p := range s.peers {
		if s.spares(p) {
			s.choke(p)
		}
	}
	s.freed = true
}
