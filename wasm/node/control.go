package node

import (
	"context"
	"time"

	"fanseed/wasm/metainfo"
	"fanseed/wasm/store"
)

// AddTorrent adds a work by its .torrent. A work that is here stays as it is.
// Errors: ErrTorrent, and what opening a store gives.
func (n *Node) AddTorrent(ctx context.Context, torrent []byte) (infohash [20]byte, err error) {
	t, err := metainfo.Parse(torrent)
	if err != nil {
		return infohash, err
	}
	return t.Infohash, n.add(ctx, t, t.Magnet(), nil)
}

// AddMagnet adds a work by its magnet link; its metadata comes from its peers
// (BEP 9). Errors: ErrBadLink.
func (n *Node) AddMagnet(ctx context.Context, link string) (infohash [20]byte, err error) {
	m, err := metainfo.ParseMagnet(link)
	if err != nil {
		return infohash, err
	}
	return m.Infohash, n.add(ctx, nil, m, nil)
}

// AddComplete adds a work whose store has every piece. It is not started.
func (n *Node) AddComplete(ctx context.Context, t *metainfo.Torrent, s store.Store) error {
	return n.do(ctx, func(now time.Time) error {
		if known := n.find(t.Infohash); known != nil {
			known.remove(now)
		}
		w := n.newWork(t.Infohash, t, t.Magnet(), s)
		w.show(now)
		return nil
	})
}

func (n *Node) add(ctx context.Context, t *metainfo.Torrent, m metainfo.Magnet, s store.Store) error {
	return n.do(ctx, func(now time.Time) error {
		if n.find(m.Infohash) != nil {
			return nil
		}
		if t != nil {
			opened, err := n.parts.Stores.Open(t.Infohash, t.Info)
			if err != nil {
				return err
			}
			s = opened
		}
		w := n.newWork(m.Infohash, t, m, s)
		w.start(now)
		w.show(now)
		return nil
	})
}

// Share turns sharing on or off. Off closes every connection.
func (n *Node) Share(ctx context.Context, on bool) error {
	return n.do(ctx, func(now time.Time) error {
		n.sharing = on
		for _, w := range append([]*work(nil), n.works...) {
			if !on {
				w.stop(now)
			} else if w.started {
				w.start(now)
			}
		}
		n.connectOrNot(now)
		return nil
	})
}

// Start runs a work once sharing is on.
func (n *Node) Start(ctx context.Context, infohash [20]byte) error {
	return n.with(ctx, infohash, func(w *work, now time.Time) { w.start(now) })
}

// Stop closes a work's connections.
func (n *Node) Stop(ctx context.Context, infohash [20]byte) error {
	return n.with(ctx, infohash, func(w *work, now time.Time) {
		w.started = false
		w.stop(now)
	})
}

// Remove forgets a work and its pieces.
func (n *Node) Remove(ctx context.Context, infohash [20]byte) error {
	return n.with(ctx, infohash, func(w *work, now time.Time) { w.remove(now) })
}

// store is where a work's pieces are; nil until its metadata is known.
func (n *Node) store(ctx context.Context, infohash [20]byte) (s store.Store, t *metainfo.Torrent, err error) {
	err = n.with(ctx, infohash, func(w *work, _ time.Time) { s, t = w.store, w.torrent })
	return s, t, err
}

func (n *Node) with(ctx context.Context, infohash [20]byte, f func(*work, time.Time)) error {
	return n.do(ctx, func(now time.Time) error {
		w := n.find(infohash)
		if w == nil {
			return ErrNoWork
		}
		f(w, now)
		return nil
	})
}

// SetLimits replaces the limits.
func (n *Node) SetLimits(ctx context.Context, l Limits) error {
	return n.do(ctx, func(now time.Time) error {
		n.uploads.limit(now, l)
		return nil
	})
}

// SetSent says how many bytes all tabs have sent today.
func (n *Node) SetSent(ctx context.Context, bytes int64) error {
	return n.do(ctx, func(time.Time) error {
		n.uploads.today = bytes
		return nil
	})
}
