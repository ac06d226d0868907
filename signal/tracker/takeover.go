package tracker

import (
	"container/list"
	"slices"
	"time"

	"fanseed/signal/announce"
)

// takeover is an announce of a peer id that another socket owns. That socket is pinged, and the newcomer takes over when it is closed
// or does not answer within 5 s. Were the newcomer let in at once, anybody could have another peer's offers sent to its own socket;
// were it never let in, as by the reference server, a peer whose old socket has died unnoticed would stay out.
type takeover struct {
	peer     *peer
	newcomer *conn
	message  announce.Announce // without its offers
	due      time.Time
	element  *list.Element // in Tracker.takeovers
}

func (t *Tracker) takeover(now time.Time, c Conn, p *peer, m *announce.Announce) {
	newcomer := t.conn(c)
	if p.takeover != nil && p.takeover.newcomer == newcomer {
		return // it waits already
	}
	if p.takeover != nil || len(newcomer.takeovers) >= t.config.MaxJoined {
		t.refuse(c, m, refuseTaken)
		return
	}
	next := &takeover{peer: p, newcomer: newcomer, message: *m, due: now.Add(takeoverTime)}
	next.message.Offers = nil
	next.element = t.takeovers.PushBack(next)
	newcomer.takeovers = append(newcomer.takeovers, next)
	p.takeover = next
	t.emit(Ping{p.conn.handle})
}

// vacate removes a peer, and lets in the newcomer that waits for its id.
func (t *Tracker) vacate(now time.Time, p *peer) {
	t.remove(p)
	if next := t.endTakeover(p); next != nil {
		t.announce(now, next.newcomer.handle, &next.message)
	}
}

// refuseTakeover refuses the newcomer that waits for a peer's id.
func (t *Tracker) refuseTakeover(p *peer, reason string) {
	if next := t.endTakeover(p); next != nil {
		t.refuse(next.newcomer.handle, &next.message, reason)
	}
}

// endTakeover forgets and returns what waits for a peer's id, nil when nothing does.
func (t *Tracker) endTakeover(p *peer) *takeover {
	ended := p.takeover
	if ended != nil {
		p.takeover = nil
		t.takeovers.Remove(ended.element)
		of := ended.newcomer
		i := slices.Index(of.takeovers, ended)
		of.takeovers = slices.Delete(of.takeovers, i, i+1)
	}
	return ended
}
