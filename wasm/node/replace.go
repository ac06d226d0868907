package node

import (
	"cmp"
	"slices"
	"time"
)

// makeRoom says whether w may have one more connection. Where there are enough
// already, the swarm names one that is of little use to make way: that of w
// when it is w that has too many, else of whoever has most.
func (n *Node) makeRoom(now time.Time, w *work) bool {
	if len(w.links) >= maxLinks {
		return w.replace(now)
	}
	all := 0
	for _, other := range n.works {
		all += len(other.links)
	}
	if all < maxAllLinks {
		return true
	}
	works := slices.Clone(n.works)
	slices.SortStableFunc(works, func(a, b *work) int { return cmp.Compare(len(b.links), len(a.links)) })
	return slices.ContainsFunc(works, func(other *work) bool { return other.replace(now) })
}

// replace closes a work's least useful connection; false when all are of use.
func (w *work) replace(now time.Time) bool {
	p, ok := w.swarm.LeastUseful(now)
	if !ok {
		return false
	}
	l := w.link(p)
	if l != nil {
		l.drop(now, "made way for another")
	}
	return l != nil
}
