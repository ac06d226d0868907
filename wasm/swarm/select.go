package swarm

import (
	"time"

	"fanseed/wasm/wire"
)

// Select has only some pieces fetched, all where selected is nil (https://www.bittorrent.org/beps/bep_0053.html). Before the metadata is
// known it is for the pieces to come. What has arrived of a piece that is not to be fetched any more is thrown away; pieces that are here
// are given on. It panics when selected does not fit the torrent.
func (s *Swarm) Select(now time.Time, selected wire.Bitfield) {
	s.begin(now)
	before := s.selected
	s.selected = selected.Clone()
	if s.info != nil {
		s.reselect(before)
	}
	s.end()
}

// reselect brings what is counted and asked for in line with a new selection.
func (s *Swarm) reselect(before wire.Bitfield) {
	s.checkSelection(s.pieces())
	rested := s.rests()
	for i := range s.pieces() {
		wanted := s.selects(i)
		if s.have.Has(i) || wanted == (before == nil || before.Has(i)) {
			continue
		}
		if wanted {
			s.take(i)
		} else {
			s.leaveOut(i)
		}
	}
	switch {
	case s.rests() && !rested:
		s.rest()
	case rested != s.rests():
		s.tellUploadOnly()
	}
	s.updateInterests()
	s.stirred = true
}

func (s *Swarm) checkSelection(pieces int) {
	if s.selected != nil && !s.selected.Valid(pieces) {
		panic("swarm: the selection does not fit the torrent")
	}
}

// selects tells whether a piece is to be fetched, or was.
func (s *Swarm) selects(i int) bool { return s.selected == nil || s.selected.Has(i) }

// lacks tells whether a piece is to be fetched and is not here.
func (s *Swarm) lacks(i int) bool { return s.selects(i) && !s.have.Has(i) }

// take makes a piece that was left out one to be fetched.
func (s *Swarm) take(i int) {
	s.due++
	s.countWanted(i, 1)
	if s.active[i] == nil {
		s.openPiece(i)
	}
}

// leaveOut makes a piece that was to be fetched one that is not.
func (s *Swarm) leaveOut(i int) {
	s.due--
	s.countWanted(i, -1)
	switch pc := s.active[i]; {
	case pc == nil:
		s.close(i)
	case !pc.settling:
		for _, p := range s.peers {
			s.forfeit(p, int32(i))
		}
		if s.active[i] == pc {
			s.reopen(pc)
		}
	}
}

func (s *Swarm) countWanted(i, by int) {
	for _, p := range s.peers {
		if p.has.Has(i) {
			p.wanted += by
		}
	}
}

// rests tells whether there is nothing left to fetch: every piece is here, or all of those that are selected.
func (s *Swarm) rests() bool { return s.info != nil && s.due == 0 }

// rest ends the download of what is selected. Whoever has the rest may be asked for it later, so nobody is told good-bye who has any use.
func (s *Swarm) rest() {
	s.tellUploadOnly()
	for _, p := range s.all() {
		s.releaseAll(p)
		s.payNow(p)
		s.leaveUseless(p)
	}
}

// tellUploadOnly says whether we fetch anything: we do not have everything, so nobody can tell (https://www.bittorrent.org/beps/bep_0021.html).
func (s *Swarm) tellUploadOnly() {
	for _, p := range s.peers {
		if p.leaving == "" && !p.webseed {
			s.sendExtendedHandshake(p)
		}
	}
}
