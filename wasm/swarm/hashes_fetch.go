package swarm

import (
	"bytes"
	"slices"
	"time"

	"fanseed/wasm/merkle"
	"fanseed/wasm/wire"
)

// hashFetch is what we ask of a peer's hashes.
type hashFetch struct {
	v2          bool // it speaks BEP 52 for this torrent
	queries     []*hashQuery
	lateHashes  int       // answers that may still come to queries that we gave up
	hashesAfter time.Time // nothing is asked of it before
}

// hashQuery is a part of a layer that is wanted.
type hashQuery struct {
	tree                *tree
	base, index, length int
	piece               int    // whose leaves they are
	generation          uint32 // of the fetch of that piece; 0 for a part of a piece layer
	request             []byte // as it was sent
	asked               time.Time
}

// target returns the node that the answer is held against: its hash, its height, and where the query's hashes begin below it. It is known
// from the query's beginning on.
func (s *Swarm) target(q *hashQuery) (node merkle.Hash, height, begin int) {
	t := q.tree
	if q.generation == 0 {
		return t.root, s.treeHeight(t), q.index
	}
	span := s.span(t)
	node, _ = t.hash(q.index >> span)
	return node, span, q.index & (1<<span - 1)
}

// askHashes asks for what is lacking: for leaves of bad pieces first, then for piece layers.
func (s *Swarm) askHashes() {
	if s.stopped || len(s.audits) == 0 && s.lacking.len() == 0 {
		return
	}
	s.audits = slices.DeleteFunc(s.audits, s.askLeaves)
	for _, p := range s.peers {
		for s.lacking.len() > 0 && p.count > 0 && s.mayAskHashes(p) && len(p.queries) < maxQueries {
			s.askFor(p, s.lacking.all()[0])
			s.lacking.remove(0)
		}
	}
}

// askLeaves asks somebody for leaves of a bad piece. It returns false when those who may be asked are busy.
func (s *Swarm) askLeaves(q *hashQuery) bool {
	if s.audited(q) == nil {
		return true
	}
	able := false
	for _, p := range s.peers {
		if !s.mayAskHashes(p) || !p.has.Has(q.piece) {
			continue
		}
		if able = true; len(p.queries) < maxQueries {
			s.askFor(p, q)
			return true
		}
	}
	if !able {
		s.giveUpAudit(s.active[q.piece])
	}
	return !able
}

func (s *Swarm) mayAskHashes(p *peer) bool {
	return p.v2 && p.leaving == "" && !p.gone && !s.now.Before(p.hashesAfter)
}

func (s *Swarm) askFor(p *peer, q *hashQuery) {
	_, height, _ := s.target(q)
	r := wire.HashRange{
		Root: q.tree.root, Base: uint32(q.base), Index: uint32(q.index), Length: uint32(q.length), Proof: uint32(height - q.base - 1),
	}
	q.request, q.asked = r.Append(nil), s.now
	p.queries = append(p.queries, q)
	s.send(p, wire.Message{Kind: wire.KindHashRequest, Data: q.request})
}

// takeQuery takes the query that an answer is for out of the peer's; nil when there is none.
func (p *peer) takeQuery(answer []byte) *hashQuery {
	for n, q := range p.queries {
		if bytes.HasPrefix(answer, q.request) {
			p.queries = append(p.queries[:n:n], p.queries[n+1:]...)
			return q
		}
	}
	return nil
}

// gotHashes takes hashes, which must be proven right: those of the range one after the other, then those of the proof from the lowest
// layer up.
func (s *Swarm) gotHashes(p *peer, m wire.Message) {
	q := p.takeQuery(m.Data)
	if q == nil {
		s.gotStrayHashes(p)
		return
	}
	root, height, index := s.target(q)
	hashes, size := m.Data[wire.HashRangeSize:], q.length*merkle.HashSize
	part := merkle.Range{Base: q.base, Index: index, Length: q.length}
	if len(hashes) < size || !merkle.Verify(root, height, part, hashes[:size], hashes[size:]) {
		s.wantHashes(q)
		s.drop(p, BadHashes)
		return
	}
	s.hashes.stirred = true
	if q.generation == 0 {
		s.takeLayerPart(q, hashes[:size])
	} else if pc := s.audited(q); pc != nil {
		s.takeLeaves(pc, q, hashes[:size])
	}
}

// gotStrayHashes takes hashes that we do not wait for. As many as we gave up on are no fault.
func (s *Swarm) gotStrayHashes(p *peer) {
	if p.lateHashes > 0 {
		p.lateHashes--
		return
	}
	if p.unasked++; p.unasked > maxUnasked {
		s.drop(p, Unrequested)
	}
}

// gotHashReject asks others.
func (s *Swarm) gotHashReject(p *peer, m wire.Message) {
	if q := p.takeQuery(m.Data); q != nil {
		s.wantHashes(q)
		s.restHashes(p)
	}
}

// restHashes leaves a peer that has no hashes to give alone for a while.
func (s *Swarm) restHashes(p *peer) { p.hashesAfter = s.now.Add(refusedFor) }

// wantHashes lists a query that was not answered again.
func (s *Swarm) wantHashes(q *hashQuery) {
	if q.generation == 0 {
		s.lacking.push(q)
	} else {
		s.audits = append(s.audits, q)
	}
	s.hashes.stirred = true
}

// forfeitHashes lets others be asked for all that p was asked for.
func (s *Swarm) forfeitHashes(p *peer) {
	for _, q := range p.queries {
		s.wantHashes(q)
	}
	p.queries = nil
}

// watchHashes gives up on queries that are not answered.
func (s *Swarm) watchHashes(p *peer) {
	if len(p.queries) > 0 && s.now.Sub(p.queries[0].asked) >= hashesWithin {
		p.lateHashes += len(p.queries)
		s.forfeitHashes(p)
		s.restHashes(p)
	}
}

// takeLayerPart keeps hashes of a piece layer, and verifies what waited for them.
func (s *Swarm) takeLayerPart(q *hashQuery, hashes []byte) {
	copy(q.tree.layer[q.index*merkle.HashSize:], hashes)
	q.tree.lacks--
	s.unknown--
	s.settleWaiting()
	if s.unknown == 0 {
		s.emit(Effect{Kind: LayersKnown})
	}
}
