package swarm

import "time"

// OpenedWebseed says that a webseed may be asked for pieces (https://www.bittorrent.org/beps/bep_0019.html). It is a peer that has
// everything, never chokes, wants nothing, is never credited and is told nothing but requests and cancels. Blocks come as Received piece
// messages; requests that fail are rejected, or end with Closed. It panics when p is open already.
//
// A webseed costs somebody money, so it yields: it is asked for what no other peer has, for what somebody waits for and would not have in
// time, and for the rest while the others do not deliver.
func (s *Swarm) OpenedWebseed(now time.Time, p Peer) {
	s.begin(now)
	if s.byHandle[p] != nil {
		panic("swarm: a peer was opened twice")
	}
	s.openWebseed(p)
	s.end()
}

func (s *Swarm) openWebseed(id Peer) {
	if s.stopped {
		s.emit(Effect{Kind: Drop, Peer: id, Reason: Stopped})
		return
	}
	p := s.admit(id)
	s.webseeds++
	p.webseed, p.told, p.choking = true, true, false
	p.pipeline = webseedPipeline
	if s.info == nil {
		p.earlyAll = true
		return
	}
	s.takeAll(p)
}

// yields tells whether p is a webseed that is left alone but for what is urgent or missing: others bring what they have, or have had no
// time to yet.
func (s *Swarm) yields(p *peer) bool {
	if !p.webseed {
		return false
	}
	if s.now.Sub(p.opened) < webseedGrace {
		return true
	}
	has, hopeful := false, false
	young := s.now.Sub(p.opened) < 2*webseedHope // later, whoever comes shows what it is good for beside the webseed
	for _, q := range s.peers {
		if q.webseed || q.wanted == 0 {
			continue
		}
		has = has || !q.choking
		hopeful = hopeful || young && s.now.Sub(q.opened) < webseedHope
	}
	return hopeful || has && s.delivered >= goodRate
}

// pickOfWebseed chooses the next open piece of a run, so that many pieces in a row are one range of HTTP; -1 if there is none to ask for.
// While it yields, that is one that nobody else has.
func (s *Swarm) pickOfWebseed(p *peer) int {
	may := s.mayOpen
	if s.yields(p) {
		may = s.isMissing
	}
	i := p.runsTo
	if i >= s.pieces() || !may(p, i) {
		i = s.beginRun(p, may)
	}
	p.runsTo = i + 1
	return i
}

// isMissing tells whether an open piece is one that nobody but webseeds has.
func (s *Swarm) isMissing(p *peer, i int) bool {
	return s.mayOpen(p, i) && s.rarity.availability[i] == 0 && s.rarity.seeds == s.webseeds && s.now.Sub(p.opened) >= webseedGrace
}

// beginRun returns where the longest run of such pieces begins; -1 if there is none. Where nearly nothing is here yet that is anywhere, so that several that
// begin at the same time have different pieces to trade.
func (s *Swarm) beginRun(p *peer, may func(p *peer, i int) bool) int {
	best, most, run := -1, 0, 0
	for i := range s.pieces() {
		if !may(p, i) {
			run = 0
			continue
		}
		if run++; run > most {
			best, most = i-run+1, run
		}
	}
	if most > s.pieces()*3/4 {
		best += s.rand.IntN(most)
	}
	return best
}
