package socket

import (
	"bytes"
	"io"
	"net/netip"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"
	"golang.org/x/time/rate"
)

// Conn is one client's socket. Its methods may be called from any goroutine and never block.
type Conn struct {
	server  *Server
	id      uint64
	ws      *websocket.Conn
	address netip.Addr
	rate    *rate.Limiter
	flood   time.Time // since when messages have come faster than the rate; the reader's
	partial bool      // a message has begun and not ended; the reader's
	ping    *time.Timer

	mu      sync.Mutex
	queue   []frame
	queued  int  // bytes in queue
	writing bool // a writer goroutine runs
	closing bool // a close frame is the last of the queue, or was written
	done    bool // nothing is read any more: the writer cuts the socket when it has written all
}

// frame is what waits to be written.
type frame struct {
	kind int // a websocket message type
	data []byte
}

func newConn(s *Server, id uint64, ws *websocket.Conn, address netip.Addr) *Conn {
	l := s.config.Limits
	c := &Conn{server: s, id: id, ws: ws, address: address, rate: rate.NewLimiter(rate.Limit(l.Rate), l.Burst)}
	ws.SetReadLimit(l.Message)
	ws.SetPingHandler(c.pinged)
	ws.SetPongHandler(c.ponged)
	ws.SetCloseHandler(c.closeReceived)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ping = time.AfterFunc(l.Ping, c.keepAlive)
	return c
}

// ID returns the socket's number, which its server never uses again.
func (c *Conn) ID() uint64 { return c.id }

// Subprotocol says whether the client asked for the server's subprotocol.
func (c *Conn) Subprotocol() bool { return c.ws.Subprotocol() != "" }

// Unlimit lets the client send as many messages as it likes: it is one of the server's own.
func (c *Conn) Unlimit() { c.rate.SetLimit(rate.Inf) }

// Address returns the client's address, for limits alone: it must not be logged, stored or told.
func (c *Conn) Address() netip.Addr { return c.address }

// Send queues a text message; it keeps text. A socket whose queue would grow too long is cut.
func (c *Conn) Send(text []byte) { c.push(frame{websocket.TextMessage, text}) }

// Ping asks the client for a pong.
func (c *Conn) Ping() { c.push(frame{kind: websocket.PingMessage}) }

// Close sends what is queued, then a close frame (RFC 6455, section 7.4.1), and gives the client a moment to answer it.
func (c *Conn) Close(code int, reason string) {
	c.push(frame{websocket.CloseMessage, websocket.FormatCloseMessage(code, reason)})
}

func (c *Conn) push(f frame) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing {
		return
	}
	if c.queued+len(f.data) > c.server.config.Limits.Queue {
		c.closing = true
		c.queue = nil
		c.ws.NetConn().Close()
		return
	}
	c.closing = f.kind == websocket.CloseMessage
	c.queue = append(c.queue, f)
	c.queued += len(f.data)
	if !c.writing {
		c.writing = true
		go c.write()
	}
}

// write writes until nothing waits.
func (c *Conn) write() {
	for {
		f, ok := c.pop()
		if !ok {
			return
		}
		if err := c.writeFrame(f); err != nil {
			c.cut()
			return
		}
	}
}

func (c *Conn) pop() (frame, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queue) == 0 {
		c.queue = nil
		c.writing = false
		if c.done {
			c.ws.NetConn().Close()
		}
		return frame{}, false
	}
	f := c.queue[0]
	c.queue[0] = frame{}
	c.queue = c.queue[1:]
	c.queued -= len(f.data)
	return f, true
}

func (c *Conn) writeFrame(f frame) error {
	deadline := time.Now().Add(c.server.config.Limits.WriteTime)
	if f.kind != websocket.TextMessage {
		if f.kind == websocket.CloseMessage {
			time.AfterFunc(c.server.config.Limits.WriteTime, c.cut)
		}
		return c.ws.WriteControl(f.kind, f.data, deadline)
	}
	c.ws.SetWriteDeadline(deadline)
	return c.ws.WriteMessage(f.kind, f.data)
}

// cut ends the socket at once; nothing more is queued.
func (c *Conn) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closing = true
	c.queue = nil
	c.ws.NetConn().Close()
}

func (c *Conn) keepAlive() {
	c.Ping()
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.done {
		c.ping.Reset(c.server.config.Limits.Ping)
	}
}

// read hands messages to the handler until the socket ends.
func (c *Conn) read() {
	for {
		if err := c.receive(); err != nil {
			break
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ping.Stop()
	c.closing, c.done = true, true
	if !c.writing {
		c.ws.NetConn().Close()
	}
}

func (c *Conn) receive() error {
	l := c.server.config.Limits
	c.partial = false
	c.heard()
	_, r, err := c.ws.NextReader()
	if err != nil {
		return err
	}
	// The deadline is for the whole message: bytes that trickle in do not renew it, nor do pings between them.
	c.partial = true
	c.ws.SetReadDeadline(time.Now().Add(l.MessageTime))
	return c.deliver(r)
}

// heard renews the time for which the client may be silent. A socket that cannot take a deadline fails at its next read.
func (c *Conn) heard() {
	if !c.partial {
		c.ws.SetReadDeadline(time.Now().Add(c.server.config.Limits.Idle))
	}
}

func (c *Conn) deliver(r io.Reader) error {
	b := readers.Get().(*bytes.Buffer)
	defer readers.Put(b)
	b.Reset()
	if _, err := b.ReadFrom(r); err != nil {
		return err
	}
	c.throttle()
	if c.isClosing() {
		return nil
	}
	if !utf8.Valid(b.Bytes()) {
		c.Close(InvalidPayload, "message is not UTF-8")
		return nil
	}
	c.server.handler.Received(c, b.Bytes())
	return nil
}

// throttle waits until the rate allows one more message: a client with much to say is read slowly, one that never pauses is closed.
func (c *Conn) throttle() {
	now := time.Now()
	delay := c.rate.ReserveN(now, 1).DelayFrom(now)
	switch {
	case delay == 0:
		c.flood = time.Time{}
	case c.flood.IsZero():
		c.flood = now
	case now.Sub(c.flood) > c.server.config.Limits.Flood:
		c.Close(PolicyViolation, "too many messages")
	}
	time.Sleep(delay)
}

func (c *Conn) isClosing() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closing
}

// pinged answers a client's ping, which counts as a message.
func (c *Conn) pinged(data string) error {
	c.throttle()
	c.push(frame{websocket.PongMessage, []byte(data)})
	c.heard()
	return nil
}

// ponged takes a client's pong, which counts as a message.
func (c *Conn) ponged(string) error {
	c.throttle()
	c.server.handler.Ponged(c)
	c.heard()
	return nil
}

// closeReceived echoes a client's close frame through the queue.
func (c *Conn) closeReceived(code int, _ string) error {
	c.push(frame{websocket.CloseMessage, websocket.FormatCloseMessage(code, "")})
	return nil
}
