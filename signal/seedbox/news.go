package seedbox

import (
	"context"
	"sync"

	"fanseed/wasm/node"
)

// news is what other parties have done to the engine's pieces. They may not wait for the engine, so it is told later, in the same order.
type news struct {
	mu   sync.Mutex
	list []event
	wake chan struct{}
}

// event is a piece that was put, or is gone.
type event struct {
	infohash [20]byte
	index    int
	lost     bool
}

func (n *news) add(e event) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.list = append(n.list, e)
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

func (n *news) take() []event {
	n.mu.Lock()
	defer n.mu.Unlock()
	list := n.list
	n.list = nil
	return list
}

// bring tells the engine until ctx ends.
func (n *news) bring(ctx context.Context, to *node.Node) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-n.wake:
		}
		for _, e := range n.take() {
			tell := to.Found
			if e.lost {
				tell = to.Lost
			}
			_ = tell(ctx, e.infohash, e.index) // of a work that was removed meanwhile
		}
	}
}
