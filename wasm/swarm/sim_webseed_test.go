package swarm

import (
	"slices"
	"testing"
	"time"

	"fanseed/wasm/wire"
)

// webseed is an HTTP server with the work.
type webseed struct {
	m         *simulation
	to        *node
	peer      Peer
	bandwidth float64 // bytes a second
	asked     []wire.Message
	sent      uint64 // payload bytes
}

func (m *simulation) webseed() *webseed { return &webseed{m: m, bandwidth: 4 << 20} }

// serve makes it a peer of a node.
func (w *webseed) serve(n *node) {
	n.handles++
	w.to, w.peer = n, n.handles
	n.webseed = w
	w.m.after(0, func() {
		n.k.open[w.peer] = true
		n.k.s.OpenedWebseed(w.m.now, w.peer)
		n.drain(nil)
	})
}

// take takes what the swarm says to it.
func (w *webseed) take(msg wire.Message) {
	switch msg.Kind {
	case wire.KindRequest:
		w.asked = append(w.asked, msg)
		if len(w.asked) == 1 {
			w.give()
		}
	case wire.KindCancel:
		w.asked = slices.DeleteFunc(w.asked, func(q wire.Message) bool { return q.Index == msg.Index && q.Begin == msg.Begin })
	default:
		w.m.failf("a webseed is told %v", msg.Kind)
	}
}

// give answers what it was asked first, as fast as it can.
func (w *webseed) give() {
	msg := w.asked[0]
	w.m.after(time.Duration(float64(msg.Length)/w.bandwidth*float64(time.Second)), func() {
		if !w.to.k.open[w.peer] || len(w.asked) == 0 {
			return
		}
		msg := w.asked[0]
		w.asked = w.asked[1:]
		w.sent += uint64(msg.Length)
		block := w.m.work.block(int(msg.Index), msg.Begin, msg.Length)
		w.to.k.s.Received(w.m.now, w.peer, wire.Message{Kind: wire.KindPiece, Index: msg.Index, Begin: msg.Begin, Data: block})
		w.to.drain(block)
		if len(w.asked) > 0 {
			w.give()
		}
	})
}

// fetched returns how long one took to fetch 16 MiB from a webseed of 4 MiB/s, and from others that have everything and give so many
// bytes a second each; and what the webseed gave.
func fetched(m *simulation, others ...float64) (took time.Duration, given float64) {
	b, web := m.add(nil, false), m.webseed()
	web.serve(b)
	for _, bandwidth := range others {
		n := m.seeder()
		n.bandwidth = bandwidth
		m.connect(n, b, unlimited)
	}
	m.run(5*time.Minute, allComplete(b))
	took = m.now.Sub(epoch)
	m.settle(10 * time.Second)
	m.mustCredit(m.length() - web.sent)
	return took, float64(web.sent) / float64(m.length())
}

func webseedWorlds(t *testing.T, world func(m *simulation)) {
	t.Helper()
	for seed := range min(seeds(20), 4) {
		world(newSimulation(t, seed+1, 16<<20, 128<<10<<(seed%3)))
	}
}

// A webseed is spared while three others that have everything give well.
func TestWebseedYields(t *testing.T) {
	webseedWorlds(t, func(m *simulation) {
		if took, given := fetched(m, 256<<10, 256<<10, 256<<10); given > 0.05 || took > 30*time.Second {
			m.failf("the webseed gave %.2f, in %v", given, took)
		}
	})
}

// It carries everything when there is nobody else, as fast as it can, and most of it when the others give next to nothing.
func TestWebseedCarries(t *testing.T) {
	webseedWorlds(t, func(m *simulation) {
		if took, given := fetched(m); given != 1 || took > webseedGrace+5*time.Second {
			m.failf("alone, the webseed gave %.2f, in %v", given, took)
		}
	})
	webseedWorlds(t, func(m *simulation) {
		if took, given := fetched(m, 8<<10, 8<<10); given < 0.9 || took > webseedHope+8*time.Second {
			m.failf("beside slow ones, the webseed gave %.2f, in %v", given, took)
		}
	})
}

// reader plays the work from its beginning, as a player does: it wants the next piece, and some more ahead, and waits for it.
type reader struct {
	n      *node
	rate   float64 // bytes a second
	ahead  int     // pieces
	next   int
	first  time.Duration // until it began to play
	waited time.Duration // after that
	since  time.Time
}

func (r *reader) read() {
	m, i := r.n.m, r.next
	if i == m.work.info.NumPieces() {
		return
	}
	if !r.n.k.have.Has(i) {
		if r.since.IsZero() {
			r.since = m.now
			r.n.k.s.Prefer(m.now, i, i+1+r.ahead)
			r.n.drain(nil)
		}
		m.after(10*time.Millisecond, r.read)
		return
	}
	if wait := m.now.Sub(r.since); !r.since.IsZero() && i > 0 {
		r.waited += wait
	} else if i == 0 {
		r.first = wait
	}
	r.since = time.Time{}
	r.next++
	m.after(time.Duration(float64(m.work.info.PieceSize(i))/r.rate*float64(time.Second)), r.read)
}

// A reader begins soon, and waits next to never, where one peer is fast and others are slow, and where all are slow but for a webseed.
func TestReaderIsServedInTime(t *testing.T) {
	for name, world := range map[string]func(m *simulation, b *node){
		"one fast": func(m *simulation, b *node) {
			for _, bandwidth := range []float64{16 << 10, 16 << 10, 16 << 10, 512 << 10} {
				n := m.seeder()
				n.bandwidth = bandwidth
				m.connect(n, b, unlimited)
			}
		},
		"webseed": func(m *simulation, b *node) {
			for range 3 {
				n := m.seeder()
				n.bandwidth = 16 << 10
				m.connect(n, b, unlimited)
			}
			m.webseed().serve(b)
		},
	} {
		t.Run(name, func(t *testing.T) {
			webseedWorlds(t, func(m *simulation) {
				b := m.add(nil, false)
				world(m, b)
				r := &reader{n: b, rate: 160 << 10, ahead: int(4 << 20 / m.work.info.PieceLength)}
				m.after(0, r.read)
				m.run(5*time.Minute, func() bool { return r.next == m.work.info.NumPieces() })
				m.t.Logf("began after %v, then waited %v", r.first, r.waited)
				if r.first > 3*time.Second || r.waited > 2*time.Second {
					m.failf("began after %v, then waited %v", r.first, r.waited)
				}
			})
		})
	}
}
