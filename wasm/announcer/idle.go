package announcer

import (
	"time"

	"fanseed/signal/announce"
)

// Idle tells a server that we are logged in at that we would seed boosted works of so many bytes together. It may answer by one [Handed].
// False: nobody was told. It dials if nothing else was to do.
func (a *Announcer) Idle(now time.Time, room uint64) bool {
	a.wake(now)
	if !a.link.account {
		return false
	}
	a.link.idle = true
	a.send(&announce.Idle{Room: min(room, announce.MaxAmount)})
	return true
}

// handed takes the answer to the last Idle. A server that hands out more than it was asked for is not heard.
func (a *Announcer) handed(m *announce.Help) {
	if a.link.idle && a.link.account && a.torrent(m.Infohash) == nil {
		a.link.idle = false
		a.emit(Handed{m.Infohash, m.Length, m.Lasts})
	}
}
