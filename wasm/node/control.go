package node

import (
	"context"
	"time"

	"fanseed/wasm/metainfo"
	"fanseed/wasm/store"
)

// AddTorrent adds a work by its .torrent, and starts it. A work that is here
// stays as it is, but for metadata that it lacks. Errors: ErrTorrent.
func (n *Node) AddTorrent(ctx context.Context, torrent []byte) (infohash [20]byte, err error) {
	return n.AddSome(ctx, torrent, nil)
}

// AddSome does the same, but has only the files fetched that are named by their
// numbers in the torrent, as a magnet link names them (BEP 53); all where it is nil.
func (n *Node) AddSome(ctx context.Context, torrent []byte, files []int) (infohash [20]byte, err error) {
	t, err := metainfo.Parse(torrent)
	if err != nil {
		return infohash, err
	}
	m := t.Magnet()
	m.Select = files
	return t.Infohash, n.add(ctx, t, m)
}

// AddMagnet adds a work by its magnet link, and starts it; its metadata comes
// from its peers (BEP 9). Errors: ErrBadLink.
func (n *Node) AddMagnet(ctx context.Context, link string) (infohash [20]byte, err error) {
	m, err := metainfo.ParseMagnet(link)
	if err != nil {
		return infohash, err
	}
	return m.Infohash, n.add(ctx, nil, m)
}

func (n *Node) add(ctx context.Context, t *metainfo.Torrent, m metainfo.Magnet) error {
	return n.do(ctx, func(now time.Time) error {
		w := n.find(m.Infohash)
		if w != nil && !w.helps.IsZero() {
			w.helps, w.changed = time.Time{}, true // from now on it is the person's own
			w.start(now)
		}
		switch {
		case w == nil:
			w = n.newWork(m.Infohash, t, m)
			w.start(now)
		case t != nil && w.torrent == nil:
			w.know(t)
			w.open()
		default:
			w.addWebseeds(m.Webseeds)
			w.widen(now, m)
		}
		w.show()
		return nil
	})
}

// AddComplete adds a work that is published: s has every piece, in the person's
// own files. It is not started. Its pieces are copied into a store that lasts as
// long as there is room; what is there of a work that is known is kept.
func (n *Node) AddComplete(ctx context.Context, t *metainfo.Torrent, s store.Store) error {
	return n.do(ctx, func(now time.Time) error {
		w := n.find(t.Infohash)
		if w == nil {
			w = n.newWork(t.Infohash, nil, t.Magnet())
		}
		w.publish(now, t, s)
		w.show()
		return nil
	})
}

// Share turns sharing on or off. Off closes every connection to a peer.
func (n *Node) Share(ctx context.Context, on bool) error {
	return n.allow(ctx, &n.sharing, on)
}

// Fetch says whether works may be fetched from their webseeds while sharing is
// off: over HTTP, with no peer connection and nothing announced.
func (n *Node) Fetch(ctx context.Context, on bool) error {
	return n.allow(ctx, &n.fetching, on)
}

func (n *Node) allow(ctx context.Context, what *bool, on bool) error {
	return n.do(ctx, func(now time.Time) error {
		*what = on
		for _, w := range n.works {
			w.adjust(now)
		}
		n.connectOrNot(now)
		return nil
	})
}

// Start runs a work once sharing is on.
func (n *Node) Start(ctx context.Context, infohash [20]byte) error {
	return n.with(ctx, infohash, func(w *work, now time.Time) { w.start(now) })
}

// Stop closes a work's connections. What is here stays here.
func (n *Node) Stop(ctx context.Context, infohash [20]byte) error {
	return n.with(ctx, infohash, func(w *work, now time.Time) {
		w.stop(now)
	})
}

// Remove forgets a work, but not what is kept of it: adding it again finds that.
func (n *Node) Remove(ctx context.Context, infohash [20]byte) error {
	return n.with(ctx, infohash, func(w *work, now time.Time) { w.remove(now, false) })
}

// Delete forgets a work and what is kept of it.
func (n *Node) Delete(ctx context.Context, infohash [20]byte) error {
	return n.with(ctx, infohash, func(w *work, now time.Time) { w.remove(now, true) })
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
