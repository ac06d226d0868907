package swarm

import "slices"

// checkInvariants recounts from scratch what the swarm counts step by step.
func checkInvariants(s *Swarm, fail func(format string, args ...any)) {
	checkPeers(s, fail)
	checkPieces(s, fail)
	checkRarity(s, fail)
	checkHashes(s, fail)
}

// checkHashes makes sure that nothing that is lacking is forgotten, and that what is known is true.
func checkHashes(s *Swarm, fail func(string, ...any)) {
	layers, leaves := s.lacking.len(), map[uint32]int{}
	for _, q := range s.audits {
		leaves[q.generation]++
	}
	for _, p := range s.peers {
		for _, q := range p.queries {
			if q.generation == 0 {
				layers++
			} else {
				leaves[q.generation]++
			}
		}
	}
	lacks := 0
	for root, t := range s.trees {
		lacks += t.lacks
		if t.layer != nil && t.lacks == 0 && s.info.CheckLayer(root, t.pieces, t.layer) != nil {
			fail("the layer of %x is wrong", root)
		}
	}
	if s.unknown != layers || s.unknown != lacks {
		fail("%d parts of layers are unknown, %d are wanted, and %d lack", s.unknown, layers, lacks)
	}
	for _, pc := range s.trials {
		if s.active[pc.index] != pc || !pc.settling || pc.audit.lacks == 0 || leaves[pc.generation] != pc.audit.lacks {
			fail("piece %d waits for %d parts of its leaves, %d are wanted", pc.index, pc.audit.lacks, leaves[pc.generation])
		}
	}
	for _, pc := range s.waiting {
		if _, known := s.wantedHash(pc.index); s.active[pc.index] != pc || !pc.settling || known {
			fail("piece %d waits for its hash in vain", pc.index)
		}
	}
	left, due := int64(0), 0
	for i := range s.pieces() {
		if !s.have.Has(i) {
			left += int64(s.dataSize(i))
		}
		if s.lacks(i) {
			due++
		}
	}
	if s.due != due {
		fail("%d pieces are due, not %d", s.due, due)
	}
	if s.leftBytes != left {
		fail("%d bytes are left, not %d", s.leftBytes, left)
	}
}

func checkPeers(s *Swarm, fail func(string, ...any)) {
	unchoked := 0
	for _, p := range s.peers {
		if s.byHandle[p.id] != p || p.gone {
			fail("peer %d is listed and forgotten", p.id)
		}
		checkAvailability(s, p, fail)
		asked := 0
		for _, q := range p.requests.all() {
			if !q.released {
				asked++
			}
		}
		if p.asked != asked {
			fail("peer %d: asked %d, not %d", p.id, p.asked, asked)
		}
		if p.current != nil && (p.current.owner != p || s.active[p.current.index] != p.current) {
			fail("peer %d: its piece is not its own", p.id)
		}
		bytes := 0
		for _, w := range p.loading {
			bytes += int(w.length)
		}
		if p.bytes != bytes {
			fail("peer %d: loads %d bytes, not %d", p.id, p.bytes, bytes)
		}
		if !p.choked {
			unchoked++
		}
		for _, w := range p.queue.all() {
			if p.choked && !slices.Contains(p.granted, int32(w.index)) {
				fail("peer %d: a choked peer's request waits", p.id)
			}
		}
	}
	if unchoked > s.limits.UploadSlots {
		fail("%d peers unchoked", unchoked)
	}
}

func checkAvailability(s *Swarm, p *peer, fail func(string, ...any)) {
	count, wanted, open := 0, 0, 0
	for i := range s.pieces() {
		if p.has.Has(i) {
			count++
			if s.lacks(i) {
				wanted++
			}
			if s.rarity.isOpen(i) {
				open++
			}
		}
	}
	if p.count != count || p.wanted != wanted || p.open != open {
		fail("peer %d: has %d, wanted %d, open %d, not %d, %d, %d", p.id, p.count, p.wanted, p.open, count, wanted, open)
	}
	if p.interesting != (s.downloading() && wanted > 0 && p.leaving == "") {
		fail("peer %d: interesting is %v", p.id, p.interesting)
	}
}

func checkPieces(s *Swarm, fail func(string, ...any)) {
	active, settling := 0, 0
	for i, pc := range s.active {
		if pc == nil {
			continue
		}
		active++
		if pc.settling {
			settling++
		}
		if pc.index != i || s.have.Has(i) || s.rarity.isOpen(i) {
			fail("piece %d is fetched and should not be", i)
		}
		checkBlocks(s, pc, fail)
		checkOwner(s, pc, fail)
	}
	if s.buffered != active || s.verifying != settling {
		fail("%d pieces buffered and %d verified, not %d and %d", s.buffered, s.verifying, active, settling)
	}
	for _, pc := range s.loose {
		if !pc.loose || s.active[pc.index] != pc {
			fail("piece %d is listed as loose", pc.index)
		}
	}
}

func checkBlocks(s *Swarm, pc *piece, fail func(string, ...any)) {
	asked := make([]uint8, len(pc.blocks))
	pending := 0
	for _, p := range s.peers {
		for _, q := range p.requests.all() {
			if !q.released && s.pieceOf(q) == pc {
				asked[q.block]++
				pending++
			}
		}
	}
	left, unasked := 0, 0
	for n, b := range pc.blocks {
		if b.asked != asked[n] {
			fail("block %d:%d is asked of %d peers, not %d", pc.index, n, asked[n], b.asked)
		}
		if b.arrived {
			continue
		}
		left++
		if b.asked == 0 {
			unasked++
			if n < pc.cursor {
				fail("block %d:%d is behind the cursor", pc.index, n)
			}
		}
	}
	if pc.left != left || pc.unasked != unasked || pc.pending != pending || pc.settling != (left == 0) {
		fail("piece %d: left %d, unasked %d, pending %d, not %d, %d, %d", pc.index, pc.left, pc.unasked, pc.pending, left, unasked, pending)
	}
}

// checkOwner makes sure that a piece with blocks to ask for can be found by somebody.
func checkOwner(s *Swarm, pc *piece, fail func(string, ...any)) {
	owned := slices.ContainsFunc(s.peers, func(p *peer) bool { return p.current == pc })
	listed := slices.Contains(s.loose, pc)
	if listed != pc.loose || pc.loose && (owned || pc.unasked == 0) {
		fail("piece %d: loose %v, listed %v, owned %v, unasked %d", pc.index, pc.loose, listed, owned, pc.unasked)
	}
	if pc.unasked > 0 && !owned && !listed {
		fail("piece %d is lost: %d blocks will never be asked for", pc.index, pc.unasked)
	}
	if pc.left == len(pc.blocks) && pc.pending == 0 {
		fail("piece %d is fetched by nobody", pc.index)
	}
}

func checkRarity(s *Swarm, fail func(string, ...any)) {
	if s.info == nil {
		return
	}
	counts := make([]int32, s.pieces())
	seeds, open := 0, 0
	for _, p := range s.peers {
		if p.seed {
			seeds++
			continue
		}
		for i := range counts {
			if p.has.Has(i) {
				counts[i]++
			}
		}
	}
	r := &s.rarity
	for i := range counts {
		if r.availability[i] != counts[i] {
			fail("piece %d has availability %d, not %d", i, r.availability[i], counts[i])
		}
		if want := s.lacks(i) && s.active[i] == nil; r.isOpen(i) != want {
			fail("piece %d open: %v", i, r.isOpen(i))
		}
		if r.isOpen(i) {
			open++
			if r.buckets[counts[i]][r.place[i]] != int32(i) {
				fail("piece %d is in the wrong place", i)
			}
		}
	}
	if r.seeds != seeds || r.open != open {
		fail("%d seeds and %d open pieces, not %d and %d", r.seeds, r.open, seeds, open)
	}
}
