package swarm

import (
	"slices"

	"fanseed/wasm/wire"
)

// gotReject takes back a request. One that we had not given up ourselves, by a cancel or when p choked us, means that p does not serve that
// piece, whatever its bitfield says: it is asked for others, and after many rejects in a row for nothing for a while
// (https://www.bittorrent.org/beps/bep_0006.html).
func (s *Swarm) gotReject(p *peer, m wire.Message) {
	n := p.findRequest(int32(m.Index), int32(m.Begin/BlockSize), true)
	if s.info == nil || n < 0 {
		return
	}
	given := p.requests.all()[n].released
	s.release(p, &p.requests.all()[n])
	p.requests.remove(n)
	if !given {
		s.refuse(p, m.Index)
		s.fill(p)
	}
}

func (s *Swarm) refuse(p *peer, index uint32) {
	if p.refused == nil {
		p.refused = wire.NewBitfield(s.pieces())
	}
	p.refused.Set(int(index))
	p.refusedUntil = s.now.Add(refusedFor)
	s.forfeit(p, int32(index))
	if p.rejects++; p.rejects >= maxRejects {
		p.rejects, p.snubbed = 0, true
		p.resting = s.now.Add(refusedFor)
		s.suspend(p)
	}
}

// gotSuggest remembers a piece that p would like to give.
func (s *Swarm) gotSuggest(p *peer, m wire.Message) {
	p.suggested = s.advise(p, p.suggested, m)
	p.adviceAt = s.now
}

// gotAllowedFast remembers a piece that p gives even while it chokes us.
func (s *Swarm) gotAllowedFast(p *peer, m wire.Message) {
	p.allowed = s.advise(p, p.allowed, m)
	s.fill(p)
}

// advise appends the piece to pieces, of which the newest few are kept. Before the metadata is known any number may be right; what
// turns out to be none is never picked, as no bitfield has it.
func (s *Swarm) advise(p *peer, pieces []int32, m wire.Message) []int32 {
	if m.Index >= maxEarlyBits && s.info == nil || s.info != nil && int64(m.Index) >= int64(s.pieces()) {
		s.drop(p, BadHave)
		return nil
	}
	if slices.Contains(pieces, int32(m.Index)) {
		return pieces
	}
	if len(pieces) == maxAdvice {
		pieces = slices.Delete(pieces, 0, 1)
	}
	return append(pieces, int32(m.Index))
}

// allowFast lets a new peer have a few pieces while it is choked, so that it soon has something to give, unless it is left to others. BEP 6 derives them from the
// peer's address, which is not known behind WebRTC: here they are random.
func (s *Swarm) allowFast(p *peer) {
	if !p.fast || s.cfg.Yields || s.info == nil || s.pieces()-s.left < 2*allowedFast {
		return
	}
	for len(p.granted) < allowedFast {
		i := s.rand.IntN(s.pieces())
		if !s.have.Has(i) || slices.Contains(p.granted, int32(i)) {
			if s.left > 0 {
				return
			}
			continue
		}
		p.granted = append(p.granted, int32(i))
		p.grant += s.info.PieceSize(i)
		s.send(p, wire.Message{Kind: wire.KindAllowedFast, Index: uint32(i)})
	}
}
