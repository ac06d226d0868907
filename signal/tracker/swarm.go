package tracker

import (
	"container/list"
	"slices"
	"strconv"
	"time"
)

// swarm is the peers of one infohash.
type swarm struct {
	infohash          [20]byte
	peers             map[[20]byte]*peer // by peer id; never ranged over
	seeders, leechers half
	downloaded        int
	introduced        int           // answers that were relayed
	empty             *list.Element // in Tracker.empty while it has no peers
}

// peer is one peer id in one swarm.
type peer struct {
	id       [20]byte
	swarm    *swarm
	conn     *conn
	complete bool
	network  *network      // in swarm.seeders or swarm.leechers
	index    int           // in network.peers
	heard    time.Time     // last announce
	element  *list.Element // in Tracker.peers
	waiting  int           // its offers that wait to be handed out, or for answers
	takeover *takeover     // that waits for its id
}

// conn is one socket that is in a swarm or wants to be.
type conn struct {
	handle    Conn
	peers     []*peer     // in the order in which they joined
	takeovers []*takeover // that it waits for
	unlimited bool        // MaxJoined is not for it
	net       string      // see Place
	relays    relays      // offers to it
}

// half returns the part of the swarm that a peer belongs to.
func (s *swarm) half(complete bool) *half {
	if complete {
		return &s.seeders
	}
	return &s.leechers
}

// move puts a peer among the seeders or the leechers.
func (s *swarm) move(p *peer, complete bool) {
	if p.complete != complete {
		s.half(p.complete).cut(p)
		p.complete = complete
		s.half(complete).add(p)
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
		t.conns[c] = &conn{handle: c, net: "socket " + strconv.FormatUint(uint64(c), 10)}
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
	s.half(complete).add(p)
	c.peers = append(c.peers, p)
	return p
}

// remove takes a peer out of its swarm. Its offers can no longer be answered, because nobody finds it.
func (t *Tracker) remove(p *peer) {
	s := p.swarm
	delete(s.peers, p.id)
	s.half(p.complete).cut(p)
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
