// Package rtc owns WebRTC: it makes offers and answers, and carries bytes over
// one reliable, ordered data channel for each peer connection.
//
// It promises that a message is copied once, that messages of one connection
// reach its Handler in the order of their arrival, that gathering never takes
// longer than Config.Gather, and that Close frees the browser's connection.
// It never parses what it carries, never logs or returns an address, and is
// the only package that imports pion, which makes the connections natively; in
// a browser they are the browser's.
package rtc

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// MaxMessage is the largest data-channel message in bytes that Send takes:
// the wire is a byte stream, so anything longer is split by the caller.
// Every browser accepts 64 KiB − 1.
const MaxMessage = 64<<10 - 1

// lowWater is the number of queued bytes at which Handler.Low is called.
const lowWater = 256 << 10

// ErrClosed is returned by calls on a connection that was closed.
var ErrClosed = errors.New("peer connection is closed")

// ICEServer is a STUN or TURN server, as in RTCIceServer (W3C WebRTC §4.2.4).
type ICEServer struct {
	URLs       []string `json:"urls"`
	Username   string   `json:"username,omitempty"`
	Credential string   `json:"credential,omitempty"`
}

// Config says how connections are made.
type Config struct {
	ICEServers []ICEServer
	// Relay hides the own address: only relayed candidates are used.
	Relay bool
	// Gather bounds the wait for ICE candidates, because the tracker protocol
	// has no trickle. Zero means 1.2 s.
	Gather time.Duration
}

// Handler receives what happens to one connection. Its methods must not
// block: in a browser they run inside the event loop.
type Handler interface {
	// Opened says that the data channel is ready for Send.
	Opened()
	// Received hands over a message. The handler owns it, and gives it back
	// with Recycle when it is done.
	Received(message []byte)
	// Low says that few enough bytes are queued for more to be sent.
	Low()
	// Closed is called once: the connection failed or was closed by either side.
	Closed()
}

func (c Config) gather() time.Duration {
	if c.Gather > 0 {
		return c.Gather
	}
	return 1200 * time.Millisecond
}

// Offer makes a connection that waits for an answer (Conn.Accept), and the
// SDP to send to a peer. The context bounds the whole of it.
func Offer(ctx context.Context, config Config, h Handler) (*Conn, string, error) {
	c, err := open(config, h)
	if err != nil {
		return nil, "", err
	}
	sdp, err := c.offer(ctx, config.gather())
	if err != nil {
		c.Close()
		return nil, "", fmt.Errorf("make an offer: %w", err)
	}
	return c, sdp, nil
}

// Answer makes a connection for a peer's offer, and the SDP to send back.
func Answer(ctx context.Context, config Config, sdp string, h Handler) (*Conn, string, error) {
	c, err := open(config, h)
	if err != nil {
		return nil, "", err
	}
	sdp, err = c.answer(ctx, sdp, config.gather())
	if err != nil {
		c.Close()
		return nil, "", fmt.Errorf("answer an offer: %w", err)
	}
	return c, sdp, nil
}

// kind is what an SDP is, in the words of RTCSdpType (W3C WebRTC §4.6.1).
type kind string

const (
	offer  kind = "offer"
	answer kind = "answer"
)

func (c *Conn) offer(ctx context.Context, gather time.Duration) (string, error) {
	channel, err := c.peer.createChannel("fanseed")
	if err != nil {
		return "", err
	}
	c.attach(channel)
	return c.describe(ctx, offer, gather)
}

func (c *Conn) answer(ctx context.Context, sdp string, gather time.Duration) (string, error) {
	if err := c.peer.take(offer, sdp); err != nil {
		return "", err
	}
	return c.describe(ctx, answer, gather)
}

// describe sets the local description and waits for its candidates.
func (c *Conn) describe(ctx context.Context, k kind, gather time.Duration) (string, error) {
	gathered := make(chan struct{}, 1)
	done := func() {
		if c.peer.gathered() {
			select {
			case gathered <- struct{}{}:
			default:
			}
		}
	}
	c.peer.onGathering(done)
	if err := c.peer.describe(k); err != nil {
		return "", err
	}
	done()
	timer := time.NewTimer(gather)
	defer timer.Stop()
	select {
	case <-gathered:
	case <-timer.C:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	sdp := c.peer.local()
	if sdp == "" {
		return "", ErrClosed
	}
	return sdp, nil
}
