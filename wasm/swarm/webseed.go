package swarm

import (
	"time"

	"fanseed/wasm/wire"
)

// OpenedWebseed says that a webseed may be asked for pieces (https://www.bittorrent.org/beps/bep_0019.html): a peer that has everything,
// never chokes, and wants nothing.
func (s *Swarm) OpenedWebseed(now time.Time, p Peer) {
	h := wire.NewHandshake(s.cfg.Infohash, [20]byte{'-', 'W', 'S', '0', '0', '0', '0', '-', byte(p), byte(p >> 8), byte(p >> 16), byte(p >> 24)})
	s.begin(now)
	s.open(p, h)
	if p := s.byHandle[p]; p != nil {
		p.told = true
		s.takeAll(p)
	}
	if p := s.byHandle[p]; p != nil {
		s.gotUnchoke(p)
	}
	s.end()
}
