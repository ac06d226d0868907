//go:build !js

package node

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"fanseed/signal/announce"
	"fanseed/signal/tracker"
	"fanseed/wasm/metainfo"
	"fanseed/wasm/store"
)

// TestSoak lives through ten hours in which two hundred peers join and leave,
// some of them without a word. The memory of those that are there must not grow,
// and synctest itself fails when anybody leaves a goroutine behind.
func TestSoak(t *testing.T) {
	hours := 10
	if testing.Short() {
		hours = 1
	}
	synctest.Test(t, func(t *testing.T) {
		s := newSoak(t)
		first := s.join(true)
		var heap []float64 // for each node, of nearly every quarter of an hour
		for range 4 * hours {
			for range 5 { // twenty an hour
				s.live(3 * time.Minute)
			}
			if len(s.alive) >= 6 { // else the world weighs more than those who live in it
				heap = append(heap, s.heap())
			}
		}
		s.leaveAll(first)
		if got := first.snapshotOf(s.torrent.Infohash); got.State != Seeding || got.Err != nil {
			t.Errorf("the first is %q, %v", got.State, got.Err)
		}
		if want := s.joined - 1 - s.cutShort; s.completed < want {
			t.Errorf("%d of the %d that had the time were complete", s.completed, want)
		}
		var early, late float64
		for i, h := range heap {
			if i < len(heap)/2 {
				early = max(early, h)
			} else {
				late = max(late, h)
			}
		}
		if late > 1.25*early+256<<10 {
			t.Errorf("a node's memory grew from %.0f to %.0f bytes", early, late)
		}
		t.Logf("%d peers, %d complete, %d connections, %d of them failed; %.0f KiB a node at most in the first half, %.0f in the second",
			s.joined, s.completed, s.made, s.failures, early/1024, late/1024)
		first.leave()
		s.end()
	})
}

// soak is a world without a network: a real tracker, and connections that are
// channels of bytes with a delay. It stands in for WebRTC and WebSockets alone.
type soak struct {
	t       *testing.T
	torrent *metainfo.Torrent
	data    []byte
	rand    *rand.Rand
	over    chan struct{}
	alive   []*soaker

	joined, completed, cutShort int

	mu       sync.Mutex // of what the nodes' goroutines use
	tracker  *tracker.Tracker
	sockets  map[tracker.Conn]*soakSocket
	offers   map[string]*soakConn
	made     int
	failures int
}

func newSoak(t *testing.T) *soak {
	torrent, data := single(1 << 20)
	s := &soak{
		t: t, torrent: torrent, data: data, rand: rand.New(rand.NewPCG(7, 7)), over: make(chan struct{}),
		sockets: map[tracker.Conn]*soakSocket{}, offers: map[string]*soakConn{},
		tracker: tracker.New(tracker.Config{Rand: rand.New(rand.NewPCG(8, 8))}),
	}
	go s.tick()
	return s
}

func (s *soak) tick() {
	for {
		select {
		case <-s.over:
			return
		case <-time.After(10 * time.Second):
			s.mu.Lock()
			s.tracker.Tick(time.Now())
			s.drain()
			s.mu.Unlock()
		}
	}
}

func (s *soak) end() { close(s.over) }

// live lets one more peer join, and some leave.
func (s *soak) live(d time.Duration) {
	s.join(false)
	time.Sleep(d)
	for _, n := range append([]*soaker(nil), s.alive...) {
		if !n.leaves.IsZero() && time.Now().After(n.leaves) {
			s.leave(n)
		}
	}
}

// heap is the memory of everything, for each node that is there.
func (s *soak) heap() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc) / float64(len(s.alive))
}

// soaker is one peer's engine.
type soaker struct {
	*Node
	engine
	soak   *soak
	leaves time.Time
	came   time.Time
	cancel context.CancelFunc
	ended  chan struct{}
	conns  map[*soakConn]bool
}

func (s *soak) join(seeds bool) *soaker {
	n := &soaker{soak: s, engine: engine{t: s.t, shown: map[[20]byte]Snapshot{}}, ended: make(chan struct{}), conns: map[*soakConn]bool{}, came: time.Now()}
	n.Node = New(Config{
		Server: "http://soak.example", Rand: rand.New(rand.NewPCG(s.rand.Uint64(), 9)), Limits: Limits{UploadRate: 64 << 10},
		Parts: Parts{Peers: soakPeers{n}, Sockets: soakSockets{s}, Hasher: realHasher{}, Keys: nobody{}, Stores: n, Fetcher: nothing{}, Host: n},
	})
	var running context.Context
	running, n.cancel = context.WithCancel(context.Background())
	go func() { n.Run(running); close(n.ended) }()
	ctx := context.Background()
	if err := n.Share(ctx, true); err != nil {
		s.t.Fatal(err)
	}
	if seeds {
		full := store.NewMemory(s.torrent.Info, store.NewBudget(1<<30))
		for i := range s.torrent.Info.NumPieces() {
			_ = full.Put(ctx, i, s.data[i<<16:(i+1)<<16])
		}
		_ = n.AddComplete(ctx, s.torrent, full)
		_ = n.Start(ctx, s.torrent.Infohash)
	} else {
		n.leaves = time.Now().Add(10*time.Minute + time.Duration(s.rand.Int64N(int64(40*time.Minute))))
		if _, err := n.AddMagnet(ctx, s.torrent.Magnet().String()); err != nil {
			s.t.Fatal(err)
		}
	}
	s.alive = append(s.alive, n)
	s.joined++
	return n
}

// Open implements Stores.
func (n *soaker) Open(_ context.Context, _ [20]byte, info *metainfo.Info) (store.Store, error) {
	return store.NewMemory(info, store.NewBudget(1<<30)), nil
}

func (s *soak) leave(n *soaker) {
	for i, other := range s.alive {
		if other == n {
			s.alive = append(s.alive[:i], s.alive[i+1:]...)
			break
		}
	}
	switch state := n.snapshotOf(s.torrent.Infohash).State; {
	case state == Seeding && n.leaves != time.Time{}:
		s.completed++
	case time.Since(n.came) < 10*time.Minute:
		s.cutShort++
	}
	if s.rand.IntN(3) == 0 {
		n.crash()
	}
	n.leave()
}

func (s *soak) leaveAll(but *soaker) {
	for _, n := range append([]*soaker(nil), s.alive...) {
		if n != but {
			s.leave(n)
		}
	}
}

func (n *soaker) leave() {
	n.cancel()
	<-n.ended
}

// crash silences all connections: the others find out after a while.
func (n *soaker) crash() {
	n.soak.mu.Lock()
	defer n.soak.mu.Unlock()
	for c := range n.conns {
		c.silent = true
		time.AfterFunc(30*time.Second, c.Close)
	}
}

type nobody struct{}

func (nobody) PublicKey() (key [32]byte, ok bool)                      { return key, false }
func (nobody) Sign(context.Context, []byte) (s [64]byte, err error)    { return s, errors.New("no key") }
func (nobody) Verify(context.Context, [32]byte, []byte, [64]byte) bool { return false }

type nothing struct{}

func (nothing) Fetch(context.Context, string, int64, int64, func([]byte)) error {
	return errors.New("no network")
}

// soakSockets brings the nodes to the tracker.
type soakSockets struct{ *soak }

type soakSocket struct {
	soak    *soak
	id      tracker.Conn
	handler SocketHandler
	closed  bool
}

func (s soakSockets) Dial(_, _ string, h SocketHandler) Socket {
	s.mu.Lock()
	defer s.mu.Unlock()
	socket := &soakSocket{soak: s.soak, id: tracker.Conn(len(s.sockets) + s.made + s.failures + 1<<20*s.joined), handler: h}
	s.sockets[socket.id] = socket
	time.AfterFunc(50*time.Millisecond, func() { h.Opened("") })
	return socket
}

func (x *soakSocket) Send(text []byte) {
	m, err := announce.ParseClient(text)
	if err != nil {
		x.soak.t.Error(err)
		return
	}
	x.soak.mu.Lock()
	defer x.soak.mu.Unlock()
	if !x.closed {
		x.soak.tracker.Receive(time.Now(), x.id, m)
		x.soak.drain()
	}
}

func (x *soakSocket) Close() {
	x.soak.mu.Lock()
	defer x.soak.mu.Unlock()
	if !x.closed {
		x.closed = true
		delete(x.soak.sockets, x.id)
		x.soak.tracker.Closed(time.Now(), x.id)
		x.soak.drain()
	}
}

func (s *soak) drain() {
	for e, ok := s.tracker.Next(); ok; e, ok = s.tracker.Next() {
		switch e := e.(type) {
		case tracker.Send:
			if to := s.sockets[e.Conn]; to != nil {
				to.handler.Received(e.Message.Append(nil))
			}
		case tracker.Ping:
			s.tracker.Ponged(time.Now(), e.Conn)
		}
	}
}

// soakPeers makes connections of one node. One in eight never opens.
type soakPeers struct{ node *soaker }

type soakConn struct {
	node    *soaker
	handler Handler
	far     *soakConn // once the answer was accepted
	queue   [][]byte
	waiting int // bytes of queue
	busy    bool
	closed  bool
	silent  bool
}

func (p soakPeers) conn(h Handler) *soakConn {
	c := &soakConn{node: p.node, handler: h}
	p.node.conns[c] = true
	p.node.soak.made++
	return c
}

func (p soakPeers) Offer(ctx context.Context, h Handler) (Conn, string, error) {
	if !wait(ctx, 300*time.Millisecond) {
		return nil, "", ctx.Err()
	}
	s := p.node.soak
	s.mu.Lock()
	defer s.mu.Unlock()
	c := p.conn(h)
	sdp := "offer " + strconv.Itoa(s.made)
	s.offers[sdp] = c
	return c, sdp, nil
}

func (p soakPeers) Answer(ctx context.Context, offer string, h Handler) (Conn, string, error) {
	if !wait(ctx, 300*time.Millisecond) {
		return nil, "", ctx.Err()
	}
	s := p.node.soak
	s.mu.Lock()
	defer s.mu.Unlock()
	c, far := p.conn(h), s.offers[offer]
	if far == nil {
		delete(p.node.conns, c)
		return nil, "", errors.New("nobody is there")
	}
	delete(s.offers, offer)
	if s.made%8 == 0 {
		s.failures++
		return c, "dead", nil
	}
	sdp := "answer " + offer
	s.offers[sdp] = c
	return c, sdp, nil
}

func wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

func (soakPeers) Recycle([]byte) {}

func (c *soakConn) Accept(answer string) error {
	s := c.node.soak
	s.mu.Lock()
	defer s.mu.Unlock()
	far := s.offers[answer]
	delete(s.offers, answer)
	if far == nil || far.closed || c.closed {
		return nil // it never opens
	}
	c.far, far.far = far, c
	time.AfterFunc(100*time.Millisecond, func() { c.handler.Opened(); far.handler.Opened() })
	return nil
}

// Send carries ten messages a second at most, so that something waits.
func (c *soakConn) Send(message []byte) error {
	s := c.node.soak
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.closed || c.far == nil {
		return errors.New("closed")
	}
	c.queue = append(c.queue, append([]byte(nil), message...))
	c.waiting += len(message)
	if !c.busy {
		c.busy = true
		time.AfterFunc(50*time.Millisecond, c.carry)
	}
	return nil
}

func (c *soakConn) carry() {
	s := c.node.soak
	s.mu.Lock()
	queue, far := c.queue, c.far
	c.queue, c.waiting, c.busy = nil, 0, false
	if c.closed || c.silent || far.closed {
		queue = nil
	}
	s.mu.Unlock()
	for _, message := range queue {
		far.handler.Received(message)
	}
	if len(queue) > 0 {
		c.handler.Low()
	}
}

func (c *soakConn) Buffered() int {
	c.node.soak.mu.Lock()
	defer c.node.soak.mu.Unlock()
	return c.waiting
}

func (c *soakConn) Close() {
	s := c.node.soak
	s.mu.Lock()
	first, far := !c.closed, c.far
	c.closed = true
	delete(c.node.conns, c)
	for sdp, other := range s.offers {
		if other == c {
			delete(s.offers, sdp)
		}
	}
	s.mu.Unlock()
	if !first {
		return
	}
	c.handler.Closed()
	if far != nil {
		time.AfterFunc(50*time.Millisecond, far.Close)
	}
}
