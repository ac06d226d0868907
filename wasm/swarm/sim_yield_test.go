package swarm

import (
	"testing"
	"time"
)

// yielding makes a fast seeder that yields.
func (m *simulation) yielding() *node {
	m.yields = true
	defer func() { m.yields = false }()
	n := m.seeder()
	n.bandwidth = 16 << 20
	return n
}

// yieldWorlds runs a world of 16 MiB for pieces of different sizes, and for a leecher that fetches in order and knows no suggestions too.
func yieldWorlds(t *testing.T, world func(m *simulation, leecher *node)) {
	t.Helper()
	for seed := range min(seeds(20), 6) {
		m := newSimulation(t, seed+1, 16<<20, 128<<10<<(seed%3))
		b := m.add(nil, false)
		b.stock = seed >= 3
		b.bandwidth = 4 << 20
		world(m, b)
	}
}

// serverShare is the part of a leecher's bytes that a seeder gave.
func serverShare(seeder, leecher *node) float64 {
	return float64(seeder.k.s.Stats().Uploaded) / float64(leecher.k.s.Stats().Downloaded)
}

// While three others that have everything serve a leecher, a seeder that yields gives it a fifth at most, however fast it could.
func TestSeederYields(t *testing.T) {
	for _, bandwidth := range []float64{128 << 10, 256 << 10, 2 << 20} {
		yieldWorlds(t, func(m *simulation, b *node) {
			server := m.yielding()
			m.connect(server, b, unlimited)
			for range 3 {
				n := m.seeder()
				n.bandwidth = bandwidth
				m.connect(n, b, unlimited)
			}
			m.run(5*time.Minute, allComplete(b))
			m.t.Logf("beside three of %.0f KiB/s: %.3f in %v", bandwidth/1024, serverShare(server, b), m.now.Sub(epoch))
			if share := serverShare(server, b); share > 0.2 {
				m.failf("beside three of %.0f bytes a second the server gave %.2f", bandwidth, share)
			}
		})
	}
}

// It gives everything, as fast as it can, to one that has nobody else, and most of it where others are slow, or stop.
func TestSeederThatYieldsCarries(t *testing.T) {
	yieldWorlds(t, func(m *simulation, b *node) {
		server := m.yielding()
		m.connect(server, b, unlimited)
		m.run(time.Minute, allComplete(b))
		if took := m.now.Sub(epoch); took > maxYieldGrace+3*time.Second {
			m.failf("alone, it took %v", took)
		}
	})
	yieldWorlds(t, func(m *simulation, b *node) {
		server, slow := m.yielding(), m.seeder()
		slow.bandwidth = 16 << 10
		m.connect(server, b, unlimited)
		m.connect(slow, b, unlimited)
		m.run(time.Minute, allComplete(b))
		if took := m.now.Sub(epoch); took > 20*time.Second {
			m.failf("beside a slow one, it took %v", took)
		}
	})
	yieldWorlds(t, func(m *simulation, b *node) {
		server, other := m.yielding(), m.seeder()
		other.bandwidth = 1 << 20
		m.connect(server, b, unlimited)
		m.connect(other, b, unlimited)
		m.after(8*time.Second, func() { other.ends[0].close(); other.ends[0].lost() })
		m.run(time.Minute, allComplete(b))
		if took := m.now.Sub(epoch); took > 45*time.Second {
			m.failf("after the other had gone, it took %v", took)
		}
	})
}

// Where it is the only seeder, what leechers give each other of what it gave them does not keep it from giving more.
func TestSeederThatYieldsSpreads(t *testing.T) {
	m := newSimulation(t, 1, 32<<20, 64<<10)
	server := m.yielding()
	server.bandwidth = 4 << 20
	var leechers []*node
	for range 4 {
		b := m.add(nil, false)
		b.bandwidth = 4 << 20
		m.connect(server, b, unlimited)
		for _, c := range leechers {
			m.connect(c, b, unlimited)
		}
		leechers = append(leechers, b)
	}
	m.run(5*time.Minute, allComplete(leechers...))
	m.t.Logf("all had it after %v", m.now.Sub(epoch))
	if best := 8 * time.Second; m.now.Sub(epoch) > yieldGrace+2*best {
		m.failf("it took %v", m.now.Sub(epoch))
	}
}
