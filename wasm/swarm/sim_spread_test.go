package swarm

import (
	"math"
	"testing"
	"time"
)

// spread is one seeder, and leechers that all come at once and all know each other.
type spread struct {
	m        *simulation
	seeder   *node
	leechers []*node
}

// newSpread makes a world of so many MiB in pieces of so many KiB. Bandwidths are bytes a second, up; the leechers take turns with theirs.
func newSpread(t *testing.T, seed uint64, mib, pieceKiB, leechers int, seeder float64, each ...float64) *spread {
	w := &spread{m: newSimulation(t, seed, mib<<20, pieceKiB<<10)}
	w.m.limits.UploadSlots = 0
	w.seeder = w.m.seeder()
	w.seeder.bandwidth = seeder
	for i := range leechers {
		n := w.m.add(nil, false)
		n.bandwidth = each[i%len(each)]
		w.leechers = append(w.leechers, n)
	}
	return w
}

func (w *spread) connect() {
	for i, b := range w.leechers {
		w.m.connect(w.seeder, b, unlimited)
		for _, c := range w.leechers[:i] {
			w.m.connect(c, b, unlimited)
		}
	}
}

// best is the time within which nobody could do it: the seeder's uplink must carry everything once, all uplinks together must carry it
// for everybody (Mundinger, Weber, Weiss 2008).
func (w *spread) best() float64 {
	length, all := float64(w.m.length()), w.seeder.bandwidth
	for _, n := range w.leechers {
		all += n.bandwidth
	}
	n := float64(len(w.leechers))
	if w.seeder.coupled {
		return math.Max(length/w.seeder.bandwidth, 2*length*n/all)
	}
	return math.Max(length/w.seeder.bandwidth, length*n/all)
}

// run runs the world, and returns the seeder's share of all bytes sent, and the time of the last leecher and the mean one over the best.
func (w *spread) run(most time.Duration) (share, last, mean float64) {
	w.connect()
	var sum float64
	done := make(map[*node]bool)
	w.m.run(most, func() bool {
		for _, n := range w.leechers {
			if n.complete && !done[n] {
				done[n] = true
				sum += w.m.now.Sub(epoch).Seconds()
			}
		}
		return len(done) == len(w.leechers)
	})
	var all uint64
	for _, n := range w.m.nodes {
		all += n.k.s.Stats().Uploaded
	}
	best := w.best()
	return float64(w.seeder.k.s.Stats().Uploaded) / float64(all), w.m.now.Sub(epoch).Seconds() / best, sum / float64(len(w.leechers)) / best
}

// Leechers that come all at once trade: the seeder sends little more than every piece once, and the time is near the best there can be. It
// may send more where the leechers' own uplinks are what is short.
func TestSpread(t *testing.T) {
	for _, c := range []struct {
		name          string
		mib, pieceKiB int
		leechers      int
		seeder        float64
		each          []float64
		coupled       bool

		mostShare, mostTime float64 // the time is that of the last leecher, in best times
	}{
		{"1 to 4 equal", 64, 64, 4, 8 << 20, []float64{8 << 20}, false, 0.30, 1.25},
		{"1 to 4 large pieces", 64, 512, 4, 2 << 20, []float64{2 << 20}, false, 0.30, 1.30},
		{"1 to 4 unequal", 32, 64, 4, 2 << 20, []float64{4 << 20, 1 << 20, 1 << 19, 1 << 18}, false, 0.35, 1.7},
		{"1 to 4 fast seeder", 32, 64, 4, 8 << 20, []float64{1 << 20}, false, 0.70, 1.6},
		{"1 to 4 one processor each", 64, 64, 4, 20 << 20, []float64{20 << 20}, true, 0.45, 1.4},
		{"1 to 20 equal", 16, 32, 20, 1 << 20, []float64{1 << 20}, false, 0.065, 1.4},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.name != "1 to 4 large pieces" && seeds(10) < 10 {
				t.Skip("takes long")
			}
			w := newSpread(t, 1, c.mib, c.pieceKiB, c.leechers, c.seeder, c.each...)
			for _, n := range w.m.nodes {
				n.coupled = c.coupled
			}
			share, last, mean := w.run(30 * time.Minute)
			t.Logf("the seeder sent %.3f of all bytes; last after %.2f, mean %.2f of the best time", share, last, mean)
			if share > c.mostShare || last > c.mostTime {
				t.Errorf("the seeder sent %.3f of all bytes, at most %.3f; the last took %.2f best times, at most %.2f", share, c.mostShare, last, c.mostTime)
			}
		})
	}
}

// Peers that fetch in order, whatever the seeder suggests, neither stall nor hold up others.
func TestSpreadAmongStockPeers(t *testing.T) {
	for _, c := range []struct {
		stock               int
		mostShare, mostTime float64
	}{{2, 0.40, 1.8}, {4, 0.75, 3.2}} {
		w := newSpread(t, 1, 32, 64, 4, 4<<20, 4<<20)
		for _, n := range w.leechers[:c.stock] {
			n.stock = true
		}
		share, last, mean := w.run(10 * time.Minute)
		t.Logf("%d of 4 stock: the seeder sent %.3f of all bytes; last after %.2f, mean %.2f of the best time", c.stock, share, last, mean)
		if share > c.mostShare || last > c.mostTime {
			t.Errorf("%d of 4 stock: the seeder sent %.3f of all bytes, at most %.3f; the last took %.2f best times, at most %.2f", c.stock, share, c.mostShare, last, c.mostTime)
		}
	}
}
