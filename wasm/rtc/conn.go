package rtc

import (
	"errors"
	"fmt"
	"sync"
)

// Conn is one peer connection with its data channel. Its methods are safe
// for concurrent use.
type Conn struct {
	peer    peer
	handler Handler

	mu      sync.Mutex
	channel *channel // nil until the remote side's channel arrives
	further int      // channels that the peer opened beside it
	opened  bool
	closed  bool
}

func open(config Config, h Handler) (*Conn, error) {
	p, err := newPeer(config)
	if err != nil {
		return nil, fmt.Errorf("open a peer connection: %w", err)
	}
	c := &Conn{peer: p, handler: h}
	p.onChannel(c.attach)
	p.onEnd(c.finish)
	return c, nil
}

// Accept takes the peer's answer to an offer of ours.
func (c *Conn) Accept(sdp string) error {
	if err := c.peer.take(answer, sdp); err != nil {
		return fmt.Errorf("accept an answer: %w", err)
	}
	return nil
}

// maxFurther is how many channels too many are forgiven.
const maxFurther = 4

// attach takes the one data channel that this connection uses; any further
// channel that the peer opens is closed, and the connection with one too many.
func (c *Conn) attach(ch *channel) {
	c.mu.Lock()
	taken := c.channel != nil || c.closed
	if !taken {
		c.channel = ch
	} else {
		c.further++
	}
	flood := c.further > maxFurther
	c.mu.Unlock()
	if taken {
		ch.close()
		if flood {
			c.finish()
		}
		return
	}
	ch.onLow(c.handler.Low)
	ch.onClose(c.finish)
	ch.onOpen(c.begin)
	ch.listen(c.handler.Received)
	if ch.isOpen() {
		c.begin()
	}
}

// begin reports once that the channel is open: browsers differ in whether a
// channel that arrives open says so again.
func (c *Conn) begin() {
	c.mu.Lock()
	first := !c.opened && !c.closed
	c.opened = true
	c.mu.Unlock()
	if first {
		c.handler.Opened()
	}
}

// Send queues one message of at most MaxMessage bytes, and copies it.
func (c *Conn) Send(message []byte) error {
	if !c.ready() {
		return ErrClosed
	}
	if len(message) > MaxMessage {
		return errors.New("message is over 64 KiB - 1")
	}
	return c.channel.send(message)
}

// ready says that the channel is open.
func (c *Conn) ready() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.opened && !c.closed
}

// Buffered is the number of bytes that were sent and still wait in the channel.
func (c *Conn) Buffered() int {
	if !c.ready() {
		return 0
	}
	return c.channel.queued()
}

// Close ends the connection. Handler.Closed is called if it was not yet.
func (c *Conn) Close() { c.finish() }

func (c *Conn) finish() {
	c.mu.Lock()
	first, channel := !c.closed, c.channel
	c.closed = true
	c.mu.Unlock()
	if !first {
		return
	}
	if channel != nil {
		channel.close()
	}
	c.peer.close()
	c.handler.Closed()
}
