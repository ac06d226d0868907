package swarm

import (
	"cmp"
	"slices"

	"fanseed/wasm/wire"
)

func (s *Swarm) unchoke(p *peer) {
	p.choked, p.unchoked = false, s.now
	s.send(p, wire.Message{Kind: wire.KindUnchoke})
	s.suggest(p)
}

// choke takes p's slot and rejects what it waits for.
func (s *Swarm) choke(p *peer) {
	if p.choked {
		return
	}
	p.choked = true
	s.freed = true
	s.send(p, wire.Message{Kind: wire.KindChoke})
	s.voidRequests(p)
}

// gotInterested gives a slot at once if one is free, or held by a peer that wants nothing.
func (s *Swarm) gotInterested(p *peer) {
	p.interested = true
	if !p.choked || !s.eligible(p) {
		return
	}
	if s.freeSlots() <= 0 {
		if idle := slices.IndexFunc(s.peers, func(q *peer) bool { return !q.choked && !q.interested }); idle >= 0 {
			s.choke(s.peers[idle])
		}
	}
	if s.freeSlots() > 0 {
		s.unchoke(p)
	}
}

// gotNotInterested leaves p its slot until somebody asks for it: what p lacks may come soon.
func (s *Swarm) gotNotInterested(p *peer) { p.interested = false }

func (s *Swarm) freeSlots() int {
	free := s.limits.UploadSlots
	for _, p := range s.peers {
		if !p.choked {
			free--
		}
	}
	return free
}

// fillSlots gives free slots to those that rank first.
func (s *Swarm) fillSlots() {
	free := s.freeSlots()
	if free <= 0 {
		return
	}
	for _, p := range s.rank() {
		if free > 0 && p.choked {
			s.unchoke(p)
			free--
		}
	}
}

// eligible tells whether p may have a slot.
func (s *Swarm) eligible(p *peer) bool {
	return p.interested && p.leaving == "" && !s.now.Before(p.barredUntil) && !s.spares(p)
}

// rank orders the interested peers. This is the rule for upload slots: those that pay for what they are sent, by a ticket, come first,
// but one slot at least is for peers that do not, and one is optimistic, for anybody by lot. Among those that pay, and among those that
// do not, a leecher ranks by what each gave it of late, tit for tat, and those last that owe it an answer for long: whoever only takes
// gets the optimistic slot now and then, and no more (https://www.bittorrent.org/beps/bep_0003.html). A seeder lets everybody have a turn
// of turnLasts, and then the one that it gave least of late, so that nobody holds a slot for being fast. Slots are given anew every ten
// seconds, and at once when one becomes free; who has just got one keeps it for a round.
func (s *Swarm) rank() []*peer {
	s.ranked = s.ranked[:0]
	for _, p := range s.peers {
		if s.eligible(p) {
			s.ranked = append(s.ranked, p)
		}
	}
	slices.SortStableFunc(s.ranked, func(p, q *peer) int {
		return cmp.Or(
			first(s.paying(p), s.paying(q)),
			first(!s.snubs(p), !s.snubs(q)),
			first(s.inTurn(p), s.inTurn(q)),
			cmp.Compare(s.merit(q), s.merit(p)),
		)
	})
	return s.ranked
}

// inTurn tells whether p has a seeder's slot, and had it for less than a turn.
func (s *Swarm) inTurn(p *peer) bool {
	return s.rests() && !p.choked && s.now.Sub(p.unchoked) < turnLasts
}

// first orders true before false.
func first(p, q bool) int {
	switch {
	case p == q:
		return 0
	case p:
		return -1
	}
	return 1
}

// snubs tells whether p owes us an answer for long. It does not matter to a seeder.
func (s *Swarm) snubs(p *peer) bool { return p.snubbed && !s.rests() }

func (s *Swarm) merit(p *peer) float64 {
	if s.rests() {
		return -p.served
	}
	return p.downRate.perSecond
}

func (s *Swarm) rechokeWhenDue() {
	if s.now.Before(s.nextRechoke) {
		return
	}
	s.nextRechoke = s.now.Add(rechokeEvery)
	rotate := !s.now.Before(s.nextOptimistic)
	if rotate {
		s.nextOptimistic = s.now.Add(optimisticEvery)
	}
	s.rechoke(rotate)
}

// rechoke gives the slots anew. All but one go by rank; the last is the optimistic one, for a random peer. Who got a slot only just
// now keeps it, lest it be choked and unchoked in turn.
func (s *Swarm) rechoke(rotate bool) {
	ranked := s.rank()
	regular := s.limits.UploadSlots - 1
	if len(ranked) <= s.limits.UploadSlots {
		regular = len(ranked)
	}
	s.chooseRegular(ranked, regular)
	s.chooseOptimistic(ranked, rotate)
	s.applyChoice()
}

// chooseRegular gives so many slots by rank, but one of them to a peer that does not pay: free peers are never shut out.
func (s *Swarm) chooseRegular(ranked []*peer, slots int) {
	paying := slots
	if slots > 1 && slices.ContainsFunc(ranked, func(p *peer) bool { return !s.paying(p) }) {
		paying--
	}
	choose := func(p *peer) {
		if p.chosen || slots == 0 || s.paying(p) && paying == 0 {
			return
		}
		p.chosen = true
		slots--
		if s.paying(p) {
			paying--
		}
	}
	for _, p := range s.peers {
		p.chosen = false
	}
	for _, p := range ranked {
		if p != s.optimistic && s.justUnchoked(p) {
			choose(p)
		}
	}
	for _, p := range ranked {
		choose(p)
	}
}

// chooseOptimistic picks the optimistic peer from those that got no slot by rank; a free one where there was no regular slot to spare.
func (s *Swarm) chooseOptimistic(ranked []*peer, rotate bool) {
	candidates := filter(ranked, func(p *peer) bool { return !p.chosen })
	switch {
	case s.limits.UploadSlots == 2:
		candidates = prefer(candidates, func(p *peer) bool { return !s.paying(p) })
	case s.rests() && slices.ContainsFunc(ranked, func(p *peer) bool { return p.chosen && !s.paying(p) }):
		candidates = prefer(candidates, s.paying)
	}
	if rotate || !slices.Contains(candidates, s.optimistic) {
		s.optimistic = s.draw(prefer(candidates, s.justUnchoked))
	}
	if s.optimistic != nil {
		s.optimistic.chosen = true
	}
}

// justUnchoked tells whether choking p now would be fibrillation.
func (s *Swarm) justUnchoked(p *peer) bool {
	return !p.choked && s.now.Sub(p.unchoked) < rechokeEvery
}

func filter(peers []*peer, wanted func(*peer) bool) []*peer {
	return slices.DeleteFunc(slices.Clone(peers), func(p *peer) bool { return !wanted(p) })
}

// prefer returns only those that are wanted, if there are any.
func prefer(peers []*peer, wanted func(*peer) bool) []*peer {
	if some := filter(peers, wanted); len(some) > 0 {
		return some
	}
	return peers
}

// draw picks one at random, by weight.
func (s *Swarm) draw(candidates []*peer) *peer {
	total := 0
	for _, p := range candidates {
		total += s.weight(p)
	}
	if total == 0 {
		return nil
	}
	n := s.rand.IntN(total)
	for _, p := range candidates {
		if n -= s.weight(p); n < 0 {
			return p
		}
	}
	panic("unreachable")
}

// weight is how likely a peer is drawn: new ones more, as they have nothing yet to give in return, and those less that were given enough
// to give something back, and did not.
func (s *Swarm) weight(p *peer) int {
	weight := triedWeight
	if !s.rests() && p.sent >= triedWith && p.received*takerGives < p.sent {
		weight = 1
	}
	if s.now.Sub(p.opened) < newFor {
		weight *= newWeight
	}
	return weight
}

// applyChoice chokes first, so that the number of slots is never exceeded. Peers that want nothing keep what nobody else needs.
func (s *Swarm) applyChoice() {
	free := s.limits.UploadSlots
	for _, p := range s.peers {
		if p.chosen {
			free--
		}
	}
	for _, p := range s.peers {
		if p.choked || p.chosen {
			continue
		}
		if !p.interested && free > 0 {
			free--
			continue
		}
		s.choke(p)
	}
	for _, p := range s.peers {
		if p.chosen && p.choked {
			s.unchoke(p)
		}
	}
	s.freed = false
}
