package hub

import (
	"slices"
	"time"

	"fanseed/signal/announce"
)

// idle hands a client that has nothing else to do a boosted work, if there is one for it. What it says of its room is its own affair: it is
// handed one work at a time, and the same one not again for an hour.
func (h *Hub) idle(c *client, m *announce.Idle) {
	if !c.loggedIn {
		c.send(&announce.Error{Code: codeNotLoggedIn, Message: "log in before you help"})
		return
	}
	if h.now.Before(c.idleAgain) || h.config.Uncredited[c.account] {
		return
	}
	c.idleAgain = h.now.Add(idleEvery)
	h.attention.turn(h.now)
	if len(c.helping) >= maxHelping || len(h.attention.lately) >= maxHanded {
		return
	}
	if w, length := h.choose(c, m.Room); w != nil {
		h.hand(c, w)
		c.send(&announce.Help{Infohash: w.Infohash, Length: uint64(length), Lasts: uint64(w.Ends.Sub(h.now) / time.Second)})
	}
}

// turn forgets what was handed out long ago.
func (a *attention) turn(now time.Time) {
	switch age := now.Sub(a.turned); {
	case age >= 2*rememberFor:
		a.lately, a.older, a.turned = map[handing]bool{}, map[handing]bool{}, now
	case age >= rememberFor:
		a.lately, a.older, a.turned = map[handing]bool{}, a.lately, now
	}
}

// hand gives a client a place among those who help a work.
func (h *Hub) hand(c *client, w *Boosted) {
	a, p := &h.attention, &help{client: c, infohash: w.Infohash, net: c.net}
	a.handed++
	a.lately[handing{c.account, w.Infohash}] = true
	if a.helpers[p.infohash] == nil {
		a.helpers[p.infohash] = map[string]int{}
	}
	a.helpers[p.infohash][p.net]++
	c.helping = append(c.helping, p)
	a.checks.add(h.now.Add(takeWithin), p)
}

// checkHelp gives a place back whose client is not in the swarm.
func (h *Hub) checkHelp(p *help) {
	if p.over {
		return
	}
	if !h.tracker.Joined(p.client.handle, p.infohash) {
		h.endHelp(p)
		return
	}
	h.attention.checks.add(h.now.Add(takeWithin), p)
}

func (h *Hub) endHelp(p *help) {
	p.over = true
	p.client.helping = slices.DeleteFunc(p.client.helping, func(other *help) bool { return other == p })
	nets := h.attention.helpers[p.infohash]
	if nets[p.net]--; nets[p.net] == 0 {
		delete(nets, p.net)
	}
	if len(nets) == 0 {
		delete(h.attention.helpers, p.infohash)
	}
}

// stopsHelping notes that a client has left a swarm.
func (h *Hub) stopsHelping(c *client, infohash [20]byte) {
	for _, p := range slices.Clone(c.helping) {
		if p.infohash == infohash {
			h.endHelp(p)
		}
	}
}

// leaveHelp gives back all places of a client that is gone.
func (h *Hub) leaveHelp(c *client) {
	for len(c.helping) > 0 {
		h.endHelp(c.helping[0])
	}
}
