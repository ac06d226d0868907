package tracker

import (
	"container/list"
	"slices"
	"time"
)

// swarm is the peers of one infohash.
type swarm struct {
	infohash          [20]byte
	peers             map[[20]byte]*peer // by peer id; never ranged over
	seeders, leechers []*peer            // in no meaningful, but in a repeatable order
	downloaded        int
	empty             *list.Element // in Tracker.empty while it has no peers
}

// peer is one peer id in one swarm.
type peer struct {
	id       [20]byte
	swarm    *swarm
	conn     *conn
	complete bool
	index    int           // in swarm.seeders or swarm.leechers
	heard    time.Time     // last announce
	element  *list.Element // in Tracker.peers
	waiting  int           // its offers that wait for answers
	takeover *takeover     // that waits for its id
}

// conn is one socket that is in a swarm or wants to be.
type conn struct {
	handle    Conn
	peers     []*peer     // in the order in which they joined
	takeovers []*takeover // that it waits for
	unlimited bool        // MaxJoined is not for it
}

// half returns the part of the swarm that a peer belongs to.
func (s *swarm) half(complete bool) *[]*peer {
	if complete {
		return &s.seeders
	}
	return &s.leechers
}

func (s *swarm) add(p *peer) {
	half := s.half(p.complete)
	p.index = len(*half)
	*half = append(*half, p)
}

func (s *swarm) cut(p *peer) {
	half := s.half(p.complete)
	s.swap(*half, p.index, len(*half)-1)
	(*half)[len(*half)-1] = nil
	*half = (*half)[:len(*half)-1]
}

func (s *swarm) swap(half []*peer, i, j int) {
	half[i], half[j] = half[j], half[i]
	half[i].index, half[j].index = i, j
}

// move puts a peer among the seeders or the leechers.
func (s *swarm) move(p *peer, complete bool) {
	if p.complete != complete {
		s.cut(p)
		p.complete = complete
		s.add(p)
	}
}

// swarm returns an infohash's swarm. A new one takes the place of the longest empty one when there are too many; nil when none is empty.
func (t *Tracker) swarm(infohash [20]byte) *swarm {
	if s := t.swarms[infohash]; s != nil {
		return s
	}
	if len(t.swarms) >= t.config.MaxSwarms {
		oldest := front[*swarm](t.empty)
		if oldest == nil {
			return nil
		}
		t.forget(oldest)
	}
	s := &swarm{infohash: infohash, peers: map[[20]byte]*peer{}}
	s.empty = t.empty.PushBack(s)
	t.swarms[infohash] = s
	return s
}

// forget removes an empty swarm.
func (t *Tracker) forget(s *swarm) {
	t.empty.Remove(s.empty)
	delete(t.swarms, s.infohash)
}

func (t *Tracker) conn(c Conn) *conn {
	if t.conns[c] == nil {
		t.conns[c] = &conn{handle: c}
	}
	return t.conns[c]
}

// join adds a new peer to a swarm.
func (t *Tracker) join(now time.Time, s *swarm, c *conn, id [20]byte, complete bool) *peer {
	p := &peer{id: id, swarm: s, conn: c, complete: complete, heard: now}
	p.element = t.peers.PushBack(p)
	if len(s.peers) == 0 {
		t.empty.Remove(s.empty)
		s.empty = nil
	}
	s.peers[id] = p
	s.add(p)
	c.peers = append(c.peers, p)
	return p
}

// remove takes a peer out of its swarm. Its offers can no longer be answered, because nobody finds it.
func (t *Tracker) remove(p *peer) {
	s := p.swarm
	delete(s.peers, p.id)
	s.cut(p)
	if len(s.peers) == 0 {
		s.empty = t.empty.PushBack(s)
	}
	t.peers.Remove(p.element)
	i := slices.Index(p.conn.peers, p)
	p.conn.peers = slices.Delete(p.conn.peers, i, i+1)
}

// joined counts the infohashes and the peer ids of a socket, with one peer more.
func (c *conn) joined(infohash, id [20]byte) (infohashes, ids int) {
	h, p := map[[20]byte]bool{infohash: true}, map[[20]byte]bool{id: true}
	for _, peer := range c.peers {
		h[peer.swarm.infohash], p[peer.id] = true, true
	}
	return len(h), len(p)
}
