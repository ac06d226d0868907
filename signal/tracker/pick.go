package tracker

// pick chooses n distinct peers at random to be handed from's offers. A seeder meets leechers only. A leecher meets both: seeders for
// every other offer and one more, leechers for the rest, and more of either where the other kind is short.
func (t *Tracker) pick(from *peer, n int) []*peer {
	if n <= 0 {
		return nil
	}
	s := from.swarm
	if from.complete {
		return t.sample(nil, s, s.leechers, from, n)
	}
	leechers := min(n/2, len(s.leechers)-1) // all but itself
	seeders := min(n-leechers, len(s.seeders))
	picked := t.sample(nil, s, s.seeders, from, seeders)
	return t.sample(picked, s, s.leechers, from, n-seeders)
}

// sample appends up to n distinct random peers of a half, but not except, by the first steps of a Fisher–Yates shuffle.
func (t *Tracker) sample(dst []*peer, s *swarm, half []*peer, except *peer, n int) []*peer {
	for i := 0; i < len(half) && n > 0; i++ {
		s.swap(half, i, i+t.config.Rand.IntN(len(half)-i))
		if half[i] != except {
			dst = append(dst, half[i])
			n--
		}
	}
	return dst
}
