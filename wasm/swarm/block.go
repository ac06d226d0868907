package swarm

import "fanseed/wasm/wire"

// gotBlock takes a block of a piece.
func (s *Swarm) gotBlock(p *peer, m wire.Message) {
	if s.info == nil || m.Begin%BlockSize != 0 || !s.fits(m) {
		s.drop(p, BadBlock)
		return
	}
	n := p.findRequest(int32(m.Index), int32(m.Begin/BlockSize), false)
	if n < 0 {
		s.gotStray(p, m)
		return
	}
	q := p.requests.all()[n]
	pc := s.pieceOf(q)
	if pc != nil && pc.accepts(p, int(q.block)) && !pc.isGenuine(int(q.block), m.Data) {
		s.total.wasted += uint64(len(m.Data))
		s.drop(p, BadLeaf)
		return
	}
	p.requests.remove(n)
	s.account(p, q, len(m.Data))
	s.settleRequest(p, q)
	if pc != nil && pc.accepts(p, int(q.block)) {
		s.arrive(p, pc, q, m.Data)
	} else {
		s.total.wasted += uint64(len(m.Data))
	}
	s.fill(p)
}

// fits tells whether a block lies where one of ours does, and has its length.
func (s *Swarm) fits(m wire.Message) bool {
	if int64(m.Index) >= int64(s.pieces()) {
		return false
	}
	size := s.dataSize(int(m.Index))
	return m.Begin < size && uint32(len(m.Data)) == min(BlockSize, size-m.Begin)
}

// gotStray takes a block that we do not wait for. As many as we gave up on are no fault.
func (s *Swarm) gotStray(p *peer, m wire.Message) {
	s.total.wasted += uint64(len(m.Data))
	if p.stray > 0 {
		p.stray--
		return
	}
	if p.unasked++; p.unasked > maxUnasked {
		s.drop(p, Unrequested)
	}
}

// account counts a block that was asked for.
func (s *Swarm) account(p *peer, q request, bytes int) {
	p.received += uint64(bytes)
	s.total.received += uint64(bytes)
	p.downRate.count(bytes)
	p.waiting, p.answered = s.now, q.asked
	p.snubbed, p.rejects = false, 0
	if !q.released {
		p.pace(s.now.Sub(q.asked), min(p.reqq, s.limits.Reqq))
	}
}

// settleRequest takes an answered request out of the books.
func (s *Swarm) settleRequest(p *peer, q request) {
	if q.released {
		return
	}
	p.asked--
	if pc := s.pieceOf(q); pc != nil {
		pc.pending--
		pc.blocks[q.block].asked--
	}
}

// arrive puts a block into its piece.
func (s *Swarm) arrive(p *peer, pc *piece, q request, data []byte) {
	n := int(q.block)
	b := &pc.blocks[n]
	if q.released && b.asked == 0 {
		pc.unasked--
	}
	if pc.unasked == 0 {
		s.tighten(pc)
	}
	b.arrived, b.giver = true, p.id
	pc.left--
	s.emit(Effect{Kind: Write, Index: pc.index, Begin: uint32(n) * BlockSize, Block: data})
	if b.asked > 0 {
		s.cancel(pc, n)
	}
	if pc.left == 0 {
		s.verify(pc)
	}
}

// cancel tells the others that were asked for a block that it has come. With the fast extension they still answer, with a reject at
// least; without it they need not.
func (s *Swarm) cancel(pc *piece, n int) {
	for _, p := range s.peers {
		at := p.findRequest(int32(pc.index), int32(n), false)
		if at < 0 || p.requests.all()[at].released {
			continue
		}
		q := &p.requests.all()[at]
		s.settleRequest(p, *q)
		q.released = true
		s.send(p, blockMessage(wire.KindCancel, pc, n))
		if !p.fast {
			p.requests.remove(at)
			p.stray++
		}
	}
	s.stirred = true
}
