package seedbox

import (
	"context"
	"sync"

	"fanseed/wasm/node"
)

// News is what other parties have done to an engine's pieces. They may not wait for the engine, so it is told later, in the same order.
type News struct {
	mu   sync.Mutex
	list []event
	wake chan struct{}
}

// event is a piece that was put, or is gone.
type event struct {
	infohash [20]byte
	index    int
}

// NewNews returns an empty list.
func NewNews() *News { return &News{wake: make(chan struct{}, 1)} }

// Note says that a piece was put, or is gone. It never blocks.
func (n *News) Note(infohash [20]byte, index int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.list = append(n.list, event{infohash, index})
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

func (n *News) take() []event {
	n.mu.Lock()
	defer n.mu.Unlock()
	list := n.list
	n.list = nil
	return list
}

// Bring tells the engine until ctx ends.
func (n *News) Bring(ctx context.Context, to *node.Node) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-n.wake:
		}
		for _, e := range n.take() {
			_ = to.Reconcile(ctx, e.infohash, e.index) // of a work that was removed meanwhile
		}
	}
}
