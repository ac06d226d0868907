package swarm

import (
	"bytes"
	"slices"
	"time"

	"fanseed/wasm/merkle"
	"fanseed/wasm/wire"
)

// audit is how a bad piece is traced to the blocks that are wrong: what the leaves of the piece must be is fetched from others, with
// proof, and held against what they are (https://www.bittorrent.org/beps/bep_0052.html).
type audit struct {
	leaves []byte // that the piece has; nil when they are not needed
	truth  []byte // that it must have; kept while it is fetched, so that every block is checked as it comes
	lacks  int    // parts of truth that are not here
	since  time.Time
}

// beginAudit asks for the leaves that a bad piece must have.
func (s *Swarm) beginAudit(pc *piece, leaves []byte) {
	t, i := s.treeOf(pc.index)
	span := s.span(t)
	pc.leaves, pc.truth = bytes.Clone(leaves), make([]byte, len(leaves))
	pc.audit.since, pc.audit.lacks = s.now, 0
	width := min(wire.MaxHashes, 1<<span)
	for at := 0; at < len(pc.blocks); at += width {
		q := &hashQuery{tree: t, index: i<<span + at, length: width, piece: pc.index, generation: pc.generation}
		s.audits = append(s.audits, q)
		pc.audit.lacks++
	}
	s.trials = append(s.trials, pc)
	s.hashes.stirred = true
}

// endAudit forgets about the leaves of a bad piece.
func (s *Swarm) endAudit(pc *piece) {
	s.verifying--
	pc.audit.lacks = 0
	s.trials = slices.DeleteFunc(s.trials, func(other *piece) bool { return other == pc })
}

// audited returns the piece whose leaves a query wants, if they still are wanted; nil otherwise.
func (s *Swarm) audited(q *hashQuery) *piece {
	pc := s.active[q.piece]
	if pc == nil || pc.generation != q.generation || !pc.settling || pc.audit.lacks == 0 {
		return nil
	}
	return pc
}

// takeLeaves keeps leaves that a bad piece must have.
func (s *Swarm) takeLeaves(pc *piece, q *hashQuery, leaves []byte) {
	begin := (q.index & (1<<s.span(q.tree) - 1)) * merkle.HashSize
	copy(pc.truth[begin:], leaves)
	if pc.audit.lacks--; pc.audit.lacks == 0 {
		s.convict(pc)
	}
}

// convict drops exactly those who gave a wrong block, and has only these blocks fetched again.
func (s *Swarm) convict(pc *piece) {
	var guilty []Peer
	for n := range pc.blocks {
		if leaf(pc.leaves, n) != leaf(pc.truth, n) && !slices.Contains(guilty, pc.blocks[n].giver) {
			guilty = append(guilty, pc.blocks[n].giver)
		}
	}
	s.endAudit(pc)
	s.miss(pc)
	for _, id := range guilty {
		if p := s.byHandle[id]; p != nil {
			s.drop(p, BadLeaf)
		}
	}
}

// miss takes the wrong blocks out of a piece that was whole.
func (s *Swarm) miss(pc *piece) {
	wrong := 0
	for n := range pc.blocks {
		if leaf(pc.leaves, n) != leaf(pc.truth, n) {
			wrong++
		}
	}
	if wrong == len(pc.blocks) || pc.found {
		s.reopen(pc)
		return
	}
	for n := range pc.blocks {
		if leaf(pc.leaves, n) != leaf(pc.truth, n) {
			pc.blocks[n] = block{}
		}
	}
	pc.settling, pc.leaves = false, nil
	pc.left, pc.unasked, pc.cursor = wrong, wrong, 0
	if pc.owner == nil || pc.owner.current != pc {
		s.loosen(pc)
	}
}

func leaf(leaves []byte, n int) merkle.Hash { return merkle.Hash(leaves[n*merkle.HashSize:]) }

// isGenuine tells whether a block is right, as far as that can be told.
func (pc *piece) isGenuine(n int, data []byte) bool {
	return pc.truth == nil || merkle.Hash(merkle.AppendLeaves(nil, data)) == leaf(pc.truth, n)
}

// giveUpAudit falls back on what can be told without leaves.
func (s *Swarm) giveUpAudit(pc *piece) {
	s.endAudit(pc)
	s.blame(pc)
	s.reopen(pc)
}

// watchAudits gives up those that take too long.
func (s *Swarm) watchAudits() {
	for _, pc := range slices.Clone(s.trials) {
		if s.now.Sub(pc.audit.since) >= auditWithin {
			s.giveUpAudit(pc)
		}
	}
}
