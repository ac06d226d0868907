//go:build !js

package rtc

import (
	"errors"

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

// listen receives natively: pion calls back in order from one goroutine.
func (c *Conn) listen(channel *webrtc.DataChannel) {
	channel.OnMessage(func(m webrtc.DataChannelMessage) {
		if m.IsString {
			c.finish() // text is no part of the peer wire protocol
			return
		}
		message := buffer(len(m.Data))
		copy(message, m.Data)
		c.handler.Received(message)
	})
}

// release closes from a goroutine of its own: pion waits for its callbacks
// to end, and this may be one of them.
func release(c *Conn) { go func() { _ = c.pc.Close() }() }

func send(channel *webrtc.DataChannel, message []byte) error {
	if len(message) > MaxMessage {
		return errors.New("message is over 64 KiB - 1")
	}
	return channel.Send(message)
}
