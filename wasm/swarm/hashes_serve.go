package swarm

import (
	"time"

	"fanseed/wasm/merkle"
	"fanseed/wasm/wire"
)

// hashServe is what a peer asks of our hashes.
type hashServe struct {
	ranges    []*wire.HashRange
	leafLoads bucket // pieces that are hashed for it
}

// leafCache holds the leaves of the piece that was asked for last: several peers, and several parts, are often of one piece.
type leafCache struct {
	tree    *merkle.Tree // from the leaves up to the piece; nil while they are loaded, and if they could not be
	index   int          // the piece
	loading bool         // nothing else may be loaded
	ready   bool         // index and tree count
}

// gotHashRequest queues a request for hashes, or rejects it: of a tree that does not exist, of what we do not know, or of too much.
func (s *Swarm) gotHashRequest(p *peer, m wire.Message) {
	r, err := wire.ParseHashRange(m.Data)
	switch {
	case err != nil:
		s.drop(p, BadHashes)
		return
	case len(p.ranges) >= maxRanges:
		s.rejectHashes(p, &r)
		return
	}
	p.ranges = append(p.ranges, &r)
	s.serveHashes(p)
}

func (s *Swarm) rejectHashes(p *peer, r *wire.HashRange) {
	s.sendHashes(p, wire.KindHashReject, r, nil, nil)
}

// serveHashes answers what was asked for while there is room in the channel, and while no leaves must be loaded first.
func (s *Swarm) serveHashes(p *peer) {
	for len(p.ranges) > 0 && p.queued < s.limits.HighWater && p.leaving == "" {
		if !s.serveRange(p, p.ranges[0]) {
			return
		}
		p.ranges = p.ranges[1:]
	}
}

// serveRange answers a request. It returns false when that has to wait.
func (s *Swarm) serveRange(p *peer, r *wire.HashRange) bool {
	t := s.trees[r.Root]
	switch {
	case t == nil || !r.Valid() || int(r.Base)+int(r.Proof) >= s.treeHeight(t):
		s.rejectHashes(p, r)
	case int(r.Base) < s.span(t):
		return s.serveLeaves(p, t, r)
	default:
		s.answerHashes(p, t, r, s.upper(t), int(r.Index))
	}
	return true
}

// upper returns the tree from the piece layer up; nil if the layer is not known, or there is none.
func (s *Swarm) upper(t *tree) *merkle.Tree {
	if t.grown == nil && t.layer != nil && t.lacks == 0 {
		t.grown = merkle.NewTree(t.layer, s.hashes.height)
	}
	return t.grown
}

// serveLeaves answers a request below the piece layer, which must lie in one piece that we have.
func (s *Swarm) serveLeaves(p *peer, t *tree, r *wire.HashRange) bool {
	width := 1 << (s.span(t) - int(r.Base))
	i := int(r.Index) / width
	if int(r.Length) > width || i >= t.pieces || !s.have.Has(t.first+i) {
		s.rejectHashes(p, r)
		return true
	}
	index := t.first + i
	switch c := &s.served; {
	case c.ready && c.index == index:
		s.answerHashes(p, t, r, c.tree, int(r.Index)%width)
	case c.loading:
		return false
	case !p.leafLoads.afford(s.now, leafCost(s.dataSize(index))):
		s.rejectHashes(p, r)
	default:
		s.served = leafCache{index: index, loading: true}
		s.emit(Effect{Kind: LoadLeaves, Index: index, Length: s.dataSize(index)})
		return false
	}
	return true
}

// leafCost returns what hashing a piece takes from the bucket: a few pieces at once, and then some MiB a second.
func leafCost(bytes uint32) float64 { return float64(min(bucketSize, max(bucketSize/16, bytes/512))) }

// LeavesLoaded answers a LoadLeaves effect with the SHA-256 of the piece's leaves one after the other, or with what went wrong. It panics
// when none were loaded.
func (s *Swarm) LeavesLoaded(now time.Time, index int, leaves []byte, err error) {
	s.begin(now)
	c := &s.served
	if !c.loading || c.index != index {
		panic("swarm: leaves were loaded that nobody asked for")
	}
	c.ready = true
	if t, i := s.treeOf(index); err == nil && t != nil {
		want, known := t.hash(i)
		padded := make([]byte, merkle.HashSize<<s.span(t))
		copy(padded, leaves)
		if tree := merkle.NewTree(padded, 0); known && tree.Root() == want {
			c.tree = tree
		}
	}
	for _, p := range s.peers {
		s.serveHashes(p) // those who wait for this piece
	}
	c.loading, c.ready = false, c.tree != nil // the next one may have better luck
	for _, p := range s.peers {
		s.serveHashes(p)
	}
	s.end()
}

// answerHashes sends hashes of a tree that may end below the root, from where the upper layers go on. index counts the hashes within the
// tree. The lowest layers of a proof are left out: they can be made of the hashes (https://www.bittorrent.org/beps/bep_0052.html).
func (s *Swarm) answerHashes(p *peer, t *tree, r *wire.HashRange, from *merkle.Tree, index int) {
	part := merkle.Range{Base: int(r.Base), Index: index, Length: int(r.Length)}
	var hashes, proof []byte
	ok := from != nil
	if ok {
		hashes, ok = from.Hashes(part)
	}
	uncles := max(0, int(r.Proof)+1-merkle.Height(part.Length))
	if ok {
		proof = from.Uncles(part, uncles)
		proof = append(proof, s.upperUncles(t, r, uncles-len(proof)/merkle.HashSize)...)
	}
	if !ok || len(proof) != uncles*merkle.HashSize {
		s.rejectHashes(p, r)
		return
	}
	s.sendHashes(p, wire.KindHashes, r, hashes, proof)
	p.queued += wire.HashRangeSize + len(hashes) + len(proof)
}

func (s *Swarm) sendHashes(p *peer, k wire.Kind, r *wire.HashRange, hashes, proof []byte) {
	start := len(s.payloads)
	s.payloads = append(append(r.Append(s.payloads), hashes...), proof...)
	s.send(p, wire.Message{Kind: k, Data: s.payloads[start:]})
}

// upperUncles returns so many of the uncles above the piece that a range lies in, as far as they are known.
func (s *Swarm) upperUncles(t *tree, r *wire.HashRange, most int) []byte {
	upper := s.upper(t)
	if most == 0 || upper == nil {
		return nil
	}
	piece := int(r.Index) >> (s.hashes.height - int(r.Base))
	return upper.Uncles(merkle.Range{Base: s.hashes.height, Index: piece, Length: 1}, most)
}
