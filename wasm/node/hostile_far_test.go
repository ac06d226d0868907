//go:build !js

package node

import (
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fanseed/signal/ticket"
	"fanseed/wasm/metainfo"
	"fanseed/wasm/rtc"
	"fanseed/wasm/wire"
)

// stage is where engines meet attackers: over real peer connections, or in the
// virtual time of synctest over pipes.
type stage struct {
	t       *testing.T
	torrent *metainfo.Torrent
	data    []byte
	real    bool
	serial  atomic.Uint32 // of the last ticket
}

func newStage(t *testing.T, real bool) *stage {
	torrent, data := album(70, true)
	return &stage{t: t, torrent: torrent, data: data, real: real}
}

// engine starts one that shares and knows no server.
func (s *stage) engine(limits Limits) *engine {
	public, key, _ := ed25519.GenerateKey(nil)
	e := &engine{t: s.t, budget: 1 << 30, key: key, public: [32]byte(public), shown: map[[20]byte]Snapshot{}, kept: map[[16]byte]Receipt{}}
	e.Node = New(Config{
		Server: "http://stage.example", Limits: limits, Rand: rand.New(rand.NewPCG(rand.Uint64(), 3)),
		Parts: Parts{Peers: realPeers{}, Sockets: silence{}, Hasher: realHasher{}, Keys: e, Stores: e, Fetcher: nothing{}, Host: e},
	})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { e.Run(ctx); close(ended) }()
	e.stop = sync.OnceFunc(func() { cancel(); <-ended })
	s.t.Cleanup(e.stop)
	e.share(true)
	return e
}

// seeder is an engine that has everything.
func (s *stage) seeder(limits Limits) *engine {
	e := s.engine(limits)
	if err := e.AddComplete(s.t.Context(), s.torrent, e.filled(s.torrent, s.data)); err != nil {
		s.t.Fatal(err)
	}
	if err := e.Start(s.t.Context(), s.torrent.Infohash); err != nil {
		s.t.Fatal(err)
	}
	return e
}

// leecher is an engine that wants everything.
func (s *stage) leecher() *engine {
	e := s.engine(Limits{})
	if _, err := e.AddTorrent(s.t.Context(), s.torrent.Bytes()); err != nil {
		s.t.Fatal(err)
	}
	eventually(s.t, "its store is open", func() bool { return e.snapshotOf(s.torrent.Infohash).State == Downloading && e.opened(s.torrent) })
	return e
}

func (e *engine) opened(t *metainfo.Torrent) (open bool) {
	_ = e.do(e.t.Context(), func(time.Time) error { open = e.find(t.Infohash).store != nil; return nil })
	return open
}

// silence is a server that never answers.
type silence struct{}

func (silence) Dial(string, string, SocketHandler) Socket { return silence{} }
func (silence) Send([]byte)                               {}
func (silence) Close()                                    {}

// slot is a link of an engine whose far end is not there yet; nil when the
// engine has no room for another.
func (s *stage) slot(e *engine) (l *link) {
	_ = e.do(s.t.Context(), func(now time.Time) error {
		if w := e.find(s.torrent.Infohash); w.meeting && e.makeRoom(now, w) {
			l = w.newLink(now, randomID(e.rand))
		}
		return nil
	})
	return l
}

// join makes a connection between two handlers; of links, the conns are set.
func (s *stage) join(a, b Handler, set func(a, b Conn)) {
	if !s.real {
		near, far := newPipe(a, b)
		set(near, far)
		time.AfterFunc(50*time.Millisecond, func() { a.Opened(); b.Opened() })
		return
	}
	near, offer, err := rtc.Offer(s.t.Context(), rtc.Config{}, a)
	if err != nil {
		return // the test is over
	}
	far, answer, err := rtc.Answer(s.t.Context(), rtc.Config{}, offer, b)
	if err != nil {
		near.Close()
		return
	}
	set(near, far)
	_ = near.Accept(answer)
}

// meet connects two engines. With a ticket the second pays the first.
func (s *stage) meet(a, b *engine, ticketed bool) {
	la, lb := s.slot(a), s.slot(b)
	s.join(handlerOf{la}, handlerOf{lb}, func(near, far Conn) {
		_ = a.do(s.t.Context(), func(time.Time) error { la.conn = near; return nil })
		_ = b.do(s.t.Context(), func(time.Time) error { lb.conn = far; return nil })
	})
	if ticketed {
		paper := s.ticket(a.public, b.public)
		_ = a.do(s.t.Context(), func(now time.Time) error { la.use(now, paper, true); return nil })
		_ = b.do(s.t.Context(), func(now time.Time) error { lb.use(now, paper, false); return nil })
	}
}

func (s *stage) ticket(seeder, leecher [32]byte) ticket.Ticket {
	serial := [16]byte{15: 1}
	binary.BigEndian.PutUint32(serial[:], s.serial.Add(1))
	return ticket.Ticket{Serial: serial, Seeder: seeder, Leecher: leecher, Limit: 1 << 30,
		Expires: uint64(time.Now().Add(time.Hour).UnixMilli())}
}

// far is the far end of a channel to an engine: all that an attacker has.
type far struct {
	*stage
	victim *engine
	link   *link
	conn   Conn
	open   chan struct{}
	ctx    context.Context // until the channel is closed, or the attack is over
	cancel context.CancelFunc
	heard  chan wire.Message // the oldest are kept
	deaf   bool              // reads nothing
	shaken bool
	wire   wire.Decoder
}

// dial opens a channel to an engine; nil when it is not let in.
func (s *stage) dial(ctx context.Context, e *engine, deaf bool) *far {
	f := &far{stage: s, victim: e, link: s.slot(e), open: make(chan struct{}), heard: make(chan wire.Message, 1<<12), deaf: deaf}
	if f.link == nil {
		return nil
	}
	f.ctx, f.cancel = context.WithCancel(ctx)
	s.join(handlerOf{f.link}, f, func(near, far Conn) {
		_ = e.do(s.t.Context(), func(time.Time) error { f.link.conn = near; return nil })
		f.conn = far
	})
	select {
	case <-f.open:
		return f
	case <-f.ctx.Done():
		if f.conn != nil {
			f.conn.Close()
		}
		return nil
	}
}

// Opened and those after it implement Handler.
func (f *far) Opened() { close(f.open) }
func (f *far) Low()    {}
func (f *far) Closed() { f.cancel() }

func (f *far) Received(message []byte) {
	if f.deaf {
		<-f.ctx.Done()
		return
	}
	f.wire.Feed(message)
	if !f.shaken {
		_, f.shaken, _ = f.wire.NextHandshake()
	}
	for f.shaken {
		m, ok, err := f.wire.Next()
		if !ok || err != nil {
			return
		}
		m.Data = append([]byte(nil), m.Data...)
		select {
		case f.heard <- m:
		default:
		}
	}
}

// raw sends bytes as they are, once there is room, lest the attacker itself grow;
// false when the channel is closed.
func (f *far) raw(b []byte) bool {
	for f.conn.Buffered() > 64<<10 {
		if !f.pause(10 * time.Millisecond) {
			return false
		}
	}
	for len(b) > MaxMessage {
		if f.conn.Send(b[:MaxMessage]) != nil {
			return false
		}
		b = b[MaxMessage:]
	}
	return f.conn.Send(b) == nil && f.ctx.Err() == nil
}

func (f *far) say(messages ...wire.Message) bool {
	var b []byte
	for _, m := range messages {
		b = m.Append(b)
	}
	return f.raw(b)
}

// pause waits; false when the channel was closed meanwhile.
func (f *far) pause(d time.Duration) bool { return wait(f.ctx, d) }

// rest waits until the engine has had enough.
func (f *far) rest() { <-f.ctx.Done() }

// greet sends the handshake, and says that it wants everything.
func (f *far) greet() bool {
	return f.raw(wire.NewHandshake(f.torrent.Infohash, randomPeer()).WithV2().Append(nil)) && f.say(wire.Message{Kind: wire.KindInterested})
}

func randomPeer() (id [20]byte) { return randomID(rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))) }

// extended sends an extended message with any payload.
func (f *far) extended(ext uint8, payload string) bool {
	return f.say(wire.Message{Kind: wire.KindExtended, Ext: ext, Data: []byte(payload)})
}

// credit sends an fs_receipt message.
func (f *far) credit(c wire.Credit) bool { return f.extended(2, string(c.Append(nil))) }

// hear waits for a message of a kind; false when the channel is closed.
func (f *far) hear(k wire.Kind) (wire.Message, bool) {
	for {
		select {
		case m := <-f.heard:
			if m.Kind == k {
				return m, true
			}
		case <-f.ctx.Done():
			return wire.Message{}, false
		}
	}
}

// flood says the same again and again, so many at a time.
func (f *far) flood(m wire.Message, most int) {
	const together = 256
	messages := make([]wire.Message, together)
	for i := range messages {
		messages[i] = m
	}
	for range most / together {
		if !f.say(messages...) {
			return
		}
	}
}

// ticketed gives the victim a ticket to be paid by this attacker.
func (f *far) ticketed() [16]byte {
	public, _, _ := ed25519.GenerateKey(nil)
	paper := f.ticket(f.victim.public, [32]byte(public))
	_ = f.victim.do(f.ctx, func(now time.Time) error {
		if !f.link.closed {
			f.link.use(now, paper, true)
		}
		return nil
	})
	return paper.Serial
}

// pipe is one end of a channel in virtual time: 256 KiB each 10 ms.
type pipe struct {
	mu      *sync.Mutex // of both ends
	handler Handler
	far     *pipe
	queue   [][]byte
	waiting int // bytes
	busy    bool
	closed  bool
}

const (
	pipeRate   = 256 << 10
	pipeDelay  = 10 * time.Millisecond
	pipeHeader = 64 // bytes that each message costs
)

func newPipe(a, b Handler) (*pipe, *pipe) {
	mu := new(sync.Mutex)
	near, far := &pipe{mu: mu, handler: a}, &pipe{mu: mu, handler: b}
	near.far, far.far = far, near
	return near, far
}

func (*pipe) Accept(string) error { return nil }

func (p *pipe) Buffered() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.waiting
}

func (p *pipe) Send(message []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return errors.New("closed")
	}
	p.queue = append(p.queue, append([]byte{}, message...))
	p.waiting += len(message) + pipeHeader
	if !p.busy {
		p.busy = true
		time.AfterFunc(pipeDelay, p.carry)
	}
	return nil
}

// carry brings over what fits; the next only once the far end has taken it.
func (p *pipe) carry() {
	p.mu.Lock()
	var parcel [][]byte
	for size := 0; len(p.queue) > 0 && size < pipeRate && !p.far.closed; p.queue = p.queue[1:] {
		parcel = append(parcel, p.queue[0])
		size += len(p.queue[0]) + pipeHeader
	}
	p.mu.Unlock()
	for _, message := range parcel {
		p.far.handler.Received(message)
	}
	p.mu.Lock()
	for _, message := range parcel {
		p.waiting -= len(message) + pipeHeader
	}
	if p.busy = len(p.queue) > 0 && !p.far.closed; p.busy {
		time.AfterFunc(pipeDelay, p.carry)
	}
	p.mu.Unlock()
	p.handler.Low()
}

func (p *pipe) Close() {
	p.mu.Lock()
	first := !p.closed
	p.closed = true
	p.mu.Unlock()
	if first {
		p.handler.Closed()
		time.AfterFunc(pipeDelay, p.far.Close)
	}
}
