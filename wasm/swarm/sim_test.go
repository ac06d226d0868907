package swarm

import (
	"cmp"
	"container/heap"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"fanseed/wasm/wire"
)

// simulation is a network of swarms in virtual time.
type simulation struct {
	t      *testing.T
	seed   uint64
	rnd    *rand.Rand
	now    time.Time
	work   work
	events events
	order  int
	nodes  []*node
	serial int
	limits Limits
	yields bool // the nodes that are added now yield
	checks bool // recount everything after every input
	log    func(n *node, e Effect)
}

// event is something that will happen.
type event struct {
	at    time.Time
	order int
	do    func()
}

type events []event

func (h events) Len() int      { return len(h) }
func (h events) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h events) Less(i, j int) bool {
	return cmp.Or(h[i].at.Compare(h[j].at), cmp.Compare(h[i].order, h[j].order)) < 0
}
func (h *events) Push(e any) { *h = append(*h, e.(event)) }
func (h *events) Pop() any {
	old := *h
	e := old[len(old)-1]
	*h = old[:len(old)-1]
	return e
}

func (m *simulation) after(d time.Duration, do func()) {
	m.order++
	heap.Push(&m.events, event{m.now.Add(d), m.order, do})
}

// soon is how long a job off the loop takes.
func (m *simulation) soon() time.Duration {
	return time.Duration(m.rnd.IntN(10)) * time.Millisecond
}

// node is one swarm and what its caller does.
type node struct {
	m         *simulation
	name      int
	k         *caller
	ends      []*end
	handles   Peer
	bandwidth float64 // bytes a second, up
	free      time.Time
	ticking   bool
	webseed   *webseed // or nil
	stock     bool     // fetches in order, spares no seeder, and knows no suggestions
	coupled   bool     // what arrives takes its time too, as where the processor is what is short

	// How it misbehaves.
	poison   float64 // chance that a block is wrong
	load     loading
	signs    bool
	v1       bool // speaks version 1 alone
	neverHas bool // says nothing of what it has, and gives nothing

	claimed  map[[16]byte]uint64
	spoilt   int // pieces that failed their hash
	complete bool
}

// loading is what becomes of a Load.
type loading int

const (
	loads loading = iota
	fails
	stalls
)

// end is one side of a connection.
type end struct {
	node    *node
	peer    Peer
	other   *end
	latency time.Duration
	queued  int
	opened  bool
	closed  bool
}

func newSimulation(t *testing.T, seed uint64, length, pieceLength int) *simulation {
	return &simulation{
		t: t, seed: seed, rnd: rand.New(rand.NewPCG(seed, 99)), now: epoch,
		work: newWork(seed, length, pieceLength),
	}
}

func (m *simulation) failf(format string, args ...any) {
	m.t.Helper()
	m.t.Fatalf("seed %d, %v: %s", m.seed, m.now.Sub(epoch), fmt.Sprintf(format, args...))
}

// add makes a node; have is nil, or what it has. A node without info has a magnet link only.
func (m *simulation) add(have wire.Bitfield, magnet bool) *node {
	n := &node{m: m, name: len(m.nodes), bandwidth: 1 << 20, signs: true, claimed: map[[16]byte]uint64{}}
	c := Config{
		Have: have, Rand: rand.New(rand.NewPCG(m.seed, uint64(n.name))), Version: "sim", PeerID: peerIDOf(Peer(n.name)), Limits: m.limits,
		Yields: m.yields,
	}
	if !magnet {
		c.Info, c.InfoBytes, c.Layers = m.work.info, m.work.infoBytes, m.work.layers
	}
	n.k = newCaller(m.work, c, m.failf)
	m.nodes = append(m.nodes, n)
	return n
}

func (m *simulation) full() wire.Bitfield {
	b := wire.NewBitfield(m.work.info.NumPieces())
	for i := range m.work.info.NumPieces() {
		b.Set(i)
	}
	return b
}

// seeder makes a node that has everything.
func (m *simulation) seeder() *node { return m.add(m.full(), false) }

// connect opens a connection, and gives both sides tickets of the given limit in both directions; 0 for none.
func (m *simulation) connect(a, b *node, limit uint64) {
	latency := time.Duration(5+m.rnd.IntN(60)) * time.Millisecond
	a.handles++
	b.handles++
	x := &end{node: a, peer: a.handles, latency: latency}
	y := &end{node: b, peer: b.handles, latency: latency}
	x.other, y.other = y, x
	a.ends, b.ends = append(a.ends, x), append(b.ends, y)
	if limit > 0 {
		m.ticket(x, y, limit)
		m.ticket(y, x, limit)
	}
	m.after(latency+m.soon(), x.open)
	m.after(latency+m.soon(), y.open)
}

// ticket lets leecher pay seeder. The two sides hear of it at different times, before or after the connection opens.
func (m *simulation) ticket(seeder, leecher *end, limit uint64) {
	m.serial++
	pay := Ticket{Serial: serial(fmt.Sprint(m.serial)), Limit: limit}
	earn := pay
	earn.Upload = true
	m.after(8*m.soon(), func() { leecher.node.ticketed(leecher.peer, pay) })
	m.after(8*m.soon(), func() { seeder.node.ticketed(seeder.peer, earn) })
}

func (n *node) ticketed(p Peer, t Ticket) {
	n.k.s.Ticketed(n.m.now, p, t)
	n.drain(nil)
}

func (e *end) open() {
	if e.closed {
		return
	}
	e.opened = true
	e.node.k.open[e.peer] = true
	h := wire.NewHandshake(e.node.m.work.infohash, e.other.node.k.s.cfg.PeerID)
	if e.node.m.work.info.HasV2() && !e.other.node.v1 {
		h = h.WithV2()
	}
	e.node.k.s.Opened(e.node.m.now, e.peer, h)
	e.node.drain(nil)
	if e.node.stock {
		e.node.k.s.Prefer(e.node.m.now, 0, e.node.m.work.info.NumPieces())
		e.node.drain(nil)
	}
}

// close ends a connection for both sides, the other hears of it later.
func (e *end) close() {
	if e.closed {
		return
	}
	e.closed = true
	o := e.other
	e.node.m.after(e.latency, func() {
		if !o.closed {
			o.closed = true
			o.lost()
		}
	})
}

// lost tells the swarm that the connection has ended.
func (e *end) lost() {
	delete(e.node.k.open, e.peer)
	e.node.k.s.Closed(e.node.m.now, e.peer)
	e.node.drain(nil)
}

func (n *node) end(p Peer) *end {
	for _, e := range n.ends {
		if e.peer == p {
			return e
		}
	}
	n.m.failf("no peer %d", p)
	return nil
}

// drain carries the effects out.
func (n *node) drain(lent []byte) {
	for _, e := range n.k.effects(lent) {
		n.carryOut(e)
	}
	if n.m.checks {
		checkInvariants(n.k.s, n.m.failf)
	}
	n.tickWhenDue()
}

func (n *node) tickWhenDue() {
	due := n.k.s.Deadline()
	if n.ticking || due.IsZero() {
		return
	}
	n.ticking = true
	n.m.after(due.Sub(n.m.now), func() {
		n.ticking = false
		n.k.s.Tick(n.m.now)
		n.drain(nil)
	})
}

func (n *node) carryOut(e Effect) {
	m, s := n.m, n.k.s
	if m.log != nil {
		m.log(n, e)
	}
	if n.webseed != nil && e.Peer == n.webseed.peer && (e.Kind == Send || e.Kind == Drop) {
		if e.Kind == Send {
			n.webseed.take(e.Message)
		}
		return
	}
	switch e.Kind {
	case Send:
		n.send(n.end(e.Peer), e.Message)
	case Hash:
		ok, leaves := n.k.hash(e)
		if !n.k.buffers[e.Index].good {
			n.spoilt++
		}
		m.after(m.soon(), func() { s.Hashed(m.now, e.Index, ok, leaves); n.drain(leaves) })
	case LoadLeaves:
		m.after(m.soon(), func() { s.LeavesLoaded(m.now, e.Index, m.work.leaves(e.Index), nil); n.drain(nil) })
	case Broken:
		m.failf("node %d: broken", n.name)
	case Store:
		m.after(m.soon(), func() { n.k.store(e.Index); s.Stored(m.now, e.Index, nil); n.drain(nil) })
	case Load:
		n.carryOutLoad(e)
	case Drop:
		n.end(e.Peer).close()
	case InfoReady:
		right := string(e.Block) == string(m.work.infoBytes)
		m.after(m.soon(), func() { n.describe(right); n.drain(nil) })
	case Sign:
		if n.signs {
			m.after(m.soon(), func() {
				s.Signed(m.now, e.Peer, e.Serial, e.Amount, signatureOf(n, e.Serial, e.Amount))
				n.drain(nil)
			})
		}
	case Check:
		ok := e.Signature == signatureOf(n.end(e.Peer).other.node, e.Serial, e.Amount)
		m.after(m.soon(), func() { s.Checked(m.now, e.Peer, e.Serial, e.Amount, ok); n.drain(nil) })
	case Claim:
		if e.Amount <= n.claimed[e.Serial] {
			m.failf("claim of %d after %d", e.Amount, n.claimed[e.Serial])
		}
		n.claimed[e.Serial] = e.Amount
	case Complete:
		n.complete = true
	}
}

func (n *node) describe(right bool) {
	if right {
		n.k.s.Described(n.m.now, n.m.work.torrent())
	} else {
		n.k.s.Described(n.m.now, nil)
	}
}

func (n *node) carryOutLoad(e Effect) {
	m := n.m
	block := m.work.block(e.Index, e.Begin, e.Length)
	if m.rnd.Float64() < n.poison {
		block[m.rnd.IntN(len(block))] ^= 1
	}
	var err error
	switch n.load {
	case stalls:
		return
	case fails:
		block, err = nil, errors.New("cannot read")
	}
	m.after(m.soon(), func() { n.k.s.Loaded(m.now, e.Peer, e.Index, e.Begin, block, err); n.drain(block) })
}

func signatureOf(n *node, serial [16]byte, amount uint64) (signature [64]byte) {
	copy(signature[:], fmt.Sprintf("%d %d %x", n.name, amount, serial))
	return signature
}

// send puts a message on its way: through the node's own uplink, then the latency of the connection.
func (n *node) send(e *end, msg wire.Message) {
	m := n.m
	size := 17 + len(msg.Data)
	left := n.occupy(size)
	e.queued += size
	m.after(left, func() { e.drained(size) })
	m.after(left+e.latency, func() { e.other.arrive(msg, size) })
}

// arrive brings a message to the other side, whose processor may be busy.
func (e *end) arrive(msg wire.Message, size int) {
	if !e.node.coupled {
		e.receive(msg)
		return
	}
	e.node.m.after(e.node.occupy(size), func() { e.receive(msg) })
}

// occupy takes so many bytes' time of what the node is short of, and returns when that is over.
func (n *node) occupy(size int) time.Duration {
	if n.free.Before(n.m.now) {
		n.free = n.m.now
	}
	n.free = n.free.Add(time.Duration(float64(size) / n.bandwidth * float64(time.Second)))
	return n.free.Sub(n.m.now)
}

func (e *end) drained(size int) {
	e.queued -= size
	if !e.closed {
		e.node.k.s.Drained(e.node.m.now, e.peer, e.queued)
		e.node.drain(nil)
	}
}

func (e *end) receive(msg wire.Message) {
	if e.closed || e.node.stock && msg.Kind == wire.KindSuggest {
		return
	}
	if !e.opened {
		e.node.m.after(time.Millisecond, func() { e.receive(msg) })
		return
	}
	e.node.k.s.Received(e.node.m.now, e.peer, msg)
	e.node.drain(msg.Data)
}

// run lets time pass until done, or for at most the given time.
func (m *simulation) run(most time.Duration, done func() bool) {
	end := epoch.Add(most)
	for len(m.events) > 0 && !done() {
		e := heap.Pop(&m.events).(event)
		if e.at.After(end) {
			m.failf("not done within %v: %s", most, m.describe())
		}
		m.now = e.at
		e.do()
	}
	m.checkMemory()
}

// checkMemory makes sure that no node ever held more pieces than it may.
func (m *simulation) checkMemory() {
	for _, n := range m.nodes {
		if most := max(2, int(n.k.s.limits.Buffers/m.work.info.PieceLength)); n.k.most > most {
			m.failf("node %d held %d pieces in memory, not %d", n.name, n.k.most, most)
		}
	}
}

// settle lets the given time pass.
func (m *simulation) settle(d time.Duration) {
	end := m.now.Add(d)
	for len(m.events) > 0 && !m.events[0].at.After(end) {
		e := heap.Pop(&m.events).(event)
		m.now = e.at
		e.do()
	}
	m.now = end
}

func (m *simulation) describe() (text string) {
	for _, n := range m.nodes {
		text += fmt.Sprintf("\nnode %d: dropped %v: %+v", n.name, n.k.dropped, n.k.s.Stats())
	}
	return text
}

// allComplete tells whether the given nodes have everything.
func allComplete(nodes ...*node) func() bool {
	return func() bool {
		for _, n := range nodes {
			if !n.complete {
				return false
			}
		}
		return true
	}
}

// seeds returns how many random worlds a property is tried in.
func seeds(n int) uint64 {
	if runtime.GOARCH == "wasm" || testing.Short() {
		n /= 10
	}
	return uint64(max(n, 2))
}

// credited returns what all uploaders were paid by the leecher's signatures, and what the leecher has signed.
func (m *simulation) credited() (claimed, signed uint64) {
	for _, n := range m.nodes {
		for _, amount := range n.claimed {
			claimed += amount
		}
		for _, amount := range n.k.signed {
			signed += amount
		}
	}
	return claimed, signed
}
