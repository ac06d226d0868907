package node

import (
	"context"
	"errors"
	"slices"
	"time"

	"fanseed/wasm/metainfo"
	"fanseed/wasm/store"
	"fanseed/wasm/wire"
)

const (
	maxOpening   = 4       // stores that are opened at a time
	maxVerifying = 2       // pieces that are verified at a time …
	largePiece   = 4 << 20 // … and of pieces as large as this, one of each store
)

// checks are the stores that are on their way into use, and those that are
// still being closed: a store is not opened again before.
type checks struct {
	list               []*check
	opening, verifying int
	closing            [][20]byte
}

// check opens one store, and verifies what is doubtful in it.
type check struct {
	node     *Node
	infohash [20]byte
	torrent  *metainfo.Torrent
	done     func(now time.Time, s store.Store, err error)

	store    store.Store // nil until it is open
	opening  bool
	doubtful wire.Bitfield
	next     int // where the next doubtful piece is looked for
	total    int // doubtful pieces at first
	settled  int
	busy     int      // pieces being verified
	spare    [][]byte // their buffers, to be used again
	paused   bool     // nothing is verified
	ended    bool
	forget   bool // what the store has is to be deleted
}

// check has a store opened when its turn comes, and every doubtful piece in it
// verified. done is told on the loop; after an error it is to shut the store,
// which is nil if it could not be opened.
func (n *Node) check(infohash [20]byte, t *metainfo.Torrent, done func(time.Time, store.Store, error)) *check {
	c := &check{node: n, infohash: infohash, torrent: t, done: done}
	n.checks.list = append(n.checks.list, c)
	return c
}

// serveChecks moves them on, the oldest first.
func (n *Node) serveChecks() {
	for _, c := range n.checks.list {
		switch {
		case c.store != nil:
			for c.verifyNext() {
			}
		case !c.opening && n.checks.opening < maxOpening && !slices.Contains(n.checks.closing, c.infohash):
			c.open()
		}
	}
}

func (c *check) open() {
	n := c.node
	c.opening = true
	n.checks.opening++
	n.jobs.wait(func(ctx context.Context) func() {
		s, err := n.parts.Stores.Open(ctx, c.infohash, c.torrent.Info)
		return func() {
			n.checks.opening--
			c.opened(s, err)
		}
	})
}

func (c *check) opened(s store.Store, err error) {
	c.opening = false
	switch {
	case c.ended:
		c.node.checks.closed(c.infohash)
		if err == nil {
			c.node.shut(c.infohash, s, c.forget)
		}
	case err != nil:
		c.finish(err)
	default:
		c.store, c.doubtful = s, s.Doubtful()
		c.total = c.doubtful.Count()
		c.finishIfSettled()
	}
}

// verifyNext begins to verify one more piece; false when none may be now.
func (c *check) verifyNext() bool {
	info, all := c.torrent.Info, &c.node.checks
	if c.paused || all.verifying >= maxVerifying || c.busy > 0 && info.PieceLength >= largePiece {
		return false
	}
	for c.next < info.NumPieces() && !c.doubtful.Has(c.next) {
		c.next++
	}
	if c.next == info.NumPieces() {
		return false
	}
	c.verify(c.next)
	c.next++
	return true
}

func (c *check) verify(index int) {
	n, s := c.node, c.store
	c.busy++
	n.checks.verifying++
	buffer := c.buffer()
	n.jobs.do(func(ctx context.Context) func() {
		err := n.settle(ctx, s, c.torrent, index, buffer[:c.torrent.Info.PieceSize(index)])
		return func() {
			n.checks.verifying--
			c.busy--
			c.settled++
			c.spare = append(c.spare, buffer)
			switch {
			case c.ended:
			case err != nil:
				c.finish(err)
			default:
				c.finishIfSettled()
			}
		}
	})
}

func (c *check) buffer() []byte {
	if last := len(c.spare) - 1; last >= 0 {
		b := c.spare[last]
		c.spare = c.spare[:last]
		return b
	}
	return make([]byte, c.torrent.Info.PieceLength)
}

func (c *check) finishIfSettled() {
	if c.settled == c.total {
		c.finish(nil)
	}
}

func (c *check) finish(err error) {
	s := c.store
	c.leave()
	c.done(time.Now(), s, err)
}

// leave takes the check off the list: nothing more is done.
func (c *check) leave() {
	c.ended = true
	all := &c.node.checks
	all.list = slices.DeleteFunc(slices.Clone(all.list), func(other *check) bool { return other == c })
}

// cancel ends the check; its store is closed, and emptied if forget says so.
func (c *check) cancel(forget bool) {
	c.forget = forget
	c.leave()
	if c.store != nil {
		c.node.shut(c.infohash, c.store, forget)
	} else if c.opening {
		c.node.checks.closing = append(c.node.checks.closing, c.infohash)
	}
}

// shut closes a store off the loop, and empties it first if forget says so.
func (n *Node) shut(infohash [20]byte, s store.Store, forget bool) {
	n.checks.closing = append(n.checks.closing, infohash)
	n.jobs.wait(func(ctx context.Context) func() {
		if forget {
			_ = s.Delete(ctx) // what cannot be deleted is found again when the work is added
		}
		_ = s.Close()
		return func() { n.checks.closed(infohash) }
	})
}

func (all *checks) closed(infohash [20]byte) {
	i := slices.Index(all.closing, infohash)
	all.closing = slices.Delete(all.closing, i, i+1)
}

// settle ends the doubt about a piece, for which it has a buffer.
func (n *Node) settle(ctx context.Context, s store.Store, t *metainfo.Torrent, index int, piece []byte) error {
	good := false
	err := s.ReadAt(ctx, index, 0, piece)
	if errors.Is(err, store.ErrLost) {
		return err
	}
	if err == nil {
		if good, err = n.good(ctx, t, index, piece); err != nil {
			return err
		}
	}
	return s.Settle(ctx, index, good) // what cannot be read is not good
}
