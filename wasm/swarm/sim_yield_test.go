package swarm

import (
	"testing"
	"time"
)

// yielder makes a seeder that yields.
func (m *simulation) yielder(bandwidth float64) *node {
	m.yields = true
	n := m.seeder()
	m.yields = false
	n.bandwidth = bandwidth
	return n
}

// yieldWorlds have a work of 32 MiB in small, middling and large pieces, and one who fetches it, of our kind or stock.
func yieldWorlds(t *testing.T, world func(m *simulation, leecher *node)) {
	t.Helper()
	for seed := range min(seeds(20), 6) {
		m := newSimulation(t, seed+1, 32<<20, 64<<10<<(2*(seed%3)))
		leecher := m.add(nil, false)
		leecher.stock = seed >= 3
		world(m, leecher)
	}
}

// share is what a node gave of what one has.
func (m *simulation) share(of *node) float64 {
	return float64(of.k.s.Stats().Uploaded) / float64(m.length())
}

// Where three fans seed, one that yields sends at most a fifth of what a fourth fetches, however fast it is; a late-comer among the fans
// changes nothing.
func TestSeederYields(t *testing.T) {
	yieldWorlds(t, func(m *simulation, leecher *node) {
		y := m.yielder(8 << 20)
		m.connect(y, leecher, 0)
		for i := range 3 {
			fan := m.seeder()
			m.after(time.Duration(i)*500*time.Millisecond, func() { m.connect(fan, leecher, unlimited) })
		}
		m.run(2*time.Minute, allComplete(leecher))
		took := m.now.Sub(epoch)
		m.t.Logf("seed %d: the yielding one sent %.3f, in %v", m.seed, m.share(y), took)
		if m.share(y) > 0.2 || took > 20*time.Second {
			m.failf("the yielding one sent %.2f, in %v", m.share(y), took)
		}
	})
}

// Alone it serves as fast as it can once the others have had their time.
func TestYieldingSeederServesAlone(t *testing.T) {
	yieldWorlds(t, func(m *simulation, leecher *node) {
		y := m.yielder(4 << 20)
		m.connect(y, leecher, 0)
		m.run(2*time.Minute, allComplete(leecher))
		if took := m.now.Sub(epoch); took > yieldGrace+2*time.Second+8*time.Second*11/10 {
			m.failf("took %v", took)
		}
	})
}

// It makes up for others that give next to nothing, and for those that leave.
func TestYieldingSeederStepsIn(t *testing.T) {
	yieldWorlds(t, func(m *simulation, leecher *node) {
		y := m.yielder(4 << 20)
		m.connect(y, leecher, 0)
		for range 3 {
			fan := m.seeder()
			fan.bandwidth = 16 << 10
			m.connect(fan, leecher, unlimited)
		}
		m.run(2*time.Minute, allComplete(leecher))
		if took := m.now.Sub(epoch); took > 20*time.Second || m.share(y) < 0.8 {
			m.failf("beside slow ones it sent %.2f, in %v", m.share(y), took)
		}
	})
	yieldWorlds(t, func(m *simulation, leecher *node) {
		y, fan := m.yielder(4<<20), m.seeder()
		m.connect(y, leecher, 0)
		m.connect(fan, leecher, unlimited)
		m.settle(16 * time.Second)
		before := m.share(y)
		for _, x := range fan.ends {
			if !x.closed {
				x.close()
				x.lost()
			}
		}
		m.run(2*time.Minute, allComplete(leecher))
		if took := m.now.Sub(epoch); took > 36*time.Second {
			m.failf("after the others had gone it took %v; it had sent %.2f before", took, before)
		}
	})
}
