package tracker

import (
	"time"

	"fanseed/signal/announce"
)

// Reasons for which an announce is refused; stock clients show them as warnings.
const (
	refuseUntracked  = "this server does not track this torrent"
	refuseSwarms     = "this server tracks too many torrents"
	refusePeers      = "this swarm is full"
	refuseInfohashes = "too many infohashes on one socket"
	refuseIDs        = "too many peer ids on one socket"
	refuseTaken      = "this peer_id is in use on another socket"
	refuseFullScrape = "a scrape must name its infohashes"
)

func (t *Tracker) announce(now time.Time, c Conn, m *announce.Announce) {
	if !t.config.Allow(m.Infohash) {
		t.refuse(c, m, refuseUntracked)
		return
	}
	if s := t.swarms[m.Infohash]; s != nil {
		if p := s.peers[m.PeerID]; p != nil {
			t.known(now, c, p, m)
			return
		}
	}
	t.unknown(now, c, m)
}

// known takes an announce for a peer id that is in the swarm.
func (t *Tracker) known(now time.Time, c Conn, p *peer, m *announce.Announce) {
	switch {
	case p.conn.handle != c && m.Event == announce.EventStopped:
		t.reply(c, m) // it was never in, so it leaves as a peer that nobody knew
	case p.conn.handle != c:
		t.takeover(now, c, p, m)
	case m.Event == announce.EventStopped:
		t.vacate(now, p)
		t.reply(c, m)
	default:
		t.renew(now, p, m)
		t.reply(c, m)
		t.relayOffers(now, p, m.Offers)
	}
}

// unknown takes an announce of a peer that is not in the swarm, whatever its event.
func (t *Tracker) unknown(now time.Time, c Conn, m *announce.Announce) {
	if m.Event == announce.EventStopped {
		t.reply(c, m)
		return
	}
	s, reason := t.admit(c, m)
	if s == nil {
		t.refuse(c, m, reason)
		return
	}
	p := t.join(now, s, t.conn(c), m.PeerID, m.Left == 0)
	t.reply(c, m)
	t.relayOffers(now, p, m.Offers)
}

// admit returns the swarm for a new peer, or the reason why it may not join.
func (t *Tracker) admit(c Conn, m *announce.Announce) (*swarm, string) {
	conn := t.conn(c)
	infohashes, ids := conn.joined(m.Infohash, m.PeerID)
	if infohashes > t.config.MaxJoined && !conn.unlimited {
		return nil, refuseInfohashes
	}
	if ids > t.config.MaxIDs {
		return nil, refuseIDs
	}
	s := t.swarm(m.Infohash)
	if s == nil {
		return nil, refuseSwarms
	}
	if len(s.peers) >= t.config.MaxPeers {
		return nil, refusePeers
	}
	return s, ""
}

// renew takes what a member's announce says of it. A left that is not known changes nothing.
func (t *Tracker) renew(now time.Time, p *peer, m *announce.Announce) {
	p.heard = now
	t.peers.MoveToBack(p.element)
	t.refuseTakeover(p, refuseTaken) // it lives
	if m.Event == announce.EventCompleted {
		if !p.complete {
			p.swarm.downloaded++
		}
		p.swarm.move(p, true)
		return
	}
	if m.Left != announce.LeftUnknown {
		p.swarm.move(p, m.Left == 0)
	}
}

func (t *Tracker) reply(c Conn, m *announce.Announce) {
	complete, incomplete, _ := t.Counts(m.Infohash)
	jitter := 0.9 + 0.2*t.config.Rand.Float64()
	t.send(c, &announce.Reply{
		Infohash: m.Infohash, Complete: complete, Incomplete: incomplete,
		Interval: int(t.interval(m.Infohash).Seconds()*jitter + 0.5),
	})
}

// boostedOften is how many times as often a boosted work is announced. Each announce brings as many introductions as another, of stock
// clients too, which obey the interval.
const boostedOften = 4

func (t *Tracker) interval(infohash [20]byte) time.Duration {
	if t.config.Boosted(infohash) {
		return t.config.Interval / boostedOften
	}
	return t.config.Interval
}

func (t *Tracker) refuse(c Conn, m *announce.Announce, reason string) {
	t.send(c, &announce.Failure{Infohash: m.Infohash, Reason: reason})
}

// scrape answers in the order that was asked, with zeros for what is not tracked, as the reference server does.
func (t *Tracker) scrape(c Conn, m *announce.Scrape) {
	if len(m.Infohashes) == 0 {
		t.send(c, &announce.Failure{Scrape: true, Reason: refuseFullScrape})
		return
	}
	reply := &announce.ScrapeReply{MinInterval: int(t.config.Interval.Seconds())}
	seen := map[[20]byte]bool{}
	for _, infohash := range m.Infohashes {
		if seen[infohash] {
			continue
		}
		seen[infohash] = true
		f := announce.File{Infohash: infohash}
		f.Complete, f.Incomplete, f.Downloaded = t.Counts(infohash)
		reply.Files = append(reply.Files, f)
	}
	t.send(c, reply)
}
