package reward

// stayed is what one seeder's time for one work counts.
type stayed struct {
	seeder, work int
	minutes      uint64
	weight       uint64 // within the work
	share        uint64 // µ-credits
}

// availability divides a pool first among the works, so that more copies of one never raise what is paid for it, and then among those who
// were there. A seeder without a passed proof counts for nothing.
func (r Rules) availability(in *Input, pool uint64) (list []stayed, values []uint64) {
	takesPart := make([]bool, len(in.Seeders))
	for _, s := range in.Stays {
		takesPart[s.Seeder] = takesPart[s.Seeder] || in.Works[s.Work].Common && s.Minutes > 0 && s.Passed > 0
	}
	factors := r.factors(in, takesPart)
	works := make([][]int, len(in.Works))
	for i, s := range in.Stays {
		there := stayed{seeder: s.Seeder, work: s.Work, minutes: s.Minutes}
		if s.Passed > 0 {
			there.weight = factors[s.Seeder].of(scale(s.Minutes*1_000_000, s.Passed, s.Asked))
		}
		list = append(list, there)
		works[s.Work] = append(works[s.Work], i)
	}
	values = make([]uint64, len(in.Works))
	for i, rows := range works {
		if in.Works[i].Common && anyone(list, rows) {
			values[i] = value(in.Works[i])
		}
	}
	for i, share := range Split(pool, values) {
		weights := make([]uint64, len(works[i]))
		for j, row := range works[i] {
			weights[j] = list[row].weight
		}
		for j, amount := range Split(share, weights) {
			list[works[i][j]].share = amount
		}
	}
	return list, values
}

func anyone(list []stayed, rows []int) bool {
	for _, row := range rows {
		if list[row].weight > 0 {
			return true
		}
	}
	return false
}

// value is what it is worth that a work is there: √leaves · (1 + log₂(1 + networks that downloaded it)), and a quarter of that where proofs
// are weak. In 256ths.
func value(w Work) uint64 {
	v := root(w.Leaves<<16) * (1<<16 + log2(1+w.Nets)) >> 16 // leaves ≤ 2⁴⁰, so below 2²⁸ · 2⁶
	if w.Weak {
		v /= 4
	}
	return v
}
