package swarm

import (
	"slices"
	"time"
)

// maxPreferred is how many runs of pieces are remembered.
const maxPreferred = 16

// run is a run of pieces, from first up to but not including end.
type run struct{ first, end int }

// Prefer has the pieces from first up to but not including end fetched before all others, in their order: somebody waits for them. The
// newest call comes first. Pieces that do not exist are left out; before the metadata is known it does nothing.
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

// shortenPreferred takes off what is here at the front of each run, and the runs of which nothing is left.
func (s *Swarm) shortenPreferred() {
	for n := range s.preferred {
		for r := &s.preferred[n]; r.first < r.end && s.have.Has(r.first); {
			r.first++
		}
	}
	s.preferred = slices.DeleteFunc(s.preferred, func(r run) bool { return r.first == r.end })
}
