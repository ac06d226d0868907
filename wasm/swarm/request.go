package swarm

import (
	"time"

	"fanseed/wasm/wire"
)

// download is what we ask of a peer and get from it.
type download struct {
	choking     bool // it chokes us
	interesting bool // we have told it that we are interested
	reqq        int  // requests that it takes

	requests  fifo[request] // in the order in which they were asked
	asked     int           // of those, not released
	pipeline  int           // blocks to keep asked for
	fastest   time.Duration // that a block took, of late
	usual     time.Duration // that it takes on average, of late
	current   *piece        // the piece whose blocks are asked of it now
	helping   *piece        // of another peer, that it helps with
	idleUntil time.Time     // it was found that it can help with nothing, and looked for again then, or sooner when
	idleOpen  int           // so many pieces are not open any more

	waiting  time.Time // since when it has been silent with requests out
	answered time.Time // when the request that it answered last was asked
	snubbed  bool
	suspect  bool      // gave some of a piece that failed its hash: shares no piece any more
	rejects  int       // in a row while it did not choke us
	resting  time.Time // until then nothing is asked of it
	stray    int       // blocks that may still come of requests that we gave up
	unasked  int       // blocks that came and were never asked for

	refused      wire.Bitfield // pieces whose requests it rejected
	refusedUntil time.Time
	allowed      []int32 // pieces that it gives us while it chokes us (BEP 6)
	suggested    []int32
	adviceAt     time.Time // when it last suggested one

	received uint64 // payload bytes of blocks that were asked for
	verified uint64 // of those, in pieces that passed their hash and were stored
	downRate rate
}

// request is a block that was asked for.
type request struct {
	index      int32
	block      int32
	generation uint32
	released   bool // others may be asked; an answer is still welcome
	asked      time.Time
}

// findRequest returns where a request for a block stands, one that is released or one that is not if there are both; -1 if there is
// none. Most are answered in the order in which they were asked.
func (d *download) findRequest(index, block int32, released bool) int {
	found := -1
	for n, q := range d.requests.all() {
		if q.index != index || q.block != block {
			continue
		}
		if q.released == released {
			return n
		}
		if found < 0 {
			found = n
		}
	}
	return found
}

// fill asks p for blocks until its pipeline is full. Requests go out several at a time: a refill waits until an eighth is missing, or a
// quarter of a webseed's, which are ranges of HTTP.
func (s *Swarm) fill(p *peer) {
	depth := p.depth()
	missing := depth / 8
	if p.webseed {
		missing = depth / 4
	}
	if p.asked > depth-max(1, missing) || !s.mayAsk(p) {
		return
	}
	for p.asked < depth && s.askNext(p) {
	}
}

// askNext asks p for the next block. It returns false when there is none to ask for.
func (s *Swarm) askNext(p *peer) bool {
	if s.urge(p) {
		return true
	}
	pc := s.next(p)
	if pc == nil {
		return s.help(p)
	}
	s.ask(p, pc, pc.first())
	if p.snubbed {
		s.orphan(p) // whoever is faster may take the rest
	}
	return true
}

// depth returns how many blocks may be asked of p ahead. One that gives nothing is tried with one.
func (p *peer) depth() int {
	if p.snubbed {
		return 1
	}
	if p.webseed {
		return min(max(p.pipeline, webseedPipeline), p.reqq)
	}
	return min(p.pipeline, p.reqq)
}

// pace sets the depth of the pipeline by how long a block took. A pipeline that is empty for a moment wastes the link; one that is deeper
// than needed decides early what is asked of whom, so that peers ask a seeder for the same pieces. It is as deep as it can be while a
// request waits between growBelow and shrinkAbove behind others.
func (d *download) pace(took time.Duration, most int) {
	if d.fastest == 0 || took < d.fastest {
		d.fastest = took
	}
	d.fastest += (took - d.fastest) / forgetFastest
	if d.usual == 0 {
		d.usual = took
	}
	d.usual += (took - d.usual) / 16
	switch waited := took - d.fastest; {
	case waited < growBelow && d.pipeline < most:
		d.pipeline++
	case waited > shrinkAbove && d.pipeline > minPipeline:
		d.pipeline--
	}
}

func (s *Swarm) mayAsk(p *peer) bool {
	return p.wanted > 0 && p.leaving == "" && !p.gone && s.downloading() &&
		(!p.choking || len(p.allowed) > 0) &&
		!s.now.Before(p.resting) && p.requests.len() < 2*s.limits.Reqq
}

// ask sends the request for a block that p is not asked for yet.
func (s *Swarm) ask(p *peer, pc *piece, n int) {
	if pc.blocks[n].asked == 0 {
		pc.unasked--
	}
	pc.blocks[n].asked++
	pc.pending++
	if p.asked == 0 {
		p.waiting = s.now
	}
	p.asked++
	p.requests.push(request{index: int32(pc.index), block: int32(n), generation: pc.generation, asked: s.now})
	s.send(p, blockMessage(wire.KindRequest, pc, n))
}

func blockMessage(k wire.Kind, pc *piece, n int) wire.Message {
	return wire.Message{Kind: k, Index: uint32(pc.index), Begin: uint32(n) * BlockSize, Length: pc.blockLength(n)}
}

// pieceOf returns the piece that a request is for, if it is still the same fetch of it; nil otherwise.
func (s *Swarm) pieceOf(q request) *piece {
	pc := s.active[q.index]
	if pc == nil || pc.generation != q.generation {
		return nil
	}
	return pc
}

// release lets others be asked for the block of a request of p; p may still answer it.
func (s *Swarm) release(p *peer, q *request) {
	if q.released {
		return
	}
	q.released = true
	p.asked--
	pc := s.pieceOf(*q)
	if pc == nil {
		return
	}
	n := int(q.block)
	pc.pending--
	pc.blocks[n].asked--
	if pc.blocks[n].arrived || pc.blocks[n].asked > 0 {
		return
	}
	pc.unasked++
	pc.cursor = min(pc.cursor, n)
	if pc.owner == nil || pc.owner.current != pc {
		s.loosen(pc)
	}
}

// orphan takes from p the piece whose blocks are asked of it now.
func (s *Swarm) orphan(p *peer) {
	pc := p.current
	p.current = nil
	if pc != nil {
		pc.owner = nil
		s.loosen(pc)
	}
}

// releaseAll lets others be asked for everything that p was asked for, and forgets the requests.
func (s *Swarm) releaseAll(p *peer) {
	s.suspend(p)
	p.stray += p.requests.len()
	p.requests.clear()
}

// suspend does the same but keeps the requests, which p may still answer.
func (s *Swarm) suspend(p *peer) {
	s.orphan(p)
	for n := range p.requests.all() {
		s.release(p, &p.requests.all()[n])
	}
}

// forfeit lets go of everything of one piece that p was asked for.
func (s *Swarm) forfeit(p *peer, index int32) {
	if p.current != nil && int32(p.current.index) == index {
		s.orphan(p)
	}
	for n := range p.requests.all() {
		if q := &p.requests.all()[n]; q.index == index {
			s.release(p, q)
		}
	}
}

// watchRequests looks for requests that are not answered.
func (s *Swarm) watchRequests(p *peer) {
	if p.asked > 0 && s.now.Sub(p.waiting) >= snubAfter {
		p.snubbed = true
		p.pipeline = firstPipeline
		s.suspend(p)
	}
	s.releaseOverdue(p)
	s.forgetReleased(p)
	if p.refused != nil && !s.now.Before(p.refusedUntil) {
		p.refused = nil
	}
}

// releaseOverdue lets others be asked for what p has passed over: later requests were answered long ago.
func (s *Swarm) releaseOverdue(p *peer) {
	for n := range p.requests.all() {
		q := &p.requests.all()[n]
		if s.now.Sub(q.asked) < overdueAfter || !q.asked.Before(p.answered) {
			return
		}
		s.release(p, q)
	}
}

// forgetReleased gives up on requests that were released long ago.
func (s *Swarm) forgetReleased(p *peer) {
	for p.requests.len() > 0 {
		q := p.requests.all()[0]
		if !q.released || s.now.Sub(q.asked) < 2*overdueAfter {
			return
		}
		p.requests.remove(0)
		p.stray++
	}
}

// slow tells whether others may help with what p was asked for.
func (s *Swarm) slow(p *peer) bool {
	return p.snubbed || p.asked > 0 && s.now.Sub(p.waiting) >= slowAfter
}

func (s *Swarm) gotUnchoke(p *peer) {
	if !p.choking {
		return
	}
	p.choking = false
	p.waiting = s.now
	s.fill(p)
}

// gotChoke lets others be asked for what p was asked for. Without the fast extension all requests are void; with it p rejects each,
// save those for pieces that it allowed (https://www.bittorrent.org/beps/bep_0006.html).
func (s *Swarm) gotChoke(p *peer) {
	if p.choking {
		return
	}
	p.choking = true
	if p.fast {
		s.suspend(p)
	} else {
		s.releaseAll(p)
	}
	s.pay(p)
}
