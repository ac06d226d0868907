package tracker

// pick chooses n distinct peers at random to be handed from's offers. A seeder meets leechers only. A leecher meets both: seeders for
// every other offer and one more, leechers for the rest, and more of either where the other kind is short.
func (t *Tracker) pick(from *peer, n int) []*peer {
	if n <= 0 {
		return nil
	}
	s := from.swarm
	if from.complete {
		return t.sample(nil, &s.leechers, from, n)
	}
	leechers := min(n/2, s.leechers.size-1) // all but itself
	seeders := min(n-leechers, s.seeders.size)
	picked := t.sample(nil, &s.seeders, from, seeders)
	return t.sample(picked, &s.leechers, from, n-seeders)
}

// sample appends up to n distinct random peers of a half, but not except: first a network, then one of its peers, so that many peers of one
// network are met no more often than one. Each round takes one peer of every network, and each is the next step of a Fisher–Yates shuffle.
func (t *Tracker) sample(dst []*peer, h *half, except *peer, n int) []*peer {
	for round, more := 0, true; more; round++ {
		more = false
		for i := 0; i < len(h.networks); i++ {
			if n == 0 {
				return dst
			}
			h.swap(i, i+t.below(len(h.networks)-i))
			net := h.networks[i]
			if round >= len(net.peers) {
				continue
			}
			more = more || round+1 < len(net.peers)
			net.swap(round, round+t.below(len(net.peers)-round))
			if p := net.peers[round]; p != except {
				dst = append(dst, p)
				n--
			}
		}
	}
	return dst
}

// below returns a random number from 0 to n-1.
func (t *Tracker) below(n int) int {
	if n == 1 {
		return 0
	}
	return t.config.Rand.IntN(n)
}
