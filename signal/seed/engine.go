package seed

import (
	"context"
	"crypto/ed25519"
	"math/rand/v2"
	"sync"

	"fanseed/signal/receipt"
	"fanseed/signal/seedbox"
	"fanseed/wasm/metainfo"
	"fanseed/wasm/node"
	"fanseed/wasm/rtc"
	"fanseed/wasm/store"
)

// engine is the browsers' engine, natively: it reaches browsers by WebRTC, and is credited for what it gives them. It uses no webseeds: a
// torrent's may be anywhere, also behind this machine's firewall.
type engine struct {
	*node.Node
	open  func(infohash [20]byte, info *metainfo.Info) (store.Store, error)
	news  *seedbox.News // of what the stock client has done
	owed  *receipts
	ended chan struct{}
	stop  context.CancelFunc

	mu    sync.Mutex
	shown map[[20]byte]node.Snapshot
}

func newEngine(server string, key ed25519.PrivateKey, ice []rtc.ICEServer, owed *receipts, open func([20]byte, *metainfo.Info) (store.Store, error)) *engine {
	e := &engine{open: open, news: seedbox.NewNews(), owed: owed, ended: make(chan struct{}), shown: map[[20]byte]node.Snapshot{}}
	parts := seedbox.NewParts(key, "", ice)
	parts.Stores, parts.Host = e, e
	e.Node = node.New(node.Config{Server: server, Rand: rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())), Parts: parts, Receipts: owed.list()})
	ctx, stop := context.WithCancel(context.Background())
	e.stop = stop
	go func() {
		defer close(e.ended)
		e.Run(ctx)
	}()
	go e.news.Bring(ctx, e.Node)
	return e
}

// close says good-bye to the peers: they sign for what they have got.
func (e *engine) close() {
	e.stop()
	<-e.ended
}

// snapshot is the work as it was last shown.
func (e *engine) snapshot(infohash [20]byte) node.Snapshot {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.shown[infohash]
}

// Open implements node.Stores.
func (e *engine) Open(_ context.Context, infohash [20]byte, info *metainfo.Info) (store.Store, error) {
	return e.open(infohash, info)
}

// Changed implements node.Host, as do those after it.
func (e *engine) Changed(s node.Snapshot) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.shown[s.Infohash] = s
}

// Removed implements node.Host.
func (e *engine) Removed([20]byte) {}

// Keep implements node.Host.
func (e *engine) Keep(r node.Receipt) { e.owed.keep(r) }

// Forget implements node.Host.
func (e *engine) Forget(serial [16]byte) { e.owed.forget(serial) }

// Promised implements node.Host.
func (e *engine) Promised(receipt.Result) {}

// Moved implements node.Host.
func (e *engine) Moved(int64, int64) {}
