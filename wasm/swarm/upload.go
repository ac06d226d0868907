package swarm

import (
	"slices"
	"time"

	"fanseed/wasm/wire"
)

// upload is what a peer asks of us and gets.
type upload struct {
	choked     bool // we choke it
	interested bool // it has told us so
	unchoked   time.Time
	chosen     bool // holds a slot in the choking round at hand

	queue   fifo[wanted]
	loading []wanted
	bytes   int // that are being loaded
	queued  int // that wait in its channel

	granted []int32 // pieces that it may have while choked (BEP 6)
	grant   int64   // bytes of them that it may still have

	sent   uint64 // payload bytes
	upRate rate
	served float64 // payload bytes of late
}

// wanted is a block that a peer asked for.
type wanted struct {
	index, begin, length uint32
	void                 bool // not to be answered any more
}

func (w wanted) message(k wire.Kind) wire.Message {
	return wire.Message{Kind: k, Index: w.index, Begin: w.begin, Length: w.length}
}

// gotRequest queues a request, or rejects it: of a choked peer, for a piece that we lack, or more than the queue holds.
func (s *Swarm) gotRequest(p *peer, m wire.Message) {
	w := wanted{index: m.Index, begin: m.Begin, length: m.Length}
	switch {
	case !s.exists(w):
		s.drop(p, BadRequest)
	case !s.have.Has(int(w.index)) || !p.mayHave(w):
		s.reject(p, w)
	case p.queue.len() < queueFactor*s.limits.Reqq:
		p.queue.push(w)
		s.give(p, w.index)
		s.serve(p)
	case p.fast:
		s.reject(p, w)
	default:
		s.drop(p, RequestFlood)
	}
}

// exists tells whether the bytes lie within a piece and are not too many.
func (s *Swarm) exists(w wanted) bool {
	return int64(w.index) < int64(s.pieces()) && w.length > 0 && w.length <= maxRequest &&
		int64(w.begin)+int64(w.length) <= s.info.PieceSize(int(w.index))
}

// mayHave tells whether a request may be answered, and takes it from what is granted to a choked peer.
func (u *upload) mayHave(w wanted) bool {
	if !u.choked {
		return true
	}
	if !slices.Contains(u.granted, int32(w.index)) || u.grant < int64(w.length) {
		return false
	}
	u.grant -= int64(w.length)
	return true
}

// reject says that a request will not be answered. Without the fast extension nothing says so.
func (s *Swarm) reject(p *peer, w wanted) {
	if p.fast {
		s.send(p, w.message(wire.KindReject))
	}
}

// gotCancel takes a request back. A block that is being loaded is still sent; the fast extension wants every other rejected.
func (s *Swarm) gotCancel(p *peer, m wire.Message) {
	w := wanted{index: m.Index, begin: m.Begin, length: m.Length}
	if n := slices.Index(p.queue.all(), w); n >= 0 {
		p.queue.remove(n)
		s.reject(p, w)
	}
}

// serve loads blocks for p while there is room in its channel, and while what it owes stays within its window.
func (s *Swarm) serve(p *peer) {
	for p.queue.len() > 0 && s.hasRoom(p) {
		if s.windowFull(p) {
			s.stall(p)
			return
		}
		s.load(p, p.queue.all()[0])
		p.queue.remove(0)
	}
}

// hasRoom tells whether more may be loaded for p: no more than it takes soon, so that what is shared by all, as an upload cap, is not
// filled far ahead. Where a peer waits that pays or gives, one that only takes has a small part of what that one has.
func (s *Swarm) hasRoom(p *peer) bool {
	if len(p.loading) < minLoading/freeShare {
		return p.bytes+p.queued < s.limits.HighWater/2 || p.bytes+p.queued < s.limits.HighWater && !s.crowds(p)
	}
	room, loads := s.limits.HighWater, p.loadsAhead()
	if len(p.loading) >= loads/freeShare && s.crowds(p) {
		room, loads = room/2, loads/freeShare
	}
	return p.bytes+p.queued < room && len(p.loading) < loads
}

// loadsAhead returns how many blocks are loaded for a peer at a time.
func (u *upload) loadsAhead() int {
	return max(minLoading, min(maxLoading, int(u.upRate.perSecond*loadAhead.Seconds()/BlockSize)))
}

// crowds tells whether p only takes, and one that does not waits for us.
func (s *Swarm) crowds(p *peer) bool {
	return s.onlyTakes(p) && slices.ContainsFunc(s.peers, func(q *peer) bool { return q.queue.len() > 0 && !s.onlyTakes(q) })
}

// onlyTakes tells whether p neither pays, nor gives us a fair part of what it takes.
func (s *Swarm) onlyTakes(p *peer) bool {
	return !s.paying(p) && (s.rests() || p.downRate.perSecond*takerGives < p.upRate.perSecond)
}

func (s *Swarm) load(p *peer, w wanted) {
	p.loading = append(p.loading, w)
	p.bytes += int(w.length)
	s.emit(Effect{Kind: Load, Peer: p.id, Index: int(w.index), Begin: w.begin, Length: w.length, Paid: s.paying(p) && p.paid > 0})
}

// Loaded answers a Load effect with the block, which is lent until the effects have been taken, or with what went wrong. It panics when
// an open peer had no such block loaded.
func (s *Swarm) Loaded(now time.Time, p Peer, index int, begin uint32, block []byte, err error) {
	s.begin(now)
	if p := s.byHandle[p]; p != nil {
		s.loaded(p, p.takeLoading(uint32(index), begin), block, err)
	}
	s.end()
}

func (u *upload) takeLoading(index, begin uint32) wanted {
	n := slices.IndexFunc(u.loading, func(w wanted) bool { return w.index == index && w.begin == begin })
	if n < 0 {
		panic("swarm: a block was loaded that nobody asked for")
	}
	w := u.loading[n]
	u.loading = slices.Delete(u.loading, n, n+1)
	u.bytes -= int(w.length)
	return w
}

func (s *Swarm) loaded(p *peer, w wanted, block []byte, err error) {
	switch {
	case w.void:
	case err != nil:
		s.reject(p, w)
	case len(block) != int(w.length):
		panic("swarm: a loaded block has the wrong length")
	default:
		s.sendBlock(p, w, block)
	}
	s.serve(p)
}

func (s *Swarm) sendBlock(p *peer, w wanted, block []byte) {
	p.queued += wire.PieceHeaderSize + len(block)
	p.sent += uint64(len(block))
	s.total.sent += uint64(len(block))
	p.upRate.count(len(block))
	s.send(p, wire.Message{Kind: wire.KindPiece, Index: w.index, Begin: w.begin, Data: block})
}

// Drained says how many bytes still wait in p's channel. What is sent is added until the next Drained says what is left: it must be
// called whenever the channel has let bytes go and it has, since the last Drained, been sent anything; once it is empty at the latest.
func (s *Swarm) Drained(now time.Time, p Peer, queued int) {
	s.begin(now)
	if p := s.byHandle[p]; p != nil {
		p.queued = queued
		s.serve(p)
		s.serveMetadata(p)
		s.serveHashes(p)
	}
	s.end()
}

// voidRequests rejects what p waits for, save what it may have while choked.
func (s *Swarm) voidRequests(p *peer) {
	p.queue.keep(func(w wanted) bool {
		granted := slices.Contains(p.granted, int32(w.index))
		if !granted {
			s.reject(p, w)
		}
		return granted
	})
	for n, w := range p.loading {
		if !w.void && !slices.Contains(p.granted, int32(w.index)) {
			p.loading[n].void = true
			s.reject(p, w)
		}
	}
}
