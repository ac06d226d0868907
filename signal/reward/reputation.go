package reward

// An account's reputation, in 1,000ths: what it brings counts for so much. It grows with every epoch in which downloaders of at least
// reputableNets networks confirmed to have got something, and is halved by each failed audit.
const (
	NewReputation    = 250
	FullReputation   = 1000
	reputationGrowth = 25
	reputableNets    = 3
)

// maxHalvings is where a reputation is nothing any more.
const maxHalvings = 10

// reputation returns what an account's becomes after an epoch in which it served so many networks.
func reputation(s Seeder, nets int) uint64 {
	if s.Failed > 0 {
		return s.Reputation >> min(s.Failed, maxHalvings)
	}
	if nets < reputableNets {
		return s.Reputation
	}
	return min(FullReputation, s.Reputation+reputationGrowth)
}
