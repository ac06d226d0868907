package swarm

import (
	"slices"
	"time"
)

// Found says that somebody else has put a piece into the store, verified: it is announced, and nobody is credited for it. What has arrived
// of it is thrown away, unless it is being verified: then its givers still are judged, and paid. Of a piece that is here it changes
// nothing. It panics when there is no such piece, as before the metadata is known.
func (s *Swarm) Found(now time.Time, index int) {
	s.begin(now)
	s.mustExist(index)
	if !s.have.Has(index) {
		s.abandon(index)
		s.gain(index)
	}
	s.end()
}

// Lost says that a piece is not in the store any more: it is fetched again, if it is selected. BEP 3 has no word to take a have back:
// requests for it are rejected. Of a piece that is not here it changes nothing. It panics when there is no such piece.
func (s *Swarm) Lost(now time.Time, index int) {
	s.begin(now)
	s.mustExist(index)
	if s.have.Has(index) {
		s.lose(index)
	}
	s.end()
}

func (s *Swarm) mustExist(index int) {
	if index < 0 || index >= s.pieces() {
		panic("swarm: a piece that does not exist")
	}
}

// abandon gives up fetching a piece.
func (s *Swarm) abandon(i int) {
	switch pc := s.active[i]; {
	case pc == nil && s.selects(i):
		s.close(i)
	case pc == nil:
	case !pc.settling:
		for n := range pc.blocks {
			if pc.blocks[n].asked > 0 {
				s.cancel(pc, n)
			}
		}
		s.discard(pc)
		s.retire(pc)
	case slices.Contains(s.waiting, pc): // its hashes may never come
		s.waiting = slices.DeleteFunc(s.waiting, func(other *piece) bool { return other == pc })
		s.giveUpWaiting(pc)
	}
}

// giveUpWaiting gives up a piece whose hashes are not known.
func (s *Swarm) giveUpWaiting(pc *piece) {
	s.verifying--
	s.discard(pc)
	s.retire(pc)
}

// gain counts a piece that is here now, and announces it.
func (s *Swarm) gain(i int) {
	s.have.Set(i)
	s.left--
	s.leftBytes -= int64(s.dataSize(i))
	s.emit(Effect{Kind: Have, Index: i})
	s.announceHave(i)
	if s.selects(i) {
		s.due--
	}
	switch {
	case s.left == 0:
		s.finish()
	case s.due == 0 && s.selects(i):
		s.emit(Effect{Kind: Complete})
		s.rest()
	}
}

// lose takes back that a piece is here.
func (s *Swarm) lose(i int) {
	rested := s.rests()
	s.have.Clear(i)
	s.left++
	s.leftBytes += int64(s.dataSize(i))
	for _, p := range s.peers {
		s.deny(p, uint32(i))
	}
	if s.selects(i) {
		s.take(i)
	}
	if rested != s.rests() {
		s.tellUploadOnly()
	}
	s.updateInterests()
	s.stirred = true
}

// deny rejects what p waits for of a piece.
func (s *Swarm) deny(p *peer, index uint32) {
	p.queue.keep(func(w wanted) bool {
		if w.index == index {
			s.reject(p, w)
		}
		return w.index != index
	})
	for n, w := range p.loading {
		if !w.void && w.index == index {
			p.loading[n].void = true
			s.reject(p, w)
		}
	}
}
