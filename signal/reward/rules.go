package reward

// Rules are the numbers of an epoch's division. Everybody is paid by Standard; tests take single rules away to show what they are for.
type Rules struct {
	// Emission is the most that an epoch pays out of the treasury: one part in so many. Of that, parts in 10,000 go to each common pool.
	Emission                        uint64
	Bandwidth, Availability, Grants uint64

	PairCap uint64 // bytes that one downloader can bring one seeder in an epoch
	NetCap  uint64 // bytes that all downloaders of one network can bring in an epoch
	Demand  uint64 // a network whose tickets are used less often than one in so many counts for less; 0 for no such rule
	Damping bool   // seeders of one network share what they bring: k of them count as √k
	Weighed bool   // by reputation
	// One network gets at most NetPart in 10,000 of a common pool, or NetShares/n of it where n networks take part and that is more.
	NetPart, NetShares uint64

	MostGrant uint64 // µ-credits for one new account
}

// Standard are the rules in force. Their version is that of the tables: see Input.Append.
var Standard = Rules{
	Emission: 400, Bandwidth: 5000, Availability: 3000, Grants: 2000,
	PairCap: 2 << 30, NetCap: 8 << 30, Demand: 4, Damping: true, Weighed: true,
	NetPart: 100, NetShares: 3,
	MostGrant: 1_000_000,
}

// emission returns what an epoch pays out of a treasury in µ-credits, and how it is divided into the common pools.
func (r Rules) emission(treasury, most uint64) (bandwidth, availability, grants uint64) {
	total := min(treasury/r.Emission, most)
	return part(total, r.Bandwidth), part(total, r.Availability), part(total, r.Grants)
}

// part returns so many parts in 10,000.
func part(n, parts uint64) uint64 { return scale(n, parts, 10_000) }

// mostPerNet returns what one of n networks gets out of a pool at most.
func (r Rules) mostPerNet(pool uint64, nets int) uint64 {
	if r.NetShares == 0 || nets == 0 {
		return pool
	}
	return min(pool, max(part(pool, r.NetPart), scale(pool, r.NetShares, uint64(nets))))
}
