package node

import (
	"time"

	"fanseed/wasm/swarm"
)

const (
	settleIn = time.Minute // a connection is not judged before
	moving   = 1 << 10     // bytes a second that make a connection worth to be kept
)

// makeRoom says whether w may have one more connection. Where there are enough
// already, one that is of no use makes way.
func (n *Node) makeRoom(now time.Time, w *work) bool {
	if len(w.links) >= maxLinks {
		return drop(now, w.leastUseful(now))
	}
	all := 0
	var most *work
	for _, other := range n.works {
		all += len(other.links)
		if most == nil || len(other.links) > len(most.links) {
			most = other
		}
	}
	return all < maxAllLinks || drop(now, most.leastUseful(now))
}

func drop(now time.Time, l *link) bool {
	if l == nil {
		return false
	}
	l.drop(now, "made way for another")
	return true
}

// leastUseful is the connection that has moved least of late; nil when all are
// of use, or new.
func (w *work) leastUseful(now time.Time) (worst *link) {
	least := float64(moving)
	for _, p := range w.swarm.Stats().Peers {
		l := w.link(p.Peer)
		if l == nil || now.Sub(l.since) < settleIn {
			continue
		}
		if rate := use(p); rate < least {
			worst, least = l, rate
		}
	}
	return worst
}

// use is what a peer moves, and below zero when neither side wants anything of
// the other.
func use(p swarm.PeerStats) float64 {
	if !p.Interested && !p.Interesting {
		return -1
	}
	return p.DownRate + p.UpRate
}
