package node

import "time"

// pace lets something happen once in every so often, and a few times at once
// when it did not for a while.
type pace struct {
	every time.Duration
	most  int
	next  time.Time // when it would be due if every one had waited
}

// take says whether it may happen now, and counts it.
func (p *pace) take(now time.Time) bool {
	if p.next.Sub(now) > time.Duration(p.most-1)*p.every {
		return false
	}
	if p.next.Before(now) {
		p.next = now
	}
	p.next = p.next.Add(p.every)
	return true
}
