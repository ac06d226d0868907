package tracker

import (
	"container/list"
	"slices"
	"time"

	"fanseed/signal/announce"
)

// A peer id belongs to the socket that announced it first. Another socket that announces it claims it: the old socket is pinged, and
// the claimer takes over when the old one is closed or does not answer within 5 s. Were it let in at once, anybody could have another
// peer's offers sent to its own socket; the reference server keeps the old socket instead, even a dead one.

// claim is an announce that waits for the fate of the socket that owns its peer id. Its offers are not kept.
type claim struct {
	peer    *peer
	conn    *conn
	message announce.Announce
	due     time.Time
	element *list.Element // in Tracker.claims
}

func (t *Tracker) claim(now time.Time, c Conn, p *peer, m *announce.Announce) {
	claimer := t.conn(c)
	if p.claim != nil && p.claim.conn == claimer {
		return // it waits already
	}
	if p.claim != nil || len(claimer.claims) >= t.config.MaxJoined {
		t.refuse(c, m, refuseTaken)
		return
	}
	p.claim = &claim{peer: p, conn: claimer, message: *m, due: now.Add(claimLifetime)}
	p.claim.message.Offers = nil
	p.claim.element = t.claims.PushBack(p.claim)
	claimer.claims = append(claimer.claims, p.claim)
	t.emit(Ping{p.conn.handle})
}

// vacate removes a peer, and lets in the socket that claims its id.
func (t *Tracker) vacate(now time.Time, p *peer) {
	t.remove(p)
	if c := t.takeClaim(p); c != nil {
		t.announce(now, c.conn.handle, &c.message)
	}
}

// refuseClaim refuses the socket that claims a peer's id.
func (t *Tracker) refuseClaim(p *peer, reason string) {
	if c := t.takeClaim(p); c != nil {
		t.refuse(c.conn.handle, &c.message, reason)
	}
}

func (t *Tracker) takeClaim(p *peer) *claim {
	c := p.claim
	if c != nil {
		t.claims.Remove(c.element)
		i := slices.Index(c.conn.claims, c)
		c.conn.claims = slices.Delete(c.conn.claims, i, i+1)
		p.claim = nil
	}
	return c
}
