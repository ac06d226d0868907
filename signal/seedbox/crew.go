package seedbox

import (
	"context"
	crand "crypto/rand"
	"math/rand/v2"
	"sync"

	"fanseed/wasm/metainfo"
	"fanseed/wasm/node"
	"fanseed/wasm/store"
)

// worksOfCrew is how many works one engine has. Each has a socket, a loop and connections of its own, so that thousands of works neither
// reach the limits of one socket nor wait for each other.
const worksOfCrew = 200

// crew is one engine with some of the works.
type crew struct {
	box   *Box
	node  *node.Node
	works int             // Box.mu
	ctx   context.Context // ends with the engine
	stop  context.CancelFunc
	ended sync.WaitGroup
}

func (b *Box) newCrew() (*crew, error) {
	c := &crew{box: b}
	var seed [32]byte
	crand.Read(seed[:])
	c.node = node.New(node.Config{
		Server: b.config.Server, Yields: true, Rand: rand.New(rand.NewChaCha8(seed)),
		Parts: NewParts(PartsConfig{Key: b.config.Key, ICE: b.config.ICE, Dialer: b.config.Dialer, Stores: c, Host: c}),
	})
	c.ctx, c.stop = context.WithCancel(context.Background())
	c.ended.Go(func() { c.node.Run(c.ctx) })
	return c, c.node.Share(c.ctx, true)
}

func (c *crew) end() {
	c.stop()
	c.ended.Wait()
}

// Open implements node.Stores.
func (c *crew) Open(ctx context.Context, infohash [20]byte, info *metainfo.Info) (store.Store, error) {
	kept, err := c.box.shelf.Open(ctx, infohash, info, nil)
	if err != nil {
		return nil, err
	}
	found := func(index int) { c.node.Found(infohash, index) }
	lost := func(index int) { c.node.Lost(infohash, index) }
	return kept.View("webrtc", found, lost)
}

// Changed implements node.Host.
func (c *crew) Changed(s node.Snapshot) { c.box.changed(s) }

// Removed implements node.Host.
func (c *crew) Removed([20]byte) {}

// Keep implements node.Host: the server's account earns nothing.
func (c *crew) Keep(node.Receipt) {}

// Forget implements node.Host.
func (c *crew) Forget([16]byte) {}

// Moved implements node.Host.
func (c *crew) Moved(sent, received int64) {
	c.box.sent.Add(sent)
	c.box.received.Add(received)
}
