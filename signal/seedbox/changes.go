package seedbox

import "sync"

// what has changed about a piece.
type what uint8

const (
	found  what = iota // it is in the store
	lost               // it is not in the store any more
	failed             // it could not be stored
)

// change is what a client is to be told of a piece.
type change struct {
	infohash [20]byte
	index    int
	what     what
	err      error // of failed
}

// changes is a queue between those who must not block, as they hold locks of a store or of the client, and the one that tells the
// client, which takes its lock.
type changes struct {
	mu    sync.Mutex
	queue []change
	wake  chan struct{}
	ended chan struct{}
	over  bool
}

// begin tells of every change in order, until end.
func (c *changes) begin(tell func(change)) {
	c.wake, c.ended = make(chan struct{}, 1), make(chan struct{})
	go func() {
		defer close(c.ended)
		for range c.wake {
			for _, next := range c.take() {
				tell(next)
			}
		}
	}()
}

func (c *changes) take() []change {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := c.queue
	c.queue = nil
	return all
}

func (c *changes) note(next change) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return
	}
	c.queue = append(c.queue, next)
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// end waits for what is being told.
func (c *changes) end() {
	c.mu.Lock()
	c.over = true
	c.mu.Unlock()
	close(c.wake)
	<-c.ended
}
