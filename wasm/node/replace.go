package node

import "time"

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

// leastUseful is the connection that is worth least; nil when all are of use, or
// new, or one has only just made way.
func (w *work) leastUseful(now time.Time) *link {
	if p, ok := w.swarm.LeastUseful(now); ok {
		return w.link(p)
	}
	return nil
}
