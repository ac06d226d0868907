package swarm

import (
	"slices"
	"time"
)

const (
	maxPreferred = 16          // runs of pieces that are remembered
	maxUrgent    = 4           // of those, the newest, whose fronts are urgent
	urgentBytes  = 256 << 10   // at the front of a run
	urgentWithin = time.Second // webseeds are asked for what others do not bring so soon
)

// run is a run of pieces, from first up to but not including end.
type run struct{ first, end int }

// Prefer has the pieces from first up to but not including end fetched before all others, in their order: somebody waits for them. The
// newest call comes first. The front of each of the newest few is urgent: a block there that a slow peer owes is asked of a faster one too. Pieces that do not exist are left out; before the metadata is known it does nothing.
func (s *Swarm) Prefer(now time.Time, first, end int) {
	s.begin(now)
	r := run{max(0, first), min(end, s.pieces())}
	s.preferred = slices.DeleteFunc(s.preferred, func(old run) bool { return old == r })
	if r.first < r.end {
		s.preferred = slices.Insert(s.preferred, 0, r)
		s.preferred = s.preferred[:min(len(s.preferred), maxPreferred)]
		s.stirred = true
	}
	s.end()
}

// pickPreferred chooses the first open piece that somebody waits for; -1 if p has none.
func (s *Swarm) pickPreferred(p *peer) int {
	s.shortenPreferred()
	for _, r := range s.preferred {
		for i := r.first; i < r.end; i++ {
			if s.mayOpen(p, i) {
				return i
			}
		}
	}
	return -1
}

// urge asks p for a block that somebody waits for now: of a piece that nobody fetches, whatever else p was about to go on with, or of one
// that another fetches more slowly than it could be here. It returns false when there is none. A webseed is asked for what the others are
// not fast enough for.
func (s *Swarm) urge(p *peer) bool {
	if len(s.preferred) == 0 || p.snubbed || p.suspect || p.choking {
		return false
	}
	s.shortenPreferred()
	span := s.urgentSpan()
	for _, r := range s.preferred[:min(len(s.preferred), maxUrgent)] {
		for i := r.first; i < min(r.end, r.first+span); i++ {
			if p.webseed && s.inTime(i+1-r.first) {
				continue
			}
			if pc, n := s.urgentBlock(p, i); pc != nil {
				s.ask(p, pc, n)
				return true
			}
		}
	}
	return false
}

// urgentBlock returns a block of an urgent piece that is to be asked of p; nil if there is none.
func (s *Swarm) urgentBlock(p *peer, i int) (*piece, int) {
	pc := s.active[i]
	if pc == nil && s.mayOpen(p, i) && !s.buffersFull() {
		pc = s.own(p, s.activate(i, false))
	}
	if pc == nil {
		return nil, 0
	}
	if pc == p.current && pc.unasked > 0 {
		return pc, pc.first()
	}
	if n := s.helpful(p, pc); n >= 0 {
		return pc, n
	}
	return nil, 0
}

// inTime tells whether those that are no webseeds bring so many pieces within urgentWithin.
func (s *Swarm) inTime(pieces int) bool {
	return float64(pieces)*float64(s.info.PieceLength) <= s.delivered*urgentWithin.Seconds()
}

// isUrgent tells whether somebody waits for a piece now: it is one of the first that a preferred run lacks.
func (s *Swarm) isUrgent(i int) bool {
	for n := 0; n < min(len(s.preferred), maxUrgent); n++ {
		if r := s.preferred[n]; r.first <= i && i < min(r.end, r.first+s.urgentSpan()) {
			return true
		}
	}
	return false
}

// urgentSpan returns how many pieces at the front of a run are urgent.
func (s *Swarm) urgentSpan() int { return max(1, int(urgentBytes/s.info.PieceLength)) }

// shortenPreferred takes off what is here at the front of each run, and the runs of which nothing is left.
func (s *Swarm) shortenPreferred() {
	for n := range s.preferred {
		for r := &s.preferred[n]; r.first < r.end && s.have.Has(r.first); {
			r.first++
		}
	}
	s.preferred = slices.DeleteFunc(s.preferred, func(r run) bool { return r.first == r.end })
}
