package reward

// What was earned is held for some epochs, so that a fraud can be found first; half of what a young account earns is held until it is old.
const (
	HoldEpochs  = 7
	YoungEpochs = 30 // from an account's first
	OldEpochs   = 60
)

// Release is an amount that becomes payable when an epoch closes.
type Release struct {
	Epoch  uint32
	Amount uint64 // µ-credits
}

// Hold says when what an account earned in an epoch becomes payable. first is the epoch in which the account began.
func Hold(first, epoch uint32, amount uint64) []Release {
	soon := add(epoch, HoldEpochs)
	if epoch-min(epoch, first) >= YoungEpochs {
		return []Release{{soon, amount}}
	}
	later := amount / 2
	if later == 0 {
		return []Release{{soon, amount}}
	}
	return []Release{{soon, amount - later}, {add(first, OldEpochs), later}}
}

func add(epoch, n uint32) uint32 { return epoch + min(n, ^uint32(0)-epoch) }
