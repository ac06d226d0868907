package swarm

import (
	"slices"
	"time"

	"fanseed/wasm/wire"
)

// Peer is the caller's handle of one connection. It is never used again in the same Swarm.
type Peer uint32

// peer is one open connection.
type peer struct {
	id     Peer
	peerID [20]byte
	fast   bool // BEP 6 is spoken by both sides
	gone   bool // forgotten by the swarm

	webseed bool
	runsTo  int // of a webseed: where the run of pieces goes on that are asked of it

	opened, heard, spoken time.Time
	cheap                 bucket
	leaving               Reason // not empty: only receipts are still exchanged
	leaveBy               time.Time

	extension
	availability
	download
	upload
	share
	supply
	metadataFetch
	metadataServe
	hashFetch
	hashServe
	credit
}

// Opened says that a connection is open and both handshakes have been exchanged; h is the peer's. It panics when p is open already.
func (s *Swarm) Opened(now time.Time, p Peer, h wire.Handshake) {
	s.begin(now)
	if s.byHandle[p] != nil {
		panic("swarm: a peer was opened twice")
	}
	s.open(p, h)
	s.end()
}

func (s *Swarm) open(id Peer, h wire.Handshake) {
	if reason := s.refusal(h); reason != "" {
		s.emit(Effect{Kind: Drop, Peer: id, Reason: reason})
		s.takeEarly(id)
		return
	}
	p := s.admit(id)
	p.peerID, p.fast, p.extended = h.PeerID, h.Fast(), h.Extended()
	p.v2 = h.V2() || h.Infohash != s.cfg.Infohash || s.isV2Alone()
	s.greet(p)
}

// admit makes a peer that has said nothing yet.
func (s *Swarm) admit(id Peer) *peer {
	if len(s.peers) == 0 {
		s.startClock()
	}
	p := &peer{id: id, opened: s.now, heard: s.now, spoken: s.now}
	p.leafLoads.fill(s.now)
	p.reqq = theirReqq
	p.choking, p.choked = true, true
	p.pipeline = firstPipeline
	p.cheap.fill(s.now)
	s.peers = append(s.peers, p)
	s.byHandle[id] = p
	s.allocateAvailability(p)
	return p
}

// startClock sets when things are due for the first peer of all.
func (s *Swarm) startClock() {
	s.sampled = s.now
	s.nextTick = s.now.Add(tickEvery)
	s.nextRechoke = s.now.Add(rechokeEvery)
	s.nextOptimistic = s.now.Add(optimisticEvery)
}

// refusal tells why a connection is not wanted; "" if it is.
func (s *Swarm) refusal(h wire.Handshake) Reason {
	switch {
	case h.Infohash != s.cfg.Infohash && !s.isUpgrade(h.Infohash):
		return WrongInfohash
	case h.PeerID == s.cfg.PeerID:
		return Self
	case s.stopped:
		return Stopped
	case s.isDuplicate(h.PeerID):
		return Duplicate
	}
	return ""
}

// isUpgrade tells whether a peer answers with the infohash of version 2 (https://www.bittorrent.org/beps/bep_0052.html, upgrade path).
func (s *Swarm) isUpgrade(infohash [20]byte) bool {
	return s.cfg.InfohashV2 != [32]byte{} && infohash == [20]byte(s.cfg.InfohashV2[:])
}

// isV2Alone tells whether the swarm's name is the infohash of version 2: whoever is here speaks it.
func (s *Swarm) isV2Alone() bool { return s.isUpgrade(s.cfg.Infohash) }

// isDuplicate tells whether this is a second connection to one peer that we are to refuse. Both sides may have seen the two in
// different orders: the one with the lower peer id decides, so that one connection stays.
func (s *Swarm) isDuplicate(peerID [20]byte) bool {
	if slices.Compare(s.cfg.PeerID[:], peerID[:]) > 0 {
		return false
	}
	return slices.ContainsFunc(s.peers, func(p *peer) bool { return p.peerID == peerID })
}

// greet says what has to be said first: what we have (BEP 3, BEP 6), what we speak (BEP 10), and what the peer may have at once.
func (s *Swarm) greet(p *peer) {
	s.sendHave(p)
	s.sendExtendedHandshake(p)
	s.allowFast(p)
	s.bindEarly(p)
}

// Closed says that a connection has ended. What came before it counts.
func (s *Swarm) Closed(now time.Time, p Peer) {
	s.begin(now)
	s.takeEarly(p)
	if p := s.byHandle[p]; p != nil {
		s.forget(p)
	}
	s.end()
}

// all returns the open peers in order, to loop over while some are dropped.
func (s *Swarm) all() []*peer { return slices.Clone(s.peers) }

func (s *Swarm) drop(p *peer, reason Reason) {
	if p.gone {
		return
	}
	s.emit(Effect{Kind: Drop, Peer: p.id, Reason: reason})
	s.forget(p)
}

// forget lets go of everything that p held.
func (s *Swarm) forget(p *peer) {
	p.gone = true
	delete(s.byHandle, p.id)
	s.peers = slices.DeleteFunc(s.peers, func(q *peer) bool { return q == p })
	s.releaseAll(p)
	s.forfeitHashes(p)
	s.subtractAvailability(p)
	s.ungive(p)
	if p.webseed {
		s.webseeds--
	}
	s.freed = s.freed || !p.choked
	if s.optimistic == p {
		s.optimistic = nil
	}
	if s.describer == p {
		s.describer = nil
	}
}

// watch looks at one peer once a second.
func (s *Swarm) watch(p *peer) {
	switch {
	case p.leaving != "":
		s.finishLeaving(p)
		return
	case p.webseed:
		s.watchRequests(p)
		return
	case s.now.Sub(p.heard) >= silentAfter:
		s.drop(p, Silent)
		return
	case s.now.Sub(p.spoken) >= keepAliveAfter:
		s.send(p, wire.Message{Kind: wire.KindKeepAlive})
	}
	s.watchRequests(p)
	s.watchMetadata(p)
	s.watchHashes(p)
	s.watchWindow(p)
	s.pay(p)
}

// leave parts from a peer in peace: what is verified and unpaid is paid first, and what it owes us is asked for. It is dropped when
// that is done, or after leaveWithin.
func (s *Swarm) leave(p *peer, reason Reason) {
	if p.leaving != "" {
		return
	}
	p.leaving, p.leaveBy = reason, s.now.Add(leaveWithin)
	s.releaseAll(p)
	s.forfeitHashes(p)
	s.choke(p)
	s.updateInterest(p)
	s.askForMore(p)
	s.sayBye(p, string(reason))
	s.finishLeaving(p)
}

func (s *Swarm) finishLeaving(p *peer) {
	s.pay(p)
	if !s.now.Before(p.leaveBy) || s.allPaid(p) && s.allEarned(p) {
		s.drop(p, p.leaving)
	}
}

// leaveUseless parts from a peer when neither side can want anything from the other.
func (s *Swarm) leaveUseless(p *peer) {
	if s.rests() && (p.count == s.pieces() || p.uploadOnly) {
		s.leave(p, NoUse)
	}
}
