package swarm

import (
	"cmp"
	"time"
)

// LeastUseful names the peer that is to make way for another where there are too many: of those that had a minute to prove themselves,
// the one that is worth least. It names none that is worth anything, and no more than one in replaceEvery, so that a full house neither
// shuts newcomers out nor throws out those who trade well or pay.
func (s *Swarm) LeastUseful(now time.Time) (p Peer, ok bool) {
	if now.Sub(s.replaced) < replaceEvery {
		return 0, false
	}
	var worst *peer
	for _, q := range s.peers {
		if q.webseed || q.leaving != "" || now.Sub(q.opened) < settleIn || s.worth(q) >= worthKeeping {
			continue
		}
		if worst == nil || s.compareWorth(q, worst) < 0 {
			worst = q
		}
	}
	if worst == nil {
		return 0, false
	}
	s.replaced = now
	return worst.id, true
}

// compareWorth puts those first with whom nothing can be exchanged, then those worth less, then those heard of less lately.
func (s *Swarm) compareWorth(p, q *peer) int {
	return cmp.Or(
		first(!p.interested && !p.interesting, !q.interested && !q.interesting),
		cmp.Compare(s.worth(p), s.worth(q)),
		p.heard.Compare(q.heard),
	)
}

// worth returns bytes a second: what p gives, and what it takes. Taking counts for less when it neither gives nor pays while we still
// fetch.
func (s *Swarm) worth(p *peer) float64 {
	takes := p.upRate.perSecond
	if !s.rests() && s.onlyTakes(p) {
		takes /= takerGives
	}
	return p.downRate.perSecond + takes
}
