package reward

import "fanseed/signal/receipt"

// served is what one seeder gave of one work.
type served struct {
	seeder, work int
	bytes        uint64 // that downloaders confirmed
	given        uint64 // of those, what was not traded
	counted      uint64 // of those, what no cap takes away
	weight       uint64 // bytes, by reputation and damping
	reason       receipt.Reason
}

// bandwidth returns what every seeder gave of every work, in their order.
func (r Rules) bandwidth(in *Input) []served {
	counted, reasons := r.capped(in)
	var list []served
	for i, t := range in.Transfers {
		s := find(&list, t.Seeder, t.Work)
		s.bytes += t.Bytes + t.Traded
		s.given += t.Bytes
		s.counted += counted[i]
		if reasons[i] != receipt.Confirmed {
			s.reason = reasons[i]
		}
	}
	for i, s := range list {
		if s.given == 0 && s.bytes > 0 {
			list[i].reason = receipt.Traded
		}
	}
	paying := make([]bool, len(in.Seeders))
	for _, s := range list {
		paying[s.seeder] = paying[s.seeder] || s.counted > 0
	}
	factors := r.factors(in, paying)
	for i := range list {
		list[i].weight = factors[list[i].seeder].of(list[i].counted)
	}
	return list
}

// find returns the row of a seeder and a work: the transfers are sorted by seeder, so it is among the last.
func find(list *[]served, seeder, work int) *served {
	for i := len(*list) - 1; i >= 0 && (*list)[i].seeder == seeder; i-- {
		if (*list)[i].work == work {
			return &(*list)[i]
		}
	}
	*list = append(*list, served{seeder: seeder, work: work, reason: receipt.Confirmed})
	return &(*list)[len(*list)-1]
}

// capped returns what is left of every transfer, and why it is less. What a cap takes, it takes from all that is under it in proportion, so
// that nothing depends on who came first.
func (r Rules) capped(in *Input) (counted []uint64, reasons []receipt.Reason) {
	counted, reasons = make([]uint64, len(in.Transfers)), make([]receipt.Reason, len(in.Transfers))
	var pairs groups[[2]int]
	var nets groups[Tag]
	for i, t := range in.Transfers {
		counted[i], reasons[i] = t.Bytes, receipt.Confirmed
		if t.Capped {
			reasons[i] = receipt.CappedCopy
		}
		pairs.add([2]int{t.Seeder, t.Leecher}, i)
		nets.add(in.Leechers[t.Leecher].Net, i)
	}
	cut := func(rows []int, most uint64, why receipt.Reason) {
		if most > 0 && clip(counted, rows, most) {
			for _, i := range rows {
				reasons[i] = why
			}
		}
	}
	for _, rows := range pairs.rows {
		cut(rows, r.PairCap, receipt.CappedPair)
	}
	for _, rows := range nets.rows {
		cut(rows, r.NetCap, receipt.CappedNet)
	}
	r.demanded(in, counted, reasons)
	return counted, reasons
}

// demanded counts less of what networks signed that hardly use the tickets they are given: whoever asks again and again until the server
// names its own seeder leaves all the others unused.
func (r Rules) demanded(in *Input, counted []uint64, reasons []receipt.Reason) {
	if r.Demand == 0 {
		return
	}
	tickets, used := map[Tag]uint64{}, map[Tag]uint64{}
	for _, l := range in.Leechers {
		tickets[l.Net] += l.Tickets
		used[l.Net] += l.Used
	}
	for i, t := range in.Transfers {
		net := in.Leechers[t.Leecher].Net
		if all, some := tickets[net], used[net]*r.Demand; some < all {
			counted[i], reasons[i] = scale(counted[i], some, all), receipt.LowDemand
		}
	}
}

// groups are the indexes of rows that share something, in the order in which they came first.
type groups[K comparable] struct {
	rows [][]int
	at   map[K]int
}

func (g *groups[K]) add(key K, row int) {
	at, known := g.at[key]
	if !known {
		if g.at == nil {
			g.at = map[K]int{}
		}
		at = len(g.rows)
		g.at[key], g.rows = at, append(g.rows, nil)
	}
	g.rows[at] = append(g.rows[at], row)
}

// clip divides most among the chosen amounts in their proportion, if they are more together.
func clip(amounts []uint64, rows []int, most uint64) bool {
	chosen, total := make([]uint64, len(rows)), uint64(0)
	for i, row := range rows {
		chosen[i] = amounts[row]
		total += amounts[row]
	}
	if total <= most {
		return false
	}
	for i, share := range Split(most, chosen) {
		amounts[rows[i]] = share
	}
	return true
}

// factor is by how much a seeder's bytes or minutes count.
type factor struct {
	reputation uint64 // in 1,000ths
	damping    uint64 // in 1,000,000ths
}

func (f factor) of(n uint64) uint64 { return scale(n, f.reputation*f.damping, 1_000*1_000_000) }

// factors returns every seeder's. k seeders that take part on one network count as √k, so 1/√k each.
func (r Rules) factors(in *Input, takesPart []bool) []factor {
	onNet := map[Tag]uint64{}
	for i, s := range in.Seeders {
		if takesPart[i] {
			onNet[s.Net]++
		}
	}
	list := make([]factor, len(in.Seeders))
	for i, s := range in.Seeders {
		list[i] = factor{1_000, 1_000_000}
		if r.Weighed {
			list[i].reputation = s.Reputation
		}
		if k := onNet[s.Net]; r.Damping && k > 1 {
			list[i].damping = root(1_000_000_000_000 / k)
		}
	}
	return list
}
