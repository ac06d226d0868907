package audit

import (
	"context"

	"fanseed/wasm/node"
	"fanseed/wasm/rtc"
)

// peers makes the engine's connections, as it runs natively, and has them watched.
type peers struct {
	config rtc.Config
	visit  *visit
}

// Offer implements node.Peers.
func (p peers) Offer(ctx context.Context, h node.Handler) (node.Conn, string, error) {
	t := p.visit.tap(h)
	c, sdp, err := rtc.Offer(ctx, p.config, t)
	if err != nil {
		return nil, "", err
	}
	t.described(sdp, "")
	return tapped{c, t}, sdp, nil
}

// Answer implements node.Peers.
func (p peers) Answer(ctx context.Context, offer string, h node.Handler) (node.Conn, string, error) {
	t := p.visit.tap(h)
	c, sdp, err := rtc.Answer(ctx, p.config, offer, t)
	if err != nil {
		return nil, "", err
	}
	t.described(offer, sdp)
	return tapped{c, t}, sdp, nil
}

// Recycle implements node.Peers.
func (peers) Recycle(message []byte) { rtc.Recycle(message) }
