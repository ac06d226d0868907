package rtc

import (
	"errors"
	"fmt"
	"sync"

	"github.com/pion/webrtc/v4"
)

// Conn is one peer connection with its data channel. Its methods are safe
// for concurrent use.
type Conn struct {
	pc      *webrtc.PeerConnection
	handler Handler

	mu      sync.Mutex
	channel *webrtc.DataChannel // nil until the remote side's channel arrives
	port    port                // of the channel: what its payload goes through
	further int                 // channels that the peer opened beside it
	opened  bool
	closed  bool
}

func open(config Config, h Handler) (*Conn, error) {
	pc, err := newPeerConnection(config.pion())
	if err != nil {
		return nil, fmt.Errorf("open a peer connection: %w", err)
	}
	c := &Conn{pc: pc, handler: h}
	pc.OnDataChannel(c.attach)
	pc.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		if state == webrtc.PeerConnectionStateFailed || state == webrtc.PeerConnectionStateClosed {
			c.finish()
		}
	})
	return c, nil
}

// Accept takes the peer's answer to an offer of ours.
func (c *Conn) Accept(answer string) error {
	err := c.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer})
	if err != nil {
		return fmt.Errorf("accept an answer: %w", err)
	}
	return nil
}

// maxFurther is how many channels too many are forgiven.
const maxFurther = 4

// attach takes the one data channel that this connection uses; any further
// channel that the peer opens is closed, and the connection with one too many.
func (c *Conn) attach(channel *webrtc.DataChannel) {
	c.mu.Lock()
	taken := c.channel != nil || c.closed
	if !taken {
		c.channel, c.port = channel, newPort(channel)
	} else {
		c.further++
	}
	flood := c.further > maxFurther
	c.mu.Unlock()
	if taken {
		_ = channel.Close()
		if flood {
			c.finish()
		}
		return
	}
	channel.SetBufferedAmountLowThreshold(lowWater)
	channel.OnBufferedAmountLow(c.handler.Low)
	channel.OnClose(c.finish)
	channel.OnOpen(c.begin)
	c.port.listen(c.handler.Received)
	if channel.ReadyState() == webrtc.DataChannelStateOpen {
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
	return c.port.send(message)
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
	return c.port.queued()
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
		_ = channel.Close()
	}
	release(c)
	c.handler.Closed()
}
