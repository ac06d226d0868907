package swarm

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

const unlimited = 1 << 40

// worlds runs a world for many seeds.
func worlds(t *testing.T, n int, world func(m *simulation)) {
	t.Helper()
	for seed := range seeds(n) {
		m := newSimulation(t, seed+1, 600_000+int(seed%7)*150_000, 32<<10<<(seed%4))
		m.checks = seed < 6
		world(m)
	}
}

// length is the size of the torrent in bytes.
func (m *simulation) length() uint64 { return uint64(m.work.info.Size()) }

// mustCredit checks that what was claimed is exactly what was signed, and exactly want.
func (m *simulation) mustCredit(want uint64) {
	m.t.Helper()
	if claimed, signed := m.credited(); claimed != want || signed != want {
		m.failf("claimed %d and signed %d, not %d", claimed, signed, want)
	}
}

func TestOneToOne(t *testing.T) {
	worlds(t, 200, func(m *simulation) {
		a, b := m.seeder(), m.add(nil, m.seed%2 == 0)
		m.connect(a, b, unlimited)
		m.run(5*time.Minute, allComplete(b))
		m.settle(5 * time.Second)
		m.mustCredit(m.length())
		if len(a.k.open)+len(b.k.open) > 0 {
			m.failf("two seeders stay connected")
		}
	})
}

func TestOneToFour(t *testing.T) {
	worlds(t, 100, func(m *simulation) {
		a := m.seeder()
		leechers := []*node{m.add(nil, true), m.add(nil, false), m.add(nil, false), m.add(nil, true)}
		for i, b := range leechers {
			m.connect(a, b, unlimited)
			for _, c := range leechers[:i] {
				m.connect(c, b, unlimited)
			}
		}
		m.run(10*time.Minute, allComplete(leechers...))
		m.settle(10 * time.Second)
		m.mustCredit(4 * m.length())
	})
}

func TestThreeToOne(t *testing.T) {
	worlds(t, 200, func(m *simulation) {
		b := m.add(nil, true)
		for i := range 3 {
			a := m.seeder()
			a.bandwidth /= float64(1 + 3*i)
			m.connect(a, b, unlimited)
		}
		m.run(10*time.Minute, allComplete(b))
		m.settle(10 * time.Second)
		m.mustCredit(m.length())
	})
}

// With memory for two pieces alone, peers help each other's.
func TestSmallBuffers(t *testing.T) {
	worlds(t, 100, func(m *simulation) {
		m.limits.Buffers = 1
		b := m.add(nil, true)
		for range 4 {
			m.connect(m.seeder(), b, unlimited)
		}
		m.run(5*time.Minute, allComplete(b))
		m.settle(10 * time.Second)
		m.mustCredit(m.length())
	})
}

// Peers of which none has a ticket.
func TestFreePeers(t *testing.T) {
	worlds(t, 50, func(m *simulation) {
		m.limits.UploadSlots = 2
		a := m.seeder()
		var leechers []*node
		for i := range 6 {
			b := m.add(nil, i%2 == 0)
			m.connect(a, b, 0)
			for _, c := range leechers {
				m.connect(c, b, 0)
			}
			leechers = append(leechers, b)
		}
		m.run(20*time.Minute, allComplete(leechers...))
		m.settle(5 * time.Second)
		m.mustCredit(0)
	})
}

// The same inputs give the same effects in the same order.
func TestDeterminism(t *testing.T) {
	play := func() (log []string) {
		m := newSimulation(t, 7, 900_000, 64<<10)
		m.log = func(n *node, e Effect) {
			msg := e.Message
			log = append(log, fmt.Sprint(n.name, m.now.UnixNano(), e.Kind, e.Peer, msg.Kind, msg.Index, msg.Begin, e.Index, e.Amount))
		}
		a := m.seeder()
		leechers := []*node{m.add(nil, true), m.add(nil, false), m.add(nil, true)}
		for i, b := range leechers {
			m.connect(a, b, unlimited)
			for _, c := range leechers[:i] {
				m.connect(b, c, unlimited)
			}
		}
		m.run(10*time.Minute, allComplete(leechers...))
		return log
	}
	first, second := play(), play()
	if len(first) < 1000 || !slices.Equal(first, second) {
		t.Errorf("two runs of %d and %d effects differ", len(first), len(second))
	}
}

func TestTicketLimit(t *testing.T) {
	worlds(t, 100, func(m *simulation) {
		a, b := m.seeder(), m.add(nil, false)
		limit := 100_000 + m.seed*1000
		m.connect(a, b, limit)
		m.run(10*time.Minute, allComplete(b))
		m.settle(5 * time.Second)
		m.mustCredit(limit)
	})
}

// Whoever stops, the downloader pays for exactly what it has verified.
func TestStopMidway(t *testing.T) {
	worlds(t, 100, func(m *simulation) {
		a, b := m.seeder(), m.add(nil, false)
		m.connect(a, b, unlimited)
		m.settle(time.Duration(200+m.rnd.IntN(500)) * time.Millisecond)
		stops := []*node{a, b}[m.seed%2]
		stops.k.s.Stop(m.now)
		stops.drain(nil)
		m.settle(20 * time.Second)
		if len(a.k.open)+len(b.k.open) > 0 {
			m.failf("still connected")
		}
		m.mustCredit(b.k.s.Stats().Verified)
	})
}

// A second ticket continues where the first one's limit ended, or sooner.
func TestFurtherTickets(t *testing.T) {
	worlds(t, 100, func(m *simulation) {
		a, b := m.seeder(), m.add(nil, false)
		m.connect(a, b, 200_000)
		for i := range 3 {
			m.after(time.Duration(200+i*150)*time.Millisecond, func() {
				if !b.ends[0].closed && !a.ends[0].closed {
					m.ticket(a.ends[0], b.ends[0], 200_000)
				}
			})
		}
		m.run(10*time.Minute, allComplete(b))
		m.settle(10 * time.Second)
		claimed, signed := m.credited()
		if claimed != signed || claimed < 200_000 || claimed > m.length() {
			m.failf("claimed %d, signed %d", claimed, signed)
		}
	})
}

func TestChurn(t *testing.T) {
	worlds(t, 100, func(m *simulation) {
		nodes := []*node{m.seeder(), m.add(nil, true), m.add(nil, false), m.add(nil, true), m.add(nil, false)}
		var connect func(a, b *node)
		connect = func(a, b *node) {
			m.connect(a, b, unlimited)
			x := a.ends[len(a.ends)-1]
			m.after(time.Duration(m.rnd.IntN(8000))*time.Millisecond, func() {
				if !x.closed {
					x.close()
					x.lost()
				}
				connect(a, b)
			})
		}
		for i, a := range nodes {
			for _, b := range nodes[:i] {
				connect(a, b)
			}
		}
		m.run(30*time.Minute, allComplete(nodes[1:]...))
		claimed, signed := m.credited()
		if claimed > signed || signed > 4*m.length() {
			m.failf("claimed %d, signed %d of %d", claimed, signed, 4*m.length())
		}
	})
}

// A poisoner among honest seeders is found out and dropped; nobody honest is, and nobody is paid for a bad piece.
func TestPoisoner(t *testing.T) {
	worlds(t, 200, func(m *simulation) {
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
			for p, reason := range leecher.k.dropped {
				if from := leecher.end(p).other.node; reason == BadPiece && from != bad {
					m.failf("node %d was dropped for what the poisoner did", from.name)
				}
			}
		}
		if claimed, signed := m.credited(); claimed > signed || signed > 2*m.length() {
			m.failf("claimed %d, signed %d", claimed, signed)
		}
	})
}

// Peers that say that they have everything and give nothing hold nobody up for long.
func TestLiarAndStaller(t *testing.T) {
	worlds(t, 200, func(m *simulation) {
		b := m.add(nil, m.seed%2 == 0)
		for range 3 {
			liar, staller := m.seeder(), m.seeder()
			liar.load, staller.load = fails, stalls
			m.connect(liar, b, unlimited)
			m.connect(staller, b, unlimited)
		}
		a := m.seeder()
		m.connect(a, b, unlimited)
		m.run(5*time.Minute, allComplete(b))
		m.settle(10 * time.Second)
		m.mustCredit(m.length())
	})
}

// One that has tickets and never pays gets no more than a free peer.
func TestFreeRider(t *testing.T) {
	worlds(t, 100, func(m *simulation) {
		a, rider, b := m.seeder(), m.add(nil, false), m.add(nil, false)
		rider.signs = false
		rider.load = stalls
		m.connect(a, rider, unlimited)
		m.connect(a, b, unlimited)
		m.connect(b, rider, unlimited)
		m.run(20*time.Minute, allComplete(b, rider))
		m.settle(10 * time.Second)
		if claimed, _ := m.credited(); claimed != m.length() {
			m.failf("claimed %d, not the %d of the one that pays", claimed, m.length())
		}
	})
}
