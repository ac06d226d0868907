// Package rtc owns WebRTC: it makes offers and answers, and carries bytes over
// one reliable, ordered data channel for each peer connection.
//
// It promises that a message is copied once, that messages of one connection
// reach its Handler in the order of their arrival, that gathering never takes
// longer than Config.Gather, and that Close frees the browser's connection.
// It never parses what it carries, never logs or returns an address, and is
// the only package of the engine that imports pion.
package rtc

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pion/webrtc/v4"
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
	URLs                 []string
	Username, Credential string
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

func (c Config) pion() webrtc.Configuration {
	var out webrtc.Configuration
	for _, s := range c.ICEServers {
		server := webrtc.ICEServer{URLs: s.URLs, Username: s.Username}
		if s.Credential != "" {
			server.Credential = s.Credential
		}
		out.ICEServers = append(out.ICEServers, server)
	}
	if c.Relay {
		out.ICETransportPolicy = webrtc.ICETransportPolicyRelay
	}
	return out
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
func Answer(ctx context.Context, config Config, offer string, h Handler) (*Conn, string, error) {
	c, err := open(config, h)
	if err != nil {
		return nil, "", err
	}
	sdp, err := c.answer(ctx, offer, config.gather())
	if err != nil {
		c.Close()
		return nil, "", fmt.Errorf("answer an offer: %w", err)
	}
	return c, sdp, nil
}

func (c *Conn) offer(ctx context.Context, gather time.Duration) (string, error) {
	channel, err := c.pc.CreateDataChannel("fanseed", nil)
	if err != nil {
		return "", err
	}
	c.attach(channel)
	description, err := c.pc.CreateOffer(nil)
	if err != nil {
		return "", err
	}
	return c.describe(ctx, description, gather)
}

func (c *Conn) answer(ctx context.Context, offer string, gather time.Duration) (string, error) {
	err := c.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer})
	if err != nil {
		return "", err
	}
	description, err := c.pc.CreateAnswer(nil)
	if err != nil {
		return "", err
	}
	return c.describe(ctx, description, gather)
}

// describe sets the local description and waits for its candidates.
func (c *Conn) describe(ctx context.Context, d webrtc.SessionDescription, gather time.Duration) (string, error) {
	gathered := make(chan struct{}, 1)
	done := func() {
		if c.pc.ICEGatheringState() == webrtc.ICEGatheringStateComplete {
			select {
			case gathered <- struct{}{}:
			default:
			}
		}
	}
	c.onGathering(done)
	if err := c.pc.SetLocalDescription(d); err != nil {
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
	local := c.pc.LocalDescription()
	if local == nil {
		return "", ErrClosed
	}
	return local.SDP, nil
}
