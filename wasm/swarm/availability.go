package swarm

import "fanseed/wasm/wire"

// availability is what a peer says that it has.
type availability struct {
	has    wire.Bitfield // nil before the metadata is known
	told   bool          // it has sent a bitfield, its equivalent, or a have
	seed   bool          // counted in rarity.seeds, not piece by piece
	count  int           // pieces that it has
	wanted int           // of those, the ones that we lack and want
	open   int           // of those, the ones that nobody fetches

	// Before the metadata is known nothing can be checked, only kept.
	earlyAll   bool
	earlyBits  []byte        // a bitfield as it came
	earlyHaves wire.Bitfield // as long as the highest have asks for
}

func (s *Swarm) allocateAvailability(p *peer) {
	if s.info != nil {
		p.has = wire.NewBitfield(s.pieces())
	}
}

// sendHave tells a new peer what we have. BEP 3 lets the message be left out when that is nothing; BEP 6 does not.
func (s *Swarm) sendHave(p *peer) {
	some := s.info != nil && s.left < s.pieces()
	switch {
	case p.fast && s.complete():
		s.send(p, wire.Message{Kind: wire.KindHaveAll})
	case some:
		s.send(p, wire.Message{Kind: wire.KindBitfield, Data: s.have})
	case p.fast:
		s.send(p, wire.Message{Kind: wire.KindHaveNone})
	}
}

// gotBitfield takes the bitfield, which may only come before every other word on what the peer has
// (https://www.bittorrent.org/beps/bep_0003.html). Extended messages may come earlier still.
func (s *Swarm) gotBitfield(p *peer, m wire.Message) {
	tooLate := p.told
	p.told = true
	switch {
	case tooLate:
		s.drop(p, BadBitfield)
	case s.info != nil:
		s.takeBitfield(p, m.Data)
	case len(m.Data) > maxEarlyBits/8:
		s.drop(p, BadBitfield)
	default:
		p.earlyBits = append([]byte{}, m.Data...)
	}
}

func (s *Swarm) takeBitfield(p *peer, bits wire.Bitfield) {
	if !bits.Valid(s.pieces()) {
		s.drop(p, BadBitfield)
		return
	}
	copy(p.has, bits)
	s.addAvailability(p)
}

func (s *Swarm) gotHaveAll(p *peer) {
	tooLate := p.told
	p.told = true
	switch {
	case tooLate:
		s.drop(p, BadBitfield)
	case s.info != nil:
		s.takeAll(p)
	default:
		p.earlyAll = true
	}
}

func (s *Swarm) takeAll(p *peer) {
	for i := range s.pieces() {
		p.has.Set(i)
	}
	s.addAvailability(p)
}

func (s *Swarm) gotHaveNone(p *peer) {
	if p.told {
		s.drop(p, BadBitfield)
	}
	p.told = true
}

func (s *Swarm) gotHave(p *peer, m wire.Message) {
	p.told = true
	switch {
	case s.info == nil && m.Index < maxEarlyBits:
		p.keepHave(int(m.Index))
	case int64(m.Index) >= int64(s.pieces()):
		s.drop(p, BadHave)
	case !p.has.Has(int(m.Index)):
		s.addHave(p, int(m.Index))
	}
}

func (a *availability) keepHave(i int) {
	for len(a.earlyHaves) <= i/8 {
		a.earlyHaves = append(a.earlyHaves, 0)
	}
	a.earlyHaves.Set(i)
}

// addHave counts one more piece of p.
func (s *Swarm) addHave(p *peer, i int) {
	p.has.Set(i)
	p.count++
	s.rarity.increase(s.rand, i)
	s.noteSupply(p, i)
	if s.lacks(i) {
		p.wanted++
	}
	if s.rarity.isOpen(i) {
		p.open++
	}
	s.haveChanged(p)
}

// addAvailability counts all that is in p.has.
func (s *Swarm) addAvailability(p *peer) {
	n := s.pieces()
	p.count = p.has.Count()
	p.seed = p.count == n
	if p.seed {
		s.rarity.seeds++
	}
	for i := range n {
		if !p.has.Has(i) {
			continue
		}
		if !p.seed {
			s.rarity.increase(s.rand, i)
		}
		if s.lacks(i) {
			p.wanted++
		}
		if s.rarity.isOpen(i) {
			p.open++
		}
	}
	s.haveChanged(p)
}

// subtractAvailability takes back what p counted for, when it is gone.
func (s *Swarm) subtractAvailability(p *peer) {
	if p.seed {
		s.rarity.seeds--
		return
	}
	for i := 0; p.count > 0 && i < s.pieces(); i++ {
		if p.has.Has(i) {
			s.rarity.decrease(s.rand, i)
		}
	}
}

// haveChanged does what follows from a peer having more.
func (s *Swarm) haveChanged(p *peer) {
	s.hashes.stirred = s.hashes.stirred || p.v2 && s.lacking.len() > 0
	s.updateInterest(p)
	s.fill(p)
	s.leaveUseless(p)
}

// replayAvailability checks and counts what p said before the metadata was known.
func (s *Swarm) replayAvailability(p *peer) {
	s.allocateAvailability(p)
	switch {
	case p.earlyAll:
		s.takeAll(p)
	case p.earlyBits != nil:
		s.takeBitfield(p, p.earlyBits)
	}
	haves := p.earlyHaves
	p.earlyBits, p.earlyHaves = nil, nil
	for i := 0; i < 8*len(haves) && !p.gone && p.leaving == ""; i++ {
		if haves.Has(i) {
			s.gotHave(p, wire.Message{Kind: wire.KindHave, Index: uint32(i)})
		}
	}
}

// updateInterest tells p whether it has anything that we want, when that has changed.
func (s *Swarm) updateInterest(p *peer) {
	want := s.downloading() && p.wanted > 0 && p.leaving == ""
	if want == p.interesting {
		return
	}
	p.interesting = want
	if p.webseed {
		return
	}
	kind := wire.KindNotInterested
	if want {
		kind = wire.KindInterested
	}
	s.send(p, wire.Message{Kind: kind})
}

func (s *Swarm) updateInterests() {
	for _, p := range s.peers {
		s.updateInterest(p)
	}
}
