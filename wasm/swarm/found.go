package swarm

import "time"

// Found says that a verified piece was put in the store by somebody else who uses it. It is given up where it is being fetched, and
// announced; nobody is credited, save for a piece that was whole here too. A piece that is here already changes nothing, nor does any
// before the metadata is known.
func (s *Swarm) Found(now time.Time, index int) {
	s.begin(now)
	if s.info != nil && !s.have.Has(index) {
		s.found(index)
	}
	s.end()
}

func (s *Swarm) found(i int) {
	switch pc := s.active[i]; {
	case pc == nil:
		s.gain(i)
	case pc.settling:
		pc.found = true // the caller has an answer to give yet
	default:
		s.withdraw(pc)
		s.gain(i)
	}
}

// withdraw ends the fetch of a piece. Those that were asked for some of it are told.
func (s *Swarm) withdraw(pc *piece) {
	for n := range pc.blocks {
		if pc.blocks[n].asked > 0 {
			s.cancel(pc, n)
		}
	}
	s.discard(pc)
	s.retire(pc)
}

// gain makes a piece that nobody fetches one that is here.
func (s *Swarm) gain(i int) {
	s.note(i)
	if s.rarity.isOpen(i) {
		s.close(i)
	}
	s.tell(i)
}

// note counts a piece that is verified and stored.
func (s *Swarm) note(i int) {
	s.have.Set(i)
	s.left--
	s.leftBytes -= int64(s.dataSize(i))
}

// tell announces a piece that was noted, and ends the download with the last one.
func (s *Swarm) tell(i int) {
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

// Lost says that a piece is not in the store any more, or is spoilt there: it is fetched again like any other, and requests for it are
// rejected until it is here. A piece that is not here changes nothing.
func (s *Swarm) Lost(now time.Time, index int) {
	s.begin(now)
	switch {
	case s.have.Has(index):
		s.lose(index)
	case s.info != nil && s.active[index] != nil:
		s.active[index].found = false
	}
	s.end()
}

func (s *Swarm) lose(i int) {
	rested := s.rests()
	s.have.Clear(i)
	s.left++
	s.leftBytes += int64(s.dataSize(i))
	if s.selects(i) {
		s.take(i)
	}
	for _, p := range s.peers {
		s.rejectPiece(p, uint32(i))
	}
	if rested && !s.rests() {
		s.tellUploadOnly()
	}
	s.updateInterests()
	s.stirred = true
}

// rejectPiece rejects what p waits for of one piece. What is being loaded is answered by the store.
func (s *Swarm) rejectPiece(p *peer, index uint32) {
	p.queue.keep(func(w wanted) bool {
		if w.index == index {
			s.reject(p, w)
		}
		return w.index != index
	})
}
