package audit

import (
	"bytes"
	"sync"
	"time"

	"fanseed/signal/ticket"
	"fanseed/wasm/node"
	"fanseed/wasm/wire"
)

// tap watches one connection: what the engine says on it, and what the peer does. It changes nothing, but that what comes waits for the visit's
// downstream, which holds up nothing else: natively each data channel is read by a goroutine of its own.
type tap struct {
	node.Handler // the engine's
	visit        *visit

	mu            sync.Mutex
	offer, answer string // SDPs
	out, in       stream
	facts
}

// stream is one direction of the wire.
type stream struct {
	wire.Decoder
	shaken, broken bool
}

// facts are what was seen of a connection.
type facts struct {
	opened, closed     time.Time // zero: never
	unchoked           bool      // at some time
	claims             bool      // says that it has something
	first, last        time.Time // request, block
	asked              map[block]request
	rejected, answered int              // requests that it was still wanted to answer, and all
	given              map[block][]byte // not verified yet
	good, bad          int64            // bytes that passed their hash, and that did not
}

// block is where a block begins.
type block struct{ index, begin uint32 }

// request is what was asked for. One that was cancelled may be answered still, or rejected, which is no refusal (BEP 6).
type request struct {
	length    uint32
	cancelled bool
}

func (v *visit) tap(h node.Handler) *tap {
	t := &tap{Handler: h, visit: v}
	t.asked, t.given = map[block]request{}, map[block][]byte{}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.taps = append(v.taps, t)
	return t
}

// channel names the connection as its ticket does; false before both sides are known.
func (t *tap) channel() ([32]byte, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.offer == "" || t.answer == "" {
		return [32]byte{}, false
	}
	channel, err := ticket.Channel(t.offer, t.answer)
	return channel, err == nil
}

// described notes the SDPs that are known.
func (t *tap) described(offer, answer string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.offer, t.answer = offer, answer
}

// Opened implements node.Handler.
func (t *tap) Opened() {
	t.mu.Lock()
	t.opened = time.Now()
	t.mu.Unlock()
	t.Handler.Opened()
}

// Received implements node.Handler.
func (t *tap) Received(message []byte) {
	t.visit.link.wait(len(message))
	t.mu.Lock()
	t.in.read(message, t.heard)
	t.mu.Unlock()
	t.Handler.Received(message)
}

// Closed implements node.Handler.
func (t *tap) Closed() {
	t.mu.Lock()
	t.closed = time.Now()
	t.mu.Unlock()
	t.Handler.Closed()
}

// tapped is the engine's side of a watched connection.
type tapped struct {
	node.Conn
	tap *tap
}

// Accept implements node.Conn.
func (c tapped) Accept(answer string) error {
	c.tap.mu.Lock()
	c.tap.answer = answer
	c.tap.mu.Unlock()
	return c.Conn.Accept(answer)
}

// Send implements node.Conn.
func (c tapped) Send(message []byte) error {
	c.tap.mu.Lock()
	c.tap.out.read(message, c.tap.said)
	c.tap.mu.Unlock()
	return c.Conn.Send(message)
}

// read takes what has come in one direction. What follows a message that is none is not looked at: the engine drops such a peer.
func (s *stream) read(chunk []byte, f func(wire.Message)) {
	if s.broken {
		return
	}
	s.Feed(chunk)
	if !s.shaken {
		_, ok, err := s.NextHandshake()
		if s.shaken, s.broken = ok, err != nil; !ok {
			return
		}
	}
	for {
		m, ok, err := s.Next()
		if s.broken = err != nil; !ok {
			return
		}
		f(m)
	}
}

// said notes what the engine has told the peer. t.mu is held.
func (t *tap) said(m wire.Message) {
	at := block{m.Index, m.Begin}
	switch m.Kind {
	case wire.KindRequest:
		if t.first.IsZero() {
			t.first = time.Now()
		}
		t.asked[at] = request{length: m.Length}
	case wire.KindCancel:
		if r, asked := t.asked[at]; asked {
			r.cancelled = true
			t.asked[at] = r
		}
	}
}

// heard notes what the peer has said. t.mu is held.
func (t *tap) heard(m wire.Message) {
	switch m.Kind {
	case wire.KindUnchoke:
		t.unchoked = true
	case wire.KindHaveAll, wire.KindHave:
		t.claims = true
	case wire.KindBitfield:
		t.claims = t.claims || wire.Bitfield(m.Data).Count() > 0
	case wire.KindReject:
		at := block{m.Index, m.Begin}
		if r, asked := t.asked[at]; asked && !r.cancelled {
			t.rejected++
		}
		delete(t.asked, at)
	case wire.KindPiece:
		t.gave(block{m.Index, m.Begin}, m.Data)
	}
}

// gave keeps a block that was asked for until its piece is verified. t.mu is held.
func (t *tap) gave(at block, data []byte) {
	if r, asked := t.asked[at]; !asked || int(r.length) != len(data) {
		return
	}
	delete(t.asked, at)
	t.answered++
	t.last = time.Now()
	t.given[at] = bytes.Clone(data)
	t.hold(int(at.index), t.visit.pieces.piece(int(at.index)))
}

// hold compares what the peer has given of a piece with the piece itself, if that is known. t.mu is held.
func (t *tap) hold(index int, piece []byte) {
	if piece == nil {
		return
	}
	for at, data := range t.given {
		if int(at.index) != index {
			continue
		}
		delete(t.given, at)
		if end := int(at.begin) + len(data); end <= len(piece) && bytes.Equal(data, piece[at.begin:end]) {
			t.good += int64(len(data))
		} else {
			t.bad += int64(len(data))
		}
	}
}

// verified takes a piece that has passed its hash.
func (t *tap) verified(index int, piece []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.hold(index, piece)
}
