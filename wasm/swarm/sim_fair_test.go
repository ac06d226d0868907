package swarm

import (
	"testing"
	"time"
)

// jain is the fairness index of Jain, Chiu and Hawe (1984): 1 when all have the same, 1/n when one has everything.
func jain(of []float64) float64 {
	sum, squares := 0.0, 0.0
	for _, x := range of {
		sum += x
		squares += x * x
	}
	return sum * sum / (float64(len(of)) * squares)
}

// contended is a seeder with few slots and many leechers that only know it; limit 0 makes a free one.
func contended(m *simulation, slots int, limits []uint64) (seeder *node, leechers []*node) {
	m.limits.UploadSlots = slots
	seeder = m.seeder()
	for _, limit := range limits {
		b := m.add(nil, false)
		m.connect(seeder, b, limit)
		leechers = append(leechers, b)
	}
	return seeder, leechers
}

func got(leechers []*node) (bytes []float64) {
	for _, n := range leechers {
		bytes = append(bytes, float64(n.k.s.Stats().Downloaded))
	}
	return bytes
}

// fairWorlds runs a torrent that is too large to finish, for ten minutes.
func fairWorlds(t *testing.T, world func(m *simulation)) {
	t.Helper()
	for seed := range min(seeds(10), 2) {
		world(newSimulation(t, seed+1, 64<<20, 256<<10))
	}
}

// A seeder with four slots gives twelve equal peers about the same.
func TestSeederIsFair(t *testing.T) {
	fairWorlds(t, func(m *simulation) {
		seeder, leechers := contended(m, 4, make([]uint64, 12))
		seeder.bandwidth = 256 << 10
		m.settle(10 * time.Minute)
		if index := jain(got(leechers)); index < 0.9 {
			m.failf("fairness %.2f: %.0f", index, got(leechers))
		}
	})
}

// Those that pay get more than those that do not, but none of these is starved.
func TestPayingFirstNobodyStarves(t *testing.T) {
	fairWorlds(t, func(m *simulation) {
		seeder, leechers := contended(m, 4, []uint64{unlimited, unlimited, unlimited, unlimited, unlimited, unlimited, 0, 0, 0, 0})
		seeder.bandwidth = 256 << 10
		m.settle(10 * time.Minute)
		bytes := got(leechers)
		paid, free := 0.0, 0.0
		for i, n := range bytes {
			if i < 6 {
				paid += n
			} else {
				free += n
				if n < 1<<20 {
					m.failf("free peer %d got %.0f bytes in ten minutes: %.0f", i, n, bytes)
				}
			}
		}
		if paid < 2.5*free {
			m.failf("those that pay got %.0f, the free ones %.0f", paid, free)
		}
		if index := jain(bytes[:6]); index < 0.9 {
			m.failf("fairness %.2f among those that pay: %.0f", index, bytes)
		}
	})
}

// Among leechers that trade, one that gives nothing gets a small part of what the others get.
func TestTakerIsBounded(t *testing.T) {
	fairWorlds(t, func(m *simulation) {
		m.limits.UploadSlots = 4
		var all []*node
		for i := range 10 {
			b := m.add(halfOf(m.work.info.NumPieces(), int(m.seed)*10+i), false)
			b.bandwidth = 32 << 10
			if i == 9 {
				b.load = stalls
			}
			for _, c := range all {
				m.connect(b, c, 0)
			}
			all = append(all, b)
		}
		m.settle(12 * time.Minute)
		bytes := got(all)
		mean := 0.0
		for _, n := range bytes[:9] {
			mean += n / 9
		}

		if bytes[9] > mean*0.75 {
			m.failf("the taker got %.0f, the others %.0f: %.0f", bytes[9], mean, bytes)
		}
	})
}
