package tracker

import (
	"slices"
	"time"
)

// How a socket is handed offers. A seeder can connect to so many peers and answers so many offers a second, whatever it seeds: where more
// come than that they wait here, and those of boosted works go first. Every fourth that goes is of a work that nobody boosts, if one waits.
// Nothing is dropped: where too many wait, the next in turn goes at once. So an offer waits for half a minute at most.
const (
	relayEvery = 125 * time.Millisecond // after the first RelayBurst
	maxWaiting = 64                     // offers that wait for one socket …
	maxAllWait = 4096                   // … and for all
	freeTurn   = 4
)

// relayed is an offer that waits to be handed out.
type relayed struct {
	from, to *peer
	id       [20]byte
	sdp      string
}

// relays are the offers on their way to one socket.
type relays struct {
	next          time.Time // when another would go if each had waited for its time
	boosted, free []relayed // that wait, oldest first
	turns         int       // of boosted ones since a free one went
}

func (r *relays) waiting() int { return len(r.boosted) + len(r.free) }

// may says whether another offer may go now.
func (t *Tracker) may(now time.Time, r *relays) bool {
	return r.next.Sub(now) <= time.Duration(t.config.RelayBurst-1)*relayEvery
}

// due is when the next of those that wait may go.
func (t *Tracker) relayDue(r *relays) time.Time {
	return r.next.Add(-time.Duration(t.config.RelayBurst-1) * relayEvery)
}

// relay hands an offer out, or has it wait.
func (t *Tracker) relay(now time.Time, o relayed) {
	to := o.to.conn
	if to.relays.waiting() == 0 && (t.may(now, &to.relays) || t.waiting == maxAllWait) {
		t.hand(now, o)
		return
	}
	if to.relays.waiting() == maxWaiting || t.waiting == maxAllWait {
		t.handNext(now, to)
	}
	if to.relays.waiting() == 0 && !slices.Contains(t.crowded, to) {
		t.crowded = append(t.crowded, to)
	}
	if t.config.Boosted(o.from.swarm.infohash) {
		to.relays.boosted = append(to.relays.boosted, o)
	} else {
		to.relays.free = append(to.relays.free, o)
	}
	o.from.waiting++
	t.waiting++
}

// hand hands an offer out.
func (t *Tracker) hand(now time.Time, o relayed) {
	r := &o.to.conn.relays
	if r.next.Before(now) {
		r.next = now
	}
	if next := r.next.Add(relayEvery); !next.After(now.Add(time.Duration(t.config.RelayBurst) * relayEvery)) {
		r.next = next // what goes out of its time makes others wait no longer
	}
	t.offers.add(now, offerKey{o.from, o.to, o.id}, o.sdp)
	t.send(o.to.conn.handle, relayedOffer(o))
}

// relayDueNow hands out what waited for its time.
func (t *Tracker) relayDueNow(now time.Time) {
	for _, c := range t.crowded {
		for c.relays.waiting() > 0 && t.may(now, &c.relays) {
			t.handNext(now, c)
		}
	}
	t.crowded = slices.DeleteFunc(t.crowded, func(c *conn) bool { return c.relays.waiting() == 0 })
}

// handNext hands out the one whose turn it is, if both sides are still there.
func (t *Tracker) handNext(now time.Time, c *conn) {
	if o := t.takeRelay(&c.relays); here(o.from) && here(o.to) {
		t.hand(now, o)
	}
}

// takeRelay removes and returns the one whose turn it is.
func (t *Tracker) takeRelay(r *relays) (next relayed) {
	if len(r.free) > 0 && (len(r.boosted) == 0 || r.turns >= freeTurn-1) {
		next, r.free, r.turns = r.free[0], r.free[1:], 0
	} else {
		next, r.boosted, r.turns = r.boosted[0], r.boosted[1:], r.turns+1
	}
	next.from.waiting--
	t.waiting--
	return next
}

// forgetRelays drops what waits for a socket that is gone.
func (t *Tracker) forgetRelays(c *conn) {
	for c.relays.waiting() > 0 {
		t.takeRelay(&c.relays)
	}
	t.crowded = slices.DeleteFunc(t.crowded, func(other *conn) bool { return other == c })
}

// here says whether a peer is still in its swarm.
func here(p *peer) bool { return p.swarm.peers[p.id] == p }
