package swarm

import "time"

// Hold keeps the swarm from asking for pieces, or lets it ask again. What was asked for and not answered is let go of; what is given goes
// on as before.
func (s *Swarm) Hold(now time.Time, on bool) {
	s.begin(now)
	if s.held != on {
		s.held = on
		for _, p := range s.peers {
			if on {
				s.releaseAll(p)
			}
			s.updateInterest(p)
		}
		s.stirred = !on
	}
	s.end()
}
