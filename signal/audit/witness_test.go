package audit_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/pion/webrtc/v4"

	"fanseed/wasm/node"
	"fanseed/wasm/store"
)

// witness is what a seeder has of others: its sockets and its connections, and all that comes by them. Connections are made by pion itself, so that
// nothing of the data channel is hidden.
type witness struct {
	node.Sockets

	mu  sync.Mutex
	log *sighting
}

// sighting is what one visitor has shown a seeder.
type sighting struct {
	texts    [][]byte // messages of the server, in order
	channels []*webrtc.DataChannel
	wire     []byte // what came on the last one
}

func (w *witness) parts(p *node.Parts) {
	w.sockets(p)
	p.Peers = w
}

// sockets has only what the server says noted.
func (w *witness) sockets(p *node.Parts) {
	w.Sockets = p.Sockets
	p.Sockets = w
}

// begin begins to note what the next visitor shows.
func (w *witness) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.log = &sighting{}
}

// seen returns what was noted until now.
func (w *witness) seen() sighting {
	w.mu.Lock()
	defer w.mu.Unlock()
	return *w.log
}

// ticketed waits until the visitor has a ticket: however slow the ledger is.
func (w *witness) ticketed(ctx context.Context) {
	is := func(text []byte) bool { return bytes.Contains(text, []byte(`"ticket":`)) }
	for ctx.Err() == nil && !slices.ContainsFunc(w.seen().texts, is) {
		time.Sleep(time.Millisecond)
	}
}

// patient gives nothing before it is known who pays for it.
type patient struct {
	store.Store
	witness *witness
}

func (p patient) ReadAt(ctx context.Context, index, begin int, dst []byte) error {
	p.witness.ticketed(ctx)
	return p.Store.ReadAt(ctx, index, begin, dst)
}

func (w *witness) note(f func(s *sighting)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f(w.log)
}

func (w *witness) Dial(url, subprotocol string, h node.SocketHandler) node.Socket {
	return w.Sockets.Dial(url, subprotocol, noted{h, w})
}

type noted struct {
	node.SocketHandler
	witness *witness
}

func (n noted) Received(text []byte) {
	n.witness.note(func(s *sighting) { s.texts = append(s.texts, text) })
	n.SocketHandler.Received(text)
}

// Offer makes none: who looks for something to download does.
func (w *witness) Offer(context.Context, node.Handler) (node.Conn, string, error) {
	return nil, "", errors.New("the seeder waits to be asked")
}

func (w *witness) Recycle([]byte) {}

func (w *witness) Answer(ctx context.Context, offer string, h node.Handler) (node.Conn, string, error) {
	var settings webrtc.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(settings)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return nil, "", err
	}
	c := &door{PeerConnection: pc, handler: h}
	c.end = sync.OnceFunc(func() { go pc.Close(); h.Closed() })
	pc.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		if state == webrtc.PeerConnectionStateFailed || state == webrtc.PeerConnectionStateClosed {
			c.end()
		}
	})
	pc.OnDataChannel(func(channel *webrtc.DataChannel) { c.attach(w, channel) })
	gathered := webrtc.GatheringCompletePromise(pc)
	err = pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer})
	if err == nil {
		var answer webrtc.SessionDescription
		if answer, err = pc.CreateAnswer(nil); err == nil {
			err = pc.SetLocalDescription(answer)
		}
	}
	if err != nil {
		_ = pc.Close()
		return nil, "", err
	}
	select {
	case <-gathered:
	case <-ctx.Done():
	}
	return c, pc.LocalDescription().SDP, nil
}

// door is one connection of the witness.
type door struct {
	*webrtc.PeerConnection
	handler node.Handler
	end     func() // once

	mu      sync.Mutex
	channel *webrtc.DataChannel
}

func (d *door) attach(w *witness, channel *webrtc.DataChannel) {
	d.mu.Lock()
	d.channel = channel
	d.mu.Unlock()
	w.note(func(s *sighting) { s.channels, s.wire = append(s.channels, channel), nil })
	channel.SetBufferedAmountLowThreshold(256 << 10)
	channel.OnBufferedAmountLow(d.handler.Low)
	channel.OnClose(d.end)
	channel.OnOpen(d.handler.Opened)
	channel.OnMessage(func(m webrtc.DataChannelMessage) {
		w.note(func(s *sighting) { s.wire = append(s.wire, m.Data...) })
		d.handler.Received(m.Data)
	})
}

func (d *door) of() *webrtc.DataChannel {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.channel
}

func (d *door) Accept(string) error { return errors.New("no offer was made") }

func (d *door) Send(message []byte) error { return d.of().Send(message) }

func (d *door) Buffered() int {
	if c := d.of(); c != nil {
		return int(c.BufferedAmount())
	}
	return 0
}

func (d *door) Close() { d.end() }
