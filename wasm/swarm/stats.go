package swarm

// totals are counted over all peers there ever were, in payload bytes.
type totals struct {
	received uint64 // asked for
	verified uint64 // in pieces that passed their hash and were stored
	wasted   uint64 // not asked for, or twice, or late
	sent     uint64
}

// Stats is the state of a swarm at a moment. Bytes are payload: blocks without their headers.
type Stats struct {
	Pieces, Have        int    // Pieces is 0 before the metadata is known
	Length, Left        int64  // bytes of the torrent, and of the pieces that we lack; without padding
	Downloaded          uint64 // of blocks that were asked for
	Verified            uint64 // of those, in pieces that passed their hash and were stored
	Wasted              uint64 // not asked for, or twice, or too late
	Uploaded            uint64
	DownRate, UpRate    float64 // bytes a second
	Fetching, Verifying int     // pieces in memory, and those of them that are being hashed or stored
	Full                bool    // the store refused a piece
	Stopped             bool
	Peers               []PeerStats
}

// PeerStats is the state of one peer, in the order in which they opened.
type PeerStats struct {
	Peer             Peer
	PeerID           [20]byte
	Version          string
	Has              int  // pieces
	Choked           bool // by us
	Interested       bool // in us
	Choking          bool // us
	Interesting      bool // to us
	Optimistic       bool
	Snubbed          bool
	Leaving          bool
	Requests         int // that wait for an answer of the peer
	Queue            int // that wait for an answer of ours
	DownRate, UpRate float64
	Downloaded       uint64
	Verified         uint64
	Uploaded         uint64
	Signed           uint64 // bytes of receipts that we have sent, over all tickets
	Earned           uint64 // bytes of good receipts that we have received, over all tickets
	Unpaid           uint64 // bytes that it owes
	Paying           bool   // it pays for what it is sent next
}

// Stats returns the state of the swarm.
func (s *Swarm) Stats() Stats {
	t := Stats{
		Pieces: s.pieces(), Have: s.pieces() - s.left,
		Downloaded: s.total.received, Verified: s.total.verified, Wasted: s.total.wasted, Uploaded: s.total.sent,
		Length: s.length, Left: s.leftBytes,
		Fetching: s.buffered, Verifying: s.verifying, Full: s.full, Stopped: s.stopped,
		Peers: make([]PeerStats, 0, len(s.peers)),
	}
	for _, p := range s.peers {
		t.DownRate += p.downRate.perSecond
		t.UpRate += p.upRate.perSecond
		t.Peers = append(t.Peers, s.peerStats(p))
	}
	return t
}

func (s *Swarm) peerStats(p *peer) PeerStats {
	return PeerStats{
		Peer: p.id, PeerID: p.peerID, Version: p.version, Has: p.count,
		Choked: p.choked, Interested: p.interested, Choking: p.choking, Interesting: p.interesting,
		Optimistic: s.optimistic == p, Snubbed: p.snubbed, Leaving: p.leaving != "",
		Requests: p.requests.len(), Queue: p.queue.len(),
		DownRate: p.downRate.perSecond, UpRate: p.upRate.perSecond,
		Downloaded: p.received, Verified: p.verified, Uploaded: p.sent,
		Signed: p.signedBytes(), Earned: p.paid, Unpaid: p.unpaid(), Paying: s.paying(p),
	}
}

func (c *credit) signedBytes() (sum uint64) {
	for _, t := range c.payments {
		sum += t.signed
	}
	return sum
}
