package swarm

import (
	"time"

	"fanseed/wasm/wire"
)

// Received says that a message arrived. m.Data is lent until the effects have been taken.
func (s *Swarm) Received(now time.Time, p Peer, m wire.Message) {
	s.begin(now)
	if p := s.byHandle[p]; p != nil {
		s.receive(p, m)
	}
	s.end()
}

func (s *Swarm) receive(p *peer, m wire.Message) {
	p.heard = s.now
	switch {
	case !p.cheap.take(s.now, cost(m.Kind)):
		s.drop(p, MessageFlood)
	case p.leaving != "" && m.Kind != wire.KindExtended:
		// Only receipts are still of interest.
	case isFast(m.Kind) && !p.fast:
		s.drop(p, NotFast) // https://www.bittorrent.org/beps/bep_0006.html: MUST close
	default:
		s.dispatch(p, m)
	}
}

func isFast(k wire.Kind) bool { return k >= wire.KindSuggest && k <= wire.KindAllowedFast }

func (s *Swarm) dispatch(p *peer, m wire.Message) {
	switch m.Kind {
	case wire.KindChoke:
		s.gotChoke(p)
	case wire.KindUnchoke:
		s.gotUnchoke(p)
	case wire.KindInterested:
		s.gotInterested(p)
	case wire.KindNotInterested:
		s.gotNotInterested(p)
	case wire.KindHave:
		s.gotHave(p, m)
	case wire.KindBitfield:
		s.gotBitfield(p, m)
	case wire.KindHaveAll:
		s.gotHaveAll(p)
	case wire.KindHaveNone:
		s.gotHaveNone(p)
	case wire.KindRequest:
		s.gotRequest(p, m)
	case wire.KindCancel:
		s.gotCancel(p, m)
	case wire.KindPiece:
		s.gotBlock(p, m)
	case wire.KindReject:
		s.gotReject(p, m)
	case wire.KindSuggest:
		s.gotSuggest(p, m)
	case wire.KindAllowedFast:
		s.gotAllowedFast(p, m)
	case wire.KindExtended:
		s.gotExtended(p, m)
	case wire.KindHashRequest:
		s.gotHashRequest(p, m)
	case wire.KindHashes:
		s.gotHashes(p, m)
	case wire.KindHashReject:
		s.gotHashReject(p, m)
	}
}
