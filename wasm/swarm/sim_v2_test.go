package swarm

import (
	"testing"
	"time"
)

// treeWorlds runs a world with a hybrid and one with a torrent of version 2 alone, for many seeds: three files of which none ends with a
// piece, and one that is smaller than a block.
func treeWorlds(t *testing.T, n int, world func(m *simulation)) {
	t.Helper()
	for kind, make := range map[string]func(uint64, int, ...int) work{"hybrid": newHybrid, "version 2": newV2} {
		t.Run(kind, func(t *testing.T) {
			for seed := range seeds(n) {
				m := newSimulation(t, seed+1, 1, 1)
				m.work = make(m.seed, 32<<10<<(seed%4), 300_000+int(seed%5)*70_000, 5000, 0, 400_000, 33<<10)
				m.checks = seed < 6
				world(m)
			}
		})
	}
}

func TestTreeOneToOne(t *testing.T) {
	treeWorlds(t, 60, func(m *simulation) {
		a, b := m.seeder(), m.add(nil, m.seed%2 == 0)
		m.connect(a, b, unlimited)
		m.run(5*time.Minute, allComplete(b))
		m.settle(5 * time.Second)
		m.mustCredit(m.length())
		m.mustKnowLayers(b)
	})
}

// mustKnowLayers checks that a node that speaks version 2 has every piece layer.
func (m *simulation) mustKnowLayers(n *node) {
	m.t.Helper()
	got := n.k.s.Layers()
	if len(got) != len(m.work.layers) {
		m.failf("node %d knows %d layers of %d", n.name, len(got), len(m.work.layers))
	}
	for root, layer := range m.work.layers {
		if string(got[root]) != string(layer) {
			m.failf("node %d has a wrong layer", n.name)
		}
	}
}

// Those with a magnet link alone get the layers from each other; those that speak version 1 alone take part in a hybrid.
func TestTreeSwarm(t *testing.T) {
	treeWorlds(t, 40, func(m *simulation) {
		a := m.seeder()
		leechers := []*node{m.add(nil, true), m.add(nil, false), m.add(nil, true), m.add(nil, true)}
		leechers[2].v1 = m.work.info.HasV1()
		for i, b := range leechers {
			if i < 2 {
				m.connect(a, b, unlimited)
			}
			for _, c := range leechers[:i] {
				m.connect(c, b, unlimited)
			}
		}
		m.run(10*time.Minute, allComplete(leechers...))
		m.settle(10 * time.Second)
		m.mustCredit(4 * m.length())
		for _, b := range leechers {
			m.mustKnowLayers(b)
		}
	})
}

// The leaves tell which block was wrong: poisoners are dropped for the first one that somebody can tell, however many peers gave some of
// its piece, and nobody honest is ever blamed, nor suspected.
func TestTreePoisoner(t *testing.T) {
	treeWorlds(t, 100, func(m *simulation) {
		m.limits.Buffers = 1 // few pieces at a time, so that peers mix in each
		bad, good, other := m.seeder(), m.seeder(), m.seeder()
		bad.poison = []float64{1, 0.3, 0.02}[m.seed%3]
		bad.bandwidth *= 4
		b, c := m.add(nil, false), m.add(nil, true)
		for _, leecher := range []*node{b, c} {
			m.connect(bad, leecher, unlimited)
			m.connect(good, leecher, unlimited)
			m.connect(other, leecher, unlimited)
		}
		m.connect(b, c, unlimited)
		m.run(10*time.Minute, allComplete(b, c))
		m.settle(10 * time.Second)
		for _, leecher := range []*node{b, c} {
			m.mustSpareTheHonest(leecher, bad)
		}
		if claimed, signed := m.credited(); claimed > signed || signed > 2*m.length() {
			m.failf("claimed %d, signed %d", claimed, signed)
		}
	})
}

func (m *simulation) mustSpareTheHonest(n, bad *node) {
	m.t.Helper()
	caught := false
	for p, reason := range n.k.dropped {
		blamed := reason == BadPiece || reason == BadLeaf || reason == BadHashes
		from := n.end(p).other.node
		if blamed && from != bad {
			m.failf("node %d was dropped for what the poisoner did", from.name)
		}
		caught = caught || blamed
	}
	if n.spoilt > 0 && !caught {
		m.failf("node %d got %d bad pieces, and dropped nobody", n.name, n.spoilt)
	}
}

// Of several that gave some of a bad piece the first bad piece already tells the one.
func TestTreePoisonerAtOnce(t *testing.T) {
	treeWorlds(t, 100, func(m *simulation) {
		m.limits.Buffers = 1
		bad, b := m.seeder(), m.add(nil, false)
		bad.poison = 0.1
		m.connect(bad, b, unlimited)
		for range 3 {
			m.connect(m.seeder(), b, unlimited)
		}
		m.run(10*time.Minute, func() bool {
			for _, p := range b.k.s.peers {
				if p.suspect {
					m.failf("peer %d is suspected", p.id)
				}
			}
			return b.complete
		})
		m.mustSpareTheHonest(b, bad)
		// What was under way when the first bad piece was found may be bad too.
		if b.spoilt > 4 {
			m.failf("%d bad pieces", b.spoilt)
		}
	})
}
