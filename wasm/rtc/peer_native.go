//go:build !js

package rtc

import "github.com/pion/webrtc/v4"

// peer is a peer connection of pion's.
type peer struct{ *webrtc.PeerConnection }

func newPeer(c Config) (peer, error) {
	var settings webrtc.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
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
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(settings)).NewPeerConnection(out)
	return peer{pc}, err
}

func (p peer) onEnd(f func()) {
	p.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		if state == webrtc.PeerConnectionStateFailed || state == webrtc.PeerConnectionStateClosed {
			f()
		}
	})
}

func (p peer) onChannel(f func(*channel)) {
	p.OnDataChannel(func(c *webrtc.DataChannel) { f(&channel{DataChannel: c}) })
}

func (p peer) onGathering(f func()) {
	p.OnICEGatheringStateChange(func(webrtc.ICEGatheringState) { f() })
}

func (p peer) createChannel(label string) (*channel, error) {
	c, err := p.CreateDataChannel(label, nil)
	return &channel{DataChannel: c}, err
}

func (p peer) describe(k kind) error {
	create := func() (webrtc.SessionDescription, error) { return p.CreateOffer(nil) }
	if k == answer {
		create = func() (webrtc.SessionDescription, error) { return p.CreateAnswer(nil) }
	}
	description, err := create()
	if err != nil {
		return err
	}
	return p.SetLocalDescription(description)
}

func (p peer) take(k kind, sdp string) error {
	return p.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.NewSDPType(string(k)), SDP: sdp})
}

func (p peer) gathered() bool { return p.ICEGatheringState() == webrtc.ICEGatheringStateComplete }

func (p peer) local() string {
	if d := p.LocalDescription(); d != nil {
		return d.SDP
	}
	return ""
}

// close closes from a goroutine of its own: pion waits for its callbacks to
// end, and this may be one of them.
func (p peer) close() { go func() { _ = p.PeerConnection.Close() }() }

// channel is a data channel of pion's.
type channel struct {
	*webrtc.DataChannel
	closed func() // set by onClose
}

func (c *channel) onOpen(f func()) { c.OnOpen(f) }

func (c *channel) onClose(f func()) {
	c.closed = f
	c.OnClose(f)
}

func (c *channel) onLow(f func()) {
	c.SetBufferedAmountLowThreshold(lowWater)
	c.OnBufferedAmountLow(f)
}

// listen hands what arrives to received: pion calls back in order from one
// goroutine.
func (c *channel) listen(received func([]byte)) {
	c.OnMessage(func(m webrtc.DataChannelMessage) {
		if m.IsString {
			c.closed() // text is no part of the peer wire protocol
			return
		}
		message := buffer(len(m.Data))
		copy(message, m.Data)
		received(message)
	})
}

func (c *channel) isOpen() bool { return c.ReadyState() == webrtc.DataChannelStateOpen }

func (c *channel) send(message []byte) error { return c.Send(message) }

func (c *channel) queued() int { return int(c.BufferedAmount()) }

func (c *channel) close() { _ = c.Close() }
