package announcer

import (
	"slices"
	"time"

	"fanseed/signal/announce"
)

// maxAsked is how many challenges are answered at a time.
const maxAsked = 8

// asked is a challenge that the server of this socket waits for.
type asked struct {
	id  uint64
	due time.Time
}

// pinged says at once that we are here, to a server that knows who we are.
func (a *Announcer) pinged(m *announce.Ping) {
	if a.link.account {
		a.send(&announce.Pong{Nonce: m.Nonce})
	}
}

func (a *Announcer) challenged(now time.Time, m *announce.Challenge) {
	a.link.asked = slices.DeleteFunc(a.link.asked, func(c asked) bool { return now.After(c.due) })
	if !a.link.account || a.torrent(m.Infohash) == nil || len(a.link.asked) == maxAsked {
		return
	}
	due := now.Add(min(time.Duration(m.Deadline), time.Hour/time.Millisecond) * time.Millisecond)
	a.link.asked = append(a.link.asked, asked{m.ID, due})
	a.emit(Challenged{ID: m.ID, Infohash: m.Infohash, Nonce: m.Nonce, PublicKey: a.config.PublicKey, Count: m.Count})
}

// Prove sends a block of the answer to a challenge. False: nobody waits for it any more.
func (a *Announcer) Prove(now time.Time, p announce.Proof) bool {
	i := slices.IndexFunc(a.link.asked, func(c asked) bool { return c.id == p.ID })
	if i < 0 || now.After(a.link.asked[i].due) {
		return false
	}
	a.send(&p)
	return true
}

// Waits says whether the server waits for the answer to a challenge.
func (a *Announcer) Waits(now time.Time, id uint64) bool {
	return slices.ContainsFunc(a.link.asked, func(c asked) bool { return c.id == id && !now.After(c.due) })
}
