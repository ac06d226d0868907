//go:build !js

package rtc

import (
	"github.com/pion/webrtc/v4"
)

func newPeerConnection(c webrtc.Configuration) (*webrtc.PeerConnection, error) {
	var settings webrtc.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
	return webrtc.NewAPI(webrtc.WithSettingEngine(settings)).NewPeerConnection(c)
}

func (c *Conn) onGathering(f func()) {
	c.pc.OnICEGatheringStateChange(func(webrtc.ICEGatheringState) { f() })
}

// port is the way of a channel's payload.
type port struct{ channel *webrtc.DataChannel }

func newPort(channel *webrtc.DataChannel) port { return port{channel} }

// listen hands what arrives to received: pion calls back in order from one
// goroutine.
func (p *port) listen(received func([]byte)) {
	p.channel.OnMessage(func(m webrtc.DataChannelMessage) {
		if m.IsString {
			_ = p.channel.Close() // text is no part of the peer wire protocol
			return
		}
		message := buffer(len(m.Data))
		copy(message, m.Data)
		received(message)
	})
}

func (p *port) send(message []byte) error { return p.channel.Send(message) }

func (p *port) queued() int { return int(p.channel.BufferedAmount()) }

// release closes from a goroutine of its own: pion waits for its callbacks
// to end, and this may be one of them.
func release(c *Conn) { go func() { _ = c.pc.Close() }() }
